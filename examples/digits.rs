//! Learns to read handwritten digits: 1,797 images of 8x8 pixels that are part of the library.
//!
//! ```text
//! cargo run --release --example digits -- --help
//! ```
//!
//! From the top: a model is a struct, training is a loop over batches, and the rest of the program shows what was learned.

use clap::Parser;
use cotangent::{
    nn::{
        accuracy, confusion_matrix,
        data::digits,
        pictures::{Chart, Picture, PictureError},
    },
    prelude::*,
    with_threads,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{num::NonZeroUsize, path::Path, path::PathBuf, time::Instant};

/// Two layers: 64 pixels, 256 hidden units, a score for each of the ten digits.
#[derive(Module, Clone)]
struct Reader {
    /// Mean and standard deviation of the pixels. They belong to the model, but the optimizer leaves buffers alone.
    #[module(buffer)]
    pixels: (Tensor, Tensor),
    hidden: Linear,
    output: Linear,
}

impl Reader {
    /// A reader that has not learned anything, for images like these.
    fn new(images: &Tensor, rng: &mut Rng) -> Self {
        let pixels = (images.mean(..), images.var(.., 0).sqrt());
        Reader { pixels, hidden: Linear::new(64, 256, rng), output: Linear::new(256, 10, rng) }
    }

    /// Scores `[n, 10]` for images `[n, 8, 8]`.
    fn forward(&self, images: &Tensor) -> Tensor {
        let (mean, deviation) = &self.pixels;
        // Layers learn fastest from numbers around zero of size one.
        let x = ((images - mean) / deviation).flatten(1, -1);
        self.output.forward(&self.hidden.forward(&x).relu())
    }
}

/// The images moved by up to half a pixel: the batch in one direction, each image by its own distance. They show the same
/// digits, and for the model they are new: there is more to learn from than was given.
fn nudged(images: &Tensor, rng: &mut Rng) -> Tensor {
    let direction = rng.randint(0, 3, [2]).to_vec::<i64>();
    let framed = images.pad([(0, 0), (1, 1), (1, 1)], 0);
    let moved = framed.narrow(1, direction[0] as usize, 8).narrow(2, direction[1] as usize, 8);
    let distance = rng.uniform([images.size(0), 1, 1], DType::F32) * 0.5;
    images + distance * (moved - images)
}

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let options = Options::parse();
    match options.threads {
        Some(threads) => with_threads(threads.get(), || run(&options)),
        None => run(&options),
    }
}

fn run(options: &Options) -> Result<()> {
    // All that is random comes from here, so that a seed always gives the same result, whatever the number of threads.
    let mut rng = Rng::seed(options.seed);

    // The test part is put aside before anything is learned, and looked at once, at the end. To see on the way whether the
    // model only learns its images by heart, a second part is held out; decisions, such as when to stop, may rest on it.
    let (others, test) = digits().split(0.2, &mut rng);
    let (train, validation) = others.split(0.1, &mut rng);
    println!("{} images to train on, {} to validate, {} to test", train.len(), validation.len(), test.len());

    // The size of the model, the rate, and the number of epochs were chosen by the validation part, with other seeds.
    let mut model = Reader::new(&train.images, &mut rng);
    let mut adam = Adam::new(3e-3);
    let batches = Loader::new(&train.images, &train.labels, 32)?;

    // The bar is not drawn where the output is no terminal.
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} epochs, {msg}")?;
    let bar = ProgressBar::new(options.epochs.get() as u64).with_style(style);
    let mut curve = Vec::new();
    let start = Instant::now();
    for _ in 0..options.epochs.get() {
        let mut sum = 0.0;
        for batch in batches.epoch(&mut rng) {
            let images = nudged(&batch.x, &mut rng);
            // The gradient is a `Reader` too: its weights say in which direction the loss grows.
            let (loss, gradient) = value_and_grad(&model, |model| model.forward(&images).cross_entropy(&batch.y));
            adam.step(&mut model, &gradient);
            // A loss is the mean over its batch, and the last batch is smaller.
            sum += f64::from(loss.item::<f32>()) * batch.len() as f64;
        }

        // Outside of `value_and_grad` nothing is recorded: this is plain arithmetic.
        let scores = model.forward(&validation.images);
        let training_loss = sum / train.len() as f64;
        let validation_loss = f64::from(scores.cross_entropy(&validation.labels).item::<f32>());
        let validation_accuracy = accuracy(&scores, &validation.labels);
        curve.push((training_loss, validation_loss));
        bar.set_message(format!("loss {training_loss:.4}, validation accuracy {validation_accuracy:.3}"));
        bar.inc(1);
    }
    let seconds = start.elapsed().as_secs_f64();
    bar.finish();

    let scores = model.forward(&test.images);
    println!("\nHow often each digit (row) was read as which (column):\n");
    print_confusion(&confusion_matrix(&scores, &test.labels).to_vec::<i64>());
    print_misread(&test.images, &test.labels.to_vec::<i64>(), &scores.argmax(-1).to_vec::<i64>());
    let picture = options.pictures.join("learning-curve.svg");
    draw(&curve, &picture)?;
    println!("\nThe learning curve is in {}.", picture.display());

    // All digits of it, so that two runs can be compared to the last bit.
    let (training_loss, validation_loss) = curve[curve.len() - 1];
    println!("final loss: training {training_loss:e}, validation {validation_loss:e}");
    println!("result: test_accuracy={:.3} seconds={seconds:.1}", accuracy(&scores, &test.labels));
    Ok(())
}

fn print_confusion(counts: &[i64]) {
    println!("       {}", (0..10).map(|digit| format!("{digit:4}")).collect::<String>());
    for (digit, row) in counts.chunks(10).enumerate() {
        let cell = |&count: &i64| if count == 0 { "   .".to_owned() } else { format!("{count:4}") };
        println!("{digit:7}{}", row.iter().map(cell).collect::<String>());
    }
}

/// Draws the first misread digits side by side.
fn print_misread(images: &Tensor, labels: &[i64], read: &[i64]) {
    // As many as fit 80 columns.
    const SHOWN: usize = 4;
    // A character is about twice as high as wide, and so a pixel has two.
    const SHADES: [&str; 5] = ["  ", "░░", "▒▒", "▓▓", "██"];

    let misread: Vec<usize> = (0..labels.len()).filter(|&i| labels[i] != read[i]).collect();
    let shown = &misread[..misread.len().min(SHOWN)];
    println!("\n{} of {} digits were misread.", misread.len(), labels.len());
    if shown.is_empty() {
        return;
    }
    println!("Among them:\n");
    for row in 0..8 {
        let pixels = |&i: &usize| images.narrow(0, i, 1).narrow(1, row, 1).to_vec::<f32>();
        let shade = |pixel: &f32| SHADES[(pixel * 4.0).round() as usize];
        let lines = shown.iter().map(|i| pixels(i).iter().map(shade).collect::<String>());
        println!("  {}", lines.collect::<Vec<_>>().join("  "));
    }
    let captions = shown.iter().map(|&i| format!("{:16}", format!("{} read as {}", labels[i], read[i])));
    println!("  {}", captions.collect::<Vec<_>>().join("  "));
}

/// Draws the losses of each epoch.
fn draw(curve: &[(f64, f64)], path: &Path) -> Result<(), PictureError> {
    let chart = Chart::new("Reading digits: the loss of each epoch", "epoch", "cross entropy")
        .curve("training", curve.iter().map(|losses| losses.0))
        .curve("validation", curve.iter().map(|losses| losses.1));
    Picture::of(chart).save(path)
}

/// Learns to read handwritten digits.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How often to go through the training part
    #[arg(long, default_value = "40")]
    epochs: NonZeroUsize,
    /// How many threads compute, instead of one for each core
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// The folder for the learning curve
    #[arg(long, default_value = "target/pictures/digits")]
    pictures: PathBuf,
}

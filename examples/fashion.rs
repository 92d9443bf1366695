//! Learns to tell garments apart: Fashion-MNIST, 70,000 grey images of 28x28 pixels, of ten kinds.
//!
//! ```text
//! cargo run --release --example fashion
//! ```
//!
//! The images are not part of the library: `sudo apt install dataset-fashion-mnist` brings them on Debian and Ubuntu, and elsewhere
//! the four files of <https://github.com/zalandoresearch/fashion-mnist> in a folder do, `--data FOLDER`. For a taste, `--data
//! examples/data/fashion` has 400 of them.
//!
//! From the top: a network is a struct whose layers are called one after the other; each pass through the images shows every one of
//! them a little differently; the learning rate rises, then falls. `scripts/fashion_reference.py` does the same in PyTorch.

use clap::Parser;
use cotangent::{
    nn::{
        accuracy, confusion_matrix,
        data::{Batch, augment, idx},
        pictures::{Images, Matrix, Picture},
    },
    prelude::*,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Instant,
};

const GARMENTS: [&str; 10] =
    ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"];

/// One stage: look for patterns of 3x3 pixels, bring the answers to one scale, keep those that are positive, and of each 2x2 of
/// them the strongest. The image is half as wide afterwards, and each pixel says more.
#[derive(Module, Clone)]
struct Stage {
    patterns: Conv2d,
    norm: BatchNorm2d,
}

impl Stage {
    fn new(inputs: usize, outputs: usize, rng: &mut Rng) -> Self {
        Stage { patterns: Conv2d::new(inputs, outputs, 3, rng).padding(1), norm: BatchNorm2d::new(outputs) }
    }

    fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
        self.norm.forward(&self.patterns.forward(x), mode).relu().max_pool2d(2)
    }
}

/// Three stages, from 28x28 pixels to 3x3 of 128 numbers each, and a score for each garment from all of them.
#[derive(Module, Clone)]
struct Tailor {
    stages: [Stage; 3],
    dropout: Dropout,
    output: Linear,
}

impl Tailor {
    fn new(rng: &mut Rng) -> Self {
        Tailor {
            stages: [Stage::new(1, 32, rng), Stage::new(32, 64, rng), Stage::new(64, 128, rng)],
            dropout: Dropout::new(0.3),
            output: Linear::new(128 * 3 * 3, GARMENTS.len(), rng),
        }
    }

    /// Scores `[n, 10]` for normalised images `[n, 1, 28, 28]`.
    fn forward(&self, images: &Tensor, mode: &mut Mode) -> Tensor {
        let x = self.stages.iter().fold(images.clone(), |x, stage| stage.forward(&x, mode));
        self.output.forward(&self.dropout.forward(&x.flatten(1, -1), mode))
    }

    /// Scores without training, some images at a time, so that what lies between the layers stays small.
    fn scores(&self, images: &Tensor) -> Tensor {
        let scores: Vec<Tensor> =
            images.split(250, 0).iter().map(|part| self.forward(&normalised(part), &mut Mode::eval())).collect();
        Tensor::concat(&scores, 0)
    }
}

/// Layers learn fastest from numbers around zero of size one: mean and deviation of the training images, as fractions of white.
fn normalised(images: &Tensor) -> Tensor {
    augment::normalise(images, [0.286], [0.353])
}

/// Half of the images in a mirror. They show the same garments, and for the model they are new: there is more to learn from than was
/// given.
fn varied(images: &Tensor, rng: &mut Rng) -> Tensor {
    augment::random_horizontal_flip(images, 0.5, rng)
}

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Learns to tell garments apart.
#[derive(Parser)]
struct Options {
    /// The folder with the four files of Fashion-MNIST
    #[arg(long, default_value = "/usr/share/datasets/fashion-mnist")]
    data: PathBuf,
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How often to go through the training images
    #[arg(long, default_value = "8")]
    epochs: NonZeroUsize,
    /// How many of the 60,000 training images to learn from
    #[arg(long)]
    images: Option<NonZeroUsize>,
    /// The folder for the pictures
    #[arg(long, default_value = "target/pictures/fashion")]
    pictures: PathBuf,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let (train, test) = (read(&options.data, "train")?, read(&options.data, "t10k")?);
    let train = match options.images {
        Some(images) if images.get() < train.len() => {
            Batch { x: train.x.narrow(0, 0, images.get()), y: train.y.narrow(0, 0, images.get()) }
        }
        _ => train,
    };
    println!("{} images to learn from, {} to test", train.len(), test.len());

    // All that is random comes from here, so that a seed always gives the same result, whatever the number of threads.
    let mut rng = Rng::seed(options.seed);
    let mut model = Tailor::new(&mut rng);
    let loader = Loader::new(&train.x, &train.y, 128)?;
    let steps = options.epochs.get() * loader.batches();
    let mut adam = AdamW::new(3e-3).weight_decay(0.01);
    // Large steps are for the middle: at the start nothing is known, and at the end details are left.
    let rate = schedule::OneCycle::new(3e-3, steps as u64);

    let start = Instant::now();
    let mut step = 0;
    for epoch in 1..=options.epochs.get() {
        let bar = bar(loader.batches())?;
        let (mut loss_sum, mut right) = (0.0, 0.0);
        for batch in loader.epoch(&mut rng) {
            let images = normalised(&varied(&batch.x, &mut rng));
            let mut mode = Mode::train(&mut rng);
            let ((loss, scores), gradient) = value_and_grad_with_aux(&model, |model| {
                let scores = model.forward(&images, &mut mode);
                (scores.cross_entropy(&batch.y), scores)
            });
            // Batch normalisation has seen the batch's mean and deviation, and keeps them for when there is no batch.
            mode.store(&mut model);
            adam.set_lr(rate.lr(step));
            adam.step(&mut model, &gradient);
            step += 1;

            // Means over the batch, and the last batch is smaller.
            loss_sum += f64::from(loss.item::<f32>()) * batch.len() as f64;
            right += accuracy(&scores, &batch.y) * batch.len() as f64;
            bar.inc(1);
        }
        bar.finish_and_clear();
        let n = train.len() as f64;
        let seconds = start.elapsed().as_secs_f64();
        println!("epoch {epoch}: loss {:.4}, {:.4} right, {seconds:.1} s", loss_sum / n, right / n);
    }
    let seconds = start.elapsed().as_secs_f64();

    // The test images are looked at once, now: nothing above rests on them.
    let scores = model.scores(&test.x);
    let test_accuracy = accuracy(&scores, &test.y);
    let confusion = confusion_matrix(&scores, &test.y);
    println!(
        "\n{test_accuracy:.4} of the test images are recognised. How often each garment (row) was taken for which:\n"
    );
    print_confusion(&confusion.to_vec::<i64>());
    draw(&confusion, &scores, &test, &options.pictures)?;
    println!("\nresult: test_accuracy={test_accuracy:.4} seconds={seconds:.1} epochs={}", options.epochs);
    Ok(())
}

/// Images `[n, 1, 28, 28]` of u8 and their labels.
fn read(folder: &Path, part: &str) -> Result<Batch> {
    let file = |what: &str| {
        let name = format!("{part}-{what}-ubyte");
        let found = ["", ".gz"].map(|end| folder.join(format!("{name}{end}"))).into_iter().find(|path| path.exists());
        found.ok_or_else(|| {
            format!(
                "there is no {name}.gz in {}: on Debian and Ubuntu, `sudo apt install dataset-fashion-mnist` brings it; elsewhere, \
                 put the four files of https://github.com/zalandoresearch/fashion-mnist in a folder and say --data FOLDER",
                folder.display()
            )
        })
    };
    let (x, y) = (idx::read(file("images-idx3")?)?, idx::read(file("labels-idx1")?)?);
    Ok(Batch { x: x.unsqueeze(1), y: y.cast(DType::I64) })
}

/// A bar for the steps of an epoch. It is not drawn where the output is no terminal.
fn bar(steps: usize) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} steps, {per_sec}, {eta} left")?;
    Ok(ProgressBar::new(steps as u64).with_style(style))
}

fn print_confusion(counts: &[i64]) {
    println!("         {}", GARMENTS.iter().map(|garment| format!("{garment:>9}")).collect::<String>());
    for (garment, row) in GARMENTS.iter().zip(counts.chunks(GARMENTS.len())) {
        let cell = |&count: &i64| if count == 0 { "        .".to_owned() } else { format!("{count:9}") };
        println!("{garment:>9}{}", row.iter().map(cell).collect::<String>());
    }
}

/// Draws the confusion, and the images that were mistaken with the greatest certainty.
fn draw(confusion: &Tensor, scores: &Tensor, test: &Batch, folder: &Path) -> Result<()> {
    const SHOWN: usize = 24;
    let matrix = Matrix::new("What was taken for what", "taken for", "is", confusion).labels(GARMENTS, GARMENTS);
    Picture::of(matrix).save(folder.join("confusion.svg"))?;

    let (taken, truth) = (scores.argmax(-1), test.y.to_vec::<i64>());
    // The probability of the garment that was chosen where it is wrong, and nothing where it is right.
    let certainty = scores.softmax(-1).max(-1) * taken.ne(&test.y).cast(DType::F32);
    let mistaken = certainty.gt(0).cast(DType::I64).sum(..).item::<i64>() as usize;
    if mistaken == 0 {
        return Ok(());
    }
    let worst = certainty.topk(SHOWN.min(mistaken), 0).1;
    let taken = taken.to_vec::<i64>();
    let caption = |&i: &i64| {
        let [truth, taken] = [&truth, &taken].map(|garments| GARMENTS[garments[i as usize] as usize]);
        format!("{truth}: {taken}")
    };
    let images =
        Images::new("Mistaken with certainty: what it is, and what it was taken for", &test.x.index_select(0, &worst))
            .captions(worst.to_vec::<i64>().iter().map(caption))
            .columns(6);
    Picture::of(images).save(folder.join("mistaken.svg"))?;
    println!(
        "\nThe {} of {mistaken} mistakes that were made with the greatest certainty are in {}.",
        worst.numel(),
        folder.display()
    );
    Ok(())
}

//! A small GPT reads the documentation of this library letter by letter, and learns to write like it.
//!
//! ```text
//! cargo run --release --example language_model -- --help
//! ```
//!
//! It is the kind of network behind the large language models, a hundred thousand times smaller, and it learns as they do: guess the next
//! letter of a text, see which it was, and change the weights so that it would have been a little less of a surprise. What a word is, or a
//! sentence, nobody tells it.
//!
//! The network of the example `recurrence` must carry all that it has read in its state. This one looks back: each letter asks a
//! question, each letter before it offers an answer, and those that fit are taken over. That is attention. `gpt.rs` has the network,
//! `drawings.rs` the pictures.

mod drawings;
mod gpt;

use clap::Parser;
use cotangent::{
    module,
    nn::{
        Muon,
        data::text::{Sequences, Vocabulary},
        metrics::Mean,
        optim::{AdjustLr, clip_grad_norm},
    },
    prelude::*,
};
use gpt::{CONTEXT, Gpt};
use indicatif::{ProgressBar, ProgressStyle};
use std::{f64::consts::LN_2, num::NonZeroUsize, path::PathBuf, time::Instant};

/// `examples/data/README.md` says how it was collected.
const TEXT: &str = include_str!("../data/documentation.txt");
/// What the pictures of attention show.
const SHOWN: &str = "the gradient of the loss";

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let options = Options::parse();
    if options.temperature.is_nan() || options.temperature <= 0.0 {
        return Err("the temperature is a number above 0".into());
    }
    // All that is random comes from here, so that a seed always gives the same result.
    let mut rng = Rng::seed(options.seed);
    let steps = options.steps.get();

    // Letters are numbers. Nine tenths of the text are read, and the last is for the test.
    let letters = Vocabulary::of_characters(TEXT);
    let codes = letters.encode(TEXT)?;
    let part = codes.numel() * 9 / 10;
    let (read, held_out) = (codes.narrow(0, 0, part), codes.narrow(0, part, codes.numel() - part));
    // Pieces that overlap: a letter is met at several distances from the start of a piece.
    let batches = Loader::over(Sequences::new(&read, CONTEXT)?.stride(CONTEXT / 4), 12)?;
    // Every fourth piece, 10,000 letters, which tell the bits to about 0.02 and take a second.
    let tests = Loader::over(Sequences::new(&held_out, CONTEXT)?.stride(4 * CONTEXT), 64)?;
    let bits = |gpt: &Gpt| {
        let mut nats = Mean::default();
        for batch in &tests {
            nats.add(f64::from(gpt.loss(&batch.x, &batch.y).item::<f32>()), batch.len());
        }
        nats.value() / LN_2
    };

    // Who only knows how often each letter occurs needs this many bits for one: the mean of the logarithms of their shares.
    let shares = read.bincount(letters.len()).cast(DType::F64) / part as f64;
    let by_frequency = -shares.maximum(1e-9).log2().index_select(0, &held_out).mean(..).item::<f64>();
    let mut gpt = Gpt::new(letters.len(), &mut rng);
    let weights: usize = module::tensors(&gpt).iter().map(|tensor| tensor.numel()).sum();
    println!("{part} letters to read, {} different ones; {weights} weights.", letters.len());
    println!("Guessing by frequency takes {by_frequency:.2} bits for each letter.");

    // The matrices of the blocks take steps along orthogonal matrices, by Muon: after 250 steps a letter takes 2.8 bits, and would take
    // 3.4 by AdamW alone. All other weights take AdamW's steps. The rate goes up at first, because the first steps know little.
    let (rate, warm_up) = (4e-3, (steps / 10).clamp(1, 50) as u64);
    let cosine = schedule::Cosine::new(rate, (steps as u64 - warm_up).max(1));
    let rates = schedule::Linear::warm_up(rate, warm_up).then(warm_up, cosine);
    let mut muon = Muon::new(rate)
        .adjust_lr(AdjustLr::MatchRmsAdamW)
        .group(|path| !path.starts_with("blocks"), |muon| muon.orthogonal(false));

    let stages = [0, steps / 20, steps / 4, steps];
    let (mut training, mut tested) = (Vec::new(), Vec::new());
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} steps, {msg}")?;
    let bar = ProgressBar::new(steps as u64).with_style(style);
    let (start, mut epoch, mut nats) = (Instant::now(), batches.epoch(&mut rng), Mean::default());
    for step in 0..=steps {
        if step % 200 == 0 || stages.contains(&step) {
            tested.push((step as f64, bits(&gpt)));
        }
        if stages.contains(&step) {
            let sample = gpt.continued("The ", 200, options.temperature, &letters, &mut rng)?;
            bar.suspend(|| {
                println!(
                    "\nafter {step} steps, {:.2} bits for each letter that is new to it:",
                    tested[tested.len() - 1].1
                );
                sample.lines().for_each(|line| println!("    {line}"));
            });
        }
        if step == steps {
            break;
        }
        let batch = match epoch.next() {
            Some(batch) => batch,
            None => {
                epoch = batches.epoch(&mut rng);
                epoch.next().ok_or("a text has at least one piece")?
            }
        };
        muon.set_lr(rates.lr(step as u64));
        let (loss, mut gradient) = value_and_grad(&gpt, |gpt| gpt.loss(&batch.x, &batch.y));
        clip_grad_norm(&mut gradient, 1.0)?;
        muon.step(&mut gpt, &gradient);
        nats.add(f64::from(loss.item::<f32>()), batch.len());
        if step % 20 == 19 {
            training.push(((step + 1) as f64, nats.value() / LN_2));
            bar.set_message(format!("{:.2} bits for each letter", nats.value() / LN_2));
            nats = Mean::default();
        }
        bar.inc(1);
    }
    let seconds = start.elapsed().as_secs_f64();
    bar.finish_and_clear();

    let folder = &options.pictures;
    drawings::bits(&training, &tested, by_frequency, &folder.join("bits.svg"))?;
    let attention = gpt.attention(&letters.encode(SHOWN)?);
    drawings::attention(&attention, &folder.join("attention.svg"))?;
    drawings::heads(SHOWN, &attention, &folder.join("heads.svg"))?;
    println!("\nThe pictures are in {}.", folder.display());
    println!("result: bits_before={:.2} bits={:.2} seconds={seconds:.1}", tested[0].1, tested[tested.len() - 1].1);
    Ok(())
}

/// Trains a small GPT on the documentation of this library, and has it write.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many steps the training has
    #[arg(long, default_value = "1000")]
    steps: NonZeroUsize,
    /// How daring the writer is: near 0 it takes the likeliest letter, at 1 it draws by its probabilities, above it gets wild
    #[arg(long, default_value_t = 0.6)]
    temperature: f64,
    /// The folder for the pictures
    #[arg(long, default_value = "target/pictures/language_model")]
    pictures: PathBuf,
}

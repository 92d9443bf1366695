//! Two networks play against each other, and one of them learns to write digits that nobody has written.
//!
//! ```text
//! cargo run --release --example adversarial -- --help
//! ```
//!
//! The forger makes images of random numbers. The expert is shown real digits and forged ones, and learns to tell which is which.
//! What one of them wins the other loses, and so both get better. The forger is never shown a real digit: all it has is the gradient of the
//! expert's judgement, which says for every pixel whether it should be darker. (Goodfellow et al., "Generative adversarial nets",
//! NeurIPS 2014.)
//!
//! From the top: the game; then `players.rs`, the two networks and the rules; `judge.rs`, how we know that it worked; `drawings.rs`.

mod drawings;
mod judge;
mod players;

use clap::Parser;
use cotangent::{
    nn::{data::digits, metrics::Mean, optim::Ema},
    prelude::*,
};
use drawings::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use judge::{Judge, nearest};
use players::{Expert, Forger, Game, NOISE};
use std::{num::NonZeroUsize, path::PathBuf, time::Instant};

/// After how many epochs the forger's work is kept for the picture.
const STAGES: [usize; 7] = [0, 1, 5, 20, 50, 100, 200];
/// From how many samples the forger is judged: a digit's share is then right to about 0.01.
const JUDGED: usize = 1000;

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let options = Options::parse();
    let game = if options.wasserstein { Game::Wasserstein } else { Game::Classic };
    // All that is random comes from here, so that a seed always gives the same result.
    let mut rng = Rng::seed(options.seed);

    // Nobody in the game sees the part that is held out. It shows what the figures are for real digits.
    let (train, held_out) = digits().split(0.2, &mut rng);
    let (real, unseen) = (train.images.flatten(1, -1), held_out.images.flatten(1, -1));
    let judge = Judge::trained_on(&train, &mut rng)?;
    let of_unseen = judge.verdict(&unseen);
    println!("A judge has learned to read real digits. Of those that it never saw, it reads");
    println!("{:.3} right, and is sure to {:.3}.\n", judge.accuracy(&held_out), of_unseen.confidence);

    let (mut forger, mut expert) = (Forger::new(&mut rng), Expert::new(&mut rng));
    let (mut forger_adam, mut expert_adam) = (game.adam(), game.adam());
    // Two that react to each other circle around the solution rather than walk into it. The mean of the forger's weights over the last
    // few hundred steps is nearer to the middle, and is the one that we look at.
    let mut average = Ema::new(&forger, 0.995);

    // The same noise all the time, so that one can see how what is made of it changes.
    let noise = rng.normal([JUDGED, NOISE], DType::F32);
    let shown = noise.narrow(0, 0, 12);
    let mut stages = Vec::new();
    let mut history = Vec::new();

    println!("epoch   value of the game   judge is sure to   digits forged");
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} epochs, {msg}")?;
    let bar = ProgressBar::new(options.epochs.get() as u64).with_style(style);
    // Batch normalisation is about a whole batch, so that a last one of a few images is left out.
    let batches = Loader::new(&real, &train.labels, 64)?.drop_last(true);
    let (start, mut turns) = (Instant::now(), 0);
    for epoch in 1..=options.epochs.get() {
        if STAGES.contains(&(epoch - 1)) {
            stages.push((epoch - 1, average.model().draw(&shown)));
        }
        let mut value = Mean::default();
        for batch in batches.epoch(&mut rng) {
            // The expert's turn. The forged images are plain numbers: the forger learns nothing from this.
            let chance = rng.normal([batch.len(), NOISE], DType::F32);
            let forged = forger.forward(&chance, &mut Mode::train(&mut rng));
            let gradient = grad(&expert, |expert| game.expert_loss(expert, &batch.x, &forged, &mut rng));
            expert_adam.step(&mut expert, &gradient);
            value.add(f64::from(game.value(&expert, &batch.x, &forged).item::<f32>()), batch.len());

            // The forger's turn. Its gradient goes through the expert, and the expert stays as it is.
            turns += 1;
            if turns % game.expert_steps() == 0 {
                let chance = rng.normal([batch.len(), NOISE], DType::F32);
                let mut mode = Mode::train(&mut rng);
                let gradient = grad(&forger, |forger| game.forger_loss(&expert, &forger.forward(&chance, &mut mode)));
                mode.store(&mut forger);
                forger_adam.step(&mut forger, &gradient);
                average.update(&forger);
            }
        }
        let verdict = judge.verdict(&average.model().draw(&noise));
        let progress = Progress { value: value.value(), confidence: verdict.confidence, coverage: verdict.coverage() };
        if STAGES.contains(&epoch) || epoch == options.epochs.get() {
            let Progress { value, confidence, coverage } = progress;
            bar.suspend(|| println!("{epoch:5}   {value:17.3}   {confidence:16.3}   {coverage:13}"));
        }
        bar.set_message(format!("{} of 10 digits, sure to {:.3}", progress.coverage, progress.confidence));
        history.push(progress);
        bar.inc(1);
    }
    let seconds = start.elapsed().as_secs_f64();
    bar.finish_and_clear();

    // Fresh noise for the verdict.
    let forger = average.model();
    let made = forger.draw(&rng.normal([JUDGED, NOISE], DType::F32));
    let verdict = judge.verdict(&made);
    println!("\nOf {JUDGED} forged images, the judge takes for");
    for (digit, count) in verdict.counts.iter().enumerate() {
        println!("  {digit} {count:4} {}", "▪".repeat(usize::try_from(*count)? / 5));
    }

    // A forger that has stolen real digits would do well so far. Then it would be nearer to them than another person's digit is.
    let (found, of_real) = (nearest(&made, &real), nearest(&unseen, &real).0.median(..).item::<f32>());
    let distance = found.0.median(..).item::<f32>();
    println!(
        "\nFrom a forged digit to the nearest one of the training it is {distance:.2}, from a real one that is new"
    );
    println!("{of_real:.2} (medians of the distance over 64 pixels). A copy would be at 0.");

    stages.push((options.epochs.get(), forger.draw(&shown)));
    let folder = &options.pictures;
    drawings::stages(&stages, &real.narrow(0, 0, 12), &folder.join("stages.svg"))?;
    drawings::samples(&made.narrow(0, 0, 60), &judge, &folder.join("samples.svg"))?;
    let first = (found.0.narrow(0, 0, 12), found.1.narrow(0, 0, 12));
    drawings::copies(&made.narrow(0, 0, 12), &first, &real, &folder.join("copies.svg"))?;
    drawings::progress(game, &history, of_unseen.confidence, &folder.join("progress.svg"))?;
    println!("\nThe pictures are in {}.", folder.display());

    println!(
        "result: confidence={:.3} real_confidence={:.3} coverage={} nearest={distance:.2} real_nearest={of_real:.2} \
         seconds={seconds:.1}",
        verdict.confidence,
        of_unseen.confidence,
        verdict.coverage()
    );
    Ok(())
}

/// A forger and an expert play, until the forger writes digits.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How often the expert sees all real digits
    #[arg(long, default_value = "400")]
    epochs: NonZeroUsize,
    /// Play for the distance between real and forged images, by an expert whose slope is held at 1
    #[arg(long)]
    wasserstein: bool,
    /// The folder for the pictures
    #[arg(long, default_value = "target/pictures/adversarial")]
    pictures: PathBuf,
}

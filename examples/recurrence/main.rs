//! Networks with a memory: what they can do that no network without one can, and a text that they write.
//!
//! ```text
//! cargo run --release --example recurrence -- --help
//! ```
//!
//! A recurrent network reads a sequence step by step, and carries a list of numbers, its state, from each step to the next: the state
//! and what is read now make the next state. So what it read long ago can still count. To learn, the gradient goes back through all the
//! steps.
//!
//! First a game of memory, in `remember.rs`: keep a letter in mind while others go by. Then, in `write.rs`, a network reads the
//! documentation of this library letter by letter, guesses each next letter, and in the end writes some of its own. `drawings.rs` has the
//! pictures.

mod drawings;
mod remember;
mod write;

use clap::Parser;
use cotangent::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};
use std::{num::NonZeroUsize, path::PathBuf, time::Instant};

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let options = Options::parse();
    if options.temperature.is_nan() || options.temperature <= 0.0 {
        return Err("the temperature is a number above 0".into());
    }
    // All that is random comes from here, so that a seed always gives the same result.
    let mut rng = Rng::seed(options.seed);
    let start = Instant::now();

    println!(
        "Remember the first of several letters, while others go by. Four letters: who guesses is right in 0.25.\n"
    );
    let players = remember::play(options.steps.get(), &mut rng)?;
    remember::print(&players);

    println!("\nNow the documentation of this library, letter by letter.\n");
    let writer = write::learn(options.reading.get(), options.temperature, &mut rng)?;

    let seconds = start.elapsed().as_secs_f64();
    let folder = &options.pictures;
    drawings::memory(&players, &folder.join("memory.svg"))?;
    drawings::bits(&writer, &folder.join("bits.svg"))?;
    println!("\nThe pictures are in {}.", folder.display());
    let far: Vec<String> = players.iter().map(|player| format!("{}={:.2}", player.name, player.far())).collect();
    println!(
        "result: {} bits_before={:.2} bits={:.2} seconds={seconds:.1}",
        far.join(" "),
        writer.held_out[0].1,
        writer.last()
    );
    Ok(())
}

/// A bar for a training, which is not drawn where the output is no terminal.
fn bar(steps: usize, name: &str) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{prefix:8} {bar:30} {pos}/{len} steps, {msg}")?;
    Ok(ProgressBar::new(steps as u64).with_style(style).with_prefix(name.to_owned()))
}

/// Trains recurrent networks to remember, and one of them to write.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many steps each player of the game has to learn
    #[arg(long, default_value = "600")]
    steps: NonZeroUsize,
    /// How many steps the writer has
    #[arg(long, default_value = "600", value_name = "STEPS")]
    reading: NonZeroUsize,
    /// How daring the writer is: near 0 it takes the likeliest letter, at 1 it draws by its probabilities, above it gets wild
    #[arg(long, default_value_t = 0.6)]
    temperature: f64,
    /// The folder for the pictures
    #[arg(long, default_value = "target/pictures/recurrence")]
    pictures: PathBuf,
}

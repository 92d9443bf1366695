//! A recurrent network that guesses the next letter of a text, and so can write one.

use crate::{Result, bar};
use cotangent::{
    nn::{
        data::text::{Sequences, Vocabulary},
        metrics::Mean,
        optim::clip_grad_norm,
    },
    prelude::*,
};
use std::f64::consts::LN_2;

/// The documentation of this library; `examples/data/README.md` says how it was collected.
const TEXT: &str = include_str!("../data/documentation.txt");
/// How far the gradient goes back.
const LENGTH: usize = 64;
const HIDDEN: usize = 160;

/// A letter becomes a list of numbers, the state takes it in, and what is in the state gives a score to each possible next letter.
#[derive(Module, Clone)]
struct Writer {
    letters: Embedding,
    memory: Gru,
    output: Linear,
}

impl Writer {
    fn new(letters: usize, rng: &mut Rng) -> Self {
        Writer {
            letters: Embedding::new(letters, 64, rng),
            memory: Gru::new(64, HIDDEN, rng),
            output: Linear::new(HIDDEN, letters, rng),
        }
    }

    /// Scores `[n, length, letters]` for texts `[n, length]`: at each place for the letter that comes next. And the state at the end.
    fn forward(&self, texts: &Tensor, state: Option<&Tensor>) -> (Tensor, Tensor) {
        // A recurrent layer wants the steps first.
        let steps = self.letters.forward(texts).transpose(0, 1);
        let (steps, state) = self.memory.forward_from(&steps, state, &mut Mode::undecided());
        (self.output.forward(&steps).transpose(0, 1), state)
    }

    /// The mean surprise at each next letter, in nats.
    fn loss(&self, texts: &Tensor, next: &Tensor) -> Tensor {
        self.forward(texts, None).0.flatten(0, 1).cross_entropy(&next.flatten(0, 1))
    }

    /// Continues a text by so many letters. Each is drawn by the probabilities of the scores over the temperature: below 1, what is likely
    /// becomes likelier still.
    fn continued(
        &self,
        text: &str,
        count: usize,
        temperature: f64,
        letters: &Vocabulary,
        rng: &mut Rng,
    ) -> Result<String> {
        let mut next = letters.encode(text)?.unsqueeze(0);
        let (mut written, mut state) = (text.to_owned(), None);
        for _ in 0..count {
            // The state remembers what was read before, so that only the new letter is read.
            let (scores, after) = self.forward(&next, state.as_ref());
            let scores = scores.select(1, -1) / temperature;
            next = rng.categorical(&scores).unsqueeze(-1);
            written += &letters.decode(&next.flatten(0, 1))?;
            state = Some(after);
        }
        Ok(written)
    }
}

/// How the training went, in bits for each letter: what it would take to write the text down, given the network's guesses.
pub(crate) struct History {
    pub(crate) training: Vec<(f64, f64)>,
    /// After 0 steps first.
    pub(crate) held_out: Vec<(f64, f64)>,
    /// If each letter was guessed by how often it occurs at all.
    pub(crate) by_frequency: f64,
}

impl History {
    /// The bits for each letter of the held-out text, in the end.
    pub(crate) fn last(&self) -> f64 {
        self.held_out[self.held_out.len() - 1].1
    }
}

/// Reads nine tenths of the text, and is tested on the last.
pub(crate) fn learn(steps: usize, temperature: f64, rng: &mut Rng) -> Result<History> {
    let letters = Vocabulary::of_characters(TEXT);
    let codes = letters.encode(TEXT)?;
    let part = codes.numel() * 9 / 10;
    let (read, held_out) = (codes.narrow(0, 0, part), codes.narrow(0, part, codes.numel() - part));
    // Pieces that overlap: a letter is met at several distances from the start of a piece.
    let batches = Loader::over(Sequences::new(&read, LENGTH)?.stride(LENGTH / 4), 32)?;
    let tests = Loader::over(Sequences::new(&held_out, LENGTH)?, 128)?;
    let bits = |writer: &Writer| {
        let mut nats = Mean::default();
        for batch in &tests {
            nats.add(f64::from(writer.loss(&batch.x, &batch.y).item::<f32>()), batch.len());
        }
        nats.value() / LN_2
    };

    let mut writer = Writer::new(letters.len(), rng);
    let rate = schedule::Cosine::new(5e-3, steps as u64);
    let mut adam = Adam::new(rate.lr(0));
    let share = read.bincount(letters.len()).cast(DType::F64) / part as f64;
    let by_frequency = -share.maximum(1e-9).log2().index_select(0, &held_out).mean(..).item::<f64>();
    let mut history = History { training: Vec::new(), held_out: Vec::new(), by_frequency };
    println!(
        "{} letters to read, {} different ones. Guessing by frequency: {by_frequency:.2} bits.",
        part,
        letters.len()
    );
    let stages = [0, steps / 20, steps / 4, steps];
    let (bar, mut epoch, mut nats) = (bar(steps, "writer")?, batches.epoch(rng), Mean::default());
    for step in 0..=steps {
        if step % 50 == 0 || stages.contains(&step) {
            history.held_out.push((step as f64, bits(&writer)));
        }
        if stages.contains(&step) {
            let sample = writer.continued("The ", 200, temperature, &letters, rng)?;
            bar.suspend(|| {
                println!("\nafter {step} steps, {:.2} bits for each letter that is new to it:", history.last());
                sample.lines().for_each(|line| println!("    {line}"));
            });
        }
        if step == steps {
            break;
        }
        let batch = match epoch.next() {
            Some(batch) => batch,
            None => {
                epoch = batches.epoch(rng);
                epoch.next().ok_or("a text has at least one piece")?
            }
        };
        adam.set_lr(rate.lr(step as u64));
        let (loss, mut gradient) = value_and_grad(&writer, |writer| writer.loss(&batch.x, &batch.y));
        clip_grad_norm(&mut gradient, 1.0)?;
        adam.step(&mut writer, &gradient);
        nats.add(f64::from(loss.item::<f32>()), batch.len());
        if step % 10 == 9 {
            history.training.push(((step + 1) as f64, nats.value() / LN_2));
            bar.set_message(format!("{:.2} bits for each letter", nats.value() / LN_2));
            nats = Mean::default();
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(history)
}

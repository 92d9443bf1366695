//! The game of memory. A sequence is one of the letters a to d, then some of the letters w to z, then a question mark: which was the
//! first letter? Nothing in between hints at it.

use crate::{Result, bar};
use cotangent::{
    module,
    nn::{Rnn, accuracy, optim::clip_grad_norm},
    prelude::*,
};

/// The letters to remember.
const KEYS: i64 = 4;
/// Those, as many others, and the question mark.
const SYMBOLS: usize = 9;
/// The longest gap in training.
const TRAINED: usize = 20;
/// The gaps by which the players are tested; the last three are longer than any that they were trained with.
pub(crate) const GAPS: [usize; 10] = [0, 2, 4, 6, 8, 12, 20, 40, 80, 160];
/// What the player without memory sees.
const WINDOW: usize = 8;

/// `n` sequences with a gap of so many letters in between, each symbol as a row of zeros with a single one, `[gap + 2, n, 9]`: steps come first. And the answers, `[n]`.
fn sequences(n: usize, gap: usize, rng: &mut Rng) -> (Tensor, Tensor) {
    let answers = rng.randint(0, KEYS, [n]);
    let others = rng.randint(KEYS, 2 * KEYS, [gap, n]);
    let question = Tensor::full([1, n], 2 * KEYS, DType::I64);
    let symbols = Tensor::concat([&answers.unsqueeze(0), &others, &question], 0);
    (symbols.one_hot(SYMBOLS, DType::F32), answers)
}

/// A network without memory: it sees the last eight symbols side by side, and nothing of what was before.
#[derive(Module, Clone)]
struct Window {
    first: Linear,
    second: Linear,
}

impl Window {
    fn new(hidden: usize, rng: &mut Rng) -> Self {
        Window { first: Linear::new(WINDOW * SYMBOLS, hidden, rng), second: Linear::new(hidden, hidden, rng) }
    }
}

/// Like the layers with memory, it takes `[steps, n, 9]` and gives `[.., n, hidden]`, but only for the last step.
impl Layer for Window {
    fn call(&self, x: &Tensor, _: &mut Mode<'_>) -> Tensor {
        // Nothing came before the start.
        let padded = x.pad([(WINDOW as isize, 0), (0, 0), (0, 0)], 0);
        let seen = padded.narrow(0, x.size(0), WINDOW).transpose(0, 1).flatten(1, -1);
        self.second.forward(&self.first.forward(&seen).relu()).relu().unsqueeze(0)
    }
}

/// A layer, with or without memory, and what it answers at the question mark.
#[derive(Module, Clone)]
struct Answering<L> {
    layer: L,
    output: Linear,
}

impl<L: Layer + Clone + 'static> Answering<L> {
    fn forward(&self, sequences: &Tensor) -> Tensor {
        let steps = self.layer.call(sequences, &mut Mode::undecided());
        self.output.forward(&steps.select(0, -1))
    }
}

/// What became of one of the players.
pub(crate) struct Player {
    pub(crate) name: &'static str,
    weights: usize,
    /// The accuracy for each of the [`GAPS`].
    pub(crate) by_gap: Vec<f64>,
    /// Steps of training, and the accuracy at the longest gap of the training after them.
    pub(crate) learning: Vec<(f64, f64)>,
}

impl Player {
    /// The accuracy at the longest gap of the training.
    pub(crate) fn far(&self) -> f64 {
        self.learning[self.learning.len() - 1].1
    }
}

/// Trains four players, of about 4,000 weights each.
pub(crate) fn play(steps: usize, rng: &mut Rng) -> Result<Vec<Player>> {
    let window = Window::new(34, rng);
    let (rnn, gru, lstm) = (Rnn::new(SYMBOLS, 56, rng), Gru::new(SYMBOLS, 31, rng), Lstm::new(SYMBOLS, 26, rng));
    Ok(vec![
        train("window", window, 34, steps, rng)?,
        train("rnn", rnn, 56, steps, rng)?,
        train("gru", gru, 31, steps, rng)?,
        train("lstm", lstm, 26, steps, rng)?,
    ])
}

fn train<L: Layer + Clone + 'static>(
    name: &'static str,
    layer: L,
    hidden: usize,
    steps: usize,
    rng: &mut Rng,
) -> Result<Player> {
    let mut model = Answering { layer, output: Linear::new(hidden, KEYS as usize, rng) };
    let weights = module::tensors(&model).iter().map(|tensor| tensor.numel()).sum();
    // Each test has its own sequences, drawn for it.
    let right = |model: &Answering<L>, gap, rng: &mut Rng| {
        let (x, answers) = sequences(500, gap, rng);
        accuracy(&model.forward(&x), &answers)
    };
    let mut adam = Adam::new(3e-3);
    let mut learning = vec![(0.0, right(&model, TRAINED, rng))];
    let bar = bar(steps, name)?;
    for step in 1..=steps {
        let gap = rng.randint(0, TRAINED as i64 + 1, []).item::<i64>() as usize;
        let (x, answers) = sequences(64, gap, rng);
        let mut gradient = grad(&model, |model| model.forward(&x).cross_entropy(&answers));
        // Through many steps a gradient can grow beyond all measure, and one step along it would undo what was learned.
        clip_grad_norm(&mut gradient, 1.0)?;
        adam.step(&mut model, &gradient);
        if step % 20 == 0 || step == steps {
            learning.push((step as f64, right(&model, TRAINED, rng)));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let by_gap = GAPS.iter().map(|&gap| right(&model, gap, rng)).collect();
    Ok(Player { name, weights, by_gap, learning })
}

/// The table of accuracies by gap.
pub(crate) fn print(players: &[Player]) {
    println!("accuracy by gap     {}", GAPS.map(|gap| format!("{gap:6}")).concat());
    for player in players {
        let accuracies: String = player.by_gap.iter().map(|accuracy| format!("{accuracy:6.2}")).collect();
        println!("{:6} {:4} weights {accuracies}", player.name, player.weights);
    }
}

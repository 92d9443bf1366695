//! How a network learns where it was wrong, number by number: `cargo run --release --example backpropagation`.
//!
//! A college admits who is good in the test and in the grades. A network of three nodes computes a student's chance by functions of
//! functions, one after the other: that is **feedforward**. How wrong it is is one more function, the log-loss. To learn, we need the
//! derivative of the loss by each weight, and the chain rule gives it, from the loss back to the first layer: if `v` goes into `u`, and we
//! know the derivative of the loss by `u`, then that by `v` is
//!
//! ```text
//!   d loss     d loss   d u
//!   ------  =  ------ · ---        summed over all u that v goes into.
//!    d v        d u     d v
//! ```
//!
//! That is **backpropagation**. The derivative of the loss by `v` is called the cotangent of `v`. Here we compute all of them by hand, in plain
//! numbers, and hold them against what the library's tape says of every node. Then we train the network by both.

use clap::Parser;
use cotangent::{
    nn::{
        pictures::{Chart, Picture, Plane, Shades},
        seeing::Graph,
    },
    prelude::*,
    watch::{self, Origin, Recording},
};
use std::{fs, num::NonZeroUsize, path::PathBuf};

/// Two inputs, two hidden nodes, one output. Students and biases are columns.
#[derive(Module, Clone)]
struct Network {
    /// The weights on the edges to the hidden nodes, a row for each node.
    w1: Tensor,
    b1: Tensor,
    /// The weights on the edges to the output.
    w2: Tensor,
    b2: Tensor,
}

impl Network {
    fn new(rng: &mut Rng) -> Self {
        let mut normal = |shape: &[usize]| rng.normal(shape, DType::F64);
        Network { w1: normal(&[2, 2]), b1: normal(&[2, 1]), w2: normal(&[1, 2]), b2: normal(&[1, 1]) }
    }

    /// The probability that a student `[2, 1]` is admitted, as functions of functions; or of many, `[2, n]`.
    fn probability(&self, x: &Tensor) -> Tensor {
        let a = (self.w1.matmul(x) + &self.b1).sigmoid();
        (self.w2.matmul(&a) + &self.b2).sigmoid()
    }

    /// The log-loss: little if what happened was thought probable, much if it was not.
    fn loss(&self, x: &Tensor, y: f64) -> Tensor {
        let p = self.probability(x);
        -(y * p.ln() + (1.0 - y) * (1.0 - &p).ln())
    }

    fn step(&mut self, gradient: &Network) {
        self.w1 -= &gradient.w1 * RATE;
        self.b1 -= &gradient.b1 * RATE;
        self.w2 -= &gradient.w2 * RATE;
        self.b2 -= &gradient.b2 * RATE;
    }
}

/// A rate at which one student does not undo what the one before has taught.
const RATE: f64 = 0.3;

/// A node of the computation, by hand.
struct Node {
    /// The operation by which the tape has it; empty for what goes in.
    operation: &'static str,
    feedforward: &'static str,
    value: Vec<f64>,
    backpropagation: &'static str,
    cotangent: Vec<f64>,
}

/// Feedforward and backpropagation with nothing but numbers. A name with `_bar` is the cotangent of the name before it.
fn by_hand(network: &Network, x: &Tensor, y: f64) -> Vec<Node> {
    let (w1, b1) = (network.w1.to_vec::<f64>(), network.b1.to_vec::<f64>());
    let (w2, b2, x) = (network.w2.to_vec::<f64>(), network.b2.item::<f64>(), x.to_vec::<f64>());
    let sigmoid = |s: f64| 1.0 / (1.0 + (-s).exp());

    // Feedforward: each line takes what the lines above it have made.
    let z = [w1[0] * x[0] + w1[1] * x[1], w1[2] * x[0] + w1[3] * x[1]];
    let h = [z[0] + b1[0], z[1] + b1[1]];
    let a = [sigmoid(h[0]), sigmoid(h[1])];
    let t = w2[0] * a[0] + w2[1] * a[1];
    let s = t + b2;
    let p = sigmoid(s);
    let k = p.ln();
    let l = y * k;
    let q = 1.0 - p;
    let m = q.ln();
    let n = (1.0 - y) * m;
    let o = l + n;
    let loss = -o;

    // Backpropagation: from the last line up to the first. Each takes the cotangents that the lines above it here have made, and values
    // of the feedforward.
    let loss_bar = 1.0;
    let o_bar = -loss_bar;
    let n_bar = o_bar;
    let m_bar = (1.0 - y) * n_bar;
    let q_bar = m_bar / q;
    let l_bar = o_bar;
    let k_bar = y * l_bar;
    // p goes into two nodes, so that two paths lead back to it.
    let p_bar = k_bar / p - q_bar;
    let s_bar = p_bar * p * (1.0 - p);
    let t_bar = s_bar;
    let b2_bar = s_bar;
    let w2_bar = [t_bar * a[0], t_bar * a[1]];
    let a_bar = [t_bar * w2[0], t_bar * w2[1]];
    let h_bar = [a_bar[0] * a[0] * (1.0 - a[0]), a_bar[1] * a[1] * (1.0 - a[1])];
    let z_bar = h_bar;
    let b1_bar = h_bar;
    let w1_bar = [z_bar[0] * x[0], z_bar[0] * x[1], z_bar[1] * x[0], z_bar[1] * x[1]];
    // Nobody can change a student's results, but this says which of them would have to be better.
    let x_bar = [w1[0] * z_bar[0] + w1[2] * z_bar[1], w1[1] * z_bar[0] + w1[3] * z_bar[1]];

    let node = |operation, feedforward, value: &[f64], backpropagation, cotangent: &[f64]| Node {
        operation,
        feedforward,
        value: value.to_vec(),
        backpropagation,
        cotangent: cotangent.to_vec(),
    };
    vec![
        node("", "w1", &w1, "w1_bar = z_bar x", &w1_bar),
        node("", "b1", &b1, "b1_bar = h_bar", &b1_bar),
        node("", "w2", &w2, "w2_bar = t_bar a", &w2_bar),
        node("", "b2", &[b2], "b2_bar = s_bar", &[b2_bar]),
        node("", "x", &x, "x_bar  = z_bar w1", &x_bar),
        node("matmul", "z = w1 x", &z, "z_bar = h_bar", &z_bar),
        node("add", "h = z + b1", &h, "h_bar = a_bar a (1 - a)", &h_bar),
        node("sigmoid", "a = sigmoid(h)", &a, "a_bar = t_bar w2", &a_bar),
        node("matmul", "t = w2 a", &[t], "t_bar = s_bar", &[t_bar]),
        node("add", "s = t + b2", &[s], "s_bar = p_bar p (1 - p)", &[s_bar]),
        node("sigmoid", "p = sigmoid(s)", &[p], "p_bar = k_bar / p - q_bar", &[p_bar]),
        node("ln", "k = ln p", &[k], "k_bar = y l_bar", &[k_bar]),
        node("mul", "l = y k", &[l], "l_bar = o_bar", &[l_bar]),
        node("sub", "q = 1 - p", &[q], "q_bar = m_bar / q", &[q_bar]),
        node("ln", "m = ln q", &[m], "m_bar = (1 - y) n_bar", &[m_bar]),
        node("mul", "n = (1 - y) m", &[n], "n_bar = o_bar", &[n_bar]),
        node("add", "o = l + n", &[o], "o_bar = -loss_bar", &[o_bar]),
        node("neg", "loss = -o", &[loss], "loss_bar = 1", &[loss_bar]),
    ]
}

/// The gradient by hand: the cotangents of the weights, which come first.
fn gradient_by_hand(network: &Network, x: &Tensor, y: f64) -> Result<Network, cotangent::Error> {
    let nodes = by_hand(network, x, y);
    let tensor = |i: usize, like: &Tensor| Tensor::from_slice(&nodes[i].cotangent, like.shape().clone());
    Ok(Network {
        w1: tensor(0, &network.w1)?,
        b1: tensor(1, &network.b1)?,
        w2: tensor(2, &network.w2)?,
        b2: tensor(3, &network.b2)?,
    })
}

/// The tape's own account, node for node: the operation, the value, the cotangent. Numbers from outside, such as y, are no nodes.
fn by_tape(recording: &Recording) -> Vec<(&'static str, Vec<f64>, Vec<f64>)> {
    let mut nodes = Vec::new();
    for value in recording.values() {
        let operation = match value.origin() {
            Origin::Constant => continue,
            Origin::Operation(number) => recording.operations()[*number].name(),
            _ => "",
        };
        let cotangent = value.cotangent().map(Tensor::to_vec).unwrap_or_default();
        nodes.push((operation, value.tensor().to_vec(), cotangent));
    }
    nodes
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let options = Options::parse();
    let mut rng = Rng::seed(options.seed);
    let mut network = Network::new(&mut rng);

    // One student who was admitted. Results are brought to the scale from -1 to 1.
    let (x, y) = (Tensor::from([[0.8], [0.4]]), 1.0);
    let nodes = by_hand(&network, &x, y);
    println!("Feedforward, by hand: a student with test 0.8 and grades 0.4, who was admitted (y = 1).\n");
    nodes.iter().for_each(|node| println!("  {:15} {}", node.feedforward, listed(&node.value)));
    println!("\nBackpropagation, by hand, from the loss to what went in:\n");
    nodes.iter().rev().for_each(|node| println!("  {:26} {}", node.backpropagation, listed(&node.cotangent)));

    let (_, _, recording) = watch::gradient(&network, &x, |network, x| network.loss(x, y));
    let account = by_tape(&recording);
    println!("\nThe tape's own account, and how far the numbers by hand are from it:\n");
    println!("  node     operation  value                             cotangent                          difference");
    if account.len() != nodes.len() {
        return Err(format!("by hand there are {} nodes, on the tape {}", nodes.len(), account.len()).into());
    }
    let mut difference = 0.0f64;
    for (node, (operation, value, cotangent)) in nodes.iter().zip(&account) {
        let name = node.feedforward.split(' ').next().unwrap_or_default();
        if node.operation != *operation {
            return Err(format!("{name} is the result of {}, but on the tape of {operation}", node.operation).into());
        }
        let far = farthest(&node.value, value).max(farthest(&node.cotangent, cotangent));
        println!("  {name:7}  {operation:9}  {:32}  {:33}  {far:.0e}", listed(value), listed(cotangent));
        difference = difference.max(far);
    }
    println!("\nNone of the {} nodes differs by more than {difference:.1e}.", nodes.len());

    fs::create_dir_all(&options.pictures)?;
    fs::write(options.pictures.join("graph.svg"), Graph::new(&recording).svg())?;

    // Both ways at once, student by student: a step in the direction in which the loss of this student falls.
    let results = rng.uniform_range(-1.0, 1.0, [60, 2, 1], DType::F64).unbind(0);
    let admitted = |x: &Tensor| f64::from(x.min(..).item::<f64>() > -0.2);
    let mut losses = Vec::new();
    for _ in 0..options.epochs.get() {
        let mut total = 0.0;
        for x in &results {
            let (loss, gradient) = value_and_grad(&network, |network| network.loss(x, admitted(x)));
            let hand = gradient_by_hand(&network, x, admitted(x))?;
            for (tape, hand) in [&gradient.w1, &gradient.b1, &gradient.w2, &gradient.b2]
                .into_iter()
                .zip([&hand.w1, &hand.b1, &hand.w2, &hand.b2])
            {
                difference = difference.max(farthest(&tape.to_vec(), &hand.to_vec()));
            }
            total += loss.item::<f64>();
            network.step(&hand);
        }
        losses.push(total / results.len() as f64);
    }
    let (first, last) = (losses[0], losses[losses.len() - 1]);
    println!(
        "\nTrained with the gradients by hand, {} times through {} students: the mean log-loss fell from {first:.3} to {last:.3}.",
        losses.len(),
        results.len()
    );
    println!("The tape's gradients never differed from them by more than {difference:.1e}.");

    draw(&options, &network, &results, &admitted, losses)?;
    println!("The pictures are in {}.", options.pictures.display());
    println!("result: nodes={} difference={difference:.1e} loss_before={first:.3} loss={last:.3}", nodes.len());
    Ok(())
}

/// Draws the loss by epoch, and what the network says of every student.
fn draw(
    options: &Options,
    network: &Network,
    students: &[Tensor],
    admitted: &dyn Fn(&Tensor) -> f64,
    losses: Vec<f64>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let curve = Chart::new("The loss falls", "epoch", "mean log-loss").log_x().curve("", losses);
    let plane = Plane::over(-1.0..1.0, -1.0..1.0, |x| network.probability(&x.cast(DType::F64).transpose(0, 1)));
    let labels: Vec<i64> = students.iter().map(|x| admitted(x) as i64).collect();
    let chance = Chart::new("What the three nodes have learned", "test", "grades")
        .heat("probability", &plane, Shades::diverging().over(0.0..1.0))
        .levels("", &plane, [0.5])
        .classes(&["rejected", "admitted"], &Tensor::stack(students, 0).squeeze(-1), &Tensor::from(labels));
    Picture::of(chance).beside(curve).save(options.pictures.join("learning.svg"))?;
    Ok(())
}

/// The greatest difference between numbers in the same places; infinite where there are not as many, or one is not a number.
fn farthest(a: &[f64], b: &[f64]) -> f64 {
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    let farthest = differences.map(|d| if d.is_nan() { f64::INFINITY } else { d }).fold(0.0, f64::max);
    if a.len() == b.len() { farthest } else { f64::INFINITY }
}

fn listed(numbers: &[f64]) -> String {
    // A zero is shown without its sign.
    numbers.iter().map(|number| format!("{:7.4}", number + 0.0)).collect::<Vec<_>>().join(" ")
}

/// Computes the cotangent of every node of a network by hand, and holds it against the tape's.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How often to go through the students
    #[arg(long, default_value = "200")]
    epochs: NonZeroUsize,
    /// The folder for the pictures
    #[arg(long, default_value = "target/pictures/backpropagation")]
    pictures: PathBuf,
}

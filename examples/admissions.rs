//! The same college, but near the line it hesitates: `cargo run --release --example admissions`.
//!
//! A perceptron says yes or no, and cannot say how sure it is. Here the decisions are uncertain: of two students with equal results, one may be
//! accepted and the other rejected. So the node answers with a probability, and three ideas come in, on which all that is called deep
//! learning rests:
//!
//! - the **sigmoid** `1 / (1 + e^-s)` instead of the step makes a probability of the score s = W x + b;
//! - the **log-loss** says in one number how bad the probabilities are: the mean of `-ln p` of what really happened;
//! - **gradient descent** changes the weights by a small step in the direction in which the log-loss falls fastest. The gradient comes
//!   from the tape. Derived by hand it is `(p - y) x` for each student, which is what a perceptron does, only in proportion.

use clap::Parser;
use cotangent::{
    nn::{
        Loss as _,
        pictures::{Chart, Picture, PictureError, Plane, Shades},
    },
    prelude::*,
};
use std::{num::NonZeroUsize, path::PathBuf};

/// A node that answers with a probability.
#[derive(Module, Clone)]
struct Node {
    weights: Tensor,
    bias: Tensor,
}

impl Node {
    fn score(&self, students: &Tensor) -> Tensor {
        (students * &self.weights).sum(-1) + &self.bias
    }

    fn probability(&self, students: &Tensor) -> Tensor {
        self.score(students).sigmoid()
    }

    /// The log-loss, which is also called cross-entropy: the mean of `-ln p` for the accepted and of `-ln (1 - p)` for the rejected.
    fn log_loss(&self, class: &Class) -> Tensor {
        let p = self.probability(&class.students);
        let y = &class.accepted;
        -(y * p.ln() + (1 - y) * (1 - &p).ln()).mean(..)
    }

    /// The gradient of the log-loss as one derives it with pencil and paper. The derivative of the sigmoid is `p (1 - p)`, that of the
    /// logarithm `1 / p`, and what remains when they are multiplied is short: the mean of `(p - y) x`, and of `p - y` for the bias.
    fn gradient_by_hand(&self, class: &Class) -> Node {
        let error = self.probability(&class.students) - &class.accepted;
        Node { weights: (error.unsqueeze(1) * &class.students).mean(0), bias: error.mean(..) }
    }
}

/// Students with what was decided about them.
struct Class {
    /// `[n, 2]`: test and grades, each less 5, the middle of the scale. Around zero, all weights learn equally fast.
    students: Tensor,
    /// 1 or 0.
    accepted: Tensor,
}

/// Students of whom each is accepted with the probability sigmoid(2 test + grades - 18).
fn class(size: usize, rng: &mut Rng) -> Class {
    let results = rng.uniform([size, 2], DType::F64) * 10;
    let truth = Node { weights: Tensor::from([2.0, 1.0]), bias: Tensor::from(-18.0) };
    let accepted = rng.uniform([size], DType::F64).lt(&truth.probability(&results)).cast(DType::F64);
    Class { students: results - 5, accepted }
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let options = Options::parse();
    let mut rng = Rng::seed(options.seed);
    let (class, strangers) = (class(300, &mut rng), class(1000, &mut rng));

    // Gradient descent. It begins with a node that rejects who has low marks in the sum of both.
    let mut node = Node { weights: Tensor::from([1.0, 1.0]), bias: Tensor::from(0.0) };
    let (mut losses, mut difference) = (Vec::new(), 0.0f64);
    for step in 0..options.steps.get() {
        let (loss, gradient) = value_and_grad(&node, |node| node.log_loss(&class));
        losses.push(loss.item::<f64>());

        // Two ways to the same numbers.
        let by_hand = node.gradient_by_hand(&class);
        if step == 0 {
            println!("The gradient at the first step, from the tape and by hand:");
            println!("  weights {} and {}", gradient.weights, by_hand.weights);
            println!("  bias    {} and {}\n", gradient.bias, by_hand.bias);
            show_pulls(&node, &class);
        }
        difference = difference.max(farthest(&gradient, &by_hand));

        node.weights -= gradient.weights * RATE;
        node.bias -= gradient.bias * RATE;
        if step == 0 || (step + 1) % (options.steps.get().div_ceil(8)) == 0 {
            println!("step {:4}: log-loss {:.5}", step + 1, losses[step]);
        }
    }
    // The library's own loss takes the scores, so that a probability that is rounded to 0 or 1 does no harm.
    let loss = node.log_loss(&class).item::<f64>();
    let of_library = node.score(&class.students).binary_cross_entropy_with_logits(&class.accepted).item::<f64>();
    losses.push(loss);
    let rises = losses.windows(2).filter(|pair| pair[1] > pair[0]).count();
    println!(
        "\nThe log-loss at the end: {loss:.5}; by the library's function: {of_library:.5}. Steps at which it rose: {rises}."
    );
    println!("The two gradients never differed by more than {difference:.1e}.");

    let (weights, bias) = (node.weights.to_vec::<f64>(), node.bias.item::<f64>());
    let bias = bias - 5.0 * (weights[0] + weights[1]);
    println!("The score found:   {:.2} test + {:.2} grades - {:.2}", weights[0], weights[1], -bias);
    println!("The college's own: 2.00 test + 1.00 grades - 18.00");
    let accuracy = right_about(&node, &strangers);
    let truth = Node { weights: Tensor::from([2.0, 1.0]), bias: Tensor::from(-18.0 + 5.0 * 3.0) };
    println!(
        "It is right about {:.1} % of 1000 other students, of whom the college's own score is right about {:.1} %.",
        100.0 * accuracy,
        100.0 * right_about(&truth, &strangers)
    );

    draw(&options, &class, &node, &losses)?;
    println!("The pictures are in {}.", options.pictures.display());
    let (wrong, right) = pulls(&node, &class);
    println!(
        "result: log_loss={loss:.4} accuracy={accuracy:.3} rises={rises} gradient_difference={difference:.1e} \
         pull_misclassified={wrong:.2} pull_others={right:.2}"
    );
    Ok(())
}

/// The log-loss cannot rise while the rate is below 2 over its greatest curvature. That is at most a quarter of the mean squared length
/// of a student, here 1 + 2 * 8.3, for the derivative of the sigmoid is at most a quarter.
const RATE: f64 = 0.4;

/// The part of the students whose decision has a probability of at least a half.
fn right_about(node: &Node, class: &Class) -> f64 {
    let guessed = node.probability(&class.students).ge(0.5).cast(DType::F64);
    guessed.eq(&class.accepted).cast(DType::F64).mean(..).item()
}

/// The greatest difference between two gradients.
fn farthest(a: &Node, b: &Node) -> f64 {
    let weights = (&a.weights - &b.weights).abs().max(..).item::<f64>();
    weights.max((&a.bias - &b.bias).abs().item())
}

/// How strongly the students pull, `|p - y|`, in the mean of the misclassified and in the mean of the others.
fn pulls(node: &Node, class: &Class) -> (f64, f64) {
    let p = node.probability(&class.students);
    let pull = (&p - &class.accepted).abs().to_vec::<f64>();
    let mean = |of: &dyn Fn(f64) -> bool| {
        let some: Vec<f64> = pull.iter().copied().filter(|&pull| of(pull)).collect();
        some.iter().sum::<f64>() / some.len().max(1) as f64
    };
    (mean(&|pull| pull > 0.5), mean(&|pull| pull <= 0.5))
}

/// Prints the pull of some students: the misclassified pull more.
fn show_pulls(node: &Node, class: &Class) {
    println!("Each student pulls by (p - y) x. The misclassified pull more:\n");
    println!("  test  grades  accepted  probability  pull");
    let (students, accepted) = (class.students.to_vec::<f64>(), class.accepted.to_vec::<f64>());
    let p = node.probability(&class.students).to_vec::<f64>();
    for i in 0..8 {
        let (test, grades) = (students[2 * i] + 5.0, students[2 * i + 1] + 5.0);
        let pull = p[i] - accepted[i];
        let (answer, note) = (accepted[i] == 1.0, if pull.abs() > 0.5 { "  <- misclassified" } else { "" });
        println!(
            "  {test:4.1}  {grades:6.1}  {:>8}  {:11.3}  {pull:+.3}{note}",
            if answer { "yes" } else { "no" },
            p[i]
        );
    }
    let (wrong, right) = pulls(node, class);
    println!("\n  In the mean: {wrong:.2} for the misclassified, {right:.2} for the others.\n");
}

/// Draws the probability over the plane, how much each student pulls, and the descent.
fn draw(options: &Options, class: &Class, node: &Node, losses: &[f64]) -> Result<(), PictureError> {
    let probability = Plane::over(0.0..10.0, 0.0..10.0, |points| node.probability(&(points.cast(DType::F64) - 5)));
    let plane = Chart::new("How probable it is to be accepted", "test", "grades")
        .heat("probability", &probability, Shades::diverging().over(0.0..1.0))
        .levels("", &probability, [0.1, 0.5, 0.9])
        // As many students as can be told apart.
        .classes(&["rejected", "accepted"], &(class.students.narrow(0, 0, 100) + 5), &class.accepted.narrow(0, 0, 100));

    let surface = surface(options, class, node);
    Picture::of(plane).beside(surface).save(options.pictures.join("admissions.svg"))?;

    let (score, p) = (node.score(&class.students).to_vec::<f64>(), node.probability(&class.students).to_vec::<f64>());
    let accepted = class.accepted.to_vec::<f64>();
    let pull = |of: f64| {
        let students = score.iter().zip(&p).zip(&accepted).filter(|&(_, &y)| y == of);
        students.map(|((&score, &p), &y)| (score, (p - y).abs())).collect::<Vec<_>>()
    };
    let pulls = Chart::new("The misclassified pull more", "score", "pull |p - y|")
        .points("rejected", pull(0.0))
        .points("accepted", pull(1.0))
        .dashed(
            "",
            [(score.iter().copied().fold(0.0, f64::min), 0.5), (score.iter().copied().fold(0.0, f64::max), 0.5)],
        )
        .note((score.iter().copied().fold(0.0, f64::min), 0.56), "above: misclassified");
    let curve = Chart::new("The log-loss falls at every step", "step", "log-loss")
        .log_x()
        .curve("log-loss", losses.iter().copied());
    Picture::of(pulls).beside(curve).save(options.pictures.join("pulls.svg"))
}

/// The error for every pair of weights, and the way that gradient descent takes down. A picture has room for two numbers, so that the bias
/// keeps the value that was found.
fn surface(options: &Options, class: &Class, found: &Node) -> Chart {
    let error = Plane::over(-1.0..4.0, -1.0..4.0, |weights| {
        // A column of scores for each pair of weights. ln(1 + e^s) - y s is the log-loss of a score.
        let scores = class.students.matmul(&weights.cast(DType::F64).transpose(0, 1)) + &found.bias;
        (scores.softplus() - class.accepted.unsqueeze(1) * &scores).mean(0)
    });
    let mut node = Node { weights: Tensor::from([-0.5, 3.5]), bias: found.bias.clone() };
    let mut path = Vec::new();
    for _ in 0..=options.steps.get() {
        let weights = node.weights.to_vec::<f64>();
        path.push((weights[0], weights[1]));
        node.weights -= grad(&node, |node| node.log_loss(class)).weights * RATE;
    }
    // Every step of the beginning, and then only those that have moved on.
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for &at in &path {
        if steps.last().is_none_or(|last| (at.0 - last.0).hypot(at.1 - last.1) > 0.04) {
            steps.push(at);
        }
    }
    Chart::new("Descent on the error surface", "weight of test", "weight of grades")
        .heat("log-loss", &error, Shades::viridis())
        .levels("", &error, [0.25, 0.3, 0.4, 0.6, 0.8, 1.2, 1.6])
        .line("descent", path)
        .points("descent", steps)
        .note((-0.5, 3.5), "start")
}

/// Learns with what probability a college accepts a student.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many steps to descend
    #[arg(long, default_value = "2000")]
    steps: NonZeroUsize,
    /// The folder for the pictures
    #[arg(long, default_value = "target/pictures/admissions")]
    pictures: PathBuf,
}

//! A perceptron learns a college's rule of admission from its decisions: `cargo run --release --example perceptron`.
//!
//! The college does not tell its rule. It admits who has `2 test + grades - 18 > 0`, with a test and grades between 0 and 10, and we see only
//! who was accepted and who was not. A perceptron is the smallest of all networks: one node. It multiplies each of its inputs by the
//! weight of the edge on which it comes, adds a bias, and says yes if the sum is not below zero:
//!
//! ```text
//!   test ──── w1 ───╮
//!   grades ── w2 ───┼── sum ── step ── accepted, or not
//!   1 ─────── bias ─╯
//! ```
//!
//! In the plane of all students the places where the sum is zero form a line. To learn is to find the line that has the accepted on one
//! side and the rejected on the other.

use clap::Parser;
use cotangent::{
    nn::pictures::{Chart, Picture, PictureError, Plane},
    prelude::*,
};
use std::{num::NonZeroUsize, path::PathBuf};

/// A node: a weight for each input, and a bias.
#[derive(Clone)]
struct Perceptron {
    weights: Tensor,
    bias: Tensor,
}

impl Perceptron {
    /// A first guess: all inputs count the same, and their mean must be 5.
    fn guess(inputs: usize) -> Self {
        Perceptron { weights: Tensor::ones([inputs], DType::F64), bias: Tensor::from(-5.0 * inputs as f64) }
    }

    /// W x + b for one student `[inputs]` or for many `[n, inputs]`.
    fn score(&self, students: &Tensor) -> Tensor {
        (students * &self.weights).sum(-1) + &self.bias
    }

    /// The step function of the score: 1 is accepted, 0 is rejected.
    fn decide(&self, students: &Tensor) -> Tensor {
        self.score(students).ge(0).cast(DType::F64)
    }

    /// The perceptron trick, for one student: if the decision is right, nothing happens. If the student should have been accepted, the
    /// line is pulled so that the score of this student grows; if rejected, so that it falls. How far, the learning rate says.
    fn learn(&mut self, student: &Tensor, accepted: &Tensor, rate: f64) {
        let error = accepted - self.decide(student);
        self.weights += student * &error * rate;
        self.bias += error * rate;
    }

    fn misclassified(&self, class: &Class) -> usize {
        self.decide(&class.students).ne(&class.accepted).cast(DType::I64).sum(..).item::<i64>() as usize
    }

    /// All numbers, weights first.
    fn numbers(&self) -> Vec<f64> {
        [self.weights.to_vec(), self.bias.to_vec()].concat()
    }
}

/// Students with what was decided about them.
struct Class {
    /// One student in each row.
    students: Tensor,
    /// 1 or 0.
    accepted: Tensor,
}

impl Class {
    /// Students on whom a rule decides. Nobody is so near to it that a tenth in one subject would change the decision much: with
    /// such students a line would still exist, but finding it would take longer.
    fn of(rule: &Perceptron, size: usize, rng: &mut Rng) -> Class {
        let inputs = rule.weights.numel();
        let (mut students, mut accepted) = (Vec::new(), Vec::new());
        while accepted.len() < size {
            // Results have one decimal.
            let student = (rng.uniform([inputs], DType::F64) * 100).round() / 10;
            if rule.score(&student).item::<f64>().abs() >= 0.5 {
                accepted.push(rule.decide(&student));
                students.push(student);
            }
        }
        Class { students: Tensor::stack(students, 0), accepted: Tensor::stack(accepted, 0) }
    }
}

/// What became of a perceptron: itself after each epoch, the first guess included.
struct Training {
    stages: Vec<Perceptron>,
    misclassified: Vec<usize>,
}

/// Shows the students again and again, each time in another order, until all are classified rightly. That this ends, if there is
/// a line at all, is a theorem of Novikoff's (1962).
fn train(class: &Class, rate: f64, epochs: usize, rng: &mut Rng) -> Training {
    let mut node = Perceptron::guess(class.students.size(1));
    let (students, accepted) = (class.students.unbind(0), class.accepted.unbind(0));
    let mut training = Training { misclassified: vec![node.misclassified(class)], stages: vec![node.clone()] };
    for _ in 0..epochs {
        for i in rng.permutation(students.len()).to_vec::<i64>() {
            node.learn(&students[i as usize], &accepted[i as usize], rate);
        }
        training.misclassified.push(node.misclassified(class));
        training.stages.push(node.clone());
        if node.misclassified(class) == 0 {
            break;
        }
    }
    training
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let options = Options::parse();
    let mut rng = Rng::seed(options.seed);
    let rule = Perceptron { weights: Tensor::from([2.0, 1.0]), bias: Tensor::from(-18.0) };
    let class = Class::of(&rule, 100, &mut rng);
    let strangers = Class::of(&rule, 1000, &mut rng);

    println!("The college's rule, which the perceptron does not see: {}", equation(&rule));
    println!("Its decisions, which it sees: {} of 100 students accepted.\n", class.accepted.sum(..).item::<f64>());

    // One student, one pull.
    let guess = Perceptron::guess(2);
    let wrong = guess.decide(&class.students).ne(&class.accepted).cast(DType::F64);
    let worst = (guess.score(&class.students).abs() * wrong).argmax(0).item::<i64>() as usize;
    let (student, accepted) = (&class.students.unbind(0)[worst], &class.accepted.unbind(0)[worst]);
    let mut pulled = guess.clone();
    pulled.learn(student, accepted, 0.02);
    println!("A first guess: {}", equation(&guess));
    println!(
        "It is most wrong about the student with {}, who was {}: score {:.2}.",
        listed(student),
        if accepted.item::<f64>() == 1.0 { "accepted" } else { "rejected" },
        guess.score(student).item::<f64>()
    );
    println!("Pulled by that student, with a rate of 0.02: {}", equation(&pulled));
    println!("The score of that student is now {:.2}.\n", pulled.score(student).item::<f64>());

    let training = train(&class, RATE, options.epochs.get(), &mut rng.split());
    println!("Misclassified after each epoch, with a rate of {RATE}: {}", counts(&training.misclassified));
    let learned = &training.stages[training.stages.len() - 1];
    let unseen = 1.0 - learned.misclassified(&strangers) as f64 / 1000.0;
    println!("The line found: {}", equation(learned));
    println!("It decides as the college does for {:.1} % of 1000 other students.\n", 100.0 * unseen);

    // The same students in the same order, with other rates.
    let slow = train(&class, RATE / 30.0, options.epochs.get(), &mut rng.clone());
    let wild = train(&class, RATE * 3000.0, options.epochs.get(), &mut rng.clone());
    println!("Too small a rate, {}: {}", RATE / 30.0, counts(&slow.misclassified));
    println!("Too large a rate, {}: {}\n", RATE * 3000.0, counts(&wild.misclassified));

    // More features: the class rank, and the SAT score, all brought to the scale from 0 to 10. The line becomes a plane, and then
    // something in four dimensions that nobody can draw; the code remains the same, W x + b.
    let mut more = Vec::new();
    for (names, weights, bias) in [
        ("test, grades, rank", vec![2.0, 1.0, 1.0], -23.0),
        ("test, grades, rank, SAT", vec![2.0, 1.0, 1.0, 1.0], -28.0),
    ] {
        let rule = Perceptron { weights: Tensor::from_slice(&weights, [weights.len()])?, bias: Tensor::from(bias) };
        let class = Class::of(&rule, 100, &mut rng);
        let training = train(&class, RATE, options.epochs.get(), &mut rng);
        println!("With {names}, by the rule {}: {}", equation(&rule), counts(&training.misclassified));
        println!("found: {}\n", equation(&training.stages[training.stages.len() - 1]));
        more.push(training.misclassified[training.misclassified.len() - 1]);
    }

    draw(&options, &class, &training, (student, &guess, &pulled), [&slow, &training, &wild])?;
    println!("The pictures are in {}.", options.pictures.display());
    println!(
        "result: epochs={} misclassified={} unseen={unseen:.3} epochs_slow={} epochs_wild={} misclassified_3={} misclassified_4={}",
        training.misclassified.len() - 1,
        learned.misclassified(&class),
        slow.misclassified.len() - 1,
        wild.misclassified.len() - 1,
        more[0],
        more[1],
    );
    Ok(())
}

/// A rate with which a line moves by little for each student, and yet arrives after some epochs.
const RATE: f64 = 0.003;

/// `2.03 x1 + x2 - 18.2 = 0`: a line is the same when all of its numbers are multiplied by one, so that we can compare lines with x2 counted
/// once.
fn equation(node: &Perceptron) -> String {
    let numbers = node.numbers();
    let scale = numbers[1].abs().max(1e-12);
    let mut text = String::new();
    for (i, number) in numbers.iter().enumerate() {
        let sign = match (i, *number < 0.0) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        };
        let size = format!("{:.2}", number.abs() / scale);
        let size = if size.contains('.') { size.trim_end_matches('0').trim_end_matches('.') } else { &size };
        let is_bias = i == numbers.len() - 1;
        text += &match (is_bias, size) {
            (true, size) => format!("{sign}{size}"),
            (false, "1") => format!("{sign}x{}", i + 1),
            (false, size) => format!("{sign}{size} x{}", i + 1),
        };
    }
    text + " = 0"
}

fn listed(student: &Tensor) -> String {
    let results = student.to_vec::<f64>();
    format!("test {:.1} and grades {:.1}", results[0], results[1])
}

/// The first numbers and the last.
fn counts(counts: &[usize]) -> String {
    let text = |counts: &[usize]| counts.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
    match counts.len() {
        0..=16 => text(counts),
        n => format!("{} .. {} (after {} epochs)", text(&counts[..14]), counts[n - 1], n - 1),
    }
}

/// Draws one pull, the line at several stages, and the misclassified by epoch for three rates.
fn draw(
    options: &Options,
    class: &Class,
    training: &Training,
    (student, guess, pulled): (&Tensor, &Perceptron, &Perceptron),
    [slow, right, wild]: [&Training; 3],
) -> Result<(), PictureError> {
    let students = |title: &str| {
        let chart = Chart::new(title, "test", "grades").x_range(-0.3..10.3).y_range(-0.3..10.3).square();
        chart.classes(&["rejected", "accepted"], &class.students, &class.accepted)
    };
    // Two points of a line, far outside of the picture: where x2 = -(w1 x1 + b) / w2, or, for a steep line, x1 = -(w2 x2 + b) / w1.
    let line = |node: &Perceptron| {
        let [w1, w2, b] = node.numbers()[..] else { unreachable!("two weights and a bias") };
        let steep = w1.abs() > w2.abs();
        [-100.0, 100.0].map(|t| if steep { (-(w2 * t + b) / w1, t) } else { (t, -(w1 * t + b) / w2) })
    };
    let at = student.to_vec::<f64>();
    let pull = students("One student pulls the line")
        .line("before", line(guess))
        .line("after", line(pulled))
        .points("misclassified", [(at[0], at[1])]);

    let mut stages = students("The line while it learns").dashed("guess", line(&training.stages[0]));
    let last = training.stages.len() - 1;
    let mut shown: Vec<usize> = [1, 3].into_iter().filter(|&epoch| epoch < last).collect();
    shown.push(last);
    for epoch in shown {
        stages = stages.line(format!("epoch {epoch}"), line(&training.stages[epoch]));
    }
    Picture::of(pull).beside(stages).save(options.pictures.join("perceptron.svg"))?;

    let decided = Plane::over(-0.3..10.3, -0.3..10.3, |points| training.stages[last].decide(&points.cast(DType::F64)));
    let node = Chart::new("What the node says of every student", "test", "grades")
        .regions(&["rejected", "accepted"], &decided)
        .classes(&["rejected", "accepted"], &class.students, &class.accepted);
    Picture::of(node).save(options.pictures.join("node.svg"))?;

    let by_epoch = |training: &Training| -> Vec<(f64, f64)> {
        training.misclassified.iter().enumerate().map(|(epoch, &count)| (epoch as f64, count as f64)).collect()
    };
    let rates =
        Chart::new("Too small a step takes long, too large a step jumps over the goal", "epoch", "misclassified")
            .x_range(0.0..30.0)
            .line(format!("rate {}", RATE / 30.0), by_epoch(slow))
            .line(format!("rate {RATE}"), by_epoch(right))
            .line(format!("rate {}", RATE * 3000.0), by_epoch(wild));
    Picture::of(rates).save(options.pictures.join("learning-rate.svg"))
}

/// A perceptron learns a college's rule of admission from its decisions.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How often to go through the students at most
    #[arg(long, default_value = "300")]
    epochs: NonZeroUsize,
    /// The folder for the pictures
    #[arg(long, default_value = "target/pictures/perceptron")]
    pictures: PathBuf,
}

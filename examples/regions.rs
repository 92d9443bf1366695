//! From lines to regions: `cargo run --release --example regions`.
//!
//! One node can only draw a line. This program shows how lines become regions of any form:
//!
//! 1. two linear models, each a line, are combined: a third node takes what they say as its inputs;
//! 2. three nodes and the one that combines them are trained at once, as a network with a hidden layer. Nobody tells it which three lines
//!    to draw; we look at what it found;
//! 3. a deep network, whose layers combine regions of regions, separates two intertwined spirals;
//! 4. with three inputs the lines become planes, and the same code learns a region in space.

use clap::Parser;
use cotangent::{
    nn::{
        Loss as _,
        pictures::{Chart, Picture, PictureError, Plane, Shades},
    },
    prelude::*,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{f32::consts::TAU, num::NonZeroUsize, path::PathBuf};

/// Layers of nodes, each fully connected with the next. The last has one node.
#[derive(Module, Clone)]
struct Network {
    layers: Vec<Linear>,
}

impl Network {
    /// A network with this many inputs, nodes in the hidden layers, and outputs.
    fn new(sizes: &[usize], rng: &mut Rng) -> Self {
        Network { layers: sizes.windows(2).map(|pair| Linear::new(pair[0], pair[1], rng)).collect() }
    }

    /// The score of each point `[n, inputs]`, positive for yes.
    fn score(&self, x: &Tensor) -> Tensor {
        let (last, hidden) = self.layers.split_last().expect("a network has layers");
        // Between two layers there must be something that is not linear, or both would be one: tanh, a sigmoid from -1 to 1.
        let x = hidden.iter().fold(x.clone(), |x, layer| layer.forward(&x).tanh());
        last.forward(&x).squeeze(-1)
    }

    fn says_yes(&self, x: &Tensor) -> Tensor {
        self.score(x).gt(0).cast(DType::I64)
    }

    fn accuracy(&self, points: &Points) -> f64 {
        self.says_yes(&points.x).eq(&points.y).cast(DType::F64).mean(..).item()
    }

    /// Gradient descent by Adam on the log-loss of all points. Returns the last loss.
    fn train(&mut self, points: &Points, steps: usize, bar: &ProgressBar) -> f32 {
        let target = points.y.cast(DType::F32);
        let mut adam = Adam::new(RATE);
        // At the end smaller steps, so that it comes to rest.
        let rate = schedule::Cosine::new(RATE, steps as u64);
        let mut last = f32::NAN;
        for step in 0..steps {
            adam.set_lr(rate.lr(step as u64));
            let (loss, gradient) =
                value_and_grad(&*self, |network| network.score(&points.x).binary_cross_entropy_with_logits(&target));
            adam.step(self, &gradient);
            last = loss.item();
            bar.inc(1);
        }
        last
    }
}

/// Thirty times the usual rate of Adam: these networks are small, and all points are in every step.
const RATE: f64 = 3e-2;

/// Points and the answer for each.
struct Points {
    /// `[n, inputs]`
    x: Tensor,
    /// 0 or 1.
    y: Tensor,
}

impl Points {
    /// Points in a square or cube of side 2 around zero, with the answer of a rule.
    fn by_rule(size: usize, inputs: usize, rng: &mut Rng, rule: impl Fn(&[f32]) -> bool) -> Points {
        let x = rng.uniform_range(-1.0, 1.0, [size, inputs], DType::F32);
        let y: Vec<i64> = x.to_vec::<f32>().chunks(inputs).map(|point| i64::from(rule(point))).collect();
        Points { x, y: Tensor::from(y) }
    }

    /// Two spirals of two turns, one inside the other.
    fn spirals(size: usize, rng: &mut Rng) -> Points {
        let (mut x, mut y) = (Vec::new(), Vec::new());
        let (along, noise) = (rng.uniform([size], DType::F32), rng.normal([size, 2], DType::F32) * 0.02);
        for (i, (along, noise)) in along.to_vec::<f32>().iter().zip(noise.to_vec::<f32>().chunks(2)).enumerate() {
            let class = i % 2;
            // The root makes the points equally dense along the spiral.
            let distance = 0.1 + 0.85 * along.sqrt();
            let angle = TAU * 2.5 * distance + TAU / 2.0 * class as f32;
            x.extend([distance * angle.cos() + noise[0], distance * angle.sin() + noise[1]]);
            y.push(class as i64);
        }
        Points { x: Tensor::from_vec(x, [size, 2]).expect("two numbers for each point"), y: Tensor::from(y) }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let options = Options::parse();
    let mut rng = Rng::seed(options.seed);
    let steps = options.steps.get();
    // The bar is not drawn where the output is no terminal.
    let bar = ProgressBar::new(10 * steps as u64).with_style(ProgressStyle::with_template("{bar:30} {msg}")?);

    bar.set_message("two linear models");
    let combined = combine_two(&options, steps, &mut rng, &bar)?;
    bar.set_message("a hidden layer");
    let hidden = hidden_layer(&options, steps, &mut rng, &bar)?;
    bar.set_message("spirals");
    let spirals = deep(&options, steps, &mut rng, &bar)?;
    bar.set_message("three inputs");
    let three = three_inputs(&options, steps, &mut rng, &bar)?;
    bar.finish_and_clear();

    println!("The pictures are in {}.", options.pictures.display());
    println!(
        "result: single={:.3} combined={:.3} hidden={hidden:.3} spirals={spirals:.3} three_inputs={three:.3}",
        combined.0, combined.1
    );
    Ok(())
}

/// Two professors judge students, each by a line; the college accepts whom both accept. Returns how often the better of the professors agrees
/// with the college, and how often their combination does, about students that were not learned from.
fn combine_two(options: &Options, steps: usize, rng: &mut Rng, bar: &ProgressBar) -> Result<(f64, f64), PictureError> {
    let first = |p: &[f32]| p[0] + 0.3 * p[1] > -0.2;
    let second = |p: &[f32]| p[1] - 0.4 * p[0] > -0.1;
    let both = |p: &[f32]| first(p) && second(p);
    let mut model = |rule: &dyn Fn(&[f32]) -> bool| {
        let mut model = Network::new(&[2, 1], rng);
        model.train(&Points::by_rule(400, 2, rng, rule), steps, bar);
        model
    };
    let (one, two) = (model(&first), model(&second));

    // What the two models say of a point, their probabilities, are the inputs of a third.
    let opinions = |x: &Tensor| Tensor::stack([one.score(x).sigmoid(), two.score(x).sigmoid()], 1);
    let (train, test) = (Points::by_rule(400, 2, rng, both), Points::by_rule(2000, 2, rng, both));
    let mut judge = Network::new(&[2, 1], rng);
    judge.train(&Points { x: opinions(&train.x), y: train.y.clone() }, steps, bar);
    let combined = judge.accuracy(&Points { x: opinions(&test.x), y: test.y.clone() });
    let single = one.accuracy(&test).max(two.accuracy(&test));

    let (weights, bias) = (judge.layers[0].weight.to_vec::<f32>(), judge.score(&Tensor::zeros([1, 2], DType::F32)));
    println!(
        "1. Two linear models, combined: sigmoid({:.1} p1 + {:.1} p2 - {:.1})",
        weights[0],
        weights[1],
        -bias.item::<f32>()
    );
    println!(
        "   The college agrees with the better of the two in {:.1} %, with their combination in {:.1} %.\n",
        100.0 * single,
        100.0 * combined
    );

    let chart = |title: &str, f: &dyn Fn(&Tensor) -> Tensor| {
        let plane = Plane::over(-1.0..1.0, -1.0..1.0, f);
        Chart::new(title, "test", "grades").heat("probability", &plane, Shades::diverging().over(0.0..1.0)).levels(
            "",
            &plane,
            [0.5],
        )
    };
    let few = |t: &Tensor| t.narrow(0, 0, 100);
    let region = Chart::new("The college, and their sum", "test", "grades")
        .regions(&["no", "yes"], &Plane::over(-1.0..1.0, -1.0..1.0, |x| judge.says_yes(&opinions(x))))
        .classes(&["no", "yes"], &few(&train.x), &few(&train.y));
    Picture::of(chart("Model 1", &|x| one.score(x).sigmoid()))
        .beside(chart("Model 2", &|x| two.score(x).sigmoid()))
        .below(chart("The sigmoid of their weighted sum", &|x| judge.score(&opinions(x)).sigmoid()))
        .beside(region)
        .save(options.pictures.join("combined.svg"))?;
    Ok((single, combined))
}

/// A network with a hidden layer of three nodes learns a triangle: three lines, and yes on one side of each. Returns its accuracy on points
/// that it did not see.
fn hidden_layer(options: &Options, steps: usize, rng: &mut Rng, bar: &ProgressBar) -> Result<f64, PictureError> {
    let triangle = |p: &[f32]| p[1] > -0.55 && p[1] < 0.7 - 1.5 * p[0].abs();
    let (train, test) = (Points::by_rule(600, 2, rng, triangle), Points::by_rule(2000, 2, rng, triangle));
    // With so few nodes, some starts end where two nodes draw the same line: the best of four by the points that are learned from.
    let mut attempts = Vec::new();
    for _ in 0..4 {
        let mut network = Network::new(&[2, 3, 1], rng);
        let loss = network.train(&train, steps, bar);
        attempts.push((loss, network));
    }
    attempts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let losses: Vec<String> = attempts.iter().map(|(loss, _)| format!("{loss:.3}")).collect();
    let network = &attempts[0].1;
    let accuracy = network.accuracy(&test);
    println!(
        "2. A network 2-3-1 learns a triangle: {:.1} % of new points. Log-loss of four starts: {}.",
        100.0 * accuracy,
        losses.join(" ")
    );

    let score = |x: &Tensor| network.layers[0].forward(x);
    let weights = network.layers[0].weight.to_vec::<f32>();
    let biases = score(&Tensor::zeros([1, 2], DType::F32)).to_vec::<f32>();
    let on_edges = network.layers[1].weight.to_vec::<f32>();
    let mut charts = Vec::new();
    let mut whole = Chart::new("What they combine to", "x1", "x2")
        .regions(&["no", "yes"], &Plane::over(-1.0..1.0, -1.0..1.0, |x| network.says_yes(x)));
    for unit in 0..3 {
        let name = format!("hidden node {}", unit + 1);
        let line = Plane::over(-1.0..1.0, -1.0..1.0, |x| score(x).narrow(1, unit, 1));
        // A node that counts negatively in the sum says yes where its own score is negative.
        let counts = on_edges[unit];
        let side = Plane::over(-1.0..1.0, -1.0..1.0, |x| (score(x).narrow(1, unit, 1) * counts).gt(0));
        println!(
            "   {name}: the line {:.2} x1 {:+.2} x2 {:+.2} = 0, weight {counts:.2}",
            weights[2 * unit],
            weights[2 * unit + 1],
            biases[unit],
        );
        charts.push(Chart::new(&name, "x1", "x2").regions(&["no", "yes"], &side).levels("its line", &line, [0.0]));
        whole = whole.levels("their lines", &line, [0.0]);
    }
    println!();
    let few = |t: &Tensor| t.narrow(0, 0, 120);
    charts.push(whole.classes(&["no", "yes"], &few(&train.x), &few(&train.y)));
    Picture::grid(2, charts).save(options.pictures.join("regions.svg"))?;
    Ok(accuracy)
}

/// A deep network separates two spirals. Returns its accuracy on points that it did not see.
fn deep(options: &Options, steps: usize, rng: &mut Rng, bar: &ProgressBar) -> Result<f64, PictureError> {
    let (train, test) = (Points::spirals(600, rng), Points::spirals(2000, rng));
    let mut network = Network::new(&[2, 32, 32, 1], rng);
    network.train(&train, steps, bar);
    let accuracy = network.accuracy(&test);
    let mut line = Network::new(&[2, 1], rng);
    line.train(&train, steps, bar);
    println!("3. A deep network 2-32-32-1 separates two spirals: {:.1} % of new points.", 100.0 * accuracy);
    println!("   A single node, which can only draw a line: {:.1} %.\n", 100.0 * line.accuracy(&test));

    let side = -1.1..1.1;
    let first = Plane::over(side.clone(), side.clone(), |x| network.layers[0].forward(x).tanh().narrow(1, 0, 1));
    let second = |x: &Tensor| network.layers[1].forward(&network.layers[0].forward(x).tanh()).tanh();
    let second = Plane::over(side.clone(), side.clone(), |x| second(x).narrow(1, 0, 1));
    let node = |title: &str, plane: &Plane| {
        Chart::new(title, "x1", "x2").heat("value", plane, Shades::diverging().over(-1.0..1.0))
    };
    let few = |t: &Tensor| t.narrow(0, 0, 160);
    let region = |title: &str, network: &Network| {
        Chart::new(title, "x1", "x2")
            .regions(&["0", "1"], &Plane::over(side.clone(), side.clone(), |x| network.says_yes(x)))
            .classes(&["0", "1"], &few(&train.x), &few(&train.y))
    };
    Picture::of(node("A node of the first layer", &first))
        .beside(node("A node of the second layer", &second))
        .below(region("A single node: a line", &line))
        .beside(region("The whole network", &network))
        .save(options.pictures.join("spirals.svg"))?;
    Ok(accuracy)
}

/// With three inputs: a ball, from the planes of sixteen hidden nodes. Returns the accuracy on points that the network did not see.
fn three_inputs(options: &Options, steps: usize, rng: &mut Rng, bar: &ProgressBar) -> Result<f64, PictureError> {
    let ball = |p: &[f32]| p.iter().map(|x| x * x).sum::<f32>() < 0.7;
    let (train, test) = (Points::by_rule(1000, 3, rng, ball), Points::by_rule(2000, 3, rng, ball));
    let mut network = Network::new(&[3, 16, 1], rng);
    network.train(&train, steps, bar);
    let accuracy = network.accuracy(&test);
    println!("4. A network 3-16-1 learns a ball in space: {:.1} % of new points.\n", 100.0 * accuracy);

    let slices = [-0.6, 0.0, 0.6].map(|height: f64| {
        let plane = Plane::over(-1.0..1.0, -1.0..1.0, |x| network.says_yes(&x.pad([(0, 0), (0, 1)], height)));
        // The true ball in this slice.
        let radius = (0.7 - height * height).max(0.0).sqrt();
        let circle =
            (0..=60).map(|i| f64::from(i) / 60.0 * f64::from(TAU)).map(|a| (radius * a.cos(), radius * a.sin()));
        Chart::new(format!("x3 = {height}"), "x1", "x2").regions(&["no", "yes"], &plane).dashed("the ball", circle)
    });
    Picture::grid(3, slices).save(options.pictures.join("three-inputs.svg"))?;
    Ok(accuracy)
}

/// Shows how networks combine lines to regions.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many steps each of the networks learns
    #[arg(long, default_value = "3000")]
    steps: NonZeroUsize,
    /// The folder for the pictures
    #[arg(long, default_value = "target/pictures/regions")]
    pictures: PathBuf,
}

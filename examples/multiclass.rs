//! More than two answers: `cargo run --release --example multiclass`.
//!
//! So far one node said yes or no. To tell three species apart, a network has three output nodes, a score for each. **Softmax** makes
//! probabilities of the scores: e to the power of each, divided by their sum. All are positive and add up to 1, and with two classes it is
//! the sigmoid of the difference of their scores. What is learned from is still the log-loss: the mean of `-ln p` of the true class.
//!
//! - Flowers: 150 irises of three species, by the length and width of their petals and sepals (R. A. Fisher, 1936).
//! - Wines: 178 from three growers, by 13 measurements of their chemistry. The network has to pass on all it knows of a wine as
//!   two numbers, and so it draws a map of wines.
//!
//! Where the tables come from is in `examples/data/README.md`.

use clap::Parser;
use cotangent::{
    nn::{
        accuracy, confusion_matrix,
        data::{csv, split},
        pictures::{Chart, Matrix, Picture, PictureError, Plane, Shades},
    },
    prelude::*,
};
use std::{num::NonZeroUsize, path::PathBuf};

/// Layers of nodes, with a score for each class at the end.
#[derive(Module, Clone)]
struct Network {
    /// Mean and standard deviation of each input, of the examples that were learned from: one is in milligrams, another in percent.
    #[module(buffer)]
    inputs: (Tensor, Tensor),
    layers: Vec<Linear>,
}

impl Network {
    /// A network with this many inputs, hidden nodes and classes, that has learned from these examples.
    fn trained(sizes: &[usize], examples: &Examples, steps: usize, rng: &mut Rng) -> Self {
        let layers = sizes.windows(2).map(|pair| Linear::new(pair[0], pair[1], rng)).collect();
        let mut network = Network { inputs: (examples.x.mean(0), examples.x.std(0, 1)), layers };
        // Few examples are soon learned by heart, with great weights; the decay pulls weights that are of no use back to zero.
        let mut adam = AdamW::new(RATE).weight_decay(1.0);
        let rate = schedule::Cosine::new(RATE, steps as u64);
        for step in 0..steps {
            adam.set_lr(rate.lr(step as u64));
            let gradient = grad(&network, |network| network.scores(&examples.x).cross_entropy(&examples.y));
            adam.step(&mut network, &gradient);
        }
        network
    }

    fn scores(&self, x: &Tensor) -> Tensor {
        let (mean, deviation) = &self.inputs;
        self.layers_from(0, (x - mean) / deviation)
    }

    /// What the layers from this one on make of what comes to them. Between two layers there is a tanh.
    fn layers_from(&self, first: usize, x: Tensor) -> Tensor {
        let (last, hidden) = self.layers[first..].split_last().expect("a network has layers");
        last.forward(&hidden.iter().fold(x, |x, layer| layer.forward(&x).tanh()))
    }

    /// What the first hidden layer makes of the inputs.
    fn hidden(&self, x: &Tensor) -> Tensor {
        let (mean, deviation) = &self.inputs;
        self.layers[0].forward(&((x - mean) / deviation)).tanh()
    }
}

/// Ten times the usual rate of Adam: these networks are small, and all examples are in every step.
const RATE: f64 = 1e-2;

/// Measurements `[n, inputs]` with the class of each, `[n]`.
struct Examples {
    x: Tensor,
    y: Tensor,
}

impl Examples {
    fn of(table: &csv::Table, places: &[usize]) -> Self {
        let places = Tensor::from(places.iter().map(|&place| place as i64).collect::<Vec<_>>());
        Examples { x: table.x.index_select(0, &places), y: table.y.index_select(0, &places) }
    }

    /// Two parts, each with its share of every class: to learn from, and to be looked at once, at the end.
    fn parts(table: &csv::Table, rng: &mut Rng) -> (Self, Self) {
        let [train, test] = split::stratified(&table.y, [0.7, 0.3], rng);
        (Examples::of(table, &train), Examples::of(table, &test))
    }
}

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let options = Options::parse();
    let mut rng = Rng::seed(options.seed);
    let flowers = csv::Reader::new().label("species").parse(include_bytes!("data/iris.csv"))?;
    let wines = csv::Reader::new().label("grower").parse(include_bytes!("data/wine.csv"))?;

    let (iris, linear) = learn_flowers(&options, &flowers, &mut rng)?;
    let wine = learn_wines(&options, &wines, &mut rng)?;

    println!(
        "3. A test part is small, and luck counts: one flower more or less is 2.2 %. So once more, with all examples: in five"
    );
    println!("   rounds each fifth is judged by a network that learned from the other four.\n");
    let iris_rounds = five_rounds(&flowers, IRIS, &options, &mut rng);
    let wine_rounds = five_rounds(&wines, WINE, &options, &mut rng);
    let part_right =
        |counts: &Tensor| counts.diagonal(0, 0, 1).sum(..).item::<i64>() as f64 / counts.sum(..).item::<i64>() as f64;
    let (iris_folds, wine_folds) = (part_right(&iris_rounds), part_right(&wine_rounds));
    println!(
        "   Of all flowers {:.1} % are named right, of all wines {:.1} %.",
        100.0 * iris_folds,
        100.0 * wine_folds
    );
    let matrix = |title: &str, counts: &Tensor, classes: &[String]| {
        Matrix::new(title, "taken for", "is", counts).labels(classes, classes)
    };
    Picture::of(matrix("Flowers: which was taken for which", &iris_rounds, &flowers.classes))
        .beside(matrix("Wines: whose was taken for whose", &wine_rounds, &wines.classes))
        .save(options.pictures.join("confusion.svg"))?;

    println!("\nThe pictures are in {}.", options.pictures.display());
    println!(
        "result: iris={iris:.3} iris_lines={linear:.3} wine={wine:.3} iris_folds={iris_folds:.3} wine_folds={wine_folds:.3}"
    );
    Ok(())
}

/// Inputs, hidden nodes and classes of the network for flowers.
const IRIS: &[usize] = &[4, 8, 3];
/// That for wines: all that is known of a wine goes through two nodes.
const WINE: &[usize] = &[13, 2, 8, 3];

/// Learns to name flowers. Returns the accuracy on flowers that were not learned from, and that of a network without a hidden layer.
fn learn_flowers(options: &Options, flowers: &csv::Table, rng: &mut Rng) -> Result<(f64, f64)> {
    let steps = options.steps.get();
    let (train, test) = Examples::parts(flowers, rng);
    let network = Network::trained(IRIS, &train, steps, rng);
    println!(
        "1. Flowers: {} to learn from, {} to test. From scores to probabilities:\n",
        train.y.numel(),
        test.y.numel()
    );

    // The flower that the network is least sure of shows softmax best.
    let scores = network.scores(&test.x);
    let least_sure = scores.softmax(-1).max(1).argmin(0).item::<i64>() as isize;
    let (of_flower, truth) = (scores.select(0, least_sure), test.y.select(0, least_sure).item::<i64>() as usize);
    let powers = of_flower.exp();
    let by_hand = &powers / powers.sum(..);
    let (of_flower, powers, p) = (of_flower.to_vec::<f32>(), powers.to_vec::<f32>(), by_hand.to_vec::<f32>());
    println!("   {:10} {:>8} {:>10} {:>12}", "species", "score s", "e^s", "probability");
    for (class, name) in flowers.classes.iter().enumerate() {
        let mark = if class == truth { "   <- what it is" } else { "" };
        println!("   {name:10} {:8.2} {:10.3} {:12.3}{mark}", of_flower[class], powers[class], p[class]);
    }
    let difference = (&by_hand - scores.softmax(-1).select(0, least_sure)).abs().max(..).item::<f32>();
    println!(
        "   Its log-loss is -ln {:.3} = {:.3}. The library's softmax differs by {difference:.1e}.\n",
        p[truth],
        -p[truth].ln()
    );
    let right = accuracy(&scores, &test.y);
    println!("   The network names {:.1} % of the test part right.", 100.0 * right);

    // A picture has room for two measurements. Without a hidden layer, each two species are divided by a line.
    let petals = |examples: &Examples| Examples { x: examples.x.narrow(1, 2, 2), y: examples.y.clone() };
    let (train, test) = (petals(&train), petals(&test));
    let linear = Network::trained(&[2, 3], &train, steps, rng);
    let curved = Network::trained(&[2, 8, 3], &train, steps, rng);
    let lines = accuracy(&linear.scores(&test.x), &test.y);
    println!(
        "   By the petals alone, drawn in flowers.svg: {:.1} % without a hidden layer, {:.1} % with one.\n",
        100.0 * lines,
        100.0 * accuracy(&curved.scores(&test.x), &test.y)
    );
    draw_flowers(options, flowers, &test, [&linear, &curved])?;
    Ok((right, lines))
}

fn draw_flowers(
    options: &Options,
    flowers: &csv::Table,
    test: &Examples,
    networks: [&Network; 2],
) -> Result<(), PictureError> {
    let names: Vec<&str> = flowers.classes.iter().map(String::as_str).collect();
    let plane = |f: &dyn Fn(&Tensor) -> Tensor| Plane::over(0.0..8.0, 0.0..3.0, f);
    let [linear, curved] = networks;
    let regions = |title: &str, network: &Network| {
        Chart::new(title, "petal length in cm", "petal width in cm")
            .regions(&names, &plane(&|x| network.scores(x).argmax(-1)))
            .classes(&names, &test.x, &test.y)
    };
    let sure = plane(&|x| curved.scores(x).softmax(-1).max(1));
    let sure = Chart::new("How sure: the greatest probability", "petal length in cm", "petal width in cm").heat(
        "",
        &sure,
        // A third is the least that the greatest of three can be.
        Shades::viridis().over(1.0 / 3.0..1.0),
    );
    // From the smallest flower to the largest: what softmax says on the way, where three probabilities share the whole.
    const STOPS: i64 = 120;
    let lengths = Tensor::arange(0, STOPS + 1, 1).cast(DType::F32) * (6.0 / STOPS as f32) + 1;
    // The petals of irises are about 0.4 times as wide as they are long beyond the first centimetre.
    let way = Tensor::stack([&lengths, &(0.1 + 0.4 * (&lengths - 1))], 1);
    let shares = curved.scores(&way).softmax(-1);
    let mut softmax = Chart::new("Softmax from small to large petals", "petal length in cm", "probability");
    for (class, name) in names.iter().enumerate() {
        let shares = shares.select(1, class as isize).to_vec::<f32>();
        softmax = softmax.line(*name, lengths.to_vec::<f32>().into_iter().zip(shares));
    }
    Picture::of(regions("No hidden layer: lines", linear))
        .beside(regions("Eight hidden nodes", curved))
        .below(sure)
        .beside(softmax.square())
        .save(options.pictures.join("flowers.svg"))
}

/// Learns whose a wine is, through two nodes. Returns the accuracy on wines that were not learned from.
fn learn_wines(options: &Options, wines: &csv::Table, rng: &mut Rng) -> Result<f64> {
    let (train, test) = Examples::parts(wines, rng);
    let network = Network::trained(WINE, &train, options.steps.get(), rng);
    let right = accuracy(&network.scores(&test.x), &test.y);
    println!(
        "2. Wines: {} to learn from, {} to test, of which the network names {:.1} % right.",
        train.y.numel(),
        test.y.numel(),
        100.0 * right
    );
    println!("   All it knows of a wine are two numbers of its own making: wines.svg is the map.\n");

    let names: Vec<&str> = wines.classes.iter().map(String::as_str).collect();
    let map = Plane::over(-1.1..1.1, -1.1..1.1, |place| network.layers_from(1, place.clone()).argmax(-1));
    let map = Chart::new("The map that the network draws, with the wines of the test", "first node", "second node")
        .regions(&names, &map)
        .classes(&names, &network.hidden(&test.x), &test.y);
    let weights = Matrix::new("What the two nodes look at: their weights", "", "node", &network.layers[0].weight)
        .labels(["first", "second"], &wines.columns)
        .shades(Shades::diverging());
    Picture::of(map).below(weights).save(options.pictures.join("wines.svg"))?;
    Ok(right)
}

/// How often each class was taken for which, where each fifth of the examples is judged by a network that learned from the others.
fn five_rounds(table: &csv::Table, sizes: &[usize], options: &Options, rng: &mut Rng) -> Tensor {
    let mut counts = Tensor::zeros([table.classes.len(), table.classes.len()], DType::I64);
    for fold in split::stratified_k_fold(&table.y, 5, rng) {
        let (train, held_out) = (Examples::of(table, &fold.train), Examples::of(table, &fold.validation));
        let network = Network::trained(sizes, &train, options.steps.get(), rng);
        counts += confusion_matrix(&network.scores(&held_out.x), &held_out.y);
    }
    counts
}

/// Tells apart three kinds of flowers, and three kinds of wine.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many steps each network learns
    #[arg(long, default_value = "500")]
    steps: NonZeroUsize,
    /// The folder for the pictures
    #[arg(long, default_value = "target/pictures/multiclass")]
    pictures: PathBuf,
}

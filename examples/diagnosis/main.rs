//! Is the tumour malignant, and how far can the answer be trusted? `cargo run --release --example diagnosis`.
//!
//! Cells were taken from 569 tumours and measured under the microscope: how large their nuclei are, how even, how dented. A network learns
//! to give the probability of cancer. An accuracy alone says little about such a network, and so this program asks four questions:
//!
//! - How well does it **separate** the ill from the healthy? The ROC curve shows every bargain between missed illness and false alarm.
//! - Can its probabilities be **believed**? Of those to whom it gives 30 %, about 30 % must be ill: the calibration plot.
//! - Where to draw the **line**? That depends on what a mistake costs, and to miss a cancer is far worse than to look once more.
//! - Which **inputs** does it go by? What happens when one is shuffled, and in which direction each one pulls.
//!
//! `drawings.rs` has the pictures. Where the table comes from is in `examples/data/README.md`. And needless to say: this is an example of a
//! library, and no medical device.

mod drawings;

use clap::Parser;
use cotangent::{
    nn::{
        Loss as _,
        data::{csv, split},
        metrics::roc_auc,
    },
    prelude::*,
};
use std::{num::NonZeroUsize, path::PathBuf};

/// How many false alarms are as bad as one cancer that is missed. A choice, and not one for a network to make.
const MISS: f64 = 10.0;

/// Thirty numbers come in, the score of illness comes out.
#[derive(Module, Clone)]
struct Network {
    /// Mean and standard deviation of each input.
    #[module(buffer)]
    inputs: (Tensor, Tensor),
    hidden: Linear,
    output: Linear,
}

impl Network {
    /// A network that has learned from these patients.
    fn trained(patients: &Patients, steps: usize, rng: &mut Rng) -> Self {
        let inputs = (patients.x.mean(0), patients.x.std(0, 1));
        let (hidden, output) = (Linear::new(patients.x.size(1), 16, rng), Linear::new(16, 1, rng));
        let mut network = Network { inputs, hidden, output };
        let ill = patients.ill.cast(DType::F32);
        // The decay keeps weights small: else the network learns its few patients by heart, and is far too sure of the others.
        let mut adam = AdamW::new(RATE).weight_decay(1.0);
        let rate = schedule::Cosine::new(RATE, steps as u64);
        for step in 0..steps {
            adam.set_lr(rate.lr(step as u64));
            let loss = |network: &Network| network.score(&patients.x).binary_cross_entropy_with_logits(&ill);
            let gradient = grad(&network, loss);
            adam.step(&mut network, &gradient);
        }
        network
    }

    /// The score of each patient, which is the logarithm of the odds p / (1 - p) to be ill.
    fn score(&self, x: &Tensor) -> Tensor {
        let (mean, deviation) = &self.inputs;
        let x = (x - mean) / deviation;
        self.output.forward(&self.hidden.forward(&x).tanh()).squeeze(-1)
    }
}

/// Ten times the usual rate of Adam: the network is small, and all patients are in every step.
const RATE: f64 = 1e-2;

/// Several doctors, and what they say in the mean.
struct Committee(Vec<Network>);

impl Committee {
    fn score(&self, x: &Tensor) -> Tensor {
        Tensor::stack(self.0.iter().map(|network| network.score(x)).collect::<Vec<_>>(), 0).mean(0)
    }

    fn log_loss(&self, x: &Tensor, patients: &Patients) -> f64 {
        f64::from(self.score(x).binary_cross_entropy_with_logits(&patients.ill.cast(DType::F32)).item::<f32>())
    }
}

/// Measurements `[n, 30]`, and whether each patient is ill, `[n]`.
struct Patients {
    x: Tensor,
    ill: Tensor,
}

impl Patients {
    fn at(&self, places: &[usize]) -> Patients {
        let places = Tensor::from(places.iter().map(|&place| place as i64).collect::<Vec<_>>());
        Patients { x: self.x.index_select(0, &places), ill: self.ill.index_select(0, &places) }
    }
}

/// What was said of each patient, by networks that did not know the patient, and what was true.
#[derive(Clone, Default)]
pub(crate) struct Opinions(Vec<(f64, bool)>);

impl Opinions {
    fn add(&mut self, scores: &Tensor, patients: &Patients) {
        let ill = patients.ill.to_vec::<i64>();
        self.0.extend(scores.sigmoid().to_vec::<f32>().into_iter().map(f64::from).zip(ill.iter().map(|&ill| ill == 1)));
    }

    fn auc(&self) -> f64 {
        let (p, ill): (Vec<f64>, Vec<bool>) = self.0.iter().copied().unzip();
        roc_auc(&Tensor::from(p), &Tensor::from(ill))
    }

    /// The mean of `(p - y)²`, the score of G. W. Brier: 0 for a prophet, 0.25 for who always says one half.
    fn brier(&self) -> f64 {
        let squares = self.0.iter().map(|&(p, ill)| (p - f64::from(u8::from(ill))).powi(2));
        squares.sum::<f64>() / self.0.len() as f64
    }

    /// What comes of it when all from this probability on are taken for ill.
    fn at(&self, threshold: f64) -> Outcome {
        let count = |ill: bool, alarm: bool| {
            self.0.iter().filter(|&&(p, is_ill)| is_ill == ill && (p >= threshold) == alarm).count() as f64
        };
        Outcome {
            found: count(true, true),
            missed: count(true, false),
            alarms: count(false, true),
            cleared: count(false, false),
        }
    }

    /// The threshold that would have cost least, of 0.01, 0.02, .., 0.99: where several cost the same, the middle one.
    fn cheapest(&self) -> f64 {
        let cost = |percent: &u32| self.at(f64::from(*percent) / 100.0).cost();
        let least = (1..100).map(|percent| cost(&percent)).fold(f64::INFINITY, f64::min);
        let cheapest: Vec<u32> = (1..100).filter(|percent| cost(percent) == least).collect();
        f64::from(cheapest[cheapest.len() / 2]) / 100.0
    }
}

/// How many patients had which fate.
#[derive(Clone, Copy)]
pub(crate) struct Outcome {
    found: f64,
    missed: f64,
    alarms: f64,
    cleared: f64,
}

impl Outcome {
    /// The part of the ill who are found.
    fn sensitivity(&self) -> f64 {
        self.found / (self.found + self.missed)
    }

    /// The part of the healthy who are cleared.
    fn specificity(&self) -> f64 {
        self.cleared / (self.cleared + self.alarms)
    }

    fn cost(&self) -> f64 {
        MISS * self.missed + self.alarms
    }
}

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let options = Options::parse();
    let mut rng = Rng::seed(options.seed);
    let table = csv::Reader::new().label("diagnosis").parse(include_bytes!("../data/breast_cancer.csv"))?;
    // The classes are in the order of the alphabet: benign is 0, malignant 1.
    let all = Patients { x: table.x, ill: table.y };

    // The test part is put aside first, and looked at when all decisions have been made.
    let [rest, test] = split::stratified(&all.ill, [0.7, 0.3], &mut rng);
    let (rest, test) = (all.at(&rest), all.at(&test));
    println!("{} patients to learn from, {} to test.\n", rest.ill.numel(), test.ill.numel());

    // Five networks, each of which leaves out another fifth of the patients. So each patient is judged by a network that does not
    // know the patient, decisions can rest on all of them, and in the end the five are a committee.
    const FOLDS: usize = 5;
    let (mut committee, mut in_folds) = (Committee(Vec::new()), Opinions::default());
    for fold in split::stratified_k_fold(&rest.ill, FOLDS, &mut rng) {
        let network = Network::trained(&rest.at(&fold.train), options.steps.get(), &mut rng);
        let left_out = rest.at(&fold.validation);
        in_folds.add(&network.score(&left_out.x), &left_out);
        committee.0.push(network);
    }

    println!(
        "Where to draw the line, if to miss a cancer is as bad as {MISS} false alarms? For the patients who were left out:\n"
    );
    println!("  alarm from   missed   false alarms   cost");
    let chosen = in_folds.cheapest();
    // Who believes the probabilities needs no search: the costs of both decisions, p times a miss and 1 - p, are equal there.
    let by_theory = 1.0 / (1.0 + MISS);
    for (threshold, why) in
        [(0.5, "one half"), (by_theory, "if the probabilities are right"), (chosen, "the cheapest: chosen")]
    {
        let outcome = in_folds.at(threshold);
        println!(
            "  {:9.0} % {:8} {:14} {:6}   {why}",
            100.0 * threshold,
            outcome.missed,
            outcome.alarms,
            outcome.cost()
        );
    }

    // All has been decided. Now the test.
    let mut opinions = Opinions::default();
    opinions.add(&committee.score(&test.x), &test);
    let (outcome, half) = (opinions.at(chosen), opinions.at(0.5));
    println!(
        "\nThe test: of {} ill patients, the alarm misses {}; of {} healthy ones, it alarms {}.",
        outcome.found + outcome.missed,
        outcome.missed,
        outcome.cleared + outcome.alarms,
        outcome.alarms
    );
    println!("With the line at one half it would miss {}, and alarm {}.", half.missed, half.alarms);
    println!(
        "An ill patient has a greater probability than a healthy one in {:.2} % of all pairs: the area under the ROC curve.\n",
        100.0 * opinions.auc()
    );

    let mattered = shuffled(&committee, &test, &table.columns, &mut rng);
    println!(
        "Which measurements matter: the log-loss of the test part is {:.3}, and rises when they are shuffled among patients:\n",
        committee.log_loss(&test.x, &test)
    );
    for (name, rise) in mattered.iter().take(5) {
        println!("  {name:18} +{rise:.3}");
    }

    // Judged by networks that did not know them: the test part, and in the folds all the others.
    let mut everyone = in_folds.clone();
    everyone.0.extend(&opinions.0);
    let (brier, calibration) = (everyone.brier(), drawings::calibration_bins(&everyone));
    let off =
        calibration.iter().map(|bin| bin.patients * (bin.said - bin.was).abs()).sum::<f64>() / everyone.0.len() as f64;
    println!("\nThe probabilities are off by {:.1} % in the mean over the bins of the calibration plot.", 100.0 * off);
    println!("(Its grey lines: where the part of ill would lie among very many such patients, with 95 % confidence.)");
    drawings::judgement(&options.pictures.join("judgement.svg"), &opinions, &in_folds, &calibration, chosen)?;
    drawings::inputs(&options.pictures.join("inputs.svg"), mattered, pulls(&committee, &test, &table.columns))?;
    println!("The pictures are in {}.", options.pictures.display());
    println!(
        "result: auc={:.3} sensitivity={:.3} specificity={:.3} threshold={chosen:.2} brier={brier:.3} calibration_error={off:.3}",
        opinions.auc(),
        outcome.sensitivity(),
        outcome.specificity()
    );
    Ok(())
}

/// By how much the log-loss rises when a measurement is shuffled: each patient gets that of another, and all else stays. The mean, the
/// error and the worst of a measurement tell almost the same, and one could stand in for another; so all three are shuffled, in the same
/// order.
fn shuffled(committee: &Committee, test: &Patients, columns: &[String], rng: &mut Rng) -> Vec<(String, f64)> {
    // The rise depends on the order; 20 of them make its error small.
    const ORDERS: usize = 20;
    let before = committee.log_loss(&test.x, test);
    let mut rises = Vec::new();
    for name in columns.iter().filter_map(|column| column.strip_prefix("mean ")) {
        let of_measurement: Vec<bool> = columns
            .iter()
            .map(|column| {
                column.split_once(' ').is_some_and(|(_, rest)| rest == name) || *column == format!("{name} error")
            })
            .collect();
        let of_measurement = Tensor::from(of_measurement);
        let mut sum = 0.0;
        for _ in 0..ORDERS {
            let others = test.x.index_select(0, &rng.permutation(test.ill.numel()));
            sum += committee.log_loss(&of_measurement.where_(&others, &test.x), test) - before;
        }
        rises.push((name.to_owned(), sum / ORDERS as f64));
    }
    rises.sort_by(|a, b| b.1.total_cmp(&a.1));
    rises
}

/// How strongly and in which direction each input pulls: the derivative of the score, in the mean of the patients, for a step of one
/// standard deviation. The ten strongest.
fn pulls(committee: &Committee, test: &Patients, columns: &[String]) -> Vec<(String, f64)> {
    let slopes = grad(&test.x, |x| committee.score(x).sum(..)).mean(0) * test.x.std(0, 1);
    let mut pulls: Vec<(String, f64)> =
        columns.iter().cloned().zip(slopes.to_vec::<f32>().into_iter().map(f64::from)).collect();
    pulls.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    pulls.truncate(10);
    pulls
}

/// Learns to give the probability that a tumour is malignant, and examines its own answers.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many steps each of the five networks learns
    #[arg(long, default_value = "300")]
    steps: NonZeroUsize,
    /// The folder for the pictures
    #[arg(long, default_value = "target/pictures/diagnosis")]
    pictures: PathBuf,
}

//! The pictures of the diagnosis: how good the answers are, and what they rest on.

use crate::{MISS, Opinions};
use cotangent::nn::pictures::{Bars, Chart, Picture, PictureError};
use std::path::Path;

/// Patients to whom about the same probability was given.
pub(crate) struct Bin {
    /// How many they are.
    pub(crate) patients: f64,
    /// The mean of what was said.
    pub(crate) said: f64,
    /// The part that was ill.
    pub(crate) was: f64,
}

/// Patients by the probability that was given to them. The edges lie closer at both ends, where most patients are, and the
/// last lies above 1, so that a probability that is rounded to 1 is inside.
pub(crate) fn calibration_bins(opinions: &Opinions) -> Vec<Bin> {
    const EDGES: [f64; 9] = [0.0, 0.02, 0.05, 0.15, 0.4, 0.7, 0.9, 0.98, 1.01];
    let bins = EDGES.windows(2).map(|edges| {
        let inside: Vec<_> = opinions.0.iter().filter(|(p, _)| (edges[0]..edges[1]).contains(p)).collect();
        let patients = inside.len() as f64;
        let said = inside.iter().map(|(p, _)| p).sum::<f64>() / patients;
        let was = inside.iter().filter(|(_, ill)| *ill).count() as f64 / patients;
        Bin { patients, said, was }
    });
    bins.filter(|bin| bin.patients > 0.0).collect()
}

/// Where the rate would lie if the same were done with many patients: E. B. Wilson's interval of 95 %, which 1.96 stands for.
fn wilson(rate: f64, count: f64) -> (f64, f64) {
    let z = 1.96;
    let center = (rate + z * z / (2.0 * count)) / (1.0 + z * z / count);
    let half = z * (rate * (1.0 - rate) / count + z * z / (4.0 * count * count)).sqrt() / (1.0 + z * z / count);
    (center - half, center + half)
}

/// The ROC curve, the calibration plot, how the probabilities lie, and what each threshold costs.
pub(crate) fn judgement(
    path: &Path,
    test: &Opinions,
    in_folds: &Opinions,
    calibration: &[Bin],
    chosen: f64,
) -> Result<(), PictureError> {
    // From the strictest threshold to the laxest: each patient's probability is one.
    let mut thresholds: Vec<f64> = test.0.iter().map(|&(p, _)| p).chain([2.0]).collect();
    thresholds.sort_by(|a, b| b.total_cmp(a));
    let at = |threshold: f64| {
        let outcome = test.at(threshold);
        (1.0 - outcome.specificity(), outcome.sensitivity())
    };
    let roc = Chart::new("ROC: each point is a threshold", "false alarms among the healthy", "found among the ill")
        .dashed("guessing", [(0.0, 0.0), (1.0, 1.0)])
        .line("the network", thresholds.iter().map(|&threshold| at(threshold)))
        .points("alarm from one half", [at(0.5)])
        .points("chosen", [at(chosen)])
        .square();

    let mut calibrated = Chart::new("Calibration: said and true", "probability that was given", "part that was ill")
        .dashed("right", [(0.0, 0.0), (1.0, 1.0)]);
    for bin in calibration {
        let (low, high) = wilson(bin.was, bin.patients);
        calibrated = calibrated.line("", [(bin.said, low), (bin.said, high)]);
    }
    let calibrated = calibrated.points("patients", calibration.iter().map(|bin| (bin.said, bin.was))).square();

    let of =
        |ill: bool| test.0.iter().filter(move |patient| patient.1 == ill).map(|patient| patient.0).collect::<Vec<_>>();
    let spread = Chart::new("What the test patients are told", "probability of illness", "patients")
        .histogram("healthy", of(false), 20)
        .histogram("ill", of(true), 20);
    let cost = |percent: u32| in_folds.at(f64::from(percent) / 100.0).cost();
    let costs = Chart::new(
        "What each threshold costs",
        "alarm from this probability on",
        format!("{MISS} x missed + false alarms"),
    )
    .line("in the folds", (1..100).map(|percent| (f64::from(percent) / 100.0, cost(percent))))
    .points("chosen", [(chosen, in_folds.at(chosen).cost())]);
    Picture::grid(2, [roc, calibrated, spread.square(), costs.square()]).save(path)
}

/// What the answers rest on.
pub(crate) fn inputs(path: &Path, mattered: Vec<(String, f64)>, pulls: Vec<(String, f64)>) -> Result<(), PictureError> {
    Picture::of(Bars::new("What matters", "rise of the log-loss when shuffled", mattered))
        .below(Bars::new(
            "In which direction the ten strongest pull",
            "change of the log-odds of illness, by one deviation",
            pulls,
        ))
        .save(path)
}

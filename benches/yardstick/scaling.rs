//! Cost against size, and one thread against two: whether each grows as its arithmetic says, as numbers and as pictures.
//!
//! A picture has both axes logarithmic, so that a power of the size is a straight line with the power as its slope. The dashed line has the
//! expected slope and goes through the largest size. The slope that is printed is fitted over the largest three sizes: below them, fixed
//! costs (waking a thread, a step of Adam) or caches that hold everything are much of the time.

use crate::{cases::Case, timing::best, training::chain};
use cotangent::{
    nn::pictures::{Bars, Chart, Panel, Picture},
    ops::Attention,
    prelude::*,
    with_threads,
};
use std::path::PathBuf;

/// They are measured when they are named, and take up to half a minute each.
pub(crate) const CASES: [&str; 5] =
    ["scaling_matmul", "scaling_attention", "scaling_batch", "scaling_tape", "scaling_threads"];

pub(crate) fn run(case: &str) {
    match case {
        "scaling_matmul" => {
            draw(case, "Matrix product", "n, of n x n matrices", 3, (6..=11).map(|log2| 1 << log2), matmul)
        }
        "scaling_attention" => draw(
            case,
            "Attention, 4 heads of 64",
            "length of the sequence",
            2,
            (6..=12).map(|log2| 1 << log2),
            attention,
        ),
        "scaling_batch" => {
            draw(case, "A training step of mlp", "batch", 1, (0..=12).map(|log2| 1 << log2), |batch| {
                let mut training = Case::named("mlp", Some(batch));
                best(|| training.step())
            });
        }
        "scaling_tape" => {
            draw(case, "Gradient of a chain of scalars", "operations", 1, (1..=5).map(|log10| 10usize.pow(log10)), tape)
        }
        "scaling_threads" => threads(case),
        other => unreachable!("{other} is not in the table above"),
    }
}

fn matmul(n: usize) -> f64 {
    let mut rng = Rng::seed(0);
    let (a, b) = (rng.normal([n, n], DType::F32), rng.normal([n, n], DType::F32));
    best(|| a.matmul(&b))
}

fn attention(length: usize) -> f64 {
    let mut rng = Rng::seed(0);
    let [q, k, v] = [(); 3].map(|()| rng.normal([1, 4, length, 64], DType::F32));
    best(|| q.scaled_dot_product_attention(&k, &v, Attention::new()))
}

fn tape(operations: usize) -> f64 {
    let x = Tensor::from(0.7f32);
    best(|| value_and_grad(&x, |x| chain(x, operations / 2)))
}

/// Measures the seconds at each size, prints them with the fitted slope, and draws both.
fn draw(
    case: &str,
    title: &str,
    size: &str,
    expected: i32,
    sizes: impl Iterator<Item = usize>,
    seconds: impl Fn(usize) -> f64,
) {
    let measured: Vec<(f64, f64)> = sizes.map(|n| (n as f64, seconds(n) * 1e6)).collect();
    for (n, us) in &measured {
        println!("cotangent {case}_{n} us={us:.2}");
    }
    let slope = slope(&measured[measured.len() - 3..]);
    println!("cotangent {case} slope={slope:.2} expected={expected}");

    let (largest, most) = measured[measured.len() - 1];
    // As far down as the chart's least time, lest the line make the chart higher than the measurements do.
    let least = measured.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let smallest = (largest * (least / most).powf(1.0 / f64::from(expected))).max(measured[0].0);
    let line = [smallest, largest].map(|n| (n, most * (n / largest).powi(expected)));
    let chart = Chart::new(format!("{title}: fitted slope {slope:.2}"), size, "time in us").log_x().log_y();
    save(case, chart.dashed(format!("slope {expected}"), line).points("measured", measured));
}

/// The slope of the line that is closest to the points' logarithms, by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let points: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = points.len() as f64;
    let (x_mean, y_mean) = (
        points.iter().map(|point| point.0).sum::<f64>() / count,
        points.iter().map(|point| point.1).sum::<f64>() / count,
    );
    let covariance: f64 = points.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
    covariance / points.iter().map(|(x, _)| (x - x_mean).powi(2)).sum::<f64>()
}

type Run = Box<dyn FnMut() -> Tensor + Send>;

/// One thread against two, in turn, so that both see the same machine.
fn threads(case: &str) {
    let mut rng = Rng::seed(0);
    let [a, b] = [(); 2].map(|()| rng.normal([1024, 1024], DType::F32));
    let [c, d] = [(); 2].map(|()| rng.normal([10_000_000], DType::F32));
    let mut large: Vec<(&str, Run)> =
        vec![("matmul 1024", Box::new(move || a.matmul(&b))), ("add 1e7", Box::new(move || &c + &d))];
    for name in ["cnn", "resnet", "gpt_m"] {
        let mut training = Case::named(name, None);
        large.push((name, Box::new(move || training.step())));
    }
    let speedups = large.iter_mut().map(|(name, run)| {
        let mut least = [f64::INFINITY; 2];
        for round in 0..4 {
            let seconds = with_threads(1 + round % 2, || best(&mut *run));
            least[round % 2] = least[round % 2].min(seconds);
        }
        let [one, two] = least.map(|seconds| seconds * 1e3);
        println!("cotangent {case} {name}: one_ms={one:.3} two_ms={two:.3} speedup={:.2}", one / two);
        (*name, one / two)
    });
    let bars = Bars::new("Two threads against one", "times as fast", speedups.collect::<Vec<_>>());
    save(case, bars);
}

/// Writes `CASE.svg` into the folder that `PICTURES` names.
fn save(case: &str, panel: impl Into<Panel>) {
    let folder = std::env::var_os("PICTURES").map_or_else(|| PathBuf::from("target/pictures/scaling"), PathBuf::from);
    let file = folder.join(format!("{case}.svg"));
    Picture::of(panel).save(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

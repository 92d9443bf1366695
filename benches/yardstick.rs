//! The cases that other frameworks are measured with, in one line each: `cargo bench -q --bench yardstick -- scalar_chain op_matmul_512`.
//!
//! Times of one run compare with times of another framework in the same run, at the same number of threads
//! (`RAYON_NUM_THREADS`), and with nothing else. Without arguments, all cases run.

use cotangent::prelude::*;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const ELEMENTWISE: [&str; 8] = ["add", "exp", "tanh", "gelu", "gelu_erf", "softmax", "sum", "broadcast"];
const SIZES: [usize; 4] = [100, 10_000, 1_000_000, 10_000_000];
const MATMUL_SIZES: [usize; 4] = [64, 256, 512, 1024];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let elementwise = ELEMENTWISE.iter().flat_map(|name| SIZES.map(|size| format!("op_{name}_{size}")));
    let matmul = MATMUL_SIZES.map(|size| format!("op_matmul_{size}"));
    let all = std::iter::once("scalar_chain".to_owned()).chain(elementwise).chain(matmul);
    for case in all.filter(|case| wanted.is_empty() || wanted.contains(case)) {
        match case.strip_prefix("op_").and_then(|rest| rest.rsplit_once('_')) {
            Some(("matmul", size)) => matmul_case(&case, size.parse().expect("a size of the table above")),
            Some((name, size)) => elementwise_case(&case, name, size.parse().expect("a size of the table above")),
            None => scalar_chain(),
        }
    }
}

/// y = y x + x, 10,000 times, and its gradient: the cost of recording an operation.
fn scalar_chain() {
    const STEPS: usize = 10_000;
    let x = Tensor::from(0.7f32);
    let chain = |x: &Tensor| {
        let mut y = x.clone();
        for _ in 0..STEPS {
            y = y * x + x;
        }
        y
    };
    let mut times: Vec<f64> = (0..40).map(|_| seconds(|| value_and_grad(&x, chain))).collect();
    times.sort_by(f64::total_cmp);
    let (median, least) = (times[times.len() / 2], times[0]);
    println!(
        "cotangent scalar_chain median_ms={:.4} min_ms={:.4} n={} ns_per_op={:.1}",
        median * 1e3,
        least * 1e3,
        times.len(),
        median * 1e9 / (2 * STEPS) as f64
    );
}

fn elementwise_case(case: &str, name: &str, size: usize) {
    let mut rng = Rng::seed(0);
    let (a, b) = (rng.normal([size], DType::F32), rng.normal([size], DType::F32));
    let rows = a.reshape([-1, 100]);
    let time = match name {
        "add" => best(|| &a + &b),
        "exp" => best(|| a.exp()),
        "tanh" => best(|| a.tanh()),
        "gelu" => best(|| a.gelu_tanh()),
        "gelu_erf" => best(|| a.gelu()),
        "softmax" => best(|| rows.softmax(-1)),
        "sum" => best(|| a.sum(..)),
        "broadcast" => best(|| &rows * &b.narrow(0, 0, 100) + b.narrow(0, 0, 1)),
        other => unreachable!("{other} is not in the table above"),
    };
    println!("cotangent {case} us={:.3}", time * 1e6);
}

fn matmul_case(case: &str, size: usize) {
    let mut rng = Rng::seed(0);
    let (a, b) = (rng.normal([size, size], DType::F32), rng.normal([size, size], DType::F32));
    let time = best(|| a.matmul(&b));
    println!("cotangent {case} gflops={:.1}", 2.0 * (size as f64).powi(3) / time / 1e9);
}

/// The least of many times, within a budget that suffices for a steady minimum.
fn best<R>(mut f: impl FnMut() -> R) -> f64 {
    for _ in 0..3 {
        black_box(f());
    }
    let (start, mut least) = (Instant::now(), f64::INFINITY);
    while start.elapsed() < Duration::from_millis(400) {
        least = least.min(seconds(&mut f));
    }
    least
}

fn seconds<R>(f: impl FnOnce() -> R) -> f64 {
    let start = Instant::now();
    black_box(f());
    start.elapsed().as_secs_f64()
}

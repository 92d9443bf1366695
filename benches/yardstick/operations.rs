//! Single operations, forward.

use crate::timing::best;
use cotangent::prelude::*;

const ELEMENTWISE: [&str; 9] = ["add", "exp", "tanh", "gelu", "gelu_erf", "softmax", "layer_norm", "sum", "broadcast"];
const SIZES: [usize; 4] = [100, 10_000, 1_000_000, 10_000_000];
const MATMUL_SIZES: [usize; 4] = [64, 256, 512, 1024];

pub(crate) fn cases() -> impl Iterator<Item = String> {
    let elementwise = ELEMENTWISE.iter().flat_map(|name| SIZES.map(|size| format!("op_{name}_{size}")));
    elementwise.chain(MATMUL_SIZES.map(|size| format!("op_matmul_{size}")))
}

pub(crate) fn run(case: &str) {
    match case.strip_prefix("op_").and_then(|rest| rest.rsplit_once('_')) {
        Some(("matmul", size)) => matmul(case, size.parse().expect("a size of the table above")),
        Some((name, size)) => elementwise(case, name, size.parse().expect("a size of the table above")),
        None => unreachable!("{case} is not in the table above"),
    }
}

fn elementwise(case: &str, name: &str, size: usize) {
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
        "layer_norm" => best(|| rows.layer_norm(100, None, None, 1e-5)),
        "sum" => best(|| a.sum(..)),
        "broadcast" => best(|| &rows * &b.narrow(0, 0, 100) + b.narrow(0, 0, 1)),
        other => unreachable!("{other} is not in the table above"),
    };
    println!("cotangent {case} us={:.3}", time * 1e6);
}

fn matmul(case: &str, size: usize) {
    let mut rng = Rng::seed(0);
    let (a, b) = (rng.normal([size, size], DType::F32), rng.normal([size, size], DType::F32));
    let time = best(|| a.matmul(&b));
    println!("cotangent {case} gflops={:.1}", 2.0 * (size as f64).powi(3) / time / 1e9);
}

//! What is checked of a case: values, gradients and second order, each by every mode of differentiation that gives it.
//!
//! With f the operator, c the output cotangents and φ(x) = ⟨c, f(x)⟩: torch's `grad` is ∇φ, and its `second`, the
//! gradient of ⟨∇φ, u⟩, is H u. We compute H u by reverse over reverse, by forward over reverse and by reverse over
//! forward, and hold J v to ∇φ by ⟨c, J v⟩ = ⟨∇φ, v⟩.

use crate::{
    case::{Call, Case},
    operators::Formula,
};
use cotangent::{DType, Tensor, grad, jvp, vjp};
use std::ops::AddAssign;

/// Of the largest element. Both sides are computed in f64 by different orders of summation and different polynomials:
/// a part in 1e9 leaves rounding a factor of a million, and is far below what any wrong formula gives.
const RELATIVE: f64 = 1e-9;

/// Added to it, for results that are zero but for rounding, such as the second derivative of x / |x|: 45 units in the
/// last place of terms of order 100 that cancel. Torch's own such zeros are up to 3.8e-12, in `logcumsumexp` behind an
/// element of 10,000, where 10,000 units are lost on the way.
const ABSOLUTE: f64 = 5e-12;

/// How many cases were checked in what.
#[derive(Clone, Copy, Default)]
pub(crate) struct Checked {
    pub(crate) values: usize,
    pub(crate) gradients: usize,
    pub(crate) seconds: usize,
    pub(crate) skipped: usize,
}

impl AddAssign for Checked {
    fn add_assign(&mut self, other: Self) {
        self.values += other.values;
        self.gradients += other.gradients;
        self.seconds += other.seconds;
        self.skipped += other.skipped;
    }
}

/// Checks a case; what does not agree is added to the failures.
pub(crate) fn check(case: &Case, formula: &Formula, failures: &mut Vec<String>) -> Checked {
    let mut checked = Checked { values: 1, ..Checked::default() };
    let mut compare = |what: &str, ours: &Tensor, theirs: &Tensor| {
        if let Some(difference) = difference(ours, theirs) {
            failures.push(format!("{case}: {what}: {difference}"));
        }
    };
    let x: Vec<Tensor> = case.grads.iter().map(|name| case.tensors[name].clone()).collect();

    let call = Call::new(case, &x);
    let outputs = formula.outputs(&call);
    let not_asked = call.not_asked();
    assert!(not_asked.is_empty(), "the formula does not look at these arguments: {}", not_asked.join(", "));
    assert_eq!(outputs.len(), case.outputs, "the number of outputs");
    for (i, y) in outputs.iter().enumerate() {
        compare(&format!("out{i}"), y, &case.tensors[&format!("out{i}")]);
    }

    let with_cotangent: Vec<usize> =
        (0..case.outputs).filter(|i| case.tensors.contains_key(&format!("ct{i}"))).collect();
    if x.is_empty() || with_cotangent.is_empty() {
        return checked;
    }
    checked.gradients = 1;
    let c: Vec<Tensor> = with_cotangent.iter().map(|i| case.tensors[&format!("ct{i}")].clone()).collect();
    let f = |x: &Vec<Tensor>| {
        let outputs = formula.outputs(&Call::new(case, x));
        with_cotangent.iter().map(|&i| outputs[i].clone()).collect::<Vec<Tensor>>()
    };
    let gradient = |x: &Vec<Tensor>| vjp(x, f).1.pull_once(&c);
    let (y, pullback) = vjp(&x, f);
    for (i, y) in with_cotangent.iter().zip(&y) {
        compare(&format!("out{i}, recorded"), y, &case.tensors[&format!("out{i}")]);
    }
    let x_bar = pullback.pull_once(&c);
    for (name, x_bar) in case.grads.iter().zip(&x_bar) {
        compare(&format!("grad_{name}"), x_bar, &case.tensors[&format!("grad_{name}")]);
    }

    let v: Vec<Tensor> = x.iter().map(direction).collect();
    let (y, y_dot) = jvp(&x, &v, f);
    for (i, y) in with_cotangent.iter().zip(&y) {
        compare(&format!("out{i}, dual"), y, &case.tensors[&format!("out{i}")]);
    }
    compare("jvp by the dot product", &inner(&c, &y_dot), &inner(&x_bar, &v));

    // Each input alone, the others constant: a rule keeps and computes less then.
    for (i, name) in case.grads.iter().enumerate().filter(|_| x.len() > 1) {
        let alone = |x_i: &Tensor| {
            let mut x = x.clone();
            x[i] = x_i.clone();
            f(&x)
        };
        let x_bar = vjp(&x[i], alone).1.pull_once(&c);
        compare(&format!("grad_{name}, alone"), &x_bar, &case.tensors[&format!("grad_{name}")]);
        let (_, y_dot) = jvp(&x[i], &v[i], alone);
        compare(&format!("jvp of {name} by the dot product"), &inner(&c, &y_dot), &(&x_bar * &v[i]).sum(..));
    }

    if case.grads.iter().all(|name| !case.tensors.contains_key(&format!("u_{name}"))) {
        return checked;
    }
    checked.seconds = 1;
    let given = |key: &str| -> Vec<Tensor> {
        let tensor = |name| case.tensors.get(&format!("{key}_{name}")).cloned();
        case.grads.iter().zip(&x).map(|(name, x)| tensor(name).unwrap_or_else(|| x.zeros_like())).collect()
    };
    let (u, second) = (given("u"), given("second"));
    let reverse_over_reverse = grad(&x, |x| inner(&gradient(x), &u));
    let (_, forward_over_reverse) = jvp(&x, &u, gradient);
    let reverse_over_forward = grad(&x, |x| inner(&c, &jvp(x, &u, f).1));
    for (i, name) in case.grads.iter().enumerate() {
        compare(&format!("second_{name}"), &reverse_over_reverse[i], &second[i]);
        compare(&format!("second_{name}, forward over reverse"), &forward_over_reverse[i], &second[i]);
        compare(&format!("second_{name}, reverse over forward"), &reverse_over_forward[i], &second[i]);
    }
    checked
}

/// ⟨a, b⟩ over all tensors.
fn inner(a: &[Tensor], b: &[Tensor]) -> Tensor {
    a.iter().zip(b).fold(Tensor::from(0.0), |sum, (a, b)| sum + (a * b).sum(..))
}

/// A direction without a pattern: multiples of the golden ratio, modulo 1, about 0.
fn direction(x: &Tensor) -> Tensor {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let elements = (0..x.numel()).map(|i| ((i + 1) as f64 * GOLDEN).fract() - 0.5).collect();
    Tensor::from_vec(elements, x.shape()).expect("an element for each place")
}

/// How the two differ, if they do: in shape, dtype or an element.
///
/// Elements are held to a part in 1e9 of the largest finite element of torch's tensor: sums that cancel are as wrong
/// as their terms are large, not as their result. NaN agrees with NaN, and an infinity with the same infinity.
fn difference(ours: &Tensor, theirs: &Tensor) -> Option<String> {
    if ours.spec() != theirs.spec() {
        return Some(format!("is {}, torch's is {}", ours.spec(), theirs.spec()));
    }
    if theirs.dtype() != DType::F64 {
        let differ = match theirs.dtype() {
            DType::Bool => ours.to_vec::<bool>() != theirs.to_vec::<bool>(),
            _ => ours.to_vec::<i64>() != theirs.to_vec::<i64>(),
        };
        return differ.then(|| format!("is {ours:?}, torch's is {theirs:?}"));
    }
    let (ours, theirs) = (ours.to_vec::<f64>(), theirs.to_vec::<f64>());
    let scale = theirs.iter().filter(|x| x.is_finite()).fold(0.0, |scale: f64, x| scale.max(x.abs()));
    let tolerance = RELATIVE * scale + ABSOLUTE;
    let agree = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance;
    let at = ours.iter().zip(&theirs).position(|(&a, &b)| !agree(a, b))?;
    let count = ours.iter().zip(&theirs).filter(|&(&a, &b)| !agree(a, b)).count();
    Some(format!(
        "{count} of {} elements differ; element {at} is {:e}, torch's is {:e} (largest {scale:e})",
        ours.len(),
        ours[at],
        theirs[at]
    ))
}

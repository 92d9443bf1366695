//! That derivatives are linear maps, and that the two modes transpose each other.

use super::{
    Held, Violation,
    calls::Case,
    compare::{ROUNDED, largest, numbers, same, zeros},
};
use crate::check::Layout;
use cotangent_tensor::{DType, Tensor};

/// Not small integers, and far apart: a rule that clips or rounds what it is given shows.
const SCALES: [f64; 2] = [1000.0, -1e-6];

fn floats(outputs: &[Tensor]) -> Vec<Tensor> {
    outputs.iter().filter(|y| y.dtype().is_float()).cloned().collect()
}

/// Whether anything has a derivative.
fn has_derivative(case: &Case<'_>, outputs: &[Tensor]) -> bool {
    !case.variables().is_empty() && outputs.iter().any(|y| y.dtype().is_float())
}

pub(super) fn traced(case: &Case<'_>) -> Held {
    let outputs = case.outputs(&case.inputs)?;
    let again = case.outputs(&case.inputs)?;
    super::compare::identical(("a second call", "output"), &again, &outputs)?;
    let mut rng = case.rng(1);
    let y_bars = case.cotangents(&outputs, &mut rng);
    let whole = largest(&outputs);
    let recorded = case.pull(&case.inputs, &y_bars)?;
    same(("the value inside of reverse mode", "output"), &recorded.outputs, &floats(&outputs), ROUNDED, whole)?;
    let dual = case.push(&case.inputs, &case.tangents(&case.inputs, &mut rng))?;
    same(("the value inside of forward mode", "output"), &dual.outputs, &outputs, ROUNDED, whole)?;
    Ok(2)
}

pub(super) fn dot_product(case: &Case<'_>) -> Held {
    let mut compared = 0;
    for layout in Layout::ALL {
        if let Some(inputs) = case.laid_out(layout) {
            dot_product_at(case, &inputs).map_err(Violation::laid_out(layout))?;
            compared += 1;
        }
    }
    Ok(compared)
}

fn dot_product_at(case: &Case<'_>, inputs: &[Tensor]) -> Result<(), String> {
    let mut rng = case.rng(2);
    let outputs = case.outputs(inputs)?;
    if !has_derivative(case, &outputs) {
        return Ok(());
    }
    let y_bars = case.cotangents(&outputs, &mut rng);
    let x_dots = case.tangents(inputs, &mut rng);
    let (x_bars, y_dots) = (case.pull(inputs, &y_bars)?.derived, case.push(inputs, &x_dots)?.derived);
    let y_bars: Vec<Tensor> = y_bars.into_iter().flatten().collect();
    let (by_forward, terms) = inner(&floats(&y_dots), &y_bars);
    let (by_reverse, others) = inner(&floats(&x_dots), &floats(&x_bars));
    // NaN is not near to anything.
    let tolerance = ROUNDED.relative * terms.max(others) + rounding_of_zero(inputs, &x_dots, &outputs, &y_bars);
    if (by_forward - by_reverse).abs() <= tolerance {
        return Ok(());
    }
    Err(format!("<J v, w> = {by_forward:?}, but <v, J^T w> = {by_reverse:?}; {tolerance:.1e} apart is allowed"))
}

/// What may be left of a derivative that is zero because its terms cancel, as that of x / |x| or of the deviation of a constant: the
/// terms are as large as y / x, or as one, and each is rounded a few times.
fn rounding_of_zero(inputs: &[Tensor], x_dots: &[Tensor], outputs: &[Tensor], y_bars: &[Tensor]) -> f64 {
    const ROUNDINGS: f64 = 16.0;
    let largest = |x: &[Tensor]| floats(x).iter().flat_map(numbers).fold(0.0, |max: f64, x| max.max(x.abs()));
    let (_, size) = inner(&floats(outputs), y_bars);
    let slope = (size / largest(inputs).max(f64::MIN_POSITIVE)).max(largest(y_bars));
    (ROUNDINGS * f64::EPSILON * slope * largest(x_dots)).max(f64::MIN_POSITIVE)
}

/// ⟨a, b⟩, and the size of its terms.
fn inner(a: &[Tensor], b: &[Tensor]) -> (f64, f64) {
    let pairs = a.iter().zip(b).flat_map(|(a, b)| numbers(a).into_iter().zip(numbers(b)));
    pairs.fold((0.0, 0.0), |(sum, size), (a, b)| (sum + a * b, size + (a * b).abs()))
}

/// a x + b y, element by element.
fn combined(x: &[Tensor], y: &[Tensor]) -> Vec<Tensor> {
    let [a, b] = SCALES;
    x.iter().zip(y).map(|(x, y)| if x.dtype().is_float() { x * a + y * b } else { x.clone() }).collect()
}

/// What a linear map gives for a sum, held to the sum of what it gives, for terms of very different sizes: each alone, and both.
fn hold_linear(
    what: (&str, &str),
    (x, y): (&[Tensor], &[Tensor]),
    map: impl Fn(&[Tensor]) -> Result<Vec<Tensor>, String>,
) -> Held {
    let (of_x, of_y) = (map(x)?, map(y)?);
    for scale in SCALES {
        let scaled = |x: &[Tensor]| -> Vec<Tensor> {
            x.iter().map(|x| if x.dtype().is_float() { x * scale } else { x.clone() }).collect()
        };
        let (found, wanted) = (map(&scaled(x))?, scaled(&of_x));
        let whole = largest(x) * scale.abs();
        same(what, &found, &wanted, ROUNDED, whole).map_err(|text| format!("{text}; scaled by {scale:?}"))?;
    }
    let whole = SCALES[0] * largest(x).max(largest(y));
    same(what, &map(&combined(x, y))?, &combined(&of_x, &of_y), ROUNDED, whole)?;
    // As large as each other, so that neither is lost beside the other.
    let sum = |x: &[Tensor], y: &[Tensor]| -> Vec<Tensor> {
        x.iter().zip(y).map(|(x, y)| if x.dtype().is_float() { x + y } else { x.clone() }).collect()
    };
    same(what, &map(&sum(x, y))?, &sum(&of_x, &of_y), ROUNDED, largest(x).max(largest(y)))?;
    Ok(4)
}

pub(super) fn linear_vjp(case: &Case<'_>) -> Held {
    let mut rng = case.rng(3);
    let outputs = case.outputs(&case.inputs)?;
    if !has_derivative(case, &outputs) {
        return Ok(0);
    }
    let [w, u] = [0, 1].map(|_| case.cotangents(&outputs, &mut rng).into_iter().flatten().collect::<Vec<Tensor>>());
    let map = |y_bars: &[Tensor]| {
        let mut given = y_bars.iter().cloned();
        let y_bars: Vec<_> =
            outputs.iter().map(|y| y.dtype().is_float().then(|| given.next().expect("one each"))).collect();
        Ok(case.pull(&case.inputs, &y_bars)?.derived)
    };
    hold_linear(("the vjp of a sum", "input"), (&w, &u), map)
}

pub(super) fn linear_jvp(case: &Case<'_>) -> Held {
    let mut rng = case.rng(4);
    if !has_derivative(case, &case.outputs(&case.inputs)?) {
        return Ok(0);
    }
    let [v, u] = [0, 1].map(|_| case.tangents(&case.inputs, &mut rng));
    hold_linear(("the jvp of a sum", "output"), (&v, &u), |x_dots| Ok(case.push(&case.inputs, x_dots)?.derived))
}

pub(super) fn zero(case: &Case<'_>) -> Held {
    let outputs = case.outputs(&case.inputs)?;
    let y_bars: Vec<_> = outputs.iter().map(|y| y.dtype().is_float().then(|| contiguous_zeros(y))).collect();
    zeros(("the vjp of zero", "input"), &case.pull(&case.inputs, &y_bars)?.derived)?;
    let x_dots: Vec<Tensor> = case.inputs.iter().map(contiguous_zeros).collect();
    zeros(("the jvp of zero", "output"), &case.push(&case.inputs, &x_dots)?.derived)?;
    Ok(2)
}

/// The inputs are results too: their cotangents are pending when the operation's rule is asked for its own.
pub(super) fn accumulation(case: &Case<'_>) -> Held {
    let mut rng = case.rng(5);
    let outputs = case.outputs(&case.inputs)?;
    if !has_derivative(case, &outputs) {
        return Ok(0);
    }
    let y_bars = case.cotangents(&outputs, &mut rng);
    let others = case.tangents(&case.inputs, &mut rng);
    // Of memory of their own, that a rule which adds in place could change.
    let before: Vec<Vec<f64>> = others.iter().map(numbers).collect();
    let alone = case.pull(&case.inputs, &y_bars)?.derived;
    let added = case.pull_onto(&case.inputs, &y_bars, &others)?;
    let sums: Vec<Tensor> = alone
        .iter()
        .zip(&others)
        .map(|(x_bar, other)| if x_bar.dtype().is_float() { x_bar + other } else { x_bar.clone() })
        .collect();
    let whole = largest(&alone).max(largest(&others));
    same(("the vjp added to another cotangent", "input"), &added, &sums, ROUNDED, whole)?;
    if others.iter().map(numbers).ne(before) {
        return Err("the rule changed a cotangent that others hold".to_owned().into());
    }
    Ok(1)
}

/// Zeros that are stored one by one: those of a stride of zero have a law of their own.
fn contiguous_zeros(x: &Tensor) -> Tensor {
    crate::check::layout::contiguous(&x.zeros_like())
}

/// Inputs rounded to halves, so that many are equal.
pub(super) fn ties(case: &Case<'_>) -> Held {
    if !(case.operation.has_ties && case.is_drawn) {
        return Ok(0);
    }
    let halves = |x: &Tensor| {
        let elements: Vec<f64> = x.to_vec::<f64>().into_iter().map(|x| (x * 2.0).trunc() * 0.5).collect();
        Tensor::from_vec(elements, x.shape()).expect("as many as before")
    };
    let tied = |x: &Tensor| if x.dtype() == DType::F64 { halves(x) } else { x.clone() };
    let inputs: Vec<Tensor> = case.inputs.iter().map(tied).collect();
    dot_product_at(case, &inputs)?;
    Ok(1)
}

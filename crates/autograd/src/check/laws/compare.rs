//! Whether two lists of tensors are the same, and if not, which element differs.

use crate::check::point::index_in;
use cotangent_tensor::{DType, Tensor};

/// One computation done in two ways of equal worth differs by rounding: a few hundred times 2e-16 of the terms, and room for functions
/// that cancel. As for the dot products.
pub(super) const ROUNDED: Within = Within { relative: 1e-9, of_the_whole: 1e-12 };

/// How far apart two tensors may lie.
#[derive(Clone, Copy)]
pub(super) struct Within {
    /// Of the largest element of the tensor.
    pub(super) relative: f64,
    /// Of the largest number that went into it: what is zero in theory is rounding in practice.
    pub(super) of_the_whole: f64,
}

/// The largest finite element of some tensors.
pub(super) fn largest(tensors: &[Tensor]) -> f64 {
    let floats = tensors.iter().filter(|x| x.dtype().is_float());
    floats.flat_map(numbers).filter(|x| x.is_finite()).fold(0.0, |largest, x| largest.max(x.abs()))
}

/// The elements as f64.
pub(super) fn numbers(x: &Tensor) -> Vec<f64> {
    x.cast(DType::F64).to_vec::<f64>()
}

/// That the tensors of two lists are equal, but for the rounding of floating point. NaN equals NaN, and an infinity the same infinity.
///
/// `what` and the number of the tensor name it in the message: "the vjp" and "input".
pub(super) fn same(
    (what, each): (&str, &str),
    found: &[Tensor],
    wanted: &[Tensor],
    within: Within,
    whole: f64,
) -> Result<(), String> {
    if found.len() != wanted.len() {
        return Err(format!("{what}: there are {} tensors, not {}", found.len(), wanted.len()));
    }
    for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        if found.spec() != wanted.spec() {
            return Err(format!("{what}, {each} {i}: it is {}, not {}", found.spec(), wanted.spec()));
        }
        if found.dtype() == DType::I64 {
            // f64 does not tell integers beyond 2^53 apart.
            let (a, b) = (found.to_vec::<i64>(), wanted.to_vec::<i64>());
            if let Some(element) = (0..a.len()).find(|&i| a[i] != b[i]) {
                let (index, a, b) = (index_in(wanted.shape(), element), a[element], b[element]);
                return Err(format!("{what}, {each} {i}, element {index:?}: {a}, not {b}"));
            }
            continue;
        }
        let tolerance = (within.relative * largest(std::slice::from_ref(wanted))).max(within.of_the_whole * whole);
        let (a, b) = (numbers(found), numbers(wanted));
        let differ = |i: &usize| {
            let (a, b) = (a[*i], b[*i]);
            let agree = a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance;
            !agree
        };
        if let Some(element) = (0..a.len()).find(differ) {
            let (index, a, b) = (index_in(wanted.shape(), element), a[element], b[element]);
            let apart = if (a - b).is_finite() {
                format!("; {:.1e} apart, where {tolerance:.1e} is allowed", (a - b).abs())
            } else {
                String::new()
            };
            return Err(format!("{what}, {each} {i}, element {index:?}: {a:?}, not {b:?}{apart}"));
        }
    }
    Ok(())
}

/// That the tensors of two lists have the same bits; any NaN is NaN.
pub(super) fn identical((what, each): (&str, &str), found: &[Tensor], wanted: &[Tensor]) -> Result<(), String> {
    // Shapes and dtypes first, and elements that are not even close.
    same((what, each), found, wanted, Within { relative: 0.0, of_the_whole: 0.0 }, 0.0)?;
    // What is left are zeros of different signs.
    for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        let (a, b) = (numbers(found), numbers(wanted));
        let differ = |i: &usize| a[*i].to_bits() != b[*i].to_bits() && !(a[*i].is_nan() && b[*i].is_nan());
        if let Some(element) = (0..a.len()).find(differ) {
            let (index, a, b) = (index_in(wanted.shape(), element), a[element], b[element]);
            return Err(format!("{what}, {each} {i}, element {index:?}: {a:?}, not {b:?}"));
        }
    }
    Ok(())
}

/// That all elements are zero, of either sign.
pub(super) fn zeros((what, each): (&str, &str), found: &[Tensor]) -> Result<(), String> {
    for (i, found) in found.iter().enumerate().filter(|(_, found)| found.dtype().is_float()) {
        let elements = numbers(found);
        if let Some(element) = elements.iter().position(|&x| x != 0.0) {
            let (index, x) = (index_in(found.shape(), element), elements[element]);
            return Err(format!("{what}, {each} {i}, element {index:?}: {x:?}, not 0.0"));
        }
    }
    Ok(())
}

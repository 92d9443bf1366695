//! Numbers as text of one width, so that columns align.

use crate::{Array, DType, Element, bf16, f16};
use std::fmt;

/// Decimals that are shown without being asked for.
const DECIMALS: usize = 4;

/// The elements at these places of the storage, all of one width.
pub(super) fn aligned(array: &Array, positions: &[usize], precision: Option<usize>) -> Vec<String> {
    match array.dtype() {
        DType::F32 => floats(&gathered::<f32>(array, positions), precision),
        DType::F64 => floats(&gathered::<f64>(array, positions), precision),
        DType::BF16 => floats(&widened::<bf16>(array, positions), precision),
        DType::F16 => floats(&widened::<f16>(array, positions), precision),
        DType::I64 => right_aligned(&gathered::<i64>(array, positions)),
        DType::U8 => right_aligned(&gathered::<u8>(array, positions)),
        DType::Bool => right_aligned(&gathered::<bool>(array, positions)),
    }
}

/// The element of a scalar, to its last digit unless decimals are asked for.
pub(super) fn scalar(array: &Array, precision: Option<usize>) -> String {
    let position = array.offset();
    match array.dtype() {
        DType::F32 => bare(array.storage_elements::<f32>()[position], precision),
        DType::F64 => bare(array.storage_elements::<f64>()[position], precision),
        DType::BF16 => bare(f32::from(array.storage_elements::<bf16>()[position]), precision),
        DType::F16 => bare(f32::from(array.storage_elements::<f16>()[position]), precision),
        DType::I64 => array.storage_elements::<i64>()[position].to_string(),
        DType::U8 => array.storage_elements::<u8>()[position].to_string(),
        DType::Bool => array.storage_elements::<bool>()[position].to_string(),
    }
}

fn gathered<T: Element>(array: &Array, positions: &[usize]) -> Vec<T> {
    let elements = array.storage_elements();
    positions.iter().map(|&position| elements[position]).collect()
}

/// Halves are shown as the f32 that they are equal to.
fn widened<T: Element + Into<f32>>(array: &Array, positions: &[usize]) -> Vec<f32> {
    gathered::<T>(array, positions).into_iter().map(T::into).collect()
}

fn right_aligned<T: fmt::Display>(values: &[T]) -> Vec<String> {
    let texts: Vec<String> = values.iter().map(T::to_string).collect();
    let width = texts.iter().map(String::len).max().unwrap_or(0);
    texts.into_iter().map(|text| format!("{text:>width$}")).collect()
}

fn bare<T: Float>(value: T, precision: Option<usize>) -> String {
    match precision {
        _ if !value.into().is_finite() => named(value.into()),
        Some(decimals) => format!("{value:.decimals$}"),
        None => format!("{value:?}"),
    }
}

/// f32 and f64, each with the shortest digits that give it back.
trait Float: Copy + Into<f64> + fmt::Display + fmt::Debug + fmt::LowerExp {}
impl Float for f32 {}
impl Float for f64 {}

fn floats<T: Float>(values: &[T], precision: Option<usize>) -> Vec<String> {
    let magnitudes = || values.iter().map(|&x| x.into().abs()).filter(|x| x.is_finite() && *x > 0.0);
    let largest = magnitudes().fold(0.0, f64::max);
    let smallest = magnitudes().fold(f64::INFINITY, f64::min);
    let whole = magnitudes().all(|x| x.fract() == 0.0);
    let wide = largest >= 1e8 || smallest < 1e-4 || (largest > 1e3 * smallest && !whole);
    let parts = if precision.is_none() && wide {
        exponential(values)
    } else {
        // Without exponents the largest is at least 1e-4, and so there are never more than seven.
        let limit = DECIMALS + (0..3).filter(|&i| largest > 0.0 && largest < 0.1 / 10f64.powi(i)).count();
        values.iter().map(|&x| positional(x, precision, limit)).collect()
    };
    let before = parts.iter().filter(|part| part.finite).map(|part| part.before.len()).max().unwrap_or(0);
    let after = parts.iter().map(|part| part.after.len()).max().unwrap_or(0);
    // What is not finite has no point to align at, and ends where the others do.
    let width = parts.iter().map(|part| part.before.len()).chain([before + after]).max().unwrap_or(0);
    let line_up = |Parts { before, after: own, finite }: Parts| match finite {
        true => format!("{:>width$}", format!("{before}{own:<after$}")),
        false => format!("{before:>width$}"),
    };
    parts.into_iter().map(line_up).collect()
}

/// A number's text before its decimal point, and from there.
struct Parts {
    before: String,
    after: String,
    finite: bool,
}

impl Parts {
    fn not_finite(value: f64) -> Self {
        Parts { before: named(value), after: String::new(), finite: false }
    }

    fn finite(before: &str, after: String) -> Self {
        Parts { before: before.to_owned(), after, finite: true }
    }
}

/// `12.5`, with exactly the decimals asked for, or else the shortest up to a limit; whole numbers end in a point.
fn positional<T: Float>(value: T, precision: Option<usize>, limit: usize) -> Parts {
    if !value.into().is_finite() {
        return Parts::not_finite(value.into());
    }
    if let Some(decimals) = precision {
        let text = format!("{value:.decimals$}");
        let point = text.find('.').unwrap_or(text.len());
        return Parts::finite(&text[..point], text[point..].to_owned());
    }
    let mut text = format!("{value}");
    if decimals_of(&text) > limit {
        text = format!("{value:.limit$}");
    }
    let (before, decimals) = text.split_once('.').unwrap_or((&text, ""));
    Parts::finite(before, format!(".{}", decimals.trim_end_matches('0')))
}

/// `1.25e+01`, with as many decimals and digits of the exponent in all as the longest needs.
fn exponential<T: Float>(values: &[T]) -> Vec<Parts> {
    let numbers: Vec<Option<Scientific>> = values.iter().map(|&x| Scientific::of(x)).collect();
    let finite = || numbers.iter().flatten();
    let decimals = finite().map(|number| number.decimals.len()).max().unwrap_or(0);
    let digits = finite().map(|number| number.exponent.unsigned_abs().to_string().len()).max().unwrap_or(0).max(2);
    let parts = |(number, &value): (&Option<Scientific>, &T)| match number {
        Some(Scientific { before, decimals: own, exponent }) => {
            let sign = if *exponent < 0 { '-' } else { '+' };
            Parts::finite(before, format!(".{own:0<decimals$}e{sign}{:0>digits$}", exponent.unsigned_abs()))
        }
        None => Parts::not_finite(value.into()),
    };
    numbers.iter().zip(values).map(parts).collect()
}

/// A finite number, `before.decimals` times ten to the exponent.
struct Scientific {
    before: String,
    decimals: String,
    exponent: i32,
}

impl Scientific {
    fn of<T: Float>(value: T) -> Option<Self> {
        let mut text = format!("{value:e}");
        if decimals_of(text.split_once('e')?.0) > DECIMALS {
            text = format!("{value:.DECIMALS$e}");
        }
        // Infinities and NaN have no exponent to split at.
        let (mantissa, exponent) = text.split_once('e')?;
        let (before, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let decimals = decimals.trim_end_matches('0').to_owned();
        Some(Scientific { before: before.to_owned(), decimals, exponent: exponent.parse().ok()? })
    }
}

/// `nan`, `inf` or `-inf`.
fn named(value: f64) -> String {
    if value.is_nan() { "nan".to_owned() } else { value.to_string() }
}

/// How many digits follow the point.
fn decimals_of(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

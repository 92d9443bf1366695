//! Quantiles: elements of the sorted axis, and what lies between them.

use crate::ops::{broadcast::widened, reduction::extrema::infer_extremum, reduction::reduce::checked_axes};
use crate::{Axes, DType, Error, ErrorKind, Shape, Tensor};

#[cfg(test)]
mod tests;

/// What a quantile between two neighbouring elements a and b is; t in [0, 1] says where between them it falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QuantileMethod {
    /// a + t (b - a)
    #[default]
    Linear,
    /// a
    Lower,
    /// b
    Higher,
    /// (a + b) / 2
    Midpoint,
    /// The nearer one; halfway, that of even rank.
    Nearest,
}

/// Which quantiles, from 0 (the smallest element) to 1 (the greatest), and how they are interpolated.
///
/// Made from a number or from a list of numbers; a list gives the result a first axis.
///
/// ```
/// use cotangent_tensor::{Tensor, ops::{QuantileMethod, Quantiles}};
/// let x = Tensor::from([1.0, 2.0, 3.0, 4.0]);
/// let quartiles = Quantiles::from([0.25, 0.75]).interpolation(QuantileMethod::Lower);
/// assert_eq!(x.quantile(quartiles, 0).to_vec::<f64>(), [1.0, 3.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles {
    q: Vec<f64>,
    is_list: bool,
    interpolation: QuantileMethod,
}

impl Quantiles {
    /// Interpolated so; linearly if nothing is said.
    #[must_use]
    pub fn interpolation(self, interpolation: QuantileMethod) -> Self {
        Quantiles { interpolation, ..self }
    }

    fn list(q: Vec<f64>) -> Self {
        Quantiles { q, is_list: true, interpolation: QuantileMethod::Linear }
    }
}

impl From<f64> for Quantiles {
    fn from(q: f64) -> Self {
        Quantiles { is_list: false, ..Quantiles::list(vec![q]) }
    }
}
impl From<Vec<f64>> for Quantiles {
    fn from(q: Vec<f64>) -> Self {
        Quantiles::list(q)
    }
}
impl From<&[f64]> for Quantiles {
    fn from(q: &[f64]) -> Self {
        Quantiles::list(q.to_vec())
    }
}
impl<const N: usize> From<[f64; N]> for Quantiles {
    fn from(q: [f64; N]) -> Self {
        Quantiles::list(q.to_vec())
    }
}

/// Quantiles.
impl Tensor {
    /// The quantiles of the elements along some axes, which go: quantile q of n elements has rank `q (n - 1)` among them in order, and
    /// between two ranks it is interpolated. A list of quantiles gives the result a first axis. Where there is a NaN, the result is
    /// NaN.
    ///
    /// The gradient goes to the two elements that a quantile lies between, by their weights; of equal elements the first counts as the
    /// smaller.
    ///
    /// # Panics
    /// When a quantile is not in [0, 1], an axis is out of range, named twice, or has no elements while the result has, or the dtype is
    /// not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[4.0f32, 1.0, 3.0, 2.0]]);
    /// assert_eq!(x.quantile(0.5, 1).to_vec::<f32>(), [2.5]);
    /// assert_eq!(x.quantile([0.0, 1.0], ..).to_vec::<f32>(), [1.0, 4.0]);
    /// ```
    #[must_use]
    #[track_caller]
    #[doc(alias = "percentile")]
    pub fn quantile(&self, q: impl Into<Quantiles>, axes: impl Into<Axes>) -> Tensor {
        quantile(self, &q.into(), axes.into(), Nan::Spreads, false)
    }

    /// As [`quantile`](Self::quantile); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`quantile`](Self::quantile).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[4.0f32, 1.0]]).quantile_keepdims([0.1, 0.2, 0.3], 1).shape()[..], [3, 1, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn quantile_keepdims(&self, q: impl Into<Quantiles>, axes: impl Into<Axes>) -> Tensor {
        quantile(self, &q.into(), axes.into(), Nan::Spreads, true)
    }

    /// As [`quantile`](Self::quantile), of the elements that are not NaN; NaN where all are.
    ///
    /// # Panics
    /// As [`quantile`](Self::quantile).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([f64::NAN, 1.0, 2.0]).nanquantile(0.5, 0).item::<f64>(), 1.5);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn nanquantile(&self, q: impl Into<Quantiles>, axes: impl Into<Axes>) -> Tensor {
        quantile(self, &q.into(), axes.into(), Nan::IsLeftOut, false)
    }

    /// As [`nanquantile`](Self::nanquantile); the axes stay with size 1.
    ///
    /// # Panics
    /// As [`quantile`](Self::quantile).
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([[f64::NAN, 1.0]]).nanquantile_keepdims(0.5, 1).to_vec::<f64>(), [1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn nanquantile_keepdims(&self, q: impl Into<Quantiles>, axes: impl Into<Axes>) -> Tensor {
        quantile(self, &q.into(), axes.into(), Nan::IsLeftOut, true)
    }
}

/// What a NaN does to the quantiles of its row.
#[derive(Clone, Copy)]
enum Nan {
    Spreads,
    IsLeftOut,
}

#[track_caller]
fn quantile(x: &Tensor, wanted: &Quantiles, axes: Axes, nan: Nan, keepdims: bool) -> Tensor {
    let op = match nan {
        Nan::Spreads => "quantile",
        Nan::IsLeftOut => "nanquantile",
    };
    let refused = if x.dtype().is_float() { outside(op, &wanted.q) } else { Some(Error::needs_float(op, &[])) };
    let refused = refused.or_else(|| {
        let resolved = axes.resolve(op, x.rank());
        resolved.and_then(|axes| infer_extremum(op, x.spec(), &axes, keepdims, x.dtype())).err()
    });
    let axes = checked_axes(x, op, axes, refused).resolve(op, x.rank()).expect("checked just now");

    // The axes as one, the last, in order.
    let kept: Vec<usize> = (0..x.rank()).filter(|axis| !axes.contains(axis)).collect();
    let order: Vec<isize> = kept.iter().chain(&axes).map(|&axis| axis as isize).collect();
    let length: usize = axes.iter().map(|&axis| x.shape()[axis]).product();
    let rows: Shape = kept.iter().map(|&axis| x.shape()[axis]).chain([length]).collect();
    let sorted = x.permute(order).reshape(&rows).sort(-1).0;

    let results: Shape = match keepdims {
        true => x.shape().iter().enumerate().map(|(i, &size)| if axes.contains(&i) { 1 } else { size }).collect(),
        false => kept.iter().map(|&axis| x.shape()[axis]).collect(),
    };
    let results: Shape = wanted.is_list.then_some(wanted.q.len()).into_iter().chain(results.iter().copied()).collect();
    if results.numel() == 0 {
        return Tensor::zeros(results, x.dtype());
    }
    let ranks = ranks(&sorted, length, &wanted.q, nan);
    // [.., q] to [q, ..]
    let y = between(&sorted, &ranks, wanted.interpolation);
    let last = y.rank() as isize - 1;
    let first: Vec<isize> = std::iter::once(last).chain(0..last).collect();
    y.permute(first).reshape(results)
}

/// The refusal of a quantile that is none.
fn outside(op: &'static str, q: &[f64]) -> Option<Error> {
    let q = q.iter().find(|q| !(0.0..=1.0).contains(*q))?;
    Some(Error::new(ErrorKind::Value, op, format!("a quantile must lie in [0, 1], not {q:?}")))
}

/// Where in each sorted row the quantiles lie, from 0 on, in f64: in f32, a rank beyond 2^24 would be rounded.
fn ranks(sorted: &Tensor, length: usize, q: &[f64], nan: Nan) -> Tensor {
    let rows: Shape = sorted.shape().iter().copied().take(sorted.rank() - 1).chain([q.len()]).collect();
    let (q, is_number) = (Tensor::from(q), sorted.eq(sorted));
    let ranks = match nan {
        Nan::Spreads => {
            // A NaN comes last in order, and the rank of the last makes the result NaN.
            let last = length as f64 - 1.0;
            is_number.narrow(-1, length - 1, 1).where_(&(q * last), last)
        }
        Nan::IsLeftOut => (is_number.cast(DType::F64).sum_keepdims(-1) - 1.0).maximum(0) * q,
    };
    ranks.expand(rows)
}

/// The elements of sorted rows at ranks, interpolated between two.
fn between(sorted: &Tensor, ranks: &Tensor, interpolation: QuantileMethod) -> Tensor {
    // A cast cuts off, which for ranks rounds down.
    let below = ranks.cast(DType::I64);
    let t = ranks - below.cast(DType::F64);
    let above = &below + t.gt(0).cast(DType::I64);
    let at = |places: &Tensor| sorted.gather(-1, places);
    match interpolation {
        QuantileMethod::Lower => at(&below),
        QuantileMethod::Higher => at(&above),
        QuantileMethod::Nearest => {
            // Adding 2^52, of which the last bit counts ones, rounds to the nearest, ties to even.
            const ONES: f64 = (1u64 << 52) as f64;
            at(&(ranks + ONES - ONES).cast(DType::I64))
        }
        QuantileMethod::Linear => weighted(&at(&below), &at(&above), &t),
        QuantileMethod::Midpoint => weighted(&at(&below), &at(&above), &(t.gt(0).cast(DType::F64) * 0.5)),
    }
}

/// a + t (b - a), which is a where both are equal; of halves in f32, since the difference may be more than a half holds.
fn weighted(a: &Tensor, b: &Tensor, t: &Tensor) -> Tensor {
    let dtype = a.dtype();
    let [a, b, t] = [&widened(a), &widened(b), &t.cast(dtype.widened())];
    // Infinities have no differences: there, (1 - t) a + t b.
    let infinite = a.abs().maximum(&b.abs()).eq(f64::INFINITY);
    let apart = t.gt(0).where_(b, 0) * t + a * (1 - t);
    infinite.where_(&apart, &(a + infinite.where_(0, &(b - a)) * t)).cast(dtype)
}

//! What an interpolation is asked for, and the weights that follow.

use crate::{Error, ErrorKind, Real, Result, Shape, SpecRef, kernels::resample::Taps};

/// How values between the given ones are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// The value at the place rounded down, as PyTorch's `nearest`: of `o` in n of m places, `floor(o m / n)`.
    #[default]
    Nearest,
    /// The value at the nearest place: `floor((o + 1/2) m / n)`.
    NearestExact,
    /// On straight lines between neighbours.
    Linear,
    /// On cubics through four neighbours, with the slopes of a = -3/4. (Keys, "Cubic convolution interpolation for digital image
    /// processing", IEEE TASSP 29, 1981.)
    Cubic,
    /// The mean of all values that a place covers.
    Area,
}

/// Options of [`Tensor::interpolate`](crate::Tensor::interpolate): a size or a factor for each axis, the mode (nearest unless told
/// otherwise), and what is aligned.
#[derive(Clone, Debug)]
pub struct Interpolate {
    target: Target,
    mode: Interpolation,
    align_corners: bool,
}

#[derive(Clone, Debug)]
enum Target {
    Size(Shape),
    Factor(Vec<f64>),
}

/// What becomes of one axis.
#[derive(Clone, Copy)]
pub(super) struct AxisTarget {
    pub(super) size: usize,
    /// Places of the input for each of the result, where that is not the quotient of the sizes.
    step: Option<f64>,
}

impl Interpolate {
    fn new(target: Target) -> Self {
        Interpolate { target, mode: Interpolation::default(), align_corners: false }
    }

    /// To these sizes, one for each axis after batch and channels.
    #[must_use]
    pub fn to_size(sizes: impl Into<Shape>) -> Self {
        Interpolate::new(Target::Size(sizes.into()))
    }

    /// By these factors, one for each axis after batch and channels. An axis of n places gets `floor(n factor)`; places are
    /// `1 / factor` apart, also where the sizes would say otherwise.
    #[must_use]
    pub fn by_factor(factors: impl AsRef<[f64]>) -> Self {
        Interpolate::new(Target::Factor(factors.as_ref().to_vec()))
    }

    /// How values between the given ones are found.
    #[must_use]
    pub fn mode(self, mode: Interpolation) -> Self {
        Interpolate { mode, ..self }
    }

    /// Maps the centres of the first and last place on each other, instead of their outer edges; for the modes linear and
    /// cubic, others have no choice.
    #[must_use]
    pub fn align_corners(self) -> Self {
        Interpolate { align_corners: true, ..self }
    }

    pub(super) fn resolve(&self, x: SpecRef<'_>) -> Result<Vec<AxisTarget>> {
        const OP: &str = "interpolate";
        let refuse = |kind: ErrorKind, rule: String| Err(Error::new(kind, OP, rule));
        if !x.dtype().is_float() {
            return Err(Error::needs_float(OP, &[x]));
        }
        if x.rank() < 3 {
            return refuse(ErrorKind::Shape, "needs a batch axis, a channel axis and at least one more".to_owned());
        }
        if self.align_corners && !matches!(self.mode, Interpolation::Linear | Interpolation::Cubic) {
            let rule = format!("corners can be aligned in the modes linear and cubic, not {:?}", self.mode);
            return refuse(ErrorKind::Value, rule);
        }
        let sizes = &x.shape()[2..];
        let (named, what) = match &self.target {
            Target::Size(sizes) => (sizes.len(), "sizes"),
            Target::Factor(factors) => (factors.len(), "factors"),
        };
        if named != sizes.len() {
            return refuse(
                ErrorKind::Shape,
                format!("{named} {what} for {} axes after batch and channels", sizes.len()),
            );
        }
        let axes: Vec<AxisTarget> = match &self.target {
            Target::Size(sizes) => sizes.iter().map(|&size| AxisTarget { size, step: None }).collect(),
            Target::Factor(factors) => {
                if let Some(factor) = factors.iter().find(|factor| !(factor.is_finite() && **factor > 0.0)) {
                    return refuse(ErrorKind::Value, format!("a factor must be positive and finite, not {factor:?}"));
                }
                // A product beyond usize saturates, and is refused as too large.
                let axis = |(&size, &factor): (&usize, &f64)| AxisTarget {
                    size: (size as f64 * factor).floor() as usize,
                    step: (self.mode != Interpolation::Area).then_some(1.0 / factor),
                };
                sizes.iter().zip(factors).map(axis).collect()
            }
        };
        match sizes.iter().zip(&axes).position(|(&size, axis)| size == 0 || axis.size == 0) {
            Some(i) => {
                let rule = format!("axis {} cannot go from size {} to {}", i + 2, sizes[i], axes[i].size);
                refuse(ErrorKind::Shape, rule)
            }
            None => Ok(axes),
        }
    }

    /// The matrix of an axis of `m` places.
    pub(super) fn taps(&self, m: usize, AxisTarget { size: n, step }: AxisTarget) -> Taps {
        let last = m - 1;
        let exact = |numerator: u128, denominator: u128| (numerator / denominator).min(last as u128) as usize;
        let near = |place: f64| (place.floor() as usize).min(last);
        match self.mode {
            // In whole numbers where there is no factor: 49 (1 / 49) is below 1 in floating point.
            Interpolation::Nearest => Taps::new(
                m,
                (0..n).map(|o| {
                    [(step.map_or_else(|| exact(o as u128 * m as u128, n as u128), |step| near(o as f64 * step)), 1.0)]
                }),
            ),
            Interpolation::NearestExact => Taps::new(
                m,
                (0..n).map(|o| {
                    let centre = || exact((2 * o as u128 + 1) * m as u128, 2 * n as u128);
                    [(step.map_or_else(centre, |step| near((o as f64 + 0.5) * step)), 1.0)]
                }),
            ),
            Interpolation::Linear => Taps::new(
                m,
                (0..n).map(|o| {
                    let place = self.place(o, m, n, step).max(0.0);
                    let first = near(place);
                    let t = (place - first as f64).min(1.0);
                    [(first, 1.0 - t), ((first + 1).min(last), t)]
                }),
            ),
            Interpolation::Cubic => Taps::new(
                m,
                (0..n).map(|o| {
                    let place = self.place(o, m, n, step);
                    let first = place.floor();
                    let weights = cubic_weights(&(place - first));
                    let at = move |i: usize| (first + i as f64 - 1.0).clamp(0.0, last as f64) as usize;
                    [0, 1, 2, 3].map(|i| (at(i), weights[i]))
                }),
            ),
            Interpolation::Area => Taps::new(
                m,
                (0..n).map(|o| {
                    let start = exact(o as u128 * m as u128, n as u128);
                    let end = ((o as u128 + 1) * m as u128).div_ceil(n as u128) as usize;
                    (start..end).map(move |place| (place, 1.0 / (end - start) as f64))
                }),
            ),
        }
    }

    /// Where in the input place `o` of the result lies.
    fn place(&self, o: usize, m: usize, n: usize, step: Option<f64>) -> f64 {
        if self.align_corners {
            return if n > 1 { (m - 1) as f64 / (n - 1) as f64 * o as f64 } else { 0.0 };
        }
        step.unwrap_or(m as f64 / n as f64) * (o as f64 + 0.5) - 0.5
    }
}

/// The weights of the places -1, 0, 1, 2 for a value at `t` in [0, 1).
pub(in crate::ops) fn cubic_weights<R: Real>(t: &R) -> [R; 4] {
    /// The slope parameter of Keys; PyTorch's choice, and OpenCV's.
    const A: f64 = -0.75;
    let polynomial = |x: R, coefficients: [f64; 4]| {
        let [first, rest @ ..] = coefficients.map(|c| x.constant(c));
        rest.into_iter().fold(first, |sum, c| sum * x.clone() + c)
    };
    let near = |x: R| polynomial(x, [A + 2.0, -(A + 3.0), 0.0, 1.0]);
    let far = |x: R| polynomial(x, [A, -5.0 * A, 8.0 * A, -4.0 * A]);
    let [one, two] = [1.0, 2.0].map(|c| t.constant(c));
    [far(t.clone() + one.clone()), near(t.clone()), near(one - t.clone()), far(two - t.clone())]
}

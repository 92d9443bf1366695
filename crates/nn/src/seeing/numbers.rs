//! What the elements of a tensor are like, in a few numbers.

use cotangent_tensor::{DType, Tensor};

/// What the elements of a tensor are like. All but the counts are of the finite elements; of none, they are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Numbers {
    /// How many there are.
    pub count: usize,
    /// How many are zero.
    pub zeros: usize,
    /// How many are NaN.
    pub nans: usize,
    /// How many are infinite.
    pub infinities: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, `√(Σ (x - mean)² / n)`.
    pub std: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
    /// `√(Σ x²)`.
    pub norm: f64,
}

impl Numbers {
    /// The numbers of a tensor; none of one that is not floating-point.
    ///
    /// # Panics
    /// When the tensor is a [shape without values](Tensor::shape_only).
    ///
    /// ```
    /// use cotangent_nn::seeing::Numbers;
    /// use cotangent_tensor::Tensor;
    /// let numbers = Numbers::of(&Tensor::from([0.0, 3.0, -4.0, 1.0, f64::NAN])).expect("floats");
    /// assert_eq!((numbers.count, numbers.zeros, numbers.nans), (5, 1, 1));
    /// assert_eq!((numbers.mean, numbers.least, numbers.greatest), (0.0, -4.0, 3.0));
    /// assert_eq!(numbers.norm, 26f64.sqrt());
    /// assert!(Numbers::of(&Tensor::from([1i64])).is_none());
    /// ```
    #[must_use]
    #[track_caller]
    pub fn of(x: &Tensor) -> Option<Self> {
        if !x.dtype().is_float() {
            return None;
        }
        let elements = x.cast(DType::F64).to_vec::<f64>();
        let finite = || elements.iter().copied().filter(|x| x.is_finite());
        let mut numbers = Numbers { count: elements.len(), ..Numbers::default() };
        numbers.nans = elements.iter().filter(|x| x.is_nan()).count();
        numbers.infinities = elements.iter().filter(|x| x.is_infinite()).count();
        numbers.zeros = elements.iter().filter(|&&x| x == 0.0).count();
        if finite().next().is_none() {
            return Some(numbers);
        }
        let n = finite().count() as f64;
        let sum: f64 = finite().sum();
        numbers.mean = if sum.is_finite() { sum / n } else { finite().map(|x| x / n).sum() };
        numbers.std = finite().map(|x| (x - numbers.mean).powi(2) / n).sum::<f64>().sqrt();
        numbers.least = finite().fold(f64::INFINITY, f64::min);
        numbers.greatest = finite().fold(f64::NEG_INFINITY, f64::max);
        numbers.norm = finite().map(|x| x * x).sum::<f64>().sqrt();
        Some(numbers)
    }

    /// Whether every element is a finite number.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.nans == 0 && self.infinities == 0
    }

    /// How many of a hundred are zero.
    #[must_use]
    pub fn percent_zero(&self) -> f64 {
        if self.count == 0 { 0.0 } else { 100.0 * self.zeros as f64 / self.count as f64 }
    }

    /// `√(Σ x² / n)`, the size of an element.
    #[must_use]
    pub fn rms(&self) -> f64 {
        let finite = self.count - self.nans - self.infinities;
        if finite == 0 { 0.0 } else { self.norm / (finite as f64).sqrt() }
    }
}

//! Where an element stands in its sequence, added to it: as waves, or as a learned row.

use super::layer::layers;
use cotangent_derive::Module;
use cotangent_tensor::{DType, Rng, Shape, Tensor};

/// Adds to the element at place p, in its numbers 2i and 2i + 1, `sin(p / 10000^(2i/width))` and `cos(p / 10000^(2i/width))`.
///
/// Sequences are `[.., length, width]`, or `[length, batch, width]` after [`length_first`](Self::length_first). There is nothing to
/// learn or to store. (Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.5.)
///
/// ```
/// use cotangent_nn::SinusoidalPositions;
/// use cotangent_tensor::{DType, Tensor};
/// let positions = SinusoidalPositions::new(100, 4);
/// let y = positions.forward(&Tensor::zeros([2, 4], DType::F64));
/// assert_eq!(y.to_vec::<f64>(), [0.0, 1.0, 0.0, 1.0, 1f64.sin(), 1f64.cos(), 0.01f64.sin(), 0.01f64.cos()]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct SinusoidalPositions {
    /// In f64; cast to the sequence's dtype.
    #[module(skip)]
    table: Tensor,
    length_first: bool,
}

impl SinusoidalPositions {
    /// For sequences of at most so many elements of this width.
    ///
    /// # Panics
    /// When the table's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(most: usize, width: usize) -> Self {
        let wave = |place: usize, i: usize| {
            let angle = place as f64 / 10_000f64.powf((i - i % 2) as f64 / width as f64);
            if i.is_multiple_of(2) { angle.sin() } else { angle.cos() }
        };
        let waves = (0..most).flat_map(|place| (0..width).map(move |i| wave(place, i))).collect();
        let table = Tensor::from_vec(waves, [most, width]).expect("as many waves as the shape says");
        SinusoidalPositions { table, length_first: false }
    }

    /// For sequences of `[length, batch, width]`.
    #[must_use]
    pub fn length_first(self) -> Self {
        SinusoidalPositions { length_first: true, ..self }
    }

    /// x and the waves of the places 0, 1, ..
    ///
    /// # Panics
    /// When x is not floating point, has another width, or is longer than the table.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let rows = rows("sinusoidal_positions", &self.table, x, self.length_first);
        assert!(x.dtype().is_float(), "sinusoidal_positions: x must be floating point; got {}", x.spec());
        x + rows.cast(x.dtype())
    }
}

/// Adds to the element at place p the row p of a learned table.
///
/// Sequences are `[.., length, width]`, or `[length, batch, width]` after [`length_first`](Self::length_first).
///
/// ```
/// use cotangent_nn::LearnedPositions;
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let positions = LearnedPositions::new(100, 4, &mut Rng::seed(7));
/// assert_eq!(positions.forward(&Tensor::zeros([3, 20, 4], DType::F32)).shape()[..], [3, 20, 4]);
/// ```
#[derive(Clone, Debug, Module)]
pub struct LearnedPositions {
    /// The table, of shape `[most, width]`; named as that of an embedding of the places.
    pub weight: Tensor,
    length_first: bool,
}

impl LearnedPositions {
    /// For sequences of at most so many elements of this width; f32, normal with deviation 1, as an
    /// [`Embedding`](crate::Embedding).
    ///
    /// # Panics
    /// When the table's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(most: usize, width: usize, rng: &mut Rng) -> Self {
        LearnedPositions { weight: rng.normal([most, width], DType::F32), length_first: false }
    }

    /// For sequences of `[length, batch, width]`.
    #[must_use]
    pub fn length_first(self) -> Self {
        LearnedPositions { length_first: true, ..self }
    }

    /// x and the rows of the places 0, 1, ..
    ///
    /// # Panics
    /// When x has another dtype or width, or is longer than the table.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x + rows("learned_positions", &self.weight, x, self.length_first)
    }
}

layers!(alike: SinusoidalPositions, LearnedPositions);

/// The first rows of a table, as they are added to x.
#[track_caller]
fn rows(op: &str, table: &Tensor, x: &Tensor, length_first: bool) -> Tensor {
    let &[most, width] = &table.shape()[..] else {
        panic!("{op}: the table must have two axes; got {}", table.spec());
    };
    let order = if length_first { "[length, .., width]" } else { "[.., length, width]" };
    assert!(
        x.rank() >= 2 && x.shape()[x.rank() - 1] == width,
        "{op}: x must be {order} of the table's width {width}; got {}",
        x.spec()
    );
    let axis = if length_first { 0 } else { x.rank() - 2 };
    let length = x.shape()[axis];
    assert!(length <= most, "{op}: a sequence may have {most} elements; got {length} in {}", x.spec());
    let rows = table.narrow(0, 0, length);
    // One row for each place, whatever lies between the places and the numbers.
    let between = x.rank() - 2 - axis;
    rows.reshape([length].into_iter().chain((0..between).map(|_| 1)).chain([width]).collect::<Shape>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;
    use cotangent_autograd::{grad, module};

    #[test]
    fn places_lie_along_the_named_axis() {
        let rng = &mut Rng::seed(1);
        let x = rng.normal([2, 3, 5, 4], DType::F64);
        let positions = SinusoidalPositions::new(7, 4);
        let added = (positions.forward(&x) - &x).unbind(0)[1].unbind(0)[2].to_vec::<f64>();
        let wanted = positions.forward(&Tensor::zeros([5, 4], DType::F64)).to_vec::<f64>();
        assert!(added.iter().zip(&wanted).all(|(x, y)| (x - y).abs() < 1e-15));
        let zeros = Tensor::zeros([2, 3, 4], DType::F64);
        let first = positions.length_first().forward(&zeros);
        assert_eq!(first.unbind(1)[2].to_vec::<f64>(), wanted[..8]);
    }

    #[test]
    fn an_odd_width_ends_with_a_sine() {
        let y = SinusoidalPositions::new(3, 3).forward(&Tensor::zeros([3, 3], DType::F64));
        assert_eq!(y.unbind(0)[2].to_vec::<f64>()[2], (2.0 / 10_000f64.powf(2.0 / 3.0)).sin());
    }

    #[test]
    fn learned_rows_get_the_gradient_of_their_place() {
        let positions = LearnedPositions::new(4, 2, &mut Rng::seed(2));
        let x = Tensor::zeros([3, 2, 2], DType::F32);
        let bar = grad(&positions, |positions| positions.forward(&x).sum(..));
        assert_eq!(bar.weight.to_vec::<f32>(), [3.0, 3.0, 3.0, 3.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(module::named_tensors(&positions)[0].0, "weight");
        assert!(module::tensors(&SinusoidalPositions::new(4, 2)).is_empty());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let positions = SinusoidalPositions::new(4, 2);
        let refused = |shape: &[usize]| panic_message(|| positions.forward(&Tensor::zeros(shape, DType::F32)));
        assert_eq!(refused(&[1, 5, 2]), "sinusoidal_positions: a sequence may have 4 elements; got 5 in f32[1, 5, 2]");
        assert_eq!(
            refused(&[2]),
            "sinusoidal_positions: x must be [.., length, width] of the table's width 2; got f32[2]"
        );
        assert_eq!(positions.forward(&Tensor::zeros([0, 2], DType::F32)).numel(), 0);
    }
}

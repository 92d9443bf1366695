//! Where an element stands in its sequence, as a rotation of its pairs of numbers.

use super::layer::layers;
use cotangent_derive::Module;
use cotangent_tensor::{DType, Shape, Tensor, elementwise};

/// Turns pair i of the element at place p by the angle `p base^(-2i/width)`, so that products of queries and keys depend on how far
/// apart they stand. As [`Tensor::rotary_embedding`], with the table of sines and cosines made once.
///
/// Queries and keys are `[.., length, width]`; of several heads, `[batch, heads, length, width]`. There is nothing to learn or to
/// store. (Su et al., "RoFormer: Enhanced transformer with rotary position embedding", 2021.)
///
/// ```
/// use cotangent_nn::RotaryPositions;
/// use cotangent_tensor::{DType, Tensor, ops::Rotary};
/// let (rotary, x) = (RotaryPositions::new(100, 4), Tensor::ones([3, 4], DType::F64));
/// let error = (rotary.forward(&x) - x.rotary_embedding(&Rotary::new())).abs().max(..);
/// assert!(error.item::<f64>() < 1e-15);
/// // Element by element, with those before it kept.
/// let last = rotary.forward_at(&x.narrow(0, 2, 1), 2);
/// assert_eq!(last.to_vec::<f64>(), rotary.forward(&x).narrow(0, 2, 1).to_vec::<f64>());
/// ```
#[derive(Clone, Debug, Module)]
pub struct RotaryPositions {
    /// Made of angles in f64, for each dtype: a rotation by an angle that was rounded to f32 would be off by a radian at place 10⁷.
    #[module(skip)]
    tables: [(DType, Table); 2],
    most: usize,
    width: usize,
    interleaved: bool,
}

/// `[most, 1, pairs]` and `[most, 2, pairs]`, or `[most, pairs, 1]` and `[most, pairs, 2]` for neighbours.
#[derive(Clone, Debug)]
struct Table {
    cos: Tensor,
    /// With the sign that the first and the second of a pair have.
    sin: Tensor,
}

impl RotaryPositions {
    /// For at most so many places, and elements of this width: base 10,000, pairs half an element apart, (0, w/2), (1, w/2 + 1), .., as
    /// in GPT-NeoX and Llama.
    ///
    /// # Panics
    /// When the width is odd.
    #[must_use]
    #[track_caller]
    pub fn new(most: usize, width: usize) -> Self {
        Self::with(most, width, 10_000.0, false)
    }

    /// As [`new`](Self::new), with another base, and, if `interleaved`, of neighbours, (0, 1), (2, 3), .., as in the paper and in
    /// GPT-J.
    ///
    /// # Panics
    /// When the width is odd, or the base is not positive and finite.
    #[must_use]
    #[track_caller]
    pub fn with(most: usize, width: usize, base: f64, interleaved: bool) -> Self {
        assert!(width.is_multiple_of(2), "rotary_positions: the width must be even, for pairs; got {width}");
        assert!(base > 0.0 && base.is_finite(), "rotary_positions: the base must be positive and finite; got {base}");
        let pairs = width / 2;
        let angle = |place: usize, i: usize| place as f64 * base.powf(-2.0 * i as f64 / width as f64);
        let table = |f: fn(f64) -> f64| {
            let numbers = (0..most).flat_map(|place| (0..pairs).map(move |i| f(angle(place, i)))).collect();
            let axis = if interleaved { 2 } else { 1 };
            Tensor::from_vec(numbers, [most, pairs]).expect("as many as the shape says").unsqueeze(axis)
        };
        let (cos, sin) = (table(f64::cos), table(f64::sin));
        // (a, b) becomes (a cos - b sin, b cos + a sin).
        let sin = Tensor::concat([&-&sin, &sin], if interleaved { 2 } else { 1 });
        let tables =
            [DType::F32, DType::F64].map(|dtype| (dtype, Table { cos: cos.cast(dtype), sin: sin.cast(dtype) }));
        RotaryPositions { tables, most, width, interleaved }
    }

    /// x, of which the first element stands at place 0.
    ///
    /// # Panics
    /// When x is not floating point, has another width, or is longer than the table.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        self.forward_at(x, 0)
    }

    /// x, of which the first element stands at the place `first`: as many as went before.
    ///
    /// # Panics
    /// When x is not floating point, has another width, or goes beyond the table.
    #[must_use]
    #[track_caller]
    pub fn forward_at(&self, x: &Tensor, first: usize) -> Tensor {
        if x.dtype().is_half() {
            return self.forward_at(&x.cast(DType::F32), first).cast(x.dtype());
        }
        let [ref lead @ .., length, width] = x.shape()[..] else {
            panic!("rotary_positions: x must be [.., length, width]; got {}", x.spec());
        };
        assert!(width == self.width, "rotary_positions: x must have the width {}; got {}", self.width, x.spec());
        assert!(
            first.checked_add(length).is_some_and(|end| end <= self.most),
            "rotary_positions: there are {} places; got {} from place {first} on",
            self.most,
            x.spec()
        );
        let Some((_, Table { cos, sin })) = self.tables.iter().find(|(dtype, _)| *dtype == x.dtype()) else {
            panic!("rotary_positions: x must be floating point; got {}", x.spec());
        };
        let (pair, axis) = if self.interleaved { ([width / 2, 2], -1) } else { ([2, width / 2], -2) };
        let pairs = x.reshape(lead.iter().copied().chain([length]).chain(pair).collect::<Shape>());
        let (cos, sin) = (cos.narrow(0, first, length), sin.narrow(0, first, length));
        turned(&pairs, &pairs.flip(axis), &cos, &sin).reshape(x.shape())
    }
}

// Fused: one pass over x and its mirror, which is a view.
elementwise! {
    fn turned(x, partner, cos, sin) = x.clone() * cos.clone() + partner.clone() * sin.clone();
}

layers!(alike: RotaryPositions);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;
    use cotangent_autograd::{check, grad};
    use cotangent_tensor::{Rng, ops::Rotary};

    #[test]
    fn it_is_the_operation_with_a_table() {
        let x = Rng::seed(1).normal([2, 3, 5, 8], DType::F64);
        for (interleaved, first) in [(false, 0), (true, 0), (false, 90), (true, 95)] {
            let mut options = Rotary::new().base(500.0).offset(first as i64);
            if interleaved {
                options = options.interleaved();
            }
            let layer = RotaryPositions::with(100, 8, 500.0, interleaved);
            // The largest angle is 100; its sine is exact to as many units of the last place.
            for (dtype, tolerance) in [(DType::F64, 1e-13), (DType::F32, 1e-6)] {
                let x = x.cast(dtype);
                let error = (layer.forward_at(&x, first) - x.rotary_embedding(&options)).abs().max(..);
                assert!(error.cast(DType::F64).item::<f64>() < tolerance, "{interleaved}, {first}, {dtype}: {error:?}");
                let error = grad(&x, |x| (layer.forward_at(x, first).square() * 3).sum(..))
                    - grad(&x, |x| (x.rotary_embedding(&options).square() * 3).sum(..));
                assert!(error.abs().max(..).cast(DType::F64).item::<f64>() < 30.0 * tolerance);
            }
        }
    }

    #[test]
    fn it_has_second_derivatives() {
        let layer = RotaryPositions::new(4, 4);
        let x = Rng::seed(2).normal([3, 4], DType::F64);
        check::gradients(|x: &Tensor| layer.forward(x).square()).order(2).at(&x).assert_pass();
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let layer = RotaryPositions::new(4, 2);
        let refused =
            |shape: &[usize], first| panic_message(|| layer.forward_at(&Tensor::zeros(shape, DType::F32), first));
        assert_eq!(refused(&[3, 4], 0), "rotary_positions: x must have the width 2; got f32[3, 4]");
        assert_eq!(refused(&[3, 2], 2), "rotary_positions: there are 4 places; got f32[3, 2] from place 2 on");
        assert!(refused(&[3, 2], usize::MAX).contains("there are 4 places"));
        assert_eq!(
            panic_message(|| RotaryPositions::new(4, 3)),
            "rotary_positions: the width must be even, for pairs; got 3"
        );
        assert_eq!(layer.forward(&Tensor::zeros([0, 2], DType::F32)).numel(), 0);
    }
}

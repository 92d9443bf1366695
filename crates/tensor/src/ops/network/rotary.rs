//! Rotary position embedding: pairs of elements turned by angles that grow with the position.
//!
//! Linear in its input; the way back is the rotation by the opposite angles.

use crate::ops::broadcast::or_panic;
use crate::{
    Array, Cotangents, DType, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape, Spec, SpecRef,
    Tensor, Vjp, apply,
    dtype::for_float,
    error::takes,
    kernels::{
        math::Math,
        rotary::{self as kernel, Angles},
    },
};
use std::sync::Arc;

/// Options of [`Tensor::rotary_embedding`]: positions 0, 1, .., base 10,000, pairs half a row apart, unless told otherwise.
#[derive(Clone, Debug)]
pub struct Rotary {
    base: f64,
    offset: i64,
    positions: Option<Tensor>,
    interleaved: bool,
}

impl Default for Rotary {
    fn default() -> Self {
        Rotary { base: 10_000.0, offset: 0, positions: None, interleaved: false }
    }
}

impl Rotary {
    /// Positions 0, 1, .., base 10,000, pairs half a row apart.
    #[must_use]
    pub fn new() -> Self {
        Rotary::default()
    }

    /// Pairs are neighbours, (0, 1), (2, 3), .., as in the paper and in GPT-J; without this, (0, d/2), (1, d/2 + 1), .., as in
    /// GPT-NeoX and Llama.
    #[must_use]
    pub fn interleaved(self) -> Self {
        Rotary { interleaved: true, ..self }
    }

    /// Pair i turns by `position * base^(-2 i / d)`.
    #[must_use]
    pub fn base(self, base: f64) -> Self {
        Rotary { base, ..self }
    }

    /// Positions begin here: at how many went before, where a sequence continues.
    #[must_use]
    pub fn offset(self, offset: i64) -> Self {
        Rotary { offset, ..self }
    }

    /// The position of each row, `i64`, to which the offset is added; they broadcast to the shape without its last axis.
    #[must_use]
    pub fn positions(self, positions: &Tensor) -> Self {
        Rotary { positions: Some(positions.clone()), ..self }
    }

    /// The rotation of tensors of this one's shape; of one without values, or by positions without, it has no angles.
    fn rotation(&self, tensor: &Tensor) -> Result<RotaryEmbedding> {
        const OP: &str = "rotary_embedding";
        let x = tensor.spec();
        let refuse = |kind: ErrorKind, rule: String| Err(Error::new(kind, OP, rule).with_inputs(&[x]));
        if !x.dtype().is_float() {
            return Err(Error::needs_float(OP, &[x]));
        }
        let [ref lead @ .., rows, width] = *x.shape() else {
            return refuse(ErrorKind::Shape, "needs an axis of positions and one of pairs".to_owned());
        };
        if width % 2 != 0 {
            return refuse(ErrorKind::Shape, format!("{width} elements do not fall into pairs"));
        }
        if !(self.base.is_finite() && self.base > 0.0) {
            return refuse(ErrorKind::Value, format!("the base must be positive and finite, not {:?}", self.base));
        }
        let lead: Shape = lead.iter().copied().chain([rows]).collect();
        let without_angles = || Ok(RotaryEmbedding { angles: Arc::default(), interleaved: self.interleaved });
        if x.shape().contains(&0) {
            return without_angles();
        }
        let counted;
        let positions = match &self.positions {
            Some(positions) => positions,
            None if !tensor.has_values() => return without_angles(),
            None => {
                counted = Tensor::arange(0, rows as i64, 1);
                &counted
            }
        };
        if positions.dtype() != DType::I64 {
            return refuse(ErrorKind::DType, format!("positions must be i64, not {}", positions.dtype()));
        }
        if Shape::broadcast(positions.shape(), &lead).as_ref() != Some(&lead) {
            let rule = format!("positions of shape {:?} do not broadcast to {lead:?}", positions.shape());
            return refuse(ErrorKind::Shape, rule);
        }
        if !tensor.has_values() || !positions.has_values() {
            return without_angles();
        }
        // One row of the table for each position that was given, however many rows of the tensor it stands for.
        let given = Tensor::arange(0, positions.numel() as i64, 1).reshape(positions.shape()).expand(&lead);
        let rows = given.to_vec::<i64>().into_iter().map(|row| row as usize).collect();
        let frequencies: Vec<f64> = (0..width / 2).map(|i| self.base.powf(-2.0 * i as f64 / width as f64)).collect();
        let places = positions.to_vec::<i64>().into_iter().map(|position| position.wrapping_add(self.offset) as f64);
        let (cos, sin) = kernel::table(&places.collect::<Vec<f64>>(), &frequencies);
        let table = Table { cos, sin, rows };
        Ok(RotaryEmbedding { angles: Arc::new(table), interleaved: self.interleaved })
    }
}

/// In f64, in which the angle of position 100,000 is exact to 1e-11.
#[derive(Debug, Default)]
struct Table {
    cos: Vec<f64>,
    sin: Vec<f64>,
    /// Which row of the table each row of the tensor takes.
    rows: Vec<usize>,
}

/// Turns pairs of elements by the angles of a table; [`Tensor::rotary_embedding`] makes it.
#[derive(Clone, Debug)]
pub struct RotaryEmbedding {
    angles: Arc<Table>,
    interleaved: bool,
}

impl RotaryEmbedding {
    fn back(&self) -> RotaryEmbedding {
        let Table { cos, sin, rows } = &*self.angles;
        let table = Table { cos: cos.clone(), sin: sin.iter().map(|sin| -sin).collect(), rows: rows.clone() };
        RotaryEmbedding { angles: Arc::new(table), interleaved: self.interleaved }
    }
}

impl Primitive for RotaryEmbedding {
    fn name(&self) -> &'static str {
        "rotary_embedding"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("rotary_embedding", 1, inputs)?;
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0].contiguous();
        let pairs = x.shape()[x.shape().len() - 1] / 2;
        let Table { cos, sin, rows } = &*self.angles;
        Ok(for_float!(x.dtype(), T => {
            let rounded = |numbers: &[f64]| numbers.iter().map(|&x| T::from_f64(x)).collect::<Vec<T>>();
            let (cos, sin) = (rounded(cos), rounded(sin));
            let angles = Angles { cos: &cos, sin: &sin, pairs, rows };
            let y = kernel::rotate(x.as_slice::<T>().expect("contiguous"), &angles, self.interleaved);
            Array::from_buffer(y, x.shape())
        })
        .into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for RotaryEmbedding {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::NOTHING
    }
    // A rotation's transpose is its inverse.
    fn vjp(&self, _: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(apply(&self.back(), &[&y_bar.single()]).into_single()))
    }
    fn jvp(&self, _: &[&Tensor], x_dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(x_dot[0].map(|x_dot| apply(self, &[x_dot]).into_single())))
    }
}

impl Tensor {
    /// Rotary position embedding: each pair `(a, b)` of a row turned to `(a cos t - b sin t, b cos t + a sin t)` by the angle
    /// `t = position * base^(-2 i / d)`, for pair i of a row of d elements. `[.., l, d] -> [.., l, d]`.
    ///
    /// Scalar products of two rows then depend on the distance of their positions only. (Su et al., "RoFormer: Enhanced
    /// transformer with rotary position embedding", 2021.)
    ///
    /// # Panics
    /// When there are fewer than two axes, d is odd, the base is not positive, the positions are not `i64` or do not broadcast, or the
    /// dtype is not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::Rotary};
    /// let x = Tensor::from([[1.0f64, 0.0], [1.0, 0.0]]);
    /// assert_eq!(x.rotary_embedding(&Rotary::new()).to_vec::<f64>(), [1.0, 0.0, 1f64.cos(), 1f64.sin()]);
    /// ```
    #[doc(alias = "rope")]
    #[must_use]
    #[track_caller]
    pub fn rotary_embedding(&self, options: &Rotary) -> Tensor {
        let rotation = or_panic(options.rotation(self));
        match &options.positions {
            // The positions are no input of the rotation, but what depends on them has no values either.
            Some(positions) if !positions.has_values() => {
                apply(&rotation, &[&(self * positions.sum(..).cast(self.dtype()))]).into_single()
            }
            _ => apply(&rotation, &[self]).into_single(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rng, ops::refused::message};

    /// The same, one pair after another.
    fn formula(x: &[f64], position: f64, base: f64, interleaved: bool) -> Vec<f64> {
        let (width, mut y) = (x.len(), x.to_vec());
        for i in 0..width / 2 {
            let angle = position * base.powf(-2.0 * i as f64 / width as f64);
            let (a, b) = if interleaved { (2 * i, 2 * i + 1) } else { (i, i + width / 2) };
            y[a] = x[a] * angle.cos() - x[b] * angle.sin();
            y[b] = x[b] * angle.cos() + x[a] * angle.sin();
        }
        y
    }

    #[test]
    fn rows_turn_by_their_positions() {
        let x = Rng::seed(1).normal([2, 3, 5, 6], DType::F64);
        let given = Tensor::from([[[7i64], [0], [2]], [[1], [100], [3]]]);
        for interleaved in [false, true] {
            let plain = Rotary { interleaved, ..Rotary::new() };
            let by_row: [(Rotary, &dyn Fn(usize) -> i64); 3] = [
                (plain.clone(), &|row| row as i64 % 5),
                (plain.clone().base(100.0).offset(-2), &|row| row as i64 % 5 - 2),
                (plain.clone().positions(&given).offset(1), &|row| given.to_vec::<i64>()[row / 5] + 1),
            ];
            for (options, position) in by_row {
                let y = x.rotary_embedding(&options).to_vec::<f64>();
                for (row, (y, x)) in y.chunks(6).zip(x.to_vec::<f64>().chunks(6)).enumerate() {
                    assert_eq!(
                        y,
                        formula(x, position(row) as f64, options.base, interleaved),
                        "{options:?}, row {row}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_transpose_turns_back() {
        let x = Rng::seed(2).normal([4, 8], DType::F64);
        let rotation = Rotary::new().rotation(&x).unwrap();
        let y = apply(&rotation.back(), &[&apply(&rotation, &[&x]).into_single()]).into_single();
        // cos² + sin² is 1 but for rounding.
        assert!(y.to_vec::<f64>().iter().zip(x.to_vec::<f64>()).all(|(y, x)| (y - x).abs() < 1e-15));
    }

    #[test]
    fn empty_tensors_stay_empty() {
        for shape in [[0, 4], [3, 0]] {
            assert_eq!(Tensor::zeros(shape, DType::F32).rotary_embedding(&Rotary::new()).shape()[..], shape);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let x = Tensor::zeros([2, 3], DType::F32);
        let even = Tensor::zeros([2, 4], DType::F32);
        assert_eq!(
            message(|| x.rotary_embedding(&Rotary::new())),
            "rotary_embedding: 3 elements do not fall into pairs; got f32[2, 3]"
        );
        let positions = Tensor::arange(0, 3, 1);
        assert_eq!(
            message(|| even.rotary_embedding(&Rotary::new().positions(&positions))),
            "rotary_embedding: positions of shape [3] do not broadcast to [2]; got f32[2, 4]"
        );
        assert!(message(|| even.rotary_embedding(&Rotary::new().positions(&even))).contains("must be i64, not f32"));
        assert!(message(|| even.rotary_embedding(&Rotary::new().base(0.0))).contains("positive and finite, not 0.0"));
        assert!(message(|| Tensor::from([1.0f32, 2.0]).rotary_embedding(&Rotary::new())).contains("needs an axis"));
    }
}

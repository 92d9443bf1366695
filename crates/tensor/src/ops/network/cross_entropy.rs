//! Cross-entropy of logits against class indices, fused: no table of log-probabilities is stored, neither forward nor for the
//! derivative, which keeps only the inputs.
//!
//! It is what the losses of `cotangent-nn` run; there it has its methods, class weights, probabilities as targets and reductions.

use crate::ops::rows::{with_axes_back, with_axes_last};
use crate::{
    Array, Cotangents, DType, Decompose, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape,
    Spec, SpecRef, Tensor, Vjp, apply,
    dtype::for_float,
    error::takes,
    kernels::cross_entropy::{self as kernel, Targets},
    shape::resolve_axis,
};

#[cfg(test)]
mod tests;

/// The cross-entropy of each row of logits x along an axis of C classes, for a label in each row:
///
/// ```text
/// y = logsumexp(x) - (1 - ε) x[label] - ε mean(x)
/// ```
///
/// with label smoothing ε, 0 unless asked for: the target is 1 - ε at the label and ε/C everywhere. (Szegedy et al., "Rethinking the
/// Inception architecture", 2016.) Inputs: floating-point logits, and labels of dtype i64 and the logits' shape without the axis.
/// The derivative is `softmax(x) - (1 - ε) onehot(label) - ε/C`. Logits are shifted by their greatest, so that nothing
/// overflows; a row that holds NaN or +inf, or only -inf, gives NaN, as in PyTorch. Where a label is the one to ignore, value and
/// derivative are zero.
///
/// ```
/// use cotangent_tensor::{Tensor, apply, ops::CrossEntropy};
/// let (logits, labels) = (Tensor::from([[0.0, 0.0], [0.0, 2000.0]]), Tensor::from([1i64, 0]));
/// let losses = apply(&CrossEntropy::new(1), &[&logits, &labels]).into_single();
/// assert_eq!(losses.to_vec::<f64>(), [2f64.ln(), 2000.0]);
/// ```
#[derive(Clone, Debug)]
pub struct CrossEntropy {
    axis: isize,
    smoothing: f64,
    ignored: Option<i64>,
}

impl CrossEntropy {
    /// With the classes along this axis; a negative one counts from the end.
    #[must_use]
    pub fn new(axis: isize) -> Self {
        CrossEntropy { axis, smoothing: 0.0, ignored: None }
    }

    /// The share ε of the target that all classes have in common.
    ///
    /// # Panics
    /// When it is not from 0 to 1.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, apply, ops::CrossEntropy};
    /// let (logits, label) = (Tensor::from([[0.0, 0.0]]), Tensor::from([1i64]));
    /// let losses = apply(&CrossEntropy::new(1).label_smoothing(0.5), &[&logits, &label]).into_single();
    /// assert_eq!(losses.to_vec::<f64>(), [2f64.ln()]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn label_smoothing(self, smoothing: f64) -> Self {
        assert!(
            (0.0..=1.0).contains(&smoothing),
            "cross_entropy: the label smoothing must be from 0 to 1; got {smoothing:?}"
        );
        CrossEntropy { smoothing, ..self }
    }

    /// The label of rows that do not count; it need not be a class.
    #[must_use]
    pub fn ignore_index(self, label: i64) -> Self {
        CrossEntropy { ignored: Some(label), ..self }
    }

    fn targets<'a>(&self, labels: &'a [i64]) -> Targets<'a> {
        Targets { labels, ignored: self.ignored, smoothing: self.smoothing }
    }

    /// Checks logits and labels; gives the axis.
    fn check(&self, inputs: &[SpecRef<'_>]) -> Result<usize> {
        let [x, labels] = [inputs[0], inputs[1]];
        if !x.dtype().is_float() {
            return Err(Error::needs_float("cross_entropy", inputs));
        }
        if labels.dtype() != DType::I64 {
            let rule = format!("labels are class indices of dtype i64, not {}", labels.dtype());
            return Err(Error::new(ErrorKind::DType, "cross_entropy", rule)
                .with_inputs(inputs)
                .with_hint("cast them with .cast(DType::I64)"));
        }
        let axis = resolve_axis("cross_entropy", self.axis, x.rank())?;
        let rows = Shape::from(x.shape()).without(axis);
        if *labels.shape() == rows[..] {
            return Ok(axis);
        }
        let rule = format!("logits with their classes along axis {axis} need labels of shape {rows:?}");
        Err(Error::new(ErrorKind::Shape, "cross_entropy", rule).with_inputs(inputs))
    }

    /// Checks that each label is a class or ignored.
    fn check_labels(&self, places: &[i64], shape: &[usize], classes: usize) -> Result<()> {
        let fits = |&label: &i64| usize::try_from(label).is_ok_and(|label| label < classes);
        let Some(flat) = places.iter().position(|label| !fits(label) && self.ignored != Some(*label)) else {
            return Ok(());
        };
        let mut rest = flat;
        let mut position: Vec<usize> = Vec::new();
        for size in shape.iter().rev() {
            position.insert(0, rest % size);
            rest /= size;
        }
        Err(Error::not_a_class("cross_entropy", places[flat], &position, classes))
    }
}

impl Primitive for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("cross_entropy", 2, inputs)?;
        self.check(inputs)?;
        Ok(Spec::new(inputs[1].shape(), inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [x, labels] = [inputs[0], inputs[1]];
        let axis = resolve_axis("cross_entropy", self.axis, x.shape().len())?;
        let classes = x.shape()[axis];
        let places = labels.to_slice::<i64>();
        self.check_labels(&places, labels.shape(), classes)?;
        if x.numel() == 0 {
            // No rows, or no classes: then every label is ignored.
            return Ok(for_float!(x.dtype(), T => Array::full(T::default(), labels.shape())).into());
        }
        let (rows, _) = with_axes_last(x, &[axis]);
        Ok(for_float!(x.dtype(), T => {
            let losses = kernel::losses(rows.as_slice::<T>().expect("contiguous"), classes, &self.targets(&places));
            Array::from_buffer(losses, labels.shape())
        })
        .into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for CrossEntropy {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0).and(Keep::input(1))
    }
    // x_bar = (softmax(x) - (1 - ε) onehot(label) - ε/C) y_bar
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let gradient = CrossEntropyGrad { of: self.clone() };
        let x_bar = apply(&gradient, &[saved.input(0), saved.input(1), &y_bar.single()]).into_single();
        [Some(x_bar), None].into()
    }
    // y_dot = sum(softmax(x) x_dot) - (1 - ε) x_dot[label] - ε mean(x_dot)
    fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let [x, labels] = [x[0], x[1]];
        Some(Few::one(x_dot[0].map(|x_dot| {
            let one = Tensor::full(y[0].shape(), 1, x.dtype());
            let slopes = apply(&CrossEntropyGrad { of: self.clone() }, &[x, labels, &one]).into_single();
            (slopes * x_dot).sum(self.axis)
        })))
    }
}

/// The cotangent of the logits, from logits, labels and `y_bar`: `(softmax(x) - (1 - ε) onehot(label) - ε/C) y_bar`.
#[derive(Clone, Debug)]
pub struct CrossEntropyGrad {
    of: CrossEntropy,
}

impl Primitive for CrossEntropyGrad {
    fn name(&self) -> &'static str {
        "cross_entropy_grad"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("cross_entropy_grad", 3, inputs)?;
        let [x, labels, y_bar] = [inputs[0], inputs[1], inputs[2]];
        self.of.check(inputs)?;
        if y_bar != SpecRef::new(labels.shape(), x.dtype()) {
            let rule = "the cotangent must have the labels' shape and the logits' dtype";
            return Err(Error::new(ErrorKind::Shape, "cross_entropy_grad", rule).with_inputs(inputs));
        }
        Ok(x.to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [x, labels, y_bar] = [inputs[0], inputs[1], inputs[2]];
        if x.numel() == 0 {
            return Ok(x.clone().into());
        }
        let axis = resolve_axis("cross_entropy_grad", self.of.axis, x.shape().len())?;
        let (rows, order) = with_axes_last(x, &[axis]);
        let (classes, places) = (x.shape()[axis], labels.to_slice::<i64>());
        let slopes = for_float!(x.dtype(), T => {
            let x = rows.as_slice::<T>().expect("contiguous");
            let slopes = kernel::slopes(x, classes, &self.of.targets(&places), &y_bar.to_slice::<T>());
            Array::from_buffer(slopes, rows.shape())
        });
        Ok(with_axes_back(slopes, &order).into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Decomposition(self)
    }
}

impl Decompose for CrossEntropyGrad {
    fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor> {
        let [x, labels, y_bar] = [inputs[0], inputs[1], inputs[2]];
        let CrossEntropy { axis, smoothing, ignored } = self.of;
        let classes = x.size(axis);
        // One for each class, along the axis of classes.
        let mut along = vec![1; x.rank()];
        along[resolve_axis("cross_entropy", axis, x.rank()).expect("`infer` has seen the axis")] = classes;
        let label = labels.unsqueeze(axis);
        let is_label = label.eq(&Tensor::arange(0, classes as i64, 1).reshape(along));
        let p = x.softmax(axis) - smoothing / classes.max(1) as f64;
        let x_bar = is_label.where_(&(&p - (1.0 - smoothing)), &p) * y_bar.unsqueeze(axis);
        let x_bar = match ignored {
            Some(ignored) => label.eq(ignored).where_(0, &x_bar),
            None => x_bar,
        };
        Few::one(x_bar)
    }
}

//! Connectionist temporal classification: how likely the steps of a sequence give a shorter list of labels, whatever the
//! alignment.
//!
//! Value and derivative are kernels. The derivative decomposes into operations on whole steps, so that there are derivatives of any
//! order. As cross-entropy, it has its methods and reductions in `cotangent-nn`.

use crate::{
    Array, Buffer, Cotangents, DType, Decompose, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved,
    Spec, SpecRef, Tensor, Vjp, apply, dtype::for_float, error::takes, kernels::ctc::Batch,
};
use std::sync::Arc;

mod steps;
#[cfg(test)]
mod tests;

/// The negative logarithm of the probability that a sequence gives a list of labels: the sum over all alignments, which at each step
/// give a label or a blank, and in which a label may last several steps.
///
/// Inputs: logarithms of probabilities, floating point `[steps, sequences, classes]`; labels, i64 `[sequences, longest list]`, of which as
/// many count as the list is long. Output: `[sequences]`. The lengths are options, so that labels beyond a list and steps beyond a
/// sequence do not matter. Where a sequence is too short for its labels the value is infinite, and the derivative zero.
/// (Graves, Fernández, Gomez, Schmidhuber, "Connectionist temporal classification", 2006.)
///
/// ```
/// use cotangent_tensor::{Tensor, apply, ops::CtcLoss};
/// // Two steps, in which blank and label are as likely: the label comes out of "label label", "label blank" and "blank label".
/// let x = Tensor::from([[[0.5f64, 0.5]], [[0.5, 0.5]]]).ln();
/// let loss = apply(&CtcLoss::new(0, [2], [1]), &[&x, &Tensor::from([[1i64]])]).into_single();
/// assert!((loss.item::<f64>() + 0.75f64.ln()).abs() < 1e-15);
/// ```
#[derive(Clone, Debug)]
pub struct CtcLoss {
    blank: usize,
    input_lengths: Arc<[usize]>,
    label_lengths: Arc<[usize]>,
}

impl CtcLoss {
    /// With the class that is the blank, how many steps each sequence has, and how many labels.
    #[must_use]
    pub fn new(blank: usize, input_lengths: impl Into<Arc<[usize]>>, label_lengths: impl Into<Arc<[usize]>>) -> Self {
        CtcLoss { blank, input_lengths: input_lengths.into(), label_lengths: label_lengths.into() }
    }

    fn check(&self, op: &'static str, inputs: &[SpecRef<'_>]) -> Result<()> {
        let [x, labels] = [inputs[0], inputs[1]];
        let refuse = |kind, rule: String| Err(Error::new(kind, op, rule).with_inputs(inputs));
        if !x.dtype().is_float() {
            return Err(Error::needs_float(op, inputs));
        }
        if labels.dtype() != DType::I64 {
            let rule = format!("labels are class indices of dtype i64, not {}", labels.dtype());
            return refuse(ErrorKind::DType, rule)
                .map_err(|error: Error| error.with_hint("cast them with .cast(DType::I64)"));
        }
        let (&[steps, sequences, classes], &[lists, longest]) = (x.shape(), labels.shape()) else {
            let rule = "needs log-probabilities [steps, sequences, classes] and labels [sequences, longest list]";
            return refuse(ErrorKind::Shape, rule.to_owned());
        };
        if lists != sequences {
            return refuse(
                ErrorKind::Shape,
                format!("there must be a list of labels for each of {sequences} sequences"),
            );
        }
        if self.blank >= classes {
            return refuse(ErrorKind::Index, format!("the blank, {}, is not one of the {classes} classes", self.blank));
        }
        for (lengths, what, most) in [(&self.input_lengths, "step", steps), (&self.label_lengths, "label", longest)] {
            if lengths.len() != sequences {
                let rule = format!(
                    "there must be a number of {what}s for each of {sequences} sequences, not {}",
                    lengths.len()
                );
                return refuse(ErrorKind::Value, rule);
            }
            if let Some(i) = lengths.iter().position(|&length| length > most) {
                let rule = format!("sequence {i} is said to have {} {what}s, of {most}", lengths[i]);
                return refuse(ErrorKind::Value, rule);
            }
        }
        Ok(())
    }

    /// Checks that each label that counts is a class and not the blank.
    fn check_labels(&self, labels: &[i64], longest: usize, classes: usize) -> Result<()> {
        for (i, &length) in self.label_lengths.iter().enumerate() {
            for (j, &label) in labels[i * longest..][..length].iter().enumerate() {
                match usize::try_from(label) {
                    Ok(label) if label == self.blank => {
                        let rule = format!("the label at [{i}, {j}] is {label}, which is the blank");
                        return Err(Error::new(ErrorKind::Index, "ctc_loss", rule));
                    }
                    Ok(label) if label < classes => {}
                    _ => return Err(Error::not_a_class("ctc_loss", label, &[i, j], classes)),
                }
            }
        }
        Ok(())
    }

    fn batch<'a, T>(&'a self, x: &'a [T], labels: &'a [i64], classes: usize) -> Batch<'a, T> {
        let (input_lengths, label_lengths) = (&self.input_lengths, &self.label_lengths);
        Batch { x, classes, labels, input_lengths, label_lengths, blank: self.blank }
    }
}

impl Primitive for CtcLoss {
    fn name(&self) -> &'static str {
        "ctc_loss"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("ctc_loss", 2, inputs)?;
        self.check("ctc_loss", inputs)?;
        Ok(Spec::new([inputs[0].shape()[1]], inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [x, labels] = [inputs[0], inputs[1]];
        let (classes, places) = (x.shape()[2], labels.to_slice::<i64>());
        self.check_labels(&places, labels.shape()[1], classes)?;
        Ok(for_float!(x.dtype(), T => {
            let losses = match x.shape()[1] {
                0 => Buffer::recycled(0),
                _ => self.batch::<T>(&x.to_slice(), &places, classes).losses(),
            };
            Array::from_buffer(losses, [x.shape()[1]])
        })
        .into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for CtcLoss {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0).and(Keep::input(1))
    }
    // x_bar = -P(the step is in a state of the class) y_bar
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let gradient = CtcLossGrad { of: self.clone() };
        let x_bar = apply(&gradient, &[saved.input(0), saved.input(1), &y_bar.single()]).into_single();
        [Some(x_bar), None].into()
    }
    fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        Some(Few::one(x_dot[0].map(|x_dot| {
            let one = Tensor::full(y[0].shape(), 1, y[0].dtype());
            let slopes = apply(&CtcLossGrad { of: self.clone() }, &[x[0], x[1], &one]).into_single();
            (slopes * x_dot).sum([0, 2])
        })))
    }
}

/// The cotangent of the log-probabilities, from these, the labels and `y_bar`: minus the probability, given the labels, that a step is
/// in a state of the class.
#[derive(Clone, Debug)]
pub struct CtcLossGrad {
    of: CtcLoss,
}

impl Primitive for CtcLossGrad {
    fn name(&self) -> &'static str {
        "ctc_loss_grad"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("ctc_loss_grad", 3, inputs)?;
        self.of.check("ctc_loss_grad", inputs)?;
        if inputs[2] != SpecRef::new(&inputs[0].shape()[1..2], inputs[0].dtype()) {
            let rule = "the cotangent must be one number for each sequence, of the log-probabilities' dtype";
            return Err(Error::new(ErrorKind::Shape, "ctc_loss_grad", rule).with_inputs(inputs));
        }
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [x, labels, y_bar] = [inputs[0], inputs[1], inputs[2]];
        if x.numel() == 0 {
            return Ok(x.clone().into());
        }
        let &[steps, sequences, classes] = &x.shape()[..] else { unreachable!("`infer` has seen three axes") };
        let places = labels.to_slice::<i64>();
        self.of.check_labels(&places, labels.shape()[1], classes)?;
        let slopes = for_float!(x.dtype(), T => {
            let batch = self.of.batch::<T>(&x.to_slice(), &places, classes).slopes(steps, &y_bar.to_slice());
            Array::from_buffer(batch, [sequences, steps, classes])
        });
        Ok(slopes.with_layout(slopes.layout().permute(&[1, 0, 2])).into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Decomposition(self)
    }
}

impl Decompose for CtcLossGrad {
    fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor> {
        Few::one(steps::slopes(&self.of, inputs[0], inputs[1], inputs[2]))
    }
}

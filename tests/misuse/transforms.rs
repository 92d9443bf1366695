//! Gradients, tangents and cotangents that were asked for in a form that has no answer.

use crate::{assert_messages, misuses};
use cotangent::{checkpoint, grad, hessian, hvp, jacobian, jacobian_by_columns, jacobian_by_rows, jvp, prelude::*};

#[derive(Module, Clone)]
struct Line {
    slope: Tensor,
    offset: Tensor,
}

/// Row 34 of the places where others have been wrong is here: a gradient of many numbers says what to do.
#[test]
fn functions_without_a_gradient() {
    let x = Tensor::from([1.0, 2.0]);
    let tokens = Tensor::from([1i64, 2]);
    assert_messages(misuses![
        grad(&x, |x| x * 2) =>
            "grad: the function returned f64[2], but a gradient needs one number; \
             reduce it with .sum(..) or .mean(..), or use vjp with a cotangent",
        value_and_grad(&x, |x| x.exp()) =>
            "grad: the function returned f64[2], but a gradient needs one number; \
             reduce it with .sum(..) or .mean(..), or use vjp with a cotangent",
        grad(&x, |x| x.narrow(0, 0, 0)) =>
            "grad: the function returned f64[0], but a gradient needs one number; \
             reduce it with .sum(..) or .mean(..), or use vjp with a cotangent",
        hvp(&x, &x, |x| x.exp()) =>
            "grad: the function returned f64[2], but a gradient needs one number; \
             reduce it with .sum(..) or .mean(..), or use vjp with a cotangent",
        hessian(&x, |x| x.exp()) =>
            "grad: the function returned f64[2], but a gradient needs one number; \
             reduce it with .sum(..) or .mean(..), or use vjp with a cotangent",
        grad(&x, |x| x.argmax(0)) => "grad: the function returned i64[], which has no gradient; it must be floating point",
        grad(&x, |x| x.gt(0).cast(DType::I64).sum(..)) =>
            "grad: the function returned i64[], which has no gradient; it must be floating point",
        jacobian(&tokens, |tokens| tokens * 2) =>
            "jacobian: the argument is i64[2], which has no derivative; it must be floating point",
        jacobian(&tokens, |tokens| tokens.cast(DType::F64)) =>
            "jacobian: the argument is i64[2], which has no derivative; it must be floating point",
        jacobian_by_rows(&tokens, |tokens| tokens.cast(DType::F64)) =>
            "jacobian: the argument is i64[2], which has no derivative; it must be floating point",
        jacobian_by_columns(&tokens, |tokens| tokens.cast(DType::F64)) =>
            "jacobian: the argument is i64[2], which has no derivative; it must be floating point",
        jacobian(&x, |x| x.gt(0).cast(DType::I64)) =>
            "jacobian: the function returned i64[2], which has no derivative; it must be floating point",
        jacobian_by_columns(&x, |x| x.gt(0).cast(DType::I64)) =>
            "jacobian: the function returned i64[2], which has no derivative; it must be floating point",
        jacobian_by_columns(&x.narrow(0, 0, 0), |x| x.gt(0)) =>
            "jacobian: the function returned bool[0], which has no derivative; it must be floating point",
    ]);
    // A constant has a gradient: zero.
    assert_eq!(grad(&x, |_| Tensor::from(1.0)).to_vec::<f64>(), [0.0, 0.0]);
}

#[test]
fn tangents_and_cotangents_that_do_not_fit() {
    let line = Line { slope: Tensor::from(1.0), offset: Tensor::from([0.0, 0.0]) };
    let short = Line { slope: Tensor::from(1.0), offset: Tensor::from([0.0]) };
    let other_dtype = Line { slope: Tensor::from(1.0f32), offset: Tensor::from([0.0, 0.0]) };
    let apply = |line: &Line| &line.slope * &line.offset;
    let x = Tensor::from([1.0, 2.0]);
    let pullback = || vjp(&x, |x| x * 2).1;
    let pair = || vjp(&x, |x| (x * 2, x * 3)).1;
    let constant = || vjp(&x, |x| (x * 2, Tensor::from(1.0))).1;
    assert_messages(misuses![
        jvp(&line, &short, apply) => "jvp: the tangent of `offset` is f64[1], but the tensor is f64[2]",
        jvp(&line, &other_dtype, apply) => "jvp: the tangent of `slope` is f32[], but the tensor is f64[]",
        jvp(&x, &Tensor::from(1.0), |x| x.exp()) => "jvp: the tangent is f64[], but the tensor is f64[2]",
        jvp(&vec![x.clone()], &vec![x.clone(), x.clone()], |x| x[0].exp()) =>
            "jvp: the two modules must have tensors in the same places; the second has `1`, the first does not",
        hvp(&line, &short, |line| apply(line).sum(..)) =>
            "jvp: the tangent of `offset` is f64[1], but the tensor is f64[2]",
        pullback().pull(&Tensor::from([1.0, 2.0, 3.0])) =>
            "pull: the cotangent is f64[3], but the function returned f64[2]",
        pullback().pull(&Tensor::from([1.0f32, 2.0])) =>
            "pull: the cotangent is f32[2], but the function returned f64[2]",
        pullback().pull_once(&Tensor::from(1.0)) => "pull: the cotangent is f64[], but the function returned f64[2]",
        pair().pull(&x) => "pull: the function returned 2 tensors, but 1 cotangent was given",
        pair().pull(&(x.clone(), Tensor::from(1.0))) =>
            "pull: the cotangent of `1` is f64[], but the function returned f64[2]",
        constant().pull(&(x.clone(), x.clone())) =>
            "pull: the cotangent of `1` is f64[2], but the function returned f64[]",
    ]);
}

#[test]
fn traced_tensors_in_the_wrong_place() {
    let x = Tensor::from([1.0, 2.0]);
    assert_messages(misuses![
        grad(&x, |x| {
            let mut changed = x.clone();
            changed.with_mut(|x: &mut [f64]| x[0] = 5.0);
            changed.sum(..)
        }) =>
            "with_mut: a traced tensor cannot change in place; \
             compute a new one, or change a copy of its value, .stop_gradient()",
        grad(&x, |x| {
            let captured = x.clone();
            checkpoint(x, move |x| x * &captured).sum(..)
        }) => "checkpoint: the function captured a tensor that is being differentiated; pass it in the argument",
        grad(&x, |x| jvp(x, x, |y| {
            let captured = y.clone();
            checkpoint(&(y * 2), move |y| y * &captured).sum(..)
        }).1) => "checkpoint: the function captured a tensor that is being differentiated; pass it in the argument",
    ]);
}

/// An operation inside a transform says what it says outside, in the shapes that the user wrote.
#[test]
fn mistakes_inside_a_transform_read_as_outside() {
    let x = Tensor::from([1.0f32, 2.0]);
    let b = Tensor::from([1.0f32, 2.0, 3.0]);
    let mistakes: [&dyn Fn(&Tensor) -> Tensor; 6] = [
        &|x| x + &b,
        &|x| x.matmul(&b),
        &|x| x.sum(1),
        &|x| x * &Tensor::from(1.0f64),
        &|x| x.index_select(0, &Tensor::from([2i64])),
        &|x| Tensor::from(true).where_(x, &Tensor::from(0.5f64)),
    ];
    for mistake in mistakes {
        let outside = crate::panic_message(|| drop(mistake(&x))).expect("a mistake");
        let reverse = crate::panic_message(|| drop(grad(&x, |x| mistake(x).sum(..)))).expect("a mistake");
        let forward = crate::panic_message(|| drop(jvp(&x, &x, mistake))).expect("a mistake");
        let second = crate::panic_message(|| drop(hvp(&x, &x, |x| mistake(x).sum(..)))).expect("a mistake");
        assert_eq!([&reverse, &forward, &second], [&outside; 3]);
    }
}

//! Derivatives of derivatives: whose variable is whose, in every order of modes.

use crate::{forward, reverse};
use cotangent::{
    Array, Buffer, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply,
    check, grad, vjp,
};

/// Calls a check with each choice of mode for the outer and the inner derivative.
macro_rules! in_all_modes {
    ($check:ident) => {
        $check!(reverse, reverse);
        $check!(reverse, forward);
        $check!(forward, reverse);
        $check!(forward, forward);
    };
}

/// Row 1. An inner derivative of a sum that holds the outer variable must count its own variable only.
#[test]
fn an_inner_derivative_does_not_count_the_outer_variable() {
    macro_rules! check {
        ($outer:ident, $inner:ident) => {
            let one = Tensor::from(1.0);
            assert_eq!($outer(&one, |x| x * $inner(&one, |y| x + y)).item::<f64>(), 1.0);
        };
    }
    in_all_modes!(check);
}

/// Row 2. An inner derivative that depends on the outer variable must keep that dependence.
#[test]
fn an_inner_derivative_stays_a_function_of_the_outer_variable() {
    macro_rules! check {
        ($outer:ident, $inner:ident) => {
            let (one, four) = (Tensor::from(1.0), Tensor::from(4.0));
            assert_eq!($outer(&four, |x| x * $inner(&one, |y| x * y)).item::<f64>(), 8.0);
            // The outer variable seen only from inside, after the inner variable was used up: d/dx d/dy (x y)² = 4 x y.
            assert_eq!($outer(&four, |x| $inner(&one, |y| (x * y).square())).item::<f64>(), 16.0);
            // An outer intermediate result, not the variable itself: d/dx (x² d/dy (x² y)) = 4x³.
            assert_eq!(
                $outer(&four, |x| {
                    let square = x.square();
                    &square * $inner(&one, |y| &square * y)
                })
                .item::<f64>(),
                256.0
            );
        };
    }
    in_all_modes!(check);
}

/// y = x⁴, with a rule of the user's own and nothing for forward mode.
#[derive(Clone)]
struct Fourth;

impl Primitive for Fourth {
    fn name(&self) -> &'static str {
        "fourth"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0].to_slice::<f64>();
        let y = Buffer::from_iter_exact(x.iter().map(|x| x * x * x * x));
        Ok(Array::from_buffer(y, inputs[0].shape()).into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Fourth {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0)
    }
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let x = saved.input(0);
        Few::one(Some(y_bar.single() * (x * x * x * 4)))
    }
}

/// Row 5. A user's operation must have every derivative that its rule implies, and not only the first.
#[test]
fn a_users_operation_has_derivatives_of_every_order() {
    let x = Tensor::from(3.0);
    let f = |x: &Tensor| apply(&Fourth, &[x]).into_single();
    macro_rules! check {
        ($outer:ident, $inner:ident) => {
            assert_eq!($inner(&x, f).item::<f64>(), 108.0);
            assert_eq!($outer(&x, |x| $inner(x, f)).item::<f64>(), 108.0);
            assert_eq!(reverse(&x, |x| $outer(x, |x| $inner(x, f))).item::<f64>(), 72.0);
            assert_eq!(forward(&x, |x| $outer(x, |x| $inner(x, f))).item::<f64>(), 72.0);
        };
    }
    in_all_modes!(check);
    // And the battery has nothing to say against it, at this point and at others.
    check::gradients(f).order(3).at(&x).assert_pass();
    let battery =
        check::operation("fourth", |x| apply(&Fourth, &[&x[0]])).f64_only().exact_gradient([x], [Tensor::from(108.0)]);
    battery.shapes(&[&[2, 3]]).shapes(&[&[]]).shapes(&[&[0]]).run().assert_pass();
}

/// Row 31. A value that is consumed early by one path and late by another must get both contributions, however far
/// apart on the tape they are.
#[test]
fn consumers_of_different_depth_both_count() {
    // d/dx (x² + exp(sin x)) and the like, at 0.5.
    let at = 0.5f64;
    let x = Tensor::from(at);
    let first = 2.0 * at + at.cos() * at.sin().exp();
    let f = |x: &Tensor| x.square() + x.sin().exp();
    for derivative in [reverse(&x, f), forward(&x, f)] {
        assert!((derivative.item::<f64>() - first).abs() < 1e-15);
    }
    // The early use last in the program, and an inner node with the same two fates.
    let f = |x: &Tensor| {
        let y = x * 3;
        let deep = (0..10).fold(y.clone(), |z, _| z * 2);
        deep + &y + x
    };
    assert_eq!(reverse(&x, f).item::<f64>(), 3.0 * 1024.0 + 3.0 + 1.0);
    assert_eq!(forward(&x, f).item::<f64>(), 3.0 * 1024.0 + 3.0 + 1.0);
}

/// What outlives its transform is a number like any other: what is computed from it works, and no later transform sees
/// where it came from.
#[test]
fn a_tensor_that_escapes_its_transform_is_a_constant() {
    let x = Tensor::from([1.0, 2.0]);
    let pulled = |x: &Tensor, f: &mut dyn FnMut(&Tensor) -> Tensor| drop(vjp(x, f));
    let pushed = |x: &Tensor, f: &mut dyn FnMut(&Tensor) -> Tensor| drop(cotangent::jvp(x, &x.ones_like(), f));
    let graded = |x: &Tensor, f: &mut dyn FnMut(&Tensor) -> Tensor| drop(grad(x, f));
    macro_rules! check {
        ($mode:ident) => {
            let mut escaped = None;
            $mode(&x, &mut |x: &Tensor| {
                let y = x * 3;
                escaped = Some((x.clone(), y.clone()));
                y.sum(..)
            });
            let (x_escaped, y_escaped) = escaped.expect("the function ran");
            assert_eq!((&x_escaped + &y_escaped).exp().ln().reshape([2, 1]).sum(0).item::<f64>().round(), 12.0);
            assert_eq!(y_escaped.softmax(0).argmax(0).item::<i64>(), 1);
            // In a later transform, of either mode, it counts for nothing.
            let f = |z: &Tensor| (z * &y_escaped * &x_escaped + y_escaped.square()).sum(..);
            assert_eq!(grad(&x, f).to_vec::<f64>(), [3.0, 12.0]);
            assert_eq!(cotangent::jvp(&x, &Tensor::from([1.0, 0.0]), f).1.item::<f64>(), 3.0);
            // A second derivative through it is zero.
            assert_eq!(grad(&x, |z| grad(z, f).sum(..)).to_vec::<f64>(), [0.0, 0.0]);
            // And a copy of its value can change in place.
            let mut plain = y_escaped.stop_gradient();
            plain.with_mut(|y: &mut [f64]| y[0] = 7.0);
            assert_eq!((plain.to_vec::<f64>(), y_escaped.to_vec::<f64>()), (vec![7.0, 6.0], vec![3.0, 6.0]));
        };
    }
    check!(graded);
    check!(pulled);
    check!(pushed);
}

/// What escapes an inner transform but not the outer one is a constant to neither more nor less than the inner: in every pair of
/// modes, returned as it is or computed with.
#[test]
fn a_tensor_that_escapes_an_inner_transform_still_belongs_to_the_outer() {
    let reverse = |x: &Tensor, f: &dyn Fn(&Tensor) -> Tensor| grad(x, f);
    let forward = |x: &Tensor, f: &dyn Fn(&Tensor) -> Tensor| cotangent::jvp(x, &x.ones_like(), f).1;
    macro_rules! check {
        ($outer:ident, $inner:ident) => {
            // z = 2y escapes the derivative with respect to y; its value is 2x.
            let escaped = |x: &Tensor| {
                let z = std::cell::RefCell::new(None);
                let _ = $inner(x, &|y| {
                    let doubled = y * 2;
                    z.replace(Some(doubled.clone()));
                    doubled
                });
                z.take().expect("the function ran")
            };
            let x = Tensor::from(5.0);
            assert_eq!($outer(&x, &|x| escaped(x)).item::<f64>(), 2.0);
            assert_eq!($outer(&x, &|x| escaped(x) * 3).item::<f64>(), 6.0);
            assert_eq!($outer(&x, &|x| escaped(x).square()).item::<f64>(), 40.0);
            // Through a fused rule, whose second derivative is a decomposition.
            let slope = $outer(&x, &|x| $outer(x, &|x| (escaped(x) * 0.1).tanh()));
            let t = 1f64.tanh();
            assert!((slope.item::<f64>() - -2.0 * t * (1.0 - t * t) * 0.04).abs() < 1e-15);
        };
    }
    check!(reverse, reverse);
    check!(reverse, forward);
    check!(forward, reverse);
    check!(forward, forward);
}

/// What a transform returned beside its value is nobody's variable any more: it can change in place, like any value.
#[test]
fn what_a_transform_returned_is_a_plain_value() {
    let ((_, mut aux), _) = cotangent::value_and_grad_with_aux(&Tensor::from(3.0), |x| (x.square(), x * 2));
    aux.with_mut(|aux: &mut [f64]| aux[0] += 1.0);
    assert_eq!(aux.item::<f64>(), 7.0);
}

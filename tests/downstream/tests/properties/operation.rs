//! The rule of `polynomial`: by the battery, and by properties.

use crate::cases;
use cotangent::{
    check::{
        self,
        strategies::{Elements, tensor, tensors_of_one_shape},
    },
    prelude::*,
};
use downstream::polynomial;
use proptest::prelude::*;

#[test]
fn the_operation_keeps_every_law() {
    check::operation("polynomial", |x| polynomial(&x[0], &x[1]))
        .shapes(&[&[4], &[2, 3]])
        .shapes(&[&[1], &[3]])
        .shapes(&[&[2], &[]])
        .shapes(&[&[3], &[0, 2]])
        // 0⁰ is 1, and a derivative at 0 is the coefficient.
        .exact([Tensor::from([2.0, 3.0]), Tensor::from([0.0])], [Tensor::from([2.0])])
        .exact_gradient(
            [Tensor::from([2.0, 3.0]), Tensor::from([0.0])],
            [Tensor::from([1.0, 0.0]), Tensor::from([3.0])],
        )
        .refuses(
            [Tensor::from([[1.0]]), Tensor::from([1.0])],
            "polynomial: the coefficients must be a list of at least one; got f64[1, 1], f64[1]",
        )
        .refuses(
            [Tensor::from([1.0f32]), Tensor::from([1.0])],
            "polynomial: coefficients and x must be f32, or both f64; got f32[1], f64[1]",
        )
        .run()
        .assert_pass();
}

/// Coefficients and x in any memory layout.
fn inputs() -> impl Strategy<Value = (Tensor, Tensor)> {
    (tensor(1..=1, 1..=5, Elements::Between(-2.0, 2.0)), tensor(0..=3, 0..=3, Elements::Between(-2.0, 2.0)))
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn the_value_is_the_sum_of_powers((c, x) in inputs()) {
        let terms = c.to_vec::<f64>();
        let power = |x: f64| terms.iter().enumerate().map(|(k, c)| c * x.powi(k as i32)).sum::<f64>();
        let expected: Vec<f64> = x.to_vec::<f64>().into_iter().map(power).collect();
        let y = polynomial(&c, &x);
        prop_assert_eq!(y.shape(), x.shape());
        for (y, expected) in y.to_vec::<f64>().iter().zip(&expected) {
            // Five terms of at most 2 · 2⁴, each rounded a few times.
            prop_assert!((y - expected).abs() <= 1e-13, "{} is not {}", y, expected);
        }
    }

    #[test]
    fn the_derivatives_are_right_everywhere((c, x) in inputs()) {
        check::gradients(|(c, x): &(Tensor, Tensor)| polynomial(c, x)).may_be_empty().at(&(c, x)).assert_pass();
    }

    #[test]
    fn it_is_linear_in_the_coefficients(
        c in tensors_of_one_shape(2, 1..=1, 1..=4, Elements::Between(-2.0, 2.0)),
        x in tensor(1..=2, 1..=3, Elements::Between(-2.0, 2.0)),
    ) {
        // So a tangent of the coefficients goes through the operation as they do.
        let (_, y_dot) = jvp(&c[0], &c[1], |c| polynomial(c, &x));
        let difference = (y_dot - polynomial(&c[1], &x)).abs().max(..).item::<f64>();
        prop_assert_eq!(difference, 0.0);
    }
}

//! Where a function has no derivative, or a formula for it breaks down: the documented choice, in both modes.

use crate::{forward, gradient, reverse};
use cotangent::{DType, Tensor, grad, jvp};

/// Row 10. A branch that is not chosen must not reach the gradient; where its own slope is infinite it does, as
/// documented, and the form with a safe input does not.
#[test]
fn a_branch_that_is_not_chosen_stays_out_of_the_gradient() {
    let unsafe_exp = |a: &Tensor| a.le(0).where_(&a.exp(), &(a + 1));
    let safe_exp = |a: &Tensor| a.le(0).where_(&a.le(0).where_(a, 0).exp(), &(a + 1));
    let unsafe_root = |x: &Tensor| x.gt(0).where_(&x.sqrt(), x);
    let safe_root = |x: &Tensor| x.gt(0).where_(&x.gt(0).where_(x, 1).sqrt(), x);
    for dtype in [DType::F64, DType::F32] {
        let (hundred, minus_one) = (Tensor::full([], 100.0, dtype), Tensor::full([], -1.0, dtype));
        let by_reverse = |x: &Tensor, f: &dyn Fn(&Tensor) -> Tensor| reverse(x, f).cast(DType::F64).item::<f64>();
        let by_forward = |x: &Tensor, f: &dyn Fn(&Tensor) -> Tensor| forward(x, f).cast(DType::F64).item::<f64>();
        assert_eq!([by_reverse(&hundred, &safe_exp), by_reverse(&minus_one, &safe_root)], [1.0, 1.0]);
        assert_eq!([by_forward(&hundred, &safe_exp), by_forward(&minus_one, &safe_root)], [1.0, 1.0]);
        // Forward mode chooses between tangents, and so never meets the other branch.
        assert_eq!([by_forward(&hundred, &unsafe_exp), by_forward(&minus_one, &unsafe_root)], [1.0, 1.0]);
        // e^100 is finite in f64 and infinite in f32, where zero times it is NaN.
        let infinite = dtype == DType::F32;
        assert_eq!(by_reverse(&hundred, &unsafe_exp).is_nan(), infinite);
        assert!(infinite || by_reverse(&hundred, &unsafe_exp) == 1.0);
        assert!(by_reverse(&minus_one, &unsafe_root).is_nan());
    }
}

/// Row 12. The spread of equal elements is at its minimum: slope zero, of one element as of many. A sample variance of
/// one element is nothing divided by nothing.
#[test]
fn the_variance_of_a_constant_has_gradient_zero() {
    let constant = Tensor::from([2.5, 2.5, 2.5]);
    for correction in [0, 1] {
        assert_eq!(constant.var(.., correction).item::<f64>(), 0.0);
        assert_eq!(gradient(&constant, |x| x.var(.., correction)), [0.0; 3]);
    }
    let single = Tensor::from([2.5]);
    assert_eq!(single.var(.., 0).item::<f64>(), 0.0);
    assert_eq!(gradient(&single, |x| x.var(.., 0)), [0.0]);
    assert!(single.var(.., 1).item::<f64>().is_nan());
}

/// Row 13. An integer power of a negative base has a slope, although the logarithm of the base does not exist.
#[test]
fn a_power_of_a_negative_base_has_derivatives() {
    let x = Tensor::from(-2.0);
    let f = |x: &Tensor| x.powf(3);
    assert_eq!(f(&x).item::<f64>(), -8.0);
    assert_eq!((reverse(&x, f).item::<f64>(), forward(&x, f).item::<f64>()), (12.0, 12.0));
    assert_eq!(reverse(&x, |x| forward(x, f)).item::<f64>(), -12.0);
    assert_eq!(forward(&x, |x| reverse(x, |x| reverse(x, f))).item::<f64>(), 6.0);
    // At zero, where the slope's own power ends.
    let zero = Tensor::from(0.0);
    for (exponent, slopes) in [(0, [0.0, 0.0]), (1, [1.0, 0.0]), (2, [0.0, 2.0]), (3, [0.0, 0.0])] {
        let f = |x: &Tensor| x.powf(exponent);
        assert_eq!(reverse(&zero, f).item::<f64>(), slopes[0], "x^{exponent}");
        assert_eq!(reverse(&zero, |x| forward(x, f)).item::<f64>(), slopes[1], "x^{exponent}");
    }
}

/// Row 14. A function that is nearly linear far out must not pass through an exponential that overflows.
#[test]
fn softplus_is_finite_in_both_tails() {
    let x = Tensor::from([100.0f32, 1000.0, -100.0, -1000.0]);
    assert_eq!(x.softplus().to_vec::<f32>()[..2], [100.0, 1000.0]);
    assert!(x.softplus().to_vec::<f32>()[2..].iter().all(|&y| (0.0..1e-40).contains(&y)));
    let slope = |x: &Tensor| grad(x, |x| x.softplus().sum(..));
    assert_eq!(slope(&x).to_vec::<f32>()[..2], [1.0, 1.0]);
    assert!(slope(&x).to_vec::<f32>()[2..].iter().all(|&y| (0.0..1e-40).contains(&y)));
    let second = grad(&x, |x| slope(x).sum(..)).to_vec::<f32>();
    assert!(second.iter().all(|y| y.abs() < 1e-30), "{second:?}");
    // The same for its relatives.
    for f in [Tensor::sigmoid, Tensor::tanh, Tensor::gelu, Tensor::gelu_tanh] {
        let both = [f(&x), grad(&x, |x| f(x).sum(..)), grad(&x, |x| grad(x, |x| f(x).sum(..)).sum(..))];
        assert!(both.iter().all(|y| y.to_vec::<f32>().iter().all(|y| y.is_finite())));
    }
}

/// Row 16. Two equal candidates share: neither may take all, and both together no more than all.
#[test]
fn a_tie_is_shared_by_halves() {
    let x = Tensor::from([0.0, 1.0, -1.0]);
    assert_eq!(gradient(&x, |x| x.maximum(0.0)), [0.5, 1.0, 0.0]);
    assert_eq!(gradient(&x, |x| x.minimum(0.0)), [0.5, 0.0, 1.0]);
    assert_eq!(gradient(&x, |x| x.maximum(x)), [1.0; 3]);
    let zeros = Tensor::zeros([3], DType::F64);
    for f in [|a: &Tensor, b: &Tensor| a.maximum(b), |a: &Tensor, b: &Tensor| a.minimum(b)] {
        let (a_bar, b_bar) = grad(&(zeros.clone(), zeros.clone()), |(a, b)| f(a, b).sum(..));
        assert_eq!((a_bar.to_vec::<f64>(), b_bar.to_vec::<f64>()), (vec![0.5; 3], vec![0.5; 3]));
    }
    // relu has a convention of its own.
    assert_eq!(gradient(&x, Tensor::relu), [0.0, 1.0, 0.0]);
    assert_eq!(gradient(&Tensor::from([-0.0]), Tensor::relu), [0.0]);
    // A clamp passes nothing at its bounds, an infinity is none.
    assert_eq!(gradient(&x, |x| x.clamp(-1, 1)), [1.0, 0.0, 0.0]);
    let ends = Tensor::from([f64::NEG_INFINITY, 0.0, f64::INFINITY]);
    assert_eq!(gradient(&ends, |x| x.clamp(f64::NEG_INFINITY, f64::INFINITY)), [1.0; 3]);
}

/// Row 17. Several greatest elements of a list share equally.
#[test]
fn equal_extrema_of_a_list_share_equally() {
    let x = Tensor::from([1.0, 3.0, 3.0]);
    assert_eq!(gradient(&x, |x| x.max(..)), [0.0, 0.5, 0.5]);
    assert_eq!(gradient(&-&x, |x| x.min(..)), [0.0, 0.5, 0.5]);
    // Row by row, and over several axes at once.
    let rows = Tensor::from([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]);
    let third = 1.0 / 3.0;
    assert_eq!(gradient(&rows, |x| x.max(1)), [0.0, 0.5, 0.5, third, third, third]);
    assert_eq!(gradient(&rows, |x| x.max_keepdims([0, 1])), [0.0, 0.5, 0.5, 0.0, 0.0, 0.0]);
}

/// Row 18. The absolute value has slope zero at zero, of either sign, and no curvature.
#[test]
fn the_absolute_value_has_slope_zero_at_zero() {
    let x = Tensor::from([0.0, -0.0, 2.0, -2.0]);
    assert_eq!(gradient(&x, Tensor::abs), [0.0, 0.0, 1.0, -1.0]);
    assert_eq!(gradient(&x, |x| grad(x, |x| x.abs().sum(..))), [0.0; 4]);
    let (_, along) = jvp(&x, &x.ones_like(), |x| x.abs());
    assert_eq!(along.to_vec::<f64>(), [0.0, 0.0, 1.0, -1.0]);
}

/// Row 40. A fused operation must be differentiable like the composition that it stands for, to second order.
#[test]
fn fused_softmax_has_the_derivatives_of_its_composite() {
    let x = Tensor::from([[0.3, -1.2, 2.0], [0.0, 0.7, -0.4]]);
    let v = Tensor::from([[1.0, 0.5, -0.3], [0.2, -0.8, 0.6]]);
    let weights = Tensor::from([[0.9, -0.1, 0.4], [-0.7, 0.3, 1.1]]);
    type Function = fn(&Tensor, isize) -> Tensor;
    let pairs: [(Function, Function); 3] = [
        (|x, axis| x.softmax(axis), |x, axis| x.exp() / x.exp().sum_keepdims(axis)),
        (|x, axis| x.log_softmax(axis), |x, axis| x - x.exp().sum_keepdims(axis).ln()),
        (|x, axis| x.logsumexp_keepdims(axis), |x, axis| x.exp().sum_keepdims(axis).ln()),
    ];
    let close = |a: &Tensor, b: &Tensor| {
        let (a, b) = (a.to_vec::<f64>(), b.to_vec::<f64>());
        // Both round some ten operations of numbers near 1.
        assert!(a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-14), "{a:?} is not {b:?}");
    };
    for (fused, composite) in pairs {
        for axis in [0, 1, -1] {
            let loss = |f: Function| {
                let weights = &weights;
                move |x: &Tensor| (f(x, axis) * weights).square().sum(..)
            };
            close(&fused(&x, axis), &composite(&x, axis));
            close(&grad(&x, loss(fused)), &grad(&x, loss(composite)));
            close(&jvp(&x, &v, loss(fused)).1, &jvp(&x, &v, loss(composite)).1);
            close(&cotangent::hvp(&x, &v, loss(fused)), &cotangent::hvp(&x, &v, loss(composite)));
            close(&cotangent::hessian(&x, loss(fused)), &cotangent::hessian(&x, loss(composite)));
        }
    }
}

/// The kind of row 10 in rules: where a function is constant on one side, nothing of the cotangent passes, not even an infinite one,
/// which a product with a slope of zero would turn into NaN.
#[test]
fn an_infinite_cotangent_does_not_pass_where_a_function_is_constant() {
    let x = Tensor::from([-1.0, 4.0]);
    let cut: [fn(&Tensor) -> Tensor; 4] =
        [|x| x.relu(), |x| x.clamp(0, f64::INFINITY), |x| x.maximum(0), |x| -(-x).minimum(0)];
    for cut in cut {
        let f = |x: &Tensor| cut(x).sqrt().sum(..);
        assert_eq!(grad(&x, f).to_vec::<f64>(), [0.0, 0.25]);
        // d²/dx² √x = -1/4 x^(-3/2)
        assert_eq!(grad(&x, |x| grad(x, f).narrow(0, 1, 1).sum(..)).to_vec::<f64>()[1], -1.0 / 32.0);
    }
    // NaN: relu passes the cotangent, clamp does not, as in PyTorch.
    let nan = Tensor::from([f64::NAN]);
    assert_eq!(grad(&nan, |x| x.relu().sum(..)).to_vec::<f64>(), [1.0]);
    assert_eq!(grad(&nan, |x| x.clamp(0, 1).sum(..)).to_vec::<f64>(), [0.0]);
}

/// Integers are clamped as integers: bounds beyond 2^53 are exact, and one that the dtype cannot hold is refused.
#[test]
fn integers_are_clamped_exactly() {
    let large = (1i64 << 53) + 1;
    assert_eq!(Tensor::from([large, large + 1]).clamp(0, large).to_vec::<i64>(), [large, large]);
    assert_eq!(Tensor::from([1u8, 9]).clamp(2, 5).to_vec::<u8>(), [2, 5]);
    assert_eq!(Tensor::from([-3i64, 3]).clamp(f64::NEG_INFINITY, 1.5).to_vec::<i64>(), [-3, 1]);
    for refused in [
        cotangent::ops::Clamp { low: 300.into(), high: 400.into() },
        cotangent::ops::Clamp { low: (-10).into(), high: (-5).into() },
    ] {
        assert!(cotangent::try_apply(&refused, &[&Tensor::from([1u8])]).is_err());
    }
}

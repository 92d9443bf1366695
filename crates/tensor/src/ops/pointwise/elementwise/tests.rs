//! Functions from formulas: broadcasting, derivatives through dual numbers, integers, misuse.

use super::scaled_partial;
use crate::{
    DType, Dual, Real, Rng, Tensor, apply,
    ops::{Elementwise, Sin, refused::message},
    try_apply,
};

crate::elementwise! {
    /// x y^z + offset
    fn weighted(x, y, z; offset: f64) = x.clone() * y.powf(2.0) * z.clone() + x.constant(offset);
    /// The fourth variable where the first is positive.
    fn fourth(a, b, c, d) = a.if_greater(&a.constant(0.0), d.clone(), b.clone() - c.clone());
}

/// x y where a sine is positive, of which the angle is neither the value nor what is multiplied.
#[derive(Clone, Copy)]
struct InTurn;

impl Elementwise for InTurn {
    const NAME: &'static str = "in_turn";
    const ARITY: usize = 2;
    const HAS_ANGLES: bool = true;
    fn value<R: Real>(&self, x: &[R]) -> R {
        let sine = (x[0].clone() * x[1].clone()).sin();
        sine.if_greater(&sine.constant(0.0), x[0].clone() * x[1].clone(), x[1].clone() + x[0].floor().abs())
    }
}

#[test]
fn angles_far_out_change_no_bit_of_their_neighbours() {
    let bits = |x: &Tensor| x.to_vec::<f64>().into_iter().map(f64::to_bits).collect::<Vec<_>>();
    let calls: [fn(&Tensor) -> Tensor; 4] = [
        |x| x.sin(),
        |x| x.cos(),
        |x| apply(&InTurn, &[x, &Tensor::ones(x.shape(), x.dtype())]).into_single(),
        |x| scaled_partial(&Sin, 0, &[&Tensor::full(x.shape(), 3.0, x.dtype()), x]),
    ];
    for (call, dtype) in calls.into_iter().flat_map(|call| [(call, DType::F32), (call, DType::F64)]) {
        // Blocks of 256, of which some have no number far out, some one, some several; the last is short.
        let near = (Rng::seed(4).normal([1100], DType::F64) * 50.0).cast(dtype);
        let mut far = near.cast(DType::F64).to_vec::<f64>();
        for (place, x) in [(3, 2e6), (300, f64::INFINITY), (301, f64::NAN), (511, -1e30), (1099, 1_048_577.0)] {
            far[place] = x;
        }
        let far = Tensor::from(far).cast(dtype);
        let (y_near, y_far) = (call(&near).cast(DType::F64), call(&far).cast(DType::F64));
        let alone = |i: usize| call(&far.narrow(0, i, 1)).cast(DType::F64);
        let (near, far) = (bits(&y_near), bits(&y_far));
        for i in 0..1100 {
            if [3, 300, 301, 511, 1099].contains(&i) {
                let alone = alone(i).item::<f64>();
                assert!(alone.to_bits() == far[i] || alone.is_nan() && f64::from_bits(far[i]).is_nan(), "{dtype} {i}");
            } else {
                assert_eq!(near[i], far[i], "{dtype} {i}");
            }
        }
    }
    let far = Tensor::from([2e6, -1e30, 0.5]);
    let sines: Vec<f64> = far.sin().to_vec();
    assert_eq!((sines[0], sines[1]), (2e6f64.sin(), (-1e30f64).sin()));
}

#[test]
fn a_formula_broadcasts_its_variables() {
    let (x, y) = (Tensor::from([[1.0f32], [2.0]]), Tensor::from([3.0f32, 4.0, 5.0]));
    let z = weighted(&x, &y, &Tensor::from(10.0f32), 0.5);
    assert_eq!(z.shape()[..], [2, 3]);
    assert_eq!(z.to_vec::<f32>(), [90.5, 160.5, 250.5, 180.5, 320.5, 500.5]);
    let one = |value: f64| Tensor::full([300, 1], value, DType::F64);
    let d = Tensor::linspace(0.0, 1.0, 3, DType::F64);
    assert_eq!(fourth(&one(1.0), &one(2.0), &one(3.0), &d).to_vec::<f64>(), [0.0, 0.5, 1.0].repeat(300));
    assert_eq!(fourth(&one(0.0), &one(2.0), &one(3.0), &d).to_vec::<f64>(), [-1.0; 900]);
}

#[test]
#[should_panic(
    expected = "weighted: all inputs must have one dtype, not f32 and f64; got f32[], f64[2], f32[]; cast one of them"
)]
fn a_formula_names_itself_in_errors() {
    let x = Tensor::from(1.0f32);
    let _ = weighted(&x, &Tensor::from([1.0, 2.0]), &x, 0.0);
}

#[test]
fn dual_numbers_are_differentiated_again() {
    // f = sin(x) e^(x²) / x; the third derivative by duals of duals of duals, against its formula by hand for the first.
    fn f<R: Real>(x: &R) -> R {
        x.sin() * x.square().exp() / x.clone()
    }
    let x = 0.75f64;
    let dual = |x: f64| Dual::new(x, Some(1.0));
    let y = f(&dual(x));
    let first = x.square().exp() * (x.cos() / x + x.sin() * (2.0 - 1.0 / x.square()));
    assert!((y.tangent.unwrap() - first).abs() < 1e-14);
    let second = |x: f64| f(&Dual::new(dual(x), Some(Dual::new(1.0, None)))).tangent.unwrap().tangent.unwrap();
    let slope = |x: f64| f(&dual(x)).tangent.unwrap();
    // Half of the digits are left of a difference.
    assert!((second(x) - (slope(x + 1e-5) - slope(x - 1e-5)) / 2e-5).abs() < 1e-8);
}

#[test]
fn what_does_not_depend_on_the_direction_has_no_tangent() {
    let (x, c) = (Dual::new(2.0, Some(1.0)), Dual::new(f64::INFINITY, None));
    // A tangent of zero would make 0 * inf here.
    assert_eq!((c * c + c).tangent, None);
    assert_eq!((x / c).tangent, Some(0.0));
    assert_eq!(x.if_greater(&c, x, c).tangent, Some(0.0));
    assert_eq!(x.floor().tangent, None);
    assert_eq!(x.pow(&Dual::new(3.0, None)).tangent, Some(12.0));
    assert_eq!(Dual::new(-2.0, None).pow(&Dual::new(3.0, None)).tangent, None);
}

#[test]
fn integers_go_through_blocks_of_any_layout() {
    let n = Tensor::arange(-400, 400, 1).reshape([2, 400]).transpose(0, 1);
    let naive = |f: fn(i64) -> i64| n.to_vec::<i64>().into_iter().map(f).collect::<Vec<i64>>();
    assert_eq!(n.square().to_vec::<i64>(), naive(|n| n * n));
    assert_eq!(n.clamp(-3, 3).to_vec::<i64>(), naive(|n| n.clamp(-3, 3)));
    assert_eq!(Tensor::from([200u8, 3]).square().to_vec::<u8>(), [64, 9]);
}

#[test]
fn f32_is_computed_in_f64_where_a_function_says_so() {
    let x = Tensor::linspace(0.1, 3.0, 1000, DType::F64).cast(DType::F32);
    let rows = x.reshape([10, 100]).transpose(0, 1);
    let right: Vec<f32> = rows.to_vec::<f32>().iter().map(|&x| libm::lgamma(f64::from(x)) as f32).collect();
    assert_eq!(rows.lgamma().to_vec::<f32>(), right);
    assert_eq!(Tensor::zeros([0, 3], DType::F32).lgamma().shape()[..], [0, 3]);
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let x = Tensor::linspace(0.1, 3.0, 50_001, DType::F32);
    let bits = |threads| crate::with_threads(threads, || x.digamma().to_vec::<f32>());
    assert!(bits(1) == bits(3));
}

/// A sum, without a method that would broadcast.
#[derive(Clone)]
struct Total;

impl Elementwise for Total {
    const NAME: &'static str = "total";
    const ARITY: usize = 2;
    fn value<R: Real>(&self, x: &[R]) -> R {
        x[0].clone() + x[1].clone()
    }
}

#[test]
fn inputs_of_the_primitive_have_one_shape_and_count() {
    let x = Tensor::from([1.0f32, 2.0]);
    assert_eq!(try_apply(&Total, &[&x]).unwrap_err().to_string(), "total: takes 2 inputs, not 1; got f32[2]");
    assert_eq!(
        try_apply(&Total, &[&x, &Tensor::from(1.0f32)]).unwrap_err().to_string(),
        "total: the primitive takes inputs of one shape; got f32[2], f32[]; its method broadcasts; for try_apply, expand the \
         inputs first"
    );
}

#[test]
fn bytes_are_clamped_with_open_ends() {
    let x = Tensor::from([1u8, 9]);
    assert_eq!(x.clamp(2, f64::INFINITY).to_vec::<u8>(), [2, 9]);
    assert_eq!(x.clamp(f64::NEG_INFINITY, 2).to_vec::<u8>(), [1, 2]);
    assert!(message(|| x.clamp(f64::INFINITY, 2)).contains("the bound inf does not fit a tensor of u8"));
    assert!(message(|| x.clamp(2, f64::NEG_INFINITY)).contains("the bound -inf does not fit a tensor of u8"));
}

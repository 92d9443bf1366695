use crate::Tensor;

#[test]
fn halves_go_to_the_even_neighbour_and_zeros_keep_their_sign() {
    let x = Tensor::from([0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994]);
    assert_eq!(x.round().to_vec::<f64>(), [0.0, 2.0, 2.0, -0.0, -2.0, 0.0]);
    let small = Tensor::from([-0.3, 0.3]);
    let signs = |y: Tensor| y.to_vec::<f64>().iter().map(|y| y.is_sign_negative()).collect::<Vec<_>>();
    for f in [Tensor::ceil, Tensor::trunc, Tensor::round] {
        assert_eq!(signs(f(&small)), [true, false]);
    }
    assert_eq!(small.floor().to_vec::<f64>(), [-1.0, 0.0]);
    let large = Tensor::from([9_007_199_254_740_993.0, -1e300, f64::INFINITY]);
    for f in [Tensor::floor, Tensor::ceil, Tensor::trunc, Tensor::round] {
        assert_eq!(f(&large).to_vec::<f64>(), large.to_vec::<f64>());
        assert!(f(&Tensor::from(f32::NAN)).item::<f32>().is_nan());
    }
}

#[test]
fn integers_are_rounded_already() {
    let n = Tensor::from([-7i64, 0, i64::MAX]);
    for f in [Tensor::floor, Tensor::ceil, Tensor::trunc, Tensor::round] {
        assert_eq!(f(&n).to_vec::<i64>(), n.to_vec::<i64>());
    }
    assert_eq!(n.sign().to_vec::<i64>(), [-1, 0, 1]);
    assert_eq!(Tensor::from([0u8, 200]).sign().to_vec::<u8>(), [0, 1]);
    assert_eq!(n.heaviside(5).to_vec::<i64>(), [0, 5, 1]);
}

#[test]
fn decimals_are_rounded_as_pytorch_does() {
    let x = Tensor::from([1.25, 135.0, 125.0, -0.0004]);
    assert_eq!(x.round_decimals(1).to_vec::<f64>(), [1.2, 135.0, 125.0, -0.0]);
    assert_eq!(x.round_decimals(-1).to_vec::<f64>(), [0.0, 140.0, 120.0, -0.0]);
    assert_eq!(x.round_decimals(0).to_vec::<f64>(), [1.0, 135.0, 125.0, -0.0]);
}

#[test]
fn signs_and_steps_at_special_values_are_those_of_pytorch() {
    let x = Tensor::from([f64::NAN, -0.0, 0.0, f64::NEG_INFINITY]);
    assert_eq!(x.sign().to_vec::<f64>(), [0.0, 0.0, 0.0, -1.0]);
    assert_eq!(x.heaviside(0.5).to_vec::<f64>(), [0.0, 0.5, 0.5, 0.0]);
    assert!(x.heaviside(f64::NAN).to_vec::<f64>()[1].is_nan());
    let fractions = Tensor::from([-1.5, f64::INFINITY, f64::NAN]).frac().to_vec::<f64>();
    assert!(fractions[0] == -0.5 && fractions[1].is_nan() && fractions[2].is_nan());
}

#[test]
#[should_panic(
    expected = "floor: truth values have no arithmetic; got bool[1]; cast first, for example with .cast(DType::F32)"
)]
fn truth_values_are_not_rounded() {
    let _ = Tensor::from([true]).floor();
}

//! Quantiles with every interpolation; the values are PyTorch's.

use super::{QuantileMethod, Quantiles};
use crate::{DType, Tensor};

#[test]
fn interpolations_differ_between_elements() {
    let x = Tensor::from([5.0, 1.0, 2.0, 9.0]);
    let q = [0.0, 0.1, 0.5, 0.75, 5.0 / 6.0, 1.0];
    let cases = [
        (QuantileMethod::Linear, [1.0, 1.3, 3.5, 6.0, 7.0, 9.0]),
        (QuantileMethod::Lower, [1.0, 1.0, 2.0, 5.0, 5.0, 9.0]),
        (QuantileMethod::Higher, [1.0, 2.0, 5.0, 9.0, 9.0, 9.0]),
        (QuantileMethod::Midpoint, [1.0, 1.5, 3.5, 7.0, 7.0, 9.0]),
        // Ranks 1.5 and 2.5 both round to 2.
        (QuantileMethod::Nearest, [1.0, 1.0, 5.0, 5.0, 5.0, 9.0]),
    ];
    for (interpolation, expected) in cases {
        let y = x.quantile(Quantiles::from(q).interpolation(interpolation), 0).to_vec::<f64>();
        assert!(y.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-14), "{interpolation:?}: {y:?}");
    }
    // Without NaN, both are one.
    assert_eq!(x.nanquantile(q, 0).to_vec::<f64>(), x.quantile(q, 0).to_vec::<f64>());
}

#[test]
fn axes_go_or_stay_and_a_list_adds_one() {
    let x = Tensor::arange(0, 24, 1).cast(DType::F32).reshape([2, 3, 4]);
    assert_eq!(x.quantile(0.5, 1).to_vec::<f32>(), x.narrow(1, 1, 1).to_vec::<f32>());
    assert_eq!(x.quantile([0.0, 1.0], [0, 2]).to_vec::<f32>(), [0.0, 4.0, 8.0, 15.0, 19.0, 23.0]);
    assert_eq!(x.quantile(0.5, ..).item::<f32>(), 11.5);
    assert_eq!(x.quantile_keepdims(0.5, [0, 2]).shape()[..], [1, 3, 1]);
    assert_eq!(x.quantile_keepdims(vec![0.5], 1).shape()[..], [1, 2, 1, 4]);
    assert_eq!(x.quantile(&[0.5, 0.1][..], 0).shape()[..], [2, 3, 4]);
    assert_eq!(x.quantile(Vec::new(), 0).shape()[..], [0, 3, 4]);
    assert_eq!(Tensor::from(3.0).quantile(0.3, ..).item::<f64>(), 3.0);
    assert_eq!(Tensor::zeros([0, 3], DType::F64).nanquantile(0.5, 1).shape()[..], [0]);
}

#[test]
fn nan_makes_a_row_nan_or_is_left_out() {
    let x = Tensor::from([[1.0, f64::NAN, 3.0], [3.0, 1.0, 2.0], [f64::NAN; 3]]);
    for interpolation in [QuantileMethod::Linear, QuantileMethod::Lower, QuantileMethod::Nearest] {
        let y = x.quantile(Quantiles::from(0.0).interpolation(interpolation), 1).to_vec::<f64>();
        assert!(y[0].is_nan() && y[1] == 1.0 && y[2].is_nan());
    }
    let y = x.nanquantile([0.5, 1.0], 1).to_vec::<f64>();
    assert_eq!((&y[..2], &y[3..5]), (&[2.0, 2.0][..], &[3.0, 3.0][..]));
    assert!(y[2].is_nan() && y[5].is_nan());
}

#[test]
fn infinities_are_quantiles_of_themselves() {
    let inf = f64::INFINITY;
    let x = Tensor::from([[inf, inf], [1.0, inf], [-inf, -inf], [-inf, 1.0]]);
    assert_eq!(x.quantile(0.5, 1).to_vec::<f64>(), [inf, inf, -inf, -inf]);
    assert!(Tensor::from([-inf, inf]).quantile(0.5, 0).item::<f64>().is_nan());
}

#[test]
#[should_panic(expected = "quantile: a quantile must lie in [0, 1], not 1.5; got f64[1]")]
fn a_quantile_beyond_one_is_refused() {
    let _ = Tensor::from([1.0]).quantile([0.5, 1.5], 0);
}

#[test]
#[should_panic(expected = "nanquantile: a quantile must lie in [0, 1], not NaN; got f64[1]")]
fn a_quantile_that_is_no_number_is_refused() {
    let _ = Tensor::from([1.0]).nanquantile(f64::NAN, 0);
}

#[test]
#[should_panic(expected = "quantile: cannot reduce over axis 0 of size 0; got f64[0]")]
fn nothing_has_no_quantile() {
    let _ = Tensor::zeros([0], DType::F64).quantile(0.5, ..);
}

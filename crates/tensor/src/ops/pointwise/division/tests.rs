use crate::{DType, Tensor, ops::Remainder, try_apply};

#[test]
fn remainders_have_the_sign_of_either_side() {
    let (x, y) = (Tensor::from([-6.0, -5.0, 5.0, 5.0, 6.0]), Tensor::from([3.0, 3.0, f64::INFINITY, -3.0, 0.0]));
    let (fmod, remainder) = (x.fmod(&y).to_vec::<f64>(), x.remainder(&y).to_vec::<f64>());
    assert_eq!(fmod[..4], [-0.0, -2.0, 5.0, 2.0]);
    assert_eq!(remainder[..4], [-0.0, 1.0, 5.0, -1.0]);
    assert!(fmod[4].is_nan() && remainder[4].is_nan());
}

#[test]
fn quotients_round_down_or_towards_zero() {
    let (x, y) = (Tensor::from([7.0, -7.0, 1.0, 0.0, 1.0]), Tensor::from([2.0, 2.0, 0.0, -1.0, 0.1]));
    assert_eq!(x.div_floor(&y).to_vec::<f64>(), [3.0, -4.0, f64::INFINITY, -0.0, 9.0]);
    assert_eq!(x.div_trunc(&y).to_vec::<f64>(), [3.0, -3.0, f64::INFINITY, -0.0, 10.0]);
}

#[test]
fn integers_divide_as_in_python_and_in_c() {
    let (x, y) = (Tensor::from([7i64, -7, 7, -7, i64::MIN]), Tensor::from([3i64, 3, -3, -3, -1]));
    assert_eq!(x.div_floor(&y).to_vec::<i64>(), [2, -3, -3, 2, i64::MIN]);
    assert_eq!(x.div_trunc(&y).to_vec::<i64>(), [2, -2, -2, 2, i64::MIN]);
    assert_eq!(x.remainder(&y).to_vec::<i64>(), [1, 2, -2, -1, 0]);
    assert_eq!(x.fmod(&y).to_vec::<i64>(), [1, -1, 1, -1, 0]);
    assert_eq!(Tensor::from([200u8, 7]).remainder(9).to_vec::<u8>(), [2, 7]);
    assert_eq!(Tensor::zeros([0, 2], DType::I64).div_floor(&Tensor::from([1i64, 0])).shape()[..], [0, 2]);
}

#[test]
fn an_integer_is_not_divided_by_zero() {
    let (x, y) = (Tensor::from([7i64, 1]), Tensor::from([3i64, 0]));
    let error = try_apply(&Remainder, &[&x, &y]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "remainder: an integer cannot be divided by zero; got i64[2], i64[2]; cast to floating point, where the result is infinite \
         or NaN"
    );
    let bytes = std::panic::catch_unwind(|| Tensor::from([7u8]).fmod(0)).unwrap_err();
    assert!(
        bytes
            .downcast_ref::<String>()
            .unwrap()
            .starts_with("fmod: an integer cannot be divided by zero; got u8[1], u8[]")
    );
}

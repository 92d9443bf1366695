use super::*;
use crate::try_apply;

#[test]
fn each_label_is_a_vector() {
    let labels = Tensor::from([[1i64, 0], [2, 2]]).transpose(0, 1);
    let y = labels.one_hot(3, DType::I64);
    assert_eq!(y.shape()[..], [2, 2, 3]);
    assert_eq!(y.to_vec::<i64>(), [0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1]);
    assert_eq!(Tensor::from(1i64).one_hot(2, DType::Bool).to_vec::<bool>(), [false, true]);
    assert_eq!(Tensor::zeros([0], DType::I64).one_hot(0, DType::F32).shape()[..], [0, 0]);
}

#[test]
fn a_label_without_a_class_is_named() {
    let refusal = |labels: Tensor| try_apply(&OneHot::new(3, DType::F32), &[&labels]).unwrap_err();
    let error = refusal(Tensor::from([[0i64, 1], [3, 0]]));
    assert_eq!(error.kind(), ErrorKind::Index);
    assert_eq!(error.to_string(), "one_hot: label 3 at [1, 0] is none of the 3 classes; got i64[2, 2]");
    assert!(refusal(Tensor::from([i64::MIN])).to_string().contains("label -9223372036854775808 at [0]"));
    assert!(refusal(Tensor::from([1.0f32])).to_string().contains("the index must be i64, not f32"));
    let error = try_apply(&OneHot::new(usize::MAX, DType::F32), &[&Tensor::from([0i64])]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Size);
}

//! Labels, targets and layers.

use crate::{assert_messages, misuses};
use cotangent::{DType, Rng, Tensor, nn::Linear, nn::Loss};

#[test]
fn labels_targets_and_layers() {
    let logits = Tensor::zeros([2, 3], DType::F32);
    let layer = Linear::new(3, 2, &mut Rng::seed(0));
    assert_messages(misuses![
        logits.cross_entropy(&Tensor::from([0i64, 3])) =>
            "cross_entropy: the label at [1] is 3, which is not one of the 3 classes 0 to 2; got f32[2, 3], i64[2]",
        logits.cross_entropy(&Tensor::from([-1i64, 0])) =>
            "cross_entropy: the label at [0] is -1, which is not one of the 3 classes 0 to 2; got f32[2, 3], i64[2]",
        logits.cross_entropy(&Tensor::from([0.0f32, 1.0])) =>
            "cross_entropy: a floating-point target holds a probability for each logit, in the logits' shape; \
             got f32[2, 3], f32[2]; cast class indices with .cast(DType::I64)",
        logits.cross_entropy(&Tensor::from([0i64, 1, 2])) =>
            "cross_entropy: scores with classes along axis 1 need labels of shape [2], one for each row; \
             got f32[2, 3], i64[3]",
        logits.cross_entropy(&Tensor::from([[0i64, 1, 0], [1, 0, 0]])) =>
            "cross_entropy: scores with classes along axis 1 need labels of shape [2], one for each row; \
             got f32[2, 3], i64[2, 3]; of one-hot labels, .argmax(1) is the class",
        logits.mse_loss(&Tensor::zeros([2], DType::F32)) =>
            "mse_loss: prediction and target must have one shape; got f32[2, 3], f32[2]; \
             reshape or expand one of them",
        layer.forward(&Tensor::zeros([5, 2], DType::F32)) =>
            "linear: the last axis of x must have the layer's 3 inputs; \
             got f32[5, 2] for a layer of 3 inputs and 2 outputs",
        layer.forward(&Tensor::zeros([5, 3], DType::F64)) =>
            "linear: all inputs must have one dtype, not f64 and f32; got f64[5, 3], f32[2, 3], f32[2]; \
             cast one of them, for example with .cast(DType::F64)",
    ]);
}

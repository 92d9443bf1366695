//! What layers refuse, and in which words.

use cotangent_nn::*;
use cotangent_tensor::{DType, Rng, Tensor, ops::PadMode};

/// The message that `f` panics with.
pub(crate) fn message<R: std::fmt::Debug>(f: impl FnOnce() -> R) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).expect_err("a panic");
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic.downcast_ref::<&str>().expect("a message").to_string(),
    }
}

fn ones<const R: usize>(shape: [usize; R]) -> Tensor {
    Tensor::ones(shape, DType::F32)
}

#[test]
fn convolutions_name_the_channels_and_axes_that_do_not_fit() {
    let rng = &mut Rng::seed(1);
    let layer = Conv2d::new(4, 8, 3, rng);
    assert_eq!(
        message(|| layer.forward(&ones([2, 3, 8, 8]))),
        "conv2d: axis 1 of x must have the layer's 4 channels; got f32[2, 3, 8, 8] for a layer with the weight f32[8, 4, 3, 3]"
    );
    assert_eq!(
        message(|| layer.forward(&ones([8, 8]))),
        "conv2d: x must be a batch [n, c, h, w] or a single [c, h, w]; got f32[8, 8]"
    );
    let grey = Conv2d::new(1, 8, 3, rng);
    assert_eq!(
        message(|| grey.forward(&ones([64, 8, 8]))),
        "conv2d: axis 0 of x must have the layer's 1 channels; got f32[64, 8, 8] for a layer with the weight f32[8, 1, 3, 3]; \
         a batch of one channel is [n, 1, ..], .unsqueeze(1)"
    );
    assert_eq!(grey.forward(&ones([64, 8, 8]).unsqueeze(1)).shape()[..], [64, 8, 6, 6]);
    assert!(message(|| layer.forward(&ones([1, 1, 4, 8, 8]))).contains("got f32[1, 1, 4, 8, 8]"));
    assert!(message(|| layer.forward(&ones([4, 2, 2]))).starts_with("conv2d: "));
    let transposed = ConvTranspose1d::new(4, 8, 3, rng);
    assert_eq!(
        message(|| transposed.forward(&ones([3, 5]))),
        "conv_transpose1d: axis 0 of x must have the layer's 4 channels; got f32[3, 5] for a layer with the weight f32[4, 8, 3]"
    );
    let by_hand = Conv1d { weight: ones([2, 3]), ..Conv1d::new(1, 1, 1, rng) };
    assert_eq!(
        message(|| by_hand.forward(&ones([3, 5]))),
        "conv1d: the weight must have 3 axes, two of channels and 1 of the kernel; got f32[2, 3]"
    );
}

#[test]
fn settings_of_convolutions_are_checked_where_they_are_made() {
    let rng = &mut Rng::seed(1);
    let mut new = || Conv2d::new(4, 6, 3, rng);
    let (a, b, c) = (new(), new(), new().groups(2));
    assert_eq!(
        message(|| a.clone().groups(4)),
        "conv2d: 4 input channels and 6 output channels do not divide into 4 groups"
    );
    assert!(message(|| a.groups(0)).contains("into 0 groups"));
    for groups in [0, 4] {
        let refusal = format!("4 input channels and 6 output channels do not divide into {groups} groups");
        assert_eq!(message(|| Conv2d::grouped(4, 6, 3, groups, &mut Rng::seed(1))), format!("conv2d: {refusal}"));
        let transposed = message(|| ConvTranspose1d::grouped(4, 6, 3, groups, &mut Rng::seed(1)));
        assert_eq!(transposed, format!("conv_transpose1d: {refusal}"));
    }
    assert_eq!(message(|| c.groups(2)), "conv2d: the layer has 2 groups already; say once how many, on a new layer");
    assert_eq!(
        message(|| b.clone().stride([0, 1])),
        "conv2d: the stride must be at least 1 along every axis; got [0, 1]"
    );
    assert!(message(|| b.dilation(0)).starts_with("conv2d: the dilation must"));
    let transposed = ConvTranspose1d::new(1, 1, 1, &mut Rng::seed(1));
    assert_eq!(
        message(|| transposed.padding(Padding::Same)),
        "conv_transpose1d: a transposed convolution has no padding \"same\"; give the numbers"
    );
}

#[test]
fn a_padding_mode_has_only_so_many_elements() {
    let rng = &mut Rng::seed(1);
    let padded = |size: usize, padding: usize, mode, rng: &mut Rng| {
        message(|| Conv1d::new(1, 1, 1, rng).padding(padding).padding_mode(mode).forward(&ones([1, size])))
    };
    assert_eq!(
        padded(3, 3, PadMode::Reflect, rng),
        "conv1d: the padding mode Reflect has at most 2 places beyond an axis of size 3, not (3, 3); got f32[1, 3]"
    );
    assert!(padded(3, 4, PadMode::Circular, rng).contains("at most 3 places"));
    assert!(padded(0, 1, PadMode::Replicate, rng).contains("at most 0 places"));
}

#[test]
fn pools_are_checked_where_they_are_made() {
    assert_eq!(
        message(|| MaxPool2d::new([2, 0])),
        "max_pool2d: the kernel size must be at least 1 along every axis; got [2, 0]"
    );
    assert_eq!(message(|| AvgPool1d::new(2).divisor(0)), "avg_pool1d: the divisor must not be 0");
    let message = message(|| MaxPool2d::new(4).forward(&ones([1, 1, 3, 5])));
    assert!(message.starts_with("max_pool2d: the kernel reaches over 4 elements"), "{message}");
}

#[test]
fn normalisations_name_their_channels() {
    let mut rng = Rng::seed(1);
    assert_eq!(
        message(|| BatchNorm2d::new(3).forward(&ones([2, 4, 2, 2]), &mut Mode::eval())),
        "batch_norm2d: x must be [n, c, h, w] with the layer's 3 channels; got f32[2, 4, 2, 2]"
    );
    assert_eq!(
        message(|| BatchNorm1d::new(3).forward(&ones([3]), &mut Mode::eval())),
        "batch_norm1d: x must be [n, c] or [n, c, l] with the layer's 3 channels; got f32[3]"
    );
    assert_eq!(
        message(|| BatchNorm1d::new(3).forward(&ones([1, 3]), &mut Mode::train(&mut rng))),
        "batch_norm1d: a batch needs more than one element of each channel to normalise by; got f32[1, 3]"
    );
    assert_eq!(
        message(|| InstanceNorm1d::new(3).forward(&ones([4, 2]))),
        "instance_norm1d: x must be [n, c, l] or [c, l] with the layer's 3 channels; got f32[4, 2]"
    );
    assert_eq!(
        message(|| InstanceNorm1d::new(3).forward(&ones([2, 3, 1]))),
        "instance_norm1d: a channel needs more than one element to normalise by; got f32[2, 3, 1]"
    );
    assert!(message(|| InstanceNorm1d::new(3).with_running_stats().forward(&ones([3, 2]))).starts_with("mode: "));
    assert_eq!(
        message(|| BatchNorm1d::new(3).momentum(1.5)),
        "batch_norm1d: the momentum must be from 0 to 1; got 1.5"
    );
    assert_eq!(message(|| LayerNorm::new(3).eps(-1.0)), "layer_norm: eps must not be negative; got -1");
    assert_eq!(message(|| GroupNorm::new(2, 3)), "group_norm: 3 channels do not divide into 2 groups");
    assert!(message(|| LayerNorm::new(3).forward(&ones([3, 4]))).starts_with("layer_norm: "));
    let counted = BatchNorm1d { num_batches_tracked: None, ..BatchNorm1d::new(1).momentum(None) };
    assert_eq!(
        message(|| counted.forward(&ones([2, 1]), &mut Mode::train(&mut rng))),
        "batch_norm1d: a mean over all batches needs their count"
    );
}

#[test]
fn others_name_themselves() {
    let rng = &mut Rng::seed(1);
    assert_eq!(message(|| Dropout::new(1.5)), "dropout: the probability must be from 0 to 1; got 1.5");
    assert!(message(|| Dropout2d { p: f64::NAN }.forward(&ones([1, 1]), &mut Mode::eval())).starts_with("dropout2d: "));
    let table = Embedding::new(3, 2, rng);
    assert_eq!(message(|| table.clone().padding_idx(3)), "embedding: the padding row 3 is not one of the table's 3");
    assert!(message(|| table.forward(&Tensor::from([3i64]))).starts_with("embedding: index 3"));
    let layer = Bilinear::new(3, 4, 2, rng);
    assert_eq!(
        message(|| layer.forward(&ones([5, 3]), &ones([6, 4]))),
        "bilinear: the inputs must be [.., 3] and [.., 4], alike but for the last axis; got f32[5, 3], f32[6, 4] for a layer \
         of 2 outputs"
    );
    assert_eq!(message(|| PixelShuffle::new(0)), "pixel_shuffle: the factor must be at least 1");
    assert_eq!(message(|| LocalResponseNorm::new(0)), "local_response_norm: the window must hold a channel at least");
}

#[test]
fn the_padding_same_is_for_stride_1() {
    let x = Tensor::ones([1, 1, 4, 6], DType::F32);
    let layer = Conv2d::new(1, 1, 3, &mut Rng::seed(1)).padding(Padding::Same);
    assert_eq!(layer.forward(&x).shape(), x.shape());
    let strided = layer.stride([1, 2]);
    assert_eq!(
        message(|| strided.forward(&x)),
        "conv2d: the padding \"same\" is for stride 1; got the stride [1, 2], for which conventions differ; give the numbers with .padding(..)"
    );
    assert_eq!(strided.padding(1).forward(&x).shape()[..], [1, 1, 4, 3]);
}

#[test]
fn a_dilated_pool_is_padded_by_half_of_its_reach() {
    // Three elements reach over five.
    let x = Tensor::from([[1.0, 3.0, 2.0, 0.0]]);
    let pool = MaxPool1d::new(3).stride(1).dilation(2);
    assert_eq!(pool.clone().padding(2).forward(&x).to_vec::<f64>(), [2.0, 3.0, 2.0, 3.0]);
    assert!(
        message(|| pool.padding(3).forward(&x))
            .contains("is more than half of the 5 elements that the kernel reaches over")
    );
}

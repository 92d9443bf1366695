use super::*;
use crate::{ConvPadding, DType, ops::shaping::shape::adjoint::assert_adjoint, with_threads};

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32)
}

fn counting(shape: &[usize]) -> Tensor {
    let numel: usize = shape.iter().product();
    Tensor::from_vec((0..numel).map(|i| ((i * 7 + 3) % 11) as f64 - 5.0).collect(), shape).unwrap()
}

#[track_caller]
fn assert_refused(primitive: &dyn Primitive, inputs: &[&Tensor], message: &str) {
    assert_eq!(try_apply(primitive, inputs).unwrap_err().to_string(), message);
}

#[test]
fn the_same_padding_puts_an_odd_zero_last_as_in_pytorch() {
    let x = Tensor::ones([1, 3, 3], DType::F32);
    let same = Conv::new().padding(ConvPadding::Same);
    let y = x.conv2d(&Tensor::ones([1, 1, 2, 2], DType::F32), None, &same);
    assert_eq!(y.shape()[..], [1, 3, 3]);
    assert_eq!(y.to_vec::<f32>(), [4.0, 4.0, 2.0, 4.0, 4.0, 2.0, 2.0, 2.0, 1.0]);
    let refused = same.stride([1, 2]);
    assert_refused(
        &refused,
        &[&zeros(&[1, 1, 3, 3]), &zeros(&[1, 1, 2, 2])],
        "conv2d: padding \"same\" is defined for stride 1; got f32[1, 1, 3, 3], f32[1, 1, 2, 2]; give the numbers, before and \
         after each axis",
    );
    let transposed = ConvTranspose::new().padding(ConvPadding::Same);
    let error = try_apply(&transposed, &[&zeros(&[1, 1, 3]), &zeros(&[1, 1, 2])]).unwrap_err().to_string();
    assert!(
        error.starts_with("conv_transpose1d: has no padding \"same\"; got f32[1, 1, 3], f32[1, 1, 2]; "),
        "{error}"
    );
}

#[test]
fn empty_batches_and_channels_give_empty_sums() {
    for (x, w, y) in [
        (&[0, 2, 4][..], &[3, 2, 2][..], &[0, 3, 3][..]),
        (&[2, 0, 4], &[3, 0, 2], &[2, 3, 3]),
        (&[2, 0, 400], &[3, 0, 2], &[2, 3, 399]),
        (&[2, 2, 4], &[0, 2, 2], &[2, 0, 3]),
    ] {
        let result = zeros(x).conv1d(&zeros(w), None, &Conv::new());
        assert_eq!((result.shape()[..].to_vec(), result.to_vec::<f32>()), (y.to_vec(), vec![0.0; y.iter().product()]));
        let back = zeros(y).conv_transpose1d(&zeros(w), None, &ConvTranspose::new());
        assert_eq!((back.shape()[..].to_vec(), back.to_vec::<f32>()), (x.to_vec(), vec![0.0; x.iter().product()]));
        let weight = apply(&ConvWeightGrad::new(Conv::new(), 2), &[&zeros(x), &zeros(y)]).into_single();
        assert_eq!((weight.shape()[..].to_vec(), weight.to_vec::<f32>()), (w.to_vec(), vec![0.0; w.iter().product()]));
    }
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let conv = Conv::new();
    let images = |w: &[usize]| [zeros(&[2, 6, 4, 5]), zeros(w)];
    let refused = |conv: &Conv, w: &[usize], message: &str| {
        let [x, w] = images(w);
        assert_refused(conv, &[&x, &w], message);
    };
    refused(
        &conv,
        &[3, 6, 5, 1],
        "conv2d: the kernel reaches over 5 elements along spatial axis 0, where the padded input has 4; got f32[2, 6, 4, 5], \
         f32[3, 6, 5, 1]; pad more, or dilate less",
    );
    refused(
        &conv.clone().dilation([1, 3]).padding([(0, 0), (1, 0)]),
        &[3, 6, 1, 3],
        "conv2d: the kernel reaches over 7 elements along spatial axis 1, where the padded input has 6; got f32[2, 6, 4, 5], \
         f32[3, 6, 1, 3]; pad more, or dilate less",
    );
    refused(
        &conv,
        &[3, 5, 1, 1],
        "conv2d: the weight takes 5 input channels, the input has 6; got f32[2, 6, 4, 5], f32[3, 5, 1, 1]",
    );
    refused(
        &conv.clone().groups(2),
        &[4, 6, 1, 1],
        "conv2d: the weight takes 6 input channels in each of 2 groups, the input has 6; got f32[2, 6, 4, 5], f32[4, 6, 1, 1]",
    );
    refused(
        &conv.clone().groups(4),
        &[4, 1, 1, 1],
        "conv2d: 6 input channels do not divide into 4 groups; got f32[2, 6, 4, 5], f32[4, 1, 1, 1]",
    );
    refused(
        &conv.clone().groups(3),
        &[4, 2, 1, 1],
        "conv2d: 4 output channels do not divide into 3 groups; got f32[2, 6, 4, 5], f32[4, 2, 1, 1]",
    );
    refused(
        &conv.clone().groups(0),
        &[4, 2, 1, 1],
        "conv2d: groups must be at least 1; got f32[2, 6, 4, 5], f32[4, 2, 1, 1]",
    );
    refused(
        &conv.clone().stride(0),
        &[4, 6, 1, 1],
        "conv2d: stride must be at least 1 along every axis; got f32[2, 6, 4, 5], f32[4, 6, 1, 1]",
    );
    refused(
        &conv.clone().dilation([1, 1, 1]),
        &[4, 6, 1, 1],
        "conv2d: dilation [1, 1, 1] has length 3, but there are 2 spatial axes; got f32[2, 6, 4, 5], f32[4, 6, 1, 1]; give one \
         number for all axes, or one for each",
    );
    refused(
        &conv,
        &[4, 6, 0, 1],
        "conv2d: spatial axes and the kernel must have elements; got f32[2, 6, 4, 5], f32[4, 6, 0, 1]",
    );
    let [x, w] = images(&[4, 6, 1, 1]);
    assert_refused(
        &conv,
        &[&x, &w.cast(DType::F64)],
        "conv2d: all inputs must have one dtype, not f32 and f64; got f32[2, 6, 4, 5], f64[4, 6, 1, 1]; cast one of them, for \
         example with .cast(DType::F32)",
    );
    let error = try_apply(&conv, &[&x.cast(DType::I64), &w.cast(DType::I64)]).unwrap_err().to_string();
    assert!(error.starts_with("conv2d: needs a floating-point dtype; got i64"), "{error}");
}

#[test]
fn methods_show_what_they_were_given() {
    let message = |f: &dyn Fn() -> Tensor| {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    };
    let (x, w, bias) = (zeros(&[3, 8, 8]), zeros(&[4, 3, 3, 3]), zeros(&[3]));
    assert_eq!(
        message(&|| x.conv2d(&w, Some(&bias), &Conv::new())),
        "conv2d: the bias has a number for each of the 4 output channels; got f32[3, 8, 8], f32[4, 3, 3, 3], f32[3]"
    );
    assert_eq!(
        message(&|| x.conv2d(&zeros(&[4, 2, 3, 3]), None, &Conv::new())),
        "conv2d: the weight takes 2 input channels, the input has 3; got f32[3, 8, 8], f32[4, 2, 3, 3]"
    );
    assert_eq!(
        message(&|| zeros(&[8, 8]).conv2d(&w, None, &Conv::new())),
        "conv2d: the input is a batch [N, C, H, W] or a single [C, H, W]; got f32[8, 8], f32[4, 3, 3, 3]"
    );
    assert_eq!(
        message(&|| x.conv1d(&w, None, &Conv::new())),
        "conv1d: the weight has 3 axes: two of channels and 1 of the kernel; got f32[3, 8, 8], f32[4, 3, 3, 3]"
    );
}

#[test]
fn a_transpose_names_what_does_not_fit() {
    let (x, w) = (zeros(&[1, 2, 3]), zeros(&[2, 1, 2]));
    let refused = |conv: ConvTranspose, message: &str| assert_refused(&conv, &[&x, &w], message);
    refused(
        ConvTranspose::new().padding(2),
        "conv_transpose1d: padding (2, 2) along spatial axis 0 leaves a size of 0; got f32[1, 2, 3], f32[2, 1, 2]; the padding is \
         what is cut off; take less",
    );
    refused(
        ConvTranspose::new().stride(2).output_padding(2),
        "conv_transpose1d: an output padding of 2 must be less than the stride or the dilation, which are 2 and 1; got \
         f32[1, 2, 3], f32[2, 1, 2]; pad the result instead",
    );
    refused(
        ConvTranspose::new().groups(3),
        "conv_transpose1d: 2 input channels do not divide into 3 groups; got f32[1, 2, 3], f32[2, 1, 2]",
    );
    assert_refused(
        &ConvTranspose::new(),
        &[&x, &zeros(&[3, 1, 2])],
        "conv_transpose1d: the weight takes 3 input channels, the input has 2; got f32[1, 2, 3], f32[3, 1, 2]",
    );
    assert_refused(
        &ConvWeightGrad::new(Conv::new(), 2),
        &[&x, &zeros(&[1, 2, 3])],
        "conv_weight_grad: the output has size 3 along spatial axis 0, where 2 windows fit; got f32[1, 2, 3], f32[1, 2, 3]",
    );
    assert_refused(
        &ConvWeightGrad::new(Conv::new(), 2),
        &[&x, &zeros(&[1, 2, 1])],
        "conv_weight_grad: the output has size 1 along spatial axis 0, where 2 windows fit; got f32[1, 2, 3], f32[1, 2, 1]",
    );
    assert_refused(
        &ConvWeightGrad::new(Conv::new(), 2),
        &[&x, &zeros(&[2, 2, 2])],
        "conv_weight_grad: the input has a batch of 1, the output one of 2; got f32[1, 2, 3], f32[2, 2, 2]",
    );
}

/// Sizes that overflow are refused, in release builds too.
#[test]
fn hostile_sizes_are_refused() {
    let (x, w) = (zeros(&[1, 1, 3]), zeros(&[1, 1, 2]));
    let huge = usize::MAX;
    let refused: [&dyn Primitive; 8] = [
        &Conv::new().padding(huge),
        &Conv::new().padding(huge / 2),
        &Conv::new().dilation(huge),
        &Conv::new().groups(huge),
        &ConvTranspose::new().stride(huge),
        &ConvTranspose::new().dilation(huge),
        &ConvTranspose::new().padding(huge),
        &ConvTranspose::new().stride(huge / 2).output_padding(huge / 2 - 1),
    ];
    for primitive in refused {
        let error = try_apply(primitive, &[&x, &w]).unwrap_err();
        assert!(error.op().starts_with(primitive.name()), "{error}");
    }
    // A stride beyond the input leaves one window.
    assert_eq!(x.conv1d(&w, None, &Conv::new().stride(huge)).shape()[..], [1, 1, 1]);
    let image = zeros(&[1, 1, 3, 3]);
    for columns in [
        Im2Col::new(2).padding(huge),
        Im2Col::new(2).dilation(huge),
        Im2Col::new(huge),
        Im2Col::new(1).padding(1 << 62),
    ] {
        assert_eq!(try_apply(&columns, &[&image]).unwrap_err().op(), "im2col");
    }
    // No channel makes the product zero, but not the sizes.
    let columns = Im2Col::new(1 << 33).padding(1 << 33);
    assert_eq!(try_apply(&columns, &[&zeros(&[1, 0, 3, 3])]).unwrap_err().op(), "im2col");
    assert_eq!(try_apply(&Col2Im::new(huge, 1), &[&zeros(&[1, 1, 3])]).unwrap_err().op(), "col2im");
}

#[test]
fn results_have_the_same_bits_on_any_number_of_threads() {
    let mut rng = crate::Rng::seed(3);
    for (x, w, conv) in [
        ([5, 6, 17, 19], [7, 6, 3, 3], Conv::new().padding(1)),
        ([1, 64, 24, 24], [32, 64, 3, 3], Conv::new()),
        ([40, 3, 8, 8], [8, 3, 3, 3], Conv::new().stride(2)),
        // More channels than tiles, and groups of tiles.
        ([5, 96, 7, 7], [80, 96, 3, 3], Conv::new().padding(1)),
        ([3, 64, 14, 14], [64, 32, 3, 3], Conv::new().padding(1).groups(2)),
        ([4, 24, 20, 20], [24, 1, 3, 3], Conv::new().padding(1).groups(24)),
    ] {
        let (x, w) = (rng.normal(x, DType::F32), rng.normal(w, DType::F32));
        let kernel = w.shape()[2];
        let run = || {
            let y = x.conv2d(&w, None, &conv);
            let back = conv.slide.back_to(x.shape(), y.shape(), w.shape());
            let x_bar = apply(&back, &[&y, &w]).into_single();
            let w_bar = apply(&ConvWeightGrad::new(conv.clone(), kernel), &[&x, &y]).into_single();
            [y, x_bar, w_bar].map(|t| t.to_vec::<f32>())
        };
        assert_eq!(with_threads(1, run), with_threads(3, run));
    }
}

#[test]
fn columns_are_those_of_pytorch() {
    let x = Tensor::arange(1, 10, 1).reshape([1, 1, 3, 3]);
    let y = x.im2col(Im2Col::new(2).stride(2).padding(1));
    assert_eq!(y.shape()[..], [1, 4, 4]);
    assert_eq!(y.to_vec::<i64>(), [0, 0, 0, 5, 0, 0, 4, 6, 0, 2, 0, 8, 1, 3, 7, 9]);
    let ones = Tensor::ones([1, 4, 4], DType::I64);
    assert_eq!(ones.col2im([3, 3], 2).to_vec::<i64>(), [1, 2, 1, 2, 4, 2, 1, 2, 1]);
    assert_eq!(ones.squeeze(0).col2im(3, 2).shape()[..], [1, 3, 3]);
    assert_eq!(zeros(&[0, 2, 3, 3]).im2col(2).shape()[..], [0, 8, 4]);
    assert_eq!(zeros(&[0, 8, 4]).col2im(3, 2).shape()[..], [0, 2, 3, 3]);
}

#[test]
fn columns_that_do_not_fit_are_named() {
    assert_refused(
        &Im2Col::new(3),
        &[&zeros(&[1, 1, 2, 4])],
        "im2col: the kernel reaches over 3 elements along spatial axis 0, where the padded input has 2; got f32[1, 1, 2, 4]; pad \
         more, or dilate less",
    );
    assert_refused(
        &Col2Im::new(3, 2),
        &[&zeros(&[1, 6, 4])],
        "col2im: 6 rows are no whole windows of 2 x 2 elements; got f32[1, 6, 4]",
    );
    assert_refused(
        &Col2Im::new([3, 4], 2),
        &[&zeros(&[1, 4, 4])],
        "col2im: an image of [3, 4] has [2, 3] windows, not 4 columns; got f32[1, 4, 4]",
    );
    assert_refused(
        &Im2Col::new(1),
        &[&zeros(&[1, 1, 2, 2]).cast(DType::Bool)],
        "im2col: truth values have no arithmetic; got bool[1, 1, 2, 2]; cast first, for example with .cast(DType::F32)",
    );
}

#[test]
fn columns_and_images_are_adjoint() {
    let strided = counting(&[5, 4, 3, 2]).permute([3, 2, 1, 0]).flip(2);
    for x in [counting(&[2, 3, 4, 5]), strided, counting(&[1, 1, 1]).expand([2, 3, 4, 5])] {
        for windows in [Im2Col::new(2), Im2Col::new([1, 3]).stride([2, 1]).padding([(1, 0), (0, 2)]).dilation([1, 2])] {
            assert_adjoint(&windows, &[&x]);
            let columns = x.im2col(&windows);
            assert_adjoint(&Col2Im::new([4, 5], &windows), &[&columns]);
            assert_adjoint(&Col2Im::new([4, 5], &windows), &[&columns.flip([1, 2])]);
        }
    }
}

/// In halves the bias is added before the sum is rounded, by every way that a convolution goes.
#[test]
fn a_bias_of_halves_is_rounded_with_the_sum() {
    let cases: [(&[usize], &[usize]); 3] =
        [(&[2, 16, 16, 16], &[16, 16, 3, 3]), (&[2, 3, 9, 9], &[4, 3, 5, 5]), (&[2, 8, 6, 6], &[8, 8, 1, 1])];
    for (x, w) in cases {
        for dtype in [DType::BF16, DType::F16] {
            let (x, w) = ((counting(x) * 0.3).cast(dtype), (counting(w) * 0.7).cast(dtype));
            let bias = (counting(&w.shape()[..1]) * 1.1).cast(dtype);
            let single = |x: &Tensor| x.cast(DType::F32);
            let conv = Conv::new().padding(1);
            let y = x.conv2d(&w, Some(&bias), &conv);
            let expected = single(&x).conv2d(&single(&w), Some(&single(&bias)), &conv).cast(dtype);
            assert_eq!(single(&y).to_vec::<f32>(), single(&expected).to_vec::<f32>(), "{dtype}");
        }
    }
}

//! Windows that overlap, reach into padding or leave gaps: pools and convolutions.

use crate::gradient;
use cotangent::{
    DType, Tensor, grad, jvp,
    ops::{AvgPool, Conv, ConvTranspose, Im2Col, MaxPool},
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Negative numbers, all different.
fn negative(shape: &[usize]) -> Tensor {
    let numel = shape.iter().product::<usize>();
    Tensor::from_vec((0..numel).map(|i| -1.0 - ((i * 7) % numel) as f64).collect(), shape).expect("they fill it")
}

/// Row 29. The padding of a pool of maxima is -inf, not 0, and what several windows share gets the sum.
#[test]
fn padded_maxima_of_negative_numbers_are_negative_and_overlaps_add() {
    let x = Tensor::from([[[-1.0, -2.0], [-3.0, -4.0]]]);
    let pool = MaxPool::new(2).stride(1).padding(1);
    let f = |x: &Tensor| x.max_pool2d(&pool);
    assert_eq!(f(&x).to_vec::<f64>(), [-1.0, -1.0, -2.0, -1.0, -1.0, -2.0, -3.0, -3.0, -4.0]);
    assert_eq!(gradient(&x, f), [4.0, 2.0, 2.0, 1.0]);
    let weights = Tensor::from([[[1.0, 10.0, 100.0]]]);
    let line = Tensor::from([[[1.0, 2.0, 3.0, 2.0, 1.0]]]);
    assert_eq!(gradient(&line, |x| x.max_pool1d(MaxPool::new(3).stride(1)) * &weights), [0.0, 0.0, 111.0, 0.0, 0.0]);
}

/// The kind of row 29: every padded pool, over one to three axes, and with gaps, dilation and windows that the end cuts off.
#[test]
fn no_pool_takes_its_padding_for_a_number() {
    for ceil in [false, true] {
        for (kernel, stride, dilation) in [(2, 1, 1), (3, 2, 1), (3, 4, 1), (2, 3, 2), (3, 1, 2)] {
            let reach = dilation * (kernel - 1) + 1;
            for padding in 0..=reach / 2 {
                let pool = MaxPool::new(kernel).stride(stride).padding(padding).dilation(dilation).ceil_mode(ceil);
                let shift = |y: Tensor| y.to_vec::<f64>().iter().map(|y| y - 100.0).collect::<Vec<_>>();
                let (line, plane, volume) = (negative(&[1, 2, 7]), negative(&[2, 1, 5, 6]), negative(&[1, 5, 4, 6]));
                // Padding would not move with the numbers.
                assert_eq!((&line - 100.0).max_pool1d(&pool).to_vec::<f64>(), shift(line.max_pool1d(&pool)));
                assert_eq!((&plane - 100.0).max_pool2d(&pool).to_vec::<f64>(), shift(plane.max_pool2d(&pool)));
                if dilation == 1 {
                    assert_eq!((&volume - 100.0).max_pool3d(&pool).to_vec::<f64>(), shift(volume.max_pool3d(&pool)));
                    let mean = AvgPool::new(kernel).stride(stride).padding(padding).ceil_mode(ceil);
                    let inside = mean.count_include_pad(false);
                    let (low, high) = ((&plane - 100.0).avg_pool2d(&inside), plane.avg_pool2d(&inside));
                    let off = (high - low - 100.0).abs().max(..).item::<f64>();
                    // Sums of at most nine numbers of a hundred.
                    assert!(off < 1e-12, "{off}");
                }
            }
        }
    }
}

/// Row 29. Of equal maxima the first gets everything; NaN is the greatest.
#[test]
fn equal_maxima_of_a_window_go_to_the_first() {
    let x = Tensor::ones([1, 2, 2], DType::F64);
    assert_eq!(gradient(&x, |x| x.max_pool2d(2)), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(gradient(&x, |x| x.adaptive_max_pool2d(1)), [1.0, 0.0, 0.0, 0.0]);
    let nan = Tensor::from([[[1.0, f64::NAN, 2.0]]]);
    assert_eq!(gradient(&nan, |x| x.max_pool1d(3)), [0.0, 1.0, 0.0]);
    assert!(nan.max_pool1d(3).item::<f64>().is_nan());
}

/// Row 30. Windows whose stride is not their size have gradients, and elements in gaps get none.
#[test]
fn a_stride_that_is_not_the_kernel_has_gradients() {
    let x = Tensor::from([[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]]);
    let max = |kernel: usize, stride: usize| gradient(&x, |x| x.max_pool1d(MaxPool::new(kernel).stride(stride)));
    assert_eq!(max(1, 2), [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    assert_eq!(max(2, 1), [0.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(max(2, 3), [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    let mean = |kernel: usize, stride: usize| gradient(&x, |x| x.avg_pool1d(AvgPool::new(kernel).stride(stride)));
    assert_eq!(mean(2, 1), [0.5, 1.0, 1.0, 1.0, 1.0, 0.5]);
    assert_eq!(mean(2, 3), [0.5, 0.5, 0.0, 0.5, 0.5, 0.0]);
    let columns = x.reshape([1, 2, 3]);
    assert_eq!(gradient(&columns, |x| x.im2col(Im2Col::new([2, 1]).stride([1, 2]))), [1.0, 0.0, 1.0, 1.0, 0.0, 1.0]);
}

/// Row 30. Transposed convolutions have gradients in both inputs, with every option.
#[test]
fn transposed_convolutions_have_gradients() {
    let (x, w) = (Tensor::from([[[1.0, 2.0]]]), Tensor::from([[[1.0, 10.0, 100.0]]]));
    let double = ConvTranspose::new().stride(2);
    assert_eq!(x.conv_transpose1d(&w, None, &double).to_vec::<f64>(), [1.0, 10.0, 102.0, 20.0, 200.0]);
    assert_eq!(gradient(&x, |x| x.conv_transpose1d(&w, None, &double)), [111.0, 111.0]);
    assert_eq!(gradient(&w, |w| x.conv_transpose1d(w, None, &double)), [3.0, 3.0, 3.0]);
    let cut = double.padding(1).output_padding(1);
    assert_eq!(x.conv_transpose1d(&w, None, &cut).to_vec::<f64>(), [10.0, 102.0, 20.0, 200.0]);
    assert_eq!(gradient(&x, |x| x.conv_transpose1d(&w, None, &cut)), [110.0, 111.0]);
    assert_eq!(gradient(&w, |w| x.conv_transpose1d(w, None, &cut)), [2.0, 3.0, 3.0]);
}

/// Rows 23 and 24 for windows: transposed, flipped and expanded inputs and cotangents give what their copies give.
#[test]
fn windows_of_views_are_those_of_their_copies() {
    let strided = |x: &Tensor| {
        let other_order = x.permute([3, 2, 1, 0]).flip(1) + 0.0;
        other_order.flip(1).permute([3, 2, 1, 0])
    };
    let expanded = |x: &Tensor| x.narrow(0, 0, 1).narrow(2, 1, 1).expand(x.shape());
    let copied = |x: &Tensor| Tensor::from_vec(x.to_vec::<f64>(), x.shape()).expect("as many elements");
    type Function = fn(&Tensor, &Tensor) -> Tensor;
    let functions: [Function; 6] = [
        |x, w| x.conv2d(w, None, &Conv::new().groups(2).stride([2, 1]).padding(1)),
        |x, w| x.narrow(1, 0, 2).conv_transpose2d(&w.narrow(0, 0, 2), None, &ConvTranspose::new().stride([1, 2])),
        |x, w| x.max_pool2d(MaxPool::new(3).stride(2).padding(1)).sum(..) * w,
        |x, w| x.avg_pool2d(AvgPool::new(2).stride(1).padding(1)).sum(..) * w,
        |x, w| x.adaptive_max_pool2d([2, 3]).sum(..) * x.adaptive_avg_pool2d(2).square().sum(..) * w,
        |x, w| x.im2col(Im2Col::new(3).padding(1)).col2im([6, 5], Im2Col::new(3).padding(1)).sum(..) * w,
    ];
    for f in functions {
        for view in [strided, expanded] {
            let (x, w) = (view(&negative(&[2, 4, 6, 5])), view(&negative(&[6, 2, 3, 2])));
            let copies = (copied(&x), copied(&w));
            let views = (x, w);
            // A cotangent of one number everywhere, and one whose axes are in another order.
            let broadcast = |(x, w): &(Tensor, Tensor)| f(x, w).sum(..);
            let permuted = |(x, w): &(Tensor, Tensor)| {
                let y = f(x, w).permute([3, 2, 1, 0]);
                (&y * negative(y.shape())).sum(..)
            };
            let same = |a: &(Tensor, Tensor), b: &(Tensor, Tensor)| {
                assert_eq!(a.0.to_vec::<f64>(), b.0.to_vec::<f64>());
                assert_eq!(a.1.to_vec::<f64>(), b.1.to_vec::<f64>());
            };
            same(&grad(&views, broadcast), &grad(&copies, broadcast));
            same(&grad(&views, permuted), &grad(&copies, permuted));
            let (_, of_views) = jvp(&views, &copies, permuted);
            let (_, of_copies) = jvp(&copies, &views, permuted);
            assert_eq!(of_views.item::<f64>(), of_copies.item::<f64>());
        }
    }
}

/// The kind of row 25: whatever the sizes, a result or a message from the operation; never a division by zero or an index out of
/// bounds from inside.
#[test]
fn empty_windows_never_crash() {
    type Function = fn(&Tensor) -> Tensor;
    macro_rules! functions {
        ($($name:ident($($argument:expr),*)),* $(,)?) => {
            vec![$((stringify!($name), (|x: &Tensor| x.$name($($argument),*)) as Function)),*]
        };
    }
    let functions = functions![
        conv1d(&Tensor::zeros([2, 2, 2], DType::F64), None, &Conv::new().padding(1)),
        conv2d(&Tensor::zeros([2, 2, 1, 2], DType::F64), None, &Conv::new().padding(1)),
        conv3d(&Tensor::zeros([0, 2, 1, 2, 1], DType::F64), None, &Conv::new()),
        conv_transpose1d(&Tensor::zeros([2, 0, 2], DType::F64), None, &ConvTranspose::new()),
        conv_transpose2d(&Tensor::zeros([2, 1, 2, 2], DType::F64), None, &ConvTranspose::new().stride(2)),
        conv_transpose3d(&Tensor::zeros([2, 1, 1, 1, 2], DType::F64), None, &ConvTranspose::new()),
        max_pool1d(2),
        max_pool2d(MaxPool::new(2).padding(1).ceil_mode(true)),
        max_pool3d(1),
        adaptive_max_pool1d(2),
        adaptive_max_pool2d(0),
        adaptive_max_pool3d([None, Some(2), Some(1)]),
        avg_pool1d(AvgPool::new(2).padding(1)),
        avg_pool2d(2),
        avg_pool3d(1),
        adaptive_avg_pool1d(0),
        adaptive_avg_pool2d(3),
        adaptive_avg_pool3d(1),
        im2col(2),
        col2im(2, 1),
    ];
    // Every shape up to rank 5 with sizes 0, 1 and 2.
    let mut shapes = vec![vec![]];
    let mut first = 0;
    while shapes[first].len() < 5 {
        let longer: Vec<Vec<usize>> = (0..3).map(|size| [&shapes[first][..], &[size]].concat()).collect();
        shapes.extend(longer);
        first += 1;
    }
    let mut results = 0;
    for (name, f) in functions {
        for shape in &shapes {
            let x = Tensor::zeros(&shape[..], DType::F64);
            match catch_unwind(AssertUnwindSafe(|| (f(&x), grad(&x, |x| f(x).sum(..))))) {
                Ok((y, x_bar)) => {
                    assert_eq!(y.to_vec::<f64>(), vec![0.0; y.numel()], "{name} of {shape:?}");
                    assert_eq!(x_bar.shape(), x.shape(), "{name} of {shape:?}");
                    results += 1;
                }
                Err(panic) => {
                    let message = panic.downcast_ref::<String>().map_or("", String::as_str);
                    assert!(message.starts_with(&format!("{name}: ")), "{name} of {shape:?}: {message}");
                }
            }
        }
    }
    // Each of twenty functions takes a few of the shapes.
    assert!(results > 100, "only {results} results");
}

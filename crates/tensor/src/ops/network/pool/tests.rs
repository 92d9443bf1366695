use super::{sizes::boxes, *};
use crate::{DType, apply, ops::shaping::shape::adjoint::assert_adjoint, with_threads};

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32)
}

/// Numbers without a pattern, all negative: a zero from the padding would be greater than all.
fn negative(shape: &[usize]) -> Tensor {
    let numel: usize = shape.iter().product();
    Tensor::from_vec((0..numel).map(|i| ((i * i * 5 + i * 3) % 17) as f64 - 20.0).collect(), shape).unwrap()
}

#[derive(Clone, Copy, Debug)]
struct Line {
    kernel: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
    ceil: bool,
}

impl Line {
    fn reach(self) -> usize {
        self.dilation * (self.kernel - 1) + 1
    }

    /// The windows over `input` elements, by going along the padded line: the places of each, some of them in the padding.
    fn windows(self, input: usize) -> Vec<Vec<isize>> {
        let padded = input + 2 * self.padding;
        let starts = (0..padded).step_by(self.stride);
        let mut covered = 0;
        let mut windows = Vec::new();
        for start in starts {
            let fits = start + self.reach() <= padded;
            let wanted =
                self.ceil && covered < padded && start < input + self.padding && padded + self.stride > self.reach();
            if fits || wanted {
                windows.push(
                    (0..self.kernel).map(|t| (start + t * self.dilation) as isize - self.padding as isize).collect(),
                );
                covered = start + self.reach();
            }
        }
        windows
    }
}

fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for kernel in 1..5 {
        for stride in 1..4 {
            for padding in 0..=2 {
                for dilation in 1..3 {
                    for ceil in [false, true] {
                        let line = Line { kernel, stride, padding, dilation, ceil };
                        if padding <= line.reach() / 2 {
                            lines.push(line);
                        }
                    }
                }
            }
        }
    }
    lines
}

#[test]
fn maxima_are_those_of_the_places_in_the_input() {
    for input in [3, 4, 7] {
        let x = negative(&[2, 1, input]);
        for line in lines() {
            let windows = line.windows(input);
            if windows.is_empty() {
                continue;
            }
            let pool = MaxPool::new(line.kernel).stride(line.stride).padding(line.padding).dilation(line.dilation);
            let (y, places) = x.max_pool1d_with_indices(pool.ceil_mode(line.ceil));
            let (mut expected, mut at) = (Vec::new(), Vec::new());
            for row in x.to_vec::<f64>().chunks(input) {
                for window in &windows {
                    let inside = window.iter().filter(|&&i| (0..input as isize).contains(&i));
                    let greatest = inside.clone().map(|&i| row[i as usize]).fold(f64::NEG_INFINITY, f64::max);
                    expected.push(greatest);
                    at.push(*inside.clone().find(|&&i| row[i as usize] == greatest).unwrap() as i64);
                }
            }
            assert_eq!(y.to_vec::<f64>(), expected, "{line:?} over {input}");
            assert_eq!(places.to_vec::<i64>(), at, "{line:?} over {input}");
        }
    }
}

#[test]
fn means_count_what_is_asked_for() {
    for input in [3, 4, 7] {
        let x = negative(&[2, 1, input]);
        for line in lines().into_iter().filter(|line| line.dilation == 1) {
            let windows = line.windows(input);
            if windows.is_empty() {
                continue;
            }
            let pool = AvgPool::new(line.kernel).stride(line.stride).padding(line.padding).ceil_mode(line.ceil);
            let end = (input + line.padding) as isize;
            let mean = |row: &[f64], window: &[isize], count: &dyn Fn(usize, usize) -> f64| {
                let inside: Vec<f64> =
                    window.iter().filter(|&&i| (0..input as isize).contains(&i)).map(|&i| row[i as usize]).collect();
                let padded = window.iter().filter(|&&i| i < end).count();
                inside.iter().sum::<f64>() / count(inside.len(), padded)
            };
            let all = |count: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
                let rows = x.to_vec::<f64>();
                rows.chunks(input)
                    .flat_map(|row| windows.iter().map(|window| mean(row, window, count)).collect::<Vec<_>>())
                    .collect()
            };
            let y = |pool: &AvgPool| x.avg_pool1d(pool).to_vec::<f64>();
            assert_eq!(y(&pool), all(&|_, padded| padded as f64), "{line:?} over {input}");
            let inside = pool.clone().count_include_pad(false);
            assert_eq!(y(&inside), all(&|inside, _| inside as f64), "{line:?} over {input}");
            assert_eq!(y(&pool.divisor(-3)), all(&|_, _| -3.0), "{line:?} over {input}");
        }
    }
}

/// Two and three axes are the product of lines.
#[test]
fn boxes_are_products_of_lines() {
    let x = negative(&[1, 2, 5, 4, 7]);
    let pool = MaxPool::new([2, 3, 2]).stride([2, 1, 3]).padding([1, 1, 0]).dilation([1, 1, 2]).ceil_mode(true);
    let along = |x: &Tensor, axis: isize, pool: MaxPool| {
        let moved = x.transpose(axis, -1);
        let [rows, size] = [moved.numel() / moved.size(-1), moved.size(-1)];
        let y = moved.reshape([1, rows, size]).max_pool1d(pool);
        let mut shape = moved.shape()[..].to_vec();
        *shape.last_mut().unwrap() = y.size(-1);
        y.reshape(&shape[..]).transpose(axis, -1)
    };
    let one = along(&x, -1, MaxPool::new(2).stride(3).dilation(2).ceil_mode(true));
    let two = along(&one, -2, MaxPool::new(3).stride(1).padding(1).ceil_mode(true));
    let three = along(&two, -3, MaxPool::new(2).stride(2).padding(1).ceil_mode(true));
    let y = x.max_pool3d(&pool);
    assert_eq!(y.shape(), three.shape());
    assert_eq!(y.to_vec::<f64>(), three.to_vec::<f64>());
    let plane = x.narrow(2, 1, 1).squeeze(2);
    assert_eq!(
        plane
            .max_pool2d(MaxPool::new([3, 2]).stride([1, 3]).padding([1, 0]).dilation([1, 2]).ceil_mode(true))
            .to_vec::<f64>(),
        two.narrow(2, 1, 1).to_vec::<f64>()
    );
    // Means over windows of equal counts are products too; the sizes are powers of two, so that nothing is rounded.
    let mean = x.avg_pool3d(AvgPool::new([2, 4, 2]).stride([1, 1, 1])).to_vec::<f64>();
    let by_axis = x.reshape([2, 5, 28]).permute([0, 2, 1]).avg_pool1d(AvgPool::new(2).stride(1)).permute([0, 2, 1]);
    let by_axis = by_axis.reshape([1, 2, 4, 4, 7]).avg_pool3d(AvgPool::new([1, 4, 2]).stride(1));
    assert_eq!(mean, by_axis.to_vec::<f64>());
}

#[test]
fn layouts_make_no_difference() {
    let x = negative(&[2, 3, 5, 4]);
    let views = [x.permute([0, 1, 3, 2]), x.flip(..), x.narrow(3, 1, 3), negative(&[3, 1, 1]).expand([2, 3, 4, 4])];
    for view in views {
        let copy = Tensor::from_vec(view.to_vec::<f64>(), view.shape()).unwrap();
        let both = |f: &dyn Fn(&Tensor) -> Tensor| assert_eq!(f(&view).to_vec::<f64>(), f(&copy).to_vec::<f64>());
        both(&|x| x.max_pool2d(MaxPool::new(2).stride(1)));
        both(&|x| x.avg_pool2d(AvgPool::new(3).padding(1)));
        both(&|x| x.adaptive_max_pool2d([2, 3]));
        both(&|x| x.adaptive_avg_pool2d([3, 2]));
    }
}

/// Values of PyTorch 2.15 at special points.
#[test]
fn special_points_are_those_of_pytorch() {
    let nan = f64::NAN;
    let x = Tensor::from([[[1.0, nan, 3.0, nan]]]);
    let (y, places) = x.max_pool1d_with_indices(4);
    assert!(y.item::<f64>().is_nan());
    assert_eq!(places.item::<i64>(), 3);
    let least = Tensor::full([1, 2, 2], f64::NEG_INFINITY, DType::F64);
    let (y, places) = least.max_pool2d_with_indices(2);
    assert_eq!((y.item::<f64>(), places.item::<i64>()), (f64::NEG_INFINITY, 0));
    let (_, places) = Tensor::ones([1, 2, 2], DType::F32).adaptive_max_pool2d_with_indices(1);
    assert_eq!(places.item::<i64>(), 0);
    let x = Tensor::from([[[-1.0, -2.0], [-3.0, -4.0]]]);
    let (y, places) = x.max_pool2d_with_indices(MaxPool::new(2).stride(1).padding(1));
    assert_eq!(y.to_vec::<f64>(), [-1.0, -1.0, -2.0, -1.0, -1.0, -2.0, -3.0, -3.0, -4.0]);
    assert_eq!(places.to_vec::<i64>(), [0, 0, 1, 0, 0, 1, 2, 2, 3]);

    let counted = |pool: AvgPool| {
        Tensor::from([[[1.0, 2.0, 3.0, 4.0, 5.0]]]).avg_pool1d(pool.stride(2).ceil_mode(true)).to_vec::<f64>()
    };
    assert_eq!(counted(AvgPool::new(2)), [1.5, 3.5, 5.0]);
    assert_eq!(counted(AvgPool::new(2).padding(1)), [0.5, 2.5, 4.5]);
    assert_eq!(counted(AvgPool::new(2).padding(1).count_include_pad(false)), [1.0, 2.5, 4.5]);
    // The last window starts in the input, and reaches beyond the padding: seven thirds, not seven fourths.
    let x = Tensor::from([[[1.0, 2.0, 3.0, 4.0]]]);
    assert_eq!(x.avg_pool1d(AvgPool::new(3).padding(1).ceil_mode(true)).to_vec::<f64>(), [1.0, 7.0 / 3.0]);
    // A last window that would start in the padding is none.
    let x = Tensor::from([[[1.0, 2.0, 3.0]]]);
    assert_eq!(x.max_pool1d(MaxPool::new(2).stride(4).padding(1).ceil_mode(true)).to_vec::<f64>(), [1.0]);
    // A kernel that is larger than the input by less than the stride.
    assert_eq!(x.max_pool1d(MaxPool::new(4).stride(2).ceil_mode(true)).to_vec::<f64>(), [3.0]);
}

#[test]
fn adaptive_windows_cover_the_input() {
    for input in 1..9usize {
        let x = Tensor::arange(0, input as i64, 1).cast(DType::F64).reshape([1, 1, input]);
        for size in 1..12usize {
            let window = |p: usize| (p * input / size, ((p + 1) * input).div_ceil(size));
            let last: Vec<f64> = (0..size).map(|p| (window(p).1 - 1) as f64).collect();
            let middle: Vec<f64> = (0..size).map(|p| (window(p).0 + window(p).1 - 1) as f64 / 2.0).collect();
            assert_eq!(x.adaptive_max_pool1d(size).to_vec::<f64>(), last);
            assert_eq!(x.adaptive_avg_pool1d(size).to_vec::<f64>(), middle);
        }
    }
}

#[test]
fn empty_inputs_and_outputs_are_empty() {
    for shape in [[0, 2, 4], [2, 0, 4]] {
        let x = zeros(&shape);
        let (y, places) = x.max_pool1d_with_indices(2);
        assert_eq!((&y.shape()[..], y.dtype(), places.dtype()), (&[shape[0], shape[1], 2][..], DType::F32, DType::I64));
        assert_eq!(x.avg_pool1d(2).shape()[..], [shape[0], shape[1], 2]);
        assert_eq!(x.adaptive_avg_pool1d(3).shape()[..], [shape[0], shape[1], 3]);
    }
    assert_eq!(zeros(&[2, 3, 4]).adaptive_avg_pool1d(0).shape()[..], [2, 3, 0]);
    assert_eq!(zeros(&[2, 3, 4]).adaptive_max_pool1d(0).shape()[..], [2, 3, 0]);
    let back = apply(&AvgPoolGrad::adaptive(AdaptiveAvgPool::new(0), 4), &[&zeros(&[2, 3, 0])]).into_single();
    assert_eq!(back.to_vec::<f32>(), [0.0; 24]);
}

#[test]
fn integers_have_maxima() {
    let x = Tensor::from([[[3u8, 250, 7, 1]]]);
    assert_eq!(x.max_pool1d(2).to_vec::<u8>(), [250, 7]);
    assert_eq!(Tensor::from([[[i64::MIN, i64::MIN + 1]]]).max_pool1d(2).to_vec::<i64>(), [i64::MIN + 1]);
}

#[test]
fn means_are_adjoint_to_their_transpose() {
    // Divisors are powers of two, so that nothing is rounded.
    let strided = negative(&[4, 6, 3, 2]).permute([3, 2, 1, 0]);
    for x in [negative(&[2, 3, 6, 4]), strided, negative(&[3, 1, 1]).expand([2, 3, 6, 4])] {
        for pool in
            [AvgPool::new(2), AvgPool::new([2, 4]).stride([1, 2]).padding([1, 2]), AvgPool::new(3).stride(1).divisor(4)]
        {
            assert_adjoint(&pool, &[&x]);
            let y = x.avg_pool2d(&pool);
            assert_adjoint(&AvgPoolGrad::new(pool, [6, 4]), &[&y]);
        }
        assert_adjoint(&AdaptiveAvgPool::new([3, 5]), &[&x]);
    }
}

#[track_caller]
fn assert_refused(primitive: &dyn Primitive, x: &Tensor, message: &str) {
    assert_eq!(try_apply(primitive, &[x]).unwrap_err().to_string(), message);
}

#[test]
fn windows_that_do_not_fit_are_named() {
    let x = zeros(&[1, 2, 4, 5]);
    assert_refused(
        &MaxPool::new([2, 6]),
        &x,
        "max_pool2d: the kernel reaches over 6 elements along spatial axis 1, where the padded input has 5; got f32[1, 2, 4, 5]; \
         take a smaller kernel, or pad",
    );
    assert_refused(
        &MaxPool::new(2).padding([0, 2]),
        &x,
        "max_pool2d: a padding of 2 along spatial axis 1 is more than half of the 2 elements that the kernel reaches over; got \
         f32[1, 2, 4, 5]; pad the input first, with .pad",
    );
    assert_refused(
        &MaxPool::new(2).padding(2).dilation(5),
        &x,
        "max_pool2d: a dilation of 5 along spatial axis 0 of size 4 leaves windows with nothing but padding; got \
         f32[1, 2, 4, 5]; dilate less, or do not pad",
    );
    assert_refused(
        &AvgPool::new(2).stride(0),
        &x,
        "avg_pool2d: stride must be at least 1 along every axis; got f32[1, 2, 4, 5]",
    );
    assert_refused(&AvgPool::new(2).divisor(0), &x, "avg_pool2d: the divisor must not be 0; got f32[1, 2, 4, 5]");
    assert_refused(
        &AvgPool::new(2),
        &x.cast(DType::I64),
        "avg_pool2d: needs a floating-point dtype; got i64[1, 2, 4, 5]; cast first, for example with .cast(DType::F32)",
    );
    assert_refused(
        &MaxPool::new(2),
        &x.cast(DType::Bool),
        "max_pool2d: truth values have no arithmetic; got bool[1, 2, 4, 5]; cast first, for example with .cast(DType::F32)",
    );
    assert_refused(
        &AdaptiveAvgPool::new([1, 2, 3]),
        &x,
        "adaptive_avg_pool2d: the output size [Some(1), Some(2), Some(3)] has length 3, but there are 2 spatial axes; got \
         f32[1, 2, 4, 5]; give one number for all axes, or one for each",
    );
    assert_refused(
        &AdaptiveMaxPool::new(1),
        &zeros(&[1, 2, 0]),
        "adaptive_max_pool1d: spatial axes must have elements; got f32[1, 2, 0]",
    );
    assert_refused(
        &AvgPoolGrad::new(AvgPool::new(2), 5),
        &zeros(&[1, 2, 3]),
        "avg_pool_grad: the windows over an input of sizes [5] are [2]; got f32[1, 2, 3]",
    );
    let panic = std::panic::catch_unwind(|| zeros(&[4]).max_pool1d(2)).unwrap_err();
    assert_eq!(
        panic.downcast_ref::<String>().unwrap(),
        "max_pool1d: the input is a batch [N, C, L] or a single [C, L]; got f32[4]"
    );
}

/// Sizes that overflow are refused, in release builds too.
#[test]
fn hostile_sizes_are_refused() {
    let (x, huge) = (zeros(&[1, 1, 3]), usize::MAX);
    let refused: [&dyn Primitive; 8] = [
        &MaxPool::new(huge),
        &MaxPool::new(huge).padding(huge / 2),
        &MaxPool::new(2).dilation(huge),
        &MaxPool::new(3).dilation(huge / 2).padding(huge / 4),
        &MaxPool::new(huge / 2).padding(huge / 4 - 4).stride(1),
        &AvgPool::new(huge).padding(huge / 2),
        &AdaptiveMaxPool::new(huge),
        &AdaptiveAvgPool::new(huge / 4),
    ];
    for primitive in refused {
        let error = try_apply(primitive, &[&x]).unwrap_err();
        assert!(error.op().starts_with(primitive.name()), "{error}");
    }
    assert_eq!(x.max_pool1d(MaxPool::new(2).stride(huge)).shape()[..], [1, 1, 1]);
    // The mean of one element and very many zeros.
    let most = (1usize << 62) + 1;
    let mean = AvgPool::new(most).padding(most / 2);
    assert_eq!(zeros(&[1, 1, 1, 1, 1]).avg_pool3d(&mean).to_vec::<f32>(), [0.0]);
    // A view of one element may be as large as this; the product of sizes does not overflow.
    let view = zeros(&[1, 1, 1]).expand([1, 1, 1 << 40]);
    let along = PooledSize::from(2).along("test", [1, 1, view.size(-1)], 1).unwrap();
    assert_eq!(boxes(along, false).output_len(), 2);
}

#[test]
fn results_have_the_same_bits_on_any_number_of_threads() {
    let x = crate::Rng::seed(5).normal([9, 7, 31, 30], DType::F32);
    let run = || {
        let y = x.avg_pool2d(AvgPool::new(3).stride(2));
        let back = apply(&AvgPoolGrad::new(AvgPool::new(3).stride(2), [31, 30]), &[&y]).into_single();
        [x.max_pool2d(MaxPool::new(3).stride(2)), y, back, x.adaptive_avg_pool2d(1)].map(|t| t.to_vec::<f32>())
    };
    assert_eq!(with_threads(1, run), with_threads(3, run));
}

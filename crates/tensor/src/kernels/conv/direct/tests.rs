//! Against the definition, in small integers, whose sums are exact in any order.

use super::*;
use crate::{Rng, kernels::windows::Windows};

fn axis(input: usize, kernel: usize, stride: usize, dilation: usize, [before, after]: [usize; 2]) -> Option<Axis> {
    let output = (input + before + after).checked_sub((kernel - 1) * dilation + 1)? / stride + 1;
    Some(Axis { input, kernel, output, stride, dilation, before })
}

/// Calls `f(x, w, y)` for each product of the sums, with the places of its factors and of the result.
fn for_each_product(sizes: &Sizes, mut f: impl FnMut(usize, usize, usize)) {
    let axes = sizes.windows.0;
    let places = |len: [usize; 3], i: usize| [i / len[2] / len[1], i / len[2] % len[1], i % len[2]];
    let inside = |axis: Axis, o: usize, t: usize| {
        (o * axis.stride + t * axis.dilation).checked_sub(axis.before).filter(|&i| i < axis.input)
    };
    let mut pairs = Vec::new();
    for position in 0..sizes.windows.output_len() {
        for tap in 0..sizes.windows.taps() {
            let (o, t) = (places(axes.map(|axis| axis.output), position), places(axes.map(|axis| axis.kernel), tap));
            let at: Option<Vec<usize>> = (0..3).map(|i| inside(axes[i], o[i], t[i])).collect();
            if let Some(at) = at {
                pairs.push(((at[0] * axes[1].input + at[1]) * axes[2].input + at[2], tap, position));
            }
        }
    }
    for image in 0..sizes.batch {
        for row in 0..sizes.groups * sizes.outputs {
            let (group, o) = (row / sizes.outputs, row % sizes.outputs);
            for c in 0..sizes.inputs {
                let (x, y) = (sizes.x_at(image, group, c), sizes.y_at(image, group, o));
                let w = (row * sizes.inputs + c) * sizes.windows.taps();
                pairs.iter().for_each(|&(i, j, k)| f(x + i, w + j, y + k));
            }
        }
    }
}

/// Channels of `len` elements, with the bias of each.
fn plus<T: DirectElement>(channels: &[T], len: usize, bias: Option<&[T]>) -> Vec<T> {
    let bias = |i: usize| bias.map_or(T::default(), |bias| bias[i / len % bias.len()]);
    channels.iter().enumerate().map(|(i, &x)| x + bias(i)).collect()
}

fn assert_exact<T: DirectElement + From<i8> + PartialEq>(sizes: &Sizes) {
    let numbers =
        |len: usize, by: usize| -> Vec<T> { (0..len).map(|i| T::from(((i * by + i / 7) % 9) as i8 - 4)).collect() };
    let (x, w, y) = (numbers(sizes.x_len(), 5), numbers(sizes.weight_len(), 7), numbers(sizes.y_len(), 3));
    let zero = T::default();
    let (mut x_bar, mut w_bar, mut y_sum) = (vec![zero; x.len()], vec![zero; w.len()], vec![zero; y.len()]);
    for_each_product(sizes, |i, j, k| {
        x_bar[i] += w[j] * y[k];
        w_bar[j] += x[i] * y[k];
        y_sum[k] += x[i] * w[j];
    });
    // What is there before must not matter.
    let (mut to_x, mut to_w, mut to_y) = (numbers(x.len(), 1), numbers(w.len(), 1), numbers(y.len(), 1));
    let aim = AIM_BYTES / size_of::<T>();
    let planes = Planes::new(&sizes.windows, false, sizes.batch, sizes.inputs, aim);
    let transposed = Planes::new(&sizes.windows, true, sizes.batch, sizes.outputs, aim);
    for with_bias in [false, true] {
        let bias = |channels: usize| with_bias.then(|| numbers(channels, 2));
        let (of_y, of_x) = (bias(sizes.groups * sizes.outputs), bias(sizes.groups * sizes.inputs));
        forward(sizes, &planes, &x, &w, of_y.as_deref(), &mut to_y);
        assert!(to_y == plus(&y_sum, sizes.windows.output_len(), of_y.as_deref()), "forward {sizes:?}");
        input_gradient(sizes, &transposed, &y, &w, of_x.as_deref(), &mut to_x);
        assert!(to_x == plus(&x_bar, sizes.windows.input_len(), of_x.as_deref()), "input gradient {sizes:?}");
    }
    weight_gradient(sizes, &planes, &x, &y, &mut to_w);
    assert!(to_w == w_bar, "weight gradient {sizes:?}");
}

#[test]
fn strides_dilations_paddings_and_groups_of_all_kinds_give_the_exact_sums() {
    let mut rng = Rng::seed(7);
    let mut below = |n: i64| rng.randint(0, n, []).item::<i64>() as usize;
    let mut count = 0;
    while count < 300 {
        let axes = [0, 1, 2].map(|i| {
            if below(4) == 0 {
                return Some(Axis::ABSENT);
            }
            let (input, padding) = (1 + below(if i == 0 { 4 } else { 11 }), [below(4), below(4)]);
            let axis = axis(input, 1 + below(4), 1 + below(3), 1 + below(3), padding)?;
            // The outputs of a transposed convolution, its inputs here, may go beyond what the windows reach: fewer outputs.
            Some(Axis { output: 1 + below(axis.output as i64), ..axis })
        });
        let [Some(depth), Some(height), Some(width)] = axes else { continue };
        let sizes = Sizes {
            batch: 1 + below(4),
            groups: 1 + below(3),
            inputs: 1 + below(4),
            outputs: 1 + below(if count % 8 == 0 { 40 } else { 7 }),
            windows: Windows([depth, height, width]),
        };
        assert_exact::<f32>(&sizes);
        assert_exact::<f64>(&sizes);
        count += 1;
    }
}

#[test]
fn images_that_are_cut_into_bands_give_the_exact_sums() {
    let image =
        |[groups, inputs, outputs]: [usize; 3], axes: [Option<Axis>; 3]| sizes([2, groups, inputs, outputs], axes);
    let absent = Some(Axis::ABSENT);
    for sizes in [
        image([1, 24, 5], [absent, axis(50, 5, 1, 1, [2, 2]), axis(64, 5, 1, 1, [2, 2])]),
        image([1, 16, 3], [absent, axis(81, 3, 2, 1, [1, 0]), axis(90, 3, 2, 2, [1, 1])]),
        image([2, 3, 9], [absent, absent, axis(30_000, 9, 1, 3, [4, 4])]),
        image([1, 8, 2], [axis(12, 3, 1, 1, [1, 1]), axis(30, 3, 1, 1, [1, 1]), axis(31, 3, 1, 1, [1, 1])]),
        image([40, 1, 1], [absent, axis(9, 3, 2, 1, [1, 1]), axis(9, 3, 1, 1, [1, 1])]),
    ] {
        assert_exact::<f32>(&sizes);
        assert_exact::<f64>(&sizes);
    }
}

fn sizes([batch, groups, inputs, outputs]: [usize; 4], windows: [Option<Axis>; 3]) -> Sizes {
    Sizes { batch, groups, inputs, outputs, windows: Windows(windows.map(|axis| axis.expect("the kernel fits"))) }
}

#[test]
fn a_matrix_of_windows_is_left_what_planes_would_waste() {
    let absent = Some(Axis::ABSENT);
    let square = |input, kernel, stride, padding| {
        let side = axis(input, kernel, stride, 1, [padding; 2]);
        [absent, side, side]
    };
    let goes = |sizes: &Sizes| planes::<f32>(sizes).is_some();
    assert!(goes(&sizes([8, 1, 3, 64], square(224, 7, 2, 3))));
    assert!(goes(&sizes([8, 512, 1, 1], square(7, 3, 1, 1))));
    assert!(goes(&sizes([8, 512, 1, 1], square(2, 3, 1, 1))));
    // Each element is read once.
    assert!(!goes(&sizes([8, 1, 3, 192], square(224, 16, 16, 0))));
    assert!(!goes(&sizes([8, 1, 64, 512], square(7, 7, 1, 0))));
    // The planes would be padding, of 40 GB.
    let tall = axis(100_001, 100_000, 1, 1, [0, 0]);
    assert!(!goes(&sizes([1, 1, 1, 1], [absent, tall, axis(1, 1, 1, 1, [50_000, 50_000])])));
    // Thin volumes of large images do not stay in a cache.
    let side = axis(512, 3, 1, 1, [1, 1]);
    assert!(!goes(&sizes([1, 1, 64, 64], [axis(4, 3, 1, 1, [1, 1]), side, side])));
    // Strides whose product is beyond the integers.
    let far = axis(3, 3, 1 << 32, 1, [0, 0]);
    assert!(!goes(&sizes([1, 1, 1, 1], [absent, far, far])));
}

#[test]
fn what_is_not_finite_stays_in_its_windows() {
    let sizes = sizes([1, 1, 1, 1], [Some(Axis::ABSENT), Some(Axis::ABSENT), axis(6, 3, 2, 1, [0, 0])]);
    // No window reaches the last element.
    let x = [1.0f32, 2.0, 3.0, 4.0, 5.0, f32::NAN];
    assert_eq!(super::super::weight_gradient(&sizes, &x, &[1.0, 1.0])[..], [4.0, 6.0, 8.0]);
    let one = axis(3, 3, 1, 1, [1, 1]).expect("the kernel fits");
    let sizes = Sizes { windows: Windows([Axis::ABSENT, Axis::ABSENT, Axis { output: 1, ..one }]), ..sizes };
    assert_eq!(super::super::input_gradient(&sizes, &[1.0f32], &[f32::INFINITY, 1.0, 2.0], None)[..], [1.0, 2.0, 0.0]);
}

#[test]
fn lines_share_their_padding() {
    let windows = Windows([Axis::ABSENT, axis(7, 3, 1, 1, [1, 1]).unwrap(), axis(7, 3, 1, 1, [1, 1]).unwrap()]);
    for transposed in [false, true] {
        // Nine by nine, were there padding on both sides of each line.
        assert_eq!(Planes::new(&windows, transposed, 1, 1, 1 << 16).channel_len(), 8 * 8);
    }
}

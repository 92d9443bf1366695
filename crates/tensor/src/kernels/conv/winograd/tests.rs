//! Against the definition in f64, for odd and even sizes, paddings, groups and several segments in a row.

use super::*;
use crate::{
    Rng,
    kernels::{
        arithmetic::Arithmetic,
        conv::{DirectElement, Sizes, forward, input_gradient, weight_gradient},
        windows::{Axis, Windows},
    },
};

fn sizes(batch: usize, [groups, inputs, outputs]: [usize; 3], input: [usize; 2], before: [usize; 2]) -> Sizes {
    let axis = |i: usize| {
        // As much padding after as before.
        let output = input[i] + 2 * before[i] - 2;
        Axis { input: input[i], kernel: 3, output, stride: 1, dilation: 1, before: before[i] }
    };
    Sizes { batch, groups, inputs, outputs, windows: Windows([Axis::ABSENT, axis(0), axis(1)]) }
}

/// Calls `f(x, w, y)` for each product of the sums, with the places of its factors and of the result.
fn for_each_product(sizes: &Sizes, mut f: impl FnMut(usize, usize, usize)) {
    let [_, height, width] = sizes.windows.0;
    let inside = |axis: Axis, o: usize, t: usize| (o + t).checked_sub(axis.before).filter(|&i| i < axis.input);
    for image in 0..sizes.batch {
        for (group, o, c) in (0..sizes.groups)
            .flat_map(|g| (0..sizes.outputs).flat_map(move |o| (0..sizes.inputs).map(move |c| (g, o, c))))
        {
            let (x, y) = (sizes.x_at(image, group, c), sizes.y_at(image, group, o));
            let w = ((group * sizes.outputs + o) * sizes.inputs + c) * TAPS;
            for (i, j) in (0..height.output).flat_map(|i| (0..width.output).map(move |j| (i, j))) {
                for (a, b) in (0..3).flat_map(|a| (0..3).map(move |b| (a, b))) {
                    if let (Some(row), Some(column)) = (inside(height, i, a), inside(width, j, b)) {
                        f(x + row * width.input + column, w + 3 * a + b, y + i * width.output + j);
                    }
                }
            }
        }
    }
}

fn all_sizes() -> Vec<Sizes> {
    vec![
        sizes(3, [1, 16, 17], [9, 8], [1, 1]),
        sizes(6, [2, 18, 16], [6, 7], [0, 2]),
        sizes(1, [1, 40, 33], [5, 70], [2, 0]),
        sizes(5, [1, 16, 16], [7, 7], [1, 1]),
        sizes(5, [2, 40, 70], [7, 7], [1, 1]),
        sizes(2, [1, 16, 32], [16, 130], [1, 1]),
        // Few tiles in two blocks, forward and for the weight.
        sizes(70, [1, 16, 144], [8, 4], [1, 1]),
    ]
}

/// `y`, `x_bar` and `w_bar` by the sums of the definition, in the precision of `T`.
fn sums<T: GemmElement + Math>(sizes: &Sizes, [x, w, y]: [&[T]; 3]) -> [Vec<T>; 3] {
    let zeros = |like: &[T]| vec![T::default(); like.len()];
    let [mut forward, mut x_bar, mut w_bar] = [zeros(y), zeros(x), zeros(w)];
    for_each_product(sizes, |i, j, k| {
        forward[k] += x[i] * w[j];
        x_bar[i] += w[j] * y[k];
        w_bar[j] += x[i] * y[k];
    });
    [forward, x_bar, w_bar]
}

fn by_tiles<T: DirectElement + Arithmetic>(sizes: &Sizes, [x, w, y]: [&[T]; 3]) -> [Buffer<T>; 3] {
    assert!(Tiles::forward(sizes).is_some() && Tiles::transposed(sizes).is_some(), "{sizes:?}");
    [forward(sizes, x, w, None), input_gradient(sizes, y, w, None), weight_gradient(sizes, x, y)]
}

/// The greatest difference, beside the greatest element.
fn apart<T: Math>(found: &[T], exact: &[f64]) -> f64 {
    assert!(found.len() == exact.len() && !exact.is_empty());
    let most = exact.iter().fold(0f64, |most, x| most.max(x.abs()));
    found.iter().zip(exact).fold(0f64, |apart, (&x, exact)| apart.max((x.to_f64() - exact).abs())) / most
}

fn normal(sizes: &Sizes) -> [Vec<f64>; 3] {
    let mut rng = Rng::seed(1);
    [sizes.x_len(), sizes.weight_len(), sizes.y_len()].map(|len| rng.normal([len], crate::DType::F64).to_vec::<f64>())
}

#[test]
fn all_cuts_give_the_sums_of_the_definition() {
    for sizes in all_sizes() {
        let numbers = normal(&sizes);
        let numbers = numbers.each_ref().map(|numbers| &numbers[..]);
        for (found, exact) in by_tiles(&sizes, numbers).iter().zip(sums(&sizes, numbers)) {
            let apart = apart(found, &exact);
            // 2e-15 was seen.
            assert!(apart < 1e-14, "{apart:e}, {sizes:?}");
        }
    }
}

#[test]
fn a_bias_is_added_to_each_output() {
    for sizes in all_sizes() {
        let [x, w, y] = normal(&sizes);
        let bias = |channels: usize| (0..channels).map(|c| c as f64 - 7.5).collect::<Vec<_>>();
        let (of_y, of_x) = (bias(sizes.groups * sizes.outputs), bias(sizes.groups * sizes.inputs));
        let plus = |channels: &[f64], len: usize, bias: &[f64]| -> Vec<f64> {
            channels.iter().enumerate().map(|(i, x)| x + bias[i / len % bias.len()]).collect()
        };
        let (without, with) = (forward(&sizes, &x, &w, None), forward(&sizes, &x, &w, Some(&of_y)));
        assert!(with[..] == plus(&without, sizes.windows.output_len(), &of_y), "{sizes:?}");
        let (without, with) = (input_gradient(&sizes, &y, &w, None), input_gradient(&sizes, &y, &w, Some(&of_x)));
        assert!(with[..] == plus(&without, sizes.windows.input_len(), &of_x), "{sizes:?}");
    }
}

#[test]
fn rounding_stays_near_that_of_a_plain_sum() {
    // With fewer tiles than channels, and with more.
    for sizes in [sizes(2, [1, 64, 64], [16, 18], [1, 1]), sizes(4, [1, 32, 32], [16, 18], [1, 1])] {
        let rounded = normal(&sizes).map(|numbers| numbers.iter().map(|&x| x as f32).collect::<Vec<_>>());
        let numbers = rounded.each_ref().map(|numbers| numbers.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
        let exact = sums(&sizes, numbers.each_ref().map(|numbers| &numbers[..]));
        let rounded = rounded.each_ref().map(|numbers| &numbers[..]);
        let (plain, found) = (sums(&sizes, rounded), by_tiles(&sizes, rounded));
        for ((found, plain), exact) in found.iter().zip(&plain).zip(&exact) {
            let (tiles, plain) = (apart(found, exact), apart(plain, exact));
            // 1.3e-6 to 1.7e-6 were seen, beside 8.2e-7 to 9.5e-7 of the plain sums.
            assert!(tiles < 2e-6, "{tiles:e}, a plain sum {plain:e}");
        }
    }
}

/// A weight that is not finite goes another way; what is not finite in x stays in the tiles that see it.
#[test]
fn what_is_not_finite_reaches_no_other_tile() {
    let sizes = sizes(1, [1, 16, 16], [16, 16], [1, 1]);
    let (mut x, mut w) = (vec![1f32; sizes.x_len()], vec![1f32; sizes.weight_len()]);
    x[6 * 16 + 6] = f32::INFINITY;
    let y = forward(&sizes, &x, &w, None);
    // The tiles of rows and columns 4 to 7 and 8 to 11 do not share a window with it beyond column 7.
    for (i, &y) in y.iter().enumerate().take(16 * 16) {
        let (row, column) = (i / 16, i % 16);
        let is_seen = (5..8).contains(&row) && (5..8).contains(&column);
        let is_beside = (4..8).contains(&row) && (4..8).contains(&column);
        assert!(if is_seen { !y.is_finite() } else { y.is_finite() || is_beside }, "{y} at {row}, {column}");
    }
    x[6 * 16 + 6] = 1.0;
    w[0] = f32::INFINITY;
    let y = forward(&sizes, &x, &w, None);
    // In the first row and column it meets padding.
    assert!((0..256).all(|i| i < 16 || i % 16 == 0 || y[i] == f32::INFINITY));
    assert!(y[256..].iter().all(|y| y.is_finite()));
}

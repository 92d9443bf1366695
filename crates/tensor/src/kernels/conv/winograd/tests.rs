//! Against the definition in f64, for odd and even sizes, paddings, groups and several segments in a row.

use super::*;
use crate::{
    Rng,
    kernels::{
        conv::{Sizes, forward, input_gradient, weight_gradient},
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
        sizes(2, [2, 18, 16], [6, 7], [0, 2]),
        sizes(1, [1, 40, 33], [5, 70], [2, 0]),
        sizes(5, [1, 16, 16], [7, 7], [1, 1]),
        sizes(2, [1, 64, 64], [16, 130], [1, 1]),
    ]
}

#[test]
fn small_integers_give_the_exact_sums() {
    for sizes in all_sizes() {
        let numbers = |len: usize, by: usize| (0..len).map(|i| ((i * by + i / 7) % 9) as f32 - 4.0).collect::<Vec<_>>();
        let (x, w, y) = (numbers(sizes.x_len(), 5), numbers(sizes.weight_len(), 7), numbers(sizes.y_len(), 3));
        let (mut x_bar, mut w_bar, mut y_sum) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; y.len()]);
        for_each_product(&sizes, |i, j, k| {
            x_bar[i] += w[j] * y[k];
            w_bar[j] += x[i] * y[k];
            y_sum[k] += x[i] * w[j];
        });
        assert!(Tiles::forward(&sizes).is_some(), "{sizes:?}");
        assert_eq!(forward(&sizes, &x, &w)[..], y_sum[..], "{sizes:?}");
        assert_eq!(input_gradient(&sizes, &y, &w)[..], x_bar[..], "{sizes:?}");
        assert_eq!(weight_gradient(&sizes, &x, &y)[..], w_bar[..], "{sizes:?}");
    }
}

/// The greatest difference, beside the greatest element.
fn apart(found: &[f32], exact: &[f64]) -> f64 {
    let most = exact.iter().fold(0f64, |most, x| most.max(x.abs()));
    found.iter().zip(exact).fold(0f64, |apart, (&x, exact)| apart.max((f64::from(x) - exact).abs())) / most
}

#[test]
fn rounding_stays_near_that_of_a_plain_sum() {
    let sizes = sizes(2, [1, 64, 64], [16, 18], [1, 1]);
    let mut rng = Rng::seed(1);
    let mut normal = |len: usize| rng.normal([len], crate::DType::F32).to_vec::<f32>();
    let (x, w, y) = (normal(sizes.x_len()), normal(sizes.weight_len()), normal(sizes.y_len()));
    let mut exact = [vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; y.len()]];
    let mut plain = [vec![0f32; x.len()], vec![0f32; w.len()], vec![0f32; y.len()]];
    for_each_product(&sizes, |i, j, k| {
        exact[0][i] += f64::from(w[j]) * f64::from(y[k]);
        exact[1][j] += f64::from(x[i]) * f64::from(y[k]);
        exact[2][k] += f64::from(x[i]) * f64::from(w[j]);
        plain[0][i] += w[j] * y[k];
        plain[1][j] += x[i] * y[k];
        plain[2][k] += x[i] * w[j];
    });
    let found = [input_gradient(&sizes, &y, &w), weight_gradient(&sizes, &x, &y), forward(&sizes, &x, &w)];
    for i in 0..3 {
        let (tiles, plain) = (apart(&found[i], &exact[i]), apart(&plain[i], &exact[i]));
        // 3.5e-7 to 4e-7 were seen, beside 7.6e-7 to 9.6e-7 of the plain sums.
        assert!(tiles < 1e-6, "{tiles:e}, a plain sum {plain:e}");
    }
}

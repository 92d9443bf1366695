//! Convolutions against their definition, seven loops and more, on random sizes: values, and the gradients of both inputs.
//!
//! Elements are small integers, so that every sum is exact and the comparison asks for equality.

use cotangent_autograd::{grad, jvp, vjp};
use cotangent_tensor::{
    ConvPadding, DType, Tensor,
    ops::{Conv, ConvTranspose},
};
use proptest::prelude::*;

/// One convolution; the spatial lists have one to three entries.
#[derive(Clone, Debug)]
struct Case {
    batch: usize,
    groups: usize,
    inputs: usize,
    outputs: usize,
    axes: Vec<Axis>,
}

#[derive(Clone, Copy, Debug)]
struct Axis {
    input: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    padding: (usize, usize),
}

impl Axis {
    fn output(self) -> usize {
        (self.input + self.padding.0 + self.padding.1 - self.dilation * (self.kernel - 1) - 1) / self.stride + 1
    }

    /// What the convolution's rounding down forgets.
    fn rest(self) -> usize {
        (self.input + self.padding.0 + self.padding.1 - self.dilation * (self.kernel - 1) - 1) % self.stride
    }
}

fn axis() -> impl Strategy<Value = Axis> {
    (1..4usize, 1..4usize, 1..4usize, (0..3usize, 0..3usize), 0..9usize).prop_map(
        |(kernel, stride, dilation, padding, more)| {
            let reach = dilation * (kernel - 1) + 1;
            let input = (reach + more).saturating_sub(padding.0 + padding.1).max(1);
            Axis { input, kernel, stride, dilation, padding }
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let axes = prop::collection::vec(axis(), 1..=3);
    (0..4usize, 1..4usize, 1..4usize, 1..4usize, axes).prop_map(|(batch, groups, inputs, outputs, axes)| Case {
        batch,
        groups,
        inputs,
        outputs,
        axes,
    })
}

/// Every list of indices below these sizes.
fn places(sizes: &[usize]) -> Vec<Vec<usize>> {
    sizes.iter().fold(vec![vec![]], |places, &size| {
        places.iter().flat_map(|place| (0..size).map(move |i| [&place[..], &[i]].concat())).collect()
    })
}

fn flat(place: &[usize], sizes: &[usize]) -> usize {
    place.iter().zip(sizes).fold(0, |at, (i, size)| at * size + i)
}

/// Integers without a pattern.
fn integers(shape: &[usize], seed: usize) -> Tensor {
    let count = shape.iter().product();
    let value = |i: usize| ((i * i * 7 + i * 3 + seed * 11) % 13) as f64 - 6.0;
    Tensor::from_vec((0..count).map(value).collect(), shape).unwrap()
}

impl Case {
    fn sizes(&self, size: impl Fn(Axis) -> usize) -> Vec<usize> {
        self.axes.iter().map(|&axis| size(axis)).collect()
    }
    fn x_shape(&self) -> Vec<usize> {
        [vec![self.batch, self.groups * self.inputs], self.sizes(|axis| axis.input)].concat()
    }
    fn y_shape(&self) -> Vec<usize> {
        [vec![self.batch, self.groups * self.outputs], self.sizes(Axis::output)].concat()
    }
    fn w_shape(&self) -> Vec<usize> {
        [vec![self.groups * self.outputs, self.inputs], self.sizes(|axis| axis.kernel)].concat()
    }

    /// Calls `f(x, y, w)` for each product of the convolution, with the places of its factors and of its sum.
    fn for_each_product(&self, mut f: impl FnMut(usize, usize, usize)) {
        let (input, output, kernel) =
            (self.sizes(|axis| axis.input), self.sizes(Axis::output), self.sizes(|axis| axis.kernel));
        for place in places(&[self.batch, self.groups, self.outputs, self.inputs]) {
            let &[n, g, o, c] = &place[..] else { unreachable!() };
            for p in places(&output) {
                for t in places(&kernel) {
                    let at = self.axes.iter().zip(p.iter().zip(&t)).map(|(axis, (&p, &t))| {
                        (p * axis.stride + t * axis.dilation).checked_sub(axis.padding.0).filter(|&i| i < axis.input)
                    });
                    let Some(at) = at.collect::<Option<Vec<usize>>>() else { continue };
                    let x = (n * self.groups + g) * self.inputs + c;
                    let y = (n * self.groups + g) * self.outputs + o;
                    let w = (g * self.outputs + o) * self.inputs + c;
                    let of = |channel: usize, place: &[usize], sizes: &[usize]| {
                        channel * sizes.iter().product::<usize>() + flat(place, sizes)
                    };
                    f(of(x, &at, &input), of(y, &p, &output), of(w, &t, &kernel));
                }
            }
        }
    }

    fn naive_y(&self, x: &Tensor, w: &Tensor) -> Vec<f64> {
        let (x, w) = (x.to_vec::<f64>(), w.to_vec::<f64>());
        let mut result = vec![0.0; self.y_shape().iter().product()];
        self.for_each_product(|i, j, k| result[j] += x[i] * w[k]);
        result
    }
    fn naive_x(&self, y: &Tensor, w: &Tensor) -> Vec<f64> {
        let (y, w) = (y.to_vec::<f64>(), w.to_vec::<f64>());
        let mut result = vec![0.0; self.x_shape().iter().product()];
        self.for_each_product(|i, j, k| result[i] += y[j] * w[k]);
        result
    }
    fn naive_w(&self, x: &Tensor, y: &Tensor) -> Vec<f64> {
        let (x, y) = (x.to_vec::<f64>(), y.to_vec::<f64>());
        let mut result = vec![0.0; self.w_shape().iter().product()];
        self.for_each_product(|i, j, k| result[k] += x[i] * y[j]);
        result
    }

    fn padding(&self) -> ConvPadding {
        ConvPadding::Pairs(self.axes.iter().map(|axis| axis.padding).collect())
    }
    fn conv(&self) -> Conv {
        Conv::new()
            .stride(self.sizes(|axis| axis.stride))
            .dilation(self.sizes(|axis| axis.dilation))
            .padding(self.padding())
            .groups(self.groups)
    }
    fn transpose(&self) -> ConvTranspose {
        ConvTranspose::new()
            .stride(self.sizes(|axis| axis.stride))
            .dilation(self.sizes(|axis| axis.dilation))
            .padding(self.padding())
            .output_padding(self.sizes(Axis::rest))
            .groups(self.groups)
    }

    fn run(&self, x: &Tensor, w: &Tensor) -> Tensor {
        self.run_with(x, w, None)
    }
    fn run_with(&self, x: &Tensor, w: &Tensor, bias: Option<&Tensor>) -> Tensor {
        let conv = self.conv();
        [Tensor::conv1d, Tensor::conv2d, Tensor::conv3d][self.axes.len() - 1](x, w, bias, &conv)
    }
    fn run_transposed(&self, y: &Tensor, w: &Tensor) -> Tensor {
        self.run_transposed_with(y, w, None)
    }
    fn run_transposed_with(&self, y: &Tensor, w: &Tensor, bias: Option<&Tensor>) -> Tensor {
        let conv = self.transpose();
        let methods = [Tensor::conv_transpose1d, Tensor::conv_transpose2d, Tensor::conv_transpose3d];
        methods[self.axes.len() - 1](y, w, bias, &conv)
    }

    /// That a bias is added to each channel, and gets the sum of its cotangents.
    fn check_bias(&self, without: &Tensor, with: impl Fn(&Tensor) -> Tensor) {
        let bias = integers(&without.shape()[1..2], 4);
        let per_channel: Vec<usize> = std::iter::once(bias.numel()).chain(self.axes.iter().map(|_| 1)).collect();
        let (value, pullback) = vjp(&bias, &with);
        assert_eq!(value.to_vec::<f64>(), (without + bias.reshape(&per_channel)).to_vec::<f64>());
        let (y_bar, axes) = (integers(without.shape(), 5), self.axes.iter().zip(2..).map(|(_, axis)| axis));
        let sums = y_bar.sum(&std::iter::once(0).chain(axes).collect::<Vec<usize>>()[..]);
        assert_eq!(pullback.pull_once(&y_bar).to_vec::<f64>(), sums.to_vec::<f64>());
    }

    /// Values, both gradients and the tangent, forward and transposed, against the definition.
    fn check(&self, laid_out: fn(&Tensor) -> Tensor) {
        let (x, y, w) = (integers(&self.x_shape(), 1), integers(&self.y_shape(), 2), integers(&self.w_shape(), 3));
        let (x, y, w) = (laid_out(&x), laid_out(&y), laid_out(&w));
        let (naive_y, naive_x, naive_w) = (self.naive_y(&x, &w), self.naive_x(&y, &w), self.naive_w(&x, &y));

        let (value, pullback) = vjp(&(x.clone(), w.clone()), |(x, w)| self.run(x, w));
        assert_eq!(value.shape()[..], self.y_shape());
        assert_eq!(value.to_vec::<f64>(), naive_y);
        self.check_bias(&value, |bias| self.run_with(&x, &w, Some(bias)));
        let (x_bar, w_bar) = pullback.pull_once(&y);
        assert_eq!(x_bar.to_vec::<f64>(), naive_x);
        assert_eq!(w_bar.to_vec::<f64>(), naive_w);
        let (_, y_dot) = jvp(&(x.clone(), w.clone()), &(x.clone(), w.clone()), |(x, w)| self.run(x, w));
        assert_eq!(y_dot.to_vec::<f64>(), naive_y.iter().map(|y| 2.0 * y).collect::<Vec<_>>());

        let (value, pullback) = vjp(&(y.clone(), w.clone()), |(y, w)| self.run_transposed(y, w));
        assert_eq!(value.shape()[..], self.x_shape());
        assert_eq!(value.to_vec::<f64>(), naive_x);
        self.check_bias(&value, |bias| self.run_transposed_with(&y, &w, Some(bias)));
        let (y_bar, w_bar) = pullback.pull_once(&x);
        assert_eq!(y_bar.to_vec::<f64>(), naive_y);
        assert_eq!(w_bar.to_vec::<f64>(), naive_w);

        let (x, y, w) = (x.cast(DType::F32), y.cast(DType::F32), w.cast(DType::F32));
        let single = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<_>>();
        assert_eq!(self.run(&x, &w).to_vec::<f32>(), single(&naive_y));
        assert_eq!(self.run_transposed(&y, &w).to_vec::<f32>(), single(&naive_x));
    }
}

/// The elements in another order of the storage, flipped.
fn strided(x: &Tensor) -> Tensor {
    let axes: Vec<isize> = (0..x.rank() as isize).rev().collect();
    let copy = x.permute(axes.clone()).flip(..) + 0.0;
    copy.permute(axes).flip(..)
}

/// One element in every place.
fn expanded(x: &Tensor) -> Tensor {
    Tensor::from(-3.0).expand(x.shape())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_convolutions_are_what_the_definition_says(case in case()) {
        case.check(Tensor::clone);
    }

    #[test]
    fn layouts_make_no_difference(case in case()) {
        case.check(strided);
        case.check(expanded);
    }
}

/// Sizes that reach every way in which the work is cut: several blocks in an image, several images in a block, channels of an
/// image in several pieces, parts of the sum over images.
#[test]
fn convolutions_of_many_blocks_are_what_the_definition_says() {
    let axis =
        |input, kernel, stride, padding| Axis { input, kernel, stride, dilation: 1, padding: (padding, padding) };
    let images =
        |batch, groups, inputs, outputs, axis: Axis| Case { batch, groups, inputs, outputs, axes: vec![axis; 2] };
    let cases = [
        // 400 positions of 288 rows each: five blocks in f64, three in f32.
        images(2, 1, 32, 3, axis(20, 3, 1, 1)),
        // Nine positions, fourteen images in a block.
        images(31, 1, 4, 3, axis(5, 3, 2, 1)),
        images(31, 2, 3, 4, axis(3, 1, 1, 0)),
        // One image: its channels are divided.
        images(1, 1, 18, 2, axis(9, 3, 1, 1)),
        images(1, 1, 17, 2, axis(9, 2, 3, 1)),
        // Elements of an image as its own windows.
        images(3, 2, 4, 3, axis(12, 1, 1, 0)),
        images(3, 2, 4, 3, axis(12, 1, 2, 0)),
        // Depthwise, with one and two outputs for each input.
        images(3, 5, 1, 1, axis(11, 3, 1, 1)),
        images(2, 5, 1, 2, axis(11, 3, 2, 1)),
        images(2, 3, 2, 2, axis(40, 2, 1, 0)),
    ];
    for case in cases {
        case.check(Tensor::clone);
    }
}

/// Second order by every pair of the three operations: f is cubic in its inputs, and differentiated as such.
#[test]
fn second_derivatives_are_those_of_the_definition() {
    let axis = |input, kernel, stride, dilation, padding| Axis { input, kernel, stride, dilation, padding };
    let case = Case {
        batch: 2,
        groups: 2,
        inputs: 2,
        outputs: 3,
        axes: vec![axis(6, 2, 2, 2, (1, 0)), axis(5, 3, 1, 1, (0, 2))],
    };
    let (x, w) = (integers(&case.x_shape(), 1), integers(&case.w_shape(), 2));
    let (u, v) = (integers(&case.x_shape(), 3), integers(&case.w_shape(), 4));
    // φ = Σ y³ / 3, of which the second derivative along (u, v) is Conv' of (2 y y_dot) and of y².
    let loss = |(x, w): &(Tensor, Tensor)| {
        let y = case.run(x, w);
        (&y * &y * &y).sum(..)
    };
    let along = |(x, w): &(Tensor, Tensor)| {
        let (x_bar, w_bar) = grad(&(x.clone(), w.clone()), loss);
        (x_bar * &u).sum(..) + (w_bar * &v).sum(..)
    };
    let (second_x, second_w) = grad(&(x.clone(), w.clone()), along);
    let shape = case.y_shape();
    let tensor = |values: Vec<f64>| Tensor::from_vec(values, &shape[..]).unwrap();
    let y = tensor(case.naive_y(&x, &w));
    let y_dot = tensor(case.naive_y(&u, &w)) + tensor(case.naive_y(&x, &v));
    let (slope, slope_dot) = (&y * &y * 3.0, &y * &y_dot * 6.0);
    let sum = |a: Vec<f64>, b: Vec<f64>| a.iter().zip(&b).map(|(a, b)| a + b).collect::<Vec<f64>>();
    assert_eq!(second_x.to_vec::<f64>(), sum(case.naive_x(&slope_dot, &w), case.naive_x(&slope, &v)));
    assert_eq!(second_w.to_vec::<f64>(), sum(case.naive_w(&x, &slope_dot), case.naive_w(&u, &slope)));
}

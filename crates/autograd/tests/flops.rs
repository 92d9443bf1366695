//! Floating-point operations: products, convolutions and attention as PyTorch counts them, the rest by its definition.

use cotangent_autograd::{grad, watch};
use cotangent_tensor::{
    DType, Tensor,
    ops::{Attention, Conv, ConvTranspose},
};

/// What PyTorch counts.
const PRODUCTS: [&str; 6] =
    ["matmul", "conv", "conv_transpose", "conv_weight_grad", "scaled_dot_product_attention", "attention_grad"];

fn total(recording: &watch::Recording, counts: impl Fn(&str) -> bool) -> u64 {
    recording.operations().iter().filter(|operation| counts(operation.name())).map(|operation| operation.flops()).sum()
}

#[test]
fn products_count_as_in_pytorch() {
    type Function = fn(&[Tensor]) -> Tensor;
    type Shapes = &'static [&'static [usize]];
    // The figures are those of scripts/flops_reference.py, with torch 2.15.
    let cases: [(&str, Shapes, Function, u64, u64); 8] = [
        ("matmul", &[&[5, 7], &[7, 11]], |x| x[0].matmul(&x[1]), 770, 1540),
        ("batched", &[&[3, 2, 5, 7], &[3, 2, 7, 11]], |x| x[0].matmul(&x[1]), 4620, 9240),
        (
            "conv1d",
            &[&[2, 4, 15], &[6, 4, 3]],
            |x| x[0].conv1d(&x[1], None, &Conv::new().stride(2).padding(1)),
            2304,
            4608,
        ),
        (
            "conv2d",
            &[&[2, 4, 9, 8], &[6, 4, 3, 2]],
            |x| x[0].conv2d(&x[1], None, &Conv::new().stride(2).padding(1)),
            14400,
            28800,
        ),
        // Backward, PyTorch counts the weight's gradient as if there were no groups: 25920.
        (
            "groups",
            &[&[2, 4, 9, 8], &[6, 2, 3, 2]],
            |x| x[0].conv2d(&x[1], None, &Conv::new().groups(2).dilation(2)),
            8640,
            17280,
        ),
        ("conv3d", &[&[1, 2, 5, 4, 6], &[3, 2, 2, 2, 3]], |x| x[0].conv3d(&x[1], None, &Conv::new()), 6912, 13824),
        (
            "transposed",
            &[&[2, 4, 5, 6], &[4, 3, 3, 2]],
            |x| x[0].conv_transpose2d(&x[1], None, &ConvTranspose::new().stride(2)),
            8640,
            17280,
        ),
        (
            "attention",
            &[&[2, 3, 7, 4], &[2, 3, 5, 4], &[2, 3, 5, 4]],
            |x| x[0].scaled_dot_product_attention(&x[1], &x[2], Attention::new()),
            3360,
            8400,
        ),
    ];
    for (name, shapes, f, forward, backward) in cases {
        let x: Vec<Tensor> = shapes.iter().map(|&shape| Tensor::shape_only(shape, DType::F32)).collect();
        let products = |recording: &watch::Recording| total(recording, |name| PRODUCTS.contains(&name));
        let (_, recording) = watch::forward(&x, &(), |x, ()| f(x));
        assert_eq!(products(&recording), forward, "{name}");
        // The square makes the cotangent depend on the run, so that the run cannot be left out.
        let (_, recording) = watch::forward(&x, &(), |x, ()| grad(x, |x| f(x).square().sum(..)));
        assert_eq!(products(&recording), forward + backward, "{name}, backward");
    }
}

#[test]
fn other_operations_count_their_elements_or_what_textbooks_say() {
    type Function = fn(&Tensor) -> Tensor;
    let everything: [(&str, Function, u64); 6] = [
        ("one for each element", |x| x.tanh(), 36),
        ("whatever the formula", |x| x.gelu(), 36),
        ("one for each summand", |x| x.sum(0), 36),
        ("rows", |x| x.softmax(-1), 36),
        ("nothing is computed", |x| x.transpose(0, 1).reshape([4, 9]).narrow(0, 1, 2).flip(0).cast(DType::F32), 0),
        ("nor here", |x| Tensor::concat([x, x], 0).index_select(0, &Tensor::from([1i64, 1])).expand([3, 2, 6]), 0),
    ];
    let x = Tensor::shape_only([6, 6], DType::F64);
    for (name, f, flops) in everything {
        let (_, recording) = watch::forward(&x, &(), |x, ()| f(x));
        assert_eq!(total(&recording, |_| true), flops, "{name}");
    }
    let n3 = 6u64.pow(3);
    let named: [(&str, Function, u64); 8] = [
        ("cholesky", |x| x.cholesky(), n3 / 3),
        ("det", |x| x.det(), 2 * n3 / 3),
        ("inv", |x| x.inv(), 2 * n3),
        ("solve", |x| x.solve(x), 2 * n3 / 3 + 2 * n3),
        // 2 n² (m - n / 3) for R, and for Q.
        ("qr", |x| x.qr().0, 2 * (4 * n3 / 3)),
        ("svd", |x| x.svd().1, 22 * n3),
        ("eigh", |x| x.eigh().0, 9 * n3),
        ("cdist", |x| x.cdist(x, 2.0), 3 * n3),
    ];
    for (name, f, flops) in named {
        let (_, recording) = watch::forward(&x, &(), |x, ()| f(x));
        assert_eq!(total(&recording, |other| other == name), flops, "{name}");
    }
}

#[test]
fn counts_beyond_an_integer_are_its_greatest() {
    let x = Tensor::shape_only([1 << 30, 1 << 30], DType::F32);
    let (_, recording) = watch::forward(&x, &(), |x, ()| x.matmul(x));
    assert_eq!(total(&recording, |_| true), u64::MAX);
}

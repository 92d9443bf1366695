//! Row 40. Fused operations have the derivatives of their compositions: value, gradient, tangent, and second and third
//! derivatives. (Softmax, the first of them, is in `kinks`.)

use cotangent::{
    DType, Rng, Tensor, grad, hvp, jvp,
    ops::{Attention, Rotary},
};

#[track_caller]
fn assert_close(what: &str, found: &[Tensor], expected: &[Tensor]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let (found, expected) = (found.to_vec::<f64>(), expected.to_vec::<f64>());
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(&expected) {
            // Hundreds of roundings of numbers near one at the third order.
            assert!((found - expected).abs() <= 1e-11 * expected.abs().max(1.0), "{what}: {found} is not {expected}");
        }
    }
}

/// Value, gradient, and second and third derivatives along a direction.
fn assert_same(
    what: &str,
    x: &Vec<Tensor>,
    fused: impl Fn(&[Tensor]) -> Tensor,
    composed: impl Fn(&[Tensor]) -> Tensor,
) {
    let v: Vec<Tensor> =
        x.iter().enumerate().map(|(i, x)| Rng::seed(90 + i as u64).normal(x.shape(), DType::F64)).collect();
    let loss = |f: &dyn Fn(&[Tensor]) -> Tensor, x: &Vec<Tensor>| {
        let y = f(x);
        (Rng::seed(80).normal(y.shape(), DType::F64) * y.sin()).sum(..)
    };
    let along = |f: &dyn Fn(&[Tensor]) -> Tensor, x: &Vec<Tensor>| {
        let product = hvp(x, &v, |x| loss(f, x));
        product.iter().zip(&v).fold(Tensor::from(0.0), |sum, (x, v)| sum + (x * v).sum(..))
    };
    assert_close(what, &[fused(x)], &[composed(x)]);
    assert_close(&format!("{what}, order 1"), &grad(x, |x| loss(&fused, x)), &grad(x, |x| loss(&composed, x)));
    let (_, fused_dot) = jvp(x, &v, |x| fused(x));
    let (_, composed_dot) = jvp(x, &v, |x| composed(x));
    assert_close(&format!("{what}, forward"), &[fused_dot], &[composed_dot]);
    assert_close(&format!("{what}, order 2"), &hvp(x, &v, |x| loss(&fused, x)), &hvp(x, &v, |x| loss(&composed, x)));
    assert_close(&format!("{what}, order 3"), &grad(x, |x| along(&fused, x)), &grad(x, |x| along(&composed, x)));
}

fn random(shapes: &[&[usize]]) -> Vec<Tensor> {
    let mut rng = Rng::seed(70);
    shapes.iter().map(|&shape| rng.normal(shape, DType::F64)).collect()
}

/// `(x - mean) / √(var + ε)` over some axes, from sums.
fn standardised(x: &Tensor, axes: &[isize], eps: f64) -> Tensor {
    let d = x - x.mean_keepdims(axes);
    &d / (d.square().mean_keepdims(axes) + eps).sqrt()
}

#[test]
fn fused_normalisations_have_the_derivatives_of_their_composites() {
    let x = random(&[&[3, 4], &[4], &[4]]);
    assert_same(
        "layer_norm",
        &x,
        |x| x[0].layer_norm([4], Some(&x[1]), Some(&x[2]), 0.1),
        |x| standardised(&x[0], &[-1], 0.1) * &x[1] + &x[2],
    );
    assert_same(
        "rms_norm",
        &x[..2].to_vec(),
        |x| x[0].rms_norm([4], Some(&x[1]), 0.1),
        |x| &x[0] / (x[0].square().mean_keepdims(-1) + 0.1).sqrt() * &x[1],
    );
    assert_same(
        "batch_norm of a matrix",
        &x,
        |x| x[0].batch_norm(Some(&x[1]), Some(&x[2]), 0.1).0,
        |x| standardised(&x[0], &[0], 0.1) * &x[1] + &x[2],
    );
    let x = random(&[&[2, 4, 3], &[4], &[4]]);
    let affine = |y: Tensor, x: &[Tensor]| y * x[1].unsqueeze(1) + x[2].unsqueeze(1);
    assert_same(
        "batch_norm",
        &x,
        |x| x[0].batch_norm(Some(&x[1]), Some(&x[2]), 0.1).0,
        |x| affine(standardised(&x[0], &[0, 2], 0.1), x),
    );
    assert_same(
        "group_norm",
        &x,
        |x| x[0].group_norm(2, Some(&x[1]), Some(&x[2]), 0.1),
        |x| affine(standardised(&x[0].reshape([2, 2, 6]), &[-1], 0.1).reshape([2, 4, 3]), x),
    );
    assert_same(
        "batch statistics",
        &x[..1].to_vec(),
        |x| {
            let (_, mean, var) = x[0].batch_norm(None, None, 0.1);
            mean * var
        },
        |x| x[0].mean([0, 2]) * x[0].var([0, 2], 0),
    );
}

#[test]
fn fused_attention_has_the_derivatives_of_its_composite() {
    let x = random(&[&[2, 3, 4], &[2, 5, 4], &[2, 5, 2], &[2, 3, 5]]);
    let scores = |x: &[Tensor]| x[0].matmul(&x[1].transpose(-2, -1)) / 2.0;
    let qkv = x[..3].to_vec();
    assert_same(
        "attention",
        &qkv,
        |x| x[0].scaled_dot_product_attention(&x[1], &x[2], Attention::new()),
        |x| scores(x).softmax(-1).matmul(&x[2]),
    );
    assert_same(
        "attention with a learned mask",
        &x,
        |x| x[0].scaled_dot_product_attention(&x[1], &x[2], Attention::new().mask(&x[3])),
        |x| (scores(x) + &x[3]).softmax(-1).matmul(&x[2]),
    );
    let triangle = Tensor::arange(0, 3, 1).unsqueeze(1).ge(&Tensor::arange(0, 5, 1));
    assert_same(
        "causal attention",
        &qkv,
        |x| x[0].scaled_dot_product_attention(&x[1], &x[2], Attention::new().causal()),
        |x| triangle.where_(&scores(x), f64::NEG_INFINITY).softmax(-1).matmul(&x[2]),
    );
    // The middle row sees nothing.
    let mask = Tensor::from([[true, false, true, true, false], [false; 5], [false, true, false, false, true]]);
    assert_same(
        "attention with a mask",
        &qkv,
        |x| x[0].scaled_dot_product_attention(&x[1], &x[2], Attention::new().mask(&mask)),
        |x| {
            let seen = mask.cast(DType::F64);
            let e = scores(x).exp() * &seen;
            let sum = e.sum_keepdims(-1);
            (&e / sum.eq(0).where_(1, &sum)).matmul(&x[2])
        },
    );
}

#[test]
fn a_fused_rotation_has_the_derivatives_of_its_composite() {
    let x = random(&[&[2, 3, 4]]);
    let angles = Tensor::from([[0.0, 0.0], [1.0, 0.01], [2.0, 0.02]]);
    let (cos, sin) = (angles.cos(), angles.sin());
    assert_same(
        "halves",
        &x,
        |x| x[0].rotary_embedding(&Rotary::new()),
        |x| {
            let (a, b) = (x[0].narrow(-1, 0, 2), x[0].narrow(-1, 2, 2));
            Tensor::concat([&a * &cos - &b * &sin, &b * &cos + &a * &sin], -1)
        },
    );
    assert_same(
        "neighbours",
        &x,
        |x| x[0].rotary_embedding(&Rotary::new().interleaved()),
        |x| {
            let pairs = x[0].reshape([2, 3, 2, 2]);
            let (a, b) = (pairs.narrow(-1, 0, 1).squeeze(-1), pairs.narrow(-1, 1, 1).squeeze(-1));
            Tensor::stack([&a * &cos - &b * &sin, &b * &cos + &a * &sin], -1).reshape([2, 3, 4])
        },
    );
}

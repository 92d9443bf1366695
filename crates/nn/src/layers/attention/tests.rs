//! Initialisation, names and refusals; values are compared with PyTorch's in tests/transformer.

use super::*;
use crate::panics::panic_message;
use cotangent_autograd::module;

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32)
}

#[test]
fn tensors_have_pytorchs_names() {
    let rng = &mut Rng::seed(1);
    let names = |attention: &MultiHeadAttention| {
        module::named_tensors(attention).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(
        names(&MultiHeadAttention::new(4, 2, rng)),
        ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]
    );
    assert_eq!(
        names(&MultiHeadAttention::with_widths(4, 3, 5, 2, rng).without_bias().with_learned_key(rng)),
        ["q_proj_weight", "k_proj_weight", "v_proj_weight", "bias_k", "bias_v", "out_proj.weight"]
    );
}

#[test]
fn new_weights_follow_pytorchs_laws() {
    let attention = MultiHeadAttention::new(50, 5, &mut Rng::seed(2)).with_learned_key(&mut Rng::seed(3));
    let InProjection::Joint { in_proj_weight } = &attention.in_projection else { panic!("one width") };
    let greatest = |x: &Tensor| x.abs().max(..).item::<f32>();
    // Of thousands of uniform numbers the greatest is within 1% of the bound.
    let near = |x: f32, bound: f32| (0.99 * bound..=bound).contains(&x);
    assert!(near(greatest(in_proj_weight), (6f32 / 200.0).sqrt()));
    assert!(near(greatest(&attention.out_proj.weight), (1f32 / 50.0).sqrt()));
    let biases = [attention.in_proj_bias.as_ref(), attention.out_proj.bias.as_ref()];
    assert!(biases.into_iter().all(|bias| greatest(bias.expect("a bias")) == 0.0));
    let deviation = attention.bias_k.expect("a learned key").square().mean(..).item::<f32>().sqrt();
    // √(2 / (1 * 50 + 1 * 50)); the deviation of 50 numbers is off by a tenth at one sigma.
    assert!((0.14 * 0.6..0.14 * 1.4).contains(&deviation), "{deviation}");
}

#[test]
fn what_does_not_fit_is_named() {
    let rng = &mut Rng::seed(4);
    assert_eq!(
        panic_message(|| MultiHeadAttention::new(4, 3, &mut Rng::seed(4))),
        "multi_head_attention: 3 heads do not divide a width of 4"
    );
    assert_eq!(
        panic_message(|| MultiHeadAttention::new(4, 2, &mut Rng::seed(4)).dropout(-0.5)),
        "multi_head_attention: the dropout's probability must be from 0 to 1; got -0.5"
    );
    let attention = MultiHeadAttention::new(4, 2, rng);
    let refused = |q: &Tensor, k: &Tensor, v: &Tensor| panic_message(|| attention.forward(q, k, v));
    let x = zeros(&[3, 2, 4]);
    assert_eq!(
        refused(&x, &zeros(&[5, 1, 4]), &zeros(&[5, 1, 4])),
        "multi_head_attention: inputs must be [length, batch, width] or [length, width], of one batch, the widths [4, 4, 4], and as \
         many values as keys; got f32[3, 2, 4], f32[5, 1, 4] and f32[5, 1, 4]"
    );
    assert!(refused(&x, &zeros(&[5, 2, 4]), &zeros(&[4, 2, 4])).contains("as many values as keys"));
    assert!(refused(&zeros(&[4]), &x, &x).contains("got f32[4]"));
    let double = Tensor::zeros([3, 2, 4], DType::F64);
    assert_eq!(
        refused(&x, &double, &double),
        "multi_head_attention: inputs must have the weights' dtype, f32; got f32[3, 2, 4], f64[3, 2, 4] and f64[3, 2, 4]; cast one \
         of them"
    );
    let masked = |masks: Attend<'_>| panic_message(|| attention.forward_with(&x, &x, &x, masks, &mut Mode::eval()));
    assert_eq!(
        masked(Attend::new().mask(&zeros(&[2, 3, 3]))),
        "multi_head_attention: the mask must be [3, 3] or [4, 3, 3]; got f32[2, 3, 3]"
    );
    assert_eq!(
        masked(Attend::new().key_padding_mask(&zeros(&[3, 2]))),
        "multi_head_attention: the key padding mask must be [2, 3]; got f32[3, 2]"
    );
    assert_eq!(
        masked(Attend::new().mask(&Tensor::zeros([3, 3], DType::I64))),
        "multi_head_attention: the mask must be bool, true where a key is not seen, or f32, to be added; got i64[3, 3]"
    );
    let message = panic_message(|| attention.clone().dropout(0.1).forward(&x, &x, &x));
    assert!(message.contains("call it with Mode::train(&mut rng) or Mode::eval()"), "{message}");
    let broken = MultiHeadAttention { in_proj_bias: Some(zeros(&[4])), ..attention.clone() };
    assert!(panic_message(|| broken.forward(&x, &x, &x)).contains("do not fit the output's width 4"));
}

#[test]
fn an_empty_batch_stays_empty() {
    let attention = MultiHeadAttention::new(4, 2, &mut Rng::seed(5));
    let x = zeros(&[3, 0, 4]);
    assert_eq!(attention.forward(&x, &x, &x).shape()[..], [3, 0, 4]);
    let (y, weights) = attention.forward_with_weights(&x, &x, &x, Attend::new().causal(), &mut Mode::eval());
    assert_eq!((&y.shape()[..], &weights.shape()[..]), (&[3, 0, 4][..], &[0, 3, 3][..]));
    // Without keys a query sees nothing.
    let (x, none) = (zeros(&[3, 2, 4]), zeros(&[0, 2, 4]));
    assert_eq!(attention.forward(&x, &none, &none).to_vec::<f32>(), [0.0; 24]);
}

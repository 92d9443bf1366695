//! Derivatives of higher order, and where nothing is seen.

use cotangent_autograd::{check, grad, module};
use cotangent_nn::{Attend, Mode, MultiHeadAttention, TransformerEncoderLayer, TransformerOptions};
use cotangent_tensor::{DType, Rng, Tensor};

#[test]
fn attention_has_second_derivatives() {
    let rng = &mut Rng::seed(1);
    let attention = module::cast(&MultiHeadAttention::new(2, 2, rng).batch_first(), DType::F64);
    let (x, memory) = (rng.normal([1, 2, 2], DType::F64), rng.normal([1, 3, 2], DType::F64));
    let blocked = Tensor::from([[false, true, false], [false, false, true]]);
    type Point = (MultiHeadAttention, Tensor, Tensor);
    check::gradients(|(attention, x, memory): &Point| {
        let masks = Attend::new().mask(&blocked);
        let crossed = attention.forward_with(x, memory, memory, masks, &mut Mode::eval());
        attention.forward_with(&crossed, &crossed, &crossed, Attend::new().causal(), &mut Mode::eval())
    })
    .order(2)
    .at(&(attention.clone(), x.clone(), memory))
    .assert_pass();

    check::gradients(|(attention, x): &(MultiHeadAttention, Tensor)| {
        let (y, weights) = attention.forward_with_weights(x, x, x, Attend::new().causal(), &mut Mode::eval());
        (y, weights)
    })
    .order(2)
    .at(&(attention, x))
    .assert_pass();
}

#[test]
fn a_layer_has_second_derivatives() {
    let rng = &mut Rng::seed(2);
    let options = TransformerOptions::new(2, 1).feed_forward(3).activation(Tensor::gelu).norm_first().dropout(0.0);
    let layer = module::cast(&TransformerEncoderLayer::new(options, rng), DType::F64);
    // Norms of two numbers are ±1 but for eps: the check would see hardly anything.
    let wide = layer.norm1.clone().eps(1.0);
    let layer = TransformerEncoderLayer { norm1: wide.clone(), norm2: wide, ..layer };
    let x = rng.normal([2, 1, 2], DType::F64);
    check::gradients(|(layer, x): &(TransformerEncoderLayer, Tensor)| layer.forward(x, &mut Mode::eval()))
        .order(2)
        .at(&(layer, x))
        .assert_pass();
}

#[test]
fn a_query_that_sees_nothing_gets_the_bias_and_no_gradient() {
    let rng = &mut Rng::seed(3);
    let attention = MultiHeadAttention::new(4, 2, rng).batch_first();
    let x = rng.normal([2, 3, 4], DType::F32);
    // All of the second sequence is filling.
    let bool_padding = Tensor::from([[false, false, true], [true, true, true]]);
    let added = bool_padding.where_(f64::NEG_INFINITY, &Tensor::zeros([2, 3], DType::F32));
    for padding in [bool_padding, added] {
        let masks = Attend::new().key_padding_mask(&padding);
        let run = |x: &Tensor| attention.forward_with_weights(x, x, x, masks, &mut Mode::eval());
        let (y, weights) = run(&x);
        let alone = attention.forward_with(&x, &x, &x, masks, &mut Mode::eval());
        for y in [&y, &alone] {
            assert_eq!(y.unbind(0)[1].to_vec::<f32>(), [0.0; 12]);
        }
        assert_eq!(weights.unbind(0)[1].to_vec::<f32>(), [0.0; 9]);
        let x_bar = grad(&x, |x| (run(x).0 + attention.forward_with(x, x, x, masks, &mut Mode::eval())).sum(..));
        assert_eq!(x_bar.unbind(0)[1].to_vec::<f32>(), [0.0; 12]);
        assert!(x_bar.unbind(0)[0].to_vec::<f32>().iter().all(|x| x.is_finite()));
    }
}

#[test]
fn dropout_is_for_training() {
    let rng = &mut Rng::seed(4);
    let attention = MultiHeadAttention::new(4, 2, rng).dropout(1.0);
    let x = rng.normal([3, 2, 4], DType::F32);
    let run = |mode: &mut Mode<'_>| attention.forward_with(&x, &x, &x, Attend::new(), mode).to_vec::<f32>();
    // Without values W_o has nothing to project, and its bias is zero.
    assert_eq!(run(&mut Mode::train(&mut Rng::seed(1))), [0.0; 24]);
    assert!(run(&mut Mode::eval()).iter().all(|&y| y != 0.0));

    // A layer of which all is dropped is two norms.
    let options = TransformerOptions::new(4, 2).feed_forward(8).dropout(1.0);
    let layer = TransformerEncoderLayer::new(options, rng);
    let y = layer.forward(&x, &mut Mode::train(&mut Rng::seed(1)));
    assert_eq!(y.to_vec::<f32>(), layer.norm2.forward(&layer.norm1.forward(&x)).to_vec::<f32>());
}

#[test]
fn one_reference_and_equal_tensors_are_the_same() {
    // The projections are one product, two, or three: whichever it is, the values agree.
    let rng = &mut Rng::seed(5);
    let attention = module::cast(&MultiHeadAttention::new(4, 2, rng), DType::F64);
    let attention = module::map(&attention, |leaf| rng.normal(leaf.tensor.shape(), DType::F64));
    let (x, y, z) =
        (rng.normal([3, 2, 4], DType::F64), rng.normal([3, 2, 4], DType::F64), rng.normal([3, 2, 4], DType::F64));
    let near = |a: Tensor, b: Tensor| assert!((a - b).abs().max(..).item::<f64>() < 1e-12);
    near(attention.forward(&x, &x, &x), attention.forward(&x, &x.clone(), &x.clone()));
    near(attention.forward(&x, &y, &y), attention.forward(&x, &y, &y.clone()));
    // A value of another tensor than the key is not taken for it.
    let mixed = attention.forward(&x, &x, &z);
    assert!((mixed - attention.forward(&x, &x, &x)).abs().max(..).item::<f64>() > 1e-3);
}

#[test]
fn masks_of_both_kinds_go_together() {
    let rng = &mut Rng::seed(6);
    let attention = MultiHeadAttention::new(4, 2, rng);
    let x = rng.normal([3, 2, 4], DType::F32);
    let blocked = Tensor::from([[false, true, false], [false, false, true], [false, false, false]]);
    let padding = Tensor::from([[false, false, false], [false, false, true]]);
    let added = |mask: &Tensor| mask.where_(f64::NEG_INFINITY, &Tensor::zeros(mask.shape(), DType::F32));
    let run = |mask: &Tensor, padding: &Tensor| {
        let masks = Attend::new().mask(mask).key_padding_mask(padding).causal();
        let (y, weights) = attention.forward_with_weights(&x, &x, &x, masks, &mut Mode::eval());
        let alone = attention.forward_with(&x, &x, &x, masks, &mut Mode::eval());
        // In f32, of numbers of about one.
        assert!((y - &alone).abs().max(..).item::<f32>() < 1e-6);
        [alone, weights]
    };
    let [y, weights] = run(&blocked, &padding);
    assert_eq!(weights.unbind(0)[1].to_vec::<f32>()[..4], [1.0, 0.0, 0.0, weights.to_vec::<f32>()[12]]);
    for (mask, padding) in
        [(&added(&blocked), &padding), (&blocked, &added(&padding)), (&added(&blocked), &added(&padding))]
    {
        let [y_mixed, weights_mixed] = run(mask, padding);
        assert!((y_mixed - &y).abs().max(..).item::<f32>() < 1e-6);
        assert!((weights_mixed - &weights).abs().max(..).item::<f32>() < 1e-6);
    }
}

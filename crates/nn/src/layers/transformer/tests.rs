//! Names and initialisation; values are compared with PyTorch's in tests/transformer.

use super::*;
use crate::panics::panic_message;

#[test]
fn tensors_have_pytorchs_names_in_its_order() {
    let options = TransformerOptions::new(4, 2).feed_forward(5);
    let names =
        |model: &dyn module::Module| module::named_tensors(model).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let layer = TransformerDecoderLayer::new(options.clone(), &mut Rng::seed(1));
    let attention = ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"];
    let mut wanted: Vec<String> = ["self_attn", "multihead_attn"]
        .iter()
        .flat_map(|part| attention.iter().map(move |name| format!("{part}.{name}")))
        .collect();
    for part in ["linear1", "linear2", "norm1", "norm2", "norm3"] {
        wanted.extend([format!("{part}.weight"), format!("{part}.bias")]);
    }
    assert_eq!(names(&layer), wanted);
    let model = Transformer::new(options, 2, 1, &mut Rng::seed(1));
    let names = names(&model);
    for name in
        ["encoder.layers.1.linear2.bias", "encoder.norm.weight", "decoder.layers.0.norm3.bias", "decoder.norm.bias"]
    {
        assert!(names.iter().any(|found| found == name), "{name} of {names:?}");
    }
}

#[test]
fn layers_are_drawn_by_themselves_and_a_transformer_by_xaviers_law() {
    let options = TransformerOptions::new(20, 2).feed_forward(30);
    let model = Transformer::new(options, 2, 1, &mut Rng::seed(2));
    let [first, second] = &model.encoder.layers[..] else { panic!("two layers") };
    assert_ne!(first.linear1.weight.to_vec::<f32>(), second.linear1.weight.to_vec::<f32>());
    let greatest = first.linear1.weight.abs().max(..).item::<f32>();
    let bound = (6f32 / 50.0).sqrt();
    // Of 600 uniform numbers the greatest falls below 97% of the bound once in 10⁸ seeds.
    assert!((0.97 * bound..=bound).contains(&greatest), "{greatest}");
    assert_eq!(first.norm1.weight.as_ref().expect("a weight").to_vec::<f32>(), [1.0; 20]);
}

#[test]
fn impossible_options_are_refused() {
    assert_eq!(
        panic_message(|| TransformerOptions::new(4, 2).dropout(2.0)),
        "transformer: the dropout's probability must be from 0 to 1; got 2"
    );
    assert_eq!(
        panic_message(|| TransformerEncoderLayer::new(TransformerOptions::new(4, 3), &mut Rng::seed(1))),
        "multi_head_attention: 3 heads do not divide a width of 4"
    );
}

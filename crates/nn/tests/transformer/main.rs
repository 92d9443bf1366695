//! Attention, the transformer's layers and their stacks against PyTorch: outputs, weights of attention, gradients of all weights and
//! inputs.

mod derivatives;
#[path = "../recurrent/reference.rs"]
mod reference;

use cotangent_nn::{
    Attend, Mode, MultiHeadAttention, Transformer, TransformerDecoder, TransformerDecoderLayer, TransformerEncoder,
    TransformerEncoderLayer, TransformerOptions,
};
use cotangent_tensor::{Rng, Tensor};
use reference::{Case, Named, cases};

#[test]
fn attention_and_layers_agree_with_pytorch() {
    let cases = cases("transformer");
    for case in &cases {
        match case.module.as_str() {
            "MultiheadAttention" => attention(case),
            "TransformerEncoderLayer" => encoder_layer(case),
            "TransformerDecoderLayer" => decoder_layer(case),
            "TransformerEncoder" => encoder(case),
            "TransformerDecoder" => decoder(case),
            "Transformer" => transformer(case),
            other => panic!("no test for {other}"),
        }
    }
    // None is lost when the file is made anew.
    assert_eq!(cases.len(), 22);
}

/// The masks that are given under these names.
fn masks<'a>(inputs: &'a Named, mask: &str, key_padding_mask: &str) -> Attend<'a> {
    let mut masks = Attend::new();
    if let Some(mask) = inputs.get(mask) {
        masks = masks.mask(mask);
    }
    if let Some(mask) = inputs.get(key_padding_mask) {
        masks = masks.key_padding_mask(mask);
    }
    masks
}

fn only(y: Tensor) -> Named {
    [("y".to_owned(), y)].into()
}

fn attention(case: &Case) {
    let rng = &mut Rng::seed(7);
    let mut attention = match (case.size("kdim"), case.size("vdim")) {
        (Some(key), Some(value)) => MultiHeadAttention::with_widths(4, key, value, 2, rng),
        _ => MultiHeadAttention::new(4, 2, rng),
    };
    if case.flag("batch_first", false) {
        attention = attention.batch_first();
    }
    if !case.flag("bias", true) {
        attention = attention.without_bias();
    }
    if case.flag("add_bias_kv", false) {
        attention = attention.with_learned_key(rng);
    }
    if case.flag("add_zero_attn", false) {
        attention = attention.with_zero_key();
    }
    case.check(&attention, |attention, inputs| {
        let query = &inputs["query"];
        let (key, value) = if case.flag("joint", false) { (query, query) } else { (&inputs["key"], &inputs["value"]) };
        let mut masks = masks(inputs, "attn_mask", "key_padding_mask");
        if case.flag("causal", false) {
            masks = masks.causal();
        }
        let mode = &mut Mode::eval();
        let weights = match case.word("weights") {
            None => return only(attention.forward_with(query, key, value, masks, mode)),
            Some("heads") => masks.per_head_weights(),
            Some(_) => masks,
        };
        let (y, weights) = attention.forward_with_weights(query, key, value, weights, mode);
        // With weights or without, the values are the same.
        let alone = attention.forward_with(query, key, value, masks, mode);
        assert!((&y - alone).abs().max(..).le(1e-5).item::<bool>(), "{}", case.name);
        [("y".to_owned(), y), ("weights".to_owned(), weights)].into()
    });
}

fn options(case: &Case) -> TransformerOptions {
    let size = |name| case.size(name).expect("a size");
    let mut options = TransformerOptions::new(size("d_model"), size("nhead"));
    options = options.feed_forward(size("dim_feedforward")).dropout(0.0);
    if case.word("activation") == Some("gelu") {
        options = options.activation(Tensor::gelu);
    }
    if case.flag("batch_first", false) {
        options = options.batch_first();
    }
    if case.flag("norm_first", false) {
        options = options.norm_first();
    }
    if !case.flag("bias", true) {
        options = options.without_bias();
    }
    match case.option("layer_norm_eps").as_f64() {
        Some(eps) => options.eps(eps),
        None => options,
    }
}

fn encoder_layer(case: &Case) {
    let layer = TransformerEncoderLayer::new(options(case), &mut Rng::seed(7));
    case.check(&layer, |layer, inputs| {
        let masks = masks(inputs, "mask", "key_padding_mask");
        only(layer.forward_with(&inputs["x"], masks, &mut Mode::eval()))
    });
}

fn decoder_layer(case: &Case) {
    let layer = TransformerDecoderLayer::new(options(case), &mut Rng::seed(7));
    case.check(&layer, |layer, inputs| {
        let own = masks(inputs, "mask", "padding_mask");
        let memory = masks(inputs, "memory_mask", "memory_padding_mask");
        only(layer.forward_with(&inputs["x"], own, &inputs["memory"], memory, &mut Mode::eval()))
    });
}

fn encoder(case: &Case) {
    let (options, layers) = (options(case), case.size("num_layers").expect("a number"));
    let mut encoder = TransformerEncoder::new(options.clone(), layers, &mut Rng::seed(7));
    if case.flag("norm", false) {
        encoder = encoder.with_norm(options.norm());
    }
    case.check(&encoder, |encoder, inputs| only(encoder.forward(&inputs["x"], &mut Mode::eval())));
}

fn decoder(case: &Case) {
    let layers = case.size("num_layers").expect("a number");
    let decoder = TransformerDecoder::new(options(case), layers, &mut Rng::seed(7));
    case.check(&decoder, |decoder, inputs| only(decoder.forward(&inputs["x"], &inputs["memory"], &mut Mode::eval())));
}

fn transformer(case: &Case) {
    let model = Transformer::new(options(case), 1, 1, &mut Rng::seed(7));
    case.check(&model, |model, inputs| only(model.forward(&inputs["source"], &inputs["x"], &mut Mode::eval())));
}

//! The rows of models of every kind; the arithmetic of whole models beside PyTorch's count.

use super::*;
use crate::{
    BatchNorm2d, Conv2d, Dropout, Embedding, Flatten, Gru, Linear, Lstm, LstmCell, MaxPool2d, RecurrentOptions,
    Sequential, TransformerEncoderLayer, TransformerOptions, panics::panic_message,
};
use cotangent_autograd::Module;
use cotangent_derive::Module;
use cotangent_tensor::{Array, Derivative, Few, Primitive, Result, Rng, apply, memory};

/// Path, operations, output of each row.
fn rows(summary: &Summary) -> Vec<(&str, String, String)> {
    let text = |row: &Row| {
        let operations: Vec<String> = row.operations.iter().map(|(name, count)| format!("{name}*{count}")).collect();
        (operations.join(" "), row.outputs.iter().map(Spec::to_string).collect::<Vec<_>>().join(" "))
    };
    let all = summary.rows().iter().map(|row| (row.path.as_deref().unwrap_or("-"), text(row)));
    all.map(|(path, (operations, output))| (path, operations, output)).collect()
}

fn assert_rows(summary: &Summary, wanted: &[(&str, &str, &str)]) {
    let found = rows(summary);
    let found: Vec<(&str, &str, &str)> = found.iter().map(|(path, names, y)| (*path, &**names, &**y)).collect();
    assert_eq!(found, wanted, "\n{summary}");
}

/// The operations that PyTorch counts.
fn products<M: Module + Clone>(model: &M, x: &Tensor, f: impl FnOnce(&M, &Tensor) -> Tensor) -> u64 {
    let (_, recording) = watch::forward(&shapes(model), x, f);
    let counted = ["matmul", "linear", "conv", "scaled_dot_product_attention"];
    let products = recording.operations().iter().filter(|operation| counted.contains(&operation.name()));
    products.map(Operation::flops).sum()
}

#[test]
fn a_conv_net_in_either_mode() {
    let mut rng = Rng::seed(1);
    let model = Sequential::new()
        .push(Conv2d::new(1, 6, 5, &mut rng))
        .push_fn(Tensor::relu)
        .push(MaxPool2d::new(2))
        .push(Conv2d::new(6, 16, 5, &mut rng))
        .push(Flatten::default())
        .push(Linear::new(1024, 10, &mut rng));
    // By scripts/flops_reference.py, with torch 2.15.
    let x = Tensor::shape_only([4, 1, 28, 28], DType::F32);
    assert_eq!(products(&model, &x, |m, x| m.forward(x)), 2_001_920);
    let with_mode = Sequential::new().push(model).push(BatchNorm2d::new(3)).push(Dropout::new(0.5));
    let with_mode = Sequential { layers: with_mode.layers.into_iter().skip(1).collect() };
    let x = Tensor::shape_only([4, 3, 8, 8], DType::F32);
    let eval = summary(&with_mode, [4, 3, 8, 8]);
    assert_eq!((eval.parameters(), eval.rows().len()), (6, 1));
    let train = summary_of(&with_mode, &x, |m, x| m.call(x, &mut Mode::train(&mut Rng::seed(2))));
    assert_eq!(train.rows()[0].path.as_deref(), Some("0"));
    assert!(train.to_string().contains("buffers 32 B"), "{train}");
}

#[test]
fn a_transformer_layer() {
    let layer = TransformerEncoderLayer::new(TransformerOptions::new(32, 4).feed_forward(64), &mut Rng::seed(1));
    let x = Tensor::shape_only([10, 2, 32], DType::F32);
    let summary = summary_of(&layer, &x, |m, x| m.forward(x, &mut Mode::eval()));
    assert_rows(
        &summary,
        &[
            ("self_attn", "linear*1", "f32[10, 2, 96]"),
            ("-", "scaled_dot_product_attention*1", "f32[2, 4, 10, 8]"),
            ("self_attn.out_proj", "linear*1", "f32[10, 2, 32]"),
            ("-", "add*1", "f32[10, 2, 32]"),
            ("norm1", "normalise*1", "f32[10, 2, 32]"),
            ("linear1", "linear*1", "f32[10, 2, 64]"),
            ("-", "relu*1", "f32[10, 2, 64]"),
            ("linear2", "linear*1", "f32[10, 2, 32]"),
            ("-", "add*1", "f32[10, 2, 32]"),
            ("norm2", "normalise*1", "f32[10, 2, 32]"),
        ],
    );
    // By scripts/flops_reference.py, with torch 2.15.
    assert_eq!(products(&layer, &x, |m, x| m.forward(x, &mut Mode::eval())), 353_280);
    let own: Vec<u64> = summary.rows().iter().map(|row| row.parameters).collect();
    assert_eq!(own, [3 * 32 * 33, 0, 32 * 33, 0, 64, 64 * 33, 0, 32 * 65, 0, 64]);
    assert_eq!(summary.parameters(), module::num_parameters(&layer) as u64);
}

#[derive(Clone, Module)]
struct Speller {
    letters: Embedding,
    memory: Lstm,
    scores: Linear,
}

#[test]
fn the_steps_of_a_recurrent_network_are_in_its_row() {
    let mut rng = Rng::seed(1);
    let model = Speller {
        letters: Embedding::new(28, 16, &mut rng),
        memory: Lstm::new(16, 32, &mut rng),
        scores: Linear::new(32, 28, &mut rng).without_bias(),
    };
    let text = Tensor::shape_only([20, 8], DType::I64);
    let summary = summary_of(&model, &text, |m, x| m.scores.forward(&m.memory.forward(&m.letters.forward(x)).0));
    assert_rows(
        &summary,
        &[
            ("letters", "index_select*1 reshape*1", "f32[20, 8, 16]"),
            // h, and c, of which the state after the last step is taken.
            ("memory", "linear*1 add*1 lstm_steps*1", "f32[20, 8, 32] f32[20, 8, 32]"),
            ("scores", "linear*1", "f32[20, 8, 28]"),
        ],
    );
    let both = [Gru::with(RecurrentOptions::new(4, 5).layers(2).bidirectional(), &mut rng)];
    let summary = summary_of(&both, &Tensor::shape_only([7, 2, 4], DType::F32), |m, x| m[0].forward(x).0);
    let outputs: Vec<_> = rows(&summary).into_iter().map(|row| row.2).collect();
    assert_eq!(outputs, ["f32[7, 2, 10]"], "\n{summary}");
}

#[test]
fn a_loop_over_a_cell_and_what_is_shared_have_one_row_each() {
    let mut rng = Rng::seed(1);
    let model = (LstmCell::new(3, 4, &mut rng), Linear::new(4, 3, &mut rng));
    let x = Tensor::shape_only([2, 3], DType::F32);
    let summary = summary_of(&model, &x, |(cell, head), x| {
        let (mut x, mut state) = (x.clone(), None);
        for _ in 0..5 {
            let next = cell.forward(&x, state.as_ref());
            x = head.forward(&next.h).softmax(-1);
            state = Some(next);
        }
        x
    });
    let names: Vec<_> = summary.rows().iter().map(|row| (row.path.as_deref(), row.parameters)).collect();
    let cell = 4 * 4 * (3 + 4 + 2);
    assert_eq!(names, [(Some("0"), cell), (None, 0), (None, 0), (Some("1"), 15), (None, 0), (None, 0)], "\n{summary}");
    assert_eq!(summary.rows()[4].operations, [("softmax", 5)]);
    // A layer that runs twice: its parameters count once, its arithmetic twice.
    let shared = Linear::new(4, 4, &mut rng);
    let twice = summary_of(&shared, &Tensor::shape_only([1, 4], DType::F32), |m, x| m.forward(&m.forward(x).tanh()));
    assert_eq!((twice.parameters(), twice.flops()), (20, 2 * 2 * 16 + 4));
}

/// `[n] -> [n], [n, n]`: the outputs of a primitive of one's own.
#[derive(Clone)]
struct Outer;

impl Primitive for Outer {
    fn name(&self) -> &'static str {
        "outer"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let n = inputs[0].shape()[0];
        Ok([inputs[0].to_owned(), Spec::new([n, n], inputs[0].dtype())].into())
    }
    fn eval(&self, _: &[&Array]) -> Result<Few<Array>> {
        unreachable!("nothing is computed")
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Zero
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        inputs[0].shape()[0].pow(2) as u64
    }
}

#[derive(Clone, Module)]
struct Own {
    scale: Tensor,
    shift: Tensor,
    idle: Option<Linear>,
}

#[test]
fn a_model_of_ones_own_with_several_inputs_and_outputs() {
    let model = Own {
        scale: Tensor::from([2.0, 3.0]),
        shift: Tensor::from([0.5, 0.5]),
        idle: Some(Linear::new(3, 1, &mut Rng::seed(1))),
    };
    let inputs = (Tensor::from([1.0, 1.0]), Tensor::from([0i64, 1]));
    let summary = summary_of(&model, &inputs, |m, (x, places)| {
        let y = x * &m.scale;
        let outputs = apply(&Outer, &[&(y + &m.shift)]);
        (outputs[0].clone(), outputs[1].index_select(0, places).clone())
    });
    assert_rows(
        &summary,
        &[("scale", "mul*1", "f64[2]"), ("shift", "add*1", "f64[2]"), ("-", "outer*1", "f64[2] f64[2, 2]")],
    );
    assert_eq!(summary.rows()[2].flops, 4);
    assert_eq!(summary.unused(), [("idle.weight".to_owned(), 3), ("idle.bias".to_owned(), 1)]);
    let text = summary.to_string();
    assert!(text.contains("idle.weight  (not used)"), "{text}");
    assert!(text.contains("parameters 8 (48 B); FLOPs 8; values 80 B"), "{text}");
}

#[test]
fn nothing_is_computed_and_what_needs_values_says_so() {
    let model = Linear::new(1 << 10, 1 << 10, &mut Rng::seed(1));
    let before = memory::live_bytes();
    let summary = summary(&model, [1 << 29, 1 << 10]);
    // Two terabytes of outputs; other tests run beside it.
    assert!(summary.value_bytes() > 1 << 40 && memory::live_bytes() < before + (1 << 30));
    let message = panic_message(|| {
        summary_of(&model, &Tensor::shape_only([1, 1 << 10], DType::F32), |m, x| {
            let y = m.forward(x);
            if y.sum(..).item::<f32>() > 0.0 { y } else { -y }
        })
    });
    assert!(message.starts_with("item: a tensor that is a shape without values cannot be read"), "{message}");
    let message = panic_message(|| super::summary(&model, [1, 7]));
    assert!(message.starts_with("linear: "), "{message}");
}

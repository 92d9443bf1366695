//! Files that PyTorch wrote, by scripts/safetensors_reference.py.

use super::*;
use crate::{
    BatchNorm2d, Conv2d, Embedding, GroupNorm, Layer, Linear, Lstm, MaxPool2d, Mode, RecurrentOptions, Sequential,
    TransformerEncoder, TransformerOptions, files::Reading,
};

const FILE: &[u8] = include_bytes!("mlp.safetensors");
const NETWORK: &[u8] = include_bytes!("network.safetensors");

#[test]
fn a_model_of_pytorchs_loads_by_name_and_computes_the_same() {
    let file = Reading::new().only(|name| !name.starts_with("wide.")).from_bytes(FILE).unwrap();
    assert_eq!((&*file.metadata["format"], &*file.metadata["note"]), ("pt", "tanh between"));
    let (x, y) = (file.tensors["x"].clone(), file.tensors["y"].to_vec::<f32>());
    let mut model = Mlp::new(1);
    let weights = file.rename(|name| Some(name.strip_prefix("model.")?.to_owned())).unwrap();
    weights.load_into(&mut model).unwrap();
    assert_eq!(model.seen.item::<i64>(), 12);
    for (found, wanted) in model.forward(&x).to_vec::<f32>().into_iter().zip(y) {
        // Sums of four numbers below 1: a few roundings of f32.
        assert!((found - wanted).abs() < 4.0 * f32::EPSILON, "{found}, PyTorch {wanted}");
    }
}

#[test]
fn numbers_of_half_precision_are_those_of_pytorch() {
    let error = NamedTensors::from_bytes(FILE).unwrap_err().to_string();
    assert!(error.contains("which no tensor holds; read it into a wider dtype with Reading::widening"), "{error}");
    let file = Reading::new().widening().from_bytes(FILE).unwrap();
    let same = Reading::new().only(|name| name != "wide.i32").from_bytes(FILE).unwrap();
    assert_eq!(same.tensors["wide.f16"].dtype(), DType::F16);
    assert_eq!(same.tensors["wide.bf16"].dtype(), DType::BF16);
    for name in ["wide.f16", "wide.bf16"] {
        assert_eq!(same.tensors[name].cast(DType::F32).to_vec::<f32>(), file.tensors[name].to_vec::<f32>());
    }
    // As the script prints them.
    let f16 = [1.0, -2.5, 65504.0, 5.960_464_5e-8, f32::INFINITY];
    let bf16 = [1.0, -2.5, 65536.0, 6.007_030_6e-8, f32::INFINITY];
    assert_eq!(file.tensors["wide.f16"].to_vec::<f32>(), f16);
    assert_eq!(file.tensors["wide.bf16"].to_vec::<f32>(), bf16);
    assert_eq!(file.tensors["wide.i32"].to_vec::<i64>(), [-7, 9]);
}

#[derive(Clone, Module)]
struct Residual {
    conv: Conv2d,
    norm: GroupNorm,
}

impl Residual {
    fn new(rng: &mut Rng) -> Self {
        Residual { conv: Conv2d::new(4, 4, 3, rng).padding(1), norm: GroupNorm::new(2, 4) }
    }
}

/// The script's network: what is `ModuleList` there is a list here.
#[derive(Clone, Module)]
struct Network {
    features: Sequential,
    blocks: Vec<Residual>,
    lstm: Lstm,
    embedding: Embedding,
    encoder: TransformerEncoder,
    head: Linear,
}

impl Network {
    fn new() -> Self {
        let rng = &mut Rng::seed(1);
        let features = Sequential::new()
            .push(Conv2d::new(1, 4, 3, rng).padding(1).without_bias())
            .push(BatchNorm2d::new(4))
            .push_fn(Tensor::relu)
            .push(MaxPool2d::new(2));
        let blocks = vec![Residual::new(rng), Residual::new(rng)];
        let lstm = Lstm::with(RecurrentOptions::new(4, 3).layers(2).bidirectional().batch_first(), rng);
        let options = TransformerOptions::new(6, 2).feed_forward(8).dropout(0.0).batch_first();
        let encoder = TransformerEncoder::new(options, 2, rng);
        Network { features, blocks, lstm, embedding: Embedding::new(5, 6, rng), encoder, head: Linear::new(6, 3, rng) }
    }

    fn forward(&self, x: &Tensor, kind: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        let mut x = self.features.call(x, mode);
        for block in &self.blocks {
            x = &x + block.norm.forward(&block.conv.forward(&x)).relu();
        }
        let (x, _) = self.lstm.forward(&x.flatten(2, -1).transpose(1, 2));
        let x = self.encoder.forward(&(x + self.embedding.forward(kind).unsqueeze(1)), mode);
        self.head.forward(&x.mean(1))
    }
}

#[test]
fn a_network_of_many_kinds_of_layers_loads_by_name_and_computes_the_same() {
    let file = NamedTensors::from_bytes(NETWORK).unwrap();
    let [x, kind, y] = ["x", "kind", "y"].map(|name| file.tensors[name].clone());
    let mut weights = file.rename(|name| Some(name.strip_prefix("model.")?.to_owned())).unwrap();
    weights.metadata.clear();
    let mut model = Network::new();
    weights.load_into(&mut model).unwrap();
    // What was loaded is written under the same names, and comes back from NPZ too.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.npz");
    NamedTensors::of(&model).write_npz(&path).unwrap();
    assert_eq!(NamedTensors::read_npz(&path).unwrap().to_bytes().unwrap(), weights.to_bytes().unwrap());

    let mut model = module::cast(&Network::new(), DType::F64);
    let refused = weights.load_into(&mut model).unwrap_err().to_string();
    assert!(refused.starts_with("`features.0.weight` is f32[4, 1, 3, 3] in the file and f64[4, 1, 3, 3] in the model"));
    assert!(refused.ends_with("and 36 more; cast with cast_like"), "{refused}");
    weights.cast_like(&model).load_into(&mut model).unwrap();
    let found = model.forward(&x, &kind, &mut Mode::eval());
    assert_eq!(found.spec(), y.spec());
    for (found, wanted) in found.to_vec::<f64>().into_iter().zip(y.to_vec::<f64>()) {
        // The weights are the same numbers; sums are rounded in another order.
        assert!((found - wanted).abs() < 1e-9, "{found}, PyTorch {wanted}");
    }
}

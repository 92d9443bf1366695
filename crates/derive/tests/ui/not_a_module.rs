use cotangent_derive::Module;
use cotangent_tensor::Tensor;
use std::collections::HashMap;

#[derive(Module)]
struct Model {
    weight: Tensor,
    layers: HashMap<String, Tensor>,
}

#[derive(Module)]
enum Choice {
    One(Tensor),
    Many { layers: HashMap<String, Tensor> },
}

fn main() {}

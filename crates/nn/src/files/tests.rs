//! Tests of files, by what can happen to one.

mod damage;
mod fit;
mod hostile;
mod pytorch;
mod replacing;
mod resuming;
mod round_trip;

use super::{FileError, NamedTensors, Problem};
use cotangent_autograd::module;
use cotangent_derive::Module;
use cotangent_tensor::{DType, Rng, Tensor};

/// Two layers and a buffer.
#[derive(Clone, Debug, Module)]
struct Mlp {
    hidden: crate::Linear,
    output: crate::Linear,
    #[module(buffer)]
    seen: Tensor,
}

impl Mlp {
    fn new(seed: u64) -> Self {
        let rng = &mut Rng::seed(seed);
        Mlp { hidden: crate::Linear::new(3, 4, rng), output: crate::Linear::new(4, 2, rng), seen: Tensor::from(0i64) }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        self.output.forward(&self.hidden.forward(x).tanh())
    }
}

/// Every bit of every tensor, to be compared.
fn bits<M: module::Module + ?Sized>(module: &M) -> Vec<u8> {
    NamedTensors::of(module).to_bytes().expect("tensors that can be written")
}

/// A file of this header, written as JSON, and this many zeros.
fn file_of(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

fn refusal(bytes: &[u8]) -> String {
    NamedTensors::from_bytes(bytes).expect_err("a refusal").to_string()
}

/// One tensor of every dtype, an empty one, one without axes, and a view that is neither whole nor in order.
fn assorted() -> NamedTensors {
    let mut file = NamedTensors::default();
    let rng = &mut Rng::seed(3);
    let mut add = |name: &str, tensor: Tensor| file.tensors.insert(name.to_owned(), tensor);
    add("f32", rng.normal([2, 3], DType::F32));
    add("f64", Tensor::from([f64::NAN, -0.0, f64::MIN_POSITIVE / 4.0, f64::NEG_INFINITY]));
    add("i64", Tensor::from([i64::MIN, i64::MAX]));
    add("u8", Tensor::from([0u8, 255, 7]));
    add("bool", Tensor::from([[true, false], [false, true]]));
    add("empty", Tensor::zeros([0, 5], DType::F32));
    add("scalar", Tensor::from(2.5f32));
    add("view", rng.normal([4, 6], DType::F64).narrow(1, 2, 3).transpose(0, 1).flip([0]));
    add("spread", Tensor::full([3, 2], 1.5, DType::F32));
    file.metadata.insert("note".to_owned(), "a \"quoted\" \\ line\nand another \u{1}, ü, 🙂".to_owned());
    file
}

fn is_length(error: &FileError) -> bool {
    matches!(error.problem(), Problem::Length { .. })
}

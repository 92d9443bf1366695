//! What PyTorch's layers gave, and how it is compared.

use cotangent_autograd::{
    module::{self, Kind, Module},
    vjp,
};
use cotangent_nn::{Layer, Mode};
use cotangent_tensor::{DType, Rng, Tensor};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::collections::{BTreeMap, BTreeSet};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/layers.safetensors");

/// Both dtypes, and how far a result may be off, relative to the greatest of its elements, or to 1 if they are all small. The
/// figures are of f64.
const DTYPES: [(DType, f64); 2] = [(DType::F64, 1e-9), (DType::F32, 1e-5)];

/// In which mode a case was run.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Runs {
    /// Once, by a layer that does not ask.
    Once,
    /// Three times in training, and once in evaluation.
    TrainingThenEvaluation,
}

/// All tensors of the file by name.
pub(crate) struct Reference(BTreeMap<String, Tensor>);

impl Reference {
    pub(crate) fn read() -> Reference {
        let bytes = std::fs::read(FILE).expect("a readable file");
        let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
        Reference(file.iter().map(|(name, view)| (name.to_owned(), tensor_of(&view))).collect())
    }

    /// The names of all cases.
    pub(crate) fn cases(&self) -> BTreeSet<&str> {
        self.0.keys().filter_map(|name| name.split('/').next()).collect()
    }

    /// A tensor of the case, with floats of this dtype.
    fn get(&self, name: &str, dtype: DType) -> Tensor {
        let tensor = self.0.get(name).unwrap_or_else(|| panic!("the file has no {name:?}"));
        if tensor.dtype().is_float() { tensor.cast(dtype) } else { tensor.clone() }
    }

    /// The layer with the case's weights and buffers, whose names must be those of the layer.
    fn loaded<M: Module + Clone>(&self, case: &str, layer: &M, dtype: DType) -> M {
        let prefix = format!("{case}/state/");
        let given: BTreeSet<&str> = self.0.keys().filter_map(|name| name.strip_prefix(&prefix)).collect();
        let named = module::named_tensors(layer);
        let wanted: BTreeSet<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(wanted, given, "the layer's names, and PyTorch's");
        module::map(layer, |leaf| {
            let tensor = self.get(&format!("{prefix}{}", leaf.path), dtype);
            assert_eq!(tensor.shape(), leaf.tensor.shape(), "the shape of {}", leaf.path);
            tensor
        })
    }

    /// Compares all runs of a case.
    pub(crate) fn check(&self, case: &str, runs: Runs, layer: Box<dyn Layer>) {
        for (dtype, tolerance) in DTYPES {
            let mut layer = self.loaded(case, &layer, dtype);
            let count = if runs == Runs::Once { 1 } else { 4 };
            for run in 0..count {
                let at = format!("{case}/{run}");
                let x = self.get(&format!("{at}/x"), dtype);
                let mut rng = Rng::seed(1);
                let mut mode = match runs {
                    Runs::Once => Mode::undecided(),
                    Runs::TrainingThenEvaluation if run < 3 => Mode::train(&mut rng),
                    Runs::TrainingThenEvaluation => Mode::eval(),
                };
                let (y, pullback) = vjp(&(layer.clone(), x), |(layer, x)| layer.call(x, &mut mode));
                self.compare(&format!("{at}/y"), &y, tolerance);
                let (layer_bar, x_bar) = pullback.pull_once(&self.get(&format!("{at}/y_bar"), dtype));
                if x_bar.dtype().is_float() {
                    self.compare(&format!("{at}/x_bar"), &x_bar, tolerance);
                }
                self.compare_gradient(&at, &layer_bar, tolerance);
                mode.store(&mut layer);
                module::for_each(&layer, |leaf| {
                    if leaf.kind == Kind::Buffer {
                        self.compare(&format!("{at}/{}", leaf.path), leaf.tensor, tolerance);
                    }
                });
            }
            assert!(!self.0.contains_key(&format!("{case}/{count}/x")), "there are more than {count} runs");
        }
    }

    /// Compares a layer of two inputs.
    pub(crate) fn check_pair<M: Module + Clone>(
        &self,
        case: &str,
        layer: &M,
        forward: impl Fn(&M, &Tensor, &Tensor) -> Tensor,
    ) {
        for (dtype, tolerance) in DTYPES {
            let layer = self.loaded(case, layer, dtype);
            let at = format!("{case}/0");
            let [a, b, y_bar] = ["x", "x2", "y_bar"].map(|name| self.get(&format!("{at}/{name}"), dtype));
            let (y, pullback) = vjp(&(layer, a, b), |(layer, a, b)| forward(layer, a, b));
            let (layer_bar, a_bar, b_bar) = pullback.pull_once(&y_bar);
            for (name, found) in [("y", y), ("x_bar", a_bar), ("x2_bar", b_bar)] {
                self.compare(&format!("{at}/{name}"), &found, tolerance);
            }
            self.compare_gradient(&at, &layer_bar, tolerance);
        }
    }

    fn compare_gradient<M: Module>(&self, at: &str, layer_bar: &M, tolerance: f64) {
        module::for_each(layer_bar, |leaf| {
            if leaf.kind == Kind::Parameter {
                self.compare(&format!("{at}/{}_bar", leaf.path), leaf.tensor, tolerance);
            }
        });
    }

    fn compare(&self, name: &str, found: &Tensor, tolerance: f64) {
        let wanted = self.0.get(name).unwrap_or_else(|| panic!("the file has no {name:?}"));
        assert_eq!(found.shape(), wanted.shape(), "the shape of {name}");
        assert_eq!(found.dtype().is_float(), wanted.dtype().is_float(), "the kind of {name}");
        let values = |x: &Tensor| x.cast(DType::F64).to_vec::<f64>();
        let (found, wanted) = (values(found), values(wanted));
        let scale = wanted.iter().fold(1.0, |greatest: f64, x| greatest.max(x.abs()));
        for (i, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            let off = (found - wanted).abs();
            assert!(off <= tolerance * scale, "{name}: element {i} is {found}, not {wanted}");
        }
    }
}

fn tensor_of(view: &TensorView<'_>) -> Tensor {
    let words = view.data().chunks_exact(8).map(|word| <[u8; 8]>::try_from(word).expect("eight bytes"));
    match view.dtype() {
        Dtype::F64 => Tensor::from_vec(words.map(f64::from_le_bytes).collect(), view.shape()),
        Dtype::I64 => Tensor::from_vec(words.map(i64::from_le_bytes).collect(), view.shape()),
        other => panic!("the script writes no {other:?}"),
    }
    .expect("as many elements as the shape says")
}

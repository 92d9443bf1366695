//! What PyTorch computes, as scripts/recurrent_reference.py has written it down, and the comparison with it.

use cotangent_autograd::{
    grad,
    module::{self, Module},
};
use cotangent_tensor::{DType, Tensor};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fs, path::Path};

/// Inputs or outputs by name.
pub(crate) type Named = BTreeMap<String, Tensor>;

/// A module's call with its results and their derivatives.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) module: String,
    options: Map<String, Value>,
    /// By group: `parameter`, `input`, `output`, `cotangent`, `gradient`.
    groups: BTreeMap<String, Named>,
}

/// The cases of a file.
pub(crate) fn cases(file: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(format!("{file}.safetensors"));
    let bytes = fs::read(path).expect("a readable file");
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("a safetensors file");
    let metadata = header.metadata().as_ref().expect("metadata");
    let tensors = SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let cases: Vec<Value> = serde_json::from_str(&metadata["cases"]).expect("a JSON list of cases");
    cases.iter().map(|case| Case::new(case, &tensors)).collect()
}

impl Case {
    fn new(case: &Value, all: &SafeTensors<'_>) -> Case {
        let text = |key: &str| case[key].as_str().expect("a string").to_owned();
        let name = text("case");
        let mut groups: BTreeMap<String, Named> = BTreeMap::new();
        for (path, view) in all.iter() {
            let (of, rest) = path.split_once('/').expect("case/group/name");
            let (group, tensor) = rest.split_once('/').expect("case/group/name");
            if of == name {
                groups.entry(group.to_owned()).or_default().insert(tensor.to_owned(), tensor_of(&view));
            }
        }
        let options = case["options"].as_object().expect("an object").clone();
        Case { name, module: text("module"), options, groups }
    }

    pub(crate) fn size(&self, option: &str) -> Option<usize> {
        self.options.get(option).map(|value| value.as_u64().expect("a number") as usize)
    }

    pub(crate) fn flag(&self, option: &str, default: bool) -> bool {
        self.options.get(option).map_or(default, |value| value.as_bool().expect("true or false"))
    }

    pub(crate) fn word(&self, option: &str) -> Option<&str> {
        self.options.get(option).and_then(Value::as_str)
    }

    /// Null where it is not given.
    pub(crate) fn option(&self, option: &str) -> &Value {
        self.options.get(option).unwrap_or(&Value::Null)
    }

    fn group(&self, group: &str, dtype: DType) -> Named {
        let cast = |x: &Tensor| if x.dtype().is_float() { x.cast(dtype) } else { x.clone() };
        self.groups.get(group).into_iter().flatten().map(|(name, x)| (name.clone(), cast(x))).collect()
    }

    /// Puts PyTorch's weights into `model`, by name, and compares what `f` returns and the gradients of all weights and inputs, in f64
    /// and in f32.
    pub(crate) fn check<M: Module + Clone>(&self, model: &M, f: impl Fn(&M, &Named) -> Named) {
        // What rounding leaves after a few dozen operations: a thousand times the precision of f64, fifty times that of f32.
        for (dtype, tolerance) in [(DType::F64, 1e-9), (DType::F32, 1e-5)] {
            let same = |what: &str, found: &Named, wanted: &Named| {
                let names = |named: &Named| named.keys().cloned().collect::<Vec<_>>();
                assert_eq!(names(found), names(wanted), "{}: the names of {what}", self.name);
                for (name, wanted) in wanted {
                    self.compare(&format!("{what} {name} in {dtype}"), &found[name], wanted, tolerance);
                }
            };
            let parameters = self.group("parameter", dtype);
            let mut loaded = module::cast(model, dtype);
            let mut names = Vec::new();
            module::for_each_mut(&mut loaded, |leaf| {
                let name = leaf.path.to_string();
                let tensor = parameters.get(&name).unwrap_or_else(|| panic!("{}: PyTorch has no {name}", self.name));
                assert_eq!(tensor.spec(), leaf.tensor.spec(), "{}: {name}", self.name);
                *leaf.tensor = tensor.clone();
                names.push(name);
            });
            names.sort();
            assert_eq!(names, parameters.keys().cloned().collect::<Vec<_>>(), "{}: the state dict's names", self.name);

            let gradients = self.group("gradient", dtype);
            let (varied, fixed): (Named, Named) =
                self.group("input", dtype).into_iter().partition(|(name, _)| gradients.contains_key(name));
            let run = |model: &M, varied: &Named| {
                let all = varied.iter().chain(&fixed).map(|(name, x)| (name.clone(), x.clone())).collect();
                f(model, &all)
            };
            same("output", &run(&loaded, &varied), &self.group("output", dtype));
            let cotangents = self.group("cotangent", dtype);
            let (model_bar, varied_bar) = grad(&(loaded, varied), |(model, varied)| {
                let outputs = run(model, varied);
                let parts = outputs.iter().map(|(name, y)| (y * &cotangents[name]).sum(..));
                parts.reduce(|sum, part| sum + part).expect("an output")
            });
            let mut found: Named = varied_bar;
            found.extend(module::named_tensors(&model_bar).into_iter().map(|(name, x)| (name, x.clone())));
            same("gradient", &found, &gradients);
        }
    }

    fn compare(&self, what: &str, found: &Tensor, wanted: &Tensor, tolerance: f64) {
        assert_eq!(found.spec(), wanted.spec(), "{}: {what}", self.name);
        let (found, wanted) = (found.cast(DType::F64).to_vec::<f64>(), wanted.cast(DType::F64).to_vec::<f64>());
        // A sum is as exact as its largest part.
        let scale = wanted.iter().fold(1f64, |max, x| max.max(x.abs()));
        for (found, wanted) in found.iter().zip(&wanted) {
            let error = (found - wanted).abs() / scale;
            assert!(error <= tolerance, "{}: {what}: {found} instead of {wanted}", self.name);
        }
    }
}

fn tensor_of(view: &TensorView<'_>) -> Tensor {
    let (shape, bytes) = (view.shape(), view.data());
    let made = match view.dtype() {
        Dtype::F64 => {
            let words = bytes.as_chunks::<8>().0.iter().copied();
            Tensor::from_vec(words.map(f64::from_le_bytes).collect(), shape)
        }
        Dtype::BOOL => Tensor::from_vec(bytes.iter().map(|&byte| byte != 0).collect(), shape),
        other => panic!("the data has no tensors of {other:?}"),
    };
    made.expect("as many elements as the shape says")
}

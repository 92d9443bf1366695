//! The cases as they are read from the files, and a call's arguments as a formula asks for them.
//!
//! Torch's arguments may be given by position or by name, and a missing one has a default: a formula asks for an
//! argument by both. The call notes what was asked for, so that an argument that changes the meaning cannot be passed
//! over.

use cotangent::Tensor;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::{Map, Value};
use std::{cell::RefCell, collections::BTreeMap, collections::BTreeSet, fmt, fs, path::Path};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/data");

/// The cases of one of torch's operators.
pub(crate) struct OperatorFile {
    pub(crate) operator: String,
    pub(crate) cases: Vec<Case>,
}

/// One call with its results.
pub(crate) struct Case {
    pub(crate) operator: String,
    pub(crate) id: String,
    pub(crate) args: Vec<Value>,
    pub(crate) kwargs: Map<String, Value>,
    pub(crate) outputs: usize,
    /// The inputs that have a gradient.
    pub(crate) grads: Vec<String>,
    /// `in0`, `out0`, `ct0`, `grad_in0`, `u_in0`, `second_in0` and so on.
    pub(crate) tensors: BTreeMap<String, Tensor>,
}

impl OperatorFile {
    /// Every file of the folder, by name.
    pub(crate) fn read_all() -> Vec<OperatorFile> {
        let entries = fs::read_dir(DATA).expect("tests/oracle/data is a folder");
        let names =
            entries.map(|entry| entry.expect("a readable folder").file_name().into_string().expect("a name in ASCII"));
        let names: BTreeSet<String> =
            names.filter_map(|name| Some(name.strip_suffix(".safetensors")?.to_owned())).collect();
        names.iter().map(|name| OperatorFile::read(name)).collect()
    }

    pub(crate) fn read(operator: &str) -> OperatorFile {
        let bytes = fs::read(Path::new(DATA).join(format!("{operator}.safetensors"))).expect("a readable file");
        let (_, header) = SafeTensors::read_metadata(&bytes).expect("a safetensors file");
        let metadata = header.metadata().as_ref().expect("metadata");
        assert_eq!(metadata["op"], operator, "the file's name and what it says it is");
        let tensors = SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let cases: Vec<Value> = serde_json::from_str(&metadata["cases"]).expect("a JSON list of cases");
        OperatorFile {
            operator: operator.to_owned(),
            cases: cases.iter().map(|case| Case::new(operator, case, &tensors)).collect(),
        }
    }
}

impl Case {
    fn new(operator: &str, case: &Value, all: &SafeTensors<'_>) -> Case {
        let id = case["case"].as_str().expect("an id").to_owned();
        let prefix = format!("{id}/");
        let mine =
            all.iter().filter_map(|(name, view)| Some((name.strip_prefix(&prefix)?.to_owned(), tensor_of(&view))));
        let names =
            |key: &str| case[key].as_array().expect("a list").iter().map(|name| word(name).to_owned()).collect();
        Case {
            operator: operator.to_owned(),
            args: case["args"].as_array().expect("a list").clone(),
            kwargs: case["kwargs"].as_object().expect("an object").clone(),
            outputs: case["outputs"].as_u64().expect("a number") as usize,
            grads: names("grads"),
            tensors: mine.collect(),
            id,
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[Value]| values.iter().map(|value| self.argument(value)).collect::<Vec<_>>().join(", ");
        let named = self.kwargs.iter().map(|(name, value)| format!(", {name}={}", self.argument(value)));
        write!(f, "{} case {}: ({}{})", self.operator, self.id, list(&self.args), named.collect::<String>())
    }
}

impl Case {
    /// An argument as a message shows it: a tensor by its name and shape.
    fn argument(&self, value: &Value) -> String {
        match value.get("tensor").and_then(Value::as_str) {
            Some(name) => format!("{name}: {}", self.tensors[name].spec()),
            None => value.to_string(),
        }
    }
}

fn tensor_of(view: &TensorView<'_>) -> Tensor {
    let (shape, bytes) = (view.shape(), view.data());
    let words = || bytes.as_chunks::<8>().0.iter().copied();
    let made = match view.dtype() {
        Dtype::F64 => Tensor::from_vec(words().map(f64::from_le_bytes).collect(), shape),
        Dtype::I64 => Tensor::from_vec(words().map(i64::from_le_bytes).collect(), shape),
        Dtype::BOOL => Tensor::from_vec(bytes.iter().map(|&byte| byte != 0).collect(), shape),
        other => panic!("the data has no tensors of {other:?}"),
    };
    made.expect("as many elements as the shape says")
}

fn word(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn integer(value: &Value) -> isize {
    value.as_i64().expect("an integer") as isize
}

/// The arguments of a call, with some inputs replaced by the tensors of a transform.
pub(crate) struct Call<'a> {
    case: &'a Case,
    traced: &'a [Tensor],
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Call<'a> {
    /// The call with the inputs that have a gradient replaced.
    pub(crate) fn new(case: &'a Case, traced: &'a [Tensor]) -> Self {
        assert_eq!(case.grads.len(), traced.len());
        Call { case, traced, asked: RefCell::default() }
    }

    /// The arguments that no one asked for.
    pub(crate) fn not_asked(&self) -> Vec<String> {
        let given = (0..self.case.args.len()).map(|i| i.to_string()).chain(self.case.kwargs.keys().cloned());
        given.filter(|name| !self.asked.borrow().contains(name)).collect()
    }

    /// An argument given by position or by name, unless it is `None`.
    fn value(&self, i: usize, name: &str) -> Option<&'a Value> {
        self.asked.borrow_mut().extend([i.to_string(), name.to_owned()]);
        self.case.args.get(i).or_else(|| self.case.kwargs.get(name)).filter(|value| !value.is_null())
    }

    fn named_tensor(&self, value: &'a Value) -> &'a Tensor {
        let name = value["tensor"].as_str().unwrap_or_else(|| panic!("{value} is not a tensor"));
        let traced = self.case.grads.iter().position(|grad| grad == name);
        traced.map_or_else(|| &self.case.tensors[name], |i| &self.traced[i])
    }

    /// Argument `i`, a tensor.
    pub(crate) fn x(&self, i: usize) -> &'a Tensor {
        self.tensor(i, "").unwrap_or_else(|| panic!("argument {i} is missing"))
    }

    pub(crate) fn tensor(&self, i: usize, name: &str) -> Option<&'a Tensor> {
        Some(self.named_tensor(self.value(i, name)?))
    }

    /// Argument `i`, a list of tensors.
    pub(crate) fn tensors(&self, i: usize) -> Vec<&'a Tensor> {
        let list = self.value(i, "").and_then(Value::as_array).expect("a list");
        list.iter().map(|value| self.named_tensor(value)).collect()
    }

    /// Whether argument `i` is a tensor.
    pub(crate) fn has_tensor(&self, i: usize) -> bool {
        self.case.args.get(i).is_some_and(|value| value.get("tensor").is_some())
    }

    pub(crate) fn int(&self, i: usize, name: &str) -> Option<isize> {
        Some(integer(self.value(i, name)?))
    }

    /// A tensor, or else an integer.
    pub(crate) fn tensor_or_int(&self, i: usize, name: &str) -> Result<&'a Tensor, isize> {
        let value = self.value(i, name).unwrap_or_else(|| panic!("argument {i}, `{name}`, is missing"));
        if value.is_object() { Ok(self.named_tensor(value)) } else { Err(integer(value)) }
    }

    pub(crate) fn float(&self, i: usize, name: &str) -> Option<f64> {
        let value = self.value(i, name)?;
        // JSON has no infinities.
        let named = || value["float"].as_str().and_then(|word| word.parse().ok());
        Some(value.as_f64().or_else(named).expect("a number"))
    }

    pub(crate) fn flag(&self, i: usize, name: &str) -> bool {
        self.value(i, name).is_some_and(|value| value.as_bool().expect("true or false"))
    }

    /// A flag with a default of its own.
    pub(crate) fn flag_or(&self, i: usize, name: &str, default: bool) -> bool {
        self.value(i, name).map_or(default, |value| value.as_bool().expect("true or false"))
    }

    /// Whether argument `i` is a flag.
    pub(crate) fn is_flag(&self, i: usize) -> bool {
        self.case.args.get(i).is_some_and(Value::is_boolean)
    }

    /// Whether argument `i` is a word.
    pub(crate) fn is_word(&self, i: usize) -> bool {
        self.case.args.get(i).is_some_and(Value::is_string)
    }

    pub(crate) fn word(&self, i: usize, name: &str) -> Option<&'a str> {
        Some(word(self.value(i, name)?))
    }

    /// A number, or a tensor that holds one.
    pub(crate) fn number(&self, i: usize, name: &str) -> Option<f64> {
        let value = self.value(i, name)?;
        if value.get("tensor").is_some() { Some(self.named_tensor(value).item()) } else { self.float(i, name) }
    }

    /// An integer, or else a list of lists of integers.
    pub(crate) fn int_or_lists(&self, i: usize, name: &str) -> Result<isize, Vec<Vec<isize>>> {
        let value = self.value(i, name).unwrap_or_else(|| panic!("argument {i}, `{name}`, is missing"));
        let list = |value: &Value| value.as_array().expect("a list").iter().map(integer).collect();
        value.as_array().map_or_else(|| Ok(integer(value)), |lists| Err(lists.iter().map(list).collect()))
    }

    /// An integer or a list of integers.
    pub(crate) fn ints(&self, i: usize, name: &str) -> Option<Vec<isize>> {
        let value = self.value(i, name)?;
        Some(value.as_array().map_or_else(|| vec![integer(value)], |list| list.iter().map(integer).collect()))
    }

    /// As [`ints`](Self::ints), where an entry may be `None`.
    pub(crate) fn optional_ints(&self, i: usize, name: &str) -> Vec<Option<isize>> {
        let optional = |value: &Value| (!value.is_null()).then(|| integer(value));
        let value = self.value(i, name).unwrap_or_else(|| panic!("argument {i}, `{name}`, is missing"));
        value.as_array().map_or_else(|| vec![optional(value)], |list| list.iter().map(optional).collect())
    }

    /// A word, or else integers.
    pub(crate) fn word_or_ints(&self, i: usize, name: &str) -> Option<Result<&'a str, Vec<isize>>> {
        let value = self.value(i, name)?;
        Some(if value.is_string() { Ok(word(value)) } else { Err(self.ints(i, name)?) })
    }

    /// Asks for `dtype`, which must be that of the data: we cast where torch's reductions take a dtype.
    pub(crate) fn dtype_is_f64(&self, i: usize) {
        let dtype = self.value(i, "dtype").map(|value| word(&value["dtype"]));
        assert!(dtype.is_none_or(|dtype| dtype == "torch.float64"), "dtype is {dtype:?}");
    }
}

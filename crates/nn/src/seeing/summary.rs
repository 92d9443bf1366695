//! What a model is made of, as a table: each part's operations, output, parameters and arithmetic, from a run that computes nothing.

use super::{
    rows::rows,
    table::{Table, bytes, grouped},
};
use crate::{Layer, Mode};
use cotangent_autograd::{
    module::{self, Module},
    watch::{self, Operation, Origin, Recording},
};
use cotangent_tensor::{DType, Shape, Spec, SpecRef, Tensor};
use std::fmt;

#[cfg(test)]
mod tests;

/// The summary of a layer, such as a [`Sequential`](crate::Sequential), in evaluation, for an input of this shape and of the dtype of its
/// parameters.
///
/// Nothing is computed and no memory is asked for: operations are asked for their shapes. For any other model, or for other
/// inputs, there is [`summary_of`].
///
/// # Panics
/// When the shape does not fit the model, as in a run with values.
///
/// ```
/// use cotangent_nn::{Conv2d, Flatten, Linear, MaxPool2d, Sequential, seeing::summary};
/// use cotangent_tensor::{Rng, Tensor};
/// let mut rng = Rng::seed(7);
/// let model = Sequential::new()
///     .push(Conv2d::new(1, 6, 5, &mut rng))
///     .push_fn(Tensor::relu)
///     .push(MaxPool2d::new(2))
///     .push(Flatten::default())
///     .push(Linear::new(864, 10, &mut rng));
/// let table = summary(&model, [1, 1, 28, 28]).to_string();
/// println!("{table}");
/// let lines: Vec<&str> = table.lines().collect();
/// assert_eq!(lines, [
///     "path  operations  output             parameters    FLOPs",
///     "----  ----------  -----------------  ----------  -------",
///     "0     conv        f32[1, 6, 24, 24]         156  172,800",
///     "      relu        f32[1, 6, 24, 24]                3,456",
///     "      max_pool    f32[1, 6, 12, 12]                3,456",
///     "4     linear      f32[1, 10]              8,650   17,280",
///     "",
///     "parameters 8,806 (35.2 kB); FLOPs 196,992; values 38.1 kB",
/// ]);
/// ```
#[must_use]
#[track_caller]
pub fn summary<L: Layer + Clone>(model: &L, input: impl Into<Shape>) -> Summary {
    let tensors = module::tensors(model);
    let dtype = tensors.iter().map(|x| x.dtype()).find(|dtype| dtype.is_float()).unwrap_or(DType::F32);
    summary_of(model, &Tensor::shape_only(input, dtype), |model, x| model.call(x, &mut Mode::eval()))
}

/// The summary of what a function does with a model and inputs: a tensor, or a tuple or any other [`Module`] of several.
///
/// What is floating-point is replaced by its shape, so that nothing is computed; integers keep their values if they have some.
/// What the function needs floating-point values for, such as a shape that depends on them, is refused.
///
/// # Panics
/// When the shapes do not fit, as in a run with values, or when the function reads a value that was not computed.
///
/// ```
/// use cotangent_derive::Module;
/// use cotangent_nn::{Embedding, Linear, Lstm, seeing::summary_of};
/// use cotangent_tensor::{DType, Rng, Tensor};
///
/// #[derive(Clone, Module)]
/// struct Speller { letters: Embedding, memory: Lstm, scores: Linear }
///
/// let mut rng = Rng::seed(7);
/// let model = Speller {
///     letters: Embedding::new(28, 16, &mut rng),
///     memory: Lstm::new(16, 32, &mut rng),
///     scores: Linear::new(32, 28, &mut rng),
/// };
/// let text = Tensor::shape_only([20, 8], DType::I64);
/// let summary = summary_of(&model, &text, |m, x| m.scores.forward(&m.memory.forward(&m.letters.forward(x)).0));
/// assert_eq!(summary.parameters(), 28 * 16 + 4 * 32 * (16 + 32 + 2) + 28 * 32 + 28);
/// let paths: Vec<&str> = summary.rows().iter().filter_map(|row| row.path.as_deref()).collect();
/// assert_eq!(paths, ["letters", "memory", "scores"]);
/// ```
#[must_use]
#[track_caller]
pub fn summary_of<M, I, N>(model: &M, inputs: &I, f: impl FnOnce(&M, &I) -> N) -> Summary
where
    M: Module + Clone,
    I: Module + Clone,
    N: Module + Clone,
{
    let (_, recording) = watch::forward(&shapes(model), &shapes(inputs), f);
    Summary::new(&recording)
}

/// The module with its floating-point tensors replaced by their shapes.
fn shapes<M: Module + Clone>(module: &M) -> M {
    module::map(module, |leaf| match leaf.tensor.dtype() {
        dtype if dtype.is_float() => Tensor::shape_only(leaf.tensor.shape(), dtype),
        _ => leaf.tensor.clone(),
    })
}

/// What a model is made of; made by [`summary`] and [`summary_of`], and shown as a table.
#[derive(Clone, Debug)]
pub struct Summary {
    rows: Vec<Row>,
    unused: Vec<(String, u64)>,
    parameters: u64,
    parameter_bytes: u64,
    buffer_bytes: u64,
    value_bytes: u64,
}

/// A part of a model, or an operation between parts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Row {
    /// The part, as its parameters' paths name it; none for an operation without parameters.
    pub path: Option<String>,
    /// The operations by name, and how often each ran; of those that only move numbers, if there are no others.
    pub operations: Vec<(&'static str, usize)>,
    /// What it gave when it last ran.
    pub outputs: Vec<Spec>,
    /// The elements of the part's own parameters, those of parts within it not counted.
    pub parameters: u64,
    /// The floating-point operations of all its runs, as [`Primitive::flops`](cotangent_tensor::Primitive::flops) counts them.
    pub flops: u64,
}

impl Summary {
    /// The summary of what was recorded.
    #[must_use]
    pub fn new(recording: &Recording) -> Self {
        let mut taken = vec![false; recording.values().len()];
        recording.operations().iter().flat_map(Operation::inputs).for_each(|&input| taken[input] = true);
        let owned = |path: &str| {
            let parameters = recording.values().iter().filter(|value| matches!(value.origin(), Origin::Parameter(_)));
            parameters.filter(|value| value.part() == Some(path)).map(|value| numel(value.spec())).sum()
        };
        let describe = |row: &super::rows::Row| Row {
            operations: row.names(recording),
            outputs: row.outputs.iter().map(|&y| recording.values()[y].spec().to_owned()).collect(),
            parameters: row.path.as_deref().map_or(0, owned),
            flops: row
                .operations
                .iter()
                .fold(0, |sum: u64, &number| sum.saturating_add(recording.operations()[number].flops())),
            path: row.path.clone(),
        };
        let mut summary = Summary {
            rows: rows(recording).iter().map(describe).collect(),
            unused: Vec::new(),
            parameters: 0,
            parameter_bytes: 0,
            buffer_bytes: 0,
            value_bytes: 0,
        };
        for (value, taken) in recording.values().iter().zip(taken) {
            let (elements, bytes) = (numel(value.spec()), size(value.spec()));
            match value.origin() {
                Origin::Parameter(path) => {
                    summary.parameters += elements;
                    summary.parameter_bytes += bytes;
                    if !taken {
                        summary.unused.push((path.clone(), elements));
                    }
                }
                Origin::Buffer(_) => summary.buffer_bytes += bytes,
                // What only moves numbers mostly gives a view.
                Origin::Operation(number) if recording.operations()[*number].flops() > 0 => {
                    summary.value_bytes = summary.value_bytes.saturating_add(bytes);
                }
                _ => {}
            }
        }
        summary
    }

    /// The parts, and the operations between them, in the order in which they first ran. Operations that only move numbers, such as a
    /// transpose, are not listed.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Paths and sizes of the parameters that no operation took.
    #[must_use]
    pub fn unused(&self) -> &[(String, u64)] {
        &self.unused
    }

    /// The elements of all parameters, used or not.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        self.parameters
    }

    /// The floating-point operations of the whole run.
    #[must_use]
    pub fn flops(&self) -> u64 {
        self.rows.iter().fold(0, |sum, row| sum.saturating_add(row.flops))
    }

    /// The bytes of all parameters.
    #[must_use]
    pub fn parameter_bytes(&self) -> u64 {
        self.parameter_bytes
    }

    /// The bytes of all that is computed, were it all kept: at most what differentiating the run keeps alive, apart from parameters and
    /// inputs.
    #[must_use]
    pub fn value_bytes(&self) -> u64 {
        self.value_bytes
    }
}

fn numel(spec: SpecRef<'_>) -> u64 {
    spec.shape().iter().map(|&size| size as u64).product()
}

fn size(spec: SpecRef<'_>) -> u64 {
    numel(spec) * spec.dtype().size() as u64
}

/// A table of the rows, and the sums.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ["path", "operations", "output", "parameters", "FLOPs"];
        let mut lines = vec![names.map(str::to_owned).to_vec()];
        for row in &self.rows {
            let times = |&(name, count): &(&str, usize)| match count {
                1 => name.to_owned(),
                count => format!("{name} x{count}"),
            };
            let outputs: Vec<String> = row.outputs.iter().map(Spec::to_string).collect();
            lines.push(vec![
                match row.path.as_deref() {
                    Some("") => "(model)".to_owned(),
                    path => path.unwrap_or("").to_owned(),
                },
                row.operations.iter().map(times).collect::<Vec<_>>().join(", "),
                outputs.join(", "),
                if row.parameters == 0 { String::new() } else { grouped(row.parameters) },
                grouped(row.flops),
            ]);
        }
        for (path, parameters) in &self.unused {
            lines.push(vec![path.clone(), "(not used)".to_owned(), String::new(), grouped(*parameters), String::new()]);
        }
        write!(f, "{}", Table { numeric: &[false, false, false, true, true], lines })?;
        writeln!(f)?;
        let buffers = match self.buffer_bytes {
            0 => String::new(),
            size => format!(", buffers {}", bytes(size)),
        };
        writeln!(
            f,
            "parameters {} ({}){buffers}; FLOPs {}; values {}",
            grouped(self.parameters),
            bytes(self.parameter_bytes),
            grouped(self.flops()),
            bytes(self.value_bytes),
        )
    }
}

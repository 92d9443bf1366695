//! The graph of a computation: nodes are tensors that went in and operations, edges say what took what. [`dot`](Graph::dot) writes it
//! for Graphviz, [`svg`](Graph::svg) draws it.

mod dot;
mod layout;
mod svg;
#[cfg(test)]
mod tests;

use cotangent_autograd::watch::{Operation, Origin, Recording};
use cotangent_tensor::{Shape, Tensor};

/// The graph of what a [recording](cotangent_autograd::watch) holds, with values and cotangents where they are short.
///
/// ```
/// use cotangent_autograd::watch;
/// use cotangent_nn::seeing::Graph;
/// use cotangent_tensor::Tensor;
/// let (w, x) = (Tensor::from(3.0), Tensor::from(2.0));
/// let (_, _, recording) = watch::gradient(&w, &x, |w, x| (w * x).square());
/// let graph = Graph::new(&recording);
/// assert!(graph.dot().contains("mul\\nf64[]\\n= 6.0\\n∂ 12.0"));
/// assert!(graph.svg().starts_with("<svg"));
/// ```
#[derive(Clone, Debug)]
pub struct Graph {
    /// In an order in which every edge goes from an earlier node to a later one.
    nodes: Vec<Node>,
    /// From each node to those that take what it gives.
    edges: Vec<(usize, usize)>,
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    title: String,
    /// The part of the model that an operation belongs to.
    path: Option<String>,
    outputs: Vec<Output>,
    is_result: bool,
    /// Whether it only moves the numbers of one tensor.
    is_move: bool,
}

/// A tensor that a node stands for or gives.
#[derive(Clone, Debug)]
struct Output {
    spec: String,
    value: Option<String>,
    cotangent: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Input,
    Parameter,
    Constant,
    Operation,
}

/// Tensors of at most so many elements are shown by value: a line that is not much wider than a name and a shape.
const SHOWN: usize = 6;

impl Graph {
    /// All operations of a recording, and the tensors that they take; a constant that is one number is written into its operation.
    #[must_use]
    pub fn new(recording: &Recording) -> Self {
        let values = recording.values();
        let mut taken = vec![false; values.len()];
        for operation in recording.operations() {
            operation.inputs().iter().for_each(|&input| taken[input] = true);
        }
        recording.results().iter().for_each(|&result| taken[result] = true);
        let mut graph = Graph { nodes: Vec::new(), edges: Vec::new() };
        let mut node_of = vec![None; values.len()];
        for (number, value) in values.iter().enumerate() {
            let (kind, title) = match value.origin() {
                Origin::Operation(operation) => {
                    let operation = &recording.operations()[*operation];
                    if operation.outputs().first() == Some(&number) {
                        graph.add_operation(recording, operation, &taken, &mut node_of);
                    }
                    continue;
                }
                _ if !taken[number] => continue,
                Origin::Constant if value.is_number() => continue,
                Origin::Parameter(path) => (Kind::Parameter, named(path, "parameter")),
                Origin::Input(path) => (Kind::Input, named(path, "input")),
                Origin::Buffer(path) => (Kind::Constant, named(path, "buffer")),
                _ => (Kind::Constant, "constant".to_owned()),
            };
            node_of[number] = Some(graph.nodes.len());
            let outputs = vec![Output::of(recording, number)];
            graph.nodes.push(Node { kind, title, path: None, outputs, is_result: false, is_move: false });
        }
        for &node in recording.results().iter().filter_map(|&result| node_of[result].as_ref()) {
            graph.nodes[node].is_result = true;
        }
        graph
    }

    fn add_operation(
        &mut self,
        recording: &Recording,
        operation: &Operation,
        taken: &[bool],
        node_of: &mut [Option<usize>],
    ) {
        let node = self.nodes.len();
        let sources: Vec<Option<usize>> = operation.inputs().iter().map(|&input| node_of[input]).collect();
        let mut title = operation.name().to_owned();
        if sources.contains(&None) {
            let argument = |(&input, source): (&usize, &Option<usize>)| match source {
                Some(_) => "·".to_owned(),
                None => number_text(recording.values()[input].tensor()),
            };
            let arguments: Vec<String> = operation.inputs().iter().zip(&sources).map(argument).collect();
            title = format!("{title}({})", arguments.join(", "));
        }
        for &source in sources.iter().flatten() {
            join(&mut self.edges, source, node);
        }
        operation.outputs().iter().for_each(|&output| node_of[output] = Some(node));
        // Those that nothing took are there for derivatives.
        let mut outputs: Vec<usize> = operation.outputs().iter().copied().filter(|&output| taken[output]).collect();
        if outputs.is_empty() {
            outputs.extend(operation.outputs().first());
        }
        self.nodes.push(Node {
            kind: Kind::Operation,
            title,
            path: operation.path().filter(|path| !path.is_empty()).map(str::to_owned),
            outputs: outputs.iter().map(|&output| Output::of(recording, output)).collect(),
            is_result: false,
            is_move: operation.flops() == 0 && sources.len() == 1 && operation.outputs().len() == 1,
        });
    }

    /// The graph without the operations that only move the numbers of one tensor, such as a transpose or a broadcast: what takes
    /// their result then takes it from where it came.
    ///
    /// ```
    /// use cotangent_autograd::watch;
    /// use cotangent_nn::{Linear, seeing::Graph};
    /// use cotangent_tensor::{DType, Rng, Tensor};
    /// let layer = Linear::new(3, 2, &mut Rng::seed(7));
    /// let x = Tensor::shape_only([3, 5], DType::F32);
    /// let (_, recording) = watch::forward(&layer, &x, |layer, x| layer.forward(&x.transpose(0, 1)).relu());
    /// let graph = Graph::new(&recording).without_moves();
    /// let operations = graph.dot().matches("shape=box").count();
    /// assert_eq!(operations, 2); // the layer and its activation
    /// ```
    #[must_use]
    pub fn without_moves(self) -> Self {
        let mut source_of: Vec<usize> = (0..self.nodes.len()).collect();
        let goes = |node: &Node| node.is_move && !node.is_result;
        for &(from, to) in &self.edges {
            if goes(&self.nodes[to]) {
                // What `from` stands for is known, for edges come in the order of their later node.
                source_of[to] = source_of[from];
            }
        }
        let mut place_of = vec![0; self.nodes.len()];
        let mut kept = Graph { nodes: Vec::new(), edges: Vec::new() };
        for (old, node) in self.nodes.iter().enumerate() {
            place_of[old] = kept.nodes.len();
            if source_of[old] == old {
                kept.nodes.push(node.clone());
            }
        }
        for &(from, to) in &self.edges {
            if source_of[to] == to {
                join(&mut kept.edges, place_of[source_of[from]], place_of[to]);
            }
        }
        kept
    }
}

/// Joins two nodes once. Edges come in the order of their later node, so that those to one node are the last.
fn join(edges: &mut Vec<(usize, usize)>, from: usize, to: usize) {
    if !edges.iter().rev().take_while(|edge| edge.1 == to).any(|edge| edge.0 == from) {
        edges.push((from, to));
    }
}

impl Node {
    /// What is written on it, line by line, with what each line is.
    fn lines(&self) -> Vec<(Line, String)> {
        let mut lines = vec![(Line::Title, self.title.clone())];
        lines.extend(self.path.iter().map(|path| (Line::Path, path.clone())));
        for alike in self.outputs.chunk_by(|a, b| a.is_bare() && b.is_bare() && a.spec == b.spec) {
            let output = &alike[0];
            let times = if alike.len() == 1 { String::new() } else { format!("{} x ", alike.len()) };
            lines.push((Line::Spec, format!("{times}{}", output.spec)));
            lines.extend(output.value.iter().map(|value| (Line::Value, format!("= {value}"))));
            lines.extend(output.cotangent.iter().map(|cotangent| (Line::Cotangent, format!("∂ {cotangent}"))));
        }
        lines
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Title,
    Path,
    Spec,
    Value,
    Cotangent,
}

impl Output {
    fn is_bare(&self) -> bool {
        self.value.is_none() && self.cotangent.is_none()
    }

    fn of(recording: &Recording, number: usize) -> Self {
        let value = &recording.values()[number];
        Output {
            spec: value.spec().to_string(),
            value: short(value.tensor()),
            cotangent: value.cotangent().and_then(short),
        }
    }
}

fn named(path: &str, otherwise: &str) -> String {
    if path.is_empty() { otherwise } else { path }.to_owned()
}

/// The elements in one line, if there are few.
fn short(x: &Tensor) -> Option<String> {
    let is_short = x.has_values() && x.numel() <= SHOWN;
    is_short.then(|| x.to_string().split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The number that a constant is, in all its places.
fn number_text(x: &Tensor) -> String {
    let first = (0..x.rank() as isize).fold(x.clone(), |x, axis| x.narrow(axis, 0, 1));
    let text = first.reshape(Shape::from([])).to_string();
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

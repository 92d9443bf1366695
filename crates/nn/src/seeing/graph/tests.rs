//! Nodes and edges of small computations, and pictures of large ones.

use super::*;
use crate::Linear;
use cotangent_autograd::watch;
use cotangent_tensor::{DType, Rng};

fn titles(graph: &Graph) -> Vec<&str> {
    graph.nodes.iter().map(|node| node.title.as_str()).collect()
}

#[test]
fn a_node_for_each_tensor_that_is_taken_and_each_operation() {
    let (w, x, unused) = (Tensor::from([1.0, 2.0]), Tensor::from([3.0, 4.0]), Tensor::from(1.0));
    let (_, recording) = watch::forward(&[w, unused], &x, |m, x| (1.0 - x * &m[0]).square() + x);
    let graph = Graph::new(&recording);
    assert_eq!(titles(&graph), ["0", "input", "mul", "sub(1, ·)", "square", "add"]);
    assert_eq!(graph.edges, [(1, 2), (0, 2), (2, 3), (3, 4), (4, 5), (1, 5)]);
    assert_eq!(graph.nodes[2].path.as_deref(), Some("0"));
    let results: Vec<bool> = graph.nodes.iter().map(|node| node.is_result).collect();
    assert_eq!(results, [false, false, false, false, false, true]);
    assert_eq!(graph.nodes[5].outputs[0].value.as_deref(), Some("[ 7. 53.]"));
}

#[test]
fn moves_can_be_left_out_but_not_a_result() {
    let layer = Linear::new(3, 2, &mut Rng::seed(1));
    let x = Tensor::ones([4, 3], DType::F32);
    let (_, recording) = watch::forward(&layer, &x, |layer, x| layer.forward(x).transpose(0, 1).relu().transpose(0, 1));
    let whole = Graph::new(&recording);
    let names = ["weight", "bias", "input", "linear", "permute", "relu", "permute"];
    assert_eq!(titles(&whole), names);
    let graph = whole.without_moves();
    assert_eq!(titles(&graph), ["weight", "bias", "input", "linear", "relu", "permute"]);
    assert_eq!(graph.edges, [(2, 3), (0, 3), (1, 3), (3, 4), (4, 5)]);
}

#[test]
fn several_outputs_and_a_tensor_taken_twice_are_one_edge() {
    let (_, recording) = watch::forward(&(), &Tensor::from([3.0, 1.0]), |(), x| {
        let (sorted, places) = (x * x).sort(0);
        sorted * places.cast(DType::F64)
    });
    let graph = Graph::new(&recording);
    let sort = graph.nodes.iter().position(|node| node.outputs.len() == 2).expect("sort has two outputs");
    assert_eq!(graph.edges.iter().filter(|edge| edge.1 == 1).count(), 1);
    assert_eq!(graph.edges.iter().filter(|edge| edge.0 == sort).count(), 2);
}

#[test]
fn names_are_escaped() {
    let name = "a\"<&>\\\n";
    let model = std::collections::BTreeMap::from([(name, Tensor::from(1.0))]);
    let (_, recording) = watch::forward(&model, &(), |m, ()| m[name].exp());
    let graph = Graph::new(&recording);
    assert!(graph.dot().contains(r#"label="a\"<&>\\\n\nf64[]"#), "{}", graph.dot());
    assert!(graph.svg().contains(r"a&quot;&lt;&amp;&gt;\</text>"), "{}", graph.svg());
}

#[test]
fn a_graph_of_thousands_of_nodes_is_drawn() {
    // Three thousand layers, past each of which goes the edge of the input: in a debug build, seconds.
    let (_, recording) =
        watch::forward(&(), &Tensor::from([1.0, 2.0]), |(), x| (0..1500).fold(x.clone(), |y, _| (y * x).tanh()));
    let graph = Graph::new(&recording);
    assert_eq!(graph.nodes.len(), 3001);
    assert_eq!(graph.svg().matches("<rect").count(), 1 + 3001 + 2);
    assert_eq!(graph.dot().matches("->").count(), 1500 + 2999);
}

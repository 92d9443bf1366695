//! The graph in Graphviz's language.

use super::{Graph, Kind, Node};
use std::fmt::Write;

impl Graph {
    /// The graph in Graphviz's language: `dot -Tsvg graph.dot`.
    #[must_use]
    pub fn dot(&self) -> String {
        let mut text = String::from("digraph {\n  node [fontname=\"sans-serif\", fontsize=11, style=filled];\n");
        for (number, node) in self.nodes.iter().enumerate() {
            let lines: Vec<String> = node.lines().into_iter().map(|(_, line)| escaped(&line)).collect();
            let width = if node.is_result { ", penwidth=2" } else { "" };
            let (shape, color) = (shape(node), node.kind.color());
            let label = lines.join("\\n");
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  n{number} [label=\"{label}\", shape={shape}, fillcolor=\"{color}\"{width}];");
        }
        for (from, to) in &self.edges {
            let _ = writeln!(text, "  n{from} -> n{to};");
        }
        text.push_str("}\n");
        text
    }
}

fn shape(node: &Node) -> &'static str {
    if node.kind == Kind::Operation { "box" } else { "ellipse" }
}

fn escaped(line: &str) -> String {
    line.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

//! The graph as a picture.

use super::{
    Graph, Kind, Line, Node,
    layout::{Layout, Segment},
};
use std::fmt::Write;

const FONT_SIZE: f64 = 12.0;
/// The mean width of a character of a sans-serif font, and somewhat more, so that text of any such font stays in its box.
const CHARACTER: f64 = 0.62 * FONT_SIZE;
const LINE_HEIGHT: f64 = 1.3 * FONT_SIZE;
const PADDING: f64 = 8.0;

impl Kind {
    /// Light tints of the palette of Okabe and Ito, which the colour-blind tell apart; they differ in lightness too.
    pub(super) fn color(self) -> &'static str {
        match self {
            Kind::Input => "#cfe8f7",
            Kind::Parameter => "#fbe3b0",
            Kind::Constant => "#e6e6e6",
            Kind::Operation => "#ffffff",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Input => "input",
            Kind::Parameter => "parameter",
            Kind::Constant => "constant",
            Kind::Operation => "operation",
        }
    }
}

impl Line {
    /// Attributes of the text.
    fn style(self) -> &'static str {
        match self {
            Line::Title => r#"font-weight="bold""#,
            Line::Path => r##"fill="#555555" font-style="italic""##,
            Line::Spec => r##"fill="#555555""##,
            Line::Value => r##"fill="#005a8c""##,
            Line::Cotangent => r##"fill="#b34700""##,
        }
    }
}

impl Graph {
    /// The graph as a picture, from the top down: what goes in, the operations, and the result with a thick border. Where tensors are short,
    /// their values stand after `=`, their cotangents after `∂`.
    #[must_use]
    pub fn svg(&self) -> String {
        let texts: Vec<Vec<(Line, String)>> = self.nodes.iter().map(Node::lines).collect();
        let sizes: Vec<(f64, f64)> = texts.iter().map(|lines| size_of(lines)).collect();
        let layout = Layout::new(&sizes, &self.edges);
        let legend = self.legend();
        let legend_width = legend.iter().map(|entry| entry_width(&entry.1)).sum::<f64>() + 2.0 * PADDING;
        let (width, height) = (layout.width.max(legend_width), layout.height + 3.0 * LINE_HEIGHT);
        let shift = (width - layout.width) / 2.0;
        let mut svg = String::new();
        // Writing to a string cannot fail, here and below.
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"{FONT_SIZE}\">\n\
             <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
             orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#777777\"/></marker></defs>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n<g transform=\"translate({shift:.1} 0)\">\n"
        );
        layout.segments.iter().for_each(|segment| draw_segment(&mut svg, segment));
        for (i, node) in self.nodes.iter().enumerate() {
            draw_node(&mut svg, node, &texts[i], layout.centres[i], sizes[i]);
        }
        svg.push_str("</g>\n");
        draw_legend(&mut svg, &legend, layout.height + LINE_HEIGHT);
        svg.push_str("</svg>\n");
        svg
    }

    /// What the colours and signs that occur mean.
    fn legend(&self) -> Vec<(Option<Kind>, String)> {
        let occurs = |kind: &Kind| self.nodes.iter().any(|node| node.kind == *kind);
        let kinds = [Kind::Input, Kind::Parameter, Kind::Constant, Kind::Operation].into_iter().filter(occurs);
        let mut legend: Vec<_> = kinds.map(|kind| (Some(kind), kind.name().to_owned())).collect();
        let outputs = || self.nodes.iter().flat_map(|node| &node.outputs);
        if outputs().any(|output| output.value.is_some()) {
            legend.push((None, "= value".to_owned()));
        }
        if outputs().any(|output| output.cotangent.is_some()) {
            legend.push((None, "∂ cotangent: derivative of the result by the value".to_owned()));
        }
        legend
    }
}

fn size_of(lines: &[(Line, String)]) -> (f64, f64) {
    let longest = lines.iter().map(|(_, text)| text.chars().count()).max().unwrap_or(0);
    (longest as f64 * CHARACTER + 2.0 * PADDING, lines.len() as f64 * LINE_HEIGHT + PADDING)
}

fn draw_segment(svg: &mut String, segment: &Segment) {
    let ((x, y), (to_x, to_y)) = (segment.from, segment.to);
    let middle = f64::midpoint(y, to_y);
    let arrow = if segment.arrives { " marker-end=\"url(#arrow)\"" } else { "" };
    let _ = writeln!(
        svg,
        "<path d=\"M{x:.1} {y:.1}C{x:.1} {middle:.1} {to_x:.1} {middle:.1} {to_x:.1} {to_y:.1}\" fill=\"none\" \
         stroke=\"#777777\"{arrow}/>"
    );
}

fn draw_node(svg: &mut String, node: &Node, lines: &[(Line, String)], centre: (f64, f64), size: (f64, f64)) {
    let ((x, y), (width, height)) = (centre, size);
    let (left, top) = (x - width / 2.0, y - height / 2.0);
    let radius = if node.kind == Kind::Operation { 3.0 } else { 10.0 };
    let (color, border) = (node.kind.color(), if node.is_result { 2.5 } else { 1.0 });
    let _ = writeln!(
        svg,
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{radius}\" fill=\"{color}\" \
         stroke=\"#333333\" stroke-width=\"{border}\"/>"
    );
    for (i, (line, text)) in lines.iter().enumerate() {
        let baseline = top + PADDING / 2.0 + (i as f64 + 0.78) * LINE_HEIGHT;
        let (style, text) = (line.style(), escaped(text));
        let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{baseline:.1}\" text-anchor=\"middle\" {style}>{text}</text>");
    }
}

fn entry_width(text: &str) -> f64 {
    text.chars().count() as f64 * CHARACTER + 3.0 * LINE_HEIGHT
}

fn draw_legend(svg: &mut String, legend: &[(Option<Kind>, String)], y: f64) {
    let mut x = PADDING;
    for (kind, text) in legend {
        let mut text_x = x;
        if let Some(kind) = kind {
            let (top, color) = (y - 0.8 * FONT_SIZE, kind.color());
            let _ = writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{FONT_SIZE}\" height=\"{FONT_SIZE}\" fill=\"{color}\" stroke=\"#333333\"/>"
            );
            text_x += 1.5 * FONT_SIZE;
        }
        let style = if text.starts_with('∂') { Line::Cotangent.style() } else { Line::Spec.style() };
        let _ = writeln!(svg, "<text x=\"{text_x:.1}\" y=\"{y:.1}\" {style}>{}</text>", escaped(text));
        x += entry_width(text);
    }
}

/// Text as XML writes it; characters that XML has no place for are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            character if character.is_control() => {}
            character => escaped.push(character),
        }
    }
    escaped
}

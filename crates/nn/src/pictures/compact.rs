//! A smaller file for the same picture. Plotters writes each rectangle as an element with all its attributes; a heat map or a grid of images
//! has thousands.

use std::fmt::Write as _;

/// The SVG that plotters wrote, with filled rectangles of one colour that follow each other as one path, and without attributes that say
/// what SVG takes for granted. As one shape they have no seams either.
///
/// Quotation marks are escaped in texts, so that only what plotters wrote is changed.
pub(super) fn compact(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len() / 2);
    // The colour of the path that is being written.
    let mut open: Option<&str> = None;
    for line in svg.lines() {
        let rectangle = filled_rectangle(line);
        let color = rectangle.map(|(_, color)| color);
        if open.is_some() && open != color {
            out += "\"/>\n";
        }
        match rectangle {
            Some(([x, y, width, height], color)) => {
                if open != Some(color) {
                    let _ = write!(out, "<path fill=\"{color}\" d=\"");
                }
                // Writing to a string does not fail.
                let _ = write!(out, "M{x} {y}h{width}v{height}h-{width}z");
            }
            None => {
                out += &line.replace(" opacity=\"1\"", "").replace(" stroke=\"none\"", "");
                out.push('\n');
            }
        }
        open = color;
    }
    if open.is_some() {
        out += "\"/>\n";
    }
    out
}

/// The place, the size and the colour of an opaque filled rectangle, if the line is one.
fn filled_rectangle(line: &str) -> Option<([u32; 4], &str)> {
    let mut rest = line.strip_prefix("<rect")?;
    let mut numbers = [0; 4];
    for (number, name) in numbers.iter_mut().zip(["x", "y", "width", "height"]) {
        let value = rest.strip_prefix(' ')?.strip_prefix(name)?.strip_prefix("=\"")?;
        let end = value.find('"')?;
        *number = value[..end].parse().ok()?;
        rest = &value[end + 1..];
    }
    let color = rest.strip_prefix(" opacity=\"1\" fill=\"")?.strip_suffix("\" stroke=\"none\"/>")?;
    (color != "none").then_some((numbers, color))
}

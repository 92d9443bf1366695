//! The key of a chart: above the axes, so that it hides nothing.

use super::{Chart, Form};
use crate::pictures::{
    canvas::{Anchor, Canvas, LABEL, at, width_of},
    error::PictureError,
    shades::pale,
};

/// The height of a line, the width of a sign, and the space after an entry, in pixels.
const LINE: f64 = 18.0;
const SIGN: f64 = 24.0;
const SPACE: f64 = 14.0;
/// Room below the key for the upper half of the number at the end of the axis.
const BELOW: f64 = 8.0;

impl Chart {
    pub(super) fn key_height(&self, width: f64) -> f64 {
        match self.entries(width).last() {
            Some(&(_, line, _)) => LINE * (line + 1.0) + BELOW,
            None => BELOW,
        }
    }

    /// Where each name goes: its left edge, its line, the name.
    fn entries(&self, width: f64) -> Vec<(f64, f64, &str)> {
        let mut entries = Vec::new();
        let (mut x, mut line) = (SPACE, 0.0);
        for name in self.names() {
            let entry = SIGN + width_of(name, LABEL) + SPACE;
            if x > SPACE && x + entry > width {
                (x, line) = (SPACE, line + 1.0);
            }
            entries.push((x, line, name));
            x += entry;
        }
        entries
    }

    pub(super) fn draw_key(&self, canvas: &Canvas<'_>) -> Result<(), PictureError> {
        for (x, line, name) in self.entries(canvas.width) {
            let (color, y) = (self.color(name), LINE * line + LINE / 2.0);
            for layer in self.layers.iter().filter(|layer| layer.name == name) {
                match layer.form {
                    Form::Band(_) | Form::Region(..) | Form::Bins(_) => {
                        canvas.fill((x, y - 6.0), (x + 18.0, y + 6.0), pale(color))?;
                    }
                    Form::Line(_) | Form::Levels(..) => {
                        canvas.line(vec![at(x, y), at(x + 18.0, y)], color, 2.0)?;
                    }
                    Form::Dashed(_) => {
                        canvas.line(vec![at(x, y), at(x + 7.0, y)], color, 2.0)?;
                        canvas.line(vec![at(x + 11.0, y), at(x + 18.0, y)], color, 2.0)?;
                    }
                    Form::Points(_) => canvas.mark(at(x + 9.0, y), self.place(name), color, 3.25)?,
                    Form::Heat(..) | Form::Text(_) => {}
                }
            }
            canvas.text(name, x + SIGN, y, LABEL, Anchor::Start)?;
        }
        Ok(())
    }
}

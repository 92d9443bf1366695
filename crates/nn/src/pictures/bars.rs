//! A value for each of some names.

use super::{
    axis::{Axis, written},
    canvas::{Anchor, Canvas, LABEL, TICK, at, title_height, width_of},
    error::PictureError,
    shades::{GREY, series},
};

/// A bar for each name, from top to bottom: which words decided, which inputs mattered. Negative bars have another colour, and go to the
/// left.
///
/// ```
/// use cotangent_nn::pictures::{Bars, Picture};
/// let bars = Bars::new("What speaks for spam", "weight", [("prize", 2.1), ("free", 1.7), ("meeting", -1.9)]);
/// assert!(Picture::of(bars).svg()?.contains("meeting"));
/// # Ok::<(), cotangent_nn::pictures::PictureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bars {
    title: String,
    label: String,
    bars: Vec<(String, f64)>,
}

/// The height of a bar with the space below it, in pixels.
const ROW: f64 = 20.0;

impl Bars {
    /// Bars with their values, whose meaning is `label`.
    #[must_use]
    pub fn new<N: Into<String>>(
        title: impl Into<String>,
        label: impl Into<String>,
        bars: impl IntoIterator<Item = (N, f64)>,
    ) -> Bars {
        let bars = bars.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Bars { title: title.into(), label: label.into(), bars }
    }

    pub(super) fn height(&self, width: f64) -> f64 {
        title_height(&self.title, width) + ROW * self.bars.len() as f64 + 28.0
    }

    pub(super) fn draw(&self, canvas: &Canvas<'_>) -> Result<(), PictureError> {
        let top = canvas.title(&self.title)? + 2.0;
        let axis = Axis::around(self.bars.iter().map(|bar| bar.1).chain([0.0]), false, 0.0);
        let values = || self.bars.iter().filter_map(|bar| axis.position(bar.1));
        let names = self.bars.iter().map(|bar| width_of(&bar.0, TICK)).fold(0.0, f64::max);
        let step = axis.high / 1000.0 - axis.low / 1000.0;
        let step = 10f64.powf(step.log10().ceil());
        let numbers = values().map(|value| width_of(&written(value, step), TICK)).fold(0.0, f64::max) + 8.0;
        // Names at most at half of the width; numbers on both sides, at the ends of the bars.
        let left = names.min(canvas.width / 2.0) + 10.0 + if axis.low < 0.0 { numbers } else { 0.0 };
        let length = (canvas.width - left - numbers).max(1.0);
        let x = |value: f64| left + length * (value / 2.0 - axis.low / 2.0) / (axis.high / 2.0 - axis.low / 2.0);
        for (row, (name, value)) in self.bars.iter().enumerate() {
            let y = top + ROW * (row as f64 + 0.5);
            canvas.text(name, names.min(canvas.width / 2.0) + 4.0, y, TICK, Anchor::End)?;
            let Some(value) = axis.position(*value) else { continue };
            let (from, to) = (x(value.min(0.0)), x(value.max(0.0)));
            canvas.fill((from, y - 7.0), (to, y + 7.0), series(usize::from(value < 0.0)))?;
            let (end, anchor) = if value < 0.0 { (from - 4.0, Anchor::End) } else { (to + 4.0, Anchor::Start) };
            canvas.text(&written(value, step), end, y, TICK, anchor)?;
        }
        let bottom = top + ROW * self.bars.len() as f64;
        canvas.line(vec![at(x(0.0), top), at(x(0.0), bottom)], GREY, 1.0)?;
        canvas.text(&self.label, left + length / 2.0, bottom + 14.0, LABEL, Anchor::Middle)
    }
}

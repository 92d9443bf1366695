//! Colours: eight for series, and maps from numbers to colours.

use plotters::style::RGBColor;
use std::ops::Range;

/// Okabe and Ito's palette for colour-blind readers, in the order in which neighbours differ most; yellow, hard to see on
/// white, comes last.
const SERIES: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xB2), // blue
    RGBColor(0xD5, 0x5E, 0x00), // vermillion
    RGBColor(0x00, 0x9E, 0x73), // bluish green
    RGBColor(0xCC, 0x79, 0xA7), // reddish purple
    RGBColor(0x56, 0xB4, 0xE9), // sky blue
    RGBColor(0xE6, 0x9F, 0x00), // orange
    RGBColor(0x00, 0x00, 0x00), // black
    RGBColor(0xF0, 0xE4, 0x42), // yellow
];

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(0x30, 0x30, 0x30);
/// What has no name.
pub(super) const GREY: RGBColor = RGBColor(0x70, 0x70, 0x70);
/// Lines behind the data, and numbers that are missing.
pub(super) const FAINT: RGBColor = RGBColor(0xE2, 0xE2, 0xE2);

/// The colour of the series at this place; from the ninth on they repeat.
pub(super) fn series(place: usize) -> RGBColor {
    SERIES[place % SERIES.len()]
}

/// A colour for an area on which points and text of the full colour can be seen.
pub(super) fn pale(color: RGBColor) -> RGBColor {
    mixed(color, RGBColor(0xFF, 0xFF, 0xFF), 0.72)
}

/// The colour at `part` of the way from one to the other.
fn mixed(from: RGBColor, to: RGBColor, part: f64) -> RGBColor {
    let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * part).round() as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

/// How many colours a map has: few, so that neighbours in a picture are one shape in its file, and odd, so that a diverging map
/// has a middle.
pub(super) const LEVELS: u8 = 17;

/// How numbers become colours.
///
/// ```
/// use cotangent_nn::pictures::Shades;
/// let probability = Shades::diverging().over(0.0..1.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Shades {
    map: Map,
    range: Option<Range<f64>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Map {
    Viridis,
    Diverging,
    Ink,
}

impl Shades {
    /// From dark blue over green to yellow, for numbers from low to high: viridis, by S. van der Walt and N. Smith.
    #[must_use]
    pub fn viridis() -> Self {
        Shades { map: Map::Viridis, range: None }
    }

    /// Blue below, white in the middle, red above. Without [`Self::over`] the middle is zero.
    #[must_use]
    pub fn diverging() -> Self {
        Shades { map: Map::Diverging, range: None }
    }

    /// White for the lowest number, black for the highest, as ink on paper.
    #[must_use]
    pub fn ink() -> Self {
        Shades { map: Map::Ink, range: None }
    }

    /// These numbers get the first and the last colour, and what lies outside gets the nearer one. Without it, the range is that
    /// of what is drawn.
    #[must_use]
    pub fn over(mut self, range: Range<f64>) -> Self {
        self.range = Some(range);
        self
    }

    /// The scale for these numbers.
    pub(super) fn fit(&self, values: impl Iterator<Item = f64>) -> Scale {
        let range = self.range.clone().unwrap_or_else(|| {
            let (low, high) = values
                .filter(|value| value.is_finite())
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
            match self.map {
                _ if low > high => 0.0..1.0,
                Map::Diverging => -low.abs().max(high.abs())..low.abs().max(high.abs()),
                _ => low..high,
            }
        });
        Scale { map: self.map, low: range.start, high: range.end }
    }
}

/// A map with its range.
pub(super) struct Scale {
    map: Map,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Scale {
    /// Which of the [`LEVELS`] a number has; none if it is no number.
    pub(super) fn level(&self, value: f64) -> Option<u8> {
        // Halves, because the difference of two great numbers may be too great for one.
        let part = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        match part {
            // All numbers are the same.
            _ if self.low == self.high => {
                (!value.is_nan()).then_some(if self.map == Map::Ink { 0 } else { LEVELS / 2 })
            }
            _ if part.is_nan() => None,
            _ => Some((part.clamp(0.0, 1.0) * f64::from(LEVELS - 1)).round() as u8),
        }
    }

    pub(super) fn color(&self, level: u8) -> RGBColor {
        let part = f64::from(level) / f64::from(LEVELS - 1);
        match self.map {
            Map::Ink => mixed(RGBColor(0xFF, 0xFF, 0xFF), RGBColor(0, 0, 0), part),
            Map::Diverging => between(&DIVERGING, part),
            Map::Viridis => between(&VIRIDIS, part),
        }
    }

    /// Whether dark text can be read on this level.
    pub(super) fn is_light(&self, level: u8) -> bool {
        let RGBColor(r, g, b) = self.color(level);
        // The luma of Rec. 601, against the middle.
        0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b) > 128.0
    }
}

/// Nine of matplotlib's 256 colours, at equal distances.
const VIRIDIS: [u32; 9] = [0x440154, 0x472D7B, 0x3B528B, 0x2C728E, 0x21918C, 0x28AE80, 0x5EC962, 0xADDC30, 0xFDE725];

/// ColorBrewer's RdBu, by C. Brewer, from blue to red; its middle is made white, which is the paper.
const DIVERGING: [u32; 9] = [0x2166AC, 0x4393C3, 0x92C5DE, 0xD1E5F0, 0xFFFFFF, 0xFDDBC7, 0xF4A582, 0xD6604D, 0xB2182B];

fn between(colors: &[u32; 9], part: f64) -> RGBColor {
    let color = |at: usize| {
        let [_, r, g, b] = colors[at].to_be_bytes();
        RGBColor(r, g, b)
    };
    let place = part * 8.0;
    let below = (place as usize).min(7);
    mixed(color(below), color(below + 1), place - below as f64)
}

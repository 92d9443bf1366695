//! What the panels draw with: sizes in pixels of the shown picture, text of the three sizes that there are, and the seam to plotters.

use super::{error::PictureError, shades::INK};
use plotters::{
    coord::Shift,
    element::{Drawable, PointCollection},
    prelude::{
        Circle, Color, DrawingArea, IntoFont, IntoTextStyle, PathElement, Polygon, RGBColor, Rectangle, SVGBackend,
        Text, TextStyle, WHITE,
    },
    style::text_anchor::{HPos, Pos, VPos},
};

/// Plotters draws at whole coordinates, and lines look smooth at a quarter of a pixel.
pub(super) const UNITS: f64 = 4.0;

/// Sizes of text in pixels. A picture of two panels is 640 wide, so that its ticks still have 11 of them when it is shown at 600.
pub(super) const TITLE: f64 = 15.0;
pub(super) const LABEL: f64 = 13.0;
pub(super) const TICK: f64 = 12.0;

/// A length in plotters' units.
pub(super) fn px(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

/// A point in plotters' units.
pub(super) fn at(x: f64, y: f64) -> (i32, i32) {
    (px(x), px(y))
}

/// About how wide a text is: its true width depends on the reader's font, and sans-serif letters are about 0.55 of their size.
pub(super) fn width_of(text: &str, size: f64) -> f64 {
    0.55 * size * text.chars().count() as f64
}

/// Text broken into lines of at most this width, between words.
pub(super) fn wrapped(text: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| width_of(line, size) + width_of(word, size) + size < width) {
            Some(line) => *line = format!("{line} {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Where a text's anchor is.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A font of this size, whose text is centred vertically.
pub(super) fn font(size: f64, anchor: Anchor, color: RGBColor) -> TextStyle<'static> {
    let horizontal = match anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    // Plotters' sizes are those of a line: 1.24 of what SVG calls the size.
    let style = ("sans-serif", size * UNITS * 1.24).into_font().color(&color);
    style.pos(Pos::new(horizontal, VPos::Center))
}

/// A rectangle to draw in, of a size in pixels.
pub(super) struct Canvas<'a> {
    pub(super) area: DrawingArea<SVGBackend<'a>, Shift>,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl<'a> Canvas<'a> {
    /// A part of this canvas.
    pub(super) fn part(&self, x: f64, y: f64, width: f64, height: f64) -> Canvas<'a> {
        let area = self.area.clone().shrink(at(x, y), at(width, height));
        Canvas { area, width, height }
    }

    pub(super) fn draw<E>(&self, element: E) -> Result<(), PictureError>
    where
        for<'b> &'b E: PointCollection<'b, (i32, i32)>,
        E: Drawable<SVGBackend<'a>>,
    {
        self.area.draw(&element).map_err(refused)
    }

    pub(super) fn text(&self, text: &str, x: f64, y: f64, size: f64, anchor: Anchor) -> Result<(), PictureError> {
        self.draw(Text::new(text.to_owned(), at(x, y), font(size, anchor, INK)))
    }

    /// Text from bottom to top.
    pub(super) fn upright(&self, text: &str, x: f64, y: f64, size: f64) -> Result<(), PictureError> {
        let style = font(size, Anchor::Middle, INK);
        let style = style.transform(plotters::style::FontTransform::Rotate270).into_text_style(&self.area);
        self.draw(Text::new(text.to_owned(), at(x, y), style))
    }

    pub(super) fn fill(&self, from: (f64, f64), to: (f64, f64), color: RGBColor) -> Result<(), PictureError> {
        self.draw(Rectangle::new([at(from.0, from.1), at(to.0, to.1)], color.filled()))
    }

    /// White, so that text can be read on any colour.
    pub(super) fn fill_behind(&self, from: (i32, i32), to: (i32, i32)) -> Result<(), PictureError> {
        self.draw(Rectangle::new([from, to], WHITE.mix(0.75).filled()))
    }

    pub(super) fn frame(&self, from: (f64, f64), to: (f64, f64), color: RGBColor) -> Result<(), PictureError> {
        self.draw(Rectangle::new([at(from.0, from.1), at(to.0, to.1)], color.stroke_width(px(1.0) as u32)))
    }

    pub(super) fn line(&self, points: Vec<(i32, i32)>, color: RGBColor, width: f64) -> Result<(), PictureError> {
        self.draw(PathElement::new(points, color.stroke_width(px(width) as u32)))
    }

    /// An area through which what is behind it can be seen.
    pub(super) fn veil(&self, points: Vec<(i32, i32)>, color: RGBColor) -> Result<(), PictureError> {
        self.draw(Polygon::new(points, color.mix(0.3).filled()))
    }

    pub(super) fn polygon(&self, points: Vec<(i32, i32)>, color: RGBColor) -> Result<(), PictureError> {
        self.draw(Polygon::new(points, color.filled()))
    }

    /// A mark for a point: its form tells the series apart where colours cannot.
    pub(super) fn mark(
        &self,
        (x, y): (i32, i32),
        form: usize,
        color: RGBColor,
        radius: f64,
    ) -> Result<(), PictureError> {
        let r = px(radius);
        match form % 4 {
            0 => self.draw(Circle::new((x, y), r, color.filled())),
            1 => self.polygon(vec![(x, y - r * 5 / 4), (x + r * 5 / 4, y + r), (x - r * 5 / 4, y + r)], color),
            2 => self.draw(Rectangle::new([(x - r, y - r), (x + r, y + r)], color.filled())),
            _ => self
                .polygon(vec![(x, y - r * 4 / 3), (x + r * 4 / 3, y), (x, y + r * 4 / 3), (x - r * 4 / 3, y)], color),
        }
    }

    /// Draws the title at the top, and returns the height that it took.
    pub(super) fn title(&self, title: &str) -> Result<f64, PictureError> {
        for (line, text) in (0..).zip(wrapped(title, TITLE, self.width)) {
            self.text(&text, self.width / 2.0, 14.0 + 18.0 * f64::from(line), TITLE, Anchor::Middle)?;
        }
        Ok(title_height(title, self.width))
    }
}

/// The height of a title in a panel of this width.
pub(super) fn title_height(title: &str, width: f64) -> f64 {
    match wrapped(title, TITLE, width).len() {
        0 => 8.0,
        lines => 8.0 + 18.0 * lines as f64,
    }
}

/// What plotters says; writing to a string does not fail, so that this is not seen.
pub(super) fn refused(error: impl std::fmt::Display) -> PictureError {
    PictureError::Drawing(error.to_string())
}

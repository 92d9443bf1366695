//! How a chart is drawn: the axes by plotters' mesh, then each layer within them.

use super::{Chart, Form, Layer, Side};
use crate::pictures::{
    axis::{Axis, written},
    canvas::{Anchor, Canvas, LABEL, TICK, font, px, refused, title_height, width_of},
    clip::{Point, Window},
    error::PictureError,
    plane::Plane,
    shades::{FAINT, GREY, INK, LEVELS, Scale, pale, series},
};
use plotters::{
    coord::ranged1d::Ranged,
    prelude::{ChartBuilder, Color, RGBColor, Rectangle, Text},
};

/// Space in pixels for the numbers and the label of an axis, and for the scale of a heat map.
const LEFT: f64 = 62.0;
const BELOW: f64 = 44.0;
const SCALE: f64 = 62.0;

impl Chart {
    pub(in crate::pictures) fn height(&self, width: f64) -> f64 {
        let plot = width - LEFT - if self.scale().is_some() { SCALE } else { 14.0 };
        // A plane is square, so that its two inputs weigh the same; a curve is easier to read when it is wider than high.
        let plot = if self.square || self.has_plane() { plot } else { (0.62 * plot).max(170.0) };
        title_height(&self.title, width) + self.key_height(width) + plot + BELOW
    }

    pub(in crate::pictures) fn draw(&self, canvas: &Canvas<'_>) -> Result<(), PictureError> {
        let title = canvas.title(&self.title)?;
        self.draw_key(&canvas.part(0.0, title, canvas.width, self.key_height(canvas.width)))?;
        let top = title + self.key_height(canvas.width);
        let scale = self.scale();
        let width = canvas.width - if scale.is_some() { SCALE } else { 14.0 };
        let plot = canvas.part(0.0, top, width, canvas.height - top);
        if let Some((name, scale)) = &scale {
            draw_scale(&canvas.part(width, top, SCALE, canvas.height - top - BELOW), name, scale)?;
        }

        let (x, y) = self.axes()?;
        let mut builder = ChartBuilder::on(&plot.area);
        builder.x_label_area_size(px(BELOW)).y_label_area_size(px(LEFT));
        let mut chart = builder.build_cartesian_2d(x, y).map_err(refused)?;
        let mut mesh = chart.configure_mesh();
        mesh.x_desc(self.x.label.as_str()).y_desc(self.y.label.as_str());
        mesh.axis_desc_style(font(LABEL, Anchor::Middle, INK)).label_style(font(TICK, Anchor::Middle, INK));
        mesh.bold_line_style(FAINT.stroke_width(px(0.75) as u32)).axis_style(INK.stroke_width(px(1.0) as u32));
        mesh.set_all_tick_mark_size(px(4.0));
        // So many numbers of about five digits fit.
        mesh.x_labels((plot.width / 65.0) as usize).y_labels((plot.height / 45.0) as usize);
        mesh.draw().map_err(refused)?;

        let area = chart.plotting_area().strip_coord_spec();
        let inside = Inside { x, y, canvas: Canvas { area, ..plot }, on_plane: self.has_plane() };
        self.layers.iter().try_for_each(|layer| inside.layer(layer, self.color(&layer.name), self.place(&layer.name)))
    }

    /// The axes: as asked for, or else those of the planes, or else around the data with a margin.
    fn axes(&self) -> Result<(Axis, Axis), PictureError> {
        let margin = if self.has_plane() { 0.0 } else { 0.04 };
        let fitted = |layer: &&Layer| !self.has_plane() || layer.form.plane().is_some();
        let axis = |side: &Side, values: fn(&Form) -> Vec<f64>| match &side.range {
            Some(range) => Axis::over(range, side.log).ok_or_else(|| PictureError::Range {
                chart: self.title.clone(),
                axis: side.label.clone(),
                range: range.clone(),
            }),
            None => {
                let values = self.layers.iter().filter(fitted).flat_map(|layer| values(&layer.form));
                Ok(Axis::around(values, side.log, margin))
            }
        };
        Ok((axis(&self.x, Form::xs)?, axis(&self.y, Form::ys)?))
    }

    fn has_plane(&self) -> bool {
        self.layers.iter().any(|layer| layer.form.plane().is_some())
    }

    /// The heat map's name and scale, if there is a heat map.
    fn scale(&self) -> Option<(&str, Scale)> {
        self.layers.iter().find_map(|layer| match &layer.form {
            Form::Heat(plane, shades) => Some((layer.name.as_str(), shades.fit(plane.values.iter().copied()))),
            _ => None,
        })
    }

    /// The place of a name among the names of this chart: what has the same name has the same colour.
    pub(super) fn place(&self, name: &str) -> usize {
        self.names().iter().position(|&other| other == name).unwrap_or(0)
    }

    pub(super) fn color(&self, name: &str) -> RGBColor {
        if name.is_empty() { GREY } else { series(self.place(name)) }
    }

    /// The names in the key.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for layer in &self.layers {
            let has_key = !matches!(layer.form, Form::Text(_) | Form::Heat(..)) && !layer.name.is_empty();
            if has_key && !names.contains(&layer.name.as_str()) {
                names.push(&layer.name);
            }
        }
        names
    }
}

impl Form {
    fn plane(&self) -> Option<&Plane> {
        match self {
            Form::Heat(plane, _) | Form::Region(plane, _) | Form::Levels(plane, _) => Some(plane),
            _ => None,
        }
    }

    /// All x that the axis should show.
    fn xs(&self) -> Vec<f64> {
        match self {
            Form::Line(points) | Form::Dashed(points) | Form::Points(points) => points.iter().map(|p| p.0).collect(),
            Form::Band(points) => points.iter().map(|p| p.0).collect(),
            Form::Bins(bins) => bins.iter().flat_map(|&(left, right, _)| [left, right]).collect(),
            Form::Text(_) => Vec::new(),
            Form::Heat(plane, _) | Form::Region(plane, _) | Form::Levels(plane, _) => vec![plane.x.start, plane.x.end],
        }
    }

    /// All y that the axis should show.
    fn ys(&self) -> Vec<f64> {
        match self {
            Form::Line(points) | Form::Dashed(points) | Form::Points(points) => points.iter().map(|p| p.1).collect(),
            Form::Band(points) => points.iter().flat_map(|&(_, low, high)| [low, high]).collect(),
            Form::Bins(bins) => bins.iter().flat_map(|&(_, _, height)| [0.0, height]).collect(),
            Form::Text(_) => Vec::new(),
            Form::Heat(plane, _) | Form::Region(plane, _) | Form::Levels(plane, _) => vec![plane.y.start, plane.y.end],
        }
    }
}

/// Where layers are drawn: the rectangle between the axes.
struct Inside<'a> {
    x: Axis,
    y: Axis,
    canvas: Canvas<'a>,
    /// Marks on a plane get a white rim.
    on_plane: bool,
}

impl Inside<'_> {
    fn layer(&self, layer: &Layer, color: RGBColor, place: usize) -> Result<(), PictureError> {
        match &layer.form {
            Form::Line(points) => self.line(points, color, 2.0),
            Form::Dashed(points) => self.dashed(points, color),
            Form::Band(points) => self.band(points, color),
            Form::Points(points) => self.points(points, color, place),
            Form::Bins(bins) => self.bins(bins, color),
            Form::Text(point) => self.note(&layer.name, *point),
            Form::Heat(plane, shades) => {
                let scale = shades.fit(plane.values.iter().copied());
                self.blocks(plane, |value| scale.level(value), |level| scale.color(level))
            }
            Form::Region(plane, class) => {
                self.blocks(plane, |value| (value == *class as f64).then_some(0), |_| pale(color))
            }
            Form::Levels(plane, levels) => {
                let lines = levels.iter().flat_map(|&level| plane.level_lines(level));
                lines.into_iter().try_for_each(|line| self.line(&line, color, 1.5))
            }
        }
    }

    fn position(&self, (x, y): Point) -> Option<Point> {
        Some((self.x.position(x)?, self.y.position(y)?))
    }

    fn window(&self) -> Window {
        Window { x: (self.x.low, self.x.high), y: (self.y.low, self.y.high) }
    }

    /// The pixel at a position.
    fn pixel(&self, (x, y): Point) -> (i32, i32) {
        let (width, height) = self.canvas.area.dim_in_pixel();
        (self.x.map(&x, (0, width as i32)), self.y.map(&y, (height as i32, 0)))
    }

    fn line(&self, points: &[Point], color: RGBColor, width: f64) -> Result<(), PictureError> {
        for piece in self.window().pieces(points.iter().map(|&point| self.position(point))) {
            let mut pixels: Vec<(i32, i32)> = piece.iter().map(|&point| self.pixel(point)).collect();
            pixels.dedup();
            match pixels[..] {
                // A line of one point would not be seen.
                [point] => self.canvas.mark(point, 0, color, width)?,
                _ => self.canvas.line(pixels, color, width)?,
            }
        }
        Ok(())
    }

    fn dashed(&self, points: &[Point], color: RGBColor) -> Result<(), PictureError> {
        const DASH: f64 = 6.0;
        for piece in self.window().pieces(points.iter().map(|&point| self.position(point))) {
            // How far along the line we are: even multiples of the dash are drawn, odd ones are not.
            let mut gone = 0.0;
            for pair in piece.windows(2) {
                let (from, to) = (self.pixel(pair[0]), self.pixel(pair[1]));
                let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
                let (length, dash) = (dx.hypot(dy), f64::from(px(DASH)));
                let along = |part: f64| {
                    let part = (part / length).clamp(0.0, 1.0);
                    (from.0 + (dx * part).round() as i32, from.1 + (dy * part).round() as i32)
                };
                let first = (gone / (2.0 * dash)).floor() as i64;
                let last = ((gone + length) / (2.0 * dash)).floor() as i64;
                for k in first..=last {
                    let (start, end) = (2.0 * dash * k as f64 - gone, 2.0 * dash * k as f64 + dash - gone);
                    if length > 0.0 && end > 0.0 && start < length {
                        self.canvas.line(vec![along(start), along(end)], color, 1.5)?;
                    }
                }
                gone += length;
            }
        }
        Ok(())
    }

    fn band(&self, points: &[(f64, f64, f64)], color: RGBColor) -> Result<(), PictureError> {
        let edges = |&(x, low, high): &(f64, f64, f64)| {
            let x = self.x.position(x).filter(|at| (self.x.low..=self.x.high).contains(at))?;
            let y = |value| self.y.position(value).map(|at| at.clamp(self.y.low, self.y.high));
            Some((self.pixel((x, y(low)?)), self.pixel((x, y(high)?))))
        };
        let edges: Vec<_> = points.iter().map(edges).collect();
        for piece in edges.split(Option::is_none) {
            let highs = piece.iter().flatten().map(|edge| edge.1);
            let lows = piece.iter().flatten().rev().map(|edge| edge.0);
            let outline: Vec<(i32, i32)> = highs.chain(lows).collect();
            if piece.len() > 1 {
                self.canvas.veil(outline, color)?;
            }
        }
        Ok(())
    }

    fn points(&self, points: &[Point], color: RGBColor, place: usize) -> Result<(), PictureError> {
        let white = RGBColor(0xFF, 0xFF, 0xFF);
        // Many points hide each other less if they are small.
        let radius = if points.len() > 150 { 2.25 } else { 3.25 };
        for point in points.iter().filter_map(|&point| self.position(point)).filter(|&at| self.window().holds(at)) {
            if self.on_plane {
                self.canvas.mark(self.pixel(point), place, white, radius + 1.0)?;
            }
            self.canvas.mark(self.pixel(point), place, color, radius)?;
        }
        Ok(())
    }

    fn bins(&self, bins: &[(f64, f64, f64)], color: RGBColor) -> Result<(), PictureError> {
        for &(left, right, height) in bins.iter().filter(|bin| bin.2 != 0.0) {
            let (Some((left, top)), Some((right, _))) = (self.corner((left, height)), self.corner((right, height)))
            else {
                continue;
            };
            let floor = self.y.position(0.0).unwrap_or(self.y.low).clamp(self.y.low, self.y.high);
            let (from, to) = (self.pixel((left, top)), self.pixel((right, floor)));
            let outline = vec![from, (to.0, from.1), to, (from.0, to.1)];
            self.canvas.veil(outline.clone(), color)?;
            self.canvas.line([outline.clone(), vec![from]].concat(), color, 1.0)?;
        }
        Ok(())
    }

    /// A position, moved to the border if it is outside; none if it is no number.
    fn corner(&self, (x, y): Point) -> Option<Point> {
        let moved = |axis: &Axis, value: f64| {
            let at = axis.position(value).or((value <= 0.0).then_some(axis.low))?;
            Some(at.clamp(axis.low, axis.high))
        };
        Some((moved(&self.x, x)?, moved(&self.y, y)?))
    }

    fn note(&self, text: &str, point: Point) -> Result<(), PictureError> {
        let Some(point) = self.position(point).filter(|&at| self.window().holds(at)) else { return Ok(()) };
        let (x, y) = self.pixel(point);
        let (width, _) = self.canvas.area.dim_in_pixel();
        // Towards the middle, where there is room.
        let (anchor, shift) = if 2 * x > width as i32 { (Anchor::End, px(-8.0)) } else { (Anchor::Start, px(8.0)) };
        if self.on_plane {
            let (half, length) = (px(8.0), px(width_of(text, TICK) + 4.0) * shift.signum());
            let (from, to) = (x + shift - px(3.0) * shift.signum(), x + shift + length);
            self.canvas.fill_behind((from.min(to), y - half), (from.max(to), y + half))?;
        }
        self.canvas.draw(Text::new(text.to_owned(), (x + shift, y), font(TICK, anchor, INK)))
    }

    fn blocks(
        &self,
        plane: &Plane,
        level: impl Fn(f64) -> Option<u8>,
        color: impl Fn(u8) -> RGBColor,
    ) -> Result<(), PictureError> {
        let (width, height) = self.canvas.area.dim_in_pixel();
        // Viewers blend the edges of neighbours with what is behind, which would be seen as a fine line. So each block reaches into those
        // above and on its right, by more than a pixel where the picture is shown somewhat smaller.
        let overlap = px(1.5);
        for ((low, high), block) in plane.blocks(level) {
            let (Some(low), Some(high)) = (self.corner(low), self.corner(high)) else { continue };
            let (from, to) = (self.pixel((low.0, high.1)), self.pixel((high.0, low.1)));
            if from.0 < to.0 && from.1 < to.1 {
                let from = (from.0, (from.1 - overlap).max(0));
                let to = ((to.0 + overlap).min(width as i32), to.1.min(height as i32));
                self.canvas.draw(Rectangle::new([from, to], color(block).filled()))?;
            }
        }
        Ok(())
    }
}

/// The scale of a heat map, with its name above, and three numbers.
fn draw_scale(canvas: &Canvas<'_>, name: &str, scale: &Scale) -> Result<(), PictureError> {
    let (top, bottom) = (8.0, canvas.height - 2.0);
    let step = (bottom - top) / f64::from(LEVELS);
    for level in 0..LEVELS {
        let y = bottom - step * f64::from(level);
        // Over the one below it, so that no seam is seen.
        canvas.fill((6.0, y - step), (18.0, (y + 0.5).min(bottom)), scale.color(level))?;
    }
    canvas.frame((6.0, top), (18.0, bottom), INK)?;
    let middle = scale.low / 2.0 + scale.high / 2.0;
    for (value, y) in [(scale.high, top + 5.0), (middle, (top + bottom) / 2.0), (scale.low, bottom - 5.0)] {
        canvas.text(&written(value, (scale.high / 2.0 - scale.low / 2.0) / 5.0), 22.0, y, TICK, Anchor::Start)?;
    }
    canvas.upright(name, 53.0, (top + bottom) / 2.0, TICK)
}

//! A grid of small images.

use super::{
    canvas::{Anchor, Canvas, TICK, px, title_height, width_of},
    cells::{Cells, joined},
    error::PictureError,
    shades::{FAINT, Scale, Shades},
};
use cotangent_tensor::{DType, Tensor};
use plotters::prelude::{Color, Rectangle};

/// A grid of small images of one size: digits, filters, feature maps, what a network looks at.
///
/// ```
/// use cotangent_nn::{data::digits, pictures::{Images, Picture}};
/// let digits = digits().images.narrow(0, 0, 8);
/// let images = Images::new("Eight digits", &digits).captions(0..8).columns(4);
/// assert!(Picture::of(images).svg()?.contains("Eight digits"));
/// # Ok::<(), cotangent_nn::pictures::PictureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Images {
    title: String,
    /// Each row by row.
    images: Vec<Vec<f64>>,
    height: usize,
    width: usize,
    captions: Vec<String>,
    columns: Option<usize>,
    shades: Shades,
    apart: bool,
}

/// Space between images, at most, and for a caption, in pixels.
const GAP: f64 = 6.0;
const CAPTION: f64 = 17.0;

impl Images {
    /// Images `[n, height, width]` or `[n, 1, height, width]`, in [`Shades::ink`]: the lowest number of all is white, the highest black.
    ///
    /// # Panics
    /// If `images` has another rank, or more than one channel.
    #[track_caller]
    #[must_use]
    pub fn new(title: impl Into<String>, images: &Tensor) -> Images {
        let sizes: &[usize] = images.shape();
        let (height, width) = match *sizes {
            [_, height, width] | [_, 1, height, width] => (height, width),
            _ => panic!("Images::new: images are [n, height, width] or [n, 1, height, width]; got {sizes:?}"),
        };
        let pixels = images.cast(DType::F64).to_vec::<f64>();
        let images = match height * width {
            0 => Vec::new(),
            size => pixels.chunks(size).map(<[f64]>::to_vec).collect(),
        };
        Images {
            title: title.into(),
            images,
            height,
            width,
            captions: Vec::new(),
            columns: None,
            shades: Shades::ink(),
            apart: false,
        }
    }

    /// A caption below each image, in their order.
    #[must_use]
    pub fn captions<C: ToString>(mut self, captions: impl IntoIterator<Item = C>) -> Images {
        self.captions = captions.into_iter().map(|caption| caption.to_string()).collect();
        self
    }

    /// How many images are in a row. Without it, about as many as there are rows.
    #[must_use]
    pub fn columns(mut self, columns: usize) -> Images {
        self.columns = Some(columns);
        self
    }

    /// Other colours: [`Shades::diverging`] for weights and gradients, whose sign matters.
    #[must_use]
    pub fn shades(mut self, shades: Shades) -> Images {
        self.shades = shades;
        self
    }

    /// Gives each image a range of its own: feature maps of which some are strong and some are weak.
    #[must_use]
    pub fn each_for_itself(mut self) -> Images {
        self.apart = true;
        self
    }

    fn in_row(&self) -> usize {
        // Rows a little longer than columns: pictures are wider than high.
        let square = (self.images.len() as f64 * 1.5).sqrt().ceil() as usize;
        self.columns.unwrap_or(square).clamp(1, self.images.len().max(1))
    }

    /// The space between images: little between many, which would else have none for themselves.
    fn gap(&self, width: f64) -> f64 {
        GAP.min(width / self.in_row() as f64 / 4.0)
    }

    /// The size of a pixel of the images, and of an image with its gap and caption.
    fn sizes(&self, width: f64) -> (f64, f64, f64) {
        let (column, gap) = (width / self.in_row() as f64, self.gap(width));
        // No larger than 96: a few images need not fill the width.
        let pixel = ((column - gap) / self.width.max(1) as f64).min(96.0 / self.width.max(self.height).max(1) as f64);
        let caption = if self.captions.is_empty() { 0.0 } else { CAPTION };
        (pixel, pixel * self.width as f64 + gap, pixel * self.height as f64 + gap + caption)
    }

    pub(super) fn height(&self, width: f64) -> f64 {
        let rows = self.images.len().div_ceil(self.in_row());
        title_height(&self.title, width) + rows as f64 * self.sizes(width).2 + GAP
    }

    pub(super) fn draw(&self, canvas: &Canvas<'_>) -> Result<(), PictureError> {
        let top = canvas.title(&self.title)? + GAP;
        let (pixel, mut column, row) = self.sizes(canvas.width);
        // Captions need their width.
        let widest = self.captions.iter().map(|caption| width_of(caption, TICK)).fold(0.0, f64::max);
        column = column.max(widest + self.gap(canvas.width)).min(canvas.width / self.in_row() as f64);
        let left = (canvas.width - column * self.in_row() as f64) / 2.0;
        let common = self.shades.fit(self.images.iter().flatten().copied());
        for (i, image) in self.images.iter().enumerate() {
            let own = self.apart.then(|| self.shades.fit(image.iter().copied()));
            let (x, y) = ((i % self.in_row()) as f64, (i / self.in_row()) as f64);
            let x = left + column * x + (column - pixel * self.width as f64) / 2.0;
            self.draw_image(canvas, image, own.as_ref().unwrap_or(&common), (x, top + row * y), pixel)?;
            if let Some(caption) = self.captions.get(i) {
                let (x, y) = (x + pixel * self.width as f64 / 2.0, top + row * y + pixel * self.height as f64);
                canvas.text(caption, x, y + CAPTION / 2.0 + 1.0, TICK, Anchor::Middle)?;
            }
        }
        Ok(())
    }

    fn draw_image(
        &self,
        canvas: &Canvas<'_>,
        image: &[f64],
        scale: &Scale,
        (x, y): (f64, f64),
        pixel: f64,
    ) -> Result<(), PictureError> {
        let (width, height) = (pixel * self.width as f64, pixel * self.height as f64);
        let white = |level: &u8| scale.color(*level) == plotters::style::WHITE;
        // What is white is the paper.
        let cells = Cells::of(image, self.width, pixel);
        let level =
            |column: usize, row: usize| scale.level(cells.values[row * cells.columns + column]).filter(|l| !white(l));
        for block in joined(cells.columns, cells.rows, level) {
            let end = |at: usize, size: f64| px((at as f64 * cells.size + cells.reach()).min(size));
            let start = |at: usize| px(at as f64 * cells.size);
            let from = (px(x) + start(block.columns.start), px(y) + start(block.rows.start));
            let to = (px(x) + end(block.columns.end, width), px(y) + end(block.rows.end, height));
            canvas.draw(Rectangle::new([from, to], scale.color(block.level).filled()))?;
        }
        canvas.frame((x - 0.5, y - 0.5), (x + width + 0.5, y + height + 0.5), FAINT)
    }
}

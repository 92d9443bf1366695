//! Pictures of what a network learned, as SVG: with the feature `pictures`.
//!
//! - [`Chart`]: everything over two axes. Lines, bands, points by class, histograms; a [`Plane`], which is a function of two numbers,
//!   as a heat map, as the regions of a classifier, or as level lines.
//! - [`Images`]: a grid of small images: digits, filters, feature maps, saliency.
//! - [`Matrix`]: numbers in rows and columns with labels: a confusion matrix, an attention map.
//! - [`Bars`]: a value for each of some names: which words decided, which inputs mattered.
//! - [`Picture`]: one or more of them, side by side and below each other, as text or as a file.
//!
//! ```
//! use cotangent_nn::pictures::{Chart, Picture};
//!
//! let losses = [2.3, 0.9, 0.5, 0.4];
//! let chart = Chart::new("Learning", "epoch", "loss").curve("training", losses);
//! let svg = Picture::of(chart).svg()?;
//! assert!(svg.starts_with("<svg") && svg.contains("training"));
//! # Ok::<(), cotangent_nn::pictures::PictureError>(())
//! ```
//!
//! A name has one colour within a chart, and one entry in its key: give the points of a class and its region the same name. An empty
//! name is drawn in grey and has no entry. The colours stay apart for colour-blind readers ([Okabe and Ito
//! 2008](https://jfly.uni-koeln.de/color/)), and all text is legible where a picture is shown 600 pixels wide.
//!
//! Whatever the data are, drawing them does not panic: a line breaks where a number is not finite (or, on a logarithmic axis, not
//! positive), points there are left out, and without any data the axes stand alone.

mod axis;
mod bars;
mod canvas;
mod cells;
mod chart;
mod clip;
mod compact;
mod error;
mod images;
mod levels;
mod matrix;
mod picture;
mod plane;
mod shades;
#[cfg(test)]
mod tests;

pub use bars::Bars;
pub use chart::Chart;
pub use error::PictureError;
pub use images::Images;
pub use matrix::Matrix;
pub use picture::{Panel, Picture};
pub use plane::Plane;
pub use shades::Shades;

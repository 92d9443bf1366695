//! Why a picture could not be made.

use std::{io, ops::Range, path::PathBuf};

/// Why a picture could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The file, or the folder for it, could not be written.
    #[error("picture: cannot write {}: {source}", path.display())]
    Io {
        /// Where the picture should have been.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An axis that was asked for cannot be drawn.
    #[error(
        "picture: an axis must run from a finite number to a greater one, and above zero if it is logarithmic; \
         the {axis} of `{chart}` was given {}..{}", range.start, range.end
    )]
    Range {
        /// The title of the chart.
        chart: String,
        /// The label of the axis.
        axis: String,
        /// What was asked for.
        range: Range<f64>,
    },
    /// The drawing library refused.
    #[error("picture: {0}")]
    Drawing(String),
}

//! What a sampling of an image is asked for.

use crate::ops::Interpolation;

/// What lies outside an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GridPadding {
    /// Zeros.
    #[default]
    Zeros,
    /// The nearest place of the border.
    Border,
    /// The image mirrored at its outer edges (or at the centres of the outermost places, if corners are aligned), and
    /// again.
    Reflection,
}

/// Options of [`Tensor::grid_sample`](crate::Tensor::grid_sample): linear between places, zeros outside, corners not aligned,
/// unless told otherwise.
#[derive(Clone, Copy, Debug)]
pub struct GridSample {
    pub(super) mode: Interpolation,
    pub(super) padding: GridPadding,
    pub(super) align_corners: bool,
}

impl Default for GridSample {
    fn default() -> Self {
        GridSample { mode: Interpolation::Linear, padding: GridPadding::default(), align_corners: false }
    }
}

impl GridSample {
    /// Linear between places, zeros outside, corners not aligned.
    #[must_use]
    pub fn new() -> Self {
        GridSample::default()
    }

    /// How values between places are found: nearest (halves to even places), linear, or cubic.
    #[must_use]
    pub fn mode(self, mode: Interpolation) -> Self {
        GridSample { mode, ..self }
    }

    /// What lies outside.
    #[must_use]
    pub fn padding(self, padding: GridPadding) -> Self {
        GridSample { padding, ..self }
    }

    /// -1 and 1 are the centres of the first and last place, not their outer edges.
    #[must_use]
    pub fn align_corners(self) -> Self {
        GridSample { align_corners: true, ..self }
    }
}

//! The same elements in other places: shapes, views, joining, splitting, tiling, padding, windows.
//!
//! | room | operations |
//! |---|---|
//! | `shape`, `views` | reshape, flatten, permute, transpose, expand, squeeze, unsqueeze; narrow, flip |
//! | `join` | concat, stack, pad |
//! | `split`, `arrange`, `tiling` | split, chunk, unbind; movedim, roll, rot90, unflatten, meshgrid, hstack, ..; tile, repeat, repeat_interleave |
//! | `diagonal`, `triangle` | diagonal, diag, diag_embed, trace; tril, triu |
//! | `unfold`, `pad_mode` | windows of an axis; padding by reflection, repetition, turns |

pub(super) mod arrange;
pub(super) mod diagonal;
pub(super) mod join;
pub(super) mod pad_mode;
pub(super) mod shape;
pub(super) mod split;
pub(super) mod tiling;
pub(super) mod triangle;
pub(super) mod unfold;
pub(super) mod views;

pub use arrange::Grid;
pub use diagonal::{Diagonal, DiagonalScatter};
pub use join::{Concat, Pad};
pub use pad_mode::{PadMode, PadWith, PadWithTranspose};
pub use shape::{Expand, NewShape, Permute, Reshape};
pub use split::Split;
pub use tiling::Repeats;
pub use triangle::Triangle;
pub use unfold::{OverlapAdd, Unfold};
pub use views::{Flip, Narrow};

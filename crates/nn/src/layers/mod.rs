//! Layers: structs of tensors with a `forward`. Their fields are public, so that a layer can also be put together by hand
//! or taken apart; a constructor only fills them.

mod linear;

pub use linear::Linear;

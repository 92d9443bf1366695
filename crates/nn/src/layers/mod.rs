//! Layers: structs of tensors with a `forward`. Their fields are public, so that a layer can also be put together by hand
//! or taken apart; a constructor only fills them.

mod dropout;
mod layer;
mod linear;
mod recurrent;
mod sequential;

pub use dropout::{AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d};
pub use layer::{CloneLayer, Layer};
pub use linear::Linear;
pub use recurrent::{Gru, GruCell, Lstm, LstmCell, LstmState, Nonlinearity, RecurrentOptions, Rnn, RnnCell};
pub use sequential::Sequential;

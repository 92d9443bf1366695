//! Recurrent networks: a state that each step of a sequence changes.
//!
//! A cell ([`RnnCell`], [`LstmCell`], [`GruCell`]) makes one step. A network ([`Rnn`], [`Lstm`], [`Gru`]) is a stack of cells, one for
//! each layer and direction, that runs over whole sequences: `networks.rs` has its type, `sequence.rs` the loop over time,
//! `stack.rs` the cells under PyTorch's names. Weights and their layouts are PyTorch's, so that its files load by name.

mod cell;
mod gru;
mod lstm;
mod networks;
mod options;
mod rnn;
mod sequence;
mod stack;
#[cfg(test)]
mod tests;

pub use gru::GruCell;
pub use lstm::{LstmCell, LstmState};
pub use networks::{Gru, Lstm, Rnn};
pub use options::RecurrentOptions;
pub use rnn::{Nonlinearity, RnnCell};

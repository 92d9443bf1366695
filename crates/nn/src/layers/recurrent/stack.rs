//! The cells of a network under PyTorch's names.

use super::{
    cell::{Cell, Weights},
    options::RecurrentOptions,
};
use cotangent_autograd::module::{Module, Visitor, VisitorMut};
use cotangent_tensor::Tensor;
use std::sync::Arc;

/// The cells of all layers and directions, and what they were made with.
#[derive(Clone, Debug)]
pub(super) struct Stack<C> {
    /// Layer by layer, in each forwards before backwards.
    pub(super) cells: Vec<C>,
    pub(super) options: RecurrentOptions,
    /// For each cell, the names of all tensors that it may have: `weight_ih_l0`, `weight_ih_l0_reverse`, ...
    names: Arc<[[String; 5]]>,
}

impl<C: Cell> Stack<C> {
    /// Of cells that `make` gives for a number of inputs.
    #[track_caller]
    pub(super) fn new(options: RecurrentOptions, mut make: impl FnMut(usize) -> C) -> Self {
        options.check(C::NETWORK);
        let directions = options.directions();
        let (mut cells, mut names) = (Vec::new(), Vec::new());
        for layer in 0..options.layers {
            let inputs = if layer == 0 { options.inputs } else { directions * options.outputs() };
            for suffix in ["", "_reverse"].iter().take(directions) {
                cells.push(make(inputs));
                names.push(Weights::<&Tensor>::NAMES.map(|name| format!("{name}_l{layer}{suffix}")));
            }
        }
        Stack { cells, options, names: names.into() }
    }
}

impl<C: Cell> Module for Stack<C> {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        for (cell, names) in self.cells.iter().zip(&*self.names) {
            for (name, tensor) in names.iter().zip(cell.weights().in_order()) {
                if let Some(tensor) = tensor {
                    visitor.field(name).leaf(tensor);
                }
            }
        }
    }

    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        for (cell, names) in self.cells.iter_mut().zip(&*self.names) {
            for (name, tensor) in names.iter().zip(cell.weights_mut().in_order()) {
                if let Some(tensor) = tensor {
                    visitor.field(name).leaf(tensor);
                }
            }
        }
    }
}

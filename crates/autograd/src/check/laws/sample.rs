//! Where a law is tried: inputs of given shapes with drawn elements, or given inputs.

use super::{calls::Case, operation::Operation};
use cotangent_tensor::{DType, Rng, Tensor};

/// One way to fill the inputs.
pub(super) struct Sample {
    pub(super) source: Source,
    /// Too large for differences: only for laws that compare tensors.
    pub(super) is_large: bool,
}

pub(super) enum Source {
    Shapes(Vec<Vec<usize>>),
    Given(Vec<Tensor>),
}

impl Sample {
    pub(super) fn case<'o>(&self, operation: &'o Operation, number: usize, seed: u64) -> Case<'o> {
        let (inputs, is_drawn) = match &self.source {
            Source::Shapes(shapes) => (drawn(operation, shapes, number, seed), true),
            Source::Given(inputs) => (inputs.clone(), false),
        };
        Case { operation, inputs, number, is_large: self.is_large, is_drawn, seed }
    }
}

fn drawn(operation: &Operation, shapes: &[Vec<usize>], number: usize, seed: u64) -> Vec<Tensor> {
    // Apart from the numbers that laws draw.
    let mut rng = Rng::seed(seed.rotate_left(32) ^ (number as u64) << 8 ^ 0xff);
    let draw = |(i, shape): (usize, &Vec<usize>)| {
        let (low, high) = operation.range_of(i);
        rng.uniform_range(low, high, &shape[..], DType::F64)
    };
    shapes.iter().enumerate().map(draw).collect()
}

impl Case<'_> {
    /// The same sample at another point; the first is its own.
    pub(super) fn redrawn(&self, point: usize) -> Vec<Tensor> {
        if point == 0 || !self.is_drawn {
            return self.inputs.clone();
        }
        let shapes: Vec<Vec<usize>> = self.inputs.iter().map(|x| x.shape().to_vec()).collect();
        drawn(self.operation, &shapes, self.number, self.seed ^ (point as u64) << 24)
    }
}

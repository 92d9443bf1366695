//! How each of torch's operators is written with our operations: one table for each family.

mod activations;
mod attention;
mod convolutions;
mod elementwise;
mod indexing;
mod linalg;
mod losses;
mod normalisation;
mod pools;
mod products;
mod reductions;
mod resampling;
mod scans;
mod shapes;
mod sorting;

use crate::case::Call;
use cotangent::Tensor;

/// What a call computes.
pub(crate) enum Formula {
    /// One output.
    One(fn(&Call<'_>) -> Tensor),
    /// Several outputs.
    Several(fn(&Call<'_>) -> Vec<Tensor>),
}

impl Formula {
    pub(crate) fn outputs(&self, call: &Call<'_>) -> Vec<Tensor> {
        match self {
            Formula::One(f) => vec![f(call)],
            Formula::Several(f) => f(call),
        }
    }
}

/// Torch's name of an operator and the formula.
pub(crate) type Operator = (&'static str, Formula);

/// Every operator.
pub(crate) fn all() -> Vec<(&'static str, &'static Formula)> {
    let families = [
        elementwise::OPERATORS,
        reductions::OPERATORS,
        scans::OPERATORS,
        sorting::OPERATORS,
        shapes::OPERATORS,
        indexing::OPERATORS,
        linalg::OPERATORS,
        products::OPERATORS,
        activations::OPERATORS,
        attention::OPERATORS,
        resampling::OPERATORS,
        normalisation::OPERATORS,
        losses::OPERATORS,
        convolutions::OPERATORS,
        pools::OPERATORS,
    ];
    families.into_iter().flatten().map(|(name, formula)| (*name, formula)).collect()
}

/// `f` of a tensor with at least one axis: where torch lets a scalar pass for a vector of one element, we ask for the
/// vector.
fn on_axis(x: &Tensor, f: impl FnOnce(&Tensor) -> Tensor) -> Tensor {
    if x.rank() == 0 { f(&x.unsqueeze(0)).squeeze(0) } else { f(x) }
}

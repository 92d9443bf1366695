//! What a function returns, as one tensor to differentiate: one tensor is taken as it is, the floating-point ones of several are joined.

use super::{Stopped, first_order::DOT_PRODUCT, point::index_in};
use crate::module::{self, Module};
use cotangent_tensor::{DType, Shape, Tensor};

/// Where the elements of the joined tensor come from.
pub(super) struct Results {
    /// The number of each floating-point result among all results, and its shape.
    parts: Vec<(usize, Shape)>,
    count: usize,
}

impl Results {
    /// The results of a function, or why they cannot be checked.
    pub(super) fn of<N: Module>(y: &N) -> Result<Self, String> {
        let tensors = module::tensors(y);
        if let Some(wrong) = tensors.iter().find(|y| y.dtype().is_float() && y.dtype() != DType::F64) {
            return Err(format!(
                "the function returned {}, but differences need f64; where it casts to {}, let it follow its argument",
                wrong.spec(),
                wrong.dtype()
            ));
        }
        let floats = tensors.iter().enumerate().filter(|(_, y)| y.dtype().is_float());
        let parts: Vec<_> = floats.map(|(i, y)| (i, y.shape().clone())).collect();
        if parts.is_empty() {
            let found: Vec<String> = tensors.iter().map(|y| y.spec().to_owned().to_string()).collect();
            let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
            return Err(format!("the function returned {found}, but differences need f64"));
        }
        Ok(Results { parts, count: tensors.len() })
    }

    /// Which result an element of the joined tensor belongs to, and its index there.
    pub(super) fn place(&self, mut element: usize) -> (usize, Vec<usize>) {
        for (number, shape) in &self.parts {
            if element < shape.numel() {
                return (*number, index_in(shape, element));
            }
            element -= shape.numel();
        }
        unreachable!("an element of the results")
    }

    /// An element of the results, as messages name it.
    pub(super) fn name(&self, element: usize) -> String {
        let (number, index) = self.place(element);
        if self.count == 1 {
            return format!("element {element} of its result");
        }
        format!("result {number}, element {index:?}")
    }
}

/// What a function must be before its derivatives are worth a look.
impl Results {
    /// That two runs gave the same bits.
    pub(super) fn check_repeats(&self, y: &Tensor, again: &Tensor) -> Result<(), Stopped> {
        let differ = |how: String| Err(Stopped::Inconclusive(format!("two runs of the function differ{how}")));
        if again.spec() != y.spec() {
            return differ(" in the shape of their result".to_owned());
        }
        let (first, second) = (y.to_vec::<f64>(), again.to_vec::<f64>());
        match (0..first.len()).find(|&i| first[i].to_bits() != second[i].to_bits()) {
            None => Ok(()),
            Some(i) => {
                let (name, first, second) = (self.name(i), first[i], second[i]);
                differ(format!(": {name} was {first:?}, then {second:?}; draw random numbers outside of it"))
            }
        }
    }

    /// That the function gave the same in other circumstances; sums in another order, and decompositions, as for the dot products.
    pub(super) fn check_same(&self, what: &str, y: &Tensor, other: &Tensor) -> Result<(), Stopped> {
        if other.spec() != y.spec() {
            return Err(Stopped::Fail(format!("{what}: its result is {}, not {}", other.spec(), y.spec())));
        }
        let (here, there) = (y.to_vec::<f64>(), other.to_vec::<f64>());
        let norm = here.iter().map(|y| y.powi(2)).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        let agrees = |i: usize| (here[i] - there[i]).abs() <= DOT_PRODUCT * norm;
        match (0..here.len()).find(|&i| !agrees(i)) {
            None => Ok(()),
            Some(i) => Err(Stopped::Fail(format!("{what}: {} is {:?}, not {:?}", self.name(i), there[i], here[i]))),
        }
    }
}

/// g(y) = y + s/2 sin(y / s), whose slope lies between 1/2 and 3/2.
///
/// Behind it the cotangent of y depends on y, as it does inside of a larger function: a rule that takes cotangents for constants would
/// be right for a sum of y.
pub(super) fn bent(y: &Tensor, s: f64) -> Tensor {
    y + (y / s).sin() * (0.5 * s)
}

/// The floating-point results as one tensor.
pub(super) fn joined<N: Module>(y: &N) -> Tensor {
    let tensors = module::tensors(y);
    if let [only] = tensors[..] {
        return only.clone();
    }
    let floats = tensors.into_iter().filter(|y| y.dtype().is_float());
    Tensor::concat(floats.map(|y| y.flatten(0, -1)).collect::<Vec<_>>(), 0)
}

//! Gradients of several batches, added up to one.

use crate::{
    refusal::or_panic,
    state::{self, Given},
};
use cotangent_autograd::module::{self, Module};
use cotangent_tensor::{Result, Tensor};

/// The sum of some gradients: one step for several batches that memory does not hold at once.
///
/// ```
/// use cotangent_nn::optim::Accumulator;
/// use cotangent_tensor::Tensor;
/// let mut accumulator = Accumulator::new();
/// for gradient in [1.0, 2.0, 6.0] {
///     accumulator.add(Tensor::from([gradient, 0.0]));
/// }
/// assert_eq!(accumulator.count(), 3);
/// let mean = accumulator.take_mean().expect("three gradients");
/// assert_eq!(mean.to_vec::<f64>(), [3.0, 0.0]);
/// assert!(accumulator.take_mean().is_none());
/// ```
#[derive(Clone, Debug)]
pub struct Accumulator<M> {
    sum: Option<M>,
    count: u64,
}

impl<M> Default for Accumulator<M> {
    fn default() -> Self {
        Accumulator { sum: None, count: 0 }
    }
}

impl<M: Module> Accumulator<M> {
    /// Of no gradients.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a gradient. Tensors that have none, such as integers, stay those of the first.
    ///
    /// # Panics
    /// When it does not have the tensors of those before, or shapes or dtypes differ.
    #[track_caller]
    pub fn add(&mut self, gradient: M) {
        match &mut self.sum {
            None => self.sum = Some(gradient),
            Some(sum) => {
                let mut wanted = module::tensors(&gradient).into_iter();
                or_panic(module::try_for_each(sum, |leaf| {
                    let sum = leaf.tensor.spec();
                    match wanted.next().map(Tensor::spec) {
                        Some(added) if added != sum => {
                            Err(format!("accumulator: the gradient of `{}` was {sum}, but is {added}", leaf.path))
                        }
                        _ => Ok(()),
                    }
                }));
                module::zip_mut(sum, &gradient, |leaf, added| {
                    if leaf.tensor.dtype().is_float() {
                        *leaf.tensor += added;
                    }
                });
            }
        }
        self.count += 1;
    }

    /// How many gradients were added since the last was taken.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum, and starts anew; nothing if no gradient was added.
    #[must_use]
    pub fn take_sum(&mut self) -> Option<M> {
        self.count = 0;
        self.sum.take()
    }

    /// The mean, and starts anew; nothing if no gradient was added. Where each gradient is that of a batch's mean and all
    /// batches are as large, this is the gradient of the mean over all of them.
    #[must_use]
    pub fn take_mean(&mut self) -> Option<M> {
        let count = self.count as f64;
        let mut mean = self.take_sum()?;
        module::for_each_mut(&mut mean, |leaf| {
            if leaf.tensor.dtype().is_float() {
                *leaf.tensor /= count;
            }
        });
        Some(mean)
    }

    /// Everything that the next mean depends on: how many gradients were added, and their sum by path.
    #[must_use]
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let mut state = vec![("num_added".to_owned(), state::count(self.count))];
        if let Some(sum) = &self.sum {
            module::for_each(sum, |leaf| {
                state.push((state::name_below("sum", &leaf.path.to_string()), leaf.tensor.clone()));
            });
        }
        state
    }

    /// Goes on from a [`state`](Self::state) of gradients of a model like this one.
    ///
    /// # Errors
    /// When a name is missing, unknown, or of another shape or dtype; nothing has changed then.
    pub fn load_state(&mut self, model: &M, state: impl IntoIterator<Item = (String, Tensor)>) -> Result<()>
    where
        M: Clone,
    {
        let mut given = Given::new("accumulator", state);
        let count = given.count("num_added")?;
        let mut tensors = Vec::new();
        if count > 0 {
            for (path, tensor) in module::named_tensors(model) {
                tensors.push(given.tensor(&state::name_below("sum", &path), tensor.spec())?);
            }
        }
        given.finish()?;
        self.sum = (count > 0).then(|| {
            let mut sum = model.clone();
            for (place, tensor) in module::tensors_mut(&mut sum).into_iter().zip(tensors) {
                *place = tensor;
            }
            sum
        });
        self.count = count;
        Ok(())
    }
}

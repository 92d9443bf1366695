//! A running mean of a model's weights.

use super::{Scalar, check_not_half, is_learned, settings::decay};
use crate::{
    refusal::or_panic,
    state::{self, Given},
};
use cotangent_autograd::module::{self, Kind, Module};
use cotangent_tensor::{DType, Result, Tensor};

/// The exponential moving average of a model's parameters, which often does better than the last of them:
///
/// ```text
/// a = δ a + (1 - δ) x        starting from the model that it was made of
/// a / (1 - δᵗ)               starting from zeros, with bias correction, after t updates
/// ```
///
/// The average is a model of the same type. Its buffers and integers are those of the last update. Parameters that are halves, as frozen ones
/// may be, are their own average as long as they do not change.
///
/// ```
/// use cotangent_nn::optim::Ema;
/// use cotangent_tensor::Tensor;
/// let mut model = [Tensor::from(4.0)];
/// let mut ema = Ema::new(&model, 0.75);
/// model[0] = Tensor::from(8.0);
/// ema.update(&model);
/// assert_eq!(ema.model()[0].item::<f64>(), 5.0);
/// ```
#[derive(Clone, Debug)]
pub struct Ema<M> {
    average: M,
    decay: f64,
    is_corrected: bool,
    updates: u64,
}

impl<M: Module + Clone> Ema<M> {
    /// Starts from a model. A decay δ of 0.999 averages over about 1000 updates.
    ///
    /// # Panics
    /// When the decay is not in [0, 1).
    #[must_use]
    #[track_caller]
    pub fn new(model: &M, decay: f64) -> Self {
        self::decay("ema", "decay", decay);
        Ema { average: model.clone(), decay, is_corrected: false, updates: 0 }
    }

    /// As [`new`](Self::new), but the model that it starts from does not count: the mean is over the updates alone.
    ///
    /// # Panics
    /// When the decay is not in [0, 1).
    #[must_use]
    #[track_caller]
    pub fn with_bias_correction(model: &M, decay: f64) -> Self {
        let zeros = module::map(model, |leaf| {
            if is_averaged(leaf.kind, leaf.tensor) { leaf.tensor.zeros_like() } else { leaf.tensor.clone() }
        });
        Ema { average: zeros, is_corrected: true, ..Ema::new(model, decay) }
    }

    /// Takes a model into the mean.
    ///
    /// # Panics
    /// When it does not have the tensors of the model before it, or a parameter has changed that is a half: most of a mean is lost in one.
    /// Nothing has changed then.
    #[track_caller]
    pub fn update(&mut self, model: &M) {
        let mut tensors = module::tensors(model).into_iter();
        or_panic(module::try_for_each(&self.average, |leaf| {
            let Some(x) = tensors.next() else { return Ok(()) };
            let (average, path) = (leaf.tensor.spec(), leaf.path);
            if average != x.spec() {
                return Err(format!("ema: `{path}` is {}, but was {average} before", x.spec()));
            }
            Ok(())
        }));
        let mut checked = Ok(());
        module::zip_mut(&mut self.average, model, |leaf, x| {
            if checked.is_ok() && is_learned(leaf.kind, x) && x.dtype().is_half() && is_changed(leaf.tensor, x) {
                checked = check_not_half("ema", x);
            }
        });
        or_panic(checked);
        let new = 1.0 - self.decay;
        module::zip_mut(&mut self.average, model, |leaf, x| {
            if is_averaged(leaf.kind, x) {
                approach(leaf.tensor, x, new);
            } else {
                *leaf.tensor = x.clone();
            }
        });
        self.updates += 1;
    }

    /// The averaged model. With bias correction and before any update it is the zeros that it starts from.
    #[must_use]
    pub fn model(&self) -> M {
        if !self.is_corrected || self.updates == 0 {
            return self.average.clone();
        }
        let seen = 1.0 - self.decay.powf(self.updates as f64);
        module::map(&self.average, |leaf| {
            if is_averaged(leaf.kind, leaf.tensor) { leaf.tensor / seen } else { leaf.tensor.clone() }
        })
    }

    /// Everything that further updates depend on: the number of updates, and the average by path. The decay is a setting.
    #[must_use]
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let mut state = vec![("num_updates".to_owned(), state::count(self.updates))];
        module::for_each(&self.average, |leaf| {
            state.push((state::name_below("average", &leaf.path.to_string()), leaf.tensor.clone()));
        });
        state
    }

    /// Goes on from a [`state`](Self::state).
    ///
    /// # Errors
    /// When a name is missing, unknown, or of another shape or dtype; nothing has changed then.
    pub fn load_state(&mut self, state: impl IntoIterator<Item = (String, Tensor)>) -> Result<()> {
        let mut given = Given::new("ema", state);
        let updates = given.count("num_updates")?;
        let mut tensors = Vec::new();
        for (path, tensor) in module::named_tensors(&self.average) {
            tensors.push(given.tensor(&state::name_below("average", &path), tensor.spec())?);
        }
        given.finish()?;
        for (average, tensor) in module::tensors_mut(&mut self.average).into_iter().zip(tensors) {
            *average = tensor;
        }
        self.updates = updates;
        Ok(())
    }
}

/// Whether a tensor has a mean, and is not what it was last.
fn is_averaged(kind: Kind, x: &Tensor) -> bool {
    is_learned(kind, x) && !x.dtype().is_half()
}

/// Whether two tensors of one spec differ; NaN is not equal to itself.
fn is_changed(old: &Tensor, new: &Tensor) -> bool {
    !old.array().is_same(new.array()) && old.ne(new).any(..).item::<bool>()
}

/// Brings an average nearer to x by a part of the way.
fn approach(average: &mut Tensor, x: &Tensor, part: f64) {
    fn of<T: Scalar>(average: &mut Tensor, x: &Tensor, part: f64) {
        let (part, x) = (T::of(part), x.array().to_slice::<T>());
        average.with_mut::<T, _>(|average| {
            for (a, &x) in average.iter_mut().zip(&*x) {
                *a = *a + part * (x - *a);
            }
        });
    }
    if x.dtype() == DType::F32 { of::<f32>(average, x, part) } else { of::<f64>(average, x, part) }
}

//! Training against evaluation, as an argument that a model passes on to its layers: [`Mode`] carries the generator that dropout
//! draws from, and takes the new running statistics of normalisations until the step is done.
//!
//! A model is not changed while it is differentiated, for it runs as a clone whose parameters are traced. So what a layer would
//! write into itself it tells the mode, under the array that it would replace; [`Mode::store`] writes it into the model
//! afterwards. A hidden switch in the model would make the same code give different results, and be forgotten.

use cotangent_autograd::module::{self, Kind, Module};
use cotangent_tensor::{Array, Rng, Tensor};

#[cfg(test)]
mod tests;

/// Whether a model is trained or evaluated: an argument of `forward` for models with dropout or running statistics. All others
/// need not mention it.
///
/// ```
/// use cotangent_autograd::{Module, value_and_grad};
/// use cotangent_derive::Module;
/// use cotangent_nn::{Dropout, Linear, Loss, Mode, Optimizer, Sgd, data::Loader};
/// use cotangent_tensor::{DType, Rng, Tensor};
///
/// #[derive(Clone, Module)]
/// struct Model { hidden: Linear, dropout: Dropout, output: Linear }
///
/// impl Model {
///     fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
///         let hidden = self.hidden.forward(x).relu();
///         self.output.forward(&self.dropout.forward(&hidden, mode))
///     }
/// }
///
/// let mut rng = Rng::seed(7);
/// let (x, y) = (rng.normal([40, 3], DType::F32), rng.randint(0, 2, [40]));
/// let mut model = Model {
///     hidden: Linear::new(3, 8, &mut rng),
///     dropout: Dropout::new(0.2),
///     output: Linear::new(8, 2, &mut rng),
/// };
/// let mut sgd = Sgd::new(0.1);
/// let loader = Loader::new(&x, &y, 10)?;
/// for batch in loader.epoch(&mut rng.split()) {
///     let mut mode = Mode::train(&mut rng);
///     let (loss, grads) = value_and_grad(&model, |m| m.forward(&batch.x, &mut mode).cross_entropy(&batch.y));
///     mode.store(&mut model);
///     sgd.step(&mut model, &grads);
/// }
/// let scores = model.forward(&x, &mut Mode::eval());
/// # Ok::<(), cotangent_tensor::Error>(())
/// ```
///
/// What is not stored is lost: evaluation would then normalise by the statistics of a new layer. Inside
/// [`checkpoint`](cotangent_autograd::checkpoint), whose function runs twice, a mode is made there of a clone of the generator, and
/// running statistics are not taken.
///
/// # A layer of your own
///
/// A buffer, a tensor that is kept and not learned, is read through the mode, so that a layer that runs twice in one step sees
/// what it wrote, and is written through it. It keeps its dtype where the model is [cast to a half](cotangent_autograd::module::cast) in the
/// loss; a layer that is to be trained so casts what it reads to the dtype of its input, and what it writes back.
///
/// ```
/// use cotangent_derive::Module;
/// use cotangent_nn::Mode;
/// use cotangent_tensor::{Rng, Tensor};
///
/// /// Divides by the greatest magnitude that training has seen.
/// #[derive(Clone, Module)]
/// struct Rescale {
///     #[module(buffer)]
///     greatest: Tensor,
/// }
///
/// impl Rescale {
///     fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
///         if mode.is_training() {
///             let greatest = mode.buffer(&self.greatest).maximum(&x.abs().max(..));
///             mode.update(&self.greatest, &greatest);
///         }
///         x / mode.buffer(&self.greatest)
///     }
/// }
///
/// let mut layer = Rescale { greatest: Tensor::from(1.0) };
/// let mut rng = Rng::seed(7);
/// let mut mode = Mode::train(&mut rng);
/// assert_eq!(layer.forward(&Tensor::from([2.0, -8.0]), &mut mode).to_vec::<f64>(), [0.25, -1.0]);
/// assert_eq!(layer.greatest.item::<f64>(), 1.0);
/// mode.store(&mut layer);
/// assert_eq!(layer.greatest.item::<f64>(), 8.0);
/// ```
#[derive(Debug)]
pub struct Mode<'r> {
    phase: Phase<'r>,
    updates: Vec<Update>,
}

#[derive(Debug)]
enum Phase<'r> {
    Train(&'r mut Rng),
    Eval,
    Undecided,
}

/// The new value of a buffer. That the old array is held keeps its identity from being given to another.
struct Update {
    old: Array,
    new: Tensor,
}

impl std::fmt::Debug for Update {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} -> {:?}", self.old.spec(), self.new)
    }
}

impl<'r> Mode<'r> {
    /// Training: dropout draws from this generator, and running statistics are taken.
    #[must_use]
    pub fn train(rng: &'r mut Rng) -> Self {
        Mode { phase: Phase::Train(rng), updates: Vec::new() }
    }

    /// Evaluation: dropout is the identity, and running statistics are used.
    #[must_use]
    pub fn eval() -> Mode<'static> {
        Mode { phase: Phase::Eval, updates: Vec::new() }
    }

    /// For layers that do the same in both: a layer that asks which it is refuses. So [`Sequential`](crate::Sequential) can be
    /// called without a mode, and a dropout in it is not forgotten.
    #[must_use]
    pub fn undecided() -> Mode<'static> {
        Mode { phase: Phase::Undecided, updates: Vec::new() }
    }

    /// Whether this is training.
    ///
    /// # Panics
    /// When it is [undecided](Self::undecided).
    #[must_use]
    #[track_caller]
    pub fn is_training(&self) -> bool {
        match self.phase {
            Phase::Train(_) => true,
            Phase::Eval => false,
            Phase::Undecided => undecided(),
        }
    }

    /// The generator; none in evaluation.
    ///
    /// # Panics
    /// When it is [undecided](Self::undecided).
    #[must_use]
    #[track_caller]
    pub fn rng(&mut self) -> Option<&mut Rng> {
        match &mut self.phase {
            Phase::Train(rng) => Some(rng),
            Phase::Eval => None,
            Phase::Undecided => undecided(),
        }
    }

    /// A buffer's value in this run: what was recorded last, else the old one.
    #[must_use]
    pub fn buffer(&self, old: &Tensor) -> Tensor {
        let found = self.updates.iter().find(|update| update.old.is_same(old.array()));
        found.map_or(old, |update| &update.new).clone()
    }

    /// Records the new value of a buffer, as a constant. The buffer is named by the tensor that the model holds.
    ///
    /// # Panics
    /// When the new value has another shape or dtype.
    #[track_caller]
    pub fn update(&mut self, old: &Tensor, new: &Tensor) {
        let old = old.array();
        assert!(
            old.spec() == new.spec(),
            "mode: a buffer keeps its shape and dtype; got {} for one of {}",
            new.spec(),
            old.spec()
        );
        let new = Tensor::from(new.array().clone());
        match self.updates.iter_mut().find(|update| update.old.is_same(old)) {
            Some(update) => update.new = new,
            None => self.updates.push(Update { old: old.clone(), new }),
        }
    }

    /// Whether anything was recorded.
    pub(crate) fn has_updates(&self) -> bool {
        !self.updates.is_empty()
    }

    /// Writes what was recorded into the model's buffers.
    ///
    /// # Panics
    /// When a buffer that was recorded is not one of the model, or is several: two layers that are clones of each other share
    /// their arrays until each is trained. Nothing is written then.
    #[track_caller]
    pub fn store<M: Module + ?Sized>(self, model: &mut M) {
        let updates = self.updates;
        let mut places = vec![Vec::new(); updates.len()];
        let mut leaf_number = 0;
        module::for_each(model, |leaf| {
            let found = updates.iter().position(|update| update.old.is_same(leaf.tensor.array()));
            if let Some(i) = found.filter(|_| leaf.kind == Kind::Buffer) {
                places[i].push((leaf_number, leaf.path.to_string()));
            }
            leaf_number += 1;
        });
        let mut new = vec![None; leaf_number];
        for (update, places) in updates.into_iter().zip(&places) {
            match &places[..] {
                [(leaf, _)] => new[*leaf] = Some(update.new),
                [] => not_in_model(update.old.spec(), model),
                several => in_several_places(several.iter().map(|(_, path)| path)),
            }
        }
        let mut new = new.into_iter();
        module::for_each_mut(model, |leaf| {
            if let Some(new) = new.next().flatten() {
                *leaf.tensor = new;
            }
        });
    }
}

#[cold]
#[track_caller]
fn undecided() -> ! {
    panic!(
        "mode: this model has a layer that does not do the same in training as in evaluation, such as a dropout; \
         call it with Mode::train(&mut rng) or Mode::eval()"
    );
}

#[cold]
#[track_caller]
fn not_in_model<M: Module + ?Sized>(spec: impl std::fmt::Display, model: &M) -> ! {
    let mut names = Vec::new();
    module::for_each(model, |leaf| {
        if leaf.kind == Kind::Buffer {
            names.push(format!("`{}`", leaf.path));
        }
    });
    let buffers = if names.is_empty() { "it has none".to_owned() } else { format!("its are {}", names.join(", ")) };
    panic!(
        "mode: a buffer {spec} that this run has updated is not a buffer of the model; {buffers}; \
         store into the model that was run, before its buffers are replaced"
    );
}

#[cold]
#[track_caller]
fn in_several_places<'a>(paths: impl Iterator<Item = &'a String>) -> ! {
    let names: Vec<String> = paths.map(|path| format!("`{path}`")).collect();
    panic!(
        "mode: {} are clones of one buffer, so that their new values cannot be told apart; build each layer by itself, \
         not by cloning another",
        names.join(" and ")
    );
}

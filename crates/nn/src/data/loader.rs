//! Batches of a dataset, a few examples at a time.
//!
//! A loader holds no generator and changes nothing when it is used. `&loader` goes through the data in its own order,
//! as for a test; [`Loader::epoch`] takes a generator and goes through it in a fresh random order, as for training. An epoch can be
//! [saved and continued](Epoch::position), and [made ahead](Epoch::prefetch) on other threads.

use super::{
    By, Collate, Dataset, Paired, Position, Sampler, Shuffled, Stacked,
    prefetch::{Ahead, Prefetched},
};
use crate::refusal::or_panic;
use cotangent_tensor::{Error, ErrorKind, Result, Rng, Tensor};
use std::{fmt, sync::Arc};

/// Batches of any [`Dataset`]; mostly of inputs `x` and targets `y` along their first axis.
///
/// ```
/// use cotangent_nn::data::Loader;
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let mut rng = Rng::seed(7);
/// let (x, y) = (rng.normal([10, 3], DType::F32), rng.randint(0, 2, [10]));
/// let loader = Loader::new(&x, &y, 4)?;
/// for batch in loader.epoch(&mut rng) {
///     assert_eq!(batch.x.shape()[0], batch.y.shape()[0]);
/// }
/// let sizes: Vec<usize> = loader.into_iter().map(|batch| batch.len()).collect();
/// assert_eq!(sizes, [4, 4, 2]);
/// # Ok::<(), cotangent_tensor::Error>(())
/// ```
///
/// A clone shares the dataset.
pub struct Loader<D = Paired, C = Stacked> {
    dataset: Arc<D>,
    collate: Arc<C>,
    batch_size: usize,
    drop_last: bool,
}

impl Loader {
    /// Batches of `batch_size` examples of inputs and targets; the last of an epoch has what is left.
    ///
    /// # Errors
    /// When x or y is a scalar, their first axes differ, there are no examples, or the batch size is zero.
    pub fn new(x: &Tensor, y: &Tensor, batch_size: usize) -> Result<Self> {
        let show = |error: Error| error.with_inputs(&[x.spec(), y.spec()]);
        Loader::over(Paired::new(x, y)?, batch_size).map_err(show)
    }
}

impl<D: Dataset> Loader<D> {
    /// Batches of `batch_size` examples of a dataset; the last of an epoch has what is left. What a batch of them is,
    /// [`Stack`](super::Stack) says.
    ///
    /// # Errors
    /// When there are no examples, or the batch size is zero.
    ///
    /// ```
    /// use cotangent_nn::data::{Dataset, Examples, Loader};
    /// let halves = Examples(vec![1i64, 2, 3]).map(|n| (n, n as f64 / 2.0));
    /// let (n, half) = Loader::over(halves, 3)?.into_iter().next().expect("a batch");
    /// assert_eq!((n.to_vec::<i64>(), half.to_vec::<f64>()), (vec![1, 2, 3], vec![0.5, 1.0, 1.5]));
    /// # Ok::<(), cotangent_tensor::Error>(())
    /// ```
    pub fn over(dataset: D, batch_size: usize) -> Result<Self> {
        if dataset.is_empty() {
            return Err(Error::new(ErrorKind::Size, "loader", "there are no examples"));
        }
        if batch_size == 0 {
            let rule = "a batch needs at least one example; the batch size is 0";
            return Err(Error::new(ErrorKind::Value, "loader", rule));
        }
        Ok(Loader { dataset: Arc::new(dataset), collate: Arc::new(Stacked), batch_size, drop_last: false })
    }
}

impl<D: Dataset, C> Loader<D, C> {
    /// Whether to leave out a last batch that is not full. With fewer examples than one batch, none remains.
    #[must_use]
    pub fn drop_last(self, drop_last: bool) -> Self {
        Loader { drop_last, ..self }
    }

    /// What a batch is, as a function of its examples; there is at least one.
    ///
    /// ```
    /// use cotangent_nn::data::{Examples, Loader};
    /// let words = Examples(vec!["tensors", "are", "plain"]);
    /// let longest = |words: Vec<&str>| words.iter().map(|word| word.len()).max();
    /// let loader = Loader::over(words, 2)?.collate(longest);
    /// assert_eq!(loader.into_iter().collect::<Vec<_>>(), [Some(7), Some(5)]);
    /// # Ok::<(), cotangent_tensor::Error>(())
    /// ```
    #[must_use]
    pub fn collate<B, F: Fn(Vec<D::Example>) -> B>(self, collate: F) -> Loader<D, By<F>> {
        let Loader { dataset, batch_size, drop_last, .. } = self;
        Loader { dataset, collate: Arc::new(By(collate)), batch_size, drop_last }
    }

    /// The same batches for a [`Trainer`](crate::training::Trainer), each epoch made [ahead](Epoch::prefetch) by `threads` threads.
    ///
    /// # Panics
    /// When the number of threads is zero.
    #[must_use]
    #[track_caller]
    pub fn ahead(&self, threads: usize) -> Ahead<D, C> {
        Ahead::new(self.clone(), threads)
    }

    /// The dataset.
    #[must_use]
    pub fn dataset(&self) -> &D {
        &self.dataset
    }

    /// The number of examples.
    #[must_use]
    pub fn examples(&self) -> usize {
        self.dataset.len()
    }

    /// The number of batches of an epoch that has each example once.
    #[must_use]
    pub fn batches(&self) -> usize {
        batches(self.examples(), self.batch_size, self.drop_last)
    }

    /// All batches, the examples in a fresh random order. It is drawn at once, so that `rng` is free again while
    /// batches are made.
    pub fn epoch(&self, rng: &mut Rng) -> Epoch<D, C> {
        self.epoch_by(&Shuffled, rng)
    }

    /// The batches of the examples that a sampler draws.
    ///
    /// # Panics
    /// When the sampler refuses this number of examples, or names a place beyond them.
    #[track_caller]
    pub fn epoch_by(&self, sampler: &impl Sampler, rng: &mut Rng) -> Epoch<D, C> {
        let order = sampler.order(self.examples(), rng);
        or_panic(self.resume(Position::new(order)))
    }

    /// The rest of an epoch that was [saved](Epoch::position), of a loader over the same data; the batches are those, to the last bit,
    /// that would have followed.
    ///
    /// # Errors
    /// When the position names an example that there is not.
    pub fn resume(&self, position: Position) -> Result<Epoch<D, C>> {
        let examples = self.examples();
        if let Some(beyond) = position.order.iter().find(|&&place| place >= examples) {
            let rule = format!("the order of the epoch names the example {beyond}, and there are {examples}");
            return Err(Error::new(ErrorKind::Index, "loader", rule));
        }
        Ok(Epoch {
            dataset: self.dataset.clone(),
            collate: self.collate.clone(),
            batch_size: self.batch_size,
            drop_last: self.drop_last,
            position,
        })
    }
}

impl<D, C> Clone for Loader<D, C> {
    fn clone(&self) -> Self {
        let Loader { dataset, collate, batch_size, drop_last } = self;
        Loader { dataset: dataset.clone(), collate: collate.clone(), batch_size: *batch_size, drop_last: *drop_last }
    }
}

impl<D: Dataset, C> fmt::Debug for Loader<D, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader")
            .field("examples", &self.examples())
            .field("batch_size", &self.batch_size)
            .field("drop_last", &self.drop_last)
            .finish_non_exhaustive()
    }
}

/// All batches, the examples in their own order; of tensors the batches are views.
impl<D: Dataset, C: Collate<D>> IntoIterator for &Loader<D, C> {
    type Item = C::Batch;
    type IntoIter = Epoch<D, C>;
    fn into_iter(self) -> Epoch<D, C> {
        Epoch {
            dataset: self.dataset.clone(),
            collate: self.collate.clone(),
            batch_size: self.batch_size,
            drop_last: self.drop_last,
            position: Position::new((0..self.examples()).collect::<Vec<_>>()),
        }
    }
}

/// Some examples: inputs and targets with the same first axis.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The inputs.
    pub x: Tensor,
    /// The targets.
    pub y: Tensor,
}

impl Batch {
    /// The number of examples.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a batch is never empty")]
    pub fn len(&self) -> usize {
        self.y.shape()[0]
    }
}

/// The batches of one pass through the data.
#[must_use = "batches are made when they are asked for"]
pub struct Epoch<D = Paired, C = Stacked> {
    pub(super) dataset: Arc<D>,
    pub(super) collate: Arc<C>,
    pub(super) batch_size: usize,
    pub(super) drop_last: bool,
    pub(super) position: Position,
}

impl<D, C> Epoch<D, C> {
    /// Where the epoch stands: the order of its examples, and how many of them it has given out. [`Loader::resume`] continues from
    /// there.
    ///
    /// ```
    /// use cotangent_nn::data::Loader;
    /// use cotangent_tensor::{Rng, Tensor};
    /// let x = Tensor::arange(0, 10, 1);
    /// let loader = Loader::new(&x, &x, 3)?;
    /// let mut epoch = loader.epoch(&mut Rng::seed(7));
    /// epoch.next();
    /// let saved = epoch.position();
    /// let rest = |epoch: cotangent_nn::data::Epoch| -> Vec<_> { epoch.flat_map(|batch| batch.x.to_vec::<i64>()).collect() };
    /// assert_eq!(rest(loader.resume(saved)?), rest(epoch));
    /// # Ok::<(), cotangent_tensor::Error>(())
    /// ```
    #[must_use]
    pub fn position(&self) -> Position {
        self.position.clone()
    }

    /// The number of batches that are left.
    fn left(&self) -> usize {
        batches(self.position.order.len() - self.position.next, self.batch_size, self.drop_last)
    }
}

impl<D: Dataset, C: Collate<D>> Epoch<D, C> {
    /// The same batches in the same order, made ahead by `threads` threads of their own while the caller works with those before.
    ///
    /// Each thread keeps at most two batches that nobody has asked for. What goes wrong in a thread is what would go wrong here: a
    /// `Result` is in its place in the order, and a panic comes out of [`next`](Iterator::next), in its place too. Dropping the
    /// iterator ends the threads, after the batches that they are at.
    ///
    /// It pays where examples are read or computed one by one. Batches of tensors in memory are made faster than they are sent.
    ///
    /// # Panics
    /// When the number of threads is zero, or the system refuses to start one.
    ///
    /// ```
    /// use cotangent_nn::data::{Dataset, Examples, Loader};
    /// use cotangent_tensor::Rng;
    /// let loader = Loader::over(Examples((0..100i64).collect()).map(|n| n * n), 8)?;
    /// let plain: Vec<i64> = loader.epoch(&mut Rng::seed(7)).flat_map(|batch| batch.to_vec::<i64>()).collect();
    /// let ahead = loader.epoch(&mut Rng::seed(7)).prefetch(3).flat_map(|batch| batch.to_vec::<i64>());
    /// assert_eq!(ahead.collect::<Vec<_>>(), plain);
    /// # Ok::<(), cotangent_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn prefetch(self, threads: usize) -> Prefetched<C::Batch>
    where
        D: Send + Sync + 'static,
        C: Send + Sync + 'static,
        C::Batch: Send + 'static,
    {
        let left = self.left();
        Prefetched::new(self, left, threads)
    }
}

impl<D: Dataset, C: Collate<D>> Iterator for Epoch<D, C> {
    type Item = C::Batch;

    fn next(&mut self) -> Option<C::Batch> {
        if self.left() == 0 {
            return None;
        }
        let places = self.position.advance(self.batch_size);
        Some(self.collate.batch(&self.dataset, &self.position.order[places]))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left(), Some(self.left()))
    }
}

impl<D: Dataset, C: Collate<D>> ExactSizeIterator for Epoch<D, C> {}

impl<D, C> Clone for Epoch<D, C> {
    fn clone(&self) -> Self {
        let Epoch { dataset, collate, batch_size, drop_last, position } = self;
        Epoch {
            dataset: dataset.clone(),
            collate: collate.clone(),
            batch_size: *batch_size,
            drop_last: *drop_last,
            position: position.clone(),
        }
    }
}

impl<D, C> fmt::Debug for Epoch<D, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Epoch").field("position", &self.position).finish_non_exhaustive()
    }
}

fn batches(examples: usize, batch_size: usize, drop_last: bool) -> usize {
    if drop_last { examples / batch_size } else { examples.div_ceil(batch_size) }
}

#[cfg(test)]
mod tests;

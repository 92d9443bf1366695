//! Where the batches of a training come from: a loader, or one that makes them ahead.

use crate::data::{Ahead, Collate, Dataset, Epoch, Loader, Position, Prefetched};
use cotangent_tensor::Result;

/// Batches that can be gone through from any position: a [`Loader`], or [`Loader::ahead`] of one.
pub trait Source {
    /// A batch.
    type Batch;

    /// The number of examples.
    fn examples(&self) -> usize;

    /// The batches from a position on.
    ///
    /// # Errors
    /// When the position names an example that there is not.
    fn pass(&self, position: Position) -> Result<Box<dyn Pass<Self::Batch> + '_>>;
}

/// The batches of an epoch, which knows how many are left and where it stands.
pub trait Pass<B>: ExactSizeIterator<Item = B> {
    /// Where the epoch stands; how many examples a batch has is how far it has moved on with it.
    fn reached(&self) -> Position;
}

impl<D: Dataset, C: Collate<D>> Pass<C::Batch> for Epoch<D, C> {
    fn reached(&self) -> Position {
        Epoch::position(self)
    }
}

impl<B> Pass<B> for Prefetched<B> {
    fn reached(&self) -> Position {
        Prefetched::position(self)
    }
}

impl<D: Dataset, C: Collate<D>> Source for Loader<D, C> {
    type Batch = C::Batch;
    fn examples(&self) -> usize {
        Loader::examples(self)
    }
    fn pass(&self, position: Position) -> Result<Box<dyn Pass<C::Batch> + '_>> {
        Ok(Box::new(self.resume(position)?))
    }
}

impl<D, C> Source for Ahead<D, C>
where
    D: Dataset + Send + Sync + 'static,
    C: Collate<D> + Send + Sync + 'static,
    C::Batch: Send + 'static,
{
    type Batch = C::Batch;
    fn examples(&self) -> usize {
        self.loader().examples()
    }
    fn pass(&self, position: Position) -> Result<Box<dyn Pass<C::Batch> + '_>> {
        Ok(Box::new(self.loader().resume(position)?.prefetch(self.threads())))
    }
}

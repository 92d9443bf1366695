//! Batches made ahead, by threads of their own, in the order in which they were to come.
//!
//! Of W threads, thread w makes the batches w, w + W, w + 2W, .., and has a channel of its own with room for one; the consumer asks the
//! channels in turn. So the order needs no sorting, what is made ahead is bounded, and no lock is shared.

use super::{Collate, Dataset, Epoch, Loader, Paired, Position, Stacked};
use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{Builder, JoinHandle},
};

/// A loader whose epochs are made ahead; [`Loader::ahead`] makes it, and a [`Trainer`](crate::training::Trainer) goes through it.
pub struct Ahead<D = Paired, C = Stacked> {
    loader: Loader<D, C>,
    threads: usize,
}

impl<D, C> Ahead<D, C> {
    #[track_caller]
    pub(super) fn new(loader: Loader<D, C>, threads: usize) -> Self {
        assert!(threads > 0, "prefetch: needs at least one thread");
        Ahead { loader, threads }
    }

    /// The loader.
    #[must_use]
    pub fn loader(&self) -> &Loader<D, C> {
        &self.loader
    }

    /// The number of threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }
}

impl<D, C> Clone for Ahead<D, C> {
    fn clone(&self) -> Self {
        Ahead { loader: self.loader.clone(), threads: self.threads }
    }
}

impl<D: Dataset, C> fmt::Debug for Ahead<D, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ahead").field("loader", &self.loader).field("threads", &self.threads).finish()
    }
}

/// A batch, or what its thread panicked with.
type Made<B> = Result<B, Box<dyn Any + Send>>;

/// The batches of an epoch, made ahead; [`Epoch::prefetch`] starts it.
#[must_use = "dropping it ends the threads that make batches"]
pub struct Prefetched<B> {
    channels: Vec<Receiver<Made<B>>>,
    threads: Vec<JoinHandle<()>>,
    position: Position,
    batch_size: usize,
    given: usize,
    left: usize,
}

impl<B: Send + 'static> Prefetched<B> {
    #[track_caller]
    pub(super) fn new<D, C>(epoch: Epoch<D, C>, left: usize, threads: usize) -> Self
    where
        D: Dataset + Send + Sync + 'static,
        C: Collate<D, Batch = B> + Send + Sync + 'static,
    {
        assert!(threads > 0, "prefetch: needs at least one thread");
        let (position, batch_size) = (epoch.position(), epoch.batch_size);
        let mut this = Prefetched { channels: Vec::new(), threads: Vec::new(), position, batch_size, given: 0, left };
        // A thread for which there is no batch need not be.
        let threads = threads.min(left);
        for first in 0..threads {
            let (sender, receiver) = sync_channel(1);
            let mut epoch = epoch.clone();
            let work = move || {
                for _ in 0..first {
                    epoch.position.advance(batch_size);
                }
                let made = std::iter::repeat_with(|| {
                    let batch = catch_unwind(AssertUnwindSafe(|| epoch.next()));
                    for _ in 1..threads {
                        epoch.position.advance(batch_size);
                    }
                    batch
                });
                send_all(made, &sender);
            };
            let thread = Builder::new().name("cotangent-prefetch".to_owned()).spawn(work);
            this.threads.push(thread.unwrap_or_else(|error| panic!("prefetch: cannot start a thread: {error}")));
            this.channels.push(receiver);
        }
        this
    }
}

/// Sends batches until there are no more, one panics, or nobody listens.
fn send_all<B>(made: impl Iterator<Item = Made<Option<B>>>, sender: &SyncSender<Made<B>>) {
    for batch in made {
        let Some(batch) = batch.transpose() else { return };
        let panicked = batch.is_err();
        if sender.send(batch).is_err() || panicked {
            return;
        }
    }
}

impl<B> Prefetched<B> {
    /// Where the epoch stands for the caller: batches that were made ahead and not asked for do not count.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position.clone()
    }
}

impl<B> Iterator for Prefetched<B> {
    type Item = B;

    /// # Panics
    /// With what the thread that made the batch panicked with; the iterator is at its end then.
    fn next(&mut self) -> Option<B> {
        if self.left == 0 {
            return None;
        }
        let channel = &self.channels[self.given % self.channels.len()];
        let made = channel.recv().expect("a thread sends all of its batches, or the panic that ended it");
        match made {
            Ok(batch) => {
                self.position.advance(self.batch_size);
                (self.given, self.left) = (self.given + 1, self.left - 1);
                Some(batch)
            }
            Err(panic) => {
                self.left = 0;
                resume_unwind(panic)
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<B> ExactSizeIterator for Prefetched<B> {}

/// Ends the threads and waits for them, so that nothing of the dataset is in use afterwards.
impl<B> Drop for Prefetched<B> {
    fn drop(&mut self) {
        // A thread that waits for room in its channel hears that nobody listens.
        self.channels.clear();
        for thread in self.threads.drain(..) {
            // It cannot have panicked: what panics in a batch is sent.
            let _ = thread.join();
        }
    }
}

impl<B> fmt::Debug for Prefetched<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prefetched")
            .field("threads", &self.threads.len())
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        data::{Dataset, Examples, Loader},
        panics::panic_message,
    };
    use cotangent_tensor::{Rng, Tensor};
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering::SeqCst},
        },
        time::Duration,
    };

    fn numbers(n: i64) -> Examples<i64> {
        Examples((0..n).collect())
    }

    #[test]
    fn the_order_is_that_of_the_epoch_for_any_number_of_threads() {
        for (n, batch_size, drop_last) in [(100, 7, false), (100, 7, true), (3, 5, false), (3, 5, true), (8, 1, false)]
        {
            // Batches take different times, so that threads finish in another order than they should deliver.
            let slow = numbers(n).map(|i| {
                std::thread::sleep(Duration::from_micros((i as u64 * 37) % 200));
                i
            });
            let loader = Loader::over(slow, batch_size).expect("examples").drop_last(drop_last);
            let plain: Vec<Vec<i64>> = loader.epoch(&mut Rng::seed(1)).map(|batch| batch.to_vec()).collect();
            for threads in [1, 2, 3, 50] {
                let ahead = loader.epoch(&mut Rng::seed(1)).prefetch(threads);
                assert_eq!(ahead.len(), plain.len());
                assert_eq!(ahead.map(|batch| batch.to_vec::<i64>()).collect::<Vec<_>>(), plain);
            }
        }
    }

    #[test]
    fn a_panic_comes_out_in_its_place_and_ends_the_epoch() {
        let broken = numbers(10).map(|i| {
            assert!(i != 5, "example {i} is broken");
            i
        });
        let loader = Loader::over(broken, 2).expect("examples");
        let mut epoch = loader.into_iter().prefetch(2);
        assert_eq!(epoch.by_ref().take(2).map(|batch| batch.to_vec::<i64>()).collect::<Vec<_>>(), [[0, 1], [2, 3]]);
        assert_eq!(panic_message(|| epoch.next()), "example 5 is broken");
        assert!(epoch.next().is_none());
        assert_eq!(epoch.position().examples(), 4);
    }

    #[test]
    fn little_is_made_ahead_and_dropping_the_iterator_ends_the_threads() {
        let made = Arc::new(AtomicUsize::new(0));
        let counted = numbers(1000).map({
            let made = made.clone();
            move |i| {
                made.fetch_add(1, SeqCst);
                i
            }
        });
        let loader = Loader::over(counted, 1).expect("examples");
        let mut epoch = loader.into_iter().prefetch(3);
        assert_eq!(epoch.next().map(|batch| batch.to_vec::<i64>()), Some(vec![0]));
        drop(epoch);
        // One that was asked for, and for each thread one in its channel and one at hand, besides one in the place of the first.
        assert!(made.load(SeqCst) <= 8, "{}", made.load(SeqCst));
        // The closure is held by the loader alone, that is, no thread is left.
        drop(loader);
        assert_eq!(Arc::strong_count(&made), 1);
    }

    #[test]
    fn an_epoch_can_be_continued_ahead_of_time() {
        let x = Tensor::arange(0, 10, 1);
        let loader = Loader::new(&x, &x, 3).expect("examples");
        let mut epoch = loader.epoch(&mut Rng::seed(2));
        epoch.next();
        let rest: Vec<i64> = epoch.clone().prefetch(2).flat_map(|batch| batch.x.to_vec::<i64>()).collect();
        assert_eq!(rest, epoch.flat_map(|batch| batch.x.to_vec::<i64>()).collect::<Vec<_>>());
        assert_eq!(panic_message(|| loader.into_iter().prefetch(0)), "prefetch: needs at least one thread");
    }
}

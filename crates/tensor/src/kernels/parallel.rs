//! The only room that knows threads: splitting work over rayon's pool.
//!
//! How work is cut never depends on how many threads there are, so that results have the same bits on one thread and on many;
//! only who runs a piece does. Small work runs on the calling thread: waking another costs some microseconds.

mod team;

use rayon::slice::ParallelSliceMut;
use std::marker::PhantomData;
use team::{is_inside_a_task, on_threads};

/// Estimated nanoseconds of work below which a second thread costs more than it saves: waking one takes about 10 us.
const WORTHWHILE: usize = 40_000;

/// Runs `task(i, piece)` on each piece of `chunk` elements (the last may be shorter); `work` estimates the nanoseconds of it all.
pub(crate) fn chunks<T: Send>(dst: &mut [T], chunk: usize, work: usize, task: impl Fn(usize, &mut [T]) + Send + Sync) {
    chunks_of(dst, chunk, work, &task);
}

/// Runs `task(i, pieces)` on piece `i` of every slice, which are equally long; `work` estimates the nanoseconds of it all.
pub(crate) fn chunks_together<T: Send>(
    slices: Vec<&mut [T]>,
    chunk: usize,
    work: usize,
    task: impl Fn(usize, Vec<&mut [T]>) + Send + Sync,
) {
    let slices: Vec<Pieces<'_, T>> = slices.into_iter().map(|slice| Pieces::new(slice, chunk)).collect();
    let count = slices.first().map_or(0, Pieces::count);
    // SAFETY: `tasks` calls for each number once.
    tasks(count, work, |i| task(i, slices.iter().map(|slice| unsafe { slice.piece(i) }).collect()));
}

/// As [`chunks`], with what the tasks return, in order.
pub(crate) fn collect_chunks<T: Send, R: Send>(
    dst: &mut [T],
    chunk: usize,
    work: usize,
    task: impl Fn(usize, &mut [T]) -> R + Send + Sync,
) -> Vec<R> {
    collect_chunks_of(dst, chunk, work, &task)
}

/// Runs `task(i)` for each `i` below `count`; `work` estimates the nanoseconds of it all.
pub(crate) fn tasks(count: usize, work: usize, task: impl Fn(usize) + Send + Sync) {
    tasks_of(count, work, &task);
}

/// `task(i)` for each `i` below `count`, in order; `work` estimates the nanoseconds of it all.
pub(crate) fn collect<R: Send>(count: usize, work: usize, task: impl Fn(usize) -> R + Send + Sync) -> Vec<R> {
    collect_of(count, work, &task)
}

/// Sorts entries of which no two are equal, so that there is one result; `work` estimates the nanoseconds of it all.
pub(crate) fn sort<T: Ord + Send>(entries: &mut [T], work: usize) {
    if is_serial(work) {
        entries.sort_unstable();
    } else {
        entries.par_sort_unstable();
    }
}

// What follows is compiled once for each type of element and not once for each kernel.

fn chunks_of<T: Send>(dst: &mut [T], chunk: usize, work: usize, task: &(dyn Fn(usize, &mut [T]) + Send + Sync)) {
    if dst.len() <= chunk || is_serial(work) {
        return dst.chunks_mut(chunk).enumerate().for_each(|(i, piece)| task(i, piece));
    }
    let pieces = Pieces::new(dst, chunk);
    // SAFETY: `on_threads` calls for each number once.
    on_threads(pieces.count(), &|i| task(i, unsafe { pieces.piece(i) }));
}

fn collect_chunks_of<T: Send, R: Send>(
    dst: &mut [T],
    chunk: usize,
    work: usize,
    task: &(dyn Fn(usize, &mut [T]) -> R + Send + Sync),
) -> Vec<R> {
    if dst.len() <= chunk || is_serial(work) {
        return dst.chunks_mut(chunk).enumerate().map(|(i, piece)| task(i, piece)).collect();
    }
    let pieces = Pieces::new(dst, chunk);
    // SAFETY: `collect_of` calls for each number once.
    collect_of(pieces.count(), work, &|i| task(i, unsafe { pieces.piece(i) }))
}

fn tasks_of(count: usize, work: usize, task: &(dyn Fn(usize) + Send + Sync)) {
    if count <= 1 || is_serial(work) {
        (0..count).for_each(task);
    } else {
        on_threads(count, task);
    }
}

fn collect_of<R: Send>(count: usize, work: usize, task: &(dyn Fn(usize) -> R + Send + Sync)) -> Vec<R> {
    if count <= 1 || is_serial(work) {
        return (0..count).map(task).collect();
    }
    let mut results: Vec<Option<R>> = (0..count).map(|_| None).collect();
    chunks_of(&mut results, 1, work, &|i, result| result[0] = Some(task(i)));
    results.into_iter().map(|result| result.expect("each task has written its own")).collect()
}

/// A slice cut into pieces of `chunk` elements, of which the last may be shorter, to be handed out by number.
struct Pieces<'a, T> {
    first: *mut T,
    len: usize,
    chunk: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: what is shared gives each piece to one caller, as `piece` demands: elements are sent, not shared.
unsafe impl<T: Send> Sync for Pieces<'_, T> {}

impl<'a, T> Pieces<'a, T> {
    fn new(slice: &'a mut [T], chunk: usize) -> Self {
        assert!(chunk > 0, "a piece has elements");
        Pieces { first: slice.as_mut_ptr(), len: slice.len(), chunk, slice: PhantomData }
    }

    fn count(&self) -> usize {
        self.len.div_ceil(self.chunk)
    }

    /// Piece `i`.
    ///
    /// # Safety
    /// Nobody else has asked for it.
    unsafe fn piece(&self, i: usize) -> &'a mut [T] {
        assert!(i < self.count(), "there is no piece {i}");
        let start = i * self.chunk;
        let len = self.chunk.min(self.len - start);
        // SAFETY: the piece lies within the slice, which is borrowed for 'a; others are beside it, and nobody else has this one.
        unsafe { std::slice::from_raw_parts_mut(self.first.add(start), len) }
    }
}

fn is_serial(work: usize) -> bool {
    work < WORTHWHILE || is_inside_a_task() || rayon::current_num_threads() == 1
}

/// Runs `f` with kernels using `threads` threads; the default is one for each core, or `RAYON_NUM_THREADS`.
///
/// Results do not depend on the number of threads, not even in their last bit. Each call starts threads of its own: wrap a program
/// or a training run, not an operation. A thread of the pool may take up other work of the pool's while it waits for a sort; do not hold a
/// lock across an operation inside a parallel iterator of rayon. What is given to `rayon::spawn` there runs beside operations that follow
/// closely, after some milliseconds at most if a thread is free of long tasks.
///
/// # Panics
/// When `threads` is zero, or the system refuses to start them.
///
/// ```
/// use cotangent_tensor::{Rng, Tensor, with_threads};
/// let x = Tensor::from([1.0f32, 2.0]);
/// assert_eq!(with_threads(1, || x.exp()).to_vec::<f32>(), with_threads(2, || x.exp()).to_vec::<f32>());
/// ```
pub fn with_threads<R: Send>(threads: usize, f: impl FnOnce() -> R + Send) -> R {
    assert!(threads > 0, "with_threads: needs at least one thread");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("with_threads: the system starts as many threads as were asked for").install(f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        cmp::Ordering,
        sync::atomic::{AtomicBool, Ordering::Relaxed},
        thread::{self, ThreadId},
    };

    /// A number that tells whether a thread that is not its own has compared it.
    struct Watched<'a>(u64, ThreadId, &'a AtomicBool);

    impl Ord for Watched<'_> {
        fn cmp(&self, other: &Self) -> Ordering {
            if thread::current().id() != self.1 {
                self.2.store(true, Relaxed);
            }
            self.0.cmp(&other.0)
        }
    }
    impl PartialOrd for Watched<'_> {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }
    impl Eq for Watched<'_> {}
    impl PartialEq for Watched<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }

    /// Sorts numbers in a random order, with this much work said to be in it; whether other threads took part.
    fn sort_is_shared(len: u64, work: usize) -> bool {
        let shared = AtomicBool::new(false);
        let this = thread::current().id();
        let mut numbers: Vec<_> =
            (0..len).map(|i| Watched(i.wrapping_mul(0x9e37_79b9_7f4a_7c15), this, &shared)).collect();
        sort(&mut numbers, work);
        assert!(numbers.is_sorted());
        drop(numbers);
        shared.into_inner()
    }

    #[test]
    fn a_sort_inside_a_task_stays_on_its_thread() {
        const LEN: u64 = if cfg!(miri) { 5_000 } else { 100_000 };
        with_threads(4, || {
            tasks(2, usize::MAX, |_| assert!(!sort_is_shared(LEN, usize::MAX), "a task has no threads to give"));
            let mut rounds = 0..100;
            assert!(rounds.any(|_| sort_is_shared(LEN, usize::MAX)), "by itself it has all");
        });
    }
}

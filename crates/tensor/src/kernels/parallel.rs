//! The only room that knows threads: splitting work over rayon's pool.
//!
//! How work is cut never depends on how many threads there are, so that results have the same bits on one thread and on many;
//! only who runs a piece does. Small work runs on the calling thread: waking another costs some microseconds.

use rayon::prelude::*;

/// Estimated nanoseconds of work below which a second thread costs more than it saves: waking one takes about 10 us.
const WORTHWHILE: usize = 40_000;

/// Runs `task(i, piece)` on each piece of `chunk` elements (the last may be shorter); `work` estimates the nanoseconds of it all.
pub(crate) fn chunks<T: Send>(dst: &mut [T], chunk: usize, work: usize, task: impl Fn(usize, &mut [T]) + Send + Sync) {
    chunks_of(dst, chunk, work, &task);
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

// What follows is compiled once for each type of element and not once for each kernel: rayon's part is long.

fn chunks_of<T: Send>(dst: &mut [T], chunk: usize, work: usize, task: &(dyn Fn(usize, &mut [T]) + Send + Sync)) {
    if dst.len() <= chunk || is_serial(work) {
        dst.chunks_mut(chunk).enumerate().for_each(|(i, piece)| task(i, piece));
    } else {
        dst.par_chunks_mut(chunk).enumerate().for_each(|(i, piece)| task(i, piece));
    }
}

fn collect_chunks_of<T: Send, R: Send>(
    dst: &mut [T],
    chunk: usize,
    work: usize,
    task: &(dyn Fn(usize, &mut [T]) -> R + Send + Sync),
) -> Vec<R> {
    if dst.len() <= chunk || is_serial(work) {
        dst.chunks_mut(chunk).enumerate().map(|(i, piece)| task(i, piece)).collect()
    } else {
        dst.par_chunks_mut(chunk).enumerate().map(|(i, piece)| task(i, piece)).collect()
    }
}

fn tasks_of(count: usize, work: usize, task: &(dyn Fn(usize) + Send + Sync)) {
    if count <= 1 || is_serial(work) {
        (0..count).for_each(task);
    } else {
        (0..count).into_par_iter().for_each(task);
    }
}

fn collect_of<R: Send>(count: usize, work: usize, task: &(dyn Fn(usize) -> R + Send + Sync)) -> Vec<R> {
    if count <= 1 || is_serial(work) {
        (0..count).map(task).collect()
    } else {
        (0..count).into_par_iter().map(task).collect()
    }
}

fn is_serial(work: usize) -> bool {
    work < WORTHWHILE || rayon::current_num_threads() == 1
}

/// Runs `f` with kernels using `threads` threads; the default is one for each core, or `RAYON_NUM_THREADS`.
///
/// Results do not depend on the number of threads, not even in their last bit. Each call starts threads of its own: wrap a program
/// or a training run, not an operation. Inside a parallel iterator of rayon, a thread that waits for a kernel may take up other
/// work of that iterator meanwhile; do not hold a lock across an operation there.
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

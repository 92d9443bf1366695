//! Calling a task for each number below a count on several threads, of which the caller is one.
//!
//! Rayon's own loops put the caller to sleep while its workers run, and these to sleep when they are done; an operation of 50 us then
//! waits as long for threads to wake as it computes. Here the caller begins as soon as it has called the helpers that it lacks, threads of
//! rayon's join it, and one that is done stays for [`LINGER`], since the next operation tends to follow: a loop that follows closely calls
//! nobody. A caller has the same helpers each time, and each the same part of the numbers first, so that a core finds in its cache what it
//! wrote there.
//!
//! A task that itself asks for threads gets none: the outermost loop has them all. A thread that sorts, or whose task joins others by
//! rayon, may be made a helper of another caller while it waits, and other jobs of rayon's may wait for a helper's thread: after
//! each [`SHIFT`] it goes back to rayon, and helps again when they have had their turn.

use rayon::{ThreadPool, ThreadPoolBuilder, Yield};
use std::{
    any::Any,
    cell::{Cell, UnsafeCell},
    hint::spin_loop,
    mem::forget,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    ptr::null,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::*},
    },
    thread,
    time::{Duration, Instant},
};

/// How long a helper without work waits for more: longer than the serial stretches between the operations of a training step, since
/// the system may wake a sleeper on its caller's core, where the two then take turns for milliseconds (with 50 us, a step of an MLP
/// took 3.7 to 7.3 ms; from 300 us on, 3.5 to 3.9); and no longer, since meanwhile it keeps a core from others.
const LINGER: Duration = Duration::from_micros(300);
/// How long a helper stays at most before others have its thread: so long that rayon's search for their jobs, a microsecond or some when
/// a thread must be woken, is a thousandth of it, and no longer than what waits for a thread may wait for the end of a task.
const SHIFT: Duration = Duration::from_millis(2);
/// Turns of a waiting loop between two looks at the clock, and after which a waiting caller lets others have its core.
const PATIENCE: usize = 64;

/// A loop that helpers may join.
struct Job<'a> {
    task: &'a (dyn Fn(usize) + Send + Sync),
    /// Equal parts of the numbers, one for each thread: the next to be taken, and the end.
    spans: Vec<(AtomicUsize, usize)>,
    /// What the first task that panicked panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Job<'_> {
    fn new(count: usize, threads: usize, task: &(dyn Fn(usize) + Send + Sync)) -> Job<'_> {
        let spans = (0..threads).map(|i| (AtomicUsize::new(count * i / threads), count * (i + 1) / threads)).collect();
        Job { task, spans, panic: Mutex::new(None) }
    }

    /// Runs what is left, from this thread's own part on.
    fn work(&self, thread: usize) {
        let run = || {
            for i in 0..self.spans.len() {
                let (next, end) = &self.spans[(thread + i) % self.spans.len()];
                loop {
                    // Relaxed: the number alone is handed out; what tasks wrote is published when the helper leaves.
                    let number = next.fetch_add(1, Relaxed);
                    if number >= *end {
                        break;
                    }
                    (self.task)(number);
                }
            }
        };
        if let Err(panic) = INSIDE.with(|inside| inside.during(|| catch_unwind(AssertUnwindSafe(run)))) {
            self.spans.iter().for_each(|(next, end)| next.store(*end, Relaxed));
            let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
            if first.is_none() {
                *first = Some(panic);
            } else {
                // Not dropped: that may panic as well, and a helper which unwinds from here is never counted out.
                forget(panic);
            }
        }
    }
}

thread_local! {
    static INSIDE: Inside = const { Inside(Cell::new(false)) };
    static TEAM: Arc<Team> = Arc::new(Team::lingering(LINGER));
}

/// Whether this thread runs a task.
struct Inside(Cell<bool>);

impl Inside {
    fn during<R>(&self, run: impl FnOnce() -> R) -> R {
        let before = self.0.replace(true);
        let result = run();
        self.0.set(before);
        result
    }
}

/// A caller's helpers, and the job that they may join: a word of which each caller has one.
struct Team {
    /// Whether a job is open, how many helpers are at it, and the number of the job: 1 bit, 15 bits, 48 bits.
    state: AtomicU64,
    /// The job; valid while the state is open or a helper is at it.
    job: UnsafeCell<*const Job<'static>>,
    /// Helpers that run or wait.
    helpers: AtomicUsize,
    /// How long those wait.
    linger: Duration,
}

// SAFETY: `job` is written by the caller alone, while the state is closed and no helper is at a job, and read by helpers which have
// entered an open job; entering acquires what opening released. A `Job` may be shared between threads.
unsafe impl Sync for Team {}
// SAFETY: as above; nothing in a team belongs to a thread.
unsafe impl Send for Team {}

const OPEN: u64 = 1;
const ONE_HELPER: u64 = 2;
const HELPERS: u64 = (1 << 16) - 2;
const ONE_JOB: u64 = 1 << 16;
/// More helpers than this no job takes, so that their count fits the state.
const MOST_HELPERS: usize = 1 << 14;

impl Team {
    const fn lingering(linger: Duration) -> Self {
        Team { state: AtomicU64::new(0), job: UnsafeCell::new(null()), helpers: AtomicUsize::new(0), linger }
    }

    /// Enters the job if one is open that is not number `done`, and works at it; says which it was.
    fn help(&self, thread: usize, done: Option<u64>) -> Option<u64> {
        let joined = self.state.fetch_update(Acquire, Relaxed, |state| {
            (state & OPEN != 0 && Some(state / ONE_JOB) != done).then_some(state + ONE_HELPER)
        });
        let number = joined.ok()? / ONE_JOB;
        // SAFETY: the state was open when this helper was counted in, so that the caller waits for it to be counted out below, and
        // the job lives until then.
        let job = unsafe { &**self.job.get() };
        job.work(thread);
        // Release: the caller sees what the tasks wrote.
        self.state.fetch_sub(ONE_HELPER, Release);
        Some(number)
    }

    /// What a helper does, on a thread of rayon's: shifts, and after each as long what others have waiting there.
    fn help_in_shifts(self: Arc<Self>, thread: usize, done: Option<u64>) {
        let Some(done) = self.help_for_a_shift(thread, done) else { return };
        let until = Instant::now() + SHIFT;
        while rayon::yield_now() == Some(Yield::Executed) && Instant::now() < until {}
        // Behind the end of this job, for which a thread that became a helper while it waited looks.
        rayon::spawn(move || self.help_in_shifts(thread, Some(done)));
    }

    /// A job, and those that follow closely, after number `done`; says which was the last if the shift ended before there were no more.
    fn help_for_a_shift(&self, thread: usize, mut done: Option<u64>) -> Option<u64> {
        let end = Instant::now() + SHIFT;
        loop {
            while let Some(number) = self.next_job(thread, done) {
                done = Some(number);
                if Instant::now() >= end {
                    return done;
                }
            }
            self.helpers.fetch_sub(1, SeqCst);
            // The caller may have counted on this helper just before: then it stays.
            let state = self.state.load(SeqCst);
            if state & OPEN == 0 || Some(state / ONE_JOB) == done {
                return None;
            }
            self.helpers.fetch_add(1, SeqCst);
        }
    }

    /// Works at the next job, waiting for it if this helper has `done` one already.
    fn next_job(&self, thread: usize, done: Option<u64>) -> Option<u64> {
        let until = done.map(|_| Instant::now() + self.linger);
        loop {
            for _ in 0..PATIENCE {
                if let Some(number) = self.help(thread, done) {
                    return Some(number);
                }
                spin_loop();
            }
            if until.is_none_or(|until| Instant::now() >= until) {
                return None;
            }
        }
    }

    /// Opens a job, works at it, and waits for all who joined.
    fn run(self: &Arc<Self>, job: &Job<'_>) {
        // SAFETY: no job is open, because a caller whose job is open runs tasks and gets no threads for them; and no helper is at
        // one, because the caller has waited for all. What the pointer's lifetime hides is that the job ends with this function,
        // which is not left, not by a panic either, before `Opened` has closed it and all have left it.
        unsafe { *self.job.get() = std::ptr::from_ref(job).cast() };
        let state = self.state.load(Relaxed);
        debug_assert!(state & (OPEN | HELPERS) == 0, "the last job was closed and left");
        // SeqCst, as the count of helpers: either a helper that leaves sees this job, or it is seen to have left.
        self.state.store((state + ONE_JOB) | OPEN, SeqCst);
        let _opened = Opened(self);
        let wanted = job.spans.len() - 1;
        for thread in self.helpers.load(SeqCst)..wanted {
            self.helpers.fetch_add(1, SeqCst);
            let team = self.clone();
            on_a_helper(move || team.help_in_shifts(thread + 1, None));
        }
        job.work(0);
    }
}

/// That a team's job is open; closes it and waits for all who joined.
struct Opened<'a>(&'a Team);

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        let Opened(team) = self;
        team.state.fetch_and(!OPEN, Relaxed);
        let mut turns = 0;
        // Acquire: what helpers wrote is seen.
        while team.state.load(Acquire) & HELPERS != 0 {
            turns += 1;
            if turns % PATIENCE == 0 { thread::yield_now() } else { spin_loop() }
        }
    }
}

/// Starts `help` on a thread beside the caller: in the caller's own rayon pool, if it is one of its threads, else in a pool that has
/// one thread less than rayon's, because the caller is a thread too. With as many as rayon's there would be more threads that wait
/// or work than cores, and the caller would share its core.
fn on_a_helper(help: impl FnOnce() + Send + 'static) {
    static BESIDE_A_STRANGER: OnceLock<Option<ThreadPool>> = OnceLock::new();
    if rayon::current_thread_index().is_some() {
        return rayon::spawn(help);
    }
    let pool = BESIDE_A_STRANGER
        .get_or_init(|| ThreadPoolBuilder::new().num_threads(rayon::current_num_threads() - 1).build().ok());
    match pool {
        Some(pool) => pool.spawn(help),
        None => rayon::spawn(help),
    }
}

/// Whether this thread runs a task, which gets no threads.
pub(super) fn is_inside_a_task() -> bool {
    INSIDE.with(|inside| inside.0.get())
}

/// Calls `task` once for each number below `count`, on any thread.
///
/// # Panics
/// When a task does; others may then not be called.
pub(super) fn on_threads(count: usize, task: &(dyn Fn(usize) + Send + Sync)) {
    let threads = rayon::current_num_threads().min(count).min(MOST_HELPERS);
    // A thread that is ending has no team any more.
    let team = TEAM.try_with(Arc::clone).ok().filter(|_| threads > 1 && !is_inside_a_task());
    let Some(team) = team else { return (0..count).for_each(task) };
    let job = Job::new(count, threads, task);
    team.run(&job);
    if let Some(panic) = job.panic.into_inner().unwrap_or_else(PoisonError::into_inner) {
        resume_unwind(panic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::with_threads;
    use std::{
        panic::panic_any,
        sync::{
            Barrier,
            atomic::{AtomicBool, AtomicU32},
        },
    };

    /// Rounds that meet rare orders of events; Miri, which takes a thousand times as long, chooses among such orders itself.
    const ROUNDS: u32 = if cfg!(miri) { 40 } else { 5000 };

    /// Each number below each count is handed out once, whatever the threads.
    #[test]
    fn every_task_is_called_once() {
        for threads in [1, 2, 3, 8] {
            with_threads(threads, || {
                for count in [0, 1, 2, 3, 7, 64, 1000] {
                    let calls: Vec<AtomicU32> = (0..count).map(|_| AtomicU32::new(0)).collect();
                    on_threads(count, &|i| {
                        calls[i].fetch_add(1, Relaxed);
                    });
                    assert!(calls.iter().all(|calls| calls.load(Relaxed) == 1), "{count} tasks on {threads} threads");
                }
            });
        }
    }

    #[test]
    fn many_short_jobs_and_pauses_lose_nothing() {
        with_threads(3, || {
            for round in 0..ROUNDS {
                let sum = AtomicU32::new(0);
                on_threads(5, &|i| {
                    sum.fetch_add(i as u32 + 1, Relaxed);
                });
                assert_eq!(sum.load(Relaxed), 15, "in round {round}");
                if round % (ROUNDS / 10) == 0 {
                    thread::sleep(2 * LINGER);
                }
            }
        });
    }

    #[test]
    fn a_task_may_run_tasks() {
        with_threads(4, || {
            let sum = AtomicU32::new(0);
            on_threads(10, &|_| {
                on_threads(10, &|_| {
                    sum.fetch_add(1, Relaxed);
                })
            });
            assert_eq!(sum.load(Relaxed), 100);
        });
    }

    #[test]
    fn callers_on_many_threads_do_not_disturb_each_other() {
        thread::scope(|scope| {
            for caller in 0..4usize {
                scope.spawn(move || {
                    for _ in 0..ROUNDS / 10 {
                        let sum = AtomicUsize::new(0);
                        on_threads(9, &|i| {
                            sum.fetch_add(i * caller, Relaxed);
                        });
                        assert_eq!(sum.load(Relaxed), 36 * caller);
                    }
                });
            }
        });
    }

    #[test]
    fn jobs_of_rayon_run_while_loops_follow_closely() {
        // As if the system never made a pause: this helper outwaits the test. Miri takes minutes for a second.
        const LIMIT: Duration = Duration::from_secs(if cfg!(miri) { 600 } else { 2 });
        let team = Arc::new(Team::lingering(2 * LIMIT));
        with_threads(2, || {
            let (caller, start) = (thread::current().id(), Instant::now());
            let helped = AtomicBool::new(false);
            let loop_on_both = || {
                team.run(&Job::new(8, 2, &|_| {
                    helped.fetch_or(thread::current().id() != caller, Relaxed);
                    (0..100).for_each(|_| spin_loop());
                }));
                assert!(start.elapsed() < LIMIT, "still waiting");
            };
            while !helped.load(Relaxed) {
                loop_on_both();
            }
            let spawned = Arc::new(AtomicBool::new(false));
            rayon::spawn({
                let spawned = spawned.clone();
                move || spawned.store(true, Relaxed)
            });
            while !spawned.load(Relaxed) {
                loop_on_both();
            }
            // It comes back.
            helped.store(false, Relaxed);
            while !helped.load(Relaxed) {
                loop_on_both();
            }
        });
    }

    /// Two tasks at once panic with something that panics again when it is dropped.
    #[test]
    fn a_panic_too_many_is_not_dropped() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("a drop");
            }
        }
        with_threads(2, || {
            let both = Barrier::new(2);
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                on_threads(2, &|_| {
                    both.wait();
                    panic_any(Bomb);
                })
            }));
            let bomb = panicked.expect_err("tasks panicked").downcast::<Bomb>();
            std::mem::forget(bomb.expect("the first of the two"));
            let calls = AtomicU32::new(0);
            on_threads(100, &|_| {
                calls.fetch_add(1, Relaxed);
            });
            assert_eq!(calls.load(Relaxed), 100);
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_next_job_runs() {
        with_threads(2, || {
            for bad in [0, 99] {
                let panicked = catch_unwind(|| on_threads(100, &|i| assert!(i != bad, "task {bad}")));
                let message = panicked.expect_err("a task panicked").downcast::<String>().expect("a message");
                assert_eq!(*message, format!("task {bad}"));
                let calls = AtomicU32::new(0);
                on_threads(100, &|_| {
                    calls.fetch_add(1, Relaxed);
                });
                assert_eq!(calls.load(Relaxed), 100);
            }
        });
    }
}

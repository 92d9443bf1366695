//! How a case is timed.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The least of many times, within a budget that suffices for a steady minimum.
pub(crate) fn best<R>(mut f: impl FnMut() -> R) -> f64 {
    for _ in 0..3 {
        black_box(f());
    }
    let (start, mut least) = (Instant::now(), f64::INFINITY);
    while start.elapsed() < Duration::from_millis(400) {
        least = least.min(seconds(&mut f));
    }
    least
}

/// For how many seconds a training case is measured.
pub(crate) fn budget() -> f64 {
    match std::env::var("SECS") {
        Ok(seconds) => seconds.parse().expect("SECS is a number"),
        Err(_) => 3.0,
    }
}

/// The times of many steps, in order of length; at least five, for so many seconds.
pub(crate) fn sorted<R>(budget: f64, mut step: impl FnMut() -> R) -> Vec<f64> {
    for _ in 0..3 {
        black_box(step());
    }
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < 5 || start.elapsed().as_secs_f64() < budget {
        times.push(seconds(&mut step));
    }
    times.sort_by(f64::total_cmp);
    times
}

fn seconds<R>(f: impl FnOnce() -> R) -> f64 {
    let start = Instant::now();
    black_box(f());
    start.elapsed().as_secs_f64()
}

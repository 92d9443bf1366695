//! Readers against bytes from outside: whatever they are, a reader returns data or an error that names its place; it does not panic,
//! and it asks for no more memory than the multiple of the input that its documentation states.
//!
//! Every valid sample is cut at every byte, has every bit flipped, and gets huge and tiny numbers in every place; besides, proptest
//! mutates samples, and makes bytes of nothing. The random part takes some hundred cases here, always the same. For so many seconds for
//! each reader, with other cases each time, optimised and with checks for overflow:
//!
//! ```text
//! COTANGENT_FUZZ_SECONDS=600 CARGO_PROFILE_DEV_OPT_LEVEL=2 \
//!     cargo test -p cotangent-nn --features csv,gzip,images --test readers random -- --nocapture
//! ```
//!
//! With `random::npz` in the place of `random` it is one reader alone.

mod agreement;
mod large;
mod mutation;
mod samples;

use peak_alloc::PeakAlloc;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use samples::{Format, Refusal};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Memory is counted for the process, so that one test at a time may use it.
static ALONE: Mutex<()> = Mutex::new(());

/// What an error message, a decompressor's tables (32 KiB of window besides 11 KiB) and the buffer of the CSV reader (8 KiB) take,
/// whatever the input; and the smallest block of a tensor.
const BESIDES: usize = 128 << 10;

/// Lists the readers, each with a test of random input.
macro_rules! readers {
    ($($(#[$condition:meta])? $name:ident,)*) => {
        fn formats() -> Vec<Format> {
            vec![$($(#[$condition])? samples::$name(),)*]
        }

        mod random {
            $($(#[$condition])? #[test] fn $name() {
                super::random_bytes_and_mutations_leave_data_or_an_error(stringify!($name), &super::samples::$name());
            })*
        }
    };
}

readers! {
    characters,
    checkpoint,
    #[cfg(feature = "csv")]
    csv,
    #[cfg(feature = "csv")]
    csv_filled,
    idx,
    #[cfg(feature = "gzip")]
    idx_gzip,
    #[cfg(feature = "images")]
    image_jpeg,
    #[cfg(feature = "images")]
    image_png,
    npy,
    npz,
    #[cfg(feature = "gzip")]
    npz_compressed,
    safetensors,
    words,
}

/// Holds a reader to its promises for one input.
fn outcome(format: &Format, bytes: &[u8]) -> Result<Result<(), Refusal>, String> {
    // What tensors before it left for reuse would not be counted.
    cotangent_tensor::memory::trim();
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let read = (format.read)(bytes);
    let taken = MEMORY.peak_usage().saturating_sub(before);
    let most = format.multiple * bytes.len() + BESIDES;
    if taken > most {
        return Err(format!("{taken} bytes were taken to read {}, and no more than {most} may be", bytes.len()));
    }
    if let Err(Refusal { text, has_place: false }) = &read {
        return Err(format!("an error without a place: {text}"));
    }
    (format.besides)(bytes);
    Ok(read)
}

fn checked(format: &Format, bytes: &[u8]) -> Result<(), Refusal> {
    outcome(format, bytes).unwrap_or_else(|fault| panic!("{}: {fault}; the input was {bytes:?}", format.name))
}

/// Calls a check with every sample, while nothing else counts memory.
fn for_samples(check: impl Fn(&Format, &[u8])) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for format in formats() {
        for sample in &format.samples {
            check(&format, sample);
        }
    }
}

#[test]
fn the_samples_are_valid() {
    for_samples(|format, sample| {
        let read = checked(format, sample);
        assert!(read.is_ok(), "{}: {read:?}", format.name);
    });
}

#[test]
fn what_is_cut_is_refused_wherever_it_is_cut() {
    for_samples(|format, sample| {
        for end in 0..sample.len() {
            let read = checked(format, &sample[..end]);
            assert!(!format.knows_its_end || read.is_err(), "{}: {end} of {} bytes", format.name, sample.len());
        }
    });
}

#[test]
fn any_flipped_bit_leaves_data_or_an_error() {
    for_samples(|format, sample| {
        let mut bytes = sample.to_vec();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                let read = checked(format, &bytes);
                let noticed = !format.checksummed.contains(&at) || read.is_err();
                assert!(noticed, "{}: bit {bit} of byte {at}", format.name);
                bytes[at] ^= 1 << bit;
            }
        }
    });
}

#[test]
fn huge_and_tiny_numbers_in_any_place_leave_data_or_an_error() {
    for_samples(|format, sample| {
        for number in mutation::NUMBERS {
            for at in 0..sample.len() {
                for bytes in [&number.to_be_bytes()[..], &number.to_le_bytes(), &number.to_le_bytes()[..2]] {
                    let mut changed = sample.to_vec();
                    let end = (at + bytes.len()).min(sample.len());
                    changed[at..end].copy_from_slice(&bytes[..end - at]);
                    let _ = checked(format, &changed);
                }
            }
        }
    });
}

#[test]
fn large_input_takes_no_more_memory_than_is_stated() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for format in formats() {
        for input in large::inputs(format.name) {
            // Not with the whole input, which is long.
            let fault = outcome(&format, &input).err();
            assert!(fault.is_none(), "{}: {fault:?}", format.name);
        }
    }
}

fn random_bytes_and_mutations_leave_data_or_an_error(name: &str, format: &Format) {
    let seconds = std::env::var("COTANGENT_FUZZ_SECONDS").ok();
    let seconds: Option<u64> = seconds.map(|seconds| seconds.parse().expect("COTANGENT_FUZZ_SECONDS is a number"));
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // Enough for every kind of edit in every sample, and a second or two for all readers without optimisation.
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    let law = |bytes: Vec<u8>| outcome(format, &bytes).map(drop).map_err(TestCaseError::fail);
    let mut runner = TestRunner::new_with_rng(config.clone(), TestRunner::deterministic().new_rng());
    let (start, mut cases) = (Instant::now(), 0u64);
    loop {
        match runner.run(&mutation::bytes(format), law) {
            Ok(()) => cases += u64::from(config.cases),
            Err(TestError::Fail(fault, bytes)) => panic!("{fault}; the input was {bytes:?}"),
            Err(error) => panic!("{error}"),
        }
        match seconds {
            Some(seconds) if start.elapsed() < Duration::from_secs(seconds) => {
                runner = TestRunner::new(config.clone());
            }
            _ => break,
        }
    }
    println!("{name}: {cases} cases in {} s", start.elapsed().as_secs());
}

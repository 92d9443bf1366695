//! After its first steps a training loop asks the system for nothing of size: no block of 64 KiB or more, and not as many pages. Fresh memory is tens of times
//! slower than memory that was touched before. The counts are the process's own, so that all of this is one test.

#[path = "../../benches/yardstick/cases.rs"]
#[allow(dead_code, reason = "the yardstick measures more than training steps")]
mod cases;
mod counting;
#[path = "../../benches/yardstick/faults.rs"]
mod faults;
#[path = "../../benches/yardstick/networks.rs"]
mod networks;

use cases::Case;
use cotangent::with_threads;
use counting::large_blocks;
use faults::page_faults;

/// The yardstick's networks, with batches that a build without optimisation trains in a second: most of their activations are still
/// larger than 64 KiB.
const CASES: [(&str, usize); 6] = [("mlp", 64), ("lenet", 16), ("cnn", 2), ("resnet", 1), ("gpt", 2), ("lstm", 4)];
/// Steps in which sizes find their blocks, and those that are counted.
const WARM_UP: usize = 6;
const COUNTED: usize = 9;
/// The pages, of 4 KiB, of a block of 64 KiB.
const LARGE_PAGES: u64 = 16;

#[test]
fn training_steps_take_no_memory_from_the_system_after_the_first_ones() {
    for threads in [1, 2] {
        for (name, batch) in CASES {
            with_threads(threads, || assert_steady(name, batch, threads));
        }
    }
}

fn assert_steady(name: &str, batch: usize, threads: usize) {
    let mut training = Case::named(name, Some(batch));
    let before = large_blocks();
    (0..WARM_UP).for_each(|_| drop(training.step()));
    assert!(threads > 1 || large_blocks() > before, "{name}: a first step takes large blocks, or nothing is counted");
    let (mut blocks, mut faults) = (Vec::with_capacity(COUNTED), Vec::with_capacity(COUNTED));
    for _ in 0..COUNTED {
        let before = (large_blocks(), page_faults());
        training.step();
        let after = (large_blocks(), page_faults());
        blocks.push(after.0 - before.0);
        faults.extend(after.1.zip(before.1).map(|(after, before)| after - before));
    }
    // One thread takes none in any step. How two meet decides how many blocks are in use at once, and a rare meeting may ask for one
    // more; of their steps the median tells.
    blocks.sort_unstable();
    let told = if threads == 1 { COUNTED - 1 } else { COUNTED / 2 };
    assert_eq!(blocks[told], 0, "{name} on {threads} threads: large blocks by step {blocks:?}");
    // Blocks of a few KiB come and go between the system's allocator and the system, whose threads have heaps of their own that shrink
    // and grow again; and the system takes pages away at times, to move them, whose next use is a fault that is not the step's.
    // So one thread is asked, and may touch fewer pages anew than the smallest large block has. Where faults are not told, blocks
    // alone are tested.
    faults.sort_unstable();
    assert!(
        threads > 1 || faults.is_empty() || faults[faults.len() / 2] < LARGE_PAGES,
        "{name}: faults by step {faults:?}"
    );
}

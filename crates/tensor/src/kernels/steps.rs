//! A row in steps of `WIDTH` elements without a scalar tail: the last step ends where the row ends, and overlaps the one before.
//!
//! A loop over a row of 100 leaves some elements that the compiler takes one at a time, which costs as much as all the others. Here
//! what overlaps is computed twice, which does no harm to a result that is written elsewhere, and counts once in a sum.

use super::softmax::Float;
use std::hint::black_box;

/// Elements of a step: one vector of f32 with 512 bits, two with 256. A row must have as many.
pub(super) const WIDTH: usize = 16;

/// Where each step of a row of `len` elements starts, and how many of its first elements were in the step before.
///
/// Not a function that takes what to do as a closure: the compiler may leave a large closure outside of the kernel, without its
/// instructions.
#[inline(always)]
pub(super) fn steps(len: usize) -> impl Iterator<Item = (usize, usize)> {
    assert!(len >= WIDTH, "a row has at least a step");
    (0..len).step_by(WIDTH).map(move |at| {
        let start = at.min(len - WIDTH);
        (start, at - start)
    })
}

/// The step of a row that begins at `start`, by value: what is computed from it and written then needs no order between the lanes,
/// which the compiler could not rule out for slices that may overlap.
#[inline(always)]
pub(super) fn read<T: Copy>(row: &[T], start: usize) -> [T; WIDTH] {
    *row[start..].first_chunk().expect("a step lies within the row")
}

#[inline(always)]
pub(super) fn write<T>(row: &mut [T], start: usize, step: [T; WIDTH]) {
    *row[start..].first_chunk_mut().expect("a step lies within the row") = step;
}

/// A sum for each lane of the steps.
#[derive(Clone, Copy)]
pub(super) struct Lanes<T>(pub(super) [T; WIDTH]);

impl<T: Float> Lanes<T> {
    #[inline(always)]
    pub(super) fn zero() -> Self {
        Lanes([T::default(); WIDTH])
    }

    /// Adds the terms of a step, but for the first, which were `seen`.
    #[inline(always)]
    pub(super) fn add(&mut self, terms: &[T; WIDTH], seen: usize) {
        // By bits: a choice for each lane would be compiled to as many branches.
        let masks = read(&T::MASKS, WIDTH - seen);
        for lane in 0..WIDTH {
            self.0[lane] = self.0[lane] + terms[lane].masked(masks[lane]);
        }
    }

    #[inline(always)]
    pub(super) fn total(self) -> T {
        // As in `reduce`: seen through, the order of joining would be pulled into the loop, with shuffles.
        let mut lanes = black_box(self.0);
        let mut width = WIDTH / 2;
        while width > 0 {
            for lane in 0..width {
                lanes[lane] = lanes[lane] + lanes[lane + width];
            }
            width /= 2;
        }
        lanes[0]
    }
}

/// The greatest element of a row that is not NaN; -inf if there is none.
#[inline(always)]
pub(super) fn greatest_number<T: Float>(row: &[T]) -> T {
    // One instruction, which takes its second operand where the first is NaN.
    let greater = |x: T, m: T| if x > m { x } else { m };
    let mut lanes = [T::from_f64(f64::NEG_INFINITY); WIDTH];
    for (start, _) in steps(row.len()) {
        let row = read(row, start);
        for lane in 0..WIDTH {
            lanes[lane] = greater(row[lane], lanes[lane]);
        }
    }
    let mut lanes = black_box(lanes);
    let mut width = WIDTH / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = greater(lanes[lane], lanes[lane + width]);
        }
        width /= 2;
    }
    lanes[0]
}

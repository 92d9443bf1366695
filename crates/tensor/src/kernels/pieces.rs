//! Changing slices in place, piece by piece, several slices together: what an optimizer does with a parameter and what it remembers
//! of it.

use super::{
    isa::{self, Kernel},
    parallel,
};
use std::ops::Range;

/// Elements of a slice that one thread takes at a time: some microseconds of work, few enough that the pieces of four slices fit the
/// second cache.
const PIECE: usize = 16 * 1024;

/// Changes slices of one length together: calls `change` for each piece, with the piece's place and that part of every slice.
///
/// Pieces are the same for any number of threads, and each is taken once; what `change` does to an element must not depend on where the
/// piece ends. Its code runs with the widest instructions of the processor where the compiler inlines it.
///
/// # Panics
/// When the slices differ in length.
///
/// ```
/// let (mut x, mut velocity, gradient) = (vec![1.0f32; 5], vec![0.0; 5], vec![2.0; 5]);
/// cotangent_tensor::change_in_pieces(vec![&mut x, &mut velocity], |at, mut piece| {
///     let [x, velocity] = &mut piece[..] else { unreachable!("two slices") };
///     for ((x, v), &g) in x.iter_mut().zip(&mut **velocity).zip(&gradient[at]) {
///         *v = 0.5 * *v + g;
///         *x -= *v;
///     }
/// });
/// assert_eq!(x, [-1.0; 5]);
/// ```
#[track_caller]
pub fn change_in_pieces<T: Send>(slices: Vec<&mut [T]>, change: impl Fn(Range<usize>, Vec<&mut [T]>) + Send + Sync) {
    let len = slices.first().map_or(0, |slice| slice.len());
    assert!(
        slices.iter().all(|slice| slice.len() == len),
        "change_in_pieces: the slices must have one length, not {:?}",
        slices.iter().map(|slice| slice.len()).collect::<Vec<_>>()
    );
    // A quarter of a nanosecond for an element is what reading and writing four bytes of memory takes.
    let work = len.saturating_mul(slices.len()) / 4;
    parallel::chunks_together(slices, PIECE, work, |i, pieces| {
        let first = i * PIECE;
        let at = first..len.min(first + PIECE);
        isa::dispatch(Change { change: &change, at, pieces });
    });
}

struct Change<'a, T, F> {
    change: &'a F,
    at: Range<usize>,
    pieces: Vec<&'a mut [T]>,
}

impl<T, F: Fn(Range<usize>, Vec<&mut [T]>)> Kernel for Change<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        (self.change)(self.at, self.pieces);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_changed_once_and_knows_its_place() {
        for len in [0, 1, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE + 3] {
            let (mut places, mut counts) = (vec![0usize; len], vec![0usize; len]);
            change_in_pieces(vec![&mut places, &mut counts], |at, mut pieces| {
                let [places, counts] = &mut pieces[..] else { unreachable!("two slices") };
                places.iter_mut().zip(at).for_each(|(place, i)| *place = i);
                counts.iter_mut().for_each(|count| *count += 1);
            });
            assert!(places.iter().enumerate().all(|(i, &place)| place == i), "{len}");
            assert!(counts.iter().all(|&count| count == 1), "{len}");
        }
    }

    #[test]
    fn without_slices_nothing_is_changed() {
        change_in_pieces(Vec::<&mut [f32]>::new(), |_, pieces| assert!(pieces.is_empty()));
    }

    #[test]
    #[should_panic(expected = "change_in_pieces: the slices must have one length, not [2, 3]")]
    fn slices_of_different_lengths_are_refused() {
        change_in_pieces(vec![&mut [0.0; 2][..], &mut [0.0; 3]], |_, _| {});
    }
}

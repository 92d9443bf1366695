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

/// What [`change_in_pieces`] does with each piece.
///
/// A trait and not a closure, because `change` is compiled once for each instruction set: mark it `#[inline(always)]`, which a closure
/// cannot be, or it has the vectors of the target's baseline.
pub trait PieceChange<T>: Sync {
    /// Changes a piece of each slice, given its place in them. What it does to an element must not depend on where the piece ends.
    fn change(&self, at: Range<usize>, pieces: Vec<&mut [T]>);
}

/// Changes slices of one length together, on several threads if they are long: each piece by one call.
///
/// Pieces are the same for any number of threads, and each is taken once.
///
/// # Panics
/// When the slices differ in length.
///
/// ```
/// use cotangent_tensor::{PieceChange, change_in_pieces};
/// use std::ops::Range;
///
/// struct Momentum<'a> { gradient: &'a [f32] }
///
/// impl PieceChange<f32> for Momentum<'_> {
///     #[inline(always)]
///     fn change(&self, at: Range<usize>, mut pieces: Vec<&mut [f32]>) {
///         let [x, velocity] = &mut pieces[..] else { unreachable!("two slices") };
///         for ((x, v), &g) in x.iter_mut().zip(&mut **velocity).zip(&self.gradient[at]) {
///             *v = 0.5 * *v + g;
///             *x -= *v;
///         }
///     }
/// }
///
/// let (mut x, mut velocity) = (vec![1.0f32; 5], vec![0.0; 5]);
/// change_in_pieces(vec![&mut x, &mut velocity], &Momentum { gradient: &[2.0; 5] });
/// assert_eq!(x, [-1.0; 5]);
/// ```
#[track_caller]
pub fn change_in_pieces<T: Send>(slices: Vec<&mut [T]>, change: &impl PieceChange<T>) {
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
        isa::dispatch(Change { change, at, pieces });
    });
}

struct Change<'a, T, C> {
    change: &'a C,
    at: Range<usize>,
    pieces: Vec<&'a mut [T]>,
}

impl<T, C: PieceChange<T>> Kernel for Change<'_, T, C> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        self.change.change(self.at, self.pieces);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes down each element's place, and counts the changes.
    struct Mark;

    impl PieceChange<usize> for Mark {
        fn change(&self, at: Range<usize>, mut pieces: Vec<&mut [usize]>) {
            let [places, counts] = &mut pieces[..] else { return assert!(pieces.is_empty()) };
            places.iter_mut().zip(at).for_each(|(place, i)| *place = i);
            counts.iter_mut().for_each(|count| *count += 1);
        }
    }

    #[test]
    fn every_element_is_changed_once_and_knows_its_place() {
        for len in [0, 1, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE + 3] {
            let (mut places, mut counts) = (vec![0usize; len], vec![0usize; len]);
            change_in_pieces(vec![&mut places, &mut counts], &Mark);
            assert!(places.iter().enumerate().all(|(i, &place)| place == i), "{len}");
            assert!(counts.iter().all(|&count| count == 1), "{len}");
        }
    }

    #[test]
    fn without_slices_nothing_is_changed() {
        change_in_pieces(Vec::new(), &Mark);
    }

    #[test]
    #[should_panic(expected = "change_in_pieces: the slices must have one length, not [2, 3]")]
    fn slices_of_different_lengths_are_refused() {
        change_in_pieces(vec![&mut [0; 2][..], &mut [0; 3]], &Mark);
    }
}

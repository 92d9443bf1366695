use super::*;
use crate::{Shape, layout::Layout};

/// A reproducible stream of small numbers (the multiplier and increment of Knuth's MMIX generator).
struct Stream(u64);

impl Stream {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// The elements by index arithmetic alone.
fn elements_by_index<T: Element>(x: &Array) -> Vec<T> {
    let storage = x.storage_elements::<T>();
    let mut positions = vec![x.offset() as isize];
    for (&size, &stride) in x.shape().iter().zip(x.strides()) {
        positions = positions.iter().flat_map(|&at| (0..size as isize).map(move |i| at + i * stride)).collect();
    }
    positions.into_iter().map(|at| storage[at as usize]).collect()
}

/// A view with shuffled, flipped, thinned and repeated axes.
fn random_view<T: Element>(stream: &mut Stream, rank: usize, largest: usize, value: impl Fn(usize) -> T) -> Array {
    let shape: Shape = (0..rank).map(|_| 1 + stream.below(largest)).collect();
    let elements = Buffer::from_iter_exact((0..shape.numel()).map(value));
    let array = Array::from_buffer(elements, &shape);
    let mut layout = array.layout().clone();
    for axis in 0..rank {
        let size = layout.shape[axis];
        layout = match stream.below(6) {
            _ if size == 0 => layout,
            0 => layout.slice(axis, size - 1, size, -1),
            1 => layout.slice(axis, 0, size.div_ceil(2), 2),
            2 => layout.slice(axis, size - 1, size.div_ceil(2), -2),
            3 => {
                let single = layout.slice(axis, stream.below(size), 1, 1);
                single.expand(&single.shape.with_size(axis, stream.below(4)))
            }
            _ => layout,
        };
        layout = {
            let mut order: Vec<usize> = (0..rank).collect();
            order.swap(stream.below(rank), stream.below(rank));
            layout.permute(&order)
        };
    }
    array.with_layout(layout)
}

#[test]
fn contiguous_agrees_with_index_arithmetic() {
    let mut stream = Stream(1);
    for _ in 0..400 {
        // Ranks up to six with few elements; planes and blocks that span several tiles.
        for (rank, largest) in [(0, 1), (1, 40), (2, 40), (3, 20), (6, 4)] {
            let x = random_view(&mut stream, rank, largest, |i| i as f32);
            assert_eq!(contiguous(&x).as_slice::<f32>().unwrap(), elements_by_index::<f32>(&x), "{x:?}");
        }
    }
}

#[test]
fn every_dtype_is_copied() {
    let mut stream = Stream(2);
    for round in 0..200 {
        // Planes with large tiles, and blocks with small ones.
        let (rank, largest) = if round % 2 == 0 { (2, 40) } else { (3, 12) };
        let x = random_view(&mut stream, rank, largest, |i| i as f64);
        assert_eq!(contiguous(&x).to_vec::<f64>(), elements_by_index::<f64>(&x));
        let x = random_view(&mut stream, rank, largest, |i| i as i64);
        assert_eq!(contiguous(&x).to_vec::<i64>(), elements_by_index::<i64>(&x));
        // A period that is prime to the sizes of tiles, so that no two places of one look alike.
        let x = random_view(&mut stream, rank, largest, |i| (i % 251) as u8);
        assert_eq!(contiguous(&x).to_vec::<u8>(), elements_by_index::<u8>(&x));
        let x = random_view(&mut stream, rank, largest, |i| i % 3 == 0);
        assert_eq!(contiguous(&x).to_vec::<bool>(), elements_by_index::<bool>(&x));
    }
}

#[test]
fn copies_in_several_pieces_agree_with_index_arithmetic() {
    // Each has more than PIECE_BYTES: cut along the outer axis, along an inner one, and as a transpose.
    for (shape, order) in
        [([3, 7, 20_000], [0, 1, 2]), ([300, 17, 77], [2, 1, 0]), ([5, 400, 301], [0, 2, 1]), ([9, 5, 9001], [2, 0, 1])]
    {
        let count: usize = shape.iter().product();
        let array = Array::from_buffer(Buffer::from_iter_exact((0..count).map(|i| i as f32)), shape);
        let x = array.with_layout(array.layout().permute(&order).slice(1, 0, shape[order[1]] - 1, 1));
        assert!(contiguous(&x).to_vec::<f32>() == elements_by_index::<f32>(&x), "{x:?}");
    }
}

#[test]
fn boxes_are_written_and_their_surroundings_left() {
    let mut stream = Stream(3);
    for round in 0..300 {
        let rank = stream.below(5);
        let largest = if round % 10 == 0 { 12 } else { 4 };
        let x = random_view(&mut stream, rank, largest, |i| i as i64);
        let (before, after): (Vec<_>, Vec<_>) = (0..rank).map(|_| (stream.below(3), stream.below(3))).unzip();
        let whole: Shape = (0..rank).map(|axis| before[axis] + x.shape()[axis] + after[axis]).collect();
        let mut layout = Layout::contiguous(whole.clone());
        for (axis, &start) in before.iter().enumerate() {
            layout = layout.slice(axis, start, x.shape()[axis], 1);
        }
        let mut found = vec![-1i64; whole.numel()];
        copy_into(&x, &mut found, layout.offset, &layout.strides);
        let found = Array::from_slice(&found, whole).unwrap();
        assert_eq!(elements_by_index::<i64>(&found.with_layout(layout)), elements_by_index::<i64>(&x));
        let left = found.to_vec::<i64>().iter().filter(|&&y| y == -1).count();
        assert_eq!(left, found.numel() - x.numel());
    }
}

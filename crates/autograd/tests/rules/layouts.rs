//! One tensor in memory of every layout.

use cotangent_tensor::Tensor;

/// How a tensor lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Contiguous,
    Transposed,
    Flipped,
    Narrowed,
    /// All slices along the first axis are one.
    Expanded,
}

pub(crate) const LAYOUTS: [Layout; 5] =
    [Layout::Contiguous, Layout::Transposed, Layout::Flipped, Layout::Narrowed, Layout::Expanded];

/// The same tensor in another layout; for an expanded one, its first slice many times. `None` where that is no other layout.
pub(crate) fn laid_out(x: &Tensor, layout: Layout) -> Option<Tensor> {
    let contiguous = |x: &Tensor| Tensor::from(x.array().contiguous().into_owned());
    match layout {
        Layout::Contiguous => Some(contiguous(x)),
        Layout::Transposed => {
            let reversed: Vec<isize> = (0..x.rank() as isize).rev().collect();
            (x.rank() > 1).then(|| contiguous(&x.permute(&reversed)).permute(&reversed))
        }
        Layout::Flipped => (x.rank() > 0).then(|| contiguous(&x.flip(..)).flip(..)),
        Layout::Narrowed => {
            let around = vec![(1, 2); x.rank()];
            let padded = x.pad(around, 1);
            let inside = (0..x.rank()).fold(padded, |y, axis| y.narrow(axis as isize, 1, x.shape()[axis]));
            (x.rank() > 0).then_some(inside)
        }
        Layout::Expanded => {
            let many = x.rank() > 0 && x.shape()[0] > 1;
            many.then(|| x.narrow(0, 0, 1).expand(x.shape()))
        }
    }
}

#[test]
fn layouts_hold_the_same_elements_differently() {
    let x = Tensor::arange(0, 6, 1).reshape([2, 3]);
    for layout in LAYOUTS {
        let y = laid_out(&x, layout).unwrap();
        assert_eq!(y.shape(), x.shape());
        assert_eq!(y.array().is_contiguous(), layout == Layout::Contiguous, "{layout:?}");
        if layout != Layout::Expanded {
            assert_eq!(y.to_vec::<i64>(), x.to_vec::<i64>(), "{layout:?}");
        }
    }
}

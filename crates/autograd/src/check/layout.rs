//! One tensor in memory of every layout: what holds for a contiguous tensor must hold for every view.

use cotangent_tensor::{Number, Tensor};

/// How a tensor lies in memory.
///
/// ```
/// use cotangent_autograd::check::Layout;
/// use cotangent_tensor::Tensor;
/// let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
/// let y = Layout::Transposed.lay_out(&x).unwrap();
/// assert_eq!((x.array().strides(), y.array().strides()), (&[2, 1][..], &[1, 2][..]));
/// assert_eq!(x.to_vec::<f64>(), y.to_vec::<f64>());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// In row-major order.
    Contiguous,
    /// In column-major order.
    Transposed,
    /// Backwards along each axis: negative strides.
    Flipped,
    /// The inside of a larger tensor, which has NaN around it, or 77 for integers.
    Sliced,
    /// Every second element of a tensor twice as long, which has the same between them.
    Stepped,
    /// One slice along the first axis, seen many times: a stride of zero. The elements change.
    Broadcast,
}

impl Layout {
    /// All layouts.
    pub const ALL: [Layout; 6] =
        [Layout::Contiguous, Layout::Transposed, Layout::Flipped, Layout::Sliced, Layout::Stepped, Layout::Broadcast];

    /// The tensor in this layout; a broadcast one has the first slice of the tensor in all places. `None` where that is no other
    /// layout, such as for a scalar.
    #[must_use]
    pub fn lay_out(self, x: &Tensor) -> Option<Tensor> {
        let rank = x.rank();
        match self {
            Layout::Contiguous => Some(contiguous(x)),
            _ if rank == 0 => None,
            Layout::Transposed => {
                let reversed: Vec<isize> = (0..rank as isize).rev().collect();
                (rank > 1).then(|| contiguous(&x.permute(&reversed)).permute(&reversed))
            }
            Layout::Flipped => Some(contiguous(&x.flip(..)).flip(..)),
            Layout::Sliced => {
                let padded = x.pad(vec![(1, 2); rank], poison(x));
                Some((0..rank).fold(padded, |y, axis| y.narrow(axis as isize, 1, x.shape()[axis])))
            }
            Layout::Stepped => {
                let mut beside = vec![(0, 0); rank + 1];
                beside[rank] = (0, 1);
                Some(x.unsqueeze(-1).pad(beside, poison(x)).narrow(-1, 0, 1).squeeze(-1))
            }
            Layout::Broadcast => (x.shape()[0] > 1).then(|| x.narrow(0, 0, 1).expand(x.shape())),
        }
    }
}

/// A copy in row-major order.
pub(super) fn contiguous(x: &Tensor) -> Tensor {
    Tensor::from(x.array().contiguous().into_owned())
}

/// What shows in a result if it is read.
fn poison(x: &Tensor) -> Number {
    match x.dtype() {
        dtype if dtype.is_float() => Number::Float(f64::NAN),
        cotangent_tensor::DType::Bool => Number::Int(1),
        _ => Number::Int(77),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotangent_tensor::DType;

    #[test]
    fn layouts_hold_the_same_elements_differently() {
        for dtype in [DType::I64, DType::F32, DType::U8] {
            let x = Tensor::arange(0, 6, 1).reshape([2, 3]).cast(dtype);
            for layout in Layout::ALL {
                let y = layout.lay_out(&x).unwrap();
                assert_eq!(y.spec(), x.spec());
                assert_eq!(y.array().is_contiguous(), layout == Layout::Contiguous, "{layout:?}");
                let wanted = if layout == Layout::Broadcast { x.narrow(0, 0, 1).expand([2, 3]) } else { x.clone() };
                let numbers = |x: &Tensor| x.cast(DType::I64).to_vec::<i64>();
                assert_eq!(numbers(&y), numbers(&wanted), "{layout:?}");
            }
        }
        let strides =
            |layout: Layout| layout.lay_out(&Tensor::from([1.0, 2.0, 3.0])).map(|x| x.array().strides().to_vec());
        assert_eq!(strides(Layout::Flipped), Some(vec![-1]));
        assert_eq!(strides(Layout::Stepped), Some(vec![2]));
        assert_eq!(strides(Layout::Broadcast), Some(vec![0]));
        assert_eq!(strides(Layout::Transposed), None);
    }
}

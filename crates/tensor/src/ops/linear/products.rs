//! Products other than `matmul`: of vectors, over chosen axes, of all pairs of elements.
//!
//! Each is one matrix product or one elementwise product of views, so that derivatives of every order follow.

use crate::ops::{
    broadcast::{by_way_of_f32, common_shape, or_panic, widened},
    linear::einsum::{
        Label, check_numbers,
        contract::{Labelled, contract},
    },
};
use crate::{
    DType, Error, ErrorKind, Result, Shape, Tensor, array::check_size, error::same_dtypes, shape::resolve_axis,
};

#[cfg(test)]
mod tests;

/// Which axes [`Tensor::tensordot`] sums over.
///
/// ```
/// use cotangent_tensor::{DType, Tensor};
/// let (a, b) = (Tensor::ones([2, 3, 4], DType::F32), Tensor::ones([4, 3, 5], DType::F32));
/// // The last axis of a with the first of b.
/// assert_eq!(a.tensordot(&b, 1).shape()[..], [2, 3, 3, 5]);
/// // Axes 1 and 2 of a with axes 1 and 0 of b.
/// assert_eq!(a.tensordot(&b, ([1, 2], [1, 0])).shape()[..], [2, 5]);
/// ```
#[derive(Clone, Debug)]
pub enum SummedAxes {
    /// This many: the last ones of the left operand with the first ones of the right, in order.
    Count(usize),
    /// These of the left operand with these of the right, in order; negative axes count from the end.
    Pairs(Vec<isize>, Vec<isize>),
}

impl From<usize> for SummedAxes {
    fn from(count: usize) -> Self {
        SummedAxes::Count(count)
    }
}
impl<const N: usize> From<([isize; N], [isize; N])> for SummedAxes {
    fn from((left, right): ([isize; N], [isize; N])) -> Self {
        SummedAxes::Pairs(left.to_vec(), right.to_vec())
    }
}
impl From<(&[isize], &[isize])> for SummedAxes {
    fn from((left, right): (&[isize], &[isize])) -> Self {
        SummedAxes::Pairs(left.to_vec(), right.to_vec())
    }
}

/// Products of vectors, over chosen axes, of all pairs of elements.
impl Tensor {
    /// The inner product of two vectors, `Σ_i x_i y_i`.
    ///
    /// # Panics
    /// When the operands are not vectors of one length, or their dtypes differ or are u8 or bool.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0f32, 2.0]).dot(&Tensor::from([3.0f32, 4.0])).item::<f32>(), 11.0);
    /// ```
    #[doc(alias = "vdot")]
    #[doc(alias = "vecdot")]
    #[must_use]
    #[track_caller]
    pub fn dot(&self, other: &Tensor) -> Tensor {
        or_panic(dot(self, other).map_err(|error| error.or_inputs(&[self.spec(), other.spec()])))
    }

    /// The sum over the last axis of both: `z[i.., j..] = Σ_p x[i.., p] y[j.., p]`; a scalar multiplies all of the other.
    ///
    /// # Panics
    /// When the last sizes differ, or the dtypes differ or are u8 or bool.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.inner(&x).to_vec::<f32>(), [5.0, 11.0, 11.0, 25.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn inner(&self, other: &Tensor) -> Tensor {
        or_panic(inner(self, other).map_err(|error| error.or_inputs(&[self.spec(), other.spec()])))
    }

    /// The outer product of two vectors, `z_ij = x_i y_j`.
    ///
    /// # Panics
    /// When an operand is not a vector, or the dtypes differ or have no arithmetic.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let z = Tensor::from([1i64, 2]).outer(&Tensor::from([3i64, 4, 5]));
    /// assert_eq!(z.to_vec::<i64>(), [3, 4, 5, 6, 8, 10]);
    /// ```
    #[doc(alias = "ger")]
    #[must_use]
    #[track_caller]
    pub fn outer(&self, other: &Tensor) -> Tensor {
        or_panic(outer(self, other).map_err(|error| error.or_inputs(&[self.spec(), other.spec()])))
    }

    /// The Kronecker product: each element of this tensor times all of the other, as blocks,
    /// `z[i * size + k, ..] = x[i, ..] y[k, ..]`. The shorter shape gets leading axes of size 1.
    ///
    /// # Panics
    /// When the dtypes differ or have no arithmetic, or the result overflows memory.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let z = Tensor::from([1i64, 10]).kron(&Tensor::from([1i64, 2, 3]));
    /// assert_eq!(z.to_vec::<i64>(), [1, 2, 3, 10, 20, 30]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn kron(&self, other: &Tensor) -> Tensor {
        or_panic(kron(self, other).map_err(|error| error.or_inputs(&[self.spec(), other.spec()])))
    }

    /// The product summed over chosen axes of both: the axes of this tensor that are left come first, then those of the
    /// other. An axis of size 1 broadcasts against its partner.
    ///
    /// The axes are given as a count, the last ones of this tensor with the first ones of the other, or as two lists; see
    /// [`SummedAxes`]. `a.tensordot(&b, 1)` is the matrix product.
    ///
    /// # Panics
    /// When there are not that many axes, an axis is out of range or named twice, sizes differ, or the dtypes differ or are u8 or
    /// bool.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.tensordot(&x, 2).item::<f32>(), 30.0);
    /// assert_eq!(x.tensordot(&x, ([0], [0])).to_vec::<f32>(), [10.0, 14.0, 14.0, 20.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn tensordot(&self, other: &Tensor, axes: impl Into<SummedAxes>) -> Tensor {
        let result = tensordot(self, other, &axes.into());
        or_panic(result.map_err(|error| error.or_inputs(&[self.spec(), other.spec()])))
    }

    /// The cross product of vectors of three elements, which lie along an axis of both; the other axes broadcast. The axis is one of
    /// the result; a negative one counts from the end.
    ///
    /// # Panics
    /// When the axis is out of range or not of size 3 in both, the shapes do not broadcast, or the dtypes differ or have no
    /// arithmetic.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (x, y) = (Tensor::from([1.0f32, 0.0, 0.0]), Tensor::from([0.0f32, 1.0, 0.0]));
    /// assert_eq!(x.cross(&y, -1).to_vec::<f32>(), [0.0, 0.0, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn cross(&self, other: &Tensor, axis: isize) -> Tensor {
        or_panic(cross(self, other, axis).map_err(|error| error.or_inputs(&[self.spec(), other.spec()])))
    }
}

/// Checks that both have one dtype, of which products are possible.
fn check_products(op: &'static str, a: &Tensor, b: &Tensor) -> Result<()> {
    same_dtypes(op, &[a.spec(), b.spec()])?;
    if a.dtype() == DType::Bool { Err(Error::needs_numbers(op, &[a.spec(), b.spec()])) } else { Ok(()) }
}

/// Checks that both have one dtype, of which sums of products are possible.
fn check_sums(op: &'static str, a: &Tensor, b: &Tensor) -> Result<()> {
    same_dtypes(op, &[a.spec(), b.spec()])?;
    check_numbers(op, &[a.spec(), b.spec()])
}

fn check_vectors(op: &'static str, a: &Tensor, b: &Tensor) -> Result<()> {
    if a.rank() == 1 && b.rank() == 1 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Shape, op, "takes vectors")
        .with_hint("for more axes there are matmul, tensordot and einsum"))
}

fn dot(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check_sums("dot", a, b)?;
    check_vectors("dot", a, b)?;
    if a.shape() != b.shape() {
        return Err(Error::new(ErrorKind::Shape, "dot", "the vectors must have one length"));
    }
    over_last_axes("dot", a, b)
}

fn outer(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check_products("outer", a, b)?;
    check_vectors("outer", a, b)?;
    check_size("outer", &[a.numel(), b.numel()].into(), a.dtype())?;
    Ok(a.unsqueeze(1) * b.unsqueeze(0))
}

fn inner(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check_sums("inner", a, b)?;
    match (a.shape().last(), b.shape().last()) {
        (None, _) | (_, None) => Ok(a * b),
        (Some(m), Some(n)) if m == n => over_last_axes("inner", a, b),
        (Some(m), Some(n)) => Err(Error::new(
            ErrorKind::Shape,
            "inner",
            format!("the last sizes differ: {m} on the left, {n} on the right"),
        )),
    }
}

/// The sum over the last axis of both, of equal size.
fn over_last_axes(op: &'static str, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let last = |x: &Tensor| vec![x.rank() as isize - 1];
    summed_over(op, a, b, &last(a), &last(b))
}

fn kron(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check_products("kron", a, b)?;
    let rank = a.rank().max(b.rank());
    let padded = |x: &Tensor| -> Vec<usize> {
        std::iter::repeat_n(1, rank - x.rank()).chain(x.shape().iter().copied()).collect()
    };
    let (m, n) = (padded(a), padded(b));
    let shape: Option<Shape> = m.iter().zip(&n).map(|(&m, &n)| m.checked_mul(n)).collect();
    let overflow = || Error::new(ErrorKind::Size, "kron", "the result overflows the size that memory can have");
    let shape = shape.ok_or_else(overflow)?;
    check_size("kron", &shape, a.dtype())?;
    let apart = |sizes: &[usize], at: usize| -> Shape {
        sizes.iter().flat_map(|&size| if at == 0 { [size, 1] } else { [1, size] }).collect()
    };
    Ok((a.reshape(apart(&m, 0)) * b.reshape(apart(&n, 1))).reshape(shape))
}

fn tensordot(a: &Tensor, b: &Tensor, axes: &SummedAxes) -> Result<Tensor> {
    check_sums("tensordot", a, b)?;
    match axes {
        SummedAxes::Count(count) => {
            if *count > a.rank().min(b.rank()) {
                let rule = format!("cannot sum over {count} axes of both");
                return Err(Error::new(ErrorKind::Axis, "tensordot", rule));
            }
            let (left, right): (Vec<isize>, Vec<isize>) =
                (0..*count).map(|i| ((a.rank() - count + i) as isize, i as isize)).unzip();
            summed_over("tensordot", a, b, &left, &right)
        }
        SummedAxes::Pairs(left, right) => {
            if left.len() != right.len() {
                let rule = format!("as many axes on the left as on the right, not {left:?} and {right:?}");
                return Err(Error::new(ErrorKind::Axis, "tensordot", rule));
            }
            summed_over("tensordot", a, b, left, right)
        }
    }
}

/// The sum over pairs of axes, one of each operand; an axis of size 1 broadcasts against its partner.
fn summed_over(op: &'static str, a: &Tensor, b: &Tensor, left: &[isize], right: &[isize]) -> Result<Tensor> {
    let resolved = |x: &Tensor, axes: &[isize]| -> Result<Vec<usize>> {
        let places = axes.iter().map(|&axis| resolve_axis(op, axis, x.rank())).collect::<Result<Vec<_>>>()?;
        match (0..places.len()).find(|&i| places[..i].contains(&places[i])) {
            Some(i) => Err(Error::new(ErrorKind::Axis, op, format!("axis {} is named twice in {axes:?}", places[i]))),
            None => Ok(places),
        }
    };
    let (left, right) = (resolved(a, left)?, resolved(b, right)?);
    let (mut a_axes, mut b_axes): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    for (&i, &j) in left.iter().zip(&right) {
        let (m, n) = (a.shape()[i], b.shape()[j]);
        if m != n && m != 1 && n != 1 {
            let rule =
                format!("axis {i} of the left operand has size {m}, its partner, axis {j} of the right one, {n}");
            return Err(Error::new(ErrorKind::Shape, op, rule));
        }
        // The sum of x y over one of which x has a single element is x times the sum of y.
        if n == 1 && m != 1 {
            a_axes.push(i);
        }
        if m == 1 && n != 1 {
            b_axes.push(j);
        }
    }
    let summed = |x: &Tensor, axes: &[usize]| if axes.is_empty() { x.clone() } else { x.sum_keepdims(axes) };
    let (a, b) = (summed(a, &a_axes), summed(b, &b_axes));
    // Labels: the axes of the left operand, then those of the right one that have no partner on the left.
    let a_labels: Vec<Label> = (0..a.rank() as Label).collect();
    let label = |j: usize| match right.iter().position(|&other| other == j) {
        Some(pair) => left[pair] as Label,
        None => (a.rank() + j) as Label,
    };
    let b_labels: Vec<Label> = (0..b.rank()).map(label).collect();
    let is_kept = |label: &Label| !left.contains(&(*label as usize));
    let order: Vec<Label> = a_labels.iter().chain(&b_labels).copied().filter(is_kept).collect();
    Ok(contract(op, &Labelled::new(a, a_labels), &Labelled::new(b, b_labels), is_kept)?.arranged(&order))
}

fn cross(a: &Tensor, b: &Tensor, axis: isize) -> Result<Tensor> {
    check_products("cross", a, b)?;
    let shape = common_shape("cross", &[a, b])?;
    let axis = resolve_axis("cross", axis, shape.len())?;
    // Counted from the end, it is the same axis of both.
    let from_end = axis as isize - shape.len() as isize;
    let size_in = |x: &Tensor| x.shape().len().checked_add_signed(from_end).map(|axis| x.shape()[axis]);
    if size_in(a) != Some(3) || size_in(b) != Some(3) {
        let rule = format!("axis {axis} of the result must have size 3 in both operands");
        return Err(Error::new(ErrorKind::Shape, "cross", rule));
    }
    let (next, next_but_one) = (Tensor::from([1i64, 2, 0]), Tensor::from([2i64, 0, 1]));
    let turned = |x: &Tensor, order: &Tensor| x.index_select(from_end, order);
    Ok(by_way_of_f32(a, |a| {
        let b = &widened(b);
        turned(a, &next) * turned(b, &next_but_one) - turned(a, &next_but_one) * turned(b, &next)
    }))
}

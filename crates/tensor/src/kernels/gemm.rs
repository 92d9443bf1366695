//! Matrix products of f32 and f64, and of `halves`: `dst = lhs * rhs`, single and batched, for any strides.
//!
//! This module checks that every element addressed exists, cuts the product into pieces (`plan`) and runs them on the thread
//! pool. A piece goes to the `engine`, which calls the fastest kernel for this processor, or to `vector` when the product is
//! a matrix-vector product, which is limited by memory and not by arithmetic.
//!
//! The cut depends on shapes and strides alone, and parts of a sum are added in their order: results have the same bits for any
//! number of threads.

mod engine;
pub(crate) mod halves;
mod panels;
mod plan;
#[cfg(any(test, not(target_arch = "aarch64")))]
mod portable;
#[cfg(test)]
mod tests;
mod vector;

use super::parallel;
use crate::{Buffer, Element};
use plan::Plan;
use std::{
    marker::PhantomData,
    ops::{Add, AddAssign, Mul, Range},
};

/// A strided matrix inside a slice: element (i, j) is at `offset + i * row_stride + j * col_stride`. Strides may be zero or negative.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) offset: usize,
    pub(crate) row_stride: isize,
    pub(crate) col_stride: isize,
}

/// An element type that has a matrix product: f32 and f64.
pub(crate) trait GemmElement: Element + Add<Output = Self> + Mul<Output = Self> + AddAssign {
    const ONE: Self;
    /// What the engine calls this type.
    #[cfg(target_arch = "x86_64")]
    const ENGINE: engine::DType;
    /// `self * a + b`, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;
}

macro_rules! gemm_element {
    ($($ty:ident => $engine:ident),*) => {$(
        impl GemmElement for $ty {
            const ONE: Self = 1.0;
            #[cfg(target_arch = "x86_64")]
            const ENGINE: engine::DType = engine::DType::$engine;
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                $ty::mul_add(self, a, b)
            }
        }
    )*};
}
gemm_element!(f32 => F32, f64 => F64);

/// `x * y + sum`, in one instruction where there is one.
#[inline(always)]
pub(crate) fn fused<T: GemmElement, const FMA: bool>(x: T, y: T, sum: T) -> T {
    if FMA { x.mul_add(y, sum) } else { x * y + sum }
}

/// `dst` (m x n, contiguous, row-major) becomes `lhs` (m x k) times `rhs` (k x n), plus what `dst` holds when `accumulate`.
pub(crate) fn gemm<T: GemmElement>(
    m: usize,
    n: usize,
    k: usize,
    dst: &mut [T],
    lhs: Matrix<'_, T>,
    rhs: Matrix<'_, T>,
    accumulate: bool,
) {
    let start = if accumulate { Start::Held } else { Start::Zero };
    products([m, n, k], dst, lhs, rhs, &[(lhs.offset, rhs.offset)], start);
}

/// `dst` becomes `lhs` times `rhs`, plus `row`, of n elements, in each row.
pub(crate) fn gemm_onto_row<T: GemmElement>(
    [m, n, k]: [usize; 3],
    dst: &mut [T],
    lhs: Matrix<'_, T>,
    rhs: Matrix<'_, T>,
    row: &[T],
) {
    assert!(row.len() == n, "gemm: a row of {n} elements, not {}", row.len());
    products([m, n, k], dst, lhs, rhs, &[(lhs.offset, rhs.offset)], Start::Row(row));
}

/// `dst` becomes `offsets.len()` products, one after another; product `i` takes `lhs` and `rhs` with the offsets `offsets[i]`
/// in place of their own.
pub(crate) fn gemm_batched<T: GemmElement>(
    m: usize,
    n: usize,
    k: usize,
    dst: &mut [T],
    lhs: Matrix<'_, T>,
    rhs: Matrix<'_, T>,
    offsets: &[(usize, usize)],
) {
    products([m, n, k], dst, lhs, rhs, offsets, Start::Zero);
}

/// What a product is added to.
#[derive(Clone, Copy)]
enum Start<'a, T> {
    Zero,
    /// What `dst` holds.
    Held,
    /// A row, in each row.
    Row(&'a [T]),
}

fn products<T: GemmElement>(
    [m, n, k]: [usize; 3],
    dst: &mut [T],
    lhs: Matrix<'_, T>,
    rhs: Matrix<'_, T>,
    offsets: &[(usize, usize)],
    start: Start<'_, T>,
) {
    let size = m.checked_mul(n).expect("gemm: the size of the product fits memory");
    assert!(
        offsets.len().checked_mul(size) == Some(dst.len()),
        "gemm: dst holds {} products of {m} x {n}",
        offsets.len()
    );
    if dst.is_empty() {
        return;
    }
    if k == 0 {
        match start {
            Start::Zero => dst.fill(T::default()),
            Start::Held => {}
            Start::Row(row) => dst.chunks_exact_mut(n).for_each(|dst| dst.copy_from_slice(row)),
        }
        return;
    }
    lhs.check(m, k, offsets.iter().map(|&(lhs, _)| lhs));
    rhs.check(k, n, offsets.iter().map(|&(_, rhs)| rhs));

    let plan = Plan::new::<T>(offsets.len(), [m, n, k], lhs, rhs);
    // The first part of each sum goes to dst; the others, one after another, to scratch.
    let mut scratch = (plan.parts() > 1).then(|| Buffer::<T>::recycled((plan.parts() - 1) * dst.len()));
    let outputs = [Shared::new(dst), Shared::new(scratch.as_deref_mut().unwrap_or_default())];
    plan.for_each_piece(|piece| {
        let Range { start: row, end: row_end } = piece.rows;
        let Range { start: col, end: col_end } = piece.cols;
        let Range { start: depth, end: depth_end } = piece.depth;
        let first = (piece.product * m + row) * n + col;
        let (output, first) = match piece.part {
            0 => (&outputs[0], first),
            part => (&outputs[1], (part - 1) * offsets.len() * size + first),
        };
        // SAFETY: `first` is an element of the output's matrix `(part, product)`, and the tile's rows and columns are within
        // that matrix, whose rows are n apart. Pieces are disjoint and each is run once, so that no other
        // tile shares an element; the outputs outlive `for_each_piece`.
        let mut tile = unsafe { output.tile(first, [row_end - row, col_end - col], n) };
        let (lhs_offset, rhs_offset) = offsets[piece.product];
        let lhs = lhs.with_offset(lhs_offset).moved(row, depth);
        let rhs = rhs.with_offset(rhs_offset).moved(depth, col);
        let accumulate = match start {
            _ if piece.part > 0 => false,
            Start::Zero => false,
            Start::Held => true,
            Start::Row(row) => {
                (0..tile.rows).for_each(|i| tile.row(i).copy_from_slice(&row[col..col_end]));
                true
            }
        };
        match plan.vector() {
            Some(vector) => vector.multiply(depth_end - depth, tile, lhs, rhs, accumulate),
            None if plan.by_panels() => panels::multiply(depth_end - depth, tile, lhs, rhs, accumulate),
            None => engine::multiply(depth_end - depth, tile, lhs, rhs, accumulate),
        }
    });

    if let Some(scratch) = scratch {
        let len = dst.len();
        // 0.2 ns an element and part: what adding numbers that lie in the second cache takes.
        let work = scratch.len() / 5;
        parallel::chunks(dst, plan::SUM_CHUNK, work, |i, dst| {
            for part in scratch.chunks_exact(len) {
                let part = &part[i * plan::SUM_CHUNK..][..dst.len()];
                dst.iter_mut().zip(part).for_each(|(dst, &x)| *dst += x);
            }
        });
    }
}

/// As [`gemm`], on the calling thread, into a tile of a larger matrix; for kernels that make their operands piece by piece.
pub(crate) fn gemm_tile<T: GemmElement>(
    k: usize,
    mut dst: Tile<'_, T>,
    lhs: Matrix<'_, T>,
    rhs: Matrix<'_, T>,
    accumulate: bool,
) {
    if k == 0 {
        if !accumulate {
            (0..dst.rows).for_each(|row| dst.row(row).fill(T::default()));
        }
        return;
    }
    lhs.check(dst.rows, k, std::iter::once(lhs.offset));
    rhs.check(k, dst.cols, std::iter::once(rhs.offset));
    engine::multiply(k, dst, lhs, rhs, accumulate);
}

impl<T> Matrix<'_, T> {
    /// Panics unless every element of a non-empty `rows x cols` matrix at each of the offsets lies in `data`.
    fn check(&self, rows: usize, cols: usize, mut offsets: impl Iterator<Item = usize>) {
        // In 128 bits no product overflows, and no sum that is anywhere near a slice's length.
        let along = |len: usize, stride: isize| (len as i128 - 1) * stride as i128;
        let (down, right) = (along(rows, self.row_stride), along(cols, self.col_stride));
        let lowest = down.min(0).saturating_add(right.min(0));
        let highest = down.max(0).saturating_add(right.max(0));
        let len = self.data.len() as i128;
        let fits = offsets.all(|offset| {
            (offset as i128).saturating_add(lowest) >= 0 && (offset as i128).saturating_add(highest) < len
        });
        let (row, col) = (self.row_stride, self.col_stride);
        assert!(fits, "gemm: a {rows} x {cols} matrix of strides {row}, {col} lies within its {len} elements");
    }

    fn with_offset(self, offset: usize) -> Self {
        Matrix { offset, ..self }
    }

    /// The matrix whose first element is this one's element `(row, col)`, which must exist.
    fn moved(self, row: usize, col: usize) -> Self {
        let offset = self.offset as isize + row as isize * self.row_stride + col as isize * self.col_stride;
        Matrix { offset: offset as usize, ..self }
    }

    pub(crate) fn transposed(self) -> Self {
        Matrix { row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }

    /// Element `(row, col)`, which must exist.
    #[inline(always)]
    fn at(&self, row: usize, col: usize) -> T
    where
        T: Copy,
    {
        self.data[(self.offset as isize + row as isize * self.row_stride + col as isize * self.col_stride) as usize]
    }
}

/// A slice that threads write at the same time, each its own tiles.
pub(crate) struct Shared<'a, T> {
    first: *mut T,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: what a `Shared` gives access to is only reached through `tile`, whose caller promises that no element is in two tiles.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Shared { first: slice.as_mut_ptr(), slice: PhantomData }
    }

    /// # Safety
    /// The `rows x cols` elements from `first`, with rows `row_stride` apart, lie in the slice, and no other tile that is alive
    /// holds one of them.
    pub(crate) unsafe fn tile(&self, first: usize, [rows, cols]: [usize; 2], row_stride: usize) -> Tile<'a, T> {
        // SAFETY: the caller promises that this element lies in the slice.
        let first = unsafe { self.first.add(first) };
        Tile { first, rows, cols, row_stride, elements: PhantomData }
    }
}

/// A non-empty part of the output that one thread writes.
pub(crate) struct Tile<'a, T> {
    first: *mut T,
    rows: usize,
    cols: usize,
    row_stride: usize,
    elements: PhantomData<&'a mut [T]>,
}

// SAFETY: a shared tile gives access to elements only through `columns`, whose caller promises that no element is in two tiles.
unsafe impl<T: Send> Sync for Tile<'_, T> {}

impl<'a, T> Tile<'a, T> {
    /// The whole of a matrix in row-major order.
    pub(crate) fn of_matrix(elements: &'a mut [T], rows: usize, cols: usize) -> Self {
        assert!(rows > 0 && cols > 0 && rows.checked_mul(cols) == Some(elements.len()), "a {rows} x {cols} matrix");
        Tile { first: elements.as_mut_ptr(), rows, cols, row_stride: cols, elements: PhantomData }
    }

    /// Rows of a slice, `row_stride` apart, from an element on.
    pub(crate) fn of_rows(elements: &'a mut [T], first: usize, [rows, cols]: [usize; 2], row_stride: usize) -> Self {
        let last =
            rows.checked_sub(1).and_then(|row| row.checked_mul(row_stride)?.checked_add(first)?.checked_add(cols));
        let fits = cols > 0 && cols <= row_stride && last.is_some_and(|last| last <= elements.len());
        assert!(fits, "{rows} rows of {cols} elements, {row_stride} apart from {first} on, of {}", elements.len());
        Tile { first: elements[first..].as_mut_ptr(), rows, cols, row_stride, elements: PhantomData }
    }

    /// Some of the columns, for one thread of several.
    ///
    /// # Safety
    /// No other tile that is alive, but this one, holds one of them.
    pub(crate) unsafe fn columns(&self, columns: Range<usize>) -> Tile<'_, T> {
        assert!(columns.start < columns.end && columns.end <= self.cols);
        // SAFETY: the first column is one of the tile's.
        let first = unsafe { self.first.add(columns.start) };
        Tile { first, rows: self.rows, cols: columns.len(), row_stride: self.row_stride, elements: PhantomData }
    }

    /// The same tile, for a shorter time.
    fn reborrow(&mut self) -> Tile<'_, T> {
        Tile { first: self.first, rows: self.rows, cols: self.cols, row_stride: self.row_stride, elements: PhantomData }
    }

    pub(crate) fn row(&mut self, row: usize) -> &mut [T] {
        assert!(row < self.rows);
        // SAFETY: `Shared::tile` was promised that this row's elements are in the slice and in no other tile; `&mut self`
        // keeps a second row of this tile from being reached while this one is borrowed.
        unsafe { std::slice::from_raw_parts_mut(self.first.add(row * self.row_stride), self.cols) }
    }

    /// The elements of a tile whose elements follow each other: one row, or one column of a matrix with one column.
    fn line(&mut self) -> &mut [T] {
        assert!(self.rows == 1 || (self.cols == 1 && self.row_stride == 1));
        // SAFETY: as in `row`; the assertion makes the tile's elements consecutive.
        unsafe { std::slice::from_raw_parts_mut(self.first, self.rows * self.cols) }
    }
}

//! Products with few rows or few columns, which read each element of the large matrix once and should do so at the memory's speed.
//!
//! `y = A x`, where A is the large matrix and x has up to `FEW` columns. The columns of x are widened before; up to eight of them at a time
//! meet a vector of A, which is widened in a register. Rows of A that are contiguous are multiplied with the columns and summed; contiguous
//! columns are added to y, eight at a time.

use super::{FEW, for_each_piece};
use crate::{
    Buffer,
    kernels::{
        gemm::{Matrix, Tile, fused},
        halves::{Half, LANES},
        isa::{self, Kernel},
    },
};
use std::ops::Range;

/// Elements of A that are worth a thread: 256 KiB, some 15 us.
const WORTH_A_PIECE: usize = 1 << 17;
/// Rows of A in a piece where its columns are contiguous: for eight columns of x, 16 KiB of sums stay in the first cache.
const SUMS: usize = 512;
/// Columns of A that are added to the sums at a time, so that those are loaded and stored once for so many loads of A.
const COLUMNS: usize = 8;

#[derive(Clone, Copy)]
pub(super) struct Skinny {
    /// Rows of A, columns of x, and the length of the sums.
    rows: usize,
    columns: usize,
    k: usize,
    /// Whether A is `rhs`, transposed, and x is `lhs`.
    transposed: bool,
    contiguous_rows: bool,
}

impl Skinny {
    /// `None` for a product of larger matrices, or with a large matrix that is contiguous in no direction.
    pub(super) fn of<H>([m, n, k]: [usize; 3], lhs: &Matrix<'_, H>, rhs: &Matrix<'_, H>) -> Option<Skinny> {
        if m.min(n) > FEW {
            return None;
        }
        let transposed = m <= n;
        let (down, right) =
            if transposed { (rhs.col_stride, rhs.row_stride) } else { (lhs.row_stride, lhs.col_stride) };
        if down != 1 && right != 1 {
            return None;
        }
        Some(Skinny { rows: m.max(n), columns: m.min(n), k, transposed, contiguous_rows: right == 1 })
    }

    pub(super) fn multiply<H: Half>(
        self,
        dst: &mut [H],
        lhs: Matrix<'_, H>,
        rhs: Matrix<'_, H>,
        offsets: &[(usize, usize)],
    ) {
        let Skinny { rows, columns, k, transposed, contiguous_rows } = self;
        let tile = if contiguous_rows {
            (WORTH_A_PIECE / k).next_multiple_of(4).min(rows)
        } else {
            // Four pieces at least, of whole cache lines.
            (rows / 4).next_multiple_of(64).min(SUMS)
        };
        let x: Vec<Buffer<f32>> = offsets
            .iter()
            .map(|&(at_lhs, at_rhs)| {
                let x = if transposed { lhs.with_offset(at_lhs) } else { rhs.with_offset(at_rhs).transposed() };
                self.widened(x)
            })
            .collect();
        // Eight steps a nanosecond for each column, or 15 bytes.
        let work = rows.saturating_mul(k).saturating_mul(offsets.len()) / 8 * columns.div_ceil(8);
        let tiles = if transposed { [(1, 1), (rows, tile)] } else { [(rows, tile), (1, 1)] };
        for_each_piece(dst, offsets.len(), tiles, work, &|product, ranges, output| {
            let (at_lhs, at_rhs) = offsets[product];
            let [Range { start, end }, _] =
                if transposed { [ranges[1].clone(), ranges[0].clone()] } else { ranges.clone() };
            let a = if transposed { rhs.with_offset(at_rhs).transposed() } else { lhs.with_offset(at_lhs) };
            let first = product * rows * columns;
            let (first, sizes, stride) = if transposed {
                (first + start, [columns, end - start], rows)
            } else {
                (first + start * columns, [end - start, columns], columns)
            };
            // SAFETY: `products` checked that `dst` holds so many matrices of this size; the piece's rows or columns lie within its
            // own, pieces are disjoint, and each is run once.
            let dst = unsafe { output.tile(first, sizes, stride) };
            isa::dispatch(Piece { skinny: self, a: a.moved(start, 0), rows: end - start, x: &x[product], dst });
        });
    }

    /// The columns of x one after another as f32, each filled up with zeros to whole vectors, and with further columns of zeros so that
    /// there are a power of two, or of eight.
    fn widened<H: Half>(self, x: Matrix<'_, H>) -> Buffer<f32> {
        let length = self.k.next_multiple_of(LANES);
        let mut wide = Buffer::<f32>::zeroed(self.columns.next_multiple_of(8) * length);
        let mut column = Buffer::<H>::recycled(self.k);
        for (i, wide) in wide.chunks_exact_mut(length).take(self.columns).enumerate() {
            column.iter_mut().enumerate().for_each(|(p, slot)| *slot = x.at(i, p));
            crate::kernels::halves::widen(&column, &mut wide[..self.k]);
        }
        wide
    }
}

struct Piece<'a, H> {
    skinny: Skinny,
    a: Matrix<'a, H>,
    rows: usize,
    x: &'a [f32],
    dst: Tile<'a, H>,
}

impl<H: Half> Kernel for Piece<'_, H> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        let (columns, length) = (self.skinny.columns, self.rows.next_multiple_of(LANES));
        let mut y = Buffer::<f32>::zeroed(columns.next_multiple_of(8) * length);
        let mut first = 0;
        while first < columns {
            first += match columns - first {
                1 => self.some_columns::<1, FMA>(first, &mut y),
                2 => self.some_columns::<2, FMA>(first, &mut y),
                3 | 4 => self.some_columns::<4, FMA>(first, &mut y),
                _ => self.some_columns::<8, FMA>(first, &mut y),
            };
        }
        if self.skinny.transposed {
            for i in 0..columns {
                let ((y, rest), dst) = (y[i * length..][..self.rows].as_chunks::<LANES>(), self.dst.row(i));
                let (dst, dst_rest) = dst.as_chunks_mut::<LANES>();
                dst.iter_mut().zip(y).for_each(|(dst, y)| *dst = H::narrow::<FMA>(y));
                let mut lanes = [0.0; LANES];
                lanes[..rest.len()].copy_from_slice(rest);
                dst_rest.copy_from_slice(&H::narrow::<FMA>(&lanes)[..rest.len()]);
            }
        } else {
            for j in 0..self.rows {
                for (group, dst) in self.dst.row(j).chunks_mut(LANES).enumerate() {
                    let lanes = std::array::from_fn(|i| y[(group * LANES + i) * length + j]);
                    dst.copy_from_slice(&H::narrow::<FMA>(&lanes)[..dst.len()]);
                }
            }
        }
    }
}

impl<H: Half> Piece<'_, H> {
    /// Columns `first..first + M` of y, which holds zeros; gives back M.
    #[inline(always)]
    fn some_columns<const M: usize, const FMA: bool>(&self, first: usize, y: &mut [f32]) -> usize {
        let (k_length, y_length) = (self.skinny.k.next_multiple_of(LANES), self.rows.next_multiple_of(LANES));
        let x: [&[f32]; M] = std::array::from_fn(|i| &self.x[(first + i) * k_length..][..k_length]);
        let y = &mut y[first * y_length..][..M * y_length];
        if !self.skinny.contiguous_rows {
            self.add_columns::<M, FMA>(x, y);
        } else if M <= 2 {
            self.dots::<M, 4, FMA>(x, y);
        } else if M == 4 {
            // As many sums as fit sixteen registers, beside what they are made of.
            self.dots::<M, 2, FMA>(x, y);
        } else {
            self.dots::<M, 1, FMA>(x, y);
        }
        M
    }

    /// For rows of A that are contiguous, R at a time.
    #[inline(always)]
    fn dots<const M: usize, const R: usize, const FMA: bool>(&self, x: [&[f32]; M], y: &mut [f32]) {
        let y_length = y.len() / M;
        let whole = self.rows / R * R;
        for j in (0..whole).step_by(R) {
            let sums = dot::<H, M, R, FMA>(std::array::from_fn(|r| self.row(j + r)), x);
            (0..M).for_each(|i| y[i * y_length + j..][..R].copy_from_slice(&sums[i]));
        }
        for j in whole..self.rows {
            let sums = dot::<H, M, 1, FMA>([self.row(j)], x);
            (0..M).for_each(|i| y[i * y_length + j] = sums[i][0]);
        }
    }

    #[inline(always)]
    fn row(&self, j: usize) -> &[H] {
        &self.a.data[self.a.moved(j, 0).offset..][..self.skinny.k]
    }

    /// For columns of A that are contiguous.
    #[inline(always)]
    fn add_columns<const M: usize, const FMA: bool>(&self, x: [&[f32]; M], y: &mut [f32]) {
        let k = self.skinny.k;
        let y_length = y.len() / M;
        // In the place of columns past the last.
        let zeros = Buffer::<H>::zeroed(self.rows);
        for p in (0..k).step_by(COLUMNS) {
            let columns: [&[H]; COLUMNS] = std::array::from_fn(|c| match p + c < k {
                true => &self.a.data[self.a.moved(0, p + c).offset..][..self.rows],
                false => &zeros[..],
            });
            let factors: [[f32; COLUMNS]; M] = std::array::from_fn(|i| std::array::from_fn(|c| x[i][p + c]));
            let whole = self.rows / LANES * LANES;
            for j in (0..whole).step_by(LANES) {
                let wide = columns.map(|column| H::widen::<FMA>(column[j..][..LANES].try_into().expect("eight")));
                add_to::<M, FMA>(&wide, &factors, y, y_length, j);
            }
            if whole < self.rows {
                let wide = columns.map(|column| {
                    let mut rest = [H::ZERO; LANES];
                    rest[..self.rows - whole].copy_from_slice(&column[whole..]);
                    H::widen::<FMA>(&rest)
                });
                add_to::<M, FMA>(&wide, &factors, y, y_length, whole);
            }
        }
    }
}

/// Adds eight elements of each of the columns, times its factors, to those of y from `j` on.
#[inline(always)]
fn add_to<const M: usize, const FMA: bool>(
    columns: &[[f32; LANES]; COLUMNS],
    factors: &[[f32; COLUMNS]; M],
    y: &mut [f32],
    y_length: usize,
    j: usize,
) {
    for (i, factors) in factors.iter().enumerate() {
        let sums: &mut [f32; LANES] = (&mut y[i * y_length + j..][..LANES]).try_into().expect("eight");
        let mut own = *sums;
        for (column, &factor) in columns.iter().zip(factors) {
            for lane in 0..LANES {
                own[lane] = fused::<f32, FMA>(column[lane], factor, own[lane]);
            }
        }
        *sums = own;
    }
}

/// The sums of `rows[r][p] * x[i][p]`; what x has beyond the rows is zero.
#[inline(always)]
fn dot<H: Half, const M: usize, const R: usize, const FMA: bool>(rows: [&[H]; R], x: [&[f32]; M]) -> [[f32; R]; M] {
    let mut sums = [[[0.0f32; LANES]; R]; M];
    let k = rows[0].len();
    let whole = k / LANES * LANES;
    for p in (0..whole).step_by(LANES) {
        let wide = rows.map(|row| H::widen::<FMA>(row[p..][..LANES].try_into().expect("eight")));
        add_products::<M, R, FMA>(&wide, x, p, &mut sums);
    }
    if whole < k {
        let wide = rows.map(|row| {
            let mut rest = [H::ZERO; LANES];
            rest[..k - whole].copy_from_slice(&row[whole..]);
            H::widen::<FMA>(&rest)
        });
        add_products::<M, R, FMA>(&wide, x, whole, &mut sums);
    }
    sums.map(|sums| sums.map(|lanes| lanes.iter().sum()))
}

#[inline(always)]
fn add_products<const M: usize, const R: usize, const FMA: bool>(
    wide: &[[f32; LANES]; R],
    x: [&[f32]; M],
    p: usize,
    sums: &mut [[[f32; LANES]; R]; M],
) {
    for (x, sums) in x.iter().zip(sums) {
        let x: &[f32; LANES] = x[p..][..LANES].try_into().expect("eight");
        for (wide, sums) in wide.iter().zip(sums) {
            for lane in 0..LANES {
                sums[lane] = fused::<f32, FMA>(wide[lane], x[lane], sums[lane]);
            }
        }
    }
}

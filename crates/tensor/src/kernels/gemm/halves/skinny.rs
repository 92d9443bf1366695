//! Products with few rows or few columns, which read each element of the large matrix once and should do so at the memory's speed.
//!
//! `y = A x`, where A is the large matrix and x has a few columns. The columns of x are widened before, in many products of a group of
//! them at a time, so that they stay in cache and take little memory where x is as large as A; up to eight of them at a time
//! meet a vector of A, which is widened in a register. Rows of A that are contiguous are multiplied with the columns and summed; contiguous
//! columns are added to y, eight at a time.

#[cfg(target_arch = "x86_64")]
use super::pairs;
use super::{
    FEW_BY_COLUMNS, FEW_BY_PAIRS, FEW_BY_ROWS, for_each_piece,
    lanes::{Lanes, Portable},
};
use crate::{
    Buffer, DType,
    kernels::{
        gemm::{Matrix, Tile},
        halves::{self, Half, LANES},
        isa::{self, Kernel},
        parallel,
    },
};
use std::ops::Range;

/// Elements of A that are worth a thread: 256 KiB, some 15 us.
const WORTH_A_PIECE: usize = 1 << 17;
/// Rows of A in a piece where its columns are contiguous: 2 KiB of each column, and for eight columns of x 32 KiB of sums.
const SUMS: usize = 1024;
/// Bytes of widened columns at a time: the second cache.
const AT_A_TIME: usize = 1 << 20;
/// Products of a group at least, whatever their columns take, so that there is one for each thread.
const LEAST_PRODUCTS: usize = 64;
/// Elements of a cache line.
const LINE: usize = 32;
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
    /// Whether rows of A are multiplied by `pairs`.
    paired: bool,
}

/// The columns of x of several products, in the form in which they are multiplied.
enum Columns<H: Half> {
    /// Filled up with zeros to whole vectors, and to as many columns as are multiplied at a time: 1, 2, 4 or 8.
    Wide(Buffer<f32>),
    /// As `pairs::dots` takes them.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "other processors have no such instruction"))]
    Pairs(Buffer<H>),
}

impl Skinny {
    /// `None` for a product of larger matrices, or with a large matrix that is contiguous in no direction.
    pub(super) fn of<H: Half>([m, n, k]: [usize; 3], lhs: &Matrix<'_, H>, rhs: &Matrix<'_, H>) -> Option<Skinny> {
        let transposed = m <= n;
        let (down, right) =
            if transposed { (rhs.col_stride, rhs.row_stride) } else { (lhs.row_stride, lhs.col_stride) };
        if down != 1 && right != 1 {
            return None;
        }
        let (rows, columns, contiguous_rows) = (m.max(n), m.min(n), right == 1);
        // One or two columns wait for memory whatever multiplies them.
        #[cfg(target_arch = "x86_64")]
        let paired = contiguous_rows && columns > 2 && H::DTYPE == DType::BF16 && pairs::are_multiplied();
        #[cfg(not(target_arch = "x86_64"))]
        let paired = false;
        let most = match (contiguous_rows, paired) {
            (true, true) => FEW_BY_PAIRS,
            (true, false) => FEW_BY_ROWS,
            (false, _) => FEW_BY_COLUMNS,
        };
        (columns <= most).then_some(Skinny { rows, columns, k, transposed, contiguous_rows, paired })
    }

    pub(super) fn multiply<H: Half>(
        self,
        dst: &mut [H],
        lhs: Matrix<'_, H>,
        rhs: Matrix<'_, H>,
        offsets: &[(usize, usize)],
        row: Option<&[f32]>,
    ) {
        let group = (AT_A_TIME / (self.columns_len() * size_of::<f32>())).max(LEAST_PRODUCTS).min(offsets.len());
        for (dst, offsets) in dst.chunks_mut(group * self.rows * self.columns).zip(offsets.chunks(group)) {
            self.multiply_group(dst, lhs, rhs, offsets, row);
        }
    }

    fn multiply_group<H: Half>(
        self,
        dst: &mut [H],
        lhs: Matrix<'_, H>,
        rhs: Matrix<'_, H>,
        offsets: &[(usize, usize)],
        row: Option<&[f32]>,
    ) {
        let Skinny { rows, columns, k, transposed, contiguous_rows, .. } = self;
        let tile = if contiguous_rows {
            (WORTH_A_PIECE / k).max(1).next_multiple_of(4).min(rows)
        } else {
            // Four pieces at least, of whole cache lines.
            rows.div_ceil(4).next_multiple_of(64).min(SUMS)
        };
        let x = self.columns_of(offsets.len(), &|product| {
            let (at_lhs, at_rhs) = offsets[product];
            if transposed { lhs.with_offset(at_lhs) } else { rhs.with_offset(at_rhs).transposed() }
        });
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
            let row = row.map(|row| if transposed { &row[start..end] } else { row });
            isa::dispatch(Piece { skinny: self, a: a.moved(start, 0), rows: end - start, x: &x, product, row, dst });
        });
    }

    /// How long a column of x is in the form in which it is multiplied, and how many there are of a product.
    fn column_shape(self) -> (usize, usize) {
        #[cfg(target_arch = "x86_64")]
        if self.paired {
            return (pairs::dot_length(self.k), self.columns.next_multiple_of(pairs::DOT_COLUMNS));
        }
        (self.k.next_multiple_of(LANES), self.columns.next_power_of_two())
    }

    /// The elements of a product's columns.
    fn columns_len(self) -> usize {
        let (length, count) = self.column_shape();
        length * count
    }

    /// The columns of so many products' x one after another.
    fn columns_of<'a, H: Half>(self, products: usize, x: &(dyn Fn(usize) -> Matrix<'a, H> + Sync)) -> Columns<H> {
        let ((length, _), each) = (self.column_shape(), self.columns_len());
        // A nanosecond for an element that is read by itself; 10 us at a time.
        let work = products.saturating_mul(self.columns * self.k);
        let at_a_time = (10_000 / (self.columns * self.k)).max(1);
        if self.paired {
            let mut columns = Buffer::<H>::recycled(products * each);
            parallel::chunks(&mut columns, at_a_time * each, work, |i, columns| {
                columns.fill(H::ZERO);
                for (product, columns) in (i * at_a_time..).zip(columns.chunks_exact_mut(each)) {
                    let x = x(product);
                    for (i, column) in columns.chunks_exact_mut(length).take(self.columns).enumerate() {
                        column[..self.k].iter_mut().enumerate().for_each(|(p, slot)| *slot = x.at(i, p));
                    }
                }
            });
            return Columns::Pairs(columns);
        }
        let mut wide = Buffer::<f32>::recycled(products * each);
        parallel::chunks(&mut wide, at_a_time * each, work, |i, wide| {
            let mut column = Buffer::<H>::recycled(self.k);
            wide.fill(0.0);
            for (product, wide) in (i * at_a_time..).zip(wide.chunks_exact_mut(each)) {
                let x = x(product);
                for (i, wide) in wide.chunks_exact_mut(length).take(self.columns).enumerate() {
                    column.iter_mut().enumerate().for_each(|(p, slot)| *slot = x.at(i, p));
                    halves::widen(&column, &mut wide[..self.k]);
                }
            }
        });
        Columns::Wide(wide)
    }
}

struct Piece<'a, H: Half> {
    skinny: Skinny,
    a: Matrix<'a, H>,
    rows: usize,
    x: &'a Columns<H>,
    /// Whose columns are meant.
    product: usize,
    /// What is added to each of the output's rows, of which the piece has these columns.
    row: Option<&'a [f32]>,
    dst: Tile<'a, H>,
}

impl<H: Half> Kernel for Piece<'_, H> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        let (columns, length) = (self.skinny.columns, self.rows.next_multiple_of(LANES));
        let mut y = Buffer::<f32>::zeroed(columns.next_multiple_of(8) * length);
        let at = self.product * self.skinny.columns_len()..(self.product + 1) * self.skinny.columns_len();
        match self.x {
            #[cfg(target_arch = "x86_64")]
            Columns::Pairs(x) => {
                let columns = x[at].chunks_exact(pairs::DOT_COLUMNS * pairs::dot_length(self.skinny.k));
                for (x, y) in columns.zip(y.chunks_exact_mut(pairs::DOT_COLUMNS * length)) {
                    pairs::dots(self.skinny.k, self.rows, |j| self.row(j), x, y, length);
                }
            }
            #[cfg(not(target_arch = "x86_64"))]
            Columns::Pairs(_) => unreachable!("other processors have no such instruction"),
            #[cfg(target_arch = "x86_64")]
            Columns::Wide(x) if FMA => self.all_columns::<super::lanes::Avx2>(&x[at], &mut y),
            Columns::Wide(x) => self.all_columns::<Portable<FMA>>(&x[at], &mut y),
        }
        if let Some(row) = self.row {
            for (i, y) in y.chunks_exact_mut(length).take(columns).enumerate() {
                if self.skinny.transposed {
                    y.iter_mut().zip(row).for_each(|(y, &x)| *y += x);
                } else {
                    y.iter_mut().for_each(|y| *y += row[i]);
                }
            }
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
    /// The columns of y, which holds zeros, up to eight at a time.
    #[inline(always)]
    fn all_columns<V: Lanes>(&self, x: &[f32], y: &mut [f32]) {
        let columns = self.skinny.columns;
        let mut first = 0;
        while first < columns {
            first += match columns - first {
                1 => self.some_columns::<1, V>(first, x, y),
                2 => self.some_columns::<2, V>(first, x, y),
                3 | 4 => self.some_columns::<4, V>(first, x, y),
                _ if self.skinny.contiguous_rows => self.some_columns::<4, V>(first, x, y),
                _ => self.some_columns::<8, V>(first, x, y),
            };
        }
    }

    /// Columns `first..first + M` of y; gives back M.
    #[inline(always)]
    fn some_columns<const M: usize, V: Lanes>(&self, first: usize, x: &[f32], y: &mut [f32]) -> usize {
        let (k_length, y_length) = (self.skinny.k.next_multiple_of(LANES), self.rows.next_multiple_of(LANES));
        let x = &x[first * k_length..][..M * k_length];
        let y = &mut y[first * y_length..][..M * y_length];
        if !self.skinny.contiguous_rows {
            self.add_columns::<M, V>(x, y);
        } else if M <= 2 {
            self.dots::<M, 4, V>(x, y);
        } else {
            // As many sums as fit sixteen registers, beside what they are made of.
            self.dots::<M, 2, V>(x, y);
        }
        M
    }

    /// For rows of A that are contiguous, R at a time.
    #[inline(always)]
    fn dots<const M: usize, const R: usize, V: Lanes>(&self, x: &[f32], y: &mut [f32]) {
        let y_length = y.len() / M;
        let whole = self.rows / R * R;
        for j in (0..whole).step_by(R) {
            let mut rows = [&self.a.data[..0]; R];
            for (r, row) in rows.iter_mut().enumerate() {
                *row = self.row(j + r);
            }
            let sums = dot::<H, M, R, V>(rows, x);
            for (i, sums) in sums.iter().enumerate() {
                y[i * y_length + j..][..R].copy_from_slice(sums);
            }
        }
        for j in whole..self.rows {
            let sums = dot::<H, M, 1, V>([self.row(j)], x);
            for (i, &[sum]) in sums.iter().enumerate() {
                y[i * y_length + j] = sum;
            }
        }
    }

    #[inline(always)]
    fn row(&self, j: usize) -> &[H] {
        &self.a.data[self.a.moved(j, 0).offset..][..self.skinny.k]
    }

    /// For columns of A that are contiguous.
    #[inline(always)]
    fn add_columns<const M: usize, V: Lanes>(&self, x: &[f32], y: &mut [f32]) {
        let (k, k_length, y_length) = (self.skinny.k, x.len() / M, y.len() / M);
        // In the place of columns past the last.
        let zeros = Buffer::<H>::zeroed(self.rows);
        let whole = self.rows / LANES * LANES;
        for p in (0..k).step_by(COLUMNS) {
            let mut columns = [&zeros[..]; COLUMNS];
            for (c, column) in columns.iter_mut().enumerate().take(k - p) {
                *column = &self.a.data[self.a.moved(0, p + c).offset..][..self.rows];
            }
            let mut factors = [[0.0; COLUMNS]; M];
            for (i, factors) in factors.iter_mut().enumerate() {
                *factors = *lanes_of(x, i * k_length + p);
            }
            // The columns after these are asked for meanwhile: the processor sees no more than short lines that lie apart.
            let ahead = self.a.moved(0, (p + COLUMNS).min(k - 1)).offset;
            for j in (0..whole).step_by(LANES) {
                if j % LINE == 0 {
                    for c in 0..COLUMNS {
                        // Columns past the last may lie before the first element, or nowhere: this reads nothing.
                        let column = ahead.wrapping_add_signed(c as isize * self.a.col_stride);
                        V::prefetch(self.a.data, column.wrapping_add(j));
                    }
                }
                let mut wide = [V::splat(0.0); COLUMNS];
                for c in 0..COLUMNS {
                    wide[c] = V::widened(lanes_of(columns[c], j));
                }
                add_to::<M, V>(&wide, &factors, &mut y[j..], y_length);
            }
            if whole < self.rows {
                let mut wide = [V::splat(0.0); COLUMNS];
                for c in 0..COLUMNS {
                    wide[c] = V::widened(&filled_up(&columns[c][whole..]));
                }
                add_to::<M, V>(&wide, &factors, &mut y[whole..], y_length);
            }
        }
    }
}

/// Eight elements from `at` on.
#[inline(always)]
fn lanes_of<T>(x: &[T], at: usize) -> &[T; LANES] {
    x[at..].first_chunk().expect("eight more")
}

/// Fewer than eight elements, and zeros.
#[inline(always)]
fn filled_up<H: Half>(rest: &[H]) -> [H; LANES] {
    let mut lanes = [H::ZERO; LANES];
    lanes[..rest.len()].copy_from_slice(rest);
    lanes
}

/// Adds the first eight elements of each of the columns, times its factor, to those of y.
#[inline(always)]
fn add_to<const M: usize, V: Lanes>(
    columns: &[V; COLUMNS],
    factors: &[[f32; COLUMNS]; M],
    y: &mut [f32],
    y_length: usize,
) {
    for i in 0..M {
        let y: &mut [f32; LANES] = y[i * y_length..].first_chunk_mut().expect("eight more");
        let mut sums = V::load(y);
        for c in 0..COLUMNS {
            sums = sums.plus(columns[c], V::splat(factors[i][c]));
        }
        *y = sums.numbers();
    }
}

/// The sums of `rows[r][p] * x[i][p]`, of M columns of x; what those have beyond the rows is zero.
#[inline(always)]
fn dot<H: Half, const M: usize, const R: usize, V: Lanes>(rows: [&[H]; R], x: &[f32]) -> [[f32; R]; M] {
    let k_length = x.len() / M;
    let mut sums = [[V::splat(0.0); R]; M];
    let k = rows[0].len();
    let whole = k / LANES * LANES;
    for p in (0..whole).step_by(LANES) {
        let mut wide = [V::splat(0.0); R];
        for r in 0..R {
            wide[r] = V::widened(lanes_of(rows[r], p));
        }
        add_products::<M, R, V>(&wide, &x[p..], k_length, &mut sums);
    }
    if whole < k {
        let mut wide = [V::splat(0.0); R];
        for r in 0..R {
            wide[r] = V::widened(&filled_up(&rows[r][whole..]));
        }
        add_products::<M, R, V>(&wide, &x[whole..], k_length, &mut sums);
    }
    let mut totals = [[0.0; R]; M];
    for (totals, sums) in totals.iter_mut().zip(&sums) {
        for (total, sums) in totals.iter_mut().zip(sums) {
            *total = sums.numbers().iter().sum();
        }
    }
    totals
}

#[inline(always)]
fn add_products<const M: usize, const R: usize, V: Lanes>(
    wide: &[V; R],
    x: &[f32],
    k_length: usize,
    sums: &mut [[V; R]; M],
) {
    for (i, sums) in sums.iter_mut().enumerate() {
        let x = V::load(lanes_of(x, i * k_length));
        for r in 0..R {
            sums[r] = sums[r].plus(wide[r], x);
        }
    }
}

//! Products of bf16 by the instruction `vdpbf16ps` of AVX512-BF16, which multiplies pairs of neighbours along the sums: twice as many
//! steps as a multiplication and addition of f32.
//!
//! The instruction takes subnormal numbers, below 1.2e-38, for zeros. It is written out in assembly, because the compiler's name for it
//! came with Rust 1.89.
//!
//! A strip of 32 columns of `rhs`, its pairs side by side, meets twelve rows of `lhs` in sums that stay in 24 of the 32 registers.

use crate::{
    Buffer, DType,
    kernels::{gemm::Matrix, halves::Half, isa::Isa},
};
use std::{
    arch::{asm, x86_64::*},
    sync::OnceLock,
};

/// Rows and columns of the sums that stay in registers.
const ROWS: usize = 12;
const COLS: usize = 32;
/// Elements by which rows of `lhs` are longer in cache than they need be: a cache line, so that rows of a power of two do not all fall
/// into the same places of the first cache.
const SHIFT: usize = 32;

/// Whether the processor has the instruction, and may use it.
pub(super) fn are_multiplied() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| Isa::chosen() == Isa::Avx512 && is_x86_feature_detected!("avx512bf16"))
}

/// The sums of a tile, in rows of the length that comes with them; `most` steps at a time, an even number.
pub(super) fn sums<H: Half>(
    [rows, cols]: [usize; 2],
    k: usize,
    most: usize,
    lhs: Matrix<'_, H>,
    rhs: Matrix<'_, H>,
) -> (Buffer<f32>, usize) {
    assert!(are_multiplied() && H::DTYPE == DType::BF16 && most.is_multiple_of(2), "pairs of bf16");
    let (height, width) = (rows.next_multiple_of(ROWS), cols.next_multiple_of(COLS));
    let longest = most.min(k).next_multiple_of(2);
    let length = longest + SHIFT;
    let mut sums = Buffer::<f32>::recycled(height * width);
    // Rows and columns past the last are zeros, and so is the second of a pair past the end.
    let (mut a, mut b) = (Buffer::<H>::zeroed(height * length), Buffer::<H>::zeroed(width * longest));
    for depth in (0..k).step_by(most) {
        let steps = most.min(k - depth);
        let pairs = steps.div_ceil(2);
        copy_rows(lhs.moved(0, depth), [rows, steps], &mut a, length);
        let strip = 2 * pairs * COLS;
        for (i, b) in b.chunks_exact_mut(strip).take(width / COLS).enumerate() {
            copy_strip(rhs.moved(depth, i * COLS), [steps, COLS.min(cols - i * COLS)], b);
        }
        for (i, b) in b.chunks_exact(strip).take(width / COLS).enumerate() {
            for row in (0..height).step_by(ROWS) {
                let a = &a[row * length..][..ROWS * length];
                add_products(pairs, a, length, b, &mut sums[row * width + i * COLS..], width, depth > 0);
            }
        }
    }
    (sums, width)
}

/// Rows of `lhs`, `length` apart; after an odd number of steps a zero.
fn copy_rows<H: Half>(lhs: Matrix<'_, H>, [rows, steps]: [usize; 2], to: &mut [H], length: usize) {
    // A cache line of each row at a time, for matrices whose columns are contiguous.
    const LINE: usize = 32;
    for first in (0..steps).step_by(if lhs.col_stride == 1 { steps } else { LINE }) {
        for (i, to) in to.chunks_exact_mut(length).take(rows).enumerate() {
            if lhs.col_stride == 1 {
                to[..steps].copy_from_slice(&lhs.data[lhs.moved(i, 0).offset..][..steps]);
            } else {
                to[first..steps.min(first + LINE)]
                    .iter_mut()
                    .enumerate()
                    .for_each(|(p, to)| *to = lhs.at(i, first + p));
            }
            to[steps..].iter_mut().take(steps % 2).for_each(|to| *to = H::ZERO);
        }
    }
}

/// Up to 32 columns of `rhs` as pairs: the first two steps of each column, then the next two of each.
fn copy_strip<H: Half>(rhs: Matrix<'_, H>, [steps, cols]: [usize; 2], to: &mut [H]) {
    let (to, _) = to.as_chunks_mut::<{ 2 * COLS }>();
    if rhs.row_stride == 1 {
        // A cache line of each column at a time.
        const LINE: usize = 16;
        for (block, to) in to.chunks_mut(LINE).enumerate() {
            let first = 2 * LINE * block;
            for j in 0..cols {
                let column = &rhs.data[rhs.moved(first, j).offset..][..(steps - first).min(2 * LINE)];
                let (pairs, rest) = column.as_chunks::<2>();
                for (to, pair) in to.iter_mut().zip(pairs) {
                    to[2 * j..][..2].copy_from_slice(pair);
                }
                if let &[last] = rest {
                    to[pairs.len()][2 * j..][..2].copy_from_slice(&[last, H::ZERO]);
                }
            }
        }
        return;
    }
    let mut rows = [[H::ZERO; COLS]; 2];
    for (p, to) in to.iter_mut().enumerate() {
        for (half, row) in rows.iter_mut().enumerate() {
            if 2 * p + half == steps {
                row.fill(H::ZERO);
            } else if rhs.col_stride == 1 {
                row[..cols].copy_from_slice(&rhs.data[rhs.moved(2 * p + half, 0).offset..][..cols]);
            } else {
                row[..cols].iter_mut().enumerate().for_each(|(j, to)| *to = rhs.at(2 * p + half, j));
            }
        }
        interleave(&rows, to);
    }
}

/// The elements of both rows in turn.
fn interleave<H: Half>([first, second]: &[[H; COLS]; 2], to: &mut [H; 2 * COLS]) {
    const AT_A_TIME: usize = 8;
    const { assert!(size_of::<H>() == 2) };
    for i in (0..COLS).step_by(AT_A_TIME) {
        // SAFETY: every x86-64 processor has SSE2. Eight elements of two bytes from `i` lie in each row, and sixteen from `2 * i` in `to`.
        unsafe {
            let x = _mm_loadu_si128(first.as_ptr().add(i).cast());
            let y = _mm_loadu_si128(second.as_ptr().add(i).cast());
            _mm_storeu_si128(to.as_mut_ptr().add(2 * i).cast(), _mm_unpacklo_epi16(x, y));
            _mm_storeu_si128(to.as_mut_ptr().add(2 * i + AT_A_TIME).cast(), _mm_unpackhi_epi16(x, y));
        }
    }
}

/// Twelve rows of 32 sums, `width` apart, become the products of pairs of `a`, whose rows are `length` apart, with those of `b`, or have
/// them added.
fn add_products<H: Half>(
    pairs: usize,
    a: &[H],
    length: usize,
    b: &[H],
    sums: &mut [f32],
    width: usize,
    accumulate: bool,
) {
    assert!(pairs > 0 && 2 * pairs <= length && a.len() == ROWS * length && b.len() == 2 * pairs * COLS);
    assert!(sums.len() >= (ROWS - 1) * width + COLS && width >= COLS && are_multiplied());
    let (a, length) = (a.as_ptr(), length * size_of::<H>());
    // The instructions for rows whose pairs are at `$at`, and whose sums are in the registers `$l` and `$h`.
    macro_rules! kernel {
        ($(($at:literal, $l:literal, $h:literal)),*) => {
            asm!(
                "test {accumulate:e}, {accumulate:e}",
                "mov {row}, {sums}",
                "jz 2f",
                $(
                    concat!("vmovups zmm", $l, ", [{row}]"),
                    concat!("vmovups zmm", $h, ", [{row} + 64]"),
                    "add {row}, {width}",
                )*
                "jmp 3f",
                "2:",
                $(
                    concat!("vpxord zmm", $l, ", zmm", $l, ", zmm", $l),
                    concat!("vpxord zmm", $h, ", zmm", $h, ", zmm", $h),
                )*
                "3:",
                "vmovups zmm24, [{b}]",
                "vmovups zmm25, [{b} + 64]",
                $(
                    concat!("vpbroadcastd zmm26, [", $at, "]"),
                    concat!("vdpbf16ps zmm", $l, ", zmm24, zmm26"),
                    concat!("vdpbf16ps zmm", $h, ", zmm25, zmm26"),
                )*
                "add {b}, 128",
                "add {a0}, 4",
                "add {a3}, 4",
                "add {a6}, 4",
                "add {a9}, 4",
                "dec {pairs}",
                "jnz 3b",
                $(
                    concat!("vmovups [{sums}], zmm", $l),
                    concat!("vmovups [{sums} + 64], zmm", $h),
                    "add {sums}, {width}",
                )*
                "vzeroupper",
                accumulate = in(reg) i32::from(accumulate),
                row = out(reg) _,
                sums = inout(reg) sums.as_mut_ptr() => _,
                width = in(reg) width * size_of::<f32>(),
                a0 = inout(reg) a => _,
                a3 = inout(reg) a.wrapping_byte_add(3 * length) => _,
                a6 = inout(reg) a.wrapping_byte_add(6 * length) => _,
                a9 = inout(reg) a.wrapping_byte_add(9 * length) => _,
                b = inout(reg) b.as_ptr() => _,
                length = in(reg) length,
                pairs = inout(reg) pairs => _,
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _, out("xmm6") _,
                out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _, out("xmm12") _,
                out("xmm13") _, out("xmm14") _, out("xmm15") _, out("zmm16") _, out("zmm17") _, out("zmm18") _,
                out("zmm19") _, out("zmm20") _, out("zmm21") _, out("zmm22") _, out("zmm23") _, out("zmm24") _,
                out("zmm25") _, out("zmm26") _,
                options(nostack)
            )
        };
    }
    // SAFETY: the processor has the instructions. Those of row i read pairs `0..pairs` of row i of `a`, whose 2 * pairs elements lie within
    // its `length`, and of `b`, which has 2 * COLS elements for each pair; they read and write COLS elements of row i of `sums`. The
    // assertions say that all of these exist. The registers written are named.
    unsafe {
        kernel!(
            ("{a0}", "0", "1"),
            ("{a0} + {length}", "2", "3"),
            ("{a0} + 2 * {length}", "4", "5"),
            ("{a3}", "6", "7"),
            ("{a3} + {length}", "8", "9"),
            ("{a3} + 2 * {length}", "10", "11"),
            ("{a6}", "12", "13"),
            ("{a6} + {length}", "14", "15"),
            ("{a6} + 2 * {length}", "16", "17"),
            ("{a9}", "18", "19"),
            ("{a9} + {length}", "20", "21"),
            ("{a9} + 2 * {length}", "22", "23")
        );
    }
}

/// Columns that `dots` takes.
pub(super) const DOT_COLUMNS: usize = 8;
/// Rows that it takes, and elements in a step.
const DOT_ROWS: usize = 3;
const DOT_STEP: usize = 32;

/// By how much the columns of `dots` lie apart for sums of `k`: not by a power of two, see `SHIFT`.
pub(super) const fn dot_length(k: usize) -> usize {
    k.next_multiple_of(DOT_STEP) + SHIFT
}

/// The sums of products of `rows` rows of k elements, found by `row`, with eight columns, `dot_length(k)` apart: `y[i * y_length + j]` is
/// that of row j and column i.
///
/// 24 sums stay in registers, so that eleven vectors that are read are used 24 times; the memory of a large matrix is no faster.
pub(super) fn dots<'a, H: Half>(
    k: usize,
    rows: usize,
    row: impl Fn(usize) -> &'a [H],
    columns: &[H],
    y: &mut [f32],
    y_length: usize,
) {
    let length = dot_length(k);
    assert!(
        are_multiplied() && H::DTYPE == DType::BF16 && columns.len() == DOT_COLUMNS * length,
        "eight columns of bf16"
    );
    for first in (0..rows).step_by(DOT_ROWS) {
        // Past the last row, the last again, for sums that nobody reads.
        let rows: [&[H]; DOT_ROWS] = std::array::from_fn(|r| &row((first + r).min(rows - 1))[..k]);
        let mut sums = [[[0.0f32; 16]; DOT_ROWS]; DOT_COLUMNS];
        if k >= DOT_STEP {
            add_dots(rows, columns, length, &mut sums);
        }
        let rest = k / DOT_STEP * DOT_STEP;
        for (i, sums) in sums.iter().enumerate() {
            for (r, sums) in sums.iter().enumerate().take(y_length.min(first + DOT_ROWS) - first) {
                let column = &columns[i * length + rest..];
                let last = rows[r][rest..].iter().zip(column).map(|(&x, &y)| single(x) * single(y));
                y[i * y_length + first + r] = sums.iter().sum::<f32>() + last.sum::<f32>();
            }
        }
    }
}

fn single<H: Half>(x: H) -> f32 {
    H::widen::<false>(&[x; 8])[0]
}

/// The sums of whole steps, sixteen for each row and column.
fn add_dots<H: Half>(
    rows: [&[H]; DOT_ROWS],
    columns: &[H],
    length: usize,
    sums: &mut [[[f32; 16]; DOT_ROWS]; DOT_COLUMNS],
) {
    let steps = rows[0].len() / DOT_STEP;
    assert!(steps > 0 && rows.iter().all(|row| row.len() >= steps * DOT_STEP));
    assert!(length >= steps * DOT_STEP && columns.len() >= DOT_COLUMNS * length && are_multiplied());
    let (x, length) = (columns.as_ptr(), length * size_of::<H>());
    // The instructions for the column at `$at`, whose sums with the three rows are in these registers, and go to these places.
    macro_rules! kernel {
        ($(($at:literal, $a:literal, $b:literal, $c:literal, $to:literal)),*) => {
            asm!(
                $(
                    concat!("vpxord zmm", $a, ", zmm", $a, ", zmm", $a),
                    concat!("vpxord zmm", $b, ", zmm", $b, ", zmm", $b),
                    concat!("vpxord zmm", $c, ", zmm", $c, ", zmm", $c),
                )*
                "2:",
                "vmovups zmm24, [{row0}]",
                "vmovups zmm25, [{row1}]",
                "vmovups zmm26, [{row2}]",
                $(
                    concat!("vmovups zmm27, [", $at, "]"),
                    concat!("vdpbf16ps zmm", $a, ", zmm24, zmm27"),
                    concat!("vdpbf16ps zmm", $b, ", zmm25, zmm27"),
                    concat!("vdpbf16ps zmm", $c, ", zmm26, zmm27"),
                )*
                "add {row0}, 64",
                "add {row1}, 64",
                "add {row2}, 64",
                "add {x0}, 64",
                "add {x3}, 64",
                "add {x6}, 64",
                "dec {steps}",
                "jnz 2b",
                $(
                    concat!("vmovups [{sums} + ", $to, "], zmm", $a),
                    concat!("vmovups [{sums} + ", $to, " + 64], zmm", $b),
                    concat!("vmovups [{sums} + ", $to, " + 128], zmm", $c),
                )*
                "vzeroupper",
                row0 = inout(reg) rows[0].as_ptr() => _,
                row1 = inout(reg) rows[1].as_ptr() => _,
                row2 = inout(reg) rows[2].as_ptr() => _,
                x0 = inout(reg) x => _,
                x3 = inout(reg) x.wrapping_byte_add(3 * length) => _,
                x6 = inout(reg) x.wrapping_byte_add(6 * length) => _,
                length = in(reg) length,
                steps = inout(reg) steps => _,
                sums = in(reg) sums.as_mut_ptr(),
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _, out("xmm6") _,
                out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _, out("xmm12") _,
                out("xmm13") _, out("xmm14") _, out("xmm15") _, out("zmm16") _, out("zmm17") _, out("zmm18") _,
                out("zmm19") _, out("zmm20") _, out("zmm21") _, out("zmm22") _, out("zmm23") _, out("zmm24") _,
                out("zmm25") _, out("zmm26") _, out("zmm27") _,
                options(nostack)
            )
        };
    }
    // SAFETY: the processor has the instructions. They read `steps` times 32 elements of each row and of each of eight columns, `length`
    // bytes apart, which the assertions say exist, and write 24 vectors of sixteen numbers, all of `sums`. The registers written are named.
    unsafe {
        kernel!(
            ("{x0}", "0", "1", "2", "0"),
            ("{x0} + {length}", "3", "4", "5", "192"),
            ("{x0} + 2 * {length}", "6", "7", "8", "384"),
            ("{x3}", "9", "10", "11", "576"),
            ("{x3} + {length}", "12", "13", "14", "768"),
            ("{x3} + 2 * {length}", "15", "16", "17", "960"),
            ("{x6}", "18", "19", "20", "1152"),
            ("{x6} + {length}", "21", "22", "23", "1344")
        );
    }
}

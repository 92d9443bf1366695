//! The taps of kernels as `U = G g G^T`, and `g_bar = G^T u_bar G` back.

use super::{
    PRODUCTS, SEEN, TAPS, TAPS_ALONG,
    transform::{LANES, Lanes, of_taps, taps_to_products},
};
use crate::{
    Buffer,
    kernels::{
        gemm::{self, GemmElement, Matrix, Shared, Tile},
        isa::{self, Kernel},
        math::Math,
        parallel,
    },
};

/// Kernels that are transformed at a time.
const CHUNK: usize = 1024;

/// Some kernels of a weight: `runs` times `run` that follow each other, each time `stride` kernels further on.
#[derive(Clone, Copy)]
pub(super) struct Kernels {
    pub(super) first: usize,
    pub(super) run: usize,
    pub(super) runs: usize,
    pub(super) stride: usize,
}

impl Kernels {
    pub(super) fn count(&self) -> usize {
        self.runs * self.run
    }
}

/// `U` of some kernels: for each of its elements a row, in their order.
pub(super) struct Transformed<T: crate::Element> {
    elements: Buffer<T>,
    kernels: usize,
}

/// Between rows: a cache line, without which rows of a power of two of kernels would compete for the same places of the caches.
const GAP: usize = 16;

impl<T: GemmElement> Transformed<T> {
    fn new(kernels: usize) -> Self {
        Transformed { elements: Buffer::recycled(PRODUCTS * (kernels + GAP)), kernels }
    }

    fn row_stride(&self) -> usize {
        self.kernels + GAP
    }

    /// Of the kernels from the `first` on, a matrix with these strides.
    pub(super) fn matrix(&self, product: usize, first: usize, [row_stride, col_stride]: [usize; 2]) -> Matrix<'_, T> {
        let offset = product * self.row_stride() + first;
        Matrix { data: &self.elements, offset, row_stride: row_stride as isize, col_stride: col_stride as isize }
    }
}

/// `U` of all kernels, in the order of the weight's first two axes.
pub(super) fn transformed<T: GemmElement + Math>(w: &[T], turned_round: bool) -> Transformed<T> {
    let count = w.len() / TAPS;
    let mut u = Transformed::new(count);
    let row_stride = u.row_stride();
    let all = Shared::new(&mut u.elements);
    // 3 ns a kernel.
    parallel::tasks(count.div_ceil(CHUNK), 3 * count, |i| {
        let first = i * CHUNK;
        let run = CHUNK.min(count - first);
        // SAFETY: chunks are columns of their own, of rows that are `row_stride` apart.
        let u = unsafe { all.tile(first, [PRODUCTS, run], row_stride) };
        isa::dispatch_256(Transform { w, kernels: Kernels { first, run, runs: 1, stride: run }, turned_round, u });
    });
    u
}

/// `U` of some kernels, in their order.
pub(super) fn transformed_part<T: GemmElement + Math>(w: &[T], kernels: Kernels, turned_round: bool) -> Transformed<T> {
    let mut u = Transformed::new(kernels.count());
    let row_stride = u.row_stride();
    let tile = Tile::of_rows(&mut u.elements, 0, [PRODUCTS, kernels.count()], row_stride);
    isa::dispatch_256(Transform { w, kernels, turned_round, u: tile });
    u
}

/// `U` of some kernels; turned round, of their taps from the last to the first.
struct Transform<'a, T> {
    w: &'a [T],
    kernels: Kernels,
    turned_round: bool,
    u: Tile<'a, T>,
}

// No closures in the kernel: they would be compiled by themselves, for the baseline.
impl<T: GemmElement + Math> Kernel for Transform<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Transform { w, kernels: Kernels { first, run, runs, stride }, turned_round, mut u } = self;
        for r in 0..runs {
            let kernels = &w[(first + r * stride) * TAPS..][..run * TAPS];
            for (i, kernels) in kernels.chunks(LANES * TAPS).enumerate() {
                let mut taps = [[T::default(); LANES]; TAPS];
                for (j, kernel) in kernels.chunks_exact(TAPS).enumerate() {
                    for (taps, &tap) in taps.iter_mut().zip(kernel) {
                        taps[j] = tap;
                    }
                }
                if turned_round {
                    taps.reverse();
                }
                let at = r * run + i * LANES;
                products::<T, FMA>(&taps, &mut u, at, kernels.len() / TAPS);
            }
        }
    }
}

/// `G g G^T` of `count` kernels.
#[inline(always)]
fn products<T: GemmElement + Math, const FMA: bool>(
    taps: &[Lanes<T>; TAPS],
    u: &mut Tile<'_, T>,
    at: usize,
    count: usize,
) {
    let mut down = [[[T::default(); LANES]; TAPS_ALONG]; SEEN];
    for k in 0..TAPS_ALONG {
        let products = of_taps::<T, FMA>([&taps[k], &taps[TAPS_ALONG + k], &taps[2 * TAPS_ALONG + k]]);
        for i in 0..SEEN {
            down[i][k] = products[i];
        }
    }
    for (i, [zero, one, two]) in down.iter().enumerate() {
        let products = of_taps::<T, FMA>([zero, one, two]);
        for (k, products) in products.iter().enumerate() {
            let row = &mut u.row(SEEN * i + k)[at..at + count];
            match row.first_chunk_mut() {
                Some(row) => *row = *products,
                None => row.copy_from_slice(&products[..count]),
            }
        }
    }
}

/// The gradient of kernels from that of their `U`: of each of its elements a row, with nothing between rows.
pub(super) fn back<T: GemmElement + Math>(u: &[T], w: &mut [T]) {
    let count = w.len() / TAPS;
    let g = taps_to_products::<T>();
    let to_products: [T; PRODUCTS * TAPS] = std::array::from_fn(|i| {
        let (product, tap) = (i / TAPS, i % TAPS);
        g[product / SEEN][tap / TAPS_ALONG] * g[product % SEEN][tap % TAPS_ALONG]
    });
    let lhs = Matrix { data: u, offset: 0, row_stride: 1, col_stride: count as isize };
    let rhs = Matrix { data: &to_products, offset: 0, row_stride: TAPS as isize, col_stride: 1 };
    gemm::gemm_tile(PRODUCTS, Tile::of_matrix(w, count, TAPS), lhs, rhs, false);
}

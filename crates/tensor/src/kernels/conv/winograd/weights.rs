//! The taps of kernels as `U = G g G^T`, and `g_bar = G^T u_bar G` back.

use super::{
    PRODUCTS, SEEN, TAPS, TAPS_ALONG,
    transform::{LANES, Lanes, lanes_mut, of_taps, taps_to_products},
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

/// `U` of all kernels: a matrix for each of its elements, in the order of the weight's first two axes.
pub(super) fn transformed<T: GemmElement + Math>(w: &[T], turned_round: bool) -> Buffer<T> {
    let count = w.len() / TAPS;
    let mut u = Buffer::recycled(PRODUCTS * count);
    let all = Shared::new(&mut u);
    // 3 ns a kernel.
    parallel::tasks(count.div_ceil(CHUNK), 3 * count, |i| {
        let first = i * CHUNK;
        let run = CHUNK.min(count - first);
        // SAFETY: chunks are columns of their own, of rows that are `count` apart.
        let u = unsafe { all.tile(first, [PRODUCTS, run], count) };
        isa::dispatch_256(Transform { w, kernels: Kernels { first, run, runs: 1, stride: run }, turned_round, u });
    });
    u
}

/// `U` of some kernels, in their order.
pub(super) fn transformed_part<T: GemmElement + Math>(w: &[T], kernels: Kernels, turned_round: bool) -> Buffer<T> {
    let mut u = Buffer::recycled(PRODUCTS * kernels.count());
    let tile = Tile::of_matrix(&mut u, PRODUCTS, kernels.count());
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

// No closures in what follows: they would be compiled by themselves, for the baseline.
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
                    for t in 0..TAPS {
                        taps[t][j] = kernel[t];
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
    for i in 0..SEEN {
        let [zero, one, two] = &down[i];
        let products = of_taps::<T, FMA>([zero, one, two]);
        for k in 0..SEEN {
            let row = &mut u.row(SEEN * i + k)[at..at + count];
            match lanes_mut(row) {
                Some(row) => *row = products[k],
                None => row.copy_from_slice(&products[k][..count]),
            }
        }
    }
}

/// The gradient of kernels from that of their `U`, which is as [`transformed_part`] gives it.
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

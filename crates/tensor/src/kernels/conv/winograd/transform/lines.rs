//! The transforms of one line, whose matrices come from six points: 0, a, -a, b, -b and infinity, with `a = 5/8` and `b = 3/2`.
//!
//! ```text
//!       | p    0   -q   0   1   0 |          | 1   1   1   1   1   0 |        | 1/p                  |
//!       | 0  -abb  -bb  a   1   0 |    A^T = | 0   a  -a   b  -b   0 |    G = | n    n a    n aa     |  n = 1 / (2 aa (aa - bb))
//! B^T = | 0   abb  -bb -a   1   0 |          | 0  aa  aa  bb  bb   0 |        | n   -n a    n aa     |
//!       | 0  -aab  -aa  b   1   0 |          | 0 aaa -aaa bbb -bbb 1 |        | m    m b    m bb     |  m = 1 / (2 bb (bb - aa))
//!       | 0   aab  -aa -b   1   0 |                                           | m   -m b    m bb     |
//!       | 0    p    0  -q   0   1 |   p = aa bb, q = aa + bb                  | 0    0      1        |
//! ```
//!
//! The elements of `A` and `B` are exact in f32. Points near one another round worse, and so do those far from one: with 1 and 2,
//! which need fewer bits, errors were four times as large; of some thirty other pairs none was better by more than one draw differs from the next.

use super::super::{SEEN, SIDE, TAPS_ALONG};
use crate::kernels::{
    gemm::{GemmElement, fused},
    math::Math,
};

/// Tiles in a vector; a vector of f64 is two.
pub(in super::super) const LANES: usize = 8;

pub(in super::super) type Lanes<T> = [T; LANES];

const A: f64 = 5.0 / 8.0;
const B: f64 = 3.0 / 2.0;
const AA: f64 = A * A;
const BB: f64 = B * B;

/// `G`, of each point a row.
pub(in super::super) fn taps_to_products<T: Math>() -> [[T; TAPS_ALONG]; SEEN] {
    let row = |x: f64, scale: f64| [1.0, x, x * x].map(|power| T::from_f64(power / scale));
    let (near, far) = (2.0 * AA * (AA - BB), 2.0 * BB * (BB - AA));
    let last = [0.0, 0.0, 1.0].map(T::from_f64);
    [row(0.0, AA * BB), row(A, near), row(-A, near), row(B, far), row(-B, far), last]
}

/// `G g`
#[inline(always)]
pub(in super::super) fn of_taps<T: GemmElement + Math, const FMA: bool>(
    g: [&Lanes<T>; TAPS_ALONG],
) -> [Lanes<T>; SEEN] {
    let [g0, g1, g2] = g;
    let (near, far) = (1.0 / (2.0 * AA * (AA - BB)), 1.0 / (2.0 * BB * (BB - AA)));
    let [near, minus_near] = pair::<T, FMA>(&scaled::<T, FMA>(near, g0, near * AA, g2), near * A, g1);
    let [far, minus_far] = pair::<T, FMA>(&scaled::<T, FMA>(far, g0, far * BB, g2), far * B, g1);
    [times(1.0 / (AA * BB), g0), near, minus_near, far, minus_far, *g2]
}

/// `B^T d`
#[inline(always)]
pub(super) fn of_inputs<T: GemmElement + Math, const FMA: bool>(d: [&Lanes<T>; SEEN]) -> [Lanes<T>; SEEN] {
    let [d0, d1, d2, d3, d4, d5] = d;
    let (even, odd) = (plus::<T, FMA>(d4, -BB, d2), plus::<T, FMA>(d3, -BB, d1));
    let [near, minus_near] = pair::<T, FMA>(&even, A, &odd);
    let (even, odd) = (plus::<T, FMA>(d4, -AA, d2), plus::<T, FMA>(d3, -AA, d1));
    let [far, minus_far] = pair::<T, FMA>(&even, B, &odd);
    let zero = plus::<T, FMA>(&plus::<T, FMA>(d4, -AA - BB, d2), AA * BB, d0);
    let infinity = plus::<T, FMA>(&plus::<T, FMA>(d5, -AA - BB, d3), AA * BB, d1);
    [zero, near, minus_near, far, minus_far, infinity]
}

/// `A^T m`
#[inline(always)]
pub(super) fn to_outputs<T: GemmElement + Math, const FMA: bool>(m: [&Lanes<T>; SEEN]) -> [Lanes<T>; SIDE] {
    let [zero, near, minus_near, far, minus_far, infinity] = m;
    let [near, near_apart] = pair::<T, FMA>(near, 1.0, minus_near);
    let [far, far_apart] = pair::<T, FMA>(far, 1.0, minus_far);
    [
        plus::<T, FMA>(zero, 1.0, &plus::<T, FMA>(&near, 1.0, &far)),
        scaled::<T, FMA>(A, &near_apart, B, &far_apart),
        scaled::<T, FMA>(AA, &near, BB, &far),
        plus::<T, FMA>(&plus::<T, FMA>(infinity, A * AA, &near_apart), B * BB, &far_apart),
    ]
}

/// `A y`
#[inline(always)]
pub(super) fn of_outputs<T: GemmElement + Math, const FMA: bool>(y: [&Lanes<T>; SIDE]) -> [Lanes<T>; SEEN] {
    let [y0, y1, y2, y3] = y;
    let [near, minus_near] = pair::<T, FMA>(&plus::<T, FMA>(y0, AA, y2), A, &plus::<T, FMA>(y1, AA, y3));
    let [far, minus_far] = pair::<T, FMA>(&plus::<T, FMA>(y0, BB, y2), B, &plus::<T, FMA>(y1, BB, y3));
    [*y0, near, minus_near, far, minus_far, *y3]
}

/// `x + c y`
#[inline(always)]
fn plus<T: GemmElement + Math, const FMA: bool>(x: &Lanes<T>, c: f64, y: &Lanes<T>) -> Lanes<T> {
    let c = T::from_f64(c);
    let mut sum = [T::default(); LANES];
    for j in 0..LANES {
        sum[j] = fused::<T, FMA>(c, y[j], x[j]);
    }
    sum
}

/// `b x + c y`
#[inline(always)]
fn scaled<T: GemmElement + Math, const FMA: bool>(b: f64, x: &Lanes<T>, c: f64, y: &Lanes<T>) -> Lanes<T> {
    plus::<T, FMA>(&times(b, x), c, y)
}

/// `c x`
#[inline(always)]
fn times<T: GemmElement + Math>(c: f64, x: &Lanes<T>) -> Lanes<T> {
    let c = T::from_f64(c);
    let mut product = [T::default(); LANES];
    for j in 0..LANES {
        product[j] = c * x[j];
    }
    product
}

/// `x + c y` and `x - c y`
#[inline(always)]
fn pair<T: GemmElement + Math, const FMA: bool>(x: &Lanes<T>, c: f64, y: &Lanes<T>) -> [Lanes<T>; 2] {
    [plus::<T, FMA>(x, c, y), plus::<T, FMA>(x, -c, y)]
}

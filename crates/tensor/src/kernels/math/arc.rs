//! Angles from their tangent, sine or cosine.
//!
//! Each is `k pi / 4` and a small angle, whose series is short. f32 computes in f64, with shorter polynomials.

use super::format::{Format, polynomial};

// pi / 4 in two parts. The first has 50 bits, so that up to four of them are exact.
const PI_4: [f64; 2] = [std::f64::consts::FRAC_PI_4, 3.061616997868383e-17];

// T of atan t = t + t z T(z), z = t^2, for |t| <= tan(pi / 8), and A of asin s = s + s z A(z), z = s^2, for |s| <= 1/2, from
// scripts/minimax.py. Relative errors: 2.3e-11 (0.0004 ULP) and 2.8e-10 (0.005 ULP) for f32, 1.3e-18 (0.012 ULP) and 9.5e-19
// (0.009 ULP) for f64.
const T_F32: &[f64] = &[
    -0.33333332498676016,
    0.19999903865602037,
    -0.14282006488454096,
    0.11044675241267922,
    -0.08476174207808071,
    0.04743844819844267,
];
const A_F32: &[f64] = &[
    0.16666659989841315,
    0.07500504287208014,
    0.04451693261118942,
    0.031807927281792436,
    0.014437748944857805,
    0.03751773238179494,
];
const T_F64: &[f64] = &[
    -0.333333333333332,
    0.19999999999953666,
    -0.14285714280198616,
    0.11111110783439514,
    -0.09090897755855203,
    0.07692060178676946,
    -0.06663103716967286,
    0.05847887868219486,
    -0.050393035739666935,
    0.038064680327200645,
    -0.017907509251861704,
];
const A_F64: &[f64] = &[
    0.1666666666666676,
    0.07499999999970859,
    0.04464285717457188,
    0.030381942709194202,
    0.022372214957924113,
    0.017351612413443542,
    0.013980817010088105,
    0.011398932835149693,
    0.010780176312306827,
    0.0037065715512276717,
    0.02170731757568505,
    -0.02099921205155656,
    0.03262890324641638,
];

/// The inverse functions of angles, of one format.
pub(crate) trait Arc: Format {
    fn atan<const FMA: bool>(self) -> Self;
    fn atan2<const FMA: bool>(self, x: Self) -> Self;
    fn asin<const FMA: bool>(self) -> Self;
    fn acos<const FMA: bool>(self) -> Self;
}

macro_rules! arc {
    ($t:ident, $tangent:ident, $sine:ident, $scales:literal) => {
        impl Arc for $t {
            #[inline(always)]
            fn atan<const FMA: bool>(self) -> $t {
                let y = f64::from(self);
                angle::<FMA>(y.abs(), 1.0, $tangent).copysign(y) as $t
            }
            #[inline(always)]
            fn atan2<const FMA: bool>(self, x: $t) -> $t {
                atan2::<FMA, $scales>(f64::from(self), f64::from(x), $tangent) as $t
            }
            #[inline(always)]
            fn asin<const FMA: bool>(self) -> $t {
                asin::<FMA>(f64::from(self), $sine) as $t
            }
            #[inline(always)]
            fn acos<const FMA: bool>(self) -> $t {
                acos::<FMA>(f64::from(self), $sine) as $t
            }
        }
    };
}
arc!(f32, T_F32, A_F32, false);
arc!(f64, T_F64, A_F64, true);

/// `k pi / 4 + (small + rest)`, of which small is the greater.
#[inline(always)]
fn turned<const FMA: bool>(k: f64, small: f64, rest: f64) -> f64 {
    let low = Format::mul_add::<FMA>(k, PI_4[1], rest);
    Format::mul_add::<FMA>(k, PI_4[0], small + low)
}

/// The angle from 0 to pi of a point with `y >= 0`, neither coordinate of which is so large or small that their sum or quotient would
/// lose by it.
#[inline(always)]
fn angle<const FMA: bool>(y: f64, x: f64, tangent: &'static [f64]) -> f64 {
    const TAN_PI_8: f64 = 0.41421356237309503;
    const TAN_3_PI_8: f64 = 2.414213562373095;
    // The point is turned by -pi / 4 or -pi / 2, without changing the angle's size by rounding more than a quotient does.
    let across = x.abs();
    let (flat, steep) = (y <= TAN_PI_8 * across, y > TAN_3_PI_8 * across);
    let rise = if flat { y } else { y - across };
    let rise = if steep { -across } else { rise };
    let run = if flat { across } else { y + across };
    let run = if steep { y } else { run };
    let k = if flat { 0.0 } else { 1.0 };
    let k = if steep { 2.0 } else { k };
    // Of the point (0, 0), that of (1, 0).
    let t = rise / if run == 0.0 { 1.0 } else { run };
    // Left of the y axis, the angle's supplement.
    let left = x.is_sign_negative();
    let (t, k) = (if left { -t } else { t }, if left { 4.0 - k } else { k });
    let z = t * t;
    turned::<FMA>(k, t, polynomial::<f64, FMA>(z, tangent) * (z * t))
}

/// `SCALES` says whether coordinates may be so large or small that `angle` does not take them; no f32 is, in f64.
#[inline(always)]
fn atan2<const FMA: bool, const SCALES: bool>(y: f64, x: f64, tangent: &'static [f64]) -> f64 {
    let (size_y, size_x) = (y.abs(), x.abs());
    // Infinite both: the diagonal.
    let both_infinite = size_y == f64::INFINITY && size_x == f64::INFINITY;
    let (rise, run) = (if both_infinite { 1.0 } else { size_y }, if both_infinite { 1.0 } else { size_x });
    if !SCALES {
        return angle::<FMA>(rise, run.copysign(x), tangent).copysign(y);
    }
    // By powers of two, which are exact, or else the angle is that of an axis.
    let greater = if rise > run { rise } else { run };
    let scale = if greater > 1e300 { 2f64.powi(-60) } else { 1.0 };
    let scale = if greater < 1e-290 { 2f64.powi(100) } else { scale };
    angle::<FMA>(rise * scale, (run * scale).copysign(x), tangent).copysign(y)
}

/// `(s, asin s - s)` of |x|, or above 1/2 of the sine of half the angle between x and the axis: `asin x = pi / 2 - 2 asin s`,
/// `s^2 = (1 - x) / 2`; and whether it was above.
#[inline(always)]
fn reduced_sine<const FMA: bool>(x: f64, sine: &'static [f64]) -> (f64, f64, bool) {
    let size = x.abs();
    let above = size > 0.5;
    let half = 0.5 - 0.5 * size;
    let z = if above { half } else { size * size };
    let root = half.sqrt();
    let s = if above { root } else { size };
    (s, polynomial::<f64, FMA>(z, sine) * (z * s), above)
}

#[inline(always)]
fn asin<const FMA: bool>(x: f64, sine: &'static [f64]) -> f64 {
    let (s, rest, above) = reduced_sine::<FMA>(x, sine);
    let (k, times) = (if above { 2.0 } else { 0.0 }, if above { -2.0 } else { 1.0 });
    turned::<FMA>(k, times * s, times * rest).copysign(x)
}

#[inline(always)]
fn acos<const FMA: bool>(x: f64, sine: &'static [f64]) -> f64 {
    let (s, rest, above) = reduced_sine::<FMA>(x, sine);
    let left = x < 0.0;
    let k_above = if left { 4.0 } else { 0.0 };
    let times_above = if left { -2.0 } else { 2.0 };
    let k = if above { k_above } else { 2.0 };
    let times = if above { times_above } else { 1f64.copysign(-x) };
    turned::<FMA>(k, times * s, times * rest)
}

//! Errors in ULP against references, and the special values. Each function runs as a loop of a dispatched kernel (with fused
//! multiply-add, where this machine has it) and as a loop without.

mod reference;

use super::Math;
use crate::kernels::isa::{Kernel, dispatch};

/// A loop over slices: with the widest instructions, and without fused multiply-add.
type Loops<T> = [fn(&[T], &mut [T]); 2];

struct Function {
    name: &'static str,
    /// The largest error in ULP: for f32 as documented, for f64 with a tenth to spare over the largest that was found.
    bounds: (f64, f64),
    f32: Loops<f32>,
    f64: Loops<f64>,
    /// Within 1 ULP or so of the true function in f64.
    wide: fn(f64) -> f64,
    /// Arguments and correctly rounded results, as bits.
    stored: &'static [(u64, u64)],
    covers: fn(f64) -> bool,
}

fn everything(_: f64) -> bool {
    true
}

macro_rules! function {
    ($name:ident, $bounds:expr, $wide:expr, $stored:ident, $covers:expr) => {{
        struct Loop<'a, T>(&'a [T], &'a mut [T]);
        impl<T: Math> Kernel for Loop<'_, T> {
            type Output = ();
            #[inline(always)]
            fn run<const FMA: bool>(self) {
                self.1.iter_mut().zip(self.0).for_each(|(y, &x)| *y = Math::$name::<FMA>(x));
            }
        }
        Function {
            name: stringify!($name),
            bounds: $bounds,
            f32: [|x, y| dispatch(Loop(x, y)), |x, y| Loop(x, y).run::<false>()],
            f64: [|x, y| dispatch(Loop(x, y)), |x, y| Loop(x, y).run::<false>()],
            wide: $wide,
            stored: reference::$stored,
            covers: $covers,
        }
    }};
}

fn functions() -> Vec<Function> {
    let sigmoid = |x: f64| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) };
    let softplus = |x: f64| (-x.abs()).exp().ln_1p() + if x < 0.0 { 0.0 } else { x };
    vec![
        function!(exp, (1.06, 1.1), f64::exp, EXP, everything),
        function!(exp_m1, (1.77, 2.1), f64::exp_m1, EXP_M1, everything),
        function!(ln, (0.85, 0.9), f64::ln, LN, everything),
        function!(ln_1p, (0.85, 0.9), f64::ln_1p, LN_1P, everything),
        function!(tanh, (2.71, 2.8), f64::tanh, TANH, everything),
        function!(sigmoid, (2.41, 2.4), sigmoid, SIGMOID, everything),
        function!(softplus, (1.97, 1.8), softplus, SOFTPLUS, everything),
        function!(erf, (2.19, 2.1), libm::erf, ERF, everything),
        function!(sin_in_range, (0.57, 0.83), f64::sin, SIN, Math::trig_in_range),
        function!(cos_in_range, (0.57, 0.83), f64::cos, COS, Math::trig_in_range),
    ]
}

/// What a format holds: binary digits, the least exponent of a normal number, the largest number.
pub(crate) const F32: (i32, i32, f64) = (24, -126, f32::MAX as f64);
pub(crate) const F64: (i32, i32, f64) = (53, -1022, f64::MAX);

/// The error of `got` in units of the last digit of `want`; infinite where a NaN, an infinity or the sign of a zero is wrong.
pub(crate) fn ulp_error(got: f64, want: f64, (digits, least, max): (i32, i32, f64)) -> f64 {
    let right_or_not = |right: bool| if right { 0.0 } else { f64::INFINITY };
    if got.is_nan() || want.is_nan() {
        return right_or_not(got.is_nan() && want.is_nan());
    }
    if got.is_infinite() || want.abs() > max {
        return right_or_not(got.abs() >= max && want.abs() >= max && got.signum() == want.signum());
    }
    if got == 0.0 && want == 0.0 {
        return right_or_not(got.is_sign_negative() == want.is_sign_negative());
    }
    let exponent = ((want.abs().to_bits() >> 52) as i32 - 1023).max(least);
    // Two factors: the unit of a subnormal f64 has no finite reciprocal.
    let half = (digits - 1 - exponent) / 2;
    (got - want).abs() * 2f64.powi(half) * 2f64.powi(digits - 1 - exponent - half)
}

/// Asserts that the error of each result is within the bound.
fn check<T: Math + Into<f64>>(f: &Function, loops: &Loops<T>, cases: &[(T, f64)], bound: f64, format: (i32, i32, f64)) {
    let xs: Vec<T> = cases.iter().map(|&(x, _)| x).collect();
    for run in loops {
        let mut ys = vec![T::default(); xs.len()];
        run(&xs, &mut ys);
        for (&y, &(x, want)) in ys.iter().zip(cases) {
            let error = ulp_error(y.into(), want, format);
            assert!(error <= bound, "{} of {x:?}: {y:?}, true {want:e}: {error} ULP, at most {bound}", f.name);
        }
    }
}

const SPECIAL: [f64; 12] =
    [0.0, -0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MAX, f64::MIN, 0.5, 2.0, -2.0];

#[test]
fn f32_over_its_range() {
    // 997 does not divide 2^32, so that all digits vary. Every bit pattern takes minutes; the bounds come from such a run.
    let all = (0..=u32::MAX).step_by(997).map(f32::from_bits);
    let subnormal = [1, 2, 0x7f_ffff, 0x80_0000].into_iter().flat_map(|b| [f32::from_bits(b), -f32::from_bits(b)]);
    let xs: Vec<f32> = all.chain(subnormal).chain(SPECIAL.map(|x| x as f32)).collect();
    for f in functions() {
        let covered = xs.iter().filter(|&&x| (f.covers)(x.into()));
        let cases: Vec<(f32, f64)> = covered.map(|&x| (x, (f.wide)(x.into()))).collect();
        check(&f, &f.f32, &cases, f.bounds.0, F32);
    }
}

#[test]
fn f64_at_stored_values() {
    for f in functions() {
        let cases: Vec<(f64, f64)> = f.stored.iter().map(|&(x, y)| (f64::from_bits(x), f64::from_bits(y))).collect();
        // The stored value is off by up to half a unit itself.
        check(&f, &f.f64, &cases, f.bounds.1 + 0.5, F64);
    }
}

#[test]
fn f64_over_its_range() {
    // Steps of an irrational part of the range, so that all digits vary; and close steps where the functions bend.
    let step = (1u64 << 46) + 0x9e37_79b9_7f4b;
    let all = (0..200_000u64).map(|i| f64::from_bits(i.wrapping_mul(step)));
    let bends = (0..100_000).map(|i| f64::from(i - 50_000) * 0.000_271_828_182_845);
    let subnormal = [1, 2, (1 << 52) - 1, 1 << 52].into_iter().flat_map(|b| [f64::from_bits(b), -f64::from_bits(b)]);
    let xs: Vec<f64> = all.chain(bends).chain(subnormal).chain(SPECIAL).collect();
    for f in functions() {
        let covered = xs.iter().filter(|&&x| (f.covers)(x));
        let cases: Vec<(f64, f64)> = covered.map(|&x| (x, (f.wide)(x))).collect();
        // The standard library (and libm's erf) may be off by a unit, and is composed of three steps for some.
        check(&f, &f.f64, &cases, f.bounds.1 + 2.0, F64);
    }
}

#[test]
fn limits_are_exact() {
    assert_eq!(Math::exp::<false>(89.0f32), f32::INFINITY);
    assert_eq!(Math::exp::<false>(-104.0f32), 0.0);
    assert_eq!(Math::exp::<false>(0.0f64), 1.0);
    assert_eq!(Math::ln::<false>(1.0f64).to_bits(), 0);
    assert_eq!(Math::ln::<false>(0.0f32), f32::NEG_INFINITY);
    assert!(Math::ln::<false>(-1.0f64).is_nan());
    assert_eq!(Math::tanh::<false>(f32::NEG_INFINITY), -1.0);
    assert_eq!(Math::erf::<false>(f64::MAX), 1.0);
    assert_eq!(Math::softplus::<false>(100.0f32), 100.0);
    assert_eq!(Math::sigmoid::<false>(0.0f64), 0.5);
    for zero_kept in [Math::tanh::<false>, Math::exp_m1::<false>, Math::ln_1p::<false>, Math::erf::<false>] {
        assert_eq!(zero_kept(-0.0f32).to_bits(), (-0.0f32).to_bits());
    }
}

#[test]
fn sine_and_cosine_anywhere() {
    for x in [0.0, -0.0, 3.0, 1e6, 1e7, -1e300, f64::MAX] {
        assert!(ulp_error(Math::sin::<false>(x), x.sin(), F64) <= 2.0);
        assert!(ulp_error(Math::cos::<false>(x), x.cos(), F64) <= 2.0);
    }
    assert!(Math::sin::<false>(f32::INFINITY).is_nan() && Math::sin::<false>(f32::NAN).is_nan());
}

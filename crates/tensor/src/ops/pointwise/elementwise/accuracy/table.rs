//! The table of errors.

use super::Function;
use crate::{
    Tensor, apply,
    ops::{
        self, NanToNum,
        pointwise::elementwise::bounds::{bound_f32, bound_f64},
    },
};
use std::f64::consts::PI;

/// One line of the table: by the method whose documented bounds it is held to, or with bounds of its own for a part.
macro_rules! function {
    ($name:literal, $method:ident, |$($formula:tt)*) => {
        function!($name, bound_f32!($method), bound_f64!($method), |$($formula)*)
    };
    ($name:literal, $f32:expr, $f64:expr, |$x:ident $(, $y:ident)?| $value:expr) => {{
        #[allow(unused_variables, reason = "a function of one number has no second")]
        fn f($x: &Tensor, second: &Tensor) -> Tensor {
            $(let $y = second;)?
            $value
        }
        Function { name: $name, f, bounds: ($f32, $f64), unit: |_, _| 0.0, covers: |_, _| true }
    }};
}

/// The derivative of order `n` of sinc.
fn sinc(x: &Tensor, order: u32) -> Tensor {
    apply(&ops::Sinc { order }, &[x]).into_single()
}

/// How large the derivative of order `n` of sinc gets around x.
fn sinc_size(x: f64, n: i32) -> f64 {
    PI.powi(n) / (f64::from(n) + 1.0).max(PI * x.abs())
}

/// An infinity has no f32 that is near the f64 in its place.
fn numbers() -> NanToNum {
    NanToNum::new().infinity(1.0).negative_infinity(2.0)
}

pub(super) fn functions() -> Vec<Function> {
    vec![
        function!("Exp", exp, |x| x.exp()),
        function!("Expm1", expm1, |x| x.expm1()),
        function!("Ln", ln, |x| x.ln()),
        function!("Log1p", log1p, |x| x.log1p()),
        function!("Sqrt", sqrt, |x| x.sqrt()),
        function!("Rsqrt", rsqrt, |x| x.rsqrt()),
        function!("Square", square, |x| x.square()),
        function!("Reciprocal", reciprocal, |x| x.reciprocal()),
        function!("Abs", abs, |x| x.abs()),
        function!("Sin", sin, |x| x.sin()),
        function!("Cos", cos, |x| x.cos()),
        function!("Erf", erf, |x| x.erf()),
        function!("Powf", powf, |x| x.powf(1.75)),
        function!("Exp2", exp2, |x| x.exp2()),
        function!("Log2", log2, |x| x.log2()),
        function!("Log10", log10, |x| x.log10()),
        function!("Cbrt", cbrt, |x| x.cbrt()),
        function!("Erfc", erfc, |x| x.erfc()),
        function!("Erfinv", erfinv, |x| x.erfinv()),
        function!("Logit", logit, |x| x.logit(None)),
        function!("Lgamma", lgamma, |x| x.lgamma()),
        function!("Lgamma below zero", 0.51, 2.0, |x| x.lgamma()).unit(|_, _| 1.0).where_(|x, _| x < 0.0),
        function!("Digamma", digamma, |x| x.digamma()),
        function!("Digamma below zero", 0.51, 3.0, |x| x.digamma())
            .unit(|x, _| x.abs().ln_1p() + 1.0)
            .where_(|x, _| x < 0.0),
        function!("Polygamma 1", polygamma, |x| x.polygamma(1)),
        function!("Polygamma 1 below zero", 0.51, 4.0, |x| x.polygamma(1)).where_(|x, _| x < 0.0),
        function!("Polygamma 2", 0.51, 3.0, |x| x.polygamma(2)),
        function!("Polygamma 5", 0.51, 5.0, |x| x.polygamma(5)),
        function!("Tan", tan, |x| x.tan()),
        function!("Asin", asin, |x| x.asin()),
        function!("Acos", acos, |x| x.acos()),
        function!("Atan", atan, |x| x.atan()),
        function!("Sinh", sinh, |x| x.sinh()),
        function!("Cosh", cosh, |x| x.cosh()),
        function!("Asinh", asinh, |x| x.asinh()),
        function!("Acosh", acosh, |x| x.acosh()),
        function!("Atanh", atanh, |x| x.atanh()),
        function!("Deg2rad", deg2rad, |x| x.deg2rad()),
        function!("Rad2deg", rad2deg, |x| x.rad2deg()),
        function!("Sinc 0", sinc, |x| x.sinc()),
        function!("Sinc 1", 0.51, 2.0, |x| sinc(x, 1)).unit(|x, _| sinc_size(x, 1)),
        function!("Sinc 2", 0.51, 2.0, |x| sinc(x, 2)).unit(|x, _| sinc_size(x, 2)),
        function!("Sinc 3", 0.51, 3.0, |x| sinc(x, 3)).unit(|x, _| sinc_size(x, 3)),
        function!("Floor", floor, |x| x.floor()),
        function!("Ceil", ceil, |x| x.ceil()),
        function!("Trunc", trunc, |x| x.trunc()),
        function!("Round", round, |x| x.round()),
        function!("Sign", sign, |x| x.sign()),
        function!("RoundDecimals", round_decimals, |x| x.round_decimals(2)),
        function!("Frac", frac, |x| x.frac()),
        function!("NanToNum", nan_to_num, |x| x.nan_to_num(numbers())),
        function!("Clamp", clamp, |x| x.clamp(-0.5, 0.5)),
        function!("Sigmoid", sigmoid, |x| x.sigmoid()),
        function!("Tanh", tanh, |x| x.tanh()),
        function!("Softplus", softplus, |x| x.softplus()),
        // In the tail the rounding of βx counts |βx| times.
        function!("SoftplusWith", softplus_with, |x| x.softplus_with(1.5, 20)).where_(|x, _| 1.5 * x > -1.0),
        function!("Gelu", gelu, |x| x.gelu()).unit(|x, _| x.abs()),
        function!("GeluTanh", gelu_tanh, |x| x.gelu_tanh()).unit(|x, _| x.abs()),
        function!("Silu", silu, |x| x.silu()).where_(|x, _| x > -87.0),
        function!("Mish", mish, |x| x.mish()).where_(|x, _| x > -87.0),
        function!("Softsign", softsign, |x| x.softsign()),
        function!("LogSigmoid", log_sigmoid, |x| x.log_sigmoid()),
        function!("Tanhshrink", tanhshrink, |x| x.tanhshrink()).unit(|x, _| x.abs()),
        function!("Relu", relu, |x| x.relu()),
        function!("Relu6", relu6, |x| x.relu6()),
        function!("LeakyRelu", leaky_relu, |x| x.leaky_relu(0.3)),
        function!("Elu", elu, |x| x.elu(1)),
        function!("Celu", celu, |x| x.celu(1.5)),
        function!("Selu", selu, |x| x.selu()),
        function!("Hardsigmoid", hardsigmoid, |x| x.hardsigmoid()).unit(|x, _| if x.abs() < 3.0 { 0.5 } else { 0.0 }),
        function!("Hardswish", hardswish, |x| x.hardswish())
            .unit(|x, _| if x.abs() < 3.0 { 0.5 * x.abs() } else { 0.0 }),
        function!("Hardtanh", hardtanh, |x| x.hardtanh(-1, 1)),
        function!("Threshold", threshold, |x| x.threshold(0.5, -7)),
        function!("Softshrink", softshrink, |x| x.softshrink(0.5)),
        function!("Hardshrink", hardshrink, |x| x.hardshrink(0.5)),
        function!("Maximum", maximum, |x, y| x.maximum(y)),
        function!("Minimum", minimum, |x, y| x.minimum(y)),
        function!("Hypot", hypot, |x, y| x.hypot(y)),
        function!("Atan2", atan2, |x, y| x.atan2(y)),
        function!("Logaddexp", logaddexp, |x, y| x.logaddexp(y)).unit(|x, y| x.abs().max(y.abs()).max(1.0)),
        function!("Logaddexp2", logaddexp2, |x, y| x.logaddexp2(y)).unit(|x, y| x.abs().max(y.abs()).max(1.0)),
        function!("Xlogy", xlogy, |x, y| x.xlogy(y)),
        function!("Copysign", copysign, |x, y| x.copysign(y)),
        function!("Fmax", fmax, |x, y| x.fmax(y)),
        function!("Fmin", fmin, |x, y| x.fmin(y)),
        function!("Pow", pow, |x, y| x.pow(y)),
        function!("Lerp", lerp, |x, y| x.lerp(y, 0.3))
            .unit(|x, y| x.abs().max(y.abs()))
            .where_(|x, y| x.abs().max(y.abs()) < 1e38),
        function!("Fmod", fmod, |x, y| x.fmod(y)),
        function!("Remainder", remainder, |x, y| x.remainder(y)),
        function!("DivFloor", div_floor, |x, y| x.div_floor(y)),
        function!("DivTrunc", div_trunc, |x, y| x.div_trunc(y)),
        function!("Heaviside", heaviside, |x, y| x.heaviside(y)),
        function!("Glu", glu, |x, y| apply(&ops::Glu, &[x, y]).into_single()).where_(|_, y| y > -87.0),
        function!("Prelu", prelu, |x, y| apply(&ops::Prelu, &[x, y]).into_single()),
    ]
}

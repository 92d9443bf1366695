//! The table of errors.

use super::Function;
use crate::{
    Tensor, apply,
    ops::{self, NanToNum},
};
use std::f64::consts::PI;

/// One line of the table.
macro_rules! function {
    ($name:literal, $f32:literal, $f64:literal, |$x:ident $(, $y:ident)?| $value:expr) => {{
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
        function!("Exp", 1.1, 1.1, |x| x.exp()),
        function!("Expm1", 1.8, 2.1, |x| x.expm1()),
        function!("Ln", 0.9, 0.9, |x| x.ln()),
        function!("Log1p", 0.9, 0.9, |x| x.log1p()),
        function!("Sqrt", 0.5, 0.5, |x| x.sqrt()),
        function!("Rsqrt", 1.5, 1.5, |x| x.rsqrt()),
        function!("Square", 0.5, 0.5, |x| x.square()),
        function!("Reciprocal", 0.5, 0.5, |x| x.reciprocal()),
        function!("Abs", 0.0, 0.0, |x| x.abs()),
        function!("Sin", 0.6, 0.9, |x| x.sin()),
        function!("Cos", 0.6, 0.9, |x| x.cos()),
        function!("Erf", 1.4, 1.3, |x| x.erf()),
        function!("Powf", 1.0, 1.0, |x| x.powf(1.75)),
        function!("Exp2", 0.51, 1.0, |x| x.exp2()),
        function!("Log2", 0.51, 1.0, |x| x.log2()),
        function!("Log10", 0.51, 1.0, |x| x.log10()),
        function!("Cbrt", 0.51, 1.0, |x| x.cbrt()),
        function!("Erfc", 0.51, 2.0, |x| x.erfc()),
        function!("Erfinv", 0.51, 3.0, |x| x.erfinv()),
        function!("Logit", 0.51, 2.0, |x| x.logit(None)),
        function!("Lgamma", 0.51, 2.0, |x| x.lgamma()),
        function!("Lgamma below zero", 0.51, 2.0, |x| x.lgamma()).unit(|_, _| 1.0).where_(|x, _| x < 0.0),
        function!("Digamma", 0.51, 2.0, |x| x.digamma()),
        function!("Digamma below zero", 0.51, 3.0, |x| x.digamma())
            .unit(|x, _| x.abs().ln_1p() + 1.0)
            .where_(|x, _| x < 0.0),
        function!("Polygamma 1", 0.51, 3.0, |x| x.polygamma(1)),
        function!("Polygamma 1 below zero", 0.51, 4.0, |x| x.polygamma(1)).where_(|x, _| x < 0.0),
        function!("Polygamma 2", 0.51, 3.0, |x| x.polygamma(2)),
        function!("Polygamma 5", 0.51, 5.0, |x| x.polygamma(5)),
        function!("Tan", 0.51, 1.0, |x| x.tan()),
        function!("Asin", 0.51, 1.0, |x| x.asin()),
        function!("Acos", 0.51, 1.0, |x| x.acos()),
        function!("Atan", 0.51, 1.0, |x| x.atan()),
        function!("Sinh", 0.51, 1.0, |x| x.sinh()),
        function!("Cosh", 0.51, 1.0, |x| x.cosh()),
        function!("Asinh", 0.51, 1.0, |x| x.asinh()),
        function!("Acosh", 0.51, 1.0, |x| x.acosh()),
        function!("Atanh", 0.51, 1.0, |x| x.atanh()),
        function!("Deg2rad", 1.0, 1.0, |x| x.deg2rad()),
        function!("Rad2deg", 1.0, 1.0, |x| x.rad2deg()),
        function!("Sinc 0", 0.51, 2.0, |x| x.sinc()),
        function!("Sinc 1", 0.51, 2.0, |x| sinc(x, 1)).unit(|x, _| sinc_size(x, 1)),
        function!("Sinc 2", 0.51, 2.0, |x| sinc(x, 2)).unit(|x, _| sinc_size(x, 2)),
        function!("Sinc 3", 0.51, 3.0, |x| sinc(x, 3)).unit(|x, _| sinc_size(x, 3)),
        function!("Floor", 0.0, 0.0, |x| x.floor()),
        function!("Ceil", 0.0, 0.0, |x| x.ceil()),
        function!("Trunc", 0.0, 0.0, |x| x.trunc()),
        function!("Round", 0.0, 0.0, |x| x.round()),
        function!("Sign", 0.0, 0.0, |x| x.sign()),
        function!("RoundDecimals", 0.51, 1.0, |x| x.round_decimals(2)),
        function!("Frac", 0.0, 0.0, |x| x.frac()),
        function!("NanToNum", 0.0, 0.0, |x| x.nan_to_num(numbers())),
        function!("Clamp", 0.0, 0.0, |x| x.clamp(-0.5, 0.5)),
        function!("Sigmoid", 2.5, 2.4, |x| x.sigmoid()),
        function!("Tanh", 2.8, 2.8, |x| x.tanh()),
        function!("Softplus", 2.0, 1.8, |x| x.softplus()),
        function!("Gelu", 3.0, 3.0, |x| x.gelu()).unit(|x, _| x.abs()),
        function!("GeluTanh", 3.0, 3.0, |x| x.gelu_tanh()).unit(|x, _| x.abs()),
        function!("Silu", 3.0, 3.0, |x| x.silu()).where_(|x, _| x > -87.0),
        function!("Mish", 4.0, 4.0, |x| x.mish()).where_(|x, _| x > -87.0),
        function!("Softsign", 1.5, 1.5, |x| x.softsign()),
        function!("LogSigmoid", 2.0, 1.8, |x| x.log_sigmoid()),
        function!("Tanhshrink", 3.0, 3.0, |x| x.tanhshrink()).unit(|x, _| x.abs()),
        function!("Relu", 0.0, 0.0, |x| x.relu()),
        function!("Relu6", 0.0, 0.0, |x| x.relu6()),
        function!("LeakyRelu", 1.0, 1.0, |x| x.leaky_relu(0.3)),
        function!("Elu", 1.8, 2.1, |x| x.elu(1)),
        function!("Celu", 2.5, 2.5, |x| x.celu(1.5)),
        function!("Selu", 2.5, 2.5, |x| x.selu()),
        function!("Hardsigmoid", 1.1, 1.1, |x| x.hardsigmoid()).unit(|x, _| if x.abs() < 3.0 { 0.5 } else { 0.0 }),
        function!("Hardswish", 2.0, 2.0, |x| x.hardswish())
            .unit(|x, _| if x.abs() < 3.0 { 0.5 * x.abs() } else { 0.0 }),
        function!("Hardtanh", 0.0, 0.0, |x| x.hardtanh(-1, 1)),
        function!("Threshold", 0.0, 0.0, |x| x.threshold(0.5, -7)),
        function!("Softshrink", 0.5, 0.5, |x| x.softshrink(0.5)),
        function!("Hardshrink", 0.0, 0.0, |x| x.hardshrink(0.5)),
        function!("Maximum", 0.0, 0.0, |x, y| x.maximum(y)),
        function!("Minimum", 0.0, 0.0, |x, y| x.minimum(y)),
        function!("Hypot", 0.51, 1.0, |x, y| x.hypot(y)),
        function!("Atan2", 0.51, 1.0, |x, y| x.atan2(y)),
        function!("Logaddexp", 2.0, 2.0, |x, y| x.logaddexp(y)).unit(|x, y| x.abs().max(y.abs()).max(1.0)),
        function!("Logaddexp2", 2.0, 2.0, |x, y| x.logaddexp2(y)).unit(|x, y| x.abs().max(y.abs()).max(1.0)),
        function!("Xlogy", 1.6, 1.6, |x, y| x.xlogy(y)),
        function!("Copysign", 0.0, 0.0, |x, y| x.copysign(y)),
        function!("Fmax", 0.0, 0.0, |x, y| x.fmax(y)),
        function!("Fmin", 0.0, 0.0, |x, y| x.fmin(y)),
        function!("Pow", 0.51, 1.0, |x, y| x.pow(y)),
        function!("Lerp", 2.0, 2.0, |x, y| x.lerp(y, 0.3))
            .unit(|x, y| x.abs().max(y.abs()))
            .where_(|x, y| x.abs().max(y.abs()) < 1e38),
        function!("Fmod", 0.0, 0.0, |x, y| x.fmod(y)),
        function!("Remainder", 0.51, 0.5, |x, y| x.remainder(y)),
        function!("DivFloor", 0.51, 0.5, |x, y| x.div_floor(y)),
        function!("DivTrunc", 0.51, 0.5, |x, y| x.div_trunc(y)),
        function!("Heaviside", 0.0, 0.0, |x, y| x.heaviside(y)),
        function!("Glu", 3.0, 3.0, |x, y| apply(&ops::Glu, &[x, y]).into_single()).where_(|_, y| y > -87.0),
        function!("Prelu", 0.5, 0.5, |x, y| apply(&ops::Prelu, &[x, y]).into_single()),
    ]
}

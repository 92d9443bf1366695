//! Functions of each element: arithmetic, comparisons, functions of one and of several numbers, activations.
//!
//! | room | operations |
//! |---|---|
//! | `arithmetic` | `+ - * /`, negation |
//! | `elementwise` | the trait [`Elementwise`]: one scalar formula and its derivative make a fused operation |
//! | `functions`, `gamma` | exp, ln, sqrt, powers, sin, cos, abs, erf and its relatives, logit; lgamma, digamma, polygamma |
//! | `trigonometry` | tan, the inverse and the hyperbolic functions, degrees, sinc |
//! | `rounding`, `division` | floor, ceil, trunc, round, sign, frac, heaviside; fmod, remainder, div_floor, div_trunc |
//! | `pairs` | pow, hypot, atan2, logaddexp, xlogy, copysign, fmax, fmin, lerp |
//! | `finite` | is_nan, is_inf, is_finite, nan_to_num |
//! | `activations` | sigmoid, tanh, gelu, softplus, silu, mish, softsign, log_sigmoid, tanhshrink, glu, softmin |
//! | `rectifiers` | relu, relu6, leaky_relu, prelu, elu, celu, selu, the hard and the shrinking ones, threshold |
//! | `select` | maximum, minimum, clamp, where |
//! | `compare` | eq, ne, lt, le, gt, ge |
//! | `logic` | and, or, exclusive or, not |
//! | `cast`, `stop_gradient` | cast; stop_gradient |

pub(super) mod activations;
pub(super) mod arithmetic;
pub(super) mod cast;
pub(super) mod compare;
pub(super) mod division;
pub(super) mod elementwise;
pub(super) mod finite;
pub(super) mod functions;
pub(super) mod gamma;
pub(super) mod logic;
pub(super) mod pairs;
pub(super) mod rectifiers;
pub(super) mod rounding;
pub(super) mod select;
pub(super) mod stop_gradient;
pub(super) mod trigonometry;

pub use activations::{
    Gelu, GeluTanh, Glu, LogSigmoid, Mish, Sigmoid, Silu, Softplus, SoftplusWith, Softsign, Tanh, Tanhshrink,
};
pub use arithmetic::{Add, Div, Mul, Neg, Sub};
pub use cast::Cast;
pub use compare::{Compare, Comparison};
pub use division::{DivFloor, DivTrunc, Fmod, Remainder};
pub(crate) use elementwise::MAX_ARITY;
pub use elementwise::{Elementwise, ElementwiseGrad, Kept, Special, apply_broadcast};
pub use finite::NanToNum;
pub use functions::{
    Abs, Cbrt, Cos, Erf, Erfc, Erfinv, Exp, Exp2, Expm1, Ln, Log1p, Log2, Log10, Logit, Powf, Reciprocal, Rsqrt, Sin,
    Sqrt, Square,
};
pub use gamma::{Digamma, Lgamma, Polygamma};
pub use logic::{Bitwise, Connective};
pub use pairs::{Atan2, Copysign, Fmax, Fmin, Hypot, Lerp, Logaddexp, Logaddexp2, Pow, Xlogy};
pub use rectifiers::{
    Celu, Elu, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyRelu, Prelu, Relu, Relu6, Selu, Softshrink, Threshold,
};
pub use rounding::{Ceil, Floor, Frac, Heaviside, Round, RoundDecimals, Sign, Trunc};
pub use select::{Clamp, Maximum, Minimum, Where};
pub use stop_gradient::StopGradient;
pub use trigonometry::{Acos, Acosh, Asin, Asinh, Atan, Atanh, Cosh, Deg2rad, Rad2deg, Sinc, Sinh, Tan};

//! Scalar functions where a formula for them, or for their derivative, breaks down: zero, ties, infinities, NaN, far tails.

use crate::{forward, gradient, reverse};
use cotangent::{DType, Tensor, grad, hessian, jvp, ops::NanToNum};

type Function = fn(&Tensor) -> Tensor;

macro_rules! functions {
    ($(|$x:ident| $call:expr),* $(,)?) => { vec![$((stringify!($call), (|$x: &Tensor| $call) as Function)),*] };
}

/// Every function of one number, and those of two with a number on the other side.
fn functions() -> Vec<(&'static str, Function)> {
    functions![
        |x| x.exp(),
        |x| x.expm1(),
        |x| x.ln(),
        |x| x.log1p(),
        |x| x.sqrt(),
        |x| x.rsqrt(),
        |x| x.square(),
        |x| x.reciprocal(),
        |x| x.abs(),
        |x| x.sin(),
        |x| x.cos(),
        |x| x.tan(),
        |x| x.asin(),
        |x| x.acos(),
        |x| x.atan(),
        |x| x.sinh(),
        |x| x.cosh(),
        |x| x.tanh(),
        |x| x.asinh(),
        |x| (x + 1).acosh(),
        |x| x.atanh(),
        |x| x.exp2(),
        |x| x.log2(),
        |x| x.log10(),
        |x| x.cbrt(),
        |x| x.erf(),
        |x| x.erfc(),
        |x| x.erfinv(),
        |x| x.lgamma(),
        |x| x.digamma(),
        |x| x.polygamma(1),
        |x| x.sinc(),
        |x| x.logit(None),
        |x| x.logit(Some(0.1)),
        |x| x.deg2rad(),
        |x| x.rad2deg(),
        |x| x.floor(),
        |x| x.ceil(),
        |x| x.trunc(),
        |x| x.round(),
        |x| x.round_decimals(1),
        |x| x.frac(),
        |x| x.sign(),
        |x| x.heaviside(0.5),
        |x| x.nan_to_num(NanToNum::new()),
        |x| x.sigmoid(),
        |x| x.softplus(),
        |x| x.gelu(),
        |x| x.gelu_tanh(),
        |x| x.silu(),
        |x| x.mish(),
        |x| x.softsign(),
        |x| x.log_sigmoid(),
        |x| x.tanhshrink(),
        |x| x.relu(),
        |x| x.relu6(),
        |x| x.leaky_relu(0.1),
        |x| x.elu(1),
        |x| x.celu(2),
        |x| x.selu(),
        |x| x.hardsigmoid(),
        |x| x.hardswish(),
        |x| x.hardtanh(-1, 1),
        |x| x.threshold(0.5, 7),
        |x| x.softshrink(0.5),
        |x| x.hardshrink(0.5),
        |x| x.powf(1.5),
        |x| x.hypot(2),
        |x| x.atan2(2),
        |x| x.fmod(2),
        |x| x.remainder(2),
        |x| x.div_floor(2),
        |x| x.div_trunc(2),
        |x| x.xlogy(2),
        |x| x.logaddexp(0.5),
        |x| x.logaddexp2(0.5),
        |x| x.copysign(-1),
        |x| x.fmax(0.5),
        |x| x.fmin(0.5),
        |x| x.pow(x),
        |x| x.lerp(&(x + 1), 0.25),
        |x| x.prelu(&Tensor::full([], 0.25, x.dtype())),
        |x| x.clamp(-1, 1),
    ]
}

/// What takes NaN for a number, as PyTorch has it.
const NAN_IS_A_NUMBER_TO: [&str; 5] =
    ["x.sign()", "x.heaviside(0.5)", "x.nan_to_num(NanToNum::new())", "x.fmax(0.5)", "x.fmin(0.5)"];

/// Row 7. The logarithm of a sum of equal terms is smooth, whatever its formula chooses between at a tie.
#[test]
fn the_logarithm_of_a_sum_is_smooth_where_both_terms_are_equal() {
    for x in [0.0, 3.5, -700.0, 1e4] {
        let x = Tensor::from([x, x]);
        let f = |x: &Tensor| x.narrow(0, 0, 1).logaddexp(&x.narrow(0, 1, 1)).sum(..);
        assert_eq!(gradient(&x, f), [0.5, 0.5]);
        assert_eq!(hessian(&x, f).to_vec::<f64>(), [0.25, -0.25, -0.25, 0.25]);
        let one = x.narrow(0, 0, 1).sum(..);
        let tied = |y: &Tensor| y.logaddexp(&one);
        for second in [
            reverse(&one, |x| reverse(x, tied)),
            forward(&one, |x| reverse(x, tied)),
            reverse(&one, |x| forward(x, tied)),
            forward(&one, |x| forward(x, tied)),
        ] {
            assert_eq!(second.item::<f64>(), 0.25);
        }
        let base_two = |x: &Tensor| x.narrow(0, 0, 1).logaddexp2(&x.narrow(0, 1, 1)).sum(..);
        assert_eq!(gradient(&x, base_two), [0.5, 0.5]);
        let quarter = 0.25 * std::f64::consts::LN_2;
        assert_eq!(hessian(&x, base_two).to_vec::<f64>(), [quarter, -quarter, -quarter, quarter]);
    }
    for (x, y, slopes) in [
        (f64::INFINITY, f64::INFINITY, [0.5, 0.5]),
        (f64::NEG_INFINITY, f64::NEG_INFINITY, [0.5, 0.5]),
        (f64::INFINITY, 1.0, [1.0, 0.0]),
        (f64::NEG_INFINITY, 1.0, [0.0, 1.0]),
    ] {
        let x = Tensor::from([x, y]);
        assert_eq!(gradient(&x, |x| x.narrow(0, 0, 1).logaddexp(&x.narrow(0, 1, 1))), slopes);
        assert_eq!(gradient(&x, |x| x.narrow(0, 0, 1).logaddexp2(&x.narrow(0, 1, 1))), slopes);
    }
}

/// Row 15. sin(πx)/(πx) has derivatives of every order at zero; a formula for them is a difference of infinities there.
#[test]
fn sinc_is_smooth_at_zero() {
    let pi = std::f64::consts::PI;
    let first = |x: &Tensor| reverse(x, Tensor::sinc);
    let second = |x: &Tensor| forward(x, first);
    let third = |x: &Tensor| reverse(x, second);
    let fourth = |x: &Tensor| reverse(x, third);
    let zero = Tensor::from(0.0);
    let at = |f: &dyn Fn(&Tensor) -> Tensor| f(&zero).item::<f64>();
    let (curvature, fourth_at_zero) = (-pi.powi(2) / 3.0, pi.powi(4) / 5.0);
    assert_eq!([at(&Tensor::sinc), at(&first), at(&third)], [1.0, 0.0, 0.0]);
    assert!((at(&second) / curvature - 1.0).abs() < 1e-15 && (at(&fourth) / fourth_at_zero - 1.0).abs() < 1e-15);
    for size in [1e-300, 1e-20, 1e-9, 1e-5, 1e-3] {
        for x in [size, -size] {
            let (near, z) = (Tensor::from(x), (pi * x).powi(2));
            // The first three terms of each series: the next is below the last digit here.
            let series = [1.0 - z / 6.0 + z * z / 120.0, curvature * x * (1.0 - z / 10.0 + z * z / 280.0)];
            let found = [near.sinc().item::<f64>(), first(&near).item::<f64>()];
            assert!(found.iter().zip(series).all(|(y, right)| (y / right - 1.0).abs() < 1e-14), "{x}: {found:?}");
            assert!((second(&near).item::<f64>() / (curvature * (1.0 - z * 0.3)) - 1.0).abs() < 1e-9);
        }
    }
    let single = Tensor::from([0.0f32, 1e-6]);
    let slopes = grad(&single, |x| x.sinc().sum(..)).to_vec::<f32>();
    assert!(slopes[0] == 0.0 && (slopes[1] / -3.289_868e-6 - 1.0).abs() < 1e-6);
}

/// The kind of row 13: the base of a power has a derivative where the exponent has none, and keeps it.
#[test]
fn the_base_of_a_power_keeps_its_derivative() {
    let (x, y) = (Tensor::from([-2.0, 0.0, 0.0, 0.0, -2.0]), Tensor::from([3.0, 0.0, 1.0, 2.0, -2.0]));
    let (x_bar, y_bar) = grad(&(x.clone(), y.clone()), |(x, y)| x.pow(y).sum(..));
    assert_eq!(x_bar.to_vec::<f64>(), [12.0, 0.0, 1.0, 0.0, 0.25]);
    let y_bar = y_bar.to_vec::<f64>();
    assert!(y_bar[0].is_nan() && y_bar[4].is_nan());
    assert_eq!(y_bar[1..4], [0.0; 3]);
    // The exponent held constant: all orders of the base are those of the number.
    let second = grad(&x, |x| grad(x, |x| x.pow(&y).sum(..)).sum(..));
    assert_eq!(second.to_vec::<f64>(), [-12.0, 0.0, 0.0, 2.0, 6.0 / 16.0]);
    // A base below zero is no concern of an exponent that is not differentiated, nor the other way round.
    assert_eq!(grad(&y, |y| Tensor::from(2.0).pow(y).sum(..)).to_vec::<f64>()[1], std::f64::consts::LN_2);
    let zero_base = grad(&Tensor::from([0.0, 1.0, -1.0]), |y| Tensor::from(0.0).pow(y).sum(..)).to_vec::<f64>();
    assert_eq!(zero_base, [0.0, 0.0, f64::NEG_INFINITY]);
}

/// Zero times a logarithm of zero, distances and angles of nothing: the value is finite, and so is the slope.
#[test]
fn slopes_at_the_origin_are_zero() {
    let pair = |f: fn(&Tensor, &Tensor) -> Tensor, x: f64, y: f64| {
        let (x_bar, y_bar) = grad(&(Tensor::from([x]), Tensor::from([y])), |(x, y)| f(x, y).sum(..));
        (x_bar.to_vec::<f64>()[0], y_bar.to_vec::<f64>()[0])
    };
    assert_eq!(pair(|x, y| x.hypot(y), 0.0, 0.0), (0.0, 0.0));
    let far = pair(|x, y| x.hypot(y), 3e200, 4e200);
    assert!((far.0 - 0.6).abs() < 1e-15 && (far.1 - 0.8).abs() < 1e-15);
    assert_eq!(pair(|x, y| x.atan2(y), 0.0, 0.0), (0.0, 0.0));
    assert_eq!(pair(|x, y| x.xlogy(y), 0.0, 0.0), (0.0, 0.0));
    assert_eq!(pair(|x, y| x.xlogy(y), 0.0, -1.0), (0.0, 0.0));
    assert_eq!(pair(|x, y| x.xlogy(y), 2.0, 4.0), (4f64.ln(), 0.5));
    assert_eq!(pair(|x, y| x.copysign(y), 0.0, -1.0), (0.0, 0.0));
    assert_eq!(pair(|x, y| x.copysign(y), -2.0, -0.0), (1.0, 0.0));
    assert_eq!(pair(|x, y| x.fmax(y), 1.0, 1.0), (0.5, 0.5));
    assert_eq!(pair(|x, y| x.fmax(y), f64::NAN, 1.0), (0.0, 1.0));
    assert_eq!(pair(|x, y| x.fmin(y), f64::NAN, f64::NAN), (1.0, 0.0));
    assert_eq!(pair(|x, y| x.fmod(y), -5.0, 3.0), (1.0, 1.0));
    assert_eq!(pair(|x, y| x.remainder(y), -5.0, 3.0), (1.0, 2.0));
    // Second derivatives of what was chosen there are finite too.
    let origin = Tensor::from([0.0, 0.0]);
    for f in [
        |x: &Tensor, y: &Tensor| x.xlogy(y),
        |x: &Tensor, y: &Tensor| x.hypot(y),
        |x: &Tensor, y: &Tensor| x.pow(&(y + 2)),
    ] {
        let f = |x: &Tensor| f(&x.narrow(0, 0, 1), &x.narrow(0, 1, 1)).sum(..);
        assert!(hessian(&origin, f).to_vec::<f64>().iter().all(|x| x.is_finite()));
    }
}

/// The kind of row 18: at a bend the derivative is PyTorch's choice, in both modes, and its own derivative is a number.
#[test]
fn bends_have_the_documented_slopes() {
    type Slopes = &'static [(f64, f64)];
    let choices: [(&str, Function, Slopes); 13] = [
        ("relu6", |x| x.relu6(), &[(0.0, 0.0), (-0.0, 0.0), (6.0, 0.0), (5.0, 1.0), (f64::NAN, 1.0)]),
        ("leaky_relu", |x| x.leaky_relu(0.25), &[(0.0, 0.25), (-1.0, 0.25), (1.0, 1.0)]),
        ("elu", |x| x.elu(2), &[(0.0, 2.0), (1.0, 1.0)]),
        ("celu", |x| x.celu(2), &[(0.0, 1.0), (1.0, 1.0)]),
        ("selu", |x| x.selu(), &[(0.0, 1.758_099_340_847_376_6), (1.0, 1.050_700_987_355_480_5)]),
        ("hardtanh", |x| x.hardtanh(-1, 1), &[(-1.0, 0.0), (1.0, 0.0), (0.5, 1.0), (f64::NAN, 1.0)]),
        ("clamp", |x| x.clamp(-1, 1), &[(-1.0, 0.0), (1.0, 0.0), (f64::NAN, 0.0)]),
        ("hardsigmoid", |x| x.hardsigmoid(), &[(-3.0, 0.0), (3.0, 0.0), (1.0, 1.0 / 6.0)]),
        ("hardswish", |x| x.hardswish(), &[(-3.0, 0.0), (3.0, 1.0), (0.0, 0.5), (-1e4, 0.0), (1e4, 1.0)]),
        ("softshrink", |x| x.softshrink(0.5), &[(0.5, 0.0), (-0.5, 0.0), (0.75, 1.0), (0.0, 0.0)]),
        ("hardshrink", |x| x.hardshrink(0.5), &[(0.5, 0.0), (-0.5, 0.0), (0.75, 1.0), (0.0, 0.0)]),
        ("threshold", |x| x.threshold(1, 5), &[(1.0, 0.0), (2.0, 1.0), (f64::NAN, 1.0)]),
        ("nan_to_num", |x| x.nan_to_num(NanToNum::new()), &[(f64::NAN, 0.0), (f64::INFINITY, 0.0), (-1.0, 1.0)]),
    ];
    for (name, f, slopes) in choices {
        for &(at, slope) in slopes {
            let x = Tensor::from([at]);
            assert_eq!(gradient(&x, f), [slope], "{name} at {at}");
            let second = grad(&x, |x| grad(x, |x| f(x).sum(..)).sum(..)).to_vec::<f64>()[0];
            assert!(second.is_finite(), "{name} at {at}: {second}");
        }
    }
}

/// The kind of row 14: no activation passes through an exponential that overflows, to second order, in f32.
#[test]
fn activations_are_finite_in_both_tails() {
    let x = Tensor::from([1e4f32, -1e4, 100.0, -100.0, 3e4, -3e4]);
    let smooth = functions().into_iter().filter(|(name, _)| {
        [
            "sigmoid",
            "softplus",
            "gelu",
            "silu",
            "mish",
            "softsign",
            "log_sigmoid",
            "shrink",
            "elu",
            "hard",
            "tanh",
            "logaddexp",
        ]
        .iter()
        .any(|part| name.contains(part) && !name.contains("atanh"))
    });
    let mut count = 0;
    for (name, f) in smooth {
        let slope = |x: &Tensor| grad(x, |x| f(x).sum(..));
        let second = grad(&x, |x| slope(x).sum(..));
        let forward = jvp(&x, &x.ones_like(), slope).1;
        for y in [f(&x), slope(&x), second, forward] {
            assert!(y.to_vec::<f32>().iter().all(|y| y.is_finite()), "{name}: {y}");
        }
        count += 1;
    }
    assert!(count > 20, "{count} activations");
    // Slopes far out are right, and not merely numbers.
    assert_eq!(grad(&x, |x| x.log_sigmoid().sum(..)).to_vec::<f32>()[..2], [0.0, 1.0]);
    assert_eq!(grad(&x, |x| x.silu().sum(..)).to_vec::<f32>()[..2], [1.0, 0.0]);
    assert_eq!(grad(&x, |x| x.mish().sum(..)).to_vec::<f32>()[..2], [1.0, 0.0]);
    let softsign = f64::from(grad(&x, |x| x.softsign().sum(..)).to_vec::<f32>()[0]);
    assert!((softsign * 1.0001f64.powi(2) * 1e8 - 1.0).abs() < 1e-6);
    assert!(x.mish().to_vec::<f32>().iter().zip(x.to_vec::<f32>()).all(|(&y, x)| y == x.max(0.0) || y.abs() < 1e-40));
}

/// The kind of row 38, for every function: NaN comes through in whichever part of a loop it falls, and the other elements are
/// what they are alone, bit for bit.
#[test]
fn every_function_treats_all_places_alike() {
    for dtype in [DType::F32, DType::F64] {
        for (name, f) in functions() {
            for len in [1, 3, 8, 19, 70] {
                let values: Vec<f64> = (0..len).map(|i| 0.05 + (i * 5 % 9) as f64 / 10.0).collect();
                let alone: Vec<f64> =
                    values.iter().map(|&x| f(&Tensor::full([], x, dtype)).cast(DType::F64).item::<f64>()).collect();
                for place in [0, len / 2, len - 1] {
                    let mut with_nan = values.clone();
                    with_nan[place] = f64::NAN;
                    let y = f(&Tensor::from(with_nan).cast(dtype)).cast(DType::F64).to_vec::<f64>();
                    for (i, (&y, &alone)) in y.iter().zip(&alone).enumerate() {
                        let right =
                            if i == place { y.is_nan() != NAN_IS_A_NUMBER_TO.contains(&name) } else { y == alone };
                        assert!(right, "{name} of {len} {dtype} with NaN at {place}: {y} at {i}, alone {alone}");
                    }
                }
            }
        }
    }
}

/// Values at the ends of the range are those of the limit: nothing in between overflows or cancels.
#[test]
fn ends_of_the_range_have_the_value_of_the_limit() {
    let inf = f64::INFINITY;
    let half_pi = std::f64::consts::FRAC_PI_2;
    let limits: [(&str, Function, f64, f64); 26] = [
        ("exp2", |x| x.exp2(), -inf, 0.0),
        ("log2", |x| x.log2(), 0.0, -inf),
        ("rsqrt", |x| x.rsqrt(), inf, 0.0),
        ("rsqrt", |x| x.rsqrt(), -0.0, -inf),
        ("cbrt", |x| x.cbrt(), -inf, -inf),
        ("atan", |x| x.atan(), -inf, -half_pi),
        ("asinh", |x| x.asinh(), f64::MAX, 710.475_860_073_943_9),
        ("acosh", |x| x.acosh(), inf, inf),
        ("atanh", |x| x.atanh(), -1.0, -inf),
        ("sinh", |x| x.sinh(), -inf, -inf),
        ("erfc", |x| x.erfc(), -inf, 2.0),
        ("erfc", |x| x.erfc(), inf, 0.0),
        ("lgamma", |x| x.lgamma(), inf, inf),
        ("lgamma", |x| x.lgamma(), -1.0, inf),
        ("digamma", |x| x.digamma(), inf, inf),
        ("sinc", |x| x.sinc(), inf, 0.0),
        ("silu", |x| x.silu(), -inf, 0.0),
        ("mish", |x| x.mish(), -inf, 0.0),
        ("hardswish", |x| x.hardswish(), -inf, 0.0),
        ("log_sigmoid", |x| x.log_sigmoid(), -inf, -inf),
        ("tanhshrink", |x| x.tanhshrink(), inf, inf),
        ("logit", |x| x.logit(None), 1.0, inf),
        ("hypot", |x| x.hypot(f64::NAN), inf, inf),
        ("atan2", |x| x.atan2(f64::NEG_INFINITY), inf, 1.5 * half_pi),
        ("fmod", |x| x.fmod(f64::INFINITY), -5.0, -5.0),
        ("softplus", |x| x.softplus(), -inf, 0.0),
    ];
    for (name, f, x, limit) in limits {
        assert_eq!(f(&Tensor::from(x)).item::<f64>(), limit, "{name} of {x}");
        assert_eq!(
            f(&Tensor::from(x as f32)).item::<f32>(),
            if x == f64::MAX { inf as f32 } else { limit as f32 },
            "{name}"
        );
    }
    // Slopes of what is nearly a logarithm do not pass through a square that overflows.
    for f in [Tensor::asinh, Tensor::acosh] {
        let slope = reverse(&Tensor::from(1e200), f).item::<f64>();
        assert!((slope * 1e200 - 1.0).abs() < 1e-15, "{slope}");
    }
    let subnormal = 5e-324;
    for f in [Tensor::asinh, Tensor::atan, Tensor::sinh, Tensor::tan, Tensor::asin, Tensor::atanh, Tensor::softsign] {
        assert_eq!(f(&Tensor::from(subnormal)).item::<f64>(), subnormal);
    }
}

/// The kinds of rows 24 and 25: a view gives what its copy gives, forward and backward, and no elements give none.
#[test]
fn every_function_takes_any_layout() {
    let bits = |x: &Tensor| x.to_vec::<f64>().into_iter().map(f64::to_bits).collect::<Vec<u64>>();
    let x = Tensor::linspace(0.05, 0.95, 60, DType::F64).reshape([4, 3, 5]);
    let views = [x.permute([2, 0, 1]), x.flip([0, 2]), x.narrow(1, 1, 1), x.narrow(1, 0, 1).expand([4, 3, 5])];
    for (name, f) in functions() {
        let slope = |x: &Tensor| grad(x, |x| (f(x) * 0.75).sum(..));
        for view in &views {
            let copy = Tensor::from_vec(view.to_vec::<f64>(), view.shape()).expect("as many elements");
            assert_eq!(bits(&f(view)), bits(&f(&copy)), "{name}");
            assert_eq!(bits(&slope(view)), bits(&slope(&copy)), "the slope of {name}");
        }
        for shape in [&[0][..], &[2, 0, 3]] {
            let empty = Tensor::zeros(shape, DType::F64);
            assert_eq!((f(&empty).shape(), slope(&empty).shape()), (empty.shape(), empty.shape()), "{name}");
        }
    }
}

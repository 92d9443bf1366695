//! Samples of functions of each element, and of arithmetic with every pattern of broadcasting.

use crate::table::{Sample, of_every_size, sample, shapes};
use cotangent_autograd::check;
use cotangent_tensor::{
    DType, Tensor, apply,
    ops::{Cast, Where},
};

/// Two shapes: equal, with numbers, with missing axes, axes of size 1 on either side and on both, one element, none.
pub(crate) fn broadcasting() -> Vec<Vec<Vec<usize>>> {
    shapes![
        [[2, 3], [2, 3]],
        [[2, 3], []],
        [[], [3]],
        [[2, 3], [3]],
        [[2, 1], [2, 3]],
        [[2, 1], [1, 3]],
        [[3], [2, 1, 1]],
        [[1, 1], [1]],
        [[0, 2], [2]],
        [[1, 2], [0, 1]],
    ]
}

pub(crate) fn samples() -> Vec<Sample> {
    let one = of_every_size;
    vec![
        sample!("Exp", one(), |x| x[0].exp()).large(&[&[300, 200]]),
        sample!("Expm1", one(), |x| x[0].expm1()),
        sample!("Ln", one(), |x| x[0].ln()).between(0.3, 3.0),
        sample!("Log1p", one(), |x| x[0].log1p()).between(-0.5, 2.0),
        sample!("Sqrt", one(), |x| x[0].sqrt()).between(0.3, 3.0),
        sample!("Square", one(), |x| x[0].square()),
        sample!("Reciprocal", one(), |x| x[0].reciprocal()).between(0.5, 2.0),
        sample!("Abs", one(), |x| x[0].abs()).with(|laws| {
            let at = [Tensor::from([-2.0, -0.0, 0.0, f64::NEG_INFINITY])];
            laws.exact(at.clone(), [Tensor::from([2.0, 0.0, 0.0, f64::INFINITY])])
                .exact_gradient(at, [Tensor::from([-1.0, 0.0, 0.0, -1.0])])
        }),
        sample!("Sin", one(), |x| x[0].sin()),
        sample!("Sin", one(), |x| (x[0].sin(), x[0].gt(0), x[0].exp())),
        sample!("Cos", one(), |x| x[0].cos()),
        sample!("Erf", one(), |x| x[0].erf()),
        sample!("Powf", one(), |x| x[0].powf(0)),
        sample!("Powf", one(), |x| x[0].powf(1)),
        sample!("Powf", one(), |x| x[0].powf(2)),
        sample!("Powf", one(), |x| x[0].powf(3)),
        sample!("Powf", one(), |x| x[0].powf(-1)).between(-2.0, -0.5),
        sample!("Powf", one(), |x| x[0].powf(2.5)).between(0.3, 2.0),
        sample!("Sigmoid", one(), |x| x[0].sigmoid()).between(-4.0, 4.0),
        sample!("Tanh", one(), |x| x[0].tanh()),
        sample!("Relu", one(), |x| x[0].relu()),
        sample!("Softplus", one(), |x| x[0].softplus()).between(-4.0, 4.0),
        sample!("Gelu", one(), |x| x[0].gelu()),
        sample!("GeluTanh", one(), |x| x[0].gelu_tanh()),
        sample!("Clamp", one(), |x| x[0].clamp(-1, 0.5)),
        sample!("Clamp", one(), |x| x[0].clamp(f64::NEG_INFINITY, 0.5)),
        sample!("Neg", one(), |x| -&x[0]),
        sample!("Cast", one(), |x| apply(&Cast(DType::F64), &[&x[0]]).into_single()),
        sample!("Add", broadcasting(), |x| &x[0] + &x[1]).large(&[&[300, 200], &[200]]).with(|laws| {
            let misfits = [Tensor::from([1.0, 2.0]), Tensor::from([1.0, 2.0, 3.0])];
            let text = "add: the shapes do not broadcast: aligned at the last axis, sizes must be equal or 1; got f64[2], f64[3]";
            laws.broadcasts().refuses(misfits, text)
        }),
        sample!("Sub", broadcasting(), |x| &x[0] - &x[1]).with(check::Operation::broadcasts),
        sample!("Mul", broadcasting(), |x| &x[0] * &x[1]).with(check::Operation::broadcasts),
        sample!("Div", broadcasting(), |x| &x[0] / &x[1]).between(0.5, 2.0),
        sample!("Maximum", broadcasting(), |x| x[0].maximum(&x[1])),
        sample!("Minimum", broadcasting(), |x| x[0].minimum(&x[1])),
        sample!("Add", one(), |x| 2 + &x[0] + 0.5),
        sample!("Sub", one(), |x| 1.5 - &x[0]),
        sample!("Sub", one(), |x| &x[0] - 1),
        sample!("Mul", one(), |x| &x[0] * 3),
        sample!("Mul", one(), |x| &x[0] * &x[0] * &x[0]),
        sample!("Div", one(), |x| 2 / &x[0]).between(0.5, 2.0),
        sample!("Div", one(), |x| &x[0] / 2),
        sample!("Add", one(), |x| x[0].clone() + x[0].clone()),
        sample!("Maximum", one(), |x| x[0].maximum(0.5)),
        sample!("Minimum", one(), |x| x[0].minimum(&(&x[0] * -0.5))),
        sample!("Where", broadcasting(), |x| x[0].gt(0).where_(&x[0], &x[1])),
        sample!("Where", broadcasting(), |x| x[0].lt(&x[1]).where_(&x[0].sin(), &x[1])),
        sample!("Where", one(), |x| x[0].gt(0).where_(&x[0], 0)),
        sample!("Where", one(), |x| x[0].gt(0).where_(1, &x[0])),
        sample!("Where", shapes![[[2, 3], [2, 3]], [[1], [1]], [[0], [0]]], |x| {
            apply(&Where, &[&x[0].gt(0), &x[0], &x[1]]).into_single()
        }),
    ]
}

/// A cast to f32 and back cannot be checked by differences; its rule is the cast of the cotangent.
#[test]
fn a_cast_carries_derivatives_across_dtypes() {
    let x = Tensor::from([0.5f64, -1.25]);
    let y_bar = Tensor::from([0.75f32, 3.0]);
    let (y, pullback) = cotangent_autograd::vjp(&x, |x| x.cast(DType::F32).square());
    assert_eq!(y.dtype(), DType::F32);
    let x_bar = pullback.pull(&y_bar);
    assert_eq!(x_bar.to_vec::<f64>(), [0.75, -7.5]);
    let (_, y_dot) = cotangent_autograd::jvp(&x, &x.ones_like(), |x| x.cast(DType::F32).square());
    assert_eq!(y_dot.to_vec::<f32>(), [1.0, -2.5]);
    let (_, pullback) = cotangent_autograd::vjp(&x, |x| x.cast(DType::I64).cast(DType::F64));
    assert_eq!(pullback.pull(&x.ones_like()).to_vec::<f64>(), [0.0, 0.0]);
}

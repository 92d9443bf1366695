//! Samples of the scalar functions: of one number, of several, activations; and functions of a user's own formula.

use crate::{
    elementwise::broadcasting,
    table::{Sample, of_every_size, sample, shapes},
};
use cotangent_tensor::{Tensor, elementwise, ops::NanToNum};

elementwise! {
    /// Four variables, of which one stands in a choice, and a parameter.
    fn formula(x, y, z, w; offset: f64) = {
        let sum = x.clone() * y.sigmoid() + (z.clone() + z.constant(offset)).tan();
        x.if_greater(&x.constant(5.0), x.clone(), sum / w.exp())
    };
}

pub(crate) fn samples() -> Vec<Sample> {
    let one = of_every_size;
    let two = broadcasting;
    vec![
        sample!("Rsqrt", one(), |x| x[0].rsqrt()).between(0.3, 3.0),
        sample!("Exp2", one(), |x| x[0].exp2()),
        sample!("Log2", one(), |x| x[0].log2()).between(0.3, 3.0),
        sample!("Log10", one(), |x| x[0].log10()).between(0.3, 3.0),
        sample!("Cbrt", one(), |x| x[0].cbrt()).between(-3.0, -0.3),
        sample!("Erfc", one(), |x| x[0].erfc()),
        sample!("Erfinv", one(), |x| x[0].erfinv()).between(-0.8, 0.8),
        sample!("Logit", one(), |x| x[0].logit(None)).between(0.1, 0.9),
        sample!("Logit", one(), |x| x[0].logit(Some(0.05))).between(0.1, 0.9),
        sample!("Lgamma", one(), |x| x[0].lgamma()).between(0.3, 4.0),
        sample!("Lgamma", one(), |x| x[0].lgamma()).between(-1.8, -1.2),
        sample!("Digamma", one(), |x| x[0].digamma()).between(0.4, 4.0),
        sample!("Digamma", one(), |x| x[0].digamma()).between(-1.8, -1.2),
        sample!("Polygamma", one(), |x| x[0].polygamma(1)).between(0.5, 4.0),
        sample!("Polygamma", one(), |x| x[0].polygamma(2)).between(1.0, 4.0),
        sample!("Tan", one(), |x| x[0].tan()).between(-1.0, 1.0),
        sample!("Asin", one(), |x| x[0].asin()).between(-0.8, 0.8),
        sample!("Acos", one(), |x| x[0].acos()).between(-0.8, 0.8),
        sample!("Atan", one(), |x| x[0].atan()),
        sample!("Sinh", one(), |x| x[0].sinh()),
        sample!("Cosh", one(), |x| x[0].cosh()),
        sample!("Asinh", one(), |x| x[0].asinh()),
        sample!("Acosh", one(), |x| x[0].acosh()).between(1.5, 4.0),
        sample!("Atanh", one(), |x| x[0].atanh()).between(-0.8, 0.8),
        sample!("Deg2rad", one(), |x| x[0].deg2rad()),
        sample!("Rad2deg", one(), |x| x[0].rad2deg()),
        sample!("Sinc", one(), |x| x[0].sinc()),
        sample!("Sinc", one(), |x| x[0].sinc()).between(-1e-3, 1e-3),
        sample!("Frac", one(), |x| x[0].frac()).between(0.2, 0.8),
        sample!("NanToNum", one(), |x| x[0].nan_to_num(NanToNum::new())),
        sample!("Fmod", two(), |x| (&x[0] + 1.55).fmod(&x[1])).between(0.9, 1.1),
        sample!("Remainder", two(), |x| (-1.55 - &x[0]).remainder(&x[1])).between(0.9, 1.1),
        sample!("Remainder", one(), |x| x[0].remainder(1)).between(0.2, 0.8),
        sample!("Hypot", two(), |x| x[0].hypot(&x[1])).between(0.5, 2.0),
        sample!("Atan2", two(), |x| x[0].atan2(&x[1])).between(0.5, 2.0),
        sample!("Atan2", one(), |x| x[0].atan2(-1)).between(0.5, 2.0),
        sample!("Logaddexp", two(), |x| x[0].logaddexp(&x[1])),
        sample!("Logaddexp2", two(), |x| x[0].logaddexp2(&x[1])),
        sample!("Logaddexp", one(), |x| x[0].logaddexp(&x[0])),
        sample!("Xlogy", two(), |x| x[0].xlogy(&x[1])).between(0.5, 2.0),
        sample!("Xlogy", one(), |x| (&x[0] - 10).xlogy(&x[0])).between(0.5, 2.0),
        sample!("Copysign", two(), |x| x[0].copysign(&(&x[1] - 1))).between(1.2, 2.0),
        sample!("Fmax", two(), |x| x[0].fmax(&x[1])),
        sample!("Fmin", two(), |x| x[0].fmin(&x[1])),
        sample!("Pow", two(), |x| x[0].pow(&x[1])).between(0.5, 2.0),
        sample!("Pow", one(), |x| Tensor::from(2.0).pow(&x[0])),
        sample!("Lerp", shapes![[[2, 3], [2, 3], [2, 3]], [[2, 1], [3], []], [[0], [1], [1]]], |x| {
            x[0].lerp(&x[1], &x[2])
        }),
        sample!("Lerp", two(), |x| x[0].lerp(&x[1], 0.7)),
        sample!("Silu", one(), |x| x[0].silu()),
        sample!("Mish", one(), |x| x[0].mish()),
        sample!("Softsign", one(), |x| x[0].softsign()),
        sample!("LogSigmoid", one(), |x| x[0].log_sigmoid()),
        sample!("Tanhshrink", one(), |x| x[0].tanhshrink()),
        sample!("Glu", shapes![[[2, 4]], [[2]], [[0, 2]], [[1, 2]]], |x| x[0].glu(-1)),
        sample!("Softmax", shapes![[[2, 3]], [[1, 1]], [[0, 2]]], |x| x[0].softmin(-1)),
        sample!("Relu6", one(), |x| x[0].relu6()),
        sample!("LeakyRelu", one(), |x| x[0].leaky_relu(0.1)),
        sample!("SoftplusWith", one(), |x| x[0].softplus_with(1.5, 20)),
        sample!("Elu", one(), |x| x[0].elu(1.5)),
        sample!("Celu", one(), |x| x[0].celu(1.5)),
        sample!("Selu", one(), |x| x[0].selu()),
        sample!("Hardsigmoid", one(), |x| x[0].hardsigmoid()),
        sample!("Hardswish", one(), |x| x[0].hardswish()),
        sample!("Hardtanh", one(), |x| x[0].hardtanh(-1, 1.5)),
        sample!("Threshold", one(), |x| x[0].threshold(0.1, -3)),
        sample!("Softshrink", one(), |x| x[0].softshrink(0.5)),
        sample!("Hardshrink", one(), |x| x[0].hardshrink(0.5)),
        sample!("Prelu", shapes![[[2, 3], [3]], [[2, 3, 2], [3]], [[4], [1]], [[], []], [[0, 2], [2]]], |x| {
            x[0].prelu(&x[1])
        }),
    ]
}

#[test]
fn a_formula_of_four_variables_passes_at_second_order() {
    let given = |shapes: [&[usize]; 4]| {
        let mut rng = cotangent_tensor::Rng::seed(3);
        shapes.map(|shape| rng.uniform_range(-0.6, 0.6, shape, cotangent_tensor::DType::F64)).to_vec()
    };
    for shapes in [[&[2, 3][..], &[3], &[2, 1], &[]], [&[], &[], &[], &[]], [&[0], &[1], &[], &[0]]] {
        let f = |x: &Vec<Tensor>| formula(&x[0], &x[1], &x[2], &x[3], 0.25);
        cotangent_autograd::check::gradients(f).may_be_empty().at(&given(shapes)).assert_pass();
    }
}

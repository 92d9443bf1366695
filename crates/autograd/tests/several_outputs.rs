//! An operation with several outputs: a rule sees the cotangents of all of them, zeros where nothing depended on one.

use cotangent_autograd::{check, grad, hessian, jvp};
use cotangent_tensor::{
    Array, Buffer, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply,
};

/// (s, c, n) = (sin x, cos x, the sign of x as an integer)
#[derive(Clone)]
struct SinCosSign;

impl Primitive for SinCosSign {
    fn name(&self) -> &'static str {
        "sin_cos_sign"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let (x, sign) = (inputs[0].to_owned(), Spec::new(inputs[0].shape(), cotangent_tensor::DType::I64));
        Ok([x.clone(), x, sign].into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (x, shape) = (inputs[0].to_slice::<f64>(), inputs[0].shape());
        let float = |f: fn(f64) -> f64| Buffer::from_iter_exact(x.iter().map(|&x| f(x)));
        let sign = Buffer::from_iter_exact(x.iter().map(|x| x.signum() as i64));
        let [s, c] = [float(f64::sin), float(f64::cos)].map(|y| Array::from_buffer(y, shape));
        Ok([s, c, Array::from_buffer(sign, shape)].into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for SinCosSign {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::output(0).and(Keep::output(1))
    }
    // x_bar = s_bar c - c_bar s
    fn vjp(&self, saved: &Saved, y_bars: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let y_bars = y_bars.into_tensors();
        Few::one(Some(&y_bars[0] * saved.output(1) - &y_bars[1] * saved.output(0)))
    }
}

fn outputs(x: &Tensor) -> [Tensor; 3] {
    let y = apply(&SinCosSign, &[x]);
    [y[0].clone(), y[1].clone(), y[2].clone()]
}

#[test]
fn each_output_brings_its_cotangent_or_none() {
    let x = Tensor::from([0.4, -1.3]);
    let (sin, cos) = (x.sin().to_vec::<f64>(), x.cos().to_vec::<f64>());
    let negative = |values: &[f64]| values.iter().map(|value| -value).collect::<Vec<_>>();
    assert_eq!(grad(&x, |x| outputs(x)[0].sum(..)).to_vec::<f64>(), cos);
    assert_eq!(grad(&x, |x| outputs(x)[1].sum(..)).to_vec::<f64>(), negative(&sin));
    // Nothing goes through the integers.
    let signed = grad(&x, |x| {
        let [s, _, n] = outputs(x);
        (s * n.cast(cotangent_tensor::DType::F64)).sum(..)
    });
    assert_eq!(signed.to_vec::<f64>(), [cos[0], -cos[1]]);
}

#[test]
fn both_modes_agree_to_the_second_order() {
    let x = Tensor::from([0.4, -1.3]);
    let f = |x: &Tensor| {
        let [s, c, _] = outputs(x);
        (&s * &c + c.square() * s).sum(..)
    };
    check::gradients(f).at(&x).assert_pass();
    // Without a jvp of its own, forward mode transposes the vjp: one tangent for each floating-point output.
    let (_, [s_dot, c_dot, n_dot]) = jvp(&x, &x.ones_like(), outputs);
    assert_eq!((s_dot.to_vec::<f64>(), n_dot.to_vec::<i64>()), (x.cos().to_vec::<f64>(), vec![0, 0]));
    assert_eq!(c_dot.to_vec::<f64>(), (-x.sin()).to_vec::<f64>());
    assert_eq!(hessian(&x, f).shape()[..], [2, 2]);
}

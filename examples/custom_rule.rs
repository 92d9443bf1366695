//! An operation of your own, with your own derivative: `cargo run --release --example custom_rule`.
//!
//! The operation is the soft absolute value y = √(x² + 1) - 1, as one pass over memory; its derivative is x / √(x² + 1). We
//! write it, check it, put it into a model, differentiate that twice, and see what the checker says of a wrong rule. At the end, the
//! short way: an elementwise operation from nothing but its formula.

use cotangent::{
    Array, Buffer, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Vjp, apply, check,
    elementwise, prelude::*,
};

/// y = √(x² + 1) - 1
#[derive(Clone)]
struct SoftAbs;

impl Primitive for SoftAbs {
    fn name(&self) -> &'static str {
        "soft_abs"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let y = inputs[0].to_slice::<f64>().iter().map(|x| x.hypot(1.0) - 1.0).collect::<Vec<_>>();
        Ok(Array::from_buffer(Buffer::from_slice(&y), inputs[0].shape()).into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for SoftAbs {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0).and(Keep::output(0))
    }
    /// x_bar = y_bar x / (y + 1). A formula on tensors, so that it has a derivative itself.
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let (x, y) = (saved.input(0), saved.output(0));
        Few::one(Some(y_bar.single() * x / (y + 1)))
    }
}

fn soft_abs(x: &Tensor) -> Tensor {
    apply(&SoftAbs, &[x]).into_single()
}

/// A line whose distance from points is measured by the soft absolute value, so that outliers weigh little.
#[derive(Module, Clone)]
struct Line {
    slope: Tensor,
    offset: Tensor,
}

impl Line {
    fn distance(&self, x: &Tensor, y: &Tensor) -> Tensor {
        soft_abs(&(x * &self.slope + &self.offset - y)).mean(..)
    }
}

/// The same operation, by someone who forgot that y is the root less one: x_bar = y_bar x / y.
#[derive(Clone)]
struct WrongSoftAbs;

impl Primitive for WrongSoftAbs {
    fn name(&self) -> &'static str {
        "wrong_soft_abs"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        SoftAbs.infer(inputs)
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        SoftAbs.eval(inputs)
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for WrongSoftAbs {
    fn keep(&self, needs: &[bool]) -> Keep {
        SoftAbs.keep(needs)
    }
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        Few::one(Some(y_bar.single() * saved.input(0) / saved.output(0)))
    }
}

elementwise! {
    /// z = x sigmoid(s g): one pass over memory forward, and one for each variable backward.
    fn swish_gate(x, g; s: f64) = x.clone() * (g.constant(s) * g.clone()).sigmoid();
}

fn main() {
    // Is the rule right? Against differences, in reverse and forward mode, at first and second order:
    let mut rng = Rng::seed(1);
    let somewhere = rng.normal([3, 2], DType::F64);
    let report = check::gradients(soft_abs).at(&somewhere);
    println!("soft_abs at six random places:\n{report}\n");
    report.assert_pass();

    // Everything else that a rule must keep: every memory layout, zero cotangents, linearity, other shapes.
    let battery = check::operation("soft_abs", |x| soft_abs(&x[0])).f64_only();
    let report = battery.shapes(&[&[3, 2]]).shapes(&[&[]]).shapes(&[&[0]]).run();
    println!("{report}\n");
    report.assert_pass();

    // Points on y = 2x + 1, one of them far off: least squares would give them a slope of -4.
    let x = Tensor::linspace(-2.0, 2.0, 9, DType::F64);
    let mut y = &x * 2 + 1;
    y.with_mut(|y: &mut [f64]| y[8] = -40.0);

    // A model is checked as a whole; a report would name the parameter.
    let mut line = Line { slope: Tensor::from(0.0), offset: Tensor::from(0.0) };
    check::gradients(|line: &Line| line.distance(&x, &y)).at(&line).assert_pass();

    for _ in 0..400 {
        let gradient = grad(&line, |line| line.distance(&x, &y));
        line.slope -= gradient.slope * 0.5;
        line.offset -= gradient.offset * 0.5;
    }
    let slope = line.slope.item::<f64>();
    println!("the line, hardly disturbed by the outlier: y = {slope:.3} x + {:.3}", line.offset.item::<f64>());

    // The second derivative goes through the rule twice: the Hessian's product with the direction of the slope.
    let along_slope = Line { slope: Tensor::from(1.0), offset: Tensor::from(0.0) };
    let curvature = hvp(&line, &along_slope, |line| line.distance(&x, &y)).slope.item::<f64>();
    println!("how sharply the slope is determined: a curvature of {curvature:.3}\n");

    let report = check::gradients(|x: &Tensor| apply(&WrongSoftAbs, &[x]).into_single()).at(&somewhere);
    println!("the rule with a forgotten term:\n{report}\n");

    // No rule to be wrong: the derivative comes from the formula, and broadcasting by itself.
    let gate = rng.normal([2], DType::F64);
    let gated = |(x, g): &(Tensor, Tensor)| swish_gate(x, g, 1.5);
    check::gradients(gated).at(&(somewhere.clone(), gate.clone())).assert_pass();
    println!(
        "swish_gate passes too; the gradient of the gate: {}\n",
        grad(&gate, |g| swish_gate(&somewhere, g, 1.5).sum(..))
    );

    let finding = report.finding().expect("the report names an element");
    println!(
        "result: slope={slope:.3} curvature={curvature:.3} wrong_rule={:?} wrong_value={:.2} right_value={:.2}",
        report.verdict(),
        finding.analytic,
        finding.numeric
    );
}

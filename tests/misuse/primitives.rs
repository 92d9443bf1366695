//! Operations of a user's own that break a promise: each is caught at its first use, by name, or at the line of the
//! rule that breaks it.

use crate::{assert_messages, assert_messages_alone, misuses};
use cotangent::{
    Array, Buffer, Cotangents, DType, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp,
    apply, grad, jvp, try_apply,
};

/// y = 2x + z, with one thing wrong.
#[derive(Clone, Copy, PartialEq)]
enum Broken {
    EvalOtherShape,
    EvalOtherDType,
    EvalTwoOutputs,
    LooksAtInput,
    LooksAtOutput,
    LooksAtSpec,
    CotangentOtherShape,
    CotangentOtherDType,
    CotangentMissing,
    CotangentsTooFew,
    TangentOtherShape,
    TangentsNone,
}
use Broken::*;

impl Primitive for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (x, z) = (inputs[0].to_slice::<f64>(), inputs[1].to_slice::<f64>());
        let y = Buffer::from_iter_exact(x.iter().zip(&z[..]).map(|(x, z)| 2.0 * x + z));
        Ok(match self {
            EvalOtherShape => Array::from_buffer(y, [2, 1]).into(),
            EvalOtherDType => Array::from_buffer(Buffer::<f32>::zeroed(2), [2]).into(),
            EvalTwoOutputs => [inputs[0].clone(), inputs[1].clone()].into(),
            _ => Array::from_buffer(y, [2]).into(),
        })
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Broken {
    fn keep(&self, _: &[bool]) -> Keep {
        if matches!(self, LooksAtInput | LooksAtSpec) { Keep::input(1) } else { Keep::NOTHING }
    }
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let y_bar = y_bar.single();
        let x_bar = match self {
            LooksAtInput => saved.input(0) * 2,
            LooksAtOutput => saved.output(0) * 2,
            LooksAtSpec => Tensor::zeros(saved.spec(0).shape(), saved.spec(0).dtype()),
            CotangentOtherShape => y_bar.sum(..),
            CotangentOtherDType => y_bar.cast(DType::F32),
            _ => &y_bar * 2,
        };
        match self {
            CotangentMissing => [None, Some(y_bar)].into(),
            CotangentsTooFew => Few::one(Some(x_bar)),
            _ => [Some(x_bar), Some(y_bar)].into(),
        }
    }
    fn jvp(&self, _: &[&Tensor], x_dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        match self {
            TangentOtherShape => Some(Few::one(x_dot[0].map(|x_dot| x_dot.sum(..)))),
            TangentsNone => Some(Few::new()),
            _ => None,
        }
    }
}

#[test]
fn operations_that_break_a_promise() {
    let x = Tensor::from([1.0, 2.0]);
    let run = |broken: Broken| apply(&broken, &[&x, &x]).into_single();
    let reverse = |broken: Broken| grad(&x, |x| apply(&broken, &[x, x]).into_single().sum(..));
    let forward = |broken: Broken| jvp(&x, &x, |x| apply(&broken, &[x, x]).into_single());
    assert_messages(misuses![
        run(EvalOtherShape) => "broken: `infer` promised [f64[2]], `eval` gave [f64[2, 1]]; got f64[2], f64[2]",
        run(EvalOtherDType) => "broken: `infer` promised [f64[2]], `eval` gave [f32[2]]; got f64[2], f64[2]",
        run(EvalTwoOutputs) => "broken: `infer` promised [f64[2]], `eval` gave [f64[2], f64[2]]; got f64[2], f64[2]",
        reverse(EvalOtherShape) => "broken: `infer` promised [f64[2]], `eval` gave [f64[2, 1]]; got f64[2], f64[2]",
    ]);
    // What its rule does is noticed on the way back, or by the way forward that is made of it.
    assert_messages_alone(misuses![
        reverse(LooksAtInput) => "the rule looks at input 0, which its `keep` does not name",
        reverse(LooksAtOutput) => "the rule looks at output 0, which its `keep` does not name",
        reverse(LooksAtSpec) => "the rule looks at the spec of input 0; its `keep` must name the input, or Keep::SPECS",
        reverse(CotangentOtherShape) => "broken: the rule's vjp gave a cotangent f64[] for input 0, which is f64[2]",
        reverse(CotangentOtherDType) => "broken: the rule's vjp gave a cotangent f32[2] for input 0, which is f64[2]",
        reverse(CotangentMissing) =>
            "broken: the rule's vjp gave no cotangent for input 0, f64[2], which needs one; \
             where it is zero, give zeros",
        reverse(CotangentsTooFew) =>
            "broken: the rule's vjp must give a cotangent, or None where none is needed, for each of 2 inputs; \
             it gave 1",
        forward(LooksAtInput) => "the rule looks at input 0, which its `keep` does not name",
        forward(CotangentOtherShape) => "broken: the rule's vjp gave a cotangent f64[] for input 0, which is f64[2]",
        forward(CotangentMissing) =>
            "broken: the rule's vjp gave no cotangent for input 0, f64[2], which needs one; \
             where it is zero, give zeros",
        forward(CotangentsTooFew) =>
            "broken: the rule's vjp must give a cotangent, or None where none is needed, for each of 2 inputs; \
             it gave 1",
        forward(TangentOtherShape) => "broken: the rule's jvp gave a tangent f64[] for output 0, which is f64[2]",
        forward(TangentsNone) =>
            "broken: the rule's jvp must give a tangent, or None for zero, for each of 1 outputs; it gave 0",
    ]);
    assert_eq!(
        try_apply(&EvalOtherShape, &[&x, &x]).expect_err("a broken promise").to_string(),
        "broken: `infer` promised [f64[2]], `eval` gave [f64[2, 1]]; got f64[2], f64[2]"
    );
}

/// A fused operation whose parts give something else than itself would be wrong only under differentiation.
#[test]
fn a_decomposition_is_held_to_what_was_promised() {
    #[derive(Clone)]
    struct Fused;
    impl Primitive for Fused {
        fn name(&self) -> &'static str {
            "fused"
        }
        fn infer(&self, inputs: &[SpecRef<'_>]) -> cotangent::Result<Few<Spec>> {
            Ok(inputs[0].to_owned().into())
        }
        fn eval(&self, inputs: &[&Array]) -> cotangent::Result<Few<Array>> {
            Ok(inputs[0].clone().into())
        }
        fn derivative(&self) -> Derivative<'_> {
            Derivative::Decomposition(self)
        }
    }
    impl cotangent::Decompose for Fused {
        fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor> {
            inputs[0].sum(..).into()
        }
    }
    let x = Tensor::from([1.0, 2.0]);
    let f = |x: &Tensor| apply(&Fused, &[x]).into_single().sum(..);
    assert_eq!(f(&x).item::<f64>(), 3.0);
    assert_messages(misuses![
        grad(&x, f) => "fused: `infer` promised [f64[2]], `decompose` gave [f64[]]; got f64[2]",
        cotangent::jvp(&x, &x, f) => "fused: `infer` promised [f64[2]], `decompose` gave [f64[]]; got f64[2]",
    ]);
}

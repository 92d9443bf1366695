//! An operation that reads a part of its input, with a rule that adds to a sum in place; and ways to get that wrong.

use cotangent_autograd::check::{self, Law, LawReport};
use cotangent_tensor::{
    Accumulate, Array, Cotangents, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp, apply,
    ops::{Cut, SliceAdd, SliceScatter},
};

/// What is wrong with how the rule adds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Nothing,
    /// The sum is replaced in the part, not added to.
    Replaced,
    /// The sum is left out.
    Forgotten,
    /// Nothing is added.
    NotAdded,
}

/// The first element of a list, as a list.
#[derive(Clone)]
struct First(Wrong);

const FIRST: [Cut; 1] = [Cut::Along { start: 0, len: 1, step: 1 }];

impl Primitive for First {
    fn name(&self) -> &'static str {
        "first"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        Ok(Spec::new([1], inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        Ok(Tensor::from(inputs[0].clone()).narrow(0, 0, 1).into_array().into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for First {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::SPECS
    }
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let after = saved.spec(0).shape()[0] as isize - 1;
        Few::one(Some(y_bar.single().pad([(0, after)], 0)))
    }
    fn accumulates(&self) -> Option<&dyn Accumulate> {
        Some(self)
    }
}

impl Accumulate for First {
    fn accumulate(&self, sum: Tensor, _: &Saved, y_bar: Cotangents) -> Tensor {
        let y_bar = y_bar.single();
        let within = |primitive: &dyn Primitive, sum: &Tensor| apply(primitive, &[sum, &y_bar]).into_single();
        match self.0 {
            Wrong::Nothing => within(&SliceAdd::new(FIRST), &sum),
            Wrong::Replaced => within(&SliceScatter::new(FIRST), &sum),
            Wrong::Forgotten => within(&SliceAdd::new(FIRST), &sum.zeros_like()),
            Wrong::NotAdded => sum,
        }
    }
}

fn battery(wrong: Wrong) -> LawReport {
    check::operation("first", move |x| apply(&First(wrong), &[&x[0]]).into_single()).shapes(&[&[3]]).run()
}

#[test]
fn a_rule_that_adds_to_a_sum_keeps_every_law() {
    battery(Wrong::Nothing).assert_pass();
}

/// Nothing but a sum that is there already asks the rule to add to it, so that only this law sees how.
#[test]
fn wrong_where_a_cotangent_is_added_to_another() {
    for wrong in [Wrong::Replaced, Wrong::Forgotten, Wrong::NotAdded] {
        let report = battery(wrong);
        let found: Vec<Law> = report.breaches().iter().map(|breach| breach.law).collect();
        assert_eq!(found, [Law::Accumulation], "{wrong:?}: {report}");
    }
}

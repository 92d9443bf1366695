//! Points where differences do not decide: kinks and what does not converge. Neither passes.

use cotangent_autograd::{
    check::{self, Report, Verdict},
    module,
};
use cotangent_tensor::{DType, Rng, Tensor};
use std::cell::{Cell, RefCell};

/// A check with this verdict, whose text has these parts.
#[track_caller]
fn undecided(report: &Report, verdict: Verdict, parts: &[&str]) {
    let text = report.to_string();
    assert_eq!(report.verdict(), verdict, "{text}");
    let title =
        if verdict == Verdict::Kink { "gradient check found a kink\n" } else { "gradient check is inconclusive\n" };
    for part in [title].iter().chain(parts) {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(std::panic::catch_unwind(|| report.assert_pass()).is_err(), "it must not pass");
}

#[test]
fn kinks_are_named() {
    let at = Tensor::from([0.5, 0.0, -0.5]);
    let sides = ["the argument, element [1]", "before the point", "move the point away from the kink"];
    undecided(&check::gradients(|x: &Tensor| x.relu()).at(&at), Verdict::Kink, &sides);
    undecided(&check::gradients(|x: &Tensor| x.abs() + x.sin()).at(&at), Verdict::Kink, &sides);
    undecided(&check::gradients(|x: &Tensor| x.clamp(0, 1)).at(&at), Verdict::Kink, &sides);
    let ties = (Tensor::from([1.0, 2.0]), Tensor::from([3.0, 2.0]));
    let report = check::gradients(|(x, z): &(Tensor, Tensor)| x.maximum(z)).at(&ties);
    undecided(&report, Verdict::Kink, &["`0`, element [1]"]);
    undecided(
        &check::gradients(|x: &Tensor| x.max(0)).at(&Tensor::from([1.0, 3.0, 3.0])),
        Verdict::Kink,
        &["element ["],
    );
    let (before, after) = check::gradients(|x: &Tensor| x.abs().sum(..)).at(&at).finding().unwrap().sides.unwrap();
    assert!((before / after + 1.0).abs() < 1e-9);
}

#[test]
fn a_kink_nearer_than_the_steps_is_a_kink() {
    undecided(&check::gradients(|x: &Tensor| x.relu() + x).at(&Tensor::from([1e-9])), Verdict::Kink, &[]);
}

#[test]
fn a_kink_of_the_gradient_shows_at_second_order() {
    let half_parabola = |x: &Tensor| x.relu().square();
    let at = Tensor::from([1.0, 0.0]);
    check::gradients(half_parabola).order(1).at(&at).assert_pass();
    undecided(&check::gradients(half_parabola).at(&at), Verdict::Kink, &["order 2, ", "element [1]"]);
}

#[test]
fn a_kink_in_a_large_parameter_is_named() {
    let mut elements = Rng::seed(2).normal([500], DType::F64).to_vec::<f64>();
    elements[321] = 0.0;
    let report = check::gradients(|x: &Tensor| x.relu()).at(&elements.into());
    undecided(&report, Verdict::Kink, &["element [321]"]);
}

#[test]
fn jumps_do_not_converge() {
    let step = |x: &Tensor| x.gt(0).cast(DType::F64) + x;
    let parts = ["element [1]", "does not converge", "look for a discontinuity"];
    undecided(&check::gradients(step).at(&Tensor::from([0.5, 0.0])), Verdict::Inconclusive, &parts);
    // Symmetric differences alone would call this one flat.
    let spike = |x: &Tensor| x.eq(0).cast(DType::F64);
    undecided(&check::gradients(spike).at(&Tensor::from([0.0])), Verdict::Inconclusive, &["does not converge"]);
}

#[test]
fn the_end_of_a_domain_does_not_converge() {
    let parts = ["element [0]", "not finite at any step", "into the interior of the domain"];
    undecided(&check::gradients(|x: &Tensor| x.sqrt()).at(&Tensor::from([0.0, 4.0])), Verdict::Inconclusive, &parts);
    let cusp = |x: &Tensor| x.abs().sqrt();
    undecided(&check::gradients(cusp).at(&Tensor::from([0.0])), Verdict::Inconclusive, &["does not converge"]);
}

#[test]
fn rounding_to_f32_does_not_converge() {
    let single = |x: &Tensor| x.cast(DType::F32).sin().cast(DType::F64);
    let parts = ["does not converge", "rounding to f32"];
    undecided(&check::gradients(single).at(&Tensor::from([0.3, 0.7])), Verdict::Inconclusive, &parts);
}

#[test]
fn functions_that_cannot_be_checked_as_they_stand() {
    let x = Tensor::from([0.5, -0.5]);
    let none = |report: Report, part: &str| {
        assert!(report.finding().is_none());
        undecided(&report, Verdict::Inconclusive, &[part]);
    };
    none(check::gradients(|x: &Tensor| x.ln()).at(&x), "the function is NaN here, in element 1 of its result");
    none(
        check::gradients(|x: &Tensor| x.cast(DType::F32)).at(&x),
        "the function returned f32[2], but differences need f64",
    );
    none(check::gradients(|x: &Tensor| x.gt(0)).at(&x), "the function returned bool[2]");
    let rng = RefCell::new(Rng::seed(0));
    let noisy = |x: &Tensor| x + rng.borrow_mut().normal([2], DType::F64);
    none(check::gradients(noisy).at(&x), "two runs of the function differ: element 0");
    let calls = Cell::new(0);
    let counting = |x: &Tensor| {
        calls.set(calls.get() + 1);
        x.narrow(0, 0, calls.get().min(2))
    };
    none(check::gradients(counting).at(&x), "two runs of the function differ");
    none(check::gradients(|_: &Tensor| Tensor::from(1.0)).at(&Tensor::from([1i64])), "no floating-point parameter");
}

#[test]
fn nothing_to_compare_is_no_pass() {
    let empty = Tensor::zeros([0, 3], DType::F64);
    let report = check::gradients(|x: &Tensor| x.sin()).at(&empty);
    undecided(&report, Verdict::Inconclusive, &["there was nothing to compare; if that is meant, say .may_be_empty()"]);
    assert!(report.is_empty());
    undecided(&check::gradients(|x: &Tensor| x.narrow(0, 0, 0)).at(&Tensor::from([1.0])), Verdict::Inconclusive, &[]);
}

#[test]
fn a_point_outside_of_the_domain_says_nothing() {
    let ln = |x: &Tensor| x.ln();
    let report = check::gradients(ln).domain(0.0, 2.0).at(&Tensor::from([[1.0], [2.0]]));
    let text = "the argument, element [1, 0] is 2.0, outside of the domain (0.0, 2.0)";
    undecided(&report, Verdict::Inconclusive, &[text, "check::gradients(f).order(2).domain(0.0, 2.0).seed(0).at(&x)"]);
    // A domain that leaves no room for steps is no place to take differences.
    let narrow = check::gradients(ln).domain(0.5 - 1e-12, 0.5 + 1e-12).at(&Tensor::from([0.5]));
    undecided(&narrow, Verdict::Inconclusive, &["element [0]"]);
}

#[test]
fn single_precision_is_told_to_cast() {
    let model = (Tensor::from([1.0f64]), vec![Tensor::from([0.5f32])]);
    let f = |(x, rest): &(Tensor, Vec<Tensor>)| x.sin() * rest[0].cast(DType::F64);
    let report = check::gradients(f).at(&model);
    undecided(&report, Verdict::Inconclusive, &["`1.0` is f32[1]", "module::cast(&x, DType::F64)"]);
    // The way out that the text names.
    check::gradients(f).at(&module::cast(&model, DType::F64)).assert_pass();
}

#[test]
#[should_panic(expected = "check: the modes that were named have an order; leave .order(1) out")]
fn modes_above_the_order_would_compare_nothing() {
    let modes = [[check::Mode::Forward, check::Mode::Reverse]];
    check::gradients(|x: &Tensor| x.exp()).modes(modes).order(1).may_be_empty().at(&Tensor::from(0.5)).assert_pass();
}

//! Negative controls: each mutant breaks the law that was made for it.

use crate::product::{Mutant, fused, larger, product_of, several};
use cotangent_autograd::check::{self, Law, LawReport, Layout};
use cotangent_tensor::{DType, Tensor};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

fn battery(mutant: Mutant) -> LawReport {
    check::operation("product", move |x| product_of(&x[0], &x[1], mutant))
        .shapes(&[&[2, 3], &[2, 3]])
        .shapes(&[&[3], &[2, 1]])
        .shapes(&[&[], &[]])
        .broadcasts()
        .run()
}

/// The report of a battery that breaks this law.
#[track_caller]
fn broken(report: LawReport, law: Law) -> LawReport {
    assert!(report.breaks(law), "{law} is not broken:\n{report}");
    report
}

/// That this law is broken and no other.
#[track_caller]
fn broken_alone(report: LawReport, laws: &[Law]) -> LawReport {
    let found: Vec<Law> = report.breaches().iter().map(|breach| breach.law).collect();
    assert_eq!(found, laws, "{report}");
    report
}

#[test]
fn the_original_keeps_every_law() {
    battery(Mutant::None).assert_pass();
}

#[test]
fn a_wrong_sign_factor_or_term() {
    for mutant in [Mutant::WrongSign, Mutant::WrongFactor, Mutant::MissingTerm] {
        let report = broken(battery(mutant), Law::FirstOrder);
        // Forward mode transposes the same rule: it agrees, and is as wrong.
        assert!(!report.breaks(Law::DotProduct), "{report}");
    }
}

#[test]
fn wrong_from_an_order_on() {
    let report = broken(battery(Mutant::WrongAtSecondOrder), Law::SecondOrder);
    assert!(!report.breaks(Law::FirstOrder), "{report}");
    let report = broken(battery(Mutant::WrongAtThirdOrder), Law::ThirdOrder);
    assert!(!report.breaks(Law::FirstOrder) && !report.breaks(Law::SecondOrder), "{report}");
}

#[test]
fn wrong_where_the_cotangent_moves() {
    let report = broken(battery(Mutant::WrongInsideOfALargerFunction), Law::SecondOrder);
    assert!(report.breaks(Law::Compositions) && !report.breaks(Law::FirstOrder), "{report}");
    assert!(!report.breaks(Law::DotProduct), "{report}");
}

#[test]
fn wrong_where_strided() {
    let report = broken(battery(Mutant::WrongWhereStrided), Law::InputLayouts);
    let breach = report.breaches().iter().find(|breach| breach.law == Law::InputLayouts).unwrap();
    assert_eq!((breach.sample, breach.layout), (0, Some(Layout::Transposed)), "{report}");
    assert!(breach.what.starts_with("the value, output 0, element ["), "{report}");
}

#[test]
fn wrong_for_a_broadcast_cotangent() {
    let report = broken(battery(Mutant::WrongForBroadcastCotangent), Law::CotangentLayouts);
    let breach = report.breaches().iter().find(|breach| breach.law == Law::CotangentLayouts).unwrap();
    assert_eq!(breach.layout, Some(Layout::Broadcast), "{report}");
    assert!(!report.breaks(Law::DotProduct), "{report}");
}

#[test]
fn wrong_near_one_point() {
    // The drawn points are on both sides of it; at a single point all is well.
    broken(battery(Mutant::WrongNearOnePoint), Law::FirstOrder);
}

#[test]
fn wrong_for_one_of_two_inputs() {
    let report = broken(battery(Mutant::WrongForOneInput), Law::FirstOrder);
    assert!(report.to_string().contains("`1`, element ["), "{report}");
    broken_alone(battery(Mutant::WrongWhereNeededAlone), &[Law::NeededInputs]);
}

#[test]
fn a_shortcut_for_one_tensor_in_two_places() {
    let report = check::operation("product", |x| {
        let is_one = x[0].array().storage_elements::<f64>().as_ptr() == x[1].array().storage_elements::<f64>().as_ptr();
        // Someone took the second factor for a constant.
        if is_one { &x[0] * x[1].stop_gradient() } else { &x[0] * &x[1] }
    });
    let report = report.shapes(&[&[2, 3], &[2, 3]]).f64_only().run();
    broken_alone(report, &[Law::Aliasing]);
}

#[test]
fn a_wrong_jvp_beside_a_right_vjp() {
    let report = broken(battery(Mutant::JvpWrong), Law::DotProduct);
    assert!(report.breaks(Law::FirstOrder) && report.breaks(Law::Compositions), "{report}");
}

#[test]
fn what_is_not_linear() {
    broken_alone(battery(Mutant::ClipsCotangents), &[Law::LinearVjp]);
    broken_alone(battery(Mutant::ClipsTangents), &[Law::LinearJvp]);
}

#[test]
fn a_residual_that_is_not_the_input() {
    broken(battery(Mutant::WrongResidual), Law::FirstOrder);
}

#[test]
fn wrong_in_single_precision_only() {
    broken_alone(battery(Mutant::WrongInSinglePrecision), &[Law::SinglePrecision]);
}

#[test]
fn no_number_for_zero() {
    // Beside a random cotangent the quotient is one; it is a second derivative that sees it too.
    let report = broken(battery(Mutant::NanForZeroCotangent), Law::Zero);
    assert!(report.to_string().contains("the vjp of zero, input 0, element ["), "{report}");
    let report = broken(battery(Mutant::NanForZeroTangent), Law::Zero);
    assert!(report.to_string().contains("the jvp of zero, output 0, element ["), "{report}");
}

#[test]
fn a_decomposition_that_is_another_function() {
    let battery = |is_right| {
        let operation = check::operation("fused", move |x| fused(&x[0], &x[1], is_right));
        operation.shapes(&[&[2, 3], &[2, 3]]).f64_only().run()
    };
    battery(true).assert_pass();
    let report = broken(battery(false), Law::Traced);
    assert!(report.to_string().contains("the value inside of reverse mode, output 0"), "{report}");
}

#[test]
fn a_cotangent_of_the_wrong_shape_or_dtype() {
    for (mutant, text) in [
        (Mutant::CotangentOfWrongShape, "the rule's vjp gave a cotangent f64[1, 2, 3] for input 0, which is f64[2, 3]"),
        (Mutant::CotangentOfWrongDType, "the rule's vjp gave a cotangent f32[2, 3] for input 0, which is f64[2, 3]"),
        (Mutant::NoCotangent, "the rule's vjp gave no cotangent for input 1, f64[2, 3], which needs one"),
    ] {
        let report = broken(battery(mutant), Law::Traced);
        assert!(report.to_string().contains(text), "{report}");
    }
}

#[test]
fn a_cotangent_that_is_forgotten_beside_an_output_without_one() {
    let battery = |forgets| {
        let operation = check::operation("several", move |x| several(&x[0], &x[1], forgets));
        operation.shapes(&[&[2, 3], &[2, 3]]).f64_only().run()
    };
    let report = battery(false);
    report.assert_pass();
    assert!(report.compared(Law::SomeOutputs) > 0);
    broken(battery(true), Law::SomeOutputs);
}

#[test]
fn what_does_not_broadcast_as_it_says() {
    // A row is laid along the columns of a square matrix.
    let wrong = |x: &[Tensor]| {
        let column = |y: &Tensor| if y.rank() == 1 { y.unsqueeze(1) } else { y.clone() };
        column(&x[0]) * column(&x[1])
    };
    let battery = |operation: check::Operation| operation.shapes(&[&[3, 3], &[3]]).run();
    broken_alone(battery(check::operation("times", wrong).broadcasts()), &[Law::Broadcasting]);
    // Without the claim that it broadcasts it is an operation of its own.
    battery(check::operation("times", wrong)).assert_pass();
    // The gradient of what broadcasts is summed back: here a half of it.
    let halved = |x: &[Tensor]| {
        let whole = x[1].shape().len() == 2;
        if whole { &x[0] * &x[1] } else { &x[0] * ((&x[1] + x[1].stop_gradient()) * 0.5) }
    };
    broken(battery(check::operation("times", halved)), Law::Broadcasting);
}

#[test]
fn choices_among_equals_that_differ_between_the_modes() {
    let battery = |agrees| {
        let operation = check::operation("larger", move |x| larger(&x[0], &x[1], agrees));
        operation.shapes(&[&[4, 5], &[4, 5]]).f64_only().with_ties().run()
    };
    let report = battery(true);
    report.assert_pass();
    assert!(report.compared(Law::Ties) > 0);
    // One tensor in both places is a tie in each element, whose sum is right in both modes.
    broken_alone(battery(false), &[Law::Ties]);
}

#[test]
fn what_depends_on_when_it_is_called() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let unsteady = |x: &[Tensor]| &x[0] * (1.0 + 1e-15 * (CALLS.fetch_add(1, Relaxed) % 7) as f64);
    let report = broken(check::operation("unsteady", unsteady).shapes(&[&[3]]).run(), Law::Traced);
    assert!(report.to_string().contains("a second call, output 0"), "{report}");
}

#[test]
fn what_depends_on_threads() {
    // As a sum does whose pieces are cut by the number of threads.
    let threads = |x: &[Tensor]| {
        let id = format!("{:?}", std::thread::current().id());
        let number: u32 = id.chars().filter_map(|c| c.to_digit(10)).fold(0, |number, digit| number * 10 + digit);
        &x[0] * (1.0 + 1e-15 * f64::from(number))
    };
    broken_alone(check::operation("threads", threads).shapes(&[&[3]]).run(), &[Law::Threads]);
}

#[test]
fn values_that_are_not_met_and_misuse_that_is_taken() {
    let zeros = Tensor::zeros([2], DType::F64);
    let negated = || check::operation("neg", |x| -&x[0]).shapes(&[&[2]]);
    let report = broken_alone(negated().exact([zeros.clone()], [zeros.clone()]).run(), &[Law::ExactValues]);
    assert!(report.to_string().contains("the value, output 0, element [0]: -0.0, not 0.0"), "{report}");
    negated().exact([zeros.clone()], [-&zeros]).exact_gradient([zeros.clone()], [&zeros - 1]).run().assert_pass();
    let report = negated().exact_gradient([zeros.clone()], [&zeros + 1]).run();
    assert!(broken_alone(report, &[Law::ExactValues]).to_string().contains("the gradient of the sum"));
    let report = broken_alone(negated().refuses([zeros.clone()], "neg: no zeros").run(), &[Law::Refusals]);
    assert!(report.to_string().contains("it gave [f64[2]] where it should refuse: neg: no zeros"), "{report}");
    let sum = || check::operation("sum", |x| x[0].sum(2)).shapes(&[&[2, 1, 3]]);
    let report = broken_alone(sum().refuses([zeros], "sum: no such axis").run(), &[Law::Refusals]);
    assert!(report.to_string().contains("and not with\n            sum: no such axis"), "{report}");
}

#[test]
fn off_by_one_in_an_integer_that_f64_cannot_tell() {
    let beyond = (1i64 << 53) + 1;
    let exact = |given: i64| {
        check::operation("integer", move |_| Tensor::from([given]))
            .exact([Tensor::from([1.0])], [Tensor::from([beyond])])
            .run()
    };
    exact(beyond).assert_pass();
    let report = broken_alone(exact(beyond - 1), &[Law::ExactValues]);
    let what = &report.breaches()[0].what;
    assert!(what.contains("element [0]: 9007199254740992, not 9007199254740993"), "{what}");
}

//! Derivatives that are wrong: each fault of a rule is found, named and explained.

use crate::broken::{Fault, curve};
use cotangent_autograd::{
    check::{
        self, Comparison, Finding,
        Mode::{Forward, Reverse},
        Report, Verdict,
    },
    stop_gradient,
};
use cotangent_tensor::{DType, Rng, Tensor};

fn checked(fault: Fault) -> Report {
    let at = (Tensor::from([[0.5, -0.8], [1.5, 0.2]]), Tensor::from([[0.4, -1.0], [2.0, 0.7]]));
    check::gradients(move |(x, z): &(Tensor, Tensor)| curve(x, z, fault)).at(&at)
}

/// The finding of a failed check, whose text has these parts.
#[track_caller]
fn failure<'r>(report: &'r Report, parts: &[&str]) -> &'r Finding {
    let text = report.to_string();
    assert_eq!(report.verdict(), Verdict::Fail, "{text}");
    assert!(text.starts_with("gradient check FAILED\n"), "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    report.finding().unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn a_wrong_factor() {
    let report = checked(Fault::Factor);
    let parts = ["order 1, reverse mode (vjp)", "`0`, element [", "the derivative is 0.5 times what it should be"];
    let finding = failure(&report, &parts);
    assert_eq!(
        (finding.order, finding.comparison, finding.path.as_str()),
        (1, Comparison::Differences(Reverse.into()), "0")
    );
    assert!((finding.analytic / finding.numeric - 0.5).abs() < 1e-8);
    // The worst element is the one with the largest slope, 2 x z + 1, relative to the tolerance, of which all have the same.
    assert!(finding.index.is_some() && finding.step > 0.0 && finding.tolerance < 1e-5);
}

#[test]
fn a_wrong_sign() {
    failure(&checked(Fault::Sign), &["`0`, element [", "next:     the sign is reversed"]);
}

#[test]
fn a_forgotten_term() {
    failure(&checked(Fault::ForgottenTerm), &["order 1", "compare the rule, term by term"]);
    // Both modes make the same mistake: they agree, and only differences tell.
    failure(&checked(Fault::VjpAndJvp), &["order 1", "compare the rule, term by term"]);
}

#[test]
fn a_forgotten_input() {
    // The sweep itself holds a rule to what it was asked for; the checker reports what it says.
    let report = checked(Fault::ForgottenInput);
    assert_eq!(report.verdict(), Verdict::Fail);
    let reason = report.reason().unwrap();
    assert!(
        reason.contains("curve: the rule's vjp gave no cotangent for input 1, f64[2, 2], which needs one"),
        "{reason}"
    );
}

#[test]
fn a_dropped_derivative() {
    let report = checked(Fault::DeclaredZero);
    assert_eq!(failure(&report, &["the derivative is dropped", "Derivative::Zero"]).analytic, 0.0);
    let x = Tensor::from([0.5, 1.5]);
    failure(&check::gradients(|x: &Tensor| stop_gradient(x)).at(&x), &["the argument, element [", "is dropped"]);
    let round_trip = |x: &Tensor| Tensor::from(x.to_vec::<f64>()).sin();
    failure(&check::gradients(round_trip).at(&x), &["values taken out by to_vec"]);
}

#[test]
fn a_rule_that_is_right_at_first_order_only() {
    let report = checked(Fault::Detached);
    let finding = failure(&report, &["order 2, ", "the first derivative is right", "differences of the gradient"]);
    assert_eq!((finding.order, finding.path.as_str()), (2, "0"));
    // Order one alone does not see it.
    let at = (Tensor::from([0.5]), Tensor::from([0.4]));
    check::gradients(|(x, z): &(Tensor, Tensor)| curve(x, z, Fault::Detached)).order(1).at(&at).assert_pass();
    // In forward mode's own rule, only compositions with an inner forward mode are wrong.
    let report = checked(Fault::DetachedJvp);
    let finding = failure(&report, &["order 2, ", "over forward mode"]);
    let wrong = match finding.comparison {
        Comparison::Differences(composition) | Comparison::Compositions(composition, _) => composition,
        other => panic!("{other:?}"),
    };
    assert_eq!(wrong.modes()[1], Forward);
}

#[test]
fn an_error_of_the_third_order_only() {
    let at = (Tensor::from([0.5, 1.2]), Tensor::from([0.4, -0.7]));
    let f = |(x, z): &(Tensor, Tensor)| curve(x, z, Fault::DetachedTwice);
    check::gradients(f).at(&at).assert_pass();
    let report = check::gradients(f).order(3).at(&at);
    let parts = ["order 3, ", "differences of the Hessian's product", "the derivatives below are right"];
    assert_eq!(failure(&report, &parts).order, 3);
}

#[test]
fn a_failure_repeats_by_the_code_that_the_report_shows() {
    let at = (Tensor::from([0.5, 1.2]), Tensor::from([0.4, -0.7]));
    let f = |(x, z): &(Tensor, Tensor)| curve(x, z, Fault::Detached);
    let report = check::gradients(f).order(3).seed(8).at(&at);
    let finding = failure(&report, &["repeat:   check::gradients(f).modes([["]);
    let Comparison::Differences(modes) = finding.comparison else { panic!("{report}") };
    let code = format!("check::gradients(f).modes([{modes:?}]).seed(8).at(&x)\n");
    let again = check::gradients(f).modes([modes]).seed(8).at(&at);
    let repeated = failure(&again, &[&code]);
    assert_eq!((finding.analytic, finding.numeric), (repeated.analytic, repeated.numeric));
    assert_eq!((&finding.path, &finding.index), (&repeated.path, &repeated.index));
}

#[test]
fn the_element_of_the_result_is_named() {
    // The slope of the last result by the last element is dropped.
    let f = |x: &Tensor| {
        let product = x.narrow(0, 1, 1) * x.narrow(0, 2, 1).stop_gradient();
        (x.sin(), Tensor::concat([x.narrow(0, 0, 1).exp(), product], 0))
    };
    let report = check::gradients(f).at(&Tensor::from([0.4, 0.7, -0.3]));
    let finding = failure(&report, &["the argument, element [2]; element [1] of result 1", "is dropped"]);
    assert_eq!(finding.output, Some((1, vec![1])));
}

#[test]
fn a_function_that_is_another_inside_of_a_transform() {
    let f = |x: &Tensor| if x.tracer().is_some() { x.sin() + 1 } else { x.sin() };
    let report = check::gradients(f).at(&Tensor::from([0.4]));
    assert_eq!(report.verdict(), Verdict::Fail);
    assert!(
        report.reason().unwrap().starts_with("inside of reverse mode the function is another: element 0"),
        "{report}"
    );
}

#[test]
fn a_wrong_jvp_beside_a_right_vjp() {
    let report = checked(Fault::Jvp);
    let finding = failure(&report, &["order 1, forward mode (jvp)", "`0`, element ["]);
    assert_eq!(finding.comparison, Comparison::Differences(Forward.into()));
}

#[test]
fn a_derivative_that_is_not_a_number() {
    let report = checked(Fault::NotANumber);
    failure(&report, &["order 1", "keep the infinite slope out of the rule"]);
    // The classic: the branch that is not taken has an infinite slope.
    let masked = |x: &Tensor| x.gt(0).where_(&(x + x.abs()).sqrt(), 0);
    let finding = check::gradients(masked).at(&Tensor::from([1.0, -1.0]));
    let finding = failure(&finding, &["the argument, element [1]", "analytic: NaN", "0 * inf is NaN"]);
    assert_eq!((finding.numeric, finding.index.as_deref()), (0.0, Some(&[1][..])));
}

#[test]
fn a_cotangent_of_the_wrong_shape() {
    let report = checked(Fault::Shape);
    assert_eq!(report.verdict(), Verdict::Fail);
    assert!(report.finding().is_none());
    let reason = report.reason().unwrap();
    assert!(
        reason.starts_with("reverse mode (vjp) panicked: curve: the rule's vjp gave a cotangent f64[1, 2, 2]"),
        "{reason}"
    );
}

#[test]
fn one_wrong_element_among_thousands_is_named() {
    let x = Rng::seed(1).normal([40, 50], DType::F64);
    // The element [17, 31] is held out of the derivative.
    let mut mask = vec![false; 2000];
    mask[17 * 50 + 31] = true;
    let mask = Tensor::from_vec(mask, [40, 50]).unwrap();
    let report = check::gradients(|x: &Tensor| mask.where_(&x.stop_gradient(), x).sin()).order(1).at(&x);
    let finding = failure(&report, &["the argument, element [17, 31]", "is dropped"]);
    assert_eq!(finding.index.as_deref(), Some(&[17, 31][..]));
}

#[test]
fn an_error_of_every_size_of_derivative() {
    for size in [1e-12, 1.0, 1e12] {
        let f = move |x: &Tensor| (stop_gradient(x) * x) * size;
        failure(&check::gradients(f).at(&Tensor::from([0.7, -0.3])), &["the derivative is 0.5 times"]);
        // The same for a large or small argument: the derivative is small or large beside the value.
        let f = move |x: &Tensor| (x / size).sin() + (stop_gradient(x) / size).cos();
        failure(&check::gradients(f).at(&(Tensor::from([0.7, -0.3]) * size)), &["argument, element ["]);
        let f = move |x: &Tensor| (stop_gradient(x) / size * (x / size)).exp();
        failure(&check::gradients(f).at(&(Tensor::from([0.7, -0.3]) * size)), &["argument, element ["]);
    }
    // An output that is small beside another one.
    let f = |x: &Tensor| Tensor::concat([&x.narrow(0, 0, 1) * 1e9, stop_gradient(&x.narrow(0, 1, 1))], 0);
    failure(&check::gradients(f).at(&Tensor::from([0.7, -0.3])), &["argument, element [1]", "is dropped"]);
    // A millionth of a hundredth is the least that must be seen at the default tolerance.
    let f = |x: &Tensor| x.sin() + stop_gradient(x) * 1e-4;
    failure(&check::gradients(f).at(&Tensor::from([0.7, -0.3])), &[]);
    check::gradients(f).tolerance(1e-3).order(1).at(&Tensor::from([0.7, -0.3])).assert_pass();
}

#[test]
fn a_function_of_the_layout() {
    let f = |x: &Tensor| if x.array().is_contiguous() { x.sin() } else { x.sin() * 2 };
    let report = check::gradients(f).at(&Tensor::from([[0.1, 0.2], [0.3, 0.4]]).transpose(0, 1));
    assert_eq!(report.verdict(), Verdict::Fail);
    assert!(report.reason().unwrap().contains("memory layout"), "{report}");
    // As many elements in another shape, and more of them.
    let f = |x: &Tensor| if x.array().is_contiguous() { x.flatten(0, -1) } else { x.clone() };
    let report = check::gradients(f).at(&Tensor::from([[0.1, 0.2], [0.3, 0.4]]).transpose(0, 1));
    assert_eq!(report.verdict(), Verdict::Fail);
    assert!(report.reason().unwrap().ends_with("its result is f64[4], not f64[2, 2]"), "{report}");
    let f = |x: &Tensor| if x.array().is_contiguous() { x.narrow(0, 0, 1) } else { x.clone() };
    assert_eq!(check::gradients(f).at(&Tensor::from([0.1, 0.2]).flip(0)).verdict(), Verdict::Fail);
}

#[test]
#[should_panic(
    expected = "gradient check FAILED\n  compared: order 1, reverse mode (vjp) with differences of the function"
)]
fn a_failed_check_panics_with_its_text() {
    checked(Fault::Sign).assert_pass();
}

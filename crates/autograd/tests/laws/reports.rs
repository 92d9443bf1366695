//! What a failure says, and that it can be run alone.

use crate::product::{Mutant, product_of};
use cotangent_autograd::check::{self, Law, Layout, Operation};
use cotangent_tensor::{DType, Tensor};
use std::{env, process::Command};

fn battery(mutant: Mutant) -> Operation {
    check::operation("my product", move |x| product_of(&x[0], &x[1], mutant))
        .shapes(&[&[2], &[2]])
        .shapes(&[&[2, 3], &[2, 3]])
}

#[test]
fn a_failure_names_law_sample_layout_element_seed_and_command() {
    let report = battery(Mutant::WrongForBroadcastCotangent).seed(3).run();
    let text = report.to_string();
    assert!(text.starts_with("my product: 1 law is BROKEN; 2 samples, 1 seed, "), "{text}");
    let parts = [
        "  CotangentLayouts: cotangents and tangents in any memory layout give what their contiguous copies give\n",
        "    sample: 0, f64[2], f64[2], Broadcast, seed 3\n",
        "    found:  the vjp, input 0, element [0]: ",
        " apart, where ",
        "    alone:  COTANGENT_CHECK_ONLY='my product/CotangentLayouts/0/3' cargo test",
    ];
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let breach = &report.breaches()[0];
    assert_eq!(
        (breach.law, breach.sample, breach.layout, breach.seed),
        (Law::CotangentLayouts, 0, Some(Layout::Broadcast), 3)
    );
}

#[test]
fn a_failure_runs_alone() {
    let all = battery(Mutant::WrongForBroadcastCotangent).seed(3).run();
    let alone = battery(Mutant::WrongForBroadcastCotangent).only(Law::CotangentLayouts, 0).seed(3).run();
    assert_eq!(alone.breaches()[0].what, all.breaches()[0].what);
    let other = battery(Mutant::WrongForBroadcastCotangent).only(Law::DotProduct, 1).run();
    other.assert_pass();
    assert!(other.compared(Law::DotProduct) > 0 && other.compared(Law::Traced) == 0);
}

/// The variables are read by another process: this one's tests run at once, and all would see them.
#[test]
fn the_environment_chooses_seeds_and_what_runs_alone() {
    let child = "COTANGENT_TEST_CHILD";
    let run = |variable: &str, value: &str| {
        let this_test = "reports::the_environment_chooses_seeds_and_what_runs_alone";
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", this_test, "--nocapture"]).env(child, "1").env(variable, value);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    if env::var_os(child).is_some() {
        println!("{}", battery(Mutant::WrongForBroadcastCotangent).run());
        return;
    }
    let alone = run("COTANGENT_CHECK_ONLY", "my product/CotangentLayouts/1/7");
    assert!(
        alone.contains("my product: 1 law is BROKEN; ")
            && alone.contains("sample: 1, f64[2, 3], f64[2, 3], Broadcast, seed 7"),
        "{alone}"
    );
    let other_law = run("COTANGENT_CHECK_ONLY", "my product/Zero/0/0");
    assert!(other_law.contains("my product: 1 law holds in 2 comparisons; 2 samples, 1 seed, "), "{other_law}");
    let other_operation = run("COTANGENT_CHECK_ONLY", "your product/CotangentLayouts/1/7");
    assert!(other_operation.contains("my product: 0 laws hold in 0 comparisons"), "{other_operation}");
    let seeds = run("COTANGENT_CHECK_SEEDS", "4");
    assert!(seeds.contains("2 samples, 4 seeds, "), "{seeds}");
    let refused = [
        ("COTANGENT_CHECK_ONLY", "my product"),
        ("COTANGENT_CHECK_ONLY", "my product/Zero/2/0"),
        ("COTANGENT_CHECK_SEEDS", "many"),
        ("COTANGENT_CHECK_SEEDS", "0"),
    ];
    for (variable, value) in refused {
        assert!(run(variable, value).contains("FAILED"), "{variable}={value} is refused");
    }
}

#[test]
fn a_pass_says_what_was_compared_and_what_was_left_out() {
    let report = battery(Mutant::None).without(Law::Threads, "it is run on one thread").run();
    report.assert_pass();
    let text = report.to_string();
    assert!(text.starts_with("my product: 15 laws hold in "), "{text}");
    assert!(text.ends_with("\n  Threads was left out: it is run on one thread"), "{text}");
    assert_eq!(report.compared(Law::Threads), 0);
}

#[test]
#[should_panic(expected = "my product: 2 laws are BROKEN")]
fn a_broken_law_panics_with_its_text() {
    battery(Mutant::WrongAtSecondOrder).order(2).run().assert_pass();
}

#[test]
fn a_panic_of_the_operation_is_a_failure_with_its_message() {
    let report = check::operation("strict", |x| {
        assert!(x[0].array().is_contiguous(), "strict: takes contiguous tensors only");
        x[0].clone() * 2
    });
    let report = report.shapes(&[&[2, 2]]).run();
    assert!(report.breaks(Law::InputLayouts), "{report}");
    assert!(report.to_string().contains("the call panicked: strict: takes contiguous tensors only"), "{report}");
}

#[test]
fn an_operation_of_f64_says_so() {
    let report = check::operation("double", |x| Tensor::from(x[0].to_vec::<f64>()) + &x[0] - x[0].stop_gradient())
        .shapes(&[&[2]])
        .order(1)
        .run();
    assert!(report.breaks(Law::SinglePrecision));
    assert!(report.to_string().contains("if the operation takes f64 only, say so with .f64_only()"), "{report}");
}

#[test]
fn empty_samples_alone_are_no_pass() {
    let battery = || check::operation("exp", |x| x[0].exp()).shapes(&[&[0, 2]]);
    let report = battery().run();
    assert!(report.breaks(Law::FirstOrder));
    assert!(report.to_string().contains("every sample is empty, so that nothing was compared"), "{report}");
    battery().may_be_empty().run().assert_pass();
    battery().shapes(&[&[1]]).run().assert_pass();
}

#[test]
#[should_panic(expected = "check: nothing has no sample; add one with .shapes(..) or .at(..)")]
fn a_battery_without_samples_is_refused() {
    let _ = check::operation("nothing", |x| x[0].clone()).run();
}

#[test]
#[should_panic(expected = "check: my product has no sample 2 for Zero, but 2")]
fn a_sample_that_is_not_there_cannot_run_alone() {
    let _ = battery(Mutant::None).only(Law::Zero, 2).run();
}

#[test]
#[should_panic(expected = "check: at least one seed is needed")]
fn no_seeds_are_no_pass() {
    let _ = battery(Mutant::None).seeds(0);
}

#[test]
fn undecided_is_no_pass() {
    let report = check::operation("coarse", |x| x[0].cast(DType::F32).cast(x[0].dtype())).shapes(&[&[3]]).run();
    assert!(report.breaks(Law::FirstOrder));
    assert!(report.to_string().contains("differences do not settle at 3 points, the last: order 1, "), "{report}");
}

//! Operations that keep every law, of each kind that a user may have.

use crate::product::{Mutant, product_of, several};
use cotangent_autograd::check::{self, Law};
use cotangent_tensor::{DType, Tensor};

#[test]
fn integers_and_truth_values_among_the_inputs_are_held_constant() {
    // y = x[index] where the mask says so, else twice that.
    let report = check::operation("choose", |x| {
        let picked = x[0].index_select(0, &x[1]);
        x[2].where_(&picked, &(&picked * 2))
    })
    .at([Tensor::from([0.5, -1.5, 2.0]), Tensor::from([2i64, 0, 2, 1]), Tensor::from([true, false, true, true])])
    .run();
    report.assert_pass();
    for law in [Law::FirstOrder, Law::ThirdOrder, Law::InputLayouts, Law::SinglePrecision] {
        assert!(report.compared(law) > 0, "{law}: {report}");
    }
}

#[test]
fn several_outputs_of_which_one_is_an_integer() {
    // As `apply` returns them, as a tuple, and as a list.
    let names = ["few", "tuple", "list"];
    let batteries = [
        check::operation(names[0], |x| several(&x[0], &x[1], false)),
        check::operation(names[1], |x| (x[0].max(0), x[0].argmax(0), x[1].exp())),
        check::operation(names[2], |x| vec![&x[0] * &x[1], x[0].gt(0)]),
    ];
    for battery in batteries {
        let report = battery
            .shapes(&[&[3, 2], &[3, 2]])
            .shapes(&[&[1], &[1]])
            .without(Law::SinglePrecision, "some are of f64")
            .run();
        report.assert_pass();
        assert!(report.compared(Law::SecondOrder) > 0);
    }
}

#[test]
fn what_has_no_derivative_keeps_the_other_laws() {
    let report = check::operation("argmax", |x| x[0].argmax(-1)).shapes(&[&[3, 4]]).shapes(&[&[1, 1]]).run();
    report.assert_pass();
    assert!(report.compared(Law::FirstOrder) == 0 && report.compared(Law::InputLayouts) > 0);
    let integers =
        check::operation("add", |x| &x[0] + &x[1]).at([Tensor::from([1i64, 2]), Tensor::from([3i64, 4])]).run();
    integers.assert_pass();
}

#[test]
fn a_domain_is_not_left() {
    check::operation("logit", |x| {
        let inside = x[0].cast(DType::F64).to_vec::<f64>().iter().all(|x| *x > 0.0 && *x < 1.0);
        assert!(inside, "logit: {} leaves the domain", x[0]);
        (&x[0] / (1 - &x[0])).ln()
    })
    .shapes(&[&[2, 3]])
    .between(0.02, 0.98)
    .domain(0.0, 1.0)
    .run()
    .assert_pass();
}

#[test]
fn inputs_with_ranges_of_their_own() {
    let report = check::operation("power", |x| (&x[0].ln() * &x[1]).exp())
        .shapes(&[&[2, 3], &[2, 3]])
        .shapes(&[&[3], &[2, 1]])
        .input_between(0, 0.5, 2.0)
        .broadcasts()
        .run();
    report.assert_pass();
    // The exponent cannot stand for the base.
    assert_eq!(report.compared(Law::Aliasing), 0);
    assert!(report.compared(Law::Broadcasting) > 0);
}

#[test]
fn kinks_near_a_drawn_point_are_no_failures() {
    // With a kink at every tenth, every tenth of the points is too near to one.
    let rough = |x: &[Tensor]| (&x[0] * 31.4).sin().abs();
    check::operation("rough", rough).shapes(&[&[3]]).order(1).seeds(50).run().assert_pass();
}

#[test]
fn every_seed_draws_other_inputs() {
    let battery =
        |seed| check::operation("product", |x| product_of(&x[0], &x[1], Mutant::None)).shapes(&[&[2], &[2]]).seed(seed);
    let drawn = |seed| battery(seed).inputs()[0][0].to_vec::<f64>();
    assert_eq!(drawn(3), drawn(3));
    assert_ne!(drawn(3), drawn(4));
    let report = battery(0).seeds(5).run();
    report.assert_pass();
    assert_eq!(report.compared(Law::FirstOrder), 5);
}

#[test]
fn large_samples_are_for_threads_layouts_and_precision() {
    let battery = check::operation("exp", |x| x[0].exp());
    let report = battery.large(&[&[100, 40]]).shapes(&[&[2]]).run();
    report.assert_pass();
    assert_eq!(report.compared(Law::FirstOrder), 1);
    assert_eq!(report.compared(Law::Threads), 2);
    assert!(report.compared(Law::InputLayouts) > 6);
}

#[test]
fn every_seed_is_a_seed() {
    let report = check::operation("product", |x| product_of(&x[0], &x[1], Mutant::None))
        .shapes(&[&[2], &[2]])
        .seed(u64::MAX)
        .seeds(2)
        .run();
    report.assert_pass();
    assert_eq!(report.compared(Law::FirstOrder), 2);
}

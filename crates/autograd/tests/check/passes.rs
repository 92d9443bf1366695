//! Functions whose derivatives are right.

use crate::broken::{Fault, curve};
use cotangent_autograd::{
    check::{self, Composition, Mode, Verdict},
    grad,
    module::{Module, Visitor, VisitorMut},
};
use cotangent_tensor::{DType, Rng, Tensor};

fn normal(shape: impl Into<cotangent_tensor::Shape>) -> Tensor {
    Rng::seed(3).normal(shape, DType::F64)
}

#[test]
fn functions_of_a_tensor() {
    check::gradients(|x: &Tensor| x.sin()).at(&normal([3, 2])).assert_pass();
    check::gradients(|x: &Tensor| x.sin().exp() / (x * x + 1)).at(&Tensor::from(0.7)).assert_pass();
    // A number as the result, and a result that is larger than the argument.
    check::gradients(|x: &Tensor| (x * x).sum(..)).at(&normal([4])).assert_pass();
    check::gradients(|x: &Tensor| x.unsqueeze(0) * x.unsqueeze(1)).at(&normal([4])).assert_pass();
    // A gradient is a function too.
    check::gradients(|x: &Tensor| grad(x, |x| x.powf(4).sum(..))).at(&normal([3])).assert_pass();
}

#[test]
fn the_operation_whose_faults_are_found_elsewhere() {
    let at = (normal([3]), Tensor::from([0.4, -1.0, 2.0]));
    for seed in 0..5 {
        check::gradients(|(x, z): &(Tensor, Tensor)| curve(x, z, Fault::None)).seed(seed).at(&at).assert_pass();
    }
}

#[derive(Clone)]
struct Network {
    hidden: Tensor,
    bias: Tensor,
    output: Tensor,
    /// Not f64, not differentiated.
    steps: Tensor,
}

impl Module for Network {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        self.hidden.visit(&mut visitor.field("hidden"));
        self.bias.visit(&mut visitor.field("bias"));
        self.output.visit(&mut visitor.field("output"));
        self.steps.visit(&mut visitor.field("steps").as_buffer());
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        self.hidden.visit_mut(&mut visitor.field("hidden"));
        self.bias.visit_mut(&mut visitor.field("bias"));
        self.output.visit_mut(&mut visitor.field("output"));
        self.steps.visit_mut(&mut visitor.field("steps").as_buffer());
    }
}

#[test]
fn a_network_with_a_large_parameter() {
    let mut rng = Rng::seed(5);
    let network = Network {
        hidden: rng.normal([6, 30], DType::F64),
        bias: rng.normal([30], DType::F64),
        output: rng.normal([30, 3], DType::F64) * 0.3,
        steps: Tensor::from([7i64]),
    };
    let x = rng.normal([4, 6], DType::F64);
    let forward = |n: &Network| (x.matmul(&n.hidden) + &n.bias).tanh().matmul(&n.output).softmax(-1);
    let report = check::gradients(forward).at(&network);
    report.assert_pass();
    let text = report.to_string();
    assert!(text.starts_with("gradient check passed\n"), "{text}");
    // hidden has 180 elements and goes along two directions; one more for the dot product, two for the second order.
    assert!(text.ends_with("order 1 to 2, 120 elements one by one, 5 random directions, seed 0"), "{text}");
}

#[test]
fn views_of_every_kind() {
    let f = |x: &Tensor| x.sin() * x.sum_keepdims(-1);
    let base = normal([3, 4]);
    for x in [
        base.transpose(0, 1),
        base.flip(1),
        base.narrow(1, 1, 2),
        base.narrow(0, 1, 1).expand([5, 4]),
        Tensor::from(0.3).expand([2, 2]),
        normal([1, 1]),
        normal([1]),
    ] {
        check::gradients(f).at(&x).assert_pass();
    }
}

#[test]
fn nothing_to_compare_passes_where_it_is_expected() {
    let empty = Tensor::zeros([0, 0], DType::F64);
    let report = check::gradients(|x: &Tensor| x.sin().sum(0)).may_be_empty().at(&empty);
    report.assert_pass();
    assert!(report.is_empty() && report.reason().unwrap().contains("nothing to compare"));
    check::gradients(|x: &Tensor| x.exp().sum(..)).may_be_empty().at(&Tensor::zeros([0], DType::F64)).assert_pass();
    check::gradients(|x: &Tensor| x.narrow(0, 0, 0).exp()).may_be_empty().at(&normal([2])).assert_pass();
    // What is not empty is checked all the same.
    let report = check::gradients(|x: &Tensor| x.exp()).may_be_empty().at(&normal([2]));
    assert!(!report.is_empty() && report.finding().is_some());
}

#[test]
fn derivatives_of_every_size() {
    for size in [1e-12, 1e-3, 1.0, 1e6, 1e12] {
        check::gradients(|x: &Tensor| x.exp() * size).at(&normal([3])).assert_pass();
        // Far from and near to zero, the steps follow the argument.
        check::gradients(|x: &Tensor| (x / size).sin()).at(&(normal([3]) * size)).assert_pass();
        check::gradients(|x: &Tensor| x.ln()).at(&(normal([3]).square() * size)).assert_pass();
    }
    // One derivative is zero, the other is not.
    check::gradients(|(x, z): &(Tensor, Tensor)| x + z * z.zeros_like()).at(&(normal([2]), normal([2]))).assert_pass();
    check::gradients(|x: &Tensor| x * x.zeros_like() + 5).at(&normal([2])).assert_pass();
    // A stationary point: all of the gradient is zero, the Hessian is not.
    check::gradients(|x: &Tensor| (x * x).sum(..)).at(&Tensor::zeros([3], DType::F64)).assert_pass();
}

#[test]
fn every_order_in_every_composition_of_modes() {
    let f = |(x, z): &(Tensor, Tensor)| (x.sin() * z.exp()).sum(0);
    let at = (normal([3, 2]), normal([2]));
    let report = check::gradients(f).order(3).at(&at);
    report.assert_pass();
    assert!(
        report.to_string().contains("covered:  order 1 to 3, 8 elements one by one, 4 random directions"),
        "{report}"
    );
    for order in 1..=3 {
        for composition in Composition::of_order(order) {
            let report = check::gradients(f).modes([composition]).at(&at);
            report.assert_pass();
            assert_eq!(report.finding().unwrap().order, order, "{composition}");
            assert!(report.to_string().contains(&format!("covered:  {composition}, ")), "{report}");
        }
    }
    check::gradients(f).modes([Mode::Forward]).at(&at).assert_pass();
}

#[test]
fn several_results_of_which_one_has_no_derivative() {
    let f = |x: &Tensor| (x.max(0), vec![x.argmax(0), x.sin().unsqueeze(0)]);
    check::gradients(f).order(3).at(&normal([4])).assert_pass();
}

#[test]
fn more_directions_through_a_large_parameter() {
    let report = check::gradients(|x: &Tensor| x.sin()).directions(5).at(&normal([200]));
    report.assert_pass();
    assert!(report.to_string().contains(" 0 elements one by one, 11 random directions"), "{report}");
}

#[test]
fn steps_stay_within_the_domain() {
    let guarded = |x: &Tensor| {
        assert!(x.to_vec::<f64>().iter().all(|x| *x > 0.0 && *x < 1.0), "outside: {x}");
        x.ln() * (1 - x).sqrt()
    };
    let at = Tensor::from([1e-3, 0.5, 0.99, 0.0625, 1e-5, 1.0 - 1e-3]);
    check::gradients(guarded).domain(0.0, 1.0).order(1).at(&at).assert_pass();
    check::gradients(guarded).domain(0.0, 1.0).order(3).at(&Tensor::from([0.1, 0.5, 0.9])).assert_pass();
    // Very near an end of the domain of a function that goes on smoothly: away from it.
    let smooth = |x: &Tensor| {
        assert!(x.to_vec::<f64>().iter().all(|x| *x > 0.0), "outside: {x}");
        x.exp()
    };
    check::gradients(smooth).domain(0.0, f64::INFINITY).at(&Tensor::from([1e-14, 1.0])).assert_pass();
}

#[test]
fn a_result_that_is_small_beside_its_slope() {
    // What stands behind the function must not bend within a step.
    for offset in [0.0, 1e-9, 1e-3, 0.02] {
        let at = Tensor::from([1.0, -0.7]);
        let f = |x: &Tensor| (x * 3 - &at * (3.0 - offset)) * x.exp();
        check::gradients(f).order(3).at(&at).assert_pass();
    }
}

#[test]
fn a_kink_nearby_does_not_disturb() {
    for distance in [1e-3, 0.01, 0.03, 0.0625, 0.1] {
        check::gradients(|x: &Tensor| x.relu() * x + x.abs()).at(&Tensor::from([distance, -distance])).assert_pass();
    }
}

#[test]
fn a_report_repeats_with_its_seed() {
    let at = normal([200]);
    let check = |seed| check::gradients(|x: &Tensor| x.sin()).seed(seed).at(&at).to_string();
    assert_eq!(check(4), check(4));
    assert_ne!(check(4), check(5));
    let report = check::gradients(|x: &Tensor| x.sin()).seed(9).order(1).at(&at);
    assert_eq!((report.seed(), report.verdict()), (9, Verdict::Pass));
    assert!(report.to_string().contains("order 1 to 1"));
}

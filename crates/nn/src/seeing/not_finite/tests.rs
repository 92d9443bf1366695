//! NaN and infinity from operations and from rules, and those that are meant.

use super::*;
use crate::{Linear, Loss, Sequential};
use cotangent_tensor::{DType, Rng, Tensor};

fn two_layers(between: fn(&Tensor) -> Tensor) -> Sequential {
    let mut rng = Rng::seed(5);
    Sequential::new().push(Linear::new(3, 8, &mut rng)).push_fn(between).push(Linear::new(8, 2, &mut rng))
}

fn found(model: &Sequential, x: &Tensor) -> Option<NotFinite> {
    let y = Tensor::from([0i64, 1, 1]);
    find_nan(model, &(x.clone(), y), |m, (x, y)| m.forward(x).cross_entropy(y))
}

#[test]
fn the_first_operation_is_named_with_its_place_in_the_model() {
    let x = Tensor::from([[1.0f32, 2.0, 3.0], [0.0, 1.0, 0.0], [-1.0, 0.5, 2.0]]);
    assert!(found(&two_layers(Tensor::tanh), &x).is_none());
    // Half of the numbers are negative; all that follows is NaN too.
    let log = found(&two_layers(|x| x.ln()), &x).expect("there is one");
    assert_eq!((&log.place, log.path.as_deref()), (&Place::Output("ln", 0), None));
    assert!(log.numbers.nans > 0 && log.inputs[0].1.least < 0.0);
    // 1e30 squared is beyond f32: the product is where it happens, in the layer behind.
    let product = found(&two_layers(|x| x * 1e30f32 * 1e8f32), &(x * 1e3f32)).expect("there is one");
    assert_eq!(product.place, Place::Output("mul", 0));
    let mut model = two_layers(|x| x.abs() + 1e38f32);
    cotangent_autograd::module::for_each_mut(&mut model, |leaf| {
        if leaf.path.to_string() == "2.weight" {
            *leaf.tensor = Tensor::full([2, 8], 10, DType::F32);
        }
    });
    let product = found(&model, &Tensor::ones([3, 3], DType::F32)).expect("there is one");
    assert_eq!((&product.place, product.path.as_deref()), (&Place::Output("linear", 0), Some("2")));
    assert_eq!(product.position, [0, 0]);
    let said = product.to_string();
    assert!(said.starts_with("linear gives f32[3, 2] that is not finite, of finite inputs: 6 infinite of 6"), "{said}");
    assert!(said.contains(" in `2`, on f32[3, 8] from "), "{said}");
}

#[test]
fn a_rule_that_divides_by_zero_is_named() {
    let zero = Tensor::zeros([2, 2], DType::F64);
    let norm = find_nan(&vec![Linear { weight: zero, bias: None }], &Tensor::from([[1.0, 2.0]]), |m, x| {
        m[0].forward(x).square().sum(..).sqrt()
    });
    let norm = norm.expect("the derivative of a root at 0 is infinite");
    assert_eq!((&norm.place, norm.operation), (&Place::Cotangent("sqrt", 0), Some(3)));
    assert_eq!((norm.numbers.infinities, norm.spec.to_string()), (1, "f64[]".to_owned()));
    // A power below 1 of no difference has an infinite slope, for which the rule of distances gives 0, as PyTorch does.
    let x = Tensor::from([[1.0, 2.0]]);
    let distance = find_nan(&x, &x, |x, y| x.cdist(&(y * 1.0), 0.5).sum(..));
    assert!(distance.is_none(), "{distance:?}");
}

#[test]
fn what_is_not_finite_from_the_start_is_not_an_operations_fault() {
    let model = two_layers(Tensor::relu);
    let x = Tensor::from([[1.0f32, f32::NAN, 3.0], [0.0, 1.0, 0.0], [-1.0, 0.5, 2.0]]);
    let input = found(&model, &x).expect("there is one");
    assert_eq!(input.place, Place::Input("0".to_owned()));
    assert_eq!(
        input.to_string(),
        "the input `0`, f32[3, 3], is not finite before anything ran: 1 NaN of 9, the first at [0, 1]"
    );
    let parameter = find_nan(&vec![Tensor::from(f64::INFINITY)], &(), |m, ()| m[0].tanh()).expect("there is one");
    assert_eq!(parameter.place, Place::Parameter("0".to_owned()));
    // A mask of infinities, as attention uses it.
    let scores = Tensor::from([[1.0, 2.0], [0.5, -1.0]]);
    let mask = Tensor::from([[0.0, f64::NEG_INFINITY], [0.0, 0.0]]);
    assert!(find_nan(&scores, &(), |s, ()| (s + &mask).softmax(-1).square().sum(..)).is_none());
}

#[test]
fn a_nan_that_arises_from_infinities_is_named() {
    let (w, infinity) = (Tensor::from([2.0]), Tensor::from([f64::INFINITY]));
    let difference = find_nan(&w, &(), |w, ()| ((w + &infinity) - &infinity).sum(..)).expect("the loss is NaN");
    assert_eq!((&difference.place, difference.operation), (&Place::Output("sub", 0), Some(1)));
    assert!(
        difference
            .to_string()
            .starts_with("sub gives f64[1] that is not finite, of infinite inputs without NaN: 1 NaN of 1"),
        "{difference}"
    );
    // A row that is masked as a whole: all that its weights are made of is infinite. The row before it is well.
    let scores = Tensor::from([[1.0, 2.0], [0.5, -1.0]]);
    let mask = Tensor::from([[0.0, f64::NEG_INFINITY], [f64::NEG_INFINITY, f64::NEG_INFINITY]]);
    let softmax = find_nan(&scores, &(), |s, ()| (s + &mask).softmax(-1).square().sum(..)).expect("the loss is NaN");
    assert_eq!((&softmax.place, softmax.operation), (&Place::Output("softmax", 0), Some(1)));
    assert_eq!((softmax.numbers.nans, &softmax.position[..]), (2, &[1, 0][..]));
}

#[test]
fn a_sum_of_cotangents_that_is_too_large_is_named() {
    let w = Tensor::from([2.0]);
    let twice = |x: &Tensor| (x * 1.5e308).sum(..) + (x * 1.5e308).sum(..);
    // Each cotangent is finite; the rule of what is behind them would make NaN of their sum and its zero.
    let of_operation = find_nan(&w, &(), |w, ()| twice(&(w * 0.0))).expect("the gradient is NaN");
    assert_eq!((&of_operation.place, of_operation.operation), (&Place::Sum("mul".to_owned()), Some(0)));
    let zero = vec![Tensor::from([0.0])];
    let of_parameter = find_nan(&zero, &(), |w, ()| twice(&w[0])).expect("the gradient is infinite");
    assert_eq!(of_parameter.place, Place::Sum("0".to_owned()));
    assert_eq!(
        of_parameter.to_string(),
        "the cotangents of `0` are finite, but their sum, f64[1], is not: 1 infinite of 1, the first at [0]"
    );
}

#[test]
fn the_gradient_of_the_data_is_nobodys() {
    // The root's slope is infinite at 0, but training does not ask for it.
    let model = vec![Tensor::from([2.0])];
    let found = find_nan(&model, &Tensor::from([0.0]), |w, x| (x.sqrt() * &w[0]).sum(..));
    assert!(found.is_none(), "{found:?}");
    // It must not stand before what is wrong, nor panic for what has no derivative.
    let found =
        find_nan(&vec![Tensor::from([0.0])], &Tensor::from([0.0]), |w, x| (x.sqrt() + (&w[0] * 1.0).sqrt()).sum(..));
    let found = found.expect("the root of the parameter");
    assert_eq!((&found.place, found.operation), (&Place::Cotangent("sqrt", 0), Some(2)));
    let tall = Tensor::from([[3.0], [4.0]]);
    assert!(find_nan(&model, &tall, |w, x| (x.qr_complete().0 * &w[0]).sum(..)).is_none());
    // What goes wrong on the way forward is found, also where no parameter takes part.
    let found = find_nan(&model, &Tensor::from([-1.0]), |w, x| (x.sqrt() * &w[0]).sum(..)).expect("the root");
    assert_eq!((&found.place, found.operation), (&Place::Output("sqrt", 0), Some(0)));
}

//! Checkpointing changes what is kept and never what comes out: values, derivatives of every order and mode, nested, with the
//! same random numbers in both runs.

use cotangent_autograd::{
    Module, check, checkpoint, grad, hessian, hvp, jvp,
    module::{self, Visitor, VisitorMut},
    value_and_grad,
};
use cotangent_tensor::{DType, Rng, Tensor};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

type Layer = (Tensor, Tensor);

fn layer(rng: &mut Rng) -> Layer {
    (rng.normal([3, 3], DType::F64), rng.normal([3], DType::F64))
}

fn forward((weight, bias): &Layer, x: &Tensor) -> Tensor {
    (x.matmul(weight) + bias).tanh()
}

fn segment((layer, x): &(Layer, Tensor)) -> Tensor {
    forward(layer, x)
}

/// Two layers, each kept or run again.
fn network((layers, x): &(Vec<Layer>, Tensor), again: bool) -> Tensor {
    layers.iter().fold(x.clone(), |x, layer| {
        let argument = (layer.clone(), x);
        if again { checkpoint(&argument, segment) } else { segment(&argument) }
    })
}

fn flat(model: &impl cotangent_autograd::Module) -> Vec<f64> {
    module::tensors(model).into_iter().flat_map(Tensor::to_vec::<f64>).collect()
}

fn assert_close(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    // The same operations in another order of summation at most.
    a.iter().zip(b).for_each(|(a, b)| assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} is not {b}"));
}

#[test]
fn values_and_derivatives_are_those_of_the_plain_network() {
    let mut rng = Rng::seed(3);
    let model = (vec![layer(&mut rng), layer(&mut rng)], rng.normal([2, 3], DType::F64));
    let direction = module::map(&model, |leaf| rng.normal(leaf.tensor.shape(), DType::F64));
    let loss = |again| move |model: &(Vec<Layer>, Tensor)| network(model, again).square().sum(..);

    let (kept, run_again) = (value_and_grad(&model, loss(false)), value_and_grad(&model, loss(true)));
    assert_eq!(kept.0.item::<f64>(), run_again.0.item::<f64>());
    assert_close(&flat(&run_again.1), &flat(&kept.1));
    let (kept, run_again) = (jvp(&model, &direction, loss(false)).1, jvp(&model, &direction, loss(true)).1);
    assert_close(&flat(&run_again), &flat(&kept));
    assert_close(&flat(&hvp(&model, &direction, loss(true))), &flat(&hvp(&model, &direction, loss(false))));

    let third = |again| {
        let f = move |x: &Tensor| network(&(vec![(x.reshape([1, 1]), x.clone())], x.reshape([1, 1])), again).sum(..);
        grad(&Tensor::from(0.3), |x| hessian(x, f).sum(..)).item::<f64>()
    };
    assert_close(&[third(true)], &[third(false)]);
}

#[test]
fn segments_nest() {
    let x = Tensor::from([0.2, -0.4]);
    let inner = |x: &Tensor| x.sin() * x;
    let outer = move |x: &Tensor| checkpoint(x, inner).exp() + checkpoint(x, inner);
    let nested = grad(&x, |x| checkpoint(x, outer).sum(..)).to_vec::<f64>();
    let plain = grad(&x, |x| (inner(x).exp() + inner(x)).sum(..)).to_vec::<f64>();
    assert_close(&nested, &plain);
}

#[test]
fn both_runs_draw_the_same_random_numbers() {
    let x = Tensor::ones([1000], DType::F64);
    let rng = Rng::seed(5);
    // Dropout: what is zero forward must be zero backward.
    let dropped = |x: &Tensor| {
        let rng = rng.clone();
        checkpoint(x, move |x: &Tensor| x.square() * rng.clone().bernoulli(0.5, [1000]).cast(DType::F64))
    };
    let (sum, gradient) = value_and_grad(&x, |x| dropped(x).sum(..));
    assert_eq!(gradient.to_vec::<f64>().iter().sum::<f64>(), 2.0 * sum.item::<f64>());
    assert_eq!(gradient.to_vec::<f64>(), (dropped(&x) * 2).to_vec::<f64>());
}

type Pair = (Tensor, Vec<Tensor>);

/// Two of the three results are used, one of them twice.
fn of_several(x: &Pair, again: bool) -> Tensor {
    fn step((x, ws): &Pair) -> (Tensor, [Tensor; 2], Option<Tensor>) {
        let y = x.matmul(&ws[0]).tanh();
        (y.square(), [y.exp() * &ws[1], y.argmax(-1)], Some(ws[1].exp()))
    }
    let (state, [output, place], _) = if again { checkpoint(x, step) } else { step(x) };
    assert_eq!(place.dtype(), DType::I64);
    (&state * &output + state.sin()).sum(..)
}

#[test]
fn a_segment_may_have_several_results_of_which_some_are_not_used() {
    let mut rng = Rng::seed(4);
    let x = (rng.normal([2, 3], DType::F64), vec![rng.normal([3, 3], DType::F64), rng.normal([3], DType::F64)]);
    let v = module::map(&x, |leaf| rng.normal(leaf.tensor.shape(), DType::F64));
    let f = |again| move |x: &Pair| of_several(x, again);
    let (kept, run_again) = (value_and_grad(&x, f(false)), value_and_grad(&x, f(true)));
    assert_eq!(kept.0.item::<f64>(), run_again.0.item::<f64>());
    assert_close(&flat(&run_again.1), &flat(&kept.1));
    assert_close(&flat(&jvp(&x, &v, f(true)).1), &flat(&jvp(&x, &v, f(false)).1));
    assert_close(&flat(&hvp(&x, &v, f(true))), &flat(&hvp(&x, &v, f(false))));
    // Reverse over reverse.
    let second = |again| {
        grad(&x, |x| module::tensors(&grad(x, f(again))).iter().fold(Tensor::from(0.0), |s, g| s + g.square().sum(..)))
    };
    assert_close(&flat(&second(true)), &flat(&second(false)));
    check::gradients(f(true)).order(2).at(&x).assert_pass();
}

#[test]
fn what_has_no_tensors_is_returned_as_it_is() {
    let gradient = grad(&Tensor::from(3.0), |x| {
        let empty: Vec<Tensor> = checkpoint(x, |_| Vec::new());
        assert!(empty.is_empty());
        x.square()
    });
    assert_eq!(gradient.item::<f64>(), 6.0);
}

/// A buffer is no parameter of the model, but what is in it may come from one.
#[derive(Clone)]
struct Held(Tensor);

impl Module for Held {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        visitor.field("held").as_buffer().leaf(&self.0);
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        visitor.field("held").as_buffer().leaf(&mut self.0);
    }
}

#[test]
fn what_was_put_into_a_buffer_is_differentiated() {
    let of = |again: bool| {
        grad(&Tensor::from(3.0), |x| {
            let held = Held(x * 2);
            let square = |held: &Held| held.0.square();
            if again { checkpoint(&held, square) } else { square(&held) }
        })
    };
    assert_eq!(of(true).item::<f64>(), of(false).item::<f64>());
    assert_eq!(of(true).item::<f64>(), 24.0);
}

#[test]
fn several_results_of_both_runs_draw_the_same_random_numbers() {
    let (x, rng) = (Tensor::ones([100], DType::F64), Rng::seed(6));
    let of = |x: &Tensor| {
        let rng = rng.clone();
        checkpoint(x, move |x: &Tensor| {
            let mut rng = rng.clone();
            [x.square().dropout(0.5, &mut rng), x.dropout(0.25, &mut rng)]
        })
    };
    let first = of(&x).map(|y| y.to_vec::<f64>());
    let gradient = grad(&x, |x| of(x).iter().fold(Tensor::from(0.0), |sum, y| sum + y.sum(..))).to_vec::<f64>();
    let expected: Vec<f64> = first[0].iter().zip(&first[1]).map(|(square, plain)| 2.0 * square + plain).collect();
    assert_eq!(gradient, expected);
}

#[test]
fn a_segment_runs_again_once_for_each_sweep_and_not_at_all_outside_a_transform() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = {
        let runs = runs.clone();
        move |x: &Tensor| {
            runs.fetch_add(1, Ordering::Relaxed);
            x.exp()
        }
    };
    let _ = checkpoint(&Tensor::from(1.0), counted.clone());
    assert_eq!(runs.swap(0, Ordering::Relaxed), 1);
    let _ = grad(&Tensor::from(1.0), |x| checkpoint(x, counted.clone()));
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[test]
#[should_panic(expected = "pass it in the argument")]
fn what_is_differentiated_must_come_through_the_argument() {
    let x = Tensor::from(2.0);
    let _ = grad(&x, |w| {
        let captured = w.clone();
        checkpoint(&(w.clone(),), move |(w,)| w * &captured)
    });
}

type Both = (Tensor, Tensor);

#[test]
fn what_is_at_rest_has_no_tangent_within_or_behind() {
    // The slope of the root is infinite at 0, and inf * 0 would be NaN.
    let (w, w_dot, x) = (Tensor::from(2.0), Tensor::from(1.0), Tensor::from([0.0, 1.0]));
    let loss = |w: &Tensor| checkpoint(&(w.clone(), x.clone()), |(w, x): &Both| (w.square() * x.sqrt()).sum(..));
    assert_eq!(jvp(&w, &w_dot, loss).1.item::<f64>(), 4.0);
    assert_eq!(hvp(&w, &w_dot, loss).item::<f64>(), 2.0);
    let third = grad(&w, |w| hvp(w, &w_dot, |w| loss(w) * w));
    assert_eq!(third.item::<f64>(), 6.0);
    // Of two results one moves; the root of the other is taken behind the segment.
    let behind = |w: &Tensor| {
        let (scale, data) = checkpoint(&(w.clone(), x.clone()), |(w, x): &Both| (w.square(), x * 2));
        (scale * (data / 2).sqrt()).sum(..)
    };
    assert_eq!(jvp(&w, &w_dot, behind).1.item::<f64>(), 4.0);
    assert_eq!(hvp(&w, &w_dot, behind).item::<f64>(), 2.0);
}

#[test]
fn constants_of_a_segment_are_not_differentiated() {
    let w = Tensor::from(2.0);
    // Neither the whole Q of a tall matrix nor the logarithm of a determinant of zero has a derivative.
    let of = |a: &Tensor, f: fn(&Both) -> Tensor| {
        let plain = grad(&w, |w| f(&(w.clone(), a.clone())));
        let again = grad(&w, |w| checkpoint(&(w.clone(), a.clone()), f));
        assert_eq!(again.to_vec::<f64>(), plain.to_vec::<f64>());
        let second = grad(&w, |w| grad(w, |w| checkpoint(&(w.square(), a.clone()), f)));
        assert_eq!(second.to_vec::<f64>(), (plain * 2).to_vec::<f64>());
    };
    of(&Tensor::from([[3.0], [4.0]]), |(w, a)| (w * a.qr_complete().0).sum(..));
    of(&Tensor::from([[1.0, 2.0], [2.0, 4.0]]), |(w, a)| w * (a.slogdet().1.exp() + 1));
    // What an inner transform holds constant, an outer one may differentiate.
    let mixed = |again: bool| {
        grad(&w, move |w| {
            let inner = |v: &Tensor| {
                let product = |(v, w): &Both| v.square() * w.exp();
                let both = (v.clone(), w.clone());
                if again { checkpoint(&both, product) } else { product(&both) }
            };
            grad(&Tensor::from(3.0), inner)
        })
    };
    assert_eq!(mixed(true).item::<f64>(), mixed(false).item::<f64>());
    assert_eq!(mixed(true).item::<f64>(), 6.0 * 2f64.exp());
}

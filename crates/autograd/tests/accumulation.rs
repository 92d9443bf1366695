//! Cotangents of parts of a tensor, read one after another: each is added to the sum of those before it.

use cotangent_autograd::{grad, hvp};
use cotangent_tensor::{
    Accumulate, Array, Cotangents, DType, Derivative, Few, Keep, Primitive, Result, Saved, Spec, SpecRef, Tensor, Vjp,
    apply,
};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[test]
fn parts_that_are_read_in_a_loop_add_up_to_any_order() {
    let rows = 6;
    let x = Tensor::linspace(-1.0, 1.0, rows * 4, DType::F64).reshape([rows, 4]);
    let read_one_by_one = |x: &Tensor| {
        let index = Tensor::from([2i64, -1]);
        let mut sum = x.square().sum(..);
        for i in 0..rows {
            let row = x.select(0, i as isize);
            let both = x.index_select(1, &index).narrow(0, i, 1) * x.index((&index, ..)).sum(..);
            sum = sum + row.exp().sum(..) * x.narrow(0, i, 1).sin().sum(..) + both.sum(..);
        }
        sum + x.gather(0, &Tensor::from([[0i64, 5, -6, 1]])).exp().sum(..)
    };
    let read_at_once = |x: &Tensor| {
        let (a, b) = (x.exp().sum(1), x.sin().sum(1));
        let columns = Tensor::stack([&x.narrow(1, 2, 1), &x.narrow(1, 3, 1)], 0).sum(..);
        let rows = x.narrow(0, 2, 1).sum(..) + x.narrow(0, 5, 1).sum(..);
        let picked = [(0, 0), (5, 1), (0, 2), (1, 3)].map(|(i, j)| x.narrow(0, i, 1).narrow(1, j, 1).exp().sum(..));
        x.square().sum(..) + (a * b).sum(..) + columns * rows + picked.into_iter().reduce(|s, t| s + t).unwrap()
    };
    let close = |found: &Tensor, wanted: &Tensor| {
        // The same terms in another order.
        assert!((found - wanted).abs().max(..).item::<f64>() < 1e-12, "{found}\n{wanted}");
    };
    close(&grad(&x, read_one_by_one), &grad(&x, read_at_once));
    let v = x.cos();
    close(&hvp(&x, &v, read_one_by_one), &hvp(&x, &v, read_at_once));
    // Reverse over reverse.
    let second = |f: &dyn Fn(&Tensor) -> Tensor| grad(&x, |x| (grad(x, f) * &v).sum(..));
    close(&second(&read_one_by_one), &second(&read_at_once));
    let third = |f: &dyn Fn(&Tensor) -> Tensor| grad(&x, |x| (hvp(x, &v, f) * &v).sum(..));
    close(&third(&read_one_by_one), &third(&read_at_once));
}

/// y = x[0] c, of which both inputs are differentiated, and that adds to a sum of its first.
#[derive(Clone)]
struct Head;

impl Primitive for Head {
    fn name(&self) -> &'static str {
        "head"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        Ok(inputs[1].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [x, c] = [inputs[0], inputs[1]].map(|x| Tensor::from(x.clone()));
        Ok((x.select(0, 0) * c).into_array().into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

fn placed(y_bar: &Tensor, like: &Tensor) -> Tensor {
    y_bar.unsqueeze(0).pad([(0, like.numel() as isize - 1)], 0)
}

impl Vjp for Head {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::ALL_INPUTS
    }
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let (x, c, y_bar) = (saved.input(0), saved.input(1), y_bar.single());
        [Some(placed(&(&y_bar * c), x)), Some(y_bar * x.select(0, 0))].into()
    }
    fn accumulates(&self) -> Option<&dyn Accumulate> {
        Some(self)
    }
}

impl Accumulate for Head {
    fn accumulate(&self, sum: Tensor, saved: &Saved, y_bar: Cotangents) -> Tensor {
        ACCUMULATED.fetch_add(1, Relaxed);
        let x_bar = placed(&(y_bar.single() * saved.input(1)), saved.input(0));
        sum + x_bar
    }
}

static ACCUMULATED: AtomicUsize = AtomicUsize::new(0);

#[test]
fn a_rule_that_accumulates_loses_no_other_gradient() {
    let (x, c) = (Tensor::from([2.0, 5.0]), Tensor::from(3.0));
    // `x` is read again behind, so that a sum of its cotangents waits.
    let f = |x: &Tensor, c: &Tensor| apply(&Head, &[x, c]).into_single().square() + x.sum(..);
    let (x_bar, c_bar) = grad(&(x.clone(), c.clone()), |(x, c)| f(x, c));
    assert_eq!(x_bar.to_vec::<f64>(), [2.0 * 6.0 * 3.0 + 1.0, 1.0]);
    assert_eq!(c_bar.item::<f64>(), 2.0 * 6.0 * 2.0);
    assert_eq!(ACCUMULATED.load(Relaxed), 0);
    // Where it is the only one, it does accumulate.
    assert_eq!(grad(&x, |x| f(x, &c)).to_vec::<f64>(), x_bar.to_vec::<f64>());
    assert_eq!(ACCUMULATED.load(Relaxed), 1);
}

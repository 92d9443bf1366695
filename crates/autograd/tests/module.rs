//! What the transforms make of a model: which of its tensors they differentiate, and what is left of those that they hand out.

use cotangent_autograd::{
    Module, hvp, jvp,
    module::{Visitor, VisitorMut},
    value_and_grad, value_and_grad_with_aux, vjp, watch,
};
use cotangent_tensor::Tensor;
use std::thread;

/// A parameter and a buffer.
#[derive(Clone)]
struct Scaled {
    w: Tensor,
    scale: Tensor,
}

impl Module for Scaled {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        visitor.field("w").leaf(&self.w);
        visitor.field("scale").as_buffer().leaf(&self.scale);
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        visitor.field("w").leaf(&mut self.w);
        visitor.field("scale").as_buffer().leaf(&mut self.scale);
    }
}

#[test]
fn both_modes_hold_buffers_constant() {
    let of = |w: f64, scale: f64| Scaled { w: Tensor::from(w), scale: Tensor::from(scale) };
    let (model, v) = (of(2.0, 3.0), of(1.0, 10.0));
    // <y_bar, J v> = <Jᵀ y_bar, v>, with what is zero for the buffer on either side.
    let (_, y_dot) = jvp(&model, &v, |m| &m.w * &m.scale);
    let pulled = vjp(&model, |m| &m.w * &m.scale).1.pull(&Tensor::from(1.0));
    assert_eq!((pulled.w.item::<f64>(), pulled.scale.item::<f64>()), (3.0, 0.0));
    assert_eq!(y_dot.item::<f64>(), 3.0);
    let product = hvp(&model, &v, |m| m.w.square() * &m.scale);
    assert_eq!((product.w.item::<f64>(), product.scale.item::<f64>()), (6.0, 0.0));
    // A buffer that is handed back has no tangent.
    assert_eq!(jvp(&model, &v, |m| m.clone()).1.scale.item::<f64>(), 0.0);
}

/// Steps that hand a variable back unchanged, each of which may wrap it again.
fn handed_back(step: fn(&Tensor) -> Tensor) {
    // A chain of that many wrappers would be dropped by as many nested calls, for which this stack has no room.
    let few = thread::Builder::new().stack_size(256 * 1024);
    let steps = move || {
        let mut frozen = Tensor::from(1.5);
        for _ in 0..10_000 {
            frozen = step(&frozen);
        }
        assert_eq!(frozen.item::<f64>(), 1.5);
    };
    few.spawn(steps).expect("a thread").join().expect("no panic");
}

#[test]
fn a_variable_that_is_handed_back_step_after_step_does_not_grow() {
    handed_back(|x| value_and_grad_with_aux(x, |x| (x.square(), x.clone())).0.1);
    handed_back(|x| {
        let mut kept = x.clone();
        let _ = value_and_grad(x, |x| {
            kept = x.clone();
            x.square()
        });
        kept
    });
    handed_back(|x| {
        let mut kept = x.clone();
        let _ = jvp(x, &Tensor::from(1.0), |x| {
            kept = x.clone();
            x.square()
        });
        kept
    });
    handed_back(|x| {
        let mut kept = x.clone();
        let _ = watch::forward(x, &(), |x, ()| {
            kept = x.clone();
            x.square()
        });
        kept
    });
}

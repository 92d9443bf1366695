//! What the transforms make of a model: what is left of the tensors that they hand out.

use cotangent_autograd::{jvp, value_and_grad, value_and_grad_with_aux, watch};
use cotangent_tensor::Tensor;
use std::thread;

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

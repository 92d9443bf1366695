//! The optimizer: how far it steps, that it arrives, and that it goes on from its state.

use crate::cases;
use cotangent::prelude::*;
use downstream::rprop;
use proptest::{collection::vec, prelude::*};

/// Half the sum of `scale (x - goal)²`.
fn gradient(x: &Tensor, scale: &Tensor, goal: &Tensor) -> Tensor {
    grad(x, |x| ((x - goal).square() * scale).sum(..) * 0.5)
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn it_reaches_the_minimum_whatever_the_scales(
        elements in vec((-5.0..5.0, -5.0..5.0, -4.0..4.0), 1..5),
    ) {
        let column = |get: fn(&(f64, f64, f64)) -> f64| Tensor::from(elements.iter().map(get).collect::<Vec<f64>>());
        let (mut x, goal, scale) = (column(|e| e.0), column(|e| e.1), column(|e| 10f64.powf(e.2)));
        let mut optimizer = rprop(0.1);
        // The length grows by 1.2 over a distance of at most 10, and then halves twenty times or more.
        for _ in 0..200 {
            let gradient = gradient(&x, &scale, &goal);
            optimizer.step(&mut x, &gradient);
        }
        prop_assert!((&x - &goal).abs().max(..).item::<f64>() < 1e-4, "{} is not {}", x, goal);
    }

    #[test]
    fn each_step_has_the_length_that_signs_say(
        first in 1e-3..1.0f64,
        signs in vec(-1.0..1.0f64, 1..40),
    ) {
        let (mut x, mut optimizer) = (Tensor::from(0.0), rprop(first));
        let (mut length, mut before) = (first, 0.0);
        for g in signs {
            let at = x.item::<f64>();
            optimizer.step(&mut x, &Tensor::from(g));
            let moved = if g * before < 0.0 { 0.0 } else { -g.signum() };
            length *= if g * before > 0.0 { 1.2 } else if g * before < 0.0 { 0.5 } else { 1.0 };
            length = length.clamp(1e-6, 50.0);
            before = if moved == 0.0 { 0.0 } else { g };
            // Rounding of an x of up to 40 · 50.
            prop_assert!((x.item::<f64>() - at - moved * length).abs() < 1e-10);
        }
    }

    #[test]
    fn going_on_from_a_state_gives_the_same_bits(start in vec(-5.0..5.0f64, 1..4), stop in 0usize..20) {
        let goal = Tensor::zeros([start.len()], DType::F64);
        let (mut x, scale) = (Tensor::from(start), goal.ones_like());
        let (mut whole, mut stopped) = (rprop(0.1), None);
        for step in 0..20 {
            if step == stop {
                stopped = Some((x.clone(), whole.state(&x)));
            }
            let gradient = gradient(&x, &scale, &goal);
            whole.step(&mut x, &gradient);
        }
        let (mut other, state) = stopped.expect("the stop is one of the steps");
        let mut continued = rprop(0.1);
        continued.load_state(&other, state).expect("the state of such an optimizer");
        for _ in stop..20 {
            let gradient = gradient(&other, &scale, &goal);
            continued.step(&mut other, &gradient);
        }
        prop_assert_eq!(other.to_vec::<f64>(), x.to_vec::<f64>());
    }
}

//! Rates against PyTorch's, which `scripts/optimizer_reference.py` prints, and what a schedule refuses.

mod figures;

use super::*;
use crate::panics::panic_message;
use cotangent_tensor::Tensor;
use figures::{MEASURES, RATES};

fn figures(case: &str) -> &'static [f64; 40] {
    &RATES.iter().find(|(name, _)| *name == case).expect("a case of the reference").1
}

/// A closed form and a recursion over forty steps differ by no more roundings than this.
fn assert_near(case: &str, step: usize, found: f64, wanted: f64) {
    // Relative to the largest rate where a rate is a difference of two: at the foot of a cosine.
    let tolerance = 1e-12 * wanted.abs() + 1e-16;
    assert!((found - wanted).abs() <= tolerance, "{case}: {found} instead of {wanted} in step {step}");
}

fn follows(case: &str, schedule: impl Schedule) {
    for (step, &wanted) in figures(case).iter().enumerate() {
        assert_near(case, step, schedule.lr(step as u64), wanted);
    }
}

#[test]
fn rates_are_those_of_pytorch() {
    follows("constant", Constant::new(0.5).factor(0.25, 7));
    follows("step", Step::new(0.5, 6).gamma(0.7));
    follows("multi step", MultiStep::new(0.5, [30, 12, 5, 12]).gamma(0.3));
    follows("exponential", Exponential::new(0.5, 0.93));
    follows("polynomial", Polynomial::new(0.5, 30).power(1.7));
    follows("cosine", Cosine::new(0.5, 16).eta_min(0.02));
    follows("warm restarts", WarmRestarts::new(0.5, 7).eta_min(0.01));
    follows("warm restarts slower", WarmRestarts::new(0.5, 5).t_mult(2));
    follows("linear", Linear::new(0.5, 1.0 / 3.0, 0.9, 12));
    follows("one cycle", OneCycle::new(0.5, 40));
    let cycle = OneCycle::new(0.5, 40).pct_start(0.25).anneal(Anneal::Linear).div_factor(10.0).final_div_factor(100.0);
    follows("one cycle linear", cycle.three_phase(true));
    follows("one cycle falling", OneCycle::new(0.5, 40).pct_start(0.0));
    follows("noam", Noam::new(64, 15).scale(2.0));
}

#[test]
fn compositions_are_those_of_pytorch() {
    follows("sequential", Linear::new(0.5, 0.1, 1.0, 10).then(10, Exponential::new(0.5, 0.9)));
    follows("product", Constant::new(0.5).factor(0.1, 8).times(Exponential::new(1.0, 0.9)));
    let boxed: Box<dyn Schedule> = Box::new(Exponential::new(0.5, 0.93));
    follows("exponential", &boxed);
    follows("exponential", from_fn(|step| 0.5 * 0.93f64.powf(step as f64)));
}

#[test]
fn a_plateau_is_seen_where_pytorch_sees_it_and_resumes() {
    let max = Plateau::new(0.5).mode(Mode::Max).factor(0.3).patience(2).threshold(0.05, Threshold::Absolute);
    let cases = [("plateau", Plateau::new(0.5).factor(0.5).patience(3)), ("plateau max", max.cooldown(3).min_lr(0.01))];
    for (case, fresh) in cases {
        let mut plateau = fresh.clone();
        for (step, (&measure, &wanted)) in MEASURES.iter().zip(figures(case)).enumerate() {
            assert_near(case, step, plateau.step(measure), wanted);
            let mut resumed = fresh.clone();
            resumed.load_state(plateau.state()).unwrap();
            assert_eq!(resumed, plateau);
        }
    }
}

#[test]
fn measures_that_are_no_numbers_are_never_better() {
    let mut plateau = Plateau::new(1.0).factor(0.5).patience(0);
    assert_eq!([f64::NAN, 1.0, f64::NAN].map(|loss| plateau.step(loss)), [0.5, 0.5, 0.25]);
    assert_eq!(plateau.best(), 1.0);
    let mut state = plateau.state();
    state[2].1 = Tensor::from(0.5);
    let error = plateau.load_state(state).unwrap_err().to_string();
    assert_eq!(error, "plateau: `num_bad_epochs` in the state must be a count; got 0.5");
}

#[test]
fn the_last_step_of_all_has_a_rate() {
    let rates = [
        Step::new(0.5, 1).lr(u64::MAX),
        MultiStep::new(0.5, vec![]).lr(u64::MAX),
        Polynomial::new(0.5, u64::MAX).lr(u64::MAX),
        Cosine::new(0.5, u64::MAX).lr(u64::MAX),
        WarmRestarts::new(0.5, u64::MAX).t_mult(u64::MAX).lr(u64::MAX - 1),
        WarmRestarts::new(0.5, 1).t_mult(2).lr(u64::MAX),
        WarmRestarts::new(0.5, 3).lr(u64::MAX),
        Linear::warm_up(0.5, u64::MAX).lr(u64::MAX),
        OneCycle::new(0.5, u64::MAX).lr(u64::MAX),
        OneCycle::new(0.5, 1).lr(u64::MAX),
        Noam::new(u64::MAX, u64::MAX).lr(u64::MAX),
    ];
    for (i, rate) in rates.into_iter().enumerate() {
        assert!((0.0..=0.5).contains(&rate), "schedule {i}: {rate}");
    }
}

#[test]
fn settings_outside_their_domain_are_refused() {
    assert_eq!(panic_message(|| Cosine::new(0.1, 0)), "cosine: t_max must be at least 1; got 0");
    assert_eq!(panic_message(|| Constant::new(-0.5)), "constant: lr must be a finite number from 0 on; got -0.5");
    assert!(panic_message(|| Step::new(0.1, 0)).starts_with("step: step_size"));
    assert!(panic_message(|| Linear::new(0.1, f64::NAN, 1.0, 5)).starts_with("linear: start_factor"));
    assert!(
        panic_message(|| OneCycle::new(0.1, 10).pct_start(1.5)).starts_with("one_cycle: pct_start must be from 0 to 1")
    );
    assert!(panic_message(|| Polynomial::new(0.1, 10).power(0.0)).starts_with("polynomial: power"));
    assert!(panic_message(|| WarmRestarts::new(0.1, 10).t_mult(0)).starts_with("warm_restarts: t_mult"));
    assert!(panic_message(|| Plateau::new(0.1).factor(1.0)).starts_with("plateau: factor"));
    assert!(panic_message(|| from_fn(|_| f64::NAN).lr(0)).starts_with("from_fn: the rate of a step must be a number"));
}

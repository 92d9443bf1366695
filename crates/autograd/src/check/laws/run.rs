//! A run of the battery: which laws at which samples with which seeds, and what they came to.

use super::{
    Law,
    operation::Operation,
    report::{Breach, LawReport},
};
use crate::check::unwound;
use cotangent_tensor::Tensor;
use std::{env, time::Instant};

/// What is to be run alone.
#[derive(Clone, Copy)]
pub(super) struct Only {
    pub(super) law: Law,
    pub(super) sample: usize,
}

/// Holds an operation to every law that is wanted.
#[track_caller]
pub(super) fn report(operation: &Operation) -> LawReport {
    let mut run = Run::of(operation);
    let started = Instant::now();
    run.samples();
    run.listed();
    LawReport {
        name: operation.name.clone(),
        breaches: run.breaches,
        compared: run.compared,
        left_out: operation.left_out.clone(),
        samples: operation.samples.len(),
        seeds: run.seeds,
        elapsed: started.elapsed(),
    }
}

/// A run of the battery.
struct Run<'o> {
    operation: &'o Operation,
    /// What is to be run alone; `None` inside stands for another operation.
    only: Option<Option<Only>>,
    seed: u64,
    seeds: u64,
    breaches: Vec<Breach>,
    compared: Vec<(Law, usize)>,
}

impl<'o> Run<'o> {
    #[track_caller]
    fn of(operation: &'o Operation) -> Self {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let seeds = variable("COTANGENT_CHECK_SEEDS").map(|value| {
            let seeds = value.parse().ok().filter(|&seeds: &u64| seeds > 0);
            seeds.unwrap_or_else(|| panic!("COTANGENT_CHECK_SEEDS is a number of seeds, not {value:?}"))
        });
        let (mut only, mut seed) = (operation.only.map(Some), operation.seed);
        let mut seeds = if operation.seeds == 1 { seeds.unwrap_or(1) } else { operation.seeds };
        if let Some(value) = variable("COTANGENT_CHECK_ONLY") {
            let (name, alone, its_seed) = parsed(&value).unwrap_or_else(|| {
                panic!("COTANGENT_CHECK_ONLY is operation/law/sample/seed, as a failure shows it, not {value:?}")
            });
            only = Some((name == operation.name).then_some(alone));
            (seed, seeds) = (its_seed, 1);
        }
        if let Some(Some(Only { law, sample })) = only {
            let (name, count) = (&operation.name, operation.count(law));
            assert!(sample < count, "check: {name} has no sample {sample} for {law}, but {count}");
        }
        let compared = Law::ALL.map(|law| (law, 0)).to_vec();
        Run { operation, only, seed, seeds, breaches: Vec::new(), compared }
    }

    fn wants(&self, law: Law, sample: usize) -> bool {
        let left_out = self.operation.left_out.iter().any(|(other, _)| *other == law);
        let chosen = match self.only {
            None => true,
            Some(None) => false,
            Some(Some(only)) => only.law == law && only.sample == sample,
        };
        // The first breach of a law is enough.
        chosen && !left_out && !self.breaches.iter().any(|breach| breach.law == law)
    }

    fn count(&mut self, law: Law, comparisons: usize) {
        self.compared.iter_mut().filter(|(other, _)| *other == law).for_each(|(_, count)| *count += comparisons);
    }

    fn samples(&mut self) {
        let mut has_derivative = false;
        let first = self.seed;
        for seed in (0..self.seeds).map(|i| first.wrapping_add(i)) {
            for (number, sample) in self.operation.samples.iter().enumerate() {
                let case = sample.case(self.operation, number, seed);
                has_derivative |= !case.variables().is_empty();
                for law in Law::ALL.into_iter().filter(|law| law.is_of_samples()) {
                    if !self.wants(law, number) || (sample.is_large && !law.is_of_large_samples()) {
                        continue;
                    }
                    match law.hold(&case) {
                        Ok(comparisons) => self.count(law, comparisons),
                        Err(violation) => self.breaches.push(Breach {
                            law,
                            sample: number,
                            inputs: case.specs(),
                            layout: violation.layout,
                            seed,
                            what: violation.what,
                        }),
                    }
                }
            }
        }
        self.nothing(has_derivative);
    }

    /// Empty samples alone say nothing.
    fn nothing(&mut self, has_derivative: bool) {
        let law = Law::FirstOrder;
        let compared = self.compared.iter().any(|&(other, count)| other == law && count > 0);
        let differences = self.operation.samples.iter().any(|sample| !sample.is_large);
        let expected = self.only.is_none() && has_derivative && differences && !self.operation.may_be_empty;
        if expected && !compared && self.wants(law, 0) && self.returns_floats() {
            self.breaches.push(Breach {
                law,
                sample: 0,
                inputs: "all samples".to_owned(),
                layout: None,
                seed: self.seed,
                what: "every sample is empty, so that nothing was compared; if that is meant, say .may_be_empty()"
                    .to_owned(),
            });
        }
    }

    fn returns_floats(&self) -> bool {
        let outputs = |inputs: Vec<Tensor>| unwound(|| self.operation.call(&inputs)).unwrap_or_default();
        self.operation.inputs().into_iter().flat_map(outputs).any(|y| y.dtype().is_float())
    }

    fn listed(&mut self) {
        let operation = self.operation;
        for (number, exact) in operation.exact.iter().enumerate() {
            self.listed_one(Law::ExactValues, number, &exact.inputs, || exact.hold(operation));
        }
        for (number, refused) in operation.refused.iter().enumerate() {
            self.listed_one(Law::Refusals, number, &refused.inputs, || refused.hold(operation));
        }
    }

    fn listed_one(&mut self, law: Law, sample: usize, inputs: &[Tensor], hold: impl FnOnce() -> Result<(), String>) {
        if !self.wants(law, sample) {
            return;
        }
        let specs: Vec<String> = inputs.iter().map(|x| x.spec().to_owned().to_string()).collect();
        let (inputs, seed) = (specs.join(", "), self.seed);
        match hold() {
            Ok(()) => self.count(law, 1),
            Err(what) => self.breaches.push(Breach { law, sample, inputs, layout: None, seed, what }),
        }
    }
}

/// The operation, law, sample and seed of `operation/law/sample/seed`; an operation's name may have slashes.
fn parsed(value: &str) -> Option<(&str, Only, u64)> {
    let mut parts = value.rsplitn(4, '/');
    let (seed, sample, law, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let law = Law::ALL.into_iter().find(|other| format!("{other:?}") == law)?;
    Some((name, Only { law, sample: sample.parse().ok()? }, seed.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_failure_shows_is_read_again() {
        let (name, Only { law, sample }, seed) = parsed("Div: &x[0] / &x[1]/InputLayouts/3/17").unwrap();
        assert_eq!((name, law, sample, seed), ("Div: &x[0] / &x[1]", Law::InputLayouts, 3, 17));
        for wrong in ["", "Div", "Div/NoLaw/3/17", "Div/Zero/x/17", "Div/Zero/3/"] {
            assert!(parsed(wrong).is_none(), "{wrong}");
        }
    }
}

//! A container: models by name, in the order in which they were added, which no container of the standard library keeps.

use crate::{Fit, Forecast, Windows, fit};
use cotangent::{
    module::{Visitor, VisitorMut},
    nn::data::Loader,
    prelude::*,
};
use std::thread;

/// Models that forecast together: by their mean.
#[derive(Clone, Debug)]
pub struct Ensemble<M> {
    members: Vec<(String, M)>,
}

impl<M> Default for Ensemble<M> {
    fn default() -> Self {
        Ensemble { members: Vec::new() }
    }
}

impl<M> Ensemble<M> {
    /// Adds a model.
    ///
    /// # Panics
    /// When there is a model of this name, or the name is empty or has a dot in it: it is a part of the paths of its tensors.
    #[track_caller]
    pub fn add(&mut self, name: impl Into<String>, model: M) {
        let name = name.into();
        assert!(!name.is_empty() && !name.contains('.'), "ensemble: a name is not empty and has no dot; got {name:?}");
        assert!(self.get(&name).is_none(), "ensemble: there is a model {name:?} already");
        self.members.push((name, model));
    }

    /// The model of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&M> {
        self.members.iter().find(|(other, _)| other == name).map(|(_, model)| model)
    }
}

/// Shows the tensors of each model under its name: gradients, optimizers, files and checks ask for no more.
impl<M: Module> Module for Ensemble<M> {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        for (name, model) in &self.members {
            model.visit(&mut visitor.field(name));
        }
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        for (name, model) in &mut self.members {
            model.visit_mut(&mut visitor.field(name));
        }
    }
}

/// Of no members, the forecast is NaN.
impl<M: Forecast> Forecast for Ensemble<M> {
    fn forecast(&self, past: &Tensor) -> Tensor {
        let forecasts: Vec<Tensor> = self.members.iter().map(|(_, model)| model.forecast(past)).collect();
        match forecasts.is_empty() {
            true => Tensor::full([past.shape()[0]], f64::NAN, past.dtype()),
            false => Tensor::stack(forecasts, 0).mean(0),
        }
    }
}

impl<M: Forecast> Ensemble<M> {
    /// Trains each model on a thread of its own, with an optimizer and a stream of random numbers of its own, so that which
    /// thread is faster changes nothing.
    ///
    /// # Panics
    /// When the training of one of them does.
    pub fn fit(
        &mut self,
        windows: &Loader<Windows>,
        optimizer: impl Fn() -> Box<dyn Optimizer> + Sync,
        epochs: usize,
        rng: &mut Rng,
    ) -> Vec<Fit<M>> {
        let streams: Vec<Rng> = self.members.iter().map(|_| rng.split()).collect();
        let optimizer = &optimizer;
        thread::scope(|scope| {
            let mut threads = Vec::with_capacity(streams.len());
            for ((_, model), mut rng) in self.members.iter_mut().zip(streams) {
                threads.push(scope.spawn(move || fit(model, windows, &mut *optimizer(), epochs, &mut rng)));
            }
            let joined = threads.into_iter().map(|thread| thread.join());
            joined.map(|fit| fit.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        })
    }
}

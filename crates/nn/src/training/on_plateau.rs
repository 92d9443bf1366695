//! A learning rate that falls when a measure stops getting better.

use super::{BoxError, Callback, Moment};
use crate::schedule::Plateau;
use cotangent_tensor::{Result, Tensor};

/// A [`Plateau`] that is told a measure after each epoch; made by [`Trainer::plateau`](super::Trainer::plateau).
pub(super) struct OnPlateau {
    pub(super) name: String,
    pub(super) plateau: Plateau,
}

impl<M> Callback<M> for OnPlateau {
    fn start(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        now.optimizer.set_lr(self.plateau.lr());
        Ok(())
    }

    fn epoch(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        if let Some(record) = now.history.last() {
            now.optimizer.set_lr(self.plateau.step(record.measures.require(&self.name)?));
        }
        Ok(())
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        self.plateau.state()
    }

    fn load_state(&mut self, _: &M, state: Vec<(String, Tensor)>) -> Result<()> {
        self.plateau.load_state(state)
    }
}

//! Training: the loop by hand, and a [`Trainer`] that is this loop with conveniences.
//!
//! # The loop by hand
//!
//! ```
//! # use cotangent_autograd::value_and_grad;
//! # use cotangent_derive::Module;
//! # use cotangent_nn::{Adam, Dropout, Linear, Loss, Mode, Optimizer, accuracy, data::Loader};
//! # use cotangent_tensor::{DType, Rng, Tensor};
//! # #[derive(Clone, Module)]
//! # struct Mlp { hidden: Linear, dropout: Dropout, output: Linear }
//! # impl Mlp {
//! #     fn new(rng: &mut Rng) -> Self {
//! #         Mlp { hidden: Linear::new(4, 16, rng), dropout: Dropout::new(0.1), output: Linear::new(16, 2, rng) }
//! #     }
//! #     fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
//! #         self.output.forward(&self.dropout.forward(&self.hidden.forward(x).relu(), mode))
//! #     }
//! # }
//! # let mut rng = Rng::seed(7);
//! # let x = rng.normal([100, 4], DType::F32);
//! # let y = x.sum(1).gt(0).cast(DType::I64);
//! # let train = Loader::new(&x, &y, 10)?;
//! let mut model = Mlp::new(&mut rng);
//! let mut adam = Adam::new(1e-2);
//! for epoch in 0..10 {
//!     for batch in train.epoch(&mut rng) {
//!         let mut mode = Mode::train(&mut rng);
//!         let (loss, gradient) = value_and_grad(&model, |m| m.forward(&batch.x, &mut mode).cross_entropy(&batch.y));
//!         mode.store(&mut model);
//!         adam.step(&mut model, &gradient);
//!     }
//! }
//! # assert!(accuracy(&model.forward(&x, &mut Mode::eval()), &y) > 0.9);
//! # Ok::<(), cotangent_tensor::Error>(())
//! ```
//!
//! A model without dropout or batch statistics leaves `mode` out. Everything else that a training needs is a line in this loop:
//! `adam.set_lr(schedule.lr(step))` for a [schedule](crate::schedule), [`clip_grad_norm`](crate::optim::clip_grad_norm) between the
//! gradient and the step, [`evaluate`] after an epoch, a [`Checkpoint`](crate::files::Checkpoint). Several models, or several
//! steps for a batch, want this loop, and so does [`Lbfgs`](crate::Lbfgs), which evaluates the loss itself.
//!
//! # The same by a trainer
//!
//! ```
//! # use cotangent_derive::Module;
//! # use cotangent_nn::{Adam, Dropout, Linear, Loss, Mode, accuracy, data::Loader};
//! use cotangent_nn::training::{EarlyStopping, KeepBest, Lines, Monitor, Trainer};
//! # use cotangent_tensor::{DType, Rng, Tensor};
//! # #[derive(Clone, Module)]
//! # struct Mlp { hidden: Linear, dropout: Dropout, output: Linear }
//! # impl Mlp {
//! #     fn new(rng: &mut Rng) -> Self {
//! #         Mlp { hidden: Linear::new(4, 16, rng), dropout: Dropout::new(0.1), output: Linear::new(16, 2, rng) }
//! #     }
//! #     fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
//! #         self.output.forward(&self.dropout.forward(&self.hidden.forward(x).relu(), mode))
//! #     }
//! # }
//! # let mut rng = Rng::seed(7);
//! # let x = rng.normal([100, 4], DType::F32);
//! # let y = x.sum(1).gt(0).cast(DType::I64);
//! # let (train, valid) = (Loader::new(&x, &y, 10)?, Loader::new(&x, &y, 50)?);
//! # let mut model = Mlp::new(&mut rng);
//! let mut adam = Adam::new(1e-2);
//! let history = Trainer::new(10)
//!     .validate(&valid)
//!     .with(EarlyStopping::new(Monitor::lowest("valid_loss"), 3))
//!     .with(KeepBest::new(Monitor::highest("valid_accuracy")))
//!     .with(Lines::new())
//!     .fit(&mut model, &mut adam, &train, &mut rng, |m, batch, mode| {
//!         let scores = m.forward(&batch.x, mode);
//!         (scores.cross_entropy(&batch.y), [("accuracy", accuracy(&scores, &batch.y))])
//!     })?;
//! assert!(history.best(&Monitor::highest("valid_accuracy")).is_some());
//! # assert!(accuracy(&model.forward(&x, &mut Mode::eval()), &y) > 0.9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The closure says what a batch costs, in training and, with [`Mode::eval`](crate::Mode::eval), in validation. What it measures besides
//! has a name, and costs no second run of the model. The bits are those of the loop by hand.
//!
//! | wanted | written |
//! |---|---|
//! | validation | [`validate`](Trainer::validate), [`measure`](Trainer::measure) for what is no mean over batches |
//! | learning rate | [`schedule`](Trainer::schedule), [`schedule_by_epoch`](Trainer::schedule_by_epoch), [`plateau`](Trainer::plateau) |
//! | gradients | [`clip_grad_norm`](Trainer::clip_grad_norm), [`clip_grad_value`](Trainer::clip_grad_value), [`accumulate`](Trainer::accumulate), [`change_gradient`](Trainer::change_gradient) |
//! | other orders, batches made ahead | [`sampler`](Trainer::sampler), [`Loader::ahead`](crate::data::Loader::ahead) |
//! | an end before the last epoch | [`EarlyStopping`], [`Moment::stop`] |
//! | the best model | [`KeepBest`], [`SaveBest`] |
//! | to be interrupted | [`Checkpoints`] |
//! | to see how it goes | [`Lines`], `Bar` (feature `progress`), [`CsvLog`], [`TensorBoard`], `Curves` (feature `pictures`) |
//! | anything else | [`on`](Trainer::on), [`Callback`] |

#[cfg(feature = "progress")]
mod bar;
mod callback;
#[cfg(feature = "pictures")]
mod curves;
mod early_stopping;
mod error;
mod history;
mod keep_best;
mod logs;
mod measures;
mod monitor;
mod on_plateau;
mod outcome;
mod resume;
mod run;
mod source;
mod tensorboard;
#[cfg(test)]
mod tests;
mod trainer;

#[cfg(feature = "progress")]
pub use bar::Bar;
pub use callback::{Callback, Event, Moment};
#[cfg(feature = "pictures")]
pub use curves::Curves;
pub use early_stopping::EarlyStopping;
pub use error::{BoxError, TrainError};
pub use history::{History, Record};
pub use keep_best::{KeepBest, SaveBest};
pub use logs::{CsvLog, Lines};
pub use measures::Measures;
pub use monitor::Monitor;
pub use outcome::Outcome;
pub use resume::Checkpoints;
pub use run::evaluate;
pub use source::{Pass, Source};
pub use tensorboard::TensorBoard;
pub use trainer::{NonFinite, Trainer};

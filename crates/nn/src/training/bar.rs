//! A progress bar on the terminal.

use super::{BoxError, Callback, Moment};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over all batches of a training, with their rate and the time that is left; with the feature `progress`.
///
/// It is drawn on the standard error, and not where that is no terminal; [`Lines`](super::Lines) are for a log. Above it stand the damaged
/// checkpoints that were passed over.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    validation: String,
}

impl Bar {
    /// On the standard error.
    #[must_use]
    pub fn new() -> Self {
        Bar::on(ProgressDrawTarget::stderr())
    }

    fn on(target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(None, target);
        Bar { bar, validation: String::new() }
    }

    fn show<M>(&self, now: &Moment<'_, M>) {
        let done = now.epoch.saturating_sub(1) * now.batches as u64 + now.batch as u64;
        self.bar.set_position(done);
        let loss = now.loss();
        self.bar.set_message(format!("epoch {} of {}, loss {loss:.4}{}", now.epoch, now.epochs, self.validation));
    }
}

impl Default for Bar {
    fn default() -> Self {
        Bar::new()
    }
}

/// The batches are those of training; the time of validation is in their rate.
const TEMPLATE: &str = "{bar:30} {pos}/{len} batches, {per_sec}, {eta} left; {msg}";

impl<M> Callback<M> for Bar {
    fn start(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        for damaged in now.history.passed_over() {
            // Above the bar.
            self.bar.println(format!("passed over: {damaged}"));
        }
        Ok(())
    }

    fn step(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        if self.bar.length().is_none() {
            self.bar.set_length(now.epochs * now.batches as u64);
            self.bar.set_style(ProgressStyle::with_template(TEMPLATE)?);
            // What a training that goes on from a checkpoint has behind it says nothing of its rate.
            self.show(now);
            self.bar.reset_eta();
        }
        self.show(now);
        Ok(())
    }

    fn epoch(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        let valid_loss = now.history.last().and_then(|record| record.measures.get("valid_loss"));
        self.validation = valid_loss.map_or(String::new(), |loss| format!(", valid_loss {loss:.4}"));
        self.show(now);
        Ok(())
    }

    fn end(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        self.show(now);
        self.bar.abandon();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Sgd,
        data::Loader,
        training::{Checkpoints, Event, Trainer},
    };
    use cotangent_tensor::{Rng, Tensor};
    use indicatif::TermLike;
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    /// A terminal that remembers what is written to it.
    #[derive(Clone, Debug, Default)]
    struct Paper(Arc<Mutex<String>>);

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            200
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().expect("no panic").push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            self.write_str("\n")
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_bar_ends_with_all_batches_and_the_last_losses() {
        let folder = tempfile::tempdir().expect("a folder");
        let x = Tensor::arange(0, 6, 1);
        let loader = Loader::new(&x, &x, 2).expect("data");
        let train = |stop: u64| {
            let (paper, mut model, mut sgd) = (Paper::default(), Tensor::from(1.0f32), Sgd::new(0.25));
            let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
            Trainer::new(2)
                .validate(&loader)
                .with(Bar::on(target))
                .checkpoints(Checkpoints::new(folder.path()))
                .on(Event::Step, |now| {
                    if now.steps == stop {
                        now.stop("")
                    }
                })
                .fit(&mut model, &mut sgd, &loader, &mut Rng::seed(3), |x, _, _| x.square())
                .expect("a training");
            let text = paper.0.lock().expect("no panic").clone();
            text.lines().filter(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned()).collect::<Vec<_>>()
        };
        let last = |lines: Vec<String>| lines.last().expect("a bar").clone();
        // The model is halved in each step; the loss is its square.
        let (stopped, done) = (last(train(4)), last(train(u64::MAX)));
        assert!(stopped.contains(" 4/6 batches, ") && stopped.contains(" left; "), "{stopped}");
        assert!(stopped.ends_with("epoch 2 of 2, loss 0.0156, valid_loss 0.0156"), "{stopped}");
        assert!(done.contains(" 6/6 batches, "), "{done}");
        assert!(done.ends_with("epoch 2 of 2, loss 0.0010, valid_loss 0.0002"), "{done}");
        // A damaged checkpoint is named above the bar.
        let newest = folder.path().join("step-000000006.safetensors");
        std::fs::write(&newest, "").expect("written");
        let again = train(u64::MAX);
        assert!(again[0].starts_with(&format!("passed over: {}: ", newest.display())), "{again:?}");
    }
}

//! What the run leaves in its folder of pictures.

use crate::{judge::Judge, players::Game};
use cotangent::{
    nn::pictures::{Chart, Images, Picture, PictureError, Shades},
    prelude::*,
};
use std::path::Path;

/// Pixels are 0 to 1 in every picture, so that pale images look pale.
fn images(title: impl Into<String>, rows: &Tensor) -> Images {
    Images::new(title, &rows.reshape([-1, 8, 8])).shades(Shades::ink().over(0.0..1.0)).columns(12)
}

/// What was made of the same noise after more and more epochs.
pub(crate) fn stages(stages: &[(usize, Tensor)], real: &Tensor, path: &Path) -> Result<(), PictureError> {
    let drawn = stages.iter().map(|(epoch, made)| {
        let title = match epoch {
            0 => "The forger before it has learned anything".to_owned(),
            1 => "after one epoch".to_owned(),
            epoch => format!("after {epoch} epochs"),
        };
        images(title, made)
    });
    Picture::grid(1, drawn.chain([images("For comparison: real digits", real)])).save(path)
}

/// Samples, with what the judge takes them for.
pub(crate) fn samples(made: &Tensor, judge: &Judge, path: &Path) -> Result<(), PictureError> {
    let title = "Forged digits, and what a network that knows real ones reads";
    Picture::of(images(title, made).captions(judge.read(made).to_vec::<i64>())).save(path)
}

/// Samples above the training images that are most like them.
pub(crate) fn copies(made: &Tensor, found: &(Tensor, Tensor), real: &Tensor, path: &Path) -> Result<(), PictureError> {
    let (distances, places) = found;
    let distances = distances.to_vec::<f32>();
    let nearest = images("The real digit nearest to each, and how far it is", &real.index_select(0, places))
        .captions(distances.iter().map(|distance| format!("{distance:.2}")));
    Picture::of(images("Forged digits", made)).below(nearest).save(path)
}

/// What an epoch left.
pub(crate) struct Progress {
    pub(crate) value: f64,
    pub(crate) confidence: f64,
    pub(crate) coverage: usize,
}

pub(crate) fn progress(game: Game, history: &[Progress], unseen: f64, path: &Path) -> Result<(), PictureError> {
    let last = history.len() as f64;
    let level = |y: f64| [(1.0, y), (last, y)];
    let value = Chart::new("The value of the game: the expert pulls up, the forger down", "epoch", "value")
        .curve("value", history.iter().map(|epoch| epoch.value))
        .dashed("the expert can only guess", level(game.draw()));
    let confidence = Chart::new("How sure the judge is of what it reads", "epoch", "mean probability")
        .curve("forged digits", history.iter().map(|epoch| epoch.confidence))
        .dashed("real digits that it never saw", level(unseen))
        .y_range(0.0..1.0);
    let coverage = Chart::new("How many of the ten digits are forged", "epoch", "digits")
        .curve("", history.iter().map(|epoch| epoch.coverage as f64))
        .y_range(0.0..10.5);
    Picture::of(value).below(confidence).below(coverage).save(path)
}

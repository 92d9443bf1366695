//! The pictures: who remembers how far, and how the writer learns.

use crate::{
    remember::{GAPS, Player},
    write::History,
};
use cotangent::{
    nn::pictures::{Chart, Matrix, Picture, PictureError, Shades},
    prelude::*,
};
use std::path::Path;

pub(crate) fn memory(players: &[Player], path: &Path) -> Result<(), PictureError> {
    let names = players.iter().map(|player| player.name);
    let rows: Vec<Tensor> = players.iter().map(|player| Tensor::from(player.by_gap.clone())).collect();
    let title = "Who remembers a letter: the share of right answers";
    let by_gap = Matrix::new(title, "letters in between", "network", &Tensor::stack(rows, 0))
        .labels(names, GAPS)
        .shades(Shades::viridis().over(0.0..1.0));

    let mut learning = Chart::new("How they learn it: with 20 letters in between", "step of training", "right answers");
    let mut last = 1.0;
    for player in players {
        learning = learning.line(player.name, player.learning.iter().copied());
        last = player.learning.last().map_or(last, |point| point.0);
    }
    let learning = learning.dashed("guessing", [(0.0, 0.25), (last, 0.25)]).y_range(0.0..1.05);
    Picture::of(by_gap).below(learning).save(path)
}

pub(crate) fn bits(history: &History, path: &Path) -> Result<(), PictureError> {
    let last = history.held_out.last().map_or(1.0, |point| point.0);
    let chart = Chart::new("Guessing the next letter", "step of training", "bits for each letter")
        .line("text it learns from", history.training.iter().copied())
        .line("text it never saw", history.held_out.iter().copied())
        .dashed("guessing by frequency", [(0.0, history.by_frequency), (last, history.by_frequency)])
        .y_range(0.0..7.5);
    Picture::of(chart).save(path)
}

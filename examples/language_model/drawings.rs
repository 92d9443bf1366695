//! The pictures: how it learned, and where it looks.

use crate::gpt::{HEADS, LAYERS};
use cotangent::{
    nn::pictures::{Chart, Images, Matrix, Picture, PictureError, Shades},
    prelude::*,
};
use std::path::Path;

/// Points are steps of training and bits.
pub(crate) fn bits(
    training: &[(f64, f64)],
    held_out: &[(f64, f64)],
    by_frequency: f64,
    path: &Path,
) -> Result<(), PictureError> {
    let last = held_out.last().map_or(1.0, |point| point.0);
    let chart = Chart::new("Guessing the next letter", "step of training", "bits for each letter")
        .line("text it learns from", training.iter().copied())
        .line("text it never saw", held_out.iter().copied())
        .dashed("guessing by frequency", [(0.0, by_frequency), (last, by_frequency)])
        .y_range(0.0..7.5);
    Picture::of(chart).save(path)
}

/// The attention of every head, `[layers * heads, length, length]`.
pub(crate) fn attention(weights: &Tensor, path: &Path) -> Result<(), PictureError> {
    let maps = Images::new("Where each letter (row) looks (column), for every head", weights)
        .captions((0..LAYERS * HEADS).map(name))
        .each_for_itself()
        .columns(HEADS);
    Picture::of(maps).save(path)
}

/// The same in large, for the head that looks nearest and the one that looks farthest back.
pub(crate) fn heads(text: &str, weights: &Tensor, path: &Path) -> Result<(), PictureError> {
    // How many letters back a head looks in the mean.
    let places = Tensor::arange(0, weights.size(-1) as i64, 1).cast(DType::F32);
    let back = (weights * (places.unsqueeze(1) - &places)).sum(-1).mean(-1);
    let letters = || text.chars().map(|letter| if letter == ' ' { '␣' } else { letter });
    let large = |how: &str, head: i64| {
        let mean = back.select(0, head as isize).item::<f32>();
        let title = format!("{how}: {}, by {mean:.1} letters in the mean", name(head as usize));
        Matrix::new(title, "this letter is looked at", "by this", &weights.select(0, head as isize))
            .labels(letters(), letters())
            .shades(Shades::ink().over(0.0..1.0))
    };
    let (least, most) = (back.argmin(0).item::<i64>(), back.argmax(0).item::<i64>());
    Picture::of(large("Looks back least", least)).below(large("Looks back most", most)).save(path)
}

fn name(head: usize) -> String {
    format!("layer {}, head {}", head / HEADS + 1, head % HEADS + 1)
}

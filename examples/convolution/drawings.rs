//! What the network learned, as pictures.

use crate::Reader;
use cotangent::{
    nn::{
        data::Digits,
        pictures::{Chart, Images, Picture, PictureError, Shades},
    },
    prelude::*,
};
use std::path::Path;

/// The losses of each epoch. That of the training is the greater one: its images are varied, and hidden units are left out.
pub(crate) fn learning(curve: &[(f64, f64)], path: &Path) -> Result<(), PictureError> {
    let chart = Chart::new("Reading digits by convolutions: the loss of each epoch", "epoch", "cross entropy")
        .curve("training", curve.iter().map(|losses| losses.0))
        .curve("validation", curve.iter().map(|losses| losses.1));
    Picture::of(chart).save(path)
}

/// The filters of the first layer, and what becomes of a digit: `[1, side, side]`, with its feature maps.
pub(crate) fn features(
    digit: &Tensor,
    filters: &Tensor,
    maps: &(Tensor, Tensor),
    path: &Path,
) -> Result<(), PictureError> {
    let filters = Images::new("Sixteen filters: red wants ink there, blue wants none", filters)
        .shades(Shades::diverging())
        .columns(8);
    let first = Images::new("Where in the digit each of them finds what it wants", &maps.0.squeeze(0)).columns(8);
    let second = Images::new("What 32 filters of the second layer find in those", &maps.1.squeeze(0)).columns(16);
    Picture::of(Images::new("A digit", digit)).below(filters).below(first).below(second).save(path)
}

/// One digit of each kind, and the pixels that the decision depends on.
pub(crate) fn saliency(reader: &Reader, test: &Digits, path: &Path) -> Result<(), PictureError> {
    let labels = test.labels.to_vec::<i64>();
    let places: Vec<i64> =
        (0..10).filter_map(|digit| Some(labels.iter().position(|&label| label == digit)? as i64)).collect();
    let digits = test.images.index_select(0, &Tensor::from(places));
    let best = reader.read(&digits).topk(2, -1).1.to_vec::<i64>();
    let captions = best.chunks(2).map(|best| format!("{}, not {}", best[0], best[1]));
    let shown = Images::new("What was read, and what was the second best", &digits).captions(captions).columns(5);
    let saliency = Images::new("Ink on red speaks for it, ink on blue against it", &reader.saliency(&digits))
        .shades(Shades::diverging())
        .each_for_itself()
        .columns(5);
    Picture::of(shown).below(saliency).save(path)
}

/// Digits that were read wrong.
pub(crate) fn misread(test: &Digits, answers: &Tensor, wrong: &Tensor, path: &Path) -> Result<(), PictureError> {
    // As many as fit a picture of 600 pixels with their captions.
    let wrong = wrong.narrow(0, 0, wrong.numel().min(24));
    let [labels, answers] = [&test.labels, answers].map(|of| of.index_select(0, &wrong).to_vec::<i64>());
    let captions = labels.iter().zip(&answers).map(|(label, answer)| format!("{label} as {answer}"));
    let images =
        Images::new("All that was misread", &test.images.index_select(0, &wrong)).captions(captions).columns(6);
    Picture::of(images).save(path)
}

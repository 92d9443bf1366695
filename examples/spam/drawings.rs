//! The pictures: the bargain between precision and recall, the words that decided, and the map of words.

use crate::{Scores, filters::Places};
use cotangent::nn::{
    data::text::Vocabulary,
    pictures::{Bars, Chart, Picture, PictureError, Plane, Shades},
};
use std::path::Path;

/// Precision against recall as the threshold falls, and where each filter has its threshold.
pub(crate) fn precision_and_recall(
    path: &Path,
    filters: &[(&str, (&Scores, f64))],
    wanted: f64,
) -> Result<(), PictureError> {
    let mut chart = Chart::new(
        "Each point of a curve is a threshold",
        "recall: part of the spam that is found",
        "precision: part of what is found that is spam",
    )
    .dashed("wanted", [(0.0, wanted), (1.0, wanted)])
    .square();
    for &(name, (scores, threshold)) in filters {
        let mut thresholds: Vec<f64> = scores.0.iter().map(|&(p, _)| p).collect();
        thresholds.sort_by(|a, b| b.total_cmp(a));
        let at = |threshold: f64| {
            let (precision, recall) = scores.precision_and_recall(threshold);
            (recall, precision)
        };
        chart = chart.line(name, thresholds.into_iter().map(at)).points(name, [at(threshold)]);
    }
    Picture::of(chart).save(path)
}

/// The words with the greatest weights, and those that decided about some messages.
pub(crate) fn words(
    path: &Path,
    weights: &[(String, f64)],
    messages: &[(&str, Vec<(String, f64)>)],
) -> Result<(), PictureError> {
    let shown = weights[..10].iter().chain(&weights[weights.len() - 10..]).cloned();
    let mut picture =
        Picture::of(Bars::new("The bag of words: what speaks for spam, and what against", "weight", shown));
    for (what, words) in messages {
        picture = picture.below(Bars::new(format!("One message: {what}"), "added to the score", words.clone()));
    }
    picture.save(path)
}

/// The plane of words, over the probability of spam of a message whose middle is there. There is not room for all words: those that decide
/// most come first, and then those that find a free place.
pub(crate) fn map(
    path: &Path,
    places: &Places,
    vocabulary: &Vocabulary,
    weights: &[(String, f64)],
) -> Result<(), PictureError> {
    let mut words: Vec<&(String, f64)> =
        weights.iter().filter(|(word, _)| word.chars().any(char::is_alphanumeric)).collect();
    words.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let words: Vec<(&str, (f64, f64))> =
        words.into_iter().filter_map(|(word, _)| Some((word.as_str(), places.place(word, vocabulary)?))).collect();
    // With room for words that lie at the border.
    let range = |of: fn(&(f64, f64)) -> f64| {
        let low = words.iter().map(|word| of(&word.1)).fold(f64::INFINITY, f64::min);
        let high = words.iter().map(|word| of(&word.1)).fold(f64::NEG_INFINITY, f64::max);
        let room = 0.15 * (high - low);
        low - room..high + room
    };
    let (x, y) = (range(|at| at.0), range(|at| at.1));
    let (width, height) = (x.end - x.start, y.end - y.start);
    let plane = Plane::over(x, y, |middle| places.score_at(middle).sigmoid());
    let mut chart = Chart::new("The plane of words", "first number of a word", "second number of a word").heat(
        "",
        &plane,
        Shades::diverging().over(0.0..1.0),
    );
    let mut shown: Vec<(&str, (f64, f64))> = Vec::new();
    for (word, at) in words {
        // A word takes a fifth of the width and a twentieth of the height.
        let is_free = |other: &(&str, (f64, f64))| {
            (at.0 - other.1.0).abs() > 0.2 * width || (at.1 - other.1.1).abs() > 0.05 * height
        };
        if shown.iter().all(is_free) {
            shown.push((word, at));
        }
    }
    chart = chart.points("", shown.iter().map(|word| word.1));
    for (word, at) in shown {
        chart = chart.note(at, word);
    }
    Picture::of(chart).save(path)
}

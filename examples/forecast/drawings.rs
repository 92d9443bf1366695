//! The picture: the series, forecasts in winter and in summer, and how errors and intervals do day by day.

use crate::{
    Backtest,
    series::{AHEAD, BETWEEN, SEEN, Series, TRAINED, YEAR},
};
use cotangent::nn::pictures::{Chart, Picture, PictureError};
use std::path::Path;

pub(crate) fn all(path: &Path, series: &Series, backtests: &[Backtest]) -> Result<(), PictureError> {
    let visitors: Vec<f64> = series.log.to_vec::<f32>().into_iter().map(|log| f64::from(log).exp()).collect();
    let by_year = |day: usize| day as f64 / YEAR as f64;
    let days = |from: usize, to: usize| (from..to).map(|day| (by_year(day), visitors[day])).collect::<Vec<_>>();
    let whole = Chart::new("Five years of visitors", "year", "visitors on a day")
        .line("to learn from", days(0, TRAINED))
        .line("test", days(TRAINED, visitors.len()));

    let by_day = |values: &[f64]| (1..).map(f64::from).zip(values.iter().copied()).collect::<Vec<_>>();
    let mut errors = Chart::new("How far off, by day", "days ahead", "off by visitors").square();
    let mut coverage = Chart::new("In the interval of 80 %", "days ahead", "part of the days")
        .dashed("", [(1.0, 0.8), (AHEAD as f64, 0.8)])
        .y_range(0.5..1.0)
        .square();
    for backtest in backtests {
        errors = errors.line(backtest.name, by_day(&backtest.error_by_day));
        coverage = coverage.line(backtest.name, by_day(&backtest.coverage_by_day));
    }
    // A place in winter and one in summer: the 18th and the 174th day of the test.
    Picture::of(whole)
        .below(forecast("A forecast in January", 3, &visitors, backtests))
        .below(forecast("A forecast at the end of June", 29, &visitors, backtests))
        .below(errors)
        .beside(coverage)
        .save(path)
}

/// The forecast in this place of the test, with what was known and what came.
fn forecast(title: &str, place: usize, visitors: &[f64], backtests: &[Backtest]) -> Chart {
    let first = TRAINED + BETWEEN * place;
    let quantiles: Vec<f64> = backtests[0].forecast.select(0, place as isize).to_vec();
    let ahead = |day: usize| (day + 1) as f64;
    let truth: Vec<(f64, f64)> =
        (first - SEEN..first + AHEAD).map(|day| (day as f64 - first as f64 + 1.0, visitors[day])).collect();
    let regression: Vec<f64> = backtests[1].forecast.select(0, place as isize).select(1, 1).to_vec();
    Chart::new(title, "days ahead", "visitors")
        .band("recurrent", quantiles.chunks(3).enumerate().map(|(day, q)| (ahead(day), q[0], q[2])))
        .line("recurrent", quantiles.chunks(3).enumerate().map(|(day, q)| (ahead(day), q[1])))
        .dashed("autoregression", regression.into_iter().enumerate().map(|(day, middle)| (ahead(day), middle)))
        .line("what came", truth.iter().copied())
        .points("what came", truth)
}

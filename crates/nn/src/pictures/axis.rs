//! An axis: its range, its ticks, how they are written. A chart computes in positions: a number's position is the number itself, or its
//! decimal logarithm on a logarithmic axis.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    /// Positions.
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) log: bool,
}

/// Beyond this the length of an axis might not be a number.
const FARTHEST: f64 = 1e300;

impl Axis {
    /// The axis that shows all these numbers, with a margin of this part of its length.
    pub(super) fn around(values: impl Iterator<Item = f64>, log: bool, margin: f64) -> Axis {
        let unfitted = Axis { low: 0.0, high: 1.0, log };
        let (low, high) = values
            .filter_map(|value| unfitted.position(value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)));
        if low > high {
            return unfitted;
        }
        // A single number stands in the middle. Twelve digits leave the ticks some to differ in.
        let single = high - low <= 1e-12 * low.abs().max(high.abs());
        let room = match () {
            () if single && log => 0.5,
            () if single => 0.5 * low.abs().max(if low == 0.0 { 1.0 } else { 0.0 }),
            () => margin * (high - low),
        };
        Axis { low: low - room, high: high + room, log }
    }

    /// The axis over exactly this range; none if there is no such axis.
    pub(super) fn over(range: &Range<f64>, log: bool) -> Option<Axis> {
        let unfitted = Axis { low: 0.0, high: 1.0, log };
        let (low, high) = (unfitted.position(range.start)?, unfitted.position(range.end)?);
        (high - low > 1e-12 * low.abs().max(high.abs())).then_some(Axis { low, high, log })
    }

    /// Where a number stands; none if it has no place on this axis.
    pub(super) fn position(&self, value: f64) -> Option<f64> {
        match self.log {
            true => (value > 0.0 && value <= FARTHEST).then(|| value.log10()),
            false => (value.abs() <= FARTHEST).then_some(value),
        }
    }

    /// Positions of at most about `count` ticks.
    fn ticks(&self, count: usize) -> Vec<f64> {
        let within = |&at: &f64| at >= self.low - 1e-9 * (self.high - self.low) && at <= self.high;
        if self.log {
            let decades = |each: f64, digits: &[f64]| -> Vec<f64> {
                let first = (self.low / each).floor() as i64;
                // The count of steps is small because `each` was chosen so.
                let exponents = (first..=(self.high / each).floor() as i64).map(|step| step as f64 * each);
                exponents.flat_map(|at| digits.iter().map(move |d| at + d.log10())).filter(within).collect()
            };
            let each = (1..).find(|&each| (self.high - self.low) / f64::from(each) <= count.max(1) as f64);
            let whole = decades(f64::from(each.unwrap_or(1)), &[1.0]);
            if whole.len() >= 3 {
                return whole;
            }
            let finer = decades(1.0, &[1.0, 2.0, 5.0]);
            if finer.len() >= 2 {
                return finer;
            }
        }
        let step = self.step(count);
        let first = (self.low / step).ceil();
        (0..)
            .map(|i| (first + f64::from(i)) * step)
            .take_while(|&at| at <= self.high + 1e-9 * step)
            .take(4 * count)
            .collect()
    }

    /// 1, 2 or 5 times a power of ten, so that about `count` of them fill the axis.
    fn step(&self, count: usize) -> f64 {
        let rough = (self.high - self.low) / count.max(1) as f64;
        let power = 10f64.powf(rough.log10().floor());
        [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|digit| digit * power)
            .find(|&step| step >= rough * 0.999)
            .unwrap_or(rough)
    }
}

/// A number with as many digits as the distance to its neighbours asks for.
pub(super) fn written(value: f64, step: f64) -> String {
    let largest = value.abs().max(step.abs());
    if value == 0.0 || value.abs() < step.abs() * 1e-6 {
        "0".to_owned()
    } else if largest >= 1e5 || step.abs() < 1e-4 {
        // Seven digits, without zeros at the end: 2.5e7.
        let text = format!("{value:.6e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
    } else {
        let digits = (-step.abs().log10().floor()).max(0.0) as usize;
        format!("{value:.digits$}")
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, at: &f64, pixels: (i32, i32)) -> i32 {
        let part = (at - self.low) / (self.high - self.low);
        pixels.0 + (f64::from(pixels.1 - pixels.0) * part).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Lines between the ticks are not drawn.
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks(hint.bold_points()) }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, at: &f64) -> String {
        if !self.log {
            // A tall chart has more than six ticks, which are less than ten times as close. Not all need the digits of the finest.
            let text = written(*at, self.step(6) / 10.0);
            return match text.contains('.') && !text.contains('e') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => text,
            };
        }
        // A little more than the logarithm, which may be rounded down from a whole number.
        let decade = (at + 1e-9).floor();
        let is_round = [1.0f64, 2.0, 5.0].iter().any(|digit| (at - decade - digit.log10()).abs() < 1e-6);
        written(10f64.powf(*at), 10f64.powf(decade - if is_round { 0.0 } else { 2.0 }))
    }
}

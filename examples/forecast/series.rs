//! The visitors of a swimming pool, day by day for five years: made from a trend, two seasons and noise.

use cotangent::prelude::*;
use std::f64::consts::TAU;

pub(crate) const YEAR: usize = 365;
const DAYS: usize = 5 * YEAR;
/// The last year is for the test.
pub(crate) const TRAINED: usize = DAYS - YEAR;
/// How many days a forecast rests on, and how many it looks ahead.
pub(crate) const SEEN: usize = 28;
pub(crate) const AHEAD: usize = 14;
/// The days from one forecast of the test to the next.
pub(crate) const BETWEEN: usize = 6;

/// Numbers that are known of each day, long before: the day of the week as seven of them, and where it is in the year as two.
pub(crate) const CALENDAR: usize = 9;

pub(crate) struct Series {
    /// The logarithm of the visitors of each day, `[days]`: what multiplies visitors, as a weekend does, is a sum here.
    pub(crate) log: Tensor,
    /// `[days, CALENDAR]`
    calendar: Tensor,
}

impl Series {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let (mut log, mut calendar) = (Vec::new(), Vec::new());
        let noise = rng.normal([DAYS, 2], DType::F64).to_vec::<f64>();
        let mut weather = 0.0;
        for (day, noise) in noise.chunks(2).enumerate() {
            let angle = TAU * day as f64 / YEAR as f64;
            let trend = 0.12 * day as f64 / YEAR as f64;
            let summer = -angle.cos();
            // Weekends bring more in summer than in winter: seasons that multiply are what a straight line cannot follow.
            let weekday = [0.0, -0.1, -0.1, 0.0, 0.1, 0.5, 0.4][day % 7] * (1.0 + 0.7 * summer);
            // Good weather stays for some days.
            weather = 0.8 * weather + 0.08 * noise[0];
            log.push((5.5 + trend + 0.5 * summer + weekday + weather + 0.06 * noise[1]) as f32);
            calendar.extend((0..7).map(|weekday| f32::from(u8::from(day % 7 == weekday))));
            calendar.extend([angle.cos() as f32, angle.sin() as f32]);
        }
        let calendar = Tensor::from_vec(calendar, [DAYS, CALENDAR]).expect("nine numbers for each day");
        Series { log: Tensor::from(log), calendar }
    }

    /// The windows that start on these days, each of the days that are seen and those ahead.
    pub(crate) fn windows(&self, starts: &Tensor) -> Windows {
        let log = self.log.unfold(0, SEEN + AHEAD, 1).index_select(0, starts);
        // From [n, CALENDAR, days] to days first, as a recurrent layer wants them.
        let calendar = self.calendar.unfold(0, SEEN + AHEAD, 1).index_select(0, starts).permute([2, 0, 1]);
        Windows { seen: log.narrow(1, 0, SEEN), ahead: log.narrow(1, SEEN, AHEAD), calendar }
    }

    /// All windows that end before the test begins.
    pub(crate) fn training(&self) -> Windows {
        self.windows(&Tensor::arange(0, (TRAINED - SEEN - AHEAD) as i64 + 1, 1))
    }

    /// A forecast on every sixth day of the test, so that all days of the week have their turn as the first: two weeks that were never
    /// learned from.
    pub(crate) fn test(&self) -> Windows {
        self.windows(&Tensor::arange((TRAINED - SEEN) as i64, (DAYS - SEEN - AHEAD) as i64 + 1, BETWEEN as i64))
    }
}

/// Parts of the series.
pub(crate) struct Windows {
    /// `[n, SEEN]`
    pub(crate) seen: Tensor,
    /// What came afterwards, `[n, AHEAD]`.
    pub(crate) ahead: Tensor,
    /// `[SEEN + AHEAD, n, CALENDAR]`
    pub(crate) calendar: Tensor,
}

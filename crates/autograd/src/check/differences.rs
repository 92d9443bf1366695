//! The numeric side: slopes of a function along a line at shrinking steps, and their limit.
//!
//! For step sizes that shrink by a half or so the differences towards each side and the central ones go into Richardson's table: each column
//! cancels one more power of h (of h², for central differences). The entry that differs least from its neighbours is the
//! limit, and that difference its uncertainty. (Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", 1982.)

/// How many step sizes are tried: from 1/16 to 1/33000 of the scale. The largest lets the table cancel rounding by a wide margin; the
/// last few lie inside the domain, and on this side of a kink, for points a thousandth away from the end of either.
const STEPS: i32 = 13;
/// The largest step.
const FIRST_STEP: f64 = 0.0625;
/// Each step as a part of the one before. About a half, but no ratio of small integers: the slopes of a function whose values are
/// rounded to multiples of a power of two would agree by chance, and so would those of a periodic one.
const SHRINK: f64 = 0.53;
/// Columns of the table. Beyond the sixth power truncation is below rounding, which each column amplifies.
const COLUMNS: usize = 6;
/// Entries use at least three steps: two slopes agree by chance too easily.
const FIRST_COLUMN: usize = 2;
/// Fewer steps than these inside the domain leave the table too small to estimate an uncertainty.
const LEAST_STEPS: usize = 4;

/// One-sided tables have twice the powers to cancel, and so fewer digits: four show that a side settles, or ten times what is
/// allowed for a central one.
const SIDE_SETTLES: f64 = 1e-4;

/// A derivative below this fraction of the values that were subtracted is taken as zero: rounding, 2e-16 of them, divided by the steps
/// that the table prefers, about 1e-3, and amplified by cancellation inside the function, reaches 1e-11.
const ZERO: f64 = 1e-10;

/// Terms that cancel exactly in theory, such as those of the derivative of a constant, leave rounding: a few times 2e-16 of them,
/// over steps of about 1e-3.
pub(super) const ROUNDING: f64 = 1e-12;

/// The scales of the steps: one, and the coordinates' own size where it is quite another.
pub(super) fn scales(coordinates: &[f64]) -> impl Iterator<Item = f64> + use<> {
    let largest = coordinates.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
    // A factor of eight is less than the steps span already.
    let other = largest.is_normal() && !(0.125..=8.0).contains(&largest);
    std::iter::once(1.0).chain(other.then_some(largest))
}

/// How far one can go along a direction before the domain ends, in multiples of the direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) ahead: f64,
    pub(super) behind: f64,
}

/// To which sides steps go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sides {
    Both,
    Ahead,
    Behind,
}

/// Steps of one scale, that stay within the domain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    /// What the steps are multiples of: the size of a change that matters.
    pub(super) scale: f64,
    sides: Sides,
}

/// The largest step goes half of the way to the end of the domain, where functions like to have no derivative.
const OF_THE_ROOM: f64 = 0.5;
/// Steps that the domain makes shorter than this, of those that the function calls for, are lost in rounding.
const LEAST_SHARE: f64 = 1e-3;

/// The ways to walk from a point: to both sides where there is room, with shorter steps near the end of the domain, and also away from the
/// end alone. None where there is no room.
pub(super) fn walks(coordinates: &[f64], room: Room) -> Vec<Walk> {
    let mut walks = Vec::new();
    for scale in scales(coordinates) {
        let within = |room: f64| scale.min(OF_THE_ROOM * room / FIRST_STEP);
        let both = within(room.ahead.min(room.behind));
        let (one, sides) = if room.ahead >= room.behind {
            (within(room.ahead), Sides::Ahead)
        } else {
            (within(room.behind), Sides::Behind)
        };
        let wide_enough = |share: f64| share >= LEAST_SHARE * scale;
        walks.extend(wide_enough(both).then_some(Walk { scale: both, sides: Sides::Both }));
        walks.extend((both < scale && one > both && wide_enough(one)).then_some(Walk { scale: one, sides }));
    }
    walks
}

impl Walk {
    /// The sizes of the steps.
    pub(super) fn steps(self) -> impl Iterator<Item = f64> {
        (0..STEPS).map(move |k| self.scale * FIRST_STEP * SHRINK.powi(k))
    }

    /// Where a step of this size leads to, ahead and behind.
    pub(super) fn places(self, h: f64) -> [Option<f64>; 2] {
        [(self.sides != Sides::Behind).then_some(h), (self.sides != Sides::Ahead).then_some(-h)]
    }
}

/// Slopes of one number along a line: towards both sides, for each step.
pub(super) struct Slopes {
    pub(super) steps: Vec<f64>,
    pub(super) forward: Vec<f64>,
    pub(super) backward: Vec<f64>,
    walk: Walk,
    /// The size of the values that were subtracted.
    pub(super) magnitude: f64,
    /// The size of everything that the function computes, changed or not.
    whole: f64,
}

/// What slopes lead to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    /// Both sides go to one value.
    Slope { value: f64, uncertainty: f64, step: f64 },
    /// Each side goes to a value of its own.
    Kink { backward: f64, forward: f64, step: f64 },
    /// They go nowhere.
    None { value: f64, uncertainty: f64, step: f64 },
}

impl Limit {
    pub(super) const NOWHERE: Limit = Limit::None { value: f64::NAN, uncertainty: f64::INFINITY, step: f64::NAN };

    /// The better of two limits, each with what is zero beside it: the first that exists; of two slopes the sharper one.
    pub(super) fn better(first: (Limit, f64), second: (Limit, f64)) -> (Limit, f64) {
        match (first.0, second.0) {
            (Limit::None { .. }, _) => second,
            (Limit::Slope { uncertainty, .. }, Limit::Slope { uncertainty: other, .. })
                if other.max(second.1) < uncertainty.max(first.1) =>
            {
                second
            }
            _ => first,
        }
    }
}

/// The best entry of a table.
#[derive(Clone, Copy)]
struct Entry {
    value: f64,
    uncertainty: f64,
    step: f64,
}

impl Slopes {
    /// Slopes for these steps, of a function that computes with numbers as large as `whole`.
    pub(super) fn new(walk: Walk, magnitude: f64, whole: f64) -> Self {
        Slopes { steps: Vec::new(), forward: Vec::new(), backward: Vec::new(), walk, magnitude, whole }
    }

    /// Adds the changes of a step to either side; that of a side which is not walked is not looked at.
    pub(super) fn push(&mut self, step: f64, ahead: f64, behind: f64) {
        self.steps.push(step);
        self.forward.push(ahead / step);
        self.backward.push(behind / step);
    }

    /// The derivative that is too small to be told from zero.
    pub(super) fn zero(&self) -> f64 {
        // Of the differences the lesser half: the largest steps may lead to where the function explodes.
        let differences = self.steps.iter().zip(self.forward.iter().zip(&self.backward));
        let differences = differences.map(|(h, (a, b))| h * a.abs().max(b.abs())).rev().take(STEPS as usize / 2);
        let subtracted = differences.filter(|size| size.is_finite()).fold(self.magnitude, f64::max);
        (ZERO * subtracted).max(ROUNDING * self.whole) / self.walk.scale
    }

    /// The limit of the slopes, to a relative tolerance.
    pub(super) fn limit(&self, tolerance: f64) -> Limit {
        match self.walk.sides {
            Sides::Both => self.limit_of_both(tolerance),
            Sides::Ahead => self.limit_of_one(&self.forward, tolerance),
            Sides::Behind => self.limit_of_one(&self.backward, tolerance),
        }
    }

    /// A quarter of the tolerance, which leaves the rest for what is compared.
    fn allowed(&self, tolerance: f64, value: f64) -> f64 {
        (0.25 * tolerance * value.abs()).max(self.zero())
    }

    fn limit_of_one(&self, side: &[f64], tolerance: f64) -> Limit {
        let Entry { value, uncertainty, step } = extrapolated(&self.steps, side, SHRINK.recip());
        if uncertainty <= self.allowed(tolerance, value) {
            return Limit::Slope { value, uncertainty, step };
        }
        Limit::None { value, uncertainty, step }
    }

    fn limit_of_both(&self, tolerance: f64) -> Limit {
        let central: Vec<f64> = self.forward.iter().zip(&self.backward).map(|(a, b)| (a + b) * 0.5).collect();
        let central = extrapolated(&self.steps, &central, SHRINK.powi(-2));
        let [forward, backward] =
            [&self.forward, &self.backward].map(|side| extrapolated(&self.steps, side, SHRINK.recip()));
        let allowed = |value: f64| self.allowed(tolerance, value);
        let slope = forward.value.abs() + backward.value.abs();
        let settles = |side: Entry| side.uncertainty <= (SIDE_SETTLES * side.value.abs()).max(10.0 * allowed(slope));
        if settles(forward) && settles(backward) {
            let (jump, doubt) = ((forward.value - backward.value).abs(), forward.uncertainty + backward.uncertainty);
            let rounding = allowed(forward.value.abs().max(backward.value.abs()));
            // Ten uncertainties: the estimate is of the right size, not a bound.
            if jump > (10.0 * doubt).max(rounding) {
                // What the sides' slopes differ by must be the same for all small steps, or it is noise.
                let gaps = self.forward.iter().zip(&self.backward).map(|(a, b)| (a - b).abs());
                let spread = gaps.rev().take(LEAST_STEPS).fold(0.0f64, |spread, gap| spread.max((gap - jump).abs()));
                if 4.0 * spread > jump {
                    return Limit::None { value: central.value, uncertainty: spread, step: central.step };
                }
                return Limit::Kink { backward: backward.value, forward: forward.value, step: forward.step };
            }
            if central.uncertainty <= allowed(central.value) {
                return Limit::Slope { value: central.value, uncertainty: central.uncertainty, step: central.step };
            }
            // Where only a higher derivative jumps, odd powers of h spoil the central table, but not the sides'.
            let value = (forward.value + backward.value) * 0.5;
            if doubt <= allowed(value) {
                return Limit::Slope { value, uncertainty: doubt, step: forward.step };
            }
        }
        let doubtful =
            if forward.uncertainty.is_finite() && backward.uncertainty.is_finite() { central } else { Entry::UNKNOWN };
        Limit::None { value: doubtful.value, uncertainty: doubtful.uncertainty, step: doubtful.step }
    }
}

impl Entry {
    const UNKNOWN: Entry = Entry { value: f64::NAN, uncertainty: f64::INFINITY, step: f64::NAN };
}

/// The limit of slopes whose error is a series in powers of the step, of which each step is half the one before;
/// `ratio` is 2, or 4 where the powers are even.
fn extrapolated(steps: &[f64], slopes: &[f64], ratio: f64) -> Entry {
    // Large steps may leave the domain.
    let start = slopes.iter().rposition(|slope| !slope.is_finite()).map_or(0, |last| last + 1);
    let (steps, slopes) = (&steps[start..], &slopes[start..]);
    let [.., before_last, last] = *slopes else { return Entry::UNKNOWN };
    if slopes.len() < LEAST_STEPS {
        return Entry::UNKNOWN;
    }
    let (mut best, mut above, mut noises) = (Entry::UNKNOWN, Vec::new(), Vec::new());
    for (&step, &slope) in steps.iter().zip(slopes) {
        let mut row: Vec<f64> = vec![slope];
        let (mut factor, mut least) = (1.0, f64::INFINITY);
        for column in 1..=above.len().min(COLUMNS) {
            factor *= ratio;
            let (left, diagonal): (f64, f64) = (row[column - 1], above[column - 1]);
            let value = left + (left - diagonal) / (factor - 1.0);
            row.push(value);
            let uncertainty = (value - left).abs().max((value - diagonal).abs());
            if column >= FIRST_COLUMN {
                least = least.min(uncertainty);
                if uncertainty < best.uncertainty {
                    best = Entry { value, uncertainty, step };
                }
            }
        }
        above = row;
        noises.push(least * step);
    }
    // At small steps the entries differ by the noise of the function over the step. Where values are rounded to few digits, some
    // agree by chance, but hardly those of three steps.
    let noise = noises.iter().rev().take(3).filter(|noise| noise.is_finite()).fold(0.0, |most, noise| noise.max(most))
        / best.step;
    // The smallest steps must be on their way to the limit: what is left of a power series is no more than its last change,
    // and four times that leaves room for rounding. Otherwise larger steps have agreed by chance.
    let missed = (best.value - last).abs() - 4.0 * (last - before_last).abs();
    best.uncertainty = best.uncertainty.max(missed).max(noise);
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit_along(walk: Walk, x: f64, f: impl Fn(f64) -> f64) -> Limit {
        let mut slopes = Slopes::new(walk, f(x).abs(), f(x).abs());
        for h in walk.steps() {
            let [ahead, behind] = walk.places(h).map(|h| h.map_or(f64::NAN, |h| f(x + h) - f(x)));
            slopes.push(h, ahead, -behind);
        }
        slopes.limit(1e-6)
    }

    fn limit_at(x: f64, scale: f64, f: impl Fn(f64) -> f64) -> Limit {
        limit_along(Walk { scale, sides: Sides::Both }, x, f)
    }

    fn slope_at(x: f64, f: impl Fn(f64) -> f64) -> f64 {
        match limit_at(x, 1.0, f) {
            Limit::Slope { value, .. } => value,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn smooth_functions_have_a_slope_to_ten_digits() {
        for x in [-2.0, -0.3, 0.0, 0.7, 3.0] {
            assert!((slope_at(x, f64::sin) - x.cos()).abs() < 1e-10);
            assert!((slope_at(x, f64::exp) / x.exp() - 1.0).abs() < 1e-10);
            assert!((slope_at(x, |x| (20.0 * x).sin()) - 20.0 * (20.0 * x).cos()).abs() < 1e-7);
        }
        assert!((slope_at(0.05, f64::ln) - 20.0).abs() < 1e-6, "the largest steps leave the domain");
    }

    #[test]
    fn a_period_that_divides_the_steps_does_not_look_constant() {
        // Sixteen periods to the unit: the first steps are whole periods.
        let wave = |x: f64| (32.0 * std::f64::consts::PI * x).sin();
        assert!(!matches!(limit_at(0.0, 1.0, wave), Limit::Slope { value, .. } if value.abs() < 1.0));
    }

    #[test]
    fn sides_that_differ_are_a_kink() {
        let Limit::Kink { backward, forward, .. } = limit_at(0.0, 1.0, |x: f64| x.abs() + x.sin()) else { panic!() };
        assert!((backward - 0.0).abs() < 1e-8 && (forward - 2.0).abs() < 1e-8);
        // A kink nearer than the smallest step is one too.
        assert!(matches!(limit_at(1e-9, 1.0, f64::abs), Limit::Kink { .. }));
        assert!((slope_at(0.001, f64::abs) - 1.0).abs() < 1e-12, "a kink further away is none");
        // A parabola on one side: the slope is continuous.
        assert!(slope_at(0.0, |x: f64| x.max(0.0) * x).abs() < 1e-10);
    }

    #[test]
    fn what_does_not_settle_has_no_limit() {
        type Case = (&'static str, f64, fn(f64) -> f64);
        let cases: [Case; 8] = [
            ("a jump", 0.0, |x| if x > 0.0 { 1.0 } else { 0.0 }),
            ("a hole", 0.0, |x| if x == 0.0 { 1.0 } else { 0.0 }),
            ("the end of a domain", 0.0, f64::sqrt),
            ("a vertical tangent", 0.0, f64::cbrt),
            ("a cusp", 0.0, |x| x.abs().sqrt()),
            ("no number", 1.0, |_| f64::NAN),
            ("rounding to f32", 0.7, |x| f64::from(x.sin() as f32)),
            ("oscillation", 0.0, |x| if x == 0.0 { 0.0 } else { x * (1.0 / x).sin() }),
        ];
        for (name, x, f) in cases {
            let limit = limit_at(x, 1.0, f);
            assert!(matches!(limit, Limit::None { .. }), "{name}: {limit:?}");
        }
    }

    #[test]
    fn steps_stay_within_the_domain() {
        let outside = |x: f64| assert!(x > 0.0 && x < 1.0, "{x} is outside");
        for x in [1e-6, 1e-3, 0.02, 0.4, 0.999, 1.0 - 1e-7] {
            let room = Room { ahead: 1.0 - x, behind: x };
            let slope_of = |f: &dyn Fn(f64) -> f64| {
                let limits = walks(&[x], room).into_iter().map(|walk| {
                    limit_along(walk, x, |x| {
                        outside(x);
                        f(x)
                    })
                });
                limits.reduce(|best, limit| Limit::better((best, 0.0), (limit, 0.0)).0)
            };
            let Some(Limit::Slope { value, .. }) = slope_of(&|x| (3.0 * x).exp()) else { panic!("{x}") };
            assert!((value / (3.0 * (3.0 * x).exp()) - 1.0).abs() < 1e-7, "{x}: {value}");
        }
        assert!(walks(&[0.5], Room { ahead: 1e-9, behind: 1e-9 }).is_empty(), "no room");
        assert_eq!(walks(&[0.5], Room { ahead: f64::INFINITY, behind: f64::INFINITY }).len(), 1);
    }

    #[test]
    fn rounding_to_few_digits_gives_no_wrong_slope() {
        type Pair = (fn(f64) -> f64, fn(f64) -> f64);
        let rounded: [Pair; 3] = [
            (|x| f64::from(x.sin() as f32), f64::cos),
            (|x| f64::from((x as f32).exp()), f64::exp),
            (|x| (x * 1e4).round(), |_| 1e4),
        ];
        for i in 1..200 {
            let x = f64::from(i) * 0.0173;
            for (f, slope) in rounded {
                match limit_at(x, 1.0, f) {
                    Limit::None { .. } => {}
                    Limit::Slope { value, .. } if (value / slope(x) - 1.0).abs() < 1e-6 => {}
                    wrong => panic!("{x}: {wrong:?}, not {}", slope(x)),
                }
            }
        }
    }
}

//! A point along a direction that satisfies the strong Wolfe conditions.

/// The value and gradient of the function somewhere.
#[derive(Clone, Debug)]
pub(super) struct Evaluated {
    pub(super) loss: f64,
    pub(super) gradient: Vec<f64>,
}

/// What a search has found.
pub(super) struct Found {
    pub(super) length: f64,
    pub(super) at: Evaluated,
    pub(super) evaluations: u64,
}

/// A point of the search.
#[derive(Clone)]
struct Point {
    t: f64,
    slope: f64,
    at: Evaluated,
}

impl Point {
    fn loss(&self) -> f64 {
        self.at.loss
    }
}

/// How much of the decrease that the slope promises is asked for, and how flat the end must be, as in PyTorch and in Nocedal
/// and Wright, chapter 3.1.
const C1: f64 = 1e-4;
const C2: f64 = 0.9;

/// Algorithms 3.5 and 3.6 of Nocedal and Wright, with PyTorch's choice of trial points. `start` is the point at 0 and `slope` the
/// slope there; `at` evaluates the function at a length along `direction`.
pub(super) fn strong_wolfe(
    at: &mut dyn FnMut(f64) -> Evaluated,
    length: f64,
    direction: &[f64],
    start: &Evaluated,
    slope: f64,
    max_trials: u64,
    tolerance_change: f64,
) -> Found {
    let mut evaluations = 0;
    let mut trial_at = |t: f64| {
        evaluations += 1;
        let at = at(t);
        Point { t, slope: dot(&at.gradient, direction), at }
    };
    let is_too_high = |point: &Point| point.loss() > start.loss + C1 * point.t * slope;
    let is_flat = |point: &Point| point.slope.abs() <= -C2 * slope;
    let origin = Point { t: 0.0, slope, at: start.clone() };

    // Lengthens the step until a point between two must be good, or one is.
    let (mut previous, mut new) = (origin.clone(), trial_at(length));
    let mut trials = 0;
    let mut bracket = None;
    while trials < max_trials {
        if is_too_high(&new) || (trials > 1 && new.loss() >= previous.loss()) {
            bracket = Some([previous.clone(), new.clone()]);
            break;
        }
        if is_flat(&new) {
            return Found { length: new.t, at: new.at, evaluations };
        }
        if new.slope >= 0.0 {
            bracket = Some([previous.clone(), new.clone()]);
            break;
        }
        let bounds = (new.t + 0.01 * (new.t - previous.t), new.t * 10.0);
        let next = trial_at(cubic_minimum(&previous, &new, bounds));
        previous = std::mem::replace(&mut new, next);
        trials += 1;
    }
    let mut bracket = bracket.unwrap_or([origin, new]);

    // Narrows the bracket.
    let furthest = direction.iter().fold(0.0f64, |most, d| most.max(d.abs()));
    let (mut low, mut high) = if bracket[0].loss() <= bracket[1].loss() { (0, 1) } else { (1, 0) };
    let mut was_near_an_end = false;
    while trials < max_trials && (bracket[1].t - bracket[0].t).abs() * furthest >= tolerance_change {
        let (least, most) = (bracket[0].t.min(bracket[1].t), bracket[0].t.max(bracket[1].t));
        let mut t = cubic_minimum(&bracket[0], &bracket[1], (least, most));
        // A minimum that stays near an end makes no progress: the second time, or beyond it, step away from there.
        let margin = 0.1 * (most - least);
        if (most - t).min(t - least) < margin {
            if was_near_an_end || t >= most || t <= least {
                t = if (t - most).abs() < (t - least).abs() { most - margin } else { least + margin };
                was_near_an_end = false;
            } else {
                was_near_an_end = true;
            }
        } else {
            was_near_an_end = false;
        }
        let new = trial_at(t);
        trials += 1;
        if is_too_high(&new) || new.loss() >= bracket[low].loss() {
            bracket[high] = new;
            (low, high) = if bracket[0].loss() <= bracket[1].loss() { (0, 1) } else { (1, 0) };
            continue;
        }
        let is_done = is_flat(&new);
        if !is_done && new.slope * (bracket[high].t - bracket[low].t) >= 0.0 {
            bracket[high] = bracket[low].clone();
        }
        bracket[low] = new;
        if is_done {
            break;
        }
    }
    let [first, second] = bracket;
    let best = if low == 0 { first } else { second };
    Found { length: best.t, at: best.at, evaluations }
}

/// The minimum between two points of the cubic that has their values and slopes, within bounds: Nocedal and Wright, equation 3.59.
fn cubic_minimum(a: &Point, b: &Point, (least, most): (f64, f64)) -> f64 {
    let d1 = a.slope + b.slope - 3.0 * (a.loss() - b.loss()) / (a.t - b.t);
    let square = d1 * d1 - a.slope * b.slope;
    let has_minimum = square >= 0.0;
    if !has_minimum {
        return (least + most) / 2.0;
    }
    let d2 = square.sqrt();
    let minimum = if a.t <= b.t {
        b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2))
    } else {
        a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2.0 * d2))
    };
    minimum.max(least).min(most)
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

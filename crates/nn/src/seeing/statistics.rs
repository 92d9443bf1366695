//! How large values and gradients are, part by part, to find layers that are dead, that starve, or whose numbers explode.

use super::{Numbers, rows::rows, table::Table};
use cotangent_autograd::watch::{Origin, Recording};
use std::fmt;

#[cfg(test)]
mod tests;

/// Zeros in a hundred elements from which on a part counts as dead. A relu of centred numbers gives half zeros; one that gives so many
/// passes on next to nothing, and learns from next to nothing.
const DEAD_PERCENT: f64 = 98.0;
/// How many times as large as the median of all parts an element, or its gradient, may be. Sound networks keep within two orders of
/// magnitude; where each layer multiplies, three are reached soon.
const OUT_OF_LINE: f64 = 1e3;

/// Values and gradients of a run, part by part; made of a recording by [`watch::gradient`](cotangent_autograd::watch::gradient), and
/// shown as a table.
///
/// ```
/// use cotangent_autograd::watch;
/// use cotangent_nn::{Linear, Loss, Sequential, seeing::{Health, Statistics}};
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let mut rng = Rng::seed(7);
/// let mut hidden = Linear::new(4, 16, &mut rng);
/// hidden.bias = Some(Tensor::full([16], -50, DType::F32)); // so far down that no unit ever fires
/// let model = Sequential::new().push(hidden).push_fn(Tensor::relu).push(Linear::new(16, 3, &mut rng));
/// let (x, y) = (rng.normal([32, 4], DType::F32), rng.randint(0, 3, [32]));
///
/// let (_, _, recording) = watch::gradient(&model, &(x, y), |m, (x, y)| m.forward(x).cross_entropy(y));
/// let statistics = Statistics::new(&recording);
/// let relu = &statistics.activations()[1];
/// assert_eq!((relu.name.as_str(), relu.health), ("relu", Health::Dead));
/// let weight = &statistics.parameters()[0];
/// assert_eq!((weight.name.as_str(), weight.health), ("0.weight", Health::NoGradient));
/// println!("{statistics}");
/// ```
#[derive(Clone, Debug)]
pub struct Statistics {
    activations: Vec<Seen>,
    parameters: Vec<Seen>,
}

/// Something that was looked at: what a part gave, or a parameter.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seen {
    /// The path of the part or of the parameter; the name of an operation without parameters.
    pub name: String,
    /// Its value.
    pub value: Numbers,
    /// Its gradient; none if nothing was differentiated, or the result does not depend on it.
    pub gradient: Option<Numbers>,
    /// What is conspicuous.
    pub health: Health,
}

/// What is conspicuous about a value and its gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// Nothing.
    Sound,
    /// An element, or one of the gradient, is NaN or infinite.
    NotFinite,
    /// At least 98% of what a part gave are zeros.
    Dead,
    /// The gradient is zero in every place; or the result does not depend on a parameter at all.
    NoGradient,
    /// The elements, or those of the gradient, are over 1,000 times as large as those of the median part.
    Exploding,
    /// The gradient's elements are over 1,000 times smaller than those of the median part.
    Vanishing,
}

impl Statistics {
    /// The statistics of what was recorded.
    ///
    /// # Panics
    /// When the values are [shapes only](cotangent_tensor::Tensor::shape_only).
    #[must_use]
    #[track_caller]
    pub fn new(recording: &Recording) -> Self {
        let seen = |number: usize, name: String| {
            let value = &recording.values()[number];
            let gradient = value.cotangent().and_then(Numbers::of);
            Some(Seen { name, value: Numbers::of(value.tensor())?, gradient, health: Health::Sound })
        };
        let name_of = |row: &super::rows::Row| match row.path.as_deref() {
            Some("") => "(model)".to_owned(),
            Some(path) => path.to_owned(),
            None => row.names(recording).first().map_or(String::new(), |(name, _)| (*name).to_owned()),
        };
        let mut activations = Vec::new();
        for row in rows(recording) {
            let name = name_of(&row);
            for &within in &row.within {
                let mut last = row.operations.iter().rev().map(|&number| &recording.operations()[number]);
                let output = last.find(|operation| operation.name() == within).and_then(|last| last.outputs().first());
                activations.extend(output.and_then(|&output| seen(output, format!("{name}: {within}"))));
            }
            activations.extend(row.outputs.iter().filter_map(|&output| seen(output, name.clone())));
        }
        let parameters = recording.values().iter().enumerate().filter_map(|(number, value)| match value.origin() {
            Origin::Parameter(path) => seen(number, path.clone()),
            _ => None,
        });
        let mut statistics = Statistics { activations, parameters: parameters.collect() };
        let differentiated = !recording.pulled().is_empty();
        judge(&mut statistics.activations, differentiated, true);
        judge(&mut statistics.parameters, differentiated, false);
        statistics
    }

    /// What each part gave when it last ran, and operations without parameters between parts, in the order in which they first ran. What the last
    /// operation of each name within a part gave stands before it, such as `memory: lstm_output`.
    #[must_use]
    pub fn activations(&self) -> &[Seen] {
        &self.activations
    }

    /// The model's floating-point parameters.
    #[must_use]
    pub fn parameters(&self) -> &[Seen] {
        &self.parameters
    }

    /// All that is conspicuous.
    pub fn conspicuous(&self) -> impl Iterator<Item = &Seen> {
        self.activations.iter().chain(&self.parameters).filter(|seen| seen.health != Health::Sound)
    }
}

/// Says of each what is conspicuous, beside the others. A parameter of zeros, such as a fresh bias, is not dead, and one may be of
/// any size.
fn judge(all: &mut [Seen], differentiated: bool, are_activations: bool) {
    // A sum over all examples, such as a loss, is of another size by nature.
    let is_compared = |seen: &Seen| !are_activations || seen.value.count > 1;
    let compared = || all.iter().filter(|seen| is_compared(seen));
    let value = median(compared().map(|seen| seen.value.rms()));
    let gradient = median(compared().filter_map(|seen| seen.gradient).map(|gradient| gradient.rms()));
    for seen in all {
        let size = seen.gradient.map_or(0.0, |gradient| gradient.rms());
        seen.health = if !seen.value.is_finite() || seen.gradient.is_some_and(|gradient| !gradient.is_finite()) {
            Health::NotFinite
        } else if are_activations && seen.value.percent_zero() >= DEAD_PERCENT {
            Health::Dead
        } else if size == 0.0 && (seen.gradient.is_some() || differentiated && !are_activations) {
            Health::NoGradient
        } else if !is_compared(seen) {
            Health::Sound
        } else if size > OUT_OF_LINE * gradient || are_activations && seen.value.rms() > OUT_OF_LINE * value {
            Health::Exploding
        } else if seen.gradient.is_some() && size * OUT_OF_LINE < gradient {
            Health::Vanishing
        } else {
            Health::Sound
        };
    }
}

/// The middle of the sizes that are not zero; infinite, so that nothing exceeds it, if there are none.
fn median(sizes: impl Iterator<Item = f64>) -> f64 {
    let mut sizes: Vec<f64> = sizes.filter(|&size| size > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(f64::INFINITY)
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Health::Sound => "",
            Health::NotFinite => "NOT FINITE",
            Health::Dead => "DEAD",
            Health::NoGradient => "NO GRADIENT",
            Health::Exploding => "EXPLODING",
            Health::Vanishing => "VANISHING",
        })
    }
}

/// Two tables: of what parts gave, and of parameters.
impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", table("activation", &self.activations))?;
        writeln!(f)?;
        write!(f, "{}", table("parameter", &self.parameters))
    }
}

fn table(what: &str, all: &[Seen]) -> Table {
    let names = [what, "mean", "std", "least", "greatest", "zero", "gradient norm", "greatest", "zero", ""];
    let mut lines = vec![names.map(str::to_owned).to_vec()];
    for Seen { name, value, gradient, health } in all {
        let short = |x: f64| format!("{x:.2e}");
        let percent = |numbers: &Numbers| format!("{:.0}%", numbers.percent_zero());
        let mut line = vec![name.clone()];
        line.extend([value.mean, value.std, value.least, value.greatest].map(short));
        line.push(percent(value));
        match gradient {
            Some(gradient) => {
                let greatest = gradient.least.abs().max(gradient.greatest.abs());
                line.extend([short(gradient.norm), short(greatest), percent(gradient)]);
            }
            None => line.extend([const { String::new() }; 3]),
        }
        line.push(health.to_string());
        lines.push(line);
    }
    Table { numeric: &[false, true, true, true, true, true, true, true, true, false], lines }
}

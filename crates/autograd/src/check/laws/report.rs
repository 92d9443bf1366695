//! What the battery found, as values and as a text to read.

use super::Law;
use crate::check::Layout;
use std::{fmt, time::Duration};

/// A law that an operation broke, and how to see it again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Breach {
    /// Which law.
    pub law: Law,
    /// The number of the sample, in the order in which they were added; of exact values and refusals, among those.
    pub sample: usize,
    /// The shapes and dtypes of the inputs.
    pub inputs: String,
    /// The layout that made the difference, where one did.
    pub layout: Option<Layout>,
    /// The seed of the inputs, cotangents and directions.
    pub seed: u64,
    /// What was compared, the element, and both numbers.
    pub what: String,
}

/// What the battery found.
///
/// Its text, by `Display`, names for each broken law the sample, layout, element and seed, and how to run that alone.
#[derive(Clone, Debug)]
pub struct LawReport {
    pub(super) name: String,
    pub(super) breaches: Vec<Breach>,
    pub(super) compared: Vec<(Law, usize)>,
    pub(super) left_out: Vec<(Law, String)>,
    pub(super) samples: usize,
    pub(super) seeds: u64,
    pub(super) elapsed: Duration,
}

impl LawReport {
    /// Whether every law held.
    #[must_use]
    pub fn is_pass(&self) -> bool {
        self.breaches.is_empty()
    }

    /// The first breach of each law that was broken.
    #[must_use]
    pub fn breaches(&self) -> &[Breach] {
        &self.breaches
    }

    /// Whether this law was broken.
    #[must_use]
    pub fn breaks(&self, law: Law) -> bool {
        self.breaches.iter().any(|breach| breach.law == law)
    }

    /// How many comparisons were made for a law; zero where it says nothing of this operation, as sharing of one input.
    #[must_use]
    pub fn compared(&self, law: Law) -> usize {
        self.compared.iter().filter(|(other, _)| *other == law).map(|(_, count)| count).sum()
    }

    /// How long it all took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Goes on if every law held.
    ///
    /// # Panics
    /// Otherwise, with the report.
    #[track_caller]
    pub fn assert_pass(&self) {
        assert!(self.is_pass(), "{self}");
    }
}

impl fmt::Display for LawReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LawReport { name, breaches, samples, seeds, .. } = self;
        let tried = self.compared.iter().filter(|(_, count)| *count > 0).count();
        match breaches.len() {
            0 => {
                let comparisons: usize = self.compared.iter().map(|(_, count)| count).sum();
                let hold = if tried == 1 { "law holds" } else { "laws hold" };
                write!(f, "{name}: {tried} {hold} in {comparisons} comparisons; ")?;
            }
            1 => write!(f, "{name}: 1 law is BROKEN; ")?,
            count => write!(f, "{name}: {count} laws are BROKEN; ")?,
        }
        let counted = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let (samples, seeds) = (counted(*samples as u64, "sample"), counted(*seeds, "seed"));
        write!(f, "{samples}, {seeds}, {:.1} ms", self.elapsed.as_secs_f64() * 1e3)?;
        for Breach { law, sample, inputs, layout, seed, what } in breaches {
            write!(f, "\n  {law}: {}", law.statement())?;
            write!(f, "\n    sample: {sample}, {inputs}")?;
            match layout {
                None | Some(super::Layout::Contiguous) => {}
                Some(layout) => write!(f, ", {layout:?}")?,
            }
            write!(f, ", seed {seed}")?;
            write!(f, "\n    found:  {what}")?;
            write!(f, "\n    alone:  COTANGENT_CHECK_ONLY='{name}/{law:?}/{sample}/{seed}' cargo test")?;
        }
        for (law, reason) in &self.left_out {
            write!(f, "\n  {law} was left out: {reason}")?;
        }
        Ok(())
    }
}

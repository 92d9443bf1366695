//! What a rule keeps of an operation's inputs and outputs until its vjp runs.

use crate::{Few, Spec, SpecRef, Tensor};

/// Which inputs and outputs a vjp looks at.
///
/// ```
/// use cotangent_tensor::Keep;
/// let keep = Keep::input(0).and(Keep::output(0));
/// assert!(keep.has_input(0) && !keep.has_input(1) && keep.has_output(0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    inputs: u64,
    outputs: u64,
    specs: bool,
}

impl Keep {
    /// Nothing.
    pub const NOTHING: Keep = Keep { inputs: 0, outputs: 0, specs: false };
    /// The shapes and dtypes of the inputs, not their values.
    pub const SPECS: Keep = Keep { inputs: 0, outputs: 0, specs: true };
    /// Every input: for operations with many inputs, or a first version of a rule.
    pub const ALL_INPUTS: Keep = Keep { inputs: u64::MAX, outputs: 0, specs: false };

    /// Input `i`, of the first 64.
    ///
    /// # Panics
    /// When `i` is 64 or more.
    #[must_use]
    #[inline]
    pub const fn input(i: usize) -> Keep {
        assert!(i < 64, "a rule can name the first 64 inputs, or all");
        Keep { inputs: 1 << i, ..Keep::NOTHING }
    }

    /// Output `i`, of the first 64.
    ///
    /// # Panics
    /// When `i` is 64 or more.
    #[must_use]
    #[inline]
    pub const fn output(i: usize) -> Keep {
        assert!(i < 64, "a rule can name the first 64 outputs");
        Keep { outputs: 1 << i, ..Keep::NOTHING }
    }

    /// Both.
    #[must_use]
    #[inline]
    pub const fn and(self, other: Keep) -> Keep {
        Keep {
            inputs: self.inputs | other.inputs,
            outputs: self.outputs | other.outputs,
            specs: self.specs || other.specs,
        }
    }

    /// This if the condition holds, else nothing.
    #[must_use]
    #[inline]
    pub const fn when(self, condition: bool) -> Keep {
        if condition { self } else { Keep::NOTHING }
    }

    /// Whether input `i` is kept.
    #[must_use]
    #[inline]
    pub const fn has_input(self, i: usize) -> bool {
        self.inputs == u64::MAX || (i < 64 && self.inputs >> i & 1 == 1)
    }

    /// Whether output `i` is kept.
    #[must_use]
    #[inline]
    pub const fn has_output(self, i: usize) -> bool {
        i < 64 && self.outputs >> i & 1 == 1
    }
}

/// What a vjp asked to keep. A tape has one for each operation, so that it is small, and what is rare lies elsewhere.
pub struct Saved {
    inputs: u64,
    outputs: u64,
    /// The inputs that are kept, in order, and then the outputs.
    kept: Few<Tensor>,
    /// Of all inputs, where the specs were asked for.
    specs: Option<Box<Few<Spec>>>,
}

impl Saved {
    /// Keeps of these inputs and outputs what `keep` names.
    #[must_use]
    pub fn new(keep: Keep, inputs: &[&Tensor], outputs: &[Tensor]) -> Self {
        let named_inputs = inputs.iter().enumerate().filter(|&(i, _)| keep.has_input(i)).map(|(_, &x)| x);
        let named_outputs = outputs.iter().enumerate().filter(|&(i, _)| keep.has_output(i)).map(|(_, y)| y);
        let specs = keep.specs.then(|| Box::new(inputs.iter().map(|x| x.spec().to_owned()).collect()));
        // Without those that the operation does not have, so that members of the sets are what is kept.
        let inputs = if keep.inputs == u64::MAX { u64::MAX } else { keep.inputs & first(inputs.len()) };
        // What is kept comes last, and so is written where it stays.
        Saved {
            inputs,
            outputs: keep.outputs & first(outputs.len()),
            specs,
            kept: match (keep.inputs, keep.outputs) {
                (0, 0) => Few::new(),
                (_, 0) => named_inputs.cloned().collect(),
                _ => named_inputs.chain(named_outputs).cloned().collect(),
            },
        }
    }

    /// Input `i`.
    ///
    /// # Panics
    /// When the rule's `keep` does not name it.
    #[must_use]
    #[track_caller]
    #[inline]
    pub fn input(&self, i: usize) -> &Tensor {
        let position = rank_of(self.inputs, i).filter(|&position| position < self.kept_inputs());
        let position =
            position.unwrap_or_else(|| panic!("the rule looks at input {i}, which its `keep` does not name"));
        &self.kept[position]
    }

    /// Output `i`.
    ///
    /// # Panics
    /// When the rule's `keep` does not name it.
    #[must_use]
    #[track_caller]
    #[inline]
    pub fn output(&self, i: usize) -> &Tensor {
        let kept = rank_of(self.outputs, i).and_then(|position| self.kept.get(self.kept_inputs() + position));
        kept.unwrap_or_else(|| panic!("the rule looks at output {i}, which its `keep` does not name"))
    }

    #[inline]
    fn kept_inputs(&self) -> usize {
        self.kept.len() - self.outputs.count_ones() as usize
    }

    /// Shape and dtype of input `i`.
    ///
    /// # Panics
    /// When the rule's `keep` names neither the input nor [`Keep::SPECS`].
    #[must_use]
    #[track_caller]
    #[inline]
    pub fn spec(&self, i: usize) -> SpecRef<'_> {
        match self.specs.as_ref().and_then(|specs| specs.get(i)) {
            Some(spec) => spec.as_ref(),
            None if rank_of(self.inputs, i).is_some() => self.input(i).spec(),
            None => panic!("the rule looks at the spec of input {i}; its `keep` must name the input, or Keep::SPECS"),
        }
    }
}

/// The set of the first so many.
#[inline]
fn first(count: usize) -> u64 {
    if count < 64 { (1 << count) - 1 } else { u64::MAX }
}

/// How many members of a set are below member `i`; the full set stands for all, also from 64 on.
fn rank_of(set: u64, i: usize) -> Option<usize> {
    if set == u64::MAX {
        return Some(i);
    }
    (i < 64 && set >> i & 1 == 1).then(|| (set & ((1 << i) - 1)).count_ones() as usize)
}

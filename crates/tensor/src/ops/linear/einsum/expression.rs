//! The text of an Einstein summation, held against the operands.

use super::Label;
use crate::{Error, ErrorKind, Result, SpecRef};
use std::collections::BTreeMap;

/// The labels of ellipses begin above those of all letters: the last axis has this one, the one before it the next.
const ELLIPSIS: Label = char::MAX as Label + 1;

/// Which labels each operand and the result have, and the size that each label broadcasts to.
pub(super) struct Expression {
    pub(super) inputs: Vec<Vec<Label>>,
    pub(super) output: Vec<Label>,
    pub(super) sizes: BTreeMap<Label, usize>,
}

/// The letters of one operand, or of the result, before and after an ellipsis.
struct Term {
    before: Vec<Label>,
    after: Vec<Label>,
    has_ellipsis: bool,
}

impl Term {
    fn parse(text: &str) -> Result<Term, String> {
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (before, after) = compact.split_once("...").unwrap_or((&compact, ""));
        if after.contains("...") {
            return Err(format!("the term {compact:?} has two ellipses"));
        }
        let labels = |letters: &str| match letters.chars().find(|c| !c.is_alphabetic()) {
            Some('-' | '>') => Err("the arrow is -> and comes once".to_owned()),
            Some('.') => Err("an ellipsis is three dots".to_owned()),
            Some(c) => Err(format!("{c:?} is no label; labels are letters")),
            None => Ok(letters.chars().map(Label::from).collect()),
        };
        Ok(Term { before: labels(before)?, after: labels(after)?, has_ellipsis: compact.contains("...") })
    }

    fn letters(&self) -> impl Iterator<Item = Label> {
        self.before.iter().chain(&self.after).copied()
    }

    fn count(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// With an ellipsis of this many axes.
    fn labels(&self, ellipsis: usize) -> Vec<Label> {
        let between = (0..ellipsis).rev().map(|i| ELLIPSIS + i as Label);
        self.before.iter().copied().chain(between).chain(self.after.iter().copied()).collect()
    }
}

impl Expression {
    pub(super) fn parse(text: &str, operands: &[SpecRef<'_>]) -> Result<Expression> {
        let refuse = |kind, rule: String| Error::new(kind, "einsum", format!("{text:?}: {rule}")).with_inputs(operands);
        let (left, right) = text.split_once("->").map_or((text, None), |(left, right)| (left, Some(right)));
        let terms: Vec<Term> = left
            .split(',')
            .map(Term::parse)
            .collect::<Result<_, _>>()
            .map_err(|rule| refuse(ErrorKind::Value, rule))?;
        if terms.len() != operands.len() {
            let rule = format!("names {} operands, but {} were given", terms.len(), operands.len());
            return Err(refuse(ErrorKind::Value, rule));
        }
        let mut ellipsis = 0;
        let mut inputs = Vec::with_capacity(terms.len());
        for (i, (term, x)) in terms.iter().zip(operands).enumerate() {
            let fits = if term.has_ellipsis { x.rank() >= term.count() } else { x.rank() == term.count() };
            if !fits {
                let least = if term.has_ellipsis { "at least " } else { "" };
                let rule = format!("names {least}{} axes of operand {i}, which has {}", term.count(), x.rank());
                return Err(refuse(ErrorKind::Shape, rule));
            }
            let own = x.rank() - term.count();
            ellipsis = ellipsis.max(own);
            inputs.push(term.labels(own));
        }
        let output = match right {
            Some(right) => {
                let term = Term::parse(right).map_err(|rule| refuse(ErrorKind::Value, rule))?;
                check_output(&term, &inputs).map_err(|rule| refuse(ErrorKind::Value, rule))?;
                term.labels(if term.has_ellipsis { ellipsis } else { 0 })
            }
            None => implied_output(&terms).labels(ellipsis),
        };
        let sizes = common_sizes(&inputs, operands).map_err(|rule| refuse(ErrorKind::Shape, rule))?;
        Ok(Expression { inputs, output, sizes })
    }
}

/// An ellipsis, and the letters that occur once among all operands, in the order of their code points: capitals first.
fn implied_output(terms: &[Term]) -> Term {
    let mut counts = BTreeMap::<Label, usize>::new();
    terms.iter().flat_map(Term::letters).for_each(|label| *counts.entry(label).or_default() += 1);
    let once = counts.into_iter().filter(|&(_, count)| count == 1).map(|(label, _)| label);
    Term { before: Vec::new(), after: once.collect(), has_ellipsis: true }
}

fn check_output(term: &Term, inputs: &[Vec<Label>]) -> Result<(), String> {
    let letters: Vec<Label> = term.letters().collect();
    for (i, label) in letters.iter().enumerate() {
        if letters[..i].contains(label) {
            return Err(format!("the result names {} twice", shown(*label)));
        }
        if !inputs.iter().any(|labels| labels.contains(label)) {
            return Err(format!("the result names {}, which no operand has", shown(*label)));
        }
    }
    Ok(())
}

/// The size of each label: that of all its axes but those of size 1, which broadcast against other operands.
fn common_sizes(inputs: &[Vec<Label>], operands: &[SpecRef<'_>]) -> Result<BTreeMap<Label, usize>, String> {
    let mut sizes = BTreeMap::new();
    for (i, (labels, x)) in inputs.iter().zip(operands).enumerate() {
        for (axis, (&label, &size)) in labels.iter().zip(x.shape().iter()).enumerate() {
            let first = labels.iter().position(|&other| other == label).unwrap_or(axis);
            if x.shape()[first] != size {
                let rule = format!("{} has sizes {} and {size} in operand {i}", shown(label), x.shape()[first]);
                return Err(rule);
            }
            let common = sizes.entry(label).or_insert(size);
            if *common == 1 {
                *common = size;
            } else if size != 1 && size != *common {
                let rule = format!("{} has size {size} in operand {i}, {common} in one before it", shown(label));
                return Err(rule);
            }
        }
    }
    Ok(sizes)
}

fn shown(label: Label) -> String {
    char::from_u32(label).map_or_else(|| "an axis of the ellipsis".to_owned(), |letter| letter.to_string())
}

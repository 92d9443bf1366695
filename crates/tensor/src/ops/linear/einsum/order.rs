//! In which order the operands of an Einstein summation are joined.

use super::Label;
use std::collections::{BTreeMap, BTreeSet};

/// Up to this many operands all orders are compared: 3^n pairs of subsets, 729 for six, take less than a millisecond.
const COMPARED: usize = 6;

type Labels = BTreeSet<Label>;

/// Which two parts each step joins. Parts are numbered: the operands first, then the result of each step.
pub(super) fn steps(operands: &[&[Label]], output: &[Label], sizes: &BTreeMap<Label, usize>) -> Vec<(usize, usize)> {
    match operands.len() {
        0 | 1 => Vec::new(),
        2 => vec![(0, 1)],
        count => {
            let operands: Vec<Labels> = operands.iter().map(|labels| labels.iter().copied().collect()).collect();
            let problem = Problem { operands, output: output.iter().copied().collect(), sizes };
            if count <= COMPARED { problem.cheapest() } else { problem.greedy() }
        }
    }
}

struct Problem<'a> {
    operands: Vec<Labels>,
    output: Labels,
    sizes: &'a BTreeMap<Label, usize>,
}

impl Problem<'_> {
    /// How many elements a tensor of these labels has; as a float, which does not overflow.
    fn size(&self, labels: &Labels) -> f64 {
        labels.iter().map(|label| self.sizes[label] as f64).product()
    }

    /// The order of fewest multiplications. A set of operands is a mask; the best way to join it is the best way to join two parts
    /// of it, and then those.
    fn cheapest(&self) -> Vec<(usize, usize)> {
        let count = self.operands.len();
        let all = (1usize << count) - 1;
        let members = |mask: usize| (0..count).filter(move |i| mask >> i & 1 == 1);
        let labels_in =
            |mask: usize| -> Labels { members(mask).flat_map(|i| self.operands[i].iter().copied()).collect() };
        // What is left of a set when it has been joined: what others, or the result, need.
        let left: Vec<Labels> = (0..=all)
            .map(|mask| {
                let needed: Labels = labels_in(all & !mask).union(&self.output).copied().collect();
                labels_in(mask).intersection(&needed).copied().collect()
            })
            .collect();
        let mut best = vec![(f64::INFINITY, 0); all + 1];
        members(all).for_each(|i| best[1 << i] = (0.0, 0));
        for mask in (1..=all).filter(|mask| mask.count_ones() > 1) {
            let lowest = mask & mask.wrapping_neg();
            // Each split once: the part that holds the lowest member stands first.
            for part in (1..mask).filter(|part| part & !mask == 0 && part & lowest != 0) {
                let rest = mask & !part;
                let cost = best[part].0 + best[rest].0 + self.size(&left[part].union(&left[rest]).copied().collect());
                if cost < best[mask].0 || best[mask].1 == 0 {
                    best[mask] = (cost, part);
                }
            }
        }
        let mut steps = Vec::new();
        number_of(all, &best, count, &mut steps);
        steps
    }

    /// Always the two parts whose product is smallest beside what it replaces.
    fn greedy(&self) -> Vec<(usize, usize)> {
        let mut parts: Vec<(usize, Labels)> = self.operands.iter().cloned().enumerate().collect();
        let mut steps = Vec::new();
        while parts.len() > 1 {
            let mut best: Option<(f64, usize, usize, Labels)> = None;
            for b in 1..parts.len() {
                for a in 0..b {
                    let joined = self.joined(&parts, a, b);
                    let growth = self.size(&joined) - self.size(&parts[a].1) - self.size(&parts[b].1);
                    if best.as_ref().is_none_or(|best| growth < best.0) {
                        best = Some((growth, a, b, joined));
                    }
                }
            }
            let (_, a, b, joined) = best.expect("two parts make a pair");
            let (second, first) = (parts.remove(b).0, parts.remove(a).0);
            parts.push((self.operands.len() + steps.len(), joined));
            steps.push((first, second));
        }
        steps
    }

    /// The labels of two parts that others, or the result, need.
    fn joined(&self, parts: &[(usize, Labels)], a: usize, b: usize) -> Labels {
        let others = || parts.iter().enumerate().filter(|&(i, _)| i != a && i != b);
        let is_needed = |label: &Label| self.output.contains(label) || others().any(|(_, part)| part.1.contains(label));
        parts[a].1.union(&parts[b].1).copied().filter(is_needed).collect()
    }
}

/// The number of the part that joins a set, after the steps that make it; as deep as there are operands, six at most.
fn number_of(mask: usize, best: &[(f64, usize)], operands: usize, steps: &mut Vec<(usize, usize)>) -> usize {
    if mask.count_ones() == 1 {
        return mask.trailing_zeros() as usize;
    }
    let part = best[mask].1;
    let pair = (number_of(part, best, operands, steps), number_of(mask & !part, best, operands, steps));
    steps.push(pair);
    operands + steps.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps_of(operands: &[&str], output: &str, sizes: &[(char, usize)]) -> Vec<(usize, usize)> {
        let labels = |text: &str| text.chars().map(Label::from).collect::<Vec<_>>();
        let operands: Vec<Vec<Label>> = operands.iter().map(|text| labels(text)).collect();
        let operands: Vec<&[Label]> = operands.iter().map(Vec::as_slice).collect();
        steps(&operands, &labels(output), &sizes.iter().map(|&(c, size)| (Label::from(c), size)).collect())
    }

    #[test]
    fn a_vector_at_the_end_of_a_chain_is_multiplied_first() {
        let sizes = [('i', 100), ('j', 100), ('k', 100)];
        assert_eq!(steps_of(&["ij", "jk", "k"], "i", &sizes), [(1, 2), (0, 3)]);
        assert_eq!(steps_of(&["i", "ij", "jk"], "k", &sizes), [(0, 1), (3, 2)]);
    }

    #[test]
    fn a_chain_is_joined_in_the_order_of_fewest_multiplications() {
        // The textbook's chain 10 x 30 x 5 x 60: (AB)C takes 4,500 multiplications, A(BC) 27,000.
        let sizes = [('a', 10), ('b', 30), ('c', 5), ('d', 60)];
        assert_eq!(steps_of(&["ab", "bc", "cd"], "ad", &sizes), [(0, 1), (3, 2)]);
    }

    #[test]
    fn many_operands_are_joined_greedily_without_a_large_product() {
        // Eight matrices in a ring: an outer product of two that share no axis would be the worst.
        let letters: Vec<char> = "abcdefgh".chars().collect();
        let sizes: Vec<(char, usize)> = letters.iter().map(|&c| (c, 10)).collect();
        let terms: Vec<String> = (0..8).map(|i| format!("{}{}", letters[i], letters[(i + 1) % 8])).collect();
        let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
        let steps = steps_of(&terms, "", &sizes);
        assert_eq!(steps.len(), 7);
        let mut used: Vec<usize> = steps.iter().flat_map(|&(a, b)| [a, b]).collect();
        used.sort_unstable();
        assert_eq!(used, (0..14).collect::<Vec<_>>());
        assert_eq!(steps[0], (0, 1));
    }
}

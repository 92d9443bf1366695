//! The derivative of the loss in operations on one step of all sequences at a time, for derivatives of it. The recursions are those of
//! `kernels/ctc.rs`, with states along the last axis; what cannot be reached is -inf, of which logsumexp has a derivative of zero.

use super::CtcLoss;
use crate::{DType, Tensor};

/// What the labels say: they are constants.
struct States {
    /// The class of each state, `[sequences, states]`; blank beyond a list.
    class: Tensor,
    /// Whether a state is reached over a blank.
    skips: Tensor,
    /// 0 in the states where an alignment may end, else -inf.
    end: Tensor,
}

impl CtcLoss {
    fn states(&self, labels: &Tensor, like: &Tensor) -> States {
        let &[sequences, longest] = &labels.shape()[..] else { unreachable!("`infer` has seen two axes") };
        let count = 2 * longest + 1;
        let shape = [sequences, count];
        if !labels.has_values() {
            let of = |dtype| Tensor::shape_only(shape, dtype);
            return States { class: of(DType::I64), skips: of(DType::Bool), end: of(like.dtype()) };
        }
        let places = labels.to_vec::<i64>();
        let mut class = vec![self.blank as i64; sequences * count];
        let mut skips = vec![false; sequences * count];
        let mut end = vec![f64::NEG_INFINITY; sequences * count];
        for (i, &length) in self.label_lengths.iter().enumerate() {
            let (labels, first) = (&places[i * longest..][..length], i * count);
            for (j, label) in labels.iter().enumerate() {
                class[first + 2 * j + 1] = *label;
                skips[first + 2 * j + 1] = j > 0 && labels[j - 1] != *label;
            }
            end[first..][(2 * length).saturating_sub(1)..=2 * length].fill(0.0);
        }
        let end = Tensor::from_vec(end, shape).expect("one for each state").cast(like.dtype());
        let class = Tensor::from_vec(class, shape).expect("one for each state");
        States { class, skips: Tensor::from_vec(skips, shape).expect("one for each state"), end }
    }

    /// Where a step belongs to its sequence, `[sequences, 1]`.
    fn lasts(&self, step: usize) -> Tensor {
        let flags: Vec<bool> = self.input_lengths.iter().map(|&length| step < length).collect();
        Tensor::from(flags).unsqueeze(1)
    }
}

/// -inf in the place of states that are not there.
fn moved(x: &Tensor, by: isize) -> Tensor {
    let count = x.size(-1);
    let kept = count.saturating_sub(by.unsigned_abs());
    let (start, around) = if by > 0 { (0, (by, 0)) } else { (count - kept, (0, -by)) };
    x.narrow(-1, start, kept).pad([(0, 0), around], f64::NEG_INFINITY).narrow(-1, 0, count)
}

fn log_sum(terms: [&Tensor; 3]) -> Tensor {
    Tensor::stack(terms, 0).logsumexp(0)
}

/// -y_bar exp(α + β - ln p) at the class of each state, zero where there is no alignment.
pub(super) fn slopes(ctc: &CtcLoss, x: &Tensor, labels: &Tensor, y_bar: &Tensor) -> Tensor {
    let &[steps, sequences, _] = &x.shape()[..] else { unreachable!("`infer` has seen three axes") };
    if x.numel() == 0 {
        return x.clone();
    }
    let States { class, skips, end } = ctc.states(labels, x);
    let count = class.size(-1);
    let classes = class.unsqueeze(0).expand([steps, sequences, count]);
    let emissions = x.gather(2, &classes);
    let emission = |step: usize| emissions.narrow(0, step, 1).squeeze(0);

    // Before the first step, as if the first blank had been there.
    let first = Tensor::arange(0, count as i64, 1).eq(0).expand([sequences, count]);
    let mut alpha = first.where_(&class.zeros_like().cast(x.dtype()), f64::NEG_INFINITY);
    let mut alphas = Vec::new();
    for step in 0..steps {
        let skipped = skips.where_(&moved(&alpha, 2), f64::NEG_INFINITY);
        let next = emission(step) + log_sum([&alpha, &moved(&alpha, 1), &skipped]);
        alpha = ctc.lasts(step).where_(&next, &alpha);
        alphas.push(alpha.clone());
    }
    let total = (alpha + &end).logsumexp(1);
    let impossible = total.eq(f64::NEG_INFINITY);
    let total = impossible.where_(0, &total).unsqueeze(1);

    let mut beta = end.clone();
    let mut posteriors = Vec::new();
    for step in (0..steps).rev() {
        let lasts = ctc.lasts(step);
        let posterior = (&alphas[step] + &beta - &total).exp();
        posteriors.push(lasts.where_(&posterior, 0));
        // Beyond the end of a sequence β waits.
        let after = &beta + emission(step);
        let skipped = moved(&skips.where_(&after, f64::NEG_INFINITY), -2);
        beta = lasts.where_(&log_sum([&after, &moved(&after, -1), &skipped]), &beta);
    }
    posteriors.reverse();
    let weights = impossible.where_(0, &-y_bar).unsqueeze(1);
    let states = Tensor::stack(posteriors.iter(), 0) * weights;
    Tensor::zeros(x.shape(), x.dtype()).scatter_add(2, &classes, &states)
}

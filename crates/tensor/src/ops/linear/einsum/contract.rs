//! Two tensors with named axes, joined by one batched matrix product.

use super::Label;
use crate::{Result, Shape, Tensor, array::check_size};
use std::collections::BTreeMap;

/// A tensor with a label for each axis.
pub(in crate::ops) struct Labelled {
    tensor: Tensor,
    labels: Vec<Label>,
}

impl Labelled {
    pub(in crate::ops) fn new(tensor: Tensor, labels: Vec<Label>) -> Self {
        debug_assert_eq!(tensor.rank(), labels.len());
        Labelled { tensor, labels }
    }

    pub(super) fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The diagonal over each label that stands twice.
    pub(super) fn with_distinct_labels(mut self) -> Self {
        let first_of = |labels: &[Label], axis: usize| labels[..axis].iter().position(|label| *label == labels[axis]);
        while let Some((a, b)) = (0..self.labels.len()).find_map(|b| Some((first_of(&self.labels, b)?, b))) {
            let others = (0..self.labels.len()).filter(|&axis| axis != a && axis != b);
            let order: Vec<isize> = others.chain([a, b]).map(|axis| axis as isize).collect();
            // Both axes as one: the diagonal of n x n is each (n + 1)-th element.
            let square = self.tensor.permute(order).flatten(-2, -1);
            let n = self.tensor.shape()[a];
            let diagonal = Tensor::arange(0, (n * n) as i64, n as i64 + 1);
            let label = self.labels.remove(b);
            self.labels.remove(a);
            self.labels.push(label);
            self.tensor = square.index_select(-1, &diagonal);
        }
        self
    }

    /// Without the axes of size 1 whose label has another size elsewhere: to have no such axis is to broadcast.
    pub(super) fn without_broadcast(self, sizes: &BTreeMap<Label, usize>) -> Self {
        let Labelled { tensor, labels } = self;
        let broadcasts = |&axis: &usize| tensor.shape()[axis] == 1 && sizes[&labels[axis]] != 1;
        let axes: Vec<usize> = (0..labels.len()).filter(broadcasts).collect();
        let labels =
            labels.iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, &label)| label).collect();
        let tensor = if axes.is_empty() { tensor } else { tensor.squeeze(&axes[..]) };
        Labelled { tensor, labels }
    }

    /// Summed over the labels that are not kept.
    pub(super) fn summed_to(self, is_kept: impl Fn(&Label) -> bool) -> Self {
        let Labelled { tensor, labels } = self;
        let axes: Vec<usize> = (0..labels.len()).filter(|&axis| !is_kept(&labels[axis])).collect();
        let labels = labels.into_iter().filter(is_kept).collect();
        Labelled { tensor: if axes.is_empty() { tensor } else { tensor.sum(&axes[..]) }, labels }
    }

    /// The tensor with its axes in this order.
    pub(in crate::ops) fn arranged(&self, order: &[Label]) -> Tensor {
        if order == self.labels {
            return self.tensor.clone();
        }
        let place =
            |label| self.labels.iter().position(|own| own == label).expect("the labels are those of the tensor");
        self.tensor.permute(order.iter().map(|label| place(label) as isize).collect::<Vec<_>>())
    }

    fn sizes(&self, labels: &[Label]) -> Vec<usize> {
        let place =
            |label| self.labels.iter().position(|own| own == label).expect("the labels are those of the tensor");
        labels.iter().map(|label| self.tensor.shape()[place(label)]).collect()
    }
}

/// The product of two, summed over the labels that both have and that are not kept. Labels of one alone must be kept.
pub(in crate::ops) fn contract(
    op: &'static str,
    a: &Labelled,
    b: &Labelled,
    is_kept: impl Fn(&Label) -> bool,
) -> Result<Labelled> {
    let (shared, rows): (Vec<Label>, Vec<Label>) = a.labels.iter().partition(|label| b.labels.contains(label));
    let (batch, summed): (Vec<Label>, Vec<Label>) = shared.iter().partition(|label| is_kept(label));
    let columns: Vec<Label> = b.labels.iter().copied().filter(|label| !a.labels.contains(label)).collect();
    let left = a.arranged(&[&batch[..], &rows, &summed].concat());
    let right = b.arranged(&[&batch[..], &columns, &summed].concat());

    let sizes = [a.sizes(&batch), a.sizes(&rows), b.sizes(&columns), a.sizes(&summed)];
    let shape: Shape = sizes[..3].concat().into();
    check_size(op, &shape, left.dtype())?;
    let [batches, m, n, k] = sizes.each_ref().map(|sizes| sizes.iter().product::<usize>());
    let lead: &[usize] = if batch.is_empty() { &[] } else { &[batches] };
    let under = |sizes: [usize; 2]| Shape::from([lead, &sizes].concat());
    let product = if summed.is_empty() {
        left.reshape([lead, &[m, 1]].concat()) * right.reshape([lead, &[1, n]].concat())
    } else if left.dtype().is_float() {
        left.reshape(under([m, k])).matmul(&right.reshape(under([n, k])).transpose(-2, -1))
    } else {
        // The engine of matrix products knows floats only.
        check_size(op, &[lead, &[m, n, k]].concat().into(), left.dtype())?;
        (left.reshape([lead, &[m, 1, k]].concat()) * right.reshape([lead, &[1, n, k]].concat())).sum(-1)
    };
    Ok(Labelled { tensor: product.reshape(shape), labels: [batch, rows, columns].concat() })
}

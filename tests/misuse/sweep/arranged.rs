//! Elements in other places, for the sweep: joining, splitting, tiling, diagonals, subscripts, scattering.

use super::Case;
use cotangent::{
    DType, Tensor,
    ops::{Ellipsis, Grid, NewAxis, ScatterReduce, step},
};

/// A last tensor of a list, which may be empty.
fn last(tensors: Vec<Tensor>) -> Tensor {
    tensors.into_iter().next_back().unwrap_or_else(|| Tensor::zeros([0], DType::F32))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = moved();
    cases.extend(subscripts());
    cases
}

fn moved() -> Vec<Case> {
    vec![
        ("movedim", |x, _| x.movedim([0], [-1])),
        ("movedim", |x, _| x.movedim([0, 1], [1])),
        ("roll", |x, _| x.roll([1], [-1])),
        ("roll", |x, _| x.roll([isize::MIN], [])),
        ("roll", |x, _| x.roll([1, 2], [0, 1])),
        ("rot90", |x, _| x.rot90(1, [0, 1])),
        ("unflatten", |x, _| x.unflatten(-1, [2, -1])),
        ("unflatten", |x, _| x.unflatten(0, [usize::MAX, 2])),
        ("broadcast_tensors", |x, y| last(Tensor::broadcast_tensors([x, y]))),
        ("meshgrid", |x, y| last(Tensor::meshgrid([x, y], Grid::Ij))),
        ("hstack", |x, y| Tensor::hstack([x, y])),
        ("hstack", |_, _| Tensor::hstack::<Tensor>([])),
        ("vstack", |x, y| Tensor::vstack([x, y])),
        ("vstack", |_, _| Tensor::vstack::<Tensor>([])),
        ("block_diag", |x, y| Tensor::block_diag([x, y, x])),
        ("block_diag", |_, _| Tensor::block_diag::<Tensor>([])),
        ("diagonal", |x, _| x.diagonal(0, 0, 1)),
        ("diagonal", |x, _| x.diagonal(isize::MIN, -1, 1)),
        ("diagonal_scatter", |x, y| x.diagonal_scatter(y, 0, 0, 1)),
        ("diag_embed", |x, _| x.diag_embed(0, 0, -1)),
        ("diag_embed", |x, _| x.diag_embed(isize::MAX, 0, 1)),
        ("diag", |x, _| x.diag(0)),
        ("diag", |x, _| x.diag(isize::MIN)),
        ("trace", |x, _| x.trace()),
        ("tril", |x, _| x.tril(isize::MIN)),
        ("triu", |x, _| x.triu(1)),
        ("split", |x, _| last(x.split(2, -1))),
        ("split", |x, _| last(x.split(0, 0))),
        ("split_with_sizes", |x, _| last(x.split_with_sizes([1, usize::MAX], 0))),
        ("chunk", |x, _| last(x.chunk(2, 0))),
        ("chunk", |x, _| last(x.chunk(0, 0))),
        ("unbind", |x, _| last(x.unbind(-2))),
        ("tile", |x, _| x.tile([2, 1])),
        ("tile", |x, _| x.tile([usize::MAX])),
        ("repeat", |x, _| x.repeat([2])),
        ("repeat", |x, _| x.repeat([usize::MAX, 3])),
        ("repeat_interleave", |x, _| x.repeat_interleave(2, 0)),
        ("repeat_interleave", |x, y| x.repeat_interleave(y, 0)),
        ("repeat_interleave", |x, _| x.repeat_interleave(usize::MAX, -1)),
        ("glu", |x, _| x.glu(-1)),
        ("softmin", |x, _| x.softmin(0)),
        ("masked_fill", |x, y| x.masked_fill(y, 1)),
        ("masked_fill", |x, y| x.masked_fill(&y.cast(DType::Bool), x)),
        ("masked_select", |x, y| x.masked_select(y)),
        ("masked_select", |x, y| x.masked_select(&y.cast(DType::Bool))),
        ("one_hot", |x, _| x.one_hot(2, DType::F32)),
        ("one_hot", |x, _| x.one_hot(usize::MAX, DType::F32)),
        ("nonzero", |x, _| x.nonzero()),
    ]
}

fn subscripts() -> Vec<Case> {
    vec![
        ("index", |x, _| x.index((0, ..))),
        ("index", |x, _| x.index((Ellipsis, -3))),
        ("index", |x, y| x.index((y, NewAxis))),
        ("index", |x, y| x.index((y, y))),
        ("index", |x, _| x.index(step(.., 0))),
        ("index", |x, _| x.index((Ellipsis, Ellipsis))),
        ("index_put", |x, y| x.index_put(0, y)),
        ("index_put", |x, y| x.index_put(y, x)),
        ("index_put", |x, _| x.index_put(.., 0.5)),
        ("index_add_at", |x, y| x.index_add_at((.., 1..), y)),
        ("index_add_at", |x, y| x.index_add_at(y, 1)),
        ("with_index", |x, y| x.clone().with_index(-1, y)),
        ("with_index_added", |x, y| x.clone().with_index_added(y, x)),
        ("select", |x, _| x.select(0, -2)),
        ("select", |x, _| x.select(-2, 5)),
        ("take", |x, y| x.take(y)),
        ("take", |x, y| x.take(&(y.cast(DType::I64) - 3))),
        ("take_along_dim", |x, y| x.take_along_dim(y, 0)),
        ("index_fill", |x, y| x.index_fill(0, y, 2)),
        ("index_fill", |x, y| x.index_fill(-1, &y.cast(DType::I64), x)),
        ("index_copy", |x, y| x.index_copy(0, y, x)),
        ("scatter", |x, y| x.scatter(0, y, x)),
        ("scatter", |x, y| x.scatter(0, &y.cast(DType::I64), 0.5)),
        ("scatter_reduce", |x, y| x.scatter_reduce(0, y, x, ScatterReduce::Prod, true)),
        ("scatter_reduce", |x, y| x.scatter_reduce(-1, &y.cast(DType::I64), y, ScatterReduce::Mean, false)),
        ("scatter_reduce", |x, y| x.scatter_reduce(0, &y.cast(DType::I64), y, ScatterReduce::Amax, false)),
    ]
}

//! Samples of operations that cut, repeat, index and put together.

use crate::table::{Sample, of_every_size, sample, shapes};
use cotangent_tensor::{
    Tensor, apply,
    ops::{
        Cut, DiagonalScatter, Ellipsis, Grid, IndexPut, NewAxis, OverlapAdd, PadMode, PadWith, PadWithTranspose,
        ScatterReduce, SliceAdd, SliceScatter, step,
    },
};

fn index<const N: usize>(places: [i64; N]) -> Tensor {
    Tensor::from(places)
}

/// All parts but one, in another order, so that each has a cotangent of its own and one has none.
fn joined(parts: Vec<Tensor>) -> Tensor {
    let flat: Vec<Tensor> = parts.iter().skip(1).rev().map(|part| part.reshape([part.numel()])).collect();
    Tensor::concat(flat, 0)
}

fn square() -> Tensor {
    Tensor::from([[1i64, 1], [0, 1]])
}

fn cuts() -> [Cut; 2] {
    [Cut::At(1), Cut::Along { start: 2, len: 2, step: -2 }]
}

fn reduced(x: &Tensor, include_self: bool, reduction: ScatterReduce, places: [i64; 4], src: &Tensor) -> Tensor {
    x.scatter_reduce(0, &Tensor::from(places), src, reduction, include_self)
}

pub(crate) fn samples() -> Vec<Sample> {
    [parts(), subscripts(), diagonals(), windows_and_pads(), scatters(), arrangements()].into_iter().flatten().collect()
}

fn parts() -> Vec<Sample> {
    vec![
        sample!("Split", shapes![[[5, 2]], [[3, 1]], [[3, 0]]], |x| joined(x[0].split(2, 0))),
        sample!("Split", shapes![[[2, 3]], [[1, 3]], [[0, 3]]], |x| joined(x[0].split_with_sizes([1, 0, 2], -1))),
        sample!("Split", shapes![[[5]], [[6]]], |x| joined(x[0].chunk(3, 0))),
        sample!("Split", shapes![[[3, 2]], [[2, 1]], [[2, 0]]], |x| joined(x[0].unbind(0))),
        sample!("Split", shapes![[[2, 3, 2]]], |x| Tensor::stack(x[0].unbind(-2), 0)),
    ]
}

fn subscripts() -> Vec<Sample> {
    vec![
        sample!("Slice", shapes![[[3, 4]], [[3, 1]], [[3, 0]]], |x| x[0].index((1, ..))),
        sample!("Slice", shapes![[[5, 2]], [[1, 2]], [[5, 0]], [[0, 2]]], |x| x[0].index((
            step(.., -2),
            NewAxis,
            0..1
        ))),
        sample!("Slice", shapes![[[3, 4]]], |x| x[0].index((Ellipsis, step(1.., 2)))),
        sample!("Slice", shapes![[[3, 4]], [[1, 1]]], |x| x[0].index((-1, 1..1))),
        sample!("Slice", shapes![[[2, 3]], [[2, 1]]], |x| x[0].select(0, -1)),
        sample!("SliceScatter", shapes![[[2, 3], [2]]], |x| apply(&SliceScatter::new(cuts()), &[&x[0], &x[1]])
            .into_single()),
        sample!("SliceScatter", shapes![[[3, 4], [3, 2]], [[3, 4], [1]]], |x| x[0].index_put((.., 1..3), &x[1])),
        sample!("SliceAdd", shapes![[[3, 2], [2]], [[3, 2], []]], |x| x[0].index_add_at(step(.., -2), &x[1])),
        sample!("SliceAdd", shapes![[[2, 3], [2]]], |x| apply(&SliceAdd::new(cuts()), &[&x[0], &x[1]]).into_single()),
        sample!("SliceScatter", shapes![[[3, 0], [3, 0]]], |x| x[0].index_put((), &x[1])),
        sample!("Index", shapes![[[3, 2]], [[3, 1]], [[3, 0]]], |x| x[0].index(index([2, 0, -1]))),
        sample!("Index", shapes![[[3, 4, 2]]], |x| x[0].index((&index([0, 0]), .., &Tensor::from([[1i64], [0]])))),
        sample!("Index", shapes![[[2, 3, 2, 2]]], |x| x[0].index((.., &index([2, 2]), &index([0, 0]), step(.., -1)))),
        sample!("Index", shapes![[[2, 3]]], |x| x[0].index((0, NewAxis, &index([1, 1, -3])))),
        sample!("Index", shapes![[[2, 3]]], |x| x[0].index(Tensor::from([[true, false, true], [false, false, true]]))),
        sample!("Index", shapes![[[2, 3]], [[2, 0]]], |x| x[0].index((&Tensor::from([false, true]), ..))),
        sample!("Index", shapes![[[2, 3]]], |x| x[0].index(index([]))),
        sample!("Index", shapes![[[2, 3]], [[2, 2]]], |x| x[0].take(&Tensor::from([[0i64, -1], [3, 0]]))),
        sample!("Index", shapes![[[2, 3]], [[3]], [[1, 3]]], |x| x[0]
            .masked_select(&Tensor::from([true, false, true]))),
        sample!("IndexPut", shapes![[[3, 2], [2, 2]], [[3, 2], [2]], [[3, 2], []]], |x| {
            x[0].index_put(index([2, 0]), &x[1])
        }),
        sample!("IndexPut", shapes![[[3, 2], [3, 2]], [[3, 0], [3, 0]], [[3, 1], [3, 1]]], |x| {
            x[0].index_put(index([2, 0, -1]), &x[1])
        }),
        sample!("IndexPut", shapes![[[3, 2], [3, 2]]], |x| x[0].index_add_at(index([2, 0, -1]), &x[1])),
        sample!("IndexPut", shapes![[[3, 2, 4], [2, 2, 2]], [[3, 2, 4], [2]]], |x| {
            x[0].index_put((&index([1, 1]), .., step(.., 2)), &x[1].expand([2, 2, 2]))
        }),
        sample!("IndexPut", shapes![[[2, 3, 2], [2, 3]], [[2, 3, 2], [3]]], |x| {
            x[0].index_add_at((&index([1, 1]), .., &index([0, 0])), &x[1])
        }),
        sample!("IndexPut", shapes![[[4, 3], [2, 3]]], |x| x[0]
            .index_put((step(.., -2), ..), 1)
            .with_index((1..3, &index([0, 1, 1])), &x[1])),
        sample!("IndexPut", shapes![[[2, 3], [3]]], |x| {
            x[0].index_put(Tensor::from([[true, false, true], [false, false, true]]), &x[1])
        }),
        sample!("IndexPut", shapes![[[3, 2], [3, 2]]], |x| x[0].index_copy(0, &index([1, 1, 0]), &x[1])),
        sample!("IndexPut", shapes![[[3, 2], []]], |x| x[0].index_fill(1, &index([1, 1]), &x[1])),
        sample!("IndexPut", shapes![[[3, 2]], [[3, 1]]], |x| x[0].index_fill(1, &index([-1]), 0.5)),
        sample!("IndexPut", shapes![[[3], [2]]], |x| {
            apply(&IndexPut::new([0], 0, true), &[&x[0], &x[1], &index([1, 1])]).into_single()
        }),
    ]
}

fn diagonals() -> Vec<Sample> {
    vec![
        sample!("Diagonal", shapes![[[2, 3]], [[1, 1]], [[0, 2]], [[3, 2]]], |x| x[0].diagonal(0, 0, 1)),
        sample!("Diagonal", shapes![[[2, 3, 4]]], |x| x[0].diagonal(1, -1, 0)),
        sample!("Diagonal", shapes![[[2, 3, 4]]], |x| x[0].diagonal(-5, 0, 2)),
        sample!("Diagonal", shapes![[[3, 4]], [[1, 1]]], |x| x[0].diag(-1)),
        sample!("Diagonal", shapes![[[3, 4]], [[1, 1]], [[0, 0]]], |x| x[0].trace()),
        sample!("DiagonalScatter", shapes![[[3]], [[1]], [[0]]], |x| x[0].diag(1)),
        sample!("DiagonalScatter", shapes![[[2, 3]], [[1, 1]]], |x| x[0].diag_embed(-1, 0, -1)),
        sample!("DiagonalScatter", shapes![[[3, 2, 4], [2, 3]]], |x| x[0].diagonal_scatter(&x[1], 0, 0, 2)),
        sample!("DiagonalScatter", shapes![[[2, 3, 4], [4, 2]]], |x| {
            apply(&DiagonalScatter::new(0, 1, 0), &[&x[0], &x[1]]).into_single()
        }),
        sample!("Triangle", shapes![[[3, 4]], [[1, 1]], [[0, 2]], [[2, 3, 2]]], |x| x[0].tril(0)),
        sample!("Triangle", shapes![[[3, 4]], [[1, 1]], [[2, 0]]], |x| x[0].triu(-1)),
    ]
}

fn windows_and_pads() -> Vec<Sample> {
    let two = || shapes![[[3, 4]], [[3, 3]]];
    vec![
        sample!("Unfold", shapes![[[5, 2]], [[3, 1]], [[4, 0]]], |x| x[0].unfold(0, 3, 1)),
        sample!("Unfold", shapes![[[2, 7]], [[1, 2]]], |x| x[0].unfold(-1, 2, 3)),
        sample!("OverlapAdd", shapes![[[3, 2, 3]], [[3, 1, 3]], [[3, 0, 3]]], |x| {
            apply(&OverlapAdd::new(0, 5, 1), &[&x[0]]).into_single()
        }),
        sample!("OverlapAdd", shapes![[[2, 2, 2]]], |x| apply(&OverlapAdd::new(-1, 7, 3), &[&x[0]]).into_single()),
        sample!("PadWith", two(), |x| x[0].pad_with([(1, 2), (2, 0)], PadMode::Reflect)),
        sample!("PadWith", shapes![[[3, 4]], [[1, 1]]], |x| x[0].pad_with([(1, 2), (4, -1)], PadMode::Replicate)),
        sample!("PadWith", two(), |x| x[0].pad_with([(3, 1), (0, 2)], PadMode::Circular)),
        sample!("PadWith", shapes![[[0, 3]]], |x| x[0].pad_with([(0, 0), (1, 2)], PadMode::Reflect)),
        sample!("PadWithTranspose", shapes![[[5, 6]]], |x| {
            let pad = PadWith::new([(1, 1), (2, 1)], PadMode::Reflect);
            apply(&PadWithTranspose::new(pad, [3, 3]), &[&x[0]]).into_single()
        }),
    ]
}

fn scatters() -> Vec<Sample> {
    vec![
        sample!("Scatter", shapes![[[2, 3], [2, 2]], [[2, 2], [3, 2]]], |x| x[0].scatter(1, &square(), &x[1])),
        sample!("Scatter", shapes![[[2, 3]], [[2, 2]]], |x| x[0].scatter(-1, &square(), 0.5)),
        sample!("ScatterProd", shapes![[[3], [4]], [[3], [5]]], |x| {
            reduced(&x[0], true, ScatterReduce::Prod, [0, 2, 0, 0], &x[1])
        }),
        sample!("ScatterProd", shapes![[[3], [4]]], |x| reduced(
            &x[0],
            false,
            ScatterReduce::Prod,
            [0, 2, 0, 0],
            &x[1]
        )),
        sample!("ScatterProd", shapes![[[2, 3], [2, 3]]], |x| {
            x[0].scatter_reduce(1, &square(), &x[1], ScatterReduce::Prod, true)
        }),
        sample!("ScatterExtremum", shapes![[[3], [4]], [[3], [5]]], |x| {
            reduced(&x[0], true, ScatterReduce::Amax, [0, 2, 0, 0], &x[1])
        })
        .with_ties(),
        sample!("ScatterExtremum", shapes![[[3], [4]]], |x| reduced(
            &x[0],
            false,
            ScatterReduce::Amin,
            [0, 2, 0, 0],
            &x[1]
        ))
        .with_ties(),
        sample!("ScatterAdd", shapes![[[3], [4]]], |x| reduced(&x[0], false, ScatterReduce::Mean, [0, 2, 0, 0], &x[1])),
        sample!("ScatterAdd", shapes![[[3], [4]]], |x| reduced(&x[0], true, ScatterReduce::Mean, [0, 2, 0, 0], &x[1])),
        sample!("ScatterAdd", shapes![[[3], [4]]], |x| reduced(&x[0], false, ScatterReduce::Sum, [0, 2, 0, 0], &x[1])),
        sample!("Gather", shapes![[[2, 3]], [[1, 3]]], |x| x[0].take_along_dim(&Tensor::from([[-1i64], [0]]), 1)),
    ]
}

fn arrangements() -> Vec<Sample> {
    vec![
        sample!("Permute", shapes![[[2, 3, 4]], [[1, 1, 1]], [[2, 0, 1]]], |x| x[0].movedim([0, -1], [-1, 0])),
        sample!("Split", shapes![[[3, 4]], [[1, 3]], [[0, 2]]], |x| x[0].roll([1, -1], [1, 0])),
        sample!("Split", shapes![[[3, 4]]], |x| x[0].roll([5], [])),
        sample!("Flip", shapes![[[2, 3]], [[1, 1]], [[0, 2]]], |x| x[0].rot90(1, [0, 1])),
        sample!("Flip", shapes![[[2, 3, 1]]], |x| x[0].rot90(-1, [0, -1])),
        sample!("Expand", shapes![[[2, 3]], [[1, 1]], [[0, 2]], [[]]], |x| x[0].tile([2, 1, 2])),
        sample!("Expand", of_every_size(), |x| x[0].repeat([2, 3])),
        sample!("Expand", shapes![[[2, 3]], [[1, 1]], [[0, 2]]], |x| x[0].repeat_interleave(2, 1)),
        sample!("IndexSelect", shapes![[[3, 2]], [[3, 1]]], |x| x[0].repeat_interleave(&index([2, 0, 1]), 0)),
        sample!("Reshape", shapes![[[6, 2]], [[0, 2]]], |x| x[0]
            .unflatten(0, [3, 2].map(|n: usize| n * x[0].shape()[0] / 6))),
        sample!("Where", shapes![[[2, 3], []], [[2, 3], [2, 1]], [[3], [3]]], |x| {
            x[0].masked_fill(&Tensor::from([true, false, true]), &x[1])
        }),
        sample!("Expand", shapes![[[2], [3]], [[1], [1]]], |x| {
            let [a, b] = [0, 1].map(|i| Tensor::meshgrid(x, Grid::Xy)[i].clone());
            a * b
        }),
        sample!("Pad", shapes![[[2, 3], [1, 2]], [[1, 1], [0, 2]]], |x| Tensor::block_diag([&x[0], &x[1]])),
        sample!("Concat", shapes![[[2, 1], [2, 2]]], |x| Tensor::hstack([&x[0], &x[1]])),
        sample!("Concat", shapes![[[2], [2]], [[1, 2], [2, 2]]], |x| Tensor::vstack([&x[0], &x[1]])),
    ]
}

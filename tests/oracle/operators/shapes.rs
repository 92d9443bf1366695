//! The same elements in another shape or order, joined, cut and padded.

use super::{
    Formula::{One, Several},
    Operator, on_axis,
};
use crate::case::Call;
use cotangent::{Axes, Shape, Tensor, ops::PadMode};

pub(super) const OPERATORS: &[Operator] = &[
    ("reshape", One(|c| c.x(0).reshape(ints(c, 1, "shape")))),
    ("unflatten", One(|c| c.x(0).unflatten(int(c, 1, "dim"), ints(c, 2, "sizes")))),
    ("flatten", One(|c| c.x(0).flatten(c.int(1, "start_dim").unwrap_or(0), c.int(2, "end_dim").unwrap_or(-1)))),
    ("transpose", One(|c| on_axis(c.x(0), |x| x.transpose(int(c, 1, "dim0"), int(c, 2, "dim1"))))),
    ("permute", One(|c| c.x(0).permute(ints(c, 1, "dims")))),
    ("movedim", One(|c| c.x(0).movedim(ints(c, 1, "source"), ints(c, 2, "destination")))),
    ("expand", One(expand)),
    ("broadcast_to", One(expand)),
    ("squeeze", One(|c| c.x(0).squeeze(c.ints(1, "dim").map_or(Axes::All, Axes::List)))),
    ("unsqueeze", One(|c| c.x(0).unsqueeze(int(c, 1, "dim")))),
    ("cat", One(|c| Tensor::concat(c.tensors(0), c.int(1, "dim").unwrap_or(0)))),
    ("stack", One(|c| Tensor::stack(c.tensors(0), c.int(1, "dim").unwrap_or(0)))),
    ("narrow", One(|c| c.x(0).narrow(int(c, 1, "dim"), size(c, 2, "start"), size(c, 3, "length")))),
    ("select", One(|c| c.x(0).select(int(c, 1, "dim"), int(c, 2, "index")))),
    ("unbind", Several(|c| c.x(0).unbind(c.int(1, "dim").unwrap_or(0)))),
    ("split", Several(split)),
    ("chunk", Several(|c| c.x(0).chunk(size(c, 1, "chunks"), c.int(2, "dim").unwrap_or(0)))),
    ("flip", One(|c| c.x(0).flip(Axes::List(ints(c, 1, "dims"))))),
    ("rot90", One(rot90)),
    ("roll", One(|c| c.x(0).roll(ints(c, 1, "shifts"), c.ints(2, "dims").unwrap_or_default()))),
    ("tile", One(|c| c.x(0).tile(sizes(c, 1, "dims")))),
    ("repeat", One(|c| c.x(0).repeat(sizes(c, 1, "repeats")))),
    ("tril", One(|c| c.x(0).tril(c.int(1, "diagonal").unwrap_or(0)))),
    ("triu", One(|c| c.x(0).triu(c.int(1, "diagonal").unwrap_or(0)))),
    ("diag", One(|c| c.x(0).diag(c.int(1, "diagonal").unwrap_or(0)))),
    ("diag_embed", One(diag_embed)),
    ("diagonal", One(diagonal)),
    ("trace", One(|c| c.x(0).trace())),
    ("unfold", One(|c| on_axis(c.x(0), |x| x.unfold(int(c, 1, "dimension"), size(c, 2, "size"), size(c, 3, "step"))))),
    ("diff", One(diff)),
    ("nn.functional.pad", One(pad)),
];

fn int(c: &Call<'_>, i: usize, name: &str) -> isize {
    c.int(i, name).expect("an integer")
}

fn size(c: &Call<'_>, i: usize, name: &str) -> usize {
    usize::try_from(int(c, i, name)).expect("a size")
}

fn ints(c: &Call<'_>, i: usize, name: &str) -> Vec<isize> {
    c.ints(i, name).expect("integers")
}

fn sizes(c: &Call<'_>, i: usize, name: &str) -> Vec<usize> {
    ints(c, i, name).iter().map(|&n| usize::try_from(n).expect("a size")).collect()
}

/// A size of -1 stays as it is.
fn expand(c: &Call<'_>) -> Tensor {
    let (x, sizes) = (c.x(0), ints(c, 1, "size"));
    let before = sizes.len() - x.rank();
    let size = |(i, &size): (usize, &isize)| if size < 0 { x.shape()[i - before] } else { size as usize };
    x.expand(sizes.iter().enumerate().map(size).collect::<Shape>())
}

/// Of one size, or of the sizes of a list.
fn split(c: &Call<'_>) -> Vec<Tensor> {
    let (sizes, axis) = (sizes(c, 1, "split_size_or_sections"), c.int(2, "dim").unwrap_or(0));
    if let [size] = sizes[..] { c.x(0).split(size, axis) } else { c.x(0).split_with_sizes(sizes, axis) }
}

fn rot90(c: &Call<'_>) -> Tensor {
    let axes = c.ints(2, "dims").unwrap_or_else(|| vec![0, 1]);
    c.x(0).rot90(c.int(1, "k").unwrap_or(1), [axes[0], axes[1]])
}

fn diagonal(c: &Call<'_>) -> Tensor {
    let (rows, columns) = (c.int(2, "dim1").unwrap_or(0), c.int(3, "dim2").unwrap_or(1));
    c.x(0).diagonal(c.int(1, "offset").unwrap_or(0), rows, columns)
}

fn diag_embed(c: &Call<'_>) -> Tensor {
    let (rows, columns) = (c.int(2, "dim1").unwrap_or(-2), c.int(3, "dim2").unwrap_or(-1));
    c.x(0).diag_embed(c.int(1, "offset").unwrap_or(0), rows, columns)
}

/// n times the difference of neighbours, with what is put before and after; for n = 0 torch returns the tensor alone.
fn diff(c: &Call<'_>) -> Tensor {
    let (x, n, axis) = (c.x(0), c.int(1, "n").unwrap_or(1), c.int(2, "dim").unwrap_or(-1));
    let (before, after) = (c.tensor(3, "prepend"), c.tensor(4, "append"));
    if n == 0 {
        return x.clone();
    }
    Tensor::concat(before.into_iter().chain([x]).chain(after).collect::<Vec<_>>(), axis).diff(n as usize, axis)
}

/// Torch names pairs from the last axis on.
fn pad(c: &Call<'_>) -> Tensor {
    let (x, counts) = (c.x(0), ints(c, 1, "pad"));
    let (mode, value) = (c.word(2, "mode").unwrap_or("constant"), c.float(3, "value").unwrap_or(0.0));
    let mut pairs = vec![(0, 0); x.rank()];
    pairs.iter_mut().rev().zip(counts.chunks(2)).for_each(|(slot, pair)| *slot = (pair[0], pair[1]));
    match mode {
        "constant" => x.pad(pairs, value),
        "reflect" => x.pad_with(pairs, PadMode::Reflect),
        "replicate" => x.pad_with(pairs, PadMode::Replicate),
        "circular" => x.pad_with(pairs, PadMode::Circular),
        other => panic!("unknown mode {other}"),
    }
}

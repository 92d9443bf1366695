//! The same elements in another shape or order, joined, cut and padded.

use super::{
    Formula::{One, Several},
    Operator, on_axis,
};
use crate::case::Call;
use cotangent::{Axes, Shape, Tensor};

pub(super) const OPERATORS: &[Operator] = &[
    ("reshape", One(|c| c.x(0).reshape(ints(c, 1, "shape")))),
    ("unflatten", One(unflatten)),
    ("flatten", One(|c| c.x(0).flatten(c.int(1, "start_dim").unwrap_or(0), c.int(2, "end_dim").unwrap_or(-1)))),
    ("transpose", One(|c| on_axis(c.x(0), |x| x.transpose(int(c, 1, "dim0"), int(c, 2, "dim1"))))),
    ("permute", One(|c| c.x(0).permute(ints(c, 1, "dims")))),
    ("movedim", One(movedim)),
    ("expand", One(expand)),
    ("broadcast_to", One(expand)),
    ("squeeze", One(|c| c.x(0).squeeze(c.ints(1, "dim").map_or(Axes::All, Axes::List)))),
    ("unsqueeze", One(|c| c.x(0).unsqueeze(int(c, 1, "dim")))),
    ("cat", One(|c| Tensor::concat(c.tensors(0), c.int(1, "dim").unwrap_or(0)))),
    ("stack", One(|c| Tensor::stack(c.tensors(0), c.int(1, "dim").unwrap_or(0)))),
    ("narrow", One(|c| c.x(0).narrow(int(c, 1, "dim"), size(c, 2, "start"), size(c, 3, "length")))),
    ("select", One(select)),
    ("unbind", Several(unbind)),
    ("split", Several(split)),
    ("chunk", Several(chunk)),
    ("flip", One(|c| c.x(0).flip(Axes::List(ints(c, 1, "dims"))))),
    ("rot90", One(rot90)),
    ("roll", One(roll)),
    ("tile", One(|c| tiled(c.x(0), &ints(c, 1, "dims")))),
    ("repeat", One(|c| tiled(c.x(0), &ints(c, 1, "repeats")))),
    ("tril", One(|c| triangle(c, |row, column, diagonal| column.le(&(row + diagonal))))),
    ("triu", One(|c| triangle(c, |row, column, diagonal| column.ge(&(row + diagonal))))),
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

fn unflatten(c: &Call<'_>) -> Tensor {
    let (x, axis) = (c.x(0), int(c, 1, "dim"));
    let axis = axis.rem_euclid(x.rank() as isize) as usize;
    let mut shape: Vec<isize> = x.shape().iter().map(|&size| size as isize).collect();
    shape.splice(axis..=axis, ints(c, 2, "sizes"));
    x.reshape(shape)
}

fn movedim(c: &Call<'_>) -> Tensor {
    let (source, destination) = (ints(c, 1, "source"), ints(c, 2, "destination"));
    assert_eq!(source.len(), c.x(0).rank(), "every axis moves");
    let mut axes = vec![0; source.len()];
    for (&from, &to) in source.iter().zip(&destination) {
        axes[to as usize] = from;
    }
    c.x(0).permute(axes)
}

/// A size of -1 stays as it is.
fn expand(c: &Call<'_>) -> Tensor {
    let (x, sizes) = (c.x(0), ints(c, 1, "size"));
    let before = sizes.len() - x.rank();
    let size = |(i, &size): (usize, &isize)| if size < 0 { x.shape()[i - before] } else { size as usize };
    x.expand(sizes.iter().enumerate().map(size).collect::<Shape>())
}

fn select(c: &Call<'_>) -> Tensor {
    let (x, axis, index) = (c.x(0), int(c, 1, "dim"), int(c, 2, "index"));
    let index = index.rem_euclid(x.size(axis) as isize) as usize;
    x.narrow(axis, index, 1).squeeze(axis)
}

fn unbind(c: &Call<'_>) -> Vec<Tensor> {
    let (x, axis) = (c.x(0), c.int(1, "dim").unwrap_or(0));
    (0..x.size(axis)).map(|i| x.narrow(axis, i, 1).squeeze(axis)).collect()
}

fn split(c: &Call<'_>) -> Vec<Tensor> {
    let (sizes, axis) = (ints(c, 1, "split_size_or_sections"), c.int(2, "dim").unwrap_or(0));
    let sizes: Vec<usize> = sizes.iter().map(|&size| size as usize).collect();
    if sizes.len() == 1 { pieces_of(c.x(0), sizes[0], axis) } else { pieces(c.x(0), &sizes, axis) }
}

fn chunk(c: &Call<'_>) -> Vec<Tensor> {
    let axis = c.int(2, "dim").unwrap_or(0);
    pieces_of(c.x(0), c.x(0).size(axis).div_ceil(size(c, 1, "chunks")), axis)
}

/// Pieces of one size, and a last one of what is left.
fn pieces_of(x: &Tensor, size: usize, axis: isize) -> Vec<Tensor> {
    let total = x.size(axis);
    let sizes: Vec<usize> = (0..total).step_by(size).map(|start| size.min(total - start)).collect();
    pieces(x, &sizes, axis)
}

fn pieces(x: &Tensor, sizes: &[usize], axis: isize) -> Vec<Tensor> {
    let starts = sizes.iter().scan(0, |end, size| {
        *end += size;
        Some(*end - size)
    });
    starts.zip(sizes).map(|(start, &size)| x.narrow(axis, start, size)).collect()
}

fn roll(c: &Call<'_>) -> Tensor {
    let (x, shifts) = (c.x(0), ints(c, 1, "shifts"));
    match c.ints(2, "dims") {
        Some(axes) => axes.iter().zip(shifts).fold(x.clone(), |x, (&axis, shift)| rolled(&x, axis, shift)),
        None => rolled(&x.flatten(0, -1), 0, shifts[0]).reshape(x.shape()),
    }
}

fn rolled(x: &Tensor, axis: isize, shift: isize) -> Tensor {
    let n = x.size(axis);
    if n == 0 {
        return x.clone();
    }
    let last = shift.rem_euclid(n as isize) as usize;
    Tensor::concat([x.narrow(axis, n - last, last), x.narrow(axis, 0, n - last)], axis)
}

/// Each axis repeated: a new axis before each one, expanded, and the two merged.
fn tiled(x: &Tensor, times: &[isize]) -> Tensor {
    let rank = times.len().max(x.rank());
    let times: Vec<usize> = times.iter().map(|&n| n as usize).collect();
    let times: Vec<usize> = [vec![1; rank - times.len()], times].concat();
    let sizes: Vec<usize> = [&vec![1; rank - x.rank()][..], x.shape()].concat();
    let single: Shape = sizes.iter().flat_map(|&size| [1, size]).collect();
    let repeated: Shape = times.iter().zip(&sizes).flat_map(|(&n, &size)| [n, size]).collect();
    let merged: Shape = times.iter().zip(&sizes).map(|(n, size)| n * size).collect();
    x.reshape(&single).expand(repeated).reshape(&merged)
}

fn triangle(c: &Call<'_>, kept: fn(&Tensor, &Tensor, i64) -> Tensor) -> Tensor {
    let (x, diagonal) = (c.x(0), c.int(1, "diagonal").unwrap_or(0));
    let row = Tensor::arange(0, x.size(-2) as i64, 1).unsqueeze(1);
    let column = Tensor::arange(0, x.size(-1) as i64, 1);
    kept(&row, &column, diagonal as i64).where_(x, 0)
}

/// By k quarter turns from the first axis to the second.
fn rot90(c: &Call<'_>) -> Tensor {
    let (x, axes) = (c.x(0), c.ints(2, "dims").unwrap_or_else(|| vec![0, 1]));
    match c.int(1, "k").unwrap_or(1).rem_euclid(4) {
        0 => x.clone(),
        1 => x.flip(axes[1]).transpose(axes[0], axes[1]),
        2 => x.flip(Axes::List(axes)),
        _ => x.transpose(axes[0], axes[1]).flip(axes[1]),
    }
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

/// Torch names pairs from the last axis on. The modes that are not constant take elements of the tensor: an index for
/// each axis.
fn pad(c: &Call<'_>) -> Tensor {
    let (x, counts) = (c.x(0), ints(c, 1, "pad"));
    let (mode, value) = (c.word(2, "mode").unwrap_or("constant"), c.float(3, "value").unwrap_or(0.0));
    let pairs = counts.chunks(2).map(|pair| (pair[0], pair[1]));
    if mode == "constant" {
        let mut all = vec![(0, 0); x.rank()];
        all.iter_mut().rev().zip(pairs).for_each(|(slot, pair)| *slot = pair);
        return x.pad(all, value);
    }
    pairs.zip(1..).fold(x.clone(), |x, ((before, after), from_end)| {
        let n = x.size(-from_end) as isize;
        let source = |i: isize| match mode {
            "replicate" => i.clamp(0, n - 1),
            "circular" => i.rem_euclid(n),
            "reflect" => (n - 1) - ((n - 1) - i.abs()).abs(),
            other => panic!("unknown mode {other}"),
        };
        let index: Vec<i64> = (-before..n + after).map(|i| source(i) as i64).collect();
        x.index_select(-from_end, &Tensor::from(index))
    })
}

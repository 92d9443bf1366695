//! Tensors as text, in NumPy's look: nested brackets, columns aligned at the decimal point, `...` in place of what is
//! left out.
//!
//! `{}` prints the values, `{:?}` the dtype and shape before them. A tensor of more than 1,000 elements shows the first
//! and last three entries of each axis; only what is shown is read. Floats have as many decimals as their shortest
//! exact form needs, up to four, or up to four significant digits of the largest if that is below 0.1; `{:.2}` asks for
//! two decimals exactly. Exponents appear where a magnitude is 10⁸ or more or below 10⁻⁴, or, unless all are whole, the
//! largest is over 1,000 times the smallest; zeros do not count.

mod cells;

use crate::{Array, Tensor};
use std::fmt;

/// Tensors of at most this many elements are shown whole, as in NumPy.
const WHOLE: usize = 1000;
/// How many entries at either end of an axis stand for the rest, as in NumPy.
const EDGE: usize = 3;
/// How many elements a summary may show: four axes with both edges. Further axes show their first entry only, so that a
/// summary of a high rank stays short.
const SUMMARY: usize = (2 * EDGE).pow(4);
/// Where lines wrap, as in NumPy.
const LINE: usize = 75;

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.array(), f)
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = text(self.array(), f.precision());
        let traced = if self.tracer().is_some() { ", traced" } else { "" };
        let gap = if body.contains('\n') { '\n' } else { ' ' };
        write!(f, "Tensor({}{traced}):{gap}{body}", self.spec())
    }
}

impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(self, f.precision()))?;
        if !self.has_values() || self.numel() == 0 && self.shape().len() > 1 {
            write!(f, " of shape {:?}", self.shape())?;
        }
        Ok(())
    }
}

fn text(array: &Array, precision: Option<usize>) -> String {
    if !array.has_values() {
        return "no values".to_owned();
    }
    if array.shape().is_empty() {
        return cells::scalar(array, precision);
    }
    if array.numel() == 0 {
        return "[]".to_owned();
    }
    let axes = shown_axes(array.shape());
    let cells = cells::aligned(array, &shown_positions(array, &axes), precision);
    bracketed(&axes, &cells)
}

/// Which entries of an axis are shown: all, or some at the beginning and some at the end.
#[derive(Clone, Copy)]
struct Axis {
    size: usize,
    leading: usize,
    trailing: usize,
}

impl Axis {
    fn shown(self) -> usize {
        self.leading + self.trailing
    }

    fn has_gap(self) -> bool {
        self.shown() < self.size
    }

    /// The index along the axis of shown entry `i`.
    fn index(self, i: usize) -> usize {
        if i < self.leading { i } else { self.size - (self.shown() - i) }
    }
}

fn shown_axes(shape: &[usize]) -> Vec<Axis> {
    let whole = |size| Axis { size, leading: size, trailing: 0 };
    if shape.iter().product::<usize>() <= WHOLE {
        return shape.iter().map(|&size| whole(size)).collect();
    }
    let mut elements = 1;
    let mut axes: Vec<Axis> = shape
        .iter()
        .rev()
        .map(|&size| {
            let axis = if size <= 2 * EDGE { whole(size) } else { Axis { size, leading: EDGE, trailing: EDGE } };
            let axis = if elements * axis.shown() <= SUMMARY { axis } else { Axis { size, leading: 1, trailing: 0 } };
            elements *= axis.shown();
            axis
        })
        .collect();
    axes.reverse();
    axes
}

/// Where in the storage the shown elements lie, in row-major order.
fn shown_positions(array: &Array, axes: &[Axis]) -> Vec<usize> {
    let mut positions = vec![array.offset()];
    for (&axis, &stride) in axes.iter().zip(array.strides()) {
        let along = |position: usize| {
            (0..axis.shown()).map(move |i| position.wrapping_add_signed(axis.index(i) as isize * stride))
        };
        positions = positions.into_iter().flat_map(along).collect();
    }
    positions
}

/// The cells in brackets: entries of the last axis in a line, of the one before it in lines, of others apart by further
/// empty lines.
fn bracketed(axes: &[Axis], cells: &[String]) -> String {
    let rank = axes.len();
    let last = rank - 1;
    let mut text = "[".repeat(rank);
    // Where the current line began.
    let mut line = 0;
    let mut counter = vec![0; rank];
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            // The axis that moves on; those inside it begin again.
            let moved = (0..rank).rev().find(|&axis| counter[axis] + 1 < axes[axis].shown()).expect("a further cell");
            counter[moved] += 1;
            counter[moved + 1..].fill(0);
            let at_gap = axes[moved].has_gap() && counter[moved] == axes[moved].leading;
            if moved == last {
                for word in at_gap.then_some("...").into_iter().chain([&**cell]) {
                    add_word(&mut text, &mut line, word, rank);
                }
            } else {
                if at_gap {
                    start_entry(&mut text, moved, last);
                    text.push_str("...");
                }
                start_entry(&mut text, moved, last);
                line = text.len() - (moved + 1);
                text.push_str(&"[".repeat(last - moved));
                text.push_str(cell);
            }
        } else {
            text.push_str(cell);
        }
        for axis in (0..rank).rev() {
            if counter[axis] + 1 < axes[axis].shown() {
                break;
            }
            if axes[axis].has_gap() && axes[axis].trailing == 0 {
                start_entry(&mut text, axis, last);
                text.push_str("...");
            }
            text.push(']');
        }
    }
    text
}

/// Adds a word to a line of the last axis, or to a further line where it would reach beyond the width.
fn add_word(text: &mut String, line: &mut usize, word: &str, rank: usize) {
    // Room for the closing brackets is kept, as NumPy does.
    if text.len() - *line + 1 + word.len() > LINE.saturating_sub(rank) {
        // Cells end in spaces where others have more decimals.
        text.truncate(text.trim_end().len());
        text.push('\n');
        *line = text.len();
        text.push_str(&" ".repeat(rank));
    } else {
        text.push(' ');
    }
    text.push_str(word);
}

/// Moves to where the next entry of an axis begins.
fn start_entry(text: &mut String, axis: usize, last: usize) {
    if axis == last {
        text.push(' ');
    } else {
        text.push_str(&"\n".repeat(last - axis));
        text.push_str(&" ".repeat(axis + 1));
    }
}

#[cfg(test)]
mod tests;

//! Level lines of a function on a lattice: marching squares, whose segments are joined to long lines.

use super::clip::Point;
use std::collections::BTreeMap;

/// The lines where the function has this value, in units of the lattice. `values` has rows of `side` numbers. Cells with a corner that
/// is no number have no line.
pub(super) fn lines(values: &[f64], side: usize, level: f64) -> Vec<Vec<Point>> {
    let mut joints = joints(values, side, level);
    let mut lines = Vec::new();
    // Lines that end at the border first, from their ends; what remains are loops.
    let ends: Vec<usize> = joints.iter().filter(|(_, to)| to.len() == 1).map(|(&edge, _)| edge).collect();
    let all: Vec<usize> = joints.keys().copied().collect();
    for start in ends.into_iter().chain(all) {
        let mut line = vec![crossing(values, side, level, start)];
        let mut edge = start;
        while let Some(next) = joints.get_mut(&edge).and_then(Vec::pop) {
            if let Some(back) = joints.get_mut(&next) {
                back.retain(|&to| to != edge);
            }
            line.push(crossing(values, side, level, next));
            edge = next;
        }
        if line.len() > 1 {
            lines.push(line);
        }
    }
    lines
}

/// Which edges of the lattice are joined by a segment to which others: at most two, one for each cell that has the edge. The edge from
/// point `p` to the right is `2 p`, that upwards `2 p + 1`.
fn joints(values: &[f64], side: usize, level: f64) -> BTreeMap<usize, Vec<usize>> {
    let mut joints: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for row in 0..side.saturating_sub(1) {
        for column in 0..side - 1 {
            let p = row * side + column;
            let corners = [values[p], values[p + 1], values[p + side + 1], values[p + side]];
            if !corners.iter().all(|value| value.is_finite()) {
                continue;
            }
            let edges = [2 * p, 2 * (p + 1) + 1, 2 * (p + side), 2 * p + 1];
            let above = corners.map(|value| value >= level);
            let crossed: Vec<usize> = (0..4).filter(|&i| above[i] != above[(i + 1) % 4]).collect();
            let pairs: &[(usize, usize)] = match crossed[..] {
                [a, b] => &[(a, b)],
                // A saddle: its middle decides which two corners are joined.
                [_, _, _, _] => {
                    let middle = corners.iter().map(|value| value / 4.0).sum::<f64>() >= level;
                    if middle == above[0] { &[(0, 1), (2, 3)] } else { &[(0, 3), (1, 2)] }
                }
                _ => &[],
            };
            for &(a, b) in pairs {
                joints.entry(edges[a]).or_default().push(edges[b]);
                joints.entry(edges[b]).or_default().push(edges[a]);
            }
        }
    }
    joints
}

/// Where the level crosses an edge, by linear interpolation.
fn crossing(values: &[f64], side: usize, level: f64, edge: usize) -> Point {
    let (p, upwards) = (edge / 2, edge % 2 == 1);
    let (from, to) = (values[p], values[if upwards { p + side } else { p + 1 }]);
    let part = (level - from) / (to - from);
    let (x, y) = ((p % side) as f64, (p / side) as f64);
    if upwards { (x, y + part) } else { (x + part, y) }
}

//! Where the nodes of a graph lie: layer by layer, as in Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
//! structures" (1981).
//!
//! A node lies one layer below the lowest of those that it takes from. An edge over several layers gets a point in each between, and all
//! edges of one node share their points. The order in a layer comes from sweeps that put each point at the mean of its neighbours' places;
//! then the positions come from sweeps that draw each point to the mean of its neighbours, as far as the order and the widths allow. Nodes
//! that take nothing, mostly parameters, give way to the others, so that a chain of operations is straight.

/// Between neighbours in a layer.
const GAP: f64 = 18.0;
/// Between layers, enough for a curve to turn.
const LAYER_GAP: f64 = 34.0;
/// Around the whole.
const MARGIN: f64 = 12.0;
/// Sweeps in either direction. Most crossings are gone after a few; the rest is for long chains, along which a shift has to travel.
const SWEEPS: usize = 12;

/// How much a node that takes nothing holds its place against those that do.
const LEAF_WEIGHT: f64 = 0.02;

pub(super) type Point = (f64, f64);

/// Where everything lies.
pub(super) struct Layout {
    /// The centre of each node.
    pub(super) centres: Vec<Point>,
    pub(super) segments: Vec<Segment>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A piece of an edge, downwards from one layer to the next.
pub(super) struct Segment {
    pub(super) from: Point,
    pub(super) to: Point,
    /// Whether it ends at a node.
    pub(super) arrives: bool,
}

/// A node, or a point of the edges that begin at a node.
struct Item {
    layer: usize,
    width: f64,
    above: Vec<usize>,
    below: Vec<usize>,
}

impl Layout {
    /// Places nodes of these sizes; every edge goes from an earlier node to a later one.
    pub(super) fn new(sizes: &[(f64, f64)], edges: &[(usize, usize)]) -> Self {
        let layer_of = layers(sizes.len(), edges);
        let mut items: Vec<Item> = sizes
            .iter()
            .zip(&layer_of)
            .map(|(&(width, _), &layer)| Item { layer, width, above: Vec::new(), below: Vec::new() })
            .collect();
        add_edges(&mut items, edges, &layer_of);
        let mut layers = vec![Vec::new(); layer_of.iter().max().map_or(0, |deepest| deepest + 1)];
        for (number, item) in items.iter().enumerate() {
            layers[item.layer].push(number);
        }
        order(&mut layers, &items);
        let x = positions(&layers, &items);
        Layout::drawn(sizes, &items, &layers, &x)
    }

    fn drawn(sizes: &[(f64, f64)], items: &[Item], layers: &[Vec<usize>], x: &[f64]) -> Self {
        let left = (0..items.len()).map(|i| x[i] - items[i].width / 2.0).fold(f64::INFINITY, f64::min);
        let right = (0..items.len()).map(|i| x[i] + items[i].width / 2.0).fold(f64::NEG_INFINITY, f64::max);
        let height_of = |i: usize| sizes.get(i).map_or(0.0, |size| size.1);
        let mut middle_of = Vec::with_capacity(layers.len());
        let mut bottom = MARGIN;
        for layer in layers {
            let height = layer.iter().map(|&i| height_of(i)).fold(0.0, f64::max);
            middle_of.push(bottom + height / 2.0);
            bottom += height + LAYER_GAP;
        }
        let (x_of, y_of) = (|i: usize| x[i] - left + MARGIN, |i: usize| middle_of[items[i].layer]);
        let mut segments = Vec::new();
        for (i, item) in items.iter().enumerate() {
            for &below in &item.below {
                segments.push(Segment {
                    from: (x_of(i), y_of(i) + height_of(i) / 2.0),
                    to: (x_of(below), y_of(below) - height_of(below) / 2.0),
                    arrives: below < sizes.len(),
                });
            }
        }
        let (width, height) = if items.is_empty() { (0.0, 0.0) } else { (right - left, bottom - LAYER_GAP - MARGIN) };
        Layout {
            centres: (0..sizes.len()).map(|i| (x_of(i), y_of(i))).collect(),
            segments,
            width: width + 2.0 * MARGIN,
            height: height + 2.0 * MARGIN,
        }
    }
}

/// The layer of each node; one that takes nothing lies right above the first that takes it.
fn layers(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut layer_of = vec![0usize; nodes];
    let mut takes = vec![false; nodes];
    for &(from, to) in edges {
        layer_of[to] = layer_of[to].max(layer_of[from] + 1);
        takes[to] = true;
    }
    let mut first = vec![usize::MAX; nodes];
    for &(from, to) in edges {
        first[from] = first[from].min(layer_of[to]);
    }
    for node in (0..nodes).filter(|&node| !takes[node] && first[node] != usize::MAX) {
        layer_of[node] = first[node] - 1;
    }
    layer_of
}

/// Joins the nodes, with points in the layers between.
fn add_edges(items: &mut Vec<Item>, edges: &[(usize, usize)], layer_of: &[usize]) {
    let mut consumers = vec![Vec::new(); layer_of.len()];
    for &(from, to) in edges {
        consumers[from].push(to);
    }
    let join = |items: &mut Vec<Item>, above: usize, below: usize| {
        items[above].below.push(below);
        items[below].above.push(above);
    };
    for (node, mut consumers) in consumers.into_iter().enumerate() {
        consumers.sort_by_key(|&consumer| layer_of[consumer]);
        let (mut end, mut layer) = (node, layer_of[node]);
        for consumer in consumers {
            while layer + 1 < layer_of[consumer] {
                layer += 1;
                items.push(Item { layer, width: 0.0, above: Vec::new(), below: Vec::new() });
                let point = items.len() - 1;
                join(items, end, point);
                end = point;
            }
            join(items, end, consumer);
        }
    }
}

impl Item {
    fn weight(&self) -> f64 {
        if self.above.is_empty() { LEAF_WEIGHT } else { 1.0 }
    }
}

/// The mean of a number of each of some items, by their weights; `None` of no items.
fn mean<'a>(neighbours: impl IntoIterator<Item = &'a usize>, items: &[Item], of: &[f64]) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for &i in neighbours {
        sum += items[i].weight() * of[i];
        weights += items[i].weight();
    }
    (weights > 0.0).then(|| sum / weights)
}

/// Orders each layer so that few edges cross.
fn order(layers: &mut [Vec<usize>], items: &[Item]) {
    // Places are fractions of a layer's length, so that short and long layers compare.
    let mut place = vec![0.0; items.len()];
    let number = |layer: &[usize], place: &mut [f64]| {
        layer.iter().enumerate().for_each(|(i, &item)| place[item] = (i as f64 + 0.5) / layer.len() as f64);
    };
    layers.iter().for_each(|layer| number(layer, &mut place));
    for sweep in 0..2 * SWEEPS {
        let downwards = sweep % 2 == 0;
        for i in 0..layers.len() {
            let i = if downwards { i } else { layers.len() - 1 - i };
            let layer = &mut layers[i];
            let wish = |&item: &usize| {
                let neighbours = if downwards { &items[item].above } else { &items[item].below };
                mean(neighbours, items, &place).unwrap_or(place[item])
            };
            let mut wishes: Vec<(f64, usize)> = layer.iter().map(|item| (wish(item), *item)).collect();
            wishes.sort_by(|a, b| a.0.total_cmp(&b.0));
            layer.iter_mut().zip(wishes).for_each(|(item, (_, wished))| *item = wished);
            number(layer, &mut place);
        }
    }
}

/// The horizontal centre of each item.
fn positions(layers: &[Vec<usize>], items: &[Item]) -> Vec<f64> {
    let mut x = vec![0.0; items.len()];
    for sweep in 0..2 * SWEEPS + 1 {
        for i in 0..layers.len() {
            let layer = if sweep % 2 == 0 { &layers[i] } else { &layers[layers.len() - 1 - i] };
            let wish = |&item: &usize| {
                let Item { above, below, .. } = &items[item];
                let wish = match sweep % 2 {
                    // The last sweep is between both.
                    _ if sweep == 2 * SWEEPS => mean(above.iter().chain(below), items, &x),
                    0 => mean(above, items, &x),
                    _ => mean(below, items, &x),
                };
                wish.unwrap_or(x[item])
            };
            let wishes: Vec<f64> = layer.iter().map(wish).collect();
            let widths: Vec<f64> = layer.iter().map(|&item| items[item].width).collect();
            let weights: Vec<f64> = layer.iter().map(|&item| items[item].weight()).collect();
            for (&item, at) in layer.iter().zip(apart(&wishes, &widths, &weights)) {
                x[item] = at;
            }
        }
    }
    x
}

/// The positions nearest to those wished, in the sense of weighted least squares, at which boxes of these widths stand in this order and
/// a gap apart. Without the widths that is isotonic regression, which pools neighbours that would stand in the wrong order.
fn apart(wishes: &[f64], widths: &[f64], weights: &[f64]) -> Vec<f64> {
    let mut offsets = Vec::with_capacity(wishes.len());
    let mut offset = 0.0;
    for (i, width) in widths.iter().enumerate() {
        if i > 0 {
            offset += (widths[i - 1] + width) / 2.0 + GAP;
        }
        offsets.push(offset);
    }
    // The mean of each pool, its weight, and how many are in it.
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for ((wish, offset), &weight) in wishes.iter().zip(&offsets).zip(weights) {
        let (mut mean, mut weight, mut count) = (wish - offset, weight, 1);
        while let Some(&(before, heavy, many)) = pools.last().filter(|pool| pool.0 > mean) {
            mean = (mean * weight + before * heavy) / (weight + heavy);
            weight += heavy;
            count += many;
            pools.pop();
        }
        pools.push((mean, weight, count));
    }
    let means = pools.into_iter().flat_map(|(mean, _, count)| std::iter::repeat_n(mean, count));
    means.zip(offsets).map(|(mean, offset)| mean + offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_stand_where_they_wish_unless_they_would_meet() {
        assert_eq!(apart(&[0.0, 100.0], &[10.0, 10.0], &[1.0, 1.0]), [0.0, 100.0]);
        // Both wish for 50: they meet in the middle.
        assert_eq!(
            apart(&[50.0, 50.0], &[10.0, 30.0], &[1.0, 1.0]),
            [50.0 - (20.0 + GAP) / 2.0, 50.0 + (20.0 + GAP) / 2.0]
        );
        assert!(apart(&[], &[], &[]).is_empty());
    }

    #[test]
    fn layers_are_in_the_order_of_the_edges_and_boxes_do_not_overlap() {
        // A diamond with a long edge, and a leaf that is taken late.
        let edges = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 5), (3, 5), (4, 5)];
        let sizes = [(40.0, 20.0); 6];
        let layout = Layout::new(&sizes, &edges);
        for &(from, to) in &edges {
            assert!(layout.centres[to].1 >= layout.centres[from].1 + 20.0 + LAYER_GAP, "{from} -> {to}");
        }
        // The leaf lies beside what is taken with it, not at the top.
        assert_eq!(layout.centres[4].1, layout.centres[3].1);
        for (i, a) in layout.centres.iter().enumerate() {
            assert!(a.0 >= 20.0 + MARGIN - 1e-9 && a.0 <= layout.width - 20.0 - MARGIN + 1e-9);
            for b in &layout.centres[..i] {
                assert!(a.1 != b.1 || (a.0 - b.0).abs() >= 40.0 + GAP - 1e-9);
            }
        }
        // Two points carry the long edge past the diamond.
        assert_eq!(layout.segments.iter().filter(|segment| !segment.arrives).count(), 2);
    }

    #[test]
    fn crossings_that_need_not_be_are_undone() {
        // Two chains, whose nodes come in alternating order.
        let edges: Vec<(usize, usize)> = vec![(0, 3), (1, 2), (2, 5), (3, 4)];
        let layout = Layout::new(&[(30.0, 10.0); 6], &edges);
        let side = |node: usize| layout.centres[node].0 < layout.width / 2.0;
        assert!(side(0) == side(3) && side(3) == side(4) && side(1) == side(2) && side(2) == side(5));
    }

    #[test]
    fn nothing_is_a_picture_of_nothing() {
        let layout = Layout::new(&[], &[]);
        assert_eq!((layout.width, layout.height), (2.0 * MARGIN, 2.0 * MARGIN));
    }
}

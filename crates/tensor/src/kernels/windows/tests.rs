use super::*;

/// Every combination of a few sizes.
fn axes() -> Vec<Axis> {
    let mut axes = vec![Axis::ABSENT];
    for (input, kernel, stride, dilation, before, after) in
        [(5, 3, 1, 1, 1, 1), (6, 2, 3, 2, 0, 0), (4, 3, 2, 1, 2, 1), (1, 3, 1, 1, 2, 2), (7, 2, 2, 3, 1, 0)]
    {
        let output = (input + before + after - dilation * (kernel - 1) - 1) / stride + 1;
        axes.push(Axis { input, kernel, output, stride, dilation, before });
    }
    axes
}

fn windows() -> Vec<Windows> {
    let axes = axes();
    let pairs = axes.iter().flat_map(|&height| axes.iter().map(move |&width| (height, width)));
    pairs.flat_map(|(height, width)| [Axis::ABSENT, axes[3]].map(|depth| Windows([depth, height, width]))).collect()
}

/// Where each tap of each position reads, or `None` for padding: the definition, element by element.
fn sources(windows: &Windows) -> Vec<Vec<Option<usize>>> {
    let at = |axis: Axis, o: usize, t: usize| {
        (o * axis.stride + t * axis.dilation).checked_sub(axis.before).filter(|&i| i < axis.input)
    };
    let places =
        |n: [usize; 3]| (0..n[0]).flat_map(move |a| (0..n[1]).flat_map(move |b| (0..n[2]).map(move |c| [a, b, c])));
    let [d, h, w] = windows.0;
    let source = |t: [usize; 3], o: [usize; 3]| {
        let (i, j, k) = (at(d, o[0], t[0])?, at(h, o[1], t[1])?, at(w, o[2], t[2])?);
        Some((i * h.input + j) * w.input + k)
    };
    places([d.kernel, h.kernel, w.kernel])
        .map(|t| places([d.output, h.output, w.output]).map(|o| source(t, o)).collect())
        .collect()
}

#[test]
fn columns_hold_what_each_tap_reads_at_any_positions() {
    for windows in windows() {
        let image: Vec<i64> = (1..=2 * windows.input_len() as i64).collect();
        let sources = sources(&windows);
        let outputs = windows.output_len();
        for positions in [0..outputs, 0..outputs.div_ceil(2), outputs / 3..outputs, outputs / 2..outputs / 2] {
            let row_len = positions.len() + 3;
            let mut matrix = vec![-1; 2 * windows.taps() * row_len];
            windows.columns(&image, positions.clone(), &mut matrix, row_len, 2);
            for (i, row) in matrix.chunks(row_len).enumerate() {
                let (channel, tap) = (i / windows.taps(), i % windows.taps());
                let value = |p: usize| sources[tap][p].map_or(0, |at| image[channel * windows.input_len() + at]);
                let expected: Vec<i64> = positions.clone().map(value).collect();
                if expected.is_empty() {
                    assert!(row.iter().all(|&x| x == -1));
                } else {
                    assert_eq!(row[2..2 + expected.len()], expected, "{windows:?} tap {tap} at {positions:?}");
                    assert_eq!((row[1], row[row_len - 1]), (-1, -1), "nothing beside the columns is written");
                }
            }
        }
    }
}

#[test]
fn adding_columns_is_the_transpose() {
    for windows in windows() {
        let outputs = windows.output_len();
        let positions = outputs / 3..outputs;
        let matrix: Vec<i64> = (1..=2 * (windows.taps() * positions.len()) as i64).collect();
        let mut image = vec![7; 2 * windows.input_len()];
        windows.add_columns(&matrix, positions.len(), positions.clone(), &mut image);
        let (mut expected, sources) = (vec![7; image.len()], sources(&windows));
        for (i, row) in matrix.chunks(positions.len()).enumerate() {
            let (channel, tap) = (i / windows.taps(), i % windows.taps());
            for (p, value) in positions.clone().zip(row) {
                if let Some(at) = sources[tap][p] {
                    expected[channel * windows.input_len() + at] += value;
                }
            }
        }
        assert_eq!(image, expected, "{windows:?}");
    }
}

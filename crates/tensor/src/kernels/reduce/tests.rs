//! Each fold against a loop over indices, over shapes, layouts and axes.

use super::{Extremum, Fold, LEAF, Max, Min, Sum, arg, fold, join_tree};
use crate::{Array, Buffer, Element, Shape, kernels::parallel::with_threads};

/// Small integers in no particular order, exact in each dtype and in every order of summation.
fn integers(shape: &[usize]) -> Array {
    let count: usize = shape.iter().product();
    Array::from_buffer(Buffer::from_iter_exact((0..count).map(|i| (i * 7919 % 101) as f64 - 50.0)), shape)
}

/// The shape in several layouts, named.
fn layouts(shape: &[usize]) -> Vec<(String, Array)> {
    let plain = integers(shape);
    let mut all = vec![("plain".to_owned(), plain.clone())];
    let rank = shape.len();
    let backwards: Vec<usize> = (0..rank).rev().collect();
    let reversed: Shape = backwards.iter().map(|&axis| shape[axis]).collect();
    all.push(("permuted".to_owned(), {
        let x = integers(&reversed);
        x.with_layout(x.layout().permute(&backwards))
    }));
    for axis in 0..rank {
        if shape[axis] > 0 {
            let flipped = plain.layout().slice(axis, shape[axis] - 1, shape[axis], -1);
            all.push((format!("flipped {axis}"), plain.with_layout(flipped)));
        }
        let wider = integers(&Shape::from(shape).with_size(axis, 2 * shape[axis] + 1));
        all.push((format!("every second of {axis}"), wider.with_layout(wider.layout().slice(axis, 1, shape[axis], 2))));
        let narrow = integers(&Shape::from(shape).with_size(axis, 1));
        all.push((format!("expanded {axis}"), narrow.with_layout(narrow.layout().expand(&shape.into()))));
    }
    all.push(("constant".to_owned(), Array::full(3.0, &shape.into())));
    all
}

const SHAPES: &[&[usize]] = &[
    &[],
    &[0],
    &[1],
    &[1, 1],
    &[2, 0],
    &[0, 3],
    &[7],
    &[3, 5],
    &[33, 3],
    &[3, 200],
    &[130, 70],
    &[2, 3, 4],
    &[5, 1, 6],
    &[4, 150, 9],
    &[3, 2, 0, 2],
    &[2, 3, 5, 4],
    &[1500],
    &[2500, 2],
    &[2, 2100],
];

/// Every set of axes of a rank.
fn axis_sets(rank: usize) -> Vec<Vec<usize>> {
    (0..1usize << rank).map(|set| (0..rank).filter(|axis| set >> axis & 1 == 1).collect()).collect()
}

/// The elements that belong to each output, in the order of the axes.
fn groups<T: Element>(x: &Array, axes: &[usize]) -> Vec<Vec<T>> {
    let shape = x.shape();
    let outputs: usize = (0..shape.len()).filter(|axis| !axes.contains(axis)).map(|axis| shape[axis]).product();
    let mut groups = vec![Vec::new(); outputs];
    for (number, element) in x.to_vec::<T>().into_iter().enumerate() {
        let (mut rest, mut output, mut scale) = (number, 0, 1);
        for axis in (0..shape.len()).rev() {
            let i = rest % shape[axis];
            rest /= shape[axis];
            if !axes.contains(&axis) {
                output += i * scale;
                scale *= shape[axis];
            }
        }
        groups[output].push(element);
    }
    groups
}

fn for_each_case(mut check: impl FnMut(&str, &Array, &[usize])) {
    for shape in SHAPES {
        for (layout, x) in layouts(shape) {
            assert_eq!(x.shape()[..], **shape);
            for axes in axis_sets(shape.len()) {
                check(&format!("{shape:?} {layout} over {axes:?}"), &x, &axes);
            }
        }
    }
}

#[test]
fn folds_are_those_of_a_loop() {
    fn check<F: Fold<f64>>(case: &str, x: &Array, axes: &[usize]) {
        let expected: Vec<f64> =
            groups(x, axes).into_iter().map(|group| group.into_iter().fold(F::START, F::join)).collect();
        let kept = fold::<F, f64>(x, axes, true);
        assert!((0..x.shape().len()).all(|i| kept.shape()[i] == if axes.contains(&i) { 1 } else { x.shape()[i] }));
        assert_eq!(kept.to_vec::<f64>(), expected, "{case}");
        let gone = fold::<F, f64>(x, axes, false);
        assert_eq!(gone.shape().len(), x.shape().len() - axes.len());
        assert_eq!(gone.to_vec::<f64>(), expected, "{case}");
    }
    for_each_case(check::<Sum>);
    for_each_case(check::<Max>);
    for_each_case(check::<Min>);
}

#[test]
fn positions_are_those_of_a_loop() {
    fn check<F: Extremum<f64>>(case: &str, x: &Array, axes: &[usize]) {
        let [axis] = *axes else { return };
        if x.shape()[axis] == 0 {
            return;
        }
        let first = |group: Vec<f64>| {
            (1..group.len()).fold(0, |at, i| if F::join(group[at], group[i]) != group[at] { i } else { at })
        };
        let expected: Vec<i64> = groups(x, axes).into_iter().map(|group| first(group) as i64).collect();
        assert_eq!(arg::position::<F, f64>(x, axis, false).to_vec::<i64>(), expected, "{case}");
    }
    for_each_case(check::<Max>);
    for_each_case(check::<Min>);
}

#[test]
fn dtypes_fold_alike() {
    let as_dtype = |make: &dyn Fn(&[f64]) -> Array| {
        let x = integers(&[37, 70]);
        make(&x.to_vec::<f64>())
    };
    for axes in [&[0][..], &[1], &[0, 1]] {
        let x = integers(&[37, 70]);
        let floats = as_dtype(&|x| Array::from_buffer(Buffer::from_iter_exact(x.iter().map(|&x| x as f32)), [37, 70]));
        let whole = as_dtype(&|x| Array::from_buffer(Buffer::from_iter_exact(x.iter().map(|&x| x as i64)), [37, 70]));
        let bytes =
            as_dtype(&|x| Array::from_buffer(Buffer::from_iter_exact(x.iter().map(|&x| (x + 50.0) as u8)), [37, 70]));
        let truth = as_dtype(&|x| Array::from_buffer(Buffer::from_iter_exact(x.iter().map(|&x| x > 0.0)), [37, 70]));
        let sums = fold::<Sum, f64>(&x, axes, false).to_vec::<f64>();
        let (least, most) =
            (fold::<Min, f64>(&x, axes, false).to_vec::<f64>(), fold::<Max, f64>(&x, axes, false).to_vec::<f64>());
        assert_eq!(
            fold::<Sum, f32>(&floats, axes, false).to_vec::<f32>(),
            sums.iter().map(|&y| y as f32).collect::<Vec<_>>()
        );
        assert_eq!(
            fold::<Sum, i64>(&whole, axes, false).to_vec::<i64>(),
            sums.iter().map(|&y| y as i64).collect::<Vec<_>>()
        );
        assert_eq!(
            fold::<Max, i64>(&whole, axes, false).to_vec::<i64>(),
            most.iter().map(|&y| y as i64).collect::<Vec<_>>()
        );
        assert_eq!(
            fold::<Min, u8>(&bytes, axes, false).to_vec::<u8>(),
            least.iter().map(|&y| (y + 50.0) as u8).collect::<Vec<_>>()
        );
        assert_eq!(
            fold::<Max, bool>(&truth, axes, false).to_vec::<bool>(),
            most.iter().map(|&y| y > 0.0).collect::<Vec<_>>()
        );
    }
}

#[test]
fn nan_wins_wherever_it_stands() {
    // Every position of runs that have vectors and tails, and of columns that do.
    for length in [1, 2, 7, 8, 9, 31, 33, 40, 75, 130] {
        for place in 0..length {
            let mut elements = vec![1.0f32; length * 5];
            (0..5).for_each(|row| elements[row * length + place] = f32::NAN);
            let rows = Array::from_slice(&elements, [5, length]).unwrap();
            let columns = rows.with_layout(rows.layout().permute(&[1, 0]));
            for (x, axis) in [(&rows, 1), (&columns, 0)] {
                assert!(fold::<Max, f32>(x, &[axis], false).to_vec::<f32>().iter().all(|y| y.is_nan()));
                assert!(fold::<Min, f32>(x, &[axis], false).to_vec::<f32>().iter().all(|y| y.is_nan()));
                assert_eq!(arg::position::<Max, f32>(x, axis, false).to_vec::<i64>(), [place as i64; 5]);
                assert_eq!(arg::position::<Min, f32>(x, axis, false).to_vec::<i64>(), [place as i64; 5]);
            }
            // The other way round: NaN in one column of many.
            let nan = |i: usize| i == place;
            for y in [fold::<Max, f32>(&rows, &[0], false), fold::<Min, f32>(&rows, &[0], false)] {
                assert!(y.to_vec::<f32>().iter().enumerate().all(|(i, y)| y.is_nan() == nan(i)));
            }
            assert_eq!(arg::position::<Max, f32>(&rows, 0, false).to_vec::<i64>(), vec![0; length]);
        }
    }
}

#[test]
fn infinities_are_extrema_like_others() {
    let x = Array::from_slice(&[f64::NEG_INFINITY; 40], [40]).unwrap();
    assert_eq!(fold::<Max, f64>(&x, &[0], false).to_vec::<f64>(), [f64::NEG_INFINITY]);
    assert_eq!(arg::position::<Max, f64>(&x, 0, false).to_vec::<i64>(), [0]);
}

/// Numbers between 0 and 1 that no sum represents exactly.
fn fractions(shape: &[usize]) -> Array {
    let count: usize = shape.iter().product();
    let fraction = |i: usize| (i.wrapping_mul(2654435761) % (1 << 24)) as f32 / 16777213.0;
    Array::from_buffer(Buffer::from_iter_exact((0..count).map(fraction)), shape)
}

#[test]
fn bits_do_not_depend_on_threads() {
    // Shapes that are cut along runs, along outputs, along rows and along columns.
    for shape in
        [&[1_000_003][..], &[3, 200_000], &[9, 70_000], &[5000, 300], &[200_000, 10], &[40_000, 33], &[70, 3, 2000]]
    {
        let x = fractions(shape);
        for axis in 0..shape.len() {
            let bits = |threads| {
                with_threads(threads, || {
                    let sums = fold::<Sum, f32>(&x, &[axis], false).to_vec::<f32>();
                    (
                        sums.into_iter().map(f32::to_bits).collect::<Vec<_>>(),
                        arg::position::<Max, f32>(&x, axis, false).to_vec::<i64>(),
                    )
                })
            };
            assert_eq!(bits(1), bits(2), "{shape:?} over {axis}");
        }
    }
}

#[test]
fn a_run_is_the_tree_of_its_leaves() {
    // Leaves alone, in pairs, and with a part of one at the end.
    for length in [1, 100, LEAF, 1500, 2 * LEAF, 3 * LEAF, 10_000] {
        let x = fractions(&[length]);
        let sum = |x: &Array, keepdims| fold::<Sum, f32>(x, &[0], keepdims).to_vec::<f32>()[0];
        let leaves: Vec<f32> = x
            .to_vec::<f32>()
            .chunks(LEAF)
            .map(|leaf| sum(&Array::from_slice(leaf, [leaf.len()]).unwrap(), false))
            .collect();
        let tree = join_tree::<Sum, f32>(&leaves).to_bits();
        assert_eq!((sum(&x, false).to_bits(), sum(&x, true).to_bits()), (tree, tree), "{length}");
    }
}

#[test]
fn sums_of_a_million_are_accurate() {
    for shape in [[1_000_000, 1], [250_000, 4], [10_000, 100]] {
        let x = fractions(&shape);
        let exact: Vec<f64> =
            groups::<f32>(&x, &[0]).into_iter().map(|group| group.into_iter().map(f64::from).sum()).collect();
        for (sum, exact) in fold::<Sum, f32>(&x, &[0], false).to_vec::<f32>().into_iter().zip(exact) {
            // At most 4 ULP; adding in turn is off by hundreds.
            assert!((f64::from(sum) - exact).abs() <= 4.0 * f64::from(f32::EPSILON) * exact, "{sum} {exact}");
        }
    }
}

#[test]
fn constants_are_not_walked() {
    // As many elements as would take hours, and terabytes.
    let x = Array::full(0.5f32, &[1 << 20, 1 << 20].into());
    assert_eq!(fold::<Sum, f32>(&x, &[0, 1], false).to_vec::<f32>(), [(1u64 << 39) as f32]);
    let rows = fold::<Max, f32>(&x, &[1], false);
    assert_eq!((rows.shape()[0], rows.storage_elements::<f32>().len()), (1 << 20, 1));
}

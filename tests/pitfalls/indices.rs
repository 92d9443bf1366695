//! Rows 21, 22 and 23 for every operation that reads or writes by an index or makes a view: places that are named several times, sources
//! larger than their index, views that show an element several times; at second order, in all compositions of the two modes.

use cotangent::{
    Tensor, grad, hessian, jvp,
    ops::{Ellipsis, NewAxis, PadMode, ScatterReduce, step},
    vjp,
};

/// Small integers, which f64 adds and multiplies exactly; they differ from place to place.
fn integers(shape: &[usize], seed: usize) -> Tensor {
    let numel = shape.iter().product::<usize>();
    Tensor::from_vec((0..numel).map(|i| ((i * 7 + seed * 5) % 11) as f64 - 5.0).collect(), shape).expect("they fill it")
}

/// Holds an affine operation to its own matrix, A, which is found one unit vector at a time without any differentiation. With
/// φ(x) = Σ w y³ of y = A x + b the gradient is Aᵀ 3 w y², and the product of the Hessian with v is Aᵀ (6 w y · A v). All numbers are
/// integers, so that results must be equal.
#[track_caller]
fn assert_as_its_matrix(name: &str, x: &Tensor, f: impl Fn(&Tensor) -> Tensor) {
    let elements = |x: &Tensor| x.to_vec::<f64>();
    let at = |values: Vec<f64>| elements(&f(&Tensor::from_vec(values, x.shape()).expect("one for each element")));
    let start = at(vec![0.0; x.numel()]);
    let columns: Vec<Vec<f64>> = (0..x.numel())
        .map(|j| {
            let unit = (0..x.numel()).map(|i| f64::from(u8::from(i == j))).collect();
            at(unit).iter().zip(&start).map(|(y, b)| y - b).collect()
        })
        .collect();
    let pulled = |y_bar: &[f64]| -> Vec<f64> {
        columns.iter().map(|column| column.iter().zip(y_bar).map(|(a, y_bar)| a * y_bar).sum()).collect()
    };
    let pushed = |v: &[f64]| -> Vec<f64> {
        (0..start.len()).map(|i| columns.iter().zip(v).map(|(column, v)| column[i] * v).sum()).collect()
    };

    let y = f(x);
    let w = integers(y.shape(), 3);
    let v = integers(x.shape(), 8);
    let y_values: Vec<f64> = pushed(&elements(x)).iter().zip(&start).map(|(ax, b)| ax + b).collect();
    assert_eq!(elements(&y), y_values, "{name}: the operation is not affine");
    let along = pushed(&elements(&v));
    let first: Vec<f64> = elements(&w).iter().zip(&y_values).map(|(w, y)| 3.0 * w * y * y).collect();
    let second: Vec<f64> =
        elements(&w).iter().zip(&y_values).zip(&along).map(|((w, y), along)| 6.0 * w * y * along).collect();

    let loss = |x: &Tensor| {
        let y = f(x);
        (&w * &y * &y * &y).sum(..)
    };
    assert_eq!(elements(&grad(x, loss)), pulled(&first), "{name}: reverse mode");
    assert_eq!(elements(&jvp(x, &v, &f).1), along, "{name}: forward mode");
    let hv = pulled(&second);
    assert_eq!(elements(&grad(x, |x| (grad(x, loss) * &v).sum(..))), hv, "{name}: reverse over reverse");
    assert_eq!(elements(&jvp(x, &v, |x| grad(x, loss)).1), hv, "{name}: forward over reverse");
    assert_eq!(elements(&grad(x, |x| jvp(x, &v, loss).1)), hv, "{name}: reverse over forward");
    // A cotangent that is a view of one number.
    let seed = Tensor::ones([], cotangent::DType::F64).expand(y.shape());
    assert_eq!(elements(&vjp(x, &f).1.pull_once(&seed)), pulled(&vec![1.0; start.len()]), "{name}: expanded cotangent");
}

fn list<const N: usize>(places: [i64; N]) -> Tensor {
    Tensor::from(places)
}

type Read = (&'static str, fn(&Tensor) -> Tensor);

/// Row 21, its kind: whatever reads a place twice adds two cotangents there.
#[test]
fn places_read_several_times_collect_every_cotangent() {
    let reads: [Read; 14] = [
        ("index_select", |x| x.index_select(0, &list([1, 1, 0, 1]))),
        ("gather", |x| x.gather(1, &Tensor::from([[0i64, 0, 3], [2, 2, 2], [1, 0, 1]]))),
        ("take_along_dim", |x| x.take_along_dim(&Tensor::from([[0i64, -4, 0]]), 1)),
        ("take", |x| x.take(&Tensor::from([[3i64, -1], [3, 3]]))),
        ("index by a tensor", |x| x.index(list([2, -1, 2]))),
        ("index by two tensors", |x| x.index((&list([2, 2, 0]), &list([1, 1, -1])))),
        ("index by tensors that broadcast", |x| x.index((&Tensor::from([[0i64], [0]]), &list([1, 1, 2])))),
        ("index by a range and a tensor", |x| x.index((step(.., -2), &list([1, 1])))),
        ("index by an integer and a tensor", |x| x.index((&list([1, 1]), NewAxis, -1))),
        ("index by a mask", |x| {
            x.unsqueeze(1).expand([3, 2, 4]).index((&Tensor::from([[true, true], [false, true], [true, true]]), ..))
        }),
        ("masked_select", |x| x.unsqueeze(0).masked_select(&Tensor::from([[[true; 4]; 3]; 2]))),
        ("repeat_interleave", |x| x.repeat_interleave(&list([2, 0, 3]), 0)),
        ("tile", |x| x.tile([2, 3])),
        ("select", |x| x.select(0, 1) * 2 + x.select(0, -2)),
    ];
    for (name, read) in reads {
        assert_as_its_matrix(name, &integers(&[3, 4], 1), read);
        assert_as_its_matrix(name, &integers(&[4, 3], 2).transpose(0, 1), read);
    }
}

/// Row 21 the other way round: what is added to a place twice counts twice; of what is set there twice the last stands, and only its
/// source moves the result.
#[test]
fn places_written_several_times_are_sums_or_the_last() {
    let x = integers(&[3, 4], 6);
    type Write = fn(&Tensor, &Tensor) -> Tensor;
    let writes: [(&str, &[usize], Write); 15] = [
        ("index_add", &[3, 4], |x, src| x.index_add(0, &list([1, 1, 0]), src)),
        ("scatter_add", &[3, 3], |x, src| x.scatter_add(1, &Tensor::from([[0i64, 0, 3], [2, 2, 2]]), src)),
        ("index_add_at", &[3, 4], |x, src| x.index_add_at(list([1, 1, -2]), src)),
        ("index_add_at two tensors", &[2, 3], |x, src| {
            x.index_add_at((&Tensor::from([[0i64], [0]]), &list([1, 1, 2])), src)
        }),
        ("index_add_at a range", &[2], |x, src| x.index_add_at((step(.., -2), 1..3), src)),
        ("index_add_at a range and a tensor", &[2, 2], |x, src| x.index_add_at((1.., &list([3, 3])), src)),
        ("index_put", &[3, 4], |x, src| x.index_put(list([1, 1, -2]), src)),
        ("index_put two tensors", &[2, 3], |x, src| x.index_put((&Tensor::from([[0i64], [0]]), &list([1, 1, 2])), src)),
        ("index_put broadcast", &[2], |x, src| x.index_put((&list([2, 2]), Ellipsis, 1..3), src)),
        ("index_put a range", &[3, 1], |x, src| x.index_put((.., step(.., 2)), src)),
        ("index_put a range and a tensor", &[2, 3], |x, src| x.index_put((1.., &list([3, 0, 3])), src)),
        ("index_put a mask", &[], |x, src| x.index_put(x.gt(0), src)),
        ("index_copy", &[3, 3], |x, src| x.index_copy(1, &list([2, -2, 0]), src)),
        ("index_fill", &[], |x, src| x.index_fill(0, &list([1, 1]), src)),
        ("scatter", &[3, 3], |x, src| x.scatter(1, &Tensor::from([[0i64, 0, 3], [2, 2, 2], [1, 0, 1]]), src)),
    ];
    for (name, shape, write) in writes {
        let src = integers(shape, 9);
        assert_as_its_matrix(&format!("{name}, of its source"), &src, |src| write(&x, src));
        assert_as_its_matrix(&format!("{name}, of its target"), &x, |target| {
            // A mask is read from values: it must stay what it is while the matrix is found.
            if name.ends_with("a mask") { target.index_put(x.gt(0), &src) } else { write(target, &src) }
        });
    }
}

/// Row 22, its kind: what the index does not cover has no effect and a gradient of zero.
#[test]
fn sources_larger_than_their_index_are_used_in_part() {
    let (x, src) = (integers(&[3, 4], 6), integers(&[3, 5], 2));
    let index = Tensor::from([[0i64, 0, 3], [2, 2, 2]]);
    type Write = fn(&Tensor, &Tensor, &Tensor) -> Tensor;
    let writes: [(&str, Write); 5] = [
        ("scatter", |x, index, src| x.scatter(1, index, src)),
        ("scatter_add", |x, index, src| x.scatter_add(1, index, src)),
        ("sum", |x, index, src| x.scatter_reduce(1, index, src, ScatterReduce::Sum, true)),
        ("sum of the source alone", |x, index, src| x.scatter_reduce(1, index, src, ScatterReduce::Sum, false)),
        // Means of 1, 2 and 4 are exact.
        ("mean", |x, index, src| x.scatter_reduce(1, index, src, ScatterReduce::Mean, true) * 12),
    ];
    for (name, write) in writes {
        let index = if name == "mean" { Tensor::from([[0i64], [2]]) } else { index.clone() };
        assert_as_its_matrix(&format!("{name}, of its source"), &src, |src| write(&x, &index, src));
        assert_as_its_matrix(&format!("{name}, of its target"), &x, |x| write(x, &index, &src));
    }
    for reduction in [ScatterReduce::Prod, ScatterReduce::Amax, ScatterReduce::Amin] {
        let src_bar = grad(&src, |src| x.scatter_reduce(1, &index, src, reduction, false).sum(..)).to_vec::<f64>();
        let beyond = |i: &usize| i / 5 == 2 || i % 5 >= 3;
        assert!((0..15).filter(beyond).all(|i| src_bar[i] == 0.0), "{reduction:?}: {src_bar:?}");
        assert!(src_bar.iter().any(|&x| x != 0.0), "{reduction:?}");
    }
}

/// Row 8 for scattered products: the derivative in one factor is the product of the others, also where one is zero.
#[test]
fn a_scattered_product_has_its_derivatives_at_zeros() {
    let (one, index) = (Tensor::from([1.0]), list([0, 0, 0, 0]));
    let f = |src: &Tensor| one.scatter_reduce(0, &index, src, ScatterReduce::Prod, true).sum(..);
    let src = Tensor::from([2.0, 0.0, 3.0, 4.0]);
    assert_eq!(grad(&src, f).to_vec::<f64>(), [0.0, 24.0, 0.0, 0.0]);
    let h = [[0.0, 12.0, 0.0, 0.0], [12.0, 0.0, 8.0, 6.0], [0.0, 8.0, 0.0, 0.0], [0.0, 6.0, 0.0, 0.0]];
    assert_eq!(hessian(&src, f).to_vec::<f64>(), h.as_flattened());
    let two = Tensor::from([2.0, 0.0, 0.0, 4.0]);
    assert_eq!(grad(&two, f).to_vec::<f64>(), [0.0; 4]);
    assert_eq!(hessian(&two, f).index((1, 2)).item::<f64>(), 8.0);
    assert_eq!(jvp(&src, &Tensor::from([1.0; 4]), f).1.item::<f64>(), 24.0);
}

/// Row 17 for scattered extrema: equal ones share the cotangent, the target among them if it is included.
#[test]
fn equal_scattered_extrema_share_the_cotangent() {
    let (x, index) = (Tensor::from([3.0, 5.0, f64::NAN]), list([0, 0, 0, 1]));
    let src = Tensor::from([3.0, 1.0, 3.0, 2.0]);
    let gradients = |include_self| {
        grad(&(x.clone(), src.clone()), |(x, src)| {
            (x.scatter_reduce(0, &index, src, ScatterReduce::Amax, include_self) * Tensor::from([6.0, 1.0, 1.0]))
                .sum(..)
        })
    };
    let (x_bar, src_bar) = gradients(true);
    assert_eq!((x_bar.to_vec::<f64>(), src_bar.to_vec::<f64>()), (vec![2.0, 1.0, 1.0], vec![2.0, 0.0, 2.0, 0.0]));
    let (x_bar, src_bar) = gradients(false);
    assert_eq!((x_bar.to_vec::<f64>(), src_bar.to_vec::<f64>()), (vec![0.0, 0.0, 1.0], vec![3.0, 0.0, 3.0, 1.0]));
}

/// Row 23, its kind: views that show an element several times, and views of such views.
#[test]
fn overlapping_views_sum_into_their_elements() {
    let views: [Read; 14] = [
        ("unfold", |x| x.unfold(1, 3, 1)),
        ("unfold with gaps", |x| x.unfold(1, 1, 3)),
        ("unfold of unfold", |x| x.unfold(1, 3, 1).unfold(1, 2, 1)),
        ("windows of rows and columns", |x| x.unfold(0, 2, 1).unfold(1, 2, 1)),
        ("unfold of an expanded", |x| x.unsqueeze(0).expand([2, 3, 4]).unfold(0, 2, 1)),
        ("diagonal of windows", |x| x.unfold(1, 2, 1).diagonal(0, 0, 1)),
        ("parts that overlap", |x| x.narrow(1, 0, 3) * 2 + x.narrow(1, 1, 3)),
        ("slices that overlap", |x| x.index((.., ..-1)) - x.index((.., 1..)) * 3),
        ("a slice of an expanded", |x| x.unsqueeze(1).expand([3, 5, 4]).index((.., step(.., -2), 1..))),
        ("parts of an expanded", |x| Tensor::concat(x.unsqueeze(0).expand([3, 3, 4]).split(2, 0), 0)),
        ("reflected", |x| x.pad_with([(2, 1), (1, 3)], PadMode::Reflect)),
        ("repeated", |x| x.pad_with([(2, 1), (-1, 3)], PadMode::Replicate)),
        ("turned", |x| x.pad_with([(3, 1), (1, 4)], PadMode::Circular)),
        ("a grid", |x| Tensor::stack(Tensor::meshgrid([x.select(0, 0), x.select(1, 0)], cotangent::ops::Grid::Xy), 0)),
    ];
    for (name, view) in views {
        assert_as_its_matrix(name, &integers(&[3, 4], 1), view);
        assert_as_its_matrix(name, &integers(&[4, 3], 2).transpose(0, 1).flip(0), view);
    }
}

/// Row 23 for a shape that depends on values: a mask is read once, and its elements are variables like any others.
#[test]
fn a_mask_is_a_constant_and_its_elements_are_variables() {
    let x = Tensor::from([-1.0, 2.0, 3.0]);
    let f = |x: &Tensor| x.masked_select(&x.gt(0)).square().sum(..);
    assert_eq!(grad(&x, f).to_vec::<f64>(), [0.0, 4.0, 6.0]);
    assert_eq!(hessian(&x, f).to_vec::<f64>(), [0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 2.0]);
    let positions = |x: &Tensor| x.nonzero().cast(cotangent::DType::F64).sum(..) + x.sum(..);
    assert_eq!(grad(&x, positions).to_vec::<f64>(), [1.0; 3]);
}

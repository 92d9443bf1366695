//! Operands of different shapes, views of the same elements, indices that repeat.

use crate::gradient;
use cotangent::{Shape, Tensor, grad, jvp};

/// Small integers, which f64 adds and multiplies exactly; they differ from place to place, and none is zero.
fn integers(shape: &[usize], seed: usize) -> Tensor {
    let numel = shape.iter().product::<usize>();
    Tensor::from_vec((0..numel).map(|i| ((i * 7 + seed * 5) % 11) as f64 - 5.5).collect(), shape).expect("they fill it")
}

/// Every shape up to rank 3 with sizes 0, 1 and 2.
fn small_shapes() -> Vec<Vec<usize>> {
    let mut shapes = vec![vec![]];
    for rank in 0..3 {
        let longer = |shape: &Vec<usize>| (0..3).map(|size| [&shape[..], &[size]].concat()).collect::<Vec<_>>();
        let added: Vec<Vec<usize>> = shapes.iter().filter(|shape| shape.len() == rank).flat_map(longer).collect();
        shapes.extend(added);
    }
    shapes
}

/// The sum of `wide`, element by element, into the place of `shape` that each was broadcast from: no tensor operation
/// at all.
fn summed_back(wide: &[f64], wide_shape: &[usize], shape: &[usize]) -> Vec<f64> {
    let mut sums = vec![0.0; shape.iter().product()];
    for (flat, value) in wide.iter().enumerate() {
        let (mut rest, mut place, mut stride) = (flat, 0, 1);
        for axis in (0..wide_shape.len()).rev() {
            let index = rest % wide_shape[axis];
            rest /= wide_shape[axis];
            if let Some(own) = (axis + shape.len()).checked_sub(wide_shape.len()) {
                place += if shape[own] == 1 { 0 } else { index * stride };
                stride *= shape[own];
            }
        }
        sums[place] += value;
    }
    sums
}

/// Row 27. The gradient of a broadcast operand is the sum over its copies, whatever its rank and wherever sizes are 0
/// or 1.
#[test]
fn a_broadcast_operand_gets_the_sum_over_its_copies() {
    type Function = fn(&Tensor, &Tensor) -> Tensor;
    let functions: [(&str, Function); 6] = [
        ("add", |a, b| a + b),
        ("sub", |a, b| a - b),
        ("mul", |a, b| a * b),
        ("div", |a, b| a / &b.gt(0).where_(2.0, &b.ones_like()) * b),
        ("maximum", |a, b| a.maximum(b)),
        ("where", |a, b| b.gt(0).where_(a, b)),
    ];
    let shapes = small_shapes();
    let mut pairs = 0;
    for (i, a_shape) in shapes.iter().enumerate() {
        for (j, b_shape) in shapes.iter().enumerate() {
            let Some(shape) = Shape::broadcast(a_shape, b_shape) else { continue };
            pairs += 1;
            let (a, b) = (integers(a_shape, i), integers(b_shape, j + 3));
            let (a_dot, b_dot) = (integers(a_shape, 1), integers(b_shape, 2));
            let weights = integers(&shape, 4);
            for (name, f) in functions {
                let case = format!("{name} of {a_shape:?} and {b_shape:?}");
                let loss = |(a, b): &(Tensor, Tensor)| (f(a, b) * &weights).sum(..);
                let narrow = (a.clone(), b.clone());
                let wide = (a.expand(&shape), b.expand(&shape));
                assert_eq!(f(&a, &b).shape(), &shape, "{case}");
                assert_eq!(loss(&narrow).item::<f64>(), loss(&wide).item::<f64>(), "{case}");
                let (a_bar, b_bar) = grad(&narrow, loss);
                let (a_wide, b_wide) = grad(&wide, loss);
                let expected = |wide: &Tensor, own: &[usize]| summed_back(&wide.to_vec::<f64>(), &shape, own);
                assert_eq!((&a_bar.shape()[..], &b_bar.shape()[..]), (&a_shape[..], &b_shape[..]), "{case}");
                assert_eq!(a_bar.to_vec::<f64>(), expected(&a_wide, a_shape), "{case}");
                assert_eq!(b_bar.to_vec::<f64>(), expected(&b_wide, b_shape), "{case}");
                let along = |x: &(Tensor, Tensor), v: &(Tensor, Tensor)| jvp(x, v, loss).1.item::<f64>();
                let dots = (a_dot.clone(), b_dot.clone());
                let wide_dots = (a_dot.expand(&shape), b_dot.expand(&shape));
                assert_eq!(along(&narrow, &dots), along(&wide, &wide_dots), "{case}");
            }
        }
    }
    // Pairs of sizes that go together: all but (0, 2) and (2, 0), that is 7 of 9; with a missing axis, which fits all
    // 3.
    let with_ranks = |low: u32, high: u32| 7usize.pow(low) * 3usize.pow(high - low);
    let expected: usize =
        (0..4).flat_map(|r| (0..4).map(move |s| (r, s))).map(|(r, s)| with_ranks(r.min(s), r.max(s))).sum();
    assert_eq!(pairs, expected);
}

/// Row 23. Elements that a view shows several times collect what each of their copies gets.
#[test]
fn gradients_into_overlapping_views_add_up() {
    let x = Tensor::from([1.0, 2.0]);
    let weights = Tensor::from([[1.0, 10.0], [100.0, 1000.0], [10000.0, 100000.0]]);
    assert_eq!(gradient(&x, |x| x.expand([3, 2]) * &weights), [10101.0, 101010.0]);
    // An expanded view that is expanded again, transposed and joined with itself.
    assert_eq!(gradient(&x, |x| x.unsqueeze(1).expand([2, 3]).expand([4, 2, 3])), [12.0, 12.0]);
    assert_eq!(gradient(&x, |x| x.expand([3, 2]).transpose(0, 1) * weights.transpose(0, 1)), [10101.0, 101010.0]);
    assert_eq!(gradient(&x, |x| Tensor::concat([x, &x.expand([3, 2]).reshape([6])], 0)), [4.0, 4.0]);
    // Parts that overlap.
    let y = Tensor::from([1.0, 2.0, 3.0]);
    assert_eq!(gradient(&y, |y| y.narrow(0, 0, 2) * y.narrow(0, 1, 2)), [2.0, 4.0, 2.0]);
    // The tensor expanded is a cotangent's own shape: the seed is an expanded one, and must not be written to.
    assert_eq!(gradient(&x, |x| x.expand([3, 2]).sum(0).expand([2, 2])), [6.0, 6.0]);
}

/// Row 24. A transposed operand is only a view; both gradients must come out as those of a contiguous copy.
#[test]
fn a_transposed_operand_has_the_gradients_of_its_copy() {
    // a: [4, 3] as [3, 4]; b: [4, 2]; also a transposed b, both, and batches of them.
    let (a, b) = (integers(&[4, 3], 1), integers(&[4, 2], 2));
    let (batch_a, batch_b) = (integers(&[5, 4, 3], 3), integers(&[5, 2, 4], 4));
    let copy = |x: &Tensor| Tensor::from_vec(x.to_vec::<f64>(), x.shape()).expect("as many as there are");
    for (a, b) in [(&a, &b.transpose(0, 1)), (&batch_a, &batch_b), (&batch_a, &b.transpose(0, 1)), (&a, &batch_b)] {
        let weights = integers(&a.transpose(-1, -2).matmul(&b.transpose(-1, -2)).shape()[..], 5);
        let strided = grad(&(a.clone(), b.clone()), |(a, b)| {
            (a.transpose(-1, -2).matmul(&b.transpose(-1, -2)) * &weights).sum(..)
        });
        let copies = (copy(&a.transpose(-1, -2)), copy(&b.transpose(-1, -2)));
        let contiguous = grad(&copies, |(a, b)| (a.matmul(b) * &weights).sum(..));
        assert_eq!(strided.0.to_vec::<f64>(), contiguous.0.transpose(-1, -2).to_vec::<f64>());
        assert_eq!(strided.1.to_vec::<f64>(), contiguous.1.transpose(-1, -2).to_vec::<f64>());
        assert_eq!((strided.0.shape(), strided.1.shape()), (a.shape(), b.shape()));
    }
}

/// Row 21. An index that names a place twice must add both cotangents there.
#[test]
fn an_index_named_twice_collects_both_cotangents() {
    let x = Tensor::from([[1.0], [2.0]]);
    let index = Tensor::from([[0i64], [0]]);
    let weights = Tensor::from([[0.2], [0.3]]);
    assert_eq!(gradient(&x, |x| x.gather(0, &index) * &weights), [0.5, 0.0]);
    let list = Tensor::from([0i64, 0]);
    assert_eq!(gradient(&x, |x| x.index_select(0, &list) * &weights), [0.5, 0.0]);
}

/// Row 22. An index smaller than the source uses part of it; the rest must have no effect and a gradient of zero.
#[test]
fn a_scatter_uses_only_the_indexed_part_of_its_source() {
    let x = Tensor::from([1.0, 2.0, 3.0]);
    let src = Tensor::from([10.0, 20.0, 30.0, 40.0]);
    let index = Tensor::from([2i64, 2]);
    assert_eq!(x.scatter_add(0, &index, &src).to_vec::<f64>(), [1.0, 2.0, 33.0]);
    let weights = Tensor::from([1.0, 10.0, 100.0]);
    assert_eq!(gradient(&src, |src| x.scatter_add(0, &index, src) * &weights), [100.0, 100.0, 0.0, 0.0]);
    assert_eq!(gradient(&x, |x| x.scatter_add(0, &index, &src) * &weights), [1.0, 10.0, 100.0]);
}

/// Row 26. No elements beside one element are no elements: size 1 stretches to 0, and not the other way.
#[test]
fn nothing_beside_one_element_is_nothing() {
    let (none, one) = (Tensor::zeros([0], cotangent::DType::F64), Tensor::from([1.0]));
    type Function = fn(&Tensor, &Tensor) -> Tensor;
    let functions: [Function; 8] = [
        |a, b| a.maximum(b),
        |a, b| a.minimum(b),
        |a, b| a + b,
        |a, b| a - b,
        |a, b| a * b,
        |a, b| a / b,
        |a, b| a.lt(b).where_(a, b),
        |a, b| a.eq(b).cast(cotangent::DType::F64),
    ];
    for f in functions {
        for (a, b) in [(&none, &one), (&one, &none)] {
            assert_eq!(f(a, b).shape()[..], [0]);
            let (a_bar, b_bar) = grad(&(a.clone(), b.clone()), |(a, b)| f(a, b).sum(..));
            assert_eq!((a_bar.shape(), b_bar.shape()), (a.shape(), b.shape()));
            assert!(a_bar.to_vec::<f64>().iter().chain(&b_bar.to_vec::<f64>()).all(|&x| x == 0.0));
        }
    }
}

use super::*;
use crate::{DType, ops::shaping::shape::adjoint::assert_adjoint, try_apply};

fn counting(shape: &[usize]) -> Tensor {
    let numel: usize = shape.iter().product();
    Tensor::from_vec((0..numel).map(|i| i as f64).collect(), shape).unwrap()
}

/// All positions of a shape, in row-major order.
fn positions(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![vec![]], |positions, &size| {
        positions.into_iter().flat_map(|at: Vec<usize>| (0..size).map(move |i| [&at[..], &[i]].concat())).collect()
    })
}

fn at(x: &Tensor, position: &[usize]) -> f64 {
    let flat = position.iter().zip(x.shape().iter()).fold(0, |flat, (&i, &size)| flat * size + i);
    x.to_vec::<f64>()[flat]
}

#[test]
fn concat_agrees_with_index_arithmetic() {
    for axis in 0..3 {
        let sized = |size| counting(&Shape::from([2, 3, 4]).with_size(axis, size));
        let pieces = [sized(2), sized(0), sized(1).flip(..), sized(1).expand(sized(3).shape()), sized(5).flip(axis)];
        for pieces in [&pieces[..], &pieces[2..4], &pieces[..1]] {
            let y = Tensor::concat(pieces, axis as isize - 3);
            for position in positions(y.shape()) {
                let (mut piece, mut inside) = (0, position.clone());
                while inside[axis] >= pieces[piece].shape()[axis] {
                    inside[axis] -= pieces[piece].shape()[axis];
                    piece += 1;
                }
                assert_eq!(at(&y, &position), at(&pieces[piece], &inside), "axis {axis} at {position:?}");
            }
        }
    }
}

#[test]
fn every_dtype_and_every_list_of_tensors_joins() {
    let (a, b) = (Tensor::from([1u8, 2]), Tensor::from([3u8]));
    assert_eq!(Tensor::concat([&a, &b], 0).to_vec::<u8>(), [1, 2, 3]);
    let list = [&a, &b];
    assert_eq!(Tensor::concat(&list[..], 0).to_vec::<u8>(), [1, 2, 3]);
    assert_eq!(Tensor::concat(vec![a.clone(), b.clone()], 0).to_vec::<u8>(), [1, 2, 3]);
    assert_eq!(Tensor::concat(&[a, b][..], 0).to_vec::<u8>(), [1, 2, 3]);
    let (a, b) = (Tensor::from([true, false]), Tensor::from([false, true]));
    assert_eq!(Tensor::stack([&a, &b], 1).to_vec::<bool>(), [true, false, false, true]);
    let scalars = [Tensor::from(1.5f32), Tensor::from(2.5f32)];
    assert_eq!(Tensor::stack(&scalars, 0).to_vec::<f32>(), [1.5, 2.5]);
}

#[test]
fn stack_makes_an_axis() {
    let x = counting(&[2, 3]);
    let y = Tensor::stack([&x, &x.flip(..)], -2);
    assert_eq!(y.shape()[..], [2, 2, 3]);
    assert_eq!(y.to_vec::<f64>(), [0., 1., 2., 5., 4., 3., 3., 4., 5., 2., 1., 0.]);
}

#[test]
fn concat_says_what_does_not_fit() {
    let refusal = |axis, inputs: &[&Tensor]| try_apply(&Concat::new(axis), inputs).unwrap_err().to_string();
    let (x, y) = (counting(&[2, 3]), counting(&[2, 4]));
    assert_eq!(
        refusal(0, &[&x, &y]),
        "concat: all sizes must be equal, except those of axis 0; got f64[2, 3], f64[2, 4]"
    );
    assert_eq!(
        refusal(0, &[&x, &counting(&[2])]),
        "concat: all sizes must be equal, except those of axis 0; got f64[2, 3], f64[2]"
    );
    assert_eq!(refusal(0, &[]), "concat: needs at least one tensor");
    assert_eq!(refusal(0, &[&counting(&[])]), "concat: a scalar has no axes; got f64[]; stack joins along a new axis");
    assert!(refusal(0, &[&x, &Tensor::from([[1i64, 2, 3]])]).contains("f64 and i64"));
    let large = Tensor::zeros([usize::MAX / 16], DType::F64);
    assert_eq!(try_apply(&Concat::new(0), &[&large; 20]).unwrap_err().kind(), ErrorKind::Size);
}

#[test]
#[should_panic = "stack: all shapes must be equal; got f64[2, 3], f64[2, 4]"]
fn stack_refuses_unequal_shapes() {
    let _ = Tensor::stack([counting(&[2, 3]), counting(&[2, 4])], 0);
}

#[test]
fn pad_agrees_with_index_arithmetic() {
    let x = counting(&[2, 3]);
    for x in [x.clone(), x.flip(..), counting(&[3, 2]).transpose(0, 1), counting(&[3]).expand([2, 3])] {
        let counts = [-4, -2, -1, 0, 1, 3, 5];
        for [before, after, top, bottom] in counts.iter().flat_map(|&a| counts.map(|b| [a, b, b / 2, a / 2])) {
            let [rows, columns] = [2 + top + bottom, 3 + before + after];
            let pad = Pad::new([(top, bottom), (before, after)], -1);
            if rows < 0 || columns < 0 {
                assert_eq!(try_apply(&pad, &[&x]).unwrap_err().kind(), ErrorKind::Shape);
                continue;
            }
            let y = apply(&pad, &[&x]).into_single();
            let expected: Vec<f64> = positions(&[rows as usize, columns as usize])
                .iter()
                .map(|position| {
                    let [i, j] = [position[0] as isize - top, position[1] as isize - before];
                    let inside = (0..2).contains(&i) && (0..3).contains(&j);
                    if inside { at(&x, &[i as usize, j as usize]) } else { -1.0 }
                })
                .collect();
            assert_eq!(y.to_vec::<f64>(), expected, "{pad:?}");
        }
    }
}

#[test]
fn pad_takes_the_dtype_and_says_what_does_not_fit() {
    assert_eq!(Tensor::from([true]).pad([(1, 1)], 0).to_vec::<bool>(), [false, true, false]);
    assert_eq!(Tensor::from([3u8]).pad([(0, 1)], 255).to_vec::<u8>(), [3, 255]);
    assert_eq!(Tensor::from([3.0f32]).pad([(0, 1)], f64::INFINITY).to_vec::<f32>(), [3.0, f32::INFINITY]);
    assert_eq!(counting(&[]).pad([], 0).to_vec::<f64>(), [0.0]);
    assert_eq!(counting(&[0, 2]).pad([(1, 0), (0, 0)], 7).to_vec::<f64>(), [7.0, 7.0]);
    let refusal = |pad: Pad| try_apply(&pad, &[&Tensor::from([3u8])]).unwrap_err();
    assert_eq!(
        refusal(Pad::new([], 0)).to_string(),
        "pad: needs one pair (before, after) for each axis, not []; got u8[1]"
    );
    assert_eq!(
        refusal(Pad::new([(-2, 0)], 0)).to_string(),
        "pad: (-2, 0) cuts more than axis 0 of size 1 has; got u8[1]"
    );
    assert_eq!(refusal(Pad::new([(0, 0)], 256)).kind(), ErrorKind::DType);
    assert_eq!(refusal(Pad::new([(isize::MAX, isize::MAX)], 0)).kind(), ErrorKind::Size);
    assert_eq!(refusal(Pad::new([(isize::MIN, isize::MAX)], 0)).kind(), ErrorKind::Shape);
}

#[test]
fn rules_are_adjoint() {
    for axis in 0..3 {
        let sized = |size| counting(&Shape::from([2, 3, 4]).with_size(axis, size));
        for axis in [axis as isize, axis as isize - 3] {
            assert_adjoint(&Concat::new(axis), &[&sized(2)]);
            assert_adjoint(&Concat::new(axis), &[&sized(2), &sized(0), &sized(1), &sized(3).flip(..)]);
        }
    }
    let x = counting(&[2, 3]);
    for pairs in [[(1, 2), (0, 1)], [(-1, 1), (2, -1)], [(0, 0), (-1, -1)], [(-2, 3), (0, 0)], [(-5, 9), (5, -2)]] {
        assert_adjoint(&Pad::new(pairs, 3), &[&x]);
        assert_adjoint(&Pad::new(pairs, 3), &[&counting(&[3, 2]).transpose(0, 1)]);
    }
}

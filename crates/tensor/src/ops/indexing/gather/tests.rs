use super::*;
use crate::{DType, ErrorKind, Shape, ops::shaping::shape::adjoint::assert_adjoint, try_apply};

fn counting(shape: &[usize]) -> Tensor {
    let numel: usize = shape.iter().product();
    Tensor::from_vec((0..numel).map(|i| i as f64).collect(), shape).unwrap()
}

/// An index of this shape into an axis of this size, of which some places are named twice and some never.
fn places(shape: &[usize], size: usize) -> Tensor {
    let numel: usize = shape.iter().product();
    let place = |k: usize| (k * k + 3 * k + 1) as i64 % size as i64;
    Tensor::from_vec((0..numel).map(place).collect(), shape).unwrap()
}

/// The positions of a shape with their place in the row-major order of another one.
fn places_in(shape: &[usize], other: &[usize]) -> Vec<(Vec<usize>, usize)> {
    let numel: usize = shape.iter().product();
    (0..numel)
        .map(|flat| {
            let (mut rest, mut position) = (flat, vec![0; shape.len()]);
            for axis in (0..shape.len()).rev() {
                position[axis] = rest % shape[axis];
                rest /= shape[axis];
            }
            let place = flat_in(other, &position);
            (position, place)
        })
        .collect()
}

fn flat_in(shape: &[usize], position: &[usize]) -> usize {
    position.iter().zip(shape).fold(0, |flat, (&i, &size)| flat * size + i)
}

/// Operands of several layouts, with indices as large as they are, and smaller or larger where that is allowed.
fn cases() -> Vec<(Tensor, usize, Tensor)> {
    let mut cases = Vec::new();
    for x in [
        counting(&[4, 5, 3]),
        counting(&[3, 5, 4]).permute([2, 1, 0]),
        counting(&[4, 5, 3]).flip(..),
        counting(&[5, 1]).expand([4, 5, 3]),
    ] {
        for axis in 0..3 {
            for shape in [x.shape().clone(), [2, 4, 3].into(), [1, 1, 1].into(), x.shape().with_size(axis, 9)] {
                let index = places(&shape, x.shape()[axis]);
                cases.push((x.clone(), axis, index.clone()));
                cases.push((x.clone(), axis, index.flip(axis)));
            }
        }
    }
    cases.push((counting(&[6]), 0, places(&[4], 6)));
    cases.push((counting(&[2, 1, 2, 3, 1, 2]), 3, places(&[2, 1, 1, 4, 1, 2], 3)));
    cases
}

#[test]
fn gather_agrees_with_index_arithmetic() {
    for (x, axis, index) in cases() {
        let (elements, indices) = (x.to_vec::<f64>(), index.to_vec::<i64>());
        let expected: Vec<f64> = places_in(index.shape(), index.shape())
            .into_iter()
            .map(|(mut position, flat)| {
                position[axis] = indices[flat] as usize;
                elements[flat_in(x.shape(), &position)]
            })
            .collect();
        assert_eq!(x.gather(axis as isize, &index).to_vec::<f64>(), expected, "axis {axis} of {x:?}");
    }
}

#[test]
fn scatter_add_agrees_with_index_arithmetic() {
    for (x, axis, index) in cases() {
        // As large as the index, and larger.
        let larger: Shape = index.shape().iter().map(|&size| size + 2).collect();
        for src in [counting(index.shape()).flip(..), counting(&larger)] {
            let (mut expected, indices, summands) = (x.to_vec::<f64>(), index.to_vec::<i64>(), src.to_vec::<f64>());
            for (flat, (mut position, from)) in places_in(index.shape(), src.shape()).into_iter().enumerate() {
                position[axis] = indices[flat] as usize;
                expected[flat_in(x.shape(), &position)] += summands[from];
            }
            assert_eq!(x.scatter_add(axis as isize, &index, &src).to_vec::<f64>(), expected, "axis {axis} of {x:?}");
            // Zeros are filled in on the way, also where no index reaches.
            let added = x.zeros_like().scatter_add(axis as isize, &index, &src);
            assert_eq!((added + &x).to_vec::<f64>(), expected, "axis {axis} of {x:?}, to zeros");
        }
    }
}

#[test]
fn every_dtype_and_empty_indices_go() {
    let index = Tensor::from([2i64, 0, 0]);
    assert_eq!(Tensor::from([1.0f32, 2.0, 3.0]).gather(0, &index).to_vec::<f32>(), [3.0, 1.0, 1.0]);
    assert_eq!(Tensor::from([true, false, false]).gather(0, &index).to_vec::<bool>(), [false, true, true]);
    assert_eq!(Tensor::from([1u8, 2, 3]).gather(-1, &index).to_vec::<u8>(), [3, 1, 1]);
    assert_eq!(Tensor::from([0i64, 0, 0]).scatter_add(0, &index, &index.ones_like()).to_vec::<i64>(), [2, 0, 1]);
    assert_eq!(
        Tensor::from([200u8]).scatter_add(0, &index.zeros_like(), &Tensor::from([200u8; 3])).to_vec::<u8>(),
        [32]
    );
    let none = Tensor::zeros([2, 0], DType::I64);
    assert_eq!(counting(&[2, 3]).gather(1, &none).shape()[..], [2, 0]);
    assert_eq!(
        counting(&[2, 3]).scatter_add(1, &none, &counting(&[2, 3])).to_vec::<f64>(),
        counting(&[6]).to_vec::<f64>()
    );
    assert_eq!(counting(&[0, 3]).gather(0, &Tensor::zeros([0, 2], DType::I64)).shape()[..], [0, 2]);
}

#[test]
fn large_sums_have_the_same_bits_on_any_number_of_threads() {
    let values: Vec<f32> = (0..200_000).map(|i| 1.0 / (1 + i % 977) as f32).collect();
    let src = Tensor::from_vec(values, [100, 20, 100]).unwrap();
    let index = places(&[100, 20, 100], 7);
    let run = || {
        let sums = Tensor::zeros([100, 7, 100], DType::F32).scatter_add(1, &index, &src);
        [sums.to_vec::<f32>(), src.gather(1, &index).to_vec::<f32>()]
    };
    let serial = kernels::parallel::with_threads(1, run);
    assert_eq!(serial, kernels::parallel::with_threads(4, run));
    let total: f64 = serial[0].iter().map(|&x| f64::from(x)).sum();
    let expected: f64 = src.to_vec::<f32>().iter().map(|&x| f64::from(x)).sum();
    // Each sum has about 3 summands, each rounded to 2^-24: far below 1e-6 of the whole.
    assert!((total - expected).abs() < 1e-6 * expected);
}

#[test]
fn what_does_not_fit_is_named() {
    let x = counting(&[2, 5]);
    let gather = |axis, index: &Tensor| try_apply(&Gather::new(axis), &[&x, index]).unwrap_err();
    let error = gather(1, &Tensor::from([[0i64, 1, 2], [3, 7, 4]]));
    assert_eq!(error.kind(), ErrorKind::Index);
    assert_eq!(
        error.to_string(),
        "gather: index 7 at [1, 1] is out of range for axis 1 of size 5; got f64[2, 5], i64[2, 3]"
    );
    assert!(gather(0, &Tensor::from([[-3i64]])).to_string().starts_with("gather: index -3 at [0, 0] is out of range"));
    assert_eq!(
        gather(1, &Tensor::from([1i64])).to_string(),
        "gather: the index has rank 1, but the tensor rank 2; got f64[2, 5], i64[1]"
    );
    assert_eq!(
        gather(1, &Tensor::from([[0i64], [0], [0]])).to_string(),
        "gather: axis 0 of the index has size 3, which is more than 2 of the tensor; got f64[2, 5], i64[3, 1]"
    );
    assert!(gather(1, &x).to_string().starts_with("gather: the index must be i64, not f64; got "));
    assert!(gather(2, &x).to_string().starts_with("gather: axis 2 is out of range"));

    let scatter =
        |index: &Tensor, src: &Tensor| try_apply(&ScatterAdd::new(1), &[&x, index, src]).unwrap_err().to_string();
    let index = Tensor::from([[0i64, 1, 2]]);
    assert!(
        scatter(&index, &counting(&[1, 2]))
            .contains("axis 1 of the index has size 3, which is more than 2 of the summands")
    );
    assert!(
        scatter(&index, &Tensor::from([[0i64, 1, 2]])).contains("must have the tensor's dtype, f64, not i64; got f64")
    );
    assert!(scatter(&Tensor::from([[5i64]]), &x).contains("index 5 at [0, 0] is out of range for axis 1 of size 5"));
}

#[test]
fn rules_are_adjoint() {
    for (x, axis, index) in cases() {
        let larger: Shape = index.shape().iter().map(|&size| size + 1).collect();
        assert_adjoint(&Gather::new(axis as isize), &[&x, &index]);
        assert_adjoint(&ScatterAdd::new(axis as isize), &[&x, &index, &counting(index.shape())]);
        assert_adjoint(&ScatterAdd::new(axis as isize), &[&x, &index, &counting(&larger).flip(..)]);
    }
}

use super::*;
use crate::{DType, ops::shaping::shape::adjoint::assert_adjoint, try_apply};

fn counting(shape: &[usize]) -> Tensor {
    let numel: usize = shape.iter().product();
    Tensor::from_vec((0..numel).map(|i| i as f64).collect(), shape).unwrap()
}

const MODES: [PadMode; 3] = [PadMode::Reflect, PadMode::Replicate, PadMode::Circular];

#[test]
fn every_layout_is_padded_as_axis_by_axis() {
    let pairs = [(2, 1), (-1, 2), (0, 3)];
    for x in [counting(&[3, 4, 5]), counting(&[5, 4, 3]).permute([2, 1, 0]), counting(&[4, 1]).expand([3, 4, 5])] {
        for mode in MODES {
            let one_by_one = pairs.iter().enumerate().fold(x.clone(), |x, (axis, &(before, after))| {
                let size = x.shape()[axis] as isize;
                let places = (-before..size + after).map(|i| mode.source(i, size as usize) as i64);
                x.index_select(axis as isize, &places.collect::<Vec<_>>().into())
            });
            let padded = x.pad_with(pairs, mode);
            assert_eq!(padded.shape(), one_by_one.shape());
            assert_eq!(padded.to_vec::<f64>(), one_by_one.to_vec::<f64>(), "{mode:?}");
            assert_adjoint(&PadWith::new(pairs, mode), &[&x]);
            assert_adjoint(&PadWithTranspose::new(PadWith::new(pairs, mode), x.shape()), &[&padded.flip(..)]);
        }
    }
}

#[test]
fn nothing_and_every_dtype_go() {
    for mode in MODES {
        assert_eq!(Tensor::from(3.0f32).pad_with([], mode).item::<f32>(), 3.0);
        assert_eq!(Tensor::zeros([0, 3], DType::F32).pad_with([(0, 0), (1, 1)], mode).shape()[..], [0, 5]);
        assert_eq!(counting(&[3]).pad_with([(-1, -2)], mode).shape()[..], [0]);
        assert_eq!(Tensor::from([true, false, false]).pad_with([(1, 0)], mode).shape()[..], [4]);
    }
    assert_eq!(Tensor::from([7u8]).pad_with([(2, 3)], PadMode::Replicate).to_vec::<u8>(), [7; 6]);
}

#[test]
fn large_sums_have_the_same_bits_on_any_number_of_threads() {
    let values: Vec<f32> = (0..300 * 400).map(|i| 1.0 / (1 + i % 977) as f32).collect();
    let padded = Tensor::from_vec(values, [300, 400]).unwrap().transpose(0, 1);
    let transpose = PadWithTranspose::new(PadWith::new([(100, 100), (50, 50)], PadMode::Circular), [200, 200]);
    let run = || apply(&transpose, &[&padded]).into_single().to_vec::<f32>();
    assert_eq!(crate::with_threads(1, run), crate::with_threads(4, run));
}

#[test]
fn what_does_not_fit_is_named() {
    let x = counting(&[2, 3]);
    let refusal = |pair, mode| try_apply(&PadWith::new([(0, 0), pair], mode), &[&x]).unwrap_err().to_string();
    assert_eq!(
        refusal((3, 0), PadMode::Reflect),
        "pad_with: (3, 0) is more than axis 1 of size 3 has for the mode reflect, which is 2; got f64[2, 3]"
    );
    assert!(refusal((0, 4), PadMode::Circular).contains("has for the mode circular, which is 3"));
    assert!(refusal((-4, 9), PadMode::Replicate).contains("cuts more than axis 1 of size 3 has"));
    assert!(refusal((isize::MIN, isize::MAX), PadMode::Replicate).contains("cuts more than axis 1"));
    assert!(refusal((isize::MAX, isize::MAX), PadMode::Replicate).contains("overflows the size that memory can have"));
    let error = try_apply(&PadWith::new([(0, 0)], PadMode::Reflect), &[&x]).unwrap_err();
    assert!(error.to_string().contains("needs one pair (before, after) for each axis, not [(0, 0)]"));
    let none = Tensor::zeros([2, 0], DType::F64);
    let error = try_apply(&PadWith::new([(0, 0), (1, 0)], PadMode::Replicate), &[&none]).unwrap_err();
    assert!(error.to_string().contains("axis 1 of size 0 has for the mode replicate, which is 0"));
}

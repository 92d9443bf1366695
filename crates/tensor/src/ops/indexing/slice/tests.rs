use super::*;
use crate::{ops::shaping::shape::adjoint::assert_adjoint, try_apply};

fn counting(shape: &[usize]) -> Tensor {
    let numel: usize = shape.iter().product();
    Tensor::from_vec((0..numel).map(|i| i as f64).collect(), shape).unwrap()
}

fn along(start: usize, len: usize, step: isize) -> Cut {
    Cut::Along { start, len, step }
}

#[test]
fn a_box_is_put_where_it_is_read() {
    let boxes: [[Cut; 3]; 5] = [
        [Cut::At(1), along(4, 3, -2), along(0, 4, 1)],
        [along(1, 1, 1), Cut::At(0), along(3, 2, -3)],
        [along(1, 2, -1), along(0, 2, 4), Cut::At(2)],
        [Cut::At(0), Cut::At(4), Cut::At(3)],
        [along(0, 2, 1), along(0, 0, 1), along(1, 3, 1)],
    ];
    for x in [counting(&[2, 5, 4]), counting(&[4, 5, 2]).permute([2, 1, 0]), counting(&[2, 5, 4]).flip(..)] {
        for cuts in &boxes {
            let slice = Slice::new(cuts);
            let y = apply(&slice, &[&x]).into_single();
            let src = counting(y.shape()).flip(..);
            let put = apply(&SliceScatter::new(cuts), &[&x, &src]).into_single();
            assert_eq!(apply(&slice, &[&put]).into_single().to_vec::<f64>(), src.to_vec::<f64>());
            let changed = put.ne(&x).cast(crate::DType::I64).sum(..).item::<i64>() as usize;
            assert!(changed <= src.numel() && x.to_vec::<f64>().len() == 40, "nothing else changed");
            assert_adjoint(&slice, &[&x]);
            assert_adjoint(&SliceScatter::new(cuts), &[&x, &src]);
        }
    }
}

#[test]
fn a_cut_outside_is_refused_whatever_its_numbers() {
    let x = counting(&[3, 4]);
    let outside = [
        Cut::At(4),
        Cut::At(usize::MAX),
        along(4, 1, 1),
        along(1, 4, 1),
        along(1, 2, isize::MIN),
        along(3, 2, isize::MAX),
        along(0, usize::MAX, 1),
        along(0, 2, 0),
    ];
    for cut in outside {
        let error = try_apply(&Slice::new([Cut::At(0), cut]), &[&x]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Index);
        assert_eq!(error.to_string(), format!("slice: {cut:?} does not lie within axis 1 of size 4; got f64[3, 4]"));
    }
    // A step that is never taken, and a place that is never looked at.
    for cut in [along(3, 1, isize::MIN), along(usize::MAX, 0, isize::MAX)] {
        assert!(try_apply(&Slice::new([Cut::At(2), cut]), &[&x]).is_ok(), "{cut:?}");
    }
    let error = try_apply(&Slice::new([Cut::At(0)]), &[&x]).unwrap_err();
    assert_eq!(error.to_string(), "slice: needs one cut for each axis, not 1; got f64[3, 4]");
    let error = try_apply(&SliceScatter::new([Cut::At(0), Cut::whole(4)]), &[&x, &counting(&[3])]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "slice_scatter: what is put there must have the shape of its place, [4]; got f64[3, 4], f64[3]"
    );
}

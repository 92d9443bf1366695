//! Axes, reshaping, joining, parts and indices.

use crate::{assert_messages, misuses};
use cotangent::{DType, Tensor};

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32)
}

#[test]
fn axes() {
    let (x, scalar) = (zeros(&[2, 3]), zeros(&[]));
    let index = Tensor::from([[0i64]]);
    assert_messages(misuses![
        x.sum(2) => "sum: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]",
        x.sum([0, -2]) => "sum: axis 0 is named twice in [0, -2]; got f32[2, 3]",
        x.sum(usize::MAX) =>
            "sum: axis 9223372036854775807 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]",
        scalar.sum(0) => "sum: axis 0 is out of range: a scalar has no axes; got f32[]",
        x.mean(-3) => "mean: axis -3 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]",
        x.var([1, 1], 0) => "var: axis 1 is named twice in [1, 1]; got f32[2, 3]",
        x.max(5) => "max: axis 5 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]",
        x.argmin(2) => "argmin: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]",
        x.softmax(2) => "softmax: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]",
        scalar.softmax(0) => "softmax: axis 0 is out of range: a scalar has no axes; got f32[]",
        scalar.log_softmax(-1) => "log_softmax: axis -1 is out of range: a scalar has no axes; got f32[]",
        x.logsumexp(isize::MIN) =>
            "logsumexp: axis -9223372036854775808 is out of range: axes of a tensor of rank 2 are -2 to 1; \
             got f32[2, 3]",
        x.permute([0, 2]) => "permute: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]",
        x.permute([0, 0]) => "permute: axis 0 is named twice in [0, 0]; got f32[2, 3]",
        x.permute([0]) => "permute: needs each axis once, not [0]; got f32[2, 3]",
        x.transpose(0, 2) => "transpose: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]",
        scalar.transpose(0, 1) => "transpose: axis 0 is out of range: a scalar has no axes; got f32[]",
        x.squeeze(2) => "squeeze: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]",
        x.unsqueeze(3) =>
            "unsqueeze: axis 3 is out of range: axes of the result, of rank 3, are -3 to 2; got f32[2, 3]",
        x.flip(2) => "flip: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]",
        x.flatten(1, 0) => "flatten: axis 1 comes after axis 0; got f32[2, 3]",
        x.flatten(0, 2) => "flatten: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]",
        x.size(2) => "size: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]",
        Tensor::concat([&x, &x], 2) =>
            "concat: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3], f32[2, 3]",
        Tensor::concat([&scalar, &scalar], 0) =>
            "concat: a scalar has no axes; got f32[], f32[]; stack joins along a new axis",
        Tensor::stack([&x, &x], 3) =>
            "stack: axis 3 is out of range: axes of the result, of rank 3, are -3 to 2; got f32[2, 3], f32[2, 3]",
        x.narrow(2, 0, 1) => "narrow: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3]",
        x.gather(2, &index) =>
            "gather: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f32[2, 3], i64[1, 1]",
        scalar.index_select(0, &Tensor::from([0i64])) =>
            "index_select: axis 0 is out of range: a scalar has no axes; got f32[], i64[1]",
    ]);
}

#[test]
fn reshaping() {
    let (x, empty) = (zeros(&[2, 3]), zeros(&[0, 4]));
    assert_messages(misuses![
        x.reshape([4, 2]) => "reshape: 6 elements do not fill the shape [4, 2]; got f32[2, 3]",
        x.reshape([4, -1]) => "reshape: 6 elements do not fill the shape [4, -1]; got f32[2, 3]",
        x.reshape([-1, -1]) => "reshape: only one size may be -1, not 2 in [-1, -1]; got f32[2, 3]",
        x.reshape([-2, 3]) =>
            "reshape: size -2 in [-2, 3] is negative; only one -1 may stand for what is left; got f32[2, 3]",
        x.reshape([0, -1]) =>
            "reshape: -1 in [0, -1] could be any size, as the other sizes hold no element; got f32[2, 3]",
        empty.reshape([-1, 0]) =>
            "reshape: -1 in [-1, 0] could be any size, as the other sizes hold no element; got f32[0, 4]",
        x.reshape([usize::MAX, 2]) =>
            "reshape: 6 elements do not fill the shape [9223372036854775807, 2]; got f32[2, 3]",
    ]);
}

#[test]
fn joining_and_parts() {
    let x = zeros(&[2, 3]);
    let nothing: [&Tensor; 0] = [];
    assert_messages(misuses![
        Tensor::concat(nothing, 0) => "concat: needs at least one tensor",
        Tensor::stack(nothing, 0) => "stack: needs at least one tensor",
        Tensor::concat([&x, &zeros(&[2, 4])], 0) =>
            "concat: all sizes must be equal, except those of axis 0; got f32[2, 3], f32[2, 4]",
        Tensor::concat([&x, &zeros(&[3])], 0) =>
            "concat: all sizes must be equal, except those of axis 0; got f32[2, 3], f32[3]",
        Tensor::concat([vec![&x; 20], vec![&zeros(&[1])]].concat(), 0) =>
            "concat: all sizes must be equal, except those of axis 0; \
             got f32[2, 3], f32[2, 3], f32[2, 3], f32[2, 3], f32[2, 3], f32[2, 3], f32[2, 3], f32[2, 3] and 13 more",
        Tensor::stack([&x, &zeros(&[3])], 0) => "stack: all shapes must be equal; got f32[2, 3], f32[3]",
        x.narrow(1, 1, 3) => "narrow: 3 elements from 1 do not lie within axis 1 of size 3; got f32[2, 3]",
        x.narrow(0, 3, 0) => "narrow: 0 elements from 3 do not lie within axis 0 of size 2; got f32[2, 3]",
        x.narrow(0, usize::MAX, 2) =>
            "narrow: 2 elements from 18446744073709551615 do not lie within axis 0 of size 2; got f32[2, 3]",
        x.pad([(1, 1)], 0) => "pad: needs one pair (before, after) for each axis, not [(1, 1)]; got f32[2, 3]",
        x.pad([(0, 0), (-2, -2)], 0) => "pad: (-2, -2) cuts more than axis 1 of size 3 has; got f32[2, 3]",
    ]);
}

#[test]
fn indices() {
    let x = zeros(&[2, 3]);
    let list = |i: i64| Tensor::from([0, i]);
    let square = |i: i64| Tensor::from([[0, i], [0, 0]]);
    assert_messages(misuses![
        x.index_select(0, &list(2)) =>
            "index_select: index 2 at [1] is out of range for axis 0 of size 2; got f32[2, 3], i64[2]",
        x.index_select(1, &list(-4)) =>
            "index_select: index -4 at [1] is out of range for axis 1 of size 3; got f32[2, 3], i64[2]",
        zeros(&[0, 3]).index_select(0, &list(0)) =>
            "index_select: index 0 at [0] is out of range for axis 0 of size 0; got f32[0, 3], i64[2]",
        x.index_select(0, &square(0)) =>
            "index_select: the index must have rank 1 or 0, not 2; got f32[2, 3], i64[2, 2]; \
             flatten it, or use gather for an index of the tensor's rank",
        x.index_add(0, &list(5), &x) =>
            "index_add: index 5 at [1] is out of range for axis 0 of size 2; got f32[2, 3], i64[2], f32[2, 3]",
        x.index_add(0, &Tensor::from([0i64]), &x) =>
            "index_add: the summands must have shape [1, 3]: one slice of axis 0 for each index; \
             got f32[2, 3], i64[1], f32[2, 3]",
        x.gather(1, &square(3)) =>
            "gather: index 3 at [0, 1] is out of range for axis 1 of size 3; got f32[2, 3], i64[2, 2]",
        x.gather(1, &square(-4)) =>
            "gather: index -4 at [0, 1] is out of range for axis 1 of size 3; got f32[2, 3], i64[2, 2]",
        x.gather(0, &list(0)) => "gather: the index has rank 1, but the tensor rank 2; got f32[2, 3], i64[2]",
        x.gather(1, &Tensor::from([[0i64], [0], [0]])) =>
            "gather: axis 0 of the index has size 3, which is more than 2 of the tensor; got f32[2, 3], i64[3, 1]",
        x.scatter_add(0, &square(2), &x) =>
            "scatter_add: index 2 at [0, 1] is out of range for axis 0 of size 2; got f32[2, 3], i64[2, 2], f32[2, 3]",
        x.scatter_add(1, &Tensor::from([[0i64; 4]; 2]), &x) =>
            "scatter_add: axis 1 of the index has size 4, which is more than 3 of the summands; \
             got f32[2, 3], i64[2, 4], f32[2, 3]",
    ]);
}

#[test]
fn nothing_to_choose_from() {
    let empty = zeros(&[2, 0]);
    assert_messages(misuses![
        empty.max(..) => "max: cannot reduce over axis 1 of size 0; got f32[2, 0]",
        empty.min(1) => "min: cannot reduce over axis 1 of size 0; got f32[2, 0]",
        empty.argmax(1) => "argmax: cannot reduce over axis 1 of size 0; got f32[2, 0]",
        zeros(&[0]).argmin_keepdims(0) => "argmin: cannot reduce over axis 0 of size 0; got f32[0]",
    ]);
}

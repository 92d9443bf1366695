use super::*;
use crate::try_apply;

fn counting(shape: &[usize]) -> Tensor {
    let numel: usize = shape.iter().product();
    Tensor::from_vec((0..numel).map(|i| i as f64).collect(), shape).unwrap()
}

fn refusal(primitive: &dyn Primitive, x: &Tensor) -> String {
    try_apply(primitive, &[x]).unwrap_err().to_string()
}

/// All orders of `n` axes.
fn orders(n: isize) -> Vec<Vec<isize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let insert = |order: Vec<isize>| (0..n as usize).map(move |at| [&order[..at], &[n - 1], &order[at..]].concat());
    orders(n - 1).into_iter().flat_map(insert).collect()
}

#[test]
fn a_reshaped_view_equals_a_reshaped_copy() {
    let shapes: [&[usize]; 7] = [&[24], &[4, 6], &[2, 3, 4], &[2, 1, 12], &[3, 2, 2, 2], &[1, 24, 1], &[6, 2, 2]];
    let mut views = 0;
    for order in orders(4) {
        let x = counting(&[2, 3, 2, 2]).permute(&order);
        let copy = Tensor::from_vec(x.to_vec::<f64>(), x.shape()).unwrap();
        for shape in shapes {
            let y = x.reshape(shape);
            assert_eq!(y.to_vec::<f64>(), copy.reshape(shape).to_vec::<f64>(), "{order:?} to {shape:?}");
            views += usize::from(!y.array().is_contiguous());
        }
    }
    assert!(views > 0, "no reshape was a view of a strided tensor");
}

#[test]
fn reshape_resolves_what_is_left() {
    assert_eq!(counting(&[2, 6]).reshape([-1, 3]).shape()[..], [4, 3]);
    assert_eq!(counting(&[2, 6]).reshape(-1).shape()[..], [12]);
    assert_eq!(counting(&[1]).reshape([0usize; 0]).shape()[..], []);
    assert_eq!(counting(&[]).reshape([1, 1]).shape()[..], [1, 1]);
    assert_eq!(counting(&[0, 3]).reshape([-1, 7]).shape()[..], [0, 7]);
    assert_eq!(counting(&[2, 6]).reshape(vec![3usize, 4]).shape()[..], [3, 4]);
    assert_eq!(counting(&[2, 6]).reshape(counting(&[4, 3]).shape()).shape()[..], [4, 3]);
}

#[test]
fn reshape_says_what_does_not_fit() {
    let x = counting(&[2, 3]);
    assert_eq!(refusal(&Reshape::new([4, 2]), &x), "reshape: 6 elements do not fill the shape [4, 2]; got f64[2, 3]");
    assert_eq!(refusal(&Reshape::new([4, -1]), &x), "reshape: 6 elements do not fill the shape [4, -1]; got f64[2, 3]");
    assert_eq!(
        refusal(&Reshape::new([-1, -1]), &x),
        "reshape: only one size may be -1, not 2 in [-1, -1]; got f64[2, 3]"
    );
    assert!(refusal(&Reshape::new([-2, 3]), &x).contains("size -2 in [-2, 3] is negative"));
    assert!(refusal(&Reshape::new([-1, 0]), &counting(&[0])).contains("-1 in [-1, 0] could be any size"));
    assert!(refusal(&Reshape::new([usize::MAX, usize::MAX]), &x).contains("do not fill"));
    let empty = try_apply(&Reshape::new([0, usize::MAX / 2]), &[&counting(&[0])]).unwrap_err();
    assert_eq!(empty.kind(), ErrorKind::Size);
}

#[test]
fn permute_moves_each_axis() {
    let x = counting(&[2, 3, 4]);
    for order in orders(3) {
        let y = x.permute(&order);
        let elements = y.to_vec::<f64>();
        for (flat, &found) in elements.iter().enumerate() {
            let [_, m, n] = y.shape()[..] else { unreachable!() };
            let at = [flat / (m * n), flat / n % m, flat % n];
            let mut source = [0; 3];
            (0..3).for_each(|i| source[order[i] as usize] = at[i]);
            assert_eq!(found, (source[0] * 12 + source[1] * 4 + source[2]) as f64);
        }
    }
    assert_eq!(x.permute([-1, 0, 1]).shape()[..], [4, 2, 3]);
    assert_eq!(counting(&[]).permute([]).shape()[..], []);
}

#[test]
fn permute_says_which_axis_is_wrong() {
    let x = counting(&[2, 3]);
    assert_eq!(refusal(&Permute::new([1, 1]), &x), "permute: axis 1 is named twice in [1, 1]; got f64[2, 3]");
    assert_eq!(refusal(&Permute::new([1, -1]), &x), "permute: axis 1 is named twice in [1, -1]; got f64[2, 3]");
    assert_eq!(refusal(&Permute::new([1]), &x), "permute: needs each axis once, not [1]; got f64[2, 3]");
    assert_eq!(
        refusal(&Permute::new([0, 2]), &x),
        "permute: axis 2 is out of range: axes of a tensor of rank 2 are -2 to 1; got f64[2, 3]"
    );
}

#[test]
fn expand_repeats_without_storing() {
    let x = Tensor::from([[1.0], [2.0]]);
    let y = x.expand([2, 2, 3]);
    assert_eq!(y.to_vec::<f64>(), [1., 1., 1., 2., 2., 2., 1., 1., 1., 2., 2., 2.]);
    assert_eq!(y.array().strides(), [0, 1, 0]);
    assert_eq!(counting(&[1, 2]).expand([0, 2]).shape()[..], [0, 2]);
    assert!(refusal(&Expand::new([2]), &x).starts_with("expand: cannot broadcast to [2]: "));
    assert!(refusal(&Expand::new([3, 3]), &x).ends_with("; got f64[2, 1]"));
    assert_eq!(try_apply(&Expand::new([usize::MAX / 4, 2, 2]), &[&x]).unwrap_err().kind(), ErrorKind::Size);
}

#[test]
fn squeeze_unsqueeze_and_flatten_regroup_axes() {
    let x = counting(&[1, 2, 1, 3]);
    assert_eq!(x.squeeze(..).shape()[..], [2, 3]);
    assert_eq!(x.squeeze([0, 1]).shape()[..], [2, 1, 3]);
    assert_eq!(x.squeeze(-2).shape()[..], [1, 2, 3]);
    assert_eq!(x.unsqueeze(0).shape()[..], [1, 1, 2, 1, 3]);
    assert_eq!(counting(&[]).unsqueeze(-1).shape()[..], [1]);
    assert_eq!(counting(&[2, 3, 4]).flatten(0, 1).shape()[..], [6, 4]);
    assert_eq!(counting(&[2, 0, 4]).flatten(-2, -1).shape()[..], [2, 0]);
    assert_eq!(counting(&[]).flatten(0, -1).shape()[..], [1]);
    let transposed = counting(&[2, 3]).transpose(0, -1);
    assert_eq!(transposed.flatten(0, 1).to_vec::<f64>(), [0., 3., 1., 4., 2., 5.]);
}

#[test]
#[should_panic = "flatten: axis 1 comes after axis 0; got f64[2, 3]"]
fn flatten_refuses_axes_in_reverse() {
    let _ = counting(&[2, 3]).flatten(1, 0);
}

#[test]
fn rules_are_adjoint() {
    use super::adjoint::assert_adjoint;
    let x = counting(&[2, 3, 4]);
    for x in [x.clone(), x.permute([1, 2, 0]).reshape([2, 3, 4]), x.permute([2, 0, 1])] {
        assert_adjoint(&Reshape::new([4, -1]), &[&x]);
        for order in orders(3) {
            assert_adjoint(&Permute::new(&order), &[&x]);
        }
        assert_adjoint(&Permute::new([-1, 0, -2]), &[&x]);
    }
    for (from, to) in [(&[3][..], &[2, 3][..]), (&[2, 1, 3], &[2, 4, 3]), (&[], &[2, 2]), (&[1, 1], &[3, 0])] {
        assert_adjoint(&Expand::new(to), &[&counting(from)]);
    }
}

//! Whole Jacobians and Hessians, of functions from one tensor to one tensor.

use crate::transform::{Pullback, grad_within, jvp, vjp};
use cotangent_tensor::Tensor;

/// ∂y/∂x as one tensor, of y's shape followed by x's: by rows where the result is no larger than the argument, else by columns.
///
/// It is of one tensor. In a parameter of a model it is that of a function which puts the tensor in its place:
///
/// ```
/// use cotangent_autograd::jacobian;
/// use cotangent_tensor::Tensor;
/// let model = (Tensor::from([[1.0, 2.0]]), Tensor::from([0.5]));
/// let f = |(weight, bias): &(Tensor, Tensor)| weight.sum(1) * bias;
/// let of_weight = jacobian(&model.0, |weight| f(&(weight.clone(), model.1.clone())));
/// assert_eq!((of_weight.shape()[..].to_vec(), of_weight.to_vec::<f64>()), (vec![1, 1, 2], vec![0.5, 0.5]));
/// ```
///
/// # Panics
/// When `x` or the result is not floating point.
///
/// ```
/// use cotangent_autograd::jacobian;
/// use cotangent_tensor::Tensor;
/// let x = Tensor::from([1.0, 2.0, 3.0]);
/// assert_eq!(jacobian(&x, |x| x.square().sum(..)).to_vec::<f64>(), [2.0, 4.0, 6.0]);
/// assert_eq!(jacobian(&x, |x| x.square()).shape()[..], [3, 3]);
/// ```
#[track_caller]
pub fn jacobian(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> Tensor {
    let (y, pullback) = vjp(x, &f);
    if y.numel() <= x.numel() {
        return rows(x, &y, &pullback);
    }
    drop(pullback);
    jacobian_by_columns(x, f)
}

/// ∂y/∂x in reverse mode: `f` runs once, and one sweep gives the row of each element of y.
///
/// # Panics
/// As [`jacobian`].
#[track_caller]
pub fn jacobian_by_rows(x: &Tensor, f: impl FnOnce(&Tensor) -> Tensor) -> Tensor {
    let (y, pullback) = vjp(x, f);
    rows(x, &y, &pullback)
}

#[track_caller]
fn rows(x: &Tensor, y: &Tensor, pullback: &Pullback<Tensor>) -> Tensor {
    check_float("the argument is", x);
    check_float("the function returned", y);
    let rows = basis(y).map(|y_bar| pullback.pull(&y_bar));
    let shape: Vec<usize> = y.shape().iter().chain(&x.shape()[..]).copied().collect();
    stack(rows.collect(), x).reshape(shape)
}

/// ∂y/∂x in forward mode: one run of `f` gives the column of each element of x.
///
/// # Panics
/// As [`jacobian`].
#[track_caller]
pub fn jacobian_by_columns(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> Tensor {
    check_float("the argument is", x);
    let columns: Vec<Tensor> = basis(x).map(|v| jvp(x, &v, &f).1).collect();
    let y = if columns.is_empty() { f(x) } else { columns[0].clone() };
    check_float("the function returned", &y);
    let shape: Vec<usize> = y.shape().iter().chain(&x.shape()[..]).copied().collect();
    let (rows, size) = (y.numel(), x.numel());
    stack(columns, &y).reshape([size, rows]).transpose(0, 1).reshape(shape)
}

/// The Hessian of a scalar function as one tensor, of x's shape twice; one recording of the gradient, one sweep for each row.
///
/// It is of one tensor, as [`jacobian`] is. Of a whole model, [`hvp`](crate::hvp) gives its product with a direction.
///
/// # Panics
/// As [`grad`](crate::grad).
///
/// ```
/// use cotangent_autograd::hessian;
/// use cotangent_tensor::Tensor;
/// let x = Tensor::from([1.0, 2.0]);
/// assert_eq!(hessian(&x, |x| x.powf(3).sum(..)).to_vec::<f64>(), [6.0, 0.0, 0.0, 12.0]);
/// ```
#[track_caller]
pub fn hessian(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> Tensor {
    let mut refusal = None;
    match vjp(x, |x| grad_within(x, f, &mut refusal)) {
        (Some(gradient), pullback) => rows(x, &gradient, &pullback),
        (None, _) => panic!("{}", refusal.unwrap_or_default()),
    }
}

/// Refuses what has no derivative.
#[track_caller]
fn check_float(what: &str, x: &Tensor) {
    let spec = x.spec();
    assert!(spec.dtype().is_float(), "jacobian: {what} {spec}, which has no derivative; it must be floating point");
}

/// The tensors of `x`'s shape that are one in one place and zero elsewhere, in row-major order.
fn basis(x: &Tensor) -> impl Iterator<Item = Tensor> {
    let (shape, dtype, numel) = (x.shape().clone(), x.dtype(), x.numel());
    (0..numel).map(move |i| {
        let mut elements = vec![0.0f64; numel];
        elements[i] = 1.0;
        Tensor::from_vec(elements, &shape).expect("as many elements as the shape holds").cast(dtype)
    })
}

/// The tensors one under the other; nothing, of `like`'s size, where there are none.
fn stack(tensors: Vec<Tensor>, like: &Tensor) -> Tensor {
    if tensors.is_empty() {
        return Tensor::zeros([0, like.numel()], like.dtype());
    }
    Tensor::stack(tensors, 0)
}

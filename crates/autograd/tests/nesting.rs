//! Transforms inside transforms: orders one to three against closed forms, the four second-order compositions, and the classic
//! confusions of perturbations.

use cotangent_autograd::{grad, hessian, hvp, jacobian_by_columns, jacobian_by_rows, jvp};
use cotangent_tensor::Tensor;

fn close(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{a} is not {b}");
}

/// The derivative by reverse mode and by forward mode.
fn reverse(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> Tensor {
    grad(x, f)
}
fn forward(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> Tensor {
    jvp(x, &x.ones_like(), f).1
}

/// Calls a check with each choice of mode for the outer and the inner derivative.
macro_rules! in_all_modes {
    ($check:ident) => {
        $check!(reverse, reverse);
        $check!(reverse, forward);
        $check!(forward, reverse);
        $check!(forward, forward);
    };
}

/// f(x) = sin(x²) e^x and its derivatives.
fn f(x: &Tensor) -> Tensor {
    (x * x).sin() * x.exp()
}

#[test]
fn orders_one_to_three_are_the_closed_forms() {
    let at = 0.7f64;
    let x = Tensor::from(at);
    let (s, c, e) = ((at * at).sin(), (at * at).cos(), at.exp());
    let first = (2.0 * at * c + s) * e;
    let second = (s + 4.0 * at * c + 2.0 * c - 4.0 * at * at * s) * e;
    // d/dx of the second: with g = s + 4xc + 2c - 4x²s, f''' = (g + g') e^x.
    let g = s + 4.0 * at * c + 2.0 * c - 4.0 * at * at * s;
    let g_slope = 2.0 * at * c + 4.0 * c - 8.0 * at * at * s - 4.0 * at * s - 8.0 * at * s - 8.0 * at * at * at * c;
    let third = (g + g_slope) * e;
    close(grad(&x, f).item(), first, 1e-14);
    close(grad(&x, |x| grad(x, f)).item(), second, 1e-13);
    close(grad(&x, |x| grad(x, |x| grad(x, f))).item(), third, 1e-13);
    close(forward(&x, |x| forward(x, |x| forward(x, f))).item(), third, 1e-13);
    close(forward(&x, |x| reverse(x, |x| forward(x, f))).item(), third, 1e-13);
    close(reverse(&x, |x| forward(x, |x| reverse(x, f))).item(), third, 1e-13);
    macro_rules! second_order {
        ($outer:ident, $inner:ident) => {
            close($outer(&x, |x| $inner(x, f)).item(), second, 1e-13);
        };
    }
    in_all_modes!(second_order);
}

/// Rows 1 and 2 of the places where differentiators have been wrong: an inner derivative must not see the outer perturbation.
#[test]
fn perturbations_are_not_confused() {
    macro_rules! confusion {
        ($outer:ident, $inner:ident) => {
            let one = Tensor::from(1.0);
            close($outer(&one, |x| x * $inner(&one, |y| x + y)).item(), 1.0, 1e-15);
            close($outer(&Tensor::from(4.0), |x| x * $inner(&one, |y| x * y)).item(), 8.0, 1e-15);
            // The inner variable is the outer one: d/dx [x · d/dx x²] = 4x.
            close($outer(&Tensor::from(3.0), |x| x * $inner(x, |y| y * y)).item(), 12.0, 1e-15);
        };
    }
    in_all_modes!(confusion);
}

#[test]
fn the_compositions_agree_on_a_network_of_every_kind_of_rule() {
    // Fused forward and backward kernels, views, broadcasting, reductions and products, twice differentiated.
    let w = Tensor::linspace(-1.0, 1.0, 12, cotangent_tensor::DType::F64).reshape([3, 4]);
    let f = |w: &Tensor| {
        let x = Tensor::from([[0.3, -0.2, 0.5], [1.0, 0.4, -0.7]]);
        let h = (x.matmul(w) + w.narrow(0, 1, 1)).gelu();
        let p = h.softmax(-1).log_softmax(0) + h.tanh() * h.logsumexp_keepdims(1) + h.sigmoid().sqrt();
        (p * w.sum_keepdims(0)).square().mean(..) + w.var(1, 1).sum(..)
    };
    let v = Tensor::linspace(0.5, -0.3, 12, cotangent_tensor::DType::F64).reshape([3, 4]);
    let h = hessian(&w, f);
    assert_eq!(h.shape()[..], [3, 4, 3, 4]);
    let by_columns = jacobian_by_columns(&w, |w| grad(w, f));
    let forward_of_forward = jacobian_by_columns(&w, |w| jacobian_by_columns(w, f));
    let reverse_of_forward = jacobian_by_rows(&w, |w| jacobian_by_columns(w, f));
    for other in [by_columns, forward_of_forward, reverse_of_forward, h.permute([2, 3, 0, 1])] {
        assert_eq!(other.shape(), h.shape());
        let (h, other) = (h.to_vec::<f64>(), other.to_vec::<f64>());
        h.iter().zip(&other).for_each(|(&a, &b)| close(a, b, 1e-10));
    }
    let product = hvp(&w, &v, f).to_vec::<f64>();
    let expected = h.reshape([12, 12]).matmul(&v.reshape([12])).to_vec::<f64>();
    product.iter().zip(&expected).for_each(|(&a, &b)| close(a, b, 1e-10));
}

//! Empty tensors, NaN in every place, chains longer than any stack.

use cotangent::{DType, Element, Tensor, grad, jvp};
use std::panic::{AssertUnwindSafe, catch_unwind};

type Function = fn(&Tensor) -> Tensor;

/// Functions with their code.
macro_rules! functions {
    ($(|$x:ident| $call:expr),* $(,)?) => { [$((stringify!($call), (|$x: &Tensor| $call) as fn(&Tensor) -> Tensor)),*] };
}
pub(crate) use functions;

/// Row 25. Tensors without elements, and scalars, must give a result or a message from the operation; never an index
/// out of bounds or a division by zero from inside.
#[test]
fn empty_tensors_and_scalars_never_crash() {
    assert_results_or_refusals(&functions![
        |x| x.max(..),
        |x| x.max(0),
        |x| x.max(-1),
        |x| x.max_keepdims(..),
        |x| x.min(..),
        |x| x.min(0),
        |x| x.sum(..),
        |x| x.sum(0),
        |x| x.sum(-1),
        |x| x.sum_keepdims(0),
        |x| x.mean(..),
        |x| x.mean(0),
        |x| x.mean(-1),
        |x| x.var(.., 0),
        |x| x.var(0, 1),
        |x| x.var_keepdims(-1, 1),
        |x| x.softmax(0),
        |x| x.softmax(-1),
        |x| x.log_softmax(0),
        |x| x.log_softmax(-1),
        |x| x.logsumexp(..),
        |x| x.logsumexp(0),
        |x| x.logsumexp(-1),
        |x| x.logsumexp_keepdims(..),
        |x| x.argmax(0),
        |x| x.argmax(-1),
        |x| x.argmin(0),
        |x| x.argmin_keepdims(-1),
        |x| x.exp(),
        |x| x.relu(),
        |x| x + x,
        |x| x * 2,
        |x| -x,
        |x| x.clamp(0, 1),
        |x| x.maximum(x),
        |x| x.gt(0).where_(x, 0),
        |x| x.reshape([0]),
        |x| x.reshape([-1]),
        |x| x.flatten(0, -1),
        |x| x.transpose(0, -1),
        |x| x.squeeze(..),
        |x| x.unsqueeze(0),
        |x| x.expand([3, 2, 0]),
        |x| x.narrow(0, 0, 0),
        |x| x.flip(..),
        |x| x.flip(0),
        |x| Tensor::concat([x, x], 0),
        |x| Tensor::stack([x, x], 0),
        |x| x.pad([(1, 1)], 0),
        |x| x.pad([(1, 0), (0, 1)], 0),
        |x| x.matmul(x),
        |x| x.transpose(0, -1).matmul(x),
        |x| x.index_select(0, &Tensor::from([0i64; 0])),
        |x| x.gather(0, &x.cast(DType::I64)),
        |x| x.scatter_add(0, &x.cast(DType::I64), x),
        |x| x.cast(DType::I64),
        |x| x.stop_gradient(),
    ]);
}

/// Holds functions of tensors without elements, and of scalars, to a result or a clear refusal, in both modes.
pub(crate) fn assert_results_or_refusals(functions: &[(&str, Function)]) {
    let mut crashes = Vec::new();
    for dtype in [DType::F64, DType::F32] {
        for shape in [&[2, 0][..], &[0], &[0, 2], &[], &[1, 0, 3]] {
            let x = Tensor::zeros(shape, dtype);
            for (call, f) in functions {
                let value = || drop(f(&x).cast(DType::F64).to_vec::<f64>());
                let floats = |x: &Tensor| {
                    let y = f(x);
                    if y.dtype().is_float() { y } else { y.cast(dtype) }
                };
                let pulled = || assert_eq!(grad(&x, |x| floats(x).sum(..)).shape(), x.shape());
                let pushed = || drop(jvp(&x, &x.ones_like(), |x| floats(x).sum(..)));
                for attempt in [&value as &dyn Fn(), &pulled, &pushed] {
                    let Err(payload) = catch_unwind(AssertUnwindSafe(attempt)) else { continue };
                    let message = payload.downcast_ref::<String>().cloned().unwrap_or_default();
                    // A refusal names the operation and shows what it was given.
                    let words = message.split_once(": ").map(|(op, _)| op);
                    let clear =
                        words.is_some_and(|op| call.contains(op) || op == "transpose") && message.contains("; got ");
                    if !clear {
                        crashes.push(format!("{call} with {}: {message:?}", x.spec()));
                    }
                }
            }
        }
    }
    assert!(crashes.is_empty(), "\n{}", crashes.join("\n"));
}

trait Float: Element {
    fn of(x: f64) -> Self;
    fn is_nan(self) -> bool;
}
impl Float for f32 {
    fn of(x: f64) -> Self {
        x as f32
    }
    fn is_nan(self) -> bool {
        f32::is_nan(self)
    }
}
impl Float for f64 {
    fn of(x: f64) -> Self {
        x
    }
    fn is_nan(self) -> bool {
        f64::is_nan(self)
    }
}

/// Row 38. A NaN must come through in whichever part of a vectorised loop it falls: the body, the rest after it, or an
/// array too short for either. All other elements must not notice.
fn nan_comes_through_in_every_place<T: Float>() {
    type Function = fn(&Tensor) -> Tensor;
    type Scalar = fn(f64) -> f64;
    let elementwise: [(&str, Function, Scalar); 9] = [
        ("abs", Tensor::abs, f64::abs),
        ("relu", Tensor::relu, |x| x.max(0.0)),
        ("maximum", |x| x.maximum(0.5), |x| x.max(0.5)),
        ("maximum, right", |x| Tensor::full([], 0.5, x.dtype()).maximum(x), |x| x.max(0.5)),
        ("minimum", |x| x.minimum(0.5), |x| x.min(0.5)),
        ("minimum, right", |x| Tensor::full([], 0.5, x.dtype()).minimum(x), |x| x.min(0.5)),
        ("clamp", |x| x.clamp(-1, 1), |x| x.clamp(-1.0, 1.0)),
        ("sqrt of square", |x| x.square().sqrt(), f64::abs),
        ("negation", |x| -x, |x| -x),
    ];
    let folds: [(&str, Function); 6] = [
        ("max", |x| x.max(..)),
        ("min", |x| x.min(..)),
        ("sum", |x| x.sum(..)),
        ("logsumexp", |x| x.logsumexp(..)),
        ("max by columns", |x| x.unsqueeze(1).max(0)),
        ("min by columns", |x| x.unsqueeze(1).min(0)),
    ];
    for len in 1..=70 {
        let values: Vec<f64> = (0..len).map(|i| (i * 5 % 9) as f64 - 4.0).collect();
        for place in 0..len {
            let with_nan = |i: usize| T::of(if i == place { f64::NAN } else { values[i] });
            let x = Tensor::from((0..len).map(with_nan).collect::<Vec<T>>());
            for (name, f, scalar) in elementwise {
                for (i, y) in f(&x).to_vec::<T>().into_iter().enumerate() {
                    let right = if i == place { y.is_nan() } else { y == T::of(scalar(values[i])) };
                    assert!(right, "{name} of {len} elements with NaN at {place}: {y:?} at {i}");
                }
            }
            for (name, f) in folds {
                let y = f(&x).to_vec::<T>();
                assert!(y.iter().all(|y| y.is_nan()), "{name} of {len} elements with NaN at {place}: {y:?}");
            }
            let row_of_nan = x.softmax(0).to_vec::<T>();
            assert!(row_of_nan.iter().all(|y| y.is_nan()), "softmax of {len} elements with NaN at {place}");
            assert_eq!([x.argmax(0).item::<i64>(), x.argmin(0).item::<i64>()], [place as i64; 2], "argmax and argmin");
        }
    }
}

#[test]
fn nan_comes_through_in_every_place_of_f32() {
    nan_comes_through_in_every_place::<f32>();
}

#[test]
fn nan_comes_through_in_every_place_of_f64() {
    nan_comes_through_in_every_place::<f64>();
}

/// Row 32. The length of a computation is bounded by memory and not by the stack: recording, the sweep and the end of
/// the tape all run without recursion. The thread's stack holds a few hundred frames, and the chain is a million long.
#[test]
fn a_chain_of_a_million_operations_needs_no_stack() {
    const LENGTH: usize = 1_000_000;
    const STACK: usize = 256 * 1024;
    let chain = |x: &Tensor| (0..LENGTH).fold(x.clone(), |y, _| -y);
    let work = move || {
        let x = Tensor::from(2.0);
        assert_eq!(grad(&x, chain).item::<f64>(), 1.0);
        assert_eq!(jvp(&x, &Tensor::from(1.0), chain).1.item::<f64>(), 1.0);
        // A chain whose end outlives the tape: it must not hold the chain, nor take it down link by link.
        let mut last = None;
        grad(&x, |x| {
            let y = chain(x);
            last = Some(y.clone());
            y
        });
        assert_eq!((last.expect("the function ran") * 2).item::<f64>(), 4.0);
        // A chain that is never differentiated, and a pullback that is dropped without a sweep.
        let (y, pullback) = cotangent::vjp(&x, chain);
        assert_eq!(y.item::<f64>(), 2.0);
        drop(pullback);
        assert_eq!(chain(&x).item::<f64>(), 2.0);
        // A tape that a panic ends.
        let interrupted = catch_unwind(AssertUnwindSafe(|| {
            grad(&x, |x| {
                chain(x);
                x.expand([2])
            })
        }));
        assert!(interrupted.is_err());
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work).expect("the system starts a thread");
    thread.join().expect("the thread ends well");
}

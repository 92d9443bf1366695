//! Every operation on every pair of small tensors, fitting or not: a result, or a message that names the operation and
//! shows what it was given, and the line of the call. What this finds is an index out of bounds, an `unwrap`, an overflow from inside, and
//! an operation that speaks for another which is made of it. A form of an operation has its name: `sort_descending` says `sort`.

mod arranged;
mod linear;
mod losses;
mod networks;
mod pointwise;
mod windows;

use crate::Panic;
use cotangent::{DType, Tensor, grad, jvp};
use std::collections::BTreeSet;

/// Operations with one or two tensors and small parameters, named as their messages name them.
type Case = (&'static str, Function);
type Function = fn(&Tensor, &Tensor) -> Tensor;

macro_rules! cases {
    ($($name:literal: |$x:ident, $y:pat_param| $call:expr),* $(,)?) => {
        vec![$(($name, (|$x: &Tensor, $y: &Tensor| $call) as Function)),*]
    };
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = cases![
        "add": |x, y| x + y, "add": |x, y| x.clone() + y.clone(), "sub": |x, y| x - y, "mul": |x, y| x * y,
        "div": |x, y| x / y,
        "maximum": |x, y| x.maximum(y), "minimum": |x, y| x.minimum(y), "eq": |x, y| x.eq(y), "logical_and": |x, y| x.logical_and(y), "logical_or": |x, y| x.logical_or(y),
        "logical_xor": |x, y| x.logical_xor(y), "lt": |x, y| x.lt(y),
        "where": |x, y| x.where_(y, y), "where": |x, y| x.where_(y, 1), "where": |x, y| x.gt(x).where_(x, y),
        "gt": |x, _| x.gt(0),
        "matmul": |x, y| x.matmul(y), "matmul": |x, y| x.unsqueeze(0).matmul(y),
        "exp": |x, _| x.exp(), "abs": |x, _| x.abs(), "square": |x, _| x.square(), "relu": |x, _| x.relu(),
        "powf": |x, _| x.powf(-1),
        "neg": |x, _| -x, "clamp": |x, _| x.clamp(1, 0), "mul": |x, _| x * 2, "add": |x, _| 0.5 + x,
        "sum": |x, _| x.sum(..), "mean": |x, _| x.mean(..), "var": |x, _| x.var(.., 3), "max": |x, _| x.max(..),
        "min": |x, _| x.min_keepdims(..), "logsumexp": |x, _| x.logsumexp(..),
        "sum_to_shape": |x, y| x.sum_to_shape(y.shape()), "expand": |x, y| x.expand(y.shape()),
        "reshape": |x, y| x.reshape(y.shape()), "reshape": |x, _| x.reshape([-1]), "reshape": |x, _| x.reshape([2, -1]),
        "reshape": |x, _| x.reshape([0, -1]), "squeeze": |x, _| x.squeeze(..), "flip": |x, _| x.flip(..),
        "cast": |x, _| x.cast(DType::I64),
        "permute": |x, _| x.permute([1, 0]), "permute": |x, _| x.permute([-1]), "permute": |x, _| x.permute([]),
        "pad": |x, _| x.pad([(1, -1)], 0), "pad": |x, _| x.pad([(-2, 1), (1, -2)], 0), "pad": |x, _| x.pad([], 0),
        "pad": |x, _| x.pad([(2, 2)], 0.5),
        "stack": |x, y| Tensor::stack([x, y], -1), "concat": |x, y| Tensor::concat([x, y, x], -1),
    ];
    macro_rules! along_axes {
        ($($axis:literal)*) => {$(
            cases.extend(cases![
                "sum": |x, _| x.sum($axis), "mean": |x, _| x.mean_keepdims($axis),
                "var": |x, _| x.var_keepdims($axis, 1),
                "max": |x, _| x.max($axis), "min": |x, _| x.min($axis), "argmax": |x, _| x.argmax($axis),
                "argmin": |x, _| x.argmin_keepdims($axis), "softmax": |x, _| x.softmax($axis),
                "log_softmax": |x, _| x.log_softmax($axis),
                "logsumexp": |x, _| x.logsumexp_keepdims($axis), "transpose": |x, _| x.transpose($axis, 0),
                "squeeze": |x, _| x.squeeze($axis),
                "unsqueeze": |x, _| x.unsqueeze($axis), "flip": |x, _| x.flip($axis),
                "flatten": |x, _| x.flatten($axis, -1),
                "concat": |x, y| Tensor::concat([x, y], $axis), "stack": |x, y| Tensor::stack([x, y], $axis),
                "narrow": |x, _| x.narrow($axis, 1, 1), "narrow": |x, _| x.narrow($axis, 0, 0),
                "narrow": |x, _| x.narrow($axis, 3, usize::MAX),
                "index_select": |x, y| x.index_select($axis, y), "gather": |x, y| x.gather($axis, y),
                "index_add": |x, y| x.index_add($axis, y, x), "scatter_add": |x, y| x.scatter_add($axis, y, x),
                "scatter_add": |x, y| x.scatter_add($axis, &y.cast(DType::I64), y),
            ]);
        )*};
    }
    along_axes!(-3 -1 0 1 2);
    cases.extend(scans_and_sorts());
    for room in [networks::cases, windows::cases, linear::cases, arranged::cases, pointwise::cases, losses::cases] {
        cases.extend(room());
    }
    cases
}

fn scans_and_sorts() -> Vec<Case> {
    let mut cases: Vec<Case> = cases![
        "prod": |x, _| x.prod(..), "std": |x, _| x.std(.., 1), "var_mean": |x, _| x.var_mean(.., 0).1,
        "std_mean": |x, _| x.std_mean(.., 0).0, "nansum": |x, _| x.nansum(..), "nanmean": |x, _| x.nanmean(..),
        "all": |x, _| x.all(..), "any": |x, _| x.any(..), "count_nonzero": |x, _| x.count_nonzero(..),
        "vector_norm": |x, _| x.vector_norm(2, ..), "vector_norm": |x, _| x.vector_norm(f64::INFINITY, ..),
        "vector_norm": |x, _| x.vector_norm(f64::NAN, ..), "vector_norm": |x, _| x.vector_norm(-1, ..),
        "median": |x, _| x.median(..), "nanmedian": |x, _| x.nanmedian(..), "quantile": |x, _| x.quantile(0.5, ..),
        "nanquantile": |x, _| x.nanquantile([0.1, 0.2], ..), "quantile": |x, _| x.quantile(-0.1, ..),
        "searchsorted": |x, y| x.searchsorted(y), "histc": |x, _| x.histc(2, -1.0, 1.0),
        "histc": |x, _| x.histc(usize::MAX, -1.0, 1.0), "bincount": |x, _| x.bincount(1),
        "bincount": |x, _| x.bincount(usize::MAX),
    ];
    macro_rules! along_axes {
        ($($axis:literal)*) => {$(
            cases.extend(cases![
                "prod": |x, _| x.prod_keepdims($axis), "std": |x, _| x.std($axis, 0), "all": |x, _| x.all($axis),
                "any": |x, _| x.any_keepdims($axis), "count_nonzero": |x, _| x.count_nonzero($axis),
                "nanmean": |x, _| x.nanmean_keepdims($axis), "vector_norm": |x, _| x.vector_norm(1.5, $axis),
                "vector_norm": |x, _| x.vector_norm(0, $axis), "cumsum": |x, _| x.cumsum($axis),
                "cumprod": |x, _| x.cumprod($axis), "logcumsumexp": |x, _| x.logcumsumexp($axis),
                "linear_recurrence": |x, y| x.linear_recurrence(y, $axis), "cummax": |x, _| x.cummax($axis).0,
                "cummin": |x, _| x.cummin($axis).1, "sort": |x, _| x.sort($axis).0,
                "sort": |x, _| x.sort_descending($axis).1, "argsort": |x, _| x.argsort($axis),
                "topk": |x, _| x.topk(2, $axis).0, "topk": |x, _| x.topk_smallest(usize::MAX, $axis).0,
                "kthvalue": |x, _| x.kthvalue(2, $axis).0, "kthvalue": |x, _| x.kthvalue_keepdims(0, $axis).0,
                "max_with_indices": |x, _| x.max_with_indices($axis).0,
                "min_with_indices": |x, _| x.min_with_indices_keepdims($axis).0,
                "median": |x, _| x.median($axis), "median_with_indices": |x, _| x.median_with_indices($axis).0,
                "nanmedian_with_indices": |x, _| x.nanmedian_with_indices_keepdims($axis).0,
                "quantile": |x, _| x.quantile_keepdims(0.7, $axis), "diff": |x, _| x.diff(1, $axis),
                "diff": |x, _| x.diff(usize::MAX, $axis),
            ]);
        )*};
    }
    along_axes!(-3 -1 0 1);
    cases
}

fn operands() -> Vec<Tensor> {
    let shapes: [&[usize]; 9] = [&[], &[0], &[1], &[2], &[0, 2], &[2, 0], &[2, 1], &[2, 2], &[1, 0, 2]];
    let dtypes = [DType::F32, DType::I64, DType::U8, DType::Bool];
    shapes.iter().flat_map(|shape| dtypes.map(|dtype| Tensor::ones(*shape, dtype))).collect()
}

/// What is documented to have no derivative somewhere, and says so: of a determinant that is zero, of the last columns of Q.
const WITHOUT_DERIVATIVE: [&str; 2] = ["slogdet", "qr_complete"];

#[test]
fn every_operation_on_every_pair_computes_or_says_why_not() {
    let (cases, operands) = (cases(), operands());
    let (mut computed, mut refused, mut crashes) = (0, 0, Vec::new());
    for (name, f) in &cases {
        for x in &operands {
            for y in &operands {
                let outcome = crate::panic_of(|| drop(f(x, y).cast(DType::F64).to_vec::<f64>()));
                let Some(Panic { message, file }) = outcome else {
                    computed += 1;
                    // What computes has derivatives, of the right shape.
                    let differentiated = crate::panic_message(|| {
                        let loss = |(x, y): &(Tensor, Tensor)| f(x, y).cast(DType::F64).sum(..);
                        let pair = (x.clone(), y.clone());
                        let (x_bar, y_bar) = grad(&pair, loss);
                        assert!(x_bar.spec() == x.spec() && y_bar.spec() == y.spec());
                        drop(jvp(&pair, &pair, loss));
                    });
                    let refuses = |message: &String| {
                        WITHOUT_DERIVATIVE.contains(name) && message.starts_with(&format!("{name}: "))
                    };
                    crashes.extend(
                        differentiated
                            .filter(|message| !refuses(message))
                            .map(|message| format!("derivative of {name} of {} and {}: {message}", x.spec(), y.spec())),
                    );
                    continue;
                };
                refused += 1;
                let shows_inputs = message.contains("; got ") || message.contains(": needs at least one ");
                if !(message.starts_with(&format!("{name}: ")) && shows_inputs) {
                    crashes.push(format!("{name} of {} and {}: {message}", x.spec(), y.spec()));
                } else if !file.starts_with("tests") {
                    crashes.push(format!("{name} of {} and {}: the place shown is in {file}", x.spec(), y.spec()));
                }
            }
        }
    }
    let mut seen = BTreeSet::new();
    crashes.retain(|crash| seen.insert(kind_of(crash)));
    crashes.truncate(40);
    assert!(crashes.is_empty(), "\n{}\n", crashes.join("\n"));
    // Both outcomes are common, or the sweep tests nothing.
    assert!(computed > 10_000 && refused > 10_000, "{computed} computed, {refused} refused");
}

/// What failed, without the numbers: of many failures of a kind one is enough.
fn kind_of(crash: &str) -> String {
    let (call, message) = crash.split_once(": ").unwrap_or_default();
    let rule = message.split("; got ").next().unwrap_or_default().replace(|c: char| c.is_ascii_digit(), "");
    format!("{} {rule}", call.split(" of ").next().unwrap_or_default())
}

//! Places where differentiators have been wrong, each with its one right answer; through the facade, as a user meets
//! them.
//!
//! - `nesting`: derivatives of derivatives, and operations of a user's own.
//! - `kinks`: where a function has no derivative, or a formula for it breaks down.
//! - `broadcasting`: operands of different shapes, views, indices.
//! - `losses`: modes that must agree, batches in which nothing counts.
//! - `networks`: normalisation, attention, dropout, embedding, resampling.
//! - `fused`: fused operations beside their compositions.
//! - `products`: products, determinants, factorisations.
//! - `indices`: places that an index names, elements that a view shows, several times.
//! - `extremes`: empty tensors, NaN, very long chains.
//! - `ordered`: products, scans, norms, sorting: zeros, ties, NaN and nothing in them.
//! - `windows`: convolutions and pools.
//! - `scalars`: functions of numbers at zero, at ties, at infinity, at NaN and far out.

mod broadcasting;
mod extremes;
mod fused;
mod indices;
mod kinks;
mod losses;
mod nesting;
mod networks;
mod ordered;
mod products;
mod scalars;
mod windows;

use cotangent::{Tensor, grad, jvp};

/// The derivative of a function of one number by reverse mode and by forward mode.
fn reverse(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> Tensor {
    grad(x, f)
}
fn forward(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> Tensor {
    jvp(x, &x.ones_like(), f).1
}

/// The gradient of `f`'s sum by reverse mode, which forward mode must confirm direction by direction.
#[track_caller]
fn gradient(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> Vec<f64> {
    let gradient = grad(x, |x| f(x).sum(..)).to_vec::<f64>();
    for (i, &slope) in gradient.iter().enumerate() {
        let direction: Vec<f64> = (0..x.numel()).map(|j| f64::from(u8::from(i == j))).collect();
        let v = Tensor::from_vec(direction, x.shape()).expect("one number for each element");
        let along = jvp(x, &v, |x| f(x).sum(..)).1.item::<f64>();
        let equal = along == slope || (along.is_nan() && slope.is_nan());
        assert!(equal, "element {i}: {along} by forward mode, {slope} by reverse mode");
    }
    gradient
}

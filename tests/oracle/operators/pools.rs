//! Pools: maxima and means of windows.

use super::{
    Formula::{One, Several},
    Operator,
    convolutions::{counts, unsigned},
};
use crate::case::Call;
use cotangent::{
    PooledSize, Tensor,
    ops::{AvgPool, MaxPool},
};

pub(super) const OPERATORS: &[Operator] = &[
    ("nn.functional.max_pool1d", Several(|c| max_pool(c, Tensor::max_pool1d_with_indices))),
    ("nn.functional.max_pool2d", Several(|c| max_pool(c, Tensor::max_pool2d_with_indices))),
    ("nn.functional.max_pool3d", Several(|c| max_pool(c, Tensor::max_pool3d_with_indices))),
    ("nn.functional.avg_pool1d", One(|c| c.x(0).avg_pool1d(avg_pool(c)))),
    ("nn.functional.avg_pool2d", One(|c| c.x(0).avg_pool2d(avg_pool(c)))),
    ("nn.functional.avg_pool3d", One(|c| c.x(0).avg_pool3d(avg_pool(c)))),
    ("nn.functional.adaptive_avg_pool1d", One(|c| c.x(0).adaptive_avg_pool1d(size(c)))),
    ("nn.functional.adaptive_avg_pool2d", One(|c| c.x(0).adaptive_avg_pool2d(size(c)))),
    ("nn.functional.adaptive_avg_pool3d", One(|c| c.x(0).adaptive_avg_pool3d(size(c)))),
    (
        "nn.functional.adaptive_max_pool1d",
        Several(|c| adaptive(c, Tensor::adaptive_max_pool1d, Tensor::adaptive_max_pool1d_with_indices)),
    ),
    (
        "nn.functional.adaptive_max_pool2d",
        Several(|c| adaptive(c, Tensor::adaptive_max_pool2d, Tensor::adaptive_max_pool2d_with_indices)),
    ),
];

fn max_pool(c: &Call<'_>, pool: fn(&Tensor, MaxPool) -> (Tensor, Tensor)) -> Vec<Tensor> {
    let windows = MaxPool::new(counts(c, 1, "kernel_size", 1));
    let windows = match c.ints(2, "stride") {
        Some(stride) => windows.stride(unsigned(stride)),
        None => windows,
    };
    let windows = windows
        .padding(counts(c, 3, "padding", 0))
        .dilation(counts(c, 4, "dilation", 1))
        .ceil_mode(c.flag(5, "ceil_mode"));
    assert!(c.flag(6, "return_indices"));
    let (y, places) = pool(c.x(0), windows);
    vec![y, places]
}

/// An empty list of strides stands for none.
fn avg_pool(c: &Call<'_>) -> AvgPool {
    let pool = AvgPool::new(counts(c, 1, "kernel_size", 1));
    let pool = match c.ints(2, "stride").filter(|stride| !stride.is_empty()) {
        Some(stride) => pool.stride(unsigned(stride)),
        None => pool,
    };
    let pool = pool.padding(counts(c, 3, "padding", 0)).ceil_mode(c.flag(4, "ceil_mode")).count_include_pad(c.flag_or(
        5,
        "count_include_pad",
        true,
    ));
    match c.int(6, "divisor_override") {
        Some(divisor) => pool.divisor(divisor as i64),
        None => pool,
    }
}

fn size(c: &Call<'_>) -> PooledSize {
    let sizes = c.optional_ints(1, "output_size").into_iter();
    sizes.map(|size| size.map(|size| usize::try_from(size).expect("a size"))).collect::<Vec<_>>().into()
}

fn adaptive(
    c: &Call<'_>,
    pool: fn(&Tensor, PooledSize) -> Tensor,
    with_places: fn(&Tensor, PooledSize) -> (Tensor, Tensor),
) -> Vec<Tensor> {
    if !c.flag(2, "return_indices") {
        return vec![pool(c.x(0), size(c))];
    }
    let (y, places) = with_places(c.x(0), size(c));
    vec![y, places]
}

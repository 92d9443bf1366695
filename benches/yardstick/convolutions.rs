//! Single convolutions of the kinds that networks have: forward, and with the gradients of the input and of the weight.

use crate::timing::best;
use cotangent::{
    ops::{Conv, ConvTranspose},
    prelude::*,
};

/// Which operation, and how.
enum Kind {
    Plain(Conv),
    Transposed(ConvTranspose),
}

/// `scripts/convolutions_reference.py` has the same table for PyTorch.
fn table() -> [(&'static str, &'static [usize], &'static [usize], Kind); 18] {
    let conv = |conv: Conv| Kind::Plain(conv);
    let new = Conv::new;
    [
        ("first_7x7", &[4, 3, 224, 224], &[64, 3, 7, 7], conv(new().stride(2).padding(3))),
        ("patches", &[4, 3, 224, 224], &[192, 3, 16, 16], conv(new().stride(16))),
        ("3x3", &[8, 64, 56, 56], &[64, 64, 3, 3], conv(new().padding(1))),
        ("3x3_late", &[8, 512, 7, 7], &[512, 512, 3, 3], conv(new().padding(1))),
        ("3x3_strided", &[8, 64, 56, 56], &[128, 64, 3, 3], conv(new().stride(2).padding(1))),
        ("3x3_dilated", &[8, 64, 28, 28], &[64, 64, 3, 3], conv(new().padding(2).dilation(2))),
        ("5x5", &[8, 32, 28, 28], &[64, 32, 5, 5], conv(new().padding(2))),
        ("1x1", &[8, 64, 56, 56], &[256, 64, 1, 1], conv(new())),
        ("1x1_late", &[8, 1024, 7, 7], &[512, 1024, 1, 1], conv(new())),
        ("1x1_strided", &[8, 256, 56, 56], &[512, 256, 1, 1], conv(new().stride(2))),
        ("depthwise_3x3", &[8, 128, 56, 56], &[128, 1, 3, 3], conv(new().padding(1).groups(128))),
        ("depthwise_strided", &[8, 128, 56, 56], &[128, 1, 3, 3], conv(new().padding(1).stride(2).groups(128))),
        ("depthwise_late", &[8, 512, 7, 7], &[512, 1, 3, 3], conv(new().padding(1).groups(512))),
        ("depthwise_7x7", &[8, 96, 56, 56], &[96, 1, 7, 7], conv(new().padding(3).groups(96))),
        ("grouped", &[8, 128, 56, 56], &[128, 4, 3, 3], conv(new().padding(1).groups(32))),
        ("up_4x4", &[8, 128, 16, 16], &[128, 64, 4, 4], Kind::Transposed(ConvTranspose::new().stride(2).padding(1))),
        ("signal", &[16, 64, 1000], &[64, 64, 9], conv(new().padding(4))),
        ("volume", &[2, 16, 16, 16, 16], &[32, 16, 3, 3, 3], conv(new().padding(1))),
    ]
}

pub(crate) fn cases() -> impl Iterator<Item = String> {
    table().into_iter().map(|(name, ..)| format!("conv_{name}"))
}

pub(crate) fn run(case: &str) {
    let row = table().into_iter().find(|(name, ..)| case.strip_prefix("conv_") == Some(name));
    let (_, x, w, kind) = row.unwrap_or_else(|| unreachable!("{case} is not in the table above"));
    let y = |x: &Tensor, w: &Tensor| match (&kind, x.rank()) {
        (Kind::Plain(conv), 3) => x.conv1d(w, None, conv),
        (Kind::Plain(conv), 4) => x.conv2d(w, None, conv),
        (Kind::Plain(conv), _) => x.conv3d(w, None, conv),
        (Kind::Transposed(conv), _) => x.conv_transpose2d(w, None, conv),
    };
    let mut rng = Rng::seed(0);
    let (x, w) = (rng.normal(x, DType::F32), rng.normal(w, DType::F32));
    let y_bar = rng.normal(y(&x, &w).shape(), DType::F32);
    let forward = best(|| y(&x, &w));
    let inputs = (x, w);
    let all = best(|| vjp(&inputs, |(x, w)| y(x, w)).1.pull_once(&y_bar));
    println!("cotangent {case} us={:.1} with_gradients={:.1}", forward * 1e6, all * 1e6);
}

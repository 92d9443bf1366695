//! Shapes that no memory can hold, and access to elements. Sizes are multiplied with checks, so that the messages are
//! the same in a build without debug assertions.

use crate::{assert_messages, assert_messages_alone, misuses};
use cotangent::{
    DType, Rng, Tensor,
    nn::data::Loader,
    ops::{Interpolate, PadMode},
};

/// Half of the address space and more, in elements of any dtype.
const HUGE: usize = 1 << 62;

fn rng() -> Rng {
    Rng::seed(0)
}

/// Row 28 of the places where others have been wrong: in release builds too, a product of sizes that overflows is refused.
#[test]
fn sizes_that_overflow() {
    let one = Tensor::from([[1.0f32]]);
    let (tall, wide) = (one.expand([1 << 31, 1]), one.expand([1, 1 << 31]));
    let bytes = Tensor::zeros([1 << 61], DType::U8);
    assert_messages(misuses![
        Tensor::zeros([usize::MAX, 2], DType::F32) =>
            "zeros: shape [18446744073709551615, 2] of f32 overflows the size that memory can have",
        Tensor::zeros([usize::MAX, 0], DType::F64) =>
            "zeros: shape [18446744073709551615, 0] of f64 overflows the size that memory can have",
        Tensor::ones([HUGE, HUGE], DType::U8) =>
            "ones: shape [4611686018427387904, 4611686018427387904] of u8 overflows the size that memory can have",
        Tensor::full([HUGE], 1.0, DType::F64) =>
            "full: shape [4611686018427387904] of f64 overflows the size that memory can have",
        Tensor::eye(HUGE, DType::F32) =>
            "eye: shape [4611686018427387904, 4611686018427387904] of f32 overflows the size that memory can have",
        Tensor::eye(usize::MAX, DType::F32) =>
            "eye: shape [18446744073709551615, 18446744073709551615] of f32 overflows the size that memory can have",
        Tensor::arange(i64::MIN, i64::MAX, 1) =>
            "arange: shape [18446744073709551615] of i64 overflows the size that memory can have",
        Tensor::linspace(0.0, 1.0, usize::MAX, DType::F32) =>
            "linspace: shape [18446744073709551615] of f64 overflows the size that memory can have",
        one.expand([HUGE, 1]) =>
            "expand: shape [4611686018427387904, 1] of f32 overflows the size that memory can have; got f32[1, 1]",
        &tall + &wide =>
            "add: shape [2147483648, 2147483648] of f32 overflows the size that memory can have; \
             got f32[2147483648, 1], f32[1, 2147483648]",
        tall.matmul(&wide) =>
            "matmul: shape [2147483648, 2147483648] of f32 overflows the size that memory can have; \
             got f32[2147483648, 1], f32[1, 2147483648]",
        one.pad([(isize::MAX, isize::MAX), (0, 0)], 0) =>
            "pad: shape [18446744073709551615, 1] of f32 overflows the size that memory can have; got f32[1, 1]",
        Tensor::concat([&bytes, &bytes, &bytes, &bytes], 0) =>
            "concat: shape [9223372036854775808] of u8 overflows the size that memory can have; \
             got u8[2305843009213693952], u8[2305843009213693952], u8[2305843009213693952], u8[2305843009213693952]",
        bytes.cast(DType::F64) =>
            "cast: shape [2305843009213693952] of f64 overflows the size that memory can have; \
             got u8[2305843009213693952]",
        bytes.unsqueeze(0).argmax(0) =>
            "argmax: shape [2305843009213693952] of i64 overflows the size that memory can have; \
             got u8[1, 2305843009213693952]",
        Tensor::zeros([1, 1 << 59], DType::F32).index_select(0, &Tensor::from([0i64; 16])) =>
            "index_select: shape [16, 576460752303423488] of f32 overflows the size that memory can have; \
             got f32[1, 576460752303423488], i64[16]",
        rng().normal([HUGE], DType::F32) =>
            "normal: shape [4611686018427387904] of f32 overflows the size that memory can have",
        rng().uniform([HUGE], DType::F64) =>
            "uniform: shape [4611686018427387904] of f64 overflows the size that memory can have",
        rng().bernoulli(0.5, [HUGE, 4]) =>
            "bernoulli: shape [4611686018427387904, 4] of bool overflows the size that memory can have",
        rng().randint(0, 2, [HUGE]) =>
            "randint: shape [4611686018427387904] of i64 overflows the size that memory can have",
        rng().permutation(HUGE) =>
            "permutation: shape [4611686018427387904] of i64 overflows the size that memory can have",
    ]);
}

/// A view can be larger than memory, as it stores its element once; what is computed from it cannot. Asking the system
/// for too much is an error like another, and does not end the process.
#[test]
fn sizes_that_memory_does_not_have() {
    let before = cotangent::memory::live_bytes();
    let view = Tensor::zeros([1 << 56], DType::F32);
    let larger = Tensor::zeros([1 << 60], DType::F32);
    assert_messages_alone(misuses![
        view.exp() => "the system has no memory for a tensor of 288230376151711744 bytes",
        view.to_vec::<f32>() => "the system has no memory for a tensor of 288230376151711744 bytes",
        larger.exp() => "a buffer of 1152921504606846976 elements of f32 does not fit memory",
    ]);
    drop((view, larger));
    // Lists that are made beside the result, or for it.
    const LONG: usize = 1 << 55;
    let (x, row) = (Tensor::from([1.0f32]), Tensor::zeros([1, 1, 1], DType::F32));
    assert_messages_alone(misuses![
        x.repeat_interleave(&Tensor::from([LONG as i64]), 0) =>
            "the system has no memory for a tensor of 288230376151711744 bytes",
        x.pad_with([(0, LONG as isize)], PadMode::Replicate) =>
            "the system has no memory for a list of 36028797018963969 places",
        row.adaptive_avg_pool1d(LONG) => "the system has no memory for a list of 36028797018963968 places",
        row.adaptive_max_pool1d(LONG) => "the system has no memory for a list of 36028797018963968 places",
        row.interpolate(&Interpolate::to_size([LONG])) =>
            "the system has no memory for a list of 36028797018963969 places",
    ]);
    // Other tests of this file may hold tensors now, but none of this size.
    assert!(cotangent::memory::live_bytes() < before + (1 << 30));
}

#[test]
fn elements() {
    let x = Tensor::from([1.0f32, 2.0]);
    let mut y = x.clone();
    assert_messages(misuses![
        x.item::<f32>() =>
            "item: needs a tensor of one element; got f32[2]; reduce it first, or read all elements with to_vec",
        Tensor::from(1.0f32).item::<f64>() =>
            "item: the elements are f32, not f64; got f32[]; ask for them as f32, or cast first with .cast(DType::F64)",
        x.to_vec::<i64>() =>
            "to_vec: the elements are f32, not i64; got f32[2]; \
             ask for them as f32, or cast first with .cast(DType::I64)",
        y.with_mut(|y: &mut [f64]| y[0] = 1.0) =>
            "with_mut: the elements are f32, not f64; got f32[2]; \
             ask for them as f32, or cast first with .cast(DType::F64)",
    ]);
    let refusal = |shape: &[usize]| Tensor::from_vec(vec![1.0f32; 3], shape).expect_err("it does not fit").to_string();
    assert_eq!(refusal(&[2, 2]), "from_vec: shape [2, 2] holds 4 elements, but 3 were given");
    assert_eq!(refusal(&[]), "from_vec: shape [] holds 1 element, but 3 were given");
    assert_eq!(
        refusal(&[usize::MAX, 2]),
        "from_vec: shape [18446744073709551615, 2] of f32 overflows the size that memory can have"
    );
}

#[test]
fn random_numbers_and_data() {
    assert_messages(misuses![
        rng().uniform_range(2.0, 1.0, [3], DType::F32) =>
            "uniform_range: low must not exceed high; got low 2.0, high 1.0",
        rng().uniform_range(0.0, f64::MAX, [3], DType::F32) =>
            "uniform_range: the bounds and their distance must be finite in f32; \
             got low 0.0, high 1.7976931348623157e308",
        rng().uniform([3], DType::I64) =>
            "uniform: needs a floating-point dtype; got i64; draw floats and .cast them, or use randint or bernoulli",
        rng().normal([3], DType::Bool) =>
            "normal: needs a floating-point dtype; got bool; draw floats and .cast them, or use randint or bernoulli",
        rng().bernoulli(1.5, [3]) => "bernoulli: the probability must lie within 0 and 1; got 1.5",
        rng().bernoulli(f64::NAN, [3]) => "bernoulli: the probability must lie within 0 and 1; got NaN",
        rng().randint(3, 3, [3]) => "randint: low must be below high; got low 3, high 3",
    ]);
    assert_eq!(Rng::from_bytes(&[0; 4]).expect_err("too short").to_string(), "rng: a saved stream has 48 bytes, not 4");

    let (x, y) = (Tensor::zeros([5, 2], DType::F32), Tensor::zeros([4], DType::I64));
    let refusal = |x: &Tensor, y: &Tensor, size| Loader::new(x, y, size).expect_err("it does not fit").to_string();
    assert_eq!(refusal(&x, &y, 2), "loader: x has 5 examples along its first axis and y has 4; got f32[5, 2], i64[4]");
    assert_eq!(
        refusal(&x, &x, 0),
        "loader: a batch needs at least one example; the batch size is 0; got f32[5, 2], f32[5, 2]"
    );
}

/// More matrices than memory could list, but no elements.
#[test]
fn a_product_without_elements_costs_nothing() {
    let (a, b) = (Tensor::zeros([1 << 40, 0, 3], DType::F32), Tensor::zeros([1 << 40, 3, 0], DType::F32));
    assert_eq!(a.matmul(&b).shape()[..], [1 << 40, 0, 0]);
}

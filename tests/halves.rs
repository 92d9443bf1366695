//! Tensors and models in bf16 and f16, as a user meets them.

use cotangent::{bf16, f16, memory, module, nn::*, prelude::*, vjp};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn bits(x: &Tensor) -> Vec<u16> {
    match x.dtype() {
        DType::BF16 => x.to_vec::<bf16>().into_iter().map(bf16::to_bits).collect(),
        _ => x.to_vec::<f16>().into_iter().map(f16::to_bits).collect(),
    }
}

fn message<R>(call: impl FnOnce() -> R) -> String {
    let panic = catch_unwind(AssertUnwindSafe(call)).err().expect("it is refused");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

/// Results of PyTorch 2.15, as scripts/halves_reference.py prints their bits. The second list is bf16, the third f16.
#[test]
fn operations_give_what_pytorch_gives() {
    let numbers = Tensor::from([0.1f64, -0.7, 1.3, 2.9, -3.3, 0.004, 5.5, -1.25]);
    type Function = fn(&Tensor) -> Tensor;
    fn rows(x: &Tensor) -> Tensor {
        x.reshape([2, 4])
    }
    // How many units of the last place: none where PyTorch rounds one f32 result as we do; its softmax, means and matrix products take
    // other sums, and its gradient of silu more roundings.
    let cases: [(Function, u16, &[u16], &[u16]); 11] = [
        (
            Tensor::clone,
            0,
            &[0x3dcd, 0xbf33, 0x3fa6, 0x403a, 0xc053, 0x3b83, 0x40b0, 0xbfa0],
            &[0x2e66, 0xb99a, 0x3d33, 0x41cd, 0xc29a, 0x1c19, 0x4580, 0xbd00],
        ),
        (
            Tensor::exp,
            0,
            &[0x3f8d, 0x3efe, 0x406a, 0x4192, 0x3d18, 0x3f81, 0x4375, 0x3e93],
            &[0x3c6c, 0x37f2, 0x4356, 0x4c8c, 0x28b8, 0x3c04, 0x5ba6, 0x3496],
        ),
        (
            Tensor::tanh,
            0,
            &[0x3dcc, 0xbf1b, 0x3f5c, 0x3f7e, 0xbf7f, 0x3b83, 0x3f80, 0xbf59],
            &[0x2e61, 0xb8d6, 0x3ae5, 0x3bf4, 0xbbfa, 0x1c19, 0x3c00, 0xbac9],
        ),
        (
            Tensor::gelu,
            0,
            &[0x3d5d, 0xbe2d, 0x3f96, 0x403a, 0xbad3, 0x3b03, 0x40b0, 0xbe07],
            &[0x2ae8, 0xb16c, 0x3cb2, 0x41ca, 0x9685, 0x181c, 0x4580, 0xb03a],
        ),
        (
            |x| x * x.flip(0),
            0,
            &[0xbe00, 0xc076, 0x3baa, 0xc119, 0xc119, 0x3baa, 0xc076, 0xbe00],
            &[0xb000, 0xc3b4, 0x1d53, 0xc8c9, 0xc8c9, 0x1d53, 0xc3b4, 0xb000],
        ),
        (
            |x| rows(x).softmax(-1),
            1,
            &[0x3d40, 0x3cad, 0x3e1f, 0x3f47, 0x391e, 0x3b86, 0x3f7f, 0x3a99],
            &[0x2a08, 0x256b, 0x3101, 0x3a34, 0x08e9, 0x1c2e, 0x3bf5, 0x14c5],
        ),
        (|x| rows(x).sum(-1), 0, &[0x4067, 0x3f75], &[0x4333, 0x3ba0]),
        (|x| rows(x).mean(0), 0, &[0xbfcd, 0xbeb2, 0x405a, 0x3f54], &[0xbe67, 0xb592, 0x42cd, 0x3a9a]),
        (
            |x| rows(x).layer_norm([4], None, None, 1e-5),
            1,
            &[0xbf17, 0xbf97, 0x3e95, 0x3fbd, 0xbf8b, 0xbd94, 0x3fcf, 0xbeea],
            &[0xb8b8, 0xbcb8, 0x34b7, 0x3de6, 0xbc58, 0xac9a, 0x3e75, 0xb74f],
        ),
        (
            |x| rows(x).matmul(&rows(x).transpose(0, 1)),
            1,
            &[0x412a, 0x404b, 0x404b, 0x422b],
            &[0x494d, 0x4262, 0x4262, 0x5157],
        ),
        (
            |x| grad(x, |x| (x.sigmoid() * x).sum(..)),
            4,
            &[0x3f0c, 0x3e35, 0x3f80, 0x3f8b, 0xbd9f, 0x3f00, 0x3f82, 0x3bc0],
            &[0x3866, 0x31a7, 0x3c05, 0x3c5e, 0xacf8, 0x3804, 0x3c12, 0x1e80],
        ),
    ];
    for (i, (function, apart, in_bf16, in_f16)) in cases.into_iter().enumerate() {
        for (dtype, wanted) in [(DType::BF16, in_bf16), (DType::F16, in_f16)] {
            let y = function(&numbers.cast(dtype));
            assert_eq!(y.dtype(), dtype);
            for (found, &wanted) in bits(&y).into_iter().zip(wanted) {
                // Of one sign, the bits of neighbours are neighbours.
                assert!(found.abs_diff(wanted) <= apart, "case {i} in {dtype}: {found:#06x}, PyTorch {wanted:#06x}");
            }
        }
    }
}

#[test]
fn running_statistics_keep_their_dtype_beside_those_of_a_batch() {
    // A cast to halves leaves them as they are; who makes halves of them has halves.
    for dtype in [DType::F32, DType::BF16] {
        let mut layer = module::cast(&BatchNorm1d::new(1), DType::BF16);
        for running in [&mut layer.running_mean, &mut layer.running_var].into_iter().flatten() {
            assert_eq!(running.dtype(), DType::F32);
            *running = running.cast(dtype);
        }
        let x = Tensor::from([[1.0f32], [3.0]]).cast(DType::BF16);
        let mut rng = Rng::seed(1);
        let mut mode = Mode::train(&mut rng);
        let y = layer.forward(&x, &mut mode);
        mode.store(&mut layer);
        // A tenth of a mean of 2, and 0.9 + 0.1 * 2 of the variance.
        let running = [&layer.running_mean, &layer.running_var].map(|x| x.as_ref().expect("by default").clone());
        assert!(running.iter().all(|x| x.dtype() == dtype));
        let near = |x: &Tensor, wanted: f32| (x.cast(DType::F32).to_vec::<f32>()[0] - wanted).abs() < wanted / 100.0;
        assert!(near(&running[0], 0.2) && near(&running[1], 1.1), "{running:?}");
        assert_eq!(y.cast(DType::F32).to_vec::<f32>(), [-1.0, 1.0]);
        // (2 - 0.2) / sqrt(1.1)
        assert!(near(&layer.forward(&(x * 2), &mut Mode::eval()), 1.717));
    }
}

#[test]
fn elements_go_in_and_out_as_they_are() {
    let x = Tensor::from([[bf16::from_f32(1.0), bf16::from_f32(-2.5)], [bf16::NAN, bf16::INFINITY]]);
    assert_eq!(format!("{x:?}"), "Tensor(bf16[2, 2]):\n[[ 1.  -2.5]\n [ nan  inf]]");
    assert_eq!(bits(&x.transpose(0, 1)), [0x3f80, 0x7fc0, 0xc020, 0x7f80]);
    assert_eq!(Tensor::full([2], 0.1, DType::F16).to_vec::<f16>(), [f16::from_f32(0.1); 2]);
    assert_eq!(Tensor::from(f16::from_f32(0.5)).item::<f16>().to_f32(), 0.5);
    assert_eq!(Tensor::zeros([3], DType::BF16).to_vec::<bf16>(), [bf16::ZERO; 3]);
    // Every bit pattern of both: as elements, moved, and by way of f32, f64 and back, where NaN stays NaN.
    let all: Vec<u16> = (0..=u16::MAX).collect();
    for x in [
        Tensor::from(all.iter().map(|&bits| bf16::from_bits(bits)).collect::<Vec<_>>()),
        Tensor::from(all.iter().map(|&bits| f16::from_bits(bits)).collect::<Vec<_>>()),
    ] {
        assert_eq!(bits(&x), all);
        assert_eq!(
            bits(
                &x.flip(0)
                    .reshape([256, 256])
                    .transpose(0, 1)
                    .flatten(0, 1)
                    .reshape([256, 256])
                    .transpose(0, 1)
                    .flatten(0, 1)
                    .flip(0)
            ),
            all
        );
        let is_nan = x.is_nan().to_vec::<bool>();
        for dtype in [DType::F32, DType::F64] {
            let back = x.cast(dtype).cast(x.dtype());
            assert!(bits(&back).iter().zip(&all).zip(&is_nan).all(|((back, bits), nan)| back == bits || *nan));
            assert_eq!(back.is_nan().to_vec::<bool>(), is_nan);
        }
    }
    assert_eq!(Tensor::from([300i64, -7]).cast(DType::BF16).cast(DType::I64).to_vec::<i64>(), [300, -7]);
    assert_eq!(Tensor::from([true, false]).cast(DType::F16).cast(DType::Bool).to_vec::<bool>(), [true, false]);
}

#[test]
fn a_model_served_in_half_of_the_memory_gives_nearly_the_same() {
    let mut rng = Rng::seed(4);
    let model = (Linear::new(64, 256, &mut rng), LayerNorm::new(256), Linear::new(256, 10, &mut rng));
    let x = rng.normal([5, 64], DType::F32);
    let forward = |model: &(Linear, LayerNorm, Linear), x: &Tensor| {
        model.2.forward(&model.1.forward(&model.0.forward(x)).gelu()).log_softmax(-1)
    };
    let bytes = |model: &(Linear, LayerNorm, Linear)| -> usize {
        module::tensors(model).into_iter().map(|x| x.numel() * x.dtype().size()).sum()
    };
    let wanted = forward(&model, &x);
    for dtype in [DType::BF16, DType::F16] {
        let half = module::cast(&model, dtype);
        assert_eq!(2 * bytes(&half), bytes(&model));
        let y = forward(&half, &x.cast(dtype));
        assert_eq!(y.dtype(), dtype);
        let error = (y.cast(DType::F32) - &wanted).abs().max(..).item::<f32>();
        // Logarithms of probabilities up to 4, after seven results that were rounded.
        assert!(f64::from(error) < 8.0 * dtype.epsilon().unwrap(), "{dtype}: {error}");
        assert!(error > 0.0, "f32 was not computed instead");
    }
}

#[test]
fn parameters_in_f32_are_trained_through_a_model_in_bf16() {
    let mut rng = Rng::seed(5);
    let model = (Linear::new(8, 16, &mut rng), Linear::new(16, 1, &mut rng));
    let (x, y) = (rng.normal([32, 8], DType::F32), rng.normal([32, 1], DType::F32));
    let loss = |(first, second): &(Linear, Linear), x: &Tensor| {
        (second.forward(&first.forward(x).tanh()).cast(DType::F32) - &y).square().mean(..)
    };
    let (wanted_loss, wanted) = value_and_grad(&model, |model| loss(model, &x));
    let (found_loss, found) =
        value_and_grad(&model, |model| loss(&module::cast(model, DType::BF16), &x.cast(DType::BF16)));
    assert!((found_loss.item::<f32>() - wanted_loss.item::<f32>()).abs() < 0.02 * wanted_loss.item::<f32>());
    for (found, wanted) in module::tensors(&found).into_iter().zip(module::tensors(&wanted)) {
        assert_eq!(found.dtype(), DType::F32);
        let error = (found - wanted).abs().max(..).item::<f32>();
        // bf16's last place is 2^-7: a few of them, of the largest element.
        assert!(error <= 0.04 * wanted.abs().max(..).item::<f32>(), "{error}, of {wanted}");
    }
    // A half as the variable has a half as its cotangent.
    let (y, pullback) = vjp(&x.cast(DType::BF16), |x| x.square().sum(1));
    assert_eq!(pullback.pull_once(&y.ones_like()).dtype(), DType::BF16);
}

#[test]
fn products_read_large_matrices_where_they_lie() {
    let n = 1024;
    let w = Rng::seed(6).normal([n, n], DType::F32).cast(DType::BF16);
    for rows in [1, 8, 40, 300] {
        let x = Tensor::ones([rows, n], DType::BF16);
        let before = memory::live_bytes();
        memory::trim();
        let cached = memory::cached_bytes();
        let y = x.matmul(&w.transpose(0, 1));
        assert_eq!(y.shape()[..], [rows, n]);
        // Blocks that stay in the second cache, for each thread; the matrix would be 4 MiB as f32.
        let scratch = memory::cached_bytes() - cached + memory::live_bytes() - before;
        assert!(rows > 40 || scratch < 2 << 20, "{rows} rows: {scratch} bytes");
    }
}

#[test]
fn what_is_not_finite_or_too_large_stays_what_it_is() {
    let x = Tensor::from([f16::MAX, f16::INFINITY, f16::NAN, f16::from_bits(1)]);
    assert_eq!(bits(&(&x + &x))[0], f16::INFINITY.to_bits());
    assert_eq!((&x * 1).is_finite().to_vec::<bool>(), [true, false, false, true]);
    // Two numbers whose sum f16 does not hold, and their mean, which it does.
    assert_eq!(x.narrow(0, 0, 1).expand([2]).mean(..).item::<f16>(), f16::MAX);
    assert_eq!(bits(&(x.narrow(0, 3, 1) * 3)), [3]);
    let numbers = x.nan_to_num(cotangent::ops::NanToNum::new());
    assert_eq!(numbers.to_vec::<f16>()[1..3], [f16::MAX, f16::ZERO]);
}

#[test]
fn mistakes_are_told() {
    let (x, y) = (Tensor::zeros([2], DType::BF16), Tensor::zeros([2], DType::F32));
    let mixed = message(|| &x + &y);
    assert_eq!(mixed, message(|| &Tensor::zeros([2], DType::F64) + &y).replace("f64", "bf16").replace("F64", "BF16"));
    assert_eq!(
        message(|| x.to_vec::<f32>()),
        "to_vec: the elements are bf16, not f32; got bf16[2]; ask for them as bf16, or cast first with .cast(DType::F32)"
    );
    assert_eq!(
        message(|| data::npy::to_bytes(&x)),
        "npy: NumPy has no bf16; got bf16[2]; write it as f32, .cast(DType::F32)"
    );
    assert_eq!(
        message(|| Rng::seed(0).normal([2], DType::BF16)),
        "normal: draws f32 and f64, not bf16; draw f32 and .cast(DType::BF16)"
    );
    let mut model = module::cast(&Linear::new(2, 1, &mut Rng::seed(0)), DType::BF16);
    let gradient = model.clone();
    assert_eq!(
        message(|| Sgd::new(0.1).step(&mut model, &gradient)),
        "sgd: halves are too coarse for small steps; got bf16[1, 2]; keep the parameters in f32, and cast the model in the loss, with \
         module::cast(model, DType::BF16)"
    );
}

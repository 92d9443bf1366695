//! Memory stays flat: what a step of training took, the next one has again. The counts are the process's own, so that
//! all of this is one test.

use cotangent::{
    Rng,
    memory::{cached_bytes, live_bytes, trim},
    prelude::*,
};

/// A small network of plain tensors.
#[derive(Module, Clone)]
struct Mlp {
    w: [Tensor; 2],
    b: [Tensor; 2],
}

impl Mlp {
    fn new(rng: &mut Rng) -> Self {
        let w = [rng.normal([3, 4], DType::F32) * 0.5, rng.normal([4, 2], DType::F32) * 0.5];
        Mlp { w, b: [Tensor::zeros([4], DType::F32), Tensor::zeros([2], DType::F32)] }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        (x.matmul(&self.w[0]) + &self.b[0]).relu().matmul(&self.w[1]) + &self.b[1]
    }

    /// The cross entropy of the labels, one-hot.
    fn loss(&self, x: &Tensor, y: &Tensor) -> Tensor {
        -(self.forward(x).log_softmax(-1) * y).sum(..) / 5
    }
}

/// Runs a step this many times and asserts that no byte is left over after any of them, the first few apart: a first
/// step replaces numbers that were stored once for a whole tensor by a tensor's own.
#[track_caller]
fn assert_flat(what: &str, steps: usize, mut step: impl FnMut()) {
    (0..3).for_each(|_| step());
    let before = live_bytes();
    for i in 0..steps {
        step();
        assert_eq!(live_bytes(), before, "{what}: after step {i}");
    }
}

/// Row 33. A loop must hold as much at its end as at its beginning, whether it learns or only computes.
#[test]
fn loops_hold_no_more_at_their_end_than_at_their_beginning() {
    let before = live_bytes();
    {
        let mut rng = Rng::seed(5);
        let (x, mut model) = (rng.normal([5, 3], DType::F32), Mlp::new(&mut rng));
        let y = Tensor::from([[1.0f32, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]);
        let first = model.loss(&x, &y).item::<f32>();
        assert_flat("training", 10_000, || {
            let (_, gradient) = value_and_grad(&model, |model| model.loss(&x, &y));
            let weights = model.w.iter_mut().chain(&mut model.b);
            weights.zip(gradient.w.into_iter().chain(gradient.b)).for_each(|(w, w_bar)| *w -= w_bar * 0.05);
        });
        assert!(model.loss(&x, &y).item::<f32>() < first, "the network learns");

        assert_flat("training in place", 1000, || {
            let gradient = grad(&model, |model| model.loss(&x, &y));
            cotangent::module::zip_mut(&mut model, &gradient, |leaf, w_bar| {
                let w_bar = w_bar.to_vec::<f32>();
                leaf.tensor
                    .with_mut(|w: &mut [f32]| w.iter_mut().zip(&w_bar).for_each(|(w, w_bar)| *w -= 0.01 * w_bar));
            });
        });
        assert_flat("forward only", 10_000, || drop(model.loss(&x, &y)));
        // A running total, which a framework that records outside a transform would grow without end.
        let mut total = Tensor::from(0.0f32);
        assert_flat("a running total", 10_000, || total += model.loss(&x, &y).stop_gradient());

        assert_flat("second derivatives", 300, || drop(hvp(&model, &model, |model| model.loss(&x, &y))));
        assert_flat("a pullback that is dropped", 300, || drop(vjp(&model, |model| model.forward(&x))));
        assert_flat("a checkpointed segment", 300, || {
            let argument = (model.clone(), x.clone());
            drop(grad(&argument, |argument| checkpoint(argument, |(model, x)| model.forward(x)).square().sum(..)));
        });
        let mut escaped = None;
        assert_flat("a tensor that escapes", 300, || {
            drop(grad(&model, |model| {
                let loss = model.loss(&x, &y);
                escaped = Some(loss.clone());
                loss
            }));
        });
        assert_flat("a transform that a panic ends", 30, || {
            let interrupted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                grad(&model, |model| {
                    let y = model.forward(&x);
                    // Not one number: refused, after all has been recorded.
                    (&y + model.forward(&x)).exp()
                })
            }));
            assert!(interrupted.is_err());
        });
    }
    assert_eq!(live_bytes(), before, "all is given back");

    // Products of halves widen one of their matrices, here as large as 32 MiB if it were done for all at once, and keep that for reuse.
    let (a, b) = (Tensor::ones([8192, 1, 128], DType::BF16), Tensor::ones([8192, 128, 4], DType::BF16));
    trim();
    let before = cached_bytes();
    assert!(a.matmul(&b).to_vec::<cotangent::bf16>().iter().all(|sum| sum.to_f32() == 128.0));
    let kept = cached_bytes() - before;
    assert!(kept < 4 << 20, "{kept} bytes");

    // A variable that outlives a transform which a panic ended: its tape must not go on recording.
    let mut kept = None;
    let interrupted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        grad(&Tensor::from(1.0), |x| {
            kept = Some(x.clone());
            x.reshape([2])
        })
    }));
    assert!(interrupted.is_err());
    let mut y = kept.expect("the function ran");
    assert_flat("a variable whose transform is over", 1000, || y = &y * 1);
    // And one of forward mode.
    let _ = jvp(&Tensor::from(1.0), &Tensor::from(1.0), |x| {
        y = x.clone();
        x.clone()
    });
    assert_flat("a dual whose transform is over", 1000, || y = &y * 1);
}

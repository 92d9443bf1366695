//! Which line a panic names: that of the call, also where a mistake is found while a model is walked through, in a loop over layers, or by a
//! function that a transform runs. What each says is asserted where its subject is tested.

use cotangent::{
    check, grad, hvp, jvp,
    nn::{
        Attend, BatchNorm1d, Conv2d, Dropout, Gru, MultiHeadAttention, TransformerEncoder, TransformerOptions,
        accuracy,
        data::{Weighted, augment},
        loss::{BceWithLogits, CrossEntropy},
        optim::{Accumulator, Ema, Lbfgs, clip_grad_value},
        training::Trainer,
    },
    prelude::*,
    vjp,
};

/// Makes every mistake, and fails with those whose panic names another file than this one.
macro_rules! assert_places {
    ($($mistake:expr),* $(,)?) => {{
        let mut wrong = Vec::new();
        $(match crate::panic_of(|| { let _ = $mistake; }) {
            None => wrong.push(concat!(stringify!($mistake), " is no mistake").to_owned()),
            Some(panic) if panic.file != file!() => {
                wrong.push(format!("{} shows {}: {}", stringify!($mistake), panic.file, panic.message));
            }
            Some(_) => {}
        })*
        assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    }};
}

fn rng() -> Rng {
    Rng::seed(7)
}

fn ones(shape: &[usize]) -> Tensor {
    Tensor::ones(shape, DType::F32)
}

#[test]
fn of_layers() {
    let rng = &mut rng();
    let conv = Conv2d::new(3, 8, 3, rng);
    let attention = MultiHeadAttention::new(8, 2, rng);
    let options = TransformerOptions::new(8, 2);
    let encoder = TransformerEncoder::new(options, 2, rng);
    let gru = Gru::new(4, 8, rng);
    let layers = vec![Linear::new(4, 3, rng), Linear::new(2, 3, rng)];
    let x = ones(&[2, 5, 8]);
    let wrong_mask = ones(&[3, 3]);
    assert_places![
        Linear::new(4, 3, rng).forward(&ones(&[2, 5])),
        Linear::new(4, 3, rng).forward(&ones(&[2, 4]).cast(DType::F64)),
        conv.forward(&ones(&[2, 4, 8, 8])),
        conv.clone().groups(2),
        BatchNorm1d::new(4).forward(&ones(&[2, 5]), &mut Mode::eval()),
        Dropout::new(0.5).forward(&ones(&[2]).cast(DType::I64), &mut Mode::train(rng)),
        Dropout::new(1.5),
        attention.forward_with(&x, &x, &x, Attend::new().mask(&wrong_mask), &mut Mode::eval()),
        encoder.forward(&ones(&[2, 5, 7]), &mut Mode::eval()),
        gru.forward(&ones(&[5, 2, 3])),
        gru.forward_padded(&ones(&[5, 2, 4]), &[5, 6], None, &mut Mode::eval()),
        layers.call(&ones(&[1, 4]), &mut Mode::eval()),
        Some(Linear::new(4, 3, rng)).call(&ones(&[1, 5]), &mut Mode::eval()),
        (Linear::new(4, 3, rng), Linear::new(2, 3, rng)).call(&ones(&[1, 4]), &mut Mode::eval()),
    ];
}

#[test]
fn of_losses_and_metrics() {
    let logits = ones(&[2, 3]);
    let labels = Tensor::from([0i64, 3]);
    assert_places![
        CrossEntropy::new().label_smoothing(0.1).of(&logits, &labels),
        CrossEntropy::new().weight(ones(&[3])).of(&logits, &labels),
        BceWithLogits::new().of(&logits, &ones(&[2])),
        accuracy(&logits, &labels),
        accuracy(&logits, &Tensor::from([0i64])),
    ];
}

#[test]
fn of_optimizers() {
    let model = || (ones(&[2]), ones(&[3]));
    let (mut x, longer) = (model(), (ones(&[2]), ones(&[4])));
    let half = || ones(&[2]).cast(DType::BF16);
    let stepped = |gradient: &(Tensor, Tensor)| {
        let mut adam = Adam::new(0.1);
        adam.step(&mut model(), gradient);
        adam
    };
    let mut accumulator = Accumulator::new();
    accumulator.add(model());
    let mut ema = Ema::new(&model(), 0.9);
    let mut ema_of_halves = Ema::new(&half(), 0.9);
    assert_places![
        Adam::new(-1.0),
        Adam::new(0.1).step(&mut x, &longer),
        stepped(&model()).step(&mut longer.clone(), &longer),
        Adam::new(0.1).step(&mut half(), &half()),
        Sgd::new(0.1).nesterov(true).step(&mut x, &model()),
        Sgd::new(0.1).group(|path| path == "0", |sgd| sgd.nesterov(true)).step(&mut x, &model()),
        Sgd::new(0.1).freeze(|path| path == "2").step(&mut x, &model()),
        Sgd::new(0.1).group(|_| true, |sgd| sgd.freeze(|_| true)),
        Adam::new(0.1).step(&mut vec![ones(&[2])], &vec![]),
        grad(&ones(&[2]), |x| {
            Sgd::new(0.1).step(&mut x.clone(), &ones(&[2]));
            x.sum(..)
        }),
        accumulator.add(longer.clone()),
        ema.update(&longer),
        ema_of_halves.update(&(half() * 2)),
        Lbfgs::new(0.1).step(&mut x, |_| (ones(&[]), longer.clone())),
        Lbfgs::new(0.1).step(&mut half(), |x| (ones(&[]), x.clone())),
        clip_grad_value(&mut x, -1.0),
    ];
}

#[test]
fn of_transforms() {
    let (x, pair) = (ones(&[2]), (ones(&[2]), ones(&[2])));
    let (_, pullback) = vjp(&pair, |(a, b)| (a * b, a + b));
    assert_places![
        grad(&x, |x| x * 2),
        hvp(&x, &x, |x| x * 2),
        hvp(&x, &ones(&[3]), |x| x.sum(..)),
        cotangent::hessian(&x, |x| x * 2),
        jvp(&pair, &(ones(&[2]), ones(&[3])), |(a, _)| a.clone()),
        pullback.pull(&(ones(&[2]), ones(&[3]))),
        pullback.pull(&ones(&[2])),
        cotangent::watch::gradient(&x, &x, |x, _| x * 2),
        check::gradients(|x: &Tensor| x.sum(..)).at(&Tensor::from([1i64])).assert_pass(),
    ];
}

#[test]
fn of_data_and_training() {
    let (x, labels) = (ones(&[4, 2]), Tensor::from([0i64, 1, 0, 1]));
    let loader = Loader::new(&x, &labels, 2).unwrap();
    let images = ones(&[2, 1, 4, 4]);
    assert_places![
        loader.epoch_by(&Weighted::new(vec![1.0]).unwrap(), &mut rng()),
        Weighted::balanced(&x),
        augment::random_crop(&images, [9, 9], 0, &mut rng()),
        augment::normalise(&images, [0.5, 0.5], [1.0, 1.0]),
        augment::normalise(&images, [0.5], [0.0]),
        Trainer::<Linear, cotangent::nn::data::Batch>::new(1).measure("", |_| 0.0),
    ];
}

//! What dropout leaves out, in which mode.

use crate::misuse::message;
use cotangent_autograd::{checkpoint, grad, vjp};
use cotangent_nn::{AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, Layer, Mode};
use cotangent_tensor::{DType, Rng, Tensor};

/// All of them, each with the axes that it takes behind the channels.
fn all() -> [(Box<dyn Layer>, &'static [usize]); 5] {
    [
        (Box::new(Dropout::new(0.3)), &[]),
        (Box::new(Dropout1d::new(0.3)), &[1]),
        (Box::new(Dropout2d::new(0.3)), &[1, 1]),
        (Box::new(Dropout3d::new(0.3)), &[1, 1, 1]),
        (Box::new(AlphaDropout::new(0.3)), &[]),
    ]
}

#[test]
fn in_evaluation_nothing_is_done_and_nothing_drawn() {
    for (layer, axes) in all() {
        let x = Rng::seed(1).normal([&[2, 3], axes].concat(), DType::F64);
        assert_eq!(layer.call(&x, &mut Mode::eval()).to_vec::<f64>(), x.to_vec::<f64>(), "{layer:?}");
    }
}

#[test]
fn in_training_the_share_p_is_left_out() {
    let n = 20_000;
    for (layer, axes) in all() {
        let x = Tensor::ones([&[n, 1], axes].concat(), DType::F64);
        let y = layer.call(&x, &mut Mode::train(&mut Rng::seed(1))).to_vec::<f64>();
        let left_out = y.iter().filter(|&&y| y <= 0.0).count() as f64 / n as f64;
        // The deviation of a share of 0.3 is √(0.3 · 0.7 / n) = 0.0032.
        assert!((left_out - 0.3).abs() < 0.013, "{layer:?} leaves out {left_out}");
    }
}

#[test]
fn whole_channels_are_left_out_and_the_cotangent_with_them() {
    let x = Tensor::ones([50, 4, 3, 2], DType::F64);
    let (layer, mut rng) = (Dropout2d::new(0.5), Rng::seed(1));
    let (y, pullback) = vjp(&x, |x| layer.forward(x, &mut Mode::train(&mut rng)));
    let y = y.to_vec::<f64>();
    assert!(y.chunks(6).all(|channel| channel == [0.0; 6] || channel == [2.0; 6]));
    assert_eq!(pullback.pull(&x).to_vec::<f64>(), y);
}

#[test]
fn one_signal_or_volume_is_a_batch_of_one_and_three_axes_are_no_image() {
    let rng = &mut Rng::seed(1);
    let y = Dropout1d::new(0.5).forward(&Tensor::ones([50, 3], DType::F32), &mut Mode::train(rng)).to_vec::<f32>();
    assert!(y.chunks(3).all(|channel| channel == [0.0; 3] || channel == [2.0; 3]));
    let y = Dropout3d::new(0.5).forward(&Tensor::ones([50, 3, 1, 1], DType::F32), &mut Mode::train(rng));
    assert!(y.to_vec::<f32>().chunks(3).all(|channel| channel == [0.0; 3] || channel == [2.0; 3]));
    assert_eq!(
        message(|| Dropout2d::new(0.5).forward(&Tensor::ones([5, 3, 4], DType::F32), &mut Mode::eval())),
        "dropout2d: x must be [n, c, h, w]; got f32[5, 3, 4]"
    );
}

#[test]
fn each_layer_draws_anew_and_the_seed_decides() {
    let x = Tensor::ones([100], DType::F32);
    let (one, other) = (Dropout::new(0.5), Dropout::new(0.5));
    let draw = |seed| {
        let mut rng = Rng::seed(seed);
        let mut mode = Mode::train(&mut rng);
        [&one, &other].map(|layer| layer.forward(&x, &mut mode).to_vec::<f32>())
    };
    let [first, second] = draw(1);
    assert_ne!(first, second);
    assert_eq!(draw(1), [first.clone(), second]);
    assert_ne!(draw(2)[0], first);
}

#[test]
fn a_checkpointed_segment_draws_one_mask() {
    let (x, layer, rng) = (Rng::seed(1).normal([100], DType::F64), Dropout::new(0.5), Rng::seed(2));
    let loss = move |x: &Tensor| layer.forward(x, &mut Mode::train(&mut rng.clone())).square().sum(..);
    let direct = grad(&x, &loss).to_vec::<f64>();
    assert!(direct.contains(&0.0));
    assert_eq!(grad(&x, |x| checkpoint(x, loss)).to_vec::<f64>(), direct);
}

//! What is generic over models: data, container, training.

use crate::cases;
use cotangent::{Rng, module, nn::data::Loader, prelude::*};
use downstream::{Ensemble, Forecast, Perceptron, Windows, fit, rprop};
use proptest::{collection::vec, prelude::*};

/// Windows of a wave.
fn wave(width: usize) -> Windows {
    let series: Vec<f32> = (0..40).map(|t| (t as f32 * 0.7).sin()).collect();
    Windows::new(Tensor::from(series), width).expect("a series that is longer than a window")
}

fn two(seed: u64) -> Ensemble<Perceptron> {
    let (windows, mut rng) = (wave(3), Rng::seed(seed));
    let mut ensemble = Ensemble::default();
    for name in ["late", "early"] {
        ensemble.add(name, Perceptron::suited_to(&windows, 4, &mut rng));
    }
    ensemble
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_batch_has_each_window_with_what_follows_it(
        series in vec(-1e3..1e3f32, 2..20),
        width in 1usize..20,
        size in 1usize..5,
    ) {
        prop_assume!(width < series.len());
        let windows = Windows::new(Tensor::from(series.clone()), width).expect("it is longer than a window");
        let mut seen = 0;
        for batch in &Loader::over(windows, size).expect("there are windows") {
            for i in 0..batch.len() {
                let x = batch.x.narrow(0, i, 1).to_vec::<f32>();
                prop_assert_eq!(&x[..], &series[seen..seen + width]);
                prop_assert_eq!(batch.y.narrow(0, i, 1).item::<f32>(), series[seen + width]);
                seen += 1;
            }
        }
        prop_assert_eq!(seen, series.len() - width);
    }

    #[test]
    fn a_series_that_is_too_short_is_refused(len in 0usize..5, width in 0usize..9) {
        let result = Windows::new(Tensor::zeros([len], DType::F32), width);
        prop_assert_eq!(result.is_ok(), 0 < width && width < len);
    }
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn threads_of_an_ensemble_change_nothing(seed: u64) {
        let windows = Loader::over(wave(3), 8).expect("there are windows");
        let (mut together, mut alone) = (two(seed), ["late", "early"].map(|name| two(seed).get(name).cloned()));
        let fits = together.fit(&windows, || Box::new(Adam::new(0.01)), 3, &mut Rng::seed(seed));
        let mut rng = Rng::seed(seed);
        let streams = [rng.split(), rng.split()];
        for (((model, mut rng), name), fitted) in alone.iter_mut().zip(streams).zip(["late", "early"]).zip(fits) {
            let model = model.as_mut().expect("a member");
            let by_itself = fit(model, &windows, &mut Adam::new(0.01), 3, &mut rng);
            prop_assert_eq!(fitted.losses.to_vec::<f64>(), by_itself.losses.to_vec::<f64>());
            let weight = |model: &Perceptron| model.hidden.weight.to_vec::<f32>();
            prop_assert_eq!(together.get(name).map(weight), Some(weight(model)));
        }
    }
}

#[test]
fn the_best_model_is_that_of_the_lowest_loss() {
    let windows = Loader::over(wave(3), 37).expect("there are windows");
    let mut model = Perceptron::suited_to(windows.dataset(), 4, &mut Rng::seed(2));
    let fitted = fit(&mut model, &windows, &mut rprop(0.01), 30, &mut Rng::seed(3));
    let losses = fitted.losses.to_vec::<f64>();
    let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(lowest < 0.2 * losses[0], "{losses:?}");
    // All windows are one batch, so that the loss of an epoch is that of the model before its step.
    let all = windows.into_iter().next().expect("one batch");
    let of_best = fitted.best.forecast(&all.x).mse_loss(&all.y).item::<f32>();
    // The windows come in another order than in training, which the mean rounds differently.
    assert!((f64::from(of_best) - lowest).abs() <= 1e-5 * lowest, "{of_best} is not {lowest}");
}

#[test]
fn a_container_of_ones_own_is_a_module() {
    let ensemble = two(1);
    let names: Vec<String> = module::named_tensors(&ensemble).into_iter().map(|(name, _)| name).collect();
    // In the order in which they were added, not that of the alphabet.
    assert_eq!((names.len(), &*names[2], &*names[9]), (14, "late.hidden.weight", "early.hidden.weight"));

    // A gradient has the container's own type, and one optimizer can hold a member still.
    let past = Tensor::from([[0.1f32, 0.2, 0.3]]);
    let gradient = grad(&ensemble, |ensemble| ensemble.forecast(&past).sum(..));
    let mut moved = ensemble.clone();
    Sgd::new(0.1).freeze(|path| path.starts_with("late.")).step(&mut moved, &gradient);
    let bias = |ensemble: &Ensemble<Perceptron>, name| {
        ensemble.get(name).map(|m| m.output.bias.clone().map(|b| b.to_vec::<f32>()))
    };
    assert_eq!(bias(&moved, "late"), bias(&ensemble, "late"));
    assert_ne!(bias(&moved, "early"), bias(&ensemble, "early"));
}

#[test]
fn an_ensemble_without_members_knows_nothing() {
    let nobody = Ensemble::<Perceptron>::default();
    assert!(nobody.forecast(&Tensor::zeros([2, 3], DType::F32)).to_vec::<f32>().iter().all(|y| y.is_nan()));
}

#[test]
#[should_panic(expected = "there is a model \"late\" already")]
fn names_are_unique() {
    let mut ensemble = two(1);
    let twin = ensemble.get("late").cloned().expect("a member");
    ensemble.add("late", twin);
}

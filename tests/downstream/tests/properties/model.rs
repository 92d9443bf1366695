//! The layer and the model: derivatives as a whole, and the same as a layer among others.

use crate::cases;
use cotangent::{
    Rng,
    check::{
        self,
        strategies::{Elements, tensor},
    },
    module,
    nn::{Layer, files::NamedTensors},
    prelude::*,
};
use downstream::{Bend, Forecast, Perceptron};
use proptest::prelude::*;

/// In f64, which differences need.
fn perceptron(seed: u64, width: usize) -> Perceptron {
    module::cast(&Perceptron::new(width, 4, &mut Rng::seed(seed)), DType::F64)
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn every_parameter_has_the_right_derivative(
        seed: u64,
        past in tensor(2..=2, 1..=3, Elements::Between(-1.0, 1.0)),
    ) {
        let model = perceptron(seed, past.size(1));
        let loss = |(model, past): &(Perceptron, Tensor)| model.forecast(past).square().mean(..);
        check::gradients(loss).at(&(model, past)).assert_pass();
    }

    #[test]
    fn a_sequence_of_layers_does_what_the_model_does(
        seed: u64,
        past in tensor(2..=2, 1..=4, Elements::Between(-1.0, 1.0)),
    ) {
        let model = perceptron(seed, past.size(1));
        let Perceptron { hidden, bend, output, .. } = model.clone();
        let layers = (hidden, bend, output);
        let y = layers.call(&past, &mut Mode::eval()).squeeze(-1);
        // A mean of 0 and a deviation of 1 change no bit.
        prop_assert_eq!(y.to_vec::<f64>(), model.forecast(&past).to_vec::<f64>());
    }

    #[test]
    fn what_is_saved_comes_back(seed: u64, other: u64) {
        let (model, mut loaded) = (perceptron(seed, 3), perceptron(other, 3));
        let bytes = NamedTensors::of(&model).to_bytes().expect("names and sizes of a small model");
        NamedTensors::from_bytes(&bytes).and_then(|file| file.load_into(&mut loaded)).expect("what was just written");
        let numbers = |model| module::tensors(model).into_iter().map(Tensor::to_vec::<f64>).collect::<Vec<_>>();
        prop_assert_eq!(numbers(&loaded), numbers(&model));
    }
}

#[test]
fn paths_are_those_of_the_fields() {
    let model = perceptron(1, 3);
    let names: Vec<String> = module::named_tensors(&model).into_iter().map(|(name, _)| name).collect();
    let expected =
        ["scale.0", "scale.1", "hidden.weight", "hidden.bias", "bend.coefficients", "output.weight", "output.bias"];
    assert_eq!(names, expected);
}

#[test]
#[should_panic(expected = "bend: the degree is at least 2; got 1")]
fn a_line_is_not_bent() {
    let _ = Bend::new(1);
}

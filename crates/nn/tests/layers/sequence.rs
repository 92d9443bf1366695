//! Layers one after another.

use crate::misuse::message;
use cotangent_autograd::module;
use cotangent_nn::{Dropout, Layer, Linear, Mode, Relu, Sequential};
use cotangent_tensor::{DType, Rng, Tensor};

fn model(rng: &mut Rng) -> Sequential {
    Sequential::new().push(Linear::new(3, 4, rng)).push_fn(Tensor::relu).push(Linear::new(4, 2, rng))
}

fn names(model: &impl cotangent_autograd::Module) -> Vec<String> {
    module::named_tensors(model).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn tensors_are_named_by_the_layers_place() {
    let mut rng = Rng::seed(1);
    assert_eq!(names(&model(&mut rng)), ["0.weight", "0.bias", "2.weight", "2.bias"]);
    let tuple = (Linear::new(3, 4, &mut rng), Relu, Linear::new(4, 2, &mut rng).without_bias());
    assert_eq!(names(&tuple), ["0.weight", "0.bias", "2.weight"]);
    let nested = Sequential::new().push(Relu).push(model(&mut rng));
    assert_eq!(names(&nested)[0], "1.0.weight");
}

#[test]
fn a_sequence_a_tuple_and_a_list_of_the_same_layers_agree() {
    let (mut rng, mut eval) = (Rng::seed(1), Mode::eval());
    let (first, last) = (Linear::new(3, 3, &mut rng), Linear::new(3, 3, &mut rng));
    let x = rng.normal([5, 3], DType::F32);
    let by_hand = last.forward(&first.forward(&x)).to_vec::<f32>();
    let sequential = Sequential::new().push(first.clone()).push(last.clone());
    assert_eq!(sequential.forward(&x).to_vec::<f32>(), by_hand);
    let boxes: (Box<dyn Layer>, Option<Linear>, Option<Linear>) = (Box::new(first.clone()), None, Some(last.clone()));
    assert_eq!(boxes.call(&x, &mut eval).to_vec::<f32>(), by_hand);
    assert_eq!(vec![first.clone(), last.clone()].call(&x, &mut eval).to_vec::<f32>(), by_hand);
    assert_eq!(Sequential::new().forward(&x).to_vec::<f32>(), x.to_vec::<f32>());
    let function: fn(&Tensor) -> Tensor = Tensor::relu;
    assert_eq!((first.clone(), function).call(&x, &mut eval).to_vec::<f32>(), first.forward(&x).relu().to_vec::<f32>());
}

#[test]
fn a_tuple_of_twelve_calls_each() {
    let add = |n: i32| -> Sequential { Sequential::new().push_fn(move |x: &Tensor| x * 2 + n) };
    let twelve = (add(1), add(0), add(1), add(0), add(1), add(0), add(1), add(0), add(1), add(0), add(1), add(0));
    // In binary 101010101010.
    assert_eq!(twelve.call(&Tensor::from(0.0), &mut Mode::eval()).item::<f64>(), f64::from(0b1010_1010_1010));
}

#[test]
fn a_clone_has_weights_of_its_own() {
    let model = model(&mut Rng::seed(1));
    let mut other = model.clone();
    module::for_each_mut(&mut other, |leaf| *leaf.tensor = leaf.tensor.zeros_like());
    let x = Tensor::ones([3], DType::F32);
    assert_eq!(other.forward(&x).to_vec::<f32>(), [0.0; 2]);
    assert_ne!(model.forward(&x).to_vec::<f32>(), [0.0; 2]);
}

#[test]
fn a_sequence_prints_the_names_of_its_layers() {
    let model = model(&mut Rng::seed(1)).push(Dropout::new(0.1));
    assert_eq!(format!("{model:?}"), "Sequential { layers: [Linear, Function, Linear, Dropout] }");
}

#[test]
fn without_a_mode_a_dropout_is_not_passed_over() {
    let (mut rng, x) = (Rng::seed(1), Tensor::ones([3], DType::F32));
    let model = model(&mut rng).push(Dropout::new(0.5));
    assert_eq!(
        message(|| model.forward(&x)),
        "mode: this model has a layer that does not do the same in training as in evaluation, such as a dropout; call it \
         with Mode::train(&mut rng) or Mode::eval()"
    );
    let y = model.call(&x, &mut Mode::eval());
    let trained: Vec<f32> = model.call(&x, &mut Mode::train(&mut rng)).to_vec();
    assert!(y.to_vec::<f32>().iter().zip(trained).all(|(&y, trained)| trained == 0.0 || trained == 2.0 * y));
}

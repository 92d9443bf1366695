//! Holds the rules of operations that are affine in their floating-point inputs to each other and to the operation
//! itself.

use crate::{Cotangent, Cotangents, DType, Derivative, Few, Primitive, Saved, Tensor, apply};

/// Small integers, which f64 adds and multiplies exactly; they differ from place to place.
fn integers(shape: &[usize], seed: usize) -> Tensor {
    let numel: usize = shape.iter().product();
    Tensor::from_vec((0..numel).map(|i| ((i * 7 + seed * 5) % 11) as f64 - 5.0).collect(), shape).unwrap()
}

fn plus(x: &Tensor, x_dot: &Tensor) -> Tensor {
    let sums = x.to_vec::<f64>().iter().zip(x_dot.to_vec::<f64>()).map(|(x, x_dot)| x + x_dot).collect();
    Tensor::from_vec(sums, x.shape()).unwrap()
}

fn dot(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.shape(), b.shape());
    a.to_vec::<f64>().iter().zip(b.to_vec::<f64>()).map(|(a, b)| a * b).sum()
}

/// Checks, exactly, `J v = f(x + v) - f(x)` and `<J v, w> = <v, Jᵀ w>`: for all floating-point inputs together, where
/// only the others are constants, and for each alone.
pub(in crate::ops) fn assert_adjoint(primitive: &dyn Primitive, inputs: &[&Tensor]) {
    let floats: Vec<usize> = (0..inputs.len()).filter(|&i| inputs[i].dtype() == DType::F64).collect();
    assert!(!floats.is_empty());
    let groups = floats.iter().map(|&i| vec![i]).chain([floats.clone()]);
    for group in groups {
        let needs: Vec<bool> = (0..inputs.len()).map(|i| group.contains(&i)).collect();
        check(primitive, inputs, &needs);
    }
}

fn check(primitive: &dyn Primitive, inputs: &[&Tensor], needs: &[bool]) {
    let Derivative::Vjp(rule) = primitive.derivative() else { panic!("{}: has no vjp", primitive.name()) };
    let outputs: Vec<Tensor> = apply(primitive, inputs).into_iter().collect();
    let tangents: Vec<Option<Tensor>> =
        needs.iter().zip(inputs).enumerate().map(|(i, (&need, x))| need.then(|| integers(x.shape(), i + 1))).collect();

    let borrowed: Vec<Option<&Tensor>> = tangents.iter().map(Option::as_ref).collect();
    let y_dot = rule.jvp(inputs, &borrowed, &outputs).expect("a linear operation has a jvp").into_single();
    let y_dot = y_dot.expect("a tangent, as an input has one");
    let moved: Vec<Tensor> = inputs
        .iter()
        .zip(&tangents)
        .map(|(x, x_dot)| x_dot.as_ref().map_or((*x).clone(), |x_dot| plus(x, x_dot)))
        .collect();
    let moved = apply(primitive, &moved.iter().collect::<Vec<_>>()).into_single();
    assert_eq!(moved.to_vec::<f64>(), plus(&outputs[0], &y_dot).to_vec::<f64>(), "{}: jvp", primitive.name());

    let y_bar = integers(outputs[0].shape(), 9);
    let saved = Saved::new(rule.keep(needs), inputs, &outputs);
    let x_bars = rule.vjp(&saved, Cotangents::new(Few::one(Cotangent::Given(y_bar.clone()))), needs);
    assert_eq!(x_bars.len(), inputs.len(), "{}: a cotangent or none for each input", primitive.name());
    let pulled: f64 = (0..inputs.len())
        .filter(|&i| needs[i])
        .map(|i| {
            let x_bar =
                x_bars[i].as_ref().unwrap_or_else(|| panic!("{}: input {i} needs a cotangent", primitive.name()));
            assert_eq!(x_bar.shape(), inputs[i].shape(), "{}: cotangent {i}", primitive.name());
            dot(tangents[i].as_ref().unwrap(), x_bar)
        })
        .sum();
    assert_eq!(dot(&y_dot, &y_bar), pulled, "{}: <J v, w> = <v, Jᵀ w>", primitive.name());

    let none: Vec<Option<&Tensor>> = vec![None; inputs.len()];
    let zero = rule.jvp(inputs, &none, &outputs).unwrap().into_single();
    assert!(zero.is_none(), "{}: the tangent without tangents is zero", primitive.name());
}

//! What holds between the inputs of an operation, and between its outputs: sharing, broadcasting, leaving out.

use super::{
    Held,
    calls::Case,
    compare::{ROUNDED, largest, same},
};
use crate::{
    check::{layout::contiguous, unwound},
    transform::{jvp, vjp},
};
use cotangent_tensor::{Shape, Tensor};

/// op(x, x): for each pair of inputs that can stand for each other.
pub(super) fn aliasing(case: &Case<'_>) -> Held {
    let mut compared = 0;
    let variables = case.variables();
    for (position, &i) in variables.iter().enumerate() {
        for &j in &variables[position + 1..] {
            let interchangeable = case.is_drawn
                && case.inputs[i].shape() == case.inputs[j].shape()
                && case.operation.range_of(i) == case.operation.range_of(j);
            if interchangeable {
                aliased(case, i, j).map_err(|text| format!("{text}; input {i} is also input {j}"))?;
                compared += 1;
            }
        }
    }
    Ok(compared)
}

fn aliased(case: &Case<'_>, i: usize, j: usize) -> Result<(), String> {
    let mut rng = case.rng(7);
    let mut separate = case.inputs.clone();
    // In memory of its own.
    separate[j] = copy(&separate[i]);
    let outputs = case.outputs(&separate)?;
    let y_bars = case.cotangents(&outputs, &mut rng);
    let apart = case.pull(&separate, &y_bars)?;
    // Only the shared input moves.
    let x_dot = case.tangents(&separate, &mut rng).swap_remove(i);
    let at_rest = |k: usize| if k == i || k == j { x_dot.clone() } else { separate[k].zeros_like() };
    let y_dots = case.push(&separate, &(0..separate.len()).map(at_rest).collect::<Vec<_>>())?.derived;

    let shared = |x: &Tensor| {
        let mut inputs = case.inputs.clone();
        (inputs[i], inputs[j]) = (x.clone(), x.clone());
        case.operation.call(&inputs)
    };
    let x = &case.inputs[i];
    let (found, x_bar, y_dot) = unwound(|| {
        let plain = shared(x);
        let floats = |y: Vec<Tensor>| y.into_iter().filter(|y| y.dtype().is_float()).collect::<Vec<_>>();
        let (_, pullback) = vjp(x, |x| floats(shared(x)));
        let y_bars: Vec<Tensor> = y_bars.iter().flatten().cloned().collect();
        (plain, pullback.pull_once(&y_bars), jvp(x, &x_dot, shared).1)
    })
    .map_err(|text| format!("panicked: {text}"))?;
    let whole = largest(&outputs).max(1.0);
    same(("the value", "output"), &found, &outputs, ROUNDED, whole)?;
    let sum = &apart.derived[i] + &apart.derived[j];
    same(("the vjp", "shared input"), &[x_bar], &[sum], ROUNDED, whole)?;
    same(("the jvp", "output"), &y_dot, &y_dots, ROUNDED, whole)
}

/// The same elements in other memory.
fn copy(x: &Tensor) -> Tensor {
    Tensor::from_vec(x.to_vec::<f64>(), x.shape()).expect("as many elements as before")
}

/// NumPy's broadcasting, of operations that do it: the values say whether one does, or the operation itself.
pub(super) fn broadcasting(case: &Case<'_>) -> Held {
    let variables = case.variables();
    let outputs = case.outputs(&case.inputs)?;
    let shapes = variables.iter().map(|&i| Some(case.inputs[i].shape().clone()));
    let whole = shapes.reduce(|a, b| Shape::broadcast(&a?, &b?)).flatten();
    let Some(shape) = whole.filter(|shape| outputs.len() == 1 && outputs[0].shape() == shape) else {
        return if case.operation.broadcasts && variables.len() > 1 {
            Err("the output has not the shape that the inputs broadcast to".to_owned().into())
        } else {
            Ok(0)
        };
    };
    if variables.iter().all(|&i| *case.inputs[i].shape() == shape) {
        return Ok(0);
    }
    let expanded = |x: &[Tensor]| -> Vec<Tensor> {
        (0..x.len()).map(|i| if variables.contains(&i) { x[i].expand(&shape) } else { x[i].clone() }).collect()
    };
    let whole = largest(&outputs).max(1.0);
    let explicit = case
        .outputs(&expanded(&case.inputs))
        .and_then(|found| same(("expanded first, the value", "output"), &outputs, &found, ROUNDED, whole));
    match explicit {
        // Some operations have the shapes of broadcasting and mean something else, such as an outer product.
        Err(_) if !case.operation.broadcasts => return Ok(0),
        explicit => explicit?,
    }
    let mut rng = case.rng(8);
    let y_bars = case.cotangents(&outputs, &mut rng);
    let found = case.pull(&case.inputs, &y_bars)?.derived;
    let wanted = unwound(|| {
        let y_bars: Vec<Tensor> = y_bars.iter().flatten().cloned().collect();
        vjp(&case.inputs, |x: &Vec<Tensor>| case.operation.call(&expanded(x))).1.pull_once(&y_bars)
    })
    .map_err(|text| format!("expanded first, reverse mode panicked: {text}"))?;
    same(("the vjp, beside that of inputs expanded first", "input"), &found, &wanted, ROUNDED, whole)?;
    Ok(2)
}

/// Each input alone, and all but each.
pub(super) fn needed_inputs(case: &Case<'_>) -> Held {
    let variables = case.variables();
    if variables.len() < 2 {
        return Ok(0);
    }
    let mut rng = case.rng(9);
    let outputs = case.outputs(&case.inputs)?;
    let y_bars = case.cotangents(&outputs, &mut rng);
    let x_dots = case.tangents(&case.inputs, &mut rng);
    let all = case.pull(&case.inputs, &y_bars)?.derived;
    let whole = largest(&outputs).max(1.0);
    let mut compared = 0;
    let alone = variables.iter().map(|&i| vec![i]);
    let without = variables.iter().map(|&i| variables.iter().copied().filter(|&j| j != i).collect());
    for needed in alone.chain(without) {
        let x: Vec<Tensor> = needed.iter().map(|&i| case.inputs[i].clone()).collect();
        let placed = |x: &Vec<Tensor>| {
            let mut inputs = case.inputs.clone();
            for (&i, x) in needed.iter().zip(x) {
                inputs[i] = x.clone();
            }
            case.operation.call(&inputs)
        };
        let v: Vec<Tensor> = needed.iter().map(|&i| x_dots[i].clone()).collect();
        let (found, y_dots) = unwound(|| {
            let floats = |y: Vec<Tensor>| y.into_iter().filter(|y| y.dtype().is_float()).collect::<Vec<_>>();
            let y_bars: Vec<Tensor> = y_bars.iter().flatten().cloned().collect();
            let pulled = vjp(&x, |x: &Vec<Tensor>| floats(placed(x))).1.pull_once(&y_bars);
            (pulled, jvp(&x, &v, placed).1)
        })
        .map_err(|text| format!("with inputs {needed:?} needed alone it panicked: {text}"))?;
        let named = |text: String| format!("{text}; only inputs {needed:?} are needed");
        let wanted: Vec<Tensor> = needed.iter().map(|&i| all[i].clone()).collect();
        same(("the vjp", "needed input"), &found, &wanted, ROUNDED, whole).map_err(named)?;
        // In forward mode the others are at rest.
        let at_rest = |i: usize| if needed.contains(&i) { x_dots[i].clone() } else { case.inputs[i].zeros_like() };
        let resting: Vec<Tensor> = (0..case.inputs.len()).map(at_rest).collect();
        let wanted = case.push(&case.inputs, &resting)?.derived;
        same(("the jvp", "output"), &y_dots, &wanted, ROUNDED, whole).map_err(named)?;
        compared += 2;
    }
    Ok(compared)
}

/// Each output alone, beside all outputs with zeros for the others.
pub(super) fn some_outputs(case: &Case<'_>) -> Held {
    let mut rng = case.rng(10);
    let outputs = case.outputs(&case.inputs)?;
    let y_bars = case.cotangents(&outputs, &mut rng);
    if y_bars.iter().flatten().count() < 2 {
        return Ok(0);
    }
    let whole = largest(&outputs).max(1.0);
    let given = y_bars.iter().enumerate().filter(|(_, y_bar)| y_bar.is_some());
    let mut compared = 0;
    for (i, _) in given {
        let alone: Vec<_> = (0..y_bars.len()).map(|j| if i == j { y_bars[j].clone() } else { None }).collect();
        let others_zero: Vec<_> = (0..y_bars.len())
            // Stored one by one, unlike those that a rule sees for an output without a cotangent.
            .map(|j| {
                y_bars[j].as_ref().map(|y_bar| if i == j { y_bar.clone() } else { contiguous(&y_bar.zeros_like()) })
            })
            .collect();
        let (found, wanted) = (case.pull(&case.inputs, &alone)?, case.pull(&case.inputs, &others_zero)?);
        same(("the vjp", "input"), &found.derived, &wanted.derived, ROUNDED, whole)
            .map_err(|text| format!("{text}; only output {i} has a cotangent"))?;
        compared += 1;
    }
    Ok(compared)
}

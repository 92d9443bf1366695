//! That derivatives are what differences converge to, by the checker; and that all compositions of the modes are one.

use super::{
    Held, Law,
    calls::Case,
    compare::{ROUNDED, largest, numbers, same},
};
use crate::check::{
    gradients::gradients,
    modes::{Composition, number_along},
    report::{Report, Verdict},
    unwound,
};
use cotangent_tensor::Tensor;

/// A point drawn at random lies near a kink now and then; three in a row do not, unless kinks are all over.
const POINTS: usize = 3;

pub(super) fn hold(case: &Case<'_>, law: Law) -> Held {
    let order = match law {
        Law::FirstOrder => 1,
        Law::SecondOrder => 2,
        _ => 3,
    };
    let outputs = case.outputs(&case.inputs)?;
    let has_derivative = !case.variables().is_empty() && outputs.iter().any(|y| y.dtype().is_float());
    // What costs more with every order is done once.
    if !has_derivative || order > case.operation.order || (order == 3 && case.number > 0) {
        return Ok(0);
    }
    let points = if case.is_drawn { POINTS } else { 1 };
    let mut undecided = None;
    for point in 0..points {
        let report = checked(case, &case.redrawn(point), order)?;
        match report.verdict() {
            Verdict::Pass => return Ok(usize::from(!report.is_empty())),
            Verdict::Fail => return Err(in_short(&report).into()),
            _ => undecided = Some(report),
        }
    }
    let report = undecided.expect("there was a point");
    Err(format!("{} at {points} points, the last: {}", title(&report), in_short(&report)).into())
}

fn checked(case: &Case<'_>, inputs: &Vec<Tensor>, order: usize) -> Result<Report, String> {
    let operation = case.operation;
    let mut check = gradients(|x: &Vec<Tensor>| operation.call(x))
        .modes(Composition::of_order(order))
        .tolerance(operation.tolerance)
        .seed(case.seed)
        .may_be_empty();
    if let Some((low, high)) = operation.domain {
        check = check.domain(low, high);
    }
    unwound(|| check.at(inputs)).map_err(|text| format!("the call panicked: {text}"))
}

fn title(report: &Report) -> &'static str {
    if report.verdict() == Verdict::Kink { "there is a kink" } else { "differences do not settle" }
}

fn in_short(report: &Report) -> String {
    let Some(finding) = report.finding() else { return report.reason().unwrap_or("for no reason").to_owned() };
    let (comparison, place) = (finding.comparison(), finding.place());
    let (analytic, numeric, next) = (finding.analytic, finding.numeric, finding.advice());
    format!("{comparison}: {place}: {analytic:?}, not {numeric:?}; {next}")
}

pub(super) fn compositions(case: &Case<'_>) -> Held {
    let outputs = case.outputs(&case.inputs)?;
    if case.variables().is_empty() || !outputs.iter().any(|y| y.dtype().is_float()) {
        return Ok(0);
    }
    let mut rng = case.rng(11);
    let y_bars = case.cotangents(&outputs, &mut rng);
    let [u, v] = [0, 1].map(|_| case.tangents(&case.inputs, &mut rng));
    let along_v = |modes| case.hessian_product(&case.inputs, &y_bars, &v, modes);
    let usual = Composition::forward_over_reverse(2);
    let wanted = along_v(usual)?;
    let whole = largest(&outputs).max(1.0);
    let mut compared = 0;
    for modes in Composition::of_order(2).into_iter().filter(|modes| *modes != usual && modes.gives_a_vector()) {
        same((&modes.to_string(), "input"), &along_v(modes)?, &wanted, ROUNDED, whole)
            .map_err(|text| format!("{text} as by {usual}"))?;
        compared += 1;
    }
    let along_u = case.hessian_product(&case.inputs, &y_bars, &u, usual)?;
    let (product, terms) = inner(&u, &wanted);
    let forward_alone = Composition::from([crate::check::Mode::Forward; 2]);
    let number = unwound(|| {
        number_along(
            &|x: &Vec<Tensor>| case.number(x, &y_bars),
            forward_alone.modes(),
            &[u.clone(), v.clone()],
            &case.inputs,
        )
        .item::<f64>()
    })
    .map_err(|text| format!("{forward_alone} panicked: {text}"))?;
    let tolerance = ROUNDED.relative * terms + ROUNDED.of_the_whole * whole;
    for (what, found) in
        [(forward_alone.to_string(), number), ("the transpose, <v, H u>".to_owned(), inner(&v, &along_u).0)]
    {
        // NaN is not near to anything.
        let agree = (found - product).abs() <= tolerance;
        if !agree {
            return Err(
                format!("{what}: {found:?}, not <u, H v> = {product:?}; {tolerance:.1e} apart is allowed").into()
            );
        }
        compared += 1;
    }
    Ok(compared)
}

/// ⟨a, b⟩ over what is floating point, and the size of its terms.
fn inner(a: &[Tensor], b: &[Tensor]) -> (f64, f64) {
    let floats = a.iter().zip(b).filter(|(a, _)| a.dtype().is_float());
    let products = floats.flat_map(|(a, b)| numbers(a).into_iter().zip(numbers(b))).map(|(a, b)| a * b);
    products.fold((0.0, 0.0), |(sum, size), product| (sum + product, size + product.abs()))
}

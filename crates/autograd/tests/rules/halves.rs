//! Halves in every operation of the table: what is computed is what f32 gives, rounded once, and derivatives keep the dtype of
//! their primal. No operation has a rule of its own for them, so that one which was forgotten would show here.

use crate::table::table;
use cotangent_autograd::vjp;
use cotangent_tensor::{DType, Few, Level, Primitive, Result, Tensor, Tracer, try_apply};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// A tensor of f32 whose operations are run on halves too.
struct Twin {
    level: Level,
    primal: Tensor,
    compared: Arc<AtomicUsize>,
}

impl Tracer for Twin {
    fn level(&self) -> Level {
        self.level
    }
    fn primal(&self) -> &Tensor {
        &self.primal
    }
    fn apply(&self, primitive: &dyn Primitive, inputs: &[&Tensor]) -> Result<Few<Tensor>> {
        let below: Vec<Tensor> = inputs.iter().map(|x| below(x, self.level)).collect();
        let outputs = try_apply(primitive, &below.iter().collect::<Vec<_>>())?;
        for half in [DType::BF16, DType::F16] {
            let halves: Vec<Tensor> = below.iter().map(|x| f32_to(half, x)).collect();
            let wide: Vec<Tensor> = below.iter().map(|x| f32_to(half, x)).map(|x| half_to_f32(&x)).collect();
            // Rounding may have taken a number out of the operation's domain, for which both have the same message.
            let (Ok(wanted), Ok(found)) = (
                try_apply(primitive, &wide.iter().collect::<Vec<_>>()),
                try_apply(primitive, &halves.iter().collect::<Vec<_>>()),
            ) else {
                continue;
            };
            for (i, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
                assert_eq!(found.shape(), wanted.shape());
                let name = primitive.name();
                if halves.iter().any(|x| x.dtype() == half) && name != "cast" && !KEPT_IN_F32.contains(&(name, i)) {
                    let wanted = if wanted.dtype() == DType::F32 { half } else { wanted.dtype() };
                    assert_eq!(found.dtype(), wanted, "{name}");
                }
                // A product of matrices adds up in another order.
                let slack = if name == "matmul" { half.epsilon().unwrap() } else { 0.0 };
                self.compared.fetch_add(found.numel(), Relaxed);
                close(name, found, &wanted.cast(found.dtype()), slack, 0.0).unwrap();
            }
        }
        let twin = |primal| Twin { level: self.level, primal, compared: Arc::clone(&self.compared) };
        Ok(outputs.into_iter().map(|primal| Tensor::from_tracer(Arc::new(twin(primal)))).collect())
    }
}

/// Operations, and which of their outputs the way back needs as it was computed.
const KEPT_IN_F32: [(&str, usize); 4] =
    [("normalise", 1), ("normalise", 2), ("scaled_dot_product_attention", 1), ("lstm_steps", 2)];

fn below(x: &Tensor, level: Level) -> Tensor {
    let twin = x.tracer().filter(|tracer| tracer.level() == level);
    twin.and_then(|twin| (twin as &dyn Any).downcast_ref()).map_or_else(|| x.clone(), |twin: &Twin| twin.primal.clone())
}

fn f32_to(half: DType, x: &Tensor) -> Tensor {
    if x.dtype() == DType::F32 { x.cast(half) } else { x.clone() }
}

fn half_to_f32(x: &Tensor) -> Tensor {
    if x.dtype().is_half() { x.cast(DType::F32) } else { x.clone() }
}

/// Whether all are within `slack` of the largest, which counts as no less than `smallest`.
fn close(what: &str, found: &Tensor, wanted: &Tensor, slack: f64, smallest: f64) -> std::result::Result<(), String> {
    let numbers = |x: &Tensor| x.cast(DType::F64).to_vec::<f64>();
    let (found, wanted) = (numbers(found), numbers(wanted));
    let largest = wanted.iter().filter(|x| x.is_finite()).fold(smallest, |largest: f64, x| largest.max(x.abs()));
    let far = |(x, y): &(&f64, &f64)| !(x == y || (x.is_nan() && y.is_nan()) || (*x - *y).abs() <= slack * largest);
    match found.iter().zip(&wanted).find(far) {
        Some((x, y)) => Err(format!("{what}: {x:e}, not {y:e}, of numbers up to {largest:e}")),
        None => Ok(()),
    }
}

#[test]
fn every_operation_gives_for_halves_what_it_gives_for_f32_rounded_once() {
    let compared = Arc::default();
    for sample in table() {
        for inputs in sample.laws.inputs() {
            let level = Level::fresh();
            let twin = |x: Tensor| {
                let primal = if x.dtype() == DType::F64 { x.cast(DType::F32) } else { x };
                Tensor::from_tracer(Arc::new(Twin { level, primal, compared: Arc::clone(&compared) }))
            };
            let inputs: Vec<Tensor> = inputs.into_iter().map(twin).collect();
            // Forms that hold constants of f64 refuse to mix them with f32; what they ran before is compared.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| sample.laws.call(&inputs))) {
                let literal = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = panic.downcast_ref::<String>().cloned().or(literal).unwrap_or_default();
                assert!(text.contains("dtype"), "{}, {}: {text}", sample.operation, sample.form);
            }
        }
    }
    assert!(compared.load(Relaxed) > 10_000, "{compared:?} numbers were compared");
}

/// The samples' own numbers, and some whose squares f16 does not hold, or whose exponentials tell small differences apart.
const SCALES: [f64; 4] = [1.0, 1e-4, 10.0, 300.0];

#[test]
fn results_and_derivatives_have_the_dtype_of_their_primal_and_its_accuracy() {
    let (mut checked, mut wrong) = (0, Vec::new());
    for sample in table() {
        // Of a product of lower rank, which it no longer has once it is rounded.
        if sample.operation == "Pinv" && sample.form.contains("matmul") {
            continue;
        }
        // Its samples add 1.55, beside which small numbers are rounded away.
        let is_remainder = ["Fmod", "Remainder"].contains(&sample.operation);
        for (half, scale) in [DType::BF16, DType::F16].into_iter().flat_map(|half| SCALES.map(|scale| (half, scale))) {
            if is_remainder && scale < 1.0 {
                continue;
            }
            let scaled = |x: &Tensor| if x.dtype().is_float() { x * scale } else { x.clone() };
            let inputs = sample.laws.inputs().swap_remove(0);
            let halves: Vec<Tensor> = inputs.iter().map(|x| f32_to(half, &f64_to_f32(&scaled(x)))).collect();
            let wide: Vec<Tensor> = halves.iter().map(half_to_f32).collect();
            let results = |inputs: &Vec<Tensor>| {
                catch_unwind(AssertUnwindSafe(|| {
                    let floats = |x: &Vec<Tensor>| -> Vec<Tensor> {
                        sample.laws.call(x).into_iter().filter(|y| y.dtype().is_float()).collect()
                    };
                    let (outputs, pullback) = vjp(inputs, floats);
                    let x_bars = pullback.pull_once(&outputs.iter().map(uneven).collect::<Vec<_>>());
                    (outputs, x_bars)
                }))
            };
            // Forms with constants of f64, and points that rounding took out of the domain.
            let (Ok(found), Ok(wanted)) = (results(&halves), results(&wide)) else { continue };
            let unit = half.epsilon().expect("a float");
            let mut compare = |found: &Tensor, wanted: &Tensor, slack: f64, smallest: f64| {
                let wanted = wanted.cast(half);
                if !wanted.is_finite().all(..).item::<bool>() {
                    return;
                }
                checked += 1;
                if let Err(text) = close(sample.form, found, &wanted, slack * unit, smallest) {
                    wrong.push(format!("{half} x {scale}, {}, {text}", sample.operation));
                }
            };
            for (y, wanted) in found.0.iter().zip(&wanted.0).filter(|(y, _)| y.dtype() == half) {
                compare(y, wanted, SLACK, LEAST_NORMAL);
            }
            for ((x_bar, wanted), x) in found.1.iter().zip(&wanted.1).zip(&halves) {
                assert_eq!(x_bar.dtype(), x.dtype(), "{}", sample.form);
                // A rule that looks at a result has nothing to look at where it is too large for a half.
                if x.dtype() == half && found.0.iter().all(|y| y.is_finite().all(..).item::<bool>()) {
                    compare(x_bar, wanted, SLACK, 1.0);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 5_000, "{checked} tensors were compared");
}

/// A cotangent of bf16's numbers whose elements differ, so that those of a softmax do not cancel.
fn uneven(y: &Tensor) -> Tensor {
    let numbers = (0..y.numel()).map(|i| 0.5 + ((3 * i) % 8) as f64 / 8.0).collect();
    Tensor::from_vec(numbers, y.shape()).expect("as many as y has").cast(y.dtype())
}

/// Units of the last place of the largest: a rule rounds after each of its steps, some ten of them, a sample may be several operations,
/// and what they start from may cancel.
const SLACK: f64 = 16.0;

/// Of f16; below it, units are those of this.
const LEAST_NORMAL: f64 = 6.1e-5;

fn f64_to_f32(x: &Tensor) -> Tensor {
    if x.dtype() == DType::F64 { x.cast(DType::F32) } else { x.clone() }
}

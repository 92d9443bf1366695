//! Steps against a loop of simple operations, the derivative against its formulas, and the kernels' sizes.

use super::{LstmSteps, backward::LstmStepsGrad, gates_of};
use crate::{DType, Decompose, Rng, Tensor, apply, ops::refused::message, try_apply, with_threads};

/// Every way through sequences.
fn ways() -> [LstmSteps; 4] {
    [
        LstmSteps::new(),
        LstmSteps::new().batch_first(),
        LstmSteps::new().reverse(),
        LstmSteps::new().batch_first().reverse(),
    ]
}

/// Steps, sequences, hidden numbers: parts of a vector, of a panel, of a block of a panel's rows; rows of every count below
/// a tile's and several pieces.
const SIZES: [[usize; 3]; 8] =
    [[1, 1, 1], [3, 2, 5], [2, 3, 16], [2, 4, 17], [3, 11, 40], [2, 35, 24], [2, 5, 70], [2, 2, 300]];

fn inputs(of: LstmSteps, [steps, batch, hidden]: [usize; 3], dtype: DType) -> [Tensor; 5] {
    let rng = &mut Rng::seed(1);
    let (first, second) = if of.batch_first { (batch, steps) } else { (steps, batch) };
    let scale = 1.0 / (hidden as f64).sqrt();
    [
        rng.normal([first, second, 4 * hidden], dtype),
        rng.normal([4 * hidden, hidden], dtype) * scale,
        rng.normal([4 * hidden], dtype),
        rng.normal([batch, hidden], dtype),
        rng.normal([batch, hidden], dtype),
    ]
}

fn run(of: LstmSteps, inputs: &[Tensor; 5]) -> Vec<Tensor> {
    apply(&of, &inputs.each_ref()).into_iter().collect()
}

/// The formulas of the documentation.
fn by_steps(of: LstmSteps, [x, weight, bias, h, c]: &[Tensor; 5]) -> [Tensor; 3] {
    let time = of.time() as isize;
    let x = x.unbind(time);
    let (mut h, mut c, mut outputs) = (h.clone(), c.clone(), vec![None; x.len()]);
    for step in of.order(x.len()) {
        let [i, f, g, o] = gates_of(&(&x[step] + h.matmul(&weight.transpose(0, 1)) + bias));
        let ([i, f, o], g) = ([i, f, o].map(|gate| gate.sigmoid()), g.tanh());
        c = &f * &c + &i * &g;
        h = &o * c.tanh();
        outputs[step] = Some([h.clone(), c.clone(), Tensor::concat([i, f, g, o], -1)]);
    }
    let outputs: Vec<[Tensor; 3]> = outputs.into_iter().map(|step| step.expect("every step")).collect();
    [0, 1, 2].map(|i| Tensor::stack(outputs.iter().map(|step| &step[i]).collect::<Vec<_>>(), time))
}

#[track_caller]
fn assert_close(found: &Tensor, wanted: &Tensor, dtype: DType) {
    assert_eq!(found.shape(), wanted.shape());
    // Sums of 1200 numbers at most, whose rounding adds up to some thirty units in the last place.
    let most = if dtype == DType::F32 { 1e-5 } else { 1e-13 };
    let scale = wanted.abs().max(..).cast(DType::F64).item::<f64>().max(1.0);
    let apart = (found - wanted).abs().max(..).cast(DType::F64).item::<f64>();
    assert!(apart <= most * scale, "{apart} at {:?}", found.shape());
}

#[test]
fn steps_are_those_of_the_formulas() {
    for of in ways() {
        for dtype in [DType::F32, DType::F64] {
            for sizes in SIZES {
                let inputs = inputs(of, sizes, dtype);
                for (found, wanted) in run(of, &inputs).iter().zip(&by_steps(of, &inputs)) {
                    assert_close(found, wanted, dtype);
                }
            }
        }
    }
}

#[test]
fn the_fused_derivative_is_that_of_the_formulas() {
    let rng = &mut Rng::seed(2);
    for of in ways() {
        for dtype in [DType::F32, DType::F64] {
            for (n, sizes) in SIZES.into_iter().enumerate() {
                let given = inputs(of, sizes, dtype);
                let [h, c, gates] = &run(of, &given)[..] else { unreachable!("three outputs") };
                let mut all = vec![gates.clone(), c.clone(), given[4].clone(), given[1].clone()];
                all.push(rng.normal(h.shape(), dtype));
                // With and without each of the cotangents that need not be there.
                let gradient = LstmStepsGrad { of, c_bar: n % 2 == 0, gates_bar: n % 3 == 0 };
                all.extend(gradient.c_bar.then(|| rng.normal(c.shape(), dtype)));
                all.extend(gradient.gates_bar.then(|| rng.normal(gates.shape(), dtype)));
                let all: Vec<&Tensor> = all.iter().collect();
                for (found, wanted) in apply(&gradient, &all).iter().zip(&gradient.decompose(&all)) {
                    assert_close(found, wanted, dtype);
                }
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_threads_or_on_the_rest_of_the_batch() {
    let of = LstmSteps::new();
    let inputs = inputs(of, [9, 37, 33], DType::F32);
    let [one, two] = [1, 2].map(|threads| with_threads(threads, || run(of, &inputs)));
    let [x, weight, bias, h, c] = &inputs;
    // Sequences of the middle by themselves are multiplied in other tiles.
    let some = run(of, &[x.narrow(1, 10, 7), weight.clone(), bias.clone(), h.narrow(0, 10, 7), c.narrow(0, 10, 7)]);
    for ((one, two), some) in one.iter().zip(&two).zip(&some) {
        assert_eq!(one.to_vec::<f32>(), two.to_vec::<f32>());
        assert_eq!(one.narrow(1, 10, 7).to_vec::<f32>(), some.to_vec::<f32>());
    }
}

#[test]
fn an_empty_batch_has_empty_steps() {
    let inputs = inputs(LstmSteps::new(), [3, 0, 2], DType::F64);
    let outputs = run(LstmSteps::new(), &inputs);
    assert_eq!(outputs.iter().map(|y| y.shape().to_vec()).collect::<Vec<_>>(), [[3, 0, 2], [3, 0, 2], [3, 0, 8]]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let of = LstmSteps::new().batch_first();
    let refused = |change: &dyn Fn(&mut [Tensor; 5])| {
        let mut inputs = inputs(of, [3, 2, 5], DType::F32);
        change(&mut inputs);
        message(|| run(of, &inputs))
    };
    let rule =
        "lstm_steps: takes [batch, time, 4 hidden], [4 hidden, hidden], [4 hidden], and [batch, hidden] twice; got ";
    assert!(refused(&|inputs| inputs[0] = inputs[0].transpose(0, 1)).starts_with(rule));
    assert!(refused(&|inputs| inputs[1] = inputs[1].transpose(0, 1)).starts_with(rule));
    assert!(refused(&|inputs| inputs[2] = inputs[2].narrow(0, 0, 5)).starts_with(rule));
    assert!(refused(&|inputs| inputs[4] = inputs[4].unsqueeze(0)).starts_with(rule));
    let none = refused(&|inputs| inputs[0] = inputs[0].narrow(1, 0, 0));
    assert!(none.starts_with("lstm_steps: there must be at least one time step; got f32[2, 0, 20]"), "{none}");
    assert!(refused(&|inputs| inputs[3] = inputs[3].cast(DType::F64)).contains("f64[2, 5]"));
    assert!(try_apply(&of, &[]).is_err());
}

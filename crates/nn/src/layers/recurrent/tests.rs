//! Initialisation, names and refusals; values are compared with PyTorch's in tests/recurrent.

use super::*;
use crate::{Mode, panics::panic_message};
use cotangent_autograd::module::{self, Module};
use cotangent_tensor::{DType, Rng, Tensor};

fn names(module: &impl Module) -> Vec<String> {
    module::named_tensors(module).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn tensors_have_pytorchs_names_in_its_order() {
    let rng = &mut Rng::seed(1);
    let deep = Lstm::with(RecurrentOptions::new(3, 5).layers(2).bidirectional().projection(2), rng);
    let kinds = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"];
    let wanted: Vec<String> = ["_l0", "_l0_reverse", "_l1", "_l1_reverse"]
        .iter()
        .flat_map(|suffix| kinds.iter().map(move |kind| format!("{kind}{suffix}")))
        .collect();
    assert_eq!(names(&deep), wanted);
    let mut seen = Vec::new();
    module::for_each_mut(&mut deep.clone(), |leaf| seen.push(leaf.path.to_string()));
    assert_eq!(seen, wanted);

    let plain = Gru::with(RecurrentOptions::new(3, 5).layers(2).without_bias(), rng);
    assert_eq!(names(&(plain,)), ["0.weight_ih_l0", "0.weight_hh_l0", "0.weight_ih_l1", "0.weight_hh_l1"]);
    assert_eq!(names(&GruCell::new(3, 5, rng)), ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]);
}

#[test]
fn time_may_come_second() {
    let (lstm, x) = (Lstm::new(3, 5, &mut Rng::seed(7)), Rng::seed(8).normal([4, 6, 3], DType::F32));
    let (y, _) = lstm.forward(&x);
    let (turned, _) = lstm.clone().batch_first().forward(&x.transpose(0, 1));
    assert_eq!(turned.shape()[..], [6, 4, 5]);
    assert_eq!(turned.transpose(0, 1).to_vec::<f32>(), y.to_vec::<f32>());
}

#[test]
fn new_weights_fill_pytorchs_range() {
    let rng = &mut Rng::seed(2);
    let network = Lstm::with(RecurrentOptions::new(7, 100).projection(50), rng);
    let named = module::named_tensors(&network);
    let shapes: Vec<Vec<usize>> = named.iter().map(|(_, x)| x.shape().to_vec()).collect();
    assert_eq!(shapes, [vec![400, 7], vec![400, 50], vec![400], vec![400], vec![50, 100]]);
    for (name, tensor) in named {
        let greatest = tensor.abs().max(..).item::<f32>();
        // ±1/√100; of 400 uniform numbers the greatest falls below 97% of the bound once in 200,000 seeds.
        assert!((0.097..=0.1).contains(&greatest), "{name}: {greatest}");
    }
}

#[test]
fn options_that_make_no_network_are_refused() {
    let make = |options: RecurrentOptions| panic_message(|| Gru::with(options, &mut Rng::seed(3)));
    let options = || RecurrentOptions::new(3, 5);
    assert_eq!(make(RecurrentOptions::new(3, 0)), "gru: the state must have at least one number");
    assert_eq!(make(options().layers(0)), "gru: there must be at least one layer");
    assert_eq!(make(options().dropout(1.5)), "gru: the dropout's probability must be from 0 to 1; got 1.5");
    assert_eq!(make(options().projection(2)), "gru: only an lstm has a projection");
    assert_eq!(
        panic_message(|| Lstm::with(options().projection(5), &mut Rng::seed(3))),
        "lstm: a projection must be to at least one and fewer than the 5 hidden numbers; got 5"
    );
    assert_eq!(
        panic_message(|| RnnCell::new(3, 0, &mut Rng::seed(3))),
        "rnn_cell: the state must have at least one number"
    );
}

#[test]
fn what_does_not_fit_is_named() {
    let rng = &mut Rng::seed(4);
    let gru = Gru::with(RecurrentOptions::new(3, 5).layers(2).batch_first(), rng);
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32);
    let refused = |x: &Tensor| panic_message(|| gru.forward(x));
    assert_eq!(refused(&zeros(&[3])), "gru: x must be [batch, time, inputs] or [time, inputs]; got f32[3]");
    assert_eq!(
        refused(&zeros(&[2, 6, 4])),
        "gru: the last axis of x must have the 3 inputs that the weights are for; got f32[2, 6, 4]"
    );
    assert_eq!(
        refused(&Tensor::zeros([2, 6, 3], DType::F64)),
        "gru: x must have the weights' dtype, f32; got f64[2, 6, 3]; cast one of them"
    );
    assert_eq!(refused(&zeros(&[2, 0, 3])), "gru: there must be at least one time step; got f32[2, 0, 3]");
    let x = zeros(&[4, 6, 3]);
    let from = |state: &Tensor| panic_message(|| gru.forward_from(&x, Some(state), &mut Mode::eval()));
    assert_eq!(
        from(&zeros(&[1, 4, 5])),
        "gru: for x of f32[4, 6, 3], the state h must be f32[2, 4, 5]; got f32[1, 4, 5]"
    );
    let padded = |lengths: &[usize]| panic_message(|| gru.forward_padded(&x, lengths, None, &mut Mode::eval()));
    assert_eq!(
        padded(&[6, 7, 1, 2]),
        "gru: there must be a length of at most 6 for each sequence of the batch; got [6, 7, 1, 2] for x of f32[4, 6, 3]"
    );
    assert!(padded(&[6]).contains("got [6] for x"));

    let cell = LstmCell::new(3, 5, rng);
    let state = LstmState { h: zeros(&[2, 5]), c: zeros(&[5]) };
    assert_eq!(
        panic_message(|| cell.forward(&zeros(&[2, 3]), Some(&state))),
        "lstm_cell: for x of f32[2, 3], the state c must be f32[2, 5]; got f32[5]"
    );
    assert_eq!(
        panic_message(|| cell.forward(&zeros(&[1, 2, 3]), None)),
        "lstm_cell: x must be [inputs] or [batch, inputs]; got f32[1, 2, 3]"
    );
    let broken = LstmCell { bias_hh: Some(zeros(&[5])), ..cell };
    assert_eq!(
        panic_message(|| broken.forward(&zeros(&[2, 3]), None)),
        "lstm_cell: the weights must be [4 * hidden, inputs] and [4 * hidden, hidden], the biases [4 * hidden]; \
         got f32[20, 3] and f32[20, 5], biases Some([20]) and Some([5]), projection None"
    );
}

#[test]
fn dropout_between_layers_needs_a_mode() {
    let rnn = Rnn::with(RecurrentOptions::new(3, 5).layers(2).dropout(0.1), &mut Rng::seed(5));
    let x = Tensor::zeros([2, 1, 3], DType::F32);
    assert!(panic_message(|| rnn.forward(&x)).contains("call it with Mode::train(&mut rng) or Mode::eval()"));
}

#[test]
fn an_empty_batch_stays_empty() {
    let lstm = Lstm::with(RecurrentOptions::new(3, 5).bidirectional(), &mut Rng::seed(6));
    let (y, state) = lstm.forward(&Tensor::zeros([4, 0, 3], DType::F32));
    assert_eq!((&y.shape()[..], &state.h.shape()[..]), (&[4, 0, 10][..], &[2, 0, 5][..]));
    let (y, _) = lstm.forward_padded(&Tensor::zeros([4, 0, 3], DType::F32), &[], None, &mut Mode::eval());
    assert_eq!(y.shape()[..], [4, 0, 10]);
}

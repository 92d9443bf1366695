//! Derivatives of higher order, and what they cost.

use cotangent_autograd::{check, grad, module, value_and_grad};
use cotangent_nn::{Gru, GruCell, Lstm, LstmCell, LstmState, Mode, RecurrentOptions, Rnn, RnnCell};
use cotangent_tensor::{DType, Rng, Tensor};

#[test]
fn every_cell_has_second_derivatives() {
    let rng = &mut Rng::seed(3);
    let x = rng.normal([2, 2], DType::F64);
    let (h, c) = (rng.normal([2, 3], DType::F64), rng.normal([2, 3], DType::F64));

    let cell = module::cast(&LstmCell::new(2, 3, rng), DType::F64);
    let point = (cell, x.clone(), LstmState { h: h.clone(), c });
    check::gradients(|(cell, x, state): &(LstmCell, Tensor, LstmState)| cell.forward(x, Some(state)))
        .order(2)
        .at(&point)
        .assert_pass();

    let cell = module::cast(&GruCell::new(2, 3, rng), DType::F64);
    check::gradients(|(cell, x, h): &(GruCell, Tensor, Tensor)| cell.forward(x, Some(h)))
        .order(2)
        .at(&(cell, x.clone(), h.clone()))
        .assert_pass();

    let cell = module::cast(&RnnCell::new(2, 3, rng), DType::F64);
    check::gradients(|(cell, x, h): &(RnnCell, Tensor, Tensor)| cell.forward(x, Some(h)))
        .order(2)
        .at(&(cell, x, h))
        .assert_pass();
}

#[test]
fn a_network_has_second_derivatives_through_lengths_and_directions() {
    let rng = &mut Rng::seed(4);
    let options = RecurrentOptions::new(2, 2).bidirectional();
    let lstm = module::cast(&Lstm::with(options, rng), DType::F64);
    let x = rng.normal([3, 2, 2], DType::F64);
    check::gradients(|(lstm, x): &(Lstm, Tensor)| {
        let (y, state) = lstm.forward_padded(x, &[3, 1], None, &mut Mode::eval());
        (y, state)
    })
    .order(2)
    .at(&(lstm, x))
    .assert_pass();
}

#[test]
fn steps_at_once_are_those_one_by_one() {
    let rng = &mut Rng::seed(8);
    let options = RecurrentOptions::new(3, 20).layers(2).bidirectional().batch_first();
    let lstm = module::cast(&Lstm::with(options, rng), DType::F64);
    let x = rng.normal([5, 6, 3], DType::F64);
    // One sequence that ends early has all of them go step by step.
    let by_steps = |lstm: &Lstm, x: &Tensor| lstm.forward_padded(x, &[6, 6, 6, 6, 5], None, &mut Mode::eval());
    let loss = |(y, state): (Tensor, LstmState)| {
        let whole = |x: &Tensor, batch: isize| x.narrow(batch, 0, 4).sin().sum(..);
        whole(&y, 0) + whole(&state.h, 1) + whole(&state.c, 1)
    };
    let model = (lstm, x);
    let (found, found_bar) = value_and_grad(&model, |(lstm, x)| loss(lstm.forward(x)));
    let (wanted, wanted_bar) = value_and_grad(&model, |(lstm, x)| loss(by_steps(lstm, x)));
    // Sums of a hundred numbers, in another order.
    assert!((found - wanted).abs().item::<f64>() < 1e-11);
    for (found, wanted) in module::tensors(&found_bar).into_iter().zip(module::tensors(&wanted_bar)) {
        assert!((found - wanted).abs().max(..).item::<f64>() < 1e-12, "{found} {wanted}");
    }
}

#[test]
fn what_a_sequence_holds_beyond_its_length_does_not_matter() {
    let rng = &mut Rng::seed(5);
    let gru = Gru::with(RecurrentOptions::new(2, 3).layers(2).bidirectional().batch_first(), rng);
    let x = rng.normal([1, 2, 2], DType::F32);
    // In training most sequences are padded by zeros; nothing says that they are.
    let padded = Tensor::concat([&x, &Tensor::full([1, 3, 2], f32::NAN, DType::F32)], 1);
    let run = |gru: &Gru, x: &Tensor| gru.forward_padded(x, &[2], None, &mut Mode::eval());
    let ((y, h), (y_padded, h_padded)) = (gru.forward(&x), run(&gru, &padded));
    assert_eq!(h.to_vec::<f32>(), h_padded.to_vec::<f32>());
    assert_eq!(y.to_vec::<f32>(), y_padded.narrow(1, 0, 2).to_vec::<f32>());
    assert_eq!(y_padded.narrow(1, 2, 3).to_vec::<f32>(), [0.0; 18]);
    let loss = |(y, h): (Tensor, Tensor)| y.square().sum(..) + h.sum(..);
    let bar = grad(&gru, |gru| loss(gru.forward(&x)));
    let bar_padded = grad(&gru, |gru| loss(run(gru, &padded)));
    for (found, wanted) in module::tensors(&bar_padded).into_iter().zip(module::tensors(&bar)) {
        // Sums over steps, of which three more are zero, in another order.
        assert!((found - wanted).abs().max(..).item::<f32>() < 1e-5);
    }
}

#[test]
fn dropout_lies_between_layers_and_in_training_only() {
    let rng = &mut Rng::seed(6);
    let x = rng.normal([4, 2, 2], DType::F32);
    let all_dropped = Rnn::with(RecurrentOptions::new(2, 3).layers(2).dropout(1.0), rng);
    let (y, h) = all_dropped.forward_from(&x, None, &mut Mode::train(&mut Rng::seed(1)));
    // The second layer sees zeros, the first does not.
    let zeros = Tensor::zeros([4, 2, 2], DType::F32);
    let (y_of_zeros, _) = all_dropped.forward_from(&zeros, None, &mut Mode::train(&mut Rng::seed(1)));
    assert_eq!(y.to_vec::<f32>(), y_of_zeros.to_vec::<f32>());
    let (y_evaluated, h_evaluated) = all_dropped.forward_from(&x, None, &mut Mode::eval());
    assert_ne!(y.to_vec::<f32>(), y_evaluated.to_vec::<f32>());
    assert_eq!(h.unbind(0)[0].to_vec::<f32>(), h_evaluated.unbind(0)[0].to_vec::<f32>());
    // One layer has nothing between layers, and so needs no mode.
    let _ = Rnn::with(RecurrentOptions::new(2, 3).dropout(1.0), rng).forward(&x);
}

#[test]
fn a_long_sequence_trains() {
    // A thousand steps deep, on a stack of any size.
    let rng = &mut Rng::seed(8);
    let lstm = Lstm::new(1, 4, rng);
    let x = rng.normal([1000, 1, 1], DType::F32);
    let bar = grad(&lstm, |lstm| lstm.forward(&x).0.sum(..));
    assert!(module::tensors(&bar).into_iter().all(|x| x.to_vec::<f32>().iter().all(|x| x.is_finite() && *x != 0.0)));
}

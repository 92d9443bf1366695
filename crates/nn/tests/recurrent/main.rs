//! Recurrent cells and networks against PyTorch: outputs, last states, gradients of all weights, inputs and states.

mod derivatives;
mod reference;

use cotangent_nn::{Gru, GruCell, Lstm, LstmCell, LstmState, Mode, RecurrentOptions, Rnn, RnnCell};
use cotangent_tensor::{Rng, Tensor};
use reference::{Case, Named, cases};

#[test]
fn networks_and_cells_agree_with_pytorch() {
    let cases = cases("recurrent");
    for case in &cases {
        match case.module.as_str() {
            "RNN" => rnn(case),
            "LSTM" => lstm(case),
            "GRU" => gru(case),
            "RNNCell" => rnn_cell(case),
            "LSTMCell" => lstm_cell(case),
            "GRUCell" => gru_cell(case),
            other => panic!("no test for {other}"),
        }
    }
    // None is lost when the file is made anew.
    assert_eq!(cases.len(), 28);
}

fn options(case: &Case) -> RecurrentOptions {
    let size = |name| case.size(name).expect("a size");
    let mut options = RecurrentOptions::new(size("input_size"), size("hidden_size"));
    options = options.layers(case.size("num_layers").unwrap_or(1));
    if case.flag("bidirectional", false) {
        options = options.bidirectional();
    }
    if case.flag("batch_first", false) {
        options = options.batch_first();
    }
    if !case.flag("bias", true) {
        options = options.without_bias();
    }
    match case.size("proj_size") {
        Some(outputs) => options.projection(outputs),
        None => options,
    }
}

fn lengths(case: &Case) -> Option<Vec<usize>> {
    let list = case.option("lengths").as_array()?;
    Some(list.iter().map(|length| length.as_u64().expect("a number") as usize).collect())
}

fn named<const N: usize>(tensors: [(&str, Tensor); N]) -> Named {
    tensors.into_iter().map(|(name, x)| (name.to_owned(), x)).collect()
}

fn lstm_state(inputs: &Named) -> Option<LstmState> {
    inputs.get("h").map(|h| LstmState { h: h.clone(), c: inputs["c"].clone() })
}

fn rnn(case: &Case) {
    let mut rnn = Rnn::with(options(case), &mut Rng::seed(7));
    if case.word("nonlinearity") == Some("relu") {
        rnn = rnn.relu();
    }
    let lengths = lengths(case);
    case.check(&rnn, |rnn, inputs| {
        let (x, h) = (&inputs["x"], inputs.get("h"));
        let (y, h) = match &lengths {
            Some(lengths) => rnn.forward_padded(x, lengths, h, &mut Mode::eval()),
            None => rnn.forward_from(x, h, &mut Mode::eval()),
        };
        named([("y", y), ("h", h)])
    });
}

fn gru(case: &Case) {
    let gru = Gru::with(options(case), &mut Rng::seed(7));
    let lengths = lengths(case);
    case.check(&gru, |gru, inputs| {
        let (x, h) = (&inputs["x"], inputs.get("h"));
        let (y, h) = match &lengths {
            Some(lengths) => gru.forward_padded(x, lengths, h, &mut Mode::eval()),
            None => gru.forward_from(x, h, &mut Mode::eval()),
        };
        named([("y", y), ("h", h)])
    });
}

fn lstm(case: &Case) {
    let lstm = Lstm::with(options(case), &mut Rng::seed(7));
    let lengths = lengths(case);
    case.check(&lstm, |lstm, inputs| {
        let (x, state) = (&inputs["x"], lstm_state(inputs));
        let (y, LstmState { h, c }) = match &lengths {
            Some(lengths) => lstm.forward_padded(x, lengths, state.as_ref(), &mut Mode::eval()),
            None => lstm.forward_from(x, state.as_ref(), &mut Mode::eval()),
        };
        named([("y", y), ("h", h), ("c", c)])
    });
}

fn rnn_cell(case: &Case) {
    let mut cell = RnnCell::new(3, 4, &mut Rng::seed(7));
    if !case.flag("bias", true) {
        cell = cell.without_bias();
    }
    if case.word("nonlinearity") == Some("relu") {
        cell = cell.relu();
    }
    case.check(&cell, |cell, inputs| named([("h", cell.forward(&inputs["x"], inputs.get("h")))]));
}

fn lstm_cell(case: &Case) {
    let mut cell = LstmCell::new(3, 4, &mut Rng::seed(7));
    if !case.flag("bias", true) {
        cell = cell.without_bias();
    }
    case.check(&cell, |cell, inputs| {
        let LstmState { h, c } = cell.forward(&inputs["x"], lstm_state(inputs).as_ref());
        named([("h", h), ("c", c)])
    });
}

fn gru_cell(case: &Case) {
    let mut cell = GruCell::new(3, 4, &mut Rng::seed(7));
    if !case.flag("bias", true) {
        cell = cell.without_bias();
    }
    case.check(&cell, |cell, inputs| named([("h", cell.forward(&inputs["x"], inputs.get("h")))]));
}

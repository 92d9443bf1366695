//! What a recurrent network is made with.

/// Sizes and options of [`Rnn`](super::Rnn), [`Lstm`](super::Lstm) and [`Gru`](super::Gru), with PyTorch's defaults: one layer, one
/// direction, with biases, no dropout, time as the first axis.
///
/// ```
/// use cotangent_nn::{Lstm, RecurrentOptions};
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let lstm = Lstm::with(RecurrentOptions::new(3, 5).layers(2).bidirectional().batch_first(), &mut Rng::seed(7));
/// let (y, state) = lstm.forward(&Tensor::ones([4, 6, 3], DType::F32));
/// assert_eq!((&y.shape()[..], &state.h.shape()[..]), (&[4, 6, 10][..], &[4, 4, 5][..]));
/// ```
#[derive(Clone, Debug)]
pub struct RecurrentOptions {
    pub(super) inputs: usize,
    pub(super) hidden: usize,
    pub(super) layers: usize,
    pub(super) bidirectional: bool,
    pub(super) bias: bool,
    pub(super) batch_first: bool,
    pub(super) dropout: f64,
    pub(super) projection: Option<usize>,
}

impl RecurrentOptions {
    /// Of so many numbers in each step of the input, and so many in the state.
    #[must_use]
    pub fn new(inputs: usize, hidden: usize) -> Self {
        RecurrentOptions {
            inputs,
            hidden,
            layers: 1,
            bidirectional: false,
            bias: true,
            batch_first: false,
            dropout: 0.0,
            projection: None,
        }
    }

    /// So many networks one on top of the other; each takes what the one below gives out.
    #[must_use]
    pub fn layers(self, layers: usize) -> Self {
        RecurrentOptions { layers, ..self }
    }

    /// Each layer runs over the sequence in both directions, with weights of its own for each, and gives out both side by side.
    #[must_use]
    pub fn bidirectional(self) -> Self {
        RecurrentOptions { bidirectional: true, ..self }
    }

    /// Without `bias_ih` and `bias_hh`.
    #[must_use]
    pub fn without_bias(self) -> Self {
        RecurrentOptions { bias: false, ..self }
    }

    /// Sequences are `[batch, time, inputs]` and not `[time, batch, inputs]`, the output likewise; states stay
    /// `[layers * directions, batch, hidden]`.
    #[must_use]
    pub fn batch_first(self) -> Self {
        RecurrentOptions { batch_first: true, ..self }
    }

    /// In training, what a layer gives out is dropped with probability `p` before the next layer takes it.
    #[must_use]
    pub fn dropout(self, p: f64) -> Self {
        RecurrentOptions { dropout: p, ..self }
    }

    /// What an LSTM gives out, and feeds back, is projected to so many numbers, fewer than the hidden ones; PyTorch's `proj_size`.
    ///
    /// (Sak, Senior, Beaufays, "Long short-term memory based recurrent neural network architectures for large vocabulary speech
    /// recognition", 2014.)
    #[must_use]
    pub fn projection(self, outputs: usize) -> Self {
        RecurrentOptions { projection: Some(outputs), ..self }
    }

    /// Refuses what no network `op` has.
    #[track_caller]
    pub(super) fn check(&self, op: &str) {
        let RecurrentOptions { hidden, layers, dropout, projection, .. } = *self;
        assert!(hidden > 0, "{op}: the state must have at least one number");
        assert!(layers > 0, "{op}: there must be at least one layer");
        assert!((0.0..=1.0).contains(&dropout), "{op}: the dropout's probability must be from 0 to 1; got {dropout}");
        if let Some(outputs) = projection {
            assert!(op == "lstm", "{op}: only an lstm has a projection");
            assert!(
                (1..hidden).contains(&outputs),
                "{op}: a projection must be to at least one and fewer than the {hidden} hidden numbers; got {outputs}"
            );
        }
    }

    pub(super) fn directions(&self) -> usize {
        if self.bidirectional { 2 } else { 1 }
    }

    /// What each direction gives out.
    pub(super) fn outputs(&self) -> usize {
        self.projection.unwrap_or(self.hidden)
    }
}

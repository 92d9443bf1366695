//! Batches: inputs and targets that share their first axis, a few at a time.
//!
//! A loader holds no generator and changes nothing when it is used. `&loader` goes through the data in its own order,
//! as for a test; [`Loader::epoch`] takes a generator and goes through it in a fresh random order, as for training.

use cotangent_tensor::{Error, ErrorKind, Result, Rng, Tensor};

/// Inputs `x` and targets `y` in batches along their first axis.
///
/// ```
/// use cotangent_nn::data::Loader;
/// use cotangent_tensor::{DType, Rng, Tensor};
/// let mut rng = Rng::seed(7);
/// let (x, y) = (rng.normal([10, 3], DType::F32), rng.randint(0, 2, [10]));
/// let loader = Loader::new(&x, &y, 4)?;
/// for batch in loader.epoch(&mut rng) {
///     assert_eq!(batch.x.shape()[0], batch.y.shape()[0]);
/// }
/// let sizes: Vec<usize> = loader.into_iter().map(|batch| batch.len()).collect();
/// assert_eq!(sizes, [4, 4, 2]);
/// # Ok::<(), cotangent_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Loader {
    x: Tensor,
    y: Tensor,
    batch_size: usize,
    drop_last: bool,
}

impl Loader {
    /// Batches of `batch_size` examples; the last of an epoch has what is left.
    ///
    /// # Errors
    /// When x or y is a scalar, their first axes differ, there are no examples, or the batch size is zero.
    pub fn new(x: &Tensor, y: &Tensor, batch_size: usize) -> Result<Self> {
        let refuse = |kind, rule: &str| Err(Error::new(kind, "loader", rule).with_inputs(&[x.spec(), y.spec()]));
        match (x.shape().first(), y.shape().first()) {
            (Some(n), Some(m)) if n != m => {
                refuse(ErrorKind::Shape, &format!("x has {n} examples along its first axis and y has {m}"))
            }
            (None, _) | (_, None) => {
                refuse(ErrorKind::Shape, "x and y need a first axis, along which the examples lie")
            }
            (Some(0), _) => refuse(ErrorKind::Size, "there are no examples"),
            _ if batch_size == 0 => refuse(ErrorKind::Value, "a batch needs at least one example; the batch size is 0"),
            _ => Ok(Loader { x: x.clone(), y: y.clone(), batch_size, drop_last: false }),
        }
    }

    /// Whether to leave out a last batch that is not full. With fewer examples than one batch, none remains.
    #[must_use]
    pub fn drop_last(self, drop_last: bool) -> Self {
        Loader { drop_last, ..self }
    }

    /// The number of examples.
    #[must_use]
    pub fn examples(&self) -> usize {
        self.y.shape()[0]
    }

    /// The number of batches of an epoch.
    #[must_use]
    pub fn batches(&self) -> usize {
        if self.drop_last { self.examples() / self.batch_size } else { self.examples().div_ceil(self.batch_size) }
    }

    /// All batches, the examples in a fresh random order. It is drawn at once, so that `rng` is free again while
    /// batches are made.
    pub fn epoch(&self, rng: &mut Rng) -> Epoch<'_> {
        Epoch { loader: self, order: Some(rng.permutation(self.examples())), next: 0 }
    }
}

/// All batches, the examples in their own order; the batches are views.
impl<'a> IntoIterator for &'a Loader {
    type Item = Batch;
    type IntoIter = Epoch<'a>;
    fn into_iter(self) -> Epoch<'a> {
        Epoch { loader: self, order: None, next: 0 }
    }
}

/// Some examples: inputs and targets with the same first axis.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The inputs.
    pub x: Tensor,
    /// The targets.
    pub y: Tensor,
}

impl Batch {
    /// The number of examples.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a batch is never empty")]
    pub fn len(&self) -> usize {
        self.y.shape()[0]
    }
}

/// The batches of one pass through the data.
#[derive(Clone, Debug)]
#[must_use = "batches are made when they are asked for"]
pub struct Epoch<'a> {
    loader: &'a Loader,
    order: Option<Tensor>,
    next: usize,
}

impl Iterator for Epoch<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        if self.next == self.loader.batches() {
            return None;
        }
        let Loader { x, y, batch_size, .. } = self.loader;
        let start = self.next * batch_size;
        let len = (self.loader.examples() - start).min(*batch_size);
        self.next += 1;
        Some(match &self.order {
            None => Batch { x: x.narrow(0, start, len), y: y.narrow(0, start, len) },
            Some(order) => {
                let places = order.narrow(0, start, len);
                Batch { x: x.index_select(0, &places), y: y.index_select(0, &places) }
            }
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.loader.batches() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Epoch<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use cotangent_tensor::DType;

    /// Example i has the inputs 2i, 2i + 1 and the target i.
    fn counted(n: usize, batch_size: usize) -> Loader {
        let x = Tensor::from_vec((0..2 * n).map(|i| i as f32).collect(), [n, 2]).expect("two inputs for each example");
        Loader::new(&x, &Tensor::arange(0, n as i64, 1), batch_size).expect("data that fit")
    }

    fn targets(batches: Epoch<'_>) -> Vec<i64> {
        batches.flat_map(|batch| batch.y.to_vec::<i64>()).collect()
    }

    #[test]
    fn an_epoch_has_every_example_once_with_its_own_target() {
        for (n, batch_size) in [(10, 3), (9, 3), (1, 5), (7, 1)] {
            let loader = counted(n, batch_size);
            let batches: Vec<Batch> = loader.epoch(&mut Rng::seed(1)).collect();
            assert_eq!(batches.len(), loader.batches());
            for batch in &batches {
                let wanted = batch.y.to_vec::<i64>().into_iter().flat_map(|i| [(2 * i) as f32, (2 * i + 1) as f32]);
                assert_eq!(batch.x.to_vec::<f32>(), wanted.collect::<Vec<f32>>());
                assert!((1..=batch_size).contains(&batch.len()));
            }
            let mut seen: Vec<i64> = batches.iter().flat_map(|batch| batch.y.to_vec::<i64>()).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..n as i64).collect::<Vec<_>>());
        }
    }

    #[test]
    fn each_epoch_has_its_own_order_which_the_seed_decides() {
        let (loader, mut rng) = (counted(50, 8), Rng::seed(2));
        let (first, second) = (targets(loader.epoch(&mut rng)), targets(loader.epoch(&mut rng)));
        assert_ne!(first, second);
        assert!(!first.is_sorted());
        let mut again = Rng::seed(2);
        assert_eq!(targets(loader.epoch(&mut again)), first);
        assert_eq!(targets(loader.epoch(&mut again)), second);
    }

    #[test]
    fn by_reference_the_order_is_that_of_the_data() {
        let loader = counted(10, 4);
        let mut seen = Vec::new();
        for batch in &loader {
            seen.push((batch.x.to_vec::<f32>()[0], batch.y.to_vec::<i64>()));
        }
        assert_eq!(seen, [(0.0, vec![0, 1, 2, 3]), (8.0, vec![4, 5, 6, 7]), (16.0, vec![8, 9])]);
    }

    #[test]
    fn a_last_batch_that_is_not_full_can_be_left_out() {
        let loader = counted(10, 4).drop_last(true);
        assert_eq!(targets((&loader).into_iter()), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(counted(8, 4).drop_last(true).batches(), 2);
        assert_eq!(counted(3, 4).drop_last(true).epoch(&mut Rng::seed(3)).len(), 0);
        assert_eq!(counted(10, 4).drop_last(true).drop_last(false).batches(), 3);
    }

    #[test]
    fn an_epoch_knows_how_many_batches_are_left() {
        let loader = counted(10, 4);
        let mut epoch = loader.epoch(&mut Rng::seed(4));
        assert_eq!(epoch.len(), 3);
        epoch.next();
        assert_eq!(epoch.len(), 2);
        assert_eq!(epoch.by_ref().count(), 2);
        assert!(epoch.next().is_none() && epoch.next().is_none());
    }

    #[test]
    fn data_that_do_not_fit_are_refused() {
        let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32);
        let refusal = |x: &[usize], y: &[usize], size| Loader::new(&zeros(x), &zeros(y), size).unwrap_err().to_string();
        assert_eq!(
            refusal(&[5, 2], &[4], 2),
            "loader: x has 5 examples along its first axis and y has 4; got f32[5, 2], f32[4]"
        );
        assert_eq!(
            refusal(&[5, 2], &[5], 0),
            "loader: a batch needs at least one example; the batch size is 0; got f32[5, 2], f32[5]"
        );
        assert_eq!(refusal(&[0, 2], &[0], 2), "loader: there are no examples; got f32[0, 2], f32[0]");
        assert_eq!(
            refusal(&[], &[5], 2),
            "loader: x and y need a first axis, along which the examples lie; got f32[], f32[5]"
        );
    }
}

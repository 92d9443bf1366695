//! Datasets: a number of examples, each of which can be asked for by its place.
//!
//! A tensor is one (its slices along the first axis), so are a tuple of datasets, a vector of [`Examples`], and [`Paired`] inputs and targets; a
//! dataset of one's own says how many examples it has and how to get one. [`map`](Dataset::map), [`subset`](Dataset::subset) and
//! [`chain`](Dataset::chain) make others of them without computing anything before an example is asked for.
//!
//! Nothing here draws random numbers: the order is the loader's, and a random change of an example belongs to the batch, with a
//! generator that the caller holds.

use super::collate::{Example, Stack};
use cotangent_tensor::{Error, ErrorKind, Result, Tensor};
use std::{rc::Rc, sync::Arc};

/// Examples by their place.
///
/// ```
/// use cotangent_nn::data::{Dataset, Loader};
/// use cotangent_tensor::Tensor;
///
/// struct Squares;
/// impl Dataset for Squares {
///     type Example = (f64, f64);
///     fn len(&self) -> usize {
///         100
///     }
///     fn get(&self, i: usize) -> (f64, f64) {
///         (i as f64, (i * i) as f64)
///     }
/// }
///
/// let loader = Loader::over(Squares.subset(vec![1, 2, 3]), 2)?;
/// let (x, y) = loader.into_iter().next().expect("a batch");
/// assert_eq!((x.to_vec::<f64>(), y.to_vec::<f64>()), (vec![1.0, 2.0], vec![1.0, 4.0]));
/// # Ok::<(), cotangent_tensor::Error>(())
/// ```
///
/// An example that can fail, because it is read from a file, is a `Result`; a batch is then a `Result` too.
pub trait Dataset {
    /// What there is at each place.
    type Example;

    /// The number of examples.
    fn len(&self) -> usize;

    /// The example at place `i`, which is below [`len`](Self::len).
    fn get(&self, i: usize) -> Self::Example;

    /// Whether there are no examples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The examples at some places as a batch. What is made here of single examples, a dataset that holds them together can give
    /// at once; the result must be the same.
    fn stacked(&self, places: &[usize]) -> <Self::Example as Stack>::Batch
    where
        Self::Example: Stack,
    {
        Stack::stack(places.iter().map(|&i| self.get(i)).collect())
    }

    /// The dataset whose examples are `f` of these.
    fn map<T, F: Fn(Self::Example) -> T>(self, f: F) -> Mapped<Self, F>
    where
        Self: Sized,
    {
        Mapped { dataset: self, f }
    }

    /// The examples at some places, in that order; a place may occur more than once. The functions of [`split`](super::split) give
    /// places.
    ///
    /// # Panics
    /// When a place is not below [`len`](Self::len).
    #[track_caller]
    fn subset(self, places: impl Into<Vec<usize>>) -> Subset<Self>
    where
        Self: Sized,
    {
        let (places, len) = (places.into(), self.len());
        if let Some(beyond) = places.iter().find(|&&place| place >= len) {
            panic!("subset: there is no example {beyond}; the dataset has {len}");
        }
        Subset { dataset: self, places }
    }

    /// These examples, then those of another dataset.
    fn chain<D: Dataset<Example = Self::Example>>(self, then: D) -> Chained<Self, D>
    where
        Self: Sized,
    {
        Chained { first: self, second: then }
    }
}

/// Declares that a pointer to a dataset is one.
macro_rules! through_pointers {
    ($($Pointer:ty),*) => {$(
        impl<D: Dataset + ?Sized> Dataset for $Pointer {
            type Example = D::Example;
            fn len(&self) -> usize {
                (**self).len()
            }
            fn get(&self, i: usize) -> D::Example {
                (**self).get(i)
            }
            fn stacked(&self, places: &[usize]) -> <D::Example as Stack>::Batch
            where
                D::Example: Stack,
            {
                (**self).stacked(places)
            }
        }
    )*};
}
through_pointers!(&D, Box<D>, Rc<D>, Arc<D>);

/// The slices along the first axis, as views; a batch of places that follow each other is a view too.
///
/// A scalar has no first axis: asking for its length panics.
impl Dataset for Tensor {
    type Example = Tensor;

    fn len(&self) -> usize {
        self.size(0)
    }

    fn get(&self, i: usize) -> Tensor {
        self.select(0, i as isize)
    }

    fn stacked(&self, places: &[usize]) -> Tensor {
        match places {
            [first, ..] if places.windows(2).all(|pair| pair[0] + 1 == pair[1]) => self.narrow(0, *first, places.len()),
            _ => self.index_select(0, &Tensor::from(places.iter().map(|&i| i as i64).collect::<Vec<_>>())),
        }
    }
}

/// Examples of any kind, in a vector; each is cloned when it is asked for.
///
/// A vector itself is no dataset: `get` of a vector would then be one thing or another with what is in scope.
#[derive(Clone, Debug, Default)]
pub struct Examples<T>(pub Vec<T>);

impl<T: Clone> Dataset for Examples<T> {
    type Example = T;
    fn len(&self) -> usize {
        self.0.len()
    }
    fn get(&self, i: usize) -> T {
        self.0[i].clone()
    }
}

/// Declares that a tuple of datasets is a dataset of tuples.
macro_rules! tuples {
    ($($Part:ident $i:tt),*) => {
        /// Examples side by side. Asking for the length panics when the parts differ in theirs.
        impl<$($Part: Dataset),*> Dataset for ($($Part,)*) {
            type Example = ($($Part::Example,)*);
            fn len(&self) -> usize {
                let lens = [$(self.$i.len()),*];
                assert!(
                    lens.iter().all(|len| *len == lens[0]),
                    "dataset: the parts of a tuple need one number of examples; got {lens:?}"
                );
                lens[0]
            }
            fn get(&self, i: usize) -> Self::Example {
                ($(self.$i.get(i),)*)
            }
        }
    };
}
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);

/// Inputs and targets along the first axes of two tensors; what [`Loader::new`](super::Loader::new) goes through.
#[derive(Clone, Debug)]
pub struct Paired {
    x: Tensor,
    y: Tensor,
}

impl Paired {
    /// Inputs `x` with their targets `y`.
    ///
    /// # Errors
    /// When x or y is a scalar, or their first axes differ.
    ///
    /// ```
    /// use cotangent_nn::data::{Dataset, Paired};
    /// use cotangent_tensor::Tensor;
    /// let pairs = Paired::new(&Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]), &Tensor::from([5i64, 6]))?;
    /// assert_eq!((pairs.len(), pairs.get(1).y.item::<i64>()), (2, 6));
    /// # Ok::<(), cotangent_tensor::Error>(())
    /// ```
    pub fn new(x: &Tensor, y: &Tensor) -> Result<Self> {
        let refuse = |rule: &str| Err(Error::new(ErrorKind::Shape, "loader", rule).with_inputs(&[x.spec(), y.spec()]));
        match (x.shape().first(), y.shape().first()) {
            (Some(n), Some(m)) if n != m => refuse(&format!("x has {n} examples along its first axis and y has {m}")),
            (None, _) | (_, None) => refuse("x and y need a first axis, along which the examples lie"),
            _ => Ok(Paired { x: x.clone(), y: y.clone() }),
        }
    }

    /// The inputs.
    #[must_use]
    pub fn x(&self) -> &Tensor {
        &self.x
    }

    /// The targets.
    #[must_use]
    pub fn y(&self) -> &Tensor {
        &self.y
    }
}

impl Dataset for Paired {
    type Example = Example;

    fn len(&self) -> usize {
        self.y.size(0)
    }

    fn get(&self, i: usize) -> Example {
        Example { x: self.x.get(i), y: self.y.get(i) }
    }

    fn stacked(&self, places: &[usize]) -> super::Batch {
        super::Batch { x: self.x.stacked(places), y: self.y.stacked(places) }
    }
}

/// A function of each example; [`Dataset::map`] makes it.
#[derive(Clone, Debug)]
pub struct Mapped<D, F> {
    dataset: D,
    f: F,
}

impl<D: Dataset, T, F: Fn(D::Example) -> T> Dataset for Mapped<D, F> {
    type Example = T;
    fn len(&self) -> usize {
        self.dataset.len()
    }
    fn get(&self, i: usize) -> T {
        (self.f)(self.dataset.get(i))
    }
}

/// Some examples of a dataset; [`Dataset::subset`] makes it.
#[derive(Clone, Debug)]
pub struct Subset<D> {
    dataset: D,
    places: Vec<usize>,
}

impl<D: Dataset> Dataset for Subset<D> {
    type Example = D::Example;
    fn len(&self) -> usize {
        self.places.len()
    }
    fn get(&self, i: usize) -> D::Example {
        self.dataset.get(self.places[i])
    }
    fn stacked(&self, places: &[usize]) -> <D::Example as Stack>::Batch
    where
        D::Example: Stack,
    {
        self.dataset.stacked(&places.iter().map(|&i| self.places[i]).collect::<Vec<_>>())
    }
}

/// One dataset after another; [`Dataset::chain`] makes it.
#[derive(Clone, Debug)]
pub struct Chained<A, B> {
    first: A,
    second: B,
}

impl<A: Dataset, B: Dataset<Example = A::Example>> Dataset for Chained<A, B> {
    type Example = A::Example;
    fn len(&self) -> usize {
        self.first.len() + self.second.len()
    }
    fn get(&self, i: usize) -> A::Example {
        match i.checked_sub(self.first.len()) {
            None => self.first.get(i),
            Some(i) => self.second.get(i),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::panic_message;
    use cotangent_tensor::DType;

    fn numbers(x: &Tensor) -> Vec<i64> {
        x.to_vec::<i64>()
    }

    #[test]
    fn the_examples_of_a_tensor_are_its_slices_alone_or_together() {
        let x = Tensor::arange(0, 12, 1).reshape([4, 3]);
        assert_eq!(Dataset::len(&x), 4);
        assert_eq!((numbers(&x.get(2)), x.get(2).shape().to_vec()), (vec![6, 7, 8], vec![3]));
        for places in [vec![0, 1, 2, 3], vec![1, 2], vec![3], vec![2, 0, 2], vec![1, 0], vec![]] {
            let single: Vec<i64> = places.iter().flat_map(|&i| numbers(&x.get(i))).collect();
            let together = x.stacked(&places);
            assert_eq!((numbers(&together), together.shape().to_vec()), (single, vec![places.len(), 3]));
        }
        assert!(x.stacked(&[1, 2]).array().is_contiguous());
        assert_eq!(Tensor::zeros([0, 3], DType::F32).stacked(&[]).shape()[..], [0, 3]);
        assert!(panic_message(|| Dataset::len(&Tensor::from(1.0f32))).starts_with("size: axis 0"));
    }

    #[test]
    fn adaptors_change_which_examples_there_are_and_nothing_else() {
        let x = Tensor::arange(10, 16, 1);
        let picked = (&x).subset(vec![5, 0, 5]);
        assert_eq!((picked.len(), numbers(&picked.stacked(&[0, 1, 2]))), (3, vec![15, 10, 15]));
        let doubled = (&picked).map(|x| x * 2);
        assert_eq!(numbers(&doubled.stacked(&[1, 2])), [20, 30]);
        let both = x.clone().chain(picked.clone());
        let all: Vec<i64> = (0..both.len()).map(|i| both.get(i).item::<i64>()).collect();
        assert_eq!(all, [10, 11, 12, 13, 14, 15, 15, 10, 15]);
        assert_eq!(numbers(&both.stacked(&[8, 0])), [15, 10]);
        let boxed: Box<dyn Dataset<Example = Tensor>> = Box::new(x);
        assert_eq!(numbers(&Rc::new(boxed).stacked(&[3, 1])), [13, 11]);
        assert!(Examples(vec![1i64; 0]).is_empty());
    }

    #[test]
    fn tuples_give_tuples_and_need_one_length() {
        let data = (Tensor::arange(0, 3, 1), Examples(vec![0.5f64, 1.5, 2.5]), Examples(vec!["a", "b", "c"]));
        assert_eq!(data.get(1).1, 1.5);
        let (a, b, c) = data.stacked(&[2, 0]);
        assert_eq!((numbers(&a), b.to_vec::<f64>(), c), (vec![2, 0], vec![2.5, 0.5], vec!["c", "a"]));
        let message = panic_message(|| (Examples(vec![1i64]), Examples(vec![1i64, 2])).len());
        assert_eq!(message, "dataset: the parts of a tuple need one number of examples; got [1, 2]");
    }

    #[test]
    fn a_subset_beyond_the_dataset_is_refused() {
        let message = panic_message(|| Examples(vec![1i64, 2]).subset(vec![0, 2]).len());
        assert_eq!(message, "subset: there is no example 2; the dataset has 2");
    }
}

//! How examples become a batch: stacked along a new first axis, part by part; or by a closure of one's own.

use super::{Batch, Dataset};
use cotangent_tensor::{Element, Error, ErrorKind, Tensor, bf16, f16};

/// An input with its target.
///
/// As the example of a dataset of one's own it makes the loader's batches [`Batch`]es, with names; a tuple makes them tuples.
#[derive(Clone, Debug)]
pub struct Example {
    /// The input.
    pub x: Tensor,
    /// The target.
    pub y: Tensor,
}

/// An example of which several make a batch.
///
/// | examples | batch |
/// |---|---|
/// | tensors of one shape | a tensor with a new first axis |
/// | `f32`, `f64`, `i64`, `u8`, `bool` | a tensor of rank 1 |
/// | `String`, `&'static str` | a vector |
/// | tuples of up to four | a tuple of batches |
/// | [`Example`] | [`Batch`] |
/// | `Result` | a `Result`, of which the first error counts |
pub trait Stack: Sized {
    /// What several examples make together.
    type Batch;

    /// The batch of these examples, of which there is at least one.
    fn stack(examples: Vec<Self>) -> Self::Batch;
}

impl Stack for Tensor {
    type Batch = Tensor;

    #[track_caller]
    fn stack(examples: Vec<Tensor>) -> Tensor {
        if let Some(odd) = examples.iter().find(|example| example.spec() != examples[0].spec()) {
            let error = Error::new(ErrorKind::Shape, "loader", "the examples of a batch need one shape and one dtype")
                .with_inputs(&[examples[0].spec(), odd.spec()])
                .with_hint("pad them to one shape, or say with .collate(..) what their batch is");
            panic!("{error}");
        }
        Tensor::stack(examples, 0)
    }
}

/// Declares the batch of plain numbers.
macro_rules! numbers {
    ($($T:ty),*) => {$(
        impl Stack for $T {
            type Batch = Tensor;
            fn stack(examples: Vec<$T>) -> Tensor {
                tensor(examples)
            }
        }
    )*};
}
numbers!(f32, f64, bf16, f16, i64, u8, bool);

fn tensor<T: Element>(examples: Vec<T>) -> Tensor {
    Tensor::from(examples)
}

impl Stack for String {
    type Batch = Vec<String>;
    fn stack(examples: Vec<String>) -> Vec<String> {
        examples
    }
}

impl Stack for &'static str {
    type Batch = Vec<&'static str>;
    fn stack(examples: Vec<&'static str>) -> Vec<&'static str> {
        examples
    }
}

impl Stack for Example {
    type Batch = Batch;
    #[track_caller]
    fn stack(examples: Vec<Example>) -> Batch {
        let (x, y): (Vec<Tensor>, Vec<Tensor>) = examples.into_iter().map(|example| (example.x, example.y)).unzip();
        Batch { x: Stack::stack(x), y: Stack::stack(y) }
    }
}

impl<T: Stack, E> Stack for Result<T, E> {
    type Batch = Result<T::Batch, E>;
    #[track_caller]
    fn stack(examples: Vec<Result<T, E>>) -> Self::Batch {
        Ok(T::stack(examples.into_iter().collect::<Result<Vec<T>, E>>()?))
    }
}

/// Declares the batch of tuples, part by part.
macro_rules! tuples {
    ($($Part:ident $parts:ident $i:tt),*) => {
        impl<$($Part: Stack),*> Stack for ($($Part,)*) {
            type Batch = ($($Part::Batch,)*);
            #[track_caller]
            fn stack(examples: Vec<Self>) -> Self::Batch {
                $(let mut $parts = Vec::with_capacity(examples.len());)*
                for example in examples {
                    $($parts.push(example.$i);)*
                }
                ($($Part::stack($parts),)*)
            }
        }
    };
}
tuples!(A a 0, B b 1);
tuples!(A a 0, B b 1, C c 2);
tuples!(A a 0, B b 1, C c 2, D d 3);

/// What a loader makes of the examples at some places.
pub trait Collate<D: Dataset> {
    /// The result.
    type Batch;

    /// The batch of the examples at these places, of which there is at least one.
    fn batch(&self, dataset: &D, places: &[usize]) -> Self::Batch;
}

/// Batches by [`Stack`].
#[derive(Clone, Copy, Debug)]
pub struct Stacked;

impl<D: Dataset<Example: Stack>> Collate<D> for Stacked {
    type Batch = <D::Example as Stack>::Batch;
    fn batch(&self, dataset: &D, places: &[usize]) -> Self::Batch {
        dataset.stacked(places)
    }
}

/// Batches by a closure over the examples.
#[derive(Clone, Copy, Debug)]
pub struct By<F>(pub F);

impl<D: Dataset, B, F: Fn(Vec<D::Example>) -> B> Collate<D> for By<F> {
    type Batch = B;
    fn batch(&self, dataset: &D, places: &[usize]) -> B {
        (self.0)(places.iter().map(|&i| dataset.get(i)).collect())
    }
}

//! Forecasts of time series, on top of cotangent: how a crate of your own, or a whole framework, builds on it.
//!
//! Everything that is used here is public and documented; nothing is registered anywhere.
//!
//! | what | how | where |
//! |---|---|---|
//! | an operation | a struct that implements `Primitive` and `Vjp` | [`polynomial`] |
//! | a layer | a struct of tensors with a `forward`, and `Layer` for containers of layers | [`Bend`] |
//! | a model | a struct of layers that derives `Module` | [`Perceptron`] |
//! | an optimizer | a struct of settings that implements `Rule` | [`rprop`] |
//! | a source of data | a type that implements `Dataset` | [`Windows`] |
//! | a container | `Module` by hand: two methods that show what is in it | [`Ensemble`] |
//! | training | a function that is generic over models | [`fit`] |
//!
//! A framework asks of a model a trait of its own, [`Forecast`], above `Module + Clone + Send + Sync`; it stores models and
//! tensors in its own types, and trains on threads of its own.
//!
//! ```
//! use cotangent::{prelude::*, nn::data::Loader};
//! use downstream::{Ensemble, Forecast, Perceptron, Windows, rprop};
//!
//! // What follows three values of a wave?
//! let series: Vec<f32> = (0..60).map(|t| (t as f32 * 0.7).sin()).collect();
//! let windows = Loader::over(Windows::new(Tensor::from(series), 3)?, 57)?;
//!
//! let mut rng = Rng::seed(7);
//! let mut ensemble = Ensemble::default();
//! for name in ["first", "second"] {
//!     ensemble.add(name, Perceptron::new(3, 8, &mut rng));
//! }
//! ensemble.fit(&windows, || Box::new(rprop(0.01)), 60, &mut rng);
//!
//! let wave = |t: f32| (t * 0.7).sin();
//! let forecast = ensemble.forecast(&Tensor::from([[wave(60.0), wave(61.0), wave(62.0)]]));
//! assert!((forecast.item::<f32>() - wave(63.0)).abs() < 0.05);
//! # Ok::<(), cotangent::Error>(())
//! ```

#![forbid(unsafe_code)]

mod bend;
mod ensemble;
mod fit;
mod perceptron;
mod polynomial;
mod rprop;
mod windows;

pub use bend::Bend;
pub use ensemble::Ensemble;
pub use fit::{Fit, Forecast, fit};
pub use perceptron::Perceptron;
pub use polynomial::polynomial;
pub use rprop::{Rprop, rprop};
pub use windows::Windows;

/// What this crate's types promise to threads holds because it holds for tensors; this does not compile otherwise.
const _: fn() = || {
    fn crosses_threads<T: Send + Sync + 'static>() {}
    crosses_threads::<Perceptron>();
    crosses_threads::<Ensemble<Perceptron>>();
    crosses_threads::<Fit<Perceptron>>();
    crosses_threads::<Windows>();
};

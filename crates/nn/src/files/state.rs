//! What a value would have to remember to go on after an interruption, as named tensors.

use crate::{
    data::Position,
    optim::{Ema, Lbfgs},
    schedule::Plateau,
};
use cotangent_autograd::Module;
use cotangent_tensor::{Error, ErrorKind, Result, Rng, Tensor};

/// A value that can be a part of a [`Checkpoint`](super::Checkpoint) without being a module: a schedule, a generator, a counter,
/// a place in the data. An optimizer needs its model beside it: see
/// [`with_optimizer`](super::Checkpoint::with_optimizer).
///
/// What decides the future belongs to the state; settings that the program makes anew do not. Numbers are tensors without
/// axes.
///
/// ```
/// use cotangent_nn::files::State;
/// use cotangent_tensor::{Error, ErrorKind, Result, Tensor};
///
/// /// Halves the learning rate where the loss does not fall.
/// struct Halving { lr: f64, least: f64 }
///
/// impl State for Halving {
///     fn state(&self) -> Vec<(String, Tensor)> {
///         vec![("lr".into(), self.lr.into()), ("least".into(), self.least.into())]
///     }
///     fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()> {
///         let number = |wanted: &str| match state.iter().find(|(name, _)| name == wanted) {
///             Some((_, tensor)) => tensor.try_item::<f64>(),
///             None => Err(Error::new(ErrorKind::Data, "halving", format!("the state has no {wanted}"))),
///         };
///         *self = Halving { lr: number("lr")?, least: number("least")? };
///         Ok(())
///     }
/// }
///
/// let (before, mut after) = (Halving { lr: 0.1, least: 3.5 }, Halving { lr: 1.0, least: f64::INFINITY });
/// after.load_state(before.state())?;
/// assert_eq!((after.lr, after.least), (0.1, 3.5));
/// # Ok::<(), cotangent_tensor::Error>(())
/// ```
pub trait State {
    /// Everything that [`load_state`](Self::load_state) needs, each under a name of its own.
    fn state(&self) -> Vec<(String, Tensor)>;

    /// Goes back to where [`state`](Self::state) was asked for; all that follows is then the same to the last bit. The
    /// tensors come in any order: a file sorts them.
    ///
    /// # Errors
    /// When this is not the state of such a value; nothing has then changed.
    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()>;
}

/// The stream and the place in it, as `stream`: 48 bytes.
impl State for Rng {
    fn state(&self) -> Vec<(String, Tensor)> {
        vec![("stream".to_owned(), Tensor::from(self.to_bytes()))]
    }
    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()> {
        *self = Rng::from_bytes(&only(&state, "stream", "a generator")?.try_to_vec::<u8>()?)?;
        Ok(())
    }
}

/// A counter, as an i64 without a name. A count beyond 2⁶³ keeps its bits.
impl State for u64 {
    fn state(&self) -> Vec<(String, Tensor)> {
        vec![(String::new(), Tensor::from(*self as i64))]
    }
    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()> {
        *self = only(&state, "", "a counter")?.try_item::<i64>()? as u64;
        Ok(())
    }
}

/// A number, without a name.
impl State for f64 {
    fn state(&self) -> Vec<(String, Tensor)> {
        vec![(String::new(), Tensor::from(*self))]
    }
    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()> {
        *self = only(&state, "", "a number")?.try_item()?;
        Ok(())
    }
}

/// Where an epoch stands, as [`Position::to_tensors`] gives it. A position to load into is that of any epoch.
impl State for Position {
    fn state(&self) -> Vec<(String, Tensor)> {
        self.to_tensors().into_iter().map(|(name, tensor)| (name.to_owned(), tensor)).collect()
    }
    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()> {
        *self = Position::from_tensors(state.iter().map(|(name, tensor)| (name.as_str(), tensor)))?;
        Ok(())
    }
}

impl State for Plateau {
    fn state(&self) -> Vec<(String, Tensor)> {
        Plateau::state(self)
    }
    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()> {
        Plateau::load_state(self, state)
    }
}

impl State for Lbfgs {
    fn state(&self) -> Vec<(String, Tensor)> {
        Lbfgs::state(self)
    }
    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()> {
        Lbfgs::load_state(self, state)
    }
}

impl<M: Module + Clone> State for Ema<M> {
    fn state(&self) -> Vec<(String, Tensor)> {
        Ema::state(self)
    }
    fn load_state(&mut self, state: Vec<(String, Tensor)>) -> Result<()> {
        Ema::load_state(self, state)
    }
}

fn only<'a>(state: &'a [(String, Tensor)], name: &str, what: &str) -> Result<&'a Tensor> {
    match state {
        [(found, tensor)] if found == name => Ok(tensor),
        _ => {
            let names: Vec<&str> = state.iter().map(|(name, _)| name.as_str()).collect();
            let rule = format!("the state of {what} has one tensor, named {name:?}; got {names:?}");
            Err(Error::new(ErrorKind::Data, "load_state", rule))
        }
    }
}

//! State that was given from outside, as named tensors: taken name by name, so that what is missing, misshapen or unknown is
//! an error that names it.

use cotangent_tensor::{DType, Error, ErrorKind, Result, SpecRef, Tensor};
use std::collections::BTreeMap;

/// Named tensors that were not taken yet.
pub(crate) struct Given {
    op: &'static str,
    tensors: BTreeMap<String, Tensor>,
}

impl Given {
    /// What was given to `op`, the name in messages.
    pub(crate) fn new(op: &'static str, tensors: impl IntoIterator<Item = (String, Tensor)>) -> Self {
        Given { op, tensors: tensors.into_iter().collect() }
    }

    /// Whether a name was given and not taken.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The number of elements of a tensor that was given, which stays; zero if it was not.
    pub(crate) fn size(&self, name: &str) -> usize {
        self.tensors.get(name).map_or(0, Tensor::numel)
    }

    /// Takes a tensor of any shape and dtype.
    pub(crate) fn take(&mut self, name: &str) -> Result<Tensor> {
        self.tensors.remove(name).ok_or_else(|| {
            Error::new(ErrorKind::Data, self.op, format!("the state has no `{name}`"))
                .with_hint("is it the state of another model or of other options?")
        })
    }

    /// Takes a tensor that must be like another.
    pub(crate) fn tensor(&mut self, name: &str, like: SpecRef<'_>) -> Result<Tensor> {
        let tensor = self.take(name)?;
        if tensor.spec() == like {
            return Ok(tensor);
        }
        Err(Error::new(
            ErrorKind::Data,
            self.op,
            format!("`{name}` in the state must be {like}; got {}", tensor.spec()),
        ))
    }

    /// Takes a scalar.
    pub(crate) fn number(&mut self, name: &str) -> Result<f64> {
        let tensor = self.take(name)?;
        if tensor.numel() == 1 && tensor.dtype() != DType::Bool {
            return tensor.cast(DType::F64).reshape([1]).sum(..).try_item();
        }
        Err(Error::new(
            ErrorKind::Data,
            self.op,
            format!("`{name}` in the state must be a number; got {}", tensor.spec()),
        ))
    }

    /// Takes a learning rate.
    pub(crate) fn rate(&mut self, name: &str) -> Result<f64> {
        let rate = self.number(name)?;
        if rate >= 0.0 && rate.is_finite() {
            return Ok(rate);
        }
        let rule = format!("`{name}` in the state must be a finite number from 0 on; got {rate}");
        Err(Error::new(ErrorKind::Data, self.op, rule))
    }

    /// Takes a count.
    pub(crate) fn count(&mut self, name: &str) -> Result<u64> {
        let number = self.number(name)?;
        // Up to 2⁵³ a floating-point number, which PyTorch counts with, holds every integer.
        if number >= 0.0 && number.fract() == 0.0 && number <= 9_007_199_254_740_992.0 {
            return Ok(number as u64);
        }
        Err(Error::new(ErrorKind::Data, self.op, format!("`{name}` in the state must be a count; got {number}")))
    }

    /// Refuses what was not taken.
    pub(crate) fn finish(self) -> Result<()> {
        let Some(name) = self.tensors.keys().next() else { return Ok(()) };
        let more = match self.tensors.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Err(Error::new(ErrorKind::Data, self.op, format!("the state has `{name}`{more}, which nothing here is called"))
            .with_hint("is it the state of another model or of other options?"))
    }
}

/// The name of what belongs to the tensor at a path.
pub(crate) fn name_below(path: &str, name: &str) -> String {
    let dot = if path.is_empty() || name.is_empty() { "" } else { "." };
    format!("{path}{dot}{name}")
}

/// A count as a tensor; one beyond i64 cannot be reached by counting.
pub(crate) fn count(count: u64) -> Tensor {
    Tensor::from(i64::try_from(count).unwrap_or(i64::MAX))
}

//! What L-BFGS remembers, as named tensors and back.

use super::{History, Last, Lbfgs};
use crate::state::{self, Given};
use cotangent_tensor::{DType, Error, ErrorKind, Result, Spec, Tensor};

impl Lbfgs {
    /// Everything that further steps depend on and that is not a setting, with PyTorch's names. Vectors run over the elements
    /// of all parameters; `old_dirs` and `old_stps` have a row for each iteration that is remembered.
    #[must_use]
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let mut state = vec![
            ("lr", Tensor::from(self.lr)),
            ("n_iter", state::count(self.iterations)),
            ("func_evals", state::count(self.evaluations)),
        ];
        if let Some(last) = &self.last {
            let rows = |rows: &[Vec<f64>]| matrix(rows, last.gradient.len());
            state.extend([
                ("d", vector(&last.direction)),
                ("t", Tensor::from(last.length)),
                ("prev_flat_grad", vector(&last.gradient)),
                ("prev_loss", Tensor::from(last.loss)),
                ("H_diag", Tensor::from(last.history.scale)),
                ("old_dirs", rows(&last.history.changes_of_gradient)),
                ("old_stps", rows(&last.history.changes_of_x)),
                ("ro", vector(&last.history.reciprocals)),
            ]);
        }
        state.into_iter().map(|(name, tensor)| (name.to_owned(), tensor)).collect()
    }

    /// Goes on from a [`state`](Self::state).
    ///
    /// # Errors
    /// When a name is missing, unknown, or of a shape or dtype that does not fit the others; nothing has changed then.
    pub fn load_state(&mut self, state: impl IntoIterator<Item = (String, Tensor)>) -> Result<()> {
        let mut given = Given::new("lbfgs", state);
        let lr = given.rate("lr")?;
        let (iterations, evaluations) = (given.count("n_iter")?, given.count("func_evals")?);
        let last = if given.has("d") { Some(Last::from_state(&mut given)?) } else { None };
        given.finish()?;
        if (iterations > 0) != last.is_some() {
            let rule = format!(
                "the state has {iterations} iterations, but what the last left is in it only if there were any"
            );
            return Err(Error::new(ErrorKind::Data, "lbfgs", rule));
        }
        (self.lr, self.iterations, self.evaluations, self.last) = (lr, iterations, evaluations, last);
        Ok(())
    }
}

impl Last {
    fn from_state(given: &mut Given) -> Result<Self> {
        let direction = given.take("d")?;
        let spec = |shape: &[usize]| Spec::new(shape, DType::F64);
        let (n, pairs) = (direction.numel(), given.size("ro"));
        let wrong = || Error::new(ErrorKind::Data, "lbfgs", "`d` in the state must be a vector of f64");
        if direction.spec() != spec(&[n]).as_ref() {
            return Err(wrong().with_inputs(&[direction.spec()]));
        }
        let mut rows = |name: &str| -> Result<Vec<Vec<f64>>> {
            let rows = given.tensor(name, spec(&[pairs, n]).as_ref())?.to_vec::<f64>();
            Ok((0..pairs).map(|i| rows[i * n..(i + 1) * n].to_vec()).collect())
        };
        let (changes_of_gradient, changes_of_x) = (rows("old_dirs")?, rows("old_stps")?);
        let reciprocals = given.tensor("ro", spec(&[pairs]).as_ref())?.to_vec();
        let scale = given.number("H_diag")?;
        Ok(Last {
            direction: direction.to_vec(),
            length: given.number("t")?,
            gradient: given.tensor("prev_flat_grad", spec(&[n]).as_ref())?.to_vec(),
            loss: given.number("prev_loss")?,
            history: History { changes_of_gradient, changes_of_x, reciprocals, scale },
        })
    }
}

fn vector(elements: &[f64]) -> Tensor {
    Tensor::from_slice(elements, [elements.len()]).expect("as many elements as there are")
}

/// Vectors of one length, as rows.
fn matrix(rows: &[Vec<f64>], columns: usize) -> Tensor {
    Tensor::from_vec(rows.concat(), [rows.len(), columns]).expect("vectors of one length")
}

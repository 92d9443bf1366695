//! Named tensors in NPZ files, for NumPy and whatever else reads no safetensors.

use super::{FileError, NamedTensors, Problem, header::MOST_AXES};
use crate::data::npz;
use cotangent_tensor::DType;
use std::{fs, path::Path};

/// NPZ files, NumPy's.
impl NamedTensors {
    /// Reads the arrays of an NPZ file under their names; which elements it can have, [`npy`](crate::data::npy) says.
    ///
    /// # Errors
    /// When the file cannot be read, or is not one of arrays that tensors can hold.
    pub fn read_npz(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|error| Problem::Io(error).in_file(path))?;
        let arrays = npz::parse(&bytes).map_err(|error| Problem::Npz(error).in_file(path))?;
        Ok(arrays.into_iter().collect())
    }

    /// Writes an NPZ file: `numpy.load` gives the arrays by their names. It appears when it is complete and on disk; until then
    /// a file of this name stays as it was.
    ///
    /// ```
    /// use cotangent_nn::{Linear, files::NamedTensors};
    /// use cotangent_tensor::Rng;
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("line.npz");
    /// let mut rng = Rng::seed(7);
    /// let (model, mut other) = (Linear::new(3, 2, &mut rng), Linear::new(3, 2, &mut rng));
    /// NamedTensors::of(&model).write_npz(&path)?;
    /// NamedTensors::read_npz(&path)?.load_into(&mut other)?;
    /// assert_eq!(other.weight.to_vec::<f32>(), model.weight.to_vec::<f32>());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the file cannot be written, there are strings beside the tensors, for which the format has no place, or a tensor has
    /// more axes than an array of NumPy or is bf16, which NumPy does not have.
    pub fn write_npz(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        let path = path.as_ref();
        if let Some(key) = self.metadata.keys().next() {
            let rule = format!("NPZ holds no strings, and the metadata has `{key}`; clear it, or write safetensors");
            return Err(Problem::Unwritable(rule).in_file(path));
        }
        for (name, tensor) in &self.tensors {
            let rule = match (tensor.rank(), tensor.dtype()) {
                (axes, _) if axes > MOST_AXES => format!("it has {axes} axes; the most are {MOST_AXES}"),
                (_, DType::BF16) => "NumPy has no bf16; write it as f32, .cast(DType::F32)".to_owned(),
                _ => continue,
            };
            return Err(Problem::Unwritable(format!("`{name}` cannot be written: {rule}")).in_file(path));
        }
        let arrays = self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
        npz::write(path, arrays).map_err(|error| Problem::Io(error).in_file(path))
    }
}

//! Tensors under names with strings beside them, as safetensors files hold them.

use super::{
    FileError, Problem, Report, atomic,
    codec::{self, Decoded, Encoded, RESERVED},
    fit,
};
use cotangent_autograd::{Module, module};
use cotangent_tensor::Tensor;
use std::{collections::BTreeMap, fmt, fs::File, io::BufReader, path::Path};

/// What a safetensors file holds: tensors under names, and strings beside them. PyTorch's name for the tensors of a model
/// is state dict.
///
/// A file that another program wrote often has other names and dtypes:
///
/// ```
/// use cotangent_nn::{Linear, files::NamedTensors};
/// use cotangent_tensor::{DType, Rng, Tensor};
///
/// let mut file = NamedTensors::default();
/// file.tensors.insert("decoder.fc.weight".into(), Tensor::zeros([2, 3], DType::F64));
/// file.tensors.insert("decoder.fc.bias".into(), Tensor::ones([2], DType::F64));
/// file.tensors.insert("encoder.scale".into(), Tensor::from(2.0));
///
/// let mut model = Linear::new(3, 2, &mut Rng::seed(7));
/// file.rename(|name| Some(name.strip_prefix("decoder.fc.")?.into()))?.cast_like(&model).load_into(&mut model)?;
/// assert_eq!(model.bias.unwrap().to_vec::<f32>(), [1.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct NamedTensors {
    /// The tensors.
    pub tensors: BTreeMap<String, Tensor>,
    /// The strings, safetensors' `__metadata__`. Keys that begin with `cotangent.` are reserved.
    pub metadata: BTreeMap<String, String>,
}

/// Files and bytes.
impl NamedTensors {
    /// Reads a safetensors file. If it is a [`Checkpoint`](super::Checkpoint), its checksum is compared. For dtypes that
    /// tensors do not have, and for a part of a large file, see [`Reading`].
    ///
    /// # Errors
    /// When the file cannot be read, does not follow the format, or has tensors of dtypes that we do not have.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, FileError> {
        Reading::new().read(path)
    }

    /// Reads the bytes of a safetensors file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        Reading::new().from_bytes(bytes)
    }

    /// Writes a safetensors file. It appears when it is complete and on disk; until then a file of this name stays as it
    /// was.
    ///
    /// ```
    /// use cotangent_nn::files::NamedTensors;
    /// use cotangent_tensor::Tensor;
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("vectors.safetensors");
    /// let mut file = NamedTensors::default();
    /// file.tensors.insert("mean".into(), Tensor::from([1.0, 2.0]));
    /// file.metadata.insert("unit".into(), "metre".into());
    /// file.write(&path)?;
    ///
    /// let read = NamedTensors::read(&path)?;
    /// assert_eq!(read.tensors["mean"].to_vec::<f64>(), [1.0, 2.0]);
    /// assert_eq!(read.metadata["unit"], "metre");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the file cannot be written, or a tensor or string is not one that a file can hold.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        let path = path.as_ref();
        let encoded = self.encoded().map_err(|problem| problem.in_file(path))?;
        write(path, &encoded)
    }

    /// The bytes of a safetensors file. The same tensors and strings always give the same bytes.
    ///
    /// # Errors
    /// When a tensor or string is not one that a file can hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FileError> {
        Ok(self.encoded()?.into_bytes())
    }

    fn encoded(&self) -> Result<Encoded<'_>, Problem> {
        refuse_reserved(&self.metadata)?;
        Encoded::of(&self.tensors, &self.metadata)
    }
}

/// Modules.
impl NamedTensors {
    /// Every tensor of a module, buffers too, under its path. Inside a transform it is the tensors' values.
    ///
    /// # Panics
    /// When two tensors of the module have the same path, which keys of maps with dots in them can bring about.
    #[must_use]
    #[track_caller]
    pub fn of<M: Module + ?Sized>(module: &M) -> Self {
        let mut tensors = BTreeMap::new();
        for (name, tensor) in module::named_tensors(module) {
            let earlier = tensors.insert(name.clone(), Tensor::from(tensor.array().clone()));
            assert!(
                earlier.is_none(),
                "named tensors: two tensors of the module have the path `{name}`; rename one of them"
            );
        }
        NamedTensors { tensors, metadata: BTreeMap::new() }
    }

    /// Replaces every tensor of a module by that of its path. Names, shapes and dtypes must be the same.
    ///
    /// # Errors
    /// [`Problem::Misfit`] lists everything that is not the same; the module is then left as it was.
    pub fn load_into<M: Module + ?Sized>(&self, module: &mut M) -> Result<(), FileError> {
        Ok(fit::load(&self.tensors, module)?)
    }

    /// Replaces those tensors of a module that are here with the same shape, and reports what is missing, left over or
    /// of another shape.
    ///
    /// ```
    /// use cotangent_nn::{Linear, files::NamedTensors};
    /// use cotangent_tensor::Rng;
    /// let mut rng = Rng::seed(7);
    /// let trained = NamedTensors::of(&[Linear::new(2, 3, &mut rng), Linear::new(3, 10, &mut rng)]);
    /// // The same body with another head.
    /// let mut model = [Linear::new(2, 3, &mut rng), Linear::new(3, 4, &mut rng)];
    /// let report = trained.load_partly(&mut model)?;
    /// assert_eq!(report.misshaped[0].name, "1.weight");
    /// assert_eq!(model[0].weight.to_vec::<f32>(), trained.tensors["0.weight"].to_vec::<f32>());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When a tensor of the right name and shape has another dtype: [`cast_like`](Self::cast_like) says that this is
    /// meant. The module is then left as it was.
    pub fn load_partly<M: Module + ?Sized>(&self, module: &mut M) -> Result<Report, FileError> {
        Ok(fit::load_partly(&self.tensors, module)?)
    }
}

/// Other names and dtypes.
impl NamedTensors {
    /// The same tensors under other names; those for which `name` returns `None` are left out.
    ///
    /// # Errors
    /// When two get the same name.
    pub fn rename(self, mut name: impl FnMut(&str) -> Option<String>) -> Result<Self, FileError> {
        let mut tensors = BTreeMap::new();
        for (old, tensor) in self.tensors {
            let Some(new) = name(&old) else { continue };
            if tensors.insert(new.clone(), tensor).is_some() {
                return Err(Problem::Collision(new).into());
            }
        }
        Ok(NamedTensors { tensors, ..self })
    }

    /// The same tensors, where those of floating point have the dtype of the module's tensor of their name.
    #[must_use]
    pub fn cast_like<M: Module + ?Sized>(mut self, module: &M) -> Self {
        for (name, like) in module::named_tensors(module) {
            if let Some(tensor) = self.tensors.get_mut(&name)
                && tensor.dtype().is_float()
                && like.dtype().is_float()
            {
                *tensor = tensor.cast(like.dtype());
            }
        }
        self
    }
}

/// A state that is to be a file of its own. Of two tensors of one name the later one stays.
///
/// ```
/// use cotangent_nn::{Adam, Linear, Optimizer, files::NamedTensors};
/// use cotangent_tensor::Rng;
/// let model = Linear::new(3, 2, &mut Rng::seed(7));
/// let state: NamedTensors = Adam::new(1e-3).state(&model).into_iter().collect();
/// assert_eq!(state.tensors["lr"].item::<f64>(), 1e-3);
/// ```
impl FromIterator<(String, Tensor)> for NamedTensors {
    fn from_iter<I: IntoIterator<Item = (String, Tensor)>>(named: I) -> Self {
        NamedTensors { tensors: named.into_iter().collect(), metadata: BTreeMap::new() }
    }
}

/// How to read a safetensors file: which tensors, and into which dtypes.
///
/// ```
/// # use cotangent_nn::files::{NamedTensors, Reading};
/// # use cotangent_tensor::Tensor;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("large.safetensors");
/// # let mut file = NamedTensors::default();
/// # file.tensors.insert("encoder.weight".into(), Tensor::from(1.0));
/// # file.tensors.insert("decoder.weight".into(), Tensor::from(2.0));
/// # file.write(&path)?;
/// let encoder = Reading::new().widening().only(|name| name.starts_with("encoder.")).read(&path)?;
/// assert_eq!(encoder.tensors.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Reading<'a> {
    pub(super) widening: bool,
    only: Option<Taken<'a>>,
}

/// Whether to read the tensor of a name.
type Taken<'a> = Box<dyn Fn(&str) -> bool + 'a>;

impl<'a> Reading<'a> {
    /// Every tensor, of dtypes that we have.
    #[must_use]
    pub fn new() -> Self {
        Reading::default()
    }

    /// Reads f16 and bf16 into f32, and the integers i8, i16.. to u32 that we do not have into i64, each exactly. Without this, f16 and
    /// bf16 are read as they are, and those integers refused.
    #[must_use]
    pub fn widening(self) -> Self {
        Reading { widening: true, ..self }
    }

    /// Leaves out the tensors whose names `take` refuses, without taking memory for them.
    #[must_use]
    pub fn only(self, take: impl Fn(&str) -> bool + 'a) -> Self {
        Reading { only: Some(Box::new(take)), ..self }
    }

    /// Reads a file, as [`NamedTensors::read`].
    ///
    /// # Errors
    /// As there.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<NamedTensors, FileError> {
        let path = path.as_ref();
        self.decode_file(path).map(without_reserved).map_err(|problem| problem.in_file(path))
    }

    /// Reads the bytes of a file, as [`NamedTensors::from_bytes`].
    ///
    /// # Errors
    /// As there.
    #[allow(clippy::wrong_self_convention, reason = "what is converted are the bytes; `self` says how")]
    pub fn from_bytes(&self, bytes: &[u8]) -> Result<NamedTensors, FileError> {
        Ok(without_reserved(codec::decode(bytes, bytes.len() as u64, self)?))
    }

    pub(super) fn decode_file(&self, path: &Path) -> Result<Decoded, Problem> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        codec::decode(BufReader::new(file), length, self)
    }

    pub(super) fn takes(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only(name))
    }
}

impl fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("widening", &self.widening).finish_non_exhaustive()
    }
}

fn without_reserved(Decoded { tensors, mut metadata }: Decoded) -> NamedTensors {
    metadata.retain(|key, _| !key.starts_with(RESERVED));
    NamedTensors { tensors, metadata }
}

/// Refuses keys of the metadata that are ours.
pub(super) fn refuse_reserved(metadata: &BTreeMap<String, String>) -> Result<(), Problem> {
    match metadata.keys().find(|key| key.starts_with(RESERVED)) {
        Some(key) => {
            Err(Problem::Unwritable(format!("the metadata has `{key}`; keys that begin with {RESERVED} are reserved")))
        }
        None => Ok(()),
    }
}

pub(super) fn write(path: &Path, encoded: &Encoded<'_>) -> Result<(), FileError> {
    atomic::replace(path, |writer| encoded.write_to(writer)).map_err(|error| Problem::Io(error).in_file(path))
}

//! Everything that a training needs to go on, in one file.
//!
//! A checkpoint is a safetensors file: each tensor's name begins with its part and a dot, and the metadata says which
//! format it has, which parts there are, and the checksum of all bytes.

use super::{
    FileError, NamedTensors, Problem, Reading, State,
    codec::{self, CHECKSUM, Decoded, Encoded, RESERVED},
    named,
};
use crate::Optimizer;
use cotangent_autograd::Module;
use cotangent_tensor::Tensor;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// The format that is written, and the only one that there was so far.
const FORMAT: u32 = 1;
const FORMAT_KEY: &str = "cotangent.format";
/// The names of the parts, each on a line of its own: a part may have no tensors.
const PARTS_KEY: &str = "cotangent.parts";

/// A training at one moment: models, optimizers, schedules, generators, counters, each a part under a name, and strings.
///
/// The parts are taken as they are when they are added; tensors are shared until one of both sides changes.
///
/// ```
/// use cotangent_nn::{Adam, Linear, Optimizer, files::Checkpoint};
/// use cotangent_tensor::Rng;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("training.safetensors");
/// let mut rng = Rng::seed(7);
/// let (model, adam, step) = (Linear::new(3, 2, &mut rng), Adam::new(1e-3), 100u64);
///
/// Checkpoint::new()
///     .with_module("model", &model)
///     .with_optimizer("adam", &adam, &model)
///     .with_state("rng", &rng)
///     .with_state("step", &step)
///     .with_text("note", "before the learning rate was halved")
///     .write(&path)?;
///
/// let mut fresh = Rng::seed(0);
/// let (mut model, mut adam, mut step) = (Linear::new(3, 2, &mut fresh), Adam::new(0.5), 0u64);
/// let checkpoint = Checkpoint::read(&path)?;
/// checkpoint.load_module("model", &mut model)?;
/// checkpoint.load_optimizer("adam", &mut adam, &model)?;
/// checkpoint.load_state("rng", &mut fresh)?;
/// checkpoint.load_state("step", &mut step)?;
/// assert_eq!((adam.lr(), step), (1e-3, 100));
/// assert_eq!(fresh.permutation(9).to_vec::<i64>(), rng.permutation(9).to_vec::<i64>());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A bit that changed on the disk, or a file that was cut, is found
/// before anything is loaded.
#[derive(Clone, Debug, Default)]
pub struct Checkpoint {
    parts: BTreeSet<String>,
    /// Under the part's name, a dot, and their own; the part's name alone if they have none.
    tensors: BTreeMap<String, Tensor>,
    texts: BTreeMap<String, String>,
}

/// Making one.
impl Checkpoint {
    /// Without parts.
    #[must_use]
    pub fn new() -> Self {
        Checkpoint::default()
    }

    /// Adds a model with all its tensors, buffers too.
    ///
    /// # Panics
    /// When there is a part of this name already, or the name is empty or has a dot or a line break in it; when two tensors
    /// of the module have the same path.
    #[must_use]
    #[track_caller]
    pub fn with_module<M: Module + ?Sized>(self, part: &str, module: &M) -> Self {
        self.with_part(part, NamedTensors::of(module).tensors)
    }

    /// Adds an optimizer, whose state has the names of the model's parameters. Its settings and groups are not part of it.
    ///
    /// # Panics
    /// When there is a part of this name already, or the name is empty or has a dot or a line break in it; when the model is not
    /// that of the optimizer's earlier steps.
    #[must_use]
    #[track_caller]
    pub fn with_optimizer<O: Optimizer + ?Sized>(self, part: &str, optimizer: &O, model: &dyn Module) -> Self {
        self.with_tensors(part, optimizer.state(model))
    }

    /// Adds anything that has a [`State`].
    ///
    /// # Panics
    /// When there is a part of this name already, or the name is empty or has a dot or a line break in it; when two tensors
    /// have one name.
    #[must_use]
    #[track_caller]
    pub fn with_state<S: State + ?Sized>(self, part: &str, state: &S) -> Self {
        self.with_tensors(part, state.state())
    }

    /// Adds named tensors, which come back from [`part`](Self::part).
    ///
    /// ```
    /// # use cotangent_nn::files::Checkpoint;
    /// # use cotangent_tensor::Tensor;
    /// let scale = vec![("mean".to_owned(), Tensor::from([0.5, 0.25]))];
    /// let checkpoint = Checkpoint::new().with_tensors("scale", scale);
    /// let back = checkpoint.part("scale")?.tensors;
    /// assert_eq!(back["mean"].to_vec::<f64>(), [0.5, 0.25]);
    /// # Ok::<(), cotangent_nn::files::FileError>(())
    /// ```
    ///
    /// # Panics
    /// As [`with_state`](Self::with_state).
    #[must_use]
    #[track_caller]
    pub fn with_tensors(self, part: &str, named: impl IntoIterator<Item = (String, Tensor)>) -> Self {
        let mut tensors = BTreeMap::new();
        for (name, tensor) in named {
            let twice = tensors.insert(name.clone(), Tensor::from(tensor.into_array())).is_some();
            assert!(!twice, "checkpoint: `{part}` has two tensors named `{name}`");
        }
        self.with_part(part, tensors)
    }

    /// Adds a string, such as the settings of the run.
    ///
    /// # Panics
    /// When the key begins with `cotangent.`, which is reserved.
    #[must_use]
    #[track_caller]
    pub fn with_text(mut self, key: impl Into<String>, text: impl Into<String>) -> Self {
        let key = key.into();
        assert!(!key.starts_with(RESERVED), "checkpoint: keys that begin with {RESERVED} are reserved; got `{key}`");
        self.texts.insert(key, text.into());
        self
    }

    #[track_caller]
    fn with_part(mut self, part: &str, tensors: BTreeMap<String, Tensor>) -> Self {
        assert!(
            !part.is_empty() && !part.contains(['.', '\n']),
            "checkpoint: the name of a part has at least one character, and neither a dot nor a line break; got {part:?}"
        );
        assert!(self.parts.insert(part.to_owned()), "checkpoint: there is a part `{part}` already");
        self.tensors.extend(tensors.into_iter().map(|(name, tensor)| (in_part(part, &name), tensor)));
        self
    }
}

/// Taking it apart.
impl Checkpoint {
    /// The names of the parts.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(String::as_str)
    }

    /// The string of a key.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// The strings by their keys.
    #[must_use]
    pub fn texts(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    /// The tensors of a part under their own names: for an optimizer, or a model that has changed since.
    ///
    /// # Errors
    /// When there is no such part.
    pub fn part(&self, part: &str) -> Result<NamedTensors, FileError> {
        if !self.parts.contains(part) {
            return Err(Problem::NoPart { part: part.to_owned(), parts: in_words(self.parts()) }.into());
        }
        let own = |(name, tensor): (&String, &Tensor)| match name.split_once('.').unwrap_or((name, "")) {
            (found, own) if found == part => Some((own.to_owned(), tensor.clone())),
            _ => None,
        };
        Ok(NamedTensors { tensors: self.tensors.iter().filter_map(own).collect(), metadata: BTreeMap::new() })
    }

    /// Puts a part into a module, as [`load`](super::load) does.
    ///
    /// # Errors
    /// When there is no such part, or it does not fit; the module is then left as it was.
    pub fn load_module<M: Module + ?Sized>(&self, part: &str, module: &mut M) -> Result<(), FileError> {
        self.part(part)?.load_into(module)
    }

    /// Puts a part into the optimizer of a model. The settings and groups must be those of the optimizer that was saved.
    ///
    /// # Errors
    /// When there is no such part, or it is not the state of such an optimizer of such a model; the optimizer is then left as it
    /// was.
    pub fn load_optimizer<O: Optimizer + ?Sized>(
        &self,
        part: &str,
        optimizer: &mut O,
        model: &dyn Module,
    ) -> Result<(), FileError> {
        self.load_with(part, |state| optimizer.load_state(model, state))
    }

    /// Puts a part into what has a [`State`].
    ///
    /// # Errors
    /// When there is no such part, or it is not the state of such a value, which is then left as it was.
    pub fn load_state<S: State + ?Sized>(&self, part: &str, state: &mut S) -> Result<(), FileError> {
        self.load_with(part, |tensors| state.load_state(tensors))
    }

    /// Puts a part into whatever takes named tensors: `|state| accumulator.load_state(&model, state)`.
    ///
    /// # Errors
    /// When there is no such part, or `load` refuses it.
    pub fn load_with(
        &self,
        part: &str,
        load: impl FnOnce(Vec<(String, Tensor)>) -> cotangent_tensor::Result<()>,
    ) -> Result<(), FileError> {
        let tensors = self.part(part)?.tensors.into_iter().collect();
        Ok(load(tensors).map_err(|source| Problem::State { part: part.to_owned(), source })?)
    }
}

/// Files and bytes.
impl Checkpoint {
    /// Writes a file. It appears when it is complete and on disk; until then a file of this name stays as it was.
    ///
    /// # Errors
    /// When the file cannot be written, or a tensor is not one that a file can hold.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        self.write_with(path.as_ref(), [])
    }

    /// As [`write`](Self::write), with entries of the metadata that are reserved.
    pub(crate) fn write_with<const N: usize>(
        &self,
        path: &Path,
        reserved: [(&str, String); N],
    ) -> Result<(), FileError> {
        let encoded = Encoded::of(&self.tensors, &self.metadata(reserved)).map_err(|problem| problem.in_file(path))?;
        named::write(path, &encoded)
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// When a tensor is not one that a file can hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FileError> {
        Ok(Encoded::of(&self.tensors, &self.metadata([]))?.into_bytes())
    }

    /// Reads a file, and compares its checksum.
    ///
    /// # Errors
    /// When the file cannot be read, is not whole, is not a checkpoint, or is one of a later format.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let path = path.as_ref();
        Ok(Self::read_with_metadata(path)?.0)
    }

    /// As [`read`](Self::read), with the metadata as it is in the file.
    pub(super) fn read_with_metadata(path: &Path) -> Result<(Self, BTreeMap<String, String>), FileError> {
        let read = || {
            let decoded = Reading::new().decode_file(path)?;
            let metadata = decoded.metadata.clone();
            Ok((Checkpoint::from_decoded(decoded)?, metadata))
        };
        read().map_err(|problem: Problem| problem.in_file(path))
    }

    /// Reads the bytes of a file, and compares their checksum.
    ///
    /// # Errors
    /// When they are not whole, are not a checkpoint, or are one of a later format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        Ok(Checkpoint::from_decoded(codec::decode(bytes, bytes.len() as u64, &Reading::new())?)?)
    }

    fn metadata<const N: usize>(&self, reserved: [(&str, String); N]) -> BTreeMap<String, String> {
        let mut metadata = self.texts.clone();
        metadata.insert(FORMAT_KEY.to_owned(), FORMAT.to_string());
        metadata.insert(PARTS_KEY.to_owned(), self.parts().collect::<Vec<_>>().join("\n"));
        metadata.extend(reserved.map(|(key, value)| (key.to_owned(), value)));
        codec::with_checksum(metadata)
    }

    fn from_decoded(Decoded { tensors, metadata }: Decoded) -> Result<Self, Problem> {
        let get = |key| metadata.get(key).ok_or(Problem::NotACheckpoint(key));
        // `decode` has compared it, if it is there.
        get(CHECKSUM)?;
        let format = get(FORMAT_KEY)?;
        if *format != FORMAT.to_string() {
            return Err(Problem::Version { found: format.clone(), known: FORMAT });
        }
        let parts = parts_of(&metadata).ok_or(Problem::NotACheckpoint(PARTS_KEY))?.map(str::to_owned).collect();
        let texts = metadata.into_iter().filter(|(key, _)| !key.starts_with(RESERVED)).collect();
        Ok(Checkpoint { parts, tensors, texts })
    }
}

/// The parts that a file's metadata name; none where it is no checkpoint.
pub(super) fn parts_of(metadata: &BTreeMap<String, String>) -> Option<impl Iterator<Item = &str>> {
    Some(metadata.get(PARTS_KEY)?.split('\n').filter(|part| !part.is_empty()))
}

/// Parts, for a message.
pub(super) fn in_words<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let parts: Vec<String> = parts.map(|part| format!("`{part}`")).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

fn in_part(part: &str, name: &str) -> String {
    if name.is_empty() { part.to_owned() } else { format!("{part}.{name}") }
}

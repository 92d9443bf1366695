//! Where a tensor lies in a module: a chain of segments, innermost first, that lives on the stack of the visit.

use std::fmt;

/// The way from a module's root to one of its tensors, shown as PyTorch names it: `encoder.layers.0.weight`.
///
/// A tensor that is itself the whole module has the empty path.
///
/// ```
/// use cotangent_autograd::module;
/// use cotangent_tensor::Tensor;
/// let pair = (Tensor::from(1.0), vec![Tensor::from(2.0)]);
/// let mut paths = Vec::new();
/// module::for_each(&pair, |leaf| paths.push(leaf.path.to_string()));
/// assert_eq!(paths, ["0", "1.0"]);
/// ```
#[derive(Clone, Copy)]
pub struct Path<'p, 'a> {
    parent: Option<&'p Path<'p, 'a>>,
    segment: Segment<'a>,
}

/// One step of a path.
#[derive(Clone, Copy)]
pub(super) enum Segment<'a> {
    Root,
    Name(&'a str),
    Index(usize),
    Key(&'a dyn fmt::Display),
    /// Not shown: which variant an enum is in belongs to the structure, not to the tensor's name.
    Variant(&'a str),
}

impl<'p, 'a> Path<'p, 'a> {
    pub(super) const ROOT: Self = Path { parent: None, segment: Segment::Root };

    pub(super) fn join(&'p self, segment: Segment<'a>) -> Self {
        Path { parent: Some(self), segment }
    }

    /// The segments below the root, innermost first.
    pub(super) fn segments(&self) -> impl Iterator<Item = &Segment<'a>> {
        let mut next = self;
        std::iter::from_fn(move || {
            let segment = &next.segment;
            next = next.parent?;
            Some(segment)
        })
    }
}

impl fmt::Display for Path<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_below(f, Some(self)).map(drop)
    }
}

/// Writes a path from the root down to `path`, and says whether anything was written.
fn write_below(f: &mut fmt::Formatter<'_>, path: Option<&Path<'_, '_>>) -> Result<bool, fmt::Error> {
    let Some(path) = path else { return Ok(false) };
    let written = write_below(f, path.parent)?;
    if !path.segment.is_shown() {
        return Ok(written);
    }
    write!(f, "{}{}", if written { "." } else { "" }, path.segment)?;
    Ok(true)
}

impl fmt::Debug for Path<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Segment<'_> {
    fn is_shown(self) -> bool {
        !matches!(self, Segment::Root | Segment::Variant(_))
    }
}

impl fmt::Display for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Segment::Root => Ok(()),
            Segment::Name(name) => f.write_str(name),
            Segment::Index(index) => write!(f, "{index}"),
            Segment::Key(key) => write!(f, "{key}"),
            Segment::Variant(name) => write!(f, "<{name}>"),
        }
    }
}

impl PartialEq for Segment<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Segment::Root, Segment::Root) => true,
            // A field's name is mostly one and the same literal: comparing pointers first spares reading it.
            (Segment::Name(a), Segment::Name(b)) | (Segment::Variant(a), Segment::Variant(b)) => {
                std::ptr::eq(*a, *b) || a == b
            }
            (Segment::Index(a), Segment::Index(b)) => a == b,
            (Segment::Key(a), Segment::Key(b)) => a.to_string() == b.to_string(),
            _ => false,
        }
    }
}

/// The place of a tensor for a message about structure: its path, from segments that come innermost first, and the
/// variants of enums on the way.
pub(super) fn in_words(segments: &[Segment<'_>]) -> String {
    if segments.is_empty() {
        return "a tensor at its root".to_owned();
    }
    let names: Vec<String> = segments.iter().rev().map(Segment::to_string).collect();
    format!("`{}`", names.join("."))
}

//! Concrete data: typed elements in a storage under a layout. This is what `Primitive::eval` and the kernels see.

mod form;

use crate::{
    Buffer, DType, Element, Error, ErrorKind, Result, Shape, SpecRef, Tracer,
    dtype::for_dtype,
    kernels,
    layout::Layout,
    storage::{Counted, Room, Storage},
};
use form::{Form, SharedForm};
use std::{
    borrow::Cow,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
};

/// A strided array of one dtype. Cloning is cheap, views share storage, and elements never change while they are shared.
///
/// One pointer wide, so that the short lists which operations pass around are a few words.
#[derive(Clone)]
pub struct Array(Counted<View>);

// What it refers to does not change while it is shared, so that no panic leaves it half changed.
impl UnwindSafe for Array {}
impl RefUnwindSafe for Array {}

/// Elements under a layout.
struct View {
    elements: Elements,
    /// Shared with the arrays that this one is computed from or into: to write a layout takes longer than to compute a few elements, and
    /// a tape keeps many.
    form: SharedForm,
    dtype: DType,
    /// Written, unlike padding, so that the word with the fields above is written whole: to move a word of which parts were written a moment
    /// ago waits for the writes to go through.
    _rest: [u8; 7],
}

/// Where the elements of a view are.
enum Elements {
    Stored(Storage),
    /// Nowhere: only shape and dtype are known.
    None,
    /// One level down, under the tracer that this view stands for. Only a [`Tensor`](crate::Tensor) has such a view, and hands out no array
    /// with it: so a tensor is one word, whether it is plain or traced.
    Traced(Box<dyn Tracer>),
    /// As above, where others may hold the tracer too.
    TracedTogether(Arc<dyn Tracer>),
}

impl Array {
    /// The elements of a buffer in row-major order.
    ///
    /// # Panics
    /// When the buffer does not hold exactly as many elements as the shape.
    #[must_use]
    #[track_caller]
    pub fn from_buffer<T: Element>(buffer: Buffer<T>, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        let numel = shape.iter().try_fold(1usize, |numel, &size| numel.checked_mul(size));
        if numel != Some(buffer.len()) {
            does_not_fill(buffer.len(), &shape);
        }
        Array::of(buffer.into_storage(), SharedForm::plain(shape), T::DTYPE)
    }

    /// As [`from_buffer`](Self::from_buffer), in the shape of another array, whose layout is shared if it is that of a buffer.
    ///
    /// ```
    /// # use cotangent_tensor::{Array, Buffer};
    /// let x = Array::from_slice(&[1.0f32, 2.0], [1, 2])?;
    /// let y = Array::from_buffer_like(Buffer::<f32>::zeroed(2), &x);
    /// assert_eq!(y.shape()[..], [1, 2]);
    /// # Ok::<(), cotangent_tensor::Error>(())
    /// ```
    ///
    /// # Panics
    /// When the buffer does not hold exactly as many elements as the other array.
    #[must_use]
    #[track_caller]
    #[inline(always)]
    pub fn from_buffer_like<T: Element>(buffer: Buffer<T>, like: &Array) -> Self {
        let form = &like.0.form;
        if form.plain && form.numel == buffer.len() {
            return Array::of(buffer.into_storage(), form.clone(), T::DTYPE);
        }
        Array::from_buffer(buffer, like.shape())
    }

    /// In the shape of another array, what a function writes to a buffer, which it finds with arbitrary contents. A scalar goes through a
    /// variable of its own; see [`Buffer::scalar`].
    #[inline(always)]
    pub(crate) fn filled_like<T: Element>(like: &Array, fill: impl FnOnce(&mut [T])) -> Self {
        let form = &like.0.form;
        let form = if form.plain { form.clone() } else { SharedForm::plain(like.shape().clone()) };
        let room = Counted::room();
        if form.numel == 1 {
            let mut only = T::default();
            fill(std::slice::from_mut(&mut only));
            return Array::in_room(room, Elements::Stored(Buffer::scalar(only).into_storage()), form, T::DTYPE);
        }
        let mut buffer = Buffer::recycled(form.numel);
        fill(&mut buffer);
        Array::in_room(room, Elements::Stored(buffer.into_storage()), form, T::DTYPE)
    }

    /// A copy of elements in row-major order.
    ///
    /// # Errors
    /// When the shape holds another number of elements, or overflows.
    pub fn from_slice<T: Element>(elements: &[T], shape: impl Into<Shape>) -> Result<Self> {
        let shape = shape.into();
        check_count(&shape, T::DTYPE, elements.len())?;
        Ok(Array::from_buffer(Buffer::from_slice(elements), shape))
    }

    /// One value in every place, stored once.
    pub(crate) fn full<T: Element>(value: T, shape: &Shape) -> Self {
        let single = Array::scalar(value);
        let layout = single.layout().expand(shape);
        single.with_layout(layout)
    }

    /// A shape and a dtype without values. Memory is not asked for, whatever the shape.
    pub(crate) fn shape_only(shape: &Shape, dtype: DType) -> Self {
        Array::in_room(Counted::room(), Elements::None, SharedForm::plain(shape.clone()), dtype)
    }

    /// What stands for an array under a tracer, with the spec of its primal.
    #[inline]
    pub(crate) fn traced(tracer: Box<dyn Tracer>) -> Self {
        let room = Counted::room();
        let (form, dtype) = tracer.primal().view().form();
        Array::in_room(room, Elements::Traced(tracer), form, dtype)
    }

    /// As [`traced`](Self::traced), by a tracer that others may hold too.
    pub(crate) fn traced_together(tracer: Arc<dyn Tracer>) -> Self {
        let room = Counted::room();
        let (form, dtype) = tracer.primal().view().form();
        Array::in_room(room, Elements::TracedTogether(tracer), form, dtype)
    }

    #[inline]
    fn form(&self) -> (SharedForm, DType) {
        (self.0.form.clone(), self.0.dtype)
    }

    /// The tracer that this stands for.
    #[inline]
    pub(crate) fn tracer(&self) -> Option<&dyn Tracer> {
        match &self.0.elements {
            Elements::Traced(tracer) => Some(&**tracer),
            Elements::TracedTogether(tracer) => Some(&**tracer),
            Elements::Stored(_) | Elements::None => None,
        }
    }

    /// Whether there are values, and not a shape and a dtype only; see
    /// [`Tensor::shape_only`](crate::Tensor::shape_only).
    #[must_use]
    #[inline]
    pub fn has_values(&self) -> bool {
        matches!(self.0.elements, Elements::Stored(_))
    }

    /// A single element of rank 0.
    #[must_use]
    pub fn scalar<T: Element>(value: T) -> Self {
        Array::of(Buffer::scalar(value).into_storage(), SharedForm::SCALAR, T::DTYPE)
    }

    /// Whether this is a clone of the other, or the other of this: the same elements by the same layout, not equal ones.
    #[must_use]
    pub fn is_same(&self, other: &Array) -> bool {
        self.0.is_same(&other.0)
    }

    /// The size of each axis.
    #[must_use]
    #[inline]
    pub fn shape(&self) -> &Shape {
        &self.layout().shape
    }

    /// Whether the other has the same shape; that layouts are shared makes it quick.
    #[inline]
    pub(crate) fn has_shape_of(&self, other: &Array) -> bool {
        std::ptr::eq::<Form>(&*self.0.form, &*other.0.form) || self.shape() == other.shape()
    }

    /// The element type.
    #[must_use]
    #[inline]
    pub fn dtype(&self) -> DType {
        self.0.dtype
    }

    /// The number of elements.
    #[must_use]
    #[inline]
    pub fn numel(&self) -> usize {
        self.0.form.numel
    }

    /// Shape and dtype.
    #[must_use]
    #[inline]
    pub fn spec(&self) -> SpecRef<'_> {
        SpecRef::new(self.shape(), self.0.dtype)
    }

    /// For each axis, how many elements further its next index lies; zero on a broadcast axis, negative on a flipped one.
    #[must_use]
    #[inline]
    pub fn strides(&self) -> &[isize] {
        &self.layout().strides
    }

    /// Where in [`storage_elements`](Self::storage_elements) the element with all indices zero lies.
    #[must_use]
    #[inline]
    pub fn offset(&self) -> usize {
        self.layout().offset
    }

    /// All elements of the storage that this array views, for kernels that walk strides themselves.
    ///
    /// # Panics
    /// When `T` is not the array's dtype, or the array has [no values](Self::has_values).
    #[must_use]
    #[track_caller]
    #[inline]
    pub fn storage_elements<T: Element>(&self) -> &[T] {
        match &self.0.elements {
            Elements::Stored(storage) => storage.elements(),
            _ => no_values(self.spec()),
        }
    }

    /// Whether the elements lie one after another in row-major order.
    #[must_use]
    #[inline]
    pub fn is_contiguous(&self) -> bool {
        self.0.form.contiguous
    }

    /// The elements in row-major order, if they lie so.
    ///
    /// # Panics
    /// When `T` is not the array's dtype.
    #[must_use]
    #[track_caller]
    #[inline]
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        // The usual layout needs no cut.
        if self.0.form.plain { Some(self.storage_elements()) } else { self.cut() }
    }

    #[inline(never)]
    #[track_caller]
    fn cut<T: Element>(&self) -> Option<&[T]> {
        let elements = self.storage_elements();
        match self.numel() {
            _ if !self.is_contiguous() => None,
            0 => Some(&elements[..0]),
            numel => Some(&elements[self.offset()..self.offset() + numel]),
        }
    }

    /// The same elements in row-major order: this array if they lie so, else a copy.
    #[must_use]
    pub fn contiguous(&self) -> Cow<'_, Array> {
        if self.is_contiguous() { Cow::Borrowed(self) } else { Cow::Owned(kernels::copy::contiguous(self)) }
    }

    /// The elements in row-major order, copied if they do not lie so.
    ///
    /// # Panics
    /// When `T` is not the array's dtype.
    #[must_use]
    #[track_caller]
    pub fn to_slice<T: Element>(&self) -> Cow<'_, [T]> {
        match self.as_slice() {
            Some(elements) => Cow::Borrowed(elements),
            None => Cow::Owned(self.to_vec()),
        }
    }

    /// The elements in row-major order as a vector.
    ///
    /// # Panics
    /// When `T` is not the array's dtype.
    #[must_use]
    #[track_caller]
    pub fn to_vec<T: Element>(&self) -> Vec<T> {
        self.contiguous().as_slice().expect("contiguous").to_vec()
    }

    /// The elements as a buffer to write to: this array's own if nobody else refers to it and it is contiguous and whole,
    /// else a copy.
    ///
    /// # Panics
    /// When `T` is not the array's dtype.
    #[must_use]
    #[track_caller]
    pub fn into_buffer<T: Element>(self) -> Buffer<T> {
        let copied = |array: Array| kernels::copy::contiguous(&array).try_into_buffer();
        self.try_into_buffer().or_else(copied).expect("a fresh copy has one owner")
    }

    /// As [`into_buffer`](Self::into_buffer), but gives the array back where it would have to be copied.
    pub(crate) fn try_into_buffer<T: Element>(self) -> Result<Buffer<T>, Self> {
        assert_eq!(T::DTYPE, self.dtype(), "elements of dtype {} were asked for as {}", self.dtype(), T::DTYPE);
        if !self.is_whole::<T>() {
            return Err(self);
        }
        let View { elements, form, dtype, .. } = self.0.try_unwrap().map_err(Array)?;
        match elements {
            Elements::Stored(storage) => storage.into_buffer().map_err(|storage| Array::of(storage, form, dtype)),
            elements => Err(Array::in_room(Counted::room(), elements, form, dtype)),
        }
    }

    /// Whether the elements are the whole storage, in row-major order.
    fn is_whole<T: Element>(&self) -> bool {
        self.is_contiguous() && self.has_values() && self.numel() == self.storage_elements::<T>().len()
    }

    /// Mutable access to the elements in row-major order; copies first if they are shared or strided, so that no other
    /// handle sees the change.
    ///
    /// # Panics
    /// When `T` is not the array's dtype.
    #[track_caller]
    pub fn with_mut<T: Element, R>(&mut self, change: impl FnOnce(&mut [T]) -> R) -> R {
        change(self.elements_mut())
    }

    /// What [`with_mut`](Self::with_mut) hands on: apart, so that it is not compiled for each closure.
    #[track_caller]
    pub(crate) fn elements_mut<T: Element>(&mut self) -> &mut [T] {
        assert_eq!(T::DTYPE, self.dtype(), "elements of dtype {} were asked for as {}", self.dtype(), T::DTYPE);
        if !self.is_whole::<T>() || self.storage_mut().is_none_or(|storage| !storage.is_unique()) {
            *self = kernels::copy::contiguous(self);
        }
        let storage = self.storage_mut().expect("the only handle, or a fresh copy");
        storage.elements_mut().expect("the only owner, or a fresh copy")
    }

    /// The storage, if there is one, and no other handle.
    fn storage_mut(&mut self) -> Option<&mut Storage> {
        match &mut self.0.get_mut()?.elements {
            Elements::Stored(storage) => Some(storage),
            _ => None,
        }
    }

    #[inline]
    fn of(storage: Storage, form: SharedForm, dtype: DType) -> Self {
        Array::in_room(Counted::room(), Elements::Stored(storage), form, dtype)
    }

    #[inline(always)]
    fn in_room(room: Room<View>, elements: Elements, form: SharedForm, dtype: DType) -> Self {
        Array(room.fill(View { elements, form, dtype, _rest: [0; 7] }))
    }

    #[inline]
    pub(crate) fn layout(&self) -> &Layout {
        &self.0.form.layout
    }

    /// Another view of the same storage.
    pub(crate) fn with_layout(&self, layout: Layout) -> Self {
        let Elements::Stored(storage) = &self.0.elements else { unreachable!("only what has values is viewed") };
        debug_assert!(
            layout.span().is_none_or(|(_, high)| for_dtype!(self.0.dtype, T => high < storage.elements::<T>().len())),
            "a view outside its storage: {layout:?}"
        );
        let elements = storage.bytes() / self.0.dtype.size();
        Array::of(storage.clone(), SharedForm::of(layout, elements), self.0.dtype)
    }
}

#[cold]
#[track_caller]
fn no_values(spec: SpecRef<'_>) -> ! {
    panic!("{}", Error::no_values("array", spec));
}

#[cold]
#[track_caller]
fn does_not_fill(elements: usize, shape: &Shape) -> ! {
    panic!("{elements} elements do not fill the shape {shape:?}");
}

/// Checks that a shape is representable and holds `count` elements.
pub(crate) fn check_count(shape: &Shape, dtype: DType, count: usize) -> Result<()> {
    let numel = check_size("from_vec", shape, dtype)?;
    if numel == count {
        return Ok(());
    }
    let s = if numel == 1 { "" } else { "s" };
    let rule = format!("shape {shape:?} holds {numel} element{s}, but {count} were given");
    Err(Error::new(ErrorKind::Shape, "from_vec", rule))
}

/// Checks that a shape's size in bytes fits memory, and returns its number of elements.
pub(crate) fn check_size(op: &'static str, shape: &Shape, dtype: DType) -> Result<usize> {
    shape.checked_numel(dtype).ok_or_else(|| {
        Error::new(ErrorKind::Size, op, format!("shape {shape:?} of {dtype} overflows the size that memory can have"))
    })
}

impl std::fmt::Debug for Array {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Array({}, strides {:?})", self.spec(), self.strides())
    }
}

//! Concrete data: typed elements in a storage under a layout. This is what `Primitive::eval` and the kernels see.

use crate::{
    Buffer, DType, Element, Error, ErrorKind, Result, Shape, SpecRef, dtype::for_dtype, kernels, layout::Layout,
    storage::Storage,
};
use std::{borrow::Cow, sync::Arc};

/// A strided array of one dtype. Cloning is cheap, views share storage, and elements never change while they are shared.
///
/// One pointer wide, so that the short lists which operations pass around are a few words.
#[derive(Clone)]
pub struct Array(Arc<View>);

/// A storage under a layout.
struct View {
    storage: Storage,
    layout: Layout,
    dtype: DType,
    /// Whether the layout is row-major: asked more often than layouts are made.
    contiguous: bool,
    /// Whether the storage holds the elements; if not, it holds nothing.
    has_values: bool,
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
        let mut numel = Some(1usize);
        for &size in &shape[..] {
            numel = numel.and_then(|numel| numel.checked_mul(size));
        }
        assert!(numel == Some(buffer.len()), "{} elements do not fill the shape {shape:?}", buffer.len());
        Array::contiguous_view(buffer.into_storage(), Layout::contiguous(shape), T::DTYPE)
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
        let storage = for_dtype!(dtype, T => Buffer::<T>::recycled(0).into_storage());
        let layout = Layout::contiguous(shape.clone());
        Array(Arc::new(View { storage, layout, dtype, contiguous: true, has_values: false }))
    }

    /// Whether there are values, and not a shape and a dtype only; see
    /// [`Tensor::shape_only`](crate::Tensor::shape_only).
    #[must_use]
    #[inline]
    pub fn has_values(&self) -> bool {
        self.0.has_values
    }

    /// A single element of rank 0.
    #[must_use]
    pub fn scalar<T: Element>(value: T) -> Self {
        let mut buffer = Buffer::recycled(1);
        buffer[0] = value;
        Array::contiguous_view(buffer.into_storage(), Layout::contiguous([].into()), T::DTYPE)
    }

    /// Whether this is a clone of the other, or the other of this: the same elements by the same layout, not equal ones.
    #[must_use]
    pub fn is_same(&self, other: &Array) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The size of each axis.
    #[must_use]
    #[inline]
    pub fn shape(&self) -> &Shape {
        &self.0.layout.shape
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
        self.0.layout.shape.numel()
    }

    /// Shape and dtype.
    #[must_use]
    #[inline]
    pub fn spec(&self) -> SpecRef<'_> {
        SpecRef::new(&self.0.layout.shape, self.0.dtype)
    }

    /// For each axis, how many elements further its next index lies; zero on a broadcast axis, negative on a flipped one.
    #[must_use]
    #[inline]
    pub fn strides(&self) -> &[isize] {
        &self.0.layout.strides
    }

    /// Where in [`storage_elements`](Self::storage_elements) the element with all indices zero lies.
    #[must_use]
    #[inline]
    pub fn offset(&self) -> usize {
        self.0.layout.offset
    }

    /// All elements of the storage that this array views, for kernels that walk strides themselves.
    ///
    /// # Panics
    /// When `T` is not the array's dtype, or the array has [no values](Self::has_values).
    #[must_use]
    #[track_caller]
    #[inline]
    pub fn storage_elements<T: Element>(&self) -> &[T] {
        if !self.0.has_values {
            no_values(self.spec());
        }
        assert_eq!(T::DTYPE, self.0.dtype, "elements of dtype {} were asked for as {}", self.0.dtype, T::DTYPE);
        self.0.storage.elements()
    }

    /// Whether the elements lie one after another in row-major order.
    #[must_use]
    #[inline]
    pub fn is_contiguous(&self) -> bool {
        self.0.contiguous
    }

    /// The elements in row-major order, if they lie so.
    ///
    /// # Panics
    /// When `T` is not the array's dtype.
    #[must_use]
    #[track_caller]
    #[inline]
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        let elements = self.storage_elements();
        self.is_contiguous().then(|| match self.numel() {
            0 => &elements[..0],
            numel => &elements[self.0.layout.offset..self.0.layout.offset + numel],
        })
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
        let View { storage, layout, dtype, .. } = Arc::try_unwrap(self.0).map_err(Array)?;
        storage.into_buffer().map_err(|storage| Array::contiguous_view(storage, layout, dtype))
    }

    /// Whether the elements are the whole storage, in row-major order.
    fn is_whole<T: Element>(&self) -> bool {
        self.is_contiguous() && self.numel() == self.0.storage.elements::<T>().len()
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
        if !self.is_whole::<T>() || Arc::get_mut(&mut self.0).is_none_or(|view| !view.storage.is_unique()) {
            *self = kernels::copy::contiguous(self);
        }
        let view = Arc::get_mut(&mut self.0).expect("the only handle, or a fresh copy");
        view.storage.elements_mut().expect("the only owner, or a fresh copy")
    }

    #[inline]
    fn contiguous_view(storage: Storage, layout: Layout, dtype: DType) -> Self {
        Array(Arc::new(View { contiguous: true, storage, layout, dtype, has_values: true }))
    }

    #[inline]
    pub(crate) fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// Another view of the same storage.
    pub(crate) fn with_layout(&self, layout: Layout) -> Self {
        debug_assert!(self.0.has_values, "only what has values is viewed");
        debug_assert!(
            layout
                .span()
                .is_none_or(|(_, high)| for_dtype!(self.0.dtype, T => high < self.0.storage.elements::<T>().len())),
            "a view outside its storage: {layout:?}"
        );
        let contiguous = layout.is_contiguous();
        Array(Arc::new(View {
            storage: self.0.storage.clone(),
            layout,
            dtype: self.0.dtype,
            contiguous,
            has_values: true,
        }))
    }
}

#[cold]
#[track_caller]
fn no_values(spec: SpecRef<'_>) -> ! {
    panic!("{}", Error::no_values("array", spec));
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
        write!(f, "Array({}, strides {:?})", self.spec(), &self.0.layout.strides[..])
    }
}

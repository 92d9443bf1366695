//! Storage: reference-counted, 64-byte aligned blocks of memory that are recycled instead of returned to the system.
//!
//! Touching memory for the first time costs a page fault each 4 KiB, some 70 times the cost of touching it again, so a
//! dropped block goes to a free list of its size class: a list per thread for small blocks, a shared one for large ones.
//! A block is one allocation, a header in front of its data:
//!
//! ```text
//! [ header: 64 bytes | data: capacity bytes, aligned to 64 ]
//! ```
//!
//! Fresh blocks come zeroed from the system, which for large ones costs nothing, and only typed slices of plain numbers are
//! ever written; so every byte of every block is initialised at all times, and a recycled block can be handed out
//! as a mutable slice with arbitrary but valid contents. `bool`, whose bytes must be 0 or 1, is cleared first.
//!
//! Free lists hold at most as much as was ever live at once (and at least 64 MiB), so memory stays bounded when sizes vary.

mod count;
mod pool;

pub use pool::{cached_bytes, live_bytes, trim};

use crate::{DType, Element};
use pool::Class;
use std::{
    marker::PhantomData,
    ops::{Deref, DerefMut},
    ptr::NonNull,
    sync::atomic::{AtomicUsize, Ordering, fence},
};

/// Where data begins within a block: one cache line, which holds the header.
const DATA_OFFSET: usize = 64;

/// What stands in front of a block's data.
struct Header {
    /// How many `Storage`s share the block.
    references: AtomicUsize,
    /// Bytes of data that were asked for.
    bytes: usize,
    class: Class,
    /// What the data are.
    dtype: DType,
}
const _: () = assert!(size_of::<Header>() <= DATA_OFFSET);

/// A shared block of memory.
pub(crate) struct Storage {
    block: NonNull<Header>,
}

// SAFETY: the block is only reachable through `Storage` and `Buffer`; shared access is read-only, mutable access needs a
// `Buffer`, which is the only owner, and the reference count is atomic, as in `Arc`.
unsafe impl Send for Storage {}
// SAFETY: as above: `&Storage` gives read access only.
unsafe impl Sync for Storage {}

impl Storage {
    fn with_bytes(bytes: usize, dtype: DType) -> Self {
        let (block, class) = pool::take(bytes);
        let header = Header { references: AtomicUsize::new(1), bytes, class, dtype };
        let block: NonNull<Header> = block.cast();
        // SAFETY: `take` gives a block of at least DATA_OFFSET + bytes bytes, aligned to 64, that nobody else refers to.
        unsafe { block.write(header) };
        Storage { block }
    }

    fn header(&self) -> &Header {
        // SAFETY: the header was written when the block was made and lives until the last `Storage` is dropped.
        unsafe { self.block.as_ref() }
    }

    fn data<T: Element>(&self) -> *mut T {
        // SAFETY: a block holds at least DATA_OFFSET bytes in front of its data.
        unsafe { self.block.as_ptr().cast::<u8>().add(DATA_OFFSET).cast() }
    }

    /// How many elements the block holds; they must be of type `T`.
    fn len<T: Element>(&self) -> usize {
        let Header { bytes, dtype, .. } = *self.header();
        assert!(dtype == T::DTYPE, "elements of dtype {dtype} were asked for as {}", T::DTYPE);
        bytes / size_of::<T>()
    }

    /// The whole block as elements of the type that it was made for.
    pub(crate) fn elements<T: Element>(&self) -> &[T] {
        let len = self.len::<T>();
        // SAFETY: data is aligned to 64, holds `bytes` initialised bytes (see the module's documentation), and is
        // not written while a `Storage` that shares it exists. `len` has checked that the block was made for `T`, and
        // `Buffer` made its bytes valid for that type.
        unsafe { std::slice::from_raw_parts(self.data(), len) }
    }

    /// Whether this is the only reference to the block.
    pub(crate) fn is_unique(&mut self) -> bool {
        // Acquire pairs with the release in `drop`: what other owners read happened before they let go.
        self.header().references.load(Ordering::Acquire) == 1
    }

    /// The whole block as elements to write, if this is the only reference to it.
    pub(crate) fn elements_mut<T: Element>(&mut self) -> Option<&mut [T]> {
        let len = self.len::<T>();
        // SAFETY: as in `elements`; and nobody else refers to the block, nor can they come to while `self` is borrowed.
        self.is_unique().then(|| unsafe { std::slice::from_raw_parts_mut(self.data(), len) })
    }

    /// The block as a mutable buffer, or itself back when it is shared.
    pub(crate) fn into_buffer<T: Element>(mut self) -> Result<Buffer<T>, Storage> {
        let _checked = self.len::<T>();
        if self.is_unique() { Ok(Buffer { storage: self, element: PhantomData }) } else { Err(self) }
    }
}

impl Clone for Storage {
    fn clone(&self) -> Self {
        // Relaxed suffices, as in `Arc`: a new reference is made from one that is already held.
        self.header().references.fetch_add(1, Ordering::Relaxed);
        Storage { block: self.block }
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        if self.header().references.fetch_sub(1, Ordering::Release) == 1 {
            fence(Ordering::Acquire);
            let class = self.header().class;
            // SAFETY: this was the last reference, so that nobody can reach the block any more; it came from `take` with
            // this class, and `Header` needs no drop.
            unsafe { pool::give(self.block.cast(), class) };
        }
    }
}

/// A block with one owner, which may write it.
///
/// ```
/// use cotangent_tensor::{Array, Buffer};
/// let mut buffer = Buffer::<f32>::zeroed(3);
/// buffer[1] = 5.0;
/// assert_eq!(Array::from_buffer(buffer, [3]).to_vec::<f32>(), [0.0, 5.0, 0.0]);
/// ```
pub struct Buffer<T: Element> {
    storage: Storage,
    element: PhantomData<T>,
}

impl<T: Element> Buffer<T> {
    /// A buffer whose contents are arbitrary: to be overwritten completely.
    ///
    /// # Panics
    /// When `len` elements do not fit the address space, or the system has no memory for them.
    #[must_use]
    pub fn recycled(len: usize) -> Self {
        let bytes = len.checked_mul(size_of::<T>()).filter(|&bytes| bytes <= isize::MAX as usize / 2);
        let bytes = bytes.unwrap_or_else(|| panic!("a buffer of {len} elements of {} does not fit memory", T::DTYPE));
        let buffer = Buffer { storage: Storage::with_bytes(bytes, T::DTYPE), element: PhantomData };
        if T::DTYPE == DType::Bool {
            // SAFETY: `storage` was just made and holds `bytes` bytes; zero is a valid bool.
            unsafe { buffer.storage.data::<u8>().write_bytes(0, bytes) };
        }
        buffer
    }

    /// A buffer of zeros.
    #[must_use]
    pub fn zeroed(len: usize) -> Self {
        let mut buffer = Buffer::recycled(len);
        buffer.fill(T::default());
        buffer
    }

    /// A buffer with a copy of these elements.
    #[must_use]
    pub fn from_slice(elements: &[T]) -> Self {
        let mut buffer = Buffer::recycled(elements.len());
        buffer.copy_from_slice(elements);
        buffer
    }

    /// A buffer of the values that an iterator of known length gives.
    ///
    /// # Panics
    /// When the iterator ends early.
    #[must_use]
    pub fn from_iter_exact(elements: impl ExactSizeIterator<Item = T>) -> Self {
        let mut elements = elements;
        let mut buffer = Buffer::recycled(elements.len());
        for slot in buffer.iter_mut() {
            *slot = elements.next().expect("an iterator that is as long as it says");
        }
        buffer
    }

    pub(crate) fn into_storage(self) -> Storage {
        self.storage
    }
}

impl<T: Element> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        self.storage.elements()
    }
}

impl<T: Element> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.storage.elements_mut().expect("a buffer is the only owner of its block")
    }
}

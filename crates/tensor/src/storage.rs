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
//! The shared list holds at most a quarter more than was ever live at once (and at least 64 MiB), that of a thread at most 4 MiB, so memory
//! stays bounded when sizes vary.
//!
//! Contents of up to 16 bytes, scalars above all, take no block: they lie in the `Storage` itself, and its clones have copies.

mod count;
mod counted;
mod pool;

pub(crate) use counted::{Counted, Room};
pub use pool::{cached_bytes, live_bytes, trim};

use crate::{DType, Element};
use pool::Class;
use std::{
    marker::PhantomData,
    ops::{Deref, DerefMut},
    ptr::NonNull,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Where data begins within a block: one cache line, which holds the header.
const DATA_OFFSET: usize = 64;

/// Makes room for so many more things in a list whose length is a user's size and which is no tensor: one that is too large is an error
/// like another, as it is for tensors, and does not end the process.
///
/// # Panics
/// When the system has no memory for it.
pub(crate) fn make_room<T>(list: &mut Vec<T>, more: usize) {
    if list.try_reserve(more).is_err() {
        panic!("the system has no memory for a list of {} places", list.len().saturating_add(more));
    }
}

/// Things as a list, for which [`make_room`] makes the room.
pub(crate) fn list<T>(things: impl ExactSizeIterator<Item = T>) -> Vec<T> {
    let mut list = Vec::new();
    make_room(&mut list, things.len());
    list.extend(things);
    list
}

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

/// Bytes of contents that need no block: a scalar of any dtype, a complex number, a position of three f32.
const INLINE: usize = 16;

/// The elements of arrays: a shared block of memory, or a few bytes in place.
pub(crate) struct Storage(Contents);

enum Contents {
    /// What the header says.
    Block(NonNull<Header>),
    /// The first `len` bytes, aligned for any element.
    Inline { words: [u64; INLINE / size_of::<u64>()], len: u8, dtype: DType },
}

// SAFETY: a block is only reachable through `Storage` and `Buffer`; shared access is read-only, mutable access needs a
// `Buffer`, which is the only owner, and the reference count is atomic, as in `Arc`. What is in place is plain numbers.
unsafe impl Send for Storage {}
// SAFETY: as above: `&Storage` gives read access only.
unsafe impl Sync for Storage {}

impl Storage {
    #[inline]
    fn with_bytes(bytes: usize, dtype: DType) -> Self {
        if bytes <= INLINE {
            return Storage(Contents::Inline { words: Default::default(), len: bytes as u8, dtype });
        }
        let (block, class) = pool::take(bytes);
        let header = Header { references: AtomicUsize::new(1), bytes, class, dtype };
        let block: NonNull<Header> = block.cast();
        // SAFETY: `take` gives a block of at least DATA_OFFSET + bytes bytes, aligned to 64, that nobody else refers to.
        unsafe { block.write(header) };
        if dtype == DType::Bool {
            // SAFETY: the block has `bytes` bytes of data; zero is a valid bool.
            unsafe { data::<u8>(block).write_bytes(0, bytes) };
        }
        Storage(Contents::Block(block))
    }

    /// All elements, of the type that the storage was made for.
    #[inline]
    #[track_caller]
    pub(crate) fn elements<T: Element>(&self) -> &[T] {
        const { assert!(align_of::<T>() <= align_of::<u64>(), "elements lie in words") };
        match &self.0 {
            Contents::Block(block) => {
                let len = count::<T>(header(block).bytes, header(block).dtype);
                // SAFETY: data is aligned to 64, holds `bytes` initialised bytes (see the module's documentation), and is
                // not written while a `Storage` that shares it exists. `count` has checked that the block was made for
                // `T`, and `with_bytes` made its bytes valid for that type.
                unsafe { std::slice::from_raw_parts(data(*block), len) }
            }
            Contents::Inline { words, len, dtype } => {
                let len = count::<T>(usize::from(*len), *dtype);
                // SAFETY: the words are borrowed with `self`, are aligned for `T`, as asserted above, and are as many bytes
                // as `len` elements or more, all initialised. `count` has checked that they were made for `T`; they began as
                // zeros, which are valid for every element, and have been written as `T` only.
                unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), len) }
            }
        }
    }

    /// The size of all elements.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        match &self.0 {
            Contents::Block(block) => header(block).bytes,
            Contents::Inline { len, .. } => usize::from(*len),
        }
    }

    /// Whether no other storage shares the elements.
    #[inline]
    pub(crate) fn is_unique(&mut self) -> bool {
        match &self.0 {
            // Acquire pairs with the release in `drop`: what other owners read happened before they let go.
            Contents::Block(block) => header(block).references.load(Ordering::Acquire) == 1,
            Contents::Inline { .. } => true,
        }
    }

    /// All elements to write, if no other storage shares them.
    #[inline]
    #[track_caller]
    pub(crate) fn elements_mut<T: Element>(&mut self) -> Option<&mut [T]> {
        const { assert!(align_of::<T>() <= align_of::<u64>(), "elements lie in words") };
        if !self.is_unique() {
            return None;
        }
        Some(match &mut self.0 {
            Contents::Block(block) => {
                let len = count::<T>(header(block).bytes, header(block).dtype);
                // SAFETY: as in `elements`; and nobody else refers to the block, nor can they come to while `self` is borrowed.
                unsafe { std::slice::from_raw_parts_mut(data(*block), len) }
            }
            Contents::Inline { words, len, dtype } => {
                let len = count::<T>(usize::from(*len), *dtype);
                // SAFETY: as in `elements`; the words are borrowed mutably with `self`, and any value of `T` is plain bytes.
                unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), len) }
            }
        })
    }

    /// The storage as a mutable buffer, or itself back when it is shared.
    #[inline]
    pub(crate) fn into_buffer<T: Element>(mut self) -> Result<Buffer<T>, Storage> {
        let _checked = self.elements::<T>();
        if self.is_unique() { Ok(Buffer { storage: self, element: PhantomData }) } else { Err(self) }
    }
}

#[inline]
fn header(block: &NonNull<Header>) -> &Header {
    // SAFETY: the header was written when the block was made and lives until the last `Storage` is dropped, from which `block`
    // is borrowed.
    unsafe { block.as_ref() }
}

#[inline]
fn data<T: Element>(block: NonNull<Header>) -> *mut T {
    // SAFETY: a block holds at least DATA_OFFSET bytes in front of its data.
    unsafe { block.as_ptr().cast::<u8>().add(DATA_OFFSET).cast() }
}

/// How many elements these bytes hold; they must have been made for type `T`.
#[inline]
#[track_caller]
fn count<T: Element>(bytes: usize, dtype: DType) -> usize {
    if dtype != T::DTYPE {
        other_dtype(dtype, T::DTYPE);
    }
    bytes / size_of::<T>()
}

#[cold]
#[track_caller]
fn other_dtype(dtype: DType, asked: DType) -> ! {
    panic!("elements of dtype {dtype} were asked for as {asked}");
}

impl Clone for Storage {
    #[inline]
    fn clone(&self) -> Self {
        Storage(match &self.0 {
            Contents::Block(block) => {
                // Relaxed suffices, as in `Arc`: a new reference is made from one that is already held.
                header(block).references.fetch_add(1, Ordering::Relaxed);
                Contents::Block(*block)
            }
            &Contents::Inline { words, len, dtype } => Contents::Inline { words, len, dtype },
        })
    }
}

impl Drop for Storage {
    #[inline]
    fn drop(&mut self) {
        let Contents::Block(block) = &self.0 else { return };
        let references = &header(block).references;
        // Who alone refers to a block counts without a locked instruction: nobody else can come to refer to it. Acquire pairs with the
        // release of others: what they read happened before they let go.
        if references.load(Ordering::Acquire) == 1 || references.fetch_sub(1, Ordering::AcqRel) == 1 {
            let class = header(block).class;
            // SAFETY: this was the last reference, so that nobody can reach the block any more; it came from `take` with
            // this class, and `Header` needs no drop.
            unsafe { pool::give(block.cast(), class) };
        }
    }
}

/// Elements with one owner, who may write them.
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
    #[inline]
    pub fn recycled(len: usize) -> Self {
        let bytes = len.checked_mul(size_of::<T>()).filter(|&bytes| bytes <= isize::MAX as usize / 2);
        let bytes = bytes.unwrap_or_else(|| panic!("a buffer of {len} elements of {} does not fit memory", T::DTYPE));
        Buffer { storage: Storage::with_bytes(bytes, T::DTYPE), element: PhantomData }
    }

    /// One element. Its word is made as a number, so that it is moved on in a register: to read a word of which only a part was written a
    /// moment ago waits for the write to go through.
    #[inline]
    pub(crate) fn scalar(value: T) -> Self {
        let size = size_of::<T>();
        // SAFETY: elements are plain numbers, and each arm reads as many bytes as they have.
        let bits: u64 = unsafe {
            match size {
                1 => std::mem::transmute_copy::<T, u8>(&value).into(),
                2 => std::mem::transmute_copy::<T, u16>(&value).into(),
                4 => std::mem::transmute_copy::<T, u32>(&value).into(),
                8 => std::mem::transmute_copy(&value),
                _ => unreachable!("elements have up to 8 bytes"),
            }
        };
        // The first bytes of the word, in either order of bytes.
        let word = if cfg!(target_endian = "big") { bits << (64 - 8 * size) } else { bits };
        let contents = Contents::Inline { words: [word, 0], len: size as u8, dtype: T::DTYPE };
        Buffer { storage: Storage(contents), element: PhantomData }
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

    #[inline]
    pub(crate) fn into_storage(self) -> Storage {
        self.storage
    }
}

impl<T: Element> Deref for Buffer<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        self.storage.elements()
    }
}

impl<T: Element> DerefMut for Buffer<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        self.storage.elements_mut().expect("a buffer is the only owner")
    }
}

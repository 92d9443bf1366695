//! The layout of an array, shared with the arrays that are computed from or into it.

use crate::{Shape, layout::Layout};
use std::{ops::Deref, sync::Arc};

/// A layout, and what is asked of it more often than layouts are made.
pub(super) struct Form {
    pub(super) layout: Layout,
    pub(super) numel: usize,
    /// Whether elements lie one after another in row-major order.
    pub(super) contiguous: bool,
    /// Whether the layout is the one that a buffer of this shape has: the whole storage, and axes of size one have the usual strides too.
    pub(super) plain: bool,
}

/// A form, counted unless it is that of a scalar.
#[derive(Clone)]
pub(super) struct SharedForm(Option<Arc<Form>>);

static SCALAR: Form = Form { layout: Layout::SCALAR, numel: 1, contiguous: true, plain: true };

impl Deref for SharedForm {
    type Target = Form;
    #[inline]
    fn deref(&self) -> &Form {
        self.0.as_deref().unwrap_or(&SCALAR)
    }
}

impl SharedForm {
    pub(super) const SCALAR: SharedForm = SharedForm(None);

    /// Row-major from the start of the storage.
    #[inline]
    pub(super) fn plain(shape: Shape) -> Self {
        if shape.is_empty() {
            return SharedForm::SCALAR;
        }
        let numel = shape.numel();
        SharedForm(Some(Arc::new(Form { layout: Layout::contiguous(shape), numel, contiguous: true, plain: true })))
    }

    /// Of any view of a storage of so many elements.
    pub(super) fn of(layout: Layout, elements: usize) -> Self {
        let numel = layout.shape.numel();
        let plain = layout.offset == 0 && numel == elements && layout.has_usual_strides();
        if plain && layout.shape.is_empty() {
            return SharedForm::SCALAR;
        }
        let contiguous = plain || layout.is_contiguous();
        SharedForm(Some(Arc::new(Form { layout, numel, contiguous, plain })))
    }
}

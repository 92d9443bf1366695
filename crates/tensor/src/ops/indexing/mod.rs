//! Elements by their index: gathering, scattering, masks, and NumPy's square brackets.
//!
//! | room | operations |
//! |---|---|
//! | `slice`, `subscript` | NumPy's square brackets: index, select, index_put, index_add_at, with_index |
//! | `index`, `gather` | index_select, index_add; gather, scatter_add |
//! | `take`, `scatter` | take, take_along_dim, index_fill, index_copy; scatter, scatter_reduce |
//! | `mask`, `one_hot` | masked_fill, masked_select, nonzero; one_hot |

pub(super) mod gather;
pub(super) mod index;
pub(super) mod mask;
pub(super) mod one_hot;
pub(super) mod placing;
pub(super) mod scatter;
pub(super) mod slice;
pub(super) mod subscript;
pub(super) mod take;

pub use gather::{Gather, ScatterAdd};
pub use index::{IndexAdd, IndexSelect};
pub use one_hot::OneHot;
pub use scatter::{Scatter, ScatterExtremum, ScatterProd, ScatterReduce};
pub use slice::{Cut, Slice, SliceAdd, SliceScatter};
pub use subscript::{Ellipsis, Index, IndexPut, Item, NewAxis, Span, Subscript, step};

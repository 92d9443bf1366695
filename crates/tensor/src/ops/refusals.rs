//! For tests of what methods refuse: the whole message of their panic.

use crate::Tensor;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[track_caller]
pub(super) fn message_of(call: impl FnOnce() -> Tensor) -> String {
    // A tensor is immutable: nothing half done is seen after the panic.
    let panic = catch_unwind(AssertUnwindSafe(call)).expect_err("the call is refused");
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => (*panic.downcast::<&str>().expect("a message")).to_owned(),
    }
}

//! What a method refuses, for tests of its messages.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// The message of the panic that a call ends in.
#[track_caller]
pub(super) fn message<R>(call: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(_) => panic!("the call is not refused"),
        Err(panic) => panic.downcast_ref::<String>().expect("an error's message").clone(),
    }
}

//! For tests of what methods refuse: the whole message of the panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// The message of the panic that a call ends in.
#[track_caller]
pub(in crate::ops) fn message<R>(call: impl FnOnce() -> R) -> String {
    // Tensors are immutable: nothing half done is seen after the panic.
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(_) => panic!("the call is not refused"),
        Err(panic) => match panic.downcast::<String>() {
            Ok(message) => *message,
            Err(panic) => (*panic.downcast::<&str>().expect("a message")).to_owned(),
        },
    }
}

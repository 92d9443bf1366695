//! Panics that name the line of whoever made the mistake. A closure has no caller: what panics in one names a line of the library, so that
//! closures return what they refuse, and the function around them panics.

use std::fmt::Display;

/// The value, or a panic with the error.
#[track_caller]
pub(crate) fn or_panic<T, E: Display>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

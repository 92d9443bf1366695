//! What a user reads after a mistake: each message names the operation, shows what was given, says which rule it
//! breaks, and, where there is one, the way out, and its place is the line of the mistake. The texts are asserted whole, so that a change to
//! one is seen.
//!
//! - `networks`: labels, targets, layers.
//! - `operands`: dtypes, numbers, broadcasting, products.
//! - `options`: numbers outside of their domain.
//! - `shapes`: axes, reshaping, joining, indices.
//! - `sizes`: shapes that no memory can hold, access to elements.
//! - `transforms`: gradients, tangents, cotangents.
//! - `primitives`: operations of a user's own that break a promise.
//! - `places`: which line a panic names, of what is more than an expression.
//! - `sweep`: every operation on every pair of small tensors.

mod networks;
mod operands;
mod options;
mod places;
mod primitives;
mod shapes;
mod sizes;
mod sweep;
mod transforms;

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, Location, catch_unwind, set_hook, take_hook},
    sync::Once,
};

/// A mistake: how it is written, the call, and what it must say.
type Misuse<'a> = (&'static str, Box<dyn FnOnce() + 'a>, &'static str);

/// A list of mistakes.
macro_rules! misuses {
    ($($call:expr => $message:literal),* $(,)?) => {
        vec![$((stringify!($call), Box::new(|| { let _ = $call; }) as Box<dyn FnOnce() + '_>, $message)),*]
    };
}
use misuses;

/// What a call panics with: its text, and the file of the line that the user is shown.
struct Panic {
    message: String,
    file: String,
}

thread_local! {
    /// Whether this thread makes a mistake on purpose, and the file that its panic names.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static FILE: Cell<Option<String>> = const { Cell::new(None) };
}

/// What a call panics with, or `None` when it returns.
fn panic_of(call: impl FnOnce()) -> Option<Panic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| {
            FILE.set(info.location().map(|place| place.file().to_owned()));
            if !WATCHED.get() {
                usual(info);
            }
        }));
    });
    WATCHED.set(true);
    let result = catch_unwind(AssertUnwindSafe(call));
    WATCHED.set(false);
    let payload = result.err()?;
    let text = payload.downcast_ref::<String>().cloned();
    let message = text.or_else(|| payload.downcast_ref::<&str>().map(|text| text.to_string()))?;
    Some(Panic { message, file: FILE.take().unwrap_or_default() })
}

/// What a call says when it panics, or `None` when it returns.
fn panic_message(call: impl FnOnce()) -> Option<String> {
    panic_of(call).map(|panic| panic.message)
}

/// Makes every mistake, and then fails once, with all texts that are not as they should be, and all panics that show another file than the
/// mistake's: in a release build, that line is all by which a user finds it.
#[track_caller]
fn assert_messages(misuses: Vec<Misuse<'_>>) {
    assert_said(misuses, Some(Location::caller().file()));
}

/// As [`assert_messages`], of what is noticed far from any call, so that a line of the library is shown: a rule's fault on the way back, memory
/// that the system does not have.
#[track_caller]
fn assert_messages_alone(misuses: Vec<Misuse<'_>>) {
    assert_said(misuses, None);
}

#[track_caller]
fn assert_said(misuses: Vec<Misuse<'_>>, file: Option<&str>) {
    let mut wrong = Vec::new();
    for (call, mistake, expected) in misuses {
        let Some(Panic { message, file: shown }) = panic_of(mistake) else {
            wrong.push(format!("{call}\n  says   nothing\n  not    {expected}"));
            continue;
        };
        if message != expected {
            wrong.push(format!("{call}\n  says   {message}\n  not    {expected}"));
        }
        if let Some(file) = file.filter(|&file| file != shown) {
            wrong.push(format!("{call}\n  shows  {shown}\n  not    {file}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

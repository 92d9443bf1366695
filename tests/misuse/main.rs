//! What a user reads after a mistake: each message names the operation, shows what was given, says which rule it
//! breaks, and, where there is one, the way out. The texts are asserted whole, so that a change to one is seen.
//!
//! - `networks`: labels, targets, layers.
//! - `operands`: dtypes, numbers, broadcasting, products.
//! - `options`: numbers outside of their domain.
//! - `shapes`: axes, reshaping, joining, indices.
//! - `sizes`: shapes that no memory can hold, access to elements.
//! - `transforms`: gradients, tangents, cotangents.
//! - `primitives`: operations of a user's own that break a promise.
//! - `sweep`: every operation on every pair of small tensors.

mod networks;
mod operands;
mod options;
mod primitives;
mod shapes;
mod sizes;
mod sweep;
mod transforms;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// A mistake: how it is written, the call, and what it must say.
type Misuse<'a> = (&'static str, Box<dyn FnOnce() + 'a>, &'static str);

/// A list of mistakes.
macro_rules! misuses {
    ($($call:expr => $message:literal),* $(,)?) => {
        vec![$((stringify!($call), Box::new(|| { let _ = $call; }) as Box<dyn FnOnce() + '_>, $message)),*]
    };
}
use misuses;

/// What a call panics with, or `None` when it returns.
fn panic_message(call: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(call)).err()?;
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|text| text.to_string()))
}

/// Makes every mistake, and then fails once, with all texts that are not as they should be.
#[track_caller]
fn assert_messages(misuses: Vec<Misuse<'_>>) {
    let mut wrong = Vec::new();
    for (call, mistake, expected) in misuses {
        let found = panic_message(mistake).unwrap_or_else(|| "(nothing)".to_owned());
        if found != expected {
            wrong.push(format!("{call}\n  says   {found}\n  not    {expected}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

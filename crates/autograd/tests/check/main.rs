//! The gradient checker: what must pass, what must fail with which text, and what must be left undecided.

mod broken;
mod fails;
mod passes;
mod undecided;

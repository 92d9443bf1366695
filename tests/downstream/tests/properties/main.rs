//! What holds for every input: this crate's operation, layer, optimizer and framework under cotangent's strategies and checker.

mod framework;
mod model;
mod operation;
mod optimizer;

use proptest::test_runner::Config;

/// Some seconds for all of them together. Failing inputs are printed, and not written to files.
fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

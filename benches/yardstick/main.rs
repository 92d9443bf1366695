//! The cases that other frameworks are measured with, in one line each: `cargo bench -q --bench yardstick -- mlp op_matmul_512`.
//!
//! Times of one run compare with times of another framework in the same run, at the same number of threads, and with nothing else.
//! Without arguments, all cases run but those of [`scaling`], which compare with their own kind.
//!
//! The environment says how:
//!
//! - `THREADS` is how many threads kernels use, exactly. Without it, one for each core, or `RAYON_NUM_THREADS`.
//! - `SECS` is how long a training case or a latency is measured for; 3 without it.
//! - `LOSSES` is a folder of `CASE.safetensors`, made by `scripts/yardstick_losses.py`: instead of being measured, a training case
//!   starts from PyTorch's weights and data, and its losses are compared with PyTorch's.
//! - `PICTURES` is the folder for the pictures of [`scaling`]; `target/pictures/scaling` without it.

mod cases;
mod convolutions;
mod faults;
mod latency;
mod networks;
mod operations;
mod scaling;
mod timing;
mod training;

use std::process::{Command, exit};

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let training = cases::NAMES.iter().chain(&["scalar_chain"]).map(|case| (*case).to_owned());
    let compared: Vec<String> =
        training.chain(latency::cases()).chain(operations::cases()).chain(convolutions::cases()).collect();
    let known = |case: &String| compared.contains(case) || scaling::CASES.contains(&case.as_str());
    if let Some(unknown) = wanted.iter().find(|case| !known(case)) {
        eprintln!("there is no case {unknown}; there are {} {}", compared.join(" "), scaling::CASES.join(" "));
        exit(2);
    }
    let wanted = if wanted.is_empty() { compared } else { wanted };
    match std::env::var("THREADS") {
        Ok(threads) => again_with(&threads, &wanted),
        Err(_) => wanted.iter().for_each(|case| run(case)),
    }
}

/// Measures in a process whose one pool has this many threads, as a user's program would have it.
fn again_with(threads: &str, wanted: &[String]) {
    let program = std::env::current_exe().expect("the system knows what it runs");
    let mut again = Command::new(program);
    again.args(wanted).env("RAYON_NUM_THREADS", threads).env_remove("THREADS");
    let status = again.status().expect("what runs can be run again");
    exit(status.code().unwrap_or(1));
}

fn run(case: &str) {
    match case.split_once('_') {
        Some(("op", _)) => operations::run(case),
        Some(("conv", _)) => convolutions::run(case),
        Some(("latency", _)) => latency::run(case),
        Some(("scaling", _)) => scaling::run(case),
        _ if case == "scalar_chain" => training::scalar_chain(),
        _ => training::run(case),
    }
}

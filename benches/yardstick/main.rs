//! The cases that other frameworks are measured with, in one line each: `cargo bench -q --bench yardstick -- mlp op_matmul_512`.
//!
//! Times of one run compare with times of another framework in the same run, at the same number of threads
//! (`RAYON_NUM_THREADS`), and with nothing else. Without arguments, all cases run.
//!
//! - `SECS` is how long a training case is measured for.
//! - `LOSSES` is a folder of `CASE.safetensors`, made by `scripts/yardstick_losses.py`: instead of being measured, a training case
//!   starts from PyTorch's weights and data, and its losses are compared with PyTorch's.

mod networks;
mod operations;
mod timing;
mod training;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let training = training::CASES.map(str::to_owned).into_iter();
    for case in training.chain(operations::cases()).filter(|case| wanted.is_empty() || wanted.contains(case)) {
        if training::CASES.contains(&case.as_str()) { training::run(&case) } else { operations::run(&case) }
    }
}

//! What the kernels do alone, and one training step of a small network: `cargo bench --bench kernels`.
//!
//! Criterion compares with its last run on the same machine; `yardstick` compares with other frameworks.

use cotangent::prelude::*;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn elementwise(c: &mut Criterion) {
    let mut group = c.benchmark_group("elementwise");
    for size in [100, 10_000, 1_000_000] {
        let mut rng = Rng::seed(0);
        let (a, b) = (rng.normal([size], DType::F32), rng.normal([size], DType::F32));
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::new("add", size), |bencher| bencher.iter(|| black_box(&a + &b)));
        group.bench_function(BenchmarkId::new("exp", size), |bencher| bencher.iter(|| black_box(a.exp())));
        group.bench_function(BenchmarkId::new("tanh", size), |bencher| bencher.iter(|| black_box(a.tanh())));
    }
    group.finish();
}

fn reductions(c: &mut Criterion) {
    let mut group = c.benchmark_group("reductions");
    let x = Rng::seed(0).normal([1000, 1000], DType::F32);
    group.throughput(Throughput::Elements(1_000_000));
    group.bench_function("sum all", |bencher| bencher.iter(|| black_box(x.sum(..))));
    group.bench_function("sum rows", |bencher| bencher.iter(|| black_box(x.sum(1))));
    group.bench_function("sum columns", |bencher| bencher.iter(|| black_box(x.sum(0))));
    group.bench_function("softmax rows", |bencher| bencher.iter(|| black_box(x.softmax(-1))));
    group.finish();
}

fn products(c: &mut Criterion) {
    let mut group = c.benchmark_group("matmul");
    for size in [64, 256, 512] {
        let mut rng = Rng::seed(0);
        let (a, b) = (rng.normal([size, size], DType::F32), rng.normal([size, size], DType::F32));
        let transposed = b.transpose(0, 1);
        group.throughput(Throughput::Elements(2 * (size * size * size) as u64));
        group.bench_function(BenchmarkId::new("plain", size), |bencher| bencher.iter(|| black_box(a.matmul(&b))));
        group.bench_function(BenchmarkId::new("transposed", size), |bencher| {
            bencher.iter(|| black_box(a.matmul(&transposed)));
        });
    }
    group.finish();
}

fn gradients(c: &mut Criterion) {
    let mut rng = Rng::seed(0);
    let weights = (rng.normal([64, 128], DType::F32) * 0.1, rng.normal([128, 10], DType::F32) * 0.1);
    let x = rng.normal([64, 64], DType::F32);
    c.bench_function("gradient of a small network", |bencher| {
        bencher.iter(|| {
            black_box(grad(&weights, |(first, second)| {
                x.matmul(first).relu().matmul(second).log_softmax(-1).square().mean(..)
            }))
        });
    });
}

criterion_group!(benches, elementwise, reductions, products, gradients);
criterion_main!(benches);

//! The same seed gives the same bits on any number of threads. Every size here lies beyond the ones from which kernels
//! split their work: 40,000 elements for elementwise loops, a million multiplications for products.

use cotangent::{Rng, prelude::*, with_threads};

/// All elements as bits, so that a NaN or a sign of zero counts too.
fn bits(tensors: &[Tensor]) -> Vec<u64> {
    let of = |x: &Tensor| -> Vec<u64> {
        match x.dtype() {
            DType::F32 => x.to_vec::<f32>().iter().map(|x| u64::from(x.to_bits())).collect(),
            DType::F64 => x.to_vec::<f64>().iter().map(|x| x.to_bits()).collect(),
            _ => x.cast(DType::I64).to_vec::<i64>().iter().map(|&x| x as u64).collect(),
        }
    };
    tensors.iter().flat_map(of).collect()
}

/// Runs a computation on 1, 2 and 3 threads, and twice on 3.
#[track_caller]
fn assert_same_bits(what: &str, compute: impl Fn() -> Vec<Tensor> + Sync) {
    let alone = with_threads(1, || bits(&compute()));
    assert!(alone.iter().any(|&x| x != alone[0]), "{what}: nothing is computed");
    for threads in [2, 3, 3] {
        let together = with_threads(threads, || bits(&compute()));
        let difference = alone.iter().zip(&together).position(|(a, b)| a != b);
        assert!(
            alone.len() == together.len() && difference.is_none(),
            "{what} on {threads} threads: bits of {difference:?} differ"
        );
    }
}

fn normal(shape: &[usize], dtype: DType) -> Tensor {
    Rng::seed(11).normal(shape, dtype)
}

#[test]
fn random_numbers() {
    for dtype in [DType::F32, DType::F64] {
        assert_same_bits("random numbers", || {
            let mut rng = Rng::seed(3);
            let drawn = vec![
                rng.normal([100_003], dtype),
                rng.uniform([100_003], dtype),
                rng.uniform_range(-1.0, 2.0, [100_003], dtype),
                rng.bernoulli(0.3, [100_003]),
                rng.randint(0, 100, [100_003]),
                rng.permutation(1000),
            ];
            // The stream goes on from the same place.
            [drawn, vec![rng.uniform([1], dtype)]].concat()
        });
    }
}

#[test]
fn elementwise() {
    for dtype in [DType::F32, DType::F64] {
        let (x, row) = (normal(&[301, 333], dtype), normal(&[333], dtype));
        assert_same_bits("elementwise", || {
            let strided = x.transpose(0, 1).exp() * x.flip(0).transpose(0, 1);
            vec![strided, x.tanh() + &row, x.gelu(), x.abs().powf(1.3), x.gt(0).where_(&x, &row), x.cast(DType::I64)]
        });
    }
}

#[test]
fn reductions() {
    for dtype in [DType::F32, DType::F64] {
        // Long rows, long columns, short rows, and a middle axis.
        for shape in [&[1, 500_009][..], &[500_009, 1], &[70_001, 7], &[7, 70_001], &[61, 67, 71]] {
            let x = normal(shape, dtype);
            assert_same_bits(&format!("reductions of {}", x.spec()), || {
                let all = [x.sum(..), x.mean(..), x.var(.., 1), x.max(..), x.min(..), x.logsumexp(..)];
                let along = |axis| {
                    [x.sum(axis), x.mean(axis), x.var(axis, 0), x.max(axis), x.logsumexp(axis), x.argmax(axis as isize)]
                };
                [&all[..], &along(0), &along(1)].concat()
            });
        }
    }
}

#[test]
fn softmax() {
    for dtype in [DType::F32, DType::F64] {
        for shape in [[3001, 101], [7, 60_007]] {
            let (x, weights) = (normal(&shape, dtype), normal(&shape, dtype).flip(0));
            assert_same_bits("softmax", || {
                let gradient = grad(&x, |x| (x.softmax(-1) * &weights + x.log_softmax(0) * &weights).sum(..));
                vec![x.softmax(0), x.softmax(1), x.log_softmax(1), gradient]
            });
        }
    }
}

/// Long rows, which are sorted by several threads at once, and many short ones.
#[test]
fn scans_and_sorts() {
    for dtype in [DType::F32, DType::F64] {
        for shape in [[3, 70_001], [70_001, 3]] {
            // Coarse, so that many are equal.
            let x = (normal(&shape, dtype) * 4).cast(DType::I64).cast(dtype);
            let y = normal(&shape, dtype);
            assert_same_bits(&format!("scans and sorts of {}", x.spec()), || {
                let scans = [y.cumsum(1), y.logcumsumexp(0), y.linear_recurrence(&y.sigmoid(), 1), y.cummax(1).0];
                let sorts = [x.argsort(1), x.sort_descending(0).1, x.topk(2, 1).1, x.median_with_indices(0).1];
                let reduced = [y.prod(0), y.vector_norm(2, ..), y.std(1, 1), y.quantile(0.3, 1)];
                let found = y.sort(1).0.searchsorted(&x);
                [&scans[..], &sorts, &reduced, &[found]].concat()
            });
        }
    }
}

/// Square, tall and wide, transposed, in batches, with vectors; and few outputs of a long sum, which is cut into parts.
#[test]
fn matrix_products() {
    for dtype in [DType::F32, DType::F64] {
        let shapes: [[&[usize]; 2]; 7] = [
            [&[300, 201], &[201, 257]],
            [&[9, 60_001], &[60_001, 8]],
            [&[2, 3, 20_011], &[20_011, 5]],
            [&[2000, 30], &[30, 40]],
            [&[40, 33, 65], &[40, 65, 31]],
            [&[700, 901], &[901]],
            [&[300_007], &[300_007]],
        ];
        for [a, b] in shapes {
            let (a, b) = (normal(a, dtype), normal(b, dtype));
            assert_same_bits(&format!("the product of {} and {}", a.spec(), b.spec()), || {
                let product = a.matmul(&b);
                let (a_bar, b_bar) = grad(&(a.clone(), b.clone()), |(a, b)| a.matmul(b).square().sum(..));
                vec![product, a_bar, b_bar]
            });
        }
        let (a, b) = (normal(&[211, 310], dtype), normal(&[190, 211], dtype));
        assert_same_bits("a transposed product", || vec![a.transpose(0, 1).matmul(&b.transpose(0, 1))]);
    }
}

/// Many summands for each place, so that the order in which they are added shows.
#[test]
fn indexed_sums() {
    let mut rng = Rng::seed(9);
    for dtype in [DType::F32, DType::F64] {
        let (places, src) = (rng.randint(0, 50, [100_003]), rng.normal([100_003], dtype));
        let (rows, table) = (rng.randint(0, 40, [3001]), rng.normal([40, 64], dtype));
        let (square, wide) = (rng.randint(0, 300, [300, 400]), rng.normal([300, 400], dtype));
        assert_same_bits("indexed sums", || {
            let lookup = grad(&table, |table| table.index_select(0, &rows).sin().sum(..));
            let gathered = grad(&wide, |wide| wide.gather(0, &square).square().sum(..));
            let zeros = Tensor::zeros([50], dtype);
            let spread = Tensor::zeros([300, 400], dtype).scatter_add(0, &square, &wide);
            vec![zeros.scatter_add(0, &places, &src), zeros.index_add(0, &places, &src), lookup, gathered, spread]
        });
    }
}

#[test]
fn joining_and_moving() {
    let x = normal(&[211, 405], DType::F32);
    assert_same_bits("joining and moving", || {
        let joined = Tensor::concat([&x, &x.flip(1)], 0);
        vec![joined.pad([(3, 1), (2, 2)], 0), joined.transpose(0, 1).reshape([-1]), Tensor::stack([&x, &x], -1)]
    });
}

#[derive(Module, Clone)]
struct Mlp {
    w: [Tensor; 3],
    b: [Tensor; 3],
}

/// A whole training: what the network has learned is the same to the last bit.
#[test]
fn training() {
    for dtype in [DType::F32, DType::F64] {
        assert_same_bits("training", || {
            let mut rng = Rng::seed(1);
            let sizes = [40, 96, 96, 10];
            let mut layer = |i: usize| rng.normal([sizes[i], sizes[i + 1]], dtype) * (2.0 / sizes[i] as f64).sqrt();
            let w = [layer(0), layer(1), layer(2)];
            let b = std::array::from_fn(|i| Tensor::zeros([sizes[i + 1]], dtype));
            let mut model = Mlp { w, b };
            let (x, y) = (rng.normal([1024, 40], dtype), rng.randint(0, 10, [1024, 1]));
            let mut losses = Vec::new();
            for _ in 0..5 {
                let (loss, gradient) = value_and_grad(&model, |model| {
                    let hidden = (x.matmul(&model.w[0]) + &model.b[0]).gelu();
                    let hidden = (hidden.matmul(&model.w[1]) + &model.b[1]).tanh();
                    let logits = hidden.matmul(&model.w[2]) + &model.b[2];
                    -logits.log_softmax(-1).gather(1, &y).mean(..)
                });
                let weights = model.w.iter_mut().chain(&mut model.b);
                weights.zip(gradient.w.iter().chain(&gradient.b)).for_each(|(w, w_bar)| *w -= w_bar * 0.1);
                losses.push(loss);
            }
            let first_and_last = [&losses[0], &losses[4]].map(|loss| loss.cast(DType::F64).item::<f64>());
            assert!(first_and_last[1] < first_and_last[0], "the network learns");
            [&losses[..], &model.w, &model.b].concat()
        });
    }
}

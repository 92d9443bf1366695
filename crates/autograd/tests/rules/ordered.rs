//! Samples of scans, sorting, medians, quantiles, products and norms.

use crate::table::{Sample, of_every_size, sample, shapes};
use cotangent_tensor::{
    Tensor, apply,
    ops::{CumProd, CumSum, LinearRecurrence, LogCumSumExp, QuantileMethod, Quantiles},
};

/// Along the last of two axes and the middle of three; one element; no rows, no elements in them.
fn rows() -> Vec<Vec<Vec<usize>>> {
    shapes![[[2, 3]], [[2, 3, 2]], [[1, 1]], [[0, 2]], [[2, 0]]]
}

/// As above, where rows must have elements.
fn with_elements() -> Vec<Vec<Vec<usize>>> {
    shapes![[[2, 3]], [[3, 4, 2]], [[1, 1]], [[0, 2]]]
}

/// Along the first axis.
fn columns() -> Vec<Vec<Vec<usize>>> {
    shapes![[[3, 2]], [[3]], [[1, 2]], [[2, 0]]]
}

fn reversed_sum(x: &Tensor) -> Tensor {
    apply(&CumSum::new(0, true), &[x]).into_single()
}

fn reversed_product(x: &Tensor) -> Tensor {
    apply(&CumProd::new(-1, true), &[x]).into_single()
}

fn reversed_log_sum(x: &Tensor) -> Tensor {
    apply(&LogCumSumExp::new(1, true), &[x]).into_single()
}

fn reversed_recurrence(decay: &Tensor, x: &Tensor) -> Tensor {
    apply(&LinearRecurrence::new(1, true), &[decay, x]).into_single()
}

fn quartiles(interpolation: QuantileMethod) -> Quantiles {
    Quantiles::from([0.25, 0.7, 1.0]).interpolation(interpolation)
}

pub(crate) fn samples() -> Vec<Sample> {
    let pairs = || shapes![[[2, 3], [2, 3]], [[1, 1], [1, 1]], [[2, 0], [2, 0]]];
    let all = of_every_size;
    let scalars = || shapes![[[2, 3]], [[]], [[1, 1]]];
    vec![
        sample!("CumSum", rows(), |x| x[0].cumsum(1)),
        sample!("CumSum", columns(), |x| reversed_sum(&x[0])),
        sample!("CumProd", rows(), |x| x[0].cumprod(1)),
        sample!("CumProd", columns(), |x| x[0].cumprod(0)),
        sample!("CumProd", rows(), |x| reversed_product(&x[0])),
        sample!("LogCumSumExp", rows(), |x| x[0].logcumsumexp(1)),
        sample!("LogCumSumExp", columns(), |x| x[0].logcumsumexp(0)),
        sample!("LogCumSumExp", rows(), |x| reversed_log_sum(&x[0])),
        sample!("LinearRecurrence", pairs(), |x| x[1].linear_recurrence(&x[0], 1)),
        sample!("LinearRecurrence", pairs(), |x| reversed_recurrence(&x[0], &x[1])),
        sample!("LinearRecurrence", shapes![[[2], [3, 2]], [[], [2]]], |x| x[1].linear_recurrence(&x[0], 0)),
        sample!("Prod", all(), |x| x[0].prod(..)),
        sample!("Prod", rows(), |x| x[0].prod(1)),
        sample!("Prod", shapes![[[2, 3, 2]], [[1, 1, 1]], [[0, 2, 2]], [[2, 3, 0]]], |x| x[0].prod([0, 2])),
        sample!("Prod", shapes![[[2, 3, 2]], [[1, 1, 1]], [[2, 0, 2]]], |x| x[0].prod_keepdims([2, 1])),
        sample!("Prod", rows(), |x| x[0].prod([0isize; 0])),
        sample!("CumMax", rows(), |x| x[0].cummax(1).0),
        sample!("CumMax", columns(), |x| x[0].cummax(0).0).with_ties(),
        sample!("CumMin", rows(), |x| x[0].cummin(-1).0).with_ties(),
        sample!("Sort", rows(), |x| x[0].sort(1).0),
        sample!("Sort", columns(), |x| x[0].sort_descending(0).0).with_ties(),
        sample!("TopK", with_elements(), |x| x[0].topk(1, 1).0),
        sample!("TopK", shapes![[[3, 2]], [[4]], [[2, 0]]], |x| x[0].topk(2, 0).0).with_ties(),
        sample!("TopK", rows(), |x| x[0].topk_smallest(0, 1).0),
        sample!("KthValue", shapes![[[2, 3]], [[2, 4, 2]], [[0, 2]]], |x| x[0].kthvalue(2, 1).0),
        sample!("KthValue", columns(), |x| x[0].kthvalue_keepdims(1, 0).0).with_ties(),
        sample!("MaxWithIndices", with_elements(), |x| x[0].max_with_indices(1).0),
        sample!("MaxWithIndices", columns(), |x| x[0].max_with_indices_keepdims(0).0).with_ties(),
        sample!("MinWithIndices", with_elements(), |x| x[0].min_with_indices(-1).0).with_ties(),
        sample!("MinWithIndices", columns(), |x| x[0].min_with_indices_keepdims(0).0).with_ties(),
        sample!("MedianWithIndices", with_elements(), |x| x[0].median_with_indices(1).0),
        sample!("MedianWithIndices", columns(), |x| x[0].median_with_indices_keepdims(0).0).with_ties(),
        sample!("NanMedianWithIndices", with_elements(), |x| x[0].nanmedian_with_indices(1).0),
        sample!("NanMedianWithIndices", columns(), |x| x[0].nanmedian_with_indices_keepdims(0).0).with_ties(),
        sample!("Median", scalars(), |x| x[0].median(..)).with_ties(),
        sample!("Median", with_elements(), |x| x[0].median_keepdims(1)),
        sample!("NanMedian", scalars(), |x| x[0].nanmedian([0isize; 0])),
        sample!("NanMedian", with_elements(), |x| x[0].nanmedian(1)),
        sample!("VectorNorm", all(), |x| x[0].vector_norm(2, ..)).between(0.3, 2.0),
        sample!("VectorNorm", rows(), |x| x[0].vector_norm(2, 1)).between(-2.0, -0.3),
        sample!("VectorNorm", rows(), |x| x[0].vector_norm(4, [0, 1])).between(0.3, 2.0),
        sample!("VectorNorm", rows(), |x| x[0].vector_norm_keepdims(3, 1)).between(-2.0, -0.3),
        sample!("VectorNorm", rows(), |x| x[0].vector_norm(1.5, 1)).between(0.3, 2.0),
        sample!("VectorNorm", rows(), |x| x[0].vector_norm_keepdims(0.5, 0)).between(0.3, 2.0),
        sample!("VectorNorm", with_elements(), |x| x[0].vector_norm(-1.5, 1)).between(0.3, 2.0),
        // Compositions.
        sample!("Abs", all(), |x| x[0].vector_norm(1, ..)),
        sample!("Max", with_elements(), |x| x[0].vector_norm(f64::INFINITY, 1)),
        sample!("Min", with_elements(), |x| x[0].vector_norm(f64::NEG_INFINITY, 1)),
        sample!("Sqrt", shapes![[[2, 3]], [[2, 3, 2]], [[0, 2]]], |x| x[0].std(1, 1)),
        sample!("Sqrt", shapes![[[3, 2]], [[2, 0]]], |x| x[0].std_keepdims(0, 0.5)).with_ties(),
        sample!("Sqrt", shapes![[[2, 3]]], |x| x[0].std_mean(.., 1).0),
        sample!("Sum", shapes![[[2, 3]], [[1, 1]]], |x| x[0].var_mean(1, 0).1 + x[0].var_mean(1, 0).0),
        sample!("Where", rows(), |x| x[0].nansum(1)),
        sample!("Where", with_elements(), |x| x[0].nanmean_keepdims(1)),
        sample!("Sub", rows(), |x| x[0].diff(1, 1)),
        sample!("Sub", columns(), |x| x[0].diff(2, 0)),
        sample!("Sort", scalars(), |x| x[0].quantile(0.3, ..)).with_ties(),
        sample!("Sort", with_elements(), |x| x[0].quantile(quartiles(QuantileMethod::Linear), 1)),
        sample!("Sort", with_elements(), |x| x[0].quantile_keepdims(quartiles(QuantileMethod::Midpoint), 1)),
        sample!("Sort", with_elements(), |x| x[0].nanquantile(quartiles(QuantileMethod::Lower), 1)),
        sample!("Sort", with_elements(), |x| x[0].nanquantile_keepdims(quartiles(QuantileMethod::Higher), 1)),
        sample!("Sort", with_elements(), |x| x[0].quantile(quartiles(QuantileMethod::Nearest), 1)),
    ]
}

use super::*;
use crate::{
    DType, ErrorKind,
    ops::{ScatterReduce, shaping::shape::adjoint::assert_adjoint},
    try_apply,
};

fn counting(shape: &[usize]) -> Tensor {
    let numel: usize = shape.iter().product();
    Tensor::from_vec((0..numel).map(|i| i as f64).collect(), shape).unwrap()
}

/// Index `k` of an axis of this size, of which some are named twice and some never.
fn places(count: usize, size: usize) -> Tensor {
    Tensor::from((0..count).map(|k| (k * k + 3 * k + 1) as i64 % size as i64).collect::<Vec<_>>())
}

#[test]
fn index_select_takes_the_named_slices() {
    for x in [
        counting(&[4, 5, 3]),
        counting(&[3, 5, 4]).permute([2, 1, 0]),
        counting(&[4, 5, 3]).flip(..),
        counting(&[5, 1]).expand([4, 5, 3]),
    ] {
        for axis in 0..3 {
            let index = places(7, x.shape()[axis]);
            let slices: Vec<Tensor> =
                index.to_vec::<i64>().iter().map(|&i| x.narrow(axis as isize, i as usize, 1)).collect();
            let y = x.index_select(axis as isize - 3, &index);
            assert_eq!(y.to_vec::<f64>(), Tensor::concat(slices, axis as isize).to_vec::<f64>());
        }
    }
}

#[test]
fn index_select_takes_every_dtype_and_no_index() {
    let index = Tensor::from([2i64, 0]);
    assert_eq!(Tensor::from([1.0f32, 2.0, 3.0]).index_select(0, &index).to_vec::<f32>(), [3.0, 1.0]);
    assert_eq!(Tensor::from([1i64, 2, 3]).index_select(0, &index).to_vec::<i64>(), [3, 1]);
    assert_eq!(Tensor::from([1u8, 2, 3]).index_select(0, &index.flip(0)).to_vec::<u8>(), [1, 3]);
    assert_eq!(Tensor::from([true, false, false]).index_select(0, &index).to_vec::<bool>(), [false, true]);
    assert_eq!(counting(&[3, 2]).index_select(0, &Tensor::from(1i64)).shape()[..], [1, 2]);
    assert_eq!(counting(&[3, 2]).index_select(1, &index.narrow(0, 0, 0)).shape()[..], [3, 0]);
    assert_eq!(counting(&[0, 2]).index_select(1, &Tensor::from([1i64, 1, 1])).shape()[..], [0, 3]);
}

#[test]
fn index_add_adds_each_slice_in_order() {
    for axis in 0..3 {
        let x = counting(&[4, 5, 3]);
        let index = places(7, x.shape()[axis]);
        let src = counting(&x.shape().with_size(axis, 7)).flip(..);
        let mut expected = x.to_vec::<f64>();
        let inner: usize = x.shape()[axis + 1..].iter().product();
        for (flat, value) in src.to_vec::<f64>().into_iter().enumerate() {
            let (block, k, i) = (flat / (inner * 7), flat / inner % 7, flat % inner);
            expected[(block * x.shape()[axis] + index.to_vec::<i64>()[k] as usize) * inner + i] += value;
        }
        assert_eq!(x.index_add(axis as isize, &index, &src).to_vec::<f64>(), expected, "axis {axis}");
        assert_eq!(x.to_vec::<f64>(), counting(&[4, 5, 3]).to_vec::<f64>(), "the operand stays");
    }
    let wrapped = Tensor::from([250u8]).index_add(0, &Tensor::from([0i64]), &Tensor::from([10u8]));
    assert_eq!(wrapped.to_vec::<u8>(), [4]);
}

#[test]
fn large_sums_have_the_same_bits_on_any_number_of_threads() {
    // Rounded sums of many duplicates; large enough for several pieces of work.
    let values: Vec<f32> = (0..200_000).map(|i| 1.0 / (1 + i % 977) as f32).collect();
    let src = Tensor::from_vec(values, [20_000, 10]).unwrap();
    let index = places(20_000, 101);
    let run = || Tensor::zeros([101, 10], DType::F32).index_add(0, &index, &src).to_vec::<f32>();
    assert_eq!(kernels::parallel::with_threads(1, run), kernels::parallel::with_threads(4, run));
    let selected = || src.index_select(0, &index).to_vec::<f32>();
    assert_eq!(kernels::parallel::with_threads(1, selected), kernels::parallel::with_threads(4, selected));
}

#[test]
fn indices_out_of_range_are_named() {
    let refusal = |index: &Tensor| try_apply(&IndexSelect::new(1), &[&counting(&[2, 5]), index]).unwrap_err();
    let error = refusal(&Tensor::from([0i64, 4, 7]));
    assert_eq!(error.kind(), ErrorKind::Index);
    assert_eq!(
        error.to_string(),
        "index_select: index 7 at [2] is out of range for axis 1 of size 5; got f64[2, 5], i64[3]"
    );
    assert_eq!(
        refusal(&Tensor::from([0i64, -6])).to_string(),
        "index_select: index -6 at [1] is out of range for axis 1 of size 5; got f64[2, 5], i64[2]"
    );
    assert!(refusal(&Tensor::from(i64::MIN)).to_string().contains("at [] is out of range"));
    assert!(
        refusal(&Tensor::from([1.0f32])).to_string().starts_with("index_select: the index must be i64, not f32; got")
    );
    assert!(refusal(&Tensor::from([[1i64]])).to_string().contains("the index must have rank 1 or 0, not 2"));
    let empty = try_apply(&IndexSelect::new(0), &[&counting(&[0]), &Tensor::from([0i64])]).unwrap_err();
    assert!(empty.to_string().contains("out of range for axis 0 of size 0"));
}

const REDUCTIONS: [ScatterReduce; 5] =
    [ScatterReduce::Sum, ScatterReduce::Prod, ScatterReduce::Mean, ScatterReduce::Amax, ScatterReduce::Amin];

#[test]
fn negative_indices_count_from_the_end() {
    let (x, src) = (counting(&[2, 3]), Tensor::from([[10.0], [20.0]]));
    let (ours, theirs) = (Tensor::from([-1i64, 1, -3]), Tensor::from([2i64, 1, 0]));
    assert_eq!(x.index_select(1, &ours).to_vec::<f64>(), x.index_select(1, &theirs).to_vec::<f64>());
    let added = |last: i64| x.index_add(1, &Tensor::from([last]), &src).to_vec::<f64>();
    assert_eq!(added(-1), added(2));
    let pick = |places: [[i64; 2]; 2]| x.gather(1, &Tensor::from(places)).to_vec::<f64>();
    assert_eq!(pick([[-1, 0], [-3, -2]]), pick([[2, 0], [0, 1]]));
    let put = |place: i64| {
        let index = Tensor::from([[place], [0]]);
        [x.scatter(1, &index, &src), x.scatter_add(1, &index, &src)]
            .into_iter()
            .chain(REDUCTIONS.map(|how| x.scatter_reduce(1, &index, &src, how, true)))
            .map(|y| y.to_vec::<f64>())
            .collect::<Vec<_>>()
    };
    assert_eq!(put(-1), put(2));
    assert_adjoint(&IndexSelect::new(1), &[&x, &ours]);
    assert_adjoint(&IndexAdd::new(1), &[&x, &ours, &counting(&[2, 3]).flip(..)]);
}

#[test]
fn index_add_says_what_does_not_fit() {
    let (x, index) = (counting(&[2, 3]), Tensor::from([0i64, 1]));
    let refusal = |src: &Tensor| try_apply(&IndexAdd::new(1), &[&x, &index, src]).unwrap_err().to_string();
    assert_eq!(
        refusal(&counting(&[2, 3])),
        "index_add: the summands must have shape [2, 2]: one slice of axis 1 for each index; \
         got f64[2, 3], i64[2], f64[2, 3]"
    );
    assert!(refusal(&Tensor::from([[0.0f32; 2]; 2])).contains("must have the tensor's dtype, f64, not f32; got f64"));
    let truth = Tensor::from([true, false]);
    let error = try_apply(&IndexAdd::new(0), &[&truth, &index, &truth]).unwrap_err();
    assert!(error.to_string().starts_with("index_add: truth values cannot be added"));
}

#[test]
fn rules_are_adjoint() {
    for axis in 0..3 {
        for x in [counting(&[4, 2, 3]), counting(&[3, 4, 2]).permute([1, 2, 0])] {
            let index = places(5, x.shape()[axis]);
            let src = counting(&x.shape().with_size(axis, 5)).flip(..);
            assert_adjoint(&IndexSelect::new(axis as isize), &[&x, &index]);
            assert_adjoint(&IndexAdd::new(axis as isize - 3), &[&x, &index, &src]);
        }
    }
    let (x, single) = (counting(&[4, 2]), Tensor::from(3i64));
    assert_adjoint(&IndexSelect::new(0), &[&x, &single]);
    assert_adjoint(&IndexAdd::new(0), &[&x, &single, &counting(&[1, 2])]);
    assert_adjoint(&IndexSelect::new(0), &[&x, &places(0, 4)]);
}

use super::*;
use crate::ops::refused::message;
use crate::{DType, ErrorKind, SpecRef, ops::shaping::shape::adjoint::assert_adjoint};

fn counting(shape: &[usize]) -> Tensor {
    Tensor::arange(0, shape.iter().product::<usize>() as i64, 1).reshape(shape)
}

/// Σ (k + 1) y[k]: changes with the value and with the order.
fn digest(y: &Tensor) -> i64 {
    y.to_vec::<i64>().iter().zip(1..).map(|(y, k)| y * k).sum()
}

macro_rules! subscripts {
    ($(($subscript:expr, $shape:expr, $digest:expr),)*) => {
        vec![$((stringify!($subscript), Subscript::from($subscript), $shape.to_vec(), $digest)),*]
    };
}

/// Subscripts of an array of shape [2, 3, 4, 5] that counts up, with the shape and digest that NumPy has for each.
#[allow(clippy::reversed_empty_ranges, reason = "a range that is walked backwards")]
fn cases() -> Vec<(&'static str, Subscript, Vec<usize>, i64)> {
    let (i, j, k) = (Tensor::from([1i64, 0]), Tensor::from([[0i64], [2]]), Tensor::from([2i64, -1, 0]));
    let m = Tensor::from([[true, false, true], [false, true, true]]);
    let m1 = Tensor::from([true, false, true, true]);
    let (s, s1) = (Tensor::from(3i64), Tensor::from(1i64));
    subscripts![
        (1, [3, 4, 5], 181780),
        ((.., -1), [2, 4, 5], 78520),
        ((Ellipsis, 2), [2, 3, 4], 23600),
        ((0, Ellipsis, step(.., -1)), [3, 4, 5], 71740),
        ((1.., ..2, step(1..4, 2)), [1, 2, 2, 5], 18510),
        ((.., step(-1..0, -1), step(.., -3)), [2, 2, 2, 5], 66320),
        ((.., step(-1..=1, -1), step(.., -3)), [2, 2, 2, 5], 66320),
        ((.., 5.., -100..100), [2, 0, 4, 5], 0),
        ((NewAxis, 0, .., NewAxis, 1..=1), [1, 3, 1, 1, 5], 4270),
        (&i, [2, 3, 4, 5], 359960),
        ((.., &k), [2, 3, 4, 5], 560360),
        ((.., .., &k), [2, 3, 3, 5], 324495),
        ((&i, &j), [2, 2, 4, 5], 203440),
        ((&i, .., &j), [2, 2, 3, 5], 99430),
        ((.., &j, &k), [2, 2, 3, 5], 145530),
        ((.., &j, .., &k), [2, 3, 2, 4], 84416),
        ((0, .., &k), [3, 3, 5], 32235),
        ((0, &k), [3, 4, 5], 52180),
        ((.., 0, &k), [2, 3, 5], 25065),
        ((.., &k, 0), [2, 3, 5], 32090),
        ((.., &k, .., 0), [3, 2, 4], 18280),
        ((.., &k, NewAxis, &k), [3, 2, 1, 5], 28465),
        ((.., &k, Ellipsis, &k), [3, 2, 4], 18752),
        ((NewAxis, &i), [1, 2, 3, 4, 5], 359960),
        ((&i, NewAxis), [2, 1, 3, 4, 5], 359960),
        (&m, [4, 4, 5], 279640),
        ((&m, 1), [4, 5], 17310),
        ((&m, .., 1), [4, 4], 11456),
        ((.., .., &m1), [2, 3, 3, 5], 328245),
        ((.., &k, &m1), [2, 3, 5], 36715),
        ((&i, step(.., -1), ..2, &j), [2, 2, 3, 2], 13424),
        ((Ellipsis, &k), [2, 3, 4, 3], 208068),
        ((Ellipsis, &s), [2, 3, 4], 23900),
        ((&s1, .., &s), [3, 5], 12670),
    ]
}

#[test]
fn subscripts_read_as_numpy() {
    let x = counting(&[2, 3, 4, 5]);
    for layout in
        [x.clone(), laid_out_backwards(&x), Tensor::from(x.flip(..).array().contiguous().into_owned()).flip(..)]
    {
        for (form, subscript, shape, expected) in cases() {
            let y = layout.index(subscript);
            assert_eq!(y.shape()[..], shape[..], "{form}");
            assert_eq!(digest(&y), expected, "{form}");
        }
    }
}

/// The same elements with the last axis outermost in memory.
fn laid_out_backwards(x: &Tensor) -> Tensor {
    let reversed = [3, 2, 1, 0];
    Tensor::from(x.permute(reversed).array().contiguous().into_owned()).permute(reversed)
}

/// What is written at a subscript is what is read there, and nothing else changes.
#[test]
fn subscripts_write_where_they_read() {
    let x = counting(&[2, 3, 4, 5]);
    for (form, subscript, shape, _) in cases() {
        let places = x.index(subscript.clone()).to_vec::<i64>();
        let values: Vec<i64> = (0..places.len() as i64).map(|i| -1 - i).collect();
        let src = Tensor::from_vec(values.clone(), &shape[..]).unwrap();
        let (mut set, mut sums) = (x.to_vec::<i64>(), x.to_vec::<i64>());
        for (&place, value) in places.iter().zip(values) {
            set[place as usize] = value;
            sums[place as usize] += value;
        }
        assert_eq!(x.index_put(subscript.clone(), &src).to_vec::<i64>(), set, "{form}");
        assert_eq!(x.index_add_at(subscript.clone(), &src).to_vec::<i64>(), sums, "{form}");
        assert_eq!(laid_out_backwards(&x).with_index(subscript.clone(), &src).to_vec::<i64>(), set, "{form}");
        assert_eq!(laid_out_backwards(&x).with_index_added(subscript.clone(), &src).to_vec::<i64>(), sums, "{form}");
        let filled = x.index_put(subscript, 0);
        let expected: Vec<i64> = (0..120).map(|i| if places.contains(&i) { 0 } else { i }).collect();
        assert_eq!(filled.to_vec::<i64>(), expected, "{form}");
    }
}

/// Python's slices, in Python's own words: the indices of range(start, stop, step) that `slice.indices` gives.
fn python(start: Option<isize>, stop: Option<isize>, step: isize, size: usize) -> Vec<i64> {
    let n = size as isize;
    let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let end = |i: isize| (if i < 0 { i.saturating_add(n) } else { i }).clamp(low, high);
    let mut i = start.map_or(if step > 0 { low } else { high }, end);
    let stop = stop.map_or(if step > 0 { high } else { low }, end);
    let mut indices = Vec::new();
    while if step > 0 { i < stop } else { i > stop } {
        indices.push(i as i64);
        i = i.saturating_add(step);
    }
    indices
}

#[test]
fn ranges_are_pythons_slices() {
    let ends = [isize::MIN, -6, -5, -4, -1, 0, 1, 3, 4, 5, 6, isize::MAX];
    let steps = [isize::MIN, -7, -2, -1, 1, 2, 4, isize::MAX];
    for size in [0, 1, 4, 5] {
        let x = counting(&[size]);
        for by in steps {
            assert_eq!(x.index(step(.., by)).to_vec::<i64>(), python(None, None, by, size));
            for a in ends {
                assert_eq!(x.index(step(a.., by)).to_vec::<i64>(), python(Some(a), None, by, size), "{a}..; {by}");
                assert_eq!(x.index(step(..a, by)).to_vec::<i64>(), python(None, Some(a), by, size), "..{a}; {by}");
                for b in ends {
                    let expected = python(Some(a), Some(b), by, size);
                    assert_eq!(x.index(step(a..b, by)).to_vec::<i64>(), expected, "{a}..{b}; {by}; {size}");
                }
            }
        }
    }
    let x = counting(&[5]);
    assert_eq!(x.index(1..=3).to_vec::<i64>(), [1, 2, 3]);
    assert_eq!(x.index(..=-1).to_vec::<i64>(), [0, 1, 2, 3, 4]);
    assert_eq!(x.index(step(..=0, -1)).to_vec::<i64>(), [4, 3, 2, 1, 0]);
    assert_eq!(x.index(usize::MAX..).numel(), 0);
}

#[test]
fn views_share_memory_and_owned_writes_reuse_it() {
    let x = counting(&[100, 100]);
    let storage = |x: &Tensor| x.array().storage_elements::<i64>().as_ptr();
    let view = x.index((step(.., -2), NewAxis, 3, Ellipsis));
    assert_eq!(storage(&view), storage(&x));
    assert_eq!(x.index(()).shape(), x.shape());
    drop(view);
    let before = storage(&x);
    let x = x
        .with_index((5, ..), 1)
        .with_index(Tensor::from([1i64, 2]), 2)
        .with_index_added((.., &Tensor::from([0i64, 0])), 3);
    assert_eq!(storage(&x), before, "nobody else refers to it");
    assert_eq!(x.index((5, ..2)).to_vec::<i64>(), [7, 1]);
    let kept = x.clone();
    assert_ne!(storage(&x.with_index(0, 9)), storage(&kept));
    assert_eq!(kept.index((0, 1)).item::<i64>(), 1, "another handle does not see the change");
}

#[test]
fn large_writes_have_the_same_bits_on_any_number_of_threads() {
    let values: Vec<f32> = (0..200_000).map(|i| 1.0 / (1 + i % 977) as f32).collect();
    let src = Tensor::from_vec(values, [20_000, 10]).unwrap();
    let places: Tensor = (0..20_000i64).map(|k| (k * k + 3 * k + 1) % 101).collect::<Vec<_>>().into();
    let rows = || Tensor::zeros([101, 10], DType::F32).with_index_added(&places, &src).to_vec::<f32>();
    assert_eq!(crate::with_threads(1, rows), crate::with_threads(4, rows));
    let columns = || {
        let y = Tensor::zeros([10, 101], DType::F32).with_index_added((.., &places), &src.transpose(0, 1));
        (y.to_vec::<f32>(), y.index((.., &places)).to_vec::<f32>())
    };
    let serial = crate::with_threads(1, columns);
    assert_eq!(serial, crate::with_threads(4, columns));
    // Places are added to in the order of the index, whatever the axis.
    let transposed = Tensor::from_vec(serial.0, [10, 101]).unwrap().transpose(0, 1);
    assert_eq!(transposed.to_vec::<f32>(), crate::with_threads(1, rows));
}

#[test]
fn rules_are_adjoint() {
    let x = counting(&[3, 4, 2]).cast(DType::F64);
    let (i, j) = (Tensor::from([[2i64, -1], [0, 0]]), Tensor::from([[1i64, 1], [-4, 0]]));
    for x in [x.clone(), x.flip(..), x.narrow(1, 0, 1).expand([3, 4, 2])] {
        for (axes, at) in [(vec![0, 1], 0), (vec![0, 1], 1), (vec![1], 1), (vec![1], 2), (vec![0, 2], 1)] {
            let indices: Vec<Tensor> =
                axes.iter().map(|&axis| if axis == 1 { j.clone() } else { &i - i.ge(2).cast(DType::I64) }).collect();
            let indices: Vec<&Tensor> = indices.iter().collect();
            let read = Index::new(&axes, at);
            let y = crate::apply(&read, &[&[&x], &indices[..]].concat()).into_single();
            assert_adjoint(&read, &[&[&x], &indices[..]].concat());
            let src = counting(y.shape()).cast(DType::F64).flip(..);
            for accumulate in [true, false] {
                assert_adjoint(&IndexPut::new(&axes, at, accumulate), &[&[&x, &src], &indices[..]].concat());
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let x = || counting(&[3, 4]);
    let refusal =
        |subscript: Subscript| plan::Plan::new("index", SpecRef::new(&[3, 4], DType::I64), &subscript).err().unwrap();
    let error = refusal((.., -5).into());
    assert_eq!(error.kind(), ErrorKind::Index);
    assert_eq!(error.to_string(), "index: index -5 is out of range for axis 1 of size 4; got i64[3, 4]");
    for i in [isize::MIN, isize::MAX, 3] {
        assert!(refusal(i.into()).to_string().contains(&format!("index {i} is out of range for axis 0 of size 3")));
    }
    assert!(refusal(usize::MAX.into()).to_string().contains("is out of range for axis 0"));
    assert!(refusal((.., step(.., 0)).into()).to_string().contains("the step along axis 1 must not be 0"));
    assert!(refusal((0, 0, 0).into()).to_string().contains("3 axes are named, but the tensor has rank 2"));
    assert!(refusal((Ellipsis, Ellipsis).into()).to_string().contains("a second one has no meaning"));
    assert_eq!(
        refusal((.., &Tensor::from([true; 3])).into()).to_string(),
        "index: axis 0 of the mask has size 3, but axis 1 of the tensor has size 4; got i64[3, 4]"
    );
    assert!(refusal((&Tensor::from(true)).into()).to_string().contains("a mask needs an axis"));
    assert!(refusal((&Tensor::from([1u8])).into()).to_string().contains("must be i64, or bool as a mask, not u8"));
    // The axis is the tensor's own, whatever came before it.
    assert_eq!(
        message(move || x().index((0, NewAxis, &Tensor::from([[1i64], [4]])))),
        "index: index 4 at [1, 0] is out of range for axis 1 of size 4; got i64[1, 4], i64[2, 1]"
    );
    assert!(
        message(move || x().index((&Tensor::from([0i64, 1]), &Tensor::from([0i64; 3]))))
            .contains("the index tensors do not broadcast")
    );
}

#[test]
fn what_cannot_be_written_is_named() {
    let x = || counting(&[3, 4]);
    assert_eq!(
        message(move || x().index_put((.., 1), &Tensor::from([1i64, 2]))),
        "index_put: the values do not broadcast to the shape of their place, [3]; got i64[3, 4], i64[2]"
    );
    assert!(message(move || x().index_put(0, &counting(&[1, 4]))).contains("the shape of their place, [4]"));
    assert!(
        message(move || x().with_index(0, 0.5))
            .starts_with("with_index: the float 0.5 does not go with a tensor of i64")
    );
    assert!(
        message(move || x().index_add_at(0, &Tensor::from(1.0)))
            .starts_with("index_add_at: all inputs must have one dtype")
    );
    assert!(
        message(|| Tensor::from([true]).index_add_at(0, &Tensor::from(true))).starts_with("index_add_at: truth values")
    );
    assert!(
        message(move || x().index_put(Tensor::from([7i64]), 1))
            .starts_with("index_put: index 7 at [0] is out of range for axis 0")
    );
    assert_eq!(Tensor::from(1i64).index_put((), 5).item::<i64>(), 5);
    assert_eq!(Tensor::from([true, false]).index_put(1, 1).to_vec::<bool>(), [true, true]);
    let none = Tensor::zeros([0, 3], DType::F32);
    assert_eq!(none.index((.., &Tensor::from([0i64, 0]))).shape()[..], [0, 2]);
    assert_eq!(none.index_put((.., &Tensor::from([0i64, 0])), 1).shape()[..], [0, 3]);
    assert!(
        message(move || none.index(Tensor::from([0i64])))
            .contains("index 0 at [0] is out of range for axis 0 of size 0")
    );
}

use crate::{Array, Buffer, DType, Element, Few, Level, Primitive, Result, Shape, Tensor, Tracer};
use std::sync::Arc;

#[track_caller]
fn shows(tensor: impl Into<Tensor>, wanted: &str) {
    let found = tensor.into().to_string();
    assert_eq!(found, wanted, "\nfound\n{found}\nwanted\n{wanted}");
}

fn counted(shape: impl Into<Shape>) -> Tensor {
    let shape = shape.into();
    Array::from_buffer(Buffer::from_iter_exact((0..shape.numel()).map(|i| i as i64)), shape).into()
}

/// A tensor of one value in every place, stored once: touching all of a large one would take hours.
fn repeated<T: Element>(value: T, shape: impl Into<Shape>) -> Tensor {
    Array::full(value, &shape.into()).into()
}

#[test]
fn floats_align_at_the_point_with_no_more_decimals_than_they_need() {
    shows([1.0f32, 2.5], "[1.  2.5]");
    shows([[1.0, -2.25], [3.0, 4.0]], "[[ 1.   -2.25]\n [ 3.    4.  ]]");
    shows([0.1f32, 0.2], "[0.1 0.2]");
    shows([1.234_567_89, 1000.5], "[   1.2346 1000.5   ]");
    shows([12345.678f32], "[12345.678]");
    shows([0.0, 0.0], "[0. 0.]");
    shows([-0.0, 1.0], "[-0.  1.]");
    shows([2.0 / 3.0], "[0.6667]");
}

#[test]
fn small_floats_keep_four_significant_digits_of_the_largest() {
    shows([0.123_456_7], "[0.1235]");
    shows([0.012_345_67], "[0.01235]");
    shows([0.001_234_567, 0.000_2], "[0.001235 0.0002  ]");
    shows([0.000_123_456_7f32], "[0.0001235]");
}

#[test]
fn a_wide_range_takes_exponents() {
    shows([1e-5, 1.5], "[1.0e-05 1.5e+00]");
    shows([1e9, -1.0, f64::INFINITY], "[ 1.e+09 -1.e+00     inf]");
    shows([1e100, 1e-5], "[1.e+100 1.e-005]");
    shows([0.0, 1e-5], "[0.e+00 1.e-05]");
    shows([1234.5678f32, 0.5], "[1.2346e+03 5.0000e-01]");
    shows([9.99999e-5], "[1.e-04]");
    shows([f32::MAX, f32::MIN_POSITIVE], "[3.4028e+38 1.1755e-38]");
}

#[test]
fn whole_floats_take_no_exponents_below_a_hundred_million() {
    shows([1.0, 99_999_999.0], "[       1. 99999999.]");
    shows([1.0, 100_000_000.0], "[1.e+00 1.e+08]");
}

#[test]
fn what_is_not_finite_ends_where_numbers_end() {
    shows([f32::NAN, 1.0], "[nan  1.]");
    shows([f64::NAN, f64::NEG_INFINITY, 1.25], "[ nan -inf 1.25]");
    shows([f64::NAN, f64::INFINITY], "[nan inf]");
    shows([-f64::NAN], "[nan]");
}

#[test]
fn a_precision_is_kept_exactly() {
    let x = Tensor::from([[1.0, -2.256], [f64::NAN, 1e-9]]);
    assert_eq!(format!("{x:.2}"), "[[ 1.00 -2.26]\n [  nan  0.00]]");
    assert_eq!(format!("{x:.0}"), "[[  1  -2]\n [nan   0]]");
    assert_eq!(format!("{:.3}", Tensor::from(2.0f32 / 3.0)), "0.667");
    assert_eq!(format!("{:.3?}", Tensor::from([0.5f32])), "Tensor(f32[1]): [0.500]");
    assert_eq!(format!("{:.3}", Tensor::from([1i64])), "[1]");
}

#[test]
fn integers_and_truth_values_align_at_the_right() {
    shows([1i64, 10, -100], "[   1   10 -100]");
    shows([i64::MIN], "[-9223372036854775808]");
    shows([7u8, 255], "[  7 255]");
    shows([[true, false], [false, false]], "[[ true false]\n [false false]]");
}

#[test]
fn scalars_are_bare_and_whole() {
    shows(2.0f32, "2.0");
    shows(std::f32::consts::LN_2, "0.6931472");
    shows(1e-7, "1e-7");
    shows(f32::NAN, "nan");
    shows(f64::NEG_INFINITY, "-inf");
    shows(-3i64, "-3");
    shows(200u8, "200");
    shows(true, "true");
}

#[test]
fn empty_tensors_show_their_shape() {
    shows(Tensor::from(Vec::<f32>::new()), "[]");
    shows(Tensor::zeros([2, 0, 3], DType::F32), "[] of shape [2, 0, 3]");
    assert_eq!(format!("{:?}", Tensor::zeros([2, 0, 3], DType::I64)), "Tensor(i64[2, 0, 3]): []");
}

#[test]
fn blocks_stand_apart() {
    shows([[[1i64, 2], [3, 4]], [[5, 6], [7, 18]]], "[[[ 1  2]\n  [ 3  4]]\n\n [[ 5  6]\n  [ 7 18]]]");
    shows(counted([2, 1, 2, 1]), "[[[[0]\n   [1]]]\n\n\n [[[2]\n   [3]]]]");
    shows([[[5i64]]], "[[[5]]]");
}

#[test]
fn long_lines_wrap() {
    let x = Tensor::from((0..30).map(|i| i * 1000).collect::<Vec<i64>>());
    shows(
        x,
        "[    0  1000  2000  3000  4000  5000  6000  7000  8000  9000 10000 11000\n \
         12000 13000 14000 15000 16000 17000 18000 19000 20000 21000 22000 23000\n \
         24000 25000 26000 27000 28000 29000]",
    );
    let x = Tensor::from((0..16).map(|i| if i == 0 { 0.125 } else { 10.0 }).collect::<Vec<f64>>());
    let (first, second) = (" 10.   ".repeat(8), "10.    ".repeat(5));
    shows(x, &format!("[ 0.125{first} 10.\n {second}10.   ]"));
}

#[test]
fn more_than_a_thousand_elements_are_summarised() {
    shows(counted([2000]), "[   0    1    2 ... 1997 1998 1999]");
    assert!(counted([1000]).to_string().contains(" 500 "));
    shows(
        counted([100, 100]),
        "[[   0    1    2 ...   97   98   99]\n \
          [ 100  101  102 ...  197  198  199]\n \
          [ 200  201  202 ...  297  298  299]\n \
          ...\n \
          [9700 9701 9702 ... 9797 9798 9799]\n \
          [9800 9801 9802 ... 9897 9898 9899]\n \
          [9900 9901 9902 ... 9997 9998 9999]]",
    );
    shows(repeated(0.0f32, [2, 1001]), "[[0. 0. 0. ... 0. 0. 0.]\n [0. 0. 0. ... 0. 0. 0.]]");
    let block = "[[7 7 7 ... 7 7 7]\n  [7 7 7 ... 7 7 7]]";
    shows(repeated(7u8, [9, 2, 100]), &format!("[{0}\n\n {0}\n\n {0}\n\n ...\n\n {0}\n\n {0}\n\n {0}]", block));
}

#[test]
fn a_summary_reads_only_what_it_shows() {
    // 2⁵⁰ elements, one of which is stored.
    let text = repeated(1.5f32, [1 << 20, 1 << 20, 1 << 10]).to_string();
    assert_eq!(text.matches("1.5").count(), 216);
}

#[test]
fn a_summary_of_a_high_rank_shows_the_first_entry_of_outer_axes() {
    let text = repeated(1u8, [2; 60]).to_string();
    assert_eq!(text.matches('1').count(), 1 << 10);
    assert!(text.ends_with(&format!("]{} ...]", "\n".repeat(59))));
    let deep = repeated(1u8, vec![1; 20_000]).to_string();
    assert_eq!(deep, format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000)));
}

#[test]
fn views_show_what_they_view() {
    let x = counted([2, 3]);
    let turned: Tensor = x.array().with_layout(x.array().layout().permute(&[1, 0])).into();
    shows(turned, "[[0 3]\n [1 4]\n [2 5]]");
    let reversed: Tensor = x.array().with_layout(x.array().layout().slice(1, 2, 3, -1)).into();
    shows(reversed, "[[2 1 0]\n [5 4 3]]");
}

struct Stand(Tensor);

impl Tracer for Stand {
    fn level(&self) -> Level {
        Level::fresh()
    }
    fn primal(&self) -> &Tensor {
        &self.0
    }
    fn apply(&self, _: &dyn Primitive, _: &[&Tensor]) -> Result<Few<Tensor>> {
        unreachable!("nothing is computed here")
    }
}

#[test]
fn debug_adds_dtype_shape_and_whether_it_is_traced() {
    assert_eq!(format!("{:?}", Tensor::from([1.0f32, 2.0])), "Tensor(f32[2]): [1. 2.]");
    assert_eq!(format!("{:?}", Tensor::from([[1u8], [2]])), "Tensor(u8[2, 1]):\n[[1]\n [2]]");
    assert_eq!(format!("{:?}", Tensor::from(1.5)), "Tensor(f64[]): 1.5");
    let traced = Tensor::from_tracer(Arc::new(Stand(Tensor::from([[1.0f32, 2.0]]))));
    assert_eq!(format!("{traced:?}"), "Tensor(f32[1, 2], traced): [[1. 2.]]");
    assert_eq!(traced.to_string(), "[[1. 2.]]");
}

//! Conversions against the crate `half`, over every bit pattern and at the edges, on both instruction sets.

use super::*;

/// Both paths of each conversion; on processors without F16C the second is the portable one twice.
fn both<T>(portable: impl Fn(bool) -> T) -> [T; 2] {
    let vector = cfg!(not(target_arch = "x86_64")) || isa::dispatch(HasVectors);
    [portable(false), portable(vector)]
}

struct HasVectors;
impl Kernel for HasVectors {
    type Output = bool;
    fn run<const FMA: bool>(self) -> bool {
        FMA
    }
}

fn widen_one<H: Half>(x: H) -> [f32; 2] {
    both(|vector| if vector { H::widen::<true>(&[x; LANES])[3] } else { H::widen::<false>(&[x; LANES])[3] })
}

fn narrow_one<H: Half>(x: f32) -> [H; 2] {
    both(|vector| if vector { H::narrow::<true>(&[x; LANES])[5] } else { H::narrow::<false>(&[x; LANES])[5] })
}

#[test]
fn every_bit_pattern_widens_as_half_says_and_comes_back() {
    for bits in 0..=u16::MAX {
        let (b, h) = (bf16::from_bits(bits), f16::from_bits(bits));
        for wide in widen_one(b) {
            assert!(wide.to_bits() == b.to_f32().to_bits() || (wide.is_nan() && b.is_nan()), "{bits:#x}");
            assert!(
                narrow_one::<bf16>(wide).iter().all(|&x| x.to_bits() == bits || (x.is_nan() && b.is_nan())),
                "{bits:#x}"
            );
        }
        for wide in widen_one(h) {
            assert!(wide.to_bits() == h.to_f32().to_bits() || (wide.is_nan() && h.is_nan()), "{bits:#x}");
            assert!(
                narrow_one::<f16>(wide).iter().all(|&x| x.to_bits() == bits || (x.is_nan() && h.is_nan())),
                "{bits:#x}"
            );
        }
    }
}

#[test]
fn what_lies_between_two_halves_goes_to_the_nearer_and_from_the_middle_to_the_even_one() {
    // Each half, the middle to the next, and its neighbours on both sides.
    fn check<H: Half + PartialEq>(from_f32: fn(f32) -> H, from_bits: fn(u16) -> H) {
        for bits in (0..=u16::MAX).step_by(7) {
            let [x, _] = widen_one(from_bits(bits));
            let [next, _] = widen_one(from_bits(bits.wrapping_add(1)));
            if !x.is_finite() || !next.is_finite() {
                continue;
            }
            let middle = ((f64::from(x) + f64::from(next)) / 2.0) as f32;
            for wide in [middle, middle.next_up(), middle.next_down()] {
                assert!(narrow_one::<H>(wide).iter().all(|&y| y == from_f32(wide)), "{wide:e}");
            }
        }
    }
    check(bf16::from_f32, bf16::from_bits);
    check(f16::from_f32, f16::from_bits);
}

#[test]
fn what_is_too_large_becomes_infinite_and_what_is_too_small_zero() {
    for (x, wanted) in [
        (65_519.0, 65_504.0),
        (65_520.0, f32::INFINITY),
        (-1e6, f32::NEG_INFINITY),
        (2.98e-8, 0.0),
        (2.99e-8, 5.960_464_5e-8),
    ] {
        assert!(narrow_one::<f16>(x).iter().all(|y| y.to_f32() == wanted), "{x:e}");
    }
    assert!(narrow_one::<bf16>(f32::MAX).iter().all(|y| y.to_f32() == f32::INFINITY));
    assert!(narrow_one::<bf16>(f32::from_bits(1)).iter().all(|y| y.to_bits() == 0));
    assert!(narrow_one::<bf16>(-f32::NAN).iter().all(|y| y.is_nan()));
    // A NaN whose bits are all among those that go.
    assert!(narrow_one::<bf16>(f32::from_bits(0x7f80_0001)).iter().all(|y| y.is_nan()));
}

#[test]
fn f64_and_i64_are_rounded_once() {
    // One above the middle between two halves, by less than f32 can tell.
    let x = 1.0 + 2f64.powi(-8) + 2f64.powi(-40);
    let y = rounded(&Array::scalar(x), DType::BF16);
    assert_eq!(y.to_vec::<bf16>()[0].to_f64(), 1.0 + 2f64.powi(-7));
    assert_eq!(bf16::from_f32(x as f32).to_f64(), 1.0, "twice would be to the even one");
    let middle = (1i64 << 62) + (1 << 54);
    for (n, wanted) in [
        (middle, 1i64 << 62),
        (middle + 1, (1 << 62) + (1 << 55)),
        (-middle - 1, -(1 << 62) - (1 << 55)),
        (i64::MIN, i64::MIN),
    ] {
        assert_eq!(rounded(&Array::scalar(n), DType::BF16).to_vec::<bf16>()[0].to_f64(), wanted as f64, "{n}");
    }
}

#[test]
fn views_keep_their_layout_and_only_what_they_show_is_converted() {
    let x = Array::from_buffer(Buffer::from_iter_exact((0..600u16).map(bf16::from_bits)), [20, 30]);
    let wanted = |view: &Array| view.to_vec::<bf16>().iter().map(|x| x.to_f32()).collect::<Vec<_>>();
    let layout = x.layout();
    for layout in [
        layout.permute(&[1, 0]),
        layout.slice(0, 19, 10, -2),
        layout.slice(1, 3, 2, 1),
        layout.slice(0, 4, 1, 1).expand(&[7, 30].into()),
        layout.slice(0, 4, 0, 1),
    ] {
        let view = x.with_layout(layout);
        let wide = widened(&view);
        assert_eq!(wide.to_vec::<f32>(), wanted(&view));
        assert_eq!(narrowed(&wide, DType::BF16).to_vec::<bf16>(), view.to_vec::<bf16>());
    }
    assert_eq!(widened(&x.with_layout(layout.permute(&[1, 0]))).strides(), [1, 30]);
}

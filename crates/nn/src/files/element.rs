//! How elements are stored in safetensors files: the dtypes of the format, and which of them tensors can hold.

use cotangent_tensor::DType;

/// A dtype of the format. Those of less than a byte, which no tensor of ours could come from, are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    Bool,
    U8,
    I8,
    F8E5M2,
    F8E4M3,
    U16,
    I16,
    F16,
    Bf16,
    U32,
    I32,
    F32,
    U64,
    I64,
    F64,
    C64,
}

/// How a dtype of the format becomes one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// The elements are the same.
    Same(DType),
    /// Every element has its equal in a wider dtype.
    Wider(DType),
    /// There is no dtype for them.
    Never,
}

impl Stored {
    const ALL: [(Stored, &'static str, usize, Read); 16] = [
        (Stored::Bool, "BOOL", 1, Read::Same(DType::Bool)),
        (Stored::U8, "U8", 1, Read::Same(DType::U8)),
        (Stored::I8, "I8", 1, Read::Wider(DType::I64)),
        (Stored::F8E5M2, "F8_E5M2", 1, Read::Never),
        (Stored::F8E4M3, "F8_E4M3", 1, Read::Never),
        (Stored::U16, "U16", 2, Read::Wider(DType::I64)),
        (Stored::I16, "I16", 2, Read::Wider(DType::I64)),
        (Stored::F16, "F16", 2, Read::Wider(DType::F32)),
        (Stored::Bf16, "BF16", 2, Read::Wider(DType::F32)),
        (Stored::U32, "U32", 4, Read::Wider(DType::I64)),
        (Stored::I32, "I32", 4, Read::Wider(DType::I64)),
        (Stored::F32, "F32", 4, Read::Same(DType::F32)),
        (Stored::U64, "U64", 8, Read::Never),
        (Stored::I64, "I64", 8, Read::Same(DType::I64)),
        (Stored::F64, "F64", 8, Read::Same(DType::F64)),
        (Stored::C64, "C64", 8, Read::Never),
    ];

    pub(super) fn named(name: &str) -> Option<Stored> {
        Self::ALL.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// As tensors are written.
    pub(super) fn of(dtype: DType) -> Option<Stored> {
        Self::ALL.iter().find(|row| row.3 == Read::Same(dtype)).map(|row| row.0)
    }

    pub(super) fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Bytes to an element.
    pub(super) fn size(self) -> usize {
        Self::ALL[self as usize].2
    }

    pub(super) fn read(self) -> Read {
        Self::ALL[self as usize].3
    }
}

/// The upper half of an f32.
pub(super) fn bf16_to_f32(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// IEEE 754's binary16: a sign, 5 bits of exponent with bias 15, 10 of mantissa.
pub(super) fn f16_to_f32(bits: u16) -> f32 {
    let (sign, magnitude) = (u32::from(bits & 0x8000) << 16, u32::from(bits & 0x7fff));
    if magnitude >= 0x7c00 {
        // Infinity and NaN, whose payload moves to the upper bits.
        return f32::from_bits(sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13);
    }
    // With its fields in their places the number is too small by a factor of 2^(127 - 15). Multiplying is exact: f32 has
    // subnormal numbers to spare, and takes those of f16 to normal ones.
    let scale = f32::from_bits((127 + 127 - 15) << 23);
    let value = f32::from_bits(magnitude << 13) * scale;
    f32::from_bits(sign | value.to_bits())
}

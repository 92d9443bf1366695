//! Elements as files hold them, in either byte order, and the tensors that they become.

use cotangent_tensor::{DType, Element, Result, Shape, Tensor, f16};

/// How an element is stored. Integers that no dtype has become the next greater one, i64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    U8,
    Bool,
    I8,
    I16,
    U16,
    I32,
    U32,
    I64,
    F16,
    F32,
    F64,
}

impl Stored {
    pub(super) fn size(self) -> usize {
        match self {
            Stored::U8 | Stored::Bool | Stored::I8 => 1,
            Stored::I16 | Stored::U16 | Stored::F16 => 2,
            Stored::I32 | Stored::U32 | Stored::F32 => 4,
            Stored::I64 | Stored::F64 => 8,
        }
    }

    pub(super) fn dtype(self) -> DType {
        match self {
            Stored::U8 => DType::U8,
            Stored::Bool => DType::Bool,
            Stored::F16 => DType::F16,
            Stored::F32 => DType::F32,
            Stored::F64 => DType::F64,
            Stored::I8 | Stored::I16 | Stored::U16 | Stored::I32 | Stored::U32 | Stored::I64 => DType::I64,
        }
    }

    /// The tensor of these bytes, of which there are as many as the shape needs. A truth value is true unless its byte is zero.
    pub(super) fn tensor(self, bytes: &[u8], shape: Shape, big_endian: bool) -> Result<Tensor> {
        macro_rules! numbers {
            ($T:ty => $E:ty) => {
                elements(bytes, shape, |bytes| {
                    <$E>::from(if big_endian { <$T>::from_be_bytes(*bytes) } else { <$T>::from_le_bytes(*bytes) })
                })
            };
        }
        match self {
            Stored::U8 => Tensor::from_slice(bytes, shape),
            Stored::Bool => elements(bytes, shape, |byte: &[u8; 1]| byte[0] != 0),
            Stored::I8 => elements(bytes, shape, |byte: &[u8; 1]| i64::from(byte[0] as i8)),
            Stored::I16 => numbers!(i16 => i64),
            Stored::U16 => numbers!(u16 => i64),
            Stored::I32 => numbers!(i32 => i64),
            Stored::U32 => numbers!(u32 => i64),
            Stored::I64 => numbers!(i64 => i64),
            Stored::F16 => numbers!(f16 => f16),
            Stored::F32 => numbers!(f32 => f32),
            Stored::F64 => numbers!(f64 => f64),
        }
    }
}

fn elements<T: Element, const N: usize>(bytes: &[u8], shape: Shape, element: impl Fn(&[u8; N]) -> T) -> Result<Tensor> {
    let element = |bytes: &[u8]| element(bytes.try_into().expect("a chunk of this size"));
    Tensor::from_vec(bytes.chunks_exact(N).map(element).collect(), shape)
}

/// The elements in row-major order, little-endian.
pub(super) fn append_little_endian(x: &Tensor, bytes: &mut Vec<u8>) {
    macro_rules! numbers {
        ($T:ty) => {
            for element in x.array().to_slice::<$T>().iter() {
                bytes.extend_from_slice(&element.to_le_bytes());
            }
        };
    }
    match x.dtype() {
        DType::F16 => numbers!(f16),
        DType::F32 => numbers!(f32),
        DType::F64 => numbers!(f64),
        DType::I64 => numbers!(i64),
        DType::U8 => bytes.extend_from_slice(&x.array().to_slice::<u8>()),
        DType::Bool => bytes.extend(x.array().to_slice::<bool>().iter().map(|&truth| u8::from(truth))),
        other => unreachable!("npy refuses {other}"),
    }
}

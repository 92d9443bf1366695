use crate::Tensor;

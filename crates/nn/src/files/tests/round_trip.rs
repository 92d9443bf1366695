//! What is written is read, by us and by the reader of the format's authors.

use super::*;
use crate::files::{Reading, element::stored_as, load, save};
use cotangent_autograd::grad;
use cotangent_tensor::{bf16, f16};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::collections::{BTreeMap, HashMap};

#[test]
fn every_dtype_and_layout_comes_back_to_the_bit() {
    let file = assorted();
    let bytes = file.to_bytes().unwrap();
    let read = NamedTensors::from_bytes(&bytes).unwrap();
    assert_eq!(read.metadata, file.metadata);
    assert!(file.tensors.keys().eq(read.tensors.keys()));
    for (name, tensor) in &file.tensors {
        assert_eq!(read.tensors[name].spec(), tensor.spec(), "{name}");
    }
    let of = |file: &NamedTensors, name: &str| file.tensors[name].to_vec::<f64>();
    assert_eq!(of(&read, "view"), of(&file, "view"));
    assert!(of(&read, "f64").iter().map(|x| x.to_bits()).eq(of(&file, "f64").iter().map(|x| x.to_bits())));
    assert_eq!(read.tensors["i64"].to_vec::<i64>(), [i64::MIN, i64::MAX]);
    assert_eq!(read.tensors["u8"].to_vec::<u8>(), [0, 255, 7]);
    assert_eq!(read.tensors["bool"].to_vec::<bool>(), [true, false, false, true]);
    assert_eq!(read.tensors["spread"].to_vec::<f32>(), [1.5; 6]);
    assert_eq!(read.tensors["scalar"].item::<f32>(), 2.5);
    assert_eq!(read.to_bytes().unwrap(), bytes, "the same content gives the same bytes");
}

#[test]
fn the_reader_of_the_formats_authors_reads_what_we_write() {
    let file = assorted();
    let bytes = file.to_bytes().unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["note"], file.metadata["note"]);
    let theirs = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(theirs.len(), file.tensors.len());
    let f32s: Vec<u8> = file.tensors["f32"].to_vec::<f32>().iter().flat_map(|x| x.to_le_bytes()).collect();
    let view = theirs.tensor("f32").unwrap();
    assert_eq!((view.dtype(), view.shape(), view.data()), (Dtype::F32, &[2, 3][..], &f32s[..]));
    for (name, tensor) in &file.tensors {
        assert_eq!(theirs.tensor(name).unwrap().shape(), &tensor.shape()[..], "{name}");
        let start = theirs.tensor(name).unwrap().data().as_ptr() as usize - bytes.as_ptr() as usize;
        assert_eq!(start % tensor.dtype().size(), 0, "{name} is aligned");
    }
}

#[test]
fn we_read_what_the_authors_of_the_format_write() {
    let numbers: Vec<u8> = [1.5f64, -2.0, 3.25].iter().flat_map(|x| x.to_le_bytes()).collect();
    let views = [
        ("odd", TensorView::new(Dtype::U8, vec![3], &[1, 2, 3]).unwrap()),
        ("with \"quotes\"\t", TensorView::new(Dtype::F64, vec![1, 3], &numbers).unwrap()),
        ("empty", TensorView::new(Dtype::BOOL, vec![2, 0], &[]).unwrap()),
    ];
    let metadata = HashMap::from([("format".to_owned(), "pt\u{7}".to_owned())]);
    let read = NamedTensors::from_bytes(&safetensors::serialize(views, Some(metadata)).unwrap()).unwrap();
    assert_eq!(read.tensors["odd"].to_vec::<u8>(), [1, 2, 3]);
    assert_eq!(read.tensors["with \"quotes\"\t"].to_vec::<f64>(), [1.5, -2.0, 3.25]);
    assert_eq!(read.tensors["empty"].shape()[..], [2, 0]);
    assert_eq!(read.metadata["format"], "pt\u{7}");
}

#[test]
fn tensors_of_many_blocks_come_back() {
    // Several blocks of 64 KiB, and one that is not full.
    let large = (Rng::seed(1).normal([30_001], DType::F64), Rng::seed(2).bernoulli(0.5, [70_000]));
    let file = NamedTensors::of(&large);
    let read = NamedTensors::from_bytes(&file.to_bytes().unwrap()).unwrap();
    assert_eq!(read.tensors["0"].to_vec::<f64>(), large.0.to_vec::<f64>());
    assert_eq!(read.tensors["1"].to_vec::<bool>(), large.1.to_vec::<bool>());
    let second = Reading::new().only(|name| name == "1").from_bytes(&file.to_bytes().unwrap()).unwrap();
    assert_eq!(second.tensors.len(), 1);
    assert_eq!(second.tensors["1"].to_vec::<bool>(), large.1.to_vec::<bool>());
}

#[test]
fn a_model_goes_through_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let (model, mut other) = (Mlp { seen: Tensor::from(12i64), ..Mlp::new(1) }, Mlp::new(2));
    save(&model, &path).unwrap();
    load(&mut other, &path).unwrap();
    assert_eq!(bits(&other), bits(&model));
    let names: Vec<String> = NamedTensors::read(&path).unwrap().tensors.into_keys().collect();
    assert_eq!(names, ["hidden.bias", "hidden.weight", "output.bias", "output.weight", "seen"]);
}

#[test]
fn inside_a_transform_values_are_written() {
    let model = Mlp::new(1);
    let whole = bits(&model);
    let _ = grad(&model, |traced| {
        assert_eq!(bits(traced), whole);
        traced.forward(&Tensor::ones([1, 3], DType::F32)).sum(..)
    });
}

#[test]
fn shared_tensors_are_written_for_each_path_and_tensors_of_one_path_refused() {
    let tied = Tensor::from([1.0, 2.0]);
    assert_eq!(NamedTensors::of(&(tied.clone(), tied.clone())).tensors.len(), 2);

    let inner = |name: &str| BTreeMap::from([(name.to_owned(), tied.clone())]);
    let clash = BTreeMap::from([("a".to_owned(), inner("b.c")), ("a.b".to_owned(), inner("c"))]);
    let message = crate::panics::panic_message(|| NamedTensors::of(&clash));
    assert_eq!(message, "named tensors: two tensors of the module have the path `a.b.c`; rename one of them");
}

#[test]
fn what_a_file_cannot_hold_is_refused_when_it_is_written() {
    let refused = |name: &str, tensor: Tensor, key: &str| {
        let mut file = NamedTensors::default();
        file.tensors.insert(name.to_owned(), tensor);
        file.metadata.insert(key.to_owned(), String::new());
        file.to_bytes().unwrap_err().to_string()
    };
    let one = Tensor::from(1.0);
    assert_eq!(
        refused("__metadata__", one.clone(), "key"),
        "`__metadata__` cannot be written: the name is that of the strings beside the tensors"
    );
    assert_eq!(
        refused("deep", one.reshape(vec![1; 65]), "key"),
        "`deep` cannot be written: it has 65 axes; the most are 64"
    );
    assert_eq!(
        refused("x", one, "cotangent.crc32"),
        "the metadata has `cotangent.crc32`; keys that begin with cotangent. are reserved"
    );
}

#[test]
fn every_half_comes_back_with_its_bits_and_is_its_equal_when_widened() {
    let bits: Vec<u16> = (0..=u16::MAX).collect();
    let mut file = NamedTensors::default();
    file.tensors.insert("b".into(), bits.iter().map(|&bits| bf16::from_bits(bits)).collect::<Vec<_>>().into());
    file.tensors.insert("h".into(), bits.iter().map(|&bits| f16::from_bits(bits)).collect::<Vec<_>>().into());
    let bytes = file.to_bytes().unwrap();
    let same = NamedTensors::from_bytes(&bytes).unwrap().tensors;
    assert_eq!(same["b"].to_vec::<bf16>().into_iter().map(bf16::to_bits).collect::<Vec<_>>(), bits);
    assert_eq!(same["h"].to_vec::<f16>().into_iter().map(f16::to_bits).collect::<Vec<_>>(), bits);
    let wide = Reading::new().widening().from_bytes(&bytes).unwrap().tensors;
    for (i, &bits) in bits.iter().enumerate() {
        let equals = |found: f32, wanted: f32| found == wanted || (found.is_nan() && wanted.is_nan());
        // IEEE 754's binary16, from its fields.
        let (exponent, mantissa) = (i32::from(bits >> 10 & 31), f32::from(bits & 0x3ff) / 1024.0);
        let magnitude = match exponent {
            0 => mantissa * 2f32.powi(-14),
            31 => {
                if mantissa == 0.0 {
                    f32::INFINITY
                } else {
                    f32::NAN
                }
            }
            _ => (1.0 + mantissa) * 2f32.powi(exponent - 15),
        };
        let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
        assert!(equals(wide["h"].narrow(0, i, 1).item(), sign * magnitude), "{bits:#x}");
        assert!(equals(wide["b"].narrow(0, i, 1).item(), f32::from_bits(u32::from(bits) << 16)), "{bits:#x}");
    }
}

#[test]
fn other_dtypes_are_widened_on_request_alone() {
    let dtypes = [
        ("I8", vec![0xff], -1),
        ("U16", vec![0xff, 0xff], 65535),
        ("I16", vec![0xfe, 0xff], -2),
        ("U32", vec![0xff; 4], 4294967295i64),
        ("I32", vec![0xfd, 0xff, 0xff, 0xff], -3),
    ];
    for (dtype, bytes, value) in dtypes {
        let header = format!(r#"{{"n":{{"dtype":"{dtype}","shape":[],"data_offsets":[0,{}]}}}}"#, bytes.len());
        let file = [file_of(&header, 0), bytes].concat();
        assert_eq!(
            refusal(&file),
            format!(
                "`n` holds {dtype}, which no tensor holds; read it into a wider dtype with Reading::widening, or leave it out with Reading::only"
            )
        );
        let read = Reading::new().widening().from_bytes(&file).unwrap();
        assert_eq!(read.tensors["n"].item::<i64>(), value);
        assert!(Reading::new().only(|_| false).from_bytes(&file).unwrap().tensors.is_empty());
    }
    let u64s = file_of(r#"{"n":{"dtype":"U64","shape":[],"data_offsets":[0,8]}}"#, 8);
    let error = Reading::new().widening().from_bytes(&u64s).unwrap_err().to_string();
    assert_eq!(error, "`n` holds U64, which no tensor holds; leave it out with Reading::only");
    let unknown = file_of(r#"{"n":{"dtype":"F3","shape":[2],"data_offsets":[0,1]}}"#, 1);
    assert!(refusal(&unknown).starts_with("at byte 25: `n`: unknown variant `F3`, expected one of `BOOL`"));
}

#[test]
fn every_dtype_of_ours_is_written_as_one_of_its_size() {
    for dtype in [DType::F32, DType::F64, DType::I64, DType::U8, DType::Bool] {
        assert_eq!(stored_as(dtype).expect("a dtype of the format").bitsize(), 8 * dtype.size());
    }
}

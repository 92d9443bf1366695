//! Files that do not fit the model.

use super::*;
use crate::{
    Linear,
    files::{Checkpoint, Report, load},
};

/// Named tensors of a model that differs from `Mlp` in every way.
fn misfit() -> NamedTensors {
    let mut file = NamedTensors::of(&Mlp::new(1));
    file.tensors.remove("hidden.bias");
    file.tensors.remove("seen");
    file.tensors.insert("head.weight".to_owned(), Tensor::from(1.0));
    file.tensors.insert("hidden.weight".to_owned(), Tensor::zeros([4, 5], DType::F64));
    file.tensors.insert("output.bias".to_owned(), Tensor::zeros([2], DType::F64));
    file
}

#[test]
fn a_strict_load_lists_everything_and_changes_nothing() {
    let mut model = Mlp::new(2);
    let before = bits(&model);
    let error = misfit().load_into(&mut model).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`hidden.bias`, `seen` are not in the file; `head.weight` is not in the model; \
         `hidden.weight` is f64[4, 5] in the file and f32[4, 3] in the model; \
         `output.bias` is f64[2] in the file and f32[2] in the model; cast with cast_like"
    );
    let Problem::Misfit(report) = error.problem() else { panic!("{error}") };
    assert_eq!(report.missing, ["hidden.bias", "seen"]);
    assert_eq!(report.unexpected, ["head.weight"]);
    assert_eq!((report.misshaped.len(), report.mistyped.len()), (1, 1));
    assert_eq!(bits(&model), before);
}

#[test]
fn a_partial_load_puts_what_fits_and_reports_the_rest() {
    let (source, mut model) = (Mlp::new(1), Mlp::new(2));
    let refused = misfit().load_partly(&mut model).unwrap_err().to_string();
    assert_eq!(refused, "`output.bias` is f64[2] in the file and f32[2] in the model; cast with cast_like");
    assert_eq!(bits(&model), bits(&Mlp::new(2)));

    let report = misfit().cast_like(&model).load_partly(&mut model).unwrap();
    assert_eq!(report.missing, ["hidden.bias", "seen"]);
    assert_eq!(report.misshaped[0].name, "hidden.weight");
    assert_eq!(report.misshaped[0].found.to_string(), "f32[4, 5]");
    assert_eq!(bits(&model.output.weight), bits(&source.output.weight));
    assert_eq!(model.output.bias.unwrap().to_vec::<f32>(), [0.0; 2]);
    assert_eq!(bits(&model.hidden), bits(&Mlp::new(2).hidden));
}

#[test]
fn a_cast_changes_floats_alone() {
    let model = (Tensor::from(0f32), Tensor::from(0f32), Tensor::from(0i64));
    let file = NamedTensors::of(&(Tensor::from(0.1), Tensor::from(3i64), Tensor::from(1.0)));
    let cast = file.cast_like(&model);
    let dtypes: Vec<DType> = cast.tensors.values().map(Tensor::dtype).collect();
    assert_eq!(dtypes, [DType::F32, DType::I64, DType::F64]);
    assert_eq!(cast.tensors["0"].item::<f32>(), 0.1);
}

#[test]
fn names_are_mapped() {
    let file = NamedTensors::of(&Mlp::new(1));
    let hidden = file.clone().rename(|name| name.strip_prefix("hidden.").map(str::to_owned)).unwrap();
    let mut layer = Linear::new(3, 4, &mut Rng::seed(9));
    hidden.load_into(&mut layer).unwrap();
    assert_eq!(bits(&layer), bits(&Mlp::new(1).hidden));
    let error = file.rename(|name| Some(name.rsplit('.').next()?.to_owned())).unwrap_err();
    assert_eq!(error.to_string(), "two tensors were both renamed to `bias`");
}

#[test]
fn a_long_list_is_cut_in_the_message_and_whole_in_the_report() {
    let model = vec![Tensor::from(1.0); 25];
    let error = NamedTensors::default().load_into(&mut model.clone()).unwrap_err();
    assert!(error.to_string().ends_with("`19` and 5 more are not in the file"), "{error}");
    let Problem::Misfit(report) = error.problem() else { panic!("{error}") };
    assert_eq!(report.missing.len(), 25);
    assert!(!report.is_empty() && Report::default().is_empty());
    assert_eq!(Report::default().to_string(), "file and model have the same tensors");
}

#[test]
fn a_bare_tensor_has_the_empty_name() {
    let mut x = Tensor::from([0.0, 0.0]);
    let file = NamedTensors::of(&Tensor::from([1.0, 2.0]));
    assert!(file.tensors.contains_key(""));
    NamedTensors::from_bytes(&file.to_bytes().unwrap()).unwrap().load_into(&mut x).unwrap();
    assert_eq!(x.to_vec::<f64>(), [1.0, 2.0]);
}

#[test]
fn npz_fits_by_the_same_rules() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("misfit.npz");
    misfit().write_npz(&path).unwrap();
    let read = NamedTensors::read_npz(&path).unwrap();
    let message = |file: NamedTensors| file.load_into(&mut Mlp::new(2)).unwrap_err().to_string();
    assert_eq!(message(read.clone()), message(misfit()));
    let report = |file: NamedTensors| {
        let mut model = Mlp::new(2);
        let report = file.cast_like(&model).load_partly(&mut model).unwrap();
        (report, bits(&model))
    };
    assert_eq!(report(read), report(misfit()));
}

#[test]
fn what_npz_cannot_hold_is_refused_and_the_old_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.npz");
    NamedTensors::of(&Mlp::new(1)).write_npz(&path).unwrap();
    let old = std::fs::read(&path).unwrap();
    let mut file = NamedTensors::of(&Tensor::from(1.0).reshape(vec![1; 65]));
    let refused = |file: &NamedTensors| file.write_npz(&path).unwrap_err();
    assert!(refused(&file).to_string().ends_with("`` cannot be written: it has 65 axes; the most are 64"));
    // A half of NumPy's is f16.
    let half = |dtype| NamedTensors::of(&[Tensor::from(1.0), Tensor::zeros([2], dtype)]);
    let error = refused(&half(DType::BF16)).to_string();
    assert!(error.ends_with("`1` cannot be written: NumPy has no bf16; write it as f32, .cast(DType::F32)"), "{error}");
    half(DType::F16).write_npz(folder.path().join("half.npz")).unwrap();
    file.metadata.insert("note".to_owned(), String::new());
    let error = refused(&file);
    assert!(error.to_string().ends_with("the metadata has `note`; clear it, or write safetensors"), "{error}");
    assert_eq!((error.path(), std::fs::read(&path).unwrap()), (Some(&*path), old.clone()));

    std::fs::write(&path, &old[..old.len() - 1]).unwrap();
    let error = NamedTensors::read_npz(&path).unwrap_err();
    assert!(matches!(error.problem(), Problem::Npz(_)), "{error}");
    let rule = format!("npz: byte {}: the ZIP archive: Unexpected end of file", old.len() - 22);
    assert_eq!(error.to_string(), format!("{}: {rule}", path.display()));
    assert!(matches!(NamedTensors::read_npz("/absent.npz").unwrap_err().problem(), Problem::Io(_)));
}

#[test]
fn a_checkpoint_that_is_loaded_as_a_model_names_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best.safetensors");
    let (source, mut model) = (Mlp::new(1), Mlp::new(2));
    Checkpoint::new().with_module("model", &source).with_state("step", &3u64).write(&path).unwrap();
    let error = load(&mut model, &path).unwrap_err();
    let message = error.to_string();
    let wanted = "best.safetensors: a checkpoint, which has `model`, `step`, and not the tensors of one module; \
                  a part is loaded by Checkpoint::read(..)?.load_module(\"PART\", ..)";
    assert!(message.ends_with(wanted), "{message}");
    assert_eq!(bits(&model), bits(&Mlp::new(2)));
    Checkpoint::read(&path).unwrap().load_module("model", &mut model).unwrap();
    assert_eq!(bits(&model), bits(&source));
}

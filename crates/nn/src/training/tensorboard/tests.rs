//! Bytes that TensorBoard's own writer wrote (`scripts/tensorboard_reference.py`), and what a training writes, taken apart here by a
//! reader that knows no more of the format than it needs.

use super::*;
use crate::{
    Sgd,
    data::Loader,
    panics::panic_message,
    training::{Checkpoints, History, Trainer},
};
use cotangent_tensor::{Rng, Tensor};

#[test]
fn the_bytes_are_those_of_tensorboards_own_writer() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(
        hex(&record::version(1.5)),
        "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c"
    );
    assert_eq!(hex(&record::restart(2.5, 1)), "0f000000000000006d532b0909000000000000044010013a020801e4ce5492");
    let long = "valid/a long name of a measure, so that the length of the summary takes two bytes";
    assert_eq!(
        hex(&record::scalars(1e9, 300, [("train/loss", 0.1), (long, -2.5)])),
        "7b000000000000001bf7cfce090000000065cdcd4110ac022a6d0a110a0a747261696e2f6c6f737315cdcccc3d0a580a51\
         76616c69642f61206c6f6e67206e616d65206f662061206d6561737572652c20736f207468617420746865206c656e6774\
         68206f66207468652073756d6d6172792074616b65732074776f20627974657315000020c0dea92764"
    );
}

/// The fields of a message: number, and the number or the bytes that it holds.
fn fields(mut bytes: &[u8]) -> Vec<(u64, u64, &[u8])> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let (number, held) = match key & 7 {
            0 => (varint(&mut bytes), &bytes[..0]),
            1 => (0, bytes.split_off(..8).expect("eight bytes")),
            2 => {
                let length = varint(&mut bytes) as usize;
                (0, bytes.split_off(..length).expect("so many bytes"))
            }
            5 => (0, bytes.split_off(..4).expect("four bytes")),
            other => panic!("no such encoding: {other}"),
        };
        fields.push((key >> 3, number, held));
    }
    fields
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut n = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes.split_off_first().expect("a byte");
        n |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    n
}

/// The events of the files in a folder, the earlier file first: `3 train/loss 0.5`.
fn events(folder: &Path) -> Vec<Vec<String>> {
    let mut files: Vec<_> = fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path()).collect();
    files.sort();
    let of_file = |path: &PathBuf| {
        let bytes = fs::read(path).expect("a file");
        let (mut rest, mut events) = (&bytes[..], Vec::new());
        while !rest.is_empty() {
            let length = u64::from_le_bytes(rest[..8].try_into().expect("eight bytes")) as usize;
            let event = fields(&rest[12..12 + length]);
            let step = event.iter().find(|field| field.0 == 2).map_or(0, |field| field.1);
            for &(field, _, held) in &event {
                match field {
                    3 => events.push(String::from_utf8(held.to_vec()).expect("text")),
                    5 => events.extend(fields(held).into_iter().map(|(_, _, value)| {
                        let value = fields(value);
                        let tag = String::from_utf8(value[0].2.to_vec()).expect("text");
                        format!("{step} {tag} {}", f32::from_le_bytes(value[1].2.try_into().expect("four bytes")))
                    })),
                    7 => events.push(format!("{step} restart {:?}", fields(held)[0].1)),
                    _ => {}
                }
            }
            rest = &rest[12 + length + 4..];
        }
        events
    };
    files.iter().map(of_file).collect()
}

#[test]
fn steps_and_epochs_are_logged_and_a_resumed_training_says_from_where_it_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (logs, checkpoints) = (folder.path().join("runs/1"), folder.path().join("checkpoints"));
    let x = Tensor::arange(0, 4, 1);
    let loader = Loader::new(&x, &x, 2).expect("data");
    let train = || {
        let (mut model, mut sgd) = (Tensor::from(1.0f32), Sgd::new(0.25));
        Trainer::new(2)
            .validate(&loader)
            .with(TensorBoard::new(&logs).every(2))
            .checkpoints(Checkpoints::new(&checkpoints))
            .fit(&mut model, &mut sgd, &loader, &mut Rng::seed(3), |x, _, _| (x.square(), [("half", 0.5)]))
            .expect("a training")
    };
    let first = train();
    // As if it had been interrupted before the last checkpoint was written.
    fs::remove_file(checkpoints.join("step-000000004.safetensors")).expect("the last checkpoint");
    let second = train();
    let seconds = |history: &History, epoch: usize| history.records()[epoch].seconds as f32;
    // The model is 1, 1/2, 1/4, .. in each step: the loss its square.
    let epoch_1 = [
        "2 step/loss 0.25".to_owned(),
        "2 step/half 0.5".to_owned(),
        "2 step/lr 0.25".to_owned(),
        "2 train/loss 0.625".to_owned(),
        "2 train/half 0.5".to_owned(),
        "2 valid/loss 0.0625".to_owned(),
        "2 valid/half 0.5".to_owned(),
        "2 epoch/epoch 1".to_owned(),
        format!("2 epoch/seconds {}", seconds(&first, 0)),
    ];
    let epoch_2 = |history: &History| {
        [
            "4 step/loss 0.015625".to_owned(),
            "4 step/half 0.5".to_owned(),
            "4 step/lr 0.25".to_owned(),
            "4 train/loss 0.0390625".to_owned(),
            "4 train/half 0.5".to_owned(),
            "4 valid/loss 0.00390625".to_owned(),
            "4 valid/half 0.5".to_owned(),
            "4 epoch/epoch 2".to_owned(),
            format!("4 epoch/seconds {}", seconds(history, 1)),
        ]
    };
    let version = ["brain.Event:2".to_owned()];
    let wanted = [
        [&version[..], &epoch_1, &epoch_2(&first)].concat(),
        [&version[..], &["3 restart 1".to_owned()], &epoch_2(&second)].concat(),
    ];
    assert_eq!(events(&logs), wanted);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let error = create(&file.path().join("runs"), 0).map_err(|error| in_folder(error, Path::new("runs")));
    assert!(error.expect_err("an error").to_string().starts_with("runs: "));
    assert_eq!(
        panic_message(|| TensorBoard::new("runs").every(0)),
        "tensorboard: the steps from one that is logged to the next must be at least 1; got 0"
    );
}

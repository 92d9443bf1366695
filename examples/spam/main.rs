//! Which messages are spam? `cargo run --release --example spam`.
//!
//! A network takes numbers, and a message is words. Here are the two simplest ways from one to the other:
//!
//! - a **bag of words**: for each word of the vocabulary a 1 if the message has it. One node, one weight for each word. The weights can be
//!   read: they say what speaks for spam, and what against;
//! - an **embedding**: each word has a place in a plane, and a message is in the middle of its words. The network learns the places. Words
//!   that tell the same come to lie together.
//!
//! One message in five is spam, so that who calls nothing spam is right in 80 %. Accuracy is no measure then; these two are:
//! **precision**, the part of what is thrown away that was spam, and **recall**, the part of the spam that is thrown away. A filter that
//! loses letters of friends is worse than none, and so the threshold is set for a high precision.
//!
//! The messages are made in `messages.rs`, the two networks are in `filters.rs`, and the pictures in `drawings.rs`.

mod drawings;
mod filters;
mod messages;

use clap::Parser;
use cotangent::prelude::*;
use filters::{Bag, Filter, Mailbox, Places, reading};
use messages::{Message, Tricks, mailbox};
use std::{num::NonZeroUsize, path::PathBuf};

/// The least part of what is thrown away that must be spam.
const PRECISION: f64 = 0.97;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let options = Options::parse();
    let mut rng = Rng::seed(options.seed);
    // To learn from; to set the threshold by; to test, once; and the mail of next month, when the senders of spam have new ideas.
    let [train, validation, test] = [1500, 1500, 3000].map(|size| mailbox(size, Tricks::Known, &mut rng));
    let next_month = mailbox(3000, Tricks::New, &mut rng);
    println!(
        "Messages, {} to learn from, {} to set the threshold, {} to test. Two of them:\n",
        train.len(),
        validation.len(),
        test.len()
    );
    for message in [&train[0], &train[1]] {
        println!("  {:5} {}", if message.is_spam { "spam" } else { "good" }, message.text);
    }

    let vocabulary = reading(&train);
    let read = |messages: &[Message]| Mailbox::read(messages, &vocabulary);
    let (train_box, validation_box, test_box, next_box) =
        (read(&train)?, read(&validation)?, read(&test)?, read(&next_month)?);
    println!("\n{} words occur five times or more; all others are one word, <unknown>.\n", vocabulary.len() - 1);

    let mut bag = Bag::new(vocabulary.len());
    bag.learn(&train_box, options.steps.get());
    let mut places = Places::new(vocabulary.len(), &mut rng);
    places.learn(&train_box, options.steps.get());

    println!("{:13} {:>9} {:>10} {:>8} {:>22}", "", "threshold", "precision", "recall", "recall of new tricks");
    let mut judged = Vec::new();
    for (name, filter) in [("bag of words", &bag as &dyn Filter), ("embedding", &places)] {
        let threshold = Scores::of(filter, &validation_box, &validation).threshold_for(PRECISION);
        let scores = Scores::of(filter, &test_box, &test);
        let (precision, recall) = scores.precision_and_recall(threshold);
        let (_, recall_new) = Scores::of(filter, &next_box, &next_month).precision_and_recall(threshold);
        println!("{name:13} {threshold:9.2} {precision:10.3} {recall:8.3} {recall_new:22.3}");
        judged.push((scores, threshold, precision, recall, recall_new));
    }

    println!(
        "\nNew tricks share fewer words with what was learned. The words that decide in the bag, with their weights:\n"
    );
    let weights = bag.by_word(&vocabulary);
    let row = |words: &[(String, f64)]| {
        words.iter().map(|(word, weight)| format!("{word} {weight:+.1}")).collect::<Vec<_>>().join(", ")
    };
    println!("  for spam:  {}", row(&weights[..8]));
    println!("  against:   {}\n", row(&weights.iter().rev().take(8).cloned().collect::<Vec<_>>()));

    println!("A star that hides a letter is a sign of its own: no friend writes fr*e.\n");
    let scores = &judged[0].0;
    println!("What the bag did with some messages of the test, and which words decided:\n");
    let mut shown = Vec::new();
    for (what, index) in [
        ("spam, found", scores.surest(true)),
        ("spam, missed", scores.lowest_spam()),
        ("a friend's, and the most suspicious", scores.surest(false)),
    ] {
        let mut words = bag.decided(&test[index].text, &vocabulary);
        words.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        words.truncate(6);
        println!("  {what}: probability {:.3}\n    {}\n    {}", scores.0[index].0, test[index].text, row(&words));
        shown.push((what, words));
    }

    let folder = &options.pictures;
    let curves: Vec<_> =
        ["bag of words", "embedding"].into_iter().zip(judged.iter().map(|one| (&one.0, one.1))).collect();
    drawings::precision_and_recall(&folder.join("precision-recall.svg"), &curves, PRECISION)?;
    drawings::words(&folder.join("words.svg"), &weights, &shown)?;
    drawings::map(&folder.join("map.svg"), &places, &vocabulary, &weights)?;
    println!(
        "\nIn the plane of the embedding the words lie along a line: for a single question one direction is enough."
    );
    println!("The pictures are in {}.", folder.display());
    let (_, _, precision, recall, new) = judged[0];
    let (_, _, precision_e, recall_e, new_e) = judged[1];
    println!(
        "result: precision={precision:.3} recall={recall:.3} recall_new={new:.3} \
         precision_embedding={precision_e:.3} recall_embedding={recall_e:.3} recall_new_embedding={new_e:.3}"
    );
    Ok(())
}

/// The probability of spam that each message was given, and whether it is.
pub(crate) struct Scores(Vec<(f64, bool)>);

impl Scores {
    fn of(filter: &dyn Filter, mailbox: &Mailbox, messages: &[Message]) -> Self {
        let p = filter.score(mailbox).sigmoid().to_vec::<f32>();
        Scores(p.into_iter().map(f64::from).zip(messages.iter().map(|message| message.is_spam)).collect())
    }

    /// Of what reaches the threshold, the part that is spam; and of the spam, the part that reaches it.
    fn precision_and_recall(&self, threshold: f64) -> (f64, f64) {
        let count = |holds: &dyn Fn(&(f64, bool)) -> bool| self.0.iter().filter(|one| holds(one)).count() as f64;
        let found = count(&|&(p, is_spam)| is_spam && p >= threshold);
        // Where nothing is thrown away, nothing is thrown away wrongly.
        let thrown = count(&|&(p, _)| p >= threshold);
        (if thrown == 0.0 { 1.0 } else { found / thrown }, found / count(&|&(_, is_spam)| is_spam))
    }

    /// The threshold with this precision that finds most spam.
    fn threshold_for(&self, precision: f64) -> f64 {
        let mut thresholds: Vec<f64> = self.0.iter().map(|&(p, _)| p).collect();
        thresholds.sort_by(f64::total_cmp);
        let reaches = |&threshold: &f64| self.precision_and_recall(threshold).0 >= precision;
        thresholds.into_iter().find(reaches).unwrap_or(1.0)
    }

    /// The message of this kind with the greatest probability of spam.
    fn surest(&self, spam: bool) -> usize {
        let of_kind = (0..self.0.len()).filter(|&i| self.0[i].1 == spam);
        of_kind.max_by(|&a, &b| self.0[a].0.total_cmp(&self.0[b].0)).expect("messages of both kinds")
    }

    /// The spam with the least probability of it.
    fn lowest_spam(&self) -> usize {
        let spam = (0..self.0.len()).filter(|&i| self.0[i].1);
        spam.min_by(|&a, &b| self.0[a].0.total_cmp(&self.0[b].0)).expect("there is spam")
    }
}

/// Learns to find spam, and says by which words.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many steps each of the two networks learns
    #[arg(long, default_value = "300")]
    steps: NonZeroUsize,
    /// The folder for the pictures
    #[arg(long, default_value = "target/pictures/spam")]
    pictures: PathBuf,
}

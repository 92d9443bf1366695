//! Messages, drawn from sentences with gaps. As in a real mailbox, the two kinds are not cleanly divided: friends write of free seats and
//! forgotten passwords, shops and spam use the same sentences, and the sly hide their bait between harmless ones.

use cotangent::{DType, Rng};

pub(crate) struct Message {
    pub(crate) text: String,
    pub(crate) is_spam: bool,
}

/// What senders of spam try.
#[derive(Clone, Copy)]
pub(crate) enum Tricks {
    Known,
    /// Those of next month, of which nothing can be learned today.
    New,
}

/// One in five messages is spam.
pub(crate) fn mailbox(size: usize, tricks: Tricks, rng: &mut Rng) -> Vec<Message> {
    (0..size).map(|i| if i % 5 == 0 { spam(tricks, rng) } else { friendly(rng) }).collect()
}

/// Two to four sentences, most of them with a bait.
fn spam(tricks: Tricks, rng: &mut Rng) -> Message {
    let tricks: &[&str] = match tricks {
        Tricks::Known => &KNOWN,
        Tricks::New => &NEW,
    };
    let text = sentences([(0.5, tricks), (0.3, &BOTH), (0.1, &FRIENDLY), (0.1, &NEUTRAL)], rng);
    // Some write fr*e for free, to slip past filters.
    let disguise = |word: &str, at: usize| word.char_indices().map(|(i, c)| if i == at { '*' } else { c }).collect();
    Message { text: misspelt(&text, 0.08, disguise, rng), is_spam: true }
}

/// Two to four sentences, with a bait only where somebody tells of one.
fn friendly(rng: &mut Rng) -> Message {
    let text = sentences([(0.002, &KNOWN), (0.15, &BOTH), (0.6, &FRIENDLY), (0.248, &NEUTRAL)], rng);
    // Typing on the way, one loses letters.
    let typo = |word: &str, at: usize| word.char_indices().filter(|&(i, _)| i != at).map(|(_, c)| c).collect();
    Message { text: misspelt(&text, 0.03, typo, rng), is_spam: false }
}

/// Sentences from several kinds, each with its probability.
fn sentences(kinds: [(f64, &[&str]); 4], rng: &mut Rng) -> String {
    let count = rng.randint(2, 5, []).item::<i64>();
    let sentence = |_| {
        let mut left = rng.uniform([], DType::F64).item::<f64>();
        let kind = kinds.iter().find(|&&(probability, _)| {
            left -= probability;
            left < 0.0
        });
        let (_, sentences) = kind.unwrap_or(&kinds[3]);
        filled(pick(sentences, rng), rng)
    };
    (0..count).map(sentence).collect::<Vec<_>>().join(" . ")
}

/// The text with some of its longer words changed at some letter, but not the first.
fn misspelt(text: &str, part: f64, change: impl Fn(&str, usize) -> String, rng: &mut Rng) -> String {
    let words = text.split(' ').map(|word| {
        if word.len() < 4 || rng.uniform([], DType::F64).item::<f64>() >= part {
            return word.to_owned();
        }
        change(word, rng.randint(1, word.len() as i64, []).item::<i64>() as usize)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The sentence with something in each of its gaps.
fn filled(text: &str, rng: &mut Rng) -> String {
    let words = text.split(' ').map(|word| match word {
        "{amount}" => pick(&["200 euros", "900 euros", "5000 euros", "30 euros"], rng),
        "{prize}" => pick(&["a new phone", "a holiday", "a gift card", "a car"], rng),
        "{time}" => pick(&["noon", "six", "eight", "half past nine"], rng),
        "{place}" => pick(&["the station", "the market", "the harbour", "the office"], rng),
        "{link}" => pick(&["www", "this page", "the link"], rng),
        word => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

fn pick<'a>(items: &[&'a str], rng: &mut Rng) -> &'a str {
    items[rng.randint(0, items.len() as i64, []).item::<i64>() as usize]
}

const KNOWN: [&str; 18] = [
    "you have won {prize} , claim it now !",
    "your account has been suspended , verify your password at {link}",
    "earn {amount} a week from home , no experience needed",
    "lose weight fast with our miracle pills",
    "limited offer : {prize} for free , only today !",
    "cheap loans without any questions , apply now",
    "congratulations ! you were selected as our lucky winner",
    "click {link} to collect your reward",
    "lonely hearts near {place} want to meet you",
    "a transfer of {amount} is waiting , send us your bank details",
    "invest {amount} and double your money in a week",
    "original watches at a fantastic discount",
    "your parcel could not be delivered , pay the fee at {link}",
    "we guarantee that you will not find a better price",
    "act now , this offer expires tonight !",
    "unlock bonus coins at our casino",
    "your computer has a virus , download the cleaner from {link}",
    "win {prize} , just answer three easy questions",
];

const NEW: [&str; 8] = [
    "your tax refund of {amount} is ready , confirm your identity at {link}",
    "hello mum , this is my new number , i urgently need {amount}",
    "your subscription was renewed for {amount} , to cancel it click {link}",
    "our robot trades for you and never loses money",
    "a distant relative left you {amount} , contact our lawyer now",
    "someone looked at your profile , verify your age to see who",
    "your storage is full , pay {amount} or lose your pictures",
    "you were selected for a job at {amount} a day , apply at {link}",
];

const FRIENDLY: [&str; 30] = [
    "are we still meeting at {time} ?",
    "i will be late , the train is stuck at {place}",
    "can you send me the notes from the lecture ?",
    "the meeting has been moved to {time}",
    "happy birthday ! i hope you have a great day",
    "did you pay the rent ? i can transfer my half",
    "could you bring milk and bread on your way home ?",
    "i forgot my password again , can you help me tonight ?",
    "the kids won their match , three to one !",
    "the report is at {link} , please check the numbers",
    "do you want to see a film at {time} ?",
    "the doctor said that it is nothing serious",
    "thanks for dinner , it was lovely",
    "i am free after {time} , call me",
    "the bank was closed , so i will go again tomorrow",
    "there is a discount on shoes at {place} , shall we go ?",
    "my parcel has arrived at last",
    "we have two free seats in the car to {place}",
    "i owe you {amount} for the tickets",
    "please look at {link} , i wrote it last week",
    "the server is down , can you click restart for me ?",
    "the weather at {place} is awful",
    "let me know whether you need anything",
    "i won the bet , so the coffee is on you",
    "grandma asks whether you will come on sunday",
    "i lost {amount} on the way to {place}",
    "she has a new phone and never answers it",
    "no questions from me , send it",
    "their offer for the house is better than ours",
    "my computer is slow today , i will answer from home",
];

/// What a shop, a bank or a friend may write, and spam too.
const BOTH: [&str; 14] = [
    "your order is on its way",
    "the offer ends on sunday",
    "your account is ready",
    "click {link} to confirm",
    "please transfer {amount}",
    "call me now",
    "look at this : {link}",
    "{prize} would be great",
    "you will love the price",
    "i have good news for you",
    "send me your number",
    "it is free",
    "we have a job for you",
    "here is your new password",
];

const NEUTRAL: [&str; 8] = [
    "please answer soon",
    "have a nice day",
    "this is important",
    "do not wait too long",
    "best wishes",
    "tell your friends",
    "thank you",
    "it will not take long",
];

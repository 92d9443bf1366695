//! A machine learns a game from nothing but its rules, by playing against itself.
//!
//! ```text
//! cargo run --release --example self_play -- --help
//! ```
//!
//! In 2016 a machine beat Lee Sedol, one of the best players of Go; a year later, its successor was better still, and had never seen a game of
//! a human. This is the idea of that successor, at a board of three by three: noughts and crosses.
//!
//! A network looks at a board and says which moves to try and who will win. A search looks ahead along these moves, and so comes to know better
//! than the network. The network plays games against itself with the help of the search, and then learns what the search found and how
//! the games ended. So the network gets better, and with it the search that gets its advice, and so on.
//!
//! From the top: the games and the lessons; then `game.rs`, the rules, and the judge who has followed every game to its end; `network.rs`;
//! `search.rs`; `drawings.rs`.

mod drawings;
mod game;
mod network;
mod search;

use clap::Parser;
use cotangent::prelude::*;
use game::{Board, Perfect, Verdict};
use indicatif::{ProgressBar, ProgressStyle};
use network::{Lesson, Lessons, Network};
use search::search;
use std::{num::NonZeroUsize, path::PathBuf, time::Instant};

/// Games that it plays against itself in each round, all at once.
const GAMES: usize = 64;
/// How many steps the search makes before each move.
const SEARCH: usize = 32;
/// The first moves of a game are drawn by how often the search tried them, so that games differ; after these the best is taken.
const DRAWN: usize = 4;
/// It learns from the games of the last rounds only: older ones were played worse.
const REMEMBERED: usize = 15;
/// Batches of lessons in each round, about two looks at every lesson that is remembered.
const BATCHES: usize = 60;
/// It is done when nobody can beat it in so many rounds in a row: once could be luck.
const IN_A_ROW: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let options = Options::parse();
    let mut rng = Rng::seed(options.seed);
    let start = Instant::now();
    let mut perfect = Perfect::default();
    let mut network = Network::new(&mut rng);
    let mut adam = Adam::new(2e-3);

    println!(
        "The network alone, and with the help of the search, against one who moves at random and against one who makes"
    );
    println!("no mistake; and of all games that can be played against it, how many it loses.\n");
    println!("         network alone                                       with search");
    println!("  games  random: won  drawn   lost  perfect: drawn    lost    lost");
    let bar = ProgressBar::new(options.rounds.get() as u64)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} rounds")?);
    let (mut history, mut unbeaten) = (Vec::new(), 0);
    let mut rounds: Vec<Vec<Lesson>> = Vec::new();
    for round in 0..=options.rounds.get() {
        if round > 0 {
            rounds.push(play(&network, &mut rng));
            let lessons = rounds[rounds.len().saturating_sub(REMEMBERED)..].concat();
            for _ in 0..BATCHES {
                let batch = Lessons::draw(&lessons, 128, &mut rng);
                let gradient = grad(&network, |network| network.loss(&batch));
                adam.step(&mut network, &gradient);
            }
            bar.inc(1);
        }
        let stage = Stage::of(&network, round * GAMES, &mut perfect);
        unbeaten = if stage.is_unbeaten() { unbeaten + 1 } else { 0 };
        let done = unbeaten == IN_A_ROW;
        if round < 5 || round % 5 == 0 || done {
            bar.suspend(|| println!("{}", stage.row()));
        }
        history.push(stage);
        if done {
            break;
        }
    }
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();

    let last = &history[history.len() - 1];
    println!(
        "\nAll games that can be played against it are {}: it moves in its way, the other in every way.",
        last.alone.games
    );
    if last.is_unbeaten() {
        println!(
            "It loses none of them, with or without search. So nobody can win against it, and one who makes no mistake"
        );
        println!("gets a draw.");
    }

    drawings::progress(&history, &options.pictures.join("progress.svg"))?;
    drawings::opinions(&network, &options.pictures.join("opinions.svg"))?;
    println!("The pictures are in {}.", options.pictures.display());
    let Stage { games, alone, searching } = last;
    println!(
        "result: games={games} lost_to_random={:.4} won_from_random={:.3} drawn_with_perfect={:.3} lost={} lost_with_search={} \
         lost_before={} seconds={seconds:.1}",
        alone.random.lost, alone.random.won, alone.perfect.drawn, alone.lost, searching.lost, history[0].alone.lost
    );
    Ok(())
}

/// How good it is after so many games.
struct Stage {
    games: usize,
    /// The square that the network recommends most.
    alone: Verdict,
    /// The square that the search tries most.
    searching: Verdict,
}

impl Stage {
    fn of(network: &Network, games: usize, perfect: &mut Perfect) -> Stage {
        let alone = |boards: &[Board]| network.opinions(boards).iter().map(|opinion| best(&opinion.policy)).collect();
        let searching = |boards: &[Board]| search(boards, network, SEARCH, None).iter().map(best).collect();
        Stage { games, alone: Verdict::on(alone, perfect), searching: Verdict::on(searching, perfect) }
    }

    fn is_unbeaten(&self) -> bool {
        self.alone.is_unbeaten() && self.searching.is_unbeaten()
    }

    fn row(&self) -> String {
        let Verdict { random, perfect, lost, games } = &self.alone;
        let part = |lost: usize, games: usize| format!("{lost}/{games}");
        format!(
            "{:7}  {:11.3}  {:5.3}  {:5.3}  {:14.3}  {:>8}  {:>8}",
            self.games,
            random.won,
            random.drawn,
            random.lost,
            perfect.drawn,
            part(*lost, *games),
            part(self.searching.lost, self.searching.games)
        )
    }
}

/// Plays games of the network against itself, and returns a lesson for each board that came up.
fn play(network: &Network, rng: &mut Rng) -> Vec<Lesson> {
    let mut games: Vec<(Board, Vec<Lesson>)> = vec![(Board::default(), Vec::new()); GAMES];
    let mut lessons = Vec::new();
    let mut moves = 0;
    while !games.is_empty() {
        let boards: Vec<Board> = games.iter().map(|(board, _)| *board).collect();
        let found = search(&boards, network, SEARCH, Some(&mut *rng));
        for ((board, lessons), shares) in games.iter_mut().zip(found) {
            // How the game ends is not known yet.
            lessons.push(Lesson { board: *board, shares, result: 0.0 });
            let square = if moves < DRAWN { drawn(&shares, rng) } else { best(&shares) };
            *board = board.play(square);
        }
        moves += 1;
        games.retain_mut(|(board, of_game)| {
            let Some(result) = board.result() else { return true };
            // The last move was made by who is not to move now; before that, it was the other's turn, and so on.
            let mut result = -result as f32;
            for lesson in of_game.iter_mut().rev() {
                lesson.result = result;
                result = -result;
            }
            lessons.append(of_game);
            false
        });
    }
    lessons
}

/// The square with the greatest part.
fn best(parts: &[f32; 9]) -> usize {
    (0..9).max_by(|&a, &b| parts[a].total_cmp(&parts[b])).unwrap_or_default()
}

/// A square drawn with the probabilities of these parts of 1.
fn drawn(parts: &[f32; 9], rng: &mut Rng) -> usize {
    let mut rest = rng.uniform([], DType::F32).item::<f32>();
    for (square, part) in parts.iter().enumerate() {
        rest -= part;
        if rest < 0.0 {
            return square;
        }
    }
    // The parts may add up to a little less than 1.
    best(parts)
}

/// A network learns noughts and crosses by playing against itself.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many rounds to play at most; it ends before when nobody can beat it
    #[arg(long, default_value = "200")]
    rounds: NonZeroUsize,
    /// The folder for the pictures
    #[arg(long, default_value = "target/pictures/self_play")]
    pictures: PathBuf,
}

//! Noughts and crosses: the rules, the player who knows everything, and the judge of a player.

use std::collections::{HashMap, HashSet};

/// What lies on the nine squares, seen by who is to move; the squares are bits, row by row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Board {
    mine: u16,
    theirs: u16,
}

/// The eight lines of three.
const LINES: [u16; 8] = [0o007, 0o070, 0o700, 0o111, 0o222, 0o444, 0o421, 0o124];

impl Board {
    /// The board after moves on these squares, one player after the other.
    pub(crate) fn after(squares: &[usize]) -> Board {
        squares.iter().fold(Board::default(), |board, &square| board.play(square))
    }

    /// The board after a move, seen by the other player.
    pub(crate) fn play(self, square: usize) -> Board {
        Board { mine: self.theirs, theirs: self.mine | 1 << square }
    }

    /// The squares that are free.
    pub(crate) fn moves(self) -> impl Iterator<Item = usize> {
        (0..9).filter(move |square| (self.mine | self.theirs) >> square & 1 == 0)
    }

    /// If the game is over: -1 if who would be to move has lost, 0 if nobody has won.
    pub(crate) fn result(self) -> Option<f64> {
        let lost = LINES.iter().any(|line| self.theirs & line == *line);
        let full = self.mine | self.theirs == 0o777;
        if lost { Some(-1.0) } else { full.then_some(0.0) }
    }

    /// Two numbers for each square: 1 where a mark of one's own is, and 1 where one of the other is.
    pub(crate) fn numbers(self) -> [f32; 18] {
        std::array::from_fn(|i| {
            let marks = if i < 9 { self.mine } else { self.theirs };
            f32::from(marks >> (i % 9) & 1)
        })
    }

    /// The squares with an X, which moves first, and those with an O.
    pub(crate) fn marks(self) -> [Vec<usize>; 2] {
        let squares = |marks: u16| (0..9).filter(|square| marks >> square & 1 == 1).collect();
        let x_moves = self.mine.count_ones() == self.theirs.count_ones();
        let (x, o) = if x_moves { (self.mine, self.theirs) } else { (self.theirs, self.mine) };
        [squares(x), squares(o)]
    }
}

/// A player who has followed every game to its end, and so never makes a mistake.
#[derive(Default)]
pub(crate) struct Perfect {
    values: HashMap<Board, f64>,
}

impl Perfect {
    /// What a board is worth to who is to move, if both play without a mistake: 1, 0 or -1.
    pub(crate) fn value(&mut self, board: Board) -> f64 {
        if let Some(result) = board.result() {
            return result;
        }
        if let Some(&value) = self.values.get(&board) {
            return value;
        }
        let value = board.moves().map(|square| -self.value(board.play(square))).fold(-1.0, f64::max);
        self.values.insert(board, value);
        value
    }

    /// All moves that keep what the board is worth.
    pub(crate) fn moves(&mut self, board: Board) -> Vec<usize> {
        let value = self.value(board);
        board.moves().filter(|&square| -self.value(board.play(square)) == value).collect()
    }
}

/// What comes of games: the parts that are won, drawn and lost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) won: f64,
    pub(crate) drawn: f64,
    pub(crate) lost: f64,
}

/// How good a player is who always makes the same move on the same board. Nothing here is sampled: all games that can be played
/// against it are played, from both sides of the board.
pub(crate) struct Verdict {
    /// Against one who takes each free square with the same probability.
    pub(crate) random: Outcome,
    /// Against one who takes each of the best squares with the same probability.
    pub(crate) perfect: Outcome,
    /// Of how many games that can be played at all.
    pub(crate) games: usize,
    /// How many of them it loses.
    pub(crate) lost: usize,
}

impl Verdict {
    /// Whether nobody can win against the player.
    pub(crate) fn is_unbeaten(&self) -> bool {
        self.lost == 0
    }

    /// `choose` says the player's moves on many boards at once.
    pub(crate) fn on(mut choose: impl FnMut(&[Board]) -> Vec<usize>, perfect: &mut Perfect) -> Verdict {
        // All boards on which it has to move in any game: as the first, or after a first move of the other.
        let start = Board::default();
        let mut boards: Vec<Board> =
            std::iter::once(start).chain(start.moves().map(|square| start.play(square))).collect();
        let mut seen: HashSet<Board> = boards.iter().copied().collect();
        let mut player = HashMap::new();
        while !boards.is_empty() {
            let chosen = choose(&boards);
            let mut next = Vec::new();
            for (&board, &square) in boards.iter().zip(&chosen) {
                player.insert(board, square);
                let after = board.play(square);
                if after.result().is_none() {
                    let replies = after.moves().map(|reply| after.play(reply));
                    next.extend(replies.filter(|board| board.result().is_none() && seen.insert(*board)));
                }
            }
            boards = next;
        }

        let outcome = |replies: &mut dyn FnMut(Board) -> Vec<usize>| {
            let (mut games, mut outcome) = ((0, 0), Outcome::default());
            follow(start, 0.5, &player, replies, &mut games, &mut outcome);
            let first = replies(start);
            for &square in &first {
                follow(start.play(square), 0.5 / first.len() as f64, &player, replies, &mut games, &mut outcome);
            }
            (games, outcome)
        };
        let ((games, lost), random) = outcome(&mut |board| board.moves().collect());
        let (_, perfect) = outcome(&mut |board| perfect.moves(board));
        Verdict { random, perfect, games, lost }
    }
}

/// Plays all games from a board where the player is to move, which comes about with this probability. Counts games, and those lost.
fn follow(
    board: Board,
    probability: f64,
    player: &HashMap<Board, usize>,
    replies: &mut dyn FnMut(Board) -> Vec<usize>,
    games: &mut (usize, usize),
    outcome: &mut Outcome,
) {
    if let Some(result) = board.result() {
        games.0 += 1;
        if result < 0.0 {
            games.1 += 1;
            outcome.lost += probability;
        } else {
            outcome.drawn += probability;
        }
        return;
    }
    let after = board.play(player[&board]);
    if let Some(result) = after.result() {
        games.0 += 1;
        if result < 0.0 {
            outcome.won += probability;
        } else {
            outcome.drawn += probability;
        }
        return;
    }
    let squares = replies(after);
    for &square in &squares {
        follow(after.play(square), probability / squares.len() as f64, player, replies, games, outcome);
    }
}

//! How many downloads run at once: fewer when Apple asks for less, more again when it does not.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// After so many files in a row that were served at once, one more may run beside the others.
const CALM: usize = 16;

/// Halves when a file was throttled, grows by one when all is calm; between one and what was asked for.
#[derive(Debug)]
pub(super) struct Pace {
    turns: Semaphore,
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: usize,
    /// Turns that are taken back as they end.
    surplus: usize,
    calm: usize,
}

/// The right to download one file.
#[derive(Debug)]
pub(super) struct Turn<'a>(SemaphorePermit<'a>);

impl Pace {
    pub(super) fn new(most: usize) -> Self {
        let state = State { limit: most, surplus: 0, calm: 0 };
        Self { turns: Semaphore::new(most), most, state: Mutex::new(state) }
    }

    /// Waits until one more may run. `None` cannot be: nobody closes it.
    pub(super) async fn turn(&self) -> Option<Turn<'_>> {
        self.turns.acquire().await.ok().map(Turn)
    }

    /// A file is done; `throttled` if Apple asked for less meanwhile.
    pub(super) fn end(&self, turn: Turn<'_>, throttled: bool) {
        let mut state = self.state();
        match throttled {
            true => state.slow_down(),
            false if state.limit < self.most => state.take_heart(&self.turns),
            false => {}
        }
        if state.surplus > 0 {
            state.surplus -= 1;
            turn.0.forget();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Those who run beside each other are throttled together: only the first of them counts.
    fn slow_down(&mut self) {
        self.calm = 0;
        if self.surplus > 0 {
            return;
        }
        let fewer = (self.limit / 2).max(1);
        if fewer < self.limit {
            tracing::debug!(downloads = fewer, "Apple asks for less; fewer downloads at once");
        }
        self.surplus = self.limit - fewer;
        self.limit = fewer;
    }

    fn take_heart(&mut self, turns: &Semaphore) {
        self.calm += 1;
        if self.calm < CALM {
            return;
        }
        self.calm = 0;
        self.limit += 1;
        match self.surplus.checked_sub(1) {
            Some(fewer) => self.surplus = fewer,
            None => turns.add_permits(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn files(pace: &Pace, count: usize, throttled: bool) {
        for _ in 0..count {
            let turn = pace.turn().await.unwrap();
            pace.end(turn, throttled);
        }
    }

    /// How many run at once now.
    fn at_once(pace: &Pace) -> usize {
        pace.turns.available_permits()
    }

    #[tokio::test]
    async fn it_halves_and_grows_again() {
        let pace = Pace::new(8);
        files(&pace, 100, false).await;
        assert_eq!(at_once(&pace), 8, "never more than was asked for");
        files(&pace, 1, true).await;
        files(&pace, 3, false).await;
        assert_eq!(at_once(&pace), 4);
        files(&pace, 20, true).await;
        assert_eq!(at_once(&pace), 1, "never none");
        files(&pace, CALM, false).await;
        assert_eq!(at_once(&pace), 2);
        files(&pace, CALM * 10, false).await;
        assert_eq!(at_once(&pace), 8);
    }

    #[tokio::test]
    async fn those_who_are_throttled_together_count_once() {
        let pace = Pace::new(8);
        let mut turns = Vec::new();
        for _ in 0..8 {
            turns.push(pace.turn().await.unwrap());
        }
        for turn in turns.drain(..4) {
            pace.end(turn, true);
        }
        for turn in turns {
            pace.end(turn, false);
        }
        assert_eq!(at_once(&pace), 4);
    }
}

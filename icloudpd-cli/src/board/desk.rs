//! Questions to a person who is not at the terminal, and their answers.

use std::fmt;

use icloud_photos::SecurityCode;
use icloud_photos::redact::SecretString;
use tokio::sync::oneshot;

use super::{Inner, Seat, lock};

/// What a person is asked. A number tells it from all others, so that a page that is out of date cannot give one
/// account's password to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) number: u64,
    pub(crate) about: About,
}

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum About {
    Password,
    Code {
        /// Masked numbers that a message can be sent to.
        phones: Vec<String>,
        /// A new code can be shown on devices of the account.
        devices: bool,
        /// The number that the last code was sent to; else it went to the devices.
        sent_to: Option<String>,
    },
    /// The old two-step verification: where is the code to be sent to?
    Device {
        phones: Vec<String>,
    },
    /// Whether to try once more, when whoever is asked finds that the time has come.
    Again,
}

/// What a person answers. `Debug` shows no secret.
#[derive(Debug)]
pub(crate) enum Answer {
    Password(SecretString),
    Code(SecurityCode),
    /// Send a message to the phone of this index.
    Phone(usize),
    /// Show a new code on the devices.
    Devices,
    Again,
}

/// There is no such question, or the answer is none to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAsked;

impl About {
    fn takes(&self, answer: &Answer) -> bool {
        match (self, answer) {
            (Self::Password, Answer::Password(_))
            | (Self::Code { .. }, Answer::Code(_))
            | (Self::Again, Answer::Again) => true,
            (Self::Code { devices, .. }, Answer::Devices) => *devices,
            (Self::Code { phones, .. } | Self::Device { phones }, Answer::Phone(index)) => {
                *index < phones.len()
            }
            _ => false,
        }
    }
}

/// The questions that wait.
#[derive(Default)]
pub(super) struct Desk {
    last: u64,
    waiting: Vec<(Question, oneshot::Sender<Answer>)>,
}

impl Desk {
    fn ask(&mut self, about: About) -> (Question, oneshot::Receiver<Answer>) {
        self.last += 1;
        let question = Question { number: self.last, about };
        let (sender, receiver) = oneshot::channel();
        self.waiting.push((question.clone(), sender));
        (question, receiver)
    }

    fn withdraw(&mut self, number: u64) {
        self.waiting.retain(|(question, _)| question.number != number);
    }

    pub(super) fn answer(&mut self, number: u64, answer: Answer) -> Result<(), NotAsked> {
        let fits = |(question, _): &(Question, _)| question.number == number && question.about.takes(&answer);
        let at = self.waiting.iter().position(fits).ok_or(NotAsked)?;
        let (_, sender) = self.waiting.swap_remove(at);
        sender.send(answer).map_err(|_| NotAsked)
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl Seat {
    /// Asks, and waits for as long as it takes. Dropping the future withdraws the question.
    pub(crate) async fn ask(&self, about: About) -> Answer {
        loop {
            let (question, answer) = lock(&self.inner().desk).ask(about.clone());
            let _withdrawn = Asked { seat: self, number: question.number };
            self.change(|account| account.question = Some(question));
            if let Ok(answer) = answer.await {
                return answer;
            }
        }
    }

    fn inner(&self) -> &Inner {
        &self.board.0
    }
}

/// A question for as long as somebody waits for the answer.
struct Asked<'a> {
    seat: &'a Seat,
    number: u64,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        lock(&self.seat.inner().desk).withdraw(self.number);
        self.seat.change(|account| account.question = None);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Board;
    use super::*;

    fn open(board: &Board, section: usize) -> Question {
        board.look().0.accounts[section].question.clone().unwrap()
    }

    #[tokio::test]
    async fn an_answer_reaches_who_asked_and_nobody_else() {
        let board = Board::new(["a", "b"].into_iter());
        let (one, two) = (board.seat(0), board.seat(1));
        let asking = async { tokio::join!(one.ask(About::Password), two.ask(About::Password)) };
        let answering = async {
            tokio::task::yield_now().await;
            let question = open(&board, 1);
            board.answer(question.number, Answer::Password("two".into())).unwrap();
            // An answer that comes twice, from a page that is out of date, is nobody's.
            assert_eq!(board.answer(question.number, Answer::Password("x".into())), Err(NotAsked));
            let question = open(&board, 0);
            let code = "123456".parse().unwrap();
            assert_eq!(board.answer(question.number, Answer::Code(code)), Err(NotAsked), "another kind");
            board.answer(question.number, Answer::Password("one".into())).unwrap();
        };
        let ((one, two), ()) = tokio::join!(asking, answering);
        let text = |answer: Answer| match answer {
            Answer::Password(text) => icloud_photos::redact::ExposeSecret::expose_secret(&text).to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!((text(one), text(two)), ("one".to_owned(), "two".to_owned()));
        assert!(board.look().0.accounts.iter().all(|account| account.question.is_none()));
    }

    #[tokio::test]
    async fn a_question_that_nobody_waits_for_any_more_is_gone() {
        let board = Board::new(["a"].into_iter());
        let seat = board.seat(0);
        let asking = tokio::spawn(async move { seat.ask(About::Again).await });
        tokio::task::yield_now().await;
        let question = open(&board, 0);
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        assert!(board.look().0.accounts[0].question.is_none());
        assert_eq!(board.answer(question.number, Answer::Again), Err(NotAsked));
    }

    #[test]
    fn only_what_is_offered_is_taken() {
        let code = About::Code { phones: vec!["81".to_owned()], devices: false, sent_to: None };
        assert!(code.takes(&Answer::Phone(0)) && !code.takes(&Answer::Phone(1)));
        assert!(!code.takes(&Answer::Devices) && !code.takes(&Answer::Again));
        assert!(!code.takes(&Answer::Password("x".into())));
        let shown = format!("{:?}", Answer::Password("hunter2".into()));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

//! A line that is typed while the terminal shows nothing and leaves the keys to us.

use super::terminal::MOST;

const END: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const CLEAR: u8 = 0x15;
const ERASE_WORD: u8 = 0x17;
const ESCAPE: u8 = 0x1b;
const DELETE: u8 = 0x7f;

/// What a key did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    More,
    Done,
    End,
    Interrupt,
    Quit,
    Suspend,
}

/// The keys that make signals; a person may have others than Ctrl-C, Ctrl-\ and Ctrl-Z, or none.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Keys {
    pub(super) interrupt: Option<u8>,
    pub(super) quit: Option<u8>,
    pub(super) suspend: Option<u8>,
}

impl Keys {
    fn signal(self, byte: u8) -> Option<Key> {
        let keys = [(self.interrupt, Key::Interrupt), (self.quit, Key::Quit), (self.suspend, Key::Suspend)];
        keys.into_iter().find_map(|(key, signal)| (key == Some(byte)).then_some(signal))
    }
}

/// What an arrow key sends is no part of the line.
#[derive(Default)]
enum Sequence {
    #[default]
    None,
    Began,
    Inside,
}

#[derive(Default)]
pub(super) struct Typed {
    keys: Keys,
    text: Vec<u8>,
    sequence: Sequence,
}

impl Typed {
    pub(super) fn new(keys: Keys) -> Self {
        // Growing would leave copies of a password behind.
        Self { keys, text: Vec::with_capacity(MOST + 1), ..Self::default() }
    }

    pub(super) fn into_text(self) -> Vec<u8> {
        self.text
    }

    pub(super) fn press(&mut self, byte: u8) -> Key {
        if let Some(signal) = self.keys.signal(byte) {
            return signal;
        }
        let sequence = std::mem::take(&mut self.sequence);
        if byte.is_ascii_control() {
            return self.control(byte);
        }
        let goes_on = match sequence {
            Sequence::None => {
                // One byte more than there may be tells that it is too long.
                if self.text.len() <= MOST {
                    self.text.push(byte);
                }
                false
            }
            Sequence::Began => matches!(byte, b'[' | b'O'),
            Sequence::Inside => !(0x40..=0x7e).contains(&byte),
        };
        if goes_on {
            self.sequence = Sequence::Inside;
        }
        Key::More
    }

    fn control(&mut self, byte: u8) -> Key {
        match byte {
            b'\n' | b'\r' => return Key::Done,
            END if self.text.is_empty() => return Key::End,
            BACKSPACE | DELETE => self.erase(),
            CLEAR => self.text.clear(),
            ERASE_WORD => self.erase_word(),
            ESCAPE => self.sequence = Sequence::Began,
            // It may be part of a password; other controls are slips of the finger.
            b'\t' if self.text.len() <= MOST => self.text.push(byte),
            _ => {}
        }
        Key::More
    }

    /// A character may have several bytes; a byte that is of none goes by itself. Of a line that is too long the end is not known.
    fn erase(&mut self) {
        if self.text.len() > MOST {
            return;
        }
        let length = self.text.len();
        let starts = (1..=4).filter_map(|bytes| length.checked_sub(bytes));
        let is_character = |start: &usize| std::str::from_utf8(&self.text[*start..]).is_ok();
        let start = starts.into_iter().find(is_character).unwrap_or(length.saturating_sub(1));
        self.text.truncate(start);
    }

    fn erase_word(&mut self) {
        if self.text.len() > MOST {
            return;
        }
        let word = self.text.trim_ascii_end();
        let keep = word.iter().rposition(|byte| *byte == b' ').map_or(0, |space| space + 1);
        self.text.truncate(keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_mended_while_it_is_typed() {
        let table: [(&[u8], &[u8]); 13] = [
            (b"tab\there\x07\n", b"tab\there"),
            // A byte of Latin-1, bytes that are of no character, half of one.
            (b"p\xe4\x7fss\n", b"pss"),
            (b"pass\xa4\xa4\x7f\x7f\n", b"pass"),
            (b"pass\xe2\x82\x7f\x7f\n", b"pass"),
            (b"pass word\r", b"pass word"),
            (b"pax\x7f\x08ss\n", b"pss"),
            ("p\u{e4}\u{20ac}\x7f\x7f\x7f\x7fq\n".as_bytes(), b"q"),
            (b"wrong\x15right\n", b"right"),
            (b"two words \x17more\n", b"two more"),
            (b"one\x17\x17x\n", b"x"),
            (b"a\x1b[1;5Db\x1bOCc\x1bxd\n", b"abcd"),
            (b"a\x1b\n", b"a"),
            (b"a\x00\x01\x04\x1e\x1fb\n", b"ab"),
        ];
        for (keys, line) in table {
            let mut typed = Typed::new(Keys::default());
            let (last, before) = keys.split_last().unwrap();
            assert!(before.iter().all(|key| typed.press(*key) == Key::More), "{keys:?}");
            assert_eq!(typed.press(*last), Key::Done, "{keys:?}");
            assert_eq!(typed.into_text(), line, "{keys:?}");
        }
    }

    fn keys() -> Keys {
        Keys { interrupt: Some(3), quit: Some(0x1c), suspend: Some(0x1a) }
    }

    #[test]
    fn keys_that_end_do_so_everywhere() {
        for before in [&b""[..], b"half", b"\x1b", b"\x1b["] {
            for (byte, key) in [(3, Key::Interrupt), (0x1c, Key::Quit), (0x1a, Key::Suspend)] {
                let mut typed = Typed::new(keys());
                assert!(before.iter().all(|key| typed.press(*key) == Key::More));
                assert_eq!(typed.press(byte), key, "{before:?}");
                // A terminal may make no signals of them.
                assert_eq!(Typed::new(Keys::default()).press(byte), Key::More);
            }
        }
        assert_eq!(Typed::new(keys()).press(END), Key::End);
    }

    #[test]
    fn nothing_grows_without_end() {
        let mut typed = Typed::new(keys());
        assert!((0..2 * MOST).all(|_| typed.press(b'x') == Key::More));
        // The end is not known, so that nothing can be taken away there.
        assert!([DELETE, ERASE_WORD].into_iter().all(|key| typed.press(key) == Key::More));
        assert_eq!(typed.text.len(), MOST + 1, "and that is more than an answer may have");
        assert!([CLEAR, b'y'].into_iter().all(|key| typed.press(key) == Key::More));
        assert_eq!(typed.into_text(), b"y");
    }
}

//! A line that is typed while the terminal shows nothing and leaves the keys to us.

const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const CLEAR: u8 = 0x15;
const ERASE_WORD: u8 = 0x17;
const ESCAPE: u8 = 0x1b;
const DELETE: u8 = 0x7f;

/// What terminals take at most as well.
pub(super) const MOST: usize = 4096;

/// What a key did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    More,
    Done,
    Interrupt,
    End,
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
    text: Vec<u8>,
    sequence: Sequence,
}

impl Typed {
    pub(super) fn new() -> Self {
        // Growing would leave copies of a password behind.
        Self { text: Vec::with_capacity(MOST), ..Self::default() }
    }

    pub(super) fn into_text(self) -> Vec<u8> {
        self.text
    }

    pub(super) fn press(&mut self, byte: u8) -> Key {
        let sequence = std::mem::take(&mut self.sequence);
        if byte.is_ascii_control() {
            return self.control(byte);
        }
        let goes_on = match sequence {
            Sequence::None => {
                if self.text.len() < MOST {
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
            INTERRUPT => return Key::Interrupt,
            END if self.text.is_empty() => return Key::End,
            BACKSPACE | DELETE => self.erase(),
            CLEAR => self.text.clear(),
            ERASE_WORD => self.erase_word(),
            ESCAPE => self.sequence = Sequence::Began,
            _ => {}
        }
        Key::More
    }

    /// A character may have several bytes.
    fn erase(&mut self) {
        while self.text.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
    }

    fn erase_word(&mut self) {
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
        let table: [(&[u8], &[u8]); 9] = [
            (b"pass word\r", b"pass word"),
            (b"pax\x7f\x08ss\n", b"pss"),
            ("p\u{e4}\u{20ac}\x7f\x7f\x7f\x7fq\n".as_bytes(), b"q"),
            (b"wrong\x15right\n", b"right"),
            (b"two words \x17more\n", b"two more"),
            (b"one\x17\x17x\n", b"x"),
            (b"a\x1b[1;5Db\x1bOCc\x1bxd\n", b"abcd"),
            (b"a\x1b\n", b"a"),
            (b"a\x00\x01\x04\x1ab\n", b"ab"),
        ];
        for (keys, line) in table {
            let mut typed = Typed::new();
            let (last, before) = keys.split_last().unwrap();
            assert!(before.iter().all(|key| typed.press(*key) == Key::More), "{keys:?}");
            assert_eq!(typed.press(*last), Key::Done, "{keys:?}");
            assert_eq!(typed.into_text(), line, "{keys:?}");
        }
    }

    #[test]
    fn keys_that_end_do_so_everywhere() {
        for before in [&b""[..], b"half", b"\x1b", b"\x1b["] {
            let mut typed = Typed::new();
            assert!(before.iter().all(|key| typed.press(*key) == Key::More));
            assert_eq!(typed.press(INTERRUPT), Key::Interrupt, "{before:?}");
        }
        assert_eq!(Typed::new().press(END), Key::End);
    }

    #[test]
    fn nothing_grows_without_end() {
        let mut typed = Typed::new();
        assert!((0..2 * MOST).all(|_| typed.press(b'x') == Key::More));
        assert_eq!(typed.into_text().len(), MOST);
    }
}

//! How text is kept in a database that knows no NUL.
//!
//! PostgreSQL takes any character but U+0000, and Apple's texts may hold it. A text that does is kept, not refused: U+0000 is written
//! as U+0001 U+0001, and U+0001 as U+0001 U+0002. Byte by byte such texts sort as the ones that they stand for, and what begins a text
//! begins it still.

use std::borrow::Cow;

const ESCAPE: char = '\u{1}';

/// The text as it is kept.
pub(super) fn stored(text: &str) -> String {
    if !text.bytes().any(|byte| byte <= 1) {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '\0' => kept.extend([ESCAPE, '\u{1}']),
            ESCAPE => kept.extend([ESCAPE, '\u{2}']),
            other => kept.push(other),
        }
    }
    kept
}

/// The text that is kept so. What somebody else wrote there, with an escape that says nothing, stays as it is.
pub(super) fn original(kept: String) -> String {
    if !kept.contains(ESCAPE) {
        return kept;
    }
    let mut text = String::with_capacity(kept.len());
    let mut letters = kept.chars();
    while let Some(letter) = letters.next() {
        let read = match letter {
            ESCAPE => match letters.clone().next() {
                Some('\u{1}') => Some('\0'),
                Some('\u{2}') => Some(ESCAPE),
                _ => None,
            },
            _ => None,
        };
        if read.is_some() {
            letters.next();
        }
        text.push(read.unwrap_or(letter));
    }
    text
}

/// A text for a line about an error: without what a terminal would obey.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) { Cow::Owned(text.escape_debug().to_string()) } else { text.into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_come_back_and_sort_as_they_did(one in "[\u{0}-\u{3}ab]{0,6}", other in "[\u{0}-\u{3}ab]{0,6}") {
            let (kept, beside) = (stored(&one), stored(&other));
            prop_assert!(!kept.contains('\0'));
            prop_assert_eq!(original(kept.clone()), one.clone());
            prop_assert_eq!(one.as_bytes().cmp(other.as_bytes()), kept.as_bytes().cmp(beside.as_bytes()));
            prop_assert_eq!(one.starts_with(&other), kept.starts_with(&beside));
        }
    }

    #[test]
    fn what_others_wrote_is_read_as_it_is() {
        for text in ["", "a", "\u{1}", "a\u{1}b", "\u{1}\u{3}"] {
            assert_eq!(original(text.to_owned()), text);
        }
    }
}

//! Paths as keys. They are the same text, but for what `object_store` refuses: control characters.
//!
//! Those stand as their pictures (`ESC` as `␛`), and a picture or the quote that a name holds itself stands behind a quote (`‛`). It is how
//! rclone writes them, so that it shows the same names.

use object_store::path::Path;

use super::fault;
use crate::error::Result;
use crate::storage::StoragePath;

/// Stands before what is meant as it is.
const QUOTE: char = '‛';
/// The picture of the control character 0; the others follow it.
const PICTURES: u32 = 0x2400;
/// The picture of the last one, which does not follow.
const DELETE: (char, char) = ('\x7f', '␡');

pub(super) fn encode(path: &StoragePath) -> Result<Path> {
    let mut key = String::with_capacity(path.as_str().len());
    for letter in path.as_str().chars() {
        match picture(letter) {
            Some(picture) => key.push(picture),
            None if letter == QUOTE || pictured(letter).is_some() => key.extend([QUOTE, letter]),
            None => key.push(letter),
        }
    }
    Path::parse(&key).map_err(|error| fault(error.into(), path))
}

/// The path of a key, whoever wrote it: a quote that stands for nothing is a letter.
pub(super) fn decode(key: &Path) -> Result<StoragePath> {
    let mut path = String::with_capacity(key.as_ref().len());
    let mut letters = key.as_ref().chars().peekable();
    while let Some(letter) = letters.next() {
        let quoted = letters.next_if(|next| letter == QUOTE && (*next == QUOTE || pictured(*next).is_some()));
        path.push(quoted.or_else(|| pictured(letter)).unwrap_or(letter));
    }
    StoragePath::parse(&path)
}

fn picture(control: char) -> Option<char> {
    match control {
        '\x01'..='\x1f' => char::from_u32(PICTURES + u32::from(control)),
        _ => (control == DELETE.0).then_some(DELETE.1),
    }
}

fn pictured(picture: char) -> Option<char> {
    match picture {
        '\u{2401}'..='\u{241f}' => char::from_u32(u32::from(picture) - PICTURES),
        _ => (picture == DELETE.1).then_some(DELETE.0),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_are_keys_as_they_are_and_control_characters_are_pictures() {
        let key = |path: &str| encode(&StoragePath::parse(path).unwrap()).unwrap().to_string();
        for plain in ["2018/07/31/IMG 1%20 #ä.JPG", " a ", "..jpg", "a?b[c]{d}", "␀"] {
            assert_eq!(key(plain), plain);
        }
        assert_eq!(key("a\x1b[31m\n\x7f.txt"), "a␛[31m␊␡.txt");
        assert_eq!(key("a␛‛"), "a‛␛‛‛");
    }

    #[test]
    fn keys_of_other_programs_have_paths() {
        let path = |key: &str| decode(&Path::parse(key).unwrap()).unwrap().to_string();
        assert_eq!(path("‛a"), "‛a", "a quote that stands for nothing");
        assert_eq!(path("a‛"), "a‛");
        assert_eq!(path("␛"), "\x1b");
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in "([a/%.‛␛␡␀\u{1}\u{1b}\n\u{7f}]|\\PC){1,20}") {
            let path = StoragePath::parse(&name).unwrap_or_default();
            prop_assert_eq!(decode(&encode(&path).unwrap()).unwrap(), path);
        }
    }
}

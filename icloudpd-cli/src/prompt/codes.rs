//! Prompts for codes and devices, and what the answers mean, in icloudpd's words.

use icloud_photos::SecurityCode;
use icloud_photos::auth::Phone;

/// What was answered to the prompt for a code.
#[derive(Debug)]
pub(crate) enum Answer {
    Code(SecurityCode),
    /// Send a message to the phone of this index.
    Phone(usize),
    /// Neither; the text says why.
    Again(String),
}

/// As many phones can be chosen from as there are letters.
pub(crate) const MOST_PHONES: usize = 26;

/// A device of the old two-step verification, as it is listed.
pub(crate) fn device(phone: &Phone) -> String {
    phone.name().map_or_else(|| format!("SMS to {}", phone.number().replace('•', "*")), str::to_owned)
}

/// Reads the number of one of `devices` devices; nothing means the first. What is wrong with it, in icloudpd's words.
pub(crate) fn read_choice(line: &str, devices: usize) -> std::result::Result<usize, String> {
    let answer = line.trim();
    let number: i128 = match answer {
        "" => 0,
        text => text.parse().map_err(|_| format!("Invalid input: '{text}' is not a valid integer"))?,
    };
    let index = usize::try_from(number).ok().filter(|index| *index < devices);
    index
        .ok_or_else(|| format!("Invalid input: {number} is not in the range 0-{}", devices.saturating_sub(1)))
}

/// `(a)` or `(a..c)`, for so many phones; nothing for none.
fn letters(phones: usize) -> String {
    match phones {
        0 => String::new(),
        1 => "(a)".to_owned(),
        more => format!("(a..{})", letter(more.min(MOST_PHONES) - 1)),
    }
}

/// The letter of a phone in lists and answers.
pub(crate) fn letter(index: usize) -> char {
    char::from(b'a'.saturating_add(u8::try_from(index).unwrap_or(u8::MAX)))
}

/// The prompt for a code, with so many phones to choose from.
pub(crate) fn code_prompt(phones: usize) -> String {
    match phones {
        0 => "Please enter two-factor authentication code: ".to_owned(),
        more => format!(
            "Please enter two-factor authentication code or device index {} to send SMS with a code: ",
            letters(more)
        ),
    }
}

/// The prompt for a code that went to a phone.
pub(crate) const SENT_CODE: &str = "Please enter two-factor authentication code that you received over SMS: ";

/// Reads an answer to [`code_prompt`], in icloudpd's words when it makes no sense.
pub(crate) fn read_answer(line: &str, phones: usize) -> Answer {
    let answer = line.trim().to_lowercase();
    if let Ok(code) = answer.parse() {
        return Answer::Code(code);
    }
    if phones == 0 {
        return Answer::Again("Invalid code, should be six digits. Try again".to_owned());
    }
    if let Some(index) = (0..phones.min(MOST_PHONES)).find(|&index| answer == letter(index).to_string()) {
        return Answer::Phone(index);
    }
    Answer::Again(match answer.chars().count() {
        0 => "Empty string. Try again".to_owned(),
        1 => format!("Invalid index, should be {}. Try again", letters(phones)),
        6 => "Invalid code, should be six digits. Try again".to_owned(),
        _ => format!("Should be index {} or six-digit code. Try again", letters(phones)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_icloudpd_reads_them() {
        let table = [
            ("  012345 ", 3, "Code(SecurityCode(***))"),
            ("B", 3, "Phone(1)"),
            ("", 3, "Empty string. Try again"),
            ("d", 3, "Invalid index, should be (a..c). Try again"),
            ("b", 1, "Invalid index, should be (a). Try again"),
            ("12345x", 1, "Invalid code, should be six digits. Try again"),
            ("12", 2, "Should be index (a..b) or six-digit code. Try again"),
            ("a", 0, "Invalid code, should be six digits. Try again"),
            ("١٢٣٤٥٦", 0, "Invalid code, should be six digits. Try again"),
        ];
        for (line, phones, expected) in table {
            let answer = match read_answer(line, phones) {
                Answer::Again(why) => why,
                other => format!("{other:?}"),
            };
            assert_eq!(answer, expected, "{line:?}");
        }
    }

    #[test]
    fn prompts_name_the_phones() {
        assert_eq!(code_prompt(0), "Please enter two-factor authentication code: ");
        assert!(code_prompt(1).contains("device index (a) to send SMS"));
        assert!(code_prompt(26).contains("device index (a..z) to send SMS"));
        assert_eq!(code_prompt(27), code_prompt(26), "there are no more letters");
        assert!(matches!(read_answer("{", 27), Answer::Again(_)));
    }

    #[test]
    fn a_choice_of_devices_is_read_as_icloudpd_reads_it() {
        let table = [
            ("", Ok(0)),
            (" 2 ", Ok(2)),
            ("+1", Ok(1)),
            ("7", Err("Invalid input: 7 is not in the range 0-2")),
            ("-1", Err("Invalid input: -1 is not in the range 0-2")),
            ("x", Err("Invalid input: 'x' is not a valid integer")),
        ];
        for (line, expected) in table {
            assert_eq!(read_choice(line, 3), expected.map_err(str::to_owned), "{line:?}");
        }
    }
}

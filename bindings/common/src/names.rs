//! Words of other languages for variants of Rust's.

/// `SloMo` is `slo_mo`, and `InICloud` is `in_icloud`.
pub fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut before = None;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && before.is_some_and(|before: char| !before.is_ascii_uppercase()) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        before = Some(letter);
    }
    snake
}

/// The variant that a word names.
///
/// # Errors
///
/// It names none; the text says which there are.
pub fn named<T: std::fmt::Debug + Copy>(what: &str, word: &str, all: &[T]) -> Result<T, String> {
    let found = all.iter().find(|one| snake(&format!("{one:?}")) == word);
    found.copied().ok_or_else(|| {
        let words: Vec<String> = all.iter().map(|one| snake(&format!("{one:?}"))).collect();
        format!("no {what} is called {word:?}; there are: {}", words.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_people_write_them() {
        for (name, word) in [("SloMo", "slo_mo"), ("Id7", "id7"), ("NotAsInICloud", "not_as_in_icloud")] {
            assert_eq!(snake(name), word);
        }
    }
}

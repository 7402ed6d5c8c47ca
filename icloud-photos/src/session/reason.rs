//! Why Apple refused something, out of any of its error shapes.

use crate::error::Error;

/// Longer texts are cut.
const LONGEST: usize = 200;

/// What an error body says. Its text is Apple's, for people; programs act on the code.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reason {
    pub(crate) code: Option<String>,
    pub(crate) text: Option<String>,
    /// Seconds that the body, not the header, asks to wait.
    pub(crate) retry_after: Option<f64>,
    /// The body says itself that the request failed, whatever the HTTP status.
    pub(crate) refused: bool,
    /// Not an answer of the service but a page.
    pub(crate) html: bool,
}

impl Reason {
    pub(crate) fn says(&self, words: &str) -> bool {
        self.text.as_deref().is_some_and(|text| text.contains(words))
    }

    /// Adds code and text to an error.
    pub(crate) fn explain(&self, mut error: Error) -> Error {
        if let Some(code) = &self.code {
            error = error.with("code", code);
        }
        if let Some(text) = &self.text {
            error = error.with("apple", text);
        }
        error
    }

    pub(super) fn shortened(mut self) -> Self {
        let tidy = |text: String| -> Option<String> {
            let text: String =
                text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
            (!text.is_empty()).then_some(text)
        };
        self.code = self.code.and_then(tidy);
        self.text = self.text.and_then(tidy);
        self
    }
}

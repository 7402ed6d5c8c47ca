//! `bindings/api.txt`: what the rules do not find, row by row, each with its reason.

use anyhow::{Result, bail};

use super::language::Language;

/// `rust | python | node | reason`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// None for what only these languages have.
    pub(crate) rust: Option<String>,
    python: There,
    node: There,
    pub(crate) reason: String,
    /// Where it stands in the file.
    pub(crate) line: usize,
}

impl Row {
    /// What it says of a language.
    pub(crate) fn there(&self, language: Language) -> &There {
        match language {
            Language::Python => &self.python,
            Language::Node => &self.node,
        }
    }
}

/// What a language has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum There {
    /// What the rules say; the row is not about this language.
    ByRule,
    /// Nothing, for the row's reason.
    LeftOut,
    /// This instead; several where one thing became several.
    Names(Vec<String>),
}

pub(crate) fn read(text: &str) -> Result<Vec<Row>> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(at, line)| row(at, line))
        .collect()
}

fn row(line: usize, text: &str) -> Result<Row> {
    let cells: Vec<&str> = text.split('|').map(str::trim).collect();
    let &[rust, python, node, reason] = cells.as_slice() else {
        bail!("line {line} is not `rust | python | node | reason`: {text}");
    };
    if reason.is_empty() {
        bail!("line {line} has no reason: {text}");
    }
    let row = Row {
        rust: (rust != "-").then(|| rust.to_owned()),
        python: there(python),
        node: there(node),
        reason: reason.to_owned(),
        line,
    };
    let cells = [&row.python, &row.node];
    let says_nothing = cells.iter().all(|&cell| *cell == There::ByRule);
    // Whatever is not in Rust is there by its name, or not worth a word.
    let about_nothing = row.rust.is_none() && cells.contains(&&There::LeftOut);
    if rust.is_empty() || says_nothing || about_nothing {
        bail!("line {line} says nothing: {text}");
    }
    Ok(row)
}

fn there(cell: &str) -> There {
    match cell {
        "" => There::ByRule,
        "-" => There::LeftOut,
        names => There::Names(names.split(" + ").map(|name| name.trim().to_owned()).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read() {
        let rows =
            read("# head\n\nError | ICloudError | | as Python names it\na::B | - | - | why\n").unwrap();
        assert_eq!(rows[0].python, There::Names(vec!["ICloudError".to_owned()]));
        assert_eq!((rows[0].node.clone(), rows[0].line), (There::ByRule, 3));
        assert_eq!((rows[1].python.clone(), rows[1].rust.as_deref()), (There::LeftOut, Some("a::B")));
        let rows = read("- | Album.close | | as files do\na | b + c | | two").unwrap();
        assert_eq!(rows[0].rust, None);
        assert_eq!(rows[1].python, There::Names(vec!["b".to_owned(), "c".to_owned()]));
    }

    #[test]
    fn rows_without_a_reason_or_a_cell_are_refused() {
        let about_nothing = ["- | - | | reason", "- | a | - | reason", " | b | | reason"];
        for text in ["a | b | c", "a | b | | ", "a | | | reason"].into_iter().chain(about_nothing) {
            assert!(read(text).is_err(), "{text}");
        }
    }
}

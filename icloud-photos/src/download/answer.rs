//! What the content host's answer means (protocol notes 6.6.2).

use std::time::SystemTime;

use http::{HeaderMap, StatusCode, header};

use crate::error::{Error, ErrorKind, Result, Retry};
use crate::http::error_for_status;

/// An answer that carries bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// The bytes follow on from where we asked.
    Continues,
    /// The bytes are the file from its beginning.
    Whole,
    /// The bytes are all of something that is not as long as the file: so many bytes.
    Misfit(u64),
    /// There are no bytes where we asked; the part does not belong to this file.
    OutOfRange,
}

/// What is known of the file that is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Awaited {
    pub(super) size: Option<u64>,
    /// A checksum can say whether bytes are the file.
    pub(super) is_provable: bool,
}

/// Reads status and headers of an answer to a request for the bytes from `from` on.
///
/// # Errors
/// [`ErrorKind::LinkExpired`] when a fresh link helps, [`ErrorKind::Protocol`] for a status that nothing is known of and
/// that a fresh link may help against, otherwise what the status says.
pub(super) fn read(
    status: StatusCode,
    headers: &HeaderMap,
    from: u64,
    file: Awaited,
    now: SystemTime,
) -> Result<Answer> {
    let size = file.size;
    match status.as_u16() {
        200 | 206 if is_a_page(headers) && !is_as_long(status, headers, file) => Err(passing(
            ErrorKind::Network,
            "the content host answered with a page instead of the file",
            status,
        )),
        200 => match content_length(headers) {
            Some(length) if size.is_none_or(|size| size == length) => Ok(Answer::Whole),
            // Nothing is handed on of a text that may be anything.
            Some(_) | None if is_text(headers) => Err(passing(ErrorKind::Network, ODD_TEXT, status)),
            Some(length) => Ok(Answer::Misfit(length)),
            None => Ok(Answer::Whole),
        },
        206 if range_agrees(headers, from, size) => Ok(Answer::Continues),
        206 => Ok(Answer::OutOfRange),
        416 => Ok(Answer::OutOfRange),
        400 | 401 | 403 | 404 | 410 => {
            Err(passing(ErrorKind::LinkExpired, "the link is no longer valid", status))
        }
        _ => Err(error_for_status(status, headers, now).unwrap_or_else(|| {
            passing(ErrorKind::Protocol, "the content host gave an unknown answer", status)
        })),
    }
}

const ODD_TEXT: &str = "the content host answered with a text that is not known to be as long as the file";

fn passing(kind: ErrorKind, message: &'static str, status: StatusCode) -> Error {
    Error::new(kind, message).retrying(Retry::Later { after: None }).with("status", status.as_u16())
}

/// Whether it is, as a whole, exactly as long as a file whose bytes are judged by their checksum.
fn is_as_long(status: StatusCode, headers: &HeaderMap, file: Awaited) -> bool {
    file.is_provable && file.size.is_some() && total(status, headers) == file.size
}

/// Error pages of the edge come as 200 with HTML or JSON; files come as `application/octet-stream`.
pub(super) fn is_a_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    kind.starts_with("text/html") || kind.starts_with("application/json")
}

/// Apple's files are never sent as text; what comes so, and in another length, is an error of some machine on the way.
fn is_text(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/"))
}

/// `Content-Range: bytes FROM-LAST/SIZE` must name our first byte, and the size we expect if it names one.
fn range_agrees(headers: &HeaderMap, from: u64, size: Option<u64>) -> bool {
    content_range(headers).is_some_and(|(first, total)| {
        first == from && size.is_none_or(|size| total.is_none_or(|total| total == Some(size)))
    })
}

/// How long the whole file is, of which an answer brings all or the rest; `None` if the answer does not say.
pub(super) fn total(status: StatusCode, headers: &HeaderMap) -> Option<u64> {
    match status {
        StatusCode::PARTIAL_CONTENT => content_range(headers)?.1?,
        _ => content_length(headers),
    }
}

/// The first byte, and the size: `None` where the answer leaves it open, `Some(None)` where it is no number.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<Option<u64>>)> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (first, rest) = range.strip_prefix("bytes ")?.split_once('-')?;
    let total = rest.split_once('/').map_or("*", |(_, total)| total.trim());
    Some((first.trim().parse().ok()?, (total != "*").then(|| total.parse().ok())))
}

/// How many bytes the answer itself brings.
pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, header: Option<(&'static str, &str)>, from: u64) -> Result<Answer, ErrorKind> {
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, value.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        let file = Awaited { size: Some(100), is_provable: true };
        read(status, &headers, from, file, SystemTime::UNIX_EPOCH).map_err(|error| error.kind())
    }

    #[test]
    fn a_page_is_looked_into_if_it_is_as_long_as_a_file_that_a_checksum_proves() {
        for (length, size, is_provable, expected) in [
            ("100", Some(100), true, Ok(Answer::Whole)),
            ("100", Some(100), false, Err(ErrorKind::Network)),
            ("99", Some(100), true, Err(ErrorKind::Network)),
            ("100", None, true, Err(ErrorKind::Network)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", "text/html".parse().unwrap());
            headers.insert("content-length", length.parse().unwrap());
            let file = Awaited { size, is_provable };
            let answer = read(StatusCode::OK, &headers, 0, file, SystemTime::UNIX_EPOCH);
            assert_eq!(answer.map_err(|error| error.kind()), expected, "{length} {size:?} {is_provable}");
        }
    }

    #[test]
    fn every_answer_of_the_content_host() {
        let range = |value| Some(("content-range", value));
        let kind = |value| Some(("content-type", value));
        for (status, header, from, expected) in [
            (200, None, 0, Ok(Answer::Whole)),
            (200, None, 5, Ok(Answer::Whole)),
            (200, Some(("content-length", "100")), 0, Ok(Answer::Whole)),
            (200, Some(("content-length", "17")), 0, Ok(Answer::Misfit(17))),
            (200, Some(("content-length", "170")), 5, Ok(Answer::Misfit(170))),
            (206, range("bytes 5-99/100"), 5, Ok(Answer::Continues)),
            (206, range("bytes 5-99/*"), 5, Ok(Answer::Continues)),
            (206, range("bytes 6-99/100"), 5, Ok(Answer::OutOfRange)),
            (206, range("bytes 5-199/200"), 5, Ok(Answer::OutOfRange)),
            (206, range("bytes 5-199/many"), 5, Ok(Answer::OutOfRange)),
            (206, None, 5, Ok(Answer::OutOfRange)),
            (416, None, 100, Ok(Answer::OutOfRange)),
            (200, kind("text/html;charset=utf-8"), 0, Err(ErrorKind::Network)),
            (200, kind("text/plain"), 0, Err(ErrorKind::Network)),
            (400, kind("application/json"), 0, Err(ErrorKind::LinkExpired)),
            (401, None, 0, Err(ErrorKind::LinkExpired)),
            (403, None, 0, Err(ErrorKind::LinkExpired)),
            (404, None, 0, Err(ErrorKind::LinkExpired)),
            (410, None, 0, Err(ErrorKind::LinkExpired)),
            (429, None, 0, Err(ErrorKind::RateLimited)),
            (503, None, 0, Err(ErrorKind::RateLimited)),
            (500, None, 0, Err(ErrorKind::Network)),
            (302, None, 0, Err(ErrorKind::Protocol)),
            (204, None, 0, Err(ErrorKind::Protocol)),
            (421, None, 0, Err(ErrorKind::Protocol)),
        ] {
            assert_eq!(answer(status, header, from), expected, "{status} {header:?}");
        }
    }
}

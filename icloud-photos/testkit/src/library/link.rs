//! Links to content. A link says by itself which bytes it stands for, so the content host keeps no table.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::blob::{Blob, Checksum};
use super::format::Format;
use super::random::{bytes, hash, hash_bytes};

/// What all links of one answer have in common.
pub(super) struct Links<'a> {
    /// Beginning of every link, without a slash at the end.
    pub(super) base_url: &'a str,
    /// Signs the links.
    pub(super) secret: u64,
    /// `X-Apple-Request-UUID` of the answer.
    pub(super) request: &'a str,
    /// When the links expire, in seconds since 1970.
    pub(super) expires: i64,
    pub(super) zone: &'a str,
}

/// Real links have a signature of this length; ours says in its first bytes what it leads to.
const SIGNATURE: usize = 140;

impl Links<'_> {
    /// Writes the value of an `ASSETID`: checksum, length and link.
    pub(super) fn push_asset(&self, out: &mut String, blob: &Blob, checksum: &Checksum, with_link: bool) {
        let key = hash(&[self.secret, hash_bytes(checksum)]);
        let wrapping: [u8; 16] = bytes(key);
        let mut reference: Checksum = bytes(key ^ 1);
        reference[0] = 1;
        let _ = write!(out, "{{\"fileChecksum\":");
        super::json::push_base64(out, checksum);
        let _ = write!(out, ",\"size\":{},\"wrappingKey\":", blob.size);
        super::json::push_base64(out, &wrapping);
        out.push_str(",\"referenceChecksum\":");
        super::json::push_base64(out, &reference);
        if with_link {
            out.push_str(",\"downloadURL\":\"");
            self.push_link(out, blob, checksum, &reference, &wrapping);
            out.push('"');
        }
        out.push('}');
    }

    /// A link to a file alone.
    pub(super) fn link(&self, blob: &Blob, checksum: &Checksum) -> String {
        let mut out = String::new();
        self.push_link(&mut out, blob, checksum, checksum, &[0; 16]);
        out
    }

    fn push_link(
        &self,
        out: &mut String,
        blob: &Blob,
        checksum: &Checksum,
        reference: &Checksum,
        key: &[u8],
    ) {
        let code = &URL_SAFE_NO_PAD;
        let mut signature: [u8; SIGNATURE] = [0x5a; SIGNATURE];
        signature[0] = Format::ALL.iter().position(|format| *format == blob.format).unwrap_or(0) as u8;
        signature[1..9].copy_from_slice(&blob.size.to_be_bytes());
        signature[9..17].copy_from_slice(&blob.key.to_be_bytes());
        out.push_str(self.base_url);
        out.push_str("/B/");
        code.encode_string(checksum, out);
        code.encode_string(reference, out);
        out.push_str("/${f}?o=A");
        code.encode_string(bytes::<32>(blob.key), out);
        out.push_str("&v=1&x=3&a=");
        code.encode_string(signature, out);
        let _ = write!(out, "&e={}&fl=&r={}-1&k=", self.expires, self.request);
        code.encode_string(key, out);
        out.push_str("&ckc=com.apple.photos.cloud&ckz=");
        out.push_str(self.zone);
        out.push_str("&y=1&p=54&s=");
        code.encode_string(seal(self.secret, &signature, self.expires, checksum), out);
    }
}

/// What a link asks for.
pub(super) struct Wanted {
    pub(super) blob: Blob,
    /// When the link expires, in seconds since 1970.
    pub(super) expires: i64,
    /// The request the link was part of the answer to.
    pub(super) request: String,
    /// The file name in the path, as sent.
    pub(super) file_name: String,
}

/// Reads a link again; `None` when it is not one of ours, unchanged.
pub(super) fn read(secret: u64, path: &str, query: &str) -> Option<Wanted> {
    let code = &URL_SAFE_NO_PAD;
    let (sums, file_name) = path.strip_prefix("/B/")?.split_once('/')?;
    let value =
        |name: &str| query.split('&').filter_map(|pair| pair.split_once('=')).find(|(n, _)| *n == name);
    let signature = code.decode(value("a")?.1).ok()?;
    let expires = value("e")?.1.parse().ok()?;
    let checksum = code.decode(sums.get(..28)?).ok()?;
    let sealed = seal(secret, &signature, expires, &checksum);
    if signature.len() != SIGNATURE || code.decode(value("s")?.1).ok()? != sealed {
        return None;
    }
    let word = |at: usize| signature[at..at + 8].iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let format = *Format::ALL.get(usize::from(signature[0]))?;
    Some(Wanted {
        blob: Blob { format, size: word(1), key: word(9) },
        expires,
        request: value("r")?.1.trim_end_matches("-1").to_owned(),
        file_name: file_name.to_owned(),
    })
}

fn seal(secret: u64, signature: &[u8], expires: i64, checksum: &[u8]) -> [u8; 20] {
    bytes(hash(&[
        secret,
        hash_bytes(&signature[..signature.len().min(17)]),
        expires as u64,
        hash_bytes(checksum),
    ]))
}

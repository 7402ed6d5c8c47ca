//! Whether a file ends as files of its kind do: what was cut does not, what a person made smaller does.
//!
//! Nothing is proven by it. It tells a photo that somebody compressed or cropped from what a broken connection left, where icloudpd goes
//! by the name alone.

use futures::StreamExt;

use crate::error::Result;
use crate::storage::{ObjectMeta, Storage, StoragePath};

/// No file has so many parts; one that claims to is not worth the reading.
const MOST_PARTS: usize = 4096;

const PNG_BEGINS: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
const PNG_ENDS: [u8; 12] = *b"\0\0\0\0IEND\xaeB`\x82";

/// Of JPEG, PNG, HEIC, AVIF and QuickTime it can be told; other kinds are never called whole.
pub(super) async fn is_whole(storage: &dyn Storage, file: &ObjectMeta) -> Result<bool> {
    let file = File { storage, path: &file.path, length: file.size };
    let begin = file.piece(0, 12).await?;
    match begin.as_slice() {
        [0xff, 0xd8, 0xff, ..] => file.is_whole_jpeg().await,
        begin if begin.starts_with(&PNG_BEGINS) => Ok(file.end(12).await? == PNG_ENDS),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => file.is_whole_boxes().await,
        _ => Ok(false),
    }
}

struct File<'a> {
    storage: &'a dyn Storage,
    path: &'a StoragePath,
    length: u64,
}

impl File<'_> {
    /// Bytes from a place on; fewer where the file ends before.
    async fn piece(&self, from: u64, length: usize) -> Result<Vec<u8>> {
        let mut piece = Vec::with_capacity(length);
        if from >= self.length {
            return Ok(piece);
        }
        let mut bytes = self.storage.read(self.path, from).await?;
        while piece.len() < length
            && let Some(chunk) = bytes.next().await.transpose()?
        {
            piece.extend_from_slice(&chunk[..chunk.len().min(length - piece.len())]);
        }
        Ok(piece)
    }

    async fn end(&self, length: usize) -> Result<Vec<u8>> {
        self.piece(self.length.saturating_sub(length as u64), length).await
    }

    /// The segments lead to the picture, and behind it stands the mark of the end. A preview in a segment has that mark too, so the
    /// segments are passed by their lengths.
    async fn is_whole_jpeg(&self) -> Result<bool> {
        let mut at = 2;
        for _ in 0..MOST_PARTS {
            let segment = self.piece(at, 4).await?;
            match segment.as_slice() {
                [0xff, 0xda, ..] => return Ok(self.end(2).await? == [0xff, 0xd9]),
                [0xff, 0xff, ..] => at += 1,
                [0xff, _, high, low] => at += 2 + u64::from(u16::from_be_bytes([*high, *low])),
                _ => return Ok(false),
            }
        }
        Ok(false)
    }

    /// The boxes fill the file, and what describes it and what it holds are among them.
    async fn is_whole_boxes(&self) -> Result<bool> {
        let (mut at, mut described, mut holds) = (0_u64, false, false);
        for _ in 0..MOST_PARTS {
            let head = self.piece(at, 16).await?;
            let (Some(size), Some(kind)) = (head.first_chunk::<4>(), head.get(4..8)) else {
                return Ok(false);
            };
            let size = match u32::from_be_bytes(*size) {
                1 => head
                    .get(8..16)
                    .and_then(|size| size.first_chunk::<8>())
                    .map_or(0, |size| u64::from_be_bytes(*size)),
                size => u64::from(size),
            };
            described |= matches!(kind, b"moov" | b"meta");
            holds |= kind == b"mdat";
            match at.checked_add(size) {
                Some(next) if size >= 8 && next < self.length => at = next,
                Some(next) => return Ok(size >= 8 && next == self.length && described && holds),
                None => return Ok(false),
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{MemoryStorage, WriteOptions};
    use bytes::Bytes;

    async fn whole(bytes: &[u8]) -> bool {
        let storage = MemoryStorage::new();
        let path = StoragePath::parse("a").unwrap();
        let mut writer = storage.write(&path, WriteOptions::default()).await.unwrap();
        writer.write(Bytes::copy_from_slice(bytes)).await.unwrap();
        let meta = writer.commit().await.unwrap();
        is_whole(&storage, &meta).await.unwrap()
    }

    fn boxed(kind: &[u8], content: &[u8]) -> Vec<u8> {
        [&(8 + content.len() as u32).to_be_bytes()[..], kind, content].concat()
    }

    /// One of each kind, with a preview in the JPEG that ends as a JPEG does.
    fn samples() -> Vec<Vec<u8>> {
        let jpeg = b"\xff\xd8\xff\xe1\x00\x08\xff\xd8\xff\xd9xx\xff\xff\xdb\x00\x03x\xff\xda\x00\x03x\x12\x34\xff\xd9";
        let png = [&PNG_BEGINS[..], b"\0\0\0\x01IDATx....", &PNG_ENDS].concat();
        let heic = [boxed(b"ftyp", b"heic"), boxed(b"meta", b"1234"), boxed(b"mdat", b"123456")].concat();
        let long = [&b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x12"[..], b"12"].concat();
        let film = [boxed(b"ftyp", b"qt  "), long, boxed(b"moov", b"x")].concat();
        vec![jpeg.to_vec(), png, heic, film]
    }

    #[tokio::test]
    async fn what_ends_as_its_kind_does_is_whole_and_nothing_that_was_cut_is() {
        for sample in samples() {
            assert!(whole(&sample).await, "{sample:?}");
            for length in 0..sample.len() {
                assert!(!whole(&sample[..length]).await, "{length} of {sample:?}");
            }
            let mut zeros = sample.clone();
            let half = zeros.len() / 2;
            zeros[half..].fill(0);
            assert!(!whole(&zeros).await, "the rest was never written");
        }
    }

    #[tokio::test]
    async fn of_other_kinds_it_cannot_be_told() {
        for bytes in [&b""[..], b"GIF89a;", b"text\n", &[0; 40]] {
            assert!(!whole(bytes).await);
        }
    }
}

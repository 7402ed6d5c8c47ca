//! Reading files in pieces.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt, try_unfold};

use super::{blocking, fault};
use crate::error::Result;

/// How much is read at once.
const PIECE: u64 = 256 * 1024;

/// The bytes of a file within `range`, as far as there are any.
pub(super) async fn stream(path: PathBuf, range: Range<u64>) -> Result<BoxStream<'static, Result<Bytes>>> {
    let path: Arc<PathBuf> = Arc::new(path);
    let name = Arc::clone(&path);
    let file =
        blocking(move || open(&name, range.start).map_err(|error| fault(error, name.display()))).await?;
    let start = (file, range.end.saturating_sub(range.start));
    Ok(try_unfold(start, move |(mut file, left)| {
        let path = Arc::clone(&path);
        blocking(move || {
            let mut piece = Vec::new();
            if left > 0 {
                piece = read_piece(&mut file, left).map_err(|error| fault(error, path.display()))?;
            }
            let rest = left.saturating_sub(piece.len() as u64);
            Ok((!piece.is_empty()).then(|| (Bytes::from(piece), (file, rest))))
        })
    })
    .boxed())
}

fn open(path: &PathBuf, from: u64) -> io::Result<File> {
    // Opening a pipe would wait for somebody to write to it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut file = File::open(path)?;
    let meta = file.metadata()?;
    file.seek(SeekFrom::Start(from.min(meta.len())))?;
    Ok(file)
}

fn read_piece(file: &mut File, left: u64) -> io::Result<Vec<u8>> {
    let limit = left.min(PIECE);
    let mut piece = Vec::with_capacity(usize::try_from(limit).unwrap_or_default());
    file.by_ref().take(limit).read_to_end(&mut piece)?;
    Ok(piece)
}

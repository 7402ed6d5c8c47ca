//! Sidecars, as other languages ask for them.

use icloud_photos::metadata::xmp::{Existing, Foreign, Sidecar};
use icloud_photos::{Asset, Error, ErrorKind, Result};

/// The packet of a sidecar, or what takes the place of `existing`: `None` if that says it already.
///
/// # Errors
///
/// [`ErrorKind::Conflict`] if `existing` must be left alone.
pub fn sidecar(
    asset: &Asset,
    albums: Option<&[Vec<String>]>,
    rendering: bool,
    existing: Option<Vec<u8>>,
) -> Result<Option<Vec<u8>>> {
    let mut sidecar = Sidecar::of(asset);
    if let Some(albums) = albums {
        sidecar = sidecar.in_albums(albums);
    }
    if rendering {
        sidecar = sidecar.of_rendering();
    }
    match existing.map(Existing::read) {
        None | Some(Ok(None)) => Ok(Some(sidecar.packet())),
        Some(Ok(Some(existing))) => Ok(sidecar.update(&existing)),
        Some(Err(foreign)) => Err(left_alone(&foreign)),
    }
}

fn left_alone(foreign: &Foreign) -> Error {
    let why = match foreign {
        Foreign::Author { toolkit } => {
            format!("another program wrote it ({})", toolkit.as_deref().unwrap_or("it does not say which"))
        }
        Foreign::Unreadable { reason } => format!("it cannot be read: {reason}"),
        other => format!("{other:?}"),
    };
    Error::new(ErrorKind::Conflict, "this sidecar must be left alone").with("why", why)
}

//! The files of an asset.

use std::fmt;
use std::time::SystemTime;

use super::{Checksum, Scheme};
use crate::error::{Error, ErrorKind, Result};
use crate::redact::SafeUrl;

/// What a file of an asset is for. One role per resource family of protocol notes 6.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// The untouched original (`resOriginal`).
    Original,
    /// The other original of a RAW+JPEG pair (`resOriginalAlt`).
    Alternative,
    /// The movie of a Live Photo (`resOriginalVidCompl`).
    LiveMovie,
    /// The current edit of a photo, full size (`resJPEGFull`).
    Edited,
    /// The current edit of a video, full size (`resVidFull`).
    EditedVideo,
    /// A large JPEG derivative; rare (`resJPEGLarge`).
    Large,
    /// A JPEG derivative of about 2048 pixels (`resJPEGMed`).
    Medium,
    /// A JPEG derivative of about 480 pixels (`resJPEGThumb`).
    Thumb,
    /// A 720p transcode of a video or of the Live Photo movie (`resVidMed`).
    VideoMedium,
    /// A 360p transcode (`resVidSmall`).
    VideoSmall,
    /// An HDR transcode (`resVidHDRMed`).
    VideoHdr,
    /// A sidecar that belongs to the original, such as AAE (`resSidecar`).
    Sidecar,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 12] = [
        Self::Original,
        Self::Alternative,
        Self::LiveMovie,
        Self::Edited,
        Self::EditedVideo,
        Self::Large,
        Self::Medium,
        Self::Thumb,
        Self::VideoMedium,
        Self::VideoSmall,
        Self::VideoHdr,
        Self::Sidecar,
    ];
}

/// The name of a role in errors and catalogues. Names never change; a new one needs a new version of the tables of catalogues.
pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Original => "original",
        Role::Alternative => "alternative",
        Role::LiveMovie => "live_movie",
        Role::Edited => "edited",
        Role::EditedVideo => "edited_video",
        Role::Large => "large",
        Role::Medium => "medium",
        Role::Thumb => "thumb",
        Role::VideoMedium => "video_medium",
        Role::VideoSmall => "video_small",
        Role::VideoHdr => "video_hdr",
        Role::Sidecar => "sidecar",
    }
}

/// Which record of an asset holds a resource; a fresh link is had by looking that record up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Holder {
    /// The `CPLMaster`.
    Master,
    /// The `CPLAsset`: edits and what is derived from them.
    Asset,
}

/// One file of an asset, as far as Apple describes it; see [`Resource::is_offered`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Resource {
    /// What it is for.
    pub role: Role,
    /// The record that holds it.
    pub holder: Holder,
    /// Uniform type identifier such as `public.heic`, if given.
    pub media_type: Option<String>,
    /// Length in bytes, if given.
    pub size: Option<u64>,
    /// Apple's checksum, if given and well-formed.
    pub checksum: Option<Checksum>,
    /// Pixels, as stored (before rotation).
    pub width: Option<u32>,
    /// Pixels, as stored (before rotation).
    pub height: Option<u32>,
    /// The link that came with the listing. It lives about an hour and is never stored.
    pub(crate) link: Option<Link>,
}

impl Resource {
    /// True if there is something to download: a link and a length. Records with a mere description exist.
    pub fn is_offered(&self) -> bool {
        self.link.is_some() && self.size.is_some()
    }

    /// True if Apple states a checksum that can be computed here.
    pub fn is_provable(&self) -> bool {
        self.checksum.is_some_and(|checksum| checksum.scheme() == Scheme::SaltedSha1)
    }
}

/// A signed download link as Apple gave it. Most links of a listing are never used, so that it is read when it is.
#[derive(Clone)]
pub(crate) struct Link(Box<str>);

impl Link {
    /// `None` for what is no URL at the first look.
    pub(crate) fn new(text: &str) -> Option<Self> {
        (text.starts_with("https://") || text.starts_with("http://")).then(|| Self(text.into()))
    }

    /// Where the file is (protocol notes 6.6.1).
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] if it is no URL.
    pub(crate) fn url(&self) -> Result<SafeUrl> {
        let url = url::Url::parse(&self.0)
            .map_err(|error| Error::new(ErrorKind::Protocol, "the link is no URL").caused_by(error))?;
        Ok(SafeUrl::from(url))
    }

    /// A link with less than a minute to live is not worth trying.
    pub(crate) fn is_fresh(&self, now: SystemTime) -> bool {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.expires().is_none_or(|end| end > now.saturating_add(60))
    }

    /// Seconds since 1970, if the link says so.
    pub(super) fn expires(&self) -> Option<u64> {
        let (_, query) = self.0.split_once('?')?;
        query.split('&').filter_map(|pair| pair.strip_prefix("e=")).find_map(|seconds| seconds.parse().ok())
    }
}

/// The signature stays hidden.
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.0.split('?').next().unwrap_or_default();
        f.debug_struct("Link").field("place", &place).field("expires", &self.expires()).finish()
    }
}

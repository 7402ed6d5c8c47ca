//! Where files go, and the words for options of a copy.

use icloud_photos::metadata::exif::Format;
use icloud_photos::sync::layout::{
    ItemKind, LiveNaming, LiveSize, NamePolicy, Placement, RawAlign, Size, WantedFile,
};
use icloud_photos::sync::{Disposal, Missing, ViewAs};

use crate::value::{ToValue, Value, as_member, as_model, model};

as_member!(ItemKind => "ItemKind", Size => "Size");
as_model!(WantedFile => "WantedFile" { role, label, is_live, name, legacy_name });

impl ToValue for Placement {
    fn to_value(self) -> Value {
        let problems: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        model!(
            "Placement",
            created = self.created.to_string(),
            folder = self.folder,
            name = self.name,
            kind = self.kind,
            files = self.files,
            problems = problems,
        )
    }
}

/// Every variant, for [`crate::named`].
pub const DISPOSALS: [Disposal; 2] = [Disposal::Trash, Disposal::Remove];
pub const FORMATS: [Format; 5] = [Format::Jpeg, Format::Png, Format::Heic, Format::Avif, Format::Webp];
pub const LIVE_NAMINGS: [LiveNaming; 2] = [LiveNaming::Suffix, LiveNaming::Original];
pub const LIVE_SIZES: [LiveSize; 3] = [LiveSize::Original, LiveSize::Medium, LiveSize::Thumb];
pub const MISSING: [Missing; 2] = [Missing::Restore, Missing::Respect];
pub const NAME_POLICIES: [NamePolicy; 2] = [NamePolicy::SizeDedup, NamePolicy::Id7];
pub const RAW_ALIGNS: [RawAlign; 3] = [RawAlign::AsIs, RawAlign::Original, RawAlign::Alternative];
pub const SIZES: [Size; 5] = [Size::Original, Size::Adjusted, Size::Alternative, Size::Medium, Size::Thumb];
pub const VIEW_SHAPES: [ViewAs; 6] =
    [ViewAs::Best, ViewAs::HardLink, ViewAs::Reflink, ViewAs::SymbolicLink, ViewAs::Copy, ViewAs::Manifest];

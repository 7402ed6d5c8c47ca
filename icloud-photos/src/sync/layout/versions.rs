//! Which versions of an asset are wanted, and their names.

use super::names::{self, BaseNames};
use super::{Asset, ItemKind, LayoutOptions, LayoutProblem, LiveSize, RawAlign, Role, Size, WantedFile};

/// One version on offer.
#[derive(Debug, Clone, Copy)]
struct Version<'a> {
    role: Role,
    media_type: Option<&'a str>,
}

/// A version for each size, if there is one.
type Table<'a> = [Option<Version<'a>>; 5];

/// Chooses versions for one asset.
pub(super) struct Chooser<'a> {
    pub(super) options: &'a LayoutOptions,
    pub(super) asset: &'a Asset,
    pub(super) kind: ItemKind,
    pub(super) names: &'a BaseNames,
}

impl<'a> Chooser<'a> {
    /// The files to keep, in the order of the sizes asked for, the film of a Live Photo last.
    pub(super) fn choose(&self, problems: &mut Vec<LayoutProblem>) -> Vec<WantedFile> {
        let table = self.table();
        let available = self.available(&table);
        let clashes = Size::ALL.map(|size| self.clash_name(size, &table, &available));
        let mut files = Vec::new();
        for &wanted in &self.options.sizes {
            let Some(size) = self.settle(wanted, &available, problems) else { continue };
            match available[size as usize] {
                Some(version) => files.push(self.file(size, version, clashes[size as usize].as_deref())),
                None => problems.push(LayoutProblem::OriginalMissing { name: self.names.styled.clone() }),
            }
        }
        files.extend(self.live_movie());
        files
    }

    /// The size that stands in for the one asked for, if any.
    fn settle(&self, size: Size, available: &Table<'_>, problems: &mut Vec<LayoutProblem>) -> Option<Size> {
        if available[size as usize].is_some() || size == Size::Original {
            return Some(size);
        }
        if self.options.force_size {
            problems.push(LayoutProblem::SizeMissing { size, name: self.names.styled.clone() });
            return None;
        }
        (!self.wants(Size::Original)).then_some(Size::Original)
    }

    fn table(&self) -> Table<'a> {
        let mut table = Size::ALL.map(|size| self.version(role(size, self.kind)?));
        let is_raw = |size: Size| {
            table[size as usize]
                .and_then(|version| version.media_type)
                .is_some_and(|kind| kind.contains("raw"))
        };
        let swap = match self.options.align_raw {
            RawAlign::AsIs => false,
            RawAlign::Original => is_raw(Size::Alternative),
            RawAlign::Alternative => is_raw(Size::Original),
        };
        if swap && table[Size::Alternative as usize].is_some() {
            table.swap(Size::Original as usize, Size::Alternative as usize);
        }
        table
    }

    fn version(&self, role: Role) -> Option<Version<'a>> {
        let resource = self.asset.resource(role).filter(|resource| resource.is_offered())?;
        Some(Version { role, media_type: resource.media_type.as_deref() })
    }

    /// What was asked for and exists. When the original was not asked for it takes the place of what is missing.
    fn available(&self, table: &Table<'a>) -> Table<'a> {
        let mut available = Size::ALL.map(|size| table[size as usize].filter(|_| self.wants(size)));
        if self.wants(Size::Original) {
            return available;
        }
        let original = table[Size::Original as usize];
        for size in Size::ALL.into_iter().filter(|size| self.wants(*size)) {
            if available[size as usize].is_none() {
                let stand_in = match size {
                    Size::Adjusted | Size::Alternative => size,
                    _ => Size::Original,
                };
                available[stand_in as usize] = original;
            }
        }
        available
    }

    fn file(&self, size: Size, version: Version<'_>, clash_name: Option<&str>) -> WantedFile {
        let name = match (size, clash_name) {
            (_, Some(name)) => name.to_owned(),
            (Size::Medium | Size::Thumb, None) => {
                names::add_suffix(&self.name(&self.names.styled, version), &format!("-{}", size.as_str()))
            }
            _ => self.name(&self.names.styled, version),
        };
        let legacy_name = (size == Size::Original).then(|| names::add_suffix(&name, "-original"));
        WantedFile { role: version.role, label: size.as_str(), is_live: false, name, legacy_name }
    }

    /// The name of an edit or alternative that would be called as another wanted file of the asset: made of the raw
    /// name, as every folder that icloudpd filled has it. An original in the place of either keeps its own name.
    fn clash_name(&self, size: Size, table: &Table<'_>, available: &Table<'_>) -> Option<String> {
        let rivals: &[Size] = match size {
            Size::Adjusted => &[Size::Original],
            Size::Alternative => &[Size::Adjusted, Size::Original],
            _ => return None,
        };
        let raw_name = |version: Version<'_>| self.name(&self.names.raw, version);
        let name = raw_name(table[size as usize].filter(|_| self.wants(size))?);
        let mut others =
            rivals.iter().filter(|rival| self.wants(**rival)).filter_map(|rival| available[*rival as usize]);
        let clashes = others.any(|other| raw_name(other) == name);
        clashes.then(|| names::add_suffix(&name, &format!("-{}", size.as_str())))
    }

    fn live_movie(&self) -> Option<WantedFile> {
        let size = self.options.live_photos.filter(|_| self.kind != ItemKind::Movie)?;
        let (role, label, suffix) = match size {
            LiveSize::Original => (Role::LiveMovie, "original", ""),
            LiveSize::Medium => (Role::VideoMedium, "medium", "-medium"),
            LiveSize::Thumb => (Role::VideoSmall, "small", "-thumb"),
        };
        let name = names::add_suffix(&self.name(&self.names.styled, self.version(role)?), suffix);
        Some(WantedFile { role, label, is_live: true, name, legacy_name: None })
    }

    fn name(&self, base: &str, version: Version<'_>) -> String {
        let is_movie = self.kind == ItemKind::Movie;
        names::of_version(base, version.media_type, is_movie, self.options.live_naming)
    }

    fn wants(&self, size: Size) -> bool {
        self.options.sizes.contains(&size)
    }
}

/// The resource behind a size. Videos have no edits here and their small versions are films.
fn role(size: Size, kind: ItemKind) -> Option<Role> {
    Some(match (size, kind) {
        (Size::Original, _) => Role::Original,
        (Size::Medium, ItemKind::Movie) => Role::VideoMedium,
        (Size::Thumb, ItemKind::Movie) => Role::VideoSmall,
        (_, ItemKind::Movie) => return None,
        (Size::Adjusted, _) => Role::Edited,
        (Size::Alternative, _) => Role::Alternative,
        (Size::Medium, _) => Role::Medium,
        (Size::Thumb, _) => Role::Thumb,
    })
}

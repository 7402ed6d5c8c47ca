//! Where files of an asset go. PROVISIONAL: default options only.
use super::plan::Action;
use crate::asset::{Asset, Filename, Role};
use crate::error::Result;
use std::time::{Duration, SystemTime};

/// Options.
#[derive(Debug, Clone, Default)]
pub struct LayoutOptions {}
/// Layout.
#[derive(Debug)]
pub struct Layout {}
/// Kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// i
    Image,
    /// m
    Movie,
}
/// Placement.
#[derive(Debug)]
pub struct Placement {
    /// f
    pub folder: String,
    /// f
    pub files: Vec<WantedFile>,
    /// m
    pub modified: Option<SystemTime>,
    /// p
    pub problems: Vec<LayoutProblem>,
}
/// Problem
#[derive(Debug)]
pub struct LayoutProblem {}
impl LayoutProblem {
    pub(crate) fn into_action(self, asset: &Asset) -> Action {
        Action::Done { asset: asset.clone() }
    }
}
/// File
#[derive(Debug)]
pub struct WantedFile {
    /// r
    pub role: Role,
    /// n
    pub name: String,
    /// l
    pub legacy_name: Option<String>,
}
impl Layout {
    /// n
    pub fn new(_: LayoutOptions) -> Result<Self> {
        Ok(Self {})
    }
    /// k
    pub fn item_kind(&self, _: &Asset) -> Option<ItemKind> {
        None
    }
    /// c
    pub fn compares_sizes(&self) -> bool {
        true
    }
    /// r
    pub fn roles(&self) -> Vec<Role> {
        vec![Role::Original, Role::LiveMovie]
    }
    /// p
    pub fn place(&self, asset: &Asset) -> Placement {
        let ms = asset.created_ms().unwrap_or(0);
        let secs = ms.div_euclid(1000);
        let at = time::OffsetDateTime::from_unix_timestamp(secs).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        let name = match asset.filename() {
            Filename::Known(name) => name.clone(),
            _ => "x.JPG".into(),
        };
        let mut files = vec![WantedFile { role: Role::Original, name: name.clone(), legacy_name: None }];
        if asset.resource(Role::LiveMovie).is_some() {
            files.push(WantedFile { role: Role::LiveMovie, name: format!("{name}.MOV"), legacy_name: None });
        }
        Placement {
            folder: format!("{}/{:02}/{:02}", at.year(), at.month() as u8, at.day()),
            files,
            modified: Some(if secs >= 0 {
                SystemTime::UNIX_EPOCH + Duration::from_secs(secs as u64)
            } else {
                SystemTime::UNIX_EPOCH - Duration::from_secs(secs.unsigned_abs())
            }),
            problems: vec![],
        }
    }
}

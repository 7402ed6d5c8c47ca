//! `testdata/names.json`: what the real icloudpd 1.32.3 asked for, asset by asset.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Case {
    master: String,
    filename: Option<Encoded>,
    item: Option<String>,
    versions: BTreeMap<String, (String, bool)>,
    date: Option<i64>,
    options: Options,
    want: Want,
}

#[derive(Deserialize)]
struct Encoded {
    value: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Options {
    sizes: Vec<String>,
    live: String,
    unicode: bool,
    policy: String,
    mov: String,
    raw: String,
    force: bool,
    folder: String,
    zone: String,
}

#[derive(Deserialize)]
struct Want {
    base: String,
    kind: Option<String>,
    /// Path, version, size, whether a Live Photo's film.
    asked: Vec<(String, String, String, bool)>,
    legacy: Vec<String>,
    #[serde(default)]
    errors: Vec<String>,
}

#[test]
fn files_are_called_as_icloudpd_calls_them() {
    // A larger table than the one kept here may be given; see generate.py.
    let text = std::env::var("ICLOUDPD_NAMES").map(|path| std::fs::read_to_string(path).unwrap());
    let text = text.unwrap_or_else(|_| include_str!("../testdata/names.json").to_owned());
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    assert!(cases.len() >= 1000);
    let mut compared = 0;
    for case in &cases {
        let layout = Layout::new(case.options.ours()).unwrap();
        let asset = case.asset();
        let placement = layout.place(&asset);
        assert_eq!(placement.kind, layout.item_kind(&asset));
        if case
            .want
            .asked
            .iter()
            .any(|(path, ..)| ["", ".", ".."].contains(&path.rsplit('/').next().unwrap()))
        {
            // There icloudpd cannot write anything.
            assert!(matches!(placement.problems[..], [.., LayoutProblem::UnusableName { .. }]));
            continue;
        }
        compared += 1;
        let got = Got::new(&placement);
        let shown = serde_json::to_string(&case.master).unwrap();
        assert_eq!(got.asked, case.want.asked, "{shown}");
        assert_eq!(got.legacy, case.want.legacy, "{shown}");
        assert_eq!(got.errors, case.want.errors, "{shown}");
        assert_eq!(placement.name, case.want.base, "{shown}");
        assert_eq!(got.kind, case.want.kind.as_deref(), "{shown}");
    }
    assert!(compared * 100 >= cases.len() * 98);
}

struct Got {
    asked: Vec<(String, String, String, bool)>,
    legacy: Vec<String>,
    errors: Vec<String>,
    kind: Option<&'static str>,
}

impl Got {
    fn new(placement: &Placement) -> Self {
        let whole = |name: &str| {
            let path = normalise(&format!("D/{}", placement.folder));
            if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
        };
        let asked = placement.files.iter().map(|file| {
            (whole(&file.name), prefix(file.role).to_owned(), file.label.to_owned(), file.is_live)
        });
        let legacy = placement.files.iter().filter_map(|file| file.legacy_name.as_deref().map(whole));
        // What was tried and not asked for; a legacy name may also be the plain name of another file.
        let asked: Vec<_> = asked.collect();
        let legacy = legacy.filter(|path| asked.iter().all(|file| file.0 != *path)).collect();
        let kind = match placement.kind {
            ItemKind::Image => Some("image"),
            ItemKind::Movie => Some("movie"),
            ItemKind::Unknown => None,
        };
        Self { asked, legacy, errors: placement.problems.iter().map(ToString::to_string).collect(), kind }
    }
}

impl Case {
    fn asset(&self) -> Asset {
        let resources =
            self.versions.iter().map(|(prefix, (kind, _))| resource(role(prefix), kind)).collect();
        let filename = match &self.filename {
            None => Filename::Missing,
            Some(name) if name.kind == "STRING" => Filename::Known(name.value.clone()),
            Some(name) => Filename::Known(String::from_utf8(STANDARD.decode(&name.value).unwrap()).unwrap()),
        };
        let (master, media_type, created_ms) = (self.master.clone(), self.item.clone(), self.date);
        Build { master, filename, media_type, created_ms, resources }.asset()
    }
}

impl Options {
    fn ours(&self) -> LayoutOptions {
        let size = |name: &String| *Size::ALL.iter().find(|size| size.as_str() == name).unwrap();
        LayoutOptions::default()
            .folder(&self.folder)
            .zone(LocalZone::named(&self.zone).unwrap())
            .sizes(self.sizes.iter().map(size))
            .force_size(self.force)
            .keep_unicode(self.unicode)
            .live_photos(match self.live.as_str() {
                "original" => Some(LiveSize::Original),
                "medium" => Some(LiveSize::Medium),
                "small" => Some(LiveSize::Thumb),
                _ => None,
            })
            .names(if self.policy == "name-id7" { NamePolicy::Id7 } else { NamePolicy::SizeDedup })
            .live_naming(if self.mov == "original" { LiveNaming::Original } else { LiveNaming::Suffix })
            .align_raw(match self.raw.as_str() {
                "as-original" => RawAlign::Original,
                "as-alternative" => RawAlign::Alternative,
                _ => RawAlign::AsIs,
            })
    }
}

const PREFIXES: [(&str, Role); 8] = [
    ("resOriginal", Role::Original),
    ("resOriginalAlt", Role::Alternative),
    ("resJPEGMed", Role::Medium),
    ("resJPEGThumb", Role::Thumb),
    ("resJPEGFull", Role::Edited),
    ("resOriginalVidCompl", Role::LiveMovie),
    ("resVidMed", Role::VideoMedium),
    ("resVidSmall", Role::VideoSmall),
];

fn role(prefix: &str) -> Role {
    PREFIXES.iter().find(|(known, _)| *known == prefix).unwrap().1
}

fn prefix(role: Role) -> &'static str {
    PREFIXES.iter().find(|(_, known)| *known == role).unwrap().0
}

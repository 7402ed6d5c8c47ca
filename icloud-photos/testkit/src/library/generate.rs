//! Makes the zones of a library from its spec.

use super::albums;
use super::asset::{Asset, Edit, Flaw, Master, Name, Role, Subtype, size_of};
use super::exact;
use super::random::{bytes, hash, mix, uuid};
use super::spec::{LibrarySpec, Profile, SharedLibrary};
use super::uti;
use super::zone::{DAY, Database, Place, Purpose, Zone};

/// The newest photo is from the first of June 2024.
pub(super) const NEWEST: i64 = 1_717_200_000_000;
/// The photos of a library are spread over so many milliseconds at most.
const SPAN: i64 = 15 * 365 * DAY;

/// All zones of an account.
pub(super) fn zones(spec: &LibrarySpec) -> Vec<Zone> {
    let name = |prefix: &str, part: u64| format!("{prefix}{}", uuid(hash(&[spec.seed, part])).to_uppercase());
    let zone = |name: String, purpose, database| Zone::new(spec.seed, name, purpose, database);
    let mut zones = vec![zone("PrimarySync".to_owned(), Purpose::Personal, Database::Private)];
    if spec.profile == Profile::Exact {
        return exact_zones(spec, zones, zone(name("SharedSync-", 64), Purpose::Shared, Database::Private));
    }
    fill(spec, &mut zones[0], spec.assets);
    if spec.profile != Profile::Plain {
        albums::fill(&mut zones[0], spec.profile == Profile::Wild);
        zones.push(zone(name("CMM-", 61), Purpose::Bundle, Database::Private));
    }
    if spec.profile == Profile::Wild {
        let app = name("AppLibrarySync-com.apple.GenerativePlayground-", 62);
        zones.push(zone(app, Purpose::Bundle, Database::Private));
        zones.push(zone(name("SharedSync-", 63), Purpose::Removed, Database::Private));
    }
    let database = match spec.shared_library {
        SharedLibrary::None => None,
        SharedLibrary::Owner => Some(Database::Private),
        SharedLibrary::Participant => Some(Database::Shared),
    };
    if let Some(database) = database {
        let mut shared = zone(name("SharedSync-", 64), Purpose::Shared, database);
        fill(spec, &mut shared, spec.shared_assets);
        zones.push(shared);
    }
    finish(zones)
}

fn finish(mut zones: Vec<Zone>) -> Vec<Zone> {
    for (i, zone) in zones.iter_mut().enumerate() {
        zone.note(Place::Info);
        zone.touched = i as u64 + 1;
    }
    zones
}

fn exact_zones(spec: &LibrarySpec, mut zones: Vec<Zone>, mut shared: Zone) -> Vec<Zone> {
    let (theirs, own): (Vec<_>, Vec<_>) = spec.exact.iter().cloned().partition(exact::ExactAsset::is_shared);
    exact::fill(&mut zones[0], &own);
    if spec.shared_library != SharedLibrary::None {
        exact::fill(&mut shared, &theirs);
        zones.push(shared);
    }
    finish(zones)
}

fn fill(spec: &LibrarySpec, zone: &mut Zone, assets: u64) {
    let step = (SPAN / assets.max(1) as i64).clamp(60_000, DAY / 6);
    let mut maker = Maker { seed: spec.seed, zone, step, last: 0 };
    if let Some(size) = spec.big_file.filter(|_| maker.zone.purpose == Purpose::Personal) {
        maker.plain(size, &uti::MOV);
    }
    let wild = if spec.profile == Profile::Wild { DAMAGED } else { &[] };
    let cycle = EVERYDAY.len() + wild.len();
    for n in 0..assets as usize {
        match (spec.profile, EVERYDAY.get(n % cycle), wild.get((n % cycle).saturating_sub(EVERYDAY.len()))) {
            (Profile::Plain, ..) => maker.plain(spec.file_size, &uti::JPEG),
            (_, Some(kind), _) => maker.everyday(*kind),
            (_, None, Some(kind)) => maker.damaged(*kind),
            (_, None, None) => {}
        }
    }
    if spec.same_length_twins && maker.zone.purpose == Purpose::Personal {
        maker.twins();
    }
}

/// One kind of photo of a healthy library. Some lean on the photo before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Jpeg,
    JpegExif,
    Heic,
    LiveHeic,
    LiveJpeg,
    LiveHeif,
    Png,
    Screenshot,
    ScreenshotCropped,
    Gif,
    Mov,
    Mp4,
    SlowMotion,
    TimeLapse,
    Panorama,
    Portrait,
    LongExposure,
    RawAndJpeg,
    JpegAndRaw,
    RawAndJpegEdited,
    Raw,
    EditedJpeg,
    EditedHeic,
    EditedHeicAsHeic,
    EditedLive,
    EditedMov,
    Burst,
    Favourite,
    FavouriteLive,
    Hidden,
    HiddenMov,
    Trashed,
    TrashedLive,
    TrashedEdited,
    /// Has the name and day of the one before.
    SameName,
    /// A film with the name and day of the Live Photo before.
    SameNameMov,
    /// Another asset on the master before.
    Duplicate,
    Composed,
    Decomposed,
    Cjk,
    Forbidden,
    NoName,
    ClearName,
    NoItemType,
    Before1970,
    YearFive,
    BeforeYearOne,
    FarFuture,
    NoDate,
    LongExtension,
    NoExtension,
    DotFile,
    Words,
    Rare,
    AddedLate,
}

const EVERYDAY: &[Kind] = {
    use Kind::*;
    &[
        Jpeg,
        Heic,
        LiveHeic,
        LiveHeic,
        Mov,
        Screenshot,
        Jpeg,
        Duplicate,
        EditedJpeg,
        EditedHeic,
        Heic,
        Trashed,
        LiveJpeg,
        SameNameMov,
        Gif,
        Png,
        Jpeg,
        SameName,
        SameName,
        Favourite,
        Hidden,
        LiveHeic,
        EditedLive,
        Mp4,
        Burst,
        Burst,
        Burst,
        JpegExif,
        Heic,
        RawAndJpeg,
        JpegAndRaw,
        Raw,
        SlowMotion,
        TimeLapse,
        Panorama,
        Portrait,
        LongExposure,
        Composed,
        Decomposed,
        Cjk,
        Forbidden,
        NoName,
        ClearName,
        NoItemType,
        Before1970,
        YearFive,
        BeforeYearOne,
        FarFuture,
        NoDate,
        LongExtension,
        NoExtension,
        DotFile,
        Words,
        Rare,
        AddedLate,
        LiveHeif,
        ScreenshotCropped,
        EditedHeicAsHeic,
        EditedMov,
        RawAndJpegEdited,
        FavouriteLive,
        HiddenMov,
        TrashedLive,
        TrashedEdited,
        Rare,
        JpegAndRaw,
        Raw,
        LiveHeic,
        Heic,
        Mov,
        EditedJpeg,
        Jpeg,
        Words,
    ]
};

/// One kind of photo that no program should have to meet, and every program meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damage {
    Flaw(Flaw),
    BadBase64,
    BadUtf8,
    Name(&'static str),
    LongName,
    EndOfTime,
    StartOfTime,
}

const DAMAGED: &[Damage] = {
    use Damage::*;
    &[
        Flaw(self::Flaw::NullItemType),
        Flaw(self::Flaw::NoFileType),
        Flaw(self::Flaw::NoLink),
        Flaw(self::Flaw::OtherScheme),
        Flaw(self::Flaw::StaleChecksum),
        Flaw(self::Flaw::Strange),
        Flaw(self::Flaw::NoAsset),
        Flaw(self::Flaw::NoMaster),
        BadBase64,
        BadUtf8,
        Name(".."),
        Name("../../../../tmp/escape.JPG"),
        Name(""),
        Name("CON.JPG"),
        Name("trailing dot.JPG."),
        Name("line\nbreak\u{1b}[31m.JPG"),
        LongName,
        EndOfTime,
        StartOfTime,
    ]
};

/// Makes the photos of one zone, the newest first.
struct Maker<'a> {
    seed: u64,
    zone: &'a mut Zone,
    /// Milliseconds between two photos.
    step: i64,
    /// Place of the asset before.
    last: u32,
}

impl Maker<'_> {
    fn number(&self) -> u32 {
        self.zone.assets.len() as u32
    }

    /// A master and an asset with nothing special about them, not yet in the zone.
    fn draft(&self, uti: &'static uti::Uti) -> (Master, Asset) {
        let number = self.number();
        let random = hash(&[self.seed, self.zone.key, u64::from(number)]);
        let key = random & !15 | u64::from(number) & 15;
        let size = size_of(number, Role::Original);
        let mut master = Master::new(number, key, size, uti, Name::Serial(number % 9999 + 1));
        master.orientation = [1, 1, 1, 6, 3, 8][random as usize % 6];
        let date = NEWEST - i64::from(number) * self.step - (mix(random) % (self.step as u64 / 2)) as i64;
        let mut asset = Asset::new(number, 0, date);
        asset.added = date + 4_000;
        asset.modified = asset.added;
        asset.zone_offset = [25_200, -25_200, 0, 20_700, 3600, 46_800][random as usize / 8 % 6];
        asset.located = random.is_multiple_of(3);
        (master, asset)
    }

    fn keep(&mut self, mut master: Master, asset: Asset) {
        master.checksum = master.original().checksum();
        if matches!(master.flaw, Flaw::StaleChecksum | Flaw::OtherScheme) {
            master.checksum = [1; 21];
            master.checksum[1..].copy_from_slice(&bytes::<20>(master.key));
        }
        let master = self.zone.add_master(master);
        self.keep_on(master, asset);
    }

    fn keep_on(&mut self, master: u32, mut asset: Asset) {
        asset.master = master;
        let trashed = asset.trashed;
        self.last = self.zone.add_asset(asset);
        if trashed.is_some() {
            self.zone.set_trashed(self.last, trashed);
            self.zone.note(Place::Asset(self.last));
        }
    }

    fn plain(&mut self, size: u64, uti: &'static uti::Uti) {
        let (mut master, mut asset) = self.draft(uti);
        master.size = size;
        asset.located = false;
        self.keep(master, asset);
    }

    /// Two photos that differ in nothing a file system shows.
    fn twins(&mut self) {
        let (first, asset) = self.draft(&uti::JPEG);
        self.keep(first.clone(), asset.clone());
        let (mut second, mut other) = self.draft(&uti::JPEG);
        second.name = first.name;
        second.size = first.size;
        other.date = asset.date;
        self.keep(second, other);
    }

    fn everyday(&mut self, kind: Kind) {
        if kind == Kind::Duplicate {
            return self.duplicate();
        }
        let n = self.number();
        let (mut master, mut asset) = self.draft(kind.uti(n));
        self.shape(kind, &mut master, &mut asset);
        self.name(kind, n, &mut master, &mut asset);
        date(kind, &mut asset);
        self.keep(master, asset);
    }

    fn duplicate(&mut self) {
        let before = self.zone.assets[self.last as usize].clone();
        let (_, mut asset) = self.draft(&uti::JPEG);
        asset.date = before.date;
        asset.zone_offset = before.zone_offset;
        self.keep_on(before.master, asset);
    }

    fn shape(&self, kind: Kind, master: &mut Master, asset: &mut Asset) {
        let n = self.number();
        match kind {
            Kind::LiveHeic | Kind::LiveJpeg | Kind::LiveHeif | Kind::FavouriteLive | Kind::TrashedLive => {
                master.live = true;
            }
            Kind::EditedLive => (master.live, asset.edit) = (true, Edit::Photos),
            Kind::Screenshot => asset.subtype = Subtype::Screenshot,
            Kind::ScreenshotCropped => (asset.subtype, asset.edit) = (Subtype::Screenshot, Edit::Screenshot),
            Kind::Gif => asset.subtype = Subtype::Animated,
            Kind::SlowMotion => (asset.subtype, asset.edit) = (Subtype::SlowMotion, Edit::SlowMotion),
            Kind::TimeLapse => asset.subtype = Subtype::TimeLapse,
            Kind::Panorama => asset.subtype = Subtype::Panorama,
            Kind::Portrait => asset.subtype = Subtype::Portrait,
            Kind::LongExposure => asset.subtype = Subtype::LongExposure,
            Kind::RawAndJpeg => master.alternative = Some(&uti::JPEG),
            Kind::JpegAndRaw => master.alternative = Some(raw(n)),
            Kind::RawAndJpegEdited => (master.alternative, asset.edit) = (Some(&uti::JPEG), Edit::Photos),
            Kind::EditedJpeg | Kind::EditedHeic | Kind::EditedMov | Kind::TrashedEdited => {
                asset.edit = Edit::Photos;
            }
            Kind::EditedHeicAsHeic => asset.edit = Edit::PhotosHeic,
            Kind::Burst => asset.burst = Some(n / 4),
            Kind::NoItemType => master.flaw = Flaw::NoItemType,
            Kind::Words => asset.text = true,
            _ => {}
        }
        asset.renders = u8::from(!matches!(asset.edit, Edit::None | Edit::SlowMotion));
        asset.favourite = matches!(kind, Kind::Favourite | Kind::FavouriteLive);
        asset.hidden = matches!(kind, Kind::Hidden | Kind::HiddenMov);
        if matches!(kind, Kind::Trashed | Kind::TrashedLive | Kind::TrashedEdited) {
            asset.trashed = Some(NEWEST + DAY + i64::from(n) * 1000);
            asset.modified = NEWEST + DAY + i64::from(n) * 1000;
        }
    }

    fn name(&self, kind: Kind, n: u32, master: &mut Master, asset: &mut Asset) {
        let text = |text: String| Name::Text(text.into());
        let before = &self.zone.assets[(self.last as usize).min(self.zone.assets.len().saturating_sub(1))..];
        master.name = match kind {
            Kind::SameName | Kind::SameNameMov => {
                let Some(before) = before.first() else { return };
                asset.date = before.date.map(|date| date - 1000);
                self.zone.masters[before.master as usize].name.clone()
            }
            Kind::Composed => text(format!("Caf\u{e9} {n}.JPG")),
            Kind::Decomposed => text(format!("Cafe\u{301} {n}.HEIC")),
            Kind::Cjk => text(format!("\u{4e2d}\u{6587}\u{7167}\u{7247}{n}.JPG")),
            Kind::Forbidden => text(format!("i/n v:a\0l*i?d\\p<a>t\"h|{n}.JPG")),
            Kind::NoName => Name::Missing,
            Kind::ClearName => Name::Clear(format!("Clear {n}.JPG").into()),
            Kind::LongExtension => text(format!("scan {n}.jpeg")),
            Kind::NoExtension => text(format!("untitled{n}")),
            Kind::DotFile => text(format!(".hidden{n}")),
            _ => return,
        };
    }

    fn damaged(&mut self, damage: Damage) {
        let (mut master, mut asset) = self.draft(&uti::JPEG);
        let n = self.number();
        match damage {
            Damage::Flaw(flaw) => {
                master.flaw = flaw;
                asset.date = asset.date.filter(|_| flaw != Flaw::Strange);
            }
            Damage::BadBase64 => master.name = Name::BadBase64,
            Damage::BadUtf8 => master.name = Name::BadUtf8,
            Damage::Name(name) => master.name = Name::Text(name.into()),
            Damage::LongName => master.name = Name::Text(format!("{n} {}.JPG", "long ".repeat(70)).into()),
            Damage::EndOfTime => asset.date = Some(i64::MAX),
            Damage::StartOfTime => asset.date = Some(i64::MIN),
        }
        self.keep(master, asset);
    }
}

impl Kind {
    fn uti(self, n: u32) -> &'static uti::Uti {
        match self {
            Self::Heic | Self::LiveHeic | Self::EditedHeic | Self::EditedHeicAsHeic | Self::EditedLive => {
                &uti::HEIC
            }
            Self::FavouriteLive | Self::TrashedLive | Self::Portrait | Self::LongExposure => &uti::HEIC,
            Self::Decomposed | Self::Burst | Self::TrashedEdited => &uti::HEIC,
            Self::LiveHeif => &uti::HEIF,
            Self::JpegExif => &uti::JPEG_EXIF,
            Self::Png | Self::Screenshot | Self::ScreenshotCropped => &uti::PNG,
            Self::Gif => &uti::GIF,
            Self::Mov | Self::SlowMotion | Self::TimeLapse | Self::EditedMov | Self::HiddenMov => &uti::MOV,
            Self::SameNameMov => &uti::MOV,
            Self::Mp4 => &uti::MP4,
            Self::RawAndJpeg | Self::RawAndJpegEdited => &uti::DNG,
            Self::Raw => raw(n),
            Self::Rare => &uti::RARE[n as usize % uti::RARE.len()],
            _ => &uti::JPEG,
        }
    }
}

fn raw(n: u32) -> &'static uti::Uti {
    &uti::RAWS[n as usize % uti::RAWS.len()]
}

fn date(kind: Kind, asset: &mut Asset) {
    match kind {
        Kind::Before1970 => asset.date = Some(-157_766_400_000 - i64::from(asset.number) * 1000),
        // In year one icloudpd ends its run where the local date would fall before it.
        Kind::YearFive => asset.date = Some(-61_995_110_400_000),
        Kind::BeforeYearOne => asset.date = Some(-62_135_769_600_000),
        Kind::FarFuture => asset.date = Some(253_402_300_800_000),
        Kind::NoDate => asset.date = None,
        Kind::AddedLate => asset.added = NEWEST + i64::from(asset.number),
        _ => {}
    }
}

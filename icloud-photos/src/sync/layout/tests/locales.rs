//! `testdata/locale.json`: what CPython makes of dates under other locales of the GNU C library.

use std::collections::BTreeMap;

use super::*;

type Table = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Whose `%c` names the zone in some versions of the library and in others not: the table is of 2.36.
const ZONED: [&str; 5] = ["ar_EG", "cs_CZ", "fr_FR", "pt_BR", "tr_TR"];

#[test]
fn dates_are_written_in_other_languages_as_the_c_library_writes_them() {
    let table: Table = serde_json::from_str(include_str!("../testdata/locale.json")).unwrap();
    assert!(table.len() > 10);
    let mut wrong = Vec::new();
    for (name, formats) in &table {
        let locale = Locale::named(&format!("{name}.UTF-8")).unwrap();
        assert!(locale.is_some());
        for (format, wants) in formats {
            assert_eq!(wants.len(), 24);
            for (at, want) in (0_i64..).zip(wants) {
                let got = strftime::format(format, &date(at), locale);
                if got != *want && !(format == "%c" && ZONED.contains(&name.as_str())) {
                    wrong.push(format!("{format} in {name}: {got:?} instead of {want:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

/// The dates of `languages.py`.
fn date(at: i64) -> LocalTime {
    let (month, day) = (u8::try_from(1 + at % 12).unwrap(), u8::try_from(1 + at).unwrap());
    let date = time::Date::from_calendar_date(2018, month.try_into().unwrap(), day).unwrap();
    let seconds = date.midnight().assume_utc().unix_timestamp() + (at * 7) % 24 * 3600 + at * 60 + at * 2;
    LocalZone::utc().of_asset_date(Some(seconds * 1000)).unwrap()
}

#[test]
fn a_locale_is_known_by_its_language_and_country() {
    for name in ["C", "POSIX", "C.UTF-8", "C.utf8"] {
        assert_eq!(Locale::named(name).unwrap(), None, "{name}");
    }
    for name in ["de_DE", "de_DE.UTF-8", "de_DE.iso88591", "sr_RS.UTF-8@latin", "ca_ES@valencia"] {
        assert!(Locale::named(name).unwrap().is_some(), "{name}");
    }
    for name in ["xx_XX.UTF-8", "german", "de_DE@nonsense", "UTF-8"] {
        assert_eq!(Locale::named(name).unwrap_err().kind(), crate::ErrorKind::Config, "{name}");
    }
}

#[test]
fn folders_speak_the_language_and_the_default_has_no_word_of_it() {
    let german = Locale::named("de_DE.UTF-8").unwrap();
    let options = utc().folder("{:%Y/%B}").locale(german);
    assert_eq!(place(Build::new("IMG_1.JPG", JPEG), options.clone()).folder, "2018/Juli");
    assert!(format!("{options:?}").contains("locale: de_DE"));
    assert!(!format!("{:?}", utc()).contains("locale"), "runs of before are remembered under this text");
}

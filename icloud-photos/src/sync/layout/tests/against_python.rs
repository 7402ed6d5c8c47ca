//! `testdata/template.json`: what `str.format` of CPython makes of dates.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Table {
    refused: Vec<(String, String)>,
    columns: Vec<Vec<String>>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    zone: String,
    ms: i64,
    seconds: i64,
    text: String,
    columns: usize,
    want: Vec<String>,
}

fn table() -> Table {
    serde_json::from_str(include_str!("../testdata/template.json")).unwrap()
}

#[test]
fn dates_are_written_as_python_writes_them() {
    let table = table();
    assert!(table.rows.len() > 300);
    let mut wrong = Vec::new();
    for row in &table.rows {
        let zone = LocalZone::named(&row.zone).unwrap();
        let time = zone.of_asset_date(Some(row.ms)).unwrap();
        assert_eq!(
            (time.to_string(), time.seconds()),
            (row.text.clone(), row.seconds),
            "{} {}",
            row.zone,
            row.ms
        );
        for (template, want) in table.columns[row.columns].iter().zip(&row.want) {
            let got = Template::parse(template).unwrap().render(&time, None);
            if got != *want {
                wrong.push(format!("{template} at {}: {got:?} instead of {want:?}", row.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

/// Found by 5,000 random templates.
#[test]
fn what_is_not_known_is_in_capitals_where_the_c_library_has_it_so() {
    let time = LocalZone::utc().of_asset_date(Some(0)).unwrap();
    for (format, want) in [("%#Eb", "%#EB"), ("%#Eh", "%#EH"), ("%#Ea", "%#Ea"), ("%Eb", "%Eb")] {
        assert_eq!(strftime::format(format, &time, None), want);
    }
}

#[test]
fn what_python_refuses_is_refused_in_icloudpds_words() {
    for (template, message) in table().refused {
        let error = Template::parse(&template).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Config);
        assert_eq!(error.to_string(), message);
    }
}

/// Python knows more than a folder name needs: these would work there.
#[test]
fn the_rest_of_pythons_language_is_refused_too() {
    for template in [
        "{!r}",
        "{!a}",
        "{.tzinfo}",
        "{:{0}}",
        "{0.year:,}",
        "{0.year:x}",
        "{0.year:#d}",
        "{[0]}",
        "{0.year:9999}",
    ] {
        assert!(Template::parse(template).is_err(), "{template}");
    }
}

#[test]
fn no_text_makes_the_template_panic() {
    let zone = LocalZone::utc();
    let time = zone.of_asset_date(Some(1_533_021_744_816)).unwrap();
    let strategy = "[{}:!.0-9%a-zA-Z+_^#<>= é-]{0,12}";
    proptest::proptest!(|(text in strategy)| {
        for text in [text.clone(), format!("{{:{text}}}"), format!("{{0{text}}}")] {
            if let Ok(template) = Template::parse(&text) {
                template.render(&time, None);
            }
        }
    });
}

use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;
use time::macros::datetime;

use super::*;

/// `testdata/limits.json`: the answers of the real icloudpd.
#[test]
fn limits_are_read_as_icloudpd_reads_them() {
    let table: Vec<(String, Value)> = serde_json::from_str(include_str!("testdata/limits.json")).unwrap();
    assert!(table.len() > 700);
    let mut wrong = Vec::new();
    for name in ["UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kathmandu"] {
        let zone = LocalZone::named(name).unwrap();
        for (text, want) in &table {
            let want = if want.is_object() { &want[name] } else { want };
            let got = match DateLimit::parse(text, &zone) {
                Err(_) => Value::Null,
                Ok(DateLimit::DaysAgo(days)) => format!("{days}d").into(),
                Ok(DateLimit::At(moment)) => micros(moment).into(),
            };
            // Python writes fractions of a second of an offset too.
            if let (Ok(DateLimit::At(moment)), Some(shown)) = (DateLimit::parse(text, &zone), want.get(1))
                && shown != python(moment).as_str()
                && !shown.as_str().unwrap().rsplit(['+', '-']).next().unwrap().contains('.')
            {
                wrong.push(format!("{text:?} in {name}: {} instead of {shown}", python(moment)));
            }
            let want = want.get(0).unwrap_or(want);
            if got != *want {
                wrong.push(format!("{text:?} in {name}: {got} instead of {want}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

#[test]
fn days_are_counted_by_the_clock_on_the_wall() {
    let zone = LocalZone::named("Europe/Berlin").unwrap();
    let now = UNIX_EPOCH + Duration::from_secs(1_743_411_600); // 2025-03-31 11:00 +02:00, a day after the clocks went forward
    let limit = DateLimit::DaysAgo(2).at(now, &zone);
    assert_eq!(limit, datetime!(2025-03-29 11:00 +1));
    assert_eq!(DateLimit::DaysAgo(0).at(now, &zone), datetime!(2025-03-31 11:00 +2));
}

#[test]
fn what_is_as_old_as_a_limit_passes() {
    let limit = DateLimit::At(datetime!(2025-01-02 03:04:05.006 UTC));
    let at = |milliseconds: i64| Some(1_735_787_045_006 + milliseconds);
    let (now, zone) = (|| UNIX_EPOCH, LocalZone::utc());
    let before = Dates { before: Some(limit), after: None };
    let after = Dates { before: None, after: Some(limit) };
    assert!(matches!(before.reason(at(-1), now, &zone), Some(SkipReason::CreatedBefore { .. })));
    assert!(matches!(after.reason(at(1), now, &zone), Some(SkipReason::CreatedAfter { .. })));
    assert_eq!(before.reason(at(0), now, &zone).or(after.reason(at(0), now, &zone)), None);
    let both = Dates { before: Some(limit), after: Some(DateLimit::At(datetime!(2000-01-01 0:00 UTC))) };
    let reason = both.reason(None, now, &zone);
    assert!(
        matches!(reason, Some(SkipReason::CreatedBefore { .. })),
        "no date is 1970, and before comes first"
    );
}

#[test]
fn only_an_upper_limit_in_days_lets_in_more_as_time_passes() {
    let (zone, days) = (LocalZone::utc(), Some(DateLimit::DaysAgo(1)));
    let later = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    let after = Dates { before: None, after: days };
    assert_eq!(after.moving(later(86_401), &zone), Some(1_000_000));
    assert_eq!(Dates { before: days, after: None }.moving(later(0), &zone), None);
    let fixed = Some(DateLimit::At(OffsetDateTime::UNIX_EPOCH));
    assert_eq!(Dates { before: days, after: fixed }.moving(later(0), &zone), None);
}

#[test]
fn no_text_makes_a_limit_panic() {
    proptest::proptest!(|(text in "[-0-9TWZdD:+., é]{0,30}")| {
        let _ = DateLimit::parse(&text, &LocalZone::utc());
    });
}

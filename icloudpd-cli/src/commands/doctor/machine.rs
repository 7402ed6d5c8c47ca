//! What all accounts have in common: this computer, its clock, the way to Apple.

use std::time::{Duration, SystemTime};

use icloud_photos::sync::layout::LocalZone;
use icloud_photos::{Client, Door, Probe};

use super::{Findings, nobody};
use crate::config::Config;

/// Sign-in answers are signed with the time; Apple bears some minutes.
const CLOCK_MAY_ERR: Duration = Duration::from_secs(120);

pub(super) async fn examine(config: &Config, all: &mut Findings) {
    all.good(
        "program",
        format_args!(
            "icloudpd {} on {} {}",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH
        ),
    );
    time_zone(all);
    let client = match Client::builder().endpoints(config.endpoints.clone()).build() {
        Ok(client) => client,
        Err(error) => return all.error("network", &error),
    };
    let mut clock = None;
    for (about, door) in [("sign-in host", Door::Auth), ("iCloud host", Door::Setup)] {
        match client.probe(door).await {
            Ok(probe) => {
                tell(about, &probe, all);
                clock = clock.or(probe.clock_error().map(|wrong| (wrong, probe)));
            }
            Err(error) => all.error(about, &error),
        }
    }
    if let Some((wrong, probe)) = clock {
        tell_clock(wrong, Some(probe.here) > probe.apple, all);
    }
    if nobody(config) {
        all.note("account", "no --username was given, so no account was looked at");
    }
}

/// Folders and times follow the zone: in a container it is often not the one of the house.
fn time_zone(all: &mut Findings) {
    let zone = match LocalZone::system() {
        Ok(zone) => zone,
        Err(error) => return all.error("time zone", &error),
    };
    let name = zone.name().unwrap_or("no name");
    let text = format!("{name}, {}: dates in folders are of this zone", zone.at(SystemTime::now()).stamp());
    match std::env::var_os("TZ") {
        None if name == "UTC" || name == "Etc/UTC" => {
            all.note(
                "time zone",
                format_args!("{text}. In a container set TZ, or photos land in folders of UTC"),
            );
        }
        _ => all.good("time zone", text),
    }
}

fn tell(about: &'static str, probe: &Probe, all: &mut Findings) {
    let Probe { host, status, took, .. } = probe;
    if probe.is_turned_away() {
        all.bad(
            about,
            format_args!("{host} answers {status}: Apple refuses to serve this address for now. Wait some hours, run less often"),
        );
    } else {
        all.good(about, format_args!("{host} answers within {} ms", took.as_millis()));
    }
}

fn tell_clock(wrong: Duration, ahead: bool, all: &mut Findings) {
    let direction = if ahead { "ahead of" } else { "behind" };
    let text = format!("{} s {direction} Apple's", wrong.as_secs());
    if wrong > CLOCK_MAY_ERR {
        all.bad("clock", format_args!("{text}. Set it right: sign-in and links fail with a wrong clock"));
    } else {
        all.good("clock", text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Verdict;

    #[test]
    fn a_clock_that_is_wrong_by_minutes_is_a_fault() {
        for (seconds, verdict) in [(0, Verdict::Good), (120, Verdict::Good), (121, Verdict::Bad)] {
            let mut all = Findings::default();
            tell_clock(Duration::from_secs(seconds), true, &mut all);
            assert_eq!(all.0[0].verdict, verdict, "{seconds}");
        }
    }
}

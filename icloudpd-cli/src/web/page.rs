//! The page itself: plain HTML that needs no script, for a phone first.

use std::fmt::{self, Write as _};
use std::time::{Duration, SystemTime};

use icloud_photos::sync::SyncReport;
use indicatif::HumanBytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::facts::{Fact, Facts};
use super::routes::route;
use crate::board::{About, AccountState, Counted, LastRun, Phase, Question, State};
use crate::exit::Exit;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");

/// What is shown at one moment.
pub(super) struct View<'a> {
    pub(super) state: State,
    pub(super) counted: Vec<Counted>,
    pub(super) facts: &'a Facts,
    pub(super) csrf: &'a str,
    /// What came of the form that was sent.
    pub(super) said: Option<&'a str>,
    pub(super) now: SystemTime,
}

impl View<'_> {
    /// The page.
    pub(super) fn whole(&self, nonce: &str) -> String {
        let asks = self.state.accounts.iter().any(|account| account.question.is_some());
        // Loading it anew would throw away what is being typed.
        let refresh =
            if asks { "" } else { "<noscript><meta http-equiv=\"refresh\" content=\"4\"></noscript>" };
        let said = self
            .said
            .map(|said| format!("<p class=\"trouble\" role=\"alert\" id=\"said\">{}</p>", Safe(said)));
        let body = format!(
            "<h1>icloudpd</h1>{}{}<p class=\"trouble\" id=\"lost\" hidden>icloudpd does not answer any more; it may have \
             ended.</p><details><summary>Settings</summary>{}</details><script nonce=\"{nonce}\">{SCRIPT}</script>",
            said.unwrap_or_default(),
            self.main(),
            table(&self.facts.common),
        );
        document(nonce, refresh, &body)
    }

    /// The part of the page that changes.
    pub(super) fn main(&self) -> String {
        let state = &self.state;
        let open =
            |account: &AccountState| account.question.as_ref().map(|question| question.number.to_string());
        let asks: Vec<String> = state.accounts.iter().filter_map(open).collect();
        let mut html = format!("<main data-asks=\"{}\">", asks.join(" "));
        if let Some(next) = state.next_round {
            let wait = next.duration_since(self.now).unwrap_or_default();
            let _ = write!(
                html,
                "<section><div data-live=\"next\">Next run in <b>{}</b>, at {}</div>{}</section>",
                clock(wait),
                moment(next),
                self.button("resume", "Run now")
            );
        }
        for (number, account) in state.accounts.iter().enumerate() {
            self.account(&mut html, number, account);
        }
        html + "</main>"
    }

    fn account(&self, html: &mut String, number: usize, account: &AccountState) {
        let name = if account.username.is_empty() { "this machine" } else { &account.username };
        let _ = write!(
            html,
            "<section><h2>{}</h2><div data-live=\"state-{number}\">{}</div>",
            Safe(name),
            self.state(number, account)
        );
        if let Some(question) = &account.question {
            self.question(html, account, question);
        }
        let _ = write!(html, "<div data-live=\"run-{number}\">");
        if account.phase == Phase::Running {
            html.push_str(&self.button("cancel", "Stop after this photo"));
        }
        if let Some(run) = &account.last_run {
            last_run(html, run, account.stopped);
        }
        html.push_str("</div>");
        let facts = self.facts.accounts.get(number).map(|facts| table(facts)).unwrap_or_default();
        let _ =
            write!(html, "<details><summary>Settings of this account</summary>{facts}</details></section>");
    }

    /// What is being done, and why it does not go on.
    fn state(&self, number: usize, account: &AccountState) -> String {
        let mut html = match (&account.question, &account.phase) {
            (Some(Question { about: About::Password, .. }), _) => "<p>Needs the password.</p>".to_owned(),
            (Some(Question { about: About::Again, .. }), _) => "<p>Waits until you say so.</p>".to_owned(),
            (Some(_), _) => "<p>Needs a code.</p>".to_owned(),
            (None, Phase::SigningIn) => "<p>Signing in&hellip; This may take some seconds.</p>".to_owned(),
            (None, Phase::Running) => progress(self.counted.get(number).copied().unwrap_or_default()),
            (None, Phase::Idle) if account.last_run.is_none() && self.is_elsewhere(number) => {
                "<p class=\"pale\">Waits for its turn: accounts are served one after the other.</p>"
                    .to_owned()
            }
            (None, Phase::Idle) if account.waits_for_person() => {
                "<p class=\"ask\">Needs a person, and is left alone until then: do what is said below, then press Run now.</p>"
                    .to_owned()
            }
            (None, Phase::Idle) => String::new(),
        };
        if let Some(notice) = &account.notice {
            let _ = write!(html, "<p class=\"ask\">{}</p>", Safe(notice));
        }
        if let Some(trouble) = &account.trouble {
            let _ = write!(html, "<p class=\"trouble\" role=\"alert\">{}</p>", Safe(trouble));
        }
        html
    }

    /// Whether another account keeps the program busy.
    fn is_elsewhere(&self, number: usize) -> bool {
        let busy = |(other, account): (usize, &AccountState)| other != number && account.phase != Phase::Idle;
        self.state.accounts.iter().enumerate().any(busy)
    }

    fn question(&self, html: &mut String, account: &AccountState, question: &Question) {
        html.push_str("<div class=\"ask\">");
        let fields = match &question.about {
            About::Password => password(&account.username),
            About::Code { sent_to, .. } => code(sent_to.as_deref()),
            About::Again => "<button class=\"main\">Try again</button>".to_owned(),
            About::Device { .. } => String::new(),
        };
        if !fields.is_empty() {
            self.form(html, route(&question.about), Some(question.number), &fields);
        }
        let (phones, devices) = match &question.about {
            About::Code { phones, devices, .. } => (&phones[..], *devices),
            About::Device { phones } => (&phones[..], false),
            _ => (&[][..], false),
        };
        html.push_str("<div class=\"row\">");
        for (index, phone) in phones.iter().enumerate() {
            let button =
                format!("<button name=\"to\" value=\"{index}\">Send a code to {}</button>", Safe(phone));
            self.form(html, "send", Some(question.number), &button);
        }
        if devices {
            let button = "<button name=\"to\" value=\"devices\">Show a new code on my devices</button>";
            self.form(html, "send", Some(question.number), button);
        }
        html.push_str("</div></div>");
    }

    fn button(&self, action: &str, label: &str) -> String {
        let mut html = String::new();
        self.form(&mut html, action, None, &format!("<button>{label}</button>"));
        html
    }

    fn form(&self, html: &mut String, action: &str, question: Option<u64>, fields: &str) {
        let question = question
            .map(|number| format!("<input type=\"hidden\" name=\"question\" value=\"{number}\">"))
            .unwrap_or_default();
        let _ = write!(
            html,
            "<form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"csrf\" \
             value=\"{}\">{question}{fields}</form>",
            self.csrf
        );
    }
}

/// Asks for the token.
pub(super) fn locked(why: Option<&str>, nonce: &str) -> String {
    let why =
        why.map(|why| format!("<p class=\"trouble\" role=\"alert\">{}</p>", Safe(why))).unwrap_or_default();
    let body = format!(
        "<h1>icloudpd</h1><main><section>{why}<p>Open the address that icloudpd wrote into its log when it started; it \
         holds the token that opens this page. Or enter the token:</p><form method=\"get\" action=\"./\"><input \
         type=\"text\" autocomplete=\"username\" value=\"icloudpd\" hidden><label for=\"token\">Token</label><input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"off\" required \
         autofocus><button class=\"main\">Open</button></form></section></main>"
    );
    document(nonce, "", &body)
}

/// On the way from another page to this one.
pub(super) fn welcome(nonce: &str) -> String {
    let refresh = "<meta http-equiv=\"refresh\" content=\"0;url=./\">";
    document(nonce, refresh, "<main><p><a href=\"./\">Go on to the page</a></p></main>")
}

fn document(nonce: &str, head: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>icloudpd</title>{head}<style \
         nonce=\"{nonce}\">{STYLE}</style></head><body>{body}</body></html>\n"
    )
}

fn password(username: &str) -> String {
    format!(
        "<label for=\"password\">Password of the Apple ID</label><input type=\"text\" autocomplete=\"username\" \
         value=\"{}\" hidden><input id=\"password\" name=\"password\" type=\"password\" \
         autocomplete=\"current-password\" required autofocus><button class=\"main\">Sign in</button>",
        Safe(username)
    )
}

fn code(sent_to: Option<&str>) -> String {
    let place = sent_to.map_or_else(
        || "It is shown on your devices, or in their settings.".to_owned(),
        |phone| format!("It was sent to {}.", Safe(phone)),
    );
    format!(
        "<label for=\"code\">Code of six digits</label><p class=\"pale\">{place}</p><input id=\"code\" class=\"code\" \
         name=\"code\" inputmode=\"numeric\" autocomplete=\"one-time-code\" maxlength=\"12\" required autofocus><button \
         class=\"main\">Check</button>"
    )
}

fn progress(counted: Counted) -> String {
    let Counted { expected, photos, files, bytes } = counted;
    let bar = match expected {
        0 => "<p>Looking for what is new&hellip;</p>".to_owned(),
        _ => format!(
            "<p>{photos} of {expected} photos looked at</p><progress max=\"{expected}\" value=\"{}\"></progress>",
            photos.min(expected)
        ),
    };
    format!("{bar}<p class=\"pale\">{files} files fetched, {}</p>", HumanBytes(bytes))
}

fn last_run(html: &mut String, run: &LastRun, stopped: bool) {
    let (class, result) = match run.exit {
        _ if stopped => ("bad", "stopped by somebody; the next run goes on"),
        Exit::Success => ("good", "all is well"),
        Exit::Incomplete => ("bad", "something is missing; the next run tries again"),
        _ => ("bad", "failed"),
    };
    let took = run.ended.duration_since(run.began).unwrap_or_default();
    let _ = write!(
        html,
        "<p>Last run: {}, <span class=\"{class}\">{result}</span> <span class=\"pale\">({})</span></p>",
        moment(run.ended),
        clock(took)
    );
    if let Some(report) = &run.report {
        counts(html, report);
    }
    if let Some(error) = &run.error {
        let _ = write!(html, "<p class=\"trouble\">{}</p>", Safe(error));
    }
}

fn counts(html: &mut String, report: &SyncReport) {
    let rows = [
        ("Fetched", report.downloaded),
        ("There already", report.present),
        ("Left out", report.skipped),
        ("Failed", report.failed),
        ("Moved out of iCloud", report.moved),
        ("Removed here", report.removed),
    ];
    let rows: Vec<Fact> = rows
        .into_iter()
        .filter(|(name, count)| *count > 0 || *name == "Fetched")
        .map(|(name, count)| (name, count.to_string()))
        .collect();
    html.push_str(&table(&rows));
}

fn table(facts: &[Fact]) -> String {
    let mut html = "<table>".to_owned();
    for (name, value) in facts {
        let _ = write!(html, "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>", Safe(value));
    }
    html + "</table>"
}

/// `h:mm:ss`
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// In the zone of this machine.
fn moment(time: SystemTime) -> String {
    match Timestamp::try_from(time) {
        Ok(time) => time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => "?".to_owned(),
    }
}

/// Text from outside, as text: it cannot become part of the page.
struct Safe<'a>(&'a str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            other => f.write_char(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Board;

    fn view<'a>(board: &Board, facts: &'a Facts) -> View<'a> {
        let (state, counted) = board.look();
        View { state, counted, facts, csrf: "c5rf", said: None, now: SystemTime::UNIX_EPOCH }
    }

    #[test]
    fn text_from_outside_stays_text() {
        let evil = "<script>alert(\"x\")</script>&'";
        let board = Board::new([evil].into_iter());
        board.seat(0).trouble(Some(evil.to_owned()));
        board.seat(0).notice(Some(evil.to_owned()));
        let facts = Facts {
            common: vec![("Albums", evil.to_owned())],
            accounts: vec![vec![("Albums", evil.to_owned())]],
        };
        let mut view = view(&board, &facts);
        view.said = Some(evil);
        let page = view.whole("n0nce");
        assert!(!page.contains("<script>") && !page.contains("alert(\""), "{page}");
        assert_eq!(
            page.matches("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;").count(),
            6,
            "{page}"
        );
    }

    #[tokio::test]
    async fn a_page_with_a_question_is_not_loaded_anew_by_itself() {
        let board = Board::new(["a", "b"].into_iter());
        let seat = board.seat(0);
        seat.phase(Phase::SigningIn);
        assert!(view(&board, &Facts::default()).whole("n").contains("http-equiv=\"refresh\""));
        let about =
            About::Code { phones: vec!["+1 (***) ***-**81".to_owned()], devices: true, sent_to: None };
        let asking = tokio::spawn(async move { seat.ask(about).await });
        tokio::task::yield_now().await;
        let page = view(&board, &Facts::default()).whole("n");
        assert!(!page.contains("http-equiv=\"refresh\""), "{page}");
        for part in [
            "inputmode=\"numeric\" autocomplete=\"one-time-code\"",
            "value=\"0\">Send a code to +1 (***) ***-**81",
            "value=\"devices\"",
            "name=\"question\" value=\"1\"",
            "Waits for its turn",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        asking.abort();
    }

    #[test]
    fn times_are_hours_minutes_and_seconds() {
        assert_eq!(clock(Duration::from_secs(0)), "0:00:00");
        assert_eq!(clock(Duration::from_secs(90_061)), "25:01:01");
        let board = Board::new(["a"].into_iter());
        board.next_round(Some(SystemTime::UNIX_EPOCH + Duration::from_secs(3725)));
        assert!(view(&board, &Facts::default()).main().contains("Next run in <b>1:02:05</b>"));
    }
}

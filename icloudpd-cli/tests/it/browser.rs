//! The page in a real browser: headless Chromium, driven over WebDriver.
//!
//! Debian and Ubuntu: `apt-get install --no-install-recommends chromium chromium-driver`. Where they are missing the tests say that
//! they were skipped; with `CI=true` that is a failure. `ICLOUDPD_SCREENSHOTS=FOLDER` keeps what the browser showed.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use icloud_photos_testkit::{AccountSpec, FaultAction, FaultRule, FaultScript, LibrarySpec};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::page::{Running, Visitor, http};
use crate::support::World;

const PATIENCE: Duration = Duration::from_secs(60);

/// How WebDriver calls an element in JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What it looks like.
#[derive(Clone, Copy)]
struct Screen {
    name: &'static str,
    width: u32,
    height: u32,
    phone: bool,
    dark: bool,
}

const DESKTOP: Screen = Screen { name: "desktop", width: 1280, height: 900, phone: false, dark: false };
const PHONE: Screen = Screen { name: "phone", width: 390, height: 844, phone: true, dark: false };
const DARK_PHONE: Screen = Screen { name: "phone-dark", dark: true, ..PHONE };
/// The narrowest that is still sold.
const SMALL: Screen = Screen { name: "small", width: 320, height: 568, ..PHONE };

struct Browser {
    driver: Child,
    address: String,
    session: String,
    screen: Screen,
    _profile: TempDir,
}

impl Browser {
    /// `None` where there is none, and that is said.
    fn open(screen: Screen) -> Option<Self> {
        let started =
            Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut driver = match started {
            Ok(driver) => driver,
            Err(error) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
                panic!("chromedriver cannot be started: {error}; install chromium and chromium-driver")
            }
            Err(error) => {
                eprintln!(
                    "SKIPPED: chromedriver cannot be started ({error}); install chromium and chromium-driver"
                );
                return None;
            }
        };
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let profile = TempDir::new().unwrap();
        let address = format!("127.0.0.1:{}", port.unwrap());
        let mut browser = Self { driver, address, session: String::new(), screen, _profile: profile };
        browser.begin();
        Some(browser)
    }

    fn begin(&mut self) {
        let Screen { width, height, phone, dark, .. } = self.screen;
        let profile = format!("--user-data-dir={}", self._profile.path().display());
        let size = format!("--window-size={width},{height}");
        let args = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-sync",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-dev-shm-usage",
            "--no-proxy-server",
            &profile,
            &size,
        ];
        let mut options = json!({ "args": args });
        if phone {
            let metrics =
                json!({ "width": width, "height": height, "pixelRatio": 2.0, "mobile": true, "touch": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } } } });
        let session = self.call("POST", "/session", &wanted);
        self.session = session["sessionId"].as_str().unwrap().to_owned();
        if dark {
            let features = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
            let command = json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
            self.ask("POST", "/goog/cdp/execute", &command);
        }
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let got = http(&self.address, method, path, &[("Content-Type", "application/json")], &body);
        let mut answer: Value = serde_json::from_str(&got.body).unwrap();
        assert_eq!(got.status, 200, "{method} {path}: {}", answer["value"]["message"]);
        answer["value"].take()
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.call(method, &format!("/session/{}{path}", self.session), body)
    }

    fn go(&self, url: &str) {
        self.ask("POST", "/url", &json!({ "url": url }));
    }

    fn run(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until a script says yes.
    fn until(&self, script: &str) {
        let until = Instant::now() + PATIENCE;
        while self.run(script) != json!(true) {
            let shown = || self.run("return document.body.innerText");
            assert!(Instant::now() < until, "never true: {script}\n{}", shown());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn until_text(&self, text: &str) {
        self.until(&format!("return document.body.innerText.includes({})", json!(text)));
    }

    fn find(&self, selector: &str) -> String {
        self.until(&format!("return document.querySelector({}) !== null", json!(selector)));
        let found = self.ask("POST", "/element", &json!({ "using": "css selector", "value": selector }));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// Types as a person does.
    fn enter(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.ask("POST", &format!("/element/{element}/value"), &json!({ "text": text }));
    }

    fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.ask("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// Nothing sticks out at the side, everything can be read and be hit with a finger; and keeps what is shown.
    fn look(&self, moment: &str) {
        let screen = self.screen.name;
        let width = self.run("return [document.documentElement.scrollWidth, window.innerWidth]");
        assert!(width[0].as_u64() <= width[1].as_u64(), "{screen}, {moment}: {width}");
        assert_eq!(width[1], json!(self.screen.width), "{screen}, {moment}");
        // Phones zoom into smaller inputs, and fingers miss smaller buttons.
        let small = "return [...document.querySelectorAll('input:not([type=hidden], [hidden]), button')].filter(part => \
                     parseFloat(getComputedStyle(part).fontSize) < 16 || part.offsetHeight < 44).length";
        assert_eq!(self.run(small), json!(0), "{screen}, {moment}");
        let ground = self.run("return getComputedStyle(document.body).backgroundColor");
        assert_eq!(ground == json!("rgb(19, 20, 23)"), self.screen.dark, "{ground}");
        let Some(folder) = std::env::var_os("ICLOUDPD_SCREENSHOTS") else { return };
        let shot = self.ask("GET", "/screenshot", &json!({}));
        let file = std::path::Path::new(&folder).join(format!("{screen}-{moment}.png"));
        std::fs::write(file, base64(shot.as_str().unwrap())).unwrap();
    }

    /// What the browser complained of.
    fn complaints(&self) -> Vec<String> {
        let log = self.ask("POST", "/se/log", &json!({ "type": "browser" }));
        let lines = log.as_array().cloned().unwrap_or_default();
        lines.iter().filter_map(|line| line["message"].as_str().map(str::to_owned)).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.session.is_empty() {
            self.ask("DELETE", "", &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Decodes what needs no crate.
fn base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let values: Vec<u32> = text
        .bytes()
        .filter_map(|byte| LETTERS.iter().position(|letter| *letter == byte))
        .map(|value| u32::try_from(value).unwrap())
        .collect();
    let bytes = values.chunks(4).flat_map(|chunk| {
        let bits = chunk.iter().fold(0, |bits, value| bits << 6 | value) << (6 * (4 - chunk.len()));
        bits.to_be_bytes().into_iter().skip(1).take(chunk.len() - 1)
    });
    bytes.collect()
}

/// From the first look to the end of a copy, with a wrong password and a wrong code on the way.
fn sign_in(screen: Screen) {
    let Some(browser) = Browser::open(screen) else { return };
    let account = AccountSpec { code: Some("012345".to_owned()), ..AccountSpec::default() };
    let world = World::of(account, LibrarySpec::plain(40, 1000));
    // Each file takes a while, so that there is something to see.
    let slow = FaultRule::new("content", FaultAction::Stall { after: None, ms: Some(400) });
    world.cloud.set_faults(FaultScript { seed: 1, rules: vec![slow] }).unwrap();
    let mut command = world.download();
    let args = [
        "--webui-address",
        "127.0.0.1:0",
        "--password-provider",
        "webui",
        "--mfa-provider",
        "webui",
        "--threads-num",
        "1",
        "-u",
        "somebody.with.a.very.long.name.that.does.not.fit.into.a.line@mail.example.com",
        "--auth-only",
    ];
    let mut running = Running::start(command.args(args).env_remove("ICLOUDPD_PASSWORD"));
    let (address, token) = running.page();

    browser.go(&format!("http://{address}/"));
    browser.until_text("holds the token");
    browser.look("1-locked");
    browser.go(&format!("http://{address}/?token={token}"));
    assert_eq!(browser.run("return location.href"), json!(format!("http://{address}/")), "the token is gone");

    browser.until("return document.activeElement.id === 'password'");
    browser.look("2-password");
    browser.enter("#password", "wrong");
    browser.click("form[action=password] button");
    browser.until_text("Wrong password for jdoe@example.com");
    browser.look("3-wrong-password");
    browser.enter("#password", World::PASSWORD);
    browser.click("form[action=password] button");

    browser.find("#code");
    browser.look("4-code");
    assert_eq!(browser.run("return document.querySelector('#code').inputMode"), json!("numeric"));
    // What is being typed is not lost while the page brings itself up to date.
    browser.enter("#code", "9999");
    let updates =
        "performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('/status')).length";
    let before = browser.run(&format!("return {updates}"));
    browser.until(&format!("return {updates} > {before} + 1"));
    browser.enter("#code", "99\u{e007}");
    browser.until_text("Wrong Two-Factor Code for jdoe@example.com");
    browser.look("5-wrong-code");
    browser.enter("#code", "012 345");
    browser.click("form[action=code] button");

    // The page shows what comes without being loaded anew.
    browser.until("return document.querySelector('progress')?.value > 3");
    browser.look("6-progress");
    browser.click("form[action=cancel] button");
    browser.until_text("stopped by somebody; the next run goes on");
    browser.until("return document.querySelector('#password') !== null");
    browser.run("document.querySelectorAll('details').forEach(part => { part.open = true })");
    browser.look("7-last-run");
    running.after("Iteration was cancelled");
    assert!(!world.photos().is_empty() && world.photos().len() < 40);
    // No style or script was refused. A browser notes the 401 and a missing icon, and that it left the focus where it was.
    let complaints = browser.complaints();
    let known = |line: &&String| ["401", "favicon", "Autofocus"].iter().any(|known| line.contains(known));
    let odd: Vec<_> = complaints.iter().filter(|line| !known(line)).collect();
    assert!(odd.is_empty(), "{odd:?}");
}

#[test]
fn a_person_signs_in_by_a_browser_on_a_desktop() {
    sign_in(DESKTOP);
}

#[test]
fn a_person_signs_in_by_a_browser_on_a_phone() {
    sign_in(PHONE);
}

#[test]
fn a_person_signs_in_by_a_browser_on_a_dark_phone() {
    sign_in(DARK_PHONE);
}

#[test]
fn a_person_signs_in_by_a_browser_on_the_smallest_phone() {
    sign_in(SMALL);
}

/// What another page in the same browser can do: nothing.
#[test]
fn a_page_of_somebody_else_can_send_nothing_through_the_browser() {
    let Some(browser) = Browser::open(DESKTOP) else { return };
    let world = World::new(LibrarySpec::plain(1, 1000));
    let mut command = world.icloudpd(&["--auth-only"]);
    let args = ["--webui-address", "127.0.0.1:0", "--password-provider", "webui"];
    let mut running = Running::start(command.args(args).env_remove("ICLOUDPD_PASSWORD"));
    let (address, token) = running.page();
    browser.go(&format!("http://{address}/?token={token}"));
    browser.find("#password");
    // Another server on this machine: same site, so that the browser shows our cookie to it and to us.
    let port = address.split(':').nth(1).unwrap().to_owned();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let evil = other.local_addr().unwrap();
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        for stream in other.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let page = format!(
                "<form method=post action='http://127.0.0.1:{port}/password'><input name=password value=stolen><input \
                 name=question value=1><button>x</button></form><iframe src='http://127.0.0.1:{port}/'></iframe>"
            );
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                page.len()
            );
            let _ = stream.write_all((head + &page).as_bytes());
        }
    });
    browser.go(&format!("http://{evil}/"));
    let framed =
        "try { return document.querySelector('iframe').contentDocument === null } catch { return true }";
    browser.until(framed);
    browser.click("button");
    browser.until_text("This form is not from the page");
    browser.go(&format!("http://{address}/"));
    browser.find("#password");
    assert_eq!(world.cloud.counts().requests_to("auth/init"), 0);
}

/// A second tab, or another person, is faster; and what a browser does by its buttons.
#[test]
fn a_page_whose_question_was_answered_elsewhere_moves_on() {
    let Some(browser) = Browser::open(PHONE) else { return };
    let account = AccountSpec { code: Some("012345".to_owned()), ..AccountSpec::default() };
    let world = World::of(account, LibrarySpec::plain(2, 1000));
    let mut command = world.download();
    let args = [
        "--webui-address",
        "127.0.0.1:0",
        "--password-provider",
        "webui",
        "--mfa-provider",
        "webui",
        "--watch-with-interval",
        "600",
    ];
    let mut running = Running::start(command.args(args).env_remove("ICLOUDPD_PASSWORD"));
    let (address, token) = running.page();
    browser.go(&format!("http://{address}/?token={token}"));
    browser.enter("#password", "half of a secr");
    let mut other = Visitor::enter(&address, &token);
    other.submit("password", "password=correct+horse+battery+staple");
    // Without being loaded anew; what was typed is gone with its question.
    browser.find("#code");
    assert_eq!(browser.run("return document.activeElement.id"), json!("code"));
    assert_eq!(browser.run("return document.querySelector('#code').value"), json!(""));
    browser.run("location.reload()");
    browser.find("#code");
    // A form that is out of date gives its answer to nobody.
    let stale = "document.querySelector('form[action=code] [name=question]').value = '1'";
    browser.run(stale);
    browser.enter("#code", "012345\u{e007}");
    browser.until_text("This was not asked for any more");
    browser.look("8-out-of-date");
    browser.enter("#code", "012345");
    browser.click("form[action=code] button");
    browser.until_text("all is well");
    // The way back sends nothing once more.
    browser.run("history.back()");
    browser.go(&format!("http://{address}/"));
    browser.until_text("all is well");
    browser.until("return document.querySelector('#code, #password') === null");
    assert_eq!(world.cloud.counts().requests_to("auth/complete"), 1);
    assert_eq!(world.photos().len(), 2);
}

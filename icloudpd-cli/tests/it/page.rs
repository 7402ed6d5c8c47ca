//! A program that serves its page, and who opens it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Nothing here takes long; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// `icloudpd` while it runs.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    /// All that was read so far.
    pub(crate) said: String,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line).ok())
        });
        Self { child, lines, said: String::new() }
    }

    /// What follows `start` in the first line that holds it.
    pub(crate) fn after(&mut self, start: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) else {
                panic!("no line with {start:?} came:\n{}", self.said);
            };
            self.said += &format!("{line}\n");
            if let Some((_, rest)) = line.split_once(start) {
                return rest.to_owned();
            }
        }
    }

    /// Where the page is, and its token.
    pub(crate) fn page(&mut self) -> (String, String) {
        let url = self.after("The web page is at http://");
        let (address, token) = url.split_once("/?token=").unwrap();
        (address.to_owned(), token.to_owned())
    }

    /// Ends it as a service manager does, and says with which code it ended.
    #[cfg(unix)]
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        self.signal("-TERM");
        self.ended()
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// The exit code, once it ends by itself.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.lines.iter().for_each(|line| self.said += &format!("{line}\n"));
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it did not end:\n{}", self.said);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Sends a request as it stands and reads the answer.
pub(crate) fn http(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Got {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).unwrap();
    read_answer(stream)
}

fn read_answer(stream: TcpStream) -> Got {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).unwrap() > 0, "the answer was cut: {head}");
    }
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    Got { status, head, body: String::from_utf8(body).unwrap() }
}

/// A browser without a script: it follows the page by hand.
pub(crate) struct Visitor {
    pub(crate) address: String,
    cookie: String,
    /// Everything that was ever served to it.
    pub(crate) seen: String,
}

impl Visitor {
    pub(crate) fn enter(address: &str, token: &str) -> Self {
        let got = http(address, "GET", &format!("/?token={token}"), &[], "");
        assert_eq!(got.status, 303, "{got:?}");
        let cookie = got.head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("set-cookie").then(|| value.split(';').next().unwrap().to_owned())
        });
        Self { address: address.to_owned(), cookie: cookie.unwrap(), seen: String::new() }
    }

    pub(crate) fn get(&mut self, path: &str) -> Got {
        let got = http(&self.address, "GET", path, &[("Cookie", &self.cookie)], "");
        self.seen += &got.body;
        got
    }

    /// Looks at the page until it shows `text`.
    pub(crate) fn until(&mut self, text: &str) -> String {
        self.until_any(&[text])
    }

    /// The same with several texts, of which one is enough.
    pub(crate) fn until_any(&mut self, texts: &[&str]) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let got = self.get("/");
            if texts.iter().any(|text| got.body.contains(text)) {
                return got.body;
            }
            assert!(Instant::now() < until, "the page never showed {texts:?}:\n{}", got.body);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Fills in the form for `action` of the page and sends it.
    pub(crate) fn submit(&mut self, action: &str, fields: &str) -> Got {
        let page = self.get("/").body;
        let (_, form) = page.split_once(&format!("action=\"{action}\"")).unwrap_or_else(|| panic!("{page}"));
        let hidden = |name: &str| {
            let form = form.split("</form>").next()?;
            let (_, rest) = form.split_once(&format!("name=\"{name}\" value=\""))?;
            rest.split('"').next()
        };
        let mut body = format!("csrf={}&{fields}", hidden("csrf").unwrap());
        if let Some(question) = hidden("question") {
            body += &format!("&question={question}");
        }
        let origin = format!("http://{}", self.address);
        let headers = [
            ("Cookie", self.cookie.as_str()),
            ("Origin", &origin),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let got = http(&self.address, "POST", &format!("/{action}"), &headers, &body);
        self.seen += &got.body;
        got
    }
}

//! The routes, as a browser, a script and a stranger see them.

use super::*;

const TOKEN: &str = "0123456789abcdef";

struct World {
    site: Site,
    board: Board,
    _file: tempfile::NamedTempFile,
}

struct Got {
    status: u16,
    headers: http::HeaderMap,
    body: String,
}

impl World {
    fn new() -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), TOKEN).unwrap();
        let gate = Gate::new(gate::token(Some(file.path())).unwrap(), 8080).unwrap();
        let board = Board::new(["jdoe@example.com"].into_iter());
        let site = Site::new(board.clone(), Facts::default(), Some(gate), &[]);
        Self { site, board, _file: file }
    }

    /// The cookie of a browser that was let in.
    fn cookie(&self) -> String {
        let cookie = self.site.gate.as_ref().unwrap().cookie().unwrap();
        cookie.to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Got {
        let mut request = Request::builder().method(method).uri(path);
        if headers.iter().all(|(name, _)| *name != "host") {
            request = request.header("host", "127.0.0.1:8080");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let (head, body) = self.site.answer(request).await.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Got { status: head.status.as_u16(), headers: head.headers, body }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Got {
        self.send("GET", path, headers, "").await
    }

    /// A form of our page, in a browser that was let in.
    async fn submit(&self, path: &str, fields: &str) -> Got {
        let csrf = self.site.gate.as_ref().unwrap().csrf();
        let cookie = self.cookie();
        let headers = [("cookie", cookie.as_str()), ("origin", "http://127.0.0.1:8080"), FORM];
        self.send("POST", path, &headers, &format!("csrf={csrf}&{fields}")).await
    }

    async fn script(&self, path: &str, fields: &str) -> Got {
        self.send("POST", path, &[("authorization", "Bearer 0123456789abcdef"), FORM], fields).await
    }

    async fn question(&self) -> u64 {
        tokio::task::yield_now().await;
        self.board.look().0.accounts[0].question.clone().unwrap().number
    }

    fn ask(&self, about: About) -> tokio::task::JoinHandle<Answer> {
        let seat = self.board.seat(0);
        tokio::spawn(async move { seat.ask(about).await })
    }
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn code() -> About {
    About::Code { phones: vec!["*81".to_owned()], devices: true, sent_to: None }
}

#[tokio::test]
async fn the_token_lets_a_browser_in_and_leaves_its_address() {
    let world = World::new();
    let stranger = world.get("/", &[]).await;
    assert_eq!(stranger.status, 401);
    assert!(!stranger.body.contains("jdoe"), "{}", stranger.body);
    assert_eq!(world.get("/status", &[]).await.status, 401);
    assert_eq!(world.get("/?token=0123456789abcdeX", &[]).await.status, 401);
    let welcome = world.get("/?token=0123456789abcdef", &[]).await;
    assert_eq!((welcome.status, &welcome.headers["location"]), (303, &HeaderValue::from_static("./")));
    let cookie = welcome.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = world.get("/", &[("cookie", &cookie)]).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("jdoe@example.com") && !page.body.contains(TOKEN), "{}", page.body);
    let status = world.get("/status", &[("cookie", &cookie)]).await;
    assert!(status.body.starts_with("<main"), "{}", status.body);
    // On a redirect from another site the new cookie would not be shown.
    let from_mail = world.get("/?token=0123456789abcdef", &[("sec-fetch-site", "cross-site")]).await;
    assert!(from_mail.status == 200 && from_mail.body.contains("http-equiv=\"refresh\""));
    assert!(from_mail.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn every_page_forbids_whatever_it_does_not_need() {
    let world = World::new();
    let cookie = world.cookie();
    for (path, headers) in
        [("/", &[("cookie", cookie.as_str())][..]), ("/", &[]), ("/healthz", &[]), ("/nothing", &[])]
    {
        let got = world.get(path, headers).await;
        let policy = got.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(got.headers["x-frame-options"], "DENY");
        assert_eq!(got.headers["cache-control"], "no-store");
        assert_eq!(got.headers["referrer-policy"], "same-origin");
        assert_eq!(got.headers["x-content-type-options"], "nosniff");
        assert!(
            !got.body.contains("http://") && !got.body.contains("https://"),
            "nothing comes from elsewhere"
        );
    }
    let nonce = |got: Got| got.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert_ne!(nonce(world.get("/", &[]).await), nonce(world.get("/", &[]).await));
}

#[tokio::test]
async fn another_name_for_our_address_opens_nothing() {
    let world = World::new();
    let cookie = world.cookie();
    for path in ["/", "/status", "/?token=0123456789abcdef", "/metrics", "/healthz"] {
        let got = world.get(path, &[("host", "evil.example:8080"), ("cookie", &cookie)]).await;
        assert_eq!(got.status, 421, "{path}");
        assert!(!got.headers.contains_key("set-cookie") && !got.body.contains("jdoe"), "{path}");
    }
    let headers = [("host", "evil.example"), ("authorization", "Bearer 0123456789abcdef"), FORM];
    assert_eq!(world.send("POST", "/cancel", &headers, "").await.status, 421);
}

/// What is odd about it, headers, body, and the status that it deserves.
type Attempt<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, u16);

#[tokio::test]
async fn other_pages_in_the_browser_can_send_nothing() {
    let world = World::new();
    let asking = world.ask(About::Password);
    let number = world.question().await;
    let cookie = world.cookie();
    let csrf = world.site.gate.as_ref().unwrap().csrf().to_owned();
    let good = format!("csrf={csrf}&question={number}&password=x");
    let bare = format!("question={number}&password=x");
    let (cookie, origin) = (("cookie", cookie.as_str()), ("origin", "http://127.0.0.1:8080"));
    let table: [Attempt<'_>; 9] = [
        ("no cookie", &[origin, FORM], &good, 401),
        ("no csrf", &[cookie, origin, FORM], &bare, 403),
        ("no origin", &[cookie, FORM], &good, 403),
        ("other origin", &[cookie, ("origin", "http://evil.example"), FORM], &good, 403),
        ("other port", &[cookie, ("origin", "http://127.0.0.1:9999"), FORM], &good, 403),
        ("other site", &[cookie, origin, ("sec-fetch-site", "same-site"), FORM], &good, 403),
        ("json", &[cookie, origin, ("content-type", "application/json")], &good, 415),
        ("plain text", &[cookie, origin, ("content-type", "text/plain")], &good, 415),
        ("no kind", &[cookie, origin], &good, 415),
    ];
    for (what, headers, body, status) in table {
        assert_eq!(world.send("POST", "/password", headers, body).await.status, status, "{what}");
        assert_eq!(world.question().await, number, "{what}");
    }
    let long = format!("{good}&filling={}", "x".repeat(BODY));
    assert_eq!(world.send("POST", "/password", &[cookie, origin, FORM], &long).await.status, 413);
    assert_eq!(world.send("POST", "/password", &[cookie, origin, FORM], &good).await.status, 303);
    assert!(matches!(asking.await.unwrap(), Answer::Password(_)));
}

#[tokio::test]
async fn an_answer_of_the_wrong_kind_is_refused() {
    let world = World::new();
    let asking = world.ask(About::Password);
    let number = world.question().await;
    assert_eq!(world.submit("/code", &format!("question={number}&code=123456")).await.status, 400);
    assert_eq!(world.submit("/again", &format!("question={number}")).await.status, 400);
    assert_eq!(world.submit("/password", &format!("question={number}&password=")).await.status, 400);
    assert_eq!(world.submit("/password", &format!("question={}&password=x", number + 1)).await.status, 400);
    asking.abort();
    let _ = asking.await;
    let asking = world.ask(code());
    let number = world.question().await;
    assert_eq!(world.submit("/password", &format!("question={number}&password=hunter2")).await.status, 400);
    let odd = world.submit("/code", &format!("question={number}&code=12345")).await;
    assert!(odd.status == 400 && odd.body.contains("Invalid code, should be six digits. Try again"));
    assert_eq!(world.submit("/send", &format!("question={number}&to=7")).await.status, 400);
    assert_eq!(world.submit("/send", &format!("question={number}&to=0")).await.status, 303);
    assert!(matches!(asking.await.unwrap(), Answer::Phone(0)));
}

#[tokio::test]
async fn a_script_answers_with_the_token_alone_as_it_did_with_icloudpd() {
    let world = World::new();
    assert_eq!(world.script("/code", "code=123456").await.status, 400);
    let asking = world.ask(code());
    world.question().await;
    let got = world.script("/code", "code=123456").await;
    assert_eq!((got.status, got.body.as_str()), (200, "Ok\n"));
    assert!(matches!(asking.await.unwrap(), Answer::Code(_)));
    let wrong = [("authorization", "Bearer 0123456789abcdeX"), FORM];
    assert_eq!(world.send("POST", "/resume", &wrong, "").await.status, 401);
    assert_eq!(world.script("/resume", "").await.status, 200);
    assert_eq!(world.script("/cancel", "").await.status, 400);
}

#[tokio::test]
async fn stop_ends_the_run_of_a_section_and_no_other() {
    let world = World::new();
    let program = icloud_photos::sync::StopSignal::new();
    let run = world.board.seat(0).stop_signal(&program);
    assert_eq!(world.submit("/cancel", "").await.status, 303);
    assert!(run.is_given() && !program.is_given());
}

#[tokio::test]
async fn run_now_ends_a_wait_and_is_not_kept_for_the_next() {
    let world = World::new();
    let hurried = async || tokio::time::timeout(Duration::ZERO, world.board.hurried()).await.is_ok();
    world.submit("/resume", "").await;
    assert!(!hurried().await, "a round was under way");
    world.board.next_round(Some(SystemTime::now()));
    world.submit("/resume", "").await;
    assert!(hurried().await);
}

#[tokio::test]
async fn methods_and_paths_that_are_none_are_told_so() {
    let world = World::new();
    assert_eq!(world.get("/cancel", &[]).await.headers["allow"], "POST");
    assert_eq!(world.send("POST", "/", &[], "").await.headers["allow"], "GET");
    assert_eq!(world.send("DELETE", "/metrics", &[], "").await.status, 405);
    for path in ["/static/x.js", "//", "/status/", "/../etc/passwd", "/favicon.ico"] {
        assert_eq!(world.get(path, &[]).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn where_only_metrics_are_served_there_is_no_page() {
    let board = Board::new(["a"].into_iter());
    let site = Site::new(board.clone(), Facts::default(), None, &[]);
    let world = World { site, board, _file: tempfile::NamedTempFile::new().unwrap() };
    for (path, status) in
        [("/", 404), ("/?token=x", 404), ("/status", 404), ("/metrics", 200), ("/healthz", 200)]
    {
        assert_eq!(world.get(path, &[]).await.status, status, "{path}");
    }
    assert_eq!(world.get("/metrics", &[("host", "icloudpd:9090")]).await.status, 200);
}

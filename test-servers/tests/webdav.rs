//! Both WebDAV servers do what a client that keeps photos asks for, and want the password.

#![allow(clippy::unwrap_used, clippy::panic)]

use http::{Method, StatusCode};
use icloud_photos_test_servers::skip;
use icloud_photos_test_servers::webdav::{Apache, PASSWORD, USER, WebDavServer};

struct Client {
    endpoint: String,
    http: reqwest::Client,
}

impl Client {
    async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &'static str,
    ) -> (StatusCode, String) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.endpoint)).body(body);
        request = request.basic_auth(USER, Some(PASSWORD));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }
}

/// What a storage needs: folders, files, ranges, names, and a move that does not replace.
async fn keeps_files(client: &Client, files: impl Fn() -> Vec<String>) {
    let status = |told: (StatusCode, String)| told.0.as_u16();
    assert_eq!(status(client.ask("PUT", "/no/folder", &[], "x").await), 409);
    assert_eq!(status(client.ask("MKCOL", "/2018", &[], "").await), 201);
    assert_eq!(status(client.ask("MKCOL", "/2018", &[], "").await), 405, "it is there");
    assert_eq!(status(client.ask("PUT", "/2018/a%20b%2B%C3%A4.jpg", &[], "0123456789").await), 201);
    assert_eq!(status(client.ask("PUT", "/2018/empty", &[], "").await), 201);
    assert_eq!(files(), ["2018/a b+ä.jpg", "2018/empty"]);
    let part = client.ask("GET", "/2018/a%20b%2B%C3%A4.jpg", &[("range", "bytes=7-99")], "").await;
    assert_eq!(part, (StatusCode::PARTIAL_CONTENT, "789".to_owned()));
    let beyond = client.ask("GET", "/2018/a%20b%2B%C3%A4.jpg", &[("range", "bytes=10-")], "").await;
    assert_eq!(status(beyond), 416);
    let listed = client.ask("PROPFIND", "/2018/", &[("depth", "1")], "").await;
    assert_eq!(listed.0, StatusCode::MULTI_STATUS);
    assert!(listed.1.contains("empty") && listed.1.contains(">10<"), "{}", listed.1);
    assert_eq!(status(client.ask("PROPFIND", "/none", &[("depth", "0")], "").await), 404);

    let target = format!("{}/2018/empty", client.endpoint);
    let gently = [("destination", target.as_str()), ("overwrite", "F")];
    assert_eq!(status(client.ask("MOVE", "/2018/a%20b%2B%C3%A4.jpg", &gently, "").await), 412);
    assert_eq!(status(client.ask("DELETE", "/2018/empty", &[], "").await), 204);
    assert_eq!(status(client.ask("MOVE", "/2018/a%20b%2B%C3%A4.jpg", &gently, "").await), 201);
    assert_eq!(client.ask("GET", "/2018/empty", &[], "").await.1, "0123456789");
    assert_eq!(files(), ["2018/empty"]);
    let refused = client.ask("PUT", "/2018/empty", &[("if-none-match", "*")], "y").await;
    assert_eq!(status(refused), 412);
    assert_eq!(status(client.ask("DELETE", "/2018/gone", &[], "").await), 404);
}

async fn wants_the_password(endpoint: &str) {
    let http = reqwest::Client::new();
    let anonymous = http.get(format!("{endpoint}/")).send().await.unwrap();
    assert_eq!(anonymous.status(), StatusCode::UNAUTHORIZED);
    assert!(anonymous.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic"));
    let wrong =
        http.put(format!("{endpoint}/a")).basic_auth(USER, Some("wrong")).body("x").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_server_in_this_process() {
    let server = WebDavServer::start().await;
    wants_the_password(&server.endpoint()).await;
    assert_eq!(server.requests("PUT"), 0, "who may not is not counted");
    let client = Client { endpoint: server.endpoint(), http: reqwest::Client::new() };
    keeps_files(&client, || server.files()).await;
    assert_eq!(server.requests("MOVE"), 2);
}

#[tokio::test]
async fn apache() {
    let Some(server) = Apache::start() else { return skip("apache", "apache2") };
    wants_the_password(&server.endpoint()).await;
    let client = Client { endpoint: server.endpoint(), http: reqwest::Client::new() };
    keeps_files(&client, || server.files()).await;
}

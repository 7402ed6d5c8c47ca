//! The S3 server does what Amazon documents, asked by a client that others wrote (`object_store`) and by hand.

#![allow(clippy::unwrap_used, clippy::panic)]

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt as _;
use icloud_photos_test_servers::s3::{ACCESS_KEY, BUCKET, Fault, REGION, S3Server, SECRET_KEY};
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsAuthorizer, AwsCredential, S3ConditionalPut};
use object_store::client::{ClientOptions, HttpConnector as _, HttpRequest, ReqwestConnector};
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload, RetryConfig,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/');
const MIB: usize = 1024 * 1024;

fn client(server: &S3Server) -> AmazonS3 {
    builder(server).build().unwrap()
}

fn builder(server: &S3Server) -> AmazonS3Builder {
    AmazonS3Builder::new()
        .with_endpoint(server.endpoint())
        .with_allow_http(true)
        .with_region(REGION)
        .with_bucket_name(BUCKET)
        .with_access_key_id(ACCESS_KEY)
        .with_secret_access_key(SECRET_KEY)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

/// One signed request, for what the client has no word for. `target` is path and query below the bucket, encoded.
async fn ask(
    server: &S3Server,
    method: Method,
    target: &str,
    headers: &[(&str, &str)],
    body: &'static [u8],
) -> Answer {
    let mut request =
        http::Request::builder().method(method).uri(format!("{}/{BUCKET}{target}", server.endpoint()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request: HttpRequest = request.body(Bytes::from_static(body).into()).unwrap();
    let credential = AwsCredential { key_id: ACCESS_KEY.into(), secret_key: SECRET_KEY.into(), token: None };
    AwsAuthorizer::new(&credential, "s3", REGION).try_authorize(&mut request, None).unwrap();
    let options = ClientOptions::new().with_allow_http(true);
    let client = ReqwestConnector::default().connect(&options).unwrap();
    let (parts, body) = client.execute(request).await.unwrap().into_parts();
    let text = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
    Answer { status: parts.status, headers: parts.headers, text }
}

/// What stands between the tags of this name, in their order.
fn values(xml: &str, tag: &str) -> Vec<String> {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let after = xml.split(open.as_str()).skip(1);
    after.filter_map(|rest| Some(rest.split_once(close.as_str())?.0.to_owned())).collect()
}

fn put(text: &'static str) -> PutPayload {
    PutPayload::from_static(text.as_bytes())
}

#[tokio::test]
async fn an_object_comes_back_as_it_went() {
    let server = S3Server::start().await;
    let client = client(&server);
    for (key, bytes) in [("2018/a.jpg", "photo"), ("empty", "")] {
        client.put(&Path::from(key), put(bytes)).await.unwrap();
        let back = client.get(&Path::from(key)).await.unwrap().bytes().await.unwrap();
        assert_eq!(back, bytes);
        assert_eq!(client.head(&Path::from(key)).await.unwrap().size, bytes.len() as u64);
    }
    assert_eq!(server.keys(), ["2018/a.jpg", "empty"]);
    assert_eq!(server.operation("PutObject"), 2);
    assert_eq!(server.puts(), 2);
    client.delete(&Path::from("empty")).await.unwrap();
    let again = ask(&server, Method::DELETE, "/empty", &[], b"").await;
    assert_eq!(again.status, StatusCode::NO_CONTENT, "what is not there is deleted");
    assert!(matches!(client.get(&Path::from("empty")).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn a_wrong_secret_and_a_wrong_bucket_are_refused() {
    let server = S3Server::start().await;
    let refused = builder(&server)
        .with_secret_access_key("wrong")
        .build()
        .unwrap()
        .put(&Path::from("a"), put("x"))
        .await;
    assert!(
        matches!(refused, Err(Error::PermissionDenied { .. } | Error::Unauthenticated { .. })),
        "{refused:?}"
    );
    let anonymous = AmazonS3Builder::new()
        .with_endpoint(server.endpoint())
        .with_allow_http(true)
        .with_bucket_name(BUCKET)
        .with_skip_signature(true)
        .build()
        .unwrap();
    assert!(anonymous.put(&Path::from("a"), put("x")).await.is_err());
    assert_eq!(server.puts(), 0, "what was not signed is not counted");
    let wrong =
        builder(&server).with_bucket_name("wrong").build().unwrap().put(&Path::from("a"), put("x")).await;
    assert!(format!("{wrong:?}").contains("NoSuchBucket"), "{wrong:?}");
    assert_eq!(server.keys(), [""; 0]);
}

#[tokio::test]
async fn only_one_of_many_creates() {
    let server = S3Server::start().await;
    let client = client(&server);
    let puts = (0..20).map(|_| async {
        client.put_opts(&Path::from("a"), put("x"), PutMode::Create.into()).await.map(drop)
    });
    let all = futures::future::join_all(puts).await;
    assert_eq!(all.iter().filter(|put| put.is_ok()).count(), 1);
    assert!(all.iter().flat_map(|put| put.as_ref().err()).all(|e| matches!(e, Error::AlreadyExists { .. })));
    let wrong = ask(&server, Method::PUT, "/a", &[("if-match", "\"another\"")], b"y").await;
    assert_eq!(wrong.status, StatusCode::PRECONDITION_FAILED);
    let gone = ask(&server, Method::PUT, "/b", &[("if-match", "\"another\"")], b"y").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let copied = [("x-amz-copy-source", "/photos/a"), ("if-none-match", "*")];
    assert_eq!(ask(&server, Method::PUT, "/a", &copied, b"").await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(ask(&server, Method::PUT, "/c", &copied, b"").await.status, StatusCode::OK);
    assert_eq!(server.bytes("c").unwrap(), b"x");
}

#[tokio::test]
async fn a_key_and_what_is_below_it_are_two_keys_and_odd_ones_are_kept() {
    let server = S3Server::start().await;
    let odd = ["a", "a/b", "a b", "a%20b", "a+b", "ä/日本", "a\nb", " a ", "a//b", "a&<b>", "a/"];
    for key in odd {
        let encoded = utf8_percent_encode(key, IN_PATHS).to_string();
        let status = ask(&server, Method::PUT, &format!("/{encoded}"), &[], b"x").await.status;
        assert_eq!(status, StatusCode::OK, "{key:?}");
    }
    let mut sorted = odd.to_vec();
    sorted.sort_unstable();
    assert_eq!(server.keys(), sorted);
    let listed = ask(&server, Method::GET, "?list-type=2&encoding-type=url", &[], b"").await;
    assert!(values(&listed.text, "Key").contains(&"a+b".to_owned()), "a space: {}", listed.text);
    assert!(values(&listed.text, "Key").contains(&"a%2Bb".to_owned()));
    assert!(values(&listed.text, "Key").contains(&"a%0Ab".to_owned()));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let server = S3Server::start().await;
    for number in 0..25 {
        server.put(&format!("2018/{number:02}/a"), b"x");
        server.put(&format!("2018/{number:02}/b"), b"x");
    }
    server.put("2018", b"x");
    server.put("2019/a", b"x");
    let mut seen = Vec::new();
    let mut target = "?list-type=2&max-keys=7&prefix=2018%2F1".to_owned();
    loop {
        let page = ask(&server, Method::GET, &target, &[], b"").await.text;
        let keys = values(&page, "Key");
        assert!(keys.len() <= 7);
        seen.extend(keys);
        let Some(token) = values(&page, "NextContinuationToken").pop() else { break };
        target = format!(
            "?continuation-token={}&list-type=2&max-keys=7&prefix=2018%2F1",
            token.replace('=', "%3D")
        );
    }
    let wanted: Vec<_> = server.keys().into_iter().filter(|key| key.starts_with("2018/1")).collect();
    assert_eq!(seen, wanted, "the prefix ends inside of a name");
    assert_eq!(seen.len(), 20);

    let mut folders = Vec::new();
    let mut target = "?delimiter=%2F&list-type=2&max-keys=7&prefix=2018%2F".to_owned();
    while let Some(page) = Some(ask(&server, Method::GET, &target, &[], b"").await.text) {
        folders.extend(values(&page, "CommonPrefixes").iter().flat_map(|prefix| values(prefix, "Prefix")));
        let Some(token) = values(&page, "NextContinuationToken").pop() else { break };
        let token = token.replace('=', "%3D");
        target = format!("?continuation-token={token}&delimiter=%2F&list-type=2&max-keys=7&prefix=2018%2F");
    }
    let wanted: Vec<_> = (0..25).map(|number| format!("2018/{number:02}/")).collect();
    assert_eq!(folders, wanted);
}

#[tokio::test]
async fn ranges_are_read_and_none_begins_beyond_the_end() {
    let server = S3Server::start().await;
    server.put("a", b"0123456789");
    server.put("empty", b"");
    let client = client(&server);
    let read = |range: GetRange| {
        let client = &client;
        async move {
            let options = GetOptions { range: Some(range), ..GetOptions::default() };
            client.get_opts(&Path::from("a"), options).await.unwrap().bytes().await.unwrap()
        }
    };
    assert_eq!(read(GetRange::Bounded(2..5)).await, "234");
    assert_eq!(read(GetRange::Offset(7)).await, "789");
    assert_eq!(read(GetRange::Suffix(2)).await, "89");
    for (target, range) in [("/a", "bytes=10-"), ("/empty", "bytes=0-")] {
        let beyond = ask(&server, Method::GET, target, &[("range", range)], b"").await;
        assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    }
    let part = ask(&server, Method::GET, "/a", &[("range", "bytes=8-99")], b"").await;
    assert_eq!((part.status, part.text.as_str()), (StatusCode::PARTIAL_CONTENT, "89"));
    assert_eq!(part.headers["content-range"], "bytes 8-9/10");
}

/// An upload of two parts, but for the last step; gives its id and the body of that step.
async fn two_parts(server: &S3Server, key: &str) -> (String, &'static [u8]) {
    let said = [("x-amz-meta-asset", "ABC"), ("content-type", "image/heic")];
    let begun = ask(server, Method::POST, &format!("/{key}?uploads="), &said, b"").await;
    let id = values(&begun.text, "UploadId").remove(0);
    let large: &'static [u8] = vec![7; 5 * MIB].leak();
    let mut tags = String::new();
    for (number, bytes) in [(1, large), (2, b"end".as_slice())] {
        let target = format!("/{key}?partNumber={number}&uploadId={id}");
        let part = ask(server, Method::PUT, &target, &[], bytes).await;
        let etag = part.headers["etag"].to_str().unwrap().replace('"', "&quot;");
        tags += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    }
    let body = format!("<CompleteMultipartUpload>{tags}</CompleteMultipartUpload>");
    (id, body.into_bytes().leak())
}

#[tokio::test]
async fn an_upload_is_listed_until_it_ends_and_keeps_what_was_said() {
    let server = S3Server::start().await;
    let (id, completion) = two_parts(&server, "b").await;
    two_parts(&server, "a").await;
    let (second, _) = two_parts(&server, "b").await;
    assert_eq!(server.open_uploads(), ["a", "b", "b"]);
    let first = ask(&server, Method::GET, "?max-uploads=2&uploads=", &[], b"").await.text;
    assert_eq!(values(&first, "IsTruncated"), ["true"]);
    assert_eq!(values(&values(&first, "Upload").concat(), "Key"), ["a", "b"]);
    assert_eq!(values(&first, "Initiated").len(), 2);
    let (key, upload) = (values(&first, "NextKeyMarker"), values(&first, "NextUploadIdMarker"));
    let target = format!("?key-marker={}&upload-id-marker={}&uploads=", key[0], upload[0]);
    let rest = ask(&server, Method::GET, &target, &[], b"").await.text;
    assert_eq!(values(&rest, "UploadId"), [second.as_str()]);
    assert_eq!(values(&rest, "IsTruncated"), ["false"]);
    let none = ask(&server, Method::GET, "?prefix=c&uploads=", &[], b"").await.text;
    assert!(values(&none, "Upload").is_empty());

    let done = ask(&server, Method::POST, &format!("/b?uploadId={id}"), &[], completion).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(server.bytes("b").unwrap().len(), 5 * MIB + 3);
    assert_eq!(server.metadata("b").unwrap(), [("asset".to_owned(), "ABC".to_owned())]);
    let head = ask(&server, Method::HEAD, "/b", &[], b"").await.headers;
    assert_eq!(
        (&head["x-amz-meta-asset"], &head["content-type"]),
        (&"ABC".parse().unwrap(), &"image/heic".parse().unwrap())
    );
    assert!(head["etag"].to_str().unwrap().ends_with("-2\""));
    assert_eq!(server.open_uploads(), ["a", "b"]);
    let again = ask(&server, Method::POST, &format!("/b?uploadId={id}"), &[], completion).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let aborted = ask(&server, Method::DELETE, &format!("/b?uploadId={second}"), &[], b"").await;
    assert_eq!(aborted.status, StatusCode::NO_CONTENT);
    assert_eq!(server.open_uploads(), ["a"]);
}

#[tokio::test]
async fn a_completion_is_judged() {
    let server = S3Server::start().await;
    let (id, completion) = two_parts(&server, "a").await;
    let target = format!("/a?uploadId={id}");
    server.put("a", b"of somebody else");
    let refused = ask(&server, Method::POST, &target, &[("if-none-match", "*")], completion).await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(server.bytes("a").unwrap(), b"of somebody else");
    assert_eq!(server.open_uploads(), ["a"], "a refused upload stays open");
    let wrong = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>";
    let refused = ask(&server, Method::POST, &target, &[], wrong.as_bytes()).await;
    assert_eq!(values(&refused.text, "Code"), ["InvalidPart"]);
    let (small, completion) = {
        let begun = ask(&server, Method::POST, "/s?uploads=", &[], b"").await;
        let id = values(&begun.text, "UploadId").remove(0);
        let mut tags = String::new();
        for number in 1..=2 {
            let part =
                ask(&server, Method::PUT, &format!("/s?partNumber={number}&uploadId={id}"), &[], b"x").await;
            let etag = part.headers["etag"].to_str().unwrap().replace('"', "&quot;");
            tags += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
        }
        let body: &[u8] =
            format!("<CompleteMultipartUpload>{tags}</CompleteMultipartUpload>").into_bytes().leak();
        (id, body)
    };
    let refused = ask(&server, Method::POST, &format!("/s?uploadId={small}"), &[], completion).await;
    assert_eq!(values(&refused.text, "Code"), ["EntityTooSmall"]);
}

#[tokio::test]
async fn parts_are_copied_from_the_version_that_was_meant() {
    let server = S3Server::start().await;
    server.put("from", &vec![3; 6 * MIB]);
    let etag =
        ask(&server, Method::HEAD, "/from", &[], b"").await.headers["etag"].to_str().unwrap().to_owned();
    let begun = ask(&server, Method::POST, "/to?uploads=", &[], b"").await;
    let target = format!("/to?partNumber=1&uploadId={}", values(&begun.text, "UploadId")[0]);
    let mut headers = vec![
        ("x-amz-copy-source", "photos/from"),
        ("x-amz-copy-source-range", "bytes=0-5242879"),
        ("x-amz-copy-source-if-match", etag.as_str()),
    ];
    let copied = ask(&server, Method::PUT, &target, &headers, b"").await;
    assert_eq!(copied.status, StatusCode::OK, "{}", copied.text);
    headers[2].1 = "\"another\"";
    let refused = ask(&server, Method::PUT, &target, &headers, b"").await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
    headers[1].1 = "bytes=0-99999999";
    headers[2].1 = etag.as_str();
    assert_eq!(
        ask(&server, Method::PUT, &target, &headers, b"").await.status,
        StatusCode::RANGE_NOT_SATISFIABLE
    );
}

#[tokio::test]
async fn a_body_is_compared_with_what_was_said_of_it() {
    let server = S3Server::start().await;
    // Of "x" and of "y".
    let (right, wrong) = ("ndTkYSaMgDT1yFZOFVxnpg==", "QVKQdpWURg4uSFkikE80XQ==");
    let refused = ask(&server, Method::PUT, "/a", &[("content-md5", wrong)], b"x").await;
    assert_eq!(values(&refused.text, "Code"), ["BadDigest"]);
    let refused = ask(&server, Method::PUT, "/a", &[("x-amz-checksum-crc32", "AAAAAA==")], b"x").await;
    assert_eq!(values(&refused.text, "Code"), ["BadDigest"]);
    assert_eq!(server.keys(), [""; 0]);
    ask(&server, Method::PUT, "/a", &[("content-md5", right)], b"x").await;
    let large: &'static str = vec!["x"; 3000].concat().leak();
    let refused = ask(&server, Method::PUT, "/b", &[("x-amz-meta-a", large)], b"x").await;
    assert_eq!(values(&refused.text, "Code"), ["MetadataTooLarge"]);
    assert_eq!(server.keys(), ["a"]);
}

#[tokio::test]
async fn what_is_to_fail_fails() {
    let server = S3Server::start().await;
    let client = client(&server);
    server.fail_next("PutObject", Fault::Refuse("SlowDown"));
    server.fail_next("PutObject", Fault::CutRequest(10_000));
    server.fail_next("PutObject", Fault::CutAnswer(0));
    let body = PutPayload::from_bytes(Bytes::from(vec![1; MIB]));
    for there in [false, false, true] {
        assert!(client.put(&Path::from("a"), body.clone()).await.is_err());
        // The answer may be lost before the server is done.
        for _ in 0..100 {
            if server.keys().is_empty() != there {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(!server.keys().is_empty(), there);
    }
    client.put(&Path::from("a"), body).await.unwrap();
    assert_eq!(server.operation("PutObject"), 4);
    server.fail_next("GetObject", Fault::CutAnswer(100_000));
    let cut = client.get(&Path::from("a")).await.unwrap().bytes().await;
    assert!(cut.is_err());
    assert_eq!(client.get(&Path::from("a")).await.unwrap().bytes().await.unwrap().len(), MIB);
}

#[tokio::test]
async fn one_seed_is_one_series_of_faults() {
    let mut series = Vec::new();
    for seed in [1, 1, 2] {
        let server = S3Server::start().await;
        let client = client(&server);
        server.chaos(seed, 0.5);
        let mut outcomes = Vec::new();
        for _ in 0..40 {
            outcomes.push(client.put(&Path::from("a"), put("x")).await.is_ok());
        }
        server.calm();
        client.put(&Path::from("a"), put("x")).await.unwrap();
        series.push(outcomes);
    }
    assert_eq!(series[0], series[1]);
    assert_ne!(series[0], series[2]);
    assert!(series[0].contains(&true) && series[0].contains(&false));
}

/// The program, ended by its id when the test ends.
struct Program(std::process::Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_program_serves_and_tells() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_test-servers"));
    command.args(["s3", "--root"]).arg(folder.path()).stdout(std::process::Stdio::piped());
    let mut program = Program(command.spawn().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(program.0.stdout.take().unwrap()), &mut line)
        .unwrap();
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    told_client(&told).put(&Path::from("a b"), put("x")).await.unwrap();
    assert_eq!(plain(&format!("{}/keys", text("control"))).await, r#"["a b"]"#);
    assert_eq!(plain(&format!("{}/counts", text("control"))).await, r#"{"PutObject":1}"#);
    assert_eq!(plain(&format!("{}/uploads", text("control"))).await, "[]");
    assert_eq!(plain(&format!("{}/metadata?a%20b", text("control"))).await, "{}");

    let post = async |what: &str| {
        let answer = reqwest::Client::new().post(format!("{}/{what}", text("control"))).send().await;
        assert!(answer.unwrap().status().is_success(), "{what}");
    };
    post("reset").await;
    post("chaos?1,1").await;
    let mut failed = 0;
    for _ in 0..20 {
        failed += u32::from(told_client(&told).put(&Path::from("b"), put("x")).await.is_err());
    }
    post("calm").await;
    assert!(failed > 0, "all of it should go wrong, or be late");
    told_client(&told).put(&Path::from("b"), put("x")).await.unwrap();
    assert_eq!(plain(&format!("{}/counts", text("control"))).await, r#"{"PutObject":21}"#);
}

fn told_client(told: &serde_json::Value) -> AmazonS3 {
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    AmazonS3Builder::new()
        .with_endpoint(text("endpoint"))
        .with_allow_http(true)
        .with_bucket_name(text("bucket"))
        .with_access_key_id(text("access_key"))
        .with_secret_access_key(text("secret_key"))
        .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
        .build()
        .unwrap()
}

async fn plain(url: &str) -> String {
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

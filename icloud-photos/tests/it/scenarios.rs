//! The scenarios that all languages run: `scenarios/scenarios.json`, told there. This is Rust's runner; Python's and Node's do the same steps
//! over TCP, and must come to the same outcomes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures::StreamExt;
use icloud_photos::asset::{Change, ChangeCursor};
use icloud_photos::download::{Downloader, Proof};
use icloud_photos::storage::{MemoryStorage, Storage, StoragePath, WriteOptions};
use icloud_photos::sync::catalogue::MemoryCatalogue;
use icloud_photos::sync::{AdoptOptions, LayoutOptions, SyncEngine, VerifyOptions, verify};
use icloud_photos::{
    Album, Asset, Assets, Challenge, Client, Credentials, Error, Library, Listing, Login, Role, Session,
    SmartAlbum,
};
use icloud_photos_testkit::{AccountSpec, FakeCloud, LibrarySpec};
use serde_json::{Map, Value, json};

use crate::support;

#[tokio::test(start_paused = true)]
async fn the_scenarios_of_all_languages_come_out_as_they_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/scenarios.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for scenario in file["scenarios"].as_array().unwrap() {
        let name = scenario["name"].as_str().unwrap();
        let mut world = World::new(scenario);
        if scenario["sign_in"] == json!(true) {
            world.session = Some(support::sign_in(&world.cloud).await);
        }
        for (at, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
            let outcome = match world.step(step).await {
                Ok(outcome) => outcome,
                Err(error) => failure(&error),
            };
            if !step["expect"].as_object().unwrap().iter().all(|(key, value)| outcome.get(key) == Some(value))
            {
                wrong.push(format!("{name}, step {}: {step}\n  came to {outcome}", at + 1));
            }
            if std::env::var_os("SHOW_SCENARIOS").is_some() {
                println!("{}\n    {outcome}", step);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn failure(error: &Error) -> Value {
    json!({"error": snake(&format!("{:?}", error.kind())), "retryable": error.is_retryable()})
}

struct World {
    cloud: FakeCloud,
    client: Client,
    challenge: Option<Challenge>,
    session: Option<Session>,
    storage: Arc<MemoryStorage>,
    catalogue: Arc<MemoryCatalogue>,
    cursor: Option<ChangeCursor>,
}

impl World {
    fn new(scenario: &Value) -> Self {
        let fake = &scenario["fake"];
        let number = |key: &str, otherwise| fake[key].as_u64().unwrap_or(otherwise);
        let (assets, seed) = (number("assets", 25), number("seed", 1));
        let library = match fake["profile"].as_str().unwrap_or("plain") {
            "everyday" => LibrarySpec::everyday(seed, assets),
            "wild" => LibrarySpec::wild(seed, assets),
            _ => LibrarySpec { seed, ..LibrarySpec::plain(assets, number("file_size", 100_000)) },
        };
        let mut account = AccountSpec::in_state(fake["state"].as_str().unwrap_or("two-factor")).unwrap();
        account.code = fake["code"].as_str().map(str::to_owned);
        let cloud = FakeCloud::builder().seed(seed).account(account).library(library).build();
        Self {
            client: support::client(&cloud),
            cloud,
            challenge: None,
            session: None,
            storage: Arc::default(),
            catalogue: Arc::default(),
            cursor: None,
        }
    }

    async fn step(&mut self, step: &Value) -> Result<Value, Error> {
        match step["do"].as_str().unwrap() {
            "login" => self.login(step).await,
            "restore" => {
                let found = self.client.restore(&AccountSpec::default().username.parse()?).await?;
                Ok(json!({"state": if found.is_some() { "complete" } else { "none" }}))
            }
            "push" => self.challenge().request_push().await.map(|()| json!({})),
            "submit" => {
                let code = step["code"].as_str().unwrap().parse()?;
                self.session = Some(self.challenge().submit(code).await?);
                Ok(json!({"state": "complete"}))
            }
            "carry_over" => self.carry_over().await,
            "libraries" => {
                let libraries = self.session().libraries().await?;
                Ok(json!({"names": libraries.iter().map(Library::name).collect::<Vec<_>>()}))
            }
            "albums" => {
                let tree = self.library().albums().await?;
                Ok(json!({"paths": tree.iter().map(|album| album.path().join("/")).collect::<Vec<_>>()}))
            }
            "count" => Ok(json!({"count": self.album(step).count().await?})),
            "list" => self.list(step).await,
            "asset" => self.asset(step).await,
            "download" => self.download(step).await,
            "fake" => self.fake(step).await,
            other => self.copy(other, step).await,
        }
    }

    /// What is done to a copy.
    async fn copy(&mut self, what: &str, step: &Value) -> Result<Value, Error> {
        match what {
            "sync" => {
                let report = self.engine(step)?.run(Arc::new(())).await?;
                Ok(json!({
                    "assets": report.assets, "downloaded": report.downloaded, "bytes": report.bytes, "verified": report.verified,
                    "unconfirmed": report.unconfirmed, "present": report.present, "skipped": report.skipped, "failed": report.failed,
                    "clean": report.is_clean(),
                }))
            }
            "tree" => Ok(json!({"files": self.tree().await?})),
            "verify" => {
                let mut options = VerifyOptions::default();
                let engine = self.engine(&json!({}))?;
                if step["repair"] == json!(true) {
                    options = options.repair();
                }
                let report =
                    verify(self.storage.clone(), self.catalogue.clone(), options, Some(&engine), |_| {})
                        .await?;
                Ok(json!({
                    "proven": report.proven, "unproven": report.unproven, "bad": report.bad, "repaired": report.repaired,
                    "failed": report.failed, "strays": report.strays, "clean": report.is_clean(),
                }))
            }
            "adopt" => {
                let report = self.engine(&json!({}))?.adopt(AdoptOptions::default(), |_| {}).await?;
                Ok(json!({
                    "files": report.files, "recognised": report.recognised, "known": report.known, "unknown": report.unknown,
                    "failed": report.failed, "missing": report.missing, "clean": report.is_clean(),
                }))
            }
            "forget" => {
                self.catalogue = Arc::default();
                Ok(json!({}))
            }
            "damage" => self.damage().await,
            "cursor" => {
                self.cursor = Some(self.library().cursor().await?);
                Ok(json!({}))
            }
            "changes" => self.changes().await,
            other => panic!("no step is called {other}"),
        }
    }

    fn challenge(&self) -> &Challenge {
        self.challenge.as_ref().unwrap()
    }

    fn session(&self) -> &Session {
        self.session.as_ref().unwrap()
    }

    fn library(&self) -> Library {
        self.session().primary_library()
    }

    async fn login(&mut self, step: &Value) -> Result<Value, Error> {
        let account = AccountSpec::default();
        let password = step["password"].as_str().map_or(account.password, str::to_owned);
        match self.client.login(Credentials::new(account.username.parse()?, password)).await? {
            Login::Complete(session) => {
                self.session = Some(session);
                Ok(json!({"state": "complete"}))
            }
            Login::CodeRequired(challenge) => {
                let outcome = json!({"state": "code_required", "has_devices": challenge.has_devices()});
                self.challenge = Some(challenge);
                Ok(outcome)
            }
            Login::ActionRequired(action) => {
                let kind = snake(&format!("{:?}", action.error().kind()));
                Ok(json!({"state": "action_required", "error_kind": kind}))
            }
            other => panic!("{other:?}"),
        }
    }

    /// The challenge as text, taken up by a client that knows nothing of it.
    async fn carry_over(&mut self) -> Result<Value, Error> {
        let text = serde_json::to_string(&self.challenge().to_saved().await).unwrap();
        self.client = support::client(&self.cloud);
        self.challenge = Some(self.client.resume(serde_json::from_str(&text).unwrap())?);
        Ok(json!({"state": "code_required"}))
    }

    fn album(&self, step: &Value) -> Album {
        match step["smart"].as_str() {
            Some(name) => {
                let smart =
                    SmartAlbum::ALL.into_iter().find(|one| snake(&format!("{one:?}")) == name).unwrap();
                self.library().smart_album(smart)
            }
            None => self.library().all(),
        }
    }

    fn assets(&self, step: &Value) -> Assets {
        let assets = self.album(step).assets();
        match step["limit"].as_u64() {
            Some(limit) => assets.limit(limit),
            None => assets,
        }
    }

    async fn list(&self, step: &Value) -> Result<Value, Error> {
        let mut assets = self.assets(step);
        let (mut names, mut kinds, mut problems, mut files) = (Vec::new(), BTreeMap::new(), 0, 0);
        while let Some(item) = assets.next().await {
            match item {
                Ok(asset) => {
                    names.push(filename(&asset));
                    *kinds.entry(snake(&format!("{:?}", asset.kind()))).or_insert(0) += 1;
                    files += asset.resources().len();
                }
                Err(error) if Assets::concerns_one(&error) => problems += 1,
                Err(error) => return Err(error),
            }
        }
        let outcome = match assets.outcome() {
            Listing::Complete { .. } => "complete",
            Listing::Limited { .. } => "limited",
            _ => "short",
        };
        Ok(json!({
            "seen": names.len(), "first": names.first(), "last": names.last(), "kinds": kinds, "files": files, "problems": problems,
            "outcome": outcome,
        }))
    }

    async fn at(&self, step: &Value) -> Result<Asset, Error> {
        let at = usize::try_from(step["at"].as_u64().unwrap()).unwrap();
        self.library().all().assets().skip(at).next().await.unwrap()
    }

    async fn asset(&self, step: &Value) -> Result<Value, Error> {
        let asset = self.at(step).await?;
        let resources: Map<String, Value> = asset
            .resources()
            .iter()
            .map(|one| {
                (
                    snake(&format!("{:?}", one.role)),
                    json!([one.size, one.checksum.map(|sum| sum.to_string())]),
                )
            })
            .collect();
        Ok(json!({
            "id": asset.id().as_str(), "filename": filename(&asset), "kind": snake(&format!("{:?}", asset.kind())),
            "subtype": snake(&format!("{:?}", asset.subtype())), "created_ms": asset.created_ms(),
            "created": asset.created().map(|time| time.unix_timestamp()), "added": asset.added().map(|time| time.unix_timestamp()),
            "offset": asset.utc_offset().map(|offset| offset.whole_seconds()), "dimensions": asset.dimensions(),
            "favorite": asset.is_favorite(), "hidden": asset.is_hidden(), "keywords": asset.keywords(), "title": asset.title(),
            "resources": resources,
        }))
    }

    async fn download(&self, step: &Value) -> Result<Value, Error> {
        let (asset, library) = (self.at(step).await?, self.library());
        let wanted = step["role"].as_str().unwrap_or("original");
        let role = Role::ALL.into_iter().find(|role| snake(&format!("{role:?}")) == wanted).unwrap();
        let downloader = Downloader::new(&library);
        let mut download = downloader.get(&asset, role);
        if let (Some(start), Some(end)) = (step["start"].as_u64(), step["end"].as_u64()) {
            download = download.range(start..end);
        }
        let (bytes, proof) = match step["how"].as_str().unwrap() {
            "bytes" => {
                let (bytes, proof) = download.bytes(64 << 20).await?;
                (bytes.to_vec(), Some(proof))
            }
            "stream" => {
                let mut stream = download.stream()?;
                let mut bytes = Vec::new();
                while let Some(chunk) = stream.next().await {
                    bytes.extend_from_slice(&chunk?);
                }
                (bytes, stream.proof())
            }
            _ => {
                let path = StoragePath::parse("saved.jpg")?;
                let saved = download.save(self.storage.as_ref(), &path).await?;
                let stored = self.read(&path).await?;
                self.storage.remove(&path).await?;
                (stored, Some(saved.proof))
            }
        };
        Ok(json!({"size": bytes.len(), "crc": crc32(&bytes), "proof": proof.map(proof_name)}))
    }

    async fn read(&self, path: &StoragePath) -> Result<Vec<u8>, Error> {
        let mut chunks = self.storage.read(path, 0).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = chunks.next().await {
            bytes.extend_from_slice(&chunk?);
        }
        Ok(bytes)
    }

    fn engine(&self, step: &Value) -> Result<SyncEngine, Error> {
        let layout = LayoutOptions::default().zone(icloud_photos::sync::layout::LocalZone::utc());
        let builder = SyncEngine::builder(&self.library(), self.storage.clone())
            .layout(layout)
            .catalogue(self.catalogue.clone());
        match step["filter"].as_str() {
            Some("favorites") => builder.filter("favorites", Asset::is_favorite),
            _ => builder,
        }
        .build()
    }

    /// Path and length of every file.
    async fn tree(&self) -> Result<BTreeMap<String, u64>, Error> {
        let mut files = BTreeMap::new();
        let mut list = self.storage.list(&StoragePath::root());
        while let Some(file) = list.next().await {
            let file = file?;
            files.insert(file.path.to_string(), file.size);
        }
        Ok(files)
    }

    /// The first file by its path gets other bytes of the same length.
    async fn damage(&self) -> Result<Value, Error> {
        let (path, _) = self.tree().await?.pop_first().unwrap();
        let path = StoragePath::parse(&path)?;
        let mut bytes = self.read(&path).await?;
        bytes[0] ^= 0xff;
        let mut writer = self.storage.write(&path, WriteOptions::default().replace()).await?;
        writer.write(bytes.into()).await?;
        writer.commit().await?;
        Ok(json!({"path": path.as_str()}))
    }

    async fn changes(&self) -> Result<Value, Error> {
        let mut changes = self.library().changes(self.cursor.as_ref().unwrap());
        let (mut assets, mut batches) = (0, 0);
        while let Some(batch) = changes.next().await? {
            batches += 1;
            assets += batch.changes.iter().filter(|change| matches!(change, Change::Asset(_))).count();
        }
        Ok(json!({"assets": assets, "batches": batches}))
    }

    async fn fake(&self, step: &Value) -> Result<Value, Error> {
        let body = step.get("body").map_or_else(String::new, Value::to_string);
        let url = format!("{}{}", self.cloud.base_url(), step["post"].as_str().unwrap());
        let answer = self.cloud.handle(http::Request::post(url).body(body.into()).unwrap()).await;
        assert!(answer.status().is_success(), "{step}: {}", answer.status());
        Ok(json!({}))
    }
}

fn filename(asset: &Asset) -> Option<String> {
    asset.filename().known().map(str::to_owned)
}

fn proof_name(proof: Proof) -> String {
    match proof {
        Proof::Verified => "verified".into(),
        Proof::Unconfirmed(doubt) => snake(&format!("{doubt:?}")),
        _ => "unknown".into(),
    }
}

/// As Python and Node spell the names of Rust's variants.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// A sum that every language has.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

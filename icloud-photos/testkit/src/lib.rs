//! A fake iCloud for tests, demos and benches.
//!
//! It speaks the three services a photo client meets: sign-in (`/appleauth/auth/...`), setup
//! (`/setup/ws/1/...`) and the CloudKit photo database (`/database/1/...`), and serves the bytes of every
//! asset from a content host (`/B/...`). All of them live behind one base URL.
//!
//! The heart is one function from request to response, [`FakeCloud::handle`]; [`FakeCloud::serve`] puts it
//! behind a TCP port. The crate depends on nothing of ours, so that client and fake can only agree on what
//! the protocol says. Unmodified icloudpd 1.32.3 and pyicloud 2.4.1 sign in to it.
//!
//! # In a test
//!
//! ```
//! use icloud_photos_testkit::{AccountSpec, FakeCloud, FaultAction, FaultRule, FaultScript, LibrarySpec};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let cloud = FakeCloud::builder()
//!     .account(AccountSpec { username: "me@example.com".into(), ..AccountSpec::default() })
//!     .library(LibrarySpec::everyday(7, 200))
//!     .faults(FaultScript::new([FaultRule::new("content", FaultAction::Cut { after: 1000 }).times(1)]))
//!     .build();
//!
//! // In process: give requests to the function. Any host will do; the path decides.
//! let request = http::Request::post("https://setup.icloud.com/setup/ws/1/validate").body("null".into())?;
//! assert_eq!(cloud.handle(request).await.status(), 421);
//!
//! // Or over TCP, until `server` is dropped.
//! let server = cloud.serve().await?;
//! println!("sign in at {}/appleauth/auth, {}/setup/ws/1", server.url(), server.url());
//!
//! // What the person at the other end does.
//! for shown in cloud.codes() {
//!     println!("{} reads {}", shown.username, shown.code);
//! }
//! cloud.expire_sessions();
//! assert_eq!(cloud.counts().requests_to("setup/validate"), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # From another language
//!
//! The program `fake-icloud` prints its URL as the first line and serves until it is ended:
//!
//! ```text
//! fake-icloud --assets 500 --profile everyday --code 012345 --state two-factor
//! ```
//!
//! `--library FILE` takes the assets one by one ([`ExactAsset`]) in place of `--assets` and `--profile`.
//!
//! Point the three hosts of your client (`idmsa.apple.com`, `setup.icloud.com`, `www.icloud.com`) at it; all
//! others come out of the map of services that `accountLogin` gives. These are the switches:
//!
//! | Request | What it does |
//! |---|---|
//! | `GET /fake/codes` | the codes on people's screens |
//! | `GET /fake/truth?sha256=1` | what the library really holds; with the hashes of all files when asked |
//! | `GET /fake/counters`, `POST /fake/counters/reset` | requests and bytes by call |
//! | `POST /fake/faults` | a new [`FaultScript`]; without a body, none |
//! | `POST /fake/advance?seconds=N` | moves the clock |
//! | `POST /fake/expire?what=W` | `sessions`, `session-tokens`, `trust-tokens` or `change-tokens` end now |
//! | `POST /fake/move-partition` | CloudKit answers 421 until the map of services is read again |
//! | `GET`, `POST /fake/account?username=U` | an [`AccountSpec`]; members in the body replace those it has |
//! | `POST /fake/mutate` | adds a photo, `{"add": "IMG_1.JPG", "size": 1000}`, or changes one: `{"asset": ID, "edit": E}` with `render`, `rename` (with `"name": TEXT`), `favourite`, `unfavourite`, `hide`, `show`, `trash`, `restore`, `purge`, `enter`, `leave` (these two with `"album": ID`) or `move-to-shared` |
//! | `POST /fake/stir?changes=N` | makes N changes of all sorts all over the personal library ([`Library::stir`]) |
//!
//! `truth`, `mutate`, `stir` and `expire?what=change-tokens` are about the first account unless `username=U` names another.
//!
//! # What it insists on
//!
//! - Proofs of the password are checked, in both spellings clients use for numbers with leading zero bytes. Ten
//!   wrong ones in a row lock the account ([`AccountSpec::lock_after`]).
//! - No code exists before it is asked for ([`AccountSpec::push_on_sign_in`] for clients that never ask), a new one
//!   ends the one before, and codes are strings.
//! - Cookies must come back with their quotes. A client that talks to an Apple host name gets them with `Domain`
//!   and `Secure`, one that talks to a loopback address without.
//! - `scnt` must be one the fake has given for that sign-in; with [`AccountSpec::strict_scnt`] the newest.
//! - CloudKit wants a live `X-APPLE-WEBAUTH-TOKEN` and `X-APPLE-WEBAUTH-USER`, and with Advanced Data Protection
//!   the two `PCS` cookies.
//!
//! The statuses, bodies and headers are those of recordings where there are any. Where clients only agree, or one
//! alone knows, the fake does what they expect; error codes that nobody has written down are marked as such in
//! the source.

mod account;
mod admin;
mod auth;
mod clock;
mod cloud;
mod cookies;
mod counters;
mod desk;
mod endpoint;
mod faults;
mod gate;
mod http;
mod library;
mod server;
mod setup;
mod srp;

pub use crate::account::{
    AccountSpec, Adp, CodeAccepted, CodeRejected, LeadingZero, Phone, Protocol, SecondFactor, SecurityKeys,
    StatusForm,
};
pub use crate::cloud::{FakeCloud, FakeCloudBuilder, ShownCode};
pub use crate::counters::{Counts, EndpointCounts};
pub use crate::faults::{FaultAction, FaultRule, FaultScript, RetryAfter};
pub use crate::http::{Body, ConnectionReset, Request, Response};
pub use crate::library::{
    Access, Context, Edit, ExactAsset, ExpiredLink, Library, LibrarySpec, PageOrder, Picture, Profile,
    SharedLibrary, Switches,
};
pub use crate::server::Server;

//! Signs that a person was there: another password, or a saved session that changed.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;

use icloud_photos::AppleId;
use icloud_photos::redact::ExposeSecret as _;
use icloud_photos::session::{FileSessionStore, SessionStore as _};
use serde_json::Value;

use crate::config::{Account, Config};
use crate::prompt;

/// How things look. It holds no secret: only what this process can compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signs {
    password: Option<u64>,
    session: Option<u64>,
}

impl Signs {
    /// Reads the saved session, and the password where it can be had without asking. Nothing is sent.
    pub(super) async fn read(config: &Config, account: &Account) -> Self {
        let password = prompt::unattended(&account.username, &config.providers, &account.password);
        // A command that hangs is no sign of anybody, and holds nobody up.
        let password = match config.watch {
            Some(_) => tokio::time::timeout(config.answer_within, password).await.ok().flatten(),
            None => password.await,
        };
        Self {
            password: password.map(|password| mark(password.text.expose_secret().as_bytes())),
            session: session(account).await,
        }
    }

    /// Whether there is another password than before.
    pub(super) fn password_differs(&self, now: &Self) -> bool {
        now.password.is_some() && now.password != self.password
    }
}

async fn session(account: &Account) -> Option<u64> {
    let id = AppleId::new(&account.username).ok()?;
    let saved = FileSessionStore::new(&account.sessions).beside_icloudpd().load(&id).await.ok()??;
    let saved = serde_json::to_value(&saved).ok()?;
    Some(mark(in_order(saved).to_string().as_bytes()))
}

/// Cookies are stored in no order, and another one each time.
fn in_order(value: Value) -> Value {
    match value {
        Value::Array(values) => {
            let mut values: Vec<Value> = values.into_iter().map(in_order).collect();
            values.sort_by_cached_key(Value::to_string);
            Value::Array(values)
        }
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, in_order(value))).collect())
        }
        plain => plain,
    }
}

fn mark(bytes: &[u8]) -> u64 {
    static KEYS: OnceLock<RandomState> = OnceLock::new();
    KEYS.get_or_init(RandomState::new).hash_one(bytes)
}

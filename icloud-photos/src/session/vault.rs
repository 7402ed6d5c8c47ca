//! One account's place in the session store.

use std::sync::Arc;
use std::time::Duration;

use super::{AppleId, SavedSession, SessionStore, StoreLock};
use crate::error::{Error, ErrorKind, Result};
use crate::http::Clock;

/// How long somebody else may be changing the session before this is an error.
const PATIENCE: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_millis(100);

/// The store, and whose session in it is meant.
#[derive(Debug, Clone)]
pub(crate) struct Vault {
    store: Arc<dyn SessionStore>,
    account: AppleId,
    clock: Arc<dyn Clock>,
}

/// A vault while nobody else may change it: load, change, save.
#[derive(Debug)]
pub(crate) struct OpenVault {
    pub(crate) saved: SavedSession,
    vault: Vault,
    _claim: StoreLock,
}

impl Vault {
    pub(crate) fn new(store: Arc<dyn SessionStore>, account: AppleId, clock: Arc<dyn Clock>) -> Self {
        Self { store, account, clock }
    }

    pub(crate) fn account(&self) -> &AppleId {
        &self.account
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Waits for its turn and loads what is saved.
    pub(crate) async fn open(&self) -> Result<OpenVault> {
        let mut waited = Duration::ZERO;
        let claim = loop {
            if let Some(claim) = self.store.try_lock(&self.account).await? {
                break claim;
            }
            if waited >= PATIENCE {
                return Err(Error::new(
                    ErrorKind::Timeout,
                    "another program keeps this account's session busy",
                ));
            }
            self.clock.sleep(PAUSE).await;
            waited += PAUSE;
        };
        let saved = self.store.load(&self.account).await?.unwrap_or_default();
        Ok(OpenVault { saved, vault: self.clone(), _claim: claim })
    }
}

impl OpenVault {
    pub(crate) async fn save(&self) -> Result<()> {
        let Vault { store, account, .. } = &self.vault;
        if self.saved.is_empty() {
            store.remove(account).await
        } else {
            store.save(account, &self.saved).await
        }
    }
}

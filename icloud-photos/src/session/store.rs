//! Where sessions are kept between runs.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{AppleId, SavedSession};
use crate::error::Result;

/// Keeps one [`SavedSession`] per account. What it holds is a secret: keep it where only the user can read it.
#[async_trait]
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// The saved session of an account, if there is one.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a session of a newer version; what the storage
    /// reports. A damaged session counts as none.
    async fn load(&self, account: &AppleId) -> Result<Option<SavedSession>>;

    /// Replaces the saved session of an account, as a whole or not at all.
    ///
    /// # Errors
    /// What the storage reports.
    async fn save(&self, account: &AppleId, session: &SavedSession) -> Result<()>;

    /// Forgets an account. Forgetting an unknown one is fine.
    ///
    /// # Errors
    /// What the storage reports.
    async fn remove(&self, account: &AppleId) -> Result<()>;

    /// Tries to become the only one who changes this account's session, among all users of the store; the claim ends
    /// when the returned value is dropped. `None` while somebody else has it. Never waits.
    ///
    /// # Errors
    /// What the storage reports.
    async fn try_lock(&self, account: &AppleId) -> Result<Option<StoreLock>>;
}

/// The claim to change an account's session, given up on drop.
pub struct StoreLock(#[allow(dead_code)] Box<dyn Any + Send + Sync>);

impl StoreLock {
    /// Wraps what gives up the claim when it is dropped, such as a locked file.
    pub fn new(claim: impl Any + Send + Sync) -> Self {
        Self(Box::new(claim))
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreLock")
    }
}

/// Keeps sessions as long as the process lives. Clones share what they hold.
#[derive(Clone, Default)]
pub struct MemorySessionStore(Arc<Mutex<Shelf>>);

#[derive(Default)]
struct Shelf {
    sessions: HashMap<AppleId, SavedSession>,
    locked: HashSet<AppleId>,
}

impl MemorySessionStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, act: impl FnOnce(&mut Shelf) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl SessionStore for MemorySessionStore {
    async fn load(&self, account: &AppleId) -> Result<Option<SavedSession>> {
        Ok(self.with(|shelf| shelf.sessions.get(account).cloned()))
    }

    async fn save(&self, account: &AppleId, session: &SavedSession) -> Result<()> {
        self.with(|shelf| shelf.sessions.insert(account.clone(), session.clone()));
        Ok(())
    }

    async fn remove(&self, account: &AppleId) -> Result<()> {
        self.with(|shelf| shelf.sessions.remove(account));
        Ok(())
    }

    async fn try_lock(&self, account: &AppleId) -> Result<Option<StoreLock>> {
        let won = self.with(|shelf| shelf.locked.insert(account.clone()));
        Ok(won.then(|| StoreLock::new(MemoryLock { store: self.clone(), account: account.clone() })))
    }
}

impl fmt::Debug for MemorySessionStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemorySessionStore")
    }
}

struct MemoryLock {
    store: MemorySessionStore,
    account: AppleId,
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.store.with(|shelf| shelf.locked.remove(&self.account));
    }
}

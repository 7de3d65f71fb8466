//! The tokens of a project that nobody serves.

use std::path::Path;
use std::sync::Arc;

use super::Access;
use crate::audit::{AuditEntry, AuditFilter};
use crate::clock::Clock;
use crate::config::Config;
use crate::failure::{Failure, OpenError};
use crate::folder::Folder;
use crate::store::sqlite::SqliteStore;
use crate::store::{Page, Store, StoreError};

/// A project that nobody serves, held so that its tokens can be changed. Nothing else of it is read.
#[derive(Debug)]
pub struct AtRest {
    folder: Folder,
    store: Arc<dyn Store>,
    access: Access,
    clock: Arc<dyn Clock>,
}

impl AtRest {
    /// Takes hold of a project; makes it where there is none yet. Refused while a server has it.
    pub async fn take(config: &Config) -> Result<Self, OpenError> {
        let io = |error| OpenError::Io { path: config.project_root.clone(), error };
        let root = std::path::absolute(&config.project_root).map_err(io)?;
        let folder = Folder::take(&root, config.database.as_deref())?;
        let database = config.database_in(folder.path());
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&database).await?);
        match Access::load(store.clone(), config.clock.clone()).await {
            Ok(access) => Ok(Self { folder, store, access, clock: config.clock.clone() }),
            Err(error) => {
                let _ = store.close().await;
                Err(storage(&database, error))
            }
        }
    }

    /// Its tokens.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Takes note of what its owner does about them.
    pub async fn note(&self, entry: AuditEntry) -> Result<(), Failure> {
        let entry = AuditEntry { at_ms: self.clock.now_ms(), ..entry };
        self.store.write_audit(&[entry], None).await.map_err(StoreError::into_failure)
    }

    /// What was noted.
    pub async fn audit(&self, filter: &AuditFilter, page: &Page<u64>) -> Result<Vec<AuditEntry>, Failure> {
        self.store.audit(filter, page).await.map_err(StoreError::into_failure)
    }

    /// Lets go of the project.
    pub async fn leave(self) -> Result<(), OpenError> {
        let closed = self.store.close().await;
        let path = self.folder.path().to_owned();
        self.folder.leave();
        closed.map_err(|error| storage(&path, error))
    }
}

/// Whether anybody could come in with a token. The database is only looked at; where there is none, nobody could.
pub async fn has_tokens(database: &Path, now_ms: engine::TimeMs) -> Result<bool, OpenError> {
    if !database.exists() {
        return Ok(false);
    }
    let store = match SqliteStore::open_to_read(database).await {
        Ok(store) => store,
        // A project of the original engine, which had no tokens.
        Err(OpenError::NotOurs { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    let found = store.has_tokens(now_ms).await;
    let _ = Store::close(&store).await;
    found.map_err(|error| storage(database, error))
}

fn storage(path: &Path, error: StoreError) -> OpenError {
    OpenError::Storage { path: path.to_owned(), reason: error.into_reason() }
}

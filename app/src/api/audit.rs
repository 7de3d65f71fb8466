//! Who was denied what, and what people did: for those who decide who comes in.

use engine::TimeMs;
use hub::{AuditEntry, AuditKind};

use super::call::server_call;
use super::door::hub;
use super::error::ApiError;
use super::reads::{Page, page};

server_call! {
    /// The audit, page by page: what was denied to whom, and what people did, logged in or with an admin's token. Where the server asks
    /// nobody who they are, only what its checks of Host and Origin refused is in it. Entries are written within a second.
    list_audit: ListAudit -> Page<AuditEntry>,
    needs {}
    takes {
        /// Of this kind.
        kind: AuditKind,
        /// Not before this moment.
        since_ms: TimeMs,
        /// Begin with the newest; otherwise with the oldest.
        newest_first: bool,
        /// From the page before, or an entry's id: what comes after it is answered.
        cursor: String,
        /// At most so many.
        limit: i64,
    }
    refuses {}
}

impl ListAudit {
    /// What is asked for.
    pub fn checked(&self) -> Result<(hub::AuditFilter, hub::Page<u64>), ApiError> {
        let filter = hub::AuditFilter { kind: self.kind, since_ms: self.since_ms };
        Ok((filter, page(self.cursor.as_deref(), self.limit, self.newest_first)?))
    }

    /// The answer, of these entries.
    pub fn answered(entries: Vec<AuditEntry>, limit: usize) -> Page<AuditEntry> {
        Page::of(entries, limit, |entry| entry.id.to_string())
    }

    pub(super) async fn answer(self) -> Result<Page<AuditEntry>, ApiError> {
        let (filter, page) = self.checked()?;
        Ok(Self::answered(hub()?.audit().page(&filter, &page).await?, page.limit))
    }
}

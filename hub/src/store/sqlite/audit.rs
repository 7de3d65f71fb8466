//! The audit as rows.

use engine::TimeMs;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use super::explain;
use super::load::parse;
use crate::audit::{AuditEntry, AuditFilter, KEPT_MAX};
use crate::store::{Order, Page, StoreError};

/// Appends entries; lets go of those that are too many, and of those from before a moment.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    entries: &[AuditEntry],
    before_ms: Option<TimeMs>,
) -> Result<(), StoreError> {
    let rows = serde_json::to_string(entries)
        .map_err(|error| StoreError::new("the audit could not be written down", error))?;
    let insert = "insert into audit (at_ms, kind, what, code, token_id, role, session, manus_id, peer, seq, times) \
                  select value ->> 'at_ms', value ->> 'kind', value ->> 'what', value ->> 'code', value ->> 'token_id', \
                  value ->> 'role', value ->> 'session', value ->> 'manus_id', value ->> 'peer', value ->> 'seq', \
                  value ->> 'times' from json_each(?1) order by key";
    sqlx::query(insert).bind(rows).execute(&mut *connection).await.map_err(explain::error)?;
    let too_many = "delete from audit where id <= (select max(id) from audit) - ?1";
    sqlx::query(too_many).bind(KEPT_MAX).execute(&mut *connection).await.map_err(explain::error)?;
    if let Some(before_ms) = before_ms {
        // They lie in the order of time: this looks at those that go, and one more.
        let old = "delete from audit where id < (select id from audit where at_ms >= ?1 order by id limit 1)";
        sqlx::query(old).bind(before_ms).execute(connection).await.map_err(explain::error)?;
    }
    Ok(())
}

macro_rules! select {
    ($compare:literal, $none:literal, $direction:literal) => {
        concat!(
            "select json_group_array(json_object('id', id, 'at_ms', at_ms, 'kind', kind, 'what', what, 'code', code, \
             'token_id', token_id, 'role', role, 'session', json(iif(session, 'true', 'false')), 'manus_id', manus_id, \
             'peer', peer, 'seq', seq, 'times', times)) from (select * from audit where id ",
            $compare,
            " coalesce(?1, ",
            $none,
            ") and (?2 is null or kind = ?2) and (?3 is null or at_ms >= ?3) order by id ",
            $direction,
            " limit ?4)"
        )
    };
}

/// Entries that were written.
pub(super) async fn page(
    pool: &SqlitePool,
    filter: &AuditFilter,
    page: &Page<u64>,
) -> Result<Vec<AuditEntry>, StoreError> {
    let sql = match page.order {
        Order::OldestFirst => select!(">", "-1", "asc"),
        Order::NewestFirst => select!("<", "9223372036854775807", "desc"),
    };
    let rows: String = sqlx::query_scalar(sql)
        .bind(page.cursor.map(u64::cast_signed))
        .bind(filter.kind.map(|kind| kind.as_str()))
        .bind(filter.since_ms)
        .bind(i64::try_from(page.limit).unwrap_or(i64::MAX))
        .fetch_one(pool)
        .await
        .map_err(explain::error)?;
    parse(&rows)
}

//! The tokens as rows.

use engine::TimeMs;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteConnection;

use super::explain;
use crate::access::Token;
use crate::store::{LoadedTokens, StoreError, TokenRow};

/// A row in JSON.
#[derive(Serialize, Deserialize)]
struct Row<T> {
    #[serde(flatten)]
    token: T,
    /// In hexadecimal.
    hash: String,
}

/// Reads all tokens. Sessions that are over are deleted: nobody will ask for them again.
pub(super) async fn load(
    connection: &mut SqliteConnection,
    now_ms: TimeMs,
) -> Result<LoadedTokens, StoreError> {
    let ended = "select exists (select 1 from tokens where session = 1 and (expires_at_ms <= ?1 or revoked_at_ms <= ?1))";
    let any: bool =
        sqlx::query_scalar(ended).bind(now_ms).fetch_one(&mut *connection).await.map_err(explain::error)?;
    if any {
        let forget = "delete from tokens where session = 1 and (expires_at_ms <= ?1 or revoked_at_ms <= ?1)";
        sqlx::query(forget).bind(now_ms).execute(&mut *connection).await.map_err(explain::error)?;
    }
    let (enrolment_key, rows): (String, String) = sqlx::query_as(
        "select (select value from meta where key = 'enrolment_key'), (select json_group_array(json_object( \
         'id', id, 'hash', hex(hash), 'role', role, 'manus_id', manus_id, 'label', label, 'parent', parent, \
         'session', json(iif(session, 'true', 'false')), 'created_at_ms', created_at_ms, \
         'expires_at_ms', expires_at_ms, 'revoked_at_ms', revoked_at_ms)) from tokens)",
    )
    .fetch_one(connection)
    .await
    .map_err(explain::error)?;
    let rows: Vec<Row<Token>> = serde_json::from_str(&rows).map_err(StoreError::damaged)?;
    let row = |row: Row<Token>| {
        let hash = bytes(&row.hash).ok_or_else(|| StoreError::damaged("a token's hash is none"))?;
        Ok(TokenRow { token: row.token.into(), hash, kept: true })
    };
    Ok(LoadedTokens { enrolment_key, rows: rows.into_iter().map(row).collect::<Result<_, StoreError>>()? })
}

/// Writes new tokens, and of old ones when they were taken back.
pub(super) async fn write(connection: &mut SqliteConnection, rows: &[TokenRow]) -> Result<(), StoreError> {
    let hex = |hash: &[u8]| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let rows: Vec<_> = rows.iter().map(|row| Row { token: &*row.token, hash: hex(&row.hash) }).collect();
    let rows = serde_json::to_string(&rows)
        .map_err(|error| StoreError::new("a token could not be written down", error))?;
    sqlx::query(
        "insert into tokens (id, hash, role, manus_id, label, parent, session, created_at_ms, expires_at_ms, revoked_at_ms) \
         select value ->> 'id', unhex(value ->> 'hash'), value ->> 'role', value ->> 'manus_id', value ->> 'label', \
         value ->> 'parent', value ->> 'session', value ->> 'created_at_ms', value ->> 'expires_at_ms', \
         value ->> 'revoked_at_ms' from json_each(?1) where true \
         on conflict (id) do update set revoked_at_ms = excluded.revoked_at_ms",
    )
    .bind(rows)
    .execute(connection)
    .await
    .map_err(explain::error)?;
    Ok(())
}

/// Whether there is any with which somebody could come in. A database that was not brought up to date yet has none.
pub(super) async fn any(pool: &sqlx::SqlitePool, now_ms: TimeMs) -> Result<bool, StoreError> {
    let mut connection = pool.acquire().await.map_err(explain::error)?;
    if !are_known(&mut connection).await.map_err(explain::error)? {
        return Ok(false);
    }
    let sql = "select exists (select 1 from tokens where session = 0 and revoked_at_ms is null \
               and (expires_at_ms is null or expires_at_ms > ?1))";
    sqlx::query_scalar(sql).bind(now_ms).fetch_one(&mut *connection).await.map_err(explain::error)
}

/// Whether the database is of a version that knew tokens.
pub(super) async fn are_known(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let there = "select exists (select 1 from sqlite_schema where type = 'table' and name = 'tokens')";
    sqlx::query_scalar(there).fetch_one(connection).await
}

fn bytes(hex: &str) -> Option<crate::access::Hash> {
    let mut hash = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (place, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(hash)
}

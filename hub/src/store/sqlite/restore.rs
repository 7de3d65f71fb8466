//! What a restore needs of the database that goes and of the one that comes.

use std::path::Path;

use engine::Seq;
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection};

use super::{explain, options, tokens};
use crate::failure::OpenError;

/// How many fencing tokens are passed over, and how many events taken to have been numbered, where nobody knows how many were.
const PASSED_OVER: i64 = 1_000_000_000;

/// What the database that comes must know of the one that goes.
#[derive(Debug)]
pub(crate) struct Legacy {
    /// The last number that it, or a log before it, gave to an event.
    last_seq: Seq,
    /// After which event its numbers may stand for those of a log before it; where they do not, after none.
    reused_after: Option<Seq>,
    /// The fencing token that would have been given out next.
    next_token: u64,
    /// The tokens that were taken back, as rows in JSON.
    revoked: String,
}

impl Legacy {
    /// Of a project that had no database.
    pub(crate) fn none() -> Self {
        Self { last_seq: 0, reused_after: None, next_token: 0, revoked: "[]".to_owned() }
    }
}

/// Brings everything into the file itself, and answers what must not be forgotten of it.
pub(crate) async fn settle(path: &Path) -> Result<Legacy, OpenError> {
    on(path, async |connection| {
        let token = "select coalesce((select value from meta where key = 'next_fencing_token'), 1)";
        let token: i64 = sqlx::query_scalar(token).fetch_one(&mut *connection).await?;
        let revoked = match tokens::are_known(connection).await? {
            true => sqlx::query_scalar(REVOKED).fetch_one(&mut *connection).await?,
            false => Legacy::none().revoked,
        };
        let (last_seq, reused_after) = numbers(connection).await?;
        sqlx::query("pragma wal_checkpoint(truncate)").execute(connection).await?;
        Ok(Legacy { last_seq, reused_after, next_token: token.cast_unsigned(), revoked })
    })
    .await
}

/// The last number that a log, or one before it, gave to an event; and after which event its numbers may stand for others, too.
async fn numbers(connection: &mut SqliteConnection) -> Result<(Seq, Option<Seq>), sqlx::Error> {
    let numbers = "select max(coalesce((select max(seq) from events), 0), \
                   coalesce((select value from meta where key = 'reused_upto'), 0)), \
                   (select value from meta where key = 'reused_after')";
    let (last, after): (i64, Option<i64>) = sqlx::query_as(numbers).fetch_one(connection).await?;
    Ok((last.cast_unsigned(), after.map(i64::cast_unsigned)))
}

/// Notes in a copy which numbers of its own, present and to come, others may know as those of other events.
async fn note_reused(connection: &mut SqliteConnection, legacy: Option<&Legacy>) -> Result<(), sqlx::Error> {
    let own: i64 =
        sqlx::query_scalar("select coalesce(max(seq), 0) from events").fetch_one(&mut *connection).await?;
    let own = own.cast_unsigned();
    let (known, before) = numbers(connection).await?;
    let after =
        [before, legacy.and_then(|legacy| legacy.reused_after)].into_iter().flatten().fold(own, Seq::min);
    let upto = legacy.map_or(own + PASSED_OVER.cast_unsigned(), |legacy| legacy.last_seq).max(known);
    for (key, value) in [("reused_after", after), ("reused_upto", upto)] {
        let note = "insert into meta (key, value) values (?1, ?2) on conflict (key) do update set value = excluded.value";
        sqlx::query(note).bind(key).bind(value.cast_signed()).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Sessions need no mention: all of them end.
const REVOKED: &str = "select json_group_array(json_object('id', id, 'hash', hex(hash), 'role', role, 'manus_id', manus_id, \
    'label', label, 'created_at_ms', created_at_ms, 'expires_at_ms', expires_at_ms, 'revoked_at_ms', revoked_at_ms)) \
    from tokens where session = 0 and revoked_at_ms is not null";

/// Those that the copy does not know are written down, too: an enrolment that is repeated would make the same token again.
const REVOKE: &str = "insert into tokens (id, hash, role, manus_id, label, session, created_at_ms, expires_at_ms, revoked_at_ms) \
    select value ->> 'id', unhex(value ->> 'hash'), value ->> 'role', value ->> 'manus_id', value ->> 'label', 0, \
    value ->> 'created_at_ms', value ->> 'expires_at_ms', value ->> 'revoked_at_ms' from json_each(?1) where true \
    on conflict (id) do update set revoked_at_ms = coalesce(revoked_at_ms, excluded.revoked_at_ms)";

/// Ends all sessions, and takes back in a copy what was taken back since it was made. Answers how many tokens of the copy that
/// concerns.
pub(crate) async fn carry_over(path: &Path, legacy: &Legacy) -> Result<u64, OpenError> {
    on(path, async |connection| {
        if !tokens::are_known(connection).await? {
            return Ok(0);
        }
        sqlx::query("delete from tokens where session = 1").execute(&mut *connection).await?;
        let alive = "select count(*) from tokens where revoked_at_ms is null and id in \
                     (select value ->> 'id' from json_each(?1))";
        let alive: i64 = sqlx::query_scalar(alive).bind(&*legacy.revoked).fetch_one(&mut *connection).await?;
        sqlx::query(REVOKE).bind(&*legacy.revoked).execute(connection).await?;
        Ok(alive.cast_unsigned())
    })
    .await
}

/// Makes a copy a log of its own. It gives out fencing tokens from where the old one had come to, if that is more than its own next
/// one; from far beyond its own where nobody knows which were given out.
pub(crate) async fn begin_anew(path: &Path, legacy: Option<&Legacy>) -> Result<(), OpenError> {
    on(path, async |connection| {
        sqlx::query("insert into meta (key, value) values ('next_fencing_token', 1) on conflict do nothing")
            .execute(&mut *connection)
            .await?;
        let anew = "update meta set value = case key when 'log_id' then lower(hex(randomblob(16))) \
                    else coalesce(max(value, ?1), value + ?2) end where key in ('log_id', 'next_fencing_token')";
        let next_token = legacy.map(|legacy| legacy.next_token.cast_signed());
        sqlx::query(anew).bind(next_token).bind(PASSED_OVER).execute(&mut *connection).await?;
        note_reused(connection, legacy).await
    })
    .await
}

/// Does something over a connection of its own, to a file that is there.
async fn on<T>(
    path: &Path,
    work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
) -> Result<T, OpenError> {
    let storage = |error: sqlx::Error| OpenError::Storage {
        path: path.to_owned(),
        reason: explain::error(error).into_reason(),
    };
    let mut connection = options(path).create_if_missing(false).connect().await.map_err(storage)?;
    let done = work(&mut connection).await.map_err(storage);
    connection.close().await.map_err(storage)?;
    done
}

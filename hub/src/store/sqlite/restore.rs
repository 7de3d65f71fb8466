//! What a restore needs of the database that goes and of the one that comes.

use std::path::Path;

use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection};

use super::{explain, options};
use crate::failure::OpenError;

/// How many fencing tokens are passed over where nobody knows which were given out.
const PASSED_OVER: i64 = 1_000_000_000;

/// Brings everything into the file itself, and answers the fencing token that would be given out next.
pub(crate) async fn settle(path: &Path) -> Result<u64, OpenError> {
    on(path, async |connection| {
        let token = "select coalesce((select value from meta where key = 'next_fencing_token'), 1)";
        let token: i64 = sqlx::query_scalar(token).fetch_one(&mut *connection).await?;
        sqlx::query("pragma wal_checkpoint(truncate)").execute(connection).await?;
        Ok(token.cast_unsigned())
    })
    .await
}

/// Makes a copy a log of its own. It gives out fencing tokens from `next_token` on, if that is more than its own next one; from
/// far beyond its own where nobody knows which were given out.
pub(crate) async fn begin_anew(path: &Path, next_token: Option<u64>) -> Result<(), OpenError> {
    on(path, async |connection| {
        sqlx::query("insert into meta (key, value) values ('next_fencing_token', 1) on conflict do nothing")
            .execute(&mut *connection)
            .await?;
        let anew = "update meta set value = case key when 'log_id' then lower(hex(randomblob(16))) \
                    else coalesce(max(value, ?1), value + ?2) end where key in ('log_id', 'next_fencing_token')";
        let next_token = next_token.map(u64::cast_signed);
        sqlx::query(anew).bind(next_token).bind(PASSED_OVER).execute(connection).await?;
        Ok(())
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

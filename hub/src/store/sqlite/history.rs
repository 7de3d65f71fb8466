//! Pages of what is no longer in memory. Each list has one statement a direction, whatever is asked: a condition whose parameter
//! is null does not count.

use std::sync::Arc;

use engine::view::{Message, SyncTask};
use engine::{MessageId, Record, Seq, TaskId};
use serde::de::DeserializeOwned;
use sqlx::sqlite::{SqliteArguments, SqlitePool};
use sqlx::{Sqlite, query::QueryAs};

use super::explain;
use super::load::parse;
use super::rows::{event_json, message_json, task_json};
use super::search;
use crate::store::{EventFilter, MessageFilter, Order, Page, PrunedUpTo, StoreError, TaskFilter};

type Rows<'q> = QueryAs<'q, Sqlite, (String,), SqliteArguments>;

macro_rules! tasks {
    ($compare:literal, $none:literal, $direction:literal) => {
        concat!(
            "select json_group_array(",
            task_json!(),
            ") from (select * from sync_tasks where completed_at_ms is not null and created_no ",
            $compare,
            " coalesce((select created_no from sync_tasks where id = ?1), ",
            $none,
            ") and (?2 is null or status = ?2) and (?3 is null or assigned_to = ?3) and (?4 is null or priority = ?4) \
             and (?5 is null or instr(lower(title), lower(?5)) > 0 or instr(lower(description), lower(?5)) > 0) \
             order by created_no ",
            $direction,
            " limit ?6)"
        )
    };
}

/// Closed tasks, in the order of creation.
pub(super) async fn closed_tasks(
    pool: &SqlitePool,
    filter: &TaskFilter,
    page: &Page<TaskId>,
) -> Result<Vec<Arc<SyncTask>>, StoreError> {
    let sql = match page.order {
        Order::OldestFirst => tasks!(">", "-1", "asc"),
        Order::NewestFirst => tasks!("<", "9223372036854775807", "desc"),
    };
    let query = sqlx::query_as(sql)
        .bind(page.cursor.as_ref().map(TaskId::to_string))
        .bind(filter.status.map(|status| status.as_str()))
        .bind(filter.assigned_to.as_ref().map(|manus| manus.to_string()))
        .bind(filter.priority.map(|priority| priority.number()))
        .bind(filter.text.clone())
        .bind(limit(page.limit));
    fetch(pool, query).await
}

/// Those of these tasks that are closed, in any order.
pub(super) async fn closed_among(
    pool: &SqlitePool,
    ids: &[TaskId],
) -> Result<Vec<Arc<SyncTask>>, StoreError> {
    let sql = concat!(
        "select json_group_array(",
        task_json!(),
        ") from sync_tasks where id in (select value from json_each(?1)) and completed_at_ms is not null"
    );
    let ids = serde_json::to_string(ids).map_err(StoreError::damaged)?;
    fetch(pool, sqlx::query_as(sql).bind(ids)).await
}

macro_rules! messages {
    ($from:literal, $key:literal, $compare:literal, $none:literal, $direction:literal) => {
        concat!(
            "select json_group_array(",
            message_json!(),
            ") from (select communication_log.* from ",
            $from,
            " and ",
            $key,
            " ",
            $compare,
            " coalesce(?1, ",
            $none,
            ") and (?2 is null or to_manus = ?2) and (?3 is null or from_manus = ?3) \
             and (?4 is null or to_manus = ?4 or from_manus = ?4) and (?5 is null or message_type = ?5) \
             and (?6 is null or id = ?6 or thread_id = ?6) order by ",
            $key,
            " ",
            $direction,
            " limit ?8)"
        )
    };
    // Text without words is looked for as it stands.
    (all $compare:literal, $none:literal, $direction:literal) => {
        messages!(
            "communication_log where (?7 is null or instr(content, ?7) > 0)",
            "id",
            $compare,
            $none,
            $direction
        )
    };
    // The index is walked in the order of sending, from the cursor on.
    (found $compare:literal, $none:literal, $direction:literal) => {
        messages!(
            "message_search join communication_log on id = message_search.rowid where message_search match ?7",
            "message_search.rowid",
            $compare,
            $none,
            $direction
        )
    };
}

/// Messages, in the order of sending.
pub(super) async fn messages(
    pool: &SqlitePool,
    filter: &MessageFilter,
    page: &Page<MessageId>,
) -> Result<Vec<Arc<Message>>, StoreError> {
    let words = filter.text.as_deref().and_then(search::query);
    let sql = match (page.order, &words) {
        (Order::OldestFirst, Some(_)) => messages!(found ">", "-1", "asc"),
        (Order::NewestFirst, Some(_)) => messages!(found "<", "9223372036854775807", "desc"),
        (Order::OldestFirst, None) => messages!(all ">", "-1", "asc"),
        (Order::NewestFirst, None) => messages!(all "<", "9223372036854775807", "desc"),
    };
    let query = sqlx::query_as(sql)
        .bind(page.cursor.map(number))
        .bind(filter.to_manus.as_ref().map(|manus| manus.to_string()))
        .bind(filter.from_manus.as_ref().map(|manus| manus.to_string()))
        .bind(filter.with_manus.as_ref().map(|manus| manus.to_string()))
        .bind(filter.message_type.clone())
        .bind(filter.thread_id.map(number))
        .bind(words.or_else(|| filter.text.clone()))
        .bind(limit(page.limit));
    fetch(pool, query).await
}

macro_rules! events {
    ($compare:literal, $none:literal, $direction:literal) => {
        concat!(
            "select json_group_array(",
            event_json!(),
            ") from (select * from events where seq ",
            $compare,
            " coalesce(?1, ",
            $none,
            ") and seq > coalesce((select value from meta where key = 'log_start_seq'), 0) and (?2 is null or kind in (select value from json_each(?2))) and (?3 is null or by_manus = ?3) \
             and (?4 is null or at_ms >= ?4) and (?5 is null or at_ms < ?5) \
             and (?6 is null or by_manus = ?6 or instr(data, json_quote(?6)) > 0) order by seq ",
            $direction,
            " limit ?7)"
        )
    };
}

/// Events, in the order of happening. What an event is about stands in its data as a text of its own.
pub(super) async fn events(
    pool: &SqlitePool,
    filter: &EventFilter,
    page: &Page<Seq>,
) -> Result<Vec<Record>, StoreError> {
    let sql = match page.order {
        Order::OldestFirst => events!(">", "-1", "asc"),
        Order::NewestFirst => events!("<", "9223372036854775807", "desc"),
    };
    let kinds = match filter.kinds.as_slice() {
        [] => None,
        kinds => Some(serde_json::to_string(kinds).map_err(StoreError::damaged)?),
    };
    let query = sqlx::query_as(sql)
        .bind(page.cursor.map(number))
        .bind(kinds)
        .bind(filter.by.as_ref().map(|manus| manus.to_string()))
        .bind(filter.since_ms)
        .bind(filter.until_ms)
        .bind(filter.about.clone())
        .bind(limit(page.limit));
    fetch(pool, query).await
}

/// What was let go of.
pub(super) async fn pruned(pool: &SqlitePool) -> Result<PrunedUpTo, StoreError> {
    let values = "select json_group_object(key, value) from meta \
                  where key in ('log_start_seq', 'log_start_ms', 'messages_pruned_ms')";
    let (values,): (String,) = sqlx::query_as(values).fetch_one(pool).await.map_err(explain::error)?;
    parse(&values)
}

async fn fetch<T: DeserializeOwned>(pool: &SqlitePool, query: Rows<'_>) -> Result<Vec<T>, StoreError> {
    let (rows,) = query.fetch_one(pool).await.map_err(explain::error)?;
    parse(&rows)
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

fn number(cursor: u64) -> i64 {
    i64::try_from(cursor).unwrap_or(i64::MAX)
}

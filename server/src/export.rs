//! `GET /export/events.csv`, `tasks.json`, …: whole tables as files, read page by page while they are sent.

mod ordered;
mod wanted;

use app::api::{ApiError, error_response};
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine::{Record, State, TaskId};
use futures::stream;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use hub::{Hub, Order, Page, TaskFilter};
use serde::Serialize;
use serde_json::Value;
use wanted::Wanted;

/// How many rows are read at once.
const PAGE: usize = 1_000;

/// What can be had, and the columns in a spreadsheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Events,
    Tasks,
    Messages,
    Agents,
    Files,
    Metrics,
}

/// Every table by its name.
const TABLES: [(&str, Table); 6] = [
    ("events", Table::Events),
    ("tasks", Table::Tasks),
    ("messages", Table::Messages),
    ("agents", Table::Agents),
    ("files", Table::Files),
    ("metrics", Table::Metrics),
];

impl Table {
    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Events => &["seq", "at_ms", "by", "kind", "data"],
            Self::Tasks => &[
                "id",
                "title",
                "status",
                "priority",
                "assigned_to",
                "progress",
                "estimated_duration",
                "dependencies",
                "files_involved",
                "required_capabilities",
                "attempts",
                "created_at_ms",
                "started_at_ms",
                "completed_at_ms",
                "description",
            ],
            Self::Messages => &[
                "id",
                "timestamp_ms",
                "from_manus",
                "to_manus",
                "message_type",
                "content",
                "processed",
                "thread_id",
            ],
            Self::Agents => &[
                "id",
                "role",
                "status",
                "capabilities",
                "current_task",
                "progress",
                "files_claimed",
                "last_heartbeat_ms",
                "performance_score",
                "program",
                "model",
                "registered_at_ms",
            ],
            Self::Files => &[
                "file_path",
                "locked_by",
                "mode",
                "task_id",
                "lock_reason",
                "locked_at_ms",
                "expires_at_ms",
                "fencing_token",
            ],
            Self::Metrics => &[
                "width_ms",
                "start_ms",
                "created",
                "started",
                "completed",
                "cancelled",
                "failed",
                "sent_back",
                "lost",
                "granted",
                "waited",
                "messages",
                "estimated_minutes",
                "actual_ms",
            ],
        }
    }
}

/// A table on its way.
struct Export {
    hub: Hub,
    table: Table,
    csv: bool,
    wanted: Wanted,
    /// Of tasks in an order that was asked for: which ones, and in that order.
    ordered: Vec<TaskId>,
    next: Next,
}

/// What goes out next.
enum Next {
    Head,
    /// The page after this cursor; `first` until a row has gone out.
    Rows {
        cursor: Option<String>,
        first: bool,
    },
    Foot,
    Nothing,
}

/// Answers a request for `/export/{name}`.
pub fn serve(hub: &Hub, name: &str, request: &Request) -> Response {
    let Some((table, csv)) = parse(name) else {
        let message = format!(
            "there is no export {name:?}; there are events, tasks, messages, agents, files and metrics, each as .csv and .json"
        );
        return error_response(&ApiError::new(404, "not_found", message));
    };
    let wanted = match Wanted::read(table, request.uri().query().unwrap_or_default()) {
        Ok(wanted) => wanted,
        Err(error) => return error_response(&error),
    };
    let export = Export { hub: hub.clone(), table, csv, wanted, ordered: Vec::new(), next: Next::Head };
    let body = Body::from_stream(stream::unfold(export, |mut export| async {
        export.step().await.map(|chunk| (chunk, export))
    }));
    let kind = if csv { "text/csv; charset=utf-8" } else { "application/json" };
    let mut response = body.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    let named = HeaderValue::from_str(&format!("attachment; filename=\"manus-sync-{name}\""));
    if let Ok(named) = named {
        response.headers_mut().insert(CONTENT_DISPOSITION, named);
    }
    response
}

fn parse(name: &str) -> Option<(Table, bool)> {
    let (table, format) = name.split_once('.')?;
    let (_, table) = TABLES.into_iter().find(|(known, _)| *known == table)?;
    Some((
        table,
        match format {
            "csv" => true,
            "json" => false,
            _ => return None,
        },
    ))
}

impl Export {
    /// The next piece of the file.
    async fn step(&mut self) -> Option<Result<Bytes, std::io::Error>> {
        match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::Head => {
                self.next = Next::Rows { cursor: None, first: true };
                let head = if self.csv { self.table.columns().join(",") + "\r\n" } else { "[".to_owned() };
                Some(Ok(head.into()))
            }
            Next::Rows { cursor, first } => match self.rows(cursor.as_deref()).await {
                Ok((mut rows, cursor)) => {
                    rows.retain(|row| self.wanted.has(self.table, row));
                    let nothing = first && rows.is_empty();
                    self.next = match cursor {
                        Some(cursor) => Next::Rows { cursor: Some(cursor), first: nothing },
                        None => Next::Foot,
                    };
                    Some(Ok(self.written(&rows, first)))
                }
                // The file ends in the middle, and the browser says so.
                Err(error) => Some(Err(std::io::Error::other(error))),
            },
            Next::Foot => Some(Ok(if self.csv { Bytes::new() } else { Bytes::from_static(b"\n]\n") })),
            Next::Nothing => None,
        }
    }

    /// A page of rows, and the cursor after it.
    async fn rows(&mut self, cursor: Option<&str>) -> Result<(Vec<Value>, Option<String>), String> {
        let failed = |failure: hub::Failure| ApiError::from(failure).message;
        match self.table {
            Table::Events => {
                let page = page(cursor.and_then(|text| text.parse().ok()));
                let found: Vec<Record> =
                    self.hub.events_page(&self.wanted.events, &page).await.map_err(failed)?;
                Ok((values(&found)?, after(&found, |record| record.seq.to_string())))
            }
            Table::Messages => {
                let page = page(cursor.and_then(|text| text.parse().ok()));
                let found = self.hub.messages_page(&self.wanted.messages, &page).await.map_err(failed)?;
                Ok((values(&found)?, after(&found, |message| message.id.to_string())))
            }
            Table::Tasks if self.wanted.sort.is_some() => self.ordered(cursor).await,
            Table::Tasks => {
                let mut rows = Vec::new();
                // The open tasks come before the first closed one.
                if cursor.is_none() {
                    let open = |state: &State| -> Vec<_> {
                        let open = state.tasks().filter(|task| !task.status().is_closed());
                        open.map(|task| task.view(state)).collect()
                    };
                    rows = values(&self.hub.read(open))?;
                }
                if !self.wanted.takes_closed() {
                    return Ok((rows, None));
                }
                let page = page(cursor.and_then(|text| TaskId::new(text).ok()));
                let filter = TaskFilter::default();
                let found = self.hub.closed_tasks(&filter, &page).await.map_err(failed)?;
                rows.extend(values(&found)?);
                Ok((rows, after(&found, |task| task.id.to_string())))
            }
            Table::Agents => {
                let all = |state: &State| state.agents().map(|agent| agent.view(state)).collect::<Vec<_>>();
                Ok((values(&self.hub.read(all))?, None))
            }
            Table::Files => {
                let all = |state: &State| state.locks().iter().cloned().collect::<Vec<_>>();
                Ok((values(&self.hub.read(all))?, None))
            }
            Table::Metrics => {
                let all = |state: &State| state.metrics().all().copied().collect::<Vec<_>>();
                Ok((values(&self.hub.read(all))?, None))
            }
        }
    }

    /// A page of tasks in the order that was asked for. The cursor says how many went before.
    async fn ordered(&mut self, cursor: Option<&str>) -> Result<(Vec<Value>, Option<String>), String> {
        if cursor.is_none() {
            self.ordered = ordered::ids(&self.hub, &self.wanted).await?;
        }
        let from: usize = cursor.and_then(|text| text.parse().ok()).unwrap_or(0);
        let until = self.ordered.len().min(from + PAGE);
        let rows = ordered::rows(&self.hub, &self.ordered[from..until]).await?;
        Ok((rows, (until < self.ordered.len()).then(|| until.to_string())))
    }

    fn written(&self, rows: &[Value], first: bool) -> Bytes {
        let mut text = String::new();
        for (place, row) in rows.iter().enumerate() {
            if self.csv {
                let cells = self.table.columns().iter().map(|name| cell(&row[*name]));
                text.push_str(&(cells.collect::<Vec<_>>().join(",") + "\r\n"));
            } else {
                text.push_str(if first && place == 0 { "\n" } else { ",\n" });
                text.push_str(&row.to_string());
            }
        }
        text.into()
    }
}

fn page<C>(cursor: Option<C>) -> Page<C> {
    Page { cursor, order: Order::OldestFirst, limit: PAGE }
}

/// The cursor after a page; none after the last one.
fn after<T, C>(found: &[T], cursor: impl Fn(&T) -> C) -> Option<C> {
    found.last().filter(|_| found.len() >= PAGE).map(cursor)
}

fn values<T: Serialize>(rows: &[T]) -> Result<Vec<Value>, String> {
    rows.iter().map(serde_json::to_value).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// A value as a cell of a spreadsheet. What a spreadsheet would take for a formula is kept from being one.
pub(crate) fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            // File names may hold blanks, and even a semicolon.
            if items.iter().any(|item| item.contains(';')) { value.to_string() } else { items.join(";") }
        }
        other => other.to_string(),
    };
    let text = match text.chars().next() {
        Some('=' | '+' | '@' | '\t') => format!("'{text}"),
        Some('-') if !value.is_number() => format!("'{text}"),
        _ => text,
    };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_harmless() {
        let cases = [
            (json!(null), ""),
            (json!(-3), "-3"),
            (json!("a,\"b\""), "\"a,\"\"b\"\"\""),
            (json!("=HYPERLINK(1)"), "'=HYPERLINK(1)"),
            (json!("-1+1"), "'-1+1"),
            (json!(["a b.rs", "c.rs"]), "a b.rs;c.rs"),
            (json!(["a;b.rs", "c.rs"]), "\"[\"\"a;b.rs\"\",\"\"c.rs\"\"]\""),
        ];
        for (value, written) in cases {
            assert_eq!(cell(&value), written);
        }
    }
}

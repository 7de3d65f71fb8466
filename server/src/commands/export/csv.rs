//! Tables as comma-separated values, in the cells of `GET /export/…`, and with the plain line feeds of a shell.

use std::io::{self, Write};

use serde_json::Value;

use crate::cli::ExportTable;
use crate::export::cell;

/// The columns: the fields of the HTTP interface in the order of its documentation.
const fn columns(table: ExportTable) -> &'static [&'static str] {
    match table {
        ExportTable::Manus => &[
            "id",
            "role",
            "capabilities",
            "status",
            "current_task",
            "progress",
            "files_claimed",
            "last_heartbeat_ms",
            "performance_score",
            "max_parallel",
            "program",
            "model",
            "registered_at_ms",
            "draining",
        ],
        ExportTable::Tasks => &[
            "id",
            "title",
            "description",
            "assigned_to",
            "priority",
            "status",
            "dependencies",
            "waiting_for",
            "blocked_reason",
            "estimated_duration",
            "progress",
            "files_involved",
            "required_capabilities",
            "attempts",
            "result",
            "reviewer",
            "stalled",
            "created_at_ms",
            "started_at_ms",
            "completed_at_ms",
        ],
        ExportTable::Locks => &[
            "file_path",
            "locked_by",
            "locked_at_ms",
            "lock_reason",
            "mode",
            "expires_at_ms",
            "task_id",
            "fencing_token",
        ],
        ExportTable::Messages => &[
            "id",
            "from_manus",
            "to_manus",
            "message_type",
            "content",
            "timestamp_ms",
            "processed",
            "reply_to",
            "thread_id",
            "requires_ack",
        ],
        ExportTable::Events => &["seq", "at_ms", "by", "kind", "data"],
    }
}

/// The names of the columns.
pub(super) fn head(out: &mut impl Write, table: ExportTable) -> io::Result<()> {
    writeln!(out, "{}", columns(table).join(","))
}

/// A line.
pub(super) fn row(out: &mut impl Write, table: ExportTable, row: &Value) -> io::Result<()> {
    for (place, column) in columns(table).iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        out.write_all(cell(&row[*column]).as_bytes())?;
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_would_tear_a_line_apart_is_quoted() {
        let mut out = Vec::new();
        let message = json!({ "id": 7, "from_manus": "ada", "content": { "text": "a, \"b\"" }, "processed": false,
                              "message_type": "two\nlines" });
        row(&mut out, ExportTable::Messages, &message).unwrap();
        let said = String::from_utf8(out).unwrap();
        assert_eq!(said, "7,ada,,\"two\nlines\",\"{\"\"text\"\":\"\"a, \\\"\"b\\\"\"\"\"}\",,false,,,\n");
    }
}

//! Which rows of a table are wanted: what the room that shows it has in its address.

use app::live::order::Show;
use engine::state::metrics::{HOUR_MS, MINUTE_MS};
use engine::{Event, ManusId, TaskStatus};
use hub::{EventFilter, MessageFilter};
use serde_json::Value;

use super::Table;

/// What an address asks for.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Of the events.
    pub events: EventFilter,
    /// Of the messages, as far as the database can tell.
    pub messages: MessageFilter,
    kind: String,
    show: Option<Show>,
    view: String,
    text: String,
}

impl Wanted {
    /// Reads the query of an address. What is empty does not matter; of what is there twice, the first counts.
    pub fn read(query: &str) -> Self {
        let value = |wanted: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            let found = pairs.find(|(name, value)| name == wanted && !value.is_empty());
            found.map(|(_, value)| value.into_owned())
        };
        let moment = |name| value(name).and_then(|text| text.parse().ok());
        let (kind, text) = (value("kind").unwrap_or_default(), value("q").unwrap_or_default());
        let kinds = Event::KINDS.iter().filter(|known| !kind.is_empty() && known.starts_with(kind.as_str()));
        Self {
            events: EventFilter {
                kinds: kinds.map(|kind| (*kind).to_owned()).collect(),
                about: value("about"),
                since_ms: moment("from"),
                until_ms: moment("until"),
                by: None,
            },
            messages: MessageFilter {
                with_manus: value("who").and_then(|name| ManusId::new(&name).ok()),
                text: Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
                ..MessageFilter::default()
            },
            show: value("show").map(|word| Show::from_word(&word)),
            view: value("view").unwrap_or_default(),
            text: text.trim().to_lowercase(),
            kind,
        }
    }

    /// Whether a row is wanted, as far as the database could not tell.
    pub fn has(&self, table: Table, row: &Value) -> bool {
        match table {
            Table::Tasks => {
                let status = || serde_json::from_value::<TaskStatus>(row["status"].clone()).ok();
                self.show.is_none_or(|show| status().is_some_and(|status| show.has(status)))
                    && self.is_in(row, &["id", "title", "assigned_to", "files_involved"])
            }
            Table::Files => self.is_in(row, &["file_path", "locked_by", "lock_reason", "task_id"]),
            Table::Messages => {
                let is = |name: &str, who: &str| row[name] == who;
                match self.kind.as_str() {
                    "yours" => {
                        is("from_manus", engine::ids::SUPERVISOR) || is("to_manus", engine::ids::SUPERVISOR)
                    }
                    "engine" => is("from_manus", engine::ids::SYSTEM),
                    "agents" => !is("from_manus", engine::ids::SYSTEM),
                    _ => true,
                }
            }
            Table::Metrics => match self.view.as_str() {
                "hours" => row["width_ms"] == HOUR_MS,
                "minutes" => row["width_ms"] == MINUTE_MS,
                _ => true,
            },
            Table::Agents => {
                // As people say it: in the room, a role has no underscore.
                let role = row["role"].as_str().unwrap_or_default().replace('_', " ").to_lowercase();
                self.is_in(row, &["id", "capabilities"]) || role.contains(&self.text)
            }
            Table::Events => true,
        }
    }

    fn is_in(&self, row: &Value, fields: &[&str]) -> bool {
        let has = |value: &Value| value.as_str().is_some_and(|text| text.to_lowercase().contains(&self.text));
        self.text.is_empty()
            || fields.iter().any(|field| match &row[*field] {
                Value::Array(items) => items.iter().any(has),
                one => has(one),
            })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_address_narrows_events_down() {
        let asked = Wanted::read("kind=claim_&about=T3&from=5&until=").events;
        assert_eq!(asked.kinds, ["claim_queued", "claim_waits_behind", "claim_wait_ended"]);
        assert_eq!((asked.about.as_deref(), asked.since_ms, asked.until_ms), (Some("T3"), Some(5), None));
        assert_eq!(Wanted::read("").events, EventFilter::default());
    }

    #[test]
    fn rows_are_those_of_the_room() {
        let task = json!({ "id": "T1", "title": "Parse Überall", "status": "BLOCKED", "files_involved": ["src/a.rs"] });
        let has = |query: &str| Wanted::read(query).has(Table::Tasks, &task);
        assert!(has("") && has("show=blocked&show=open") && has("q=%C3%BCber") && has("q=A.RS&sort=new"));
        assert!(!has("show=ready") && !has("q=printer"));
        let lock =
            json!({ "file_path": "src/a.rs", "locked_by": "ada", "lock_reason": null, "task_id": null });
        let has = |query: &str| Wanted::read(query).has(Table::Files, &lock);
        assert!(has("q=Ada") && !has("q=bob"));
        let agent = json!({ "id": "ada", "role": "AI_SPECIALIST", "capabilities": ["rust"] });
        let has = |query: &str| Wanted::read(query).has(Table::Agents, &agent);
        assert!(has("") && has("q=AD") && has("q=ai+specialist") && has("q=Rust") && !has("q=sql"));
        let letter = json!({ "from_manus": engine::ids::SYSTEM, "to_manus": "ada" });
        let has = |query: &str| Wanted::read(query).has(Table::Messages, &letter);
        assert!(!has("kind=agents") && !has("kind=yours") && has(""));
        let minute = json!({ "width_ms": MINUTE_MS });
        assert!(!Wanted::read("view=hours&view=minutes").has(Table::Metrics, &minute));
    }
}

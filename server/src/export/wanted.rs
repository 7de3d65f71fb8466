//! Which rows of a table are wanted: what the room that shows it has in its address.

use app::api::ApiError;
use app::live::order::{PRESSING, SORTS, Show};
use engine::state::metrics::{HOUR_MS, MINUTE_MS};
use engine::{Capability, Event, ManusId, TaskStatus};
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
    /// The order of the tasks, one of the words of [`SORTS`]; `None` for the one in which they are kept.
    pub sort: Option<&'static str>,
    kind: String,
    show: Option<Show>,
    needs: Option<Capability>,
    view: String,
    text: String,
}

impl Wanted {
    /// Reads the query of an address. What is empty does not matter; of what is there twice, the first counts. Fails where tasks are
    /// wanted in a way that there is not.
    pub fn read(table: Table, query: &str) -> Result<Self, ApiError> {
        let value = |wanted: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            let found = pairs.find(|(name, value)| name == wanted && !value.is_empty());
            found.map(|(_, value)| value.into_owned())
        };
        let moment = |name| value(name).and_then(|text| text.parse().ok());
        let (kind, text) = (value("kind").unwrap_or_default(), value("q").unwrap_or_default());
        let kinds = Event::KINDS.iter().filter(|known| !kind.is_empty() && known.starts_with(kind.as_str()));
        let view = value("view").unwrap_or_default();
        let (mut show, mut sort, mut needs) = (None, None, None);
        if table == Table::Tasks {
            show = value("show").map(|word| shown(&word)).transpose()?;
            sort = value("sort").map(|word| sorted(&word)).transpose()?;
            let needed = |word: String| {
                Capability::new(&word).map_err(|error| ApiError::invalid("needs", error.to_string()))
            };
            needs = value("needs").map(needed).transpose()?;
            // Where the board or the graph is shown, no order is chosen: one that is left over from the table does not count.
            if matches!(view.as_str(), "board" | "graph") {
                sort = sort.map(|_| SORTS[0].0);
            }
        }
        Ok(Self {
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
            show,
            needs,
            sort,
            view,
            text: text.trim().to_lowercase(),
            kind,
        })
    }

    /// Whether closed tasks are among those that are wanted.
    pub fn takes_closed(&self) -> bool {
        self.show.is_none_or(|show| show == Show::Closed)
    }

    /// Whether a row is wanted, as far as the database could not tell.
    pub fn has(&self, table: Table, row: &Value) -> bool {
        match table {
            Table::Tasks => {
                let status = || serde_json::from_value::<TaskStatus>(row["status"].clone()).ok();
                self.show.is_none_or(|show| status().is_some_and(|status| show.has(status)))
                    && self.is_in(row, &["id", "title", "assigned_to", "files_involved"])
                    && self.needs.as_ref().is_none_or(|needs| is_needed(row, needs))
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

/// Whether a task needs this.
fn is_needed(task: &Value, needs: &Capability) -> bool {
    let all = task["required_capabilities"].as_array().into_iter().flatten();
    all.filter_map(Value::as_str).any(|known| Capability::new(known).is_ok_and(|known| known == *needs))
}

/// Which tasks a word asks for.
fn shown(word: &str) -> Result<Show, ApiError> {
    let known = Show::ALL.into_iter().find(|show| show.word() == word);
    known.ok_or_else(|| {
        let words = Show::ALL.map(Show::word).join(", ");
        ApiError::invalid("show", format!("there are no tasks to show as {word:?}; show is one of {words}"))
    })
}

/// The order of tasks that a word asks for.
fn sorted(word: &str) -> Result<&'static str, ApiError> {
    if word == PRESSING {
        return Ok(SORTS[0].0);
    }
    let known = SORTS.into_iter().map(|(known, _)| known);
    known.clone().find(|known| *known == word).ok_or_else(|| {
        let words = std::iter::once(PRESSING).chain(known.skip(1)).collect::<Vec<_>>().join(", ");
        ApiError::invalid("sort", format!("tasks have no order {word:?}; sort is one of {words}"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(table: Table, query: &str) -> Wanted {
        Wanted::read(table, query).unwrap()
    }

    #[test]
    fn the_order_is_the_one_of_the_room() {
        let sort = |query: &str| read(Table::Tasks, query).sort;
        assert_eq!((sort("show=open"), sort("sort=")), (None, None), "as they are kept");
        assert_eq!((sort("sort=new&sort=pressing"), sort("sort=pressing")), (Some("new"), Some("")));
        assert_eq!(sort("view=board&sort=new&sort=pressing"), Some(""));
        for (query, argument) in
            [("sort=nonsense", "sort"), ("show=nonsense", "show"), ("needs=%00", "needs")]
        {
            let error = Wanted::read(Table::Tasks, query).unwrap_err();
            assert_eq!((error.status, &error.detail["argument"]), (400, &json!(argument)));
        }
        // What a table has no choice of does not matter, as in its room.
        assert_eq!(read(Table::Agents, "sort=nonsense").sort, None);
    }

    #[test]
    fn the_address_narrows_events_down() {
        let asked = read(Table::Events, "kind=claim_&about=T3&from=5&until=").events;
        assert_eq!(asked.kinds, ["claim_queued", "claim_waits_behind", "claim_wait_ended"]);
        assert_eq!((asked.about.as_deref(), asked.since_ms, asked.until_ms), (Some("T3"), Some(5), None));
        assert_eq!(read(Table::Events, "").events, EventFilter::default());
    }

    #[test]
    fn rows_are_those_of_the_room() {
        let task = json!({ "id": "T1", "title": "Parse Überall", "status": "BLOCKED", "files_involved": ["src/a.rs"],
            "required_capabilities": ["gpu", "Rust"] });
        let has = |query: &str| read(Table::Tasks, query).has(Table::Tasks, &task);
        assert!(has("") && has("show=blocked&show=open") && has("q=%C3%BCber") && has("q=A.RS&sort=new"));
        assert!(!has("show=ready") && !has("q=printer"));
        assert!(
            has("needs=rust") && has("needs=GPU&q=a.rs") && !has("needs=gp") && !has("needs=gpu&q=printer")
        );
        let lock =
            json!({ "file_path": "src/a.rs", "locked_by": "ada", "lock_reason": null, "task_id": null });
        let has = |query: &str| read(Table::Files, query).has(Table::Files, &lock);
        assert!(has("q=Ada") && !has("q=bob"));
        let agent = json!({ "id": "ada", "role": "AI_SPECIALIST", "capabilities": ["rust"] });
        let has = |query: &str| read(Table::Agents, query).has(Table::Agents, &agent);
        assert!(has("") && has("q=AD") && has("q=ai+specialist") && has("q=Rust") && !has("q=sql"));
        let letter = json!({ "from_manus": engine::ids::SYSTEM, "to_manus": "ada" });
        let has = |query: &str| read(Table::Messages, query).has(Table::Messages, &letter);
        assert!(!has("kind=agents") && !has("kind=yours") && has(""));
        let minute = json!({ "width_ms": MINUTE_MS });
        assert!(!read(Table::Metrics, "view=hours&view=minutes").has(Table::Metrics, &minute));
    }
}

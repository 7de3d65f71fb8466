//! Events as lines: JSON, or the sentences of the dashboard's activity.

use app::live::sentence::{self, Before, Part};
use engine::{Record, Settings, State};
use serde_json::Value;

use crate::commands::answer::text;
use crate::commands::print::{Print, Tone, moment, one_line};

/// How many characters of an event's data are shown.
const SHORT: usize = 160;

/// Tells events one after the other.
#[derive(Debug)]
pub struct Teller {
    json: bool,
    print: Print,
    /// Knows the tasks' titles, and who had them.
    state: State,
    before: Before,
}

impl Teller {
    /// One who knows the project as it is at this moment.
    pub fn new(json: bool, print: Print, snapshot: &Value) -> Self {
        let state = State::new(Settings::default());
        let mut teller = Self { json, print, state, before: Before::default() };
        teller.begin_anew(snapshot);
        teller
    }

    /// Forgets the project for a newer picture of it. One by a server of another version may be none to us: then sentences
    /// lack their titles.
    pub fn begin_anew(&mut self, snapshot: &Value) {
        if !self.json {
            self.state = match serde_json::from_value(snapshot.clone()) {
                Ok(snapshot) => State::from_snapshot(snapshot, [], []),
                Err(_) => State::new(Settings::default()),
            };
        }
    }

    /// The event as a line.
    pub fn line(&mut self, event: &Value) -> String {
        // The kind before the data, as it came, so that whoever reads on knows what to expect.
        let field = |name: &str| event.get(name).unwrap_or(&Value::Null);
        let json = format!(
            "{{\"seq\":{},\"at_ms\":{},\"by\":{},\"kind\":{},\"data\":{}}}",
            field("seq"),
            field("at_ms"),
            field("by"),
            field("kind"),
            field("data")
        );
        if self.json {
            return format!("{json}\n");
        }
        let said = serde_json::from_str(&json).ok().and_then(|record| self.sentence(&record));
        let said = said.unwrap_or_else(|| in_short(text(event, "kind"), field("data")));
        let seq = format!("{:>6}", field("seq").to_string());
        let at = moment(event["at_ms"].as_i64().unwrap_or(0));
        format!(
            "{}  {}  {}\n",
            self.print.paint(Tone::Quiet, &seq),
            self.print.paint(Tone::Quiet, &at),
            one_line(&said)
        )
    }

    /// `None` for what the dashboard does not tell.
    fn sentence(&mut self, record: &Record) -> Option<String> {
        let mut before = std::mem::take(&mut self.before);
        if record.seq == self.state.seq() + 1 {
            before = Before::of(&self.state, &record.event);
            self.state.apply(record);
        } else {
            before.follow(record);
        }
        let entry = sentence::entry(record, &self.state, &before);
        self.before = before;
        let part = |part: &Part| match part {
            Part::Text(words) => words.clone(),
            Part::Manus(manus) => manus.to_string(),
            Part::Task(id, title) => format!("{id} {title}").trim().to_owned(),
            Part::File(path) => path.clone(),
        };
        Some(entry?.parts.iter().map(part).collect())
    }
}

/// What the dashboard does not tell, a person at a terminal may still have asked for.
fn in_short(kind: &str, data: &Value) -> String {
    match &data["message"] {
        Value::Null => {
            let mut said = format!("{kind} {data}");
            if let Some((end, _)) = said.char_indices().nth(SHORT) {
                said.truncate(end);
                said.push('…');
            }
            said
        }
        message => {
            let of = |key| text(message, key);
            format!("{} wrote to {}: {}", of("from_manus"), of("to_manus"), of("message_type"))
        }
    }
}

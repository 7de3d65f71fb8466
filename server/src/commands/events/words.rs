//! Events as lines: JSON, or the sentences of the dashboard's activity.

use app::live::sentence::{self, Before, Part};
use app::live::words::count_of;
use engine::event::WaitEnd;
use engine::{Event, ManusId, Record, Settings, State};
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
        let record = serde_json::from_str(&json).ok();
        let said = record.and_then(|record| self.sentence(&record).or_else(|| untold(&record.event)));
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

/// What the dashboard does not tell, in words all the same: a person at a terminal may have asked for it.
fn untold(event: &Event) -> Option<String> {
    Some(match event {
        Event::MessagesProcessed { manus_id, ids } => {
            format!("{manus_id} has dealt with {}", count_of(ids.len(), "message"))
        }
        Event::HeartbeatsSeen { beats } => {
            let who: Vec<&str> = beats.iter().map(|(manus_id, _)| manus_id.as_str()).collect();
            format!("Signs of life: {}", who.join(", "))
        }
        Event::ManusDeclared { manus_id, status, progress } => {
            let status = status.map(|status| format!("it is {status}"));
            let progress = progress.map(|progress| format!("it is at {}%", progress.percent()));
            let told: Vec<String> = status.into_iter().chain(progress).collect();
            format!("{manus_id} says that {}", told.join(", "))
        }
        Event::ManusScored { manus_id, score, .. } => {
            format!("The score of {manus_id} is {}", score.round())
        }
        Event::TasksPlanned { steps, ended } => {
            format!("The plan: {} placed, {} taken out", count_of(steps.len(), "task"), ended.len())
        }
        Event::TaskParked { task_id, behind } => {
            format!("{task_id} waits for files of {}", holders(behind.iter().map(|key| &key.locked_by)))
        }
        Event::TaskReviewerChosen { task_id, reviewer: None } => format!("Nobody reviews {task_id} any more"),
        Event::ClaimWaitsBehind { wait_id, behind } => {
            format!("Claim {wait_id} waits for {}", holders(behind.iter().map(|key| &key.locked_by)))
        }
        Event::ClaimWaitEnded { wait_id, cause } => {
            format!("Claim {wait_id} waits no more: {}", ended(*cause))
        }
        _ => return None,
    })
}

/// Each holder once, in the order in which they are met.
fn holders<'a>(all: impl Iterator<Item = &'a ManusId>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for holder in all {
        if !names.contains(&holder.as_str()) {
            names.push(holder.as_str());
        }
    }
    names.join(", ")
}

const fn ended(cause: WaitEnd) -> &'static str {
    match cause {
        WaitEnd::Granted => "it has its files",
        WaitEnd::TimedOut => "its time was up",
        WaitEnd::Withdrawn => "its caller went away",
        WaitEnd::AgentGone => "its agent is gone",
        WaitEnd::Deadlock => "agents would have waited for each other for ever",
    }
}

/// What no words are known for: an event of a newer server, say.
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

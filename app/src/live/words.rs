//! Times, counts and names in the words of the page. Pure, so that server and browser write the same text.

use engine::view::SyncTask;
use engine::{Json, Role, TaskId, TaskStatus, TimeMs};

use crate::dom;

const SECOND_MS: TimeMs = 1_000;
const MINUTE_MS: TimeMs = 60 * SECOND_MS;
const HOUR_MS: TimeMs = 60 * MINUTE_MS;
const DAY_MS: TimeMs = 24 * HOUR_MS;

/// How long ago something was, as short as it can be read: `now`, `12s`, `4m`, `3h`, `2d`.
pub fn ago(now_ms: TimeMs, then_ms: TimeMs) -> String {
    match (now_ms - then_ms).max(0) {
        age if age < 2 * SECOND_MS => "now".to_owned(),
        age if age < MINUTE_MS => format!("{}s", age / SECOND_MS),
        age if age < HOUR_MS => format!("{}m", age / MINUTE_MS),
        age if age < DAY_MS => format!("{}h", age / HOUR_MS),
        age => format!("{}d", age / DAY_MS),
    }
}

/// A stretch of time within a sentence: `40 seconds`, `1 minute`, `3 hours`.
pub fn for_long(ms: TimeMs) -> String {
    match ms.max(0) {
        ms if ms < MINUTE_MS => counted(ms / SECOND_MS, "second"),
        ms if ms < HOUR_MS => counted(ms / MINUTE_MS, "minute"),
        ms if ms < DAY_MS => counted(ms / HOUR_MS, "hour"),
        ms => counted(ms / DAY_MS, "day"),
    }
}

/// Minutes of work: `45 min`, `3 h`, `3 h 20`.
pub fn work(minutes: u64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes:02}"),
    }
}

/// Time that was worked, in milliseconds: as [`work`], and below a minute in seconds, `40 s`.
pub fn spent(ms: u64) -> String {
    match ms / 60_000 {
        0 => format!("{} s", ms / 1_000),
        minutes => work(minutes),
    }
}

/// A share as per cent with two decimals, for lengths in drawings. By whole numbers: writing fractions would cost every page the
/// code for all of their cases.
pub fn percent(part: f64, whole: f64) -> String {
    let hundredths = if whole > 0.0 { (part / whole * 10_000.0).round() as i64 } else { 0 };
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// A number and its noun: `1 task`, `2 tasks`.
pub fn counted<N: Into<i128> + Copy>(number: N, noun: &str) -> String {
    let number: i128 = number.into();
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// A count of things in memory, for [`counted`].
pub fn count_of(number: usize, noun: &str) -> String {
    counted(i64::try_from(number).unwrap_or(i64::MAX), noun)
}

/// A role as people say it.
pub const fn role(role: Role) -> &'static str {
    match role {
        Role::SpeedDeveloper => "speed developer",
        Role::QualityEnhancer => "quality enhancer",
        Role::AiSpecialist => "AI specialist",
        Role::Coordinator => "coordinator",
    }
}

/// A task's status as people say it.
pub const fn status(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Pending => "Pending",
        TaskStatus::InProgress => "In progress",
        TaskStatus::NeedsReview => "Needs review",
        TaskStatus::Blocked => "Blocked",
        TaskStatus::Completed => "Completed",
        TaskStatus::Cancelled => "Cancelled",
    }
}

/// Said of a task that somebody works on and that gets no further.
pub const STALLED: &str = "has not moved for long";

/// A message's kind as people say it: `CODE_REVIEW_REQUEST` becomes `code review request`.
pub fn message_type(name: &str) -> String {
    name.replace('_', " ").to_ascii_lowercase()
}

/// What a message says, in one line: its text if it has one, else its fields.
pub fn gist(content: &Json) -> String {
    const TEXT_FIELDS: [&str; 7] =
        ["text", "message", "body", "description", "details", "question", "reason"];
    match content {
        Json::Object(fields) => {
            let told = TEXT_FIELDS.iter().find_map(|name| content.get(name)?.as_str());
            told.map_or_else(|| listed(fields), str::to_owned)
        }
        other => plain(other),
    }
}

/// All that a message says, by the names of its fields; a plain text has none. What is left empty says nothing.
pub fn in_full(content: &Json) -> Vec<(String, String)> {
    match content {
        Json::Object(fields) => {
            let (text, others): (Vec<_>, Vec<_>) = fields.iter().partition(|(name, _)| name == "text");
            let text = text.into_iter().map(|(_, value)| (String::new(), plain(value)));
            let others = others.into_iter().filter(|(_, value)| *value != Json::Null);
            text.chain(others.map(|(name, value)| (name.replace('_', " "), plain(value)))).collect()
        }
        other => vec![(String::new(), plain(other))],
    }
}

fn listed(fields: &[(String, Json)]) -> String {
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}: {}", name.replace('_', " "), plain(value))).collect();
    fields.join(" · ")
}

fn plain(value: &Json) -> String {
    match value {
        Json::Null => "–".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Int(value) => value.to_string(),
        Json::UInt(value) => value.to_string(),
        Json::Float(value) => dom::number(*value),
        Json::Text(text) => text.clone(),
        Json::List(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Json::Object(fields) => listed(fields),
    }
}

/// Names in a row, at most so many of them, and how many more there are.
pub fn in_short(names: &[String], most: usize) -> String {
    let more = names.len().checked_sub(most + 1).map(|more| format!(" and {} more", more + 1));
    names[..names.len().min(most)].join(", ") + &more.unwrap_or_default()
}

/// What has to be done before, with at most so many names; `None` when nothing has.
pub fn after(ids: &[TaskId], most: usize) -> Option<String> {
    let names: Vec<String> = ids.iter().map(TaskId::to_string).collect();
    (!names.is_empty()).then(|| format!("after {}", in_short(&names, most)))
}

/// Why a task is blocked: for which reason it is held back, and what has to be done before, with at most so many names.
pub fn blocked(task: &SyncTask, most: usize) -> Option<String> {
    let after = after(&task.waiting_for, most);
    let Some(reason) = &task.held_reason else { return after };
    let (parting, after) = after.as_ref().map_or(("", ""), |after| (" · ", after));
    Some(["held back: ", reason, parting, after].concat())
}

#[cfg(test)]
mod tests {
    use engine::{Command, ManusId};

    use super::*;
    use crate::live::script::{Script, script};

    #[test]
    fn what_comes_before_is_named_in_short() {
        let ids = ["T1", "T2", "T3"].map(|id| TaskId::new(id).unwrap());
        assert_eq!(after(&[], 4), None);
        assert_eq!(after(&ids[..1], 4).unwrap(), "after T1");
        assert_eq!(after(&ids, 3).unwrap(), "after T1, T2, T3");
        assert_eq!(after(&ids, 1).unwrap(), "after T1 and 2 more");
    }

    #[test]
    fn who_holds_a_task_back_is_quoted_and_nothing_is_waited_for_without_a_name() {
        let mut project = script();
        project.agent("a", &[]);
        let first = project.task("one", 10, &[], &[]);
        let second = project.task("two", 10, &[&first], &[]);
        let told = |project: &Script, id: &TaskId| blocked(&project.state().task_view(id).unwrap(), 3);
        assert_eq!(told(&project, &second).unwrap(), "after T1");
        for id in [&first, &second] {
            let (manus_id, task_id) = (ManusId::supervisor(), id.clone());
            project.run(Command::BlockTask { manus_id, task_id, reason: Some("no licence".to_owned()) });
        }
        assert_eq!(told(&project, &first).unwrap(), "held back: no licence");
        assert_eq!(told(&project, &second).unwrap(), "held back: no licence · after T1");
        project.run(Command::UnblockTask { manus_id: ManusId::supervisor(), task_id: first.clone() });
        assert_eq!(told(&project, &first), None);
    }

    #[test]
    fn ages_are_short() {
        let cases = [(1_999, "now"), (2_000, "2s"), (59_999, "59s"), (60_000, "1m"), (7_200_000, "2h")];
        for (age, word) in cases {
            assert_eq!(ago(1_000_000_000 + age, 1_000_000_000), word);
        }
        assert_eq!(ago(0, 5_000), "now", "a clock that runs ahead");
        assert_eq!(ago(3 * DAY_MS, 0), "3d");
    }

    #[test]
    fn stretches_and_work() {
        assert_eq!(for_long(1_500), "1 second");
        assert_eq!(for_long(150_000), "2 minutes");
        assert_eq!(work(45), "45 min");
        assert_eq!(work(120), "2 h");
        assert_eq!(work(185), "3 h 05");
        assert_eq!(
            (spent(400), spent(59_999), spent(119_999)),
            ("0 s".into(), "59 s".into(), "1 min".into())
        );
    }

    #[test]
    fn shares() {
        assert_eq!((percent(1.0, 3.0), percent(2.0, 2.0)), ("33.33%".to_owned(), "100.00%".to_owned()));
        assert_eq!(percent(1.0, 0.0), "0.00%");
    }

    #[test]
    fn the_gist_of_a_message() {
        let fields = Json::object([("task_id", Json::text("T3")), ("files", Json::texts(["a.rs", "b.rs"]))]);
        assert_eq!(gist(&fields), "task id: T3 · files: a.rs, b.rs");
        assert_eq!(gist(&Json::object([("id", Json::Int(1)), ("text", Json::text("look"))])), "look");
        assert_eq!(gist(&Json::text("hello")), "hello");
    }
}

//! The original's values in this program's words, and what to say where they have none.

use engine::{Capability, Priority, Role, TaskStatus};
use serde_json::Value;

/// The fifth role of the original, and the one that is closest to it.
const FIFTH_ROLE: &str = "system_perfectionist";

/// What a value was taken for, with a remark where that is not plain.
pub(super) struct Taken<T> {
    pub value: T,
    pub remark: Option<String>,
}

impl<T> Taken<T> {
    pub(super) fn plain(value: T) -> Self {
        Self { value, remark: None }
    }

    fn odd(value: T, remark: String) -> Self {
        Self { value, remark: Some(remark) }
    }
}

/// A column as text; `None` where there is nothing in it.
pub(super) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

/// A column as it is shown to a person.
pub(super) fn shown(value: &Value) -> String {
    const MOST: usize = 120;
    let text = value.to_string();
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST).chain("…".chars()).collect() }
}

pub(super) fn role(value: &Value) -> Taken<Role> {
    let Some(given) = text(value) else {
        return Taken::odd(Role::SpeedDeveloper, "no role is given; imported as SPEED_DEVELOPER".to_owned());
    };
    // The original may have written its enumeration with the name of the type.
    let word = given.rsplit('.').next().unwrap_or(&given);
    if let Ok(role) = word.parse() {
        return Taken::plain(role);
    }
    if word.eq_ignore_ascii_case(FIFTH_ROLE) {
        let remark =
            format!("the role {given} does not exist here; imported as QUALITY_ENHANCER, the nearest");
        return Taken::odd(Role::QualityEnhancer, remark);
    }
    Taken::odd(Role::SpeedDeveloper, format!("{given:?} is no role; imported as SPEED_DEVELOPER"))
}

pub(super) fn priority(value: &Value) -> Taken<Priority> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let word = || text(value).and_then(|text| text.rsplit('.').next().and_then(|word| word.parse().ok()));
    match number.and_then(Priority::from_number).or_else(word) {
        Some(priority) => Taken::plain(priority),
        None => {
            let remark = format!("priority {} is not 1 to 4; imported as MEDIUM", shown(value));
            Taken::odd(Priority::Medium, remark)
        }
    }
}

pub(super) fn status(value: &Value) -> Taken<TaskStatus> {
    let given = text(value).unwrap_or_default();
    match given.rsplit('.').next().unwrap_or_default().parse() {
        Ok(status) => Taken::plain(status),
        Err(_) => Taken::odd(
            TaskStatus::Pending,
            format!("{} is no status of a task; imported as PENDING", shown(value)),
        ),
    }
}

/// Whether an agent said goodbye.
pub(super) fn is_gone(value: &Value) -> Taken<bool> {
    let given = text(value).unwrap_or_default().to_uppercase();
    match given.rsplit('.').next().unwrap_or_default() {
        "ACTIVE" | "IDLE" | "BUSY" => Taken::plain(false),
        "INACTIVE" => Taken::plain(true),
        _ => Taken::odd(true, format!("{} is no status of an agent; imported as INACTIVE", shown(value))),
    }
}

/// A list in JSON, as texts. Entries that are no texts are named in the remark.
pub(super) fn list(column: &str, value: &Value) -> Taken<Vec<String>> {
    let Some(given) = text(value) else { return Taken::plain(Vec::new()) };
    let Ok(Value::Array(items)) = serde_json::from_str::<Value>(&given) else {
        return Taken::odd(
            Vec::new(),
            format!("{column} is no list: {}; imported as an empty one", shown(value)),
        );
    };
    let (texts, others): (Vec<Value>, Vec<Value>) =
        items.into_iter().partition(|item| item.as_str().is_some_and(|text| !text.trim().is_empty()));
    let texts = texts.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
    let left_out = others.iter().map(shown).collect::<Vec<_>>().join(", ");
    let remark =
        (!others.is_empty()).then(|| format!("{column} holds what is no text: {left_out}; left out"));
    Taken { value: texts, remark }
}

/// What an agent can do; remarks on what is no capability.
pub(super) fn capabilities(given: &[String], remarks: &mut Vec<String>) -> Vec<Capability> {
    let mut capabilities: Vec<Capability> = Vec::new();
    for text in given {
        match Capability::new(text) {
            Ok(capability) if !capabilities.contains(&capability) => capabilities.push(capability),
            Ok(_) => {}
            Err(error) => remarks.push(format!("{error}; left out")),
        }
    }
    capabilities
}

/// A percentage; what lies outside is brought to the nearer end.
pub(super) fn progress(value: &Value) -> Taken<engine::Progress> {
    let given = match value {
        Value::Null => Some(0.0),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().trim_end_matches('%').parse().ok(),
        _ => None,
    };
    let held = given.unwrap_or(0.0).clamp(0.0, 100.0).floor();
    // In range by the line before.
    let progress = engine::Progress::new(held as i64).unwrap_or_default();
    let remark = (given != Some(held)).then(|| format!("progress {} is taken as {held}", shown(value)));
    Taken { value: progress, remark }
}

/// Minutes; none given is an hour, as for every task.
pub(super) fn minutes(value: &Value) -> Taken<u32> {
    const USUAL: u32 = 60;
    const MOST: f64 = 525_600.0;
    let given = match value {
        Value::Null => return Taken::plain(USUAL),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match given {
        Some(given) if (0.0..=MOST).contains(&given) => {
            let whole = given.round();
            let remark =
                (whole != given).then(|| format!("estimated_duration {given} is taken as {whole} minutes"));
            Taken { value: whole as u32, remark }
        }
        _ => Taken::odd(USUAL, format!("estimated_duration {} is taken as {USUAL} minutes", shown(value))),
    }
}

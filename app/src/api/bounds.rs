//! How large things may be. Every input has its bound here; one that goes over is refused with the bound in the sentence.

use std::ops::RangeInclusive;

use engine::Json;

use super::error::ApiError;

/// A request's body, in bytes.
pub const BODY_MAX: usize = 1024 * 1024;
/// A task's title, in characters.
pub const TITLE: RangeInclusive<usize> = 1..=200;
/// A task's description, in bytes.
pub const DESCRIPTION_MAX: usize = 64 * 1024;
/// A message's content and a task's result, in bytes of JSON.
pub const CONTENT_MAX: usize = 64 * 1024;
/// How deep lists and objects may lie in one another in a message's content or a task's result. Well below what JSON parsers
/// take, since events wrap them further.
pub const DEPTH_MAX: usize = 64;
/// A message's type, in characters.
pub const MESSAGE_TYPE: RangeInclusive<usize> = 1..=64;
/// A reason or note, in characters.
pub const NOTE_MAX: usize = 2_000;
/// A program's or model's name, in characters.
pub const NAME_MAX: usize = 100;
/// The text to search for, in characters.
pub const TEXT_MAX: usize = 200;
/// The files of a claim, a release, a check or a task.
pub const FILES_MAX: usize = 1_000;
/// The dependencies of a task.
pub const DEPENDENCIES_MAX: usize = 1_000;
/// The capabilities of an agent or those that a task asks for.
pub const CAPABILITIES_MAX: usize = 100;
/// The tasks of one batch.
pub const BATCH_MAX: usize = 10_000;
/// A task's key within its batch, in characters.
pub const KEY: RangeInclusive<usize> = 1..=64;
/// The messages acknowledged in one call.
pub const ACKS_MAX: usize = 10_000;
/// An estimate, in minutes: up to a year.
pub const DURATION_MINUTES: RangeInclusive<i64> = 0..=525_600;
/// The estimate of a task that names none, in minutes.
pub const DURATION_DEFAULT_MINUTES: u32 = 60;
/// How many tasks an agent may work on at a time.
pub const MAX_PARALLEL: RangeInclusive<i64> = 1..=64;
/// The number of an attempt at a task.
pub const ATTEMPT: RangeInclusive<i64> = 1..=u32::MAX as i64;
/// A claim's time to live, in seconds: up to a day.
pub const TTL_SECS: RangeInclusive<i64> = 1..=86_400;
/// How far back the series of counts can be asked for, in minutes: 31 days.
pub const RANGE_MINUTES: RangeInclusive<i64> = 1..=44_640;
/// How long a call may wait for something to happen, in seconds.
pub const WAIT_SECS: RangeInclusive<i64> = 0..=300;
/// After how long a token may end by itself, in seconds: a minute to ten years.
pub const EXPIRES_SECS: RangeInclusive<i64> = 60..=315_360_000;
/// The public part of a token, in characters; whoever pastes the whole token means it, too.
pub const TOKEN_ID: RangeInclusive<usize> = 1..=64;
/// How many entries a page may have.
pub const PAGE: RangeInclusive<i64> = 1..=1_000;
/// How many entries a page has where the caller does not say.
pub const PAGE_DEFAULT: usize = 100;
/// How many messages are taken at once where the caller does not say.
pub const MESSAGES_DEFAULT: usize = 1_000;

/// Checks a text's length in characters, and that it is not blank where it must be something.
pub fn text(argument: &str, text: &str, allowed: &RangeInclusive<usize>) -> Result<(), ApiError> {
    printable(argument, text)?;
    let length = text.chars().count();
    if allowed.contains(&length) && (*allowed.start() == 0 || !text.trim().is_empty()) {
        return Ok(());
    }
    let (least, most) = (allowed.start(), allowed.end());
    let reason = match length {
        _ if length > *most => format!("{argument} has {length} characters; the most is {most}"),
        _ => format!("{argument} is blank; write {least} to {most} characters"),
    };
    Err(ApiError::invalid(argument, reason))
}

/// Checks that a text holds no control characters but line breaks and tabs: others garble logs, terminals and tables.
pub fn printable(argument: &str, text: &str) -> Result<(), ApiError> {
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        None => Ok(()),
        Some(c) => {
            let reason =
                format!("{argument} contains the control character U+{:04X}; leave it out", u32::from(c));
            Err(ApiError::invalid(argument, reason))
        }
    }
}

/// Checks the size of something in bytes.
pub fn bytes(argument: &str, size: usize, most: usize) -> Result<(), ApiError> {
    if size <= most {
        return Ok(());
    }
    let reason = format!(
        "{argument} is {size} bytes long; the most is {most}, so put the rest into a file and name it"
    );
    Err(ApiError::invalid(argument, reason))
}

/// Checks a JSON value's size when written, in bytes, and its depth.
pub fn json(argument: &str, value: &Json, most: usize) -> Result<(), ApiError> {
    if depth(value) > DEPTH_MAX {
        let reason =
            format!("{argument} has lists or objects more than {DEPTH_MAX} levels deep; make it flatter");
        return Err(ApiError::invalid(argument, reason));
    }
    bytes(argument, serde_json::to_vec(value).map_or(usize::MAX, |json| json.len()), most)
}

fn depth(value: &Json) -> usize {
    match value {
        Json::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Json::Object(fields) => 1 + fields.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}

/// Checks how many entries a list has. What is several things at once can be split; what describes one thing cannot.
pub fn count(argument: &str, entries: usize, most: usize) -> Result<(), ApiError> {
    if entries <= most {
        return Ok(());
    }
    let way_out = match argument {
        "files" | "tasks" | "ids" => ", so split it over several calls",
        _ => "",
    };
    Err(ApiError::invalid(argument, format!("{argument} has {entries} entries; the most is {most}{way_out}")))
}

/// Checks a number, and brings it into the type that the engine uses for it.
pub fn number<N: TryFrom<i64>>(
    argument: &str,
    number: i64,
    allowed: &RangeInclusive<i64>,
) -> Result<N, ApiError> {
    let fitting = if allowed.contains(&number) { N::try_from(number).ok() } else { None };
    fitting.ok_or_else(|| {
        let (least, most) = (allowed.start(), allowed.end());
        ApiError::invalid(
            argument,
            format!("{argument} is {number}; use a whole number from {least} to {most}"),
        )
    })
}

/// The same for a number that may be left out.
pub fn number_or<N: TryFrom<i64>>(
    argument: &str,
    given: Option<i64>,
    allowed: &RangeInclusive<i64>,
    default: N,
) -> Result<N, ApiError> {
    given.map_or(Ok(default), |given| number(argument, given, allowed))
}

/// The bounds of an argument as a part of its JSON Schema. An argument of one name is bounded alike in all calls, but that there
/// has to be something to claim.
#[cfg(feature = "ssr")]
pub fn schema(call: &str, argument: &str) -> Option<serde_json::Value> {
    use serde_json::json;

    // Control characters but line breaks and tabs, as the inside of a set.
    const CONTROL: &str = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f";
    let printable = format!("^[^{CONTROL}]*$");
    let not_blank = format!(r"^[^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*$");
    let text = |most: usize| json!({ "maxLength": most, "pattern": printable });
    let needed = |range: &RangeInclusive<usize>| json!({ "minLength": range.start(), "maxLength": range.end(), "pattern": not_blank });
    let number = |range: &RangeInclusive<i64>| json!({ "minimum": range.start(), "maximum": range.end() });
    let list = |most: usize| json!({ "maxItems": most });
    let path = json!({
        "minLength": 1,
        "maxLength": engine::pattern::PATH_MAX,
        "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$",
    });
    Some(match argument {
        "title" => needed(&TITLE),
        "message_type" => needed(&MESSAGE_TYPE),
        "key" => needed(&KEY),
        "description" => text(DESCRIPTION_MAX),
        "reason" | "note" | "comment" => text(NOTE_MAX),
        "program" | "model" | "label" => text(NAME_MAX),
        "id" if call == "revoke_token" => needed(&TOKEN_ID),
        "expires_in_secs" => number(&EXPIRES_SECS),
        "text" | "about" => text(TEXT_MAX),
        "files" if call == "claim_files" => json!({ "minItems": 1, "maxItems": FILES_MAX, "items": path }),
        "files" | "files_involved" => json!({ "maxItems": FILES_MAX, "items": path }),
        "cursor" => json!({ "maxLength": 64, "pattern": "^[0-9]{1,19}$" }),
        // One, or several in a list.
        "kind" if call == "list_events" => {
            let kinds = engine::Event::KINDS;
            json!({ "pattern": format!("^({})$", kinds.join("|")), "items": { "enum": kinds } })
        }
        "dependencies" => list(DEPENDENCIES_MAX),
        "capabilities" | "required_capabilities" | "with_capabilities" => list(CAPABILITIES_MAX),
        "tasks" => list(BATCH_MAX),
        "ids" => list(ACKS_MAX),
        "estimated_duration" => number(&DURATION_MINUTES),
        "max_parallel" => number(&MAX_PARALLEL),
        "attempt" => number(&ATTEMPT),
        "ttl_secs" => number(&TTL_SECS),
        "wait_secs" => number(&WAIT_SECS),
        "range" => number(&RANGE_MINUTES),
        "limit" => number(&PAGE),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_name_the_bound() {
        let too_long = text("title", &"ä".repeat(201), &TITLE).unwrap_err();
        assert_eq!(too_long.message, "title has 201 characters; the most is 200");
        assert_eq!(text("title", &"ä".repeat(200), &TITLE), Ok(()));
        let blank = text("title", " ", &TITLE).unwrap_err();
        assert_eq!(blank.message, "title is blank; write 1 to 200 characters");
        let number = number::<u32>("ttl_secs", 0, &TTL_SECS).unwrap_err();
        assert_eq!(number.message, "ttl_secs is 0; use a whole number from 1 to 86400");
        assert_eq!(super::number("ttl_secs", 86_400, &TTL_SECS), Ok(86_400_u32));
        let many = |argument| count(argument, 101, 100).unwrap_err().message;
        assert_eq!(many("capabilities"), "capabilities has 101 entries; the most is 100");
        assert_eq!(many("tasks"), "tasks has 101 entries; the most is 100, so split it over several calls");
    }
}

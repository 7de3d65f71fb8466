//! From the bytes of a request to the arguments of a call, with messages that teach.
//!
//! Well-formed calls take one pass of serde. Only where that fails is the body looked at again, to say which field is wrong,
//! what was found there and what is allowed. Serde's own sentences are the source for that; a test pins them.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call::Arguments;
use super::error::ApiError;

/// Reads the arguments of a call from a request's body. An empty body is an empty object.
pub fn arguments<T: Arguments + DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let body = if body.iter().all(u8::is_ascii_whitespace) { b"{}" } else { body };
    // Serde would also take a list of values in the order of the fields.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(explain_shape::<T>(body));
    }
    serde_json::from_slice(body).or_else(|_| with_whole_numbers(body).ok_or_else(|| explain::<T>(body)))
}

/// Reads once more, where whole numbers are written as `40.0`: JSON makes no difference, and some programs write all numbers so.
fn with_whole_numbers<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    /// What agents say to each other is kept as it came.
    const THEIR_OWN: [&str; 2] = ["content", "result"];
    fn whole(value: &mut Value) -> bool {
        match value {
            Value::Number(number) => {
                // Within these bounds a float holds a whole number exactly.
                let exact = |float: &f64| float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0;
                let Some(float) = number.as_f64().filter(|float| number.is_f64() && exact(float)) else {
                    return false;
                };
                *value = json!(float as i64);
                true
            }
            // Not short-circuiting: all of them are looked at.
            Value::Array(items) => items.iter_mut().fold(false, |any, item| whole(item) | any),
            Value::Object(fields) => fields.values_mut().fold(false, |any, field| whole(field) | any),
            _ => false,
        }
    }
    let mut arguments: serde_json::Map<String, Value> = serde_json::from_slice(body).ok()?;
    let written = arguments.iter_mut().filter(|(name, _)| !THEIR_OWN.contains(&name.as_str()));
    let any = written.fold(false, |any, (_, argument)| whole(argument) | any);
    if any { serde_json::from_value(arguments.into()).ok() } else { None }
}

/// Why a body that does not begin like an object is none.
fn explain_shape<T: Arguments>(body: &[u8]) -> ApiError {
    let found = match std::str::from_utf8(body).map(serde_json::from_str::<Value>) {
        Err(_) => return not_utf8(),
        Ok(Err(error)) => return not_json(&error),
        Ok(Ok(value)) => kind_of(&value),
    };
    let reason = format!("the body is {found}; send a JSON object. {}", usage::<T>());
    ApiError::invalid("body", reason)
}

/// Reads once more, keeping track of where.
fn explain<T: Arguments + DeserializeOwned>(body: &[u8]) -> ApiError {
    let Ok(text) = std::str::from_utf8(body) else { return not_utf8() };
    let mut source = serde_json::Deserializer::from_str(text);
    let outcome = serde_path_to_error::deserialize::<_, T>(&mut source);
    match outcome {
        Err(error) if error.inner().is_data() => {
            let path = error.path().to_string();
            wrong_data::<T>(&path, &bare(&error.into_inner()))
        }
        Err(error) => not_json(error.inner()),
        Ok(_) => match source.end() {
            Err(error) => not_json(&error),
            // The first reading failed, so this one must, too.
            Ok(()) => ApiError::internal("the body could not be read"),
        },
    }
}

fn not_utf8() -> ApiError {
    ApiError::invalid("body", "the body is not UTF-8; send JSON in UTF-8")
}

fn not_json(error: &serde_json::Error) -> ApiError {
    let reason = format!("the body is not valid JSON: {error}");
    ApiError::invalid("body", reason)
}

/// The error's sentence without its position.
fn bare(error: &serde_json::Error) -> String {
    let sentence = error.to_string();
    match sentence.rsplit_once(" at line ") {
        Some((sentence, _)) => sentence.to_owned(),
        None => sentence,
    }
}

/// Words between backticks, as serde lists fields.
fn quoted(sentence: &str) -> Vec<&str> {
    sentence.split('`').skip(1).step_by(2).collect()
}

fn wrong_data<T: Arguments>(path: &str, sentence: &str) -> ApiError {
    let names = quoted(sentence);
    let name = names.first().copied().unwrap_or_default();
    // The path of a missing field ends at the object that misses it, that of an unknown or doubled one at the field.
    let inside = |name: &str| match path {
        "." => name.to_owned(),
        path if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        path => format!("{path}.{name}"),
    };
    if sentence.starts_with("missing field") {
        return missing::<T>(&inside(name));
    }
    if sentence.starts_with("unknown field") {
        return unknown::<T>(&inside(name), name, names.get(1..).unwrap_or_default());
    }
    if sentence.starts_with("duplicate field") {
        let argument = inside(name);
        return ApiError::invalid(&argument, format!("{argument} stands in the body twice; send it once"));
    }
    let reason = match mismatch(sentence).or_else(|| no_such_word(sentence)) {
        Some((found, expected)) => format!("{path} is {found}; send {expected}"),
        // Some sentences begin with the argument's name by themselves.
        None if sentence.strip_prefix(path).is_some_and(|rest| rest.starts_with(' ')) => sentence.to_owned(),
        None => format!("{path}: {sentence}"),
    };
    ApiError::invalid(path, reason)
}

fn missing<T: Arguments>(argument: &str) -> ApiError {
    let nested = argument.contains(['.', '[']);
    let usage = if nested { String::new() } else { format!(". {}", usage::<T>()) };
    ApiError::invalid(argument, format!("{argument} is missing{usage}"))
}

fn unknown<T: Arguments>(path: &str, name: &str, known: &[&str]) -> ApiError {
    let suggestion = nearest(name, known.iter().copied());
    let hint = suggestion.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
    let reason = if known.is_empty() {
        format!("{path} is not an argument of {}{hint}; it takes none", T::NAME)
    } else if path == name {
        format!("{path} is not an argument{hint}. {}", usage::<T>())
    } else {
        format!("{path} is not a field there{hint}; known are {}", known.join(", "))
    };
    let mut error = ApiError::invalid(path, reason);
    error.detail["known"] = json!(known);
    if let Some(near) = suggestion {
        error.detail["did_you_mean"] = json!(near);
    }
    error
}

/// `invalid type: string "x", expected u32` as (found, expected), in plain words.
fn mismatch(sentence: &str) -> Option<(String, String)> {
    let rest = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .find_map(|start| sentence.strip_prefix(start))?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    Some((plain_found(found), plain_expected(expected)))
}

/// ``unknown variant `x`, expected `a` or `b` `` as (found, expected). A word that is also known in capitals is named once.
fn no_such_word(sentence: &str) -> Option<(String, String)> {
    let (given, expected) = sentence.strip_prefix("unknown variant `")?.rsplit_once("`, expected ")?;
    let known = quoted(expected);
    let again =
        |place: usize| known[place + 1..].iter().any(|other| other.eq_ignore_ascii_case(known[place]));
    let words: Vec<&str> =
        (0..known.len()).filter(|place| !again(*place)).map(|place| known[place]).collect();
    let allowed = match words.as_slice() {
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
        [] => return None,
    };
    Some((format!("the text {given:?}"), allowed))
}

fn plain_found(found: &str) -> String {
    let value = |text: &str| text.trim_matches('`').to_owned();
    match found.split_once(' ') {
        _ if found == "sequence" => "a list".to_owned(),
        _ if found == "map" => "an object".to_owned(),
        Some(("string", text)) => format!("the text {text}"),
        Some(("integer" | "number", number)) => format!("the number {}", value(number)),
        Some(("floating", point)) => format!("the number {}", value(point.trim_start_matches("point "))),
        Some(("boolean", word)) => value(word),
        _ => found.to_owned(),
    }
}

fn plain_expected(expected: &str) -> String {
    match expected {
        "i64" => "a whole number",
        "u64" | "u32" | "usize" => "a whole number, 0 or more",
        "a boolean" => "true or false",
        "a string" | "a borrowed string" | "string" => "a text",
        "a sequence" => "a list",
        _ if expected.starts_with("struct ") => "an object",
        other => other,
    }
    .to_owned()
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What a call takes, with a question mark behind what may be left out.
pub fn usage<T: Arguments>() -> String {
    let optional = T::OPTIONAL.iter().map(|name| format!("{name}?"));
    let all: Vec<String> = T::NEEDED.iter().map(|name| (*name).to_owned()).chain(optional).collect();
    if all.is_empty() {
        return format!("{} takes no arguments", T::NAME);
    }
    format!("{} takes {}", T::NAME, all.join(", "))
}

/// The name that was probably meant: one of which the given one is the beginning, or the closest one within a third of its
/// length.
pub fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    if given.len() > LONGEST {
        return None;
    }
    let known: Vec<&str> = known.collect();
    if given.len() > 2
        && let Some(begun) = known.iter().find(|name| name.starts_with(given))
    {
        return Some(begun);
    }
    let near =
        known.into_iter().map(|name| (distance(given, name), name)).min_by_key(|(distance, _)| *distance)?;
    (near.0 <= near.1.len().div_ceil(3)).then_some(near.1)
}

/// How many letters have to be added, dropped or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests;

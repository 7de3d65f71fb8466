//! An action of the page, written down to be done elsewhere: by curl, by this program's command line, or by MCP.

use engine::Json;

use crate::components::acts::curl;
use crate::errand::As;

/// The calls for which agents have a tool, with its name.
const TOOLS: [(&str, &str); 3] =
    [("create_task", "create_tasks"), ("review_task", "review"), ("send_message", "send")];
/// The argument by which a tool knows who calls, if not the agent of the session.
const TOOL_ACTOR: &str = "manus_id";

/// Writes down a call with these arguments, as JSON, to a server at this address. `None` where it cannot be said that way.
pub fn written(how: As, origin: &str, call: &str, arguments: &str) -> Option<String> {
    match how {
        As::Curl => Some(curl(origin, call, arguments)),
        As::Cli => command(origin, call, &Arguments::read(arguments)?),
        As::Mcp => request(call, Arguments::read(arguments)?),
    }
}

/// The arguments of a call.
struct Arguments(Vec<(String, Json)>);

impl Arguments {
    fn read(json: &str) -> Option<Self> {
        match crate::read::from_json(json.as_bytes()).ok()? {
            Json::Object(fields) => Some(Self(fields)),
            _ => None,
        }
    }

    fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    fn list(&self, name: &str) -> Option<Vec<&str>> {
        match self.get(name)? {
            Json::List(items) => items.iter().map(Json::as_str).collect(),
            _ => None,
        }
    }
}

/// A command of this program in the making.
struct Line {
    words: Vec<String>,
    /// What follows the options, whatever it begins with.
    plain: Vec<String>,
    /// False when something could not be said.
    whole: bool,
}

impl Line {
    fn new(command: &str, origin: &str) -> Self {
        let words = vec![format!("manus-sync {command}"), format!("--server={}", quoted(origin))];
        Self { words, plain: Vec::new(), whole: true }
    }

    fn option(&mut self, name: &str, value: Option<&str>) {
        self.words.extend(value.map(|value| format!("--{name}={}", quoted(value))));
    }

    /// An option with several values, which commas part.
    fn several(&mut self, name: &str, values: Option<Vec<&str>>) {
        let Some(values) = values else { return };
        self.whole &= !values.iter().any(|value| value.contains(','));
        self.option(name, Some(&values.join(",")));
    }

    fn plain(&mut self, value: Option<&str>) {
        self.whole &= value.is_some();
        self.plain.extend(value.map(str::to_owned));
    }

    fn end(mut self) -> Option<String> {
        if self.plain.iter().any(|word| word.starts_with('-')) {
            self.words.push("--".to_owned());
        }
        self.words.extend(self.plain.iter().map(|word| quoted(word)));
        self.whole.then(|| self.words.join(" "))
    }
}

fn command(origin: &str, call: &str, given: &Arguments) -> Option<String> {
    let mut line = Line::new(verb(call)?, origin);
    let whom = given.text("manus_id");
    // Whoever pastes it may be an agent's shell, in which MANUS_ID says otherwise.
    line.option("as", actor(call).and_then(|name| given.text(name)));
    match call {
        "create_task" | "update_task" => about_task(&mut line, call == "create_task", given),
        "deregister_manus" => line.option("as", whom),
        "drain_manus" => {
            line.words
                .extend((given.get("draining") == Some(&Json::Bool(false))).then(|| "--off".to_owned()));
            line.plain(whom);
        }
        "release_files" => {
            line.option("of", whom);
            line.plain.extend(given.list("files")?.into_iter().map(str::to_owned));
        }
        "send_message" => message(&mut line, given),
        "ack_messages" => match given.get("ids")? {
            Json::List(ids) => ids.iter().for_each(|id| line.plain(whole(id).as_deref())),
            _ => return None,
        },
        _ => {
            line.option("reason", given.text("reason"));
            line.option("comment", given.text("comment"));
            line.plain(given.text("task_id"));
            match call {
                "assign_task" => line.plain(whom),
                "review_task" => line.plain(given.text("verdict").map(|verdict| match verdict {
                    "approve" => verdict,
                    _ => "request-changes",
                })),
                _ => {}
            }
        }
    }
    line.end()
}

/// The argument that says who makes a call.
fn actor(call: &str) -> Option<&'static str> {
    match call {
        "block_task" | "unblock_task" | "review_task" | "ack_messages" => Some("manus_id"),
        "release_files" => Some("by"),
        "send_message" => Some("from_manus"),
        _ => None,
    }
}

fn verb(call: &str) -> Option<&'static str> {
    Some(match call {
        "create_task" => "task add",
        "update_task" => "task update",
        "assign_task" => "task assign",
        "cancel_task" => "task cancel",
        "review_task" => "task review",
        "block_task" => "task block",
        "unblock_task" => "task unblock",
        "drain_manus" => "drain",
        "deregister_manus" => "deregister",
        "release_files" => "files release",
        "send_message" => "message send",
        "ack_messages" => "message ack",
        _ => return None,
    })
}

fn about_task(line: &mut Line, fresh: bool, given: &Arguments) {
    let list = |name| given.list(name).filter(|values| !fresh || !values.is_empty());
    line.option("description", given.text("description").filter(|text| !fresh || !text.is_empty()));
    line.option("priority", given.text("priority"));
    line.several("files", list("files_involved"));
    line.several("after", list("dependencies"));
    line.several("needs", list("required_capabilities"));
    line.option("estimate", given.get("estimated_duration").and_then(whole).as_deref());
    if fresh {
        line.plain(given.text("title"));
    } else {
        line.option("title", given.text("title"));
        line.plain(given.text("task_id"));
    }
}

fn message(line: &mut Line, given: &Arguments) {
    line.option("type", given.text("message_type"));
    line.option("reply-to", given.get("reply_to").and_then(whole).as_deref());
    line.plain(given.text("to_manus"));
    line.plain(given.get("content").and_then(|content| content.get("text")).and_then(Json::as_str));
}

fn whole(value: &Json) -> Option<String> {
    match value {
        Json::Int(number) => Some(number.to_string()),
        Json::UInt(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Within single quotes only that quote itself has to be written otherwise; plain words need none.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,@%+".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// Whether agents have a tool for this call.
pub fn has_tool(call: &str) -> bool {
    TOOLS.iter().any(|(name, _)| *name == call)
}

fn request(call: &str, Arguments(mut given): Arguments) -> Option<String> {
    let (_, tool) = TOOLS.iter().find(|(name, _)| *name == call)?;
    if let Some((name, _)) = given.iter_mut().find(|(name, _)| actor(call) == Some(name)) {
        *name = TOOL_ACTOR.to_owned();
    }
    let arguments = match call {
        "create_task" => Json::object([("tasks", Json::List(vec![Json::Object(given)]))]),
        _ => Json::Object(given),
    };
    let params = Json::object([("name", Json::text(tool)), ("arguments", arguments)]);
    let request = Json::object([
        ("jsonrpc", Json::text("2.0")),
        ("id", Json::Int(1)),
        ("method", Json::text("tools/call")),
        ("params", params),
    ]);
    serde_json::to_string(&request).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "http://localhost:3334";

    fn cli(call: &str, arguments: &str) -> Option<String> {
        let told = written(As::Cli, ORIGIN, call, arguments)?;
        Some(told.replace("--server=http://localhost:3334 ", ""))
    }

    #[test]
    fn commands() {
        let cancel = cli("cancel_task", r#"{"task_id":"T1","reason":"it's over"}"#);
        assert_eq!(cancel.as_deref(), Some(r"manus-sync task cancel --reason='it'\''s over' T1"));
        let add =
            r#"{"title":"-5 degrees","description":"","files_involved":["a.rs","b c.rs"],"dependencies":[]}"#;
        let add = cli("create_task", add);
        assert_eq!(add.as_deref(), Some("manus-sync task add --files='a.rs,b c.rs' -- '-5 degrees'"));
        let waits = cli("update_task", r#"{"task_id":"T1","dependencies":[]}"#);
        assert_eq!(waits.as_deref(), Some("manus-sync task update --after='' T1"));
        let read = cli("ack_messages", r#"{"manus_id":"supervisor","ids":[4,7]}"#);
        assert_eq!(read.as_deref(), Some("manus-sync message ack --as=supervisor 4 7"));
        let go_on = cli("unblock_task", r#"{"manus_id":"supervisor","task_id":"T1"}"#);
        assert_eq!(go_on.as_deref(), Some("manus-sync task unblock --as=supervisor T1"));
    }

    #[test]
    fn what_cannot_be_said_is_not_said_wrongly() {
        let comma = r#"{"task_id":"T1","files_involved":["a,b.rs"]}"#;
        assert_eq!(cli("update_task", comma), None);
        assert_eq!(cli("snapshot", "{}"), None);
        assert_eq!(written(As::Mcp, ORIGIN, "cancel_task", r#"{"task_id":"T1"}"#), None);
    }

    #[test]
    fn requests() {
        let made = written(As::Mcp, ORIGIN, "review_task", r#"{"manus_id":"supervisor","task_id":"T1"}"#);
        let expected = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"review","arguments":{"manus_id":"supervisor","task_id":"T1"}}}"#;
        assert_eq!(made.as_deref(), Some(expected));
        let sent = r#"{"from_manus":"supervisor","to_manus":"ada","content":{"text":"x"}}"#;
        let made = written(As::Mcp, ORIGIN, "send_message", sent).unwrap();
        assert!(made.contains(r#""arguments":{"manus_id":"supervisor","to_manus":"ada","#), "{made}");
    }
}

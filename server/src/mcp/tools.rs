//! The tools: which call each one makes, what it shows of it, and when to use it.
//!
//! Every agent pays for this list in tokens with each conversation, so it says what is needed and no more. Types, bounds and
//! words of the arguments come from the calls themselves.

use std::collections::HashMap;
use std::sync::LazyLock;

use app::api::describe::{Describer, Description};
use rmcp::model::ToolAnnotations;
use serde_json::{Map, Value, json};

/// A tool.
#[derive(Debug)]
pub struct Tool {
    /// As clients call it.
    pub name: &'static str,
    /// The call that it makes; `status` makes several.
    pub call: &'static str,
    /// When to use it, and what to know.
    about: &'static str,
    /// The argument by which the call knows who makes it.
    pub actor: Option<Actor>,
    /// Further arguments to show, in order.
    shows: &'static [&'static str],
    /// Whether repeating it with the same arguments changes nothing more.
    repeatable: bool,
    /// The key under which a list is answered, since structured results are objects.
    pub list: Option<&'static str>,
}

/// How a call knows who makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// By this argument, which it needs.
    Needed(&'static str),
    /// By `manus_id`, which may be left out.
    Welcome,
}

/// All tools, in the order of a working day.
pub const TOOLS: [Tool; 14] = [
    Tool {
        name: "join",
        call: "register_manus",
        about: "Report for work: call this first, once. Say what you can do (python, testing, ...), since tasks are dealt out \
                by it.",
        actor: Some(Actor::Needed("manus_id")),
        shows: &["role", "capabilities", "max_parallel", "model", "takeover"],
        repeatable: false,
        list: None,
    },
    Tool {
        name: "next_task",
        call: "next_task",
        about: "Get your next task, already started and with its files claimed for you. Call it when you are idle and after \
                each finish. task is null when there is nothing to do; wait_secs waits for something (stay below your \
                client's timeout, often 60 s).",
        actor: Some(Actor::Needed("manus_id")),
        shows: &["wait_secs"],
        repeatable: false,
        list: None,
    },
    Tool {
        name: "start",
        call: "start_task",
        about: "Start a certain task that is assigned to you; its files are claimed in the same step. When any task will do, \
                use next_task.",
        actor: Some(Actor::Needed("manus_id")),
        shows: &["task_id"],
        repeatable: true,
        list: None,
    },
    Tool {
        name: "progress",
        call: "update_task_progress",
        about: "Report how far your task is, every few minutes while you work: whoever reports nothing counts as stuck. \
                Progress never goes back.",
        actor: Some(Actor::Needed("manus_id")),
        shows: &["task_id", "progress", "note"],
        repeatable: true,
        list: None,
    },
    Tool {
        name: "finish",
        call: "complete_task",
        about: "Complete your task when it is done and tested; its files are free again. Say in result what others need to \
                know. needs_review: true has another agent look at it first.",
        actor: Some(Actor::Welcome),
        shows: &["task_id", "result", "needs_review"],
        repeatable: true,
        list: None,
    },
    Tool {
        name: "fail",
        call: "fail_task",
        about: "Give up on your task when you cannot do it, and say why. It is tried again later, perhaps by another agent.",
        actor: Some(Actor::Needed("manus_id")),
        shows: &["task_id", "reason"],
        repeatable: true,
        list: None,
    },
    Tool {
        name: "review",
        call: "review_task",
        about: "Decide on a task that you were asked to review (message REVIEW_REQUESTED).",
        actor: Some(Actor::Needed("manus_id")),
        shows: &["task_id", "verdict", "comment"],
        repeatable: true,
        list: None,
    },
    Tool {
        name: "claim",
        call: "claim_files",
        about: "Claim files before you edit them, where your task has not claimed them already; nobody else can hold them \
                then. Folders (src/) and globs (src/*.rs) too; all or nothing. A refusal says who holds what: wait with \
                wait_secs, do something else, or ask with send.",
        actor: Some(Actor::Needed("manus_id")),
        shows: &["files", "reason", "mode", "ttl_secs", "wait_secs"],
        repeatable: true,
        list: None,
    },
    Tool {
        name: "release",
        call: "release_files",
        about: "Give back files that you claimed, as soon as you are done with them. Those of a task come back with finish.",
        actor: Some(Actor::Needed("manus_id")),
        shows: &["files"],
        repeatable: true,
        list: None,
    },
    Tool {
        name: "check",
        call: "check_files",
        about: "See who holds files, without claiming them. To edit them, use claim right away.",
        actor: Some(Actor::Welcome),
        shows: &["files"],
        repeatable: true,
        list: None,
    },
    Tool {
        name: "send",
        call: "send_message",
        about: "Write to another agent (its id), to a role (role:QUALITY_ENHANCER), to all (*) or to the person in charge \
                (supervisor): to ask for a file, hand something over, or report trouble.",
        actor: Some(Actor::Needed("from_manus")),
        shows: &["to_manus", "message_type", "content", "reply_to"],
        repeatable: false,
        list: None,
    },
    Tool {
        name: "inbox",
        call: "get_messages",
        about: "Read your new messages; they then count as read, unless peek is true. Call it when an answer says that \
                messages wait, and between tasks.",
        actor: Some(Actor::Needed("manus_id")),
        shows: &["peek", "limit", "wait_secs"],
        repeatable: false,
        list: Some("messages"),
    },
    Tool {
        name: "create_tasks",
        call: "create_tasks",
        about: "Plan work: create tasks, all or none. They are dealt out at once. Name the files that each one changes and \
                what must be done before (keys of the same list, or ids), and nobody gets in anybody's way. Pass a \
                request_id, and repeating the call creates nothing twice.",
        actor: None,
        shows: &["tasks", "request_id"],
        repeatable: false,
        list: Some("tasks"),
    },
    Tool {
        name: "status",
        call: "status",
        about: "See how the project is doing: its health, who is here and does what, and which tasks are open.",
        actor: None,
        shows: &[],
        repeatable: true,
        list: None,
    },
];

/// The tool of this name.
pub fn find(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

/// What a call is named here: the tool that makes it, one that shows the same, or who can be asked for it.
pub fn name_of(call: &str) -> Option<&'static str> {
    match call {
        "list_manus" | "get_manus" | "list_tasks" | "get_task" => Some("status"),
        "assign_task" | "block_task" | "unblock_task" | "update_task" => Some("a message to supervisor"),
        "list_messages" => Some("inbox"),
        "create_task" => Some("create_tasks"),
        call => TOOLS.iter().find(|tool| tool.call == call).map(|tool| tool.name),
    }
}

/// When a session knows who its agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knows {
    /// It was told before.
    Already,
    /// Once the agent has joined.
    AfterJoin,
    /// There is no session: each request stands for itself.
    Never,
}

/// What clients are told.
pub fn listed(knows: Knows) -> Vec<rmcp::model::Tool> {
    TOOLS.iter().map(|tool| tool.listed(knows)).collect()
}

/// The calls, described.
struct Calls {
    calls: HashMap<&'static str, Description>,
    shapes: Map<String, Value>,
}

static CALLS: LazyLock<Calls> = LazyLock::new(|| {
    let mut describer = Describer::default();
    let calls = app::api::describe(&mut describer).into_iter().map(|call| (call.name, call)).collect();
    Calls { calls, shapes: describer.shapes() }
});

/// Whether a call changes something, so that repeating it needs a `request_id`.
pub fn changes(call: &str) -> bool {
    CALLS.calls.get(call).is_some_and(Description::changes)
}

impl Tool {
    fn listed(&self, knows: Knows) -> rmcp::model::Tool {
        let mut tool = rmcp::model::Tool::new(self.name, self.about, self.input(knows));
        let read_only = !changes(self.call);
        let hints = ToolAnnotations::new().read_only(read_only).destructive(false).open_world(false);
        tool.annotations = Some(hints.idempotent(self.repeatable));
        tool
    }

    /// The schema of its arguments.
    fn input(&self, knows: Knows) -> Map<String, Value> {
        let none = json!({});
        let schema = CALLS.calls.get(self.call).map_or(&none, |call| &call.arguments);
        let mut properties = Map::new();
        let mut required = Vec::new();
        if self.actor.is_some() {
            let (about, needed) = match knows {
                Knows::Already => ("You, if not as before.", false),
                _ if self.name == "join" => ("Your name: letters, digits, '_', '.', ':' or '-'.", true),
                Knows::AfterJoin => ("You; not needed after join.", false),
                Knows::Never => ("You.", matches!(self.actor, Some(Actor::Needed(_)))),
            };
            properties.insert("manus_id".to_owned(), json!({ "type": "string", "description": about }));
            required.extend(needed.then_some("manus_id"));
        }
        for name in self.shows {
            properties.insert((*name).to_owned(), plain(&schema["properties"][name]));
            let needed = schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
            required.extend(needed.then_some(*name));
        }
        let mut input = Map::new();
        input.insert("type".to_owned(), "object".into());
        input.insert("properties".to_owned(), properties.into());
        if !required.is_empty() {
            input.insert("required".to_owned(), required.into());
        }
        input
    }
}

/// A schema without references, and without what a refusal says as well when it matters.
fn plain(schema: &Value) -> Value {
    const SPARED: [&str; 9] = [
        "format",
        "pattern",
        "minLength",
        "maxLength",
        "maxItems",
        "minItems",
        "default",
        "additionalProperties",
        "title",
    ];
    match schema {
        Value::Object(fields) => {
            if let Some(name) =
                fields.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next())
            {
                let mut shape = plain(CALLS.shapes.get(name).unwrap_or(&Value::Null));
                if let (Some(shape), Some(about)) = (shape.as_object_mut(), fields.get("description")) {
                    shape.insert("description".to_owned(), about.clone());
                }
                return shape;
            }
            let kept = fields
                .iter()
                .filter(|(key, value)| !SPARED.contains(&key.as_str()) && !is_limit_of_64_bits(value));
            let mut kept: Map<String, Value> = kept.map(|(key, value)| (key.clone(), plain(value))).collect();
            leave_out_null(&mut kept);
            kept.into()
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

fn is_limit_of_64_bits(value: &Value) -> bool {
    [i64::MIN.into(), i64::MAX.into(), u64::MAX.into()].contains(value)
}

/// Whatever may be null may also be left out, and that is the simpler thing to say.
fn leave_out_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(kinds)) = schema.get("type")
        && let [kind, null] = kinds.as_slice()
        && null == "null"
    {
        let kind = kind.clone();
        schema.insert("type".to_owned(), kind);
    }
    if let Some(Value::Array(either)) = schema.get_mut("anyOf") {
        either.retain(|one| one != &json!({ "type": "null" }));
        if let [Value::Object(only)] = either.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            for (key, value) in only {
                schema.entry(key).or_insert(value);
            }
        }
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
}

#[cfg(test)]
mod tests;

//! What a coding agent's hook is told: the JSON of Claude Code's hooks, and what Codex and Cursor do differently.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// What an event is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    SessionStart,
    PromptSubmit,
    BeforeTool,
    AfterTool,
    TurnEnd,
    SessionEnd,
    /// A sign of life and nothing else.
    Other,
}

impl Kind {
    /// By name in any spelling: `PreToolUse`, `preToolUse`, `pre-tool-use`.
    pub(super) fn of(name: &str) -> Self {
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        match name.to_ascii_lowercase().as_str() {
            "sessionstart" => Self::SessionStart,
            "userpromptsubmit" | "beforesubmitprompt" => Self::PromptSubmit,
            "pretooluse" => Self::BeforeTool,
            "posttooluse" | "posttoolusefailure" | "afterfileedit" => Self::AfterTool,
            "stop" | "stopfailure" => Self::TurnEnd,
            "sessionend" => Self::SessionEnd,
            _ => Self::Other,
        }
    }

    /// As Claude Code and Codex call it in an answer.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SessionStart => "SessionStart",
            Self::PromptSubmit => "UserPromptSubmit",
            Self::BeforeTool => "PreToolUse",
            Self::AfterTool => "PostToolUse",
            Self::TurnEnd => "Stop",
            Self::SessionEnd => "SessionEnd",
            Self::Other => "Notification",
        }
    }
}

/// The fields of interest. All may be missing: what is not there is not known.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    session_id: Option<String>,
    /// Cursor's name for a session.
    conversation_id: Option<String>,
    cwd: Option<PathBuf>,
    /// Cursor's folders.
    workspace_roots: Vec<PathBuf>,
    tool_name: Option<String>,
    tool_input: Value,
    model: Value,
}

/// An event.
#[derive(Debug)]
pub(super) struct Payload {
    pub kind: Kind,
    pub session_id: String,
    pub cwd: Option<PathBuf>,
    pub model: Option<String>,
    tool_name: String,
    tool_input: Value,
}

/// Tools that write files, in any case.
const EDITORS: [&str; 10] = [
    "edit",
    "write",
    "multiedit",
    "notebookedit",
    "apply_patch",
    "applypatch",
    "strreplace",
    "search_replace",
    "edit_file",
    "delete",
];
/// Where such a tool names its file.
const FILE_KEYS: [&str; 5] = ["file_path", "notebook_path", "path", "target_file", "filePath"];

impl Payload {
    /// Reads the JSON. The event is the one that the hook was set up for.
    pub(super) fn read(text: &str, event: &str) -> Result<Self, serde_json::Error> {
        let object: serde_json::Map<String, Value> = serde_json::from_str(text)?;
        let fields: Fields = serde_json::from_value(Value::Object(object))?;
        let model = match &fields.model {
            Value::String(model) => Some(model.clone()),
            model => model["id"].as_str().map(str::to_owned),
        };
        // Some programs hand over a tool's arguments as text.
        let tool_input = match fields.tool_input {
            Value::String(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            other => other,
        };
        Ok(Self {
            kind: Kind::of(event),
            session_id: fields.session_id.or(fields.conversation_id).unwrap_or_default(),
            cwd: fields.cwd.or_else(|| fields.workspace_roots.into_iter().next()),
            model,
            tool_name: fields.tool_name.unwrap_or_default(),
            tool_input,
        })
    }

    /// Whether a file is about to be written.
    pub(super) fn is_edit(&self) -> bool {
        let name = self.tool_name.to_ascii_lowercase();
        self.kind == Kind::BeforeTool && EDITORS.contains(&name.as_str())
    }

    /// The files that are about to be written, absolute. Relative ones are meant from the agent's folder.
    pub(super) fn edited_files(&self, folder: &Path) -> Vec<String> {
        if !self.is_edit() {
            return Vec::new();
        }
        let named = FILE_KEYS.iter().filter_map(|key| self.tool_input[*key].as_str()).map(str::to_owned);
        let mut files: Vec<String> = named.collect();
        let patch = ["command", "input", "patch"].iter().find_map(|key| self.tool_input[*key].as_str());
        files.extend(patch.or(self.tool_input.as_str()).into_iter().flat_map(patched_files));
        let mut absolute: Vec<String> =
            files.iter().map(|file| folder.join(file).to_string_lossy().into_owned()).collect();
        absolute.dedup();
        absolute
    }

    /// How far the agent is by its own list of things to do, in per cent.
    pub(super) fn progress(&self) -> Option<u8> {
        let list =
            [&self.tool_input["todos"], &self.tool_input["plan"]].into_iter().find_map(Value::as_array)?;
        let done = list.iter().filter(|item| item["status"] == "completed").count();
        u8::try_from(done * 100 / list.len().max(1)).ok().filter(|_| !list.is_empty())
    }
}

/// The files that a patch of Codex's kind names.
fn patched_files(patch: &str) -> Vec<String> {
    const MARKS: [&str; 4] = ["*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "];
    let named =
        |line: &str| MARKS.iter().find_map(|mark| line.strip_prefix(mark)).map(|file| file.trim().to_owned());
    patch.lines().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(tool: &str, input: Value) -> Vec<String> {
        let text =
            serde_json::json!({ "session_id": "s", "tool_name": tool, "tool_input": input }).to_string();
        Payload::read(&text, "PreToolUse").unwrap().edited_files(Path::new("/work/app"))
    }

    #[test]
    fn the_files_of_each_tool() {
        let json = |text: &str| serde_json::from_str(text).unwrap();
        for tool in ["Write", "Edit", "MultiEdit"] {
            assert_eq!(
                files(tool, json(r#"{"file_path": "/work/app/a b.rs", "content": ""}"#)),
                ["/work/app/a b.rs"]
            );
        }
        assert_eq!(files("NotebookEdit", json(r#"{"notebook_path": "n.ipynb"}"#)), ["/work/app/n.ipynb"]);
        let patch = "*** Begin Patch\n*** Update File: src/a.rs\n*** Move to: src/b.rs\n@@\n-x\n+*** Add File: no\n*** Add File: c\n*** End Patch";
        let named = ["/work/app/src/a.rs", "/work/app/src/b.rs", "/work/app/c"];
        assert_eq!(files("apply_patch", serde_json::json!({ "command": patch })), named);
        assert_eq!(files("apply_patch", Value::String(patch.to_owned())), named);
        assert!(files("Read", json(r#"{"file_path": "/work/app/a.rs"}"#)).is_empty());
        assert!(files("Write", json(r#"{}"#)).is_empty());
    }

    #[test]
    fn progress_is_counted_on_the_agents_own_list() {
        let read = |input: &str| {
            let text = format!(r#"{{"tool_name": "TodoWrite", "tool_input": {input}}}"#);
            Payload::read(&text, "post-tool-use").unwrap().progress()
        };
        let three =
            r#"{"todos": [{"status": "completed"}, {"status": "in_progress"}, {"status": "pending"}]}"#;
        assert_eq!(read(three), Some(33));
        assert_eq!(read(r#"{"plan": [{"status": "completed"}]}"#), Some(100));
        assert_eq!((read(r#"{"todos": []}"#), read("{}"), read("null")), (None, None, None));
    }
}

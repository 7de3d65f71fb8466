//! What connecting each program takes: which files, and what in them.

use serde_json::Value;

use super::json_text::{JsonText, Snippet};
use super::section::{self, Marks};
use crate::cli::{ConnectArgs, ConnectClient};
use crate::commands::Failed;

/// What the project's file for any agent says.
const AGENTS_MD: &str = include_str!("agents.md");

/// The file that all programs share.
pub(super) const SHARED: &str = "AGENTS.md";

/// A file, and what is put into it.
#[derive(Debug)]
pub(super) struct FilePlan {
    /// Relative to the project's root.
    pub path: &'static str,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// A member of an object in JSON.
    Member { way: Vec<&'static str>, key: &'static str, value: String, ours: bool },
    /// An item of a list in JSON.
    Item { way: Vec<&'static str>, value: String },
    /// A section of a text.
    Section { marks: Marks, body: String },
}

/// The files for a program.
pub(super) fn plan(args: &ConnectArgs, url: Option<&str>) -> Result<Vec<FilePlan>, Failed> {
    let program = program()?;
    let mcp = match (args.http, url) {
        (false, _) => {
            format!("{{\n  \"command\": {},\n  \"args\": [\"mcp\"]\n}}", Value::from(program.as_str()))
        }
        (true, Some(url)) => {
            format!("{{\n  \"type\": \"http\",\n  \"url\": {}\n}}", Value::from(format!("{url}/mcp")))
        }
        (true, None) => {
            return Err(Failed::unreachable(
                "no server is running for this project, so its address is not known; name it with --server",
            ));
        }
    };
    Ok(match args.client {
        ConnectClient::ClaudeCode => {
            let settings = if args.local { ".claude/settings.local.json" } else { ".claude/settings.json" };
            vec![mcp_file(".mcp.json", mcp), hooks(settings, &program, &CLAUDE_HOOKS, "")]
        }
        ConnectClient::Codex => vec![
            codex_config(&program, args.http.then_some(url).flatten()),
            hooks(".codex/hooks.json", &program, &CODEX_HOOKS, " --for codex"),
            agents_md(),
        ],
        ConnectClient::Cursor => {
            vec![mcp_file(".cursor/mcp.json", mcp), cursor_hooks(&program), agents_md()]
        }
        ConnectClient::Generic => vec![agents_md()],
    })
}

/// What a person does next.
pub(super) fn next_step(client: ConnectClient) -> &'static str {
    match client {
        ConnectClient::ClaudeCode => {
            "Start Claude Code here again; it asks once whether to trust the manus-sync tools."
        }
        ConnectClient::Codex => {
            "Start Codex here again, trust the project, and look at its hooks with /hooks."
        }
        ConnectClient::Cursor => {
            "Open the project in Cursor again; its settings show the hooks and the manus-sync tools."
        }
        ConnectClient::Generic => "Point your agent at AGENTS.md, and set MANUS_ID where it runs.",
    }
}

/// An event, and the tools that it is of interest for; none where the program knows no such thing.
type HookFor = (&'static str, Option<&'static str>);

const CLAUDE_HOOKS: [HookFor; 6] = [
    ("SessionStart", None),
    ("UserPromptSubmit", None),
    ("PreToolUse", Some("Edit|Write|MultiEdit|NotebookEdit")),
    ("PostToolUse", Some("*")),
    ("Stop", None),
    ("SessionEnd", None),
];

const CODEX_HOOKS: [HookFor; 5] = [
    ("SessionStart", None),
    ("UserPromptSubmit", None),
    ("PreToolUse", Some("apply_patch|Edit|Write")),
    ("PostToolUse", Some("*")),
    ("Stop", None),
];

const CURSOR_HOOKS: [HookFor; 6] = [
    ("sessionStart", None),
    ("beforeSubmitPrompt", None),
    ("preToolUse", Some("Write|Edit|MultiEdit|StrReplace|Delete|NotebookEdit")),
    ("postToolUse", None),
    ("stop", None),
    ("sessionEnd", None),
];

/// Hooks in the shape that Claude Code and Codex share.
fn hooks(path: &'static str, program: &str, hooks: &[HookFor], dialect: &str) -> FilePlan {
    let part = |(event, matcher): &HookFor| {
        let command = Value::from(format!("{} hook {event}{dialect}", for_shell(program)));
        let matcher =
            matcher.map(|tools| format!("\n  \"matcher\": {},", Value::from(tools))).unwrap_or_default();
        let value = format!(
            "{{{matcher}\n  \"hooks\": [\n    {{\n      \"type\": \"command\",\n      \"command\": {command},\n      \"timeout\": 10\n    }}\n  ]\n}}"
        );
        Part::Item { way: vec!["hooks", event], value }
    };
    FilePlan { path, parts: hooks.iter().map(part).collect() }
}

fn cursor_hooks(program: &str) -> FilePlan {
    let mut parts = vec![Part::Member { way: vec![], key: "version", value: "1".to_owned(), ours: false }];
    for (event, matcher) in CURSOR_HOOKS {
        let command = Value::from(format!("{} hook {event} --for cursor", for_shell(program)));
        let matcher =
            matcher.map(|tools| format!(",\n  \"matcher\": {}", Value::from(tools))).unwrap_or_default();
        let value = format!("{{\n  \"command\": {command}{matcher}\n}}");
        parts.push(Part::Item { way: vec!["hooks", event], value });
    }
    FilePlan { path: ".cursor/hooks.json", parts }
}

fn mcp_file(path: &'static str, value: String) -> FilePlan {
    FilePlan {
        path,
        parts: vec![Part::Member { way: vec!["mcpServers"], key: "manus-sync", value, ours: true }],
    }
}

fn codex_config(program: &str, url: Option<&str>) -> FilePlan {
    let server = match url {
        Some(url) => format!("url = {}", Value::from(format!("{url}/mcp"))),
        // A string of JSON is one of TOML, too.
        None => format!("command = {}\nargs = [\"mcp\"]", Value::from(program)),
    };
    let body = format!("[mcp_servers.manus-sync]\n{server}");
    FilePlan { path: ".codex/config.toml", parts: vec![Part::Section { marks: Marks::Toml, body }] }
}

fn agents_md() -> FilePlan {
    FilePlan {
        path: SHARED,
        parts: vec![Part::Section { marks: Marks::Markdown, body: AGENTS_MD.to_owned() }],
    }
}

/// How others call this program: by its name where that leads here, otherwise by its place.
fn program() -> Result<String, Failed> {
    let own = std::env::current_exe().map_err(Failed::refused)?;
    let real = |path: &std::path::Path| path.canonicalize().ok();
    let name = own.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let first = std::env::split_paths(&paths).map(|folder| folder.join(&name)).find(|path| path.is_file());
    let by_name = first.is_some_and(|first| real(&first) == real(&own));
    Ok(if by_name { name } else { own.to_string_lossy().into_owned() })
}

/// As a word of a shell's command line.
fn for_shell(program: &str) -> String {
    let plain = program.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+:".contains(c));
    if plain { program.to_owned() } else { format!("'{}'", program.replace('\'', r"'\''")) }
}

/// Whether an item of a list of hooks is ours, in either shape.
pub(super) fn is_ours(item: &Value) -> bool {
    our_command(item).is_some()
}

/// Our command in an item of a list of hooks.
pub(super) fn our_command(item: &Value) -> Option<&str> {
    let within = item["hooks"].as_array().map_or(&[][..], Vec::as_slice);
    let commands = within.iter().chain([item]).filter_map(|hook| hook["command"].as_str());
    commands.into_iter().find(|command| command.contains("manus-sync") && command.contains(" hook "))
}

impl FilePlan {
    /// The file with everything put in.
    pub(super) fn put(&self, before: Option<&str>) -> Result<String, Failed> {
        let before = before.unwrap_or_default();
        if let [Part::Section { marks, body }] = self.parts.as_slice() {
            self.check_toml(before, *marks)?;
            return Ok(section::put(before, *marks, body));
        }
        let mut json = self.read(before)?;
        for part in &self.parts {
            let done = match part {
                Part::Member { way, key, value, ours } => {
                    let there = way
                        .iter()
                        .try_fold(&json.value(), |value, key| value.get(key))
                        .is_some_and(|value| value.get(key).is_some());
                    if there && !ours { Ok(()) } else { json.set_member(way, key, Snippet(value)) }
                }
                Part::Item { way, value } => json.set_item(way, Snippet(value), is_ours),
                Part::Section { .. } => Ok(()),
            };
            done.map_err(|error| self.cannot(error))?;
        }
        Ok(json.to_string())
    }

    /// The file without any of it. One that was made for it, and says nothing else, goes.
    pub(super) fn take(&self, now: &str, made_by_us: bool) -> Result<Option<String>, Failed> {
        if let [Part::Section { marks, .. }] = self.parts.as_slice() {
            let left = section::take(now, *marks);
            return Ok(Some(left).filter(|left| !(left.trim().is_empty() && (made_by_us || left != now))));
        }
        let mut json = self.read(now)?;
        for part in &self.parts {
            match part {
                Part::Member { way, key, ours: true, .. } => json.remove_member(way, key),
                Part::Item { way, .. } => json.remove_items(way, is_ours),
                Part::Member { .. } | Part::Section { .. } => {}
            }
        }
        let value = json.value();
        let is_bare = value.as_object().is_some_and(|object| object.keys().all(|key| key == "version"));
        Ok(Some(json.to_string()).filter(|_| !(is_bare && made_by_us)))
    }

    fn read(&self, text: &str) -> Result<JsonText, Failed> {
        JsonText::read(text).map_err(|error| self.cannot(error))
    }

    /// A table of the same name outside our section would be there twice.
    fn check_toml(&self, before: &str, marks: Marks) -> Result<(), Failed> {
        if marks != Marks::Toml {
            return Ok(());
        }
        let others = section::take(before, marks);
        let table: toml::Table = toml::from_str(&others).map_err(|error| self.cannot(error))?;
        match table.get("mcp_servers").and_then(|servers| servers.get("manus-sync")) {
            None => Ok(()),
            Some(_) => Err(self.cannot("mcp_servers.manus-sync is set there already; take it out first")),
        }
    }

    fn cannot(&self, error: impl std::fmt::Display) -> Failed {
        Failed::refused(format!("{} cannot be edited, and nothing was changed: {error}", self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_in_both_shapes_are_known() {
        let ours = serde_json::json!({ "hooks": [{ "type": "command", "command": "'/opt/a b/manus-sync' hook Stop" }] });
        assert!(
            is_ours(&ours) && is_ours(&serde_json::json!({ "command": "manus-sync hook stop --for cursor" }))
        );
        assert!(!is_ours(&serde_json::json!({ "hooks": [{ "command": "prettier" }] })));
        assert_eq!(for_shell("/opt/it's/manus-sync"), r"'/opt/it'\''s/manus-sync'");
    }

    #[test]
    fn all_of_it_comes_and_goes() {
        let plans = [
            hooks(".claude/settings.json", "manus-sync", &CLAUDE_HOOKS, ""),
            cursor_hooks("manus-sync"),
            mcp_file(".mcp.json", "{ \"command\": \"manus-sync\" }".to_owned()),
        ];
        for plan in &plans {
            for before in ["{}\n", "{\n  \"version\": 1,\n  \"mine\": [1, 2]\n}\n"] {
                let with = plan.put(Some(before)).unwrap();
                assert_eq!(plan.put(Some(&with)).unwrap(), with, "again is no change");
                let left = plan.take(&with, false).unwrap().unwrap();
                let (left, before): (Value, Value) =
                    (serde_json::from_str(&left).unwrap(), serde_json::from_str(before).unwrap());
                assert_eq!(left.get("mine"), before.get("mine"));
                assert!(left.get("hooks").is_none() && left.get("mcpServers").is_none(), "{left}");
            }
            assert_eq!(plan.take(&plan.put(None).unwrap(), true).unwrap(), None);
        }
        let toml = codex_config("manus-sync", None);
        let with = toml.put(Some("model = \"o\"\n")).unwrap();
        assert_eq!(toml.take(&with, false).unwrap().unwrap(), "model = \"o\"\n");
        assert!(toml.put(Some("[mcp_servers.manus-sync]\ncommand = \"x\"\n")).is_err());
    }
}

//! The room that tells how to connect an agent, with everything filled in for this server, and that sees when one does.

use crate::prelude::*;
use engine::ManusId;

use super::acts::curl;
use super::bits::{agent_link, caption, since, snippet, tabs};
use super::icon::{icon, life_mark};
use crate::live::row::{AgentRow, RowId};
use crate::live::{use_live, words};
use crate::nav::use_nav;
use crate::ui::{El, IntoNode, Node, div, each, el, nodes, span, when};

const WAYS: [(&str, &str); 6] = [
    ("", "Claude Code"),
    ("codex", "Codex"),
    ("cursor", "Cursor"),
    ("python", "Python"),
    ("curl", "curl"),
    ("shell", "Shell"),
];
/// How many agents are listed as connected.
const LISTED: usize = 12;

/// The room.
pub fn connect() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let name = RwSignal::new("manus_1".to_owned());
    let way = Memo::new(move |_| nav.choice("view"));
    let origin = live.about().origin;
    let fault = move || ManusId::new(name.get().trim()).err().map(|error| error.to_string());
    let input = el("input")
        .attr("type", "text")
        .attr("id", "agent-name")
        .attr("autocomplete", "off")
        .attr("spellcheck", "false")
        .attr("aria-describedby", "about-agent-name")
        .value(move || name.get())
        .on("input", move |event| name.set(event_target_value(&event)));
    let hint =
        move || fault().unwrap_or_else(|| "Each agent chooses its own; it is filled in below.".to_owned());
    let field =
        div("field").add(el("label").attr("for", "agent-name").add("Name of the agent")).add(input).add(
            el("p")
                .class("about")
                .toggle("bad", move || fault().is_some())
                .attr("id", "about-agent-name")
                .add(hint),
        );
    let steps = move || {
        let name = Some(name.get().trim().to_owned()).filter(|name| !name.is_empty());
        steps(&way.get(), &origin, &name.unwrap_or_else(|| "manus_1".to_owned()))
    };
    let about = "Whatever speaks HTTP or MCP can take part. Agents get tasks, claim the files that they change, and write \
                 to each other; you see them here from their first call on.";
    let head = el("header").add(el("h2").add("Connect an agent")).add(el("p").add(about));
    div("first-run connect")
        .add(head)
        .add(field)
        .add(tabs("view", "With what", &WAYS))
        .add(el("ol").class("steps").add(steps))
        .add(arrivals())
        .into_node()
}

fn step(title: &'static str, about: impl IntoNode, text: String) -> El {
    el("li").add(el("h3").add(title)).add(el("p").add(about)).add(snippet(title, text))
}

fn steps(way: &str, origin: &str, name: &str) -> Vec<El> {
    let tell = || {
        let text = format!(
            "You are the agent {name}. Register with register_manus, then ask next_task for work. Claim files before you \
             change them, report with update_task_progress, and finish with complete_task."
        );
        step("Tell it who it is", "In its instructions, or as the first message.", text)
    };
    match way {
        "codex" => vec![
            step(
                "Add the server",
                nodes!["In ", el("code").add("~/.codex/config.toml"), ":"],
                format!("[mcp_servers.manus-sync]\nurl = \"{origin}/mcp\""),
            ),
            tell(),
        ],
        "cursor" => vec![
            step(
                "Add the server",
                nodes!["In ", el("code").add(".cursor/mcp.json"), " of the project:"],
                format!(
                    "{{\n  \"mcpServers\": {{\n    \"manus-sync\": {{ \"url\": \"{origin}/mcp\" }}\n  }}\n}}"
                ),
            ),
            tell(),
        ],
        "python" => vec![step(
            "Use the engine's own names",
            nodes!["With ", el("code").add("clients/python"), " on the path; it needs nothing else."],
            format!(
                "from MANUS_SYNC_ENGINE import ManusSyncEngine, ManusRole\n\nengine = ManusSyncEngine(url=\"{origin}\")\n\
                 engine.register_manus(manus_id=\"{name}\", role=ManusRole.SPEED_DEVELOPER, capabilities=[\"python\"])\n\
                 engine.heartbeat(manus_id=\"{name}\")"
            ),
        )],
        "curl" => vec![
            step(
                "Register",
                "A name, a role, and what it can do.",
                curl(
                    origin,
                    "register_manus",
                    &format!(
                        r#"{{"manus_id": "{name}", "role": "SPEED_DEVELOPER", "capabilities": ["python"]}}"#
                    ),
                ),
            ),
            step(
                "Ask for work",
                "Waits up to a minute for a task; it comes started, with its files claimed.",
                curl(origin, "next_task", &format!(r#"{{"manus_id": "{name}", "wait_secs": 60}}"#)),
            ),
            step(
                "Give signs of life",
                "Every half minute. The answer says which tasks and how many messages wait.",
                curl(origin, "heartbeat", &format!(r#"{{"manus_id": "{name}"}}"#)),
            ),
        ],
        "shell" => vec![
            step(
                "Set a coding agent up",
                "Writes its settings, shows them first with --dry-run, and proves that they work.",
                "manus-sync connect claude-code --dry-run".to_owned(),
            ),
            step(
                "Or work from a script",
                "The command line finds this server by itself within the project.",
                format!(
                    "export MANUS_SYNC_URL={origin} MANUS_ID={name}\nmanus-sync register\nmanus-sync task next"
                ),
            ),
        ],
        _ => vec![
            step(
                "Add the server",
                "Once in the project; it is remembered.",
                format!("claude mcp add --transport http manus-sync {origin}/mcp"),
            ),
            tell(),
        ],
    }
}

/// Who has come, the newest first, or that nobody has.
fn arrivals() -> Node {
    let live = use_live();
    let came = Memo::new(move |_| {
        let mut ids = live.agent_rows(false);
        ids.truncate(LISTED);
        ids
    });
    let line = move |id: RowId| {
        let RowId::Agent(id) = id else { return None };
        let row: RwSignal<AgentRow> = live.agent(&id)?;
        let seen_ms = move || row.with(|row| row.value.manus.last_heartbeat_ms);
        let role = row.with_untracked(|row| words::role(row.value.manus.role));
        Some(
            el("li")
                .test_id(format!("connected-{id}"))
                .add(move || life_mark(live.life(row)))
                .add(agent_link(id))
                .add(caption(role))
                .add(since(seen_ms)),
        )
    };
    let waiting = || {
        let pulse = span("pulse").attr("aria-hidden", "true");
        el("p")
            .class("waiting")
            .add(pulse)
            .add("Waiting for the first heartbeat. This page changes by itself.")
    };
    let here = move || {
        let count = move || words::count_of(live.figures.with(|figures| figures.agents()), "agent");
        let head = el("p").class("connected").add(icon("check")).add(count).add(" connected");
        nodes![head, el("ul").class("plain").add(each(move || came.get(), RowId::key, line))]
    };
    div("arrivals")
        .test_id("arrivals")
        .attr("role", "status")
        .add(when(move || came.with(Vec::is_empty), waiting))
        .add(when(move || !came.with(Vec::is_empty), move || here().into_node()))
        .into_node()
}

//! How to begin, where there is nothing yet.

use crate::components::acts;
use crate::components::bits::snippet;
use crate::components::icon::icon;
use crate::components::needs::needs;
use crate::components::tasks::{new_task, tasks};
use crate::live::use_live;
use crate::ui::{El, IntoNode, Node, div, el, nodes, span, when};

const REGISTER: &str =
    r#"{"manus_id": "manus_1", "role": "SPEED_DEVELOPER", "capabilities": ["python", "rust"]}"#;
const CREATE: &str = r#"{"title": "Write the README", "description": "What it is, how to run it.", "files_involved": ["README.md"]}"#;
const BEAT: &str = r#"{"manus_id": "manus_1"}"#;

/// Stands in the overview until the first agent registers.
pub fn first_run() -> Node {
    let live = use_live();
    let about = "Agents connect by HTTP. They get tasks, claim the files that they change, and write to each other; \
                 you see everything here as it happens. Say hello from any shell:";
    let begin = el("header").add(el("h2").add("No agent is here yet")).add(el("p").add(about));
    let dealt = nodes![
        "It goes at once to the agent who can finish it first. Or press ",
        el("kbd").add("c"),
        " here."
    ];
    let steps = el("ol").class("steps").add(nodes![
        step("Register an agent", "A name, a role, and what it can do.", curl("register_manus", REGISTER)),
        step("Create a task", dealt, curl("create_task", CREATE)),
        step(
            "Give signs of life",
            "Every half minute. The answer says which tasks and how many messages wait.",
            curl("heartbeat", BEAT),
        ),
    ]);
    let pulse = span("pulse").attr("aria-hidden", "true");
    let waiting = el("p").class("waiting").attr("role", "status").add(pulse);
    let waiting = waiting.add("Waiting for the first agent. This page changes by itself.");
    let demo = el("p").class("muted demo").add("Only looking? ").add(el("code").add("manus-sync demo"));
    let demo = demo.add(" shows a made-up team at work.");
    nodes![
        div("first-run").test_id("first-run").add(begin).add(steps).add(waiting).add(demo),
        when(
            move || live.figures.with(|figures| figures.open() > 0),
            || div("overview").add(needs()).add(tasks())
        ),
    ]
    .into_node()
}

fn step(title: &'static str, about: impl IntoNode, snippet: Node) -> El {
    el("li").add(el("h3").add(title)).add(el("p").add(about)).add(snippet)
}

/// Stands in the list of tasks until there is one.
pub fn first_task() -> Node {
    let told = el("p").add("There is no task yet. Create one here, or have an agent do it:");
    div("nothing first-task")
        .add(icon("list"))
        .add(told)
        .add(curl("create_task", CREATE))
        .add(new_task())
        .into_node()
}

/// A call, as it is typed into a shell.
fn curl(call: &'static str, body: &str) -> Node {
    snippet(call, acts::curl(&use_live().about().origin, call, body))
}

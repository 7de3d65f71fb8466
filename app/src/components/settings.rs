//! The room of settings: the theme, what the server runs with, and the keys.

use engine::Settings;

use super::bits::{button, panel};
use super::dialogs::keys_table;
use super::icon::icon;
use crate::desk::use_desk;
use crate::live::{Who, use_live, words};
use crate::theme;
use crate::ui::{IntoNode, Node, div, el, nodes, span, when};

/// The room.
pub fn settings() -> Node {
    let live = use_live();
    let about = live.about();
    let (rules, seq) = (live.peek(|state| state.settings().clone()), move || format!("#{}", live.seq.get()));
    let fact = |name: &'static str, value: Node| {
        el("div").add(el("dt").add(name)).add(el("dd").add(value)).into_node()
    };
    let server = el("dl").class("properties").add(nodes![
        fact("Project", about.project.into_node()),
        fact("Address", el("code").add(about.origin).into_node()),
        fact("Version", about.version.into_node()),
        about.who.map(|who| fact("You", you(who))).into_node(),
        fact("Position in the log", span("num").add(seq).into_node()),
    ]);
    let rules =
        el("dl").class("properties").add(rules_told(&rules).map(|(name, text)| fact(name, text.into_node())));
    let told = el("p").class("muted").add(
        "These are set where the server is started: flags, the environment, or .manus-sync/config.toml; see manus-sync \
         --help.",
    );
    let export = ["tasks", "agents", "messages", "events"].map(|table| {
        let link = |format: &'static str| {
            let href = format!("/export/{table}.{format}");
            el("a")
                .class("button small")
                .attr("download", true)
                .attr("href", href)
                .add(format.to_ascii_uppercase())
        };
        el("p").class("line").add(el("span").add(table)).add(link("csv")).add(link("json")).into_node()
    });
    div("room cards")
        .add(
            div("stack")
                .add(panel("Look", "look", (), ()).add(div("body").add(themes())))
                .add(panel("Export", "export", (), ()).add(div("body").add(export))),
        )
        .add(panel("This server", "server", (), ()).add(div("body").add(server)))
        .add(panel("Rules", "rules", (), ()).add(div("body").add(rules).add(told)))
        .add(panel("Keys", "keys-card", (), ()).add(keys_table()))
        .into_node()
}

/// Who is logged in, and the way out: a plain form, as the way in is.
fn you(who: Who) -> Node {
    let leave = el("button").class("button small").test_id("log-out").add("Log out");
    let form = el("form").attr("method", "post").attr("action", "/logout").add(leave);
    nodes![el("span").test_id("who").add(format!("{}, {}", who.label, who.role)), " ", form].into_node()
}

fn themes() -> Node {
    let chosen = use_desk().theme;
    let choice = |theme: &'static str, words: &'static str| {
        let is_chosen = move || chosen.with(|chosen| *chosen == theme);
        button("button", move |desk| theme::choose(desk, theme))
            .test_id(if theme.is_empty() { "theme-system".to_owned() } else { format!("theme-{theme}") })
            .attr("aria-pressed", move || if is_chosen() { "true" } else { "false" })
            .add(when(is_chosen, || icon("check")))
            .add(words)
            .into_node()
    };
    let buttons = div("actions").attr("role", "group").attr("aria-label", "Theme").add([
        choice("light", "Light"),
        choice("dark", "Dark"),
        choice("", "As the system"),
    ]);
    let told = el("p")
        .class("muted")
        .add("Kept in a cookie of this browser. ")
        .add(el("kbd").add("t"))
        .add(" changes it anywhere.");
    nodes![buttons, told].into_node()
}

/// What the rules are tuned to, in words.
fn rules_told(settings: &Settings) -> [(&'static str, String); 8] {
    let again = if settings.reassign_stalled { "go to somebody else" } else { "are raised with you" };
    [
        ("An agent is lost after", words::for_long(settings.heartbeat_timeout_ms)),
        ("Its files are free after", words::for_long(settings.lock_delay_ms)),
        ("Heartbeat every", words::counted(settings.heartbeat_interval_secs(), "second")),
        ("A task is held after", words::counted(settings.max_failures, "failure")),
        ("First pause after one", words::for_long(settings.retry_backoff_ms)),
        ("A task stalls after", words::for_long(settings.stall_after_ms)),
        ("Stalled tasks", again.to_owned()),
        ("In one agent's hands", format!("at most {}", words::count_of(settings.queue_max, "task"))),
    ]
}

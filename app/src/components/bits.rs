//! Small pieces that many parts of the page are made of.

use crate::prelude::*;
use engine::{ManusId, TaskId, TimeMs};

use super::icon::icon;
use crate::desk::{Desk, use_desk};
use crate::dom;
use crate::live::needs::is_person;
use crate::live::sentence::Part;
use crate::live::{use_live, words};
use crate::nav::{Open, Place, use_nav};
use crate::ui::{El, IntoNode, Node, div, el, nodes, span};

/// Of an element that says how long ago something was: when that was.
pub const AT: &str = "data-at";

/// How long ago something was, ticking; date and time come on hover, see [`hints`](crate::hints).
pub fn since(at_ms: impl Fn() -> TimeMs + Copy + 'static) -> Node {
    let live = use_live();
    el("time")
        .class("num")
        .attr(AT, move || at_ms().to_string())
        .add(move || words::ago(live.now_ms.get(), at_ms()))
        .into_node()
}

/// A bar with its per cent.
pub fn bar(percent: impl Fn() -> u8 + Copy + 'static) -> Node {
    let bar = el("progress").attr("max", "100").attr("value", move || percent().to_string());
    let number = span("num percent").add(move || format!("{}%", percent()));
    vec![bar.attr("aria-label", "Progress"), number].into_node()
}

/// An agent's name, leading to it; the supervisor's and the engine's lead nowhere.
pub fn agent_link(id: ManusId) -> Node {
    let nav = use_nav();
    if is_person(&id) {
        return span("you").add("you").into_node();
    }
    let name = id.to_string();
    if id.is_reserved() {
        return span("muted").add(name).into_node();
    }
    el("a").class("name").attr("href", move || nav.href(Open::Agent(id.clone()))).add(name).into_node()
}

/// A task's id, leading to it, and its title.
pub fn task_link(id: TaskId, title: String) -> Node {
    let nav = use_nav();
    let code = el("code").add(id.to_string());
    let link = el("a").class("task-link").attr("href", move || nav.href(Open::Task(id.clone()))).add(code);
    if title.is_empty() { link.into_node() } else { link.add(" ").add(el("span").add(title)).into_node() }
}

/// A sentence with its links.
pub fn sentence(parts: Vec<Part>) -> Node {
    let piece = |part| match part {
        Part::Text(words) => words.into_node(),
        Part::Manus(id) => agent_link(id),
        Part::Task(id, title) => task_link(id, title),
        Part::File(path) => path_code(path),
    };
    parts.into_iter().map(piece).collect::<Vec<_>>().into_node()
}

/// A path.
pub fn path_code(path: String) -> Node {
    el("code").class("path").add(path).into_node()
}

/// Less important words.
pub fn caption(words: impl IntoNode) -> Node {
    span("caption").add(words).into_node()
}

/// Less important words that may be cut off: in full on hover.
pub fn aside(words: String) -> Node {
    span("caption").attr("title", words.clone()).add(words).into_node()
}

/// The box with which a task is ticked.
pub fn tick(desk: Desk, id: &TaskId) -> El {
    let (this, other) = (id.clone(), id.clone());
    el("input")
        .attr("type", "checkbox")
        .class("picker")
        .attr("tabindex", "-1")
        .attr("aria-label", format!("Tick {id}"))
        .checked(move || desk.picked.with(|picked| picked.contains(&this)))
        .on("change", move |_| desk.pick(&other))
}

/// A region of the page under its heading: `name` is part of its class. What stands at the right of the heading are its tools.
pub fn panel(title: &'static str, name: &'static str, count: impl IntoNode, tools: impl IntoNode) -> El {
    let heading = format!("panel-{name}");
    let header = el("header")
        .add(el("h2").attr("id", heading.clone()).add(title))
        .add(count)
        .add(div("tools").add(tools));
    el("section").class(format!("panel {name}-panel")).attr("aria-labelledby", heading).later().add(header)
}

/// A number beside a heading.
pub fn count(number: impl Fn() -> usize + 'static) -> Node {
    span("count num").add(move || number().to_string()).into_node()
}

/// What stands in a list without rows.
pub fn nothing(icon_name: &'static str, text: impl Into<String>, more: impl IntoNode) -> Node {
    div("nothing").add(icon(icon_name)).add(el("p").add(text.into())).add(more).into_node()
}

/// The field that narrows down what a room lists, and how much it leaves. What is written in it stands in the address.
pub fn search_box(label: &'static str, found: Option<Memo<usize>>) -> Node {
    let nav = use_nav();
    let told = move || {
        let place = nav.place();
        let filtered = !place.text.trim().is_empty() || !place.choice("needs").is_empty();
        let told = |found: Memo<usize>| nodes![found.get().to_string(), span("word").add(" found")];
        found.filter(|_| filtered).map(told)
    };
    let input = el("input")
        .attr("type", "search")
        .attr("id", "filter")
        .attr("placeholder", label)
        .attr("autocomplete", "off")
        .attr("spellcheck", "false")
        .attr("aria-keyshortcuts", "/")
        .value(move || nav.place().text)
        .on("input", move |event| {
            nav.goto(&Place { text: event_target_value(&event), ..nav.place_now() }.href(), true);
        });
    let search = el("label").class("search").add(icon("search")).add(span("away").add(label)).add(input);
    search
        .add(span("found num").attr("role", "status").add(told))
        .add(el("kbd").attr("aria-hidden", "true").add("/"))
        .into_node()
}

/// A choice among values that stands in the address under a name; the first of them is no choice.
pub fn choose(name: &'static str, label: &'static str, options: Vec<(String, String)>) -> Node {
    let nav = use_nav();
    let option = move |(value, text): (String, String)| {
        let chosen = value.clone();
        let selected = move || nav.choice(name) == chosen;
        el("option").attr("value", value).attr("selected", selected).add(text)
    };
    let options: Vec<El> = options.into_iter().map(option).collect();
    el("select")
        .class("choose")
        .attr("aria-label", label)
        .value(move || nav.choice(name))
        .on("change", move |event| nav.choose(name, &event_target_value(&event)))
        .add(options)
        .into_node()
}

/// Tabs of which one is chosen, by the value under a name in the address.
pub fn tabs(
    name: &'static str,
    label: &'static str,
    values: &'static [(&'static str, &'static str)],
) -> Node {
    let nav = use_nav();
    // A word that none of them has is as good as the first's.
    let place = move || {
        let chosen = nav.choice(name);
        values.iter().position(|(value, _)| *value == chosen).unwrap_or(0)
    };
    let tab = |(at, (value, text)): (usize, &'static (&'static str, &'static str))| {
        el("a")
            .attr("href", move || nav.choosing(name, value))
            .attr("aria-current", move || (place() == at).then_some("true"))
            .add(*text)
    };
    let all: Vec<El> = values.iter().enumerate().map(tab).collect();
    el("nav").class("tabs").attr("aria-label", label).add(all).into_node()
}

/// The way to a table as a file: narrowed down as the address says, or, where that says nothing, by these parameters.
pub fn exports(table: &'static str, else_by: &'static str) -> Node {
    let nav = use_nav();
    let link = move |format: &'static str, name: &'static str| {
        let href = move || {
            let place = nav.place().href();
            let query = place.split_once('?').map_or("", |(_, query)| query);
            ["/export/", table, ".", format, "?", query, "&", else_by].concat()
        };
        el("a")
            .attr("download", true)
            .attr("href", href)
            .test_id(["export-", format].concat())
            // Who has chosen needs the menu no more: its button closes it, too.
            .on("click", |_| dom::click(dom::find("[popovertarget=exports]")))
            .add(name)
            .into_node()
    };
    // Not shown in the past: the server knows the present alone.
    let open = el("button")
        .attr("type", "button")
        .class("button quiet icon-only")
        .attr("popovertarget", "exports")
        .attr("aria-label", "Save as a file")
        .attr("title", "Save as a file")
        .test_id("exports")
        .add(icon("download"));
    let menu = div("exports").attr("id", "exports").attr("popover", "auto");
    nodes![open, menu.add([link("csv", "CSV"), link("json", "JSON")])].into_node()
}

/// Says that a filter lets nothing through, and clears it.
pub fn filtered_out(text: impl Into<String>) -> Node {
    let nav = use_nav();
    let all = move || nav.place().unfiltered().href();
    nothing("search", text, el("a").class("button").attr("href", all).add("Clear the filter"))
}

/// A plain button.
pub fn button(class: &'static str, act: impl Fn(Desk) + 'static) -> El {
    let desk = use_desk();
    el("button").attr("type", "button").class(class).on("click", move |_| act(desk))
}

/// A button that shows an icon alone: its name is for screen readers and on hover.
pub fn icon_button(icon_name: &'static str, name: impl Into<String>, act: impl Fn(Desk) + 'static) -> El {
    let name = name.into();
    button("button quiet icon-only", act)
        .attr("aria-label", name.clone())
        .attr("title", name)
        .add(icon(icon_name))
}

/// A button that acts on the project. While there is no connection it stays reachable, looks switched off, and says why.
pub fn act(class: &'static str, run: impl Fn(Desk) + 'static) -> El {
    act_named(class, None, run)
}

/// The same with a name, where it has no words or needs others for screen readers.
pub fn act_named(class: &'static str, name: Option<String>, run: impl Fn(Desk) + 'static) -> El {
    let live = use_live();
    let title = name.clone();
    let act = move |desk: Desk| match untrack(|| live.why_not()) {
        None => run(desk),
        Some(reason) => desk.complain(reason),
    };
    button(class, act)
        .attr("aria-label", name)
        .attr("aria-disabled", move || live.why_not().map(|_| "true"))
        .attr("title", move || live.why_not().map(str::to_owned).or_else(|| title.clone()))
}

/// A text to be copied, with the button that does it.
pub fn snippet(label: &'static str, text: String) -> Node {
    let copied = text.clone();
    let copy = button("button quiet", move |desk| {
        dom::copy(&copied);
        desk.say("Copied.");
    });
    let pre = el("pre").attr("tabindex", "0").attr("role", "group").attr("aria-label", label).add(text);
    let copy = copy.attr("aria-label", format!("Copy: {label}")).add(icon("copy")).add("Copy");
    div("snippet").add(pre).add(copy).into_node()
}

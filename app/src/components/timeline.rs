//! The room of the timeline: who did what when, and what comes next.

use crate::prelude::*;
use engine::TimeMs;

use super::attempts::attempts;
use super::bits::{agent_link, caption, nothing, panel, tabs};
use super::icon::status_word;
use super::travel::look_back;
use crate::live::gantt::{Lane, Span, lanes};
use crate::live::{Live, use_live, words};
use crate::nav::{Nav, Open, use_nav};
use crate::ui::{El, IntoNode, Node, div, each, el, nodes, span, when};

const SPANS: [(&str, &str); 4] = [("", "1 hour"), ("6h", "6 hours"), ("day", "A day"), ("week", "A week")];
const MINUTE_MS: TimeMs = 60_000;
/// How much of the stretch that is shown lies behind, in per cent.
const BEHIND: TimeMs = 60;

/// The stretch of time that is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    now_ms: TimeMs,
    from_ms: TimeMs,
    length_ms: TimeMs,
    /// How far the words of time along it are from each other.
    tick_ms: TimeMs,
}

impl Stretch {
    fn of(view: &str, now_ms: TimeMs) -> Self {
        let (hours, tick_minutes) = match view {
            "6h" => (6, 60),
            "day" => (24, 4 * 60),
            "week" => (168, 24 * 60),
            _ => (1, 10),
        };
        let (length_ms, tick_ms) = (hours * 60 * MINUTE_MS, tick_minutes * MINUTE_MS);
        // A step is less than a pixel: moving every second would paint all and change nothing.
        let step_ms = length_ms / 1_440;
        let now_ms = now_ms - now_ms.rem_euclid(step_ms.max(1));
        Self { now_ms, from_ms: now_ms - length_ms * BEHIND / 100, length_ms, tick_ms }
    }

    /// How far a moment lies within it.
    fn within(&self, at_ms: TimeMs) -> TimeMs {
        (at_ms - self.from_ms).clamp(0, self.length_ms)
    }
}

/// The room.
pub fn timeline() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let stretch = Memo::new(move |_| Stretch::of(&nav.choice("view"), live.now_ms.get()));
    let (tried, failed, trouble) =
        attempts(live, Memo::new(move |_| stretch.with(|stretch| stretch.length_ms)));
    let all = Memo::new(move |_| {
        let Stretch { now_ms, from_ms, length_ms, .. } = stretch.get();
        let drawn = |state: &_| tried.with(|tried| lanes(state, tried, now_ms, from_ms, from_ms + length_ms));
        live.of_all(drawn)
    });
    let names = move || all.with(|all| all.iter().map(|lane| lane.manus.clone()).collect::<Vec<_>>());
    let drawn = each(names, ToString::to_string, move |manus| {
        let mine = manus.clone();
        let lane = Memo::new(move |_| all.with(|all| all.iter().find(|lane| lane.manus == mine).cloned()));
        draw(live, nav, manus, lane, stretch)
    });
    let ticks = move || {
        let stretch = stretch.get();
        let tick = |n: TimeMs| {
            let far_ms = n * stretch.tick_ms;
            let left =
                words::percent(stretch.within(stretch.now_ms + far_ms) as f64, stretch.length_ms as f64);
            // Where there is little room, every other one has to do, and "now" is one of them.
            let class = if n % 2 == 0 { "tick" } else { "tick odd" };
            span(class).attr("style", format!("left:{left}")).add(told(far_ms))
        };
        // None so close to an end that it would be cut off.
        let (behind_ms, margin_ms) = (stretch.now_ms - stretch.from_ms, stretch.length_ms / 25);
        let first = -(behind_ms - margin_ms) / stretch.tick_ms;
        let last = (stretch.length_ms - behind_ms - margin_ms) / stretch.tick_ms;
        (first..=last).map(tick).collect::<Vec<El>>()
    };
    let none = || nothing("gantt", "Nobody has worked within this time, and nothing is queued.", ());
    let legend = caption("solid: done so far · hatched: attempts that are over · outlined: expected");
    panel(
        "Timeline",
        "timeline",
        (),
        nodes![
            legend,
            when(move || live.past_ms.get().is_none(), look_back),
            tabs("view", "How much time", &SPANS)
        ],
    )
    .add(
        div("lanes")
            .test_id("timeline")
            .attr("tabindex", "0")
            .attr("role", "group")
            .attr("aria-label", "Timeline")
            .add(div("lane ticks").attr("aria-hidden", "true").add(el("span")).add(div("track").add(ticks)))
            .add(el("ul").add(drawn))
            .add(trouble)
            .add(when(move || all.with(Vec::is_empty) && !failed.get(), none)),
    )
    .into_node()
}

/// How far from now a moment is.
fn told(ms: TimeMs) -> String {
    match ms {
        0 => "now".to_owned(),
        ms if ms < 0 => format!("{} ago", words::ago(-ms, 0)),
        ms => format!("in {}", words::ago(ms, 0)),
    }
}

fn draw(
    live: Live,
    nav: Nav,
    manus: engine::ManusId,
    lane: Memo<Option<Lane>>,
    stretch: Memo<Stretch>,
) -> El {
    let rows = move || lane.with(|lane| lane.as_ref().map_or(1, |lane| lane.rows));
    let spans = move || lane.with(|lane| lane.as_ref().map(|lane| lane.spans.clone()).unwrap_or_default());
    let key = |span: &Span| {
        format!("{} {} {} {} {}", span.task, status_word(span.status), span.from_ms, span.to_ms, span.row)
    };
    let bars = each(spans, key, move |span| bar(live, nav, span, stretch));
    let now = div("now").attr("style", format!("left:{BEHIND}%"));
    let track = div("track").attr("style", move || format!("--rows:{}", rows())).add(bars).add(now);
    el("li").class("lane").test_id(format!("lane-{manus}")).add(agent_link(manus)).add(track)
}

fn bar(live: Live, nav: Nav, span: Span, stretch: Memo<Stretch>) -> El {
    let Span { task, status, from_ms, to_ms, ahead, over, row } = span;
    let place = move || {
        let stretch = stretch.get();
        let (from, to, whole) = (stretch.within(from_ms), stretch.within(to_ms), stretch.length_ms as f64);
        let left = words::percent(from as f64, whole);
        format!("left:{left};width:{};--row:{row}", words::percent((to - from).max(0) as f64, whole))
    };
    let title = live.title(&task);
    let length = words::for_long(to_ms - from_ms);
    let how = match over {
        Some((end, _)) => end,
        None if ahead => "expected to take",
        None => words::status(status),
    };
    let name = format!("{task} {title}: {how}, {length}");
    let words = match over {
        Some((end, _)) => format!("{task} {end}: {title}"),
        None => format!("{task} {title}"),
    };
    el("a")
        .class(format!("bar s-{}", status_word(status)))
        .toggle("ahead", move || ahead)
        .toggle("over", move || over.is_some())
        .toggle("bad", move || over.is_some_and(|(_, bad)| bad))
        .attr("href", move || nav.href(Open::Task(task.clone())))
        .attr("title", name.clone())
        .attr("aria-label", name)
        .attr("style", place)
        .add(el("span").add(words))
}

//! The room of insights: how fast work is done, how long it takes, how good estimates are, and who waits.

use crate::prelude::*;
use engine::TimeMs;
use engine::state::metrics::{HOUR_MS, MINUTE_MS};

use super::bits::{agent_link, exports, panel, tabs};
use super::chart::{Bar, bars, meter};
use crate::live::insight::{DRAWN, Point, Record, by_role, durations, percentile, records, series};
use crate::live::{use_live, words};
use crate::nav::{Place, Room, use_nav};
use crate::ui::{El, IntoNode, Node, div, each, el};

const SPANS: [(&str, &str); 2] = [("", "Last hour"), ("hours", "Last 60 hours")];

/// A chart: its title and name, its colour, how high a bar is, what it says, and the events that it counts.
struct Chart {
    title: &'static str,
    name: &'static str,
    class: &'static str,
    count: fn(&Point) -> f64,
    say: fn(&Point) -> String,
    kind: &'static str,
}

const CHARTS: [Chart; 6] = [
    Chart {
        title: "Completed",
        name: "done",
        class: "s-done",
        count: |p| f64::from(p.bucket.completed),
        say: |p| words::counted(p.bucket.completed, "task"),
        kind: "task_completed",
    },
    Chart {
        title: "Open tasks",
        name: "open",
        class: "s-pending",
        count: |p| p.open as f64,
        say: |p| format!("{} open", p.open),
        kind: "task_",
    },
    Chart {
        title: "Time a task took",
        name: TOOK,
        class: "s-running",
        // In minutes.
        count: |p| average_ms(p) as f64 / MINUTE_MS as f64,
        say: |p| words::for_long(average_ms(p)),
        kind: "task_completed",
    },
    Chart {
        title: "Claims that waited",
        name: "waited",
        class: "s-blocked",
        count: |p| f64::from(p.bucket.waited),
        say: |p| words::counted(p.bucket.waited, "claim"),
        kind: "claim_",
    },
    Chart {
        title: "Attempts that failed",
        name: "failed",
        class: "s-blocked",
        count: |p| f64::from(p.bucket.failed),
        say: |p| words::counted(p.bucket.failed, "attempt"),
        kind: "task_failed",
    },
    Chart {
        title: "Results sent back",
        name: "sent-back",
        class: "s-blocked",
        count: |p| f64::from(p.bucket.sent_back),
        say: |p| words::counted(p.bucket.sent_back, "result"),
        kind: "task_sent_back",
    },
];
/// The chart of which the values are times.
const TOOK: &str = "took";

/// The room.
pub fn insights() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let by_hour = Memo::new(move |_| nav.choice("view") == "hours");
    let width_ms = move || if by_hour.get() { HOUR_MS } else { MINUTE_MS };
    // A new point begins with each minute, whether anything happens or not.
    let minute = Memo::new(move |_| live.now_ms.get() / MINUTE_MS);
    let points = Memo::new(move |_| {
        let now_ms = minute.get() * MINUTE_MS + MINUTE_MS - 1;
        let by_hour = by_hour.get();
        live.of_all(|state| series(state, now_ms, by_hour))
    });
    let ends = Memo::new(move |_| {
        let back = words::ago(width_ms() * (DRAWN as TimeMs - 1), 0);
        (format!("{back} ago"), "now".to_owned())
    });
    let chart = |chart: Chart| {
        let Chart { title, name, class, count, say, kind } = chart;
        let drawn = Memo::new(move |_| {
            // Only a browser knows the time of day: the bars are named anew when it has taken over.
            live.hydrated.track();
            points.with(|points| {
                let bar = |point: &Point| Bar {
                    value: count(point),
                    title: said(point, say),
                    href: events(point, kind),
                };
                points.iter().map(bar).collect::<Vec<_>>()
            })
        });
        panel(title, name, (), ())
            .test_id(format!("chart-{name}"))
            .add(bars(title, class, if name == TOOK { minutes } else { whole }, ends, drawn))
            .into_node()
    };
    div("room insights")
        .add(el("header").add(tabs("view", "Which time", &SPANS)).add(exports("metrics", "view=minutes")))
        .add(figures())
        .add(div("charts").add(CHARTS.map(chart)))
        .add(by_agent())
        .into_node()
}

fn minutes(value: f64) -> String {
    words::for_long((value * MINUTE_MS as f64) as TimeMs)
}

fn whole(value: f64) -> String {
    (value as u64).to_string()
}

fn average_ms(point: &Point) -> TimeMs {
    let tasks = u64::from(point.bucket.completed);
    TimeMs::try_from(point.bucket.actual_ms.checked_div(tasks).unwrap_or(0)).unwrap_or(0)
}

fn said(point: &Point, say: fn(&Point) -> String) -> String {
    format!("{} at {}", say(point), crate::dom::time_of_day(point.bucket.start_ms))
}

/// The events that a point counts.
fn events(point: &Point, kind: &str) -> String {
    let (from, width) = (point.bucket.start_ms, point.bucket.width_ms);
    let place = Place::of(Room::Activity).choosing("kind", kind);
    place.choosing("from", from.to_string()).choosing("until", (from + width).to_string()).href()
}

/// How long tasks take, and how good estimates are, in numbers.
fn figures() -> Node {
    let live = use_live();
    let times = Memo::new(move |_| live.of_tasks(durations));
    let all = Memo::new(move |_| live.of_agents(records));
    let at = move |percent: usize| {
        times.with(|times| percentile(times, percent).map_or("–".to_owned(), words::for_long))
    };
    let ratio = move || {
        all.with(|all| {
            let (estimated, actual) = all.iter().fold((0, 0), |(estimated, actual), record| {
                (estimated + record.estimated_minutes, actual + record.actual_ms)
            });
            // In per cent, of minutes.
            match (actual / 600).checked_div(estimated) {
                Some(percent) => format!("{percent}%"),
                None => "–".to_owned(),
            }
        })
    };
    let on_time = move || {
        all.with(|all| {
            let sum = |of: fn(&Record) -> u32| all.iter().map(of).sum::<u32>();
            let (done, good) = (sum(|record| record.completed.0), sum(|record| record.completed.1));
            (good * 100).checked_div(done).map_or("–".to_owned(), |percent| format!("{percent}%"))
        })
    };
    let queued = move || all.with(|all| all.iter().map(|record| record.in_hand).sum::<usize>().to_string());
    let figure = |name: &'static str, more: &'static str, value: Node| {
        el("div")
            .add(el("dt").add(name))
            .add(el("dd").class("value num").add(value))
            .add(el("dd").class("more").add(more))
    };
    el("dl")
        .class("figures")
        .add(figure("Half take at most", "of the newest completed tasks", (move || at(50)).into_node()))
        .add(figure("95% take at most", "of the newest completed tasks", (move || at(95)).into_node()))
        .add(figure("Actual of estimated", "time, of all completed tasks", ratio.into_node()))
        .add(figure("On time", "of all completed tasks", on_time.into_node()))
        .add(figure("In hand", "tasks, running and queued", queued.into_node()))
        .into_node()
}

/// What each agent, and each role, has done against what was estimated.
fn by_agent() -> Node {
    let live = use_live();
    let all = Memo::new(move |_| live.of_agents(records));
    let roles = Memo::new(move |_| all.with(|all| by_role(all)));
    let line = move |record: Record, among: Memo<Vec<Record>>| {
        let most = move || {
            let longer = |record: &Record| record.actual_ms.max(record.estimated_minutes * 60_000);
            among.with(|all| all.iter().map(longer).max().unwrap_or(0))
        };
        let (id, name) = match record.id {
            Some(id) => (id.to_string(), agent_link(id)),
            None => {
                (record.role.as_str().to_owned(), format!("all {}s", words::role(record.role)).into_node())
            }
        };
        let (actual, estimated) = (record.actual_ms, record.estimated_minutes * 60_000);
        let bar = move || {
            let class = if actual > estimated { "s-blocked" } else { "s-done" };
            meter(actual as f64, Some(estimated as f64).filter(|mark| *mark > 0.0), most() as f64, class)
        };
        let number = |class: &'static str, text: String| el("td").class(class).add(text);
        let times = match record.completed.0 {
            0 => "–".to_owned(),
            _ => format!("{} of {}", words::spent(actual), words::spent(estimated)),
        };
        el("tr")
            .test_id(format!("record-{id}"))
            .add(el("th").attr("scope", "row").add(name))
            .add(number("num", record.completed.0.to_string()))
            .add(number("num", record.setbacks.to_string()))
            .add(el("td").class("wide").add(bar))
            .add(number("num times", times))
            .add(number("num", record.in_hand.to_string()))
            .add(number("num", record.score.to_string()))
    };
    let heads = ["Agent", "Completed", "Setbacks", "Actual against estimated", "", "In hand", "Score"];
    let head = |text: &'static str| {
        if text.is_empty() { el("td") } else { el("th").attr("scope", "col").add(text) }.into_node()
    };
    let key = |record: &Record| {
        let Record { id, role, completed, setbacks, estimated_minutes, actual_ms, in_hand, score } = record;
        let name = id.as_ref().map_or(role.as_str(), |id| id.as_str());
        format!("{name} {} {setbacks} {estimated_minutes} {actual_ms} {in_hand} {score}", completed.0)
    };
    let table: El = el("table")
        .add(el("thead").add(el("tr").add(heads.map(head))))
        .add(el("tbody").add(each(move || all.get(), key, move |record| line(record, all))))
        .add(el("tbody").class("roles").add(each(
            move || roles.get(),
            key,
            move |record| line(record, roles),
        )));
    panel("By agent and role", "records", (), ())
        .add(
            div("scroll-x")
                .attr("tabindex", "0")
                .attr("role", "group")
                .attr("aria-label", "By agent and role")
                .add(table),
        )
        .into_node()
}

//! The key figures, in one line.

use engine::TaskStatus;

use super::icon::status_word;
use crate::live::figures::Figures;
use crate::live::{Live, use_live, words};
use crate::ui::{El, IntoNode, Node, el};

/// The order of the statuses in the bar.
const ORDER: [TaskStatus; 4] =
    [TaskStatus::InProgress, TaskStatus::NeedsReview, TaskStatus::Pending, TaskStatus::Blocked];

/// What is going on, in numbers.
pub fn key_figures() -> Node {
    let live = use_live();
    let figure = move |name: &'static str, value: fn(&Figures) -> String, more: fn(&Figures) -> String| {
        el("div")
            .add(el("dt").add(name))
            .add(el("dd").class("value num").add(move || live.figures.with(value)))
            .add(el("dd").class("more num").add(move || live.figures.with(more)))
    };
    el("dl")
        .class("figures")
        .later()
        .test_id("figures")
        .add(figure("Agents", |f| f.agents().to_string(), agents))
        .add(figure("Open tasks", |f| f.open().to_string(), tasks).add(el("dd").add(shares(live))))
        .add(figure(
            "Completed",
            |f| f.completed.to_string(),
            |f| format!("{}% of all tasks", f.percent_done()),
        ))
        .add(figure("Work left", |f| words::work(f.minutes_left), left))
        .add(figure("Files held", |f| f.locks.to_string(), holders))
        .add(figure("Unread messages", |f| f.unread.to_string(), unread))
        .into_node()
}

fn agents(f: &Figures) -> String {
    let lost = if f.lost > 0 { format!(" · {} lost", f.lost) } else { String::new() };
    format!("{} working · {} idle{lost}", f.working, f.idle)
}

fn tasks(f: &Figures) -> String {
    let of = |status| f.tasks(status);
    let (running, ready) = (of(TaskStatus::InProgress), of(TaskStatus::Pending));
    let review = match of(TaskStatus::NeedsReview) {
        0 => String::new(),
        review => format!(" · {review} in review"),
    };
    format!("{running} running{review} · {ready} ready · {} blocked", of(TaskStatus::Blocked))
}

fn left(f: &Figures) -> String {
    if let (Some(minutes), true) = (f.finish_minutes, f.minutes_left > 0) {
        return format!("planned until {} from now", words::work(minutes));
    }
    let agents = f.working + f.idle;
    match (f.minutes_left, u64::try_from(agents).unwrap_or(0)) {
        (0, _) => "nothing to do".to_owned(),
        (_, 0) => "estimated, for one agent".to_owned(),
        (minutes, share) => {
            format!(
                "at least {} with {}",
                words::work(minutes.div_ceil(share)),
                words::count_of(agents, "agent")
            )
        }
    }
}

fn holders(f: &Figures) -> String {
    if f.locks == 0 { "by nobody".to_owned() } else { format!("by {}", words::count_of(f.holders, "agent")) }
}

fn unread(f: &Figures) -> String {
    if f.unread == 0 { "all were read".to_owned() } else { "in all inboxes".to_owned() }
}

/// A bar with the share of each status among the open tasks.
fn shares(live: Live) -> El {
    // In thousandths of the whole: where a status begins, and how long it is.
    let place = move |status: TaskStatus| {
        live.figures.with(|f| {
            let share = |status: TaskStatus| f.tasks(status) * 1000 / f.open().max(1);
            let before: usize =
                ORDER.iter().take_while(|other| **other != status).map(|other| share(*other)).sum();
            (before, share(status))
        })
    };
    let percent = |thousandths: usize| format!("{}.{}%", thousandths / 10, thousandths % 10);
    let piece = |status: TaskStatus| {
        el("rect")
            .class(format!("s-{}", status_word(status)))
            .attr("height", "100%")
            .attr("x", move || percent(place(status).0))
            .attr("width", move || percent(place(status).1))
            .into_node()
    };
    el("svg").class("shares").attr("aria-hidden", "true").add(ORDER.map(piece))
}

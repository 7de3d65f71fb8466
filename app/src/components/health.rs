//! The health of the project: a number in the top bar, and behind it each point lost with its cause and its fix.

use std::rc::Rc;

use crate::prelude::*;
use engine::health::{Health, HealthCause, HealthCode, HealthStatus};
use engine::{ManusId, TaskId};

use super::acts::{Quick, quick};
use super::bits::act;
use super::icon::icon;
use crate::desk::Ask;
use crate::live::use_live;
use crate::nav::{Open, Room, use_nav};
use crate::parts::{Part, show};
use crate::ui::{El, IntoNode, Node, div, each, el, nodes, span, when};

/// The id of the list of causes.
const CAUSES: &str = "health-causes";

/// The health as it is now, for the causes: they come apart from the number.
#[derive(Clone, Copy)]
struct Now(Memo<Health>);

/// The number, and the causes that open from it.
pub fn health_chip() -> Node {
    let live = use_live();
    let opened = RwSignal::new(false);
    let health = Memo::new(move |_| {
        let now_ms = live.now_ms.get_untracked();
        live.of_all(|state| state.health(now_ms, None))
    });
    provide_context(Now(health));
    let word = move || health.with(|health| status_word(health.status));
    let score = move || health.with(|health| health.score.to_string());
    let chip = el("button")
        .attr("type", "button")
        .class("chip health")
        .test_id("health")
        .attr("data-status", word)
        .attr("popovertarget", CAUSES)
        .attr("aria-label", move || format!("Health {} of 100, {}", score(), word()))
        .on("click", move |_| opened.set(true))
        .add(icon("heart"))
        .add(span("num").add(score));
    let list = div("causes")
        .attr("id", CAUSES)
        .attr("popover", "auto")
        .test_id("causes")
        .add(el("h2").add("Health ").add(score).add(" of 100"))
        .add(when(move || opened.get(), || show(Part::Health)));
    nodes![chip, list].into_node()
}

/// What takes points.
pub fn causes() -> Node {
    let Now(health) = expect_context();
    let causes = move || health.with(|health| health.causes.clone());
    let key = |cause: &HealthCause| format!("{} {}", cause.message, cause.points);
    let none =
        || el("p").class("muted").add("Nothing takes points: every agent is heard of, and nothing is stuck.");
    let empty = when(move || health.with(|health: &Health| health.causes.is_empty()), none);
    nodes![el("ul").add(each(causes, key, line)), empty].into_node()
}

const fn status_word(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Healthy => "healthy",
        HealthStatus::Degraded => "degraded",
        HealthStatus::Critical => "critical",
    }
}

/// A cause: its points, what is the matter, and what to do about it.
fn line(cause: HealthCause) -> El {
    el("li")
        .add(span("points num").add(format!("−{}", cause.points)))
        .add(el("p").add(told(&cause)))
        .add(div("acts").add(fix(&cause)))
}

/// The message as a sentence for a person: names stay as they are written, and the button beside it does what a call would.
fn told(cause: &HealthCause) -> String {
    let told = match cause.message.rsplit_once("; ") {
        Some((told, advice)) if advice.contains('_') => told,
        _ => &cause.message,
    };
    if told.starts_with(&cause.subject) {
        return told.to_owned();
    }
    let mut letters = told.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase()).into_iter();
    first.chain(letters).collect()
}

fn fix(cause: &HealthCause) -> Option<Node> {
    let (live, nav) = (use_live(), use_nav());
    let ask =
        |words: &'static str, ask: Ask| act("button small", move |desk| desk.open(ask.clone())).add(words);
    let see =
        |open: Open| el("a").class("button small").attr("href", move || nav.href(open.clone())).add("See");
    let task = || TaskId::new(&cause.subject).ok();
    Some(match cause.code {
        HealthCode::StorageUnavailable => return None,
        HealthCode::ManusLost => {
            ask("Take off the list", Ask::Deregister(ManusId::new(&cause.subject).ok()?)).into_node()
        }
        HealthCode::TaskHeld => {
            let id = task()?;
            let make = Rc::new(move || Quick::let_go_on(live, id.clone()));
            quick("button small", "Let it go on", |act| act, make).into_node()
        }
        HealthCode::DependencyCancelled => ask("Change it", Ask::Edit(task()?)).into_node(),
        HealthCode::TaskStalled => ask("Give to another", Ask::Assign(task()?)).into_node(),
        HealthCode::NoReviewer => ask("Review", Ask::Review(task()?, true)).into_node(),
        HealthCode::NoEligibleManus => see(Open::Task(task()?)).into_node(),
        HealthCode::LongWait => {
            el("a").class("button small").attr("href", Room::Files.path()).add("See").into_node()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_as_a_sentence_without_calls() {
        let told = |subject: &str, message: &str| {
            let (subject, message) = (subject.to_owned(), message.to_owned());
            told(&HealthCause { code: HealthCode::TaskHeld, message, points: 1, subject })
        };
        assert_eq!(told("bob-1", "bob-1 fell silent; start it again"), "bob-1 fell silent; start it again");
        assert_eq!(told("T1", "T1 is held back: no; unblock_task lets it go on"), "T1 is held back: no");
        assert_eq!(told("T2", "nobody is there to review T2; ask"), "Nobody is there to review T2; ask");
    }
}

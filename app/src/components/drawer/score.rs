//! How an agent's score has moved, result by result.

use crate::prelude::*;
use engine::{Event, Record};
use leptos::task::spawn_local;

use super::property;
use crate::api::{self, ListEvents, OneOrMany};
use crate::live::{use_live, words};
use crate::nav::{Open, use_nav};
use crate::ui::{El, IntoNode, Node, el, nodes, span};

/// How many results are drawn at the most.
const DRAWN: i64 = 60;
/// The drawing, in pixels, and how far the line stays from its edges.
const SIZE: (i64, i64) = (120, 20);
const MARGIN: i64 = 2;

/// The history of the open agent's score, from the log; nothing before there are two results.
pub fn score() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let Some(Open::Agent(id)) = nav.place_now().open else { return Node::Nothing };
    let Some(row) = live.agent(&id) else { return Node::Nothing };
    let scores: RwSignal<Vec<i64>> = RwSignal::new(Vec::new());
    // Which question it is: the answer to an earlier one comes too late, and the drawer may have been closed meanwhile.
    let asked = StoredValue::new(0_u32);
    let now = Memo::new(move |_| row.with(|row| row.value.manus.performance_score.round() as i64));
    effect(move || {
        // With each result.
        now.get();
        let round = asked.get_value() + 1;
        asked.set_value(round);
        let call = ListEvents {
            kind: Some(OneOrMany::One("manus_scored".to_owned())),
            about: Some(id.to_string()),
            newest_first: Some(true),
            limit: Some(DRAWN),
            ..ListEvents::new()
        };
        spawn_local(async move {
            let answer = api::call(call).await;
            // Without an answer there is the score itself.
            let Some(page) = answer.ok().filter(|_| asked.try_get_value() == Some(round)) else { return };
            let score = |record: &Record| match &record.event {
                Event::ManusScored { score, .. } => Some(score.round() as i64),
                _ => None,
            };
            scores.set(page.items.iter().rev().filter_map(score).collect());
        });
    });
    let drawn = move || {
        scores.with(|scores| {
            let (first, last) = (scores.first()?, scores.last()?);
            let results = words::count_of(scores.len(), "result");
            let name = format!("From {first} to {last} within {results}");
            (scores.len() > 1)
                .then(|| property("Its score", nodes![spark(scores, name), " ", of_late(*first, *last)]))
        })
    };
    drawn.into_node()
}

fn of_late(first: i64, last: i64) -> El {
    span("num muted").add(format!("{first} → {last}"))
}

fn spark(scores: &[i64], name: String) -> El {
    let (width, height) = SIZE;
    el("svg")
        .class("spark")
        .attr("role", "img")
        .attr("width", width.to_string())
        .attr("height", height.to_string())
        .attr("aria-label", name)
        .add(el("path").attr("d", line(scores)))
}

/// The line through the scores, as wide as the drawing and as high as they are apart.
fn line(scores: &[i64]) -> String {
    let (least, most) = scores
        .iter()
        .fold((i64::MAX, i64::MIN), |(least, most), score| (least.min(*score), most.max(*score)));
    let (width, height) = (SIZE.0 - 2 * MARGIN, SIZE.1 - 2 * MARGIN);
    let steps = i64::try_from(scores.len()).unwrap_or(i64::MAX).saturating_sub(1).max(1);
    let points = (0..).zip(scores).map(|(at, score)| {
        let x = MARGIN + at * width / steps;
        let y = MARGIN + height - (score - least) * height / (most - least).max(1);
        format!("{x} {y}")
    });
    format!("M{}", points.collect::<Vec<_>>().join("L"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_goes_from_edge_to_edge() {
        assert_eq!(line(&[100, 90, 95]), "M2 2L60 18L118 10");
        assert_eq!(line(&[100, 100]), "M2 18L118 18", "nothing has moved");
    }
}

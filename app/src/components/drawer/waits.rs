//! What the open task waits for, spelled out to the end.

use crate::prelude::*;

use super::super::bits::sentence;
use super::{list, part};
use crate::live::use_live;
use crate::live::waits::{Step, spelled_out};
use crate::nav::{Open, use_nav};
use crate::ui::{El, IntoNode, Node, el};

/// How far steps are set in at the most.
const DEEPEST: usize = 6;

/// Nothing for a task that waits for nothing.
pub fn waits() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let steps = Memo::new(move |_| match nav.place().open {
        // Locks are not counted among what changes the whole.
        Some(Open::Task(id)) => {
            live.of_locks(|_| live.of_all(|state| spelled_out(state, &id, state.at_ms())))
        }
        _ => Vec::new(),
    });
    let line = |step: Step| -> El {
        let depth = step.depth.min(DEEPEST);
        el("li").attr("style", format!("--depth:{depth}")).add(sentence(step.parts))
    };
    let told = move || {
        part("Waits", list(steps.get().into_iter().map(line).collect()).map(|list| list.test_id("waits-for")))
    };
    told.into_node()
}

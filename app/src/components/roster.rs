//! The room of agents: all of them, also those who left, narrowed down by name, role and capability.

use crate::prelude::*;
use engine::{ManusId, State};

use super::agents::{list, nobody};
use super::bits::{exports, filtered_out, search_box};
use crate::dom;
use crate::live::row::RowId;
use crate::live::{use_live, words};
use crate::nav::use_nav;
use crate::ui::{IntoNode, Node, div, nodes};

/// The room.
pub fn roster() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let text = Memo::new(move |_| dom::lower(nav.place().text.trim()));
    let listed = move |with_gone| {
        let mut ids = live.agent_rows(with_gone);
        live.peek(|state| {
            text.with(|text| ids.retain(|id| matches!(id, RowId::Agent(id) if fits(state, id, text))));
        });
        ids
    };
    let ids = Memo::new(move |_| listed(true));
    let found = Memo::new(move |_| ids.with(Vec::len));
    // As on the overview, those who left are none of the agents.
    let here = Memo::new(move |_| listed(false).len());
    let tools = nodes![exports("agents", ""), search_box("Filter agents", Some(found))];
    div("room").add(list(ids, here, empty, tools)).into_node()
}

/// Whether name, role or capabilities of an agent contain a text.
fn fits(state: &State, id: &ManusId, text: &str) -> bool {
    let has = |field: &str| dom::lower(field).contains(text);
    text.is_empty()
        || has(id.as_str())
        || state.manus(id).is_some_and(|manus| {
            has(words::role(manus.role))
                || manus.capabilities.iter().any(|capability| has(capability.as_str()))
        })
}

/// Why there is nobody.
fn empty() -> Node {
    let nav = use_nav();
    let told = move || match nav.place().text {
        text if text.is_empty() => nobody(),
        text => filtered_out(format!("No agent is called “{text}”, or is or can that.")),
    };
    told.into_node()
}

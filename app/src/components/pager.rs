//! History that comes page by page from the server: what has come, whether there is more, and why it does not come.

use std::sync::Arc;
use std::time::Duration;

use crate::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;

use super::acts::Fault;
use super::bits::{button, nothing};
use super::icon::icon;
use crate::api::{self, Arguments, Page};
use crate::ui::{IntoNode, Node, div};

/// How long to wait for more letters before a search begins.
const TYPING: Duration = Duration::from_millis(200);

/// Pages of one kind of thing. A handle.
pub struct Pager<T: Send + Sync + 'static> {
    /// What has come so far, in the order of coming.
    pub items: RwSignal<Vec<T>>,
    state: RwSignal<State>,
    /// The call for the page after a cursor: its name and its body.
    call: StoredValue<Option<Question>>,
    /// Which question it is; the answer to another one comes too late.
    round: StoredValue<u32>,
}

type Question = (&'static str, Arc<dyn Fn(Option<String>) -> String + Send + Sync>);

#[derive(Debug, Clone, PartialEq)]
enum State {
    /// Nothing was asked.
    Idle,
    Loading,
    /// There is more after this cursor, or no more.
    Here(Option<String>),
    Failed(String, Option<String>),
}

/// By hand: a handle can be copied whatever it is a handle of.
impl<T: Send + Sync + 'static> Clone for Pager<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Pager<T> {}

impl<T: DeserializeOwned + Send + Sync + 'static> Pager<T> {
    /// Nothing asked yet.
    pub fn new() -> Self {
        Self {
            items: RwSignal::new(Vec::new()),
            state: RwSignal::new(State::Idle),
            call: StoredValue::new(None),
            round: StoredValue::new(0),
        }
    }

    /// Asks anew whenever the question changes; `None` asks nothing. The question makes the call for the page after a cursor.
    pub fn follow<C, Q>(self, question: impl Fn() -> Option<Q> + 'static)
    where
        C: Arguments + serde::Serialize,
        Q: Fn(Option<String>) -> C + Send + Sync + 'static,
    {
        effect(move || {
            self.round.update_value(|round| *round += 1);
            self.items.set(Vec::new());
            let Some(question) = question() else { return self.state.set(State::Idle) };
            let body = move |cursor| serde_json::to_string(&question(cursor)).unwrap_or_default();
            self.call.set_value(Some((C::NAME, Arc::new(body))));
            self.state.set(State::Loading);
            let round = self.round.get_value();
            // The first question is there at once; further ones are still being typed.
            let pause = if round > 1 { TYPING } else { Duration::ZERO };
            set_timeout(move || self.load(round, None), pause);
        });
    }

    fn load(self, round: u32, cursor: Option<String>) {
        // The room may have been left while there was a pause for typing.
        if self.round.try_get_value() != Some(round) {
            return;
        }
        let Some((name, body)) = self.call.get_value() else { return };
        self.state.set(State::Loading);
        spawn_local(async move {
            let answer = api::post(&format!("{}{name}", api::PREFIX), body(cursor.clone())).await;
            // The room may have been left meanwhile.
            if self.round.try_get_value() != Some(round) {
                return;
            }
            let page = answer.and_then(|answer| {
                crate::read::from_json::<Page<T>>(&answer).map_err(api::ApiError::unreachable)
            });
            match page {
                Ok(page) => {
                    self.items.update(|items| items.extend(page.items));
                    self.state.set(State::Here(page.next_cursor));
                }
                Err(error) => self.state.set(State::Failed(Fault::from(error).text, cursor)),
            }
        });
    }

    /// True once an answer came to what was asked.
    pub fn is_here(self) -> bool {
        self.state.with(|state| matches!(state, State::Here(_)))
    }

    /// True when nothing was asked, or everything has come.
    pub fn is_complete(self) -> bool {
        self.state.with(|state| matches!(state, State::Idle | State::Here(None)))
    }

    /// Stands below the items: the button for the next page, or why it did not come, with the way to try again.
    pub fn foot(self, more: &'static str) -> Node {
        let again = move |cursor: Option<String>| {
            button("button", move |_| self.load(self.round.get_value(), cursor.clone()))
        };
        let shown = move || match self.state.get() {
            State::Idle | State::Here(None) => Node::Nothing,
            State::Loading => div("foot").add("Loading…").into_node(),
            State::Here(cursor) => div("foot").add(again(cursor).test_id("more").add(more)).into_node(),
            State::Failed(why, cursor) => {
                nothing("alert", why, again(cursor).test_id("retry").add(icon("undo")).add("Try again"))
            }
        };
        shown.into_node()
    }
}

//! Looking at everything at once, and at history page by page.

use engine::{ManusId, Record, TimeMs};
use serde::{Deserialize, Serialize};

use super::call::server_call;
use super::one_or_many::OneOrMany;

/// A part of a long list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// What to pass as `cursor` to go on; null at the end.
    pub next_cursor: Option<String>,
    /// Older entries than this were pruned, and are missing; left out while none were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruned_before_ms: Option<TimeMs>,
}

impl<T> Page<T> {
    /// A page for which so many items were looked for: one more than it may have, which shows whether there are more.
    pub fn of(mut items: Vec<T>, looked_for: usize, cursor: impl Fn(&T) -> String) -> Self {
        let goes_on = items.len() >= looked_for;
        items.truncate(looked_for - 1);
        let next_cursor = items.last().filter(|_| goes_on).map(cursor);
        Self { items, next_cursor, pruned_before_ms: None }
    }
}

server_call! {
    /// Everything that is live, with the `seq` of the last event that it includes.
    snapshot: Snapshot -> engine::view::Snapshot,
    needs {}
    takes {
        /// As of where the log begins instead: what replaying the log starts from. Empty, with `seq` 0, until something was pruned.
        at_log_start: bool,
    }
    refuses {}
}

server_call! {
    /// The log of all events, page by page.
    list_events: ListEvents -> Page<Record>,
    needs {}
    takes {
        /// Of this kind or these kinds, such as `task_started`.
        kind: OneOrMany<String>,
        /// From calls of this agent.
        manus_id: ManusId,
        /// That name this agent or task, or come from its calls.
        about: String,
        /// Not before this moment.
        since_ms: TimeMs,
        /// Before this moment.
        until_ms: TimeMs,
        /// Begin with the newest; otherwise with the oldest.
        newest_first: bool,
        /// From the page before, or an event's seq: what comes after it is answered.
        cursor: String,
        /// At most so many.
        limit: i64,
    }
    refuses {}
}

#[cfg(feature = "ssr")]
pub(super) use answers::{not_a_cursor, page};

#[cfg(feature = "ssr")]
mod answers {
    use engine::Event;

    use super::super::bounds::{self, PAGE, PAGE_DEFAULT};
    use super::super::door::{hub, note_seq, read};
    use super::super::encoding::nearest;
    use super::super::error::ApiError;
    use super::*;

    /// Which part of a list that is numbered, and one item more: see [`Page::of`].
    pub fn page(
        cursor: Option<&str>,
        limit: Option<i64>,
        newest_first: Option<bool>,
    ) -> Result<hub::Page<u64>, ApiError> {
        let number = |text: &str| text.parse().map_err(|_| not_a_cursor(text));
        Ok(hub::Page {
            cursor: cursor.map(number).transpose()?,
            order: if newest_first == Some(true) { hub::Order::NewestFirst } else { hub::Order::OldestFirst },
            limit: bounds::number_or::<usize>("limit", limit, &PAGE, PAGE_DEFAULT)? + 1,
        })
    }

    /// What was passed as `cursor` says no place in the list.
    pub fn not_a_cursor(text: &str) -> ApiError {
        ApiError::invalid("cursor", format!("{text:?} is not a cursor; pass next_cursor of the page before"))
    }

    /// Refuses what is no kind of event: a list without any would look like a project in which nothing of it happened.
    fn check_kinds(kinds: &[String]) -> Result<(), ApiError> {
        const SHOWN: usize = 64;
        let known = Event::KINDS;
        let Some(odd) = kinds.iter().find(|kind| !known.contains(&kind.as_str())) else { return Ok(()) };
        let near = nearest(odd, known.iter().copied());
        let hint = near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
        let odd: String = odd.chars().take(SHOWN).collect();
        let reason = format!("{odd:?} is no kind of event{hint}; known are {}", known.join(", "));
        let mut error = ApiError::invalid("kind", reason);
        error.detail["known"] = serde_json::json!(known);
        if let Some(near) = near {
            error.detail["did_you_mean"] = serde_json::json!(near);
        }
        Err(error)
    }

    impl Snapshot {
        pub(super) async fn answer(self) -> Result<engine::view::Snapshot, ApiError> {
            if self.at_log_start == Some(true) {
                let snapshot = hub()?.log_start().await?;
                note_seq(snapshot.seq);
                return Ok(snapshot);
            }
            read(engine::State::snapshot)
        }
    }

    impl ListEvents {
        pub(super) async fn answer(self) -> Result<Page<Record>, ApiError> {
            let page = page(self.cursor.as_deref(), self.limit, self.newest_first)?;
            let mut kinds = self.kind.map(OneOrMany::into_vec).unwrap_or_default();
            // In any case, as all words of the interface.
            kinds.iter_mut().for_each(|kind| kind.make_ascii_lowercase());
            check_kinds(&kinds)?;
            bounds::text("about", self.about.as_deref().unwrap_or_default(), &(0..=bounds::TEXT_MAX))?;
            let filter = hub::EventFilter {
                kinds,
                by: self.manus_id,
                since_ms: self.since_ms,
                until_ms: self.until_ms,
                about: self.about,
            };
            let hub = hub()?;
            note_seq(hub.feed().committed_seq());
            let items = hub.events_page(&filter, &page).await?;
            let pruned = hub.pruned().await?;
            let pruned_before_ms = (pruned.upto_seq > 0).then_some(pruned.upto_ms);
            Ok(Page { pruned_before_ms, ..Page::of(items, page.limit, |record| record.seq.to_string()) })
        }
    }
}

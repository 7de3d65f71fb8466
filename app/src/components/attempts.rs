//! The attempts that are over, as the timeline needs them: read from the log once, and on whenever one more has ended.

use crate::prelude::*;
use engine::{Record, Seq, TaskId, TimeMs};
use leptos::task::spawn_local;

use super::bits::{button, nothing};
use super::icon::icon;
use crate::api::{self, ListEvents, OneOrMany};
use crate::live::Live;
use crate::live::attempts::{Attempts, KINDS, Missing};
use crate::live::past::Log;
use crate::ui::{Node, when};

/// How many events come at once.
const PAGE: i64 = 1_000;
/// How many pages are read at the most, from the newest back: what is older is not drawn.
const PAGES: usize = 30;
/// How many of them at the most for what began before the time that is wanted.
const PAGES_BACK: usize = 10;

/// What is known of attempts that are over.
#[derive(Clone, Copy)]
struct Known {
    attempts: RwSignal<Attempts>,
    /// Since when, and which question it is: the answer to another one comes too late.
    since_ms: StoredValue<TimeMs>,
    round: StoredValue<u32>,
    /// Whether an answer is on the way, and whether more has happened meanwhile.
    asking: StoredValue<bool>,
    again: StoredValue<bool>,
    /// Whether the last question had no answer.
    failed: RwSignal<bool>,
}

/// The attempts that ended since a moment, which is another one whenever `length_ms` is: twice as long ago. Of a picture of the past,
/// those that the log has which is at hand then. With whether the log could not be read, and what is shown then.
pub fn attempts(live: Live, length_ms: Memo<TimeMs>) -> (Memo<Attempts>, Memo<bool>, Node) {
    let known = Known {
        failed: RwSignal::new(false),
        attempts: RwSignal::new(Attempts::default()),
        since_ms: StoredValue::new(0),
        round: StoredValue::new(0),
        asking: StoredValue::new(false),
        again: StoredValue::new(false),
    };
    effect(move || {
        let since_ms = live.now_ms.get_untracked() - 2 * length_ms.get();
        known.since_ms.set_value(since_ms);
        known.round.update_value(|round| *round += 1);
        known.attempts.set(live.peek(|state| Attempts::running(state, since_ms)));
        known.asking.set_value(false);
        known.ask(live);
    });
    let ended = Memo::new(move |_| {
        live.feed.with(|feed| {
            feed.iter().rev().find(|entry| KINDS[1..].contains(&entry.kind)).map(|entry| entry.seq)
        })
    });
    effect(move || {
        if ended.get() > Some(known.attempts.with_untracked(|attempts| attempts.seq)) {
            known.ask(live);
        }
    });
    let is_past = Memo::new(move |_| live.past_ms.get().is_some());
    let attempts =
        Memo::new(move |_| if is_past.get() { live.log.with_value(of_log) } else { known.attempts.get() });
    let failed = Memo::new(move |_| known.failed.get() && !is_past.get());
    (attempts, failed, when(move || failed.get(), move || known.trouble(live)))
}

fn of_log(log: &Log) -> Attempts {
    let mut attempts = Attempts::default();
    log.records().iter().for_each(|record| attempts.add(record));
    attempts
}

impl Known {
    fn trouble(self, live: Live) -> Node {
        let again =
            button("button", move |_| self.ask(live)).test_id("retry").add(icon("undo")).add("Try again");
        nothing("alert", "The attempts that are over could not be read.", again)
    }

    /// Reads what is newer than what is known.
    fn ask(self, live: Live) {
        if self.asking.get_value() {
            return self.again.set_value(true);
        }
        self.asking.set_value(true);
        self.again.set_value(false);
        let (round, since_ms) = (self.round.get_value(), self.since_ms.get_value());
        let known = self.attempts.with_untracked(|attempts| attempts.seq);
        spawn_local(async move {
            let news = read(live, since_ms, known).await;
            // The room may have been left meanwhile, or another stretch chosen.
            if self.round.try_get_value() != Some(round) {
                return;
            }
            self.asking.set_value(false);
            // Without an answer the bars of the present are there all the same; the next attempt that ends asks again, too.
            self.failed.set(news.is_none());
            if let Some(news) = news.filter(|news| !news.is_empty()) {
                self.attempts.update(|attempts| news.iter().for_each(|record| attempts.add(record)));
            }
            if self.again.get_value() {
                self.ask(live);
            }
        });
    }
}

/// The events of attempts since a moment and after a seq, oldest first; with what came before as far as it takes to know when those
/// began that have ended since.
async fn read(live: Live, since_ms: TimeMs, known: Seq) -> Option<Vec<Record>> {
    let first = known == 0;
    let (mut found, mut missing) = (Vec::new(), Missing::default());
    let (mut cursor, mut since, mut pages) = ((!first).then(|| known.to_string()), Some(since_ms), PAGES);
    while pages > 0 {
        pages -= 1;
        let kind = Some(OneOrMany::Many(KINDS.map(str::to_owned).to_vec()));
        let (since_ms, limit) = (since, Some(PAGE));
        let call =
            ListEvents { kind, since_ms, newest_first: Some(first), cursor, limit, ..ListEvents::new() };
        let page = api::call(call).await.ok()?;
        for record in page.items.iter().filter(|_| first) {
            missing.add_older(record, |task| since.is_some() && was_begun(live, task));
        }
        found.extend(page.items);
        cursor = page.next_cursor;
        let is_whole = cursor.is_none() || since.is_none();
        if is_whole && missing.is_empty() {
            break;
        }
        if cursor.is_none() {
            // All since that moment is there. From the oldest of it on further back, once.
            if since.take().is_none() {
                break;
            }
            let Some(oldest) = found.last() else { break };
            cursor = Some(oldest.seq.to_string());
            pages = pages.min(PAGES_BACK);
        }
    }
    if first {
        found.reverse();
    }
    Some(found)
}

/// Whether anybody ever began with a task, as far as is known.
fn was_begun(live: Live, id: &TaskId) -> bool {
    live.peek(|state| state.task_view(id).is_none_or(|task| task.attempts > 0))
}

//! What lies between the person and the page: the dialog that is open, and short notices. A handle in the context.

use std::time::Duration;

use crate::prelude::*;
use engine::sorted::SortedSet;
use engine::view::FileLock;
use engine::{ManusId, MessageId, Seq, TaskId, TimeMs};

use crate::errand::{Errand, Step, Written};
use crate::theme;

/// How long a notice stays.
const NOTICE_STAYS: Duration = Duration::from_secs(6);
/// The same for one with something to press.
const OFFER_STAYS: Duration = Duration::from_secs(12);

/// What the open dialog asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// A new task.
    CreateTask,
    /// A message.
    Message {
        /// To whom, as the call takes it; the person may choose another. Empty for the agent in view, or nobody yet.
        to: String,
        /// The message it answers.
        reply_to: Option<MessageId>,
    },
    /// Whether to take a lock away from its holder.
    Release(FileLock),
    /// Whether a task will not be done.
    Cancel(TaskId),
    /// What a task is to be instead.
    Edit(TaskId),
    /// Who is to do a task.
    Assign(TaskId),
    /// What is said on approving a task's result, or on sending it back.
    Review(TaskId, bool),
    /// Whether an agent is gone for good.
    Deregister(ManusId),
    /// Why a task is held back.
    Hold(TaskId),
    /// Whether an agent gets nothing new.
    Drain(ManusId),
    /// Whether to take all files away from an agent.
    ReleaseAll(ManusId),
    /// Whether, and how, to change all ticked tasks.
    Bulk(Bulk),
    /// How to copy a call that needs no further question.
    Copy {
        /// What its button says.
        name: &'static str,
        /// The call.
        call: Written,
    },
    /// Where to go or what to do.
    Palette,
    /// Nothing: it tells the keys.
    Help,
}

/// What can be done with several tasks at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bulk {
    /// They will not be done.
    Cancel,
    /// Somebody else does them.
    Assign,
    /// They are more or less urgent.
    Priority,
    /// Their results are good.
    Approve,
}

/// When somebody looked last, and up to which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// The event.
    pub seq: Seq,
    /// The moment.
    pub at_ms: TimeMs,
}

/// A short notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Names it.
    pub id: u32,
    /// What it says.
    pub text: String,
    /// Whether something went wrong.
    pub bad: bool,
}

/// The dialog and the notices.
#[derive(Debug, Clone, Copy)]
pub struct Desk {
    /// The open dialog.
    pub ask: RwSignal<Option<Ask>>,
    /// The notices on screen, oldest first.
    pub notices: RwSignal<Vec<Notice>>,
    /// The tasks that are ticked.
    pub picked: RwSignal<SortedSet<TaskId>>,
    /// The last step back or forward in time, with its number; `None` until somebody looks back.
    pub steps: RwSignal<Option<(u32, bool)>>,
    /// What was done last, as it can be taken back, with the notice that said so; no steps where it cannot.
    pub undo: RwSignal<Option<(u32, Vec<Step>)>>,
    /// The last errand, with its number; `None` until there is one.
    pub errand: RwSignal<Option<(u32, Errand)>>,
    /// When the person left who has come back, until they have seen what happened since.
    pub left: RwSignal<Option<Left>>,
    /// When the page is put on paper: date and time, as long as that takes; empty otherwise.
    pub printed: RwSignal<String>,
    /// The theme that is chosen; empty where the system decides.
    pub theme: RwSignal<&'static str>,
    counter: StoredValue<u32>,
}

impl Desk {
    /// To be called once.
    pub fn provide() -> Self {
        let (ask, notices, picked) = (RwSignal::new(None), RwSignal::default(), RwSignal::default());
        let (steps, counter) = (RwSignal::new(None), StoredValue::new(0));
        let (undo, errand, left) = (RwSignal::new(None), RwSignal::new(None), RwSignal::new(None));
        let theme = RwSignal::new(theme::chosen().unwrap_or_default());
        let printed = RwSignal::default();
        let desk = Self { ask, notices, picked, steps, undo, errand, left, printed, theme, counter };
        provide_context(desk);
        desk
    }

    /// Ticks a task, or takes the tick away.
    pub fn pick(self, id: &TaskId) {
        self.picked.update(|picked| {
            if !picked.remove(id) {
                picked.insert(id.clone());
            }
        });
    }

    /// Opens a dialog.
    pub fn open(self, ask: Ask) {
        self.ask.set(Some(ask));
    }

    /// Closes the dialog.
    pub fn close(self) {
        self.ask.set(None);
    }

    /// Goes a step back or forward in time; looking back begins with the first.
    pub fn step(self, forward: bool) {
        self.steps
            .update(|steps| *steps = Some((steps.map_or(0, |(last, _)| last.wrapping_add(1)), forward)));
    }

    /// Says something that went well.
    pub fn say(self, text: impl Into<String>) {
        self.notify(text.into(), false, NOTICE_STAYS);
    }

    /// Says that something went wrong, and what to do.
    pub fn complain(self, text: impl Into<String>) {
        self.notify(text.into(), true, NOTICE_STAYS);
    }

    /// Says that something was done, and offers to take it back where there are steps back.
    pub fn done(self, text: String, steps: Vec<Step>) {
        let stays = if steps.is_empty() { NOTICE_STAYS } else { OFFER_STAYS };
        // Before the notice, which shows the button for what was done last.
        self.undo.set(Some((self.next_number(), steps)));
        self.notify(text, false, stays);
    }

    /// Sends the page on an errand.
    pub fn send(self, errand: Errand) {
        self.errand.update(|last| {
            *last = Some((last.as_ref().map_or(0, |(number, _)| number.wrapping_add(1)), errand));
        });
    }

    fn next_number(self) -> u32 {
        self.counter.get_value() + 1
    }

    fn notify(self, text: String, bad: bool, stays: Duration) {
        let id = self.next_number();
        self.counter.set_value(id);
        self.notices.update(|notices| notices.push(Notice { id, text, bad }));
        set_timeout(move || self.dismiss(id), stays);
    }

    /// Takes a notice away.
    pub fn dismiss(self, id: u32) {
        self.notices.update(|notices| notices.retain(|notice| notice.id != id));
    }
}

/// The dialog and the notices of the page.
pub fn use_desk() -> Desk {
    expect_context::<Desk>()
}

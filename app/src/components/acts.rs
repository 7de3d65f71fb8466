//! Sending something to the server from a dialog: under way, refused with a reason at its field, or done and said so.

use std::rc::Rc;

use crate::prelude::*;
use engine::{ManusId, MessageId, RequestId, TaskId};
use leptos::task::spawn_local;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bits::{act, icon_button};
use crate::api::{self, ApiError};
use crate::desk::{Ask, Desk, use_desk};
use crate::dom;
use crate::errand::{As, Errand, Step, Written};
use crate::live::Live;
use crate::ui::{El, div};

/// The state of something that is sent from a dialog.
#[derive(Debug, Clone, Copy)]
pub struct Sending {
    desk: Desk,
    /// True while there is no answer.
    pub busy: RwSignal<bool>,
    /// Why it was refused.
    pub fault: RwSignal<Option<Fault>>,
    /// What was sent last and under which name, so that sending the same again does nothing twice.
    last: StoredValue<Option<(String, RequestId)>>,
    /// How the person wants the call itself, to make it elsewhere, while they do.
    copying: StoredValue<Option<As>>,
    /// How to take back what is sent next.
    steps: StoredValue<Vec<Step>>,
    /// Whether some of what was sent was done, and can be taken back, while the rest was refused.
    pub partly: RwSignal<bool>,
    /// How to take that back.
    earlier: StoredValue<Vec<Step>>,
}

/// How many refusals of one go are told in full.
const REFUSALS_TOLD: usize = 3;

/// Reads an answer, and says in a sentence what came of the call.
type Told = Box<dyn FnOnce(&[u8]) -> Result<String, ApiError>>;

/// A refusal, and the field that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What stands in the way and what to do, in a sentence.
    pub text: String,
    /// The argument's name.
    pub field: Option<String>,
}

impl Fault {
    /// What is wrong with one field.
    pub fn at(field: &'static str, reason: impl ToString) -> Self {
        Self { text: sentence(&reason.to_string()), field: Some(field.to_owned()) }
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        if error.is_unreachable() {
            let text = "The server did not answer. Sent again as it is, it will not be done twice; changed, it would.";
            return Self { text: text.to_owned(), field: None };
        }
        let field = error.detail.get("argument").and_then(|name| name.as_str()).map(str::to_owned);
        // The only task that a dialog's call names by itself is a dependency.
        let field = field.or_else(|| (error.code == "task_not_found").then(|| "dependencies".to_owned()));
        Self { text: sentence(&advised(&error)), field }
    }
}

/// What a refusal says, with advice for a person at the page: the engine's own speaks to agents where it names calls.
fn advised(error: &ApiError) -> String {
    match error.message.rsplit_once("; ") {
        Some((told, advice)) if advice.contains('_') && error.code != "invalid_argument" => {
            let here = if error.code == "task_in_review" { "; approve it, or send it back" } else { "" };
            [told, here].concat()
        }
        _ => error.message.clone(),
    }
}

/// A message as a sentence of its own.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase().to_string()).unwrap_or_default();
    let end = if message.ends_with(['.', '?', '!']) { "" } else { "." };
    first + letters.as_str() + end
}

impl Sending {
    /// Nothing sent yet.
    pub fn new() -> Self {
        Self {
            desk: use_desk(),
            busy: RwSignal::new(false),
            fault: RwSignal::new(None),
            last: StoredValue::new(None),
            copying: StoredValue::new(None),
            steps: StoredValue::new(Vec::new()),
            partly: RwSignal::new(false),
            earlier: StoredValue::new(Vec::new()),
        }
    }

    /// The name for a call with these arguments: the same as long as they are the same.
    pub fn request_id(self, arguments: &impl Serialize) -> Option<RequestId> {
        if self.copying.get_value().is_some() {
            return None;
        }
        let arguments = serde_json::to_string(arguments).ok()?;
        if let Some((_, id)) = self.last.get_value().filter(|(last, _)| *last == arguments) {
            return Some(id);
        }
        let id = RequestId::new(&dom::fresh_id()).ok()?;
        self.last.set_value(Some((arguments, id.clone())));
        Some(id)
    }

    /// Says what is wrong before anything is sent.
    pub fn refuse(self, fault: Fault) {
        self.fault.set(Some(fault));
    }

    /// Has what is sent within this copied instead.
    pub fn copy(self, how: As, send: &dyn Fn()) {
        self.copying.set_value(Some(how));
        send();
        self.copying.set_value(None);
    }

    /// Says how to take back what is sent next, a step for each call.
    pub fn reversible(self, steps: Vec<Step>) -> Self {
        self.steps.set_value(steps);
        self
    }

    /// Sends a call. When it went well, closes the dialog and says so.
    pub fn send<C: api::Call + Serialize>(self, call: C, told: impl FnOnce(C::Output) -> String + 'static)
    where
        C::Output: DeserializeOwned + 'static,
    {
        let read = |answer: &[u8]| crate::read::from_json(answer).map(told).map_err(ApiError::unreachable);
        self.go(C::NAME, serde_json::to_string(&call), Box::new(read));
    }

    /// The same for a call of which it is known what comes of it.
    pub fn send_plain<C: api::Call + Serialize>(self, call: C, told: impl Into<String>) {
        let told = told.into();
        self.go(C::NAME, serde_json::to_string(&call), Box::new(|_| Ok(told)));
    }

    /// Not generic: all calls share this code.
    fn go(self, name: &'static str, body: serde_json::Result<String>, told: Told) {
        let Ok(body) = body else { return };
        if let Some(how) = self.copying.get_value() {
            return self.desk.send(Errand::Copy(how, vec![(name, body)]));
        }
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.fault.set(None);
        spawn_local(async move {
            let outcome = api::post(&format!("{}{name}", api::PREFIX), body).await;
            self.busy.set(false);
            match outcome.and_then(|answer| told(&answer)) {
                Ok(told) => {
                    self.desk.close();
                    self.desk.done(told, self.steps.get_value());
                }
                Err(error) => self.fault.set(Some(error.into())),
            }
        });
    }
}

impl Sending {
    /// Sends calls about one task each, one after the other. When all went well, closes the dialog and says so; otherwise it
    /// says which were refused and why, and leaves the ticks on those alone.
    pub fn send_each(self, calls: Vec<(TaskId, Written)>, told: String) {
        if let Some(how) = self.copying.get_value() {
            let calls = calls.into_iter().map(|(_, call)| call).collect();
            return self.desk.send(Errand::Copy(how, calls));
        }
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.fault.set(None);
        spawn_local(async move {
            let (all, mut refused, mut steps) = (calls.len(), Vec::new(), self.steps.get_value());
            let mut done = Vec::new();
            for (task, (name, body)) in calls {
                match api::post(&format!("{}{name}", api::PREFIX), body).await {
                    Ok(_) => done.push(task),
                    Err(error) => {
                        let about = task.to_string();
                        steps.retain(|step| step.about() != about);
                        refused.push(format!("{about}: {}", Fault::from(error).text));
                    }
                }
            }
            self.busy.set(false);
            // With what was done when it was sent before, and some of it was refused.
            steps.extend(self.earlier.get_value());
            if refused.is_empty() {
                self.desk.picked.set(Default::default());
                self.desk.close();
                return self.desk.done(told, steps);
            }
            self.desk.picked.update(|picked| {
                for task in &done {
                    picked.remove(task);
                }
            });
            // Those that were not refused can be taken back: here, by the notice once the dialog is closed, and by its key.
            let count = all - refused.len();
            if count > 0 {
                self.earlier.set_value(steps.clone());
                self.partly.set(!steps.is_empty());
                self.desk.done(format!("{count} of {all} done."), steps);
            }
            let done = format!("{count} of {all} done. ");
            let more =
                refused.len().checked_sub(REFUSALS_TOLD + 1).map(|more| format!(" And {} more.", more + 1));
            refused.truncate(REFUSALS_TOLD);
            let text = done + &refused.join(" ") + &more.unwrap_or_default();
            self.fault.set(Some(Fault { text, field: None }));
        });
    }
}

/// A call as a command for a shell. Within single quotes only that quote itself has to be written otherwise.
pub fn curl(origin: &str, call: &str, body: &str) -> String {
    let body = body.replace('\'', r"'\''");
    format!("curl {origin}/api/v1/{call} -H 'content-type: application/json' \\\n  -d '{body}'")
}

/// A call that is made without a dialog.
pub struct Quick {
    call: Written,
    /// What is said once it is done; nothing when that can be seen.
    told: &'static str,
    /// What takes it back, where something does.
    back: Option<Step>,
}

impl Quick {
    fn new<C: api::Call + Serialize>(call: &C, told: &'static str, back: Option<Step>) -> Self {
        let body = serde_json::to_string(call).unwrap_or_default();
        Self { call: (C::NAME, body), told, back }
    }

    /// Notes that the person has read these messages.
    pub fn read(ids: Vec<MessageId>) -> Self {
        Self::new(&api::AckMessages::new(ManusId::supervisor(), ids), "", None)
    }

    /// Approves a task's result as it is.
    pub fn approve(id: TaskId) -> Self {
        let call = api::ReviewTask::new(ManusId::supervisor(), id, api::Verdict::Approve);
        Self::new(&call, "It is completed.", None)
    }

    /// Lets a task go on that was held back.
    pub fn let_go_on(live: Live, id: TaskId) -> Self {
        let held = live.peek(|state| state.task(&id)?.held_reason().map(str::to_owned));
        let back = held.map(|reason| Step::LetGo { task_id: id.clone(), reason });
        Self::new(&api::UnblockTask::new(ManusId::supervisor(), id), "It may go on.", back)
    }

    /// Gives an agent work again that got none.
    pub fn work_again(live: Live, manus_id: ManusId) -> Self {
        let call = api::DrainManus { draining: Some(false), ..api::DrainManus::new(manus_id.clone()) };
        let since = live.seq.get_untracked();
        Self::new(&call, "It gets work again.", Some(Step::Drained { manus_id, draining: false, since }))
    }

    /// Makes the call, `busy` meanwhile. A refusal is shown as a notice.
    pub fn make(self, desk: Desk, busy: RwSignal<bool>) {
        let Self { call: (name, body), told, back } = self;
        // Who clicks twice means it once.
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let outcome = api::post(&format!("{}{name}", api::PREFIX), body).await;
            busy.set(false);
            match outcome {
                Ok(_) if told.is_empty() => {}
                Ok(_) => desk.done(told.to_owned(), back.into_iter().collect()),
                Err(error) => desk.complain(Fault::from(error).text),
            }
        });
    }
}

/// The button of such a call, `dressed` as it likes before its name, and the one beside it that has the call copied: dialogs offer
/// that at their foot.
pub fn quick(
    class: &'static str,
    name: &'static str,
    dressed: fn(El) -> El,
    make: Rc<dyn Fn() -> Quick>,
) -> El {
    let (copied, busy) = (make.clone(), RwSignal::new(false));
    let copy = icon_button("copy", "Copy as curl or CLI, without doing it", move |desk| {
        desk.open(Ask::Copy { name, call: copied().call });
    });
    let button = act(class, move |desk| make().make(desk, busy));
    div("copyable")
        .add(dressed(button.attr("aria-busy", move || busy.get().then_some("true"))).add(name))
        .add(copy.test_id("copy"))
}

/// The parts of a text that are separated by commas, semicolons or line ends.
pub fn listed(text: &str) -> Vec<String> {
    text.split([',', ';', '\n']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use engine::Refusal;

    use super::*;

    #[test]
    fn refusals_are_sentences_at_their_field() {
        let fault = Fault::from(ApiError::invalid("title", "the title is empty"));
        assert_eq!((fault.text.as_str(), fault.field.as_deref()), ("The title is empty.", Some("title")));
        let task_id = TaskId::numbered(1);
        for (refusal, told) in [
            (
                Refusal::TaskInReview { task_id: task_id.clone(), reviewer: None },
                "T1 is NEEDS_REVIEW; approve it, or send it back.",
            ),
            (Refusal::TaskNotFound { task_id }, "There is no task T1."),
            (Refusal::ManusInactive { manus_id: ManusId::new("ada").unwrap() }, "Ada said goodbye."),
        ] {
            assert_eq!(Fault::from(ApiError::from(refusal)).text, told);
        }
        let lost = Fault::from(ApiError::unreachable("refused"));
        assert!(lost.text.contains("not be done twice"), "{}", lost.text);
    }

    #[test]
    fn a_command_survives_the_shell() {
        let command = curl("http://localhost:3334", "create_task", r#"{"title":"it's"}"#);
        assert!(command.ends_with(r#"-d '{"title":"it'\''s"}'"#), "{command}");
    }

    #[test]
    fn lists_are_read_leniently() {
        assert_eq!(listed(" a.rs, src/ ;\n\n**/*.sql,"), ["a.rs", "src/", "**/*.sql"]);
    }
}

//! Who may make which call: the one place that knows.
//!
//! [`guarded!`] below classes every call. One that it does not name cannot be registered, so a new call does not compile until
//! somebody has decided who may make it, and in whose name it speaks.

use std::sync::Arc;

use engine::ManusId;
use hub::{Token, TokenRole};
use serde_json::json;

use super::call::Arguments;
use super::error::ApiError;
use super::*;

/// Whoever makes a call.
#[derive(Debug, Clone)]
pub enum Principal {
    /// Somebody; this server does not ask who.
    Anybody,
    /// Whoever has this token, or is logged in with it.
    Holder(Arc<Token>),
}

/// What a call asks of whoever makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// To be let in: it changes nothing, and speaks in nobody's name.
    Look,
    /// To be an agent, and the one in whose name it speaks.
    Work,
    /// To be that agent, or to be trusted to enrol agents.
    Join,
    /// To decide who comes in.
    Govern,
}

/// A call that knows in whose name it speaks.
pub trait Guarded {
    /// What it asks of whoever makes it.
    const NEEDS: Needs;
    /// The arguments in whose name it speaks.
    const NAMES: &'static [&'static str];

    /// The first of these arguments that names somebody else than this one, with the name.
    fn speaks_for_other(&self, than: Option<&ManusId>) -> Option<(&'static str, &ManusId)>;

    /// Says who makes the call, where it may be left out and matters.
    fn speak_for(&mut self, _manus_id: &ManusId) {}
}

macro_rules! guarded {
    ($($call:ident: $needs:ident $(for $($name:ident)|+)? $(else $left_out:ident)?;)+) => {
        $(impl Guarded for $call {
            const NEEDS: Needs = Needs::$needs;
            const NAMES: &'static [&'static str] = &[$($(stringify!($name)),+)?];

            fn speaks_for_other(&self, than: Option<&ManusId>) -> Option<(&'static str, &ManusId)> {
                let named: &[(&'static str, Option<&ManusId>)] =
                    &[$($((stringify!($name), self.$name.name())),+)?];
                let mut others = named.iter().filter_map(|(argument, name)| Some((*argument, (*name)?)));
                others.find(|(_, name)| Some(*name) != than)
            }

            $(fn speak_for(&mut self, manus_id: &ManusId) {
                self.$left_out.get_or_insert_with(|| manus_id.clone());
            })?
        })+

        /// All calls, each with what it asks of its caller and the arguments in whose name it speaks.
        pub const CLASSES: &[(&str, Needs, &[&str])] =
            &[$((<$call as Arguments>::NAME, Needs::$needs, <$call as Guarded>::NAMES),)+];
    };
}

guarded! {
    RegisterManus: Join for manus_id;

    // `for` names the arguments in whose name a call speaks, `else` the one that says who it is where that may be left out.
    Heartbeat: Work for manus_id;
    DeregisterManus: Work for manus_id;
    DrainManus: Work for manus_id;
    NextTask: Work for manus_id;
    StartTask: Work for manus_id;
    UpdateTaskProgress: Work for manus_id;
    CompleteTask: Work for manus_id else manus_id;
    ReleaseTask: Work for manus_id;
    FailTask: Work for manus_id;
    ReviewTask: Work for manus_id;
    BlockTask: Work for manus_id;
    UnblockTask: Work for manus_id;
    ClaimFiles: Work for manus_id;
    ReleaseFiles: Work for manus_id | by;
    SendMessage: Work for from_manus;
    GetMessages: Work for manus_id;
    AckMessages: Work for manus_id;
    // Who gets a task: an agent may take one for itself.
    AssignTask: Work for manus_id;
    // The board is everybody's who works on it.
    CreateTask: Work;
    CreateTasks: Work;
    UpdateTask: Work;
    CancelTask: Work;

    // For whom counts as that agent's sign of life.
    CheckFiles: Look for manus_id;
    // In these an agent's name narrows down what is shown, and says nothing of who asks.
    ListManus: Look;
    GetManus: Look;
    GetTask: Look;
    ListTasks: Look;
    ListMessages: Look;
    ListEvents: Look;
    Snapshot: Look;
    SystemHealth: Look;
    ExplainAssignment: Look;
    ForecastConflicts: Look;
    PerformanceMetrics: Look;
    SelfCheck: Look;
    GetPlan: Look;

    CreateToken: Govern;
    ListTokens: Govern;
    RevokeToken: Govern;
    ListAudit: Govern;
}

/// An argument that names an agent, perhaps left out.
trait Name {
    fn name(&self) -> Option<&ManusId>;
}

impl Name for ManusId {
    fn name(&self) -> Option<&ManusId> {
        Some(self)
    }
}

impl Name for Option<ManusId> {
    fn name(&self) -> Option<&ManusId> {
        self.as_ref()
    }
}

impl Principal {
    /// Whether it may look at the project: what pages, streams and files ask.
    pub fn may_look(&self) -> Result<(), ApiError> {
        self.may(Needs::Look, "looking around")
    }

    /// Whether it may make a call at all, whatever its arguments.
    pub(super) fn may_make<C: Arguments + Guarded>(&self) -> Result<(), ApiError> {
        self.may(C::NEEDS, C::NAME)
    }

    fn may(&self, needs: Needs, what: &str) -> Result<(), ApiError> {
        let Self::Holder(token) = self else { return Ok(()) };
        let next = match (token.role, needs) {
            (TokenRole::Admin, _)
            | (TokenRole::Agent, Needs::Look | Needs::Work | Needs::Join)
            | (TokenRole::Viewer, Needs::Look)
            | (TokenRole::Enrolment, Needs::Join) => return Ok(()),
            (TokenRole::Agent, Needs::Govern) => {
                "an admin decides who comes in: ask one, or use an admin's token"
            }
            (TokenRole::Viewer, Needs::Work | Needs::Join) => {
                "a viewer only looks: use the token of an agent or of an admin; manus-sync token create makes one"
            }
            (TokenRole::Viewer, Needs::Govern) => "a viewer only looks: use an admin's token",
            (TokenRole::Enrolment, Needs::Look | Needs::Work | Needs::Govern) => {
                "it only registers agents of new names: go on with the token that register_manus answered"
            }
        };
        let role = token.role.as_str();
        let message = format!("{what} is not for a token of the role {role}; {next}");
        Err(forbidden(message).with(json!({ "role": role, "token_id": token.id })))
    }

    /// Whether it may speak in the names that a call does. Where a call may leave out who makes it, this says it.
    pub(super) fn may_speak<C: Arguments + Guarded>(&self, call: &mut C) -> Result<(), ApiError> {
        let Self::Holder(token) = self else { return Ok(()) };
        let own = match token.role {
            // An enrolment's new names are looked at with the project's agents in hand.
            TokenRole::Admin | TokenRole::Enrolment => return Ok(()),
            TokenRole::Agent => token.manus_id.as_ref(),
            TokenRole::Viewer => None,
        };
        if let Some((argument, other)) = call.speaks_for_other(own) {
            let detail = json!({ "role": token.role.as_str(), "token_id": token.id, "argument": argument,
                                 "named": other, "manus_id": own });
            return Err(forbidden(not_yours(C::NAME, argument, other, own)).with(detail));
        }
        if let Some(own) = own {
            call.speak_for(own);
        }
        Ok(())
    }

    /// The enrolment with which an agent is to be registered, if it is one.
    pub(super) fn enrolment(&self) -> Option<&Arc<Token>> {
        match self {
            Self::Holder(token) if token.role == TokenRole::Enrolment => Some(token),
            _ => None,
        }
    }
}

fn not_yours(call: &str, argument: &str, other: &ManusId, own: Option<&ManusId>) -> String {
    match own {
        Some(own) => format!(
            "this token acts for {own} alone, and {call} was called with {argument} {other}; pass {own}, or use a token of \
             {other}"
        ),
        None => format!(
            "a viewer speaks in nobody's name, and {call} was called with {argument} {other}; leave it out"
        ),
    }
}

/// The caller is known, and may not do that.
pub(super) fn forbidden(message: impl Into<String>) -> ApiError {
    ApiError::new(403, "forbidden", message)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::describe::Describer;

    /// Arguments with an agent's name that say nothing of who makes the call: whom to show, whom a task is shown of.
    const NARROWING: [(&str, &str); 4] = [
        ("get_manus", "manus_id"),
        ("list_messages", "manus_id"),
        ("list_messages", "from_manus"),
        ("list_events", "manus_id"),
    ];

    #[test]
    fn every_call_is_classed_with_all_its_names() {
        let classed: BTreeSet<&str> = CLASSES.iter().map(|(call, ..)| *call).collect();
        assert_eq!(classed, NAMES.iter().copied().collect());
        for call in describe(&mut Describer::default()) {
            let (_, needs, names) = CLASSES.iter().find(|(name, ..)| *name == call.name).unwrap();
            for argument in call.needed.iter().chain(call.optional) {
                let speaks = ["manus_id", "from_manus", "by"].contains(argument) && *needs != Needs::Govern;
                let speaks = speaks && !NARROWING.contains(&(call.name, argument));
                assert_eq!(names.contains(argument), speaks, "{} {argument}", call.name);
            }
            if call.changes() {
                assert!(matches!(needs, Needs::Work | Needs::Join), "{} changes something", call.name);
            }
        }
    }
}

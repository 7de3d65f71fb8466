//! Why a call did not succeed, as callers see it: `{"code", "message", "detail"}` with an HTTP status.
//!
//! Codes are stable words for programs, messages are sentences that say what to do next, and the detail is what the message
//! was made of. The status of each refusal of the engine is decided here and nowhere else.

use std::borrow::Cow;

use engine::RefusalKind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use server_fn::codec::JsonEncoding;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

/// The code of a call that never got an answer.
pub const UNREACHABLE: &str = "unreachable";

/// The answer to a call that was not carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[error("{message}")]
pub struct ApiError {
    /// The HTTP status; 0 where no answer came back.
    #[serde(skip)]
    pub status: u16,
    /// A stable word in snake_case.
    pub code: Cow<'static, str>,
    /// What stands in the way and what to do next.
    pub message: String,
    /// What there is to know for a program, an object.
    #[serde(default)]
    pub detail: Value,
}

impl ApiError {
    /// An error of these parts, with an empty detail.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code: Cow::Borrowed(code), message: message.into(), detail: json!({}) }
    }

    /// The same with a detail.
    pub fn with(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }

    /// An argument that cannot be used. `argument` is its name, or the way to it, as in `tasks[3].title`.
    pub fn invalid(argument: &str, reason: impl Into<String>) -> Self {
        let name = argument.split(['.', '[']).next().unwrap_or(argument);
        let mut detail = json!({ "argument": name });
        if name != argument {
            detail["path"] = json!(argument);
        }
        Self::new(400, "invalid_argument", reason).with(detail)
    }

    /// No agent of this name.
    pub fn manus_not_found(manus_id: &engine::ManusId) -> Self {
        engine::Refusal::ManusNotFound { manus_id: manus_id.clone() }.into()
    }

    /// Nobody who is known makes the call. `why` is what is wrong with what was shown, if anything was.
    pub fn unauthenticated(why: &str) -> Self {
        let message = format!(
            "{why}; send a token as Authorization: Bearer msk_… (the command line takes --token or MANUS_SYNC_TOKEN), which \
             manus-sync token create makes"
        );
        Self::new(401, "unauthenticated", message)
    }

    /// The call never got an answer.
    pub fn unreachable(why: impl std::fmt::Display) -> Self {
        let message =
            format!("the server did not answer ({why}); it may have stopped, try again in a moment");
        Self::new(0, UNREACHABLE, message)
    }

    /// Something that cannot be was so all the same.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::new(500, "internal", what)
    }

    /// How long to wait before trying again, where that helps, in seconds.
    pub fn retry_after_secs(&self) -> Option<u64> {
        self.detail.get("retry_after_secs")?.as_u64()
    }

    /// True when no answer came back at all.
    pub fn is_unreachable(&self) -> bool {
        self.code == UNREACHABLE
    }
}

/// The one place that decides the HTTP status of each refusal.
pub(super) const fn status_of(refusal: RefusalKind) -> u16 {
    match refusal {
        RefusalKind::InvalidArgument => 400,
        RefusalKind::ManusNotFound | RefusalKind::TaskNotFound | RefusalKind::MessageNotFound => 404,
        RefusalKind::ManusInactive
        | RefusalKind::ManusUnavailable
        | RefusalKind::ManusIdTaken
        | RefusalKind::TaskNotAssignedToYou
        | RefusalKind::TaskAlreadyStarted
        | RefusalKind::TaskNotStarted
        | RefusalKind::TaskBlocked
        | RefusalKind::AttemptOver
        | RefusalKind::TaskClosed
        | RefusalKind::AtCapacity
        | RefusalKind::ProgressWouldGoBack
        | RefusalKind::FileLocked
        | RefusalKind::DependencyCycle
        | RefusalKind::WouldDeadlock
        | RefusalKind::TaskInReview
        | RefusalKind::NotInReview
        | RefusalKind::NotYourReview
        | RefusalKind::TaskNotHeld
        | RefusalKind::TaskUnderWay
        | RefusalKind::NoRecipient
        | RefusalKind::RequestIdReused => 409,
    }
}

impl From<engine::Refusal> for ApiError {
    fn from(refusal: engine::Refusal) -> Self {
        // The reason is the message; callers need not read it twice.
        if let engine::Refusal::InvalidArgument { argument, reason } = &refusal {
            return Self::invalid(argument, reason);
        }
        // A refusal is plain data: it cannot fail to become JSON.
        let detail = serde_json::to_value(&refusal).unwrap_or_default();
        Self::new(status_of(refusal.kind()), refusal.code(), refusal.to_string()).with(detail)
    }
}

#[cfg(feature = "ssr")]
impl From<hub::Failure> for ApiError {
    fn from(failure: hub::Failure) -> Self {
        match failure {
            hub::Failure::Refused { refusal, .. } => refusal.into(),
            hub::Failure::Overloaded { retry_after_secs } => Self::overloaded(retry_after_secs),
            hub::Failure::Unavailable { reason } => {
                let message = format!(
                    "the call could not be stored ({reason}), so count it as not done; try again with the same request_id"
                );
                Self::new(503, "storage_unavailable", message)
                    .with(json!({ "reason": reason, "retry_after_secs": 1 }))
            }
        }
    }
}

#[cfg(feature = "ssr")]
impl ApiError {
    /// Somebody asks more often than they may.
    pub fn rate_limited(retry_after_secs: u64) -> Self {
        let message = format!("too many requests in too short a time; try again in {retry_after_secs} s");
        Self::new(429, "rate_limited", message).with(json!({ "retry_after_secs": retry_after_secs }))
    }

    fn overloaded(retry_after_secs: u64) -> Self {
        let message = format!("more calls wait than can be served; try again in {retry_after_secs} s");
        Self::new(429, "overloaded", message).with(json!({ "retry_after_secs": retry_after_secs }))
    }
}

/// Errors that Leptos raises by itself: in the browser, the network's.
impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(why) => Self::unreachable(why),
            ServerFnErrorErr::Deserialization(why) => {
                Self::unreachable(format!("the answer could not be read: {why}"))
            }
            other => Self::internal(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detail_names_the_argument_and_the_way_to_it() {
        let error = ApiError::invalid("tasks[3].title", "the title is empty");
        assert_eq!(error.status, 400);
        assert_eq!(error.detail, json!({ "argument": "tasks", "path": "tasks[3].title" }));
        assert_eq!(ApiError::invalid("title", "x").detail, json!({ "argument": "title" }));
    }

    #[test]
    fn on_the_wire_it_has_three_fields() {
        let manus_id = engine::ManusId::new("manus_9").unwrap();
        let error = ApiError::manus_not_found(&manus_id);
        assert_eq!(
            serde_json::to_value(&error).unwrap(),
            json!({
                "code": "manus_not_found",
                "message": "no agent manus_9 is registered; call register_manus first, or check the name with list_manus",
                "detail": { "manus_id": "manus_9" },
            })
        );
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn what_can_be_tried_again_says_when() {
        let overloaded = ApiError::from(hub::Failure::Overloaded { retry_after_secs: 3 });
        assert_eq!((overloaded.status, &*overloaded.code), (429, "overloaded"));
        assert_eq!(overloaded.retry_after_secs(), Some(3));
        let unavailable = ApiError::from(hub::Failure::Unavailable { reason: "the disk is full".to_owned() });
        assert_eq!((unavailable.status, &*unavailable.code), (503, "storage_unavailable"));
        assert_eq!(unavailable.retry_after_secs(), Some(1));
        assert!(unavailable.message.contains("the disk is full"), "{unavailable}");
    }
}

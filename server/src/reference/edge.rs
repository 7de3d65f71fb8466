//! What can come back instead of an answer before the rules were asked, whatever the call.

use app::api::describe::Description;

/// A refusal of the server itself.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// The HTTP status.
    pub status: u16,
    /// The stable word.
    pub code: &'static str,
    /// When it comes.
    pub about: &'static str,
    /// The names of the detail's fields that are always there.
    pub detail: &'static [&'static str],
}

const fn edge(status: u16, code: &'static str, about: &'static str, detail: &'static [&'static str]) -> Edge {
    Edge { status, code, about, detail }
}

/// An argument that cannot be used; also what the rules call one.
pub const INVALID: Edge = edge(
    400,
    "invalid_argument",
    "An argument is missing, unknown, malformed or makes no sense.",
    &["argument"],
);

/// With these any call can be met.
const ANY: [Edge; 8] = [
    INVALID,
    edge(401, "unauthenticated", "The server asks for a token, and none was sent that lets anybody in.", &[]),
    edge(
        403,
        "forbidden",
        "The token is not for this call or not for this agent; or the request is for another host, or comes from another \
         site's page.",
        &[],
    ),
    edge(408, "request_timeout", "The body did not arrive in time.", &[]),
    edge(413, "too_large", "The body is larger than allowed.", &["max_bytes"]),
    edge(415, "unsupported_media_type", "A page sent a body that is not called JSON.", &["content_type"]),
    edge(
        429,
        "rate_limited",
        "The token, or whoever shows wrong ones, asks too often.",
        &["retry_after_secs"],
    ),
    edge(500, "internal", "Something that cannot be was so all the same.", &[]),
];

/// With this a changing call can be met.
const OVERLOADED: Edge =
    edge(429, "overloaded", "More calls wait than can be served; try again later.", &["retry_after_secs"]);

/// With this a call can be met that needs the disk.
const UNAVAILABLE: Edge = edge(
    503,
    "storage_unavailable",
    "The call could not be stored or read; try again with the same request_id.",
    &["reason", "retry_after_secs"],
);

/// With this one can be met that names a token.
const NO_TOKEN: Edge = edge(404, "token_not_found", "There is no such token.", &["id"]);

/// Calls about tokens that need the disk.
const CHANGES_TOKENS: [&str; 2] = ["create_token", "revoke_token"];

/// Calls that change nothing and still read from the disk.
const READS_HISTORY: [&str; 4] = ["get_task", "list_tasks", "list_messages", "list_events"];

/// What a call can be met with, in order of status.
pub fn of(call: &Description) -> Vec<Edge> {
    let changes = call.changes();
    let disk = changes || READS_HISTORY.contains(&call.name) || CHANGES_TOKENS.contains(&call.name);
    let mut edges = ANY.to_vec();
    edges.extend((call.name == "revoke_token").then_some(NO_TOKEN));
    edges.extend(changes.then_some(OVERLOADED));
    edges.extend(disk.then_some(UNAVAILABLE));
    edges
}

/// All of them.
pub fn all() -> Vec<Edge> {
    ANY.into_iter().chain([NO_TOKEN, OVERLOADED, UNAVAILABLE]).collect()
}

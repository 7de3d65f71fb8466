//! What a hook answers, in the words of whoever asked.

use serde_json::{Value, json};

use super::payload::Kind;

/// Whose protocol is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Dialect {
    /// Claude Code, and whoever took over its protocol
    #[default]
    ClaudeCode,
    /// OpenAI's Codex
    Codex,
    /// Cursor
    Cursor,
}

impl Dialect {
    /// The program's name, as agents that it runs are registered with.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
            Self::Cursor => "cursor",
        }
    }

    /// How the names of its sessions begin.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude",
            Self::Codex => "codex",
            Self::Cursor => "cursor",
        }
    }
}

/// An answer.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// Go on.
    Nothing,
    /// Go on, and the person should know.
    Warning(String),
    /// Go on, and the agent should know.
    Context(Kind, String),
    /// Not this edit.
    Denied(String),
}

impl Answer {
    pub(super) fn nothing() -> Self {
        Self::Nothing
    }

    pub(super) fn warning(text: impl Into<String>) -> Self {
        Self::Warning(text.into())
    }

    pub(super) fn context(kind: Kind, text: impl Into<String>) -> Self {
        Self::Context(kind, text.into())
    }

    pub(super) fn denied(why: impl Into<String>) -> Self {
        Self::Denied(why.into())
    }

    /// What goes to stdout. Never an "allow": whether the person is asked about an edit is not ours to decide.
    pub(super) fn written(&self, dialect: Dialect) -> Option<Value> {
        if dialect == Dialect::Cursor { self.for_cursor() } else { self.for_claude() }
    }

    fn for_claude(&self) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Warning(text) => Some(json!({ "systemMessage": text })),
            Self::Context(kind, text) => Some(json!({
                "hookSpecificOutput": { "hookEventName": kind.name(), "additionalContext": text }
            })),
            Self::Denied(why) => Some(json!({
                "hookSpecificOutput": {
                    "hookEventName": Kind::BeforeTool.name(),
                    "permissionDecision": "deny",
                    "permissionDecisionReason": why,
                }
            })),
        }
    }

    fn for_cursor(&self) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Warning(text) => Some(json!({ "user_message": text })),
            Self::Context(_, text) => Some(json!({ "additional_context": text })),
            Self::Denied(why) => Some(json!({
                "permission": "deny", "decision": "deny", "reason": why, "user_message": why, "agent_message": why
            })),
        }
    }
}

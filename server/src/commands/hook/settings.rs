//! How hooks and guard behave: environment first, then `[hooks]` in `.manus-sync/config.toml`, then the usual.

use std::path::Path;

use serde::Deserialize;

/// What can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// Refuse edits and commits while no server answers, instead of going on with a warning.
    pub fail_closed: bool,
    /// How long a claim made for an edit lives, in seconds; until the turn ends where nothing is given.
    pub claim_ttl_secs: Option<u32>,
}

impl Settings {
    /// A file with mistakes is the server's to complain about; here it counts as not there.
    pub(crate) fn read(root: Option<&Path>) -> Self {
        let mut settings = root.and_then(|root| crate::config::hook_settings(root).ok()).unwrap_or_default();
        if let Ok(given) = std::env::var("MANUS_SYNC_FAIL_CLOSED") {
            settings.fail_closed = !matches!(given.to_ascii_lowercase().as_str(), "" | "0" | "false" | "no");
        }
        settings
    }
}

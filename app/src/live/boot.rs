//! What a page is made from: everything live when the server rendered it, sent once and read again by the browser.

use engine::view::Snapshot;
use engine::{Record, TimeMs};
use serde::{Deserialize, Serialize};

/// The id of the script element that carries a [`Boot`] to the browser.
pub const BOOT_ID: &str = "boot";

/// The page's first knowledge. The server provides it as context for each rendering, as `Arc<Boot>`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Boot {
    /// Everything live.
    pub snapshot: Snapshot,
    /// The newest events up to the snapshot's, oldest first; as many as are at hand, perhaps none.
    pub recent: Vec<Record>,
    /// The server's clock when it rendered.
    pub now_ms: TimeMs,
    /// The project's name: that of its folder.
    pub project: String,
    /// Where this server is reached, as the browser sees it: `http://localhost:3334`.
    pub origin: String,
    /// The server's version.
    pub version: String,
    /// The name of the event log: another one after the project was restored.
    pub log: String,
    /// Who looks, where the server asks for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Who>,
    /// Whether the address names a task that there never was.
    #[serde(default)]
    pub missing: bool,
}

/// Somebody who has logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// What their token is called.
    pub label: String,
    /// Its role, such as `viewer`.
    pub role: String,
    /// Whether they may do anything but look.
    pub acts: bool,
}

impl Boot {
    /// The content of a script element: JSON in which nothing can end the element.
    #[cfg(feature = "ssr")]
    pub fn to_script(&self) -> String {
        // Only strings can contain these characters, and there an escape means the same.
        serde_json::to_string(self).unwrap_or_default().replace('<', "\\u003c").replace('\u{2028}', "\\u2028")
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use std::sync::Arc;

    use engine::view::Message;
    use engine::{Json, ManusId};

    use super::*;

    #[test]
    fn nothing_in_it_ends_the_element() {
        let message = Message {
            id: 1,
            from_manus: ManusId::supervisor(),
            to_manus: ManusId::supervisor(),
            message_type: "NOTE".into(),
            content: Json::text("</script><script>alert(1)</script>"),
            timestamp_ms: 0,
            processed: false,
            reply_to: None,
            thread_id: None,
            requires_ack: false,
        };
        let snapshot = Snapshot { messages: vec![Arc::new(message)], ..Snapshot::default() };
        let boot = Boot { snapshot, project: "a < b".into(), ..Boot::default() };
        let script = boot.to_script();
        assert!(!script.contains('<'), "{script}");
        assert_eq!(serde_json::from_str::<Boot>(&script).unwrap(), boot);
    }
}

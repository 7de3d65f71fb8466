//! The rooms, and how one gets there.

/// The rooms of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// `/`
    Overview,
    /// `/tasks`
    Tasks,
    /// `/agents`
    Agents,
    /// `/messages`
    Messages,
    /// `/files`
    Files,
    /// `/timeline`
    Timeline,
    /// `/insights`
    Insights,
    /// `/activity`
    Activity,
    /// `/connect`
    Connect,
    /// `/settings`
    Settings,
}

/// Path, name, icon, and the key that leads there after `g`.
type Facts = (&'static str, &'static str, &'static str, &'static str);

impl Room {
    /// Every room, in the order of the rail.
    pub const ALL: [Self; 10] = [
        Self::Overview,
        Self::Tasks,
        Self::Agents,
        Self::Messages,
        Self::Files,
        Self::Timeline,
        Self::Insights,
        Self::Activity,
        Self::Connect,
        Self::Settings,
    ];

    const fn facts(self) -> Facts {
        match self {
            Self::Overview => ("/", "Overview", "home", "o"),
            Self::Tasks => ("/tasks", "Tasks", "list", "t"),
            Self::Agents => ("/agents", "Agents", "bot", "a"),
            Self::Messages => ("/messages", "Messages", "message", "m"),
            Self::Files => ("/files", "Files", "folder", "f"),
            Self::Timeline => ("/timeline", "Timeline", "gantt", "l"),
            Self::Insights => ("/insights", "Insights", "chart", "i"),
            Self::Activity => ("/activity", "Activity", "activity", "y"),
            Self::Connect => ("/connect", "Connect", "plug", "c"),
            Self::Settings => ("/settings", "Settings", "settings", "s"),
        }
    }

    /// Its address.
    pub const fn path(self) -> &'static str {
        self.facts().0
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        self.facts().1
    }

    /// Its icon's name.
    pub const fn icon(self) -> &'static str {
        self.facts().2
    }

    /// The key that leads there after `g`.
    pub const fn key(self) -> &'static str {
        self.facts().3
    }
}

//! The small closed vocabularies of the domain, in the seed's spelling on the wire.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{BadId, ManusId, ROLE_PREFIX, shortened};

/// An enum of fixed words: written in one spelling, read in any case, refused with the list of what is allowed.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident: $what:literal { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The spelling on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::ALL.iter().copied().find(|value| value.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| {
                    let allowed: Vec<_> = Self::ALL.iter().map(|value| value.as_str()).collect();
                    BadId(format!("{:?} is not a {}: use one of {}", shortened(text), $what, allowed.join(", ")))
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

/// Reads a `words!` enum from its text alone.
macro_rules! read_from_text {
    ($name:ident) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

words! {
    /// What an agent is for.
    Role: "role" {
        /// Rapid development and quick iterations.
        SpeedDeveloper = "SPEED_DEVELOPER",
        /// Code quality, tests, optimisation; the first choice as reviewer.
        QualityEnhancer = "QUALITY_ENHANCER",
        /// AI-specific work and integrations.
        AiSpecialist = "AI_SPECIALIST",
        /// Coordination and planning.
        Coordinator = "COORDINATOR",
    }
}
read_from_text!(Role);

words! {
    /// How an agent stands at the moment.
    InstanceStatus: "status" {
        /// At work.
        Active = "ACTIVE",
        /// Alive, with nothing in progress.
        Idle = "IDLE",
        /// Said goodbye.
        Inactive = "INACTIVE",
        /// Silent for longer than the timeout. Any call brings it back.
        Lost = "LOST",
    }
}
read_from_text!(InstanceStatus);

words! {
    /// How far a task is.
    TaskStatus: "status" {
        /// Waits to be started.
        Pending = "PENDING",
        /// Somebody works on it.
        InProgress = "IN_PROGRESS",
        /// Done.
        Completed = "COMPLETED",
        /// Cannot go on: open dependencies, or a reason given by hand.
        Blocked = "BLOCKED",
        /// Done, if the reviewer agrees.
        NeedsReview = "NEEDS_REVIEW",
        /// Will not be done.
        Cancelled = "CANCELLED",
    }
}
read_from_text!(TaskStatus);

impl TaskStatus {
    /// True when nothing more will happen to such a task.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }
}

words! {
    /// How urgent a task is. The order of the values is the order of urgency: the smallest goes first.
    Priority: "priority" {
        /// Must be completed at once.
        Critical = "CRITICAL",
        /// Needs prompt attention.
        High = "HIGH",
        /// The usual.
        Medium = "MEDIUM",
        /// Can be deferred.
        Low = "LOW",
    }
}

impl Priority {
    /// The seed's number: 1 (critical) to 4 (low).
    pub const fn number(self) -> u8 {
        match self {
            Self::Critical => 1,
            Self::High => 2,
            Self::Medium => 3,
            Self::Low => 4,
        }
    }

    /// From the seed's number; `None` outside 1 to 4.
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Critical),
            2 => Some(Self::High),
            3 => Some(Self::Medium),
            4 => Some(Self::Low),
            _ => None,
        }
    }
}

/// A priority is read from its word in any case, or from the seed's number.
impl<'de> Deserialize<'de> for Priority {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordOrNumber;

        impl Visitor<'_> for WordOrNumber {
            type Value = Priority;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a priority: CRITICAL, HIGH, MEDIUM, LOW, or 1 to 4")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Priority, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Priority, E> {
                Priority::from_number(number).ok_or_else(|| {
                    E::custom(format!("{number} is not a priority: use 1 (CRITICAL) to 4 (LOW)"))
                })
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Priority, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }
        }

        deserializer.deserialize_any(WordOrNumber)
    }
}

/// Lower case, unlike the enums that come from the seed: this word is the design's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum LockMode {
    /// Nobody else may hold a pattern that meets this one.
    #[default]
    Exclusive,
    /// Others may hold it too, as long as everybody shares.
    Shared,
}

impl LockMode {
    /// The spelling on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exclusive => "exclusive",
            Self::Shared => "shared",
        }
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for LockMode {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        [Self::Exclusive, Self::Shared]
            .into_iter()
            .find(|mode| mode.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| BadId(format!("{:?} is not a mode: use exclusive or shared", shortened(text))))
    }
}

impl Serialize for LockMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
read_from_text!(LockMode);

/// Completion in per cent: a whole number from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Progress(u8);

impl Progress {
    /// Nothing done yet.
    pub const NONE: Self = Self(0);
    /// All done.
    pub const FULL: Self = Self(100);

    /// Checks and wraps; fails outside 0 to 100.
    pub fn new(percent: i64) -> Result<Self, BadId> {
        match u8::try_from(percent) {
            Ok(percent @ 0..=100) => Ok(Self(percent)),
            _ => Err(BadId(format!("progress {percent} is out of range: use a whole number from 0 to 100"))),
        }
    }

    /// The per cent.
    pub const fn percent(self) -> u8 {
        self.0
    }
}

impl Serialize for Progress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0)
    }
}

impl<'de> Deserialize<'de> for Progress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// To whom a message goes: one agent, everybody of a role (`role:QUALITY_ENHANCER`), or all (`*`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// One agent, or the supervisor.
    One(ManusId),
    /// Each agent that has this role and is not gone.
    Role(Role),
    /// Each agent that is not gone.
    All,
}

impl std::str::FromStr for Recipient {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        match text.strip_prefix(ROLE_PREFIX) {
            _ if text == "*" => Ok(Self::All),
            Some(role) => role.parse().map(Self::Role),
            None => ManusId::new(text).map(Self::One),
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(manus) => write!(f, "{manus}"),
            Self::Role(role) => write!(f, "{ROLE_PREFIX}{role}"),
            Self::All => f.write_str("*"),
        }
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
read_from_text!(Recipient);

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: for<'de> Deserialize<'de> + fmt::Debug>(json: &str) -> Result<T, String> {
        serde_json::from_str(json).map_err(|e| e.to_string())
    }

    #[test]
    fn words_are_read_in_any_case_and_written_in_one() {
        assert_eq!(read::<Role>(r#""coordinator""#), Ok(Role::Coordinator));
        assert_eq!(serde_json::to_string(&TaskStatus::InProgress).unwrap(), r#""IN_PROGRESS""#);
        let error = read::<Role>(r#""chief""#).unwrap_err();
        assert!(error.contains("SPEED_DEVELOPER, QUALITY_ENHANCER"), "{error}");
    }

    #[test]
    fn priorities_take_words_and_numbers() {
        for (given, meant) in
            [("1", Priority::Critical), (r#""low""#, Priority::Low), (r#""HIGH""#, Priority::High)]
        {
            assert_eq!(read::<Priority>(given), Ok(meant));
        }
        for bad in ["0", "5", "-1", "1.5", r#""urgent""#, "null", "18446744073709551615"] {
            assert!(read::<Priority>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn progress_is_a_percentage() {
        assert_eq!(read::<Progress>("100"), Ok(Progress::FULL));
        for bad in ["101", "-1", "50.5", r#""50""#, "9223372036854775807"] {
            assert!(read::<Progress>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn recipients() {
        assert_eq!("*".parse(), Ok(Recipient::All));
        assert_eq!("role:quality_enhancer".parse(), Ok(Recipient::Role(Role::QualityEnhancer)));
        assert!("role:nobody".parse::<Recipient>().is_err());
        assert!("".parse::<Recipient>().is_err());
    }
}

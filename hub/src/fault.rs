//! Places at which something can be made to go wrong, by name. Only builds for tests have them (feature `faults`); in all others
//! there is nothing there.
//!
//! What goes wrong is said by the environment, `MANUS_SYNC_FAULTS="commit.before=error*3,answers.before=abort+7"` (three times; the
//! eighth time that somebody comes by), or by [`arm`].

/// Where, in the order in which a program comes by.
#[cfg(feature = "faults")]
pub const POINTS: &[&str] = &[
    "migration.before",
    "migration.after",
    "load.before",
    "load.after",
    "decision.after",
    "commit.before",
    "commit.after",
    "publication.before",
    "answers.before",
    "feed.read",
    "backup.copied",
    "backup.examined",
    "import.kept",
    "import.written",
    "import.reported",
    "import.placed",
];

#[cfg(feature = "faults")]
pub use armed::{Kind, arm, spent};
#[cfg(feature = "faults")]
pub(crate) use armed::{at, io_at};

#[cfg(feature = "faults")]
mod armed {
    use std::collections::BTreeMap;
    use std::io;
    use std::sync::{LazyLock, Mutex, PoisonError};

    use crate::store::StoreError;

    /// What happens there.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Kind {
        /// The step fails.
        Error,
        /// The code breaks.
        Panic,
        /// The process is gone.
        Abort,
    }

    /// What is to happen at a point.
    struct Armed {
        kind: Kind,
        /// How often nothing happens before.
        spared: u32,
        /// How often it happens then.
        times: u32,
    }

    static ARMED: LazyLock<Mutex<BTreeMap<String, Armed>>> = LazyLock::new(|| {
        Mutex::new(from_environment(&std::env::var("MANUS_SYNC_FAULTS").unwrap_or_default()))
    });

    fn from_environment(text: &str) -> BTreeMap<String, Armed> {
        let one = |text: &str| {
            let (point, what) = text.split_once('=')?;
            let (what, spared) = what.split_once('+').unwrap_or((what, "0"));
            let (kind, times) = what.split_once('*').unwrap_or((what, "1"));
            let kind = match kind {
                "error" => Kind::Error,
                "panic" => Kind::Panic,
                "abort" => Kind::Abort,
                _ => return None,
            };
            Some((point.to_owned(), Armed { kind, spared: spared.parse().ok()?, times: times.parse().ok()? }))
        };
        text.split(',').filter_map(one).collect()
    }

    /// From now on this happens at that point, so many times.
    pub fn arm(point: &str, kind: Kind, times: u32) {
        let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
        armed.insert(point.to_owned(), Armed { kind, spared: 0, times });
    }

    /// Whether everything that was asked for has happened.
    pub fn spent() -> bool {
        ARMED.lock().unwrap_or_else(PoisonError::into_inner).values().all(|armed| armed.times == 0)
    }

    /// Fails where that was asked for.
    #[allow(clippy::panic)]
    pub(crate) fn at(point: &'static str) -> Result<(), StoreError> {
        let kind = {
            let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
            match armed.get_mut(point) {
                Some(armed) if armed.spared > 0 => {
                    armed.spared -= 1;
                    return Ok(());
                }
                Some(armed) if armed.times > 0 => {
                    armed.times -= 1;
                    armed.kind
                }
                _ => return Ok(()),
            }
        };
        match kind {
            Kind::Error => Err(StoreError::plain(format!("a fault was asked for at {point}"))),
            Kind::Panic => panic!("a fault was asked for at {point}"),
            Kind::Abort => std::process::abort(),
        }
    }

    /// The same where files are handled.
    pub(crate) fn io_at(point: &'static str) -> io::Result<()> {
        at(point).map_err(io::Error::other)
    }
}

/// Nothing goes wrong here on purpose.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub(crate) fn at(_point: &'static str) -> Result<(), crate::store::StoreError> {
    Ok(())
}

/// Nothing goes wrong here on purpose.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub(crate) fn io_at(_point: &'static str) -> std::io::Result<()> {
    Ok(())
}

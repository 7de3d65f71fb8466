//! What has become of a task since it was created.

use crate::ids::{LockKey, ManusId, TimeMs};
use crate::json::Json;
use crate::pattern::FilePattern;
use crate::sorted::SortedSet;
use crate::view::TaskError;

/// What has become of a task since it was created.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Happened {
    /// Why it is held back by hand, or failed for good.
    pub(crate) held: Option<String>,
    pub(crate) failures: u32,
    pub(crate) errors: Vec<TaskError>,
    pub(crate) retry_at_ms: Option<TimeMs>,
    pub(crate) progressed_at_ms: Option<TimeMs>,
    pub(crate) stall_level: u8,
    pub(crate) reviewer: Option<ManusId>,
    pub(crate) result: Option<Json>,
    pub(crate) note: Option<String>,
    /// Who gave it back last, or had it taken away since nothing moved; until somebody starts it.
    pub(crate) returned_by: Option<ManusId>,
    pub(crate) started_at_ms: Option<TimeMs>,
    /// The locks in the way of a ready task that nobody has, as of when it was last looked at.
    pub(crate) parked_on: Vec<LockKey>,
    /// The patterns that its start took and its end gives back.
    pub(crate) took: SortedSet<FilePattern>,
}

/// In the browser it lies in the task itself: what keeps it apart would be program that every visitor loads for nothing.
#[cfg(target_family = "wasm")]
pub(crate) type Course = Happened;

#[cfg(target_family = "wasm")]
impl Happened {
    pub(crate) fn settle(&mut self) {}
}

#[cfg(not(target_family = "wasm"))]
pub(crate) use apart::Course;

#[cfg(not(target_family = "wasm"))]
mod apart {
    use std::ops::{Deref, DerefMut};

    use super::Happened;
    use crate::sorted::SortedSet;

    static NOTHING: Happened = Happened {
        held: None,
        failures: 0,
        errors: Vec::new(),
        retry_at_ms: None,
        progressed_at_ms: None,
        stall_level: 0,
        reviewer: None,
        result: None,
        note: None,
        returned_by: None,
        started_at_ms: None,
        parked_on: Vec::new(),
        took: SortedSet::new(),
    };

    /// What has become of a task. Of most, nothing yet: they wait, by the hundred thousand, and this takes up a word in each.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Course(pub(super) Option<Box<Happened>>);

    impl Course {
        /// Gives back the room of what has come to nothing.
        pub(crate) fn settle(&mut self) {
            if self.0.as_deref() == Some(&NOTHING) {
                self.0 = None;
            }
        }
    }

    impl From<Happened> for Course {
        fn from(happened: Happened) -> Self {
            let mut course = Self(Some(Box::new(happened)));
            course.settle();
            course
        }
    }

    impl Deref for Course {
        type Target = Happened;

        fn deref(&self) -> &Happened {
            self.0.as_deref().unwrap_or(&NOTHING)
        }
    }

    impl DerefMut for Course {
        fn deref_mut(&mut self) -> &mut Happened {
            self.0.get_or_insert_default()
        }
    }

    impl PartialEq for Course {
        fn eq(&self, other: &Self) -> bool {
            **self == **other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_come_to_nothing_takes_up_no_room() {
        let half_done = Happened { note: Some("half done".to_owned()), ..Happened::default() };
        let mut course = Course::from(half_done);
        assert_ne!(course, Course::default());
        course.settle();
        assert_eq!(course.note.as_deref(), Some("half done"));
        course.note = None;
        assert_eq!(course, Course::default());
        course.settle();
        assert!(course.0.is_none());
        assert!(Course::from(Happened::default()).0.is_none());
    }
}

//! Why a command was not carried out. A refusal changes nothing, says what stands in the way, and what to do next.

use serde::Serialize;

use crate::ids::{ManusId, MessageId, RequestId, TaskId, TimeMs};
use crate::values::{InstanceStatus, Progress, Recipient, TaskStatus};
use crate::view::FileLock;

mod words;

use self::words::{blocked, closed, listed, locked, nobody, not_yours, over, round};

/// A refusal as data: the fields are the `detail` on the wire, the text the `message`.
#[derive(Debug, Clone, PartialEq, Serialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Refusal {
    /// An argument that is well-formed but makes no sense.
    #[error("{reason}")]
    InvalidArgument {
        /// Which argument.
        argument: &'static str,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// No agent of this name.
    #[error("{}", nobody(manus_id))]
    ManusNotFound {
        /// The name.
        manus_id: ManusId,
    },
    /// The agent said goodbye.
    #[error("{manus_id} said goodbye; call register_manus to come back")]
    ManusInactive {
        /// Which.
        manus_id: ManusId,
    },
    /// The agent is not there to be given work.
    #[error("{manus_id} is {status} and cannot take a task now; choose an agent that is ACTIVE or IDLE")]
    ManusUnavailable {
        /// Which.
        manus_id: ManusId,
        /// How it stands.
        status: InstanceStatus,
    },
    /// Somebody alive has this name.
    #[error(
        "{manus_id} is taken by an agent that was alive {silent_ms} ms ago; choose another name, or pass takeover: true if \
         you are its successor"
    )]
    ManusIdTaken {
        /// The name.
        manus_id: ManusId,
        /// How long ago its holder gave a sign of life.
        silent_ms: TimeMs,
    },
    /// No task of this id.
    #[error("there is no task {task_id}; list_tasks shows the ids")]
    TaskNotFound {
        /// The id.
        task_id: TaskId,
    },
    /// Somebody else's task, or nobody's.
    #[error("{}", not_yours(task_id, assigned_to.as_ref(), manus_id))]
    TaskNotAssignedToYou {
        /// Which.
        task_id: TaskId,
        /// Who asked.
        manus_id: ManusId,
        /// Whose it is.
        assigned_to: Option<ManusId>,
    },
    /// It is in progress.
    #[error(
        "{task_id} was already started by {started_by}; report progress with update_task_progress, or take another task"
    )]
    TaskAlreadyStarted {
        /// Which.
        task_id: TaskId,
        /// By whom.
        started_by: ManusId,
    },
    /// It was never started.
    #[error("{task_id} is {status}, not IN_PROGRESS; start_task first")]
    TaskNotStarted {
        /// Which.
        task_id: TaskId,
        /// How it stands.
        status: TaskStatus,
    },
    /// It cannot go on yet.
    #[error("{}", blocked(task_id, waiting_for, blocked_reason.as_deref(), *held))]
    TaskBlocked {
        /// Which.
        task_id: TaskId,
        /// The dependencies that are not completed.
        waiting_for: Vec<TaskId>,
        /// Why, in a sentence.
        blocked_reason: Option<String>,
        /// Whether it is held back by hand or failed for good, so that unblock_task lets it go on.
        held: bool,
    },
    /// Whoever speaks of an attempt lost the task since, or began it anew.
    #[error("{}", over(task_id, *attempt, *attempts, *status, assigned_to.as_ref()))]
    AttemptOver {
        /// Which.
        task_id: TaskId,
        /// The attempt spoken of.
        attempt: u32,
        /// How often the task was started: the number of the newest attempt.
        attempts: u32,
        /// How it stands.
        status: TaskStatus,
        /// Whose it is now.
        assigned_to: Option<ManusId>,
    },
    /// It is completed or cancelled.
    #[error("{}", closed(task_id, *status))]
    TaskClosed {
        /// Which.
        task_id: TaskId,
        /// How it ended.
        status: TaskStatus,
    },
    /// The agent works on as many tasks as it may.
    #[error(
        "{manus_id} already works on {} of {max_parallel} tasks ({}); complete or release one first, or register with a \
         larger max_parallel", running.len(), listed(running)
    )]
    AtCapacity {
        /// Who.
        manus_id: ManusId,
        /// How many at a time.
        max_parallel: u32,
        /// What it works on.
        running: Vec<TaskId>,
    },
    /// Progress is reported once and then only grows.
    #[error("{task_id} is at {current}% and progress does not go back; report {current} or more, or release the task", current = current.percent())]
    ProgressWouldGoBack {
        /// Which.
        task_id: TaskId,
        /// What was reported before.
        current: Progress,
        /// What was reported now.
        reported: Progress,
    },
    /// A file is held by somebody else.
    #[error("{}", locked(manus_id, conflicts, *at_ms))]
    FileLocked {
        /// Who asked.
        manus_id: ManusId,
        /// The locks in the way, at most 100 of them.
        conflicts: Vec<FileLock>,
        /// When this was decided.
        at_ms: TimeMs,
    },
    /// Agents would wait for each other for ever.
    #[error(
        "waiting would never end, since these agents wait for each other: {}; release what you hold, or claim without wait_secs",
        cycle.iter().map(ManusId::as_str).collect::<Vec<_>>().join(" -> ")
    )]
    WouldDeadlock {
        /// The way round, ending where it began.
        cycle: Vec<ManusId>,
    },
    /// It is up for review, and nothing else can be done with it meanwhile.
    #[error(
        "{task_id} is NEEDS_REVIEW; review_task decides about it: approve it, or request_changes to go on with it"
    )]
    TaskInReview {
        /// Which.
        task_id: TaskId,
        /// Who was asked to review it.
        reviewer: Option<ManusId>,
    },
    /// It is not up for review.
    #[error("{task_id} is {status}, not NEEDS_REVIEW; complete_task with needs_review: true asks for one")]
    NotInReview {
        /// Which.
        task_id: TaskId,
        /// How it stands.
        status: TaskStatus,
    },
    /// Somebody else was asked to review it, or one would review one's own work.
    #[error("{manus_id} cannot review {task_id}: {}", match reviewer {
        Some(reviewer) => format!("{reviewer} was chosen as its reviewer; leave the verdict to {reviewer}"),
        None => "nobody reviews their own work; somebody else has to".to_owned(),
    })]
    NotYourReview {
        /// Which.
        task_id: TaskId,
        /// Who asked.
        manus_id: ManusId,
        /// Whose it is.
        reviewer: Option<ManusId>,
    },
    /// Nobody holds it back.
    #[error("{task_id} is {status} and nothing holds it back by hand{}; block_task does that", match waiting_for.as_slice() {
        [] => String::new(),
        open => format!(", it waits for {}", listed(open)),
    })]
    TaskNotHeld {
        /// Which.
        task_id: TaskId,
        /// How it stands.
        status: TaskStatus,
        /// The dependencies that are not completed.
        waiting_for: Vec<TaskId>,
    },
    /// What a started task waits for and changes is settled.
    #[error(
        "{task_id} is {status}; its {argument} can only be changed before it is started: release the task first"
    )]
    TaskUnderWay {
        /// Which.
        task_id: TaskId,
        /// How it stands.
        status: TaskStatus,
        /// What was to be changed.
        argument: &'static str,
    },
    /// Tasks would wait for each other for ever.
    #[error("these tasks would wait for each other: {}; leave out one of the dependencies", round(cycle))]
    DependencyCycle {
        /// The way round, ending where it began.
        cycle: Vec<String>,
    },
    /// No message of this number in sight.
    #[error(
        "there is no message {message_id} to reply to; leave out reply_to, or look up the number with list_messages"
    )]
    MessageNotFound {
        /// The number.
        message_id: MessageId,
    },
    /// A message to many that nobody would get.
    #[error("nobody would get a message to {to_manus}; list_manus shows who is here")]
    NoRecipient {
        /// To whom it was addressed.
        to_manus: Recipient,
    },
    /// The same request id with other arguments.
    #[error(
        "request_id {request_id} was used before with other arguments; repeat a call with exactly the same arguments, or \
         choose a new request_id for a new call"
    )]
    RequestIdReused {
        /// The id.
        request_id: RequestId,
    },
}

/// The kinds of refusals and their words, in one list.
macro_rules! kinds {
    ($($variant:ident = $code:literal,)+) => {
        /// A refusal without its particulars.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RefusalKind { $(#[doc = $code] $variant,)+ }

        impl RefusalKind {
            /// Every kind, in the order of [`Refusal`]'s declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable name on the wire.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }

        impl Refusal {
            /// What kind of refusal it is.
            pub const fn kind(&self) -> RefusalKind {
                match self { $(Self::$variant { .. } => RefusalKind::$variant,)+ }
            }

            /// The stable name on the wire.
            pub const fn code(&self) -> &'static str {
                self.kind().code()
            }
        }
    };
}

kinds! {
    InvalidArgument = "invalid_argument",
    ManusNotFound = "manus_not_found",
    ManusInactive = "manus_inactive",
    ManusUnavailable = "manus_unavailable",
    ManusIdTaken = "manus_id_taken",
    TaskNotFound = "task_not_found",
    TaskNotAssignedToYou = "task_not_assigned_to_you",
    TaskAlreadyStarted = "task_already_started",
    TaskNotStarted = "task_not_started",
    TaskBlocked = "task_blocked",
    AttemptOver = "attempt_over",
    TaskClosed = "task_closed",
    AtCapacity = "at_capacity",
    ProgressWouldGoBack = "progress_would_go_back",
    FileLocked = "file_locked",
    WouldDeadlock = "would_deadlock",
    TaskInReview = "task_in_review",
    NotInReview = "not_in_review",
    NotYourReview = "not_your_review",
    TaskNotHeld = "task_not_held",
    TaskUnderWay = "task_under_way",
    DependencyCycle = "dependency_cycle",
    MessageNotFound = "message_not_found",
    NoRecipient = "no_recipient",
    RequestIdReused = "request_id_reused",
}

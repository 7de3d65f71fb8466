//! What callers see: the shapes of agents, tasks, locks and messages on the wire, in the tables and in the browser.
//!
//! A [`Snapshot`] is made of these alone, and a [`State`](crate::State) can be rebuilt from one. So there is a single set of
//! shapes from the disk to the screen. Fields that are marked optional are left out of JSON objects only where the receiver
//! treats "absent" as `null`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::capability::Capability;
use crate::ids::{LockKey, ManusId, MessageId, Seq, TaskId, TimeMs, WaitId};
use crate::json::Json;
use crate::pattern::FilePattern;
use crate::state::Settings;
use crate::state::metrics::Bucket;
use crate::values::{InstanceStatus, LockMode, Priority, Progress, Role, TaskStatus};

/// What an agent has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ManusStats {
    /// Tasks completed.
    pub completed: u32,
    /// Of these, how many within the estimate.
    pub on_time: u32,
    /// Attempts that failed.
    pub failed: u32,
    /// Reviews that asked for changes.
    pub sent_back: u32,
    /// Estimated time of the completed tasks, in minutes.
    pub estimated_minutes: u64,
    /// Time it really took, in milliseconds.
    pub actual_ms: u64,
    /// Learned speed: estimated over actual time, in thousandths, the newest results weighing most. 1000 is as estimated.
    pub speed_permille: u32,
}

impl Default for ManusStats {
    fn default() -> Self {
        Self {
            completed: 0,
            on_time: 0,
            failed: 0,
            sent_back: 0,
            estimated_minutes: 0,
            actual_ms: 0,
            speed_permille: 1000,
        }
    }
}

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TaskError {
    /// When.
    pub at_ms: TimeMs,
    /// Whose attempt it was.
    pub manus_id: ManusId,
    /// What went wrong, in the agent's words.
    pub message: String,
}

/// An agent as others see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ManusInstance {
    /// Its self-chosen name.
    pub id: ManusId,
    /// What it is for.
    pub role: Role,
    /// What it can do, as it said.
    pub capabilities: Vec<Capability>,
    /// Working, idle, gone or lost.
    pub status: InstanceStatus,
    /// The task it started last and still works on.
    pub current_task: Option<TaskId>,
    /// How far the current task is; without one, what the agent last said of itself.
    pub progress: Progress,
    /// The patterns it holds, in order of spelling.
    pub files_claimed: Vec<FilePattern>,
    /// When it last gave a sign of life.
    pub last_heartbeat_ms: TimeMs,
    /// 100 at the start; moves with results.
    pub performance_score: f64,
    /// How many tasks it works on at a time.
    pub max_parallel: u32,
    /// The program that runs it, such as `claude-code`.
    pub program: Option<String>,
    /// The model behind it.
    pub model: Option<String>,
    /// When it first registered.
    pub registered_at_ms: TimeMs,
    /// True while it finishes what it has and gets nothing new.
    pub draining: bool,
    /// What it has done so far.
    pub stats: ManusStats,
}

/// A task as others see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncTask {
    /// `T1`, `T2`, …
    pub id: TaskId,
    /// What is to be done, in one line.
    pub title: String,
    /// What is to be done, at length.
    pub description: String,
    /// Who does it, or has it in the queue.
    pub assigned_to: Option<ManusId>,
    /// How urgent.
    pub priority: Priority,
    /// How far.
    pub status: TaskStatus,
    /// What must be completed first, as given at creation.
    pub dependencies: Vec<TaskId>,
    /// Those of the dependencies that are not completed.
    pub waiting_for: Vec<TaskId>,
    /// Why a blocked task is blocked, in a sentence; why a cancelled one was cancelled.
    pub blocked_reason: Option<String>,
    /// How long it should take, in minutes.
    pub estimated_duration: u32,
    /// How far, in per cent.
    pub progress: Progress,
    /// The files it changes; starting it claims them.
    pub files_involved: Vec<FilePattern>,
    /// What an agent must be able to do to get it.
    pub required_capabilities: Vec<Capability>,
    /// How often it was started.
    pub attempts: u32,
    /// What came of it, as given at completion.
    pub result: Option<Json>,
    /// True when its agent was chosen by hand: the rules do not move it.
    pub pinned: bool,
    /// Who reviews it.
    pub reviewer: Option<ManusId>,
    /// True while it is in progress and nothing moves.
    pub stalled: bool,
    /// How often that was raised: 1 with its agent, 2 with the person, 3 it was taken away.
    pub stall_level: u8,
    /// Why somebody holds it back, or why it failed for good.
    pub held_reason: Option<String>,
    /// Failed attempts since it was last let go on.
    pub failures: u32,
    /// The newest failed attempts, oldest first, at most 10.
    pub errors: Vec<TaskError>,
    /// When it may be tried again after a failure.
    pub retry_at_ms: Option<TimeMs>,
    /// When progress was last reported in this attempt.
    pub progressed_at_ms: Option<TimeMs>,
    /// When it was created.
    pub created_at_ms: TimeMs,
    /// When the running or last attempt began.
    pub started_at_ms: Option<TimeMs>,
    /// When it was completed or cancelled.
    pub completed_at_ms: Option<TimeMs>,
    /// Who should do it, as planned. The agent gets it when it can begin it, if somebody else has it in the queue until then.
    pub planned_for: Option<ManusId>,
    /// Who gave it back last, or had it taken away since nothing moved; until somebody starts it. It is planned for somebody else
    /// as long as anybody else can do it.
    // The page does not show it, and what reads it there would be program that every visitor loads for nothing.
    #[cfg_attr(target_family = "wasm", serde(skip))]
    pub returned_by: Option<ManusId>,
    /// When it should start, as planned.
    pub expected_start_ms: Option<TimeMs>,
    /// When it should be done, as planned.
    pub expected_finish_ms: Option<TimeMs>,
    /// The last thing said about it with a progress report or on giving it back.
    pub note: Option<String>,
    /// When anything about it changed last.
    pub updated_at_ms: TimeMs,
}

/// A granted claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileLock {
    /// The pattern claimed.
    pub file_path: FilePattern,
    /// Who holds it.
    pub locked_by: ManusId,
    /// When it was granted.
    pub locked_at_ms: TimeMs,
    /// What for, as the holder said.
    pub lock_reason: Option<String>,
    /// Alone or shared.
    pub mode: LockMode,
    /// When it lapses by itself: the end of its time to live, or of the delay after its holder was lost.
    pub expires_at_ms: Option<TimeMs>,
    /// The task whose start took it, and whose end gives it back.
    pub task_id: Option<TaskId>,
    /// Larger than that of every grant before: tells a late writer from the holder.
    pub fencing_token: u64,
}

/// A claim that waits until it can be granted as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClaimWait {
    /// Its number; also the order of coming.
    pub id: WaitId,
    /// Who waits.
    pub manus_id: ManusId,
    /// What for, all or nothing.
    pub files: Vec<FilePattern>,
    /// Alone or shared.
    pub mode: LockMode,
    /// Why, as the agent said.
    pub reason: Option<String>,
    /// How long the locks shall live once granted, in milliseconds.
    pub ttl_ms: Option<TimeMs>,
    /// When the wait began.
    pub since_ms: TimeMs,
    /// When it ends at the latest.
    pub until_ms: TimeMs,
    /// The locks that were in the way when this was last looked at.
    pub behind: Vec<LockKey>,
}

/// A message to one agent; a broadcast is one of these a recipient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// Its number; also the order of sending.
    pub id: MessageId,
    /// Who wrote it: an agent, `system` or `supervisor`.
    pub from_manus: ManusId,
    /// Whose inbox it is in.
    pub to_manus: ManusId,
    /// What kind of message, such as `CODE_REVIEW_REQUEST`.
    pub message_type: String,
    /// Anything.
    pub content: Json,
    /// When it was sent.
    pub timestamp_ms: TimeMs,
    /// True once the recipient has taken it.
    pub processed: bool,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// The first message of its conversation; `None` for a message that began none.
    pub thread_id: Option<MessageId>,
    /// True when the sender wants to know that it was taken.
    pub requires_ack: bool,
}

/// How many tasks were ever closed, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClosedCounts {
    /// Completed.
    pub completed: u64,
    /// Cancelled.
    pub cancelled: u64,
}

/// The numbers handed out next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counters {
    /// Of the next task.
    pub next_task: u64,
    /// Of the next message.
    pub next_message: MessageId,
    /// Of the next grant.
    pub next_fencing_token: u64,
    /// Of the next waiting claim.
    pub next_wait: WaitId,
}

impl Default for Counters {
    fn default() -> Self {
        Self { next_task: 1, next_message: 1, next_fencing_token: 1, next_wait: 1 }
    }
}

/// Everything that is live, as of one position in the event log.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Snapshot {
    /// The last event that this snapshot includes.
    pub seq: Seq,
    /// The time of that event.
    pub at_ms: TimeMs,
    /// The project's settings.
    pub settings: Settings,
    /// The numbers handed out next.
    pub counters: Counters,
    /// How many tasks were ever closed.
    pub closed: ClosedCounts,
    /// All agents, in order of id.
    pub manus: Vec<ManusInstance>,
    /// All open tasks and the newest closed ones, in order of id.
    pub tasks: Vec<Arc<SyncTask>>,
    /// All locks, in order of holder and pattern.
    pub locks: Vec<FileLock>,
    /// All waiting claims, in the order of coming.
    pub waits: Vec<ClaimWait>,
    /// Counts of the last 60 minutes and 60 hours in which something happened.
    pub metrics: Vec<Bucket>,
    /// All unread messages and the newest others, in order of number.
    pub messages: Vec<Arc<Message>>,
}

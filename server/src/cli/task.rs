//! The arguments of `manus-sync task …`.

use std::path::PathBuf;

use app::api::Verdict;
use clap::{Args, Subcommand};
use engine::{Capability, ManusId, Priority, Progress, TaskId, TaskStatus};

use super::client::{AgentArgs, ClientArgs};

pub(super) const EXAMPLES: &str = "Examples:
  manus-sync task add \"Parse dates\" --priority high --files src/date.rs --needs rust
  manus-sync task next --as ada --wait 60
  manus-sync task done T1 --as ada --result \"Done, with tests.\"";

/// What can be done about tasks.
#[derive(Debug, Clone, Subcommand)]
pub enum TaskCommand {
    /// Create a task, or many from a file
    #[command(visible_alias = "create", after_help = ADD)]
    Add(Box<AddArgs>),
    /// Get whatever should be done next: started, and with its files
    #[command(after_help = "Example: manus-sync task next --as ada --wait 60")]
    Next(NextArgs),
    /// Begin a task, and get its files
    #[command(after_help = "Example: manus-sync task start T1 --as ada")]
    Start(OwnTaskArgs),
    /// Say how far a task is
    #[command(after_help = "Example: manus-sync task progress T1 40 --note \"the parser works\" --as ada")]
    Progress(ProgressArgs),
    /// A task is done
    #[command(visible_alias = "complete", after_help = DONE)]
    Done(DoneArgs),
    /// An attempt failed; it is tried again after a pause
    #[command(after_help = "Example: manus-sync task fail T1 --reason \"the tests do not build\" --as ada")]
    Fail(GiveUpArgs),
    /// Give a task back
    #[command(
        after_help = "Example: manus-sync task release T1 --reason \"needs somebody who knows SQL\" --as ada"
    )]
    Release(GiveUpArgs),
    /// Hold a task back for a reason outside
    #[command(after_help = "Example: manus-sync task block T1 --reason \"waits for the customer\"")]
    Block(ReasonArgs),
    /// Let a task go on that was held back or had failed for good
    #[command(after_help = "Example: manus-sync task unblock T1")]
    Unblock(ReasonArgs),
    /// Decide on a task in review
    #[command(after_help = "Examples:
  manus-sync task review T1 approve --as bob
  manus-sync task review T1 request-changes --comment \"one case is missing\" --as bob")]
    Review(ReviewArgs),
    /// A task will not be done
    #[command(after_help = "Example: manus-sync task cancel T1 --reason \"no longer needed\"")]
    Cancel(ReasonArgs),
    /// Decide who does a task
    #[command(after_help = "Example: manus-sync task assign T1 bob")]
    Assign(AssignArgs),
    /// Change what a task is; what is not named stays
    #[command(after_help = "Examples:
  manus-sync task update T1 --priority critical
  manus-sync task update T1 --after \"\"          it waits for nothing any more")]
    Update(UpdateArgs),
    /// List tasks: the open ones, unless told otherwise
    #[command(after_help = "Examples:
  manus-sync task list
  manus-sync task list --mine --as ada
  manus-sync task list --all --text parser --json")]
    List(ListArgs),
    /// Show a task at length
    #[command(after_help = "Example: manus-sync task show T1")]
    Show(OneTaskArgs),
    /// Explain why a task is with its agent and not with another
    #[command(after_help = "Example: manus-sync task why T1")]
    Why(OneTaskArgs),
}

const ADD: &str = "Examples:
  manus-sync task add \"Parse dates\" -d \"Accept ISO 8601.\" --priority high --files src/date.rs --needs rust
  manus-sync task add \"Test it\" --after T1 --estimate 30
  manus-sync task add --from tasks.json        all or none; as in the call create_tasks, - reads stdin";
const DONE: &str = "Examples:
  manus-sync task done T1 --as ada --result \"Done, with tests.\"
  manus-sync task done T1 --as ada --review    somebody looks at it first";

/// A new task.
#[derive(Debug, Clone, Args)]
pub struct AddArgs {
    /// What is to be done, in one line
    #[arg(required_unless_present = "from")]
    pub title: Option<String>,
    /// What is to be done, at length
    #[arg(short, long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub description: String,
    /// How urgent: CRITICAL, HIGH, MEDIUM or LOW, or 1 to 4 [default: MEDIUM]
    #[arg(short, long, value_parser = priority)]
    pub priority: Option<Priority>,
    /// The files it changes; starting it claims them. Several with commas between them
    #[arg(short, long, alias = "files-involved", value_name = "PATHS", value_delimiter = ',')]
    pub files: Vec<String>,
    /// The tasks that must be completed before
    #[arg(
        long,
        visible_alias = "dependencies",
        alias = "depends-on",
        value_name = "TASKS",
        value_delimiter = ','
    )]
    pub after: Vec<TaskId>,
    /// What an agent must be able to do to get it
    #[arg(
        long,
        alias = "required-capabilities",
        alias = "capabilities",
        value_name = "NAMES",
        value_delimiter = ','
    )]
    pub needs: Vec<Capability>,
    /// How long it should take, in minutes [default: 60]
    #[arg(short, long, alias = "estimated-duration", value_name = "MINUTES", allow_negative_numbers = true)]
    pub estimate: Option<i64>,
    /// Read the tasks from a JSON file: a list as in the call create_tasks
    #[arg(long, value_name = "FILE", conflicts_with_all = ["title", "description", "priority", "files", "after", "needs", "estimate"])]
    pub from: Option<PathBuf>,
    /// Which server to ask, and how to show the answer.
    #[command(flatten)]
    pub client: ClientArgs,
}

/// Whatever comes next.
#[derive(Debug, Clone, Args)]
pub struct NextArgs {
    /// How long to wait for one
    #[arg(long, visible_alias = "wait-secs", value_name = "SECS", allow_negative_numbers = true)]
    pub wait: Option<i64>,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// A task of one's own.
#[derive(Debug, Clone, Args)]
pub struct OwnTaskArgs {
    /// Which, such as T1
    pub task: TaskId,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// How far a task is.
#[derive(Debug, Clone, Args)]
pub struct ProgressArgs {
    /// Which, such as T1
    pub task: TaskId,
    /// How far, in per cent
    #[arg(value_name = "PERCENT", value_parser = progress, allow_negative_numbers = true)]
    pub progress: Progress,
    /// A word on it
    #[arg(short, long, value_name = "TEXT")]
    pub note: Option<String>,
    /// In which attempt, as its start said; refused once that one is over
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub attempt: Option<i64>,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// A task that is done.
#[derive(Debug, Clone, Args)]
pub struct DoneArgs {
    /// Which, such as T1
    pub task: TaskId,
    /// What came of it: text, or any JSON
    #[arg(short, long, value_name = "TEXT|JSON")]
    pub result: Option<String>,
    /// Have somebody look at it first
    #[arg(long, visible_alias = "needs-review")]
    pub review: bool,
    /// In which attempt, as its start said; refused once that one is over
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub attempt: Option<i64>,
    /// Who, and which server. Without a name it counts as the assignee.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// A task, and why.
#[derive(Debug, Clone, Args)]
pub struct ReasonArgs {
    /// Which, such as T1
    pub task: TaskId,
    /// Why
    #[arg(short, long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// The end of an attempt, and why.
#[derive(Debug, Clone, Args)]
pub struct GiveUpArgs {
    /// Which task, why, and who.
    #[command(flatten)]
    pub call: ReasonArgs,
    /// In which attempt, as its start said; refused once that one is over
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub attempt: Option<i64>,
}

/// A verdict.
#[derive(Debug, Clone, Args)]
pub struct ReviewArgs {
    /// Which, such as T1
    pub task: TaskId,
    /// approve or request-changes
    #[arg(value_parser = verdict)]
    pub verdict: Verdict,
    /// What to change, or why it is good
    #[arg(short, long, value_name = "TEXT")]
    pub comment: Option<String>,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// A task, and who shall do it.
#[derive(Debug, Clone, Args)]
pub struct AssignArgs {
    /// Which, such as T1
    pub task: TaskId,
    /// Who shall do it
    pub to: ManusId,
    /// Which server to ask, and how to show the answer.
    #[command(flatten)]
    pub client: ClientArgs,
}

/// What a task shall be.
#[derive(Debug, Clone, Args)]
pub struct UpdateArgs {
    /// Which, such as T1
    pub task: TaskId,
    /// In one line
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// At length
    #[arg(short, long, value_name = "TEXT")]
    pub description: Option<String>,
    /// How urgent: CRITICAL, HIGH, MEDIUM or LOW, or 1 to 4
    #[arg(short, long, value_parser = priority)]
    pub priority: Option<Priority>,
    /// The files it changes; an empty text for none
    #[arg(short, long, alias = "files-involved", value_name = "PATHS", value_delimiter = ',')]
    pub files: Option<Vec<String>>,
    /// The tasks that must be completed before; an empty text for none
    #[arg(
        long,
        visible_alias = "dependencies",
        alias = "depends-on",
        value_name = "TASKS",
        value_delimiter = ','
    )]
    pub after: Option<Vec<String>>,
    /// What an agent must be able to do to get it; an empty text for nothing
    #[arg(
        long,
        alias = "required-capabilities",
        alias = "capabilities",
        value_name = "NAMES",
        value_delimiter = ','
    )]
    pub needs: Option<Vec<String>>,
    /// How long it should take, in minutes
    #[arg(short, long, alias = "estimated-duration", value_name = "MINUTES", allow_negative_numbers = true)]
    pub estimate: Option<i64>,
    /// Which server to ask, and how to show the answer.
    #[command(flatten)]
    pub client: ClientArgs,
}

/// Which tasks.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Closed ones, too
    #[arg(short, long)]
    pub all: bool,
    /// Only those of this status or these: PENDING, IN_PROGRESS, COMPLETED, BLOCKED, NEEDS_REVIEW, CANCELLED
    #[arg(short, long, value_delimiter = ',')]
    pub status: Vec<TaskStatus>,
    /// Only those of the agent that you are
    #[arg(long)]
    pub mine: bool,
    /// Only those of this agent
    #[arg(long, value_name = "NAME", conflicts_with = "mine")]
    pub assigned_to: Option<ManusId>,
    /// Only those that are so urgent
    #[arg(short, long, value_parser = priority)]
    pub priority: Option<Priority>,
    /// Only those with this in title or description
    #[arg(short, long)]
    pub text: Option<String>,
    /// At most so many [default: all]
    #[arg(short = 'n', long, value_name = "N")]
    pub limit: Option<usize>,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// One task.
#[derive(Debug, Clone, Args)]
pub struct OneTaskArgs {
    /// Which, such as T1
    pub task: TaskId,
    /// Which server to ask, and how to show the answer.
    #[command(flatten)]
    pub client: ClientArgs,
}

/// Per cent, with or without the sign.
pub(super) fn progress(text: &str) -> Result<Progress, String> {
    let number = text.strip_suffix('%').unwrap_or(text);
    let percent = number.parse().map_err(|_| format!("{text:?} is not a whole number from 0 to 100"))?;
    Progress::new(percent).map_err(|error| error.to_string())
}

/// A word, or the seed's number.
fn priority(text: &str) -> Result<Priority, String> {
    if let Some(priority) = text.parse().ok().and_then(Priority::from_number) {
        return Ok(priority);
    }
    text.parse().map_err(|error: engine::ids::BadId| format!("{error}, or 1 to 4"))
}

fn verdict(text: &str) -> Result<Verdict, String> {
    match text.to_lowercase().replace('_', "-").as_str() {
        "approve" => Ok(Verdict::Approve),
        "request-changes" => Ok(Verdict::RequestChanges),
        _ => Err("use approve or request-changes".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers() {
        assert_eq!((priority("2"), priority("low")), (Ok(Priority::High), Ok(Priority::Low)));
        assert!(priority("5").unwrap_err().ends_with("or 1 to 4"));
        assert_eq!(progress("40%").map(Progress::percent), Ok(40));
        assert!(progress("101").is_err() && progress("half").is_err());
        assert_eq!(verdict("REQUEST_CHANGES"), Ok(Verdict::RequestChanges));
    }
}

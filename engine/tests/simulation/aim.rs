//! Makes blind commands hit: most of them are turned to a task that they can be about, and to the agent that has it.
//!
//! That happens when a script is played, not when it is drawn, so that leaving steps out keeps the rest meaningful.

use engine::planning::{Planner, Sketch};
use engine::{Command, ManusId, State, TaskId, TaskStatus};

/// The command, aimed: `number` chooses among the tasks that it can be about. Plans are made for the project as it is, or as it
/// was `earlier`, or stay as wild as they were drawn.
pub fn aim(state: &State, earlier: &State, command: &Command, number: u64) -> Command {
    let mut command = command.clone();
    if matches!(command, Command::AdoptPlan { .. }) {
        return match number % 3 {
            0 => command,
            1 => planned(earlier, number).unwrap_or(command),
            _ => planned(state, number).unwrap_or(command),
        };
    }
    let status: &[TaskStatus] = match command {
        Command::StartTask { .. } => &[TaskStatus::Pending],
        Command::CompleteTask { .. }
        | Command::UpdateTaskProgress { .. }
        | Command::FailTask { .. }
        | Command::ReleaseTask { .. } => &[TaskStatus::InProgress],
        Command::BlockTask { .. } => &[TaskStatus::InProgress, TaskStatus::Pending],
        Command::ReviewTask { .. } => &[TaskStatus::NeedsReview],
        Command::UnblockTask { .. } => &[TaskStatus::Blocked],
        Command::UpdateTask { .. } | Command::CancelTask { .. } | Command::AssignTask { .. } => {
            TaskStatus::ALL
        }
        _ => &[],
    };
    let fitting: Vec<_> = state.tasks().filter(|task| status.contains(&task.status())).collect();
    if fitting.is_empty() {
        return command;
    }
    let task = fitting[(number % fitting.len() as u64) as usize];
    turn_to(&mut command, &task.spec().id, task.assigned_to(), task.view(state).reviewer.as_ref());
    command
}

/// What the planner makes of a project within a few steps of search.
fn planned(state: &State, seed: u64) -> Option<Command> {
    let mut steps = 5;
    let mut keep_going = || {
        steps -= 1;
        steps > 0
    };
    Planner::default().plan(Sketch::of(state, state.at_ms(), 40), seed, &mut keep_going).adoption()
}

fn turn_to(command: &mut Command, task: &TaskId, assignee: Option<&ManusId>, reviewer: Option<&ManusId>) {
    match command {
        Command::StartTask { manus_id, task_id }
        | Command::UpdateTaskProgress { manus_id, task_id, .. }
        | Command::FailTask { manus_id, task_id, .. }
        | Command::BlockTask { manus_id, task_id, .. }
        | Command::ReleaseTask { manus_id, task_id, .. } => {
            *task_id = task.clone();
            manus_id.clone_from(assignee.unwrap_or(&manus_id.clone()));
        }
        Command::ReviewTask { manus_id, task_id, .. } => {
            *task_id = task.clone();
            manus_id.clone_from(reviewer.unwrap_or(&manus_id.clone()));
        }
        Command::CompleteTask { manus_id, task_id, .. } => {
            *task_id = task.clone();
            *manus_id = manus_id.as_ref().and(assignee).cloned();
        }
        Command::UnblockTask { task_id, .. }
        | Command::UpdateTask { task_id, .. }
        | Command::CancelTask { task_id, .. }
        | Command::AssignTask { task_id, .. } => *task_id = task.clone(),
        _ => {}
    }
}

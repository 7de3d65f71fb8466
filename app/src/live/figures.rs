//! The numbers at the top of the overview.

use engine::sorted::SortedSet;
use engine::{InstanceStatus, ManusId, State, TaskStatus};

/// Everything counted at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Agents at work.
    pub working: usize,
    /// Agents that are there with nothing in progress.
    pub idle: usize,
    /// Agents that are silent.
    pub lost: usize,
    /// Tasks in memory by status, in the order of [`TaskStatus::ALL`]; all of the open ones.
    pub by_status: [usize; TaskStatus::ALL.len()],
    /// Tasks ever completed.
    pub completed: u64,
    /// Tasks ever cancelled.
    pub cancelled: u64,
    /// Locks.
    pub locks: usize,
    /// Agents that hold any.
    pub holders: usize,
    /// Estimated minutes of what is still to be done of all open tasks.
    pub minutes_left: u64,
    /// In how many minutes everything that is planned should be done, counted from the last event; only while that is most of what
    /// is open.
    pub finish_minutes: Option<u64>,
    /// Unread messages, of everybody.
    pub unread: usize,
}

impl Figures {
    /// Whether there has ever been a task.
    pub fn any_task(&self) -> bool {
        self.open() > 0 || self.completed + self.cancelled > 0
    }

    /// Counts.
    pub fn of(state: &State) -> Self {
        let closed = state.closed_counts();
        let mut figures = Self {
            completed: closed.completed,
            cancelled: closed.cancelled,
            locks: state.locks().len(),
            unread: state.inbox().iter().filter(|message| !message.processed).count(),
            ..Self::default()
        };
        for agent in state.agents() {
            match agent.status() {
                InstanceStatus::Active => figures.working += 1,
                InstanceStatus::Idle => figures.idle += 1,
                InstanceStatus::Lost => figures.lost += 1,
                InstanceStatus::Inactive => {}
            }
        }
        let (mut hundredths, mut finish_ms, mut planned) = (0, None, 0);
        for task in state.tasks() {
            figures.by_status[task.status() as usize] += 1;
            if !task.status().is_closed() {
                let open = 100 - u64::from(task.progress().percent());
                hundredths += u64::from(task.spec().estimated_duration) * open;
                if let Some((_, _, task_ms)) = task.planned_for() {
                    finish_ms = finish_ms.max(Some(task_ms));
                    planned += 1;
                }
            }
        }
        figures.minutes_left = hundredths.div_ceil(100);
        let left_ms =
            finish_ms.filter(|_| planned * 2 > figures.open()).map(|finish_ms| finish_ms - state.at_ms());
        figures.finish_minutes = left_ms.and_then(|ms| u64::try_from(ms.max(0) / 60_000).ok());
        let holders: SortedSet<&ManusId> = state.locks().iter().map(|lock| &lock.locked_by).collect();
        figures.holders = holders.len();
        figures
    }

    /// Tasks in memory of this status.
    pub fn tasks(&self, status: TaskStatus) -> usize {
        self.by_status[status as usize]
    }

    /// Tasks that are not closed.
    pub fn open(&self) -> usize {
        TaskStatus::ALL.iter().filter(|status| !status.is_closed()).map(|status| self.tasks(*status)).sum()
    }

    /// Agents that have not left.
    pub fn agents(&self) -> usize {
        self.working + self.idle + self.lost
    }

    /// How much of all work that was not cancelled is completed, in per cent of tasks, rounded down.
    pub fn percent_done(&self) -> u64 {
        let all = self.completed + u64::try_from(self.open()).unwrap_or(u64::MAX);
        (self.completed * 100).checked_div(all).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::script::script;

    #[test]
    fn counted() {
        let mut project = script();
        assert_eq!(Figures::of(project.state()), Figures::default());
        project.agent("a", &[]);
        project.agent("b", &[]);
        let first = project.task("one", 60, &[], &[]);
        project.task("two", 30, &[&first], &[]);
        let doer = project.state().task(&first).unwrap().assigned_to().unwrap().to_string();
        project.start(&doer, &first);
        project.progress(&doer, &first, 50);
        project.claim("b", &["x.rs", "y.rs"]);
        let figures = Figures::of(project.state());
        assert_eq!((figures.working, figures.idle, figures.agents()), (1, 1, 2));
        assert_eq!((figures.open(), figures.tasks(TaskStatus::Blocked)), (2, 1));
        assert_eq!((figures.minutes_left, figures.percent_done()), (60, 0));
        assert_eq!((figures.locks, figures.holders), (2, 1));
        project.complete(&first);
        assert_eq!(Figures::of(project.state()).percent_done(), 50);
    }
}

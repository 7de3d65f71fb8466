//! Pages of tasks: open and newly closed ones from memory, all others from history, merged in order of id.

use std::sync::Arc;

use engine::state::Task;
use engine::view::SyncTask;
use engine::{ManusId, Priority, State, TaskId, TaskStatus};

use super::ListTasks;
use crate::api::bounds::{self, PAGE, PAGE_DEFAULT, TEXT_MAX};
use crate::api::door::{hub, read};
use crate::api::error::ApiError;
use crate::api::one_or_many::OneOrMany;
use crate::api::reads::{Page, not_a_cursor};

/// How many tasks are looked at in one look at the state. The writer waits meanwhile.
const AT_ONCE: usize = 2_000;

/// What is looked for.
struct Wanted {
    /// Empty: any.
    status: Vec<TaskStatus>,
    assigned_to: Option<ManusId>,
    priority: Option<Priority>,
    /// In lower case.
    text: Option<String>,
}

impl ListTasks {
    pub(super) async fn answer(self) -> Result<Page<Arc<SyncTask>>, ApiError> {
        // And one more: see [`Page::of`].
        let limit = bounds::number_or::<usize>("limit", self.limit, &PAGE, PAGE_DEFAULT)? + 1;
        bounds::text("text", self.text.as_deref().unwrap_or_default(), &(0..=TEXT_MAX))?;
        if let Some(cursor) = &self.cursor
            && !read(|state| is_place(state, cursor))?
        {
            return Err(not_a_cursor(&cursor.to_string()));
        }
        let wanted = Wanted {
            status: self.status.map(OneOrMany::into_vec).unwrap_or_default(),
            assigned_to: self.assigned_to,
            priority: self.priority,
            text: self.text.filter(|text| !text.is_empty()).map(|text| text.to_lowercase()),
        };
        let mut items = from_memory(&wanted, self.cursor.clone(), limit)?;
        if wanted.may_be_closed() && read(has_history)? {
            items.extend(from_history(&wanted, self.cursor, limit).await?);
            items.sort_by(|a, b| a.id.cmp(&b.id));
            // What was closed a moment ago can come from both; the sort is stable, so memory's row stands first.
            items.dedup_by(|later, first| later.id == first.id);
            items.truncate(limit);
        }
        Ok(Page::of(items, limit, |task| task.id.to_string()))
    }
}

/// Whether this says where to go on: a number, or the name of a task that was imported. Any other name would come before all tasks,
/// and whoever passed it would be given the first page again.
fn is_place(state: &State, cursor: &TaskId) -> bool {
    cursor.number().is_some() || state.task(cursor).is_some() || state.outcome(cursor).is_some()
}

/// Whether closed tasks have left memory.
fn has_history(state: &State) -> bool {
    let counts = state.closed_counts();
    counts.completed + counts.cancelled > state.settings().closed_kept as u64
}

fn from_memory(
    wanted: &Wanted,
    cursor: Option<TaskId>,
    limit: usize,
) -> Result<Vec<Arc<SyncTask>>, ApiError> {
    let mut found = Vec::new();
    let mut last = cursor;
    loop {
        let seen = read(|state| {
            let mut seen = 0;
            for task in state.tasks_after(last.as_ref()).take(AT_ONCE) {
                seen += 1;
                if wanted.fits(task) {
                    found.push(Arc::new(task.view(state)));
                }
                if found.len() == limit || seen == AT_ONCE {
                    return Some(task.spec().id.clone());
                }
            }
            None
        })?;
        match seen {
            Some(id) if found.len() < limit => last = Some(id),
            _ => return Ok(found),
        }
    }
}

async fn from_history(
    wanted: &Wanted,
    cursor: Option<TaskId>,
    limit: usize,
) -> Result<Vec<Arc<SyncTask>>, ApiError> {
    let status = match (wanted.wants(TaskStatus::Completed), wanted.wants(TaskStatus::Cancelled)) {
        (true, false) => Some(TaskStatus::Completed),
        (false, true) => Some(TaskStatus::Cancelled),
        _ => None,
    };
    let filter = hub::TaskFilter {
        status,
        assigned_to: wanted.assigned_to.clone(),
        priority: wanted.priority,
        text: wanted.text.clone(),
    };
    let page = hub::Page { cursor, order: hub::Order::OldestFirst, limit };
    Ok(hub()?.closed_tasks(&filter, &page).await?)
}

impl Wanted {
    fn wants(&self, status: TaskStatus) -> bool {
        self.status.is_empty() || self.status.contains(&status)
    }

    fn may_be_closed(&self) -> bool {
        self.wants(TaskStatus::Completed) || self.wants(TaskStatus::Cancelled)
    }

    fn fits(&self, task: &Task) -> bool {
        let spec = task.spec();
        let contains = |text: &str| {
            spec.title.to_lowercase().contains(text) || spec.description.to_lowercase().contains(text)
        };
        self.wants(task.status())
            && self.assigned_to.as_ref().is_none_or(|manus| task.assigned_to() == Some(manus))
            && self.priority.is_none_or(|priority| spec.priority == priority)
            && self.text.as_deref().is_none_or(contains)
    }
}

//! Tasks in the order of their room. Of all that are wanted, only what they are put in order by is kept; the rows are read again, page
//! by page, so that a million of them are never in memory at once.

use std::borrow::Borrow;
use std::collections::HashMap;

use app::api::ApiError;
use app::live::order::{Ranked, Show, arrange};
use engine::view::SyncTask;
use engine::{ManusId, Priority, TaskId, TaskStatus, TimeMs};
use hub::{Hub, TaskFilter};
use serde::Serialize;
use serde_json::Value;

use super::wanted::Wanted;
use super::{PAGE, Table, after, page, values};

/// What a task is put in order by.
struct Key {
    id: TaskId,
    status: TaskStatus,
    priority: Priority,
    estimated_duration: u32,
    assigned_to: Option<ManusId>,
    updated_at_ms: TimeMs,
}

impl Key {
    fn of(task: &SyncTask) -> Self {
        Self {
            id: task.id.clone(),
            status: task.status,
            priority: task.priority,
            estimated_duration: task.estimated_duration,
            assigned_to: task.assigned_to.clone(),
            updated_at_ms: task.updated_at_ms,
        }
    }
}

impl Ranked for Key {
    fn status(&self) -> TaskStatus {
        self.status
    }

    fn priority(&self) -> Priority {
        self.priority
    }

    fn estimated_duration(&self) -> u32 {
        self.estimated_duration
    }

    fn assigned_to(&self) -> Option<&ManusId> {
        self.assigned_to.as_ref()
    }

    fn updated_at_ms(&self) -> TimeMs {
        self.updated_at_ms
    }
}

/// The tasks that are wanted, in the order that is wanted.
pub async fn ids(hub: &Hub, wanted: &Wanted) -> Result<Vec<TaskId>, String> {
    let open = open(hub, wanted)?;
    let mut found = if wanted.takes_closed() { closed(hub, wanted).await? } else { Vec::new() };
    found.extend(open);
    found.sort_by(|one, other| one.id.cmp(&other.id));
    // What was closed in between is among both; what counts is what it is now.
    found.dedup_by(|later, earlier| later.id == earlier.id);
    match wanted.sort.unwrap_or_default() {
        // Where all are wanted, those that are open first, as on the board.
        "" => {
            let (mut closed, mut open): (Vec<Key>, Vec<Key>) =
                found.into_iter().partition(|key| key.status.is_closed());
            arrange(&mut open, Show::Open, "");
            arrange(&mut closed, Show::Closed, "");
            open.extend(closed);
            found = open;
        }
        sort => arrange(&mut found, Show::Open, sort),
    }
    Ok(found.into_iter().map(|key| key.id).collect())
}

/// The rows of these tasks as they are now, in this order.
pub async fn rows(hub: &Hub, ids: &[TaskId]) -> Result<Vec<Value>, String> {
    let live: Vec<SyncTask> =
        hub.read(|state| ids.iter().filter_map(|id| state.task(id)).map(|task| task.view(state)).collect());
    let mut found = HashMap::new();
    for (task, row) in live.iter().zip(values(&live)?) {
        found.insert(task.id.clone(), row);
    }
    let forgotten: Vec<TaskId> = ids.iter().filter(|id| !found.contains_key(id)).cloned().collect();
    if !forgotten.is_empty() {
        let old =
            hub.tasks_from_history(&forgotten).await.map_err(|failure| ApiError::from(failure).message)?;
        for (task, row) in old.iter().zip(values(&old)?) {
            found.insert(task.id.clone(), row);
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// The wanted ones of the tasks that are open. In pages, since commits wait for whoever looks at the state.
fn open(hub: &Hub, wanted: &Wanted) -> Result<Vec<Key>, String> {
    let (mut keys, mut last) = (Vec::new(), None);
    loop {
        let (seen, page): (Option<TaskId>, Vec<SyncTask>) = hub.read(|state| {
            let tasks: Vec<_> = state.tasks_after(last.as_ref()).take(PAGE).collect();
            let open = tasks.iter().filter(|task| !task.status().is_closed());
            (tasks.last().map(|task| task.spec().id.clone()), open.map(|task| task.view(state)).collect())
        });
        keep(&mut keys, &page, wanted)?;
        match seen {
            Some(seen) => last = Some(seen),
            None => return Ok(keys),
        }
    }
}

/// The wanted ones of the tasks that are closed.
async fn closed(hub: &Hub, wanted: &Wanted) -> Result<Vec<Key>, String> {
    let (mut keys, mut cursor) = (Vec::new(), None);
    loop {
        let found = hub.closed_tasks(&TaskFilter::default(), &page(cursor)).await;
        let found = found.map_err(|failure| ApiError::from(failure).message)?;
        keep(&mut keys, &found, wanted)?;
        match after(&found, |task| task.id.clone()) {
            Some(id) => cursor = Some(id),
            None => return Ok(keys),
        }
    }
}

fn keep<T: Borrow<SyncTask> + Serialize>(
    keys: &mut Vec<Key>,
    tasks: &[T],
    wanted: &Wanted,
) -> Result<(), String> {
    let rows = tasks.iter().zip(values(tasks)?);
    let kept = rows.filter(|(_, row)| wanted.has(Table::Tasks, row));
    keys.extend(kept.map(|(task, _)| Key::of(task.borrow())));
    Ok(())
}

//! What can be counted in the project as it is.

use std::collections::BTreeMap;

use engine::{InstanceStatus, LockMode, State, TaskId, TaskStatus};
use hub::meters::{counter, gauge, gauges};
use hub::{Hub, Readiness};
use prometheus::{Error, Registry};

/// How many tasks are counted while the state is kept still. Commits wait for that.
const PIECE: usize = 2_000;

/// Enters what there is now.
pub(super) async fn look(hub: &Hub, registry: &Registry) -> Result<(), Error> {
    let build = gauges("manus_sync_build_info", "The program's version; always 1.", &["version"]);
    build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    registry.register(Box::new(build))?;
    let trouble = match hub.readiness() {
        Readiness::Ready => None,
        Readiness::NotReady { reason } => Some(reason),
    };
    let ready = i64::from(trouble.is_none());
    let (queued, most) = hub.queue_depth();
    let events = counter("manus_sync_events_total", "Events in the log, ever.");
    events.inc_by(hub.read(State::seq));
    registry.register(Box::new(events))?;
    let health = hub.read(|state| state.health(hub.now_ms(), trouble.as_deref())).score;
    let mut figures = vec![
        ("manus_sync_ready", "1 while changing calls can be carried out, else 0.", ready),
        ("manus_sync_health_score", "How the project is doing, 0 to 100.", i64::from(health)),
        (
            "manus_sync_waiting_claims",
            "Claims that wait for files.",
            hub.read(|s| s.waits().iter().len() as i64),
        ),
        ("manus_sync_unread_messages", "Messages that nobody has taken.", hub.read(unread)),
        ("manus_sync_queue_commands", "Commands that wait to be decided.", queued as i64),
        ("manus_sync_queue_capacity", "How many may; further ones are turned away.", most as i64),
    ];
    if let Some(bytes) = hub.database_bytes().await {
        let help = "The database on the disk, with what was not brought into it yet.";
        figures.push(("manus_sync_database_bytes", help, bytes.cast_signed()));
    }
    for (name, help, value) in figures {
        let figure = gauge(name, help);
        figure.set(value);
        registry.register(Box::new(figure))?;
    }
    by(registry, "manus_sync_agents", "Agents by status.", "status", hub.read(agents))?;
    by(registry, "manus_sync_tasks", "Tasks by status, closed ones too.", "status", tasks(hub))?;
    by(
        registry,
        "manus_sync_claims",
        "Claimed files, folders and patterns by mode.",
        "mode",
        hub.read(claims),
    )
}

fn by(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
    counts: BTreeMap<&'static str, i64>,
) -> Result<(), Error> {
    let figures = gauges(name, help, &[label]);
    counts.into_iter().for_each(|(value, count)| figures.with_label_values(&[value]).set(count));
    registry.register(Box::new(figures))
}

fn unread(state: &State) -> i64 {
    state.agents().map(|agent| state.inbox().unread_count(agent.id()) as i64).sum()
}

fn agents(state: &State) -> BTreeMap<&'static str, i64> {
    let mut counts = InstanceStatus::ALL.iter().map(|status| (status.as_str(), 0)).collect();
    state.agents().for_each(|agent| count(&mut counts, agent.status().as_str()));
    counts
}

fn claims(state: &State) -> BTreeMap<&'static str, i64> {
    let mut counts = BTreeMap::from([LockMode::Exclusive, LockMode::Shared].map(|mode| (mode.as_str(), 0)));
    state.locks().iter().for_each(|lock| count(&mut counts, lock.mode.as_str()));
    counts
}

/// In pieces; a task that changes meanwhile may be counted as it was before or as it is after.
fn tasks(hub: &Hub) -> BTreeMap<&'static str, i64> {
    let open = TaskStatus::ALL.iter().filter(|status| !status.is_closed());
    let mut counts: BTreeMap<_, _> = open.map(|status| (status.as_str(), 0)).collect();
    let mut after: Option<TaskId> = None;
    loop {
        let last = hub.read(|state| {
            let mut last = None;
            for task in state.tasks_after(after.as_ref()).take(PIECE) {
                if !task.status().is_closed() {
                    count(&mut counts, task.status().as_str());
                }
                last = Some(task);
            }
            last.map(|task| task.spec().id.clone())
        });
        match last {
            Some(last) => after = Some(last),
            None => break,
        }
    }
    let closed = hub.read(State::closed_counts);
    counts.insert(TaskStatus::Completed.as_str(), closed.completed.cast_signed());
    counts.insert(TaskStatus::Cancelled.as_str(), closed.cancelled.cast_signed());
    counts
}

fn count(counts: &mut BTreeMap<&'static str, i64>, of: &'static str) {
    *counts.entry(of).or_default() += 1;
}

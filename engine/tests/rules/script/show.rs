//! What there is to see in a project, for a reader of a story.

use engine::state::metrics::{Bucket, HOUR_MS, MINUTE_MS};
use engine::view::{ClaimWait, FileLock, ManusInstance, SyncTask};
use engine::{ManusId, State, TaskId, TaskStatus, TimeMs};

use super::tell::{self, keys, list, mail, or_nothing, time};

/// `ada`, `T1`, `locks`, `waits`, `inbox of ada`, `content of 3` (a message), `health`, `forecast`, `metrics`, `why T1`.
pub fn shown(state: &State, now: TimeMs, what: &str) -> String {
    let lines = |lines: Vec<String>| or_nothing(lines.join("\n"));
    match what {
        "locks" => {
            let held = |lock: &FileLock| format!("{}: {}", lock.locked_by, tell::lock(lock));
            return lines(state.locks().iter().map(held).collect());
        }
        "waits" => return lines(state.waits().iter().map(wait).collect()),
        "health" => return health(state, now),
        "forecast" => return lines(state.forecast_conflicts().iter().map(collision).collect()),
        "metrics" => return lines(series(state)),
        _ => {}
    }
    if let Some(name) = what.strip_prefix("inbox of ") {
        let name = ManusId::new(name).expect("a name");
        return lines(state.inbox().unread(&name, 0).map(|of| mail(of)).collect());
    }
    if let Some(id) = what.strip_prefix("content of ") {
        let message = state.inbox().get(id.parse().expect("a number")).expect("a message in memory");
        return serde_json::to_string_pretty(&message.content).expect("JSON can be written");
    }
    if let Some(task) = what.strip_prefix("why ") {
        return why(state, now, &TaskId::new(task).expect("a task"));
    }
    if let Some(task) = TaskId::new(what).ok().and_then(|id| state.task_view(&id)) {
        return whole_task(&task);
    }
    match state.manus(&ManusId::new(what).expect("a name")) {
        Some(manus) => whole_manus(state, &manus),
        None => format!("no {what}"),
    }
}

fn whole_manus(state: &State, manus: &ManusInstance) -> String {
    let tasks = or_nothing(list(state.assigned_tasks(&manus.id)));
    let current = manus.current_task.as_ref().map(|id| format!(" at {id}")).unwrap_or_default();
    let files = or_nothing(list(&manus.files_claimed));
    let (status, progress) = (manus.status, manus.progress.percent());
    let (role, can) = (manus.role, or_nothing(list(&manus.capabilities)));
    let seen = time(manus.last_heartbeat_ms);
    let draining = if manus.draining { ", draining" } else { "" };
    format!(
        "{role} {status}{current}, {progress}%, seen {seen}, tasks: {tasks}, files: {files}, can: {can}{draining}"
    )
}

fn whole_task(of: &SyncTask) -> String {
    let mut parts =
        vec![tell::task(of), format!("{}%", of.progress.percent()), format!("attempt {}", of.attempts)];
    parts.extend(of.pinned.then(|| "pinned".to_owned()));
    parts.extend(of.reviewer.as_ref().map(|manus| format!("reviewed by {manus}")));
    parts.extend(of.stalled.then(|| format!("stalled {}", of.stall_level)));
    parts.extend(of.blocked_reason.as_ref().map(|reason| format!("because {reason}")));
    parts.extend((of.failures > 0).then(|| format!("failed {}", of.failures)));
    let error = |error: &engine::view::TaskError| {
        format!("error {:?} of {} at {}", error.message, error.manus_id, time(error.at_ms))
    };
    parts.extend(of.errors.iter().map(error));
    parts.extend(of.retry_at_ms.map(|at| format!("again at {}", time(at))));
    parts.extend(of.note.as_ref().map(|note| format!("note {note:?}")));
    parts.extend(of.result.as_ref().map(|result| format!("result {}", tell::json(result))));
    parts.extend(of.started_at_ms.map(|at| format!("started {}", time(at))));
    parts.extend(of.completed_at_ms.map(|at| format!("closed {}", time(at))));
    let waits = of.started_at_ms.is_none() || of.status == TaskStatus::Pending;
    if let (Some(manus), Some(start), Some(finish)) =
        (of.planned_for.as_ref().filter(|_| waits), of.expected_start_ms, of.expected_finish_ms)
    {
        parts.push(format!("planned for {manus} {} to {}", time(start), time(finish)));
    }
    parts.join(", ")
}

fn wait(wait: &ClaimWait) -> String {
    let (files, behind) = (list(&wait.files), keys(&wait.behind));
    format!("W{} {}: {files} until {} behind {behind}", wait.id, wait.manus_id, time(wait.until_ms))
}

fn health(state: &State, now: TimeMs) -> String {
    let health = state.health(now, None);
    let mut lines = vec![format!("{} {}", health.score, word(&health.status))];
    for cause in &health.causes {
        let (code, subject) = (word(&cause.code), &cause.subject);
        lines.push(format!("-{} {code} of {subject}: {}", cause.points, cause.message));
    }
    lines.join("\n")
}

/// The word on the wire.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("a word").replace('"', "")
}

fn why(state: &State, now: TimeMs, task: &TaskId) -> String {
    let Some(explained) = state.explain_assignment(task, now) else { return format!("no {task}") };
    let mut lines = vec![or_nothing(list(&explained.assigned_to))];
    for candidate in &explained.candidates {
        let verdict = if candidate.eligible { "could" } else { "may not" };
        let (score, at) = (candidate.score, time(candidate.expected_finish_ms));
        lines.push(format!(
            "{} {verdict}, {score}, done at {at}: {}",
            candidate.manus_id,
            candidate.reasons.join("; ")
        ));
    }
    lines.join("\n")
}

fn collision(of: &engine::explain::Collision) -> String {
    let running = if of.running { ", which runs" } else { "" };
    format!("{} before {} for {} min, on {}{running}", of.first, of.then, of.wait_minutes, list(&of.files))
}

fn series(state: &State) -> Vec<String> {
    let of = |name: &'static str, width| {
        state.metrics().series(width).map(move |bucket| format!("{name} {}", counts(bucket)))
    };
    of("minute", MINUTE_MS).chain(of("hour", HOUR_MS)).collect()
}

/// What is not zero.
fn counts(bucket: &Bucket) -> String {
    let value = serde_json::to_value(bucket).expect("a bucket can be written");
    let fields = value.as_object().expect("a bucket is an object");
    let counted = fields.iter().filter(|(name, n)| {
        !["width_ms", "start_ms"].contains(&name.as_str()) && **n != serde_json::json!(0)
    });
    let counted = list(counted.map(|(name, n)| format!("{name} {n}")));
    format!("{}: {counted}", time(bucket.start_ms))
}

//! Rows as JSON in the shapes of `engine::view`, so that one parse turns a page of rows into values.

/// A row of `sync_tasks`, as an array in the order of `SyncTask`'s fields: with a million of them, writing and reading their names
/// would take as long as all the rest, and looking through each empty list as long as everything else that SQLite does. What a task
/// waits for follows from its dependencies and is filled in where it matters.
macro_rules! task_json {
    () => {
        "json_array(id, title, description, assigned_to, priority, status, \
         iif(dependencies = '[]', json('[]'), json(dependencies)), json('[]'), blocked_reason, estimated_duration, progress, \
         iif(files_involved = '[]', json('[]'), json(files_involved)), \
         iif(required_capabilities = '[]', json('[]'), json(required_capabilities)), attempts, json(result), \
         iif(pinned, json('true'), json('false')), reviewer, iif(stalled, json('true'), json('false')), stall_level, held_reason, \
         failures, iif(errors = '[]', json('[]'), json(errors)), retry_at_ms, progressed_at_ms, created_at_ms, started_at_ms, \
         completed_at_ms, planned_for, returned_by, expected_start_ms, expected_finish_ms, note, updated_at_ms)"
    };
}

/// A row of `manus_instances`.
macro_rules! manus_json {
    () => {
        "json_object('id', id, 'role', role, 'capabilities', json(capabilities), 'status', status, \
         'current_task', current_task, 'progress', progress, 'files_claimed', json(files_claimed), \
         'last_heartbeat_ms', last_heartbeat_ms, 'performance_score', performance_score, 'max_parallel', max_parallel, \
         'program', program, 'model', model, 'registered_at_ms', registered_at_ms, \
         'draining', json(iif(draining, 'true', 'false')), 'stats', json(stats))"
    };
}

/// A row of `file_locks`.
macro_rules! lock_json {
    () => {
        "json_object('file_path', file_path, 'locked_by', locked_by, 'locked_at_ms', locked_at_ms, \
         'lock_reason', lock_reason, 'mode', mode, 'expires_at_ms', expires_at_ms, 'task_id', task_id, \
         'fencing_token', fencing_token)"
    };
}

/// A row of `communication_log`.
macro_rules! message_json {
    () => {
        "json_object('id', id, 'from_manus', from_manus, 'to_manus', to_manus, 'message_type', message_type, \
         'content', json(content), 'timestamp_ms', timestamp_ms, 'processed', json(iif(processed, 'true', 'false')), \
         'reply_to', reply_to, 'thread_id', thread_id, 'requires_ack', json(iif(requires_ack, 'true', 'false')))"
    };
}

/// A row of `events`.
macro_rules! event_json {
    () => {
        "json_object('seq', seq, 'at_ms', at_ms, 'by', by_manus, 'kind', kind, 'data', json(data))"
    };
}

pub(super) use {event_json, lock_json, manus_json, message_json, task_json};

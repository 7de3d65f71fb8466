//! Rows as JSON objects in the shapes of `engine::view`, so that one parse turns a page of rows into values.

/// A row of `sync_tasks`. What a task waits for follows from its dependencies and is filled in where it matters.
macro_rules! task_json {
    () => {
        "json_object('id', id, 'title', title, 'description', description, 'assigned_to', assigned_to, 'priority', priority, \
         'status', status, 'dependencies', json(dependencies), 'waiting_for', json('[]'), 'blocked_reason', blocked_reason, \
         'estimated_duration', estimated_duration, 'progress', progress, 'files_involved', json(files_involved), \
         'required_capabilities', json(required_capabilities), 'attempts', attempts, 'result', json(result), \
         'pinned', json(iif(pinned, 'true', 'false')), 'reviewer', reviewer, 'stalled', json(iif(stalled, 'true', 'false')), 'created_at_ms', created_at_ms, \
         'started_at_ms', started_at_ms, 'completed_at_ms', completed_at_ms, 'expected_start_ms', expected_start_ms, \
         'expected_finish_ms', expected_finish_ms, 'note', note, 'updated_at_ms', updated_at_ms, 'stall_level', stall_level, \
         'held_reason', held_reason, 'failures', failures, 'errors', json(errors), 'retry_at_ms', retry_at_ms, \
         'progressed_at_ms', progressed_at_ms, 'planned_for', planned_for)"
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

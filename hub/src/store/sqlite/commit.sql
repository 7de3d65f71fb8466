-- How a commit is written: as one row into a view that no table is behind. The trigger deals the row's columns out to the tables.
-- So a commit is one statement and thereby one transaction, one hop to the connection's thread and one back, and there is no
-- transaction that could be left open. View and trigger belong to the writer's connection; the database itself has neither.
--
-- Each column is a JSON array of rows, or of keys, in the shapes of `engine::view`; an empty one costs next to nothing.
-- jsonb_each hands out its rows in binary form, so that the text is parsed once. What a list of keys is looked up in is a table made
-- for the purpose, which costs more than all else about an empty list; so an empty one ends its statement before.
create temp view changes (
    events, manus, tasks, ended_locks, locks, messages, processed, ended_buckets, buckets, remembered, forget_at_once,
    forget_before_ms, meta
) as select null, null, null, null, null, null, null, null, null, null, null, null, null;

create temp trigger write_changes instead of insert on changes begin
    insert into events (seq, at_ms, by_manus, kind, data)
    select value ->> 'seq', value ->> 'at_ms', value ->> 'by', value ->> 'kind', value -> 'data'
    from jsonb_each(new.events);

    insert into manus_instances (
        id, role, capabilities, current_task, status, progress, files_claimed, last_heartbeat_ms, performance_score,
        max_parallel, program, model, registered_at_ms, draining, stats
    )
    select
        value ->> 'id', value ->> 'role', value -> 'capabilities', value ->> 'current_task', value ->> 'status',
        value ->> 'progress', value -> 'files_claimed', value ->> 'last_heartbeat_ms', value ->> 'performance_score',
        value ->> 'max_parallel', value ->> 'program', value ->> 'model', value ->> 'registered_at_ms', value ->> 'draining',
        value -> 'stats'
    from jsonb_each(new.manus)
    where true
    on conflict (id) do update set
        role = excluded.role, capabilities = excluded.capabilities, current_task = excluded.current_task,
        status = excluded.status, progress = excluded.progress, files_claimed = excluded.files_claimed,
        last_heartbeat_ms = excluded.last_heartbeat_ms, performance_score = excluded.performance_score,
        max_parallel = excluded.max_parallel, program = excluded.program, model = excluded.model,
        registered_at_ms = excluded.registered_at_ms, draining = excluded.draining, stats = excluded.stats;

    insert into sync_tasks (
        id, title, description, assigned_to, priority, status, dependencies, estimated_duration, created_at_ms, started_at_ms,
        completed_at_ms, files_involved, blocked_reason, progress, required_capabilities, attempts, result, pinned, reviewer,
        stalled, expected_start_ms, expected_finish_ms, note, updated_at_ms, stall_level, held_reason, failures, errors,
        retry_at_ms, progressed_at_ms, planned_for, returned_by
    )
    select
        value ->> 'id', value ->> 'title', value ->> 'description', value ->> 'assigned_to',
        case value ->> 'priority' when 'CRITICAL' then 1 when 'HIGH' then 2 when 'MEDIUM' then 3 when 'LOW' then 4 end,
        value ->> 'status', value -> 'dependencies', value ->> 'estimated_duration', value ->> 'created_at_ms',
        value ->> 'started_at_ms', value ->> 'completed_at_ms', value -> 'files_involved', value ->> 'blocked_reason',
        value ->> 'progress', value -> 'required_capabilities', value ->> 'attempts', nullif(value -> 'result', 'null'),
        value ->> 'pinned', value ->> 'reviewer', value ->> 'stalled', value ->> 'expected_start_ms',
        value ->> 'expected_finish_ms', value ->> 'note', value ->> 'updated_at_ms', value ->> 'stall_level',
        value ->> 'held_reason', value ->> 'failures', value -> 'errors', value ->> 'retry_at_ms', value ->> 'progressed_at_ms',
        value ->> 'planned_for', value ->> 'returned_by'
    from jsonb_each(new.tasks)
    where true
    on conflict (id) do update set
        title = excluded.title, description = excluded.description, assigned_to = excluded.assigned_to,
        priority = excluded.priority, status = excluded.status, dependencies = excluded.dependencies,
        estimated_duration = excluded.estimated_duration, started_at_ms = excluded.started_at_ms,
        completed_at_ms = excluded.completed_at_ms, files_involved = excluded.files_involved,
        blocked_reason = excluded.blocked_reason, progress = excluded.progress,
        required_capabilities = excluded.required_capabilities, attempts = excluded.attempts, result = excluded.result,
        pinned = excluded.pinned, reviewer = excluded.reviewer, stalled = excluded.stalled,
        expected_start_ms = excluded.expected_start_ms, expected_finish_ms = excluded.expected_finish_ms,
        note = excluded.note, updated_at_ms = excluded.updated_at_ms, stall_level = excluded.stall_level,
        held_reason = excluded.held_reason, failures = excluded.failures, errors = excluded.errors,
        retry_at_ms = excluded.retry_at_ms, progressed_at_ms = excluded.progressed_at_ms,
        planned_for = excluded.planned_for, returned_by = excluded.returned_by;

    delete from file_locks where new.ended_locks <> '[]' and fencing_token in (select value from json_each(new.ended_locks));

    insert into file_locks (
        fencing_token, file_path, locked_by, locked_at_ms, lock_reason, mode, expires_at_ms, task_id
    )
    select
        value ->> 'fencing_token', value ->> 'file_path', value ->> 'locked_by', value ->> 'locked_at_ms',
        value ->> 'lock_reason', value ->> 'mode', value ->> 'expires_at_ms', value ->> 'task_id'
    from jsonb_each(new.locks)
    where true
    on conflict (fencing_token) do update set
        locked_at_ms = excluded.locked_at_ms, lock_reason = excluded.lock_reason, mode = excluded.mode,
        expires_at_ms = excluded.expires_at_ms, task_id = excluded.task_id;

    insert into communication_log (
        id, from_manus, to_manus, message_type, content, timestamp_ms, processed, reply_to, thread_id, requires_ack
    )
    select
        value ->> 'id', value ->> 'from_manus', value ->> 'to_manus', value ->> 'message_type', value -> 'content',
        value ->> 'timestamp_ms', value ->> 'processed', value ->> 'reply_to', value ->> 'thread_id', value ->> 'requires_ack'
    from jsonb_each(new.messages);

    update communication_log set processed = 1 where new.processed <> '[]' and id in (select value from json_each(new.processed));

    delete from metrics
    where new.ended_buckets <> '[]' and (width_ms, start_ms) in (select value ->> 0, value ->> 1 from json_each(new.ended_buckets));

    insert into metrics (width_ms, start_ms, counts)
    select value ->> 'width_ms', value ->> 'start_ms', json(value)
    from json_each(new.buckets)
    where true
    on conflict (width_ms, start_ms) do update set counts = excluded.counts;

    insert into idempotency (actor, request_id, fingerprint, at_ms, answer)
    select value ->> 'actor', value ->> 'request_id', value ->> 'fingerprint', value ->> 'at_ms', value -> 'answer'
    from jsonb_each(new.remembered);

    -- Only ever looks at a bounded stretch of the oldest answers, and at none when the bound is 0.
    delete from idempotency
    where answered_no < (select min(answered_no) from idempotency) + new.forget_at_once and at_ms < new.forget_before_ms;

    insert into meta (key, value)
    select key, value from json_each(new.meta) where true
    on conflict (key) do update set value = excluded.value;
end;

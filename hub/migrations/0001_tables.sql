-- The project's tables. The event log is the truth; the other tables are what it adds up to, kept in step by the same
-- transaction, so that a start need not replay history and so that anybody can look at a project with plain SQL.
--
-- Conventions: every table is STRICT, so that a column holds what it says. Moments are integer milliseconds since the Unix
-- epoch and end in `_ms`. Lists and free-form values are JSON text. Constraints have names, because the name is what a person
-- sees when one is violated.

create table manus_instances (
    id                text    not null primary key,
    role              text    not null,
    capabilities      text    not null,
    -- What it started last and still works on. No foreign key: an agent and its task change in one commit, in either order.
    current_task      text,
    status            text    not null,
    progress          integer not null,
    -- A copy for readers; the rows of file_locks decide. Written a few seconds late when nothing else about the agent changed.
    files_claimed     text    not null,
    -- Likewise up to a few seconds late. After a start every agent gets a full timeout of grace, so nothing depends on it.
    last_heartbeat_ms integer not null,
    performance_score real    not null,
    max_parallel      integer not null,
    program           text,
    model             text,
    registered_at_ms  integer not null,
    draining          integer not null,
    -- What it has done so far: counts and times, as a JSON object.
    stats             text    not null,
    constraint role_is_known check (role in ('SPEED_DEVELOPER', 'QUALITY_ENHANCER', 'AI_SPECIALIST', 'COORDINATOR')),
    constraint manus_status_is_known check (status in ('ACTIVE', 'IDLE', 'INACTIVE', 'LOST')),
    constraint manus_progress_is_percentage check (progress between 0 and 100),
    constraint capabilities_is_list check (json_type(capabilities) = 'array'),
    constraint files_claimed_is_list check (json_type(files_claimed) = 'array'),
    constraint works_on_something_at_a_time check (max_parallel >= 1),
    constraint draining_is_boolean check (draining in (0, 1)),
    constraint stats_is_object check (json_type(stats) = 'object')
) strict;

create table sync_tasks (
    -- The order of creation. Ids sort badly as text (T10 before T9), and imported ids have no number at all.
    created_no           integer primary key,
    id                   text    not null,
    title                text    not null,
    description          text    not null,
    assigned_to          text    references manus_instances (id) deferrable initially deferred,
    -- 1 (CRITICAL) to 4 (LOW).
    priority             integer not null,
    status               text    not null,
    dependencies         text    not null,
    -- Minutes.
    estimated_duration   integer not null,
    created_at_ms        integer not null,
    started_at_ms        integer,
    completed_at_ms      integer,
    files_involved       text    not null,
    blocked_reason       text,
    progress             integer not null,
    required_capabilities text   not null,
    attempts             integer not null,
    -- Any JSON.
    result               text,
    -- Given to its agent by hand: the rules do not move it.
    pinned               integer not null,
    reviewer             text    references manus_instances (id) deferrable initially deferred,
    stalled              integer not null,
    -- How often it was raised that nothing moves.
    stall_level          integer not null,
    -- Why somebody holds it back, or why it failed for good.
    held_reason          text,
    failures             integer not null,
    -- The newest failed attempts.
    errors               text    not null,
    -- When it may be tried again after a failure.
    retry_at_ms          integer,
    progressed_at_ms     integer,
    expected_start_ms    integer,
    expected_finish_ms   integer,
    note                 text,
    updated_at_ms        integer not null,
    constraint one_task_an_id unique (id),
    constraint priority_is_known check (priority between 1 and 4),
    constraint task_status_is_known
        check (status in ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'BLOCKED', 'NEEDS_REVIEW', 'CANCELLED')),
    constraint task_progress_is_percentage check (progress between 0 and 100),
    constraint closed_has_time check ((status in ('COMPLETED', 'CANCELLED')) = (completed_at_ms is not null)),
    constraint completed_is_full check (status <> 'COMPLETED' or progress = 100),
    constraint running_has_agent
        check (status not in ('IN_PROGRESS', 'NEEDS_REVIEW') or (assigned_to is not null and started_at_ms is not null)),
    constraint dependencies_is_list check (json_type(dependencies) = 'array'),
    constraint files_involved_is_list check (json_type(files_involved) = 'array'),
    constraint required_capabilities_is_list check (json_type(required_capabilities) = 'array'),
    constraint result_is_json check (result is null or json_valid(result)),
    constraint pinned_is_boolean check (pinned in (0, 1)),
    constraint stalled_is_boolean check (stalled in (0, 1)),
    constraint errors_is_list check (json_type(errors) = 'array'),
    constraint held_is_blocked check (held_reason is null or status = 'BLOCKED')
) strict;

-- What a start reads: the open tasks, however many closed ones there are …
create index open_tasks on sync_tasks (created_no) where completed_at_ms is null;
-- … the closed ones from the newest backwards, and how each of them ended, without touching the rows.
create index closed_tasks on sync_tasks (completed_at_ms, id, status) where completed_at_ms is not null;

create table file_locks (
    -- Grants are numbered, so new rows go to the end of the table and a commit of many claims writes few pages. With the path
    -- as the key every claim would write a page of its own: less than half the claims a second once the table is large.
    -- That one pattern has one exclusive holder is decided by the engine, together with all other overlaps, and counted again
    -- whenever the table is loaded.
    fencing_token integer primary key,
    -- The pattern claimed, in canonical spelling, relative to the project root.
    file_path     text    not null,
    locked_by     text    not null references manus_instances (id) deferrable initially deferred,
    locked_at_ms  integer not null,
    lock_reason   text,
    mode          text    not null,
    expires_at_ms integer,
    -- The task whose start took it and whose end gives it back.
    task_id       text    references sync_tasks (id) deferrable initially deferred,
    constraint mode_is_known check (mode in ('exclusive', 'shared')),
    constraint token_is_positive check (fencing_token >= 1),
    constraint file_path_is_named check (file_path <> '')
) strict;

create table communication_log (
    id           integer primary key,
    -- No foreign keys: `system` and `supervisor` write without being registered.
    from_manus   text    not null,
    to_manus     text    not null,
    message_type text    not null,
    -- Any JSON.
    content      text    not null,
    timestamp_ms integer not null,
    processed    integer not null,
    reply_to     integer,
    thread_id    integer,
    requires_ack integer not null,
    constraint content_is_json check (json_valid(content)),
    constraint processed_is_boolean check (processed in (0, 1)),
    constraint requires_ack_is_boolean check (requires_ack in (0, 1)),
    constraint answers_come_later check (reply_to < id and thread_id < id)
) strict;

-- What a start reads, however long the log.
create index unread_messages on communication_log (id) where processed = 0;

-- Everything that ever happened, in order. Applying it from the start rebuilds the tables above.
create table events (
    seq      integer primary key,
    at_ms    integer not null,
    -- Whose call it came from.
    by_manus text,
    kind     text    not null,
    data     text    not null,
    constraint data_is_object check (json_type(data) = 'object')
) strict;

-- First answers to calls with a request id, so that a repeated call gets the same answer also after a restart. Only ever
-- appended to at one end, forgotten at the other, and read as a whole at a start; so there is no index on the request id, which
-- would cost every such call a page of its own.
create table idempotency (
    -- The order of answering.
    answered_no integer primary key,
    -- The agent whose request id it is; '' for calls that name no agent.
    actor       text    not null,
    request_id  text    not null,
    -- A 64-bit hash of the arguments; SQLite's integers have a sign.
    fingerprint integer not null,
    at_ms       integer not null,
    answer      text    not null,
    constraint answer_is_json check (json_valid(answer))
) strict;

-- What happened by minute and by hour, kept up with every commit, so that no figure needs a walk through the log.
create table metrics (
    -- 60000 for a minute, 3600000 for an hour.
    width_ms integer not null,
    start_ms integer not null,
    counts   text    not null,
    primary key (width_ms, start_ms),
    constraint counts_is_object check (json_type(counts) = 'object')
) strict, without rowid;

-- Single values: the numbers handed out next, and which log this is.
create table meta (
    key   text not null primary key,
    value any  not null
) strict;

insert into meta (key, value) values ('log_id', lower(hex(randomblob(16))));

-- Where the log begins, once what was before has been pruned: the state after the last event that is gone, from which the log goes
-- on. `meta` says which one counts (`log_start_seq`, `log_start_ms`); rows for another number are what an interrupted run left.
create table log_start (
    -- The last event that is gone.
    seq  integer not null,
    part integer not null,
    -- What it is a part of: the head, or one of the lists of a snapshot.
    kind text    not null,
    data text    not null,
    primary key (seq, part),
    constraint data_is_json check (json_valid(data))
) strict;

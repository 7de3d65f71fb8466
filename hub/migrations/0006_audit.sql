-- Who was denied what, and what people did: where a server asks who comes in. Written beside the rules, like tokens, since who calls is
-- no event of the project; what came of a call stands in `events`, up to `seq`.
create table audit (
    id       integer primary key,
    at_ms    integer not null,
    kind     text    not null,
    -- The call, `login` or `logout`, or method and path of a request that was none.
    what     text    not null,
    -- `ok`, or why it was refused.
    code     text    not null,
    -- The part of the token that may be seen; of a session the token with which somebody logged in. No foreign key: it may never have been
    -- anybody's.
    token_id text,
    role     text,
    session  integer not null,
    manus_id text,
    -- The address it came from, where that is known.
    peer     text,
    seq      integer,
    -- How often, where the same happened again at the same time.
    times    integer not null,
    constraint audit_kind_is_known check (kind in ('acted', 'denied', 'lost')),
    constraint session_is_boolean check (session in (0, 1)),
    constraint it_happened check (times >= 1)
) strict;

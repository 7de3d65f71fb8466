-- Who may come in. A token is shown once, when it is made; what is kept is enough to recognise it and not enough to make it up.
create table tokens (
    -- The part of a token that may be seen: it stands in lists, in the log and in the audit.
    id            text    not null primary key,
    -- SHA-256 of the whole token. Its secret part is 160 random bits, which no amount of guessing finds; so unlike passwords it
    -- gains nothing from a hash that is slow on purpose, which every call would have to pay for.
    hash          blob    not null,
    role          text    not null,
    -- Whose name an agent's token may use; its alone.
    manus_id      text,
    label         text    not null,
    -- What it came of: the token that was shown at the dashboard's login, or with which an agent was enrolled.
    parent        text    references tokens (id),
    -- A browser's session: shown in a cookie, never as a token.
    session       integer not null,
    created_at_ms integer not null,
    expires_at_ms integer,
    revoked_at_ms integer,
    constraint token_role_is_known check (role in ('admin', 'agent', 'viewer', 'enrolment')),
    constraint agents_have_a_name check ((role = 'agent') = (manus_id is not null)),
    constraint hash_is_sha256 check (length(hash) = 32),
    constraint session_is_boolean check (session in (0, 1)),
    constraint sessions_come_of_tokens check (session = 0 or (parent is not null and expires_at_ms is not null))
) strict;

-- With this and a few public words the token of an enrolled agent is made, so that repeating the call answers the same token.
insert into meta (key, value) values ('enrolment_key', lower(hex(randomblob(32))));

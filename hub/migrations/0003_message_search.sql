-- Which messages contain which words, so that looking for one among a million does not read them all.
--
-- What is indexed are the texts and numbers in a message's content, not the names of its fields: whoever looks for "files" means
-- the word, not every message that has a field of that name. Case and accents do not matter. The table holds no text itself.
create virtual table message_search using fts5(
    words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- Kept by the database, in the transaction that writes the message, so that no way of writing one can forget it. Content never
-- changes.
create trigger message_is_found after insert on communication_log begin
    insert into message_search (rowid, words)
    select new.id, group_concat(atom, ' ') from json_tree(new.content) where type in ('text', 'integer', 'real');
end;

create trigger message_is_forgotten after delete on communication_log begin
    delete from message_search where rowid = old.id;
end;

insert into message_search (rowid, words)
select
    id,
    (select group_concat(atom, ' ') from json_tree(communication_log.content) where type in ('text', 'integer', 'real'))
from communication_log;

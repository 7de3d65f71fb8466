//! The room of messages: conversations, what was said in one of them, and search through all that was ever written.

use std::rc::Rc;
use std::sync::Arc;

use crate::prelude::*;
use engine::sorted::sort_by_key;
use engine::view::Message;
use engine::{ManusId, MessageId, State};

use super::acts::{Quick, quick};
use super::bits::{
    act, agent_link, caption, choose, count, exports, filtered_out, nothing, panel, search_box, since, tabs,
};
use super::held::Lines;
use super::icon::icon;
use super::pager::Pager;
use super::walk::walked;
use crate::api::ListMessages;
use crate::desk::Ask;
use crate::live::needs::is_person;
use crate::live::order::same_letter;
use crate::live::{Live, use_live, words};
use crate::nav::{Place, use_nav};
use crate::ui::{El, IntoNode, Node, div, each, el, nodes, span, when};

/// Which conversations: word of the address and name.
const KINDS: [(&str, &str); 3] =
    [("", "From everybody"), ("yours", "With you"), ("engine", "From the engine")];
/// How many conversations are listed.
const LISTED: usize = 200;
/// How many messages come at once from the log.
const PAGE: i64 = 50;

/// A conversation in one line.
#[derive(Debug, Clone, PartialEq)]
struct Thread {
    id: MessageId,
    newest: Arc<Message>,
    /// How many messages, those to many counted once.
    length: usize,
    /// How many of them the person has not read.
    unread: usize,
}

/// The room.
pub fn mail() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let open = Memo::new(move |_| nav.place().thread);
    let write = act("button primary", |desk| {
        desk.open(Ask::Message { to: String::new(), reply_to: None });
    });
    let tools = nodes![
        tabs("kind", "Which messages", &KINDS),
        choose("who", "With whom", everybody(live)),
        exports("messages", "kind=agents"),
        search_box("Search", None),
        write.test_id("write").add(icon("message")).add("Write"),
    ];
    let list = panel("Messages", "mail", (), tools).add(threads(live)).add(found());
    let thread = move || match open.get() {
        Some(id) => conversation(live, id),
        None => div("side").add(nothing("message", "Choose a conversation to read it here.", ())).into_node(),
    };
    div("room split mail").toggle("reading", move || open.get().is_some()).add(list).add(thread).into_node()
}

fn everybody(live: Live) -> Vec<(String, String)> {
    let names = live.peek(|state| state.agents().map(|agent| agent.id().to_string()).collect::<Vec<_>>());
    let all = ("".to_owned(), "With anybody".to_owned());
    std::iter::once(all).chain(names.into_iter().map(|name| (name.clone(), name))).collect()
}

/// Whether a message is one of those that the address asks for.
fn wanted(message: &Message, place: &Place) -> bool {
    let system = message.from_manus.as_str() == engine::ids::SYSTEM;
    let person = is_person(&message.from_manus) || is_person(&message.to_manus);
    let kind = match place.choice("kind") {
        "yours" => person,
        "engine" => system,
        _ => !system,
    };
    let who = place.choice("who");
    kind && (who.is_empty() || message.from_manus.as_str() == who || message.to_manus.as_str() == who)
}

/// The conversations in memory that the address asks for, the newest first.
fn gather(state: &State, place: &Place) -> Vec<Thread> {
    let mut letters: Vec<Thread> = Vec::new();
    let mut last: Option<&Arc<Message>> = None;
    for message in state.inbox().iter() {
        let again = last.is_some_and(|last| same_letter(last, message));
        last = Some(message);
        let unread = usize::from(is_person(&message.to_manus) && !message.processed);
        // One to many begins a conversation with each; it is listed once.
        if !(again && message.thread_id.is_none() && unread == 0) && wanted(message, place) {
            let id = message.thread_id.unwrap_or(message.id);
            letters.push(Thread { id, newest: message.clone(), length: 1, unread });
        }
    }
    sort_by_key(&mut letters, |letter| letter.id);
    let mut found: Vec<Thread> = Vec::new();
    for letter in letters {
        match found.last_mut().filter(|thread| thread.id == letter.id) {
            Some(thread) => {
                thread.newest = letter.newest;
                thread.length += 1;
                thread.unread += letter.unread;
            }
            None => found.push(letter),
        }
    }
    sort_by_key(&mut found, |thread| std::cmp::Reverse(thread.newest.id));
    found.truncate(LISTED);
    found
}

/// The list of conversations; a search has a list of its own.
fn threads(live: Live) -> Node {
    let nav = use_nav();
    let searching = move || !nav.place().text.trim().is_empty();
    let all = Memo::new(move |_| {
        let place = nav.place();
        live.of_messages(|state| gather(state, &place))
    });
    let lines = Lines::new(all, |thread| thread.id.to_string());
    let list = move || {
        let key = |thread: &Thread| format!("{} {} {}", thread.id, thread.length, thread.unread);
        let items = move || lines.shown().into_iter().map(|(thread, _)| thread).collect();
        let list = el("ol").class("threads").test_id("threads").add(each(items, key, thread_line));
        lines.held.within(walked(div("held").add(lines.held.chip()).add(list), ".threads li"))
    };
    let empty = move || match nav.place().is_filtered() {
        true => filtered_out("No conversation of this kind."),
        false => nothing("message", "Nobody has written anything yet.", ()),
    };
    nodes![when(move || !searching(), list), when(move || !searching() && all.with(Vec::is_empty), empty),]
        .into_node()
}

fn thread_line(thread: Thread) -> El {
    let nav = use_nav();
    let Thread { id, newest, length, unread } = thread;
    let href = move || Place { thread: Some(id), ..nav.place() }.href();
    let current = move || (nav.place().thread == Some(id)).then_some("true");
    let gist = words::gist(&newest.content);
    let link = el("a").class("row-link").attr("href", href).attr("aria-current", current).add(gist);
    let more = (length > 1).then(|| span("count num").add(length.to_string()));
    el("li")
        .toggle("unread", move || unread > 0)
        .test_id(format!("thread-{id}"))
        .add(head(&newest, more.into_node()))
        .add(link)
}

/// From whom to whom, of what kind and when.
fn head(message: &Message, more: Node) -> El {
    let sent_ms = message.timestamp_ms;
    let to = match untrack(|| use_live().readers(message.id)).0 {
        0 | 1 => agent_link(message.to_manus.clone()),
        many => words::count_of(many, "agent").into_node(),
    };
    el("p")
        .class("mail-head")
        .add(agent_link(message.from_manus.clone()))
        .add(icon("arrow-right"))
        .add(to)
        .add(span("kind").add(words::message_type(&message.message_type)))
        .add(more)
        .add(since(move || sent_ms))
}

/// Everything in the log that contains the text of the address.
fn found() -> Node {
    let nav = use_nav();
    let pager: Pager<Arc<Message>> = Pager::new();
    let asked = Memo::new(move |_| {
        let place = nav.place();
        (place.text.trim().to_owned(), place.choice("who").to_owned())
    });
    pager.follow(move || {
        let (text, who) = asked.get();
        let with = ManusId::new(&who).ok();
        (!text.is_empty()).then_some(move |cursor| ListMessages {
            text: Some(text.clone()),
            manus_id: with.clone(),
            newest_first: Some(true),
            limit: Some(PAGE),
            cursor,
            ..ListMessages::new()
        })
    });
    let line = move |message: Arc<Message>| {
        let id = message.thread_id.unwrap_or(message.id);
        let href = move || Place { thread: Some(id), ..nav.place() }.href();
        let link = el("a").class("row-link").attr("href", href).add(words::gist(&message.content));
        el("li").test_id(format!("found-{}", message.id)).add(head(&message, Node::Nothing)).add(link)
    };
    let list = move || {
        let items = move || pager.items.get();
        let none = move || pager.is_here() && pager.items.with(Vec::is_empty);
        let told = move || filtered_out(format!("No message contains “{}”.", asked.get().0));
        nodes![
            el("ol").class("threads").test_id("found").add(each(items, |m| m.id.to_string(), line)),
            when(none, told),
            pager.foot("Search further back"),
        ]
        .into_node()
    };
    when(move || !asked.get().0.is_empty(), list)
}

/// One conversation, oldest first, and the way to answer.
fn conversation(live: Live, id: MessageId) -> Node {
    let nav = use_nav();
    let older: Pager<Arc<Message>> = Pager::new();
    let complete = live.peek(|state| state.inbox().get(id).is_some());
    older.follow(move || {
        let thread_id = Some(id);
        let limit = Some(PAGE);
        (!complete).then_some(move |cursor| ListMessages { thread_id, limit, cursor, ..ListMessages::new() })
    });
    let all = Memo::new(move |_| {
        let mut all = older.items.get();
        live.of_messages(|state| {
            let mine = |message: &&Arc<Message>| message.id == id || message.thread_id == Some(id);
            let known: Vec<Arc<Message>> = state.inbox().iter().filter(mine).cloned().collect();
            // What is in memory is newer than what came from the log.
            all.retain(|old| known.iter().all(|new| new.id != old.id));
            all.extend(known);
        });
        sort_by_key(&mut all, |message| message.id);
        all
    });
    let back = move || Place { thread: None, ..nav.place() }.href();
    let close = el("a").class("button quiet icon-only").attr("href", back).attr("aria-label", "Close");
    let key = |message: &Arc<Message>| format!("{} {}", message.id, message.processed);
    let list = el("ol").class("letters").test_id("letters").add(each(move || all.get(), key, letter));
    let unknown = move || older.is_complete() && all.with(Vec::is_empty);
    panel(
        "Conversation",
        "thread",
        count(move || all.with(Vec::len)),
        nodes![read_all(all), close.add(icon("x"))],
    )
    .add(list)
    .add(older.foot("Read on"))
    .add(when(unknown, || nothing("search", "There is no such message.", ())))
    .add(div("answer").add(move || answer(&all.get())))
    .into_node()
}

/// The button that notes that the person has read it.
fn read_all(all: Memo<Vec<Arc<Message>>>) -> Node {
    let unread = move || -> Vec<MessageId> {
        let mine = |message: &&Arc<Message>| is_person(&message.to_manus) && !message.processed;
        all.with(|all| all.iter().filter(mine).map(|message| message.id).collect())
    };
    let button = move || {
        let dressed = |act: El| act.test_id("mark-read").add(icon("check"));
        quick("button small", "Mark as read", dressed, Rc::new(move || Quick::read(untrack(unread))))
    };
    when(move || !unread().is_empty(), button)
}

fn letter(message: Arc<Message>) -> El {
    let read = if message.processed { "read" } else { "not read yet" };
    let mine = is_person(&message.from_manus);
    let lines = words::in_full(&message.content);
    let fields = lines.into_iter().map(|(name, text)| {
        let name = (!name.is_empty()).then(|| span("caption").add(name));
        el("p").class("description").add(name).add(text)
    });
    el("li")
        .toggle("mine", move || mine)
        .test_id(format!("letter-{}", message.id))
        .add(head(&message, caption(read)))
        .add(fields.collect::<Vec<_>>())
}

/// The button that answers the newest message that is not from the person.
fn answer(all: &[Arc<Message>]) -> Option<El> {
    let last = all.iter().rev().find(|message| !message.from_manus.is_reserved())?;
    let (to, id) = (last.from_manus.to_string(), last.id);
    let words = format!("Write to {to}");
    let ask = Ask::Message { to, reply_to: Some(id) };
    Some(act("button", move |desk| desk.open(ask.clone())).test_id("reply").add(icon("reply")).add(words))
}

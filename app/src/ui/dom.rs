//! Nodes on screen: taken over from the server's HTML, built, and kept up to date.

mod follow;
mod place;
mod shelves;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Comment, Element, Event, Text};

use follow::{Following, follow_attribute, follow_property};
use place::{Place, Taking, Walk, before, insert};
use shelves::{Owned, Shelves};

use super::{El, Item, Node, Value, Words, plain};
use crate::dom::next_task;

const SVG: &str = "http://www.w3.org/2000/svg";
const SVG_TAGS: [&str; 7] = ["svg", "use", "rect", "path", "g", "line", "text"];

/// A node on screen. Letting go of it ends what keeps it up to date, but leaves it where it is; see [`remove`].
enum Shown {
    Nothing,
    Text(Text),
    Element {
        element: Element,
        _alive: Vec<Alive>,
    },
    Many(Vec<Shown>),
    /// What comes before the mark, and changes as a whole.
    Live {
        content: Rc<RefCell<Shown>>,
        mark: Comment,
        _effect: Following<()>,
    },
    /// What comes before the mark, item by item.
    Each {
        items: Rc<RefCell<Vec<ShownItem>>>,
        mark: Comment,
        _effect: Following<()>,
    },
}

struct ShownItem {
    key: String,
    // Before the owner, so that effects end before the signals that they read.
    content: Shown,
    _owner: Owned,
}

/// What has to be kept as long as an element is on screen.
#[expect(dead_code, reason = "to be kept is all that these are for")]
enum Alive {
    Child(Shown),
    Children(Rc<RefCell<Vec<Shown>>>),
    Attribute(Following<Option<Words>>),
    Property(Following<()>),
    Listener(Closure<dyn FnMut(Event)>),
}

/// Shows a page in an element, for good: takes over what the server wrote there, or builds it anew if that is another page. What may
/// come [`later`](super::El::later) gets a task of the browser's each, so that the page is drawn and answers meanwhile.
pub fn mount(root: &Element, page: fn() -> Node) -> impl Future<Output = ()> {
    let (root, parent) = (root.clone(), Owner::current().unwrap_or_default());
    let taking = Rc::new(Taking::default());
    let owner = parent.child();
    let shown = owner.with(|| show(page(), &Place::Found(Walk::of(&root, taking.clone()))));
    async move {
        let mut kept = (shown, owner);
        while let Some(piece) = taking.next() {
            next_task().await;
            piece();
        }
        if taking.strayed.get() {
            leptos::logging::warn!("the page is not as the server wrote it; it is built anew");
            kept = (Shown::Nothing, parent.child());
            root.set_inner_html("");
            kept.0 = kept.1.with(|| show(page(), &Place::Before(root.into(), None)));
        }
        std::mem::forget(kept);
    }
}

fn show(node: Node, place: &Place) -> Shown {
    match node {
        Node::Nothing => Shown::Nothing,
        Node::Text(text) => Shown::Text(show_text(&text, place)),
        Node::Element(element) => show_element(*element, place),
        Node::Many(nodes) => Shown::Many(nodes.into_iter().map(|node| show(node, place)).collect()),
        Node::Live(piece) => show_live(piece, place),
        Node::Each(items) => show_each(items, place),
    }
}

fn show_text(text: &str, place: &Place) -> Text {
    if let Place::Found(walk) = place {
        if text.is_empty() {
            let empty = document().create_text_node("");
            insert(&empty, &walk.here());
            return empty;
        }
        if walk.after_text.replace(true) {
            walk.take::<Comment>();
        }
        if let Some(found) = walk.take::<Text>() {
            return found;
        }
    }
    let new = document().create_text_node(text);
    insert(&new, place);
    new
}

fn show_element(mut from: El, place: &Place) -> Shown {
    let found = match place {
        Place::Found(walk) => {
            walk.take::<Element>().filter(|element| element.local_name() == plain(from.tag) || walk.stray())
        }
        Place::Before(..) => None,
    };
    let hydrating = found.is_some();
    let element = found.unwrap_or_else(|| create(from.tag));
    let class = from.whole_class();
    let mut alive = Vec::new();
    for (name, value) in std::iter::once(("class", class)).chain(std::mem::take(&mut from.attributes)) {
        match value {
            // What never changes was written by the server.
            Value::Fixed(value) if !hydrating => set(&element, name, value.as_deref()),
            Value::Fixed(_) => {}
            Value::Live(value) => alive.push(Alive::Attribute(follow_attribute(&element, name, value))),
        }
    }
    let inside = match place {
        Place::Found(walk) if hydrating => Place::Found(Walk::of(&element, walk.taking.clone())),
        _ => Place::Before(element.clone().into(), None),
    };
    match &inside {
        Place::Found(walk) if from.later => alive.push(Alive::Children(show_later(from.children, walk))),
        _ => alive.extend(from.children.into_iter().map(|child| Alive::Child(show(child, &inside)))),
    }
    // After the children: what is chosen in a list depends on them.
    for property in from.properties {
        alive.push(Alive::Property(follow_property(&element, property, hydrating)));
    }
    for (event, act) in from.listeners {
        let closure = Closure::<dyn FnMut(Event)>::new(move |event| act(event));
        let _ = element.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
        alive.push(Alive::Listener(closure));
    }
    if !hydrating {
        insert(&element, place);
    }
    if let Place::Found(walk) = place {
        walk.after_text.set(false);
    }
    Shown::Element { element, _alive: alive }
}

/// Puts off what the server has drawn already.
fn show_later(children: Vec<Node>, walk: &Rc<Walk>) -> Rc<RefCell<Vec<Shown>>> {
    let shown: Rc<RefCell<Vec<Shown>>> = Rc::default();
    let (weak, place) = (Rc::downgrade(&shown), Place::Found(walk.clone()));
    let owner = Owner::current().unwrap_or_default();
    let piece = move || {
        // Otherwise the element has gone from the page meanwhile.
        if let Some(shown) = weak.upgrade() {
            let all = owner.with(|| children.into_iter().map(|child| show(child, &place)).collect());
            *shown.borrow_mut() = all;
        }
    };
    walk.taking.later.borrow_mut().push_back(Box::new(piece));
    shown
}

fn create(tag: &'static str) -> Element {
    let document = document();
    let made = if SVG_TAGS.contains(&tag) || tag != plain(tag) {
        document.create_element_ns(Some(SVG), plain(tag))
    } else {
        document.create_element(tag)
    };
    // Fails for malformed tags only, and all tags are this program's own.
    made.unwrap_throw()
}

fn set(element: &Element, name: &str, value: Option<&str>) {
    let _ = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

fn show_live(piece: Rc<dyn Fn() -> Node>, place: &Place) -> Shown {
    let content = Rc::new(RefCell::new(Shown::Nothing));
    let mark: Rc<RefCell<Option<Comment>>> = Rc::default();
    let effect = Following::new({
        // An effect that was let go of is dropped a little later, when its turn would come. What it holds lives until then, so it
        // holds its content only as long as that is on screen: otherwise what is in there could run once more, after the
        // signals that it reads are gone.
        let (content, mark, mut first) = (Rc::downgrade(&content), mark.clone(), Some(place.clone()));
        move |_: Option<()>| {
            let Some(content) = content.upgrade() else { return };
            let node = piece();
            if let Some(place) = first.take() {
                *content.borrow_mut() = show(node, &place);
                *mark.borrow_mut() = Some(show_mark(&place));
            } else if let Some(mark) = mark.borrow().as_ref() {
                replace(&mut content.borrow_mut(), node, mark);
            }
        }
    });
    let mark = mark.borrow().clone().unwrap_or_else(|| show_mark(place));
    Shown::Live { content, mark, _effect: effect }
}

fn replace(content: &mut Shown, node: Node, mark: &Comment) {
    if let (Shown::Text(text), Node::Text(now)) = (&*content, &node) {
        if text.data() != **now {
            text.set_data(now);
        }
        return;
    }
    remove(content);
    // Lets go of the old before the new begins.
    *content = Shown::Nothing;
    if let Some(place) = before(mark) {
        *content = show(node, &place);
    }
}

fn show_each(items: Rc<dyn Fn() -> Vec<Item>>, place: &Place) -> Shown {
    let shown: Rc<RefCell<Vec<ShownItem>>> = Rc::default();
    let mark: Rc<RefCell<Option<Comment>>> = Rc::default();
    let shelves = Shelves::new();
    let effect = Following::new({
        // As above.
        let (shown, mark, mut first) = (Rc::downgrade(&shown), mark.clone(), Some(place.clone()));
        move |_: Option<()>| {
            let Some(shown) = shown.upgrade() else { return };
            let items = items();
            // What the drawing of an item reads is that item's affair.
            untrack(|| {
                if let Some(place) = first.take() {
                    *shown.borrow_mut() =
                        items.into_iter().map(|item| show_item(item, &shelves, &place)).collect();
                    *mark.borrow_mut() = Some(show_mark(&place));
                } else if let Some(mark) = mark.borrow().as_ref() {
                    rearrange(&mut shown.borrow_mut(), items, &shelves, mark);
                }
            });
        }
    });
    let mark = mark.borrow().clone().unwrap_or_else(|| show_mark(place));
    Shown::Each { items: shown, mark, _effect: effect }
}

fn show_item(item: Item, shelves: &Shelves, place: &Place) -> ShownItem {
    let owner = shelves.item();
    let content = owner.with(|| show((item.draw)(), place));
    ShownItem { key: item.key, content, _owner: owner }
}

/// Takes away what is no longer there, adds what is new, and moves what stands elsewhere, from the end to the beginning.
fn rearrange(shown: &mut Vec<ShownItem>, items: Vec<Item>, shelves: &Shelves, mark: &Comment) {
    let Some(Place::Before(parent, _)) = before(mark) else { return };
    let mut old: HashMap<String, ShownItem> = shown.drain(..).map(|item| (item.key.clone(), item)).collect();
    let kept: Vec<(Option<ShownItem>, Item)> =
        items.into_iter().map(|item| (old.remove(&item.key), item)).collect();
    for gone in old.into_values() {
        remove(&gone.content);
    }
    let mut next: web_sys::Node = mark.clone().into();
    for (kept, item) in kept.into_iter().rev() {
        let item = match kept {
            Some(kept) => {
                move_before(&kept.content, &parent, &next);
                kept
            }
            None => show_item(item, shelves, &Place::Before(parent.clone(), Some(next.clone()))),
        };
        let mut nodes = Vec::new();
        collect(&item.content, &mut nodes);
        next = nodes.into_iter().next().unwrap_or(next);
        shown.push(item);
    }
    shown.reverse();
}

fn move_before(content: &Shown, parent: &web_sys::Node, next: &web_sys::Node) {
    let mut nodes = Vec::new();
    collect(content, &mut nodes);
    if nodes.last().is_some_and(|last| last.next_sibling().as_ref() == Some(next)) {
        return;
    }
    for node in nodes {
        let _ = parent.insert_before(&node, Some(next));
    }
}

fn remove(content: &Shown) {
    let mut nodes = Vec::new();
    collect(content, &mut nodes);
    for node in nodes {
        if let Some(parent) = node.parent_node() {
            let _ = parent.remove_child(&node);
        }
    }
}

/// The outermost nodes, in order.
fn collect(shown: &Shown, nodes: &mut Vec<web_sys::Node>) {
    match shown {
        Shown::Nothing => {}
        Shown::Text(text) => nodes.push(text.clone().into()),
        Shown::Element { element, .. } => nodes.push(element.clone().into()),
        Shown::Many(many) => many.iter().for_each(|shown| collect(shown, nodes)),
        Shown::Live { content, mark, .. } => {
            collect(&content.borrow(), nodes);
            nodes.push(mark.clone().into());
        }
        Shown::Each { items, mark, .. } => {
            items.borrow().iter().for_each(|item| collect(&item.content, nodes));
            nodes.push(mark.clone().into());
        }
    }
}

fn show_mark(place: &Place) -> Comment {
    if let Place::Found(walk) = place {
        walk.after_text.set(false);
        if let Some(mark) = walk.take::<Comment>() {
            return mark;
        }
    }
    let mark = document().create_comment("");
    insert(&mark, place);
    mark
}

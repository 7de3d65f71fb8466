//! What the page is made of: elements, text, and the parts that follow signals. One type for all of it.
//!
//! Leptos's signals, effects and contexts drive the page; its view types do not. Those are generic in every attribute, child
//! and closure, and each combination becomes code of its own: the same page was 570 KB of compressed WASM with them, half of
//! it such copies. A [`Node`] holds closures behind pointers instead, so there is one piece of code to write HTML, one to
//! take over what the server wrote, and one to build and change it.
//!
//! ```ignore
//! el("button").class("quiet").on("click", move |_| count.update(|n| *n += 1)).add(move || count.get().to_string())
//! ```

#[cfg(feature = "hydrate")]
mod dom;
#[cfg(feature = "ssr")]
mod html;

use std::borrow::Cow;
use std::rc::Rc;

use web_sys::Event;

#[cfg(feature = "hydrate")]
pub use dom::mount;
#[cfg(feature = "ssr")]
pub use html::to_html;

/// Words that are mostly constant.
pub type Words = Cow<'static, str>;

/// A piece of the page, not yet on screen.
pub enum Node {
    /// Nothing at all.
    Nothing,
    /// Words.
    Text(Words),
    /// An element.
    Element(Box<El>),
    /// Several pieces, one after the other.
    Many(Vec<Node>),
    /// A piece that is made anew whenever a signal that it read has changed.
    Live(Rc<dyn Fn() -> Node>),
    /// A list whose items stay as they are as long as their keys do.
    Each(Rc<dyn Fn() -> Vec<Item>>),
}

/// An item of a list.
pub struct Item {
    // The server writes a list once, and compares it with nothing.
    #[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
    key: String,
    draw: Box<dyn FnOnce() -> Node>,
}

/// An element in the making.
pub struct El {
    tag: &'static str,
    class: Value,
    toggles: Vec<(&'static str, Condition)>,
    attributes: Vec<(&'static str, Value)>,
    properties: Vec<Property>,
    listeners: Vec<(&'static str, Listener)>,
    children: Vec<Node>,
    // The server writes everything at once.
    #[cfg_attr(not(feature = "hydrate"), allow(dead_code))]
    later: bool,
}

type Condition = Rc<dyn Fn() -> bool>;
type Listener = Rc<dyn Fn(Event)>;

/// The value of an attribute; `None` stands for an attribute that is not there.
pub enum Value {
    /// Always the same.
    Fixed(Option<Words>),
    /// Follows signals.
    Live(Rc<dyn Fn() -> Option<Words>>),
}

/// What a person can change in a field, and signals, too.
enum Property {
    Value(Rc<dyn Fn() -> String>),
    Checked(Condition),
}

/// The name of a tag. Links and titles are within drawings what they are elsewhere, but elements of another kind: for those the
/// tag says so, as in `svg:a`.
fn plain(tag: &'static str) -> &'static str {
    tag.strip_prefix("svg:").unwrap_or(tag)
}

/// An element with this tag.
pub fn el(tag: &'static str) -> El {
    El {
        tag,
        class: Value::Fixed(None),
        toggles: Vec::new(),
        attributes: Vec::new(),
        properties: Vec::new(),
        listeners: Vec::new(),
        children: Vec::new(),
        later: false,
    }
}

/// A `div` of this class.
pub fn div(class: &'static str) -> El {
    el("div").class(class)
}

/// A `span` of this class.
pub fn span(class: &'static str) -> El {
    el("span").class(class)
}

/// A list that follows signals. Items with the same key stay on screen as they are, wherever they move.
pub fn each<T: 'static, N: IntoNode>(
    items: impl Fn() -> Vec<T> + 'static,
    key: impl Fn(&T) -> String + 'static,
    draw: impl Fn(T) -> N + 'static,
) -> Node {
    let draw = Rc::new(draw);
    Node::Each(Rc::new(move || {
        let item = |item: T| {
            let (key, draw) = (key(&item), draw.clone());
            Item { key, draw: Box::new(move || draw(item).into_node()) }
        };
        items().into_iter().map(item).collect()
    }))
}

/// A piece that is there while a condition holds. It is made anew only when that changes.
pub fn when<N: IntoNode>(condition: impl Fn() -> bool + 'static, piece: impl Fn() -> N + 'static) -> Node {
    // As a list of one or none: the condition may be asked often.
    each(move || if condition() { vec![()] } else { Vec::new() }, |()| String::new(), move |()| piece())
}

impl El {
    /// Its class, one or several words.
    pub fn class(mut self, class: impl IntoValue) -> Self {
        self.class = class.into_value();
        self
    }

    /// A further class while a condition holds.
    pub fn toggle(mut self, class: &'static str, condition: impl Fn() -> bool + 'static) -> Self {
        self.toggles.push((class, Rc::new(condition)));
        self
    }

    /// An attribute.
    pub fn attr(mut self, name: &'static str, value: impl IntoValue) -> Self {
        self.attributes.push((name, value.into_value()));
        self
    }

    /// The name by which tests find it.
    pub fn test_id(self, id: impl IntoValue) -> Self {
        self.attr("data-testid", id)
    }

    /// What stands in a field.
    pub fn value(mut self, value: impl Fn() -> String + 'static) -> Self {
        self.properties.push(Property::Value(Rc::new(value)));
        self
    }

    /// Whether a box is ticked.
    pub fn checked(mut self, checked: impl Fn() -> bool + 'static) -> Self {
        self.properties.push(Property::Checked(Rc::new(checked)));
        self
    }

    /// What happens upon an event.
    pub fn on(mut self, event: &'static str, act: impl Fn(Event) + 'static) -> Self {
        self.listeners.push((event, Rc::new(act)));
        self
    }

    /// What is in it is taken over from the server's HTML after the rest of the page.
    pub fn later(mut self) -> Self {
        self.later = true;
        self
    }

    /// A child, after those that it has.
    pub fn add(mut self, child: impl IntoNode) -> Self {
        self.children.push(child.into_node());
        self
    }

    /// Class and toggles as one value.
    fn whole_class(&mut self) -> Value {
        let class = std::mem::replace(&mut self.class, Value::Fixed(None));
        if self.toggles.is_empty() {
            return class;
        }
        let toggles = std::mem::take(&mut self.toggles);
        Value::Live(Rc::new(move || {
            let on =
                toggles.iter().filter(|(_, condition)| condition()).map(|(name, _)| Cow::Borrowed(*name));
            let all: Vec<Words> = class.now().into_iter().chain(on).collect();
            Some(all.join(" ").into())
        }))
    }
}

impl Value {
    fn now(&self) -> Option<Words> {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::Live(value) => value(),
        }
    }
}

/// What can be a piece of the page.
pub trait IntoNode {
    /// The piece.
    fn into_node(self) -> Node;
}

impl IntoNode for Node {
    fn into_node(self) -> Node {
        self
    }
}

/// Nothing.
impl IntoNode for () {
    fn into_node(self) -> Node {
        Node::Nothing
    }
}

impl IntoNode for El {
    fn into_node(self) -> Node {
        Node::Element(Box::new(self))
    }
}

impl IntoNode for &'static str {
    fn into_node(self) -> Node {
        Node::Text(self.into())
    }
}

impl IntoNode for String {
    fn into_node(self) -> Node {
        Node::Text(self.into())
    }
}

impl<N: IntoNode> IntoNode for Option<N> {
    fn into_node(self) -> Node {
        self.map_or(Node::Nothing, N::into_node)
    }
}

impl<N: IntoNode> IntoNode for Vec<N> {
    fn into_node(self) -> Node {
        Node::Many(self.into_iter().map(N::into_node).collect())
    }
}

impl<const LENGTH: usize> IntoNode for [Node; LENGTH] {
    fn into_node(self) -> Node {
        Node::Many(self.into())
    }
}

impl<N: IntoNode, F: Fn() -> N + 'static> IntoNode for F {
    fn into_node(self) -> Node {
        Node::Live(Rc::new(move || self().into_node()))
    }
}

/// What an attribute can have as its value at one moment.
pub trait IntoWords {
    /// The words; `None` when the attribute is not to be there.
    fn into_words(self) -> Option<Words>;
}

impl IntoWords for &'static str {
    fn into_words(self) -> Option<Words> {
        Some(self.into())
    }
}

impl IntoWords for String {
    fn into_words(self) -> Option<Words> {
        Some(self.into())
    }
}

/// An attribute that is there, without a value, or not.
impl IntoWords for bool {
    fn into_words(self) -> Option<Words> {
        self.then_some(Words::Borrowed(""))
    }
}

impl<W: IntoWords> IntoWords for Option<W> {
    fn into_words(self) -> Option<Words> {
        self.and_then(W::into_words)
    }
}

/// What an attribute can have as its value: words, or a closure that answers such.
pub trait IntoValue {
    /// The value.
    fn into_value(self) -> Value;
}

macro_rules! fixed {
    ($($type:ty),+) => {$(
        impl IntoValue for $type {
            fn into_value(self) -> Value {
                Value::Fixed(self.into_words())
            }
        }
    )+};
}
fixed!(&'static str, String, bool, Option<&'static str>, Option<String>);

impl<W: IntoWords, F: Fn() -> W + 'static> IntoValue for F {
    fn into_value(self) -> Value {
        Value::Live(Rc::new(move || self().into_words()))
    }
}

/// Several pieces of whatever kind, one after the other.
macro_rules! nodes {
    ($($piece:expr),* $(,)?) => {
        [$($crate::ui::IntoNode::into_node($piece)),*]
    };
}
pub(crate) use nodes;

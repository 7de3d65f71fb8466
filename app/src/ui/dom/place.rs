//! Where nodes go: before others, or where the server has put them already.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Comment, Element};

/// Where a node goes.
#[derive(Clone)]
pub(super) enum Place {
    /// Into this parent, before this child.
    Before(web_sys::Node, Option<web_sys::Node>),
    /// Where the server has put it already.
    Found(Rc<Walk>),
}

/// The taking over of a page that the server wrote.
#[derive(Default)]
pub(super) struct Taking {
    /// Set, for the whole page, when something else is there than expected.
    pub strayed: Cell<bool>,
    /// What is taken over after the rest, piece by piece.
    pub later: RefCell<VecDeque<Box<dyn FnOnce()>>>,
}

impl Taking {
    /// The next piece, unless the way was lost already.
    pub fn next(&self) -> Option<Box<dyn FnOnce()>> {
        if self.strayed.get() { None } else { self.later.borrow_mut().pop_front() }
    }
}

/// A walk along the children of an element that the server wrote.
pub(super) struct Walk {
    parent: web_sys::Node,
    next: RefCell<Option<web_sys::Node>>,
    /// Whether the node before is text: the server parts two of them.
    pub after_text: Cell<bool>,
    pub taking: Rc<Taking>,
}

/// The place before a mark.
pub(super) fn before(mark: &Comment) -> Option<Place> {
    Some(Place::Before(mark.parent_node()?, Some(mark.clone().into())))
}

/// Puts a node there.
pub(super) fn insert(node: &web_sys::Node, place: &Place) {
    match place {
        Place::Before(parent, next) => {
            let _ = parent.insert_before(node, next.as_ref());
        }
        Place::Found(walk) => insert(node, &walk.here()),
    }
}

impl Walk {
    pub fn of(parent: &Element, taking: Rc<Taking>) -> Rc<Self> {
        let next = RefCell::new(parent.first_child());
        Rc::new(Self { parent: parent.clone().into(), next, after_text: Cell::new(false), taking })
    }

    /// The next node, when it is of this kind.
    pub fn take<T: JsCast>(&self) -> Option<T> {
        let found = self.next.borrow().clone().and_then(|node| node.dyn_into::<T>().ok());
        match &found {
            Some(node) => {
                let node: &web_sys::Node = node.unchecked_ref();
                *self.next.borrow_mut() = node.next_sibling();
            }
            None => {
                self.stray();
            }
        }
        found
    }

    /// Notes that something else is here than was expected.
    pub fn stray(&self) -> bool {
        self.taking.strayed.set(true);
        false
    }

    pub fn here(&self) -> Place {
        Place::Before(self.parent.clone(), self.next.borrow().clone())
    }
}

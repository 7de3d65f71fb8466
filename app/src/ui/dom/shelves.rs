//! Who owns what the items of a list are made of.

use std::cell::RefCell;

use crate::prelude::*;

/// How many items share a shelf.
const ON_A_SHELF: usize = 64;

/// The owners of a list's items. An owner keeps a place for each child that it ever had: of a list that is on screen as long as the
/// page is, these would grow with every row that is ever drawn. So the items are children of shelves, and a shelf goes with its last.
pub(super) struct Shelves {
    list: Owner,
    /// The newest shelf, and how many more it takes.
    newest: RefCell<Option<(Owner, usize)>>,
}

/// What an item owns, and the shelf on which it stands.
pub(super) struct Owned {
    item: Owner,
    _shelf: Owner,
}

impl Shelves {
    /// None yet, for a list in what is drawn now.
    pub fn new() -> Self {
        // Not an effect's own: what belongs to that is cleaned up with each run.
        Self { list: Owner::current().unwrap_or_default(), newest: RefCell::new(None) }
    }

    /// An owner for one more item.
    pub fn item(&self) -> Owned {
        let mut newest = self.newest.borrow_mut();
        let room = newest.take().filter(|(_, room)| *room > 0);
        let (shelf, room) = room.unwrap_or_else(|| (self.list.child(), ON_A_SHELF));
        *newest = Some((shelf.clone(), room - 1));
        Owned { item: shelf.child(), _shelf: shelf }
    }
}

impl Owned {
    /// Has what is made within belong to the item.
    pub fn with<T>(&self, make: impl FnOnce() -> T) -> T {
        self.item.with(make)
    }
}

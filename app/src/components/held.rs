//! What somebody points at, has ticked or has the focus in does not move: it holds, and a chip says how much is new.

use std::collections::{HashMap, HashSet};

use crate::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, PointerEvent};

use super::bits::button;
use crate::dom::element_of;
use crate::live::words;
use crate::nav::{Place, use_nav};
use crate::ui::{El, Node, when};

/// Something that follows the project, and holds while somebody has it in hand.
pub struct Held<T> {
    /// What is shown.
    pub shown: RwSignal<T>,
    hands: Hands,
}

/// Who has it in hand, and what is new since.
#[derive(Clone, Copy)]
struct Hands {
    pointed: RwSignal<bool>,
    /// The place, among what is drawn, of the row that has the focus.
    focused: RwSignal<Option<usize>>,
    news: RwSignal<usize>,
    /// Goes up when somebody asks for what is new.
    asked: RwSignal<u32>,
}

/// By hand: a handle can be copied whatever it is a handle of.
impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Held<T> {}

/// What can be held.
pub trait Hold: Clone + PartialEq + Send + Sync + 'static {
    /// How much is new; 0 when nothing on screen would move, as when something comes at the end.
    fn news(&self, now: &Self) -> usize;

    /// Whether the row in a place is still there.
    fn keeps(&self, now: &Self, place: usize) -> bool;
}

impl<T: Clone + PartialEq + Eq + std::hash::Hash + Send + Sync + 'static> Hold for Vec<T> {
    fn news(&self, now: &Self) -> usize {
        if now.starts_with(self) {
            return 0;
        }
        let (before, after): (HashSet<&T>, HashSet<&T>) = (self.iter().collect(), now.iter().collect());
        match before.symmetric_difference(&after).count() {
            0 => self.iter().zip(now).filter(|(one, other)| one != other).count(),
            changed => changed,
        }
    }

    fn keeps(&self, now: &Self, place: usize) -> bool {
        self.get(place).is_some_and(|row| now.contains(row))
    }
}

impl<T: Hold> Held<T> {
    /// Follows a memo. It holds also while something that is still in it is selected; `first` is the place of the first row that is
    /// drawn.
    pub fn new(
        now: Memo<T>,
        selected: impl Fn(&T) -> bool + 'static,
        first: impl Fn() -> usize + 'static,
    ) -> Self {
        let hands = Hands {
            pointed: RwSignal::new(false),
            focused: RwSignal::new(None),
            news: RwSignal::new(0),
            asked: RwSignal::new(0),
        };
        let held = Self { shown: RwSignal::new(now.get_untracked()), hands };
        let (nav, mut last) = (use_nav(), None);
        effect(move || {
            // What somebody asks for comes at once: another room, filter or order, or what is new.
            let asked = (Place { open: None, thread: None, ..nav.place() }, hands.asked.get());
            let same = last.replace(asked.clone()).is_none_or(|last| last == asked);
            let (pointed, focused) = (hands.pointed.get(), hands.focused.get());
            let now = now.get();
            let in_hand = pointed || selected(&now);
            let focused = focused.map(|row| row + first());
            let news = held.shown.with_untracked(|shown| {
                let holds = same && (in_hand || focused.is_some_and(|row| shown.keeps(&now, row)));
                if holds { shown.news(&now) } else { 0 }
            });
            if news == 0 && held.shown.with_untracked(|shown| *shown != now) {
                // Not every browser says that the focus is gone with its row.
                let lost = |shown: &T| focused.is_some_and(|row| !shown.keeps(&now, row));
                if held.shown.with_untracked(lost) {
                    hands.focused.set(None);
                }
                held.shown.set(now);
            }
            if hands.news.get_untracked() != news {
                hands.news.set(news);
            }
        });
        held
    }

    /// What shows it and has the chip, so that the way to the chip does not let go: an element with the rows somewhere in it.
    pub fn within(self, element: El) -> El {
        self.hands.within(element)
    }

    /// The same, where it is the pointer alone that holds.
    pub fn under_pointer(self, element: El) -> El {
        self.hands.under_pointer(element)
    }

    /// The chip that says how much is new, and brings it.
    pub fn chip(self) -> Node {
        self.hands.chip()
    }
}

/// A list whose lines have keys, in an order that holds.
pub struct Lines<T: 'static> {
    /// The order of the keys.
    pub held: Held<Vec<String>>,
    all: Memo<Vec<T>>,
    last: StoredValue<Vec<T>>,
    key: fn(&T) -> String,
}

/// By hand: a handle can be copied whatever it is a handle of.
impl<T> Clone for Lines<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Lines<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Lines<T> {
    /// Holds a list.
    pub fn new(all: Memo<Vec<T>>, key: fn(&T) -> String) -> Self {
        let keys = Memo::new(move |_| all.with(|all| all.iter().map(key).collect::<Vec<String>>()));
        Self { held: Held::new(keys, |_| false, || 0), all, last: StoredValue::new(Vec::new()), key }
    }

    /// The lines that are shown, as they are now; and whether each is over and only still there because it is held.
    pub fn shown(self) -> Vec<(T, bool)> {
        let all = self.all.get();
        let shown: Vec<(T, bool)> = self.last.with_value(|last| {
            let by_key = |lines: &[T]| -> HashMap<String, usize> {
                lines.iter().enumerate().map(|(at, line)| ((self.key)(line), at)).collect()
            };
            let (now, before) = (by_key(&all), by_key(last));
            let line = |key: &String| match now.get(key) {
                Some(at) => Some((all[*at].clone(), false)),
                None => before.get(key).map(|at| (last[*at].clone(), true)),
            };
            self.held.shown.with(|keys| keys.iter().filter_map(line).collect())
        });
        self.last.set_value(shown.iter().map(|(line, _)| line.clone()).collect());
        shown
    }
}

impl Hands {
    fn within(self, element: El) -> El {
        self.under_pointer(element)
            .on("focusin", move |event| self.focused.set(place(&event)))
            .on("focusout", move |_| self.focused.set(None))
    }

    fn under_pointer(self, element: El) -> El {
        element
            .on("pointerenter", move |event| {
                let mouse =
                    event.dyn_into::<PointerEvent>().is_ok_and(|event| event.pointer_type() == "mouse");
                self.pointed.set(mouse);
            })
            .on("pointerleave", move |_| self.pointed.set(false))
    }

    fn chip(self) -> Node {
        let chip = move || {
            let more = move || words::count_of(self.news.get(), "update");
            button("chip news", move |_| self.asked.update(|asked| *asked = asked.wrapping_add(1))).add(more)
        };
        when(move || self.news.get() > 0, chip)
    }
}

/// The place of the row in which something happens.
fn place(event: &Event) -> Option<usize> {
    let mut row = element_of(event.target())?.closest(".body .row, li").ok().flatten()?;
    let mut place = 0;
    while let Some(before) = row.previous_element_sibling() {
        row = before;
        place += 1;
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_nothing_is_no_news() {
        let shown = vec![1, 2, 3];
        let news = |now: &[i32]| shown.news(&now.to_vec());
        assert_eq!([news(&[1, 2, 3]), news(&[1, 2, 3, 4, 5])], [0, 0]);
        assert_eq!([news(&[4, 1, 2, 3]), news(&[1, 3]), news(&[2, 1, 3])], [1, 1, 2]);
        assert!(shown.keeps(&vec![3], 2));
        assert!(!shown.keeps(&vec![3], 1) && !shown.keeps(&vec![3], 9));
        assert_eq!(Vec::<i32>::new().news(&shown), 0);
    }
}

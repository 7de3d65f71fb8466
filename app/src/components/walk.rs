//! `j` and `k` among cards and conversations; lists of rows and the queue of needs have these keys themselves.

use leptos::wasm_bindgen::JsCast;
use web_sys::{Element, Event, KeyboardEvent};

use crate::dom::{element_of, focus};
use crate::ui::El;

/// Has a list walked from one of what `item` selects to the next, over the columns that it may have.
pub fn walked(list: El, item: &'static str) -> El {
    list.on("keydown", move |event| {
        let Some(forward) = direction(&event) else { return };
        let here = element_of(event.target()).and_then(|target| target.closest(item).ok().flatten());
        let Some(here) = here else { return };
        event.prevent_default();
        let column = || here.closest(".column").ok().flatten();
        let next = beside(&here, forward).or_else(|| first_beside(column()?, item, forward));
        focus(next.and_then(|next| next.query_selector(".row-link").ok().flatten()));
    })
}

fn direction(event: &Event) -> Option<bool> {
    let key = event.dyn_ref::<KeyboardEvent>()?;
    let plain = !(key.ctrl_key() || key.meta_key() || key.alt_key());
    match key.key().as_str() {
        "j" if plain => Some(true),
        "k" if plain => Some(false),
        _ => None,
    }
}

fn beside(element: &Element, forward: bool) -> Option<Element> {
    if forward { element.next_element_sibling() } else { element.previous_element_sibling() }
}

/// The first item in the columns after this one, or the last in those before.
fn first_beside(mut column: Element, item: &str, forward: bool) -> Option<Element> {
    loop {
        column = beside(&column, forward)?;
        let end = if forward { item.to_owned() } else { format!("{item}:last-child") };
        if let Some(found) = column.query_selector(&end).ok()? {
            return Some(found);
        }
    }
}

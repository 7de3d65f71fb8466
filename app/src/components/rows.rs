//! A list of rows for many things: keeps its order while somebody points at it, draws only what can be seen, and is walked with
//! j and k.

use std::ops::{Range, RangeInclusive};
use std::rc::Rc;

use crate::prelude::*;
use engine::TimeMs;
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

use super::held::Held;
use crate::dom::{click, element_of, find, focus};
use crate::live::row::{Row, RowId};
use crate::live::use_live;
use crate::ui::{El, IntoNode, Node, div, each, when};

/// From how many rows on only those in sight are drawn.
const WINDOWED_FROM: usize = 200;
/// How many rows are drawn at first, before anybody knows what is in sight.
const FIRST_DRAWN: usize = 60;
/// How many rows are drawn beyond either end of what is in sight: half as many as are in sight, within these bounds. All of them
/// are painted.
const MARGIN: RangeInclusive<usize> = 6..=12;
/// For how long a row that comes into sight still shows that it has changed.
const NEWS_MS: TimeMs = 1_000;

/// A list under column heads.
pub struct Rows {
    /// What it lists, for screen readers; also its class and test id.
    pub name: &'static str,
    /// The rows, in order.
    pub ids: Memo<Vec<RowId>>,
    /// The column heads: class and text.
    pub heads: &'static [(&'static str, &'static str)],
    /// Draws a row's cells into its element; `None` for a row of which nothing is known.
    pub draw: fn(&RowId) -> Option<El>,
    /// Stands there when there are none.
    pub empty: fn() -> Node,
    /// Whether one of them is selected.
    pub selected: fn(&Vec<RowId>) -> bool,
}

impl Rows {
    /// The list as a piece of the page.
    pub fn show(self) -> Node {
        let Self { name, ids, heads, draw, empty, selected } = self;
        let first = RwSignal::new(0);
        let list = Held::new(ids, selected, move || first.get_untracked());
        let window = Window::new(list.shown, name, first);
        let drawn = Memo::new(move |_| list.shown.with(|rows| rows[window.range(rows.len())].to_vec()));
        let row = move |id: RowId| {
            let place = {
                let id = id.clone();
                move || list.shown.with(|rows| place_of(rows, &id, window))
            };
            draw(&id).map(|row| row.attr("role", "row").attr("aria-rowindex", place))
        };
        let heads =
            heads.iter().map(|(class, text)| cell("columnheader", class).add(*text)).collect::<Vec<_>>();
        let body = div("body")
            .attr("role", "rowgroup")
            .attr("style", move || window.space(list.shown.with(Vec::len)))
            .on("click", open_row)
            .on("keydown", walk)
            .add(each(move || drawn.get(), RowId::key, row));
        let count = move || Some(list.shown.with(Vec::len)).filter(|rows| *rows >= WINDOWED_FROM);
        let table = div("")
            .class(format!("list {name}"))
            .attr("id", format!("list-{name}"))
            .attr("role", "table")
            .attr("aria-label", name)
            .attr("aria-rowcount", move || count().map(|rows| (rows + 1).to_string()))
            .on("scroll", move |_| window.look())
            .add(div("heads").attr("role", "rowgroup").add(div("row").attr("role", "row").add(heads)))
            .add(body);
        list.within(div("list-box"))
            .test_id(name)
            .add(table)
            .add(when(move || list.shown.with(Vec::is_empty), empty))
            .add(list.chip())
            .into_node()
    }
}

/// A cell of a row.
pub fn cell(role: &'static str, class: &'static str) -> El {
    div(class).attr("role", role)
}

/// A row's place among all, for lists of which only a part is drawn.
fn place_of(rows: &[RowId], id: &RowId, window: Window) -> Option<String> {
    let range = window.range(rows.len());
    if rows.len() < WINDOWED_FROM {
        return None;
    }
    let first = range.start;
    let at = rows[range].iter().position(|other| other == id)?;
    // Counted from 1, and the head is the first row.
    Some((first + at + 2).to_string())
}

/// Which rows are in sight.
#[derive(Clone, Copy)]
struct Window {
    name: &'static str,
    first: RwSignal<usize>,
    drawn: RwSignal<usize>,
    row_px: RwSignal<usize>,
}

impl Window {
    fn new(shown: RwSignal<Vec<RowId>>, name: &'static str, first: RwSignal<usize>) -> Self {
        let (drawn, row_px) = (RwSignal::new(FIRST_DRAWN), RwSignal::new(0));
        let window = Self { name, first, drawn, row_px };
        effect(move || {
            if shown.with(Vec::len) >= WINDOWED_FROM {
                request_animation_frame(move || window.look());
            }
        });
        window
    }

    /// The drawn part of a list of this length.
    fn range(self, len: usize) -> Range<usize> {
        if len < WINDOWED_FROM {
            return 0..len;
        }
        let first = self.first.get().min(len);
        first..(first + self.drawn.get()).min(len)
    }

    /// Measures what is in sight.
    fn look(self) {
        let Some(scroller) = find(&format!("#list-{}", self.name)) else { return };
        let Some(row) = scroller.query_selector(".body .row").ok().flatten() else { return };
        let pixels = |px: i32| usize::try_from(px).unwrap_or(0);
        let row_px = pixels(row.client_height()).max(1) + 1;
        let in_sight = pixels(scroller.client_height()) / row_px + 1;
        let margin = (in_sight / 2).clamp(*MARGIN.start(), *MARGIN.end());
        let first = (pixels(scroller.scroll_top()) / row_px).saturating_sub(margin);
        let drawn = in_sight + 2 * margin;
        // Half a margin is enough to be ready for the next scroll, and saves most of the drawing.
        if first.abs_diff(self.first.get_untracked()) >= margin / 2 || first == 0 {
            self.first.set(first);
        }
        if self.drawn.get_untracked() != drawn {
            self.drawn.set(drawn);
        }
        if self.row_px.get_untracked() != row_px {
            self.row_px.set(row_px);
        }
    }

    /// Room for the rows that are not drawn, as a style.
    fn space(self, len: usize) -> Option<String> {
        let (range, row_px) = (self.range(len), self.row_px.get());
        let (before, after) = (range.start * row_px, (len - range.end) * row_px);
        (before + after > 0).then(|| format!("padding: {before}px 0 {after}px"))
    }
}

/// The element of a row: tinted for a moment when it has changed, struck out when there is no such thing any more.
pub fn row_of<T: Send + Sync + 'static>(row: RwSignal<Row<T>>) -> El {
    let now_ms = use_live().now_ms.get_untracked();
    // What changed before the row came into sight is no news.
    let seen = row.with_untracked(|row| if now_ms - row.changed_ms > NEWS_MS { row.changes } else { 0 });
    let state =
        Rc::new(move || row.with(|row| (row.changes.saturating_sub(seen), row.changes % 2 == 1, row.gone)));
    div("").class(move || {
        let (changes, odd, gone) = state();
        let tint = match (changes, odd) {
            (0, _) => "",
            (_, true) => " tint-odd",
            (_, false) => " tint-even",
        };
        format!("row{tint}{}", if gone { " gone" } else { "" })
    })
}

/// A click anywhere on a row opens it.
fn open_row(event: Event) {
    let Some(target) = element_of(event.target()) else { return };
    let on_something = target.closest("a, button, input").ok().flatten().is_some();
    let selected = window().get_selection().ok().flatten().is_some_and(|selection| !selection.is_collapsed());
    if on_something || selected {
        return;
    }
    let Some(row) = target.closest(".row").ok().flatten() else { return };
    click(row.query_selector(".row-link").ok().flatten());
}

/// j and k, or the arrows, go from row to row.
fn walk(event: Event) {
    let forward = match event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key).as_deref() {
        Some("j" | "ArrowDown") => true,
        Some("k" | "ArrowUp") => false,
        _ => return,
    };
    let Some(row) = element_of(event.target()).and_then(|target| target.closest(".row").ok().flatten())
    else {
        return;
    };
    let next = if forward { row.next_element_sibling() } else { row.previous_element_sibling() };
    event.prevent_default();
    event.stop_propagation();
    focus(next.and_then(|next| next.query_selector(".row-link").ok().flatten()));
}

//! Bars, drawn as SVG. Each that stands for something leads to what it counts.

use crate::prelude::*;

use crate::live::words;
use crate::ui::{El, IntoNode, Node, div, el, span};

/// A bar: how high it is, what it says, and where it leads.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// What it stands for.
    pub value: f64,
    /// What it says in words.
    pub title: String,
    /// Where it leads.
    pub href: String,
}

/// Upright bars of this class side by side, with the greatest value at the top and words under the first and the last.
pub fn bars(
    label: &'static str,
    class: &'static str,
    unit: fn(f64) -> String,
    ends: Memo<(String, String)>,
    bars: Memo<Vec<Bar>>,
) -> Node {
    let most = |bars: &Vec<Bar>| bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let drawn = move || {
        bars.with(|bars| {
            let (top, step) = (most(bars), 100.0 / bars.len().max(1) as f64);
            let bar = |(place, bar): (usize, &Bar)| column(bar, class, place as f64 * step, step, top);
            bars.iter().enumerate().map(bar).collect::<Vec<_>>()
        })
    };
    let top = move || bars.with(|bars| unit(most(bars)));
    let end = move |last: bool| move || ends.with(|ends| if last { ends.1.clone() } else { ends.0.clone() });
    div("chart")
        .add(span("top-value caption num").add(top))
        .add(el("svg").attr("role", "group").attr("aria-label", label).add(drawn))
        .add(el("p").class("ends caption num").add(el("span").add(end(false))).add(el("span").add(end(true))))
        .into_node()
}

fn column(bar: &Bar, class: &'static str, x: f64, step: f64, top: f64) -> El {
    let percent = |value: f64| words::percent(value, 100.0);
    let height = if top > 0.0 { bar.value / top * 100.0 } else { 0.0 };
    let rect = el("rect")
        .class(class)
        .attr("x", percent(x + step * 0.1))
        .attr("width", percent(step * 0.8))
        .attr("y", percent(100.0 - height))
        .attr("height", percent(height));
    let whole =
        el("rect").class("hit").attr("x", percent(x)).attr("width", percent(step)).attr("height", "100%");
    let drawing = el("g").add(whole).add(rect).add(el("svg:title").add(bar.title.clone()));
    if bar.value == 0.0 {
        return drawing;
    }
    el("svg:a").attr("href", bar.href.clone()).attr("aria-label", bar.title.clone()).add(drawing)
}

/// A lying bar against a scale, for lists: the value, and a mark where it was expected to be.
pub fn meter(value: f64, mark: Option<f64>, most: f64, class: &'static str) -> El {
    let percent = |value: f64| words::percent(value, most);
    let line = mark.map(|mark| {
        let at = percent(mark);
        el("line").attr("x1", at.clone()).attr("x2", at).attr("y1", "0").attr("y2", "100%")
    });
    el("svg")
        .class("meter")
        .attr("aria-hidden", "true")
        .add(el("rect").class(class).attr("height", "100%").attr("width", percent(value)))
        .add(line)
}

//! Bars, drawn as SVG. Each that stands for something leads to what it counts.

use crate::prelude::*;

use crate::live::words;
use crate::ui::{El, IntoNode, Node, div, el, span};

/// A bar: how high its parts are, what it says, and where it leads.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The parts from the bottom up: value and class.
    pub parts: Vec<(f64, &'static str)>,
    /// What it says in words.
    pub title: String,
    /// Where it leads.
    pub href: String,
}

impl Bar {
    fn height(&self) -> f64 {
        self.parts.iter().map(|(value, _)| value).sum()
    }
}

/// Upright bars side by side, with the greatest value at the top and words under the first and the last.
pub fn bars(
    label: &'static str,
    unit: fn(f64) -> String,
    ends: Memo<(String, String)>,
    bars: Memo<Vec<Bar>>,
) -> Node {
    let drawn = move || {
        bars.with(|bars| {
            let top = bars.iter().map(Bar::height).fold(0.0, f64::max);
            let step = 100.0 / bars.len().max(1) as f64;
            let bar = |(place, bar): (usize, &Bar)| column(bar, place as f64 * step, step, top);
            bars.iter().enumerate().map(bar).collect::<Vec<_>>()
        })
    };
    let top = move || bars.with(|bars| unit(bars.iter().map(Bar::height).fold(0.0, f64::max)));
    let end = move |last: bool| move || ends.with(|ends| if last { ends.1.clone() } else { ends.0.clone() });
    div("chart")
        .add(span("top-value caption num").add(top))
        .add(el("svg").attr("role", "group").attr("aria-label", label).add(drawn))
        .add(el("p").class("ends caption num").add(el("span").add(end(false))).add(el("span").add(end(true))))
        .into_node()
}

fn column(bar: &Bar, x: f64, step: f64, top: f64) -> El {
    let percent = |value: f64| words::percent(value, 100.0);
    let mut below = 0.0;
    let mut rect = |(value, class): &(f64, &'static str)| {
        let height = if top > 0.0 { value / top * 100.0 } else { 0.0 };
        below += height;
        el("rect")
            .class(*class)
            .attr("x", percent(x + step * 0.1))
            .attr("width", percent(step * 0.8))
            .attr("y", percent(100.0 - below))
            .attr("height", percent(height))
    };
    let rects: Vec<El> = bar.parts.iter().map(&mut rect).collect();
    let whole =
        el("rect").class("hit").attr("x", percent(x)).attr("width", percent(step)).attr("height", "100%");
    let drawing = el("g").add(whole).add(rects).add(el("svg:title").add(bar.title.clone()));
    if bar.height() == 0.0 {
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

//! The keys, all of them.

use super::header;
use crate::components::bits::caption;
use crate::live::use_live;
use crate::ui::{El, IntoNode, Node, div, el};

type Key = (&'static [&'static str], &'static str);

const KEYS: [(&str, &[Key]); 5] = [
    (
        "Everywhere",
        &[
            (&["Ctrl", "K"], "Go to, or do, by a few letters"),
            (&["c"], "Create a task"),
            (&["m"], "Write a message"),
            (&["/"], "Filter what is listed"),
            (&["Space"], "Hold the picture still"),
            (&["["], "Look back, to the event before"),
            (&["]"], "To the next event"),
            (&["1"], "Tasks as a table"),
            (&["2"], "Tasks as a board"),
            (&["3"], "Tasks as a graph"),
            (&["y"], "Copy a link to this view"),
            (&["z"], "Take back what was done last"),
            (&["t"], "Light or dark"),
            (&["?"], "This help"),
            (&["Esc"], "Close, go back, leave a field"),
        ],
    ),
    (
        "Rooms",
        &[
            (&["g", "o"], "Overview"),
            (&["g", "t"], "Tasks"),
            (&["g", "a"], "Agents"),
            (&["g", "m"], "Messages"),
            (&["g", "f"], "Files"),
            (&["g", "l"], "Timeline"),
            (&["g", "i"], "Insights"),
            (&["g", "y"], "Activity"),
            (&["g", "c"], "Connect"),
            (&["g", "s"], "Settings"),
        ],
    ),
    (
        "Lists and dialogs",
        &[
            (&["j"], "Next row"),
            (&["k"], "Row before"),
            (&["Enter"], "Open it"),
            (&["↓"], "From the filter to the first row"),
            (&["x"], "Tick the task"),
            (&["*"], "Tick all that are listed"),
            (&["Ctrl", "Enter"], "Send the dialog"),
        ],
    ),
    (
        "With a task open or chosen, or with ticks",
        &[
            (&["e"], "Edit it, without ticks"),
            (&["a"], "Assign it"),
            (&["p"], "Change its priority"),
            (&["v"], "Approve its result"),
        ],
    ),
    (
        "In what needs you",
        &[
            (&["j"], "Next line"),
            (&["k"], "Line before"),
            (&["Enter"], "Open what it is about"),
            (&["v"], "Deal with it: approve, let go on, mark as read"),
            (&["b"], "Send back"),
            (&["a"], "Give to another"),
            (&["m"], "Reply, or ask"),
        ],
    ),
];

/// The overlay that lists them.
pub fn keys() -> Node {
    div("help")
        .test_id("help")
        .add(header("Keys".to_owned()))
        .add(table())
        .add(caption(format!("manus-sync {}", use_live().about().version)))
        .into_node()
}

/// All keys, by where they count.
pub fn table() -> El {
    let row = |(keys, what): &Key| {
        let keys: Vec<El> = keys.iter().map(|key| el("kbd").add(*key)).collect();
        el("div").add(el("dt").add(keys)).add(el("dd").add(*what))
    };
    let group = |(name, keys): (&'static str, &[Key])| {
        let rows: Vec<El> = keys.iter().map(row).collect();
        el("section").add(el("h3").add(name)).add(el("dl").add(rows)).into_node()
    };
    div("keys").add(KEYS.map(group))
}

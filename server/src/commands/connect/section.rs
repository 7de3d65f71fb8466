//! A part of a text file that is ours, between two marks.

/// How a file marks what is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// Comments of Markdown.
    Markdown,
    /// Comments of TOML.
    Toml,
}

impl Marks {
    fn lines(self) -> (&'static str, &'static str) {
        match self {
            Self::Markdown => ("<!-- manus-sync: begin -->", "<!-- manus-sync: end -->"),
            Self::Toml => ("# manus-sync: begin", "# manus-sync: end"),
        }
    }
}

/// The text with the section in place of the one that is there, or at its end.
pub(super) fn put(text: &str, marks: Marks, body: &str) -> String {
    let (begin, end) = marks.lines();
    let section = format!("{begin}\n{}\n{end}\n", body.trim_end());
    match place(text, marks) {
        Some((from, to)) => format!("{}{section}{}", &text[..from], &text[to..]),
        None if text.is_empty() => section,
        None => format!("{text}{}\n{section}", if text.ends_with('\n') { "" } else { "\n" }),
    }
}

/// The text without the section, and without the blank line that set it apart.
pub(super) fn take(text: &str, marks: Marks) -> String {
    let Some((from, to)) = place(text, marks) else { return text.to_owned() };
    let before = text[..from].strip_suffix("\n\n").map_or(&text[..from], |_| &text[..from - 1]);
    format!("{before}{}", &text[to..])
}

/// From the first mark to the end of the line of the last.
fn place(text: &str, marks: Marks) -> Option<(usize, usize)> {
    let (begin, end) = marks.lines();
    let from = text.find(begin)?;
    let to = from + text[from..].find(end)? + end.len();
    Some((from, to + text[to..].find('\n').map_or(text.len() - to, |line| line + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_changes_and_goes() {
        for before in ["", "# Rules\n", "# Rules\n\nBe kind.\n"] {
            let once = put(before, Marks::Markdown, "Hello\n");
            assert!(
                once.starts_with(before) && once.ends_with("begin -->\nHello\n<!-- manus-sync: end -->\n"),
                "{once}"
            );
            assert_eq!(put(&once, Marks::Markdown, "Hello\n"), once);
            let changed = put(&format!("{once}After\n"), Marks::Markdown, "Bye");
            assert!(changed.contains("Bye") && !changed.contains("Hello") && changed.ends_with("After\n"));
            assert_eq!(take(&once, Marks::Markdown), before);
        }
        assert_eq!(take("nothing of ours", Marks::Toml), "nothing of ours");
    }
}

//! JSON edited as text: a member or an item is put in or taken out, and everything else stays as somebody wrote it, down to the
//! order of keys, the indentation and the line ends.

mod tree;

use std::fmt;
use std::ops::Range;

use serde_json::Value;

use tree::{Node, Parts, at, tree};

/// Why a file cannot be edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CannotEdit {
    /// It is something else.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// Something stands where a list or an object is expected.
    #[error("{0} is not {1} there")]
    Unexpected(String, &'static str),
}

/// An item of a list or a member of an object that is to be put in: its JSON, indented by two spaces a level.
#[derive(Debug, Clone, Copy)]
pub(super) struct Snippet<'a>(pub &'a str);

/// A JSON text being edited.
#[derive(Debug, Clone)]
pub(super) struct JsonText {
    text: String,
    unit: String,
    line_end: &'static str,
}

impl fmt::Display for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl JsonText {
    /// Reads a text; one that is empty or blank counts as an empty object.
    pub(super) fn read(text: &str) -> Result<Self, CannotEdit> {
        let text = if text.trim().is_empty() { "{}\n" } else { text };
        serde_json::from_str::<Value>(text).map_err(|error| CannotEdit::NotJson(error.to_string()))?;
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Ok(Self { text: text.to_owned(), unit: unit_of(text), line_end })
    }

    /// What it says.
    pub(super) fn value(&self) -> Value {
        // Checked when it was read, and each edit keeps it so.
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Puts a member into the object at the end of a way of keys, making what is missing of the way. One that is there under
    /// this key is replaced, if it says something else.
    pub(super) fn set_member(
        &mut self,
        way: &[&str],
        key: &str,
        snippet: Snippet<'_>,
    ) -> Result<(), CannotEdit> {
        self.make_way(way, "{}")?;
        let found =
            at(&self.tree(), way).and_then(|node| node.member(key).map(|member| member.value.span.clone()));
        match found {
            Some(span) if says_the_same(&self.text[span.clone()], snippet.0) => {}
            Some(span) => {
                let indent = self.indent_at(span.start);
                let text = self.fitted(snippet.0, &indent);
                self.text.replace_range(span, &text);
            }
            None => self.append(way, &format!("{}: ", Value::from(key)), snippet.0),
        }
        Ok(())
    }

    /// Puts an item at the end of the list at the end of a way of keys, making what is missing of the way. The item that `is_it`
    /// recognises is replaced, if it says something else.
    pub(super) fn set_item(
        &mut self,
        way: &[&str],
        snippet: Snippet<'_>,
        is_it: impl Fn(&Value) -> bool,
    ) -> Result<(), CannotEdit> {
        self.make_way(way, "[]")?;
        let items = self.items(way);
        match items.into_iter().find(|span| is_it(&self.parsed(span))) {
            Some(span) if says_the_same(&self.text[span.clone()], snippet.0) => {}
            Some(span) => {
                let indent = self.indent_at(span.start);
                let text = self.fitted(snippet.0, &indent);
                self.text.replace_range(span, &text);
            }
            None => self.append(way, "", snippet.0),
        }
        Ok(())
    }

    /// Takes a member out, and what is left empty of the way to it.
    pub(super) fn remove_member(&mut self, way: &[&str], key: &str) {
        let tree = self.tree();
        let Some(node) = at(&tree, way) else { return };
        let Parts::Object(members) = &node.parts else { return };
        let Some(place) = members.iter().position(|member| member.key == key) else { return };
        let spans: Vec<Range<usize>> = members.iter().map(|member| member.span.clone()).collect();
        self.cut(&spans, place, node.span.clone());
        self.prune(way);
    }

    /// Takes out the items that `is_it` recognises, and what is left empty of the way to them.
    pub(super) fn remove_items(&mut self, way: &[&str], is_it: impl Fn(&Value) -> bool) {
        while let Some(place) = self.items(way).iter().position(|span| is_it(&self.parsed(span))) {
            let (spans, tree) = (self.items(way), self.tree());
            let Some(node) = at(&tree, way) else { return };
            self.cut(&spans, place, node.span.clone());
        }
        self.prune(way);
    }

    fn prune(&mut self, way: &[&str]) {
        let Some((last, before)) = way.split_last() else { return };
        let empty = match at(&self.tree(), way).map(|node| &node.parts) {
            Some(Parts::Object(members)) => members.is_empty(),
            Some(Parts::List(items)) => items.is_empty(),
            _ => false,
        };
        if empty {
            self.remove_member(before, last);
        }
    }

    /// Cuts one of several parts out of a list or an object, with its comma and its line.
    fn cut(&mut self, spans: &[Range<usize>], place: usize, whole: Range<usize>) {
        let range = match (place.checked_sub(1).and_then(|before| spans.get(before)), spans.get(place + 1)) {
            (Some(before), _) => before.end..spans[place].end,
            (None, Some(after)) => spans[place].start..after.start,
            (None, None) => whole.start + 1..whole.end - 1,
        };
        self.text.replace_range(range, "");
    }

    fn items(&self, way: &[&str]) -> Vec<Range<usize>> {
        match at(&self.tree(), way).map(|node| &node.parts) {
            Some(Parts::List(items)) => items.iter().map(|item| item.span.clone()).collect(),
            _ => Vec::new(),
        }
    }

    fn parsed(&self, span: &Range<usize>) -> Value {
        serde_json::from_str(&self.text[span.clone()]).unwrap_or_default()
    }

    fn tree(&self) -> Node {
        tree(&self.text)
    }

    /// Makes the objects on the way, and an empty `last` at its end.
    fn make_way(&mut self, way: &[&str], last: &str) -> Result<(), CannotEdit> {
        for length in 0..=way.len() {
            let (expected, is_last) = if length == way.len() { (last, true) } else { ("{}", false) };
            let tree = self.tree();
            match at(&tree, &way[..length]) {
                Some(node) => {
                    let fits =
                        matches!((&node.parts, expected), (Parts::Object(_), "{}") | (Parts::List(_), "[]"));
                    if !fits {
                        let what = if expected == "{}" { "an object" } else { "a list" };
                        let name = if length == 0 { "the whole".to_owned() } else { way[..length].join(".") };
                        return Err(CannotEdit::Unexpected(name, what));
                    }
                }
                None => {
                    let key = format!("{}: ", Value::from(way[length - 1]));
                    self.append(&way[..length - 1], &key, if is_last { last } else { "{}" });
                }
            }
        }
        Ok(())
    }

    /// Puts something at the end of a list or an object.
    fn append(&mut self, way: &[&str], key: &str, snippet: &str) {
        let tree = self.tree();
        let Some(node) = at(&tree, way) else { return };
        let spans: Vec<Range<usize>> = match &node.parts {
            Parts::Object(members) => members.iter().map(|member| member.span.clone()).collect(),
            Parts::List(items) => items.iter().map(|item| item.span.clone()).collect(),
            Parts::Plain => return,
        };
        let (first, last) = (spans.first(), spans.last());
        let on_lines = first.is_none_or(|first| self.text[node.span.start..first.start].contains('\n'));
        let outer = self.indent_at(node.span.start);
        let indent = match first {
            Some(first) if on_lines => self.indent_at(first.start),
            _ => format!("{outer}{}", self.unit),
        };
        let (line_end, new) = (self.line_end, format!("{key}{}", self.fitted(snippet, &indent)));
        match last {
            Some(last) if on_lines => self.text.insert_str(last.end, &format!(",{line_end}{indent}{new}")),
            Some(last) => {
                // All on one line: it stays so.
                let new = format!("{key}{}", one_line(snippet));
                self.text.insert_str(last.end, &format!(", {new}"));
            }
            None => {
                let inside = node.span.start + 1..node.span.end - 1;
                self.text.replace_range(inside, &format!("{line_end}{indent}{new}{line_end}{outer}"));
            }
        }
    }

    /// The blanks at the beginning of the line.
    fn indent_at(&self, at: usize) -> String {
        let line = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        self.text[line..].chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
    }

    /// The snippet in this text's indentation.
    fn fitted(&self, snippet: &str, indent: &str) -> String {
        let mut lines = snippet.lines();
        let mut out = lines.next().unwrap_or_default().to_owned();
        for line in lines {
            let body = line.trim_start_matches(' ');
            let levels = (line.len() - body.len()) / 2;
            out.push_str(self.line_end);
            out.push_str(indent);
            out.push_str(&self.unit.repeat(levels));
            out.push_str(body);
        }
        out
    }
}

fn one_line(snippet: &str) -> String {
    snippet.lines().map(str::trim_start).collect::<Vec<_>>().join(" ")
}

fn says_the_same(a: &str, b: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    read(a) == read(b)
}

/// How much a level is indented: what the first indented line begins with.
fn unit_of(text: &str) -> String {
    let indented = text.lines().find(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty());
    let unit: String =
        indented.into_iter().flat_map(str::chars).take_while(|c| matches!(c, ' ' | '\t')).collect();
    if unit.is_empty() { "  ".to_owned() } else { unit }
}

#[cfg(test)]
mod tests;

//! JSON edited as text: a member or an item is put in or taken out, and everything else stays as somebody wrote it, down to the
//! order of keys, the indentation and the line ends.

use std::fmt;
use std::ops::Range;

use serde_json::Value;

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

/// A value's place in the text, with those of its parts.
#[derive(Debug)]
struct Node {
    span: Range<usize>,
    parts: Parts,
}

#[derive(Debug)]
enum Parts {
    Object(Vec<Member>),
    List(Vec<Node>),
    Plain,
}

#[derive(Debug)]
struct Member {
    key: String,
    /// From its key to the end of its value.
    span: Range<usize>,
    value: Node,
}

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
        Scanner { text: &self.text, at: 0 }.value()
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

fn at<'n>(node: &'n Node, way: &[&str]) -> Option<&'n Node> {
    way.iter().try_fold(node, |node, key| node.member(key).map(|member| &member.value))
}

impl Node {
    fn member(&self, key: &str) -> Option<&Member> {
        match &self.parts {
            Parts::Object(members) => members.iter().find(|member| member.key == key),
            _ => None,
        }
    }
}

/// Finds places in a text that is known to be JSON.
struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl Scanner<'_> {
    fn value(&mut self) -> Node {
        self.blanks();
        let start = self.at;
        let parts = match self.next() {
            Some(b'{') => Parts::Object(self.members()),
            Some(b'[') => Parts::List(self.list()),
            Some(b'"') => {
                self.string();
                Parts::Plain
            }
            _ => {
                while self
                    .next()
                    .is_some_and(|byte| !matches!(byte, b',' | b']' | b'}') && !byte.is_ascii_whitespace())
                {
                    self.at += 1;
                }
                Parts::Plain
            }
        };
        Node { span: start..self.at, parts }
    }

    fn members(&mut self) -> Vec<Member> {
        let mut members = Vec::new();
        self.at += 1;
        while self.more(b'}') {
            let start = self.at;
            self.string();
            let key = serde_json::from_str(&self.text[start..self.at]).unwrap_or_default();
            self.blanks();
            // The colon.
            self.at += 1;
            let value = self.value();
            members.push(Member { key, span: start..value.span.end, value });
        }
        members
    }

    fn list(&mut self) -> Vec<Node> {
        let mut items = Vec::new();
        self.at += 1;
        while self.more(b']') {
            items.push(self.value());
        }
        items
    }

    /// Goes to the next part; past the end where there is none.
    fn more(&mut self, end: u8) -> bool {
        self.blanks();
        if self.next() == Some(b',') {
            self.at += 1;
            self.blanks();
        }
        let more = self.next().is_some_and(|byte| byte != end);
        self.at += usize::from(!more);
        more
    }

    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.next().filter(|byte| *byte != b'"') {
            self.at += if byte == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
    }

    fn blanks(&mut self) {
        while self.next().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    const GROUP: Snippet<'static> =
        Snippet("{\n  \"matcher\": \"Edit\",\n  \"hooks\": [\n    { \"command\": \"ours\" }\n  ]\n}");

    fn is_ours(item: &Value) -> bool {
        item["hooks"][0]["command"] == "ours"
    }

    /// Puts the group in, compares, and takes it out again: then the text is what it was.
    fn check(before: &str, after: Expect) {
        let mut json = JsonText::read(before).unwrap();
        json.set_item(&["hooks", "PreToolUse"], GROUP, is_ours).unwrap();
        after.assert_eq(&json.to_string());
        let once = json.to_string();
        json.set_item(&["hooks", "PreToolUse"], GROUP, is_ours).unwrap();
        assert_eq!(json.to_string(), once, "again is no change");
        assert!(json.value()["hooks"]["PreToolUse"].as_array().unwrap().iter().any(is_ours));
        json.remove_items(&["hooks", "PreToolUse"], is_ours);
        let expected: Value = serde_json::from_str(if before.is_empty() { "{}" } else { before }).unwrap();
        assert_eq!(json.value(), expected);
    }

    #[test]
    fn what_is_there_stays_as_it_was_written() {
        check(
            "{\n\t\"z\": [1,2,  3],\n\t\"hooks\": {\n\t\t\"PreToolUse\": [\n\t\t\t{\"matcher\": \"Bash\", \"hooks\": []}\n\t\t]\n\t},\n\t\"a\": \"\\\"}\"\n}\n",
            expect![[r#"
                {
                	"z": [1,2,  3],
                	"hooks": {
                		"PreToolUse": [
                			{"matcher": "Bash", "hooks": []},
                			{
                				"matcher": "Edit",
                				"hooks": [
                					{ "command": "ours" }
                				]
                			}
                		]
                	},
                	"a": "\"}"
                }
            "#]],
        );
    }

    #[test]
    fn the_way_is_made() {
        check(
            "",
            expect![[r#"
                {
                  "hooks": {
                    "PreToolUse": [
                      {
                        "matcher": "Edit",
                        "hooks": [
                          { "command": "ours" }
                        ]
                      }
                    ]
                  }
                }
            "#]],
        );
        check(
            r#"{"permissions": {"allow": []}}"#,
            expect![[r#"
                {"permissions": {"allow": []}, "hooks": {
                  "PreToolUse": [
                    {
                      "matcher": "Edit",
                      "hooks": [
                        { "command": "ours" }
                      ]
                    }
                  ]
                }}"#]],
        );
        check(
            r#"{"hooks": {"PreToolUse": [{"x": 1}]}}"#,
            expect![[
                r#"{"hooks": {"PreToolUse": [{"x": 1}, { "matcher": "Edit", "hooks": [ { "command": "ours" } ] }]}}"#
            ]],
        );
    }

    #[test]
    fn members_come_change_and_go() {
        let text =
            "{\r\n    \"mcpServers\": {\r\n        \"other\": { \"command\": \"x\" }\r\n    }\r\n}\r\n";
        let mut json = JsonText::read(text).unwrap();
        json.set_member(&["mcpServers"], "ours", Snippet("{\n  \"command\": \"a\"\n}")).unwrap();
        let with = "{\r\n    \"mcpServers\": {\r\n        \"other\": { \"command\": \"x\" },\r\n        \"ours\": {\r\n            \"command\": \"a\"\r\n        }\r\n    }\r\n}\r\n";
        assert_eq!(json.to_string(), with);
        json.set_member(&["mcpServers"], "ours", Snippet("{ \"command\": \"b\" }")).unwrap();
        assert_eq!(
            json.value()["mcpServers"],
            json!({ "other": { "command": "x" }, "ours": { "command": "b" } })
        );
        json.remove_member(&["mcpServers"], "ours");
        assert_eq!(json.to_string(), text);
        json.remove_member(&["mcpServers"], "other");
        assert_eq!(json.value(), json!({}));
    }

    #[test]
    fn what_cannot_be_edited_is_left_alone() {
        assert!(matches!(JsonText::read("{\"a\": 1,}"), Err(CannotEdit::NotJson(_))));
        assert!(matches!(JsonText::read("// a comment\n{}"), Err(CannotEdit::NotJson(_))));
        let mut json = JsonText::read(r#"{"hooks": []}"#).unwrap();
        let error = json.set_item(&["hooks", "PreToolUse"], GROUP, is_ours).unwrap_err();
        assert_eq!(error.to_string(), "hooks is not an object there");
        assert_eq!(json.to_string(), r#"{"hooks": []}"#);
    }
}

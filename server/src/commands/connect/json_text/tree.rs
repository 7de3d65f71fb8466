//! Where the parts of a JSON text stand.

use std::ops::Range;

/// A value's place in the text, with those of its parts.
#[derive(Debug)]
pub(super) struct Node {
    pub span: Range<usize>,
    pub parts: Parts,
}

/// What a value is made of.
#[derive(Debug)]
pub(super) enum Parts {
    Object(Vec<Member>),
    List(Vec<Node>),
    Plain,
}

/// A member of an object.
#[derive(Debug)]
pub(super) struct Member {
    pub key: String,
    /// From its key to the end of its value.
    pub span: Range<usize>,
    pub value: Node,
}

/// The value at the end of a way of keys.
pub(super) fn at<'n>(node: &'n Node, way: &[&str]) -> Option<&'n Node> {
    way.iter().try_fold(node, |node, key| node.member(key).map(|member| &member.value))
}

impl Node {
    pub fn member(&self, key: &str) -> Option<&Member> {
        match &self.parts {
            Parts::Object(members) => members.iter().find(|member| member.key == key),
            _ => None,
        }
    }
}

/// The places of everything in a text that is known to be JSON.
pub(super) fn tree(text: &str) -> Node {
    Scanner { text, at: 0 }.value()
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

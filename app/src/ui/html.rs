//! Nodes as HTML, for the server.
//!
//! The browser takes the page over by walking the same nodes along the elements that the HTML became. Where it could not see
//! a boundary there is an empty comment: between two texts, and at the end of each part that can change.

use super::{El, Node, Property, plain};

/// The mark of a boundary.
const MARK: &str = "<!---->";
/// Elements without an end.
const VOID: [&str; 4] = ["input", "br", "img", "hr"];

/// The HTML of a node as it is now.
pub fn to_html(node: Node) -> String {
    let mut page = Page { html: String::with_capacity(32 * 1024), after_text: false };
    page.node(node);
    page.html
}

struct Page {
    html: String,
    /// True when the last thing written was text: more of it would become one with it.
    after_text: bool,
}

impl Page {
    fn node(&mut self, node: Node) {
        match node {
            Node::Nothing => {}
            Node::Text(text) if text.is_empty() => {}
            Node::Text(text) => {
                if self.after_text {
                    self.html.push_str(MARK);
                }
                self.escaped(&text);
                self.after_text = true;
            }
            Node::Element(element) => self.element(*element),
            Node::Many(nodes) => nodes.into_iter().for_each(|node| self.node(node)),
            Node::Live(piece) => {
                self.node(piece());
                self.mark();
            }
            Node::Each(items) => {
                items().into_iter().for_each(|item| self.node((item.draw)()));
                self.mark();
            }
        }
    }

    fn mark(&mut self) {
        self.html.push_str(MARK);
        self.after_text = false;
    }

    fn element(&mut self, mut element: El) {
        self.html.push('<');
        self.html.push_str(plain(element.tag));
        let class = element.whole_class().now();
        self.attribute("class", class.as_deref().filter(|class| !class.is_empty()));
        for (name, value) in &element.attributes {
            self.attribute(name, value.now().as_deref());
        }
        for property in &element.properties {
            match property {
                Property::Value(value) if element.tag == "input" => self.attribute("value", Some(&value())),
                Property::Value(_) => {}
                Property::Checked(checked) => self.attribute("checked", checked().then_some("")),
            }
        }
        self.html.push('>');
        self.after_text = false;
        if VOID.contains(&element.tag) {
            return;
        }
        element.children.into_iter().for_each(|child| self.node(child));
        self.html.push_str("</");
        self.html.push_str(plain(element.tag));
        self.html.push('>');
        self.after_text = false;
    }

    fn attribute(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        self.html.push(' ');
        self.html.push_str(name);
        if !value.is_empty() {
            self.html.push_str("=\"");
            self.escaped(value);
            self.html.push('"');
        }
    }

    fn escaped(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                '&' => self.html.push_str("&amp;"),
                '<' => self.html.push_str("&lt;"),
                '>' => self.html.push_str("&gt;"),
                '"' => self.html.push_str("&quot;"),
                letter => self.html.push(letter),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{IntoNode, each, el, nodes, when};

    fn check(node: impl IntoNode, html: &str) {
        assert_eq!(to_html(node.into_node()), html);
    }

    #[test]
    fn text_is_escaped_wherever_it_stands() {
        let text = "<script>alert('&')</script>".to_owned();
        let element = el("p").attr("title", "\"><b>".to_owned()).add(text);
        check(element, "<p title=\"&quot;&gt;&lt;b&gt;\">&lt;script&gt;alert('&amp;')&lt;/script&gt;</p>");
    }

    #[test]
    fn boundaries_are_marked() {
        check(el("p").add("a").add("b"), "<p>a<!---->b</p>");
        check(el("p").add("a").add(|| "b").add("c"), "<p>a<!---->b<!---->c</p>");
        check(el("p").add("").add(|| None::<String>), "<p><!----></p>");
        check(
            el("ul").add(each(|| vec![1, 2], i32::to_string, |n| el("li").add(n.to_string()))),
            "<ul><li>1</li><li>2</li><!----></ul>",
        );
        check(nodes![when(|| true, || "x"), "y"].into_node(), "x<!---->y");
    }

    #[test]
    fn attributes_that_are_not_there() {
        let element = el("input").attr("disabled", true).attr("hidden", false).attr("title", None::<String>);
        check(element.value(|| "7".to_owned()).checked(|| true), "<input disabled value=\"7\" checked>");
        check(el("p").class("a").toggle("b", || true).toggle("c", || false), "<p class=\"a b\"></p>");
    }
}

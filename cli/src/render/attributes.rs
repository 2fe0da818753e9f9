//! Attributes as lines that read like YAML.

use std::borrow::Cow;

use cloudgrant_core::steers;
use serde_json::{Map, Value};

/// The widest a list may be to stand in one line.
const WIDTH: usize = 90;

/// How lists of plain values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// In one line, where it fits: for reading.
    Inline,
    /// One entry a line: for comparing.
    Block,
    /// As `Inline`, and what a list holds in one line too, a short statement of a policy for example: to be reminded.
    Compact,
}

/// A value as lines, each of which begins with so many spaces and ends with a newline.
pub(super) fn text(value: &Value, lists: Lists, by: usize) -> String {
    let mut writer = Writer { lists, by, begun: 0, out: String::new() };
    match value {
        Value::Object(map) if !map.is_empty() => writer.map(map, 0, ""),
        Value::Array(items) if !items.is_empty() => writer.list(items, 0),
        plain => {
            writer.begin(0);
            writer.flow(plain);
            writer.end();
        }
    }
    writer.out
}

/// Straight into one text: a plan can have very many lines.
struct Writer {
    lists: Lists,
    by: usize,
    /// Where the line begins that is being written.
    begun: usize,
    out: String,
}

impl Writer {
    fn begin(&mut self, indent: usize) {
        self.begun = self.out.len();
        self.out.extend(std::iter::repeat_n(' ', self.by + indent));
    }

    fn end(&mut self) {
        self.out.push('\n');
    }

    /// `first` stands before the first key: the dash of a list's item.
    fn map(&mut self, map: &Map<String, Value>, indent: usize, first: &str) {
        let mut lead = first;
        for (key, value) in map {
            self.begin(indent.saturating_sub(lead.len()));
            self.out.push_str(lead);
            lead = "";
            self.out.push_str(&scalar(key));
            self.out.push(':');
            self.entry(value, indent);
        }
    }

    /// What comes after a key.
    fn entry(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.end();
                self.map(map, indent + 2, "");
            }
            Value::Array(items) if !items.is_empty() => {
                if self.inline(items) {
                    self.end();
                } else {
                    self.end();
                    self.list(items, indent);
                }
            }
            Value::String(text) if text.contains('\n') && !text.contains(steers) => {
                self.out.push_str(" |");
                self.end();
                for line in text.lines() {
                    self.begin(indent + 2);
                    self.out.push_str(line);
                    self.end();
                }
            }
            plain => {
                self.out.push(' ');
                self.flow(plain);
                self.end();
            }
        }
    }

    fn list(&mut self, items: &[Value], indent: usize) {
        for item in items {
            match item {
                Value::Object(map) if !map.is_empty() => {
                    if self.lists != Lists::Compact || !self.item(map, indent) {
                        self.map(map, indent + 2, "- ");
                    }
                }
                plain => {
                    self.begin(indent);
                    self.out.push_str("- ");
                    self.flow(plain);
                    self.end();
                }
            }
        }
    }

    /// A list's item in one line, if it fits.
    fn item(&mut self, map: &Map<String, Value>, indent: usize) -> bool {
        let before = self.out.len();
        self.begin(indent);
        self.out.push_str("- ");
        self.flow_map(map);
        let fits = self.out.len() - self.begun - self.by <= WIDTH;
        if fits {
            self.end();
        } else {
            self.out.truncate(before);
        }
        fits
    }

    /// Adds a list to the line, if it fits.
    fn inline(&mut self, items: &[Value]) -> bool {
        if self.lists == Lists::Block || items.iter().any(|item| item.is_object() || item.is_array()) {
            return false;
        }
        let before = self.out.len();
        self.out.push(' ');
        self.flow_list(items);
        let fits = self.out.len() - self.begun - self.by <= WIDTH;
        if !fits {
            self.out.truncate(before);
        }
        fits
    }

    fn flow(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.out.push_str(&scalar(text)),
            Value::Array(items) => self.flow_list(items),
            Value::Object(map) if self.lists == Lists::Compact => self.flow_map(map),
            other => self.out.push_str(&other.to_string()),
        }
    }

    fn flow_map(&mut self, map: &Map<String, Value>) {
        self.out.push('{');
        for (at, (key, value)) in map.iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            self.out.push_str(&scalar(key));
            self.out.push_str(": ");
            self.flow(value);
        }
        self.out.push('}');
    }

    fn flow_list(&mut self, items: &[Value]) {
        self.out.push('[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            self.flow(item);
        }
        self.out.push(']');
    }
}

/// Text as it is, or in quotes where it could be taken for something else.
pub(super) fn scalar(text: &str) -> Cow<'_, str> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"/_.-+=@$~^ :()*".contains(&byte);
    let begins = |first: u8| first.is_ascii_alphanumeric() || b"/_.$".contains(&first);
    let value = || matches!(text, "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    // `inf` and `nan` can be read as numbers, too.
    let number =
        |first: u8| matches!(first, b'0'..=b'9' | b'.' | b'i' | b'I' | b'n' | b'N') && text.parse::<f64>().is_ok();
    let mapping = || text.ends_with([':', ' ']) || text.as_bytes().windows(2).any(|two| two == b": ");
    match text.bytes().next() {
        Some(first) if begins(first) && text.bytes().all(word) && !value() && !number(first) && !mapping() => {
            text.into()
        }
        _ => quoted(text).into(),
    }
}

/// Text in quotes, in which nothing steers the terminal: it may come from somebody else.
fn quoted(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    if !quoted.contains(steers) {
        return quoted;
    }
    let one = |c: char| if steers(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    quoted.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_complete_and_compact() {
        let document = json!({
            "document": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Sid": "Read", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*",
                     "Condition": {"StringLike": {"s3:prefix": ["inputs/*"]}}},
                    {"Sid": "Other", "Principal": {}, "Account": "011122223333"}
                ]
            },
            "empty": [],
            "text": "two\nlines"
        });
        let expected = r#"
document:
  Version: 2012-10-17
  Statement:
  - Sid: Read
    Action: [s3:GetObject, s3:ListBucket]
    Resource: "*"
    Condition:
      StringLike:
        s3:prefix: [inputs/*]
  - Sid: Other
    Principal: {}
    Account: "011122223333"
empty: []
text: |
  two
  lines"#;
        assert_eq!(format!("\n{}", text(&document, Lists::Inline, 0)), format!("{expected}\n"));
        let indented = expected[1..].lines().fold(String::new(), |all, line| all + "   " + line + "\n");
        assert_eq!(text(&document, Lists::Inline, 3), indented);
    }

    #[test]
    fn a_compact_list_has_a_line_for_each_entry() {
        let statement = |sid: &str| json!({"Sid": sid, "Action": ["s3:GetObject"], "Condition": {"a": {"b": "*"}}});
        let document = json!({"document": {"Statement": [statement("One"), statement("Two")]}, "tags": ["x"]});
        let expected = r#"document:
  Statement:
  - {Sid: One, Action: [s3:GetObject], Condition: {a: {b: "*"}}}
  - {Sid: Two, Action: [s3:GetObject], Condition: {a: {b: "*"}}}
tags: [x]
"#;
        assert_eq!(text(&document, Lists::Compact, 0), expected);
    }

    #[test]
    fn what_is_too_long_for_a_compact_line_reads_like_everything_else() {
        let long = json!({"Sid": "Long", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "x".repeat(WIDTH)});
        let document = json!({"Statement": [{"Sid": "Short"}, long]});
        let block = text(&document, Lists::Inline, 4);
        assert_eq!(text(&document, Lists::Compact, 4), block.replace("- Sid: Short", "- {Sid: Short}"));
    }

    #[test]
    fn text_that_could_be_something_else_is_in_quotes() {
        for text in ["a", "2012-10-17", "arn:aws:s3:::acme/*", "/x/", "$x", "infinite", "none", "yes no", "s3:prefix"] {
            assert_eq!(scalar(text), text);
        }
        for text in [
            "",
            "1",
            "1e5",
            ".5",
            "011122223333",
            "inf",
            "NaN",
            "Infinity",
            "no",
            "a: b",
            "a:",
            "a ",
            "-a",
            "*",
            "ä",
            "a,b",
        ] {
            assert_eq!(scalar(text), Value::from(text).to_string(), "{text}");
        }
    }

    #[test]
    fn nothing_steers_the_terminal() {
        for c in ['\u{1b}', '\r', '\u{7f}', '\u{9b}', '\u{202e}'] {
            for hostile in [format!("a{c}[2Jb"), format!("a\n{c}[2Jb")] {
                let seen = text(&json!({ "key": hostile, "list": [hostile], &hostile: 1 }), Lists::Block, 0);
                assert!(!seen.contains(c), "{seen:?}");
                let line = seen.lines().next().and_then(|line| line.strip_prefix("key: ")).expect("a line");
                assert_eq!(serde_json::from_str::<String>(line).expect("JSON"), hostile);
            }
        }
    }

    #[test]
    fn a_list_stands_in_one_line_if_it_fits_however_deep() {
        let item = "x".repeat(WIDTH - "key: []".len());
        let of = |item: &str| text(&json!({ "key": [item] }), Lists::Inline, 8);
        assert_eq!(of(&item), format!("        key: [{item}]\n"));
        assert_eq!(of(&format!("{item}x")), format!("        key:\n        - {item}x\n"));
    }
}

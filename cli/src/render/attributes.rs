//! Attributes as lines that read like YAML.

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
}

/// A value as lines.
pub(super) fn lines(value: &Value, lists: Lists) -> Vec<String> {
    let mut writer = Writer { lists, lines: Vec::new() };
    match value {
        Value::Object(map) if !map.is_empty() => writer.map(map, 0, String::new()),
        Value::Array(items) if !items.is_empty() => writer.list(items, 0),
        plain => writer.lines.push(flow(plain)),
    }
    writer.lines
}

struct Writer {
    lists: Lists,
    lines: Vec<String>,
}

impl Writer {
    /// `first` stands before the first key: the dash of a list's item.
    fn map(&mut self, map: &Map<String, Value>, indent: usize, first: String) {
        let mut lead = first;
        for (key, value) in map {
            let indentation = indent.saturating_sub(lead.len());
            let line = format!("{}{lead}{}:", " ".repeat(indentation), scalar(key));
            lead = String::new();
            self.entry(line, value, indent);
        }
    }

    fn entry(&mut self, line: String, value: &Value, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.lines.push(line);
                self.map(map, indent + 2, String::new());
            }
            Value::Array(items) if !items.is_empty() => match self.inline(items, line.len()) {
                Some(text) => self.lines.push(format!("{line} {text}")),
                None => {
                    self.lines.push(line);
                    self.list(items, indent);
                }
            },
            Value::String(text) if text.contains('\n') => {
                self.lines.push(format!("{line} |"));
                self.lines.extend(text.lines().map(|text| format!("{}{text}", " ".repeat(indent + 2))));
            }
            plain => self.lines.push(format!("{line} {}", flow(plain))),
        }
    }

    fn list(&mut self, items: &[Value], indent: usize) {
        for item in items {
            match item {
                Value::Object(map) if !map.is_empty() => self.map(map, indent + 2, "- ".to_owned()),
                plain => self.lines.push(format!("{}- {}", " ".repeat(indent), flow(plain))),
            }
        }
    }

    fn inline(&self, items: &[Value], used: usize) -> Option<String> {
        let plain = items.iter().all(|item| !item.is_object() && !item.is_array());
        let text = (self.lists == Lists::Inline && plain).then(|| flow_list(items))?;
        (used + text.len() < WIDTH).then_some(text)
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => flow_list(items),
        other => other.to_string(),
    }
}

fn flow_list(items: &[Value]) -> String {
    let items: Vec<_> = items.iter().map(flow).collect();
    format!("[{}]", items.join(", "))
}

/// Text as it is, or in quotes where it could be taken for something else.
fn scalar(text: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || "/_.-+=@$~^ :()*".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric() || "/_.$".contains(c));
    let value = matches!(text, "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    let number = text.parse::<f64>().is_ok();
    let mapping = text.contains(": ") || text.ends_with([':', ' ']);
    if begins && text.chars().all(word) && !value && !number && !mapping {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
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
        assert_eq!(format!("\n{}", lines(&document, Lists::Inline).join("\n")), expected);
    }
}

//! Writing XML answers.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// RFC 3986, which is what IAM uses for policy documents inside of XML.
const DOCUMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// An XML fragment under construction.
#[derive(Debug, Default)]
pub(crate) struct Xml {
    text: String,
}

impl Xml {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// An element with text in it.
    pub(crate) fn leaf(&mut self, name: &str, value: impl AsRef<str>) -> &mut Self {
        self.open(name);
        self.text.push_str(&escape(value.as_ref()));
        self.close(name)
    }

    /// An element with text in it, if there is any.
    pub(crate) fn maybe(&mut self, name: &str, value: Option<impl AsRef<str>>) -> &mut Self {
        if let Some(value) = value {
            self.leaf(name, value);
        }
        self
    }

    /// An element with a policy document in it, percent-encoded as IAM does.
    pub(crate) fn document(&mut self, name: &str, document: &str) -> &mut Self {
        self.open(name);
        self.text.extend(utf8_percent_encode(document, DOCUMENT));
        self.close(name)
    }

    /// An element with elements in it.
    pub(crate) fn node(&mut self, name: &str, content: impl FnOnce(&mut Self)) -> &mut Self {
        self.open(name);
        content(self);
        self.close(name)
    }

    /// A list: an element with one `member` each.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut content: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.open(name);
        for item in items {
            self.node("member", |xml| content(xml, item));
        }
        self.close(name)
    }

    /// A list of texts.
    pub(crate) fn texts<T: AsRef<str>>(&mut self, name: &str, items: impl IntoIterator<Item = T>) -> &mut Self {
        self.open(name);
        for item in items {
            self.leaf("member", item);
        }
        self.close(name)
    }

    /// Tags.
    pub(crate) fn tags<'a>(&mut self, items: impl IntoIterator<Item = (&'a String, &'a String)>) -> &mut Self {
        self.list("Tags", items, |xml, (key, value)| {
            xml.leaf("Key", key).leaf("Value", value);
        })
    }

    /// `IsTruncated`, and the marker of the next page if there is one.
    pub(crate) fn page_end(&mut self, marker: Option<&str>) -> &mut Self {
        self.leaf("IsTruncated", if marker.is_some() { "true" } else { "false" }).maybe("Marker", marker)
    }

    pub(crate) fn into_string(self) -> String {
        self.text
    }

    fn open(&mut self, name: &str) {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
    }

    fn close(&mut self, name: &str) -> &mut Self {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
        self
    }
}

/// A whole answer of the query protocol. Actions without a result answer with metadata only.
pub(crate) fn answer(action: &str, namespace: &str, result: Option<&str>, request_id: &str) -> String {
    let result = match result {
        Some(result) => format!("<{action}Result>{result}</{action}Result>"),
        None => String::new(),
    };
    format!(
        "<{action}Response xmlns=\"{namespace}\">{result}<ResponseMetadata><RequestId>{request_id}</RequestId>\
         </ResponseMetadata></{action}Response>"
    )
}

/// A whole error of the query protocol.
pub(crate) fn error(namespace: &str, status: u16, code: &str, message: &str, request_id: &str) -> String {
    let fault = if status >= 500 { "Receiver" } else { "Sender" };
    format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{fault}</Type><Code>{code}</Code><Message>{}</Message></Error>\
         <RequestId>{request_id}</RequestId></ErrorResponse>",
        escape(message)
    )
}

/// Escapes text. Characters that XML 1.0 can't hold at all become a question mark.
fn escape(text: &str) -> Cow<'_, str> {
    let plain = |c: char| !matches!(c, '&' | '<' | '>' | '"' | '\r') && (c >= ' ' || matches!(c, '\n' | '\t'));
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#xD;"),
            c if plain(c) => escaped.push(c),
            _ => escaped.push('?'),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_nests() {
        let mut xml = Xml::new();
        xml.node("Role", |xml| {
            xml.leaf("Description", "a<b & \"c\"").document("Doc", r#"{"a": "*"}"#);
        });
        assert_eq!(
            xml.into_string(),
            "<Role><Description>a&lt;b &amp; &quot;c&quot;</Description><Doc>%7B%22a%22%3A%20%22%2A%22%7D</Doc></Role>"
        );
    }
}

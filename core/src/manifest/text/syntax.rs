//! What is said of a text that isn't in its notation: in words of ours, as parsers speak of tokens and scalars. Nothing of
//! the text is repeated: where it can't be read, nobody knows what in it is a credential.

mod of_toml;
mod wrong;

pub(in crate::manifest) use of_toml::toml;
pub(in crate::manifest) use wrong::Wrong;

use crate::manifest::text::syntax::wrong::{DEEP, SPLIT, Table, column, from_column, line, look_up};
use crate::manifest::text::tree::At;

const YAML: &Table = &[
    (
        &["mapping values are not allowed", "illegal placement of ':'"],
        "a colon stands where no key can be",
        "indent the line as its neighbours; a value with a colon and a space in it needs quotes",
    ),
    (
        &["unexpected end of stream", "unexpected eof", "while scanning a quoted", "quoted scalar"],
        "a quote isn't closed, or something stands behind it",
        "close the quote, and quote the whole value; within single quotes, write one twice",
    ),
    (
        &["expected ',' or", "did not find expected ','", "bracket"],
        "a bracket isn't closed, or a comma is missing",
        "close each bracket, and put commas between what is in them",
    ),
    (&["simple key", "expected ':'"], NO_COLON, A_COLON),
    (
        // A comment that is said to intercept a text stands behind a value that a deeper line goes on with.
        &[
            "indentation",
            "did not find expected",
            "block sequence entries",
            "mapping keys are not allowed",
            "comment intercepting",
        ],
        "this line is indented unlike the lines that it belongs to",
        "indent keys of one mapping, and dashes of one list, by the same number of spaces",
    ),
    (
        &["unknown anchor", "alias"],
        "a word that begins with `*` refers to something that isn't there",
        "put the text in quotes; or name what is meant further up, with the same word behind an `&`",
    ),
    (&["cannot start", "plain scalar"], RESERVED, QUOTES),
    (&["tab"], TAB, SPACES),
    (
        &["comments must be separated"],
        "a comment needs a space in front of its `#`",
        "write a space in front of it; a value with a `#` in it needs quotes",
    ),
    (&["depth", "recursion", "budget", "limit"], DEEP, SPLIT),
    (&["directive", "tag"], "a tag or a directive isn't one that YAML knows", QUOTES),
];

const JSON: &Table = &[
    (
        &["expected value", "expected ident"],
        "a value is expected: a text in double quotes, a number, `true`, `false` or a bracket",
        "put texts in double quotes",
    ),
    (&["trailing comma"], "a comma stands in front of a closing bracket", "take the comma out"),
    (&["EOF"], "the file ends before all brackets and quotes are closed", "close what is open"),
    (&["key must be a string"], "a key must stand in double quotes", "write \"key\": value"),
    (&["expected `,`"], "a comma or a closing bracket is missing in front of this", "put a comma between two entries"),
    (&["expected `:`"], "a colon is missing behind the key", "write \"key\": value"),
    (&["trailing characters"], "something stands behind the end of the document", "take it out"),
    (&["control character"], "a text goes on in the next line, or has a tab in it", "close the quote in its line"),
    (&["escape", "surrogate"], "a backslash stands in front of something that it can't", "write two of them for one"),
    (&["number"], "this isn't a number", "put it in double quotes if it is a name or an id"),
    (&["recursion"], DEEP, SPLIT),
];

const RESERVED: &str = "a text begins with a sign that means something else in YAML";
const NO_COLON: &str = "a key has no colon behind it";
const A_COLON: &str = "write `key: value`, with a space behind the colon";
const QUOTES: &str = "put the text in quotes";
const TAB: &str = "a line is indented with a tab, and YAML takes spaces alone";
const SPACES: &str = "replace the tab with spaces";
const ODD_SPACE: &str = "a line is indented with a sign that only looks like a space (a no-break space, for example), and YAML takes plain spaces alone";
/// What to do about such a sign.
pub(in crate::manifest) const PLAIN_SPACES: &str =
    "it begins with a sign that only looks like a space (a no-break space, for example): replace it with plain spaces";
/// Of a YAML text that the parser stumbled over, there and with these words.
pub(in crate::manifest) fn yaml(text: &str, at: Option<At>, said: &str) -> Wrong {
    let (number, _) = at.unwrap_or((1, 1));
    if let Some(second) = second_document(text).filter(|second| said.contains("document") || *second <= number) {
        return Wrong {
            at: Some((second, 1)),
            what: "a second document begins here, and a manifest is one",
            hint: "put each into a file of its own, or what differs under `profiles`",
        };
    }
    // Of what isn't indented as it should be, the line before may be blamed.
    for number in [number, number.saturating_add(1)] {
        let here = line(text, number);
        let indent = here.len() - here.trim_start().len();
        if let Some(tab) = here[..indent].find('\t') {
            return Wrong { at: Some((number, column(here, tab))), what: TAB, hint: SPACES };
        }
    }
    // With such a sign, a line is a key of its own at the left margin, and what stumbles is any line after it.
    for (number, here) in (1_u32..=number.saturating_add(1)).zip(text.lines()) {
        let indent = here.len() - here.trim_start().len();
        if let Some(odd) = here[..indent].find(looks_like_a_space) {
            let hint = "replace it with plain spaces; what is copied from a web page or a chat often has such signs";
            return Wrong { at: Some((number, column(here, odd))), what: ODD_SPACE, hint };
        }
    }
    if let Some((number, column)) = at {
        let value = from_column(line(text, number), column).trim_start_matches(['+', '-']).to_lowercase();
        if value.starts_with(".inf") || value.starts_with(".nan") {
            return Wrong { at, what: "this number has no end, or is none", hint: "write a number such as 30" };
        }
    }
    if at.is_some_and(|(number, column)| from_column(line(text, number), column).starts_with(['@', '`', '%'])) {
        return Wrong { at, what: RESERVED, hint: QUOTES };
    }
    if let Some((at, what, hint)) = open(text, at) {
        return Wrong { at: Some(at), what, hint };
    }
    if let Some(at) = at.and_then(|(number, _)| without_colon(text, number)).filter(|_| said_of_a_key(said)) {
        return Wrong { at: Some(at), what: NO_COLON, hint: A_COLON };
    }
    let (what, hint) = look_up(YAML, said).unwrap_or((
        "something stands here that doesn't belong here",
        "look at the brackets, quotes, colons and indentation here and in the lines above",
    ));
    Wrong { at, what, hint }
}

fn said_of_a_key(said: &str) -> bool {
    ["mapping values are not allowed", "illegal placement of ':'", "simple key", "expected ':'"]
        .iter()
        .any(|words| said.contains(words))
}

/// Where a key stands without its colon: in the line at which the parser stumbled, or in the one above, which together
/// with it is one text.
fn without_colon(text: &str, number: u32) -> Option<At> {
    let above = (1..=number).rev().map(|number| (number, line(text, number)));
    let mut written = above.filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let (last, here) = written.next()?;
    let candidates = [Some((last, here)), written.next()];
    candidates.into_iter().flatten().find_map(|(number, line)| {
        let bare = line.trim_start().trim_start_matches("- ");
        let before = line.len() - bare.len();
        let bare = bare.split(" #").next().unwrap_or_default().trim_end();
        let word = bare.split([' ', ':']).next().unwrap_or_default();
        let is_key = word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        let has_value = bare.len() > word.len() + 1 || number == last;
        (is_key && has_value && !bare.contains(": ") && !bare.ends_with(':')).then(|| (number, column(line, before)))
    })
}

/// Whether it is a space to the eye, and none to YAML.
pub(in crate::manifest) fn looks_like_a_space(c: char) -> bool {
    (c.is_whitespace() && !c.is_ascii()) || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// The line with which a second document begins.
fn second_document(text: &str) -> Option<u32> {
    let mut content = false;
    for (number, line) in (1_u32..).zip(text.lines()) {
        let marks = line.starts_with("---") && line[3..].chars().next().is_none_or(char::is_whitespace);
        let bare = line.trim();
        if marks && content {
            return Some(number);
        }
        content |= marks || !(bare.is_empty() || bare.starts_with('#') || bare.starts_with('%') || bare == "...");
        if marks && bare == "---" {
            // The mark of the first one.
            content = false;
        }
    }
    None
}

/// A bracket or a quote that is open where the parser stumbled: where it opens. As far as this can be told without parsing:
/// whatever isn't in brackets or begins a value may have any of these signs in it.
fn open(text: &str, at: Option<At>) -> Option<(At, &'static str, &'static str)> {
    let last = at.map_or(u32::MAX, |(line, _)| line);
    let mut brackets: Vec<(char, At)> = Vec::new();
    let mut quote: Option<(char, At)> = None;
    // One that closes in the line of the stumbling, and opens in another.
    let mut crossed: Option<At> = None;
    for (number, line) in (1_u32..=last).zip(text.lines()) {
        let mut before = ' ';
        let mut chars = (1_u32..).zip(line.chars()).peekable();
        while let Some((column, c)) = chars.next() {
            let here = (number, column);
            match (quote, c) {
                (Some(('"', _)), '\\') => drop(chars.next()),
                (Some((open, _)), _) if c == open => {
                    // Twice, within single quotes, is one of the text.
                    if open == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\'') {
                        chars.next();
                    } else {
                        let opener = quote.take().map(|(_, at)| at);
                        crossed = crossed.or(opener.filter(|at| at.0 < number && number == last));
                    }
                }
                (Some(_), _) => {}
                (None, '#') if before.is_whitespace() => break,
                (None, '"' | '\'') if begins_value(before) => quote = Some((c, here)),
                (None, '[' | '{') if begins_value(before) || !brackets.is_empty() => brackets.push((c, here)),
                (None, ']' | '}') => drop(brackets.pop()),
                _ => {}
            }
            if !(c.is_whitespace() && matches!(before, ':' | '-')) {
                before = c;
            }
        }
    }
    // What was to be its end is further up, and is missing.
    match (crossed.or(quote.map(|(_, at)| at)), brackets.last()) {
        (Some(at), _) => Some((at, "this quote isn't closed", "close the quote in the same line")),
        (None, Some((_, at))) => Some((*at, "this bracket isn't closed", "close the bracket")),
        _ => None,
    }
}

/// Whether a value can begin behind this sign.
fn begins_value(before: char) -> bool {
    before.is_whitespace() || matches!(before, ':' | '-' | '[' | '{' | ',')
}

/// Of a JSON text.
pub(in crate::manifest) fn json(text: &str, at: At, said: &str) -> Wrong {
    let here = line(text, at.0).trim_start();
    let (what, hint) = if !text.trim_start().starts_with(['{', '[']) {
        (
            "this doesn't look like JSON, as which it is read",
            "the ending of the file's name says the notation: .yaml, .toml or .json",
        )
    } else if here.starts_with("//") || here.starts_with('#') || here.starts_with("/*") {
        ("JSON has no comments", "take the comment out, or write the manifest in YAML or TOML")
    } else {
        look_up(JSON, said)
            .unwrap_or(("something stands here that doesn't belong here", "look at the brackets, quotes and commas"))
    };
    Wrong { at: Some(at), what, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_document_is_found_and_a_first_mark_is_none() {
        assert_eq!(second_document("# a\n---\nstack: a\n"), None);
        assert_eq!(second_document("stack: a\n---\nstack: b\n"), Some(2));
        assert_eq!(second_document("---\nstack: a\n---\n"), Some(3));
        assert_eq!(second_document("stack: a\n----\n"), None);
    }

    #[test]
    fn a_key_without_its_colon_is_found_in_its_own_line() {
        assert_eq!(without_colon("platform:\n  kind union\n  organization: acme\n", 3), Some((2, 3)));
        assert_eq!(without_colon("platform:\n  kind:union\n\n  # of ours\n  organization: acme\n", 5), Some((2, 3)));
        assert_eq!(without_colon("a: b\nstack acme-ml\n", 2), Some((2, 1)));
        assert_eq!(without_colon("grants:\n  - name data\n    scope: global\n", 3), Some((2, 5)));
        assert_eq!(without_colon("stack: acme: ml\n", 1), None);
        assert_eq!(without_colon("aws:\n region: x\n  account: y\n", 3), None);
    }

    #[test]
    fn what_is_open_is_found_where_it_opens() {
        let opens = |text: &str| open(text, None).map(|(at, ..)| at);
        assert_eq!(opens("a: [b, c]\nd: {e: f}\n"), None);
        assert_eq!(opens("a:\n  b: [c\n"), Some((2, 6)));
        assert_eq!(opens("a: \"b\nc: d\n"), Some((1, 4)));
        assert_eq!(opens("a: it's\nb: 'it''s'\n# it's [\n"), None);
        // A quote that isn't closed ends where the next one begins.
        assert_eq!(open("a: \"b\nc: \"d\"\n", Some((2, 5))).map(|(at, ..)| at), Some((1, 4)));
        assert_eq!(open("a: \"b\n  c\"\nd: \"e\" f\n", Some((3, 8))), None);
    }
}

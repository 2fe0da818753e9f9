//! What is said of a text that isn't TOML. Source: TOML 1.0.0, "String", "Array", "Inline Table".

use crate::manifest::text::syntax::wrong::{DEEP, SPLIT, Table, Wrong, column, from_column, line, look_up};
use crate::manifest::text::tree::At;

const TOML: &Table = &[
    (&["string values must be quoted"], "a text must stand in quotes", "write key = \"value\""),
    (
        &["escape"],
        "a backslash stands in front of something that it can't",
        "write two of them for one, or put the text in single quotes",
    ),
    (
        &["missing opening quote"],
        "the quote in front of this text is missing",
        "write a quote at both ends of the text",
    ),
    (
        &["missing assignment", "key with no value", "missing value", "extra assignment", "missing key"],
        "a key, an equals sign and a value are expected",
        "write key = \"value\"",
    ),
    (
        &["invalid basic string", "invalid literal string", "invalid multi-line", "invalid string"],
        "a quote isn't closed in its line, or something in it needs a backslash",
        "close the quote",
    ),
    (&["unclosed", "missing array", "missing inline", "missing table"], "a bracket isn't closed", "close the bracket"),
    (&["missing comma"], "a comma is missing", "put a comma between two entries"),
    (&["extra comma"], "there is a comma too many", "take the comma out"),
    (
        &["unquoted key", "invalid key"],
        "this is no key: letters, digits, `-` and `_`, or anything in quotes",
        "put the key in quotes",
    ),
    (
        &["redundant integer", "invalid integer", "invalid float", "number", "exponent", "mantissa", "date-time"],
        "this isn't a number",
        "put it in quotes if it is a name or an id, such as an account's",
    ),
    (&["recurs"], DEEP, SPLIT),
    (&["invalid boolean"], "this is neither `true` nor `false`", "write `true` or `false`, or put a text in quotes"),
    (
        &["unexpected", "newline", "expected"],
        "something stands here that doesn't belong in this line",
        "take it out, or begin a new line",
    ),
];

const NO_QUOTE: &str = "this quote isn't closed in its line";
const NO_QUOTES: &str = "these three quotes aren't closed";
const NO_BRACKET: &str = "this bracket isn't closed";
const CURLY: &str = "this is a typographic quote, and TOML takes plain ones alone";
const PLAIN_QUOTES: &str = "write plain quotes: what is copied from a web page or a chat often has others";

/// Of a TOML text.
pub(in crate::manifest) fn toml(text: &str, at: Option<At>, said: &str) -> Wrong {
    let here = at.map_or("", |(number, _)| line(text, number));
    let key = here.split([':', '=', '"', '#']).next().unwrap_or_default();
    let is_yaml = here[key.len()..].starts_with(": ") || here[key.len()..].trim_end() == ":";
    let colon = at.filter(|_| is_yaml).map(|(number, _)| (number, column(here, key.len())));
    // In a table in braces, the parser stumbles over what stands behind it.
    let inner = |(number, behind): At| {
        let before = here.len() - from_column(here, behind).len();
        let colon = here[..before].trim_end().strip_suffix(':')?.len();
        Some((number, column(here, colon)))
    };
    let colon = colon.or_else(|| inner(at?));
    if let Some(at) = colon {
        let hint = "write key = \"value\"; or name the file .yaml if it is YAML";
        return Wrong { at: Some(at), what: "a colon stands where TOML has an equals sign", hint };
    }
    if let Some(wrong) = open(text, at).or_else(|| without_value(here, at?)) {
        return wrong;
    }
    let value = at.map_or("", |(_, column)| from_column(here, column));
    if let Some((byte, _)) = here.char_indices().find(|(_, c)| is_curly(*c)) {
        return Wrong { at: at.map(|(number, _)| (number, column(here, byte))), what: CURLY, hint: PLAIN_QUOTES };
    }
    let word = value.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    if ["true", "false"].iter().any(|small| word.eq_ignore_ascii_case(small) && word != *small) {
        return Wrong { at, what: "this is written in small letters", hint: "write `true` or `false`" };
    }
    let zero = value.starts_with('0') && value[1..].starts_with(|c: char| c.is_ascii_digit());
    let (what, hint) = if zero {
        ("a number can't begin with a zero", "put it in quotes if it is an id, such as an account's")
    } else {
        look_up(TOML, said).unwrap_or((
            "something stands here that doesn't belong here",
            "look at the brackets, quotes and equals signs",
        ))
    };
    Wrong { at, what, hint }
}

/// A key of which the line has the equals sign and nothing behind it, or not even that.
fn without_value(here: &str, at: At) -> Option<Wrong> {
    let bare = here.split(" #").next().unwrap_or_default().trim_end();
    let key = bare.strip_suffix('=').map(str::trim_end);
    let begin = bare.len() - bare.trim_start().len();
    let at = Some((at.0, column(here, begin)));
    match key {
        Some(key) if is_name(key.trim_start()) => Some(Wrong {
            at,
            what: "this key has no value behind its equals sign",
            hint: "write key = \"value\", or take the line out",
        }),
        // A list goes on in lines that have no sign either, and has commas or brackets in them.
        None if !bare.contains(['=', ',', '[', ']']) && is_name(bare.split_whitespace().next()?) => {
            Some(Wrong { at, what: "this key has no equals sign behind it", hint: "write key = \"value\"" })
        }
        _ => None,
    }
}

/// Whether it is a quote to the eye, and none to a parser.
fn is_curly(c: char) -> bool {
    matches!(c, '\u{2018}'..='\u{201f}')
}

/// A quote or a bracket that is open where the parser stumbled: where it opens.
fn open(text: &str, at: Option<At>) -> Option<Wrong> {
    let wrong = |at: At, what, hint| Some(Wrong { at: Some(at), what, hint });
    let last = at.map_or(u32::MAX, |(line, _)| line);
    let mut brackets: Vec<(char, At)> = Vec::new();
    let mut long: Option<(char, At)> = None;
    for (number, line) in (1_u32..=last).zip(text.lines()) {
        if let (None, Some(('[', at))) = (long, brackets.last())
            && begins_anew(line)
        {
            return wrong(*at, NO_BRACKET, "close the bracket");
        }
        let is_header = long.is_none() && brackets.is_empty() && line.trim_start().starts_with('[');
        let chars: Vec<_> = line.chars().collect();
        let (mut index, mut before) = (0, None);
        while let Some(c) = chars.get(index).copied() {
            let here = (number, u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1));
            if let Some((quote, _)) = long {
                let closes = chars[index..].starts_with(&[quote; 3]);
                index += if closes { 3 } else { step(c, quote) };
                long = long.filter(|_| !closes);
                before = Some(quote);
                continue;
            }
            match c {
                '#' => break,
                '"' | '\'' if before.is_none_or(|before| "=[{,.".contains(before)) => {
                    if chars[index..].starts_with(&[c; 3]) {
                        long = Some((c, here));
                        index += 3;
                        continue;
                    }
                    index += 1;
                    while let Some(inside) = chars.get(index).filter(|inside| **inside != c) {
                        index += step(*inside, c);
                    }
                    if index >= chars.len() {
                        return wrong(here, NO_QUOTE, "close the quote");
                    }
                }
                '[' | '{' => brackets.push((c, here)),
                ']' | '}' => drop(brackets.pop()),
                _ => {}
            }
            index += 1;
            before = Some(c).filter(|c| !c.is_whitespace()).or(before);
        }
        if let (true, Some((_, at))) = (is_header, brackets.first()) {
            return wrong(*at, NO_BRACKET, "close the bracket: [name], or [[name]] for an entry of a list");
        }
    }
    let mut rest = text.lines().skip(usize::try_from(last).unwrap_or(usize::MAX));
    if let Some((quote, at)) = long {
        // The parser may have stumbled over what is within.
        let closes = rest.any(|line| line.contains(&String::from_iter([quote; 3])));
        let hint = "a text of several lines ends with three quotes; one of a single line has one at each end";
        return if closes { None } else { wrong(at, NO_QUOTES, hint) };
    }
    let is_end = rest.all(|line| line.trim().is_empty());
    let (bracket, at) = brackets.last().copied()?;
    // In brackets of this kind, no line ends.
    let is_cut = bracket == '{' && at.0 == last;
    if is_end || is_cut { wrong(at, NO_BRACKET, "close the bracket") } else { None }
}

/// How many signs of a text are passed: a backslash takes the next with it, within double quotes.
fn step(c: char, quote: char) -> usize {
    if c == '\\' && quote == '"' { 2 } else { 1 }
}

/// Whether it is a key as it stands without quotes.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// Whether a line begins with a key, or with the header of a table: neither stands in a list.
fn begins_anew(line: &str) -> bool {
    let line = line.trim();
    let header = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
    let header = header.map(|name| name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name));
    header.is_some_and(is_name) || line.split_once('=').is_some_and(|(key, _)| is_name(key.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(text: &str, line: u32) -> Option<(At, &'static str)> {
        open(text, Some((line, 1))).and_then(|wrong| Some((wrong.at?, wrong.what)))
    }

    #[test]
    fn what_is_open_is_found_where_it_opens() {
        for (text, line, at, what) in [
            ("a = 1\nb = \"x\nc = 2\n", 2, (2, 5), NO_QUOTE),
            ("b = 'x\\'y\nc = 'd\n", 2, (2, 5), NO_QUOTE),
            ("b = \"\"\"x\"\nc = 2\n", 2, (1, 5), NO_QUOTES),
            ("b = [\"x\"\nc = 2\n", 2, (1, 5), NO_BRACKET),
            ("b = [\n  \"x\",\n\n[aws]\n", 4, (1, 5), NO_BRACKET),
            ("b = { c = [1]\nd = 2\n", 1, (1, 5), NO_BRACKET),
            ("[aws\nb = 1\n", 1, (1, 1), NO_BRACKET),
            ("[[aws]\nb = 1\n", 1, (1, 1), NO_BRACKET),
        ] {
            assert_eq!(opens(text, line), Some((at, what)), "{text}");
        }
    }

    #[test]
    fn a_key_without_its_sign_or_its_value_is_told_where_it_stands() {
        let told = |line: &str| without_value(line, (1, 9)).and_then(|wrong| Some((wrong.at?.1, wrong.what)));
        let (no_value, no_sign) =
            ("this key has no value behind its equals sign", "this key has no equals sign behind it");
        assert_eq!(told("region ="), Some((1, no_value)));
        assert_eq!(told("  region =   # which?"), Some((3, no_value)));
        assert_eq!(told("region \"us-west-2\""), Some((1, no_sign)));
        assert_eq!(told("region"), Some((1, no_sign)));
        for line in ["region = x", "\"x\"", "  \"x\",", "a, b", ""] {
            assert_eq!(told(line), None, "{line}");
        }
    }

    #[test]
    fn what_is_closed_is_not_blamed() {
        for (text, line) in [
            ("a = [\n  \"x\"\n  \"y\"\n]\n", 3),
            ("a = \"\"\"\n\\q\n\"\"\"\n", 2),
            ("a = \"x # [\"\nb = ]\n", 2),
            ("a = x\"\nb = 1\n", 1),
            ("a = \"\\\"\" x\n", 1),
            ("a = [[1],\n  [2]\n  [3]]\n", 3),
        ] {
            assert_eq!(opens(text, line), None, "{text}");
        }
    }
}

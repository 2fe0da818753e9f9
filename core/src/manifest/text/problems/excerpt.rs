//! The line of a manifest that a problem is about, as it may be shown: with nothing in it that may be a credential.

use crate::contract::error::diagnostic::{Diagnostic, Place};
use crate::manifest::text::path::{Path, Step};
use crate::manifest::text::unspaced;
use crate::text::redact::{bounded, is_secret, redacted};

/// Longer lines aren't shown: nobody would find the place in them. In characters.
const LONGEST_LINE: usize = 110;

/// Longer runs of letters and digits are masked: names have dashes and dots, keys and tokens haven't.
const LONGEST_RUN: usize = 30;

/// Adds to each problem the line that it is about. Places in other files stay without.
pub(in crate::manifest) fn add(text: &str, file: &str, problems: &mut [Diagnostic]) {
    let wanted = |problem: &Diagnostic| {
        problem.place.as_ref().filter(|place| place.file == file && !problem.path.is_empty()).map(|place| place.line)
    };
    let mut numbers: Vec<_> = problems.iter().filter_map(wanted).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut lines = std::collections::HashMap::with_capacity(numbers.len());
    let mut numbers = numbers.into_iter().peekable();
    for (number, line) in (1_u32..).zip(text.lines()) {
        match numbers.peek() {
            None => break,
            Some(wanted) if *wanted == number => {
                lines.insert(number, line);
                numbers.next();
            }
            Some(_) => {}
        }
    }
    // What one problem hides, no other one of the same line shows.
    let mut hidden: std::collections::HashMap<u32, Vec<usize>> = std::collections::HashMap::new();
    for problem in problems.iter().filter(|problem| problem.hides_value) {
        if let (Some(number), Some(place)) = (wanted(problem), &problem.place) {
            hidden.entry(number).or_default().push(column_of(place));
        }
    }
    for problem in problems {
        let Some(place) = &problem.place else { continue };
        let number = wanted(problem);
        let line = number.and_then(|number| lines.get(&number));
        let hidden = number.and_then(|number| hidden.get(&number)).map_or(&[][..], Vec::as_slice);
        if line.is_some_and(|line| begins_curly(line, &problem.path)) {
            problem.hint = Some(CURLY.into());
        }
        problem.line = line.and_then(|line| presentable(line, column_of(place), problem, hidden)).map(Into::into);
    }
}

/// Said of a value in quotes that only look like ones: they are a part of it.
const CURLY: &str = "write plain quotes in place of the typographic ones, which are a part of the text here";

/// Whether the value in a line, of the key in which a path ends, begins with such a quote.
fn begins_curly(line: &str, path: &str) -> bool {
    let Some(Step::Key(key)) = Path::parse(path).steps().last().cloned() else { return false };
    let behind = line.split_once(key.as_str()).map_or("", |(_, behind)| behind);
    let value = behind.trim_start_matches(['"', '\'']).trim_start();
    value
        .strip_prefix([':', '='])
        .is_some_and(|value| value.trim_start().starts_with(|c| ('\u{2018}'..='\u{201f}').contains(&c)))
}

fn column_of(place: &Place) -> usize {
    usize::try_from(place.column).unwrap_or(usize::MAX)
}

/// Adds the line to a problem of a text that isn't in its notation: its signs, and the words that stand where keys do. Nobody
/// knows what in the rest is a credential.
pub(in crate::manifest) fn of_syntax(text: &str, mut problem: Diagnostic) -> Diagnostic {
    let Some(place) = &problem.place else { return problem };
    let at = usize::try_from(place.line).unwrap_or(usize::MAX);
    let column = usize::try_from(place.column).unwrap_or(usize::MAX);
    let line = text.lines().nth(at.saturating_sub(1)).map(|line| without_comment(line.trim_end()));
    let fits = |line: &&str| {
        let length = line.chars().count();
        length <= LONGEST_LINE && (1..=length + 1).contains(&column)
    };
    problem.line = line.filter(fits).map(|line| keys_alone(line, column).into());
    problem
}

/// What isn't shown keeps its width in front of the column, so that the mark stands where it should.
fn keys_alone(line: &str, column: usize) -> String {
    let is_plain = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '-');
    let mut out = String::with_capacity(line.len());
    let (mut rest, mut is_first) = (line, true);
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_separator(c) || c == ':' || c == '=').unwrap_or(rest.len());
        if end == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(end);
        rest = after;
        // A line may go on with what began above: a word without a colon is shown where it is what is marked.
        let is_marked = is_first && out.chars().count() + 1 == column;
        let is_key = is_marked || after.trim_start_matches(['"', '\'']).trim_start().starts_with([':', '=']);
        is_first &= word == "-";
        match out.chars().count() < column {
            _ if word.chars().count() <= LONGEST_KEY && is_key && is_plain(word) && !out.contains('…') => {
                out.push_str(word)
            }
            true => out.extend(word.chars().map(|_| '…')),
            false if out.ends_with('…') => {}
            false => out.push('…'),
        }
    }
    out
}

/// No key of a manifest is longer.
const LONGEST_KEY: usize = 24;

/// `hidden` is where keys stand in this line whose values aren't shown, be it for another problem.
fn presentable(line: &str, column: usize, problem: &Diagnostic, hidden: &[usize]) -> Option<String> {
    if line.len() > 8 * LONGEST_LINE {
        return None;
    }
    let line = without_comment(line.trim_end());
    let path = Path::parse(&problem.path);
    let secret = path.has_secret();
    if !is_about(line, column, &path) {
        return None;
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(is_separator).unwrap_or(rest.len());
        if end == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(end);
        rest = after;
        let key = key_of(word, after).or_else(|| key_without_space(word, after, out.chars().last()));
        let begins = out.chars().count() + 1;
        // A quote in front of a key is a part of its place.
        let is_hidden = hidden.iter().any(|at| (begins.saturating_sub(1)..=begins).contains(at));
        let bare = unspaced::without_value(key.unwrap_or(word));
        let is_pair = bare != key.unwrap_or(word) && (is_hidden || is_secret(bare.trim_end_matches('…')));
        if key.is_none() {
            out.push_str(&masked(if is_pair { &bare } else { word }));
            continue;
        }
        if is_pair {
            out.push_str(&bare);
            break;
        }
        out.push_str(word);
        let is_at = out.chars().count() >= column;
        let named = is_secret(key.unwrap_or_default()) && !is_level(after);
        let hides = named || is_hidden || is_at && (secret || problem.hides_value);
        if hides && !after.trim_matches([':', '=', ' ', '"', '\'']).is_empty() {
            let sign = after.find([':', '=']).filter(|_| !word.ends_with([':', '=']));
            out.push_str(sign.map_or("", |sign| &after[..=sign]));
            out.push_str(" …");
            break;
        }
    }
    let length = out.chars().count();
    // A secret value that stands in a line of its own, as an entry of a list.
    let is_header = matches!(path.steps().last(), Some(Step::Key(_)))
        && line.trim_start().starts_with('[')
        && line.ends_with(']')
        && line.chars().take(column.saturating_sub(1)).all(|c| c == '[' || c.is_whitespace());
    let bare = !is_header && (secret || problem.hides_value) && !out.ends_with(['…', ':']);
    (length <= LONGEST_LINE && column <= length && !bare).then(|| bounded(out))
}

/// Whether what is marked is what the path names, or what is right around it. Of a key that is missing, its place is only
/// the nearest thing that is there.
fn is_about(line: &str, column: usize, path: &Path) -> bool {
    let marked: String = line.chars().skip(column.saturating_sub(1)).collect();
    let marked = marked.trim_start_matches(['"', '\'']);
    match path.steps() {
        [.., Step::Index(_)] | [.., Step::Index(_), Step::Key(_)] => true,
        [.., Step::Key(parent), Step::Key(key)] => {
            marked.starts_with(key.as_str()) || marked.starts_with(parent.as_str())
        }
        [Step::Key(key)] => marked.starts_with(key.as_str()),
        _ => false,
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '{' | '}' | '[' | ']' | ',')
}

/// Whether a word is a key: a colon or an equals sign follows it, perhaps behind a quote or a space.
fn key_of<'a>(word: &'a str, after: &str) -> Option<&'a str> {
    if let Some(key) = word.strip_suffix(':') {
        return Some(key);
    }
    let after = after.trim_start_matches(['"', '\'']).trim_start();
    (after.starts_with(':') || after.starts_with('=')).then_some(word)
}

/// The same in TOML, where the value follows without a space: `key="value"`. In quotes, a word with that sign is a value.
fn key_without_space<'a>(word: &'a str, after: &str, before: Option<char>) -> Option<&'a str> {
    let key =
        word.strip_suffix('=').filter(|key| key.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)))?;
    let is_quoted = before.is_some_and(|before| matches!(before, '"' | '\''));
    (!is_quoted && after.starts_with(['"', '\'', '[', '{'])).then_some(key)
}

/// Whether what follows a key is an access level, or one misspelt: resources may well be called after what they are.
fn is_level(after: &str) -> bool {
    let value = after.trim_start_matches(['"', '\'', ':', '=', ' ']);
    let word = &value[..value.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(value.len())];
    unspaced::is_level(word)
}

fn masked(word: &str) -> String {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '=' | '~');
    let longest = word.split(|c| !is_inside(c)).map(str::len).max().unwrap_or_default();
    if longest > LONGEST_RUN { "…".to_owned() } else { redacted(word) }
}

/// A comment begins behind a space, outside of quotes.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '#' && before.is_whitespace() => return line[..at].trim_end(),
            _ => {}
        }
        before = c;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, path: &str, column: u32, hides_value: bool) -> Option<String> {
        let mut problem = Diagnostic::new(path, "wrong");
        problem.hides_value = hides_value;
        problem.place = Some(Place { file: "m".to_owned(), line: 1, column });
        let mut problems = [problem];
        add(text, "m", &mut problems);
        problems[0].line.as_deref().map(str::to_owned)
    }

    #[test]
    fn a_line_is_shown_without_its_comment() {
        assert_eq!(
            line("  region: us-west-2   # of ours", "aws.region", 3, false).as_deref(),
            Some("  region: us-west-2")
        );
        assert_eq!(line("  labels-token:", "resources.labels-token", 3, false).as_deref(), Some("  labels-token:"));
        assert_eq!(line("version: 1", "stack", 1, false), None);
        let access = "    access: { data: read, labels-token: manage }";
        assert_eq!(line(access, "grants[0].access", 5, false).as_deref(), Some(access));
    }

    #[test]
    fn what_may_be_a_credential_is_masked() {
        for (text, path, column, hides) in [
            ("  client_secret: hidden", "aws.client_secret", 3, false),
            ("  password = \"hidden\"", "aws.password", 3, false),
            ("aws: { \"sas_token\": [\"hidden\"], x: hidden }", "aws.sas_token", 9, false),
            ("  precise: hidden", "grants[0].precise", 3, true),
            ("  data: https://ann:hidden@acme.azurecr.io/x", "resources.data", 3, false),
            ("  data: https://acme/x?sig=hidden", "resources.data", 3, false),
            ("  data: AccountName=acme;AccountKey=hidden==", "resources.data", 3, false),
            ("  other: hidden0hidden0hidden0hidden0hidden", "aws.other", 3, false),
            ("  - hidden", "aws.password[0]", 5, false),
            ("aws = { regoin=\"x\", password=\"hidden\" }", "aws.regoin", 9, false),
        ] {
            let shown = line(text, path, column, hides).unwrap_or_default();
            assert!(!shown.contains("hidden"), "{text}: {shown}");
        }
        // Of the line, everything else is shown as it is written.
        for (text, shown) in [
            ("  precise: hidden", "  precise: …"),
            ("precise = \"hidden\"", "precise = …"),
            ("precise=\"hidden\"", "precise= …"),
            ("\"precise\" = 'hidden'", "\"precise\" = …"),
            ("\"precise\": \"hidden\"", "\"precise\": …"),
        ] {
            let column = u32::from(text.starts_with(' ')) * 2 + 1;
            assert_eq!(line(text, "grants[0].precise", column, true).as_deref(), Some(shown));
        }
    }

    #[test]
    fn of_what_can_t_be_read_nothing_is_shown_that_may_be_a_credential() {
        let seen = |text: &str, line: u32, column: u32| {
            let mut problem = Diagnostic::new("", "wrong");
            problem.place = Some(Place { file: "m".to_owned(), line, column });
            of_syntax(text, problem).line.as_deref().map(str::to_owned)
        };
        assert_eq!(seen("platform:\n  kind union   # of ours\n", 2, 3).as_deref(), Some("  kind …"));
        assert_eq!(seen("a: [b,\n", 1, 7).as_deref(), Some("a: […,"));
        assert_eq!(seen("a: {\"b\": {x y}, c: d\n", 1, 4).as_deref(), Some("a: {\"b\": {… …}, …: …"));
        for (text, line) in [
            ("aws:\n  password \"hidden\n", 2),
            ("aws:\n  password: \"hidden\n", 2),
            ("aws:\n  password:\n    a\n    hidden\n", 4),
            ("aws: { x: y, \"token\": \"hidden }\n", 1),
            ("  password: \"a\nhidden\n", 2),
            ("x hidden0hidden0hidden0hidden0hidden\n", 1),
        ] {
            let shown = seen(text, line, 3).unwrap_or_default();
            assert!(!shown.contains("hidden"), "{text}: {shown}");
        }
    }
}

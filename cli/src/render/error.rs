//! Errors: what went wrong, where, and what to do about it.

use std::error::Error as _;

use cloudgrant_core::{Diagnostic, Error};
use serde_json::{Map, Value, json};

use super::pasted::Here;
use super::{BOLD, CYAN, DIM, FORMAT_VERSION, RED, YELLOW, styled, wrapped};

/// For people.
pub(crate) fn text(error: &Error, here: &Here, width: Option<usize>) -> String {
    format!("{}: {}\n{}", styled(RED.bold(), "error"), error.message(), details(error, &[], here, width))
}

/// For people: what keeps this caller from applying, and nobody who may.
pub(crate) fn warning(error: &Error, here: &Here, width: Option<usize>) -> String {
    let said = format!("an apply of yours would be refused: {}", error.message());
    let said = wrapped(&said, 9, 2, width);
    format!("{}: {said}\n{}", styled(YELLOW.bold(), "warning"), details(error, &[], here, width))
}

/// For people: one of several things that failed.
pub(super) fn failed(what: &str, error: &Error, here: &Here, width: Option<usize>) -> String {
    let title = format!("{}: {}", styled(RED.bold(), "failed"), styled(BOLD, what));
    format!("{title}: {}\n{}", error.message(), details(error, &[what], here, width))
}

/// What comes after the first line. Facts that stand there already are left out.
fn details(error: &Error, said: &[&str], here: &Here, width: Option<usize>) -> String {
    let mut out = String::new();
    let hint_of_all = error.hint_text().map(|hint| here.text(hint));
    for problem in error.problems() {
        let problem = &here.problem(problem);
        out.push_str(&format!("  {}\n", continued(&problem.to_string(), 2, 4, width)));
        out.push_str(&excerpt(problem, width));
        if let Some(hint) = problem.hint.as_deref().filter(|hint| hint_of_all.as_deref() != Some(hint)) {
            out.push_str(&format!("    {}: {}\n", styled(CYAN, "hint"), continued(hint, 10, 6, width)));
        }
    }
    for (key, value) in error.context() {
        if said.contains(&value.as_str()) || error.message().contains(value.as_str()) {
            continue;
        }
        out.push_str(&format!("  {}: {}\n", styled(BOLD, key), continued(value, key.len() + 4, 4, width)));
    }
    for cause in causes(error) {
        out.push_str(&format!("  {}: {}\n", styled(BOLD, "caused by"), continued(&cause, 13, 4, width)));
    }
    if let Some(hint) = hint_of_all {
        out.push_str(&format!("{}: {}\n", styled(CYAN.bold(), "hint"), continued(&hint, 6, 2, width)));
    }
    out
}

/// The line that a problem is about, with a mark below what is meant. Nothing where it wouldn't fit.
fn excerpt(problem: &Diagnostic, width: Option<usize>) -> String {
    let (Some(place), Some(line)) = (&problem.place, problem.line.as_deref()) else { return String::new() };
    let number = place.line.to_string();
    let column = usize::try_from(place.column).unwrap_or(1).saturating_sub(1);
    if width.is_some_and(|width| number.len() + line.chars().count() + 7 > width) {
        return String::new();
    }
    // A tab stays one below a tab, so that the mark stands where it should.
    let before: String = line.chars().take(column).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let is_inside = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '$');
    let bare: String = line.chars().skip(column).skip_while(|c| matches!(c, '"' | '\'')).collect();
    let separated = bare.split(|c: char| c.is_whitespace() || "\"'{}[],".contains(c)).next().unwrap_or_default();
    let word = match separated.contains("://") || separated.starts_with("arn:") {
        // A locator is marked whole.
        true => separated.trim_end_matches(':').chars().count(),
        false => bare.chars().take_while(is_inside).count(),
    };
    let quotes = line.chars().skip(column).take_while(|c| matches!(c, '"' | '\'')).count();
    let mark = "^".repeat((word + 2 * quotes).max(1));
    let margin = " ".repeat(number.len());
    format!(
        "    {} {line}\n    {} {before}{}\n",
        styled(DIM, &format!("{number} |")),
        styled(DIM, &format!("{margin} |")),
        styled(RED, &mark)
    )
}

/// Lines after the first are indented, so that it is seen what they belong to.
fn continued(text: &str, first: usize, indent: usize, width: Option<usize>) -> String {
    let mut lines = text.trim_end().lines();
    let mut out = wrapped(lines.next().unwrap_or_default(), first, indent, width);
    for line in lines {
        out.push_str(&format!("\n{}{}", " ".repeat(indent), wrapped(line, indent, indent + 2, width)));
    }
    out
}

/// The chain of causes, as far as each says something that wasn't said already.
fn causes(error: &Error) -> Vec<String> {
    let mut said = error.to_string();
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let mut text = cause.to_string();
        // The system's number for it means nothing to people, and isn't in what is said already.
        let bare = text.strip_suffix(')').and_then(|text| text.rsplit_once(" (os error "));
        if let Some((said, number)) = bare
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            text.truncate(said.len());
        }
        if !said.contains(&text) {
            said.push_str(&text);
            causes.push(text);
        }
        next = cause.source();
    }
    causes
}

/// For programs.
pub(crate) fn document(error: &Error, here: &Here) -> Value {
    json!({ "format_version": FORMAT_VERSION, "error": value(error, here) })
}

/// For programs, without the envelope.
pub(super) fn value(error: &Error, here: &Here) -> Value {
    let context: Map<_, _> =
        error.context().iter().map(|(key, value)| ((*key).to_owned(), Value::from(value.as_str()))).collect();
    let mut value = json!({
        "kind": kebab(&format!("{:?}", error.kind())),
        "message": error.message(),
        "context": context,
        "hint": error.hint_text().map(|hint| here.text(hint)),
        "problems": error.problems().iter().map(|problem| here.problem(problem)).collect::<Vec<_>>(),
    });
    let causes = causes(error);
    if let (Some(map), false) = (value.as_object_mut(), causes.is_empty()) {
        map.insert("causes".to_owned(), causes.into());
    }
    value
}

/// For programs: a command line that doesn't work.
pub(crate) fn misuse(message: &str) -> Value {
    // What is wrong, a guess at what was meant, and how the command is used, with an empty line between them.
    let in_a_line = |part: &str| part.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let parts: Vec<_> = message.trim().split("\n\n").map(in_a_line).collect();
    let beginning = |with: &str| parts.iter().find(|part| part.starts_with(with)).map(|part| &part[with.len()..]);
    let hint = match (beginning("tip: "), beginning("Usage: ")) {
        (Some(tip), _) => tip.to_owned(),
        (None, Some(usage)) => format!("write {usage}"),
        (None, None) => "see --help".to_owned(),
    };
    json!({
        "format_version": FORMAT_VERSION,
        "error": {
            "kind": "usage",
            "message": parts.first().map(|first| first.trim_start_matches("error: ")),
            "context": {},
            "hint": hint,
            "problems": [],
        },
    })
}

fn kebab(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{ErrorKind, Place};

    use super::*;

    #[test]
    fn everything_that_is_known_is_said_once() {
        let io = std::io::Error::other("connection refused");
        let error = Error::new(ErrorKind::AccessDenied, "can't create the role x")
            .with("operation", "iam:CreateRole")
            .source(io)
            .hint("ask for iam:CreateRole")
            .diagnostics(vec![Diagnostic::new("aws.region", "wrong").hint("one of:\na\nb")]);
        let said = anstream::adapter::strip_str(&text(&error, &Here::default(), None)).to_string();
        let expected = "error: can't create the role x
  aws.region: wrong
    hint: one of:
      a
      b
  operation: iam:CreateRole
  caused by: connection refused
hint: ask for iam:CreateRole
";
        assert_eq!(said, expected);
        assert_eq!(document(&error, &Here::default())["error"]["kind"], "access-denied");
    }

    #[test]
    fn a_command_line_that_doesn_t_work_has_one_hint() {
        let of = |message| misuse(message)["error"].clone();
        let guessed = of(
            "error: unrecognized subcommand 'plam'\n\n  tip: a similar subcommand exists: 'plan'\n\nUsage: cloudgrant <COMMAND>\n\nFor more information, try '--help'.\n",
        );
        assert_eq!(guessed["message"], "unrecognized subcommand 'plam'");
        assert_eq!(guessed["hint"], "a similar subcommand exists: 'plan'");
        let missing = of(
            "error: the following required arguments were not provided:\n  <GRANT|--all>\n\nUsage: cloudgrant revoke <GRANT|--all>\n",
        );
        assert_eq!(missing["message"], "the following required arguments were not provided: <GRANT|--all>");
        assert_eq!(missing["hint"], "write cloudgrant revoke <GRANT|--all>");
    }

    #[test]
    fn the_line_is_shown_where_it_fits() {
        let mut problem = Diagnostic::new("aws.\"region\"", "wrong");
        problem.place = Some(Place { file: "m.json".to_owned(), line: 12, column: 3 });
        problem.line = Some("  \"region\": 5,".into());
        let seen = |width| anstream::adapter::strip_str(&excerpt(&problem, width)).to_string();
        assert_eq!(seen(None), "    12 |   \"region\": 5,\n       |   ^^^^^^^^\n");
        assert_eq!(seen(Some(20)), "");
    }
}

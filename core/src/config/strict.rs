//! Strict reading: unknown keys are refused, and every problem is found, not only the first.
//!
//! serde stops at the first error. So each error is written down, its cause is struck out of the value, and the
//! reading begins again, until nothing is wrong or what is left can't be read at all.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::path::{Path, Step};
use crate::diagnostic::{Diagnostic, nearest};
use crate::shown::shown;

/// No honest manifest has more problems in one section than this.
const MOST_PROBLEMS: usize = 100;

/// Said of a value that isn't repeated.
const UNFIT: &str = "this value doesn't fit here; it isn't repeated, as it may be a credential";

/// Where one of a few words is expected, nothing longer than this is one of them misspelt: keys and tokens are.
const LONGEST_VALUE: usize = 24;

/// Reads a value; `base` is the key path of it. Problems are added to the list; an answer may come nevertheless,
/// read from what is right.
pub(crate) fn read<T: DeserializeOwned>(value: &Value, base: &str, problems: &mut Vec<Diagnostic>) -> Option<T> {
    // Mostly nothing is wrong, and then it needs neither paths nor a copy to strike things out of.
    if let Ok(read) = T::deserialize(value) {
        return Some(read);
    }
    let base = Path::parse(base);
    let mut value = value.clone();
    let mut struck: Vec<Path> = Vec::new();
    while struck.len() < MOST_PROBLEMS {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        let path = Path::from(error.path());
        let message = error.inner().to_string();
        if message.starts_with("missing field") && !struck.is_empty() {
            // Perhaps it is missing because it was struck out: say no more of it.
            return None;
        }
        problems.push(describe(&message, &base.join(&original(&path, &struck))));
        if path.steps().is_empty() || message.starts_with("missing field") || !strike(&mut value, &path) {
            return None;
        }
        struck.push(path);
    }
    None
}

/// Where a path pointed before list items were struck out in front of it.
fn original(path: &Path, struck: &[Path]) -> Path {
    let mut original = path.clone();
    for earlier in struck.iter().rev() {
        let Some((Step::Index(gone), list)) = earlier.split_last() else { continue };
        let depth = list.steps().len();
        let mut steps = original.steps().to_vec();
        if steps.len() > depth
            && steps[..depth] == *list.steps()
            && let Step::Index(index) = &mut steps[depth]
            && *index >= *gone
        {
            *index += 1;
        }
        original = steps.into_iter().fold(Path::default(), |path, step| match step {
            Step::Key(key) => path.key(&key),
            Step::Index(index) => path.index(index),
        });
    }
    original
}

/// Takes the thing at a path out of the value; whether it was there.
fn strike(value: &mut Value, path: &Path) -> bool {
    let Some((last, parent)) = path.split_last() else { return false };
    let mut inner = value;
    for step in parent.steps() {
        let next = match step {
            Step::Key(key) => inner.get_mut(key),
            Step::Index(index) => inner.get_mut(index),
        };
        let Some(next) = next else { return false };
        inner = next;
    }
    match (inner, last) {
        (Value::Object(map), Step::Key(key)) => map.shift_remove(key).is_some(),
        (Value::Array(list), Step::Index(index)) if *index < list.len() => {
            list.remove(*index);
            true
        }
        _ => false,
    }
}

/// A diagnostic from serde's words.
fn describe(message: &str, path: &Path) -> Diagnostic {
    let quoted: Vec<_> = message.split('`').skip(1).step_by(2).collect();
    if let Some(unknown) = message.strip_prefix("unknown field ").and_then(|_| quoted.first()) {
        return Diagnostic::new(path.to_string(), format!("unknown key `{unknown}`"))
            .hint(expected(unknown, &quoted[1..]));
    }
    if let Some(unknown) = message.strip_prefix("unknown variant ").and_then(|_| quoted.first()) {
        let what = match path.is_secret() || unknown.chars().count() > LONGEST_VALUE {
            true if nearest(unknown, quoted[1..].iter().copied()).is_none() => UNFIT.to_owned(),
            _ => format!("unknown value `{}`", shown(unknown)),
        };
        return Diagnostic::new(path.to_string(), what).hint(expected(unknown, &quoted[1..]));
    }
    if let Some(missing) = message.strip_prefix("missing field ").and_then(|_| quoted.first()) {
        let path = path.key(missing);
        return Diagnostic::new(path.to_string(), format!("`{missing}` is missing"));
    }
    if path.is_secret() {
        return Diagnostic::new(path.to_string(), UNFIT);
    }
    // Where no text is expected, it says little what the text is; it might be a credential.
    if let Some((_, wanted)) =
        message.strip_prefix("invalid type: string ").and_then(|rest| rest.rsplit_once(", expected "))
    {
        return Diagnostic::new(path.to_string(), format!("found a text, expected {wanted}"));
    }
    let message = message.replace("invalid type: null,", "there is no value here,").replace("invalid type: ", "found ");
    Diagnostic::new(path.to_string(), message)
}

/// The nearest of the expected names, and all of them.
pub(super) fn expected(unknown: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return "there is none yet".to_owned();
    }
    const MOST: usize = 30;
    let mut all = known[..known.len().min(MOST)].join(", ");
    if known.len() > MOST {
        all.push_str(&format!(" and {} more", known.len() - MOST));
    }
    match nearest(unknown, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? possible: {all}"),
        None => format!("possible: {all}"),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        region: String,
        names: Vec<String>,
    }

    #[test]
    fn every_problem_is_found_with_its_path() {
        let value = json!({"region": 5, "regoin": "x", "names": ["a", 1, "b", 2], "other": true});
        let mut problems = Vec::new();
        assert!(read::<Inner>(&value, "aws", &mut problems).is_none());
        let said: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "aws.region: found integer `5`, expected a string",
                "aws.regoin: unknown key `regoin`",
                "aws.names[1]: found integer `1`, expected a string",
                "aws.names[3]: found integer `2`, expected a string",
                "aws.other: unknown key `other`",
            ]
        );
        assert_eq!(problems[1].hint.as_deref(), Some("did you mean `region`? possible: region, names"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let mut problems = Vec::new();
        assert!(read::<Inner>(&json!({"names": []}), "aws", &mut problems).is_none());
        assert_eq!(problems[0].to_string(), "aws.region: `region` is missing");
    }
}

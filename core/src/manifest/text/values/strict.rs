//! Strict reading: unknown keys are refused, and every problem is found, not only the first.
//!
//! serde stops at the first error. So each error is written down, its cause is struck out of the value, or a stand-in put
//! where something is missing, and the reading begins again, until nothing is wrong or what is left can't be read at all.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::contract::error::diagnostic::{Diagnostic, nearest};
use crate::contract::error::problem_kind::ProblemKind;
use crate::manifest::text::path::{Path, Step};
use crate::manifest::text::values::possible::{expected, unknown_key};
use crate::manifest::text::values::reader::Reader;
use crate::manifest::text::values::wrong::{Expectation, Found, Wrong};
use crate::text::redact::redacted;
use crate::vocabulary::names::ResourceName;

/// No honest manifest has more problems in one section than this.
const MOST_PROBLEMS: usize = 100;

/// Said of a value that isn't repeated.
const UNFIT: &str = "this value doesn't fit here; it isn't repeated, as it may be a credential";

/// Where one of a few words is expected, nothing longer than this is one of them misspelt: keys and tokens are.
const LONGEST_VALUE: usize = 24;

/// Reads a value; `base` is the key path of it. Problems are added to the list; an answer may come nevertheless,
/// read from what is right.
pub(crate) fn read<T: DeserializeOwned>(value: &Value, base: &str, problems: &mut Vec<Diagnostic>) -> Option<T> {
    read_with(value, base, problems, &STAND_INS[0]).filter(|part| part.filled.is_empty()).map(|part| part.read)
}

/// What could be read; the keys, below the base, in whose place something stands that nobody wrote; and what was wrong, and
/// was left out.
pub(in crate::manifest) struct Part<T> {
    pub(in crate::manifest) read: T,
    pub(in crate::manifest) filled: Vec<Path>,
    pub(in crate::manifest) left_out: Vec<Path>,
}

impl<T> Part<T> {
    /// Whether something stands in the place of a key, or of what is in it.
    pub(in crate::manifest) fn is_filled(&self, key: &str) -> bool {
        self.filled.iter().any(|path| path.keys().next() == Some(key))
    }
}

/// The same also where something is missing, with stand-ins: for looking at the rest, and for nothing else.
pub(in crate::manifest) fn read_part<T: DeserializeOwned>(
    value: &Value,
    base: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<Part<T>> {
    read_with(value, base, problems, &STAND_INS[0])
}

/// The keys that a type takes which refuses all others.
pub(crate) fn keys_of<T: DeserializeOwned>() -> Vec<&'static str> {
    // No type has it.
    let odd = Value::Object(serde_json::Map::from_iter([("\0".to_owned(), Value::Bool(true))]));
    match attempt::<T>(&odd) {
        Err((_, Wrong::Key { known, .. })) => known.to_vec(),
        _ => Vec::new(),
    }
}

/// All that can be read with the one stand-ins and with the others, where there are any: what is said of both doesn't come
/// from them.
pub(crate) fn read_both_ways<T: DeserializeOwned>(value: &Value, base: &str) -> Vec<T> {
    let with = |stand_ins| read_with::<T>(value, base, &mut Vec::new(), stand_ins);
    let Some(first) = with(&STAND_INS[0]) else { return Vec::new() };
    let second = if first.filled.is_empty() { None } else { with(&STAND_INS[1]).map(|part| part.read) };
    [first.read].into_iter().chain(second).collect()
}

/// The value without what problems name by their key paths; `base` is the key path of the value.
pub(crate) fn without(mut value: Value, base: &str, problems: &[Diagnostic]) -> Value {
    for problem in problems {
        if let Some(path) = problem.path.strip_prefix(base).and_then(|rest| rest.strip_prefix('.')) {
            strike(&mut value, &Path::parse(path));
        }
    }
    value
}

/// What stands in for a text that is missing: one of each kind that any key takes, the plainest last.
type StandIns = [&'static str; 5];

const STAND_INS: [StandIns; 2] = [
    ["global", "https://x.example/x", "00000000-0000-0000-0000-000000000000", "111111111111", "x"],
    ["global", "https://y.example/y", "11111111-1111-1111-1111-111111111111", "222222222222", "y"],
];

fn read_with<T: DeserializeOwned>(
    value: &Value,
    base: &str,
    problems: &mut Vec<Diagnostic>,
    stand_ins: &StandIns,
) -> Option<Part<T>> {
    // Mostly nothing is wrong, and then it needs neither paths nor a copy to strike things out of.
    if let Ok(read) = T::deserialize(Reader(value)) {
        return Some(Part { read, filled: Vec::new(), left_out: Vec::new() });
    }
    if problems.len() > MOST_PROBLEMS {
        // So many are found that no more are shown: they are counted, and not looked into.
        problems.push(Diagnostic::new(base, "this can't be read"));
        return None;
    }
    let base = Path::parse(base);
    let mut value = value.clone();
    let (mut struck, mut filled, mut left_out): (Vec<Path>, Vec<Path>, Vec<Path>) = Default::default();
    while struck.len() + filled.len() < MOST_PROBLEMS {
        let (path, wrong) = match attempt::<T>(&value) {
            Ok(read) => return Some(Part { read, filled, left_out }),
            Err(failed) => failed,
        };
        if let Wrong::Missing(key) = wrong {
            let missing = path.key(key);
            // What was struck out is missing for that alone: say no more of it.
            if !struck.contains(&missing) {
                problems.push(describe(&wrong, &base.join(&original(&path, &struck))));
            }
            if !fill::<T>(&mut value, &missing, stand_ins) {
                return None;
            }
            filled.push(missing);
            continue;
        }
        // What lacks a part that was struck out may be wrong for that alone.
        let follows = struck.iter().any(|part| part.split_last().is_some_and(|(_, whole)| whole == path));
        if !follows {
            problems.push(describe(&wrong, &base.join(&original(&path, &struck))));
        }
        if path.steps().is_empty() || !strike(&mut value, &path) {
            return None;
        }
        left_out.push(original(&path, &struck));
        struck.push(path);
    }
    None
}

fn attempt<T: DeserializeOwned>(value: &Value) -> Result<T, (Path, Wrong)> {
    serde_path_to_error::deserialize::<_, T>(Reader(value))
        .map_err(|error| (Path::from(error.path()), error.into_inner()))
}

/// Puts something in the place of what is missing, so that the rest can be looked at; whether anything fits there. What
/// is read from it is never used.
fn fill<T: DeserializeOwned>(value: &mut Value, missing: &Path, texts: &StandIns) -> bool {
    let mut stand_ins: Vec<Value> = texts.map(Value::from).into();
    stand_ins.extend([1.into(), true.into(), Value::Array(Vec::new()), Value::Object(serde_json::Map::new())]);
    while let Some(stand_in) = stand_ins.pop() {
        if !put(value, missing, stand_in) {
            return false;
        }
        match attempt::<T>(value) {
            Err((path, Wrong::Word { known: [first, ..], .. })) if path == *missing => stand_ins.push((*first).into()),
            // Of a list or a mapping, what is in it may be missing in turn: that says nothing that wasn't said.
            Err((path, _)) if path.steps().starts_with(missing.steps()) => {}
            _ => return true,
        }
    }
    false
}

/// Sets a key of a mapping; whether the mapping is there.
fn put(value: &mut Value, path: &Path, new: Value) -> bool {
    let Some((Step::Key(key), parent)) = path.split_last() else { return false };
    let mut inner = value;
    for step in parent.steps() {
        let next = match step {
            Step::Key(key) => inner.get_mut(key),
            Step::Index(index) => inner.get_mut(index),
        };
        let Some(next) = next else { return false };
        inner = next;
    }
    let Value::Object(map) = inner else { return false };
    map.insert(key.clone(), new);
    true
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

fn describe(wrong: &Wrong, path: &Path) -> Diagnostic {
    let problem = |message: String| Diagnostic::new(path.to_string(), message);
    match wrong {
        Wrong::Key { key, known } => unknown_key(path.to_string(), key, known),
        Wrong::Word { word, known } => {
            let withheld = path.is_secret() || word.chars().count() > LONGEST_VALUE;
            let problem = match withheld && nearest(word, known.iter().copied()).is_none() {
                true => problem(UNFIT.to_owned()).hiding(),
                false => problem(format!("unknown value `{}`", redacted(word))),
            };
            problem.of_kind(ProblemKind::UnknownWord(word.as_str().into())).hint(expected(word, known))
        }
        Wrong::Missing(key) => {
            let around = if path.steps().is_empty() { String::new() } else { format!(" in `{path}`") };
            // Requirement 5.
            let hint = match *key {
                "scope" => format!(
                    "write `{key}: …`{around}: `global`, which the platform recommends for most uses and which reaches every \
                     task; or less: `{{ domain: D }}`, `{{ project: P, domain: D }}`"
                ),
                key => format!("write `{key}: {}`{around}", example(key)),
            };
            Diagnostic::new(path.key(key).to_string(), wrong.to_string()).of_kind(ProblemKind::MissingKey).hint(hint)
        }
        _ if path.is_secret() => problem(UNFIT.to_owned()).hiding(),
        Wrong::Other { found, expected, hint } => {
            let subject = match path.steps().last() {
                Some(Step::Key(key)) => format!("`{key}`"),
                _ => "this entry".to_owned(),
            };
            let mut problem = problem(format!("{subject} must be {expected}, and is {found}"));
            // Of a mapping, nobody knows what was to be in it; what should be a list or a number is no secret.
            problem.hides_value = *found == Found::Text && *expected == Expectation::Mapping;
            if (found, expected) == (&Found::Mapping, &Expectation::List) {
                problem.kind = ProblemKind::NoList;
            }
            let of_access =
                path.steps().ends_with(&[Step::Key("access".to_owned())]) && *expected == Expectation::Mapping;
            let spaced = "write each resource with its level, a space behind the colon: `access: { training-data: read }`; \
                          where it is stands under `resources: { training-data: { aws: … } }`";
            let meant = "write each resource with its level, `access: { training-data: read }`; where it is stands under \
                         `resources: { training-data: { aws: … } }`";
            let meant = if problem.hides_value { spaced } else { meant };
            match hint.as_deref().or(of_access.then_some(meant)) {
                Some(hint) => problem.hint(hint),
                None => problem,
            }
        }
        Wrong::Said(_) | Wrong::Twice(_) => match no_resource_name(path) {
            Some(written) => {
                let problem = problem(wrong.to_string()).of_kind(ProblemKind::NoResourceName(written.into()));
                // A locator stands where a name should.
                match written.contains("://") || written.starts_with("arn:") {
                    true => problem.hint(
                        "a grant names a resource: write where it is under `resources: { training-data: { aws: … } }`, and \
                         `training-data` here",
                    ),
                    false => problem,
                }
            }
            None => problem(wrong.to_string()),
        },
    }
}

/// What stands in a grant's access where a resource's name should, and is none.
fn no_resource_name(path: &Path) -> Option<&str> {
    let [Step::Key(list), Step::Index(_), Step::Key(access), Step::Key(name)] = path.steps() else { return None };
    (list == "grants" && access == "access" && ResourceName::parse(name.as_str()).is_err()).then_some(name)
}

/// What could stand behind a key, as an example; of a provider's key, that is the provider's to say.
fn example(key: &str) -> &'static str {
    match key {
        "access" => "{ training-data: read }",
        "scope" => "global",
        "name" => "training-data",
        "kind" => "union",
        "projects" => "[forecasting, vision]",
        "domains" => "[development, production]",
        _ => "…",
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
    fn what_lacks_a_part_that_is_wrong_is_not_wrong_for_that() {
        let mut problems = Vec::new();
        let value = json!({ "scope": { "domain": "production_2" } });
        #[derive(Debug, Deserialize)]
        #[allow(dead_code)]
        struct Entry {
            scope: crate::vocabulary::scope::Scope,
        }
        assert!(read::<Entry>(&value, "grants[0]", &mut problems).is_none());
        let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["grants[0].scope.domain"]);
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
                "aws.region: `region` must be a text, and is the number 5",
                "aws.regoin: unknown key `regoin`",
                "aws.names[1]: this entry must be a text, and is the number 1",
                "aws.names[3]: this entry must be a text, and is the number 2",
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

    #[test]
    fn all_that_is_missing_is_named() {
        let mut problems = Vec::new();
        assert!(read::<Inner>(&json!({}), "aws", &mut problems).is_none());
        let said: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(said, ["aws.region: `region` is missing", "aws.names: `names` is missing"]);
        let mut problems = Vec::new();
        assert!(read::<Inner>(&json!({ "region": 5, "nmaes": [] }), "aws", &mut problems).is_none());
        let said: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(said, ["aws.region", "aws.nmaes", "aws.names"]);
    }
}

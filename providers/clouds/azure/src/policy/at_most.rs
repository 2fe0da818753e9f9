//! What a condition lets through at most. One that somebody narrowed by hand is not written as ours are, and reaches no more than these.
//!
//! A condition holds where all that its outermost `AND`s join holds: whatever isn't understood of that can only narrow.
//!
//! Source: Azure documentation, "Azure role assignment condition format and syntax".

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::condition::{ATTRIBUTES, Deed, Says, canonical, other_than};

/// Which objects a clause lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// Those whose path begins so.
    Beneath(String),
    /// The one of this path.
    Exactly(String),
}

/// What a condition lets through at most.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AtMost {
    /// Of deeds in a container: each that isn't named is allowed in all of it, as far as is known.
    pub(crate) objects: BTreeMap<Deed, Vec<Allowed>>,
    /// Of repositories, and whether writing is among that.
    pub(crate) repositories: Option<(BTreeSet<String>, bool)>,
    /// Whether that is all that it says.
    pub(crate) is_all: bool,
}

impl AtMost {
    pub(crate) fn of(condition: &str) -> Self {
        let mut all = Self { is_all: true, ..Self::default() };
        // Of what is escaped in a text, nothing is taken apart here.
        if condition.contains('\\') {
            return Self { is_all: false, ..all };
        }
        let mut parts = vec![canonical(condition)];
        while let Some(part) = parts.pop() {
            let several = conjuncts(&part);
            if several.len() > 1 {
                parts.extend(several.into_iter().map(ToOwned::to_owned));
            } else if let Some((deed, allowed, is_all)) = on_objects(&part) {
                all.is_all &= is_all;
                let both = match all.objects.remove(&deed) {
                    Some(known) => in_common(&known, &allowed),
                    None => allowed,
                };
                all.objects.insert(deed, both);
            } else if let Some(Says::Repositories(names, writes)) = Says::parse(&part) {
                let known = all.repositories.take();
                all.repositories = Some(match known {
                    Some((known, also)) => (known.intersection(&names).cloned().collect(), writes || also),
                    None => (names, writes),
                });
            } else if let Some(inner) = without_brackets(&part).filter(|inner| conjuncts(inner).len() > 1) {
                parts.push(inner.to_owned());
            } else {
                all.is_all = false;
            }
        }
        all
    }
}

/// What both let through.
fn in_common(one: &[Allowed], other: &[Allowed]) -> Vec<Allowed> {
    let pairs = one.iter().flat_map(|one| other.iter().map(move |other| (one, other)));
    let narrower = pairs.filter_map(|(one, other)| match (one, other) {
        (Allowed::Beneath(a), Allowed::Beneath(b)) if a.starts_with(b.as_str()) => Some(one),
        (Allowed::Beneath(a), Allowed::Beneath(b)) if b.starts_with(a.as_str()) => Some(other),
        (Allowed::Exactly(a), Allowed::Beneath(b)) if a.starts_with(b.as_str()) => Some(one),
        (Allowed::Beneath(a), Allowed::Exactly(b)) if b.starts_with(a.as_str()) => Some(other),
        (Allowed::Exactly(a), Allowed::Exactly(b)) if a == b => Some(one),
        _ => None,
    });
    narrower.cloned().collect()
}

/// The parts that a text's outermost `AND`s join; the text itself where there is none, or also an `OR`.
fn conjuncts(text: &str) -> Vec<&str> {
    let and: Vec<_> = ["AND", "&&"].into_iter().flat_map(|word| outermost(text, word)).collect();
    let is_either = ["OR", "||"].into_iter().any(|word| !outermost(text, word).is_empty());
    if and.is_empty() || is_either {
        return vec![text];
    }
    split(text, and)
}

/// Where a word stands in a text, outside of brackets and of quoted texts, and between these.
fn outermost(text: &str, word: &str) -> Vec<(usize, usize)> {
    let (mut depth, mut is_quoted, mut found) = (0_i32, false, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '\'' => is_quoted = !is_quoted,
            '(' | '{' | '[' if !is_quoted => depth += 1,
            ')' | '}' | ']' if !is_quoted => depth -= 1,
            _ if depth == 0 && !is_quoted => {
                let is_word = text.get(at..).is_some_and(|rest| rest.starts_with(word));
                let before = text.get(..at).and_then(|before| before.chars().next_back());
                if is_word && before.is_some_and(|c| matches!(c, ')' | '}' | '\'')) {
                    found.push((at, at + word.len()));
                }
            }
            _ => {}
        }
    }
    found
}

fn split(text: &str, mut at: Vec<(usize, usize)>) -> Vec<&str> {
    at.sort_unstable();
    let ends = at.iter().map(|(start, _)| *start).chain([text.len()]);
    let starts = [0].into_iter().chain(at.iter().map(|(_, end)| *end));
    starts.zip(ends).filter_map(|(start, end)| text.get(start..end)).collect()
}

/// What is in the brackets that enclose all of it.
fn without_brackets(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    let (mut depth, mut is_quoted) = (0_i32, false);
    for c in inner.chars() {
        match c {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    Some(inner)
}

/// One clause on objects: a deed, where it is let through at most, and whether that is all that the clause says.
fn on_objects(clause: &str) -> Option<(Deed, Vec<Allowed>, bool)> {
    Deed::ALL.into_iter().find_map(|deed| {
        let others = canonical(&other_than(deed));
        if clause == format!("({others})") {
            return Some((deed, Vec::new(), true));
        }
        let within = clause.strip_prefix(&format!("(({others})OR("))?.strip_suffix("))")?;
        let attribute = match deed {
            Deed::List => format!("@Request[{ATTRIBUTES}:prefix]"),
            Deed::Read | Deed::Write | Deed::Delete => format!("@Resource[{ATTRIBUTES}:path]"),
        };
        let each = split(within, outermost(within, "OR"));
        let allowed: Option<Vec<_>> = each.into_iter().map(|one| allowed(one.strip_prefix(&attribute)?)).collect();
        let (allowed, are_all): (Vec<_>, Vec<_>) = allowed?.into_iter().unzip();
        Some((deed, allowed, are_all.into_iter().all(|is_all| is_all)))
    })
}

/// What an operator and its text let through at most, and whether that is all that they say.
fn allowed(said: &str) -> Option<(Allowed, bool)> {
    let (operator, rest) = said.split_once('\'')?;
    let text = rest.strip_suffix('\'').filter(|text| !text.contains('\''))?;
    match operator {
        "StringStartsWith" => Some((Allowed::Beneath(text.to_owned()), true)),
        "StringEquals" => Some((Allowed::Exactly(text.to_owned()), true)),
        // A star stands for any text, and a question mark for any character.
        "StringLike" => Some(match text.find(['*', '?']) {
            Some(at) => (Allowed::Beneath(text[..at].to_owned()), &text[at..] == "*"),
            None => (Allowed::Exactly(text.to_owned()), true),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::condition::{Rules, on_repositories};

    fn beneath(text: &str) -> Allowed {
        Allowed::Beneath(text.to_owned())
    }

    fn reading(prefix: &str) -> String {
        let mut rules = Rules::default();
        rules.allow(Deed::Read, prefix);
        rules.allow(Deed::List, prefix);
        rules.condition(&[Deed::Read, Deed::List], false).expect("narrowed")
    }

    #[test]
    fn what_narrows_is_understood_or_left_out() {
        let both = |allowed: &[Allowed]| BTreeMap::from([Deed::Read, Deed::List].map(|deed| (deed, allowed.to_vec())));
        let tag =
            "(@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags:a] StringEquals 'b')";
        let exact = reading("a/").replace("StringStartsWith 'a/'", "StringEquals 'a/b'");
        for (condition, expected, is_all) in [
            (reading("a/"), both(&[beneath("a/")]), true),
            (format!("({})", reading("a/")), both(&[beneath("a/")]), true),
            (format!("{}\nAND {tag}", reading("a/")), both(&[beneath("a/")]), false),
            (format!("{tag} && {}", reading("a/")), both(&[beneath("a/")]), false),
            (format!("{} AND {}", reading("a/"), reading("a/b/")), both(&[beneath("a/b/")]), true),
            (format!("{} AND {}", reading("a/"), reading("c/")), both(&[]), true),
            (exact, both(&[Allowed::Exactly("a/b".to_owned())]), true),
            (reading("a/").replace("StringStartsWith 'a/'", "StringLike 'a/*'"), both(&[beneath("a/")]), true),
            (reading("a/").replace("StringStartsWith 'a/'", "StringLike 'a/*.csv'"), both(&[beneath("a/")]), false),
            // What either of several lets through isn't narrowed by one of them.
            (format!("{} OR {tag}", reading("a/")), BTreeMap::new(), false),
            (format!("{} || {tag}", reading("a/")), BTreeMap::new(), false),
            (format!("!({})", reading("a/")), BTreeMap::new(), false),
            (reading("a/").replace("StringStartsWith", "StringNotStartsWith"), BTreeMap::new(), false),
            (
                reading("a/").replace("@Resource", "@Request"),
                BTreeMap::from([(Deed::List, vec![beneath("a/")])]),
                false,
            ),
            (reading("a/").replace("'a/'", r"'a\' OR b/'"), BTreeMap::new(), false),
        ] {
            let at_most = AtMost::of(&condition);
            assert_eq!((at_most.objects, at_most.is_all), (expected, is_all), "{condition}");
        }
        let on = |names: &[&str]| on_repositories(&names.iter().map(|name| (*name).to_owned()).collect(), false);
        let at_most = AtMost::of(&format!("{} AND {}", on(&["a", "b"]), on(&["b", "c"])));
        assert_eq!(at_most.repositories, Some((BTreeSet::from(["b".to_owned()]), false)));
    }
}

//! What a principal may do, as what its cloud has says it, whoever planned that.

use std::collections::BTreeMap;
use std::fmt;

/// One thing that is allowed: an action on something, where more than that is said also under a condition. Each part can be a
/// pattern with asterisks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Atom {
    /// Who says so: the principal's own policies, or those of what is reached.
    pub by: &'static str,
    /// What is done.
    pub action: String,
    /// On what.
    pub on: String,
    /// Only where these have these values.
    pub only: BTreeMap<String, String>,
}

impl Atom {
    /// Whether it allows all that another one does.
    pub fn covers(&self, other: &Self) -> bool {
        self.by == other.by
            && matches(&self.action, &other.action)
            && matches(&self.on, &other.on)
            && self.only.iter().all(|(key, value)| other.only.get(key).is_some_and(|narrower| matches(value, narrower)))
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, action, on, only } = self;
        write!(f, "{by}: {action} on {on}")?;
        only.iter().try_for_each(|(key, value)| write!(f, ", {key}: {value}"))
    }
}

/// Whether a text, or all that a pattern stands for, fits another pattern.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some(at) = rest.find(before) else { return false };
            rest = &rest[at + before.len()..];
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

/// What somebody may do.
pub type Access = Vec<Atom>;

/// What of some access another one doesn't have.
pub fn beyond(some: &[Atom], other: &[Atom]) -> Access {
    some.iter().filter(|one| !other.iter().any(|wider| wider.covers(one))).cloned().collect()
}

/// What two have in common.
pub fn common(some: &[Atom], other: &[Atom]) -> Access {
    let in_other = some.iter().filter(|one| other.iter().any(|wider| wider.covers(one)));
    let in_some = other.iter().filter(|one| some.iter().any(|wider| wider.covers(one)));
    let mut common: Access = in_other.chain(in_some).cloned().collect();
    common.sort();
    common.dedup();
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_what_it_stands_for() {
        for (pattern, text, fits) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "a", true),
            ("a*", "ab*", true),
            ("ab*", "a*", false),
            ("*c", "abc", true),
            ("a*c", "abcb", false),
            ("a*b*c", "axxbxc", true),
            ("*", "", true),
            ("aa*aa", "aaa", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_condition_narrows() {
        let atom = |only: &[(&str, &str)]| Atom {
            by: "x",
            action: "read".to_owned(),
            on: "y".to_owned(),
            only: only.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        };
        let (all, some, less) = (atom(&[]), atom(&[("prefix", "a/*")]), atom(&[("prefix", "a/b/*")]));
        assert!(all.covers(&some) && some.covers(&less) && !less.covers(&some) && !some.covers(&all));
        let one = |atom: &Atom| vec![atom.clone()];
        assert_eq!(beyond(&one(&all), &one(&some)), one(&all));
        assert_eq!(common(&one(&some), &one(&all)), one(&some));
        assert!(common(&one(&atom(&[("prefix", "b/")])), &one(&some)).is_empty());
    }
}

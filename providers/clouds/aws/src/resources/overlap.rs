//! Whether what one grant gives is some of what another one gives, on what locators name and what levels come to on AWS.

use std::iter;

use cloudgrant_core::{Access, Reach};

use crate::resources::kinds::arn_kind::Item;
use crate::resources::kinds::object_store::{self, Objects};
use crate::resources::kinds::repository;
use crate::resources::kinds::secret::Secret;
use crate::resources::locator::Locator;

/// Whether two reaches give something in common. Nothing is asked: where AWS alone could tell two secrets apart, they count as one.
pub(crate) fn overlap(one: &Reach, other: &Reach) -> bool {
    let (level, other_level) = (one.access, other.access);
    match (one.resource.locator.parsed(), other.resource.locator.parsed()) {
        (Locator::Objects(one), Locator::Objects(other)) => {
            are_nested(one, other)
                && (object_store::lists(level) && object_store::lists(other_level)
                    || in_common(object_store::on_objects, level, other_level))
        }
        // A secret has one level.
        (Locator::Secret(one), Locator::Secret(other)) => may_be_same(one, other),
        (Locator::Repository(one), Locator::Repository(other)) => {
            one == other && in_common(repository::on_repository, level, other_level)
        }
        (Locator::Item(one), Locator::Item(other)) => {
            let actions = |item: &Item, access| {
                let rights = item.kind.level(access).map_or(&[][..], |level| level.rights);
                rights.iter().flat_map(|rights| rights.actions)
            };
            one == other && actions(one, level).any(|action| actions(other, other_level).any(|other| other == action))
        }
        // What the manifest lists for one level may be in another one's list.
        (Locator::Other(one), Locator::Other(other)) => one == other,
        (
            Locator::Objects(_) | Locator::Secret(_) | Locator::Repository(_) | Locator::Item(_) | Locator::Other(_),
            _,
        ) => false,
    }
}

/// Whether two levels have an action in common.
fn in_common(actions: fn(Access) -> &'static [&'static str], one: Access, other: Access) -> bool {
    actions(one).iter().any(|action| actions(other).contains(action))
}

/// Whether one is in the other. A prefix is empty or ends in `/`.
fn are_nested(one: &Objects, other: &Objects) -> bool {
    one.bucket == other.bucket && (one.prefix.starts_with(&other.prefix) || other.prefix.starts_with(&one.prefix))
}

/// Whether a secret can be one that two locators stand for: a name, a whole ARN, and a pattern may mean the same.
fn may_be_same(one: &Secret, other: &Secret) -> bool {
    let others = other.arns_or_patterns();
    one.arns_or_patterns().iter().any(|one| others.iter().any(|other| have_match_in_common(one, other)))
}

/// Whether two patterns match a text in common: `?` stands for a letter or a digit of the suffix that AWS adds, and `*` for whatever
/// comes, which is only ever at the end.
fn have_match_in_common(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.chars(), other.chars());
    let is_same = |pair: (Option<char>, Option<char>)| match pair {
        (Some('?'), Some(c)) | (Some(c), Some('?')) => c == '?' || c.is_ascii_alphanumeric(),
        (one, other) => one == other,
    };
    let pairs = iter::repeat_with(|| (one.next(), other.next())).take_while(|pair| *pair != (None, None));
    let mut pairs = pairs.take_while(|pair| !matches!(pair, (Some('*'), _) | (_, Some('*'))));
    pairs.all(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_may_be_one() {
        let secret = |name: &str| match Locator::parse(&format!(
            "arn:aws:secretsmanager:us-west-2:111122223333:secret:{name}"
        )) {
            Ok(Locator::Secret(secret)) => secret,
            other => panic!("{name}: {other:?}"),
        };
        for (one, other, expected) in [
            ("token", "token", true),
            ("token", "token-AbCdEf", true),
            ("token-AbCdEf", "token-AbCdEf", true),
            ("token-AbCdEf", "token-GhIjKl", false),
            ("token", "tokens-AbCdEf", false),
            ("token", "token-AbCdE", false),
            // Whether `token-AbCdEf` is a name isn't known.
            ("token-AbCdEf", "token-AbCdEf-GhIjKl", true),
            ("team/token", "team/*", true),
            ("team/token", "team/tok*", true),
            ("team/token", "team/token-Ab*", true),
            ("team/token", "team/token/*", false),
            ("team", "team/*", false),
            ("team", "team-a/b/c/*", false),
            ("team/token-AbCdEf", "team/*", true),
            ("team/*", "team/a*", true),
            ("team/*", "other/*", false),
            ("*", "team/token", true),
            ("Token", "token", false),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                assert_eq!(may_be_same(&secret(one), &secret(other)), expected, "{one} {other}");
            }
        }
        let elsewhere = Secret { region: "eu-west-1".to_owned(), ..secret("token") };
        assert!(!may_be_same(&elsewhere, &secret("token")));
    }
}

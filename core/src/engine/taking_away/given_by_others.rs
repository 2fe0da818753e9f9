//! What is revoked and asked for by grants that stay as well: whoever takes access away must know that.

use std::collections::BTreeSet;

use crate::text::listed::listed;
use crate::vocabulary::intent::{Intent as _, IntentId, Intents, TaskAccess};
use crate::vocabulary::note::Note;

/// How many grants are named.
const NAMED: usize = 3;

/// Says which of the grants that stay ask for something that is revoked, for the same task code. Of those that are `absent` nothing is
/// there. `whole` is all that the manifest asks for: whose task code a grant serves may follow from what is revoked.
pub(super) fn note(revoked: &Intents, whole: &Intents, absent: &BTreeSet<&IntentId>) -> Option<Note> {
    let names: BTreeSet<_> = revoked.grants.iter().map(|grant| &grant.name).collect();
    let revoked: Vec<&TaskAccess> = revoked.grants.iter().map(|grant| &***grant).collect();
    let is_one = |grant: &&TaskAccess| {
        !names.contains(&grant.name)
            && !absent.contains(&grant.id())
            && revoked.iter().any(|revoked| gives_some_of(grant, revoked))
    };
    let givers: Vec<_> = whole.grants.iter().map(|grant| &***grant).filter(is_one).collect();
    if givers.is_empty() {
        return None;
    }
    let listed = listed(givers.iter().map(|grant| format!("`{}`", grant.name)), NAMED);
    let (grants, ask) = if givers.len() == 1 { ("grant", "asks") } else { ("grants", "ask") };
    let names: Vec<_> = revoked.iter().chain(&givers).map(|grant| grant.name.as_str()).collect();
    let how = match names.len() {
        0..=6 => format!("`cloudgrant revoke {}`", names.join(" ")),
        _ => "`cloudgrant revoke` with all of their names".to_owned(),
    };
    let message = format!(
        "what is revoked can still be reached as far as {grants} {listed} {ask} for it: it goes when all of them are revoked together, \
         with {how} or `cloudgrant revoke --all`"
    );
    Some(Note::warning("manifest", message))
}

/// Whether one grant gives task code of another one something that this one gives it.
fn gives_some_of(one: &TaskAccess, other: &TaskAccess) -> bool {
    let same_code = one.carried_by.iter().any(|scope| other.carried_by.contains(scope));
    same_code
        && one.reaches.iter().any(|one| {
            let is_same = |other: &&crate::vocabulary::intent::Reach| {
                let (one, other) = (&one.resource, &other.resource);
                one.kind == other.kind
                    && (is_within(&one.locator, &other.locator) || is_within(&other.locator, &one.locator))
            };
            other.reaches.iter().filter(is_same).any(|other| one.access.overlaps(other.access))
        })
}

/// Whether what one locator names is another one, or in that. In the notations of all clouds, what is in a place is named after it.
fn is_within(one: &str, other: &str) -> bool {
    let is_pattern = other.ends_with('*');
    let other = other.trim_end_matches('*');
    let is_open = is_pattern || other.ends_with('/');
    one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || is_open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_place_is_named_after_it() {
        assert!(is_within("s3://a/b/", "s3://a") && is_within("s3://a", "s3://a") && !is_within("s3://ab", "s3://a"));
        assert!(is_within("s3://a/b", "s3://a/*") && !is_within("s3://b/a", "s3://a/*"));
    }
}

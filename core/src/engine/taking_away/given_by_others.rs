//! What is revoked and given by grants that stay as well: whoever takes access away must know that.

use std::collections::BTreeSet;

use crate::contract::provider::Provider;
use crate::text::listed::listed;
use crate::vocabulary::intent::{Intent as _, IntentId, Intents, TaskAccess};
use crate::vocabulary::names::GrantName;
use crate::vocabulary::note::Note;

/// How many grants are named.
const NAMED: usize = 3;

/// Says which of the grants that stay give something that is revoked, for the same task code. Of those that are `absent` nothing is
/// there. `whole` is all that the manifest asks for: whose task code a grant serves may follow from what is revoked.
pub(super) fn note(
    provider: &dyn Provider,
    revoked: &Intents,
    whole: &Intents,
    absent: &BTreeSet<&IntentId>,
) -> Option<Note> {
    let names: BTreeSet<_> = revoked.grants.iter().map(|grant| &grant.name).collect();
    let revoked: Vec<&TaskAccess> = revoked.grants.iter().map(|grant| &***grant).collect();
    let is_one = |grant: &&TaskAccess| {
        !names.contains(&grant.name)
            && !absent.contains(&grant.id())
            && revoked.iter().any(|revoked| gives_some_of(provider, grant, revoked))
    };
    let givers: Vec<_> = whole.grants.iter().map(|grant| &***grant).filter(is_one).collect();
    if givers.is_empty() {
        return None;
    }
    let listed = listed(givers.iter().map(|grant| format!("`{}`", grant.name)), NAMED);
    let (grants, give) = if givers.len() == 1 { ("grant", "gives") } else { ("grants", "give") };
    let names: Vec<_> = revoked.iter().chain(&givers).map(|grant| grant.name.as_str()).collect();
    let how = match names.len() {
        0..=6 => format!("`cloudgrant revoke {}`", names.join(" ")),
        _ => "`cloudgrant revoke` with all of their names".to_owned(),
    };
    let message = format!(
        "what is revoked can still be reached, as {grants} {listed} {give} it, or some of it, too: it goes when all of them are revoked \
         together, with {how} or `cloudgrant revoke --all`"
    );
    Some(Note::of_access("manifest", message))
}

/// Whether one grant gives task code of another one something that this one gives it.
fn gives_some_of(provider: &dyn Provider, one: &TaskAccess, other: &TaskAccess) -> bool {
    let same_code = one.carried_by.iter().any(|scope| other.carried_by.contains(scope));
    let is_given = |reach| other.reaches.iter().any(|revoked| provider.gives_some_of((one, reach), (other, revoked)));
    same_code && one.reaches.iter().any(is_given)
}

/// Whether a grant gives something that one of the revoked gives, to whatever task code.
pub(super) fn overlaps(provider: &dyn Provider, kept: &Intents, revoked: &Intents, name: &GrantName) -> bool {
    let of_name = kept.grants.iter().filter(|grant| grant.name == *name);
    let reaches = |grant: &'_ TaskAccess, other: &'_ TaskAccess| {
        let is_given = |reach| other.reaches.iter().any(|given| provider.gives_some_of((grant, reach), (other, given)));
        grant.reaches.iter().any(is_given)
    };
    of_name.into_iter().any(|grant| revoked.grants.iter().any(|other| reaches(grant, other)))
}

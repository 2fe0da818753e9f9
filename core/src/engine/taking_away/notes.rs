//! What a plan that takes away says beside its changes.

use std::collections::BTreeSet;

use crate::contract::error::Error;
use crate::contract::object::ObjectId;
use crate::plan::in_the_way;
use crate::vocabulary::intent::{Intent as _, IntentId, Intents};
use crate::vocabulary::note::Note;

/// Said of grants that stay and aren't there as the manifest has them, where they have a principal of one that is revoked: they were
/// edited, or never applied, or revoked before.
pub(super) fn unapplied(unapplied: &BTreeSet<&IntentId>, revoked: &Intents, kept: &Intents) -> Option<Note> {
    let scopes: BTreeSet<_> = revoked.grants.iter().flat_map(|grant| grant.carried_by.iter()).collect();
    let beside = kept.grants.iter().filter(|grant| grant.carried_by.iter().any(|scope| scopes.contains(scope)));
    let grants: Vec<_> = beside.map(|grant| grant.id()).filter(|id| unapplied.contains(id)).collect();
    if grants.is_empty() {
        return None;
    }
    let message = format!(
        "not in the cloud as the manifest has it, as it was edited, revoked before or never applied: {}. What the cloud has for it stays, \
         with the principal that its tasks run as: `cloudgrant apply` makes the rest, `cloudgrant revoke --all` takes everything away",
        in_the_way::listed(grants.iter())
    );
    Some(Note::info("manifest", message))
}

/// Said of what grants that stay had before they were moved, and what has nothing to do with what is revoked.
pub(super) fn former(former: &BTreeSet<ObjectId>) -> Option<Note> {
    if former.is_empty() {
        return None;
    }
    let (stays, these) = if former.len() == 1 { ("stays", "this") } else { ("stay", "these") };
    let message = format!(
        "{} {stays}: a grant that stays had {these} before it was edited, and isn't in the cloud as the manifest has it. \
         `cloudgrant apply` takes {these} away, and gives it what the manifest says",
        in_the_way::listed(former.iter())
    );
    // No detail that an empty plan leaves out.
    Some(Note::warning("manifest", message))
}

/// Said of what goes although nobody can tell what of it was for others.
pub(super) fn gone_as_a_whole(ids: &[ObjectId]) -> String {
    format!(
        "no grant that stays asks for {}: all of it goes, as somebody rewrote it and nobody can tell what of it is revoked. If a \
         grant that stays had something of that before it was edited, `cloudgrant apply` gives it what the manifest says by now",
        in_the_way::listed(ids.iter())
    )
}

/// Said of what is revoked and stays all the same.
pub(super) fn given_by_others(ids: &[&ObjectId]) -> String {
    format!(
        "what is revoked can still be reached through {}, as other grants ask for the same, or for a part of it: it goes when \
         they are revoked together, or with `cloudgrant revoke --all`",
        in_the_way::listed(ids.iter())
    )
}

/// Said where the manifest can't be planned with what is taken away: what it newly says of the same objects can't be told
/// from that.
pub(super) fn unplanned(error: &Error) -> String {
    format!(
        "the manifest as a whole can't come true ({error}): where the same objects differ from it for other reasons, that is \
         changed as well; look at each change before you approve"
    )
}

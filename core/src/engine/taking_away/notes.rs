//! What a plan that takes away says beside its changes.

use std::collections::BTreeSet;

use crate::contract::error::Error;
use crate::contract::object::ObjectId;
use crate::engine::taking_away::revoked_before::Lacking;
use crate::plan::in_the_way;
use crate::vocabulary::names::GrantName;
use crate::vocabulary::note::Note;

/// Said of what goes with its principal although nobody can tell whose it was.
pub(super) fn lost_with_principals(ids: &BTreeSet<&ObjectId>, losing: &BTreeSet<&GrantName>) -> String {
    let whose = match losing.is_empty() {
        true => "if a grant that stays had that before it was edited".to_owned(),
        false => format!("grants that stay and were edited may have had that: {}", listed(losing.iter().copied())),
    };
    format!(
        "the identities that go take with them what is on them ({}); {whose}: `cloudgrant apply` gives what the manifest says by now",
        in_the_way::listed(ids.iter().copied())
    )
}

/// Said of grants that stay and aren't there as the manifest has them, beside what is revoked.
pub(super) fn may_have_been_theirs(grants: &[&Lacking]) -> Note {
    let names = listed(grants.iter().map(|grant| &grant.name));
    let message = format!(
        "not in the cloud as the manifest has it: {names}. If what goes was for that as well before it was edited, `cloudgrant \
         apply` gives what the manifest says by now"
    );
    // Nothing is there of one that was revoked before.
    match grants.iter().all(|grant| grant.is_gone) {
        true => Note::info("manifest", message),
        false => Note::warning("manifest", message),
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a GrantName>) -> String {
    names.map(|name| format!("grant `{name}`")).collect::<Vec<_>>().join(", ")
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

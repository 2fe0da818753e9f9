//! What a plan that takes away says beside its changes.

use std::collections::BTreeSet;

use crate::contract::error::Error;
use crate::contract::object::ObjectId;
use crate::plan::in_the_way;

/// Said of what goes with its principal although nobody can tell whose it was.
pub(super) fn lost_with_principals(ids: &BTreeSet<&ObjectId>) -> String {
    format!(
        "the identities that go take with them what no grant of the manifest asks for any more ({}): if a grant that stays had \
         that before it was edited, `cloudgrant apply` gives it what the manifest says by now",
        in_the_way::listed(ids.iter().copied())
    )
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
        "what is revoked can still be reached through {}, as other grants ask for the same: it goes when they are revoked \
         together, or with `cloudgrant revoke --all`",
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

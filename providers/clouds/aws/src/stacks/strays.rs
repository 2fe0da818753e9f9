//! Roles whose path and tags don't say the same stack: no run takes them for its own, and what they give is in no stack's list.

use cloudgrant_core::{Unsearched, quoted, redacted};

use crate::inventory::snapshot::{Role, Snapshot};
use crate::names::tags::{HOME_TAG, STACK_TAG, tag_of};
use crate::names::whose::{Whose, put_back, whose};
use crate::names::{self, Names};

/// A role below a stack's path whose tags say that it is another one's.
pub(super) fn below(names: &Names, name: &str, snapshot: &Snapshot) -> Option<Unsearched> {
    let role = snapshot.roles.get(name)?;
    let Whose::Others(others) = whose(names, &role.tags) else { return None };
    let reason = format!(
        "it is below the path of stack {} at home {}, and its tags say that it is of {}: no run takes it for its own. If somebody has \
         replaced the tags of that stack's role, put them back: `{}`; if not, delete it once nobody needs it",
        names.stack(),
        names.home(),
        redacted(&others),
        put_back(names, name, None)
    );
    Some(Unsearched { place: place(role), reason })
}

/// Roles that are below no stack's path, and whose tags name a stack.
pub(super) fn elsewhere(snapshot: &Snapshot) -> impl Iterator<Item = Unsearched> {
    snapshot.roles.iter().filter(|(_, role)| names::slug_of(&role.path).is_none()).filter_map(|(name, role)| {
        let stack = tag_of(&role.tags, STACK_TAG)?;
        let home = tag_of(&role.tags, HOME_TAG).map(|home| format!(" at home `{}`", redacted(home))).unwrap_or_default();
        let reason = format!(
            "its tags say stack `{}`{home}, and it isn't below the path of a stack, `{}…`: no run takes it for its own. If it is \
             somebody else's, take the tags off: `aws iam untag-role --role-name {} --tag-keys {STACK_TAG} {HOME_TAG}`; if not, delete \
             it once nobody needs it",
            redacted(stack),
            names::PATH,
            quoted(name)
        );
        Some(Unsearched { place: place(role), reason })
    })
}

fn place(role: &Role) -> String {
    format!("role {}", role.arn)
}

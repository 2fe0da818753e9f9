//! What is told of resources, whatever is asked for of them.

use cloudgrant_core::Note;

use crate::client::remedies;
use crate::inventory::lookups::target::Target;
use crate::resources::locator::Locator;

/// A role opens what a network keeps closed to nobody.
pub(crate) fn closed(target: &Target) -> Option<Note> {
    let (what, name) = match &target.locator {
        Locator::Objects(objects) => ("storage account", objects.account.name()),
        Locator::Secret(secret) => ("key vault", secret.vault.name()),
        Locator::Registry(_) => ("registry", target.scope.name()),
        Locator::Child(child) => (child.kind.holder.noun(), child.holder.name()),
        Locator::Resource(_) => return None,
    };
    let message = "it answers some networks only (its firewall, or no public access): a role isn't enough where the cluster's \
                   network is none of them; it takes a private endpoint there, or a rule for its subnet";
    target.closed.then(|| Note::info(format!("{what} {name}"), message))
}

/// Requirement 101.
pub(crate) fn admin_user(target: &Target) -> Note {
    let name = target.scope.name();
    let message = format!(
        "its admin user is enabled: one password pushes and pulls everything, whatever the roles say; turn it off with `{}`",
        remedies::disable_admin(name)
    );
    Note::warning(format!("registry {name}"), message)
}

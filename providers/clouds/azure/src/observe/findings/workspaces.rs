//! What the identities of a workspace of Azure Machine Learning lack: roles on what it works with (requirement 82), and on the key with
//! which its data is encrypted (requirement 81).

use cloudgrant_core::{Desired, Note, OuterUnit, Result, listed};

use crate::client::arm::Workspace;
use crate::error::{is_final, line};
use crate::inventory::lookups::workspace_roles;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::{ResourceId, is_same, is_within};
use crate::objects::workspace_identity::{UNIT, is_on};
use crate::observe::looking::Looking;
use crate::observe::managed_identity::Principals;
use crate::resources::workspace_roles::{CONTRIBUTOR, KEY_READERS, WorkspaceRole};

/// How many roles are named.
const NAMED: usize = 8;

/// Owner may do all that Contributor may.
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

/// Warns of what a workspace's identities lack, where the manifest wants something of it and gives no roles itself.
///
/// # Errors
/// Azure doesn't answer.
pub(crate) async fn notes(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    principals: &Principals,
) -> Result<Vec<Note>> {
    let outer = looking.platform.outer_unit().filter(|outer| outer.unit.kind == UNIT);
    let Some(outer) = outer.filter(|_| !desired.thorough && !desired.objects.is_empty()) else { return Ok(Vec::new()) };
    let Ok(id) = ResourceId::parse(&outer.unit.id) else { return Ok(Vec::new()) };
    let there = match snapshot.workspace(&id).await {
        Err(error) if is_final(&error) => None,
        there => there?,
    };
    let Some(there) = there else { return Ok(Vec::new()) };
    let held = Held { snapshot, principals };
    let mut notes = roles(&held, &outer, &id, &there).await?;
    notes.extend(key(&held, &id, &there).await?);
    Ok(notes)
}

/// Who has which role.
struct Held<'a> {
    snapshot: &'a Snapshot,
    principals: &'a Principals,
}

impl Held<'_> {
    /// Whether an identity has one of these roles at a resource, or at something that it is in. `None` where nobody can say.
    async fn has(&self, identity: &str, roles: &[&str], on: &ResourceId) -> Result<Option<bool>> {
        let Some(principal) = self.principals.of(identity) else { return Ok(None) };
        let assignments = match self.snapshot.assignments(&on.subscription()).await {
            Err(error) if is_final(&error) => return Ok(None),
            assignments => assignments?,
        };
        let is_one = |role: &str| roles.iter().any(|one| is_same(one, role));
        let has = assignments.iter().any(|one| {
            is_same(&one.principal_id, principal) && is_one(&one.role()) && is_within(on.as_str(), &one.scope)
        });
        Ok(Some(has))
    }
}

async fn roles(held: &Held<'_>, outer: &OuterUnit, id: &ResourceId, there: &Workspace) -> Result<Vec<Note>> {
    if outer.gives_roles || outer.principals.is_empty() {
        return Ok(Vec::new());
    }
    let needs = workspace_roles::needed(held.snapshot, id, there).await?;
    let mut notes = Vec::new();
    for identity in &outer.principals {
        let mut lacking = Vec::new();
        for (on, WorkspaceRole { id: role, name }) in &needs.roles {
            let more = if is_same(role, CONTRIBUTOR.id) { &[*role, OWNER][..] } else { &[*role][..] };
            if held.has(identity, more, on).await? == Some(false) {
                lacking.push(format!("{name} on {}", on.short()));
            }
        }
        if !lacking.is_empty() {
            let name = identity.rsplit('/').next().unwrap_or_default();
            let message = format!(
                "its identity {name} lacks what it needs to work under: {}. Have an owner give it that; or write `roles: true` in \
                 `platform.workspace_identity`, and this stack does",
                listed(lacking, NAMED)
            );
            notes.push(Note::warning(format!("workspace {}", id.name()), message));
        }
    }
    Ok(notes)
}

/// Source: Azure documentation, "Customer-managed keys for Azure Machine Learning": the identity gets, wraps and unwraps with the key.
async fn key(held: &Held<'_>, id: &ResourceId, there: &Workspace) -> Result<Option<Note>> {
    let Some(reader) = there.key_reader() else { return Ok(None) };
    let warned = |message: String| Ok(Some(Note::warning(format!("workspace {}", id.name()), message)));
    let name = line(reader.rsplit('/').next().unwrap_or_default());
    if !is_on(there, reader) {
        return warned(format!(
            "its key is read under {name}, which isn't among its identities: add it to `platform.workspace_identity.user_assigned`"
        ));
    }
    let Some(vault) = there.vault_of_key().and_then(|vault| ResourceId::parse(vault).ok()) else { return Ok(None) };
    let vaults = match held.snapshot.vaults(&vault.subscription()).await {
        Err(error) if is_final(&error) => return Ok(None),
        vaults => vaults?,
    };
    let has_roles = vaults.iter().find(|one| is_same(&one.id, vault.as_str())).is_none_or(|one| one.rbac);
    if !has_roles {
        let message = format!(
            "its key is read under {name}, and key vault {} looks at access policies, which aren't read here: see that it may `get`, \
             `wrapKey` and `unwrapKey` there",
            vault.name()
        );
        return Ok(Some(Note::info(format!("workspace {}", id.name()), message)));
    }
    let roles = KEY_READERS.map(|role| role.id);
    if held.has(reader, &roles, &vault).await? != Some(false) {
        return Ok(None);
    }
    let [least, ..] = KEY_READERS;
    warned(format!(
        "its key is read under {name}, which has no role for that on key vault {}: give it {} there, or on the key alone, which isn't \
         looked at here",
        vault.name(),
        least.name
    ))
}

//! Custom roles that the stack made and somebody renamed. A role is known by its id, which is derived from its name: under
//! another one nobody can tell whether somebody has made it theirs. So it is never changed or deleted, and never forgotten.

use std::collections::{BTreeSet, HashMap, HashSet};

use cloudgrant_core::{Error, ErrorKind, Object, Result, Scope, Stays};
use uuid::Uuid;

use crate::client::arm::RoleDefinition;
use crate::client::remedies;
use crate::inventory::snapshot::Snapshot;
use crate::names;
use crate::objects::custom_role;
use crate::observe::looking::Looking;
use crate::resources::role_choice::all_own;

/// What tells that a custom role under a strange name may be the stack's.
pub(crate) struct Renamed<'a> {
    looking: Looking<'a>,
    /// The names that roles of the stack have, by the ids that are derived from these: of all that the platform's scopes could
    /// get, as the manifest may have lost the grant.
    known: HashMap<String, String>,
    /// The roles that the stack has assigned.
    assigned: HashSet<String>,
}

impl<'a> Renamed<'a> {
    pub(crate) async fn of(looking: Looking<'a>, snapshot: &Snapshot) -> Result<Self> {
        let scopes = looking.platform.tenancy().scopes_without_projects();
        let known =
            scopes.iter().flat_map(|scope| all_own(looking.names, scope)).map(|role| (role.id, role.name)).collect();
        let assignments = snapshot.assignments(looking.config.subscription.as_str()).await?;
        let ours = assignments.iter().filter(|assignment| assignment.is_of(looking.names));
        Ok(Self { looking, known, assigned: ours.map(|assignment| assignment.role()).collect() })
    }

    /// What to say of a role that isn't known for the stack's by its name, where nothing wants it and it may be the stack's.
    pub(crate) fn stays(&self, role: &RoleDefinition) -> Option<Stays> {
        let id = role.name.to_ascii_lowercase();
        let before = self.known.get(&id);
        if self.is_named_by_manifest(role) || !(before.is_some() || self.looks_like_ours(role, &id)) {
            return None;
        }
        let sign = match before {
            Some(_) => format!("it has this stack's id, {id}, and somebody renamed it to `{}`", role.role_name),
            None => format!(
                "its id, {id}, and what it allows or its description are as this stack's roles have them, but not its name"
            ),
        };
        let reason = format!(
            "{sign}, so that nobody can tell whether it is in use under that name. This stack's assignments of it go. If nobody uses \
             it, delete it: `{}`; whoever does needs a role of their own in its place",
            remedies::delete_role(&id, self.looking.config.subscription.as_str())
        );
        Some(Stays { object: custom_role::id(before.unwrap_or(&role.role_name)), reason, is_empty: true })
    }

    /// Why a role that is wanted can't be made: another one has its id.
    pub(crate) fn conflict(&self, role: &RoleDefinition, wanted: &Object) -> Error {
        let message = format!("{} is there under another name, `{}`", wanted.id, role.role_name);
        let rename = custom_role::commands(self.looking.config, self.looking.names, wanted).join(" && ");
        Error::new(ErrorKind::Conflict, message).with("role", &role.id).hint(format!(
            "if nobody uses it under that name, give it back its own, with just what it is to allow: `{rename}`; whoever does use \
             it needs a role of their own, and this one is the stack's again once they have"
        ))
    }

    /// Whether one whose name from before isn't known has the stack's description, or else is assigned by the stack and allows
    /// just what one of its roles does. Its id is of version 5, as derived ones are; those that the portal gives are not.
    fn looks_like_ours(&self, role: &RoleDefinition, id: &str) -> bool {
        let names = self.looking.names;
        let derived = Uuid::parse_str(id).is_ok_and(|id| id.get_version_num() == 5);
        let Some((stack, home)) = names::described(&role.description) else {
            return derived && self.assigned.contains(id) && self.allows_as_ours(role);
        };
        derived && stack == *names.stack() && home == names.home()
    }

    fn allows_as_ours(&self, role: &RoleDefinition) -> bool {
        let allowed: BTreeSet<_> = role.data_actions.iter().collect();
        let nothing_else = role.actions.is_empty() && role.not_data_actions.is_empty();
        nothing_else
            && all_own(self.looking.names, &Scope::Global)
                .any(|own| own.data_actions.iter().collect::<BTreeSet<_>>() == allowed)
    }

    /// A role of somebody's that the manifest has the stack assign.
    fn is_named_by_manifest(&self, role: &RoleDefinition) -> bool {
        let mut named = self.looking.config.roles.values().flat_map(|levels| levels.values());
        named.any(|named| named.eq_ignore_ascii_case(&role.role_name) || named.eq_ignore_ascii_case(&role.name))
    }
}

//! What the manifest wants of the workspace itself in which workloads run: identities, settings, and the roles that its identities need.
//! What others did there is left alone, and what is as it is wanted already stays theirs.

use cloudgrant_core::{
    Bound, Checked, Diagnostic, Error, ErrorKind, Intent as _, Note, ObjectId, OuterUnit, Result, ScopeBinding, listed,
    quoted,
};

use crate::client::arm::{PRIMARY, Workspace};
use crate::error::is_final;
use crate::inventory::lookups::workspace_roles;
use crate::marks::places;
use crate::marks::units::{self, OfUnit, Put};
use crate::names::LONGEST_TAG;
use crate::names::resource_id::{ResourceId, is_same};
use crate::objects::workspace_identity::{self, UNIT, WorkspaceIdentity, is_on};
use crate::objects::workspace_setting::{WorkspaceSetting, is_set};
use crate::packing::pack::{Assignment, Role};
use crate::resources::workspace_roles::CONTRIBUTOR;
use crate::verbs::assigned::assignment_object;
use crate::verbs::handles::Handles;

/// How many resources are named.
const NAMED: usize = 5;

/// Adds what is wanted of it, for each binding: it is there as long as one of them is.
///
/// # Errors
/// Azure doesn't answer; or the workspace or an identity isn't named as Azure names them.
pub(super) async fn add(handles: Handles<'_>, bindings: &[Checked<ScopeBinding>], bound: &mut Bound) -> Result<()> {
    let Some(wanted) = handles.platform.outer_unit() else { return Ok(()) };
    if wanted.unit.kind != UNIT {
        let message = format!("{} wants something of what Azure doesn't have", handles.platform.name());
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let id = parsed(&wanted.unit.id)?;
    let snapshot = handles.inventory.snapshot().await;
    let there = match snapshot.workspace(&id).await {
        // The observation says so, of all that is wanted of it.
        Err(error) if is_final(&error) => None,
        there => there?,
    };
    let marks = units::marked(handles.names, &snapshot).await?.units.remove(&id).unwrap_or_default();
    let identities: Vec<_> = wanted.principals.iter().map(|one| parsed(one)).collect::<Result<_>>()?;
    // Task code runs under these, and would get what none ever gets.
    if let Some(own) = identities.iter().find(|identity| handles.names.calls(identity)) {
        let message = format!("`{}` is called as identities of this stack are, under which task code runs", own.name());
        let problem = Diagnostic::new("platform.workspace_identity.user_assigned", message)
            .hint("name an identity that is the workspace's alone");
        return Err(Error::manifest(vec![problem]));
    }
    let outer = Outer { handles, bindings, id: &id, marks: &marks };
    for identity in &identities {
        outer.identity(identity, there.as_ref(), bound)?;
    }
    for (setting, value) in &wanted.settings {
        outer.setting(setting, value, there.as_ref(), bound)?;
    }
    outer.roles(&wanted, &identities, there.as_ref(), bound).await
}

/// A workspace, and for what something is wanted of it.
struct Outer<'a> {
    handles: Handles<'a>,
    bindings: &'a [Checked<ScopeBinding>],
    id: &'a ResourceId,
    marks: &'a OfUnit,
}

impl Outer<'_> {
    fn identity(&self, identity: &ResourceId, there: Option<&Workspace>, bound: &mut Bound) -> Result<()> {
        let put = Put::Identity(identity.as_str().to_owned());
        let mark = units::id(self.handles.names, self.id, &put);
        if !self.marks.contains_key(&mark) && there.is_some_and(|there| is_on(there, identity.as_str())) {
            let message = format!("it has identity {} already, which stays when this stack goes", identity.name());
            bound.desired.notes.push(Note::info(self.name(), message));
            return Ok(());
        }
        self.mark(&put, bound)?;
        for binding in self.bindings {
            let (scope, because) = (&binding.scope, vec![binding.id()]);
            let object = WorkspaceIdentity::wanted(self.id, identity, mark.clone(), scope, because);
            bound.desired.objects.push(object);
        }
        Ok(())
    }

    fn setting(&self, name: &str, value: &str, there: Option<&Workspace>, bound: &mut Bound) -> Result<()> {
        let put = |before| Put::Setting { name: name.to_owned(), value: value.to_owned(), before };
        let mark = units::id(self.handles.names, self.id, &put(None));
        let before = match self.marks.get(&mark) {
            Some(Put::Setting { before, .. }) => before.clone(),
            _ if there.is_some_and(|there| is_set(there, name, value)) => {
                let message = format!("its `{name}` is `{value}` already, and stays so when this stack goes");
                bound.desired.notes.push(Note::info(self.name(), message));
                return Ok(());
            }
            _ => there.and_then(|there| there.setting(name)).map(str::to_owned).or_else(|| default_of(name)),
        };
        if before.is_none() && there.is_some() && !self.marks.contains_key(&mark) {
            let message = format!(
                "its `{name}` has no value, and Azure takes no workspace back to that: it stays set when this stack goes"
            );
            bound.desired.notes.push(Note::warning(self.name(), message));
        }
        self.mark(&put(before.clone()), bound)?;
        // Whatever a setting names has to be there first.
        let named = (name == PRIMARY).then(|| ResourceId::parse(value).ok()).flatten();
        let after: Vec<ObjectId> =
            std::iter::once(mark).chain(named.map(|identity| workspace_identity::id(self.id, &identity))).collect();
        let object = WorkspaceSetting {
            workspace: self.id.as_str().into(),
            setting: name.into(),
            value: value.into(),
            before: before.as_deref().map(Into::into),
        };
        for binding in self.bindings {
            let (scope, because) = (&binding.scope, vec![binding.id()]);
            bound.desired.objects.push(object.wanted(self.id, after.clone(), scope, because));
        }
        Ok(())
    }

    /// What the home remembers of what is put there.
    fn mark(&self, put: &Put, bound: &mut Bound) -> Result<()> {
        if let Some(text) = units::too_long(self.id, put) {
            let message = format!("`{text}` is longer than {LONGEST_TAG} characters");
            let error = Error::new(ErrorKind::Unsupported, message);
            return Err(error.hint("a tag has to hold it, by which this stack knows what it put on the workspace"));
        }
        for binding in self.bindings {
            let mark = units::mark(self.handles.names, self.id, put, &binding.scope, vec![binding.id()]);
            bound.desired.objects.push(mark);
        }
        Ok(())
    }

    /// Requirement 82.
    async fn roles(
        &self,
        wanted: &OuterUnit,
        identities: &[ResourceId],
        there: Option<&Workspace>,
        bound: &mut Bound,
    ) -> Result<()> {
        let Some(there) = there.filter(|_| !identities.is_empty()) else { return Ok(()) };
        let snapshot = self.handles.inventory.snapshot().await;
        let needs = workspace_roles::needed(&snapshot, self.id, there).await?;
        if let Some(vault) = &needs.by_access_policies {
            let message = format!(
                "it looks at access policies, which this stack doesn't write: each identity of workspace {} needs all permissions there but \
                 `purge`: `az keyvault set-policy --name {} --object-id PRINCIPAL --secret-permissions all --key-permissions all \
                 --certificate-permissions all`, then without `purge`",
                self.id.name(),
                quoted(vault.name())
            );
            bound.desired.notes.push(Note::info(format!("key vault {}", vault.name()), message));
        }
        if !wanted.gives_roles {
            return Ok(());
        }
        let names = self.handles.names;
        for identity in identities {
            let on =
                listed(needs.roles.iter().filter(|(_, role)| *role == CONTRIBUTOR).map(|(on, _)| on.short()), NAMED);
            let message = format!(
                "its identity {} gets {} on {on}: whoever runs as it may change and delete all of these",
                identity.name(),
                CONTRIBUTOR.name
            );
            bound.desired.notes.push(Note::warning(self.name(), message));
            for (on, role) in &needs.roles {
                for binding in self.bindings {
                    let role = Role { id: role.id.into(), name: role.name.into(), object: None };
                    let because = vec![binding.id()];
                    let assignment = Assignment { scope: on.clone(), role, condition: None, because };
                    let mut object = assignment_object(names, identity, &binding.scope, assignment);
                    object.touches.push(identity.name().to_owned());
                    bound.desired.objects.extend(places::depend(names, &mut object, on));
                    bound.desired.objects.push(object);
                }
            }
        }
        Ok(())
    }

    fn name(&self) -> String {
        format!("workspace {}", self.id.name())
    }
}

/// What a setting is where nothing says otherwise. Source: Azure Machine Learning, YAML of workspaces, `system_datastores_auth_mode`.
fn default_of(setting: &str) -> Option<String> {
    is_same(setting, "systemDatastoresAuthMode").then(|| "AccessKey".to_owned())
}

fn parsed(id: &str) -> Result<ResourceId> {
    ResourceId::parse(id).map_err(|why| {
        Error::new(ErrorKind::Unsupported, format!("`{id}` is no resource ID: {why}")).hint("check it in `platform`")
    })
}

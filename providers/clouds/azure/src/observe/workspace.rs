//! What workspaces have of what is wanted of them, and of what the stack put there.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Desired, Error, ErrorKind, Found, Note, ObjectId, Observed, Obstacle, Result, Stays, quoted};

use crate::client::arm::{PRIMARY, RoleAssignment, Workspace};
use crate::error::{is_final, line};
use crate::inventory::lookups::workspace_roles;
use crate::inventory::snapshot::Snapshot;
use crate::marks::units::{self, OfUnit, Put};
use crate::names::resource_id::{ResourceId, is_same};
use crate::objects::workspace_identity::{self, WorkspaceIdentity, is_on, missing, why_it_stays};
use crate::objects::workspace_setting::{self, WorkspaceSetting, is_set};
use crate::observe::looking::Looking;
use crate::observe::units::unmakeable;

/// Said of a workspace that gets its first user-assigned identity. Requirement 78.
const FOR_GOOD: &str = "it has a system-assigned identity alone, and gets a user-assigned one: Azure takes no workspace back from both to \
                        the one, so that a revoke will leave one of these on it";

/// What is wanted of one workspace.
#[derive(Debug, Default)]
struct Wanted {
    identities: BTreeMap<ResourceId, ObjectId>,
    settings: BTreeMap<String, ObjectId>,
}

impl Wanted {
    fn objects(&self) -> BTreeSet<ObjectId> {
        self.identities.values().chain(self.settings.values()).cloned().collect()
    }
}

/// What the identities of workspaces need (requirement 82), which no task code would ever get: by the identity, where, and the role's id.
#[derive(Debug, Default)]
pub(crate) struct Needed(BTreeSet<(ResourceId, ResourceId, &'static str)>);

impl Needed {
    async fn add(
        &mut self,
        snapshot: &Snapshot,
        id: &ResourceId,
        workspace: &Workspace,
        identities: &BTreeSet<ResourceId>,
    ) -> Result<()> {
        if identities.is_empty() {
            return Ok(());
        }
        let needs = workspace_roles::needed(snapshot, id, workspace).await?;
        for identity in identities {
            self.0.extend(needs.roles.iter().map(|(on, role)| (identity.clone(), on.clone(), role.id)));
        }
        Ok(())
    }

    /// Whether an identity needs what an assignment gives.
    pub(crate) fn has(&self, identity: &ResourceId, assignment: &RoleAssignment) -> bool {
        let Ok(on) = ResourceId::parse(&assignment.scope) else { return false };
        let role = assignment.role();
        let is_one = |role_of: &str| is_same(role_of, &role);
        self.0.iter().any(|(of, at, role_of)| of == identity && *at == on && is_one(role_of))
    }
}

/// Looks at the workspaces that are wanted to be some way, and at those that the stack's marks name.
///
/// # Errors
/// Azure doesn't answer, or may not be asked for a workspace of which something is wanted.
pub(super) async fn add(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &mut Observed,
) -> Result<Needed> {
    let units::Marks { units: mut marks, edited } = units::marked(looking.names, snapshot).await?;
    for mark in edited {
        let why = "it names what the stack put on a workspace, and somebody has edited its tags, so that nobody knows what that is: look \
                   at the identities and settings of your workspaces, then delete it by hand";
        if observed.objects.remove(&mark).is_some() {
            observed.stays.push(Stays { object: mark, reason: why.to_owned(), is_empty: false });
        }
    }
    let mut wanted = wanted(desired)?;
    let outer = looking.platform.outer_unit().filter(|outer| outer.unit.kind == workspace_identity::UNIT);
    let (outer_id, principals) = outer.map_or((None, Vec::new()), |outer| {
        let principals: Vec<_> = outer.principals.iter().filter_map(|id| ResourceId::parse(id).ok()).collect();
        (ResourceId::parse(&outer.unit.id).ok().filter(|_| !principals.is_empty()), principals)
    });
    let mut needed = Needed::default();
    let all: BTreeSet<_> = marks.keys().chain(wanted.keys()).chain(&outer_id).cloned().collect();
    for id in all {
        let (marks, wanted) = (marks.remove(&id).unwrap_or_default(), wanted.remove(&id).unwrap_or_default());
        let there = match snapshot.workspace(&id).await {
            Err(error) if wanted.objects().is_empty() && is_final(&error) => {
                let why = format!("workspace {} can't be read: {}", id.name(), error.message());
                marks.iter().for_each(|(mark, put)| stay(observed, &id, mark, put, &why));
                continue;
            }
            there => there?,
        };
        if let Some(there) = &there {
            let of_marks = marks.values().filter_map(|put| match put {
                Put::Identity(identity) => ResourceId::parse(identity).ok(),
                Put::Setting { .. } => None,
            });
            let identities: BTreeSet<_> =
                of_marks.chain(principals.iter().filter(|_| outer_id.as_ref() == Some(&id)).cloned()).collect();
            needed.add(snapshot, &id, there, &identities).await?;
        }
        match there {
            Some(there) => {
                One { id: &id, there: &there, marks: &marks, wanted: &wanted }.add(looking, snapshot, observed).await?
            }
            None if wanted.objects().is_empty() => {}
            None => observed.unmakeable.push(unmakeable(missing(&id), Obstacle::PerhapsHidden, wanted.objects())),
        }
    }
    Ok(needed)
}

fn wanted(desired: &Desired) -> Result<BTreeMap<ResourceId, Wanted>> {
    let mut all: BTreeMap<_, Wanted> = BTreeMap::new();
    for object in workspace_identity::among(&desired.objects) {
        let (object, one) = object?;
        all.entry(one.workspace_id()?).or_default().identities.insert(one.identity_id()?, object.id.clone());
    }
    for object in workspace_setting::among(&desired.objects) {
        let (object, one) = object?;
        all.entry(one.workspace_id()?).or_default().settings.insert(one.setting.into_owned(), object.id.clone());
    }
    Ok(all)
}

/// Leaves something as it is, with its mark.
fn stay(observed: &mut Observed, workspace: &ResourceId, mark: &ObjectId, put: &Put, why: &str) {
    let object = match put {
        Put::Identity(identity) => match ResourceId::parse(identity) {
            Ok(identity) => workspace_identity::id(workspace, &identity),
            Err(_) => mark.clone(),
        },
        Put::Setting { name, .. } => workspace_setting::id(workspace, name),
    };
    observed.objects.remove(mark);
    observed.stays.push(Stays { object, reason: why.to_owned(), is_empty: false });
}

/// A workspace that is there.
struct One<'a> {
    id: &'a ResourceId,
    there: &'a Workspace,
    marks: &'a OfUnit,
    wanted: &'a Wanted,
}

impl One<'_> {
    async fn add(&self, looking: Looking<'_>, snapshot: &Snapshot, observed: &mut Observed) -> Result<()> {
        let primary = self.settings(observed);
        self.identities(primary.as_deref(), observed)?;
        self.missing(looking, snapshot, observed).await
    }

    /// The settings; and what the primary identity is once the plan is carried out.
    fn settings(&self, observed: &mut Observed) -> Option<String> {
        let mut primary = self.there.setting(PRIMARY).map(str::to_owned);
        for (mark, put) in self.marks {
            let Put::Setting { name, value, before } = put else { continue };
            let object = workspace_setting::id(self.id, name);
            let is_wanted = self.wanted.settings.contains_key(name);
            let is_as_set = is_set(self.there, name, value);
            let there = self.there.setting(name).unwrap_or_default();
            if !is_wanted && !is_as_set {
                // Somebody has changed it meanwhile. The mark goes by itself.
                continue;
            }
            if let Some(why) = self.why_it_stays_set(name, before.as_deref()).filter(|_| !is_wanted) {
                stay(observed, self.id, mark, put, &why);
                continue;
            }
            if !is_wanted && is_same(name, PRIMARY) {
                primary.clone_from(before);
            }
            let found = WorkspaceSetting {
                workspace: self.id.as_str().into(),
                setting: name.as_str().into(),
                value: if is_as_set { value } else { there }.into(),
                before: before.as_deref().map(Into::into),
            };
            let named = ResourceId::parse(value).ok().filter(|_| is_same(name, PRIMARY));
            let named = named.map(|identity| workspace_identity::id(self.id, &identity));
            let found = Found {
                attributes: found.attributes(),
                owned: true,
                depends_on: std::iter::once(mark.clone()).chain(named).collect(),
                if_deleted: Some(format!("it is `{}` again", line(before.as_deref().unwrap_or_default()))),
                touches: vec![self.id.name().to_owned()],
            };
            observed.objects.insert(object, found);
        }
        primary
    }

    fn why_it_stays_set(&self, name: &str, before: Option<&str>) -> Option<String> {
        let Some(before) = before else {
            return Some(format!("it had no value before, and Azure takes no workspace's `{name}` back to that"));
        };
        let is_gone = is_same(name, PRIMARY) && !is_on(self.there, before);
        is_gone.then(|| {
            format!(
                "before, it was {}, which the workspace doesn't have any more: set it to one that it has",
                line(before)
            )
        })
    }

    fn identities(&self, primary: Option<&str>, observed: &mut Observed) -> Result<()> {
        let is_wanted = |identity: &ResourceId| self.wanted.identities.contains_key(identity);
        let mut left = self.there.user_assigned().count();
        for (mark, put) in self.marks {
            let Put::Identity(identity) = put else { continue };
            let Ok(identity) = ResourceId::parse(identity) else { continue };
            if !is_on(self.there, identity.as_str()) {
                continue;
            }
            let others = left.saturating_sub(1);
            let stays = why_it_stays(self.there, identity.as_str(), others, primary).filter(|_| !is_wanted(&identity));
            if let Some(why) = stays {
                let why = format!(
                    "{why}. The roles that this stack gave it go: whoever has the workspace go on working under it gives it these"
                );
                stay(observed, self.id, mark, put, &why);
                continue;
            }
            if !is_wanted(&identity) {
                left = others;
            }
            let on = WorkspaceIdentity { workspace: self.id.as_str().into(), identity: identity.as_str().into() };
            let wanted = self.wanted.identities.get_key_value(&identity);
            let on = wanted.map_or(on.clone(), |(id, _)| WorkspaceIdentity { identity: id.as_str().into(), ..on });
            let found = Found {
                attributes: on.attributes(),
                owned: true,
                depends_on: vec![mark.clone()],
                if_deleted: Some("the workspace no longer works under it".to_owned()),
                touches: vec![self.id.name().to_owned(), identity.name().to_owned()],
            };
            observed.objects.insert(workspace_identity::id(self.id, &identity), found);
        }
        let is_new = self.wanted.identities.keys().any(|identity| !is_on(self.there, identity.as_str()));
        if is_new && self.there.has_system_assigned() && self.there.user_assigned().next().is_none() {
            observed.notes.push(Note::warning(format!("workspace {}", self.id.name()), FOR_GOOD));
        }
        Ok(())
    }

    /// Wanted identities that aren't there.
    async fn missing(&self, looking: Looking<'_>, snapshot: &Snapshot, observed: &mut Observed) -> Result<()> {
        for (identity, object) in &self.wanted.identities {
            if is_on(self.there, identity.as_str()) {
                continue;
            }
            let found = match snapshot.identity(identity).await {
                // Whoever may not read it may still assign it.
                Err(error) if is_final(&error) => continue,
                found => found?,
            };
            if found.is_none() {
                let message = format!("there is no managed identity {}", identity.name());
                let error = Error::new(ErrorKind::NotFound, message)
                    .with("identity", identity.as_str())
                    .hint(format!(
                        "check `platform.workspace_identity.user_assigned`, or create it: `az identity create --name {} --resource-group {} \
                         --subscription {}`; {} makes none for the workspace",
                        quoted(identity.name()),
                        quoted(identity.resource_group().unwrap_or_default()),
                        identity.subscription(),
                        looking.names.stack()
                    ));
                observed.unmakeable.push(unmakeable(error, Obstacle::PerhapsHidden, BTreeSet::from([object.clone()])));
            }
        }
        Ok(())
    }
}

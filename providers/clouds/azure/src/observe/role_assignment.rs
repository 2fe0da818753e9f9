//! Role assignments: the stack's, and those of others that give what is wanted already.

mod limits;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cloudgrant_core::{
    Access, Desired, Error, ErrorKind, Found, IntentId, Note, Object, Observed, Result, Stack, Unsearched, Widening,
};

use crate::client::arm::{RoleAssignment, RoleDefinition};
use crate::client::remedies::delete_assignment;
use crate::error::line;
use crate::inventory::snapshot::Snapshot;
use crate::marks::places;
use crate::names::resource_id::{ResourceId, folded, is_within};
use crate::names::{self, Names};
use crate::objects::role_assignment::RoleAssignment as Attributes;
use crate::objects::{custom_role, managed_identity, role_assignment};
use crate::observe::compute_identity::Images;
use crate::observe::findings::goes_on::{Foreign, Given, Identities};
use crate::observe::findings::missing;
use crate::observe::findings::other_homes::OtherHomes;
use crate::observe::looking::Looking;
use crate::observe::managed_identity::Principals;
use crate::observe::workspace::Needed;
use crate::policy::condition;
use crate::resources::{known_roles, refused_roles, workspace_roles};

/// Said of an assignment that the manifest asks for, on a resource that is gone. Azure keeps it, at the ID that the resource had.
const LISTED_ON_WHAT_IS_GONE: &str = "what it is on isn't there any more, and Azure lists it all the same: it gives nothing, until \
                                      somebody makes a resource of that name in that place. `cloudgrant revoke` of what it is for \
                                      takes it away";

/// Said of an assignment of the stack's that goes. Source: Azure RBAC, "Troubleshoot Azure RBAC", role assignments with identity not
/// found.
const OF_NO_IDENTITY: &str = "no managed identity that can be seen has its principal: that of an identity that was deleted gives \
                              nobody anything any more, and one in a place that the caller can't see loses this role";

/// What Azure takes one assignment for: scope, role and principal, in lower case.
type Tuple = (String, String, String);

pub(crate) async fn add(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    subscriptions: &BTreeSet<String>,
    (principals, identities, images, needed): (&Principals, &Identities, &Images, &Needed),
    (observed, others): (&mut Observed, &mut OtherHomes),
) -> Result<()> {
    let custom = snapshot.custom_roles().await?;
    let role_names: HashMap<_, _> =
        custom.iter().map(|role| (role.name.to_ascii_lowercase(), line(&role.role_name))).collect();
    let holders: HashMap<_, _> =
        principals.holders().map(|(id, principal)| (principal.id.to_ascii_lowercase(), (id, principal.ours))).collect();
    let (mut wanted, mut unheld): (HashMap<Tuple, &Object>, HashSet<_>) = Default::default();
    for assignment in role_assignment::among(&desired.objects) {
        let (object, assignment) = assignment?;
        match principals.of(&assignment.principal) {
            Some(principal) => _ = wanted.insert(tuple(&assignment.scope, &assignment.role_id, principal), object),
            None => _ = unheld.insert((folded(&assignment.scope), assignment.role_id.to_ascii_lowercase())),
        }
    }
    let ours = custom.iter().filter(|role| role.is_of(looking.names));
    let own_roles = ours.map(|role| role.name.to_ascii_lowercase()).collect();
    let given = Given::of(looking, desired, principals, identities)?;
    let (seen, neighbours) = (HashSet::new(), BTreeSet::new());
    let mut reader = Reader {
        names: looking.names,
        wanted,
        role_names,
        own_roles,
        never_given: never_given(&custom),
        holders,
        doubted: principals.doubted(),
        images,
        needed,
        given: &given,
        foreign: Vec::new(),
        // To make the manifest come true, what is left of such an identity goes.
        unheld: if desired.thorough { unheld } else { HashSet::new() },
        gone: missing::gone(looking.names, snapshot, subscriptions).await?,
        observed,
        others,
        seen,
        owns: false,
        neighbours,
    };
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for subscription in subscriptions {
        let list = snapshot.assignments(subscription).await?;
        let prefix = format!("/subscriptions/{subscription}");
        let inside = list.iter().filter(|assignment| assignment.scope.to_ascii_lowercase().starts_with(&prefix));
        counts.insert(subscription, inside.count() as u64);
        list.iter().try_for_each(|assignment| reader.one(assignment))?;
    }
    let (renamed, foreign) = (reader.renamed(), reader.foreign);
    observed.notes.extend(renamed);
    observed.notes.extend(given.notes(looking, snapshot, subscriptions, &foreign).await);
    limits::add(desired, counts, observed)
}

/// The stack's by its mark, at a scope at which no stack assigns roles: a management group's, or what isn't known here.
fn unreachable(assignment: &RoleAssignment, why: &str) -> Unsearched {
    let reason = format!(
        "this stack's mark is on it, but not where a stack assigns roles ({why}), so that no run takes it away; look at it, and \
         take it away if nobody needs it: `{}`",
        delete_assignment(&assignment.id)
    );
    Unsearched { place: format!("role assignment {} on {}", assignment.name, assignment.scope), reason }
}

fn tuple(scope: &str, role: &str, principal: &str) -> Tuple {
    (folded(scope), role.to_ascii_lowercase(), principal.to_ascii_lowercase())
}

/// What somebody else gave to an identity of the stack's.
pub(crate) fn given(names: &Names, holder: &ResourceId, assignment: &RoleAssignment, role: &str) -> Widening {
    let object = managed_identity::id(holder, names.group());
    let what = format!("has the role {} on {}, which this stack did not give it", line(role), assignment.scope);
    Widening { object, what, remedy: delete_assignment(&assignment.id) }
}

/// A role of the stack's that somebody else gave to somebody.
pub(crate) fn given_away(assignment: &RoleAssignment, role: &str) -> Widening {
    let what = format!(
        "is assigned to principal {} on {}, which this stack did not do",
        assignment.principal_id, assignment.scope
    );
    Widening { object: custom_role::id(&line(role)), what, remedy: delete_assignment(&assignment.id) }
}

/// Whether a ready-made role is too much for any task code (requirement 71).
pub(crate) fn is_never_given(role: &str) -> bool {
    known_roles::known(role).is_some_and(|role| refused_roles::known(role, Access::List).is_some())
}

/// The same of custom roles, by their ids.
pub(crate) fn never_given(custom: &[RoleDefinition]) -> HashSet<String> {
    let too_much = custom.iter().filter(|role| refused_roles::defined(&role.permissions).is_some());
    too_much.map(|role| role.name.to_ascii_lowercase()).collect()
}

struct Reader<'a> {
    names: &'a Names,
    wanted: HashMap<Tuple, &'a Object>,
    role_names: HashMap<String, String>,
    /// The ids of the stack's custom roles.
    own_roles: HashSet<String>,
    /// The ids of the custom roles that are too much for any task code.
    never_given: HashSet<String>,
    /// The identities by their principals, and whether they are the stack's.
    holders: HashMap<String, (&'a ResourceId, bool)>,
    /// Those of them that are called as the stack's are, and that their tags make somebody else's.
    doubted: &'a HashSet<ResourceId>,
    /// What their own jobs pull, which is given to them by the platform.
    images: &'a Images,
    /// What identities of workspaces need, which is too much for task code.
    needed: &'a Needed,
    /// What is revoked of what the manifest gives to identities.
    given: &'a Given,
    /// What others gave to these, but for what widens one of the stack's.
    foreign: Vec<Foreign>,
    /// What is asked for of identities that aren't there, where something is taken away: by scope and role.
    unheld: HashSet<(String, String)>,
    /// What the manifest names and isn't there any more.
    gone: Vec<String>,
    observed: &'a mut Observed,
    others: &'a mut OtherHomes,
    seen: HashSet<String>,
    /// Whether something of what is wanted is the stack's own.
    owns: bool,
    /// Other stacks of its home that made something of what is wanted.
    neighbours: BTreeSet<Stack>,
}

impl Reader<'_> {
    fn one(&mut self, assignment: &RoleAssignment) -> Result<()> {
        // Those above a subscription are in the lists of all.
        if !self.seen.insert(assignment.id.to_ascii_lowercase()) {
            return Ok(());
        }
        let role = assignment.role();
        let key = tuple(&assignment.scope, &role, &assignment.principal_id);
        let names = self.names;
        let owned = assignment.is_of(names);
        let home = assignment.description.as_deref().and_then(|text| names.home_described(text));
        if let (false, Some(home)) = (owned, home) {
            let name = self.role_names.get(&role).map(String::as_str);
            let name = name.or_else(|| known_roles::known(&role).map(|role| role.name)).unwrap_or(&role);
            let scope = ResourceId::parse(&assignment.scope).map_or_else(|_| assignment.scope.clone(), |id| id.short());
            self.others.add(home, format!("role {name} on {scope}"), &assignment.id);
        }
        match self.wanted.get(&key).copied() {
            Some(object) => self.wanted_one(assignment, object, owned)?,
            None if owned => {
                // What was changed in a role of the stack's own is told of that one.
                let is_own = self.own_roles.contains(&role);
                let holder = self.holders.get(&assignment.principal_id.to_ascii_lowercase());
                let is_needed = holder.is_some_and(|(holder, _)| self.needed.has(holder, assignment));
                let is_too_much = self.never_given.contains(&role) || is_never_given(&role);
                if !is_own && !is_needed && is_too_much {
                    self.given_by_nobody(assignment, &role);
                }
                self.unwanted_one(assignment, &role);
            }
            None => self.foreign_one(assignment, &role),
        }
        Ok(())
    }

    fn wanted_one(&mut self, assignment: &RoleAssignment, object: &Object, owned: bool) -> Result<()> {
        if self.gone.iter().any(|id| is_within(&assignment.scope, id)) {
            let told = |object| Note::warning(object, LISTED_ON_WHAT_IS_GONE);
            self.observed.notes.extend(owned.then(|| told(&object.id)));
            return Ok(());
        }
        let canonical = |text: Option<&str>| text.map(condition::canonical).unwrap_or_default();
        let wanted = Attributes::of(&object.attributes)?;
        let (asked, there) = (canonical(wanted.condition.as_deref()), canonical(assignment.condition.as_deref()));
        let by = self.by(assignment);
        self.owns |= owned;
        self.neighbours.extend(self.neighbour(assignment));
        let attributes = if asked == there {
            if !owned {
                self.observed.notes.push(Note::info(&object.id, format!("it is there already {by}")));
                self.given_by_others(assignment, &object.because);
            }
            object.attributes.clone()
        } else if owned {
            let name = Some(assignment.name.as_str().into());
            Attributes { assignment: name, condition: assignment.condition.as_deref().map(Into::into), ..wanted }
                .attributes()
        } else if there.is_empty() {
            let what = format!("is there without the condition, so that it reaches more than was asked: {by}");
            self.observed.widened.push(Widening {
                object: object.id.clone(),
                what,
                remedy: delete_assignment(&assignment.id),
            });
            object.attributes.clone()
        } else {
            // Azure takes no second one, and this one isn't ours to change.
            let message = format!("{} is there with another condition, and not this stack's", object.id);
            let delete = delete_assignment(&assignment.id);
            let error = Error::new(ErrorKind::Conflict, message)
                .with("condition", assignment.condition.as_deref().unwrap_or_default())
                .hint(format!("Azure takes one assignment for a role, a scope and a principal: let it go (`{delete}`), or widen it"));
            self.observed.conflicts.insert(object.id.clone(), error);
            self.given_by_others(assignment, &object.because);
            return Ok(());
        };
        // Whose it is matters for taking it away only.
        let depends_on = object.depends_on.clone();
        let touches = object.touches.clone();
        self.observed
            .objects
            .insert(object.id.clone(), Found { attributes, owned, depends_on, if_deleted: None, touches });
        Ok(())
    }

    /// Another stack of the same home, which made it.
    fn neighbour(&self, assignment: &RoleAssignment) -> Option<Stack> {
        let (stack, home) = assignment.description.as_deref().and_then(names::described)?;
        let names = self.names;
        (home == names.home() && stack != *names.stack()).then_some(stack)
    }

    /// Said where nothing of what is wanted is this stack's, and another one of its home made some of it.
    fn renamed(&self) -> Option<Note> {
        let former = self.neighbours.first().filter(|_| !self.owns)?;
        let message = format!(
            "stack {former}, at the same home, gives already what this one is to give. If that is its name from before, what it \
             made stays, and is taken away by nobody but `cloudgrant revoke --all --stack {former}`; apply this one once more \
             after that, which makes it anew"
        );
        Some(Note::of_access(format!("stack {}", self.names.stack()), message))
    }

    /// Under which name it is there, and who made it.
    fn by(&self, assignment: &RoleAssignment) -> String {
        let home = assignment.description.as_deref().and_then(|text| self.names.home_described(text));
        let maker = match (home, self.neighbour(assignment)) {
            (Some(home), _) => format!("made by this stack at its home {home}, and taken away there"),
            (None, Some(stack)) => format!("made by stack {stack}, at the same home, and taken away there"),
            (None, None) => "not made by this stack, which won't take it away".to_owned(),
        };
        format!("under the name {}, {maker}", assignment.name)
    }

    /// Somebody else's. What it gives to an identity of the stack's widens that, and who else gets a role of the stack's
    /// widens the role. What it gives of what is revoked goes on.
    fn foreign_one(&mut self, assignment: &RoleAssignment, role: &str) {
        let name = self.role_names.get(role).map(String::as_str);
        let name = name.or_else(|| known_roles::known(role).map(|role| role.name)).unwrap_or(role);
        let holder = self.holders.get(&assignment.principal_id.to_ascii_lowercase());
        if let Some((holder, _)) = holder.filter(|(holder, ours)| *ours || self.doubted.contains(holder)) {
            if !self.images.are_pulled_by(holder, assignment) {
                self.observed.widened.push(given(self.names, holder, assignment, name));
            }
        } else if self.own_roles.contains(role) {
            self.observed.widened.push(given_away(assignment, name));
        } else {
            self.given_by_others(assignment, &[]);
        }
    }

    /// Somebody else's, to an identity of which something is revoked: what it gives of that goes on. `asked_by` are those that stay and
    /// ask for just that.
    fn given_by_others(&mut self, assignment: &RoleAssignment, asked_by: &[IntentId]) {
        if !self.given.is_had_by(&assignment.principal_id) {
            return;
        }
        let role = assignment.role();
        let name = self.role_names.get(&role).cloned();
        let name = name.or_else(|| known_roles::known(&role).map(|role| role.name.to_owned()));
        let asked_by = asked_by.iter().filter(|intent| !matches!(intent, IntentId::Binding(_))).cloned().collect();
        self.foreign.push(Foreign {
            assignment: assignment.clone(),
            name: name.unwrap_or_else(|| role.clone()),
            role,
            by: self.by(assignment),
            asked_by,
        });
    }

    /// What carries the stack's mark and gives what no stack ever does: anybody can write that mark.
    fn given_by_nobody(&mut self, assignment: &RoleAssignment, role: &str) {
        let name = self.role_names.get(role).map(String::as_str);
        let name = name.or_else(|| known_roles::known(role).map(|role| role.name)).unwrap_or(role);
        if let Some((holder, _)) = self.holders.get(&assignment.principal_id.to_ascii_lowercase()) {
            self.observed.widened.push(given(self.names, holder, assignment, name));
        }
    }

    /// The stack's, and wanted no more.
    fn unwanted_one(&mut self, assignment: &RoleAssignment, role: &str) {
        let scope = match ResourceId::parse(&assignment.scope) {
            Ok(scope) => scope,
            Err(why) => return self.observed.unsearched.push(unreachable(assignment, why)),
        };
        let name = self.role_names.get(role).cloned();
        let custom = name.as_deref().map(custom_role::id);
        let name = name
            .or_else(|| known_roles::known(role).map(|role| role.name.to_owned()))
            .or_else(|| workspace_roles::name_of(role).map(str::to_owned))
            .unwrap_or_else(|| role.to_owned());
        let holder = self.holders.get(&assignment.principal_id.to_ascii_lowercase()).copied();
        // What an identity had that was deleted, and that grants which stay still ask for, goes with these.
        if holder.is_none() && self.unheld.contains(&(folded(&assignment.scope), role.to_ascii_lowercase())) {
            return;
        }
        let principal = match holder {
            Some((id, _)) => managed_identity::holder(id, self.names.group()),
            None => format!("unknown principal {}", assignment.principal_id),
        };
        let attributes = Attributes {
            principal: holder.map_or(assignment.principal_id.as_str(), |(id, _)| id.as_str()).into(),
            role: name.as_str().into(),
            role_id: role.into(),
            scope: assignment.scope.as_str().into(),
            assignment: Some(assignment.name.as_str().into()),
            condition: assignment.condition.as_deref().map(Into::into),
        };
        let names = self.names;
        let identity = holder.map(|(id, _)| managed_identity::id(id, names.group()));
        let depends_on = identity.into_iter().chain(custom).chain(places::marker_of(names, &scope)).collect();
        // Whose identity isn't known may be anybody's.
        let theirs = holder.filter(|(_, ours)| !ours).map(|(id, _)| id.name().to_owned());
        let touches = theirs.into_iter().chain([scope.name().to_owned()]).collect();
        let id = role_assignment::id(&principal, &name, &scope);
        let if_deleted = holder.is_none().then(|| OF_NO_IDENTITY.to_owned());
        self.observed
            .objects
            .insert(id, Found { attributes: attributes.attributes(), owned: true, depends_on, if_deleted, touches });
    }
}

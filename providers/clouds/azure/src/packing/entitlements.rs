//! What grants come to for each identity, and what role assignments give it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cloudgrant_core::{Checked, Entitlement, Entitlements, MadeBy, ObjectId, Result, Scope, TaskAccess};

use crate::Azure;
use crate::client::arm::Identity;
use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::objects::kinds;
use crate::observe::places;
use crate::packing::pack;
use crate::policy::condition::{self, Extent, Says};
use crate::resources::levels::{self, Deed};
use crate::resources::resolve;
use crate::resources::resource_id::{ResourceId, folded, is_within};

/// `None` where a subscription can't be read: what is there isn't known then.
pub(crate) async fn of(azure: &Azure, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Option<Entitlements>> {
    let reaches = || grants.iter().flat_map(|grant| &grant.reaches);
    azure.warm(reaches()).await?;
    let resolved = resolve::resolve(azure, reaches()).await?;
    let snapshot = azure.snapshot().await;
    let listed = Listed::of(&azure.names, &snapshot.identities().await?);
    let mut identities: BTreeMap<&Scope, Vec<ResourceId>> = BTreeMap::new();
    for scope in grants.iter().flat_map(|grant| grant.carried_by.iter()) {
        if !identities.contains_key(scope) {
            identities.insert(scope, identities_of(azure, &listed, scope).await?);
        }
    }
    let mut asked: Vec<Vec<(&ResourceId, Given)>> = Vec::with_capacity(grants.len());
    for grant in grants {
        let assignments = pack::assignments(azure, std::slice::from_ref(grant), &resolved);
        let given: Vec<_> = assignments
            .iter()
            .map(|one| Given::new(one.scope.as_str(), &one.role.id, one.condition.as_deref()))
            .collect();
        let of_grant = grant.carried_by.iter().flat_map(|scope| &identities[scope]);
        asked.push(of_grant.flat_map(|identity| given.iter().map(move |given| (identity, given.clone()))).collect());
    }
    let former = listed.others(&identities.values().flatten().collect());
    let all: BTreeSet<_> = identities.values().flatten().chain(former).collect();
    let stacks: BTreeSet<_> =
        grants.iter().flat_map(|grant| grant.carried_by.iter()).filter(|scope| is_made(azure, scope)).collect();
    let of_stack = identities.iter().filter(|(scope, _)| stacks.contains(*scope)).flat_map(|(_, ids)| ids);
    let foreign: BTreeSet<_> = of_stack.filter(|id| listed.is_foreign(id)).collect();
    let Some(there) = there(azure, &snapshot, &all, &asked).await? else { return Ok(None) };

    let mut named: BTreeMap<Place, BTreeSet<Deed>> = BTreeMap::new();
    for (_, given) in asked.iter().flatten().chain(&there) {
        named.entry(given.place.clone()).or_default().extend(given.named());
    }
    let parts = |given: &Given| given.parts(&named[&given.place]);
    let name = |identity: &ResourceId| -> Arc<str> {
        let ObjectId { name, .. } = kinds::identity(identity, azure.names.group());
        name.as_str().into()
    };
    let names: BTreeMap<_, _> = all.into_iter().map(|identity| (identity, name(identity))).collect();
    let absent = snapshot.absent();
    let is_absent = |scope: &str| absent.keys().any(|id| is_within(scope, id));
    let mut entitlements = Entitlements::default();
    let nobody: Arc<str> = "".into();
    let mut wider: BTreeMap<(&ResourceId, &Place, Option<Deed>), BTreeSet<String>> = BTreeMap::new();
    for (identity, given) in &there {
        for (deed, on) in parts(given) {
            let principal = names[identity].clone();
            entitlements.there.insert(Entitlement {
                principal,
                permission: permission(&given.place, deed, &on),
                whose: nobody.clone(),
            });
            wider.entry((identity, &given.place, deed)).or_default().insert(on);
        }
    }
    for (grant, asked) in grants.iter().zip(&asked) {
        let of_grant = entitlements.asked.entry(grant.name.clone()).or_default();
        for (identity, given) in asked {
            for (deed, on) in parts(given) {
                let entitlement = |on: &str| Entitlement {
                    principal: names[identity].clone(),
                    permission: permission(&given.place, deed, on),
                    whose: nobody.clone(),
                };
                let one = entitlement(&on);
                // Who asks for a part of something asks for that: it may have been theirs before they were narrowed.
                let there = wider.get(&(*identity, &given.place, deed)).into_iter().flatten();
                let around: Vec<_> = there.filter(|wider| on.starts_with(wider.as_str())).collect();
                of_grant.extend(around.iter().map(|wider| entitlement(wider)));
                // What is given more widely is there as well. What is theirs on an identity that isn't the stack's can't be told, and
                // what was given on something that is gone went with that: nobody revoked it.
                if !around.is_empty() || foreign.contains(identity) || is_absent(&given.place.scope) {
                    entitlements.there.insert(one.clone());
                }
                of_grant.insert(one);
            }
        }
    }
    Ok(Some(entitlements))
}

/// The identities of the stack's subscription: read once, for all scopes.
#[derive(Debug, Default)]
struct Listed {
    /// By their folded IDs, and whether they carry the stack's mark.
    identities: HashMap<String, bool>,
    /// Those that do.
    ours: Vec<ResourceId>,
    /// What those of a scope may be numbered with.
    indices: BTreeSet<usize>,
}

impl Listed {
    fn of(names: &Names, listed: &[Identity]) -> Self {
        let mut all = Self { indices: BTreeSet::from([0]), ..Self::default() };
        for identity in listed {
            let id = ResourceId::parse(&identity.id);
            let is_ours = id.as_ref().is_ok_and(|id| names.marks(id, &identity.tags));
            let number = id.as_ref().ok().and_then(|id| id.name().rsplit_once('_')?.1.parse::<usize>().ok());
            all.indices.extend(number.filter(|_| is_ours).and_then(|number| number.checked_sub(1)));
            all.identities.insert(folded(&identity.id), is_ours);
            all.ours.extend(id.ok().filter(|_| is_ours));
        }
        all
    }

    fn is_ours(&self, id: &ResourceId) -> bool {
        self.identities.get(&folded(id.as_str())) == Some(&true)
    }

    /// Called as the stack's are, and not marked as such.
    fn is_foreign(&self, id: &ResourceId) -> bool {
        self.identities.get(&folded(id.as_str())) == Some(&false)
    }

    /// The other identities of the stack: what they have may be what a grant had before it was moved to another scope.
    fn others<'a>(&'a self, asked: &BTreeSet<&ResourceId>) -> Vec<&'a ResourceId> {
        self.ours.iter().filter(|id| !asked.contains(id)).collect()
    }
}

/// Whether the stack makes the identities of a scope.
fn is_made(azure: &Azure, scope: &Scope) -> bool {
    let is_named = scope.domain().is_some_and(|domain| azure.config.identities.contains_key(domain));
    scope.domain().is_some() && !is_named && azure.conventions.scoped_principals == MadeBy::Stack
}

/// The identities that task code of a scope runs under. Of those that the stack makes, the first one where none is there yet.
async fn identities_of(azure: &Azure, listed: &Listed, scope: &Scope) -> Result<Vec<ResourceId>> {
    let Scope::Domain { domain } = scope else { return Ok(vec![azure.task_identity().await?]) };
    if let Some(name) = azure.config.identities.get(domain) {
        return Ok(vec![azure.existing_identity(name, &format!("azure.identities.{domain}")).await?]);
    }
    if azure.conventions.scoped_principals == MadeBy::Vendor {
        return Ok(Vec::new());
    }
    let id = |index| azure.names.identity_id(&azure.names.identity(scope, index));
    let there: Vec<_> = listed.indices.iter().map(|index| id(*index)).filter(|id| listed.is_ours(id)).collect();
    Ok(if there.is_empty() { vec![id(0)] } else { there })
}

/// The role assignments of these identities: the stack's, and those of others that give what is asked for.
async fn there<'a>(
    azure: &Azure,
    snapshot: &Snapshot,
    identities: &BTreeSet<&'a ResourceId>,
    asked: &[Vec<(&ResourceId, Given)>],
) -> Result<Option<Vec<(&'a ResourceId, Given)>>> {
    let mut principals = BTreeMap::new();
    for identity in identities {
        if let Some(found) = snapshot.identity(identity).await? {
            principals.insert(found.principal_id.to_ascii_lowercase(), *identity);
        }
    }
    let is_asked: BTreeSet<_> = asked.iter().flatten().map(|(identity, given)| (*identity, &given.place)).collect();
    let mut subscriptions = places::marked(azure, snapshot).await?;
    subscriptions.insert(azure.config.subscription.as_str().to_owned());
    let scopes = asked.iter().flatten().filter_map(|(_, given)| ResourceId::parse(&given.place.scope).ok());
    subscriptions.extend(scopes.map(|scope| scope.subscription()));
    let mut there = Vec::new();
    for subscription in subscriptions {
        let assignments = match snapshot.assignments(&subscription).await {
            Ok(assignments) => assignments,
            Err(error) if places::is_final(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        for assignment in assignments.iter() {
            let Some(identity) = principals.get(&assignment.principal_id.to_ascii_lowercase()) else { continue };
            let given = Given::new(&assignment.scope, &assignment.role(), assignment.condition.as_deref());
            if assignment.is_of(&azure.names) || is_asked.contains(&(*identity, &given.place)) {
                there.push((*identity, given));
            }
        }
    }
    Ok(Some(there))
}

/// What Azure takes one assignment of a principal for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    scope: String,
    role: String,
}

/// What an assignment gives.
#[derive(Debug, Clone)]
struct Given {
    place: Place,
    says: Option<Condition>,
}

#[derive(Debug, Clone)]
enum Condition {
    Ours(Says),
    /// Its text.
    Other(String),
}

impl Given {
    fn new(scope: &str, role: &str, condition: Option<&str>) -> Self {
        let place = Place { scope: folded(scope), role: role.to_ascii_lowercase() };
        let says = condition.filter(|text| !text.trim().is_empty()).map(|text| {
            Says::parse(text).map_or_else(|| Condition::Other(condition::canonical(text)), Condition::Ours)
        });
        Self { place, says }
    }

    /// The deeds that it tells apart.
    fn named(&self) -> Vec<Deed> {
        match (&self.says, levels::deeds_of(&self.place.role)) {
            (_, Some(deeds)) => deeds.to_vec(),
            (Some(Condition::Ours(Says::Objects(extents, _))), None) => extents.keys().copied().collect(),
            (Some(_) | None, None) => Vec::new(),
        }
    }

    /// What may be done, and how what it may be done on begins; where no deeds are told apart, all that the role allows.
    fn parts(&self, deeds: &BTreeSet<Deed>) -> BTreeSet<(Option<Deed>, String)> {
        let everywhere = || vec![String::new()];
        let each = |of: &dyn Fn(Deed) -> Vec<String>| {
            let parts = deeds.iter().flat_map(|deed| of(*deed).into_iter().map(|on| (Some(*deed), on)));
            parts.collect::<BTreeSet<_>>()
        };
        match &self.says {
            None if deeds.is_empty() => BTreeSet::from([(None, String::new())]),
            None => each(&|_| everywhere()),
            Some(Condition::Ours(Says::Objects(extents, _))) => each(&|deed| match extents.get(&deed) {
                None | Some(Extent::Whole) => everywhere(),
                Some(Extent::Prefixes(prefixes)) => prefixes.iter().cloned().collect(),
            }),
            // A repository is no beginning of another one.
            Some(Condition::Ours(Says::Repositories(names, _))) => {
                names.iter().map(|name| (None, format!("{name}\0"))).collect()
            }
            Some(Condition::Other(text)) => BTreeSet::from([(None, text.clone())]),
        }
    }
}

fn permission(place: &Place, deed: Option<Deed>, on: &str) -> Arc<[u8]> {
    let Place { scope, role } = place;
    format!("{role}\0{scope}\0{}\0{on}", deed.map(Deed::verb).unwrap_or_default()).into_bytes().into()
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::Domain;

    use super::*;
    use crate::client::loopback::{Loopback, refusal};
    use crate::objects::tests::azure_of;

    /// Whatever their case, in whatever order, and though some that were between them are gone.
    #[tokio::test]
    async fn the_identities_of_a_scope_are_found_by_their_numbers() {
        let cloud = Loopback::start(|_, _| refusal(400, "Whatever")).await;
        let azure = azure_of("flyte", cloud.config()).await;
        let scope = |domain| Scope::Domain { domain: Domain::parse(domain).expect("a domain") };
        let id = |domain, index| azure.names.identity_id(&azure.names.identity(&scope(domain), index));
        let tags: BTreeMap<_, _> = serde_json::from_value(azure.names.tags([])).expect("texts");
        let identity = |id: &ResourceId, tags: &BTreeMap<String, String>| Identity {
            id: id.as_str().to_ascii_uppercase(),
            name: id.name().to_owned(),
            location: String::new(),
            tags: tags.clone(),
            principal_id: String::new(),
            client_id: String::new(),
            tenant_id: String::new(),
        };
        let (untagged, other) = (id("production", 1), id("development", 0));
        let mut all = vec![identity(&id("production", 40), &tags), identity(&untagged, &BTreeMap::new())];
        all.extend([identity(&id("production", 0), &tags), identity(&other, &tags)]);
        let listed = Listed::of(&azure.names, &all);
        let of = async |domain| identities_of(&azure, &listed, &scope(domain)).await.expect("no request");
        assert_eq!(of("production").await, [id("production", 0), id("production", 40)]);
        assert_eq!(of("staging").await, [id("staging", 0)], "the first one, where none is there");
        assert!(listed.is_foreign(&untagged) && !listed.is_foreign(&other) && !listed.is_foreign(&id("staging", 0)));
    }
}

//! A stack that got another name: what it made under the former one stays, and gives what it gave.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cloudgrant_core::{Desired, Error, ErrorKind, Note, Observed, Result, Stack};

use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::{ResourceId, folded};
use crate::names::{HOME_TAG, Names, SCOPE_TAG, STACK_TAG, tag_of};
use crate::objects::{federated_credential, role_assignment};

/// An identity of another stack of the same home.
#[derive(Debug)]
struct Theirs {
    names: Names,
    id: ResourceId,
    /// The scope, as its tag has it.
    scope: String,
}

/// Said where nothing is there of this stack, and another one of the same home gives some of what this one is to give, to the same
/// service accounts. Several stacks may share a resource group, and give the same to task code of several clusters: only whom an
/// identity trusts tells that, which is read where all else says so.
pub(crate) async fn note(
    names: &Names,
    desired: &Desired,
    snapshot: &Snapshot,
    subscriptions: &BTreeSet<String>,
    observed: &Observed,
) -> Result<Option<Note>> {
    let about = format!("stack {}", names.stack());
    let is_told = observed.notes.iter().any(|note| note.is_of_access && note.about == about);
    if is_told || observed.objects.values().any(|found| found.owned) {
        return Ok(None);
    }
    let mut trusted = HashSet::new();
    for credential in federated_credential::among(&desired.objects) {
        let (_, credential) = credential?;
        trusted.insert((credential.issuer.into_owned(), credential.subject.into_owned()));
    }
    if trusted.is_empty() {
        return Ok(None);
    }
    for (former, identities) in giving_the_same(names, desired, snapshot, subscriptions).await? {
        for identity in identities {
            if trusts_one(snapshot, &identity, &trusted).await? {
                let message = format!(
                    "stack {former}, at the same home, gives already what this one is to give, or some of it, to the same service \
                     accounts. If that is its name from before, what it made stays, and gives what it gave, until somebody takes it \
                     back: `cloudgrant revoke --all --stack {former}`, once this one is applied"
                );
                return Ok(Some(Note::of_access(about, message)));
            }
        }
    }
    Ok(None)
}

/// The identities of other stacks of this home that have some of what is wanted for the same scope. Asks for nothing that an
/// observation doesn't read anyway.
async fn giving_the_same(
    names: &Names,
    desired: &Desired,
    snapshot: &Snapshot,
    subscriptions: &BTreeSet<String>,
) -> Result<BTreeMap<Stack, Vec<ResourceId>>> {
    let mut giving: BTreeMap<Stack, Vec<ResourceId>> = BTreeMap::new();
    let others = others(names, snapshot).await?;
    if others.is_empty() {
        return Ok(giving);
    }
    let mut wanted: HashMap<_, Vec<_>> = HashMap::new();
    for assignment in role_assignment::among(&desired.objects) {
        let (object, assignment) = assignment?;
        let roles = wanted.entry((object.scope.to_string(), folded(&assignment.scope))).or_default();
        roles.push((assignment.role.into_owned(), assignment.role_id.into_owned()));
    }
    for subscription in subscriptions {
        for assignment in snapshot.assignments(subscription).await?.iter() {
            let Some(theirs) = others.get(&assignment.principal_id.to_ascii_lowercase()) else { continue };
            let roles = wanted.get(&(theirs.scope.clone(), folded(&assignment.scope)));
            let role = assignment.role();
            let is_role = |(name, id): &(String, String)| {
                let own = names.role_of(&theirs.names, name);
                own.as_ref().unwrap_or(id).eq_ignore_ascii_case(&role)
            };
            if assignment.is_of(&theirs.names) && roles.is_some_and(|roles| roles.iter().any(is_role)) {
                let known = giving.entry(theirs.names.stack().clone()).or_default();
                if !known.contains(&theirs.id) {
                    known.push(theirs.id.clone());
                }
            }
        }
    }
    Ok(giving)
}

/// By their principals.
async fn others(own: &Names, snapshot: &Snapshot) -> Result<HashMap<String, Theirs>> {
    let identities = snapshot.identities().await?;
    let theirs = identities.iter().filter_map(|identity| {
        let id = ResourceId::parse(&identity.id).ok()?;
        let stack = Stack::parse(tag_of(&identity.tags, STACK_TAG)?).ok()?;
        let names = Names::at(stack, tag_of(&identity.tags, HOME_TAG)?)?;
        let is_other = names.stack() != own.stack() && names.home() == own.home();
        let scope = tag_of(&identity.tags, SCOPE_TAG).filter(|_| is_other && names.marks(&id, &identity.tags))?;
        Some((identity.principal_id.to_ascii_lowercase(), Theirs { scope: scope.to_owned(), id, names }))
    });
    Ok(theirs.collect())
}

/// Whether an identity trusts one of some service accounts. One of which that may not be read may do so: what has access is rather told.
async fn trusts_one(
    snapshot: &Snapshot,
    identity: &ResourceId,
    trusted: &HashSet<(String, String)>,
) -> Result<bool, Error> {
    match snapshot.credentials(identity).await {
        Ok(credentials) => {
            let mut all = credentials.iter();
            Ok(all.any(|one| trusted.contains(&(one.issuer.clone(), one.subject.clone()))))
        }
        Err(error) if error.kind() == ErrorKind::AccessDenied => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

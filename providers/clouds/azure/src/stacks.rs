//! Which stacks there are, in every subscription of the tenant that the caller sees.
//!
//! Tags of identities and descriptions of custom roles and role assignments say the stack and its home. What is counted as a
//! stack's is what a run of that stack would take for its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cloudgrant_core::{Error, FoundStack, ObjectId, Result, Stack, Stacks, Unsearched};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use uuid::Uuid;

use crate::client::Arm;
use crate::client::arm::{Identity, RoleAssignment, RoleDefinition};
use crate::client::remedies;
use crate::config::Guid;
use crate::error::is_final;
use crate::marks::platform_places;
use crate::names::resource_id::{ResourceId, is_same};
use crate::names::{self, HOME_TAG, Names, STACK_TAG, UNIT_TAG, tag_of};
use crate::objects::{compute_identity, custom_role, federated_credential, managed_identity, role_assignment};
use crate::resources::known_roles;

/// How many lists are read at a time. Azure's documentation allows 10 reads of identities a second.
const AT_A_TIME: usize = 8;

/// A stack's name and its home.
type Key = (Stack, String);

/// A stack at a home, as far as it was read.
struct There {
    names: Names,
    objects: BTreeSet<ObjectId>,
    platform_places: BTreeSet<String>,
}

/// What subscriptions have, whosever it is.
#[derive(Default)]
struct Lists {
    identities: Vec<(ResourceId, Identity)>,
    assignments: Vec<RoleAssignment>,
    roles: Vec<RoleDefinition>,
}

pub(crate) async fn found(client: &Arm, own: &Names, tenant: &Guid) -> Result<Stacks> {
    let mut stacks = Stacks::default();
    let lists = lists(client, own, tenant, &mut stacks.unsearched).await?;
    stacks.unsearched.extend(lists.strays());
    let mut all: BTreeMap<Key, There> = BTreeMap::new();
    // What has lost its mark may be all that is left of the manifest's own stack.
    let has_lost = lists.identities.iter().any(|(id, one)| own.has_lost_its_mark(id, &one.tags));
    for names in lists.marks().chain(has_lost.then(|| own.clone())) {
        let key = (names.stack().clone(), names.home().to_owned());
        all.entry(key).or_insert_with(|| There { names, objects: BTreeSet::new(), platform_places: BTreeSet::new() });
    }
    stacks.unsearched.extend(lists.unmarked(&all));
    let trusting = lists.owned(&mut all);
    let read = |(key, id): (Key, ResourceId)| async move {
        let credentials = client.federated_credentials(id.as_str()).await;
        (key, id, credentials)
    };
    let read: Vec<_> = stream::iter(trusting).map(read).buffered(AT_A_TIME).collect().await;
    for (key, id, credentials) in read {
        match credentials {
            Ok(credentials) => {
                let Some(there) = all.get_mut(&key) else { continue };
                let mark = there.names.credential_mark();
                let ours = credentials.iter().filter(|credential| credential.name.starts_with(&mark));
                there.objects.extend(ours.map(|credential| federated_credential::id(id.name(), &credential.name)));
            }
            Err(error) if is_final(&error) => stacks.unsearched.push(Unsearched {
                place: format!("federated credentials of identity {}", managed_identity::holder(&id, own.group())),
                reason: error.message().to_owned(),
            }),
            Err(error) => return Err(error),
        }
    }
    for there in all.into_values().filter(|there| !there.objects.is_empty()) {
        let is_gone = is_gone(client, own, &there.names).await?;
        let stack = stack(own, there, is_gone);
        if is_gone {
            let reason = format!(
                "the resource group isn't there any more, and no run can be at home in it: make it again (`az group create`) to \
                 take back what is left, or delete that by hand (`{}`)",
                remedies::list_assignments_of(&stack.home)
            );
            let place = format!("the home {} of stack {}", stack.home, stack.name);
            stacks.unsearched.push(Unsearched { place, reason });
        }
        stacks.found.push(stack);
    }
    Ok(stacks)
}

/// Whether the resource group of another home than the manifest's is gone: a deleted one leaves role assignments elsewhere.
async fn is_gone(client: &Arm, own: &Names, names: &Names) -> Result<bool> {
    if names.home() == own.home() {
        return Ok(false);
    }
    match client.resource_group(&names.group().subscription(), names.group().name()).await {
        Ok(group) => Ok(group.is_none()),
        // Whether it is there isn't known.
        Err(error) if is_final(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn stack(own: &Names, there: There, is_gone: bool) -> FoundStack {
    let There { names, objects, platform_places } = there;
    let (home, group) = (own.group(), names.group());
    let mut settings = BTreeMap::new();
    if group.subscription() != home.subscription() {
        settings.insert("subscription".to_owned(), group.subscription());
    }
    if !is_same(group.name(), home.name()) {
        settings.insert("resource_group".to_owned(), group.name().to_owned());
    }
    FoundStack {
        name: names.stack().clone(),
        home: names.home().to_owned(),
        is_this: names.stack() == own.stack() && names.home() == own.home(),
        objects,
        elsewhere: BTreeSet::new(),
        platform_places,
        settings: (!is_gone).then_some(settings),
        // One caller works in all subscriptions of the tenant.
        fill_in: BTreeMap::new(),
        platform_settings: BTreeMap::new(),
    }
}

impl Lists {
    /// The names of each stack of which something says that it is there.
    fn marks(&self) -> impl Iterator<Item = Names> {
        let tagged = self.identities.iter().filter_map(|(_, identity)| {
            let stack = Stack::parse(tag_of(&identity.tags, STACK_TAG)?).ok()?;
            Names::at(stack, tag_of(&identity.tags, HOME_TAG)?)
        });
        let of_assignments = self.assignments.iter().filter_map(|assignment| assignment.description.as_deref());
        let of_roles = self.roles.iter().map(|role| role.description.as_str());
        let described = of_assignments.chain(of_roles).filter_map(names::described);
        tagged.chain(described.filter_map(|(stack, home)| Names::at(stack, home)))
    }

    /// Identities whose tags say a stack that no run would take them for: what they hold is in no stack's list.
    fn strays(&self) -> impl Iterator<Item = Unsearched> {
        self.identities.iter().filter_map(|(id, identity)| {
            let stack = tag_of(&identity.tags, STACK_TAG)?;
            let home = tag_of(&identity.tags, HOME_TAG).unwrap_or_default();
            let names = Stack::parse(stack).ok().and_then(|stack| Names::at(stack, home));
            let why = match names {
                Some(names) if names.marks(id, &identity.tags) => return None,
                Some(_) => "it isn't there, or isn't called as that stack calls its identities",
                None => "there is no such stack or home (SUBSCRIPTION/RESOURCE_GROUP)",
            };
            let reason = format!(
                "its tags say stack `{stack}` at home `{home}`, and {why}: no run takes it for its own; mend its tags \
                 `{STACK_TAG}` and `{HOME_TAG}`, or take them off"
            );
            Some(Unsearched { place: format!("identity {}", id.as_str()), reason })
        })
    }

    /// Identities that are called as those of stacks are, of which no tag and nothing else says of which: they may be all that is
    /// left of one.
    fn unmarked(&self, all: &BTreeMap<Key, There>) -> impl Iterator<Item = Unsearched> {
        let is_told = |id: &ResourceId, identity: &Identity| {
            all.values().any(|there| there.names.has_lost_its_mark(id, &identity.tags))
        };
        let unmarked = self
            .identities
            .iter()
            .filter(move |(id, identity)| names::may_have_lost_its_mark(id, &identity.tags) && !is_told(id, identity));
        unmarked.map(|(id, _)| Unsearched {
            place: format!("identity {}", id.as_str()),
            reason: format!(
                "it is called as the identities of stacks are, and no tag says of which it is, so that it is in no stack's list. If \
                 somebody has replaced its tags, put `{STACK_TAG}` and `{HOME_TAG}` (SUBSCRIPTION/RESOURCE_GROUP) back; if not, delete \
                 it or mark it as somebody's by a tag `{STACK_TAG}`"
            ),
        })
    }

    /// Gives each stack what is its own. Answers with the identities that may trust somebody.
    fn owned(&self, all: &mut BTreeMap<Key, There>) -> Vec<(Key, ResourceId)> {
        let holders: HashMap<_, _> =
            self.identities.iter().map(|(id, identity)| (identity.principal_id.to_ascii_lowercase(), id)).collect();
        let role_names: HashMap<_, _> =
            self.roles.iter().map(|role| (role.name.to_ascii_lowercase(), role.role_name.as_str())).collect();
        let mut trusting = Vec::new();
        for (key, There { names, objects, platform_places }) in all.iter_mut() {
            for (id, identity) in self.identities.iter().filter(|(id, identity)| names.marks(id, &identity.tags)) {
                objects.insert(managed_identity::id(id, names.group()));
                platform_places.extend(platform_places::named(names, id, &identity.tags));
                // On which compute it is, its tag says: what the stack wrote there is its own, and the compute somebody else's.
                let unit = tag_of(&identity.tags, UNIT_TAG).and_then(|unit| ResourceId::parse(unit).ok());
                let compute = unit.filter(|unit| unit.is_of_type("computes"));
                objects.extend(compute.map(|compute| compute_identity::id(&compute, id)));
                if !names.is_place(id) {
                    trusting.push((key.clone(), id.clone()));
                }
            }
            // What lost its mark is never taken away, and must not be forgotten for that: an identity without its tags, a role
            // under another name.
            for (id, _) in self.identities.iter().filter(|(id, identity)| names.has_lost_its_mark(id, &identity.tags)) {
                objects.insert(managed_identity::id(id, names.group()));
            }
            let is_described = |role: &RoleDefinition| {
                let derived = Uuid::parse_str(&role.name).is_ok_and(|id| id.get_version_num() == 5);
                derived
                    && names::described(&role.description)
                        .is_some_and(|(stack, home)| stack == *names.stack() && home == names.home())
            };
            let ours = |role: &&RoleDefinition| {
                role.name.eq_ignore_ascii_case(&names.role_id(&role.role_name)) || is_described(role)
            };
            objects.extend(self.roles.iter().filter(ours).map(|role| custom_role::id(&role.role_name)));
            for assignment in self.assignments.iter().filter(|assignment| assignment.is_of(names)) {
                let role = assignment.role();
                let known = role_names.get(&role).copied().or_else(|| known_roles::known(&role).map(|role| role.name));
                let principal = match holders.get(&assignment.principal_id.to_ascii_lowercase()) {
                    Some(id) => managed_identity::holder(id, names.group()),
                    None => format!("unknown principal {}", assignment.principal_id),
                };
                let known = known.unwrap_or(&role);
                objects.insert(match ResourceId::parse(&assignment.scope) {
                    Ok(scope) => role_assignment::id(&principal, known, &scope),
                    // A management group's, at which no run takes it away: whoever lists the stacks has to know.
                    Err(_) => {
                        ObjectId::new(role_assignment::KIND, format!("{principal}: {known} on {}", assignment.scope))
                    }
                });
            }
        }
        trusting
    }
}

/// What all subscriptions have.
///
/// # Errors
/// Azure doesn't answer, or refuses everything.
async fn lists(client: &Arm, names: &Names, tenant: &Guid, unsearched: &mut Vec<Unsearched>) -> Result<Lists> {
    let subscriptions = subscriptions(client, names, tenant, unsearched).await?;
    let read = stream::iter(subscriptions).map(|subscription| async move {
        let scope = format!("/subscriptions/{subscription}");
        let (identities, assignments, roles) = tokio::join!(
            client.identities(&subscription),
            client.role_assignments(&subscription),
            client.role_definitions(&scope, Some("type eq 'CustomRole'")),
        );
        let mut refused = Vec::new();
        let identities = or_refused(identities, "managed identities", &mut refused)?;
        let assignments = or_refused(assignments, "role assignments", &mut refused)?;
        let roles = or_refused(roles, "custom roles", &mut refused)?;
        Ok::<_, Error>((subscription, identities, assignments, roles, refused))
    });
    let read: Vec<_> = read.buffered(AT_A_TIME).try_collect().await?;
    let mut lists = Lists::default();
    let (mut any, mut first) = (false, None);
    for (subscription, identities, assignments, roles, refused) in read {
        any |= refused.len() < 3;
        if let [(_, error), ..] = refused.as_slice() {
            let what: Vec<_> = refused.iter().map(|(what, _)| *what).collect();
            let reason = format!("{}; whoever has `Reader` there sees them", error.message());
            unsearched.push(Unsearched { place: format!("{} in subscription {subscription}", listed(&what)), reason });
        }
        first = first.or_else(|| refused.into_iter().next().map(|(_, error)| error));
        for identity in identities {
            match ResourceId::parse(&identity.id) {
                Ok(id) => lists.identities.push((id, identity)),
                Err(why) => unsearched.push(Unsearched {
                    place: format!("identity {} in subscription {subscription}", identity.name),
                    reason: format!("Azure lists it with the ID `{}`, which can't be read: {why}", identity.id),
                }),
            }
        }
        lists.assignments.extend(assignments);
        lists.roles.extend(roles);
    }
    match first {
        Some(error) if !any => Err(error),
        _ => Ok(lists),
    }
}

/// Those of the data plane's tenant that the caller sees, and the data plane's own.
async fn subscriptions(
    client: &Arm,
    names: &Names,
    tenant: &Guid,
    unsearched: &mut Vec<Unsearched>,
) -> Result<BTreeSet<String>> {
    let mut all = BTreeSet::from([names.group().subscription()]);
    match client.subscriptions().await {
        Ok(seen) => {
            let here = seen.into_iter().filter(|one| one.tenant.eq_ignore_ascii_case(tenant.as_str()));
            all.extend(here.map(|subscription| subscription.id));
        }
        Err(error) if is_final(&error) => {
            let place = "the other subscriptions that the caller sees".to_owned();
            unsearched.push(Unsearched { place, reason: error.message().to_owned() });
        }
        Err(error) => return Err(error),
    }
    Ok(all)
}

/// The list, or nothing where it may not be read.
fn or_refused<T>(list: Result<Vec<T>>, what: &'static str, refused: &mut Vec<(&'static str, Error)>) -> Result<Vec<T>> {
    match list {
        Err(error) if is_final(&error) => {
            refused.push((what, error));
            Ok(Vec::new())
        }
        list => list,
    }
}

fn listed(what: &[&str]) -> String {
    match what {
        [one] => (*one).to_owned(),
        [first, last] => format!("{first} and {last}"),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{Desired, Level};
    use serde_json::json;

    use super::*;
    use crate::client::loopback::{Loopback, json as answer};
    use crate::tests::connected;

    #[tokio::test]
    async fn an_identity_whose_id_can_t_be_read_is_told_and_no_error() {
        let cloud = Loopback::start(|request, _| match request.path.as_str() {
            path if path.ends_with("/userAssignedIdentities") => {
                let odd = json!({ "id": "/odd", "name": "odd", "location": "x", "properties": { "principalId": "p" } });
                answer(200, json!({ "value": [odd] }))
            }
            _ => answer(200, json!({ "value": [] })),
        })
        .await;
        let azure = connected("flyte", cloud.config()).await;
        let stacks = found(&azure.client, &azure.names, &azure.config.tenant).await.expect("a list");
        let told = |it: &Unsearched| it.place.starts_with("identity odd in") && it.reason.contains("`/odd`");
        assert!(stacks.unsearched.iter().any(told), "{stacks:?}");
        let observed = crate::observe::observed(azure.looking(), &Desired::default()).await.expect("observed");
        let told = observed.notes.iter().find(|note| note.about == "identity odd").expect("a note");
        assert!(told.level == Level::Warning && told.message.contains("`/odd`"), "{told:?}");
    }
}

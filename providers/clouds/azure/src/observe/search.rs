//! Where to look: the subscriptions in which something of the stack is wanted or may be.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{
    Desired, Error, Found, Intent as _, IntentId, Intents, ObjectId, Observed, Result, Stays, Unsearched,
};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::remedies;
use crate::config::Config;
use crate::error::is_final;
use crate::inventory::snapshot::Snapshot;
use crate::inventory::unusable::Unusable;
use crate::marks::places;
use crate::names::Names;
use crate::names::resource_id::ResourceId;
use crate::objects::custom_role::CustomRole;
use crate::objects::{custom_role, federated_credential, managed_identity, role_assignment};
use crate::resources::locator::Locator;

/// How many subscriptions are read at a time.
const AT_A_TIME: usize = 8;

/// The subscriptions whose role assignments were read. What could not be read is said in `observed`, and whatever names
/// such a place stays.
pub(crate) async fn searched(
    config: &Config,
    names: &Names,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &mut Observed,
) -> Result<BTreeSet<String>> {
    let here = config.subscription.as_str().to_owned();
    let mut wanted = BTreeSet::from([here]);
    for assignment in role_assignment::among(&desired.objects) {
        wanted.insert(assignment?.1.scope_id()?.subscription());
    }
    let named = named_by(&desired.baseline);
    let mut perhaps: BTreeSet<_> = named.keys().cloned().collect();
    let marked = marked(names, snapshot).await?;
    perhaps.extend(marked.iter().cloned());
    perhaps.extend(assignable(observed)?);
    if desired.thorough {
        perhaps.extend(seen(config, snapshot, observed).await?);
    }
    let subscriptions: BTreeSet<_> = wanted.union(&perhaps).cloned().collect();
    let read = stream::iter(subscriptions).map(|subscription| async {
        let list = snapshot.assignments(&subscription).await.map(drop);
        Ok::<_, Error>((subscription, list))
    });
    let read: Vec<_> = read.buffered(AT_A_TIME).try_collect().await?;
    let (mut searched, mut unread) = (BTreeSet::new(), BTreeSet::new());
    let unusable = snapshot.unusable().of_assignments();
    for (subscription, answer) in read {
        let (is_wanted, is_here) = (wanted.contains(&subscription), subscription == config.subscription.as_str());
        match answer {
            Ok(()) => _ = searched.insert(subscription),
            Err(error) if !is_final(&error) || is_here => return Err(error),
            Err(error) if is_wanted && !desired.thorough => {
                let told = unusable.get(&format!("/subscriptions/{subscription}")).cloned();
                return Err(told.map_or(error, Unusable::error));
            }
            Err(error) => {
                // It would be forgotten that something may be there.
                if !is_wanted {
                    observed.objects.remove(&places::marker_id(names, &subscription));
                }
                let told = unsearched(&subscription, &error);
                if let Some(intents) = named.get(&subscription) {
                    observed.unsearched_for.insert(told.place.clone(), intents.clone());
                }
                observed.unsearched.push(told);
                unread.extend(marked.get(&subscription).cloned());
            }
        }
    }
    identities_stay(names, desired, &unread, observed);
    Ok(searched)
}

/// Keeps the stack's identities, with whom they trust, as long as they may have roles in a subscription that couldn't be searched: a mark
/// names the subscription and no identity. An assignment outlives its principal, and task code would lose what it gave.
fn identities_stay(names: &Names, desired: &Desired, unread: &BTreeSet<String>, observed: &mut Observed) {
    if unread.is_empty() {
        return;
    }
    let subscriptions = unread.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let wanted: BTreeSet<_> = desired.objects.iter().map(|object| &object.id).collect();
    let is_place = |id: &ObjectId| names.is_place(&names.identity_id(&id.name));
    let goes = |(id, found): &(&ObjectId, &Found)| {
        id.kind == managed_identity::KIND && found.owned && !wanted.contains(id) && !is_place(id)
    };
    let stay: BTreeSet<_> = observed.objects.iter().filter(goes).map(|(id, _)| id.clone()).collect();
    observed.objects.retain(|id, found| {
        let is_of_one = id.kind == federated_credential::KIND && found.depends_on.iter().any(|id| stay.contains(id));
        !stay.contains(id) && !is_of_one
    });
    observed.stays.extend(stay.into_iter().map(|object| {
        let reason = format!(
            "it may have roles in subscription {subscriptions}, which couldn't be searched: they would outlive it, and task code would lose \
             what they give. It goes once the search succeeds; or have its role assignments there deleted, and delete it by hand"
        );
        Stays { object, reason, is_empty: false }
    }));
}

/// Those that the manifest names, whether or not anything is asked for there at the moment.
pub(crate) fn named(intents: &Intents) -> BTreeSet<String> {
    named_by(intents).into_keys().collect()
}

/// The same, with what names each.
fn named_by(intents: &Intents) -> BTreeMap<String, BTreeSet<IntentId>> {
    let grants = intents.grants.iter().map(|grant| (grant.id(), grant.reaches()));
    let registries = intents.registries.iter().map(|registry| (registry.id(), registry.reaches()));
    let mut subscriptions: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (intent, reaches) in grants.chain(registries) {
        for subscription in reaches.iter().filter_map(|reach| Some(Locator::of(reach).id()?.subscription())) {
            subscriptions.entry(subscription).or_default().insert(intent.clone());
        }
    }
    subscriptions
}

/// Those that an identity at home names. Its name is enough: looking does no harm.
pub(crate) async fn marked(names: &Names, snapshot: &Snapshot) -> Result<BTreeSet<String>> {
    let identities = snapshot.identities().await?;
    let ids = identities.iter().filter_map(|identity| ResourceId::parse(&identity.id).ok());
    Ok(ids.filter_map(|id| names.place_named(&id)).collect())
}

/// Those in which a custom role of the stack can be assigned.
fn assignable(observed: &Observed) -> Result<BTreeSet<String>> {
    let mut subscriptions = BTreeSet::new();
    for (_, found) in observed.objects.iter().filter(|(id, found)| id.kind == custom_role::KIND && found.owned) {
        let scopes = CustomRole::of(&found.attributes)?.assignable_in;
        // Somebody may have made one assignable in a management group.
        let scopes = scopes.iter().filter_map(|scope| ResourceId::parse(scope).ok());
        subscriptions.extend(scopes.map(|scope| scope.subscription()));
    }
    Ok(subscriptions)
}

/// Those that the caller sees, as far as they trust the data plane's tenant: nobody of this one can be given a role in
/// another.
async fn seen(config: &Config, snapshot: &Snapshot, observed: &mut Observed) -> Result<BTreeSet<String>> {
    match snapshot.subscriptions().await {
        Ok(subscriptions) => {
            let here = subscriptions.iter().filter(|one| one.tenant.eq_ignore_ascii_case(config.tenant.as_str()));
            Ok(here.map(|subscription| subscription.id.clone()).collect())
        }
        Err(error) if is_final(&error) => {
            let place = "role assignments in the other subscriptions that the caller sees".to_owned();
            observed.unsearched.push(Unsearched { place, reason: error.to_string() });
            Ok(BTreeSet::new())
        }
        Err(error) => Err(error),
    }
}

pub(crate) fn unsearched(subscription: &str, error: &Error) -> Unsearched {
    let reason = format!(
        "{}; run this as somebody who has `Reader` there, or look: `{}`",
        error.message(),
        remedies::list_assignments(subscription)
    );
    Unsearched { place: format!("role assignments in subscription {subscription}"), reason }
}

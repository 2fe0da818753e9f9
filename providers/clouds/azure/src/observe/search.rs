//! Where to look: the subscriptions in which something of the stack is wanted or may be.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{
    Desired, Error, ErrorKind, Found, Intent as _, IntentId, Intents, ObjectId, Observed, Result, Stays, Unsearched,
};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::Azure;
use crate::inventory::snapshot::Snapshot;
use crate::inventory::unusable::Unusable;
use crate::marks::places;
use crate::names::resource_id::ResourceId;
use crate::objects::kinds;
use crate::objects::remedies;
use crate::resources::locator::Locator;

/// How many subscriptions are read at a time.
const AT_A_TIME: usize = 8;

/// The subscriptions whose role assignments were read. What could not be read is said in `observed`, and whatever names
/// such a place stays.
pub(crate) async fn searched(
    azure: &Azure,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &mut Observed,
) -> Result<BTreeSet<String>> {
    let here = azure.config.subscription.as_str().to_owned();
    let wanted = desired.objects.iter().filter(|object| object.id.kind == kinds::ASSIGNMENT);
    let scopes = wanted.filter_map(|object| ResourceId::parse(&object.attributes.text("scope")?).ok());
    let wanted: BTreeSet<_> = scopes.map(|scope| scope.subscription()).chain([here]).collect();
    let named = named_by(&desired.baseline);
    let mut perhaps: BTreeSet<_> = named.keys().cloned().collect();
    let marked = marked(azure, snapshot).await?;
    perhaps.extend(marked.iter().cloned());
    perhaps.extend(assignable(observed));
    if desired.thorough {
        perhaps.extend(seen(azure, snapshot, observed).await?);
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
        let (is_wanted, is_here) = (wanted.contains(&subscription), subscription == azure.config.subscription.as_str());
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
                    observed.objects.remove(&places::marker_id(&azure.names, &subscription));
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
    identities_stay(azure, desired, &unread, observed);
    Ok(searched)
}

/// Keeps the stack's identities, with whom they trust, as long as they may have roles in a subscription that couldn't be searched: a mark
/// names the subscription and no identity. An assignment outlives its principal, and task code would lose what it gave.
fn identities_stay(azure: &Azure, desired: &Desired, unread: &BTreeSet<String>, observed: &mut Observed) {
    if unread.is_empty() {
        return;
    }
    let subscriptions = unread.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let wanted: BTreeSet<_> = desired.objects.iter().map(|object| &object.id).collect();
    let is_place = |id: &ObjectId| azure.names.is_place(&azure.names.identity_id(&id.name));
    let goes = |(id, found): &(&ObjectId, &Found)| {
        id.kind == kinds::IDENTITY && found.owned && !wanted.contains(id) && !is_place(id)
    };
    let stay: BTreeSet<_> = observed.objects.iter().filter(goes).map(|(id, _)| id.clone()).collect();
    observed.objects.retain(|id, found| {
        let is_of_one = id.kind == kinds::CREDENTIAL && found.depends_on.iter().any(|id| stay.contains(id));
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
        let locators = reaches.iter().filter_map(|reach| Locator::parse(&reach.resource.locator).ok());
        for subscription in locators.filter_map(|locator| Some(locator.id()?.subscription())) {
            subscriptions.entry(subscription).or_default().insert(intent.clone());
        }
    }
    subscriptions
}

/// Those that an identity at home names. Its name is enough: looking does no harm.
pub(crate) async fn marked(azure: &Azure, snapshot: &Snapshot) -> Result<BTreeSet<String>> {
    let identities = snapshot.identities().await?;
    let ids = identities.iter().filter_map(|identity| ResourceId::parse(&identity.id).ok());
    Ok(ids.filter_map(|id| azure.names.place_named(&id)).collect())
}

/// Those in which a custom role of the stack can be assigned.
fn assignable(observed: &Observed) -> BTreeSet<String> {
    let roles = observed.objects.iter().filter(|(id, found)| id.kind == kinds::ROLE && found.owned);
    let roles: Vec<_> = roles.map(|(_, found)| found.attributes.value()).collect();
    let scopes = roles.iter().filter_map(|role| role["assignable_in"].as_array()).flatten();
    scopes.filter_map(|scope| Some(ResourceId::parse(scope.as_str()?).ok()?.subscription())).collect()
}

/// Those that the caller sees, as far as they trust the data plane's tenant: nobody of this one can be given a role in
/// another.
async fn seen(azure: &Azure, snapshot: &Snapshot, observed: &mut Observed) -> Result<BTreeSet<String>> {
    match snapshot.subscriptions().await {
        Ok(subscriptions) => {
            let here = subscriptions.iter().filter(|one| one.tenant.eq_ignore_ascii_case(azure.config.tenant.as_str()));
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

/// Whether asking again would bring the same answer.
pub(crate) fn is_final(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::AccessDenied | ErrorKind::NotFound | ErrorKind::WrongAccount)
}

pub(crate) fn unsearched(subscription: &str, error: &Error) -> Unsearched {
    let reason = format!(
        "{}; run this as somebody who has `Reader` there, or look: `{}`",
        error.message(),
        remedies::list_assignments(subscription)
    );
    Unsearched { place: format!("role assignments in subscription {subscription}"), reason }
}

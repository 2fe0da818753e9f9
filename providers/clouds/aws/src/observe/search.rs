//! Where statements of the stack may be that nothing wants any more.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cloudgrant_core::{
    Desired, Error, ErrorKind, Intent, IntentId, Intents, Note, ObjectId, Reach, ResourceKind, Result, Scope,
    Unsearched,
};

use crate::config::AccountId;
use crate::inventory::known_secrets;
use crate::inventory::lookups::buckets::bucket::{Bucket, Owner, Purpose};
use crate::inventory::places::{Marked, Place};
use crate::inventory::snapshot::Snapshot;
use crate::marks::confirmations;
use crate::marks::places::{self, Mark};
use crate::objects::role;
use crate::observe::lists;
use crate::observe::looking::Looking;
use crate::resources::by_arn;
use crate::resources::kinds::arn_kind::Elsewhere;
use crate::resources::kinds::repository::Repository;
use crate::resources::locator::Locator;
use crate::shared_document::shared::{CustomerKey, OwnedBucket, Shared};

/// In an account that the manifest names, so many repositories are searched for statements that somebody put there by
/// hand, with the commands that `explain` prints. What the stack wrote is found by its marks.
const MOST_SEARCHED: usize = 100;

/// What is to be searched.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub(super) documents: BTreeSet<Shared>,
    pub(super) marks: Vec<Mark>,
    /// What is marked or named and can't be looked for, and why.
    pub(super) unread: BTreeSet<Marked>,
    pub(super) unsearched: Vec<Unsearched>,
    pub(super) notes: Vec<Note>,
}

impl Search {
    fn not(&mut self, place: Marked, reason: String) {
        self.unsearched.push(Unsearched { place: place.to_string(), reason });
        self.unread.insert(place);
    }
}

/// The wanted documents, those that the stack marked, and those that the manifest names.
pub(super) async fn places(looking: Looking<'_>, desired: &Desired, wanted: BTreeSet<Shared>) -> Result<Search> {
    let mut search = Search { documents: wanted, ..Search::default() };
    let can_reach = |account: &AccountId| looking.clients.can_reach(account);
    // In the own account's, nothing of the stack's ever was.
    let is_other = |account: &AccountId| *account != looking.config.account && can_reach(account);
    let named = repositories(&desired.baseline).filter(|repository| is_other(&repository.account));
    search.documents.extend(named.map(Shared::Repository));
    buckets(looking, desired, &mut search).await?;
    let mut lists = of_accounts(looking, &search.documents);
    let mut marked: BTreeSet<Place> = BTreeSet::new();
    search.marks = places::marked(looking.names, &*looking.inventory.snapshot().await?);
    for named in search.marks.iter().flat_map(|mark| mark.names.clone()).collect::<BTreeSet<_>>() {
        match named {
            named if !can_reach(named.account()) => {
                let reason = format!(
                    "there are no credentials for account {0} any more: say how to work there (`aws.accounts.\"{0}\"`)",
                    named.account()
                );
                search.not(named, reason);
            }
            Marked::One(shared) => _ = search.documents.insert(shared),
            Marked::All(place) => _ = marked.insert(place),
        }
    }
    lists.extend(marked.iter().cloned());
    // No role goes that a statement may name which nobody has looked for.
    let all_of_them = desired.thorough || takes_a_role(looking, desired, &*looking.inventory.snapshot().await?);
    let mut unlooked: BTreeMap<AccountId, usize> = BTreeMap::new();
    for place in lists {
        match lists::all(looking, &place).await {
            // Where the stack wrote to so many that they are marked together, there is no shorter way.
            Ok(found) if found.len() <= MOST_SEARCHED || marked.contains(&place) || all_of_them => {
                search.documents.extend(found);
            }
            // What the stack wrote there is marked: these are only searched for what was put there by hand.
            Ok(found) => {
                let left = found.iter().filter(|shared| !search.documents.contains(shared)).count();
                *unlooked.entry(place.account().clone()).or_default() += left;
            }
            Err(error) if error.kind() == ErrorKind::AccessDenied => search.not(Marked::All(place), why(&error)),
            Err(error) => return Err(error),
        }
    }
    search.notes.extend(unlooked.into_iter().map(|(account, left)| by_hand(&account, left)));
    Ok(search)
}

/// Whether there is a role of the stack's that nothing wants any more.
fn takes_a_role(looking: Looking<'_>, desired: &Desired, snapshot: &Snapshot) -> bool {
    let (path, wanted) = (looking.names.path(), role::wanted(desired));
    let goes = |name: &String| looking.names.is_name_of_role(name) && !wanted.contains(&role::id(name));
    snapshot.roles.iter().any(|(name, role)| role.path == path && goes(name))
}

fn by_hand(account: &AccountId, left: usize) -> Note {
    let message = format!(
        "{left} of its repositories were not searched for statements that somebody put there by hand: they are too many \
         for every plan, and what the stack wrote there itself it finds without. A run that takes a role away searches all, as \
         `cloudgrant revoke --all` does"
    );
    Note::info(format!("account {account}"), message)
}

/// The repositories of each account that the manifest names, in the regions of which it names any.
fn of_accounts(looking: Looking<'_>, documents: &BTreeSet<Shared>) -> BTreeSet<Place> {
    let mut regions: BTreeSet<_> = documents
        .iter()
        .filter_map(|shared| match shared {
            Shared::Repository(repository) => Some(repository.region.clone()),
            Shared::Bucket(_) | Shared::Key(_) => None,
        })
        .collect();
    regions.insert(looking.config.region.clone());
    let mut places = BTreeSet::new();
    for account in looking.config.accounts.keys() {
        let of = |region: &String| Place::Repositories { account: account.clone(), region: region.clone() };
        places.extend(regions.iter().map(of));
    }
    places
}

/// Why something could not be read, in a line.
pub(super) fn why(error: &Error) -> String {
    let said: Vec<_> = error.context().iter().filter(|(key, _)| *key == "missing permission").collect();
    match said.as_slice() {
        [(_, permission), ..] => format!("{}; it takes the permission {permission}", error.message()),
        [] => error.message().to_owned(),
    }
}

/// The repositories that a manifest names.
fn repositories(intents: &Intents) -> impl Iterator<Item = Repository> {
    let grants = intents.grants.iter().flat_map(|grant| &grant.reaches);
    let registries = intents.registries.iter().map(|registry| &registry.reach[0]);
    let registries = registries.chain(grants.filter(|reach| reach.resource.kind == ResourceKind::REGISTRY));
    registries.filter_map(|reach| match reach.resource.locator.parsed() {
        Locator::Repository(repository) => Some(repository.clone()),
        _ => None,
    })
}

/// The documents of other accounts that intents name, as far as the stack's policies say whose a bucket is and which keys encrypt
/// what.
pub(super) async fn named(looking: Looking<'_>, intents: &Intents) -> Result<Vec<(IntentId, Marked)>> {
    let (known, snapshot) = (looking.inventory.known_buckets().await?, looking.inventory.snapshot().await?);
    let partition = looking.config.partition();
    let reaches = intents.grants.iter().flat_map(|grant| &grant.reaches);
    let secrets = reaches.filter_map(|reach| match reach.resource.locator.parsed() {
        Locator::Secret(secret) => Some(secret.clone()),
        _ => None,
    });
    let granted = known_secrets::granted(looking.names, &snapshot, &secrets.collect::<Vec<_>>());
    let of_reach = |reach: &Reach| -> Vec<Shared> {
        match reach.resource.locator.parsed() {
            Locator::Repository(repository) => vec![Shared::Repository(repository.clone())],
            Locator::Objects(objects) => {
                let bucket = known.buckets.get(&objects.bucket);
                bucket.map(|bucket| of_bucket(partition, &objects.bucket, bucket)).unwrap_or_default()
            }
            Locator::Secret(secret) => {
                let keys = granted.get(secret).into_iter().flat_map(|granted| &granted.keys);
                keys.filter_map(|key| CustomerKey::parse(&key.arn)).map(Shared::Key).collect()
            }
            Locator::Item(item) => {
                let key = by_arn::key_elsewhere(looking.config, &reach.resource.name, item);
                key.and_then(|key| CustomerKey::parse(&key.arn)).map(Shared::Key).into_iter().collect()
            }
            // One of another account is refused with the manifest.
            Locator::Other(_) => Vec::new(),
        }
    };
    let grants = intents.grants.iter().map(|grant| (grant.id(), grant.reaches.as_slice()));
    let registries = intents.registries.iter().map(|registry| (registry.id(), registry.reach.as_slice()));
    let mut all = Vec::new();
    for (intent, reaches) in grants.chain(registries) {
        let documents = reaches.iter().flat_map(of_reach).filter(|shared| *shared.account() != looking.config.account);
        all.extend(documents.map(|shared| (intent.clone(), Marked::One(shared))));
    }
    Ok(all)
}

/// A statement of a grant that is taken away, which somebody else was asked to add.
#[derive(Debug)]
pub(super) struct HandedOff {
    pub(super) grant: IntentId,
    /// In which document, for people.
    pub(super) place: String,
    /// The roles of the stack's that it names.
    pub(super) roles: BTreeSet<ObjectId>,
}

/// What was handed off of the grants that are taken away, as there are no credentials where it belongs: nobody here can see whether
/// it is there. Only the manifest knows of it.
pub(super) async fn handed_off(looking: Looking<'_>, desired: &Desired) -> Result<Vec<HandedOff>> {
    let asked: HashSet<_> = desired.objects.iter().flat_map(|object| &object.because).collect();
    let revoked = desired.baseline.grants.iter().filter(|grant| !asked.contains(&grant.id()));
    let revoked: Vec<_> = revoked.cloned().collect();
    if revoked.is_empty() {
        return Ok(Vec::new());
    }
    let buckets = looking.inventory.buckets(&revoked, Purpose::Searching).await?;
    let named = named(looking, &desired.baseline).await?;
    let taken_out_of = confirmations::taken_out_of(looking.names, &*looking.inventory.snapshot().await?);
    let mut handed_off = Vec::new();
    for grant in revoked {
        let id = grant.id();
        let of_it =
            named.iter().filter(|(intent, document)| *intent == id && !looking.clients.can_reach(document.account()));
        // Each with the ARN of what has the document.
        let mut places: BTreeSet<_> = of_it.map(|(_, document)| (document.to_string(), document.arn())).collect();
        for reach in &grant.reaches {
            let located = reach.resource.locator.parsed::<Locator>();
            if let Locator::Objects(objects) = located
                && buckets.get(&objects.bucket).is_some_and(|bucket| bucket.owner == Owner::Elsewhere)
            {
                let arn = format!("arn:{}:s3:::{}", looking.config.partition(), objects.bucket);
                places.insert((format!("bucket {}", objects.bucket), Some(arn)));
            }
            if let Locator::Item(item) = located
                && matches!(item.kind.elsewhere, Elsewhere::ResourcePolicy(_))
                && item.account != looking.config.account
            {
                let place = format!("{} {} of account {}", item.kind.kind(), item.name(), item.account);
                places.insert((place, Some(item.arn())));
            }
        }
        let is_taken_out =
            |(_, arn): &(String, Option<String>)| arn.as_ref().is_some_and(|arn| taken_out_of.contains(arn));
        let (undone, mut places): (BTreeSet<_>, BTreeSet<_>) = places.into_iter().partition(is_taken_out);
        // What was asked for of the policy of the key that encrypts something is taken back with that.
        let is_key = |(_, arn): &(String, Option<String>)| arn.as_ref().is_some_and(|arn| arn.contains(":kms:"));
        if !undone.is_empty() && places.iter().all(is_key) {
            places.clear();
        }
        let narrow = grant.carried_by.iter().filter(|scope| **scope != Scope::Global);
        let roles: BTreeSet<_> = narrow.map(|scope| role::id(&looking.names.role(scope))).collect();
        handed_off.extend(places.into_iter().map(|(place, _)| HandedOff {
            grant: id.clone(),
            place,
            roles: roles.clone(),
        }));
    }
    Ok(handed_off)
}

/// The buckets and keys of other accounts that the stack's policies name, which is known without asking; where something is
/// taken away, those too that the manifest names.
async fn buckets(looking: Looking<'_>, desired: &Desired, search: &mut Search) -> Result<()> {
    for (name, bucket) in &looking.inventory.known_buckets().await?.buckets {
        search.documents.extend(of_others(looking, name, bucket));
    }
    if !desired.thorough {
        return Ok(());
    }
    for (name, bucket) in looking.inventory.buckets(&desired.baseline.grants, Purpose::Searching).await?.iter() {
        search.documents.extend(of_others(looking, name, bucket));
        if bucket.owner == Owner::Unknown {
            let reason = if bucket.contradictions.is_some() {
                "the stack's policies contradict each other about whose it is, and nobody could be asked: let cloudgrant ask \
                 (s3:ListAllMyBuckets, and `aws.accounts`), or look there for statements of the stack"
            } else {
                "whose it is couldn't be found out, as s3:ListAllMyBuckets is denied: allow that, or look there for statements \
                 of the stack"
            };
            search.unsearched.push(Unsearched { place: format!("bucket {name}"), reason: reason.to_owned() });
        }
    }
    Ok(())
}

/// A bucket and its keys, those of before as well, as far as they are another account's that we can reach.
fn of_others(looking: Looking<'_>, name: &str, bucket: &Bucket) -> impl Iterator<Item = Shared> {
    let is_other = |account: &AccountId| *account != looking.config.account && looking.clients.can_reach(account);
    of_bucket(looking.config.partition(), name, bucket).into_iter().filter(move |shared| is_other(shared.account()))
}

/// A bucket and its keys, those of before as well.
fn of_bucket(partition: &str, name: &str, bucket: &Bucket) -> Vec<Shared> {
    // Of policies that contradict each other, any may be right.
    let said = bucket.contradictions.iter().flat_map(|said| &said.owners);
    let owners: BTreeSet<_> = bucket.account().into_iter().chain(said).collect();
    let in_bucket = owners.into_iter().map(|account| {
        let (partition, name) = (partition.to_owned(), name.to_owned());
        Shared::Bucket(OwnedBucket { account: account.clone(), partition, name })
    });
    let keys = bucket.key().into_iter().chain(&bucket.former).filter_map(|key| CustomerKey::parse(&key.arn));
    in_bucket.chain(keys.map(Shared::Key)).collect()
}

//! Which stacks the account has, from the one list of its IAM: what lies below the path `/cloudgrant/`.
//!
//! A path says the stack's name and, for a cluster's issuer, eight digits. The issuer itself stands in the tags of roles and
//! policies; that list has those of roles alone, so that a home without roles takes one more request. Tags are anybody's to
//! write: what they say counts where the digits are its own. A role whose tags and path say different things is no run's, and is
//! told (see [`strays`]); one without tags is whose its path says.

mod strays;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::digest::digest;
use cloudgrant_core::{Error, FoundStack, ObjectId, Result, Stack, Stacks, Unsearched};
use futures_util::stream::{self, StreamExt};

use crate::client::AT_A_TIME;
use crate::config::{AccountId, WHOLE_ACCOUNT};
use crate::error;
use crate::inventory::known_buckets;
use crate::inventory::snapshot::{Policy, Snapshot};
use crate::marks::attached_policies;
use crate::marks::eks_clusters;
use crate::marks::places;
use crate::marks::platform_places;
use crate::names::tags::{HOME_TAG, TASK_POLICY_TAG, tag_of};
use crate::names::{self, Names};
use crate::objects::{attachment, managed_policy, role};
use crate::observe::looking::Looking;

/// A stack's name, and the digits that stand for its cluster's issuer.
type Slug = (Stack, Option<String>);

/// What lies below one path.
#[derive(Debug, Default)]
struct Below {
    objects: BTreeSet<ObjectId>,
    /// The names of its roles.
    roles: BTreeSet<String>,
    /// What its roles' tags say of the home.
    said: BTreeSet<String>,
    /// One of its policies.
    policy: Option<String>,
}

/// The issuer of a home, where it has one, and why it isn't known where it isn't.
enum Issuer {
    None,
    Known(String),
    Unknown(String),
}

pub(crate) async fn found(looking: Looking<'_>) -> Result<Stacks> {
    let snapshot = looking.inventory.snapshot().await;
    looking.inventory.used_up().await;
    let snapshot = snapshot?;
    let all = sorted(&snapshot);
    let named = stream::iter(all).map(|(slug, below)| async move {
        let issuer = issuer(looking, &slug, &below).await?;
        Ok::<_, Error>((slug, below, issuer))
    });
    let named: Vec<_> = named.buffered(AT_A_TIME).collect().await;
    let mut stacks = Stacks { unsearched: strays::elsewhere(&snapshot).collect(), ..Stacks::default() };
    for one in named {
        let ((name, digits), mut below, issuer) = one?;
        let account = &looking.config.account;
        let (home, settings) = match &issuer {
            Issuer::None => (account.to_string(), Some(WHOLE_ACCOUNT)),
            Issuer::Known(issuer) => (format!("{account} {issuer}"), Some(issuer.as_str())),
            Issuer::Unknown(reason) => {
                let digits = digits.as_deref().unwrap_or_default();
                let reason = format!(
                    "{reason}; `aws.home` takes the issuer, once somebody knows which one comes to {digits} (`printf %s ISSUER | \
                     sha256sum`)"
                );
                stacks.unsearched.push(Unsearched { place: format!("the home of stack {name} ({digits})"), reason });
                (format!("{account}, an issuer that stands as {digits} in the names"), None)
            }
        };
        let is_home =
            settings.is_some_and(|home| looking.config.home_cluster().as_deref().unwrap_or(WHOLE_ACCOUNT) == home);
        let there = match &issuer {
            Issuer::Known(issuer) => {
                Some(Names::new(name.clone(), looking.config.partition(), account.clone(), Some(issuer)))
            }
            Issuer::None => Some(Names::new(name.clone(), looking.config.partition(), account.clone(), None)),
            Issuer::Unknown(_) => None,
        };
        if let Some(names) = &there {
            for role in std::mem::take(&mut below.roles) {
                if let Some(stray) = strays::below(names, &role, &snapshot) {
                    below.objects.remove(&role::id(&role));
                    stacks.unsearched.push(stray);
                }
            }
        }
        if below.objects.is_empty() {
            continue;
        }
        let settings = settings.map(|home| match is_home {
            true => BTreeMap::new(),
            false => BTreeMap::from([("home".to_owned(), home.to_owned())]),
        });
        let platform_places = there.as_ref().map(|names| platform_places::marked(names, &snapshot)).unwrap_or_default();
        let (elsewhere, accounts) = there.map(|names| elsewhere(looking, &names, &snapshot)).unwrap_or_default();
        stacks.found.push(FoundStack {
            is_this: is_home && name == *looking.names.stack(),
            elsewhere,
            platform_places: platform_places.into_values().collect(),
            fill_in: accounts.iter().map(fill_in).collect(),
            platform_settings: BTreeMap::new(),
            name,
            home,
            objects: below.objects,
            settings,
        });
    }
    Ok(stacks)
}

/// Everything of stacks, by the paths.
fn sorted(snapshot: &Snapshot) -> BTreeMap<Slug, Below> {
    let mut all: BTreeMap<Slug, Below> = BTreeMap::new();
    // What is below a path and isn't called as what the stack makes is somebody else's: no run takes it away.
    let of_policy = |policy: &Policy| {
        names::slug_of(&policy.path).filter(|slug| names::is_name_of_policy(&joined(slug), &policy.name))
    };
    let mut existing = Vec::new();
    for (arn, policy) in &snapshot.policies {
        let Some(slug) = of_policy(policy) else { continue };
        existing.extend(attached_policies::said_by(policy).map(|said| (slug.clone(), said)));
        let below = all.entry(slug).or_default();
        below.objects.insert(managed_policy::id(&policy.name));
        // The same one each time.
        below.policy = below.policy.take().into_iter().chain([arn.clone()]).min();
    }
    for (name, role) in &snapshot.roles {
        let own = names::slug_of(&role.path).filter(|slug| names::is_name_of_role(&joined(slug), name));
        if let Some(slug) = &own {
            let below = all.entry(slug.clone()).or_default();
            below.objects.insert(role::id(name));
            below.roles.insert(name.clone());
            below.said.extend(tag_of(&role.tags, HOME_TAG).map(ToOwned::to_owned));
        }
        for (arn, policy) in &role.attached {
            let of_policy = snapshot.policies.get(arn).and_then(of_policy);
            let task_policy = tag_of(&role.tags, TASK_POLICY_TAG) == Some(arn.as_str());
            if let Some(slug) = of_policy.or_else(|| own.clone().filter(|_| task_policy)) {
                all.entry(slug).or_default().objects.insert(attachment::id(name, policy));
            }
            for (slug, said) in &existing {
                let is_its = said.role.as_ref().map_or_else(|| own.as_ref() == Some(slug), |role| role == name);
                if said.policy == *arn && is_its {
                    all.entry(slug.clone()).or_default().objects.insert(attachment::id(name, policy));
                }
            }
        }
    }
    all
}

/// As it stands in the path and in names.
fn joined((stack, digits): &Slug) -> String {
    digits.iter().fold(stack.to_string(), |stack, digits| format!("{stack}.{digits}"))
}

/// The issuer behind the digits of a path.
///
/// # Errors
/// The cloud doesn't answer. A refusal leaves the issuer unknown.
async fn issuer(looking: Looking<'_>, (_, digits): &Slug, below: &Below) -> Result<Issuer> {
    let Some(digits) = digits else { return Ok(Issuer::None) };
    let of_manifest = looking.config.issuers().map(ToOwned::to_owned);
    let of_manifest = of_manifest.chain(looking.config.eks_clusters().map(|cluster| cluster.arn()));
    let of_manifest = of_manifest.chain(looking.config.home_cluster().map(Cow::into_owned));
    let account = &looking.config.account;
    let in_tag = |text: &String| text.strip_prefix(&format!("{account} ")).map(ToOwned::to_owned);
    // What has other characters is no issuer, whoever wrote it into a tag.
    let is_it = |issuer: &String| digest(issuer) == *digits && issuer.chars().all(|c| c.is_ascii_graphic());
    if let Some(issuer) = of_manifest.chain(below.said.iter().filter_map(in_tag)).find(is_it) {
        return Ok(Issuer::Known(issuer));
    }
    let Some(policy) = &below.policy else {
        return Ok(Issuer::Unknown(format!("no tag `{HOME_TAG}` of its roles says it")));
    };
    let answer = Box::pin(looking.clients.iam().await.get_policy().policy_arn(policy).send()).await;
    match answer.map_err(|error| error::of("iam:GetPolicy", error)) {
        Ok(answer) => {
            let tags = answer.policy.and_then(|policy| policy.tags).unwrap_or_default();
            let said = tags.into_iter().filter(|tag| tag.key == HOME_TAG).find_map(|tag| in_tag(&tag.value));
            let unsaid = || Issuer::Unknown(format!("no tag `{HOME_TAG}` of its roles or of policy {policy} says it"));
            Ok(said.filter(is_it).map_or_else(unsaid, Issuer::Known))
        }
        Err(error) if !error.kind().is_retryable() => {
            Ok(Issuer::Unknown(format!("the tags of policy {policy} could not be read: {}", error.message())))
        }
        Err(error) => Err(error),
    }
}

/// The documents of others in which a stack has statements, as its own policies name them; and those of their accounts of
/// which the section doesn't say how to work there.
fn elsewhere(looking: Looking<'_>, names: &Names, snapshot: &Snapshot) -> (BTreeSet<String>, BTreeSet<AccountId>) {
    let marks: Vec<_> = places::marked(names, snapshot).into_iter().flat_map(|mark| mark.names).collect();
    let mut all: BTreeSet<_> = marks.iter().map(ToString::to_string).collect();
    let clusters = eks_clusters::marked(names, snapshot).into_iter().map(|mark| mark.to_string());
    all.extend(clusters);
    for (name, bucket) in known_buckets::known(names, snapshot).buckets {
        let theirs = bucket.account().filter(|account| **account != looking.config.account);
        all.extend(theirs.map(|account| format!("bucket {name} of account {account}")));
    }
    // What is handed off has no mark: that is somebody else's to take back.
    let accounts = marks.iter().map(|marked| marked.account().clone());
    let unsaid =
        |account: &AccountId| *account != looking.config.account && !looking.config.accounts.contains_key(account);
    (all, accounts.filter(unsaid).collect())
}

/// The key that says how to work in an account, and what it takes.
fn fill_in(account: &AccountId) -> (String, String) {
    let what = format!("the ARN of a role of account {account} that may change what the stack writes to there");
    (format!("accounts.{account}.assume_role"), what)
}

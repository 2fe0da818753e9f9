//! Customer-managed keys that can't be used: whoever is granted what they encrypt gets nothing of it.
//!
//! Only who looks afresh asks for them, as `drift` does: a plan with nothing to do needs no request for that.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_kms::primitives::{DateTime, DateTimeFormat as Format};
use aws_sdk_kms::types::{KeyMetadata, KeyState};
use cloudgrant_core::{Desired, Error, ErrorKind, Note, Result, quoted, redacted};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::AT_A_TIME;
use crate::config::arn::name_in;
use crate::error;
use crate::inventory::lookups::saying::few;
use crate::inventory::lookups::saying::why_unread;
use crate::observe::looking::Looking;
use crate::resources::kms_key::Key;
use crate::shared_document::shared::CustomerKey;

const OPERATION: &str = "kms:DescribeKey";

/// What was found out of the keys.
#[derive(Debug, Default)]
pub(in crate::observe) struct Keys {
    /// Those that can't be used, with what is said of each.
    pub(in crate::observe) unusable: Vec<(Key, Note)>,
    /// What couldn't be read.
    pub(in crate::observe) unread: Vec<Note>,
}

/// The wanted keys of buckets and secrets that can't be used. Those under which buckets were before don't count: what is written
/// now needs none of them.
pub(in crate::observe) async fn unusable(looking: Looking<'_>, desired: &Desired) -> Result<Keys> {
    let mut keys: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
    if looking.inventory.looks_again() {
        for (key, what) in looking.inventory.buckets.keys().into_iter().chain(looking.inventory.secrets.keys()) {
            keys.entry(key).or_default().insert(what);
        }
    }
    let is_wanted = |key: &Key| {
        let named = named(key);
        let mut policies = desired.objects.iter().filter(|object| looking.is_policy(object));
        policies.any(|policy| policy.attributes.as_str().contains(&named))
    };
    let wanted = keys
        .into_iter()
        .filter_map(|(key, what)| (looking.clients.can_reach(&key.account) && is_wanted(&key)).then_some((key, what)));
    let wanted: Vec<_> = wanted.collect();
    let ask = |(key, what): (Key, BTreeSet<String>)| async move {
        let why = match why_unusable(looking, &key).await {
            Ok(why) => Ok(why),
            Err(error) => Err(why_unread(error)?),
        };
        Ok::<_, Error>((key, what, why))
    };
    let asked: Vec<_> = stream::iter(wanted).map(ask).buffered(AT_A_TIME).try_collect().await?;
    let (mut found, mut unread) = (Keys::default(), BTreeMap::<_, Vec<String>>::new());
    for (key, what, why) in asked {
        match why {
            Ok(None) => {}
            Ok(Some(why)) => {
                let what = few(what.iter().map(String::as_str).collect::<Vec<_>>().into_iter());
                let note = Note::warning(format!("key {}", called(&key)), format!("it encrypts {what}, and it {why}"));
                found.unusable.push((key, note));
            }
            Err(why) => unread.entry(why).or_default().push(called(&key).to_owned()),
        }
    }
    found.unread.extend(unread.into_iter().map(|(why, keys)| {
        let keys = few(keys.iter().map(String::as_str));
        Note::info("keys", format!("whether these can be used couldn't be read, as {OPERATION} {why}: {keys}"))
    }));
    Ok(found)
}

/// What the policies that allow using a key have in them.
pub(in crate::observe) fn named(key: &Key) -> String {
    format!("\"{}\"", key.alias.as_ref().unwrap_or(&key.arn))
}

/// Its id or alias.
fn called(key: &Key) -> &str {
    key.alias.as_deref().unwrap_or_else(|| name_in(&key.arn))
}

async fn why_unusable(looking: Looking<'_>, key: &Key) -> Result<Option<String>> {
    let id = match &key.alias {
        Some(alias) => key.arn.replace("key/*", alias),
        None => key.arn.clone(),
    };
    let answer = looking.clients.kms(&key.account, &key.region).await?.describe_key().key_id(&id).send().await;
    match answer.map_err(|error| error::of(OPERATION, error).with("key", &id)) {
        Ok(answer) => Ok(answer.key_metadata.and_then(|metadata| state(&metadata, key))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Some(format!("isn't there. {ANOTHER}"))),
        Err(error) => Err(error),
    }
}

const ANOTHER: &str = "Have it encrypted under another key (`aws s3api put-bucket-encryption`, `aws secretsmanager update-secret`), and \
                       apply again";

/// Why nothing can be decrypted with a key. Source: AWS KMS developer guide, "Key states of AWS KMS keys".
fn state(metadata: &KeyMetadata, key: &Key) -> Option<String> {
    let at = |command: &str| {
        // Only reads take an alias.
        let arn = metadata.arn.as_deref().and_then(CustomerKey::parse);
        let id = arn.map_or_else(|| key.arn.clone(), |key| key.arn());
        format!("`aws kms {command} --region {} --key-id {}`", quoted(&key.region), quoted(&id))
    };
    let enable = at("enable-key");
    Some(match metadata.key_state.as_ref()? {
        KeyState::Enabled | KeyState::Creating | KeyState::Updating => return None,
        KeyState::Disabled => format!("is disabled: enable it ({enable}). {ANOTHER}"),
        KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => {
            let day = metadata.deletion_date.as_ref().map(day).unwrap_or_default();
            format!(
                "is scheduled for deletion{day}, and then nobody reads any more what it encrypts: cancel that and enable it ({}, then \
                 {enable}). {ANOTHER}",
                at("cancel-key-deletion")
            )
        }
        KeyState::PendingImport => format!("has no key material: have it imported ({})", at("import-key-material")),
        KeyState::Unavailable => {
            "can't be reached by KMS: have its key store connected (`aws kms connect-custom-key-store`)".to_owned()
        }
        other => format!("is in the state {}", redacted(other.as_str())),
    })
}

fn day(day: &DateTime) -> String {
    day.fmt(Format::DateTime).map(|day| format!(" on {day}")).unwrap_or_default()
}

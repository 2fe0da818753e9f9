//! Secrets: their whole ARNs, and the keys that encrypt them. Their values are nobody's business here.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::primitives::{DateTime, DateTimeFormat as Format};
use cloudgrant_core::{Error, ErrorKind, Note, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;

use crate::client::AT_A_TIME;
use crate::error;
use crate::inventory::known_secrets::Granted;
use crate::resources::kms_key::Key;
use crate::resources::locator::Secret;

/// More secrets than this are looked for in the list of all, which has a hundred a page.
pub(crate) const FEW: usize = 8;

/// The largest page. Source: AWS Secrets Manager API reference, ListSecrets, `MaxResults`.
const PAGE: i32 = 100;

/// A secret as policies need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The whole ARN, or the narrowest patterns where AWS couldn't be asked.
    pub(crate) arns: Vec<String>,
    /// The customer-managed key. More than one only where nobody could be asked, and the stack's policies name several.
    pub(crate) keys: Vec<Key>,
    /// Whether it isn't there. What the stack's policies say of it stays; to somebody new it can't be granted.
    is_missing: bool,
    /// Of its notes, the one that says why nobody can read its value: it isn't there, or goes.
    unreadable: Option<String>,
    notes: Vec<String>,
}

impl Resolved {
    /// The whole ARN, where it is known.
    pub(crate) fn arn(&self) -> Option<&str> {
        match self.arns.as_slice() {
            [arn] if !arn.contains(['?', '*']) => Some(arn),
            _ => None,
        }
    }
}

/// The secrets of a batch, looked up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(HashMap<Secret, Resolved>);

impl Secrets {
    pub(crate) fn get(&self, secret: &Secret) -> Option<Resolved> {
        self.0.get(secret).cloned()
    }

    /// What a reader of the plan should know of a secret.
    pub(crate) fn notes(&self, secret: &Secret) -> impl Iterator<Item = Note> {
        let notes = self.0.get(secret).into_iter().flat_map(|resolved| &resolved.notes);
        notes.map(move |message| note(secret, message))
    }
}

fn note(secret: &Secret, message: &str) -> Note {
    Note::warning(format!("secret {}", secret.name), message)
}

/// Looks secrets up, each once.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    known: Mutex<BTreeMap<Secret, Arc<Resolved>>>,
    /// Those that aren't there, and that no policy of the stack's names, with the ARNs that a policy would name. The next plan
    /// asks again.
    missing: Mutex<BTreeMap<Secret, Vec<String>>>,
    /// Those that a policy of the stack's names and whose value nobody can read, with the ARNs that it names, and what is told.
    unreadable: Mutex<BTreeMap<Secret, (Vec<String>, Note)>>,
    asking: tokio::sync::Mutex<()>,
}

impl Lookup {
    /// `inspect` says whether a secret's value is looked at (requirement 36).
    pub(crate) async fn all(
        &self,
        client: &Client,
        inspect: &(dyn Fn(&Secret) -> bool + Sync),
        wanted: Vec<Secret>,
        granted: &BTreeMap<Secret, Granted>,
    ) -> Result<Secrets> {
        // Grants and bindings ask for the same ones at the same time.
        let _first = self.asking.lock().await;
        let asked: Vec<_> =
            wanted.iter().filter(|secret| self.known(secret).is_none() && !secret.is_pattern()).collect();
        let listed = &if asked.len() > FEW { listed(client, &asked).await? } else { HashMap::new() };
        let looked_up = stream::iter(wanted).map(|secret| async move {
            let resolved = match self.known(&secret) {
                Some(known) => known,
                None => {
                    let facts = listed.get(&secret).cloned();
                    let asked = resolve(client, inspect(&secret), &secret, facts).await?;
                    let resolved = Arc::new(settled(&secret, granted.get(&secret), asked));
                    self.remember(&secret, &resolved, granted.contains_key(&secret));
                    resolved
                }
            };
            Ok::<_, Error>((secret, (*resolved).clone()))
        });
        Ok(Secrets(looked_up.buffer_unordered(AT_A_TIME).try_collect().await?))
    }

    fn remember(&self, secret: &Secret, resolved: &Arc<Resolved>, is_granted: bool) {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.remove(secret);
        let mut unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        match resolved.unreadable.as_ref().filter(|_| is_granted) {
            Some(why) => _ = unreadable.insert(secret.clone(), (resolved.arns.clone(), note(secret, why))),
            None => _ = unreadable.remove(secret),
        }
        if !resolved.is_missing {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(secret.clone(), resolved.clone());
        } else if !is_granted {
            missing.insert(secret.clone(), resolved.arns.clone());
        }
    }

    /// The secrets that aren't there and that nothing of the stack's names yet, with the ARNs that its policies would name.
    pub(crate) fn missing(&self) -> BTreeMap<Secret, Vec<String>> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The secrets that the stack's policies name and whose value nobody can read, with the ARNs that these name.
    pub(crate) fn unreadable(&self) -> Vec<(Vec<String>, Note)> {
        self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The keys under which the secrets are that were looked up, and which secret is under each.
    pub(crate) fn keys(&self) -> Vec<(Key, String)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = |(secret, resolved): (&Secret, &Arc<Resolved>)| {
            resolved.keys.iter().map(|key| (key.clone(), secret.name.clone())).collect::<Vec<_>>()
        };
        known.iter().flat_map(of_one).collect()
    }

    /// How task code names a secret that was looked up (requirement 40): the two parts of its ARN, where the whole of it is
    /// known.
    ///
    /// Source: Union, "Enabling AWS Secrets Manager", "Get the secret ARN".
    pub(crate) fn in_task_code(&self, secret: &Secret) -> Vec<(&'static str, String)> {
        const BEFORE_THE_NAME: &str = ":secret:";
        let known = self.known(secret);
        let Some(arn) = known.as_deref().and_then(Resolved::arn) else { return Vec::new() };
        let Some(at) = arn.find(BEFORE_THE_NAME) else { return Vec::new() };
        let (group, key) = arn.split_at(at + BEFORE_THE_NAME.len());
        vec![("SECRET_GROUP", group.to_owned()), ("SECRET_KEY", key.to_owned())]
    }

    fn known(&self, secret: &Secret) -> Option<Arc<Resolved>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(secret).cloned()
    }
}

/// What AWS says of a secret.
#[derive(Debug, Clone)]
struct Facts {
    arn: Option<String>,
    key: Option<String>,
    /// When it will be gone, where it is scheduled for deletion.
    deleted: Option<DateTime>,
}

/// What was found out of a secret: what couldn't be is nothing of which a default could be made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    /// `None` where it isn't known.
    arns: Option<Vec<String>>,
    /// `None` where it isn't known; none in it where it takes no grant.
    key: Option<Option<Key>>,
    is_missing: bool,
    /// Of the notes, the one that says why nobody can read its value.
    unreadable: Option<String>,
    notes: Vec<String>,
}

/// What can't be read is no reason to take a key away, nor to widen an ARN to a pattern: then what the stack's live policies
/// say of the secret stays. Only for what is new to the stack is the narrowest pattern.
fn settled(secret: &Secret, granted: Option<&Granted>, asked: Asked) -> Resolved {
    let Asked { arns, key, is_missing, unreadable, mut notes } = asked;
    let unknown = match (&arns, &key) {
        (None, _) => "its ARN",
        (_, None) => "its key",
        _ => "",
    };
    if granted.is_some() && !unknown.is_empty() {
        notes.push(format!("what the stack's policies say of {unknown} stays as it is"));
    } else if arns.is_none() && !is_missing && secret.looks_whole() {
        notes.push(format!(
            "whether `{}` is its name or ends in the six characters that AWS adds is unknown as well, so that either is \
             granted; name it by its whole ARN",
            secret.name
        ));
    }
    let known_arns = || granted.map(|granted| granted.arns.iter().cloned().collect::<Vec<_>>());
    let known_keys = || granted.map(|granted| granted.keys.iter().cloned().collect::<Vec<_>>());
    Resolved {
        arns: arns
            .or_else(|| known_arns().filter(|arns| !arns.is_empty()))
            .unwrap_or_else(|| secret.arns_or_patterns()),
        keys: key.map_or_else(|| known_keys().unwrap_or_default(), |key| key.into_iter().collect()),
        is_missing,
        unreadable,
        notes,
    }
}

/// Looks for secrets in the list of all, until they are found or it has cost half of what asking for each would. What
/// it doesn't find, or may not look for, is asked for singly.
async fn listed(client: &Client, wanted: &[&Secret]) -> Result<HashMap<Secret, Facts>> {
    let by_arn: HashMap<_, _> = wanted.iter().map(|secret| (secret.arn(), *secret)).collect();
    let by_name: HashMap<_, _> = wanted.iter().map(|secret| (secret.name.as_str(), *secret)).collect();
    let mut found = HashMap::new();
    let mut pages = client.list_secrets().max_results(PAGE).into_paginator().send();
    let most = wanted.len() / 2;
    for _ in 0..most {
        let Some(page) = pages.next().await else { break };
        let page = match page.map_err(|error| error::of("secretsmanager:ListSecrets", error)) {
            Ok(page) => page,
            Err(error) if error.kind() == ErrorKind::AccessDenied => break,
            Err(error) => return Err(error),
        };
        for entry in page.secret_list.unwrap_or_default() {
            let facts = Facts { arn: entry.arn, key: entry.kms_key_id, deleted: entry.deleted_date };
            // The manifest names it by its whole ARN, or without the suffix; whole ARNs go first, as with AWS.
            if let Some(secret) = facts.arn.as_ref().and_then(|arn| by_arn.get(arn)) {
                found.insert((*secret).clone(), facts);
            } else if let Some(secret) = entry.name.as_deref().and_then(|name| by_name.get(name)) {
                found.entry((*secret).clone()).or_insert(facts);
            }
        }
        if found.len() == wanted.len() {
            break;
        }
    }
    Ok(found)
}

async fn resolve(client: &Client, inspect: bool, secret: &Secret, facts: Option<Facts>) -> Result<Asked> {
    if secret.is_pattern() {
        // Requirement 38.
        let note = "the pattern reaches every secret whose name begins so, those of tomorrow included; \
             name single secrets. Keys of customers can't be told from a pattern: no kms:Decrypt is granted";
        let notes = vec![note.to_owned()];
        return Ok(Asked {
            arns: Some(vec![secret.arn()]),
            key: Some(None),
            is_missing: false,
            unreadable: None,
            notes,
        });
    }
    let facts = match facts {
        Some(facts) => Ok(facts),
        None => describe(client, secret).await,
    };
    let facts = match facts {
        Ok(facts) => facts,
        Err(error) if error.kind() == ErrorKind::AccessDenied => {
            let mut notes = vec![
                "it couldn't be looked up, as secretsmanager:DescribeSecret is denied: whether it exists, and \
                 whether a customer-managed key encrypts it (then tasks need kms:Decrypt too), is unknown"
                    .to_owned(),
            ];
            notes.extend(managed_by_another(secret));
            return Ok(Asked { arns: None, key: None, is_missing: false, unreadable: None, notes });
        }
        // It keeps nobody from taking something else away.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let why = format!("{}, so that task code can't read it: {MISSING}", missing(secret));
            let notes = vec![why.clone()];
            return Ok(Asked { arns: None, key: None, is_missing: true, unreadable: Some(why), notes });
        }
        Err(error) => return Err(error.with("secret", secret.arn())),
    };
    let mut notes: Vec<_> = managed_by_another(secret).into_iter().collect();
    let unreadable = facts.deleted.as_ref().map(scheduled);
    notes.extend(unreadable.clone());
    // It goes into policies, and what comes from a server goes there only if it is what was asked for.
    let arn = facts.arn.filter(|arn| secret.is_arn_of_it(arn));
    if arn.is_none() {
        notes.push("AWS's answer names no ARN that could be this secret's: which it is, is unknown".to_owned());
    }
    if inspect && facts.deleted.is_none() {
        refuse_key_value(client, secret, arn.as_deref()).await?;
    }
    let key = match facts.key {
        None => Some(None),
        Some(id) => match Key::answered(&id, &secret.partition, &secret.region, &secret.account) {
            Ok(key) => Some(key),
            Err(odd) => {
                notes.push(format!("AWS's answer {odd}: whether tasks need kms:Decrypt too is unknown"));
                None
            }
        },
    };
    Ok(Asked { arns: arn.map(|arn| vec![arn]), key, is_missing: false, unreadable, notes })
}

/// What to do about a secret that isn't there.
const MISSING: &str = "create it as a plaintext secret, mend its ARN in the manifest (`aws secretsmanager list-secrets`), or take \
                       its grants out of it";

fn missing(secret: &Secret) -> String {
    format!("there is no secret `{}`", secret.name)
}

/// Why nobody new is granted a secret that isn't there: its ARN ends in six characters that nobody knows.
pub(crate) fn ungrantable(secret: &Secret) -> Error {
    Error::new(ErrorKind::NotFound, missing(secret))
        .with("secret", secret.arn())
        .with("operation", "secretsmanager:DescribeSecret")
        .hint(MISSING)
}

/// Its value can't be read from the day on which somebody scheduled it, and it is gone on this one. Source: AWS Secrets
/// Manager user guide, "Delete an AWS Secrets Manager secret".
fn scheduled(day: &DateTime) -> String {
    let day = day.fmt(Format::DateTime).unwrap_or_else(|_| "a day that AWS doesn't say".to_owned());
    format!(
        "it is scheduled for deletion, and nobody can read its value; it is gone on {day}. If tasks are to have it, restore \
         it (`aws secretsmanager restore-secret`); else take it out of the manifest"
    )
}

/// Secrets that other services keep, such as RDS, are called `SERVICE!…`. Source: AWS Secrets Manager user guide, "Secrets
/// managed by other AWS services".
fn managed_by_another(secret: &Secret) -> Option<String> {
    let (service, _) = secret.name.split_once('!')?;
    Some(format!(
        "it is managed by another service ({service}), which keeps a key/value secret there: the platform can't mount it \
         (requirement 36); let tasks read it with the AWS SDK, or store the value as a plaintext secret of its own"
    ))
}

/// Asks for a secret by its ARN. One whose name ends like a whole ARN isn't found by its name in an ARN, as AWS takes the
/// end for the six characters: then its name alone is asked for. Source: AWS Secrets Manager API reference, DescribeSecret,
/// `SecretId`.
async fn describe(client: &Client, secret: &Secret) -> Result<Facts> {
    match asked(client, secret.arn()).await {
        Err(error) if error.kind() == ErrorKind::NotFound && secret.looks_whole() => {
            // The credentials' account and the client's region are the secret's: others are refused.
            asked(client, secret.name.clone())
                .await
                .map_err(|second| if second.kind() == ErrorKind::NotFound { error } else { second })
        }
        described => described,
    }
}

async fn asked(client: &Client, id: String) -> Result<Facts> {
    let described = client.describe_secret().secret_id(id).send().await;
    let described = described.map_err(|error| error::of("secretsmanager:DescribeSecret", error))?;
    Ok(Facts { arn: described.arn, key: described.kms_key_id, deleted: described.deleted_date })
}

/// Requirement 36. The value is looked at for its shape and forgotten; it is in no message.
async fn refuse_key_value(client: &Client, secret: &Secret, arn: Option<&str>) -> Result<()> {
    let id = arn.map_or_else(|| secret.arn(), ToOwned::to_owned);
    let value = client.get_secret_value().secret_id(id).send().await;
    let value =
        value.map_err(|error| error::of("secretsmanager:GetSecretValue", error).with("secret", secret.arn()))?;
    if !value.secret_string().is_some_and(is_key_value) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        format!("the secret `{}` is a key/value secret, which the platform can't mount", secret.name),
    )
    .with("secret", secret.arn())
    .hint(
        "store the value as a plaintext secret of its own and name that one; if this JSON is to be mounted as the text that \
         it is, set `force: true` on the resource",
    ))
}

/// Whether a value is what Secrets Manager's console makes of keys and values: an object of texts. JSON that isn't, such as
/// a list or a nested configuration, is plaintext that happens to be JSON.
fn is_key_value(text: &str) -> bool {
    match serde_json::from_str(text) {
        Ok(Value::Object(pairs)) => pairs.values().all(Value::is_string),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AccountId;

    #[test]
    fn what_cant_be_read_any_more_stays_as_the_policies_have_it() {
        let secret = Secret {
            partition: "aws".to_owned(),
            region: "us-west-2".to_owned(),
            account: AccountId::parse("111122223333").expect("account"),
            name: "token".to_owned(),
        };
        let whole = "arn:aws:secretsmanager:us-west-2:111122223333:secret:token-AbCdEf".to_owned();
        let pattern = "arn:aws:secretsmanager:us-west-2:111122223333:secret:token-??????".to_owned();
        let key = Key {
            arn: "arn:aws:kms:us-west-2:111122223333:key/1".to_owned(),
            alias: None,
            region: "us-west-2".to_owned(),
        };
        let granted =
            Granted { arns: [whole.clone()].into_iter().collect(), keys: [key.clone()].into_iter().collect() };
        let asked = |arns, key, notes: Vec<String>| Asked { arns, key, is_missing: false, unreadable: None, notes };
        let denied = || asked(None, None, vec!["denied".to_owned()]);
        let kept = settled(&secret, Some(&granted), denied());
        assert_eq!((kept.arns, kept.keys), (vec![whole.clone()], vec![key.clone()]));
        assert!(kept.notes.iter().any(|note| note.contains("stays as it is")), "{:?}", kept.notes);
        let new = settled(&secret, None, denied());
        assert_eq!((new.arns, new.keys), (vec![pattern], Vec::new()));
        // What was read goes before what was granted.
        let read = asked(Some(vec![whole.clone()]), Some(None), Vec::new());
        let read = settled(&secret, Some(&granted), read);
        assert_eq!((read.arns, read.keys, read.notes), (vec![whole.clone()], Vec::new(), Vec::new()));
        let odd = asked(Some(vec![whole]), None, Vec::new());
        assert_eq!(settled(&secret, Some(&granted), odd).keys, [key]);
    }

    #[test]
    fn requirement_36_json_is_not_yet_key_value() {
        for (value, expected) in [
            (r#"{"user":"ann","password":"x"}"#, true),
            ("{}", true),
            (r#"{"port":5432}"#, false),
            (r#"{"auths":{"ghcr.io":{"auth":"x"}}}"#, false),
            (r#"["a"]"#, false),
            ("hf_token", false),
            ("12", false),
        ] {
            assert_eq!(is_key_value(value), expected, "{value}");
        }
    }
}

//! Secrets: their whole ARNs, and the keys that encrypt them. Their values are nobody's business here.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_secretsmanager::Client;
use cloudgrant_core::{Error, ErrorKind, Note, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;

use crate::error;
use crate::locator::Secret;

/// How many secrets are looked up at a time.
const AT_A_TIME: usize = 8;

/// More secrets than this are looked for in the list of all, which has a hundred a page.
const FEW: usize = 8;

/// The largest page. Source: AWS Secrets Manager API reference, ListSecrets, `MaxResults`.
const PAGE: i32 = 100;

/// A secret as policies need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The whole ARN, or the narrowest pattern where AWS couldn't be asked.
    pub(crate) arn: String,
    /// The customer-managed key, where there is one.
    pub(crate) key: Option<Key>,
    note: Option<String>,
}

/// A customer-managed key as policies name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) arn: String,
    /// A policy can't name an alias as its resource; then every key is the resource, and the alias a condition.
    pub(crate) alias: Option<String>,
    pub(crate) region: String,
}

/// The secrets of a batch, looked up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(HashMap<Secret, Resolved>);

impl Secrets {
    pub(crate) fn get(&self, secret: &Secret) -> Option<Resolved> {
        self.0.get(secret).cloned()
    }

    /// What a reader of the plan should know of a secret.
    pub(crate) fn note(&self, secret: &Secret) -> Option<Note> {
        let message = self.0.get(secret)?.note.clone()?;
        Some(Note::warning(format!("secret {}", secret.name), message))
    }
}

/// Looks secrets up, each once.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    known: Mutex<BTreeMap<Secret, Arc<Resolved>>>,
    asking: tokio::sync::Mutex<()>,
}

impl Lookup {
    pub(crate) async fn all(&self, client: &Client, inspect: bool, wanted: Vec<Secret>) -> Result<Secrets> {
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
                    let resolved = Arc::new(resolve(client, inspect, &secret, facts).await?);
                    let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                    known.insert(secret.clone(), resolved.clone());
                    resolved
                }
            };
            Ok::<_, Error>((secret, (*resolved).clone()))
        });
        Ok(Secrets(looked_up.buffer_unordered(AT_A_TIME).try_collect().await?))
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
            let facts = Facts { arn: entry.arn, key: entry.kms_key_id };
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

async fn resolve(client: &Client, inspect: bool, secret: &Secret, facts: Option<Facts>) -> Result<Resolved> {
    if secret.is_pattern() {
        // Requirement 38.
        let note = "the pattern reaches every secret whose name begins so, those of tomorrow included; \
             name single secrets. Keys of customers can't be told from a pattern: no kms:Decrypt is granted";
        return Ok(Resolved { arn: secret.arn(), key: None, note: Some(note.to_owned()) });
    }
    let facts = match facts {
        Some(facts) => Ok(facts),
        None => describe(client, secret).await,
    };
    let facts = match facts {
        Ok(facts) => facts,
        Err(error) if error.kind() == ErrorKind::AccessDenied => {
            let note = "it couldn't be looked up, as secretsmanager:DescribeSecret is denied: whether it exists, and \
                 whether a customer-managed key encrypts it (then tasks need kms:Decrypt too), is unknown";
            return Ok(Resolved { arn: secret.arn_or_pattern(), key: None, note: Some(note.to_owned()) });
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no secret `{}`", secret.name))
                .with("secret", secret.arn())
                .with("operation", "secretsmanager:DescribeSecret")
                .hint("create it as a plaintext secret, or mend its ARN in the manifest (`aws secretsmanager list-secrets`)"));
        }
        Err(error) => return Err(error.with("secret", secret.arn())),
    };
    if inspect {
        refuse_key_value(client, secret).await?;
    }
    let arn = facts.arn.unwrap_or_else(|| secret.arn_or_pattern());
    Ok(Resolved { arn, key: facts.key.and_then(|id| key(&id, secret)), note: None })
}

async fn describe(client: &Client, secret: &Secret) -> Result<Facts> {
    let described = client.describe_secret().secret_id(secret.arn()).send().await;
    let described = described.map_err(|error| error::of("secretsmanager:DescribeSecret", error))?;
    Ok(Facts { arn: described.arn, key: described.kms_key_id })
}

/// The key, unless it is the one that AWS manages, which needs no grant.
fn key(id: &str, secret: &Secret) -> Option<Key> {
    let alias = id.rsplit_once(":alias/").map(|(_, name)| name).or_else(|| id.strip_prefix("alias/"));
    if alias == Some("aws/secretsmanager") {
        return None;
    }
    let any =
        |resource: &str| format!("arn:{}:kms:{}:{}:key/{resource}", secret.partition, secret.region, secret.account);
    let arn = match alias {
        Some(_) => any("*"),
        None if id.starts_with("arn:") => id.to_owned(),
        None => any(id),
    };
    Some(Key { arn, alias: alias.map(|name| format!("alias/{name}")), region: secret.region.clone() })
}

/// Requirement 36. The value is looked at for its shape and forgotten; it is in no message.
async fn refuse_key_value(client: &Client, secret: &Secret) -> Result<()> {
    let value = client.get_secret_value().secret_id(secret.arn()).send().await;
    let value =
        value.map_err(|error| error::of("secretsmanager:GetSecretValue", error).with("secret", secret.arn()))?;
    let is_key_value =
        value.secret_string().is_some_and(|text| matches!(serde_json::from_str(text), Ok(Value::Object(_))));
    if !is_key_value {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        format!("the secret `{}` is a key/value secret, which the platform can't mount", secret.name),
    )
    .with("secret", secret.arn())
    .hint("store the value as a plaintext secret of its own and name that one"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AccountId;

    #[test]
    fn requirement_37_keys_as_policies_name_them() {
        let secret = Secret {
            partition: "aws".to_owned(),
            region: "us-west-2".to_owned(),
            account: AccountId::parse("111122223333").expect("account"),
            name: "x".to_owned(),
        };
        let arn = |id| key(id, &secret).map(|key| (key.arn, key.alias));
        assert_eq!(arn("alias/aws/secretsmanager"), None);
        assert_eq!(arn("arn:aws:kms:us-west-2:111122223333:alias/aws/secretsmanager"), None);
        let any = "arn:aws:kms:us-west-2:111122223333:key/*".to_owned();
        assert_eq!(arn("arn:aws:kms:us-west-2:111122223333:alias/mine"), Some((any, Some("alias/mine".to_owned()))));
        assert_eq!(arn("1234"), Some(("arn:aws:kms:us-west-2:111122223333:key/1234".to_owned(), None)));
        let other = "arn:aws:kms:us-west-2:444455556666:key/1234";
        assert_eq!(arn(other), Some((other.to_owned(), None)));
    }
}

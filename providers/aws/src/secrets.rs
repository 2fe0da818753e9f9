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
pub(crate) const FEW: usize = 8;

/// The largest page. Source: AWS Secrets Manager API reference, ListSecrets, `MaxResults`.
const PAGE: i32 = 100;

/// A secret as policies need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The whole ARN, or the narrowest patterns where AWS couldn't be asked.
    pub(crate) arns: Vec<String>,
    /// The customer-managed key, where there is one.
    pub(crate) key: Option<Key>,
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
    pub(crate) fn notes(&self, secret: &Secret) -> impl Iterator<Item = Note> {
        let notes = self.0.get(secret).into_iter().flat_map(|resolved| &resolved.notes);
        notes.map(move |message| Note::warning(format!("secret {}", secret.name), message.clone()))
    }
}

/// Looks secrets up, each once.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    known: Mutex<BTreeMap<Secret, Arc<Resolved>>>,
    asking: tokio::sync::Mutex<()>,
}

impl Lookup {
    /// `inspect` says whether a secret's value is looked at (requirement 36).
    pub(crate) async fn all(
        &self,
        client: &Client,
        inspect: &(dyn Fn(&Secret) -> bool + Sync),
        wanted: Vec<Secret>,
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
                    let resolved = Arc::new(resolve(client, inspect(&secret), &secret, facts).await?);
                    let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                    known.insert(secret.clone(), resolved.clone());
                    resolved
                }
            };
            Ok::<_, Error>((secret, (*resolved).clone()))
        });
        Ok(Secrets(looked_up.buffer_unordered(AT_A_TIME).try_collect().await?))
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
        return Ok(Resolved { arns: vec![secret.arn()], key: None, notes: vec![note.to_owned()] });
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
            if secret.looks_whole() {
                notes.push(format!(
                    "whether `{}` is its name or ends in the six characters that AWS adds is unknown as well, so that \
                     either is granted; name it by its whole ARN",
                    secret.name
                ));
            }
            notes.extend(managed_by_another(secret));
            return Ok(Resolved { arns: secret.arns_or_patterns(), key: None, notes });
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
        refuse_key_value(client, secret, facts.arn.as_deref()).await?;
    }
    let arns = facts.arn.map_or_else(|| secret.arns_or_patterns(), |arn| vec![arn]);
    let key = facts.key.and_then(|id| key(&id, secret));
    Ok(Resolved { arns, key, notes: managed_by_another(secret).into_iter().collect() })
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
        // An alias is of the account that its ARN names, as its key is.
        Some(_) if id.starts_with("arn:") => {
            id.split_once(":alias/").map_or_else(|| any("*"), |(of, _)| format!("{of}:key/*"))
        }
        Some(_) => any("*"),
        None if id.starts_with("arn:") => id.to_owned(),
        None => any(id),
    };
    Some(Key { arn, alias: alias.map(|name| format!("alias/{name}")), region: secret.region.clone() })
}

impl Key {
    /// The account that the key is in.
    pub(crate) fn account(&self) -> &str {
        self.arn.split(':').nth(4).unwrap_or_default()
    }
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
        let theirs = "arn:aws:kms:us-west-2:444455556666:key/*".to_owned();
        let alias = Some("alias/mine".to_owned());
        assert_eq!(arn("arn:aws:kms:us-west-2:444455556666:alias/mine"), Some((theirs, alias)));
        let other = "arn:aws:kms:us-west-2:444455556666:key/1234";
        assert_eq!(arn(other), Some((other.to_owned(), None)));
        assert_eq!(key(other, &secret).expect("a key").account(), "444455556666");
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

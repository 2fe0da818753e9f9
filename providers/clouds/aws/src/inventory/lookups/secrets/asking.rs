//! What Secrets Manager answers when it is asked for secrets.

use std::collections::HashMap;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::primitives::{DateTime, DateTimeFormat as Format};
use cloudgrant_core::{Error, ErrorKind, Result};
use serde_json::Value;

use crate::error;
use crate::resources::kinds::secret::Secret;
use crate::resources::kms_key::Key;

/// The largest page. Source: AWS Secrets Manager API reference, ListSecrets, `MaxResults`.
const PAGE: i32 = 100;

/// What AWS says of a secret.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    arn: Option<String>,
    key: Option<String>,
    /// When it will be gone, where it is scheduled for deletion.
    deleted: Option<DateTime>,
}

/// What was found out of a secret: what couldn't be is nothing of which a default could be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// `None` where it isn't known.
    pub(super) arns: Option<Vec<String>>,
    /// `None` where it isn't known; none in it where it takes no grant.
    pub(super) key: Option<Option<Key>>,
    pub(super) is_missing: bool,
    /// Of the notes, the one that says why nobody can read its value.
    pub(super) unreadable: Option<String>,
    /// Of the notes, the one that says that it couldn't be looked up.
    pub(super) unread: Option<String>,
    pub(super) notes: Vec<String>,
}

/// Looks for secrets in the list of all, until they are found or it has cost half of what asking for each would. What
/// it doesn't find, or may not look for, is asked for singly.
pub(super) async fn listed(client: &Client, wanted: &[&Secret]) -> Result<HashMap<Secret, Facts>> {
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

pub(super) async fn resolve(client: &Client, inspect: bool, secret: &Secret, facts: Option<Facts>) -> Result<Asked> {
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
            unread: None,
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
            let why = "it couldn't be looked up, as secretsmanager:DescribeSecret is denied: whether it exists, and \
                       whether a customer-managed key encrypts it (then tasks need kms:Decrypt too), is unknown";
            let notes = std::iter::once(why.to_owned()).chain(managed_by_another(secret)).collect();
            let unread = Some(why.to_owned());
            return Ok(Asked { arns: None, key: None, is_missing: false, unreadable: None, unread, notes });
        }
        // It keeps nobody from taking something else away.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let why = format!("{}, so that task code can't read it: {MISSING}", missing(secret));
            let notes = vec![why.clone()];
            return Ok(Asked { arns: None, key: None, is_missing: true, unreadable: Some(why), unread: None, notes });
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
    Ok(Asked { arns: arn.map(|arn| vec![arn]), key, is_missing: false, unreadable, unread: None, notes })
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

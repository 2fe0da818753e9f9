//! KMS: keys, their policies and whether they can be used; nothing is encrypted. Source: AWS KMS API reference.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::authorization::policy::key;
use crate::partition::Partition;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::json::Params;
use crate::protocol::paging::Paging;
use crate::protocol::pretty::pretty;
use crate::server::auth::Caller;
use crate::state::State;
use crate::state::model::{Document, Key, KeyState};
use crate::state::time::{self, epoch};

/// Carries out an action.
pub(crate) fn call(state: &mut State, caller: &Caller, action: &str, params: &Params) -> Answer<Value> {
    match action {
        "CreateKey" => create(state, caller, params),
        // The one action of these that other accounts may be allowed; a policy for that is not looked at.
        "DescribeKey" => described(state, caller, action, params).map(|key| json!({ "KeyMetadata": show(&key) })),
        "ListKeys" => list(state, caller, params),
        "GetKeyPolicy" => {
            policy_name(params)?;
            let key = find(state, caller, action, params)?;
            Ok(json!({"Policy": state.show(&key.policy), "PolicyName": "default"}))
        }
        "PutKeyPolicy" => {
            policy_name(params)?;
            let mut key = find(state, caller, action, params)?;
            let text = params.required("Policy", VALIDATION)?;
            key.policy = key::check(state, caller, text, params.flag("BypassPolicyLockoutSafetyCheck"))?;
            state.save_key(key).map(|()| json!({}))
        }
        "CreateAlias" => create_alias(state, caller, params),
        "EnableKey" => set_state(state, caller, action, params, KeyState::Enabled).map(|_| json!({})),
        "DisableKey" => set_state(state, caller, action, params, KeyState::Disabled).map(|_| json!({})),
        "ScheduleKeyDeletion" => schedule_deletion(state, caller, params),
        "CancelKeyDeletion" => cancel_deletion(state, caller, params),
        _ => Err(ApiError::new("UnknownOperationException", 400, "")),
    }
}

const VALIDATION: &str = "ValidationException";

/// The resource that a request is about: with an alias, the key behind it. Source: Service Authorization Reference, "Actions,
/// resources, and condition keys for AWS Key Management Service".
pub(crate) fn resource(state: &State, caller: &Caller, params: &Params) -> String {
    let id = params.get("KeyId").or_else(|| params.get("TargetKeyId"));
    if let Some(key) = id.and_then(|id| state.key_of_alias(&caller.account, &caller.region, alias(caller, id)?)) {
        return key.arn();
    }
    match id {
        Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
        Some(id) => key_arn(caller, id),
        None => "*".to_owned(),
    }
}

fn key_arn(caller: &Caller, id: &str) -> String {
    format!("arn:{}:kms:{}:{}:key/{id}", caller.partition.id(), caller.region, caller.account)
}

/// A key has one policy.
fn policy_name(params: &Params) -> Answer<()> {
    match params.get("PolicyName") {
        None | Some("default") => Ok(()),
        Some(_) => Err(ApiError::new("NotFoundException", 400, "No such policy exists")),
    }
}

/// A key by its id or ARN.
fn find(state: &mut State, caller: &Caller, action: &str, params: &Params) -> Answer<Key> {
    let id = params.required("KeyId", VALIDATION)?;
    let missing = |arn: &str| ApiError::new("NotFoundException", 400, format!("Key '{arn}' does not exist"));
    let own = key_arn(caller, "");
    let name = match id.strip_prefix("arn:") {
        None => id,
        Some(rest) => match id.strip_prefix(&own) {
            Some(name) => name,
            None if rest.split(':').nth(3) == Some(caller.account.as_str()) => {
                return Err(ApiError::new("NotFoundException", 400, format!("Invalid arn {}", caller.region)));
            }
            None => return Err(ApiError::denied_by_resource(&caller.arn, &format!("kms:{action}"), id)),
        },
    };
    let key = (caller.region.clone(), name.to_owned());
    let found = state.account_mut(&caller.account).keys.get(&key).cloned();
    found.ok_or_else(|| missing(&format!("{own}{name}")))
}

/// The one read that takes an alias as well, or the ARN of one.
fn described(state: &mut State, caller: &Caller, action: &str, params: &Params) -> Answer<Key> {
    let id = params.required("KeyId", VALIDATION)?;
    let Some(alias) = alias(caller, id) else { return find(state, caller, action, params) };
    let found = state.key_of_alias(&caller.account, &caller.region, alias).cloned();
    let missing = format!("Alias {} is not found.", alias_arn(caller, alias));
    found.ok_or_else(|| ApiError::new("NotFoundException", 400, missing))
}

/// The alias of the caller's account that is named by itself or by its ARN.
fn alias<'a>(caller: &Caller, id: &'a str) -> Option<&'a str> {
    let name = id.strip_prefix(&alias_arn(caller, "")).unwrap_or(id);
    name.starts_with("alias/").then_some(name)
}

fn alias_arn(caller: &Caller, alias: &str) -> String {
    format!("arn:{}:kms:{}:{}:{alias}", caller.partition.id(), caller.region, caller.account)
}

fn create_alias(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let alias = params.required("AliasName", VALIDATION)?;
    if !alias.starts_with("alias/") || alias.starts_with("alias/aws/") {
        return Err(ApiError::new(
            "InvalidAliasNameException",
            400,
            "Alias must start with alias/ and not with alias/aws/",
        ));
    }
    if state.key_of_alias(&caller.account, &caller.region, alias).is_some() {
        let message = format!("An alias with the name {} already exists", alias_arn(caller, alias));
        return Err(ApiError::new("AlreadyExistsException", 400, message));
    }
    // It takes the key's own name alone.
    let target = params.required("TargetKeyId", VALIDATION)?;
    let key = (caller.region.clone(), target.rsplit('/').next().unwrap_or(target).to_owned());
    let found = state.account_mut(&caller.account).keys.get(&key).cloned();
    let missing = || ApiError::new("NotFoundException", 400, format!("Key '{target}' does not exist"));
    let mut key = found.ok_or_else(missing)?;
    key.aliases.insert(alias.to_owned());
    state.save_key(key).map(|()| json!({}))
}

/// Source: AWS KMS developer guide, "Key states of AWS KMS keys": a key that is to be deleted is only described and kept from that.
fn set_state(state: &mut State, caller: &Caller, action: &str, params: &Params, to: KeyState) -> Answer<Key> {
    let mut key = find(state, caller, action, params)?;
    if let KeyState::PendingDeletion(_) = key.state {
        return Err(invalid_state(&key));
    }
    key.state = to;
    state.save_key(key.clone()).map(|()| key)
}

fn invalid_state(key: &Key) -> ApiError {
    let what = match key.state {
        KeyState::PendingDeletion(_) => "is pending deletion.",
        KeyState::Enabled | KeyState::Disabled => "is not pending deletion.",
    };
    ApiError::new("KMSInvalidStateException", 400, format!("{} {what}", key.arn()))
}

/// Source: AWS KMS API reference, ScheduleKeyDeletion, `PendingWindowInDays`: 7 to 30, and 30 unless it is said.
fn schedule_deletion(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    const DAY: u64 = 24 * 60 * 60 * 1_000;
    let days = params.number("PendingWindowInDays").unwrap_or(30);
    let days = u64::try_from(days).ok().filter(|days| (7..=30).contains(days));
    let days = days.ok_or_else(|| ApiError::new(VALIDATION, 400, "PendingWindowInDays is from 7 to 30"))?;
    let at = time::now() + days * DAY;
    let key = set_state(state, caller, "ScheduleKeyDeletion", params, KeyState::PendingDeletion(at))?;
    Ok(json!({
        "KeyId": key.arn(), "KeyState": key.state.name(), "DeletionDate": epoch(at), "PendingWindowInDays": days,
    }))
}

fn cancel_deletion(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let mut key = find(state, caller, "CancelKeyDeletion", params)?;
    let KeyState::PendingDeletion(_) = key.state else { return Err(invalid_state(&key)) };
    key.state = KeyState::Disabled;
    let answer = json!({ "KeyId": key.arn() });
    state.save_key(key).map(|()| answer)
}

fn create(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let id = state.ids.uuid();
    let mut key = new(&caller.account, &caller.region, &id);
    key.description = params.get("Description").unwrap_or_default().to_owned();
    if let Some(text) = params.get("Policy") {
        key.policy = key::check(state, caller, text, params.flag("BypassPolicyLockoutSafetyCheck"))?;
    }
    let answer = json!({ "KeyMetadata": show(&key) });
    state.save_key(key)?;
    Ok(answer)
}

/// The keys of a region, by id. Source: AWS KMS API reference, ListKeys, `Limit`: 100 unless it is said, at most 1,000.
fn list(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let paging = Paging::json(params.number("Limit"), (100, 1000), params.get("Marker"), "InvalidMarkerException")?;
    let keys = state.account_mut(&caller.account).keys.iter();
    let here = keys.filter(|((region, _), _)| *region == caller.region);
    let page = paging.cut(here.map(|((_, id), key)| (id.clone(), json!({ "KeyId": id, "KeyArn": key.arn() }))));
    let mut answer = json!({ "Keys": page.items, "Truncated": page.marker.is_some() });
    if let Some(marker) = page.marker {
        answer["NextMarker"] = marker.into();
    }
    Ok(answer)
}

/// A key with the policy that KMS gives it where nobody says another: the account's administrators decide.
pub(crate) fn new(account: &str, region: &str, id: &str) -> Key {
    let partition = Partition::of_region(region).id();
    let policy = json!({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [{
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:{partition}:iam::{account}:root")},
        "Action": "kms:*",
        "Resource": "*",
    }]});
    Key {
        account: account.to_owned(),
        region: region.to_owned(),
        id: id.to_owned(),
        created: time::now(),
        description: String::new(),
        policy: Document { text: pretty(&policy), ..Document::default() },
        state: KeyState::default(),
        aliases: BTreeSet::new(),
    }
}

fn show(key: &Key) -> Value {
    let mut metadata = json!({
        "AWSAccountId": key.account,
        "KeyId": key.id,
        "Arn": key.arn(),
        "CreationDate": epoch(key.created),
        "Enabled": key.state == KeyState::Enabled,
        "Description": key.description,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": key.state.name(),
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": false,
    });
    if let KeyState::PendingDeletion(at) = key.state {
        metadata["DeletionDate"] = epoch(at).into();
    }
    metadata
}

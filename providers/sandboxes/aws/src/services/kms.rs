//! KMS: keys and their policies; nothing is encrypted. Source: AWS KMS API reference.

use serde_json::{Value, json};

use crate::authorization::policy::key;
use crate::partition::Partition;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::json::Params;
use crate::protocol::paging::Paging;
use crate::protocol::pretty::pretty;
use crate::server::auth::Caller;
use crate::state::State;
use crate::state::model::{Document, Key};
use crate::state::time::{self, epoch};

/// Carries out an action.
pub(crate) fn call(state: &mut State, caller: &Caller, action: &str, params: &Params) -> Answer<Value> {
    match action {
        "CreateKey" => create(state, caller, params),
        // The one action of these that other accounts may be allowed; a policy for that is not looked at.
        "DescribeKey" => find(state, caller, action, params).map(|key| json!({ "KeyMetadata": show(&key) })),
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
        _ => Err(ApiError::new("UnknownOperationException", 400, "")),
    }
}

const VALIDATION: &str = "ValidationException";

/// The resource that a request is about, for the text of a denial.
pub(crate) fn resource(caller: &Caller, params: &Params) -> String {
    match params.get("KeyId") {
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
    }
}

fn show(key: &Key) -> Value {
    json!({
        "AWSAccountId": key.account,
        "KeyId": key.id,
        "Arn": key.arn(),
        "CreationDate": epoch(key.created),
        "Enabled": true,
        "Description": key.description,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": false,
    })
}

//! Secrets Manager. Source: Secrets Manager API reference.

use serde_json::{Map, Value, json};

use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::json::{self, Params};
use crate::protocol::paging::Paging;
use crate::server::auth::Caller;
use crate::state::State;
use crate::state::model::{Secret, SecretVersion, Tags};
use crate::state::time::{self, epoch};

const BAD_PARAMETER: &str = "InvalidParameterException";
const BAD_REQUEST: &str = "InvalidRequestException";
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";
const DAY: u64 = 86_400_000;

/// Carries out an action.
pub(crate) fn call(state: &mut State, caller: &Caller, action: &str, params: &Params) -> Answer<Value> {
    let find = |state: &mut State| find(state, caller, action, params.required("SecretId", BAD_PARAMETER)?);
    match action {
        "CreateSecret" => create(state, caller, params),
        "DescribeSecret" => find(state).map(|secret| describe(&secret)),
        "GetSecretValue" => get_value(&live(find(state)?)?, params),
        "PutSecretValue" => {
            let secret = live(find(state)?)?;
            put_value(state, secret, params)
        }
        "ListSecrets" => list(state, caller, params),
        "DeleteSecret" => {
            let secret = find(state)?;
            delete(state, secret, params)
        }
        "RestoreSecret" => {
            let mut secret = find(state)?;
            secret.deleted = None;
            let answer = json!({"ARN": secret.arn(), "Name": secret.name});
            state.save_secret(secret).map(|()| answer)
        }
        // Nobody sets one here, and absence is an answer without a policy.
        "GetResourcePolicy" => find(state).map(|secret| json!({"ARN": secret.arn(), "Name": secret.name})),
        "TagResource" => {
            let mut secret = live(find(state)?)?;
            secret.tags.extend(params.tags("Tags"));
            state.save_secret(secret).map(|()| json!({}))
        }
        "UntagResource" => {
            let mut secret = live(find(state)?)?;
            let keys = params.texts("TagKeys").unwrap_or_default();
            secret.tags.retain(|key, _| !keys.contains(key));
            state.save_secret(secret).map(|()| json!({}))
        }
        _ => Err(ApiError::new("UnknownOperationException", 400, "")),
    }
}

/// The resource that a request is about, for the text of a denial.
pub(crate) fn resource(caller: &Caller, params: &Params) -> String {
    match params.get("SecretId").or_else(|| params.get("Name")) {
        Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
        Some(name) => {
            format!("arn:{}:secretsmanager:{}:{}:secret:{name}", caller.partition.id(), caller.region, caller.account)
        }
        None => "*".to_owned(),
    }
}

fn not_found() -> ApiError {
    ApiError::new("ResourceNotFoundException", 400, "Secrets Manager can't find the specified secret.")
}

/// A secret by its name, its ARN, or its ARN without the six characters.
fn find(state: &mut State, caller: &Caller, action: &str, id: &str) -> Answer<Secret> {
    let name = match id.starts_with("arn:") {
        false => id,
        true => {
            let parts = caller.partition.split(id);
            let Some((region, account, name)) = parts.and_then(|[service, region, account, resource]| {
                let name = resource.strip_prefix("secret:")?;
                (service == "secretsmanager").then_some((region, account, name))
            }) else {
                return Err(ApiError::new(
                    "ValidationException",
                    400,
                    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
                ));
            };
            if account != caller.account {
                return Err(ApiError::denied_by_resource(&caller.arn, &format!("secretsmanager:{action}"), id));
            }
            if region != caller.region {
                return Err(not_found());
            }
            name
        }
    };
    let secrets = &state.account_mut(&caller.account).secrets;
    let get = |name: &str| secrets.get(&(caller.region.clone(), name.to_owned()));
    let whole = || {
        let (name, _) = name.rsplit_once('-')?;
        get(name).filter(|secret| secret.arn() == id)
    };
    // In an ARN, what looks like the six characters is taken for them. Source: API reference, DescribeSecret, `SecretId`.
    let looks_whole =
        name.rsplit_once('-').is_some_and(|(_, end)| end.len() == 6 && end.bytes().all(|b| b.is_ascii_alphanumeric()));
    let found = match (id.starts_with("arn:"), looks_whole) {
        (true, true) => whole(),
        (true, false) | (false, _) => get(name),
    };
    found.cloned().ok_or_else(not_found)
}

fn live(secret: Secret) -> Answer<Secret> {
    if secret.deleted.is_some() {
        return Err(ApiError::new(
            BAD_REQUEST,
            400,
            "You can't perform this operation on the secret because it was marked for deletion.",
        ));
    }
    Ok(secret)
}

fn create(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let name = params.required("Name", BAD_PARAMETER)?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-/_+=.@!".contains(&b);
    if name.is_empty() || name.len() > 512 || !name.bytes().all(fits) {
        return Err(ApiError::new(
            "ValidationException",
            400,
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        ));
    }
    let key = (caller.region.clone(), name.to_owned());
    if let Some(secret) = state.account_mut(&caller.account).secrets.get(&key) {
        return Err(match secret.deleted {
            Some(_) => ApiError::new(
                BAD_REQUEST,
                400,
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            ),
            None => ApiError::new(
                "ResourceExistsException",
                400,
                format!("The operation failed because the secret {name} already exists."),
            ),
        });
    }
    let suffix = state.ids.secret_suffix();
    let mut secret = new(&caller.account, &caller.region, name, &suffix);
    secret.description = params.get("Description").map(str::to_owned);
    secret.kms_key = params.get("KmsKeyId").map(str::to_owned);
    secret.tags = params.tags("Tags").into_iter().collect();
    let version = version(state, params)?;
    let mut answer = json!({"ARN": secret.arn(), "Name": secret.name});
    if let Some(version) = version {
        answer["VersionId"] = version.id.as_str().into();
        secret.versions.push(version);
    }
    state.save_secret(secret)?;
    Ok(answer)
}

/// A secret without a value.
pub(crate) fn new(account: &str, region: &str, name: &str, suffix: &str) -> Secret {
    let now = time::now();
    Secret {
        account: account.to_owned(),
        region: region.to_owned(),
        name: name.to_owned(),
        suffix: suffix.to_owned(),
        description: None,
        kms_key: None,
        created: now,
        changed: now,
        deleted: None,
        tags: Tags::new(),
        versions: Vec::new(),
    }
}

/// The version that a request carries, current from now on.
fn version(state: &mut State, params: &Params) -> Answer<Option<SecretVersion>> {
    let (text, binary) = (params.get("SecretString"), params.get("SecretBinary"));
    if text.is_some() && binary.is_some() {
        return Err(ApiError::new(
            BAD_PARAMETER,
            400,
            "You can't specify both a binary secret value and a string secret value in the same secret.",
        ));
    }
    if text.or(binary).is_none() {
        return Ok(None);
    }
    if text.or(binary).is_some_and(|value| value.len() > 65_536) {
        return Err(ApiError::new(
            "ValidationException",
            400,
            "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536",
        ));
    }
    Ok(Some(SecretVersion {
        id: params.get("ClientRequestToken").map_or_else(|| state.ids.uuid(), str::to_owned),
        created: time::now(),
        stages: vec![CURRENT.to_owned()],
        text: text.map(str::to_owned),
        binary: binary.map(str::to_owned),
    }))
}

fn put_value(state: &mut State, mut secret: Secret, params: &Params) -> Answer<Value> {
    let version = version(state, params)?
        .ok_or_else(|| ApiError::new(BAD_REQUEST, 400, "You must provide either SecretString or SecretBinary."))?;
    if let Some(same) = secret.versions.iter().find(|known| known.id == version.id) {
        if same.text == version.text && same.binary == version.binary {
            return Ok(put_answer(&secret, same));
        }
        return Err(ApiError::new(
            "ResourceExistsException",
            400,
            "You can't use ClientRequestToken with a different value, because a version with this token already exists.",
        ));
    }
    for known in &mut secret.versions {
        let was_current = known.stages.iter().any(|stage| stage == CURRENT);
        known.stages = if was_current { vec![PREVIOUS.to_owned()] } else { Vec::new() };
    }
    // Versions without a label are deleted sooner or later; here it is sooner.
    secret.versions.retain(|known| !known.stages.is_empty());
    secret.changed = time::now();
    let answer = put_answer(&secret, &version);
    secret.versions.push(version);
    state.save_secret(secret)?;
    Ok(answer)
}

fn put_answer(secret: &Secret, version: &SecretVersion) -> Value {
    json!({"ARN": secret.arn(), "Name": secret.name, "VersionId": version.id, "VersionStages": version.stages})
}

fn get_value(secret: &Secret, params: &Params) -> Answer<Value> {
    let stage = params.get("VersionStage").unwrap_or(CURRENT);
    let id = params.get("VersionId");
    let version = secret.versions.iter().find(|version| match id {
        Some(id) => version.id == id,
        None => version.stages.iter().any(|known| known == stage),
    });
    let version = version.ok_or_else(|| {
        let which = id.map_or_else(|| format!("staging label: {stage}"), |id| format!("VersionId: {id}"));
        ApiError::new(
            "ResourceNotFoundException",
            400,
            format!("Secrets Manager can't find the specified secret value for {which}"),
        )
    })?;
    let mut answer = put_answer(secret, version);
    answer["CreatedDate"] = epoch(version.created).into();
    if let Some(text) = &version.text {
        answer["SecretString"] = text.as_str().into();
    }
    if let Some(binary) = &version.binary {
        answer["SecretBinary"] = binary.as_str().into();
    }
    Ok(answer)
}

fn describe(secret: &Secret) -> Value {
    let mut answer = listed(secret);
    answer.remove("SecretVersionsToStages");
    answer.insert("VersionIdsToStages".to_owned(), stages(secret));
    Value::Object(answer)
}

fn stages(secret: &Secret) -> Value {
    let stages: Map<String, Value> =
        secret.versions.iter().map(|version| (version.id.clone(), json!(version.stages))).collect();
    Value::Object(stages)
}

fn listed(secret: &Secret) -> Map<String, Value> {
    let mut answer = Map::new();
    let mut put = |name: &str, value: Value| answer.insert(name.to_owned(), value);
    put("ARN", secret.arn().into());
    put("Name", secret.name.as_str().into());
    put("CreatedDate", epoch(secret.created).into());
    put("LastChangedDate", epoch(secret.changed).into());
    put("Tags", json::tags(&secret.tags));
    put("SecretVersionsToStages", stages(secret));
    if let Some(description) = &secret.description {
        put("Description", description.as_str().into());
    }
    if let Some(key) = &secret.kms_key {
        put("KmsKeyId", key.as_str().into());
    }
    if let Some((_, due)) = secret.deleted {
        put("DeletedDate", epoch(due).into());
    }
    answer
}

fn list(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let paging = Paging::json(params.number("MaxResults"), (100, 100), params.get("NextToken"), BAD_PARAMETER)?;
    let with_deleted = params.flag("IncludePlannedDeletion");
    let account = state.account_mut(&caller.account);
    let found = account
        .secrets
        .iter()
        .filter(|((region, _), secret)| *region == caller.region && (with_deleted || secret.deleted.is_none()))
        .map(|((_, name), secret)| (name.clone(), secret));
    let page = paging.cut(found);
    let secrets: Vec<Value> = page.items.into_iter().map(|secret| Value::Object(listed(secret))).collect();
    let mut answer = json!({"SecretList": secrets});
    if let Some(token) = page.marker {
        answer["NextToken"] = token.into();
    }
    Ok(answer)
}

fn delete(state: &mut State, secret: Secret, params: &Params) -> Answer<Value> {
    let (force, days) = (params.flag("ForceDeleteWithoutRecovery"), params.number("RecoveryWindowInDays"));
    if force && days.is_some() {
        return Err(ApiError::new(
            BAD_PARAMETER,
            400,
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    let now = time::now();
    if force {
        state.remove_secret(&secret)?;
        return Ok(json!({"ARN": secret.arn(), "Name": secret.name, "DeletionDate": epoch(now)}));
    }
    let days = days.unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(ApiError::new(
            BAD_PARAMETER,
            400,
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        ));
    }
    let mut secret = live(secret)?;
    let due = now + days.unsigned_abs() * DAY;
    secret.deleted = Some((now, due));
    let answer = json!({"ARN": secret.arn(), "Name": secret.name, "DeletionDate": epoch(due)});
    state.save_secret(secret)?;
    Ok(answer)
}

//! ECR: repositories and their policies. Source: ECR API reference.

mod pull_through;

use serde_json::{Value, json};

use crate::authorization::policy::repository;
use crate::partition::Partition;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::json::{self, Params};
use crate::protocol::paging::Paging;
use crate::server::auth::Caller;
use crate::state::State;
use crate::state::model::{Repository, Tags};
use crate::state::time::{self, epoch};

const BAD_PARAMETER: &str = "InvalidParameterException";

/// Carries out an action.
pub(crate) fn call(state: &mut State, caller: &Caller, action: &str, params: &Params) -> Answer<Value> {
    if let Some(registry) = params.get("registryId").filter(|registry| *registry != caller.account) {
        // Only a policy on the repository or registry could allow this, and the sandbox knows none that names callers.
        return Err(ApiError::denied_by_resource(
            &caller.arn,
            &format!("ecr:{action}"),
            &repository_arn(caller, registry, params.get("repositoryName").unwrap_or("*")),
        ));
    }
    match action {
        "CreateRepository" => create(state, caller, params),
        "DescribeRepositories" => describe(state, caller, params),
        "DeleteRepository" => delete(state, caller, params),
        "CreatePullThroughCacheRule" => pull_through::create(state, caller, params),
        "DescribePullThroughCacheRules" => pull_through::describe(state, caller, params),
        "DeletePullThroughCacheRule" => pull_through::delete(state, caller, params),
        "GetRepositoryPolicy" => get_policy(state, caller, params),
        "SetRepositoryPolicy" => set_policy(state, caller, params),
        "DeleteRepositoryPolicy" => delete_policy(state, caller, params),
        "ListTagsForResource" => {
            by_arn(state, caller, params).map(|repository| json!({"tags": json::tags(&repository.tags)}))
        }
        "TagResource" => {
            let mut repository = by_arn(state, caller, params)?;
            repository.tags.extend(check_tags(params.tags("tags"))?);
            state.save_repository(repository).map(|()| json!({}))
        }
        "UntagResource" => {
            let mut repository = by_arn(state, caller, params)?;
            let keys = params.texts("tagKeys").unwrap_or_default();
            repository.tags.retain(|key, _| !keys.contains(key));
            state.save_repository(repository).map(|()| json!({}))
        }
        _ => Err(ApiError::new("UnknownOperationException", 400, "")),
    }
}

/// The resources that a request is about: each has to be allowed.
pub(crate) fn resources(caller: &Caller, params: &Params) -> Vec<String> {
    let arn = |name: &str| repository_arn(caller, &caller.account, name);
    match (params.get("repositoryName"), params.texts("repositoryNames"), params.get("resourceArn")) {
        (Some(name), ..) => vec![arn(name)],
        (None, Some(names), _) if !names.is_empty() => names.iter().map(|name| arn(name)).collect(),
        (None, _, Some(arn)) => vec![arn.to_owned()],
        (None, _, None) => vec!["*".to_owned()],
    }
}

fn repository_arn(caller: &Caller, account: &str, name: &str) -> String {
    format!("arn:{}:ecr:{}:{account}:repository/{name}", caller.partition.id(), caller.region)
}

/// `(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*`, 2 to 256 characters.
fn check_name(name: &str) -> Answer<()> {
    let word = |word: &str| {
        word.split(['.', '_', '-'])
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
    };
    if (2..=256).contains(&name.len()) && name.split('/').all(word) {
        return Ok(());
    }
    Err(ApiError::new(
        BAD_PARAMETER,
        400,
        "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression \
         '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*''",
    ))
}

fn check_tags(tags: Vec<(String, String)>) -> Answer<Tags> {
    if tags.len() > 50 {
        return Err(ApiError::new("TooManyTagsException", 400, "The number of tags has reached the maximum limit."));
    }
    Ok(tags.into_iter().collect())
}

fn find<'a>(state: &'a mut State, caller: &Caller, name: &str) -> Answer<&'a Repository> {
    check_name(name)?;
    let key = (caller.region.clone(), name.to_owned());
    state.account_mut(&caller.account).repositories.get(&key).ok_or_else(|| {
        ApiError::new(
            "RepositoryNotFoundException",
            400,
            format!("The repository with name '{name}' does not exist in the registry with id '{}'", caller.account),
        )
    })
}

fn by_name(state: &mut State, caller: &Caller, params: &Params) -> Answer<Repository> {
    find(state, caller, params.required("repositoryName", BAD_PARAMETER)?).cloned()
}

fn by_arn(state: &mut State, caller: &Caller, params: &Params) -> Answer<Repository> {
    let arn = params.required("resourceArn", BAD_PARAMETER)?;
    let Some(name) = arn.strip_prefix(&repository_arn(caller, &caller.account, "")) else {
        return Err(ApiError::new(
            BAD_PARAMETER,
            400,
            "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'",
        ));
    };
    find(state, caller, name).cloned()
}

fn create(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let name = params.required("repositoryName", BAD_PARAMETER)?;
    check_name(name)?;
    let key = (caller.region.clone(), name.to_owned());
    if state.account_mut(&caller.account).repositories.contains_key(&key) {
        return Err(ApiError::new(
            "RepositoryAlreadyExistsException",
            400,
            format!("The repository with name '{name}' already exists in the registry with id '{}'", caller.account),
        ));
    }
    let scan =
        params.value("imageScanningConfiguration").and_then(|scan| scan.get("scanOnPush")).and_then(Value::as_bool);
    let mut repository = new(&caller.account, &caller.region, name);
    repository.tags = check_tags(params.tags("tags"))?;
    repository.scan_on_push = scan.unwrap_or(false);
    if let Some(mutability) = params.get("imageTagMutability") {
        mutability.clone_into(&mut repository.mutability);
    }
    if let Some(encryption) = params.value("encryptionConfiguration") {
        repository.encryption = encryption.clone();
    }
    let answer = json!({"repository": show(&repository)});
    state.save_repository(repository)?;
    Ok(answer)
}

/// A repository with ECR's defaults.
pub(crate) fn new(account: &str, region: &str, name: &str) -> Repository {
    Repository {
        account: account.to_owned(),
        region: region.to_owned(),
        name: name.to_owned(),
        created: time::now(),
        policy: None,
        tags: Tags::new(),
        mutability: "MUTABLE".to_owned(),
        scan_on_push: false,
        encryption: json!({"encryptionType": "AES256"}),
    }
}

fn show(repository: &Repository) -> Value {
    let suffix = Partition::of_region(&repository.region).dns_suffix();
    json!({
        "repositoryArn": repository.arn(),
        "registryId": repository.account,
        "repositoryName": repository.name,
        "repositoryUri": format!("{}.dkr.ecr.{}.{}/{}", repository.account, repository.region, suffix, repository.name),
        "createdAt": epoch(repository.created),
        "imageTagMutability": repository.mutability,
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
        "encryptionConfiguration": repository.encryption,
    })
}

fn describe(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    if let Some(names) = params.texts("repositoryNames") {
        if !(1..=100).contains(&names.len()) {
            let (bound, limit) = if names.is_empty() { ("greater", 1) } else { ("less", 100) };
            let message = format!(
                "Invalid parameter at 'repositoryNames' failed to satisfy constraint: 'Member must have length {bound} than \
                 or equal to {limit}'"
            );
            return Err(ApiError::new(BAD_PARAMETER, 400, message));
        }
        // Neither can be used where repositories are named.
        if let Some(other) = ["maxResults", "nextToken"].into_iter().find(|other| params.value(other).is_some()) {
            let message = format!(
                "Invalid parameter at '{other}' failed to satisfy constraint: 'must be null when repositoryNames is specified'"
            );
            return Err(ApiError::new(BAD_PARAMETER, 400, message));
        }
        let mut repositories = Vec::with_capacity(names.len());
        for name in names {
            repositories.push(show(find(state, caller, &name)?));
        }
        return Ok(json!({"repositories": repositories}));
    }
    let paging = Paging::json(params.number("maxResults"), (100, 1000), params.get("nextToken"), BAD_PARAMETER)?;
    let account = state.account_mut(&caller.account);
    let of_region = account.repositories.iter().filter(|((region, _), _)| *region == caller.region);
    let page = paging.cut(of_region.map(|((_, name), repository)| (name.clone(), show(repository))));
    let mut answer = json!({"repositories": page.items});
    if let Some(token) = page.marker {
        answer["nextToken"] = token.into();
    }
    Ok(answer)
}

fn delete(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    // There are no images, so `force` never matters.
    let repository = by_name(state, caller, params)?;
    state.remove_repository(&repository)?;
    Ok(json!({"repository": show(&repository)}))
}

fn get_policy(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let repository = by_name(state, caller, params)?;
    let policy = repository.policy.as_ref().ok_or_else(|| no_policy(&repository))?;
    Ok(policy_answer(&repository, &state.show(policy)))
}

fn set_policy(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let text = params.required("policyText", BAD_PARAMETER)?;
    let mut repository = by_name(state, caller, params)?;
    let quota = state.quotas.repository_policy_size();
    if text.chars().count() as u64 > quota {
        return Err(ApiError::new(
            BAD_PARAMETER,
            400,
            format!(
                "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Member must have length less than or equal \
                 to {quota}'"
            ),
        ));
    }
    let document = repository::check(state, text)?;
    let answer = policy_answer(&repository, &document.text);
    repository.policy = Some(document);
    state.save_repository(repository)?;
    Ok(answer)
}

fn delete_policy(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let mut repository = by_name(state, caller, params)?;
    let policy = repository.policy.take().ok_or_else(|| no_policy(&repository))?;
    let answer = policy_answer(&repository, &state.show(&policy));
    state.save_repository(repository)?;
    Ok(answer)
}

fn policy_answer(repository: &Repository, text: &str) -> Value {
    json!({"registryId": repository.account, "repositoryName": repository.name, "policyText": text})
}

fn no_policy(repository: &Repository) -> ApiError {
    ApiError::new(
        "RepositoryPolicyNotFoundException",
        400,
        format!(
            "Repository policy does not exist for the repository with name '{}' in the registry with id '{}'",
            repository.name, repository.account
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, good) in [
            ("team/trainer", true),
            ("a-b.c_d/e", true),
            ("a", false),
            ("Team", false),
            ("a//b", false),
            ("a--b", false),
            ("/ab", false),
        ] {
            assert_eq!(check_name(name).is_ok(), good, "{name}");
        }
    }
}

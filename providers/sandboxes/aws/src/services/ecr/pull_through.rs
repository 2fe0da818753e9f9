//! ECR's pull-through cache rules. Source: ECR API reference.

use serde_json::{Value, json};

use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::json::Params;
use crate::protocol::paging::Paging;
use crate::server::auth::Caller;
use crate::state::State;
use crate::state::model::PullThroughRule;
use crate::state::time::{self, epoch};

const BAD_PARAMETER: &str = "InvalidParameterException";

/// `CreatePullThroughCacheRule`.
pub(crate) fn create(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let prefix = params.required("ecrRepositoryPrefix", BAD_PARAMETER)?;
    let upstream = params.required("upstreamRegistryUrl", BAD_PARAMETER)?;
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
    if prefix != "ROOT" && (!(2..=30).contains(&prefix.len()) || !prefix.chars().all(fine)) {
        let message = "Invalid parameter at 'ecrRepositoryPrefix' failed to satisfy constraint";
        return Err(ApiError::new(BAD_PARAMETER, 400, message));
    }
    let key = (caller.region.clone(), prefix.to_owned());
    if state.account_mut(&caller.account).pull_through.contains_key(&key) {
        let message = format!("A pull through cache rule with prefix '{prefix}' already exists in the registry");
        return Err(ApiError::new("PullThroughCacheRuleAlreadyExistsException", 400, message));
    }
    let rule = PullThroughRule {
        account: caller.account.clone(),
        region: caller.region.clone(),
        prefix: prefix.to_owned(),
        upstream: upstream.to_owned(),
        created: time::now(),
    };
    let answer = show(&rule);
    state.save_pull_through(rule)?;
    Ok(answer)
}

/// `DescribePullThroughCacheRules`.
pub(crate) fn describe(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let wanted = params.texts("ecrRepositoryPrefixes");
    let account = state.account_mut(&caller.account);
    if let Some(prefix) = wanted
        .iter()
        .flatten()
        .find(|prefix| !account.pull_through.contains_key(&(caller.region.clone(), prefix.to_string())))
    {
        let message = format!("The pull through cache rule with prefix '{prefix}' does not exist in the registry");
        return Err(ApiError::new("PullThroughCacheRuleNotFoundException", 400, message));
    }
    let is_wanted = |prefix: &String| wanted.as_ref().is_none_or(|wanted| wanted.contains(prefix));
    let paging = Paging::json(params.number("maxResults"), (100, 1000), params.get("nextToken"), BAD_PARAMETER)?;
    let found =
        account.pull_through.iter().filter(|((region, prefix), _)| *region == caller.region && is_wanted(prefix));
    let page = paging.cut(found.map(|((_, prefix), rule)| (prefix.clone(), show(rule))));
    let mut answer = json!({"pullThroughCacheRules": page.items});
    if let Some(token) = page.marker {
        answer["nextToken"] = token.into();
    }
    Ok(answer)
}

/// `DeletePullThroughCacheRule`.
pub(crate) fn delete(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let prefix = params.required("ecrRepositoryPrefix", BAD_PARAMETER)?;
    let key = (caller.region.clone(), prefix.to_owned());
    let rule = state.account_mut(&caller.account).pull_through.get(&key).cloned().ok_or_else(|| {
        let message = format!("The pull through cache rule with prefix '{prefix}' does not exist in the registry");
        ApiError::new("PullThroughCacheRuleNotFoundException", 400, message)
    })?;
    state.remove_pull_through(&rule)?;
    Ok(show(&rule))
}

fn show(rule: &PullThroughRule) -> Value {
    json!({
        "ecrRepositoryPrefix": rule.prefix,
        "upstreamRegistryUrl": rule.upstream,
        "registryId": rule.account,
        "createdAt": epoch(rule.created),
    })
}

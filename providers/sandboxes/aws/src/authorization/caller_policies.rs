//! The identity policies of whoever calls, where a test gives them some: `POST /_sandbox/allow` with
//! `{"ACCOUNT": POLICY}`. An account without one may do everything, as ever.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cloudgrant_sandbox_kit::wildcard::matches;
use serde_json::{Map, Value};

use crate::authorization::policy::statement::texts;
use crate::protocol::json::Params;
use crate::protocol::query::Query;
use crate::server::auth::Caller;
use crate::services::eks;
use crate::state::State;
use crate::state::model::Tags;

/// What conditions look at: the parameters of a request, in whichever form its service takes them.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) query: &'a Query,
    pub(crate) params: &'a Params,
    /// The service to which a role is passed.
    pub(crate) passed_to: Option<&'a str>,
}

/// The policies, by account.
#[derive(Debug, Default)]
pub(crate) struct Allowed(Mutex<BTreeMap<String, Value>>);

impl Allowed {
    /// In place of those before.
    pub(crate) fn set(&self, policies: BTreeMap<String, Value>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = policies;
    }

    /// Whether the caller may do this. Source: IAM user guide, "Policy evaluation logic": what no statement allows is
    /// denied. `sts:GetCallerIdentity` needs no permission.
    pub(crate) fn admits(&self, state: &State, caller: &Caller, action: &str, sent: &Sent<'_>, resource: &str) -> bool {
        let policies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(policy) = policies.get(&caller.account).filter(|_| action != "sts:GetCallerIdentity") else {
            return true;
        };
        let resource = whole(state, caller, action, resource);
        let tags = if action.starts_with("eks:") { eks::tags_of(state, &caller.account, &resource) } else { None };
        let statements = policy["Statement"].as_array().into_iter().flatten().filter_map(Value::as_object);
        let mut allows = statements.filter(|statement| statement.get("Effect").is_some_and(|effect| effect == "Allow"));
        allows.any(|statement| {
            fits(statement, "Action", action) && fits(statement, "Resource", &resource) && holds(statement, sent, tags)
        })
    }
}

/// The resource as policies name it.
fn whole(state: &State, caller: &Caller, action: &str, resource: &str) -> String {
    let account = &caller.account;
    if action.starts_with("secretsmanager:") {
        // However a secret is asked for, policies name it by its whole ARN.
        let mut secrets = state.accounts.get(account).into_iter().flat_map(|account| account.secrets.values());
        let found = secrets.find(|secret| secret.partial_arn() == resource);
        return found.map_or_else(|| resource.to_owned(), |secret| secret.arn());
    }
    match resource {
        "*" if action.starts_with("ecr:Describe") => {
            format!("arn:{}:ecr:{}:{account}:repository/*", caller.partition.id(), caller.region)
        }
        resource => resource.to_owned(),
    }
}

fn fits(statement: &Map<String, Value>, key: &str, text: &str) -> bool {
    let patterns = statement.get(key).and_then(texts).unwrap_or_default();
    patterns.iter().any(|pattern| matches(pattern, text))
}

/// Whether the conditions hold: of them, `ArnLike` on `iam:PolicyARN` and on `iam:PermissionsBoundary`, `BoolIfExists` on
/// `kms:BypassPolicyLockoutSafetyCheck`, and `StringEquals` on `iam:PassedToService` and on tags of EKS are known, and no other one
/// ever holds. `tags`: of the resource.
fn holds(statement: &Map<String, Value>, sent: &Sent<'_>, tags: Option<&Tags>) -> bool {
    let Some(conditions) = statement.get("Condition").and_then(Value::as_object) else { return true };
    conditions.iter().all(|(operator, keys)| {
        keys.as_object().is_some_and(|keys| keys.iter().all(|(key, values)| is_met(operator, key, values, sent, tags)))
    })
}

fn is_met(operator: &str, key: &str, values: &Value, sent: &Sent<'_>, tags: Option<&Tags>) -> bool {
    let values = texts(values).unwrap_or_default();
    let is_equal = |value: Option<&str>| value.is_some_and(|value| values.contains(&value));
    let is_like = |value: Option<&str>| value.is_some_and(|value| values.iter().any(|pattern| matches(pattern, value)));
    match (operator, key) {
        ("ArnLike", "iam:PolicyARN") => is_like(sent.query.get("PolicyArn")),
        ("ArnLike", "iam:PermissionsBoundary") => is_like(sent.query.get("PermissionsBoundary")),
        ("BoolIfExists", "kms:BypassPolicyLockoutSafetyCheck") => {
            let sent = sent.params.value("BypassPolicyLockoutSafetyCheck").and_then(Value::as_bool);
            sent.is_none_or(|sent| values.iter().any(|value| *value == sent.to_string()))
        }
        ("StringEquals", "iam:PassedToService") => is_equal(sent.passed_to),
        ("StringEquals", key) => match (key.strip_prefix("aws:RequestTag/"), key.strip_prefix("aws:ResourceTag/")) {
            (Some(key), _) => is_equal(eks::sent_tags(sent.params).get(key).map(String::as_str)),
            (None, Some(key)) => is_equal(tags.and_then(|tags| tags.get(key)).map(String::as_str)),
            (None, None) => false,
        },
        _ => false,
    }
}

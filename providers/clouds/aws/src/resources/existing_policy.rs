//! Which existing managed policies a manifest may name for an ARN of a service that nobody here knows (`aws.policies`): those of which
//! every statement allows what could be listed for it, on that ARN or on what is below it.
//!
//! Source: IAM user guide, "IAM JSON policy element reference".

use std::collections::BTreeMap;

use cloudgrant_core::{Access, Diagnostic, Intents, ResourceName, redacted};
use serde_json::Value;

use crate::config::Config;
use crate::config::arn::name_in;
use crate::names::PATH;
use crate::policy::document;
use crate::resources::kinds::listed_actions;
use crate::resources::kinds::other_arn::OtherArn;

/// The key of the manifest that names one.
pub(crate) fn key(name: &ResourceName, access: Access) -> String {
    format!("aws.policies.{name}.{access}")
}

/// What is wrong with naming a policy that can be told without asking. Its account and its form are looked at with the section.
pub(crate) fn refusals(config: &Config, name: &ResourceName, access: Access, arn: &str) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    if config.actions(name, access).is_some() {
        let message = format!("`aws.actions` lists the actions of `{access}` on `{name}` as well");
        problems.push(Diagnostic::new(key(name, access), message).hint("say one of the two"));
    }
    if arn.contains(&format!(":policy{PATH}")) {
        let message = format!("`{}` is one that cloudgrant makes itself", redacted(arn));
        problems
            .push(Diagnostic::new(key(name, access), message).hint(
                "name a policy that others keep: those of a stack are made, changed and deleted with its grants",
            ));
    }
    problems
}

/// Policies that are called alike: a role's attachment is told by the policy's name. One of AWS's and one of the account can be.
pub(crate) fn namesakes(config: &Config, intents: &Intents) -> Vec<Diagnostic> {
    let mut by_name: BTreeMap<&str, &str> = BTreeMap::new();
    let reaches = intents.grants.iter().flat_map(|grant| &grant.reaches);
    let named = reaches.filter_map(|reach| {
        let (name, access) = (&reach.resource.name, reach.access);
        Some((name, access, config.policy(name, access)?))
    });
    let mut problems = BTreeMap::new();
    for (resource, access, arn) in named {
        let name = name_in(arn);
        let first = *by_name.entry(name).or_insert(arn);
        if first != arn {
            let message = format!("`{}` is called as `{}` is", redacted(arn), redacted(first));
            let hint = "use one of them, or a policy of another name";
            problems.entry(key(resource, access)).or_insert((message, hint));
        }
    }
    problems.into_iter().map(|(path, (message, hint))| Diagnostic::new(path, message).hint(hint)).collect()
}

/// What of a policy's document is more than a grant of a resource gives, statement by statement: what is wrong, and what to do. Empty
/// where it is none.
pub(crate) fn too_much(policy: &Value, other: &OtherArn) -> Vec<(String, String)> {
    const KNOWN: [&str; 5] = ["Sid", "Effect", "Action", "Resource", "Condition"];
    let narrower = || "name a policy that allows what task code does with this resource, and nothing else".to_owned();
    let statements = document::statements(policy);
    if !policy.is_object() || statements.iter().any(|statement| !statement.is_object()) {
        return vec![("it can't be read as a policy document".to_owned(), narrower())];
    }
    if !statements.iter().any(|statement| statement["Effect"] == "Allow") {
        return vec![("it allows nothing".to_owned(), narrower())];
    }
    let mut problems = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let which = match statement["Sid"].as_str().filter(|sid| !sid.is_empty()) {
            Some(sid) => format!("its statement {}", redacted(sid)),
            None => format!("its statement {} (by Sid)", at + 1),
        };
        if statement["Effect"] == "Deny" {
            continue;
        }
        if statement["Effect"] != "Allow" {
            problems.push((format!("{which} neither allows nor denies"), narrower()));
        }
        let keys = statement.as_object().into_iter().flat_map(|statement| statement.keys());
        let odd = keys.filter(|key| !KNOWN.contains(&key.as_str()));
        problems.extend(
            odd.map(|key| (format!("{which} has `{}`, which reaches what nobody named", redacted(key)), narrower())),
        );
        let list = |key: &str| statement[key].as_array().map(Vec::as_slice).unwrap_or_default();
        for (key, items) in [("Action", list("Action")), ("Resource", list("Resource"))] {
            if items.is_empty() || items.iter().any(|item| !item.is_string()) {
                problems.push((format!("{which} has a `{key}` that can't be read"), narrower()));
            }
        }
        for action in list("Action").iter().filter_map(Value::as_str) {
            if let Some((why, hint)) = listed_actions::refused(action, &other.service) {
                problems.push((format!("{which} allows `{}`, which {why}", redacted(action)), hint));
            }
        }
        for resource in list("Resource").iter().filter_map(Value::as_str) {
            let is_acted_on =
                || list("Action").iter().filter_map(Value::as_str).any(|it| other.acted_on(it) == resource);
            if !is_within(resource, &other.arn) && !is_acted_on() {
                let message = format!("{which} reaches `{}`, which isn't in `{}`", redacted(resource), other.arn);
                problems.push((message, narrower()));
            }
        }
    }
    problems
}

/// Whether a resource of a statement is an ARN, or below it: `…:stream/events`, `…:stream/events/consumer/*`, `…:log-group:x:*`. A star
/// right behind it would reach what begins alike.
fn is_within(resource: &str, arn: &str) -> bool {
    let Some(behind) = resource.strip_prefix(arn) else { return false };
    let is_below = || behind.starts_with(['/', ':']) && !behind.contains('$') && !behind.contains("..");
    behind.is_empty() || is_below()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const STREAM: &str = "arn:aws:kinesis:us-west-2:111122223333:stream/events";

    fn stream() -> OtherArn {
        let parts = ["kinesis", "us-west-2", "111122223333", "stream/events"];
        OtherArn::parse(STREAM, parts).expect("an ARN")
    }

    fn of(statement: Value) -> Vec<String> {
        let document = document::canonical(&json!({ "Version": "2012-10-17", "Statement": [statement] }));
        too_much(&document, &stream()).into_iter().map(|(message, _)| message).collect()
    }

    #[test]
    fn what_could_be_listed_on_the_resource_is_fine() {
        for statement in [
            json!({"Effect": "Allow", "Action": "kinesis:GetRecords", "Resource": STREAM}),
            json!({"Effect": "Allow", "Action": ["kinesis:GetRecords", "kinesis:SubscribeToShard"],
                   "Resource": [STREAM, format!("{STREAM}/consumer/*")]}),
            json!({"Sid": "A", "Effect": "Allow", "Action": ["kinesis:GetRecords"], "Resource": [STREAM],
                   "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
        ] {
            assert_eq!(of(statement.clone()), Vec::<String>::new(), "{statement}");
        }
        let denies = json!([
            {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {"Effect": "Allow", "Action": "kinesis:GetRecords", "Resource": STREAM},
        ]);
        assert_eq!(too_much(&document::canonical(&json!({ "Statement": denies })), &stream()), []);
    }

    #[test]
    fn what_is_wider_is_told_statement_by_statement() {
        let allow = |action: Value, resource: Value| json!({"Sid": "A", "Effect": "Allow", "Action": action, "Resource": resource});
        for (statement, part) in [
            (allow(json!("kinesis:*"), json!(STREAM)), "its statement A allows `kinesis:*`, which has a wildcard"),
            (allow(json!("kinesis:PutResourcePolicy"), json!(STREAM)), "manages who has access"),
            (allow(json!("iam:PassRole"), json!(STREAM)), "is no action of kinesis"),
            (allow(json!("s3:GetObject"), json!(STREAM)), "is no action of kinesis"),
            (allow(json!("kinesis:GetRecords"), json!("*")), "reaches `*`"),
            (allow(json!("kinesis:GetRecords"), json!(format!("{STREAM}*"))), "reaches `"),
            (allow(json!("kinesis:GetRecords"), json!(format!("{STREAM}2"))), "reaches `"),
            (allow(json!("kinesis:GetRecords"), json!(format!("{STREAM}/${{aws:username}}"))), "reaches `"),
            (allow(json!("kinesis:GetRecords"), json!([STREAM, "arn:aws:kinesis:*:*:stream/*"])), "reaches `"),
            (json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": STREAM}), "has `NotAction`"),
            (json!({"Effect": "Allow", "Action": "kinesis:GetRecords", "NotResource": STREAM}), "has `NotResource`"),
            (json!({"Effect": "Maybe", "Action": "kinesis:GetRecords", "Resource": STREAM}), "it allows nothing"),
            (json!({"Effect": "Allow", "Action": [1], "Resource": STREAM}), "has a `Action` that can't be read"),
            (json!("text"), "it can't be read"),
        ] {
            let found = of(statement.clone());
            assert!(found.iter().any(|message| message.contains(part)), "{statement}: {found:?}");
        }
        for whole in [json!("text"), json!(null), json!({}), json!({ "Statement": [] })] {
            assert_eq!(too_much(&whole, &stream()).len(), 1, "{whole}");
        }
        let two = json!({ "Statement": [
            {"Effect": "Allow", "Action": "kinesis:GetRecords", "Resource": "*"},
            {"Effect": "Allow", "Action": "kinesis:*", "Resource": STREAM},
        ]});
        assert_eq!(too_much(&document::canonical(&two), &stream()).len(), 2);
    }
}

//! AWS: what roles carry, whom they trust, and what policies of repositories and buckets say of them.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::Value;

use super::access::{Access, Atom};
use super::{Delivery, File, Ground, Principal, Seen};

/// The cloud.
#[derive(Debug)]
pub struct Aws;

/// The platform's role of all tasks.
const TASK_ROLE: &str = "acme-userflyterole";
const PATH: &str = "/cloudgrant/edits";
/// What a Sid of a stack's has in it.
const SID: &str = "Cloudgrant";

const HEAD: &str = r#"version: 1
stack: edits
provider: aws
platform:
  kind: union
  delivery: DELIVERY
  organization: acme
  projects: [forecasting, vision]
  domains: [development, production]
aws:
  region: us-west-2
  account: "111122223333"
  cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }
  accounts: { "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" } }
resources:
  inputs: { aws: "s3://acme-data/inputs/" }
  models: { aws: "s3://acme-models" }
  token: { aws: "arn:aws:secretsmanager:us-west-2:111122223333:secret:token-AbCdEf" }
  images: { aws: "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/images" }
"#;

#[async_trait]
impl Ground for Aws {
    fn id(&self) -> &'static str {
        "aws"
    }

    fn head(&self, delivery: Delivery) -> String {
        HEAD.replace("DELIVERY", delivery.written())
    }

    fn scopes(&self) -> &'static [&'static str] {
        &[
            "global",
            "{ domain: production }",
            "{ domain: development }",
            "{ project: vision, domain: production }",
            "{ project: forecasting, domain: production }",
            "{ project: vision, domain: development }",
        ]
    }

    fn resources(&self) -> &'static [(&'static str, &'static [&'static str])] {
        &[
            ("inputs", &["list", "read", "read-write"]),
            ("models", &["read", "write", "manage"]),
            ("token", &["read"]),
            ("images", &["pull", "push"]),
        ]
    }

    fn told_by(&self) -> (&'static str, &'static str) {
        ("eks.amazonaws.com/role-arn", "defaultUserRoleValue")
    }

    fn seen(&self, files: &[File], _: &BTreeMap<String, Value>) -> Seen {
        let of = |kind: &str| {
            let kind = format!("{kind}/");
            files.iter().filter(move |(name, _)| name.starts_with(&kind)).map(|(_, entity)| entity)
        };
        let mut seen = Seen { default: TASK_ROLE.to_owned(), ..Seen::default() };
        let policies: BTreeMap<_, _> = of("policies").map(|policy| (arn(policy, "policy"), policy)).collect();
        let mut ids = BTreeMap::new();
        let mut attached = BTreeSet::new();
        for role in of("roles") {
            let (name, arn) = (text(role, "name"), arn(role, "role"));
            ids.insert(arn.clone(), text(role, "id"));
            let is_of_stack = text(role, "path").starts_with(PATH);
            let mut may = Access::new();
            for inline in role["inline"].as_object().into_iter().flat_map(serde_json::Map::values) {
                may.extend(atoms("its policies", &document(inline)));
            }
            for policy in role["attached"].as_object().into_iter().flat_map(serde_json::Map::keys) {
                attached.insert(policy.clone());
                match policies.get(policy) {
                    Some(found) => may.extend(atoms("its policies", &newest(found))),
                    // AWS's own are in no account.
                    None if policy.starts_with("arn:aws:iam::aws:") => {}
                    None => _ = seen.dangling.insert(format!("{name} has {policy} attached, which isn't there")),
                }
                if policy.contains(PATH) {
                    seen.parts.insert(format!("{policy} on {name}"));
                }
            }
            // What the platform gives all its tasks is none of the stack's.
            may.retain(|one| !one.on.contains("unionai-") && !one.action.starts_with("cloudwatch:"));
            if is_of_stack {
                seen.objects.insert(format!("role {name}"));
            }
            let trusts = is_of_stack.then(|| subjects(&document(&role["trust"]["text"])));
            seen.principals.insert(name.to_owned(), Principal { reference: arn, is_of_stack, trusts, may });
        }
        for (arn, policy) in policies.iter().filter(|(_, policy)| text(policy, "path").starts_with(PATH)) {
            seen.parts.insert(format!("policy {arn}"));
            if !attached.contains(arn) {
                // A mark of a place, or what is left of a policy.
                seen.objects.insert(format!("policy {}, attached to nobody", text(policy, "name")));
            }
        }
        for (kind, service) in [("repositories", "ecr"), ("buckets", "s3"), ("keys", "kms")] {
            for entity in of(kind).filter(|entity| !entity["policy"].is_null()) {
                let what = format!("{service} {}", text(entity, if kind == "keys" { "id" } else { "name" }));
                resource_policy(&what, &entity["policy"], &ids, &mut seen);
            }
        }
        seen.principals.values_mut().for_each(|principal| {
            principal.may.sort();
            principal.may.dedup();
        });
        seen
    }
}

/// Gives roles what the policy of something says of them.
fn resource_policy(what: &str, policy: &Value, ids: &BTreeMap<String, &str>, seen: &mut Seen) {
    let whole = document(&policy["text"]);
    for (arn, id) in policy["principals"].as_object().into_iter().flatten() {
        if ids.get(arn).copied() != id.as_str() {
            seen.dangling.insert(format!("the policy of {what} names {arn}, which isn't there"));
        }
    }
    for statement in statements(&whole) {
        let is_of_stack = text(&statement, "Sid").contains(SID);
        let mut named = list(&statement["Principal"]["AWS"]);
        let mut rest = statement.clone();
        for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
            for (key, values) in keys.as_object().into_iter().flatten() {
                if key.eq_ignore_ascii_case("aws:PrincipalArn") {
                    named = list(values);
                    rest["Condition"][operator.as_str()].as_object_mut().expect("an object").remove(key);
                }
            }
        }
        if is_of_stack {
            seen.parts.insert(format!("statement {} of {what}", text(&statement, "Sid")));
        }
        let mut atoms = atoms("the policy of what is reached", &rest);
        atoms.iter_mut().for_each(|one| one.on = format!("{what} {}", one.on));
        for arn in &named {
            match seen.principals.values_mut().find(|principal| principal.reference == *arn) {
                Some(principal) => principal.may.extend(atoms.iter().cloned()),
                None if is_of_stack => {
                    seen.dangling.insert(format!("the policy of {what} names {arn}, which isn't there"));
                }
                None => {}
            }
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn arn(entity: &Value, kind: &str) -> String {
    format!("arn:aws:iam::{}:{kind}{}{}", text(entity, "account"), text(entity, "path"), text(entity, "name"))
}

fn document(text: &Value) -> Value {
    serde_json::from_str(text.as_str().unwrap_or("null")).unwrap_or_default()
}

fn newest(policy: &Value) -> Value {
    document(&policy["versions"][&policy["default_version"].to_string()]["document"])
}

/// A text, or several.
fn list(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn statements(document: &Value) -> Vec<Value> {
    match &document["Statement"] {
        Value::Array(all) => all.clone(),
        Value::Null if document.get("Effect").is_some() => vec![document.clone()],
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

/// Whom a trust policy lets in by tokens.
fn subjects(trust: &Value) -> BTreeSet<String> {
    let mut subjects = BTreeSet::new();
    for statement in statements(trust) {
        for keys in statement["Condition"].as_object().into_iter().flat_map(serde_json::Map::values) {
            for (key, values) in keys.as_object().into_iter().flatten() {
                if key.ends_with(":sub") {
                    subjects.extend(list(values));
                }
            }
        }
    }
    subjects
}

/// What a document allows, or a statement.
fn atoms(by: &'static str, document: &Value) -> Access {
    let mut atoms = Access::new();
    for statement in statements(document) {
        assert_eq!(statement["Effect"], "Allow", "nothing here denies: {statement}");
        // Where a key has several values, any of them will do.
        let mut only = vec![BTreeMap::new()];
        for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
            for (key, values) in keys.as_object().into_iter().flatten() {
                let (key, values) = (format!("{operator} {key}"), list(values));
                only = only
                    .iter()
                    .flat_map(|only| {
                        values.iter().map(|value| {
                            let mut only = only.clone();
                            only.insert(key.clone(), value.clone());
                            only
                        })
                    })
                    .collect();
            }
        }
        let on = if statement["Resource"].is_null() { vec![String::new()] } else { list(&statement["Resource"]) };
        for action in list(&statement["Action"]) {
            for on in &on {
                atoms.extend(only.iter().map(|only| Atom {
                    by,
                    action: action.clone(),
                    on: on.clone(),
                    only: only.clone(),
                }));
            }
        }
    }
    atoms
}

//! AWS: IAM, and repository policies of ECR in another account.

mod log;
mod manifests;
mod person;

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_iam::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_iam::types::Tag;
use cloudgrant_aws as _;
use cloudgrant_aws_sandbox as _;
use cloudgrant_core::Change;
use serde_json::{Value, json};

use crate::cloud::{Cloud, Look, Manifests, Person, State};
use crate::world::World;

/// The data plane's account.
const ACCOUNT: &str = "111122223333";
/// The account of the repositories.
const OTHER: &str = "444455556666";
const REGION: &str = "us-west-2";
const TASK_ROLE: &str = "acme-userflyterole";
/// The repository whose policy all manifests write.
const SHARED: &str = "team/shared";

/// The cloud.
#[derive(Debug)]
pub struct Aws;

#[async_trait]
impl Cloud for Aws {
    fn id(&self) -> &'static str {
        "aws"
    }

    fn manifests(&self) -> Manifests {
        manifests::all()
    }

    fn request_timeout(&self, seconds: f64) -> (String, Value) {
        ("aws.request_timeout".to_owned(), seconds.into())
    }

    async fn plant(&self, world: &World) {
        let iam = iam(world);
        let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}"#;
        // Beside the stack's own path, in another stack's, and where everything else is.
        for (name, path) in [("by-hand", "/"), ("cloudgrant_other_global", "/cloudgrant/neighbour/")] {
            let made = iam.create_policy().policy_name(name).path(path).policy_document(document).send().await;
            let arn = made.expect("a policy").policy.and_then(|policy| policy.arn).expect("an ARN");
            iam.attach_role_policy().role_name(TASK_ROLE).policy_arn(arn).send().await.expect("attached");
        }
        let inline = iam.put_role_policy().role_name(TASK_ROLE).policy_name("inline").policy_document(document);
        inline.send().await.expect("an inline policy");
        let tag = Tag::builder().key("team").value("data").build().expect("a tag");
        iam.tag_role().role_name(TASK_ROLE).tags(tag).send().await.expect("tagged");
        let ecr = ecr(world);
        for repository in ["team/pulled", SHARED] {
            let statements = vec![foreign("ByHand"), foreign("By another team")];
            let policy = json!({ "Version": "2008-10-17", "Id": "theirs", "Statement": statements }).to_string();
            let request = ecr.set_repository_policy().repository_name(repository).policy_text(policy);
            request.send().await.expect("a policy");
        }
        ecr.create_repository().repository_name("team/unrelated").send().await.expect("a repository");
    }

    fn canonical(&self, files: Vec<(String, Value)>) -> State {
        let ids: HashMap<String, Value> = files
            .iter()
            .filter(|(name, _)| name.starts_with("roles/"))
            .map(|(_, role)| {
                (
                    format!("arn:aws:iam::{}:role{}{}", text(role, "account"), text(role, "path"), text(role, "name")),
                    role["id"].clone(),
                )
            })
            .collect();
        files.into_iter().filter_map(|(name, entity)| entity_of(&ids, &name, entity)).collect()
    }

    fn look(&self, state: &State, change: &Change, attributes: &Value) -> Look {
        let name = change.id.name.as_str();
        let field = |key: &str, field: &str| state.get(key).map(|entity| entity[field].clone());
        match change.id.kind {
            "iam-policy" => compare(field(&format!("policy {ACCOUNT} {name}"), "document"), &attributes["document"]),
            "iam-role" => {
                let key = format!("role {ACCOUNT} {name}");
                match (compare(field(&key, "trust"), &attributes["trust"]), field(&key, "tags")) {
                    (Look::Same, tags) if tags.as_ref() == attributes.get("tags") => Look::Same,
                    (Look::Same, _) => Look::Different,
                    (other, _) => other,
                }
            }
            "iam-role-attachment" => {
                let attached = field(&format!("role {ACCOUNT} {}", text(attributes, "role")), "attached");
                let arn = text(attributes, "policy");
                let is_there = attached.is_some_and(|attached| attached.get(arn).is_some());
                if is_there { Look::Same } else { Look::Absent }
            }
            "ecr-policy-statement" => {
                let repository =
                    text(attributes, "repository").rsplit_once(":repository/").map_or("", |(_, name)| name);
                let policy = field(&format!("repository {OTHER} {REGION} {repository}"), "policy").unwrap_or_default();
                let sid = &attributes["statement"]["Sid"];
                let statement = statements(&policy).into_iter().find(|statement| statement["Sid"] == *sid);
                compare(statement, &attributes["statement"])
            }
            _ => Look::Unknown,
        }
    }

    fn windows(&self, log: &[Value], last: usize) -> Vec<Duration> {
        log::Calls::read(log).windows(last)
    }

    async fn person(&self, world: &World) -> Box<dyn Person> {
        Box::new(person::Somebody::new(world).await)
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn compare(found: Option<Value>, wanted: &Value) -> Look {
    match found {
        None | Some(Value::Null) => Look::Absent,
        Some(found) if sorted(found.clone()) == sorted(wanted.clone()) => Look::Same,
        Some(_) => Look::Different,
    }
}

/// Lists in policy documents have no order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(sorted).collect();
            items.sort_by_cached_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        other => other,
    }
}

fn document(text: &Value) -> Value {
    sorted(serde_json::from_str(text.as_str().unwrap_or("null")).unwrap_or_default())
}

/// A document with the principals that it was set with: a role that was made anew since is another principal.
fn with_principals(ids: &HashMap<String, Value>, stored: &Value) -> Value {
    if stored.is_null() {
        return Value::Null;
    }
    let mut read = document(&stored["text"]);
    let dead: Vec<_> = stored["principals"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(arn, id)| ids.get(*arn) != Some(id))
        .map(|(arn, _)| arn.clone())
        .collect();
    if !dead.is_empty() {
        read["dead principals"] = dead.into();
    }
    read
}

fn statements(policy: &Value) -> Vec<Value> {
    policy["Statement"].as_array().cloned().unwrap_or_default()
}

fn entity_of(ids: &HashMap<String, Value>, file: &str, mut entity: Value) -> Option<(String, Value)> {
    let kind = file.split('/').next()?;
    let name = |parts: &[&str]| parts.iter().map(|part| text(&entity, part)).collect::<Vec<_>>().join(" ");
    match kind {
        "policies" => {
            let key = format!("policy {}", name(&["account", "name"]));
            let version = entity["default_version"].to_string();
            let document = document(&entity["versions"][&version]["document"]);
            let value = json!({
                "path": entity["path"], "description": entity["description"], "tags": entity["tags"], "document": document,
            });
            Some((key, value))
        }
        "roles" => {
            let key = format!("role {}", name(&["account", "name"]));
            entity["trust"] = with_principals(ids, &entity["trust"]);
            Some((key, without(entity, &["id", "created"])))
        }
        "repositories" => {
            let key = format!("repository {}", name(&["account", "region", "name"]));
            entity["policy"] = with_principals(ids, &entity["policy"]);
            Some((key, without(entity, &["created"])))
        }
        "oidc-providers" => Some((format!("provider {}", name(&["account", "url"])), without(entity, &["created"]))),
        "secrets" => {
            let key = format!("secret {}", name(&["account", "region", "name"]));
            Some((key, json!({ "tags": entity["tags"], "deleted": entity["deleted"].is_array() })))
        }
        // Sessions and counters: the sandbox's own memory.
        _ => None,
    }
}

fn without(mut entity: Value, fields: &[&str]) -> Value {
    for field in fields {
        if let Some(entity) = entity.as_object_mut() {
            entity.remove(*field);
        }
    }
    entity
}

/// A statement that is nobody's of ours.
fn foreign(sid: &str) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{OTHER}:root") }, "Action": "ecr:BatchGetImage" })
}

fn credentials(account: &str) -> Credentials {
    Credentials::new(cloudgrant_aws_sandbox::access_key(account), "sandbox", None, None, "test")
}

fn iam(world: &World) -> aws_sdk_iam::Client {
    let config = aws_sdk_iam::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials(ACCOUNT))
        .endpoint_url(world.endpoint());
    aws_sdk_iam::Client::from_conf(config.build())
}

fn ecr(world: &World) -> aws_sdk_ecr::Client {
    let config = aws_sdk_ecr::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials(OTHER))
        .endpoint_url(world.endpoint());
    aws_sdk_ecr::Client::from_conf(config.build())
}

//! AWS: IAM, associations of EKS, and in another account the policies of a repository, of a bucket and of its key.

mod documents;
mod edited;
mod log;
mod manifests;
mod person;

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_iam::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_iam::types::Tag;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use cloudgrant_aws as _;
use cloudgrant_aws_sandbox as _;
use cloudgrant_core::Change;
use serde_json::{Value, json};

use self::documents::{Clients, DOCUMENTS, Document};
use crate::cloud::{Cloud, Look, Manifests, Person, State};
use crate::world::World;

/// The data plane's account.
const ACCOUNT: &str = "111122223333";
/// The account of the repositories, and of a bucket and its key.
const OTHER: &str = "444455556666";
const REGION: &str = "us-west-2";
const TASK_ROLE: &str = "acme-userflyterole";
/// The repository whose policy all manifests write.
const SHARED: &str = "team/shared";
/// The bucket whose policy all manifests write, and that of its key.
const BUCKET: &str = "acme-shared";

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
            let statements = ["ByHand", "By another team"].map(|sid| Document::Repository.foreign(sid));
            let policy = json!({ "Version": "2008-10-17", "Id": "theirs", "Statement": statements }).to_string();
            let request = ecr.set_repository_policy().repository_name(repository).policy_text(policy);
            request.send().await.expect("a policy");
        }
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}]}"#;
        iam.create_role().role_name("theirs").assume_role_policy_document(trust).send().await.expect("a role");
        let association = eks(world).create_pod_identity_association().cluster_name("dataplane").namespace("theirs");
        let role = format!("arn:aws:iam::{ACCOUNT}:role/theirs");
        association.service_account("default").role_arn(role).send().await.expect("an association");
        ecr.create_repository().repository_name("team/unrelated").send().await.expect("a repository");
        plant_bucket(world).await;
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
            "eks-pod-identity-association" => {
                let key = format!("association {ACCOUNT} {}", name.replace('/', " "));
                match (compare(field(&key, "role"), &attributes["role"]), field(&key, "tags")) {
                    (Look::Same, tags) if tags.as_ref() == attributes.get("tags") => Look::Same,
                    (Look::Same, _) => Look::Different,
                    (other, _) => other,
                }
            }
            "s3-policy-statement" => in_policy(state, Document::Bucket.entity(), attributes),
            "kms-key-policy-statement" => in_policy(state, Document::Key.entity(), attributes),
            "ecr-policy-statement" => {
                let repository =
                    text(attributes, "repository").rsplit_once(":repository/").map_or("", |(_, name)| name);
                in_policy(state, &format!("repository {OTHER} {REGION} {repository}"), attributes)
            }
            _ => Look::Unknown,
        }
    }

    fn windows(&self, log: &[Value], last: usize) -> Vec<Duration> {
        DOCUMENTS.iter().flat_map(|document| log::Calls::read(log, *document).windows(last)).collect()
    }

    async fn person(&self, world: &World) -> Box<dyn Person> {
        Box::new(person::Somebody::new(world, &DOCUMENTS).await)
    }

    async fn person_at(&self, world: &World, action: &str) -> Box<dyn Person> {
        let documents: Vec<_> = Document::written_by(action).into_iter().collect();
        Box::new(person::Somebody::new(world, &documents).await)
    }
}

/// The bucket of the manifests is another account's, under a key of that account.
async fn plant_bucket(world: &World) {
    // The sandbox takes it for one of the data plane's.
    s3(world, ACCOUNT).delete_bucket().bucket(BUCKET).send().await.expect("deleted");
    let clients = Clients::new(world);
    let key = clients.kms.create_key().send().await.expect("a key").key_metadata.and_then(|key| key.arn);
    let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::UsWest2).build();
    let made = clients.s3.create_bucket().bucket(BUCKET).create_bucket_configuration(place).send().await;
    made.expect("a bucket");
    let rule = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::AwsKms);
    let rule = rule.kms_master_key_id(key.expect("an ARN")).build().expect("a rule");
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(rule).build();
    let rules = ServerSideEncryptionConfiguration::builder().rules(rule).build().expect("rules");
    let request = clients.s3.put_bucket_encryption().bucket(BUCKET).server_side_encryption_configuration(rules);
    request.send().await.expect("encrypted");
    for document in [Document::Bucket, Document::Key] {
        let mut policy = clients.policy(document).await;
        policy["Id"] = "theirs".into();
        let mut all = statements(&policy);
        all.extend(["ByHand", "By another team"].map(|sid| document.foreign(sid)));
        policy["Statement"] = all.into();
        assert!(clients.put(document, &policy).await, "{document:?}");
    }
}

/// A statement in the policy of something.
fn in_policy(state: &State, of: &str, attributes: &Value) -> Look {
    let policy = state.get(of).map(|entity| entity["policy"].clone()).unwrap_or_default();
    let sid = &attributes["statement"]["Sid"];
    let statement = statements(&policy).into_iter().find(|statement| statement["Sid"] == *sid);
    compare(statement, &attributes["statement"])
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
        "buckets" => {
            let key = format!("bucket {}", name(&["account", "region", "name"]));
            entity["policy"] = with_principals(ids, &entity["policy"]);
            Some((key, without(entity, &["created"])))
        }
        "keys" => {
            let key = format!("key {}", name(&["account", "region"]));
            entity["policy"] = with_principals(ids, &entity["policy"]);
            Some((key, without(entity, &["id", "created"])))
        }
        "pod-identity-associations" => {
            let key = name(&["account", "region", "cluster", "namespace", "service_account"]);
            Some((format!("association {key}"), without(entity, &["id", "token", "created", "modified"])))
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

fn eks(world: &World) -> aws_sdk_eks::Client {
    let config = aws_sdk_eks::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials(ACCOUNT))
        .endpoint_url(world.endpoint());
    aws_sdk_eks::Client::from_conf(config.build())
}

fn s3(world: &World, account: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials(account))
        .endpoint_url(world.endpoint())
        .force_path_style(true);
    aws_sdk_s3::Client::from_conf(config.build())
}

fn kms(world: &World) -> aws_sdk_kms::Client {
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials(OTHER))
        .endpoint_url(world.endpoint());
    aws_sdk_kms::Client::from_conf(config.build())
}

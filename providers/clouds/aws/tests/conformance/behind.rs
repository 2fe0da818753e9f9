//! What others see and do, with clients of their own.

use std::collections::BTreeSet;

use aws_sdk_iam::types::{PolicyScopeType, Tag};
use cloudgrant_conformance::Hook;
use cloudgrant_core::ObjectId;
use serde_json::{Map, Value, json};

use crate::world::{ACCOUNT, ISSUER, OTHER, THEIRS, World, existing_policy};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}"#;

fn decoded(document: &str) -> Value {
    let text = percent_encoding::percent_decode_str(document).decode_utf8().expect("UTF-8");
    serde_json::from_str(&text).expect("JSON")
}

/// The whole world, read one thing at a time.
pub(crate) async fn snapshot(world: &World) -> Value {
    json!({
        "policies": policies(world).await,
        "roles": roles(world).await,
        "repositories": repositories(world).await,
        "buckets": buckets(world).await,
        "keys": keys(world).await,
    })
}

/// The statements of the policies of stacks on each role, without what they are called.
pub(crate) fn access(snapshot: &Value) -> Option<BTreeSet<String>> {
    let mut access = BTreeSet::new();
    for (role, facts) in snapshot["roles"].as_object()? {
        let ours = facts["attached"].as_array()?.iter().filter_map(Value::as_str);
        // What others maintain is attached by the stack alone here.
        let is_attached_by_us = |arn: &&str| arn.contains(":policy/cloudgrant/") || *arn == existing_policy();
        for arn in ours.filter(is_attached_by_us) {
            for statement in snapshot["policies"][arn]["Statement"].as_array().into_iter().flatten() {
                let mut statement = statement.clone();
                statement.as_object_mut()?.shift_remove("Sid");
                access.insert(format!("{role} {statement}"));
            }
        }
    }
    Some(access)
}

async fn policies(world: &World) -> Map<String, Value> {
    let iam = world.iam();
    let mut policies = Map::new();
    let listed = iam.list_policies().scope(PolicyScopeType::Local).max_items(1_000).send().await.expect("policies");
    for policy in listed.policies() {
        let (arn, version) = (policy.arn().expect("an ARN"), policy.default_version_id().expect("a version"));
        let answer = iam.get_policy_version().policy_arn(arn).version_id(version).send().await.expect("a version");
        let document = answer.policy_version.and_then(|version| version.document).expect("a document");
        policies.insert(arn.to_owned(), decoded(&document));
    }
    policies
}

async fn roles(world: &World) -> Map<String, Value> {
    let iam = world.iam();
    let mut roles = Map::new();
    for role in iam.list_roles().max_items(1_000).send().await.expect("roles").roles() {
        let name = role.role_name();
        let attached = iam.list_attached_role_policies().role_name(name).send().await.expect("policies");
        let mut attached: Vec<_> = attached.attached_policies().iter().filter_map(|p| p.policy_arn.clone()).collect();
        attached.sort();
        let inline = iam.list_role_policies().role_name(name).send().await.expect("policies");
        let tags = iam.list_role_tags().role_name(name).send().await.expect("tags");
        let mut tags: Vec<_> = tags.tags().iter().map(|tag| format!("{}={}", tag.key(), tag.value())).collect();
        tags.sort();
        let role = json!({
            "path": role.path(),
            "trust": decoded(role.assume_role_policy_document().expect("a document")),
            "attached": attached,
            "inline": inline.policy_names(),
            "tags": tags,
        });
        roles.insert(name.to_owned(), role);
    }
    roles
}

async fn repositories(world: &World) -> Map<String, Value> {
    let mut repositories = Map::new();
    for account in [ACCOUNT, OTHER] {
        let ecr = world.ecr(account);
        for repository in ecr.describe_repositories().send().await.expect("repositories").repositories() {
            let name = repository.repository_name().expect("a name");
            if let Ok(policy) = ecr.get_repository_policy().repository_name(name).send().await {
                let mut policy: Value = serde_json::from_str(policy.policy_text().expect("text")).expect("JSON");
                // Their order has no meaning.
                let statements = policy["Statement"].as_array_mut().expect("statements");
                statements.sort_by_key(|statement| statement["Sid"].to_string());
                repositories.insert(format!("{account}/{name}"), policy);
            }
        }
    }
    repositories
}

/// A policy whose order has no meaning.
fn ordered(text: &str) -> Value {
    let mut policy: Value = serde_json::from_str(text).expect("JSON");
    let statements = policy["Statement"].as_array_mut().expect("statements");
    statements.sort_by_key(|statement| statement["Sid"].to_string());
    policy
}

async fn buckets(world: &World) -> Map<String, Value> {
    let policy = world.s3(OTHER).get_bucket_policy().bucket(THEIRS).send().await;
    let policy = policy.ok().and_then(|answer| answer.policy).map(|text| (THEIRS.to_owned(), ordered(&text)));
    policy.into_iter().collect()
}

async fn keys(world: &World) -> Map<String, Value> {
    let key = world.key_of_others().await;
    let policy = world.kms(OTHER).get_key_policy().key_id(&key).send().await.expect("a policy");
    let id = key.rsplit('/').next().unwrap_or_default().to_owned();
    [(id, ordered(policy.policy().expect("text")))].into_iter().collect()
}

/// Others' things with names that look like ours, and a statement in every repository's policy.
pub(crate) async fn plant_foreign(world: &World) {
    let iam = world.iam();
    let (path, name) = ("/cloudgrant/acme-too/", "cloudgrant_acme-too_production");
    iam.create_policy().policy_name(name).path(path).policy_document(POLICY).send().await.expect("a policy");
    let role = iam.create_role().role_name(name).path(path).assume_role_policy_document(TRUST);
    role.tags(Tag::builder().key("cloudgrant:stack").value("acme").build().expect("a tag"))
        .send()
        .await
        .expect("a role");
    let theirs = iam.create_policy().policy_name("by-hand").policy_document(POLICY).send().await.expect("a policy");
    let arn = theirs.policy.and_then(|policy| policy.arn).expect("an ARN");
    iam.attach_role_policy().role_name("acme-userflyterole").policy_arn(arn).send().await.expect("attached");
    let tag = Tag::builder().key("owner").value("somebody").build().expect("a tag");
    iam.tag_role().role_name("acme-userflyterole").tags(tag).send().await.expect("tagged");
    for (account, name) in [(ACCOUNT, "team/own"), (OTHER, "team/other"), (OTHER, "team/pulled")] {
        let ecr = world.ecr(account);
        let mut policy = match ecr.get_repository_policy().repository_name(name).send().await {
            Ok(answer) => serde_json::from_str(answer.policy_text().expect("text")).expect("JSON"),
            Err(_) => json!({ "Version": "2012-10-17", "Statement": [] }),
        };
        let theirs = json!({
            "Sid": "AllowPullAsInTheManual",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
            "Action": "ecr:BatchGetImage",
        });
        policy["Statement"].as_array_mut().expect("statements").push(theirs);
        let request = ecr.set_repository_policy().repository_name(name).policy_text(policy.to_string());
        request.send().await.expect("a policy");
    }
    plant_beside_buckets(world).await;
}

/// What somebody else says of the bucket and its key.
async fn plant_beside_buckets(world: &World) {
    let theirs = json!({
        "Sid": "AllowListAsInTheManual",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
        "Action": "s3:ListBucket",
        "Resource": format!("arn:aws:s3:::{THEIRS}"),
    });
    let s3 = world.s3(OTHER);
    let mut policy = match s3.get_bucket_policy().bucket(THEIRS).send().await {
        Ok(answer) => serde_json::from_str(answer.policy().expect("text")).expect("JSON"),
        Err(_) => json!({ "Version": "2012-10-17", "Statement": [] }),
    };
    policy["Statement"].as_array_mut().expect("statements").push(theirs);
    s3.put_bucket_policy().bucket(THEIRS).policy(policy.to_string()).send().await.expect("a policy");
    let (kms, key) = (world.kms(OTHER), world.key_of_others().await);
    let answer = kms.get_key_policy().key_id(&key).send().await.expect("a policy");
    let mut policy: Value = serde_json::from_str(answer.policy().expect("text")).expect("JSON");
    let theirs = json!({
        "Sid": "AllowUseAsInTheManual",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
        "Action": "kms:DescribeKey",
        "Resource": "*",
    });
    policy["Statement"].as_array_mut().expect("statements").push(theirs);
    kms.put_key_policy().key_id(key).policy(policy.to_string()).send().await.expect("a policy");
}

/// Changes a statement of a bucket's or a key's policy, or takes it out where `keep` says so.
async fn on_statement_beside(world: &World, object: &ObjectId, keep: impl Fn(&mut Value) -> bool) -> Hook {
    let (arn, sid) = object.name.split_once('#').expect("ARN#SID");
    let change = |text: &str| {
        let mut policy: Value = serde_json::from_str(text).expect("JSON");
        let statements = policy["Statement"].as_array_mut().expect("statements");
        statements.retain_mut(|statement| statement["Sid"] != sid || keep(statement));
        let is_empty = statements.is_empty();
        (policy.to_string(), is_empty)
    };
    if object.kind == "kms-key-policy-statement" {
        let kms = world.kms(OTHER);
        let answer = kms.get_key_policy().key_id(arn).send().await.expect("a policy");
        let (policy, _) = change(answer.policy().expect("text"));
        kms.put_key_policy().key_id(arn).policy(policy).send().await.expect("a policy");
        return Hook::Done;
    }
    let (s3, bucket) = (world.s3(OTHER), arn.rsplit(':').next().expect("a bucket"));
    let answer = s3.get_bucket_policy().bucket(bucket).send().await.expect("a policy");
    let (policy, is_empty) = change(answer.policy().expect("text"));
    if is_empty {
        s3.delete_bucket_policy().bucket(bucket).send().await.expect("deleted");
    } else {
        s3.put_bucket_policy().bucket(bucket).policy(policy).send().await.expect("a policy");
    }
    Hook::Done
}

pub(crate) async fn occupy(world: &World, object: &ObjectId) -> Hook {
    let iam = world.iam();
    match object.kind {
        "iam-policy" => {
            let request = iam.create_policy().policy_name(&object.name).policy_document(POLICY);
            request.send().await.expect("a policy");
        }
        "iam-role" => {
            let request = iam.create_role().role_name(&object.name).assume_role_policy_document(TRUST);
            request.send().await.expect("a role");
        }
        // An attachment and a statement are ours by what they attach and by their Sid: nobody else's can be in the way.
        _ => return Hook::Missing,
    }
    Hook::Done
}

/// The ARN of a policy of whichever stack the suite uses.
async fn arn_of(world: &World, name: &str) -> Option<String> {
    let listed = world.iam().list_policies().scope(PolicyScopeType::Local).send().await.expect("policies");
    listed.policies().iter().find(|policy| policy.policy_name() == Some(name))?.arn.clone()
}

pub(crate) async fn tamper(world: &World, object: &ObjectId) -> Hook {
    let iam = world.iam();
    match object.kind {
        "iam-policy" => {
            let Some(arn) = arn_of(world, &object.name).await else { return Hook::Missing };
            let request = iam.create_policy_version().policy_arn(arn).set_as_default(true).policy_document(POLICY);
            request.send().await.expect("a version");
        }
        "iam-role" => {
            let request = iam.update_assume_role_policy().role_name(&object.name).policy_document(TRUST);
            request.send().await.expect("a trust policy");
        }
        "ecr-policy-statement" => {
            return on_statement(world, object, |statement| {
                statement["Action"] = json!(["ecr:*"]);
                true
            })
            .await;
        }
        "s3-policy-statement" | "kms-key-policy-statement" => {
            return on_statement_beside(world, object, |statement| {
                statement["Effect"] = "Deny".into();
                true
            })
            .await;
        }
        // There is nothing in an attachment that could be changed.
        _ => return Hook::Missing,
    }
    Hook::Done
}

pub(crate) async fn remove(world: &World, object: &ObjectId) -> Hook {
    let iam = world.iam();
    match object.kind {
        "iam-role-attachment" => {
            let (role, policy) = object.name.split_once('/').expect("ROLE/POLICY");
            let attached = iam.list_attached_role_policies().role_name(role).send().await.expect("policies");
            let theirs = attached.attached_policies().iter().find(|known| known.policy_name() == Some(policy));
            let arn = theirs.and_then(|known| known.policy_arn.clone()).expect("it is attached");
            iam.detach_role_policy().role_name(role).policy_arn(arn).send().await.expect("detached");
        }
        "iam-role" => {
            let attached = iam.list_attached_role_policies().role_name(&object.name).send().await.expect("policies");
            for arn in attached.attached_policies().iter().filter_map(|policy| policy.policy_arn.clone()) {
                iam.detach_role_policy().role_name(&object.name).policy_arn(arn).send().await.expect("detached");
            }
            iam.delete_role().role_name(&object.name).send().await.expect("deleted");
        }
        "iam-policy" => {
            let arn = arn_of(world, &object.name).await.expect("it is there");
            let roles = iam.list_entities_for_policy().policy_arn(&arn).send().await.expect("roles");
            for role in roles.policy_roles().iter().filter_map(|role| role.role_name.clone()) {
                iam.detach_role_policy().role_name(role).policy_arn(&arn).send().await.expect("detached");
            }
            iam.delete_policy().policy_arn(&arn).send().await.expect("deleted");
        }
        "ecr-policy-statement" => return on_statement(world, object, |_| false).await,
        "s3-policy-statement" | "kms-key-policy-statement" => {
            return on_statement_beside(world, object, |_| false).await;
        }
        _ => return Hook::Missing,
    }
    Hook::Done
}

/// Changes a statement, or takes it out where `keep` says so.
async fn on_statement(world: &World, object: &ObjectId, keep: impl Fn(&mut Value) -> bool) -> Hook {
    let (arn, sid) = object.name.split_once('#').expect("ARN#SID");
    let account = arn.split(':').nth(4).expect("an account");
    let name = arn.split_once("repository/").expect("a repository").1;
    let ecr = world.ecr(account);
    let answer = ecr.get_repository_policy().repository_name(name).send().await.expect("a policy");
    let mut policy: Value = serde_json::from_str(answer.policy_text().expect("text")).expect("JSON");
    let statements = policy["Statement"].as_array_mut().expect("statements");
    statements.retain_mut(|statement| statement["Sid"] != sid || keep(statement));
    if statements.is_empty() {
        ecr.delete_repository_policy().repository_name(name).send().await.expect("deleted");
    } else {
        let request = ecr.set_repository_policy().repository_name(name).policy_text(policy.to_string());
        request.send().await.expect("a policy");
    }
    Hook::Done
}

pub(crate) async fn withhold(world: &World) {
    let arn = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}");
    world.iam().delete_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await.expect("deleted");
}

/// Admin rights on a role of ours, and a policy of ours on a role of theirs.
pub(crate) async fn widen(world: &World, object: &ObjectId) -> Hook {
    let iam = world.iam();
    match object.kind {
        "iam-role" => {
            let request = iam.put_role_policy().role_name(&object.name).policy_name("admin").policy_document(POLICY);
            request.send().await.expect("an inline policy");
        }
        "iam-policy" => {
            let listed =
                iam.list_policies().scope(PolicyScopeType::Local).max_items(1_000).send().await.expect("policies");
            let policy = listed.policies().iter().find(|policy| policy.policy_name() == Some(&object.name));
            let arn = policy.and_then(|policy| policy.arn()).expect("a policy of this name");
            let role = iam.create_role().role_name("theirs").assume_role_policy_document(TRUST).send().await;
            role.expect("a role");
            iam.attach_role_policy().role_name("theirs").policy_arn(arn).send().await.expect("attached");
        }
        _ => return Hook::Missing,
    }
    Hook::Done
}

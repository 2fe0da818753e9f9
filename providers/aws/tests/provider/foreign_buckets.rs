//! Buckets and keys of other accounts: statements in their policies, with credentials and without.

use cloudgrant_conformance::nearby;
use cloudgrant_core::{Action, Approval, Cancel, Plan, Silent};
use serde_json::{Value, json};

use crate::buckets::{create, encrypt, key};
use crate::world::{Runs, World, assert_same, manifest, refused, said};

const OTHER: &str = "444455556666";
const NOBODYS: &str = "777788889999";
const TASK_ROLE: &str = "arn:aws:iam::111122223333:role/acme-userflyterole";

fn text(level: &str) -> String {
    manifest(&format!("grants: [{{ name: mine, scope: global, access: {{ data: {level} }} }}]"))
        .replace("acme-data/", "acme-theirs/")
}

/// A bucket of another account, with a policy that somebody wrote by hand, under a key of that account.
async fn world(account: &str) -> (World, String) {
    world_with(account, "").await
}

async fn world_with(account: &str, knobs: &str) -> (World, String) {
    let world = World::with(&manifest(""), knobs).await;
    let (s3, key) = (world.s3(account), key(&world, account).await);
    create(&s3, "acme-theirs", "us-west-2").await;
    encrypt(&s3, "acme-theirs", aws_sdk_s3::types::ServerSideEncryption::AwsKms, Some(&key)).await;
    let by_hand = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "By hand", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")},
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-theirs/*",
    }]});
    s3.put_bucket_policy().bucket("acme-theirs").policy(by_hand.to_string()).send().await.expect("a policy");
    (world, key)
}

async fn bucket_policy(world: &World, account: &str) -> Vec<Value> {
    let answer = world.s3(account).get_bucket_policy().bucket("acme-theirs").send().await.expect("a policy");
    statements(answer.policy().expect("text"))
}

async fn key_policy(world: &World, account: &str, key: &str) -> Vec<Value> {
    let answer = world.kms(account).get_key_policy().key_id(key).send().await.expect("a policy");
    statements(answer.policy().expect("text"))
}

fn statements(text: &str) -> Vec<Value> {
    let policy: Value = serde_json::from_str(text).expect("JSON");
    policy["Statement"].as_array().expect("statements").clone()
}

/// The one whose Sid begins so, without it.
fn of(statements: &[Value], sid: &str) -> Value {
    let found = statements.iter().find(|one| one["Sid"].as_str().is_some_and(|known| known.starts_with(sid)));
    let mut found = found.unwrap_or_else(|| panic!("{sid} in {statements:#?}")).clone();
    found.as_object_mut().expect("a statement").remove("Sid");
    found
}

#[tokio::test]
async fn with_credentials_its_policies_get_our_statements_and_keep_the_others() {
    let text = text("read-write");
    let (world, key) = world(OTHER).await;
    let before = world.everything();
    let (bucket_before, key_before) = (bucket_policy(&world, OTHER).await, key_policy(&world, OTHER, &key).await);
    world.converge(&text).await;
    let bucket = bucket_policy(&world, OTHER).await;
    assert_eq!((bucket.len(), &bucket[0]), (3, &bucket_before[0]), "{bucket:#?}");
    assert_eq!(
        of(&bucket, "AllowList"),
        json!({"Effect": "Allow", "Principal": {"AWS": [TASK_ROLE]}, "Action": ["s3:ListBucket"],
               "Resource": ["arn:aws:s3:::acme-theirs"],
               "Condition": {"StringLike": {"s3:prefix": ["inputs/", "inputs/*"]}}})
    );
    assert_eq!(
        of(&bucket, "AllowObjects"),
        json!({"Effect": "Allow", "Principal": {"AWS": [TASK_ROLE]},
               "Action": ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
               "Resource": ["arn:aws:s3:::acme-theirs/inputs/*"]})
    );
    let of_key = key_policy(&world, OTHER, &key).await;
    assert_eq!((of_key.len(), &of_key[0]), (2, &key_before[0]), "{of_key:#?}");
    assert_eq!(
        of(&of_key, "AllowKey"),
        json!({"Effect": "Allow", "Principal": {"AWS": [TASK_ROLE]},
               "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": ["*"],
               "Condition": {
                   "StringEquals": {"kms:ViaService": ["s3.us-west-2.amazonaws.com"]},
                   "StringLike": {"kms:EncryptionContext:aws:s3:arn":
                       ["arn:aws:s3:::acme-theirs", "arn:aws:s3:::acme-theirs/inputs/*"]}}})
    );
    // The roles' own policy says the same, as both have to.
    let document = world.document("cloudgrant_tests_global").await.to_string();
    assert!(document.contains(&key) && document.contains(OTHER), "{document}");
    let report = world.revoke_all(&text).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert_eq!(bucket_policy(&world, OTHER).await, bucket_before);
    assert_eq!(key_policy(&world, OTHER, &key).await, key_before);
    let only_identities = |all: &[(String, Value)]| {
        let theirs = |name: &String| !name.contains("/buckets/") && !name.contains("/keys/");
        all.iter().filter(|(name, _)| theirs(name)).cloned().collect::<Vec<_>>()
    };
    assert_same(&only_identities(&before), &only_identities(&world.everything()));
}

#[tokio::test]
async fn a_plan_with_nothing_to_do_reads_only_the_policies() {
    let text = text("read");
    let (world, _) = world(OTHER).await;
    world.converge(&text).await;
    let of = |action: &str| world.running().counts().by_action.get(action).copied().unwrap_or_default();
    let asked = || (of("s3:ListAllMyBuckets"), of("s3:GetEncryptionConfiguration"));
    let (before, policies) = (asked(), (of("s3:GetBucketPolicy"), of("kms:GetKeyPolicy")));
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    assert_eq!(asked(), before);
    assert_eq!((of("s3:GetBucketPolicy"), of("kms:GetKeyPolicy")), (policies.0 + 1, policies.1 + 1));
}

#[tokio::test]
async fn what_the_manifest_has_forgotten_is_found_and_taken_out() {
    let (world, key) = world(OTHER).await;
    let before = (bucket_policy(&world, OTHER).await, key_policy(&world, OTHER, &key).await);
    world.converge(&text("read")).await;
    assert_ne!(bucket_policy(&world, OTHER).await, before.0);
    world.converge(&manifest("")).await;
    assert_eq!((bucket_policy(&world, OTHER).await, key_policy(&world, OTHER, &key).await), before);
}

/// Its policies tell where a statement of the stack may be. Where somebody deleted them, the manifest does.
#[tokio::test]
async fn revoke_finds_what_no_policy_of_the_stack_names_any_more() {
    let (world, key) = world(OTHER).await;
    let before = (bucket_policy(&world, OTHER).await, key_policy(&world, OTHER, &key).await);
    let text = text("read");
    world.converge(&text).await;
    let arn = crate::world::policy_arn("cloudgrant_tests_global");
    let iam = world.iam();
    iam.detach_role_policy().role_name("acme-userflyterole").policy_arn(&arn).send().await.expect("detached");
    iam.delete_policy().policy_arn(&arn).send().await.expect("deleted");
    let report = world.revoke_all(&text).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert_eq!((bucket_policy(&world, OTHER).await, key_policy(&world, OTHER, &key).await), before);
}

#[tokio::test]
async fn a_new_role_is_waited_for() {
    let text = text("read").replace("scope: global", "scope: { domain: production }");
    let (world, key) = world_with(OTHER, "replication=300ms").await;
    world.converge(&text).await;
    let role = "arn:aws:iam::111122223333:role/cloudgrant/tests/cloudgrant_tests_production";
    for statements in [bucket_policy(&world, OTHER).await, key_policy(&world, OTHER, &key).await] {
        assert!(statements.iter().any(|one| one["Principal"]["AWS"] == json!([role])), "{statements:#?}");
    }
    let report = world.revoke_all(&text).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert_eq!((bucket_policy(&world, OTHER).await.len(), key_policy(&world, OTHER, &key).await.len()), (1, 1));
}

#[tokio::test]
async fn without_credentials_it_is_handed_off_whole() {
    let (world, _) = world(NOBODYS).await;
    let text = text("read");
    let before = bucket_policy(&world, NOBODYS).await;
    let report = world.converge(&text).await;
    let handoffs: Vec<_> = report.handoffs.iter().filter(|change| change.id.kind == "s3-policy-statement").collect();
    assert_eq!(handoffs.len(), 2, "{:#?}", report.handoffs);
    let documents: String =
        handoffs.iter().map(|change| change.handoff.as_ref().expect("a handoff").document.as_str()).collect();
    for needed in [
        "acme-theirs",
        "s3:ListBucket",
        "s3:GetObject",
        TASK_ROLE,
        "put-bucket-policy",
        "keep the others",
        "kms:Decrypt",
    ] {
        assert!(documents.contains(needed), "{needed} in {documents}");
    }
    assert!(handoffs.iter().all(|change| change.action == Action::Handoff));
    assert_eq!(bucket_policy(&world, NOBODYS).await, before);
}

#[tokio::test]
async fn what_may_not_be_searched_is_said() {
    let (mut world, _) = world(OTHER).await;
    world.converge(&text("read")).await;
    world.restart(&manifest(""), "deny=s3:GetBucketPolicy").await;
    let said = |plan: &Plan| plan.unsearched.iter().map(|one| one.place.clone()).collect::<Vec<_>>();
    let plan = world.plan(&manifest("")).await.expect("a plan");
    assert_eq!(said(&plan), ["the policy of bucket acme-theirs in account 444455556666"]);
    // Where it is wanted, there is no plan without it.
    let error = refused(world.plan(&text("read")).await);
    assert!(self::said(&error).contains("s3:GetBucketPolicy"), "{}", self::said(&error));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_anything_is_written() {
    let (world, _) = world(OTHER).await;
    let filler: Vec<_> = (0..20)
        .map(|at| {
            json!({"Sid": format!("{at}{}", "x".repeat(855)), "Effect": "Allow",
                   "Principal": {"AWS": format!("arn:aws:iam::{OTHER}:root")},
                   "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::acme-theirs/*"]})
        })
        .collect();
    let full = json!({"Version": "2012-10-17", "Statement": filler});
    world.s3(OTHER).put_bucket_policy().bucket("acme-theirs").policy(full.to_string()).send().await.expect("fits");
    let before = bucket_policy(&world, OTHER).await;
    let error = refused(world.plan(&text("read")).await);
    assert!(said(&error).contains("characters in the policy of bucket acme-theirs"), "{}", said(&error));
    assert_eq!(bucket_policy(&world, OTHER).await, before);
}

#[tokio::test]
async fn somebody_else_s_edits_between_plan_and_apply_stay() {
    let (world, key) = world(OTHER).await;
    let session = world.session_with(&text("read"), nearby()).await.expect("a session");
    let engine = session.engine();
    let plan = engine.plan(&Silent).await.expect("a plan");
    let mut statements = bucket_policy(&world, OTHER).await;
    let mut more = statements[0].clone();
    more["Sid"] = "Later".into();
    statements.push(more.clone());
    let edited = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    world.s3(OTHER).put_bucket_policy().bucket("acme-theirs").policy(edited).send().await.expect("edited");
    let mut of_key = key_policy(&world, OTHER, &key).await;
    let mut admin = of_key[0].clone();
    admin["Sid"] = "Later".into();
    of_key.push(admin.clone());
    let edited = json!({"Version": "2012-10-17", "Statement": of_key}).to_string();
    world.kms(OTHER).put_key_policy().key_id(&key).policy(edited).send().await.expect("edited");
    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("a report");
    assert!(report.is_success(), "{report:#?}");
    let (bucket, of_key) = (bucket_policy(&world, OTHER).await, key_policy(&world, OTHER, &key).await);
    assert!(bucket.contains(&more) && bucket.len() == 4, "{bucket:#?}");
    assert!(of_key.contains(&admin) && of_key.len() == 3, "{of_key:#?}");
}

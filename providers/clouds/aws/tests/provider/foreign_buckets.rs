//! Buckets and keys of other accounts: statements in their policies, with credentials and without.

use aws_sdk_s3::types::{ObjectOwnership, OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration};
use cloudgrant_conformance::nearby;
use cloudgrant_core::{Action, Approval, Cancel, Plan, Silent};
use serde_json::{Value, json};

use crate::buckets::{create, drift, edit, encrypt, key, warnings};
use crate::world::{Runs, World, assert_same, manifest, refused, said};

const OWNER: &str = "aws:ResourceAccount";
const OWN: &str = "111122223333";
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

/// The bucket is the data plane's own, so that its policy needs nothing; the key's account has to agree.
#[tokio::test]
async fn an_own_bucket_under_another_account_s_key() {
    let text = text("read").replace("acme-theirs/", "acme-data/");
    for account in [OTHER, NOBODYS] {
        let world = World::new(&manifest("")).await;
        let key = key(&world, account).await;
        encrypt(&world.s3(OWN), "acme-data", aws_sdk_s3::types::ServerSideEncryption::AwsKms, Some(&key)).await;
        let before = key_policy(&world, account, &key).await;
        let report = world.converge(&text).await;
        let document = world.document("cloudgrant_tests_global").await.to_string();
        assert!(document.contains(&key) && document.contains("kms:Decrypt"), "{document}");
        let asked = json!({"Effect": "Allow", "Principal": {"AWS": [TASK_ROLE]},
            "Action": ["kms:Decrypt"], "Resource": ["*"],
            "Condition": {
                "StringEquals": {"kms:ViaService": ["s3.us-west-2.amazonaws.com"]},
                "StringLike": {"kms:EncryptionContext:aws:s3:arn":
                    ["arn:aws:s3:::acme-data", "arn:aws:s3:::acme-data/inputs/*"]}}});
        let after = key_policy(&world, account, &key).await;
        if account == OTHER {
            assert_eq!((after.len(), &after[0], of(&after, "AllowKey")), (2, &before[0], asked), "{after:#?}");
            assert!(report.handoffs.is_empty(), "{:#?}", report.handoffs);
            assert!(world.revoke_all(&text).await.expect("revoked").is_success());
            assert_eq!(key_policy(&world, account, &key).await, before);
        } else {
            assert_eq!(after, before);
            let documents = report.handoffs.iter().filter_map(|change| change.handoff.as_ref());
            let documents: String = documents.map(|handoff| handoff.document.as_str()).collect();
            for needed in [&key, TASK_ROLE, "kms:Decrypt", "s3.us-west-2.amazonaws.com", "put-key-policy"] {
                assert!(documents.contains(needed), "{needed} in {documents}");
            }
        }
    }
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

/// How many warnings a plan has of the bucket that contain a text, and how often S3 was asked for it.
async fn warned(world: &World, text: &str, part: &str) -> usize {
    let plan = world.plan(text).await.expect("a plan");
    plan.notes.iter().filter(|note| note.about == "bucket acme-theirs" && note.message.contains(part)).count()
}

#[tokio::test]
async fn what_its_owner_could_not_read_is_said_while_the_bucket_is_new() {
    let (world, _) = world(OTHER).await;
    let (s3, part) = (world.s3(OTHER), "can't read it: have its Object Ownership");
    assert_eq!(warned(&world, &text("write"), part).await, 0, "buckets are made so that their owners own all");
    for ownership in [Some(ObjectOwnership::ObjectWriter), Some(ObjectOwnership::BucketOwnerPreferred), None] {
        match ownership {
            Some(ownership) => {
                let rule = OwnershipControlsRule::builder().object_ownership(ownership).build().expect("a rule");
                let controls = OwnershipControls::builder().rules(rule).build().expect("rules");
                let request = s3.put_bucket_ownership_controls().bucket("acme-theirs").ownership_controls(controls);
                request.send().await.expect("set");
            }
            None => {
                s3.delete_bucket_ownership_controls().bucket("acme-theirs").send().await.expect("deleted");
            }
        }
        assert_eq!(warned(&world, &text("write"), part).await, 1);
        assert_eq!(warned(&world, &text("read"), part).await, 0, "nothing is written");
    }
    world.converge(&text("write")).await;
    let asked = || world.running().counts().by_action.get("s3:GetBucketOwnershipControls").copied();
    let before = asked();
    assert!(world.plan(&text("write")).await.expect("a plan").is_empty());
    assert_eq!(asked(), before, "a plan with nothing to do asks no bucket");
}

#[tokio::test]
async fn a_public_policy_that_keeps_other_accounts_out_is_said() {
    let (mut world, _) = world(OTHER).await;
    assert_eq!(warned(&world, &text("read"), "its policy is public").await, 0);
    let s3 = world.s3(OTHER);
    let public = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-theirs/*",
    }]});
    let put = || s3.put_bucket_policy().bucket("acme-theirs").policy(public.to_string()).send();
    let blocked = put().await.expect_err("blocked");
    assert!(format!("{blocked:?}").contains("BlockPublicPolicy"), "{blocked:?}");
    let block = PublicAccessBlockConfiguration::builder().restrict_public_buckets(true).build();
    let request = s3.put_public_access_block().bucket("acme-theirs").public_access_block_configuration(block);
    request.send().await.expect("set");
    put().await.expect("a public policy");
    assert_eq!(warned(&world, &text("read"), "is on for it, S3 keeps every other account out").await, 1);
    s3.delete_public_access_block().bucket("acme-theirs").send().await.expect("deleted");
    assert_eq!(warned(&world, &text("read"), "is on for its account, S3 keeps every other account out").await, 1);
    // Where it may not be read, the plan is made all the same.
    world.restart(&manifest(""), "deny=s3:GetBucketPolicyStatus,deny=s3:GetBucketOwnershipControls").await;
    assert_eq!(warned(&world, &text("read"), "public").await, 0);
    assert_eq!(warned(&world, &text("write"), "s3:GetBucketOwnershipControls is denied").await, 1);
}

#[tokio::test]
async fn a_former_key_keeps_its_statement_until_the_grant_goes() {
    let (world, old) = world(OTHER).await;
    let text = text("read");
    let before = key_policy(&world, OTHER, &old).await;
    world.converge(&text).await;
    let new = key(&world, OTHER).await;
    encrypt(&world.s3(OTHER), "acme-theirs", aws_sdk_s3::types::ServerSideEncryption::AwsKms, Some(&new)).await;
    crate::buckets::mend(&world, &text).await;
    for key in [&old, &new] {
        let statement = of(&key_policy(&world, OTHER, key).await, "AllowKeyCloudgrant");
        assert_eq!(statement["Action"], json!(["kms:Decrypt"]), "{key}");
    }
    assert!(world.revoke_all(&text).await.expect("revoked").is_success());
    for key in [&old, &new] {
        assert_eq!(key_policy(&world, OTHER, key).await.len(), before.len(), "{key}");
    }
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
    let mut of_bucket = Vec::new();
    for change in &handoffs {
        let document = &change.handoff.as_ref().expect("a handoff").document;
        for needed in ["acme-theirs", "put-bucket-policy", "keep the others"] {
            assert!(document.contains(needed), "{needed} in {document}");
        }
        let (policy, _) = document.split_once("3. Put it there").expect("the bucket's steps");
        let (begin, end) = (policy.find('{').expect("a document"), policy.rfind('}').expect("its end"));
        of_bucket.extend(statements(&policy[begin..=end]));
    }
    assert_eq!(of_bucket.len(), 2, "{of_bucket:#?}");
    assert_eq!(
        of(&of_bucket, "AllowList"),
        json!({"Effect": "Allow", "Principal": {"AWS": [TASK_ROLE]}, "Action": ["s3:ListBucket"],
               "Resource": ["arn:aws:s3:::acme-theirs"],
               "Condition": {"StringLike": {"s3:prefix": ["inputs/", "inputs/*"]}}})
    );
    assert_eq!(
        of(&of_bucket, "AllowObjects"),
        json!({"Effect": "Allow", "Principal": {"AWS": [TASK_ROLE]}, "Action": ["s3:GetObject"],
               "Resource": ["arn:aws:s3:::acme-theirs/inputs/*"]})
    );
    // Nobody could ask for the key: its statement is there whole, once, for whoever can.
    let of_objects =
        handoffs.iter().filter_map(|change| change.handoff.as_ref()).find(|one| one.document.contains("kms:"));
    let document = &of_objects.expect("a handoff with the key").document;
    let (before_key, of_key) = document.split_once("add this statement to the key's policy").expect("the key's step");
    assert!(before_key.contains("s3:GetObject"), "{document}");
    let (begin, end) = (of_key.find('{').expect("a document"), of_key.rfind('}').expect("its end"));
    let of_key = statements(&of_key[begin..=end]);
    assert_eq!(
        of(&of_key, "AllowKey"),
        json!({"Effect": "Allow", "Principal": {"AWS": [TASK_ROLE]}, "Action": ["kms:Decrypt"], "Resource": ["*"],
               "Condition": {"StringLike": {
                   "kms:ViaService": ["s3.*.amazonaws.com"],
                   "kms:EncryptionContext:aws:s3:arn":
                       ["arn:aws:s3:::acme-theirs", "arn:aws:s3:::acme-theirs/inputs/*"]}}})
    );
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
    assert_eq!(said(&plan), ["bucket acme-theirs of account 444455556666"]);
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

/// What a run leaves that died when it had changed the stack's policies and not yet the documents of others; or somebody
/// who deleted these policies by hand.
async fn without_the_policies_of_roles(world: &World) {
    let iam = world.iam();
    let arn = crate::world::policy_arn("cloudgrant_tests_global");
    iam.detach_role_policy().role_name("acme-userflyterole").policy_arn(&arn).send().await.expect("detached");
    iam.delete_policy().policy_arn(&arn).send().await.expect("deleted");
}

#[tokio::test]
async fn what_neither_the_manifest_nor_a_role_s_policy_names_is_found_by_its_marks() {
    let (world, key) = world(OTHER).await;
    let before = (bucket_policy(&world, OTHER).await, key_policy(&world, OTHER, &key).await, world.everything());
    let forgotten = manifest("");
    for revoke in [true, false] {
        world.converge(&text("read")).await;
        without_the_policies_of_roles(&world).await;
        if revoke {
            let report = world.revoke_all(&forgotten).await.expect("revoked");
            assert!(report.is_success(), "{report:#?}");
        } else {
            world.converge(&forgotten).await;
        }
        assert_eq!(bucket_policy(&world, OTHER).await, before.0);
        assert_eq!(key_policy(&world, OTHER, &key).await, before.1);
        // The marks are gone as well.
        let policies = |all: &[(String, Value)]| all.iter().filter(|(name, _)| name.contains("/policies/")).count();
        assert_eq!(policies(&world.everything()), policies(&before.2));
    }
}

#[tokio::test]
async fn a_run_that_dies_before_it_takes_the_statements_out_is_made_good() {
    let (mut world, key) = world(OTHER).await;
    let before = (bucket_policy(&world, OTHER).await, key_policy(&world, OTHER, &key).await);
    world.converge(&text("read")).await;
    // The grant of the bucket makes room for another one, so that the role's policy is changed first.
    let other = manifest("grants: [{ name: mine, scope: global, access: { models: read } }]");
    world.restart(&manifest(""), "deny=s3:PutBucketPolicy,deny=kms:PutKeyPolicy").await;
    let report = world.apply(&other).await.expect("a report");
    assert!(!report.is_success() && !report.applied.is_empty(), "{report:#?}");
    let document = world.document("cloudgrant_tests_global").await.to_string();
    assert!(!document.contains("acme-theirs") && document.contains("acme-models"), "{document}");
    world.restart(&manifest(""), "").await;
    let report = world.revoke_all(&other).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert_eq!((bucket_policy(&world, OTHER).await, key_policy(&world, OTHER, &key).await), before);
}

/// Whoever can't be asked has not sold the bucket: the condition on its owner stays, and nobody is told to grant it anew.
#[tokio::test]
async fn a_bucket_whose_owner_can_not_be_asked_any_more_stays_that_account_s() {
    let (world, _) = world(OTHER).await;
    let text = text("read");
    world.converge(&text).await;
    let accounts = r#"{ "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" } }"#;
    let alone = text.replace(accounts, "{}");
    let plan = drift(&world, &alone).await;
    assert!(plan.changes.iter().all(|change| change.action == Action::Handoff), "{:#?}", plan.changes);
    let told = warnings(&plan, "bucket acme-theirs");
    assert!(told.iter().any(|note| note.message.contains("can't be asked without credentials")), "{:#?}", plan.notes);
    assert!(told.iter().all(|note| !note.message.contains("does now")), "{:#?}", plan.notes);
    // With the owner edited away as well, nothing says whose it is.
    edit(&world, |statements| {
        for statement in statements {
            statement["Condition"]["StringEquals"].as_object_mut().expect("conditions").remove("aws:ResourceAccount");
        }
    })
    .await;
    let error = world.plan(&alone).await.err().map(|error| error.to_string());
    let policies = world.document("cloudgrant_tests_global").await.to_string();
    assert!(
        error.is_some_and(|error| error.contains("contradict each other")) && !policies.contains(OWNER),
        "{policies}"
    );
}

#[tokio::test]
async fn a_bucket_that_can_not_be_searched_any_more_is_named_and_remembered() {
    let (mut world, key) = world(OTHER).await;
    let before = (bucket_policy(&world, OTHER).await, key_policy(&world, OTHER, &key).await);
    let text = text("read");
    world.converge(&text).await;
    let places = |plan: &Plan| plan.unsearched.iter().map(|unsearched| unsearched.place.clone()).collect::<Vec<_>>();
    let in_bucket = "bucket acme-theirs of account 444455556666".to_owned();
    let id = key.rsplit('/').next().expect("an id");
    let in_key = format!("key {id} of account 444455556666 in us-west-2");
    // The account has been forgotten together with its bucket.
    let accounts = r#"{ "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" } }"#;
    let alone = manifest("").replace(accounts, "{}");
    let report = world.revoke_all(&alone).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    let plan = world.plan(&alone).await.expect("a plan");
    assert_eq!(places(&plan), [in_bucket.clone(), in_key.clone()], "{:#?}", plan.unsearched);
    assert!(plan.unsearched.iter().all(|one| one.reason.contains("aws.accounts")), "{:#?}", plan.unsearched);
    // Reading is denied.
    world.restart(&manifest(""), "deny=s3:GetBucketPolicy,deny=kms:GetKeyPolicy").await;
    let plan = world.plan(&manifest("")).await.expect("a plan");
    assert_eq!(places(&plan), [in_bucket, in_key], "{:#?}", plan.unsearched);
    assert!(plan.is_empty(), "the marks stay: {:#?}", plan.changes);
    // As soon as they can be read, the statements go, and the marks after them.
    world.restart(&manifest(""), "").await;
    let plan = world.plan(&manifest("")).await.expect("a plan");
    let at = |part: &str| {
        let mut places = plan.changes.iter().enumerate().filter(|(_, change)| change.id.to_string().contains(part));
        places.next().unwrap_or_else(|| panic!("no {part} in {:#?}", plan.changes)).0
    };
    assert!(at("place.s3-tasks") > at("acme-theirs#"));
    assert!(at("place.kms-tasks") > at(&format!("{id}#")));
    world.converge(&manifest("")).await;
    assert_eq!((bucket_policy(&world, OTHER).await, key_policy(&world, OTHER, &key).await), before);
}

#[tokio::test]
async fn a_bucket_that_is_gone_or_somebody_else_s_by_now_keeps_no_mark() {
    for is_anew in [false, true] {
        let (world, _) = world(OTHER).await;
        world.converge(&text("read")).await;
        let mark = crate::world::policy_arn("cloudgrant_tests_place.s3-tasks.444455556666");
        let is_there = async || world.iam().get_policy().policy_arn(&mark).send().await.is_ok();
        assert!(is_there().await);
        let theirs = world.s3(OTHER);
        theirs.delete_bucket().bucket("acme-theirs").send().await.expect("deleted");
        if is_anew {
            create(&world.s3(NOBODYS), "acme-theirs", "us-west-2").await;
        }
        world.converge(&manifest("")).await;
        assert!(!is_there().await, "{is_anew}");
        assert!(world.plan(&manifest("")).await.expect("a plan").unsearched.is_empty());
    }
}

#[tokio::test]
async fn where_too_many_are_marked_all_buckets_and_keys_of_the_account_are_searched() {
    let (world, first) = world(OTHER).await;
    let s3 = world.s3(OTHER);
    let long = "acme-of-others-with-a-name-that-is-nearly-as-long-as-can-be";
    let names: Vec<_> = (0..90).map(|at| format!("{long}-{at:03}")).collect();
    for name in &names {
        create(&s3, name, "us-west-2").await;
        let key = key(&world, OTHER).await;
        encrypt(&s3, name, aws_sdk_s3::types::ServerSideEncryption::AwsKms, Some(&key)).await;
    }
    let mut resources = String::from("resources:\n");
    // A role takes ten policies.
    let mut access = [String::from("data: read"), String::from("models: list")];
    for (at, name) in names.iter().enumerate() {
        resources.push_str(&format!("  r{at}: {{ aws: 's3://{name}' }}\n"));
        access[at % 2].push_str(&format!(", r{at}: read"));
    }
    let grant = |domain: &str, access: &str| {
        format!("  - {{ name: {domain}, scope: {{ domain: {domain} }}, access: {{ {access} }} }}\n")
    };
    let grants = [grant("production", &access[0]), grant("development", &access[1])].concat();
    let many = manifest(&format!("grants:\n{grants}"))
        .replace("acme-data/", "acme-theirs/")
        .replace("resources:\n", &resources);
    let before = world.everything();
    world.converge(&many).await;
    let marks = [("s3-tasks.444455556666", "arn:aws:s3:::*"), ("kms-tasks.444455556666.us-west-2", "key/*")];
    for (name, all) in marks {
        let document = world.document(&format!("cloudgrant_tests_place.{name}")).await;
        let named = document["Statement"][0]["Resource"].as_array().expect("resources").clone();
        assert!(named.len() == 1 && named[0].as_str().is_some_and(|arn| arn.ends_with(all)), "{document:#}");
    }
    assert!(world.plan(&many).await.expect("a plan").is_empty());
    assert_eq!(key_policy(&world, OTHER, &first).await.len(), 2);
    let report = world.revoke_all(&manifest("")).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    let policies = |all: &[(String, Value)]| {
        let texts = all.iter().filter(|(name, _)| name.contains("/buckets/") || name.contains("/keys/"));
        texts.map(|(_, value)| value["policy"].to_string()).filter(|text| text.contains("Cloudgrant")).count()
    };
    assert_eq!((policies(&before), policies(&world.everything())), (0, 0));
}

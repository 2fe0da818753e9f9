//! Buckets: whose they are, how they are encrypted, and names that are none of a bucket.

use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use cloudgrant_core::{Action, Approval, Cancel, Level, Note, Plan, Settings, Silent};
use serde_json::{Value, json};

use crate::world::{Runs, World, manifest, refused, said};

const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";
const GRANTS: &str = "grants: [{ name: mine, scope: global, access: { data: read } }]";

/// A key of an account, and its ARN.
pub(crate) async fn key(world: &World, account: &str) -> String {
    let key = world.kms(account).create_key().send().await.expect("a key").key_metadata.expect("metadata");
    key.arn.expect("an ARN")
}

pub(crate) async fn encrypt(s3: &aws_sdk_s3::Client, bucket: &str, algorithm: ServerSideEncryption, key: Option<&str>) {
    let rule = ServerSideEncryptionByDefault::builder().sse_algorithm(algorithm);
    let rule = rule.set_kms_master_key_id(key.map(str::to_owned)).build().expect("a rule");
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(rule).build();
    let all = ServerSideEncryptionConfiguration::builder().rules(rule).build().expect("rules");
    let request = s3.put_bucket_encryption().bucket(bucket).server_side_encryption_configuration(all);
    request.send().await.expect("encrypted");
}

pub(crate) async fn create(s3: &aws_sdk_s3::Client, bucket: &str, region: &str) {
    let place =
        CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region)).build();
    s3.create_bucket().bucket(bucket).create_bucket_configuration(place).send().await.expect("created");
}

/// How often S3 was asked anything.
fn asked(world: &World) -> u64 {
    let counts = world.running().counts().by_action;
    counts.into_iter().filter(|(action, _)| action.starts_with("s3:")).map(|(_, count)| count).sum()
}

/// The statements of the global policy by the ends of their Sids.
async fn statements(world: &World) -> Vec<Value> {
    let document = world.document("cloudgrant_tests_global").await;
    document["Statement"].as_array().expect("statements").clone()
}

fn of<'a>(statements: &'a [Value], sid: &str) -> &'a Value {
    statements.iter().find(|one| one["Sid"] == sid).unwrap_or_else(|| panic!("{sid} in {statements:#?}"))
}

pub(crate) fn warnings<'a>(plan: &'a Plan, about: &str) -> Vec<&'a Note> {
    plan.notes.iter().filter(|note| note.level == Level::Warning && note.about == about).collect()
}

/// A plan that asks anew, as `drift` and `apply` do.
pub(crate) async fn drift(world: &World, text: &str) -> Plan {
    let session = world.session_with(text, Settings::default()).await.expect("a session");
    session.provider().look_again();
    session.engine().plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"))
}

#[tokio::test]
async fn a_bucket_with_a_key_of_its_own() {
    for (level, actions, sid) in [
        ("read", json!(["kms:Decrypt"]), "MineReadKey"),
        ("write", json!(["kms:Decrypt", "kms:GenerateDataKey"]), "MineWriteKey"),
        ("read-write", json!(["kms:Decrypt", "kms:GenerateDataKey"]), "MineWriteKey"),
        ("manage", json!(["kms:Decrypt", "kms:GenerateDataKey"]), "MineWriteKey"),
    ] {
        let text = manifest(&GRANTS.replace("data: read", &format!("data: {level}")));
        let world = World::new(&text).await;
        let key = key(&world, OWN).await;
        encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some(&key)).await;
        world.converge(&text).await;
        let found = statements(&world).await;
        let mut allowed = of(&found, sid).clone();
        allowed.as_object_mut().expect("a statement").remove("Sid");
        assert_eq!(
            allowed,
            json!({
                "Effect": "Allow",
                "Action": actions,
                "Resource": [key],
                "Condition": {
                    "StringEquals": { "kms:ViaService": ["s3.us-west-2.amazonaws.com"] },
                    "StringLike": { "kms:EncryptionContext:aws:s3:arn":
                        ["arn:aws:s3:::acme-data", "arn:aws:s3:::acme-data/inputs/*"] },
                },
            })
        );
        // What was found out stands in the policy: nothing is asked again.
        let before = asked(&world);
        let plan = world.plan(&text).await.expect("a plan");
        assert!(plan.is_empty(), "{:#?}", plan.changes);
        assert_eq!(asked(&world), before);
        assert!(plan.notes.iter().any(|note| note.about.starts_with("key ") && note.message.contains("acme-data")));
    }
}

#[tokio::test]
async fn keys_that_take_no_grant() {
    let text = manifest(GRANTS);
    for (algorithm, key) in [
        (ServerSideEncryption::Aes256, None),
        (ServerSideEncryption::AwsKms, None),
        (ServerSideEncryption::AwsKmsDsse, Some("arn:aws:kms:us-west-2:111122223333:alias/aws/s3")),
    ] {
        let world = World::new(&text).await;
        encrypt(&world.s3(OWN), "acme-data", algorithm, key).await;
        world.converge(&text).await;
        assert!(!world.document("cloudgrant_tests_global").await.to_string().contains("kms:"));
        assert!(warnings(&world.plan(&text).await.expect("a plan"), "bucket acme-data").is_empty());
    }
}

#[tokio::test]
async fn an_alias_is_a_condition() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some("alias/mine")).await;
    world.converge(&text).await;
    let found = statements(&world).await;
    let allowed = of(&found, "MineReadKey");
    assert_eq!(allowed["Resource"], json!(["arn:aws:kms:us-west-2:111122223333:key/*"]));
    assert_eq!(allowed["Condition"]["ForAnyValue:StringEquals"], json!({ "kms:ResourceAliases": ["alias/mine"] }));
    let before = asked(&world);
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    assert_eq!(asked(&world), before);
}

#[tokio::test]
async fn a_bucket_of_another_region_says_where_it_is() {
    let text = manifest(GRANTS).replace("acme-data/", "acme-far/");
    let world = World::new(&manifest("")).await;
    let s3 = world.s3_in(OWN, "eu-west-1");
    create(&s3, "acme-far", "eu-west-1").await;
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234";
    encrypt(&s3, "acme-far", ServerSideEncryption::AwsKms, Some(key)).await;
    world.converge(&text).await;
    let found = statements(&world).await;
    let via = &of(&found, "MineReadKey")["Condition"]["StringEquals"];
    assert_eq!(*via, json!({ "kms:ViaService": ["s3.eu-west-1.amazonaws.com"] }));
    // The list tells the region; without it, S3's answer does.
    let mut world = world;
    world.restart(&manifest(""), "deny=s3:ListAllMyBuckets").await;
    assert!(drift(&world, &text).await.is_empty());
}

#[tokio::test]
async fn what_is_denied_is_a_warning_and_never_no_key() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    let key = key(&world, OWN).await;
    encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some(&key)).await;
    let mut world = world;
    world.restart(&text, "deny=s3:GetEncryptionConfiguration").await;
    world.converge(&text).await;
    let found = statements(&world).await;
    // The owner is known all the same.
    assert_eq!(of(&found, "MineRead")["Condition"], json!({ "StringLike": { "aws:ResourceAccount": [OWN] } }));
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty());
    let warned = warnings(&plan, "bucket acme-data");
    assert!(warned.len() == 1 && warned[0].message.contains("s3:GetEncryptionConfiguration is denied"), "{warned:#?}");
    // As soon as it may be read, it is.
    world.restart(&text, "").await;
    world.converge(&text).await;
    let found = statements(&world).await;
    assert_eq!(of(&found, "MineReadKey")["Resource"], json!([key]));
    assert_eq!(of(&found, "MineRead")["Condition"], json!({ "StringEquals": { "aws:ResourceAccount": [OWN] } }));
}

#[tokio::test]
async fn where_buckets_may_not_be_listed_each_is_asked() {
    let text = manifest(GRANTS);
    let world = World::with(&text, "deny=s3:ListAllMyBuckets").await;
    world.converge(&text).await;
    let found = statements(&world).await;
    assert_eq!(of(&found, "MineRead")["Condition"], json!({ "StringEquals": { "aws:ResourceAccount": [OWN] } }));
    // Nothing may be asked: nothing is claimed.
    let world = World::with(&text, "deny=s3:ListAllMyBuckets,deny=s3:GetEncryptionConfiguration").await;
    world.converge(&text).await;
    let found = statements(&world).await;
    assert_eq!(of(&found, "MineRead").get("Condition"), None);
    let plan = world.plan(&text).await.expect("a plan");
    assert_eq!(warnings(&plan, "bucket acme-data").len(), 1, "{:#?}", plan.notes);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_yet() {
    let text = manifest(GRANTS).replace("acme-data/", "acme-later/");
    let world = World::new(&manifest("")).await;
    world.converge(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty());
    let told: Vec<_> = plan.broken.iter().map(|one| one.note.message.as_str()).collect();
    assert!(told.len() == 1 && told[0].contains("no such bucket: create it in account"), "{plan:#?}");
    let found = statements(&world).await;
    let owner = &of(&found, "MineRead")["Condition"]["StringLike"]["aws:ResourceAccount"];
    assert_eq!(*owner, json!([OWN]), "whoever else makes it is kept out");
    // It comes, with a key.
    let key = key(&world, OWN).await;
    let s3 = world.s3(OWN);
    create(&s3, "acme-later", "us-west-2").await;
    encrypt(&s3, "acme-later", ServerSideEncryption::AwsKms, Some(&key)).await;
    world.converge(&text).await;
    assert_eq!(of(&statements(&world).await, "MineReadKey")["Resource"], json!([key]));
}

#[tokio::test]
async fn drift_asks_again_and_apply_mends_it() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let key = key(&world, OWN).await;
    encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some(&key)).await;
    assert!(world.plan(&text).await.expect("a plan").is_empty(), "a plan takes the policy's word");
    let plan = drift(&world, &text).await;
    let changed: Vec<_> = plan.work().map(|change| (change.action, change.id.name.as_str())).collect();
    assert_eq!(changed, [(Action::Update, "cloudgrant_tests_global")]);
}

/// Applies a plan that asks anew.
pub(crate) async fn mend(world: &World, text: &str) {
    let session = world.session(text).await.expect("a session");
    session.provider().look_again();
    let engine = session.engine();
    let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"));
    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("a report");
    assert!(report.is_success(), "{report:#?}");
    for plan in [world.plan(text).await.expect("a plan"), drift(world, text).await] {
        assert!(plan.is_empty(), "{:#?}", plan.changes);
    }
}

/// The keys of the statements whose Sids begin so.
fn keys<'a>(statements: &'a [Value], sid: &str) -> Vec<&'a str> {
    let those = statements.iter().filter(|one| one["Sid"].as_str().is_some_and(|known| known.starts_with(sid)));
    let mut keys: Vec<_> = those.map(|one| one["Resource"][0].as_str().expect("one")).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn what_was_written_under_a_former_key_can_be_read_as_long_as_the_bucket_is_granted() {
    for level in ["read", "write"] {
        let text = manifest(&GRANTS.replace("data: read", &format!("data: {level}")));
        let world = World::new(&text).await;
        let before = world.everything();
        let mut all = Vec::new();
        for _ in 0..3 {
            all.push(key(&world, OWN).await);
            encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, all.last().map(String::as_str)).await;
            mend(&world, &text).await;
        }
        let found = statements(&world).await;
        if level == "write" {
            // Whoever writes reads nothing of what is there.
            assert_eq!((keys(&found, "MineWriteKey"), keys(&found, "MineFormerKey")), (vec![all[2].as_str()], vec![]));
            continue;
        }
        assert_eq!(keys(&found, "MineReadKey"), [&all[2]]);
        let mut former = [all[0].as_str(), all[1].as_str()];
        former.sort_unstable();
        assert_eq!(keys(&found, "MineFormerKey"), former);
        let one = found.iter().find(|one| one["Sid"].as_str().is_some_and(|sid| sid.starts_with("MineFormerKey")));
        assert_eq!(one.expect("one")["Action"], json!(["kms:Decrypt"]));
        // What was found out stands in the policy, and both are told apart there.
        let count = asked(&world);
        let plan = world.plan(&text).await.expect("a plan");
        assert_eq!((plan.is_empty(), asked(&world)), (true, count));
        let told = plan.notes.iter().filter(|note| note.message.contains("doesn't encrypt acme-data any more"));
        assert_eq!(told.count(), 2, "{:#?}", plan.notes);
        // Back to the first one: it is no former one any more.
        encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some(&all[0])).await;
        mend(&world, &text).await;
        let found = statements(&world).await;
        let mut former = [all[1].as_str(), all[2].as_str()];
        former.sort_unstable();
        assert_eq!(
            (keys(&found, "MineReadKey"), keys(&found, "MineFormerKey")),
            (vec![all[0].as_str()], former.to_vec())
        );
        // Revoked, nothing of it is left; granted anew, there is no former key.
        assert!(world.revoke_all(&text).await.expect("revoked").is_success());
        let iam =
            |all: Vec<(String, Value)>| all.into_iter().filter(|(name, _)| name.contains("polic")).collect::<Vec<_>>();
        assert_eq!(iam(world.everything()), iam(before));
        world.converge(&text).await;
        assert!(keys(&statements(&world).await, "MineFormerKey").is_empty());
    }
}

#[tokio::test]
async fn what_can_not_be_read_again_takes_no_key_away() {
    let text = manifest(GRANTS);
    let mut world = World::new(&text).await;
    let key = key(&world, OWN).await;
    encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some(&key)).await;
    world.converge(&text).await;
    for denied in ["deny=s3:GetEncryptionConfiguration", "deny=s3:GetEncryptionConfiguration,deny=s3:ListAllMyBuckets"]
    {
        world.restart(&text, denied).await;
        let plan = drift(&world, &text).await;
        assert!(plan.is_empty(), "{denied}: {:#?}", plan.changes);
        assert_eq!(warnings(&plan, "bucket acme-data").len(), 1, "{:#?}", plan.notes);
    }
}

/// What somebody wrote into the stack's policy, by a console.
pub(crate) async fn edit(world: &World, change: impl FnOnce(&mut Vec<Value>)) {
    let mut document = world.document("cloudgrant_tests_global").await;
    change(document["Statement"].as_array_mut().expect("statements"));
    let policies = world.iam().list_policies().send().await.expect("the policies");
    let global = policies.policies().iter().find(|policy| policy.policy_name() == Some("cloudgrant_tests_global"));
    let arn = global.and_then(|policy| policy.arn()).expect("it is there");
    let version = world.iam().create_policy_version().policy_arn(arn).policy_document(document.to_string());
    version.set_as_default(true).send().await.expect("edited");
}

/// A Deny above all: it doesn't become what the bucket's key is, and is taken back as any edit is.
#[tokio::test]
async fn what_somebody_wrote_into_the_policy_gives_nothing() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let before = world.document("cloudgrant_tests_global").await;
    for operator in ["StringEquals", "StringLike"] {
        let mut condition =
            json!({ "StringLike": { "kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::acme-data/*"] } });
        condition[operator]["kms:ViaService"] = json!(["s3.us-west-2.amazonaws.com"]);
        let key = "arn:aws:kms:us-west-2:111122223333:key/00000000-0000-0000-0000-0000000000aa";
        edit(&world, |statements| {
            statements.push(json!({
                "Sid": "SecurityTeamStop", "Effect": "Deny", "Action": ["kms:Decrypt"], "Resource": [key], "Condition": condition,
            }));
        })
        .await;
        assert!(!drift(&world, &text).await.is_empty(), "{operator}: it is drift");
        world.converge(&text).await;
        assert_eq!(world.document("cloudgrant_tests_global").await, before, "{operator}");
    }
}

/// An edit by somebody else, or another version's actions: whose the bucket is, and under which keys it was, stays known.
#[tokio::test]
async fn an_edit_of_the_policy_makes_nobody_forget_what_it_says() {
    let text = manifest(GRANTS);
    let extra = |statement: &mut Value| {
        let service = statement["Action"][0].as_str().and_then(|action| action.split(':').next()).unwrap_or("s3");
        let action = if service == "kms" { "kms:DescribeKey" } else { "s3:GetObjectTagging" };
        statement["Action"].as_array_mut().expect("actions").push(json!(action));
    };
    let stop = |on: &str, action: &str| {
        json!({ "Sid": "SecurityTeamStop", "Effect": "Deny", "Action": [action], "Resource": [on],
                "Condition": { "StringEquals": { "aws:ResourceAccount": [OWN] } } })
    };
    for edited in ["actions", "deny"] {
        let world = World::new(&text).await;
        world.converge(&text).await;
        let (former, now) = (key(&world, OWN).await, key(&world, OWN).await);
        for key in [&former, &now] {
            encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some(key)).await;
            mend(&world, &text).await;
        }
        let before = world.document("cloudgrant_tests_global").await;
        assert!(before.to_string().contains(&former) && before.to_string().contains(&now), "{before:#}");
        edit(&world, |statements| match edited {
            "actions" => statements.iter_mut().for_each(extra),
            _ => statements.push(stop("arn:aws:s3:::acme-data/*", "s3:DeleteObject")),
        })
        .await;
        // Somebody else's by now: that decides nothing.
        world.s3(OWN).delete_bucket().bucket("acme-data").send().await.expect("deleted");
        create(&world.s3(OTHER), "acme-data", "us-west-2").await;
        world.converge(&text).await;
        assert_eq!(world.document("cloudgrant_tests_global").await, before, "{edited}");
    }
}

/// What contradicts itself is asked, and where it can't be, nothing is made of it.
#[tokio::test]
async fn where_policies_contradict_each_other_and_nobody_can_be_asked_nothing_is_written() {
    let text = manifest(GRANTS);
    let mut world = World::new(&text).await;
    let key = key(&world, OWN).await;
    encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some(&key)).await;
    world.converge(&text).await;
    edit(&world, |statements| {
        let one = statements.iter_mut().find(|one| one.to_string().contains("arn:aws:s3:::acme-data")).expect("one");
        one["Condition"]["StringEquals"]["aws:ResourceAccount"] = json!(["999999999999"]);
    })
    .await;
    let before = world.document("cloudgrant_tests_global").await;
    world.restart(&text, "deny=s3:ListAllMyBuckets,deny=s3:GetEncryptionConfiguration,deny=s3:ListBucket").await;
    let error = world.plan(&text).await.expect_err("nobody knows");
    assert!(error.to_string().contains("contradict each other about the bucket acme-data"), "{error}");
    assert_eq!(world.document("cloudgrant_tests_global").await, before);
    world.restart(&text, "").await;
    mend(&world, &text).await;
    assert!(!world.document("cloudgrant_tests_global").await.to_string().contains("999999999999"));
}

/// The owner that the policy names is asked for by a drift: that somebody edited it, it doesn't believe.
#[tokio::test]
async fn an_owner_that_somebody_edited_is_drift() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    let (former, now) = (key(&world, OWN).await, key(&world, OWN).await);
    world.converge(&text).await;
    for key in [&former, &now] {
        encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some(key)).await;
        mend(&world, &text).await;
    }
    let before = world.document("cloudgrant_tests_global").await;
    edit(&world, |statements| {
        for statement in statements {
            let edited = statement.to_string().replace(&format!("[\"{OWN}\"]"), "[\"999999999999\"]");
            *statement = serde_json::from_str(&edited).expect("JSON");
        }
    })
    .await;
    assert!(world.document("cloudgrant_tests_global").await.to_string().contains("999999999999"));
    let plan = drift(&world, &text).await;
    let after: Vec<_> =
        plan.changes.iter().filter_map(|change| change.after.as_ref()).map(|after| after.value()).collect();
    assert!(after.iter().any(|after| after["document"]["Statement"] == before["Statement"]), "{:#?}", plan.changes);
}

#[tokio::test]
async fn a_bucket_that_somebody_else_made_anew_stays_out() {
    // The other one is an account of the manifest's: that says nothing of whose buckets are granted.
    for now in ["777788889999", OTHER] {
        let text = manifest(GRANTS);
        let world = World::new(&text).await;
        world.converge(&text).await;
        world.s3(OWN).delete_bucket().bucket("acme-data").send().await.expect("deleted");
        create(&world.s3(now), "acme-data", "us-west-2").await;
        let plan = drift(&world, &text).await;
        assert!(plan.is_empty(), "{now}: {:#?}", plan.changes);
        let told: Vec<_> = plan.broken.iter().map(|one| one.note.message.as_str()).collect();
        assert!(told.len() == 1 && told[0].contains("is kept out"), "{now}: {plan:#?}");
        // Whoever wants it grants it anew.
        world.converge(&manifest("")).await;
        world.converge(&text).await;
        let found = statements(&world).await;
        let owner = &of(&found, "MineRead")["Condition"]["StringEquals"]["aws:ResourceAccount"];
        assert_eq!(*owner == json!([OTHER]), now == OTHER, "{now}: {owner}");
    }
}

#[tokio::test]
async fn who_listed_and_reads_now_is_asked_for() {
    let text = manifest(&GRANTS.replace("read", "list"));
    let world = World::new(&text).await;
    let key = key(&world, OWN).await;
    encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some(&key)).await;
    world.converge(&text).await;
    assert!(!world.document("cloudgrant_tests_global").await.to_string().contains("kms:"));
    let before = asked(&world);
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    assert_eq!(asked(&world), before);
    let text = manifest(GRANTS);
    world.converge(&text).await;
    assert_eq!(of(&statements(&world).await, "MineReadKey")["Resource"], json!([key]));
}

#[tokio::test]
async fn a_bucket_of_nobody_that_is_known() {
    let text = manifest(GRANTS).replace("acme-data/", "acme-foreign/");
    let world = World::new(&manifest("")).await;
    create(&world.s3("777788889999"), "acme-foreign", "us-west-2").await;
    let plan = world.plan(&text).await.expect("a plan");
    let warned = warnings(&plan, "bucket acme-foreign");
    assert!(warned.len() == 1 && warned[0].message.contains("belongs to another account"), "{:#?}", plan.notes);
    create(&world.s3(OTHER), "acme-theirs", "us-west-2").await;
    let text = manifest(GRANTS).replace("acme-data/", "acme-theirs/");
    world.converge(&text).await;
    let found = statements(&world).await;
    assert_eq!(of(&found, "MineRead")["Condition"], json!({ "StringEquals": { "aws:ResourceAccount": [OTHER] } }));
}

/// awslabs/mountpoint-s3#1076: `s3:GetObject` grants nothing on a directory bucket.
#[tokio::test]
async fn a_directory_bucket_is_refused_with_the_reason() {
    let text = r#"
version: 1
stack: acme-ml
provider: aws
platform: { kind: union, organization: acme, projects: [forecasting], domains: [production] }
aws: { region: us-west-2, account: "111122223333" }
resources:
  data: { aws: "s3://acme-train--usw2-az1--x-s3/shards/" }
grants:
  - name: data
    scope: global
    access: { data: read }
"#;
    let world = World::new(&manifest("")).await;
    let error = refused(world.plan(text).await);
    assert!(error.kind().is_usage());
    for part in ["directory bucket", "s3express:CreateSession"] {
        assert!(said(&error).contains(part), "{part} in {}", said(&error));
    }
    assert_eq!(world.running().counts().total, 0, "refused before anything was called");
}

/// fsspec/s3fs#847: `HEAD inputs` is refused where only `inputs/` is granted.
#[tokio::test]
async fn a_folder_without_its_slash_is_pointed_out_once() {
    let text = r#"
version: 1
stack: acme-ml
provider: aws
platform: { kind: flyte, projects: [forecasting], domains: [production] }
aws: { region: us-west-2, account: "111122223333", task_role: flyte-tasks }
resources:
  data: { aws: "s3://acme-train/team/raw/" }
  all: { aws: "s3://acme-models" }
grants:
  - name: data
    scope: global
    access: { data: read }
"#;
    let world = World::new(text).await;
    let folders = |plan: &Plan| {
        let notes = plan.notes.iter().filter(|note| note.message.contains("without its slash"));
        notes.cloned().collect::<Vec<_>>()
    };
    let plan = world.plan(text).await.expect("a plan");
    let notes = folders(&plan);
    assert!(notes.len() == 1 && notes[0].level == Level::Info && notes[0].about == "grant data", "{notes:#?}");
    assert!(notes[0].message.contains("(HEAD team/raw in place of team/raw/,"), "{notes:#?}");
    let more = format!("{text}  - {{ name: again, scope: global, access: {{ data: list }} }}\n");
    let notes = folders(&world.plan(&more).await.expect("a plan"));
    assert!(notes.len() == 1 && notes[0].message.contains("data, again"), "{notes:#?}");
    for none in ["{ all: read }", "{ data: write }"] {
        let plan = world.plan(&text.replace("{ data: read }", none)).await.expect("a plan");
        assert!(folders(&plan).is_empty(), "{none}");
    }
}

//! What somebody edited of the stack's own objects: where they reach more for that, `drift` tells it first.

use std::collections::BTreeSet;

use aws_sdk_s3::types::ServerSideEncryption;
use cloudgrant_core::{Plan, Silent};
use serde_json::{Value, json};

use crate::buckets::{create, encrypt, key, mend};
use crate::world::{Runs, World, manifest, policy_arn};

const GRANTS: &str = "
grants:
  - { name: a, scope: { domain: production }, access: { data: read, models: read-write, elsewhere: pull } }
";
const ROLE: &str = "cloudgrant_tests_production";
const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/boundary";

/// Of an edit in the cloud and one of the manifest, the cloud looks the same.
const OR_BEFORE: &str = "; or the manifest asked for it before, and was not applied since";

/// What somebody edits, and what is told of it; nothing where it is no more than is asked for.
type Case = (fn(&mut Value), Option<&'static str>);

async fn looked(world: &World, text: &str) -> Plan {
    let session = world.session(text).await.expect("a session");
    session.provider().look_again();
    session.engine().only_looking().plan(&Silent).await.expect("a look")
}

/// Looks, and puts it back.
async fn assert_told(world: &World, text: &str, object: &str, expected: Option<&str>) {
    let plan = looked(world, text).await;
    let told: Vec<_> = plan.widened.iter().map(|one| format!("{} {}", one.object, one.what)).collect();
    assert!(!plan.is_empty(), "{expected:?}: it differs");
    match expected {
        None => assert_eq!(told, Vec::<String>::new(), "{:#?}", plan.changes),
        Some(expected) => {
            assert!(told.len() == 1 && told[0].starts_with(object), "{expected}: {told:#?}");
            assert!(told[0].contains(expected), "{expected}: {told:#?}");
            assert!(told[0].ends_with(OR_BEFORE), "{told:#?}");
            assert_eq!(plan.widened[0].remedy, "cloudgrant apply");
        }
    }
    // Of a manifest that was edited, a plan says it by its changes.
    assert!(world.plan(text).await.expect("a plan").widened.is_empty());
    assert!(world.apply(text).await.expect("applied").is_success());
    let plan = looked(world, text).await;
    assert!(plan.is_empty() && plan.widened.is_empty(), "{:#?}", plan.widened);
}

#[tokio::test]
async fn a_trust_policy_that_trusts_more_is_told_first() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let trust = world.trust(ROLE).await;
    let issuer = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE";
    assert!(trust["Statement"][0]["Condition"]["StringEquals"][format!("{issuer}:sub")].is_array(), "{trust:#}");
    let cases: [Case; 10] = [
        (
            |one| push(&mut one["Condition"]["StringEquals"][SUB], "system:serviceaccount:evil:default"),
            Some("also where oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE:sub is system:serviceaccount:evil:default"),
        ),
        (|one| push(&mut one["Condition"]["StringEquals"][AUD], "another"), Some(":aud is another")),
        (
            |one| {
                let sub = one["Condition"]["StringEquals"].as_object_mut().and_then(|keys| keys.shift_remove(SUB));
                one["Condition"]["StringLike"] = json!({ SUB: "system:serviceaccount:*" });
                assert!(sub.is_some());
            },
            Some("also where oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE:sub is system:serviceaccount:*, which"),
        ),
        (
            |one| _ = one["Condition"]["StringEquals"].as_object_mut().and_then(|keys| keys.shift_remove(AUD)),
            Some("without its condition on"),
        ),
        (
            |one| one["Principal"]["AWS"] = "arn:aws:iam::999999999999:root".into(),
            Some(" to arn:aws:iam::999999999999:root"),
        ),
        (|one| one["Principal"] = json!({ "Service": "ec2.amazonaws.com" }), Some(" to ec2.amazonaws.com")),
        (
            |one| one["Action"] = json!(["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]),
            Some("allows sts:TagSession"),
        ),
        (|one| one["Action"] = "sts:*".into(), Some("allows sts:*")),
        // Narrower.
        (|one| _ = one["Condition"]["StringEquals"][SUB].as_array_mut().map(Vec::pop), None),
        (|one| one["Condition"]["IpAddress"] = json!({ "aws:SourceIp": "203.0.113.0/24" }), None),
    ];
    for (by_hand, expected) in cases {
        let mut edited = trust.clone();
        by_hand(&mut edited["Statement"][0]);
        let update = world.iam().update_assume_role_policy().role_name(ROLE).policy_document(edited.to_string());
        update.send().await.expect("edited");
        assert_told(&world, &text, &format!("iam-role {ROLE} trusts more"), expected).await;
    }
}

const SUB: &str = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE:sub";
const AUD: &str = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE:aud";

fn push(values: &mut Value, value: &str) {
    match values {
        Value::Array(values) => values.push(value.into()),
        one => *one = json!([one.take(), value]),
    }
}

#[tokio::test]
async fn a_policy_that_allows_more_is_told_first() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let document = world.document(ROLE).await;
    let cases: [Case; 9] = [
        (
            |all| of(all, "ARead")["Action"] = json!(["s3:GetObject", "s3:DeleteObject"]),
            Some(
                "allows s3:DeleteObject on arn:aws:s3:::acme-data/inputs/*, which the manifest does not ask for (statement ARead)",
            ),
        ),
        (|all| of(all, "ARead")["Resource"] = json!("arn:aws:s3:::acme-data/*"), Some("on arn:aws:s3:::acme-data/*")),
        (|all| push(&mut of(all, "ARead")["Resource"], "arn:aws:s3:::other/*"), Some("on arn:aws:s3:::other/*")),
        (|all| of(all, "AReadWrite")["Resource"] = json!("*"), Some("on *, which")),
        (
            |all| _ = of(all, "AListPrefix").as_object_mut().map(|one| one.shift_remove("Condition")),
            Some("without its condition on"),
        ),
        (
            |all| {
                all["Statement"]
                    .as_array_mut()
                    .expect("statements")
                    .push(json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }))
            },
            Some("allows * on *"),
        ),
        // Narrower, and the same under another name.
        (|all| of(all, "AReadWrite")["Action"] = "s3:GetObject".into(), None),
        (|all| _ = all["Statement"].as_array_mut().map(Vec::pop), None),
        (|all| of(all, "ARead")["Sid"] = "Renamed".into(), None),
    ];
    for (by_hand, expected) in cases {
        let mut edited = document.clone();
        by_hand(&mut edited);
        edit_policy(&world, &edited).await;
        assert_told(&world, &text, &format!("iam-policy {ROLE}"), expected).await;
    }
}

/// Makes that the document of the scope's policy.
async fn edit_policy(world: &World, document: &Value) {
    let (iam, arn) = (world.iam(), policy_arn(ROLE));
    let versions = iam.list_policy_versions().policy_arn(&arn).send().await.expect("versions");
    for old in versions.versions().iter().filter(|version| !version.is_default_version()) {
        let id = old.version_id().expect("an id");
        iam.delete_policy_version().policy_arn(&arn).version_id(id).send().await.expect("deleted");
    }
    let create = iam.create_policy_version().policy_arn(&arn).policy_document(document.to_string());
    create.set_as_default(true).send().await.expect("edited");
}

/// A Sid that ends as those of the stack's statements do makes nothing a statement of an earlier manifest: only what cloudgrant writes
/// so for some grant may be one.
#[tokio::test]
async fn a_statement_that_cloudgrant_never_writes_is_told_whatever_its_sid() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let document = world.document(ROLE).await;
    let owned = || json!({ "StringEquals": { "aws:ResourceAccount": "111122223333" } });
    let one = |sid: &str, actions: Value, resource: &str| json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource });
    let pull = json!(["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]);
    let with = |mut statement: Value, condition: Value| {
        statement["Condition"] = condition;
        statement
    };
    let read = || json!(["s3:GetObject"]);
    let added = [
        (with(one("EverythingRead", read(), "arn:aws:s3:::*"), owned()), Some("on arn:aws:s3:::*, which")),
        (
            json!({ "Sid": "AllowRead", "Effect": "Allow", "Action": read(), "NotResource": ["arn:aws:s3:::nothing"] }),
            Some("can't be compared"),
        ),
        (
            one("AdminSecrets", json!(["secretsmanager:GetSecretValue"]), "arn:aws:secretsmanager:*:*:secret:*"),
            Some("on arn:aws:secretsmanager:*:*:secret:*, which"),
        ),
        (one("AllDecrypt", json!("kms:Decrypt"), "arn:aws:kms:*:*:key/*"), Some("on arn:aws:kms:*:*:key/*, which")),
        (one("AllowPull", pull, "arn:aws:ecr:us-west-2:111122223333:repository/*"), Some("repository/*, which")),
        // The statement of a grant that the manifest has, beside which this would be one more.
        (with(one("ARead2", read(), "arn:aws:s3:::acme-models/*"), owned()), None),
        (
            with(one("ARead2", read(), "arn:aws:s3:::acme-other/*"), owned()),
            Some("on arn:aws:s3:::acme-other/*, which"),
        ),
        // Nothing keeps out who makes a bucket of that name.
        (one("OtherRead", read(), "arn:aws:s3:::acme-other/*"), Some("on arn:aws:s3:::acme-other/*, which")),
        (with(one("OtherRead", read(), "arn:aws:s3:::acme-other/x*"), owned()), Some("acme-other/x*, which")),
        (with(one("OtherRead", read(), "arn:aws:s3:::acme-other/x/*"), owned()), None),
        // What a manifest may have listed: anybody can write that.
        (
            one(
                "OldWriteResource",
                json!(["kinesis:PutRecord"]),
                "arn:aws:kinesis:us-west-2:111122223333:stream/events",
            ),
            Some("allows kinesis:PutRecord on arn:aws:kinesis:us-west-2:111122223333:stream/events, which"),
        ),
        (
            one(
                "OldWriteResource",
                json!(["cloudtrail:DeleteTrail"]),
                "arn:aws:cloudtrail:us-west-2:111122223333:trail/audit",
            ),
            Some("allows cloudtrail:DeleteTrail on"),
        ),
    ];
    for (statement, expected) in added {
        let mut edited = document.clone();
        edited["Statement"].as_array_mut().expect("statements").push(statement);
        edit_policy(&world, &edited).await;
        assert_told(&world, &text, &format!("iam-policy {ROLE}"), expected).await;
    }
}

/// The statement of a Sid.
fn of<'a>(document: &'a mut Value, sid: &str) -> &'a mut Value {
    let statements = document["Statement"].as_array_mut().expect("statements");
    statements.iter_mut().find(|one| one["Sid"] == sid).unwrap_or_else(|| panic!("{sid}"))
}

#[tokio::test]
async fn a_statement_of_ours_in_another_account_s_policy_that_allows_more_is_told_first() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let ecr = world.ecr("444455556666");
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" }],
    });
    let role = world.iam_of("444455556666").create_role().role_name("x").path("/cloudgrant/tests/");
    role.assume_role_policy_document(trust.to_string()).send().await.expect("a role");
    let cases: [Case; 5] = [
        // A role of another account, whose path says nothing.
        (
            |one| push(&mut one["Principal"]["AWS"], "arn:aws:iam::444455556666:role/cloudgrant/tests/x"),
            Some(" to arn:aws:iam::444455556666:role/cloudgrant/tests/x"),
        ),
        (
            |one| push(&mut one["Action"], "ecr:PutImage"),
            Some("allows ecr:PutImage to arn:aws:iam::111122223333:role/cloudgrant/tests/cloudgrant_tests_production"),
        ),
        (|one| one["Principal"] = "*".into(), Some(" to *, which")),
        (
            |one| push(&mut one["Principal"]["AWS"], "arn:aws:iam::999999999999:root"),
            Some(" to arn:aws:iam::999999999999:root"),
        ),
        (|one| one["Action"] = "ecr:BatchGetImage".into(), None),
    ];
    for (by_hand, expected) in cases {
        let read = ecr.get_repository_policy().repository_name("team/elsewhere").send().await.expect("a policy");
        let mut policy: Value = serde_json::from_str(read.policy_text().expect("a text")).expect("JSON");
        let ours = policy["Statement"].as_array_mut().expect("statements").iter_mut();
        by_hand(ours.into_iter().find(|one| one["Sid"].to_string().contains("Cloudgrant")).expect("ours"));
        let write = ecr.set_repository_policy().repository_name("team/elsewhere").policy_text(policy.to_string());
        write.send().await.expect("edited");
        assert_told(&world, &text, "ecr-policy-statement ", expected).await;
    }
}

#[tokio::test]
async fn a_role_that_lost_its_boundary_is_told_first() {
    let text = manifest(GRANTS);
    let text =
        text.replace("  region: us-west-2\n", &format!("  region: us-west-2\n  permissions_boundary: '{BOUNDARY}'\n"));
    let world = World::new(&text).await;
    let iam = world.iam();
    let document = |action: &str| {
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] })
            .to_string()
    };
    for (name, action) in [("narrower", "s3:GetObject"), ("wider", "*")] {
        iam.create_policy().policy_name(name).policy_document(document(action)).send().await.expect("a policy");
    }
    let version = iam.create_policy_version().policy_arn(BOUNDARY).policy_document(document("s3:*"));
    version.set_as_default(true).send().await.expect("a version");
    world.converge(&text).await;
    iam.delete_role_permissions_boundary().role_name(ROLE).send().await.expect("taken off");
    let expected = format!("has no permissions boundary, which the manifest does not ask for (it asks for {BOUNDARY})");
    assert_told(&world, &text, &format!("iam-role {ROLE}"), Some(&expected)).await;
    for (name, expected) in [
        ("wider", Some("has the permissions boundary arn:aws:iam::111122223333:policy/wider in place of")),
        ("narrower", None),
    ] {
        let put = iam.put_role_permissions_boundary().role_name(ROLE);
        put.permissions_boundary(format!("arn:aws:iam::111122223333:policy/{name}")).send().await.expect("put");
        assert_told(&world, &text, &format!("iam-role {ROLE}"), expected).await;
    }
}

/// What an earlier manifest asked for is an ordinary difference: nobody edited it.
#[tokio::test]
async fn what_an_earlier_manifest_asked_for_is_nobody_s_edit() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    let (s3, locked) = (world.s3("111122223333"), key(&world, "111122223333").await);
    for name in ["acme-locked", "acme-former"] {
        create(&s3, name, "us-west-2").await;
        encrypt(&s3, name, ServerSideEncryption::AwsKms, Some(&locked)).await;
    }
    let secret = world.secrets().create_secret().name("locked").secret_string("x").kms_key_id(&locked);
    secret.send().await.expect("created");
    let more = text.replace("models: read-write", "models: manage").replace(
        "resources:\n",
        "resources:\n  locked: { aws: 's3://acme-locked/in/' }\n  former: { aws: 's3://acme-former' }\n  unnamed: { aws: \
         'arn:aws:secretsmanager:us-west-2:111122223333:secret:locked' }\n  folder: { aws: \
         'arn:aws:secretsmanager:us-west-2:111122223333:secret:team/*' }\n",
    ) + "  - { name: b, scope: { domain: production }, access: { token: read, images: push, data: write, unnamed: read, folder: read } }\n  \
         - { name: d, scope: { domain: production }, access: { locked: read-write, former: read } }\n  \
         - { name: e, scope: { domain: production }, access: { locked: list, former: list, elsewhere: pull } }\n";
    let elsewhere = "  - { name: c, scope: { project: vision, domain: production }, access: { data: read } }\n";
    let more = more + elsewhere;
    world.converge(&more).await;
    encrypt(&s3, "acme-former", ServerSideEncryption::AwsKms, Some(&key(&world, "111122223333").await)).await;
    mend(&world, &more).await;
    let document = world.document(ROLE).await;
    let statements = document["Statement"].as_array().expect("statements");
    let sids: BTreeSet<_> = statements.iter().filter_map(|one| one["Sid"].as_str()).collect();
    // One for each purpose, none of which the manifest asks for by now.
    let more = "AManage BDecrypt BLogin BPush BSecrets BWrite DFormerKey DReadKey DReadWrite DWriteKey EList EListPrefix EPull";
    let missing: Vec<_> = more.split(' ').filter(|sid| !sids.contains(sid)).collect();
    assert!(missing.is_empty(), "{missing:?} in {sids:?}");
    let plan = looked(&world, &text).await;
    assert!(!plan.is_empty() && plan.widened.is_empty(), "{:#?}", plan.widened);
}

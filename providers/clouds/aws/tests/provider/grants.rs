//! Grants and bindings: requirements 12 to 24 and 27 to 29.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use cloudgrant_core::{Action, Approval, Cancel, ErrorKind, Level, Settings, Silent};
use serde_json::json;

use crate::world::{Runs, World, manifest, refused, said};

#[tokio::test]
async fn requirement_14_global_grants_go_to_the_task_role() {
    let text = manifest("grants: [{ name: data-for-all, scope: global, access: { data: read } }]");
    let world = World::new(&text).await;
    let report = world.converge(&text).await;
    assert_eq!(report.summary().create, 2);
    let attached = world.attached("acme-userflyterole").await;
    assert!(attached.contains(&"cloudgrant_tests_global".to_owned()), "{attached:?}");
    assert!(attached.contains(&"userflyterole".to_owned()), "{attached:?}");
}

#[tokio::test]
async fn requirement_12_the_custom_policy_is_made_and_its_name_and_arn_are_reported() {
    let text = manifest("grants: [{ name: data-for-all, scope: global, access: { data: read } }]");
    let world = World::new(&text).await;
    let report = world.converge(&text).await;
    let mut made = report.applied.iter().filter(|applied| applied.change.id.kind == "iam-policy");
    let (policy, others) = (made.next().expect("a policy"), made.count());
    assert_eq!((policy.change.id.name.as_str(), others), ("cloudgrant_tests_global", 0));
    let arn = policy.outcome.identifier.clone().expect("an ARN");
    let there = world.iam().get_policy().policy_arn(&arn).send().await.expect("it is there").policy.expect("a policy");
    assert_eq!(there.policy_name.as_deref(), Some("cloudgrant_tests_global"));
    assert_eq!(there.arn, Some(arn));
}

#[tokio::test]
async fn requirement_28_s3_both_arns_and_a_condition_for_the_prefix() {
    let text = manifest("grants: [{ name: all, scope: global, access: { data: read, models: read-write } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let owned = json!({"StringEquals": {"aws:ResourceAccount": ["111122223333"]}});
    assert_eq!(
        world.document("cloudgrant_tests_global").await,
        json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "AllList", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::acme-models"],
             "Condition": owned},
            {"Sid": "AllListPrefix", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::acme-data"],
             "Condition": {"StringEquals": owned["StringEquals"], "StringLike": {"s3:prefix": ["inputs/", "inputs/*"]}}},
            {"Sid": "AllRead", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::acme-data/inputs/*"],
             "Condition": owned},
            {"Sid": "AllReadWrite", "Effect": "Allow", "Action": ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
             "Resource": ["arn:aws:s3:::acme-models/*"], "Condition": owned},
        ]})
    );
}

/// What the README's table has in the column of object stores: backquoted actions, and levels for what they have.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../README.md");
    let readme = std::fs::read_to_string(readme).expect("the README");
    let (_, table) = readme.split_once("Access levels, and the actions that they give on AWS:").expect("the table");
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let (mut levels, mut before) = (BTreeMap::<String, BTreeSet<String>>::new(), BTreeSet::new());
    for row in table.lines().skip_while(|line| !line.starts_with("| `")).take_while(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let mut actions = if cells[2].starts_with("and ") { before } else { BTreeSet::new() };
        for word in quoted(cells[2]) {
            match levels.get(&word) {
                Some(all) => actions.extend(all.clone()),
                None => drop(actions.insert(word)),
            }
        }
        before = actions.clone();
        levels.insert(quoted(cells[1]).remove(0), actions);
    }
    levels
}

#[tokio::test]
async fn each_level_comes_to_the_documented_actions_and_no_others() {
    let abort = "s3:AbortMultipartUpload";
    let (list, get, put, parts) = ("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts");
    let (decrypt, encrypt) = ("kms:Decrypt", "kms:GenerateDataKey");
    let (login, layers, get_image) =
        ("ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage");
    let (layer, begin, upload, end, put_image) = (
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage",
    );
    let documented = documented();
    for (resource, level, wanted) in [
        ("data", "list", &[list][..]),
        ("data", "read", &[list, get, decrypt]),
        ("data", "write", &[put, abort, decrypt, encrypt]),
        ("data", "read-write", &[list, get, put, abort, parts, decrypt, encrypt]),
        ("data", "manage", &[list, get, put, abort, parts, "s3:DeleteObject", decrypt, encrypt]),
        ("token", "read", &["secretsmanager:GetSecretValue"]),
        ("images", "pull", &[login, layers, get_image, layer]),
        ("images", "push", &[login, layers, get_image, layer, begin, upload, end, put_image]),
    ] {
        let text = manifest(&format!("grants: [{{ name: all, scope: global, access: {{ {resource}: {level} }} }}]"));
        let world = World::new(&text).await;
        let key = crate::buckets::key(&world, "111122223333").await;
        let algorithm = aws_sdk_s3::types::ServerSideEncryption::AwsKms;
        crate::buckets::encrypt(&world.s3("111122223333"), "acme-data", algorithm, Some(&key)).await;
        world.converge(&text).await;
        let document = world.document("cloudgrant_tests_global").await;
        let statements = document["Statement"].as_array().expect("statements");
        let allowed = statements.iter().flat_map(|one| one["Action"].as_array().expect("actions"));
        let allowed: BTreeSet<_> = allowed.map(|action| action.as_str().expect("text").to_owned()).collect();
        let wanted: BTreeSet<_> = wanted.iter().map(|action| (*action).to_owned()).collect();
        assert_eq!(allowed, wanted, "{level} on {resource}");
        if resource == "data" {
            assert_eq!(documented.get(level), Some(&allowed), "what the README says of {level}");
        }
    }
}

#[tokio::test]
async fn requirements_16_to_23_a_role_for_a_pair() {
    let text =
        manifest("grants: [{ name: mine, scope: { project: vision, domain: production }, access: { data: read } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let role = "cloudgrant_tests_vision_production";
    assert_eq!(
        world.trust(role).await,
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": ["arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE"]},
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Condition": {"StringEquals": {
                "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE:aud": ["sts.amazonaws.com"],
                "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE:sub": ["system:serviceaccount:vision-production:default"],
            }},
        }]})
    );
    assert_eq!(world.attached(role).await, ["cloudgrant_tests_vision_production", "userflyterole"]);
}

#[tokio::test]
async fn requirement_19_a_domain_is_exactly_its_listed_projects() {
    let text = manifest("grants: [{ name: mine, scope: { domain: production }, access: { data: read } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let trust = world.trust("cloudgrant_tests_production").await;
    let subjects =
        &trust["Statement"][0]["Condition"]["StringEquals"]["oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE:sub"];
    assert_eq!(
        *subjects,
        json!([
            "system:serviceaccount:forecasting-production:default",
            "system:serviceaccount:vision-production:default"
        ])
    );
    assert!(!trust.to_string().contains('*'), "{trust}");
}

#[tokio::test]
async fn scopes_add_up_by_attaching_the_same_policies() {
    let narrow = "{ name: c, scope: { project: vision, domain: production }, access: { token: read } }";
    let text = manifest(&format!(
        "grants:
  - {{ name: a, scope: global, access: {{ data: read }} }}
  - {{ name: b, scope: {{ domain: production }}, access: {{ models: read }} }}
  - {narrow}
"
    ));
    let world = World::new(&text).await;
    world.converge(&text).await;
    assert_eq!(
        world.attached("cloudgrant_tests_vision_production").await,
        [
            "cloudgrant_tests_global",
            "cloudgrant_tests_production",
            "cloudgrant_tests_vision_production",
            "userflyterole"
        ]
    );
    assert_eq!(
        world.attached("cloudgrant_tests_production").await,
        ["cloudgrant_tests_global", "cloudgrant_tests_production", "userflyterole"]
    );
    // The wider ones go: only their policies and attachments do.
    world.converge(&manifest(&format!("grants: [{narrow}]"))).await;
    assert_eq!(
        world.attached("cloudgrant_tests_vision_production").await,
        ["cloudgrant_tests_vision_production", "userflyterole"]
    );
}

#[tokio::test]
async fn requirement_24_and_27_the_platform_is_told() {
    let text = manifest(
        "grants:
  - { name: b, scope: { domain: production }, access: { models: read } }
  - { name: c, scope: { project: vision, domain: production }, access: { token: read } }
",
    );
    let world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    let handoffs: Vec<_> = plan.changes.iter().filter(|change| change.action == Action::Handoff).collect();
    // Each pair once: to the narrowest role that serves it.
    let mut bound: Vec<_> = handoffs
        .iter()
        .map(|change| {
            (change.id.name.as_str(), change.after.as_ref().and_then(|after| after.text("role")).expect("a role"))
        })
        .collect();
    bound.sort_by(|a, b| a.0.cmp(b.0));
    let arn = |name: &str| format!("arn:aws:iam::111122223333:role/cloudgrant/tests/{name}");
    assert_eq!(
        bound,
        [
            ("forecasting-production", arn("cloudgrant_tests_production")),
            ("vision-production", arn("cloudgrant_tests_vision_production")),
        ]
    );
    let document = &handoffs
        .iter()
        .find(|change| change.id.name == "vision-production")
        .expect("it")
        .handoff
        .as_ref()
        .expect("a handoff")
        .document;
    assert!(
        document.contains(
            "project: \"vision\"\ndomain: \"production\"\nattributes:\n  defaultUserRoleValue: \"arn:aws:iam::111122223333:role/cloudgrant/tests/cloudgrant_tests_vision_production\"\n"
        ),
        "{document}"
    );
    assert!(
        plan.notes.iter().any(|note| note.level == Level::Info && note.message.contains("replaces acme-userflyterole"))
    );
}

#[tokio::test]
async fn requirement_17_the_oidc_provider_must_be_known() {
    let text = manifest("grants: [{ name: mine, scope: { domain: production }, access: { data: read } }]");
    let world = World::new(&text).await;
    let other = text.replace("id/EXAMPLE", "id/ANOTHER");
    let error = refused(world.plan(&other).await);
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(said(&error).contains("IAM doesn't know it"), "{}", said(&error));
    assert!(error.hint_text().is_some_and(|hint| hint.contains("associate-iam-oidc-provider")));
}

#[tokio::test]
async fn requirement_13_the_role_and_the_policy_are_two_things() {
    let text = manifest("grants: [{ name: mine, scope: global, access: { data: read } }]");
    let world = World::new(&text).await;
    let other = text.replace("organization: acme", "organization: other");
    let error = refused(world.plan(&other).await);
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(said(&error).contains("`other-userflyterole`, isn't there"), "{}", said(&error));
    assert!(said(&error).contains("acme-userflyterole"), "what was found is listed: {}", said(&error));
}

#[tokio::test]
async fn what_has_no_name_without_the_organization_says_so_first() {
    let global = manifest("grants: [{ name: mine, scope: global, access: { data: read } }]");
    let narrow = global.replace("scope: global", "scope: { domain: production }");
    let world = World::new(&global).await;
    let hint = async |text: &str| {
        let error = refused(world.plan(text).await);
        let of_problems = error.problems().iter().filter_map(|problem| problem.hint.as_deref());
        error.hint_text().into_iter().chain(of_problems).collect::<Vec<_>>().join("; ")
    };
    let unset = |text: &str| text.replace("  organization: acme\n", "");
    let nobody = hint(&unset(&global)).await;
    assert!(nobody.contains("set `platform.organization`, of which Union makes its name"), "{nobody}");
    // Where it is set, and where it makes no name, it isn't to be set.
    let other = hint(&global.replace("organization: acme", "organization: other")).await;
    assert!(other.contains("Union makes its name of `platform.organization`, which is `other`"), "{other}");
    let named = |text: &str, role: &str| text.replace("  home: account", &format!("  home: account\n  {role}"));
    let by_hand = hint(&named(&unset(&global), "task_role: mistyped")).await;
    assert!(by_hand.contains("name a role that is there: `aws.task_role`"), "{by_hand}");
    assert!(!by_hand.contains("organization"), "{by_hand}");
    let flyte = hint(&unset(&global).replace("kind: union", "kind: flyte")).await;
    assert!(flyte.contains("name a role that is there: `aws.task_role`"), "{flyte}");
    assert!(!flyte.contains("organization"), "{flyte}");
    let arn = "arn:aws:iam::111122223333:policy/userflyterole";
    let detach = world.iam().detach_role_policy().role_name("acme-userflyterole").policy_arn(arn);
    detach.send().await.expect("detached");
    world.iam().delete_policy().policy_arn(arn).send().await.expect("deleted");
    let policy = hint(&unset(&narrow)).await;
    assert!(policy.contains("set `platform.organization`") && policy.contains("`aws.task_policy`"), "{policy}");
    assert!(!hint(&narrow).await.contains("organization"));
}

#[tokio::test]
async fn requirement_22_the_task_policy_must_be_there_where_a_role_needs_it() {
    let global = manifest("grants: [{ name: mine, scope: global, access: { data: read } }]");
    let world = World::new(&global).await;
    let other = |text: &str| text.replace("  region: us-west-2", "  region: us-west-2\n  task_policy: another");
    assert!(world.plan(&other(&global)).await.is_ok(), "the task role has it, whatever it is called");
    let narrow = global.replace("scope: global", "scope: { domain: production }");
    let error = refused(world.plan(&other(&narrow)).await);
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(said(&error).contains("`another`, isn't there"), "{}", said(&error));
    let by_arn = |text: &str| other(text).replace("another", "arn:aws:iam::111122223333:policy/another");
    let error = refused(world.plan(&by_arn(&narrow)).await);
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let seeded = by_arn(&narrow);
    let world = World::new(&seeded).await;
    assert!(world.plan(&seeded).await.is_ok(), "the sandbox has what the manifest names");
    let managed = |text: &str| other(text).replace("another", "arn:aws:iam::aws:policy/ReadOnlyAccess");
    assert!(world.plan(&managed(&narrow)).await.is_ok(), "AWS's own policies are in no account's list");
}

/// An attachment goes by its policy's name, and one of AWS's and one of the account can be called alike.
#[tokio::test]
async fn a_role_keeps_no_task_policy_beside_a_new_one_of_the_same_name() {
    let tail = "grants: [{ name: mine, scope: { domain: production }, access: { data: read } }]";
    let text = |policy: &str| {
        manifest(tail).replace("  region: us-west-2", &format!("  region: us-west-2\n  task_policy: {policy}"))
    };
    let of_aws = text("arn:aws:iam::aws:policy/ReadOnlyAccess");
    let own = "arn:aws:iam::111122223333:policy/ReadOnlyAccess";
    let world = World::new(&of_aws).await;
    world.converge(&of_aws).await;
    // The sandbox has what the manifest names, in the account as well.
    world.converge(&text(own)).await;
    let role = world.iam().list_attached_role_policies().role_name("cloudgrant_tests_production").send().await;
    let attached = role.expect("the role").attached_policies.unwrap_or_default();
    let alike: Vec<_> =
        attached.iter().filter_map(|it| it.policy_arn()).filter(|arn| arn.ends_with("/ReadOnlyAccess")).collect();
    assert_eq!(alike, [own]);
}

/// Only what this run makes can be not yet there.
#[tokio::test]
async fn a_task_role_that_is_gone_since_the_plan_is_not_waited_for() {
    let text = manifest("grants: [{ name: mine, scope: global, access: { data: read } }]");
    let world = World::new(&text).await;
    let session = world.session_with(&text, Settings::default()).await.expect("a session");
    let engine = session.engine();
    let plan = engine.plan(&Silent).await.expect("a plan");
    let (iam, role) = (world.iam(), "acme-userflyterole");
    for policy in iam.list_attached_role_policies().role_name(role).send().await.expect("the role").attached_policies()
    {
        let arn = policy.policy_arn().expect("an ARN");
        iam.detach_role_policy().role_name(role).policy_arn(arn).send().await.expect("detached");
    }
    iam.delete_role().role_name(role).send().await.expect("deleted");
    let begun = Instant::now();
    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("a report");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let said = format!("{:?}", report.failed);
    assert!(said.contains("the role acme-userflyterole was there when the plan was made"), "{said}");
}

#[tokio::test]
async fn requirement_15_what_is_protected_is_refused() {
    let text = manifest("grants: [{ name: mine, scope: global, access: { data: read } }]");
    let world = World::new(&text).await;
    for (section, role) in [
        ("task_role: acme-adminflyterole", "acme-adminflyterole"),
        ("task_role: AcMe-AdminFlyteRole", "AcMe-AdminFlyteRole"),
        ("protected: ['acme-*']", "acme-userflyterole"),
    ] {
        let other = text.replace("  region: us-west-2", &format!("  region: us-west-2\n  {section}"));
        let error = refused(world.plan(&other).await);
        assert!(error.kind().is_usage(), "{}", said(&error));
        assert!(said(&error).contains("is protected") && said(&error).contains(role), "{}", said(&error));
    }
    assert_eq!(world.running().counts().total, 0, "refused before anything was called");
}

#[tokio::test]
async fn requirement_29_the_platforms_buckets_are_refused_unless_forced() {
    let grants = "grants: [{ name: mine, scope: global, access: { internal: read } }]";
    let with =
        |resource: &str| manifest(grants).replace("resources:\n", &format!("resources:\n  internal: {resource}\n"));
    let text = with("{ aws: 's3://unionai-acme-metadata' }");
    let world = World::new(&text).await;
    let error = refused(world.plan(&text).await);
    assert!(said(&error).contains("platform's own buckets"), "{}", said(&error));
    assert!(world.plan(&with("{ aws: 's3://unionai-acme-metadata', force: true }")).await.is_ok());
}

#[tokio::test]
async fn drift_is_seen_and_mended() {
    let text = manifest("grants: [{ name: mine, scope: { domain: production }, access: { data: read } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let wide = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]});
    let arn = crate::world::policy_arn("cloudgrant_tests_production");
    let request = world.iam().create_policy_version().policy_arn(&arn).set_as_default(true);
    request.policy_document(wide.to_string()).send().await.expect("somebody may");
    world
        .iam()
        .untag_role()
        .role_name("cloudgrant_tests_production")
        .tag_keys("cloudgrant:stack")
        .send()
        .await
        .expect("untag");
    let plan = world.plan(&text).await.expect("a plan");
    let mut changed: Vec<_> = plan.work().map(|change| (change.action, change.id.to_string())).collect();
    changed.sort();
    assert_eq!(
        changed,
        [
            (Action::Update, "iam-policy cloudgrant_tests_production".to_owned()),
            (Action::Update, "iam-role cloudgrant_tests_production".to_owned()),
        ]
    );
    world.converge(&text).await;
}

#[tokio::test]
async fn an_administrator_s_policy_is_no_task_policy() {
    let tail = "grants: [{ name: a, scope: { domain: production }, access: { data: read } }]";
    let text = |policy: &str| {
        manifest(tail).replace("  region: us-west-2", &format!("  region: us-west-2\n  task_policy: {policy}"))
    };
    let world = World::new(&manifest(tail)).await;
    for name in ["AdministratorAccess", "job-function/SystemAdministrator", "IAMFullAccess"] {
        let error = refused(world.plan(&text(&format!("arn:aws:iam::aws:policy/{name}"))).await);
        assert!(said(&error).contains("aws.task_policy"), "{}", said(&error));
    }
    let mut wide = Vec::new();
    for (name, allows) in
        [("admin", r#""Action":"*""#), ("all-but", r#""NotAction":"s3:*""#), ("fine", r#""Action":"s3:*""#)]
    {
        let document =
            format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow",{allows},"Resource":"*"}}}}"#);
        let request = world.iam().create_policy().policy_name(name).policy_document(document);
        request.send().await.expect("a policy");
        let plan = world.plan(&text(name)).await.expect("a plan");
        if plan.notes.iter().any(|note| note.about == "aws.task_policy" && note.message.contains("allows everything")) {
            wide.push(name);
        }
    }
    assert_eq!(wide, ["admin", "all-but"]);
}

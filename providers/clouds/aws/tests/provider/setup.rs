//! What organizations and accounts demand: boundaries, tags, external ids, and patience.

use std::time::Duration;

use aws_sdk_iam::types::Tag;
use cloudgrant_conformance::nearby;
use cloudgrant_core::{Action, Approval, Cancel, ErrorKind, Settings, Silent};
use serde_json::json;

use crate::permissions::ask;
use crate::world::{Runs, World, manifest, refused, said};

const GRANTS: &str = "
grants:
  - { name: mine, scope: { domain: production }, access: { data: read } }
  - { name: all, scope: global, access: { models: read } }
";
const ROLE: &str = "cloudgrant_tests_production";
const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/boundary";

fn with(keys: &str) -> String {
    manifest(GRANTS).replace("  region: us-west-2", &format!("  region: us-west-2\n{keys}"))
}

async fn make_boundary(world: &World) {
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    world.iam().create_policy().policy_name("boundary").policy_document(document).send().await.expect("made");
}

/// As every manifest that is right, one with a boundary can be tried in the sandbox at once.
#[tokio::test]
async fn the_sandbox_has_the_boundary_that_the_manifest_names() {
    for arn in [
        "arn:aws:iam::111122223333:policy/org/boundary",
        "arn:aws:iam::aws:policy/PowerUserAccess",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
    ] {
        let text = with(&format!("  permissions_boundary: '{arn}'"));
        let world = World::new(&text).await;
        world.converge(&text).await;
        assert_eq!(boundary(&world).await.as_deref(), Some(arn));
    }
}

async fn boundary(world: &World) -> Option<String> {
    let role = world.iam().get_role().role_name(ROLE).send().await.expect("the role").role.expect("a role");
    role.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn)
}

#[tokio::test]
async fn roles_have_the_permissions_boundary_that_the_manifest_names() {
    let text = with(&format!("  permissions_boundary: '{BOUNDARY}'"));
    let world = World::new(&manifest("")).await;
    let error = refused(world.plan(&text).await);
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        said(&error).contains("permissions boundary `arn:aws:iam::111122223333:policy/boundary` isn't there"),
        "{}",
        said(&error)
    );
    make_boundary(&world).await;
    // A role that was made without one gets it.
    world.converge(&manifest(GRANTS)).await;
    assert_eq!(boundary(&world).await, None);
    world.converge(&text).await;
    assert_eq!(boundary(&world).await.as_deref(), Some(BOUNDARY));
    // Taking it away behind the stack's back is drift.
    world.iam().delete_role_permissions_boundary().role_name(ROLE).send().await.expect("taken away");
    let plan = world.plan(&text).await.expect("a plan");
    assert_eq!(
        plan.work().map(|change| (change.id.name.as_str(), change.action)).collect::<Vec<_>>(),
        [(ROLE, Action::Update)]
    );
    world.converge(&text).await;
    // One that the manifest doesn't name stays, and is told.
    let plan = world.plan(&manifest(GRANTS)).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    assert!(
        plan.notes.iter().any(|note| {
            let command = format!("aws iam delete-role-permissions-boundary --role-name {ROLE}");
            note.message.contains("which the manifest doesn't name") && note.message.contains(&command)
        }),
        "{:#?}",
        plan.notes
    );
    for wrong in [
        "arn:aws:iam::111122223333:role/x",
        "arn:aws:iam::444455556666:policy/x",
        "arn:aws-cn:iam::111122223333:policy/x",
    ] {
        let error = refused(world.plan(&text.replace(BOUNDARY, wrong)).await);
        assert!(
            error.kind().is_usage() && said(&error).contains("aws.permissions_boundary"),
            "{wrong}: {}",
            said(&error)
        );
    }
}

#[tokio::test]
async fn roles_and_policies_have_the_tags_that_the_manifest_names() {
    let text = with("  tags: { cost-center: ml-42, team: research }");
    let world = World::new(&text).await;
    // What was made before is tagged as well.
    world.converge(&manifest(GRANTS)).await;
    world.converge(&text).await;
    let policy = crate::world::policy_arn("cloudgrant_tests_production");
    let tags = async |world: &World| {
        let role = world.iam().list_role_tags().role_name(ROLE).send().await.expect("tags").tags;
        let policy = world.iam().list_policy_tags().policy_arn(&policy).send().await.expect("tags").tags;
        let has = |tags: &[Tag], key: &str, value: &str| tags.iter().any(|tag| tag.key == key && tag.value == value);
        (
            has(&role, "cost-center", "ml-42") && has(&role, "team", "research"),
            has(&policy, "cost-center", "ml-42") && has(&policy, "team", "research"),
        )
    };
    assert_eq!(tags(&world).await, (true, true));
    // What somebody changes is drift; what somebody adds is theirs.
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().expect("a tag");
    world
        .iam()
        .tag_policy()
        .policy_arn(&policy)
        .tags(tag("team", "other"))
        .tags(tag("audit", "x"))
        .send()
        .await
        .expect("tagged");
    world.iam().tag_role().role_name(ROLE).tags(tag("audit", "x")).send().await.expect("tagged");
    let plan = world.plan(&text).await.expect("a plan");
    assert_eq!(plan.work().count(), 1, "{:#?}", plan.changes);
    world.converge(&text).await;
    assert_eq!(tags(&world).await, (true, true));
    let left = world.iam().list_policy_tags().policy_arn(&policy).send().await.expect("tags").tags;
    assert!(left.iter().any(|tag| tag.key == "audit"), "{left:?}");
    // IAM takes keys that differ in case alone for the same: what somebody wrote so is changed only where the plan tells
    // what it was, and stays where it says the same.
    let role = async |key: &str, value: &str| {
        world.iam().tag_role().role_name(ROLE).tags(tag(key, value)).send().await.expect("tagged");
    };
    role("Team", "research").await;
    // Of policies, they are two.
    let by_hand = world.iam().tag_policy().policy_arn(&policy).tags(tag("TEAM", "finance")).send().await;
    by_hand.expect("tagged");
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    for (key, ours, theirs) in [("Team", "research", "somebody"), ("Cloudgrant:Scope", "production", "another")] {
        role(key, theirs).await;
        let plan = world.plan(&text).await.expect("a plan");
        let [change] = plan.work().collect::<Vec<_>>()[..] else { panic!("{:#?}", plan.changes) };
        let told = format!("{change:?}");
        assert!(told.contains(theirs) && told.contains(ours), "{told}");
        world.converge(&text).await;
    }
    for wrong in ["'cloudgrant:stack': x", "'aws:x': y", "'a*': b", "a: 'b;'", "Team: x, team: y"] {
        let error = refused(world.plan(&with(&format!("  tags: {{ {wrong} }}"))).await);
        assert!(error.kind().is_usage() && said(&error).contains("aws.tags"), "{wrong}: {}", said(&error));
    }
}

/// An organization that demands tags demands them of the marks of other accounts' documents as well, which come before these.
#[tokio::test]
async fn everything_that_the_stack_makes_has_the_tags() {
    let tail = "
grants:
  - { name: mine, scope: { domain: production }, access: { elsewhere: pull } }
  - { name: all, scope: global, access: { models: read } }
registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/theirs }]
";
    let tags = "  region: us-west-2\n  tags: { cost-center: ml-42 }";
    let text = manifest(tail).replace("  region: us-west-2", tags);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let path = "/cloudgrant/tests/";
    let policies = world.iam().list_policies().path_prefix(path).send().await.expect("policies").policies;
    let mut seen = Vec::new();
    for policy in policies.expect("some") {
        let tags = world.iam().list_policy_tags().policy_arn(policy.arn().expect("an ARN")).send().await.expect("tags");
        seen.push((policy.policy_name.expect("a name"), tags.tags));
    }
    for role in world.iam().list_roles().path_prefix(path).send().await.expect("roles").roles {
        let tags = world.iam().list_role_tags().role_name(&role.role_name).send().await.expect("tags");
        seen.push((format!("role {}", role.role_name), tags.tags));
    }
    for (name, tags) in &seen {
        assert!(tags.iter().any(|tag| tag.key == "cost-center" && tag.value == "ml-42"), "{name}: {tags:?}");
    }
    let mut names: Vec<_> = seen.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "cloudgrant_tests_global",
            "cloudgrant_tests_place.ecr-nodes.444455556666.us-west-2",
            "cloudgrant_tests_place.ecr-tasks.444455556666.us-west-2",
            "cloudgrant_tests_production",
            "role cloudgrant_tests_production",
        ]
    );
}

#[tokio::test]
async fn a_role_is_assumed_with_what_it_demands() {
    let plain =
        manifest("registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/theirs }]");
    let role = "arn:aws:iam::444455556666:role/registry-admin";
    let demanding = |more: &str| plain.replace(&format!("\"{role}\""), &format!("{{ role: '{role}'{more} }}"));
    let text = demanding(", external_id: our-secret-handshake, session_name: ci-42, duration: 7200");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let log = ask(&world, "GET /_sandbox/log", "").await;
    let mut sessions: Vec<_> = log.as_array().expect("lines").iter().map(|line| line["session"].clone()).collect();
    sessions.retain(|session| !session.is_null());
    sessions.dedup();
    assert_eq!(sessions, [json!({ "name": "ci-42", "seconds": "7200" })]);
    for (less, missing) in [
        ("", "all of it"),
        (", session_name: ci-42", "the external id"),
        (", external_id: our-secret-handshake", "the session's name"),
        (", external_id: our-secret-handshake, session_name: ci-43", "another name"),
    ] {
        let error = refused(world.plan(&demanding(less)).await);
        assert_eq!(error.kind(), ErrorKind::AccessDenied, "without {missing}");
    }
    // Longer than the role allows.
    let longer = refused(world.plan(&text.replace("duration: 7200", "duration: 7201")).await);
    assert!(said(&longer).contains("MaxSessionDuration"), "{}", said(&longer));
    for (more, named) in [
        (", duration: 60", "aws.accounts.444455556666.assume_role.duration"),
        (", session_name: 'a b'", "aws.accounts.444455556666.assume_role.session_name"),
        (", external_id: ''", "aws.accounts.444455556666.assume_role.external_id"),
        (", external_id: x", "aws.accounts.444455556666.assume_role.external_id"),
        (", external_id: 'a b'", "aws.accounts.444455556666.assume_role.external_id"),
        (", session: x", "session"),
    ] {
        let error = refused(world.plan(&demanding(more)).await);
        assert!(error.kind().is_usage() && said(&error).contains(named), "{more}: {}", said(&error));
    }
    let elsewhere = plain.replace(role, "arn:aws:iam::777788889999:role/registry-admin");
    let error = refused(world.plan(&elsewhere).await);
    assert!(said(&error).contains("is in account 777788889999, not in 444455556666"), "{}", said(&error));
}

/// New regions are taken; what looks like a slip is told.
#[tokio::test]
async fn a_region_that_looks_like_a_slip_is_warned_of() {
    for (region, near) in [("us-wset-2", Some("did you mean us-west-2?")), ("us-west-9", None)] {
        let text = manifest("").replace("us-west-2", region) + GRANTS;
        let world = World::new(&text).await;
        let plan = world.plan(&text).await.expect("a plan");
        let told = plan.notes.iter().find(|note| note.about == "aws.region");
        assert_eq!(told.is_some(), near.is_some(), "{:#?}", plan.notes);
        assert!(near.is_none_or(|near| told.is_some_and(|note| note.message.contains(near))), "{told:#?}");
    }
}

/// They would be taken and never used.
#[tokio::test]
async fn credentials_for_the_data_plane_s_own_account_are_refused() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    let own = "accounts: { \"111122223333\": { assume_role: 'arn:aws:iam::111122223333:role/deploy' }, ";
    let error = refused(world.plan(&text.replace("accounts: { ", own)).await);
    assert!(error.kind().is_usage(), "{error:?}");
    for part in ["aws.accounts.111122223333", "which is the data plane's own"] {
        assert!(said(&error).contains(part), "{part} in {}", said(&error));
    }
    assert!(error.problems()[0].hint.as_ref().is_some_and(|hint| hint.contains("AWS_PROFILE")), "{error:#?}");
    assert_eq!(world.running().counts().total, 0, "refused before anything was called");
}

#[tokio::test]
async fn what_is_detached_a_moment_ago_is_waited_for() {
    let text = manifest(GRANTS);
    let world = World::with(&text, "replication=400ms").await;
    world.converge(&text).await;
    let report = world.revoke_all(&text).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert!(world.plan(&manifest("")).await.expect("a plan").is_empty());
}

#[tokio::test]
async fn how_long_is_waited_is_a_setting() {
    let grants = "grants: [{ name: pulls, scope: { domain: production }, access: { elsewhere: pull } }]";
    let text = |seconds: &str| {
        let key = format!("  region: us-west-2\n  settle_timeout: {seconds}");
        manifest(grants).replace("  region: us-west-2", &key)
    };
    let run = async |world: &World, text: &str, propagation: u64| {
        let settings = Settings {
            patience: Duration::from_millis(50),
            propagation: Duration::from_secs(propagation),
            settle: Duration::from_secs(propagation),
            ..nearby()
        };
        let session = world.session_with(text, settings).await.expect("a session");
        let engine = session.engine();
        let plan = engine.plan(&Silent).await.expect("a plan");
        engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("a report")
    };
    // A role is no principal to ECR yet: what isn't waited for long enough ends with what AWS says of it.
    let world = World::with(&text("0.3"), "replication=30s").await;
    let report = run(&world, &text("0.3"), 60).await;
    let failed: Vec<_> = report.failed.iter().map(|failed| failed.change.id.kind).collect();
    assert_eq!(failed, ["ecr-policy-statement"], "{:#?}", report.failed);
    assert!(report.elapsed < Duration::from_secs(20), "{:?}", report.elapsed);
    let world = World::with(&text("60"), "replication=1s").await;
    let report = run(&world, &text("60"), 0).await;
    assert!(report.is_success(), "{:#?}", report.failed);
    // Where nothing is said, AWS is waited for as long as everything is.
    let session = world.session(&manifest(grants)).await.expect("a session");
    assert_eq!(session.provider().settle_timeout(), None);
    assert_eq!(Settings::default().settle, Duration::from_secs(120));
    let session = world.session(&text("7")).await.expect("a session");
    assert_eq!(session.provider().settle_timeout(), Some(Duration::from_secs(7)));
    let error = refused(world.plan(&with("  settle_timeout: 0")).await);
    assert!(said(&error).contains("seconds above 0"), "{}", said(&error));
}

/// A role that task code could run under.
async fn make_role(world: &World, name: &str) {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    world.iam().create_role().role_name(name).assume_role_policy_document(trust).send().await.expect("made");
}

/// What of the stack's is attached to a role.
async fn ours(world: &World, role: &str) -> Vec<String> {
    let attached = world.attached(role).await;
    attached.into_iter().filter(|policy| policy.starts_with("cloudgrant")).collect()
}

#[tokio::test]
async fn another_organization_takes_its_role_along() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let new = "umbrella-userflyterole";
    make_role(&world, new).await;
    let moved = text.replace("organization: acme", "organization: umbrella");
    let plan = world.plan(&moved).await.expect("a plan");
    let told = plan.notes.iter().find(|note| note.about == "iam-policy cloudgrant_tests_global");
    let says = |part: &str| told.is_some_and(|note| note.message.contains(part));
    for part in ["from the task role acme-userflyterole", "given to umbrella-userflyterole", "needs another name"] {
        assert!(says(part), "{part} in {:#?}", plan.notes);
    }
    world.converge(&moved).await;
    let after = world.plan(&moved).await.expect("a plan");
    assert!(after.notes.iter().all(|note| !note.message.contains("needs another name")), "{:#?}", after.notes);
    assert_eq!(world.attached(new).await, ["cloudgrant_tests_global"]);
    assert_eq!(ours(&world, "acme-userflyterole").await, [""; 0]);
    let left = world.attached("acme-userflyterole").await;
    assert!(left.contains(&"acme-observability".to_owned()), "what others attached stays: {left:?}");
}

#[tokio::test]
async fn another_task_role_takes_over_whatever_both_are_called() {
    let text = with("  task_role: tasks,old");
    let world = World::new(&manifest("")).await;
    for role in ["tasks,old", "tasks-new", "somebody-s"] {
        make_role(&world, role).await;
    }
    world.converge(&text).await;
    assert_eq!(ours(&world, "tasks,old").await, ["cloudgrant_tests_global"]);
    // What somebody attached stays, and is told.
    let policies = world.iam().list_policies().send().await.expect("the policies");
    let global = policies.policies().iter().find(|policy| policy.policy_name() == Some("cloudgrant_tests_global"));
    let policy = global.and_then(|policy| policy.arn()).expect("it is there");
    world.iam().attach_role_policy().role_name("somebody-s").policy_arn(policy).send().await.expect("attached");
    let text = with("  task_role: tasks-new");
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.widened.iter().any(|widening| widening.what.contains("role somebody-s")), "{:#?}", plan.widened);
    world.converge(&text).await;
    assert_eq!(ours(&world, "tasks,old").await, [""; 0]);
    assert_eq!(ours(&world, "tasks-new").await, ["cloudgrant_tests_global"]);
    assert_eq!(ours(&world, "somebody-s").await, ["cloudgrant_tests_global"]);
}

/// IAM attaches to a name alone, and names of roles have no slash.
#[tokio::test]
async fn a_role_is_named_without_account_and_path() {
    let world = World::new(&manifest("")).await;
    for (wrong, hint) in [
        ("task_role: \"arn:aws:iam::999900009999:role/acme/tasks\"", "`tasks`"),
        ("task_role: service/AWSServiceRoleForSupport", "`AWSServiceRoleForSupport`"),
        ("node_role: team/x/nodes", "`nodes`"),
        ("node_role: \"arn:aws:iam::111122223333:user/\"", "up to 64 letters"),
        ("task_role: \"\"", "up to 64 letters"),
    ] {
        let error = refused(world.plan(&with(&format!("  {wrong}"))).await);
        let told: Vec<_> = error.problems().iter().map(|problem| (&problem.message, problem.hint.as_deref())).collect();
        let is_told = |(message, told): &(&String, Option<&str>)| {
            message.contains("is not the name of a role") && told.is_some_and(|told| told.contains(hint))
        };
        assert!(told.iter().any(is_told), "{wrong}: {told:?}");
    }
}

#[tokio::test]
async fn what_a_former_task_role_has_goes_with_the_last_grant() {
    let world = World::new(&manifest("")).await;
    make_role(&world, "tasks-old").await;
    world.converge(&with("  task_role: tasks-old")).await;
    // In one go: no run came between.
    world.converge(&manifest("").replace("  region: us-west-2", "  region: us-west-2\n  task_role: tasks-new")).await;
    assert_eq!(ours(&world, "tasks-old").await, [""; 0]);
}

#[tokio::test]
async fn all_that_is_missing_is_told_at_once() {
    let text = manifest(GRANTS).replace("organization: acme", "organization: other");
    let registries = "
registries:
  - { name: images, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/images }
";
    let text = (text + registries).replace("  region: us-west-2", "  region: us-west-2\n  task_policy: nowhere");
    let world = World::new(&manifest("")).await;
    let error = refused(world.plan(&text).await);
    let problems: Vec<_> = error.problems().iter().map(|problem| problem.message.as_str()).collect();
    for missing in ["other-userflyterole", "unionai-other-flyteworker-node-group", "`nowhere`", "'team/images'"] {
        let found = problems.iter().filter(|problem| problem.contains(missing)).count();
        assert_eq!(found, 1, "{missing}: {problems:#?}");
    }
    assert_eq!((error.kind(), error.message()), (ErrorKind::NotFound, "4 things stand in the way"));
}

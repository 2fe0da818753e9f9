//! AWS takes no document with a deleted principal, from its owner neither: a role that a policy of another account still names stays.

use cloudgrant_core::{Action, Approval, Cancel, Plan, Silent};
use serde_json::{Value, json};

use crate::world::{Runs, World, manifest};

const GRANTS: &str = "
grants:
  - { name: a, scope: { domain: production }, access: { models: read, elsewhere: pull } }
  - { name: b, scope: { domain: development }, access: { models: read } }
";
const ROLE: &str = "cloudgrant_tests_production";
const OTHER: &str = "444455556666";
const REPOSITORY: &str = "team/elsewhere";
/// The platform's task policy, without which nothing runs as a role.
const TASK_POLICY: &str = "userflyterole";
const OTHERS: &str = r#"{ "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" } }"#;

async fn revoking(world: &World, text: &str, names: Option<&[String]>) -> Plan {
    let engine = world.session(text).await.expect("a session").engine_without(names).expect("an engine");
    engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"))
}

async fn policy(world: &World) -> Option<Value> {
    let read = world.ecr(OTHER).get_repository_policy().repository_name(REPOSITORY).send().await.ok()?;
    serde_json::from_str(read.policy_text()?).ok()
}

async fn write(world: &World, policy: &Value) {
    let write = world.ecr(OTHER).set_repository_policy().repository_name(REPOSITORY).policy_text(policy.to_string());
    write.send().await.unwrap_or_else(|error| panic!("the owner can't write it any more: {error:?}"));
}

async fn is_there(world: &World, role: &str) -> bool {
    world.iam().get_role().role_name(role).send().await.is_ok()
}

fn deleted(plan: &Plan) -> Vec<&str> {
    let deleted = plan.work().filter(|change| change.action == Action::Delete && change.id.kind == "iam-role");
    deleted.map(|change| change.id.name.as_str()).collect()
}

#[tokio::test]
async fn a_role_that_somebody_s_statement_names_stays_until_it_does_not() {
    let text = manifest(GRANTS);
    for element in ["Principal", "NotPrincipal"] {
        let world = World::new(&text).await;
        world.converge(&text).await;
        let mut policy_of_others = policy(&world).await.expect("a policy");
        let ours = policy_of_others["Statement"].as_array().expect("statements");
        let ours = ours.iter().find(|one| one["Sid"].to_string().contains("Cloudgrant")).expect("ours").clone();
        let mut copy = ours.clone();
        copy["Sid"] = "Their copy".into();
        if element == "NotPrincipal" {
            copy["NotPrincipal"] = copy["Principal"].take();
            copy.as_object_mut().expect("a statement").shift_remove("Principal");
            copy["Effect"] = "Deny".into();
        }
        policy_of_others["Statement"].as_array_mut().expect("statements").push(copy);
        write(&world, &policy_of_others).await;

        // A plan of a manifest without the grant, one that revokes all, and one that revokes the grant.
        let without = manifest(&GRANTS.replace("  - { name: a,", "  # - { name: a,"));
        let plans = [
            world.plan(&without).await.expect("a plan"),
            revoking(&world, &text, None).await,
            revoking(&world, &text, Some(&["a".to_owned()])).await,
        ];
        for plan in plans {
            assert!(!deleted(&plan).contains(&ROLE), "{element}: {:#?}", plan.changes);
            let [stays] = plan.stays.as_slice() else { panic!("{element}: {:#?}", plan.stays) };
            assert_eq!(stays.object.name, ROLE);
            for part in [REPOSITORY, OTHER, "`Their copy`"] {
                assert!(stays.reason.contains(part), "{element}: {part} in {}", stays.reason);
            }
        }
        world.revoke_all(&text).await.expect("revoked");
        assert!(is_there(&world, ROLE).await && !is_there(&world, "cloudgrant_tests_development").await, "{element}");
        assert_eq!(world.attached(ROLE).await, [TASK_POLICY], "what it gave is gone, and no more");
        let left = policy(&world).await.expect("theirs stays");
        assert!(left.to_string().contains("Their copy") && !left.to_string().contains("Cloudgrant"), "{left:#}");
        write(&world, &left).await;
        // Whatever the manifest says by then, the place isn't forgotten.
        let forgotten = manifest("").replace("444455556666.dkr", "444455556667.dkr");
        let plan = revoking(&world, &forgotten, None).await;
        assert!(deleted(&plan).is_empty() && plan.stays.len() == 1, "{element}: {plan:#?}");
        let mut gone = left.clone();
        let statements = gone["Statement"].as_array_mut().expect("statements");
        statements.retain(|one| one["Sid"] != "Their copy");
        statements
            .push(json!({ "Sid": "Own", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::444455556666:root" },
            "Action": ["ecr:BatchGetImage"] }));
        write(&world, &gone).await;
        let report = world.revoke_all(&forgotten).await.expect("revoked");
        assert!(report.is_success() && !is_there(&world, ROLE).await, "{element}: {report:#?}");
        let policies = world.iam().list_policies().path_prefix("/cloudgrant/").send().await.expect("policies");
        assert!(policies.policies().is_empty(), "{policies:?}");
    }
}

/// Nobody here can see whether the owner has added the statement, or taken it out.
#[tokio::test]
async fn a_role_that_a_step_for_somebody_else_names_stays_until_the_grant_is_out_of_the_manifest() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    let text = text.replace(OTHERS, "{}");
    let report = world.converge(&text).await;
    let handed_off = report.handoffs.iter().find(|change| change.id.kind == "ecr-policy-statement").expect("a handoff");
    let statement = handed_off.after.as_ref().expect("a statement").value()["statement"].clone();
    let theirs = json!({ "Version": "2012-10-17", "Statement": [statement] });
    write(&world, &theirs).await;

    for names in [None, Some(vec!["a".to_owned()])] {
        let plan = revoking(&world, &text, names.as_deref()).await;
        assert!(!deleted(&plan).contains(&ROLE), "{:#?}", plan.changes);
        let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
        assert_eq!(stays.object.name, ROLE);
        for part in [OTHER, "grant a", REPOSITORY, "manifest"] {
            assert!(stays.reason.contains(part), "{part} in {}", stays.reason);
        }
    }
    // Another grant takes its own role along.
    let plan = revoking(&world, &text, Some(&["b".to_owned()])).await;
    assert_eq!(deleted(&plan), ["cloudgrant_tests_development"]);
    assert!(plan.stays.is_empty(), "{:#?}", plan.stays);

    world.revoke_all(&text).await.expect("revoked");
    assert!(is_there(&world, ROLE).await);
    assert_eq!(world.attached(ROLE).await, [TASK_POLICY], "what it gave is gone, and no more");
    write(&world, &theirs).await;
    // Again: nothing is forgotten.
    let plan = revoking(&world, &text, None).await;
    assert!(plan.is_empty() && plan.stays.len() == 1, "{plan:#?}");
    let without = manifest("\ngrants: []\n").replace(OTHERS, "{}");
    let report = world.apply(&without).await.expect("applied");
    assert!(report.is_success() && !is_there(&world, ROLE).await, "{report:#?}");
}

/// The same of a bucket whose account nobody told.
#[tokio::test]
async fn a_role_that_a_step_for_a_bucket_s_owner_names_stays() {
    let text = manifest(
        "
grants:
  - { name: a, scope: { domain: production }, access: { theirs: read } }
",
    )
    .replace("resources:\n", "resources:\n  theirs: { aws: 's3://acme-theirs' }\n");
    let world = World::new(&manifest("")).await;
    crate::buckets::create(&world.s3("999900001111"), "acme-theirs", "us-west-2").await;
    let report = world.converge(&text).await;
    assert!(!report.handoffs.is_empty(), "{report:#?}");
    for _ in 0..2 {
        let plan = revoking(&world, &text, None).await;
        let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
        assert!(stays.object.name == ROLE && stays.reason.contains("bucket acme-theirs"), "{stays:?}");
        world.revoke_all(&text).await.expect("revoked");
        assert!(is_there(&world, ROLE).await);
    }
}

/// Task code that still runs as a role fails without it.
#[tokio::test]
async fn a_role_that_stays_keeps_the_task_policy_and_nothing_of_what_is_revoked() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    let text = text.replace(OTHERS, "{}");
    world.converge(&text).await;
    assert_eq!(world.attached(ROLE).await, [ROLE, TASK_POLICY]);
    let session = world.session(&text).await.expect("a session");
    let engine = session.engine_without(Some(&["a".to_owned()])).expect("an engine");
    let plan = engine.plan(&Silent).await.expect("a plan");
    let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
    assert!(stays.object.name == ROLE && stays.reason.contains(TASK_POLICY), "{stays:?}");
    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert_eq!(world.attached(ROLE).await, [TASK_POLICY]);
    let policies = world.iam().list_policies().path_prefix("/cloudgrant/").send().await.expect("policies");
    assert!(policies.policies().iter().all(|policy| policy.policy_name() != Some(ROLE)), "{policies:?}");
    assert_eq!(world.attached("cloudgrant_tests_development").await.len(), 2, "the other grant keeps all");
}

/// What couldn't be looked at may name a role as well as what was looked at.
#[tokio::test]
async fn a_role_stays_where_an_account_could_not_be_searched() {
    let text = manifest(&GRANTS.replace(", elsewhere: pull", ""));
    let mut world = World::new(&text).await;
    world.converge(&text).await;
    world.restart(&text, "deny=ecr:DescribeRepositories").await;
    let without = manifest(&GRANTS.replace(", elsewhere: pull", "").replace("  - { name: a,", "  # - { name: a,"));
    let plans = [
        revoking(&world, &text, Some(&["a".to_owned()])).await,
        revoking(&world, &text, None).await,
        world.plan(&without).await.expect("a plan"),
    ];
    for plan in plans {
        assert!(deleted(&plan).is_empty(), "{:#?}", plan.changes);
        let stays = plan.stays.iter().find(|stays| stays.object.name == ROLE);
        let stays = stays.unwrap_or_else(|| panic!("{:#?}", plan.stays));
        for part in [OTHER, "us-west-2", "ecr:DescribeRepositories"] {
            assert!(stays.reason.contains(part), "{part} in {}", stays.reason);
        }
    }
    world.revoke_all(&text).await.expect("revoked");
    assert_eq!(world.attached(ROLE).await, [TASK_POLICY]);
    world.restart(&text, "").await;
    let report = world.revoke_all(&text).await.expect("revoked");
    assert!(report.is_success() && !is_there(&world, ROLE).await, "{report:#?}");
}

/// An account has more repositories than every plan looks at, and a role goes.
#[tokio::test]
async fn a_role_that_goes_is_looked_for_in_every_repository() {
    let text = manifest(&GRANTS.replace(", elsewhere: pull", ""));
    let world = World::new(&manifest(GRANTS)).await;
    world.converge(&text).await;
    for number in 0..110 {
        let name = format!("a/{number:03}");
        world.ecr(OTHER).create_repository().repository_name(name).send().await.expect("a repository");
    }
    let theirs = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "Theirs", "Effect": "Allow", "Action": ["ecr:BatchGetImage"],
        "Principal": { "AWS": format!("arn:aws:iam::111122223333:role/cloudgrant/tests/{ROLE}") },
    }] });
    write(&world, &theirs).await;
    let without = text.replace("  - { name: a,", "  # - { name: a,");
    for plan in [revoking(&world, &text, Some(&["a".to_owned()])).await, world.plan(&without).await.expect("a plan")] {
        assert!(deleted(&plan).is_empty(), "{:#?}", plan.changes);
        assert!(plan.stays.iter().any(|stays| stays.reason.contains("`Theirs`")), "{:#?}", plan.stays);
    }
}

/// IAM takes no trust policy with a deleted principal either.
#[tokio::test]
async fn a_role_that_another_role_trusts_stays_until_it_does_not() {
    let text = manifest(&GRANTS.replace(", elsewhere: pull", ""));
    let world = World::new(&text).await;
    world.converge(&text).await;
    let trusting = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": format!("arn:aws:iam::111122223333:role/cloudgrant/tests/{ROLE}") } }] });
    let make = world.iam().create_role().role_name("reports").assume_role_policy_document(trusting.to_string());
    make.send().await.expect("theirs");
    for names in [None, Some(vec!["a".to_owned()])] {
        let plan = revoking(&world, &text, names.as_deref()).await;
        assert!(!deleted(&plan).contains(&ROLE), "{:#?}", plan.changes);
        let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
        assert!(stays.object.name == ROLE && stays.reason.contains("trust policy of role reports"), "{stays:?}");
    }
    world.iam().delete_role().role_name("reports").send().await.expect("deleted");
    assert_eq!(deleted(&revoking(&world, &text, Some(&["a".to_owned()])).await), [ROLE]);
}

/// What grants of wider scopes give isn't revoked, and task code may run on as such a role.
#[tokio::test]
async fn a_role_that_stays_keeps_what_wider_scopes_give() {
    let all = "  - { name: w, scope: global, access: { data: read } }";
    let text = manifest(&format!("{}\n{all}\n", GRANTS.trim_end())).replace(OTHERS, "{}");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let before = world.attached(ROLE).await;
    let wider = before.iter().find(|policy| policy.contains("global")).cloned().unwrap_or_else(|| panic!("{before:?}"));
    let session = world.session(&text).await.expect("a session");
    let engine = session.engine_without(Some(&["a".to_owned()])).expect("an engine");
    let plan = engine.plan(&Silent).await.expect("a plan");
    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    let mut kept = vec![wider, TASK_POLICY.to_owned()];
    kept.sort();
    assert_eq!(world.attached(ROLE).await, kept, "{before:?}");
    // Everything goes where everything is taken back.
    let engine = session.engine_without(None).expect("an engine");
    let plan = engine.plan(&Silent).await.expect("a plan");
    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert_eq!(world.attached(ROLE).await, [TASK_POLICY]);
}

//! Scopes that are granted the same share a policy; nobody is given more or less for that, at no time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Mutex;

use cloudgrant_core::{Action, Approval, Cancel, Engine, ErrorKind, Event, Report, Settings, Silent, Watch};
use serde_json::{Value, json};

use cloudgrant_conformance::nearby;

use crate::world::{Runs, World, manifest, policy_arn, refused, said};

pub(crate) const VISION: &str = "{ project: vision, domain: production }";
pub(crate) const FORECASTING: &str = "{ project: forecasting, domain: production }";
pub(crate) const TRIAL: &str = "{ project: vision, domain: development }";

const ROLE: &str = "cloudgrant_tests_vision_production";
const OTHER_ROLE: &str = "cloudgrant_tests_forecasting_production";
const TRIAL_ROLE: &str = "cloudgrant_tests_vision_development";

/// A manifest with grants: each its name, its scope and its access.
pub(crate) fn granting(grants: &[(&str, &str, &str)]) -> String {
    let mut text = String::from("grants:\n");
    for (name, scope, access) in grants {
        writeln!(text, "- {{ name: {name}, scope: {scope}, access: {{ {access} }} }}").expect("text");
    }
    if grants.is_empty() { manifest("") } else { manifest(&text) }
}

/// What each role may do, as the sandbox has it at this moment: the statements of all policies on it, without Sids.
pub(crate) fn allowed(world: &World) -> BTreeMap<String, BTreeSet<String>> {
    let all = world.everything();
    let of = |kind: &str| {
        let kind = format!("/{kind}/");
        all.iter().filter(move |(name, _)| name.contains(&kind)).map(|(_, entity)| entity).collect::<Vec<_>>()
    };
    let mut statements: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for policy in of("policies") {
        let (path, name) = (policy["path"].as_str().expect("a path"), policy["name"].as_str().expect("a name"));
        let version = policy["default_version"].to_string();
        let text = policy["versions"][&version]["document"].as_str().expect("a document");
        let document: Value = serde_json::from_str(text).expect("JSON");
        let nameless = document["Statement"].as_array().expect("statements").iter().cloned().map(|mut statement| {
            statement.as_object_mut().expect("a statement").shift_remove("Sid");
            statement.to_string()
        });
        let account = policy["account"].as_str().expect("an account");
        statements.insert(format!("arn:aws:iam::{account}:policy{path}{name}"), nameless.collect());
    }
    let roles = of("roles").into_iter().filter(|role| role["account"] == "111122223333").map(|role| {
        let attached = role["attached"].as_object().expect("attached policies");
        let allowed = attached.keys().filter_map(|arn| statements.get(arn)).flatten().cloned().collect();
        (role["name"].as_str().expect("a name").to_owned(), allowed)
    });
    roles.collect()
}

/// Looks after each change whether every role has what it has before and after, and nothing that it has neither before
/// nor after.
struct Steps<'a> {
    world: &'a World,
    seen: Mutex<Vec<BTreeMap<String, BTreeSet<String>>>>,
}

impl Watch for Steps<'_> {
    fn event(&self, event: Event<'_>) {
        if let Event::Done(..) | Event::Started(_) = event {
            self.seen.lock().expect("lock").push(allowed(self.world));
        }
    }
}

impl Steps<'_> {
    fn check(&self, changes: usize) {
        let seen = self.seen.lock().expect("lock");
        let last = allowed(self.world);
        let Some(first) = seen.first() else {
            assert_eq!(changes, 0);
            return;
        };
        assert_eq!(seen.len(), 2 * changes, "each change is seen as it begins and as it ends");
        let none = BTreeSet::new();
        let of = |all: &BTreeMap<String, BTreeSet<String>>, role: &str| all.get(role).unwrap_or(&none).clone();
        for (step, now) in seen.iter().enumerate() {
            for role in first.keys().chain(last.keys()).chain(now.keys()) {
                let (before, now, after) = (of(first, role), of(now, role), of(&last, role));
                let lost: Vec<_> = before.intersection(&after).filter(|statement| !now.contains(*statement)).collect();
                assert!(lost.is_empty(), "step {step}: {role} lacks {lost:#?}");
                let more: Vec<_> = now.iter().filter(|one| !before.contains(*one) && !after.contains(*one)).collect();
                assert!(more.is_empty(), "step {step}: {role} may {more:#?}");
            }
        }
    }
}

/// One change at a time, so that what is seen in between is what is there.
pub(crate) fn one_at_a_time() -> Settings {
    Settings { concurrency: 1, ..nearby() }
}

pub(crate) async fn carry_out(world: &World, engine: Engine) -> Report {
    let (report, steps) = carry_out_unchecked(world, engine).await;
    steps.check(report.applied.len());
    report
}

async fn carry_out_unchecked(world: &World, engine: Engine) -> (Report, Steps<'_>) {
    let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"));
    let steps = Steps { world, seen: Mutex::default() };
    let report = engine.apply(plan.approve(Approval::InAdvance), &steps, &Cancel::default()).await;
    let report = report.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(report.is_success(), "{report:#?}");
    (report, steps)
}

/// Applies step by step, and expects that nothing is left to do.
pub(crate) async fn apply(world: &World, text: &str) -> Report {
    let report = carry_out(world, world.session_with(text, one_at_a_time()).await.expect("a session").engine()).await;
    let plan = world.plan(text).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    report
}

pub(crate) async fn revoke(world: &World, text: &str, grants: &[&str]) -> Report {
    let grants: Vec<_> = grants.iter().map(|grant| (*grant).to_owned()).collect();
    let session = world.session_with(text, one_at_a_time()).await.expect("a session");
    let report = carry_out(world, session.engine_without(Some(&grants)).expect("the grants are listed")).await;
    let again = session.engine_without(Some(&grants)).expect("the grants are listed").plan(&Silent).await;
    let again = again.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(again.is_empty(), "{:#?}", again.changes);
    report
}

/// The names of the stack's policies.
async fn policies(world: &World) -> Vec<String> {
    let answer = world.iam().list_policies().path_prefix("/cloudgrant/tests/").send().await.expect("policies");
    let mut names: Vec<_> = answer.policies().iter().filter_map(|policy| policy.policy_name.clone()).collect();
    names.sort();
    names
}

/// The policy of the stack on a role, where there is one.
async fn carried(world: &World, role: &str) -> String {
    let attached = world.attached(role).await;
    let mut ours = attached.into_iter().filter(|name| name.starts_with("cloudgrant_"));
    let one = ours.next().expect("a policy");
    assert_eq!(ours.next(), None, "{role}");
    one
}

fn is_shared(policy: &str) -> bool {
    policy.starts_with("cloudgrant_tests_shared.")
}

#[tokio::test]
async fn scopes_that_are_granted_the_same_share_one_policy() {
    let text = granting(&[
        ("for-vision", VISION, "data: read, models: read-write"),
        // In two grants, and in another order.
        ("models-for-forecasting", FORECASTING, "models: read-write"),
        ("data-for-forecasting", FORECASTING, "data: read"),
        ("on-trial", TRIAL, "models: read-write, data: read"),
        ("else", "{ project: forecasting, domain: development }", "data: read"),
    ]);
    let world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    let shared = plan.work().find(|change| is_shared(&change.id.name)).expect("a shared policy");
    let because: Vec<_> = shared.because.iter().map(ToString::to_string).collect();
    assert_eq!(
        because,
        ["grant data-for-forecasting", "grant models-for-forecasting", "grant on-trial", "grant for-vision"]
    );
    let report = apply(&world, &text).await;
    // Two policies; four roles, each with two policies on it.
    assert_eq!(report.summary().create, 2 + 4 + 8);
    assert_eq!(policies(&world).await, ["cloudgrant_tests_forecasting_development", &shared.id.name]);
    for role in [ROLE, OTHER_ROLE, TRIAL_ROLE] {
        assert_eq!(world.attached(role).await, [shared.id.name.as_str(), "userflyterole"]);
    }
    let owned = json!({"StringEquals": {"aws:ResourceAccount": ["111122223333"]}});
    assert_eq!(
        world.document(&shared.id.name).await,
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
             "Resource": ["arn:aws:s3:::acme-models/*"], "Condition": owned},
            {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::acme-data/inputs/*"],
             "Condition": owned},
            {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::acme-data"],
             "Condition": {"StringEquals": owned["StringEquals"], "StringLike": {"s3:prefix": ["inputs/", "inputs/*"]}}},
            {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::acme-models"], "Condition": owned},
        ]})
    );
    // Another name is another grant, and the same policy.
    let report = apply(&world, &text.replace("on-trial", "no-longer-on-trial")).await;
    assert_eq!(report.applied.len(), 0, "{report:#?}");
    let report = world.revoke_all(&text).await.expect("revoked");
    assert!(report.is_success() && policies(&world).await.is_empty(), "{report:#?}");
}

#[tokio::test]
async fn what_global_and_domain_both_grant_is_on_a_role_once() {
    let text = granting(&[("all", "global", "data: read"), ("some", "{ domain: production }", "data: read")]);
    let world = World::new(&text).await;
    apply(&world, &text).await;
    let shared = carried(&world, "cloudgrant_tests_production").await;
    assert!(is_shared(&shared), "{shared}");
    assert!(world.attached("acme-userflyterole").await.contains(&shared));
    // The domain's grant goes, and with it the role; what is for all stays.
    let report = apply(&world, &granting(&[("all", "global", "data: read")])).await;
    assert_eq!((report.summary().create, report.summary().update), (0, 0));
    assert!(world.attached("acme-userflyterole").await.contains(&shared));
}

#[tokio::test]
async fn members_join_leave_and_change_and_nobody_has_more_or_less_meanwhile() {
    let one = granting(&[("a", VISION, "data: read")]);
    let world = World::new(&one).await;
    apply(&world, &one).await;
    assert_eq!(carried(&world, ROLE).await, ROLE);

    // Joins.
    let two = granting(&[("a", VISION, "data: read"), ("b", FORECASTING, "data: read")]);
    let report = apply(&world, &two).await;
    assert_eq!(report.summary().update, 0);
    let shared = carried(&world, ROLE).await;
    assert!(is_shared(&shared) && carried(&world, OTHER_ROLE).await == shared);
    assert_eq!(policies(&world).await, [shared.as_str()]);
    let three = granting(&[("a", VISION, "data: read"), ("b", FORECASTING, "data: read"), ("c", TRIAL, "data: read")]);
    let report = apply(&world, &three).await;
    assert_eq!((report.summary().create, report.summary().delete), (3, 0), "a role and what hangs on it: {report:#?}");

    // Changes: it leaves, the others stay.
    let wider =
        granting(&[("a", VISION, "data: read-write"), ("b", FORECASTING, "data: read"), ("c", TRIAL, "data: read")]);
    let report = apply(&world, &wider).await;
    assert!(report.applied.iter().all(|applied| !applied.change.id.name.contains("forecasting")), "{report:#?}");
    assert_eq!((report.summary().create, report.summary().delete), (2, 1));
    assert_eq!(carried(&world, ROLE).await, ROLE);
    assert_eq!(carried(&world, OTHER_ROLE).await, shared);
    // By itself, it is changed in place.
    let report = apply(&world, &wider.replace("data: read-write", "data: write")).await;
    assert_eq!((report.summary().create, report.summary().update, report.summary().delete), (0, 1, 0));

    // And back.
    apply(&world, &three).await;
    assert_eq!(policies(&world).await, [shared.as_str()]);

    // All change at once.
    let report = apply(&world, &three.replace("data: read", "models: read")).await;
    assert_eq!((report.summary().create, report.summary().update, report.summary().delete), (4, 0, 4));
    let other = carried(&world, TRIAL_ROLE).await;
    assert!(is_shared(&other) && other != shared);

    // All but one leave: nothing happens to that one.
    let report = apply(&world, &granting(&[("a", VISION, "models: read")])).await;
    assert_eq!((report.summary().create, report.summary().update), (0, 0));
    assert_eq!(carried(&world, ROLE).await, other);
    // Once it changes, it has a policy of its own again.
    apply(&world, &granting(&[("a", VISION, "models: list")])).await;
    assert_eq!(policies(&world).await, [ROLE]);
}

#[tokio::test]
async fn scopes_trade_places() {
    let [first, second] = ["data: read", "models: read-write, token: read"];
    let text = |a: &str, b: &str| {
        granting(&[("a", VISION, a), ("b", FORECASTING, a), ("c", TRIAL, b), ("d", "{ domain: development }", b)])
    };
    let world = World::new(&text(first, second)).await;
    apply(&world, &text(first, second)).await;
    let before = policies(&world).await;
    assert!(before.len() == 2 && before.iter().all(|name| is_shared(name)), "{before:?}");
    apply(&world, &text(second, first)).await;
    assert_eq!(policies(&world).await, before);
}

#[tokio::test]
async fn a_grant_is_taken_away_from_one_of_those_that_share() {
    let grants = [
        ("data-a", VISION, "data: read"),
        ("models-a", VISION, "models: read"),
        ("data-b", FORECASTING, "data: read"),
        ("models-b", FORECASTING, "models: read"),
    ];
    let text = granting(&grants);
    let world = World::new(&text).await;
    apply(&world, &text).await;
    let shared = carried(&world, ROLE).await;
    let before = allowed(&world);

    // What is in the manifest and was not made yet is none of a revoke's business.
    let pending = format!("{text}- {{ name: pending, scope: {TRIAL}, access: {{ data: read, models: read }} }}\n");
    let report = revoke(&world, &pending, &["models-a"]).await;
    let made: Vec<_> =
        report.applied.iter().map(|applied| (applied.change.action, applied.change.id.name.as_str())).collect();
    let attachment = |policy: &str| format!("{ROLE}/{policy}");
    assert_eq!(
        made,
        [
            (Action::Create, ROLE),
            (Action::Create, attachment(ROLE).as_str()),
            (Action::Delete, attachment(&shared).as_str())
        ]
    );
    let after = allowed(&world);
    assert!(after[ROLE].is_subset(&before[ROLE]) && !after[ROLE].is_empty() && after[ROLE] != before[ROLE]);
    assert_eq!(after[OTHER_ROLE], before[OTHER_ROLE]);
    assert!(!after.contains_key(TRIAL_ROLE));

    // Both of the other one's: nothing has to be made for that.
    let text = granting(&[grants[0], grants[2], grants[3]]);
    let report = revoke(&world, &text, &["data-b", "models-b"]).await;
    assert!(report.applied.iter().all(|applied| applied.change.action == Action::Delete), "{report:#?}");
    assert_eq!(policies(&world).await, [ROLE]);
}

#[tokio::test]
async fn a_grant_is_taken_away_and_scopes_are_granted_the_same_from_then_on() {
    let text = granting(&[
        ("data-a", VISION, "data: read"),
        ("models-a", VISION, "models: read"),
        ("data-b", FORECASTING, "data: read"),
    ]);
    let world = World::new(&text).await;
    apply(&world, &text).await;
    let before = allowed(&world);
    revoke(&world, &text, &["models-a"]).await;
    let after = allowed(&world);
    assert_eq!(after[ROLE], before[OTHER_ROLE]);
    assert_eq!(after[OTHER_ROLE], before[OTHER_ROLE]);
}

#[tokio::test]
async fn a_revoke_mends_nothing_and_leaves_what_is_changed_by_hand() {
    let text = granting(&[
        ("data-a", VISION, "data: read"),
        ("models-a", VISION, "models: read"),
        ("data-b", FORECASTING, "data: read"),
        ("models-b", FORECASTING, "models: read"),
    ]);
    let world = World::new(&text).await;
    apply(&world, &text).await;
    let shared = carried(&world, ROLE).await;
    let detach = world.iam().detach_role_policy().role_name(ROLE).policy_arn(policy_arn(&shared));
    detach.send().await.expect("detached by hand");
    let others = allowed(&world)[OTHER_ROLE].clone();
    let report = revoke(&world, &text, &["models-a"]).await;
    // The role is `data-a`'s by the manifest, whatever is on it.
    let done: Vec<_> = report.applied.iter().map(|it| it.change.id.to_string()).collect();
    assert!(done.is_empty(), "{done:?}");
    assert_eq!(allowed(&world)[OTHER_ROLE], others);
}

#[tokio::test]
async fn what_is_wanted_and_what_is_there_differ_and_a_grant_is_taken_away_all_the_same() {
    let text = |data: &str| {
        granting(&[
            ("data-a", VISION, data),
            ("models-a", VISION, "models: read"),
            ("data-b", FORECASTING, "data: read"),
            ("models-b", FORECASTING, "models: read"),
        ])
    };
    let world = World::new(&text("data: read")).await;
    apply(&world, &text("data: read")).await;
    // Somebody has edited the manifest and not applied it.
    revoke(&world, &text("data: read-write"), &["models-a"]).await;
    let allowed = allowed(&world);
    assert!(!allowed[ROLE].iter().any(|statement| statement.contains("acme-models")), "{:#?}", allowed[ROLE]);
    assert!(allowed[OTHER_ROLE].iter().any(|statement| statement.contains("acme-models")));
}

#[tokio::test]
async fn grants_of_a_secret_that_is_gone_are_taken_away_from_all_that_share() {
    let text = granting(&[
        ("token-a", VISION, "token: read"),
        ("data-a", VISION, "data: read"),
        ("token-b", FORECASTING, "token: read"),
        ("data-b", FORECASTING, "data: read"),
    ]);
    let world = World::new(&text).await;
    apply(&world, &text).await;
    let delete = world.secrets().delete_secret().secret_id("token").force_delete_without_recovery(true);
    delete.send().await.expect("deleted");
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.broken.iter().any(|one| one.note.message.contains("there is no secret")), "{plan:#?}");
    revoke(&world, &text, &["token-a", "token-b"]).await;
    let allowed = allowed(&world);
    for role in [ROLE, OTHER_ROLE] {
        let said: Vec<_> = allowed[role].iter().map(String::as_str).collect();
        assert!(said.concat().contains("acme-data") && !said.concat().contains("secretsmanager"), "{said:#?}");
    }
    assert!(is_shared(&carried(&world, ROLE).await));
}

#[tokio::test]
async fn what_several_share_is_mended_too() {
    let text = granting(&[("a", VISION, "data: read"), ("b", FORECASTING, "data: read")]);
    let world = World::new(&text).await;
    apply(&world, &text).await;
    let shared = carried(&world, ROLE).await;
    let wide = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]});
    let request = world.iam().create_policy_version().policy_arn(policy_arn(&shared)).set_as_default(true);
    request.policy_document(wide.to_string()).send().await.expect("somebody may");
    let detach = world.iam().detach_role_policy().role_name(OTHER_ROLE).policy_arn(policy_arn(&shared));
    detach.send().await.expect("detached by hand");
    let plan = world.plan(&text).await.expect("a plan");
    let changes: Vec<_> = plan.work().map(|change| (change.action, change.id.to_string())).collect();
    assert_eq!(
        changes,
        [
            (Action::Update, format!("iam-policy {shared}")),
            (Action::Create, format!("iam-role-attachment {OTHER_ROLE}/{shared}")),
        ]
    );
    world.converge(&text).await;
}

#[tokio::test]
async fn where_a_role_has_no_room_for_two_policies_at_once_nothing_is_shared() {
    let text = |access: &str| granting(&[("a", VISION, access), ("b", FORECASTING, access)]);
    // The platform's task policy and one more.
    let mut world = World::with(&text("data: read"), "quota.AttachedPoliciesPerRoleQuota=2").await;
    apply(&world, &text("data: read")).await;
    assert_eq!(policies(&world).await, [OTHER_ROLE, ROLE]);
    // So that what they are granted can still be changed.
    let report = apply(&world, &text("data: read-write")).await;
    assert_eq!((report.summary().create, report.summary().update, report.summary().delete), (0, 2, 0));

    // Where there is room later on, what is as it should be stays where it is.
    world.restart(&text("data: read"), "quota.AttachedPoliciesPerRoleQuota=3").await;
    assert!(world.plan(&text("data: read-write")).await.expect("a plan").is_empty());
    apply(&world, &text("data: read")).await;
    assert!(is_shared(&carried(&world, ROLE).await));
    apply(&world, &text("models: read")).await;

    // A room that was there and is gone is missed with the figure.
    world.restart(&text("data: read"), "quota.AttachedPoliciesPerRoleQuota=2").await;
    assert!(world.plan(&text("models: read")).await.expect("a plan").is_empty());
    let error = refused(world.plan(&text("data: read")).await);
    assert_eq!(error.kind(), ErrorKind::Quota);
    assert!(
        said(&error).contains("until those that it no longer needs are detached: 3 needed, 2 allowed"),
        "{}",
        said(&error)
    );
}

#[tokio::test]
async fn a_scope_whose_role_is_full_stays_out() {
    let text = granting(&[("a", VISION, "data: read"), ("b", FORECASTING, "data: read"), ("c", TRIAL, "data: read")]);
    let alone = granting(&[("a", VISION, "data: read")]);
    let world = World::with(&text, "quota.AttachedPoliciesPerRoleQuota=3").await;
    apply(&world, &alone).await;
    // Somebody else's policy takes the last place.
    let theirs = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    world.iam().attach_role_policy().role_name(ROLE).policy_arn(theirs).send().await.expect("attached");
    apply(&world, &text).await;
    assert!(world.attached(ROLE).await.contains(&ROLE.to_owned()));
    let shared = carried(&world, OTHER_ROLE).await;
    assert!(is_shared(&shared) && carried(&world, TRIAL_ROLE).await == shared);
}

#[tokio::test]
async fn a_shared_policy_counts_once() {
    let distinct =
        granting(&[("a", VISION, "data: read"), ("b", FORECASTING, "data: list"), ("c", TRIAL, "models: read")]);
    let mut world = World::new(&distinct).await;
    let there = world.iam().list_policies().scope(aws_sdk_iam::types::PolicyScopeType::Local).send().await;
    let there = there.expect("policies").policies().len();
    world.restart(&distinct, &format!("quota.PoliciesQuota={}", there + 1)).await;
    let error = refused(world.plan(&distinct).await);
    assert!(said(&error).contains(&format!("{} needed, {} allowed", there + 3, there + 1)), "{}", said(&error));
    apply(
        &world,
        &granting(&[("a", VISION, "data: read"), ("b", FORECASTING, "data: read"), ("c", TRIAL, "data: read")]),
    )
    .await;
}

/// Two scopes with so many buckets each.
fn many(buckets: usize) -> String {
    let mut resources = String::from("resources:\n");
    let mut access = String::new();
    for i in 0..buckets {
        writeln!(resources, "  bucket-{i}: {{ aws: s3://acme-bucket-with-a-rather-long-name-{i}/prefix/ }}")
            .expect("text");
        write!(access, "bucket-{i}: read-write, ").expect("text");
    }
    granting(&[("a", VISION, &access), ("b", FORECASTING, &access)]).replace("resources:\n", &resources)
}

#[tokio::test]
async fn what_takes_several_policies_is_shared_as_well() {
    let world = World::new(&many(40)).await;
    apply(&world, &many(40)).await;
    let shared = policies(&world).await;
    assert!(shared.len() == 2 && shared.iter().all(|name| is_shared(name)), "{shared:?}");
    for name in &shared {
        let size = world.document(name).await.to_string().len();
        assert!(size <= 6_144, "{name} has {size} characters");
    }
    apply(&world, &many(44)).await;
    apply(&world, &many(3)).await;
    assert_eq!(policies(&world).await.len(), 1);
}

/// Numbers that look random and are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % most
    }

    /// Grants of a few scopes, of which many are the same.
    fn grants(&mut self, scopes: &[&'static str]) -> Vec<(String, &'static str, &'static str)> {
        const ACCESS: [&str; 4] = ["data: read", "models: read", "data: read, models: read", "data: read-write"];
        let mut grants = Vec::new();
        for (at, scope) in scopes.iter().enumerate() {
            for number in 0..self.below(3) {
                grants.push((format!("g{at}-{number}"), *scope, ACCESS[self.below(ACCESS.len())]));
            }
        }
        grants
    }
}

fn text_of(grants: &[(String, &'static str, &'static str)]) -> String {
    granting(&grants.iter().map(|(name, scope, access)| (name.as_str(), *scope, *access)).collect::<Vec<_>>())
}

/// Scopes of which none is a part of another.
const APART: [&str; 4] = [VISION, FORECASTING, TRIAL, "{ project: forecasting, domain: development }"];
const ALL: [&str; 6] = ["global", "{ domain: production }", "{ domain: development }", VISION, FORECASTING, TRIAL];

/// One manifest after the other, with a grant taken away in between: how many were refused for a quota.
async fn play(seed: u64, quota: u64, scopes: &[&'static str]) -> usize {
    let world = World::with(&granting(&[]), &format!("quota.AttachedPoliciesPerRoleQuota={quota}")).await;
    // Between scopes of one role a statement may move, which isn't looked at here.
    let stepwise = scopes == APART;
    let mut random = Random(seed);
    let mut refusals = 0;
    for _ in 0..6 {
        let mut grants = random.grants(scopes);
        let text = text_of(&grants);
        let before = allowed(&world);
        if let Err(error) = world.plan(&text).await {
            assert_eq!(error.kind(), ErrorKind::Quota, "seed {seed}: {}", said(&error));
            assert_eq!(allowed(&world), before);
            refusals += 1;
            continue;
        }
        if stepwise {
            apply(&world, &text).await;
        } else {
            world.converge(&text).await;
        }
        if grants.len() < 2 {
            continue;
        }
        let (name, ..) = grants.remove(random.below(grants.len()));
        let session = world.session_with(&text, one_at_a_time()).await.expect("a session");
        let engine = session.engine_without(Some(&[name])).expect("the grant is listed");
        let (report, steps) = carry_out_unchecked(&world, engine).await;
        if stepwise {
            steps.check(report.applied.len());
        }
        // All that should be there is, and nothing else.
        let plan = world.plan(&text_of(&grants)).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert!(plan.is_empty(), "seed {seed}: {:#?}", plan.changes);
    }
    refusals
}

#[tokio::test]
async fn any_manifests_one_after_the_other() {
    for seed in 1..=4 {
        assert_eq!(play(seed, 10, &APART).await, 0);
    }
    assert_eq!(play(9, 10, &ALL).await, 0);
}

#[tokio::test]
async fn any_manifests_where_there_is_hardly_any_room() {
    for seed in 5..=7 {
        // The task policy, and those of three scopes: with all places taken, what is shared can't always be changed.
        assert!(play(seed, 5, &ALL).await < 6);
    }
}

/// Each way, and both ways at once, of which one has to be first.
#[tokio::test]
async fn what_moves_to_another_scope_of_the_same_role_is_there_before_it_goes() {
    const PRODUCTION: &str = "{ domain: production }";
    let stay = [("stays", PRODUCTION, "token: read"), ("stays-too", VISION, "images: pull")];
    let with = |more: &[(&'static str, &'static str, &'static str)]| granting(&[&stay[..], more].concat());
    let wide = with(&[("moves", PRODUCTION, "data: read")]);
    let narrow = with(&[("moves", VISION, "data: read")]);
    let world = World::new(&wide).await;
    for text in [&wide, &narrow, &wide] {
        apply(&world, text).await;
    }
    let one = with(&[("down", PRODUCTION, "data: read"), ("up", VISION, "models: read-write")]);
    let other = with(&[("down", VISION, "data: read"), ("up", PRODUCTION, "models: read-write")]);
    apply(&world, &one).await;
    // One of the two waits for the other, and is itself gone for a moment: but it is made, and nothing goes in circles.
    let (report, _) =
        carry_out_unchecked(&world, world.session_with(&other, one_at_a_time()).await.expect("a session").engine())
            .await;
    assert!(report.is_success());
    assert!(world.plan(&other).await.expect("a plan").is_empty());
}

#[tokio::test]
async fn three_scopes_of_one_role_trade_in_a_circle() {
    const SCOPES: [&str; 3] = ["global", "{ domain: production }", VISION];
    let granted = |turn: usize| {
        let accesses = ["data: read", "models: read-write", "token: read"];
        let names = ["one", "two", "three"];
        let grants: Vec<_> = (0..3).map(|at| (names[at], SCOPES[(at + turn) % 3], accesses[at])).collect();
        granting(&grants)
    };
    let world = World::new(&granted(0)).await;
    apply(&world, &granted(0)).await;
    for turn in [1, 2, 3] {
        let text = granted(turn);
        let engine = world.session_with(&text, one_at_a_time()).await.expect("a session").engine();
        let (report, _) = carry_out_unchecked(&world, engine).await;
        assert!(report.is_success(), "{report:#?}");
        assert!(world.plan(&text).await.expect("a plan").is_empty());
    }
}

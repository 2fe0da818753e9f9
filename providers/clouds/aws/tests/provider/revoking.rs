//! A revoke takes away and changes nothing else, whatever the manifest says by now of the grants that stay.

use aws_sdk_s3::types::ServerSideEncryption;
use cloudgrant_core::{Action, Approval, Cancel, Silent};
use serde_json::{Value, json};

use crate::buckets::{encrypt, key, mend};
use crate::sharing::{FORECASTING, TRIAL, VISION, allowed, apply, granting, revoke};
use crate::world::{Runs, World, policy_arn};

const GLOBAL: &str = "global";

const SHARED: &str = "policies that scopes share";

type Grants = Vec<(&'static str, &'static str, &'static str)>;

type Edit = fn(&mut Grants);

/// What was applied: `gone` is revoked, and others stay.
fn layouts() -> Vec<(&'static str, Grants)> {
    vec![
        (
            "one policy",
            vec![("gone", GLOBAL, "data: read"), ("stays", GLOBAL, "models: read"), ("too", GLOBAL, "token: read")],
        ),
        (
            SHARED,
            vec![
                ("gone", VISION, "data: read"),
                ("stays", VISION, "models: read"),
                ("gone-too", FORECASTING, "data: read"),
                ("stays-too", FORECASTING, "models: read"),
                ("other", TRIAL, "models: read"),
            ],
        ),
        (
            "scopes that add up",
            vec![
                ("gone", VISION, "data: read"),
                ("stays", VISION, "models: read"),
                ("wide", GLOBAL, "models: read, token: read"),
            ],
        ),
        (
            "names that come to one Sid",
            vec![
                ("stage1", GLOBAL, "models: read"),
                ("gone", GLOBAL, "data: read"),
                ("stage-1", GLOBAL, "token: read, models: read"),
            ],
        ),
        (
            "a name that ends as a purpose begins",
            vec![
                ("gone", GLOBAL, "data: read-write"),
                ("gone-read", GLOBAL, "models: write"),
                ("stays", GLOBAL, "token: read"),
            ],
        ),
        (
            "the same the other way round",
            vec![
                ("stays", GLOBAL, "models: read-write"),
                ("stays-read", GLOBAL, "token: read, images: push"),
                ("gone", GLOBAL, "data: write"),
            ],
        ),
    ]
}

/// What somebody made of the manifest since. The first of the grants that are to go is edited only by those that say so.
fn edits() -> Vec<(&'static str, Edit)> {
    vec![
        ("nothing", |_| {}),
        ("a wider level", |grants| of(grants, "stays").iter_mut().for_each(|grant| grant.2 = "models: manage")),
        ("all levels", |grants| kept(grants).iter_mut().for_each(|grant| grant.2 = "models: read-write, data: read")),
        ("what is revoked, for others", |grants| kept(grants).iter_mut().for_each(|grant| grant.2 = "data: read")),
        ("a new grant", |grants| grants.push(("new", VISION, "models: manage"))),
        ("a new grant of the same scope", |grants| grants.push(("new", grants[0].1, "images: push"))),
        ("the scope of one", |grants| grants[1].1 = TRIAL),
        ("what is revoked alone", |grants| of(grants, "gone").iter_mut().for_each(|grant| grant.2 = "data: manage")),
        ("the scope of what is revoked", |grants| grants[0].1 = TRIAL),
    ]
}

fn of<'a>(grants: &'a mut Grants, name: &str) -> Vec<&'a mut (&'static str, &'static str, &'static str)> {
    grants.iter_mut().filter(|grant| grant.0.starts_with(name)).collect()
}

fn kept(grants: &mut Grants) -> Vec<&mut (&'static str, &'static str, &'static str)> {
    grants.iter_mut().filter(|grant| grant.0 != "gone").collect()
}

#[tokio::test]
async fn a_revoke_gives_nothing_and_takes_nothing_else_whatever_was_edited_since() {
    for (layout, applied) in layouts() {
        let mut left = applied.clone();
        left.retain(|grant| grant.0 != "gone");
        let expected = {
            let text = granting(&left);
            let world = World::new(&text).await;
            apply(&world, &text).await;
            allowed(&world)
        };
        for (edit, change) in edits() {
            let text = granting(&applied);
            let world = World::new(&text).await;
            apply(&world, &text).await;
            let before = allowed(&world);
            let mut edited = applied.clone();
            change(&mut edited);
            if !kept(&mut edited).iter().any(|grant| grant.1 == applied[0].1) {
                // A scope goes with the last of its grants.
                continue;
            }
            revoke(&world, &granting(&edited), &["gone"]).await;
            let now = allowed(&world);
            if kept(&mut edited).iter().any(|grant| grant.2.contains("data: ")) {
                // What others newly ask for as well stays.
                let is_given = |role: &String, what: &String| before.get(role).is_some_and(|had| had.contains(what));
                let all = now.iter().flat_map(|(role, has)| has.iter().map(move |what| (role, what)));
                assert!(all.into_iter().all(|(role, what)| is_given(role, what)), "{layout}, with {edit} edited");
            } else {
                assert_eq!(now, expected, "{layout}, with {edit} edited");
            }
        }
    }
}

#[tokio::test]
async fn what_is_revoked_goes_in_every_form_though_all_was_edited() {
    let text = |level: &str| {
        granting(&[
            ("gone", GLOBAL, &format!("data: {level}, models: {level}")),
            ("stays", GLOBAL, &format!("data: {level}")),
        ])
    };
    let world = World::new(&text("read")).await;
    apply(&world, &text("read")).await;
    revoke(&world, &text("manage"), &["gone"]).await;
    let document = world.document("cloudgrant_tests_global").await;
    let sids: Vec<_> = document["Statement"].as_array().expect("statements").iter().map(|one| &one["Sid"]).collect();
    assert_eq!(sids, ["StaysListPrefix", "StaysRead"]);
}

/// Who takes a policy off a role, or a role away, revokes nothing: the grant is still there, and is no other revoke's.
#[tokio::test]
async fn what_somebody_took_off_a_role_is_not_taken_for_revoked() {
    const ROLE: &str = "cloudgrant_tests_vision_production";
    let text =
        granting(&[("all", GLOBAL, "models: read"), ("gone", VISION, "data: read"), ("stays", VISION, "token: read")]);
    for is_role_gone in [false, true] {
        let world = World::new(&text).await;
        apply(&world, &text).await;
        let iam = world.iam();
        let attached = iam.list_attached_role_policies().role_name(ROLE).send().await.expect("policies");
        for policy in attached.attached_policies() {
            let (arn, is_own) = (policy.policy_arn().expect("an ARN"), policy.policy_name() == Some(ROLE));
            if is_own || is_role_gone {
                iam.detach_role_policy().role_name(ROLE).policy_arn(arn).send().await.expect("detached");
            }
        }
        if is_role_gone {
            iam.delete_role().role_name(ROLE).send().await.expect("deleted");
        }
        let session = world.session(&text).await.expect("a session");
        let plan = session.engine_without(Some(&["gone".to_owned()])).expect("it is listed").plan(&Silent).await;
        let plan = plan.expect("a plan");
        assert!(plan.stays.is_empty(), "{:#?}", plan.stays);
        revoke(&world, &text, &["gone"]).await;
        let document = world.document(ROLE).await;
        assert!(
            document.to_string().contains("StaysSecrets") && !document.to_string().contains("Gone"),
            "{document:#}"
        );
        assert_eq!(iam.get_role().role_name(ROLE).send().await.is_ok(), !is_role_gone);
    }
}

#[tokio::test]
async fn the_use_of_former_keys_goes_with_the_grant() {
    const OWN: &str = "111122223333";
    let text = granting(&[("gone", GLOBAL, "data: read"), ("stays", GLOBAL, "models: read")]);
    let world = World::new(&text).await;
    for _ in 0..2 {
        let key = key(&world, OWN).await;
        encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some(&key)).await;
        mend(&world, &text).await;
    }
    let document = world.document("cloudgrant_tests_global").await;
    assert!(document.to_string().contains("GoneFormerKey"), "{document:#}");
    revoke(&world, &text, &["gone"]).await;
    let document = world.document("cloudgrant_tests_global").await;
    assert!(!document.to_string().contains("Gone") && document.to_string().contains("StaysRead"), "{document:#}");
}

/// The way to end it once all is written anew, as the plan tells it: with `revoke`, or with a manifest without the grants.
#[tokio::test]
async fn a_former_key_is_forgotten_once_no_grant_reads_its_bucket() {
    const OWN: &str = "111122223333";
    let both = [("first", GLOBAL, "data: read"), ("second", GLOBAL, "data: list"), ("third", VISION, "data: read")];
    let other = ("models", GLOBAL, "models: read");
    let text = granting(&[&both[..], &[other]].concat());
    let world = World::new(&text).await;
    let has = |key: &str| allowed(&world).values().flatten().any(|statement| statement.contains(key));
    for with_revoke in [false, true] {
        let former = key(&world, OWN).await;
        for key in [former.clone(), key(&world, OWN).await] {
            encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some(&key)).await;
            mend(&world, &text).await;
        }
        let plan = world.plan(&text).await.expect("a plan");
        let id = former.rsplit('/').next().expect("an id");
        let told = plan.notes.iter().find(|note| note.about == format!("key {id}")).expect("told");
        assert!(told.message.contains("all grants that read it (first, third) and grant them anew"), "{told:#?}");
        // One of the two alone isn't enough.
        apply(&world, &granting(&[both[1], both[2], other])).await;
        apply(&world, &text).await;
        assert!(has(&former));
        if with_revoke {
            revoke(&world, &text, &["first", "third"]).await;
        } else {
            apply(&world, &granting(&[both[1], other])).await;
        }
        assert!(!has(&former));
        apply(&world, &text).await;
        assert!(!has(&former));
    }
}

/// What the manifest has lost besides is for `apply`: nobody waits for it to go, and it stays.
#[tokio::test]
async fn what_the_manifest_has_lost_besides_is_not_waited_for() {
    let gone = ("gone", GLOBAL, "data: read");
    let text = granting(&[gone, ("lost", VISION, "models: read")]);
    let world = World::new(&text).await;
    apply(&world, &text).await;
    let before = allowed(&world).len();
    let session = world.session(&granting(&[gone])).await.expect("a session");
    let engine = session.engine_without(Some(&["gone".to_owned()])).expect("it is listed");
    let plan = engine.plan(&Silent).await.expect("a plan");
    let planned = plan.changes.len();
    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("a report");
    assert!(report.is_success() && report.applied.len() == planned, "{report:#?}");
    assert_eq!(allowed(&world).len(), before, "the role of the other scope is there");
}

/// What somebody wrote by hand into a policy of another scope is for `drift` and `apply`: a revoke leaves that policy as it is.
#[tokio::test]
async fn a_policy_of_another_scope_that_somebody_edited_is_left_as_it_is() {
    let by_hand: [fn(&mut Value); 4] = [
        |document| one_more(document, json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*" })),
        |document| {
            let more = json!({ "Sid": "ByHand", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*" });
            one_more(document, more);
        },
        |document| document["Statement"][0]["Action"] = json!(["s3:*"]),
        |document| _ = document["Statement"].as_array_mut().expect("statements").pop(),
    ];
    for (at, edit) in by_hand.into_iter().enumerate() {
        for scope in [GLOBAL, VISION] {
            let gone = ("gone", scope, "data: read");
            let text = granting(&[
                gone,
                ("stays", scope, "token: read"),
                ("other", FORECASTING, "models: read-write"),
                ("another", FORECASTING, "token: read"),
            ]);
            let world = World::new(&text).await;
            apply(&world, &text).await;
            let name = "cloudgrant_tests_forecasting_production";
            let mut document = world.document(name).await;
            edit(&mut document);
            let iam = world.iam();
            let arn = policy_arn(name);
            let write = iam.create_policy_version().policy_arn(&arn).policy_document(document.to_string());
            write.set_as_default(true).send().await.expect("written");
            revoke(&world, &text, &["gone"]).await;
            assert_eq!(world.document(name).await, document, "{at}, {scope}");
        }
    }
}

fn one_more(document: &mut Value, statement: Value) {
    document["Statement"].as_array_mut().expect("statements").push(statement);
}

/// Its Sids say whose a policy is, though the manifest asks for it for somebody else by now.
#[tokio::test]
async fn a_deletion_says_whose_it_was() {
    let had = granting(&[("gone", VISION, "data: read"), ("stays", GLOBAL, "token: read")]);
    let world = World::new(&had).await;
    apply(&world, &had).await;
    let has = [("gone", TRIAL, "data: read"), ("stays", GLOBAL, "token: read"), ("new", VISION, "models: read")];
    let session = world.session(&granting(&has)).await.expect("a session");
    let engine = session.engine_without(Some(&["gone".to_owned()])).expect("it is listed");
    let plan = engine.plan(&Silent).await.expect("a plan");
    let policies: Vec<_> = plan.changes.iter().filter(|change| change.id.kind == "iam-policy").collect();
    assert!(policies.len() == 1 && policies[0].action == Action::Delete, "{:#?}", plan.changes);
    let served: Vec<_> = plan.served[&policies[0].id].iter().map(ToString::to_string).collect();
    assert_eq!(served, ["grant gone"]);
}

//! A revoke takes away and changes nothing else, whatever the manifest says by now of the grants that stay.

use aws_sdk_s3::types::ServerSideEncryption;
use cloudgrant_core::{Approval, Cancel, Silent};
use serde_json::{Value, json};

use crate::buckets::{encrypt, key, mend};
use crate::sharing::{FORECASTING, TRIAL, VISION, allowed, apply, granting, revoke};
use crate::world::{Runs, World};

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
            if layout == SHARED && kept(&mut edited).iter().any(|grant| grant.2.contains("data: read")) {
                // There, statements have no names: what others newly ask for can't be told from what they have already.
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

#[tokio::test]
async fn a_statement_of_another_account_s_policy_keeps_what_it_gives() {
    let text =
        |level: &str| granting(&[("stays", GLOBAL, &format!("elsewhere: {level}")), ("gone", VISION, "data: read")]);
    let world = World::new(&text("pull")).await;
    apply(&world, &text("pull")).await;
    let policy = async || {
        let request = world.ecr("444455556666").get_repository_policy().repository_name("team/elsewhere");
        let text = request.send().await.expect("a policy").policy_text.expect("a text");
        let policy: Value = serde_json::from_str(&text).expect("JSON");
        let mut statements = policy["Statement"].as_array().expect("statements").iter();
        statements.find(|one| one["Sid"].to_string().contains("Cloudgrant")).expect("ours").clone()
    };
    let before = policy().await;
    assert_eq!(before["Principal"]["AWS"].as_array().expect("several").len(), 2, "{before:#}");
    // The scope's role goes with its last grant, and with it the principal.
    revoke(&world, &text("push"), &["gone"]).await;
    let after = policy().await;
    assert_eq!(after["Action"], before["Action"], "{after:#}");
    assert!(
        after["Principal"]["AWS"].to_string().contains("userflyterole") && !after.to_string().contains("vision"),
        "{after:#}"
    );
}

/// A manifest whose global statement in another account's policy names the role of a scope, too, whose last grant is `gone`.
fn with_two_principals(level: &str) -> String {
    granting(&[("stays", GLOBAL, &format!("elsewhere: {level}")), ("gone", VISION, "data: read")])
}

/// The repository's policy, and which of its statements is the stack's.
async fn elsewhere(world: &World) -> (Value, usize) {
    let request = world.ecr("444455556666").get_repository_policy().repository_name("team/elsewhere");
    let text = request.send().await.expect("a policy").policy_text.expect("a text");
    let policy: Value = serde_json::from_str(&text).expect("JSON");
    let mut statements = policy["Statement"].as_array().expect("statements").iter();
    let ours = statements.position(|one| one["Sid"].to_string().contains("Cloudgrant")).expect("ours");
    (policy, ours)
}

/// Revokes `gone` once somebody rewrote the statement, and the manifest says something else of who stays: what the statement was
/// and is, and what is told to stay.
async fn beside_a_rewritten_one(by_hand: fn(&mut Value)) -> (World, [Value; 2], Vec<String>) {
    let world = World::new(&with_two_principals("pull")).await;
    apply(&world, &with_two_principals("pull")).await;
    let (mut policy, ours) = elsewhere(&world).await;
    by_hand(&mut policy["Statement"][ours]);
    let ecr = world.ecr("444455556666");
    let write = ecr.set_repository_policy().repository_name("team/elsewhere").policy_text(policy.to_string());
    write.send().await.expect("written");
    let text = with_two_principals("push");
    let session = world.session(&text).await.expect("a session");
    let plan = session.engine_without(Some(&["gone".to_owned()])).expect("it is listed").plan(&Silent).await;
    let stays = plan.expect("a plan").stays.into_iter().map(|stays| format!("{}: {}", stays.object, stays.reason));
    let stays = stays.collect();
    revoke(&world, &text, &["gone"]).await;
    let (after, ours_after) = elsewhere(&world).await;
    let [before, after] = [&policy["Statement"][ours], &after["Statement"][ours_after]].map(Clone::clone);
    (world, [before, after], stays)
}

#[tokio::test]
async fn a_statement_for_everybody_stays_as_somebody_rewrote_it_and_is_told() {
    let (world, [before, after], stays) = beside_a_rewritten_one(|one| one["Principal"] = "*".into()).await;
    assert_eq!(before, after);
    assert!(stays.iter().any(|one| one.contains("team/elsewhere") && one.contains("`cloudgrant apply`")), "{stays:#?}");
    world.revoke_all(&with_two_principals("push")).await.expect("revoked");
    let left = world.ecr("444455556666").get_repository_policy().repository_name("team/elsewhere").send().await;
    let left = left.ok().and_then(|left| left.policy_text).unwrap_or_default();
    assert!(!left.contains("Cloudgrant"), "{left}");
}

/// Whom it is for can be told: that goes, and the rest stays and is told.
#[tokio::test]
async fn of_a_statement_with_other_actions_the_revoked_principal_goes_and_the_rest_is_told() {
    let (_, [before, after], stays) = beside_a_rewritten_one(|one| {
        one.as_object_mut().expect("a statement").remove("Action");
        one["NotAction"] = json!(["ecr:DeleteRepository"]);
    })
    .await;
    assert_eq!(before["NotAction"], after["NotAction"], "{after:#}");
    assert!(after.get("Action").is_none() && !after["Principal"].to_string().contains("vision"), "{after:#}");
    assert!(after["Principal"].to_string().contains("userflyterole"), "{after:#}");
    assert!(stays.iter().any(|one| one.contains("team/elsewhere")), "{stays:#?}");
}

/// A grant's name is in the Sid: under another one it is another statement, which an apply makes and swaps.
#[tokio::test]
async fn a_renamed_grant_s_statement_for_several_stays_when_one_of_these_goes() {
    let world = World::new(&with_two_principals("push")).await;
    apply(&world, &with_two_principals("push")).await;
    let (before, at) = elsewhere(&world).await;
    let renamed = with_two_principals("push").replace("name: stays", "name: called-otherwise");
    revoke(&world, &renamed, &["gone"]).await;
    let (after, now_at) = elsewhere(&world).await;
    let (before, after) = (&before["Statement"][at], &after["Statement"][now_at]);
    assert_eq!(before["Action"], after["Action"]);
    assert!(after["Principal"].to_string().contains("userflyterole"), "{after:#}");
    world.revoke_all(&renamed).await.expect("revoked");
    let left = world.ecr("444455556666").get_repository_policy().repository_name("team/elsewhere").send().await;
    let left = left.ok().and_then(|left| left.policy_text).unwrap_or_default();
    assert!(!left.contains("Cloudgrant"), "{left}");
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

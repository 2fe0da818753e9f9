//! Buckets of other accounts that are gone, or somebody else's by now.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::types::ServerSideEncryption;
use cloudgrant_core::{Action, Error, ErrorKind, Plan, Result, Silent};
use serde_json::{Value, json};

use crate::buckets::{create, drift, edit, encrypt, key};
use crate::sharing::{allowed, granting, revoke};
use crate::world::{Runs, World, policy_arn, refused, said};

const OWN: &str = "111122223333";
/// It owns the bucket when it is granted.
const OTHER: &str = "444455556666";
/// An account of the manifest's as well.
const THIRD: &str = "777788889999";
const NOBODYS: &str = "222233334444";

const MINE: (&str, &str, &str) = ("mine", "global", "data: read");
const TOO: (&str, &str, &str) = ("too", "global", "models: read");
/// It reaches the same bucket.
const ALSO: (&str, &str, &str) = ("too", "global", "data: list, models: read");

fn with_accounts(text: &str) -> String {
    let third = format!("accounts: {{ \"{THIRD}\": {{ assume_role: \"arn:aws:iam::{THIRD}:role/registry-admin\" }},");
    text.replace("accounts: {", &third)
}

fn text(grants: &[(&str, &str, &str)]) -> String {
    with_accounts(&granting(grants)).replace("acme-data/", "acme-theirs/")
}

/// All is granted, the bucket of the other account as well, which is under a key of that account; then the bucket is deleted,
/// and somebody may make it anew.
async fn world(text: &str, now: Option<&str>) -> (World, String) {
    let world = World::new(&with_accounts(&granting(&[]))).await;
    let (s3, key) = (world.s3(OTHER), key(&world, OTHER).await);
    create(&s3, "acme-theirs", "us-west-2").await;
    encrypt(&s3, "acme-theirs", ServerSideEncryption::AwsKms, Some(&key)).await;
    world.converge(text).await;
    s3.delete_bucket().bucket("acme-theirs").send().await.expect("deleted");
    if let Some(now) = now {
        create(&world.s3(now), "acme-theirs", "us-west-2").await;
    }
    (world, key)
}

async fn drifted(world: &World, text: &str) -> Result<Plan> {
    let session = world.session(text).await.expect("a session");
    session.provider().look_again();
    session.engine().plan(&Silent).await
}

/// What `plan` and `drift` refuse, which is the same.
async fn both_refused(world: &World, text: &str) -> Error {
    let (planned, drifted) = (refused(world.plan(text).await), refused(drifted(world, text).await));
    assert_eq!((planned.kind(), planned.message()), (drifted.kind(), drifted.message()));
    planned
}

fn asked(world: &World, actions: &[&str]) -> u64 {
    let counts = world.running().counts().by_action;
    actions.iter().filter_map(|action| counts.get(*action)).sum()
}

#[tokio::test]
async fn a_granted_bucket_that_is_gone_is_told_with_its_grants_and_its_account() {
    for (grants, for_whom) in [([MINE, TOO], "for: grant mine;"), ([MINE, ALSO], "for: grant mine, grant too;")] {
        let text = text(&grants);
        let (world, _) = world(&text, None).await;
        let error = both_refused(&world, &text).await;
        assert_eq!(error.kind(), ErrorKind::NotFound);
        for part in [
            "the bucket acme-theirs of account 444455556666 isn't there any more",
            for_whom,
            "NoSuchBucket",
            "create it in account 444455556666",
            "or take it out of the manifest",
        ] {
            assert!(said(&error).contains(part), "{part} in {}", said(&error));
        }
        // Either helps.
        world.converge(&self::text(&[("too", "global", "models: read")])).await;
        create(&world.s3(OTHER), "acme-theirs", "us-west-2").await;
        world.converge(&text).await;
    }
}

#[tokio::test]
async fn a_bucket_that_is_made_again_where_it_was_is_granted_again() {
    let text = text(&[MINE]);
    let (world, key) = world(&text, Some(OTHER)).await;
    encrypt(&world.s3(OTHER), "acme-theirs", ServerSideEncryption::AwsKms, Some(&key)).await;
    world.converge(&text).await;
    let policy = world.s3(OTHER).get_bucket_policy().bucket("acme-theirs").send().await.expect("a policy");
    assert!(policy.policy().is_some_and(|policy| policy.contains("AllowObjectsCloudgrant")), "{policy:?}");
}

/// It takes away what is ours, whoever has the bucket now, and leaves what others are granted.
#[tokio::test]
async fn a_revoke_goes_through_whatever_became_of_the_bucket() {
    for now in [None, Some(OWN), Some(THIRD), Some(NOBODYS)] {
        for grants in [[MINE, TOO], [MINE, ALSO]] {
            for revoked in ["mine", "too"] {
                let text = text(&grants);
                let (world, key) = world(&text, now).await;
                let before = allowed(&world);
                revoke(&world, &text, &[revoked]).await;
                let after = allowed(&world);
                let is_left = |part: &str| after.values().flatten().any(|statement| statement.contains(part));
                let is_mine_left = revoked == "too" || grants[1] == ALSO;
                let seen = (is_left("acme-theirs"), is_left("acme-models"));
                assert_eq!(seen, (is_mine_left, revoked == "mine"), "{now:?}, {grants:?}, {revoked}: {after:#?}");
                for (role, has) in &after {
                    assert!(has.is_subset(&before[role]), "{now:?}, {grants:?}, {revoked}: {after:#?}");
                }
                let of_key = world.kms(OTHER).get_key_policy().key_id(&key).send().await.expect("a policy");
                let is_in_key = of_key.policy().is_some_and(|policy| policy.contains("Cloudgrant"));
                assert_eq!(is_in_key, revoked == "too", "{now:?}, {grants:?}, {revoked}");
                // And so does the mark of what is gone.
                let mark = policy_arn("cloudgrant_tests_place.s3-tasks.444455556666");
                let is_marked = world.iam().get_policy().policy_arn(&mark).send().await.is_ok();
                assert_eq!(is_marked, is_mine_left, "{now:?}, {grants:?}, {revoked}");
                let report = world.revoke_all(&text).await.expect("revoked");
                let after = allowed(&world);
                assert!(report.is_success() && !format!("{after:?}").contains("acme-models"), "{after:#?}");
            }
        }
    }
}

#[tokio::test]
async fn a_repository_that_is_gone_is_in_the_way_of_no_revoke() {
    let text = text(&[("pulls", "global", "elsewhere: pull"), TOO]);
    for revoked in ["pulls", "too"] {
        let world = World::new(&text).await;
        world.converge(&text).await;
        let request = world.ecr(OTHER).delete_repository().repository_name("team/elsewhere").force(true);
        request.send().await.expect("deleted");
        let error = refused(world.plan(&text).await);
        assert!(error.kind() == ErrorKind::NotFound && said(&error).contains("for: grant pulls"), "{}", said(&error));
        let named = format!("the repository team/elsewhere of account {OTHER} isn't there");
        assert!(said(&error).contains(&named) && said(&error).contains(&format!(":{OTHER}:repository/team/elsewhere")));
        if revoked == "too" {
            let session = world.session(&text).await.expect("a session");
            let engine = session.engine_without(Some(&[revoked.to_owned()])).expect("it is listed");
            let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"));
            let told: Vec<_> = plan.notes.iter().filter(|note| note.about == "manifest").collect();
            assert!(told.iter().any(|note| note.message.starts_with(&named)), "{told:#?}");
        }
        revoke(&world, &text, &[revoked]).await;
        let is_left = |part: &str| allowed(&world).values().flatten().any(|statement| statement.contains(part));
        assert_eq!((is_left("team/elsewhere"), is_left("acme-models")), (revoked == "too", revoked == "pulls"));
    }
}

#[tokio::test]
async fn a_revoke_asks_a_gone_bucket_for_nothing_but_its_policy() {
    let text = text(&[MINE, TOO]);
    for all in [false, true] {
        let (world, _) = world(&text, None).await;
        let others = ["s3:ListAllMyBuckets", "s3:GetEncryptionConfiguration", "s3:GetBucketPolicyStatus"];
        let before = (asked(&world, &others), asked(&world, &["s3:GetBucketPolicy"]));
        if all {
            assert!(world.revoke_all(&text).await.expect("revoked").is_success());
        } else {
            revoke(&world, &text, &["mine"]).await;
        }
        let after = (asked(&world, &others), asked(&world, &["s3:GetBucketPolicy"]));
        assert!(after.0 == before.0 && after.1 > before.1, "{before:?} {after:?}");
    }
}

#[tokio::test]
async fn what_a_revoke_leaves_of_a_bucket_that_changed_hands_is_said() {
    let text = text(&[MINE, TOO]);
    for now in [OWN, THIRD, NOBODYS] {
        let (world, _) = world(&text, Some(now)).await;
        for names in [Some(vec!["mine".to_owned()]), None] {
            let session = world.session(&text).await.expect("a session");
            let engine = session.engine_without(names.as_deref()).expect("it is listed");
            let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"));
            let told = plan.notes.iter().filter(|note| note.about == "bucket acme-theirs");
            let told: Vec<_> = told.map(|note| &note.message).collect();
            assert!(
                told.len() == 1 && told[0].contains("444455556666") && told[0].contains("is left as it is"),
                "{now}, {names:?}: {told:#?}"
            );
            assert!(plan.unsearched.is_empty() && plan.changes.iter().all(|change| change.action != Action::Create));
        }
    }
}

/// Whoever makes a bucket anew under a name gets nothing by that, though the manifest knows the account.
#[tokio::test]
async fn a_bucket_that_changed_hands_is_kept_out_until_it_is_granted_anew() {
    for (now, whom) in [(THIRD, "account 777788889999 does now"), (NOBODYS, "another account does now")] {
        let text = text(&[MINE, TOO]);
        let (world, _) = world(&text, Some(now)).await;
        let before = allowed(&world);
        let error = both_refused(&world, &text).await;
        assert_eq!(error.kind(), ErrorKind::Conflict);
        for part in ["account 444455556666 owned it", whom, "for: grant mine;", "`cloudgrant revoke mine`"] {
            assert!(said(&error).contains(part), "{part} in {}", said(&error));
        }
        assert!(!said(&error).contains("missing permission"), "{}", said(&error));
        assert!(refused(world.apply(&text).await).message().contains("changed hands"));
        assert_eq!(allowed(&world), before);
        assert!(world.s3(now).get_bucket_policy().bucket("acme-theirs").send().await.is_err(), "nothing is written");
        revoke(&world, &text, &["mine"]).await;
        world.converge(&text).await;
        let policy = world.s3(now).get_bucket_policy().bucket("acme-theirs").send().await;
        assert_eq!(policy.is_ok(), now == THIRD, "what can't be written is handed off");
        let after = allowed(&world);
        let is_in = |part: &str| after.values().flatten().any(|statement| statement.contains(part));
        assert_eq!((is_in(THIRD), is_in(OTHER)), (now == THIRD, false), "{after:#?}");
    }
}

/// The data plane's own account can be granted at any time; that the owner changed, the plan shows.
#[tokio::test]
async fn a_bucket_that_is_the_own_account_s_by_now_is_granted_in_the_open() {
    let text = text(&[MINE, TOO]);
    let (world, key) = world(&text, Some(OWN)).await;
    for plan in [world.plan(&text).await.unwrap_or_else(|error| panic!("{error:?}")), drift(&world, &text).await] {
        let changed: Vec<_> = plan.work().map(|change| (change.action, change.id.name.as_str())).collect();
        assert!(changed.contains(&(Action::Update, "cloudgrant_tests_global")), "{changed:?}");
        let told = plan.notes.iter().filter(|note| note.about == "bucket acme-theirs");
        assert!(
            told.clone().any(|note| note.message.contains(OTHER) && note.message.contains("the data plane's own")),
            "{:#?}",
            plan.notes
        );
        // The old one went with all that was in it.
        assert!(plan.notes.iter().all(|note| !note.about.starts_with("key ")), "{:#?}", plan.notes);
    }
    world.converge(&text).await;
    assert!(!world.document("cloudgrant_tests_global").await.to_string().contains(&key));
    let of_key = world.kms(OTHER).get_key_policy().key_id(&key).send().await.expect("a policy");
    assert!(of_key.policy().is_none_or(|policy| !policy.contains("Cloudgrant")), "{of_key:?}");
    let owner = json!({ "aws:ResourceAccount": [OWN] });
    let document = world.document("cloudgrant_tests_global").await;
    let statements = document["Statement"].as_array().expect("statements");
    let of_objects = statements.iter().find(|one| one["Sid"] == "MineRead").expect("one");
    assert_eq!(of_objects["Condition"]["StringEquals"], owner, "{document:#}");
}

/// How somebody may edit whose a bucket has to be.
fn edits(owner: &str) -> [Value; 6] {
    let compared = |operator: &str, value: Value| json!({ operator: { "aws:ResourceAccount": value } });
    let mut both = compared("StringEquals", json!(owner));
    both["StringLike"] = compared("StringLike", json!(owner))["StringLike"].take();
    [
        both,
        compared("StringEquals", json!([owner, "000011112222"])),
        compared("StringEqualsIgnoreCase", json!([owner])),
        compared("StringNotEquals", json!(["000011112222"])),
        compared("StringEquals", json!(owner.parse::<u64>().expect("a number"))),
        json!({ "StringEquals": { "AWS:resourceaccount": [owner] } }),
    ]
}

/// A bucket of another account, and one of the own account, which somebody else made anew: no edit of who has to own it opens it
/// to them.
#[tokio::test]
async fn no_edit_of_the_owner_opens_a_bucket_to_whoever_made_it_anew() {
    let text = text(&[("mine", "global", "data: write"), TOO]);
    for (owner, now) in [(OTHER, NOBODYS), (OTHER, THIRD), (OWN, NOBODYS), (OWN, THIRD)] {
        for condition in edits(owner) {
            let world = World::new(&with_accounts(&granting(&[]))).await;
            create(&world.s3(owner), "acme-theirs", "us-west-2").await;
            world.converge(&text).await;
            world.s3(owner).delete_bucket().bucket("acme-theirs").send().await.expect("deleted");
            create(&world.s3(now), "acme-theirs", "us-west-2").await;
            edit(&world, |statements| {
                let of_bucket = statements.iter_mut().filter(|one| one.to_string().contains("acme-theirs"));
                of_bucket.for_each(|statement| statement["Condition"] = condition.clone());
            })
            .await;
            for plan in [world.plan(&text).await, drifted(&world, &text).await] {
                match plan {
                    Ok(plan) => {
                        let written = plan.changes.iter().filter_map(|change| change.after.as_ref());
                        let written: String = written.map(|after| after.value().to_string()).collect();
                        assert!(
                            !written.contains("acme-theirs") || written.contains(owner),
                            "{owner}, {now}: {written}"
                        );
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Conflict, "{owner}, {now}, {condition}: {error:?}");
                    }
                }
            }
            // Either it is refused, or the condition is as it was.
            _ = world.apply(&text).await;
            let after = world.document("cloudgrant_tests_global").await;
            let of_bucket = after["Statement"].as_array().into_iter().flatten();
            let of_bucket: Vec<_> = of_bucket.filter(|one| one.to_string().contains("acme-theirs")).collect();
            let is_kept = |statement: &Value| {
                let said = statement["Condition"].to_string();
                said.to_lowercase().contains("aws:resourceaccount") && !said.contains(now)
            };
            assert!(
                !of_bucket.is_empty() && of_bucket.into_iter().all(is_kept),
                "{owner}, {now}, {condition}: {after:#}"
            );
        }
    }
}

/// Where the bucket is still whose it was, the edit is mended.
#[tokio::test]
async fn an_edit_of_the_owner_is_mended_where_the_bucket_is_still_the_one_that_the_policy_names() {
    let text = text(&[("mine", "global", "data: read-write"), TOO]);
    for owner in [OTHER, OWN] {
        for (at, condition) in edits(owner).into_iter().enumerate() {
            let world = World::new(&with_accounts(&granting(&[]))).await;
            create(&world.s3(owner), "acme-theirs", "us-west-2").await;
            world.converge(&text).await;
            let before = allowed(&world);
            edit(&world, |statements| {
                let edited = statements.iter_mut().find(|one| one["Sid"] == "MineReadWrite").expect("one");
                edited["Condition"] = condition.clone();
            })
            .await;
            assert_ne!(allowed(&world), before);
            world.converge(&text).await;
            assert_eq!(allowed(&world), before, "{owner}, {at}");
        }
    }
}

/// Where nobody can say whose a bucket is, a plan is refused; a revoke makes nothing of it and goes through.
#[tokio::test]
async fn a_revoke_of_a_bucket_about_which_policies_contradict_each_other_goes_through() {
    let text = text(&[MINE, TOO]);
    for all in [false, true] {
        let mut world = World::new(&with_accounts(&granting(&[]))).await;
        create(&world.s3(OTHER), "acme-theirs", "us-west-2").await;
        world.converge(&text).await;
        edit(&world, |statements| {
            let of_list = statements.iter_mut().find(|one| one["Sid"] == "MineListPrefix").expect("one");
            of_list["Condition"]["StringEquals"]["aws:ResourceAccount"] = json!(["999999999999"]);
        })
        .await;
        world.restart(&text, "deny=s3:ListAllMyBuckets,deny=s3:GetEncryptionConfiguration").await;
        assert!(said(&refused(world.plan(&text).await)).contains("contradict each other"));
        if all {
            let report = world.revoke_all(&text).await.expect("revoked");
            assert!(report.is_success(), "{report:#?}");
        } else {
            revoke(&world, &text, &["mine"]).await;
        }
        let after = allowed(&world);
        let is_in = |part: &str| after.values().flatten().any(|statement| statement.contains(part));
        assert_eq!((is_in("acme-theirs"), is_in("acme-models")), (false, !all), "{after:#?}");
        let policy = world.s3(OTHER).get_bucket_policy().bucket("acme-theirs").send().await;
        assert!(policy.is_err(), "nothing is left there: {policy:?}");
    }
}

/// What somebody makes of a statement, and of how many.
fn blurred(statement: &mut Value, edit: &str) {
    let of_objects = statement["Action"].to_string().contains("s3:");
    if edit.contains("resource") && of_objects {
        statement["Resource"] = json!(if edit.contains("all") { "*" } else { "arn:aws:s3:::*" });
    }
    if edit.contains("conditions") {
        statement.as_object_mut().expect("a statement").shift_remove("Condition");
    }
}

/// And whether its key is one of that account's, which a statement of its own names.
const BLURS: [(&str, bool); 8] = [
    ("resource", true),
    ("all resource", true),
    ("all resource", false),
    ("conditions", true),
    ("all conditions", true),
    ("all conditions", false),
    ("all resource and conditions", true),
    ("all resource and conditions", false),
];

/// Statements of ours that name their bucket no more, or nobody as its owner.
async fn blurred_world(
    owner: &str,
    text: &str,
    (blur, has_key): (&str, bool),
) -> (World, BTreeMap<String, BTreeSet<String>>) {
    let world = World::new(&with_accounts(&granting(&[]))).await;
    let s3 = world.s3(owner);
    create(&s3, "acme-theirs", "us-west-2").await;
    if has_key {
        let key = key(&world, owner).await;
        encrypt(&s3, "acme-theirs", ServerSideEncryption::AwsKms, Some(&key)).await;
    }
    world.converge(text).await;
    let before = allowed(&world);
    edit(&world, |statements| {
        let of_mine =
            statements.iter_mut().filter(|one| one["Sid"].as_str().is_some_and(|sid| sid.starts_with("Mine")));
        for statement in of_mine.take(if blur.contains("all") { usize::MAX } else { 1 }) {
            blurred(statement, blur);
        }
    })
    .await;
    assert_ne!(allowed(&world), before, "{owner}, {blur} {has_key}");
    (world, before)
}

#[tokio::test]
async fn a_statement_that_names_its_bucket_no_more_is_drift_and_restored() {
    let text = text(&[("mine", "global", "data: read-write"), TOO]);
    for owner in [OTHER, OWN] {
        for (blur, has_key) in BLURS {
            let (world, before) = blurred_world(owner, &text, (blur, has_key)).await;
            let plan =
                drifted(&world, &text).await.unwrap_or_else(|error| panic!("{owner}, {blur} {has_key}: {error:?}"));
            assert!(plan.has_drift(), "{owner}, {blur} {has_key}: {plan:#?}");
            world.converge(&text).await;
            assert_eq!(allowed(&world), before, "{owner}, {blur} {has_key}");
        }
    }
}

#[tokio::test]
async fn a_statement_that_names_its_bucket_no_more_is_taken_away() {
    let text = text(&[("mine", "global", "data: read-write"), TOO]);
    for owner in [OTHER, OWN] {
        for (blur, has_key) in BLURS {
            for revoked in [Some("mine"), Some("too"), None] {
                let (world, _) = blurred_world(owner, &text, (blur, has_key)).await;
                match revoked {
                    Some(grant) => _ = revoke(&world, &text, &[grant]).await,
                    None => assert!(world.revoke_all(&text).await.expect("revoked").is_success()),
                }
                let after = allowed(&world);
                let of_task = after.get("acme-userflyterole").into_iter().flatten();
                let ours: Vec<_> = of_task
                    .filter(|one| {
                        one.contains("s3:")
                            && (one.contains("acme-theirs") || one.contains("\"*\"") || one.contains(":::*"))
                    })
                    .collect();
                assert_eq!(
                    !ours.is_empty(),
                    revoked == Some("too"),
                    "{owner}, {blur} {has_key}, {revoked:?}: {after:#?}"
                );
                let policy = world.s3(owner).get_bucket_policy().bucket("acme-theirs").send().await;
                assert_eq!(
                    policy.is_ok(),
                    revoked == Some("too") && owner == OTHER,
                    "{owner}, {blur} {has_key}, {revoked:?}: {policy:?}"
                );
            }
        }
    }
}

/// Whoever made it anew gets nothing by it.
#[tokio::test]
async fn a_statement_that_names_its_bucket_no_more_opens_it_to_nobody() {
    let text = text(&[("mine", "global", "data: read-write"), TOO]);
    for (owner, now) in [(OTHER, NOBODYS), (OTHER, THIRD), (OWN, NOBODYS), (OWN, THIRD)] {
        for (blur, has_key) in BLURS {
            let (world, _) = blurred_world(owner, &text, (blur, has_key)).await;
            world.s3(owner).delete_bucket().bucket("acme-theirs").send().await.expect("deleted");
            create(&world.s3(now), "acme-theirs", "us-west-2").await;
            let edited = world.document("cloudgrant_tests_global").await.to_string();
            // Of the own account's, nothing else than a condition says it.
            let is_told = owner == OTHER || blur.contains("resource");
            for plan in [world.plan(&text).await, drifted(&world, &text).await] {
                match plan {
                    Ok(plan) => {
                        let written = plan.changes.iter().filter_map(|change| change.after.as_ref());
                        let written: String = written.map(|after| after.value().to_string()).collect();
                        assert!(!is_told || !written.contains(now), "{owner}, {now}, {blur} {has_key}: {written}");
                        assert!(plan.has_drift(), "{owner}, {now}, {blur} {has_key}: {plan:#?}");
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Conflict, "{owner}, {now}, {blur} {has_key}: {error:?}");
                        assert!(said(&error).contains("acme-theirs"), "{error:?}");
                    }
                }
            }
            _ = world.apply(&text).await;
            let after = world.document("cloudgrant_tests_global").await.to_string();
            assert!(!is_told || after == edited || !after.contains(now), "{owner}, {now}, {blur} {has_key}: {after}");
        }
    }
}

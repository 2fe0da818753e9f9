//! A revoke and the policies of other accounts' repositories and buckets, which others write as well.

use cloudgrant_core::Silent;
use serde_json::{Value, json};

use crate::sharing::{VISION, apply, granting, revoke};
use crate::world::{Runs, World};

const GLOBAL: &str = "global";

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

/// Its Sid says that it is of the grant, whatever the manifest says of that by now.
#[tokio::test]
async fn the_statement_of_an_edited_grant_goes_when_that_is_revoked() {
    let text = |access: &str| granting(&[("gone", GLOBAL, access), ("stays", GLOBAL, "elsewhere: pull")]);
    let world = World::new(&text("elsewhere: pull")).await;
    apply(&world, &text("elsewhere: pull")).await;
    let sids = async || {
        let (policy, _) = elsewhere(&world).await;
        let statements = policy["Statement"].as_array().expect("statements").iter();
        statements.map(|one| one["Sid"].to_string()).filter(|sid| sid.contains("Cloudgrant")).collect::<Vec<_>>()
    };
    assert_eq!(sids().await.len(), 2);
    let plan = {
        let session = world.session(&text("models: read")).await.expect("a session");
        let engine = session.engine_without(Some(&["gone".to_owned()])).expect("it is listed");
        engine.plan(&Silent).await.expect("a plan")
    };
    assert!(plan.stays.is_empty(), "{:#?}", plan.stays);
    revoke(&world, &text("models: read"), &["gone"]).await;
    let left = sids().await;
    assert!(left.len() == 1 && left[0].contains("Stays"), "{left:?}");
}

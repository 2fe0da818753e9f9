//! How many requests it takes.

use std::fmt::Write as _;

use crate::world::{Runs, World, flyte};

/// Grants of a domain, each on a container of its own.
fn many(count: usize) -> String {
    let mut tail = String::new();
    for n in 0..count {
        _ = writeln!(tail, "  c{n}: {{ azure: \"https://acmedata.blob.core.windows.net/container-{n}\" }}");
    }
    tail.push_str("grants:\n");
    for n in 0..count {
        let domain = ["development", "production"][n % 2];
        _ = writeln!(tail, "- {{ name: g{n}, scope: {{ domain: {domain} }}, access: {{ c{n}: read }} }}");
    }
    flyte(&tail)
}

#[tokio::test]
async fn two_hundred_domain_grants_are_planned_in_ten_requests() {
    let text = many(200);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let session = world.session(&text).await.expect("a session");
    let before = world.running().counts().total;
    let plan = session.engine().plan(&cloudgrant_core::Silent).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    let seen = world.running().counts().total - before;
    assert_eq!(session.provider().requests(), Some(seen), "what is counted is what was sent");
    assert!(seen <= 10, "{seen}: {:#?}", world.running().counts());
}

#[tokio::test]
async fn a_first_apply_asks_for_each_container_once_and_reads_no_new_credential() {
    let text = many(40);
    let world = World::new(&text).await;
    let before = world.running().counts().total;
    world.converge(&text).await;
    let seen = world.running().counts().total - before;
    // Two identities of two credentials each, and 40 assignments.
    let (writes, containers) = (2 + 4 + 40, 40);
    assert!(seen <= writes + containers + 26, "{seen}: {:#?}", world.running().counts());
}

/// However many grants there are: whom an identity trusts is one list.
#[tokio::test]
async fn whom_an_identity_of_others_trusts_is_asked_once_for_two_hundred_grants() {
    let text = many(200)
        .replace("kind: flyte", "kind: union")
        .replace("domain: development }", "domain: production }")
        .replace("\n  cluster:", "\n  identities: { production: theirs }\n  cluster:");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let session = world.session(&text).await.expect("a session");
    let before = world.running().counts();
    let plan = session.engine().plan(&cloudgrant_core::Silent).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    let after = world.running().counts();
    let action = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read";
    let asked = |counts: &cloudgrant_sandbox_kit::Counts| counts.by_action.get(action).copied().unwrap_or_default();
    assert_eq!(asked(&after) - asked(&before), 1);
    let seen = after.total - before.total;
    assert!(seen <= 8, "{seen}: {after:#?}");
}

//! Identities that the manifest names for domains without a binding: what global grants give doesn't go to these, and whoever reads
//! the plan knows.

use cloudgrant_core::{Level, Note, Plan, Silent};
use serde_json::json;

use crate::revoking::{apply, revoke};
use crate::world::{Runs, World, flyte, union};

const NAMED: &str = "named-production";
const ALL: &str = "- { name: all, scope: global, access: { models: read } }\n";
const PROD: &str = "- { name: prod, scope: { domain: production }, access: { token: read } }\n";
const BOUND: &str = "bindings: [{ scope: { domain: production } }]\n";

fn naming(text: &str) -> String {
    text.replace("  cluster:", &format!("  identities: {{ production: {NAMED} }}\n  cluster:"))
}

async fn world(text: &str) -> World {
    let world = World::new(text).await;
    world.arm.put_identity(NAMED, json!({})).await;
    world
}

/// On what the identity has a role, by the resources' last names.
async fn has(world: &World) -> Vec<String> {
    let principal = world.arm.principal(NAMED).await;
    let all = world.arm.assignments().await;
    let its = all.iter().map(|one| &one["properties"]).filter(|it| it["principalId"] == principal.as_str());
    let mut names: Vec<_> = its.filter_map(|it| it["scope"].as_str()?.rsplit('/').next().map(str::to_owned)).collect();
    names.sort();
    names
}

/// The warnings that name the identity and what keeps it.
fn warnings(plan: &Plan) -> Vec<&Note> {
    let keeps = "`bindings: [{ scope: { domain: production } }]`";
    let is_one = |note: &&Note| note.level == Level::Warning && note.message.contains(keeps);
    let found: Vec<_> = plan.notes.iter().filter(is_one).collect();
    for note in &found {
        assert_eq!(note.about, format!("identity {NAMED}"));
        assert!(note.message.contains("the global grant `all` gives"), "{}", note.message);
    }
    found
}

fn loses(plan: &Plan) -> bool {
    let is_loss = |note: &&Note| note.message.starts_with("it loses ");
    let all = warnings(plan);
    // What is lost is told however quiet one wants it; what it never had isn't.
    assert!(all.iter().all(|note| note.is_of_access == is_loss(note)));
    all.iter().any(is_loss)
}

#[tokio::test]
async fn what_an_identity_loses_with_its_domain_s_last_grant_is_told_by_every_plan_that_takes_it() {
    for platform in [union, flyte] {
        let with = |grants: &str, more: &str| naming(&platform(&format!("grants:\n{grants}{more}")));
        let (both, all, kept) = (with(&[ALL, PROD].concat(), ""), with(ALL, ""), with(&[ALL, PROD].concat(), BOUND));
        let world = world(&both).await;
        apply(&world, &both).await;
        assert_eq!(has(&world).await, ["models", "token"]);
        assert!(warnings(&world.plan(&both).await.expect("a plan")).is_empty());
        // Taken out of the manifest, and revoked.
        let out = world.plan(&all).await.expect("a plan");
        let without = async |text: &str| {
            let session = world.session(text).await.expect("a session");
            session.engine_without(Some(&["prod".to_owned()])).expect("listed").plan(&Silent).await.expect("a plan")
        };
        let revoked = without(&both).await;
        for plan in [&out, &revoked] {
            assert!(loses(plan) && warnings(plan).len() == 1, "{:#?}", plan.notes);
            assert_eq!(plan.summary().delete, 2, "{:#?}", plan.changes);
        }
        // What the warning says is so.
        let plan = without(&kept).await;
        assert!(warnings(&plan).is_empty() && plan.summary().delete == 1, "{plan:#?}");
        revoke(&world, &kept, "prod").await;
        assert_eq!(has(&world).await, ["models"]);
        let bound = world.plan(&with(ALL, BOUND)).await.expect("a plan");
        assert!(bound.is_empty() && warnings(&bound).is_empty(), "{bound:#?}");
        // And it goes where nothing binds the domain.
        apply(&world, &all).await;
        assert!(has(&world).await.is_empty());
    }
}

/// It may be anybody's, until the manifest says that its domain's task code is to get something.
#[tokio::test]
async fn an_identity_that_is_only_named_gets_nothing_and_where_others_run_task_code_as_it_that_is_told() {
    for (platform, is_told) in [(union as fn(&str) -> String, true), (flyte, false)] {
        let text = naming(&platform(&format!("grants:\n{ALL}")));
        let world = world(&text).await;
        for _ in 0..2 {
            let plan = world.plan(&text).await.expect("a plan");
            assert!(!loses(&plan), "{:#?}", plan.notes);
            assert_eq!(warnings(&plan).len(), usize::from(is_told), "{:#?}", plan.notes);
            apply(&world, &text).await;
            assert!(has(&world).await.is_empty());
        }
        // Nothing global: nothing of that is missing.
        let text =
            naming(&platform("grants:\n- { name: dev, scope: { domain: development }, access: { data: read } }\n"));
        assert!(warnings(&world.plan(&text).await.expect("a plan")).is_empty());
    }
}

//! A stack that got another name, with grants in domains alone: nothing of it is in the way of what it was.

use cloudgrant_core::{Level, Plan, Silent};

use crate::world::{Runs, World, flyte};

const DOMAIN: &str = "{ domain: production }";

fn granting(access: &str) -> String {
    flyte(&format!("grants:\n- {{ name: goes, scope: {DOMAIN}, access: {{ {access} }} }}\n"))
}

/// What is told of another stack.
fn told(plan: &Plan) -> Vec<&str> {
    let of_stack = plan.notes.iter().filter(|note| note.about.starts_with("stack "));
    let (warnings, others): (Vec<_>, Vec<_>) = of_stack.partition(|note| note.level == Level::Warning);
    assert!(others.is_empty(), "{others:#?}");
    warnings.into_iter().map(|note| note.message.as_str()).collect()
}

#[tokio::test]
async fn a_stack_that_was_renamed_is_told_by_whom_it_trusts_and_what_it_gives() {
    let issuer = "https://westeurope.oic.prod-aks.azure.com/a/c/";
    let another = "https://westeurope.oic.prod-aks.azure.com/a/d/";
    // What was applied, how the manifest is edited besides, and whether the former name is told.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], bool);
    let cases: [Case<'_>; 9] = [
        ("models: read", &[], true),
        // With a custom role, whose name has the stack's.
        ("data: read", &[], true),
        // Edited at once: some of it is still the same.
        ("models: read, token: read", &[("models: read, ", "")], true),
        ("models: read", &[("models: read", "models: read, data: read")], true),
        ("models: read", &[("projects: [forecasting, vision]", "projects: [forecasting]")], true),
        // Others that share the resource group: for another cluster, other projects, another domain, other resources.
        ("models: read", &[(issuer, another)], false),
        ("models: read", &[("projects: [forecasting, vision]", "projects: [others]")], false),
        ("models: read", &[(DOMAIN, "{ domain: development }")], false),
        ("models: read", &[("models: read", "token: read")], false),
    ];
    let mut wrong = Vec::new();
    for (access, edits, is_told) in cases {
        let before = granting(access);
        // Another stack's cluster is there as well.
        let world =
            World::new(&before.replace(&format!("\"{issuer}\""), &format!("[\"{issuer}\", \"{another}\"]"))).await;
        world.converge(&before).await;
        let mut after = before.replace("stack: tests", "stack: renamed");
        for (from, to) in edits {
            assert!(after.contains(from), "{from}");
            after = after.replace(from, to);
        }
        let expected = usize::from(is_told);
        let plan = world.plan(&after).await.expect("a plan");
        let revoking = world.session(&after).await.expect("a session").engine_without(Some(&["goes".to_owned()]));
        let revoking = revoking.expect("it is listed").plan(&Silent).await.expect("a plan");
        for (what, plan) in [("plan", &plan), ("revoke", &revoking)] {
            let told = told(plan);
            let names = |told: &&str| {
                told.starts_with("stack tests, at the same home") && told.contains("revoke --all --stack tests`")
            };
            if told.len() != expected || !told.iter().all(names) {
                wrong.push(format!("{what}, {access}, {edits:?}: {told:#?} and not {expected}"));
            }
        }
        assert!(revoking.is_empty(), "{:#?}", revoking.changes);
        // Once this one is applied, both are stacks of their own.
        world.converge(&after).await;
        let plan = world.plan(&after).await.expect("a plan");
        assert!(plan.is_empty() && told(&plan).is_empty(), "{access}, {edits:?}: {:#?}", plan.notes);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

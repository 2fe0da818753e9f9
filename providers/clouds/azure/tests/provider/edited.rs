//! Three grants, each edited since, and two of them revoked one after the other, with no apply in between.

use std::collections::BTreeSet;

use cloudgrant_core::{Level, Plan};

use crate::arm::container;
use crate::grants::access;
use crate::one_by_one::{Grant, PRODUCTION, granting};
use crate::revoking::{apply, revoke};
use crate::world::{Runs, World};

const BLOBS: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

/// What the identities of task code may do, by what the sandbox decides of single requests.
async fn allowed(world: &World) -> BTreeSet<(String, &'static str)> {
    let probes = [
        ("reads what is in the prefix", "acmedata", "data", "read", "path=a/1"),
        ("reads what is outside of it", "acmedata", "data", "read", "path=z/1"),
        ("lists", "acmedata", "data", "read", "sub_operation=Blob.List&prefix=z/"),
        ("writes", "acmedata", "data", "write", "path=z/1"),
        ("reads models", "acmemodels", "models", "read", "path=m"),
    ];
    let mut allowed = BTreeSet::new();
    for identity in world.arm.identities().await {
        let name = identity["name"].as_str().unwrap_or_default().to_owned();
        let principal = identity["properties"]["principalId"].as_str().unwrap_or_default();
        for (what, account, named, deed, more) in probes {
            let asked = format!("data_action={BLOBS}/{deed}&{more}");
            if access(world, principal, &container(account, named), &asked).await {
                allowed.insert((name.clone(), what));
            }
        }
    }
    allowed
}

/// What grants come to by themselves.
async fn of(grants: &[Grant]) -> BTreeSet<(String, &'static str)> {
    if grants.is_empty() {
        return BTreeSet::new();
    }
    let text = granting(grants);
    let world = World::new(&text).await;
    apply(&world, &text).await;
    allowed(&world).await
}

fn is_told(plan: &Plan) -> bool {
    let says = |message: &str| message.contains("revoke --all");
    !plan.stays.is_empty() || plan.notes.iter().any(|note| note.level == Level::Warning && says(&note.message))
}

#[tokio::test]
async fn a_list_and_a_read_that_were_edited_go_one_by_one_and_nothing_stays_untold() {
    for scope in ["global", PRODUCTION] {
        for widened in ["all: read", "all: write", "all: read-write"] {
            for order in [["x", "xl"], ["xl", "x"]] {
                let had = [("x", scope, "all: read"), ("xl", scope, "all: list"), ("y", scope, "models: read")];
                let has = [("x", scope, "a: read"), ("xl", scope, widened)];
                let (before, now) = (granting(&had), granting(&has));
                let world = World::new(&before).await;
                apply(&world, &before).await;
                let mut left = allowed(&world).await;
                assert!(left.iter().any(|(_, what)| *what == "reads what is outside of it"), "{left:#?}");
                for (at, name) in order.into_iter().enumerate() {
                    let what = format!("{scope}, {widened}, {order:?}: to revoke {name}");
                    let plan = revoke(&world, &now, name).await;
                    let after = allowed(&world).await;
                    assert!(after.is_subset(&left), "{what} gave {:#?}", after.difference(&left));
                    let kept: Vec<_> = has.iter().filter(|grant| !order[..=at].contains(&grant.0)).copied().collect();
                    let (asked, taken_out) = (of(&kept).await, of(&had[2..]).await);
                    for others in [&asked, &taken_out] {
                        let lost: Vec<_> = others.intersection(&left).filter(|one| !after.contains(*one)).collect();
                        assert!(lost.is_empty(), "{what} took {lost:#?}");
                    }
                    let stays: Vec<_> = after.difference(&asked).collect();
                    assert!(stays.is_empty() || is_told(&plan), "{what} left {stays:#?}: {plan:#?}");
                    left = after;
                }
                let report = world.revoke_all(&now).await.unwrap_or_else(|error| panic!("{error:?}"));
                assert!(report.is_success() && allowed(&world).await.is_empty(), "{report:#?}");
            }
        }
    }
}

//! From IRSA to EKS Pod Identity and back, and what a manifest has forgotten of it.

use cloudgrant_core::{Approval, Cancel, Engine, Plan, Report, Silent};

use crate::pod_identity::{associations, associations_in, bound, changed};
use crate::world::{Runs, World, manifest, refused, said};

const GRANTS: &str = "
grants:
  - { name: production, scope: { domain: production }, access: { models: read } }
  - { name: vision, scope: { project: vision, domain: production }, access: { data: read-write } }
";
const ROLE: &str = "cloudgrant_tests_production";

pub(crate) async fn applied(engine: &Engine, plan: Plan) -> Report {
    let approved = plan.approve(Approval::InAdvance);
    engine.apply(approved, &Silent, &Cancel::default()).await.unwrap_or_else(|error| panic!("{error:?}"))
}

/// Both: the issuer stays the stack's home.
fn with_issuer(text: &str) -> String {
    text.replace("{ name: blue }", "{ name: blue, oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }")
        .replace("  home: account\n", "")
}

#[tokio::test]
async fn a_stack_moves_to_pod_identity_and_back_without_another_home() {
    let irsa = manifest(GRANTS).replace("  home: account\n", "");
    let pods = with_issuer(&bound("blue", GRANTS));
    let world = World::new(&pods).await;
    world.converge(&irsa).await;
    let plan = world.plan(&pods).await.expect("a plan");
    let moved = plan.work().find(|change| change.id.kind == "iam-role").expect("the role changes");
    let warning = moved.warning.as_deref().expect("a warning");
    assert!(
        warning.contains("by EKS Pod Identity from now on; those that run by now keep asking by IAM roles"),
        "{warning}"
    );
    world.converge(&pods).await;
    assert_eq!(associations(&world, "blue").await.len(), 2);
    assert_eq!(world.running().counts().by_action.get("iam:CreateRole"), Some(&2), "the same roles");
    // Back, with a manifest that has forgotten the cluster.
    world.converge(&irsa).await;
    assert!(associations(&world, "blue").await.is_empty());
    let asked = |world: &World| world.running().counts().by_action.get("eks:ListPodIdentityAssociations").copied();
    let before = asked(&world);
    assert!(world.plan(&irsa).await.expect("a plan").is_empty());
    assert_eq!(asked(&world), before, "the mark went with the last association");
}

/// What an apply couldn't make or take away, the next one does, also with a manifest that doesn't name the cluster.
#[tokio::test]
async fn an_apply_that_was_interrupted_is_finished_by_the_next() {
    let irsa = manifest(GRANTS).replace("  home: account\n", "");
    let pods = with_issuer(&bound("blue", GRANTS));
    for (from, to, denied, left, then) in [
        (&irsa, &pods, "eks:CreatePodIdentityAssociation", 0, 2),
        (&pods, &irsa, "eks:DeletePodIdentityAssociation", 2, 0),
        (&pods, &irsa, "iam:UpdateAssumeRolePolicy", 2, 0),
    ] {
        let mut world = World::new(&pods).await;
        world.converge(from).await;
        world.restart(&pods, &format!("deny={denied}")).await;
        assert!(!world.apply(to).await.expect("a report").failed.is_empty(), "{denied}");
        assert_eq!(associations(&world, "blue").await.len(), left, "{denied}");
        world.restart(&pods, "").await;
        let plan = world.plan(to).await.expect("a plan");
        assert!(!plan.is_empty(), "{denied}");
        world.converge(to).await;
        assert_eq!(associations(&world, "blue").await.len(), then, "{denied}");
    }
}

#[tokio::test]
async fn what_a_manifest_has_forgotten_is_found_and_taken_away() {
    let text = bound("[blue, green]", GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    // A cluster that is no longer listed loses its associations.
    world.converge(&bound("blue", GRANTS)).await;
    assert!(associations(&world, "green").await.is_empty());
    assert_eq!(associations(&world, "blue").await.len(), 2);
    // So does one that no manifest names any more.
    let session = world.session(&manifest("grants: []\n")).await.expect("a session");
    let stacks = session.provider().stacks().await.expect("stacks");
    let told: Vec<_> = stacks.found.iter().flat_map(|stack| &stack.elsewhere).collect();
    assert_eq!(told, ["pod identity associations of EKS cluster blue of account 111122223333 in us-west-2"]);
    assert!(world.revoke_all(&manifest("grants: []\n")).await.expect("revoked").is_success());
    assert!(associations(&world, "blue").await.is_empty());
    let session = world.session(&manifest("grants: []\n")).await.expect("a session");
    assert!(session.provider().stacks().await.expect("stacks").found.is_empty());
}

/// A project that leaves the platform's list has no association any more.
#[tokio::test]
async fn a_project_that_is_no_longer_listed_loses_its_association() {
    let text =
        bound("blue", "grants: [{ name: production, scope: { domain: production }, access: { models: read } }]\n");
    let world = World::new(&text).await;
    world.converge(&text).await;
    world.converge(&text.replace("[forecasting, vision]", "[vision]")).await;
    let left: Vec<_> = associations(&world, "blue").await.into_keys().collect();
    assert_eq!(left, ["vision-production/default"]);
}

/// Where the manifest says no issuer, the cluster is the home; a stack that has another one is told so.
#[tokio::test]
async fn the_cluster_is_the_home_where_the_manifest_says_no_issuer() {
    let irsa = manifest(GRANTS).replace("  home: account\n", "");
    let pods = bound("blue", GRANTS).replace("  home: account\n", "");
    let world = World::new(&with_issuer(&bound("blue", GRANTS))).await;
    world.converge(&irsa).await;
    let error = refused(world.plan(&pods).await);
    let home = "write `home: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE`";
    assert!(said(&error).contains(home), "{}", said(&error));
    assert!(world.revoke_all(&irsa).await.expect("revoked").is_success());
    world.converge(&pods).await;
    let session = world.session(&pods).await.expect("a session");
    assert_eq!(session.provider().home(), "111122223333 arn:aws:eks:us-west-2:111122223333:cluster/blue");
    // Once it is named with its issuer, the stack is still where it was.
    let error = refused(world.plan(&with_issuer(&pods)).await);
    assert!(said(&error).contains("write `home: arn:aws:eks:us-west-2:111122223333:cluster/blue`"), "{}", said(&error));
    let kept =
        with_issuer(&pods).replace("  binding:", "  home: arn:aws:eks:us-west-2:111122223333:cluster/blue\n  binding:");
    assert!(world.plan(&kept).await.expect("a plan").is_empty());
    assert!(session.provider().hands_off().registries);
}

/// The roles' trust has forgotten by then what couldn't be deleted.
#[tokio::test]
async fn an_association_that_no_role_lets_in_any_more_is_still_planned_to_go() {
    let text = bound("blue", GRANTS);
    let later = text.replace("kind: union\n", "kind: union\n  namespace: \"tasks-{project}-{domain}\"\n");
    let mut world = World::new(&text).await;
    world.converge(&text).await;
    world.restart(&text, "deny=eks:DeletePodIdentityAssociation").await;
    assert!(!world.apply(&later).await.expect("a report").failed.is_empty());
    world.restart(&text, "").await;
    let work = changed(&world.plan(&later).await.expect("a plan"));
    let gone = ["forecasting", "vision"]
        .map(|project| format!("Delete eks-pod-identity-association us-west-2/blue/{project}-production/default"));
    assert!(gone.iter().all(|one| work.contains(one)), "{work:#?}");
    world.converge(&later).await;
    assert!(associations(&world, "blue").await.keys().all(|account| account.starts_with("tasks-")));
}

/// EKS sees the roles' trust of before for a while, and an association that was deleted is in the way of the next one.
#[tokio::test]
async fn what_eks_does_not_see_yet_is_waited_for() {
    let irsa = manifest(GRANTS).replace("  home: account\n", "");
    let pods = with_issuer(&bound("blue", GRANTS));
    let mut world = World::new(&pods).await;
    world.converge(&irsa).await;
    world.restart(&pods, "replication=600ms").await;
    let report = world.converge(&pods).await;
    assert!(report.elapsed.as_millis() >= 600, "{:?}", report.elapsed);
    let one = associations(&world, "blue").await["vision-production/default"].association_id.clone().expect("an id");
    let edit = world.eks().update_pod_identity_association().cluster_name("blue").association_id(one);
    edit.disable_session_tags(true).policy("{}").send().await.expect("a session policy");
    let report = world.converge(&pods).await;
    assert!(report.elapsed.as_millis() >= 600, "{:?}", report.elapsed);
    assert_eq!(associations(&world, "blue").await.len(), 2);
}

/// A cluster of another region is another one, whatever it is called: what is in the first goes before its mark.
#[tokio::test]
async fn a_cluster_of_the_same_name_in_another_region_is_another_one() {
    let text = bound("blue", GRANTS);
    let moved = text.replacen("  region: us-west-2\n", "  region: eu-west-1\n", 1);
    let mut world = World::new(&text).await;
    world.converge(&text).await;
    world.restart(&moved, "deny=eks:DeletePodIdentityAssociation").await;
    let of = "eks-pod-identity-association";
    let mark = "iam-policy cloudgrant_tests_place.eks-pods.blue";
    let in_both = |work: &[String]| {
        for namespace in ["forecasting-production", "vision-production"] {
            assert!(work.contains(&format!("Delete {of} us-west-2/blue/{namespace}/default")), "{work:#?}");
        }
        assert!(work.contains(&format!("Delete {mark}.us-west-2")), "{work:#?}");
    };
    let work = changed(&world.plan(&moved).await.expect("a plan"));
    in_both(&work);
    for namespace in ["forecasting-production", "vision-production"] {
        assert!(work.contains(&format!("Create {of} eu-west-1/blue/{namespace}/default")), "{work:#?}");
    }
    assert!(work.contains(&format!("Create {mark}.eu-west-1")), "{work:#?}");
    assert!(!world.apply(&moved).await.expect("a report").failed.is_empty());
    assert_eq!(associations_in(&world, "us-west-2", "blue").await.len(), 2);
    assert_eq!(associations_in(&world, "eu-west-1", "blue").await.len(), 2);
    // What couldn't be taken away is still marked, and nothing else is left to be done.
    let work = changed(&world.plan(&moved).await.expect("a plan"));
    in_both(&work);
    assert_eq!(work.len(), 3, "{work:#?}");
    world.restart(&moved, "").await;
    world.converge(&moved).await;
    assert!(associations_in(&world, "us-west-2", "blue").await.is_empty());
    assert!(world.revoke_all(&moved).await.expect("revoked").is_success());
    assert!(associations_in(&world, "eu-west-1", "blue").await.is_empty());
}

/// Nobody may look into the cluster any more: what may be left there is told, and the mark of it stays.
#[tokio::test]
async fn a_cluster_that_may_not_be_looked_at_is_told_and_stays_marked() {
    let text = bound("blue", GRANTS);
    let mut world = World::new(&text).await;
    world.converge(&text).await;
    world.restart(&text, "deny=eks:*").await;
    let error = refused(world.plan(&text).await);
    assert!(said(&error).contains("AWS denies eks:ListPodIdentityAssociations"), "{}", said(&error));
    let nothing = manifest("grants: []\n");
    let session = world.session(&nothing).await.expect("a session");
    let engine = session.engine_without(None).expect("an engine");
    let plan = engine.plan(&Silent).await.expect("a plan");
    assert!(plan.unsearched.iter().any(|one| one.place.contains("EKS cluster blue")), "{:#?}", plan.unsearched);
    assert!(applied(&engine, plan).await.failed.is_empty());
    assert_eq!(
        world.iam().get_role().role_name(ROLE).send().await.map(|_| ()).map_err(|_| ()),
        Err(()),
        "it gives nothing"
    );
    world.restart(&text, "").await;
    assert!(world.revoke_all(&nothing).await.expect("revoked").is_success());
    assert!(associations(&world, "blue").await.is_empty());
}

//! Something of the stack's that can't be deleted, as somebody else came to rely on it: a revoke takes what is revoked from it all the
//! same, and nothing that others have.

use cloudgrant_core::{Plan, Silent};

use crate::sharing::{VISION, allowed, apply, granting, revoke};
use crate::world::{Runs, World, policy_arn};

const DEVELOPMENT: &str = "{ domain: development }";
const PRODUCTION: &str = "{ domain: production }";
const ROLE: &str = "cloudgrant_tests_development";
const TASK_POLICY: &str = "userflyterole";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

type Grant = (&'static str, &'static str, &'static str);

const G: Grant = ("g", DEVELOPMENT, "data: read");
const H: Grant = ("h", DEVELOPMENT, "models: read");
const K: Grant = ("k", PRODUCTION, "token: read");

async fn planned(world: &World, text: &str, name: &str) -> Plan {
    let session = world.session(text).await.expect("a session");
    session.engine_without(Some(&[name.to_owned()])).expect("it is listed").plan(&Silent).await.expect("a plan")
}

/// Somebody attaches a policy of the stack's to a role of theirs.
async fn attach(world: &World, policy: &str) {
    let iam = world.iam();
    iam.create_role().role_name("fo").assume_role_policy_document(TRUST).send().await.expect("theirs");
    iam.attach_role_policy().role_name("fo").policy_arn(policy_arn(policy)).send().await.expect("attached");
}

async fn document(world: &World, policy: &str) -> String {
    world.document(policy).await.to_string()
}

/// `h` was moved and not applied, or taken out.
const OTHERS: [&[Grant]; 2] = [&[G, ("h", PRODUCTION, "models: read"), K], &[G, K]];

#[tokio::test]
async fn a_policy_that_somebody_attached_loses_what_is_revoked_and_nothing_else() {
    for has in OTHERS {
        let (had, has) = (granting(&[G, H, K]), granting(has));
        let world = World::new(&had).await;
        apply(&world, &had).await;
        attach(&world, ROLE).await;
        for _ in 0..2 {
            let plan = planned(&world, &has, "g").await;
            let told: Vec<_> = plan.stays.iter().filter(|one| one.object.kind == "iam-policy").collect();
            let [told] = told.as_slice() else { panic!("{plan:#?}") };
            for part in ["role fo", "IAM deletes no policy that is attached", "aws iam detach-role-policy"] {
                assert!(told.object.name == ROLE && told.reason.contains(part), "{part} in {told:?}");
            }
            revoke(&world, &has, &["g"]).await;
            let left = document(&world, ROLE).await;
            assert!(!left.contains("acme-data") && left.contains("acme-models"), "{left}");
            assert_eq!(world.attached(ROLE).await, [ROLE, TASK_POLICY]);
            assert_eq!(world.attached("fo").await, [ROLE]);
        }
    }
}

/// IAM takes no policy without statements.
#[tokio::test]
async fn a_policy_that_somebody_attached_and_of_which_all_is_revoked_stays_and_is_told() {
    for has in [&[G, K][..], &[("g", PRODUCTION, "data: read"), K]] {
        let (had, has) = (granting(&[G, K]), granting(has));
        let world = World::new(&had).await;
        apply(&world, &had).await;
        attach(&world, ROLE).await;
        let before = document(&world, ROLE).await;
        for _ in 0..2 {
            let plan = planned(&world, &has, "g").await;
            let [told] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
            assert!(told.object.name == ROLE && told.reason.contains("role fo"), "{told:?}");
            revoke(&world, &has, &["g"]).await;
            assert_eq!(document(&world, ROLE).await, before);
            assert!(world.iam().get_role().role_name(ROLE).send().await.is_err());
        }
    }
}

#[tokio::test]
async fn a_policy_on_a_protected_task_role_loses_what_is_revoked_and_nothing_else() {
    const POLICY: &str = "cloudgrant_tests_global";
    let at = |scope: &'static str, grant: Grant| (grant.0, scope, grant.2);
    let had = granting(&[at("global", G), at("global", H), K]);
    for has in [&[at("global", G), at(PRODUCTION, H), K][..], &[at("global", G), K]] {
        let world = World::new(&had).await;
        apply(&world, &had).await;
        let protect = "  home: account\n  protected: ['acme-user*']\n";
        let has = granting(has).replace("  home: account\n", protect);
        let plan = planned(&world, &has, "g").await;
        assert!(plan.stays.iter().any(|one| one.reason.contains("is protected")), "{plan:#?}");
        revoke(&world, &has, &["g"]).await;
        let left = document(&world, POLICY).await;
        assert!(!left.contains("acme-data") && left.contains("acme-models"), "{left}");
        assert!(world.attached("acme-userflyterole").await.contains(&POLICY.to_owned()));
    }
}

/// Task code of the moved grant still runs as it, and nothing runs without the platform's policy.
#[tokio::test]
async fn a_role_to_which_somebody_gave_something_keeps_what_its_other_grants_need() {
    let all = ("w", "global", "token: read");
    for has in OTHERS {
        let (had, has) = (granting(&[G, H, K, all]), granting(&[has, &[all]].concat()));
        let world = World::new(&had).await;
        apply(&world, &had).await;
        let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let give = world.iam().put_role_policy().role_name(ROLE).policy_name("theirs").policy_document(document);
        give.send().await.expect("given");
        let before = world.attached(ROLE).await;
        let plan = planned(&world, &has, "g").await;
        revoke(&world, &has, &["g"]).await;
        assert_eq!(world.attached(ROLE).await, before, "{plan:#?}");
        let left = world.document(ROLE).await.to_string();
        assert!(!left.contains("acme-data") && left.contains("acme-models"), "{left}");
    }
    // Where none of its grants is left, what the stack gave it goes.
    let text = granting(&[G, K, all]);
    let world = World::new(&text).await;
    apply(&world, &text).await;
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let give = world.iam().put_role_policy().role_name(ROLE).policy_name("theirs").policy_document(document);
    give.send().await.expect("given");
    let plan = planned(&world, &text, "g").await;
    let [told] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
    assert!(told.object.name == ROLE && told.reason.contains("inline policy theirs"), "{told:?}");
    revoke(&world, &text, &["g"]).await;
    assert!(world.attached(ROLE).await.is_empty());
}

/// What is on none of a scope's roles is there for whoever attached it, and gives the scope nothing.
#[tokio::test]
async fn what_none_of_a_scope_s_roles_has_is_given_to_none_of_them() {
    let had = granting(&[G, H]);
    let world = World::new(&had).await;
    apply(&world, &had).await;
    attach(&world, ROLE).await;
    let sharing =
        [G, ("k", DEVELOPMENT, "token: read"), ("m", PRODUCTION, "data: read"), ("n", PRODUCTION, "token: read")];
    for moved in [&[("h", VISION, "models: read")][..], &[]] {
        let has = granting(&[&sharing[..], moved].concat());
        apply(&world, &has).await;
        assert!(world.attached(ROLE).await.iter().any(|policy| policy.contains("shared")));
        let plan = planned(&world, &has, "k").await;
        revoke(&world, &has, &["k"]).await;
        let given = allowed(&world)[ROLE].clone();
        assert!(given.iter().any(|one| one.contains("acme-data")), "{given:#?}");
        assert!(given.iter().all(|one| !one.contains("acme-models")), "{given:#?} by {plan:#?}");
    }
}

/// Grants that need several policies, of which somebody attached the last.
fn in_several(grants: &[(&str, char, usize)]) -> String {
    let reads = |letter: &char, count: &usize| {
        (0..*count).map(|at| format!("{letter}{at:02}: read")).collect::<Vec<_>>().join(", ")
    };
    let access: Vec<_> = grants.iter().map(|(name, letter, count)| (*name, reads(letter, count))).collect();
    let grants: Vec<_> = access.iter().map(|(name, access)| (*name, DEVELOPMENT, access.as_str())).collect();
    let prefix = "y".repeat(70);
    let buckets = "uvwx".chars().flat_map(|letter| (0..20).map(move |at| format!("{letter}{at:02}")));
    let buckets: String = buckets.map(|name| format!("  {name}: {{ aws: s3://acme-{name}/{prefix}/ }}\n")).collect();
    granting(&grants).replace("resources:\n", &format!("resources:\n{buckets}"))
}

const GA: (&str, char, usize) = ("ga", 'u', 20);
const GB: (&str, char, usize) = ("gb", 'v', 20);
const GC: (&str, char, usize) = ("gc", 'w', 5);

async fn last_policy(world: &World) -> String {
    world.attached(ROLE).await.into_iter().rfind(|policy| policy.contains('+')).expect("several")
}

#[tokio::test]
async fn who_runs_a_revoke_again_loses_nothing() {
    let had = in_several(&[GA, GB, GC]);
    for has in [&[GA, GB][..], &[GA, GB, ("gc", 'x', 5)]] {
        let world = World::new(&had).await;
        apply(&world, &had).await;
        attach(&world, &last_policy(&world).await).await;
        let has = in_several(has);
        revoke(&world, &has, &["ga"]).await;
        let once = allowed(&world);
        assert!(once[ROLE].iter().all(|one| !one.contains("acme-u")), "{:#?}", once[ROLE]);
        for letter in ["acme-v00", "acme-v19", "acme-w04"] {
            assert!(once[ROLE].iter().any(|one| one.contains(letter)), "{letter} in {:#?}", once[ROLE]);
        }
        for _ in 0..2 {
            revoke(&world, &has, &["ga"]).await;
            assert_eq!(allowed(&world), once);
        }
    }
}

#[tokio::test]
async fn what_was_applied_away_does_not_come_back_by_a_revoke() {
    let had = in_several(&[GA, GB, GC]);
    let world = World::new(&had).await;
    apply(&world, &had).await;
    attach(&world, &last_policy(&world).await).await;
    let has = in_several(&[("ga", 'u', 5), ("gz", 'x', 2)]);
    apply(&world, &has).await;
    revoke(&world, &has, &["gz"]).await;
    let given = allowed(&world)[ROLE].clone();
    let is_of_ga = |one: &String| one.contains("acme-u0") || one.contains("acme-metadata");
    assert!(given.iter().all(is_of_ga), "{given:#?}");
}

/// A permissions boundary is no attachment, and IAM keeps the policy for it all the same.
#[tokio::test]
async fn a_policy_that_somebody_made_a_permissions_boundary_is_told() {
    let had = granting(&[G, H, K]);
    let world = World::new(&had).await;
    apply(&world, &had).await;
    let iam = world.iam();
    let role = iam.create_role().role_name("bounded").assume_role_policy_document(TRUST);
    role.permissions_boundary(policy_arn(ROLE)).send().await.expect("theirs");
    let plan = world.plan(&had).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    let told = plan.notes.iter().filter(|note| note.message.contains("the permissions boundary of role bounded"));
    assert_eq!(told.count(), 1, "{:#?}", plan.notes);
    // What is revoked goes from it; the policy stays for as long as somebody needs it.
    revoke(&world, &had, &["g"]).await;
    let left = document(&world, ROLE).await;
    assert!(!left.contains("acme-data") && left.contains("acme-models"), "{left}");
    let without = granting(&[K]);
    let plan = world.plan(&without).await.expect("a plan");
    let told: Vec<_> = plan.stays.iter().filter(|one| one.object.name == ROLE).collect();
    let [told] = told.as_slice() else { panic!("{plan:#?}") };
    for part in ["role bounded", "put-role-permissions-boundary --role-name bounded", "run this again"] {
        assert!(told.reason.contains(part), "{part} in {told:?}");
    }
    let report = world.revoke_all(&had).await.expect("a report");
    assert!(report.failed.is_empty(), "{report:#?}");
    assert!(document(&world, ROLE).await.contains("Statement"), "it is there");
    let other = iam.put_role_permissions_boundary().role_name("bounded");
    let aws_s = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";
    other.permissions_boundary(aws_s).send().await.expect("another one");
    assert!(world.revoke_all(&had).await.expect("a report").is_success());
    let left = world.everything();
    assert!(!left.iter().any(|(name, _)| name.contains(ROLE)), "{left:#?}");
}

//! EKS Pod Identity: associations of service accounts with the stack's roles, and those of others.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_eks::types::{AddonNamespaceConfigRequest, AddonPodIdentityAssociations, PodIdentityAssociation};
use cloudgrant_core::{Action, ErrorKind, Plan, Purpose, Settings, Silent};
use serde_json::{Value, json};

use crate::permissions::ask;
use crate::world::{Runs, World, assert_same, manifest, refused, said};

const GRANTS: &str = "
grants:
  - { name: all, scope: global, access: { data: read } }
  - { name: production, scope: { domain: production }, access: { models: read } }
  - { name: vision, scope: { project: vision, domain: production }, access: { data: read-write } }
";
const ISSUER: &str = "oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE";
const ROLES: &str = "arn:aws:iam::111122223333:role/cloudgrant/tests/cloudgrant_tests_";
const MARK: &str = "iam-policy cloudgrant_tests_place.eks-pods.blue.us-west-2";

/// A manifest that binds by EKS Pod Identity in these clusters.
pub(crate) fn bound(clusters: &str, tail: &str) -> String {
    manifest(tail)
        .replace(&format!("{{ {ISSUER} }}"), &format!("{{ name: {clusters} }}"))
        .replace("  home: account\n", "  home: account\n  binding: pod-identity\n")
}

/// The associations of a cluster, by namespace and service account.
pub(crate) async fn associations(world: &World, cluster: &str) -> BTreeMap<String, PodIdentityAssociation> {
    associations_in(world, "us-west-2", cluster).await
}

/// The same of a cluster in any region.
pub(crate) async fn associations_in(
    world: &World,
    region: &str,
    cluster: &str,
) -> BTreeMap<String, PodIdentityAssociation> {
    let client = world.eks_in(region);
    let listed = client.list_pod_identity_associations().cluster_name(cluster).send().await.expect("a list");
    let mut all = BTreeMap::new();
    for one in listed.associations() {
        let id = one.association_id().expect("an id");
        let request = client.describe_pod_identity_association().cluster_name(cluster).association_id(id);
        let one = request.send().await.expect("one").association.expect("an association");
        all.insert(format!("{}/{}", one.namespace().expect("text"), one.service_account().expect("text")), one);
    }
    all
}

async fn roles(world: &World, cluster: &str) -> BTreeMap<String, String> {
    let all = associations(world, cluster).await.into_iter();
    all.map(|(account, one)| (account, one.role_arn.expect("a role"))).collect()
}

/// How often EKS was asked.
fn asked_of_eks(world: &World) -> u64 {
    let counts = world.running().counts().by_action;
    counts.into_iter().filter(|(action, _)| action.starts_with("eks:")).map(|(_, count)| count).sum()
}

async fn looking(world: &World, text: &str) -> Plan {
    let session = world.session(text).await.expect("a session");
    session.provider().look_again();
    session.engine().only_looking().plan(&Silent).await.expect("a plan")
}

pub(crate) fn changed(plan: &Plan) -> Vec<String> {
    plan.work().map(|change| format!("{:?} {}", change.action, change.id)).collect()
}

#[tokio::test]
async fn each_service_account_is_associated_with_the_role_of_its_narrowest_scope() {
    let text = bound("[blue, green]", GRANTS);
    let world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.changes.iter().all(|change| change.action != Action::Handoff), "{:#?}", plan.changes);
    world.converge(&text).await;
    for cluster in ["blue", "green"] {
        let expected = BTreeMap::from([
            ("forecasting-production/default".to_owned(), format!("{ROLES}production")),
            ("vision-production/default".to_owned(), format!("{ROLES}vision_production")),
        ]);
        assert_eq!(roles(&world, cluster).await, expected);
    }
    let all = associations(&world, "blue").await;
    let one = &all["vision-production/default"];
    let tags: BTreeMap<_, _> = one.tags().expect("tags").iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let expected = [
        ("cloudgrant:home", "111122223333"),
        ("cloudgrant:scope", "project vision in domain production"),
        ("cloudgrant:stack", "tests"),
    ];
    assert_eq!(tags.keys().collect::<Vec<_>>(), expected.iter().map(|(key, _)| key).collect::<Vec<_>>());
    assert_eq!((tags["cloudgrant:home"], tags["cloudgrant:stack"]), ("111122223333", "tests"));
    assert_eq!(one.disable_session_tags, Some(false));
    assert!(world.revoke_all(&text).await.expect("revoked").is_success());
    for cluster in ["blue", "green"] {
        assert!(roles(&world, cluster).await.is_empty());
    }
}

/// The role of a domain serves several namespaces; in each, the one service account.
#[tokio::test]
async fn requirement_19_roles_trust_eks_for_these_clusters_namespaces_and_accounts_alone() {
    let text = bound("[blue, green]", GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let expected = json!([{
        "Effect": "Allow",
        "Principal": {"Service": ["pods.eks.amazonaws.com"]},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {
            "aws:RequestTag/eks-cluster-arn": [
                "arn:aws:eks:us-west-2:111122223333:cluster/blue",
                "arn:aws:eks:us-west-2:111122223333:cluster/green",
            ],
            "aws:RequestTag/kubernetes-namespace": ["forecasting-production", "vision-production"],
            "aws:RequestTag/kubernetes-service-account": ["default"],
        }},
    }]);
    assert_eq!(world.trust("cloudgrant_tests_production").await["Statement"], expected);
}

#[tokio::test]
async fn a_stack_without_associations_asks_nothing_of_eks() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    looking(&world, &text).await;
    assert!(world.revoke_all(&text).await.expect("revoked").is_success());
    assert_eq!(asked_of_eks(&world), 0);
}

/// One list a cluster, and one description an association: the list says neither the roles nor whose they are.
#[tokio::test]
async fn a_plan_with_nothing_to_do_describes_each_association_once() {
    let text = bound("blue", GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let role = format!("{ROLES}production");
    for n in 0..120 {
        let request = world.eks().create_pod_identity_association().cluster_name("blue").role_arn(&role);
        request.namespace(format!("other-{n}")).service_account("default").send().await.expect("made");
    }
    let before = asked_of_eks(&world);
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    assert_eq!(asked_of_eks(&world) - before, 2 + 2 + 120, "two pages, two associations, and those of others");
}

/// How often EKS was asked what an association is like.
fn described(world: &World) -> u64 {
    world.running().counts().by_action.get("eks:DescribePodIdentityAssociation").copied().unwrap_or_default()
}

/// A run looks before it changes anything and afterwards. What is others' is asked for the first time alone, and that of whoever put the
/// stack's tags on it in between the next run finds.
#[tokio::test]
async fn a_run_describes_associations_of_others_once() {
    let text = bound("blue", GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let (eks, role) = (world.eks(), format!("{ROLES}production"));
    let mut others = Vec::new();
    for n in 0..12 {
        let request = eks.create_pod_identity_association().cluster_name("blue").role_arn(&role);
        let made = request.namespace(format!("other-{n}")).service_account("default").send().await.expect("made");
        others.push(made.association.expect("one").association_arn.expect("an ARN"));
    }
    let ours = associations(&world, "blue").await["vision-production/default"].association_id.clone().expect("an id");
    eks.delete_pod_identity_association().cluster_name("blue").association_id(ours).send().await.expect("deleted");
    let before = described(&world);
    let report = world.apply(&text).await.expect("a report");
    assert!(report.is_success(), "{report:#?}");
    assert_eq!(described(&world) - before, (12 + 1) + 2, "of others once; of ours the one that is left, and both");
    let tagged = eks.tag_resource().resource_arn(&others[0]);
    tagged.tags("cloudgrant:stack", "tests").tags("cloudgrant:home", "111122223333").send().await.expect("tagged");
    let plan = world.plan(&text).await.expect("a plan");
    assert_eq!(changed(&plan), ["Delete eks-pod-identity-association us-west-2/blue/other-0/default"]);
}

#[tokio::test]
async fn what_somebody_edits_is_drift_and_is_put_back() {
    let text = bound("blue", GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let id = async |account: &str| associations(&world, "blue").await[account].association_id.clone().expect("an id");
    let (eks, vision) = (world.eks(), id("vision-production/default").await);
    let update = || eks.update_pod_identity_association().cluster_name("blue").association_id(&vision);
    let drifted = async || {
        let plan = looking(&world, &text).await;
        assert_eq!(changed(&plan), ["Update eks-pod-identity-association us-west-2/blue/vision-production/default"]);
        assert!(plan.has_drift());
        world.converge(&text).await;
        assert_eq!(roles(&world, "blue").await["vision-production/default"], format!("{ROLES}vision_production"));
    };
    update().role_arn(format!("{ROLES}production")).send().await.expect("another role");
    drifted().await;
    update().disable_session_tags(true).send().await.expect("without session tags");
    drifted().await;
    // Nothing says how a session policy is taken away, so that it is made anew.
    update().disable_session_tags(true).policy("{}").send().await.expect("a session policy");
    drifted().await;
    let anew = id("vision-production/default").await;
    assert_ne!(anew, vision);
    eks.delete_pod_identity_association().cluster_name("blue").association_id(anew).send().await.expect("deleted");
    let plan = looking(&world, &text).await;
    assert_eq!(changed(&plan), ["Create eks-pod-identity-association us-west-2/blue/vision-production/default"]);
    world.converge(&text).await;
}

/// Nothing else says that it is the stack's.
#[tokio::test]
async fn an_association_that_lost_its_tags_is_a_conflict_with_the_way_back() {
    let text = bound("blue", GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let arn = associations(&world, "blue").await["vision-production/default"].association_arn.clone().expect("an ARN");
    let untag = world.eks().untag_resource().resource_arn(&arn).tag_keys("cloudgrant:home");
    untag.send().await.expect("untagged");
    let error = refused(world.plan(&text).await);
    let command = format!("aws eks tag-resource --region us-west-2 --resource-arn {arn} --tags ");
    assert!(said(&error).contains(&command), "{}", said(&error));
    let tag = world.eks().tag_resource().resource_arn(&arn).tags("cloudgrant:home", "111122223333");
    tag.send().await.expect("tagged");
    assert!(world.plan(&text).await.expect("a plan").is_empty());
}

/// There is one for an account in a cluster, and it is left to whoever made it.
#[tokio::test]
async fn an_association_of_somebody_else_is_a_conflict_with_what_to_do() {
    let text = bound("blue", GRANTS);
    let world = World::new(&text).await;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}]}"#;
    world.iam().create_role().role_name("theirs").assume_role_policy_document(trust).send().await.expect("a role");
    let theirs = "arn:aws:iam::111122223333:role/theirs";
    let made = world.eks().create_pod_identity_association().cluster_name("blue").role_arn(theirs);
    let made = made.namespace("vision-production").service_account("default").send().await.expect("made");
    let id = made.association.and_then(|one| one.association_id).expect("an id");
    let before = world.everything();
    let error = refused(world.plan(&text).await);
    assert_eq!(error.kind(), ErrorKind::Conflict, "{}", said(&error));
    let command =
        format!("aws eks delete-pod-identity-association --region us-west-2 --cluster-name blue --association-id {id}");
    assert!(said(&error).contains(&command) && said(&error).contains(theirs), "{}", said(&error));
    assert_same(&before, &world.everything());
    // It is in nobody's way who takes other things away.
    assert!(world.revoke_all(&text).await.expect("revoked").is_success());
    assert_eq!(roles(&world, "blue").await["vision-production/default"], theirs);
}

#[tokio::test]
async fn an_association_of_an_add_on_is_never_touched() {
    let text = bound("blue", GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let id = associations(&world, "blue").await["vision-production/default"].association_id.clone().expect("an id");
    world
        .eks()
        .delete_pod_identity_association()
        .cluster_name("blue")
        .association_id(id)
        .send()
        .await
        .expect("deleted");
    // With the stack's own role and tags, it is the add-on's all the same.
    let its = AddonPodIdentityAssociations::builder().service_account("default").role_arn(format!("{ROLES}production"));
    let namespace = AddonNamespaceConfigRequest::builder().namespace("vision-production").build();
    let addon = world.eks().create_addon().cluster_name("blue").addon_name("some-add-on");
    let addon = addon.namespace_config(namespace).pod_identity_associations(its.build().expect("one"));
    addon.send().await.expect("an add-on");
    let arn = associations(&world, "blue").await["vision-production/default"].association_arn.clone().expect("an ARN");
    let tag = |key: &str, value: &str| world.eks().tag_resource().resource_arn(&arn).tags(key, value).send();
    tag("cloudgrant:stack", "tests").await.expect("tagged");
    tag("cloudgrant:home", "111122223333").await.expect("tagged");
    let before = world.everything();
    let error = refused(world.plan(&text).await);
    assert!(said(&error).contains(":addon/blue/some-add-on/"), "{}", said(&error));
    assert!(said(&error).contains("platform.service_account"), "{}", said(&error));
    assert_same(&before, &world.everything());
    assert!(world.revoke_all(&text).await.expect("revoked").is_success());
    assert_eq!(associations(&world, "blue").await.keys().collect::<Vec<_>>(), ["vision-production/default"]);
}

#[tokio::test]
async fn revoking_one_grant_takes_its_scopes_association_and_no_other() {
    let text = bound("blue", GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let session = world.session_with(&text, Settings::default()).await.expect("a session");
    let engine = session.engine_without(Some(&["vision".to_owned()])).expect("an engine");
    let plan = engine.plan(&Silent).await.expect("a plan");
    let gone: BTreeSet<_> = plan.work().map(|change| format!("{:?} {}", change.action, change.id)).collect();
    assert!(!gone.contains(&format!("Delete {MARK}")), "{gone:#?}");
    let report = crate::pod_identity_moves::applied(&engine, plan).await;
    assert!(report.is_success(), "{report:#?}");
    // Its task code runs under the domain's role from now on.
    let left = roles(&world, "blue").await;
    assert_eq!(left["forecasting-production/default"], format!("{ROLES}production"));
    assert_ne!(left.get("vision-production/default"), Some(&format!("{ROLES}vision_production")));
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_told() {
    let text = bound("blue", GRANTS);
    let world = World::new(&text).await;
    let error = refused(world.plan(&text.replace("name: blue", "name: red")).await);
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(said(&error).contains("there is no EKS cluster red of account 111122223333"), "{}", said(&error));
    let error = refused(world.plan(&text.replace("{ name: blue }", &format!("{{ {ISSUER} }}"))).await);
    assert!(
        error.kind().is_usage() && said(&error).contains("pod-identity` needs the EKS cluster"),
        "{}",
        said(&error)
    );
    // A cluster that is gone has taken its associations along.
    world.converge(&text).await;
    world.eks().delete_cluster().name("blue").send().await.expect("deleted");
    assert!(world.revoke_all(&text).await.expect("revoked").is_success());
}

#[tokio::test]
async fn the_quota_of_a_cluster_is_kept() {
    let text = bound("blue", GRANTS);
    let world = World::with(&text, "quota.PodIdentityAssociationsPerClusterQuota=1").await;
    let report = world.apply(&text).await.expect("a report");
    assert_eq!(report.failed.len(), 1, "{report:#?}");
    assert_eq!(report.failed[0].error.kind(), ErrorKind::Quota, "{:?}", report.failed[0].error);
}

#[tokio::test]
async fn a_role_that_eks_does_not_know_yet_is_waited_for_and_faults_are_got_through() {
    let text = bound("blue", GRANTS);
    let world = World::with(&text, "replication=600ms").await;
    let report = world.converge(&text).await;
    assert!(report.elapsed.as_millis() >= 600, "{:?}", report.elapsed);
    for seed in 1..=2 {
        let world = World::with(&text, &format!("throttle=0.1,errors=0.1,drop=0.2,seed={seed}")).await;
        world.converge(&text).await;
        let report = world.revoke_all(&text).await.expect("revoked");
        assert!(report.is_success(), "seed {seed}: {report:#?}");
    }
}

/// What is printed is enough for all that a stack goes through, and each action of EKS is needed for it.
#[tokio::test]
async fn the_permissions_for_associations_are_enough_and_none_is_idle() {
    let text = bound("blue", GRANTS);
    let later = text.replace("  home: account\n", "  home: account\n  tags: { owner: data }\n");
    let life = async |world: &World| -> bool {
        for text in [&text, &later] {
            if !world.apply(text).await.is_ok_and(|report| report.is_success()) {
                return false;
            }
        }
        world.revoke_all(&later).await.is_ok_and(|report| report.is_success())
    };
    let world = World::new(&later).await;
    let session = world.session(&later).await.expect("a session");
    let printed = session.provider().permissions(session.intents(), Purpose::Apply);
    let printed = printed.into_iter().find(|one| one.name == "111122223333").expect("the own account").document;
    let allow = async |world: &World, policy: &Value| {
        ask(world, "POST /_sandbox/allow", &json!({ "111122223333": policy }).to_string()).await;
    };
    allow(&world, &printed).await;
    assert!(life(&world).await, "enough: {printed:#}");
    let statements = printed["Statement"].as_array().expect("statements");
    let mut idle = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        for action in statement["Action"].as_array().expect("actions") {
            let name = action.as_str().expect("text");
            if !name.starts_with("eks:") && name != "iam:PassRole" {
                continue;
            }
            let mut less = printed.clone();
            less["Statement"][at]["Action"].as_array_mut().expect("actions").retain(|other| other != action);
            let world = World::new(&later).await;
            allow(&world, &less).await;
            idle.extend(life(&world).await.then(|| name.to_owned()));
        }
    }
    // Roles are made anew and never moved on the way.
    assert_eq!(idle, ["eks:UpdatePodIdentityAssociation"]);
    // Whose role may not be passed is told by the permission that is missing.
    let without: Vec<_> = statements.iter().filter(|statement| statement["Sid"] != "PassRoles").cloned().collect();
    let world = World::new(&text).await;
    allow(&world, &json!({ "Version": "2012-10-17", "Statement": without })).await;
    let report = world.apply(&text).await.expect("a report");
    let failed = report.failed.first().unwrap_or_else(|| panic!("{report:#?}"));
    assert!(said(&failed.error).contains("iam:PassRole on arn:aws:iam::111122223333:role/"), "{:?}", failed.error);
    // By IRSA, nothing of it is asked for.
    let session = world.session(&manifest(GRANTS)).await.expect("a session");
    let printed = session.provider().permissions(session.intents(), Purpose::Apply);
    assert!(printed.iter().all(|one| !one.document.to_string().contains("eks:")), "{printed:#?}");
}

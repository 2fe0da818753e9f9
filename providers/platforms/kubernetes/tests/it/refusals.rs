//! What is refused, and by whose name.

use cloudgrant_core::{ErrorKind, Plan, Result, Silent};
use serde_json::json;

use crate::cluster::{Cluster, KEY, issuer_rule, rule};
use crate::stack::{Run, Runs as _};

const VISION: &str = "vision-production";

fn refusal(plan: Result<Plan>) -> (ErrorKind, String) {
    let error = plan.expect_err("a refusal");
    (error.kind(), format!("{error:?}"))
}

#[tokio::test]
async fn what_is_not_allowed_names_the_rule_that_is_missing() {
    let cluster = Cluster::start_with("", &[rule(&["list"], &[])]).await;
    let (kind, said) = refusal(Run::of(&cluster).plan().await);
    assert!(kind == ErrorKind::AccessDenied && said.contains("nonResourceURLs"), "{said}");

    let cluster = Cluster::start_with("", &[issuer_rule()]).await;
    let (kind, said) = refusal(Run::of(&cluster).plan().await);
    assert!(kind == ErrorKind::AccessDenied && said.contains("resources: [serviceaccounts], verbs: [get]"), "{said}");
    assert!(said.contains("by a Role and a RoleBinding in the namespace forecasting-production"), "{said}");
    let (kind, said) = refusal(Run::of_nothing(&cluster).plan().await);
    assert!(kind == ErrorKind::AccessDenied && said.contains("resources: [serviceaccounts], verbs: [list]"), "{said}");
    assert!(said.contains("by a ClusterRole and a ClusterRoleBinding"), "{said}");

    let cluster = Cluster::start_with("", &[issuer_rule(), rule(&["list"], &[])]).await;
    let report = Run::of(&cluster).apply().await;
    let [failed, _] = report.failed.as_slice() else { panic!("{report:?}") };
    let said = format!("{:?}", failed.error);
    assert!(failed.error.kind() == ErrorKind::AccessDenied && said.contains("verbs: [patch]"), "{said}");
    assert!(said.contains("can't annotate service account forecasting-production/default"), "{said}");
}

/// What nobody looked at in any case.
const NOT_NAMED: &str = ", other than those of the grants, projects and domains that the manifest names";

#[tokio::test]
async fn whoever_may_only_see_the_wanted_namespaces_is_told_what_was_not_searched() {
    let namespaces = ["forecasting-production", VISION];
    let cluster = Cluster::start_with("", &[issuer_rule(), rule(&["list", "patch"], &namespaces)]).await;
    let plan = Run::of(&cluster).plan().await.expect("a plan");
    let [unsearched] = plan.unsearched.as_slice() else { panic!("{plan:?}") };
    assert!(unsearched.place.ends_with(NOT_NAMED), "{unsearched:?}");
    assert!(unsearched.reason.contains("by a ClusterRole and a ClusterRoleBinding"), "{unsearched:?}");
    assert!(Run::of(&cluster).apply().await.is_success());
    assert_eq!(cluster.annotations(VISION).await, json!({ KEY: "client-1" }));
    revokes_what_the_manifest_names(&cluster).await;
}

/// Nothing is wanted any more, and what the manifest names goes all the same. What else may be there is told.
async fn revokes_what_the_manifest_names(cluster: &Cluster) {
    let plan = Run::of(cluster).engine_of_revoke().plan(&Silent).await.expect("a plan");
    assert!(plan.changes.len() == 2 && plan.unsearched.len() == 1, "{plan:?}");
    assert!(Run::of(cluster).revoke().await.is_success());
    assert_eq!(cluster.annotations(VISION).await, json!({}));
}

/// Names are all that a rule for `get` can be narrowed to.
#[tokio::test]
async fn whoever_may_list_nothing_reads_what_the_manifest_names() {
    let by_name = rule(&["get", "patch"], &["forecasting-production", VISION]);
    let cluster = Cluster::start_with("", &[issuer_rule(), by_name]).await;
    assert!(Run::of(&cluster).apply().await.is_success());
    let plan = Run::of(&cluster).plan().await.expect("a plan");
    let [unsearched] = plan.unsearched.as_slice() else { panic!("{plan:?}") };
    assert!(plan.is_empty() && unsearched.place.ends_with(NOT_NAMED));
    revokes_what_the_manifest_names(&cluster).await;
    // Of a namespace that the manifest doesn't name, nobody says which accounts there are.
    let (kind, said) = refusal(Run::of_nothing(&cluster).engine().plan(&Silent).await);
    assert!(kind == ErrorKind::AccessDenied && said.contains("CLOUDGRANT_PLATFORM__DELIVERY=handoff"), "{said}");
}

/// Where nothing may be listed, the accounts of all projects and domains are read: of those that may not be read, an annotation of a grant
/// that was taken out may stay.
#[tokio::test]
async fn each_namespace_that_may_not_be_read_is_told() {
    const OTHERS: [&str; 5] = ["a", "b", "c", "d", "vision"];
    let by_name = rule(&["get", "patch"], &["forecasting-production"]);
    let cluster = Cluster::start_with("", &[issuer_rule(), by_name]).await;
    for (listed, told) in [
        (&OTHERS[4..], ", in the namespace vision-production"),
        (&OTHERS, ", in the namespaces a-production, b-production, c-production and 2 more"),
        (&[], ""),
    ] {
        let run = Run { projects: &["forecasting"], listed, ..Run::of(&cluster) };
        let plan = run.plan().await.expect("a plan");
        let places: Vec<_> = plan.unsearched.iter().map(|one| one.place.as_str()).collect();
        let has = |end: &str| places.iter().filter(|place| place.ends_with(end)).count();
        let more = usize::from(!told.is_empty());
        assert_eq!((places.len(), has(told), has(NOT_NAMED)), (1 + more, 1, 1), "{places:?}");
        let reason = &plan.unsearched[0].reason;
        assert!(reason.contains("verbs: [get]") != told.is_empty(), "{reason}");
        assert_eq!(reason.contains("in the namespace vision-production"), listed.len() == 1, "{reason}");
    }
}

//! What planning a large manifest holds in memory: so much for each grant, however many there are.
//!
//! Counted is what reading the manifest, connecting and planning ask for; the sandbox is on threads of its own and isn't
//! counted. The same in every run and on every machine, other than time. What several threads would do side by side, the
//! counted one does alone: the counter sees no other.

use std::fmt::Write as _;

use allocation_counter::{AllocationInfo, measure};
use cloudgrant_core::Silent;
use cloudgrant_robustness::Cloud;
use cloudgrant_robustness::aws::Aws;
use cloudgrant_robustness::azure::Azure;
use cloudgrant_robustness::world::{World, settings};
use rayon::ThreadPoolBuilder;
use tokio::runtime::{Builder, Runtime};

const DOMAINS: usize = 4;
/// Grants to each pair of a project and a domain.
const EACH: usize = 25;

const FEW: usize = 1_000;
const MANY: usize = 4 * FEW;

/// What each grant may take, in bytes: 300 MB for 100,000 of them.
const SHARE: u64 = 3_000;

/// Only what Azure can express: projects are AWS's alone. Azure takes 4,000 role assignments in a subscription, and so
/// doesn't get more resources with more grants.
fn manifest(grants: usize, cloud: &str, section: &str, locator: impl Fn(usize) -> String) -> String {
    let names = |letter: char, count: usize| -> String {
        (0..count).map(|at| format!("{letter}{at:04}")).collect::<Vec<_>>().join(", ")
    };
    let projects = if cloud == "aws" { grants / EACH / DOMAINS } else { 1 };
    let domains = if cloud == "aws" { DOMAINS } else { 20 };
    let resources = if cloud == "aws" { grants / 5 } else { 150 };
    let mut text = format!(
        "version: 1\nstack: large\nprovider: {cloud}\nplatform:\n  kind: flyte\n  organization: acme\n  \
         projects: [{}]\n  domains: [{}]\n{cloud}: {section}\nresources:\n",
        names('p', projects),
        names('d', domains),
    );
    for at in 0..resources {
        writeln!(text, "  r{at:06}: {{ {cloud}: \"{}\" }}", locator(at)).expect("text");
    }
    text.push_str("grants:\n");
    for at in 0..grants {
        let domain = at % domains;
        let scope = if cloud == "aws" {
            format!("{{project: p{:04}, domain: d{domain:04}}}", at / DOMAINS % projects)
        } else {
            format!("{{domain: d{domain:04}}}")
        };
        let resource = (at / domains + at / (EACH * DOMAINS)) % resources;
        writeln!(text, "- {{name: g{at:06}, scope: {scope}, access: {{r{resource:06}: read}}}}").expect("text");
    }
    text
}

fn planned(cloud: &'static dyn Cloud, around: &Runtime, manifest: &str, quotas: &str) -> AllocationInfo {
    let world = around.block_on(async {
        let world = World::start_for(cloud, manifest).await;
        world.turn(quotas).await;
        world
    });
    let own = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let plan = || {
        own.block_on(async {
            let session = world.session(manifest, settings(), Vec::new()).await;
            let plan = session.engine().plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"));
            assert!(plan.changes.len() > 20);
        });
    };
    // The first one sets things up that stay.
    plan();
    measure(plan)
}

fn bounded(cloud: &'static dyn Cloud, quotas: &str, manifest: impl Fn(usize) -> String) {
    let alone = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().expect("this thread as a pool");
    assert_eq!(alone.current_thread_index(), Some(0));
    let around = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let [few, many] = [FEW, MANY].map(|grants| planned(cloud, &around, &manifest(grants), quotas));
    let more = (many.bytes_max - few.bytes_max) / (MANY - FEW) as u64;
    cloudgrant_robustness::output::say(&format!(
        "{}: {FEW} grants {} kB at the peak, {MANY} grants {} kB: {more} bytes for each more; {} allocations for each",
        cloud.id(),
        few.bytes_max / 1_000,
        many.bytes_max / 1_000,
        (many.count_total - few.count_total) / (MANY - FEW) as u64,
    ));
    assert!(more < SHARE, "{more} bytes for each grant");
    let ratio = |few: u64, many: u64| many as f64 / few as f64;
    let (bytes, count) = (ratio(few.bytes_total, many.bytes_total), ratio(few.count_total, many.count_total));
    assert!(bytes < 4.8 && count < 4.5, "four times as many grants: {bytes:.2} times the bytes, {count:.2} the calls");
}

#[test]
fn aws_plans_a_large_manifest_in_bounded_memory() {
    let section = "{ region: us-west-2, account: \"111122223333\", task_role: flyte-task, \
                   cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE } }";
    let quotas = "quota.PoliciesQuota=1000000,quota.RolesQuota=1000000,quota.AttachedPoliciesPerRoleQuota=1000000,\
                  quota.AssumeRolePolicySizeQuota=1000000";
    bounded(&Aws, quotas, |grants| manifest(grants, "aws", section, |at| format!("s3://acme-data-{at:04}/in/")));
}

#[test]
fn azure_plans_a_large_manifest_in_bounded_memory() {
    let section = "{ tenant: 00000000-0000-0000-0000-00000000000a, \
                   subscription: 00000000-0000-0000-0000-00000000000b, resource_group: acme-dataplane, \
                   task_identity: flyte-tasks, cluster: { oidc_issuer: \"https://oidc.example/acme/\" } }";
    bounded(&Azure, "quota.RoleAssignmentsPerSubscription=1000000", |grants| {
        manifest(grants, "azure", section, |at| {
            format!("https://acmedata{:04}.blob.core.windows.net/c{at:05}", at / 50)
        })
    });
}

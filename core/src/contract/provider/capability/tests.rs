//! What is allowed, what is refused, and in which words.

use std::sync::Arc;

use crate::vocabulary::intent::{Reach, RegistryAccess, TaskAccess};
use crate::vocabulary::locator::Locator;
use crate::vocabulary::names::{Domain, GrantName, Project, RegistryName, ResourceName};
use crate::vocabulary::note::Level;
use crate::vocabulary::principal::Naming;
use crate::vocabulary::resource::KindWords;
use crate::vocabulary::scope::Scope;

use super::*;

const DOMAIN_ONLY: Capabilities = Capabilities::none()
    .scopes(&[ScopeKind::Global, ScopeKind::Domain], "identities are bound per domain")
    .kinds(&[
        RegisteredKind::new(ResourceKind::SECRET, &[Access::Read]),
        RegisteredKind::new(ResourceKind::REGISTRY, &[Access::Pull, Access::Push]),
    ])
    .registry(&[Access::Pull]);

/// Two projects in two domains, each pair in a namespace of its own.
fn tenancy() -> Tenancy {
    named("{project}-{domain}", "default")
}

fn named(namespace: &str, account: &str) -> Tenancy {
    Tenancy {
        workloads: None,
        kind: "union".to_owned(),
        organization: String::new(),
        projects: ["forecasting", "vision"].map(|name| Project::parse(name).expect("project")).to_vec(),
        domains: ["development", "production"].map(|name| Domain::parse(name).expect("domain")).to_vec(),
        naming: Naming::new(namespace, account).expect("templates"),
    }
}

fn pair() -> Scope {
    Scope::ProjectDomain {
        project: Project::parse("vision").expect("project"),
        domain: Domain::parse("production").expect("domain"),
    }
}

fn reach(kind: ResourceKind, access: Access) -> Reach {
    let name = ResourceName::parse("thing").expect("name");
    Reach { resource: Arc::new(Resource { name, kind, locator: Locator::new("the-thing", ()), force: false }), access }
}

fn grant(scope: Scope, kind: ResourceKind, access: Access) -> TaskAccess {
    let name = GrantName::parse("grant").expect("name");
    TaskAccess {
        name,
        scope,
        reaches: vec![reach(kind, access)],
        precise: false,
        carried_by: [].into(),
        beside_revoked: [].into(),
    }
}

fn refusal(capabilities: Capabilities, request: impl Intent) -> (String, String, String) {
    let refusals = capabilities.check("azure", "grants[2]", &tenancy(), request).map(drop).expect_err("refused");
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    let Diagnostic { path, message, hint, .. } = refusals[0].clone();
    (path, message, hint.expect("a hint"))
}

#[test]
fn what_is_declared_passes_unchanged() {
    let request = grant(Scope::Global, ResourceKind::SECRET, Access::Read);
    assert_eq!(*DOMAIN_ONLY.check("azure", "grants[2]", &tenancy(), request.clone()).expect("declared"), request);
}

#[test]
fn a_narrow_scope_is_refused_with_the_nearest_that_works_and_what_it_reaches() {
    let (path, message, hint) = refusal(DOMAIN_ONLY, grant(pair(), ResourceKind::SECRET, Access::Read));
    assert_eq!(path, "grants[2].scope");
    assert_eq!(message, "azure can't bind project vision in domain production: identities are bound per domain");
    assert_eq!(
        hint,
        "supported: global, domain; `scope: { domain: production }` works, and reaches every project in production"
    );
}

#[test]
fn without_a_domain_to_fall_back_on_global_is_the_nearest() {
    let global_only = DOMAIN_ONLY.scopes(&[ScopeKind::Global], "there is one identity");
    let (_, _, hint) = refusal(global_only, grant(pair(), ResourceKind::SECRET, Access::Read));
    assert_eq!(hint, "supported: global; `scope: global` works, and reaches all task code");
}

#[test]
fn where_only_narrower_scopes_work_nobody_says_that_none_does() {
    let narrow_only = DOMAIN_ONLY.scopes(&[ScopeKind::ProjectDomain], "identities are bound per namespace");
    let (_, _, hint) = refusal(narrow_only, grant(Scope::Global, ResourceKind::SECRET, Access::Read));
    assert_eq!(hint, "supported: project-domain; none of these is wider, so name each scope that is meant");
    const NO_SCOPE: Capabilities =
        Capabilities::none().kinds(&[RegisteredKind::new(ResourceKind::SECRET, &[Access::Read])]);
    let (_, message, hint) = refusal(NO_SCOPE, grant(Scope::Global, ResourceKind::SECRET, Access::Read));
    assert_eq!((message.as_str(), hint.as_str()), ("azure can't bind global", "this provider binds no scope at all"));
}

/// What the cloud could bind, the platform may not tell apart; and what the cloud can't, it can't on any platform.
#[test]
fn requirement_21_a_scope_that_shares_a_service_account_is_refused_with_the_nearest_that_works() {
    const ALL: Capabilities = DOMAIN_ONLY.scopes(&ScopeKind::ALL, "");
    let domain = || Scope::Domain { domain: Domain::parse("production").expect("domain") };
    let refused = |capabilities: Capabilities, tenancy: &Tenancy, scope: Scope| {
        let request = grant(scope, ResourceKind::SECRET, Access::Read);
        let refusals = capabilities.check("aws", "grants[2]", tenancy, request).err()?;
        let [Diagnostic { path, message, hint, .. }] = refusals.as_slice() else { panic!("{refusals:?}") };
        assert_eq!(path, "grants[2].scope");
        Some((message.clone(), hint.clone().expect("a hint")))
    };
    let of_domain = named("{domain}", "default");
    let (message, hint) = refused(ALL, &of_domain, pair()).expect("refused");
    assert_eq!(
        message,
        "project vision in domain production can't be bound: its task code runs as system:serviceaccount:production:default, and so \
         does that of forecasting-production"
    );
    assert_eq!(
        hint,
        "supported: global, domain; `scope: { domain: production }` works, and reaches every project in production"
    );
    assert_eq!(refused(ALL, &of_domain, domain()), None);
    assert_eq!(refused(ALL, &named("flyte", "{project}-{domain}"), pair()), None);

    let of_all = named("union", "union");
    for scope in [pair(), domain()] {
        let (message, hint) = refused(ALL, &of_all, scope).expect("refused");
        assert!(message.contains("runs as system:serviceaccount:union:union, and so does that of "), "{message}");
        assert_eq!(hint, "supported: global; `scope: global` works, and reaches all task code");
    }
    assert_eq!(refused(ALL, &of_all, Scope::Global), None);

    let (message, hint) = refused(DOMAIN_ONLY, &of_all, pair()).expect("refused");
    assert!(message.ends_with("identities are bound per domain"), "the cloud's own reason comes first: {message}");
    assert_eq!(hint, "supported: global; `scope: global` works, and reaches all task code");
    assert_eq!(ALL.bound_kinds(&of_domain), [ScopeKind::Global, ScopeKind::Domain]);
}

#[test]
fn levels_and_kinds_are_refused_with_what_is_supported() {
    let (path, message, hint) = refusal(DOMAIN_ONLY, grant(Scope::Global, ResourceKind::SECRET, Access::Write));
    assert_eq!(path, "grants[2].access.thing");
    assert_eq!(message, "azure has no access level `write` for a secret");
    assert_eq!(hint, "supported for a secret: read");
    let (_, message, hint) = refusal(DOMAIN_ONLY, grant(Scope::Global, ResourceKind::OBJECT_STORE, Access::Read));
    assert_eq!(message, "azure can't give task code an object store: the-thing");
    assert_eq!(hint, "supported: secret, registry");
}

#[test]
fn registries_have_levels_of_their_own() {
    let request = |access| RegistryAccess {
        name: RegistryName::parse("images").expect("name"),
        reach: [reach(ResourceKind::REGISTRY, access)],
    };
    assert!(DOMAIN_ONLY.check("azure", "registries[0]", &tenancy(), request(Access::Pull)).is_ok());
    let (path, _, hint) = refusal(DOMAIN_ONLY, request(Access::Push));
    assert_eq!(path, "grants[2].access");
    assert!(hint.starts_with("supported for a registry: pull; to give task code more"), "{hint}");
}

#[test]
fn every_refusal_is_given_at_once() {
    let mut request = grant(pair(), ResourceKind::SECRET, Access::Write);
    request.reaches.push(reach(ResourceKind::OBJECT_STORE, Access::Read));
    let refusals = DOMAIN_ONLY.check("azure", "grants[2]", &tenancy(), request).map(drop).expect_err("refused");
    assert_eq!(refusals.len(), 3);
}

#[test]
fn nothing_is_allowed_unless_it_is_declared() {
    for kind in ScopeKind::ALL {
        assert!(!Capabilities::none().allows_scope(kind));
    }
    assert!(Capabilities::none().registered_kinds().is_empty());
    assert!(Capabilities::none().registry_levels().is_empty());
}

/// Writing reads as well and can be told not to; listing is less than it says and can't.
const NEARLY: Capabilities = Capabilities::none()
    .scopes(&[ScopeKind::Global], "")
    .kinds(&[
        RegisteredKind::new(ResourceKind::OBJECT_STORE, &[Access::List, Access::Read, Access::Write]),
        RegisteredKind::new(ResourceKind::REGISTRY, &[Access::Pull]),
    ])
    .registry(&[Access::Pull])
    .inexact(&[
        Inexact {
            kind: ResourceKind::OBJECT_STORE,
            access: Access::Write,
            gains: "reads and deletes objects",
            loses: "",
            precisely: true,
        },
        Inexact {
            kind: ResourceKind::OBJECT_STORE,
            access: Access::List,
            gains: "",
            loses: "show names that begin with a dot",
            precisely: false,
        },
        Inexact {
            kind: ResourceKind::REGISTRY,
            access: Access::Pull,
            gains: "reads every repository of the registry",
            loses: "show tags",
            precisely: true,
        },
    ]);

fn notes(request: impl Intent) -> Vec<(Level, String)> {
    let checked = NEARLY.check("azure", "grants[2]", &tenancy(), request).expect("declared");
    checked.notes(|_, _| false).map(|note| (note.level, format!("{}: {}", note.about, note.message))).collect()
}

#[test]
fn an_inexact_level_is_told_of_with_the_way_out() {
    let mut request = grant(Scope::Global, ResourceKind::OBJECT_STORE, Access::Write);
    let told = "grant grant: on azure, `write` on `thing` also reads and deletes objects; \
                `precise: true` gives exactly `write`";
    assert_eq!(notes(request.clone()), [(Level::Warning, told.to_owned())]);
    request.precise = true;
    assert_eq!(notes(request), [], "precise means exactly the level");
    assert_eq!(notes(grant(Scope::Global, ResourceKind::OBJECT_STORE, Access::Read)), [], "exact anyway");
}

#[test]
fn what_a_level_lacks_is_told_of_as_well() {
    let told = "grant grant: on azure, `list` on `thing` does not show names that begin with a dot";
    let request = grant(Scope::Global, ResourceKind::OBJECT_STORE, Access::List);
    assert_eq!(notes(request), [(Level::Info, told.to_owned())], "there is no way out to name");
}

#[test]
fn a_registry_can_not_be_precise_and_says_nothing_of_it() {
    let name = RegistryName::parse("images").expect("name");
    let request = RegistryAccess { name, reach: [reach(ResourceKind::REGISTRY, Access::Pull)] };
    let told = "registry images: on azure, `pull` on `thing` also reads every repository of the registry, \
                but does not show tags";
    assert_eq!(notes(request), [(Level::Warning, told.to_owned())]);
}

#[test]
fn precise_is_refused_where_nothing_is_precise() {
    let mut request = grant(Scope::Global, ResourceKind::OBJECT_STORE, Access::List);
    request.precise = true;
    request.reaches.push(reach(ResourceKind::OBJECT_STORE, Access::Write));
    let (path, message, hint) = refusal(NEARLY, request);
    assert_eq!(path, "grants[2].precise");
    assert_eq!(
        message,
        "azure can't give `list` on an object store precisely: on `thing` it does not show names that begin with a dot"
    );
    assert!(hint.starts_with("leave `precise` out"), "{hint}");
}

#[test]
fn what_the_manifest_says_itself_of_a_level_is_not_told_otherwise() {
    let checked =
        NEARLY.check("azure", "grants[2]", &tenancy(), grant(Scope::Global, ResourceKind::OBJECT_STORE, Access::Write));
    let checked = checked.expect("declared");
    let told = |settled: Access| {
        checked.notes(|resource, access| resource.name.as_str() == "thing" && access == settled).count()
    };
    assert_eq!((told(Access::Write), told(Access::Read)), (0, 1));
}

#[test]
fn a_level_may_be_exact_on_some_resources() {
    let of_a_folder = |resource: &Resource, access| access == Access::Write && resource.locator.ends_with('/');
    let capabilities = NEARLY.exact_where(of_a_folder);
    let mut request = grant(Scope::Global, ResourceKind::OBJECT_STORE, Access::Write);
    let told = |request: TaskAccess| {
        capabilities.check("azure", "grants[2]", &tenancy(), request).expect("declared").notes(|_, _| false).count()
    };
    assert_eq!(told(request.clone()), 1);
    Arc::make_mut(&mut request.reaches[0].resource).locator = Locator::new("the-thing/", ());
    assert_eq!(told(request), 0);
    assert!(capabilities.inexact_level(ResourceKind::OBJECT_STORE, Access::Write).is_some(), "the table stays whole");
}

#[test]
fn what_is_refused_is_not_told_of() {
    assert!(NEARLY.inexact_level(ResourceKind::OBJECT_STORE, Access::Read).is_none());
    assert!(Capabilities::none().inexact_levels().is_empty());
    let (path, _, _) = refusal(NEARLY, grant(pair(), ResourceKind::OBJECT_STORE, Access::Write));
    assert_eq!(path, "grants[2].scope");
}

const TOPIC: ResourceKind = ResourceKind::new(&KindWords { id: "topic", noun: "topic", with_article: "a topic" });

/// A kind that core has never heard of is checked as any other.
#[test]
fn a_kind_of_a_provider_s_own_is_granted_at_its_levels_and_at_no_other() {
    const OWN: Capabilities =
        Capabilities::none()
            .scopes(&ScopeKind::ALL, "")
            .kinds(&[RegisteredKind::new(TOPIC, &[Access::Write]).located_by(&["topic://NAME"])]);
    assert!(OWN.check("gcp", "grants[0]", &tenancy(), grant(Scope::Global, TOPIC, Access::Write)).is_ok());
    let (path, message, hint) = refusal(OWN, grant(Scope::Global, TOPIC, Access::ReadWrite));
    assert_eq!(
        (path.as_str(), message.as_str()),
        ("grants[2].access.thing", "azure has no access level `read-write` for a topic")
    );
    assert_eq!(hint, "supported for a topic: write");
    let (_, message, hint) = refusal(OWN, grant(Scope::Global, ResourceKind::SECRET, Access::Read));
    assert!(message.contains("can't give task code a secret") && hint == "supported: topic", "{message}: {hint}");
    assert_eq!(OWN.locators().collect::<Vec<_>>(), ["topic://NAME"]);
}

/// Another program's words for the same id are the same kind: who registers it says that it is the same thing.
#[test]
fn kinds_are_told_apart_by_their_ids() {
    let other = ResourceKind::new(&KindWords { id: "topic", noun: "subject", with_article: "a subject" });
    assert_eq!((TOPIC, TOPIC.cmp(&other)), (other, std::cmp::Ordering::Equal));
    assert_ne!(TOPIC, ResourceKind::OTHER);
    assert_eq!(serde_json::to_value(TOPIC).expect("JSON"), "topic");
}

/// A cloud without principals for workloads gives a grant to all of them to nobody, and no node pulls for them on any cloud.
#[test]
fn what_would_reach_nobody_or_others_on_a_platform_of_workloads_is_refused() {
    let workloads = vec![crate::vocabulary::names::Workload::parse("training").expect("a workload")];
    let tenancy = Tenancy { kind: "computes".to_owned(), workloads: Some(workloads), ..tenancy() };
    let global = grant(Scope::Global, ResourceKind::SECRET, Access::Read);
    let refusals = DOMAIN_ONLY.check("azure", "grants[2]", &tenancy, global.clone()).map(drop).expect_err("refused");
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert!(refusals[0].message.contains("it would reach nobody") && refusals[0].path == "grants[2].scope");
    const WITH_WORKLOADS: Capabilities =
        Capabilities { scopes: &[ScopeKind::Global, ScopeKind::Workload], ..DOMAIN_ONLY };
    assert!(WITH_WORKLOADS.check("azure", "grants[2]", &tenancy, global).is_ok());
    let registry = RegistryAccess {
        name: RegistryName::parse("base").expect("name"),
        reach: [reach(ResourceKind::REGISTRY, Access::Pull)],
    };
    let refusals = WITH_WORKLOADS.check("azure", "registries[0]", &tenancy, registry).map(drop).expect_err("refused");
    assert!(refusals[0].message.contains("no nodes that pull for its workloads"), "{refusals:?}");
}

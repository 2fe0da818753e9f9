//! Scopes: containment, and that they add up.

use std::collections::BTreeSet;
use std::path::Path;

use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Connect, Domain, Intent, Naming, Pair, Project, Registration, Scope, Tenancy};
use proptest::prelude::*;
use serde_json::json;

use crate::fake::Fake;

const PROJECTS: [&str; 3] = ["forecasting", "vision", "a-b"];
const DOMAINS: [&str; 3] = ["development", "staging", "b-c"];

fn platform() -> Tenancy {
    Tenancy {
        workloads: None,
        kind: "flyte".to_owned(),
        organization: String::new(),
        projects: PROJECTS.map(|name| Project::parse(name).expect("project")).to_vec(),
        domains: DOMAINS.map(|name| Domain::parse(name).expect("domain")).to_vec(),
        naming: Naming::default(),
    }
}

fn scope() -> impl Strategy<Value = Scope> {
    let project = prop::sample::select(PROJECTS.to_vec()).prop_map(|name| Project::parse(name).expect("project"));
    let domain = prop::sample::select(DOMAINS.to_vec()).prop_map(|name| Domain::parse(name).expect("domain"));
    prop_oneof![
        1 => Just(Scope::Global),
        3 => domain.clone().prop_map(|domain| Scope::Domain { domain }),
        6 => (project, domain).prop_map(|(project, domain)| Scope::ProjectDomain { project, domain }),
    ]
}

fn label() -> impl Strategy<Value = String> + Clone {
    "[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?"
}

fn any_scope() -> impl Strategy<Value = Scope> {
    let project = label().prop_map(|name| Project::parse(name).expect("project"));
    let domain = label()
        .prop_filter("the manifest refuses it", |name| name != "global")
        .prop_map(|name| Domain::parse(name).expect("domain"))
        .boxed();
    prop_oneof![
        Just(Scope::Global),
        domain.clone().prop_map(|domain| Scope::Domain { domain }),
        (project, domain).prop_map(|(project, domain)| Scope::ProjectDomain { project, domain }),
    ]
}

fn pairs(scope: &Scope) -> BTreeSet<Pair> {
    platform().pairs(scope).into_iter().collect()
}

proptest! {
    #[test]
    fn containment_is_an_order(a in scope(), b in scope(), c in scope()) {
        prop_assert!(a.contains(&a));
        prop_assert!(!(a.contains(&b) && b.contains(&c)) || a.contains(&c));
        prop_assert!(!(a.contains(&b) && b.contains(&a)) || a == b);
    }

    #[test]
    fn containment_is_that_of_the_pairs(a in scope(), b in scope()) {
        prop_assert_eq!(a.contains(&b), pairs(&b).is_subset(&pairs(&a)));
    }

    #[test]
    fn two_scopes_either_nest_or_share_nothing(a in scope(), b in scope()) {
        let shared = pairs(&a).intersection(&pairs(&b)).count();
        prop_assert_eq!(shared > 0, a.contains(&b) || b.contains(&a));
    }

    #[test]
    fn a_wider_scope_sorts_first(a in scope(), b in scope()) {
        prop_assert!(!(a.contains(&b) && a != b) || a.kind() < b.kind());
    }

    #[test]
    fn no_two_scopes_share_a_slug(a in any_scope(), b in any_scope()) {
        prop_assert_eq!(a.slug() == b.slug(), a == b);
    }

    #[test]
    fn scopes_survive_being_written(scope in any_scope()) {
        let text = serde_json::to_string(&scope).expect("written");
        prop_assert_eq!(serde_json::from_str::<Scope>(&text).expect("read"), scope);
    }

    #[test]
    fn subjects_are_those_of_the_pairs(scope in scope()) {
        let platform = platform();
        for (pair, subject) in platform.subjects(&scope) {
            prop_assert!(scope.contains(&Scope::of_pair(&pair)));
            prop_assert_eq!(subject.namespace(), format!("{}-{}", pair.project, pair.domain));
        }
    }

    #[test]
    fn scopes_add_up(scopes in prop::collection::vec(scope(), 1..8)) {
        let grants: Vec<_> = scopes
            .iter()
            .enumerate()
            .map(|(at, scope)| json!({ "name": format!("g{at}"), "scope": scope, "access": { "data": "read" } }))
            .collect();
        let manifest = json!({
            "version": 1, "stack": "acme", "provider": "fake", "grants": grants,
            "platform": { "kind": "flyte", "projects": PROJECTS, "domains": DOMAINS, "namespace": "{domain}-x-{project}" },
            "resources": { "data": { "fake": "store://data" } },
        });
        let loaded = Loaded::from_text(&manifest.to_string(), Path::new("m.json"), &Overrides::default()).expect("read");
        let registration = Registration::of::<Fake>();
        assert_eq!(registration.id, Fake::ID);
        let (intents, problems) = cloudgrant_core::intents(&loaded.manifest, &registration);
        prop_assert!(problems.is_empty(), "{:?}", problems);

        // Each scope that a grant names is bound, once.
        let bound: BTreeSet<_> = intents.bindings.iter().map(|binding| binding.scope.clone()).collect();
        prop_assert_eq!(&bound, &scopes.iter().cloned().collect());
        prop_assert_eq!(intents.bindings.len(), bound.len());
        for binding in &intents.bindings {
            // Its principal carries exactly the grants of the scopes that contain it, ...
            let carried: BTreeSet<_> = binding.grants.iter().map(|grant| grant.name.clone()).collect();
            let wanted: BTreeSet<_> = intents.grants.iter().filter(|grant| grant.scope.contains(&binding.scope)).map(|grant| grant.name.clone()).collect();
            prop_assert_eq!(&carried, &wanted);
            prop_assert_eq!(binding.grants.len(), carried.len());
            // ... which know it, ...
            for grant in &intents.grants {
                prop_assert_eq!(grant.carried_by.contains(&binding.scope), carried.contains(&grant.name), "{}", grant.id());
            }
            // ... and the pairs that a narrower principal serves are known.
            for (pair, _) in &binding.subjects {
                let narrower = bound.iter().any(|scope| *scope != binding.scope && binding.scope.contains(scope) && scope.contains(&Scope::of_pair(pair)));
                prop_assert_eq!(binding.served_elsewhere.contains(pair), narrower, "{} in {}", pair, binding.scope);
            }
        }
    }
}

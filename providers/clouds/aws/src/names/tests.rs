use cloudgrant_core::{Domain, Project};
use proptest::prelude::*;

use super::*;

fn at(account: &str, issuer: Option<&str>) -> Names {
    let account = AccountId::parse(account).expect("account");
    Names::new(Stack::parse("acme-ml").expect("stack"), "aws", account, issuer)
}

fn names() -> Names {
    at("111122223333", None)
}

#[test]
fn homes_of_one_stack_stay_apart() {
    let homes = [names(), at("111122223333", Some("a.example/id")), at("111122223333", Some("b.example/id"))];
    for (here, there) in homes.iter().flat_map(|here| homes.iter().map(move |there| (here, there))) {
        let same = here.home() == there.home();
        assert_eq!(here.role(&Scope::Global) == there.role(&Scope::Global), same);
        assert_eq!(here.policy(&Scope::Global, 0) == there.policy(&Scope::Global, 0), same);
        assert_eq!(here.is_policy_of_ours(&there.policy_arn("x")), same);
        assert_eq!(here.is_path_of_another_home(&there.path()), !same);
    }
    // In a shared document, accounts are told apart too.
    // A stack whose name begins alike is another stack, not another home.
    assert!(!names().is_path_of_another_home("/cloudgrant/acme-ml2/"));
    assert!(!names().is_path_of_another_home("/cloudgrant/acme/"));
}

#[test]
fn a_path_says_whose_it_is() {
    for (issuer, names) in [(None, names()), (Some("a.example/id"), at("111122223333", Some("a.example/id")))] {
        let (stack, digits) = slug_of(&names.path()).expect("a stack's path");
        assert_eq!((stack.as_str(), digits), ("acme-ml", issuer.map(digest)));
    }
    for other in ["/", "/cloudgrant/", "/cloudgrant/Acme/", "/cloudgrant/a/b/", "/cloudgrant/a.b/", "/x/cloudgrant/a/"]
    {
        assert_eq!(slug_of(other), None, "{other}");
    }
}

#[test]
fn names_fit_iam_and_stay_apart() {
    let scope = |project: &str| Scope::ProjectDomain {
        project: Project::parse(project).expect("project"),
        domain: Domain::parse("production").expect("domain"),
    };
    let names = names();
    assert_eq!(names.role(&scope("forecasting")), "cloudgrant_acme-ml_forecasting_production");
    let (a, b) =
        (names.role(&scope(&format!("{}a", "x".repeat(62)))), names.role(&scope(&format!("{}b", "x".repeat(62)))));
    assert!(a.len() == LONGEST_ROLE && b.len() == LONGEST_ROLE && a != b, "{a} {b}");
    assert_eq!(names.policy(&Scope::Global, 1), "cloudgrant_acme-ml_global+2");
}

#[test]
fn a_role_carries_the_policies_of_its_own_scope_and_of_wider_ones() {
    let names = names();
    let domain = |domain: &str| Scope::Domain { domain: Domain::parse(domain).expect("a domain") };
    let pair = |project: &str, domain: &str| Scope::ProjectDomain {
        project: Project::parse(project).expect("a project"),
        domain: Domain::parse(domain).expect("a domain"),
    };
    let long = "x".repeat(60);
    let scopes = [
        Scope::Global,
        domain("production"),
        domain("global"),
        domain("2"),
        pair("vision", "production"),
        pair("global", "production"),
        pair("vision", "global"),
        pair("vision", "2"),
        pair("production", "2"),
    ];
    for (role, policy) in scopes.iter().flat_map(|role| scopes.iter().map(move |policy| (role, policy))) {
        let is_wider = match (role, policy) {
            (_, Scope::Global) => true,
            (Scope::ProjectDomain { domain: its, .. }, Scope::Domain { domain }) => its == domain,
            (role, policy) => role == policy,
        };
        let name = names.role(role);
        let name = (*role != Scope::Global).then_some(name.as_str());
        for index in [0, 1, 11] {
            let policy = names.policy(policy, index);
            assert_eq!(names.may_carry(name, &policy), is_wider, "{name:?} and {policy}");
            assert!(names.is_name_of_policy(&policy));
        }
        assert!(!names.may_carry(name, &names.place(&["ecr-tasks", "1"])) && !names.may_carry(name, "other"));
    }
    let role = names.role(&pair(&long, "production"));
    assert!(names.may_carry(Some(&role), &names.policy(&pair(&long, "production"), 1)));
    assert!(names.may_carry(Some(&role), &names.policy(&domain("production"), 0)));
    let shared = names.shared_policy(serde_json::from_str("{}").expect("JSON"));
    assert!(names.may_carry(None, &shared) && names.may_carry(Some(&role), &shared));
    assert!(names.is_name_of_policy(&shared) && names.is_name_of_policy(&names.place(&["x"])));
    for other in
        ["evil", "cloudgrant_acme-ml", "cloudgrant_acme-ml_", "cloudgrant_acme-ml_shared.x", "cloudgrant_acme-ml_a.b"]
    {
        assert!(!names.is_name_of_policy(other), "{other}");
    }
    assert!(
        !names.is_name_of_policy("cloudgrant_acme-ml2_production")
            && !names.is_name_of_policy("cloudgrant_acme_production")
    );
}

#[test]
fn shared_policies_are_named_after_their_documents() {
    let names = names();
    let of = |text: &str| names.shared_policy(serde_json::from_str(text).expect("JSON"));
    let name = of(r#"{"Version":"2012-10-17","Statement":[]}"#);
    assert!(name.starts_with("cloudgrant_acme-ml_shared.") && name.len() == 26 + 32, "{name}");
    assert_ne!(name, of(r#"{"Version":"2012-10-17"}"#));
    assert!(names.is_shared_policy(&names.policy_arn(&name)) && names.is_policy_of_ours(&names.policy_arn(&name)));
    // A project may be called `shared`.
    let shared = Scope::ProjectDomain {
        project: Project::parse("shared").expect("project"),
        domain: Domain::parse("production").expect("domain"),
    };
    assert!(!names.is_shared_policy(&names.policy_arn(&names.policy(&shared, 0))));
}

#[test]
fn names_that_come_near_each_other_stay_apart() {
    let names = names();
    let scope = Scope::ProjectDomain {
        project: Project::parse("production").expect("project"),
        domain: Domain::parse("2").expect("domain"),
    };
    let domain = Scope::Domain { domain: Domain::parse("production").expect("domain") };
    assert_ne!(names.policy(&domain, 1), names.policy(&scope, 0));
    let global = Scope::Domain { domain: Domain::parse("global").expect("domain") };
    assert_ne!(names.policy(&global, 0), names.policy(&Scope::Global, 0));
    assert_ne!(names.role(&global), names.role(&Scope::Global));
}

const NAME: &str = "[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?";

fn any_scope() -> impl Strategy<Value = Scope> {
    let name = || prop_oneof![NAME, Just("global".to_owned()), Just("shared".to_owned()), Just("2".to_owned())];
    let domain = |name: String| Domain::parse(name).expect("a domain");
    prop_oneof![
        Just(Scope::Global),
        name().prop_map(move |name| Scope::Domain { domain: domain(name) }),
        (name(), name()).prop_map(move |(project, name)| Scope::ProjectDomain {
            project: Project::parse(project).expect("a project"),
            domain: domain(name),
        }),
    ]
}

proptest! {
    #[test]
    fn different_things_have_different_names(
        one in (any_scope(), 0_usize..12), other in (any_scope(), 0_usize..12),
    ) {
        let names = names();
        if one != other {
            prop_assert_ne!(names.policy(&one.0, one.1), names.policy(&other.0, other.1));
        }
        if one.0 != other.0 {
            prop_assert_ne!(names.role(&one.0), names.role(&other.0));
        }
        for (scope, index) in [&one, &other] {
            prop_assert!(!names.is_shared_policy(&names.policy_arn(&names.policy(scope, *index))));
        }
    }
}

#[test]
fn roles_are_known_by_their_names_and_cut_ones_too() {
    let account = || AccountId::parse("111122223333").expect("an account");
    for stack in ["acme-ml".to_owned(), "s".repeat(32)] {
        for issuer in [None, Some("oidc.example/id/1")] {
            let names = |stack: &str| Names::new(Stack::parse(stack).expect("a stack"), "aws", account(), issuer);
            let ours = names(&stack);
            for domain in ["production".to_owned(), "d".repeat(63)] {
                let role = ours.role(&Scope::Domain { domain: Domain::parse(domain).expect("a domain") });
                assert!(ours.is_name_of_role(&role), "{role}");
            }
            let theirs = ["batch-jobs", "cloudgrant_other_production", "cloudgrant_", &"x".repeat(64)];
            assert!(theirs.into_iter().all(|name| !ours.is_name_of_role(name)));
            assert!(!ours.is_name_of_role(&format!("cloudgrant_{}_", ours.slug)));
        }
    }
}

use super::*;
use crate::vocabulary::names::Project;
use crate::vocabulary::principal::Naming;

fn platform(projects: &[&str], domains: &[&str]) -> Tenancy {
    Tenancy {
        workloads: None,
        kind: "union".to_owned(),
        organization: "acme".to_owned(),
        projects: projects.iter().map(|name| Project::parse(*name).expect("a project")).collect(),
        domains: domains.iter().map(|name| Domain::parse(*name).expect("a domain")).collect(),
        naming: Naming::default(),
    }
}

fn domain(name: &str) -> Scope {
    Scope::Domain { domain: Domain::parse(name).expect("a domain") }
}

fn pair(project: &str, domain: &str) -> Scope {
    let (project, domain) = (Project::parse(project), Domain::parse(domain));
    Scope::ProjectDomain { project: project.expect("a project"), domain: domain.expect("a domain") }
}

fn said(platform: &Tenancy, scopes: &[Scope]) -> Vec<String> {
    task_access(platform, &scopes.iter().collect()).into_iter().map(|note| note.message).collect()
}

#[test]
fn requirement_5_each_scope_says_whom_it_reaches() {
    let platform = platform(&["forecasting", "vision"], &["development", "production"]);
    let reached = |scope: &Scope| platform.audience(scope, &ScopeKind::ALL).to_string();
    assert_eq!(reached(&Scope::Global), "every task of acme, in all 2 projects and 2 domains");
    assert_eq!(
        reached(&domain("production")),
        "the tasks of all projects in domain production (2 of 4 pairs): forecasting-production, vision-production"
    );
    assert_eq!(
        reached(&pair("vision", "production")),
        "the tasks of project vision in domain production, and no others (1 of 4 pairs)"
    );
}

#[test]
fn requirement_5_each_other_choice_says_what_it_newly_reaches() {
    let platform = platform(&["a", "b", "c"], &["development", "production"]);
    let choices = |scope: &Scope, kinds: &[ScopeKind]| {
        let audience = platform.audience(scope, kinds);
        assert_eq!((audience.of, audience.recommended), (6, *scope == Scope::Global));
        audience
            .others
            .iter()
            .map(|other| (other.kind, other.pairs, other.newly, other.recommended))
            .collect::<Vec<_>>()
    };
    let (global, domains, pairs) = (ScopeKind::Global, ScopeKind::Domain, ScopeKind::ProjectDomain);
    assert_eq!(choices(&pair("a", "production"), &ScopeKind::ALL), [(global, 6, 5, true), (domains, 3, 2, false)]);
    assert_eq!(choices(&domain("production"), &ScopeKind::ALL), [(global, 6, 3, true), (pairs, 1, 0, false)]);
    // A cloud that binds no projects doesn't offer them.
    assert_eq!(choices(&Scope::Global, &[global, domains]), [(domains, 3, 0, false)]);
}

#[test]
fn requirement_5_many_scopes_are_told_in_few_notes() {
    let projects: Vec<_> = (0..20).map(|n| format!("p{n:02}")).collect();
    let projects: Vec<_> = projects.iter().map(String::as_str).collect();
    let platform = platform(&projects, &["a", "b", "c", "d", "e"]);
    let scopes: Vec<_> =
        ["a", "b", "c", "d"].map(domain).into_iter().chain(projects.iter().map(|p| pair(p, "e"))).collect();
    let said = said(&platform, &scopes);
    assert_eq!(said.len(), 2, "{said:#?}");
    assert_eq!(said[0], "4 domains reach the tasks of all projects in them (80 of 100 pairs): a, b, c, d");
    assert_eq!(
        said[1],
        "20 pairs are reached one by one (20 of 100): p00-e, p01-e, p02-e, p03-e, p04-e, p05-e, p06-e, p07-e and 12 more"
    );
}

#[test]
fn requirement_21_narrow_scopes_say_what_keeps_them_apart() {
    let mut platform = platform(&["vision"], &["production"]);
    let (domain, pair) = (domain("production"), pair("vision", "production"));
    let mut said_of = |namespace: &str, account: &str| {
        platform.naming = Naming::new(namespace, account).expect("templates");
        [&Scope::Global, &domain, &pair].map(|scope| platform.isolation(scope).map(|note| note.message))
    };
    assert_eq!(said_of("{project}-{domain}", "default"), [None, None, None], "their namespaces are their own");
    let [global, of_domain, of_pair] = said_of("{domain}", "{project}");
    assert_eq!((global, of_domain), (None, None), "a domain's namespace is its own");
    let why = of_pair.expect("projects share it");
    assert!(why.contains("`{domain}`") && why.contains("security_context.run_as.k8s_service_account"), "{why}");
    let [global, of_domain, of_pair] = said_of("flyte", "{project}-{domain}");
    assert_eq!((global, &of_domain), (None, &of_pair));
    assert!(of_domain.is_some_and(|why| why.contains("a convenience and no wall")));
}

/// However many scopes there are, it is said once; and who isn't listed is told of where they run as the same service account.
#[test]
fn requirement_21_what_is_no_wall_is_said_once_and_who_isn_t_listed_is_told() {
    let mut platform = platform(&["forecasting", "vision"], &["development", "production"]);
    let scopes = [domain("production"), pair("vision", "development"), pair("forecasting", "development")];
    let walls =
        |platform: &Tenancy| said(platform, &scopes).into_iter().filter(|message| message.contains("no wall")).count();
    let reached = |platform: &Tenancy| platform.audience(&domain("production"), &ScopeKind::ALL).to_string();
    assert_eq!((walls(&platform), reached(&platform).contains("without being listed")), (0, false));
    platform.naming = Naming::new("flyte", "{project}-{domain}").expect("templates");
    assert_eq!((walls(&platform), reached(&platform).contains("without being listed")), (1, false));
    platform.naming = Naming::new("{domain}", "default").expect("templates");
    assert!(reached(&platform).ends_with("; and whatever runs as the same service account without being listed"));
    let one = super::tests::platform(&["vision"], &["production"]);
    let one = Tenancy { naming: platform.naming, ..one };
    let of_pair = one.audience(&pair("vision", "production"), &ScopeKind::ALL).to_string();
    assert!(!of_pair.contains("no others") && of_pair.contains("without being listed"), "{of_pair}");
}

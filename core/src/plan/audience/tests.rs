use super::*;
use crate::vocabulary::names::Project;
use crate::vocabulary::principal::Naming;

fn platform(projects: &[&str], domains: &[&str]) -> Tenancy {
    Tenancy {
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
    assert_eq!(said.len(), 3, "{said:#?}");
    assert_eq!(said[0], "4 domains reach the tasks of all projects in them (80 of 100 pairs): a, b, c, d");
    assert_eq!(
        said[1],
        "20 pairs are reached one by one (20 of 100): p00-e, p01-e, p02-e, p03-e, p04-e, p05-e, p06-e, p07-e and 12 more"
    );
}

#[test]
fn requirement_21_narrow_scopes_say_what_keeps_them_apart() {
    let platform = platform(&["vision"], &["production"]);
    let narrow = platform.isolation(&domain("production")).expect("a narrow scope");
    assert!(narrow.contains("`{project}-{domain}`") && narrow.contains("low_privilege"), "{narrow}");
    assert_eq!(platform.isolation(&Scope::Global), None);
    assert_eq!(said(&platform, &[Scope::Global]).len(), 1);
    assert_eq!(said(&platform, &[domain("production"), pair("vision", "production")]).len(), 3);
}

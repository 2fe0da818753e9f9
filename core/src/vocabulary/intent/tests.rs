use super::*;
use crate::vocabulary::names::{Domain, Project};
use crate::vocabulary::principal::Naming;

fn domain() -> Domain {
    Domain::parse("production").expect("a domain")
}

fn pair(project: &str) -> Pair {
    Pair { project: Project::parse(project).expect("a project"), domain: domain() }
}

fn of_domain() -> Scope {
    Scope::Domain { domain: domain() }
}

fn of_project() -> Scope {
    let Pair { project, domain } = pair("a");
    Scope::ProjectDomain { project, domain }
}

/// The binding of a scope, some of whose projects narrower ones serve.
fn binding(scope: &Scope, projects: &[&str], elsewhere: &[&str]) -> Checked<ScopeBinding> {
    let subject = |project: &&str| (pair(project), Naming::default().subject(&pair(project)));
    let request = ScopeBinding {
        scope: scope.clone(),
        subjects: projects.iter().map(subject).collect(),
        grants: Vec::new(),
        served_elsewhere: elsewhere.iter().map(|project| pair(project)).collect(),
    };
    Checked::new(request, Vec::new())
}

/// Everybody, the domain and one project of it have principals of their own.
fn baseline() -> Intents {
    let bindings = vec![
        binding(&Scope::Global, &["a", "b"], &["a", "b"]),
        binding(&of_domain(), &["a", "b"], &["a"]),
        binding(&of_project(), &["a"], &[]),
    ];
    Intents { bindings, ..Intents::default() }
}

/// A principal that stays serves those of its scope alone whom no narrower one serves that stays, too: nobody is left without, and
/// nobody gets two.
#[test]
fn a_wider_binding_serves_those_whose_own_one_goes() {
    let (global, domain, project) = (Scope::Global, of_domain(), of_project());
    type Expected<'a> = &'a [(&'a Scope, &'a [&'a str])];
    let cases: [(&[&Scope], &[&Scope], Expected<'_>); 5] = [
        (&[&global], &[&domain], &[(&global, &["a", "b"]), (&domain, &[])]),
        (&[&global], &[&project], &[(&global, &["a"]), (&project, &[])]),
        (&[&global], &[&domain, &project], &[(&global, &["a", "b"]), (&domain, &["a"]), (&project, &[])]),
        (&[&global, &domain], &[&project], &[(&global, &["a", "b"]), (&domain, &["a"]), (&project, &[])]),
        (&[], &[&domain], &[(&domain, &[])]),
    ];
    for (kept, staying, expected) in cases {
        let baseline = baseline();
        let is_kept = |binding: &&Checked<ScopeBinding>| kept.contains(&&binding.scope);
        let bindings = baseline.bindings.iter().filter(is_kept).cloned().collect();
        let intents = Intents { bindings, ..Intents::default() };
        let scopes = staying.iter().map(|scope| (*scope).clone()).collect();
        let bound = intents.also_bound(&baseline, &scopes);
        let found: Vec<_> = bound.bindings.iter().map(|one| (&one.scope, one.served_elsewhere.clone())).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(scope, projects)| (*scope, projects.iter().map(|project| pair(project)).collect::<Vec<_>>()))
            .collect();
        assert_eq!(found, expected, "{kept:?} are kept, and {staying:?} stay");
    }
}

use serde_json::json;

use super::*;
use crate::contract::delivery::{Annotation, Identifier, Identity};
use crate::contract::provider::capability::Capabilities;
use crate::plan::tests::{bug, grant, object, production};
use crate::vocabulary::intent::Reach;
use crate::vocabulary::names::{Domain, GrantName, Project};
use crate::vocabulary::principal::Naming;
use crate::vocabulary::scope::ScopeKind;
use crate::vocabulary::tenancy::Tenancy;

/// An intent of which only its name and scope matter.
struct Asked(&'static str, Scope);

impl Intent for Asked {
    fn id(&self) -> IntentId {
        grant(self.0)
    }
    fn scope(&self) -> &Scope {
        &self.1
    }
    fn reaches(&self) -> &[Reach] {
        &[]
    }
}

/// A binding of production, whose forecasting runs under a principal of its own.
fn binding() -> Checked<ScopeBinding> {
    let pair = |project: &str| {
        let domain = Domain::parse("production").expect("domain");
        let pair = Pair { project: Project::parse(project).expect("project"), domain };
        (pair.clone(), Naming::default().subject(&pair))
    };
    let subjects = vec![pair("forecasting"), pair("vision")];
    let served_elsewhere = vec![subjects[0].0.clone()];
    let binding = ScopeBinding { scope: production(), subjects, served_elsewhere, grants: Vec::new() };
    let tenancy = Tenancy {
        workloads: None,
        kind: "fake".to_owned(),
        organization: String::new(),
        projects: binding.subjects.iter().map(|(pair, _)| pair.project.clone()).collect(),
        domains: vec![Domain::parse("production").expect("domain")],
        naming: Naming::default(),
    };
    Capabilities::none().scopes(&ScopeKind::ALL, "").check("fake", "bindings[0]", &tenancy, binding).expect("allowed")
}

fn principal(of: &ScopeBinding) -> Principal {
    let annotation = Annotation { key: "principal", value: Identifier::Known("p".to_owned()), pod_label: None };
    Principal {
        scope: of.scope.clone(),
        because: vec![of.id()],
        serves: of.serves().cloned().collect(),
        depends_on: Vec::new(),
        identity: Identity::Known { name: "p".to_owned(), annotation, issuers: Vec::new() },
    }
}

#[test]
fn a_principal_is_of_an_asked_scope_and_serves_its_own_subjects_alone() {
    let asked = [binding()];
    let right = principal(&asked[0]);
    assert_eq!(right.serves.len(), 1, "who is served elsewhere isn't served");
    check_principals("fake", &asked, std::slice::from_ref(&right)).expect("as asked");
    let check = |principal: Principal| check_principals("fake", &asked, &[principal]);
    bug(check(Principal { scope: Scope::Global, ..right.clone() }), "a principal of global, which was not asked for");
    bug(check(Principal { because: vec![grant("all")], ..right.clone() }), "exists for nothing that was asked");
    let everybody = asked[0].subjects.clone();
    bug(
        check(Principal { serves: everybody, ..right.clone() }),
        "would serve system:serviceaccount:forecasting-production",
    );
    let (pair, _) = right.serves[0].clone();
    let strange = Naming::new("{project}-{domain}", "other").expect("naming").subject(&pair);
    bug(
        check(Principal { serves: vec![(pair, strange)], ..right }),
        "would serve system:serviceaccount:vision-production:other",
    );
}

#[test]
fn an_answer_must_name_what_was_asked() {
    let asked = [Asked("other", Scope::Global)];
    let answer = Desired { objects: vec![object("role", json!(1))], ..Desired::default() };
    bug(check_answer("fake", &asked, &answer), "thing role exists for nothing that was asked");
    bug(check_answer::<Asked>("fake", [], &answer), "exists for nothing that was asked");
    assert!(check_answer("fake", &[Asked("all", Scope::Global)], &answer).is_ok());
}

#[test]
fn an_answer_must_have_the_asked_scope() {
    let asked = [Asked("all", production())];
    let answer = Desired { objects: vec![object("role", json!(1))], ..Desired::default() };
    bug(check_answer("fake", &asked, &answer), "thing role has scope `global` where `domain production` was asked");
}

#[test]
fn what_may_be_done_must_have_the_asked_scope() {
    let can = Capabilities::none().scopes(&ScopeKind::ALL, "");
    let tenancy = Tenancy {
        workloads: None,
        kind: "fake".to_owned(),
        organization: String::new(),
        projects: Vec::new(),
        domains: Vec::new(),
        naming: Naming::default(),
    };
    let request = TaskAccess {
        name: GrantName::parse("all").expect("name"),
        scope: production(),
        reaches: Vec::new(),
        precise: false,
        carried_by: [production()].into(),
        beside_revoked: [].into(),
    };
    let grants = [Arc::new(can.check("fake", "grants", &tenancy, request).expect("allowed"))];
    let given = |scope, because| {
        let mut permissions = Permissions::default();
        permissions.add(scope, vec![because], "a right");
        check_permissions("fake", &grants, &permissions)
    };
    assert!(given(production(), grant("all")).is_ok());
    bug(given(Scope::Global, grant("all")), "a permission has scope `global` where `domain production` was asked");
    bug(given(production(), grant("nobody")), "a permission exists for nothing that was asked");
    let mut permissions = Permissions::default();
    permissions.desired.objects.push(object("role", json!(1)));
    let wide = check_permissions("fake", &grants, &permissions);
    bug(wide, "thing role has scope `global` where `domain production` was asked");
}

#[test]
fn one_object_for_two_scopes_is_wider_than_one_of_them() {
    let asked = [Asked("all", Scope::Global), Asked("more", production())];
    let mut shared = object("role", json!(1));
    shared.because.push(grant("more"));
    let answer = Desired { objects: vec![shared], ..Desired::default() };
    bug(check_answer("fake", &asked, &answer), "where `domain production` was asked");
}

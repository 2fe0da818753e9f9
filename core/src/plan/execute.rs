//! The platform's half of access: who may execute (requirements 8 and 44). The cloud's half lets task code reach a resource;
//! who may start that task code is the platform's to say.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::contract::object::{Handoff, Note};
use crate::contract::platform::{Platform, PlatformKind};
use crate::vocabulary::names::Stack;
use crate::vocabulary::scope::{Pair, Scope};

/// What Union calls the permission to start an execution. Source: Union, "User management", available actions.
const UNION_EXECUTE: &str = "create_flyte_executions";

/// The platform's half of access: what it asks of whoever starts task code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Execute {
    /// Which platform.
    pub platform: PlatformKind,
    /// The action that must be allowed on the project and domain; `None` where the platform has no such permission.
    pub action: Option<&'static str>,
    /// What there is to know, in a sentence.
    pub summary: String,
    /// On which pairs.
    pub pairs: Vec<Pair>,
    /// Who gives it, and how; `None` where there is nothing to give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handoff: Option<Handoff>,
}

impl Execute {
    /// Of the task code of some scopes.
    pub fn of<'a>(platform: &Platform, stack: &Stack, scopes: impl IntoIterator<Item = &'a Scope>) -> Self {
        let scopes: BTreeSet<_> = scopes.into_iter().collect();
        // Wide scopes come first, and hold the pairs of the narrower ones.
        let mut pairs = BTreeSet::new();
        for scope in &scopes {
            if **scope == Scope::Global {
                pairs = platform.pairs(scope).into_iter().collect();
                break;
            }
            pairs.extend(platform.pairs(scope));
        }
        let pairs: Vec<_> = pairs.into_iter().collect();
        Self {
            platform: platform.kind,
            action: action(platform.kind),
            summary: summary(platform.kind),
            handoff: handoff(platform, stack, &pairs),
            pairs,
        }
    }
}

fn action(platform: PlatformKind) -> Option<&'static str> {
    match platform {
        PlatformKind::Union => Some(UNION_EXECUTE),
        PlatformKind::Flyte => None,
    }
}

fn summary(platform: PlatformKind) -> String {
    match platform {
        PlatformKind::Union => format!(
            "on Union, who starts these tasks needs `{UNION_EXECUTE}` on their project and domain, which cloudgrant neither \
             gives nor sees"
        ),
        // Source: flyteorg/flyte#5189.
        PlatformKind::Flyte => {
            "open-source Flyte has no such permission: whoever may sign in can start tasks in every project \
             and domain, and so use what these are granted"
                .to_owned()
        }
    }
}

/// The platform's half, in a note.
pub(crate) fn note(platform: &Platform) -> Note {
    let how = match platform.kind {
        PlatformKind::Union => " (`explain` has role, policy and commands)",
        PlatformKind::Flyte => "",
    };
    Note::info("execute permission", format!("{}{how}", summary(platform.kind)))
}

/// Source of the document: Union, "User management" of its current documentation (`flyte`), and of Union 1 (`uctl`).
fn handoff(platform: &Platform, stack: &Stack, pairs: &[Pair]) -> Option<Handoff> {
    if platform.kind == PlatformKind::Flyte || pairs.is_empty() {
        return None;
    }
    let organization = &platform.organization;
    let whose = if organization.is_empty() { String::new() } else { format!(" of {organization}") };
    let name = format!("{stack}-runner");
    let bindings: String = pairs.iter().map(|Pair { project, domain }| binding(&name, project, domain)).collect();
    let document = format!(
        "# role.yaml: starts what is registered, and registers nothing. The built-in policy Contributor may do both in\n\
         # every project and domain, Viewer neither.\n\
         name: {name}\n\
         actions:\n\
         - view_flyte_inventory\n\
         - view_flyte_executions\n\
         - {UNION_EXECUTE}\n\
         \n\
         # policy.yaml: take out the pairs in which they are to start nothing.\n\
         name: {name}\n\
         bindings:\n\
         {bindings}\
         \n\
         # Union 2, with flyteplugins-union installed:\n\
         flyte create role {name} --file role.yaml\n\
         flyte create policy {name} --file policy.yaml\n\
         flyte create assignment --email PERSON --policy {name}\n\
         flyte create assignment --creds-subject APPLICATION --policy {name}\n\
         \n\
         # Union 1:\n\
         uctl create role --roleFile role.yaml\n\
         uctl create policy --policyFile policy.yaml\n\
         uctl append identityassignments --user PERSON --policy {name}\n\
         uctl append identityassignments --application APPLICATION --policy {name}\n"
    );
    Some(Handoff {
        to: format!("whoever may `manage_permissions`{whose} on Union"),
        task: "let those who start these tasks execute in their projects and domains".to_owned(),
        document,
        verifiable: false,
    })
}

fn binding(role: &str, project: &impl std::fmt::Display, domain: &impl std::fmt::Display) -> String {
    format!("- role: {role}\n  resource:\n    project: {project}\n    domain: {domain}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::names::{Domain, Project};
    use crate::vocabulary::principal::Naming;

    fn platform(kind: PlatformKind) -> Platform {
        Platform {
            kind,
            organization: "acme".to_owned(),
            projects: ["forecasting", "vision"].map(|name| Project::parse(name).expect("a project")).to_vec(),
            domains: ["development", "production"].map(|name| Domain::parse(name).expect("a domain")).to_vec(),
            naming: Naming::default(),
        }
    }

    fn execute(kind: PlatformKind, scopes: &[Scope]) -> Execute {
        Execute::of(&platform(kind), &Stack::parse("acme-ml").expect("a stack"), scopes)
    }

    fn production() -> Domain {
        Domain::parse("production").expect("a domain")
    }

    #[test]
    fn requirements_8_and_44_union_is_asked_for_execute_on_exactly_the_granted_pairs() {
        let vision =
            Scope::ProjectDomain { project: Project::parse("vision").expect("a project"), domain: production() };
        let named = |scopes: &[Scope]| {
            let pairs = execute(PlatformKind::Union, scopes).pairs;
            pairs.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(named(std::slice::from_ref(&vision)), ["vision-production"]);
        let domain = Scope::Domain { domain: production() };
        assert_eq!(named(&[vision.clone(), domain.clone()]), ["forecasting-production", "vision-production"]);
        assert_eq!(named(&[domain, Scope::Global]).len(), 4);
        let half = execute(PlatformKind::Union, &[vision]);
        assert_eq!(half.action, Some("create_flyte_executions"));
        let document = half.handoff.expect("a handoff").document;
        let policy = "bindings:\n- role: acme-ml-runner\n  resource:\n    project: vision\n    domain: production\n\n";
        assert!(document.contains(policy), "{document}");
        assert!(!document.contains("forecasting") && !document.contains("development"), "{document}");
        for command in ["flyte create policy acme-ml-runner --file policy.yaml", "uctl create policy --policyFile"] {
            assert!(document.contains(command), "{document}");
        }
    }

    #[test]
    fn requirements_8_and_44_flyte_has_no_such_permission_and_that_is_said() {
        let half = execute(PlatformKind::Flyte, &[Scope::Global]);
        assert_eq!((half.action, half.handoff), (None, None));
        assert!(half.summary.contains("whoever may sign in can start tasks in every project"), "{}", half.summary);
    }
}

//! What Union asks of whoever starts task code (requirements 8 and 44).

use cloudgrant_core::{ExecutePermission, Handoff, Pair, Stack};
use cloudgrant_platform_kit::yaml;

/// What Union calls the permission to start an execution. Source: Union, "User management", available actions.
const ACTION: &str = "create_flyte_executions";

pub(crate) fn permission() -> ExecutePermission {
    ExecutePermission {
        action: Some(ACTION),
        summary: format!(
            "on Union, who starts these tasks needs `{ACTION}` on their project and domain, which cloudgrant neither \
             gives nor sees"
        ),
    }
}

/// Source of the document: Union, "User management" of its current documentation (`flyte`), and of Union 1 (`uctl`).
pub(crate) fn handoff(organization: &str, stack: &Stack, pairs: &[Pair]) -> Handoff {
    let whose = if organization.is_empty() { String::new() } else { format!(" of {organization}") };
    let name = format!("{stack}-runner");
    let binding = |Pair { project, domain }: &Pair| {
        let [project, domain] = [project.as_str(), domain.as_str()].map(yaml);
        format!("- role: {name}\n  resource:\n    project: {project}\n    domain: {domain}\n")
    };
    let bindings: String = pairs.iter().map(binding).collect();
    let document = format!(
        "# role.yaml: starts what is registered, and registers nothing. The built-in policy Contributor may do both in\n\
         # every project and domain, Viewer neither.\n\
         name: {name}\n\
         actions:\n\
         - view_flyte_inventory\n\
         - view_flyte_executions\n\
         - {ACTION}\n\
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
    let task = "let those who start these tasks execute in their projects and domains";
    Handoff::unseen(format!("whoever may `manage_permissions`{whose} on Union"), task, document)
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{Domain, Project};

    use super::*;

    #[test]
    fn requirements_8_and_44_union_is_asked_for_execute_on_exactly_the_granted_pairs() {
        assert_eq!(permission().action, Some("create_flyte_executions"));
        let project = Project::parse("vision").expect("a project");
        let vision = Pair { project, domain: Domain::parse("production").expect("a domain") };
        let document = handoff("acme", &Stack::parse("acme-ml").expect("a stack"), &[vision]).document;
        let policy =
            "bindings:\n- role: acme-ml-runner\n  resource:\n    project: \"vision\"\n    domain: \"production\"\n\n";
        assert!(document.contains(policy), "{document}");
        for command in ["flyte create policy acme-ml-runner --file policy.yaml", "uctl create policy --policyFile"] {
            assert!(document.contains(command), "{document}");
        }
    }
}

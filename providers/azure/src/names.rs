//! Names: deterministic, so that a run after a crash finds what the one before made.

use std::collections::BTreeMap;

use cloudgrant_core::short::{digest, shortened};
use cloudgrant_core::{Pair, Scope, Stack};
use uuid::Uuid;

use crate::resource_id::ResourceId;

/// Source: Azure documentation, "Naming rules and restrictions", Microsoft.ManagedIdentity.
const LONGEST_IDENTITY: usize = 128;
/// Source: Azure documentation, "Important considerations and restrictions for federated identity credentials".
const LONGEST_CREDENTIAL: usize = 120;
/// Beneath which the names of role assignments and definitions are derived (RFC 9562, version 5).
const NAMESPACE: Uuid = Uuid::from_u128(0x8d6f_2f0e_66b1_5d0a_9c3d_4d2c_1b7e_a5f0);

/// The mark of the stack on its managed identities.
pub(crate) const STACK_TAG: &str = "cloudgrant:stack";
/// The scope that an identity serves, for people who meet it in the portal.
pub(crate) const SCOPE_TAG: &str = "cloudgrant:scope";

/// The names of what a stack makes, and its mark.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    stack: Stack,
    group: ResourceId,
}

impl Names {
    pub(crate) fn new(stack: Stack, group: ResourceId) -> Self {
        Self { stack, group }
    }

    pub(crate) fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The resource group in which the stack's identities are.
    pub(crate) fn group(&self) -> &ResourceId {
        &self.group
    }

    /// Whether the tags of an identity carry the stack's mark.
    pub(crate) fn marks(&self, tags: &BTreeMap<String, String>) -> bool {
        tags.get(STACK_TAG).is_some_and(|stack| stack == self.stack.as_str())
    }

    /// A managed identity by its name, in the stack's resource group.
    pub(crate) fn identity_id(&self, name: &str) -> ResourceId {
        self.group.child(&format!("providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"))
    }

    /// The identity of a scope; a scope that needs several has them numbered from 2 on.
    pub(crate) fn identity(&self, scope: &Scope, index: usize) -> String {
        let number = if index == 0 { String::new() } else { format!("_{}", index + 1) };
        let name = format!("cloudgrant_{}_{}", self.stack, scope.slug());
        shortened(name, LONGEST_IDENTITY - number.len()) + &number
    }

    /// The federated credential of a pair.
    pub(crate) fn credential(&self, pair: &Pair) -> String {
        shortened(format!("{}{}_{}", self.credential_mark(), pair.project, pair.domain), LONGEST_CREDENTIAL)
    }

    /// How the names of the stack's federated credentials begin.
    pub(crate) fn credential_mark(&self) -> String {
        format!("cloudgrant_{}_", self.stack)
    }

    /// A role assignment's name: the same for the same scope, role and principal. A recreated identity has another
    /// principal, and so gets another one.
    pub(crate) fn assignment(&self, scope: &str, role: &str, principal: &str) -> String {
        self.derived(&["assignment", scope, role, principal])
    }

    /// What a custom role is called. Such names are unique in a tenant, which may have several subscriptions with a
    /// stack of this name.
    pub(crate) fn role(&self, scope: &Scope, what: &str) -> String {
        let group = digest(&self.group.as_str().to_ascii_lowercase());
        format!("cloudgrant {} {} {what} ({group})", self.stack, scope.slug())
    }

    /// The id of a custom role.
    pub(crate) fn role_id(&self, role_name: &str) -> String {
        self.derived(&["role", self.group.as_str(), role_name])
    }

    fn derived(&self, parts: &[&str]) -> String {
        let text = format!("{}\n{}", self.stack, parts.join("\n").to_ascii_lowercase());
        Uuid::new_v5(&NAMESPACE, text.as_bytes()).to_string()
    }

    /// What people read beside a role assignment in the portal, and the mark of those that were made by hand with
    /// the commands that `explain` prints.
    pub(crate) fn description(&self) -> String {
        format!("Task code access, managed by cloudgrant (stack {})", self.stack)
    }
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{Domain, Project};

    use super::*;

    fn names(stack: &str) -> Names {
        let group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme";
        Names::new(Stack::parse(stack).expect("stack"), ResourceId::parse(group).expect("group"))
    }

    #[test]
    fn names_fit_and_stay_apart() {
        let names = names("acme-ml");
        let pair = |project: &str| Pair {
            project: Project::parse(project).expect("project"),
            domain: Domain::parse("p".repeat(63)).expect("domain"),
        };
        let (a, b) =
            (names.credential(&pair(&"x".repeat(63))), names.credential(&pair(&format!("{}y", "x".repeat(62)))));
        assert!(a.len() == LONGEST_CREDENTIAL && b.len() == LONGEST_CREDENTIAL && a != b, "{a} {b}");
        assert!(a.starts_with(&names.credential_mark()));
        let domain = Scope::Domain { domain: Domain::parse("production").expect("domain") };
        assert_eq!(names.identity(&domain, 1), "cloudgrant_acme-ml_production_2");
    }

    #[test]
    fn an_assignment_is_named_after_what_it_assigns() {
        let name = |stack: &str, scope: &str, principal: &str| names(stack).assignment(scope, "role", principal);
        assert_eq!(name("a", "/subscriptions/X", "p"), name("a", "/Subscriptions/x", "p"));
        assert_ne!(name("a", "/subscriptions/x", "p"), name("b", "/subscriptions/x", "p"));
        assert_ne!(name("a", "/subscriptions/x", "p"), name("a", "/subscriptions/x", "q"));
    }
}

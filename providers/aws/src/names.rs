//! Names: deterministic, so that a run after a crash finds what the one before made.

use cloudgrant_core::short::{digest, digest_of, shortened};
use cloudgrant_core::{Scope, Stack};
use serde_json::value::RawValue;

use crate::config::AccountId;

/// Source: IAM user guide, "IAM and AWS STS quotas", name length limits.
const LONGEST_ROLE: usize = 64;
const LONGEST_POLICY: usize = 128;

/// The IAM path of whatever any stack owns.
pub(crate) const PATH: &str = "/cloudgrant/";

/// The mark on everything of a stack in IAM, and the names in it.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    stack: Stack,
    partition: &'static str,
    account: AccountId,
}

impl Names {
    pub(crate) fn new(stack: Stack, partition: &'static str, account: AccountId) -> Self {
        Self { stack, partition, account }
    }

    pub(crate) fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The IAM path of everything that the stack owns.
    pub(crate) fn path(&self) -> String {
        format!("{PATH}{}/", self.stack)
    }

    pub(crate) fn role(&self, scope: &Scope) -> String {
        shortened(format!("cloudgrant_{}_{}", self.stack, scope.slug()), LONGEST_ROLE)
    }

    /// The name of a scope's policy; a scope that needs several has them numbered from 2 on.
    pub(crate) fn policy(&self, scope: &Scope, index: usize) -> String {
        let number = if index == 0 { String::new() } else { format!("_{}", index + 1) };
        let name = shortened(format!("cloudgrant_{}_{}", self.stack, scope.slug()), LONGEST_POLICY - number.len());
        name + &number
    }

    /// The name of a policy that several scopes share: it follows from the document. No scope's policy has a dot in its
    /// name.
    pub(crate) fn shared_policy(&self, document: &RawValue) -> String {
        format!("{}{}", self.shared(), digest_of(document.get(), 16))
    }

    fn shared(&self) -> String {
        format!("cloudgrant_{}_shared.", self.stack)
    }

    /// Whether an ARN is that of a policy of the stack.
    pub(crate) fn is_policy_of_ours(&self, arn: &str) -> bool {
        arn.starts_with(&self.policy_arn(""))
    }

    /// Whether an ARN is that of a policy of the stack that several scopes share, or shared.
    pub(crate) fn is_shared_policy(&self, arn: &str) -> bool {
        arn.starts_with(&self.policy_arn(&self.shared()))
    }

    pub(crate) fn role_arn(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role{}{name}", self.partition, self.account, self.path())
    }

    pub(crate) fn policy_arn(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:policy{}{name}", self.partition, self.account, self.path())
    }

    pub(crate) fn oidc_provider_arn(&self, issuer: &str) -> String {
        format!("arn:{}:iam::{}:oidc-provider/{issuer}", self.partition, self.account)
    }

    /// What marks a statement within somebody else's document as the stack's. A Sid takes letters and digits
    /// only, so that stacks are told apart by a digest: no stack's mark begins like another's.
    pub(crate) fn mark(&self) -> String {
        format!("Cloudgrant{}", digest(self.stack.as_str()))
    }

    /// The Sid of a statement: `AllowPull` (requirement 31), the mark, and what it is for.
    pub(crate) fn sid(&self, verb: &str, subject: &str) -> String {
        format!("Allow{verb}{}{}", self.mark(), camel(subject))
    }
}

/// What people read beside a policy or a role of the stack in the console.
pub(crate) fn description(stack: &Stack) -> String {
    format!("Task code access, managed by cloudgrant (stack {stack})")
}

/// `training-data` becomes `TrainingData`.
pub(crate) fn camel(name: &str) -> String {
    let mut upper = true;
    let mut camel = String::with_capacity(name.len());
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            upper = true;
        } else if std::mem::take(&mut upper) {
            camel.extend(c.to_uppercase());
        } else {
            camel.push(c);
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{Domain, Project};

    use super::*;

    fn names() -> Names {
        let account = AccountId::parse("111122223333").expect("account");
        Names::new(Stack::parse("acme-ml").expect("stack"), "aws", account)
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
        assert_eq!(names.policy(&Scope::Global, 1), "cloudgrant_acme-ml_global_2");
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
    fn sids_are_letters_and_digits() {
        let sid = names().sid("Pull", "trainer-images");
        assert!(sid.starts_with("AllowPull") && sid.ends_with("TrainerImages"), "{sid}");
        assert!(sid.chars().all(|c| c.is_ascii_alphanumeric()), "{sid}");
    }
}

//! Names: deterministic, so that a run after a crash finds what the one before made.

pub(crate) mod tags;
pub(crate) mod whose;

use cloudgrant_core::digest::{digest, digest_of, shortened};
use cloudgrant_core::{Scope, Stack};
use serde_json::value::RawValue;

use crate::config::AccountId;

/// Source: IAM user guide, "IAM and AWS STS quotas", name length limits.
const LONGEST_ROLE: usize = 64;
const LONGEST_POLICY: usize = 128;

/// The IAM path of whatever any stack owns.
pub(crate) const PATH: &str = "/cloudgrant/";

/// Whose an IAM path is: the stack, and the digits that stand for its cluster's issuer, where its home has one. `None` for a
/// path that no stack has.
pub(crate) fn slug_of(path: &str) -> Option<(Stack, Option<String>)> {
    let slug = path.strip_prefix(PATH)?.strip_suffix('/')?;
    let (stack, digits) = slug.split_once('.').map_or((slug, None), |(stack, digits)| (stack, Some(digits)));
    let is_digest = |digits: &str| digits.len() == 8 && digits.chars().all(|c| c.is_ascii_hexdigit());
    let stack = Stack::parse(stack).ok().filter(|_| digits.is_none_or(is_digest))?;
    Some((stack, digits.map(ToOwned::to_owned)))
}

/// Whether a policy is called as the stack of a path calls those that it makes.
pub(crate) fn is_name_of_policy(slug: &str, name: &str) -> bool {
    match without_slug(slug, name).map(|rest| (rest, rest.split_once('.'))) {
        Some((rest, None)) => !rest.is_empty(),
        Some((_, Some(("shared", digits)))) => digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()),
        Some((_, Some(("place", place)))) => !place.is_empty(),
        Some((_, Some(_))) | None => false,
    }
}

/// Whether a role is called so. No name is so long that it is cut before its scope begins.
pub(crate) fn is_name_of_role(slug: &str, name: &str) -> bool {
    without_slug(slug, name).is_some_and(|scope| !scope.is_empty())
}

/// The name of a role at a stack's path without what says whose it is: the scope. The whole name where it isn't called so.
pub(crate) fn without_path<'a>(path: &str, name: &'a str) -> &'a str {
    let slug = path.strip_prefix(PATH).and_then(|rest| rest.strip_suffix('/'));
    slug.and_then(|slug| without_slug(slug, name)).unwrap_or(name)
}

fn without_slug<'a>(slug: &str, name: &'a str) -> Option<&'a str> {
    name.strip_prefix("cloudgrant_")?.strip_prefix(slug)?.strip_prefix('_')
}

/// The mark on everything of a stack at its home, and the names of what it makes.
///
/// The home is the account and the cluster's issuer: one stack name may be used in several accounts, and for several
/// clusters of one account. What carries the stack's name and another home is somebody else's.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    stack: Stack,
    partition: &'static str,
    account: AccountId,
    issuer: Option<String>,
    /// The platform's task role, which others own. Empty where nobody says how it is called.
    task_role: String,
    /// The stack and, where a cluster's issuer is a part of the home, what tells it apart within the account.
    slug: String,
}

impl Names {
    /// The data plane's account.
    pub(crate) fn account(&self) -> &AccountId {
        &self.account
    }

    pub(crate) fn new(stack: Stack, partition: &'static str, account: AccountId, issuer: Option<&str>) -> Self {
        let slug = match issuer {
            // No stack's name has a dot.
            Some(issuer) => format!("{stack}.{}", digest(issuer)),
            None => stack.to_string(),
        };
        Self { stack, partition, account, issuer: issuer.map(ToOwned::to_owned), task_role: String::new(), slug }
    }

    /// The same, with the platform's task role.
    pub(crate) fn with_task_role(self, task_role: Option<String>) -> Self {
        Self { task_role: task_role.unwrap_or_default(), ..self }
    }

    pub(crate) fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The home, for people and for the tag that says it.
    pub(crate) fn home(&self) -> String {
        match &self.issuer {
            Some(issuer) => format!("{} {issuer}", self.account),
            None => self.account.to_string(),
        }
    }

    /// The IAM path of everything that the stack owns at this home.
    pub(crate) fn path(&self) -> String {
        format!("{PATH}{}/", self.slug)
    }

    /// Whether an IAM path is that of the same stack at another home of the account.
    pub(crate) fn is_path_of_another_home(&self, path: &str) -> bool {
        let stack = path.strip_prefix(PATH).and_then(|rest| rest.strip_suffix('/')).unwrap_or_default();
        stack != self.slug && stack.split('.').next() == Some(self.stack.as_str())
    }

    /// The role that carries what a scope is granted.
    pub(crate) fn role_of(&self, scope: &Scope) -> String {
        match scope {
            Scope::Global => self.task_role.clone(),
            narrow => self.role(narrow),
        }
    }

    pub(crate) fn role(&self, scope: &Scope) -> String {
        shortened(format!("cloudgrant_{}_{}", self.slug, slug(scope)), LONGEST_ROLE)
    }

    /// The name of a scope's policy; a scope that needs several has them numbered from 2 on.
    pub(crate) fn policy(&self, scope: &Scope, index: usize) -> String {
        // No scope's slug has a plus in it.
        let number = if index == 0 { String::new() } else { format!("+{}", index + 1) };
        let name = shortened(format!("cloudgrant_{}_{}", self.slug, slug(scope)), LONGEST_POLICY - number.len());
        name + &number
    }

    /// The name of a policy that several scopes share: it follows from the document. No scope's policy has a dot in its
    /// name.
    pub(crate) fn shared_policy(&self, document: &RawValue) -> String {
        format!("{}{}", self.shared(), digest_of(document.get(), 16))
    }

    fn shared(&self) -> String {
        format!("cloudgrant_{}_shared.", self.slug)
    }

    /// The name of a policy that says where the stack writes outside its home, such as
    /// `cloudgrant_acme-ml_place.ecr-nodes.111122223333.us-west-2`. No scope's policy has a dot in its name.
    pub(crate) fn place(&self, parts: &[&str]) -> String {
        shortened(format!("{}{}", self.places(), parts.join(".")), LONGEST_POLICY)
    }

    /// How the names of these policies begin.
    pub(crate) fn places(&self) -> String {
        format!("cloudgrant_{}_place.", self.slug)
    }

    /// Whether a policy is called as one that the stack makes: a scope's, one that several share, or a mark.
    pub(crate) fn is_name_of_policy(&self, name: &str) -> bool {
        is_name_of_policy(&self.slug, name)
    }

    /// Whether a role is called as one that the stack makes.
    pub(crate) fn is_name_of_role(&self, name: &str) -> bool {
        is_name_of_role(&self.slug, name)
    }

    fn without_slug<'a>(&self, name: &'a str) -> Option<&'a str> {
        without_slug(&self.slug, name)
    }

    /// Whether the stack attaches a policy of that name to a role, or to the task role, where none is named: that of the role's own
    /// scope or of a wider one, and what several scopes share. Where a name was shortened so that nobody can tell, it may.
    pub(crate) fn may_carry(&self, role: Option<&str>, policy: &str) -> bool {
        let Some(rest) = self.without_slug(policy) else { return false };
        if let Some((kind, _)) = rest.split_once('.') {
            return kind == "shared";
        }
        let numbered = rest.rsplit_once('+').filter(|(_, number)| number.parse::<usize>().is_ok());
        let scope = numbered.map_or(rest, |(scope, _)| scope);
        if scope == Scope::Global.slug() {
            return true;
        }
        let Some(role) = role else { return false };
        let is_shortened = |name: &str, longest: usize| name.len() + "+1000".len() >= longest;
        let its = shortened(format!("cloudgrant_{}_{scope}", self.slug), LONGEST_ROLE);
        if its == role || is_shortened(policy, LONGEST_POLICY) {
            return true;
        }
        let domain = scope.strip_prefix("domain+").unwrap_or(scope);
        let is_wider = || role.ends_with(&format!("_{domain}")) && self.without_slug(role) != Some(domain);
        !domain.contains('_') && (role.len() == LONGEST_ROLE || is_wider())
    }

    /// Whether an ARN is that of a policy of the stack.
    pub(crate) fn is_policy_of_ours(&self, arn: &str) -> bool {
        arn.starts_with(&self.policy_arn(""))
    }

    /// Whether an ARN is that of a policy of the stack that says where it writes outside its home.
    pub(crate) fn is_mark(&self, arn: &str) -> bool {
        arn.starts_with(&self.policy_arn(&self.places()))
    }

    /// Whether an ARN is that of a policy of the stack that several scopes share, or shared.
    pub(crate) fn is_shared_policy(&self, arn: &str) -> bool {
        arn.starts_with(&self.policy_arn(&self.shared()))
    }

    pub(crate) fn role_arn(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role{}{name}", self.partition, self.account, self.path())
    }

    /// That of a role of others, as most are called.
    pub(crate) fn role_arn_without_path(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role/{name}", self.partition, self.account)
    }

    pub(crate) fn policy_arn(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:policy{}{name}", self.partition, self.account, self.path())
    }

    /// That of a policy of others, as most are called.
    pub(crate) fn policy_arn_without_path(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:policy/{name}", self.partition, self.account)
    }

    pub(crate) fn oidc_provider_arn(&self, issuer: &str) -> String {
        format!("arn:{}:iam::{}:oidc-provider/{issuer}", self.partition, self.account)
    }

    /// What people read beside a policy or a role of the stack in the console.
    pub(crate) fn description(&self) -> String {
        format!("Task code access, managed by cloudgrant (stack {}, home {})", self.stack, self.home())
    }
}

/// The scope in a name. A domain may be called `global`.
fn slug(scope: &Scope) -> String {
    match scope {
        Scope::Domain { domain } if domain.to_string() == Scope::Global.slug() => format!("domain+{domain}"),
        scope => scope.slug(),
    }
}

#[cfg(test)]
mod tests;

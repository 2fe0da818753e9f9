//! What the `deny` knob refuses, and in whose name: `iam:CreateRole`, `iam:*`, `iam:CreateRole@service-control-policy`.
//! Actions are written as in policies, in any case and with `*` and `?`.
//!
//! Behind a further `@` stands the name of a parameter with which the request passes, as organizations demand a permissions
//! boundary: `iam:CreateRole@service-control-policy@PermissionsBoundary`. With `no-` before it, that kind of policy is there and
//! merely doesn't allow it: `iam:CreateRole@no-permissions-boundary`. Wording: IAM user guide, "Troubleshoot access
//! denied error messages".

use std::collections::BTreeSet;

use cloudgrant_sandbox_kit::wildcard::matches;
use cloudgrant_sandbox_kit::{Result, SandboxError};

/// What can deny, as it is written behind an action, and as AWS calls it.
const BY: [(&str, &str); 7] = [
    ("service-control-policy", "a service control policy"),
    ("resource-control-policy", "a resource control policy"),
    ("permissions-boundary", "a permissions boundary"),
    ("session-policy", "a session policy"),
    ("vpc-endpoint-policy", "a VPC endpoint policy"),
    ("identity-policy", "an identity-based policy"),
    ("resource-policy", "a resource-based policy"),
];

/// Why a request is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why<'a> {
    /// No policy allows it.
    NotAllowed,
    /// A policy of that kind is there, and doesn't allow it.
    NotAllowedBy(&'a str),
    /// A statement of that kind of policy denies it.
    Explicit(&'a str),
}

/// Refuses a knob that names no kind of policy.
pub(crate) fn check(knob: &BTreeSet<String>) -> Result<()> {
    for entry in knob {
        let by = entry.split('@').nth(1);
        if by.is_some_and(|by| named(by.strip_prefix("no-").unwrap_or(by)).is_none()) {
            let names: Vec<_> = BY.iter().map(|(name, _)| *name).collect();
            let reason = format!("what denies is one of {}", names.join(", "));
            return Err(SandboxError::new(format!("deny `{entry}`")).because(reason));
        }
    }
    Ok(())
}

/// Whether, and why, an action is denied; `has` says whether the request has a parameter.
pub(crate) fn find<'a>(knob: &'a BTreeSet<String>, action: &str, has: impl Fn(&str) -> bool) -> Option<Why<'a>> {
    knob.iter().find_map(|entry| {
        let mut parts = entry.split('@');
        if !parts.next().is_some_and(|pattern| matches(pattern, action)) {
            return None;
        }
        let (by, unless) = (parts.next(), parts.next());
        if unless.is_some_and(&has) {
            return None;
        }
        let allows_not = by.and_then(|by| by.strip_prefix("no-")).and_then(named);
        Some(match (allows_not.and_then(|named| named.split_once(' ')), by.and_then(named)) {
            (Some((_article, bare)), _) => Why::NotAllowedBy(bare),
            (None, Some(named)) => Why::Explicit(named),
            (None, None) => Why::NotAllowed,
        })
    })
}

/// How AWS calls a kind of policy.
fn named(by: &str) -> Option<&'static str> {
    BY.iter().find(|(name, _)| *name == by).map(|(_, named)| *named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_denied_by_what_is_named() {
        let knob = BTreeSet::from([
            "iam:CreatePolicy".to_owned(),
            "iam:CreateRole@service-control-policy@PermissionsBoundary".to_owned(),
        ]);
        assert!(check(&knob).is_ok());
        let nothing = |_: &str| false;
        assert_eq!(find(&knob, "iam:CreatePolicy", nothing), Some(Why::NotAllowed));
        assert_eq!(find(&knob, "iam:CreateRole", nothing), Some(Why::Explicit("a service control policy")));
        assert_eq!(find(&knob, "iam:CreateRole", |parameter| parameter == "PermissionsBoundary"), None);
        assert_eq!(find(&knob, "iam:GetRole", nothing), None);
        let bounded = BTreeSet::from(["iam:CreateRole@no-permissions-boundary".to_owned()]);
        assert!(check(&bounded).is_ok());
        assert_eq!(find(&bounded, "iam:CreateRole", nothing), Some(Why::NotAllowedBy("permissions boundary")));
        // As policies have it: a pattern, in any case.
        let pattern = BTreeSet::from(["iam:list*".to_owned()]);
        assert_eq!(find(&pattern, "iam:ListRoles", nothing), Some(Why::NotAllowed));
        assert_eq!(find(&pattern, "iam:GetRole", nothing), None);
        let odd =
            check(&BTreeSet::from(["iam:CreateRole@mood".to_owned()])).expect_err("no kind of policy").to_string();
        assert!(odd.contains("permissions-boundary"), "{odd}");
    }
}

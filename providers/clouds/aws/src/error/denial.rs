//! What denies: which kind of policy, by a statement or for want of one, and in whose hands it is.
//!
//! Source: IAM user guide, "Troubleshoot access denied error messages". AWS says it in a sentence and in no code. The kind of
//! error doesn't depend on it, only what is told.

/// A kind of policy that takes part in a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    ServiceControl,
    ResourceControl,
    Boundary,
    Session,
    Endpoint,
    Trust,
    Resource,
    Identity,
}

/// What a message says of a denial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) by: By,
    /// A statement denies it; otherwise none allows it.
    pub(crate) explicit: bool,
    /// The policy's ARN, where AWS names it.
    pub(crate) policy: Option<String>,
}

impl By {
    const ALL: [Self; 8] = [
        Self::ServiceControl,
        Self::ResourceControl,
        Self::Boundary,
        Self::Session,
        Self::Endpoint,
        Self::Trust,
        Self::Resource,
        Self::Identity,
    ];

    /// As AWS calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Endpoint => "VPC endpoint policy",
            Self::Trust => "role trust policy",
            Self::Resource => "resource-based policy",
            Self::Identity => "identity-based policy",
        }
    }

    /// In whose hands it is.
    fn whose(self) -> &'static str {
        match self {
            Self::ServiceControl => {
                "it is the organization's, and no permission in the account outweighs it: ask whoever administers the \
                 organization (its management account) for an exception for this principal, or for the IAM path /cloudgrant/"
            }
            Self::ResourceControl => {
                "it is of the organization that the resource's account is in: ask whoever administers that organization"
            }
            Self::Boundary => {
                "it bounds whoever runs this, whatever else allows it: ask whoever set the principal's permissions boundary, \
                 or run as another principal"
            }
            Self::Session => {
                "it was given when the session began: have whatever makes the session (single sign-on, a pipeline, a role \
                 that was assumed) pass a wider one, or run as another principal"
            }
            Self::Endpoint => {
                "it is of the VPC endpoint that the request goes through: ask whoever administers that network, or run from \
                 elsewhere"
            }
            Self::Trust => {
                "it is of the role that is to be assumed: ask whoever administers the role's account to let you in"
            }
            Self::Resource => "it is of the resource itself: ask whoever administers the resource's account",
            Self::Identity => {
                "it hangs on the principal or on a group of it: ask an administrator of the account to take the statement \
                 out, or run as another principal"
            }
        }
    }
}

impl Denial {
    /// Reads `… with an explicit deny in a service control policy: ARN`, and `… because no permissions boundary allows the
    /// ACTION action`.
    pub(crate) fn read(message: &str) -> Option<Self> {
        let lower = message.to_lowercase();
        let (explicit, at) = match (lower.find("explicit deny in "), lower.find("because no ")) {
            (Some(at), _) => (true, at + "explicit deny in ".len()),
            (None, Some(at)) => (false, at + "because no ".len()),
            (None, None) => return None,
        };
        let rest = lower.get(at..)?;
        let rest = ["a ", "an ", "the "].iter().find_map(|article| rest.strip_prefix(article)).unwrap_or(rest);
        let by = By::ALL.into_iter().find(|by| rest.starts_with(&by.name().to_lowercase()))?;
        let policy = message.split_whitespace().last().filter(|last| explicit && last.contains(":policy/"));
        Some(Self { by, explicit, policy: policy.map(|arn| arn.trim_end_matches('.').to_owned()) })
    }

    /// Whether somebody else than those who give permissions has to act.
    pub(crate) fn is_above_permissions(&self) -> bool {
        self.explicit || !matches!(self.by, By::Identity | By::Resource)
    }

    /// What denies, in a few words.
    pub(crate) fn what(&self) -> String {
        let name = self.by.name();
        let article = if name.starts_with('i') { "an" } else { "a" };
        let what = match self.explicit {
            true => format!("an explicit deny in {article} {name}"),
            false => format!("no {name} allows it"),
        };
        self.policy.as_ref().map_or_else(|| what.clone(), |arn| format!("{what}, {arn}"))
    }

    /// What to do.
    pub(crate) fn hint(&self, operation: &str) -> String {
        let name = self.by.name();
        let begin = match self.explicit {
            true => format!("a deny in a {name} forbids this; giving permissions doesn't help"),
            false => format!("a {name} applies, and doesn't allow this"),
        };
        let begin = begin.replace(" a identity", " an identity");
        // What such policies commonly demand of those who create roles and policies.
        let demands = match (self.by, operation) {
            (
                By::ServiceControl | By::Boundary | By::Identity,
                "iam:CreateRole" | "iam:CreatePolicy" | "iam:AttachRolePolicy",
            ) => {
                "; where it only demands a permissions boundary or a tag, set `aws.permissions_boundary` or `aws.tags`"
            }
            _ => "",
        };
        format!("{begin}: {}{demands}", self.by.whose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: iam:CreateRole on resource: \
                         arn:aws:iam::111122223333:role/x ";

    #[test]
    fn every_kind_of_policy_is_told_in_aws_words() {
        for (said, by) in [
            ("service control policy", By::ServiceControl),
            ("resource control policy", By::ResourceControl),
            ("permissions boundary", By::Boundary),
            ("session policy", By::Session),
            ("VPC endpoint policy", By::Endpoint),
            ("role trust policy", By::Trust),
            ("resource-based policy", By::Resource),
            ("identity-based policy", By::Identity),
        ] {
            for article in ["a", "an", "the"] {
                let denial = Denial::read(&format!("{BEGIN}with an explicit deny in {article} {said}"));
                assert_eq!(denial, Some(Denial { by, explicit: true, policy: None }), "{said}");
            }
            let denial = Denial::read(&format!("{BEGIN}because no {said} allows the iam:CreateRole action"));
            assert_eq!(denial, Some(Denial { by, explicit: false, policy: None }), "{said}");
        }
        assert_eq!(Denial::read(BEGIN), None);
        assert_eq!(Denial::read("because no"), None);
    }

    #[test]
    fn the_policy_is_named_where_aws_names_it() {
        let arn = "arn:aws:organizations::444455556666:policy/o-abc/service_control_policy/p-123";
        let denial =
            Denial::read(&format!("{BEGIN}with an explicit deny in a service control policy: {arn}")).expect("one");
        assert_eq!(denial.policy.as_deref(), Some(arn));
        assert_eq!(denial.what(), format!("an explicit deny in a service control policy, {arn}"));
        // A policy as the resource is not what denies.
        let on_policy =
            "… on resource: policy arn:aws:iam::1:policy/x with an explicit deny in an identity-based policy";
        assert_eq!(Denial::read(on_policy).expect("one").policy, None);
    }

    #[test]
    fn only_what_permissions_can_mend_is_called_a_missing_permission() {
        let read = |end: &str| Denial::read(&format!("{BEGIN}{end}")).expect("a denial");
        assert!(!read("because no identity-based policy allows the x action").is_above_permissions());
        assert!(read("because no service control policy allows the x action").is_above_permissions());
        assert!(read("with an explicit deny in an identity-based policy").is_above_permissions());
        let hint = read("with an explicit deny in a service control policy").hint("iam:CreateRole");
        assert!(hint.contains("organization") && hint.contains("aws.permissions_boundary"), "{hint}");
        let hint = read("with an explicit deny in an identity-based policy").hint("iam:GetRole");
        assert!(hint.contains("a deny in an identity-based policy") && !hint.contains("aws.tags"), "{hint}");
    }
}

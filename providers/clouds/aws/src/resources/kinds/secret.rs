//! One secret of Secrets Manager, or a pattern of secrets.
//!
//! Source: the Service Authorization Reference for AWS Secrets Manager; requirement 38.

use cloudgrant_core::{Access, Diagnostic, RegisteredKind, ResourceKind};

use crate::config::AccountId;
use crate::resources::wrong_locator::{account_of, region_of, wrong};

pub(crate) const REGISTERED: RegisteredKind = RegisteredKind::new(ResourceKind::SECRET, &[Access::Read])
    .located_by(&["arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"]);

/// Reading a secret's value (requirement 38).
pub(crate) const READ_SECRET: &str = "secretsmanager:GetSecretValue";

/// A secret by its ARN, or a pattern of secrets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Secret {
    pub(crate) partition: String,
    pub(crate) region: String,
    pub(crate) account: AccountId,
    /// What stands behind `:secret:`; with the random suffix or without.
    pub(crate) name: String,
}

impl Secret {
    pub(crate) fn arn(&self) -> String {
        format!("arn:{}:secretsmanager:{}:{}:secret:{}", self.partition, self.region, self.account, self.name)
    }

    /// Whether it stands for more than one secret.
    pub(crate) fn is_pattern(&self) -> bool {
        self.name.contains('*')
    }

    /// What names begin with that a pattern reaches beyond one folder: empty where it is every secret. None where it is one
    /// secret, or all of a folder.
    pub(crate) fn beginning(&self) -> Option<&str> {
        self.name.strip_suffix('*').filter(|beginning| !beginning.ends_with('/'))
    }

    /// Whether an ARN can be the whole one of this secret: its own, or with the six characters that AWS adds.
    pub(crate) fn is_arn_of_it(&self, arn: &str) -> bool {
        let Some(rest) = arn.strip_prefix(&self.arn()) else { return false };
        let six = |rest: &str| rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
        rest.is_empty() && self.looks_whole() || rest.strip_prefix('-').is_some_and(six)
    }

    /// Whether its name ends as those of whole ARNs do: then it can be either, a whole ARN or a name that looks so.
    pub(crate) fn looks_whole(&self) -> bool {
        let suffix = self.name.rsplit_once('-').map_or("", |(_, suffix)| suffix);
        suffix.len() == 6 && suffix.chars().all(|c| c.is_ascii_alphanumeric())
    }

    /// The ARNs for a policy when AWS couldn't be asked for the real one. AWS documentation ("Secrets Manager, IAM
    /// policy examples"): six question marks stand for the random suffix and match no other secret's name. What may be
    /// either stands for both: `forecast/xyz-secret` is a name, too.
    pub(crate) fn arns_or_patterns(&self) -> Vec<String> {
        let pattern = || format!("{}-??????", self.arn());
        match (self.is_pattern(), self.looks_whole()) {
            (true, _) => vec![self.arn()],
            (false, true) => vec![self.arn(), pattern()],
            (false, false) => vec![pattern()],
        }
    }
}

pub(crate) fn secret(
    text: &str,
    partition: &str,
    region: &str,
    account: &str,
    rest: &str,
) -> Result<Secret, Diagnostic> {
    let Some(name) = rest.strip_prefix("secret:") else {
        return Err(wrong(
            text,
            "is not a secret's ARN",
            "write arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX",
        ));
    };
    if name.contains(':') {
        // Requirement 36.
        return Err(wrong(
            text,
            "names a key within a key/value secret, which the platform can't mount",
            "store the value as a plaintext secret of its own and name that one",
        ));
    }
    let fine = |c: char| c.is_ascii_alphanumeric() || "/_+=.@!-*".contains(c);
    if name.is_empty() || !name.chars().all(fine) || name[..name.len() - 1].contains('*') {
        let hint = "a secret's name has letters, digits and /_+=.@!-; a `*` may only stand at its end";
        return Err(wrong(text, "names no secret", hint));
    }
    Ok(Secret {
        partition: partition.to_owned(),
        region: region_of(text, region)?,
        account: account_of(text, account)?,
        name: name.to_owned(),
    })
}

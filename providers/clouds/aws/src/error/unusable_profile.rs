//! A profile of the AWS configuration files that can't be used: the cause of errors that stands in the place of its credentials.

use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use cloudgrant_core::{Error, ErrorKind, redacted};

/// The variable that names a profile for every program.
pub(crate) const VARIABLE: &str = "AWS_PROFILE";

/// The files, each by the variable that says where it is, and where it is otherwise. Source: AWS SDKs and tools reference
/// guide, "Location of the shared config and credentials files".
const FILES: [(&str, &str); 2] =
    [("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")];

/// Who names a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// The environment, for every program.
    Environment,
    /// A key of the section, such as `aws.profile`.
    Key(String),
}

impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str(VARIABLE),
            Self::Key(key) => write!(f, "`{key}`"),
        }
    }
}

/// Why a profile can't be used, which is there in the place of its credentials.
#[derive(Debug, Clone)]
pub(crate) struct Unusable {
    pub(crate) profile: String,
    pub(crate) named_by: NamedBy,
    /// What is missing, in a sentence.
    pub(crate) what: String,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Unusable {}

impl Unusable {
    /// For whoever asked for something that takes these credentials.
    pub(crate) fn error(&self, operation: &'static str) -> Error {
        Error::new(ErrorKind::Credentials, self.what.clone())
            .with("operation", operation)
            .with("profile", redacted(&self.profile))
            .with("named by", &self.named_by)
            .with("looked in", places())
            .hint(format!(
                "name one that is there (`aws configure list-profiles`) in {}, or make it: `aws configure`, \
                 `aws configure sso` or `aws login` with `--profile NAME`",
                self.named_by
            ))
    }
}

impl ProvideCredentials for Unusable {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::invalid_configuration(self.clone())))
    }
}

/// Where profiles are looked for.
fn places() -> String {
    let place = |(variable, otherwise): (&str, &str)| match std::env::var(variable) {
        Ok(file) => format!("{} ({variable})", redacted(&file)),
        Err(_) => otherwise.to_owned(),
    };
    FILES.map(place).join(" and ")
}

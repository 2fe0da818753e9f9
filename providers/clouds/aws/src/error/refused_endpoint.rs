//! An endpoint that isn't used: the cause of errors that stands in the place of credentials.

use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use cloudgrant_core::{Error, ErrorKind};

/// An endpoint that isn't used, which is there in the place of credentials: nothing is sent.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    /// A variable, or a profile.
    pub(crate) named_by: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the endpoint in {} contains a user name, which AWS never accepts in a URL", self.named_by)
    }
}

impl std::error::Error for Refused {}

impl Refused {
    /// For whoever asked for something that would go there.
    pub(crate) fn error(&self, operation: &'static str) -> Error {
        Error::new(ErrorKind::Credentials, self.to_string())
            .with("operation", operation)
            .hint("write it like https://HOST or https://HOST:PORT")
    }
}

impl ProvideCredentials for Refused {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::invalid_configuration(self.clone())))
    }
}

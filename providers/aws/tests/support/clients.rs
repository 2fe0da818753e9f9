//! Somebody else's clients of a sandbox, in whichever account.

use aws_sdk_iam::config::{BehaviorVersion, Credentials, Region};

/// The data plane's account.
const ACCOUNT: &str = "111122223333";

pub(crate) struct Clients<'a> {
    pub(crate) endpoint: &'a str,
}

/// The services' configurations have the same methods, and no trait in common.
macro_rules! client {
    ($service:ident, $self:ident, $account:expr) => {
        $service::Client::from_conf(
            $service::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-west-2"))
                .credentials_provider(credentials($account))
                .endpoint_url($self.endpoint)
                .build(),
        )
    };
}

impl Clients<'_> {
    pub(crate) fn iam(&self) -> aws_sdk_iam::Client {
        client!(aws_sdk_iam, self, ACCOUNT)
    }

    pub(crate) fn ecr(&self, account: &str) -> aws_sdk_ecr::Client {
        client!(aws_sdk_ecr, self, account)
    }

    pub(crate) fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        client!(aws_sdk_secretsmanager, self, ACCOUNT)
    }
}

fn credentials(account: &str) -> Credentials {
    Credentials::new(format!("AKIASANDBOX0{account}"), "sandbox", None, None, "test")
}

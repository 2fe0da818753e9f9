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
        client!($service, $self, $account, "us-west-2")
    };
    ($service:ident, $self:ident, $account:expr, $region:expr) => {
        $service::Client::from_conf(
            $service::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new($region.to_owned()))
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

    #[allow(dead_code, reason = "not every suite has roles of other accounts")]
    pub(crate) fn iam_of(&self, account: &str) -> aws_sdk_iam::Client {
        client!(aws_sdk_iam, self, account)
    }

    pub(crate) fn ecr(&self, account: &str) -> aws_sdk_ecr::Client {
        client!(aws_sdk_ecr, self, account)
    }

    /// Of an account, in a region.
    #[allow(dead_code, reason = "not every suite has buckets")]
    pub(crate) fn s3(&self, account: &str, region: &str) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(credentials(account))
            .endpoint_url(self.endpoint)
            .force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    #[allow(dead_code, reason = "not every suite has keys")]
    pub(crate) fn kms(&self, account: &str) -> aws_sdk_kms::Client {
        client!(aws_sdk_kms, self, account)
    }

    #[allow(dead_code, reason = "not every suite has clusters")]
    pub(crate) fn eks_in(&self, region: &str) -> aws_sdk_eks::Client {
        client!(aws_sdk_eks, self, ACCOUNT, region)
    }

    pub(crate) fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        client!(aws_sdk_secretsmanager, self, ACCOUNT)
    }
}

fn credentials(account: &str) -> Credentials {
    Credentials::new(format!("AKIASANDBOX0{account}"), "sandbox", None, None, "test")
}

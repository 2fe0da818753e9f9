//! The SDK's clients: made when they are first needed, counted, one per account and region.

pub(crate) mod bounded_responses;
pub(crate) mod bucket_region;
pub(crate) mod complete_response;
pub(crate) mod endpoints;
pub(crate) mod pages;
pub(crate) mod throttling;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_iam::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_iam::config::{ConfigBag, Credentials as Static, Intercept, RuntimeComponents};
use aws_sdk_iam::error::BoxError;
use cloudgrant_core::audit::note_request;
use cloudgrant_core::{Error, ErrorKind, Pace, Result};
use tokio::sync::{Mutex, OnceCell};

use crate::client::bounded_responses::Bounded;
use crate::client::complete_response::{CompleteResponse, CompleteS3Response};
use crate::client::pages::Pages;
use crate::config::{AccountId, Config, Credentials, Fixed, profiles};
use crate::error;
use crate::error::refused_endpoint::Refused;
use crate::error::unusable_profile::NamedBy;

/// How many requests of one kind are under way at a time: IAM, ECR and Secrets Manager take few in a second, and whoever
/// asks for more is throttled.
pub(crate) const AT_A_TIME: usize = 8;

/// How many buckets are asked at a time. S3 takes thousands of requests a second.
pub(crate) const BUCKETS_AT_A_TIME: usize = 64;

/// Counts what goes over the wire, retries included, and tells how AWS calls each request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counter(Arc<AtomicU64>);

impl Counter {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "Counter"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        let headers = context.response().headers();
        if let Some(id) = headers.get("x-amzn-requestid").or_else(|| headers.get("x-amz-request-id")) {
            note_request(id);
        }
        Ok(())
    }
}

/// Every client that the provider uses.
#[derive(Debug)]
pub(crate) struct Clients {
    config: Config,
    counter: Counter,
    http: Bounded,
    base: OnceCell<SdkConfig>,
    iam: OnceCell<aws_sdk_iam::Client>,
    ecr: Mutex<HashMap<(AccountId, String), aws_sdk_ecr::Client>>,
    s3: Mutex<HashMap<(AccountId, String), aws_sdk_s3::Client>>,
    kms: Mutex<HashMap<(AccountId, String), aws_sdk_kms::Client>>,
    /// Of the data plane's account, by region.
    eks: Mutex<HashMap<String, aws_sdk_eks::Client>>,
    /// Where buckets are, as far as somebody said so.
    bucket_regions: Mutex<HashMap<String, String>>,
}

impl Clients {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            http: Bounded::new(config.request_timeout.0),
            config,
            counter: Counter::default(),
            base: OnceCell::new(),
            iam: OnceCell::new(),
            ecr: Mutex::new(HashMap::new()),
            s3: Mutex::new(HashMap::new()),
            kms: Mutex::new(HashMap::new()),
            eks: Mutex::new(HashMap::new()),
            bucket_regions: Mutex::new(HashMap::new()),
        }
    }

    pub(crate) fn counter(&self) -> &Counter {
        &self.counter
    }

    pub(crate) fn pace(&self) -> &Pace {
        self.http.pace()
    }

    /// For a list of many pages.
    pub(crate) fn pages(&self, operation: &'static str) -> Pages {
        Pages::new(operation, self.http.read())
    }

    /// What all clients share: region, credentials, endpoint, and the patience for a single call. Waiting for
    /// longer than that is the engine's.
    async fn base(&self) -> &SdkConfig {
        self.base
            .get_or_init(|| async {
                let named = self.config.profile.as_deref();
                if self.config.credentials != Some(Fixed::Sandbox)
                    && let Err(refused) = endpoints::check(&self.config.region, named, &self.http).await
                {
                    return self.without_environment(refused);
                }
                let mut loader = aws_config::defaults(BehaviorVersion::latest())
                    .http_client(self.http.clone())
                    .region(Region::new(self.config.region.clone()))
                    .retry_config(
                        RetryConfig::standard()
                            .with_max_attempts(6)
                            .with_initial_backoff(Duration::from_millis(100))
                            .with_max_backoff(Duration::from_secs(5)),
                    )
                    .timeout_config(
                        // For the time of a whole try, see `Bounded`.
                        TimeoutConfig::builder().connect_timeout(Duration::from_secs(5)).build(),
                    );
                if let Some(profile) = &self.config.profile {
                    // By its name alone, the chain of providers would still look into the environment first.
                    let credentials = self.of_profile(profile, NamedBy::Key("aws.profile".to_owned())).await;
                    loader = loader.profile_name(profile).credentials_provider(credentials);
                } else if self.config.credentials.is_none()
                    && let Some(profile) = profiles::of_environment()
                    && let Err(unusable) = profiles::check(&profile, NamedBy::Environment).await
                {
                    // The chain of providers would go on with what the machine offers.
                    loader = loader.credentials_provider(unusable);
                }
                if let Some(endpoint) = &self.config.endpoint {
                    loader = loader.endpoint_url(endpoint);
                }
                if self.config.credentials == Some(Fixed::Sandbox) {
                    loader = loader.credentials_provider(sandbox_credentials(&self.config.account));
                }
                loader.load().await
            })
            .await
    }

    /// What sends nothing, and reads nothing of what the environment says.
    fn without_environment(&self, refused: Refused) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(self.http.clone())
            .region(Region::new(self.config.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(refused))
            .build()
    }

    pub(crate) async fn iam(&self) -> &aws_sdk_iam::Client {
        self.iam
            .get_or_init(|| async {
                let config = aws_sdk_iam::config::Builder::from(self.base().await)
                    .interceptor(self.counter.clone())
                    .interceptor(CompleteResponse);
                aws_sdk_iam::Client::from_conf(config.build())
            })
            .await
    }

    pub(crate) async fn sts(&self) -> aws_sdk_sts::Client {
        let config = aws_sdk_sts::config::Builder::from(self.base().await)
            .interceptor(self.counter.clone())
            .interceptor(CompleteResponse);
        aws_sdk_sts::Client::from_conf(config.build())
    }

    pub(crate) async fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let config = aws_sdk_secretsmanager::config::Builder::from(self.base().await)
            .interceptor(self.counter.clone())
            .interceptor(CompleteResponse);
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }

    /// Whether there are credentials for an account.
    pub(crate) fn can_reach(&self, account: &AccountId) -> bool {
        *account == self.config.account || self.config.accounts.contains_key(account)
    }

    /// The registry of an account in a region.
    pub(crate) async fn ecr(&self, account: &AccountId, region: &str) -> Result<aws_sdk_ecr::Client> {
        let mut clients = self.ecr.lock().await;
        let key = (account.clone(), region.to_owned());
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let mut config = aws_sdk_ecr::config::Builder::from(self.base().await)
            .region(Region::new(region.to_owned()))
            .interceptor(self.counter.clone())
            .interceptor(CompleteResponse);
        if *account != self.config.account {
            let credentials = self.credentials_for(account).await?;
            self.check_identity(account, credentials.clone()).await?;
            config = config.credentials_provider(credentials);
        }
        let client = aws_sdk_ecr::Client::from_conf(config.build());
        clients.insert(key, client.clone());
        Ok(client)
    }

    /// Makes sure that credentials are for the account that they are to be used in. A role is in the account that its ARN
    /// names, which is checked with the manifest.
    async fn check_identity(&self, account: &AccountId, credentials: SharedCredentialsProvider) -> Result<()> {
        let Some(Credentials::Profile(profile)) = self.config.accounts.get(account) else { return Ok(()) };
        let config = aws_sdk_sts::config::Builder::from(self.base().await)
            .credentials_provider(credentials)
            .interceptor(self.counter.clone())
            .interceptor(CompleteResponse);
        let identity = aws_sdk_sts::Client::from_conf(config.build()).get_caller_identity().send().await;
        let identity = identity.map_err(|error| error::of("sts:GetCallerIdentity", error).with("profile", profile))?;
        let found = identity.account().unwrap_or_default();
        if found == account.as_str() {
            return Ok(());
        }
        let message = format!("the profile `{profile}` is for account {found}, the manifest names it for {account}");
        Err(Error::new(ErrorKind::WrongAccount, message)
            .with("operation", "sts:GetCallerIdentity")
            .with("principal", identity.arn().unwrap_or_default())
            .hint(format!("name another profile: `aws.accounts.\"{account}\".profile`")))
    }

    /// The credentials of a profile, whatever is in the environment.
    async fn of_profile(&self, profile: &str, named_by: NamedBy) -> SharedCredentialsProvider {
        if let Err(unusable) = profiles::check(profile, named_by).await {
            return SharedCredentialsProvider::new(unusable);
        }
        let region = Region::new(self.config.region.clone());
        let provider = ProviderConfig::default().with_http_client(self.http.clone()).with_region(Some(region));
        let file = ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(profile).build();
        SharedCredentialsProvider::new(file)
    }

    /// S3 in a region, with the credentials of an account.
    pub(crate) async fn s3(&self, account: &AccountId, region: &str) -> Result<aws_sdk_s3::Client> {
        let mut clients = self.s3.lock().await;
        let key = (account.clone(), region.to_owned());
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let mut config = aws_sdk_s3::config::Builder::from(self.base().await)
            .region(Region::new(region.to_owned()))
            // Where AWS isn't where it always is, buckets have no hosts of their own.
            .force_path_style(self.config.endpoint.is_some())
            .interceptor(self.counter.clone())
            .interceptor(CompleteS3Response);
        if *account != self.config.account {
            let credentials = self.credentials_for(account).await?;
            self.check_identity(account, credentials.clone()).await?;
            config = config.credentials_provider(credentials);
        }
        let client = aws_sdk_s3::Client::from_conf(config.build());
        clients.insert(key, client.clone());
        Ok(client)
    }

    /// KMS in a region, with the credentials of an account.
    pub(crate) async fn kms(&self, account: &AccountId, region: &str) -> Result<aws_sdk_kms::Client> {
        let mut clients = self.kms.lock().await;
        let key = (account.clone(), region.to_owned());
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let mut config = aws_sdk_kms::config::Builder::from(self.base().await)
            .region(Region::new(region.to_owned()))
            .interceptor(self.counter.clone())
            .interceptor(CompleteResponse);
        if *account != self.config.account {
            let credentials = self.credentials_for(account).await?;
            self.check_identity(account, credentials.clone()).await?;
            config = config.credentials_provider(credentials);
        }
        let client = aws_sdk_kms::Client::from_conf(config.build());
        clients.insert(key, client.clone());
        Ok(client)
    }

    /// EKS in a region of the data plane's account.
    pub(crate) async fn eks(&self, region: &str) -> aws_sdk_eks::Client {
        let mut clients = self.eks.lock().await;
        if let Some(client) = clients.get(region) {
            return client.clone();
        }
        let config = aws_sdk_eks::config::Builder::from(self.base().await)
            .region(Region::new(region.to_owned()))
            .interceptor(self.counter.clone())
            .interceptor(CompleteResponse);
        let client = aws_sdk_eks::Client::from_conf(config.build());
        clients.insert(region.to_owned(), client.clone());
        client
    }

    /// Where a bucket is, as far as is known; else where to ask first.
    pub(crate) async fn region_of(&self, bucket: &str) -> String {
        let known = self.bucket_regions.lock().await.get(bucket).cloned();
        known.unwrap_or_else(|| self.config.region.clone())
    }

    /// Remembers where a bucket is.
    pub(crate) async fn note_region(&self, bucket: &str, region: &str) {
        self.bucket_regions.lock().await.insert(bucket.to_owned(), region.to_owned());
    }

    async fn credentials_for(&self, account: &AccountId) -> Result<SharedCredentialsProvider> {
        match self.config.accounts.get(account) {
            Some(Credentials::AssumeRole(assume)) => {
                let session = assume.session_name.as_deref().unwrap_or("cloudgrant");
                let mut builder =
                    AssumeRoleProvider::builder(&assume.role).session_name(session).configure(self.base().await);
                if let Some(id) = &assume.external_id {
                    builder = builder.external_id(id);
                }
                if let Some(seconds) = assume.duration {
                    builder = builder.session_length(Duration::from_secs(seconds.into()));
                }
                Ok(SharedCredentialsProvider::new(builder.build().await))
            }
            Some(Credentials::Profile(profile)) => {
                if let Err(refused) = endpoints::check(&self.config.region, Some(profile), &self.http).await {
                    return Ok(SharedCredentialsProvider::new(refused));
                }
                Ok(self.of_profile(profile, NamedBy::Key(format!("aws.accounts.\"{account}\".profile"))).await)
            }
            None => Err(Error::new(ErrorKind::Credentials, format!("there are no credentials for account {account}"))
                .hint(format!("say how to work there: `aws.accounts.\"{account}\": {{ assume_role: ARN }}`"))),
        }
    }
}

/// The account stands in the key: that is how a sandbox tells accounts apart.
fn sandbox_credentials(account: &AccountId) -> Static {
    Static::new(format!("AKIASANDBOX0{account}"), "sandbox", None, None, "sandbox")
}

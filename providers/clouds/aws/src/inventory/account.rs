//! Reading the account: as little as possible, and side by side.
//!
//! The SDK's calls are boxed: each has kilobytes of state, which would add up on the stack.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use cloudgrant_core::{Access, Caller, Checked, Error, ErrorKind, GrantName, ResourceKind, Result, TaskAccess};
use futures_util::future::try_join_all;

use crate::config::region;
use crate::error;
use crate::inventory::cache::Inventory;
use crate::inventory::lookups::buckets::bucket::{Asked, Buckets, Purpose};
use crate::inventory::lookups::reached::Reached;
use crate::inventory::lookups::secrets::Secrets;
use crate::inventory::reading::{Issuer, Reading};
use crate::inventory::snapshot::{Quotas, Snapshot};
use crate::inventory::unplaced::Known;
use crate::inventory::{known_buckets, known_secrets};
use crate::resources::kinds::secret::Secret;
use crate::resources::locator::Locator;

impl Inventory {
    /// Makes sure that the credentials are for the manifest's account, and says whose they are. Once.
    pub(crate) async fn identity(&self) -> Result<&Caller> {
        let ask = || async {
            let identity = self.clients.sts().await.get_caller_identity().send().await;
            let identity = identity
                .map_err(|error| region::doubted(error::of("sts:GetCallerIdentity", error), &self.config.region))?;
            let account = identity.account().unwrap_or_default();
            if account == self.config.account.as_str() {
                let principal = identity.arn().unwrap_or_default().to_owned();
                return Ok(Caller { principal, application: None, account: account.to_owned() });
            }
            Err(Error::new(
                ErrorKind::WrongAccount,
                format!("the credentials are for account {account}, the manifest is for {}", self.config.account),
            )
            .with("operation", "sts:GetCallerIdentity")
            .with("principal", identity.arn().unwrap_or_default())
            .hint("select other credentials (AWS_PROFILE), or another profile of the manifest (--profile)"))
        };
        self.identity.get_or_try_init(|| Box::pin(ask())).await
    }

    /// Reads, while whose credentials these are is asked beside it: of another account, nothing that was read is used, nor
    /// told what was refused.
    async fn beside_identity<T>(&self, read: impl Future<Output = Result<T>>) -> Result<T> {
        let (read, _) = tokio::try_join!(async { Ok(read.await) }, self.identity())?;
        read
    }

    /// What the account allows. Once.
    pub(crate) async fn quotas(&self) -> Result<Quotas> {
        let read = || Box::pin(async { Quotas::read(self.clients.iam().await).await });
        self.beside_identity(self.quotas.get_or_try_init(read)).await.copied()
    }

    /// What this plan has read so far.
    pub(crate) async fn reading(&self) -> Arc<Reading> {
        self.reading.lock().await.clone()
    }

    /// The account's IAM. Each plan reads it once.
    pub(crate) async fn snapshot(&self) -> Result<Arc<Snapshot>> {
        // The quotas are for later, and cost no time of their own beside it.
        let (snapshot, _) = tokio::try_join!(self.roles_and_policies(), self.quotas())?;
        Ok(snapshot)
    }

    /// The same for who plans nothing: whether the quotas can be read is all the same then.
    pub(crate) async fn roles_and_policies(&self) -> Result<Arc<Snapshot>> {
        let reading = self.reading().await;
        let take = || {
            Box::pin(async {
                let pages = self.clients.pages("iam:GetAccountAuthorizationDetails");
                Snapshot::take(self.clients.iam().await, pages).await.map(Arc::new)
            })
        };
        self.beside_identity(reading.account.get_or_try_init(take)).await.cloned()
    }

    /// The clusters' OpenID Connect providers (requirement 17), where the manifest names any. Each plan reads them once.
    pub(crate) async fn issuers(&self) -> Result<Vec<(String, Issuer)>> {
        let Some(cluster) = self.config.cluster.as_ref().filter(|_| !self.config.is_pod_identity()) else {
            return Ok(Vec::new());
        };
        let reading = self.reading().await;
        let ask = || {
            let each = self.config.issuers().map(|issuer| async move {
                let arn = self.names.oidc_provider_arn(issuer);
                let state = self.issuer(issuer, &arn, cluster.audience()).await?;
                Ok::<_, Error>((arn, state))
            });
            Box::pin(try_join_all(each))
        };
        self.beside_identity(reading.issuers.get_or_try_init(ask)).await.cloned()
    }

    async fn issuer(&self, issuer: &str, arn: &str, audience: &str) -> Result<Issuer> {
        if let Some(audiences) = self.audiences(arn).await? {
            let is_known = audiences.iter().any(|known| known == audience);
            return Ok(if is_known { Issuer::Trusted } else { Issuer::LacksAudience });
        }
        let other = self.names.oidc_provider_arn(&other_spelling(issuer));
        Ok(if self.audiences(&other).await?.is_some() { Issuer::OtherSpelling } else { Issuer::Unknown })
    }

    /// The audiences of an OpenID Connect provider, if there is one of that ARN.
    async fn audiences(&self, arn: &str) -> Result<Option<Vec<String>>> {
        let request = self.clients.iam().await.get_open_id_connect_provider().open_id_connect_provider_arn(arn);
        match request.send().await.map_err(|error| error::of("iam:GetOpenIDConnectProvider", error)) {
            Ok(provider) => Ok(Some(provider.client_id_list.unwrap_or_default())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What grants reach, looked up.
    pub(crate) async fn reached<'a>(
        &self,
        grants: impl IntoIterator<Item = &'a Arc<Checked<TaskAccess>>> + Clone,
    ) -> Result<Reached> {
        let is_beside_revoked = grants.clone().into_iter().any(|grant| !grant.beside_revoked.is_empty());
        self.reached_for(grants, if is_beside_revoked { Purpose::Keeping } else { Purpose::Granting }).await
    }

    async fn reached_for<'a>(
        &self,
        grants: impl IntoIterator<Item = &'a Arc<Checked<TaskAccess>>> + Clone,
        purpose: Purpose,
    ) -> Result<Reached> {
        let (secrets, buckets) = tokio::try_join!(self.secrets(grants.clone()), self.buckets(grants, purpose))?;
        Ok(Reached { secrets, buckets })
    }

    /// What the stack's policies say of buckets. Each plan reads that out of them once.
    pub(crate) async fn known_buckets(&self) -> Result<Arc<Known>> {
        let (reading, snapshot) = (self.reading().await, self.snapshot().await?);
        let known = || Arc::new(known_buckets::known(&self.names, &snapshot));
        Ok(reading.known_buckets.get_or_init(known).clone())
    }

    pub(crate) async fn buckets<'a>(
        &self,
        grants: impl IntoIterator<Item = &'a Arc<Checked<TaskAccess>>>,
        purpose: Purpose,
    ) -> Result<Buckets> {
        let mut wanted: BTreeMap<String, Asked> = BTreeMap::new();
        let mut for_grants: BTreeMap<String, BTreeSet<GrantName>> = BTreeMap::new();
        for (grant, reach) in grants.into_iter().flat_map(|grant| grant.reaches.iter().map(move |reach| (grant, reach)))
        {
            if reach.resource.kind != ResourceKind::OBJECT_STORE {
                continue;
            }
            if let Locator::Objects(objects) = reach.resource.locator.parsed::<Locator>() {
                let asked = if reach.access == Access::List { Asked::Owner } else { Asked::Encryption };
                for_grants.entry(objects.bucket.clone()).or_default().insert(grant.name.clone());
                let known = wanted.entry(objects.bucket.clone()).or_insert(asked);
                *known = asked.max(*known);
            }
        }
        if wanted.is_empty() {
            return Ok(Buckets::default());
        }
        // Whose credentials these are is known then, too.
        let known = self.known_buckets().await?;
        let known = for_grants.into_iter().filter_map(|(name, grants)| Some((name.clone(), known.of(&name, &grants)?)));
        let known = known.collect();
        Box::pin(self.buckets.all(self, wanted, known, purpose)).await
    }

    /// The plan has looked: the next one reads anew.
    pub(crate) async fn used_up(&self) {
        *self.reading.lock().await = Arc::default();
    }

    async fn secrets<'a>(&self, grants: impl IntoIterator<Item = &'a Arc<Checked<TaskAccess>>>) -> Result<Secrets> {
        let (mut wanted, mut forced) = (Vec::new(), HashSet::new());
        for grant in grants {
            for reach in grant.reaches.iter().filter(|reach| reach.resource.kind == ResourceKind::SECRET) {
                if let Locator::Secret(secret) = reach.resource.locator.parsed::<Locator>() {
                    if reach.resource.force {
                        forced.insert(secret.clone());
                    }
                    wanted.push(secret.clone());
                }
            }
        }
        wanted.sort();
        wanted.dedup();
        let inspect = |secret: &Secret| self.config.inspect_secrets && !forced.contains(secret);
        if wanted.is_empty() {
            return Ok(Secrets::default());
        }
        // Before, not beside: values may be read.
        self.identity().await?;
        let snapshot = self.snapshot().await?;
        let granted = known_secrets::granted(&self.names, &snapshot, &wanted);
        let client = self.clients.secrets_manager().await;
        Box::pin(self.secrets.all(&client, &inspect, wanted, &granted)).await
    }
}

/// The issuer with a slash more or less at its end.
fn other_spelling(issuer: &str) -> String {
    issuer.strip_suffix('/').map_or_else(|| format!("{issuer}/"), ToOwned::to_owned)
}

//! The state: maps in memory, and a file for each entity.
//!
//! Every change goes to its file first and to memory second. So what was answered is on the disk, and a write that fails
//! changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use cloudgrant_sandbox_kit::store::BEGIN_ANEW;
use cloudgrant_sandbox_kit::{History, Result, SandboxError, Store, clock};

use crate::authorization::managed_policies;
use crate::partition::Partition;
use crate::protocol::errors::Answer;
use crate::quotas::Quotas;
use crate::state::ids::Ids;
use crate::state::model::{
    Association, Bucket, Document, EksCluster, Key, OidcProvider, Policy, PullThroughRule, Repository, Role, Secret,
    Session,
};
use crate::state::time;

/// What one account owns. IAM's names are unique whatever their case, so roles and policies are found by lower-case name
/// (IAM user guide, "IAM and AWS STS quotas").
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) policies: BTreeMap<String, Policy>,
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) oidc: BTreeMap<String, OidcProvider>,
    /// By region and name.
    pub(crate) repositories: BTreeMap<(String, String), Repository>,
    /// By region and prefix.
    pub(crate) pull_through: BTreeMap<(String, String), PullThroughRule>,
    /// By name.
    pub(crate) buckets: BTreeMap<String, Bucket>,
    /// By region and id.
    pub(crate) keys: BTreeMap<(String, String), Key>,
    /// By region and name.
    pub(crate) eks_clusters: BTreeMap<(String, String), EksCluster>,
    /// By id.
    pub(crate) associations: BTreeMap<String, Association>,
    /// By region and name.
    pub(crate) secrets: BTreeMap<(String, String), Secret>,
    /// Which roles a policy is attached to: policy ARN to lower-case role names. Derived from the roles.
    attached: HashMap<String, BTreeSet<String>>,
}

impl Account {
    /// A role by its name.
    pub(crate) fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(&name.to_lowercase())
    }

    /// A customer-managed policy by its ARN.
    pub(crate) fn policy(&self, arn: &str) -> Option<&Policy> {
        let name = arn.rsplit('/').next()?;
        self.policies.get(&name.to_lowercase()).filter(|policy| policy.arn() == arn)
    }

    /// The roles that a policy is attached to.
    pub(crate) fn attached_to(&self, arn: &str) -> impl Iterator<Item = &Role> {
        self.attached.get(arn).into_iter().flatten().filter_map(|name| self.roles.get(name))
    }

    /// How many roles a policy is attached to.
    pub(crate) fn attachments(&self, arn: &str) -> usize {
        self.attached.get(arn).map_or(0, BTreeSet::len)
    }

    /// The roles that have a policy as their permissions boundary.
    pub(crate) fn bounded_by(&self, arn: &str) -> impl Iterator<Item = &Role> {
        self.roles.values().filter(move |role| role.boundary.as_deref() == Some(arn))
    }

    fn set_role(&mut self, role: Role) {
        let key = role.name.to_lowercase();
        self.forget_attachments(&key);
        for arn in role.attached.keys() {
            self.attached.entry(arn.clone()).or_default().insert(key.clone());
        }
        self.roles.insert(key, role);
    }

    fn forget_attachments(&mut self, key: &str) {
        let Some(role) = self.roles.get(key) else { return };
        for arn in role.attached.keys() {
            if let Some(names) = self.attached.get_mut(arn) {
                names.remove(key);
                if names.is_empty() {
                    self.attached.remove(arn);
                }
            }
        }
    }
}

/// Everything.
#[derive(Debug)]
pub(crate) struct State {
    /// The one that this sandbox plays.
    pub(crate) partition: Partition,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) quotas: Quotas,
    pub(crate) ids: Ids,
    /// Policies that AWS itself offers, by ARN.
    pub(crate) managed: BTreeMap<String, Policy>,
    pub(crate) history: History,
    pub(crate) replication: Duration,
    /// Services answer in the words of some years ago, where those were others.
    pub(crate) older_wording: bool,
    /// When policies were last detached, and roles last lost one, by ARN: for a while it still counts.
    detached: HashMap<String, time::Millis>,
    /// Trust policies of before, by the role's ARN, and when they were replaced.
    replaced_trusts: HashMap<String, (Document, time::Millis)>,
    /// When associations were deleted, by their places: for a while they are in the way of others.
    unassociated: HashMap<String, time::Millis>,
    store: Store,
}

impl State {
    /// Reads the state from a folder that was opened.
    pub(crate) fn load(store: Store, partition: Partition, quotas: Quotas, replication: Duration) -> Result<Self> {
        let history = History::begin(&store)?;
        let mut state = Self {
            partition,
            accounts: BTreeMap::new(),
            sessions: HashMap::new(),
            quotas,
            ids: Ids::new(history.start()),
            managed: managed_policies::policies(partition),
            history,
            replication,
            older_wording: false,
            detached: HashMap::new(),
            replaced_trusts: HashMap::new(),
            unassociated: HashMap::new(),
            store,
        };
        for policy in state.store.load::<Policy>("policies")? {
            state.of_this_partition(policy.partition)?;
            state.account_mut(&policy.account.clone()).policies.insert(policy.name.to_lowercase(), policy);
        }
        for role in state.store.load::<Role>("roles")? {
            state.of_this_partition(role.partition)?;
            state.account_mut(&role.account.clone()).set_role(role);
        }
        for provider in state.store.load::<OidcProvider>("oidc-providers")? {
            state.of_this_partition(provider.partition)?;
            state.account_mut(&provider.account.clone()).oidc.insert(provider.arn(), provider);
        }
        for repository in state.store.load::<Repository>("repositories")? {
            let key = (repository.region.clone(), repository.name.clone());
            state.account_mut(&repository.account.clone()).repositories.insert(key, repository);
        }
        for rule in state.store.load::<PullThroughRule>("pull-through-rules")? {
            let key = (rule.region.clone(), rule.prefix.clone());
            state.account_mut(&rule.account.clone()).pull_through.insert(key, rule);
        }
        for bucket in state.store.load::<Bucket>("buckets")? {
            state.account_mut(&bucket.account.clone()).buckets.insert(bucket.name.clone(), bucket);
        }
        for key in state.store.load::<Key>("keys")? {
            let place = (key.region.clone(), key.id.clone());
            state.account_mut(&key.account.clone()).keys.insert(place, key);
        }
        for cluster in state.store.load::<EksCluster>("eks-clusters")? {
            let key = (cluster.region.clone(), cluster.name.clone());
            state.account_mut(&cluster.account.clone()).eks_clusters.insert(key, cluster);
        }
        for association in state.store.load::<Association>("pod-identity-associations")? {
            let id = association.id.clone();
            state.account_mut(&association.account.clone()).associations.insert(id, association);
        }
        for secret in state.store.load::<Secret>("secrets")? {
            let key = (secret.region.clone(), secret.name.clone());
            state.account_mut(&secret.account.clone()).secrets.insert(key, secret);
        }
        let now = time::now();
        for session in state.store.load::<Session>("sessions")? {
            // Long-expired sessions would pile up; the recent ones are kept to be answered "expired".
            if session.expires + 86_400_000 < now {
                state.store.remove(&["sessions", &session.key])?;
            } else {
                state.sessions.insert(session.key.clone(), session);
            }
        }
        Ok(state)
    }

    /// A folder holds one partition: nothing of one is known in another.
    fn of_this_partition(&self, partition: Partition) -> Result<()> {
        if partition == self.partition {
            return Ok(());
        }
        let reason = format!(
            "the folder holds a sandbox of the partition {}, and the manifest's region is of {}",
            partition.id(),
            self.partition.id()
        );
        Err(SandboxError::new("start the sandbox of AWS").because(reason).hint(BEGIN_ANEW))
    }

    /// An account. All accounts exist; they are empty until something is made in them.
    pub(crate) fn account_mut(&mut self, id: &str) -> &mut Account {
        if !self.accounts.contains_key(id) {
            self.accounts.insert(id.to_owned(), Account::default());
        }
        // It was inserted just now, so this does not make another one.
        self.accounts.entry(id.to_owned()).or_default()
    }

    /// The key of an account that has an alias in a region.
    pub(crate) fn key_of_alias(&self, account: &str, region: &str, alias: &str) -> Option<&Key> {
        let mut keys = self.accounts.get(account)?.keys.values();
        keys.find(|key| key.region == region && key.aliases.contains(alias))
    }

    /// A role by its ARN, in any account.
    pub(crate) fn role_by_arn(&self, arn: &str) -> Option<&Role> {
        let (account, resource) = iam_arn(self.partition, arn)?;
        let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
        self.accounts.get(account)?.role(name).filter(|role| role.arn() == arn)
    }

    /// A role by its unique id, in any account.
    pub(crate) fn role_by_id(&self, id: &str) -> Option<&Role> {
        self.accounts.values().flat_map(|account| account.roles.values()).find(|role| role.id == id)
    }

    /// Whether other services, and other roles' trust policies, know a role already.
    pub(crate) fn is_replicated(&self, role: &Role) -> bool {
        clock::has_passed(self.replication, role.created)
    }

    /// Remembers the trust policy that a role had. Other services see it for a while.
    pub(crate) fn note_replaced_trust(&mut self, role: &str, trust: Document) {
        self.replaced_trusts.insert(role.to_owned(), (trust, time::now()));
    }

    /// The trust policy of a role, as other services see it.
    pub(crate) fn replicated_trust<'a>(&'a self, role: &'a Role) -> &'a Document {
        match self.replaced_trusts.get(&role.arn()) {
            Some((before, at)) if role.created <= *at && !clock::has_passed(self.replication, *at) => before,
            _ => &role.trust,
        }
    }

    /// Remembers that the association of a service account was deleted.
    pub(crate) fn note_unassociated(&mut self, place: String) {
        self.unassociated.insert(place, time::now());
    }

    /// Whether the association of a service account that was deleted a moment ago is still in the way.
    pub(crate) fn seems_associated(&self, place: &str) -> bool {
        self.unassociated.get(place).is_some_and(|at| !clock::has_passed(self.replication, *at))
    }

    /// Remembers that something was detached from something.
    pub(crate) fn note_detached(&mut self, policy: &str, role: &str) {
        let now = time::now();
        self.detached.extend([policy, role].map(|arn| (arn.to_owned(), now)));
    }

    /// Whether deleting still meets what was detached a moment ago.
    pub(crate) fn seems_attached(&self, arn: &str) -> bool {
        self.detached.get(arn).is_some_and(|at| !clock::has_passed(self.replication, *at))
    }

    /// A document as AWS shows it now: roles that are gone appear by their unique ids.
    pub(crate) fn show(&self, document: &Document) -> String {
        let mut text = document.text.clone();
        for (arn, id) in &document.principals {
            if self.role_by_arn(arn).is_none_or(|role| role.id != *id) {
                text = text.replace(&format!("\"{arn}\""), &format!("\"{id}\""));
            }
        }
        text
    }

    pub(crate) fn save_policy(&mut self, policy: Policy) -> Answer<()> {
        self.store.put(&["policies", &policy.account, &policy.name], &policy)?;
        self.account_mut(&policy.account.clone()).policies.insert(policy.name.to_lowercase(), policy);
        Ok(())
    }

    pub(crate) fn remove_policy(&mut self, account: &str, name: &str) -> Answer<()> {
        self.store.remove(&["policies", account, name])?;
        self.account_mut(account).policies.remove(&name.to_lowercase());
        Ok(())
    }

    pub(crate) fn save_role(&mut self, role: Role) -> Answer<()> {
        self.store.put(&["roles", &role.account, &role.name], &role)?;
        self.account_mut(&role.account.clone()).set_role(role);
        Ok(())
    }

    pub(crate) fn remove_role(&mut self, account: &str, name: &str) -> Answer<()> {
        self.store.remove(&["roles", account, name])?;
        let key = name.to_lowercase();
        let account = self.account_mut(account);
        account.forget_attachments(&key);
        account.roles.remove(&key);
        Ok(())
    }

    pub(crate) fn save_oidc(&mut self, provider: OidcProvider) -> Answer<()> {
        self.store.put(&["oidc-providers", &provider.account, &provider.url], &provider)?;
        self.account_mut(&provider.account.clone()).oidc.insert(provider.arn(), provider);
        Ok(())
    }

    pub(crate) fn remove_oidc(&mut self, provider: &OidcProvider) -> Answer<()> {
        self.store.remove(&["oidc-providers", &provider.account, &provider.url])?;
        self.account_mut(&provider.account).oidc.remove(&provider.arn());
        Ok(())
    }

    pub(crate) fn save_repository(&mut self, repository: Repository) -> Answer<()> {
        self.store.put(&["repositories", &repository.account, &repository.region, &repository.name], &repository)?;
        let key = (repository.region.clone(), repository.name.clone());
        self.account_mut(&repository.account.clone()).repositories.insert(key, repository);
        Ok(())
    }

    pub(crate) fn remove_repository(&mut self, repository: &Repository) -> Answer<()> {
        self.store.remove(&["repositories", &repository.account, &repository.region, &repository.name])?;
        let key = (repository.region.clone(), repository.name.clone());
        self.account_mut(&repository.account).repositories.remove(&key);
        Ok(())
    }

    pub(crate) fn save_pull_through(&mut self, rule: PullThroughRule) -> Answer<()> {
        self.store.put(&["pull-through-rules", &rule.account, &rule.region, &rule.prefix], &rule)?;
        let key = (rule.region.clone(), rule.prefix.clone());
        self.account_mut(&rule.account.clone()).pull_through.insert(key, rule);
        Ok(())
    }

    pub(crate) fn remove_pull_through(&mut self, rule: &PullThroughRule) -> Answer<()> {
        self.store.remove(&["pull-through-rules", &rule.account, &rule.region, &rule.prefix])?;
        let key = (rule.region.clone(), rule.prefix.clone());
        self.account_mut(&rule.account).pull_through.remove(&key);
        Ok(())
    }

    /// A bucket, of whichever account.
    pub(crate) fn bucket(&self, name: &str) -> Option<&Bucket> {
        self.accounts.values().find_map(|account| account.buckets.get(name))
    }

    pub(crate) fn save_bucket(&mut self, bucket: Bucket) -> Answer<()> {
        self.store.put(&["buckets", &bucket.name], &bucket)?;
        self.account_mut(&bucket.account.clone()).buckets.insert(bucket.name.clone(), bucket);
        Ok(())
    }

    pub(crate) fn remove_bucket(&mut self, bucket: &Bucket) -> Answer<()> {
        self.store.remove(&["buckets", &bucket.name])?;
        self.account_mut(&bucket.account).buckets.remove(&bucket.name);
        Ok(())
    }

    pub(crate) fn save_key(&mut self, key: Key) -> Answer<()> {
        self.store.put(&["keys", &key.account, &key.region, &key.id], &key)?;
        let place = (key.region.clone(), key.id.clone());
        self.account_mut(&key.account.clone()).keys.insert(place, key);
        Ok(())
    }

    pub(crate) fn save_secret(&mut self, secret: Secret) -> Answer<()> {
        self.store.put(&["secrets", &secret.account, &secret.region, &secret.name], &secret)?;
        let key = (secret.region.clone(), secret.name.clone());
        self.account_mut(&secret.account.clone()).secrets.insert(key, secret);
        Ok(())
    }

    pub(crate) fn remove_secret(&mut self, secret: &Secret) -> Answer<()> {
        self.store.remove(&["secrets", &secret.account, &secret.region, &secret.name])?;
        let key = (secret.region.clone(), secret.name.clone());
        self.account_mut(&secret.account).secrets.remove(&key);
        Ok(())
    }

    pub(crate) fn save_eks_cluster(&mut self, cluster: EksCluster) -> Answer<()> {
        self.store.put(&["eks-clusters", &cluster.account, &cluster.region, &cluster.name], &cluster)?;
        let key = (cluster.region.clone(), cluster.name.clone());
        self.account_mut(&cluster.account.clone()).eks_clusters.insert(key, cluster);
        Ok(())
    }

    pub(crate) fn remove_eks_cluster(&mut self, cluster: &EksCluster) -> Answer<()> {
        self.store.remove(&["eks-clusters", &cluster.account, &cluster.region, &cluster.name])?;
        let key = (cluster.region.clone(), cluster.name.clone());
        self.account_mut(&cluster.account).eks_clusters.remove(&key);
        Ok(())
    }

    pub(crate) fn save_association(&mut self, association: Association) -> Answer<()> {
        self.store.put(&["pod-identity-associations", &association.account, &association.id], &association)?;
        let id = association.id.clone();
        self.account_mut(&association.account.clone()).associations.insert(id, association);
        Ok(())
    }

    pub(crate) fn remove_association(&mut self, association: &Association) -> Answer<()> {
        self.store.remove(&["pod-identity-associations", &association.account, &association.id])?;
        self.account_mut(&association.account).associations.remove(&association.id);
        Ok(())
    }

    pub(crate) fn save_session(&mut self, session: Session) -> Answer<()> {
        self.store.put(&["sessions", &session.key], &session)?;
        self.sessions.insert(session.key.clone(), session);
        Ok(())
    }

    /// Remembers that something was seeded, so that it stays deleted once somebody deletes it.
    pub(crate) fn mark_seeded(&mut self, what: String) -> Result<()> {
        self.history.mark_seeded(&self.store, what)
    }
}

/// The account and the resource part of an IAM ARN of a partition.
pub(crate) fn iam_arn(partition: Partition, arn: &str) -> Option<(&str, &str)> {
    match partition.split(arn)? {
        ["iam", "", account, resource] => Some((account, resource)),
        _ => None,
    }
}

//! The associations of service accounts with the stack's roles, by EKS Pod Identity: in the clusters in which some are wanted, and in
//! those that the stack's own marks name. Of a stack that never had any, nothing is asked.
//!
//! EKS lists associations without their roles and tags, and nothing else remembers which were the stack's once it wants them no more: the
//! trust of its roles forgets them before they are deleted. So each one is asked for that no add-on made, or that is in the way of a wanted
//! one; those of others once a run, however often it looks. Source: Amazon EKS API reference, PodIdentityAssociationSummary.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{
    Action, Desired, Error, ErrorKind, Found, Limit, Object, ObjectId, Observed, Obstacle, Result, Unmakeable,
    Unsearched,
};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::AT_A_TIME;
use crate::config::arn::name_in;
use crate::config::eks_cluster::EksCluster;
use crate::inventory::snapshot::Snapshot;
use crate::marks::eks_clusters::{self, Mark};
use crate::names::tags::{HOME_TAG, SCOPE_TAG, STACK_TAG};
use crate::objects::pod_identity_association::association::{self, PodIdentityAssociation};
use crate::objects::pod_identity_association::there::{self, Listed, There};
use crate::objects::{managed_policy, role};
use crate::observe::findings::other_homes::OtherHomes;
use crate::observe::looking::Looking;

/// The most associations of a cluster. Source: Amazon EKS user guide, "Learn how EKS Pod Identity grants pods access to AWS services",
/// restrictions.
const PER_CLUSTER: u64 = 5_000;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Associations {
    clusters: Vec<Cluster>,
    marks: Vec<Mark>,
    unsearched: Vec<Unsearched>,
    unmakeable: Vec<Unmakeable>,
}

/// What there is in a cluster.
#[derive(Debug)]
struct Cluster {
    cluster: EksCluster,
    /// How many there are, whoever made them.
    count: usize,
    there: Vec<There>,
    wanted: BTreeSet<ObjectId>,
}

pub(super) async fn read(looking: Looking<'_>, desired: &Desired, snapshot: &Snapshot) -> Result<Associations> {
    let mut wanted: BTreeMap<EksCluster, BTreeSet<ObjectId>> = BTreeMap::new();
    for object in desired.objects.iter().filter(|object| object.id.kind == association::KIND) {
        let cluster = PodIdentityAssociation::of(&object.attributes).ok().and_then(|it| EksCluster::parse(&it.cluster));
        wanted.entry(cluster.ok_or_else(|| without_cluster(object))?).or_default().insert(object.id.clone());
    }
    let mut read = Associations { marks: eks_clusters::marked(looking.names, snapshot), ..Associations::default() };
    for mark in &read.marks {
        match &mark.cluster {
            Some(cluster) => {
                wanted.entry(cluster.clone()).or_default();
            }
            None => read.unsearched.push(Unsearched {
                place: mark.to_string(),
                reason: format!(
                    "nobody knows which cluster it was: have that policy as it was, or delete it once no association names a role of \
                     this stack ({})",
                    looking.names.role_arn("*")
                ),
            }),
        }
    }
    for (cluster, wanted) in wanted {
        let listed = match there::list(looking.clients, &cluster, None).await {
            Ok(listed) => listed,
            Err(error) => {
                read.unread(cluster, wanted, error)?;
                continue;
            }
        };
        let count = listed.len();
        let matters = |one: &Listed| {
            let id = association::id(&cluster, &one.namespace, &one.service_account);
            // An add-on's is none of the stack's, nor is that of others, but either may be in its way.
            let is_others = one.is_of_addon || looking.inventory.is_foreign_association(&cluster, &one.id);
            wanted.contains(&id) || !is_others
        };
        let ids = listed.into_iter().filter(matters).map(|one| one.id);
        let describe = |id: String| {
            let cluster = &cluster;
            async move { there::describe(looking.clients, cluster, &id).await }
        };
        let there: Vec<_> = stream::iter(ids).map(describe).buffer_unordered(AT_A_TIME).try_collect().await?;
        let there: Vec<There> = there.into_iter().flatten().collect();
        for one in there.iter().filter(|one| one.is_foreign(looking.names)) {
            looking.inventory.note_foreign_association(&cluster, &one.id);
        }
        read.clusters.push(Cluster { there, cluster, count, wanted });
    }
    Ok(read)
}

fn without_cluster(object: &Object) -> Error {
    Error::provider_bug("aws", format!("{} is in no cluster", object.id))
}

impl Associations {
    /// A cluster of which nobody knows what is there.
    ///
    /// # Errors
    /// AWS doesn't answer, or refuses to whoever needs to know.
    fn unread(&mut self, cluster: EksCluster, wanted: BTreeSet<ObjectId>, error: Error) -> Result<()> {
        match error.kind() {
            // All that was there is gone with it.
            ErrorKind::NotFound if wanted.is_empty() => {
                self.clusters.push(Cluster { cluster, count: 0, there: Vec::new(), wanted });
            }
            ErrorKind::NotFound => {
                let why = Error::new(ErrorKind::NotFound, format!("there is no {cluster}")).hint(
                    "name a cluster of the data plane's account and region, `aws.cluster.name`: `aws eks list-clusters` shows them",
                );
                let actions = &[Action::Create, Action::Update];
                self.unmakeable.push(Unmakeable { why, actions, objects: wanted, obstacle: Obstacle::Certain });
            }
            ErrorKind::AccessDenied if wanted.is_empty() => {
                let mark = Mark { policy: managed_policy::id(""), cluster: Some(cluster) };
                self.unsearched.push(Unsearched { place: mark.to_string(), reason: error.in_a_sentence() });
            }
            _ => return Err(error),
        }
        Ok(())
    }
}

pub(super) fn add(
    looking: Looking<'_>,
    desired: &Desired,
    read: Associations,
    others: &mut OtherHomes,
    observed: &mut Observed,
) {
    let wanted_marks: BTreeSet<_> = desired.objects.iter().map(|object| &object.id).collect();
    let known: BTreeSet<_> = read.clusters.iter().map(|it| eks_clusters::id(looking.names, &it.cluster)).collect();
    for mark in read.marks.iter().filter(|mark| !known.contains(&mark.policy)) {
        // Something may be left there that nobody looked at.
        if !wanted_marks.contains(&mark.policy) {
            observed.objects.remove(&mark.policy);
        }
    }
    let has_moved = !observed.problems.is_empty();
    observed.unsearched.extend(read.unsearched);
    observed.unmakeable.extend(read.unmakeable);
    for Cluster { cluster, count, there, wanted } in read.clusters {
        let mark = eks_clusters::id(looking.names, &cluster);
        let id_of = |there: &There| {
            let PodIdentityAssociation { namespace, service_account, .. } = &there.association;
            association::id(&cluster, namespace, service_account)
        };
        let found: BTreeSet<_> = there.iter().map(id_of).collect();
        for there in there {
            let id = id_of(&there);
            if !there.is_ours(looking.names) {
                let (is_wanted, at_another_home) = (wanted.contains(&id), there.is_at_another_home(looking.names));
                // Whoever names another home than before is told that, and not each association of it.
                if is_wanted && !(at_another_home && has_moved) {
                    observed.conflicts.insert(id, there.in_the_way(looking.names));
                } else if at_another_home {
                    others.add(id.to_string());
                }
                continue;
            }
            let role = name_in(&there.association.role).to_owned();
            let known_tags = own_tags(looking, &there.association);
            let association = PodIdentityAssociation { tags: known_tags, ..there.association };
            let is_wanted = wanted.contains(&id);
            let if_deleted = (!is_wanted).then(|| if_deleted(&association, &role));
            observed.with_principals.insert(id.clone());
            observed.objects.insert(
                id,
                Found {
                    attributes: association.into(),
                    owned: true,
                    depends_on: vec![role::id(&role), mark.clone()],
                    if_deleted,
                    touches: Vec::new(),
                },
            );
        }
        if observed.objects.contains_key(&mark) {
            observed.with_principals.insert(mark);
        }
        let new: BTreeSet<_> = wanted.difference(&found).cloned().collect();
        observed.limits.push(Limit {
            what: format!("pod identity associations of {cluster}"),
            quota: PER_CLUSTER,
            needed: (count + new.len()) as u64,
            hint: "EKS takes no more in a cluster: bind fewer projects and domains, or leave `aws.binding` at irsa"
                .to_owned(),
            objects: new,
        });
    }
}

/// Of an association's tags, the stack's own and those that the manifest names: others are anybody's.
fn own_tags(looking: Looking<'_>, association: &PodIdentityAssociation<'_>) -> BTreeMap<String, String> {
    let is_known = |key: &str| [STACK_TAG, HOME_TAG, SCOPE_TAG].contains(&key) || looking.config.tags.contains_key(key);
    let known = association.tags.iter().filter(|(key, _)| is_known(key));
    known.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn if_deleted(association: &PodIdentityAssociation<'_>, role: &str) -> String {
    let PodIdentityAssociation { namespace, service_account, .. } = association;
    format!(
        "pods of service account {namespace}/{service_account} that start after this aren't {role} any more, but what the account itself \
         names; those that run by then keep their credentials for some hours at most"
    )
}

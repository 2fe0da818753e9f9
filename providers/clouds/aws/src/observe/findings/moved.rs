//! A stack whose home changed with the manifest, although nobody asked for that.

use cloudgrant_core::{Error, ErrorKind};
use serde_json::Value;

use crate::config::WHOLE_ACCOUNT;
use crate::config::eks_cluster::EksCluster;
use crate::inventory::snapshot::{Role, Snapshot};
use crate::names::Names;
use crate::names::tags::HOME_TAG;
use crate::observe::looking::Looking;
use crate::policy::trust;

/// The cluster's issuer is a part of the home. A manifest that gets its first cluster, loses it, lists another issuer first or
/// no longer lists the first one therefore names another home, where nothing is: all that the stack gave would stay given,
/// and no run would see it. So that is refused until the manifest says which home it means, also to whoever takes access away
/// and would read that there is none.
///
/// Only where nothing was at the home since we were connected (whoever takes everything away leaves an empty home behind)
/// and `aws.home` isn't written. Two clusters of one account, each with a home, are two stacks of one name.
pub(in crate::observe) fn problem(looking: Looking<'_>, snapshot: &Snapshot) -> Option<Error> {
    let config = looking.config;
    if is_used(looking.names, snapshot) {
        looking.inventory.note_at_home();
    }
    if config.home.is_some() || looking.inventory.was_at_home() {
        return None;
    }
    let at = |issuer: Option<&str>| {
        Names::new(looking.names.stack().clone(), config.partition(), config.account.clone(), issuer)
    };
    let home = config.home_cluster();
    let clusters: Vec<_> = config.eks_clusters().map(|cluster| cluster.arn()).collect();
    let listed = config.issuers().chain(clusters.iter().map(String::as_str));
    let listed = listed.filter(|cluster| Some(*cluster) != home.as_deref());
    // Homes with a cluster that the manifest doesn't list stand in the tags of their roles.
    let elsewhere = snapshot.roles.values().filter(|role| looking.names.is_path_of_another_home(&role.path));
    let tagged = elsewhere.filter(|role| home.as_deref().is_none_or(|home| may_be_of(looking, role, home, &clusters)));
    let tagged = tagged.filter_map(|role| role.tags.get(HOME_TAG)?.split_once(' ').map(|(_, issuer)| issuer));
    let whole_account = home.as_ref().map(|_| None);
    let mut before = listed.map(Some).chain(whole_account).chain(tagged.map(Some));
    let known = before.find(|issuer| is_used(&at(*issuer), snapshot));
    let unnamed = || {
        let paths = snapshot.policies.values().map(|policy| &policy.path);
        home.is_none() && paths.into_iter().any(|path| looking.names.is_path_of_another_home(path))
    };
    let stack = looking.names.stack();
    let (home, write) = match known {
        Some(issuer) => (at(issuer).home(), issuer.unwrap_or(WHOLE_ACCOUNT)),
        None if unnamed() => (format!("a cluster of account {}", config.account), "ISSUER"),
        None => return None,
    };
    let message =
        format!("stack {stack} is at another home than the one that the manifest names, and nothing of it is there");
    Some(
        Error::new(ErrorKind::Conflict, message)
            .with("the stack is at", &home)
            .with("the manifest names", looking.names.home())
            .hint(format!(
                "the home is the account and the cluster's first issuer, unless `aws.home` says it: to go on with what is there, \
                 write `home: {write}` in `aws`, or set CLOUDGRANT_AWS__HOME={write} (`cloudgrant stacks` lists it, and how to take it away); if this is another \
                 stack, give it another name, or write its own home there"
            )),
    )
}

/// Whether a role of the stack at another home may be of a cluster of the manifest's. Where it trusts the manifest's issuer too, it is:
/// another issuer was listed before it. So it is where it lets in pods of a cluster that the manifest names. Whose cluster an issuer is,
/// a manifest without one doesn't say: it may be this one, by the way in which its pods got their roles before.
fn may_be_of(looking: Looking<'_>, role: &Role, home: &str, clusters: &[String]) -> bool {
    let pods = trust::of_pods(&role.trust());
    let names_cluster = || pods.iter().any(|(cluster, ..)| clusters.contains(cluster) || cluster == home);
    match EksCluster::parse(home) {
        Some(_) => names_cluster() || pods.is_empty(),
        None => trusts(role, &looking.names.oidc_provider_arn(home)) || names_cluster(),
    }
}

/// Whether a role trusts an OpenID Connect provider.
fn trusts(role: &Role, provider: &str) -> bool {
    let trust = role.trust();
    let statements = trust["Statement"].as_array().into_iter().flatten();
    let mut federated = statements.map(|statement| &statement["Principal"]["Federated"]);
    federated.any(|principal| match principal {
        Value::Array(several) => several.iter().any(|one| one == provider),
        one => one == provider,
    })
}

/// Whether anything of the stack is at a home.
pub(in crate::observe) fn is_used(names: &Names, snapshot: &Snapshot) -> bool {
    let path = names.path();
    let is_role = |(name, role): (&String, &Role)| role.path == path && names.is_name_of_role(name);
    snapshot.policies.values().any(|policy| policy.path == path && names.is_name_of_policy(&policy.name))
        || snapshot.roles.iter().any(is_role)
}

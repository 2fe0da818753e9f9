//! A stack whose home changed with the manifest, although nobody asked for that.

use cloudgrant_core::{Desired, Error, ErrorKind};

use crate::Aws;
use crate::bind::HOME_TAG;
use crate::config::WHOLE_ACCOUNT;
use crate::names::Names;
use crate::snapshot::Snapshot;

/// The cluster's issuer is a part of the home. A manifest that gets its first cluster, loses it, or lists another issuer first
/// therefore names another home, where nothing is: all that the stack gave would stay given, and no run would see it. So
/// that is refused until the manifest says which home it means.
///
/// Only where something is wanted, nothing is at the home yet, and `aws.home` isn't written: whoever takes everything away
/// leaves an empty home behind. Two clusters of one account, each with a home, are two
/// stacks of one name.
pub(super) fn problem(aws: &Aws, desired: &Desired, snapshot: &Snapshot) -> Option<Error> {
    let config = &aws.config;
    if desired.thorough || desired.objects.is_empty() || config.home.is_some() || is_used(&aws.names, snapshot) {
        return None;
    }
    let at = |issuer: Option<&str>| {
        Names::new(aws.names.stack().clone(), config.partition(), config.account.clone(), issuer)
    };
    let listed = config.cluster.iter().flat_map(|cluster| cluster.oidc_provider.iter());
    let listed = listed.filter(|issuer| Some(*issuer) != config.home_issuer());
    // Where a manifest without a cluster finds homes with one, what they are called stands in the tags of their roles.
    let tagged = snapshot.roles.values().filter(|role| aws.names.is_path_of_another_home(&role.path));
    let tagged = tagged.filter_map(|role| role.tags.get(HOME_TAG)?.split_once(' ').map(|(_, issuer)| issuer));
    let mut before: Vec<Option<&str>> = listed.map(Some).collect();
    match config.home_issuer() {
        Some(_) => before.push(None),
        None => before.extend(tagged.map(Some)),
    }
    let known = before.into_iter().find(|issuer| is_used(&at(*issuer), snapshot));
    let unnamed = || {
        let paths = snapshot.policies.values().map(|policy| &policy.path);
        config.home_issuer().is_none() && paths.into_iter().any(|path| aws.names.is_path_of_another_home(path))
    };
    let stack = aws.names.stack();
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
            .with("the manifest names", aws.names.home())
            .hint(format!(
                "the home is the account and the cluster's first issuer, unless `aws.home` says it: to go on with what is there, \
                 write `home: {write}` in `aws`; if this is another stack, give it another name, or write its own home there"
            )),
    )
}

/// Whether anything of the stack is at a home.
fn is_used(names: &Names, snapshot: &Snapshot) -> bool {
    let path = names.path();
    snapshot
        .policies
        .values()
        .map(|policy| &policy.path)
        .chain(snapshot.roles.values().map(|role| &role.path))
        .any(|known| *known == path)
}

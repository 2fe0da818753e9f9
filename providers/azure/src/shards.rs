//! Which identity of a domain trusts which service account: an identity takes 20 federated credentials, so that a domain
//! with more projects needs several identities. Nothing moves that needn't.

use std::collections::BTreeMap;

use cloudgrant_core::{Checked, Result, ScopeBinding, Subject};

use crate::Azure;
use crate::arm::FederatedCredential;

/// Source: Azure documentation, "Important considerations and restrictions for federated identity credentials". It can't
/// be read, nor raised.
pub(crate) const PER_IDENTITY: usize = 20;

/// One identity of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shard {
    /// The identity's name.
    pub(crate) name: String,
    /// The names of its credentials, and their subjects.
    pub(crate) credentials: Vec<(String, Subject)>,
}

/// The identities of a domain.
pub(crate) async fn of(azure: &Azure, binding: &Checked<ScopeBinding>, issuer: &str) -> Result<Vec<Shard>> {
    let wanted: Vec<_> = binding
        .subjects
        .iter()
        .filter(|(pair, _)| !binding.served_elsewhere.contains(pair))
        .map(|(pair, subject)| (azure.names.credential(pair), subject.clone()))
        .collect();
    let snapshot = azure.snapshot().await;
    let identities = snapshot.identities().await?;
    let mut present: BTreeMap<usize, Vec<FederatedCredential>> = BTreeMap::new();
    // As many as there may be: those in use have no gaps wider than what was taken away.
    let most = identities.len() + wanted.len() / PER_IDENTITY + 1;
    for index in 0..most {
        let id = azure.names.identity_id(&azure.names.identity(&binding.scope, index));
        let ours = identities
            .iter()
            .any(|identity| identity.id.eq_ignore_ascii_case(id.as_str()) && azure.names.marks(&id, &identity.tags));
        if ours {
            present.insert(index, snapshot.credentials(&id).await?.to_vec());
        }
    }
    let name = |index| azure.names.identity(&binding.scope, index);
    Ok(packed(wanted, &present, issuer)
        .into_iter()
        .map(|(index, credentials)| Shard { name: name(index), credentials })
        .collect())
}

/// Each wanted credential where it is already, or else on the first identity that has room.
fn packed<S: ToString + Ord>(
    wanted: Vec<(String, S)>,
    present: &BTreeMap<usize, Vec<FederatedCredential>>,
    issuer: &str,
) -> BTreeMap<usize, Vec<(String, S)>> {
    // What is there takes its place until it is deleted, and that comes last.
    let mut taken: BTreeMap<usize, usize> = present.iter().map(|(index, there)| (*index, there.len())).collect();
    let mut packed: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    let mut homeless = Vec::new();
    for (name, subject) in wanted {
        let text = subject.to_string();
        let same =
            |there: &FederatedCredential| there.name == name || (there.subject == text && there.issuer == issuer);
        match present.iter().find(|(_, there)| there.iter().any(same)) {
            Some((index, _)) => packed.entry(*index).or_default().push((name, subject)),
            None => homeless.push((name, subject)),
        }
    }
    for credential in homeless {
        let index =
            (0..).find(|index| taken.get(index).copied().unwrap_or_default() < PER_IDENTITY).unwrap_or_default();
        *taken.entry(index).or_default() += 1;
        packed.entry(index).or_default().push(credential);
    }
    if packed.is_empty() {
        packed.insert(0, Vec::new());
    }
    packed.values_mut().for_each(|credentials| credentials.sort());
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(range: std::ops::Range<usize>) -> Vec<(String, String)> {
        range.map(|n| (format!("name{n:03}"), format!("subject{n:03}"))).collect()
    }

    fn there(range: std::ops::Range<usize>) -> Vec<FederatedCredential> {
        let credential = |(name, subject)| FederatedCredential {
            name,
            issuer: "https://issuer/".to_owned(),
            subject,
            audiences: Vec::new(),
        };
        wanted(range).into_iter().map(credential).collect()
    }

    fn sizes(packed: &BTreeMap<usize, Vec<(String, String)>>) -> Vec<(usize, usize)> {
        packed.iter().map(|(index, credentials)| (*index, credentials.len())).collect()
    }

    #[test]
    fn twenty_to_an_identity() {
        let fresh = packed(wanted(0..45), &BTreeMap::new(), "https://issuer/");
        assert_eq!(sizes(&fresh), [(0, 20), (1, 20), (2, 5)]);
        assert_eq!(sizes(&packed(Vec::new(), &BTreeMap::new(), "https://issuer/")), [(0, 0)]);
    }

    #[test]
    fn nothing_moves_that_needn_t() {
        let present = BTreeMap::from([(0, there(0..20)), (1, there(20..40)), (2, there(40..45))]);
        // Projects 3 and 25 are gone, and two are new: those that stay, stay where they are.
        let mut now = wanted(0..45);
        now.retain(|(name, _)| name != "name003" && name != "name025");
        now.extend(wanted(45..47));
        let packed = packed(now, &present, "https://issuer/");
        assert_eq!(sizes(&packed), [(0, 19), (1, 19), (2, 7)]);
        assert!(packed[&2].iter().any(|(name, _)| name == "name046"));
        for (index, credentials) in &packed {
            let stayed = credentials.iter().filter(|(name, _)| present[index].iter().any(|there| there.name == *name));
            assert!(stayed.count() >= 5, "{index}");
        }
    }

    #[test]
    fn another_issuer_under_our_name_is_mended_in_place() {
        let present = BTreeMap::from([(0, there(0..20))]);
        assert_eq!(sizes(&packed(wanted(0..20), &present, "https://other/")), [(0, 20)]);
    }
}

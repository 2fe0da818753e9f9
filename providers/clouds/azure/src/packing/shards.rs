//! Which identity of a domain trusts which service account: an identity takes 20 federated credentials, so that a domain
//! with more projects, or with more clusters, needs several identities. Nothing moves that needn't.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Checked, Error, ErrorKind, Naming, Result, ScopeBinding, Subject};

use crate::client::arm::FederatedCredential;
use crate::config::CREDENTIALS_PER_IDENTITY;
use crate::inventory::snapshot::Snapshot;
use crate::inventory::unusable::Unusable;
use crate::names::Names;
use crate::names::resource_id::is_same;

/// One identity of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shard {
    /// The identity's name.
    pub(crate) name: String,
    pub(crate) credentials: Vec<Wanted<Subject>>,
}

/// A federated credential of a service account for the tokens of one issuer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted<S> {
    pub(crate) name: String,
    pub(crate) subject: S,
    pub(crate) issuer: String,
}

/// The identities of a domain. Where no issuer is named, as nobody knows the cluster's, those whose tokens they are trusted with
/// already are taken. That an identity's service accounts don't fit it any more, as there are more issuers now, is for the
/// observation to say.
///
/// # Errors
/// Azure doesn't answer.
pub(crate) async fn of(
    names: &Names,
    naming: &Naming,
    snapshot: &Snapshot,
    binding: &Checked<ScopeBinding>,
    issuers: &[String],
) -> Result<Vec<Shard>> {
    let mut seen = BTreeSet::new();
    // One a service account: several pairs may run as one.
    let wanted: Vec<_> = binding
        .subjects
        .iter()
        .filter(|(pair, subject)| !binding.served_elsewhere.contains(pair) && seen.insert(subject))
        .map(|(pair, subject)| {
            let name = match naming.tells_projects_apart() {
                true => names.credential(pair),
                // Whichever project is the first.
                false => names.credential_of_domain(&pair.domain),
            };
            (name, subject.clone())
        })
        .collect();
    let identities = snapshot.identities().await?;
    let mut present: BTreeMap<usize, Vec<FederatedCredential>> = BTreeMap::new();
    // As many as there may be: those in use have no gaps wider than what was taken away.
    let most = identities.len() + wanted.len() * issuers.len() / CREDENTIALS_PER_IDENTITY + 1;
    for index in 0..most {
        let id = names.identity_id(&names.identity(&binding.scope, index));
        // Where one has lost its mark, what it trusts stays where it is: whoever puts the mark back finds it as it was.
        let may_be_ours = identities
            .iter()
            .filter(|identity| is_same(&identity.id, id.as_str()))
            .any(|identity| names.marks(&id, &identity.tags) || names.has_lost_its_mark(&id, &identity.tags));
        if may_be_ours {
            present.insert(index, snapshot.credentials(&id).await?.to_vec());
        }
    }
    let name = |index| names.identity(&binding.scope, index);
    let mark = names.credential_mark();
    let known: Vec<_> = if issuers.is_empty() { trusted(&present, &mark) } else { issuers.to_vec() };
    let trust = Trust { issuers: &known, mark: &mark };
    let (packed, full) = packed(wanted, &present, &trust);
    for full in full {
        let why = Unusable::of(&full.refusal(&name(full.index), known.len()));
        snapshot.unusable().trust(&names.identity_id(&name(full.index)), why);
    }
    Ok(packed.into_iter().map(|(index, credentials)| Shard { name: name(index), credentials }).collect())
}

/// The issuers of the stack's own credentials.
fn trusted(present: &BTreeMap<usize, Vec<FederatedCredential>>, mark: &str) -> Vec<String> {
    let ours = present.values().flatten().filter(|there| there.name.starts_with(mark));
    ours.map(|there| there.issuer.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whose tokens each service account is trusted with, and how the names of the stack's credentials begin.
#[derive(Clone, Copy)]
struct Trust<'a> {
    issuers: &'a [String],
    mark: &'a str,
}

/// An identity that what it has to trust doesn't fit.
#[derive(Debug, PartialEq, Eq)]
struct Full {
    index: usize,
    /// How many service accounts it serves.
    served: usize,
    /// How many credentials would be on it until the first is deleted.
    needed: usize,
}

impl Full {
    fn refusal(&self, identity: &str, issuers: usize) -> Error {
        let Self { served, needed, .. } = self;
        let others = needed.saturating_sub(served * issuers);
        let beside = if others == 0 { String::new() } else { format!(", and {others} more that are there") };
        let message = format!(
            "identity {identity} takes {CREDENTIALS_PER_IDENTITY} federated credentials, and would need {needed}: {issuers} issuers times \
             {served} service accounts{beside}"
        );
        let mut hint = format!(
            "take an issuer out of `azure.cluster.oidc_issuer`; or take projects out of `platform.projects` and apply, so \
             that it serves {} or fewer, and put them back then: they get another identity, which their service accounts \
             have to name",
            CREDENTIALS_PER_IDENTITY / issuers.max(1)
        );
        if others > 0 {
            hint.push_str("; what is there and nobody needs any more goes with an `apply` before");
        }
        Error::new(ErrorKind::Quota, message).hint(hint)
    }
}

/// Each service account where it is trusted already, or else on the first identity that has room for it with every issuer:
/// it names one identity, on whichever cluster it is. Answers with those that they don't fit, too.
fn packed<S: ToString + Ord + Clone>(
    wanted: Vec<(String, S)>,
    present: &BTreeMap<usize, Vec<FederatedCredential>>,
    trust: &Trust<'_>,
) -> (BTreeMap<usize, Vec<Wanted<S>>>, Vec<Full>) {
    let mut full = Vec::new();
    // What is there takes its place until it is deleted, and that comes last.
    let mut taken: BTreeMap<usize, usize> = present.iter().map(|(index, there)| (*index, there.len())).collect();
    let mut packed: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    let mut served: BTreeMap<usize, usize> = BTreeMap::new();
    let mut homeless = Vec::new();
    for (first, subject) in wanted {
        let text = subject.to_string();
        let is_home = |there: &FederatedCredential| trust.is_of(&first, &text, there) || trust.is_as_good(&text, there);
        match present.iter().find(|(_, there)| there.iter().any(is_home)) {
            Some((index, there)) => {
                let (credentials, new) = trust.credentials(&first, &subject, there);
                *taken.entry(*index).or_default() += new;
                *served.entry(*index).or_default() += 1;
                packed.entry(*index).or_default().extend(credentials);
            }
            None => homeless.push((first, subject)),
        }
    }
    for (index, there) in present {
        let needed = taken.get(index).copied().unwrap_or_default();
        if needed > CREDENTIALS_PER_IDENTITY.max(there.len()) {
            full.push(Full { index: *index, served: served.get(index).copied().unwrap_or_default(), needed });
        }
    }
    for (first, subject) in homeless {
        let (credentials, new) = trust.credentials(&first, &subject, &[]);
        let has_room = |index: &usize| taken.get(index).copied().unwrap_or_default() + new <= CREDENTIALS_PER_IDENTITY;
        let index = (0..=taken.len()).find(has_room).unwrap_or(taken.len());
        *taken.entry(index).or_default() += new;
        packed.entry(index).or_default().extend(credentials);
    }
    if packed.is_empty() {
        packed.insert(0, Vec::new());
    }
    packed.values_mut().for_each(|credentials| credentials.sort());
    (packed, full)
}

impl Trust<'_> {
    /// Whether a credential is one of the stack's for a service account, whatever it trusts now.
    fn is_of(&self, first: &str, subject: &str, there: &FederatedCredential) -> bool {
        let by_name = || self.issuers.iter().any(|issuer| there.name == Names::credential_for(first, issuer, 0));
        there.name == first || there.name.starts_with(self.mark) && (there.subject == subject || by_name())
    }

    /// Whether a credential trusts what is wanted, whosever it is.
    fn is_as_good(&self, subject: &str, there: &FederatedCredential) -> bool {
        there.subject == subject && self.issuers.contains(&there.issuer)
    }

    /// A service account's credentials on an identity, and how many of them are new there. One that is there keeps its name,
    /// and one that nobody needs any more is changed in its place, which takes no room: so names never change hands, and
    /// a domain's identity may be full.
    fn credentials<S: ToString + Clone>(
        &self,
        first: &str,
        subject: &S,
        there: &[FederatedCredential],
    ) -> (Vec<Wanted<S>>, usize) {
        let text = subject.to_string();
        let trusts = |issuer: &str| there.iter().find(|it| it.subject == text && it.issuer == issuer);
        let ours = |there: &&FederatedCredential| self.is_of(first, &text, there);
        let mut names: Vec<Option<String>> = Vec::new();
        for issuer in self.issuers {
            names.push(trusts(issuer).filter(ours).map(|kept| kept.name.clone()));
        }
        let mut used: BTreeSet<String> = names.iter().flatten().cloned().collect();
        let mut free: BTreeSet<String> =
            there.iter().filter(ours).map(|it| it.name.clone()).filter(|name| !used.contains(name)).collect();
        // Somebody else's that is as good stands for ours, which isn't made then.
        let missing = |names: &[Option<String>], at: usize| names[at].is_none() && trusts(&self.issuers[at]).is_none();
        let own = |at: usize| match at {
            0 => vec![first.to_owned(), Names::credential_for(first, &self.issuers[at], 0)],
            _ => vec![Names::credential_for(first, &self.issuers[at], 0)],
        };
        // Those whose own name is there come before those that take another's.
        for by_name in [true, false] {
            for at in 0..self.issuers.len() {
                if !missing(&names, at) {
                    continue;
                }
                let name = match by_name {
                    true => own(at).into_iter().find(|name| free.contains(name)),
                    false => free.first().cloned(),
                };
                if let Some(name) = name {
                    free.remove(&name);
                    used.insert(name.clone());
                    names[at] = Some(name);
                }
            }
        }
        let mut new = 0;
        for at in 0..self.issuers.len() {
            if names[at].is_some() {
                continue;
            }
            new += usize::from(missing(&names, at));
            let numbered = (1..).map(|number| Names::credential_for(first, &self.issuers[at], number));
            let is_unused = |name: &String| !used.contains(name) && !free.contains(name);
            let name = own(at).into_iter().chain(numbered).find(is_unused).unwrap_or_default();
            used.insert(name.clone());
            names[at] = Some(name);
        }
        let credentials = names.into_iter().flatten().zip(self.issuers);
        let wanted =
            |(name, issuer): (String, &String)| Wanted { name, subject: subject.clone(), issuer: issuer.clone() };
        (credentials.map(wanted).collect(), new)
    }
}

#[cfg(test)]
mod tests;

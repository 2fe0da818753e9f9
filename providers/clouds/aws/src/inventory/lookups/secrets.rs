//! Secrets: their whole ARNs, and the keys that encrypt them. Their values are nobody's business here.

mod asking;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_secretsmanager::Client;
use cloudgrant_core::{Error, Note, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::AT_A_TIME;
use crate::inventory::known_secrets::Granted;
use crate::inventory::lookups::secrets::asking::{Asked, listed, resolve};
use crate::resources::kinds::secret::Secret;
use crate::resources::kms_key::Key;

pub(crate) use crate::inventory::lookups::secrets::asking::ungrantable;

/// More secrets than this are looked for in the list of all, which has a hundred a page.
pub(crate) const FEW: usize = 8;

/// A secret as policies need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The whole ARN, or the narrowest patterns where AWS couldn't be asked.
    pub(crate) arns: Vec<String>,
    /// The customer-managed key. More than one only where nobody could be asked, and the stack's policies name several.
    pub(crate) keys: Vec<Key>,
    /// Whether it isn't there. What the stack's policies say of it stays; to somebody new it can't be granted.
    is_missing: bool,
    /// Of its notes, the one that says why nobody can read its value: it isn't there, or goes.
    unreadable: Option<String>,
    /// Of its notes, the one that says that it couldn't be looked up.
    unread: Option<String>,
    notes: Vec<String>,
}

impl Resolved {
    /// The whole ARN, where it is known.
    pub(crate) fn arn(&self) -> Option<&str> {
        match self.arns.as_slice() {
            [arn] if !arn.contains(['?', '*']) => Some(arn),
            _ => None,
        }
    }
}

/// The secrets of a batch, looked up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(HashMap<Secret, Resolved>);

impl Secrets {
    pub(crate) fn get(&self, secret: &Secret) -> Option<Resolved> {
        self.0.get(secret).cloned()
    }

    /// What a reader of the plan should know of a secret.
    pub(crate) fn notes(&self, secret: &Secret) -> impl Iterator<Item = Note> {
        let notes = self.0.get(secret).into_iter().flat_map(|resolved| &resolved.notes);
        notes.map(move |message| note(secret, message))
    }
}

fn note(secret: &Secret, message: &str) -> Note {
    Note::warning(format!("secret {}", secret.name), message)
}

/// Looks secrets up, each once.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    known: Mutex<BTreeMap<Secret, Arc<Resolved>>>,
    /// Those that aren't there, and that no policy of the stack's names, with the ARNs that a policy would name. The next plan
    /// asks again.
    missing: Mutex<BTreeMap<Secret, Vec<String>>>,
    /// Those that a policy of the stack's names and whose value nobody can read, with the ARNs that it names, and what is told.
    unreadable: Mutex<BTreeMap<Secret, (Vec<String>, Note)>>,
    asking: tokio::sync::Mutex<()>,
}

impl Lookup {
    /// `inspect` says whether a secret's value is looked at (requirement 36).
    pub(crate) async fn all(
        &self,
        client: &Client,
        inspect: &(dyn Fn(&Secret) -> bool + Sync),
        wanted: Vec<Secret>,
        granted: &BTreeMap<Secret, Granted>,
    ) -> Result<Secrets> {
        // Grants and bindings ask for the same ones at the same time.
        let _first = self.asking.lock().await;
        let asked: Vec<_> =
            wanted.iter().filter(|secret| self.known(secret).is_none() && !secret.is_pattern()).collect();
        let listed = &if asked.len() > FEW { listed(client, &asked).await? } else { HashMap::new() };
        let looked_up = stream::iter(wanted).map(|secret| async move {
            let resolved = match self.known(&secret) {
                Some(known) => known,
                None => {
                    let facts = listed.get(&secret).cloned();
                    let asked = resolve(client, inspect(&secret), &secret, facts).await?;
                    let resolved = Arc::new(settled(&secret, granted.get(&secret), asked));
                    self.remember(&secret, &resolved, granted.contains_key(&secret));
                    resolved
                }
            };
            Ok::<_, Error>((secret, (*resolved).clone()))
        });
        Ok(Secrets(looked_up.buffer_unordered(AT_A_TIME).try_collect().await?))
    }

    fn remember(&self, secret: &Secret, resolved: &Arc<Resolved>, is_granted: bool) {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.remove(secret);
        let mut unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        match resolved.unreadable.as_ref().filter(|_| is_granted) {
            Some(why) => _ = unreadable.insert(secret.clone(), (resolved.arns.clone(), note(secret, why))),
            None => _ = unreadable.remove(secret),
        }
        if !resolved.is_missing {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(secret.clone(), resolved.clone());
        } else if !is_granted {
            missing.insert(secret.clone(), resolved.arns.clone());
        }
    }

    /// The secrets that aren't there and that nothing of the stack's names yet, with the ARNs that its policies would name.
    pub(crate) fn missing(&self) -> BTreeMap<Secret, Vec<String>> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The secrets that the stack's policies name and whose value nobody can read, with the ARNs that these name.
    pub(crate) fn unreadable(&self) -> Vec<(Vec<String>, Note)> {
        self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// What is said of those that couldn't be looked up.
    pub(crate) fn unread(&self) -> Vec<Note> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter_map(|(secret, resolved)| Some(note(secret, resolved.unread.as_ref()?))).collect()
    }

    /// The keys under which the secrets are that were looked up, and which secret is under each.
    pub(crate) fn keys(&self) -> Vec<(Key, String)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = |(secret, resolved): (&Secret, &Arc<Resolved>)| {
            resolved.keys.iter().map(|key| (key.clone(), secret.name.clone())).collect::<Vec<_>>()
        };
        known.iter().flat_map(of_one).collect()
    }

    /// How task code names a secret that was looked up (requirement 40): the two parts of its ARN, where the whole of it is
    /// known.
    ///
    /// Source: Union, "Enabling AWS Secrets Manager", "Get the secret ARN".
    pub(crate) fn in_task_code(&self, secret: &Secret) -> Vec<(&'static str, String)> {
        const BEFORE_THE_NAME: &str = ":secret:";
        let known = self.known(secret);
        let Some(arn) = known.as_deref().and_then(Resolved::arn) else { return Vec::new() };
        let Some(at) = arn.find(BEFORE_THE_NAME) else { return Vec::new() };
        let (group, key) = arn.split_at(at + BEFORE_THE_NAME.len());
        vec![("SECRET_GROUP", group.to_owned()), ("SECRET_KEY", key.to_owned())]
    }

    fn known(&self, secret: &Secret) -> Option<Arc<Resolved>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(secret).cloned()
    }
}

/// What can't be read is no reason to take a key away, nor to widen an ARN to a pattern: then what the stack's live policies
/// say of the secret stays. Only for what is new to the stack is the narrowest pattern.
fn settled(secret: &Secret, granted: Option<&Granted>, asked: Asked) -> Resolved {
    let Asked { arns, key, is_missing, unreadable, unread, mut notes } = asked;
    let unknown = match (&arns, &key) {
        (None, _) => "the secret's ARN",
        (_, None) => "the secret's key",
        _ => "",
    };
    // Of one that is gone that is told, with what to do about it: what the policies say of it gives nothing.
    if granted.is_some() && !unknown.is_empty() && !is_missing {
        notes.push(format!("so {unknown} in the stack's policies stays as it is"));
    } else if arns.is_none() && !is_missing && secret.looks_whole() {
        notes.push(format!(
            "whether `{}` is its name or ends in the six characters that AWS adds is unknown as well, so that either is \
             granted; name it by its whole ARN",
            secret.name
        ));
    }
    let known_arns = || granted.map(|granted| granted.arns.iter().cloned().collect::<Vec<_>>());
    let known_keys = || granted.map(|granted| granted.keys.iter().cloned().collect::<Vec<_>>());
    Resolved {
        arns: arns
            .or_else(|| known_arns().filter(|arns| !arns.is_empty()))
            .unwrap_or_else(|| secret.arns_or_patterns()),
        keys: key.map_or_else(|| known_keys().unwrap_or_default(), |key| key.into_iter().collect()),
        is_missing,
        unreadable,
        unread,
        notes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AccountId;

    #[test]
    fn what_cant_be_read_any_more_stays_as_the_policies_have_it() {
        let secret = Secret {
            partition: "aws".to_owned(),
            region: "us-west-2".to_owned(),
            account: AccountId::parse("111122223333").expect("account"),
            name: "token".to_owned(),
        };
        let whole = "arn:aws:secretsmanager:us-west-2:111122223333:secret:token-AbCdEf".to_owned();
        let pattern = "arn:aws:secretsmanager:us-west-2:111122223333:secret:token-??????".to_owned();
        let key = Key {
            arn: "arn:aws:kms:us-west-2:111122223333:key/1".to_owned(),
            alias: None,
            region: "us-west-2".to_owned(),
            account: AccountId::parse("111122223333").expect("account"),
        };
        let granted =
            Granted { arns: [whole.clone()].into_iter().collect(), keys: [key.clone()].into_iter().collect() };
        let asked = |arns, key, notes: Vec<String>| Asked {
            arns,
            key,
            is_missing: false,
            unreadable: None,
            unread: None,
            notes,
        };
        let denied = || asked(None, None, vec!["denied".to_owned()]);
        let kept = settled(&secret, Some(&granted), denied());
        assert_eq!((kept.arns, kept.keys), (vec![whole.clone()], vec![key.clone()]));
        assert!(kept.notes.iter().any(|note| note.contains("stays as it is")), "{:?}", kept.notes);
        // Of one that is gone that says nothing: it is told that nobody can read it.
        let gone = Asked { is_missing: true, ..asked(None, None, vec!["it is gone".to_owned()]) };
        let gone = settled(&secret, Some(&granted), gone);
        assert_eq!(
            (gone.arns, gone.keys, gone.notes),
            (vec![whole.clone()], vec![key.clone()], vec!["it is gone".to_owned()])
        );
        let new = settled(&secret, None, denied());
        assert_eq!((new.arns, new.keys), (vec![pattern], Vec::new()));
        // What was read goes before what was granted.
        let read = asked(Some(vec![whole.clone()]), Some(None), Vec::new());
        let read = settled(&secret, Some(&granted), read);
        assert_eq!((read.arns, read.keys, read.notes), (vec![whole.clone()], Vec::new(), Vec::new()));
        let odd = asked(Some(vec![whole]), None, Vec::new());
        assert_eq!(settled(&secret, Some(&granted), odd).keys, [key]);
    }
}

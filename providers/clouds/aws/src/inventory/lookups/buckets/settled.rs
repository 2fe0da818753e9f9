//! What stays of what the stack's policies say of a bucket, once it was asked anew.

use std::collections::BTreeSet;

use cloudgrant_core::{Error, ErrorKind, Result};

use crate::config::AccountId;
use crate::inventory::lookups::buckets::bucket::{Asked, Bucket, Encryption, Owner};

/// Refuses to make anything of policies that contradict each other where nobody can be asked: a guess would be written to all of
/// them. And where they don't say any more whose a bucket was, nobody else is given it than those that they name, and the data
/// plane's `own` account: somebody else may have made it anew.
pub(super) fn tell_doubts(
    own: &AccountId,
    name: &str,
    known: Option<&Bucket>,
    asked: &Bucket,
    what: Asked,
    askable: impl Fn(&AccountId) -> bool,
) -> Result<()> {
    let Some(said) = known.and_then(|known| known.contradictions.as_ref()) else { return Ok(()) };
    let is_told = known.and_then(Bucket::account).is_some();
    let is_encryption_open =
        said.has_several_keys && what == Asked::Encryption && asked.encryption == Encryption::Unknown;
    let (what, action) = match &asked.owner {
        Owner::Unknown => ("whose it is", "`s3:ListAllMyBuckets`"),
        Owner::Account(_) if is_encryption_open => ("which key encrypts it", "`s3:GetEncryptionConfiguration`"),
        // It may be any of those whose buckets nobody may list.
        Owner::Elsewhere if said.owners.is_empty() || !said.owners.iter().all(askable) => {
            ("whose it is", "credentials for its account in `aws.accounts`")
        }
        Owner::Account(now) if !is_told && now != own && !said.owners.contains(now) => {
            return Err(unreadable(name, &format!("account {now} owns it now")));
        }
        Owner::Elsewhere if !is_told => return Err(unreadable(name, "another account owns it now")),
        Owner::Account(_) | Owner::Elsewhere => return Ok(()),
    };
    let message = format!(
        "somebody has edited the stack's policies, so that they contradict each other about the bucket {name}: {what} can't be \
         asked either"
    );
    let hint = format!("let cloudgrant ask ({action}), or undo that edit; `aws iam list-policy-versions` shows it");
    Err(Error::new(ErrorKind::Conflict, message).hint(hint))
}

fn unreadable(name: &str, now: &str) -> Error {
    let message = format!(
        "somebody has edited the stack's policies, so that they don't say any more who owned the bucket {name} when it was granted: \
         {now}"
    );
    Error::new(ErrorKind::Conflict, message).hint(
        "undo that edit (`aws iam list-policy-versions` shows it); or, if whoever owns it now is to be granted, take the grant away \
         first (`cloudgrant revoke`) and apply again",
    )
}

/// What stays of what the stack's policies say. What can't be read any more is no reason to take a key away; and a bucket
/// that isn't the one any more that it was is kept out, which is what its condition is for; unless it is `own`'s by now.
pub(super) fn settled(
    own: Option<&AccountId>,
    known: Option<&Bucket>,
    asked: Bucket,
    askable: impl Fn(&AccountId) -> bool,
) -> Bucket {
    let Some(known) = known else { return asked };
    // Whatever key it has now: what was written under others stays readable.
    let former = || {
        let before = known.former.iter().chain(known.key());
        before.filter(|key| asked.key() != Some(key)).cloned().collect()
    };
    let Some(was) = known.account() else { return Bucket { former: former(), ..asked } };
    let is_known =
        |now: &AccountId| now == was || known.contradictions.as_ref().is_some_and(|said| said.owners.contains(now));
    let said = || asked.note.clone().unwrap_or_default();
    // Also where it is an account of the manifest's by now: who makes a bucket anew under a name decides nothing here.
    let kept_out = |now: &str| {
        let note = format!(
            "account {was} owned it when it was granted, and {now} does now: that one is kept out. If it is to be granted, take \
             the grant away first (`cloudgrant revoke`), and grant it anew"
        );
        Bucket { kept_out: Some(now.to_owned()), ..known.clone() }.reaching_nothing(note)
    };
    match &asked.owner {
        Owner::Elsewhere if !askable(was) => {
            let note = format!(
                "account {was} owns it, as the stack's policies say; whether it still does can't be asked without credentials for that \
                 account (`aws.accounts`). Anybody else's bucket of that name is kept out"
            );
            Bucket { note: Some(note), ..known.clone() }
        }
        Owner::Elsewhere => kept_out("another account"),
        Owner::Unknown => {
            let note = format!("it couldn't be asked again, and what the stack's policies say of it stays: {}", said());
            Bucket { is_unread: asked.is_unread, note: Some(note), ..known.clone() }
        }
        Owner::Account(now) if is_known(now) && asked.encryption == Encryption::Unknown => {
            Bucket { encryption: known.encryption.clone(), former: known.former.clone(), ..asked }
        }
        Owner::Account(now) if is_known(now) => Bucket { former: former(), ..asked },
        // Of the data plane's own account is what the policy says otherwise: somebody edited that, or it was a foreign one before.
        Owner::Account(now) if Some(now) == own => {
            let taken = format!(
                "the stack's policies name account {was} as its owner, and it is account {now}'s, the data plane's own: that one is \
                 granted from now on"
            );
            let note = asked.note.iter().fold(taken, |taken, note| format!("{taken}; {note}"));
            // The old one went with all that was in it, and its keys were another account's.
            let mut former: BTreeSet<_> = former();
            former.retain(|key| key.account == *now);
            Bucket { former, note: Some(note), ..asked }
        }
        Owner::Account(now) => kept_out(&format!("account {now}")),
    }
}

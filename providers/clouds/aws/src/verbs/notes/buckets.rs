//! What a reader of a plan should know of the buckets in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudgrant_core::{Checked, Intent, Note, ResourceKind, TaskAccess};

use crate::config::arn::{Arn, name_in};
use crate::inventory::lookups::buckets::bucket::Buckets;
use crate::inventory::lookups::saying::few;
use crate::resources::kinds::object_store::{self, Objects};
use crate::resources::locator::Locator;
use crate::verbs::handles::Handles;

/// Each bucket once, however many grants reach it.
pub(crate) fn of(handles: Handles<'_>, grants: &[Arc<Checked<TaskAccess>>], buckets: &Buckets) -> Vec<Note> {
    let (mut folders, mut seen, mut written) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut former: BTreeMap<String, Former> = BTreeMap::new();
    let mut notes = Vec::new();
    for grant in grants {
        let mut folder = None;
        for reach in grant.reaches.iter().filter(|reach| reach.resource.kind == ResourceKind::OBJECT_STORE) {
            let Locator::Objects(Objects { bucket, prefix }) = reach.resource.locator.parsed() else { continue };
            if !prefix.is_empty() && object_store::lists(reach.access) {
                folder.get_or_insert_with(|| prefix.clone());
            }
            let known = buckets.get(bucket);
            let key = known.and_then(|known| known.key()).filter(|_| !object_store::on_key(reach.access).is_empty());
            if let Some(key) = key {
                keys.entry(key.arn.clone()).or_default().insert(bucket.clone());
            }
            for key in known.into_iter().flat_map(|known| &known.former).filter(|_| object_store::reads(reach.access)) {
                let former = former.entry(key.arn.clone()).or_default();
                former.buckets.insert(bucket.clone());
                former.grants.insert(grant.name.to_string());
            }
            if object_store::writes(reach.access) && !written.contains(bucket) {
                notes.extend(buckets.note_on_writing(bucket));
                written.insert(bucket.clone());
            }
            if !seen.contains(bucket) {
                notes.extend(buckets.note(bucket));
                seen.insert(bucket.clone());
            }
        }
        folders.extend(folder.map(|prefix| (grant, prefix)));
    }
    notes.extend(keys.into_iter().filter_map(|(key, buckets)| own_key(handles, &key, &buckets)));
    notes.extend(former.into_iter().map(|(key, former)| former.note(&key)));
    notes.extend(folder(&folders));
    notes
}

/// A key of the own account: whether its policy leaves it to IAM, only that policy says.
fn own_key(handles: Handles<'_>, key: &str, buckets: &BTreeSet<String>) -> Option<Note> {
    let account = Arn::parse(key)?.account;
    let buckets = few(buckets.iter().map(String::as_str));
    (account == handles.config.account.as_str()).then(|| {
        let message = format!(
            "it encrypts {buckets}: what the grants allow on it holds where its key policy leaves access to the account's \
             IAM policies, as the default one does (`aws kms get-key-policy`)"
        );
        Note::info(format!("key {}", name_in(key)), message)
    })
}

/// A key that encrypted buckets before, and the grants that read them. No request tells whether anything is left under it, so
/// that somebody has to say so: without those grants, nothing of the stack's remembers the key.
#[derive(Default)]
struct Former {
    buckets: BTreeSet<String>,
    grants: BTreeSet<String>,
}

impl Former {
    fn note(&self, key: &str) -> Note {
        let buckets = few(self.buckets.iter().map(String::as_str));
        let grants = self.grants.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let message = format!(
            "it doesn't encrypt {buckets} any more, but what was written while it did stays under it: tasks may decrypt that \
             as long as they may read it there. Once all of it is written anew (`aws s3 cp --recursive` onto itself), revoke \
             all grants that read it ({grants}) and grant them anew: that takes the key away"
        );
        Note::info(format!("key {}", name_in(key)), message)
    }
}

/// `HEAD inputs` asks for an object that isn't there, and only whoever may list all learns that. It can't be mended without
/// showing siblings such as `inputs-2/`. Source: Amazon S3 API reference, HeadObject, permissions.
fn folder(grants: &[(&Arc<Checked<TaskAccess>>, String)]) -> Option<Note> {
    let (first, prefix) = grants.first()?;
    let names = few(grants.iter().map(|(grant, _)| grant.name.as_str()));
    let folder = prefix.trim_end_matches('/');
    let message = format!(
        "clients that ask for the folder without its slash (HEAD {folder} in place of {folder}/, as s3fs does for exists, \
         info and glob) are refused, as that would show its siblings: name it with the slash, or use ls, find or get"
    );
    Some(if grants.len() == 1 {
        Note::info(first.id(), message)
    } else {
        Note::info("folders in buckets", format!("{message} (grants {names})"))
    })
}

//! A stack that got another name: what it made under the former one stays, and gives what it gave.

use std::collections::BTreeMap;

use cloudgrant_core::{Desired, Note, Stack};
use foldhash::{HashMap, HashMapExt as _};
use serde_json::Value;

use crate::inventory::snapshot::Snapshot;
use crate::names;
use crate::objects::attachment::Attachment;
use crate::objects::{attachment, managed_policy};
use crate::observe::findings::moved::is_used;
use crate::observe::looking::Looking;

/// What a role gives: whose it is as its name says it without the stack (the whole name where it isn't a stack's), and a document.
type Given = (String, Value);

/// Said where nothing is there of this stack, and another one of the same home gives each role's task code what this one is to
/// give it. Nothing is read for it.
pub(in crate::observe) fn notes(looking: Looking<'_>, desired: &Desired, snapshot: &Snapshot) -> Vec<Note> {
    if is_used(looking.names, snapshot) {
        return Vec::new();
    }
    let Some((_, home)) = names::slug_of(&looking.names.path()) else { return Vec::new() };
    let mut others: BTreeMap<Stack, Vec<Given>> = BTreeMap::new();
    for (name, role) in &snapshot.roles {
        for policy in role.attached.keys().filter_map(|arn| snapshot.policies.get(arn)) {
            if let Some((stack, digits)) = names::slug_of(&policy.path)
                && digits == home
            {
                let whose = if role.path == policy.path { names::without_path(&role.path, name) } else { name };
                others.entry(stack).or_default().push((whose.to_owned(), policy.document()));
            }
        }
    }
    // A large manifest's documents are not taken apart for nothing.
    let wanted = if others.is_empty() { Vec::new() } else { wanted(looking, desired) };
    if wanted.is_empty() {
        return Vec::new();
    }
    let gives_all = |(_, given): &(&Stack, &Vec<Given>)| wanted.iter().all(|one| given.contains(one));
    let note = |(former, _): (&Stack, &Vec<Given>)| {
        let message = format!(
            "stack {former}, at the same home, gives all that this one is to give. If that is its name from before, what it made \
             stays, and gives what it gave, until somebody takes it back: `cloudgrant revoke --all --stack {former}`, once this \
             one is applied; or before that, where what it told the platform keeps this one from being applied"
        );
        Note::of_access(format!("stack {}", looking.names.stack()), message)
    };
    others.iter().filter(gives_all).map(note).collect()
}

/// What this stack's roles are to give, and the task role by its policies.
fn wanted(looking: Looking<'_>, desired: &Desired) -> Vec<Given> {
    let mut documents: HashMap<String, Value> = HashMap::new();
    for object in desired.objects.iter().filter(|object| object.id.kind == managed_policy::KIND) {
        documents.insert(looking.names.policy_arn(&object.id.name), managed_policy::document_of(&object.attributes));
    }
    let attached = desired.objects.iter().filter(|object| object.id.kind == attachment::KIND);
    let attached = attached.filter_map(|object| Attachment::of(&object.attributes).ok());
    let given = |attachment: Attachment<'_>| {
        let document = documents.get(attachment.policy.as_ref())?.clone();
        let role = attachment.role.as_ref();
        let is_ours = looking.names.is_name_of_role(role);
        let whose = if is_ours { names::without_path(&looking.names.path(), role) } else { role };
        Some((whose.to_owned(), document))
    };
    attached.filter_map(given).collect()
}

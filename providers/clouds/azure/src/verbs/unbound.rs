//! Domains whose identity the manifest names, and which nothing binds: what global grants give is for the platform's own identity
//! then, and nothing of it for the named one. Whether the domain's task code runs as that one is its owner's to say, so that it gets
//! nothing without being asked for; but nobody is left to find out by tasks that fail.

use std::collections::BTreeSet;

use cloudgrant_core::{Checked, Desired, Domain, MadeBy, Note, Result, Scope, ScopeBinding, listed};

use crate::error::is_final;
use crate::names::resource_id::{ResourceId, folded};
use crate::objects::role_assignment;
use crate::verbs::handles::Handles;

/// How many grants are named.
const NAMED: usize = 5;

/// Warns of each of these identities to which what global grants give doesn't go. `desired` has what the global binding asks for.
///
/// # Errors
/// Azure doesn't answer.
pub(super) async fn notes(
    handles: Handles<'_>,
    bindings: &[Checked<ScopeBinding>],
    desired: &Desired,
) -> Result<Vec<Note>> {
    let global = bindings.iter().find(|binding| binding.scope == Scope::Global && !binding.grants.is_empty());
    let Some(global) = global else { return Ok(Vec::new()) };
    let unbound: BTreeSet<_> = global.serves().map(|(pair, _)| &pair.domain).collect();
    let mut notes = Vec::new();
    for (domain, name) in handles.config.identities.iter().filter(|(domain, _)| unbound.contains(domain)) {
        let id = match ResourceId::parse(name) {
            Ok(id) => id,
            Err(_) => handles.names.identity_id(name),
        };
        // Whoever makes a domain's identity without being told of its binding has its task code run as that one all along. Everybody
        // else's platform was told of it while it was bound; and where cloudgrant tells it, it is told otherwise by now.
        let is_vendor_s = handles.conventions.scoped_principals == MadeBy::Vendor;
        let loses = (is_vendor_s || handles.platform.backend().is_none()) && has_some(handles, &id, desired).await?;
        if is_vendor_s || loses {
            notes.push(told(global, domain, &id, loses));
        }
    }
    Ok(notes)
}

/// Whether the stack has given an identity something of what the global binding asks for.
async fn has_some(handles: Handles<'_>, id: &ResourceId, desired: &Desired) -> Result<bool> {
    let snapshot = handles.inventory.snapshot().await;
    let identity = match snapshot.identity(id).await {
        // Whatever it has, nobody can say that it is this one's.
        Err(error) if is_final(&error) => return Ok(false),
        found => found?,
    };
    let Some(identity) = identity else { return Ok(false) };
    for wanted in role_assignment::among(&desired.objects) {
        let (object, wanted) = wanted?;
        if object.scope != Scope::Global {
            continue;
        }
        // The observation reads the same lists.
        let assignments = match snapshot.assignments(&wanted.scope_id()?.subscription()).await {
            Err(error) if is_final(&error) => continue,
            list => list?,
        };
        let has = assignments.iter().any(|there| {
            there.is_of(handles.names)
                && there.principal_id.eq_ignore_ascii_case(&identity.principal_id)
                && there.role().eq_ignore_ascii_case(&wanted.role_id)
                && folded(&there.scope) == folded(&wanted.scope)
        });
        if has {
            return Ok(true);
        }
    }
    Ok(false)
}

fn told(global: &ScopeBinding, domain: &Domain, id: &ResourceId, loses: bool) -> Note {
    let names = listed(global.grants.iter().map(|grant| format!("`{}`", grant.name)), NAMED);
    let one = global.grants.len() == 1;
    let (grants, give) = if one { ("grant", "gives") } else { ("grants", "give") };
    let binding = format!("bindings: [{{ scope: {{ domain: {domain} }} }}]");
    let message = if loses {
        format!(
            "it loses what the global {grants} {names} {give}, as no grant that stays and no entry of `bindings` is for domain {domain}: \
             task code that goes on running as it no longer gets that. If any does, keep it by `{binding}`"
        )
    } else {
        format!(
            "it gets nothing of what the global {grants} {names} {give}, as no grant and no entry of `bindings` is for domain {domain}: \
             if that domain's task code runs as this identity, which `azure.identities.{domain}` names, give it that by `{binding}`"
        )
    };
    let about = format!("identity {}", id.name());
    if loses { Note::of_access(about, message) } else { Note::warning(about, message) }
}

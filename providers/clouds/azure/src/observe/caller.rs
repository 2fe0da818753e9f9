//! Requirement 107: whether the caller may assign roles and take them away, and make and delete custom ones, before
//! anything is changed.

use std::collections::BTreeSet;

use cloudgrant_core::{Attributes, Desired, Error, ErrorKind, Note, Observed, Result};
use futures_util::future::try_join_all;

use crate::Azure;
use crate::client::arm::Permission;
use crate::objects::kinds;
use crate::resources::levels;

use crate::inventory::snapshot::Snapshot;
use crate::observe::places::is_final;

/// What the caller has to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    Assign,
    Define,
    Unassign,
    Undefine,
}

impl Operation {
    const ALL: [Self; 4] = [Self::Assign, Self::Define, Self::Unassign, Self::Undefine];

    fn name(self) -> &'static str {
        match self {
            Self::Assign => levels::ASSIGN,
            Self::Define => "Microsoft.Authorization/roleDefinitions/write",
            Self::Unassign => "Microsoft.Authorization/roleAssignments/delete",
            Self::Undefine => "Microsoft.Authorization/roleDefinitions/delete",
        }
    }

    fn takes_away(self) -> bool {
        match self {
            Self::Unassign | Self::Undefine => true,
            Self::Assign | Self::Define => false,
        }
    }
}

/// It costs a request for the data plane's subscription, and one for each scope where that isn't enough; nothing where no
/// role is to be changed.
pub(super) async fn may_assign(
    azure: &Azure,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &Observed,
) -> Result<(Vec<Error>, Vec<Note>)> {
    let needed = needed(desired, observed)?;
    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    if needed.is_empty() {
        return Ok((problems, notes));
    }
    let subscription = format!("/subscriptions/{}", azure.config.subscription);
    let here = snapshot.permissions(&subscription).await?;
    let outside = |(operation, scope): &(Operation, String)| {
        let below = format!("{}/", scope.to_ascii_lowercase()).starts_with(&format!("{subscription}/"));
        !below || !allows(&here, *operation)
    };
    let ask = needed.into_iter().filter(outside).map(|(operation, scope)| async move {
        let allowed = match snapshot.permissions(&scope).await {
            Ok(permissions) => allows(&permissions, operation),
            // Nothing is known of that place, which the plan says; whether it can be taken away, the attempt shows.
            Err(error) if operation.takes_away() && is_final(&error) => true,
            Err(error) => return Err(error),
        };
        Ok::<_, Error>((operation, scope, allowed))
    });
    // How many scopes are asked about at a time, the client knows.
    let answers = try_join_all(ask).await?;
    for operation in Operation::ALL {
        let refused = answers.iter().filter(|(asked, _, allowed)| *asked == operation && !allowed);
        let refused: Vec<_> = refused.map(|(_, scope, _)| scope.as_str()).collect();
        match operation {
            Operation::Assign | Operation::Define => problems.extend(refusal(operation, &refused)),
            // What can be taken away should be, whatever can't.
            Operation::Unassign | Operation::Undefine => notes.extend(warning(operation, &refused)),
        }
    }
    Ok((problems, notes))
}

/// What is to be made, changed and deleted, and where.
fn needed(desired: &Desired, observed: &Observed) -> Result<BTreeSet<(Operation, String)>> {
    let mut needed = BTreeSet::new();
    let wanted: BTreeSet<_> = desired.objects.iter().map(|object| &object.id).collect();
    for object in desired.objects.iter().filter(|object| object.handoff.is_none()) {
        let is_there = |attributes: &Attributes| {
            observed.objects.get(&object.id).is_some_and(|found| !found.owned || found.attributes == *attributes)
        };
        if !is_there(&object.attributes) {
            needed.extend(writes(object.id.kind, &object.attributes)?);
        }
    }
    for (id, found) in observed.objects.iter().filter(|(id, found)| found.owned && !wanted.contains(id)) {
        let deletes = writes(id.kind, &found.attributes)?.into_iter().map(|(operation, scope)| match operation {
            Operation::Assign | Operation::Unassign => (Operation::Unassign, scope),
            Operation::Define | Operation::Undefine => (Operation::Undefine, scope),
        });
        needed.extend(deletes);
    }
    Ok(needed)
}

/// Writing an object of a kind, and the scopes in which the caller has to be allowed that. Whoever writes a definition needs
/// it in each of the scopes that it can be assigned in. Source: Azure documentation, "Azure custom roles", who can create,
/// delete, update or view a custom role.
fn writes(kind: &str, attributes: &Attributes) -> Result<Vec<(Operation, String)>> {
    Ok(match kind {
        kinds::ASSIGNMENT => attributes.text("scope").map(|scope| (Operation::Assign, scope)).into_iter().collect(),
        kinds::ROLE => {
            let scopes = attributes.value()["assignable_in"].as_array().cloned().unwrap_or_default();
            let scopes = scopes.iter().filter_map(|scope| scope.as_str());
            scopes.map(|scope| (Operation::Define, scope.to_owned())).collect()
        }
        // Of these, nothing is asked ahead.
        kinds::IDENTITY | kinds::CREDENTIAL => Vec::new(),
        kind => return Err(Error::provider_bug("azure", format!("it doesn't know what it takes to write a {kind}"))),
    })
}

fn refusal(operation: Operation, scopes: &[&str]) -> Option<Error> {
    let (what, hint) = match operation {
        Operation::Define | Operation::Undefine => (
            "make custom roles in",
            "have an owner give you `User Access Administrator` there, or a role with this operation, or let them apply; \
             or name a ready-made role, which reaches further: `azure: { roles: { RESOURCE: { LEVEL: Storage Blob Data \
             Contributor } } }`",
        ),
        Operation::Assign | Operation::Unassign => (
            "assign roles on",
            "have an owner give you `Role Based Access Control Administrator` there (it can be limited to the roles that \
             `cloudgrant explain` lists), or let them apply",
        ),
    };
    let message = format!("the caller may not {what} {}", named(scopes)?);
    Some(Error::new(ErrorKind::AccessDenied, message).with("operation", operation.name()).hint(hint))
}

fn warning(operation: Operation, scopes: &[&str]) -> Option<Note> {
    let what = match operation {
        Operation::Assign | Operation::Unassign => "take roles away on",
        Operation::Define | Operation::Undefine => "delete custom roles of",
    };
    let message = format!(
        "it may not {what} {}, so that Azure will refuse that: it lacks {}; have an owner give it a role with that, or apply",
        named(scopes)?,
        operation.name()
    );
    Some(Note::warning("the caller", message))
}

fn named(scopes: &[&str]) -> Option<String> {
    match scopes {
        [] => None,
        [one] => Some((*one).to_owned()),
        [first, ..] => Some(format!("{} resources, such as {first}", scopes.len())),
    }
}

fn allows(permissions: &[Permission], operation: Operation) -> bool {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| levels::matches(pattern, operation.name()));
    permissions.iter().any(|permission| any(&permission.actions) && !any(&permission.not_actions))
}

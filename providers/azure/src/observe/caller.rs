//! Requirement 107: whether the caller may assign roles, and make custom ones, before anything is changed.

use std::collections::BTreeSet;

use cloudgrant_core::{Desired, Error, ErrorKind, Object, Observed, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::Azure;
use crate::actions;
use crate::arm::Permission;
use crate::kinds;

/// What the caller has to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    Assign,
    Define,
}

impl Operation {
    const ALL: [Self; 2] = [Self::Assign, Self::Define];

    fn name(self) -> &'static str {
        match self {
            Self::Assign => "Microsoft.Authorization/roleAssignments/write",
            Self::Define => "Microsoft.Authorization/roleDefinitions/write",
        }
    }
}

/// How many scopes are asked about at a time, where the subscription's answer isn't enough.
const AT_A_TIME: usize = 8;

pub(super) async fn may_assign(azure: &Azure, desired: &Desired, observed: &mut Observed) -> Result<()> {
    let there = &observed.objects;
    let missing = |kind| {
        let is_missing = move |object: &&Object| object.id.kind == kind && !there.contains_key(&object.id);
        desired.objects.iter().filter(is_missing)
    };
    let assigned: BTreeSet<_> = missing(kinds::ASSIGNMENT)
        .filter_map(|object| object.attributes.text("scope"))
        .map(|it| (Operation::Assign, it))
        .collect();
    // Whoever writes a definition needs that in each of the scopes that it can be assigned in. Source: Azure
    // documentation, "Azure custom roles", who can create, delete, update or view a custom role.
    let defined = missing(kinds::ROLE).flat_map(|object| {
        let scopes = object.attributes.value()["assignable_in"].as_array().cloned().unwrap_or_default();
        scopes.into_iter().filter_map(|scope| Some((Operation::Define, scope.as_str()?.to_owned())))
    });
    let needed: BTreeSet<_> = assigned.into_iter().chain(defined).collect();
    if needed.is_empty() {
        return Ok(());
    }
    let subscription = format!("/subscriptions/{}", azure.config.subscription);
    let here = azure.arm.permissions(&subscription).await?;
    let outside = |(operation, scope): &(Operation, String)| {
        let below = format!("{}/", scope.to_ascii_lowercase()).starts_with(&format!("{subscription}/"));
        !below || !allows(&here, *operation)
    };
    let ask = needed.into_iter().filter(outside).map(|(operation, scope)| async move {
        let allowed = allows(&azure.arm.permissions(&scope).await?, operation);
        Ok::<_, Error>((operation, scope, allowed))
    });
    let answers: Vec<_> = stream::iter(ask).buffered(AT_A_TIME).try_collect().await?;
    for operation in Operation::ALL {
        let refused = answers.iter().filter(|(asked, _, allowed)| *asked == operation && !allowed);
        let refused: Vec<_> = refused.map(|(_, scope, _)| scope.as_str()).collect();
        observed.problems.extend(refusal(operation, &refused));
    }
    Ok(())
}

fn refusal(operation: Operation, scopes: &[&str]) -> Option<Error> {
    let (what, hint) = match operation {
        Operation::Define => (
            "make custom roles in",
            "have an owner give you `User Access Administrator` there, or a role with this operation, or let them apply; \
             or name a ready-made role, which reaches further: `azure: { roles: { RESOURCE: { LEVEL: Storage Blob Data \
             Contributor } } }`",
        ),
        Operation::Assign => (
            "assign roles on",
            "have an owner give you `Role Based Access Control Administrator` there (it can be limited to the roles that \
             `cloudgrant explain` lists), or let them apply",
        ),
    };
    let message = match scopes {
        [] => return None,
        [one] => format!("the caller may not {what} {one}"),
        [first, ..] => format!("the caller may not {what} {} resources, such as {first}", scopes.len()),
    };
    Some(Error::new(ErrorKind::AccessDenied, message).with("operation", operation.name()).hint(hint))
}

fn allows(permissions: &[Permission], operation: Operation) -> bool {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| actions::matches(pattern, operation.name()));
    permissions.iter().any(|permission| any(&permission.actions) && !any(&permission.not_actions))
}

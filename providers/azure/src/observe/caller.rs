//! Requirement 107: whether the caller may assign roles, before anything is changed.

use std::collections::BTreeSet;

use cloudgrant_core::{Desired, Error, ErrorKind, Observed, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::Azure;
use crate::actions;
use crate::arm::Permission;
use crate::kinds;

const ASSIGN: &str = "Microsoft.Authorization/roleAssignments/write";

/// How many scopes are asked about at a time, where the subscription's answer isn't enough.
const AT_A_TIME: usize = 8;

pub(super) async fn may_assign(azure: &Azure, desired: &Desired, observed: &mut Observed) -> Result<()> {
    let missing: BTreeSet<String> = desired
        .objects
        .iter()
        .filter(|object| object.id.kind == kinds::ASSIGNMENT && !observed.objects.contains_key(&object.id))
        .filter_map(|object| object.attributes.text("scope"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let subscription = format!("/subscriptions/{}", azure.config.subscription);
    let everywhere = allows(&azure.arm.permissions(&subscription).await?);
    let outside = |scope: &String| !everywhere || !scope.to_ascii_lowercase().starts_with(&subscription);
    let ask = missing.into_iter().filter(outside).map(|scope| async move {
        let allowed = allows(&azure.arm.permissions(&scope).await?);
        Ok::<_, Error>((scope, allowed))
    });
    let answers: Vec<_> = stream::iter(ask).buffered(AT_A_TIME).try_collect().await?;
    let refused: Vec<_> = answers.into_iter().filter(|(_, allowed)| !allowed).map(|(scope, _)| scope).collect();
    if let Some(first) = refused.first() {
        let message = match refused.len() {
            1 => format!("the caller may not assign roles on {first}"),
            many => format!("the caller may not assign roles on {many} resources, such as {first}"),
        };
        observed.problems.push(Error::new(ErrorKind::AccessDenied, message).with("operation", ASSIGN).hint(
            "have an owner give you `Role Based Access Control Administrator` there (it can be limited to the roles that \
             `cloudgrant explain` lists), or let them apply",
        ));
    }
    Ok(())
}

fn allows(permissions: &[Permission]) -> bool {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| actions::matches(pattern, ASSIGN));
    permissions.iter().any(|permission| any(&permission.actions) && !any(&permission.not_actions))
}

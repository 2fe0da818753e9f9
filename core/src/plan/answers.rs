//! Holds the answers of providers and platforms against what they were asked.

use std::fmt::Display;
use std::mem::discriminant;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use crate::contract::delivery::Principal;
use crate::contract::error::{Error, Result};
use crate::contract::object::Object;
use crate::contract::object::desired::Desired;
use crate::contract::provider::permissions::Permissions;
use crate::vocabulary::checked::Checked;
use crate::vocabulary::intent::{Intent, IntentId, ScopeBinding, TaskAccess};
use crate::vocabulary::principal::Subject;
use crate::vocabulary::scope::{Pair, Scope};

/// Holds a verb's answer against what was asked: each object must exist for an intent that was asked, and at
/// exactly that intent's scope.
pub(crate) fn check_answer<'a, I: Intent + 'a>(
    provider: &str,
    asked: impl IntoIterator<Item = &'a I>,
    answer: &Desired,
) -> Result<()> {
    Asked::new(asked).check(provider, answer)
}

/// Holds what grants come to against them: each object as [`check_answer`] has it, and what may be done at exactly the scope of
/// the grants that ask for it.
pub(crate) fn check_permissions(
    provider: &str,
    grants: &[Arc<Checked<TaskAccess>>],
    permissions: &Permissions,
) -> Result<()> {
    let asked = Asked::new(grants.iter().map(|grant| &***grant));
    asked.check(provider, &permissions.desired)?;
    permissions.scopes().try_for_each(|(scope, because)| asked.check_scope(provider, &"a permission", because, scope))
}

/// What a verb was asked, with the scope of each.
struct Asked<'a>(HashMap<IntentId, &'a Scope>);

impl<'a> Asked<'a> {
    fn new<I: Intent + 'a>(intents: impl IntoIterator<Item = &'a I>) -> Self {
        Self(intents.into_iter().map(|intent| (intent.id(), intent.scope())).collect())
    }

    fn check(&self, provider: &str, answer: &Desired) -> Result<()> {
        let check = |object: &Object| self.check_scope(provider, &object.id, &object.because, &object.scope);
        answer.objects.iter().try_for_each(check)
    }

    fn check_scope(&self, provider: &str, what: &dyn Display, because: &[IntentId], scope: &Scope) -> Result<()> {
        // An object may exist for what other verbs were asked as well, and for very much of it.
        let kind = self.0.keys().next().map(discriminant);
        let of_kind = |intent: &&IntentId| Some(discriminant(*intent)) == kind;
        let mut scopes = because.iter().filter(of_kind).filter_map(|intent| self.0.get(intent)).peekable();
        if scopes.peek().is_none() {
            return Err(Error::provider_bug(provider, format!("{what} exists for nothing that was asked")));
        }
        match scopes.find(|asked| **asked != scope) {
            Some(asked) => {
                let what = format!("{what} has scope `{scope}` where `{asked}` was asked");
                Err(Error::provider_bug(provider, what))
            }
            None => Ok(()),
        }
    }
}

/// Holds a provider's principals against what was asked: each must be of a scope that was asked for, and serve nobody but that
/// scope's own subjects.
pub(crate) fn check_principals(
    provider: &str,
    asked: &[Checked<ScopeBinding>],
    principals: &[Principal],
) -> Result<()> {
    let asked: HashMap<&Scope, _> = asked.iter().map(|binding| (&binding.scope, binding)).collect();
    for principal in principals {
        let scope = &principal.scope;
        let Some(binding) = asked.get(scope) else {
            return Err(Error::provider_bug(
                provider,
                format!("it has a principal of {scope}, which was not asked for"),
            ));
        };
        if !principal.because.contains(&binding.id()) {
            let what = format!("a principal of {scope} exists for nothing that was asked");
            return Err(Error::provider_bug(provider, what));
        }
        let subjects: HashSet<_> = binding.subjects.iter().collect();
        let elsewhere: HashSet<_> = binding.served_elsewhere.iter().collect();
        let is_served = |one: &&(Pair, Subject)| subjects.contains(one) && !elsewhere.contains(&one.0);
        if let Some((_, other)) = principal.serves.iter().find(|one| !is_served(one)) {
            let what = format!("a principal of {scope} would serve {other}, for which it was not asked");
            return Err(Error::provider_bug(provider, what));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! What the tags of a role or a policy below the stack's path say of whose it is.
//!
//! The path is the mark. Tags say it as well, and where they say otherwise, somebody else has made it there, or has made it
//! theirs.

use std::collections::HashMap;

use cloudgrant_core::quoted;

use crate::names::Names;
use crate::names::tags::{HOME_TAG, STACK_TAG, TASK_POLICY_TAG, tag_of};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The stack's at this home.
    Ours,
    /// No tag says it: whoever replaced them took the marks away.
    Untold,
    /// Another stack's, or that of another home of the stack, in words.
    Others(String),
}

pub(crate) fn whose(names: &Names, tags: &HashMap<String, String>) -> Whose {
    let (stack, home) = (tag_of(tags, STACK_TAG), tag_of(tags, HOME_TAG));
    let is_other = |said: Option<&str>, ours: &str| said.is_some_and(|said| said != ours);
    match (stack, home) {
        (None, None) => Whose::Untold,
        (stack, home) if is_other(stack, names.stack().as_str()) || is_other(home, &names.home()) => {
            let stack = stack.map(|stack| format!("stack {stack}"));
            let home = home.map(|home| format!("home {home}"));
            Whose::Others(stack.into_iter().chain(home).collect::<Vec<_>>().join(", "))
        }
        (Some(_) | None, Some(_) | None) => Whose::Ours,
    }
}

/// Puts the marks of the stack among a role's tags, with that of the task policy where the stack attached it.
pub(crate) fn put_back(names: &Names, role: &str, task_policy: Option<&str>) -> String {
    let home = names.home();
    let tags = [(STACK_TAG, Some(names.stack().as_str())), (HOME_TAG, Some(&*home)), (TASK_POLICY_TAG, task_policy)];
    let tags = tags.into_iter().filter_map(|(key, value)| Some(quoted(&format!("Key={key},Value={}", value?))));
    let tags: Vec<_> = tags.map(|tag| tag.to_string()).collect();
    format!("aws iam tag-role --role-name {} --tags {}", quoted(role), tags.join(" "))
}

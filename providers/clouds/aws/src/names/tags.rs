//! The stack's tags on what it makes.

/// The mark of the stack on its roles.
pub(crate) const STACK_TAG: &str = "cloudgrant:stack";
/// The home of the stack: its account and the cluster's issuer.
pub(crate) const HOME_TAG: &str = "cloudgrant:home";
/// The scope that a role serves, for people who meet it in the console.
pub(crate) const SCOPE_TAG: &str = "cloudgrant:scope";
/// The platform's task policy that the stack attached: so that it is known for ours when it is to go.
pub(crate) const TASK_POLICY_TAG: &str = "cloudgrant:task-policy";

/// What a role's tag says. IAM keeps the case of keys, and takes such as differ in it alone for the same, of roles. Source: IAM user guide, "Tags
/// for IAM resources", "Rules for tagging".
pub(crate) fn tag_of<'a>(tags: impl IntoIterator<Item = (&'a String, &'a String)>, key: &str) -> Option<&'a str> {
    let is_it = |(found, value): (&String, &'a String)| (found.to_lowercase() == key.to_lowercase()).then_some(value);
    tags.into_iter().find_map(is_it).map(String::as_str)
}

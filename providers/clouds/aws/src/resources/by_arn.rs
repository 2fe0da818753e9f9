//! What a grant of a resource that is granted by its ARN needs besides: the key that encrypts it, and what is said of that.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{
    Checked, Diagnostic, GrantName, Intent, Intents, Note, Reach, ResourceKind, ResourceName, TaskAccess, listed,
    redacted,
};
use serde_json::json;

use crate::config::Config;
use crate::policy::condition::Condition;
use crate::policy::document;
use crate::policy::document::POLICY_SIZE;
use crate::policy::sids::{self, Purpose};
use crate::resources::existing_policy;
use crate::resources::kinds::arn_kind::{ArnKind, Elsewhere, Item, Rights};
use crate::resources::kinds::other_arn::OtherArn;
use crate::resources::kinds::other_arn::acted_on::ON_NO_RESOURCE;
use crate::resources::kms_key::{Key, through};
use crate::resources::locator::Locator;

/// As long as what tells two statements of one Sid apart.
const SID_APART: &str = "0000";

impl Rights {
    /// The condition under which they hold.
    pub(crate) fn condition(&self) -> Condition<'static> {
        match self.only_where {
            Some((operator, key, values)) => Condition::of(operator, key, values.iter().copied()),
            None => Condition::default(),
        }
    }
}

/// The actions of rights, by the condition under which they hold: each is a statement of its own, as one condition is for all that its
/// statement allows.
pub(crate) fn by_condition(rights: &[Rights]) -> BTreeMap<Condition<'static>, BTreeSet<&'static str>> {
    let mut by_condition: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for rights in rights {
        by_condition.entry(rights.condition()).or_default().extend(rights.actions);
    }
    by_condition
}

/// The key that the manifest says encrypts a resource.
pub(crate) fn key_of(config: &Config, name: &ResourceName, item: &Item) -> Option<Key> {
    // What is none was refused with the manifest.
    parsed(config.keys.get(name)?, item).ok().flatten()
}

/// The key of another account in whose policy a grant of a resource wants a statement: the resource itself, or what encrypts it.
pub(crate) fn key_elsewhere(config: &Config, name: &ResourceName, item: &Item) -> Option<Key> {
    let key = match item.kind.elsewhere {
        Elsewhere::KeyPolicy => {
            Some(Key { arn: item.arn(), alias: None, region: item.region.clone(), account: item.account.clone() })
        }
        Elsewhere::ResourcePolicy(_) | Elsewhere::Never(_) => key_of(config, name, item),
    };
    key.filter(|key| key.account != config.account)
}

fn parsed(text: &str, item: &Item) -> Result<Option<Key>, String> {
    Key::answered(text, &item.partition, &item.region, &item.account)
}

/// The condition under which a key may be used that encrypts resources of a kind.
pub(crate) fn for_key(kind: &ArnKind, key: &Key, contexts: BTreeSet<String>) -> Condition<'static> {
    match &kind.encrypted {
        Some(encrypted) => through(kind.service, key, encrypted.context.0, contexts),
        None => Condition::default(),
    }
}

/// What is wrong with a resource that can be told without asking.
pub(crate) fn refusal(config: &Config, item: &Item, path: String) -> Option<Diagnostic> {
    let Elsewhere::Never((why, hint)) = item.kind.elsewhere else { return None };
    (item.account != config.account).then(|| {
        let message = format!(
            "`{}` is {} of account {}, the data plane is in {}, {why}",
            redacted(&item.arn()),
            item.kind.kind().with_article(),
            item.account,
            config.account
        );
        Diagnostic::new(path, message).hint(hint)
    })
}

/// What is wrong with the keys that the manifest names.
pub(crate) fn keys(config: &Config, intents: &Intents) -> Vec<Diagnostic> {
    let reaches = || intents.grants.iter().flat_map(|grant| &grant.reaches);
    let problem = |(name, key): (&ResourceName, &String)| {
        let path = format!("aws.keys.{name}");
        let Some(reach) = reaches().find(|reach| reach.resource.name == *name) else {
            // Of what is a part only, what isn't here may be what it is for.
            let is_unused = !intents.is_part && !intents.grants.is_empty();
            return is_unused.then(|| {
                Diagnostic::new(path, format!("no grant reaches `{name}`"))
                    .hint("take the key out, or mend its resource")
            });
        };
        let what = reach.resource.kind.with_article();
        match reach.resource.locator.parsed() {
            Locator::Item(item) if item.kind.encrypted.is_some() => {
                let why = match parsed(key, item) {
                    Ok(Some(_)) => return None,
                    Ok(None) => "names a key that AWS manages, which takes no grant".to_owned(),
                    Err(why) => why,
                };
                let form = format!("arn:{}:kms:{}:{}:key/ID", item.partition, item.region, item.account);
                Some(Diagnostic::new(path, why).hint(format!("write the ARN of a customer-managed key, {form}")))
            }
            Locator::Objects(_) | Locator::Secret(_) => {
                let message = format!("`{name}` is {what}, whose key is looked up");
                Some(Diagnostic::new(path, message).hint("take it out"))
            }
            Locator::Repository(_) | Locator::Item(_) | Locator::Other(_) => {
                let message =
                    format!("`{name}` is {what}, and a grant of that takes nothing of a key that encrypts it");
                Some(Diagnostic::new(path, message).hint("take it out"))
            }
        }
    };
    config.keys.iter().filter_map(problem).collect()
}

/// What is wrong with the actions that the manifest lists, and with resources that need some.
pub(crate) fn actions(config: &Config, intents: &Intents) -> Vec<Diagnostic> {
    let reaches = || intents.grants.iter().flat_map(|grant| &grant.reaches);
    let (mut problems, mut seen) = (Vec::new(), BTreeSet::new());
    for (grant, reach) in intents.grants.iter().flat_map(|grant| grant.reaches.iter().map(move |reach| (grant, reach)))
    {
        let name = &reach.resource.name;
        let Locator::Other(other) = reach.resource.locator.parsed() else { continue };
        if !seen.insert((name, reach.access)) {
            continue;
        }
        problems.extend(other.elsewhere(config, name.as_str()));
        if let Some(policy) = config.policy(name, reach.access) {
            problems.extend(existing_policy::refusals(config, name, reach.access, policy));
            continue;
        }
        let listed = config.actions(name, reach.access);
        let refusals = other.refusals(config, name.as_str(), reach.access, listed);
        let is_fine = refusals.is_empty();
        problems.extend(refusals);
        problems.extend(listed.filter(|_| is_fine).and_then(|actions| too_many(&grant.name, reach, other, actions)));
    }
    // Of what is a part only, what isn't here may be what it is for.
    if intents.is_part || intents.grants.is_empty() {
        return problems;
    }
    let of_actions = config.actions.iter().flat_map(|(name, levels)| levels.keys().map(move |level| (name, *level)));
    let of_policies = config.policies.iter().flat_map(|(name, levels)| levels.keys().map(move |level| (name, *level)));
    let of_actions = of_actions.map(|(name, access)| (format!("aws.actions.{name}.{access}"), "actions", name, access));
    let of_policies = of_policies.map(|(name, access)| (existing_policy::key(name, access), "policy", name, access));
    for (path, what, name, access) in of_actions.chain(of_policies) {
        let mut named = reaches().filter(|reach| reach.resource.name == *name);
        let kind = named.clone().map(|reach| reach.resource.kind).next();
        let (message, hint) = match kind {
            Some(kind) if kind != ResourceKind::OTHER => (
                format!("`{name}` is {}, whose levels say what they allow", kind.with_article()),
                format!("take the {what} out"),
            ),
            _ if named.any(|reach| reach.access == access) => continue,
            _ => (
                format!("no grant gives `{access}` on `{name}`"),
                format!("take the {what} out, or mend its resource or level"),
            ),
        };
        problems.push(Diagnostic::new(path, message).hint(hint));
    }
    problems
}

/// That more actions are listed than a policy holds: a statement for one resource can't be parted further.
fn too_many(grant: &GrantName, reach: &Reach, other: &OtherArn, actions: &[String]) -> Option<Diagnostic> {
    let (name, access) = (&reach.resource.name, reach.access);
    let distinct: BTreeSet<_> = actions.iter().collect();
    // Which number tells it from another one of its Sid, packing says.
    let sid = sids::sid(grant, Purpose::on_resource(access)?) + SID_APART;
    let needed = |(arn, actions): (String, BTreeSet<&str>)| {
        let statement = json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": [arn] });
        document::counted(&document::document(vec![statement]).to_string())
    };
    let needed = other.by_arn(actions).into_iter().map(needed).max().unwrap_or_default();
    (needed > POLICY_SIZE).then(|| {
        let message = format!(
            "the {} actions of `{access}` on `{name}` make a policy of {needed} characters, and one has at most {POLICY_SIZE}",
            distinct.len()
        );
        let hint = "list those alone that task code uses, or list some of them at another level, and grant both";
        Diagnostic::new(format!("aws.actions.{name}.{access}"), message).hint(hint)
    })
}

/// That actions of a grant are listed which are on no resource, and give nothing on this one.
pub(crate) fn on_no_resource(config: &Config, grant: &Checked<TaskAccess>) -> Option<Note> {
    let of_reach = |reach: &Reach| {
        let is_other = matches!(reach.resource.locator.parsed(), Locator::Other(_));
        let actions = config.actions(&reach.resource.name, reach.access).filter(|_| is_other);
        actions
            .into_iter()
            .flatten()
            .filter(|action| ON_NO_RESOURCE.contains(&action.as_str()))
            .cloned()
            .collect::<Vec<_>>()
    };
    let idle: BTreeSet<String> = grant.reaches.iter().flat_map(of_reach).collect();
    if idle.is_empty() {
        return None;
    }
    let idle: Vec<_> = idle.into_iter().collect();
    let them = if idle.len() == 1 { "it" } else { "them" };
    let message = format!(
        "{} give{} nothing on a resource, as AWS grants {} on all (`*`) alone: take {} out of `aws.actions`, or have whoever administers the \
         account allow {} by hand",
        listed(&idle, 4),
        if idle.len() == 1 { "s" } else { "" },
        them,
        them,
        them
    );
    Some(Note::warning(grant.id(), message))
}

/// What whoever reads a plan should know of what a grant reaches.
pub(crate) fn note(config: &Config, grant: &Checked<TaskAccess>) -> Option<Note> {
    let unnamed = grant.reaches.iter().filter(|reach| !config.keys.contains_key(&reach.resource.name));
    let names = unnamed.filter_map(|reach| match reach.resource.locator.parsed() {
        Locator::Item(item) if item.kind.encrypted.is_some() => Some(&reach.resource.name),
        _ => None,
    });
    let names: Vec<_> = names.collect();
    let first = names.first()?;
    let message = format!(
        "whether customer-managed keys encrypt {} isn't looked up: where one does, name it (`aws.keys: {{ {first}: KEY_ARN }}`), \
         and task code may use it for that alone",
        listed(&names, 4)
    );
    Some(Note::info(grant.id(), message))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One condition is for all that its statement allows: put into one, it would narrow what holds without it, and one condition of an
    /// operator would take another one's place.
    #[test]
    fn rights_under_different_conditions_are_told_apart() {
        let rights = |actions, only_where| Rights { actions, behind: &[""], only_where };
        let returns = Some(("StringEquals", "dynamodb:ReturnValues", &["NONE"][..]));
        let leads = Some(("StringEquals", "dynamodb:LeadingKeys", &["a", "b"][..]));
        let apart = by_condition(&[
            rights(&["dynamodb:PutItem"], returns),
            rights(&["dynamodb:DescribeTable"], None),
            rights(&["dynamodb:Query"], leads),
            rights(&["dynamodb:DescribeTable", "dynamodb:UpdateItem"], returns),
        ]);
        let said: Vec<_> = apart.iter().map(|(condition, actions)| (json!(condition), json!(actions))).collect();
        let expected = [
            (json!({}), json!(["dynamodb:DescribeTable"])),
            (json!({ "StringEquals": { "dynamodb:LeadingKeys": ["a", "b"] } }), json!(["dynamodb:Query"])),
            (
                json!({ "StringEquals": { "dynamodb:ReturnValues": ["NONE"] } }),
                json!(["dynamodb:DescribeTable", "dynamodb:PutItem", "dynamodb:UpdateItem"]),
            ),
        ];
        assert_eq!(said, expected);
    }
}

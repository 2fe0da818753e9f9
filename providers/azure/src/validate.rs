//! What can be refused without asking Azure.

use std::collections::BTreeSet;

use cloudgrant_core::{Diagnostic, Error, Intent, Intents, Origin, PlatformKind, Reach, ResourceKind, Result, Scope};

use crate::Azure;
use crate::actions;
use crate::cloud::Hosts;
use crate::config::{Cloud, Config, Credentials};
use crate::locator::{Locator, is_guid};
use crate::resource_id::ResourceId;

/// Looks over the section, and gives the ID of its resource group.
pub(crate) fn section(config: &Config) -> Result<ResourceId> {
    let mut problems = Vec::new();
    let local = |url: &str| Origin::parse(url).is_some_and(|origin| origin.is_loopback());
    for (key, url) in [("endpoint", &config.endpoint), ("authority", &config.authority)] {
        let Some(url) = url else {
            if config.credentials == Credentials::Sandbox {
                let message = format!("`sandbox` credentials need a sandbox's `{key}` on this machine");
                problems.push(
                    Diagnostic::new("azure.credentials", message)
                        .hint("leave `credentials` out to use your own, or run with --sandbox"),
                );
            }
            continue;
        };
        if !url.starts_with("https://") {
            let message = format!("`{url}` is not an address that a token may be sent to");
            problems.push(Diagnostic::new(format!("azure.{key}"), message).hint("it takes https://HOST"));
        } else if config.credentials == Credentials::Sandbox && !local(url) {
            let message = format!("`sandbox` credentials need a sandbox's `{key}` on this machine");
            problems
                .push(Diagnostic::new("azure.credentials", message).hint("leave `credentials` out to use your own"));
        }
    }
    let group = format!("/subscriptions/{}/resourceGroups/{}", config.subscription, config.resource_group);
    let group = ResourceId::parse(&group).map_err(|_| {
        let message = format!("`{}` is not the name of a resource group", config.resource_group);
        Diagnostic::new("azure.resource_group", message)
            .hint("it has 1 to 90 letters, digits and -._(), and no dot at its end")
    });
    match group {
        Ok(group) if problems.is_empty() => Ok(group),
        Ok(_) => Err(Error::manifest(problems)),
        Err(problem) => Err(Error::manifest(problems.into_iter().chain([problem]).collect())),
    }
}

/// The kinds of resources that the intents reach.
pub(crate) fn kinds(intents: &Intents) -> BTreeSet<ResourceKind> {
    let grants = intents.grants.iter().flat_map(|grant| &grant.reaches);
    let registries = intents.registries.iter().flat_map(|registry| registry.reaches());
    grants.chain(registries).map(|reach| reach.resource.kind).collect()
}

pub(crate) fn intents(azure: &Azure, intents: &Intents) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let (mut resources, mut levels) = (BTreeSet::new(), BTreeSet::new());
    for reach in intents.grants.iter().flat_map(|grant| &grant.reaches) {
        if resources.insert(&reach.resource.name) {
            problems.extend(resource(azure, reach));
        }
        if levels.insert((&reach.resource.name, reach.access)) {
            problems.extend(role(azure, reach));
        }
    }
    for registry in &intents.registries {
        let locator = &registry.resource().locator;
        if let Some(problem) = other_cloud(azure, locator) {
            problems.push(Diagnostic { path: format!("registries.{}.azure", registry.name), ..problem });
        }
    }
    problems.extend(unused_roles(azure, intents));
    problems.extend(task_identity(azure, intents));
    problems
}

/// Requirement 71, and that what has no role of its own needs one.
fn role(azure: &Azure, reach: &Reach) -> Option<Diagnostic> {
    let (name, access) = (&reach.resource.name, reach.access);
    let path = format!("azure.roles.{name}.{access}");
    let locator = Locator::parse(&reach.resource.locator).ok()?;
    let Some(wanted) = azure.config.role(name, access) else {
        return matches!(locator, Locator::Resource(_)).then(|| {
            let message = format!("`{access}` on `{name}` says nothing for a resource of this kind");
            Diagnostic::new(path, message)
                .hint(format!("name the role: `azure: {{ roles: {{ {name}: {{ {access}: ROLE }} }} }}`"))
        });
    };
    if let Some(role) = actions::known(wanted).filter(|role| actions::is_refused(*role)) {
        let message = format!("the role {} lets its holder do anything, or give itself anything", role.name);
        return Some(Diagnostic::new(path, message).hint("name a role that gives what the tasks need, and no more"));
    }
    if wanted.trim().is_empty() || (wanted.starts_with('/') && !is_guid(wanted)) {
        return Some(
            Diagnostic::new(path, format!("`{wanted}` names no role")).hint("write its name, or its id (a GUID)"),
        );
    }
    match locator {
        Locator::Objects(objects) if !objects.prefix.is_empty() && !can_be_narrowed(wanted) => {
            Some(Diagnostic::new(path, format!("the role `{wanted}` can't be narrowed to `{}`", objects.prefix)).hint(
                format!(
                    "leave the prefix out, or leave the role to cloudgrant; {} and {} can be narrowed",
                    actions::BLOB_READER.name,
                    actions::BLOB_CONTRIBUTOR.name
                ),
            ))
        }
        _ => None,
    }
}

/// Whether what a role allows on objects is known, so that a condition can narrow it to a prefix.
fn can_be_narrowed(name_or_id: &str) -> bool {
    actions::known(name_or_id).is_some_and(|role| actions::deeds_of(role.id).is_some())
}

fn resource(azure: &Azure, reach: &Reach) -> Option<Diagnostic> {
    let resource = &reach.resource;
    let path = format!("resources.{}.azure", resource.name);
    if let Some(problem) = other_cloud(azure, &resource.locator) {
        return Some(Diagnostic { path, ..problem });
    }
    // Requirement 29, however the account is written: by its host, its ID, or that of a part of it. Its name has no capitals.
    let account = Locator::parse(&resource.locator).ok()?.storage_account()?;
    let pattern = azure.config.platform_accounts(&azure.context.platform).matching(&account)?.to_owned();
    (!resource.force).then(|| {
        let message = format!("`{account}` looks like one of the platform's own storage accounts (`{pattern}`)");
        Diagnostic::new(path, message)
            .hint("grant an account of your own; if it is yours after all, set `force: true` on the resource")
    })
}

/// Azure's clouds know nothing of each other.
fn other_cloud(azure: &Azure, locator: &str) -> Option<Diagnostic> {
    let cloud = Locator::cloud(locator).filter(|cloud| *cloud != azure.config.cloud)?;
    let name = |cloud| match cloud {
        Cloud::Public => "public",
        Cloud::Government => "government",
        Cloud::China => "china",
    };
    let message =
        format!("`{locator}` is in Azure's cloud `{}`, the data plane in `{}`", name(cloud), name(azure.config.cloud));
    let suffix = Hosts::of(azure.config.cloud).blob;
    Some(
        Diagnostic::new("", message)
            .hint(format!("its hosts end like {suffix}; or set `azure.cloud: {}`", name(cloud))),
    )
}

/// A role for what nobody is granted is a typing error.
fn unused_roles(azure: &Azure, intents: &Intents) -> Vec<Diagnostic> {
    let used: BTreeSet<_> = intents
        .grants
        .iter()
        .flat_map(|grant| &grant.reaches)
        .map(|reach| (&reach.resource.name, reach.access))
        .collect();
    let named = azure.config.roles.iter().flat_map(|(name, levels)| levels.keys().map(move |access| (name, *access)));
    named
        .filter(|key| !used.contains(key) && !intents.grants.is_empty())
        .map(|(name, access)| {
            Diagnostic::new(format!("azure.roles.{name}.{access}"), format!("no grant gives `{access}` on `{name}`"))
                .hint("take the role out, or mend its resource or level")
        })
        .collect()
}

/// On a platform that people run by themselves, nothing says how its identity is called.
fn task_identity(azure: &Azure, intents: &Intents) -> Option<Diagnostic> {
    let global = intents.bindings.iter().any(|binding| binding.scope == Scope::Global);
    let conventional = azure.context.platform.kind == PlatformKind::Union;
    (global && !conventional && azure.config.task_identity.is_none()).then(|| {
        Diagnostic::new(
            "azure.task_identity",
            "global grants need the managed identity of task code, which isn't known",
        )
        .hint("set `azure.task_identity: NAME`, or use `scope: { domain: DOMAIN }`, which gets an identity of its own")
    })
}

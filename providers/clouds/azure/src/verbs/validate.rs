//! What can be refused without asking Azure.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Conventions, Diagnostic, Intents, Origin, Reach, Scope, redacted};

use crate::config::cloud::Hosts;
use crate::config::{Config, Credentials};
use crate::inventory::identities;
use crate::names::Names;
use crate::names::resource_id::{ResourceId, is_group_name, is_plain};
use crate::resources::kinds::registry::Registry;
use crate::resources::locator::{Locator, WHOLE};
use crate::resources::{built_in_roles, known_roles, refused_roles, role_choice};

/// What can be said of the section alone.
pub(crate) fn section(config: &Config) -> Vec<Diagnostic> {
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
            let message = format!("`{}` is not an address that a token may be sent to", redacted(url));
            problems.push(Diagnostic::new(format!("azure.{key}"), message).hint("it takes https://HOST"));
        } else if config.credentials == Credentials::Sandbox && !local(url) {
            let message = format!("`sandbox` credentials need a sandbox's `{key}` on this machine");
            problems
                .push(Diagnostic::new("azure.credentials", message).hint("leave `credentials` out to use your own"));
        }
    }
    problems.extend(group(config).err());
    problems.extend(named(config));
    problems.extend(tags(config));
    problems
}

/// Sources: Azure documentation, "Use tags to organize your Azure resources", limitations; reserved prefixes: Azure Resource
/// Manager REST API, "Tags - Create Or Update".
fn tags(config: &Config) -> Vec<Diagnostic> {
    /// Azure takes 50; the stack's own marks need some.
    const MOST: usize = 40;
    let mut problems = Vec::new();
    let mut names = BTreeSet::new();
    for (name, value) in &config.tags {
        let lower = name.to_lowercase();
        let reserved = ["microsoft", "azure", "windows"].into_iter().find(|word| lower.starts_with(word));
        let has_odd = |text: &str| text.chars().any(char::is_control);
        let is_name = !name.trim().is_empty() && name.chars().count() <= 512 && !has_odd(name);
        let wrong = if !is_name || name.contains(['<', '>', '%', '&', '\\', '?', '/']) {
            format!("`{}` is not a tag's name: it takes 1 to 512 characters without `<>%&\\?/`", redacted(name))
        } else if lower.starts_with("cloudgrant:") {
            format!("the tag `{}` is one of cloudgrant's own", redacted(name))
        } else if let Some(reserved) = reserved {
            format!("the tag `{}` begins with `{reserved}`, as Azure's own do", redacted(name))
        } else if !names.insert(lower) {
            format!("the tag `{}` is given twice: names of tags are case-insensitive", redacted(name))
        } else if value.chars().count() > 256 || has_odd(value) {
            format!("the value of the tag `{}` has more than 256 characters, or odd ones", redacted(name))
        } else {
            continue;
        };
        problems.push(Diagnostic::new(format!("azure.tags.{name}"), wrong).hint("name it otherwise"));
    }
    if config.tags.len() > MOST {
        let message = format!("there are {} tags, and {MOST} is the most", config.tags.len());
        problems.push(
            Diagnostic::new("azure.tags", message).hint("Azure takes 50 on a resource, and some are the stack's"),
        );
    }
    problems
}

/// What names managed identities and the cluster, each with its key.
fn named(config: &Config) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let of_domains = config.identities.iter().map(|(domain, name)| (format!("identities.{domain}"), Some(name)));
    let others = [("task_identity", &config.task_identity), ("kubelet_identity", &config.kubelet_identity)];
    let others = others.map(|(key, name)| (key.to_owned(), name.as_ref()));
    for (key, name) in others.into_iter().chain(of_domains) {
        let Some(name) = name else { continue };
        if let Err(why) = identities::checked(name) {
            let message = format!("`{}` is not a managed identity: {why}", redacted(name));
            problems.push(Diagnostic::new(format!("azure.{key}"), message).hint(identities::FORM));
        }
    }
    let cluster = &config.cluster;
    if let Some(group) = cluster.resource_group.as_ref().filter(|group| !is_group_name(group)) {
        let message = format!("`{}` is not the name of a resource group", redacted(group));
        problems.push(Diagnostic::new("azure.cluster.resource_group", message).hint(GROUP_NAME));
    }
    if let Some(name) = cluster.name.as_ref().filter(|name| !is_plain(name)) {
        let message = format!("`{}` is not the name of a cluster", redacted(name));
        let hint = "write its name alone: letters, digits, dashes and underscores (`az aks list --query [].name`)";
        problems.push(Diagnostic::new("azure.cluster.name", message).hint(hint));
    }
    problems
}

const GROUP_NAME: &str = "it has 1 to 90 letters, digits and -._(), and no dot at its end";

/// The ID of the section's resource group.
pub(crate) fn group(config: &Config) -> Result<ResourceId, Diagnostic> {
    let group = format!("/subscriptions/{}/resourceGroups/{}", config.subscription, config.resource_group);
    let parsed = ResourceId::parse(&group).ok().filter(|_| is_group_name(&config.resource_group));
    parsed.ok_or_else(|| {
        let message = format!("`{}` is not the name of a resource group", redacted(&config.resource_group));
        Diagnostic::new("azure.resource_group", message).hint(match config.resource_group.contains('/') {
            true => "write its name alone, and the ID of its subscription in `azure.subscription`",
            false => GROUP_NAME,
        })
    })
}

pub(crate) fn intents(config: &Config, names: &Names, conventions: &Conventions, intents: &Intents) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let (mut resources, mut levels) = (BTreeSet::new(), BTreeSet::new());
    for reach in intents.grants.iter().flat_map(|grant| &grant.reaches) {
        if resources.insert(&reach.resource.name) {
            problems.extend(resource(config, conventions, reach));
        }
        if levels.insert((&reach.resource.name, reach.access)) {
            problems.extend(role_of(config, reach));
        }
    }
    let mut told = BTreeSet::new();
    for grant in &intents.grants {
        let refused = grant.reaches.iter().filter_map(|reach| role_choice::imprecise(config, grant, reach));
        problems.extend(refused.filter(|problem| told.insert(problem.path.clone())));
    }
    for registry in &intents.registries {
        let locator = &registry.resource().locator;
        if let Some(problem) = other_cloud(config, locator) {
            problems.push(Diagnostic { path: format!("registries.{}.azure", registry.name), ..problem });
        }
    }
    problems.extend(unused_roles(config, intents));
    problems.extend(task_identity(config, conventions, intents));
    problems.extend(shared_identities(config, names));
    problems
}

/// Requirement 71, and that what has no role of its own needs one.
fn role_of(config: &Config, reach: &Reach) -> Option<Diagnostic> {
    let (name, access) = (&reach.resource.name, reach.access);
    let path = format!("azure.roles.{name}.{access}");
    let locator = Locator::of(reach);
    let Some(wanted) = config.role(name, access) else {
        return matches!(locator, Locator::Resource(_)).then(|| {
            let message = format!("`{access}` on `{name}` has no meaning for a resource of this kind");
            Diagnostic::new(path, message)
                .hint(format!("name the role: `azure: {{ roles: {{ {name}: {{ {access}: ROLE }} }} }}`"))
        });
    };
    if let Some(role) = known_roles::known(wanted)
        && let Some(too_much) = refused_roles::known(role, access)
    {
        return Some(too_much.refusal(role.name, &path));
    }
    if wanted.trim().is_empty() || wanted.starts_with('/') {
        return Some(
            Diagnostic::new(path, format!("`{wanted}` names no role")).hint("write its name, or its id (a GUID)"),
        );
    }
    if role_choice::can_be_narrowed(wanted, locator) {
        return None;
    }
    let (to, part, roles) = match locator {
        Locator::Objects(objects) => {
            (&objects.prefix, "prefix", [built_in_roles::BLOB_READER, built_in_roles::BLOB_CONTRIBUTOR])
        }
        Locator::Registry(Registry { repository: Some(repository), .. }) => {
            (repository, "repository", [built_in_roles::REPOSITORY_READER, built_in_roles::REPOSITORY_WRITER])
        }
        Locator::Registry(_) | Locator::Secret(_) | Locator::Child(_) | Locator::Resource(_) => return None,
    };
    let [one, other] = roles.map(|role| role.name);
    Some(
        Diagnostic::new(path, format!("the role `{wanted}` can't be narrowed to `{to}`"))
            .hint(format!("leave the {part} out, or leave the role to cloudgrant; {one} and {other} can be narrowed")),
    )
}

fn resource(config: &Config, conventions: &Conventions, reach: &Reach) -> Option<Diagnostic> {
    let resource = &reach.resource;
    let path = format!("resources.{}.azure", resource.name);
    if let Some(problem) = other_cloud(config, &resource.locator) {
        return Some(Diagnostic { path, ..problem });
    }
    let locator = Locator::of(reach);
    if let (false, Some(what)) = (resource.force, locator.group()) {
        // Requirement 3 has roles at these scopes too, and 29 is about what is in them.
        let message = format!(
            "`{}` is {what}, not a resource: a role there is one on everything in it, the platform's own storage too, and on \
             what comes later",
            resource.locator
        );
        let hint = format!("{WHOLE}; if all of it is meant, set `force: true` on the resource");
        return Some(Diagnostic::new(path, message).hint(hint));
    }
    // Requirement 29, however the account is written: by its host, its ID, or that of a part of it. Its name has no capitals.
    let account = locator.storage_account()?;
    let pattern = config.platform_accounts(conventions).matching(&account)?.to_owned();
    (!resource.force).then(|| {
        let message = format!("`{account}` looks like one of the platform's own storage accounts (`{pattern}`)");
        Diagnostic::new(path, message)
            .hint("grant an account of your own; if it is yours after all, set `force: true` on the resource")
    })
}

/// Azure's clouds know nothing of each other.
fn other_cloud(config: &Config, locator: &cloudgrant_core::Locator) -> Option<Diagnostic> {
    let cloud = locator.parsed::<Locator>().cloud().filter(|cloud| *cloud != config.cloud)?;
    let (own, other) = (Hosts::of(config.cloud), Hosts::of(cloud).name);
    let message = format!("`{locator}` is in Azure's cloud `{other}`, the data plane in `{}`", own.name);
    let suffix = own.like(locator);
    Some(Diagnostic::new("", message).hint(format!("its hosts end like {suffix}; or set `azure.cloud: {other}`")))
}

/// A role for what nobody is granted is a typing error.
fn unused_roles(config: &Config, intents: &Intents) -> Vec<Diagnostic> {
    if intents.is_part {
        // What isn't here may be what it is for.
        return Vec::new();
    }
    let used: BTreeSet<_> = intents
        .grants
        .iter()
        .flat_map(|grant| &grant.reaches)
        .map(|reach| (&reach.resource.name, reach.access))
        .collect();
    let named = config.roles.iter().flat_map(|(name, levels)| levels.keys().map(move |access| (name, *access)));
    named
        .filter(|key| !used.contains(key) && !intents.grants.is_empty())
        .map(|(name, access)| {
            Diagnostic::new(format!("azure.roles.{name}.{access}"), format!("no grant gives `{access}` on `{name}`"))
                .hint("take the role out, or mend its resource or level")
        })
        .collect()
}

/// Scopes stay apart by their identities alone: what one identity gets for two of them, task code of both reaches.
fn shared_identities(config: &Config, names: &Names) -> Vec<Diagnostic> {
    let id = |name: &str| match name.starts_with('/') {
        true => ResourceId::parse(name).ok(),
        false => Some(names.identity_id(name)),
    };
    let others = [("azure.task_identity", &config.task_identity), ("azure.kubelet_identity", &config.kubelet_identity)];
    let mut known: BTreeMap<ResourceId, String> = BTreeMap::new();
    for (key, name) in others {
        if let Some(id) = name.as_deref().and_then(id) {
            known.entry(id).or_insert_with(|| key.to_owned());
        }
    }
    let mut problems = Vec::new();
    for (domain, name) in &config.identities {
        let path = format!("azure.identities.{domain}");
        let Some(id) = id(name) else { continue };
        match known.get(&id) {
            Some(other) => problems.push(shared_identity(&path, id.name(), other)),
            None => _ = known.insert(id, path),
        }
    }
    problems
}

/// The refusal of a domain's identity that is somebody else's, too.
pub(crate) fn shared_identity(path: &str, identity: &str, other: &str) -> Diagnostic {
    let message =
        format!("`{identity}` is the identity of `{other}` as well: what one gets, task code of the other would reach");
    Diagnostic::new(path, message)
        .hint("name an identity that is the domain's alone; for all task code, use `scope: global`")
}

/// Where the platform doesn't say how its identity is called, the manifest has to.
fn task_identity(config: &Config, conventions: &Conventions, intents: &Intents) -> Option<Diagnostic> {
    let global = intents.bindings.iter().any(|binding| binding.scope == Scope::Global);
    (global && conventions.task_principal.is_empty() && config.task_identity.is_none()).then(|| {
        Diagnostic::new(
            "azure.task_identity",
            "global grants need the managed identity of task code, which isn't known",
        )
        .hint("set `azure.task_identity: NAME`, or use `scope: { domain: DOMAIN }`, which gets an identity of its own")
    })
}

//! Telling the platform which identity a domain's task code uses: a document for whoever can do that.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cloudgrant_core::{Checked, Handoff, Intent, Object, ObjectId, Ownership, Scope, ScopeBinding, quoted};
use serde_json::{Value, json};

use crate::Azure;
use crate::objects::kinds;
use crate::packing::pack::Assignment;
use crate::packing::shards::Shard;

fn object(binding: &Checked<ScopeBinding>, attributes: Value, handoff: Handoff) -> Object {
    let because = std::iter::once(binding.id())
        .chain(binding.grants.iter().filter(|grant| grant.scope == binding.scope).map(|grant| grant.id()));
    Object {
        id: ObjectId::new(kinds::BINDING, binding.scope.slug()),
        scope: binding.scope.clone(),
        attributes: attributes.into(),
        depends_on: Vec::new(),
        because: because.collect(),
        ownership: Ownership::Fragment { of: format!("the platform's binding of {}", binding.scope) },
        touches: Vec::new(),
        handoff: Some(handoff),
    }
}

fn domain(scope: &Scope) -> String {
    scope.domain().map(ToString::to_string).unwrap_or_default()
}

/// Requirement 7: in a data plane that Union manages, its team makes a domain's identity.
pub(crate) fn by_vendor(azure: &Azure, binding: &Checked<ScopeBinding>, assignments: &[Assignment]) -> Object {
    let domain = domain(&binding.scope);
    let config = &azure.config;
    let issuers = match config.cluster.oidc_issuer.as_slice() {
        [] | [_] => String::new(),
        several => format!(", each for the tokens of every one of the issuers {}", several.join(" and ")),
    };
    let audience = config.cluster.audience();
    // It may be left out of a manifest, which is warned of.
    let organization = match azure.context.platform.organization.as_str() {
        "" => String::new(),
        named => format!("Organization:   {named}\n"),
    };
    let mut document = format!(
        "{organization}Tenant:         {}\nSubscription:   {}\nResource group: {}\nDomain:         {domain}\n\n\
         1. Bind the domain to a user-assigned managed identity of its own, which trusts these service accounts and no \
         others (audience {audience}){issuers}:\n",
        config.tenant, config.subscription, config.resource_group,
    );
    for (_, subject) in &binding.subjects {
        _ = writeln!(document, "   {subject}");
    }
    document.push_str(
        "\n2. Tell us the identity's name. We then set it in the manifest, and cloudgrant assigns its roles:\n\n",
    );
    _ = writeln!(document, "   azure:\n     identities:\n       {domain}: NAME\n");
    document.push_str("   These are the roles; if it suits you better, assign them yourselves:\n");
    for assignment in assignments {
        _ = write!(document, "\n   {} ({})\n   on {}\n", assignment.role.name, assignment.role.id, assignment.scope);
        for line in assignment.condition.iter().flat_map(|condition| condition.lines()) {
            _ = writeln!(document, "   | {line}");
        }
    }
    let listed = |assignment: &Assignment| {
        json!({
            "role": assignment.role.name,
            "scope": assignment.scope.as_str(),
            "condition": assignment.condition,
        })
    };
    let attributes = json!({ "domain": domain, "assignments": assignments.iter().map(listed).collect::<Vec<_>>() });
    let handoff = Handoff {
        to: "the Union team".to_owned(),
        task: format!("bind domain {domain} to a managed identity of its own"),
        document,
        verifiable: false,
    };
    object(binding, attributes, handoff)
}

/// On a platform that people run by themselves: the service accounts name the identity.
/// Source: Azure documentation, "Use Microsoft Entra Workload ID with AKS", service account annotations.
pub(crate) fn by_hand(azure: &Azure, binding: &Checked<ScopeBinding>, shards: &[Shard]) -> Object {
    let domain = domain(&binding.scope);
    let mut document = String::from(
        "# Once the identities are there: each namespace's service account names the one that its tasks use. Where the\n\
         # platform makes the service accounts from a template (Flyte: cluster resource templates), put it there.\n",
    );
    let issuers: BTreeSet<_> = shards.iter().flat_map(|it| &it.credentials).map(|it| it.issuer.as_str()).collect();
    if issuers.len() > 1 {
        document.push_str("# This is for each of the clusters with these issuers:\n");
        for issuer in issuers {
            _ = writeln!(document, "#   {issuer}");
        }
    }
    let mut identities = serde_json::Map::new();
    for shard in shards {
        _ = writeln!(
            document,
            "\nclient_id=$(az identity show --subscription {} --resource-group {} --name {} --query clientId --output tsv)",
            azure.config.subscription,
            quoted(&azure.config.resource_group),
            quoted(&shard.name)
        );
        for subject in shard.subjects() {
            _ = writeln!(
                document,
                // An empty id would be written as well, and take the service account's identity away.
                "test -n \"$client_id\" && kubectl annotate serviceaccount {} --namespace {} --overwrite \
                 azure.workload.identity/client-id=\"$client_id\"",
                quoted(subject.service_account()),
                quoted(subject.namespace())
            );
        }
        let subjects: Vec<_> = shard.subjects().into_iter().map(ToString::to_string).collect();
        identities.insert(shard.name.clone(), subjects.into());
    }
    document.push_str("\n# Pods take part when they are labelled: azure.workload.identity/use: \"true\"\n");
    let handoff = Handoff {
        to: "whoever administers the platform".to_owned(),
        task: format!("let the service accounts of domain {domain} name their identity"),
        document,
        verifiable: false,
    };
    object(binding, json!({ "domain": domain, "identities": identities }), handoff)
}

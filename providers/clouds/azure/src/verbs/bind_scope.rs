//! `bind_scope`: role assignments to the platform's own managed identity for the global scope, and to the identities of a
//! domain for that one. Domain is as narrow as it gets.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;

use cloudgrant_core::{
    Annotation, Asked, Bound, Checked, Desired, Domain, Error, ErrorKind, Identifier, Identity, Intent, IntentId,
    MadeBy, Note, Object, ObjectId, Permissions, Principal, Result, RunsAs, Scope, ScopeBinding, Subject, Workload,
    quoted,
};
use serde_json::json;

use crate::config::Config;
use crate::error::is_final;
use crate::inventory::clusters::Issuers;
use crate::marks::places;
use crate::names::resource_id::ResourceId;
use crate::names::{LONGEST_TAG, Names, SCOPE_TAG, UNIT_TAG};
use crate::objects::compute_identity::{self, ComputeIdentity};
use crate::objects::endpoint_identity::{self, EndpointIdentity};
use crate::objects::federated_credential::FederatedCredential;
use crate::objects::managed_identity;
use crate::objects::managed_identity::CLIENT_ID;
use crate::packing::pack::{self, Assignment, Roles};
use crate::packing::shards::{self, Shard, Wanted};
use crate::verbs::assigned::assignment_object;
use crate::verbs::handles::Handles;
use crate::verbs::validate::shared_identity;
use crate::verbs::{unbound, workspace};

/// How a service account names its identity, and its pods take part. Source: Azure documentation, "Use Microsoft Entra
/// Workload ID with AKS", service account annotations and pod labels.
const CLIENT_ID_ANNOTATION: &str = "azure.workload.identity/client-id";
const POD_LABEL: (&str, &str) = ("azure.workload.identity/use", "true");

/// The roles that each grant comes to.
type ByGrant<'a> = BTreeMap<&'a IntentId, Vec<&'a Roles>>;

pub(crate) async fn bound(
    handles: Handles<'_>,
    bindings: &[Checked<ScopeBinding>],
    permissions: &Permissions,
) -> Result<Bound> {
    let mut bound = Bound::default();
    if bindings.is_empty() {
        return Ok(bound);
    }
    let reaches = bindings.iter().flat_map(|binding| &binding.grants).flat_map(|grant| &grant.reaches);
    handles.inventory.warm(reaches.map(|reach| reach.resource.kind)).await?;
    let roles = permissions.by_grant()?;
    for binding in bindings {
        match &binding.scope {
            Scope::Global => global(handles, binding, &roles, &mut bound.desired).await?,
            Scope::Domain { domain } => {
                match (handles.config.identities.get(domain), handles.conventions.scoped_principals) {
                    (Some(name), made_by) => {
                        let identity = named(handles, name, domain).await?;
                        assign(handles.names, binding, &roles, &identity, Vec::new(), &mut bound.desired);
                        match made_by {
                            MadeBy::Stack => bound.principals.push(named_principal(handles, binding, &identity).await?),
                            // The platform knows what its vendor has made.
                            MadeBy::Vendor => _ = bound.desired.vendor_made.insert(binding.scope.clone()),
                        }
                    }
                    (None, MadeBy::Vendor) => bound.principals.push(of_vendor(handles.config, binding, &roles)),
                    (None, MadeBy::Stack) => domain_identities(handles, binding, &roles, &mut bound).await?,
                }
            }
            Scope::Workload { workload } => {
                on_unit(handles, binding, workload, &roles, &mut bound.desired).await?;
            }
            // Core never asks for it, as the capabilities don't have it; and if it did, nothing would be widened.
            Scope::ProjectDomain { .. } => {
                let message = format!("a data plane on Azure can't bind {}", binding.scope);
                return Err(Error::new(ErrorKind::Unsupported, message).hint("use the scope of its domain"));
            }
        }
    }
    workspace::add(handles, bindings, &mut bound).await?;
    let notes = unbound::notes(handles, bindings, &bound.desired).await?;
    bound.desired.notes.extend(notes);
    bound.desired.notes.extend(audience_without_effect(handles, &bound));
    Ok(bound)
}

/// That nobody asks for whom tokens are, as whom the identities trust is for the platform's vendor to say, who made them.
fn audience_without_effect(handles: Handles<'_>, bound: &Bound) -> Option<Note> {
    let is_written = handles.config.cluster.audience.is_some();
    let made_by_vendor = handles.conventions.scoped_principals == MadeBy::Vendor && bound.principals.is_empty();
    let message = "it has no effect here: whom an identity trusts is for its owner to say, and each of these is the \
                   platform's or its vendor's";
    (is_written && made_by_vendor).then(|| Note::warning("azure.cluster.audience", message))
}

/// Requirements 2 and 3.
async fn global(
    handles: Handles<'_>,
    binding: &Checked<ScopeBinding>,
    roles: &ByGrant<'_>,
    desired: &mut Desired,
) -> Result<()> {
    let identity = handles.inventory.task_identity().await?;
    assign(handles.names, binding, roles, &identity, Vec::new(), desired);
    Ok(())
}

/// The identity that the manifest names for a domain, which must not be that of all task code: that one may be found by its
/// name alone.
async fn named(handles: Handles<'_>, name: &str, domain: &Domain) -> Result<ResourceId> {
    let key = format!("azure.identities.{domain}");
    let identity = handles.inventory.existing_identity(name, &key).await?;
    // One that the manifest names was looked at offline.
    let is_default = if handles.config.task_identity.is_some() || handles.conventions.task_principal.is_empty() {
        false
    } else {
        // Where none or several are called like it, only a global grant has to know which is meant.
        match handles.inventory.task_identity().await {
            Ok(default) => default == identity,
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        }
    };
    match is_default {
        true => Err(Error::manifest(vec![shared_identity(&key, identity.name(), "all task code")])),
        false => Ok(identity),
    }
}

/// Requirement 7: what only the platform's vendor can make, with what it is to be.
fn of_vendor(config: &Config, binding: &Checked<ScopeBinding>, roles: &ByGrant<'_>) -> Principal {
    let assignments = pack::assignments(&binding.grants, roles);
    let listed = |assignment: &Assignment| {
        json!({
            "role": assignment.role.name,
            "scope": assignment.scope.as_str(),
            "condition": assignment.condition,
        })
    };
    let told = |assignment: &Assignment| {
        let Assignment { scope, role, condition, .. } = assignment;
        let mut text = format!("{} ({})\non {scope}\n", role.name, role.id);
        for line in condition.iter().flat_map(|condition| condition.lines()) {
            _ = writeln!(text, "| {line}");
        }
        text
    };
    let domain = binding.scope.domain().map(ToString::to_string).unwrap_or_default();
    let asked = Asked {
        place: vec![
            ("Tenant", config.tenant.to_string()),
            ("Subscription", config.subscription.to_string()),
            ("Resource group", config.resource_group.clone()),
        ],
        kind: "user-assigned managed identity",
        issuers: config.cluster.oidc_issuer.clone(),
        audience: config.cluster.audience().to_owned(),
        named_by: format!("azure:\n  identities:\n    {domain}: NAME\n"),
        permissions: assignments.iter().map(told).collect(),
        attributes: json!({ "assignments": assignments.iter().map(listed).collect::<Vec<_>>() }),
    };
    Principal {
        scope: binding.scope.clone(),
        because: for_binding(binding),
        serves: binding.serves().cloned().collect(),
        depends_on: Vec::new(),
        identity: Identity::Asked(asked),
    }
}

/// The binding, and the grants of its own scope.
fn for_binding(binding: &Checked<ScopeBinding>) -> Vec<IntentId> {
    let grants = binding.grants.iter().filter(|grant| grant.scope == binding.scope).map(|grant| grant.id());
    std::iter::once(binding.id()).chain(grants).collect()
}

/// Identities that the stack makes: they trust exactly the domain's service accounts.
async fn domain_identities(
    handles: Handles<'_>,
    binding: &Checked<ScopeBinding>,
    roles: &ByGrant<'_>,
    bound: &mut Bound,
) -> Result<()> {
    let Issuers { named, why_not } = handles.inventory.issuers().await?;
    let snapshot = handles.inventory.snapshot().await;
    let shards = shards::of(handles.names, &handles.platform.tenancy().naming, &snapshot, binding, &named).await?;
    for shard in &shards {
        let identity = handles.names.identity_id(&shard.name);
        if let Some(why) = &why_not {
            snapshot.unusable().trust(&identity, why.clone());
        }
        let object = identity_object(handles.names, binding, &shard.name);
        let id = object.id.clone();
        let desired = &mut bound.desired;
        desired.objects.push(object);
        desired.objects.extend(credentials(handles.config, binding, shard, &identity, &id));
        assign(handles.names, binding, roles, &identity, vec![id.clone()], desired);
        bound.principals.push(principal(handles.names, binding, shard, id));
    }
    Ok(())
}

/// An identity that the stack makes and puts on the unit of the cloud's on which a workload runs. Nobody is trusted by way of a token.
async fn on_unit(
    handles: Handles<'_>,
    binding: &Checked<ScopeBinding>,
    workload: &Workload,
    roles: &ByGrant<'_>,
    desired: &mut Desired,
) -> Result<()> {
    let unit = match handles.platform.runs_as(workload) {
        Some(RunsAs::Unit(unit)) if [compute_identity::UNIT, endpoint_identity::UNIT].contains(&unit.kind) => {
            Some(unit)
        }
        _ => None,
    };
    let unit = unit.ok_or_else(|| {
        let message = format!("{} doesn't say on what of Azure's {} runs", handles.platform.name(), binding.scope);
        Error::new(ErrorKind::Unsupported, message)
            .hint("on Azure, workloads are computes and online endpoints of Azure Machine Learning")
    })?;
    let on = ResourceId::parse(&unit.id).map_err(|why| {
        Error::new(ErrorKind::Unsupported, format!("`{}` is no resource ID: {why}", unit.id))
            .hint("check the workspace in `platform`")
    })?;
    // Source: Azure documentation, "Use tags to organize your Azure resources", limitations.
    if on.as_str().chars().count() > LONGEST_TAG {
        let message = format!("the resource ID of {} is longer than {LONGEST_TAG} characters", on.name());
        return Err(Error::new(ErrorKind::Unsupported, message).hint("a tag of its identity has to hold it"));
    }
    let identity = handles.names.identity_id(&handles.names.identity_on(&binding.scope, on.as_str()));
    let tags = [(SCOPE_TAG, binding.scope.to_string()), (UNIT_TAG, on.as_str().to_owned())];
    let object = managed_identity::wanted(handles.names, identity.name(), tags, &binding.scope, for_binding(binding));
    let made = object.id.clone();
    desired.objects.push(object);
    let (scope, because) = (&binding.scope, for_binding(binding));
    desired.objects.push(if unit.kind == endpoint_identity::UNIT {
        let is_there = handles.inventory.snapshot().await.online_endpoint(&on).await?.is_some();
        EndpointIdentity::wanted(&on, &identity, is_there, &made, scope, because)
    } else {
        ComputeIdentity::wanted(&on, &identity, &made, scope, because)
    });
    assign(handles.names, binding, roles, &identity, vec![made], desired);
    Ok(())
}

/// An identity that the manifest names, for the platform to be told of it. Whom it trusts is its owner's to say.
async fn named_principal(
    handles: Handles<'_>,
    binding: &Checked<ScopeBinding>,
    identity: &ResourceId,
) -> Result<Principal> {
    let found = match handles.inventory.snapshot().await.identity(identity).await {
        // Nothing can be given to it, which is told; its owner knows its client ID.
        Err(error) if is_final(&error) => None,
        found => found?,
    };
    let client_id = found.map(|found| found.client_id.clone()).filter(|client_id| !client_id.is_empty());
    let value = match client_id {
        Some(client_id) => Identifier::Known(client_id),
        None => Identifier::Chosen {
            object: managed_identity::id(identity, handles.names.group()),
            output: CLIENT_ID,
            command: client_id_command(identity),
        },
    };
    Ok(Principal {
        scope: binding.scope.clone(),
        because: for_binding(binding),
        serves: binding.serves().cloned().collect(),
        depends_on: Vec::new(),
        identity: Identity::Known {
            name: identity.name().to_owned(),
            annotation: Annotation { key: CLIENT_ID_ANNOTATION, value, pod_label: Some(POD_LABEL) },
            issuers: handles.config.cluster.oidc_issuer.clone(),
        },
    })
}

fn client_id_command(identity: &ResourceId) -> String {
    format!(
        "az identity show --subscription {} --resource-group {} --name {} --query clientId --output tsv",
        identity.subscription(),
        quoted(identity.resource_group().unwrap_or_default()),
        quoted(identity.name())
    )
}

/// An identity, for the platform to be told of it. Azure chooses its client ID.
fn principal(names: &Names, binding: &Checked<ScopeBinding>, shard: &Shard, identity: ObjectId) -> Principal {
    let trusted: HashSet<_> = shard.credentials.iter().map(|credential| &credential.subject).collect();
    let issuers: BTreeSet<_> = shard.credentials.iter().map(|credential| credential.issuer.clone()).collect();
    let command = client_id_command(&names.identity_id(&shard.name));
    let value = Identifier::Chosen { object: identity.clone(), output: CLIENT_ID, command };
    Principal {
        scope: binding.scope.clone(),
        because: for_binding(binding),
        serves: binding.serves().filter(|(_, subject)| trusted.contains(subject)).cloned().collect(),
        depends_on: vec![identity],
        identity: Identity::Known {
            name: shard.name.clone(),
            annotation: Annotation { key: CLIENT_ID_ANNOTATION, value, pod_label: Some(POD_LABEL) },
            issuers: issuers.into_iter().collect(),
        },
    }
}

fn identity_object(names: &Names, binding: &Checked<ScopeBinding>, name: &str) -> Object {
    let tags = [(SCOPE_TAG, binding.scope.to_string())];
    managed_identity::wanted(names, name, tags, &binding.scope, for_binding(binding))
}

/// Source: Azure documentation, "Workload identity on AKS": one credential a service account and issuer, never a
/// pattern.
fn credentials(
    config: &Config,
    binding: &Checked<ScopeBinding>,
    shard: &Shard,
    identity: &ResourceId,
    object: &ObjectId,
) -> Vec<Object> {
    let wanted = |credential: &Wanted<Subject>| {
        let trusted = FederatedCredential {
            identity: identity.as_str().into(),
            issuer: credential.issuer.as_str().into(),
            subject: credential.subject.to_string().into(),
            audience: config.cluster.audience().into(),
        };
        trusted.wanted(object, &credential.name, &binding.scope, vec![binding.id()])
    };
    shard.credentials.iter().map(wanted).collect()
}

fn assign(
    names: &Names,
    binding: &Checked<ScopeBinding>,
    roles: &ByGrant<'_>,
    identity: &ResourceId,
    depends_on: Vec<ObjectId>,
    desired: &mut Desired,
) {
    for assignment in pack::assignments(&binding.grants, roles) {
        let on = assignment.scope.clone();
        let mut object = assignment_object(names, identity, &binding.scope, assignment);
        object.because.push(binding.id());
        object.depends_on.extend(depends_on.iter().cloned());
        if depends_on.is_empty() {
            // Not one of ours: the platform's.
            object.touches.push(identity.name().to_owned());
        }
        desired.objects.extend(places::depend(names, &mut object, &on));
        desired.objects.push(object);
    }
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{Capabilities, Naming, Project, ScopeKind, Tenancy};

    use super::*;
    use crate::client::loopback::{Loopback, json as answer, refusal};
    use crate::tests::connected;

    #[tokio::test]
    async fn whether_a_domain_s_identity_is_that_of_all_task_code_is_never_guessed() {
        let there = "/subscriptions/00000000-0000-0000-0000-0000000000ff";
        let id =
            format!("{there}/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/flyteuser");
        for (listed, expected) in [(true, None), (false, Some(ErrorKind::Unexpected))] {
            let tasks = id.clone();
            let cloud = Loopback::start(move |request, _| match request.path.as_str() {
                path if path == tasks => answer(
                    200,
                    json!({ "id": tasks, "name": "flyteuser", "location": "x", "properties": { "principalId": "p" } }),
                ),
                path if path == there => {
                    answer(200, json!({ "subscriptionId": "s", "tenantId": "00000000-0000-0000-0000-000000000001" }))
                }
                // Nobody is called so here, which is for global grants to know.
                _ if listed => answer(200, json!({ "value": [] })),
                _ => refusal(400, "Whatever"),
            })
            .await;
            let azure = connected("union", cloud.config()).await;
            let domain = Domain::parse("production").expect("a domain");
            let found = named(azure.of_verbs(), &id, &domain).await;
            assert_eq!(found.map_err(|error| error.kind()).err(), expected);
        }
    }

    /// The last lock of four: the capabilities don't have the scope, only core checks them, and core looks at the answers' scopes.
    #[tokio::test]
    async fn a_project_is_bound_to_nothing_whoever_asks_for_it() {
        const EVERY_SCOPE: Capabilities = Capabilities::none().scopes(&ScopeKind::ALL, "");
        let cloud = Loopback::start(|_, _| answer(200, json!({ "value": [] }))).await;
        let azure = connected("flyte", cloud.config()).await;
        let (project, domain) =
            (Project::parse("vision").expect("a project"), Domain::parse("production").expect("a domain"));
        let tenancy = Tenancy {
            workloads: None,
            kind: "flyte".to_owned(),
            organization: String::new(),
            projects: vec![project.clone()],
            domains: vec![domain.clone()],
            naming: Naming::default(),
        };
        let scope = Scope::ProjectDomain { project, domain };
        let subjects = tenancy.subjects(&scope);
        let binding = ScopeBinding { scope, subjects, grants: Vec::new(), served_elsewhere: Vec::new() };
        let binding = EVERY_SCOPE.check("azure", "bindings[0]", &tenancy, binding).expect("these capabilities have it");
        let error =
            bound(azure.of_verbs(), &[binding], &Permissions::default()).await.expect_err("Azure binds domains");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("can't bind project vision in domain production"), "{error}");
    }
}

//! Associations of EKS Pod Identity: one for a service account in a cluster, whoever made it.

use serde_json::{Value, json};

use super::{PODS, sent_tags, with_tags};
use crate::authorization::policy::trust;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::json::Params;
use crate::protocol::paging::Paging;
use crate::protocol::query::Query;
use crate::server::auth::Caller;
use crate::state::model::{Association, EksCluster, Tags};
use crate::state::time::{self, epoch};
use crate::state::{State, iam_arn};

const INVALID: &str = "InvalidParameterException";

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(INVALID, 400, message)
}

/// A text that isn't empty.
fn text<'a>(params: &'a Params, name: &'static str) -> Answer<&'a str> {
    params.get(name).filter(|text| !text.is_empty()).ok_or_else(|| invalid(format!("{name} can't be blank")))
}

/// A role that may be associated. Wording: hashicorp/terraform-provider-aws, pull request 34717 and issue 41483.
fn role(state: &State, caller: &Caller, arn: &str) -> Answer<String> {
    match iam_arn(state.partition, arn) {
        Some((account, resource)) if resource.starts_with("role/") => {
            if account != caller.account {
                return Err(ApiError::new("AccessDenied", 403, "Cross-account pass role is not allowed."));
            }
        }
        _ => return Err(invalid(format!("Role ARN is not valid: {arn}"))),
    }
    match state.role_by_arn(arn).filter(|role| state.is_replicated(role)) {
        Some(role)
            if !trust::admits_service(
                state,
                state.replicated_trust(role),
                PODS,
                &["sts:AssumeRole", "sts:TagSession"],
            ) =>
        {
            Err(invalid(
                "Trust policy of the role provided is invalid. Follow the official documentation to resolve the issue.",
            ))
        }
        Some(_) => Ok(arn.to_owned()),
        None => Err(invalid("Role provided in the request does not exist.")),
    }
}

/// What narrows the role, or leads to another one.
fn narrowed(association: &mut Association, params: &Params) -> Answer<()> {
    if let Some(disabled) = params.value("disableSessionTags").and_then(Value::as_bool) {
        association.without_session_tags = disabled;
    }
    for (name, to) in [("policy", &mut association.policy), ("targetRoleArn", &mut association.target_role)] {
        if let Some(sent) = params.get(name) {
            *to = Some(sent.to_owned()).filter(|sent| !sent.is_empty());
        }
    }
    if association.policy.is_some() && !association.without_session_tags {
        return Err(invalid("disableSessionTags must be true when policy is provided"));
    }
    Ok(())
}

/// `owner`: the ARN of the add-on that makes it.
pub(super) fn create(
    state: &mut State,
    caller: &Caller,
    cluster: &EksCluster,
    params: &Params,
    owner: Option<String>,
) -> Answer<Value> {
    let (namespace, account) = (text(params, "namespace")?.to_owned(), text(params, "serviceAccount")?.to_owned());
    let role = role(state, caller, text(params, "roleArn")?)?;
    let token = params.get("clientRequestToken").map(str::to_owned);
    let of_cluster = |one: &&Association| one.cluster == cluster.name && one.region == cluster.region;
    let there: Vec<_> = state.account_mut(&caller.account).associations.values().filter(of_cluster).cloned().collect();
    if let Some(known) = there.iter().find(|one| one.namespace == namespace && one.service_account == account) {
        if token.is_some() && known.token == token && known.role == role {
            return Ok(json!({ "association": shown(known) }));
        }
        let message = format!("Association already exists: {}", known.id);
        return Err(ApiError::new("ResourceInUseException", 409, message));
    }
    if state.seems_associated(&place(cluster, &namespace, &account)) {
        return Err(ApiError::new("ResourceInUseException", 409, "Association already exists"));
    }
    let quota = state.quotas.associations();
    if there.len() as u64 >= quota {
        let message = format!("Cluster {} has {quota} pod identity associations, and takes no more", cluster.name);
        return Err(ApiError::new("ResourceLimitExceededException", 400, message));
    }
    let mut association = Association {
        account: cluster.account.clone(),
        region: cluster.region.clone(),
        cluster: cluster.name.clone(),
        id: state.ids.association(),
        namespace,
        service_account: account,
        role,
        target_role: None,
        policy: None,
        without_session_tags: false,
        owner,
        token,
        created: time::now(),
        modified: time::now(),
        tags: with_tags(state, Tags::new(), sent_tags(params))?,
    };
    narrowed(&mut association, params)?;
    let answer = json!({ "association": shown(&association) });
    state.save_association(association).map(|()| answer)
}

/// An add-on has associations of its own; nothing else of it is here. Source: Amazon EKS API reference, CreateAddon.
pub(super) fn of_addon(state: &mut State, caller: &Caller, cluster: &EksCluster, params: &Params) -> Answer<Value> {
    let name = text(params, "addonName")?.to_owned();
    let arn = cluster.arn().replacen(":cluster/", ":addon/", 1) + &format!("/{name}/{}", state.ids.uuid());
    let namespace = params.value("namespaceConfig").and_then(|config| config.get("namespace")?.as_str());
    let namespace = namespace.unwrap_or("kube-system").to_owned();
    let asked = params.value("podIdentityAssociations").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut made = Vec::new();
    for mut one in asked {
        one["namespace"] = namespace.as_str().into();
        let one = Params::parse(one.to_string().as_bytes())?;
        let answer = create(state, caller, cluster, &one, Some(arn.clone()))?;
        made.push(answer["association"]["associationArn"].clone());
    }
    Ok(json!({ "addon": {
        "addonName": name, "clusterName": cluster.name, "status": "ACTIVE", "addonArn": arn, "podIdentityAssociations": made,
    } }))
}

fn find(state: &mut State, cluster: &EksCluster, id: &str) -> Answer<Association> {
    let found = state.account_mut(&cluster.account).associations.get(id);
    let found = found.filter(|one| one.cluster == cluster.name && one.region == cluster.region).cloned();
    found.ok_or_else(|| ApiError::new("ResourceNotFoundException", 404, format!("Association not found: {id}")))
}

pub(super) fn describe(state: &mut State, cluster: &EksCluster, id: &str) -> Answer<Value> {
    find(state, cluster, id).map(|association| json!({ "association": shown(&association) }))
}

pub(super) fn update(
    state: &mut State,
    caller: &Caller,
    cluster: &EksCluster,
    id: &str,
    params: &Params,
) -> Answer<Value> {
    let mut association = find(state, cluster, id)?;
    if let Some(arn) = params.get("roleArn") {
        association.role = role(state, caller, arn)?;
    }
    narrowed(&mut association, params)?;
    association.modified = time::now();
    let answer = json!({ "association": shown(&association) });
    state.save_association(association).map(|()| answer)
}

/// There is one association in it.
fn place(cluster: &EksCluster, namespace: &str, account: &str) -> String {
    format!("{}/{namespace}/{account}", cluster.arn())
}

pub(super) fn delete(state: &mut State, cluster: &EksCluster, id: &str) -> Answer<Value> {
    let association = find(state, cluster, id)?;
    let answer = json!({ "association": shown(&association) });
    state.note_unassociated(place(cluster, &association.namespace, &association.service_account));
    state.remove_association(&association).map(|()| answer)
}

/// Without roles and tags. Source: Amazon EKS API reference, ListPodIdentityAssociations, `maxResults`: 1 to 100.
pub(super) fn list(state: &mut State, cluster: &EksCluster, query: &Query) -> Answer<Value> {
    let paging = Paging::json(query.number("maxResults")?, (100, 100), query.get("nextToken"), INVALID)?;
    let is_asked = |name: &str, value: &str| query.get(name).is_none_or(|asked| asked == value);
    let all = state.account_mut(&cluster.account).associations.values();
    let asked = all.filter(|one| {
        one.cluster == cluster.name
            && one.region == cluster.region
            && is_asked("namespace", &one.namespace)
            && is_asked("serviceAccount", &one.service_account)
    });
    let page = paging.cut(asked.map(|one| (one.id.clone(), summary(one))));
    let mut answer = json!({ "associations": page.items });
    if let Some(marker) = page.marker {
        answer["nextToken"] = marker.into();
    }
    Ok(answer)
}

fn summary(association: &Association) -> Value {
    let mut summary = json!({
        "clusterName": association.cluster,
        "namespace": association.namespace,
        "serviceAccount": association.service_account,
        "associationArn": association.arn(),
        "associationId": association.id,
    });
    if let Some(owner) = &association.owner {
        summary["ownerArn"] = owner.as_str().into();
    }
    summary
}

fn shown(association: &Association) -> Value {
    let mut shown = summary(association);
    shown["roleArn"] = association.role.as_str().into();
    shown["tags"] = json!(association.tags);
    shown["createdAt"] = epoch(association.created).into();
    shown["modifiedAt"] = epoch(association.modified).into();
    shown["disableSessionTags"] = association.without_session_tags.into();
    for (name, value) in [("targetRoleArn", &association.target_role), ("policy", &association.policy)] {
        if let Some(value) = value {
            shown[name] = value.as_str().into();
        }
    }
    shown
}

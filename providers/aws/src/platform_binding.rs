//! Telling the platform which role a pair's task code uses (requirement 24): a document for whoever may do that.

use cloudgrant_core::{Handoff, Intent, Object, ObjectId, Ownership, Pair, PlatformKind, ScopeBinding};
use serde_json::json;

use crate::Aws;
use crate::kinds;

pub(crate) fn object(aws: &Aws, binding: &ScopeBinding, pair: &Pair, role: &ObjectId, arn: &str) -> Object {
    Object {
        id: ObjectId::new(kinds::BINDING, pair.to_string()),
        scope: binding.scope.clone(),
        attributes: json!({ "project": pair.project, "domain": pair.domain, "role": arn }).into(),
        depends_on: vec![role.clone()],
        because: vec![binding.id()],
        ownership: Ownership::Fragment { of: format!("the platform's attributes of {pair}") },
        touches: Vec::new(),
        handoff: Some(handoff(aws.context.platform.kind, pair, arn)),
    }
}

fn handoff(kind: PlatformKind, pair: &Pair, arn: &str) -> Handoff {
    // Union's data plane and Flyte's EKS chart call the key differently.
    let (tool, key) = match kind {
        PlatformKind::Union => ("uctl", "defaultUserRoleValue"),
        PlatformKind::Flyte => ("flytectl", "defaultIamRole"),
    };
    let Pair { project, domain } = pair;
    Handoff {
        to: "whoever administers the platform".to_owned(),
        task: format!("bind project {project} in domain {domain} to {arn}"),
        document: format!(
            "# cluster_resource_attributes.yaml\n\
             domain: {domain}\n\
             project: {project}\n\
             attributes:\n\
             \x20 {key}: {arn}\n\
             \n\
             # The platform replaces all attributes of the pair: add those that it has already.\n\
             {tool} get cluster-resource-attribute -p {project} -d {domain}\n\
             {tool} update cluster-resource-attribute --attrFile cluster_resource_attributes.yaml\n"
        ),
        verifiable: false,
    }
}

//! Writing entities as IAM shows them.

use crate::protocol::xml::Xml;
use crate::state::model::{Policy, Role, Version};
use crate::state::time::iso;
use crate::state::{Account, State};

/// How much of an entity an action shows: lists leave out what single reads show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// As in a list.
    Listed,
    /// As in an answer to a creation.
    Created,
    /// As in a single read.
    Read,
}

/// By how many entities a policy is used.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Uses {
    /// That it is attached to.
    pub(super) attachments: usize,
    /// That have it as their permissions boundary.
    pub(super) boundaries: usize,
}

impl Uses {
    pub(super) fn of(account: &Account, arn: &str) -> Self {
        Self { attachments: account.attachments(arn), boundaries: account.bounded_by(arn).count() }
    }
}

/// The content of a `Policy` element.
pub(super) fn policy(xml: &mut Xml, policy: &Policy, uses: Uses, detail: Detail) {
    xml.leaf("PolicyName", &policy.name)
        .leaf("PolicyId", &policy.id)
        .leaf("Arn", policy.arn())
        .leaf("Path", &policy.path)
        .leaf("DefaultVersionId", version_id(policy.default_version))
        .leaf("AttachmentCount", uses.attachments.to_string())
        .leaf("PermissionsBoundaryUsageCount", uses.boundaries.to_string())
        .leaf("IsAttachable", "true")
        .leaf("CreateDate", iso(policy.created))
        .leaf("UpdateDate", iso(policy.updated));
    if detail == Detail::Read {
        xml.maybe("Description", policy.description.as_ref());
    }
    if detail == Detail::Read || (detail == Detail::Created && !policy.tags.is_empty()) {
        xml.tags(&policy.tags);
    }
}

/// The content of a `PolicyVersion` element, with the document where the action shows it.
pub(super) fn version(xml: &mut Xml, policy: &Policy, number: u64, version: &Version, with_document: bool) {
    if with_document {
        xml.document("Document", &version.document);
    }
    xml.leaf("VersionId", version_id(number))
        .leaf("IsDefaultVersion", if number == policy.default_version { "true" } else { "false" })
        .leaf("CreateDate", iso(version.created));
}

pub(super) fn version_id(number: u64) -> String {
    format!("v{number}")
}

/// The content of a `Role` element.
pub(super) fn role(xml: &mut Xml, state: &State, role: &Role, detail: Detail) {
    xml.leaf("Path", &role.path)
        .leaf("RoleName", &role.name)
        .leaf("RoleId", &role.id)
        .leaf("Arn", role.arn())
        .leaf("CreateDate", iso(role.created))
        .document("AssumeRolePolicyDocument", &state.show(&role.trust))
        .maybe("Description", role.description.as_ref())
        .leaf("MaxSessionDuration", role.max_session.to_string());
    if detail != Detail::Listed {
        boundary(xml, role);
        if !role.tags.is_empty() {
            xml.tags(&role.tags);
        }
    }
    if detail == Detail::Read {
        xml.node("RoleLastUsed", |_| {});
    }
}

pub(super) fn boundary(xml: &mut Xml, role: &Role) {
    if let Some(arn) = &role.boundary {
        xml.node("PermissionsBoundary", |xml| {
            xml.leaf("PermissionsBoundaryType", "Policy").leaf("PermissionsBoundaryArn", arn);
        });
    }
}

//! All of an account's IAM in a few pages, instead of a request an object.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_iam::Client;
use aws_sdk_iam::types::{EntityType, ManagedPolicyDetail, RoleDetail, SummaryKeyType};
use cloudgrant_core::Result;
use serde_json::Value;

use crate::client::pages::Pages;
use crate::config::arn::name_in;
use crate::error;
use crate::names;
use crate::policy::document;

/// The largest page. Source: IAM API reference, GetAccountAuthorizationDetails, `MaxItems`.
const PAGE: i32 = 1_000;

/// The roles and customer-managed policies of the account.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// By name.
    pub(crate) roles: HashMap<String, Role>,
    /// By ARN.
    pub(crate) policies: HashMap<String, Policy>,
    /// The numbers at the ends of policies' names, of whichever stack.
    pub(crate) numbers: BTreeSet<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct Role {
    pub(crate) arn: String,
    /// Its unique ID, which no other role of the same name has, before or after it.
    pub(crate) id: String,
    pub(crate) path: String,
    trust: String,
    pub(crate) tags: HashMap<String, String>,
    /// The ARN of its permissions boundary.
    pub(crate) boundary: Option<String>,
    /// Names by ARN.
    pub(crate) attached: HashMap<String, String>,
    /// Documents by name, of roles below the stacks' path only.
    pub(crate) inline: BTreeMap<String, String>,
    /// Names, of roles below the stacks' path only.
    pub(crate) instance_profiles: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) attachments: i32,
    /// How many roles and users have it as their permissions boundary.
    pub(crate) bounds: i32,
    document: String,
}

/// What the account allows. Read live: several can be raised on request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quotas {
    pub(crate) trust_size: u64,
    pub(crate) attached_per_role: u64,
    pub(crate) roles: u64,
    pub(crate) policies: u64,
}

impl Role {
    pub(crate) fn trust(&self) -> Value {
        document::from_iam(&self.trust)
    }

    /// The text of its trust policy.
    pub(crate) fn trust_text(&self) -> Cow<'_, str> {
        document::plain(&self.trust)
    }
}

impl Policy {
    pub(crate) fn document(&self) -> Value {
        document::from_iam(&self.document)
    }

    /// The text of its document.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        document::plain(&self.document)
    }

    /// Whether its document is just that text. Another text can still say the same.
    pub(crate) fn is(&self, text: &str) -> bool {
        document::plain(&self.document) == text
    }
}

impl Snapshot {
    pub(crate) async fn take(client: &Client, mut list: Pages) -> Result<Self> {
        let mut snapshot = Self::default();
        let mut pages = client
            .get_account_authorization_details()
            .filter(EntityType::Role)
            .filter(EntityType::LocalManagedPolicy)
            .max_items(PAGE)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| error::of("iam:GetAccountAuthorizationDetails", error))?;
            list.turn(page.marker(), page.is_truncated())?;
            for role in page.role_detail_list.unwrap_or_default() {
                snapshot.add_role(role);
            }
            for policy in page.policies.unwrap_or_default() {
                snapshot.add_policy(policy);
            }
        }
        Ok(snapshot)
    }

    pub(crate) fn add_role(&mut self, role: RoleDetail) {
        let Some(name) = role.role_name else { return };
        let tags = role.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect();
        let attached = role.attached_managed_policies.unwrap_or_default().into_iter();
        let attached = attached.filter_map(|policy| Some((policy.policy_arn?, policy.policy_name?))).collect();
        let path = role.path.unwrap_or_default();
        let is_a_stacks = path.starts_with(names::PATH);
        let inline = role.role_policy_list.filter(|_| is_a_stacks).unwrap_or_default().into_iter();
        let inline =
            inline.filter_map(|policy| Some((policy.policy_name?, policy.policy_document.unwrap_or_default())));
        let profiles = role.instance_profile_list.filter(|_| is_a_stacks).unwrap_or_default().into_iter();
        let facts = Role {
            arn: role.arn.unwrap_or_default(),
            id: role.role_id.unwrap_or_default(),
            path,
            trust: role.assume_role_policy_document.unwrap_or_default(),
            tags,
            boundary: role.permissions_boundary.and_then(|boundary| boundary.permissions_boundary_arn),
            attached,
            inline: inline.collect(),
            instance_profiles: profiles.map(|profile| profile.instance_profile_name).collect(),
        };
        self.roles.insert(name, facts);
    }

    pub(crate) fn add_policy(&mut self, policy: ManagedPolicyDetail) {
        let Some(arn) = policy.arn else { return };
        // Some emulators leave the name out; it is the end of the ARN.
        let name = policy.policy_name.unwrap_or_else(|| name_in(&arn).to_owned());
        if policy.path.as_ref().is_some_and(|path| path.starts_with(names::PATH)) {
            self.numbers.extend(name.rsplit('+').next().and_then(|number| number.parse::<usize>().ok()));
        }
        let versions = policy.policy_version_list.unwrap_or_default();
        let default = versions.into_iter().find(|version| version.is_default_version);
        let facts = Policy {
            name,
            path: policy.path.unwrap_or_default(),
            attachments: policy.attachment_count.unwrap_or_default(),
            bounds: policy.permissions_boundary_usage_count.unwrap_or_default(),
            document: default.and_then(|version| version.document).unwrap_or_default(),
        };
        self.policies.insert(arn, facts);
    }

    /// The ARN of the customer-managed policy of a name, whatever its path.
    pub(crate) fn policy_arn(&self, name: &str) -> Option<&str> {
        self.policies.iter().find(|(_, policy)| policy.name == name).map(|(arn, _)| arn.as_str())
    }
}

impl Quotas {
    pub(crate) async fn read(client: &Client) -> Result<Self> {
        let answer = client.get_account_summary().send().await;
        let answer = answer.map_err(|error| error::of("iam:GetAccountSummary", error))?;
        let map = answer.summary_map.unwrap_or_default();
        let read =
            |key: SummaryKeyType, default| map.get(&key).map_or(default, |value| u64::try_from(*value).unwrap_or(0));
        // The defaults are those of the IAM user guide, for an emulator that doesn't say.
        Ok(Self {
            trust_size: read(SummaryKeyType::AssumeRolePolicySizeQuota, 2_048),
            attached_per_role: read(SummaryKeyType::AttachedPoliciesPerRoleQuota, 10),
            roles: read(SummaryKeyType::RolesQuota, 1_000),
            policies: read(SummaryKeyType::PoliciesQuota, 1_500),
        })
    }
}

//! Telling the platform which role a pair's task code uses (requirement 24): a document for whoever may do that.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Handoff, Intent, Object, ObjectId, Ownership, Pair, PlatformKind, Scope, ScopeBinding};
use serde_json::{Value, json};

use crate::Aws;
use crate::objects::kinds;

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

/// The platform's tool, and its key for the role. Union's data plane and Flyte's EKS chart call that differently.
fn tool(kind: PlatformKind) -> (&'static str, &'static str) {
    match kind {
        PlatformKind::Union => ("uctl", "defaultUserRoleValue"),
        PlatformKind::Flyte => ("flytectl", "defaultIamRole"),
    }
}

/// What is to be undone on the platform before a role goes, or stops trusting somebody.
#[derive(Debug)]
pub(crate) struct Unbinding<'a> {
    aws: &'a Aws,
    /// All pairs that are listed, in that order, by their subjects. There can be very many pairs, and very many roles that ask.
    pairs: OnceCell<BTreeMap<String, Vec<(usize, Pair)>>>,
}

impl<'a> Unbinding<'a> {
    pub(crate) fn new(aws: &'a Aws) -> Self {
        Self { aws, pairs: OnceCell::new() }
    }

    fn pairs(&self, subject: &str) -> &[(usize, Pair)] {
        let pairs = self.pairs.get_or_init(|| {
            let mut pairs: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for (at, (pair, subject)) in self.aws.context.platform.subjects(&Scope::Global).into_iter().enumerate() {
                pairs.entry(subject.to_string()).or_default().push((at, pair));
            }
            pairs
        });
        pairs.get(subject).map_or(&[], Vec::as_slice)
    }

    /// Before a role goes, for the pairs whose task code it trusts: the way back from what binding it took.
    pub(crate) fn if_deleted(&self, name: &str, trust: &Value) -> String {
        let said = format!("task code that is still bound to {name} fails without it: unbind it on the platform first");
        let mut bound: Vec<_> = subjects(trust).into_iter().flat_map(|subject| self.pairs(subject)).collect();
        bound.sort_by_key(|(at, _)| at);
        let bound: Vec<_> =
            bound.into_iter().map(|(_, Pair { project, domain })| format!("`-p {project} -d {domain}`")).collect();
        if bound.is_empty() {
            return said;
        }
        format!("{said}. {}", unbinding(self.aws.context.platform.kind, &bound))
    }

    /// Before a role stops trusting some of those whom it trusts: a project or a domain has left the platform's lists, or a grant
    /// its scope. Whoever gets another role is bound to that one, which the plan says where it binds.
    pub(crate) fn if_updated(
        &self,
        name: &str,
        trusted: &Value,
        will_be: &Value,
        elsewhere: &BTreeSet<String>,
    ) -> Option<String> {
        let stays = subjects(will_be);
        let mut left = subjects(trusted);
        left.retain(|subject| !stays.contains(subject));
        let listed = |subject: &str| self.pairs(subject).last().map(|(_, pair)| pair);
        left.retain(|subject| listed(subject).is_none_or(|pair| !elsewhere.contains(&pair.to_string())));
        if left.is_empty() {
            return None;
        }
        let platform = &self.aws.context.platform;
        let bound: Vec<_> = left
            .iter()
            .map(|subject| {
                match listed(subject).cloned().or_else(|| platform.naming.pair(subject, &platform.domains)) {
                    Some(Pair { project, domain }) => format!("`-p {project} -d {domain}`"),
                    // Nobody can tell any more where the project ends and the domain begins.
                    None => format!("the project and the domain of {subject}"),
                }
            })
            .collect();
        let left: Vec<_> = left.into_iter().collect();
        Some(format!(
            "task code of {} that is still bound to {name} fails once this is done: unbind it on the platform first. {}",
            left.join(", "),
            unbinding(platform.kind, &bound)
        ))
    }
}

/// All service accounts that a trust policy names.
fn subjects(trust: &Value) -> BTreeSet<&str> {
    match trust {
        Value::String(text) if text.starts_with("system:serviceaccount:") => [text.as_str()].into(),
        Value::Array(all) => all.iter().flat_map(subjects).collect(),
        Value::Object(all) => all.values().flat_map(subjects).collect(),
        _ => BTreeSet::new(),
    }
}

fn unbinding(platform: PlatformKind, bound: &[String]) -> String {
    let (tool, key) = tool(platform);
    let command = "cluster-resource-attribute";
    format!(
        "With {}: where `{tool} get {command}` shows `{key}` alone, `{tool} delete {command}`; else write the rest \
         with `{tool} update {command} --attrFile FILE`",
        bound.join(", ")
    )
}

fn handoff(kind: PlatformKind, pair: &Pair, arn: &str) -> Handoff {
    let (tool, key) = tool(kind);
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

//! Service accounts whose annotation names the principal.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cloudgrant_core::{
    Annotation, DeliveryFile, Handoff, HowAsked, Identifier, Identity, Object, ObjectId, Ownership, Principal, Scope,
    Subject, quoted,
};
use serde_json::json;

use crate::{ADMINISTRATOR, FORM, PLATFORM_BINDING, known, yaml};

/// How it is remembered that annotations were asked for.
const ANNOTATIONS: &str = "annotations";

/// The object of a scope whose principals are named by the annotations of the service accounts: somebody with access to the
/// cluster writes these. `None` where none of them is one that is there or that the plan makes.
///
/// Source: Azure documentation, "Use Microsoft Entra Workload ID with AKS", service account annotations.
pub fn object(scope: &Scope, principals: &[&Principal]) -> Option<Object> {
    let known = principals.iter().filter_map(|principal| match &principal.identity {
        Identity::Known { name, annotation, issuers } => Some((*principal, name, annotation, issuers)),
        Identity::BoundByCloud { .. } | Identity::Presented { .. } | Identity::Asked(_) => None,
    });
    let known: Vec<_> = known.collect();
    let (first, _, first_annotation, _) = known.first()?;
    let mut document = String::from(
        "# Once the identities are there: each namespace's service account names the one that its tasks use. Where the\n\
         # platform makes the service accounts from a template (Flyte: cluster resource templates), put it there.\n",
    );
    let issuers: BTreeSet<_> = known.iter().flat_map(|(.., issuers)| *issuers).collect();
    if issuers.len() > 1 {
        document.push_str("# This is for each of the clusters with these issuers:\n");
        for issuer in issuers {
            _ = writeln!(document, "#   {issuer}");
        }
    }
    let mut identities = serde_json::Map::new();
    let (mut depends_on, mut named) = (Vec::new(), Vec::new());
    for (principal, name, annotation, _) in &known {
        depends_on.extend(principal.depends_on.iter().cloned());
        named.extend(match &annotation.value {
            Identifier::Known(value) => Some(value.clone()),
            Identifier::Chosen { .. } => None,
        });
        annotate(&mut document, principal, annotation);
        let subjects: Vec<_> = principal.service_accounts().into_iter().map(ToString::to_string).collect();
        identities.insert((*name).clone(), subjects.into());
    }
    for (key, value) in known.iter().filter_map(|(_, _, annotation, _)| annotation.pod_label).collect::<BTreeSet<_>>() {
        _ = writeln!(document, "\n# Pods take part when they are labelled: {key}: \"{value}\"");
    }
    let (whose, attributes) = match scope.domain() {
        Some(domain) if scope.project().is_none() => {
            (format!("domain {domain}"), json!({ "domain": domain, "identities": identities }))
        }
        _ => (scope.to_string(), json!({ "scope": scope.to_string(), "identities": identities })),
    };
    Some(Object {
        // The documents say how to wait for what they need.
        references: Vec::new(),
        depends_on,
        ownership: Ownership::Fragment { of: format!("the platform's binding of {scope}") },
        handoff: Some(
            Handoff::unseen(
                ADMINISTRATOR,
                format!("let the service accounts of {whose} name their identity"),
                document,
            )
            .naming(named)
            .asked_as(how(first_annotation.key)),
        ),
        ..Object::new(ObjectId::new(PLATFORM_BINDING, scope.slug()), scope.clone(), first.because.clone(), attributes)
    })
}

/// How the annotations of a scope's service accounts, of this key, are asked for.
pub(crate) fn how(key: &str) -> HowAsked {
    HowAsked::default().with(FORM, ANNOTATIONS).with(HowAsked::ANNOTATION, key)
}

/// Which of these keys was asked for; all of them where that isn't remembered, as in a mark of an earlier cloudgrant's. `None` where
/// annotations of none of them were asked for on this platform.
pub(crate) fn remembered<'a>(asked: &HowAsked, platform: &str, keys: &[&'a str]) -> Option<Vec<&'a str>> {
    let is_its = |key: &&str| *asked == how(key).with(HowAsked::PLATFORM, platform);
    if let Some(key) = keys.iter().copied().find(is_its) {
        return Some(vec![key]);
    }
    let earlier = HowAsked::default().with(FORM, ANNOTATIONS).with(HowAsked::PLATFORM, platform);
    (*asked == earlier).then(|| keys.to_vec())
}

/// How somebody takes the annotations of service accounts back, by the keys that they may have.
pub(crate) fn taken_back(whose: &str, keys: &[&str], accounts: &BTreeSet<Subject>) -> Handoff {
    let mut document = String::from(
        "# Where the platform makes the service accounts from a template, take it out there. A service account that names another\n\
         # identity by now is somebody else's.\n",
    );
    if keys.len() > 1 {
        _ = writeln!(document, "# A service account has one of these: {}.", keys.join(", "));
    }
    if accounts.is_empty() {
        document.push_str(
            "# The manifest no longer names its projects: each service account of the namespaces that it had.\n",
        );
    }
    for subject in accounts {
        let (name, namespace) = (quoted(subject.service_account()), quoted(subject.namespace()));
        let keys = keys.iter().map(|key| format!("{key}-")).collect::<Vec<_>>().join(" ");
        _ = writeln!(document, "kubectl annotate serviceaccount {name} --namespace {namespace} {keys}");
    }
    Handoff::unseen(ADMINISTRATOR, format!("no longer let the service accounts of {whose} name an identity"), document)
}

/// The command that makes a service account where it isn't there; `None` for the one that Kubernetes makes with each namespace.
///
/// Source: Kubernetes documentation, "Configure Service Accounts for Pods".
pub(crate) fn create(subject: &Subject) -> Option<String> {
    const OF_KUBERNETES: &str = "default";
    let (name, namespace) = (quoted(subject.service_account()), quoted(subject.namespace()));
    (subject.service_account() != OF_KUBERNETES).then(|| {
        format!(
            "kubectl get serviceaccount {name} --namespace {namespace} >/dev/null 2>&1 || kubectl create serviceaccount {name} --namespace \
             {namespace}"
        )
    })
}

/// The commands that annotate the service accounts of a principal.
fn annotate(document: &mut String, principal: &Principal, annotation: &Annotation) {
    let Annotation { key, value, pod_label: _ } = annotation;
    document.push('\n');
    // An empty id would be written as well, and take the service account's identity away.
    let (guard, value) = match value {
        Identifier::Known(value) => ("", quoted(value).to_string()),
        Identifier::Chosen { command, .. } => {
            _ = writeln!(document, "client_id=$({command})");
            ("test -n \"$client_id\" && ", "\"$client_id\"".to_owned())
        }
    };
    for subject in principal.service_accounts() {
        if let Some(create) = create(subject) {
            _ = writeln!(document, "{create}");
        }
        _ = writeln!(
            document,
            "{guard}kubectl annotate serviceaccount {} --namespace {} --overwrite {key}={value}",
            quoted(subject.service_account()),
            quoted(subject.namespace())
        );
    }
}

/// A file for each service account of principals whose value is known, and a kustomization that makes the annotations part of
/// whatever makes these service accounts.
///
/// Source: Kubernetes documentation, "Declarative Management of Kubernetes Objects Using Kustomize"; a patch says what it is for
/// by kind, name and namespace.
pub fn files(principals: &[&Principal]) -> Vec<DeliveryFile> {
    let mut files = Vec::new();
    for (principal, (annotation, value)) in
        principals.iter().filter_map(|principal| Some((principal, known(principal)?)))
    {
        for subject in principal.service_accounts() {
            let (namespace, name) = (subject.namespace(), subject.service_account());
            files.push(DeliveryFile {
                path: format!("service-accounts/{namespace}.{name}.yaml"),
                purpose: format!(
                    "For `kubectl apply --server-side`: the annotation of a service account under which tasks run. {}",
                    match annotation.pod_label {
                        Some((key, value)) => format!("Their pods need the label {key}: \"{value}\"."),
                        None => "Their pods need nothing else.".to_owned(),
                    }
                ),
                content: format!(
                    "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {}\n  namespace: {}\n  annotations:\n    {}: {}\n",
                    yaml(name),
                    yaml(namespace),
                    annotation.key,
                    yaml(value)
                ),
            });
        }
    }
    if !files.is_empty() {
        let patches = files.iter().map(|file| format!("- path: {}\n", yaml(&file.path)));
        files.push(DeliveryFile {
            path: "kustomization.yaml".to_owned(),
            purpose:
                "For `components:` of the kustomization that makes these service accounts: it adds the annotations."
                    .to_owned(),
            content: format!(
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n{}",
                patches.collect::<String>()
            ),
        });
    }
    files
}

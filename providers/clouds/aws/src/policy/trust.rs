//! Trust policies of the stack's own roles: who may be them, by either way in which pods get their roles.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::Subject;
use serde_json::{Value, json};

use crate::config::eks_cluster::EksCluster;
use crate::policy::condition::{Condition, compared};
use crate::policy::document::{self, texts};

/// Source: Amazon EKS user guide, "Create IAM role with trust policy required by EKS Pod Identity"; it is the same in all partitions.
const EKS: &str = "pods.eks.amazonaws.com";

/// The tags by which EKS says for which pod it asks. Source: Amazon EKS user guide, "Grant Pods access to AWS resources based on tags".
const CLUSTER: &str = "aws:RequestTag/eks-cluster-arn";
const NAMESPACE: &str = "aws:RequestTag/kubernetes-namespace";
const ACCOUNT: &str = "aws:RequestTag/kubernetes-service-account";

const EQUALS: &str = "StringEquals";

/// How OpenID Connect tokens of Kubernetes name a service account.
const OF_TOKEN: &str = "system:serviceaccount:";

/// Lets in the tokens of the clusters' issuers (requirements 17 to 20). `issuers` are given with the ARNs of their providers.
/// Source: Amazon EKS user guide, "Assign IAM roles to Kubernetes service accounts".
pub(crate) fn of_web_identity(issuers: &[(String, String)], audience: &str, subjects: &[&Subject]) -> Value {
    let subjects: Vec<_> = subjects.iter().map(ToString::to_string).collect();
    // One statement an issuer: taken together, the keys of each would have to be in every token.
    let statements = issuers.iter().map(|(issuer, provider)| {
        let (of_audience, of_subject) = (format!("{issuer}:aud"), format!("{issuer}:sub"));
        let condition = Condition::of(EQUALS, &of_audience, [audience]).and(EQUALS, &of_subject, subjects.clone());
        json!({
            "Effect": "Allow",
            "Principal": { "Federated": provider },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        })
    });
    document::document(statements.collect())
}

/// Lets in EKS for the pods of these service accounts in these clusters, and for no others. Every condition takes each of its values
/// with each of another one's, so that namespaces share a statement only where they have the same service accounts.
pub(crate) fn of_pod_identity(clusters: &[EksCluster], subjects: &[&Subject]) -> Value {
    let clusters: Vec<_> = clusters.iter().map(EksCluster::arn).collect();
    let mut accounts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for subject in subjects {
        accounts.entry(subject.namespace()).or_default().insert(subject.service_account());
    }
    let mut namespaces: BTreeMap<BTreeSet<&str>, Vec<&str>> = BTreeMap::new();
    for (namespace, accounts) in accounts {
        namespaces.entry(accounts).or_default().push(namespace);
    }
    let statements = namespaces.into_iter().map(|(accounts, namespaces)| {
        let condition = Condition::of(EQUALS, CLUSTER, clusters.clone())
            .and(EQUALS, NAMESPACE, namespaces)
            .and(EQUALS, ACCOUNT, accounts);
        json!({
            "Effect": "Allow",
            "Principal": { "Service": EKS },
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": condition,
        })
    });
    document::document(statements.collect())
}

/// Whether it lets in pods as EKS Pod Identity does.
pub(crate) fn is_of_pod_identity(trust: &Value) -> bool {
    document::statements(trust).iter().any(|statement| texts(&statement["Principal"]["Service"]).any(|it| it == EKS))
}

/// The service accounts that a trust policy names, as OpenID Connect tokens name them, whichever way it lets them in.
pub(crate) fn subjects(trust: &Value) -> BTreeSet<String> {
    let mut subjects: BTreeSet<_> = of_tokens(trust).into_iter().map(str::to_owned).collect();
    let pods = of_pods(trust).into_iter();
    subjects.extend(pods.map(|(_, namespace, account)| format!("{OF_TOKEN}{namespace}:{account}")));
    subjects
}

fn of_tokens(trust: &Value) -> BTreeSet<&str> {
    match trust {
        Value::String(text) if text.starts_with(OF_TOKEN) => [text.as_str()].into(),
        Value::Array(all) => all.iter().flat_map(of_tokens).collect(),
        Value::Object(all) => all.values().flat_map(of_tokens).collect(),
        _ => BTreeSet::new(),
    }
}

/// The clusters' ARNs, namespaces and service accounts of the pods for which EKS is let in.
pub(crate) fn of_pods(trust: &Value) -> BTreeSet<(String, String, String)> {
    let mut pods = BTreeSet::new();
    for statement in document::statements(trust) {
        let equals = |key| compared(statement, EQUALS, key);
        for cluster in equals(CLUSTER) {
            for namespace in equals(NAMESPACE) {
                let accounts = equals(ACCOUNT);
                pods.extend(accounts.map(|account| (cluster.to_owned(), namespace.to_owned(), account.to_owned())));
            }
        }
    }
    pods
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{Domain, Naming, Pair, Project};

    use super::*;

    fn subject(project: &str, account: &str) -> Subject {
        let naming = Naming::new("{project}-{domain}", account).expect("naming");
        let (project, domain) = (Project::parse(project).expect("a project"), Domain::parse("prod").expect("a domain"));
        naming.subject(&Pair { project, domain })
    }

    fn cluster(name: &str) -> EksCluster {
        EksCluster::parse(&format!("arn:aws:eks:us-west-2:111122223333:cluster/{name}")).expect("a cluster")
    }

    /// What the statements let in together is what was asked for, and nothing that mixes two of them.
    #[test]
    fn namespaces_and_service_accounts_do_not_mix() {
        let subjects =
            [subject("a", "one"), subject("b", "one"), subject("b", "two"), subject("c", "two"), subject("d", "one")];
        let listed: Vec<_> = subjects.iter().collect();
        let clusters = [cluster("blue"), cluster("green")];
        let trust = of_pod_identity(&clusters, &listed);
        assert_eq!(document::statements(&trust).len(), 3, "{trust:#}");
        let expected: BTreeSet<_> = clusters
            .iter()
            .flat_map(|cluster| {
                let pod = |it: &Subject| (cluster.arn(), it.namespace().to_owned(), it.service_account().to_owned());
                subjects.iter().map(pod).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(of_pods(&trust), expected);
        let names: BTreeSet<_> = subjects.iter().map(ToString::to_string).collect();
        assert_eq!(super::subjects(&trust), names);
        assert!(is_of_pod_identity(&trust));
        assert_eq!(document::canonical(&trust), trust);
        // Whatever order they come in.
        let reversed: Vec<_> = subjects.iter().rev().collect();
        assert_eq!(of_pod_identity(&[cluster("green"), cluster("blue")], &reversed), trust);
    }

    #[test]
    fn both_ways_say_which_service_accounts_they_let_in() {
        let subjects = [subject("a", "one"), subject("b", "one")];
        let listed: Vec<_> = subjects.iter().collect();
        let issuers = [("oidc.example".to_owned(), "arn:aws:iam::111122223333:oidc-provider/oidc.example".to_owned())];
        let trust = of_web_identity(&issuers, "sts.amazonaws.com", &listed);
        assert_eq!(super::subjects(&trust), super::subjects(&of_pod_identity(&[cluster("blue")], &listed)));
        assert!(!is_of_pod_identity(&trust) && of_pods(&trust).is_empty());
    }
}

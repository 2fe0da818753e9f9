//! Principals: under which name task code presents itself to the cloud.

use std::fmt;

use serde::Serialize;

use crate::vocabulary::names::{Domain, Project, is_label};
use crate::vocabulary::scope::Pair;

/// A Kubernetes service account as OpenID Connect tokens name it: `system:serviceaccount:NAMESPACE:NAME`.
///
/// Source: Kubernetes documentation, service account tokens; requirements 19 to 21.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Subject {
    namespace: String,
    service_account: String,
}

impl Subject {
    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The service account's name.
    pub fn service_account(&self) -> &str {
        &self.service_account
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system:serviceaccount:{}:{}", self.namespace, self.service_account)
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

/// How the platform names namespaces and service accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    template: String,
    service_account: String,
}

impl Default for Naming {
    /// `{project}-{domain}` and `default`: requirements 20 and 21.
    fn default() -> Self {
        Self { template: "{project}-{domain}".to_owned(), service_account: "default".to_owned() }
    }
}

impl Naming {
    /// Takes a namespace template with `{project}` and `{domain}`, and a service account's name.
    ///
    /// # Errors
    /// A sentence, when two pairs would share a namespace or a name couldn't be one in Kubernetes. A shared
    /// namespace would give one pair what was granted to the other.
    pub fn new(template: &str, service_account: &str) -> Result<Self, String> {
        for part in ["{project}", "{domain}"] {
            if !template.contains(part) {
                return Err(format!(
                    "the namespace template `{template}` lacks `{part}`, so that several pairs would share a namespace"
                ));
            }
        }
        // Names of projects and domains are labels themselves. How long a namespace is, the names say.
        let namespace = template.replace("{project}", "p").replace("{domain}", "d");
        if !is_label(&namespace, usize::MAX) {
            return Err(format!(
                "the namespace template `{template}` makes names that no namespace may have: lower-case letters, digits and \
                 `-`, with a letter or a digit at both ends"
            ));
        }
        // Source: Kubernetes documentation, "Object Names and IDs", DNS subdomain names.
        if service_account.len() > 253 || !service_account.split('.').all(|part| is_label(part, 253)) {
            return Err(format!("`{service_account}` is not a valid service account name"));
        }
        Ok(Self { template: template.to_owned(), service_account: service_account.to_owned() })
    }

    /// The template of namespaces.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The namespace of a pair.
    pub fn namespace(&self, project: &Project, domain: &Domain) -> String {
        self.template.replace("{project}", project.as_str()).replace("{domain}", domain.as_str())
    }

    /// The pair of a subject, in one of these domains: the way back from [`Self::subject`] for a project that nobody lists any
    /// more. `None` where several pairs, or none, have that subject.
    pub fn pair(&self, subject: &str, domains: &[Domain]) -> Option<Pair> {
        let namespace = subject.strip_prefix("system:serviceaccount:")?.strip_suffix(&self.service_account)?;
        let namespace = namespace.strip_suffix(':')?;
        let of_domain = |domain: &Domain| {
            let template = self.template.replace("{domain}", domain.as_str());
            let (before, after) = template.split_once("{project}")?;
            let project = Project::parse(namespace.strip_prefix(before)?.strip_suffix(after)?).ok()?;
            let pair = Pair { project, domain: domain.clone() };
            (self.subject(&pair).to_string() == subject).then_some(pair)
        };
        let mut pairs = domains.iter().filter_map(of_domain);
        pairs.next().filter(|_| pairs.next().is_none())
    }

    /// The subject under which a pair's task code presents itself.
    pub fn subject(&self, pair: &Pair) -> Subject {
        Subject {
            namespace: self.namespace(&pair.project, &pair.domain),
            service_account: self.service_account.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(project: &str, domain: &str) -> Pair {
        Pair { project: Project::parse(project).expect("project"), domain: Domain::parse(domain).expect("domain") }
    }

    #[test]
    fn requirement_20_and_21_defaults() {
        assert_eq!(
            Naming::default().subject(&pair("vision", "staging")).to_string(),
            "system:serviceaccount:vision-staging:default"
        );
    }

    #[test]
    fn a_template_keeps_pairs_apart() {
        assert!(Naming::new("{domain}", "default").is_err());
        assert!(Naming::new("{project}_{domain}", "default").is_err());
        for template in
            ["-{project}-{domain}", "{project}-{domain}-", "{project}.{domain}", "{project}{Domain}{domain}"]
        {
            assert!(Naming::new(template, "default").is_err(), "{template}");
        }
        for account in ["a:b", "", ".", "..", "a..b", "-a", "a-", "A", &"a".repeat(254)] {
            assert!(Naming::new("{project}-{domain}", account).is_err(), "{account}");
        }
        assert!(Naming::new("{project}-{domain}", "tasks.v1-beta").is_ok());
        let naming = Naming::new("flyte-{domain}-{project}", "tasks").expect("valid");
        assert_eq!(
            naming.subject(&pair("vision", "staging")).to_string(),
            "system:serviceaccount:flyte-staging-vision:tasks"
        );
    }
}

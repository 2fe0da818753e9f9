//! Principals: under which name task code presents itself to the cloud.

use std::fmt;

use serde::Serialize;

use crate::vocabulary::names::{Domain, Project, is_label};
use crate::vocabulary::scope::{Pair, ScopeKind};

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
        write!(f, "{SUBJECT}{}:{}", self.namespace, self.service_account)
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

/// How the names of namespaces begin that belong to Kubernetes itself.
///
/// Source: Kubernetes documentation, "Namespaces": names with the prefix `kube-` are reserved for system namespaces.
pub(crate) const OF_KUBERNETES: &str = "kube-";

/// What stands for a project's name in a template.
const PROJECT: &str = "{project}";
/// What stands for a domain's name in a template.
const DOMAIN: &str = "{domain}";

/// How the platform names namespaces and service accounts: two templates, each with `{project}` and `{domain}`, one of them, or
/// neither.
///
/// What neither template names, the platform doesn't tell apart: with the namespace `{domain}` and the account `default`, all
/// projects of a domain run as one service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    namespace: String,
    service_account: String,
}

impl Default for Naming {
    /// `{project}-{domain}` and `default`: requirements 20 and 21.
    fn default() -> Self {
        Self { namespace: format!("{PROJECT}-{DOMAIN}"), service_account: "default".to_owned() }
    }
}

impl Naming {
    /// Takes the templates of namespaces and of service accounts.
    ///
    /// # Errors
    /// A sentence, when a name of such a template couldn't be one in Kubernetes.
    pub fn new(namespace: &str, service_account: &str) -> Result<Self, String> {
        // Names of projects and domains are labels themselves. How long the names are, the projects and domains say.
        let example = |template: &str| template.replace(PROJECT, "p").replace(DOMAIN, "d");
        if !is_label(&example(namespace), usize::MAX) {
            return Err(format!(
                "the namespace template `{namespace}` makes names that no namespace may have: lower-case letters, digits and \
                 `-`, with a letter or a digit at both ends"
            ));
        }
        // Source: Kubernetes documentation, "Object Names and IDs", DNS subdomain names.
        let account = example(service_account);
        if account.len() > LONGEST_ACCOUNT || !account.split('.').all(|part| is_label(part, LONGEST_ACCOUNT)) {
            return Err(format!("`{service_account}` is not a valid service account name"));
        }
        Ok(Self { namespace: namespace.to_owned(), service_account: service_account.to_owned() })
    }

    /// The template of namespaces.
    pub fn template(&self) -> &str {
        &self.namespace
    }

    /// The template of service accounts.
    pub fn account_template(&self) -> &str {
        &self.service_account
    }

    /// The namespace of a pair.
    pub fn namespace(&self, project: &Project, domain: &Domain) -> String {
        filled(&self.namespace, project, domain)
    }

    /// Whether pairs of different projects run as different service accounts.
    pub fn tells_projects_apart(&self) -> bool {
        [&self.namespace, &self.service_account].iter().any(|template| template.contains(PROJECT))
    }

    /// Whether pairs of different domains run as different service accounts.
    pub fn tells_domains_apart(&self) -> bool {
        [&self.namespace, &self.service_account].iter().any(|template| template.contains(DOMAIN))
    }

    /// Whether the scopes of a kind have namespaces of their own, in which no task code of another scope of that kind runs: a pod can
    /// use the service accounts of its namespace, and no others.
    pub fn has_own_namespaces(&self, kind: ScopeKind) -> bool {
        let (project, domain) = (self.namespace.contains(PROJECT), self.namespace.contains(DOMAIN));
        match kind {
            ScopeKind::Global | ScopeKind::Workload => true,
            ScopeKind::Domain => domain,
            ScopeKind::ProjectDomain => project && domain,
        }
    }

    /// The pair of a subject, in one of these domains: the way back from [`Self::subject`] for a project that nobody lists any
    /// more. `None` where several pairs, or none, have that subject.
    pub fn pair(&self, subject: &str, domains: &[Domain]) -> Option<Pair> {
        let (namespace, account) = subject.strip_prefix(SUBJECT)?.split_once(':')?;
        let of_domain = |domain: &Domain| {
            let named = [(&self.namespace, namespace), (&self.service_account, account)];
            let project = named.iter().find_map(|(template, name)| {
                project_of(&template.replace(DOMAIN, domain.as_str()), name).and_then(|name| Project::parse(name).ok())
            })?;
            let pair = Pair { project, domain: domain.clone() };
            (self.subject(&pair).to_string() == subject).then_some(pair)
        };
        let mut pairs = domains.iter().filter_map(of_domain);
        pairs.next().filter(|_| pairs.next().is_none())
    }

    /// The subject under which a pair's task code presents itself.
    pub fn subject(&self, pair: &Pair) -> Subject {
        let Pair { project, domain } = pair;
        Subject {
            namespace: self.namespace(project, domain),
            service_account: filled(&self.service_account, project, domain),
        }
    }
}

/// How subjects begin.
const SUBJECT: &str = "system:serviceaccount:";

/// Source: Kubernetes documentation, "Object Names and IDs", DNS subdomain names.
pub(crate) const LONGEST_ACCOUNT: usize = 253;

fn filled(template: &str, project: &Project, domain: &Domain) -> String {
    // A project's name has no braces, and so makes no placeholder of its own.
    template.replace(PROJECT, project.as_str()).replace(DOMAIN, domain.as_str())
}

/// The only project that could stand in a template for it to give a name.
fn project_of<'a>(template: &str, name: &'a str) -> Option<&'a str> {
    let times = template.matches(PROJECT).count();
    let fixed = template.len() - times * PROJECT.len();
    let length = name.len().checked_sub(fixed)?.checked_div(times)?;
    let before = template.find(PROJECT)?;
    name.get(before..before + length)
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
    fn what_makes_no_name_is_no_template() {
        for template in [
            "{project}_{domain}",
            "-{project}-{domain}",
            "{project}-{domain}-",
            "{project}.{domain}",
            "{project}{Domain}{domain}",
            "{organization}",
            "",
        ] {
            assert!(Naming::new(template, "default").is_err(), "{template}");
        }
        for account in ["a:b", "", ".", "..", "a..b", "-a", "a-", "A", "{Project}", "{domain}-", &"a".repeat(254)] {
            assert!(Naming::new("{project}-{domain}", account).is_err(), "{account}");
        }
        assert!(Naming::new("{project}-{domain}", "tasks.v1-beta").is_ok());
        let naming = Naming::new("flyte-{domain}-{project}", "tasks").expect("valid");
        assert_eq!(
            naming.subject(&pair("vision", "staging")).to_string(),
            "system:serviceaccount:flyte-staging-vision:tasks"
        );
    }

    /// Namespace, account, and whether they tell projects and domains apart, and which kinds of scope have namespaces of their own.
    #[test]
    fn requirement_21_templates_say_what_the_platform_tells_apart() {
        let narrow = [ScopeKind::Domain, ScopeKind::ProjectDomain];
        for (namespace, account, told_apart, own, subject) in [
            ("{project}-{domain}", "default", [true, true], [true, true], "vision-staging:default"),
            ("{domain}", "default", [false, true], [true, false], "staging:default"),
            ("{domain}", "{project}", [true, true], [true, false], "staging:vision"),
            ("{project}", "default", [true, false], [false, false], "vision:default"),
            ("union", "union", [false, false], [false, false], "union:union"),
            ("flyte", "{project}.{domain}", [true, true], [false, false], "flyte:vision.staging"),
            ("flyte", "tasks-{domain}", [false, true], [false, false], "flyte:tasks-staging"),
        ] {
            let naming = Naming::new(namespace, account).expect("valid");
            assert_eq!(naming.subject(&pair("vision", "staging")).to_string(), format!("{SUBJECT}{subject}"));
            assert_eq!([naming.tells_projects_apart(), naming.tells_domains_apart()], told_apart, "{subject}");
            assert_eq!(narrow.map(|kind| naming.has_own_namespaces(kind)), own, "{subject}");
            assert!(naming.has_own_namespaces(ScopeKind::Global));
        }
    }

    /// From a subject back to its pair, where that is one alone.
    #[test]
    fn a_subject_leads_back_to_its_pair_and_never_to_one_of_several() {
        let domains = ["staging", "production"].map(|name| Domain::parse(name).expect("domain"));
        let back = |namespace: &str, account: &str, of: &Pair| {
            let naming = Naming::new(namespace, account).expect("valid");
            naming.pair(&naming.subject(of).to_string(), &domains)
        };
        let vision = pair("vision", "staging");
        for (namespace, account) in [
            ("{project}-{domain}", "default"),
            ("{domain}-{project}-{project}", "default"),
            ("flyte", "{project}-{domain}"),
            ("flyte", "x.{domain}.{project}"),
            ("{domain}", "{project}"),
            ("{project}", "{domain}"),
        ] {
            assert_eq!(back(namespace, account, &vision), Some(vision.clone()), "{namespace} {account}");
        }
        for (namespace, account) in
            [("{domain}", "default"), ("{project}", "default"), ("union", "union"), ("flyte", "tasks-{domain}")]
        {
            assert_eq!(back(namespace, account, &vision), None, "{namespace} {account}");
        }
        let default = Naming::default();
        for other in
            ["system:serviceaccount:vision-staging:other", "system:serviceaccount:x:default", "vision-staging", ""]
        {
            assert_eq!(default.pair(other, &domains), None, "{other}");
        }
    }
}

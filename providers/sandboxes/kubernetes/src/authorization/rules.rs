//! Who may do what: rules as those of role-based access control, with those to whom they are bound.
//!
//! Source: "Using RBAC Authorization", with its default cluster roles `system:basic-user`, `system:discovery` and
//! `system:service-account-issuer-discovery`.

use serde::{Deserialize, Serialize};

use super::caller::Caller;

/// Who is in this group may do everything.
const MASTERS: &str = "system:masters";

/// What everybody who logged in may get.
const DISCOVERY: [&str; 12] = [
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
    "/",
];

/// What service accounts may get beside.
const ISSUER: [&str; 2] = ["/.well-known/openid-configuration", "/openid/v1/jwks"];

/// The reviews that everybody who logged in may make: of themselves.
const OWN_REVIEWS: [(&str, &str); 3] = [
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ("authentication.k8s.io", "selfsubjectreviews"),
];

/// What somebody may do: a role and its binding in one. `*` stands for all verbs, groups, resources or paths.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rule {
    /// What answers call the role and its binding.
    pub name: String,
    /// Names of users. A service account is `system:serviceaccount:NAMESPACE:NAME`.
    pub users: Vec<String>,
    /// Names of groups.
    pub groups: Vec<String>,
    /// The namespaces in which it holds; everywhere where it names none.
    pub namespaces: Vec<String>,
    /// API groups; the core's name is empty.
    pub api_groups: Vec<String>,
    /// Resources in the plural, subresources behind a slash.
    pub resources: Vec<String>,
    /// The names of the objects for which it holds; all where it names none.
    pub resource_names: Vec<String>,
    /// Verbs: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` …
    pub verbs: Vec<String>,
    /// Paths of no resource; a `*` at the end stands for any rest.
    #[serde(rename = "nonResourceURLs")]
    pub non_resource_urls: Vec<String>,
}

/// What somebody wants to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) verb: String,
    pub(crate) namespace: String,
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) name: String,
    /// The path, where it is about no resource.
    pub(crate) path: Option<String>,
}

impl Attributes {
    /// The resource with its subresource.
    pub(crate) fn whole_resource(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }

    /// Why somebody may not, in a server's words.
    pub(crate) fn refusal(&self, user: &str) -> String {
        if let Some(path) = &self.path {
            return format!("User {user:?} cannot {} path {path:?}", self.verb);
        }
        let place = match self.namespace.as_str() {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace {namespace:?}"),
        };
        format!(
            "User {user:?} cannot {} resource {:?} in API group {:?} {place}",
            self.verb,
            self.whole_resource(),
            self.group
        )
    }
}

/// Whether somebody may, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    /// Empty where a server gives none.
    pub(crate) reason: String,
}

/// Decides.
pub(crate) fn decide(rules: &[Rule], caller: &Caller, wanted: &Attributes) -> Decision {
    let allowed = |reason: String| Decision { allowed: true, reason };
    if caller.groups.iter().any(|group| group == MASTERS) {
        return allowed(String::new());
    }
    if let Some(role) = default_role(caller, wanted) {
        let reason = format!("RBAC: allowed by ClusterRoleBinding {role:?} of ClusterRole {role:?} to Group {:?}", {
            if role.ends_with("issuer-discovery") { "system:serviceaccounts" } else { "system:authenticated" }
        });
        return allowed(reason);
    }
    match rules.iter().find_map(|rule| Some((rule, rule.subject(caller)?)).filter(|(rule, _)| rule.covers(wanted))) {
        Some((rule, subject)) => allowed(rule.reason(wanted, &subject)),
        None => Decision { allowed: false, reason: String::new() },
    }
}

/// The role that every server gives, if one allows this.
fn default_role(caller: &Caller, wanted: &Attributes) -> Option<&'static str> {
    let is_in = |group: &str| caller.groups.iter().any(|one| one == group);
    if !is_in("system:authenticated") {
        return None;
    }
    match &wanted.path {
        Some(path) if wanted.verb == "get" && matches_any(&DISCOVERY, path) => Some("system:discovery"),
        Some(path) if wanted.verb == "get" && is_in("system:serviceaccounts") && matches_any(&ISSUER, path) => {
            Some("system:service-account-issuer-discovery")
        }
        Some(_) => None,
        None => {
            let review = (wanted.group.as_str(), wanted.resource.as_str());
            (wanted.verb == "create" && OWN_REVIEWS.contains(&review)).then_some("system:basic-user")
        }
    }
}

fn matches_any<T: AsRef<str>>(patterns: &[T], path: &str) -> bool {
    patterns.iter().map(AsRef::as_ref).any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => path == pattern,
    })
}

impl Rule {
    /// As whom it holds for a caller.
    fn subject(&self, caller: &Caller) -> Option<String> {
        if self.users.contains(&caller.user) {
            return Some(match caller.service_account() {
                Some((namespace, name)) => format!("ServiceAccount \"{name}/{namespace}\""),
                None => format!("User {:?}", caller.user),
            });
        }
        caller.groups.iter().find(|group| self.groups.contains(group)).map(|group| format!("Group {group:?}"))
    }

    fn covers(&self, wanted: &Attributes) -> bool {
        let among = |all: &[String], one: &str| all.iter().any(|known| known == "*" || known == one);
        if !among(&self.verbs, &wanted.verb) {
            return false;
        }
        if let Some(path) = &wanted.path {
            return self.namespaces.is_empty() && matches_any(&self.non_resource_urls, path);
        }
        let whole = wanted.whole_resource();
        let any_of_subresource = format!("*/{}", wanted.subresource);
        (self.namespaces.is_empty() || self.namespaces.contains(&wanted.namespace))
            && among(&self.api_groups, &wanted.group)
            && (among(&self.resources, &whole)
                || (!wanted.subresource.is_empty() && self.resources.contains(&any_of_subresource)))
            && (self.resource_names.is_empty() || self.resource_names.contains(&wanted.name))
    }

    fn reason(&self, wanted: &Attributes, subject: &str) -> String {
        let name = &self.name;
        if self.namespaces.is_empty() {
            return format!("RBAC: allowed by ClusterRoleBinding {name:?} of ClusterRole {name:?} to {subject}");
        }
        let binding = format!("{name}/{}", wanted.namespace);
        format!("RBAC: allowed by RoleBinding {binding:?} of Role {name:?} to {subject}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    fn wants(verb: &str, namespace: &str, resource: &str, subresource: &str, name: &str) -> Attributes {
        let text = str::to_owned;
        Attributes {
            verb: text(verb),
            namespace: text(namespace),
            resource: text(resource),
            subresource: text(subresource),
            name: text(name),
            ..Attributes::default()
        }
    }

    #[test]
    fn rules_hold_for_what_they_name() {
        let rules = [
            Rule {
                name: "annotate".to_owned(),
                users: texts(&["cloudgrant"]),
                namespaces: texts(&["a"]),
                api_groups: texts(&[""]),
                resources: texts(&["serviceaccounts"]),
                verbs: texts(&["get", "patch"]),
                ..Rule::default()
            },
            Rule {
                name: "tokens".to_owned(),
                groups: texts(&["minters"]),
                api_groups: texts(&["*"]),
                resources: texts(&["*/token"]),
                resource_names: texts(&["trainer"]),
                verbs: texts(&["*"]),
                ..Rule::default()
            },
        ];
        let caller = Caller::new("cloudgrant", &texts(&["minters"]));
        let may = |wanted: &Attributes| decide(&rules, &caller, wanted);
        let allowed = may(&wants("patch", "a", "serviceaccounts", "", "x"));
        assert_eq!(
            allowed.reason,
            r#"RBAC: allowed by RoleBinding "annotate/a" of Role "annotate" to User "cloudgrant""#
        );
        for (wanted, expected) in [
            (wants("get", "a", "serviceaccounts", "", "x"), true),
            (wants("create", "a", "serviceaccounts", "", "x"), false),
            (wants("get", "b", "serviceaccounts", "", "x"), false),
            (wants("get", "", "serviceaccounts", "", ""), false),
            (wants("get", "a", "serviceaccounts", "token", "x"), false),
            (wants("create", "b", "serviceaccounts", "token", "trainer"), true),
            (wants("create", "b", "serviceaccounts", "token", "other"), false),
        ] {
            assert_eq!(may(&wanted).allowed, expected, "{wanted:?}");
        }
    }

    #[test]
    fn everybody_may_look_around_and_ask_of_themselves() {
        let path =
            |path: &str| Attributes { verb: "get".to_owned(), path: Some(path.to_owned()), ..Attributes::default() };
        let anybody = Caller::new("x", &[]);
        assert!(decide(&[], &anybody, &path("/apis/apps/v1")).allowed);
        assert!(!decide(&[], &anybody, &path("/metrics")).allowed);
        assert!(!decide(&[], &anybody, &path("/openid/v1/jwks")).allowed);
        assert!(decide(&[], &Caller::new("x", &texts(&["system:serviceaccounts"])), &path("/openid/v1/jwks")).allowed);
        assert!(decide(&[], &Caller::new("x", &texts(&[MASTERS])), &wants("delete", "", "nodes", "", "x")).allowed);
        let review = Attributes { group: OWN_REVIEWS[0].0.to_owned(), ..wants("create", "", OWN_REVIEWS[0].1, "", "") };
        assert!(decide(&[], &anybody, &review).allowed);
    }
}

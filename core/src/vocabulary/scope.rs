//! Scope: which task code a grant is for.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::vocabulary::names::{Domain, Project, Workload};

/// One project in one domain: the platform runs its task code in a namespace of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Pair {
    /// The project.
    pub project: Project,
    /// The domain.
    pub domain: Domain,
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.project, self.domain)
    }
}

/// Which task code a grant reaches. Ordered from wide to narrow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case", untagged)]
pub enum Scope {
    /// All task code of the platform.
    #[serde(serialize_with = "global")]
    Global,
    /// Task code of every listed project in one domain.
    Domain {
        /// The domain.
        domain: Domain,
    },
    /// Task code of one project in one domain.
    ProjectDomain {
        /// The project.
        project: Project,
        /// The domain.
        domain: Domain,
    },
    /// Task code of one workload.
    Workload {
        /// The workload.
        workload: Workload,
    },
}

fn global<S: serde::Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("global")
}

/// The kind of a scope, without its names: what capabilities are declared in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ScopeKind {
    /// See [`Scope::Global`].
    Global,
    /// See [`Scope::Domain`].
    Domain,
    /// See [`Scope::ProjectDomain`].
    ProjectDomain,
    /// See [`Scope::Workload`].
    Workload,
}

impl ScopeKind {
    /// Every kind, from wide to narrow.
    pub const ALL: [Self; 4] = [Self::Global, Self::Domain, Self::ProjectDomain, Self::Workload];
}

impl Scope {
    /// The scope of one pair.
    pub fn of_pair(pair: &Pair) -> Self {
        Self::ProjectDomain { project: pair.project.clone(), domain: pair.domain.clone() }
    }

    /// The kind of this scope.
    pub fn kind(&self) -> ScopeKind {
        match self {
            Self::Global => ScopeKind::Global,
            Self::Domain { .. } => ScopeKind::Domain,
            Self::ProjectDomain { .. } => ScopeKind::ProjectDomain,
            Self::Workload { .. } => ScopeKind::Workload,
        }
    }

    /// The domain, where the scope names one.
    pub fn domain(&self) -> Option<&Domain> {
        match self {
            Self::Global | Self::Workload { .. } => None,
            Self::Domain { domain } | Self::ProjectDomain { domain, .. } => Some(domain),
        }
    }

    /// The project, where the scope names one.
    pub fn project(&self) -> Option<&Project> {
        match self {
            Self::ProjectDomain { project, .. } => Some(project),
            Self::Global | Self::Domain { .. } | Self::Workload { .. } => None,
        }
    }

    /// The workload, where the scope is one.
    pub fn workload(&self) -> Option<&Workload> {
        match self {
            Self::Workload { workload } => Some(workload),
            Self::Global | Self::Domain { .. } | Self::ProjectDomain { .. } => None,
        }
    }

    /// Whether all task code of `other` is task code of this scope too. Every scope contains itself.
    pub fn contains(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Global, _) => true,
            (Self::Domain { domain }, _) => other.domain() == Some(domain),
            (Self::ProjectDomain { .. } | Self::Workload { .. }, _) => self == other,
        }
    }

    /// A short name, usable within the names of cloud objects: `global`, `production`,
    /// `forecasting_production`, `training`. No two scopes share one: names have no underscores, the manifest refuses
    /// a domain or a workload called `global`, and a platform has either domains or workloads.
    pub fn slug(&self) -> String {
        match self {
            Self::Global => "global".to_owned(),
            Self::Domain { domain } => domain.to_string(),
            Self::ProjectDomain { project, domain } => format!("{project}_{domain}"),
            Self::Workload { workload } => workload.to_string(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("global"),
            Self::Domain { domain } => write!(f, "domain {domain}"),
            Self::ProjectDomain { project, domain } => write!(f, "project {project} in domain {domain}"),
            Self::Workload { workload } => write!(f, "workload {workload}"),
        }
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // No `Option` that takes null: a project without a name must not become "every project of the domain".
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Named {
            #[serde(default, deserialize_with = "written")]
            project: Option<Project>,
            #[serde(default, deserialize_with = "written")]
            domain: Option<Domain>,
            #[serde(default, deserialize_with = "written")]
            workload: Option<Workload>,
        }
        fn written<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
            T::deserialize(deserializer).map(Some)
        }
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Scope;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`global`, `{ domain: D }` or `{ project: P, domain: D }`")
            }
            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Scope, E> {
                match value {
                    "global" => Ok(Scope::Global),
                    other => Err(E::custom(format!(
                        "`{other}` is not a scope: write `global`, `{{ domain: D }}` or `{{ project: P, domain: D }}`"
                    ))),
                }
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Scope, A::Error> {
                let named = Named::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                match (named.project, named.domain, named.workload) {
                    (None, None, Some(workload)) => Ok(Scope::Workload { workload }),
                    (_, _, Some(workload)) => Err(A::Error::custom(format!(
                        "a scope is a workload, or a domain with or without a project: `{{ workload: {workload} }}` stands alone"
                    ))),
                    (None, Some(domain), None) => Ok(Scope::Domain { domain }),
                    (Some(project), Some(domain), None) => Ok(Scope::ProjectDomain { project, domain }),
                    (Some(project), None, None) => Err(A::Error::custom(format!(
                        "a scope with project `{project}` needs a domain as well: `{{ project: {project}, domain: D }}`"
                    ))),
                    (None, None, None) => {
                        Err(A::Error::custom("a scope without a domain: write `global` for all task code"))
                    }
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Result<Scope, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn scopes_are_read_and_written_alike() {
        for text in [
            r#""global""#,
            r#"{"domain":"production"}"#,
            r#"{"project":"vision","domain":"production"}"#,
            r#"{"workload":"training"}"#,
        ] {
            let parsed = scope(text).expect(text);
            assert_eq!(serde_json::to_string(&parsed).expect("serialises"), text);
        }
    }

    #[test]
    fn half_a_scope_is_refused_not_widened() {
        assert!(scope(r#"{"project":"vision"}"#).expect_err("no domain").contains("needs a domain"));
        assert!(scope(r#"{"project":null,"domain":"production"}"#).is_err());
        assert!(scope(r#"{"project":"vision","domain":null}"#).is_err());
        assert!(scope("{}").expect_err("empty").contains("write `global`"));
        assert!(scope(r#"{"workload":null}"#).is_err());
        let both = scope(r#"{"workload":"training","domain":"production"}"#).expect_err("two scopes in one");
        assert!(both.contains("stands alone"), "{both}");
        assert!(scope(r#""everything""#).expect_err("word").contains("is not a scope"));
    }

    #[test]
    fn containment_follows_names() {
        let global = Scope::Global;
        let domain = scope(r#"{"domain":"production"}"#).expect("domain");
        let pair = scope(r#"{"project":"vision","domain":"production"}"#).expect("pair");
        let other = scope(r#"{"project":"vision","domain":"staging"}"#).expect("pair");
        assert!(global.contains(&domain) && global.contains(&pair) && domain.contains(&pair));
        let workload = scope(r#"{"workload":"production"}"#).expect("workload");
        assert!(global.contains(&workload) && workload.contains(&workload));
        assert!(!domain.contains(&workload) && !workload.contains(&domain));
        assert!(!domain.contains(&other) && !pair.contains(&domain) && !domain.contains(&global));
    }
}

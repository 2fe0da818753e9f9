//! Typed names: parsed once, at the edge, so that nothing inside splits strings or checks them again.

use std::fmt;
use std::sync::Arc;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a string isn't a name of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidName {
    what: &'static str,
    value: String,
    rule: &'static str,
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a valid {}: {}", self.value, self.what, self.rule)
    }
}

impl std::error::Error for InvalidName {}

/// A DNS label as Kubernetes takes it (RFC 1123): namespaces are made of these.
pub(crate) fn is_label(value: &str, longest: usize) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !value.is_empty()
        && value.len() <= longest
        && value.chars().all(inside)
        && !value.starts_with('-')
        && !value.ends_with('-')
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $longest:literal) => {
        $(#[$doc])*
        // Shared: one name stands in many intents, objects and notes.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Parses the name: lower-case letters, digits and dashes, neither first nor last a dash.
            ///
            /// # Errors
            /// [`InvalidName`], which says the rule.
            pub fn parse(value: impl AsRef<str> + Into<Arc<str>>) -> Result<Self, InvalidName> {
                if is_label(value.as_ref(), $longest) {
                    return Ok(Self(value.into()));
                }
                Err(InvalidName {
                    what: $what,
                    value: value.as_ref().chars().take(80).collect(),
                    rule: concat!(
                        "lower-case letters, digits and dashes, 1 to ",
                        stringify!($longest),
                        " of them, neither first nor last a dash",
                    ),
                })
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(value: String) -> Result<Self, InvalidName> {
                Self::parse(value)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.as_str().to_owned()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a string")
                    }
                    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<$name, E> {
                        $name::parse(value).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

name!(
    /// The stack: it owns every object that a manifest makes, and its name marks them.
    Stack, "stack name", 32
);
name!(
    /// A grant's name, unique within its manifest.
    GrantName, "grant name", 63
);
name!(
    /// A registry's name, unique within its manifest.
    RegistryName, "registry name", 63
);
name!(
    /// A resource's name, by which grants refer to it.
    ResourceName, "resource name", 63
);
name!(
    /// A project of the platform.
    ///
    /// Flyte takes the same and nothing else for a project's ID. Source: flyteadmin, `pkg/manager/impl/validation/project_validator.go`,
    /// `ValidateProject`: `IsDNS1123Label`.
    Project, "project", 63
);
name!(
    /// A domain of the platform, such as `development` or `production`.
    ///
    /// Flyte's administrators list the domains in its configuration (`domains`), and nothing looks at their letters there. But it ends
    /// in the name of a namespace, by the template `{{ project }}-{{ domain }}` or another one (`namespace_mapping`), so that
    /// Kubernetes' rule is a domain's: one with `_` or with capitals has no namespace in which anything could run. Source: Flyte
    /// documentation, "Flyte control plane configuration", `domains` and `namespace_mapping`; Kubernetes documentation, "Namespaces".
    Domain, "domain", 63
);
name!(
    /// A workload of the platform: one unit that it runs under a principal of its own, such as a compute, an online endpoint or a component
    /// of a stack. The manifest gives it the name.
    Workload, "workload", 63
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        for good in ["a", "acme-ml", "x9"] {
            assert!(Stack::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b", "a.b", "ä", &"a".repeat(33)] {
            assert!(Stack::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn projects_and_domains_are_what_flyte_and_kubernetes_take() {
        let longest = "a".repeat(63);
        for good in ["forecasting", "2", "0a", "a--b", "production-2", &longest] {
            assert!(Project::parse(good).is_ok() && Domain::parse(good).is_ok(), "{good}");
        }
        let too_long = "a".repeat(64);
        for bad in ["production_2", "Production", "a.b", "-a", "a-", "a b", "a\n", "à", "", &too_long] {
            assert!(Project::parse(bad).is_err() && Domain::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_refusal_says_the_rule() {
        let said = Domain::parse("Prod").expect_err("upper case").to_string();
        assert_eq!(
            said,
            "`Prod` is not a valid domain: lower-case letters, digits and dashes, 1 to 63 of them, neither first nor last a dash"
        );
    }
}

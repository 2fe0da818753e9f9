//! Query strings, and the options that writes share.

use http::Method;
use percent_encoding::percent_decode_str;

use super::errors::{Answer, ApiError, FieldError};

/// Longer names of field managers are refused.
const LONGEST_MANAGER: usize = 128;

/// Parameters in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    parameters: Vec<(String, String)>,
}

impl Query {
    /// Reads `name=value&…`.
    pub(crate) fn parse(text: &str) -> Self {
        let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let parameters = text
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect();
        Self { parameters }
    }

    /// A parameter's value. An empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether a parameter says yes: any value does but `false` and `0`, also none. Source: apimachinery,
    /// `Convert_Slice_string_To_bool`.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.is_some_and(|(_, value)| value != "0" && !value.eq_ignore_ascii_case("false"))
    }
}

/// How a request wants to be carried out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) dry_run: bool,
    /// The field manager that the request names; its user agent stands in for it.
    manager: Option<String>,
    agent: String,
    pub(crate) force: bool,
    pub(crate) validation: Validation,
}

/// What becomes of fields that no schema has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Validation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

impl Options {
    /// Reads them. `applies` is whether the request is a server-side apply, which alone takes `force` and insists on a
    /// field manager.
    pub(crate) fn read(query: &Query, method: &Method, applies: bool, agent: Option<&str>) -> Answer<Self> {
        let kind = match *method {
            Method::PATCH => "PatchOptions",
            Method::PUT => "UpdateOptions",
            Method::DELETE => "DeleteOptions",
            _ => "CreateOptions",
        };
        let mut errors = Vec::new();
        let dry_run = query.get("dryRun");
        if let Some(other) = dry_run.filter(|value| *value != "All") {
            errors.push(FieldError::not_supported("dryRun", other, &["All"]));
        }
        let manager = query.get("fieldManager").map(str::to_owned);
        match &manager {
            None if applies => errors.push(FieldError::required("fieldManager", "is required for apply patch")),
            Some(manager) if manager.len() > LONGEST_MANAGER => {
                errors.push(FieldError::too_long("fieldManager", LONGEST_MANAGER));
            }
            Some(manager) if manager.chars().any(char::is_control) => {
                errors.push(FieldError::invalid("fieldManager", manager, "should only contain printable characters"));
            }
            _ => {}
        }
        let force = query.get("force").is_some();
        if force && !applies {
            errors.push(FieldError::forbidden("force", "may not be specified for non-apply patch"));
        }
        let validation = match query.get("fieldValidation") {
            None | Some("Warn") => Validation::Warn,
            Some("Ignore") => Validation::Ignore,
            Some("Strict") => Validation::Strict,
            Some(other) => {
                errors.push(FieldError::not_supported("fieldValidation", other, &["Ignore", "Strict", "Warn"]));
                Validation::Warn
            }
        };
        if !errors.is_empty() {
            return Err(ApiError::invalid("meta.k8s.io", kind, "", &errors));
        }
        let agent = agent.unwrap_or_default().split('/').next().unwrap_or_default();
        let agent: String = agent.chars().filter(|letter| !letter.is_control()).take(LONGEST_MANAGER).collect();
        Ok(Self { dry_run: dry_run.is_some(), manager, agent, force: query.is_set("force"), validation })
    }

    /// Whoever is entered as the manager of what the request changes.
    pub(crate) fn manager(&self) -> &str {
        match self.manager.as_deref().unwrap_or(&self.agent) {
            "" => "unknown",
            manager => manager,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_is_named_or_is_the_program() {
        let read = |query: &str| Options::read(&Query::parse(query), &Method::PATCH, false, Some("kubectl/v1.37 (x)"));
        assert_eq!(read("").expect("no options").manager(), "kubectl");
        assert_eq!(read("fieldManager=helm&dryRun=All").expect("options").manager(), "helm");
        let refused = |query: &str| read(query).expect_err(query).message;
        assert!(refused("dryRun=some").contains(r#"dryRun: Unsupported value: "some": supported values: "All""#));
        assert!(refused("force=true").contains("force: Forbidden: may not be specified for non-apply patch"));
        assert!(refused("fieldValidation=x").contains(r#"supported values: "Ignore", "Strict", "Warn""#));
        let applied = Options::read(&Query::default(), &Method::PATCH, true, None).expect_err("no manager");
        assert_eq!(applied.code, 422, "{applied:?}");
    }
}

//! What the settings service checks before it looks at its records.

use serde_json::Value;

use super::inner_or_empty;
use crate::protocol::settings::STATES;
use crate::protocol::status::{Answer, Code, Status};
use crate::seed::Seed;
use crate::services::admin::{Set, inner, text};
use crate::state::State;
use crate::state::model::Scope;

/// The key of a request, and the scope that it means.
pub(super) fn key<'a>(state: &State, seed: &Seed, asked: &'a Set) -> Answer<(&'a Set, Scope)> {
    let key = inner(asked, "key").ok_or_else(|| Status::invalid("key is required"))?;
    let scope = Scope { domain: text(key, "domain").to_owned(), project: text(key, "project").to_owned() };
    if !scope.project.is_empty() && scope.domain.is_empty() {
        return Err(Status::invalid("a project-scope key requires a domain"));
    }
    if !seed.organization.is_empty() {
        of_organization(state, seed, text(key, "org"), &scope)?;
    }
    Ok((key, scope))
}

/// As on Union: whose settings has to be said, and they are for what is there.
fn of_organization(state: &State, seed: &Seed, named: &str, scope: &Scope) -> Answer<()> {
    if named.is_empty() {
        return Err(Status::invalid("validation error: key.org: value length must be at least 1 characters"));
    }
    if named != seed.organization {
        return Err(Status::new(Code::PermissionDenied, format!("not authorized in organization {named}")));
    }
    if !scope.project.is_empty() && state.project(&scope.project).is_none() {
        return Err(Status::new(Code::NotFound, format!("project [{}] not found", scope.project)));
    }
    let has_domain = scope.domain.is_empty() || seed.domains.iter().any(|domain| domain.id == scope.domain);
    if !has_domain {
        return Err(Status::new(Code::NotFound, format!("domain [{}] not found", scope.domain)));
    }
    Ok(())
}

/// The settings of a request.
pub(super) fn settings(asked: &Set) -> Answer<&Set> {
    let settings = inner(asked, "settings").ok_or_else(|| Status::invalid("settings is required"))?;
    let empty = Set::new();
    let run = inner_or_empty(settings, "run", &empty);
    if let Some(number) = value(run, "max_action_concurrency", "int_value") {
        let number = number.as_i64().unwrap_or_default();
        if number < 0 || number == 1 || number > i64::from(u32::MAX) {
            let said = format!("invalid max_action_concurrency {number}: must be 0 (unlimited) or at least 2");
            return Err(Status::invalid(said));
        }
    }
    let resources = inner_or_empty(settings, "task_resource", &empty);
    for bound in ["min", "max"] {
        for resource in ["cpu", "gpu", "memory", "storage"] {
            let Some(quantity) = value(inner_or_empty(resources, bound, &empty), resource, "quantity_value") else {
                continue;
            };
            let quantity = quantity.as_str().unwrap_or_default();
            if let Err(why) = quantity_of(quantity) {
                let said = format!("invalid task_resource.{bound}.{resource} {quantity:?}: {why}");
                return Err(Status::invalid(said));
            }
        }
    }
    Ok(settings)
}

/// The value of a setting that has one; what isn't set is the field's default.
fn value(settings: &Set, name: &str, field: &str) -> Option<Value> {
    let setting = inner(settings, name)?;
    (setting.get("state")? == STATES[2]).then(|| setting.get(field).cloned().unwrap_or_default())
}

/// Whether it is a quantity of Kubernetes'. Source: apimachinery, `pkg/api/resource/quantity.go`.
fn quantity_of(text: &str) -> Result<(), &'static str> {
    const EMPTY: &str = "";
    const FORM: &str = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    const SUFFIX: &str = "unable to parse quantity's suffix";
    const SUFFIXES: [&str; 17] =
        [EMPTY, "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "K"];
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
    let (digits, suffix) = number.split_at(end);
    if digits.matches('.').count() > 1 || !digits.contains(|c: char| c.is_ascii_digit()) {
        return Err(FORM);
    }
    let exponent = suffix.strip_prefix(['e', 'E']).map(|power| power.strip_prefix(['+', '-']).unwrap_or(power));
    let is_exponent = exponent.is_some_and(|power| !power.is_empty() && power.bytes().all(|c| c.is_ascii_digit()));
    // `K` alone is none: Kubernetes has `k` and `Ki`.
    if is_exponent || (suffix != "K" && SUFFIXES.contains(&suffix)) { Ok(()) } else { Err(SUFFIX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_kubernetes_s() {
        for good in ["2", "500m", "0.5", ".5", "1.", "128Mi", "1e3", "12E-2", "+4Gi", "1E"] {
            assert_eq!(quantity_of(good), Ok(()), "{good}");
        }
        for bad in ["", "two", "1 Gi", "1K", "1.2.3", "-", "1Mib", "1e", "Gi"] {
            quantity_of(bad).expect_err(bad);
        }
    }
}

//! What a tenant allows of applications' secrets.
//!
//! Source: "tenantAppManagementPolicy" and "passwordCredentialConfiguration" of the Graph reference; the errors that
//! clients report.

use serde_json::{Map, Value, json};

use super::errors::{Answer, GraphError};
use crate::state::{State, time};

/// The id that Microsoft Graph shows for the tenant's default.
const ID: &str = "00000000-0000-0000-0000-000000000000";

/// The policy of a tenant: nothing is restricted where nobody said so.
pub(super) fn shown(state: &State, tenant: &str) -> Value {
    let mut shown = json!({
        "id": ID,
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions on applications and service \
         principals.",
        "isEnabled": false,
        "applicationRestrictions": {"passwordCredentials": [], "keyCredentials": []},
        "servicePrincipalRestrictions": {"passwordCredentials": [], "keyCredentials": []},
    });
    if let (Some(set), Some(shown)) = (state.app_policies.get(&tenant.to_ascii_lowercase()), shown.as_object_mut()) {
        shown.extend(set.policy.clone());
    }
    shown
}

/// Whether a secret may be added that is good for so long.
pub(super) fn check(state: &State, tenant: &str, lifetime: time::Millis) -> Answer<()> {
    let Some(set) = state.app_policies.get(&tenant.to_ascii_lowercase()) else { return Ok(()) };
    if set.policy.get("isEnabled").and_then(Value::as_bool) != Some(true) {
        return Ok(());
    }
    for restriction in restrictions(&set.policy) {
        let is_off = restriction["state"].as_str() == Some("disabled");
        match restriction["restrictionType"].as_str() {
            Some("passwordAddition") if !is_off => {
                return Err(GraphError::new(
                    400,
                    "CredentialTypeNotAllowedAsPerAppPolicy",
                    format!("Credential type not allowed as per assigned policy '{ID}'."),
                ));
            }
            Some("passwordLifetime") if !is_off => {
                let most = restriction["maxLifetime"].as_str().and_then(duration);
                if most.is_some_and(|most| lifetime > most) {
                    return Err(GraphError::new(
                        400,
                        "CredentialInvalidLifetimeAsPerAppPolicy",
                        format!("Credential lifetime exceeds the max value allowed as per assigned policy '{ID}'."),
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn restrictions(policy: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    policy.get("applicationRestrictions").and_then(|all| all["passwordCredentials"].as_array()).into_iter().flatten()
}

/// Reads days, hours, minutes and seconds of ISO 8601: `P4DT12H30M5S`.
fn duration(text: &str) -> Option<time::Millis> {
    let (mut total, mut number, mut any) = (0_u64, String::new(), false);
    for c in text.strip_prefix('P')?.chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        let unit = match c {
            'T' if number.is_empty() => continue,
            'D' => 24 * 3600,
            'H' => 3600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit * 1000)?)?;
        number.clear();
        any = true;
    }
    (any && number.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("P90D"), Some(90 * 24 * 3_600_000));
        assert_eq!(duration("P4DT12H30M5S"), Some(((4 * 24 + 12) * 3600 + 30 * 60 + 5) * 1000));
        for text in ["", "90D", "P", "P1Y", "PT", "P9"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}

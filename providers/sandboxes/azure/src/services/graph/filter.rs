//! The filters that clients use: `FIELD eq 'VALUE'`, `startswith(FIELD,'VALUE')`, `FIELD/any(c:c eq 'VALUE')`.

use serde_json::Value;

use super::errors::{Answer, GraphError};

/// A filter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filter {
    field: String,
    value: String,
    is_prefix: bool,
}

const FIELDS: &[&str] = &[
    "servicePrincipalNames",
    "appId",
    "id",
    "displayName",
    "userPrincipalName",
    "mail",
    "uniqueName",
    "identifierUris",
    "tags",
];

impl Filter {
    pub(super) fn read(text: &str) -> Answer<Self> {
        let invalid =
            || GraphError::new(400, "Request_UnsupportedQuery", format!("Unsupported query filter '{text}'."));
        let (field, value, is_prefix) = if let Some(inner) = text.strip_prefix("startswith(") {
            let (field, value) = inner.strip_suffix(')').and_then(|rest| rest.split_once(',')).ok_or_else(invalid)?;
            (field.trim(), value, true)
        } else if let Some((field, rest)) = text.split_once("/any(") {
            let (_, value) = rest.strip_suffix(')').and_then(|rest| rest.split_once(" eq ")).ok_or_else(invalid)?;
            (field, value, false)
        } else {
            let (field, value) = text.split_once(" eq ").ok_or_else(invalid)?;
            (field, value, false)
        };
        let value = value.trim().strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).ok_or_else(invalid)?;
        if !FIELDS.contains(&field) || value.replace("''", "").contains('\'') {
            return Err(invalid());
        }
        Ok(Self { field: field.to_owned(), value: value.replace("''", "'"), is_prefix })
    }

    /// Whether an object as it is shown is among what is meant.
    pub(super) fn fits_value(&self, shown: &Value) -> bool {
        match &shown[&self.field] {
            Value::String(text) => self.fits(text),
            Value::Array(all) => all.iter().filter_map(Value::as_str).any(|text| self.fits(text)),
            _ => false,
        }
    }

    fn fits(&self, text: &str) -> bool {
        let (text, wanted) = (text.to_lowercase(), self.value.to_lowercase());
        if self.is_prefix { text.starts_with(&wanted) } else { text == wanted }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn filters() {
        for (text, field, value) in [
            ("servicePrincipalNames/any(c:c eq 'X')", "servicePrincipalNames", "X"),
            ("tags/any(t:t eq 'X')", "tags", "X"),
            ("appId eq 'X'", "appId", "X"),
            ("displayName eq 'O''Neill'", "displayName", "O'Neill"),
            ("startswith(displayName,'X')", "displayName", "X"),
        ] {
            let filter = Filter::read(text).expect(text);
            assert_eq!((filter.field.as_str(), filter.value.as_str()), (field, value));
        }
        for text in
            ["", "appId ne 'x'", "owner eq 'x'", "appId eq x", "appId eq 'a' or appId eq 'b'", "startswith(appId)"]
        {
            assert!(Filter::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_fits() {
        let fits = |text: &str| {
            Filter::read(text)
                .expect(text)
                .fits_value(&json!({"displayName": "Acme one", "tags": ["a", "b"], "mail": null}))
        };
        assert!(fits("startswith(displayName,'acme')") && fits("tags/any(t:t eq 'b')"));
        assert!(!fits("displayName eq 'acme'") && !fits("tags/any(t:t eq 'c')") && !fits("mail eq 'x'"));
    }
}

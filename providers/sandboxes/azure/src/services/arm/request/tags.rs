//! Tags and locations, which all resources share.
//!
//! Source: "Use tags to organize your Azure resources and management hierarchy".

use crate::protocol::errors::{Answer, ArmError};
use crate::state::model::Tags;

/// At most so many; names of 512 characters without some signs, values of 256.
pub(crate) fn check(tags: &Tags, most: usize) -> Answer<()> {
    if tags.len() > most {
        return Err(ArmError::bad_request(
            "InvalidTags",
            format!(
                "Too many tags on the resource. Requested tag count is '{}' and the maximum is '{most}'.",
                tags.len()
            ),
        ));
    }
    for (name, value) in tags {
        if name.is_empty() || name.chars().count() > 512 || name.contains(['<', '>', '%', '&', '\\', '?', '/']) {
            return Err(ArmError::bad_request(
                "InvalidTagNameCharacters",
                format!("The tag name '{name}' is not valid."),
            ));
        }
        if ["microsoft", "azure", "windows"].iter().any(|reserved| name.to_lowercase().starts_with(reserved)) {
            return Err(ArmError::bad_request(
                "ReservedTagName",
                format!("The tag name '{name}' begins as those that are reserved for Azure do."),
            ));
        }
        if value.chars().count() > 256 {
            return Err(ArmError::bad_request(
                "InvalidTagValueLength",
                format!("The value of the tag '{name}' is longer than 256 characters."),
            ));
        }
    }
    Ok(())
}

/// Of names that differ in case alone one is kept, as it is written there.
pub(crate) fn folded(sent: Tags) -> Tags {
    let by_name = sent.into_iter().map(|(name, value)| (name.to_lowercase(), (name, value)));
    by_name.collect::<std::collections::BTreeMap<_, _>>().into_values().collect()
}

/// A resource can't move by being written again.
pub(crate) fn other_location(name: &str, location: &str, full_type: &str) -> ArmError {
    ArmError::conflict(
        "InvalidResourceLocation",
        format!(
            "The resource '{name}' already exists in location '{location}' in resource type '{full_type}'. A resource with \
             the same name cannot be created in another location."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_once_whatever_its_case() {
        let tags = |tags: &[(&str, &str)]| {
            tags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Tags>()
        };
        let sent = tags(&[("Owner", "a"), ("owner", "b"), ("Team", "c")]);
        assert_eq!(folded(sent), tags(&[("owner", "b"), ("Team", "c")]));
    }

    #[test]
    fn limits() {
        let tags = |name: &str, value: &str| Tags::from([(name.to_owned(), value.to_owned())]);
        assert!(check(&tags("a b", "x"), 50).is_ok());
        for (bad, most) in
            [(tags("a", "x"), 0), (tags("a<", "x"), 50), (tags("Azure-a", "x"), 50), (tags("a", &"x".repeat(257)), 50)]
        {
            assert!(check(&bad, most).is_err());
        }
    }
}

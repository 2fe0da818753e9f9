//! What a client writes, taken apart: what the sandbox looks at, and the rest, which comes back as it was.

use serde_json::{Map, Value, json};

use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::Call;
use crate::services::arm::request::tags;
use crate::services::arm::resources::identities;
use crate::state::State;
use crate::state::model::{Resource, Tags};
use crate::state::time;

/// A body.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) location: Option<String>,
    pub(super) tags: Option<Tags>,
    pub(super) identity: Option<Value>,
    pub(super) properties: Map<String, Value>,
    /// What stands beside these: `kind`, `sku` and whatever else.
    pub(super) more: Map<String, Value>,
}

/// What the service itself says.
const OWN: &[&str] = &["id", "name", "type", "systemData"];

impl Body {
    /// Reads a request's.
    pub(super) fn read(state: &State, call: &Call<'_>) -> Answer<Self> {
        let mut more: Map<String, Value> = call.read()?;
        let mut take = |name: &str| more.remove(name).filter(|value| !value.is_null());
        let text = |name: &str, value: Value| match value {
            Value::String(text) => Ok(text),
            _ => Err(ArmError::invalid_content(&format!("'{name}' is no string"))),
        };
        let location = take("location").map(|value| text("location", value)).transpose()?;
        let tags = take("tags").map(read_tags).transpose()?;
        if let Some(tags) = &tags {
            tags::check(tags, state.quotas.tags())?;
        }
        let identity = take("identity");
        let properties = match take("properties") {
            None => Map::new(),
            Some(Value::Object(properties)) => properties,
            Some(_) => return Err(ArmError::invalid_content("'properties' is no object")),
        };
        more.retain(|name, _| !OWN.contains(&name.as_str()));
        Ok(Self { location, tags, identity, properties, more })
    }

    /// The location, which has to be that of what is there.
    pub(super) fn location(&self, call: &Call<'_>, before: Option<&Resource>) -> Answer<String> {
        let location = identities::location(self.location.as_deref())?;
        match before.and_then(|before| before.location.as_deref()) {
            Some(kept) if kept != location => {
                Err(tags::other_location(call.id().name(), kept, call.route.kind.full_type()))
            }
            _ => Ok(location),
        }
    }
}

fn read_tags(value: Value) -> Answer<Tags> {
    let tags: Tags = serde_json::from_value(value).map_err(|error| ArmError::invalid_content(&error.to_string()))?;
    Ok(tags::folded(tags))
}

/// Who made something when, and who changed it last.
pub(super) fn system_data(who: &str, before: Option<&Resource>) -> Value {
    let now = time::iso(time::now());
    let mut data = before
        .and_then(|before| before.more.get("systemData").cloned())
        .unwrap_or_else(|| json!({"createdAt": now, "createdBy": who, "createdByType": "Application"}));
    data["lastModifiedAt"] = json!(now);
    data["lastModifiedBy"] = json!(who);
    data["lastModifiedByType"] = json!("Application");
    data
}

/// A text among properties.
pub(super) fn text<'a>(properties: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    properties.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A refusal in the service's own words.
pub(super) fn invalid(message: impl Into<String>) -> ArmError {
    ArmError::bad_request("ValidationError", message)
}

//! Query strings and forms, and how the gateway makes a message of a query.

use std::fmt;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::schema::{Field, Kind, Message};
use super::status::{Answer, Status};

/// Parameters in the order in which they came.
#[derive(Clone, Default)]
pub(crate) struct Query {
    parameters: Vec<(String, String)>,
}

impl Query {
    /// Reads `name=value&…`.
    pub(crate) fn parse(text: &str) -> Self {
        let parts = text.split('&').filter(|part| !part.is_empty());
        let pairs = parts.map(|part| part.split_once('=').unwrap_or((part, "")));
        Self { parameters: pairs.map(|(name, value)| (decode(name), decode(value))).collect() }
    }

    /// A parameter's first value. An empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Makes a message of it: fields in either spelling, those of inner messages behind a dot. What the message doesn't have
    /// is passed over.
    pub(crate) fn message(&self, message: &Message) -> Answer<Map<String, Value>> {
        let mut set = Map::new();
        let mut done: Vec<String> = Vec::new();
        for (name, _) in &self.parameters {
            if done.contains(name) {
                continue;
            }
            done.push(name.clone());
            let values: Vec<&str> =
                self.parameters.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect();
            let path: Vec<&str> = name.split('.').collect();
            populate(&mut set, message, &path, &values)?;
        }
        Ok(set)
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parameters.iter().map(|(name, _)| name)).finish()
    }
}

/// Undoes the encoding of a form.
pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn populate(set: &mut Map<String, Value>, message: &Message, path: &[&str], values: &[&str]) -> Answer<()> {
    let Some((first, rest)) = path.split_first() else { return Ok(()) };
    let Some(field) = message.field(first) else { return Ok(()) };
    if !rest.is_empty() {
        let Kind::Message(inner) = field.kind else {
            return Err(Status::invalid(format!("invalid path: {first:?} is not a message")));
        };
        let entry = set.entry(field.name).or_insert_with(|| json!({}));
        return entry.as_object_mut().map_or(Ok(()), |set| populate(set, inner, rest, values));
    }
    let [value] = values else {
        let all = values.join(", ");
        return Err(Status::invalid(format!("too many values for field {:?}: {all}", field.name)));
    };
    let value = parse(field, value).map_err(|why| Status::invalid(format!("parsing field {:?}: {why}", field.name)))?;
    set.insert(field.name.to_owned(), value);
    Ok(())
}

fn parse(field: &Field, text: &str) -> Result<Value, String> {
    match field.kind {
        Kind::Text => Ok(json!(text)),
        Kind::Uint32 => match text.parse::<u32>() {
            Ok(number) => Ok(json!(number)),
            Err(_) => Err(format!("strconv.ParseUint: parsing {text:?}: invalid syntax")),
        },
        Kind::Enum(values) => {
            let number = || text.parse::<usize>().ok().and_then(|at| values.get(at));
            let name = values.iter().find(|name| **name == text).or_else(number);
            name.map(|name| json!(name)).ok_or_else(|| format!("{text:?} is not a valid value"))
        }
        _ => Err("unsupported kind of field in a query".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::messages::{LIST_MATCHABLE_REQUEST, PROJECT_LIST_REQUEST};

    #[test]
    fn a_query_becomes_a_message() {
        let query =
            Query::parse("limit=2&filters=ne%28state%2C1%29&sort_by.key=name&sortBy.direction=1&unknown=x&token=");
        let expected = json!({
            "limit": 2,
            "filters": "ne(state,1)",
            "sort_by": {"key": "name", "direction": "ASCENDING"},
            "token": "",
        });
        assert_eq!(query.message(&PROJECT_LIST_REQUEST), Ok(expected.as_object().expect("an object").clone()));
        assert!(!format!("{query:?}").contains("ne(state"));
    }

    #[test]
    fn resource_types_have_names_and_numbers() {
        for query in ["resource_type=CLUSTER_RESOURCE", "resourceType=1"] {
            let read = Query::parse(query).message(&LIST_MATCHABLE_REQUEST).expect("a type");
            assert_eq!(read["resource_type"], "CLUSTER_RESOURCE", "{query}");
        }
        for (query, why) in [
            ("resource_type=8", "parsing field \"resource_type\": \"8\" is not a valid value"),
            ("resource_type=1&resource_type=2", "too many values for field \"resource_type\": 1, 2"),
            ("resource_type.x=1", "invalid path: \"resource_type\" is not a message"),
        ] {
            assert_eq!(Query::parse(query).message(&LIST_MATCHABLE_REQUEST), Err(Status::invalid(why)), "{query}");
        }
    }
}

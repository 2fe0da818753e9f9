//! How protobuf messages are described here: as much as it takes to read and write them as JSON, and in protobuf's binary form where
//! fields have their numbers.

/// A message.
#[derive(Debug)]
pub(crate) struct Message {
    /// The full name, such as `flyteidl.admin.Project`.
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
}

/// A field of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// The name in the `.proto` file.
    pub(crate) name: &'static str,
    /// The number in the `.proto` file; 0 where the message is never in binary form.
    pub(crate) number: u32,
    pub(crate) kind: Kind,
    pub(crate) is_list: bool,
    /// The `oneof` that it is a part of.
    pub(crate) oneof: Option<&'static str>,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Bool,
    Int32,
    Uint32,
    /// In JSON a text, as JavaScript's numbers don't have as many digits.
    Int64,
    /// The same.
    Uint64,
    /// Its values in the order of their numbers, which begin at 0.
    Enum(&'static [&'static str]),
    Message(&'static Message),
    /// `map<string, string>`.
    TextMap,
    /// `google.protobuf.Duration`: a text such as `3.5s`.
    Duration,
    /// `google.protobuf.BoolValue`: a boolean that may be absent.
    BoolValue,
    /// `google.protobuf.Struct`: any JSON object.
    Struct,
}

impl Message {
    /// A field by the name of the `.proto` file, or by that of JSON.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        let fields = self.fields;
        fields.iter().find(|field| field.name == name || field.json_name() == name)
    }
}

impl Field {
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, number: 0, kind, is_list: false, oneof: None }
    }

    pub(crate) const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }

    pub(crate) const fn message(name: &'static str, message: &'static Message) -> Self {
        Self::new(name, Kind::Message(message))
    }

    /// The number in the `.proto` file.
    pub(crate) const fn at(mut self, number: u32) -> Self {
        self.number = number;
        self
    }

    pub(crate) const fn list(mut self) -> Self {
        self.is_list = true;
        self
    }

    pub(crate) const fn one_of(mut self, oneof: &'static str) -> Self {
        self.oneof = Some(oneof);
        self
    }

    /// The name in JSON: `cluster_resource_attributes` becomes `clusterResourceAttributes`.
    pub(crate) fn json_name(&self) -> String {
        let mut name = String::with_capacity(self.name.len());
        let mut upper = false;
        for letter in self.name.chars() {
            match letter {
                '_' => upper = true,
                _ if upper => {
                    name.push(letter.to_ascii_uppercase());
                    upper = false;
                }
                _ => name.push(letter),
            }
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_json_are_camel_case() {
        for (name, expected) in [
            ("cluster_resource_attributes", "clusterResourceAttributes"),
            ("k8s_service_account", "k8sServiceAccount"),
            ("oauth2_client", "oauth2Client"),
            ("id", "id"),
        ] {
            assert_eq!(Field::text(name).json_name(), expected);
        }
    }
}

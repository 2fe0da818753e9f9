//! The attributes that conditions can name, and the sub-operations.
//!
//! Azure refuses a condition that names another one ("Resource attribute … is not valid").

use super::ast::{Attribute, Source};
use super::operators::Family;

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Only the comparisons of sets can read it.
    TextList,
    Bool,
    Time,
    Guid,
    /// A custom security attribute: its definition, which says text, whole number or boolean, is not at hand.
    Custom,
}

impl Kind {
    /// Whether operators of this family can read it.
    pub(super) fn fits(self, family: Family) -> bool {
        match self {
            Self::Text | Self::TextList => family == Family::Text,
            Self::Bool => family == Family::Bool,
            Self::Time => family == Family::Time,
            Self::Guid => family == Family::Guid,
            Self::Custom => matches!(family, Family::Text | Family::Number | Family::Bool),
        }
    }
}

/// How a name ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// The name is whole.
    None,
    /// `name:key`
    Plain,
    /// `name:key<$key_case_sensitive$>`
    CaseSensitive,
}

const CASE_SENSITIVE: &str = "<$key_case_sensitive$>";
const TAGS: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags";

const ENVIRONMENT: &[Source] = &[Source::Environment];
const PRINCIPAL: &[Source] = &[Source::Principal];
const REQUEST: &[Source] = &[Source::Request];
const RESOURCE: &[Source] = &[Source::Resource];
const BOTH: &[Source] = &[Source::Request, Source::Resource];

const CATALOGUE: [(&str, Key, &[Source], Kind); 24] = [
    ("Microsoft.Storage/storageAccounts:name", Key::None, RESOURCE, Kind::Text),
    ("Microsoft.Storage/storageAccounts:isHnsEnabled", Key::None, RESOURCE, Kind::Bool),
    ("Microsoft.Storage/storageAccounts/encryptionScopes:name", Key::None, RESOURCE, Kind::Text),
    ("Microsoft.Storage/storageAccounts/blobServices/containers:name", Key::None, RESOURCE, Kind::Text),
    ("Microsoft.Storage/storageAccounts/blobServices/containers/metadata", Key::Plain, RESOURCE, Kind::Text),
    ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path", Key::None, RESOURCE, Kind::Text),
    (
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs:isCurrentVersion",
        Key::None,
        RESOURCE,
        Kind::Bool,
    ),
    ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs:prefix", Key::None, REQUEST, Kind::Text),
    ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs:include", Key::None, REQUEST, Kind::TextList),
    ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs:snapshot", Key::None, REQUEST, Kind::Time),
    ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs:versionId", Key::None, REQUEST, Kind::Time),
    (TAGS, Key::CaseSensitive, BOTH, Kind::Text),
    ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags&$keys$&", Key::None, BOTH, Kind::TextList),
    ("Microsoft.Storage/storageAccounts/queueServices/queues:name", Key::None, RESOURCE, Kind::Text),
    ("Microsoft.ContainerRegistry/registries/repositories:name", Key::None, REQUEST, Kind::Text),
    ("Microsoft.Authorization/roleAssignments:RoleDefinitionId", Key::None, BOTH, Kind::Guid),
    ("Microsoft.Authorization/roleAssignments:PrincipalId", Key::None, BOTH, Kind::Guid),
    ("Microsoft.Authorization/roleAssignments:PrincipalType", Key::None, BOTH, Kind::Text),
    ("Microsoft.Directory/CustomSecurityAttributes/Id", Key::Plain, PRINCIPAL, Kind::Custom),
    ("isPrivateLink", Key::None, ENVIRONMENT, Kind::Bool),
    ("Microsoft.Network/privateEndpoints", Key::None, ENVIRONMENT, Kind::Text),
    ("Microsoft.Network/virtualNetworks/subnets", Key::None, ENVIRONMENT, Kind::Text),
    ("UtcNow", Key::None, ENVIRONMENT, Kind::Time),
    // How the preview asked for the sub-operation. Conditions of that time still hold it.
    (SUB_OPERATION, Key::None, REQUEST, Kind::Text),
];

/// The request attribute that stands for the sub-operation.
pub(super) const SUB_OPERATION: &str = "subOperation";

/// The sub-operations of Blob Storage. No other service has any. The second is deprecated, and still taken.
pub(super) const SUB_OPERATIONS: [&str; 4] =
    ["Blob.List", "Blob.Read.WithTagConditions", "Blob.Write.Tier", "Blob.Write.WithTagHeaders"];

/// What an attribute holds, or why there is none such.
pub(super) fn kind(attribute: &Attribute) -> Result<Kind, String> {
    let source = attribute.source.name();
    let found = CATALOGUE.iter().find(|(known, key, ..)| named(&attribute.name, known, *key));
    match found {
        None => Err(format!("{source} attribute {} is not valid", attribute.name)),
        Some((_, _, sources, _)) if !sources.contains(&attribute.source) => {
            Err(format!("{} is no attribute of @{source}", attribute.name))
        }
        Some((.., kind)) => Ok(*kind),
    }
}

/// Whether a name is that of a known attribute.
fn named(name: &str, known: &str, key: Key) -> bool {
    let given = |suffix: &str| -> Option<String> {
        let (start, rest) = (name.get(..known.len())?, name.get(known.len()..)?);
        let key = rest.strip_prefix(':')?.strip_suffix(suffix)?;
        start.eq_ignore_ascii_case(known).then(|| key.to_owned())
    };
    match key {
        Key::None => name.eq_ignore_ascii_case(known),
        Key::Plain => given("").is_some_and(|key| plain_key(&key)),
        Key::CaseSensitive => given(CASE_SENSITIVE).is_some_and(|key| tag_key(&key)),
    }
}

fn plain_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// The keys of blob index tags: 1 to 128 characters of a given set.
fn tag_key(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" +-./:=_".contains(&byte);
    (1..=128).contains(&key.len()) && key.bytes().all(allowed)
}

/// The form of a name in which two names of the same attribute are equal.
pub(super) fn canonical(name: &str) -> String {
    let name = name.strip_suffix(CASE_SENSITIVE).unwrap_or(name);
    match name.split_once(':') {
        Some((start, key)) if start.eq_ignore_ascii_case(TAGS) => format!("{}:{key}", start.to_ascii_lowercase()),
        _ => name.to_ascii_lowercase(),
    }
}

//! The tags of what the stack makes.

use aws_sdk_iam::types::Tag;
use cloudgrant_core::{Error, ErrorKind, Result, quoted};
use serde_json::{Map, Value};

/// Tags of an object, by key: those that say something of the stack, and those that the manifest names.
pub(crate) type Tags = Map<String, Value>;

pub(super) fn tag_pairs(tags: Option<&Tags>) -> Vec<(String, String)> {
    let tags = tags.into_iter().flatten();
    tags.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

pub(super) fn tags(tags: Option<&Tags>) -> Result<Vec<Tag>> {
    tag_pairs(tags).iter().map(|(key, value)| tag(key, value)).collect()
}

pub(super) fn tag(key: &str, value: &str) -> Result<Tag> {
    Tag::builder()
        .key(key)
        .value(value)
        .build()
        .map_err(|cause| Error::new(ErrorKind::Unexpected, format!("the tag {key} can't be made")).source(cause))
}

/// Tags as the commands of IAM take them, each behind a space.
pub(super) fn tag_words(tags: Option<&Tags>) -> String {
    let tags = tag_pairs(tags).into_iter().map(|(key, value)| format!("Key={key},Value={value}"));
    tags.map(|tag| format!(" {}", quoted(&tag))).collect()
}

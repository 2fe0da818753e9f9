//! Reading a manifest that is right: each entry of its long lists as soon as it is there, without a tree of the whole
//! file and without places.
//!
//! Whatever is odd ends it. Then the file is read again with all that it takes to say what is wrong, and where; so this
//! may refuse what is right after all, but never take what isn't.
//!
//! # Why there are two ways of reading
//!
//! Reading with places makes a tree of the whole file: 34 to 37 bytes of memory for each byte of YAML at its peak, where this takes
//! 9 to 10. For 1,000 grants (0.13 MB) that is 10 MB in place of 6, for 100,000 (13.7 MB) 474 MB in place of 143; of the manifest by
//! which the memory of planning is bounded, to 3,000 bytes a grant, reading alone would take 3,400. CPU: three times as much, 3.3 ms in
//! place of 1.0 for 20 grants, 123 in place of 40 for 1,000, and 13.4 s in place of 5.0 for 100,000, in a debug build; a release build
//! takes some tenth of that (docs/benchmarks.md: a manifest of 100,000 grants with a mistake in it, which is read with places, takes
//! more CPU until it is refused than a whole plan of a right one). Measured in YAML, with an anchor in the file for the other way.

pub(super) mod pieces;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::manifest::document::entries::{self, ResourceEntry};
use crate::manifest::document::{self, Lists};
use crate::manifest::text::format::{DEEPEST, Format, plain};
use crate::manifest::text::{tree, yaml_events};
use crate::vocabulary::names::ResourceName;

/// A manifest as it stands in its file.
#[derive(Debug)]
pub(super) struct Quick {
    /// Everything but the lists.
    pub(super) head: Map<String, Value>,
    pub(super) lists: Lists,
}

impl Format {
    /// Reads a manifest that is right; nothing where anything has to be looked at.
    pub(in crate::manifest) fn quick(self, text: &str) -> Option<Quick> {
        match self {
            Self::Yaml => match pieces::yaml::cut(text) {
                Some(pieces) => pieces::yaml::read(&pieces, DEEPEST, plain),
                None => yaml_events::read(text, DEEPEST, plain).ok(),
            },
            Self::Toml => match pieces::toml::cut(text) {
                Some((style, pieces)) => pieces::toml::read(style, &pieces),
                None => toml::from_str(text).ok(),
            },
            Self::Json => serde_json::from_str(text).ok(),
        }
    }
}

/// Keys that some notation gives a meaning of its own: YAML's merge key, the marks of dates and numbers.
fn is_odd(key: &str) -> bool {
    key == "<<" || key.starts_with('$')
}

fn odd<E: Error>() -> E {
    E::custom("something that has to be looked at")
}

impl<'de> Deserialize<'de> for Quick {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Top;
        impl<'de> Visitor<'de> for Top {
            type Value = Quick;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a manifest")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Quick, A::Error> {
                let mut head = Map::new();
                let providers = document::known_providers();
                let (mut resources, mut grants, mut bindings) = (None, None, None);
                while let Some(key) = entries.next_key::<String>()? {
                    let odd_one = match key.as_str() {
                        "resources" => resources.replace(entries.next_value_seed(Resources)?).is_some(),
                        "grants" => grants.replace(entries.next_value::<List<_>>()?.0).is_some(),
                        "bindings" => bindings.replace(entries.next_value::<List<_>>()?.0).is_some(),
                        name if !document::is_key(name, &providers) => true,
                        _ => head.insert(key, entries.next_value::<Plain>()?.0).is_some(),
                    };
                    if odd_one {
                        return Err(odd());
                    }
                }
                let lists = Lists {
                    resources: Arc::new(resources.unwrap_or_default()),
                    grants: Arc::new(grants.unwrap_or_default()),
                    bindings: Arc::new(bindings.unwrap_or_default()),
                };
                Ok(Quick { head, lists })
            }
        }
        deserializer.deserialize_any(Top)
    }
}

/// A list of things that are read one by one.
pub(super) struct List<T>(pub(super) Vec<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(PhantomData<T>);
        impl<'de, T: DeserializeOwned> Visitor<'de> for Items<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(Keyed(item)) = items.next_element()? {
                    list.push(item);
                }
                list.shrink_to_fit();
                Ok(List(list))
            }
        }
        deserializer.deserialize_any(Items(PhantomData))
    }
}

/// What has named keys, read from a mapping alone: a list of its values in some order would do for serde.
struct Keyed<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Keyed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Map<T> {
            type Value = Keyed<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }
            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Keyed<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(entries)).map(Keyed)
            }
        }
        deserializer.deserialize_map(Map(PhantomData))
    }
}

/// The resources, by name.
struct Resources;

impl<'de> DeserializeSeed<'de> for Resources {
    type Value = BTreeMap<ResourceName, ResourceEntry>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Resources {
    type Value = BTreeMap<ResourceName, ResourceEntry>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let providers = document::known_providers();
        let (mut resources, mut problems) = (BTreeMap::new(), Vec::new());
        while let Some((name, Plain(value))) = entries.next_entry::<String, Plain>()? {
            let Some((Some(name), entry)) = entries::resource(&name, &value, &providers, &mut problems) else {
                return Err(odd());
            };
            if resources.insert(name, entry).is_some() || !problems.is_empty() {
                return Err(odd());
            }
        }
        Ok(resources)
    }
}

/// A value in which nothing is odd: no key stands twice, nothing is null, and no number is one that notations write
/// differently.
struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Plain;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Plain, E> {
                Ok(Plain(value.into()))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Plain, E> {
                u64::try_from(value).map(|value| Plain(value.into())).map_err(|_| odd())
            }
            fn visit_u64<E>(self, value: u64) -> Result<Plain, E> {
                Ok(Plain(value.into()))
            }
            fn visit_str<E: Error>(self, value: &str) -> Result<Plain, E> {
                self.visit_string(value.to_owned())
            }
            fn visit_string<E: Error>(self, value: String) -> Result<Plain, E> {
                match tree::variable(&value) {
                    None => Ok(Plain(value.into())),
                    Some(_) => Err(odd()),
                }
            }
            // A key without a value is refused, with its place.
            fn visit_unit<E: Error>(self) -> Result<Plain, E> {
                Err(odd())
            }
            fn visit_none<E: Error>(self) -> Result<Plain, E> {
                Err(odd())
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Plain, D::Error> {
                Plain::deserialize(deserializer)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Plain, A::Error> {
                let mut list = Vec::new();
                while let Some(Plain(item)) = items.next_element()? {
                    list.push(item);
                }
                Ok(Plain(list.into()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Plain, A::Error> {
                let mut map = Map::new();
                while let Some(key) = entries.next_key::<String>()? {
                    if is_odd(&key) || map.insert(key, entries.next_value::<Plain>()?.0).is_some() {
                        return Err(odd());
                    }
                }
                Ok(Plain(map.into()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

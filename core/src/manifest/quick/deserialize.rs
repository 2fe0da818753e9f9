//! A manifest as serde reads it, and nothing that is odd.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::manifest::document::entries::{self, ResourceEntry};
use crate::manifest::document::{self, Lists};
use crate::manifest::text::tree;
use crate::vocabulary::names::ResourceName;

/// A manifest as it stands in its file.
#[derive(Debug)]
pub(in crate::manifest) struct Quick {
    /// Everything but the lists.
    pub(in crate::manifest) head: Map<String, Value>,
    pub(in crate::manifest) lists: Lists,
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
pub(in crate::manifest) struct List<T>(pub(in crate::manifest) Vec<T>);

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

//! Paths to fields, and sets of them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Bound;

use serde_json::{Map, Value, json};

use super::schema::Type;

/// A step of a path. Their order is the one in which managed fields are written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    /// A field of a struct, or an entry of a map.
    Field(String),
    /// An item of a list, by the field that tells its items apart.
    Key(String, String),
    /// A text in a set.
    Value(String),
}

/// The way to a field.
pub(crate) type Path = Vec<Element>;

impl Element {
    /// As managed fields write it: `f:metadata`, `k:{"name":"x"}`, `v:"x"`.
    fn written(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(name, value) => format!("k:{{{}:{}}}", json!(name), json!(value)),
            Self::Value(value) => format!("v:{}", json!(value)),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "f" => Some(Self::Field(rest.to_owned())),
            "k" => {
                let key: Map<String, Value> = serde_json::from_str(rest).ok()?;
                let (name, value) = key.iter().next()?;
                Some(Self::Key(name.clone(), value.as_str()?.to_owned()))
            }
            "v" => Some(Self::Value(serde_json::from_str(rest).ok()?)),
            _ => None,
        }
    }
}

/// As errors write a path: `.metadata.annotations.team`, `.secrets[name="x"]`.
pub(crate) fn shown(path: &[Element]) -> String {
    let mut text = String::new();
    for element in path {
        // Writing into a text can't fail.
        let _ = match element {
            Element::Field(name) => write!(text, ".{name}"),
            Element::Key(name, value) => write!(text, "[{name}={value:?}]"),
            Element::Value(value) => write!(text, "[={value:?}]"),
        };
    }
    text
}

/// The order in which conflicts are told: at each level first the fields of a set, then what is below others.
pub(crate) fn by_level(a: &Path, b: &Path) -> Ordering {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let last = |path: &Path| path.len() <= same + 1;
    last(b).cmp(&last(a)).then_with(|| a.cmp(b))
}

/// A set of paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Set(BTreeSet<Path>);

impl Set {
    pub(crate) fn insert(&mut self, path: Path) {
        self.0.insert(path);
    }

    pub(crate) fn has(&self, path: &[Element]) -> bool {
        self.0.contains(path)
    }

    /// Whether a path of it leads beyond this one.
    pub(crate) fn goes_beyond(&self, path: &[Element]) -> bool {
        // What begins with a path stands right behind it.
        let behind = self.0.range::<[Element], _>((Bound::Included(path), Bound::Unbounded));
        behind.take_while(|one| one.starts_with(path)).any(|one| one.len() > path.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.iter()
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    pub(crate) fn difference(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The same with every struct field that a path leads through.
    pub(crate) fn with_named_fields(&self, of: &Type) -> Self {
        let mut all = self.0.clone();
        for path in &self.0 {
            let mut above = Some(of);
            for (at, element) in path.iter().enumerate() {
                if at + 1 < path.len() && matches!(above, Some(Type::Record(_))) {
                    all.insert(path[..=at].to_vec());
                }
                above = above.and_then(|above| above.below(element));
            }
        }
        Self(all)
    }

    /// As managed fields write it.
    pub(crate) fn written(&self) -> Value {
        let mut root = Node::default();
        for path in &self.0 {
            let mut node = &mut root;
            for element in path {
                node = node.below.entry(element.clone()).or_default();
            }
            node.is_member = true;
        }
        root.written()
    }

    /// Reads what managed fields write. What no path is, is left out.
    pub(crate) fn read(written: &Value) -> Self {
        let mut set = Self::default();
        set.read_below(&mut Vec::new(), written);
        set
    }

    fn read_below(&mut self, path: &mut Path, written: &Value) {
        let Value::Object(entries) = written else { return };
        for (name, below) in entries {
            if name == "." {
                self.insert(path.clone());
                continue;
            }
            let Some(element) = Element::read(name) else { continue };
            path.push(element);
            if below.as_object().is_none_or(Map::is_empty) {
                self.insert(path.clone());
            } else {
                self.read_below(path, below);
            }
            path.pop();
        }
    }
}

impl FromIterator<Path> for Set {
    fn from_iter<T: IntoIterator<Item = Path>>(paths: T) -> Self {
        Self(paths.into_iter().collect())
    }
}

#[derive(Default)]
struct Node {
    is_member: bool,
    below: BTreeMap<Element, Node>,
}

impl Node {
    fn written(&self) -> Value {
        let mut entries = Map::new();
        if self.is_member && !self.below.is_empty() {
            entries.insert(".".to_owned(), json!({}));
        }
        entries.extend(self.below.iter().map(|(element, node)| (element.written(), node.written())));
        Value::Object(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_written_and_read() {
        let written = json!({
            "f:metadata": {
                "f:annotations": {".": {}, "f:a.example/x": {}},
                "f:finalizers": {"v:\"a\"": {}},
            },
            "f:secrets": {"k:{\"name\":\"x\"}": {}},
        });
        let set = Set::read(&written);
        assert_eq!(set.paths().count(), 4);
        assert_eq!(set.written(), written);
        let said: Vec<String> = set.paths().map(|path| shown(path)).collect();
        assert_eq!(
            said,
            [
                ".metadata.annotations",
                ".metadata.annotations.a.example/x",
                r#".metadata.finalizers[="a"]"#,
                r#".secrets[name="x"]"#
            ]
        );
        let annotations = [Element::Field("metadata".into()), Element::Field("annotations".into())];
        assert!(set.has(&annotations) && set.goes_beyond(&annotations));
        assert!(!set.goes_beyond(&[Element::Field("metadatb".into())]));
    }

    #[test]
    fn members_of_a_level_come_before_what_is_below() {
        let path = |text: &str| text.split('.').map(|name| Element::Field(name.to_owned())).collect::<Path>();
        let mut paths = [path("a.b.c"), path("z"), path("a.z"), path("a.b")];
        paths.sort_by(by_level);
        assert_eq!(paths, [path("z"), path("a.b"), path("a.z"), path("a.b.c")]);
    }
}

//! What is set for a scope, as the service writes it: one service account and some annotations are known here, and all else is kept.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What is set for a scope: a project and domain, or a wider one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) project: String,
    pub(crate) domain: String,
    /// All of it, as the service writes it: what isn't known here is kept.
    pub(crate) settings: Map<String, Value>,
    /// The version, by which a write is refused that somebody else was quicker than; 0 where there is no record.
    pub(crate) version: u64,
    pub(crate) account: Account,
    pub(crate) annotations: Annotations,
}

/// Which service account is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Account {
    /// That of the next wider scope.
    Inherited,
    /// None, not even that of a wider scope.
    Unset,
    Named(String),
}

/// Which annotations of pods are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Annotations {
    /// Those of wider scopes.
    Inherited,
    /// None, not even those of wider scopes.
    Unset,
    /// These, beside those of wider scopes.
    Entries(BTreeMap<String, String>),
}

impl Account {
    /// As `flyte edit settings` has it; nothing where it is inherited.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Inherited => None,
            Self::Unset => Some(UNSET),
            Self::Named(name) => Some(name),
        }
    }
}

/// How `flyte edit settings` writes that nothing is set, not even by a wider scope.
pub(crate) const UNSET: &str = "~unset";

impl Record {
    /// That of a project and domain without a record.
    pub(crate) fn none(project: &str, domain: &str) -> Self {
        Self {
            project: project.to_owned(),
            domain: domain.to_owned(),
            settings: Map::new(),
            version: 0,
            account: Account::Inherited,
            annotations: Annotations::Inherited,
        }
    }

    /// Nothing where it can't be read: taken for nothing, it would be written back as that.
    pub(crate) fn read(record: &Value) -> Option<Self> {
        let key = &record["key"];
        let text = |name: &str| key.get(name).map_or(Some(""), Value::as_str).map(str::to_owned);
        let settings = match record.get("settings") {
            None | Some(Value::Null) => Map::new(),
            Some(settings) => settings.as_object()?.clone(),
        };
        Some(Self {
            project: text("project")?,
            domain: text("domain")?,
            version: match record.get("version") {
                None | Some(Value::Null) => 0,
                Some(Value::String(digits)) => digits.parse().ok()?,
                Some(number) => number.as_u64()?,
            },
            account: account(&settings)?,
            annotations: annotations(&settings)?,
            settings,
        })
    }

    /// Whose it is, for people.
    pub(crate) fn whose(&self) -> String {
        match (self.project.is_empty(), self.domain.is_empty()) {
            (false, _) => format!("project {} in domain {}", self.project, self.domain),
            (true, false) => format!("domain {}", self.domain),
            (true, true) => "the organization".to_owned(),
        }
    }

    /// An annotation of pods.
    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        match &self.annotations {
            Annotations::Entries(entries) => entries.get(key).map(String::as_str),
            Annotations::Inherited | Annotations::Unset => None,
        }
    }

    /// All annotations of pods that are set here.
    pub(crate) fn all_annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        let entries = match &self.annotations {
            Annotations::Entries(entries) => Some(entries),
            Annotations::Inherited | Annotations::Unset => None,
        };
        entries.into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The same with another account.
    pub(crate) fn with_account(mut self, account: Option<&str>) -> Self {
        let next = account.map_or(Account::Inherited, |name| Account::Named(name.to_owned()));
        if self.account == next {
            return self;
        }
        let mut security = object(&self.settings, "security");
        match account {
            Some(name) => _ = security.insert(ACCOUNT.to_owned(), json!({ "state": VALUE, "stringValue": name })),
            None => _ = security.shift_remove(ACCOUNT),
        }
        put(&mut self.settings, "security", security);
        self.account = next;
        self
    }

    /// The same with an annotation of pods, or without it. One that isn't set here stays so where it goes.
    pub(crate) fn with_annotation(mut self, key: &str, value: Option<&str>) -> Self {
        if self.annotation(key) == value {
            return self;
        }
        let mut entries = match self.annotations {
            Annotations::Entries(entries) => entries,
            Annotations::Inherited | Annotations::Unset => BTreeMap::new(),
        };
        match value {
            Some(value) => _ = entries.insert(key.to_owned(), value.to_owned()),
            None => _ = entries.remove(key),
        }
        if entries.is_empty() {
            // What has none of its own has those of wider scopes, as one does that inherits.
            self.settings.shift_remove(ANNOTATIONS);
            self.annotations = Annotations::Inherited;
        } else {
            // What else it says stays.
            let mut setting = object(&self.settings, ANNOTATIONS);
            let mut values = object(&setting, "mapValue");
            values.insert("entries".to_owned(), json!(entries));
            setting.insert("state".to_owned(), VALUE.into());
            setting.insert("mapValue".to_owned(), values.into());
            self.settings.insert(ANNOTATIONS.to_owned(), setting.into());
            self.annotations = Annotations::Entries(entries);
        }
        self
    }
}

const ACCOUNT: &str = "serviceAccount";
const ANNOTATIONS: &str = "annotations";
pub(crate) const VALUE: &str = "SETTING_STATE_VALUE";

fn object(of: &Map<String, Value>, key: &str) -> Map<String, Value> {
    of.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn put(into: &mut Map<String, Value>, key: &str, value: Map<String, Value>) {
    match value.is_empty() {
        true => _ = into.shift_remove(key),
        false => _ = into.insert(key.to_owned(), value.into()),
    }
}

/// The state of a setting, by the numbers of `SettingState`.
fn state(setting: &Value) -> Option<u8> {
    match setting.get("state") {
        None | Some(Value::Null) => Some(0),
        Some(Value::String(name)) => match name.as_str() {
            "SETTING_STATE_INHERIT" => Some(0),
            "SETTING_STATE_UNSET" => Some(1),
            VALUE => Some(2),
            _ => None,
        },
        Some(number) => number.as_u64().filter(|number| *number <= 2).and_then(|number| u8::try_from(number).ok()),
    }
}

/// Of a message that may be absent, the inner one of that name; `None` where it is no message.
fn inner<'a>(of: &'a Map<String, Value>, key: &str) -> Option<Option<&'a Value>> {
    match of.get(key) {
        None | Some(Value::Null) => Some(None),
        Some(value) if value.is_object() => Some(Some(value)),
        Some(_) => None,
    }
}

fn account(settings: &Map<String, Value>) -> Option<Account> {
    let Some(security) = inner(settings, "security")?.and_then(Value::as_object) else {
        return Some(Account::Inherited);
    };
    let Some(setting) = inner(security, ACCOUNT)? else { return Some(Account::Inherited) };
    match state(setting)? {
        0 => Some(Account::Inherited),
        1 => Some(Account::Unset),
        _ => Some(Account::Named(setting.get("stringValue").map_or(Some(""), Value::as_str)?.to_owned())),
    }
}

fn annotations(settings: &Map<String, Value>) -> Option<Annotations> {
    let Some(setting) = inner(settings, ANNOTATIONS)? else { return Some(Annotations::Inherited) };
    match state(setting)? {
        0 => return Some(Annotations::Inherited),
        1 => return Some(Annotations::Unset),
        _ => {}
    }
    let entries = match setting.get("mapValue").and_then(|map| map.get("entries")) {
        None | Some(Value::Null) => return Some(Annotations::Entries(BTreeMap::new())),
        Some(entries) => entries.as_object()?,
    };
    let entries = entries.iter().map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    entries.collect::<Option<_>>().map(Annotations::Entries)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The settings of `vision` in `production`.
    pub(crate) fn record(settings: Value) -> Record {
        let key = json!({ "project": "vision", "domain": "production" });
        Record::read(&json!({ "key": key, "settings": settings, "version": "7" })).expect("a record")
    }

    #[test]
    fn one_leaf_changes_and_all_else_stays_as_the_service_wrote_it() {
        let others = json!({
            "run": { "defaultQueue": { "state": "SETTING_STATE_VALUE", "stringValue": "gpu" } },
            "security": { "ofTomorrow": { "state": "SETTING_STATE_UNSET" } },
            "annotations": { "state": "SETTING_STATE_VALUE", "mapValue": { "entries": { "team": "a" } } },
            "ofTomorrow": { "state": 77 },
        });
        let before = record(others.clone());
        let with = before.clone().with_account(Some("tasks")).with_annotation("mine", Some("x"));
        assert_eq!(with.settings["security"][ACCOUNT], json!({ "state": VALUE, "stringValue": "tasks" }));
        assert_eq!(with.settings["annotations"]["mapValue"]["entries"], json!({ "team": "a", "mine": "x" }));
        assert_eq!((&with.settings["run"], &with.settings["ofTomorrow"]), (&others["run"], &others["ofTomorrow"]));
        let written =
            json!({ "key": { "project": "vision", "domain": "production" }, "settings": with.settings, "version": 7 });
        assert_eq!(Record::read(&written).expect("a record"), with);
        let back = with.with_account(None).with_annotation("mine", None);
        assert_eq!(Value::Object(back.settings), others);
        // Where nothing of others is, nothing stays.
        let alone = record(json!({})).with_account(Some("tasks")).with_annotation("mine", Some("x"));
        assert_eq!(alone.with_account(None).with_annotation("mine", None).settings, Map::new());
    }

    /// Each setting says at which scope it is set; the tool of the platform writes that back, and so is it kept where others have it.
    #[test]
    fn what_a_setting_says_beside_its_value_stays() {
        let others = json!({
            "annotations": {
                "state": VALUE, "scopeLevel": "SCOPE_LEVEL_PROJECT", "mapValue": { "entries": { "team": "a" }, "ofTomorrow": 1 },
            },
            "security": {
                "serviceAccount": { "state": "SETTING_STATE_INHERIT", "scopeLevel": "SCOPE_LEVEL_DOMAIN" },
                "ofTomorrow": { "state": VALUE, "scopeLevel": "SCOPE_LEVEL_PROJECT", "stringValue": "x" },
            },
        });
        let before = record(others.clone());
        assert_eq!(before.account, Account::Inherited);
        let with = before.with_account(Some("tasks")).with_annotation("mine", Some("x"));
        let annotations = &with.settings["annotations"];
        assert_eq!(
            (&annotations["scopeLevel"], &annotations["mapValue"]),
            (&json!("SCOPE_LEVEL_PROJECT"), &json!({ "entries": { "team": "a", "mine": "x" }, "ofTomorrow": 1 }))
        );
        assert_eq!(with.settings["security"]["ofTomorrow"], others["security"]["ofTomorrow"]);
        let back = with.with_account(None).with_annotation("mine", None);
        assert_eq!(back.settings["annotations"], others["annotations"]);
        assert_eq!(back.settings["security"], json!({ "ofTomorrow": others["security"]["ofTomorrow"] }));
    }

    #[test]
    fn what_cannot_be_read_is_no_empty_record() {
        let read = |settings: Value, version: Value| {
            Record::read(&json!({ "key": {}, "settings": settings, "version": version }))
        };
        assert!(read(Value::Null, Value::Null).is_some_and(|record| record.version == 0));
        for settings in [
            json!([]),
            json!({ "security": [] }),
            json!({ "security": { "serviceAccount": "x" } }),
            json!({ "security": { "serviceAccount": { "state": "SETTING_STATE_OF_TOMORROW" } } }),
            json!({ "security": { "serviceAccount": { "state": 2, "stringValue": 5 } } }),
            json!({ "annotations": { "state": VALUE, "mapValue": { "entries": { "a": 1 } } } }),
            json!({ "annotations": { "state": VALUE, "mapValue": { "entries": [] } } }),
        ] {
            assert_eq!(read(settings.clone(), json!("1")), None, "{settings}");
        }
        assert_eq!(read(json!({}), json!("-1")), None);
    }
}

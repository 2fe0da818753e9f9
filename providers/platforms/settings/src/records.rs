//! Settings of projects and domains, as the service keeps them, and what they are for: projects and domains.

use std::collections::BTreeMap;
use std::time::Duration;

use cloudgrant_core::{Error, ErrorKind, Result};
use cloudgrant_platform_control_plane::{Deployment, Project, Protocol, Service, Surroundings};
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// Source: flyteorg/flyte, `flyteidl2/settings/settings_service.proto` and `flyteidl2/project/project_service.proto`.
static SERVICE: Service = Service {
    name: "the settings service",
    permissions: crate::permissions::NAME,
    protocol: Protocol::Connect,
    missing: "Flyte 1 has no settings service, nor has Union 1: there, choose `platform.delivery: admin`, or `kubernetes`",
};
const SETTINGS: &str = "flyteidl2.settings.SettingsService";
const PROJECTS: &str = "flyteidl2.project.ProjectService";

/// How many projects one answer may have, and how many answers there may be.
const PAGE: u32 = 100;
const PAGES: usize = 10_000;
/// How many records are read at once: there is no call that lists them.
const AT_ONCE: usize = 8;
/// How often those are read again whose answers failed, and the first wait before that, which doubles.
const ROUNDS: u32 = 4;
const WAIT: Duration = Duration::from_millis(100);

/// The settings service of a deployment.
#[derive(Debug)]
pub(crate) struct SettingsService {
    /// The way to it.
    pub(crate) way: Deployment,
    /// Whose settings, where the control plane serves several.
    organization: Option<String>,
}

/// What is set for a scope: a project and domain, or a wider one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    project: String,
    domain: String,
    /// All of it, as the service writes it: what isn't known here is kept.
    settings: Map<String, Value>,
    /// The version, by which a write is refused that somebody else was quicker than; 0 where there is no record.
    version: u64,
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

/// What a read of a project and domain gives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Read {
    pub(crate) own: Record,
    /// The records of its domain and its organization, the nearest first.
    pub(crate) wider: Vec<Record>,
}

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    /// Nothing was written: somebody else has written since the record was read.
    Outrun,
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

impl Read {
    /// Under which account tasks run where the project and domain have none of their own, for people.
    pub(crate) fn inherited(&self) -> String {
        let wider = self.wider.iter().find_map(|record| Some((record, record.account.text()?)));
        match wider {
            Some((record, account)) if account != UNSET => format!("`{account}` of {}", record.whose()),
            _ => "the platform's default account".to_owned(),
        }
    }
}

impl Record {
    fn none(project: &str, domain: &str) -> Self {
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
    fn read(record: &Value) -> Option<Self> {
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
    fn whose(&self) -> String {
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
            let setting = json!({ "state": VALUE, "mapValue": { "entries": entries } });
            self.settings.insert(ANNOTATIONS.to_owned(), setting);
            self.annotations = Annotations::Entries(entries);
        }
        self
    }
}

const ACCOUNT: &str = "serviceAccount";
const ANNOTATIONS: &str = "annotations";
const VALUE: &str = "SETTING_STATE_VALUE";

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

impl SettingsService {
    pub(crate) fn of(surroundings: Surroundings, organization: Option<String>) -> Self {
        Self { way: Deployment::of(&SERVICE, surroundings, organization.is_some()), organization }
    }

    /// The settings of a project and domain, with those of wider scopes, each as it is set there.
    pub(crate) async fn record(&self, project: &str, domain: &str) -> Result<Read> {
        let what = format!("can't read the settings of project {project} in domain {domain}");
        let key = self.key(&what, project, domain)?;
        let (status, body) = self.call(&what, SETTINGS, "GetSettingsForEdit", &json!({ "key": key })).await?;
        if status != 200 {
            return Err(self.refused(&what, status, &body, project, domain));
        }
        read(&body, project, domain).ok_or_else(|| self.way.of_another(&what))
    }

    /// Those of several, some at a time, each by its name and with what came of it. Where only some of the answers fail, these are asked
    /// for once more, some times: all others would have to be read again with them.
    pub(crate) async fn records(&self, names: Vec<(String, String)>) -> Vec<((String, String), Result<Read>)> {
        let mut reads = self.read_each(names).await;
        for round in 0..ROUNDS {
            let is_to_be_read = |read: &Result<Read>| read.as_ref().is_err_and(|error| error.kind().is_retryable());
            let (again, there): (Vec<_>, Vec<_>) = reads.into_iter().partition(|(_, read)| is_to_be_read(read));
            if again.is_empty() || there.is_empty() {
                return again.into_iter().chain(there).collect();
            }
            tokio::time::sleep(WAIT * 2_u32.pow(round)).await;
            let again = again.into_iter().map(|(name, _)| name).collect();
            reads = there.into_iter().chain(self.read_each(again).await).collect();
        }
        reads
    }

    async fn read_each(&self, names: Vec<(String, String)>) -> Vec<((String, String), Result<Read>)> {
        let reads = names.into_iter().map(|name| async move {
            let read = self.record(&name.0, &name.1).await;
            (name, read)
        });
        stream::iter(reads).buffered(AT_ONCE).collect().await
    }

    /// Writes a record with the version that was read: made, where there was none, and refused where somebody was quicker.
    pub(crate) async fn write(&self, record: &Record) -> Result<Written> {
        let Record { project, domain, settings, version, .. } = record;
        let what = format!("can't write the settings of project {project} in domain {domain}");
        let mut body = json!({ "key": self.key(&what, project, domain)?, "settings": settings });
        let method = match version {
            0 => "CreateSettings",
            version => {
                body["version"] = version.to_string().into();
                "UpdateSettings"
            }
        };
        let (status, answer) = self.call(&what, SETTINGS, method, &body).await?;
        match (status, answer["code"].as_str().unwrap_or_default()) {
            (200, _) if answer.is_object() => Ok(Written::Done),
            (200, _) => Err(self.way.of_another(&what)),
            // A record that is gone since it was read has another version as well.
            (_, "failed_precondition" | "already_exists" | "aborted") => Ok(Written::Outrun),
            (status, _) => Err(self.refused(&what, status, &answer, project, domain)),
        }
    }

    /// All projects, archived ones among them.
    pub(crate) async fn projects(&self) -> Result<Vec<Project>> {
        const WHAT: &str = "can't list the projects of the deployment";
        let (mut all, mut token) = (Vec::new(), String::new());
        for _ in 0..PAGES {
            let mut body = json!({ "limit": PAGE, "filters": "gte(state,0)" });
            if let Some(organization) = self.organization(WHAT)? {
                body["org"] = organization.into();
            }
            if !token.is_empty() {
                body["token"] = token.as_str().into();
            }
            let (status, body) = self.call(WHAT, PROJECTS, "ListProjects", &body).await?;
            if status != 200 {
                return Err(self.way.answered(WHAT, status, &body));
            }
            let page = &body["projects"];
            // A list that is empty, and a message, isn't written.
            let projects = match (page.is_object(), page.get("projects")) {
                (true, None) => &Vec::new(),
                (_, Some(Value::Array(projects))) => projects,
                _ => return Err(self.way.of_another(WHAT)),
            };
            all.extend(projects.iter().map(Project::read));
            // A full last page has a token although nothing follows, and then comes an empty page.
            match page["token"].as_str().filter(|next| !next.is_empty() && *next != token && !projects.is_empty()) {
                Some(next) => token = next.to_owned(),
                None => return Ok(all),
            }
        }
        Err(self.way.of_another(WHAT))
    }

    async fn call(&self, what: &str, service: &str, method: &str, body: &Value) -> Result<(u16, Value)> {
        self.way.call(what, Method::POST, &[service, method], &[], Some(body)).await
    }

    fn key(&self, what: &str, project: &str, domain: &str) -> Result<Value> {
        if project.is_empty() || domain.is_empty() {
            // It would be about every project, or every domain.
            return Err(Error::provider_bug(SERVICE.permissions, what));
        }
        let mut key = json!({ "project": project, "domain": domain });
        if let Some(organization) = self.organization(what)? {
            key["org"] = organization.into();
        }
        Ok(key)
    }

    /// Whose settings; nothing where the control plane knows no organizations.
    fn organization(&self, what: &str) -> Result<Option<&str>> {
        match self.organization.as_deref() {
            Some("") => Err(Error::new(ErrorKind::Credentials, what)
                .with("cause", "Union's settings are those of an organization, and nothing says which one")
                .hint("set `platform.organization`, or the variable CLOUDGRANT_PLATFORM__ORGANIZATION: Union's name for you")),
            organization => Ok(organization),
        }
    }

    fn refused(&self, what: &str, status: u16, body: &Value, project: &str, domain: &str) -> Error {
        if body["code"] == "not_found" {
            let error = Error::new(ErrorKind::NotFound, what);
            let said = body["message"].as_str().unwrap_or_default();
            return error.with("it said", cloudgrant_core::shown(said)).hint(unknown(project, domain));
        }
        self.way.refused(what, status, body)
    }
}

/// What to do about a project or a domain that the deployment doesn't know.
pub(crate) fn unknown(project: &str, domain: &str) -> String {
    format!(
        "register the project (`flyte create project --id {project} --name {project}`) and set up the domain {domain}, or take them out \
         of `platform.projects` and `platform.domains`"
    )
}

/// The levels of an answer, broadest first: that of the project and domain may be missing where there is no record.
fn read(body: &Value, project: &str, domain: &str) -> Option<Read> {
    let requested = &body["requestedKey"];
    let is_asked = requested["project"] == project && requested["domain"] == domain;
    let levels: Vec<Record> = match body.get("levels") {
        None if is_asked => Vec::new(),
        levels => levels?.as_array()?.iter().map(Record::read).collect::<Option<_>>()?,
    };
    if levels.is_empty() && !is_asked {
        return None;
    }
    let (mut own, mut wider) = (None, Vec::new());
    for level in levels {
        match (level.project.as_str(), level.domain.as_str()) {
            ("", "") => wider.push(level),
            ("", of) if of == domain => wider.push(level),
            (of, within) if of == project && within == domain && own.is_none() => own = Some(level),
            _ => return None,
        }
    }
    wider.sort_by_key(|level| level.domain.is_empty());
    Some(Read { own: own.unwrap_or_else(|| Record::none(project, domain)), wider })
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

    #[test]
    fn levels_are_told_by_their_keys_and_a_level_of_somebody_else_is_no_answer() {
        let level = |key: Value, account: &str| {
            let setting = json!({ "state": VALUE, "stringValue": account });
            json!({ "key": key, "settings": { "security": { "serviceAccount": setting } }, "version": "1" })
        };
        let all = json!({ "levels": [
            level(json!({}), "of-all"),
            level(json!({ "domain": "production" }), "of-domain"),
            level(json!({ "domain": "production", "project": "vision" }), "own"),
        ] });
        let found = read(&all, "vision", "production").expect("levels");
        assert_eq!((found.own.account.text(), found.own.version), (Some("own"), 1));
        assert_eq!(found.inherited(), "`of-domain` of domain production");
        // The service may leave a level out that has no record.
        let wider = json!({ "levels": [level(json!({}), "of-all")] });
        let found = read(&wider, "vision", "production").expect("levels");
        assert_eq!(
            (found.own.clone(), found.inherited().as_str()),
            (Record::none("vision", "production"), "`of-all` of the organization")
        );
        assert!(read(&all, "vision", "development").is_none() && read(&all, "other", "production").is_none());
        for nothing in [json!({}), json!({ "levels": null }), json!({ "levels": [] }), Value::Null] {
            assert_eq!(read(&nothing, "vision", "production"), None, "{nothing}");
        }
        let requested = json!({ "requestedKey": { "project": "vision", "domain": "production" } });
        assert!(read(&requested, "vision", "production").is_some());
    }
}

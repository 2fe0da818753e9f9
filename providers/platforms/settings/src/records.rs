//! Settings of projects and domains, as the service keeps them, and what they are for: projects and domains.

use std::time::Duration;

use cloudgrant_core::{Error, ErrorKind, Result};
use cloudgrant_platform_control_plane::{Deployment, Environment, Project, Protocol, Service};
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use crate::record::{Record, UNSET};

/// Source: flyteorg/flyte, `flyteidl2/settings/settings_service.proto` and `flyteidl2/project/project_service.proto`.
static SERVICE: Service = Service {
    name: "the settings service",
    permissions: crate::permissions::NAME,
    protocol: Protocol::Connect,
    missing: "Flyte 1 has no settings service, nor has Union 1: there, choose `platform.delivery: admin`, or `kubernetes`",
};
const SETTINGS: &str = "flyteidl2.settings.SettingsService";
const PROJECTS: &str = "flyteidl2.project.ProjectService";

/// How many projects one answer may have.
const PAGE: u32 = 100;
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

impl SettingsService {
    pub(crate) fn of(environment: Environment, organization: Option<String>) -> Self {
        Self { way: Deployment::of(&SERVICE, environment, organization.is_some()), organization }
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

    /// Writes a record with the version that was read: made, where there was none (0), and refused where somebody was quicker.
    pub(crate) async fn write(&self, record: &Record, version: u64) -> Result<Written> {
        let Record { project, domain, settings, .. } = record;
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
        let (mut all, mut token, mut list) = (Vec::new(), String::new(), self.way.list());
        loop {
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
            for project in projects {
                all.push(Project::read(project).ok_or_else(|| self.way.of_another(WHAT))?);
            }
            // A full last page has a token although nothing follows, and then comes an empty page.
            match page["token"].as_str().filter(|next| !next.is_empty() && !projects.is_empty()) {
                Some(next) => {
                    list.goes_on(WHAT, next)?;
                    next.clone_into(&mut token);
                }
                None => return Ok(all),
            }
        }
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
            return error.with("it said", cloudgrant_core::redacted(said)).hint(unknown(project, domain));
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
mod tests {
    use super::*;
    use crate::record::VALUE;

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

//! From a path to the call that is meant.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::services::admin::attributes::Level;
use crate::state::model::Place;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A call of Flyte admin's API.
    Admin(Call),
    /// A call of a service that speaks Connect.
    Connect(Rpc),
    /// Where the authorization server is.
    Metadata,
    /// How clients sign in.
    ClientConfig,
    /// A token.
    Token,
    /// The keys that tokens are signed with.
    Keys,
    /// Whether the server is up.
    Health,
    /// A path of the API's with another method.
    OtherMethod,
    /// A call of a service that speaks Connect, and no `POST`.
    NoPost,
    Unknown,
}

/// A call of Flyte admin's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    ListProjects,
    GetProject(String),
    RegisterProject,
    UpdateProject(String),
    GetDomains,
    GetVersion,
    ListMatchable,
    Attributes(Verb, Level, Place),
}

/// A call of a service that speaks Connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rpc {
    GetSettings,
    GetSettingsForEdit,
    CreateSettings,
    UpdateSettings,
    ListProjects,
    GetProject,
    CreateProject,
    UpdateProject,
    GetOAuth2Metadata,
    GetPublicClientConfig,
}

/// What is done with attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Update,
    Delete,
}

impl Target {
    /// Reads a request's method and path.
    pub(crate) fn read(method: &Method, path: &str) -> Self {
        let decoded = percent_decode_str(path).decode_utf8_lossy().into_owned();
        // An encoded slash is one: the gateway takes the path apart after it was decoded.
        let segments: Vec<&str> = decoded.trim_start_matches('/').split('/').collect();
        let get = |target: Self| if method == Method::GET { target } else { Self::OtherMethod };
        match segments.as_slice() {
            ["api", "v1", rest @ ..] => admin(method, rest),
            [".well-known", "oauth-authorization-server"] => get(Self::Metadata),
            ["config", "v1", "flyte_client"] => get(Self::ClientConfig),
            ["oauth2", "token"] => Self::Token,
            ["oauth2", "jwks"] => Self::Keys,
            ["healthcheck"] => Self::Health,
            [service, call] => match Rpc::of(service, call) {
                Some(call) if method == Method::POST => Self::Connect(call),
                Some(_) => Self::NoPost,
                None => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }

    /// The operation's name, for counters, the log and the `deny` knob.
    pub(crate) fn action(&self) -> String {
        match self {
            Self::Admin(call) => format!("admin:{}", call.method()),
            Self::Connect(call) => format!("{}:{call:?}", call.family()),
            Self::Metadata => "auth:GetOAuth2Metadata".to_owned(),
            Self::ClientConfig => "auth:GetPublicClientConfig".to_owned(),
            Self::Token => "auth:Token".to_owned(),
            Self::Keys => "auth:Keys".to_owned(),
            Self::Health => "health".to_owned(),
            Self::OtherMethod | Self::NoPost | Self::Unknown => "unknown".to_owned(),
        }
    }
}

impl Rpc {
    fn of(service: &str, call: &str) -> Option<Self> {
        match (service, call) {
            ("flyteidl2.settings.SettingsService", "GetSettings") => Some(Self::GetSettings),
            ("flyteidl2.settings.SettingsService", "GetSettingsForEdit") => Some(Self::GetSettingsForEdit),
            ("flyteidl2.settings.SettingsService", "CreateSettings") => Some(Self::CreateSettings),
            ("flyteidl2.settings.SettingsService", "UpdateSettings") => Some(Self::UpdateSettings),
            ("flyteidl2.project.ProjectService", "ListProjects") => Some(Self::ListProjects),
            ("flyteidl2.project.ProjectService", "GetProject") => Some(Self::GetProject),
            ("flyteidl2.project.ProjectService", "CreateProject") => Some(Self::CreateProject),
            ("flyteidl2.project.ProjectService", "UpdateProject") => Some(Self::UpdateProject),
            ("flyteidl2.auth.AuthMetadataService", "GetOAuth2Metadata") => Some(Self::GetOAuth2Metadata),
            ("flyteidl2.auth.AuthMetadataService", "GetPublicClientConfig") => Some(Self::GetPublicClientConfig),
            _ => None,
        }
    }

    /// What counters and the `deny` knob call the service.
    fn family(self) -> &'static str {
        match self {
            Self::GetSettings | Self::GetSettingsForEdit | Self::CreateSettings | Self::UpdateSettings => "settings",
            Self::ListProjects | Self::GetProject | Self::CreateProject | Self::UpdateProject => "project",
            Self::GetOAuth2Metadata | Self::GetPublicClientConfig => "auth",
        }
    }
}

impl Call {
    /// The method of `flyteidl.service.AdminService`.
    pub(crate) fn method(&self) -> String {
        match self {
            Self::ListProjects => "ListProjects".to_owned(),
            Self::GetProject(_) => "GetProject".to_owned(),
            Self::RegisterProject => "RegisterProject".to_owned(),
            Self::UpdateProject(_) => "UpdateProject".to_owned(),
            Self::GetDomains => "GetDomains".to_owned(),
            Self::GetVersion => "GetVersion".to_owned(),
            Self::ListMatchable => "ListMatchableAttributes".to_owned(),
            Self::Attributes(verb, level, _) => format!("{verb:?}{level:?}Attributes"),
        }
    }
}

fn admin(method: &Method, rest: &[&str]) -> Target {
    let (level, names) = match rest {
        ["project_attributes", project] => (Level::Project, [*project, "", ""]),
        ["project_domain_attributes", project, domain] => (Level::ProjectDomain, [*project, *domain, ""]),
        ["workflow_attributes", project, domain, workflow] => (Level::Workflow, [*project, *domain, *workflow]),
        _ => return projects(method, rest),
    };
    let verb = match *method {
        Method::GET => Verb::Get,
        Method::PUT => Verb::Update,
        Method::DELETE => Verb::Delete,
        _ => return Target::OtherMethod,
    };
    let [project, domain, workflow] = names.map(str::to_owned);
    Target::Admin(Call::Attributes(verb, level, Place { project, domain, workflow }))
}

fn projects(method: &Method, rest: &[&str]) -> Target {
    let call = match (method, rest) {
        (&Method::GET, ["projects"]) => Call::ListProjects,
        (&Method::POST, ["projects"]) => Call::RegisterProject,
        (&Method::GET, ["projects", id]) => Call::GetProject((*id).to_owned()),
        (&Method::PUT, ["projects", id]) => Call::UpdateProject((*id).to_owned()),
        (&Method::GET, ["domains"]) => Call::GetDomains,
        (&Method::GET, ["version"]) => Call::GetVersion,
        (&Method::GET, ["matchable_attributes"]) => Call::ListMatchable,
        (_, ["projects"] | ["projects", _] | ["domains"] | ["version"] | ["matchable_attributes"]) => {
            return Target::OtherMethod;
        }
        _ => return Target::Unknown,
    };
    Target::Admin(call)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        let read = |method: Method, path| Target::read(&method, path);
        let place = Place { project: "p".to_owned(), domain: "d".to_owned(), workflow: "a.b c".to_owned() };
        let call = Call::Attributes(Verb::Delete, Level::Workflow, place);
        assert_eq!(call.method(), "DeleteWorkflowAttributes");
        assert_eq!(read(Method::DELETE, "/api/v1/workflow_attributes/p/d/a.b%20c"), Target::Admin(call));
        assert_eq!(read(Method::GET, "/api/v1/workflow_attributes/p/d/a%2Fb"), Target::Unknown);
        assert_eq!(read(Method::POST, "/api/v1/domains"), Target::OtherMethod);
        let path = "/flyteidl2.settings.SettingsService/UpdateSettings";
        assert_eq!(
            (read(Method::GET, path), read(Method::POST, path).action().as_str()),
            (Target::NoPost, "settings:UpdateSettings")
        );
        assert_eq!(read(Method::POST, "/flyteidl2.settings.SettingsService/DeleteSettings"), Target::Unknown);
        assert_eq!(read(Method::GET, "/.well-known/oauth-authorization-server"), Target::Metadata);
        let target = read(Method::PUT, "/api/v1/project_domain_attributes/p/d");
        assert_eq!(target.action(), "admin:UpdateProjectDomainAttributes");
    }
}

//! Which deployment it is, and with which credentials: what the variables and the configuration say that Flyte's and Union's own
//! tools read.
//!
//! One source decides everything: a secret of one is never taken for the endpoint of another. The first of these that is there:
//!
//! 1. `FLYTE_PLATFORM_URL`, with `FLYTE_PLATFORM_INSECURE` and `FLYTE_CREDENTIALS_…`, as flytekit has them;
//! 2. of Union, `UNIONAI_API_KEY`;
//! 3. `FLYTE_API_KEY`, which Flyte 2's own SDK takes in place of the endpoint of any file;
//! 4. the file that `FLYTECTL_CONFIG` names, or of Union `UCTL_CONFIG`; or else `~/.flyte/config.yaml`, or of Union
//!    `~/.union/config.yaml`.
//!
//! A file of the current folder is none of them, although flytectl reads one: a foreign checkout could bring it along.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use cloudgrant_core::{Error, ErrorKind, Result, redacted};
use reqwest::Url;
use serde::Deserialize;

/// Where variables and files are looked for.
#[derive(Debug, Clone, Default)]
pub struct Environment(Option<Given>);

#[derive(Debug, Clone)]
struct Given {
    variables: BTreeMap<String, String>,
    home: PathBuf,
}

/// A deployment, and how to sign in to it.
#[derive(Debug, Clone)]
pub(crate) struct DeploymentConfig {
    /// Scheme, host and port.
    pub(crate) endpoint: Url,
    pub(crate) credentials: Credentials,
    /// An authority of one's own, as a PEM file.
    pub(crate) ca_certificate: Option<PathBuf>,
    /// Where credentials may be sent beside the deployment itself.
    pub(crate) token_url: Option<Url>,
    /// What said so, for people.
    pub(crate) source: String,
}

/// With what to sign in.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// With nothing.
    None,
    /// With a client's id and secret.
    Client { id: String, secret: String, scopes: Vec<String> },
    /// With what a command prints.
    Command(Vec<String>),
    /// In a way that takes a person, which this program doesn't know.
    Person(String),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Client { .. } => "Client",
            Self::Command(_) => "Command",
            Self::Person(_) => "Person",
        })
    }
}

/// The section of a configuration that says how to reach the deployment (flyteidl: `clients/go/admin/config.go`).
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct AdminSection {
    endpoint: String,
    insecure: bool,
    insecure_skip_verify: bool,
    ca_cert_file_path: String,
    auth_type: String,
    client_id: String,
    client_secret_location: String,
    client_secret_env_var: String,
    scopes: Vec<String>,
    token_url: String,
    command: Vec<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
struct Configuration {
    admin: AdminSection,
}

impl Environment {
    /// These variables and no others, and that home.
    pub fn given(variables: BTreeMap<String, String>, home: impl Into<PathBuf>) -> Self {
        Self(Some(Given { variables, home: home.into() }))
    }

    fn variable(&self, name: &str) -> Option<String> {
        let value = match &self.0 {
            Some(given) => given.variables.get(name).cloned(),
            None => std::env::var(name).ok(),
        };
        value.filter(|value| !value.trim().is_empty())
    }

    fn home(&self) -> Option<PathBuf> {
        match &self.0 {
            Some(given) => Some(given.home.clone()),
            None => std::env::home_dir(),
        }
    }

    /// The deployment.
    ///
    /// # Errors
    /// Nothing says which one, or what says so can't be understood.
    pub(crate) fn deployment(&self, is_union: bool) -> Result<DeploymentConfig> {
        if let Some(url) = self.variable("FLYTE_PLATFORM_URL") {
            return self.of_variables(&url);
        }
        if let Some(key) = self.variable("UNIONAI_API_KEY").filter(|_| is_union) {
            return of_api_key(&key, "UNIONAI_API_KEY");
        }
        if let Some(key) = self.variable("FLYTE_API_KEY") {
            return of_api_key(&key, "FLYTE_API_KEY");
        }
        let named = ["UCTL_CONFIG", "FLYTECTL_CONFIG"].into_iter().filter(|name| is_union || *name != "UCTL_CONFIG");
        if let Some((name, file)) = named.filter_map(|name| Some((name, self.variable(name)?))).next() {
            return self.of_file(Path::new(&file), name);
        }
        let places = [".union/config.yaml", ".flyte/config.yaml"];
        let home = self.home();
        let file = places.into_iter().filter(|place| is_union || !place.starts_with(".union")).find_map(|place| {
            let file = home.as_ref()?.join(place);
            file.is_file().then_some(file)
        });
        match file {
            Some(file) => self.of_file(&file, "its usual place"),
            None => Err(unknown(is_union)),
        }
    }

    fn of_variables(&self, url: &str) -> Result<DeploymentConfig> {
        let insecure = self.variable("FLYTE_PLATFORM_INSECURE").is_some_and(|value| is_yes(&value));
        let token_url = self.variable("FLYTE_CREDENTIALS_TOKEN_URL");
        let command = self.variable("FLYTE_CREDENTIALS_COMMAND");
        let client = self.variable("FLYTE_CREDENTIALS_CLIENT_ID").zip(self.variable("FLYTE_CREDENTIALS_CLIENT_SECRET"));
        let scopes = self.variable("FLYTE_CREDENTIALS_SCOPES");
        let scopes = scopes.iter().flat_map(|scopes| scopes.split([',', ' '])).filter(|scope| !scope.is_empty());
        let credentials = match (command, client) {
            (Some(command), _) => Credentials::Command(command.split_whitespace().map(str::to_owned).collect()),
            (None, Some((id, secret))) => {
                Credentials::Client { id, secret, scopes: scopes.map(str::to_owned).collect() }
            }
            (None, None) => Credentials::None,
        };
        let source = "FLYTE_PLATFORM_URL";
        Ok(DeploymentConfig {
            endpoint: endpoint(url, insecure, source)?,
            credentials,
            ca_certificate: self.variable("FLYTE_PLATFORM_CA_CERT_FILE_PATH").map(PathBuf::from),
            token_url: token_url.map(|url| place_of_tokens(&url, "FLYTE_CREDENTIALS_TOKEN_URL")).transpose()?,
            source: source.to_owned(),
        })
    }

    fn of_file(&self, file: &Path, named: &str) -> Result<DeploymentConfig> {
        let source = file.display().to_string();
        let failed = |cause: String| {
            Error::new(ErrorKind::Credentials, "the configuration that leads to the deployment can't be used")
                .with("file", &source)
                .with("named by", named)
                .with("cause", cause)
                .hint("it is a YAML file with `admin.endpoint`, as flytectl and uctl read it")
        };
        let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
        // What stands in the file may be a secret.
        let read: Configuration =
            serde_saphyr::from_str(&text).map_err(|_| failed("its section `admin` can't be read".to_owned()))?;
        let admin = read.admin;
        if admin.endpoint.is_empty() {
            return Err(failed("it has no `admin.endpoint`".to_owned()));
        }
        if admin.insecure_skip_verify {
            return Err(failed("`admin.insecureSkipVerify` would send credentials to whoever answers".to_owned())
                .hint("name the authority of the deployment's certificate: `admin.caCertFilePath`"));
        }
        let at = |path: &str| file.parent().unwrap_or(Path::new(".")).join(path);
        let set = |text: String| (!text.is_empty()).then_some(text);
        let credentials = self.credentials(&admin, at).map_err(failed)?;
        Ok(DeploymentConfig {
            endpoint: endpoint(&admin.endpoint, admin.insecure, &source)?,
            credentials,
            ca_certificate: set(admin.ca_cert_file_path).map(|path| at(&path)),
            token_url: set(admin.token_url).map(|url| place_of_tokens(&url, &source)).transpose()?,
            source,
        })
    }

    fn credentials(&self, admin: &AdminSection, at: impl Fn(&str) -> PathBuf) -> Result<Credentials, String> {
        match admin.auth_type.to_lowercase().as_str() {
            "" | "clientsecret" => {}
            "externalcommand" if admin.command.is_empty() => {
                return Err("`admin.authType` is ExternalCommand, and `admin.command` is empty".to_owned());
            }
            "externalcommand" => return Ok(Credentials::Command(admin.command.clone())),
            _ => return Ok(Credentials::Person(admin.auth_type.clone())),
        }
        let secret = if admin.client_secret_env_var.is_empty() {
            let file = Some(&admin.client_secret_location).filter(|location| !location.is_empty());
            let Some(file) = file else { return Ok(Credentials::None) };
            let read = std::fs::read_to_string(at(file));
            read.map_err(|error| format!("the file of `admin.clientSecretLocation`: {error}"))?.trim().to_owned()
        } else {
            let name = &admin.client_secret_env_var;
            self.variable(name)
                .ok_or_else(|| format!("the variable of `admin.clientSecretEnvVar`, {name}, isn't set"))?
        };
        if admin.client_id.is_empty() {
            return Err("it has a client's secret, and no `admin.clientId`".to_owned());
        }
        Ok(Credentials::Client { id: admin.client_id.clone(), secret, scopes: admin.scopes.clone() })
    }
}

/// Four parts between colons: host, client, secret, organization. `named` is the variable that has it.
///
/// Source: unionai/terraform-provider-unionai, `internal/provider/oauth.go`; flyteorg/flyte-sdk,
/// `src/flyte/remote/_client/auth/_auth_utils.py`.
fn of_api_key(key: &str, named: &str) -> Result<DeploymentConfig> {
    let refused = || {
        let (of, command) = match named {
            "UNIONAI_API_KEY" => ("Union", "union create api-key"),
            _ => ("Flyte", "flyte create api-key"),
        };
        Error::new(ErrorKind::Credentials, format!("{named} isn't an API key of {of}'s"))
            .hint(format!("make one: `{command}`; it is base64 of four parts between colons"))
    };
    // With padding or without, in either of the two alphabets (RFC 4648).
    let usual = key.trim().trim_end_matches('=').replace('-', "+").replace('_', "/");
    let decoded = STANDARD_NO_PAD.decode(usual).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.ok_or_else(refused)?;
    let parts: Vec<&str> = decoded.split(':').collect();
    let [host, id, secret, _] = parts.as_slice() else { return Err(refused()) };
    if id.is_empty() || secret.is_empty() {
        return Err(refused());
    }
    Ok(DeploymentConfig {
        // It may be a whole URL's host only: nothing but a name can be in it.
        endpoint: endpoint(host, false, named).map_err(|_| refused())?,
        credentials: Credentials::Client { id: (*id).to_owned(), secret: (*secret).to_owned(), scopes: Vec::new() },
        ca_certificate: None,
        token_url: None,
        source: named.to_owned(),
    })
}

/// `dns:///host:port` as gRPC has it, `host:port`, or a URL: its scheme, host and port.
fn endpoint(text: &str, insecure: bool, source: &str) -> Result<Url> {
    let text = text.trim();
    let bare = text.strip_prefix("dns:///").or_else(|| text.strip_prefix("dns://")).unwrap_or(text);
    let url = match bare.contains("://") {
        true => bare.to_owned(),
        false => format!("{}://{bare}", if insecure { "http" } else { "https" }),
    };
    let refused = || {
        Error::new(ErrorKind::Credentials, format!("`{}` is no endpoint of a deployment", redacted(text)))
            .with("source", source)
            .hint("write it as `dns:///flyte.example.com`, or as `https://flyte.example.com`")
    };
    let url = Url::parse(&url).map_err(|_| refused())?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !matches!(url.scheme(), "http" | "https")
        || url.host_str().is_none()
        || !is_plain
        || !matches!(url.path(), "/" | "")
    {
        return Err(refused());
    }
    if url.scheme() == "http" && !insecure && !crate::trust::is_here(&url) {
        return Err(Error::new(ErrorKind::Credentials, format!("{url} isn't encrypted")).with("source", source).hint(
            "write `https://`, or say that it is meant so: `admin.insecure: true`, or FLYTE_PLATFORM_INSECURE=true",
        ));
    }
    Ok(url)
}

fn place_of_tokens(text: &str, source: &str) -> Result<Url> {
    Url::parse(text).map_err(|_| {
        Error::new(ErrorKind::Credentials, format!("`{}` is no URL", redacted(text))).with("source", source)
    })
}

fn is_yes(value: &str) -> bool {
    matches!(value.trim().to_lowercase().as_str(), "1" | "true" | "yes" | "on" | "t")
}

fn unknown(is_union: bool) -> Error {
    let how = if is_union {
        "set UNIONAI_API_KEY or FLYTE_API_KEY, or write `~/.union/config.yaml`, or name it in UCTL_CONFIG"
    } else {
        "set FLYTE_PLATFORM_URL or FLYTE_API_KEY, or write `~/.flyte/config.yaml`, or name it in FLYTECTL_CONFIG"
    };
    Error::new(ErrorKind::Credentials, "nothing says where the platform's deployment is")
        .hint(format!("{how}; {}", crate::errors::HAND_OFF))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn given(variables: &[(&str, &str)], home: &Path) -> Environment {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Environment::given(variables.collect(), home)
    }

    fn deployment(variables: &[(&str, &str)], is_union: bool) -> Result<DeploymentConfig> {
        given(variables, Path::new("/nowhere")).deployment(is_union)
    }

    #[test]
    fn endpoints_are_read_in_every_form_and_nothing_else_is() {
        for (text, insecure, url) in [
            ("dns:///flyte.example.com", false, "https://flyte.example.com/"),
            ("dns://flyte.example.com:81", true, "http://flyte.example.com:81/"),
            ("flyte.example.com", false, "https://flyte.example.com/"),
            ("localhost:30080", true, "http://localhost:30080/"),
            ("https://flyte.example.com/", false, "https://flyte.example.com/"),
            ("http://127.0.0.1:8088", false, "http://127.0.0.1:8088/"),
        ] {
            assert_eq!(endpoint(text, insecure, "x").expect(text).as_str(), url, "{text}");
        }
        for text in
            ["", "ftp://x", "https://user:secret@x", "https://x/path", "https://x/?a=b", "http://flyte.example.com"]
        {
            let refused = endpoint(text, false, "x").expect_err(text);
            assert!(!refused.to_string().contains("secret") || text.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn one_source_decides_everything() {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(home.path().join(".flyte")).expect("a folder");
        let file = home.path().join(".flyte/config.yaml");
        let config = "admin:\n  endpoint: dns:///file.example\n  authType: ClientSecret\n  clientId: me\n  clientSecretLocation: secret\n";
        std::fs::write(&file, config).expect("written");
        std::fs::write(home.path().join(".flyte/secret"), "of the file\n").expect("written");
        let of_file = given(&[], home.path()).deployment(false).expect("told");
        assert_eq!(of_file.endpoint.host_str(), Some("file.example"));
        assert!(matches!(&of_file.credentials, Credentials::Client { secret, .. } if secret == "of the file"));
        assert!(!format!("{of_file:?}").contains("of the file"), "{of_file:?}");
        // The file's secret isn't for the variable's endpoint.
        let of_variable =
            given(&[("FLYTE_PLATFORM_URL", "other.example")], home.path()).deployment(false).expect("told");
        assert!(matches!(of_variable.credentials, Credentials::None), "{of_variable:?}");
        // Union's own come first for Union, and mean nothing for Flyte.
        let key = STANDARD.encode(b"acme.unionai.cloud:id:secret>>:acme??");
        let variables = [("UNIONAI_API_KEY", key.as_str())];
        for key in [&key, key.trim_end_matches('='), &key.replace('+', "-").replace('/', "_")] {
            let union = given(&[("UNIONAI_API_KEY", key)], home.path()).deployment(true).expect("told");
            assert_eq!(union.endpoint.as_str(), "https://acme.unionai.cloud/", "{key}");
        }
        assert_eq!(
            given(&variables, home.path()).deployment(false).expect("told").endpoint.host_str(),
            Some("file.example")
        );
    }

    /// Flyte 2's own SDK would go where the key leads, whatever a file says.
    #[test]
    fn flyte_s_api_key_leads_to_its_own_host_before_any_file() {
        let home = tempfile::tempdir().expect("a folder");
        for folder in [".flyte", ".union"] {
            std::fs::create_dir(home.path().join(folder)).expect("a folder");
            let file = home.path().join(folder).join("config.yaml");
            std::fs::write(file, "admin:\n  endpoint: dns:///file.example\n").expect("written");
        }
        let encoded = |host: &str| STANDARD.encode(format!("{host}:id:hush:acme"));
        let (of_flyte, of_union) = (encoded("flyte.example"), encoded("acme.unionai.cloud"));
        for is_union in [false, true] {
            let found = given(&[("FLYTE_API_KEY", &of_flyte)], home.path()).deployment(is_union).expect("told");
            assert_eq!((found.endpoint.as_str(), found.source.as_str()), ("https://flyte.example/", "FLYTE_API_KEY"));
            assert!(
                matches!(&found.credentials, Credentials::Client { id, secret, .. } if id == "id" && secret == "hush")
            );
            assert!(found.token_url.is_none(), "no place but the host's own site may have the secret");
        }
        let both = [("FLYTE_API_KEY", of_flyte.as_str()), ("UNIONAI_API_KEY", of_union.as_str())];
        let host = |variables: &[(&str, &str)], is_union| {
            let found = given(variables, home.path()).deployment(is_union).expect("told");
            found.endpoint.host_str().map(str::to_owned)
        };
        assert_eq!(host(&both, true).as_deref(), Some("acme.unionai.cloud"));
        assert_eq!(host(&both, false).as_deref(), Some("flyte.example"));
        let named = [("FLYTE_API_KEY", of_flyte.as_str()), ("FLYTE_PLATFORM_URL", "other.example")];
        assert_eq!(host(&named, false).as_deref(), Some("other.example"));
        for key in ["x", &STANDARD.encode("host:id:hush"), &STANDARD.encode("dns:///host:id:hush:org")] {
            let refused = deployment(&[("FLYTE_API_KEY", key)], false).expect_err(key);
            assert!(refused.to_string().contains("FLYTE_API_KEY isn't"), "{refused}");
            assert!(refused.hint_text().is_some_and(|hint| hint.contains("`flyte create api-key`")), "{refused:?}");
            assert!(!format!("{refused:?}").contains("hush"), "{refused:?}");
        }
    }

    #[test]
    fn what_takes_a_person_or_trusts_anybody_is_told() {
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join("c.yaml");
        let of = |section: &str| {
            std::fs::write(&file, format!("admin:\n  endpoint: dns:///x.example\n{section}")).expect("written");
            given(&[("FLYTECTL_CONFIG", &file.display().to_string())], home.path()).deployment(false)
        };
        assert!(matches!(of("  authType: Pkce\n").expect("told").credentials, Credentials::Person(_)));
        assert!(matches!(
            of("  authType: ExternalCommand\n  command: [a, b]\n").expect("told").credentials,
            Credentials::Command(_)
        ));
        assert!(of("  insecureSkipVerify: true\n").is_err_and(|error| error.to_string().contains("whoever answers")));
        assert!(of("  clientSecretEnvVar: NONE\n").is_err());
        let secret = of("  clientId: [hush\n").expect_err("no YAML");
        assert!(!format!("{secret:?}").contains("hush"), "{secret:?}");
        for key in ["x", "YTpiOmM=", &STANDARD.encode(b"host::secret:org"), &STANDARD.encode(b"https://h/x:a:b:c")] {
            let refused = deployment(&[("UNIONAI_API_KEY", key)], true).expect_err(key);
            assert!(!format!("{refused:?}").contains(key), "{refused:?}");
        }
        assert!(
            deployment(&[], false)
                .is_err_and(|error| error.hint_text().is_some_and(|hint| hint.contains("FLYTE_PLATFORM_URL")))
        );
    }
}

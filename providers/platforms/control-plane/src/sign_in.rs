//! Signing in: with a client's id and secret, or with what a command prints. Where the deployment has no authentication, nothing is
//! sent.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudgrant_core::{Error, ErrorKind, Result, redacted};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};

use crate::environment::{Credentials, DeploymentConfig};
use crate::http::Http;
use crate::service::Protocol;
use crate::{errors, trust};

/// The header that takes tokens where the deployment says nothing else. `Authorization` would win over it, and may be a proxy's.
const HEADER: &str = "flyte-authorization";
/// Headers that mean something else.
const TAKEN: [&str; 9] =
    ["host", "content-length", "content-type", "accept", "connection", "transfer-encoding", "cookie", "te", "upgrade"];
/// How long before its end a token is no longer used, and how long one is that says nothing of its end.
const EARLY: Duration = Duration::from_secs(30);
const USUAL: Duration = Duration::from_secs(300);
/// How long one is used at most, whatever is said of its end: then another one is asked for.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a command may take that prints a token.
const COMMAND: Duration = Duration::from_secs(60);

/// How to sign in, and the token.
#[derive(Default)]
pub(crate) struct SignIn {
    published: OnceCell<Option<Published>>,
    token: Mutex<Option<(HeaderValue, Instant)>>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").finish_non_exhaustive()
    }
}

/// What the deployment says of it, to everybody.
#[derive(Debug, Clone)]
struct Published {
    header: HeaderName,
    token_endpoint: Option<Url>,
    scopes: Vec<String>,
    audience: String,
}

impl SignIn {
    /// The header of a request with the token; nothing where there is none to send.
    pub(crate) async fn header(
        &self,
        http: &Http,
        config: &DeploymentConfig,
    ) -> Result<Option<(HeaderName, HeaderValue)>> {
        if matches!(config.credentials, Credentials::None | Credentials::Person(_)) {
            return Ok(None);
        }
        let published = self.published.get_or_try_init(|| published(http, config)).await?;
        let Some(published) = published else { return Ok(None) };
        let mut token = self.token.lock().await;
        if let Some((token, until)) = &*token
            && Instant::now() < *until
        {
            return Ok(Some((published.header.clone(), token.clone())));
        }
        let (text, lasts) = match &config.credentials {
            Credentials::Client { id, secret, scopes } => {
                of_client(http, config, published, (id, secret, scopes)).await?
            }
            Credentials::Command(command) => (of_command(command).await?, USUAL),
            Credentials::None | Credentials::Person(_) => return Ok(None),
        };
        let header = HeaderValue::from_str(&format!("Bearer {text}")).map(|mut header| {
            header.set_sensitive(true);
            header
        });
        let header = header.map_err(|_| refused("what was given for a token can't be one"))?;
        *token = Some((header.clone(), until(Instant::now(), lasts)));
        Ok(Some((published.header.clone(), header)))
    }

    /// Gets another token next time.
    pub(crate) async fn forget(&self) {
        *self.token.lock().await = None;
    }
}

/// Until when a token is used that somebody says lasts so long.
fn until(now: Instant, lasts: Duration) -> Instant {
    now + lasts.min(LONGEST).saturating_sub(EARLY)
}

/// How long a token lasts, by the answer that has it: no time at all where what it says is below nothing, or beyond all measure.
///
/// Source: RFC 6749, section 5.1, `expires_in`: seconds.
fn lasts(answer: &Value) -> Duration {
    let seconds = &answer["expires_in"];
    let whole = seconds.as_u64().map(Duration::from_secs);
    let said =
        whole.or_else(|| seconds.as_f64().map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default()));
    said.unwrap_or(USUAL)
}

/// A deployment without authentication doesn't know these calls: they are answered 404 where nothing routes them, or 501. Flyte 2
/// has them as a service of its own.
///
/// Source: flyteidl, `service/auth.proto`; flyteidl2, `auth/auth_service.proto`.
async fn published(http: &Http, config: &DeploymentConfig) -> Result<Option<Published>> {
    const REST: [&[&str]; 2] = [&[".well-known", "oauth-authorization-server"], &["config", "v1", "flyte_client"]];
    const CONNECT: [&[&str]; 2] = [
        &["flyteidl2.auth.AuthMetadataService", "GetOAuth2Metadata"],
        &["flyteidl2.auth.AuthMetadataService", "GetPublicClientConfig"],
    ];
    let service = http.service();
    let what = format!("can't read how to sign in to {}", service.name);
    let read = async |protocol: Protocol, segments: &[&str]| -> Result<Option<Value>> {
        let url = http.url(&config.endpoint, segments)?;
        let request = match protocol {
            Protocol::Rest => http.request(Method::GET, &url)?,
            Protocol::Connect => http.request(Method::POST, &url)?.body("{}"),
        };
        let (status, body) = http.exchange(&what, protocol.in_json(request), &url).await?;
        match status {
            200 if body.is_object() => Ok(Some(body)),
            200 => Err(errors::of_another(service, &what, &config.endpoint)),
            404 | errors::UNIMPLEMENTED => Ok(None),
            status => Err(errors::answered(service, &what, status, &body)),
        }
    };
    let ways: &[_] = match service.protocol {
        Protocol::Rest => &[(Protocol::Rest, REST)],
        Protocol::Connect => &[(Protocol::Rest, REST), (Protocol::Connect, CONNECT)],
    };
    for (protocol, [server, client]) in ways {
        if let Some(server) = read(*protocol, server).await? {
            let client = read(*protocol, client).await?.unwrap_or_default();
            return understood(&server, &client).map(Some);
        }
    }
    Ok(None)
}

fn understood(server: &Value, client: &Value) -> Result<Published> {
    // Union answers in either of JSON's two spellings.
    let text = |value: &Value, snake: &str, camel: &str| {
        let text = value[snake].as_str().or_else(|| value[camel].as_str());
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let header = text(client, "authorization_metadata_key", "authorizationMetadataKey");
    let header = header.unwrap_or_else(|| HEADER.to_owned());
    let name = HeaderName::from_bytes(header.as_bytes()).ok().filter(|name| !TAKEN.contains(&name.as_str()));
    let header = name.ok_or_else(|| {
        refused("the deployment wants tokens in a header that can't have any").with("header", redacted(&header))
    })?;
    let endpoint = text(server, "token_endpoint", "tokenEndpoint").map(|url| Url::parse(&url));
    let scopes = client["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    Ok(Published {
        header,
        token_endpoint: endpoint.transpose().map_err(|_| refused("the deployment's token endpoint is no URL"))?,
        scopes: scopes.collect(),
        audience: text(client, "audience", "audience").unwrap_or_default(),
    })
}

/// Source: RFC 6749, sections 2.3.1 and 4.4.
async fn of_client(
    http: &Http,
    config: &DeploymentConfig,
    published: &Published,
    (id, secret, scopes): (&str, &str, &[String]),
) -> Result<(String, Duration)> {
    let what = format!("can't sign in to {}", http.service().name);
    let place = config.token_url.as_ref().or(published.token_endpoint.as_ref());
    let place = place.ok_or_else(|| refused("the deployment says nothing of where tokens are given"))?;
    if !trust::may_have_credentials(&config.endpoint, place, config.token_url.as_ref()) {
        let host = place.origin().ascii_serialization();
        return Err(refused("the deployment wants the client's secret sent to another site, and nothing was sent")
            .with("deployment", config.endpoint.origin().ascii_serialization())
            .with("place", &host)
            .hint(format!(
                "if that is your identity provider, name it: FLYTE_CREDENTIALS_TOKEN_URL={}, or `admin.tokenUrl` of the configuration",
                redacted(place.as_str())
            )));
    }
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let scopes = if scopes.is_empty() { &published.scopes } else { scopes };
    let mut form = "grant_type=client_credentials".to_owned();
    if !scopes.is_empty() {
        form += &format!("&scope={}", encode(&scopes.join(" ")));
    }
    if !published.audience.is_empty() {
        form += &format!("&audience={}", encode(&published.audience));
    }
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret))));
    let mut basic = HeaderValue::from_str(&basic).map_err(|_| refused("the client's secret can't be sent"))?;
    basic.set_sensitive(true);
    let request =
        http.request(Method::POST, place)?.header("authorization", basic).header("accept", "application/json");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let (status, body) = http.exchange(&what, request, place).await?;
    match (status, body["access_token"].as_str()) {
        (200, Some(token)) if !token.is_empty() => Ok((token.to_owned(), lasts(&body))),
        (429 | 500.., _) => Err(errors::answered(http.service(), &what, status, &body)),
        _ => {
            let said = body["error_description"].as_str().or_else(|| body["error"].as_str()).unwrap_or_default();
            Err(refused(&what)
                .with("place", place.origin().ascii_serialization())
                .with("status", status)
                .with("it said", redacted(said))
                .hint(format!("check the client's id and secret, of {}; {}", config.source, errors::HAND_OFF)))
        }
    }
}

/// What it prints is a secret, and what it says beside that may be one.
async fn of_command(command: &[String]) -> Result<String> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(refused("the command for a token is empty"));
    };
    let failed = |cause: String| {
        refused("the command for a token failed").with("command", redacted(program)).with("cause", cause)
    };
    let mut running = tokio::process::Command::new(program);
    running.args(arguments).stdin(std::process::Stdio::null()).stderr(std::process::Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(COMMAND, running.output()).await;
    let output = output.map_err(|_| failed(format!("it took more than {} seconds", COMMAND.as_secs())))?;
    let output = output.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(output.status.to_string()));
    }
    let token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if token.is_empty() || token.contains(char::is_whitespace) {
        return Err(failed("it printed no token".to_owned()));
    }
    Ok(token)
}

fn refused(message: &str) -> Error {
    Error::new(ErrorKind::Credentials, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_word_of_a_token_s_end_is_too_large_or_too_odd() {
        let now = Instant::now();
        let used = |said: Value| until(now, lasts(&json!({ "expires_in": said }))) - now;
        let longest = LONGEST - EARLY;
        for (said, expected) in [
            (json!(3600), Duration::from_secs(3570)),
            (json!(10), Duration::ZERO),
            (json!(0), Duration::ZERO),
            (json!(-5), Duration::ZERO),
            (json!(90.5), Duration::from_millis(60_500)),
            (json!(u64::MAX), longest),
            (json!(1e18), longest),
            (json!(1e300), Duration::ZERO),
            (json!("3600"), USUAL - EARLY),
            (json!(null), USUAL - EARLY),
        ] {
            assert_eq!(used(said.clone()), expected, "{said}");
        }
    }

    #[tokio::test]
    async fn a_command_prints_a_token_and_nothing_of_it_is_told() {
        let run = async |script: &str| of_command(&["sh".to_owned(), "-c".to_owned(), script.to_owned()]).await;
        assert_eq!(run("echo a-token").await.expect("a token"), "a-token");
        for script in ["echo hush; echo hush >&2; exit 1", "echo hush hush", "true"] {
            let refused = run(script).await.expect_err(script);
            assert_eq!(refused.kind(), ErrorKind::Credentials);
            assert!(!format!("{refused:?}").contains("hush"), "{refused:?}");
        }
    }
}

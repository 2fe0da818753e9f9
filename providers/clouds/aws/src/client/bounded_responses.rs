//! The way out: at AWS's pace, and with answers that are bounded while they are read, so that no server fills the memory,
//! or keeps anybody for ever.
//!
//! Below the SDK's clients and below its credentials, so that it holds for whatever goes over the wire. Every answer
//! here is one document that is read as a whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, ConnectorBuilder, tls};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use cloudgrant_core::{Answering, Origin, Pace, Signal, proxy_named};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};

use crate::client::throttling;
use crate::error::lost::{ANSWER, How, Lost, TooLarge};

/// How long the SDK goes on by itself with a request to which nothing comes, in at least two tries: then it is told, and the
/// engine decides how long to go on. Six tries, as it makes where an error is the answer, would be minutes in which nobody
/// knows what is waited for.
const SILENCE: Duration = Duration::from_secs(60);

/// Whether this try of a request to which nothing comes is the SDK's last one.
fn is_last(attempt: u32, patience: Duration) -> bool {
    attempt > 1 && patience.saturating_mul(attempt) >= SILENCE
}

/// Which try of a request this is, from 1; the SDK says so to AWS. Source: AWS SDKs and tools reference guide, "Retry
/// behavior", `amz-sdk-request`.
fn attempt(request: &HttpRequest) -> u32 {
    let said = request.headers().get("amz-sdk-request").unwrap_or_default();
    let attempt = said.split(';').find_map(|part| part.trim().strip_prefix("attempt="));
    attempt.and_then(|attempt| attempt.parse().ok()).unwrap_or(1)
}

/// A URI up to its path.
fn authority_of(uri: &str) -> &str {
    let Some((scheme, rest)) = uri.split_once("://") else { return "" };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    &uri[..scheme.len() + "://".len() + end]
}

/// Where a request goes: scheme, host and port. A name and a password before them are left out.
fn origin_of(uri: &str) -> String {
    let Some((scheme, authority)) = authority_of(uri).split_once("://") else { return String::new() };
    // A password may hold an `@` as well: the last one ends it.
    format!("{scheme}://{}", authority.rsplit('@').next().unwrap_or_default())
}

/// Where a request was on its way to.
struct Way {
    origin: String,
    is_near: bool,
}

impl Way {
    fn lost(&self, how: How) -> BoxError {
        let scheme = self.origin.split("://").next().unwrap_or_default();
        let proxy = if self.is_near { None } else { proxy_named(scheme) };
        let to = proxy.map_or_else(|| self.origin.clone(), |proxy| format!("{} ({proxy})", self.origin));
        Lost { to, how }.into()
    }

    /// An error without a kind of its own says to the SDK that another try is of no use: how long to look for the way is the
    /// engine's to decide.
    fn failed(&self, error: ConnectorError) -> ConnectorError {
        let mut causes =
            std::iter::successors(Some(&error as &(dyn std::error::Error + 'static)), |error| error.source());
        let no_connection = causes.any(|error| {
            error.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect())
        });
        if no_connection {
            ConnectorError::other(self.lost(How::NoConnection(error.into())), None)
        } else if error.is_io() {
            ConnectorError::io(self.lost(How::Broken(error.into())))
        } else {
            error
        }
    }
}

/// The HTTP client. Nothing is set up before the first request.
#[derive(Debug, Clone)]
pub(crate) struct Bounded {
    /// For this machine and what it offers by itself, which no proxy can reach.
    near: SharedHttpClient,
    far: SharedHttpClient,
    patience: Duration,
    pace: Pace,
    answering: Answering,
    read: Arc<AtomicU64>,
}

impl Bounded {
    /// The SDK's own client, with a bound to the size of answers and to the time for one try. Waiting for a turn doesn't
    /// count: that is why the SDK's own limit isn't used.
    pub(crate) fn new(patience: Duration) -> Self {
        let (near, far) = (client(ProxyConfig::disabled), client(ProxyConfig::from_env));
        let (pace, answering) = (Pace::default(), Answering::default());
        Self { near, far, patience, pace, answering, read: Arc::default() }
    }

    /// How fast requests go out.
    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// How many bytes of answers were read.
    pub(crate) fn read(&self) -> Arc<AtomicU64> {
        self.read.clone()
    }
}

/// The SDK's own client, which goes through these proxies.
fn client(proxies: fn() -> ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let aws_lc = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
        let mut connector = ConnectorBuilder::default().tls_provider(aws_lc);
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.set_proxy_config(Some(proxies()));
        connector.build()
    })
}

/// Whether a request goes to this machine, or to what its platform offers it: the metadata of EC2, and the credentials of
/// containers and pods. Source: AWS SDKs and tools reference guide, "IMDS credential provider" and "Container credential
/// provider".
fn is_near(uri: &str) -> bool {
    Origin::parse(authority_of(uri)).is_some_and(|origin| {
        let address = origin.host.parse::<std::net::Ipv4Addr>();
        origin.is_loopback()
            || address.is_ok_and(|address| address.is_link_local())
            || ["[fd00:ec2::254]", "[fd00:ec2::23]"].contains(&origin.host)
    })
}

impl HttpClient for Bounded {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            client: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

/// Where a request goes decides which client sends it: the other one isn't set up.
#[derive(Debug)]
struct Connector {
    client: Bounded,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Bounded { near, far, patience, pace, answering, read } = self.client.clone();
        let way = Way { origin: origin_of(request.uri()), is_near: is_near(request.uri()) };
        let client = if way.is_near { near } else { far };
        let inner = client.http_connector(&self.settings, &self.components);
        HttpConnectorFuture::new(async move {
            let last = is_last(attempt(&request), patience);
            let turn = pace.turn(throttling::lane(&request)).await;
            let answer = async {
                let mut response = inner.call(request).await.map_err(|error| {
                    // One that lets nobody through to it is as silent as one that answers nobody: further tries are shorter then.
                    if error.is_timeout() {
                        answering.is_silent(&way.origin);
                    }
                    way.failed(error)
                })?;
                answering.answered(&way.origin);
                let body = std::mem::replace(response.body_mut(), SdkBody::taken());
                let body = whole(body, &way).await?;
                read.fetch_add(body.len() as u64, Ordering::Relaxed);
                Ok((response, body))
            };
            let answer = tokio::time::timeout(answering.patience(&way.origin, patience), answer).await;
            let answer = answer.unwrap_or_else(|_| {
                Err(if answering.is_silent(&way.origin) {
                    ConnectorError::other(way.lost(How::Silence), None)
                } else if last {
                    ConnectorError::other(way.lost(How::NoAnswer), None)
                } else {
                    ConnectorError::timeout(way.lost(How::NoAnswer))
                })
            });
            turn.answered(match &answer {
                Ok((response, body)) => throttling::signal(response.status().as_u16(), body),
                Err(_) => Signal::Overloaded,
            });
            let (mut response, body) = answer?;
            // As a stream: what is in memory already, the SDK would write into its logs, and there are secrets among
            // answers.
            *response.body_mut() = SdkBody::from_body_1_x(Full::new(body));
            Ok(response)
        })
    }
}

async fn whole(body: SdkBody, way: &Way) -> Result<Bytes, ConnectorError> {
    // Without a kind of its own, the error says to the SDK that another try is of no use.
    let too_large = || ConnectorError::other(TooLarge.into(), None);
    if body.content_length().is_some_and(|length| length > ANSWER as u64) {
        return Err(too_large());
    }
    match Limited::new(body, ANSWER).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => Err(ConnectorError::io(way.lost(How::Broken(error)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_request_goes_is_told_without_a_password() {
        for (uri, origin) in [
            ("https://iam.amazonaws.com/?Action=ListRoles", "https://iam.amazonaws.com"),
            ("http://ann:hunter2@127.0.0.1:9/x", "http://127.0.0.1:9"),
            ("http://ann:p@ss@proxy.example", "http://proxy.example"),
            ("nothing", ""),
        ] {
            assert_eq!(origin_of(uri), origin);
        }
        assert!(is_near("http://127.0.0.1:9/x") && !is_near("http://127.0.0.1:9@evil.example/x"));
    }

    #[test]
    fn silence_is_told_after_a_minute_and_two_tries_at_least() {
        let seconds = Duration::from_secs;
        assert!(!is_last(1, seconds(600)) && is_last(2, seconds(600)) && is_last(2, seconds(30)));
        // Who is in a hurry takes a machine that is busy for no silent one.
        assert!((1..=6).all(|attempt| !is_last(attempt, Duration::from_millis(300))));
    }

    #[test]
    fn this_machine_and_what_it_offers_are_near() {
        for near in [
            "http://127.0.0.1:4566/",
            "http://127.0.0.1:4566?x",
            "http://localhost/a/b",
            "http://[::1]:80/",
            "http://169.254.169.254/latest/api/token",
            "http://169.254.170.2/v2/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
        ] {
            assert!(is_near(near), "{near}");
        }
        for far in [
            "https://iam.amazonaws.com/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://example.com/127.0.0.1",
            "http://10.0.0.1/",
            "http://[fd00::1]/",
            "127.0.0.1",
        ] {
            assert!(!is_near(far), "{far}");
        }
    }
}

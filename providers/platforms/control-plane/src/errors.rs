//! What a service, or the way to it, says, as an error that says what to do.

use std::io;

use cloudgrant_core::{Error, ErrorKind, nothing_listens, proxy_named, redacted};
use reqwest::Url;
use serde_json::Value;
use tokio_rustls::rustls;

use crate::environment::DeploymentConfig;
use crate::service::Service;
use crate::trust::is_here;

/// Where the deployment itself is the problem, or what may be done there: the way on.
pub(crate) const HAND_OFF: &str = "`platform.delivery: handoff` (for one run, the variable CLOUDGRANT_PLATFORM__DELIVERY=handoff) leaves the platform to others, also \
     where it is gone for good: a revoke then deletes everything else, and reports what it can't search there";

/// How gRPC says that a service isn't there.
pub(crate) const UNIMPLEMENTED: u16 = 501;

/// An answer that isn't what was asked for. `what` was attempted.
pub(crate) fn answered(service: &Service, what: &str, status: u16, body: &Value) -> Error {
    let kind = match status {
        401 => ErrorKind::Credentials,
        403 => ErrorKind::AccessDenied,
        404 | UNIMPLEMENTED => ErrorKind::Unsupported,
        // Aborted: another transaction was quicker.
        409 => ErrorKind::NotYet,
        429 => ErrorKind::Throttled,
        500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Unexpected,
    };
    let error = Error::new(kind, what).with("status", status);
    let error = match body["message"].as_str() {
        Some(message) => error.with("it said", redacted(message)),
        None => error,
    };
    match kind {
        ErrorKind::Credentials => error.hint(format!(
            "sign in by a client of its own: FLYTE_CREDENTIALS_CLIENT_ID and FLYTE_CREDENTIALS_CLIENT_SECRET, FLYTE_API_KEY, on \
             Union UNIONAI_API_KEY, or `admin.authType: ClientSecret` or `ExternalCommand` of the configuration; {HAND_OFF}"
        )),
        ErrorKind::AccessDenied => error.hint(format!(
            "`cloudgrant permissions --for {}` says which calls the client must be allowed; {HAND_OFF}",
            service.permissions
        )),
        ErrorKind::Unsupported => error.hint(format!("{}; {HAND_OFF}", service.missing)),
        _ => error,
    }
}

/// An answer of somebody else's, such as a proxy's.
pub(crate) fn of_another(service: &Service, what: &str, place: &Url) -> Error {
    let name = service.name;
    Error::new(ErrorKind::Unavailable, what)
        .with("cause", format!("what {place} answers isn't an answer of {name}"))
        .hint(format!("check that {name} is there, and that no proxy or login page is on the way; {HAND_OFF}"))
}

/// No answer came.
pub(crate) fn lost(service: &Service, what: &str, place: &Url, error: &reqwest::Error) -> Error {
    let cause = innermost(error);
    if is_of_certificate(error) {
        return Error::new(ErrorKind::Unexpected, what).with("cause", cause).hint(format!(
            "if the authority is one of your own, name its file: `admin.caCertFilePath`, or FLYTE_PLATFORM_CA_CERT_FILE_PATH; \
             {HAND_OFF}"
        ));
    }
    let kind = if error.is_connect() { ErrorKind::Unreachable } else { ErrorKind::Unavailable };
    let cause = if error.is_timeout() { "no answer in time".to_owned() } else { cause };
    let proxy = if is_here(place) { None } else { proxy_named(place.scheme()) };
    let at = proxy.map_or_else(|| place.to_string(), |proxy| format!("{place} ({proxy})"));
    let ended = nothing_listens(&place.origin().ascii_serialization(), error);
    let way = ended.unwrap_or_else(|| format!("check the way to {}: its endpoint, network, DNS, proxy", service.name));
    Error::new(kind, what).with("cause", format!("{at}: {cause}")).hint(format!("{way}; {HAND_OFF}"))
}

/// Whether the certificate of whoever answers is why there is no connection.
fn is_of_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return matches!(error, rustls::Error::InvalidCertificate(_));
    }
    // What is in an error of input and output, be it another one, isn't its source.
    let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    inside.is_some_and(|inside| is_of_certificate(inside)) || error.source().is_some_and(is_of_certificate)
}

/// What is below all that wraps it.
pub(crate) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    redacted(&innermost.to_string())
}

/// The manifest means another one.
pub(crate) fn of_another_deployment(config: &DeploymentConfig, meant: &str) -> Error {
    let place = config.endpoint.origin().ascii_serialization();
    let message = format!("{place} isn't the manifest's deployment, which is {}", redacted(meant));
    Error::new(ErrorKind::WrongAccount, message).with("named by", &config.source).hint(format!(
        "select the manifest's: FLYTE_PLATFORM_URL, or the configuration of its tools; nothing was sent; {HAND_OFF}"
    ))
}

/// The cloud is a sandbox's, and the deployment none.
pub(crate) fn of_real_deployment(place: &Url) -> Error {
    let message = format!(
        "the cloud is a sandbox's, and {place} isn't: sandbox principals are never written to a real deployment"
    );
    Error::new(ErrorKind::WrongAccount, message).hint(
        "start both with `cloudgrant sandbox`, and set all of the variables that it prints, FLYTE_PLATFORM_URL among them",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{CertificateParams, KeyPair};
    use serde_json::json;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::crypto::aws_lc_rs;
    use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

    use super::*;
    use crate::service::Protocol;

    const ADMIN: Service =
        Service { name: "Flyte admin", permissions: "admin", protocol: Protocol::Rest, missing: "Flyte 2 has none" };

    #[test]
    fn refusals_say_what_to_do() {
        let body = json!({ "code": 7, "message": "not authorized", "details": [] });
        let error = answered(&ADMIN, "can't write", 403, &body);
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        assert!(error.to_string().contains("not authorized"), "{error}");
        assert!(error.hint_text().is_some_and(|hint| hint.contains("--for admin")));
        // Whoever may not, or is nobody there, can take back what is in the cloud.
        for status in [401, 403, 404] {
            let error = answered(&ADMIN, "can't list", status, &body);
            let hint = error.hint_text().expect("a hint");
            assert!(hint.contains("CLOUDGRANT_PLATFORM__DELIVERY=handoff"), "{status}: {hint}");
        }
        for (status, kind) in [
            (401, ErrorKind::Credentials),
            (404, ErrorKind::Unsupported),
            (409, ErrorKind::NotYet),
            (429, ErrorKind::Throttled),
            (503, ErrorKind::Unavailable),
            (400, ErrorKind::Unexpected),
        ] {
            assert_eq!(answered(&ADMIN, "x", status, &Value::Null).kind(), kind, "{status}");
        }
    }
    /// Somebody on loopback whom nobody vouches for.
    async fn of_an_unknown_authority() -> Url {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("a certificate");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = config.with_single_cert(vec![certificate.der().clone()], key).expect("a server");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                // The client hangs up.
                let _ = TlsAcceptor::from(Arc::new(config.clone())).accept(connection).await;
            }
        });
        Url::parse(&format!("https://localhost:{}", address.port())).expect("an address")
    }

    #[tokio::test]
    async fn an_unknown_authority_is_told_from_a_way_that_leads_nowhere() {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let lost_at = async |place: &Url| {
            let error = client.get(place.clone()).send().await.expect_err("nobody to trust");
            lost(&ADMIN, "can't list", place, &error)
        };
        let error = lost_at(&of_an_unknown_authority().await).await;
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{error}");
        assert!(error.hint_text().is_some_and(|hint| hint.contains("`admin.caCertFilePath`")), "{error:?}");
        let nobody = TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr()).expect("a port");
        let error = lost_at(&Url::parse(&format!("https://{nobody}")).expect("an address")).await;
        assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    }
}

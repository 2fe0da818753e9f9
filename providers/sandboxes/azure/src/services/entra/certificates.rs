//! An application that logs in with its certificate: an assertion that the certificate's key signed.
//!
//! Source: "Microsoft identity platform application authentication certificate credentials", and the errors that clients
//! report.

use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;
use webpki::aws_lc_rs::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256_LEGACY_KEY};

use super::errors::TokenError;
use super::federation::check_times;
use super::jwt;
use crate::state::model::Principal;

/// Whether an assertion is an application's own, and not one of another issuer.
pub(crate) fn is_own(principal: &Principal, assertion: &str) -> bool {
    let header = jwt::header(assertion).unwrap_or_default();
    principal.identity.is_none() && (header.get("x5t#S256").is_some() || header.get("x5t").is_some())
}

/// Whether an assertion proves that a client is who it says. `audience` is the token endpoint that was asked.
pub(crate) fn check(principal: &Principal, assertion: &str, audience: &str) -> Result<(), TokenError> {
    let malformed = || TokenError::new(400, "invalid_request", 50_027, "JWT token is invalid or malformed.");
    let header = jwt::header(assertion).ok_or_else(malformed)?;
    let claims = jwt::read(assertion).ok_or_else(malformed)?;
    let refuse = |code, message: String| Err(TokenError::new(401, "invalid_client", code, message));
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let client = principal.client.as_deref().unwrap_or_default();
    if ![text("iss"), text("sub")].iter().all(|claim| claim.eq_ignore_ascii_case(client)) {
        let message = "Client assertion application identifier doesn't match 'client_id' parameter. Review the \
                       documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .";
        return refuse(700_021, message.to_owned());
    }
    if text("aud") != audience {
        let message = "Client assertion audience claim does not match Realm issuer. Review the documentation at \
                       https://learn.microsoft.com/entra/identity-platform/certificate-credentials .";
        return refuse(700_023, message.to_owned());
    }
    if claims.get("exp").and_then(Value::as_u64).is_none() {
        return Err(malformed());
    }
    check_times(&claims)?;
    let thumbprint = header["x5t#S256"].as_str().unwrap_or_default();
    let mut known = principal.certificates.iter().filter_map(|text| jwt::decode(text));
    let Some(certificate) = known.find(|der| jwt::encode(&Sha256::digest(der)) == thumbprint) else {
        return refuse(700_027, failed("The key was not found.", thumbprint));
    };
    let (signed, signature) = assertion.rsplit_once('.').ok_or_else(malformed)?;
    let signature = jwt::decode(signature).ok_or_else(malformed)?;
    let algorithm = match header["alg"].as_str() {
        Some("PS256") => RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        Some("RS256") => RSA_PKCS1_2048_8192_SHA256,
        _ => return Err(malformed()),
    };
    let der = CertificateDer::from(certificate.as_slice());
    let verified = EndEntityCert::try_from(&der)
        .and_then(|certificate| certificate.verify_signature(algorithm, signed.as_bytes(), &signature));
    match verified {
        Ok(()) => Ok(()),
        Err(_) => refuse(
            700_027,
            failed("The provided signature value did not match the expected signature value.", thumbprint),
        ),
    }
}

fn failed(reason: &str, thumbprint: &str) -> String {
    format!(
        "Client assertion failed signature validation. [Reason - {reason}, Thumbprint of key used by client: '{thumbprint}']"
    )
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, SigningKey};
    use serde_json::json;

    use super::*;
    use crate::state::time;

    const CLIENT: &str = "87654321-1234-1234-1234-123456789012";
    const ENDPOINT: &str = "https://127.0.0.1:1/tenant/oauth2/v2.0/token";

    fn pair() -> (KeyPair, Vec<u8>) {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key");
        let certificate = CertificateParams::default().self_signed(&key).expect("a certificate");
        (key, certificate.der().to_vec())
    }

    fn application(certificates: &[&[u8]]) -> Principal {
        Principal {
            id: "an-object".to_owned(),
            client: Some(CLIENT.to_owned()),
            name: "app".to_owned(),
            kind: "ServicePrincipal".to_owned(),
            tenant: "tenant".to_owned(),
            created: 0,
            identity: None,
            members: Vec::new(),
            certificates: certificates.iter().map(|der| jwt::encode(der)).collect(),
            graph_permissions: Vec::new(),
            more: serde_json::Map::new(),
        }
    }

    fn claims() -> Value {
        let now = time::now() / 1000;
        json!({ "aud": ENDPOINT, "iss": CLIENT, "sub": CLIENT, "nbf": now, "exp": now + 600, "jti": "x" })
    }

    fn signed(key: &KeyPair, der: &[u8], claims: &Value) -> String {
        let header = json!({ "alg": "RS256", "typ": "JWT", "x5t#S256": jwt::encode(&Sha256::digest(der)) });
        let text =
            format!("{}.{}", jwt::encode(header.to_string().as_bytes()), jwt::encode(claims.to_string().as_bytes()));
        format!("{text}.{}", jwt::encode(&key.sign(text.as_bytes()).expect("signed")))
    }

    #[test]
    fn only_the_key_of_a_registered_certificate_proves_anything() {
        let ((key, der), (other_key, other)) = (pair(), pair());
        let app = application(&[&other, &der]);
        let good = signed(&key, &der, &claims());
        assert!(is_own(&app, &good) && check(&app, &good, ENDPOINT).is_ok());
        let code = |assertion: &str| check(&app, assertion, ENDPOINT).expect_err(assertion).code;
        // Not the key of the certificate that it names, and one that isn't registered.
        assert_eq!(code(&signed(&other_key, &der, &claims())), 700_027);
        let (third_key, third) = pair();
        assert_eq!(code(&signed(&third_key, &third, &claims())), 700_027);
        let changed = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            signed(&key, &der, &claims)
        };
        assert_eq!(code(&changed("aud", "https://elsewhere.example/".into())), 700_023);
        assert_eq!(code(&changed("iss", "another-app".into())), 700_021);
        assert_eq!(code(&changed("sub", "another-app".into())), 700_021);
        assert_eq!(code(&changed("exp", (time::now() / 1000 - 900).into())), 700_024);
        assert_eq!(code(&changed("exp", Value::Null)), 50_027);
        // Claims that somebody changed afterwards, and none of the signature.
        let parts: Vec<_> = good.split('.').collect();
        let mut later = claims();
        later["jti"] = "y".into();
        let later = jwt::encode(later.to_string().as_bytes());
        assert_eq!(code(&format!("{}.{later}.{}", parts[0], parts[2])), 700_027);
        assert_eq!(code(&format!("{}.{}.", parts[0], parts[1])), 700_027);
        let none = jwt::encode(good_header(&parts, "none").as_bytes());
        assert_eq!(code(&format!("{none}.{}.", parts[1])), 50_027);
    }

    fn good_header(parts: &[&str], algorithm: &str) -> String {
        let mut header: Value = serde_json::from_slice(&jwt::decode(parts[0]).expect("base64")).expect("JSON");
        header["alg"] = algorithm.into();
        header.to_string()
    }
}

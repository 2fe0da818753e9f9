//! A certificate in place of a secret: an assertion that its key signs, made anew for each token.
//!
//! Source: Microsoft identity platform, "Microsoft identity platform application authentication certificate credentials".

use std::fmt;
use std::io::Read;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{KeyPair, RSA_PSS_SHA256, RsaKeyPair};
use azure_core::base64::encode_url_safe;
use azure_core::error::ErrorKind as SdkKind;
use azure_core::http::{ClientMethodOptions, Url};
use azure_identity::ClientAssertion;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use uuid::Builder;

/// How many seconds an assertion is good for. The documentation has 5 to 10 minutes.
const LIFETIME: u64 = 600;
/// A file with a certificate, its chain and its key is a few thousand bytes long.
const LARGEST: u64 = 1 << 20;

/// An application's certificate with its private key, which is in no output.
pub(super) struct Certificate {
    key: RsaKeyPair,
    /// The SHA-256 of the certificate, by which Microsoft Entra finds it.
    thumbprint: String,
    client: String,
    audience: String,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("client", &self.client).finish_non_exhaustive()
    }
}

impl Certificate {
    /// The certificate and the key in a file, for an application of a tenant. What is wrong with it is said without
    /// anything of what is in it.
    pub(super) fn read(path: &str, client: &str, tenant: &str, authority: &Url) -> Result<Self, String> {
        let mut text = Vec::new();
        let file = std::fs::File::open(path).map_err(|error| format!("{path} can't be read: {error}"))?;
        let read = file.take(LARGEST + 1).read_to_end(&mut text);
        read.map_err(|error| format!("{path} can't be read: {error}"))?;
        if text.len() as u64 > LARGEST {
            return Err(format!("{path} is too large for a certificate and its key"));
        }
        let (key, thumbprint) = parse(&text).map_err(|why| format!("{path} {}", why.replace("FILE", path)))?;
        let audience = format!("{}/{tenant}/oauth2/v2.0/token", authority.as_str().trim_end_matches('/'));
        Ok(Self { key, thumbprint, client: client.to_owned(), audience })
    }

    fn assertion(&self) -> Result<String, &'static str> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| "the clock is before 1970")?.as_secs();
        let random = SystemRandom::new();
        let mut id = [0; 16];
        random.fill(&mut id).map_err(|_| "there are no random numbers")?;
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let claims = json!({
            "aud": self.audience,
            "exp": now + LIFETIME,
            "iat": now,
            "iss": self.client,
            "jti": Builder::from_random_bytes(id).into_uuid().to_string(),
            "nbf": now,
            "sub": self.client,
        });
        let text = format!("{}.{}", encode_url_safe(header.to_string()), encode_url_safe(claims.to_string()));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let signed = self.key.sign(&RSA_PSS_SHA256, &random, text.as_bytes(), &mut signature);
        signed.map_err(|_| "the key of the certificate can't sign")?;
        Ok(format!("{text}.{}", encode_url_safe(signature)))
    }
}

#[async_trait::async_trait]
impl ClientAssertion for Certificate {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        self.assertion().map_err(|why| azure_core::Error::with_message(SdkKind::Credential, why))
    }
}

/// The key, and the thumbprint of its certificate.
fn parse(text: &[u8]) -> Result<(RsaKeyPair, String), String> {
    let has = |mark: &[u8]| text.windows(mark.len()).any(|there| there == mark);
    if !has(b"-----BEGIN ") {
        return Err(
            "is no PEM file; one in PKCS#12 (.pfx, .p12) is converted by `openssl pkcs12 -in FILE -nodes -out \
             FILE.pem`, and the other one kept from others (`chmod 600 FILE.pem`)"
                .to_owned(),
        );
    }
    if has(b"ENCRYPTED") {
        return Err(
            "has an encrypted key, which cloudgrant can't open: `openssl pkey -in FILE -out KEY.pem` asks for the \
             password and writes it without; put the certificate after it"
                .to_owned(),
        );
    }
    let key = match PrivateKeyDer::from_pem_slice(text) {
        Ok(PrivateKeyDer::Pkcs1(key)) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
        Ok(PrivateKeyDer::Pkcs8(key)) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
        Ok(_) => return Err("has a key that isn't RSA; Microsoft Entra takes RSA keys alone".to_owned()),
        Err(_) => {
            return Err("has no private key that can be read; it must hold the certificate and its key".to_owned());
        }
    };
    let key =
        key.map_err(|_| "has a key that can't be used: it must be an RSA key of at least 2,048 bits".to_owned())?;
    // There may be a chain: the one that is meant has the key's public half in it.
    let public = key.public_key().as_ref();
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(text).filter_map(Result::ok).collect();
    let is_its = |certificate: &&CertificateDer<'_>| certificate.windows(public.len()).any(|there| there == public);
    match certificates.iter().find(is_its) {
        Some(certificate) => {
            let thumbprint = encode_url_safe(digest(&SHA256, certificate));
            Ok((key, thumbprint))
        }
        None if certificates.is_empty() => {
            Err("has no certificate; it must hold the certificate and its key".to_owned())
        }
        None => Err("has a key that belongs to none of its certificates".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use azure_core::base64::decode_url_safe;
    use rcgen::{CertificateParams, KeyPair as Generated, PKCS_RSA_SHA256};
    use serde_json::Value;

    use super::*;

    const TENANT: &str = "00000000-0000-0000-0000-00000000000a";

    fn generated() -> (String, String) {
        let key = Generated::generate_for(&PKCS_RSA_SHA256).expect("a key");
        let certificate = CertificateParams::default().self_signed(&key).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    fn read(folder: &Path, text: &[u8]) -> Result<Certificate, String> {
        let file = folder.join("c.pem");
        std::fs::write(&file, text).expect("written");
        let authority = Url::parse("https://login.microsoftonline.com/").expect("a URL");
        Certificate::read(file.to_str().expect("a path"), "an-app", TENANT, &authority)
    }

    #[test]
    fn an_assertion_is_as_microsoft_documents_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let ((mine, key), (other, _)) = (generated(), generated());
        // Whatever the order is, and whatever chain comes along.
        for text in [format!("{key}{other}{mine}"), format!("{mine}{key}"), format!("{key}{mine}{other}")] {
            let certificate = read(folder.path(), text.as_bytes()).expect("a certificate");
            let assertion = certificate.assertion().expect("signed");
            assert_ne!(assertion, certificate.assertion().expect("signed"), "its id is its own");
            let parts: Vec<_> = assertion.split('.').map(|part| decode_url_safe(part).expect("base64url")).collect();
            let [header, claims, signature] = parts.as_slice() else { panic!("{assertion}") };
            let der = CertificateDer::from_pem_slice(mine.as_bytes()).expect("a certificate");
            let thumbprint = encode_url_safe(digest(&SHA256, &der));
            let header: Value = serde_json::from_slice(header).expect("JSON");
            assert_eq!(header, json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint }));
            assert!(!assertion.contains('='), "{assertion}");
            let claims: Value = serde_json::from_slice(claims).expect("JSON");
            assert_eq!(claims["aud"], format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"));
            assert_eq!((&claims["iss"], &claims["sub"]), (&json!("an-app"), &json!("an-app")));
            let time = |name: &str| claims[name].as_u64().expect("a time");
            assert_eq!((time("exp") - time("nbf"), time("iat")), (LIFETIME, time("nbf")));
            let signed = assertion.rsplit_once('.').expect("a signature").0;
            let public = aws_lc_rs::signature::UnparsedPublicKey::new(
                &aws_lc_rs::signature::RSA_PSS_2048_8192_SHA256,
                certificate.key.public_key().as_ref(),
            );
            public.verify(signed.as_bytes(), signature).expect("the key's");
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_what_to_do_and_shows_nothing_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let ((mine, key), (other, _)) = (generated(), generated());
        let elliptic = Generated::generate().expect("a key").serialize_pem();
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let older = key.replacen("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n", 1);
        let secret = key.lines().nth(3).expect("a line");
        for (text, said) in [
            (b"\x30\x82\x0a\x00\x02\x01\x03".to_vec(), "openssl pkcs12 -in"),
            (format!("{mine}{encrypted}").into_bytes(), "openssl pkey -in"),
            (format!("{mine}{older}").into_bytes(), "openssl pkey -in"),
            (format!("{mine}{elliptic}").into_bytes(), "RSA key"),
            (mine.clone().into_bytes(), "no private key"),
            (key.clone().into_bytes(), "no certificate"),
            (format!("{other}{key}").into_bytes(), "none of its certificates"),
            (format!("{mine}{}", key.replace(secret, "")).into_bytes(), "can't be used"),
            (vec![b'x'; 2 << 20], "too large"),
        ] {
            let why = read(folder.path(), &text).expect_err(said);
            assert!(why.contains(said) && why.contains("c.pem"), "{said}: {why}");
            assert!(!why.contains(&secret[..20]), "{why}");
        }
        let authority = Url::parse("https://login.microsoftonline.com/").expect("a URL");
        let why = Certificate::read("/nowhere/c.pem", "an-app", TENANT, &authority).expect_err("no file");
        assert!(why.contains("/nowhere/c.pem can't be read"), "{why}");
        let whole = read(folder.path(), format!("{mine}{key}").as_bytes()).expect("a certificate");
        assert!(!format!("{whole:?}").contains("key"), "{whole:?}");
    }
}

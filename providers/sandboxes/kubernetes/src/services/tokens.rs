//! Tokens of service accounts: issued, published, and checked when they come back.
//!
//! Source: "Managing Service Accounts", "Configure Service Accounts for Pods" (service account issuer discovery).

use std::fmt;
use std::fs;
use std::path::Path;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use cloudgrant_sandbox_kit::base64::{decode, encode};
use cloudgrant_sandbox_kit::ids::guid_of;
use cloudgrant_sandbox_kit::server::tls::write_secret;
use cloudgrant_sandbox_kit::{Request, Result, SandboxError, clock};
use serde_json::{Value, json};

use crate::fields::kinds::TOKEN_REQUEST;
use crate::fields::track::Write;
use crate::protocol::answers::Reply;
use crate::protocol::bodies;
use crate::protocol::errors::{Answer, ApiError, FieldError};
use crate::protocol::query::{Options, Query};
use crate::services::reviews::reviewed;
use crate::state::resources::SERVICE_ACCOUNTS;
use crate::state::{State, time};

const FILE: &str = "service-account-key";

/// How long a token is good for, unless it is asked for otherwise; and the shortest time, in seconds.
const LIFETIME: i64 = 3600;
const SHORTEST: i64 = 600;
const LONGEST: i64 = 1 << 32;

/// Who issues tokens: a key, and the name that tokens call it by.
pub(crate) struct Issuer {
    pub(crate) url: String,
    key: RsaKeyPair,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Issuer {
    /// Reads the key from the folder, or makes one: a token outlives a restart.
    pub(crate) fn load(folder: &Path, url: &str) -> Result<Self> {
        let path = folder.join(FILE);
        let failed = |why: &dyn fmt::Display| {
            SandboxError::new(format!("read the key of service account tokens from {}", path.display()))
                .because(why.to_string())
                .hint("delete that file for a new key; tokens issued before are worth nothing then")
        };
        let key = if path.exists() {
            let text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
            let der = decode(text.trim()).ok_or_else(|| failed(&"it isn't base64"))?;
            RsaKeyPair::from_pkcs8(&der).map_err(|error| failed(&error))?
        } else {
            let key = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|error| failed(&error))?;
            let der: Pkcs8V1Der<'_> = key.as_der().map_err(|error| failed(&error))?;
            write_secret(&path, &encode(der.as_ref()))?;
            key
        };
        Ok(Self { url: url.to_owned(), key })
    }

    /// The public key, as PKCS #1 has it.
    fn public(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }

    fn key_id(&self) -> String {
        use sha2::Digest as _;
        encode(&sha2::Sha256::digest(self.public()))
    }

    fn sign(&self, claims: &Value) -> Option<String> {
        let header = json!({"alg": "RS256", "kid": self.key_id()});
        let text = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
        Some(format!("{text}.{}", encode(&signature)))
    }

    /// The claims of a token that this issuer signed.
    fn verify(&self, token: &str) -> Option<Value> {
        let (text, signature) = token.rsplit_once('.')?;
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.public());
        public.verify(text.as_bytes(), &decode(signature)?).ok()?;
        serde_json::from_slice(&decode(text.split('.').nth(1)?)?).ok()
    }

    /// `/.well-known/openid-configuration`. `base` is the address that the client used.
    pub(crate) fn configuration(&self, base: &str) -> Value {
        json!({
            "issuer": self.url,
            "jwks_uri": format!("{base}/openid/v1/jwks"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        })
    }

    /// `/openid/v1/jwks`.
    pub(crate) fn keys(&self) -> Value {
        let (modulus, exponent) = numbers(self.public()).unwrap_or_default();
        let key = json!({
            "use": "sig",
            "kty": "RSA",
            "kid": self.key_id(),
            "alg": "RS256",
            "n": encode(modulus),
            "e": encode(exponent),
        });
        json!({"keys": [key]})
    }
}

/// The modulus and the exponent of an RSA public key: two integers in a sequence (RFC 8017, appendix A.1.1).
fn numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, _) = contents(0x30, der)?;
    let (modulus, rest) = contents(0x02, sequence)?;
    let (exponent, _) = contents(0x02, rest)?;
    // A zero in front keeps a number from being a negative one.
    Some((modulus.strip_prefix(&[0]).unwrap_or(modulus), exponent))
}

/// What stands in an element of DER, and what stands behind it.
fn contents(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    if *first != tag {
        return None;
    }
    if *length < 0x80 {
        return rest.split_at_checked(usize::from(*length));
    }
    let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
    let length = bytes.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}

/// The namespace and the name of the service account whose token this is, while it is good and the account is there.
pub(crate) fn holder(issuer: &Issuer, state: &State, token: &str) -> Option<(String, String)> {
    let claims = issuer.verify(token)?;
    let now = i64::try_from(clock::now() / 1000).ok()?;
    let good = claims["iss"] == issuer.url.as_str()
        && claims["aud"].as_array()?.contains(&json!(issuer.url))
        && claims["exp"].as_i64()? > now;
    let of = &claims["kubernetes.io"];
    let (namespace, name) = (of["namespace"].as_str()?, of["serviceaccount"]["name"].as_str()?);
    let account = state.get(&SERVICE_ACCOUNTS, namespace, name)?;
    let same = account["metadata"]["uid"] == of["serviceaccount"]["uid"];
    (good && same).then(|| (namespace.to_owned(), name.to_owned()))
}

/// `POST …/serviceaccounts/NAME/token`.
pub(crate) fn create(
    state: &State,
    issuer: &Issuer,
    (namespace, name): (&str, &str),
    request: &Request,
    now: &str,
) -> Answer<Reply> {
    let query = Query::parse(&request.query);
    let options = Options::read(&query, &request.method, false, request.header("user-agent"))?;
    let version = "authentication.k8s.io/v1";
    let sent = bodies::object(request, &TOKEN_REQUEST)?;
    let mut asked = reviewed(&TOKEN_REQUEST, version, "TokenRequest", &sent)?;
    let account = state.get(&SERVICE_ACCOUNTS, namespace, name);
    let account = account.ok_or_else(|| ApiError::not_found(SERVICE_ACCOUNTS.plural, name))?;
    let seconds = asked["spec"]["expirationSeconds"].as_i64().unwrap_or(LIFETIME);
    check(&asked, seconds)?;
    asked["spec"]["expirationSeconds"] = json!(seconds);
    let write = Write { of: &TOKEN_REQUEST, version, manager: options.manager(), subresource: "token", now };
    write.update(None, &mut asked);
    if asked["spec"]["audiences"].is_null() {
        asked["spec"]["audiences"] = json!([issuer.url]);
    }
    let begins = clock::now();
    let begins_at = i64::try_from(begins / 1000).unwrap_or(i64::MAX);
    let uid = &account["metadata"]["uid"];
    let claims = json!({
        "aud": asked["spec"]["audiences"],
        "exp": begins_at.saturating_add(seconds),
        "iat": begins_at,
        "iss": issuer.url,
        "jti": guid_of(&format!("{uid} {}", clock::now())),
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": uid}},
        "nbf": begins_at,
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
    });
    let token = issuer.sign(&claims).ok_or_else(|| ApiError::unexpected("failed to generate token"))?;
    let ends = begins.saturating_add(u64::try_from(seconds).unwrap_or_default().saturating_mul(1000));
    for (field, value) in [
        ("name", json!(name)),
        ("namespace", json!(namespace)),
        ("uid", uid.clone()),
        ("creationTimestamp", json!(now)),
    ] {
        asked["metadata"][field] = value;
    }
    asked = crate::fields::decode::tidy(&TOKEN_REQUEST, &asked);
    asked["status"] = json!({"token": token, "expirationTimestamp": time(ends)});
    Ok(Reply::new(201, asked))
}

fn check(asked: &Value, seconds: i64) -> Answer<()> {
    let field = "spec.expirationSeconds";
    let wrong = match seconds {
        ..SHORTEST => Some("may not specify a duration less than 10 minutes"),
        SHORTEST..=LONGEST => None,
        _ => Some("may not specify a duration larger than 2^32 seconds"),
    };
    if let Some(why) = wrong {
        let error = FieldError::invalid_number(field, seconds, why);
        return Err(ApiError::invalid("authentication.k8s.io", "TokenRequest", "", &[error]));
    }
    let bound = &asked["spec"]["boundObjectRef"];
    if bound.is_null() {
        return Ok(());
    }
    // There are neither pods nor secrets nor nodes here, so the one that it names isn't there either.
    let text = |name: &str| bound[name].as_str().unwrap_or_default();
    Err(match text("kind") {
        kind @ ("Pod" | "Secret" | "Node") => ApiError::not_found(&format!("{}s", kind.to_lowercase()), text("name")),
        kind => ApiError::bad_request(format!("cannot bind token for serviceaccount to object of type {kind:?}")),
    })
}

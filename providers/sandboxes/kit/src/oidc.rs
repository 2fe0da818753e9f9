//! Clusters as issuers of tokens (OpenID Connect): what service accounts present to a cloud, and what a cloud makes of it.
//!
//! A cloud reads an issuer's keys at its address. Sandboxes have the addresses that a manifest names, where somebody else may be, or
//! nobody: so whoever plays a cluster publishes its keys in this process, and a cloud's sandbox beside it finds them here.
//!
//! Source: OpenID Connect Discovery 1.0; "Configure Service Accounts for Pods" (service account issuer discovery).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::base64::{decode, encode};
use crate::clock;
use crate::error::{Result, SandboxError};
use crate::ids::guid_of;
use crate::server::tls::write_secret;

const FILE: &str = "service-account-key";

/// What a cluster calls itself that is nobody's managed one. Source: kubeadm's default.
pub const OF_NO_CLOUD: &str = "https://kubernetes.default.svc.cluster.local";

/// The public keys of the issuers that are played in this process. One issuer may be played several times, in several folders.
static PUBLISHED: Mutex<BTreeMap<String, BTreeSet<Vec<u8>>>> = Mutex::new(BTreeMap::new());

fn publish(url: &str, public: &[u8]) {
    let mut published = PUBLISHED.lock().unwrap_or_else(PoisonError::into_inner);
    published.entry(url.to_owned()).or_default().insert(public.to_vec());
}

/// What a token that somebody presents comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Presented {
    /// Its issuer signed it. Whether it is still good, and for whom, the claims say.
    Signed(Value),
    /// It says that it is of an issuer that never signed it.
    Forged,
    /// Nobody plays its issuer in this process: these are its claims, and nothing proves them.
    Unknown(Value),
    /// It is no token.
    Malformed,
}

/// Reads a token, and looks whether its issuer signed it.
pub fn presented(token: &str) -> Presented {
    let Some(claims) = claims(token) else { return Presented::Malformed };
    let published = PUBLISHED.lock().unwrap_or_else(PoisonError::into_inner);
    match claims["iss"].as_str().and_then(|issuer| published.get(issuer)) {
        None => Presented::Unknown(claims),
        Some(keys) if keys.iter().any(|public| signed_by(public, token)) => Presented::Signed(claims),
        Some(_) => Presented::Forged,
    }
}

fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims: Value = serde_json::from_slice(&decode(claims)?).ok()?;
    (claims.is_object() && parts.next().is_none()).then_some(claims)
}

fn signed_by(public: &[u8], token: &str) -> bool {
    let Some((text, signature)) = token.rsplit_once('.') else { return false };
    let Some(signature) = decode(signature) else { return false };
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public).verify(text.as_bytes(), &signature).is_ok()
}

/// A cluster as the issuer of its service accounts' tokens: a key, and the name that tokens call it by.
pub struct Issuer {
    /// The `iss` of tokens, with `https://`.
    pub url: String,
    key: RsaKeyPair,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Issuer {
    /// Reads the key from the folder, or makes one: a token outlives a restart. From here on, [`presented`] knows the issuer in this
    /// process.
    ///
    /// # Errors
    /// When the file of the key can't be read or written.
    pub fn load(folder: &Path, url: &str) -> Result<Self> {
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
        publish(url, key.public_key().as_ref());
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

    /// A token of a service account's for these audiences, good from now on for so many seconds; `None` where it can't be signed.
    /// `uid` is the account's.
    pub fn token(
        &self,
        (namespace, name): (&str, &str),
        audiences: &Value,
        seconds: i64,
        uid: &Value,
    ) -> Option<String> {
        let begins = clock::now();
        let begins_at = i64::try_from(begins / 1000).unwrap_or(i64::MAX);
        self.sign(&json!({
            "aud": audiences,
            "exp": begins_at.saturating_add(seconds),
            "iat": begins_at,
            "iss": self.url,
            "jti": guid_of(&format!("{uid} {namespace} {name} {begins}")),
            "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": uid}},
            "nbf": begins_at,
            "sub": format!("system:serviceaccount:{namespace}:{name}"),
        }))
    }

    fn sign(&self, claims: &Value) -> Option<String> {
        let header = json!({"alg": "RS256", "kid": self.key_id()});
        let text = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
        Some(format!("{text}.{}", encode(&signature)))
    }

    /// The claims of a token that this issuer signed.
    pub fn verify(&self, token: &str) -> Option<Value> {
        signed_by(self.public(), token).then(|| claims(token)).flatten()
    }

    /// `/.well-known/openid-configuration`. `base` is the address that the client used.
    pub fn configuration(&self, base: &str) -> Value {
        json!({
            "issuer": self.url,
            "jwks_uri": format!("{base}/openid/v1/jwks"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        })
    }

    /// `/openid/v1/jwks`.
    pub fn keys(&self) -> Value {
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

/// The first issuer that a manifest trusts on its cloud, with `https://`; `None` where it names none, and nor does `issuer` beside its
/// keys, by which somebody may say what the cloud calls its cluster's. AWS writes them without their scheme.
pub fn named_in(manifest: &Value) -> Option<String> {
    let of_cloud = match manifest["provider"].as_str() {
        Some("aws") => "/aws/cluster/oidc_provider",
        _ => "/azure/cluster/oidc_issuer",
    };
    let text = |value: &Value| value.as_str().or_else(|| value.get(0)?.as_str()).map(str::to_owned);
    let named = manifest.pointer(of_cloud).and_then(text).or_else(|| text(&manifest["issuer"]))?;
    let bare = named.split_once(":oidc-provider/").map_or(named.as_str(), |(_, issuer)| issuer);
    Some(if bare.starts_with("https://") { bare.to_owned() } else { format!("https://{bare}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_its_issuer_signed_is_proved() {
        let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let issuer = Issuer::load(folder.path(), "https://oidc.example/one").expect("an issuer");
        let stranger = Issuer::load(other.path(), "https://oidc.example/another").expect("an issuer");
        let token =
            |issuer: &Issuer| issuer.token(("vision", "default"), &json!(["sts"]), 600, &json!("u")).expect("signed");
        let good = token(&issuer);
        let Presented::Signed(claims) = presented(&good) else { panic!("it is the issuer's") };
        assert_eq!(
            (claims["sub"].as_str(), claims["aud"][0].as_str()),
            (Some("system:serviceaccount:vision:default"), Some("sts"))
        );
        assert_eq!(issuer.verify(&good), Some(claims.clone()));
        // The claims of one under the signature of another.
        let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
        let (mine, theirs) = (parts(&good), parts(&token(&stranger)));
        assert_eq!(presented(&format!("{}.{}.{}", mine[0], mine[1], theirs[2])), Presented::Forged);
        let mut wider = claims;
        wider["sub"] = json!("system:serviceaccount:vision:admin");
        let wider = encode(wider.to_string().as_bytes());
        assert_eq!(presented(&format!("{}.{wider}.{}", mine[0], mine[2])), Presented::Forged);
        let nobody = json!({"iss": "https://oidc.example/nobody"});
        let unsigned = format!("e30.{}.", encode(nobody.to_string().as_bytes()));
        assert_eq!(presented(&unsigned), Presented::Unknown(nobody));
        for text in ["", "a.b", "a.b.c", "e30.W10.", "e30.e30.e30.e30"] {
            assert_eq!(presented(text), Presented::Malformed, "{text}");
        }
    }

    #[test]
    fn a_token_outlives_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = "https://oidc.example/restarted";
        let of = |issuer: &Issuer| issuer.token(("a", "b"), &json!(["c"]), 600, &Value::Null).expect("signed");
        let token = of(&Issuer::load(folder.path(), url).expect("an issuer"));
        assert!(Issuer::load(folder.path(), url).expect("the same").verify(&token).is_some());
    }
}

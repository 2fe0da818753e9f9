//! JSON Web Tokens: those of the sandbox, signed with HMAC-SHA-256, and those of others, which are only read.

use std::fmt;
use std::fs;
use std::path::Path;

pub(crate) use cloudgrant_sandbox_kit::base64::{decode, encode};
use cloudgrant_sandbox_kit::server::tls::write_secret;
use cloudgrant_sandbox_kit::{Result, SandboxError};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const FILE: &str = "token-key";
const BLOCK: usize = 64;

/// The key that tokens are signed with. It is kept in the folder, so that a token outlives a restart.
#[derive(Clone)]
pub(crate) struct Key(Vec<u8>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// Reads the key, or makes one from the authority's private key, which nobody else has.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let failed = |path: &Path, error| SandboxError::new(format!("read {}", path.display())).source(error);
        if !path.exists() {
            let authority = folder.join("ca-key.pem");
            let secret = fs::read(&authority).map_err(|error| failed(&authority, error))?;
            write_secret(&path, &encode(&Sha256::digest(secret)))?;
        }
        let text = fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
        Ok(Self(text.into_bytes()))
    }

    /// A signed token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({"typ": "JWT", "alg": "HS256", "kid": "sandbox"});
        let text = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature = encode(&self.hmac(text.as_bytes()));
        format!("{text}.{signature}")
    }

    /// The claims of a token that this key signed.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (text, signature) = token.rsplit_once('.')?;
        (encode(&self.hmac(text.as_bytes())) == signature).then(|| read(token)).flatten()
    }

    /// RFC 2104.
    fn hmac(&self, message: &[u8]) -> [u8; 32] {
        let mut key = [0_u8; BLOCK];
        if self.0.len() > BLOCK {
            key[..32].copy_from_slice(&Sha256::digest(&self.0));
        } else {
            key[..self.0.len()].copy_from_slice(&self.0);
        }
        let inner = Sha256::new().chain_update(key.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
        Sha256::new().chain_update(key.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
    }
}

/// The header of a token, which says how it is signed.
pub(crate) fn header(token: &str) -> Option<Value> {
    let header: Value = serde_json::from_slice(&decode(token.split('.').next()?)?).ok()?;
    header.is_object().then_some(header)
}

/// The claims of a token, whoever signed it.
pub(crate) fn read(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    let claims: Value = serde_json::from_slice(&decode(claims)?).ok()?;
    claims.is_object().then_some(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_by_its_key_only() {
        let (key, other) = (Key(b"one".to_vec()), Key(b"two".to_vec()));
        let token = key.sign(&json!({"oid": "x", "name": "é?>"}));
        assert_eq!(key.verify(&token).expect("it is ours")["name"], "é?>");
        assert_eq!(other.verify(&token), None);
        assert!(read(&token).is_some(), "anybody can read it");
        for nonsense in ["", "a.b", "a.b.c", "a.b.c.d", "..", "e30.W10.x"] {
            assert_eq!(key.verify(nonsense), None, "{nonsense}");
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
        assert_eq!(format!("{key:?}"), "Key(..)");
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        // Test case 2: key "Jefe".
        let mac = Key(b"Jefe".to_vec()).hmac(b"what do ya want for nothing?");
        assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        assert_eq!(mac[28..], [0x64, 0xec, 0x38, 0x43]);
    }
}

//! JSON Web Tokens, signed with HMAC-SHA-256 and a key of the folder.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::Path;

use cloudgrant_sandbox_kit::base64::{decode, encode};
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
    /// Reads the key, or makes one, which only this user can read.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let failed = |error: std::io::Error| SandboxError::new(format!("read {}", path.display())).source(error);
        if !path.exists() {
            // Files of tempfile have names that nobody can guess, and are their owner's alone.
            let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
            let chance = (file.path().to_owned(), std::time::SystemTime::now(), std::process::id());
            let key = encode(&Sha256::digest(format!("{chance:?}")));
            file.write_all(key.as_bytes()).map_err(failed)?;
            file.persist(&path).map_err(|error| failed(error.error))?;
        }
        fs::read(&path).map(Self).map_err(failed)
    }

    /// A signed token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({"typ": "JWT", "alg": "HS256", "key_id": "sandbox"});
        let text = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature = encode(&self.hmac(text.as_bytes()));
        format!("{text}.{signature}")
    }

    /// The claims of a token that this key signed.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let (text, signature) = token.rsplit_once('.')?;
        let (_, claims) = text.split_once('.')?;
        if encode(&self.hmac(text.as_bytes())) != signature {
            return None;
        }
        serde_json::from_slice(&decode(claims)?).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_by_its_key_only() {
        let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let (key, other) = (Key::load(folder.path()).expect("a key"), Key::load(other.path()).expect("a key"));
        let token = key.sign(&json!({"sub": "é?>"}));
        assert_eq!(key.verify(&token).expect("it is ours")["sub"], "é?>");
        assert_eq!(Key::load(folder.path()).expect("the same key").verify(&token), key.verify(&token));
        assert_eq!(other.verify(&token), None);
        for nonsense in ["", "a.b", "a.b.c", "a.b.c.d", ".."] {
            assert_eq!(key.verify(nonsense), None, "{nonsense}");
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

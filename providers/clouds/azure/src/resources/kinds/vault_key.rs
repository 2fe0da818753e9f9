//! One key of a key vault, for task code that encrypts and decrypts by itself.
//!
//! Source: Azure documentation, "Azure built-in roles for Security" (the data actions of Key Vault Crypto User), "About keys, secrets,
//! and certificates", object identifiers.

use cloudgrant_core::{Access, ClientCode, KindWords, RegisteredKind, ResourceKind};

use crate::client::host::Service;
use crate::config::cloud::Hosts;
use crate::resources::kinds::child_kind::{ChildKind, Gives, Holder, Level, Wrong, levels_of};
use crate::resources::place::Place;

const DECRYPT: &str = "Microsoft.KeyVault/vaults/keys/decrypt/action";
const ENCRYPT: &str = "Microsoft.KeyVault/vaults/keys/encrypt/action";
const READ: &str = "Microsoft.KeyVault/vaults/keys/read";
const UNWRAP: &str = "Microsoft.KeyVault/vaults/keys/unwrap/action";
const WRAP: &str = "Microsoft.KeyVault/vaults/keys/wrap/action";

// The ready-made user signs as well, changes the key's attributes and takes backups of it.
const LEVELS: [Level; 3] = [
    Level { access: Access::Read, gives: Gives::DataActions(&[DECRYPT, READ, UNWRAP]) },
    Level { access: Access::Write, gives: Gives::DataActions(&[ENCRYPT, READ, WRAP]) },
    Level { access: Access::ReadWrite, gives: Gives::DataActions(&[DECRYPT, ENCRYPT, READ, UNWRAP, WRAP]) },
];

pub(crate) static KIND: ChildKind = ChildKind {
    registered: RegisteredKind {
        kind: ResourceKind::new(&KindWords {
            id: "key-vault-key",
            noun: "Key Vault key",
            with_article: "a Key Vault key",
        }),
        levels: &levels_of(&LEVELS),
        locators: &["https://VAULT.vault.azure.net/keys/NAME"],
    },
    holder: Holder::Vault,
    address: Some((Service::Vault, "keys/")),
    below: "keys",
    check,
    levels: &LEVELS,
    code: |key, cloud, access| {
        let host = match &key.holder {
            Place::Named(host) => host.text.clone(),
            Place::At(id) => format!("{}.{}", id.name(), Hosts::of(cloud).vault),
        };
        let body = match access {
            Access::Read => vec![
                "client = CryptographyClient(<KEY>, DefaultAzureCredential())",
                "# What was encrypted before, as bytes.",
                "sealed = b\"\"",
                "plain = client.decrypt(EncryptionAlgorithm.rsa_oaep_256, sealed).plaintext",
                "print(len(plain))",
            ],
            _ => vec![
                "client = CryptographyClient(<KEY>, DefaultAzureCredential())",
                "sealed = client.encrypt(EncryptionAlgorithm.rsa_oaep_256, b\"hello\").ciphertext",
                "print(len(sealed))",
            ],
        };
        ClientCode {
            packages: &["azure-identity", "azure-keyvault-keys"],
            imports: &[
                "from azure.identity import DefaultAzureCredential",
                "from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm",
            ],
            constants: vec![("KEY", format!("https://{host}/keys/{}", key.name))],
            body,
        }
    },
};

fn check(name: &str) -> Result<(), Wrong> {
    const HINT: &str = "a key's name has 1 to 127 letters, digits and dashes: https://VAULT.vault.azure.net/keys/NAME";
    if name.contains('/') {
        return Err((
            "names one version of a key",
            "leave the version out: access is granted to a key with all its versions",
        ));
    }
    let fits = (1..=127).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if fits { Ok(()) } else { Err(("names no key", HINT)) }
}

//! TLS on loopback, with a certificate authority of the sandbox's own.
//!
//! Many clients refuse plain HTTP. The authority is made once for a folder and kept there (`ca.pem`, and its key in
//! `ca-key.pem`, which only the owner may read), so that whoever trusts it still does after a restart. The certificate
//! that the server shows is made anew at each start. Keys are ECDSA P-256: they take no time worth measuring.

use std::fmt;
use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;

use super::Acceptor;
use crate::{Result, SandboxError};

const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca-key.pem";

/// Shakes hands with clients.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(..)")
    }
}

#[async_trait]
impl Acceptor for Tls {
    type Stream = TlsStream<TcpStream>;

    async fn accept(&self, connection: TcpStream) -> std::io::Result<Self::Stream> {
        self.acceptor.accept(connection).await
    }
}

/// Reads or makes the authority in a folder, and a certificate for this start. `name` says whose authority it is, for
/// example `cloudgrant Azure sandbox`.
///
/// # Errors
/// When the authority's files can't be read or written, or hold something else.
pub fn set_up(folder: &Path, name: &str) -> Result<Tls> {
    let attempted = || SandboxError::new(format!("set up TLS from {}", folder.display()));
    let (certificate, key) = (certificate_path(folder), folder.join(KEY));
    if !(certificate.exists() && key.exists()) {
        make_authority(&certificate, &key, name)?;
    }
    let read = |path: &Path| fs::read_to_string(path).map_err(|error| attempted().source(error));
    is_private(&key)?;
    let key = KeyPair::from_pem(&read(&key)?).map_err(|error| attempted().source(error))?;
    let authority = Issuer::new(authority_params(name), key);
    let leaf_key = KeyPair::generate().map_err(|error| attempted().source(error))?;
    let leaf = leaf_params().signed_by(&leaf_key, &authority).map_err(|error| attempted().source(error))?;
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| attempted().source(error))?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .map_err(|error| attempted().source(error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)) })
}

/// Holds the authority's key against how it is written. One that others can read, as checkouts have files, may be known to
/// somebody: whoever has it could pose as any server to the programs that trust the authority.
fn is_private(key: &Path) -> Result<()> {
    let found = fs::symlink_metadata(key)
        .map_err(|error| SandboxError::new(format!("read {}", key.display())).source(error))?;
    if found.is_file() && found.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(SandboxError::new(format!("use {}", key.display()))
        .because(
            "others can read it, and cloudgrant writes it for its owner alone: it may have come along with a checkout",
        )
        .hint(format!("delete it and `{CERTIFICATE}` beside it, or name another folder, as in `--sandbox=DIR`")))
}

/// Where the authority's certificate is, for clients to trust.
pub fn certificate_path(folder: &Path) -> PathBuf {
    folder.join(CERTIFICATE)
}

/// Writes a file that only its owner may read, and that isn't there yet.
///
/// # Errors
/// When the file is there, or can't be written.
pub fn write_secret(path: &Path, text: &str) -> Result<()> {
    let failed = |error| SandboxError::new(format!("write {}", path.display())).source(error);
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

fn make_authority(certificate: &Path, key_file: &Path, name: &str) -> Result<()> {
    let attempted = || SandboxError::new("make a certificate authority");
    if certificate.exists() {
        return Err(attempted()
            .because(format!("{} is there without its key", certificate.display()))
            .hint("it isn't overwritten; look at where it comes from, or name another folder, as in `--sandbox=DIR`"));
    }
    // A start that was cut may have left the key alone; a certificate alone is somebody else's, and stays.
    if key_file.exists() {
        is_private(key_file)?;
    }
    let key = match fs::read_to_string(key_file) {
        Ok(text) => KeyPair::from_pem(&text),
        Err(_) => KeyPair::generate(),
    };
    let key = key.map_err(|error| attempted().source(error))?;
    let made = authority_params(name).self_signed(&key).map_err(|error| attempted().source(error))?;
    // The key first: a certificate without its key would be trusted by somebody and of no use to us.
    if !key_file.exists() {
        write_secret(key_file, &key.serialize_pem())?;
    }
    let written = fs::OpenOptions::new().write(true).create_new(true).open(certificate);
    written.and_then(|mut file| file.write_all(made.pem().as_bytes())).map_err(|error| {
        SandboxError::new(format!("write {}", certificate.display()))
            .source(error)
            .hint("what is there isn't overwritten; name another folder, as in `--sandbox=DIR`")
    })
}

/// rcgen's dates are from 1975 to 4096: the sandbox's authority does not expire.
fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn leaf_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.subject_alt_names =
        vec![SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)), SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST))];
    if let Ok(name) = "localhost".try_into() {
        params.subject_alt_names.push(SanType::DnsName(name));
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_made_once_and_its_key_is_private() {
        let folder = tempfile::tempdir().expect("a folder");
        set_up(folder.path(), "a test").expect("sets up");
        let before = fs::read(certificate_path(folder.path())).expect("a certificate");
        set_up(folder.path(), "a test").expect("sets up again");
        assert_eq!(fs::read(certificate_path(folder.path())).expect("a certificate"), before);
        let mode = fs::metadata(folder.path().join(KEY)).expect("a key").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    /// As a checkout has it: whoever made it knows the key.
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        set_up(folder.path(), "a test").expect("sets up");
        let key = folder.path().join(KEY);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("changed");
        let Err(error) = set_up(folder.path(), "a test") else { panic!("others can read it") };
        let error = error.to_string();
        assert!(error.contains("others can read it") && error.contains("hint: delete it and `ca.pem`"), "{error}");
        // A certificate that is missing is made of no such key either.
        fs::remove_file(certificate_path(folder.path())).expect("removed");
        assert!(set_up(folder.path(), "a test").is_err());
        assert!(!certificate_path(folder.path()).exists());
    }

    #[test]
    fn a_damaged_key_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        set_up(folder.path(), "a test").expect("sets up");
        fs::write(folder.path().join(KEY), "nonsense").expect("writes");
        let Err(error) = set_up(folder.path(), "a test") else { panic!("there is no key") };
        let error = error.to_string();
        assert!(error.contains("set up TLS"), "{error}");
    }

    #[test]
    fn files_of_others_are_not_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(certificate_path(folder.path()), "somebody's").expect("writes");
        assert!(set_up(folder.path(), "a test").is_err());
        assert_eq!(fs::read_to_string(certificate_path(folder.path())).expect("still there"), "somebody's");
        // A start that was cut between the two files goes on.
        let folder = tempfile::tempdir().expect("a folder");
        set_up(folder.path(), "a test").expect("sets up");
        fs::remove_file(certificate_path(folder.path())).expect("removes");
        set_up(folder.path(), "a test").expect("sets up again");
    }
}

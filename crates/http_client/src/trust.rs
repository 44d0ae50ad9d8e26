//! Which certificates are trusted: Mozilla's authorities, built in, and those that the configuration adds.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// TLS 1.2 and 1.3 towards servers that an authority of Mozilla's list or of `own_authorities` (PEM) vouches for.
pub(crate) fn config(own_authorities: &[u8]) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in CertificateDer::pem_slice_iter(own_authorities) {
        let certificate = certificate.map_err(|error| format!("no certificate in PEM form: {error}"))?;
        roots.add(certificate).map_err(|error| format!("a certificate that cannot be trusted: {error}"))?;
    }
    if !own_authorities.is_empty() && roots.len() == webpki_roots::TLS_SERVER_ROOTS.len() {
        return Err("no certificate in it; one begins with -----BEGIN CERTIFICATE-----".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

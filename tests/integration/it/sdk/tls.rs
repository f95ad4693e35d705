//! Whom the client believes to be the platform.

use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tongqiao::{Trust, enrol};
use tongqiao_protocol::ErrorCode;
use tongqiao_reference_platform::{Platform, Running};

/// An authority and a server certificate of its, for 127.0.0.1.
fn authority() -> (String, rustls::ServerConfig) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let certificate = parameters.self_signed(&key).unwrap();
    let pem = certificate.pem();
    let issuer = rcgen::Issuer::new(parameters, key);

    let server_key = rcgen::KeyPair::generate().unwrap();
    let server = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let server = server.signed_by(&server_key, &issuer).unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], private)
        .unwrap();
    (pem, config)
}

/// A platform with TLS, the authority of its certificate, and the folder it lives in.
pub(super) async fn platform() -> (String, Running, tempfile::TempDir) {
    let (city, config) = authority();
    let folder = tempfile::tempdir().unwrap();
    let builder = Platform::builder().database(folder.path().join("platform.sqlite")).sandbox().tls(Arc::new(config));
    (city, builder.start().await.unwrap(), folder)
}

#[tokio::test]
async fn the_city_s_own_authority_is_believed_and_another_is_not() {
    let (city, platform, _folder) = platform().await;
    let (stranger, _) = authority();
    let url = platform.base_url().to_owned();
    assert!(url.starts_with("https://"), "{url}");

    // The right authority gets as far as the platform's own judgement of the code.
    let believed = enrol(&url, "civil-affairs", "WRONG-CODE0").unwrap().trust(Trust::only(city.as_bytes()).unwrap());
    assert_eq!(believed.run().await.unwrap_err().code(), ErrorCode::EnrolmentCodeInvalid);
    for trust in [Trust::only(stranger.as_bytes()).unwrap(), Trust::system()] {
        let doubted = enrol(&url, "civil-affairs", "WRONG-CODE0").unwrap().trust(trust).run().await.unwrap_err();
        assert_eq!(doubted.code(), ErrorCode::ClientTls, "{doubted:?}");
    }
    assert!(Trust::only(b"no certificate").is_err());
    platform.shutdown().await;
}

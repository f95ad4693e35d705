//! Calling machines that a party has named: webhooks, and notices of sign-outs.
//!
//! Departments' networks are private, so private addresses are called. This machine itself, its links and everybody at once are
//! not: a party must not make the platform speak to the platform's own back rooms. A sandbox calls its own machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A client that follows nobody and calls no machine that it must not.
pub(crate) fn client(is_sandbox: bool) -> Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> {
    let mut roots = rustls::RootCertStore::empty();
    // Whom this machine believes; one unreadable certificate among them is no reason to call nobody.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Arc::new(Careful { is_sandbox }))
        .tls_backend_preconfigured(tls)
        .build()?;
    Ok(client)
}

/// Resolves names to machines that may be called, at every call anew: what a name means may change.
#[derive(Debug, Clone, Copy)]
struct Careful {
    is_sandbox: bool,
}

impl Resolve for Careful {
    fn resolve(&self, name: Name) -> Resolving {
        let is_sandbox = self.is_sandbox;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|one| may_be_called(one.ip(), is_sandbox)).collect();
            if allowed.is_empty() {
                return Err("the name leads to no machine that may be called".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether the platform speaks to this machine. An address that is written as numbers is resolved by nobody: ask here first.
pub(crate) fn may_be_called(address: IpAddr, is_sandbox: bool) -> bool {
    match address {
        IpAddr::V4(address) => may_be_called_v4(address, is_sandbox),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => may_be_called_v4(mapped, is_sandbox),
            None => may_be_called_v6(address, is_sandbox),
        },
    }
}

const fn may_be_called_v4(address: Ipv4Addr, is_sandbox: bool) -> bool {
    if address.is_loopback() {
        return is_sandbox;
    }
    !(address.is_unspecified() || address.is_link_local() || address.is_multicast() || address.is_broadcast())
}

const fn may_be_called_v6(address: Ipv6Addr, is_sandbox: bool) -> bool {
    if address.is_loopback() {
        return is_sandbox;
    }
    !(address.is_unspecified() || address.is_unicast_link_local() || address.is_multicast())
}
